package storetest

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/limpid-5g/limpid/store"
)

// failureIsAlone: of many writes that share commits, those that must fail do, and their neighbours do not.
func failureIsAlone(t *testing.T, h *harness) {
	const writers = 64
	h.add(Subscriber(0))
	errs := make([]error, writers)
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			switch i % 4 {
			case 0: // one new subscriber, and one that is there
				errs[i] = h.AddSubscribers(h.Context(), []store.Subscriber{Subscriber(1000 + i), Subscriber(0)})
			case 1:
				errs[i] = h.RemoveSubscriber(h.Context(), SUPI(2000+i))
			default:
				errs[i] = h.AddSubscribers(h.Context(), []store.Subscriber{rich(i)})
			}
		})
	}
	wg.Wait()
	for i, err := range errs {
		switch i % 4 {
		case 0:
			h.want(err, store.ErrExists)
			h.absent(1000 + i)
		case 1:
			h.want(err, store.ErrNotFound)
		default:
			h.must(err)
			h.equal(h.get(i), rich(i))
		}
	}
	h.equal(h.get(0), Subscriber(0))
}

// otherHandleSeesWrites: what one process wrote, another reads at once.
func otherHandleSeesWrites(_ *testing.T, h *harness) {
	other := *h
	other.Store = h.handle()
	for i := range 20 {
		other.absent(i)
		h.add(Subscriber(i))
		other.equal(other.get(i), Subscriber(i))
		other.must(other.ReplaceSubscriber(h.Context(), rich(i)))
		h.equal(h.get(i), rich(i))
		h.must(h.RemoveSubscriber(h.Context(), SUPI(i)))
		other.absent(i)
	}
}

// otherHandleSeesContexts: what a process keeps of a UE another sees, changes and removes at once.
func otherHandleSeesContexts(t *testing.T, h *harness) {
	other := *h
	other.Store = h.handle()
	count := func(h *harness, ues, sessions int) {
		t.Helper()
		if u, s, err := h.Count(h.Context()); err != nil || u != ues || s != sessions {
			t.Fatalf("%d UEs and %d sessions, %v, want %d and %d", u, s, err, ues, sessions)
		}
	}
	for i := range 20 {
		from, to := h, &other
		if i%3 == 0 {
			from, to = to, from
		}
		from.must(from.keepUE(UE(i)))
		from.must(from.keepSM(SM(i)))
		got, err := to.UE(h.Context(), SUPI(i))
		to.must(err)
		if !reflect.DeepEqual(got, UE(i)) {
			t.Fatalf("%+v, want %+v", got, UE(i))
		}
		count(to, 1, 1)
		newer := numbered(i, 2)
		newer.Known = true
		to.must(to.keepUE(newer))
		from.want(from.keepUE(func() store.UEContext { u := UE(i + 1); u.TMSI = UE(i).TMSI; return u }()), store.ErrTMSITaken)
		if got, err := from.UEByTMSI(h.Context(), UE(i).TMSI); err != nil || !slices.Equal(got.Record, newer.Record) {
			t.Fatalf("%+v, %v", got, err)
		}
		from.must(from.RemoveSM(h.Context(), SUPI(i), SM(i).PDUSessionID, SM(i).SEID))
		count(to, 1, 0)
		from.want(from.RemoveUE(h.Context(), SUPI(i), "other", UE(i).Epoch), store.ErrNotOwner)
		from.must(from.RemoveUE(h.Context(), SUPI(i), UE(i).Node, UE(i).Epoch))
		count(to, 0, 0)
	}
}

// twoHandlesWrite: two processes write at once, and nothing of either is lost.
func twoHandlesWrite(t *testing.T, h *harness) {
	const writers, each = 8, 25
	handles := []store.Store{h.Store, h.handle()}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for n := range each {
				if err := handles[w%len(handles)].AddSubscribers(h.Context(), []store.Subscriber{Subscriber(w*each + n)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	all, err := h.ListSubscribers(h.Context(), "", writers*each+1)
	h.must(err)
	if len(all) != writers*each {
		t.Fatalf("%d subscribers, want %d", len(all), writers*each)
	}
}

func reopen(t *testing.T, h *harness) {
	h.add(rich(1), Subscriber(2), Subscriber(3))
	h.must(h.RemoveSubscriber(h.Context(), SUPI(3)))
	base, err := h.LeaseSQN(h.Context(), SUPI(2), 32)
	h.must(err)
	revision := h.get(1).Revision
	h.must(h.Close())
	h.Store = h.handle()
	h.equal(h.get(1), rich(1))
	if got := h.get(1).Revision; got != revision {
		t.Fatalf("revision %d, want %d", got, revision)
	}
	h.absent(3)
	next, err := h.LeaseSQN(h.Context(), SUPI(2), 32)
	h.must(err)
	if next.SEQ() != base.SEQ()+32 {
		t.Fatalf("lease after SEQ %d, want %d: never reuse", next.SEQ(), base.SEQ()+32)
	}
}

func cancelled(_ *testing.T, h *harness) {
	ctx, cancel := context.WithCancel(h.Context())
	cancel()
	h.want(h.AddSubscribers(ctx, []store.Subscriber{Subscriber(1)}), context.Canceled)
	_, err := h.Subscriber(ctx, SUPI(1))
	h.want(err, context.Canceled)
	h.add(Subscriber(2)) // the store works on
	h.get(2)
}

func closed(t *testing.T, h *harness) {
	h.add(Subscriber(1))
	h.must(h.Close())
	ctx := h.Context()
	_, readErr := h.Subscriber(ctx, SUPI(1))
	_, listErr := h.ListSubscribers(ctx, "", 1)
	_, leaseErr := h.LeaseSQN(ctx, SUPI(1), 1)
	for name, err := range map[string]error{
		"add": h.AddSubscribers(ctx, []store.Subscriber{Subscriber(2)}), "replace": h.ReplaceSubscriber(ctx, Subscriber(1)),
		"remove": h.RemoveSubscriber(ctx, SUPI(1)), "reset": h.ResetSQN(ctx, SUPI(1), 0), "close": h.Close(),
		"read": readErr, "list": listErr, "lease": leaseErr,
	} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s: error %v, want ErrClosed", name, err)
		}
	}
}
