package soft

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"syscall"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// uplink moves packets from a socket on N3 until ctx ends: those of gNBs and those of other UPFs.
func (p *Path) uplink(ctx context.Context, s *socket) error {
	r := newReceiver(s.raw)
	w := p.newUplinkWorker()
	for {
		n, err := r.read()
		if err != nil {
			var errno syscall.Errno
			if errors.As(err, &errno) {
				continue // an ICMP error of a datagram that was sent
			}
			if done(ctx, err) {
				return nil
			}
			return fmt.Errorf("upf: n3: %w", err)
		}
		w.now = p.now()
		for i := range n {
			r.each(i, w.datagram)
		}
		w.flush()
	}
}

// uplinkWorker is the state of one reader of N3.
type uplinkWorker struct {
	mover
	packet gtpu.Packet
	reply  []byte
}

func (p *Path) newUplinkWorker() *uplinkWorker {
	w := &uplinkWorker{}
	w.init(p, &p.counters.upOut)
	return w
}

// datagram serves one GTP-U packet.
func (w *uplinkWorker) datagram(b []byte, from netip.AddrPort) {
	p := w.path
	p.counters.upIn.Add(1)
	if err := gtpu.Parse(b, &w.packet); err != nil {
		w.refuse(err, from)
		return
	}
	switch w.packet.Type {
	case gtpu.GPDU:
		w.gpdu(from)
	case gtpu.EchoRequest: // TS 29.281 §7.2.1
		p.counters.signalling.Add(1)
		w.reply = gtpu.AppendEchoResponse(w.reply[:0], w.packet.Sequence)
		p.send(w.reply, from)
	case gtpu.EchoResponse:
		p.counters.signalling.Add(1)
		if ev := p.events.Load(); ev != nil {
			(*ev).Echo(from.Addr())
		}
	case gtpu.ErrorIndication:
		w.errorIndication()
	case gtpu.EndMarker:
		p.counters.signalling.Add(1)
		w.relayEndMarker()
	case gtpu.SupportedExtensionHeadersNotification:
		p.counters.signalling.Add(1) // the container is all that is sent, and every peer must know it
	default:
		p.counters.drop(upf.DropUnexpectedType)
	}
}

// refuse drops what cannot be read, and tells a peer which extension headers are comprehended, TS 29.281 §7.2.3.
func (w *uplinkWorker) refuse(err error, from netip.AddrPort) {
	var unsupported gtpu.UnsupportedExtension
	if !errors.As(err, &unsupported) {
		w.path.counters.drop(upf.DropMalformed)
		return
	}
	w.path.counters.drop(upf.DropExtension)
	if w.path.errors.allow(w.now) {
		w.reply = gtpu.AppendSupportedExtensions(w.reply[:0], w.packet.Sequence)
		w.path.sendTo(w.reply, from.Addr(), 0)
	}
}

// errorIndication tells the UPF that a peer lost a tunnel, TS 29.281 §7.3.1.
func (w *uplinkWorker) errorIndication() {
	w.path.counters.signalling.Add(1)
	d, err := gtpu.ParseErrorIndication(w.packet.Payload)
	if err != nil {
		return
	}
	if ev := w.path.events.Load(); ev != nil {
		(*ev).ErrorIndication(d.Peer, d.TEID)
	}
}

// relayEndMarker passes an end marker on to the tunnels that the packets of its tunnel go into, after those that are
// under way, TS 23.501 §5.8.2.9.
func (w *uplinkWorker) relayEndMarker() {
	t := w.path.byTEID(w.packet.TEID)
	if t == nil {
		return
	}
	w.flush()
	sent := map[netip.Addr]uint32{}
	r := t.live.rules.Load()
	for i := range r.Rules {
		rule := &r.Rules[i]
		if rule.TEID != t.teid || rule.To != pfcp.InterfaceAccess || !rule.Peer.IsValid() || rule.PeerPort != 0 || rule.Action&pfcp.ApplyFORW == 0 {
			continue
		}
		if teid, there := sent[rule.Peer]; there && teid == rule.PeerTEID {
			continue
		}
		sent[rule.Peer] = rule.PeerTEID
		w.path.EndMarker(rule.Peer, rule.PeerTEID, max(rule.QFI, w.packet.Session.QFI))
	}
}

// gpdu forwards a user's packet, TS 23.501 §5.8.2.
func (w *uplinkWorker) gpdu(from netip.AddrPort) {
	p := w.path
	t := p.byTEID(w.packet.TEID)
	if t == nil {
		p.counters.drop(upf.DropUnknownTEID)
		if local := p.cfg.Local(from.Addr().Is4()); local.IsValid() && p.errors.allow(w.now) { // TS 29.281 §7.3.1
			w.reply = gtpu.AppendErrorIndication(w.reply[:0], w.packet.TEID, local, from.Port())
			p.sendTo(w.reply, from.Addr(), 0)
		}
		return
	}
	o := origin{teid: t.teid, qfi: w.packet.Session.QFI, container: w.packet.Session}
	switch {
	case t.relay:
		w.relay(t.live, o)
	case !t.up:
		b := w.room(len(w.packet.Payload))
		copy(b[gtpu.Headroom:], w.packet.Payload)
		if w.toTunnel(t.live, o, b) {
			w.out.Add(1)
		}
	default:
		w.fromUE(t.live, o)
	}
}

// relay moves a packet of an indirect data forwarding tunnel into the next one as it is, TS 23.501 §5.8.2.12.
func (w *uplinkWorker) relay(l *live, o origin) {
	r := l.rules.Load()
	i, why := r.FindAny(o.teid, o.qfi, "")
	if i < 0 {
		w.path.counters.drop(why)
		return
	}
	if w.admit(l, r, i, len(w.packet.Payload)) {
		w.pass(l, r, i, w.packet.Payload, o)
	}
}

// pass copies a packet into the tunnel of a rule that it may pass.
func (w *uplinkWorker) pass(l *live, r *rules, i int, packet []byte, o origin) {
	b := w.room(len(packet))
	copy(b[gtpu.Headroom:], packet)
	if !w.encapsulate(b, &r.Rules[i], o) {
		w.path.counters.drop(upf.DropNoTunnel)
		return
	}
	w.out.Add(1)
	w.path.count(l, r, i, len(packet), false)
}

// fromUE moves a packet of a UE to its data network, to another UE of it, or into the tunnel of another UPF.
func (w *uplinkWorker) fromUE(l *live, o origin) {
	p, r := w.path, l.rules.Load()
	packet, i, why := w.identify(r, o, w.packet.Payload)
	if packet != nil && !r.Ethernet() && !r.Unstructured() && linkLocal(&w.flow) {
		w.linkLocal(l, r, packet)
		return
	}
	if i < 0 {
		if why == upf.DropNoRule && !r.carries(o) {
			why = upf.DropQFI
		}
		p.counters.drop(why)
		return
	}
	if !w.admit(l, r, i, len(packet)) {
		return
	}
	rule := &r.Rules[i]
	switch {
	case rule.PeerPort != 0:
		w.toServer(l, r, i, packet)
	case rule.Peer.IsValid():
		w.pass(l, r, i, packet, o)
	case r.Ethernet():
		w.bridge(l, r, i, packet)
	default:
		w.toNetwork(l, r, i, packet)
	}
}

// carries tells whether any rule of the tunnel has the QFI.
func (r *rules) carries(o origin) bool {
	i, _ := r.FindAny(o.teid, o.qfi, "")
	return i >= 0
}

// toNetwork gives a packet to the data network of a rule.
func (w *uplinkWorker) toNetwork(l *live, r *rules, i int, packet []byte) {
	p, rule := w.path, &r.Rules[i]
	t := p.byName[rule.Network]
	if t == nil || rule.To != pfcp.InterfaceCore {
		p.counters.drop(upf.DropNoTunnel)
		return
	}
	if other := p.byAddress(w.flow.Remote); other != nil && other.serves(rule.Network) {
		switch t.network.UEToUE {
		case upf.UEToUEDeny:
			p.counters.drop(upf.DropUEToUE)
			return
		case upf.UEToUEAllow:
			p.count(l, r, i, len(packet), false)
			w.toUE(other, t, packet)
			return
		}
	}
	octets := len(packet)
	if rule.MarkMask != 0 {
		mark(packet, rule.Mark, rule.MarkMask)
	}
	if !p.translator.outbound(t, packet, &w.flow, w.now) {
		p.counters.drop(upf.DropNAT)
		return
	}
	if !p.give(t, packet) {
		p.counters.drop(upf.DropSend)
		return
	}
	w.out.Add(1)
	p.count(l, r, i, octets, false)
}

// give writes a packet to a data network.
func (p *Path) give(t *tun, packet []byte) bool {
	if p.output != nil {
		p.output.Packet(t.network.DNN, packet)
		return true
	}
	return t.write(packet)
}
