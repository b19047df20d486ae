package main

import (
	"context"
	"log/slog"
	"sync/atomic"

	"github.com/limpid-5g/limpid/manage/control"
	"github.com/limpid-5g/limpid/prove/lockdown"
)

// confinement is the lockdown of this process: what it goes on needing, and how far it came.
type confinement struct {
	mode    lockdown.Mode
	profile lockdown.Profile
	reached atomic.Pointer[lockdown.Reached]
}

// enter gives up the process's rights. Everything must be open.
func (c *confinement) enter(log *slog.Logger) error {
	reached, err := lockdown.Enter(c.mode, c.profile, log)
	c.reached.Store(&reached)
	return err
}

// operation lets an operator have the process try what it must not be able to do.
func (c *confinement) operation(s *control.Server) {
	control.Register(s, "lockdown", func(context.Context, struct{}) (lockdownAnswer, error) {
		a := tried(lockdown.Attempts(c.profile))
		a.Reached = "not taken yet"
		if r := c.reached.Load(); r != nil {
			a.Reached = r.String()
		}
		return a, nil
	})
}
