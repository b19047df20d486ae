package upf

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// mnop is the bit of Measurement Information that asks for numbers of packets, TS 29.244 §8.2.68.
const mnop pfcp.MeasurementInformation = 1 << 4

// usageInterval is how often thresholds and periods are looked at: a report may be late by as much.
const usageInterval = time.Second

// DownlinkData reports the first packet for an idle UE, TS 29.244 §5.2.3.1 and §7.5.8.2.
func (u *UPF) DownlinkData(slot uint32, pdr pfcp.PDRID, qfi, dscp uint8) {
	info := pfcp.DownlinkDataServiceInformation{PPI: pfcp.Some(dscp)}
	if qfi != 0 {
		info.QFI = pfcp.Some(pfcp.QFI(qfi))
	}
	u.mu.Lock()
	s := u.bySlot[slot]
	u.mu.Unlock()
	if s == nil {
		return
	}
	u.spawn(func() {
		err := u.report(s, &pfcp.SessionReportRequest{ReportType: pfcp.ReportDLDR, DownlinkDataReport: pfcp.Some(pfcp.DownlinkDataReport{
			PDRID: []pfcp.PDRID{pdr}, DownlinkDataServiceInformation: []pfcp.DownlinkDataServiceInformation{info}})})
		if errors.Is(err, pfcp.ErrNoAnswer) {
			u.path.Rearm(slot)
		}
	})
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

// Echo notes that a peer lives, TS 29.281 §7.2.2.
func (u *UPF) Echo(netip.Addr) {}

// UsageReached reports a URR that reached its threshold or quota, TS 29.244 §5.2.2.
func (u *UPF) UsageReached(uint32, pfcp.URRID) {}

// MACs notes the stations behind a UE.
func (u *UPF) MACs(uint32, pfcp.URRID, []pfcp.MAC, []pfcp.MAC) {}

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
	s.mu.Lock()
	gone, seid := s.gone, s.cp.SEID
	s.mu.Unlock()
	if gone {
		return nil
	}
	ctx, cancel := context.WithTimeout(u.ctx, reportGrace)
	defer cancel()
	answer, err := u.endpoint.Request(ctx, s.peer, pfcp.Header{SEID: seid}, m)
	if err != nil {
		u.log.Warn("PFCP session report not answered", "peer", s.peer, "seid", s.seid, "error", err)
		return err
	}
	r, ok := answer.(*pfcp.SessionReportResponse)
	if !ok {
		return nil
	}
	if r.PFCPSRRspFlags.Value()&pfcp.SRRspDROBU != 0 {
		u.path.DropBuffered(s.slot)
	}
	if r.Cause == pfcp.CauseSessionContextNotFound {
		u.log.Warn("CP function does not know the session, it ends", "peer", s.peer, "seid", s.seid)
		s.mu.Lock()
		u.forget(s)
		s.mu.Unlock()
	}
	return nil
}

func sortedURRs(r ruleSet) []pfcp.URRID {
	ids := make([]pfcp.URRID, 0, len(r.urrs))
	for id := range r.urrs {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// asked makes the usage reports that a modification asks for: by Query URR, for all, and the last ones of URRs that it
// removes, TS 29.244 §7.5.4 and §7.5.5.2.
func (u *UPF) asked(s *session, next *ruleSet, m *pfcp.SessionModificationRequest) ([]pfcp.UsageReport, error) {
	var reports []pfcp.UsageReport
	last := s.rules.clone() // the modification may still fail
	for _, x := range m.RemoveURR {
		reports = append(reports, u.usageReport(s, &last, x.URRID, pfcp.UsageTERMR))
	}
	ids := sortedURRs(*next)
	if m.PFCPSMReqFlags.Value()&pfcp.SMReqQAURR == 0 {
		ids = ids[:0]
		for _, q := range m.QueryURR {
			if _, ok := next.urrs[q.URRID]; !ok {
				return nil, ruleFailure(pfcp.RuleURR, uint32(q.URRID), pfcp.IEQueryURR, "does not exist")
			}
			ids = append(ids, q.URRID)
		}
	}
	for _, id := range ids {
		r := u.usageReport(s, next, id, pfcp.UsageIMMER)
		r.QueryURRReference = m.QueryURRReference
		reports = append(reports, r)
	}
	return reports, nil
}

// usageReport makes a report of what was measured since the last one and begins the next, TS 29.244 §7.5.5.2.
func (u *UPF) usageReport(s *session, r *ruleSet, id pfcp.URRID, why pfcp.UsageReportTrigger) pfcp.UsageReport {
	x := r.urrs[id]
	total, now := u.path.Usage(s.slot, id), time.Now()
	used := total.Sub(x.since)
	report := pfcp.UsageReport{URRID: id, URSEQN: x.sequence, UsageReportTrigger: why,
		StartTime: pfcp.Some(pfcp.NewTimestamp(x.start)), EndTime: pfcp.Some(pfcp.NewTimestamp(now))}
	if x.MeasurementMethod&pfcp.MeasureVOLUM != 0 {
		v := pfcp.VolumeMeasurement{Total: pfcp.Some(used.Total()), Uplink: pfcp.Some(used.UplinkBytes), Downlink: pfcp.Some(used.DownlinkBytes)}
		if x.MeasurementInformation.Value()&mnop != 0 {
			v.TotalPackets = pfcp.Some(used.UplinkPackets + used.DownlinkPackets)
			v.UplinkPackets, v.DownlinkPackets = pfcp.Some(used.UplinkPackets), pfcp.Some(used.DownlinkPackets)
		}
		report.VolumeMeasurement = pfcp.Some(v)
	}
	if x.MeasurementMethod&pfcp.MeasureDURAT != 0 {
		report.DurationMeasurement = pfcp.Some(pfcp.Seconds(now.Sub(x.start) / time.Second))
	}
	x.sequence, x.since, x.start = x.sequence+1, total, now
	r.urrs[id] = x
	return report
}

// watch notes whether a URR of the session waits for something that watchUsage looks for; the others cost it nothing.
func (u *UPF) watch(s *session) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, x := range s.rules.urrs {
		if x.ReportingTriggers&(pfcp.TriggerPERIO|pfcp.TriggerTIMTH|pfcp.TriggerVOLTH) != 0 {
			u.watched[s] = struct{}{}
			return
		}
	}
	delete(u.watched, s)
}

// watchUsage reports when a threshold or a period is reached, TS 29.244 §5.2.2.
func (u *UPF) watchUsage() {
	defer u.reports.Done()
	tick := time.NewTicker(usageInterval)
	defer tick.Stop()
	for {
		select {
		case <-u.ctx.Done():
			return
		case <-tick.C:
		}
		u.mu.Lock()
		all := make([]*session, 0, len(u.watched))
		for s := range u.watched {
			all = append(all, s)
		}
		u.mu.Unlock()
		for _, s := range all {
			u.reportReached(s)
		}
	}
}

// reportReached reports the URRs of a session that reached what they wait for.
func (u *UPF) reportReached(s *session) {
	s.mu.Lock()
	var reports []pfcp.UsageReport
	for _, id := range sortedURRs(s.rules) {
		if why := u.reached(s, s.rules.urrs[id]); why != 0 {
			reports = append(reports, u.usageReport(s, &s.rules, id, why))
		}
	}
	s.mu.Unlock()
	if len(reports) > 0 {
		u.spawn(func() { _ = u.report(s, &pfcp.SessionReportRequest{ReportType: pfcp.ReportUSAR, UsageReport: reports}) })
	}
}

// reached tells which of its triggers a URR has reached.
func (u *UPF) reached(s *session, x urr) pfcp.UsageReportTrigger {
	var why pfcp.UsageReportTrigger
	elapsed := time.Since(x.start)
	due := func(t pfcp.ReportingTriggers, after pfcp.Opt[pfcp.Seconds]) bool {
		d, ok := after.Get()
		return ok && d > 0 && x.ReportingTriggers&t != 0 && elapsed >= d.Duration()
	}
	if due(pfcp.TriggerPERIO, x.MeasurementPeriod) {
		why |= pfcp.UsagePERIO
	}
	if due(pfcp.TriggerTIMTH, x.TimeThreshold) {
		why |= pfcp.UsageTIMTH
	}
	if v, ok := x.VolumeThreshold.Get(); ok && x.ReportingTriggers&pfcp.TriggerVOLTH != 0 {
		used := u.path.Usage(s.slot, x.URRID).Sub(x.since)
		if over(used.Total(), v.Total) || over(used.UplinkBytes, v.Uplink) || over(used.DownlinkBytes, v.Downlink) {
			why |= pfcp.UsageVOLTH
		}
	}
	return why
}

func over(used uint64, threshold pfcp.Opt[uint64]) bool {
	t, ok := threshold.Get()
	return ok && used >= t
}
