package upf_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

func octets(n uint64) pfcp.Opt[pfcp.Volume] {
	return pfcp.Some(pfcp.Volume{Total: pfcp.Some(n)})
}

// usageRig is a session with one URR, and packets of the UE.
func usageRig(r *rig, change func(*pfcp.CreateURR)) (seid uint64, up func(n int)) {
	r.associate()
	m := request(ue)
	change(&m.CreateURR[0])
	seid, teid := r.establish(m)
	return seid, func(n int) { r.path.Uplink(teid, 9, upf.Flow{Local: ue, Remote: server}, n) }
}

// one wants one report for one reason since the last call.
func (r *rig) one(why pfcp.UsageReportTrigger) pfcp.UsageReport {
	r.Helper()
	var all []pfcp.UsageReport
	for _, m := range r.told() {
		all = append(all, m.UsageReport...)
	}
	if len(all) != 1 || all[0].UsageReportTrigger != why {
		r.Fatalf("%d reports: %+v, want %#x", len(all), all, uint32(why))
	}
	return all[0]
}

// TestVolumeQuota: what is granted passes, nothing more until the next grant, and each octet is reported once,
// TS 29.244 §5.2.2.2.
func TestVolumeQuota(t *testing.T) {
	run(t, func(r *rig) {
		seid, up := usageRig(r, func(u *pfcp.CreateURR) {
			u.ReportingTriggers, u.VolumeQuota = pfcp.TriggerVOLQU|pfcp.TriggerVOLTH, octets(1000)
			u.VolumeThreshold = octets(800)
		})
		up(500)
		up(400)
		first := r.one(pfcp.UsageVOLTH)
		up(100)
		second := r.one(pfcp.UsageVOLQU)
		up(100)
		up(100)
		if c := r.upf.Counters(); c.Dropped[upf.DropQuota] != 2 {
			t.Errorf("%+v", c)
		}
		a := r.ask(seid, &pfcp.SessionModificationRequest{UpdateURR: []pfcp.UpdateURR{{URRID: 1, VolumeQuota: octets(150)}}})
		r.accepted(a)
		up(100)
		up(100)
		third := r.one(pfcp.UsageVOLQU)
		up(1)
		sum := first.VolumeMeasurement.Value().Total.Value() + second.VolumeMeasurement.Value().Total.Value() + third.VolumeMeasurement.Value().Total.Value()
		if sum != 1200 || third.URSEQN != 2 {
			t.Errorf("%d octets reported, want 1200; number %d", sum, third.URSEQN)
		}
		if c := r.upf.Counters(); c.Dropped[upf.DropQuota] != 3 || c.UplinkOut != 5 {
			t.Errorf("%+v", c)
		}
	})
}

// TestQuotaAction obeys the FAR for quota action instead of dropping, TS 29.244 §5.2.2.2.
func TestQuotaAction(t *testing.T) {
	run(t, func(r *rig) {
		r.associate()
		m := request(ue)
		m.CreateURR[0].VolumeQuota, m.CreateURR[0].FARIDForQuotaAction = octets(100), pfcp.Some(pfcp.FARID(3))
		m.CreateFAR = append(m.CreateFAR, pfcp.CreateFAR{FARID: 3, ApplyAction: pfcp.ApplyFORW, ForwardingParameters: pfcp.Some(pfcp.ForwardingParameters{
			DestinationInterface: pfcp.InterfaceCore, OuterHeaderCreation: tunnelTo(0x77)})})
		_, teid := r.establish(m)
		for range 2 {
			r.path.Uplink(teid, 9, upf.Flow{Local: ue, Remote: server}, 100)
			time.Sleep(2 * time.Second)
		}
		if out := r.path.Sent(); len(out) != 2 || out[0].Network != "internet" || out[1].TEID != 0x77 {
			t.Errorf("%+v", out)
		}
		r.one(pfcp.UsageVOLQU)
	})
}

// TestTimeQuota meters time from the first packet on, and not while nothing comes for the inactivity detection time,
// TS 29.244 §5.2.2.2.
func TestTimeQuota(t *testing.T) {
	run(t, func(r *rig) {
		_, up := usageRig(r, func(u *pfcp.CreateURR) {
			u.TimeQuota, u.InactivityDetectionTime, u.TimeThreshold = pfcp.Some(pfcp.Seconds(60)), pfcp.Some(pfcp.Seconds(10)), pfcp.Some(pfcp.Seconds(30))
			u.ReportingTriggers = pfcp.TriggerTIMTH
		})
		time.Sleep(5 * time.Minute) // nothing came: nothing is metered
		up(100)
		time.Sleep(5 * time.Minute) // 10 s are metered
		if m := r.told(); len(m) != 0 {
			t.Fatalf("%+v", m)
		}
		for range 22 {
			up(100)
			time.Sleep(time.Second)
		}
		d := r.one(pfcp.UsageTIMTH)
		if s := d.DurationMeasurement.Value(); s < 30 || s > 32 {
			t.Errorf("%d s", s)
		}
		for range 60 {
			up(1)
			time.Sleep(time.Second)
		}
		var quota int
		for _, m := range r.told() {
			for _, u := range m.UsageReport {
				if u.UsageReportTrigger&pfcp.UsageTIMQU != 0 {
					quota++
				}
			}
		}
		if c := r.upf.Counters(); quota != 1 || c.Dropped[upf.DropQuota] < 28 || c.Dropped[upf.DropQuota] > 32 {
			t.Errorf("%d reports of the quota, %+v", quota, c)
		}
	})
}

// TestQuotaEnds: a quota that nobody uses, or that is too old, is given back, TS 29.244 §5.2.2.2.
func TestQuotaEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*pfcp.CreateURR)
		why    pfcp.UsageReportTrigger
	}{
		"holding time": {func(u *pfcp.CreateURR) {
			u.QuotaHoldingTime, u.ReportingTriggers = pfcp.Some(pfcp.Seconds(20)), pfcp.TriggerQUHTI
		}, pfcp.UsageQUHTI},
		"validity time": {func(u *pfcp.CreateURR) {
			u.QuotaValidityTime, u.ReportingTriggers = pfcp.Some(pfcp.Seconds(20)), pfcp.TriggerQUVTI
		}, pfcp.UsageQUVTI},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(r *rig) {
				_, up := usageRig(r, func(u *pfcp.CreateURR) { u.VolumeQuota = octets(1e6); tt.change(u) })
				up(10)
				time.Sleep(25 * time.Second)
				r.one(tt.why)
				up(10)
				if c := r.upf.Counters(); c.Dropped[upf.DropQuota] != 1 {
					t.Errorf("%+v", c)
				}
			})
		})
	}
}

// TestTrafficReports tells of the start and the stop of an application's traffic, by PFDs that change on the way,
// TS 29.244 §5.11 and §6.2.5.
func TestTrafficReports(t *testing.T) {
	run(t, func(r *rig) {
		r.associate()
		pfds := func(text string) pfcp.Message {
			return r.ask(0, &pfcp.PFDManagementRequest{NodeID: pfcp.Some(node), ApplicationIDsPFDs: []pfcp.ApplicationIDsPFDs{{ApplicationID: "video",
				PFDContext: []pfcp.PFDContext{{PFDContents: []pfcp.PFDContents{{FlowDescription: text}}}}}}})
		}
		r.accepted(pfds("permit out 17 from 192.0.2.1 to assigned"))
		if c, _ := pfcp.CauseOf(pfds("deny all")); c != pfcp.CauseRequestRejected {
			t.Errorf("a PFD that cannot be read: %s", c)
		}
		m := request(ue)
		m.CreateURR = append(m.CreateURR, pfcp.CreateURR{URRID: 2, MeasurementMethod: pfcp.MeasureVOLUM,
			ReportingTriggers: pfcp.TriggerSTART | pfcp.TriggerSTOPT, InactivityDetectionTime: pfcp.Some(pfcp.Seconds(5))})
		video := m.CreatePDR[0]
		video.PDRID, video.Precedence, video.URRID = 3, 10, []pfcp.URRID{2}
		video.PDI.LocalFTEID = pfcp.Some(pfcp.FTEID{ChooseIPv4: true, ChooseID: pfcp.Some(uint8(1))})
		video.PDI.ApplicationID = pfcp.Some("video")
		m.CreatePDR[0].PDI.LocalFTEID = video.PDI.LocalFTEID
		m.CreatePDR = append(m.CreatePDR, video)
		_, teid := r.establish(m)
		send := func(protocol uint8) {
			r.path.Uplink(teid, 9, upf.Flow{Local: ue, Remote: server, Protocol: protocol}, 100)
		}
		send(6)
		time.Sleep(2 * time.Second)
		if m := r.told(); len(m) != 0 {
			t.Fatalf("another application: %+v", m)
		}
		send(17)
		time.Sleep(2 * time.Second)
		if u := r.one(pfcp.UsageSTART); u.ApplicationDetectionInformation.Value().ApplicationID != "video" {
			t.Errorf("%+v", u)
		}
		time.Sleep(10 * time.Second)
		r.one(pfcp.UsageSTOPT)
		r.accepted(pfds("permit out 6 from 192.0.2.1 to assigned"))
		send(6)
		time.Sleep(2 * time.Second)
		r.one(pfcp.UsageSTART)
		r.accepted(r.ask(0, &pfcp.PFDManagementRequest{})) // all are taken away
		time.Sleep(10 * time.Second)
		r.told()
		send(6)
		time.Sleep(2 * time.Second)
		if m := r.told(); len(m) != 0 {
			t.Errorf("without PFDs: %+v", m)
		}
	})
}

// TestMonitoringTime splits the measurement at the monitoring time, TS 29.244 §5.2.2.2.
func TestMonitoringTime(t *testing.T) {
	run(t, func(r *rig) {
		seid, up := usageRig(r, func(u *pfcp.CreateURR) {
			u.MonitoringTime = pfcp.Some(pfcp.NewTimestamp(time.Now().Add(10 * time.Second)))
			u.ReportingTriggers, u.SubsequentVolumeThreshold = pfcp.TriggerVOLTH, octets(50)
			u.VolumeThreshold = octets(1000)
		})
		up(100)
		time.Sleep(15 * time.Second)
		up(7)
		a := r.ask(seid, &pfcp.SessionModificationRequest{QueryURR: []pfcp.QueryURR{{URRID: 1}}}).(*pfcp.SessionModificationResponse)
		if n := len(a.UsageReport); n != 2 {
			t.Fatalf("%d reports", n)
		}
		before, after := a.UsageReport[0], a.UsageReport[1]
		if before.UsageReportTrigger != pfcp.UsageMONIT || before.UsageInformation.Value() != 1 || before.VolumeMeasurement.Value().Total.Value() != 100 ||
			after.UsageInformation.Value() != 2 || after.VolumeMeasurement.Value().Total.Value() != 7 || after.URSEQN != before.URSEQN+1 {
			t.Errorf("%+v\n%+v", before, after)
		}
		up(60)
		time.Sleep(2 * time.Second)
		r.one(pfcp.UsageVOLTH)
	})
}

// TestLinkedUsage reports a URR with the one that it is linked to, TS 29.244 §5.2.2.4.
func TestLinkedUsage(t *testing.T) {
	run(t, func(r *rig) {
		r.associate()
		m := request(ue)
		m.CreateURR[0].ReportingTriggers, m.CreateURR[0].VolumeThreshold = pfcp.TriggerVOLTH, octets(100)
		m.CreateURR = append(m.CreateURR, pfcp.CreateURR{URRID: 2, MeasurementMethod: pfcp.MeasureVOLUM, ReportingTriggers: pfcp.TriggerLIUSA, LinkedURRID: []pfcp.URRID{1}})
		m.CreatePDR[0].URRID = []pfcp.URRID{1, 2}
		_, teid := r.establish(m)
		r.path.Uplink(teid, 9, upf.Flow{Local: ue, Remote: server}, 150)
		reports := r.told()
		if len(reports) != 1 || len(reports[0].UsageReport) != 2 || reports[0].UsageReport[1].UsageReportTrigger != pfcp.UsageLIUSA ||
			reports[0].UsageReport[1].VolumeMeasurement.Value().Total.Value() != 150 {
			t.Errorf("%+v", reports)
		}
	})
}

// TestUnansweredUsage: usage that was reported to nobody is reported again, to the octet.
func TestUnansweredUsage(t *testing.T) {
	run(t, func(r *rig) {
		_, up := usageRig(r, func(u *pfcp.CreateURR) {
			u.ReportingTriggers, u.MeasurementPeriod = pfcp.TriggerPERIO, pfcp.Some(pfcp.Seconds(60))
		})
		r.answer = nil
		up(100)
		time.Sleep(90 * time.Second)
		r.told()
		up(11)
		r.mu.Lock()
		r.answer = &pfcp.SessionReportResponse{Cause: pfcp.CauseRequestAccepted}
		r.mu.Unlock()
		time.Sleep(5 * time.Second)
		if u := r.one(pfcp.UsagePERIO); u.VolumeMeasurement.Value().Total.Value() != 100 {
			t.Errorf("%+v", u)
		}
		time.Sleep(60 * time.Second)
		if u := r.one(pfcp.UsagePERIO); u.VolumeMeasurement.Value().Total.Value() != 11 || u.URSEQN != 1 {
			t.Errorf("%+v", u)
		}
	})
}

// TestInactivity tells once that a session rests, TS 29.244 §5.11.3.
func TestInactivity(t *testing.T) {
	run(t, func(r *rig) {
		r.associate()
		m := request(ue)
		m.UserPlaneInactivityTimer = pfcp.Some(pfcp.Seconds(30))
		_, teid := r.establish(m)
		for range 3 {
			time.Sleep(20 * time.Second)
			r.path.Uplink(teid, 9, upf.Flow{Local: ue, Remote: server}, 150)
		}
		if m := r.told(); len(m) != 0 {
			t.Fatalf("%+v", m)
		}
		time.Sleep(2 * time.Minute)
		if m := r.told(); len(m) != 1 || m[0].ReportType != pfcp.ReportUPIR {
			t.Errorf("%+v", m)
		}
	})
}

// TestLooksAreSpread: sessions are looked at once a second, and not all at once.
func TestLooksAreSpread(t *testing.T) {
	run(t, func(r *rig) {
		const sessions, inactivity = 64, 30
		r.associate()
		addr := ue
		for range sessions {
			m := request(addr)
			m.UserPlaneInactivityTimer = pfcp.Some(pfcp.Seconds(inactivity))
			r.establish(m)
			addr = addr.Next()
		}
		time.Sleep(inactivity * time.Second)
		all := len(r.told())
		for range 40 { // the timer begins with the first look
			time.Sleep(50 * time.Millisecond)
			n := len(r.told())
			if n > sessions/8 {
				t.Errorf("%d of %d sessions at once", n, sessions)
			}
			all += n
		}
		if all != sessions {
			t.Errorf("%d of %d sessions have told that they are inactive", all, sessions)
		}
	})
}

// TestUEAddresses are allotted from the pools of the data network, the same in all PDRs, TS 29.244 §5.21.
func TestUEAddresses(t *testing.T) {
	run(t, func(r *rig) {
		r.associate()
		seen := map[netip.Addr]bool{}
		var seids []uint64
		for i := range uint64(254) {
			m := ofCP(100+i, request(ue))
			for i := range m.CreatePDR {
				m.CreatePDR[i].PDI.UEIPAddress = []pfcp.UEIPAddress{{ChooseIPv4: true, Destination: i == 1}}
			}
			a := r.ask(0, m).(*pfcp.SessionEstablishmentResponse)
			if a.Cause != pfcp.CauseRequestAccepted || len(a.CreatedPDR) != 2 {
				t.Fatalf("%+v", a)
			}
			one, two := a.CreatedPDR[0].UEIPAddress[0].IPv4, a.CreatedPDR[1].UEIPAddress[0].IPv4
			if one != two || seen[one] || !netip.MustParsePrefix("10.60.0.0/24").Contains(one) || one.As4()[3] == 0 || one.As4()[3] == 255 {
				t.Fatalf("%s and %s", one, two)
			}
			seen[one] = true
			seids = append(seids, a.UPFSEID.Value().SEID)
		}
		m := request(ue)
		m.CreatePDR[0].PDI.UEIPAddress = nil
		m.CreatePDR[1].PDI.UEIPAddress = []pfcp.UEIPAddress{{ChooseIPv4: true}}
		if a := r.ask(0, m).(*pfcp.SessionEstablishmentResponse); a.Cause != pfcp.CauseAllDynamicAddressesOccupied {
			t.Errorf("%s", a.Cause)
		}
		r.accepted(r.ask(seids[0], &pfcp.SessionDeletionRequest{}))
		r.establish(m)
	})
}

// TestPathFailure: a GTP-U peer that does not answer Echo Requests is told to the CP functions once, and when it is back,
// TS 23.527 §5.2 and TS 29.244 §7.4.5.1.
func TestPathFailure(t *testing.T) {
	run(t, func(r *rig) {
		r.associate()
		seid, _ := r.establish(request(ue))
		r.accepted(r.ask(seid, far(pfcp.ApplyFORW, 0x1001)))
		time.Sleep(10 * time.Minute)
		if m := r.nodeTold(); len(m) != 0 {
			t.Fatalf("%+v", m)
		}
		r.path.Deafen(gnb, true)
		time.Sleep(10 * time.Minute)
		m := r.nodeTold()
		if len(m) != 1 || m[0].NodeReportType != pfcp.NodeReportUPFR || m[0].UserPlanePathFailureReport.Value().RemoteGTPUPeer[0].IPv4 != gnb {
			t.Fatalf("%+v", m)
		}
		r.path.Deafen(gnb, false)
		time.Sleep(2 * time.Minute)
		if m := r.nodeTold(); len(m) != 1 || m[0].NodeReportType != pfcp.NodeReportUPRR {
			t.Errorf("%+v", m)
		}
	})
}

// TestBAR delays the notification and takes what the answer to a report says of buffering, TS 29.244 §7.5.2.6 and
// §7.5.9.2.
func TestBAR(t *testing.T) {
	run(t, func(r *rig) {
		r.associate()
		m := request(ue)
		m.CreateBAR = pfcp.Some(pfcp.CreateBAR{BARID: 1, DownlinkDataNotificationDelay: pfcp.Some(uint8(4)), SuggestedBufferingPacketsCount: pfcp.Some(uint8(2))})
		m.CreateFAR[1].BARID = pfcp.Some(pfcp.BARID(1))
		r.establish(m)
		r.answer = &pfcp.SessionReportResponse{Cause: pfcp.CauseRequestAccepted,
			UpdateBAR: pfcp.Some(pfcp.UpdateBAR{BARID: 1, DLBufferingDuration: pfcp.Some(pfcp.Timer(5)), DLBufferingSuggestedPacketCount: pfcp.Some(pfcp.PacketCount(300))})}
		r.path.Downlink("internet", upf.Flow{Remote: server, Local: ue}, 100)
		time.Sleep(190 * time.Millisecond)
		if m := r.told(); len(m) != 0 {
			t.Fatalf("before the delay: %+v", m)
		}
		if b := r.path.Session(7).Buffer; b != (upf.Buffer{Packets: 2}) {
			t.Errorf("%+v", b)
		}
		time.Sleep(20 * time.Millisecond)
		if m := r.told(); len(m) != 1 || m[0].ReportType != pfcp.ReportDLDR {
			t.Fatalf("%+v", m)
		}
		if b := r.path.Session(7).Buffer; b != (upf.Buffer{Packets: 300, Expiry: 10 * time.Second}) {
			t.Errorf("%+v", b)
		}
	})
}
