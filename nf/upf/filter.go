package upf

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Filter is a flow description, the IPFilterRule of TS 29.212 §5.4.2 and RFC 6733 §4.3.1, with what an SDF filter adds
// to it: what the far end and the UE's end must be. The zero value matches all.
type Filter struct {
	Protocol                  uint8 // 0: any
	Remote, Local             netip.Prefix
	RemotePorts, LocalPorts   []PortRange
	TrafficClass, TrafficMask uint8 // ToS or traffic class; mask 0: any
	Options                   FilterOptions
}

// FilterOptions is what is rarely asked of a flow. The zero value asks nothing.
type FilterOptions struct {
	NotRemote, NotLocal bool // the ends must be outside their prefixes
	Fragment            bool // not the first fragment of a packet
	HasFlags            bool // of a TCP header
	FlagsSet, FlagsOff  uint8
	FlagsAny            uint8     // one of them is set; 0: does not matter
	HasICMP             bool      // of an ICMP header
	ICMPTypes           [4]uint64 // set of types
	HasSPI              bool
	SPI                 uint32 // of an ESP or AH header
	HasLabel            bool
	FlowLabel           uint32 // of an IPv6 header
}

// PortRange is from First to Last, both included.
type PortRange struct {
	First, Last uint16
}

var errTCPFlags = errors.New("tcpflags are fin, syn, rst, psh, ack and urg, each perhaps with !")

func tcpFlag(name string) (uint8, bool) {
	for i, n := range [...]string{"fin", "syn", "rst", "psh", "ack", "urg"} {
		if n == name {
			return 1 << i, true
		}
	}
	return 0, false
}

// ParseFilter reads "permit out 17 from 192.0.2.0/24 53 to assigned 1024-65535". "out" is towards the UE, so the far
// end stands after "from"; with "in" it stands after "to". Of the options of RFC 6733 §4.3.1 it knows frag,
// established, setup, tcpflags and icmptypes.
func ParseFilter(s string) (Filter, error) {
	w := strings.Fields(s)
	bad := func(what string) (Filter, error) {
		return Filter{}, fmt.Errorf("flow description %q: %s", s, what)
	}
	if len(w) < 7 || w[0] != "permit" || (w[1] != "out" && w[1] != "in") || w[3] != "from" {
		return bad(`want "permit out PROTOCOL from ADDRESS [PORTS] to ADDRESS [PORTS]"`)
	}
	var f Filter
	if w[2] != "ip" {
		n, err := strconv.ParseUint(w[2], 10, 8)
		if err != nil {
			return bad("the protocol is ip or a number from 0 to 255")
		}
		f.Protocol = uint8(n)
	}
	from, rest, err := endpoint(w[4:])
	if err != nil {
		return bad(err.Error())
	}
	if len(rest) < 2 || rest[0] != "to" {
		return bad(`"to" is missing`)
	}
	to, rest, err := endpoint(rest[1:])
	if err != nil {
		return bad(err.Error())
	}
	remote, local := from, to
	if w[1] == "in" {
		remote, local = to, from
	}
	f.Remote, f.RemotePorts, f.Options.NotRemote = remote.prefix, remote.ports, remote.not
	f.Local, f.LocalPorts, f.Options.NotLocal = local.prefix, local.ports, local.not
	if f.Remote.IsValid() && f.Local.IsValid() && f.Remote.Addr().Is4() != f.Local.Addr().Is4() {
		return bad("one end is of IPv4, the other of IPv6")
	}
	if err := f.Options.parse(rest); err != nil {
		return bad(err.Error())
	}
	return f, nil
}

// end is one side of a flow description.
type end struct {
	prefix netip.Prefix
	ports  []PortRange
	not    bool
}

// endpoint reads an address and the ports after it. "any" and "assigned" are no prefix at all: that the UE's end is the
// UE's address is checked for every packet anyway.
func endpoint(w []string) (e end, rest []string, err error) {
	text, not := strings.CutPrefix(w[0], "!")
	e.not = not
	switch {
	case text == "any" || text == "assigned":
		if not {
			return e, nil, fmt.Errorf("%q matches nothing", w[0])
		}
	case strings.Contains(text, "/"):
		if e.prefix, err = netip.ParsePrefix(text); err != nil {
			return e, nil, fmt.Errorf("%q is no prefix", text)
		}
		e.prefix = e.prefix.Masked()
	default:
		a, err := netip.ParseAddr(text)
		if err != nil || a.Zone() != "" {
			return e, nil, fmt.Errorf("%q is no address", text)
		}
		e.prefix = netip.PrefixFrom(a, a.BitLen())
	}
	w = w[1:]
	if len(w) == 0 || w[0][0] < '0' || w[0][0] > '9' {
		return e, w, nil
	}
	for part := range strings.SplitSeq(w[0], ",") {
		first, last, isRange := strings.Cut(part, "-")
		a, err := strconv.ParseUint(first, 10, 16)
		b := a
		if isRange && err == nil {
			b, err = strconv.ParseUint(last, 10, 16)
		}
		if err != nil || b < a {
			return e, nil, fmt.Errorf("%q are no ports", w[0])
		}
		e.ports = append(e.ports, PortRange{uint16(a), uint16(b)})
	}
	return e, w[1:], nil
}

// parse reads the options after the ends.
func (o *FilterOptions) parse(w []string) error {
	for len(w) > 0 {
		name := w[0]
		w = w[1:]
		switch name {
		case "frag":
			o.Fragment = true
		case "established": // RST or ACK
			o.HasFlags, o.FlagsAny = true, 0x14
		case "setup": // SYN and no ACK
			o.HasFlags, o.FlagsSet, o.FlagsOff = true, o.FlagsSet|0x02, o.FlagsOff|0x10
		case "tcpflags", "icmptypes":
			if len(w) == 0 {
				return fmt.Errorf("%s wants a list", name)
			}
			read := o.flags
			if name == "icmptypes" {
				read = o.types
			}
			if err := read(w[0]); err != nil {
				return err
			}
			w = w[1:]
		default:
			return fmt.Errorf("option %q is not supported: frag, established, setup, tcpflags and icmptypes are", name)
		}
	}
	return nil
}

func (o *FilterOptions) flags(list string) error {
	o.HasFlags = true
	for part := range strings.SplitSeq(list, ",") {
		name, not := strings.CutPrefix(part, "!")
		flag, ok := tcpFlag(name)
		if !ok {
			return errTCPFlags
		}
		if not {
			o.FlagsOff |= flag
		} else {
			o.FlagsSet |= flag
		}
	}
	return nil
}

func (o *FilterOptions) types(list string) error {
	o.HasICMP = true
	for part := range strings.SplitSeq(list, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		a, err := strconv.ParseUint(first, 10, 8)
		b, err2 := strconv.ParseUint(last, 10, 8)
		if err != nil || err2 != nil || b < a {
			return fmt.Errorf("%q are no ICMP types", list)
		}
		for t := a; t <= b; t++ {
			o.ICMPTypes[t/64] |= 1 << (t % 64)
		}
	}
	return nil
}

// Flow is what a filter looks at in a packet: the ends by role, not by direction.
type Flow struct {
	Remote, Local         netip.Addr
	RemotePort, LocalPort uint16
	HasPorts              bool // false for protocols without and for later fragments
	Protocol              uint8
	TrafficClass          uint8
	Fragment              bool   // one of several, and not the first
	First                 bool   // one of several, and the first
	Flags                 uint8  // of a TCP header
	ICMPType              uint8  // of an ICMP header
	HasUpper              bool   // Flags or ICMPType are there
	HasSPI                bool   // of an ESP or AH header
	SPI                   uint32 //
	FlowLabel             uint32 // of an IPv6 header
	ID                    uint32 // of the packet that a fragment is of
}

// Match tells whether the flow is the filter's.
func (f *Filter) Match(p *Flow) bool {
	return (f.Protocol == 0 || f.Protocol == p.Protocol) && p.TrafficClass&f.TrafficMask == f.TrafficClass&f.TrafficMask &&
		(!f.Remote.IsValid() || f.Remote.Contains(p.Remote) != f.Options.NotRemote) &&
		(!f.Local.IsValid() || f.Local.Contains(p.Local) != f.Options.NotLocal) &&
		inRanges(f.RemotePorts, p.RemotePort, p.HasPorts) && inRanges(f.LocalPorts, p.LocalPort, p.HasPorts) &&
		(f.Options == FilterOptions{NotRemote: f.Options.NotRemote, NotLocal: f.Options.NotLocal} || f.Options.match(p))
}

func (o *FilterOptions) match(p *Flow) bool {
	switch {
	case o.Fragment && !p.Fragment,
		o.HasFlags && (p.Protocol != protoTCP || !p.HasUpper || p.Flags&o.FlagsSet != o.FlagsSet || p.Flags&o.FlagsOff != 0 ||
			o.FlagsAny != 0 && p.Flags&o.FlagsAny == 0),
		o.HasICMP && (p.Protocol != protoICMP && p.Protocol != protoICMPv6 || !p.HasUpper || o.ICMPTypes[p.ICMPType/64]>>(p.ICMPType%64)&1 == 0),
		o.HasSPI && (!p.HasSPI || p.SPI != o.SPI),
		o.HasLabel && (!p.Remote.Is6() || p.FlowLabel != o.FlowLabel):
		return false
	}
	return true
}

func inRanges(ranges []PortRange, port uint16, has bool) bool {
	if len(ranges) == 0 {
		return true
	}
	for _, r := range ranges {
		if has && port >= r.First && port <= r.Last {
			return true
		}
	}
	return false
}
