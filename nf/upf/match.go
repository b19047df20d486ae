package upf

import (
	"encoding/binary"
	"net/netip"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// IP protocol numbers that a filter looks into.
const (
	protoHopByHop = 0
	protoICMP     = 1
	protoTCP      = 6
	protoUDP      = 17
	protoDCCP     = 33
	protoRouting  = 43
	protoFragment = 44
	protoESP      = 50
	protoAH       = 51
	protoICMPv6   = 58
	protoOptions  = 60
	protoSCTP     = 132
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
		body = b[header:]
		if place := binary.BigEndian.Uint16(b[6:]) & 0x3fff; place != 0 {
			f.Fragment, f.First = place&0x1fff != 0, place == 0x2000
			f.ID = uint32(binary.BigEndian.Uint16(b[4:]))
		}
	case 6:
		if len(b) < 40 || 40+int(binary.BigEndian.Uint16(b[4:])) > len(b) {
			return nil, false
		}
		b = b[:40+int(binary.BigEndian.Uint16(b[4:]))]
		src, dst = netip.AddrFrom16([16]byte(b[8:24])), netip.AddrFrom16([16]byte(b[24:40]))
		f.TrafficClass, f.FlowLabel = byte(binary.BigEndian.Uint16(b)>>4), binary.BigEndian.Uint32(b)&0xfffff
		body = f.extensions(b[6], b[40:])
	default:
		return nil, false
	}
	f.Local, f.Remote = dst, src
	if uplink {
		f.Local, f.Remote = src, dst
	}
	if !f.Fragment {
		f.upper(body, uplink)
	}
	return b, true
}

// extensions walks over the extension headers of IPv6 to the upper layer, RFC 8200 §4. What is cut is left unknown.
func (f *Flow) extensions(kind byte, b []byte) []byte {
	for {
		f.Protocol = kind
		switch kind {
		case protoHopByHop, protoRouting, protoOptions:
			if len(b) < 8 || len(b) < 8+8*int(b[1]) {
				return nil
			}
			kind, b = b[0], b[8+8*int(b[1]):]
		case protoFragment:
			if len(b) < 8 {
				return nil
			}
			place := binary.BigEndian.Uint16(b[2:])
			f.Fragment, f.First = place&^7 != 0, place == 1
			f.ID = binary.BigEndian.Uint32(b[4:])
			kind, b = b[0], b[8:]
			if f.Fragment {
				f.Protocol = kind
				return nil
			}
		default:
			return b
		}
	}
}

// upper reads the first octets above IP.
func (f *Flow) upper(body []byte, uplink bool) {
	switch f.Protocol {
	case protoTCP, protoUDP, protoDCCP, protoSCTP:
		if len(body) < 4 {
			return
		}
		f.HasPorts = true
		f.RemotePort, f.LocalPort = binary.BigEndian.Uint16(body), binary.BigEndian.Uint16(body[2:])
		if uplink {
			f.RemotePort, f.LocalPort = f.LocalPort, f.RemotePort
		}
		if f.Protocol == protoTCP && len(body) >= 14 {
			f.HasUpper, f.Flags = true, body[13]&0x3f
		}
	case protoICMP, protoICMPv6:
		if len(body) >= 1 {
			f.HasUpper, f.ICMPType = true, body[0]
		}
	case protoESP:
		if len(body) >= 4 {
			f.HasSPI, f.SPI = true, binary.BigEndian.Uint32(body)
		}
	case protoAH:
		if len(body) >= 8 {
			f.HasSPI, f.SPI = true, binary.BigEndian.Uint32(body[4:])
		}
	}
}

// FindUplink returns the index of the first rule that a packet from the tunnel matches. A packet whose end at the UE's
// side is not the UE's address matches none.
func (s *Session) FindUplink(teid uint32, qfi uint8, f *Flow) (int, Drop) {
	why := DropNoRule
	for i := range s.Rules {
		r := &s.Rules[i]
		if r.TEID != teid || !r.carries(qfi) {
			continue
		}
		if !r.Relay() && !s.owns(r, f.Local) {
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

// FromUE tells whether packets of one of the session's tunnels come from the UE's side: all rules of a tunnel say the
// same.
func (s *Session) FromUE(teid uint32) bool {
	for i := range s.Rules {
		if s.Rules[i].TEID == teid {
			return s.Rules[i].Uplink()
		}
	}
	return true
}

func (r *Rule) carries(qfi uint8) bool { return r.QFIs == 0 || r.QFIs>>qfi&1 != 0 }

// owns tells whether the address is the UE's or of a network behind it: by the rule's own addresses, or by the session's
// if the rule has none.
func (s *Session) owns(r *Rule, a netip.Addr) bool {
	if holds(r.Framed, a) || len(r.Framed) == 0 && holds(s.Framed, a) {
		return true
	}
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

func holds(list []netip.Prefix, a netip.Addr) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
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
