package storetest

import (
	"context"
	"errors"
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
