package udr_test

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/nf/udr"
	"github.com/limpid-5g/limpid/sbi/nudr"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/storetest"
)

// shelf is a store of one subscriber that counts how often it is read.
type shelf struct {
	store.Subscribers
	mu       sync.Mutex
	sub      *store.Subscriber
	reads    int
	revision int64
}

func (s *shelf) Subscriber(context.Context, ident.SUPI) (*store.Subscriber, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	if s.sub == nil {
		return nil, store.ErrNotFound
	}
	return s.sub, nil
}

// TestReadOnce: a registration with a session reads its subscriber once, authentication sees every change, and nothing
// that was read serves longer than a second.
func TestReadOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := storetest.Subscriber(1), storetest.Subscriber(1)
		second.UEAMBR.Uplink = 5
		s := &shelf{sub: &first}
		u := udr.New(udr.Config{}, s, slog.New(slog.DiscardHandler))
		ctx, supi := t.Context(), storetest.SUPI(1)
		uplink := func() uint64 {
			data, err := u.AMData(ctx, supi)
			if err != nil {
				t.Fatal(err)
			}
			return data.SubscribedUEAMBR.Uplink
		}
		reads := func(want int, when string) {
			t.Helper()
			if s.reads != want {
				t.Errorf("%s: %d reads, want %d", when, s.reads, want)
			}
		}
		authenticate := func() {
			if _, err := u.AuthenticationSubscription(ctx, supi); err != nil {
				t.Fatal(err)
			}
		}
		authenticate()
		uplink()
		if _, err := u.SMFSelectData(ctx, supi); err != nil {
			t.Fatal(err)
		}
		reads(1, "one registration")
		s.sub = &second
		authenticate()
		if uplink() != 5 {
			t.Error("a registration does not see a change from before it began")
		}
		reads(2, "another registration")
		s.sub = &first
		time.Sleep(time.Second)
		if uplink() != first.UEAMBR.Uplink {
			t.Error("what was read a second ago still serves")
		}
		reads(3, "a second later")
		s.sub = nil
		if _, err := u.AuthenticationSubscription(ctx, supi); err == nil {
			t.Error("a removed subscriber authenticates")
		}
		if _, err := u.AMData(ctx, supi); err == nil {
			t.Error("a removed subscriber is still served")
		}
	})
}

func (s *shelf) Revision(context.Context) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.revision, nil
}

func (s *shelf) Changes(_ context.Context, after store.Place, _ int) ([]store.Change, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if after.Revision >= s.revision {
		return nil, nil
	}
	return []store.Change{{Place: store.Place{Revision: s.revision, SUPI: s.sub.SUPI}}}, nil
}

// TestChangeIsReadAnew: who is told of a change and asks at once gets the changed subscriber, TS 29.504 §5.2.2.8.
func TestChangeIsReadAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := storetest.Subscriber(1), storetest.Subscriber(1)
		second.UEAMBR.Uplink = 5
		s := &shelf{sub: &first}
		u := udr.New(udr.Config{}, s, slog.New(slog.DiscardHandler))
		read := func() uint64 {
			data, err := u.AMData(t.Context(), storetest.SUPI(1))
			if err != nil {
				t.Error(err)
			}
			return data.SubscribedUEAMBR.Uplink
		}
		var told atomic.Int32
		go u.Watch(t.Context(), func(nudr.DataChange) {
			told.Add(1)
			if read() != 5 {
				t.Error("what was read before the change is given after it")
			}
		})
		time.Sleep(1900 * time.Millisecond) // just before the watcher looks again
		read()
		s.mu.Lock()
		s.sub, s.revision = &second, 1
		s.mu.Unlock()
		time.Sleep(time.Second)
		if n := told.Load(); n != 1 {
			t.Errorf("told of %d changes, want 1", n)
		}
	})
}
