// Package memory is a data path of the UPF without a network: packets are function calls. It obeys the rules as the
// real ones do, so that call flows can be run in virtual time.
package memory

import (
	"context"
	"net/netip"
	"slices"
	"sync"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// Packet is a packet that left the data path.
type Packet struct {
	Flow    upf.Flow
	Size    int        // octets of the user's packet
	Network string     // the data network it went to, "" if it went into a tunnel
	Peer    netip.Addr // of the tunnel it went into
	Port    uint16     // of plain UDP to Peer; 0: GTP-U
	TEID    uint32
	QFI     uint8
	End     bool // an end marker
}

// Path is a upf.Datapath in memory.
type Path struct {
	mu       sync.Mutex
	events   upf.Events
	sessions map[uint32]*state
	out      []Packet
	counters upf.Counters
	deaf     map[netip.Addr]bool
}

type state struct {
	session  *upf.Session
	usage    map[pfcp.URRID]upf.Usage
	buffered []waiting
	told     bool
}

type waiting struct {
	network string
	flow    upf.Flow
	size    int
}

// New returns a data path without sessions.
func New() *Path { return &Path{sessions: map[uint32]*state{}, deaf: map[netip.Addr]bool{}} }

// Run notes whom to tell and waits.
func (p *Path) Run(ctx context.Context, ev upf.Events) error {
	p.mu.Lock()
	p.events = ev
	p.mu.Unlock()
	<-ctx.Done()
	return nil
}

// Apply installs or replaces a session and sends what waited.
func (p *Path) Apply(s *upf.Session) error {
	if err := refuse(s); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	st := p.sessions[s.Slot]
	if st == nil {
		st = &state{usage: map[pfcp.URRID]upf.Usage{}}
		p.sessions[s.Slot] = st
	}
	st.session = s
	if !slices.ContainsFunc(s.Rules, func(r upf.Rule) bool { return r.Action&pfcp.ApplyBUFF != 0 }) {
		st.told = false
	}
	waited := st.buffered
	st.buffered = nil
	p.counters.Buffered -= uint64(len(waited))
	for _, w := range waited {
		p.downlink(st, w)
	}
	return nil
}

// refuse tells what of a session this data path does not do.
func refuse(s *upf.Session) error {
	for i := range s.Rules {
		switch r := &s.Rules[i]; {
		case r.PeerPort != 0 && !s.Unstructured():
			return upf.Refusal(pfcp.IEOuterHeaderCreation, "only GTP-U")
		case r.MarkMask != 0:
			return upf.Refusal(pfcp.IETransportLevelMarking, "no marking")
		}
	}
	return nil
}

// Remove takes a session away.
func (p *Path) Remove(slot uint32) {
	p.DropBuffered(slot)
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.sessions, slot)
}

// Usage is what a URR counted.
func (p *Path) Usage(slot uint32, id pfcp.URRID) upf.Usage {
	p.mu.Lock()
	defer p.mu.Unlock()
	if st := p.sessions[slot]; st != nil {
		return st.usage[id]
	}
	return upf.Usage{}
}

// DropBuffered discards what waits.
func (p *Path) DropBuffered(slot uint32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if st := p.sessions[slot]; st != nil {
		p.counters.Buffered -= uint64(len(st.buffered))
		p.counters.Dropped[upf.DropBufferDiscard] += uint64(len(st.buffered))
		st.buffered = nil
	}
}

// Rearm lets the next buffered packet be told again.
func (p *Path) Rearm(slot uint32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if st := p.sessions[slot]; st != nil {
		st.told = false
	}
}

// EndMarker notes an end marker.
func (p *Path) EndMarker(peer netip.Addr, teid uint32, qfi uint8) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out = append(p.out, Packet{Peer: peer, TEID: teid, QFI: qfi, End: true})
}

// Echo answers for the peer, unless Deafen said otherwise.
func (p *Path) Echo(peer netip.Addr) {
	p.mu.Lock()
	ev, deaf := p.events, p.deaf[peer]
	p.mu.Unlock()
	if ev != nil && !deaf {
		ev.Echo(peer)
	}
}

// Deafen makes a peer answer no echo requests, or answer them again.
func (p *Path) Deafen(peer netip.Addr, deaf bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deaf[peer] = deaf
}

// Counters are totals since New.
func (p *Path) Counters() upf.Counters {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counters
}

// Close does nothing.
func (p *Path) Close() error { return nil }

// Sent returns what left since the last call.
func (p *Path) Sent() []Packet {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.out
	p.out = nil
	return out
}

// Relays counts the forwarding tunnels that are installed, TS 23.501 §5.8.2.12.
func (p *Path) Relays() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, st := range p.sessions {
		for i := range st.session.Rules {
			if st.session.Rules[i].Relay() {
				n++
			}
		}
	}
	return n
}

// Session is what is installed in a slot, nil if nothing is.
func (p *Path) Session(slot uint32) *upf.Session {
	p.mu.Lock()
	defer p.mu.Unlock()
	if st := p.sessions[slot]; st != nil {
		return st.session
	}
	return nil
}

// Find is the session that has a tunnel, nil if none has.
func (p *Path) Find(teid uint32) *upf.Session {
	p.mu.Lock()
	defer p.mu.Unlock()
	if st := p.tunnel(teid); st != nil {
		return st.session
	}
	return nil
}

// tunnel is the state of the session that has a tunnel, nil if none has.
func (p *Path) tunnel(teid uint32) *state {
	for _, st := range p.sessions {
		if slices.Contains(st.session.Tunnels, teid) {
			return st
		}
	}
	return nil
}

// Uplink is a packet from a gNB: from the UE f.Local to f.Remote, size octets long.
func (p *Path) Uplink(teid uint32, qfi uint8, f upf.Flow, size int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counters.UplinkIn++
	st := p.tunnel(teid)
	if st == nil {
		p.counters.Dropped[upf.DropUnknownTEID]++
		return
	}
	i, why := st.session.FindUplink(teid, qfi, &f)
	if i < 0 {
		p.counters.Dropped[why]++
		return
	}
	p.obey(st, &st.session.Rules[i], waiting{"", f, size})
}

// Octets is a packet of a session of unstructured data from its UE, of which the tunnel teid is, size octets long.
func (p *Path) Octets(teid uint32, size int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counters.UplinkIn++
	st := p.tunnel(teid)
	if st == nil {
		p.counters.Dropped[upf.DropUnknownTEID]++
		return
	}
	for i := range st.session.Rules {
		if r := &st.session.Rules[i]; r.Uplink() {
			p.obey(st, r, waiting{size: size})
			return
		}
	}
	p.counters.Dropped[upf.DropNoRule]++
}

// Downlink is a packet from a data network to the UE f.Local.
func (p *Path) Downlink(network string, f upf.Flow, size int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counters.DownlinkIn++
	for _, st := range p.sessions {
		behind := slices.ContainsFunc(st.session.Framed, func(p netip.Prefix) bool { return p.Contains(f.Local) })
		if behind || st.session.UE4 == f.Local || st.session.UE6.Contains(f.Local) {
			p.downlink(st, waiting{network, f, size})
			return
		}
	}
	p.counters.Dropped[upf.DropUnknownUE]++
}

// ErrorIndication is one from a peer.
func (p *Path) ErrorIndication(peer netip.Addr, teid uint32) {
	p.mu.Lock()
	p.counters.Signalling++
	ev := p.events
	p.mu.Unlock()
	ev.ErrorIndication(peer, teid)
}

// Frame is a packet of a session that has no IP address, Ethernet or unstructured, from its data network to the UE of
// which the tunnel teid is, size octets long. It has no headers: rules with Ethernet packet filters are not for it.
func (p *Path) Frame(network string, teid uint32, size int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counters.DownlinkIn++
	for _, st := range p.sessions {
		if slices.Contains(st.session.Tunnels, teid) {
			p.downlink(st, waiting{network: network, size: size})
			return
		}
	}
	p.counters.Dropped[upf.DropUnknownUE]++
}

func (p *Path) downlink(st *state, w waiting) {
	if st.session.Ethernet() || st.session.Unstructured() {
		for i := range st.session.Rules {
			if r := &st.session.Rules[i]; !r.Uplink() && r.TEID == 0 && r.Network == w.network && len(r.Ethernet) == 0 {
				p.obey(st, r, w)
				return
			}
		}
		p.counters.Dropped[upf.DropNoRule]++
		return
	}
	i, why := st.session.FindDownlink(w.network, &w.flow)
	if i < 0 {
		p.counters.Dropped[why]++
		return
	}
	p.obey(st, &st.session.Rules[i], w)
}

// obey does with a packet what its rule says; rates are not policed here.
func (p *Path) obey(st *state, r *upf.Rule, w waiting) {
	if r.Action&pfcp.ApplyBUFF == 0 && p.spent(st, r) {
		p.counters.Dropped[upf.DropQuota]++
		return
	}
	p.count(st, r, w, true)
	for _, q := range r.QERs {
		if (r.Uplink() && q.Gate.UplinkClosed) || (!r.Uplink() && q.Gate.DownlinkClosed) {
			p.counters.Dropped[upf.DropGate]++
			return
		}
	}
	switch {
	case r.Action&pfcp.ApplyDROP != 0:
		p.counters.Dropped[upf.DropAction]++
	case r.Action&pfcp.ApplyBUFF != 0:
		p.buffer(st, r, w)
	case r.To != pfcp.InterfaceCore && !r.Peer.IsValid():
		p.counters.Dropped[upf.DropNoTunnel]++
	default:
		p.forward(st, r, w)
	}
}

// spent tells whether a quota of the rule is used up.
func (p *Path) spent(st *state, r *upf.Rule) bool {
	return slices.ContainsFunc(r.URRs, func(id pfcp.URRID) bool {
		u, ok := st.session.URR(id)
		return ok && (u.Closed || u.Quota.Reached(st.usage[id]))
	})
}

func (p *Path) buffer(st *state, r *upf.Rule, w waiting) {
	if n := st.session.Buffer.Packets; n > 0 && len(st.buffered) >= n {
		p.counters.Dropped[upf.DropBufferFull]++
		return
	}
	st.buffered = append(st.buffered, w)
	p.counters.Buffered++
	if r.Action&pfcp.ApplyNOCP != 0 && !st.told && p.events != nil {
		st.told = true
		p.events.DownlinkData(st.session.Slot, r.PDR, r.QFI, w.flow.TrafficClass>>2)
	}
}

func (p *Path) forward(st *state, r *upf.Rule, w waiting) {
	out := Packet{Flow: w.flow, Size: w.size, Network: r.Network}
	if r.Peer.IsValid() {
		out.Network, out.Peer, out.Port, out.TEID, out.QFI = "", r.Peer, r.PeerPort, r.PeerTEID, r.QFI
	}
	p.out = append(p.out, out)
	if r.Uplink() {
		p.counters.UplinkOut++
	} else {
		p.counters.DownlinkOut++
	}
	p.count(st, r, w, false)
}

// count counts a packet for the URRs that measure before QoS enforcement, or for the others.
func (p *Path) count(st *state, r *upf.Rule, w waiting, before bool) {
	for _, id := range r.URRs {
		how, _ := st.session.URR(id)
		if how.Before != before || how.Paused {
			continue
		}
		u := st.usage[id]
		if r.Uplink() {
			u.UplinkBytes, u.UplinkPackets = u.UplinkBytes+uint64(w.size), u.UplinkPackets+1
		} else {
			u.DownlinkBytes, u.DownlinkPackets = u.DownlinkBytes+uint64(w.size), u.DownlinkPackets+1
		}
		reached := (how.Report.Reached(u) && !how.Report.Reached(st.usage[id])) || (how.Quota.Reached(u) && !how.Quota.Reached(st.usage[id]))
		st.usage[id] = u
		if reached && p.events != nil {
			p.events.UsageReached(st.session.Slot, id)
		}
	}
}
