package upf

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Filter is a flow description, the IPFilterRule of TS 29.212 §5.4.2: what the far end and the UE's end must be.
type Filter struct {
	Protocol                  uint8 // 0: any
	Remote, Local             netip.Prefix
	RemotePorts, LocalPorts   []PortRange
	TrafficClass, TrafficMask uint8 // ToS or traffic class; mask 0: any
}

// PortRange is from First to Last, both included.
type PortRange struct {
	First, Last uint16
}

// ParseFilter reads "permit out 17 from 192.0.2.0/24 53 to assigned 1024-65535". "out" is towards the UE, so the far
// end stands after "from"; with "in" it stands after "to".
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
	from, fromPorts, rest, err := endpoint(w[4:])
	if err != nil {
		return bad(err.Error())
	}
	if len(rest) < 2 || rest[0] != "to" {
		return bad(`"to" is missing`)
	}
	to, toPorts, rest, err := endpoint(rest[1:])
	if err != nil {
		return bad(err.Error())
	}
	if len(rest) > 0 {
		return bad("options are not supported: " + rest[0])
	}
	f.Remote, f.RemotePorts, f.Local, f.LocalPorts = from, fromPorts, to, toPorts
	if w[1] == "in" {
		f.Remote, f.RemotePorts, f.Local, f.LocalPorts = to, toPorts, from, fromPorts
	}
	return f, nil
}

// endpoint reads an address and the ports after it. "any" and "assigned" are no prefix at all: that the UE's end is the
// UE's address is checked for every packet anyway.
func endpoint(w []string) (p netip.Prefix, ports []PortRange, rest []string, err error) {
	switch {
	case w[0] == "any" || w[0] == "assigned":
	case strings.Contains(w[0], "/"):
		if p, err = netip.ParsePrefix(w[0]); err != nil {
			return p, nil, nil, fmt.Errorf("%q is no prefix", w[0])
		}
		p = p.Masked()
	default:
		a, err := netip.ParseAddr(w[0])
		if err != nil {
			return p, nil, nil, fmt.Errorf("%q is no address", w[0])
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	w = w[1:]
	if len(w) == 0 || w[0][0] < '0' || w[0][0] > '9' {
		return p, nil, w, nil
	}
	for part := range strings.SplitSeq(w[0], ",") {
		first, last, isRange := strings.Cut(part, "-")
		a, err := strconv.ParseUint(first, 10, 16)
		b := a
		if isRange && err == nil {
			b, err = strconv.ParseUint(last, 10, 16)
		}
		if err != nil || b < a {
			return p, nil, nil, fmt.Errorf("%q are no ports", w[0])
		}
		ports = append(ports, PortRange{uint16(a), uint16(b)})
	}
	return p, ports, w[1:], nil
}

// Flow is what a filter looks at in a packet: the ends by role, not by direction.
type Flow struct {
	Remote, Local         netip.Addr
	RemotePort, LocalPort uint16
	HasPorts              bool // false for protocols without and for later fragments
	Protocol              uint8
	TrafficClass          uint8
}

// Match tells whether the flow is the filter's.
func (f *Filter) Match(p *Flow) bool {
	return (f.Protocol == 0 || f.Protocol == p.Protocol) && p.TrafficClass&f.TrafficMask == f.TrafficClass&f.TrafficMask &&
		(!f.Remote.IsValid() || f.Remote.Contains(p.Remote)) && (!f.Local.IsValid() || f.Local.Contains(p.Local)) &&
		inRanges(f.RemotePorts, p.RemotePort, p.HasPorts) && inRanges(f.LocalPorts, p.LocalPort, p.HasPorts)
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
