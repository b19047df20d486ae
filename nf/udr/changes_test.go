package udr_test

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/nf/udr"
	"github.com/limpid-5g/limpid/sbi/nudr"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/storetest"

	"log/slog"
)

// feed is a store whose changes a test makes.
type feed struct {
	store.Subscribers
	mu      sync.Mutex
	changes []store.Change
	err     error
}

func (f *feed) Revision(context.Context) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := len(f.changes); n > 0 {
		return f.changes[n-1].Revision, f.err
	}
	return 0, f.err
}

func (f *feed) Changes(_ context.Context, after store.Place, limit int) (page []store.Change, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.changes {
		if (c.Revision > after.Revision || c.Revision == after.Revision && c.SUPI > after.SUPI) && len(page) < limit {
			page = append(page, c)
		}
	}
	return page, f.err
}

func (f *feed) set(err error, changes ...store.Change) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
	f.changes = append(f.changes, changes...)
}

// TestWatch: TS 29.504 §5.2.2.8. Each change is told once, within a second or so, also after the store was away; what was
// before the start is not.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		change := func(i int, revision int64, removed bool) store.Change {
			return store.Change{Place: store.Place{Revision: revision, SUPI: storetest.SUPI(i)}, Removed: removed}
		}
		f := &feed{changes: []store.Change{change(1, 5, false)}}
		u := udr.New(udr.Config{}, f, slog.New(slog.DiscardHandler))
		var told []nudr.DataChange
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			u.Watch(ctx, func(c nudr.DataChange) { told = append(told, c) })
		}()
		time.Sleep(2 * time.Second)
		f.set(nil, change(2, 6, false), change(3, 6, true))
		time.Sleep(2 * time.Second)
		f.set(errors.New("away"), change(1, 7, false))
		time.Sleep(5 * time.Second)
		imported := make([]store.Change, 1000) // one transaction, so that they are there together
		for i := range imported {
			imported[i] = change(10_000+i, 8, false)
		}
		f.set(nil, imported...)
		time.Sleep(2 * time.Second)
		cancel()
		<-ended
		want := []nudr.DataChange{{SUPI: storetest.SUPI(2)}, {SUPI: storetest.SUPI(3), Removed: true}, {SUPI: storetest.SUPI(1)}}
		if len(told) != 1003 || !reflect.DeepEqual(told[:3], want) {
			t.Errorf("%d changes told, first %v", len(told), told[:min(len(told), 5)])
		}
	})
}
