package smf

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

// Guaranteed bounds the sum of guaranteed bit rates of all nodes over one store, bit/s in each direction, TS 23.501 §5.7.2.5. A zero
// rate is no bound.
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

// admission keeps the sums below their bounds: what is granted never is more than the operator set. Where other nodes grant under the
// same bounds the store decides, and this is what the sessions of this node have of it.
type admission struct {
	bounds []Guaranteed
	nodes  *guarantees // nil: nobody else grants anything under the bounds

	mu   sync.Mutex
	used []nudm.AMBR // by bound
	owed map[uint64]debt

	gaveBack chan struct{}         // nil while nobody waits
	waiting  map[*session]struct{} // told when something is given back
}

func newAdmission(bounds []Guaranteed) *admission {
	return &admission{bounds: bounds, used: make([]nudm.AMBR, len(bounds)), owed: make(map[uint64]debt)}
}

// noRoom says that bounds would be passed, and by how much.
type noRoom struct {
	refusal *refusal
	lacks   lacks
}

func (e *noRoom) Error() string { return e.refusal.Error() }

// Unwrap returns the refusal.
func (e *noRoom) Unwrap() error { return e.refusal }

// check tells whether a session may have to instead of from beside what others have of each bound; the error is a *noRoom. Less is
// always granted.
func (a *admission) check(others []nudm.AMBR, of reservation, from, to nudm.AMBR) error {
	missing := func(others, from, to, bound uint64) int64 {
		if bound == 0 || to <= from {
			return 0
		}
		return int64(others) + int64(to) - int64(bound)
	}
	if len(a.bounds) == 0 {
		return nil
	}
	full := new(noRoom)
	for i := range a.bounds {
		g := &a.bounds[i]
		if !g.concerns(of) {
			continue
		}
		l := lack{g, missing(others[i].Uplink, from.Uplink, to.Uplink, g.Rate.Uplink), missing(others[i].Downlink, from.Downlink, to.Downlink, g.Rate.Downlink)}
		full.lacks = append(full.lacks, l)
		if full.refusal == nil && (l.uplink > 0 || l.downlink > 0) {
			full.refusal = &refusal{cause: g.cause(), sbi: nsmf.CauseInsufficientResourcesSlice,
				asked:   fmt.Sprintf("%d/%d bit/s guaranteed uplink/downlink", to.Uplink, to.Downlink),
				allowed: fmt.Sprintf("%d/%d of %d/%d are granted on %s", others[i].Uplink, others[i].Downlink, g.Rate.Uplink, g.Rate.Downlink, g),
				change:  "smf.guaranteed, or the PCC rules"}
		}
	}
	if full.refusal == nil {
		return nil
	}
	return full
}

// change replaces what a session holds, from, by to; a bound that to would pass refuses it.
func (a *admission) change(of reservation, from, to nudm.AMBR) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	others := slices.Clone(a.used)
	for i := range a.bounds {
		if a.bounds[i].concerns(of) {
			others[i].Uplink -= from.Uplink
			others[i].Downlink -= from.Downlink
		}
	}
	if err := a.check(others, of, from, to); err != nil {
		return err
	}
	a.count(of, from, to)
	return nil
}

// move counts to instead of from, whatever the bounds are, and tells who waits for room.
func (a *admission) move(of reservation, from, to nudm.AMBR) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.count(of, from, to)
}

// count is move for who holds a.mu.
func (a *admission) count(of reservation, from, to nudm.AMBR) {
	for i := range a.bounds {
		if a.bounds[i].concerns(of) {
			a.used[i].Uplink += to.Uplink - from.Uplink
			a.used[i].Downlink += to.Downlink - from.Downlink
		}
	}
	if to.Uplink < from.Uplink || to.Downlink < from.Downlink {
		a.tellFreed()
	}
}

// concerns tells whether a bound concerns a session.
func (a *admission) concerns(of reservation) bool {
	return slices.ContainsFunc(a.bounds, func(g Guaranteed) bool { return g.concerns(of) })
}

// GuaranteedUse is a bound and what is granted under it, bit/s.
type GuaranteedUse struct {
	Guaranteed
	Granted nudm.AMBR
}

// Guaranteed returns the bounds on guaranteed bit rates with what is granted, by all nodes together.
func (s *SMF) Guaranteed(ctx context.Context) ([]GuaranteedUse, error) {
	a := s.admission
	if a.nodes == nil {
		return a.uses(), nil
	}
	sums, err := a.nodes.contexts.GuaranteeSums(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]GuaranteedUse, len(a.bounds))
	for i, used := range a.sums(sums) {
		list[i] = GuaranteedUse{a.bounds[i], used}
	}
	return list, nil
}

// uses are the bounds with what the sessions of this node hold.
func (a *admission) uses() []GuaranteedUse {
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

// place is where the session's guaranteed rate is given. Call it with s.mu held.
func (s *session) place() reservation { return reservation{s.network.Name, s.slice, s.upfName} }

// hold reserves what the flows of q need beside what the session holds; settle undoes what it does not need any more.
func (s *session) hold(ctx context.Context, q *sessionQoS) error {
	need := q.guaranteed()
	s.mu.Lock()
	need.Uplink, need.Downlink = max(need.Uplink, s.reserved.Uplink), max(need.Downlink, s.reserved.Downlink)
	s.mu.Unlock()
	return s.reserve(ctx, need)
}

// holdAnyway counts what a session has that comes back although it passes a bound: the operator has lowered it. Nobody else is
// granted anything until there is room again.
func (s *session) holdAnyway() {
	need := s.qos.guaranteed()
	of := s.place()
	a := s.smf.admission
	if a.nodes != nil {
		a.move(of, nudm.AMBR{}, need)
	} else if err := a.change(of, nudm.AMBR{}, need); err != nil {
		s.smf.log.Warn("restored session has more than may be guaranteed", s.attrs("error", err)...)
		a.move(of, nudm.AMBR{}, need)
	}
	s.reserved = need
}

// settleRetry is the time until a session is looked at again that could not be made durable with less.
const settleRetry = time.Second

// settle makes the reservation what the session's QoS needs. What it is to have is durable before others get the rest: it would come
// back with what it had. A session that ends gives back all in the end.
func (s *session) settle(ctx context.Context) {
	s.mu.Lock()
	need, reserved, ends := s.qos.guaranteed(), s.reserved, s.state == Released || s.state == Releasing
	s.mu.Unlock()
	if need == reserved || ends {
		return
	}
	if err := s.keepNow(ctx); err != nil {
		s.smf.log.Warn("guaranteed bit rate is given back once the session is stored without it", s.attrs("error", err)...)
		time.AfterFunc(settleRetry, func() {
			if s.smf.ctx.Err() == nil {
				s.deliver(unsettled{})
			}
		})
		return
	}
	_ = s.reserve(ctx, need) // less is always granted
}

// reserve changes the reservation, with an error where that is refused. Only the actor's goroutine does.
func (s *session) reserve(ctx context.Context, to nudm.AMBR) error {
	s.mu.Lock()
	of, from := s.place(), s.reserved
	s.mu.Unlock()
	if from == to {
		return nil
	}
	a := s.smf.admission
	if a.nodes == nil || !a.concerns(of) {
		if err := a.change(of, from, to); err != nil {
			return err
		}
	} else {
		if err := a.changeOfAll(ctx, s, of, from, to); err != nil {
			return err
		}
		a.move(of, from, to)
	}
	s.mu.Lock()
	s.reserved = to
	s.mu.Unlock()
	return nil
}

// admit makes the QoS of a decision and reserves what it guarantees. Rules for which there is no room, and can be made none by
// pre-emption, are left out, the least important first: those not in force yet, then by ARP (TS 23.501 §5.7.2.2); why is the refusal of the last.
func (s *session) admit(ctx context.Context, d npcf.SMPolicyDecision) (q *sessionQoS, left []string, why error, err error) {
	s.mu.Lock()
	before, can := s.qos, s.abilities()
	s.mu.Unlock()
	var away error // the store does not answer, and is not asked for each rule
	for {
		if q, err = newSessionQoS(d, can, before); err != nil {
			return nil, nil, nil, failure(err, "correct the PCC rules of the PCF")
		}
		if n := q.packetFilters(); n > s.filters {
			return nil, nil, nil, &refusal{cause: gsm.CauseRequestRejectedUnspecified, asked: fmt.Sprintf("a session whose rules have %d packet filters", n),
				allowed: fmt.Sprintf("%d, which is what the UE supports", s.filters), change: "fewer PCC rules for this DNN"}
		}
		refused := away
		if away == nil || !s.needsMore(q) {
			refused = s.hold(ctx, q)
		}
		if refused == nil {
			return q, left, why, nil
		}
		if _, full := errors.AsType[*noRoom](refused); !full {
			away = refused
		}
		i := leastImportant(d.PCCRules, before)
		if i < 0 {
			return nil, nil, nil, refused
		}
		if away == nil && s.preempt(ctx, &d.PCCRules[i], q) {
			return q, left, why, nil
		}
		left, why = append(left, d.PCCRules[i].ID), refused
		d.PCCRules = slices.Delete(slices.Clone(d.PCCRules), i, i+1)
	}
}

// needsMore tells whether q guarantees more than the session holds.
func (s *session) needsMore(q *sessionQoS) bool {
	need := q.guaranteed()
	s.mu.Lock()
	defer s.mu.Unlock()
	return need.Uplink > s.reserved.Uplink || need.Downlink > s.reserved.Downlink
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
