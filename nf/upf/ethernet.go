package upf

import (
	"bytes"
	"encoding/binary"
	"net/netip"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// Ethertypes that a filter looks into.
const (
	etherIPv4 = 0x0800
	etherIPv6 = 0x86dd
	etherCTag = 0x8100
	etherSTag = 0x88a8
)

// Frame is what a filter looks at in an Ethernet frame.
type Frame struct {
	Source, Destination pfcp.MAC
	Ethertype           uint16 // behind the tags
	CTag, STag          Tag
	Flow                Flow // if it holds an IP packet
	IP                  bool
}

// Tag is a VLAN tag.
type Tag struct {
	Present bool
	PCP     uint8
	DEI     bool
	VID     uint16
}

// ParseFrame reads the header of a frame; uplink says which end is the UE's. It returns false for what is cut.
func ParseFrame(b []byte, uplink bool, f *Frame) bool {
	*f = Frame{}
	if len(b) < 14 {
		return false
	}
	f.Destination, f.Source = pfcp.MAC(b[:6]), pfcp.MAC(b[6:12])
	at := 12
	for {
		if len(b) < at+2 {
			return false
		}
		f.Ethertype = binary.BigEndian.Uint16(b[at:])
		tag := &f.CTag
		if f.Ethertype == etherSTag {
			tag = &f.STag
		} else if f.Ethertype != etherCTag {
			break
		}
		if len(b) < at+4 || tag.Present {
			return false
		}
		v := binary.BigEndian.Uint16(b[at+2:])
		*tag = Tag{Present: true, PCP: uint8(v >> 13), DEI: v>>12&1 != 0, VID: v & 0xfff}
		at += 4
	}
	if f.Ethertype == etherIPv4 || f.Ethertype == etherIPv6 {
		_, f.IP = ParseFlow(b[at+2:], uplink, &f.Flow)
	}
	return true
}

// EthernetFilter is an Ethernet packet filter, TS 29.244 §7.5.2.2. The zero value matches all. Addresses are by role:
// those of the UE's side are Local.
type EthernetFilter struct {
	Remote, Local []MACRange
	Ethertype     pfcp.Opt[uint16]
	CTag, STag    pfcp.Opt[pfcp.VLANTag]
	Filters       []Filter
}

// MACRange is from First to Last, both included.
type MACRange struct {
	First, Last pfcp.MAC
}

// Match tells whether the frame is the filter's; uplink says which end is the UE's.
func (e *EthernetFilter) Match(f *Frame, uplink bool) bool {
	local, remote := f.Destination, f.Source
	if uplink {
		local, remote = remote, local
	}
	if !inMACs(e.Local, local) || !inMACs(e.Remote, remote) || !tagged(e.CTag, f.CTag) || !tagged(e.STag, f.STag) {
		return false
	}
	if t, ok := e.Ethertype.Get(); ok && t != f.Ethertype {
		return false
	}
	if len(e.Filters) == 0 {
		return true
	}
	for i := range e.Filters {
		if f.IP && e.Filters[i].Match(&f.Flow) {
			return true
		}
	}
	return false
}

func inMACs(ranges []MACRange, a pfcp.MAC) bool {
	for _, r := range ranges {
		if bytes.Compare(a[:], r.First[:]) >= 0 && bytes.Compare(a[:], r.Last[:]) <= 0 {
			return true
		}
	}
	return len(ranges) == 0
}

func tagged(want pfcp.Opt[pfcp.VLANTag], t Tag) bool {
	w, ok := want.Get()
	return !ok || t.Present && w.VID.Or(t.VID) == t.VID && w.PCP.Or(t.PCP) == t.PCP && w.DEI.Or(t.DEI) == t.DEI
}

// FindFrame returns the index of the first rule that a frame matches: from the tunnel, or with teid 0 from the data
// network.
func (s *Session) FindFrame(teid uint32, qfi uint8, network string, f *Frame) (int, Drop) {
	for i := range s.Rules {
		r := &s.Rules[i]
		if r.TEID != teid || teid != 0 && !r.carries(qfi) || teid == 0 && (r.Uplink() || r.Network != network) {
			continue
		}
		if r.holds(f) {
			return i, 0
		}
	}
	return -1, DropNoRule
}

func (r *Rule) holds(f *Frame) bool {
	if len(r.Ethernet) == 0 {
		return len(r.Filters) == 0 || f.IP && r.passes(&f.Flow)
	}
	for i := range r.Ethernet {
		if r.Ethernet[i].Match(f, r.Uplink()) {
			return true
		}
	}
	return false
}

// FindAny returns the index of the first rule for what nobody looks into: from the tunnel, or with teid 0 from the data
// network, TS 23.501 §5.6.10.3.
func (s *Session) FindAny(teid uint32, qfi uint8, network string) (int, Drop) {
	for i := range s.Rules {
		r := &s.Rules[i]
		if r.TEID == teid && (teid != 0 && r.carries(qfi) || teid == 0 && !r.Uplink() && r.Network == network) {
			return i, 0
		}
	}
	return -1, DropNoRule
}

// framed reads a Framed-Route, RFC 2865 §5.22: a prefix, then a gateway and metrics that do not matter here.
func framed(text string) (netip.Prefix, bool) {
	for i := range len(text) {
		if text[i] == ' ' {
			text = text[:i]
			break
		}
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return netip.Prefix{}, false
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	return p.Masked(), true
}
