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
func (s *subject) note(format string, args ...any)  { s.log = append(s.log, fmt.Sprintf(format, args...)) }

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
