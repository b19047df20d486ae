package upf

import (
	"errors"
	"net/netip"
	"slices"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// compile checks the rules as a whole and makes what the data path works by. The F-TEIDs of the PDRs are allotted
// before.
func (u *UPF) compile(s *session, r ruleSet) (*Session, *pfcp.Error) {
	for id, x := range r.urrs {
		if x.VolumeQuota.Present() || x.TimeQuota.Present() {
			return nil, ruleFailure(pfcp.RuleURR, uint32(id), pfcp.IEVolumeQuota, "quotas are not supported")
		}
	}
	out := &Session{Slot: s.slot}
	for _, t := range s.tunnels {
		out.Tunnels = append(out.Tunnels, t.teid)
	}
	for _, p := range r.pdrs {
		rule, err := u.compilePDR(r, p)
		if err != nil {
			return nil, err
		}
		out.Rules = append(out.Rules, rule)
		if rule.UE4.IsValid() {
			out.UE4 = rule.UE4
		}
		if rule.UE6.IsValid() {
			out.UE6 = rule.UE6
		}
	}
	slices.SortFunc(out.Rules, func(a, b Rule) int {
		if pa, pb := r.pdrs[a.PDR].Precedence, r.pdrs[b.PDR].Precedence; pa != pb {
			return int(int64(pa) - int64(pb))
		}
		return int(a.PDR) - int(b.PDR)
	})
	return out, nil
}

func (u *UPF) compilePDR(r ruleSet, p pfcp.CreatePDR) (Rule, *pfcp.Error) {
	rule := Rule{PDR: p.PDRID, Source: p.PDI.SourceInterface}
	if len(p.ActivatePredefinedRules) > 0 {
		return rule, &pfcp.Error{Cause: pfcp.CauseUnknownPredefinedRule, Offending: pfcp.IEActivatePredefinedRules,
			FailedRule: pfcp.Some(pfcp.FailedRuleID{Type: pfcp.RulePDR, ID: uint32(p.PDRID)})}
	}
	if err := u.compilePDI(&rule, p); err != nil {
		return rule, err
	}
	id, ok := p.FARID.Get()
	if !ok {
		return rule, &pfcp.Error{Cause: pfcp.CauseConditionalIEMissing, Offending: pfcp.IEFARID, Detail: "a PDR without FAR"}
	}
	f, ok := r.fars[id]
	if !ok {
		return rule, ruleFailure(pfcp.RulePDR, uint32(p.PDRID), pfcp.IEFARID, "FAR %d does not exist", id)
	}
	if err := u.compileFAR(&rule, f); err != nil {
		return rule, err
	}
	for _, id := range p.QERID {
		q, ok := r.qers[id]
		if !ok {
			return rule, ruleFailure(pfcp.RulePDR, uint32(p.PDRID), pfcp.IEQERID, "QER %d does not exist", id)
		}
		rule.QERs = append(rule.QERs, QER{ID: id, Gate: q.GateStatus, MBR: q.MBR})
		if qfi, ok := q.QFI.Get(); ok && rule.QFI == 0 {
			rule.QFI, rule.RQI = uint8(qfi), q.RQI.Value()&1 != 0
		}
	}
	for _, id := range p.URRID {
		if _, ok := r.urrs[id]; !ok {
			return rule, ruleFailure(pfcp.RulePDR, uint32(p.PDRID), pfcp.IEURRID, "URR %d does not exist", id)
		}
		rule.URRs = append(rule.URRs, id)
	}
	return rule, nil
}

// compilePDI compiles what a packet must be, TS 29.244 §7.5.2.2.
func (u *UPF) compilePDI(rule *Rule, p pfcp.CreatePDR) *pfcp.Error {
	id := uint32(p.PDRID)
	if p.PDI.ApplicationID.Present() {
		return &pfcp.Error{Cause: pfcp.CauseUnknownApplicationID, Offending: pfcp.IEApplicationID,
			FailedRule: pfcp.Some(pfcp.FailedRuleID{Type: pfcp.RulePDR, ID: id})}
	}
	if f, ok := p.PDI.LocalFTEID.Get(); ok {
		rule.TEID = f.TEID
	} else if rule.Uplink() {
		return &pfcp.Error{Cause: pfcp.CauseConditionalIEMissing, Offending: pfcp.IEFTEID, Detail: "an uplink PDR without tunnel"}
	}
	for _, a := range p.PDI.UEIPAddress {
		if a.ChooseIPv4 || a.ChooseIPv6 {
			return ruleFailure(pfcp.RulePDR, id, pfcp.IEUEIPAddress, "UE addresses are allotted by the CP function")
		}
		if a.IPv4.IsValid() {
			rule.UE4 = a.IPv4
		}
		if a.IPv6.IsValid() {
			prefix, err := a.IPv6.Prefix(int(a.IPv6PrefixLength.Or(64)))
			if err != nil {
				return ruleFailure(pfcp.RulePDR, id, pfcp.IEUEIPAddress, "%v", err)
			}
			rule.UE6 = prefix
		}
	}
	if rule.TEID == 0 && !rule.UE4.IsValid() && !rule.UE6.IsValid() {
		return &pfcp.Error{Cause: pfcp.CauseConditionalIEMissing, Offending: pfcp.IEUEIPAddress, Detail: "a PDR that no packet can be found by"}
	}
	for _, q := range p.PDI.QFI {
		rule.QFIs |= 1 << q
	}
	if !rule.Uplink() {
		network, ok := u.network(p.PDI.NetworkInstance)
		if !ok {
			return ruleFailure(pfcp.RulePDR, id, pfcp.IENetworkInstance, "data network %q is not configured", p.PDI.NetworkInstance.Value())
		}
		rule.Network = network
	}
	for _, f := range p.PDI.SDFFilter {
		filter, err := compileFilter(f)
		if err != nil {
			return ruleFailure(pfcp.RulePDR, id, pfcp.IESDFFilter, "%v", err)
		}
		rule.Filters = append(rule.Filters, filter)
	}
	return nil
}

var errFilter = errors.New("SPI, flow label and references to other filters are not supported")

func compileFilter(f pfcp.SDFFilter) (Filter, error) {
	var filter Filter
	if f.FlowDescription != "" {
		parsed, err := ParseFilter(f.FlowDescription)
		if err != nil {
			return Filter{}, err
		}
		filter = parsed
	}
	if f.SecurityParameterIndex.Present() || f.FlowLabel.Present() || (f.FlowDescription == "" && f.FilterID.Present()) {
		return Filter{}, errFilter
	}
	if t, ok := f.ToSTrafficClass.Get(); ok {
		filter.TrafficClass, filter.TrafficMask = uint8(t>>8), uint8(t)
	}
	return filter, nil
}

// compileFAR compiles what is done with a packet, TS 29.244 §7.5.2.3.
func (u *UPF) compileFAR(rule *Rule, f pfcp.CreateFAR) *pfcp.Error {
	const actions = pfcp.ApplyDROP | pfcp.ApplyFORW | pfcp.ApplyBUFF
	id := uint32(f.FARID)
	rule.FAR, rule.Action = f.FARID, f.ApplyAction
	switch f.ApplyAction & actions {
	case pfcp.ApplyDROP, pfcp.ApplyFORW, pfcp.ApplyBUFF:
	default:
		return ruleFailure(pfcp.RuleFAR, id, pfcp.IEApplyAction, "want one of DROP, FORW and BUFF")
	}
	if f.ApplyAction&(pfcp.ApplyDUPL|pfcp.ApplyIPMA|pfcp.ApplyIPMD|pfcp.ApplyMBSU) != 0 {
		return ruleFailure(pfcp.RuleFAR, id, pfcp.IEApplyAction, "duplication and multicast are not supported")
	}
	p, ok := f.ForwardingParameters.Get()
	if !ok {
		if f.ApplyAction&pfcp.ApplyFORW != 0 {
			return &pfcp.Error{Cause: pfcp.CauseConditionalIEMissing, Offending: pfcp.IEForwardingParameters, Detail: "a FAR that forwards nowhere"}
		}
		return nil
	}
	rule.To = p.DestinationInterface
	if name, ok := p.ForwardingPolicy.Get(); ok {
		return &pfcp.Error{Cause: pfcp.CauseInvalidForwardingPolicy, Offending: pfcp.IEForwardingPolicy,
			FailedRule: pfcp.Some(pfcp.FailedRuleID{Type: pfcp.RuleFAR, ID: id}), Detail: string(name)}
	}
	if o, ok := p.OuterHeaderCreation.Get(); ok {
		return compileTunnel(rule, id, o)
	}
	if rule.To == pfcp.InterfaceCore {
		network, ok := u.network(p.NetworkInstance)
		if !ok {
			return ruleFailure(pfcp.RuleFAR, id, pfcp.IENetworkInstance, "data network %q is not configured", p.NetworkInstance.Value())
		}
		rule.Network = network
	}
	return nil
}

func compileTunnel(rule *Rule, far uint32, o pfcp.OuterHeaderCreation) *pfcp.Error {
	switch {
	case o.Description&pfcp.CreateGTPUUDPIPv4 != 0:
		rule.Peer = o.IPv4
	case o.Description&pfcp.CreateGTPUUDPIPv6 != 0:
		rule.Peer = o.IPv6
	default:
		return ruleFailure(pfcp.RuleFAR, far, pfcp.IEOuterHeaderCreation, "only GTP-U over IPv4 or IPv6 is supported")
	}
	if rule.Peer.IsUnspecified() || rule.Peer.IsMulticast() {
		return ruleFailure(pfcp.RuleFAR, far, pfcp.IEOuterHeaderCreation, "%s is no peer", rule.Peer)
	}
	rule.PeerTEID = o.TEID
	return nil
}

// network finds a configured data network; a CP function that names none means the only one.
func (u *UPF) network(name pfcp.Opt[pfcp.NetworkInstance]) (string, bool) {
	n, ok := name.Get()
	if !ok && len(u.cfg.Networks) == 1 {
		return u.cfg.Networks[0].DNN, true
	}
	i := slices.IndexFunc(u.cfg.Networks, func(c Network) bool { return c.DNN == string(n) })
	return string(n), i >= 0
}

// ueAddress is the first IPv4 address of a session's PDRs.
func ueAddress(r ruleSet) netip.Addr {
	for _, p := range r.pdrs {
		for _, a := range p.PDI.UEIPAddress {
			if a.IPv4.Is4() {
				return a.IPv4
			}
		}
	}
	return netip.Addr{}
}
