package core

import (
	"context"
	"math"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// Nearly all of a core's memory is UEs at rest, and Go's default would double it: garbage is collected when the heap has
// grown by growth percent, but not before it has grown by leastGrowth octets, which saves a small core the work.
const (
	growth      = 25
	leastGrowth = 64 << 20
	growthCheck = 5 * time.Second
)

// LimitMemory sets the garbage collector for a process that is a core, and goes on doing so until ctx ends. Who starts
// the process with GOGC set has the last word.
func LimitMemory(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(growth)
	go func() {
		tick := time.NewTicker(growthCheck)
		defer tick.Stop()
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		for now := growth; ; {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			metrics.Read(live)
			next := growthFor(live[0].Value.Uint64())
			if diff := next - now; diff > now/8 || diff < -now/8 { // setting it stops the world for a moment
				debug.SetGCPercent(next)
				now = next
			}
		}
	}()
}

// growthFor is the growth in percent for a heap with so many octets in use.
func growthFor(live uint64) int {
	return max(growth, int(math.Min(400, 100*leastGrowth/math.Max(float64(live), 1))))
}
