package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/manage/control"
	"github.com/limpid-5g/limpid/store/engine"
)

const (
	shortestLife = 50 * time.Millisecond
	settleAtOnce = 32 // phones
	settleTries  = 4
	reportEvery  = 20 // kills
)

// storm lets the phones live and the core die.
func (n *network) storm(ctx context.Context, out io.Writer) error {
	phones, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	x := n.nodes[0]
	if err := n.start(ctx, x, 0); err != nil {
		return err
	}
	for _, p := range n.phones {
		wg.Go(func() { p.live(phones) })
	}
	if n.traffic != nil {
		done := make(chan struct{})
		go func() {
			defer close(done)
			n.traffic.run(phones)
		}()
		defer func() {
			stop()
			<-done
			n.traffic.stop(ctx)
		}()
		if err := n.traffic.begun(ctx); err != nil {
			return err
		}
	}
	for k := range n.kills {
		life := shortestLife + time.Duration(n.random.Int64N(int64(n.life)))
		select {
		case <-time.After(life):
		case <-x.process.Done():
			return x.process.Failed(errors.New("the core ended by itself"))
		case <-ctx.Done():
			return ctx.Err()
		}
		n.kill(x)
		began := time.Now()
		if err := n.start(ctx, x, k+1); err != nil {
			return fmt.Errorf("start after kill %d: %w", k+1, err)
		}
		n.tally.restarted(time.Since(began))
		if (k+1)%reportEvery == 0 {
			n.tally.report(out, k+1)
		}
	}
	return nil
}

// settle brings every phone to a state that is certain, compares the store with what the phones were promised, and then
// lets all phones leave, after which nothing may be left.
func (n *network) settle(ctx context.Context, out io.Writer) error {
	if err := n.again(ctx); err != nil {
		return err
	}
	n.each(func(p *phone) { p.settle(ctx) })
	n.pause()
	if err := n.audit(ctx); err != nil {
		return err
	}
	n.killAll()
	if err := n.compare(ctx); err != nil {
		return err
	}
	if err := n.again(ctx); err != nil {
		return err
	}
	n.each(func(p *phone) { p.depart(ctx) })
	n.pause()
	if err := n.audit(ctx); err != nil {
		return err
	}
	n.killAll()
	fmt.Fprintln(out, "all phones have left")
	return n.compare(ctx)
}

// pause lets the core come to rest.
func (n *network) pause() { time.Sleep(time.Second) }

func (n *network) again(ctx context.Context) error {
	n.tally.lives++
	n.killAll()
	for _, x := range n.nodes {
		if err := n.start(ctx, x, 100_000+n.tally.lives); err != nil {
			return err
		}
	}
	return nil
}

func (n *network) killAll() {
	for _, x := range n.nodes {
		n.kill(x)
	}
}

// each calls f for every phone, some at once.
func (n *network) each(f func(*phone)) {
	work := make(chan *phone)
	var wg sync.WaitGroup
	for range settleAtOnce {
		wg.Go(func() {
			for p := range work {
				f(p)
			}
		})
	}
	for _, p := range n.phones {
		work <- p
	}
	close(work)
	wg.Wait()
}

// settle: an accepted phone is served; of any other it was open what the core has of it, so it registers and leaves.
func (p *phone) settle(ctx context.Context) {
	var err error
	for range settleTries {
		if p.accepted {
			if err = p.within(ctx, p.serve); err == nil {
				return
			}
			continue
		}
		if err = p.within(ctx, func(ctx context.Context) error { return p.register(ctx, initial) }); err == nil {
			if err = p.within(ctx, p.leave); err == nil {
				return
			}
		}
	}
	p.network.tally.violation("%s could not be brought to a certain state (accepted: %v): %v", p.ue.SUPI(), p.accepted, err)
}

// within bounds a procedure.
func (p *phone) within(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, procedureTimeout)
	defer cancel()
	return do(ctx)
}

// depart lets an accepted phone leave.
func (p *phone) depart(ctx context.Context) {
	for range settleTries {
		if !p.accepted || p.within(ctx, p.leave) == nil {
			return
		}
		_ = p.within(ctx, func(ctx context.Context) error { return p.register(ctx, initial) })
	}
	p.network.tally.violation("%s could not leave", p.ue.SUPI())
}

// compare holds the store against what the phones were promised. The core is dead.
func (n *network) compare(ctx context.Context) error {
	st, err := engine.Open(ctx, n.store, false)
	if err != nil {
		return err
	}
	defer st.Close()
	stored := make(map[string]bool)
	for u, err := range st.UEs(ctx, "") {
		if err != nil {
			return err
		}
		stored[string(u.SUPI)] = true
	}
	addresses := make(map[string]string)
	for s, err := range st.SMs(ctx, "") {
		if err != nil {
			return err
		}
		addresses[string(s.SUPI)] += s.IPv4.String()
	}
	for _, p := range n.phones {
		supi, promised := string(p.ue.SUPI()), ""
		if p.address.IsValid() {
			promised = p.address.String()
		}
		if stored[supi] != p.accepted {
			n.tally.violation("%s: accepted %v, in the store %v", supi, p.accepted, stored[supi])
		}
		if addresses[supi] != promised {
			n.tally.violation("%s: has address %q, in the store %q", supi, promised, addresses[supi])
		}
		delete(stored, supi)
		delete(addresses, supi)
	}
	if len(stored)+len(addresses) > 0 {
		n.tally.violation("the store has %d UEs and %d sessions of nobody", len(stored), len(addresses))
	}
	return nil
}

// audit asks the cores what they hold that they should not.
func (n *network) audit(ctx context.Context) error {
	for _, x := range n.nodes {
		var report struct {
			Found []string `json:"found"`
		}
		if err := control.NewClient(x.socket).Call(ctx, "audit", nil, &report); err != nil {
			return err
		}
		for _, f := range report.Found {
			n.tally.violation("audit of %s: %s", x.name, f)
		}
	}
	return nil
}
