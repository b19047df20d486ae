package upf

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// usageInterval is how often thresholds and periods are looked at: what the data path does not tell at once may be late
// by as much.
const usageInterval = time.Second

// lookParts is in how many parts the sessions are looked at within it, by their slots: what else wants a processor waits for one part,
// not for all sessions.
const lookParts = 16

// maxUnsent bounds the usage reports that wait for a CP function that does not answer, for each session.
const maxUnsent = 256

// activity counts all packets of a session for the user plane inactivity timer. Ids with this bit are the UP
// function's to give, TS 29.244 §8.2.54.
const activity pfcp.URRID = 1 << 31

// asked makes the usage reports that a modification asks for: by Query URR, for all, and the last ones of URRs that it
// removes, TS 29.244 §7.5.4 and §7.5.5.2.
func (u *UPF) asked(s *session, next *ruleSet, m *pfcp.SessionModificationRequest) ([]unsent, error) {
	var reports []unsent
	last := s.rules
	if len(m.RemoveURR) > 0 {
		last.urrs = last.urrs.clone() // the modification may still fail
	}
	for _, x := range m.RemoveURR {
		reports = append(reports, u.usageReports(s, &last, x.URRID, pfcp.UsageTERMR)...)
	}
	ids := next.urrs.keys()
	if m.PFCPSMReqFlags.Value()&pfcp.SMReqQAURR == 0 {
		ids = ids[:0]
		for _, q := range m.QueryURR {
			if _, ok := next.urrs.get(q.URRID); !ok {
				return nil, ruleFailure(pfcp.RuleURR, uint32(q.URRID), pfcp.IEQueryURR, "does not exist")
			}
			ids = append(ids, q.URRID)
		}
	}
	for _, id := range ids {
		for _, r := range u.usageReports(s, next, id, pfcp.UsageIMMER) {
			r.QueryURRReference = m.QueryURRReference
			reports = append(reports, r)
		}
	}
	return reports, nil
}

// usageReports makes the reports of what a URR measured since the last and begins the next.
func (u *UPF) usageReports(s *session, r *ruleSet, id pfcp.URRID, why pfcp.UsageReportTrigger) []unsent {
	x := r.urrs.at(id)
	total, now := u.path.Usage(s.slot, id), time.Now()
	x.look(total, now)
	reached := x.since // the first part of a measurement that the monitoring time splits ends there
	reports := x.report(total, now, why)
	if app, ok := r.applicationOf(id); ok && why&(pfcp.UsageSTART|pfcp.UsageSTOPT) != 0 {
		for i := range reports {
			reports[i].ApplicationDetectionInformation = pfcp.Some(pfcp.ApplicationDetectionInformation{ApplicationID: app})
		}
	}
	r.urrs.set(id, x)
	out := make([]unsent, len(reports))
	for i, m := range reports {
		out[i] = unsent{m, x.since}
		if i+1 < len(reports) { // up to the monitoring time
			out[i].total = reached
		}
	}
	return out
}

// applicationOf is the application whose traffic a URR measures.
func (r ruleSet) applicationOf(id pfcp.URRID) (string, bool) {
	for _, p := range r.pdrs.all() {
		if app, ok := p.PDI.ApplicationID.Get(); ok && slices.Contains(p.URRID, id) {
			return app, true
		}
	}
	return "", false
}

// watch notes whether the session waits for something that watchUsage looks for; the others cost it nothing.
func (u *UPF) watch(s *session) {
	wait := s.inactivity > 0 || len(s.unsent) > 0
	for _, x := range s.rules.urrs.all() {
		wait = wait || x.waits() || !x.stations.empty()
	}
	if wait == s.watched {
		return
	}
	s.watched = wait
	u.mu.Lock()
	defer u.mu.Unlock()
	if wait {
		u.watched.add(s)
	} else {
		u.watched.remove(s)
	}
}

// watched are the sessions that watchUsage looks at, by the part of the interval in which it does.
type watched [lookParts]map[*session]struct{}

func (w *watched) part(s *session) *map[*session]struct{} { return &w[s.slot%lookParts] }

func (w *watched) add(s *session) {
	p := w.part(s)
	if *p == nil {
		*p = make(map[*session]struct{})
	}
	(*p)[s] = struct{}{}
}

func (w *watched) remove(s *session) { delete(*w.part(s), s) }

// watchUsage reports when a threshold, a quota or a period is reached, TS 29.244 §5.2.2.
func (u *UPF) watchUsage() {
	defer u.reports.Done()
	tick := time.NewTicker(usageInterval / lookParts)
	defer tick.Stop()
	var part []*session
	for i := 0; ; i = (i + 1) % lookParts {
		select {
		case <-u.ctx.Done():
			return
		case <-tick.C:
		}
		u.mu.Lock()
		part = slices.AppendSeq(part, maps.Keys(u.watched[i]))
		u.mu.Unlock()
		for _, s := range part {
			u.reportReached(s)
		}
		clear(part)
		part = part[:0]
	}
}

// UsageReached reports a URR that reached its threshold or quota, TS 29.244 §5.2.2.
func (u *UPF) UsageReached(slot uint32, _ pfcp.URRID) {
	if s := u.inSlot(slot); s != nil {
		u.spawn(func() { u.reportReached(s) })
	}
}

// MACs notes the stations behind a UE, to be reported with the next look, TS 29.244 §5.13.5.
func (u *UPF) MACs(slot uint32, id pfcp.URRID, detected, removed []pfcp.MAC) {
	s := u.inSlot(slot)
	if s == nil {
		return
	}
	u.spawn(func() {
		if !u.lock(s) {
			return
		}
		defer u.unlock(s)
		if x, ok := s.rules.urrs.get(id); ok {
			x.stations = x.stations.add(detected, removed)
			s.rules.urrs.set(id, x)
			u.watch(s)
		}
	})
}

func (u *UPF) inSlot(slot uint32) *session {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.bySlot.at(slot)
}

// reportReached reports the URRs of a session that reached what they wait for, and tells the data path what they wait
// for next.
func (u *UPF) reportReached(s *session) {
	if !u.lock(s) {
		return
	}
	defer u.unlock(s)
	now := time.Now()
	due := u.dueReports(s, now)
	for _, id := range slices.Sorted(maps.Keys(due)) {
		s.unsent = append(s.unsent, u.usageReports(s, &s.rules, id, due[id])...)
	}
	u.refresh(s)
	inactive := s.inactivity > 0 && s.inactiveNow(u.path.Usage(s.slot, activity), now)
	u.sendReports(s, inactive)
	u.watch(s)
}

// dueReports finds which URRs report, and why.
func (u *UPF) dueReports(s *session, now time.Time) map[pfcp.URRID]pfcp.UsageReportTrigger {
	due := map[pfcp.URRID]pfcp.UsageReportTrigger{}
	for id, x := range s.rules.urrs.all() {
		total := u.path.Usage(s.slot, id)
		x.look(total, now)
		x.monitor(total, now)
		why := x.reached(total, now)
		if !x.stations.empty() {
			why |= pfcp.UsageMACAR
		}
		if left, ok := x.reportsLeft.Get(); ok && why != 0 {
			if left == 0 {
				why = 0
			} else {
				x.reportsLeft = pfcp.Some(left - 1)
			}
		}
		if why != 0 {
			due[id] = why
		}
		s.rules.urrs.set(id, x)
	}
	for id, x := range s.rules.urrs.all() {
		if x.ReportingTriggers&pfcp.TriggerLIUSA == 0 {
			continue
		}
		for _, other := range x.LinkedURRID {
			if due[other]&^(pfcp.UsageSTART|pfcp.UsageSTOPT|pfcp.UsageLIUSA) != 0 {
				due[id] |= pfcp.UsageLIUSA
			}
		}
	}
	return due
}

// refresh gives the data path the thresholds and quotas that are now in force; s.mu is held.
func (u *UPF) refresh(s *session) {
	if s.installed == nil || s.inForce() {
		return
	}
	now, bad := u.compile(s, s.rules)
	if bad != nil {
		return // the rules compiled when they were given
	}
	if err := u.path.Apply(now); err != nil {
		u.log.Error("rules not installed again", "seid", s.seid, "error", err)
		return
	}
	s.installed = now
}

// inForce tells whether the data path has the thresholds and quotas of now, and the FARs that those which are used up ask for. It is
// asked once a second for every session with a connected UE.
func (s *session) inForce() bool {
	n := 0
	for id, x := range s.rules.urrs.all() {
		now, matters := x.compile()
		if !matters {
			continue
		}
		if then, ok := s.installed.URR(id); !ok || then != now {
			return false
		}
		n++
	}
	return n == len(s.installed.URRs) && s.rules.buffer() == s.installed.Buffer &&
		!slices.ContainsFunc(s.installed.Rules, func(x Rule) bool { return s.rules.far(s.rules.pdrs.at(x.PDR)) != x.FAR })
}

// inactiveNow tells, once, that no packet came for the time of the user plane inactivity timer, TS 29.244 §5.11.3.
func (s *session) inactiveNow(total Usage, now time.Time) bool {
	if total != s.moved || s.movedAt.IsZero() {
		s.moved, s.movedAt, s.inactive = total, now, false
		return false
	}
	if s.inactive || now.Sub(s.movedAt) < s.inactivity {
		return false
	}
	s.inactive = true
	return true
}

// reportRetry is how long after a request that nobody answered it is made again.
const reportRetry = usageInterval / 2

// sendReports sends the usage reports that wait, one request at a time; s.mu is held. One that nobody answers is made again as it
// was, before anything newer, so that no usage is lost or told twice.
func (u *UPF) sendReports(s *session, inactive bool) {
	if s.reporting {
		s.inactive = s.inactive && !inactive // to be told later
		return
	}
	if len(s.unsent) == 0 && !inactive {
		return
	}
	list := s.unsent
	m := &pfcp.SessionReportRequest{UsageReport: reportsOf(list)}
	if len(list) > 0 {
		m.ReportType |= pfcp.ReportUSAR
	}
	if inactive {
		m.ReportType |= pfcp.ReportUPIR
	}
	s.unsent, s.reporting = nil, true
	u.tell(s, list)
	u.spawn(func() {
		for errors.Is(u.report(s, m), pfcp.ErrNoAnswer) {
			if !u.unanswered(s, list) {
				return
			}
		}
		if u.ctx.Err() != nil || !u.lock(s) { // nobody knows whether it was answered
			return
		}
		defer u.unlock(s)
		s.reporting, s.unanswered = false, nil
		u.taken(s, list)
		u.sendReports(s, false) // what came meanwhile
	})
}

// unanswered keeps reports that nobody answered until they are sent again, now; false if the session or the UPF ends.
func (u *UPF) unanswered(s *session, list []unsent) bool {
	if !u.lock(s) {
		return false
	}
	s.unanswered = list
	if over := len(s.unsent) - maxUnsent; over > 0 {
		u.log.Error("usage reports lost: the CP function does not answer", "seid", s.seid, "reports", over)
		s.unsent = s.unsent[over:]
	}
	u.unlock(s)
	select {
	case <-u.ctx.Done():
		return false
	case <-time.After(reportRetry):
		return true
	}
}

// stations are the MAC addresses that are to be reported. Values are replaced, never changed in place.
type stations struct {
	detected, removed []pfcp.MAC
}

func (x stations) empty() bool { return len(x.detected)+len(x.removed) == 0 }

// add notes addresses; one that came and went cancels.
func (x stations) add(detected, removed []pfcp.MAC) stations {
	next := stations{slices.Clone(x.detected), slices.Clone(x.removed)}
	put := func(here, there *[]pfcp.MAC, a pfcp.MAC) {
		if i := slices.Index(*there, a); i >= 0 {
			*there = slices.Delete(*there, i, i+1)
		} else if !slices.Contains(*here, a) {
			*here = append(*here, a)
		}
	}
	for _, a := range detected {
		put(&next.detected, &next.removed, a)
	}
	for _, a := range removed {
		put(&next.removed, &next.detected, a)
	}
	return next
}

// report takes what is to be reported, TS 29.244 §7.5.8.3.
func (x *stations) report() pfcp.Opt[pfcp.EthernetTrafficInformation] {
	if x.empty() {
		return pfcp.Opt[pfcp.EthernetTrafficInformation]{}
	}
	var info pfcp.EthernetTrafficInformation
	for list := range slices.Chunk(x.detected, 255) {
		info.MACAddressesDetected = append(info.MACAddressesDetected, pfcp.MACAddresses{MAC: list})
	}
	for list := range slices.Chunk(x.removed, 255) {
		info.MACAddressesRemoved = append(info.MACAddressesRemoved, pfcp.MACAddresses{MAC: list})
	}
	*x = stations{}
	return pfcp.Some(info)
}
