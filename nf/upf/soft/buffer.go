package soft

import (
	"net/netip"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// wait decides under the session's lock about a packet that met a buffering rule or packets that wait,
// TS 23.501 §5.8.3.2. If the rules have changed meanwhile and nothing waits, it returns the rules and the rule to go on with;
// otherwise the packet was buffered or dropped and r is nil.
func (p *Path) wait(l *live, packet []byte, network string, f *upf.Flow) (r *rules, i int, why upf.Drop) {
	l.mu.Lock()
	now := l.rules.Load()
	i, why = now.FindDownlink(network, f)
	if i < 0 || !buffers(&now.Rules[i]) {
		l.mu.Unlock()
		return now, i, why
	}
	rule := &now.Rules[i]
	if !p.store(l, packet, network) {
		l.mu.Unlock()
		p.counters.drop(upf.DropBufferFull)
		return nil, 0, 0
	}
	tell := rule.Action&pfcp.ApplyNOCP != 0 && !l.told
	l.told = l.told || tell
	l.mu.Unlock()
	if tell {
		p.downlinkData(l.slot, rule, f.TrafficClass>>2)
	}
	return nil, 0, 0
}

// store keeps a copy of the packet within the bounds; l.mu is held.
func (p *Path) store(l *live, packet []byte, network string) bool {
	if len(l.buffer) >= p.cfg.BufferPackets {
		return false
	}
	if p.bufBytes.Add(int64(len(packet))) > int64(p.cfg.BufferBytes) {
		p.bufBytes.Add(-int64(len(packet)))
		return false
	}
	l.buffer = append(l.buffer, waitingPacket{append([]byte(nil), packet...), network})
	l.waiting.Store(true)
	p.counters.buffered.Add(1)
	return true
}

// drain sends what waits by the rules that are now in force; what they buffer goes on waiting. l.mu is held, so newer
// packets wait until it is done.
func (p *Path) drain(l *live, r *rules) {
	waited := l.buffer
	l.buffer = nil
	var out []byte
	for _, w := range waited {
		var f upf.Flow
		packet, ok := upf.ParseFlow(w.packet, false, &f)
		i, why := r.FindDownlink(w.network, &f)
		if ok && i >= 0 && buffers(&r.Rules[i]) {
			l.buffer = append(l.buffer, w)
			continue
		}
		p.bufBytes.Add(-int64(len(w.packet)))
		p.counters.buffered.Add(^uint64(0))
		if i < 0 {
			p.counters.drop(why)
			continue
		}
		rule := &r.Rules[i]
		if why, ok := admit(rule, &r.work[i], len(packet), p.now()); !ok {
			p.counters.drop(why)
			continue
		}
		if !rule.Peer.IsValid() {
			p.counters.drop(upf.DropNoTunnel)
			continue
		}
		out = append(append(out[:0], make([]byte, gtpu.Headroom)...), packet...)
		if p.send(encapsulate(out, rule), netip.AddrPortFrom(rule.Peer, gtpu.Port)) {
			p.counters.downOut.Add(1)
			count(&r.work[i], false, len(packet))
		}
	}
	l.waiting.Store(len(l.buffer) > 0)
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
		p.bufBytes.Add(-int64(len(w.packet)))
		p.counters.buffered.Add(^uint64(0))
		p.counters.drop(upf.DropBufferDiscard)
	}
	l.buffer = nil
	l.waiting.Store(false)
}
