package load

import (
	"context"
	"sync"
	"time"
)

// run is a load while it goes on.
type run struct {
	plan     Plan
	phones   []*phone
	turns    *turns
	schedule schedule
	record   *recorder
	wg       sync.WaitGroup // of the procedures

	mu       sync.Mutex
	pools    [states]queue
	inFlight int
	changed  chan struct{} // has room for one: a pool or inFlight changed
}

func newRun(p Plan, phones []*phone) *run {
	r := &run{
		plan: p, phones: phones, turns: newTurns(p.Mix), record: newRecorder(), changed: make(chan struct{}, 1),
	}
	for _, f := range phones {
		r.rest(f)
	}
	return r
}

// carryOut lets the procedures start when they are due and returns when the last has ended.
func (r *run) carryOut(ctx context.Context) *Report {
	life := context.WithoutCancel(ctx) // what has started comes to its end
	r.schedule = newSchedule(time.Now(), r.plan.Rate, r.plan.Duration)
	watching, stopWatching := context.WithCancel(life)
	var watch sync.WaitGroup
	watch.Go(func() { r.watch(watching) })
	notStarted := r.dispatch(ctx, life)
	r.wg.Wait()
	elapsed := time.Since(r.schedule.start)
	stopWatching()
	watch.Wait()
	_ = wait(life, time.Now().Add(r.plan.Inactivity)) // the network may take back what it gave last
	for _, f := range r.phones {
		r.lost(f)
	}
	return r.report(elapsed, notStarted)
}

// dispatch starts procedures until the last that is due, the end of the duration, that of ctx, or until there is nothing
// left to do. It returns how many had fallen due and never started.
func (r *run) dispatch(ctx, life context.Context) int {
	ctx, cancel := context.WithDeadline(ctx, r.schedule.start.Add(r.plan.Duration))
	defer cancel()
	for n := range r.schedule.count {
		due := r.schedule.due(n)
		f, p, ok := (*phone)(nil), Attach, false
		if r.plan.Wait(ctx, due) == nil {
			f, p, ok = r.claim(ctx, r.turns.next())
		}
		switch {
		case ok:
			start := time.Now()
			r.record.start(p, start.Sub(due))
			r.wg.Go(func() { r.perform(life, f, p, due) })
		case ctx.Err() == nil:
			return 0 // nothing left to do
		default:
			return r.schedule.dueBy(time.Now()) - n
		}
	}
	return 0
}

// claim takes a phone out of its pool that can do p or, if there is none, what takes its turn. It waits until there is
// one. It fails at the end of ctx or when all phones have all that the mix gives them.
func (r *run) claim(ctx context.Context, p Procedure) (*phone, Procedure, bool) {
	for {
		r.mu.Lock()
		if r.plan.Mix.ends() && r.pools[served].len() == len(r.phones) {
			r.mu.Unlock()
			return nil, p, false
		}
		if r.inFlight < r.plan.InFlight {
			if got, ok := r.choose(p); ok {
				f := r.pools[from[got]].pop()
				if r.lost(f) || f.state(r.plan.Mix) != f.rest {
					r.rest(f)
					r.mu.Unlock()
					continue
				}
				r.inFlight++
				r.mu.Unlock()
				return f, got, true
			}
		}
		r.mu.Unlock()
		select {
		case <-r.changed:
		case <-ctx.Done():
			return nil, p, false
		}
	}
}

// choose returns p or the first that takes its turn, of those that a phone can do now.
func (r *run) choose(p Procedure) (Procedure, bool) {
	if r.possible(p) {
		return p, true
	}
	for _, o := range instead[p] {
		if r.possible(o) {
			return o, true
		}
	}
	return p, false
}

func (r *run) possible(p Procedure) bool { return r.plan.Mix[p] > 0 && r.pools[from[p]].len() > 0 }

// perform runs a procedure of a phone and puts the phone back into its pool.
func (r *run) perform(life context.Context, f *phone, p Procedure, due time.Time) {
	ctx, cancel := context.WithTimeout(life, r.plan.Timeout)
	f.cell.CoreTurns(f.ue) // what came before is none of this procedure
	err := f.do(ctx, p, &r.plan)
	cancel()
	r.record.end(p, time.Since(due), err)
	if answers, took := f.cell.CoreTurns(f.ue); err == nil && answers > 0 {
		r.record.turns(p, answers, took)
	}
	if p == Detach {
		r.awaitIdle(life, f)
	}
	r.mu.Lock()
	r.inFlight--
	r.mu.Unlock()
	r.wake()
	switch quiet := backOff(err); {
	case quiet > 0:
		time.AfterFunc(quiet, func() { r.put(f) })
	case r.releases(f):
		r.wg.Add(1)
		time.AfterFunc(r.plan.Inactivity, func() {
			defer r.wg.Done()
			r.release(life, f)
			r.put(f)
		})
	default:
		r.put(f)
	}
}

func (r *run) put(f *phone) {
	r.mu.Lock()
	r.rest(f)
	r.mu.Unlock()
	r.wake()
}

// rest puts a phone into the pool of its state.
func (r *run) rest(f *phone) {
	f.rest = f.state(r.plan.Mix)
	r.pools[f.rest].push(f)
}

// lost tells, and counts, whether the network has ended a registration or a session of a phone at rest by itself.
func (r *run) lost(f *phone) bool {
	now := f.state(r.plan.Mix)
	lost := now != f.rest && !(f.rest == connected && now == served) // which only lost its connection
	if lost {
		r.record.lose()
	}
	return lost
}

func (r *run) wake() {
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// awaitIdle waits for the network to release the connection of a UE that has left.
func (r *run) awaitIdle(life context.Context, f *phone) {
	ctx, cancel := context.WithTimeout(life, settleTimeout)
	defer cancel()
	if err := f.ue.AwaitIdle(ctx); err != nil {
		r.plan.Log.Debug("connection not released by the network", "supi", f.ue.SUPI().Conceal())
	}
}

// releases tells whether the UE has nothing to do but a service request, for which it has to be in idle mode.
func (r *run) releases(f *phone) bool {
	return r.plan.Mix[ServiceRequest] > 0 && f.state(r.plan.Mix) == served && f.ue.Status().Connected
}

// release sends the UE into idle mode, TS 23.502 §4.2.6.
func (r *run) release(life context.Context, f *phone) {
	start := time.Now()
	r.record.start(ANRelease, 0)
	ctx, cancel := context.WithTimeout(life, r.plan.Timeout)
	defer cancel()
	err := f.do(ctx, ANRelease, &r.plan)
	r.record.end(ANRelease, time.Since(start), err)
	r.awaitIdle(life, f) // the UE hears of it after the gNB
}

// watch closes a second of the record each second, and the last at the end of ctx.
func (r *run) watch(ctx context.Context) {
	for n := 1; ; n++ {
		at := r.schedule.start.Add(time.Duration(n) * time.Second)
		ended := wait(ctx, at) != nil
		now := time.Now()
		s := r.record.second(now.Sub(r.schedule.start), r.schedule.dueBy(now))
		if ended {
			return
		}
		if r.plan.Progress != nil {
			r.plan.Progress(s)
		}
	}
}
