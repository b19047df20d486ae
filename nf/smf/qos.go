package smf

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nudm"
)

// sessionQoS is what the PCC rules of a session mean, TS 23.501 §5.7: the one source from which the QoS rules of the
// UE (N1), the QoS profiles of the gNB (N2) and the PDRs and QERs of the UPF (N4) are made, so that they agree.
// It is not changed once made.
type sessionQoS struct {
	ambr    nudm.AMBR
	rqTimer uint32    // seconds, TS 24.501 §10.3; 0: no reflective QoS
	flows   []qosFlow // by QFI, from 1
	rules   []qosRule // by precedence
}

// qosFlow is a QoS flow, TS 23.501 §5.7.1.1.
type qosFlow struct {
	qfi uint8
	flowParameters
}

// flowParameters are what rules must have in common to share a flow, TS 23.503 §6.1.3.2.4. Rates are in bit/s.
type flowParameters struct {
	fiveQI     uint8
	priority   uint8 // 0: as the 5QI says
	arp        nudm.ARP
	mbr, gbr   nudm.AMBR
	reflective bool   // TS 23.501 §5.7.5
	notify     bool   // notification control, TS 23.501 §5.7.2.4
	window     uint16 // averaging window in ms; 0: as the 5QI says
	burst      uint16 // maximum data burst volume in octets; 0: as the 5QI says
}

// guaranteed tells whether it is a GBR QoS flow, TS 23.501 §5.7.1.2.
func (f *flowParameters) guaranteed() bool { return f.gbr != (nudm.AMBR{}) }

// qosRule is a PCC rule bound to its flow.
type qosRule struct {
	id         uint8  // QoS rule identity, TS 24.501 §9.11.4.13
	pcc        string // the PCC rule
	precedence uint8
	filters    []flowFilter // none: every packet
	flow       *qosFlow
}

// equal tells whether a session has the same of another one's, which needs no reflection for each session that comes.
func (q *sessionQoS) equal(to *sessionQoS) bool {
	return q.ambr == to.ambr && q.rqTimer == to.rqTimer && slices.Equal(q.flows, to.flows) &&
		slices.EqualFunc(q.rules, to.rules, func(a, b qosRule) bool {
			return a.id == b.id && a.pcc == b.pcc && a.precedence == b.precedence && *a.flow == *b.flow && slices.Equal(a.filters, b.filters)
		})
}

// Bounds of TS 24.501 §9.11.4.12 and §9.11.4.13.
const (
	maxFlows       = 63
	maxRules       = 255
	maxRuleFilters = 15
	// matchAll is what the default QoS rule is called here, whatever the PCF calls it: a UE keeps it for life.
	matchAll = "match-all"
	// defaultPrecedence is that of the default QoS rule when the PCF gives none: the last to be looked at.
	defaultPrecedence = 255
	// defaultPacketFilters is how many packet filters every UE supports, TS 24.501 §6.2.5.1.1.2.
	defaultPacketFilters = 16
)

// abilities are what a session can have of what a PCF decides.
type abilities struct {
	ethernet   bool // the session carries frames
	ipv4, ipv6 bool // the UE has such an address: service data flows of another kind do not exist
	reflective bool // the UE supports reflective QoS, TS 24.501 §6.2.5.1.4
}

// newSessionQoS binds the PCC rules of a decision to QoS flows, TS 23.503 §6.1.3.2.4: rules of the same parameters share
// a flow, and a rule with a guaranteed rate has one of its own. Rules and flows that before has keep their identities.
// The default QoS flow has QFI 1.
func newSessionQoS(d npcf.SMPolicyDecision, can abilities, before *sessionQoS) (*sessionQoS, error) {
	pcc := withDefaultRule(d)
	if len(pcc) > maxRules {
		return nil, fmt.Errorf("%d PCC rules: a session has at most %d", len(pcc), maxRules)
	}
	if before == nil {
		before = &sessionQoS{}
	}
	b := binder{q: &sessionQoS{ambr: d.SessionAMBR, flows: make([]qosFlow, 0, min(len(pcc), maxFlows))}, before: before, def: d.DefaultQoS, can: can}
	for i := range pcc {
		if i > 0 && len(pcc[i].FlowDescriptions) == 0 {
			continue // a session has one rule for all packets, TS 24.501 §6.2.5.1.1.2
		}
		if err := b.add(&pcc[i]); err != nil {
			return nil, fmt.Errorf("PCC rule %q: %w", pcc[i].ID, err)
		}
	}
	if slices.ContainsFunc(b.q.flows, func(f qosFlow) bool { return f.reflective }) {
		b.q.rqTimer = d.ReflectiveQoSTimer
	}
	return b.q.sorted(), nil
}

// sorted puts rules and flows in their order; the rules then point into the flows where those lie for good.
func (q *sessionQoS) sorted() *sessionQoS {
	flows := slices.Clone(q.flows)
	slices.SortFunc(flows, func(a, b qosFlow) int { return cmp.Compare(a.qfi, b.qfi) })
	for i := range q.rules {
		at := slices.IndexFunc(flows, func(f qosFlow) bool { return f.qfi == q.rules[i].flow.qfi })
		q.rules[i].flow = &flows[at]
	}
	q.flows = flows
	slices.SortStableFunc(q.rules, func(a, b qosRule) int { return cmp.Compare(a.precedence, b.precedence) })
	return q
}

// withDefaultRule returns the PCC rules with the match-all rule first, made from the default QoS if the PCF sent none.
func withDefaultRule(d npcf.SMPolicyDecision) []npcf.PCCRule {
	i := slices.IndexFunc(d.PCCRules, func(r npcf.PCCRule) bool { return len(r.FlowDescriptions) == 0 })
	if i == 0 {
		return d.PCCRules
	}
	rules := make([]npcf.PCCRule, 0, len(d.PCCRules)+1)
	if i < 0 {
		all := npcf.PCCRule{ID: "default", Precedence: defaultPrecedence, FiveQI: d.DefaultQoS.FiveQI, ARP: d.DefaultQoS.ARP}
		return append(append(rules, all), d.PCCRules...)
	}
	rules = append(rules, d.PCCRules[i])
	return append(append(rules, d.PCCRules[:i]...), d.PCCRules[i+1:]...)
}

// binder makes a sessionQoS, rule by rule.
type binder struct {
	q, before *sessionQoS
	def       nudm.SubscribedDefaultQoS
	can       abilities
}

// add binds a PCC rule, unless no packet of the session could meet it.
func (b *binder) add(r *npcf.PCCRule) error {
	rule := qosRule{pcc: r.ID, precedence: r.Precedence}
	if len(r.FlowDescriptions) == 0 {
		rule.pcc = matchAll
	}
	for _, text := range r.FlowDescriptions {
		filters, err := parseFlowDescription(text)
		if err != nil {
			return err
		}
		for _, f := range filters {
			if f.possible(b.can) {
				rule.filters = append(rule.filters, f)
			}
		}
	}
	if len(r.FlowDescriptions) > 0 && len(rule.filters) == 0 {
		return nil
	}
	if n := len(rule.packetFilters()); n > maxRuleFilters {
		return fmt.Errorf("%d packet filters, a QoS rule has at most %d", n, maxRuleFilters)
	}
	p, err := b.parameters(r)
	if err != nil {
		return err
	}
	if rule.flow, err = b.bind(rule.pcc, p); err != nil {
		return err
	}
	if rule.id, err = b.identity(rule.pcc); err != nil {
		return err
	}
	b.q.rules = append(b.q.rules, rule)
	return nil
}

// parameters are those of the flow that a rule needs; what the rule leaves open is that of the default QoS.
func (b *binder) parameters(r *npcf.PCCRule) (flowParameters, error) {
	p := flowParameters{fiveQI: r.FiveQI, arp: r.ARP, mbr: r.MaxBitRate, gbr: r.GuaranteedBitRate,
		notify: r.Notify, window: r.AveragingWindow, burst: r.MaxDataBurst}
	if p.fiveQI == 0 {
		p.fiveQI, p.arp = b.def.FiveQI, b.def.ARP
	}
	if p.arp == (nudm.ARP{}) {
		p.arp = b.def.ARP
	}
	if p.fiveQI == b.def.FiveQI && p.arp == b.def.ARP {
		p.priority = b.def.PriorityLevel
	}
	p.reflective = r.Reflective && b.can.reflective && !p.guaranteed()
	if p.fiveQI == 0 || p.arp.PriorityLevel < 1 || p.arp.PriorityLevel > 15 {
		return p, fmt.Errorf("5QI %d with ARP %d, want a 5QI of 1 to 255 and an ARP of 1 to 15", p.fiveQI, p.arp.PriorityLevel)
	}
	if p.guaranteed() && (p.mbr.Uplink < p.gbr.Uplink || p.mbr.Downlink < p.gbr.Downlink) {
		return p, fmt.Errorf("the maximum bit rate is below the guaranteed one")
	}
	return p, nil
}

// bind finds or makes the flow of a rule.
func (b *binder) bind(pcc string, p flowParameters) (*qosFlow, error) {
	shared := func(f qosFlow) bool { return f.flowParameters == p && !p.guaranteed() }
	if i := slices.IndexFunc(b.q.flows, shared); i >= 0 {
		return &b.q.flows[i], nil
	}
	if len(b.q.flows) == maxFlows {
		return nil, fmt.Errorf("more than %d QoS flows", maxFlows)
	}
	qfi, err := b.qfi(pcc, p, shared)
	if err != nil {
		return nil, err
	}
	b.q.flows = append(b.q.flows, qosFlow{qfi, p})
	return &b.q.flows[len(b.q.flows)-1], nil
}

// qfi is that of the flow that was the same before, or of the rule's own flow, which is then modified; else one that
// neither had. A guaranteed rate never comes to a flow without one, nor leaves it.
func (b *binder) qfi(pcc string, p flowParameters, shared func(qosFlow) bool) (uint8, error) {
	taken := func(qfi uint8) bool { return b.q.flow(qfi) != nil }
	if i := slices.IndexFunc(b.before.flows, shared); i >= 0 && !taken(b.before.flows[i].qfi) {
		return b.before.flows[i].qfi, nil
	}
	if old := b.before.rule(pcc); old != nil && !taken(old.flow.qfi) && old.flow.guaranteed() == p.guaranteed() {
		return old.flow.qfi, nil
	}
	for qfi := uint8(1); qfi <= maxFlows; qfi++ {
		if !taken(qfi) && b.before.flow(qfi) == nil {
			return qfi, nil
		}
	}
	return 0, fmt.Errorf("no QoS flow identifier is free")
}

// identity is the QoS rule identity that the PCC rule had, or one that no rule had.
func (b *binder) identity(pcc string) (uint8, error) {
	taken := func(q *sessionQoS, id int) bool {
		return slices.ContainsFunc(q.rules, func(r qosRule) bool { return int(r.id) == id })
	}
	if old := b.before.rule(pcc); old != nil && !taken(b.q, int(old.id)) {
		return old.id, nil
	}
	for id := 1; id <= maxRules; id++ {
		if !taken(b.q, id) && !taken(b.before, id) {
			return uint8(id), nil
		}
	}
	return 0, fmt.Errorf("no QoS rule identity is free")
}

// rule finds a rule by the PCC rule that it was made of.
func (q *sessionQoS) rule(pcc string) *qosRule {
	i := slices.IndexFunc(q.rules, func(r qosRule) bool { return r.pcc == pcc })
	if i < 0 {
		return nil
	}
	return &q.rules[i]
}

func (q *sessionQoS) flow(qfi uint8) *qosFlow {
	i := slices.IndexFunc(q.flows, func(f qosFlow) bool { return f.qfi == qfi })
	if i < 0 {
		return nil
	}
	return &q.flows[i]
}

// without is q without some of its flows and what is bound to them: where before has such a flow, with what before had.
func (q *sessionQoS) without(qfis []uint8, before *sessionQoS) *sessionQoS {
	gone := func(qfi uint8) bool { return slices.Contains(qfis, qfi) }
	kept := &sessionQoS{ambr: q.ambr, rqTimer: q.rqTimer}
	for _, f := range q.flows {
		if !gone(f.qfi) {
			kept.flows = append(kept.flows, f)
		} else if old := before.flow(f.qfi); old != nil {
			kept.flows = append(kept.flows, *old)
		}
	}
	for _, r := range q.rules {
		if gone(r.flow.qfi) {
			old := before.rule(r.pcc)
			if old == nil || kept.flow(old.flow.qfi) == nil {
				continue
			}
			r = *old
		}
		kept.rules = append(kept.rules, r)
	}
	return kept.sorted()
}

// rulesOn are the PCC rules bound to some flows.
func (q *sessionQoS) rulesOn(qfis []uint8) []string {
	var list []string
	for _, r := range q.rules {
		if slices.Contains(qfis, r.flow.qfi) {
			list = append(list, r.pcc)
		}
	}
	return list
}

// packetFilters counts those that the UE must hold.
func (q *sessionQoS) packetFilters() int {
	n := 0
	for i := range q.rules {
		n += max(1, len(q.rules[i].packetFilters()))
	}
	return n
}

// equalRules tells whether two rules are the same to everybody.
func equalRules(a, b *qosRule) bool {
	return a.id == b.id && a.precedence == b.precedence && a.flow.qfi == b.flow.qfi && slices.Equal(a.filters, b.filters)
}
