package pcf

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nudm"
)

// grant decides what a UE asks for of its own, TS 29.512 §4.2.4.17: a rule of its own beside those of the policy. Those
// of the policy are not the UE's to change.
func (c *Config) grant(a *sessionPolicy, req *npcf.UEInitiatedResourceRequest) error {
	policy := c.policyFor(&a.request)
	refuse := func(format string, args ...any) error {
		return sbi.Problem(http.StatusForbidden, npcf.CausePolicyContextDenied, "%s; change pcf.session_policies[].ue_requests", fmt.Sprintf(format, args...))
	}
	if policy == nil || policy.UERequests == nil {
		return refuse("UEs may not ask for QoS on DNN %q", a.request.DNN)
	}
	at := slices.IndexFunc(a.byUE, func(r npcf.PCCRule) bool { return r.ID == req.PCCRuleID })
	if at < 0 && (req.RuleOp != npcf.CreatePCCRule || req.PCCRuleID != "") {
		return refuse("PCC rule %q is not of the UE's asking", req.PCCRuleID)
	}
	if req.RuleOp == npcf.DeletePCCRule {
		a.byUE = slices.Delete(slices.Clone(a.byUE), at, at+1)
		return nil
	}
	rule := npcf.PCCRule{
		ID: req.PCCRuleID, Precedence: req.Precedence, FlowDescriptions: req.FlowDescriptions,
		FiveQI: req.FiveQI, MaxBitRate: req.MaxBitRate, GuaranteedBitRate: req.Guaranteed,
	}
	if rule.FiveQI == 0 {
		rule.FiveQI = a.request.SubscribedQoS.FiveQI
	}
	if err := policy.UERequests.check(&rule); err != nil {
		return refuse("%v", err)
	}
	a.byUE = slices.Clone(a.byUE)
	if at >= 0 {
		a.byUE[at] = rule
		return nil
	}
	if len(a.byUE) >= policy.UERequests.Rules {
		return refuse("the UE has %d rules of its own, at most %d", len(a.byUE), policy.UERequests.Rules)
	}
	a.lastUE++
	rule.ID = npcf.UERulePrefix + strconv.Itoa(a.lastUE)
	a.byUE = append(a.byUE, rule)
	return nil
}

// numberOfUERule is what lastUE was when a rule was made.
func numberOfUERule(id string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(id, npcf.UERulePrefix)) // 0 for what is none
	return n
}

// check tells whether a rule is within what UEs may have.
func (u *UERequests) check(r *npcf.PCCRule) error {
	over := func(x, most nudm.AMBR) bool { return x.Uplink > most.Uplink || x.Downlink > most.Downlink }
	switch {
	case !slices.Contains(u.FiveQIs, r.FiveQI):
		return fmt.Errorf("5QI %d, UEs may have %v", r.FiveQI, u.FiveQIs)
	case over(r.GuaranteedBitRate, u.Guaranteed):
		return fmt.Errorf("guaranteed bit rate %d/%d, at most %d/%d", r.GuaranteedBitRate.Uplink, r.GuaranteedBitRate.Downlink, u.Guaranteed.Uplink, u.Guaranteed.Downlink)
	case over(r.MaxBitRate, u.Maximum):
		return fmt.Errorf("maximum bit rate %d/%d, at most %d/%d", r.MaxBitRate.Uplink, r.MaxBitRate.Downlink, u.Maximum.Uplink, u.Maximum.Downlink)
	case standardised(r.FiveQI) && gbrFiveQI(r.FiveQI) != (r.GuaranteedBitRate != nudm.AMBR{}):
		return fmt.Errorf("5QI %d and guaranteed bit rate %d/%d do not go together (TS 23.501 §5.7.4)", r.FiveQI, r.GuaranteedBitRate.Uplink, r.GuaranteedBitRate.Downlink)
	case len(r.FlowDescriptions) == 0 || len(r.FlowDescriptions) > maxDescriptions:
		return fmt.Errorf("%d packet filters, want 1 to %d", len(r.FlowDescriptions), maxDescriptions)
	}
	return nil
}

func (u *UERequests) validate() error {
	switch {
	case len(u.FiveQIs) == 0:
		return fmt.Errorf("UE requests: no 5QI: name those that UEs may ask for")
	case u.Rules < 1 || u.Rules > maxUERules:
		return fmt.Errorf("UE requests: %d rules, want 1 to %d in one session", u.Rules, maxUERules)
	case u.Guaranteed.Uplink > u.Maximum.Uplink || u.Guaranteed.Downlink > u.Maximum.Downlink:
		return fmt.Errorf("UE requests: the guaranteed bit rate is above the maximum")
	}
	return nil
}
