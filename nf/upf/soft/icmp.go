package soft

import (
	"encoding/binary"
	"net/netip"

	"github.com/limpid-5g/limpid/nf/upf"
)

const (
	protoICMP   = 1
	protoUDP    = 17
	protoICMPv6 = 58
)

// routerAddress is the link-local address of the UPF towards every UE, TS 23.501 §5.8.2.2.3.
func routerAddress() netip.Addr { return netip.AddrFrom16([16]byte{0xfe, 0x80, 15: 1}) }

// linkLocal tells whether an IPv6 packet stays on the link between the UE and the UPF.
func linkLocal(f *upf.Flow) bool {
	return f.Local.Is6() && (f.Local.IsLinkLocalUnicast() || f.Local.IsUnspecified() || f.Remote.IsLinkLocalUnicast() || f.Remote.IsLinkLocalMulticast())
}

// routerSolicitation is the ICMPv6 type of RFC 4861 §4.1.
const routerSolicitation = 133

// linkLocal answers a Router Solicitation and drops all else of link-local scope: nobody but the UPF is on the link.
func (w *uplinkWorker) linkLocal(l *live, r *rules, packet []byte) {
	p := w.path
	if w.flow.Protocol != protoICMPv6 || w.flow.ICMPType != routerSolicitation || packet[7] != 255 || !r.UE6.IsValid() {
		p.counters.drop(upf.DropLinkLocal)
		return
	}
	p.counters.signalling.Add(1)
	if p.errors.allow(w.now) {
		p.toGNB(l, "", advertisement(r.Session, p.mtu(r.Session)))
	}
}

// mtu is that of the session's data network, octets.
func (p *Path) mtu(s *upf.Session) int {
	for i := range s.Rules {
		if t := p.byName[s.Rules[i].Network]; t != nil {
			return t.network.MTU
		}
	}
	return 1280
}

// advertise sends a Router Advertisement once a UE with an IPv6 prefix can be reached, so that it need not ask; l.mu is
// held.
func (p *Path) advertise(l *live, r *rules) {
	if l.advertised || !r.UE6.IsValid() || r.Ethernet() || r.Unstructured() {
		return
	}
	l.advertised = p.toGNB(l, "", advertisement(r.Session, p.mtu(r.Session)))
}

// advertisement is a Router Advertisement with the session's prefix for autonomous configuration, not on link, for ever:
// it is the session's as long as that lives, RFC 4861 §4.2 and TS 23.501 §5.8.2.2.3.
func advertisement(s *upf.Session, mtu int) []byte {
	b := []byte{134, 0, 0, 0, 64, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0}
	prefix := s.UE6.Addr().As16()
	b = append(b, 3, 4, 64, 0x40, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0)
	b = append(b, prefix[:8]...)
	b = append(b, make([]byte, 8)...)
	b = binary.BigEndian.AppendUint32(append(b, 5, 1, 0, 0), uint32(mtu))
	return icmpv6(routerAddress(), netip.IPv6LinkLocalAllNodes(), 255, b)
}

// icmpv6 puts IPv6 before an ICMPv6 message and writes its checksum, RFC 4443 §2.3.
func icmpv6(from, to netip.Addr, hopLimit byte, message []byte) []byte {
	b := make([]byte, 40, 40+len(message))
	b[0], b[6], b[7] = 0x60, protoICMPv6, hopLimit
	binary.BigEndian.PutUint16(b[4:], uint16(len(message)))
	src, dst := from.As16(), to.As16()
	copy(b[8:], src[:])
	copy(b[24:], dst[:])
	b = append(b, message...)
	s := sum(uint64(len(message))+protoICMPv6, b[8:40])
	binary.BigEndian.PutUint16(b[42:], ^fold(sum(s, b[40:])))
	return b
}

// icmpv4 puts IPv4 before an ICMP message and writes both checksums.
func icmpv4(from, to netip.Addr, message []byte) []byte {
	b := make([]byte, 20, 20+len(message))
	b[0], b[8], b[9] = 0x45, 64, protoICMP
	binary.BigEndian.PutUint16(b[2:], uint16(20+len(message)))
	src, dst := from.As4(), to.As4()
	copy(b[12:], src[:])
	copy(b[16:], dst[:])
	binary.BigEndian.PutUint16(b[10:], ^fold(sum(0, b)))
	b = append(b, message...)
	binary.BigEndian.PutUint16(b[22:], ^fold(sum(0, b[20:])))
	return b
}

// timeExceeded is what the sender of a packet is told, RFC 792 and RFC 4443 §3.3; nil if it is told nothing.
func timeExceeded(n upf.Network, packet []byte) []byte {
	return answer(n, packet, [2]byte{11, 0}, [2]byte{3, 0}, 0)
}

// packetTooBig tells the sender of a packet the MTU, RFC 1191 §4 and RFC 4443 §3.2.
func packetTooBig(n upf.Network, packet []byte) []byte {
	return answer(n, packet, [2]byte{3, 4}, [2]byte{2, 0}, uint32(n.MTU))
}

// answer is an ICMP error about a packet. None is sent about an error, a later fragment, or what goes to many,
// RFC 1122 §3.2.2 and RFC 4443 §2.4.
func answer(n upf.Network, packet []byte, v4, v6 [2]byte, word uint32) []byte {
	var f upf.Flow
	if _, ok := upf.ParseFlow(packet, true, &f); !ok || f.Fragment || f.Remote.IsMulticast() || f.Local.IsUnspecified() {
		return nil
	}
	from := n.Router(f.Local.Is4())
	if f.Local.Is4() {
		informs := f.ICMPType == 0 || f.ICMPType == 8 || f.ICMPType >= 13
		if f.Protocol == protoICMP && !informs {
			return nil
		}
		quote := packet[:min(len(packet), 548)] // RFC 1812 §4.3.2.3: as much as fits 576 octets
		return icmpv4(from, f.Local, append(binary.BigEndian.AppendUint32([]byte{v4[0], v4[1], 0, 0}, word), quote...))
	}
	if f.Protocol == protoICMPv6 && f.ICMPType < 128 {
		return nil
	}
	quote := packet[:min(len(packet), 1280-48)]
	return icmpv6(from, f.Local, 64, append(binary.BigEndian.AppendUint32([]byte{v6[0], v6[1], 0, 0}, word), quote...))
}
