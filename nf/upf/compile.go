package upf

import (
	"cmp"
	"slices"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// compile checks the rules as a whole and makes what the data path works by. The F-TEIDs and addresses of the PDRs are
// allotted before.
func (u *UPF) compile(s *session, r ruleSet) (*Session, *pfcp.Error) {
	for _, x := range r.urrs.all() {
		if err := x.supported(); err != nil {
			return nil, err
		}
	}
	out := &Session{Slot: s.slot, Type: s.kind, Buffer: r.buffer(), Rules: make([]Rule, 0, r.pdrs.len()), Tunnels: make([]uint32, 0, len(s.tunnels))}
	for _, t := range s.tunnels {
		out.Tunnels = append(out.Tunnels, t.teid)
	}
	for _, p := range r.pdrs.all() {
		rule, err := u.compilePDR(s, r, p)
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
		for _, p := range rule.Framed {
			if !slices.Contains(out.Framed, p) {
				out.Framed = append(out.Framed, p)
			}
		}
	}
	slices.SortFunc(out.Rules, func(a, b Rule) int {
		return cmp.Or(cmp.Compare(r.pdrs.at(a.PDR).Precedence, r.pdrs.at(b.PDR).Precedence), cmp.Compare(a.PDR, b.PDR))
	})
	if err := oneDirection(out); err != nil {
		return nil, err
	}
	for _, x := range r.urrs.all() {
		if compiled, matters := x.compile(); matters {
			out.URRs = append(out.URRs, compiled)
		}
	}
	return out, nil
}

// oneDirection wants all PDRs of a tunnel to be of one direction: its packets have one.
func oneDirection(s *Session) *pfcp.Error {
	for _, r := range s.Rules {
		if r.TEID != 0 && r.Uplink() != s.FromUE(r.TEID) {
			return ruleFailure(pfcp.RulePDR, uint32(r.PDR), pfcp.IESourceInterface, "another PDR of the tunnel is of the other direction")
		}
	}
	return nil
}

func (u *UPF) compilePDR(s *session, r ruleSet, p pfcp.CreatePDR) (Rule, *pfcp.Error) {
	rule := Rule{PDR: p.PDRID, Source: p.PDI.SourceInterface}
	if len(p.ActivatePredefinedRules) > 0 {
		return rule, &pfcp.Error{Cause: pfcp.CauseUnknownPredefinedRule, Offending: pfcp.IEActivatePredefinedRules,
			FailedRule: pfcp.Some(pfcp.FailedRuleID{Type: pfcp.RulePDR, ID: uint32(p.PDRID)})}
	}
	if err := u.compilePDI(&rule, s, r, p); err != nil {
		return rule, err
	}
	if !p.FARID.Present() {
		return rule, &pfcp.Error{Cause: pfcp.CauseConditionalIEMissing, Offending: pfcp.IEFARID, Detail: "a PDR without FAR"}
	}
	id := r.far(p)
	f, ok := r.fars.get(id)
	if !ok {
		return rule, ruleFailure(pfcp.RulePDR, uint32(p.PDRID), pfcp.IEFARID, "FAR %d does not exist", id)
	}
	if b, ok := f.BARID.Get(); ok {
		if _, ok := r.bars.get(b); !ok {
			return rule, ruleFailure(pfcp.RuleFAR, uint32(f.FARID), pfcp.IEBARID, "BAR %d does not exist", b)
		}
	}
	if err := u.compileFAR(&rule, f); err != nil {
		return rule, err
	}
	for _, id := range p.QERID {
		q, ok := r.qers.get(id)
		if !ok {
			return rule, ruleFailure(pfcp.RulePDR, uint32(p.PDRID), pfcp.IEQERID, "QER %d does not exist", id)
		}
		rule.QERs = append(rule.QERs, QER{ID: id, Gate: q.GateStatus, MBR: q.MBR, GBR: q.GBR})
		if qfi, ok := q.QFI.Get(); ok && rule.QFI == 0 {
			rule.QFI, rule.RQI, rule.PPI = uint8(qfi), q.RQI.Value()&1 != 0, q.PPI
		}
	}
	for _, id := range p.URRID {
		if _, ok := r.urrs.get(id); !ok {
			return rule, ruleFailure(pfcp.RulePDR, uint32(p.PDRID), pfcp.IEURRID, "URR %d does not exist", id)
		}
		rule.URRs = append(rule.URRs, id)
	}
	if s.inactivity > 0 {
		rule.URRs = append(rule.URRs, activity)
	}
	return rule, nil
}

// far is the FAR of a PDR: a quota that is used up may ask for another action, TS 29.244 §5.2.2.2.
func (r ruleSet) far(p pfcp.CreatePDR) pfcp.FARID {
	id := p.FARID.Value()
	for _, urr := range p.URRID {
		if x := r.urrs.at(urr); x.exhausted {
			id = x.FARIDForQuotaAction.Or(id)
		}
	}
	return id
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
	if f.ApplyAction&^(actions|pfcp.ApplyNOCP) != 0 {
		return ruleFailure(pfcp.RuleFAR, id, pfcp.IEApplyAction, "duplication, multicast, redundancy and delivery status are not supported")
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
	if m, ok := p.TransportLevelMarking.Get(); ok {
		rule.Mark, rule.MarkMask = uint8(m>>8)&uint8(m), uint8(m)
	}
	if o, ok := p.OuterHeaderCreation.Get(); ok {
		return u.compileTunnel(rule, f, p, o)
	}
	switch rule.To {
	case pfcp.InterfaceCore, pfcp.InterfaceSGiLANN6LAN:
		return u.compileNetwork(rule, id, p)
	case pfcp.InterfaceAccess:
		return nil // until the gNB's tunnel is known, packets are dropped
	}
	return ruleFailure(pfcp.RuleFAR, id, pfcp.IEDestinationInterface, "the UPF reaches it by a tunnel only")
}

// compileNetwork finds the data network that a FAR forwards to.
func (u *UPF) compileNetwork(rule *Rule, far uint32, p pfcp.ForwardingParameters) *pfcp.Error {
	network, ok := u.network(p.NetworkInstance)
	if !ok {
		return ruleFailure(pfcp.RuleFAR, far, pfcp.IENetworkInstance, "data network %q is not configured", p.NetworkInstance.Value())
	}
	rule.To, rule.Network, rule.Translated = pfcp.InterfaceCore, network.DNN, len(network.NAT) > 0
	return nil
}

// compileTunnel compiles the outer header, TS 29.244 §8.2.56.
func (u *UPF) compileTunnel(rule *Rule, f pfcp.CreateFAR, p pfcp.ForwardingParameters, o pfcp.OuterHeaderCreation) *pfcp.Error {
	const gtpu, udp = pfcp.CreateGTPUUDPIPv4 | pfcp.CreateGTPUUDPIPv6, pfcp.CreateUDPIPv4 | pfcp.CreateUDPIPv6
	far := uint32(f.FARID)
	fail := func(what string, args ...any) *pfcp.Error {
		return ruleFailure(pfcp.RuleFAR, far, pfcp.IEOuterHeaderCreation, what, args...)
	}
	v4 := o.Description&(pfcp.CreateGTPUUDPIPv4|pfcp.CreateUDPIPv4) != 0
	switch {
	case o.Description&gtpu == 0 && o.Description&udp == 0, o.Description&^(gtpu|udp) != 0:
		return fail("only GTP-U and UDP over IPv4 or IPv6 are supported")
	case o.Description&gtpu != 0 && o.Description&udp != 0:
		return fail("GTP-U or UDP, not both")
	case o.Description&udp != 0 && (o.Port == 0 || rule.To == pfcp.InterfaceAccess):
		return fail("plain UDP needs a port and leads to a data network")
	case v4 && (o.Description&udp != 0 || u.cfg.Local(true).IsValid() || !o.IPv6.IsValid()): // of two, the one that N3 has
		rule.Peer = o.IPv4
	default:
		rule.Peer = o.IPv6
	}
	switch {
	case !rule.Peer.IsValid() || rule.Peer.IsUnspecified() || rule.Peer.IsMulticast():
		return fail("%s is no peer", rule.Peer)
	case o.Description&gtpu != 0 && !u.cfg.Local(rule.Peer.Is4()).IsValid():
		return fail("the UPF has no address of the version of %s on N3", rule.Peer)
	}
	if o.Description&udp == 0 {
		rule.PeerTEID = o.TEID
		return nil
	}
	rule.PeerPort = o.Port
	return u.compileNetwork(rule, far, p)
}

// network finds a configured data network; a CP function that names none means the only one.
func (u *UPF) network(name pfcp.Opt[pfcp.NetworkInstance]) (Network, bool) {
	n, ok := name.Get()
	if !ok && len(u.cfg.Networks) == 1 {
		return u.cfg.Networks[0], true
	}
	i := slices.IndexFunc(u.cfg.Networks, func(c Network) bool { return c.DNN == string(n) })
	if i < 0 {
		return Network{}, false
	}
	return u.cfg.Networks[i], true
}
