package upf_test

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// TestUsageIsExact compares all usage reports of a session with what its sender sent and its receiver got, to the octet,
// while rules are modified, the path is switched, the UE goes idle and comes back, reports are asked for, fall due and
// stay unanswered, and quotas run out and are given anew, TS 29.244 §5.2.2. The seed is printed when it fails.
func TestUsageIsExact(t *testing.T) {
	for range 30 {
		seed := rand.Uint64()
		run(t, func(r *rig) {
			random := rand.New(rand.NewPCG(seed, 2))
			r.associate()
			m := request(ue)
			m.CreateURR[0].ReportingTriggers = pfcp.TriggerVOLTH | pfcp.TriggerPERIO | pfcp.TriggerVOLQU
			m.CreateURR[0].VolumeThreshold, m.CreateURR[0].MeasurementPeriod = octets(20_000), pfcp.Some(pfcp.Seconds(7))
			m.CreateURR[0].MeasurementInformation = pfcp.Some(pfcp.MeasurementInformation(16))
			seid, teid := r.establish(m)
			var sentUp, sentDown, packets, reportedUp, reportedDown, reportedPackets uint64
			add := func(list []pfcp.UsageReport) {
				for _, u := range list {
					v := u.VolumeMeasurement.Value()
					reportedUp, reportedDown = reportedUp+v.Uplink.Value(), reportedDown+v.Downlink.Value()
					reportedPackets += v.TotalPackets.Value()
				}
			}
			modify := func(m *pfcp.SessionModificationRequest) {
				a := r.ask(seid, m).(*pfcp.SessionModificationResponse)
				r.accepted(a)
				add(a.UsageReport)
			}
			left := func() { // what left the UPF since the last call is what the other side saw
				for _, p := range r.path.Sent() {
					switch {
					case p.End:
					case p.Network != "":
						sentUp, packets = sentUp+uint64(p.Size), packets+1
					default:
						sentDown, packets = sentDown+uint64(p.Size), packets+1
					}
				}
			}
			peer := uint32(0x1000)
			answers := true
			for range 400 {
				switch random.IntN(9) {
				case 0:
					peer++
					modify(far(pfcp.ApplyFORW, peer))
				case 1:
					modify(far(pfcp.ApplyBUFF|pfcp.ApplyNOCP, 0))
				case 2:
					modify(&pfcp.SessionModificationRequest{QueryURR: []pfcp.QueryURR{{URRID: 1}}})
				case 3:
					modify(&pfcp.SessionModificationRequest{UpdateURR: []pfcp.UpdateURR{{URRID: 1, VolumeQuota: octets(uint64(random.IntN(60_000)))}}})
				case 4:
					modify(&pfcp.SessionModificationRequest{UpdateQER: []pfcp.UpdateQER{{QERID: 1, GateStatus: pfcp.Some(pfcp.GateStatus{UplinkClosed: random.IntN(3) == 0})}}})
				case 5:
					time.Sleep(time.Duration(random.IntN(4000)) * time.Millisecond)
				case 6:
					answers = !answers
					r.mu.Lock()
					if r.answer = nil; answers {
						r.answer = &pfcp.SessionReportResponse{Cause: pfcp.CauseRequestAccepted}
					}
					r.mu.Unlock()
				case 7:
					r.path.Uplink(teid, 9, upf.Flow{Local: ue, Remote: server}, 28+random.IntN(1400))
				default:
					r.path.Downlink("internet", upf.Flow{Local: ue, Remote: server}, 28+random.IntN(1400))
				}
				left()
			}
			r.mu.Lock()
			r.answer = &pfcp.SessionReportResponse{Cause: pfcp.CauseRequestAccepted}
			r.mu.Unlock()
			time.Sleep(time.Minute)
			synctest.Wait()
			left()
			d := r.ask(seid, &pfcp.SessionDeletionRequest{}).(*pfcp.SessionDeletionResponse)
			add(d.UsageReport)
			add(r.heard())
			if reportedUp != sentUp || reportedDown != sentDown || reportedPackets != packets {
				r.Errorf("seed %d: reported %d up, %d down, %d packets; passed %d up, %d down, %d packets",
					seed, reportedUp, reportedDown, reportedPackets, sentUp, sentDown, packets)
			}
		})
	}
}

// heard is the usage that was reported and answered: a report that was not comes again, with other reports or alone.
func (r *rig) heard() []pfcp.UsageReport {
	seen := map[uint32]bool{}
	var out []pfcp.UsageReport
	for _, m := range r.told() {
		for _, u := range m.UsageReport {
			if !seen[u.URSEQN] {
				seen[u.URSEQN] = true
				out = append(out, u)
			}
		}
	}
	return out
}
