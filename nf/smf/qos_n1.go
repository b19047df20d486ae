package smf

import (
	"time"

	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

// authorizedRules are the QoS rules for the UE, TS 24.501 §6.2.5.1.
func (q *sessionQoS) authorizedRules() gsm.QoSRules {
	list := make(gsm.QoSRules, 0, len(q.rules))
	for i := range q.rules {
		list = append(list, q.rules[i].create())
	}
	return list
}

// create is the operation that gives the UE the rule.
func (r *qosRule) create() gsm.QoSRule {
	if len(r.filters) == 0 {
		return gsm.DefaultRule(r.id, r.precedence, r.flow.qfi)
	}
	return gsm.QoSRule{ID: r.id, Operation: gsm.CreateRule, Precedence: r.precedence, QFI: r.flow.qfi, Filters: r.packetFilters()}
}

// uesForm is what the UE gets of rules: of unstructured data the one that it has is for all packets by having no packet filter,
// TS 23.501 §5.7.1.4.
func (s *session) uesForm(rules gsm.QoSRules) gsm.QoSRules {
	if s.kind != gsm.Unstructured {
		return rules
	}
	for i := range rules {
		rules[i].Filters = nil
		if rules[i].Operation == gsm.ReplacePacketFilters {
			rules[i].Operation = gsm.ModifyRule
		}
	}
	return rules
}

// flowDescriptions are the QoS flows for the UE, TS 24.501 §6.2.5.1.1.4.
func (q *sessionQoS) flowDescriptions() gsm.QoSFlowDescriptions {
	list := make(gsm.QoSFlowDescriptions, 0, len(q.flows))
	for i := range q.flows {
		list = append(list, gsm.NewQoSFlow(q.flows[i].qfi, q.flows[i].describe()...))
	}
	return list
}

func (f *qosFlow) describe() []gsm.FlowParameter {
	parameters := []gsm.FlowParameter{gsm.FiveQI(f.fiveQI)}
	if !f.guaranteed() {
		return parameters
	}
	parameters = append(parameters,
		gsm.FlowBitRate(gsm.ParameterGFBRUplink, f.gbr.Uplink), gsm.FlowBitRate(gsm.ParameterGFBRDownlink, f.gbr.Downlink),
		gsm.FlowBitRate(gsm.ParameterMFBRUplink, f.mbr.Uplink), gsm.FlowBitRate(gsm.ParameterMFBRDownlink, f.mbr.Downlink))
	if f.window != 0 {
		parameters = append(parameters, gsm.AveragingWindow(f.window))
	}
	return parameters
}

// rqTimerValue is the RQ timer for the UE, TS 24.501 §9.11.2.3; nil without reflective QoS.
func (q *sessionQoS) rqTimerValue() *nas.GPRSTimer {
	if q.rqTimer == 0 {
		return nil
	}
	t := nas.NewGPRSTimer(time.Duration(q.rqTimer) * time.Second)
	return &t
}

// ruleChanges are the operations that turn the UE's rules from before into q, TS 24.501 §6.3.2.2.
func (q *sessionQoS) ruleChanges(before *sessionQoS) gsm.QoSRules {
	var list gsm.QoSRules
	for i := range before.rules {
		old := &before.rules[i]
		if r := q.rule(old.pcc); r == nil || r.id != old.id {
			list = append(list, gsm.QoSRule{ID: old.id, Operation: gsm.DeleteRule})
		}
	}
	for i := range q.rules {
		r := &q.rules[i]
		old := before.rule(r.pcc)
		switch {
		case old == nil || old.id != r.id:
			list = append(list, r.create())
		case !equalRules(old, r):
			replace := r.create()
			replace.Operation = gsm.ReplacePacketFilters
			list = append(list, replace)
		}
	}
	return list
}

// flowChanges are the operations that turn the UE's flows from before into q.
func (q *sessionQoS) flowChanges(before *sessionQoS) gsm.QoSFlowDescriptions {
	var list gsm.QoSFlowDescriptions
	for i := range before.flows {
		if q.flow(before.flows[i].qfi) == nil {
			list = append(list, gsm.QoSFlowDescription{QFI: before.flows[i].qfi, Operation: gsm.DeleteFlow})
		}
	}
	for i := range q.flows {
		f := &q.flows[i]
		switch old := before.flow(f.qfi); {
		case old == nil:
			list = append(list, gsm.NewQoSFlow(f.qfi, f.describe()...))
		case old.fiveQI != f.fiveQI || old.gbr != f.gbr || old.mbr != f.mbr && f.guaranteed() || old.window != f.window:
			list = append(list, gsm.QoSFlowDescription{QFI: f.qfi, Operation: gsm.ModifyFlow, E: true, Parameters: f.describe()})
		}
	}
	return list
}
