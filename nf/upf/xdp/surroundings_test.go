package xdp

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"

	"github.com/limpid-5g/limpid/nf/upf/soft"
	"github.com/limpid-5g/limpid/wire/gtpu"
)

// surroundings is the kernel around a path in user space: what it does with a frame before the path gets it, and with
// what the path sends. What leaves, and what the kernel would answer itself, is noted.
type surroundings struct {
	path *soft.Offline
	out  []string
}

// outerOctets is what a tunnel adds: IPv4, UDP, GTP-U with a container.
const outerOctets = 20 + 8 + 16

// frame comes in.
func (s *surroundings) frame(b []byte) {
	if payload, from, ok := n3Payload(b); ok {
		s.path.Uplink(payload, netip.AddrPortFrom(from, gtpu.Port))
		return
	}
	packet, destination, ok := routable(b)
	if !ok {
		return
	}
	for _, n := range networks {
		for _, pool := range n.Pools {
			if !pool.Contains(destination) {
				continue
			}
			switch packet := append([]byte(nil), packet...); {
			case !lower(packet):
				s.note("time to live")
			case len(packet) > n.MTU:
				s.note("too big")
			default:
				s.path.Downlink(n.DNN, packet)
			}
		}
	}
}

// Datagram goes out of N3.
func (s *surroundings) Datagram(to netip.AddrPort, b []byte, class uint8) {
	if to.Addr().Is6() {
		b = udp6(n3Addr6, to.Addr(), b)
		b[0], b[1] = 0x60|class>>4, class<<4
		s.route(to.Addr(), b)
		return
	}
	b = ipv4(n3Addr, to.Addr(), 17, 64, udp(gtpu.Port, to.Port(), b))
	b[1] = class
	copy(b[4:], []byte{0, 0, 0x40, 0, 64, 17, 0, 0}) // no id, not to be fragmented
	binary.BigEndian.PutUint16(b[10:], checksum(b[:20]))
	s.route(to.Addr(), b)
}

// Packet goes to a data network.
func (s *surroundings) Packet(network string, b []byte) {
	b = append([]byte(nil), b...)
	if !lower(b) {
		s.note("time to live")
		return
	}
	if b[0]>>4 == 4 {
		s.route(netip.AddrFrom4([4]byte(b[16:20])), b)
	} else {
		s.route(netip.AddrFrom16([16]byte(b[24:40])), b)
	}
}

// route sends a packet on.
func (s *surroundings) route(to netip.Addr, b []byte) {
	port, mac, mtu := routeFor(to)
	switch {
	case mac == nil:
		s.note("no next hop to " + to.String())
	case len(b) > mtu:
		s.note("too big")
	default:
		from := oneMAC
		if port == 2 {
			from = twoMAC
		}
		frame := ethernet(mac, from, b)
		s.leaves(port, frame[:14+len(b)])
	}
}

func (s *surroundings) leaves(port int, frame []byte) {
	s.note(fmt.Sprintf("port %d: %x", port, frame))
}
func (s *surroundings) note(what string) { s.out = append(s.out, what) }

// lower takes one from the time to live; false if that ends the packet.
func lower(b []byte) bool {
	if b[0]>>4 == 6 {
		b[7]--
		return b[7] > 0 && b[7] < 255
	}
	if b[8] <= 1 {
		return false
	}
	b[8]-- // RFC 1141, as the kernel does it
	sum := uint32(binary.BigEndian.Uint16(b[10:])) + 0x100
	if sum >= 0xffff {
		sum++
	}
	binary.BigEndian.PutUint16(b[10:], uint16(sum))
	return true
}

// routable is the IP packet of a frame that the kernel would forward.
func routable(b []byte) (packet []byte, to netip.Addr, ok bool) {
	if len(b) < 34 || b[0]&1 != 0 {
		return nil, to, false
	}
	packet = b[14:]
	switch binary.BigEndian.Uint16(b[12:]) {
	case 0x0800:
		total, header := int(binary.BigEndian.Uint16(packet[2:])), int(packet[0]&0xf)*4
		if packet[0]>>4 != 4 || header < 20 || total < header || total > len(packet) {
			return nil, to, false
		}
		return packet[:total], netip.AddrFrom4([4]byte(packet[16:20])), true
	case 0x86dd:
		if len(packet) < 40 || packet[0]>>4 != 6 || 40+int(binary.BigEndian.Uint16(packet[4:])) > len(packet) {
			return nil, to, false
		}
		return packet[:40+int(binary.BigEndian.Uint16(packet[4:]))], netip.AddrFrom16([16]byte(packet[24:40])), true
	}
	return nil, to, false
}

// n3Payload is the datagram that the socket on N3 would get.
func n3Payload(frame []byte) ([]byte, netip.Addr, bool) {
	ip, to, ok := routable(frame)
	if ok && to == n3Addr6 && ip[6] == 17 && len(ip) >= 48 && binary.BigEndian.Uint16(ip[42:]) == gtpu.Port && int(binary.BigEndian.Uint16(ip[44:])) == len(ip)-40 &&
		ip[46]|ip[47] != 0 && sum6(ip) == 0 {
		return ip[48:], netip.AddrFrom16([16]byte(ip[8:24])), true
	}
	if !ok || to != n3Addr || ip[0] != 0x45 || ip[9] != 17 || len(ip) < 28 || binary.BigEndian.Uint16(ip[6:])&0x3fff != 0 {
		return nil, to, false
	}
	datagram := int(binary.BigEndian.Uint16(ip[24:]))
	if binary.BigEndian.Uint16(ip[22:]) != gtpu.Port || len(ip) != datagram+20 || datagram < 8 {
		return nil, to, false
	}
	return ip[28:], netip.AddrFrom4([4]byte(ip[12:16])), true
}

// routeFor is the route of around.
func routeFor(a netip.Addr) (port int, mac net.HardwareAddr, mtu int) {
	v := around(1, 2)
	if a.Is4() {
		if o := a.As4()[0]; o == 0 || o == 127 || o >= 224 {
			return 0, nil, 0
		}
	}
	r, ok := v.reach(0, a)
	if !ok {
		return 0, nil, 0
	}
	return r.ifindex, r.to, r.mtu
}
