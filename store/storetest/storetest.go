// Package storetest is the contract of package store as tests: every engine runs Run and Crash.
package storetest

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
)

// Open opens the engine's store in dir, making it where there is none. Opening dir twice gives two handles on one
// store, as two processes would have.
type Open func(ctx context.Context, dir string) (store.Store, error)

// Run tests everything that the contract promises to callers of a healthy store.
func Run(t *testing.T, open Open) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, *harness)
	}{
		{"ReadBack", readBack},
		{"AddIsAllOrNothing", addIsAllOrNothing},
		{"InvalidIsRefused", invalidIsRefused},
		{"Replace", replace},
		{"Remove", remove},
		{"StaticAddressIsOfOne", staticAddressIsOfOne},
		{"GPSIIsOfOne", gpsiIsOfOne},
		{"List", list},
		{"All", all},
		{"Revision", revision},
		{"Changes", changes},
		{"LeaseSQN", leaseSQN},
		{"LeaseSQNExhausted", leaseSQNExhausted},
		{"ResetSQN", resetSQN},
		{"LeasesNeverOverlap", leasesNeverOverlap},
		{"SQNsOfLife", sqnsOfLife},
		{"FailureIsAlone", failureIsAlone},
		{"OtherHandleSeesWrites", otherHandleSeesWrites},
		{"OtherHandleSeesContexts", otherHandleSeesContexts},
		{"TwoHandlesWrite", twoHandlesWrite},
		{"Unhurried", unhurried},
		{"UnhurriedAtTheEnd", unhurriedAtTheEnd},
		{"Reopen", reopen},
		{"Cancelled", cancelled},
		{"Closed", closed},
		{"UEContexts", ueContexts},
		{"UEOwnership", ueOwnership},
		{"Known", known},
		{"KnownChanges", knownChanges},
		{"TMSIIsOfOne", tmsiIsOfOne},
		{"SMContexts", smContexts},
		{"Taking", taking},
		{"TakingWrites", takingWrites},
		{"SessionGoesWithUE", sessionGoesWithUE},
		{"LeaseIsOfOne", leaseIsOfOne},
		{"Guarantees", guarantees},
		{"GuaranteesForgotten", guaranteesForgotten},
		{"GuaranteesTaken", guaranteesTaken},
		{"GuaranteesBounded", guaranteesBounded},
		{"Lives", lives},
		{"Pulses", pulses},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := &harness{T: t, open: open, dir: t.TempDir()}
			h.Store = h.handle()
			test.run(t, h)
		})
	}
}

// harness is a store under test.
type harness struct {
	*testing.T
	store.Store
	open Open
	dir  string
}

// handle opens the store once more; the test's end closes it.
func (h *harness) handle() store.Store {
	h.Helper()
	s, err := h.open(h.Context(), h.dir)
	if err != nil {
		h.Fatalf("open: %v", err)
	}
	h.Cleanup(func() {
		if err := s.Close(); err != nil && !errors.Is(err, store.ErrClosed) {
			h.Errorf("close: %v", err)
		}
	})
	return s
}

func (h *harness) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *harness) want(err, target error) {
	h.Helper()
	if !errors.Is(err, target) {
		h.Fatalf("error %v, want %v", err, target)
	}
}

func (h *harness) add(subs ...store.Subscriber) {
	h.Helper()
	h.must(h.AddSubscribers(h.Context(), subs))
}

func (h *harness) get(i int) *store.Subscriber {
	h.Helper()
	s, err := h.Subscriber(h.Context(), SUPI(i))
	h.must(err)
	return s
}

// equal compares all but the revision, keys included.
func (h *harness) equal(got *store.Subscriber, want store.Subscriber) {
	h.Helper()
	want.Revision = got.Revision
	if !reflect.DeepEqual(*got, want) {
		h.Fatalf("got\n%+v\nwant\n%+v", *got, want)
	}
}

func (h *harness) absent(i int) {
	h.Helper()
	_, err := h.Subscriber(h.Context(), SUPI(i))
	h.want(err, store.ErrNotFound)
}

func readBack(_ *testing.T, h *harness) {
	h.absent(1)
	h.add(rich(1), Subscriber(2))
	h.equal(h.get(1), rich(1))
	h.equal(h.get(2), Subscriber(2))
	h.absent(3)
	h.must(h.AddSubscribers(h.Context(), nil))
}

func addIsAllOrNothing(t *testing.T, h *harness) {
	h.add(Subscriber(2), Subscriber(4))
	err := h.AddSubscribers(h.Context(), []store.Subscriber{Subscriber(1), Subscriber(2), Subscriber(3), Subscriber(4)})
	h.want(err, store.ErrExists)
	exists, ok := errors.AsType[*store.ExistsError](err)
	if !ok || !reflect.DeepEqual(exists.SUPIs, []ident.SUPI{SUPI(2), SUPI(4)}) {
		t.Fatalf("%v names %v, want 2 and 4", err, exists)
	}
	h.absent(1)
	h.absent(3)
	h.want(h.AddSubscribers(h.Context(), []store.Subscriber{Subscriber(5), Subscriber(5)}), store.ErrExists)
	h.absent(5)
}

func invalidIsRefused(t *testing.T, h *harness) {
	h.add(Subscriber(2))
	for name, spoil := range Spoilers() {
		bad := rich(1)
		spoil(&bad)
		if err := h.AddSubscribers(h.Context(), []store.Subscriber{Subscriber(3), bad}); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: add: error %v, want ErrInvalid", name, err)
		}
		bad = rich(2)
		spoil(&bad)
		if err := h.ReplaceSubscriber(h.Context(), bad); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: replace: error %v, want ErrInvalid", name, err)
		}
	}
	h.absent(1)
	h.absent(3)
	h.equal(h.get(2), Subscriber(2))
	_, err := h.ListSubscribers(h.Context(), "", 0)
	h.want(err, store.ErrInvalid)
	h.want(h.ResetSQN(h.Context(), SUPI(2), aka.MaxSQN+1), store.ErrInvalid)
}

func replace(t *testing.T, h *harness) {
	h.want(h.ReplaceSubscriber(h.Context(), Subscriber(1)), store.ErrNotFound)
	h.absent(1)
	h.add(rich(1))
	changed := Subscriber(1) // its SQN is 0
	h.must(h.ReplaceSubscriber(h.Context(), changed))
	changed.Authentication.SQN = rich(1).Authentication.SQN
	h.equal(h.get(1), changed)
	changed.Authentication.SQN += 64
	h.must(h.ReplaceSubscriber(h.Context(), changed))
	h.equal(h.get(1), changed)
	h.must(h.ReplaceSubscriber(h.Context(), rich(1)))
	if got := h.get(1).Authentication.SQN; got != changed.Authentication.SQN {
		t.Fatalf("SQN went back to %s", got)
	}
}

func remove(_ *testing.T, h *harness) {
	h.want(h.RemoveSubscriber(h.Context(), SUPI(1)), store.ErrNotFound)
	h.add(rich(1), rich(2))
	h.must(h.RemoveSubscriber(h.Context(), SUPI(1)))
	h.absent(1)
	h.equal(h.get(2), rich(2))
	h.want(h.RemoveSubscriber(h.Context(), SUPI(1)), store.ErrNotFound)
	h.add(rich(1))
	h.equal(h.get(1), rich(1))
}

func staticAddressIsOfOne(_ *testing.T, h *harness) {
	h.add(rich(1))
	clash := rich(2)
	clash.Slices[0].DNNs[1].StaticIPv4 = rich(1).Slices[0].DNNs[1].StaticIPv4
	h.want(h.AddSubscribers(h.Context(), []store.Subscriber{Subscriber(3), clash}), store.ErrAddressTaken)
	h.absent(2)
	h.absent(3)
	h.add(rich(2))
	h.want(h.ReplaceSubscriber(h.Context(), clash), store.ErrAddressTaken)
	h.equal(h.get(2), rich(2))
	h.must(h.ReplaceSubscriber(h.Context(), rich(1))) // its own address is no clash
	clash.Slices[0].DNNs[1].Name = "other"            // nor is another data network's
	h.must(h.ReplaceSubscriber(h.Context(), clash))
}

func gpsiIsOfOne(_ *testing.T, h *harness) {
	h.add(rich(1), Subscriber(3), Subscriber(4)) // any number have none
	supi, err := h.SUPIOf(h.Context(), rich(1).GPSI)
	h.must(err)
	if supi != SUPI(1) {
		h.Errorf("GPSI of %s, want %s", supi, SUPI(1))
	}
	_, err = h.SUPIOf(h.Context(), rich(2).GPSI)
	h.want(err, store.ErrNotFound)
	clash := rich(2)
	clash.GPSI = rich(1).GPSI
	h.want(h.AddSubscribers(h.Context(), []store.Subscriber{clash}), store.ErrGPSITaken)
	h.absent(2)
	h.add(rich(2))
	h.want(h.ReplaceSubscriber(h.Context(), clash), store.ErrGPSITaken)
	h.equal(h.get(2), rich(2))
	h.must(h.RemoveSubscriber(h.Context(), SUPI(1)))
	h.must(h.ReplaceSubscriber(h.Context(), clash)) // it is free again
	clash.GPSI = "alice"
	h.want(h.ReplaceSubscriber(h.Context(), clash), store.ErrInvalid)
}

func list(t *testing.T, h *harness) {
	for i := 9; i >= 0; i-- {
		h.add(rich(i))
	}
	var after ident.SUPI
	for next := 0; ; {
		page, err := h.ListSubscribers(h.Context(), after, 4)
		h.must(err)
		if len(page) == 0 {
			if next != 10 {
				t.Fatalf("%d subscribers listed, want 10", next)
			}
			return
		}
		if len(page) > 4 {
			t.Fatalf("page of %d, want at most 4", len(page))
		}
		for i := range page {
			h.equal(&page[i], rich(next))
			next++
		}
		after = page[len(page)-1].SUPI
	}
}

// all: everybody is there once, as of one moment, whatever happens while one looks.
func all(t *testing.T, h *harness) {
	if got := collect(h, h.AllSubscribers(h.Context())); len(got) != 0 {
		t.Fatalf("%d subscribers in an empty store", len(got))
	}
	for i := 9; i >= 0; i-- {
		h.add(rich(i))
	}
	next := 0
	for sub, err := range h.AllSubscribers(h.Context()) {
		h.must(err)
		h.equal(&sub, rich(next))
		if next == 0 {
			h.must(h.RemoveSubscriber(h.Context(), SUPI(9)))
			h.add(Subscriber(10))
		}
		next++
	}
	if next != 10 {
		t.Fatalf("%d subscribers, want the 10 of the moment when it began", next)
	}
	for range h.AllSubscribers(h.Context()) {
		break // nothing is left open, which the end of the test would notice
	}
}

func revision(t *testing.T, h *harness) {
	seen := make(map[int64]string)
	check := func(step string, changed bool) {
		t.Helper()
		r := h.get(1).Revision
		if before, again := seen[r]; again == changed {
			t.Fatalf("%s: revision %d, seen after %q; changed should be %v", step, r, before, changed)
		}
		seen[r] = step
	}
	h.add(Subscriber(1))
	check("add", true)
	_, err := h.LeaseSQN(h.Context(), SUPI(1), 32)
	h.must(err)
	check("lease", false)
	h.add(Subscriber(2))
	check("other subscriber", false)
	h.must(h.ReplaceSubscriber(h.Context(), Subscriber(1)))
	check("replace", true)
	h.must(h.RemoveSubscriber(h.Context(), SUPI(1)))
	h.add(Subscriber(1))
	check("remove and add", true)
}
