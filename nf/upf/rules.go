package upf

import (
	"fmt"
	"time"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// maxRules bounds the rules of each kind in one session.
const maxRules = 64

// ruleSet is the rules of a session as the CP function gave them, TS 29.244 §5.2. Values are replaced, never changed
// in place, so that a clone is a way back.
type ruleSet struct {
	pdrs *table[pfcp.PDRID, pfcp.CreatePDR]
	fars *table[pfcp.FARID, pfcp.CreateFAR]
	qers *table[pfcp.QERID, pfcp.CreateQER]
	urrs *table[pfcp.URRID, urr]
	bars *table[pfcp.BARID, bar]
}

// bar is a buffering action rule and what was said of it later.
type bar struct {
	pfcp.CreateBAR
	packets int           // 0: not said
	expiry  time.Duration // 0: not said
}

func newRuleSet() ruleSet {
	t := new(struct { // at once
		pdrs table[pfcp.PDRID, pfcp.CreatePDR]
		fars table[pfcp.FARID, pfcp.CreateFAR]
		qers table[pfcp.QERID, pfcp.CreateQER]
		urrs table[pfcp.URRID, urr]
		bars table[pfcp.BARID, bar]
	})
	return ruleSet{&t.pdrs, &t.fars, &t.qers, &t.urrs, &t.bars}
}

// expect makes room for so many more rules, as far as they may be.
func (r ruleSet) expect(pdrs, fars, qers, urrs int) {
	r.pdrs.expect(min(pdrs, maxRules))
	r.fars.expect(min(fars, maxRules))
	r.qers.expect(min(qers, maxRules))
	r.urrs.expect(min(urrs, maxRules))
}

// cloneFor is a clone as far as a modification changes it or asks about what was measured; the rest is shared.
func (r ruleSet) cloneFor(m *pfcp.SessionModificationRequest) ruleSet {
	if len(m.CreatePDR)+len(m.UpdatePDR)+len(m.RemovePDR) > 0 {
		r.pdrs = r.pdrs.clone()
	}
	if len(m.CreateFAR)+len(m.UpdateFAR)+len(m.RemoveFAR) > 0 {
		r.fars = r.fars.clone()
	}
	if len(m.CreateQER)+len(m.UpdateQER)+len(m.RemoveQER) > 0 {
		r.qers = r.qers.clone()
	}
	if len(m.CreateURR)+len(m.UpdateURR)+len(m.RemoveURR)+len(m.QueryURR) > 0 || m.PFCPSMReqFlags.Value()&pfcp.SMReqQAURR != 0 {
		r.urrs = r.urrs.clone()
	}
	if m.CreateBAR.Present() || m.UpdateBAR.Present() || m.RemoveBAR.Present() {
		r.bars = r.bars.clone()
	}
	return r
}

// buffer is what the BAR of the session says of buffering, TS 29.244 §5.2.4.
func (r ruleSet) buffer() Buffer {
	for _, b := range r.bars.all() {
		return Buffer{Packets: b.packets, Expiry: b.expiry}
	}
	return Buffer{}
}

// pick is PDRs as they are in the set.
func (r ruleSet) pick(list []pfcp.CreatePDR) []pfcp.CreatePDR {
	out := make([]pfcp.CreatePDR, 0, len(list))
	for _, p := range list {
		out = append(out, r.pdrs.at(p.PDRID))
	}
	return out
}

// ruleFailure is a rule that cannot be made or changed, TS 29.244 §8.2.1.
func ruleFailure(kind pfcp.RuleType, id uint32, ie pfcp.IEType, format string, args ...any) *pfcp.Error {
	return &pfcp.Error{Cause: pfcp.CauseRuleCreationModificationFailure, Offending: ie,
		FailedRule: pfcp.Some(pfcp.FailedRuleID{Type: kind, ID: id}), Detail: fmt.Sprintf(format, args...)}
}

// put adds a rule under an id that is new.
func put[K ~uint8 | ~uint16 | ~uint32, V any](t *table[K, V], kind pfcp.RuleType, id K, v V) *pfcp.Error {
	if _, there := t.get(id); there {
		return ruleFailure(kind, uint32(id), 0, "exists already")
	}
	if t.len() >= maxRules {
		return ruleFailure(kind, uint32(id), 0, "more than %d rules", maxRules)
	}
	t.set(id, v)
	return nil
}

// take removes a rule that is there.
func take[K ~uint8 | ~uint16 | ~uint32, V any](t *table[K, V], kind pfcp.RuleType, id K) *pfcp.Error {
	if _, there := t.get(id); !there {
		return ruleFailure(kind, uint32(id), 0, "does not exist")
	}
	t.drop(id)
	return nil
}

// change replaces a rule that is there by what edit makes of it.
func change[K ~uint8 | ~uint16 | ~uint32, V any](t *table[K, V], kind pfcp.RuleType, id K, edit func(*V)) *pfcp.Error {
	v, there := t.get(id)
	if !there {
		return ruleFailure(kind, uint32(id), 0, "does not exist")
	}
	edit(&v)
	t.set(id, v)
	return nil
}

// create adds the rules of an establishment or a modification, TS 29.244 §7.5.2.
func (r ruleSet) create(pdrs []pfcp.CreatePDR, fars []pfcp.CreateFAR, qers []pfcp.CreateQER, urrs []pfcp.CreateURR,
	buffering pfcp.Opt[pfcp.CreateBAR]) *pfcp.Error {
	r.expect(len(pdrs), len(fars), len(qers), len(urrs))
	for _, p := range pdrs {
		if err := put(r.pdrs, pfcp.RulePDR, p.PDRID, p); err != nil {
			return err
		}
	}
	for _, f := range fars {
		if err := put(r.fars, pfcp.RuleFAR, f.FARID, f); err != nil {
			return err
		}
	}
	for _, q := range qers {
		if err := put(r.qers, pfcp.RuleQER, q.QERID, q); err != nil {
			return err
		}
	}
	for _, u := range urrs {
		if err := put(r.urrs, pfcp.RuleURR, u.URRID, newURR(u, time.Now())); err != nil {
			return err
		}
	}
	if b, ok := buffering.Get(); ok {
		if r.bars.len() > 0 {
			return ruleFailure(pfcp.RuleBAR, uint32(b.BARID), pfcp.IECreateBAR, "a session has one BAR")
		}
		return put(r.bars, pfcp.RuleBAR, b.BARID, bar{b, int(b.SuggestedBufferingPacketsCount.Value()), 0})
	}
	return nil
}

// remove takes the rules of a modification away, TS 29.244 §7.5.4.
func (r ruleSet) remove(m *pfcp.SessionModificationRequest) *pfcp.Error {
	for _, x := range m.RemovePDR {
		if err := take(r.pdrs, pfcp.RulePDR, x.PDRID); err != nil {
			return err
		}
	}
	for _, x := range m.RemoveFAR {
		if err := take(r.fars, pfcp.RuleFAR, x.FARID); err != nil {
			return err
		}
	}
	for _, x := range m.RemoveQER {
		if err := take(r.qers, pfcp.RuleQER, x.QERID); err != nil {
			return err
		}
	}
	for _, x := range m.RemoveURR {
		if err := take(r.urrs, pfcp.RuleURR, x.URRID); err != nil {
			return err
		}
	}
	if b, ok := m.RemoveBAR.Get(); ok {
		return take(r.bars, pfcp.RuleBAR, b.BARID)
	}
	return nil
}

// set replaces dst by an optional IE that is present.
func set[T any](dst *T, v pfcp.Opt[T]) { *dst = v.Or(*dst) }

// setOpt replaces an optional dst by an optional IE that is present.
func setOpt[T any](dst *pfcp.Opt[T], v pfcp.Opt[T]) {
	if v.Present() {
		*dst = v
	}
}

// update changes the rules of a modification: what an update leaves out stays, TS 29.244 §7.5.4.
func (r ruleSet) update(m *pfcp.SessionModificationRequest) *pfcp.Error {
	for _, x := range m.UpdatePDR {
		if err := change(r.pdrs, pfcp.RulePDR, x.PDRID, func(p *pfcp.CreatePDR) { updatePDR(p, x) }); err != nil {
			return err
		}
	}
	for _, x := range m.UpdateFAR {
		if err := change(r.fars, pfcp.RuleFAR, x.FARID, func(f *pfcp.CreateFAR) { updateFAR(f, x) }); err != nil {
			return err
		}
	}
	for _, x := range m.UpdateQER {
		if err := change(r.qers, pfcp.RuleQER, x.QERID, func(q *pfcp.CreateQER) { updateQER(q, x) }); err != nil {
			return err
		}
	}
	for _, x := range m.UpdateURR {
		if err := change(r.urrs, pfcp.RuleURR, x.URRID, func(u *urr) { u.update(x, time.Now()) }); err != nil {
			return err
		}
	}
	if x, ok := m.UpdateBAR.Get(); ok {
		if err := r.updateBAR(x); err != nil {
			return err
		}
	}
	return nil
}

// updateBAR changes the BAR, in a modification or in the answer to a report, TS 29.244 §7.5.4.11 and §7.5.9.2.
func (r ruleSet) updateBAR(x pfcp.UpdateBAR) *pfcp.Error {
	return change(r.bars, pfcp.RuleBAR, x.BARID, func(b *bar) {
		setOpt(&b.DownlinkDataNotificationDelay, x.DownlinkDataNotificationDelay)
		if n, ok := x.SuggestedBufferingPacketsCount.Get(); ok {
			b.packets = int(n)
		}
		if n, ok := x.DLBufferingSuggestedPacketCount.Get(); ok {
			b.packets = int(n)
		}
		if d, ok := x.DLBufferingDuration.Get(); ok {
			b.expiry, _ = d.Duration()
		}
	})
}

func updatePDR(p *pfcp.CreatePDR, x pfcp.UpdatePDR) {
	set(&p.Precedence, x.Precedence)
	set(&p.PDI, x.PDI)
	setOpt(&p.OuterHeaderRemoval, x.OuterHeaderRemoval)
	setOpt(&p.FARID, x.FARID)
	if x.URRID != nil {
		p.URRID = x.URRID
	}
	if x.QERID != nil {
		p.QERID = x.QERID
	}
	if x.ActivatePredefinedRules != nil {
		p.ActivatePredefinedRules = x.ActivatePredefinedRules
	}
}

func updateFAR(f *pfcp.CreateFAR, x pfcp.UpdateFAR) {
	set(&f.ApplyAction, x.ApplyAction)
	setOpt(&f.BARID, x.BARID)
	u, ok := x.UpdateForwardingParameters.Get()
	if !ok {
		return
	}
	p := f.ForwardingParameters.Value()
	set(&p.DestinationInterface, u.DestinationInterface)
	setOpt(&p.NetworkInstance, u.NetworkInstance)
	setOpt(&p.OuterHeaderCreation, u.OuterHeaderCreation)
	setOpt(&p.TransportLevelMarking, u.TransportLevelMarking)
	setOpt(&p.ForwardingPolicy, u.ForwardingPolicy)
	setOpt(&p.DestinationInterfaceType, u.DestinationInterfaceType)
	f.ForwardingParameters = pfcp.Some(p)
}

func updateQER(q *pfcp.CreateQER, x pfcp.UpdateQER) {
	set(&q.GateStatus, x.GateStatus)
	setOpt(&q.QERCorrelationID, x.QERCorrelationID)
	setOpt(&q.MBR, x.MBR)
	setOpt(&q.GBR, x.GBR)
	setOpt(&q.QFI, x.QFI)
	setOpt(&q.RQI, x.RQI)
	setOpt(&q.PPI, x.PPI)
	setOpt(&q.AveragingWindow, x.AveragingWindow)
}
