package postgres

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

type keyed struct {
	key  string
	took time.Duration
	text string
}

// TestOrderOfAKey: what a caller says after its patience has ended does not come before what it said then, and others do not wait for it.
func TestOrderOfAKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var stored []string
		once := func(ctx context.Context, f func(context.Context) error) error { return f(ctx) }
		g := newGroup(3, once, func(k keyed) string { return k.key }, func(_ context.Context, rows []keyed) ([]error, error) {
			for _, k := range rows {
				time.Sleep(k.took)
				mu.Lock()
				stored = append(stored, k.text)
				mu.Unlock()
			}
			return make([]error, len(rows)), nil
		})
		say := func(patience time.Duration, k keyed) error {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			_, err := g.do(ctx, []keyed{k})
			return err
		}
		if err := say(time.Millisecond, keyed{"a", time.Second, "a1"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a1: %v", err)
		}
		if err := say(time.Millisecond, keyed{"a", 0, "a2"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a2: %v", err)
		}
		if err := say(time.Millisecond, keyed{"b", 0, "b1"}); err != nil {
			t.Errorf("b1: %v", err)
		}
		if err := say(time.Minute, keyed{"a", 0, "a3"}); err != nil {
			t.Errorf("a3: %v", err)
		}
		g.close()
		if want := []string{"b1", "a1", "a3"}; !slices.Equal(stored, want) { // nobody waits for a2 when its turn comes
			t.Errorf("stored %v, want %v", stored, want)
		}
		if len(g.last.of) != 0 {
			t.Errorf("%d keys are not given back", len(g.last.of))
		}
	})
}
