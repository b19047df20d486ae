package wheel_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/procedure/wheel"
)

// entry is an owner that notes when its timer ended.
type entry struct {
	timer wheel.Timer
	mu    sync.Mutex
	ended []time.Time
}

func (e *entry) Expire(*wheel.Timer) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ended = append(e.ended, time.Now())
}

// took returns when the timer ended since it was last asked.
func (e *entry) took() []time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	ended := e.ended
	e.ended = nil
	return ended
}

// TestEnds: TS 24.501 §5.3.7. A timer ends once, at the first tick after its time, over all levels of the wheel.
func TestEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const tick = time.Second
		w := wheel.New(tick)
		start := time.Now()
		durations := []time.Duration{
			0, 1, tick - 1, tick, tick + 1, 63 * tick, 64 * tick, 65 * tick, 4095 * tick, 4096 * tick, 4097 * tick,
			54 * time.Minute, 9920 * time.Hour, 262_143 * tick, 262_144 * tick, 300_000_001 * time.Millisecond,
		}
		entries := make([]*entry, len(durations))
		for i, d := range durations {
			entries[i] = new(entry)
			w.Start(&entries[i].timer, entries[i], d)
		}
		time.Sleep(10_000 * time.Hour)
		synctest.Wait()
		for i, e := range entries {
			if len(e.ended) != 1 {
				t.Fatalf("%v: ended %d times", durations[i], len(e.ended))
			}
			if late := e.ended[0].Sub(start) - durations[i]; late < 0 || late > tick {
				t.Errorf("%v: ended %v late", durations[i], late)
			}
		}
		if w.Len() != 0 {
			t.Errorf("%d left", w.Len())
		}
	})
}

// TestAgainstModel plays random starts, restarts and stops beside a model that is a plain list.
func TestAgainstModel(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	synctest.Test(t, func(t *testing.T) {
		w := wheel.New(time.Second)
		all := make([]entry, 300)
		deadline := make([]time.Time, len(all)) // zero: stopped
		for range 4000 {
			i := random.IntN(len(all))
			e := &all[i]
			switch random.IntN(5) {
			case 0:
				if ran := w.Stop(&e.timer); ran == deadline[i].IsZero() {
					t.Fatalf("Stop says %v", ran)
				}
				deadline[i] = time.Time{}
			case 1:
				time.Sleep(time.Duration(random.Int64N(int64(time.Duration(1) << (20 + random.IntN(24))))))
			default:
				d := time.Duration(random.Int64N(int64(time.Duration(1) << (25 + random.IntN(28)))))
				w.Start(&e.timer, e, d)
				deadline[i] = time.Now().Add(d)
			}
			synctest.Wait() // a timer may be due at this very moment
			check(t, all, deadline)
		}
		time.Sleep(10_000 * time.Hour)
		synctest.Wait()
		check(t, all, deadline)
		if w.Len() != 0 {
			t.Errorf("%d left", w.Len())
		}
	})
}

// check compares what ended with what the model says must have, and clears both.
func check(t *testing.T, all []entry, deadline []time.Time) {
	t.Helper()
	now := time.Now()
	for i := range all {
		ended := all[i].took()
		switch {
		case len(ended) == 0:
			if !deadline[i].IsZero() && now.Sub(deadline[i]) > time.Second {
				t.Fatalf("timer %d is %v late", i, now.Sub(deadline[i]))
			}
			continue
		case len(ended) > 1 || deadline[i].IsZero():
			t.Fatalf("timer %d ended %d times, deadline %v", i, len(ended), deadline[i])
		}
		if late := ended[0].Sub(deadline[i]); late < 0 || late > time.Second {
			t.Fatalf("timer %d ended %v late", i, late)
		}
		deadline[i] = time.Time{}
	}
}

// restarter starts its timer again as it ends.
type restarter struct {
	timer wheel.Timer
	w     *wheel.Wheel
	left  int
}

func (r *restarter) Expire(t *wheel.Timer) {
	if r.left--; r.left > 0 {
		r.w.Start(t, r, 64*time.Second)
	}
}

func TestRestartFromExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wheel.New(time.Second)
		r := &restarter{w: w, left: 10}
		w.Start(&r.timer, r, 64*time.Second)
		if d, ok := w.Left(&r.timer); !ok || d != 64*time.Second {
			t.Errorf("left %v, %v", d, ok)
		}
		time.Sleep(700 * time.Second)
		synctest.Wait()
		if r.left != 0 {
			t.Errorf("%d left", r.left)
		}
		w.Close()
		w.Start(&r.timer, r, time.Second)
		if _, runs := w.Left(&r.timer); runs {
			t.Error("runs after Close")
		}
	})
}

// BenchmarkStartStop is a restart and a stop among a million running timers, beside the same with runtime timers.
func BenchmarkStartStop(b *testing.B) {
	const million = 1_000_000
	b.Run("wheel", func(b *testing.B) {
		w := wheel.New(time.Second)
		defer w.Close()
		all := make([]entry, million)
		for i := range all {
			w.Start(&all[i].timer, &all[i], time.Hour+time.Duration(i)*time.Millisecond)
		}
		i := 0
		for b.Loop() {
			e := &all[i%million]
			w.Stop(&e.timer)
			w.Start(&e.timer, e, time.Hour)
			i += 7919
		}
	})
	b.Run("runtime", func(b *testing.B) {
		all := make([]*time.Timer, million)
		for i := range all {
			all[i] = time.AfterFunc(time.Hour+time.Duration(i)*time.Millisecond, func() {})
		}
		defer func() {
			for _, t := range all {
				t.Stop()
			}
		}()
		i := 0
		for b.Loop() {
			t := all[i%million]
			t.Stop()
			t.Reset(time.Hour)
			i += 7919
		}
	})
}

// BenchmarkExpire is the start and the end of a timer, among a million that all end at about the same time.
func BenchmarkExpire(b *testing.B) {
	const million = 1_000_000
	for range b.N {
		w := wheel.New(time.Millisecond)
		all := make([]counted, million)
		done := make(chan struct{})
		left := million
		for i := range all {
			all[i] = counted{left: &left, done: done}
			w.Start(&all[i].timer, &all[i], time.Duration(i%10)*time.Millisecond)
		}
		<-done
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/million, "ns/timer")
}

type counted struct {
	timer wheel.Timer
	left  *int
	done  chan struct{}
}

func (c *counted) Expire(*wheel.Timer) {
	if *c.left--; *c.left == 0 {
		close(c.done)
	}
}

// TestPass: time that is let pass ends timers as time that goes by does, and what their owners start then counts from there.
func TestPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wheel.New(time.Second)
		first, second := new(entry), new(entry)
		w.Start(&first.timer, first, 64*time.Minute)
		w.Start(&second.timer, second, 2*time.Hour)
		var passed time.Duration
		pass := func(until time.Duration) {
			for passed < until {
				step := until - passed
				if next, ok := w.Next(); ok {
					step = min(step, next)
				}
				w.Pass(step)
				passed += step
			}
		}
		pass(64*time.Minute - time.Second)
		if first.took() != nil {
			t.Error("a timer ended before its time")
		}
		pass(64 * time.Minute)
		if len(first.took()) != 1 {
			t.Error("a timer did not end at its time")
		}
		w.Start(&first.timer, first, time.Hour)
		if left, running := w.Left(&first.timer); !running || left != time.Hour {
			t.Errorf("a timer of an hour has %v left", left)
		}
		pass(119 * time.Minute)
		time.Sleep(59 * time.Second) // real time goes on
		if second.took() != nil {
			t.Error("a timer ended before its time")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if len(second.took()) != 1 {
			t.Error("a timer did not end when the rest of its time had gone by")
		}
		pass(10 * time.Hour)
		if len(first.took()) != 1 || w.Len() != 0 {
			t.Errorf("%d timers left", w.Len())
		}
		if _, ok := w.Next(); ok {
			t.Error("an empty wheel looks at timers")
		}
	})
}
