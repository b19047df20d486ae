package load

import (
	"context"
	"math"
	"time"
)

// lateAfter is how long after its time a procedure may start without being counted as late.
const lateAfter = time.Millisecond

// schedule says when each procedure is due.
type schedule struct {
	start time.Time
	rate  float64 // per second
	count int     // how many fall due in all
}

func newSchedule(start time.Time, rate float64, d time.Duration) schedule {
	return schedule{start: start, rate: rate, count: max(int(math.Ceil(rate*d.Seconds()-1e-9)), 1)}
}

// due is when the n-th procedure shall start, from 0.
func (s *schedule) due(n int) time.Time {
	return s.start.Add(time.Duration(float64(n) / s.rate * float64(time.Second)))
}

// dueBy is how many procedures have fallen due at a time.
func (s *schedule) dueBy(t time.Time) int {
	n := int(t.Sub(s.start).Seconds()*s.rate) + 1
	return min(max(n, 0), s.count)
}

// wait waits until a point in time. The error is ctx's.
func wait(ctx context.Context, until time.Time) error {
	d := time.Until(until)
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
