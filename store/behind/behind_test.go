package behind_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/behind"
)

// disk is a store that takes a time and can refuse.
type disk struct {
	mu     sync.Mutex
	slow   time.Duration
	refuse error
	log    []string
}

type value struct{ key, text string }

func (d *disk) put(_ context.Context, list []value) ([]error, error) {
	d.mu.Lock()
	slow, refuse := d.slow, d.refuse
	d.mu.Unlock()
	time.Sleep(slow)
	if refuse != nil {
		return nil, refuse
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, v := range list {
		d.log = append(d.log, v.text)
	}
	return make([]error, len(list)), nil
}

func (d *disk) want(t *testing.T, texts ...string) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Equal(d.log, texts) {
		t.Fatalf("written %v, want %v", d.log, texts)
	}
}

func run(t *testing.T, f func(*testing.T, *disk, *behind.Writer[string, value])) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		w := behind.New[string](d.put, 20*time.Millisecond, slog.New(slog.DiscardHandler))
		f(t, d, w)
		w.Close()
	})
}

func TestOnlyTheNewestIsWritten(t *testing.T) {
	run(t, func(t *testing.T, d *disk, w *behind.Writer[string, value]) {
		heard := 0
		w.Later("a", value{"a", "a1"}, func(error) { heard = 1 })
		w.Later("a", value{"a", "a2"}, func(error) { heard = 2 })
		d.want(t)
		if !w.Pending("a") || w.Pending("b") {
			t.Fatal("pending")
		}
		time.Sleep(20 * time.Millisecond)
		synctest.Wait()
		d.want(t, "a2")
		if heard != 2 || w.Pending("a") {
			t.Fatalf("heard of %d", heard)
		}
	})
}

// TestNowIsNotOvertaken by an older write, neither one that waits nor one under way.
func TestNowIsNotOvertaken(t *testing.T) {
	run(t, func(t *testing.T, d *disk, w *behind.Writer[string, value]) {
		w.Later("a", value{"a", "waits"}, nil)
		if err := w.Now(t.Context(), "a", value{"a", "now"}); err != nil {
			t.Fatal(err)
		}
		d.slow = time.Second
		w.Later("a", value{"a", "flies"}, nil)
		time.Sleep(100 * time.Millisecond)
		if err := w.Now(t.Context(), "a", value{"a", "after it"}); err != nil {
			t.Fatal(err)
		}
		w.Later("b", value{"b", "dropped"}, nil)
		w.Drop("b")
		time.Sleep(time.Minute)
		d.want(t, "now", "flies", "after it")
	})
}

// TestRefusalLosesNothing: what the store refused is written when it takes it, or what is newer.
func TestRefusalLosesNothing(t *testing.T) {
	run(t, func(t *testing.T, d *disk, w *behind.Writer[string, value]) {
		d.refuse = errors.New("disk full")
		w.Later("a", value{"a", "a1"}, nil)
		time.Sleep(10 * time.Second)
		w.Later("a", value{"a", "a2"}, nil)
		if err := w.Now(t.Context(), "b", value{"b", "b1"}); !errors.Is(err, d.refuse) {
			t.Fatalf("error %v", err)
		}
		d.mu.Lock()
		d.refuse = nil
		d.mu.Unlock()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		d.want(t, "a2")
	})
}

func TestCloseWrites(t *testing.T) {
	run(t, func(t *testing.T, d *disk, w *behind.Writer[string, value]) {
		for i := range 1000 {
			w.Later(string(rune('0'+i)), value{}, nil)
		}
		w.Close()
		if len(d.log) != 1000 {
			t.Fatalf("%d written", len(d.log))
		}
	})
}

// TestUnhurried: the store may let a write wait for others, but not longer than until somebody waits for it.
func TestUnhurried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const patience = time.Minute
		var mu sync.Mutex
		var took []time.Duration
		w := behind.New[string](func(ctx context.Context, list []value) ([]error, error) {
			began := time.Now()
			if hurry, ok := store.Hurry(ctx); ok {
				select {
				case <-hurry:
				case <-time.After(patience):
				}
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, time.Since(began))
			return make([]error, len(list)), nil
		}, 20*time.Millisecond, slog.New(slog.DiscardHandler))
		want := func(step string, all ...time.Duration) {
			t.Helper()
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if !slices.Equal(took, all) {
				t.Fatalf("%s: writes took %v, want %v", step, took, all)
			}
			took = nil
		}
		w.Later("a", value{"a", "a1"}, nil)
		time.Sleep(time.Second)
		want("nothing else")
		if err := w.Now(t.Context(), "b", value{"b", "b1"}); err != nil { // does not wait for the other key
			t.Fatal(err)
		}
		want("another key", 0)
		if err := w.Now(t.Context(), "a", value{"a", "a2"}); err != nil {
			t.Fatal(err)
		}
		want("the same key", time.Second-20*time.Millisecond, 0)
		w.Later("a", value{"a", "a3"}, nil)
		time.Sleep(2 * patience)
		want("nobody", patience)
		for i := range 600 {
			w.Later(string(rune('0'+i)), value{}, nil)
		}
		time.Sleep(time.Second)
		want("more than one write holds", 0)
		w.Later("a", value{"a", "a4"}, nil)
		w.Close()
		want("at the end", time.Second-20*time.Millisecond, 0)
	})
}
