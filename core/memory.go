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
// come fast, as at a start, it may grow by filling percent, up to fillingTo octets.
const (
	growth      = 25
	leastGrowth = 64 << 20
	filling     = 100
	fillingTo   = 4e9
	growthCheck = time.Second
)

// LimitMemory sets the garbage collector for a process that is a core, and goes on doing so until ctx ends. Who starts
// the process with GOGC set has the last word.
func LimitMemory(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(filling)
	go func() {
		tick := time.NewTicker(growthCheck)
		defer tick.Stop()
		var g collector
		for g.now = filling; ; {
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
	now    int    // percent
	live   uint64 // octets that were in use then
	fills  bool
	steady int // how often in a row it did not fill
}

// calm is how many looks without fast growth end the filling.
const calm = 5

func (g *collector) look() {
	sample := []runtime.Sample{{Name: "/gc/heap/live:bytes"}}
	runtime.Read(sample)
	live := sample[0].Value.Uint64()
	g.steady++
	if live > g.live+g.live/50 && live > leastGrowth {
		g.fills, g.steady = true, 0
	}
	g.live = live
	ended := g.fills && g.steady >= calm
	if ended {
		g.fills = false
	}
	next := growthFor(live, g.fills)
	if diff := next - g.now; diff > g.now/8 || diff < -g.now/8 { // setting it stops the world for a moment
		debug.SetGCPercent(next)
		g.now = next
	}
	if ended {
		debug.FreeOSMemory()
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
