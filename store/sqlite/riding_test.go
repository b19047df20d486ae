package sqlite

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/storetest"
)

// TestRiding: writes that nobody waits for share the commit of the next one that somebody waits for, and come before it; a
// commit of their own they get after a time alone.
func TestRiding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := opened(t)
		keep := func(hurry <-chan struct{}, patient bool, version byte) {
			ctx := t.Context()
			if patient {
				ctx = store.Unhurried(ctx, hurry)
			}
			u := storetest.UE(1)
			u.Record = []byte{version}
			if errs, err := s.KeepUEs(ctx, []store.UEContext{u}); err != nil || errs[0] != nil {
				t.Error(err, errs)
			}
		}
		commits := func(step string, want int64, version byte) {
			t.Helper()
			got := s.batch.commits.Swap(0)
			u, err := s.UE(t.Context(), storetest.SUPI(1))
			if err != nil || got != want || u.Record[0] != version {
				t.Fatalf("%s: %d commits, want %d; record %v, want %d; error %v", step, got, want, u.Record, version, err)
			}
		}
		keep(nil, false, 1)
		commits("the first", 1, 1)
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { keep(nil, true, 2) })
		}
		synctest.Wait()
		commits("some ride", 0, 1)
		keep(nil, false, 3)
		wg.Wait()
		commits("one that is waited for", 1, 3)
		keep(nil, true, 4)
		commits("alone", 1, 4)
		hurry := make(chan struct{})
		wg.Go(func() { keep(hurry, true, 5) })
		synctest.Wait()
		commits("one rides", 0, 4)
		close(hurry)
		synctest.Wait()
		commits("somebody waits for it", 1, 5)
		wg.Wait()
	})
}

// TestSharing: a write that no phone waits for has a commit of its own, unless others come all the time.
func TestSharing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := opened(t)
		keep := func(shares bool) {
			ctx := t.Context()
			if shares {
				ctx = store.Sharing(ctx)
			}
			if errs, err := s.KeepUEs(ctx, []store.UEContext{storetest.UE(1)}); err != nil || errs[0] != nil {
				t.Error(err, errs)
			}
		}
		commits := func(step string, want int64) {
			t.Helper()
			if got := s.batch.commits.Swap(0); got != want {
				t.Fatalf("%s: %d commits, want %d", step, got, want)
			}
		}
		var wg sync.WaitGroup
		shared := func() time.Duration {
			begun := time.Now()
			keep(true)
			return time.Since(begun)
		}
		s.batch.commits.Store(0)
		if took := shared(); took != 0 {
			t.Fatalf("it waited for %v where nothing comes", took)
		}
		commits("nothing comes", 1)
		for range 2 * briskly {
			keep(false)
			time.Sleep(paceWindow / briskly)
		}
		s.batch.commits.Store(0)
		wg.Go(func() { shared() })
		synctest.Wait()
		commits("it shares", 0)
		keep(false)
		wg.Wait()
		commits("the next", 1)
		if took := shared(); took != shareAtMost {
			t.Fatalf("it waited for %v, want %v", took, shareAtMost)
		}
		commits("none comes after all", 1)
		time.Sleep(2 * paceWindow)
		if took := shared(); took != 0 {
			t.Fatalf("it waited for %v where nothing comes any more", took)
		}
	})
}
