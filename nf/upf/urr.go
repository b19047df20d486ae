package upf

import (
	"time"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// Bits of Measurement Information, TS 29.244 §8.2.68.
const (
	measureMBQE pfcp.MeasurementInformation = 1 << 0 // before QoS enforcement
	measureINAM pfcp.MeasurementInformation = 1 << 1 // not at all
	measureISTM pfcp.MeasurementInformation = 1 << 3 // time runs at once, not from the first packet on
	measureMNOP pfcp.MeasurementInformation = 1 << 4 // packets too
)

// Bits of Usage Information, TS 29.244 §8.2.60.
const (
	usageBefore pfcp.UsageInformation = 1 << 0 // the monitoring time
	usageAfter  pfcp.UsageInformation = 1 << 1
)

// urr is a usage reporting rule and what it has measured, TS 29.244 §5.2.2.
type urr struct {
	pfcp.CreateURR
	sequence uint32
	start    time.Time     // of the measurement that the next report tells
	since    Usage         // counted before it
	timed    time.Duration // metered in it

	granted   Usage         // counted when the quota began
	spent     time.Duration // metered since the quota began
	grantedAt time.Time
	exhausted bool // a quota is used up: nothing more passes

	running     bool // time is metered
	last        Usage
	lastChange  time.Time // when last moved, as far as it is looked at
	lastLook    time.Time
	first       time.Time // packet of the measurement, zero: none
	quiet       bool      // no traffic: the next packet is a start
	split       *part     // the part of the measurement before the monitoring time
	reportsLeft pfcp.Opt[uint16]
	stations    stations // that an Ethernet session has learned since the last report
}

// part is a measurement that ended at the monitoring time.
type part struct {
	used       Usage
	timed      time.Duration
	start, end time.Time
}

func newURR(c pfcp.CreateURR, now time.Time) urr {
	x := urr{CreateURR: c, start: now, grantedAt: now, lastLook: now, lastChange: now, quiet: true, reportsLeft: c.NumberOfReports}
	x.running = c.MeasurementInformation.Value()&measureISTM != 0
	return x
}

// supported tells what of a URR cannot be had.
func (x urr) supported() *pfcp.Error {
	const triggers = pfcp.TriggerPERIO | pfcp.TriggerVOLTH | pfcp.TriggerTIMTH | pfcp.TriggerQUHTI | pfcp.TriggerSTART | pfcp.TriggerSTOPT |
		pfcp.TriggerLIUSA | pfcp.TriggerVOLQU | pfcp.TriggerTIMQU | pfcp.TriggerMACAR | pfcp.TriggerQUVTI
	switch {
	case x.MeasurementMethod&pfcp.MeasureEVENT != 0:
		return ruleFailure(pfcp.RuleURR, uint32(x.URRID), pfcp.IEMeasurementMethod, "events are not measured")
	case x.ReportingTriggers&^triggers != 0:
		return ruleFailure(pfcp.RuleURR, uint32(x.URRID), pfcp.IEReportingTriggers, "triggers %#x are not supported", uint32(x.ReportingTriggers&^triggers))
	}
	return nil
}

// limit adds a volume to what was counted when it began.
func limit(v pfcp.Opt[pfcp.Volume], from Usage) Limit {
	var l Limit
	add := func(dst *uint64, o pfcp.Opt[uint64], base uint64) {
		if n, ok := o.Get(); ok {
			*dst = max(1, base+n) // a quota of nothing is a quota
		}
	}
	if volume, ok := v.Get(); ok {
		add(&l.Total, volume.Total, from.Total())
		add(&l.Uplink, volume.Uplink, from.UplinkBytes)
		add(&l.Downlink, volume.Downlink, from.DownlinkBytes)
	}
	return l
}

// compile makes what the data path must know; false if its id is enough.
func (x urr) compile() (URR, bool) {
	info := x.MeasurementInformation.Value()
	u := URR{ID: x.URRID, Before: info&measureMBQE != 0, Paused: info&measureINAM != 0, Addresses: x.ReportingTriggers&pfcp.TriggerMACAR != 0,
		Quota: limit(x.VolumeQuota, x.granted), Closed: x.exhausted && !x.FARIDForQuotaAction.Present()}
	if x.exhausted && x.FARIDForQuotaAction.Present() {
		u.Quota = Limit{}
	}
	if x.ReportingTriggers&pfcp.TriggerVOLTH != 0 {
		u.Report = limit(x.VolumeThreshold, x.since)
	}
	return u, u != URR{ID: x.URRID}
}

// waits tells whether the URR waits for something that only time shows.
func (x *urr) waits() bool {
	const timed = pfcp.TriggerPERIO | pfcp.TriggerTIMTH | pfcp.TriggerVOLTH | pfcp.TriggerQUHTI | pfcp.TriggerSTART | pfcp.TriggerSTOPT |
		pfcp.TriggerTIMQU | pfcp.TriggerVOLQU | pfcp.TriggerQUVTI
	return x.ReportingTriggers&timed != 0 || x.VolumeQuota.Present() || x.TimeQuota.Present() || x.MonitoringTime.Present() ||
		x.MeasurementMethod&pfcp.MeasureDURAT != 0 && (!x.running || x.InactivityDetectionTime.Present())
}

// look meters time up to now, TS 29.244 §5.2.2.2: from the first packet on unless the URR says at once, and with an
// inactivity detection time only as long after a packet. What happened since the last look is known to that point.
func (x *urr) look(total Usage, now time.Time) {
	from := x.lastLook
	x.lastLook = now
	moved := total != x.last
	if moved {
		if !x.running || x.inactiveAt(from) {
			from = now
		}
		x.running, x.last, x.lastChange = true, total, now
		if x.first.IsZero() {
			x.first = now
		}
	}
	if !x.running {
		return
	}
	until := now
	if d, ok := x.InactivityDetectionTime.Get(); ok && d > 0 {
		if end := x.lastChange.Add(d.Duration()); end.Before(until) {
			until = end
		}
	}
	if d := until.Sub(from); d > 0 {
		x.timed += d
		x.spent += d
	}
}

func (x *urr) inactiveAt(t time.Time) bool {
	d, ok := x.InactivityDetectionTime.Get()
	return ok && d > 0 && !t.Before(x.lastChange.Add(d.Duration()))
}

// stopAfter is how long no packet comes until traffic has stopped, unless the URR has an inactivity detection time.
const stopAfter = 10 * time.Second

// reached tells which of its triggers a URR has reached, and uses up its quota, TS 29.244 §5.2.2.3.
func (x *urr) reached(total Usage, now time.Time) pfcp.UsageReportTrigger {
	var why pfcp.UsageReportTrigger
	wants := func(t pfcp.ReportingTriggers, u pfcp.UsageReportTrigger, yes bool) {
		if yes && x.ReportingTriggers&t != 0 {
			why |= u
		}
	}
	after := func(d pfcp.Opt[pfcp.Seconds], from time.Time) bool {
		v, ok := d.Get()
		return ok && v > 0 && now.Sub(from) >= v.Duration()
	}
	wants(pfcp.TriggerPERIO, pfcp.UsagePERIO, after(x.MeasurementPeriod, x.start))
	t, ok := x.TimeThreshold.Get()
	wants(pfcp.TriggerVOLTH, pfcp.UsageVOLTH, limit(x.VolumeThreshold, x.since).Reached(total))
	wants(pfcp.TriggerTIMTH, pfcp.UsageTIMTH, ok && t > 0 && x.timed >= t.Duration())
	if !x.exhausted {
		t, ok := x.TimeQuota.Get()
		volume, timed := limit(x.VolumeQuota, x.granted).Reached(total), ok && x.spent >= t.Duration()
		held := after(x.QuotaHoldingTime, later(x.lastChange, x.grantedAt)) && (ok || x.VolumeQuota.Present())
		old := after(x.QuotaValidityTime, x.grantedAt)
		x.exhausted = volume || timed || held || old
		// A quota that is used up is always told: nothing passes until the next.
		if volume {
			why |= pfcp.UsageVOLQU
		}
		if timed {
			why |= pfcp.UsageTIMQU
		}
		wants(pfcp.TriggerQUHTI, pfcp.UsageQUHTI, held)
		wants(pfcp.TriggerQUVTI, pfcp.UsageQUVTI, old)
	}
	return why | x.traffic(now)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// traffic tells of the start and the stop of traffic.
func (x *urr) traffic(now time.Time) pfcp.UsageReportTrigger {
	d := stopAfter
	if t, ok := x.InactivityDetectionTime.Get(); ok && t > 0 {
		d = t.Duration()
	}
	moved := x.last != Usage{} && now.Sub(x.lastChange) < d
	switch {
	case moved && x.quiet:
		x.quiet = false
		if x.ReportingTriggers&pfcp.TriggerSTART != 0 {
			return pfcp.UsageSTART
		}
	case !moved && !x.quiet:
		x.quiet = true
		if x.ReportingTriggers&pfcp.TriggerSTOPT != 0 {
			return pfcp.UsageSTOPT
		}
	}
	return 0
}

// monitor ends the part of the measurement before the monitoring time: from then on the subsequent thresholds and
// quotas count, TS 29.244 §5.2.2.2.
func (x *urr) monitor(total Usage, now time.Time) bool {
	at, ok := x.MonitoringTime.Get()
	if !ok || now.Before(at.Time()) {
		return false
	}
	x.split = &part{total.Sub(x.since), x.timed, x.start, now}
	x.MonitoringTime = pfcp.Opt[pfcp.Timestamp]{}
	x.since, x.start, x.timed = total, now, 0
	setOpt(&x.VolumeThreshold, x.SubsequentVolumeThreshold)
	setOpt(&x.TimeThreshold, x.SubsequentTimeThreshold)
	if x.SubsequentVolumeQuota.Present() || x.SubsequentTimeQuota.Present() {
		setOpt(&x.VolumeQuota, x.SubsequentVolumeQuota)
		setOpt(&x.TimeQuota, x.SubsequentTimeQuota)
		x.grant(now)
	}
	return true
}

// grant begins a new quota: what was used since the last report counts against it.
func (x *urr) grant(now time.Time) {
	x.granted, x.spent, x.grantedAt, x.exhausted = x.since, x.timed, now, false
}

// update changes a URR: what an update leaves out stays, TS 29.244 §7.5.4.4.
func (x *urr) update(u pfcp.UpdateURR, now time.Time) {
	c := &x.CreateURR
	set(&c.MeasurementMethod, u.MeasurementMethod)
	set(&c.ReportingTriggers, u.ReportingTriggers)
	setOpt(&c.MeasurementPeriod, u.MeasurementPeriod)
	setOpt(&c.VolumeThreshold, u.VolumeThreshold)
	setOpt(&c.TimeThreshold, u.TimeThreshold)
	setOpt(&c.VolumeQuota, u.VolumeQuota)
	setOpt(&c.TimeQuota, u.TimeQuota)
	setOpt(&c.QuotaHoldingTime, u.QuotaHoldingTime)
	setOpt(&c.QuotaValidityTime, u.QuotaValidityTime)
	setOpt(&c.MonitoringTime, u.MonitoringTime)
	setOpt(&c.SubsequentVolumeThreshold, u.SubsequentVolumeThreshold)
	setOpt(&c.SubsequentTimeThreshold, u.SubsequentTimeThreshold)
	setOpt(&c.SubsequentVolumeQuota, u.SubsequentVolumeQuota)
	setOpt(&c.SubsequentTimeQuota, u.SubsequentTimeQuota)
	setOpt(&c.InactivityDetectionTime, u.InactivityDetectionTime)
	setOpt(&c.MeasurementInformation, u.MeasurementInformation)
	setOpt(&c.FARIDForQuotaAction, u.FARIDForQuotaAction)
	setOpt(&c.EthernetInactivityTimer, u.EthernetInactivityTimer)
	if u.LinkedURRID != nil {
		c.LinkedURRID = u.LinkedURRID
	}
	if u.NumberOfReports.Present() {
		x.reportsLeft = u.NumberOfReports
	}
	if u.VolumeQuota.Present() || u.TimeQuota.Present() {
		x.grant(now)
	}
	if u.MeasurementInformation.Value()&measureISTM != 0 {
		x.running = true
	}
}

// report makes the reports of what was measured since the last one, two of them if the monitoring time is between, and
// begins the next, TS 29.244 §7.5.5.2.
func (x *urr) report(total Usage, now time.Time, why pfcp.UsageReportTrigger) []pfcp.UsageReport {
	var out []pfcp.UsageReport
	if p := x.split; p != nil {
		r := x.measurement(p.used, p.timed, p.start, p.end)
		r.UsageReportTrigger, r.UsageInformation = pfcp.UsageMONIT, pfcp.Some(usageBefore)
		out = append(out, r)
	}
	r := x.measurement(total.Sub(x.since), x.timed, x.start, now)
	r.UsageReportTrigger = why
	if x.split != nil {
		r.UsageInformation = pfcp.Some(usageAfter)
	}
	if !x.first.IsZero() {
		r.TimeOfFirstPacket, r.TimeOfLastPacket = pfcp.Some(pfcp.NewTimestamp(x.first)), pfcp.Some(pfcp.NewTimestamp(x.lastChange))
	}
	if why&(pfcp.UsageSTART|pfcp.UsageSTOPT) != 0 && why&^(pfcp.UsageSTART|pfcp.UsageSTOPT) == 0 {
		r.VolumeMeasurement, r.DurationMeasurement = pfcp.Opt[pfcp.VolumeMeasurement]{}, pfcp.Opt[pfcp.Seconds]{} // an event, no usage
		r.URSEQN, x.sequence = x.sequence, x.sequence+1
		return append(out, r)
	}
	r.EthernetTrafficInformation = x.stations.report()
	// Thresholds begin anew with each report.
	x.since, x.start, x.timed, x.split, x.first = total, now, 0, nil, time.Time{}
	return append(out, r)
}

// measurement is a report of one measurement, numbered.
func (x *urr) measurement(used Usage, timed time.Duration, start, end time.Time) pfcp.UsageReport {
	r := pfcp.UsageReport{URRID: x.URRID, URSEQN: x.sequence, StartTime: pfcp.Some(pfcp.NewTimestamp(start)), EndTime: pfcp.Some(pfcp.NewTimestamp(end))}
	x.sequence++
	if x.MeasurementMethod&pfcp.MeasureVOLUM != 0 {
		v := pfcp.VolumeMeasurement{Total: pfcp.Some(used.Total()), Uplink: pfcp.Some(used.UplinkBytes), Downlink: pfcp.Some(used.DownlinkBytes)}
		if x.MeasurementInformation.Value()&measureMNOP != 0 {
			v.TotalPackets = pfcp.Some(used.UplinkPackets + used.DownlinkPackets)
			v.UplinkPackets, v.DownlinkPackets = pfcp.Some(used.UplinkPackets), pfcp.Some(used.DownlinkPackets)
		}
		r.VolumeMeasurement = pfcp.Some(v)
	}
	if x.MeasurementMethod&pfcp.MeasureDURAT != 0 {
		r.DurationMeasurement = pfcp.Some(pfcp.Seconds(timed / time.Second))
	}
	return r
}
