package upf

import (
	"time"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// Lasting is a Datapath whose sessions and usage go on without the process. After a restart the CP functions establish
// their sessions again, TS 23.527 §4.3.2: those that are the same go on counting where they were.
type Lasting interface {
	// Reported is what Usage was at the last report of a URR of the session with a tunnel, also before this process.
	Reported(slot, teid uint32, id pfcp.URRID) Usage
	// Report notes what Usage was at a report.
	Report(slot uint32, id pfcp.URRID, u Usage)
	// Left is how many sessions of an earlier process were not established again.
	Left() int
	// Reap ends these, and returns how many.
	Reap() int
}

// After a restart the CP functions have restorationTime since the last session that they established again.
const (
	restorationTime  = time.Minute
	restorationCheck = 5 * time.Second
)

// resume lets the URRs of a session that is established again report from where the last report ended.
func (u *UPF) resume(s *session, r ruleSet) {
	last, ok := u.path.(Lasting)
	if !ok || !s.restoring {
		return
	}
	u.mu.Lock()
	u.restored = time.Now()
	u.mu.Unlock()
	teid := uint32(0)
	for _, p := range r.pdrs {
		if f, ok := p.PDI.LocalFTEID.Get(); ok && !f.Choose() && Slot(f.TEID) == s.slot {
			teid = f.TEID
		}
	}
	for id, x := range r.urrs {
		x.since = last.Reported(s.slot, teid, id)
		x.granted, x.last = x.since, x.since
		r.urrs[id] = x
	}
}

// reported keeps where a report ended.
func (u *UPF) reported(s *session, id pfcp.URRID, total Usage) {
	if last, ok := u.path.(Lasting); ok {
		last.Report(s.slot, id, total)
	}
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
