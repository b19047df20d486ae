package smf

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

// Guaranteed bounds the sum of guaranteed bit rates, bit/s in each direction, TS 23.501 §5.7.2.5. A zero rate is no bound.
type Guaranteed struct {
	DNN   ident.DNN     // "": whatever the DNN
	Slice *ident.SNSSAI // nil: whatever the slice
	UPF   string        // "": whatever the UPF
	Rate  nudm.AMBR
}

// cause is what a UE hears, TS 24.501 §6.4.1.4 and §6.4.2.4.
func (g *Guaranteed) cause() gsm.Cause {
	switch {
	case g.Slice == nil:
		return gsm.CauseInsufficientResources
	case g.DNN == "":
		return gsm.CauseInsufficientResourcesForSpecificSlice
	}
	return gsm.CauseInsufficientResourcesForSpecificSliceAndDNN
}

func (g *Guaranteed) String() string {
	var on []string
	if g.DNN != "" {
		on = append(on, fmt.Sprintf("DNN %q", g.DNN))
	}
	if g.Slice != nil {
		on = append(on, "slice "+g.Slice.String())
	}
	if g.UPF != "" {
		on = append(on, "UPF "+g.UPF)
	}
	return strings.Join(on, ", ")
}

// concerns tells whether a session counts towards the bound.
func (g *Guaranteed) concerns(of reservation) bool {
	return (g.DNN == "" || g.DNN.Equal(of.dnn)) && (g.Slice == nil || *g.Slice == of.slice) && (g.UPF == "" || g.UPF == of.upf)
}

// reservation is where a guaranteed rate is given.
type reservation struct {
	dnn   ident.DNN
	slice ident.SNSSAI
	upf   string
}

// admission keeps the sums below their bounds: what is granted never is more than the operator set.
type admission struct {
	mu     sync.Mutex
	bounds []Guaranteed
	used   []nudm.AMBR // by bound

	gaveBack chan struct{}         // nil while nobody waits
	waiting  map[*session]struct{} // told when something is given back
}

func newAdmission(bounds []Guaranteed) *admission {
	return &admission{bounds: bounds, used: make([]nudm.AMBR, len(bounds))}
}

// change replaces what a session holds, from, by to; a bound that to would pass refuses it. Less is always granted.
func (a *admission) change(of reservation, from, to nudm.AMBR) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	passes := func(used, from, to, bound uint64) bool { return bound != 0 && to > from && used-from+to > bound }
	for i := range a.bounds {
		g, used := &a.bounds[i], a.used[i]
		if !g.concerns(of) {
			continue
		}
		if passes(used.Uplink, from.Uplink, to.Uplink, g.Rate.Uplink) || passes(used.Downlink, from.Downlink, to.Downlink, g.Rate.Downlink) {
			return &refusal{cause: g.cause(), sbi: nsmf.CauseInsufficientResourcesSlice,
				asked:   fmt.Sprintf("%d/%d bit/s guaranteed uplink/downlink", to.Uplink, to.Downlink),
				allowed: fmt.Sprintf("%d/%d of %d/%d are granted on %s", used.Uplink-from.Uplink, used.Downlink-from.Downlink, g.Rate.Uplink, g.Rate.Downlink, g),
				change:  "smf.guaranteed, or the PCC rules"}
		}
	}
	a.move(of, from, to)
	if to.Uplink < from.Uplink || to.Downlink < from.Downlink {
		a.tellFreed()
	}
	return nil
}

// move counts to instead of from, whatever the bounds are. Call it with a.mu held.
func (a *admission) move(of reservation, from, to nudm.AMBR) {
	for i := range a.bounds {
		if a.bounds[i].concerns(of) {
			a.used[i].Uplink += to.Uplink - from.Uplink
			a.used[i].Downlink += to.Downlink - from.Downlink
		}
	}
}

// GuaranteedUse is a bound and what is granted under it, bit/s.
type GuaranteedUse struct {
	Guaranteed
	Granted nudm.AMBR
}

// Guaranteed returns the bounds on guaranteed bit rates with what is granted.
func (s *SMF) Guaranteed() []GuaranteedUse {
	a := s.admission
	a.mu.Lock()
	defer a.mu.Unlock()
	list := make([]GuaranteedUse, len(a.bounds))
	for i := range a.bounds {
		list[i] = GuaranteedUse{a.bounds[i], a.used[i]}
	}
	return list
}

// guaranteed is the sum of the guaranteed rates.
func (q *sessionQoS) guaranteed() nudm.AMBR {
	var sum nudm.AMBR
	if q == nil {
		return sum
	}
	for i := range q.flows {
		sum.Uplink += q.flows[i].gbr.Uplink
		sum.Downlink += q.flows[i].gbr.Downlink
	}
	return sum
}

// hold reserves what the flows of q need beside what the session holds; drop undoes what it does not need any more.
func (s *session) hold(q *sessionQoS) error {
	need := q.guaranteed()
	s.mu.Lock()
	defer s.mu.Unlock()
	need.Uplink, need.Downlink = max(need.Uplink, s.reserved.Uplink), max(need.Downlink, s.reserved.Downlink)
	return s.reserve(need)
}

// holdAnyway counts what the session has although it passes a bound: nobody else is granted anything until there is room again.
func (s *session) holdAnyway() {
	need := s.qos.guaranteed()
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.smf.admission
	a.mu.Lock()
	defer a.mu.Unlock()
	a.move(reservation{s.network.Name, s.slice, s.upfName}, s.reserved, need)
	s.reserved = need
}

// settle makes the reservation what the session's QoS needs, and none once it is released.
func (s *session) settle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	var need nudm.AMBR
	if s.state != Released {
		need = s.qos.guaranteed()
	}
	_ = s.reserve(need) // less is always granted
}

// reserve changes the reservation. Call it with s.mu held.
func (s *session) reserve(to nudm.AMBR) error {
	of := reservation{s.network.Name, s.slice, s.upfName}
	if err := s.smf.admission.change(of, s.reserved, to); err != nil {
		return err
	}
	s.reserved = to
	return nil
}

// admit makes the QoS of a decision and reserves what it guarantees. Rules for which there is no room, and can be made none by
// pre-emption, are left out, the least important first: those not in force yet, then by ARP (TS 23.501 §5.7.2.2); why is the refusal of the last.
func (s *session) admit(ctx context.Context, d npcf.SMPolicyDecision) (q *sessionQoS, left []string, why error, err error) {
	s.mu.Lock()
	before, can := s.qos, s.abilities()
	s.mu.Unlock()
	for {
		if q, err = newSessionQoS(d, can, before); err != nil {
			return nil, nil, nil, failure(err, "correct the PCC rules of the PCF")
		}
		if n := q.packetFilters(); n > s.filters {
			return nil, nil, nil, &refusal{cause: gsm.CauseRequestRejectedUnspecified, asked: fmt.Sprintf("a session whose rules have %d packet filters", n),
				allowed: fmt.Sprintf("%d, which is what the UE supports", s.filters), change: "fewer PCC rules for this DNN"}
		}
		refused := s.hold(q)
		if refused == nil {
			return q, left, why, nil
		}
		i := leastImportant(d.PCCRules, before)
		if i < 0 {
			return nil, nil, nil, refused
		}
		if s.preempt(ctx, &d.PCCRules[i], q) {
			return q, left, why, nil
		}
		left, why = append(left, d.PCCRules[i].ID), refused
		d.PCCRules = slices.Delete(slices.Clone(d.PCCRules), i, i+1)
	}
}

// leastImportant is the index of the rule with a guaranteed rate that is the first to go, -1 if there is none.
func leastImportant(rules []npcf.PCCRule, before *sessionQoS) int {
	held := func(r *npcf.PCCRule) int {
		if before != nil && before.rule(r.ID) != nil {
			return 0
		}
		return 1
	}
	worst := -1
	for i := range rules {
		r := &rules[i]
		if r.GuaranteedBitRate == (nudm.AMBR{}) {
			continue
		}
		if worst < 0 || cmp.Or(cmp.Compare(held(r), held(&rules[worst])), cmp.Compare(r.ARP.PriorityLevel, rules[worst].ARP.PriorityLevel),
			cmp.Compare(r.Precedence, rules[worst].Precedence)) >= 0 {
			worst = i
		}
	}
	return worst
}
