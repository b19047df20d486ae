package xdp

import (
	"encoding/binary"
	"errors"
	"math"
	"net/netip"
	"slices"
	"sync/atomic"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

var errClosed = errors.New("upf: xdp: closed")

// session is what user space knows of an installed session: which part of it is fast, and what its URRs counted there.
type session struct {
	slot     uint32
	up, down direction
	usage    map[pfcp.URRID]*upf.Usage
}

// direction is the part of a session that the programs serve; without a rule they serve nothing.
type direction struct {
	rule            *upf.Rule
	policer         pfcp.QERID
	perOctet        uint64
	verdict         uint32
	urrs            []pfcp.URRID // that count what the block counts from now on
	octets, packets uint64       // of the block's counters that usage holds already
}

// Apply installs or replaces a session in both paths: first in the slow one, which sends what it had buffered, so that
// no packet overtakes those.
func (p *Path) Apply(rules *upf.Session) error {
	if err := p.slow.Apply(rules); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.loaded == nil {
		return errClosed
	}
	if int(rules.Slot) >= len(p.loaded.blocks) {
		return nil
	}
	s := p.sessions[rules.Slot]
	if s == nil {
		s = p.adopt(rules.Slot)
	}
	p.settle(s)
	up, down := p.uplinkOf(rules), p.downlinkOf(rules)
	b := &p.loaded.blocks[s.slot]
	keepPolicer(&b.up.state, &s.up, &up)
	keepPolicer(&b.down.state, &s.down, &down)
	up.follow(&s.up)
	down.follow(&s.down)
	s.up, s.down = up, down
	s.keepUsage(rules)
	p.write(b, s, rules)
	return nil
}

// adopt begins to account for a slot: what its block counted before was another session's.
func (p *Path) adopt(slot uint32) *session {
	b := &p.loaded.blocks[slot]
	s := &session{slot: slot, usage: map[pfcp.URRID]*upf.Usage{}}
	s.up.octets, s.up.packets = atomic.LoadUint64(&b.up.state.octets), atomic.LoadUint64(&b.up.state.packets)
	s.down.octets, s.down.packets = atomic.LoadUint64(&b.down.state.octets), atomic.LoadUint64(&b.down.state.packets)
	p.sessions[slot] = s
	return s
}

// uplinkOf decides whether the programs serve the session's tunnel: one tunnel, in the slot of the session, with one
// rule that has no filter and leads to a data network.
func (p *Path) uplinkOf(s *upf.Session) direction {
	var found *upf.Rule
	for i := range s.Rules {
		r := &s.Rules[i]
		if r.TEID == 0 {
			continue
		}
		if found != nil {
			return direction{}
		}
		found = r
	}
	if found == nil || len(s.Tunnels) != 1 || found.TEID != s.Tunnels[0] || upf.Slot(found.TEID) != s.Slot || !found.Uplink() ||
		found.Peer.IsValid() || found.To != pfcp.InterfaceCore || len(found.Filters) > 0 || rare(s, found) || !ue4(s, found).IsValid() {
		return direction{}
	}
	return directionOf(found)
}

// downlinkOf decides whether the programs serve the session's address: it is the one of the session's slot, and one
// rule without filter leads from its data network into a tunnel over IPv4.
func (p *Path) downlinkOf(s *upf.Session) direction {
	var found *upf.Rule
	for i := range s.Rules {
		r := &s.Rules[i]
		if r.Uplink() || r.TEID != 0 {
			continue
		}
		if found != nil {
			return direction{}
		}
		found = r
	}
	if found == nil || len(found.Filters) > 0 || rare(s, found) || found.Action&pfcp.ApplyBUFF != 0 || !ue4(s, found).IsValid() {
		return direction{}
	}
	if found.Action&pfcp.ApplyFORW != 0 && !found.Peer.Is4() {
		return direction{}
	}
	ue := hostOrder(ue4(s, found))
	slot, ok := p.layout.SlotOf4(ue)
	i := slices.IndexFunc(p.config.Pool[:len(p.pools)], func(c poolConfig) bool { return ue-c.First < c.Size })
	if !ok || slot != s.Slot || i < 0 || p.pools[i].DNN != found.Network {
		return direction{}
	}
	return directionOf(found)
}

// rare tells whether a rule or its session asks for what the programs do not know: no IP, networks behind the UE,
// marking, quotas and the like.
func rare(s *upf.Session, r *upf.Rule) bool {
	return s.Ethernet() || s.Unstructured() || len(s.Framed) > 0 || len(s.URRs) > 0 || r.MarkMask != 0 || r.PPI.Present() || r.PeerPort != 0
}

// ue4 is the address that a rule's packets come from or go to.
func ue4(s *upf.Session, r *upf.Rule) netip.Addr {
	if r.UE4.IsValid() {
		return r.UE4
	}
	return s.UE4
}

// directionOf compiles action, gates and rates. Of several rates the lowest counts: all of them would be taken from by
// the same packets, so that the others never refuse one for long.
func directionOf(r *upf.Rule) direction {
	d := direction{rule: r, verdict: verdictForward, urrs: r.URRs}
	closed, lowest := false, uint64(math.MaxUint64)
	for _, q := range r.QERs {
		rate, gate := q.MBR.Value().Downlink, q.Gate.DownlinkClosed
		if r.Uplink() {
			rate, gate = q.MBR.Value().Uplink, q.Gate.UplinkClosed
		}
		closed = closed || gate
		if q.MBR.Present() && rate < lowest {
			d.policer, lowest = q.ID, rate
		}
	}
	switch {
	case r.Action&pfcp.ApplyFORW == 0:
		d.verdict = verdictDrop + uint32(upf.DropAction)
	case closed:
		d.verdict = verdictDrop + uint32(upf.DropGate)
	case lowest == 0:
		d.verdict = verdictDrop + uint32(upf.DropRate)
	case lowest < math.MaxUint64:
		d.perOctet = perOctet(lowest)
	}
	return d
}

// perOctet is the time that an octet takes at a rate in kbit/s, in units of 2^-20 ticks of a sixteenth of a nanosecond:
// fine enough for 1 Tbit/s, and 65,535 octets at 1 kbit/s still fit in 64 bits.
func perOctet(kbps uint64) uint64 {
	const unit = 8_000_000 * 16 << 20
	return max(1, (unit+kbps/2)/kbps)
}

// keepPolicer forgets the state of a policer unless its QER stays.
func keepPolicer(s *state, old, now *direction) {
	if old.perOctet == 0 || now.perOctet == 0 || old.policer != now.policer {
		atomic.StoreUint64(&s.next, 0)
	}
}

// keepUsage forgets URRs that are gone and begins those that are new.
func (s *session) keepUsage(rules *upf.Session) {
	now := map[pfcp.URRID]*upf.Usage{}
	for i := range rules.Rules {
		for _, id := range rules.Rules[i].URRs {
			if now[id] = s.usage[id]; now[id] == nil {
				now[id] = &upf.Usage{}
			}
		}
	}
	s.usage = now
}

// settle gives what the block counted since the last time to the URRs in force. p.mu is held.
func (p *Path) settle(s *session) {
	b := &p.loaded.blocks[s.slot]
	octets, packets := s.up.count(&b.up.state)
	s.share(s.up.urrs, func(u *upf.Usage) { u.UplinkBytes, u.UplinkPackets = u.UplinkBytes+octets, u.UplinkPackets+packets })
	octets, packets = s.down.count(&b.down.state)
	s.share(s.down.urrs, func(u *upf.Usage) {
		u.DownlinkBytes, u.DownlinkPackets = u.DownlinkBytes+octets, u.DownlinkPackets+packets
	})
}

func (s *session) share(ids []pfcp.URRID, add func(*upf.Usage)) {
	for _, id := range ids {
		if u := s.usage[id]; u != nil {
			add(u)
		}
	}
}

// follow goes on counting where the direction before it ended. One that is fast no more still counts the packets that
// were on their way.
func (d *direction) follow(before *direction) {
	d.octets, d.packets = before.octets, before.packets
	if d.rule == nil {
		d.urrs = before.urrs
	}
}

// count is what was counted since the last call.
func (d *direction) count(s *state) (octets, packets uint64) {
	nowOctets, nowPackets := atomic.LoadUint64(&s.octets), atomic.LoadUint64(&s.packets)
	octets, packets = nowOctets-d.octets, nowPackets-d.packets
	d.octets, d.packets = nowOctets, nowPackets
	return octets, packets
}

// write puts the facts into the block, each direction as one change.
func (p *Path) write(b *block, s *session, rules *upf.Session) {
	u, d := uplink{}, downlink{}
	if r := s.up.rule; r != nil {
		u = uplink{teid: r.TEID, ue: networkOrder(ue4(rules, r)), verdict: s.up.verdict, qfis: r.QFIs, perOctet: s.up.perOctet}
	}
	if r := s.down.rule; r != nil {
		d = downlink{ue: networkOrder(ue4(rules, r)), verdict: s.down.verdict, perOctet: s.down.perOctet, qfi: uint32(r.QFI & 0x3f)}
		if r.RQI {
			d.qfi |= 0x40
		}
		if r.Peer.Is4() {
			d.nextHop, d.peer = p.hop(r.Peer), tunnel(r.Peer, r.PeerTEID)
		}
	}
	change(&b.up.sequence, func() {
		b.up.teid, b.up.ue, b.up.verdict, b.up.qfis, b.up.perOctet = u.teid, u.ue, u.verdict, u.qfis, u.perOctet
	})
	change(&b.down.sequence, func() {
		b.down.ue, b.down.verdict, b.down.nextHop, b.down.peer = d.ue, d.verdict, d.nextHop, d.peer
		b.down.perOctet, b.down.qfi = d.perOctet, d.qfi
	})
}

// hop is the index of the next hop to a peer.
func (p *Path) hop(peer netip.Addr) uint32 { return p.near.hop(peer) }

// tunnel is a peer's F-TEID as one number in network order.
func tunnel(peer netip.Addr, teid uint32) uint64 {
	var b [8]byte
	a := peer.As4()
	copy(b[:], a[:])
	binary.BigEndian.PutUint32(b[4:], teid)
	return binary.NativeEndian.Uint64(b[:])
}

// Remove takes the session from both paths.
func (p *Path) Remove(slot uint32) {
	p.mu.Lock()
	if s := p.sessions[slot]; s != nil && p.loaded != nil {
		p.clear(slot)
		delete(p.sessions, slot)
	}
	p.mu.Unlock()
	p.slow.Remove(slot)
}

// clear leaves all packets of a slot to the slow path.
func (p *Path) clear(slot uint32) {
	b := &p.loaded.blocks[slot]
	p.write(b, &session{slot: slot}, nil)
	keepPolicer(&b.up.state, &direction{}, &direction{})
	keepPolicer(&b.down.state, &direction{}, &direction{})
}

// Reap ends the sessions that an earlier process left and that Apply did not install again, and returns how many. Call
// it once the SMFs have had time to establish theirs again, TS 23.527 §4.3.2: until then they go on.
func (p *Path) Reap() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.loaded == nil {
		return 0
	}
	n := 0
	for slot := range p.loaded.blocks {
		b := &p.loaded.blocks[slot]
		if (b.up.teid != 0 || b.down.ue != 0) && p.sessions[uint32(slot)] == nil {
			p.clear(uint32(slot))
			n++
		}
	}
	return n
}
