package procedure

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Timer is a supervision timer of a standard, such as T3560 of TS 24.501 §10.2: after Duration without an answer the
// question is sent again, at most Retries times, and then the procedure fails.
type Timer struct {
	Name     string
	Duration time.Duration
	Retries  int
}

// Asker is an Owner that has an Actor: a UE or a session.
type Asker interface {
	Owner
	Self() *Actor
}

// Ask sends a question and waits for its answer, a message of type T. On expiry of the timer it sends again.
// It runs on the actor's own goroutine. Errors: that of send, ErrNoAnswer, ErrSuperseded, the context's.
func Ask[T any](ctx context.Context, who Asker, t Timer, send func() error) (T, error) {
	m, err := AskFor(ctx, who, t, send, is[T])
	if err != nil {
		var none T
		return none, err
	}
	return m.(T), nil
}

// AskFor is Ask where answers of several types are possible: answers tells which messages are meant.
func AskFor(ctx context.Context, who Asker, t Timer, send func() error, answers func(m any) bool) (any, error) {
	for range t.Retries + 1 {
		if err := send(); err != nil {
			return nil, err
		}
		m, err := wait(ctx, who, t.Duration, answers)
		if err != errExpired {
			return m, err
		}
	}
	return nil, fmt.Errorf("%s expired %d times: %w", t.Name, t.Retries+1, ErrNoAnswer)
}

// Await waits for a message of type T that the peer owes without being asked again. Unlike Ask, whose answer cannot
// be older than its question, it also takes one that came during an earlier wait of the same procedure. With a timer of no duration it
// takes only what has come.
func Await[T any](ctx context.Context, who Asker, t Timer) (T, error) {
	if m, ok := who.Self().recall(is[T]); ok {
		return m.(T), nil
	}
	return Ask[T](ctx, who, Timer{Name: t.Name, Duration: t.Duration}, func() error { return nil })
}

func is[T any](m any) bool {
	_, ok := m.(T)
	return ok
}

type expired struct{}

func (expired) Error() string { return "timer expired" }

// errExpired says that the timer ran out; it stays inside this package.
var errExpired error = expired{}

// wait returns the first message that answers. Every other message goes through the collision table.
func wait(ctx context.Context, who Asker, d time.Duration, answers func(any) bool) (any, error) {
	a := who.Self()
	var expiry <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		expiry = timer.C
	}
	for {
		m, decision, ok := a.take(who, answers)
		if ok {
			switch decision {
			case answered:
				return m, nil
			case Supersede:
				return nil, ErrSuperseded
			case Inline:
				who.Serve(ctx, m)
			case Queue: // take has put it by
			}
			continue
		}
		if expiry == nil { // only what has come already
			a.runs()
			return nil, errExpired
		}
		select {
		case <-a.busy.wake:
			a.runs()
		case <-expiry:
			a.runs()
			return nil, errExpired
		case <-ctx.Done():
			a.runs()
			return nil, context.Cause(ctx)
		}
	}
}

// answered is the decision over the message that was waited for; the collision table never gives it.
const answered Decision = 255

// take looks at the next message of the inbox, puts it by if it must wait, and puts it first if it supersedes.
func (a *Actor) take(who Owner, answers func(any) bool) (m any, d Decision, ok bool) {
	a.mu.Lock()
	b := a.busy
	if len(b.inbox) == 0 {
		pool, since := b.pool, b.since
		b.since = 0
		a.mu.Unlock()
		pool.restsFrom(since)
		return nil, 0, false
	}
	m = b.inbox[0]
	b.inbox = b.inbox[1:]
	a.mu.Unlock()

	if m = who.Open(m); m == nil {
		return nil, Queue, true
	}
	if answers(m) {
		return m, answered, true
	}
	d = who.Collide(m)
	a.mu.Lock()
	defer a.mu.Unlock()
	switch d {
	case Queue:
		b.later = append(b.later, m)
	case Supersede:
		b.later = append([]any{m}, b.later...)
	}
	return m, d, true
}

// recall takes the oldest message that was put by and answers.
func (a *Actor) recall(answers func(any) bool) (any, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, m := range a.busy.later {
		if answers(m) {
			a.busy.later = slices.Delete(a.busy.later, i, i+1)
			return m, true
		}
	}
	return nil, false
}
