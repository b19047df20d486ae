package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/internal/probe"
)

// size is the octets of a packet.
const size = 100

// total is the streams of all UEs in one direction.
type total struct {
	sent, lost, reordered int
	gaps                  []time.Duration
}

func (t *total) add(o probe.Outcome, interval time.Duration) {
	t.sent += o.Sent
	t.lost += o.Lost
	t.reordered += o.Reordered
	t.gaps = append(t.gaps, max(0, o.Gap-interval))
}

// gap is the interruption: the longest time without a packet, beyond the sender's interval.
func (t *total) gap() string {
	slices.Sort(t.gaps)
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return fmt.Sprintf("%.1f, %.1f", ms(t.gaps[len(t.gaps)/2]), ms(t.gaps[len(t.gaps)-1]))
}

// outcome is a row of the table.
type outcome struct {
	moved    int
	overflow int // of the downlink packets lost, those that the machine's own queue had no room for
	up, down total
}

// measure plays all rounds of a row.
func (f *field) measure(ctx context.Context, r row) (*outcome, error) {
	out := &outcome{}
	earlier, err := f.overflowed()
	if err != nil {
		return nil, err
	}
	for range f.o.rounds {
		if err := f.round(ctx, r, out); err != nil {
			return nil, err
		}
	}
	if out.overflow, err = f.overflowed(); err != nil {
		return nil, err
	}
	out.overflow -= earlier
	return out, nil
}

func (f *field) round(ctx context.Context, r row, out *outcome) error {
	for _, p := range f.phones {
		p.up.Begin()
		p.down.Begin()
	}
	life, stop := context.WithCancel(ctx)
	defer stop()
	var traffic, hearing sync.WaitGroup
	hearing.Go(func() { f.hear() })
	traffic.Go(func() { f.pace(life, func(p *phone) { f.sendDown(p) }) })
	traffic.Go(func() { f.pace(life, func(p *phone) { p.sendUp() }) })
	time.Sleep(before)
	moved, err := f.move(ctx, r)
	time.Sleep(after)
	stop()
	traffic.Wait()
	time.Sleep(drain)
	_ = f.dn.SetReadDeadline(time.Now()) // ends hear
	hearing.Wait()
	interval := time.Second / time.Duration(f.o.rate)
	for _, p := range f.phones {
		out.up.add(p.up.Outcome(time.Now()), interval)
		out.down.add(p.down.Outcome(time.Now()), interval)
	}
	out.moved += moved
	return err
}

// move hands every UE over at once.
func (f *field) move(ctx context.Context, r row) (int, error) {
	errs := make([]error, len(f.phones))
	var wg sync.WaitGroup
	for i, p := range f.phones {
		p.up.Watch()
		p.down.Watch()
		if r.move == nil {
			continue
		}
		from := slices.Index(f.gnbs, p.at)
		to := f.gnbs[(from+2)%gnbs]
		wg.Go(func() {
			if errs[i] = r.move(ctx, p, to); errs[i] == nil {
				p.at = to
			}
		})
	}
	wg.Wait()
	if r.move == nil {
		return 0, nil
	}
	return len(f.phones), errors.Join(errs...)
}

// pace sends a packet of each UE in each interval, spread evenly, until ctx ends.
func (f *field) pace(ctx context.Context, send func(*phone)) {
	interval := time.Second / time.Duration(f.o.rate)
	begin := time.Now()
	for n := 0; ctx.Err() == nil; n++ {
		due := begin.Add(time.Duration(n) * interval / time.Duration(len(f.phones)))
		if d := time.Until(due); d > 0 {
			time.Sleep(d)
		}
		send(f.phones[n%len(f.phones)])
	}
}

func (f *field) sendDown(p *phone) {
	_, err := f.dn.WriteToUDPAddrPort(p.down.Next(), netip.AddrPortFrom(p.address, uePort))
	if err != nil && !errors.Is(err, net.ErrClosed) {
		p.down.Unsent()
	}
}

func (p *phone) sendUp() {
	packet := probe.Datagram(netip.AddrPortFrom(p.address, uePort), netip.AddrPortFrom(gateway(), dnPort), p.up.Next())
	_ = p.ue.SendPacket(session, packet) // what does not leave counts as lost
}

// receive takes a downlink packet of the UE.
func (p *phone) receive(packet []byte) { p.down.Take(probe.Payload(packet)) }

// hear takes the uplink packets of all UEs.
func (f *field) hear() {
	_ = f.dn.SetReadDeadline(time.Time{})
	b := make([]byte, 2048)
	for {
		n, err := f.dn.Read(b)
		if err != nil {
			return
		}
		if i, ok := probe.Owner(b[:n]); ok && int(i) < len(f.phones) {
			f.phones[i].up.Take(b[:n])
		}
	}
}
