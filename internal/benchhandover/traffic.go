package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Packets: IPv4 and UDP headers, then the UE's number and the packet's, 100 octets in all.
const (
	headers = 28
	size    = 100
)

// stream is what one direction of a UE's packets met.
type stream struct {
	sent atomic.Uint32

	mu        sync.Mutex
	seen      map[uint32]bool
	highest   uint32
	reordered int
	last      time.Time
	gap       time.Duration // the longest between two packets since the UEs began to move
	moving    bool
}

func (s *stream) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent.Store(0)
	s.seen, s.highest, s.reordered, s.gap, s.moving = make(map[uint32]bool), 0, 0, 0, false
}

func (s *stream) take(number uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.moving {
		s.gap = max(s.gap, now.Sub(s.last))
	}
	s.last = now
	switch {
	case s.seen == nil || s.seen[number]:
	case number < s.highest:
		s.reordered++
		s.seen[number] = true
	default:
		s.highest, s.seen[number] = number, true
	}
}

func (s *stream) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moving = true
}

// total is the streams of all UEs in one direction.
type total struct {
	sent, lost, reordered int
	gaps                  []time.Duration
}

func (t *total) add(s *stream, interval time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sent := int(s.sent.Load())
	t.sent += sent
	t.lost += sent - len(s.seen)
	t.reordered += s.reordered
	t.gaps = append(t.gaps, max(0, s.gap-interval))
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
		p.up.reset()
		p.down.reset()
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
		out.up.add(&p.up, interval)
		out.down.add(&p.down, interval)
	}
	out.moved += moved
	return err
}

// move hands every UE over at once.
func (f *field) move(ctx context.Context, r row) (int, error) {
	errs := make([]error, len(f.phones))
	var wg sync.WaitGroup
	for i, p := range f.phones {
		p.up.begin()
		p.down.begin()
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
	var b [size - headers]byte
	binary.BigEndian.PutUint32(b[:], uint32(p.index))
	binary.BigEndian.PutUint32(b[4:], p.down.sent.Add(1))
	if _, err := f.dn.WriteToUDPAddrPort(b[:], netip.AddrPortFrom(p.address, uePort)); err != nil && !errors.Is(err, net.ErrClosed) {
		p.down.sent.Add(^uint32(0)) // it has not left
	}
}

func (p *phone) sendUp() {
	packet := make([]byte, size)
	packet[0], packet[8], packet[9] = 0x45, 64, 17
	binary.BigEndian.PutUint16(packet[2:], size)
	from, to := p.address.As4(), gateway().As4()
	copy(packet[12:], from[:])
	copy(packet[16:], to[:])
	var sum uint32
	for i := 0; i < 20; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(packet[i:]))
	}
	binary.BigEndian.PutUint16(packet[10:], ^uint16(sum>>16+sum&0xffff))
	binary.BigEndian.PutUint16(packet[20:], uePort)
	binary.BigEndian.PutUint16(packet[22:], dnPort)
	binary.BigEndian.PutUint16(packet[24:], size-20)
	binary.BigEndian.PutUint32(packet[headers:], uint32(p.index))
	binary.BigEndian.PutUint32(packet[headers+4:], p.up.sent.Add(1))
	_ = p.ue.SendPacket(session, packet) // what does not leave counts as lost
}

// receive takes a downlink packet of the UE.
func (p *phone) receive(packet []byte) {
	if len(packet) >= headers+8 {
		p.down.take(binary.BigEndian.Uint32(packet[headers+4:]))
	}
}

// hear takes the uplink packets of all UEs.
func (f *field) hear() {
	_ = f.dn.SetReadDeadline(time.Time{})
	b := make([]byte, 2048)
	for {
		n, err := f.dn.Read(b)
		if err != nil {
			return
		}
		if i := binary.BigEndian.Uint32(b); n >= 8 && int(i) < len(f.phones) {
			f.phones[i].up.take(binary.BigEndian.Uint32(b[4:]))
		}
	}
}
