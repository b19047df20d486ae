package core

import (
	"context"
	"errors"
	"math"
	"os"
	"runtime/debug"
	runtime "runtime/metrics"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/manage/metrics"
)

// Nearly all of a core's memory is UEs at rest, and Go's default would double it: garbage is collected when the heap has
// grown by growth percent, but not before it has grown by one in share of what the machine can give, leastGrowth to leastAtMost
// octets, which saves a small core the work. While garbage is collected answers come later by some milliseconds, which shall not be so
// for one in a hundred of them: the heap grows by what is allocated within respite, as long as it takes no more than one in roomShare of
// what the machine can give, roomAtMost octets at most. That it gives back when it has allocated no more than quiet octets a second for a
// while. While many UEs come it may grow further: by filling percent while they register, up to
// fillingTo octets in all; by starting percent while the process brings back what it knew, up to startingTo octets, which it passes
// by some, but not before it has grown by leastStart octets.
const (
	growth      = 25
	share       = 64
	leastGrowth = 64 << 20
	leastAtMost = 256 << 20
	roomShare   = 10
	roomAtMost  = 2.4e9
	respite     = time.Minute
	mostGrowth  = 1e5
	filling     = 100
	starting    = 700
	leastStart  = 512 << 20
	fillingTo   = 3.5e9
	startingTo  = 3.6e9
	quiet       = 4 << 20
	growthCheck = time.Second
	// calm is how many looks without fast growth end the filling.
	calm = 5
	// idle is how many quiet looks in a row have memory given back: that costs a collection, and the pages anew when they are needed.
	idle = 30
	// startsFor is how long a start takes at most: a UPF may stay away.
	startsFor = 10 * time.Minute
	// startSpare is how much more than is in use there is room for. The limit is of all memory, not of the heap alone: with
	// less, the collector does little else.
	startSpare = 1.25
)

// Memory is told when the core of a process has started.
type Memory struct {
	started chan struct{}
	once    sync.Once
}

// Started says that all UEs and sessions that the core knew are back. It may be called more than once, and of nil.
func (m *Memory) Started() {
	if m != nil {
		m.once.Do(func() { close(m.started) })
	}
}

// LimitMemory sets the garbage collector for a process that is a core, and goes on doing so until ctx ends. The start lasts until the
// Memory is told so. Who starts the process with GOGC set has the last word.
func LimitMemory(ctx context.Context) *Memory {
	m := &Memory{started: make(chan struct{})}
	if os.Getenv("GOGC") != "" {
		return m
	}
	available := availableMemory()
	g := collector{now: -1, least: leastOf(available), room: roomOf(available), starts: math.Min(startingTo, float64(available)/4), before: debug.SetMemoryLimit(-1)}
	g.look()
	go func() {
		tick := time.NewTicker(growthCheck)
		defer tick.Stop()
		late := time.NewTimer(startsFor)
		defer late.Stop()
		started := m.started
		for {
			select {
			case <-ctx.Done():
				return
			case <-started:
				started = nil
				g.started()
			case <-late.C:
				g.started()
			case <-tick.C:
				g.look()
			}
		}
	}()
	return m
}

// collector is what the garbage collector was last told.
type collector struct {
	starts float64 // octets that a start may take for less collecting; 0: the process has started
	before int64   // the limit of memory without that
	least  float64 // octets that the heap may grow by in any case
	room   float64 // octets that it may take where much is allocated
	now    int     // percent
	live   uint64  // octets that were in use then
	fills  bool
	steady int // how often in a row it did not fill
	// allocated is how many octets were in all, and rate how many a second; still: how often in a row it were few
	allocated uint64
	rate      float64
	still     int
	cycle     uint64 // how many collections there had been when it was last told
}

func (g *collector) look() {
	sample := []runtime.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/heap/allocs:bytes"}, {Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/gc/cycles/total:gc-cycles"}}
	runtime.Read(sample)
	live, allocated, inUse, cycle := sample[0].Value.Uint64(), sample[1].Value.Uint64(), sample[2].Value.Uint64(), sample[3].Value.Uint64()
	g.count(allocated)
	if g.starts > 0 {
		g.start(live)
		return
	}
	g.steady++
	if live > g.live+g.live/50 && float64(live) > g.least {
		g.fills, g.steady = true, 0
	}
	g.live = live
	ended := g.fills && g.steady >= calm
	if ended {
		g.fills = false
	}
	g.follow(g.growthFor(live), cycle)
	if ended || g.still == idle && float64(inUse) > float64(live)+g.least {
		debug.FreeOSMemory()
	}
}

// count takes into account what has been allocated since the look before. A rate that falls is forgotten slowly.
func (g *collector) count(allocated uint64) {
	now := float64(allocated - g.allocated)
	g.allocated, g.rate = allocated, math.Max(now, g.rate*7/8)
	if g.still++; now > quiet {
		g.still = 0
	}
}

// start is look while the process starts. A limit is kept also where the collector gets little of a busy processor; where more is in
// use than that, so be it.
func (g *collector) start(live uint64) {
	g.live = live
	debug.SetMemoryLimit(min(g.before, int64(math.Max(g.starts, float64(live)*startSpare))))
	g.set(growthAtStart(live))
}

// started ends the start.
func (g *collector) started() {
	if g.starts == 0 {
		return
	}
	g.starts = 0
	g.set(g.growthFor(g.live))
	debug.SetMemoryLimit(g.before)
	debug.FreeOSMemory() // which collects
}

// follow is set while the process runs. It tells less than before only when a collection has ended since: a heap that is already larger
// than it may be is collected by those who allocate, who then do little else.
func (g *collector) follow(next int, cycle uint64) {
	if cycle == g.cycle && next < g.now {
		return
	}
	g.cycle = cycle
	g.set(next)
}

// set tells the collector.
func (g *collector) set(next int) {
	if diff := next - g.now; diff > g.now/8 || diff < -g.now/8 { // setting it stops the world for a moment
		debug.SetGCPercent(next)
		g.now = next
	}
}

// leastOf is how many octets the heap may grow by in any case where so many are available.
func leastOf(available uint64) float64 {
	return math.Min(leastAtMost, math.Max(leastGrowth, float64(available)/share))
}

// roomOf is how many octets the heap may take where much is allocated and so many are available.
func roomOf(available uint64) float64 {
	return math.Min(roomAtMost, float64(available)/roomShare)
}

// growthFor is the growth in percent for a heap with so many octets in use.
func (g *collector) growthFor(live uint64) int {
	size := math.Max(float64(live), 1)
	percent := math.Max(100*g.least/size, 100*math.Min(g.rate*respite.Seconds(), g.room-size)/size)
	if g.fills {
		percent = math.Max(percent, math.Min(filling, 100*(fillingTo/size-1)))
	}
	return max(growth, int(math.Min(mostGrowth, percent)))
}

// growthAtStart is growthFor while the process starts. What Go grows by is of 4 MB at least.
func growthAtStart(live uint64) int {
	return max(starting, int(100*leastStart/max(live, 4<<20)))
}

// measureProcess lets it be read what the process takes.
func (c *Core) measureProcess() error {
	read := func(name string) func(func(string, float64)) {
		return func(add func(string, float64)) {
			sample := []runtime.Sample{{Name: name}}
			runtime.Read(sample)
			add(c.opts.Process, float64(sample[0].Value.Uint64()))
		}
	}
	label := ""
	if c.opts.Process != "" {
		label = "process"
	}
	return errors.Join(
		c.metrics.Add(metrics.Family{Name: "limpid_goroutines", Help: "Goroutines that exist.", Gauge: true, Label: label, Read: read("/sched/goroutines:goroutines")}),
		c.metrics.Add(metrics.Family{Name: "limpid_heap_live_bytes", Help: "What the last garbage collection found in use.", Gauge: true, Label: label, Read: read("/gc/heap/live:bytes")}),
	)
}
