package procedure

import (
	"sync/atomic"
	"time"
)

// An actor is due from when it is given a message that it waits for until its goroutine runs: those who are due want a processor and have
// none. It is at work from then on until it waits for the next message or rests; it may do so for a store, or another service.
//
// One that has been at work for longer than workSpans spans of time is not counted any more: it waits for something that is away, and the
// others need not wait for it too.
const (
	workSpan  = 128 * time.Millisecond
	workSpans = 8
)

// workload counts the actors at work by the span in which they began. Every message of every actor comes by, so it has no lock.
type workload struct {
	origin time.Time
	spans  [workSpans]atomic.Uint64 // number of the span, and in the last countBits how many began in it and have not ended
}

const countBits = 24

// now is the number of the present span, from 1.
func (w *workload) now() int64 { return int64(time.Since(w.origin)/workSpan) + 1 }

// begin counts one more and returns the span to which it belongs.
func (w *workload) begin() int64 {
	for {
		n := w.now()
		s := &w.spans[n%workSpans]
		old := s.Load()
		next := old + 1
		switch number := int64(old >> countBits); {
		case number > n:
			continue // this goroutine stood still for longer than all spans
		case number < n:
			next = uint64(n)<<countBits | 1
		}
		if s.CompareAndSwap(old, next) {
			return n
		}
	}
}

// end counts one less of a span, unless that is forgotten.
func (w *workload) end(n int64) {
	for s := &w.spans[n%workSpans]; ; {
		old := s.Load()
		if int64(old>>countBits) != n || s.CompareAndSwap(old, old-1) {
			return
		}
	}
}

func (w *workload) count() int {
	oldest := w.now() - workSpans
	sum := 0
	for i := range w.spans {
		if s := w.spans[i].Load(); int64(s>>countBits) > oldest {
			sum += int(s & (1<<countBits - 1))
		}
	}
	return sum
}

// Due returns how many actors have been given what they wait for and do not run yet, for want of a processor or a place in the pool.
func (p *Pool) Due() int { return int(p.due.Load()) }

// AtWork returns how many actors are at work, the due among them, and have not been for long.
func (p *Pool) AtWork() int { return p.load.count() }

// OnLess sets what is called on an actor's goroutine whenever the actor is not due any more, and, with true, when it is not at work any more.
// It must not wait, and is set before the first message.
func (p *Pool) OnLess(f func(done bool)) { p.onLess = f }

// toWork notes that an actor is given something; a.mu is held.
func (b *busy) toWork(p *Pool) {
	if b.since == 0 {
		b.pool, b.since, b.due = p, p.load.begin(), true
		p.due.Add(1)
	}
}

// runs notes that the actor's goroutine does.
func (a *Actor) runs() {
	a.mu.Lock()
	b := a.busy
	switch {
	case b.since == 0: // its wait is over though it was given nothing
		b.since = b.pool.load.begin()
	case b.due:
		b.due = false
		b.pool.due.Add(-1)
		a.mu.Unlock()
		b.pool.less(false)
		return
	}
	a.mu.Unlock()
}

// restsFrom notes that an actor that was at work since a span is not any more; a.mu is not held.
func (p *Pool) restsFrom(since int64) {
	if since != 0 {
		p.load.end(since)
		p.less(true)
	}
}

func (p *Pool) less(done bool) {
	if p.onLess != nil {
		p.onLess(done)
	}
}
