// Package procedure lets a procedure of TS 23.502 be written in one straight line: send, wait for the answer, go on.
//
// Every UE (or PDU session) is an Actor. Messages for it are delivered to its inbox; the first one starts a goroutine,
// which serves them one after the other and ends when the inbox is empty. So a busy UE costs one goroutine and a UE at
// rest costs none. While a procedure runs, a message that it did not ask for goes to the owner's collision table, which
// says whether the message waits, ends the running procedure, or is handled at once.
//
// Goroutines are used again for other actors: one that has run a procedure has a stack of the size that procedures need.
package procedure

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// Errors that Deliver, Ask and Await return.
var (
	// ErrSuperseded ends a procedure because a message arrived that goes before it.
	ErrSuperseded = errors.New("superseded by a newer procedure")
	// ErrNoAnswer ends a procedure whose question was sent as often as its timer allows without an answer.
	ErrNoAnswer = errors.New("no answer")
	// ErrCongested refuses a message because as many actors are busy as the Pool allows.
	ErrCongested = errors.New("too many procedures under way")
	// ErrInboxFull refuses a message because one actor has too many waiting.
	ErrInboxFull = errors.New("too many messages waiting")
	// ErrStopped refuses a message because the pool is shutting down.
	ErrStopped = errors.New("stopped")
)

// maxIdleWorkers bounds the goroutines that wait for the next busy actor.
const maxIdleWorkers = 256

// maxInbox bounds the messages that may wait for one actor: more than any procedure of TS 23.502 has outstanding.
const maxInbox = 64

// Decision says what happens to a message that arrives while a procedure runs that did not ask for it.
type Decision uint8

const (
	// Queue lets the message wait until the running procedure has ended.
	Queue Decision = iota
	// Supersede ends the running procedure with ErrSuperseded and serves the message next.
	Supersede
	// Inline hands the message to Serve at once, inside the running procedure's wait; Serve must not wait there.
	Inline
)

// Owner is what an Actor works for.
type Owner interface {
	// Open turns a delivered message into the one that procedures see, in order of arrival and on the actor's own
	// goroutine: the place to check and decipher a NAS message. A nil result drops the message.
	Open(m any) any
	// Serve runs the procedure that m starts, to its end.
	Serve(ctx context.Context, m any)
	// Collide is the collision table: m arrived and the running procedure did not ask for it.
	Collide(m any) Decision
	// Panicked tells that Serve panicked over m, so that the peer gets its answer all the same.
	Panicked(m any, err error)
}

// Actor serves the messages of one UE in turn. The zero Actor is at rest. It must not be copied.
type Actor struct {
	mu   sync.Mutex
	busy *busy // nil at rest
}

// busy is the part of an Actor that only exists while its goroutine does.
type busy struct {
	inbox []any         // not yet looked at
	later []any         // opened during a procedure and left for after it
	wake  chan struct{} // capacity 1: something is in the inbox; nil while the actor is held
	pool  *Pool         // once it was at work
	since int64         // span in which it went to work; 0: it is not at work
	due   bool          // it is at work, and its goroutine does not run yet
}

// Pool bounds how many actors are busy at once, counts them and stops them together.
type Pool struct {
	ctx    context.Context
	cancel context.CancelFunc
	max    int

	mu       sync.Mutex
	running  int
	backlog  []start  // actors that wait for a free place
	workers  []worker // idle, the last one used at the end
	stopping bool
	panics   uint64
	idle     sync.Cond

	due    atomic.Int32
	load   workload
	onLess func(done bool) // nil: nothing
}

// worker is where an idle goroutine waits for its next actor; closed, it ends. Capacity 1.
type worker chan start

// start is an actor whose goroutine is due.
type start struct {
	actor *Actor
	owner Owner
}

// NewPool makes a pool in which at most limit actors are busy at once.
func NewPool(limit int) *Pool {
	p := &Pool{max: limit}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.idle.L = &p.mu
	p.load.origin = time.Now()
	return p
}

// Running returns how many actors are busy.
func (p *Pool) Running() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running
}

// Panics returns how many procedures ended in a panic since the start.
func (p *Pool) Panics() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.panics
}

// Stop cancels the context of every running procedure, refuses new ones and returns when the last has ended.
func (p *Pool) Stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopping, p.backlog = true, nil
	p.cancel() // now that who ends because of it finds nobody in the backlog
	for p.running > 0 {
		p.idle.Wait()
	}
	for _, w := range p.workers {
		close(w)
	}
	p.workers = nil
}

// begin serves an actor that has a place, on an idle goroutine if there is one.
func (p *Pool) begin(s start) {
	p.mu.Lock()
	n := len(p.workers)
	if n == 0 {
		p.mu.Unlock()
		go p.work(s)
		return
	}
	w := p.workers[n-1]
	p.workers = p.workers[:n-1]
	p.mu.Unlock()
	w <- s
}

// work serves one actor after the other. While none is busy the goroutine waits among the idle ones.
func (p *Pool) work(s start) {
	w := make(worker, 1)
	for ok := true; ok; {
		p.run(s)
		if s, ok = p.leave(w); !ok {
			return
		}
		if s.actor == nil {
			s, ok = <-w
		}
	}
}

// enter takes a place for a, or puts it in the backlog if it may wait; the first result tells whether it starts now.
func (p *Pool) enter(a *Actor, owner Owner, mayWait bool) (now bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.stopping || p.ctx.Err() != nil:
		return false, ErrStopped
	case p.running < p.max:
		p.running++
		return true, nil
	case mayWait:
		p.backlog = append(p.backlog, start{a, owner})
		return false, nil
	}
	return false, ErrCongested
}

// leave gives the place to the next of the backlog, which it returns. With none there, w is idle from now on; false says
// that there are idle ones enough, or that the pool has ended.
func (p *Pool) leave(w worker) (next start, goOn bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.backlog) > 0 {
		next = p.backlog[0]
		p.backlog[0] = start{}
		p.backlog = p.backlog[1:]
		return next, true
	}
	p.running--
	if p.running == 0 {
		p.idle.Broadcast()
	}
	if p.stopping || len(p.workers) >= maxIdleWorkers {
		return start{}, false
	}
	p.workers = append(p.workers, w)
	return start{}, true
}

// admission says what a full pool or a full inbox does to a message.
type admission uint8

const (
	refuse admission = iota
	follow
	insist
)

// Deliver puts m into a's inbox and starts a's goroutine if a is at rest. It never waits. It is for work that comes from
// outside and may be turned away. Errors: ErrCongested (only where a is at rest), ErrInboxFull, ErrStopped.
func (p *Pool) Deliver(a *Actor, owner Owner, m any) error { return p.deliver(a, owner, m, refuse) }

// Follow is Deliver for what belongs to work that was let in before, such as an answer: where the pool is full, the
// message waits for a place. Errors: ErrInboxFull, ErrStopped.
func (p *Pool) Follow(a *Actor, owner Owner, m any) error { return p.deliver(a, owner, m, follow) }

// Insist is Follow for what nobody says again, such as the loss of a connection: an inbox is never too full for it.
// The caller sees to it that such messages are few. Error: ErrStopped.
func (p *Pool) Insist(a *Actor, owner Owner, m any) error { return p.deliver(a, owner, m, insist) }

func (p *Pool) deliver(a *Actor, owner Owner, m any, how admission) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if b := a.busy; b != nil {
		if how != insist && len(b.inbox)+len(b.later) >= maxInbox {
			return ErrInboxFull
		}
		b.inbox = append(b.inbox, m)
		b.toWork(p)
		select {
		case b.wake <- struct{}{}:
		default:
		}
		return nil
	}
	now, err := p.enter(a, owner, how != refuse)
	if err != nil {
		return err
	}
	a.busy = &busy{inbox: []any{m}, wake: make(chan struct{}, 1)}
	a.busy.toWork(p)
	if now {
		p.begin(start{a, owner})
	}
	return nil
}

// Hold keeps an actor that is at rest from serving until Release: who holds it may do what its procedures do, for many actors at once
// and without their goroutines. What is delivered meanwhile waits. False: it is busy, or the pool is full or stops.
func (p *Pool) Hold(a *Actor) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.busy != nil {
		return false
	}
	if now, _ := p.enter(a, nil, false); !now {
		return false
	}
	a.busy = new(busy)
	return true
}

// Release ends Hold. A message m goes before all that waits; nil is none.
func (p *Pool) Release(a *Actor, owner Owner, m any) {
	a.mu.Lock()
	b := a.busy
	if m != nil {
		b.inbox = append([]any{m}, b.inbox...)
	}
	if len(b.inbox) > 0 {
		b.wake = make(chan struct{}, 1)
		b.toWork(p)
		a.mu.Unlock()
		p.begin(start{a, owner})
		return
	}
	a.busy = nil
	a.mu.Unlock()
	p.giveUp()
}

// giveUp gives a place back that no goroutine has.
func (p *Pool) giveUp() {
	p.mu.Lock()
	if len(p.backlog) > 0 {
		next := p.backlog[0]
		p.backlog[0] = start{}
		p.backlog = p.backlog[1:]
		p.mu.Unlock()
		p.begin(next)
		return
	}
	defer p.mu.Unlock()
	p.running--
	if p.running == 0 {
		p.idle.Broadcast()
	}
}

// run serves an actor's messages until there are none.
func (p *Pool) run(s start) {
	s.actor.runs()
	for {
		m, opened, since := s.actor.next()
		if m == nil {
			p.restsFrom(since)
			return
		}
		p.serve(s.owner, m, opened)
	}
}

// serve is one procedure. A panic in it ends this procedure alone.
func (p *Pool) serve(owner Owner, m any, opened bool) {
	defer func() {
		if r := recover(); r != nil {
			p.countPanic()
			p.tell(owner, m, fmt.Errorf("panic: %v\n%s", r, debug.Stack()))
		}
	}()
	if !opened {
		m = owner.Open(m)
	}
	if m != nil {
		owner.Serve(p.ctx, m)
	}
}

// tell lets the owner answer for a panic. A second panic on the way is counted and goes no further.
func (p *Pool) tell(owner Owner, m any, err error) {
	defer func() {
		if recover() != nil {
			p.countPanic()
		}
	}()
	owner.Panicked(m, err)
}

func (p *Pool) countPanic() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.panics++
}

// next takes the oldest message and tells whether it was opened before. With none left the actor is at rest, after having been at work since
// a span.
func (a *Actor) next() (m any, opened bool, since int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	b := a.busy
	if len(b.later) > 0 {
		m = b.later[0]
		b.later = b.later[1:]
		return m, true, 0
	}
	if len(b.inbox) > 0 {
		m = b.inbox[0]
		b.inbox = b.inbox[1:]
		return m, false, 0
	}
	a.busy = nil
	return nil, false, b.since
}

// Busy tells whether a's goroutine runs.
func (a *Actor) Busy() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.busy != nil
}

// Look runs f while a is at rest and stays so; it tells false, and f does not run, while a is busy. It is for a snapshot
// of what only a's goroutine may touch. F must not deliver to a.
func (a *Actor) Look(f func()) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.busy != nil {
		return false
	}
	f()
	return true
}
