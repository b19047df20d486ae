package upf

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestLikeness: whatever is kept comes back.
func TestLikeness(t *testing.T) {
	var x shapes
	r := rand.New(rand.NewPCG(1, 2))
	base := make([]byte, 400)
	for i := range base {
		base[i] = byte(r.Uint32())
	}
	var kept []likeness
	var want [][]byte
	for n := range 2000 {
		b := bytes.Clone(base[:len(base)-n%5])
		changes := r.IntN(8)
		if n%100 == 99 {
			changes = 300
		}
		for range changes {
			b[r.IntN(len(b))] = byte(r.Uint32())
		}
		if n%50 == 0 { // the first and the last octet
			b[0], b[len(b)-1] = byte(n), byte(n)
		}
		l := x.keep(b)
		kept, want = append(kept, l), append(want, b)
	}
	for i := range kept {
		if got := kept[i].octets(); !bytes.Equal(got, want[i]) {
			t.Fatalf("%d: %x\nwant %x", i, got, want[i])
		}
	}
}

// TestLikenessIsSmall: sessions that differ in an address take little more than that.
func TestLikenessIsSmall(t *testing.T) {
	var x shapes
	b := make([]byte, 400)
	x.keep(b)
	copy(b[100:], "1234")
	copy(b[200:], "5678")
	b[399] = 1
	if l := x.keep(b); len(l.diff) > 4+4+1+3*3 || !bytes.Equal(l.octets(), b) {
		t.Errorf("%d octets", len(l.diff))
	}
	if l := x.keep(b[:0]); len(l.octets()) != 0 {
		t.Error("nothing became something")
	}
	for n := range 10 * maxShapes {
		x.keep(make([]byte, n))
	}
	if len(x.known) > maxShapes {
		t.Errorf("%d shapes", len(x.known))
	}
}
