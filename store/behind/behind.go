// Package behind gathers writes that nobody waits for: of each key only the newest is written, all together, within a
// bounded time. A write that somebody waits for goes past it and is never overtaken by an older one.
package behind

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/store"
)

const (
	// maxBatch bounds what one write of the store holds, so that others do not wait long behind it.
	maxBatch = 512
	// retry is the time between attempts while the store refuses.
	retry = time.Second
)

// Put writes a list; the errors are one for each element. The error beside them is of all. Where nobody waits for it ctx is
// store.Unhurried.
type Put[T any] func(ctx context.Context, list []T) ([]error, error)

// Writer writes values of type T, each under its key.
type Writer[K comparable, T any] struct {
	put   Put[T]
	delay time.Duration
	log   *slog.Logger

	mu      sync.Mutex
	waiting map[K]item[T]
	flying  map[K]struct{} // in the write under way
	hurry   chan struct{}  // closed when somebody waits for that write
	landed  *sync.Cond     // that write has ended
	timer   *time.Timer    // nil: nothing is planned
	failing bool
	closed  bool
}

type item[T any] struct {
	value T
	done  func(error)
}

// New makes a Writer; what is given to Later goes to the store within delay while that works, as a write that nobody waits for.
func New[K comparable, T any](put Put[T], delay time.Duration, log *slog.Logger) *Writer[K, T] {
	w := &Writer[K, T]{put: put, delay: delay, log: log, waiting: make(map[K]item[T]), flying: make(map[K]struct{})}
	w.landed = sync.NewCond(&w.mu)
	return w
}

// Now writes v and returns once it is durable. What waits under the key is older and is dropped.
func (w *Writer[K, T]) Now(ctx context.Context, key K, v T) error {
	w.Drop(key)
	errs, err := w.put(ctx, []T{v})
	if err != nil {
		return err
	}
	return errs[0]
}

// Later writes v without anybody waiting, in the place of what waits under the key. Done hears how it went, on another
// goroutine, unless something newer took its place; it may be nil.
func (w *Writer[K, T]) Later(key K, v T, done func(error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting[key] = item[T]{v, done}
	w.plan(w.delay)
}

// Drop forgets what waits under a key, and returns when no older write of it can come to the store any more.
func (w *Writer[K, T]) Drop(key K) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.waiting, key)
	for {
		if _, ok := w.flying[key]; !ok {
			return
		}
		w.hasten()
		w.landed.Wait()
	}
}

// Pending tells whether something of the key is not written yet.
func (w *Writer[K, T]) Pending(key K) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, waits := w.waiting[key]
	_, flies := w.flying[key]
	return waits || flies
}

// AllPending are the keys of which something is not written yet.
func (w *Writer[K, T]) AllPending() []K {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append(slices.Collect(maps.Keys(w.waiting)), slices.Collect(maps.Keys(w.flying))...)
}

// Close writes what waits, once more if the store refuses.
func (w *Writer[K, T]) Close() {
	w.mu.Lock()
	w.closed = true
	if w.timer != nil {
		w.timer.Stop()
	}
	w.hasten()
	w.mu.Unlock()
	for w.flush() {
	}
}

// hasten says that somebody waits for the write under way. Call it with w.mu held.
func (w *Writer[K, T]) hasten() {
	if w.hurry != nil {
		close(w.hurry)
		w.hurry = nil
	}
}

// plan has a flush run after d. Call it with w.mu held.
func (w *Writer[K, T]) plan(d time.Duration) {
	if w.timer == nil && !w.closed {
		w.timer = time.AfterFunc(d, func() {
			for w.flush() {
			}
		})
	}
}

// flush writes a part of what waits and tells whether it is worth going on.
func (w *Writer[K, T]) flush() bool {
	keys, batch, hurry := w.take()
	if len(batch) == 0 {
		return false
	}
	values := make([]T, len(batch))
	for i := range batch {
		values[i] = batch[i].value
	}
	errs, err := w.put(store.Unhurried(context.Background(), hurry), values)
	w.land(keys, batch, err)
	for i := range batch {
		if batch[i].done != nil && err == nil {
			batch[i].done(errs[i])
		}
	}
	return err == nil
}

// take moves what waits into the write under way. One at a time: the others go when it has landed.
func (w *Writer[K, T]) take() ([]K, []item[T], <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.flying) > 0 {
		w.landed.Wait()
	}
	n := min(len(w.waiting), maxBatch)
	if n == 0 {
		w.timer = nil
		return nil, nil, nil
	}
	keys, batch := make([]K, 0, n), make([]item[T], 0, n)
	for k, it := range w.waiting {
		if len(keys) == n {
			break
		}
		keys, batch = append(keys, k), append(batch, it)
		w.flying[k] = struct{}{}
	}
	for _, k := range keys {
		delete(w.waiting, k)
	}
	hurry := make(chan struct{})
	w.hurry = hurry
	if w.closed || len(w.waiting) > 0 { // there is enough for a commit of its own
		w.hasten()
	}
	return keys, batch, hurry
}

// land ends the write under way. What the store refused as a whole waits again, unless something newer does.
func (w *Writer[K, T]) land(keys []K, batch []item[T], err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.flying)
	w.hurry = nil
	w.landed.Broadcast()
	if err != nil {
		for i, k := range keys {
			if _, newer := w.waiting[k]; !newer {
				w.waiting[k] = batch[i]
			}
		}
		w.timer = nil
		w.plan(retry)
	}
	if failing := err != nil; failing != w.failing {
		w.failing = failing
		if failing {
			w.log.Error("store refuses; what changes is kept in memory and written when it takes it", "waiting", len(w.waiting), "error", err)
		} else {
			w.log.Info("store takes writes again", "waiting", len(w.waiting))
		}
	}
}
