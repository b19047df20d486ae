package flows

import (
	"math"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"
)

// idleWait is from when on a script waits for nothing but the timers of phones in CM-IDLE, TS 24.501 §5.3.7: none of a
// procedure is as long.
const idleWait = 4 * time.Minute

// passIdle lets d pass, in every core, for the timers of phones in CM-IDLE: in their order, and what comes of the end of one
// comes before the end of the next.
func (s *stage) passIdle(d time.Duration) {
	for d > 0 {
		step := d
		for _, c := range s.cores() {
			if next, ok := c.AMF().NextIdle(); ok {
				step = min(step, next)
			}
		}
		for _, c := range s.cores() {
			c.AMF().PassIdle(step)
		}
		s.settle()
		d -= step
	}
}

// Lasts is how long the flow takes in real time, over sockets, but for what the machine needs: by its ladder, or by what its
// script waits.
func (f *Flow) Lasts() time.Duration {
	var last, waited, passed time.Duration
	for _, line := range f.Script {
		text, _ := strings.CutPrefix(line, "wait ")
		switch d, err := time.ParseDuration(text); {
		case err != nil:
		case d >= idleWait:
			passed += d
		default:
			waited += d
		}
	}
	for line := range strings.Lines(f.Ladder) {
		if fields := strings.Fields(line); len(fields) > 0 {
			if seconds, err := strconv.ParseFloat(fields[0], 64); err == nil {
				last = max(last, time.Duration(seconds*float64(time.Second)))
			}
		}
	}
	return max(last-passed, waited)
}

// atRest tells whether every goroutine of this process waits for something, but the one that asks and those that are always
// outside Go: nothing that has begun is under way, however slow the machine is. What a goroutine waits for may still be on its
// way through the kernel.
func atRest(outside uint64) bool {
	now := []metrics.Sample{
		{Name: "/sched/goroutines/runnable:goroutines"},
		{Name: "/sched/goroutines/running:goroutines"},
		{Name: notInGo},
	}
	metrics.Read(now)
	return now[0].Value.Uint64() == 0 && now[1].Value.Uint64() <= 1 && now[2].Value.Uint64() <= outside
}

const notInGo = "/sched/goroutines/not-in-go:goroutines"

// outsideGo is how many goroutines stay in a system call, as the one does that waits for signals.
func outsideGo() uint64 {
	const looks, pause = 10, time.Millisecond
	least := uint64(math.MaxUint64)
	for range looks {
		now := []metrics.Sample{{Name: notInGo}}
		metrics.Read(now)
		least = min(least, now[0].Value.Uint64())
		time.Sleep(pause)
	}
	return least
}
