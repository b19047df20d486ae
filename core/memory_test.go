package core

import "testing"

// TestGrowth: a large heap grows by a quarter, a small one by 64 MB.
func TestGrowth(t *testing.T) {
	for live, want := range map[uint64]int{0: 400, 1 << 20: 400, 64 << 20: 100, 128 << 20: 50, 1 << 30: 25, 3 << 30: 25} {
		if got := growthFor(live); got != want {
			t.Errorf("%d octets: %d %%, want %d", live, got, want)
		}
	}
}
