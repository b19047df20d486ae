package storetest

import (
	"reflect"
	"testing"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
)

// changes: every change is in the feed once, in order, also for another handle; sequence numbers are no change.
func changes(t *testing.T, h *harness) {
	start, err := h.Revision(h.Context())
	h.must(err)
	h.add(Subscriber(1), Subscriber(2), Subscriber(3))
	h.must(h.ReplaceSubscriber(h.Context(), rich(2)))
	h.must(h.RemoveSubscriber(h.Context(), SUPI(3)))
	h.must(h.RemoveSubscriber(h.Context(), SUPI(1)))
	h.add(Subscriber(1))
	type change struct {
		supi    ident.SUPI
		removed bool
	}
	want := []change{{SUPI(2), false}, {SUPI(3), true}, {SUPI(1), false}}
	other := h.handle()
	for limit := 1; limit < 4; limit++ {
		var got []change
		last := store.Behind(start)
		for {
			page, err := other.Changes(h.Context(), last, limit)
			h.must(err)
			if len(page) == 0 {
				break
			}
			if len(page) > limit {
				t.Fatalf("%d changes, limit %d", len(page), limit)
			}
			for _, c := range page {
				if c.Revision < last.Revision {
					t.Errorf("revision %d after %d", c.Revision, last.Revision)
				}
				last = c.Place
				got = append(got, change{c.SUPI, c.Removed})
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("limit %d: %v, want %v", limit, got, want)
		}
		if now, err := other.Revision(h.Context()); err != nil || now != last.Revision {
			t.Errorf("revision %d, error %v, the last change has %d", now, err, last.Revision)
		}
	}
	before, err := h.Revision(h.Context())
	h.must(err)
	_, err = h.LeaseSQN(h.Context(), SUPI(1), 5)
	h.must(err)
	if page, err := h.Changes(h.Context(), store.Behind(before), 10); err != nil || len(page) != 0 {
		t.Errorf("sequence numbers changed a subscriber: %v, %v", page, err)
	}
	_, err = h.Changes(h.Context(), store.Place{}, 0)
	h.want(err, store.ErrInvalid)
}
