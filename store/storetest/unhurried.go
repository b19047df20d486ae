package storetest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/limpid-5g/limpid/store"
)

// numbered is UE i with a record that says the version.
func numbered(i int, version byte) store.UEContext {
	u := UE(i)
	u.Record = []byte{version}
	return u
}

// unhurried: writes that nobody waits for and others come beside each other. Each is there when it has returned, conditions
// hold for all, and hurry ends the waiting.
func unhurried(t *testing.T, h *harness) {
	const writers, each = 8, 12
	patient := store.Unhurried(h.Context(), nil)
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for n := range byte(each) {
				ctx := patient
				if (int(n)+i)%3 == 0 {
					ctx = h.Context()
				}
				u := numbered(i, n+1)
				u.Known = n > 0
				if errs, err := h.KeepUEs(ctx, []store.UEContext{u}); err != nil || errs[0] != nil {
					t.Error(err, errs)
				}
				if got, err := h.UE(h.Context(), u.SUPI); err != nil || !slices.Equal(got.Record, u.Record) {
					t.Errorf("UE %d has record %v after %v was written, error %v", i, got.Record, u.Record, err)
				}
			}
		})
	}
	wg.Wait()
	if _, err := h.TakeUE(h.Context(), seenAt(1, UE(1).Epoch), "other", 64, nil); err != nil {
		t.Fatal(err)
	}
	late := numbered(1, 99)
	late.Known = true
	errs, err := h.KeepUEs(patient, []store.UEContext{late, numbered(0, 99)})
	h.must(err)
	h.want(errs[0], store.ErrNotOwner)
	h.must(errs[1])
	hurry := make(chan struct{})
	close(hurry)
	h.must(h.RemoveUE(store.Unhurried(h.Context(), hurry), SUPI(0), UE(0).Node, UE(0).Epoch))
	_, err = h.UE(h.Context(), SUPI(0))
	h.want(err, store.ErrNotFound)
	ended, end := context.WithCancel(patient)
	end()
	_, err = h.KeepUEs(ended, []store.UEContext{numbered(0, 1)})
	h.want(err, context.Canceled)
}

// unhurriedAtTheEnd: what has begun when the store is closed is written or refused, and whoever wrote knows which.
func unhurriedAtTheEnd(t *testing.T, h *harness) {
	const writers = 32
	patient := store.Unhurried(h.Context(), nil)
	outcome := make([]error, writers)
	var begun, wg sync.WaitGroup
	begun.Add(writers)
	for i := range writers {
		wg.Go(func() {
			begun.Done()
			errs, err := h.KeepUEs(patient, []store.UEContext{numbered(i, 1)})
			outcome[i] = errors.Join(append(errs, err)...)
		})
	}
	begun.Wait()
	h.must(h.Close())
	wg.Wait()
	h.Store = h.handle()
	for i, err := range outcome {
		_, missing := h.UE(h.Context(), SUPI(i))
		if err != nil {
			h.want(err, store.ErrClosed)
			h.want(missing, store.ErrNotFound)
			continue
		}
		h.must(missing)
	}
}
