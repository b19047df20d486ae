package smf

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

// preempted takes QoS flows from a session for the benefit of another, TS 23.501 §5.7.2.2.
type preempted struct{ qfis []uint8 }

// roomFreed says that there may be room for rules that were left out.
type roomFreed struct{}

// victim is a QoS flow that a more important one may take the room of.
type victim struct {
	of   *session
	at   reservation
	qfi  uint8
	arp  nudm.ARP
	rate nudm.AMBR
}

// preempt makes room for a rule that may pre-empt: flows of other sessions that are vulnerable and less important lose theirs,
// the least important first, and as few as will do, TS 23.501 §5.7.2.2. Where all of them together are not enough nobody is
// disturbed. Their own sessions give them up, UE and gNB included, so that never more is granted than the operator set; r
// waits for that, but not for ever: what comes later is made use of later. It tells whether q now fits.
func (s *session) preempt(ctx context.Context, r *npcf.PCCRule, q *sessionQoS) bool {
	if !r.ARP.MayPreempt {
		return false
	}
	patience := time.NewTimer(s.smf.cfg.Timers.Preemption)
	defer patience.Stop()
	asked := make(map[*session]bool)
	for {
		freed := s.smf.admission.freed()
		err := s.hold(ctx, q)
		if err == nil {
			return true
		}
		full, ok := errors.AsType[*noRoom](err)
		if !ok {
			return false
		}
		s.takeFrom(s.victims(r, full.lacks, asked), asked)
		if len(asked) == 0 {
			return false
		}
		select {
		case <-freed:
		case <-patience.C:
			s.smf.admission.await(s)
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// takeFrom has the sessions of victims give them up, each asked once.
func (s *session) takeFrom(victims []victim, asked map[*session]bool) {
	qfis := make(map[*session][]uint8)
	for _, v := range victims {
		qfis[v.of] = append(qfis[v.of], v.qfi)
	}
	for of, list := range qfis {
		if asked[of] {
			continue
		}
		asked[of] = true
		s.smf.log.Info("QoS flows are pre-empted", of.attrs(slog.Any("flows", list), slog.String("for", s.supi.Conceal()))...)
		of.deliver(preempted{list})
	}
}

// victims are the flows that are to go so that nothing lacks, those of sessions that were asked already first; none if there are not
// enough. What other nodes hold counts, but is theirs.
func (s *session) victims(r *npcf.PCCRule, lacks lacks, asked map[*session]bool) []victim {
	var candidates []victim
	for _, n := range s.smf.all() {
		if n != s {
			candidates = append(candidates, n.vulnerable(r.ARP.PriorityLevel)...)
		}
	}
	first := func(v victim) int {
		if asked[v.of] {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(candidates, func(a, b victim) int {
		return cmp.Or(cmp.Compare(first(a), first(b)), cmp.Compare(b.arp.PriorityLevel, a.arp.PriorityLevel), cmp.Compare(b.rate.Uplink+b.rate.Downlink, a.rate.Uplink+a.rate.Downlink),
			cmp.Compare(a.of.seid, b.of.seid), cmp.Compare(a.qfi, b.qfi))
	})
	var chosen []victim
	for _, v := range candidates {
		if lacks.lessBy(v) {
			chosen = append(chosen, v)
		}
	}
	if !lacks.none() {
		return nil
	}
	for i := 0; i < len(chosen); { // the least important again, if the others do
		if !asked[chosen[i].of] && lacks.moreBy(chosen[i]) {
			chosen = slices.Delete(chosen, i, i+1)
		} else {
			i++
		}
	}
	return chosen
}

// vulnerable are the session's flows that a flow of a priority level may take the room of.
func (s *session) vulnerable(level uint8) []victim {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != Active || s.reserved == (nudm.AMBR{}) {
		return nil
	}
	var list []victim
	for i := range s.qos.flows {
		if f := &s.qos.flows[i]; f.guaranteed() && f.arp.Preemptable && f.arp.PriorityLevel > level {
			list = append(list, victim{s, s.place(), f.qfi, f.arp, f.gbr})
		}
	}
	return list
}

// givesUp takes pre-empted flows from UE, gNB and UPF and tells the PCF. A UE that does not follow loses its session: its room
// is another's.
func (s *session) givesUp(ctx context.Context, m preempted) {
	s.mu.Lock()
	q, active := s.qos, s.state == Active
	s.mu.Unlock()
	if !active {
		return
	}
	still := slices.DeleteFunc(slices.Clone(m.qfis), func(qfi uint8) bool { f := q.flow(qfi); return f == nil || !f.guaranteed() || !f.arp.Preemptable })
	if len(still) == 0 {
		return
	}
	s.report(ctx, q.rulesOn(still), npcf.RuleResourcesLimitation)
	err := s.modify(ctx, change{qos: q.without(still, &sessionQoS{})})
	if err != nil && s.is(Active) && s.smf.ctx.Err() == nil && !errors.Is(err, procedure.ErrSuperseded) && !errors.Is(err, errNotThere) {
		s.smf.log.Warn("UE keeps a QoS flow that is another's; its session is released", s.attrs(slog.Any("error", err))...)
		s.releaseByNetwork(ctx, gsm.CauseInsufficientResources)
		return
	}
	s.ended(ctx, err, func() { s.deliver(m) })
}

// tryAgain asks for the rules that were left out.
func (s *session) tryAgain(ctx context.Context) {
	s.mu.Lock()
	d := s.decision
	s.mu.Unlock()
	if d != nil {
		s.policyChanged(ctx, *d)
	}
}

// lack is by how much bounds would be passed.
type lack struct {
	bound            *Guaranteed
	uplink, downlink int64
}

type lacks []lack

func (l lacks) none() bool {
	return !slices.ContainsFunc(l, func(x lack) bool { return x.uplink > 0 || x.downlink > 0 })
}

// lessBy takes away what a victim would free, and tells whether that is of use.
func (l lacks) lessBy(v victim) bool {
	useful := slices.ContainsFunc(l, func(x lack) bool {
		return x.bound.concerns(v.at) && (x.uplink > 0 && v.rate.Uplink > 0 || x.downlink > 0 && v.rate.Downlink > 0)
	})
	if useful {
		l.change(v, -1)
	}
	return useful
}

// moreBy keeps a victim, and tells whether there is enough without it.
func (l lacks) moreBy(v victim) bool {
	l.change(v, 1)
	if l.none() {
		return true
	}
	l.change(v, -1)
	return false
}

func (l lacks) change(v victim, sign int64) {
	for i := range l {
		if l[i].bound.concerns(v.at) {
			l[i].uplink += sign * int64(v.rate.Uplink)
			l[i].downlink += sign * int64(v.rate.Downlink)
		}
	}
}

// freed returns a channel that is closed when somebody next gives something back.
func (a *admission) freed() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.gaveBack == nil {
		a.gaveBack = make(chan struct{})
	}
	return a.gaveBack
}

// await has a session told when somebody next gives something back.
func (a *admission) await(s *session) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.waiting == nil {
		a.waiting = make(map[*session]struct{})
	}
	a.waiting[s] = struct{}{}
}

// tellFreed tells who waits for room. Call it with a.mu held.
func (a *admission) tellFreed() {
	if a.gaveBack != nil {
		close(a.gaveBack)
		a.gaveBack = nil
	}
	for s := range a.waiting {
		delete(a.waiting, s)
		go s.deliver(roomFreed{}) // whoever gives back holds locks
	}
}
