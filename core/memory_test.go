package core

import (
	"math"
	"runtime/debug"
	"testing"
	"time"
)

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

// TestStart: a process that starts is bounded by a limit until it allots little, or for too long, and by growth after.
func TestStart(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	g := collector{now: -1, starts: 2e9, before: before}
	for _, x := range []struct {
		live, allocs, want uint64
		growth             int
	}{{0, 1e8, 2e9, 6400}, {32 << 20, 5e8, 2e9, 800}, {1e8, 1e9, 2e9, starting}, {1.2e9, 9e9, 2e9, starting}, {1.5e9, 9e9, 2.25e9, starting}, {4e9, 19e9, 6e9, starting}} {
		g.start(x.live, x.allocs)
		if got := uint64(debug.SetMemoryLimit(-1)); got != x.want || g.now != x.growth || g.starts == 0 {
			t.Errorf("limit %d, want %d: %+v", got, x.want, g)
		}
	}
	for range calmStart {
		if g.starts == 0 {
			t.Error("ended too early")
		}
		g.start(1e9, 19e9)
	}
	if g.starts != 0 || g.now != growth || debug.SetMemoryLimit(-1) != before {
		t.Errorf("has not ended: %+v", g)
	}
	g = collector{now: -1, starts: 1e9, before: before, began: time.Now().Add(-startsFor)}
	if g.start(1e8, 9e9); g.starts != 0 {
		t.Error("starts without end")
	}
	g = collector{now: -1, starts: 1e9, before: 5e8}
	if g.start(1e8, 9e9); debug.SetMemoryLimit(-1) != 5e8 {
		t.Error("a limit that was set is not kept")
	}
}

// TestAvailableMemory: what Linux tells is read.
func TestAvailableMemory(t *testing.T) {
	if n := availableMemory(); n == 0 {
		t.Error("none")
	}
	if n := memAvailable([]byte("MemTotal:  9 kB\nMemAvailable:     2048 kB\n")); n != 2<<20 {
		t.Error(n)
	}
	if n := memAvailable([]byte("MemTotal:  9 kB\n")); n != math.MaxUint64 {
		t.Error(n)
	}
	for text, want := range map[string]string{"0::/\n": "/", "1:cpu:/x\n0::/a/b\n": "/a/b", "1:cpu:/x\n": ""} {
		if got := unifiedGroup([]byte(text)); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}
