package smf

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// report has the UPF send a report about its one session and returns the SMF's answer.
func (w *world) report(m *pfcp.SessionReportRequest) *pfcp.SessionReportResponse {
	w.t.Helper()
	_, n := w.upf.only(w.t)
	return w.reportTo(n.cp, m)
}

func (w *world) reportTo(seid uint64, m *pfcp.SessionReportRequest) *pfcp.SessionReportResponse {
	w.t.Helper()
	answer, err := w.upf.Request(w.t.Context(), smfN4, pfcp.Header{SEID: seid}, m)
	if err != nil {
		w.t.Fatal(err)
	}
	synctest.Wait()
	return answer.(*pfcp.SessionReportResponse)
}

func downlinkReport() *pfcp.SessionReportRequest {
	return &pfcp.SessionReportRequest{ReportType: pfcp.ReportDLDR,
		DownlinkDataReport: pfcp.Some(pfcp.DownlinkDataReport{PDRID: []pfcp.PDRID{2}})}
}

// idle releases the UE's connection.
func (w *world) idle(ref string) {
	w.t.Helper()
	out := w.update(ref, nsmf.SMContextUpdateData{UpCnxState: nsmf.Deactivated, NGAPCause: "user-inactivity"})
	if out.UpCnxState != nsmf.Deactivated {
		w.t.Errorf("AMF hears %q", out.UpCnxState)
	}
}

// TestANReleaseAndServiceRequest follows TS 23.502 §4.2.6 and then §4.2.3.2 to another gNB.
func TestANReleaseAndServiceRequest(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		ref := w.established()
		w.idle(ref)
		_, n := w.upf.only(t)
		if n.action != bufferAndNotify || w.info(ref).GNBTEID != 0 {
			t.Errorf("UPF does %v for an idle UE", n.action)
		}
		out := w.update(ref, nsmf.SMContextUpdateData{UpCnxState: nsmf.Activating})
		setup, err := ngap.DecodePDUSessionResourceSetupRequestTransfer(out.N2SMInfo.Data)
		if err != nil || out.UpCnxState != nsmf.Activating || uint32(setup.ULNGUUPTNLInformation.GTPTunnel.GTPTEID) != n.uplink.TEID {
			t.Errorf("answer %+v, %v", out, err)
		}
		w.update(ref, gnbAccepts(0x99))
		if _, n := w.upf.only(t); n.action != pfcp.ApplyFORW || n.peer.TEID != 0x99 {
			t.Errorf("UPF does %v to %+v", n.action, n.peer)
		}
		if s := w.info(ref); s.UpCnxState != nsmf.Activated || s.GNBTEID != 0x99 {
			t.Errorf("session %+v", s)
		}
	})
}

// TestBackAtOnce: a UE that comes back, to another gNB, while the UPF has not yet answered that it is idle, has its user plane there
// in the end, and that gNB hears of what changes later.
func TestBackAtOnce(t *testing.T) {
	inWorld(t, func(w *world, _ *Config) { w.pcf.rules = voiceAndVideo }, func(w *world) {
		ref := w.established()
		w.upf.set(func() { w.upf.silent[pfcp.TypeSessionModificationRequest] = true })
		for _, teid := range []uint32{0x98, 0x99} {
			w.idle(ref)
			w.update(ref, nsmf.SMContextUpdateData{UpCnxState: nsmf.Activating})
			if teid == 0x99 {
				w.upf.set(func() { w.upf.silent[pfcp.TypeSessionModificationRequest] = false })
				w.pass(5 * time.Second) // what the first gNB said is served, after the UE has left it
				if s := w.info(ref); s.UpCnxState != nsmf.Activating || s.GNBTEID != 0 {
					t.Errorf("before the second gNB has answered the session is %+v", s)
				}
			}
			w.update(ref, gnbAccepts(teid))
		}
		if _, n := w.upf.only(t); n.action != pfcp.ApplyFORW || n.peer.TEID != 0x99 {
			t.Errorf("UPF does %v to %+v", n.action, n.peer)
		}
		if s := w.info(ref); s.UpCnxState != nsmf.Activated || s.GNBTEID != 0x99 {
			t.Errorf("session %+v", s)
		}
		w.amf.take()
		w.decide(ref, voiceAndVideo[:2]...)
		if sent := w.one(); sent.N2SMInfo.Type != nsmf.PDUResModReq {
			t.Errorf("the gNB hears of a change: %q", sent.N2SMInfo.Type)
		}
	})
}

// TestReportBesideAnswer: a downlink data report that is served after the gNB of a UE that has come by itself has answered, and before
// that answer is, has nobody paged and leaves the user plane to the answer, TS 23.502 §4.2.3.3.
func TestReportBesideAnswer(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		ref := w.established()
		w.upf.set(func() { w.upf.silent[pfcp.TypeSessionModificationRequest] = true })
		w.idle(ref)
		w.report(downlinkReport())
		w.update(ref, nsmf.SMContextUpdateData{UpCnxState: nsmf.Activating})
		w.update(ref, gnbAccepts(0x99))
		w.upf.set(func() { w.upf.silent[pfcp.TypeSessionModificationRequest] = false })
		w.pass(5 * time.Second)
		if _, n := w.upf.only(t); n.action != pfcp.ApplyFORW || n.peer.TEID != 0x99 {
			t.Errorf("UPF does %v to %+v", n.action, n.peer)
		}
		if s := w.info(ref); s.UpCnxState != nsmf.Activated || s.GNBTEID != 0x99 {
			t.Errorf("session %+v", s)
		}
		if n := w.amf.count(); n != 0 {
			t.Errorf("AMF was asked %d times", n)
		}
	})
}

// TestRefusedAndBackAtOnce: the refusal of one gNB, served late, says nothing of the next.
func TestRefusedAndBackAtOnce(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		ref := w.established()
		w.upf.set(func() { w.upf.silent[pfcp.TypeSessionModificationRequest] = true })
		w.idle(ref)
		w.update(ref, nsmf.SMContextUpdateData{UpCnxState: nsmf.Activating})
		w.update(ref, gnbRefuses(ngap.CauseRadioNetworkUnspecified))
		w.update(ref, nsmf.SMContextUpdateData{UpCnxState: nsmf.Activating})
		w.upf.set(func() { w.upf.silent[pfcp.TypeSessionModificationRequest] = false })
		w.pass(5 * time.Second)
		w.update(ref, gnbAccepts(0x99))
		if _, n := w.upf.only(t); n.action != pfcp.ApplyFORW || n.peer.TEID != 0x99 {
			t.Errorf("UPF does %v to %+v", n.action, n.peer)
		}
		if s := w.info(ref); s.UpCnxState != nsmf.Activated || s.GNBTEID != 0x99 {
			t.Errorf("session %+v", s)
		}
	})
}

// TestServiceRequestRefusedByGNB leaves the session idle, TS 23.502 §4.2.3.2 step 15.
func TestServiceRequestRefusedByGNB(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		ref := w.established()
		w.idle(ref)
		w.update(ref, nsmf.SMContextUpdateData{UpCnxState: nsmf.Activating})
		w.update(ref, gnbRefuses(ngap.CauseRadioNetworkRadioResourcesNotAvailable))
		if _, n := w.upf.only(t); n.action != bufferAndNotify || w.info(ref).State != Active || w.info(ref).UpCnxState != nsmf.Deactivated {
			t.Errorf("session %+v", w.info(ref))
		}
	})
}

// TestGNBSetsUpSomeFlows keeps the session, takes back from the UE and the UPF the QoS flows that are missing, and tells
// the PCF, TS 38.413 §9.3.4.2 and TS 23.502 §4.3.2.2.1 step 14.
func TestGNBSetsUpSomeFlows(t *testing.T) {
	inWorld(t, func(w *world, _ *Config) { w.pcf.rules = voiceAndVideo }, func(w *world) {
		ref := w.create(request(1, nil))
		d := gnbAccepts(5)
		m, err := ngap.DecodePDUSessionResourceSetupResponseTransfer(d.N2SMInfo.Data)
		if err != nil {
			t.Fatal(err)
		}
		m.QosFlowFailedToSetupList = ngap.QosFlowListWithCause{{QosFlowIdentifier: 2, Cause: ngap.CauseRadioNetworkRadioResourcesNotAvailable}}
		if d.N2SMInfo.Data, err = m.Append(nil); err != nil {
			t.Fatal(err)
		}
		w.update(ref, d)
		if s := w.info(ref); s.State != Active || s.UpCnxState != nsmf.Activated || !strings.Contains(w.logged(), "QFI 2: radioNetwork") {
			t.Errorf("session %+v\n%s", s, w.logged())
		}
		w.amf.take()
		w.pass(17 * time.Second) // T3591
		sent := w.one()
		m2, ok := w.decode(sent.N1SMMsg).(*gsm.PDUSessionModificationCommand)
		if !ok || sent.N2SMInfo.Type != "" || len(m2.AuthorizedQoSRules) != 1 || m2.AuthorizedQoSRules[0].Operation != gsm.DeleteRule ||
			len(m2.AuthorizedQoSFlowDescriptions) != 1 || m2.AuthorizedQoSFlowDescriptions[0].QFI != 2 {
			t.Fatalf("UE gets %+v, gNB %q", m2, sent.N2SMInfo.Type)
		}
		w.fromUE(ref, &gsm.PDUSessionModificationComplete{PDUSessionID: 5})
		if _, n := w.upf.only(t); len(n.pdrs) != 6 || len(n.qers) != 3 || len(w.info(ref).QFIs) != 2 {
			t.Errorf("UPF keeps %d PDRs and %d QERs, the session flows %v", len(n.pdrs), len(n.qers), w.info(ref).QFIs)
		}
		if r := w.pcf.asked; len(r) != 1 || len(r[0].RuleReports) != 1 || r[0].RuleReports[0].PCCRuleIDs[0] != "voice" {
			t.Errorf("PCF hears %+v", r)
		}
		if err := w.smf.ReleaseSMContext(t.Context(), ref, nsmf.SMContextReleaseData{}); err != nil {
			t.Error(err)
		}
		w.noLeak()
	})
}

// TestUnusableTunnel: a gNB's end that cannot be one is refused, TS 38.413 §9.3.2.2.
func TestUnusableTunnel(t *testing.T) {
	for _, a := range []string{"0.0.0.0", "224.0.0.1"} {
		inWorld(t, nil, func(w *world) {
			ref := w.established()
			d := gnbAccepts(5)
			m, err := ngap.DecodePDUSessionResourceSetupResponseTransfer(d.N2SMInfo.Data)
			if err != nil {
				t.Fatal(err)
			}
			gtp := m.DLQosFlowPerTNLInformation.UPTransportLayerInformation.GTPTunnel
			if gtp.TransportLayerAddress, err = ngap.NewTransportLayerAddress(netip.MustParseAddr(a), netip.Addr{}); err != nil {
				t.Fatal(err)
			}
			if d.N2SMInfo.Data, err = m.Append(nil); err != nil {
				t.Fatal(err)
			}
			if _, err := w.smf.UpdateSMContext(w.t.Context(), ref, d); sbi.CauseOf(err) != nsmf.CauseN2SMError {
				t.Errorf("%s: %v", a, err)
			}
		})
	}
}

// TestReleasedWhileGNBSetsUp: the connection goes while the first setup is under way, TS 23.502 §4.2.6.
func TestReleasedWhileGNBSetsUp(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		ref := w.create(request(1, nil))
		w.idle(ref)
		if _, n := w.upf.only(t); n.action != bufferAndNotify || w.info(ref).State != Active || len(w.udm.registered) != 1 {
			t.Errorf("session %+v, UPF does %v", w.info(ref), n.action)
		}
	})
}

// TestActivationWithoutUPF is refused with the cause of TS 29.502 §6.1.7.3.
func TestActivationWithoutUPF(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		ref := w.established()
		w.idle(ref)
		w.smf.upfs[0].setUp(false)
		_, err := w.smf.UpdateSMContext(w.t.Context(), ref, nsmf.SMContextUpdateData{UpCnxState: nsmf.Activating})
		if sbi.CauseOf(err) != nsmf.CauseUPFNotResponding {
			t.Errorf("error %v", err)
		}
	})
}

// TestPaging follows TS 23.502 §4.2.3.3.
func TestPaging(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		ref := w.established()
		w.idle(ref)
		if answer := w.report(downlinkReport()); answer.Cause != pfcp.CauseRequestAccepted {
			t.Errorf("UPF hears %v", answer.Cause)
		}
		sent := w.one() // step 3a
		if sent.N1SMMsg != nil || sent.N2SMInfo.Type != nsmf.PDUResSetupReq || sent.SkipInd || sent.SMContextRef != ref {
			t.Errorf("transfer %+v", sent)
		}
		w.report(downlinkReport()) // another one of the same burst
		w.update(ref, nsmf.SMContextUpdateData{UpCnxState: nsmf.Activating})
		w.update(ref, gnbAccepts(0x55))
		if _, n := w.upf.only(t); n.action != pfcp.ApplyFORW || n.peer.TEID != 0x55 {
			t.Errorf("UPF does %v", n.action)
		}
		if n := len(w.amf.take()); n != 0 || w.smf.pool.Running() != 0 {
			t.Errorf("%d further messages, %d goroutines", n, w.smf.pool.Running())
		}
	})
}

// TestPagingWithoutAnswer drops what was buffered and pages again at the next packet, TS 23.502 §4.2.3.3 step 6.
func TestPagingWithoutAnswer(t *testing.T) {
	for name, refusal := range map[string]error{
		"silence": nil, "UE not reachable": sbi.Problem(504, namf.CauseUENotReachable, ""),
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				ref := w.established()
				w.idle(ref)
				w.amf.fail(refusal)
				w.report(downlinkReport())
				w.pass(31 * time.Second)
				if _, n := w.upf.only(t); n.action != bufferAndNotify || n.flags != pfcp.SMReqDROBU || w.info(ref).UpCnxState != nsmf.Deactivated {
					t.Errorf("UPF does %v with flags %v", n.action, n.flags)
				}
				w.amf.fail(nil)
				w.amf.take()
				w.report(downlinkReport())
				w.one()
			})
		})
	}
}

// TestPagingOfUnknownUE ends the session that the AMF has forgotten.
func TestPagingOfUnknownUE(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		ref := w.established()
		w.idle(ref)
		w.amf.fail(sbi.Problem(404, namf.CauseContextNotFound, ""))
		w.report(downlinkReport())
		w.noLeak()
	})
}

// TestErrorIndication takes the tunnel down that the gNB does not know, TS 23.527 §5.3.3.1.
func TestErrorIndication(t *testing.T) {
	about := func(teid uint32) *pfcp.SessionReportRequest {
		return &pfcp.SessionReportRequest{ReportType: pfcp.ReportERIR, ErrorIndicationReport: pfcp.Some(pfcp.ErrorIndicationReport{
			RemoteFTEID: []pfcp.FTEID{{TEID: teid, IPv4: gnbN3}}})}
	}
	inWorld(t, nil, func(w *world) {
		ref := w.established()
		w.report(about(0x76)) // an old tunnel
		if w.info(ref).UpCnxState != nsmf.Activated {
			t.Fatal("an old tunnel took the new one down")
		}
		w.report(about(0x77))
		if _, n := w.upf.only(t); n.action != bufferAndNotify || w.info(ref).UpCnxState != nsmf.Deactivated {
			t.Errorf("UPF does %v, session is %s", n.action, w.info(ref).UpCnxState)
		}
		if sent := w.one(); sent.N1SMMsg != nil || sent.N2SMInfo.Type != nsmf.PDUResRelCmd || !sent.SkipInd {
			t.Errorf("transfer %+v", sent)
		}
	})
}

// TestUsageReports adds up what the UPF counts, TS 29.244 §7.5.8.3, each report once, though one comes again.
func TestUsageReports(t *testing.T) {
	inWorld(t, func(_ *world, c *Config) { c.Timers.UsageReport = time.Minute }, func(w *world) {
		ref := w.established()
		_, n := w.upf.only(t)
		if u := n.request.CreateURR[0]; u.ReportingTriggers != pfcp.TriggerPERIO || u.MeasurementPeriod.Value() != 60 {
			t.Errorf("URR %+v", u)
		}
		usage := func(up, down uint64) *pfcp.SessionReportRequest {
			return &pfcp.SessionReportRequest{ReportType: pfcp.ReportUSAR, UsageReport: []pfcp.UsageReport{{URRID: 1, UsageReportTrigger: pfcp.UsagePERIO,
				VolumeMeasurement: pfcp.Some(pfcp.VolumeMeasurement{Uplink: pfcp.Some(up), Downlink: pfcp.Some(down)})}}}
		}
		w.report(usage(10, 100))
		w.report(usage(5, 50))
		if u := w.info(ref).Usage; u != (Usage{Uplink: 15, Downlink: 150}) {
			t.Errorf("usage %+v", u)
		}
		told := func(sequence uint32, end pfcp.Timestamp) *pfcp.SessionReportRequest {
			m := usage(1, 2)
			m.UsageReport[0].URSEQN, m.UsageReport[0].EndTime = sequence, pfcp.Some(end)
			return m
		}
		for _, m := range []*pfcp.SessionReportRequest{told(7, 1000), told(8, 1000), told(8, 1000), told(7, 1000), told(0, 1001)} { // two come again
			w.report(m)
		}
		if u := w.info(ref).Usage; u != (Usage{Uplink: 18, Downlink: 156}) {
			t.Errorf("usage %+v", u)
		}
	})
}

// TestReportOfNoSession is refused, TS 29.244 §7.5.9.1.
func TestReportOfNoSession(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		if answer := w.reportTo(12345, downlinkReport()); answer.Cause != pfcp.CauseSessionContextNotFound {
			t.Errorf("UPF hears %v", answer.Cause)
		}
	})
}

// TestUPFLosesSession: the UPF has no such session when the user plane is set up, so it is made anew with its tunnel;
// where that fails the UE is to establish the session again, TS 23.527 §4.3.
func TestUPFLosesSession(t *testing.T) {
	for _, helps := range []bool{true, false} {
		inWorld(t, nil, func(w *world) {
			ref := w.established()
			w.idle(ref)
			_, before := w.upf.only(t)
			w.update(ref, nsmf.SMContextUpdateData{UpCnxState: nsmf.Activating})
			w.upf.set(func() {
				clear(w.upf.sessions)
				if !helps {
					w.upf.cause[pfcp.TypeSessionEstablishmentRequest] = pfcp.CauseSessionRestorationFailure
				}
			})
			w.update(ref, gnbAccepts(0x44))
			if helps {
				_, n := w.upf.only(t)
				if n.uplink != before.uplink || n.action != pfcp.ApplyFORW || n.peer.TEID != 0x44 || n.request.PFCPSEReqFlags.Value() != restorationIndication {
					t.Errorf("UPF has %+v", n)
				}
				return
			}
			command, ok := w.decode(w.one().N1SMMsg).(*gsm.PDUSessionReleaseCommand)
			if !ok || command.Cause != gsm.CauseReactivationRequested {
				t.Fatalf("UE hears %+v", command)
			}
			if _, err := w.smf.UpdateSMContext(w.t.Context(), ref, nsmf.SMContextUpdateData{N1SMMsg: encode(&gsm.PDUSessionReleaseComplete{PDUSessionID: 5})}); err != nil {
				t.Error(err)
			}
			w.noLeak()
		})
	}
}

// TestConcurrentUse has many goroutines at one session; the race detector watches.
func TestConcurrentUse(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		ref := w.established()
		calls := []nsmf.SMContextUpdateData{
			{UpCnxState: nsmf.Activating}, {UpCnxState: nsmf.Deactivated}, gnbAccepts(3), gnbRefuses(ngap.CauseMiscUnspecified),
			{N1SMMsg: encode(&gsm.PDUSessionModificationRequest{PDUSessionID: 5, PTI: 1})},
		}
		for _, c := range calls {
			go func() {
				for range 5 {
					if _, err := w.smf.UpdateSMContext(w.t.Context(), ref, c); err != nil && !errors.As(err, new(*sbi.ProblemDetails)) {
						t.Error(err)
					}
					w.smf.Sessions()
				}
			}()
		}
		w.pass(time.Minute)
		if err := w.smf.ReleaseSMContext(w.t.Context(), ref, nsmf.SMContextReleaseData{}); err != nil {
			t.Error(err)
		}
		w.noLeak()
	})
}
