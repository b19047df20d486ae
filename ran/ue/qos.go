package ue

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

// Classify returns the QoS flow of an uplink packet or frame, TS 24.501 §6.2.5.1.3.
func (s *Session) Classify(packet []byte) uint8 {
	if s.Type == gsm.Ethernet {
		f, ok := parseFrame(packet)
		return first(s.Rules, func(c []gsm.Component) bool { return ok && f.matches(c) })
	}
	return classify(s.Rules, packet)
}

// classify returns the QoS flow of an IP packet.
func classify(rules gsm.QoSRules, packet []byte) uint8 {
	if len(rules) == 1 && rules[0].Default {
		return rules[0].QFI
	}
	h, ok := parseFlow(packet)
	return first(rules, func(c []gsm.Component) bool { return ok && h.matches(c) })
}

// first is the flow of the first rule, by precedence, of which an uplink packet filter matches. Rules come sorted.
func first(rules gsm.QoSRules, matches func([]gsm.Component) bool) uint8 {
	for i := range rules {
		for _, f := range rules[i].Filters {
			if f.Direction != gsm.DownlinkOnly && matches(f.Components) {
				return rules[i].QFI
			}
		}
	}
	return defaultQFI(rules)
}

func defaultQFI(rules gsm.QoSRules) uint8 {
	for _, r := range rules {
		if r.Default {
			return r.QFI
		}
	}
	return 0
}

// apply carries out the operations on rules, TS 24.501 §6.3.2.3, and returns them sorted by precedence. A rule that is
// created replaces one of the same identity; operations on single packet filters replace those given.
func apply(rules, operations gsm.QoSRules) gsm.QoSRules {
	rules = slices.Clone(rules)
	for _, o := range operations {
		i := slices.IndexFunc(rules, func(r gsm.QoSRule) bool { return r.ID == o.ID })
		switch {
		case o.Operation == gsm.CreateRule:
			if i >= 0 {
				rules = slices.Delete(rules, i, i+1)
			}
			rules = append(rules, o)
		case i < 0:
		case o.Operation == gsm.DeleteRule:
			rules = slices.Delete(rules, i, i+1)
		default:
			modify(&rules[i], o)
		}
	}
	slices.SortStableFunc(rules, func(a, b gsm.QoSRule) int { return cmp.Compare(a.Precedence, b.Precedence) })
	return rules
}

// applyFlows carries out the operations on QoS flow descriptions, TS 24.501 §6.3.2.3, and returns them sorted by QFI.
func applyFlows(flows, operations gsm.QoSFlowDescriptions) gsm.QoSFlowDescriptions {
	flows = slices.Clone(flows)
	for _, o := range operations {
		i := slices.IndexFunc(flows, func(f gsm.QoSFlowDescription) bool { return f.QFI == o.QFI })
		if i >= 0 && (o.Operation != gsm.ModifyFlow || o.E) {
			flows = slices.Delete(flows, i, i+1)
			i = -1
		}
		switch {
		case o.Operation == gsm.DeleteFlow:
		case i < 0:
			flows = append(flows, gsm.NewQoSFlow(o.QFI, o.Parameters...))
		default: // parameters that are named replace those that there are
			kept := slices.DeleteFunc(slices.Clone(flows[i].Parameters), func(p gsm.FlowParameter) bool {
				return slices.ContainsFunc(o.Parameters, func(q gsm.FlowParameter) bool { return q.ID == p.ID })
			})
			flows[i].Parameters = append(kept, o.Parameters...)
		}
	}
	slices.SortFunc(flows, func(a, b gsm.QoSFlowDescription) int { return cmp.Compare(a.QFI, b.QFI) })
	return flows
}

func modify(r *gsm.QoSRule, o gsm.QoSRule) {
	if !o.OmitPrecedence {
		r.Precedence = o.Precedence
	}
	if !o.OmitQFI {
		r.QFI = o.QFI
	}
	named := func(f gsm.PacketFilter) bool {
		return slices.ContainsFunc(o.Filters, func(g gsm.PacketFilter) bool { return g.ID == f.ID })
	}
	switch o.Operation {
	case gsm.AddPacketFilters:
		r.Filters = append(slices.DeleteFunc(slices.Clone(r.Filters), named), o.Filters...)
	case gsm.ReplacePacketFilters:
		r.Filters = o.Filters
	case gsm.DeletePacketFilters:
		r.Filters = slices.DeleteFunc(slices.Clone(r.Filters), named)
	}
}

// flow is what packet filters look at in an IPv4 packet of the UE.
type flow struct {
	local, remote         netip.Addr
	protocol, service     uint8
	localPort, remotePort uint16
	hasPorts              bool
}

// parseFlow reads an IPv4 header and the ports of TCP, UDP and SCTP, RFC 791 §3.1.
func parseFlow(b []byte) (flow, bool) {
	if len(b) < 20 || b[0]>>4 != 4 {
		return flow{}, false
	}
	h := flow{
		local: netip.AddrFrom4([4]byte(b[12:])), remote: netip.AddrFrom4([4]byte(b[16:])), protocol: b[9], service: b[1],
	}
	head := 4 * int(b[0]&0x0f)
	first := binary.BigEndian.Uint16(b[6:])&0x1fff == 0 // not a later fragment
	switch h.protocol {
	case 6, 17, 132:
		if first && head >= 20 && len(b) >= head+4 {
			h.localPort, h.remotePort = binary.BigEndian.Uint16(b[head:]), binary.BigEndian.Uint16(b[head+2:])
			h.hasPorts = true
		}
	}
	return h, true
}

// matches tells whether all components match, TS 24.501 §9.11.4.13. One that does not belong to IPv4 does not.
func (h *flow) matches(components []gsm.Component) bool {
	for _, c := range components {
		if !h.match(c) {
			return false
		}
	}
	return len(components) > 0
}

func (h *flow) match(c gsm.Component) bool {
	switch c.Type {
	case gsm.MatchAll:
		return true
	case gsm.IPv4RemoteAddress:
		p, ok := c.Prefix()
		return ok && p.Contains(h.remote)
	case gsm.IPv4LocalAddress:
		p, ok := c.Prefix()
		return ok && p.Contains(h.local)
	case gsm.Protocol:
		return len(c.Value) == 1 && c.Value[0] == h.protocol
	case gsm.SingleLocalPort, gsm.LocalPortRange:
		low, high, ok := c.Ports()
		return ok && h.hasPorts && low <= h.localPort && h.localPort <= high
	case gsm.SingleRemotePort, gsm.RemotePortRange:
		low, high, ok := c.Ports()
		return ok && h.hasPorts && low <= h.remotePort && h.remotePort <= high
	case gsm.TypeOfService:
		return len(c.Value) == 2 && h.service&c.Value[1] == c.Value[0]&c.Value[1]
	}
	return false
}
