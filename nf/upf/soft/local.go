package soft

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
)

// serves tells whether the session has downlink rules of a data network.
func (l *live) serves(network string) bool {
	r := l.rules.Load()
	return slices.ContainsFunc(r.Rules, func(x upf.Rule) bool { return !x.Uplink() && x.TEID == 0 && x.Network == network })
}

// toUE switches a packet of a UE to another UE of its data network, TS 23.501 §5.8.2.13.0, as a router does: the time to
// live goes down, and what is too big is told to the sender.
func (w *uplinkWorker) toUE(other *live, t *tun, packet []byte) {
	p := w.path
	sender := w.flow.Local
	if hops(packet) <= 1 {
		p.counters.drop(upf.DropHopLimit)
		w.tell(sender, t, timeExceeded(t.network, packet))
		return
	}
	if len(packet) > t.network.MTU {
		p.counters.drop(upf.DropTooBig)
		w.tell(sender, t, packetTooBig(t.network, packet))
		return
	}
	b := w.room(len(packet))
	copy(b[gtpu.Headroom:], packet)
	hop(b[gtpu.Headroom:])
	if w.toTunnel(other, origin{network: t.network.DNN}, b) {
		w.out.Add(1)
	}
}

// tell sends an ICMP message to a UE, if there is one to send and not too many were sent.
func (w *uplinkWorker) tell(to netip.Addr, t *tun, message []byte) {
	l := w.path.byAddress(to)
	if message == nil || l == nil || !w.path.errors.allow(w.now) {
		return
	}
	w.path.toGNB(l, t.network.DNN, message)
}

// toGNB sends a packet of the UPF's own to a UE, unless that is idle. It is in no count.
func (p *Path) toGNB(l *live, network string, packet []byte) bool {
	var f upf.Flow
	r := l.rules.Load()
	if _, ok := upf.ParseFlow(packet, false, &f); !ok {
		return false
	}
	i := slices.IndexFunc(r.Rules, func(x upf.Rule) bool {
		return !x.Uplink() && x.Peer.IsValid() && x.PeerPort == 0 && !buffers(&x) && (network == "" || x.TEID != 0 || x.Network == network)
	})
	if i < 0 {
		return false
	}
	b := append(make([]byte, gtpu.Headroom), packet...)
	return p.sendTo(wrap(b, &r.Rules[i], origin{}), r.Rules[i].Peer, r.Rules[i].Mark&r.Rules[i].MarkMask)
}

// hops is the time to live or hop limit of an IP packet.
func hops(b []byte) byte {
	if b[0]>>4 == 4 {
		return b[8]
	}
	return b[7]
}

// hop takes one off, RFC 1812 §5.3.1.
func hop(b []byte) {
	if b[0]>>4 == 6 {
		b[7]--
		return
	}
	was := binary.BigEndian.Uint16(b[8:])
	b[8]--
	adjust(b[10:], was, binary.BigEndian.Uint16(b[8:]))
}

// mark changes the bits of mask in the traffic class of an IP packet.
func mark(b []byte, class, mask byte) {
	was := binary.BigEndian.Uint16(b)
	if b[0]>>4 == 6 {
		c := byte(was>>4)&^mask | class&mask
		binary.BigEndian.PutUint16(b, was&0xf00f|uint16(c)<<4)
		return
	}
	b[1] = b[1]&^mask | class&mask
	adjust(b[10:], was, binary.BigEndian.Uint16(b))
}

// adjust changes a checksum for a word that it covers, RFC 1624 §3.
func adjust(check []byte, was, is uint16) {
	s := uint32(^binary.BigEndian.Uint16(check)) + uint32(^was) + uint32(is)
	s = s>>16 + s&0xffff
	s = s>>16 + s&0xffff
	binary.BigEndian.PutUint16(check, ^uint16(s))
}
