package flows

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
)

// collisions notes which collisions the AMF tells in its log.
type collisions struct {
	slog.Handler
	mu    *sync.Mutex
	cells map[string]bool
}

func noteCollisions(h slog.Handler) *collisions {
	return &collisions{h, new(sync.Mutex), make(map[string]bool)}
}

func (c *collisions) Enabled(context.Context, slog.Level) bool { return true }

func (c *collisions) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == "collision" {
		cell := make(map[string]string)
		r.Attrs(func(a slog.Attr) bool { cell[a.Key] = a.Value.String(); return true })
		c.mu.Lock()
		c.cells[cell["running"]+" × "+cell["arriving"]] = true
		c.mu.Unlock()
	}
	if r.Level < slog.LevelInfo {
		return nil
	}
	return c.Handler.Handle(ctx, r)
}

func (c *collisions) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &collisions{c.Handler.WithAttrs(attrs), c.mu, c.cells}
}

func (c *collisions) WithGroup(name string) slog.Handler {
	return &collisions{c.Handler.WithGroup(name), c.mu, c.cells}
}

// judge tells whether the collisions that a flow names took place.
func (c *collisions) judge(f *Flow) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for _, cell := range f.Collisions {
		if !c.cells[cell] {
			errs = append(errs, fmt.Errorf("the flow does not show %q, but %q", cell, slices.Sorted(maps.Keys(c.cells))))
		}
	}
	return errors.Join(errs...)
}
