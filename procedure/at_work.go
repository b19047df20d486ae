package procedure

import (
	"sync"
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

// workload counts the actors at work by the span in which they began.
type workload struct {
	origin time.Time
	mu     sync.Mutex
	spans  [workSpans]struct {
		number int64
		begun  int // and not ended
	}
}

// now is the number of the present span, from 1.
func (w *workload) now() int64 { return int64(time.Since(w.origin)/workSpan) + 1 }

// begin counts one more and returns the span to which it belongs.
func (w *workload) begin() int64 {
	n := w.now()
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &w.spans[n%workSpans]
	if s.number != n {
		s.number, s.begun = n, 0
	}
	s.begun++
	return n
}

// end counts one less of a span, unless that is forgotten.
func (w *workload) end(n int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s := &w.spans[n%workSpans]; s.number == n {
		s.begun--
	}
}

func (w *workload) count() int {
	oldest := w.now() - workSpans
	w.mu.Lock()
	defer w.mu.Unlock()
	sum := 0
	for i := range w.spans {
		if s := &w.spans[i]; s.number > oldest {
			sum += s.begun
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
