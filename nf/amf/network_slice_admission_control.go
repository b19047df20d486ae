package amf

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/nnsacf"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// Network slice admission control, TS 23.501 §5.15.11: a UE counts in each of its allowed slices whose number of UEs is
// bounded, from its registration to its end. Where a slice is nearly full the NSACF is asked before the UE is accepted (early
// availability check), else after, TS 23.502 §4.2.11.2.

var _ nnsacf.EACNotify = (*AMF)(nil)

// earlyChecks are the slices of which the NSACF wants to be asked before a UE is accepted.
type earlyChecks struct {
	mu sync.Mutex
	of map[ident.SNSSAI]bool
}

// EACNotify implements nnsacf.EACNotify, TS 23.502 §4.2.11.3.
func (a *AMF) EACNotify(slice ident.SNSSAI, early bool) {
	a.early.mu.Lock()
	defer a.early.mu.Unlock()
	if a.early.of == nil {
		a.early.of = make(map[ident.SNSSAI]bool)
	}
	a.early.of[slice] = early
}

func (e *earlyChecks) has(s ident.SNSSAI) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.of[s]
}

func anySlice(ident.SNSSAI) bool { return true }

// count has the NSACF count the UE in those of its allowed slices that which names, and out of all others. It returns
// what the NSACF refuses.
func (ue *ue) count(ctx context.Context, allowed []ident.SNSSAI, what nnsacf.Operation, which func(ident.SNSSAI) bool) []ident.SNSSAI {
	var list []nnsacf.UEACRequestInfo
	for _, s := range ue.amf.cfg.AdmissionControlled {
		switch {
		case !slices.Contains(allowed, s):
			list = append(list, nnsacf.UEACRequestInfo{SNSSAI: s, Operation: nnsacf.Decrease})
		case which(s):
			list = append(list, nnsacf.UEACRequestInfo{SNSSAI: s, Operation: what})
		}
	}
	if len(list) == 0 {
		return nil
	}
	refused := ue.amf.services.Admission.NumOfUEsUpdate(ctx, nnsacf.UEACRequest{SUPI: ue.supi, Slices: list})
	return slices.SortedFunc(maps.Keys(refused), func(a, b ident.SNSSAI) int { return slices.Index(allowed, a) - slices.Index(allowed, b) })
}

// admit keeps of a selection what the NSACF admits, TS 23.502 §4.2.11.2, before the UE is accepted. Where it admits no
// slice that the UE asks for, the default ones take their place.
func (ue *ue) admit(ctx context.Context, s selection) (selection, error) {
	refused := ue.count(ctx, s.allowed, nnsacf.Increase, ue.amf.early.has)
	if len(refused) == 0 {
		return s, nil
	}
	s.turnAway(refused, ue.amf.cfg.SliceBackOff)
	if len(s.allowed) == 0 {
		others, err := ue.chooseSlices(ctx, nil, true)
		if err != nil {
			return s, ue.sliceRefusal(s, "the slices are full and there is no other")
		}
		s.allowed = slices.DeleteFunc(others.allowed, func(o ident.SNSSAI) bool { return slices.Contains(refused, o) })
		s.turnAway(ue.count(ctx, s.allowed, nnsacf.Increase, ue.amf.early.has), ue.amf.cfg.SliceBackOff)
	}
	explanation := ue.sliceRefusal(s, "slices have as many UEs as they may")
	if len(s.allowed)+len(s.pending) == 0 {
		return s, explanation
	}
	ue.log().Warn(explanation.why, "asked", explanation.asked, "allowed", explanation.allowed, "change", explanation.change)
	return s, nil
}

func (ue *ue) sliceRefusal(s selection, why string) *refusal {
	return &refusal{
		cause: gmm.CauseNoNetworkSlicesAvailable, why: why, rejected: s.rejected,
		asked: fmt.Sprintf("slices %v", ue.requested), allowed: fmt.Sprintf("slices %v", s.allowed), change: "nsacf.slices ues in the config",
	}
}

// admissionRefused says that slices which a UE has got have no room for it.
type admissionRefused struct{ refused []ident.SNSSAI }

// countRegistered counts a UE that is registered in the slices for which the NSACF need not be asked before, TS 23.502
// §4.2.11.2, and makes sure that it counts in no others. What is refused now the UE loses again.
func (ue *ue) countRegistered(ctx context.Context) {
	if !ue.registered || ue.amf.ues.bySUPI.get(ue.supi) != ue {
		return
	}
	if refused := ue.count(ctx, ue.allowed, nnsacf.Increase, anySlice); len(refused) > 0 {
		_ = ue.insist(&admissionRefused{refused}) // refused only at shutdown
	}
}

// loseSlices takes slices from a UE that were full when it was counted, TS 23.502 §4.2.11.2: a generic UE configuration
// update, or, if it has no other slice, deregistration. A UE that cannot be told hears of it at its next registration.
func (ue *ue) loseSlices(ctx context.Context, m *admissionRefused) {
	if !ue.registered {
		return
	}
	s := selection{allowed: slices.Clone(ue.allowed)}
	s.turnAway(m.refused, ue.amf.cfg.SliceBackOff)
	ue.allowed = s.allowed
	r := ue.sliceRefusal(s, "slices were full when the UE was counted")
	ue.logRefusal(r)
	if len(s.allowed) == 0 {
		ue.deregister(ctx, &deregister{cause: r.cause, rejected: s.rejected, why: r.why})
		return
	}
	ue.releaseUnsubscribed(ctx)
	if ue.conn == nil {
		return
	}
	acknowledge := gmm.AcknowledgementRequested
	command := &gmm.ConfigurationUpdateCommand{ConfigurationUpdateIndication: &acknowledge, AllowedNSSAI: gmm.NewNSSAI(s.allowed...)}
	command.RejectedNSSAI, command.ExtendedRejectedNSSAI = ue.rejections(s.rejected)
	ue.conn.slices = toAllowedNSSAI(s.allowed)
	if err := ue.configure(ctx, command); err != nil {
		ue.log().Warn("UE does not confirm its slices: it is told again at its next registration", "reason", err)
	}
}
