package udr_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/nf/udr"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/storetest"
)

// shelf is a store of one subscriber that counts how often it is read.
type shelf struct {
	store.Subscribers
	sub   *store.Subscriber
	reads int
}

func (s *shelf) Subscriber(context.Context, ident.SUPI) (*store.Subscriber, error) {
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
