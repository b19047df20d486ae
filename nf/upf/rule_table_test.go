package upf

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestTable holds the table to a map.
func TestTable(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	got, want := new(table[uint16, int]), map[uint16]int{}
	for i := range 5000 {
		switch id := uint16(random.IntN(40)); random.IntN(4) {
		case 0:
			got.drop(id)
			delete(want, id)
		case 1:
			got.expect(random.IntN(3))
			before := got
			got = got.clone()
			before.set(id, -1) // which the clone does not see
		default:
			got.set(id, i)
			want[id] = i
		}
		ids := slices.Sorted(maps.Keys(want))
		if !slices.Equal(got.keys(), ids) || !maps.Equal(maps.Collect(got.all()), want) || got.len() != len(want) {
			t.Fatalf("after %d: %v, want %v", i, maps.Collect(got.all()), want)
		}
		for id := range uint16(40) {
			v, ok := got.get(id)
			if w, there := want[id]; ok != there || v != w || got.at(id) != w {
				t.Fatalf("after %d: %d is %d, %v", i, id, v, ok)
			}
		}
	}
	for id, v := range got.all() {
		got.set(id, v+1)
		if want[id]++; id > 20 {
			break
		}
	}
	if !maps.Equal(maps.Collect(got.all()), want) {
		t.Error("set while it is read")
	}
	var none *table[uint16, int]
	if _, ok := none.get(1); ok || none.len() != 0 || none.keys() != nil || len(maps.Collect(none.all())) != 0 || none.clone().len() != 0 {
		t.Error("a nil table is not empty")
	}
}
