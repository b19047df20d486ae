package soft

import (
	"encoding/binary"
	"net/netip"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
)

// source is the session's address for a UDP tunnel to a peer; invalid if it has none of that version.
func source(s *upf.Session, peer netip.Addr) netip.Addr {
	if peer.Is4() {
		return s.UE4
	}
	if !s.UE6.IsValid() {
		return netip.Addr{}
	}
	b := s.UE6.Masked().Addr().As16()
	b[15] |= 1
	return netip.AddrFrom16(b)
}

// unstructuredPort is the UDP port at the UPF's end of a session without structure: the one that the server is sent to.
func unstructuredPort(s *upf.Session) uint16 {
	for i := range s.Rules {
		if s.Rules[i].PeerPort != 0 {
			return s.Rules[i].PeerPort
		}
	}
	return 0
}

// toServer sends what a UE of a session without structure sends, in UDP to its server, TS 23.501 §5.6.10.3.
func (w *uplinkWorker) toServer(l *live, r *rules, i int, payload []byte) {
	p, rule := w.path, &r.Rules[i]
	t := p.byName[rule.Network]
	if t == nil {
		p.counters.drop(upf.DropNoTunnel)
		return
	}
	w.scratch = datagram(w.scratch[:0], source(r.Session, rule.Peer), rule.Peer, rule.PeerPort, payload, rule.Mark&rule.MarkMask)
	if !p.give(t, w.scratch) {
		p.counters.drop(upf.DropSend)
		return
	}
	w.out.Add(1)
	p.count(l, r, i, len(payload), false)
}

// datagram is a UDP packet between two equal ports.
func datagram(dst []byte, from, to netip.Addr, port uint16, payload []byte, class byte) []byte {
	udp := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, port), port)
	udp = append(binary.BigEndian.AppendUint16(udp, uint16(8+len(payload))), 0, 0)
	n := uint16(8 + len(payload))
	var s uint64
	if from.Is4() {
		a, b := from.As4(), to.As4()
		h := []byte{0x45, class, 0, 0, 0, 0, 0, 0, 64, protoUDP, 0, 0}
		binary.BigEndian.PutUint16(h[2:], 20+n)
		h = append(append(h, a[:]...), b[:]...)
		binary.BigEndian.PutUint16(h[10:], ^fold(sum(0, h)))
		dst, s = append(dst, h...), sum(uint64(n)+protoUDP, h[12:])
	} else {
		a, b := from.As16(), to.As16()
		h := []byte{0x60 | class>>4, class << 4, 0, 0, 0, 0, protoUDP, 64}
		binary.BigEndian.PutUint16(h[4:], n)
		h = append(append(h, a[:]...), b[:]...)
		dst, s = append(dst, h...), sum(uint64(n)+protoUDP, h[8:])
	}
	check := ^fold(sum(sum(s, udp), payload))
	if check == 0 {
		check = 0xffff
	}
	binary.BigEndian.PutUint16(udp[6:], check)
	return append(append(dst, udp...), payload...)
}

// unwrap takes IP and UDP off a packet of the server of a session without structure. It keeps the headroom.
func (w *downlinkWorker) unwrap(b []byte, r *rules) ([]byte, bool) {
	if w.flow.Protocol != protoUDP || w.flow.Fragment || w.flow.First || w.flow.LocalPort != unstructuredPort(r.Session) || !known(r.Session, w.flow.Remote) {
		return nil, false
	}
	packet := b[gtpu.Headroom:]
	header := int(packet[0]&0xf) * 4
	if packet[0]>>4 == 6 {
		if header = 40; packet[6] != protoUDP {
			return nil, false
		}
	}
	if len(packet) < header+8 {
		return nil, false
	}
	n := copy(packet, packet[header+8:])
	return b[:gtpu.Headroom+n], true
}

// known tells whether an address is the server of the session.
func known(s *upf.Session, a netip.Addr) bool {
	for i := range s.Rules {
		if s.Rules[i].PeerPort != 0 && s.Rules[i].Peer == a {
			return true
		}
	}
	return false
}
