package smf

import (
	"fmt"
	"slices"

	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// sessionQoS is what the PCC rules of a session mean, TS 23.501 §5.7: the one source from which the QoS rules of the
// UE (N1), the QoS profiles of the gNB (N2) and the PDRs and QERs of the UPF (N4) are made, so that they agree.
// It is not changed once made.
type sessionQoS struct {
	ambr  nudm.AMBR
	flows []qosFlow // by QFI, from 1
	rules []qosRule // by precedence
}

// qosFlow is a QoS flow, TS 23.501 §5.7.1.1. Rates are in bit/s.
type qosFlow struct {
	qfi      uint8
	fiveQI   uint8
	priority uint8 // 0: as the 5QI says
	arp      nudm.ARP
	mbr, gbr nudm.AMBR
}

// guaranteed tells whether it is a GBR QoS flow, TS 23.501 §5.7.1.2.
func (f *qosFlow) guaranteed() bool { return f.gbr != (nudm.AMBR{}) }

// qosRule is a PCC rule bound to its flow.
type qosRule struct {
	id         uint8 // QoS rule identity, TS 24.501 §9.11.4.13
	precedence uint8
	filters    []flowFilter // none: every packet
	flow       *qosFlow
}

// Bounds of TS 24.501 §9.11.4.12 and §9.11.4.13.
const (
	maxFlows       = 63
	maxRules       = 255
	maxRuleFilters = 15
	// defaultPrecedence is that of the default QoS rule when the PCF gives none: the last to be looked at.
	defaultPrecedence = 255
	// defaultPacketFilters is how many packet filters every UE supports, TS 24.501 §6.2.5.1.1.2.
	defaultPacketFilters = 16
)

// newSessionQoS binds the PCC rules of a decision to QoS flows, TS 23.503 §6.1.3.2.4: rules of the same 5QI and ARP
// share a flow, and a rule with a guaranteed rate has one of its own. The default QoS flow has QFI 1.
func newSessionQoS(d npcf.SMPolicyDecision) (*sessionQoS, error) {
	rules := withDefaultRule(d)
	if len(rules) > maxRules {
		return nil, fmt.Errorf("%d PCC rules: a session has at most %d", len(rules), maxRules)
	}
	q := &sessionQoS{ambr: d.SessionAMBR, flows: make([]qosFlow, 0, len(rules)), rules: make([]qosRule, 0, len(rules))}
	for i := range rules {
		r := &rules[i]
		flow, err := q.bind(r, d.DefaultQoS)
		if err != nil {
			return nil, err
		}
		rule := qosRule{id: uint8(i + 1), precedence: r.Precedence, flow: flow}
		for _, text := range r.FlowDescriptions {
			filters, err := parseFlowDescription(text)
			if err != nil {
				return nil, fmt.Errorf("PCC rule %q: %w", r.ID, err)
			}
			rule.filters = append(rule.filters, filters...)
		}
		if len(rule.filters) > maxRuleFilters {
			return nil, fmt.Errorf("PCC rule %q: %d packet filters, a QoS rule has at most %d", r.ID, len(rule.filters), maxRuleFilters)
		}
		q.rules = append(q.rules, rule)
	}
	slices.SortStableFunc(q.rules, func(a, b qosRule) int { return int(a.precedence) - int(b.precedence) })
	return q, nil
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

// bind finds or makes the flow of a rule.
func (q *sessionQoS) bind(r *npcf.PCCRule, def nudm.SubscribedDefaultQoS) (*qosFlow, error) {
	f := qosFlow{fiveQI: r.FiveQI, arp: r.ARP, mbr: r.MaxBitRate, gbr: r.GuaranteedBitRate}
	if f.fiveQI == 0 {
		f.fiveQI, f.arp = def.FiveQI, def.ARP
	}
	if f.arp == (nudm.ARP{}) {
		f.arp = def.ARP
	}
	if f.fiveQI == def.FiveQI && f.arp == def.ARP {
		f.priority = def.PriorityLevel
	}
	if f.fiveQI == 0 || f.arp.PriorityLevel < 1 || f.arp.PriorityLevel > 15 {
		return nil, fmt.Errorf("PCC rule %q: 5QI %d with ARP %d, want a 5QI of 1 to 255 and an ARP of 1 to 15", r.ID, f.fiveQI, f.arp.PriorityLevel)
	}
	if f.guaranteed() && (f.mbr.Uplink < f.gbr.Uplink || f.mbr.Downlink < f.gbr.Downlink) {
		return nil, fmt.Errorf("PCC rule %q: the maximum bit rate is below the guaranteed one", r.ID)
	}
	for i := range q.flows {
		old := &q.flows[i]
		if !f.guaranteed() && !old.guaranteed() && old.fiveQI == f.fiveQI && old.arp == f.arp && old.mbr == f.mbr {
			return old, nil
		}
	}
	if len(q.flows) == maxFlows {
		return nil, fmt.Errorf("PCC rule %q: more than %d QoS flows", r.ID, maxFlows)
	}
	f.qfi = uint8(len(q.flows) + 1)
	q.flows = append(q.flows, f)
	return &q.flows[len(q.flows)-1], nil
}

// packetFilters counts those that the UE must hold.
func (q *sessionQoS) packetFilters() int {
	n := 0
	for i := range q.rules {
		n += max(1, len(q.rules[i].filters))
	}
	return n
}

// authorizedRules are the QoS rules for the UE, TS 24.501 §6.2.5.1.
func (q *sessionQoS) authorizedRules() gsm.QoSRules {
	list := make(gsm.QoSRules, 0, len(q.rules))
	for i := range q.rules {
		r := &q.rules[i]
		if len(r.filters) == 0 {
			list = append(list, gsm.DefaultRule(r.id, r.precedence, r.flow.qfi))
			continue
		}
		rule := gsm.QoSRule{ID: r.id, Operation: gsm.CreateRule, Precedence: r.precedence, QFI: r.flow.qfi}
		for n, f := range r.filters {
			rule.Filters = append(rule.Filters, gsm.PacketFilter{ID: uint8(n + 1), Direction: gsm.Bidirectional, Components: f.components()})
		}
		list = append(list, rule)
	}
	return list
}

// flowDescriptions are the QoS flows for the UE, TS 24.501 §6.2.5.1.1.4.
func (q *sessionQoS) flowDescriptions() gsm.QoSFlowDescriptions {
	list := make(gsm.QoSFlowDescriptions, 0, len(q.flows))
	for i := range q.flows {
		f := &q.flows[i]
		parameters := []gsm.FlowParameter{gsm.FiveQI(f.fiveQI)}
		if f.guaranteed() {
			parameters = append(parameters,
				gsm.FlowBitRate(gsm.ParameterGFBRUplink, f.gbr.Uplink), gsm.FlowBitRate(gsm.ParameterGFBRDownlink, f.gbr.Downlink),
				gsm.FlowBitRate(gsm.ParameterMFBRUplink, f.mbr.Uplink), gsm.FlowBitRate(gsm.ParameterMFBRDownlink, f.mbr.Downlink))
		}
		list = append(list, gsm.NewQoSFlow(f.qfi, parameters...))
	}
	return list
}

// profiles are the QoS flows for the gNB, TS 38.413 §9.3.1.12.
func (q *sessionQoS) profiles() ngap.QosFlowSetupRequestList {
	list := make(ngap.QosFlowSetupRequestList, 0, len(q.flows))
	for i := range q.flows {
		f := &q.flows[i]
		item := ngap.QosFlowSetupRequestItem{
			QosFlowIdentifier: ngap.QosFlowIdentifier(f.qfi),
			QosFlowLevelQosParameters: ngap.QosFlowLevelQosParameters{
				QosCharacteristics: ngap.QosCharacteristics{NonDynamic5QI: &ngap.NonDynamic5QIDescriptor{FiveQI: ngap.FiveQI(f.fiveQI)}},
				AllocationAndRetentionPriority: ngap.AllocationAndRetentionPriority{
					PriorityLevelARP: ngap.PriorityLevelARP(f.arp.PriorityLevel),
				},
			},
		}
		p := &item.QosFlowLevelQosParameters
		if f.priority != 0 {
			level := ngap.PriorityLevelQos(f.priority)
			p.QosCharacteristics.NonDynamic5QI.PriorityLevelQos = &level
		}
		if f.arp.MayPreempt {
			p.AllocationAndRetentionPriority.PreEmptionCapability = ngap.PreEmptionCapabilityMayTriggerPreEmption
		}
		if f.arp.Preemptable {
			p.AllocationAndRetentionPriority.PreEmptionVulnerability = ngap.PreEmptionVulnerabilityPreEmptable
		}
		if f.guaranteed() {
			p.GBRQosInformation = &ngap.GBRQosInformation{
				MaximumFlowBitRateDL: bitRate(f.mbr.Downlink), MaximumFlowBitRateUL: bitRate(f.mbr.Uplink),
				GuaranteedFlowBitRateDL: bitRate(f.gbr.Downlink), GuaranteedFlowBitRateUL: bitRate(f.gbr.Uplink),
			}
		}
		list = append(list, item)
	}
	return list
}

// maxBitRate is the largest Bit Rate, TS 38.413 §9.3.1.4.
const maxBitRate = 4_000_000_000_000

func bitRate(bits uint64) ngap.BitRate { return ngap.BitRate(min(bits, maxBitRate)) }

// sdf are the SDF filters of a rule for the UPF, TS 29.244 §8.2.5. In an uplink PDR the UPF swaps source and
// destination (TS 29.244 §5.2.1A.2A).
func (r *qosRule) sdf() []pfcp.SDFFilter {
	list := make([]pfcp.SDFFilter, 0, len(r.filters))
	for _, f := range r.filters {
		list = append(list, pfcp.SDFFilter{FlowDescription: f.String()})
	}
	return list
}
