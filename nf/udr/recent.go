package udr

import (
	"context"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
)

// freshness bounds how long a subscriber that was read serves again: a registration with a session asks for the same
// subscriber six times within milliseconds. Authentication reads it anew each time, so that a registration sees what was
// changed before it began.
const freshness = time.Second

// recent keeps the subscribers that were read within the last second: two generations, of which the older is dropped when
// the younger is a second old, so that nothing has to be looked for to be forgotten.
type recent struct {
	mu           sync.Mutex
	young, older map[ident.SUPI]reading
	turned       time.Time
}

type reading struct {
	*store.Subscriber
	at time.Time // from before the reading
}

// get returns a subscriber read not long ago, nil if there is none.
func (r *recent) get(supi ident.SUPI) *store.Subscriber {
	r.mu.Lock()
	defer r.mu.Unlock()
	got, ok := r.young[supi]
	if !ok {
		got = r.older[supi]
	}
	if time.Since(got.at) >= freshness {
		return nil
	}
	return got.Subscriber
}

func (r *recent) put(s *store.Subscriber, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.young == nil || time.Since(r.turned) >= freshness {
		r.older, r.young, r.turned = r.young, make(map[ident.SUPI]reading), time.Now()
	}
	r.young[s.SUPI] = reading{s, at}
}

// drop forgets a subscriber that has changed.
func (r *recent) drop(supi ident.SUPI) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.young, supi)
	delete(r.older, supi)
}

// subscriber is one that was read within the last second; the error is a *sbi.ProblemDetails.
func (u *UDR) subscriber(ctx context.Context, supi ident.SUPI) (*store.Subscriber, error) {
	if sub := u.recent.get(supi); sub != nil {
		return sub, nil
	}
	return u.read(ctx, supi)
}

// read reads a subscriber anew; the error is a *sbi.ProblemDetails.
func (u *UDR) read(ctx context.Context, supi ident.SUPI) (*store.Subscriber, error) {
	at := time.Now()
	sub, err := u.store.Subscriber(ctx, supi)
	if err != nil {
		u.recent.drop(supi)
		return nil, u.problem(supi, err)
	}
	u.recent.put(sub, at)
	return sub, nil
}
