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

// uplink moves packets from N3 until ctx ends.
func (p *Path) uplink(ctx context.Context) error {
	r := newReceiver(p.n3raw)
	w := &uplinkWorker{path: p}
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
	}
}

// uplinkWorker is the state of one reader of N3.
type uplinkWorker struct {
	path   *Path
	now    int64
	packet gtpu.Packet
	flow   upf.Flow
	out    []byte // for what is answered or sent into another tunnel
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
		w.out = gtpu.AppendEchoResponse(w.out[:0], w.packet.Sequence)
		p.send(w.out, from)
	case gtpu.ErrorIndication:
		w.errorIndication()
	case gtpu.EndMarker:
		p.counters.signalling.Add(1)
		w.endMarker()
	case gtpu.EchoResponse, gtpu.SupportedExtensionHeadersNotification:
		p.counters.signalling.Add(1)
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
		w.out = gtpu.AppendSupportedExtensions(w.out[:0], w.packet.Sequence)
		w.path.send(w.out, netip.AddrPortFrom(from.Addr(), gtpu.Port))
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

// endMarker passes an end marker on that came through a forwarding tunnel, TS 23.501 §5.8.2.9: after it nothing comes.
func (w *uplinkWorker) endMarker() {
	l := w.path.byTEID(w.packet.TEID)
	if l == nil {
		return
	}
	r := l.rules.Load()
	for i := range r.Rules {
		if rule := &r.Rules[i]; rule.TEID == w.packet.TEID && rule.Relay() && rule.Peer.IsValid() {
			w.path.EndMarker(rule.Peer, rule.PeerTEID, w.packet.Session.QFI)
			return
		}
	}
}

// gpdu forwards a user's packet, TS 23.501 §5.8.2.
func (w *uplinkWorker) gpdu(from netip.AddrPort) {
	p := w.path
	l := p.byTEID(w.packet.TEID)
	if l == nil {
		p.counters.drop(upf.DropUnknownTEID)
		if p.errors.allow(w.now) { // TS 29.281 §7.3.1
			w.out = gtpu.AppendErrorIndication(w.out[:0], w.packet.TEID, p.cfg.N3, from.Port())
			p.send(w.out, netip.AddrPortFrom(from.Addr(), gtpu.Port))
		}
		return
	}
	packet, ok := upf.ParseFlow(w.packet.Payload, true, &w.flow)
	if !ok {
		p.counters.drop(upf.DropMalformed)
		return
	}
	r := l.rules.Load()
	i, why := r.FindUplink(w.packet.TEID, w.packet.Session.QFI, &w.flow)
	if i < 0 {
		p.counters.drop(why)
		return
	}
	rule := &r.Rules[i]
	if why, ok := admit(rule, &r.work[i], len(packet), w.now); !ok {
		p.counters.drop(why)
		return
	}
	if w.forward(rule, packet) {
		p.counters.upOut.Add(1)
		count(&r.work[i], true, len(packet))
	}
}

// forward sends a packet to its data network or into the next tunnel.
func (w *uplinkWorker) forward(rule *upf.Rule, packet []byte) bool {
	p := w.path
	if rule.Peer.IsValid() {
		w.out = append(append(w.out[:0], make([]byte, gtpu.Headroom)...), packet...)
		container := gtpu.PDUSession{Type: gtpu.Uplink, QFI: rule.QFI}
		if rule.Relay() { // as it came
			container = gtpu.PDUSession{Type: w.packet.Session.Type, QFI: w.packet.Session.QFI, RQI: w.packet.Session.RQI}
		}
		gtpu.Encapsulate(w.out, gtpu.Headroom, rule.PeerTEID, container)
		return p.send(w.out, netip.AddrPortFrom(rule.Peer, gtpu.Port))
	}
	t := p.byName[rule.Network]
	if t == nil || rule.To != pfcp.InterfaceCore {
		p.counters.drop(upf.DropNoTunnel)
		return false
	}
	if p.output != nil {
		p.output.Packet(rule.Network, packet)
		return true
	}
	if !t.write(packet) {
		p.counters.drop(upf.DropSend)
		return false
	}
	return true
}

// admit holds a packet to the action, the gates and the rates of its rule. A packet to be buffered is no concern of it.
func admit(rule *upf.Rule, w *work, octets int, now int64) (upf.Drop, bool) {
	if rule.Action&pfcp.ApplyFORW == 0 {
		return upf.DropAction, false
	}
	if !w.gate {
		return upf.DropGate, false
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

func count(w *work, uplink bool, octets int) {
	for _, u := range w.counters {
		add(u, uplink, octets)
	}
}
