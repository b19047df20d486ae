package procedure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// subject is an actor whose behaviour a test sets.
type subject struct {
	actor   Actor
	serve   func(ctx context.Context, m any)
	collide func(m any) Decision
	log     []string
}

func (s *subject) Self() *Actor { return &s.actor }
func (s *subject) Open(m any) any {
	if m == "dropped" {
		return nil
	}
	return m
}
func (s *subject) Serve(ctx context.Context, m any) { s.serve(ctx, m) }
func (s *subject) Collide(m any) Decision           { return s.collide(m) }
func (s *subject) Panicked(m any, err error)        { s.note("panic over %v", m) }
func (s *subject) note(format string, args ...any) {
	s.log = append(s.log, fmt.Sprintf(format, args...))
}

type question struct{}
type answer struct{ n int }

var timer = Timer{Name: "T1", Duration: 6 * time.Second, Retries: 4}

func run(t *testing.T, f func(t *testing.T, p *Pool, s *subject)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(10)
		s := &subject{collide: func(any) Decision { return Queue }}
		f(t, p, s)
		synctest.Wait()
		p.Stop()
	})
}

func deliver(t *testing.T, p *Pool, s *subject, m any) {
	t.Helper()
	if err := p.Deliver(&s.actor, s, m); err != nil {
		t.Fatal(err)
	}
}

func want(t *testing.T, got []string, lines ...string) {
	t.Helper()
	if !slices.Equal(got, lines) {
		t.Fatalf("got  %q\nwant %q", got, lines)
	}
}

func TestAskSendsAgainOnExpiry(t *testing.T) {
	run(t, func(t *testing.T, p *Pool, s *subject) {
		start := time.Now()
		s.serve = func(ctx context.Context, m any) {
			_, err := Ask[answer](ctx, s, timer, func() error { s.note("sent at %v", time.Since(start)); return nil })
			s.note("%v %v", errors.Is(err, ErrNoAnswer), time.Since(start))
		}
		deliver(t, p, s, question{})
		time.Sleep(time.Minute)
		synctest.Wait()
		want(t, s.log, "sent at 0s", "sent at 6s", "sent at 12s", "sent at 18s", "sent at 24s", "true 30s")
		if s.actor.Busy() || p.Running() != 0 {
			t.Fatal("still busy")
		}
	})
}

func TestAskReturnsTheAnswerAndOthersWait(t *testing.T) {
	run(t, func(t *testing.T, p *Pool, s *subject) {
		s.serve = func(ctx context.Context, m any) {
			if m != (question{}) {
				s.note("served %v", m)
				return
			}
			a, err := Ask[answer](ctx, s, timer, func() error { return nil })
			s.note("answer %d %v", a.n, err)
		}
		deliver(t, p, s, question{})
		deliver(t, p, s, "other")
		deliver(t, p, s, "dropped")
		synctest.Wait()
		deliver(t, p, s, answer{7})
		synctest.Wait()
		want(t, s.log, "answer 7 <nil>", "served other")
	})
}

func TestAwaitTakesAnEarlierMessage(t *testing.T) {
	run(t, func(t *testing.T, p *Pool, s *subject) {
		s.serve = func(ctx context.Context, m any) {
			a, err := Ask[answer](ctx, s, timer, func() error { return nil })
			s.note("%v %v", a, err)
			text, err := Await[string](ctx, s, timer)
			s.note("%v %v", text, err)
		}
		deliver(t, p, s, question{})
		synctest.Wait()
		deliver(t, p, s, "early")
		deliver(t, p, s, answer{1})
		synctest.Wait()
		want(t, s.log, "{1} <nil>", "early <nil>")
	})
}

func TestSupersedeEndsTheProcedureAndIsServedNext(t *testing.T) {
	run(t, func(t *testing.T, p *Pool, s *subject) {
		s.collide = func(m any) Decision {
			if m == "new" {
				return Supersede
			}
			return Queue
		}
		s.serve = func(ctx context.Context, m any) {
			if m != (question{}) {
				s.note("served %v", m)
				return
			}
			_, err := Ask[answer](ctx, s, timer, func() error { return nil })
			s.note("%v", err)
		}
		deliver(t, p, s, question{})
		deliver(t, p, s, "queued")
		deliver(t, p, s, "new")
		synctest.Wait()
		want(t, s.log, ErrSuperseded.Error(), "served new", "served queued")
	})
}

func TestInlineIsServedDuringTheWait(t *testing.T) {
	run(t, func(t *testing.T, p *Pool, s *subject) {
		s.collide = func(any) Decision { return Inline }
		s.serve = func(ctx context.Context, m any) {
			if m != (question{}) {
				s.note("served %v", m)
				return
			}
			a, _ := Ask[answer](ctx, s, timer, func() error { return nil })
			s.note("answer %d", a.n)
		}
		deliver(t, p, s, question{})
		deliver(t, p, s, "capability")
		deliver(t, p, s, answer{2})
		synctest.Wait()
		want(t, s.log, "served capability", "answer 2")
	})
}

func TestPanicEndsOneProcedureOnly(t *testing.T) {
	run(t, func(t *testing.T, p *Pool, s *subject) {
		s.serve = func(ctx context.Context, m any) {
			if m == "bad" {
				panic("oops")
			}
			s.note("served %v", m)
		}
		deliver(t, p, s, "bad")
		deliver(t, p, s, "good")
		synctest.Wait()
		want(t, s.log, "panic over bad", "served good")
		if p.Panics() != 1 {
			t.Fatalf("%d panics counted", p.Panics())
		}
	})
}

func TestPoolIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(1)
		block := func(ctx context.Context, m any) { <-ctx.Done() }
		first, second := &subject{serve: block}, &subject{serve: block}
		deliver(t, p, first, question{})
		if err := p.Deliver(&second.actor, second, question{}); !errors.Is(err, ErrCongested) {
			t.Fatalf("second actor: %v", err)
		}
		for i := 0; ; i++ { // the busy one still takes messages, within its own bound
			if err := p.Deliver(&first.actor, first, question{}); err != nil {
				if !errors.Is(err, ErrInboxFull) || i > maxInbox {
					t.Fatalf("after %d: %v", i, err)
				}
				break
			}
		}
		p.Stop()
		if err := p.Deliver(&second.actor, second, question{}); !errors.Is(err, ErrStopped) {
			t.Fatalf("after Stop: %v", err)
		}
	})
}

// TestFollowWaitsForAPlace: what belongs to work that was let in is not turned away by a full pool, only put off.
func TestFollowWaitsForAPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(1)
		free := make(chan struct{})
		first := &subject{serve: func(context.Context, any) { <-free }}
		second, third := &subject{}, &subject{}
		second.serve = func(_ context.Context, m any) { second.note("served %v", m) }
		third.serve = func(_ context.Context, m any) { third.note("served %v", m) }
		deliver(t, p, first, question{})
		if err := p.Follow(&second.actor, second, "a"); err != nil {
			t.Fatal(err)
		}
		if err := p.Insist(&third.actor, third, "b"); err != nil {
			t.Fatal(err)
		}
		deliver(t, p, second, "c") // it is busy already, though its turn has not come
		synctest.Wait()
		want(t, second.log)
		if p.Running() != 1 {
			t.Fatalf("%d run", p.Running())
		}
		close(free)
		synctest.Wait()
		want(t, second.log, "served a", "served c")
		want(t, third.log, "served b")
		if p.Running() != 0 || second.actor.Busy() {
			t.Fatal("still busy")
		}
		p.Stop()
	})
}

// TestInsistPassesAFullInbox, which refuses every other message.
func TestInsistPassesAFullInbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(1)
		s := &subject{serve: func(ctx context.Context, _ any) { <-ctx.Done() }}
		for p.Follow(&s.actor, s, question{}) == nil {
		}
		if err := p.Follow(&s.actor, s, question{}); !errors.Is(err, ErrInboxFull) {
			t.Fatalf("follow: %v", err)
		}
		if err := p.Insist(&s.actor, s, question{}); err != nil {
			t.Fatalf("insist: %v", err)
		}
		p.Stop()
	})
}

// TestStopForgetsTheBacklog: what has not begun is not begun any more.
func TestStopForgetsTheBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(1)
		first, second := &subject{serve: func(ctx context.Context, _ any) { <-ctx.Done() }}, &subject{}
		second.serve = func(context.Context, any) { second.note("served") }
		deliver(t, p, first, question{})
		if err := p.Follow(&second.actor, second, question{}); err != nil {
			t.Fatal(err)
		}
		p.Stop()
		synctest.Wait()
		want(t, second.log)
	})
}

// TestLook runs only while the actor is at rest.
func TestLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(1)
		s := &subject{serve: func(ctx context.Context, _ any) { <-ctx.Done() }}
		seen := false
		if !s.actor.Look(func() { seen = true }) || !seen {
			t.Fatal("not seen at rest")
		}
		deliver(t, p, s, question{})
		if s.actor.Look(func() { t.Error("seen while busy") }) {
			t.Fatal("looked while busy")
		}
		p.Stop()
	})
}

// failing panics wherever it can.
type failing struct{ subject }

func (f *failing) Panicked(any, error) { panic("again") }

// TestPanicInPanicked: the clean-up's own panic ends nothing else.
func TestPanicInPanicked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(1)
		f := &failing{}
		f.serve = func(_ context.Context, m any) {
			if m == "bad" {
				panic("oops")
			}
			f.note("served %v", m)
		}
		for _, m := range []any{"bad", "good"} {
			if err := p.Deliver(&f.actor, f, m); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		want(t, f.log, "served good")
		if p.Panics() != 2 {
			t.Fatalf("%d panics counted", p.Panics())
		}
		p.Stop()
	})
}

func TestStopEndsAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(1)
		s := &subject{}
		s.serve = func(ctx context.Context, m any) {
			_, err := Ask[answer](ctx, s, timer, func() error { return nil })
			s.note("%v", err)
		}
		deliver(t, p, s, question{})
		synctest.Wait()
		p.Stop()
		want(t, s.log, context.Canceled.Error())
	})
}

func BenchmarkAsk(b *testing.B) {
	p := NewPool(1)
	s := &subject{collide: func(any) Decision { return Queue }}
	done := make(chan struct{})
	s.serve = func(ctx context.Context, m any) {
		for range b.N {
			_, _ = Ask[answer](ctx, s, timer, func() error { return p.Deliver(&s.actor, s, answer{}) })
		}
		close(done)
	}
	b.ReportAllocs()
	_ = p.Deliver(&s.actor, s, question{})
	<-done
	p.Stop()
}

// TestHold: an actor that is held serves nothing until it is released, and then what was left for it first.
func TestHold(t *testing.T) {
	run(t, func(t *testing.T, p *Pool, s *subject) {
		s.serve = func(_ context.Context, m any) { s.note("served %v", m) }
		if !p.Hold(&s.actor) || p.Hold(&s.actor) || p.Running() != 1 {
			t.Fatalf("held twice, or not at all: %d run", p.Running())
		}
		p.Release(&s.actor, s, nil)
		if s.actor.Busy() || p.Running() != 0 {
			t.Fatal("not at rest with nothing to do")
		}
		if !p.Hold(&s.actor) {
			t.Fatal("not held again")
		}
		deliver(t, p, s, "a")
		deliver(t, p, s, "b")
		synctest.Wait()
		want(t, s.log)
		p.Release(&s.actor, s, "first")
		synctest.Wait()
		want(t, s.log, "served first", "served a", "served b")
		if s.actor.Busy() || p.Running() != 0 {
			t.Fatal("still busy")
		}
	})
}

// TestHoldTakesAPlace: a held actor counts as one that is busy, and its place goes to the next who waits.
func TestHoldTakesAPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(1)
		first, second := &subject{}, &subject{}
		second.serve = func(_ context.Context, m any) { second.note("served %v", m) }
		if !p.Hold(&first.actor) || p.Hold(&second.actor) {
			t.Fatal("more are held than may be busy")
		}
		if err := p.Follow(&second.actor, second, "a"); err != nil {
			t.Fatal(err)
		}
		if p.Hold(&second.actor) {
			t.Fatal("held while it waits for a place")
		}
		p.Release(&first.actor, first, nil)
		synctest.Wait()
		want(t, second.log, "served a")
		p.Stop()
		if p.Hold(&first.actor) {
			t.Fatal("held after Stop")
		}
	})
}

// TestStopWaitsForRelease: who holds an actor ends what it does with it.
func TestStopWaitsForRelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(1)
		s := &subject{serve: func(context.Context, any) {}}
		if !p.Hold(&s.actor) {
			t.Fatal("not held")
		}
		stopped := make(chan struct{})
		go func() { p.Stop(); close(stopped) }()
		synctest.Wait()
		select {
		case <-stopped:
			t.Fatal("stopped over a held actor")
		default:
		}
		p.Release(&s.actor, s, "last")
		<-stopped
	})
}

// TestAtWork: an actor is at work from when it is given something until it waits or rests, and for a bounded time.
func TestAtWork(t *testing.T) {
	run(t, func(t *testing.T, p *Pool, s *subject) {
		done, free := 0, make(chan struct{})
		p.OnLess(func(d bool) {
			if d {
				done++
			}
		})
		s.serve = func(ctx context.Context, m any) {
			if m == "stuck" {
				<-free
				return
			}
			if p.AtWork() != 1 || p.Due() != 0 {
				t.Errorf("%d at work, %d due, and one runs", p.AtWork(), p.Due())
			}
			_, err := Ask[answer](ctx, s, Timer{Name: "T1", Duration: time.Second}, func() error { return nil })
			if p.AtWork() != 1 {
				t.Errorf("%d at work after a wait: %v", p.AtWork(), err)
			}
		}
		is := func(atWork, stints int) {
			t.Helper()
			synctest.Wait()
			if p.AtWork() != atWork || p.Due() != 0 || done != stints {
				t.Fatalf("%d at work, %d due, %d times done; want %d, 0, %d", p.AtWork(), p.Due(), done, atWork, stints)
			}
		}
		deliver(t, p, s, question{})
		is(0, 1)
		deliver(t, p, s, answer{1})
		is(0, 2)
		deliver(t, p, s, question{})
		time.Sleep(time.Minute) // nobody answers: it goes on by itself
		is(0, 4)
		deliver(t, p, s, "stuck")
		is(1, 4)
		time.Sleep((workSpans + 1) * workSpan)
		is(0, 4)
		close(free)
		is(0, 5)
	})
}

// TestDue: who waits for a place is due.
func TestDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(1)
		free := make(chan struct{})
		first, second := &subject{serve: func(context.Context, any) { <-free }}, &subject{serve: func(context.Context, any) {}}
		deliver(t, p, first, question{})
		if err := p.Follow(&second.actor, second, question{}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if p.Due() != 1 || p.AtWork() != 2 {
			t.Errorf("%d due, %d at work", p.Due(), p.AtWork())
		}
		close(free)
		synctest.Wait()
		if p.Due() != 0 || p.AtWork() != 0 {
			t.Errorf("%d due, %d at work at the end", p.Due(), p.AtWork())
		}
		p.Stop()
	})
}
