package core

import (
	"context"
	"math"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"testing/synctest"
	"time"
)

// TestGrowth: a large heap grows by a quarter, a small one by so many octets, and one that fills by more while it may.
func TestGrowth(t *testing.T) {
	for _, x := range []struct {
		live  uint64
		fills bool
		want  int
	}{
		{0, false, mostGrowth}, {1 << 20, false, 47583}, {50e6, false, 900}, {100e6, false, 400}, {400e6, false, 32}, {1 << 30, false, 25}, {3 << 30, false, 25},
		{100e6, true, 400}, {400e6, true, 100}, {1 << 30, true, 100}, {2e9, true, 75}, {3.4e9, true, 25}, {8e9, true, 25},
	} {
		g := collector{least: 128e6, room: 500e6, fills: x.fills, rate: 1e9}
		if got := g.growthFor(x.live); got != x.want {
			t.Errorf("%d octets, filling %v: %d %%, want %d", x.live, x.fills, got, x.want)
		}
	}
	for rate, want := range map[float64]int{0: 256, 2e6: 256, 3e6: 360, 5e6: 600, 1e8: 900} {
		g := collector{least: 128e6, room: 500e6, rate: rate}
		if got := g.growthFor(50e6); got != want {
			t.Errorf("%v octets a second: %d %%, want %d", rate, got, want)
		}
	}
	g := collector{allocated: 1e9}
	for _, x := range []struct {
		allocated uint64
		rate      float64
		still     int
	}{{1.1e9, 1e8, 0}, {1.101e9, 8.75e7, 1}, {1.101e9, 7.65625e7, 2}, {1.301e9, 2e8, 0}} {
		if g.count(x.allocated); g.rate != x.rate || g.still != x.still {
			t.Errorf("after %d octets: %+v", x.allocated, g)
		}
	}
}

// TestLeast: a small machine has less to spare.
func TestLeast(t *testing.T) {
	for available, want := range map[uint64]float64{0: 64 << 20, 2 << 30: 64 << 20, 8 << 30: 128 << 20, 24 << 30: 256 << 20, math.MaxUint64: 256 << 20} {
		if got := leastOf(available); got != want {
			t.Errorf("%d octets: %v, want %v", available, got, want)
		}
	}
	for available, want := range map[uint64]float64{0: 0, 2e9: 2e8, 24 << 30: 2.4e9, math.MaxUint64: 2.4e9} {
		if got := roomOf(available); got != want {
			t.Errorf("room of %d octets: %v, want %v", available, got, want)
		}
	}
}

// TestStart: a process that starts is bounded by a limit until it has started, and by growth after.
func TestStart(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	g := collector{now: -1, starts: 2e9, before: before}
	for _, x := range []struct {
		live, want uint64
		growth     int
	}{{0, 2e9, 12800}, {32 << 20, 2e9, 1600}, {1e8, 2e9, starting}, {1.2e9, 2e9, starting}, {2e9, 2.5e9, starting}, {1e9, 2e9, starting}} {
		g.start(x.live)
		if got := uint64(debug.SetMemoryLimit(-1)); got != x.want || g.now != x.growth {
			t.Errorf("limit %d, want %d: %+v", got, x.want, g)
		}
	}
	g.started()
	if g.starts != 0 || g.now != growth || debug.SetMemoryLimit(-1) != before {
		t.Errorf("has not ended: %+v", g)
	}
	debug.SetMemoryLimit(7e9)
	if g.started(); debug.SetMemoryLimit(-1) != 7e9 {
		t.Error("ends twice")
	}
	g = collector{now: -1, starts: 1e9, before: 5e8}
	if g.start(1e8); debug.SetMemoryLimit(-1) != 5e8 {
		t.Error("a limit that was set is not kept")
	}
}

// TestStarted: the collector hears when the core has started, and only once.
func TestStarted(t *testing.T) {
	t.Setenv("GOGC", "")
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		m := LimitMemory(ctx)
		if debug.SetMemoryLimit(-1) == before {
			t.Fatal("the start has no limit")
		}
		time.Sleep(time.Minute)
		if debug.SetMemoryLimit(-1) == before {
			t.Fatal("the start ended by itself")
		}
		m.Started()
		m.Started()
		synctest.Wait()
		if debug.SetMemoryLimit(-1) != before {
			t.Error("the start does not end")
		}
		cancel()
		synctest.Wait()
	})
	(*Memory)(nil).Started()
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

// TestFollow: what a heap may grow by becomes less after a collection only.
func TestFollow(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	g := collector{now: 100, cycle: 1}
	for _, x := range []struct {
		next  int
		cycle uint64
		want  int
	}{{300, 1, 300}, {200, 1, 300}, {800, 1, 800}, {200, 1, 800}, {200, 2, 200}, {100, 2, 200}, {100, 3, 100}} {
		if g.follow(x.next, x.cycle); g.now != x.want {
			t.Errorf("told %d in cycle %d: %d, want %d", x.next, x.cycle, g.now, x.want)
		}
	}
}

// TestQuiet: what a heap took for less collecting it gives back once little is allocated, and not before.
func TestQuiet(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	g := collector{now: -1, least: 1 << 20, room: 1e12, rate: 1e12}
	inUse := func() uint64 {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	litter := func(octets int) {
		for range octets >> 20 {
			garbage = make([]byte, 1<<20)
		}
		garbage = nil
	}
	litter(64 << 20)
	full := inUse()
	for range 2 * idle {
		litter(quiet + 1<<20)
		g.look()
	}
	if now := inUse(); now < full {
		t.Fatalf("given back while it allocates: %d octets, %d before", now, full)
	}
	for range idle {
		g.look()
	}
	if now := inUse(); now > full/2 {
		t.Errorf("%d octets are still in use, %d before", now, full)
	}
}

var garbage []byte
