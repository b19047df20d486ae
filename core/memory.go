package core

import (
	"context"
	"errors"
	"math"
	"os"
	"runtime/debug"
	runtime "runtime/metrics"
	"time"

	"github.com/limpid-5g/limpid/manage/metrics"
)

// Nearly all of a core's memory is UEs at rest, and Go's default would double it: garbage is collected when the heap has
// grown by growth percent, but not before it has grown by leastGrowth octets, which saves a small core the work. While UEs
// come fast, it may grow by filling percent, up to fillingTo octets. While the process starts and brings back what it knew,
// it may grow by starting percent, but not before it has grown by leastStart octets, up to startingTo octets or a quarter
// of the memory that the system has to give.
const (
	growth      = 25
	leastGrowth = 64 << 20
	filling     = 100
	fillingTo   = 4e9
	starting    = 300
	leastStart  = 256 << 20
	startingTo  = 3.5e9
	growthCheck = time.Second
)

// LimitMemory sets the garbage collector for a process that is a core, and goes on doing so until ctx ends. Who starts
// the process with GOGC set has the last word.
func LimitMemory(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	g := collector{now: -1, starts: math.Min(startingTo, float64(availableMemory())/4), before: debug.SetMemoryLimit(-1)}
	g.look()
	go func() {
		tick := time.NewTicker(growthCheck)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			g.look()
		}
	}()
}

// collector is what the garbage collector was last told.
type collector struct {
	starts float64 // octets that a start may take for less collecting; 0: the process has started
	before int64   // the limit of memory without that
	began  time.Time
	allocs uint64 // octets that were ever allotted
	now    int    // percent
	live   uint64 // octets that were in use then
	fills  bool
	steady int // how often in a row it did not fill
}

// calm is how many looks without fast growth end the filling; calmStart is how many without many allocations end the start,
// which takes startsFor at most.
const (
	calm      = 5
	calmStart = 3
	manyBytes = 32 << 20
	startsFor = 3 * time.Minute
	// startSpare is how much more than is in use there is room for. The limit is of all memory, not of the heap alone: with
	// less, the collector does little else.
	startSpare = 1.5
)

func (g *collector) look() {
	sample := []runtime.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/heap/allocs:bytes"}}
	runtime.Read(sample)
	live := sample[0].Value.Uint64()
	if g.starts > 0 {
		g.start(live, sample[1].Value.Uint64())
		return
	}
	g.steady++
	if live > g.live+g.live/50 && live > leastGrowth {
		g.fills, g.steady = true, 0
	}
	g.live = live
	ended := g.fills && g.steady >= calm
	if ended {
		g.fills = false
	}
	g.set(growthFor(live, g.fills))
	if ended {
		debug.FreeOSMemory()
	}
}

// start is look while the process starts.
func (g *collector) start(live, allocs uint64) {
	now := time.Now()
	if g.began.IsZero() {
		g.began = now
	}
	g.steady++
	if allocs > g.allocs+manyBytes {
		g.steady = 0
	}
	g.allocs, g.live = allocs, live
	if g.steady < calmStart && now.Sub(g.began) < startsFor {
		// A limit is kept also where the collector gets little of a busy processor; more is in use than that: so be it.
		debug.SetMemoryLimit(min(g.before, int64(math.Max(g.starts, float64(live)*startSpare))))
		g.set(growthAtStart(live))
		return
	}
	g.starts, g.steady = 0, 0
	g.set(growthFor(live, false))
	debug.SetMemoryLimit(g.before)
	debug.FreeOSMemory() // which collects
}

// set tells the collector.
func (g *collector) set(next int) {
	if diff := next - g.now; diff > g.now/8 || diff < -g.now/8 { // setting it stops the world for a moment
		debug.SetGCPercent(next)
		g.now = next
	}
}

// growthFor is the growth in percent for a heap with so many octets in use.
func growthFor(live uint64, fills bool) int {
	size := math.Max(float64(live), 1)
	least := 100 * leastGrowth / size
	if fills {
		least = math.Max(least, math.Min(filling, 100*(fillingTo/size-1)))
	}
	return max(growth, int(math.Min(400, least)))
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
