package backup_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"

	"github.com/limpid-5g/limpid/manage/backup"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/sqlite"
	"github.com/limpid-5g/limpid/store/storetest"
)

func newStore(t *testing.T, subscribers int) *sqlite.Store {
	t.Helper()
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "limpid.db"), sqlite.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	subs := make([]store.Subscriber, subscribers)
	for i := range subs {
		subs[i] = storetest.Subscriber(i)
	}
	if err := st.AddSubscribers(t.Context(), subs); err != nil {
		t.Fatal(err)
	}
	return st
}

func contents(t *testing.T, st store.Subscribers) (all []store.Subscriber) {
	t.Helper()
	for sub, err := range st.AllSubscribers(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		sub.Revision = 0
		all = append(all, sub)
	}
	return all
}

// TestThereAndBack: what was saved is restored, keys and sequence numbers included, while somebody writes beside it.
func TestThereAndBack(t *testing.T) {
	from := newStore(t, 1234)
	if _, err := from.LeaseSQN(t.Context(), storetest.SUPI(7), 320); err != nil {
		t.Fatal(err)
	}
	want := contents(t, from)
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	started := make(chan struct{})
	wg.Go(func() { // a core at work
		close(started)
		for i := 0; ctx.Err() == nil; i++ {
			u := storetest.UE(i % 50)
			if _, err := from.KeepUEs(ctx, []store.UEContext{u}); err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		}
	})
	<-started
	file := filepath.Join(t.TempDir(), "backup.db")
	n, err := backup.Save(t.Context(), from, file)
	stop()
	wg.Wait()
	if err != nil || n != len(want) {
		t.Fatalf("%d saved: %v", n, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v, want a file for its owner alone", info, err)
	}
	to := newStore(t, 0)
	if n, err := backup.Load(t.Context(), file, to); err != nil || n != len(want) {
		t.Fatalf("%d restored: %v", n, err)
	}
	if got := contents(t, to); !reflect.DeepEqual(got, want) {
		t.Error("the restored subscribers are not those that were saved")
	}
	for u, err := range to.UEs(t.Context(), "") {
		t.Errorf("an old UE context came back: %v %v", u.SUPI, err)
	}
}

// TestNothingIsLost: a backup replaces no file and a restore no subscriber, and what is no backup is refused.
func TestNothingIsLost(t *testing.T) {
	from := newStore(t, 3)
	file := filepath.Join(t.TempDir(), "backup.db")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Save(t.Context(), from, file); !errors.Is(err, fs.ErrExist) {
		t.Errorf("%v, want the file left alone", err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "precious" {
		t.Error("the file is changed")
	}
	if _, err := backup.Load(t.Context(), file, newStore(t, 0)); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("%v, want a file that is no backup refused", err)
	}
	good := filepath.Join(t.TempDir(), "good.db")
	if _, err := backup.Save(t.Context(), from, good); err != nil {
		t.Fatal(err)
	}
	to := newStore(t, 1)
	before := contents(t, to)
	if _, err := backup.Load(t.Context(), good, to); !errors.Is(err, store.ErrExists) {
		t.Errorf("%v, want a store with subscribers refused", err)
	}
	if !reflect.DeepEqual(contents(t, to), before) {
		t.Error("a refused restore changed the store")
	}
	if _, err := backup.Load(t.Context(), filepath.Join(t.TempDir(), "none.db"), newStore(t, 0)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v, want an absent file named", err)
	}
}
