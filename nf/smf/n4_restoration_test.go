package smf

import (
	"net/netip"
	"testing"
)

// TestInUseFirst: of the sessions of a UPF those with a user plane come first, and those of others not at all.
func TestInUseFirst(t *testing.T) {
	here, there := new(upf), new(upf)
	connected := tunnel{netip.MustParseAddr("192.0.2.1"), 1}
	all := []*session{
		{seid: 1, upf: here, onUPF: true}, {seid: 2, upf: there, onUPF: true, gnb: connected}, {seid: 3, upf: here, onUPF: true, gnb: connected},
		{seid: 4, upf: here, gnb: connected}, {seid: 5, upf: here, onUPF: true}, {seid: 6, upf: here, onUPF: true, gnb: connected},
	}
	var got []uint64
	for _, n := range inUseFirst(all, here) {
		got = append(got, n.seid)
	}
	want := []uint64{3, 6, 1, 5}
	for i := range want {
		if len(got) != len(want) || got[i] != want[i] {
			t.Fatalf("%v, want %v", got, want)
		}
	}
}
