package soft

import (
	"context"
	"time"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// waitingPacket is a packet for an idle UE, where it came from and when.
type waitingPacket struct {
	packet []byte
	from   origin
	since  int64
}

// wait decides under the session's lock about a packet that met a buffering rule or packets that wait,
// TS 23.501 §5.8.3.2. If the rules have changed meanwhile and nothing waits, it returns the rules and the rule to go on with;
// otherwise the packet was buffered or dropped and r is nil.
func (m *mover) wait(l *live, packet []byte, o origin) (r *rules, i int, why upf.Drop) {
	p := m.path
	l.mu.Lock()
	now := l.rules.Load()
	if l.paced {
		p.drain(l, now)
	}
	_, i, why = m.identify(now, o, packet)
	if i < 0 || !buffers(&now.Rules[i]) && !l.paced {
		l.mu.Unlock()
		return now, i, why
	}
	rule := &now.Rules[i]
	if why, ok := p.store(l, now, waitingPacket{packet, o, m.now}); !ok {
		l.mu.Unlock()
		p.counters.drop(why)
		return nil, 0, 0
	}
	if l.paced {
		p.drain(l, now)
	}
	tell := buffers(rule) && rule.Action&pfcp.ApplyNOCP != 0 && !l.told
	l.told = l.told || tell
	l.mu.Unlock()
	if tell {
		p.downlinkData(l.slot, rule, m.flow.TrafficClass>>2)
	}
	return nil, 0, 0
}

// store keeps a copy of the packet within the bounds; l.mu is held.
func (p *Path) store(l *live, r *rules, w waitingPacket) (upf.Drop, bool) {
	p.expire(l, r, w.since)
	limit := p.cfg.BufferPackets
	if n := r.Buffer.Packets; n > 0 {
		limit = min(n, p.cfg.MaxBufferPackets)
	}
	if len(l.buffer) >= limit {
		return upf.DropBufferFull, false
	}
	if p.bufBytes.Add(int64(len(w.packet))) > int64(p.cfg.BufferBytes) {
		p.bufBytes.Add(-int64(len(w.packet)))
		return upf.DropBuffersFull, false
	}
	w.packet = append([]byte(nil), w.packet...)
	if len(l.buffer) == 0 {
		p.waiters.Store(l.slot, l)
	}
	l.buffer = append(l.buffer, w)
	l.waiting.Store(true)
	p.counters.buffered.Add(1)
	return 0, true
}

// expire drops what has waited too long; l.mu is held.
func (p *Path) expire(l *live, r *rules, now int64) {
	d := p.cfg.BufferExpiry
	if r.Buffer.Expiry > 0 {
		d = r.Buffer.Expiry
	}
	n := 0
	for n < len(l.buffer) && now-l.buffer[n].since > int64(d) {
		p.unbuffer(l.buffer[n])
		p.counters.drop(upf.DropBufferExpired)
		n++
	}
	if n > 0 {
		l.buffer = append([]waitingPacket(nil), l.buffer[n:]...)
		p.settled(l)
	}
}

// unbuffer takes a packet that waits no more out of the sums.
func (p *Path) unbuffer(w waitingPacket) {
	p.bufBytes.Add(-int64(len(w.packet)))
	p.counters.buffered.Add(^uint64(0))
}

// settled notes whether anything waits; l.mu is held.
func (p *Path) settled(l *live) {
	l.waiting.Store(len(l.buffer) > 0 || l.paced)
	if len(l.buffer) == 0 {
		p.waiters.Delete(l.slot)
	}
}

// expireAll looks at all buffers every second until ctx ends.
func (p *Path) expireAll(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		p.waiters.Range(func(_, v any) bool {
			l := v.(*live)
			l.mu.Lock()
			p.expire(l, l.rules.Load(), p.now())
			l.mu.Unlock()
			return true
		})
		p.translator.sweep(p.now())
		for _, t := range p.tuns {
			if t.lan == nil {
				continue
			}
			for l, gone := range t.lan.sweep(p.now()) {
				p.tellStations(l, nil, gone)
			}
		}
	}
}

// drain sends what waits by the rules that are now in force; what they buffer goes on waiting, and what their rates do not let
// pass yet, with all that came after it. l.mu is held, so newer packets wait until it is done.
func (p *Path) drain(l *live, r *rules) {
	if len(l.buffer) == 0 && !l.paced {
		return
	}
	l.paced = false
	p.expire(l, r, p.now())
	waited := l.buffer
	l.buffer = nil
	m := &mover{path: p, now: p.now()}
	for k, w := range waited {
		packet, i, why := m.identify(r, w.from, w.packet)
		if i >= 0 && buffers(&r.Rules[i]) {
			l.buffer = append(l.buffer, w)
			continue
		}
		if d := r.opens(i, m.now); d > 0 {
			l.buffer = append(l.buffer, waited[k:]...)
			l.paced, l.rates = true, r.work[i].policers
			p.drainAfter(l, d)
			break
		}
		p.unbuffer(w)
		if i < 0 {
			p.counters.drop(why)
			continue
		}
		if !m.admit(l, r, i, len(packet)) {
			continue
		}
		rule := &r.Rules[i]
		if !rule.Peer.IsValid() || rule.PeerPort != 0 {
			p.counters.drop(upf.DropNoTunnel)
			continue
		}
		m.scratch = append(append(m.scratch[:0], make([]byte, gtpu.Headroom)...), packet...)
		if p.sendTo(wrap(m.scratch, rule, w.from), rule.Peer, rule.Mark&rule.MarkMask) {
			p.counters.downOut.Add(1)
			p.count(l, r, i, len(packet), false)
		}
	}
	if d := opens(l.rates, m.now, upf.MeterBurst/2); len(l.buffer) == 0 && d > 0 { // newer packets are not to be refused at once
		l.paced = true
		p.drainAfter(l, d)
	}
	if !l.paced {
		l.rates = nil
	}
	p.settled(l)
}

// opens is how long the rates of a rule let nothing pass; 0 if something else decides.
func (r *rules) opens(i int, now int64) time.Duration {
	if i < 0 || !r.work[i].gate || r.Rules[i].Action&pfcp.ApplyFORW == 0 {
		return 0
	}
	return opens(r.work[i].policers, now, upf.MeterBurst)
}

// drainAfter drains once the time has come. Without a clock of its own the path does so with the next packet.
func (p *Path) drainAfter(l *live, d time.Duration) {
	if p.output != nil || l.draining {
		return
	}
	l.draining = true
	time.AfterFunc(d, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.draining = false
		if !l.paced {
			return
		}
		r := l.rules.Load()
		if p.drain(l, r); !l.paced {
			p.openLane(l, r)
		}
	})
}

// Waits tells whether packets of a session wait although its rules would have them leave.
func (p *Path) Waits(slot uint32) bool {
	l := p.find(slot)
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.paced
}

// DropBuffered discards the packets that wait for a session.
func (p *Path) DropBuffered(slot uint32) {
	if l := p.find(slot); l != nil {
		l.mu.Lock()
		p.discard(l)
		l.mu.Unlock()
	}
}

// discard drops the packets that wait; l.mu is held.
func (p *Path) discard(l *live) {
	for _, w := range l.buffer {
		p.unbuffer(w)
		p.counters.drop(upf.DropBufferDiscard)
	}
	l.buffer, l.paced, l.rates = nil, false, nil
	p.settled(l)
}
