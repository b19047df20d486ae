// Package faults puts a store in the way of disks that fail: each write can be refused, made late, or stored in spite of
// an error. What package store promises holds all the same, so nothing that a network function promised may be lost.
package faults

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
)

// ErrInjected is the I/O error that a fault reports.
var ErrInjected = errors.New("injected I/O error")

// Fault is what happens to one write. The zero Fault lets it through.
type Fault struct {
	// Delay is how long the disk takes.
	Delay time.Duration
	// Fail refuses the write: nothing of it is stored.
	Fail bool
	// Torn reports an error although the write, or of a list its first half, is stored: a crash between the write and
	// its confirmation looks so.
	Torn bool
}

// Store is a store with faults.
type Store struct {
	store.Store
	plan   atomic.Pointer[func(operation string) Fault]
	writes atomic.Int64
}

// New puts faults in the way of st; Plan says which.
func New(st store.Store) *Store { return &Store{Store: st} }

// Plan has f decide about each write from now on; nil lets all through. F may be called from any goroutine.
func (s *Store) Plan(f func(operation string) Fault) {
	if f == nil {
		s.plan.Store(nil)
		return
	}
	s.plan.Store(&f)
}

// Writes counts the writes that were asked for.
func (s *Store) Writes() int64 { return s.writes.Load() }

// write runs do under the fault that is planned. Half does a part of it, and may be nil where there are no parts.
func (s *Store) write(ctx context.Context, operation string, do, half func() error) error {
	s.writes.Add(1)
	f := s.plan.Load()
	if f == nil {
		return do()
	}
	fault := (*f)(operation)
	if fault.Delay > 0 {
		timer := time.NewTimer(fault.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	switch {
	case fault.Fail:
		return ErrInjected
	case fault.Torn:
		if half == nil {
			half = do
		}
		return errors.Join(ErrInjected, half())
	}
	return do()
}

// AddSubscribers implements store.Subscribers.
func (s *Store) AddSubscribers(ctx context.Context, subs []store.Subscriber) error {
	return s.write(ctx, "AddSubscribers", func() error { return s.Store.AddSubscribers(ctx, subs) }, nil)
}

// ReplaceSubscriber implements store.Subscribers.
func (s *Store) ReplaceSubscriber(ctx context.Context, sub store.Subscriber) error {
	return s.write(ctx, "ReplaceSubscriber", func() error { return s.Store.ReplaceSubscriber(ctx, sub) }, nil)
}

// RemoveSubscriber implements store.Subscribers.
func (s *Store) RemoveSubscriber(ctx context.Context, supi ident.SUPI) error {
	return s.write(ctx, "RemoveSubscriber", func() error { return s.Store.RemoveSubscriber(ctx, supi) }, nil)
}

// LeaseSQN implements store.Subscribers.
func (s *Store) LeaseSQN(ctx context.Context, supi ident.SUPI, n uint64) (ceiling aka.SQN, err error) {
	err = s.write(ctx, "LeaseSQN", func() (err error) {
		ceiling, err = s.Store.LeaseSQN(ctx, supi, n)
		return err
	}, nil)
	if err != nil {
		ceiling = 0
	}
	return ceiling, err
}

// ResetSQN implements store.Subscribers.
func (s *Store) ResetSQN(ctx context.Context, supi ident.SUPI, ceiling aka.SQN) error {
	return s.write(ctx, "ResetSQN", func() error { return s.Store.ResetSQN(ctx, supi, ceiling) }, nil)
}

// KeepUEs implements store.Contexts.
func (s *Store) KeepUEs(ctx context.Context, list []store.UEContext) (errs []error, err error) {
	err = s.write(ctx, "KeepUEs", func() (err error) {
		errs, err = s.Store.KeepUEs(ctx, list)
		return err
	}, func() error {
		_, err := s.Store.KeepUEs(ctx, list[:(len(list)+1)/2])
		return err
	})
	return errs, err
}

// RemoveUE implements store.Contexts.
func (s *Store) RemoveUE(ctx context.Context, supi ident.SUPI, node string, epoch uint64) error {
	return s.write(ctx, "RemoveUE", func() error { return s.Store.RemoveUE(ctx, supi, node, epoch) }, nil)
}

// TakeUE implements store.Contexts.
func (s *Store) TakeUE(ctx context.Context, seen *store.UEContext, node string, seids uint64, record []byte) (u store.UEContext, err error) {
	err = s.write(ctx, "TakeUE", func() (err error) {
		u, err = s.Store.TakeUE(ctx, seen, node, seids, record)
		return err
	}, nil)
	if err != nil {
		u = store.UEContext{} // the answer is lost with it
	}
	return u, err
}

// KeepSMs implements store.Contexts.
func (s *Store) KeepSMs(ctx context.Context, list []store.SMContext) (errs []error, err error) {
	err = s.write(ctx, "KeepSMs", func() (err error) {
		errs, err = s.Store.KeepSMs(ctx, list)
		return err
	}, func() error {
		_, err := s.Store.KeepSMs(ctx, list[:(len(list)+1)/2])
		return err
	})
	return errs, err
}

// RemoveSM implements store.Contexts.
func (s *Store) RemoveSM(ctx context.Context, supi ident.SUPI, pduSessionID uint8, seid uint64) error {
	return s.write(ctx, "RemoveSM", func() error { return s.Store.RemoveSM(ctx, supi, pduSessionID, seid) }, nil)
}

// Guarantee implements store.Guarantees.
func (s *Store) Guarantee(ctx context.Context, g store.Guarantee, allow func([]store.GuaranteeSum) error) error {
	return s.write(ctx, "Guarantee", func() error { return s.Store.Guarantee(ctx, g, allow) }, nil)
}

// ForgetGuarantees implements store.Guarantees.
func (s *Store) ForgetGuarantees(ctx context.Context, node string) error {
	return s.write(ctx, "ForgetGuarantees", func() error { return s.Store.ForgetGuarantees(ctx, node) }, nil)
}

// BeginLife implements store.Contexts.
func (s *Store) BeginLife(ctx context.Context, node string, now time.Time) (life store.Life, err error) {
	err = s.write(ctx, "BeginLife", func() (err error) {
		life, err = s.Store.BeginLife(ctx, node, now)
		return err
	}, nil)
	return life, err
}

// Beat implements store.Contexts.
func (s *Store) Beat(ctx context.Context, node string, leaving bool) (list []store.Pulse, err error) {
	err = s.write(ctx, "Beat", func() (err error) {
		list, err = s.Store.Beat(ctx, node, leaving)
		return err
	}, nil)
	return list, err
}

// Moved implements store.Contexts.
func (s *Store) Moved(ctx context.Context, node string) (list []ident.SUPI, err error) {
	err = s.write(ctx, "Moved", func() (err error) {
		list, err = s.Store.Moved(ctx, node)
		return err
	}, nil)
	return list, err
}
