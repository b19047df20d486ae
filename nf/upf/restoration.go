package upf

import (
	"time"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// Lasting is a Datapath whose sessions and usage go on without the process. After a restart the CP functions establish
// their sessions again, TS 23.527 §4.3.2: those that are the same go on counting where they were.
type Lasting interface {
	// Told is what Usage was at the last report of a URR of the session with a tunnel that was answered, and what the last one
	// told that was sent, also before this process. A zero End says that none was.
	Told(slot, teid uint32, id pfcp.URRID) (taken Usage, last Told)
	// Tell notes what a report tells before it is sent, Taken that it was answered.
	Tell(slot uint32, id pfcp.URRID, t Told)
	Taken(slot uint32, id pfcp.URRID)
	// Left is how many sessions of an earlier process were not established again.
	Left() int
	// Reap ends these, and returns how many.
	Reap() int
}

// Told is what a usage report told: what Usage was at its end, and how it is known again.
type Told struct {
	Usage
	Sequence uint32
	End      pfcp.Timestamp
}

// After a restart the CP functions have restorationTime since the last session that they established again.
const (
	restorationTime  = time.Minute
	restorationCheck = 5 * time.Second
)

// resume lets the URRs of a session that is established again report from where the last report ended. One of which nobody knows
// whether it arrived is sent again as it was, so that the CP function can tell that it has it.
func (u *UPF) resume(s *session, r ruleSet) {
	last, ok := u.path.(Lasting)
	if !ok || !s.restoring {
		return
	}
	u.mu.Lock()
	u.restored = time.Now()
	u.mu.Unlock()
	teid := uint32(0)
	for _, p := range r.pdrs.all() {
		if f, ok := p.PDI.LocalFTEID.Get(); ok && !f.Choose() && Slot(f.TEID) == s.slot {
			teid = f.TEID
		}
	}
	for id, x := range r.urrs.all() {
		taken, told := last.Told(s.slot, teid, id)
		if told.Usage != taken {
			end := told.End.Time()
			x.sequence = told.Sequence
			report := x.measurement(told.Sub(taken), 0, end, end)
			report.UsageReportTrigger = pfcp.UsageIMMER
			s.unsent = append(s.unsent, unsent{report, told.Usage})
		}
		x.resume(told)
		r.urrs.set(id, x)
	}
}

// resume lets a URR go on from the end of its last report.
func (x *urr) resume(told Told) {
	if told.End != 0 {
		x.sequence = told.Sequence + 1
	}
	x.since = told.Usage
	x.granted, x.last = x.since, x.since
}

// unsent is a usage report that waits, and what Usage was at its end.
type unsent struct {
	pfcp.UsageReport
	total Usage
}

// tell keeps what reports tell that are about to be sent.
func (u *UPF) tell(s *session, list []unsent) {
	last, ok := u.path.(Lasting)
	if !ok {
		return
	}
	for i := range list {
		r := &list[i]
		last.Tell(s.slot, r.URRID, Told{r.total, r.URSEQN, r.EndTime.Value()})
	}
}

// taken keeps that reports were answered.
func (u *UPF) taken(s *session, list []unsent) {
	last, ok := u.path.(Lasting)
	if !ok {
		return
	}
	for i := range list {
		last.Taken(s.slot, list[i].URRID)
	}
}

// inAnswer is the reports as an answer carries them, of which nobody hears whether it arrives.
func (u *UPF) inAnswer(s *session, list []unsent) []pfcp.UsageReport {
	u.tell(s, list)
	u.taken(s, list)
	return reportsOf(list)
}

func reportsOf(list []unsent) []pfcp.UsageReport {
	out := make([]pfcp.UsageReport, len(list))
	for i := range list {
		out[i] = list[i].UsageReport
	}
	return out
}

// watchRestoration ends the sessions of an earlier process that no CP function knows any more. Without a CP function they
// go on.
func (u *UPF) watchRestoration() {
	defer u.reports.Done()
	last, ok := u.path.(Lasting)
	if !ok {
		return
	}
	tick := time.NewTicker(restorationCheck)
	defer tick.Stop()
	for last.Left() > 0 {
		select {
		case <-u.ctx.Done():
			return
		case <-tick.C:
		}
		u.mu.Lock()
		due := len(u.associations) > 0 && time.Since(u.restored) >= restorationTime
		u.mu.Unlock()
		if due {
			u.log.Warn("sessions that no CP function established again are ended", "slots", last.Reap())
		}
	}
}

// replaced lets go of a session that the CP function establishes again: it has not heard that this was done, since the CP F-SEID
// is the same, which is one session's alone, TS 29.244 §5.6.2. No index leads from the F-SEID to the session: it is looked for where
// the request would meet it, at its tunnel, its address or its prefix.
func (u *UPF) replaced(m *pfcp.SessionEstablishmentRequest, next ruleSet) {
	for _, last := range u.inTheWay(m, next) {
		if !u.lock(last) {
			continue
		}
		if last.node == m.NodeID && last.cp == m.CPFSEID {
			u.log.Info("session is established again in its own place", "node", m.NodeID, "seid", last.seid)
			u.forget(last)
		}
		u.unlock(last)
	}
}

// inTheWay are the sessions that have the tunnel or the address that a request names, or no address as the request has none.
func (u *UPF) inTheWay(m *pfcp.SessionEstablishmentRequest, next ruleSet) (list []*session) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for i := range m.CreatePDR {
		if f, ok := m.CreatePDR[i].PDI.LocalFTEID.Get(); ok && !f.Choose() {
			if last := u.bySlot.at(Slot(f.TEID)); last != nil {
				list = append(list, last)
			}
		}
	}
	if slot, ok := u.layout.slotOf(ueAddress(next)); ok {
		if last := u.bySlot.at(slot); last != nil {
			list = append(list, last)
		}
	} else if last := u.unplaced[m.CPFSEID.SEID]; last != nil {
		list = append(list, last)
	}
	return list
}
