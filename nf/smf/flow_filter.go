package smf

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// flowFilter is one IPFilterRule of TS 29.212 §5.4.2, or a description of frames, in the downlink direction: source is the
// remote end.
type flowFilter struct {
	frame         npcf.EthFlow // zero: it is about IP packets
	protocol      int16        // -1: any
	remote        netip.Prefix
	remotePorts   portRange
	localPorts    portRange // at the UE
	remoteLimited bool      // remote is not "any"
}

// portRange is inclusive; the zero range is every port.
type portRange struct{ low, high uint16 }

const maxPortRanges = 8

// parseFlowDescription reads "permit out <protocol> from <remote> [ports] to <UE> [ports]", where the UE is "assigned"
// or "any" and ports are numbers and ranges with commas between. A list of ports gives one filter for each.
func parseFlowDescription(text string) ([]flowFilter, error) {
	bad := func(why string) ([]flowFilter, error) {
		return nil, fmt.Errorf("flow description %q: %s, want such as \"permit out 17 from 198.51.100.0/24 53 to assigned\" (TS 29.212 §5.4.2)", text, why)
	}
	if npcf.IsEthFlow(text) {
		frame, err := npcf.ParseEthFlow(text)
		return []flowFilter{{frame: frame, protocol: -1}}, err
	}
	w := strings.Fields(text)
	if len(w) < 7 || w[0] != "permit" || w[1] != "out" || w[3] != "from" {
		return bad("not \"permit out ... from ... to ...\"")
	}
	f := flowFilter{protocol: -1}
	if w[2] != "ip" {
		n, err := strconv.ParseUint(w[2], 10, 8)
		if err != nil {
			return bad("the protocol is not \"ip\" or a number up to 255")
		}
		f.protocol = int16(n)
	}
	if w[4] != "any" {
		p, err := parsePrefix(w[4])
		if err != nil {
			return bad("the remote address is none")
		}
		f.remote, f.remoteLimited = p, true
	}
	w = w[5:]
	remotePorts, w, err := takePorts(w, "to")
	if err != nil {
		return bad(err.Error())
	}
	if len(w) < 2 || w[0] != "to" || w[1] != "assigned" && w[1] != "any" {
		return bad("the UE's address is not \"assigned\"")
	}
	localPorts, w, err := takePorts(w[2:], "")
	if err != nil {
		return bad(err.Error())
	}
	if len(w) != 0 {
		return bad("there is more after the UE's ports")
	}
	var list []flowFilter
	for _, r := range remotePorts {
		for _, l := range localPorts {
			f.remotePorts, f.localPorts = r, l
			list = append(list, f)
		}
	}
	return list, nil
}

func parsePrefix(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		a, err := netip.ParseAddr(s)
		if err != nil {
			return p, err
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	if p.Addr().Is4In6() || strings.Contains(s, "%") {
		return p, fmt.Errorf("%s is an IPv4 address as IPv6, or has a zone", s)
	}
	return p.Masked(), nil
}

// possible tells whether a packet of the session could match.
func (f *flowFilter) possible(can abilities) bool {
	if f.ofFrames() {
		return can.ethernet
	}
	if !f.remoteLimited {
		return can.ipv4 || can.ipv6
	}
	return f.remote.Addr().Is4() && can.ipv4 || f.remote.Addr().Is6() && can.ipv6
}

// takePorts reads a list of ports, if the next word is one; else every port.
func takePorts(w []string, until string) ([]portRange, []string, error) {
	if len(w) == 0 || w[0] == until {
		return []portRange{{}}, w, nil
	}
	var list []portRange
	for part := range strings.SplitSeq(w[0], ",") {
		low, high, ranged := strings.Cut(part, "-")
		if !ranged {
			high = low
		}
		l, err1 := strconv.ParseUint(low, 10, 16)
		h, err2 := strconv.ParseUint(high, 10, 16)
		if err1 != nil || err2 != nil || l > h {
			return nil, nil, fmt.Errorf("%q is no port or range of ports", part)
		}
		if len(list) == maxPortRanges {
			return nil, nil, fmt.Errorf("more than %d ranges of ports", maxPortRanges)
		}
		list = append(list, portRange{uint16(l), uint16(h)})
	}
	return list, w[1:], nil
}

// components is the filter for the UE, TS 24.501 §9.11.4.13.
func (f flowFilter) components() []gsm.Component {
	var list []gsm.Component
	if f.remoteLimited {
		list = append(list, gsm.PrefixComponent(f.remote, true))
	}
	if f.protocol >= 0 {
		list = append(list, gsm.ProtocolComponent(uint8(f.protocol)))
	}
	if f.localPorts != (portRange{}) {
		list = append(list, gsm.PortComponent(f.localPorts.low, f.localPorts.high, false))
	}
	if f.remotePorts != (portRange{}) {
		list = append(list, gsm.PortComponent(f.remotePorts.low, f.remotePorts.high, true))
	}
	if len(list) == 0 {
		list = append(list, gsm.Component{Type: gsm.MatchAll})
	}
	return list
}

var errFilterUnsupported = errors.New("the packet filter has a direction or a component that a flow description here has not")

// readPacketFilter reads a filter of a UE, TS 24.501 §9.11.4.13.
func readPacketFilter(p *gsm.PacketFilter) (flowFilter, error) {
	f := flowFilter{protocol: -1}
	if p.Direction != gsm.Bidirectional {
		return f, errFilterUnsupported
	}
	for _, c := range p.Components {
		switch c.Type {
		case gsm.MatchAll:
		case gsm.IPv4RemoteAddress, gsm.IPv6RemotePrefix:
			prefix, ok := c.Prefix()
			if !ok {
				return f, errFilterUnsupported
			}
			f.remote, f.remoteLimited = prefix.Masked(), true
		case gsm.Protocol:
			f.protocol = int16(c.Value[0])
		case gsm.SingleLocalPort, gsm.LocalPortRange:
			f.localPorts.low, f.localPorts.high, _ = c.Ports()
		case gsm.SingleRemotePort, gsm.RemotePortRange:
			f.remotePorts.low, f.remotePorts.high, _ = c.Ports()
		default:
			return f, errFilterUnsupported
		}
	}
	if f.localPorts.low > f.localPorts.high || f.remotePorts.low > f.remotePorts.high {
		return f, errFilterUnsupported
	}
	return f, nil
}

// String is the filter for the UPF, TS 29.244 §8.2.5.
func (f flowFilter) String() string {
	if f.ofFrames() {
		return f.frame.String()
	}
	var b strings.Builder
	b.WriteString("permit out ")
	if f.protocol < 0 {
		b.WriteString("ip")
	} else {
		b.WriteString(strconv.Itoa(int(f.protocol)))
	}
	b.WriteString(" from ")
	if f.remoteLimited {
		b.WriteString(f.remote.String())
	} else {
		b.WriteString("any")
	}
	f.remotePorts.write(&b)
	b.WriteString(" to assigned")
	f.localPorts.write(&b)
	return b.String()
}

func (p portRange) write(b *strings.Builder) {
	switch {
	case p == portRange{}:
	case p.low == p.high:
		fmt.Fprintf(b, " %d", p.low)
	default:
		fmt.Fprintf(b, " %d-%d", p.low, p.high)
	}
}

// sdf are the SDF filters of a rule for the UPF, TS 29.244 §8.2.5. In an uplink PDR the UPF swaps source and
// destination (TS 29.244 §5.2.1A.2A).
func (r *qosRule) sdf() []pfcp.SDFFilter {
	list := make([]pfcp.SDFFilter, 0, len(r.filters))
	for _, f := range r.filters {
		if !f.ofFrames() {
			list = append(list, pfcp.SDFFilter{FlowDescription: f.String()})
		}
	}
	return list
}
