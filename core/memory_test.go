package core

import "testing"

// TestGrowth: a large heap grows by a quarter, a small one by 64 MB, and one that fills by more while it may.
func TestGrowth(t *testing.T) {
	for _, x := range []struct {
		live  uint64
		fills bool
		want  int
	}{
		{0, false, 400}, {1 << 20, false, 400}, {64 << 20, false, 100}, {128 << 20, false, 50}, {1 << 30, false, 25}, {3 << 30, false, 25},
		{64 << 20, true, 100}, {1 << 30, true, 100}, {2.5e9, true, 60}, {3.9e9, true, 25}, {8e9, true, 25},
	} {
		if got := growthFor(x.live, x.fills); got != x.want {
			t.Errorf("%d octets, filling %v: %d %%, want %d", x.live, x.fills, got, x.want)
		}
	}
}
