// Package load puts a core under load over N2: many gNBs and tens of thousands of UEs in one process, procedures that
// start at times fixed beforehand, and latencies by procedure.
//
// The arrivals are open-loop: the n-th procedure is due n/Rate seconds after the start, however slow the core is, and
// its latency counts from then. So a core that stalls shows the whole wait and not just the wait of those who got
// through (coordinated omission). A UE at rest is data only; a goroutine lives as long as a procedure.
//
// It is signalling only: sessions are set up but no bearer carries a packet. UEs at rest do not answer paging and make no
// periodic registration, so a load should be shorter than the core's T3512 (TS 24.501 §10.2).
package load

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/ue"
)

// Plan describes a load.
type Plan struct {
	GNBs []gnb.Config
	UEs  []ue.Config // they camp on the gNBs in turn

	Mix      Mix
	Rate     float64       // procedures that fall due per second
	Duration time.Duration // a load whose Mix comes to an end may end before
	// InFlight bounds the procedures that run at the same time; 0: as many as there are UEs. Those that it holds back
	// start late, and their latency counts from when they were due.
	InFlight int
	// Timeout is how long a procedure may take; 0: 20 s.
	Timeout time.Duration
	// AlwaysSUCI makes a UE forget its 5G-GUTI and keys before each registration, so that each is authenticated.
	AlwaysSUCI bool
	Session    ue.SessionOptions
	// Inactivity is how long a UE stays connected before its gNB releases it for a service request; 0: 100 ms.
	Inactivity time.Duration

	// Wait waits until a point in time; nil: a timer, which may be 1 ms late.
	Wait func(ctx context.Context, until time.Time) error
	// Progress, if set, is called once per second.
	Progress func(Second)
	// Done, if set, is called with the report before the gNBs leave; the UEs are as the load left them.
	Done func(*Report)
	Log  *slog.Logger
}

const (
	defaultTimeout    = 20 * time.Second
	defaultInactivity = 100 * time.Millisecond
	leaveTimeout      = 10 * time.Second
	setupsAtOnce      = 16
	maxRate           = 1e6
)

func (p *Plan) check() error {
	switch {
	case len(p.GNBs) == 0:
		return errors.New("load: no gNB")
	case len(p.UEs) == 0:
		return errors.New("load: no UE")
	case !(p.Rate > 0 && p.Rate <= maxRate): // a NaN is neither
		return fmt.Errorf("load: rate %v: want more than 0, at most %v per second", p.Rate, maxRate)
	case p.Duration <= 0:
		return fmt.Errorf("load: duration %v: want more than 0", p.Duration)
	case p.InFlight < 0:
		return fmt.Errorf("load: %d procedures in flight: want 1 or more, or 0 for no bound", p.InFlight)
	}
	if p.Mix[Handover] > 0 && len(p.GNBs) < 2 {
		return fmt.Errorf("load: handover among %d gNBs: want 2 or more", len(p.GNBs))
	}
	return p.Mix.check()
}

// Run carries out the plan until its end or ctx's. The error says why there was no load; how it went is in the report.
func Run(ctx context.Context, p Plan) (*Report, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	if p.Timeout <= 0 {
		p.Timeout = defaultTimeout
	}
	if p.Inactivity <= 0 {
		p.Inactivity = defaultInactivity
	}
	if p.InFlight == 0 || p.InFlight > len(p.UEs) {
		p.InFlight = len(p.UEs)
	}
	if p.Wait == nil {
		p.Wait = wait
	}
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	cells, err := setUp(ctx, p.GNBs)
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
		defer cancel()
		leave(ctx, cells, p.Log)
	}()
	if err != nil {
		return nil, err
	}
	phones, err := newPhones(p.UEs, cells)
	if err != nil {
		return nil, err
	}
	report := newRun(p, phones).carryOut(ctx)
	if p.Done != nil {
		p.Done(report)
	}
	return report, nil
}

// setUp makes the gNBs and runs their NG Setup. It returns those made also when there is an error.
func setUp(ctx context.Context, configs []gnb.Config) ([]*gnb.GNB, error) {
	cells := make([]*gnb.GNB, 0, len(configs))
	for _, c := range configs {
		g, err := gnb.New(c)
		if err != nil {
			return cells, err
		}
		cells = append(cells, g)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(setupsAtOnce)
	for i, g := range cells {
		group.Go(func() error {
			if err := g.Setup(ctx); err != nil {
				return fmt.Errorf("NG Setup of %s: %w", configs[i].Name, err)
			}
			return nil
		})
	}
	return cells, group.Wait()
}

func leave(ctx context.Context, cells []*gnb.GNB, log *slog.Logger) {
	var group errgroup.Group
	group.SetLimit(setupsAtOnce)
	for _, g := range cells {
		group.Go(func() error { return g.Close(ctx) })
	}
	if err := group.Wait(); err != nil {
		log.Warn("gNB not closed cleanly", "err", err)
	}
}

func newPhones(configs []ue.Config, cells []*gnb.GNB) ([]*phone, error) {
	phones := make([]*phone, len(configs))
	after := make(map[*gnb.GNB]*gnb.GNB, len(cells))
	for i, c := range cells {
		after[c] = cells[(i+1)%len(cells)]
	}
	for i, c := range configs {
		u, err := ue.New(c)
		if err != nil {
			return nil, err
		}
		if err := u.Conceal(); err != nil { // the first time, as long as nothing is measured
			return nil, err
		}
		cell := cells[i%len(cells)]
		u.Camp(cell)
		phones[i] = &phone{ue: u, cell: cell, next: func(c *gnb.GNB) *gnb.GNB { return after[c] }}
	}
	return phones, nil
}
