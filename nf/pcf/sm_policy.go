package pcf

import (
	"cmp"
	"context"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nudm"
)

const (
	// matchAllID and matchAllPrecedence are of the rule that takes what no other rule takes. SMFs and UPFs look at
	// it last, TS 23.503 §6.3.1.
	matchAllID         = "match-all"
	matchAllPrecedence = 255
)

// sessionPolicy is an SM policy association as it is decided on.
type sessionPolicy struct {
	request npcf.SMPolicyContextData
	byUE    []npcf.PCCRule // that the UE asked for, in order
	lastUE  int            // counts them, so that an id does not come again
	now     npcf.SMPolicyDecision
}

// keptPolicy is an SM policy association as it is kept: what is the same for most sessions once.
type keptPolicy struct {
	uri string // where the SMF is told of changes
	*sessionPolicy
}

// kept is an association to keep; what names the session is not in what it may share. p.mu is held.
func (p *PCF) kept(a sessionPolicy) keptPolicy {
	k := keptPolicy{a.request.NotificationURI, &a}
	a.request = unnamed(a.request)
	if last := p.lastSession; last != nil && reflect.DeepEqual(last, k.sessionPolicy) {
		k.sessionPolicy = last
	}
	p.lastSession = k.sessionPolicy
	return k
}

// asLast is an association like the last one, where it is asked for by the same and the UE asked for nothing: most are. p.mu is held.
func (p *PCF) asLast(req *npcf.SMPolicyContextData) (k keptPolicy, ok bool) {
	last := p.lastSession
	if last == nil || last.byUE != nil || last.lastUE != 0 || unnamed(*req) != last.request {
		return k, false
	}
	return keptPolicy{req.NotificationURI, last}, true
}

// unnamed is what is decided by.
func unnamed(req npcf.SMPolicyContextData) npcf.SMPolicyContextData {
	req.SUPI, req.PDUSessionID, req.NotificationURI = "", 0, ""
	return req
}

// CreateSMPolicy implements npcf.SMPolicyControl, TS 29.512 §4.2.2: the subscribed QoS, the first configured policy
// that fits, and last the rule that matches every packet.
func (p *PCF) CreateSMPolicy(ctx context.Context, req npcf.SMPolicyContextData) (npcf.SMPolicyDecision, error) {
	if _, err := p.deps.UDR.SMData(ctx, req.SUPI, req.SNSSAI, req.DNN); err != nil {
		return npcf.SMPolicyDecision{}, refusal(req.SUPI, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cfg.barred(&req) {
		return npcf.SMPolicyDecision{}, barred(&req)
	}
	k, ok := p.asLast(&req)
	if !ok {
		a := sessionPolicy{request: req}
		a.now = p.cfg.decide(&a)
		k = p.kept(a)
	}
	id, err := p.sm.create(session{req.SUPI, req.PDUSessionID}, k)
	if err != nil {
		return npcf.SMPolicyDecision{}, err
	}
	return withID(k.now, id), nil
}

func barred(req *npcf.SMPolicyContextData) error {
	return sbi.Problem(http.StatusForbidden, npcf.CausePolicyContextDenied,
		"sessions on DNN %q in slice %s are barred; change pcf.session_policies", req.DNN, req.SNSSAI)
}

// withID is a decision as the SMF gets it: under an id, with a list of rules of its own.
func withID(d npcf.SMPolicyDecision, id string) npcf.SMPolicyDecision {
	d.ID, d.PCCRules = id, slices.Clone(d.PCCRules)
	return d
}

// UpdateSMPolicy implements npcf.SMPolicyControl, TS 29.512 §4.2.4.
func (p *PCF) UpdateSMPolicy(_ context.Context, id string, req npcf.SMPolicyUpdateContextData) (npcf.SMPolicyDecision, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	found, err := p.sm.find(id)
	if err != nil {
		return npcf.SMPolicyDecision{}, err
	}
	a := *found.record.sessionPolicy // a copy: it may be shared
	if req.SubscribedAMBR != nil {
		a.request.SubscribedAMBR = *req.SubscribedAMBR
	}
	if req.SubscribedQoS != nil {
		a.request.SubscribedQoS = *req.SubscribedQoS
	}
	for _, r := range req.RuleReports {
		p.log.Warn("PCC rules are not in force", "supi", found.owner.supi.Conceal(), "pdu_session", found.owner.id, "dnn", string(a.request.DNN),
			"rules", strings.Join(r.PCCRuleIDs, ","), "failure", string(r.FailureCode))
		a.byUE = slices.DeleteFunc(slices.Clone(a.byUE), func(x npcf.PCCRule) bool { return slices.Contains(r.PCCRuleIDs, x.ID) })
	}
	for i := range req.UEInitResReq {
		if err := p.cfg.grant(&a, &req.UEInitResReq[i]); err != nil {
			return npcf.SMPolicyDecision{}, err
		}
	}
	a.now = p.cfg.decide(&a)
	found.record.sessionPolicy = &a
	return withID(a.now, id), nil
}

// DeleteSMPolicy implements npcf.SMPolicyControl, TS 29.512 §4.2.5.
func (p *PCF) DeleteSMPolicy(_ context.Context, id string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sm.remove(id)
}

// decide makes the rules of a session.
func (c *Config) decide(a *sessionPolicy) npcf.SMPolicyDecision {
	req := &a.request
	decision := npcf.SMPolicyDecision{SessionAMBR: req.SubscribedAMBR, DefaultQoS: req.SubscribedQoS}
	if policy := c.policyFor(req); policy != nil {
		decision.SessionAMBR.Uplink = capped(req.SubscribedAMBR.Uplink, policy.MaxSessionAMBR.Uplink)
		decision.SessionAMBR.Downlink = capped(req.SubscribedAMBR.Downlink, policy.MaxSessionAMBR.Downlink)
		decision.PCCRules = rulesOf(policy, req.SubscribedQoS)
		decision.ReflectiveQoSTimer = policy.ReflectiveQoSTimer
		for _, r := range a.byUE {
			if policy.UERequests != nil && policy.UERequests.check(&r) == nil {
				r.ARP = req.SubscribedQoS.ARP
				decision.PCCRules = append(decision.PCCRules, r)
			}
		}
	}
	decision.PCCRules = append(decision.PCCRules, npcf.PCCRule{
		ID: matchAllID, Precedence: matchAllPrecedence, FiveQI: req.SubscribedQoS.FiveQI, ARP: req.SubscribedQoS.ARP,
	})
	return decision
}

func (c *Config) barred(req *npcf.SMPolicyContextData) bool {
	policy := c.policyFor(req)
	return policy != nil && policy.Barred
}

func (c *Config) policyFor(req *npcf.SMPolicyContextData) *SessionPolicy {
	for i := range c.SessionPolicies {
		policy := &c.SessionPolicies[i]
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
