package upf

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// delayUnit is that of a Downlink Data Notification Delay, TS 29.244 §8.2.28.
const delayUnit = 50 * time.Millisecond

// DownlinkData reports the first packet for an idle UE, after the delay of its BAR, TS 29.244 §5.2.3.1 and §7.5.8.2.
func (u *UPF) DownlinkData(slot uint32, pdr pfcp.PDRID, qfi, dscp uint8) {
	info := pfcp.DownlinkDataServiceInformation{PPI: pfcp.Some(dscp)}
	if qfi != 0 {
		info.QFI = pfcp.Some(pfcp.QFI(qfi))
	}
	s := u.inSlot(slot)
	if s == nil {
		return
	}
	u.spawn(func() {
		if !u.pause(u.notificationDelay(s)) {
			return
		}
		err := u.report(s, &pfcp.SessionReportRequest{ReportType: pfcp.ReportDLDR, DownlinkDataReport: pfcp.Some(pfcp.DownlinkDataReport{
			PDRID: []pfcp.PDRID{pdr}, DownlinkDataServiceInformation: []pfcp.DownlinkDataServiceInformation{info}})})
		if errors.Is(err, pfcp.ErrNoAnswer) {
			u.path.Rearm(slot)
		}
	})
}

func (u *UPF) notificationDelay(s *session) time.Duration {
	if !u.lock(s) {
		return 0
	}
	defer u.unlock(s)
	for _, b := range s.rules.bars.all() {
		return time.Duration(b.DownlinkDataNotificationDelay.Value()) * delayUnit
	}
	return 0
}

// pause waits, unless the UPF ends.
func (u *UPF) pause(d time.Duration) bool {
	if d == 0 {
		return true
	}
	select {
	case <-time.After(d):
		return true
	case <-u.ctx.Done():
		return false
	}
}

// ErrorIndication reports a tunnel that its peer does not know, once until the rules change, TS 29.244 §7.5.8.4.
func (u *UPF) ErrorIndication(peer netip.Addr, teid uint32) {
	key := remoteTunnel{peer, teid}
	u.mu.Lock()
	s := u.byPeer[key]
	if s == nil || s.dead[key] {
		u.mu.Unlock()
		return
	}
	if s.dead == nil {
		s.dead = make(map[remoteTunnel]bool)
	}
	s.dead[key] = true
	u.mu.Unlock()
	remote := pfcp.FTEID{TEID: teid}
	if peer.Is4() {
		remote.IPv4 = peer
	} else {
		remote.IPv6 = peer
	}
	u.spawn(func() {
		_ = u.report(s, &pfcp.SessionReportRequest{ReportType: pfcp.ReportERIR,
			ErrorIndicationReport: pfcp.Some(pfcp.ErrorIndicationReport{RemoteFTEID: []pfcp.FTEID{remote}})})
	})
}

// spawn runs f aside, unless the UPF ends.
func (u *UPF) spawn(f func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ctx.Err() != nil {
		return
	}
	u.reports.Add(1)
	go func() {
		defer u.reports.Done()
		f()
	}()
}

// report sends a PFCP Session Report Request, TS 29.244 §6.3.5. A CP function that does not know the session has lost
// it: so does the UPF.
func (u *UPF) report(s *session, m *pfcp.SessionReportRequest) error {
	if !u.lock(s) {
		return nil
	}
	seid, peer := s.cp.SEID, s.peer
	u.unlock(s)
	ctx, cancel := context.WithTimeout(u.ctx, reportGrace)
	defer cancel()
	answer, err := u.endpoint.Request(ctx, peer, pfcp.Header{SEID: seid}, m)
	if err != nil {
		u.log.Warn("PFCP session report not answered", "peer", peer, "seid", s.seid, "error", err)
		return err
	}
	if r, ok := answer.(*pfcp.SessionReportResponse); ok {
		u.obey(s, r)
	}
	return nil
}

// obey does what the CP function answered to a report, TS 29.244 §7.5.9.
func (u *UPF) obey(s *session, r *pfcp.SessionReportResponse) {
	if r.PFCPSRRspFlags.Value()&pfcp.SRRspDROBU != 0 {
		u.path.DropBuffered(s.slot)
	}
	if !u.lock(s) {
		return
	}
	defer u.unlock(s)
	if x, ok := r.UpdateBAR.Get(); ok {
		if err := s.rules.updateBAR(x); err != nil {
			u.log.Warn("Update BAR in a report response", "seid", s.seid, "error", err)
		} else {
			u.refresh(s)
		}
	}
	if cp, ok := r.CPFSEID.Get(); ok { // another SMF of the set has taken over
		u.handOver(s, cp)
	}
	if r.Cause == pfcp.CauseSessionContextNotFound {
		u.log.Warn("CP function does not know the session, it ends", "peer", s.peer, "seid", s.seid)
		u.forget(s)
	}
}
