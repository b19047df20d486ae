package soft

import (
	"sync/atomic"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// mover is what each reader of packets needs to send them on: one goroutine's.
type mover struct {
	path      *Path
	now       int64
	flow      upf.Flow
	frame     upf.Frame
	fragments fragments
	out       *atomic.Uint64 // counts what leaves
	tx        [2]*sender     // over IPv4 and IPv6
	bufs      [batch][]byte  // packets under way, with headroom
	next      int            // the buffer for the next packet
	scratch   []byte
}

func (m *mover) init(p *Path, out *atomic.Uint64) {
	m.path, m.out = p, out
	lost := func(n int) {
		p.counters.dropped[upf.DropSend].Add(uint64(n))
		out.Add(-uint64(n))
	}
	for i, s := range p.n3 {
		if s == nil && (p.output == nil || !p.cfg.Local(i == 0).IsValid()) {
			continue
		}
		m.tx[i] = newSender(nil, i == 1, lost)
		if s != nil {
			m.tx[i].raw = s.raw
		}
		m.tx[i].output = p.output
	}
}

// room is a buffer for n octets behind the headroom.
func (m *mover) room(n int) []byte {
	if m.next == len(m.bufs) {
		m.flush()
	}
	b := &m.bufs[m.next]
	if cap(*b) < gtpu.Headroom+n {
		*b = make([]byte, gtpu.Headroom+max(n, 1500))
	}
	m.next++
	return (*b)[:gtpu.Headroom+n]
}

// flush sends what is under way; its buffers are free again.
func (m *mover) flush() {
	for _, s := range m.tx {
		if s != nil {
			s.flush()
		}
	}
	m.next = 0
}

// origin is where a packet comes from: a tunnel, with its QFI and what its container said, or a data network.
type origin struct {
	network   string
	teid      uint32
	qfi       uint8
	container gtpu.PDUSession
}

// find is the rule for a packet of an IP session.
func (r *rules) find(o origin, f *upf.Flow) (int, upf.Drop) {
	if o.teid != 0 {
		return r.FindUplink(o.teid, o.qfi, f)
	}
	return r.FindDownlink(o.network, f)
}

// identify reads a packet as the session's type has it and finds its rule. What it returns is the packet without octets
// beyond its length.
func (m *mover) identify(r *rules, o origin, packet []byte) ([]byte, int, upf.Drop) {
	switch {
	case r.Ethernet():
		if !upf.ParseFrame(packet, o.teid != 0 && r.FromUE(o.teid), &m.frame) {
			return nil, -1, upf.DropMalformed
		}
		i, why := r.FindFrame(o.teid, o.qfi, o.network, &m.frame)
		return packet, i, why
	case r.Unstructured():
		i, why := r.FindAny(o.teid, o.qfi, o.network)
		return packet, i, why
	}
	packet, ok := upf.ParseFlow(packet, o.teid != 0 && r.FromUE(o.teid), &m.flow)
	if !ok {
		return nil, -1, upf.DropMalformed
	}
	m.fragments.recall(&m.flow, o.teid, m.now)
	i, why := r.find(o, &m.flow)
	if i >= 0 && r.ports {
		m.fragments.remember(&m.flow, o.teid, m.now)
	}
	return packet, i, why
}

// toTunnel moves a packet, which begins at the headroom of b, into the tunnel of the rule that it matches, or lets it
// wait. It returns false if the packet was dropped or waits, which is counted.
func (m *mover) toTunnel(l *live, o origin, b []byte) bool {
	p, r := m.path, l.rules.Load()
	packet, i, why := m.identify(r, o, b[gtpu.Headroom:])
	if i >= 0 && (buffers(&r.Rules[i]) || l.waiting.Load()) {
		if r, i, why = m.wait(l, packet, o); r == nil {
			return false
		}
	}
	if i < 0 {
		p.counters.drop(why)
		return false
	}
	if !m.admit(l, r, i, len(packet)) {
		return false
	}
	if !m.encapsulate(b[:gtpu.Headroom+len(packet)], &r.Rules[i], o) {
		p.counters.drop(upf.DropNoTunnel)
		return false
	}
	p.count(l, r, i, len(packet), false)
	return true
}

// encapsulate makes a G-PDU of b, whose headroom is free, and sends it with the next batch.
func (m *mover) encapsulate(b []byte, rule *upf.Rule, o origin) bool {
	if !rule.Peer.IsValid() || rule.PeerPort != 0 {
		return false
	}
	s := m.tx[family(rule.Peer)]
	if s == nil {
		return false
	}
	return s.add(wrap(m.spare(s, b), rule, o), rule.Peer, rule.Mark&rule.MarkMask)
}

// spare is b where its sender has room for one more.
func (m *mover) spare(s *sender, b []byte) []byte {
	if !s.full() {
		return b
	}
	// What is under way elsewhere keeps its buffers: flush frees them all, so b must outlive it.
	m.scratch = append(m.scratch[:0], b...)
	m.flush()
	b = m.room(len(m.scratch) - gtpu.Headroom)
	copy(b, m.scratch)
	return b
}

// wrap writes the header of a G-PDU, TS 38.415 §5.5.2: towards the access side with downlink information, else uplink.
func wrap(b []byte, rule *upf.Rule, o origin) []byte {
	session := gtpu.PDUSession{Type: gtpu.Uplink, QFI: rule.QFI}
	if rule.To == pfcp.InterfaceAccess {
		session.Type, session.RQI = gtpu.Downlink, rule.RQI
	}
	if session.QFI == 0 {
		session.QFI = o.qfi
	}
	if rule.Relay() { // as it came
		session.Type, session.RQI = o.container.Type, o.container.RQI
	}
	if ppi, ok := rule.PPI.Get(); ok && session.Type == gtpu.Downlink {
		session.HasPPI, session.PPI = true, uint8(ppi)&7
		return gtpu.Append(nil, &gtpu.Packet{Type: gtpu.GPDU, TEID: rule.PeerTEID, HasSession: true, Session: session, Payload: b[gtpu.Headroom:]})
	}
	gtpu.Encapsulate(b, gtpu.Headroom, rule.PeerTEID, session)
	return b
}

// admit holds a packet to the action, the gates, the rates and the quotas of its rule; a packet that it refuses is
// counted. One that is to be buffered is no concern of it.
func (m *mover) admit(l *live, r *rules, i, octets int) bool {
	why, ok := m.path.admit(l, r, i, octets, m.now)
	if !ok {
		m.path.counters.drop(why)
	}
	return ok
}

func (p *Path) admit(l *live, r *rules, i, octets int, now int64) (upf.Drop, bool) {
	rule, w := &r.Rules[i], &r.work[i]
	p.count(l, r, i, octets, true)
	if rule.Action&pfcp.ApplyFORW == 0 {
		return upf.DropAction, false
	}
	if !w.gate {
		return upf.DropGate, false
	}
	for _, c := range w.counters {
		if c.used() {
			c.end(p, l.slot) // another path may have found no more to take
			return upf.DropQuota, false
		}
	}
	for i := range w.policers {
		if !w.policers[i].open(now) {
			return upf.DropRate, false
		}
	}
	for i := range w.policers {
		w.policers[i].take(octets, now)
	}
	return 0, true
}

// count counts a packet for the URRs that measure before QoS enforcement, or for the others, TS 29.244 §8.2.68.
func (p *Path) count(l *live, r *rules, i, octets int, before bool) {
	for _, c := range r.work[i].counters {
		if c.how.Before == before {
			c.add(p, l.slot, r.Rules[i].Uplink(), octets)
		}
	}
}
