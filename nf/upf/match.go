package upf

import (
	"encoding/binary"
	"net/netip"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// IP protocol numbers whose header begins with two ports.
const (
	protoTCP  = 6
	protoUDP  = 17
	protoDCCP = 33
	protoSCTP = 132
)

// ParseFlow reads the IP header of a user's packet; uplink says which end is the UE's. It returns the packet without
// octets beyond its own length, and false for what is no whole IP packet.
func ParseFlow(b []byte, uplink bool, f *Flow) ([]byte, bool) {
	if len(b) < 20 {
		return nil, false
	}
	*f = Flow{}
	var src, dst netip.Addr
	var body []byte
	switch b[0] >> 4 {
	case 4:
		header, total := int(b[0]&0xf)*4, int(binary.BigEndian.Uint16(b[2:]))
		if header < 20 || total < header || total > len(b) {
			return nil, false
		}
		b = b[:total]
		src, dst = netip.AddrFrom4([4]byte(b[12:16])), netip.AddrFrom4([4]byte(b[16:20]))
		f.Protocol, f.TrafficClass = b[9], b[1]
		if binary.BigEndian.Uint16(b[6:])&0x1fff == 0 { // later fragments have no ports
			body = b[header:]
		}
	case 6:
		if len(b) < 40 || 40+int(binary.BigEndian.Uint16(b[4:])) > len(b) {
			return nil, false
		}
		b = b[:40+int(binary.BigEndian.Uint16(b[4:]))]
		src, dst = netip.AddrFrom16([16]byte(b[8:24])), netip.AddrFrom16([16]byte(b[24:40]))
		f.Protocol, f.TrafficClass = b[6], byte(binary.BigEndian.Uint16(b)>>4)
		body = b[40:]
	default:
		return nil, false
	}
	f.Local, f.Remote = dst, src
	if uplink {
		f.Local, f.Remote = src, dst
	}
	f.ports(body, uplink)
	return b, true
}

func (f *Flow) ports(body []byte, uplink bool) {
	switch f.Protocol {
	case protoTCP, protoUDP, protoDCCP, protoSCTP:
	default:
		return
	}
	if len(body) < 4 {
		return
	}
	f.HasPorts = true
	f.RemotePort, f.LocalPort = binary.BigEndian.Uint16(body), binary.BigEndian.Uint16(body[2:])
	if uplink {
		f.RemotePort, f.LocalPort = f.LocalPort, f.RemotePort
	}
}

// FindUplink returns the index of the first rule that a packet from the tunnel matches. A packet whose source is not
// the UE's address matches none.
func (s *Session) FindUplink(teid uint32, qfi uint8, f *Flow) (int, Drop) {
	why := DropNoRule
	for i := range s.Rules {
		r := &s.Rules[i]
		if r.TEID != teid || !r.carries(qfi) {
			continue
		}
		if !s.owns(r, f.Local) {
			why = DropSpoofed
			continue
		}
		if r.passes(f) {
			return i, 0
		}
	}
	return -1, why
}

// FindDownlink returns the index of the first rule that a packet from a data network matches.
func (s *Session) FindDownlink(network string, f *Flow) (int, Drop) {
	for i := range s.Rules {
		r := &s.Rules[i]
		if r.Source == pfcp.InterfaceAccess || r.TEID != 0 || r.Network != network {
			continue
		}
		if s.owns(r, f.Local) && r.passes(f) {
			return i, 0
		}
	}
	return -1, DropNoRule
}

func (r *Rule) carries(qfi uint8) bool { return r.QFIs == 0 || r.QFIs>>qfi&1 != 0 }

// owns tells whether the address is the UE's: by the rule's own addresses, or by the session's if the rule has none.
func (s *Session) owns(r *Rule, a netip.Addr) bool {
	if a.Is4() {
		if r.UE4.IsValid() {
			return r.UE4 == a
		}
		return s.UE4 == a
	}
	if r.UE6.IsValid() {
		return r.UE6.Contains(a)
	}
	return s.UE6.Contains(a)
}

func (r *Rule) passes(f *Flow) bool {
	if len(r.Filters) == 0 {
		return true
	}
	for i := range r.Filters {
		if r.Filters[i].Match(f) {
			return true
		}
	}
	return false
}
