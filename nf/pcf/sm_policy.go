package pcf

import (
	"cmp"
	"context"
	"slices"

	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nudm"
)

const (
	// matchAllID and matchAllPrecedence are of the rule that takes what no other rule takes. SMFs and UPFs look at
	// it last, TS 23.503 §6.3.1.
	matchAllID         = "match-all"
	matchAllPrecedence = 255
)

// CreateSMPolicy implements npcf.SMPolicyControl, TS 29.512 §4.2.2: the subscribed QoS, the first configured policy
// that fits, and last the rule that matches every packet.
func (p *PCF) CreateSMPolicy(ctx context.Context, req npcf.SMPolicyContextData) (npcf.SMPolicyDecision, error) {
	if _, err := p.udr.SMData(ctx, req.SUPI, req.SNSSAI, req.DNN); err != nil {
		return npcf.SMPolicyDecision{}, refusal(req.SUPI, err)
	}
	decision := npcf.SMPolicyDecision{SessionAMBR: req.SubscribedAMBR, DefaultQoS: req.SubscribedQoS}
	if policy := p.policyFor(&req); policy != nil {
		decision.SessionAMBR.Uplink = capped(req.SubscribedAMBR.Uplink, policy.MaxSessionAMBR.Uplink)
		decision.SessionAMBR.Downlink = capped(req.SubscribedAMBR.Downlink, policy.MaxSessionAMBR.Downlink)
		decision.PCCRules = rulesOf(policy, req.SubscribedQoS)
	}
	decision.PCCRules = append(decision.PCCRules, npcf.PCCRule{
		ID: matchAllID, Precedence: matchAllPrecedence, FiveQI: req.SubscribedQoS.FiveQI, ARP: req.SubscribedQoS.ARP,
	})

	p.mu.Lock()
	defer p.mu.Unlock()
	id, err := p.sm.create(session{req.SUPI, req.PDUSessionID})
	if err != nil {
		return npcf.SMPolicyDecision{}, err
	}
	decision.ID = id
	return decision, nil
}

// DeleteSMPolicy implements npcf.SMPolicyControl, TS 29.512 §4.2.5.
func (p *PCF) DeleteSMPolicy(_ context.Context, id string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sm.remove(id)
}

func (p *PCF) policyFor(req *npcf.SMPolicyContextData) *SessionPolicy {
	for i := range p.cfg.SessionPolicies {
		policy := &p.cfg.SessionPolicies[i]
		if policy.DNN.Equal(req.DNN) && (policy.SNSSAI == nil || *policy.SNSSAI == req.SNSSAI) {
			return policy
		}
	}
	return nil
}

// rulesOf returns the configured rules in order of precedence; what one leaves open is as subscribed.
func rulesOf(policy *SessionPolicy, subscribed nudm.SubscribedDefaultQoS) []npcf.PCCRule {
	rules := slices.Clone(policy.PCCRules)
	for i := range rules {
		if rules[i].FiveQI == 0 {
			rules[i].FiveQI = subscribed.FiveQI
		}
		if rules[i].ARP.PriorityLevel == 0 {
			rules[i].ARP = subscribed.ARP
		}
	}
	slices.SortFunc(rules, func(a, b npcf.PCCRule) int { return cmp.Compare(a.Precedence, b.Precedence) })
	return rules
}

// capped is rate or the operator's limit, whichever is less; 0 is no limit.
func capped(rate, limit uint64) uint64 {
	if limit == 0 {
		return rate
	}
	return min(rate, limit)
}
