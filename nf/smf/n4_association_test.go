package smf

import (
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// TestAssociationRetried keeps on until the UPF is there, TS 29.244 §6.2.6.2.
func TestAssociationRetried(t *testing.T) {
	inWorld(t, func(w *world, _ *Config) { w.upf.silent[everything] = true }, func(w *world) {
		w.pass(30 * time.Second)
		if u := w.smf.UPFs()[0]; u.Up || !u.Recovery.IsZero() {
			t.Errorf("UPF %+v", u)
		}
		if n := strings.Count(w.logged(), "no association with UPF"); n != 1 {
			t.Errorf("%d log lines about one outage", n)
		}
		w.upf.set(func() { clear(w.upf.silent) })
		w.pass(10 * time.Second)
		if u := w.smf.UPFs()[0]; !u.Up || u.Recovery != pfcp.Timestamp(1000).Time() {
			t.Errorf("UPF %+v", u)
		}
	})
}

// TestUPFWithoutFTUP cannot be used: the SMF allots no TEIDs, TS 29.244 §8.2.25.
func TestUPFWithoutFTUP(t *testing.T) {
	inWorld(t, func(w *world, _ *Config) { w.upf.features = 0 }, func(w *world) {
		if w.smf.UPFs()[0].Up || !strings.Contains(w.logged(), "FTUP") {
			t.Error(w.logged())
		}
		answer, err := w.upf.Request(w.t.Context(), smfN4, pfcp.Header{}, &pfcp.AssociationSetupRequest{NodeID: pfcp.NodeID{Addr: upfN4.Addr()}, RecoveryTimeStamp: 1000})
		if err != nil || answer.(*pfcp.AssociationSetupResponse).Cause != pfcp.CauseRequestRejected {
			t.Errorf("%+v, %v", answer, err)
		}
	})
}

// TestUPFRestarts: the recovery time stamp of a heartbeat has changed, so the sessions are made anew with their
// tunnels, TS 23.527 §4.3 and TS 29.244 §6.2.2.
func TestUPFRestarts(t *testing.T) {
	for _, helps := range []bool{true, false} {
		inWorlds(t, nil, func(w *world) {
			ref := w.established()
			_, before := w.upf.only(t)
			w.upf.set(func() {
				clear(w.upf.sessions)
				w.upf.started++
				if !helps {
					w.upf.cause[pfcp.TypeSessionEstablishmentRequest] = pfcp.CauseSessionRestorationFailure
				}
			})
			w.pass(11 * time.Second)
			if !strings.Contains(w.logged(), "UPF has restarted") {
				t.Error("the restart is not in the log")
			}
			if helps {
				_, n := w.upf.only(t)
				if n.uplink != before.uplink || n.action != pfcp.ApplyFORW || n.peer.TEID != 0x77 || n.request.PFCPSEReqFlags.Value() != restorationIndication {
					t.Errorf("UPF has %+v", n)
				}
				w.idle(ref) // the session's new SEID is known
				if _, n := w.upf.only(t); n.action != bufferAndNotify {
					t.Errorf("UPF does %v", n.action)
				}
				return
			}
			if c, ok := w.decode(w.one().N1SMMsg).(*gsm.PDUSessionReleaseCommand); !ok || c.Cause != gsm.CauseReactivationRequested {
				t.Errorf("UE hears %+v", c)
			}
			w.fromUE(ref, &gsm.PDUSessionReleaseComplete{PDUSessionID: 5})
			w.noLeak()
		})
	}
}

// TestUPFRestartsWithOtherTunnels: a UPF that insists on its own F-TEIDs gets the session without one, and the gNB gives
// its end up, so that the next packet or service request brings the user plane back, TS 23.502 §4.3.7.
func TestUPFRestartsWithOtherTunnels(t *testing.T) {
	for _, state := range []nsmf.UpCnxState{nsmf.Activated, nsmf.Activating, nsmf.Deactivated} {
		inWorlds(t, func(w *world, _ *Config) { w.upf.allots = true }, func(w *world) {
			ref := w.established()
			if state != nsmf.Activated {
				w.idle(ref)
			}
			if state == nsmf.Activating { // the gNB is told of the tunnel, and has not answered
				w.update(ref, nsmf.SMContextUpdateData{UpCnxState: nsmf.Activating})
			}
			_, before := w.upf.only(t)
			w.upf.set(func() { clear(w.upf.sessions); w.upf.started++ })
			w.pass(11 * time.Second)
			_, n := w.upf.only(t)
			if n.uplink == before.uplink || n.action != bufferAndNotify || w.info(ref).State != Active || w.info(ref).UpCnxState != nsmf.Deactivated {
				t.Errorf("UPF has %+v, session %+v", n, w.info(ref))
			}
			if state != nsmf.Deactivated {
				if sent := w.one(); sent.N1SMMsg != nil || sent.N2SMInfo.Type != nsmf.PDUResRelCmd || !sent.SkipInd {
					t.Errorf("transfer %+v", sent)
				}
			}
			if w.amf.count() != 0 {
				t.Errorf("AMF was asked for more: %+v", w.amf.take())
			}
			out := w.update(ref, nsmf.SMContextUpdateData{UpCnxState: nsmf.Activating})
			setup, err := ngap.DecodePDUSessionResourceSetupRequestTransfer(out.N2SMInfo.Data)
			if err != nil || uint32(setup.ULNGUUPTNLInformation.GTPTunnel.GTPTEID) != n.uplink.TEID {
				t.Errorf("gNB is to send to %+v, %v", setup.ULNGUUPTNLInformation.GTPTunnel, err)
			}
		})
	}
}

// TestUPFSetsUpAssociation: a UPF that restarts may say so itself, TS 29.244 §6.2.6.3.
func TestUPFSetsUpAssociation(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.established()
		w.upf.set(func() { clear(w.upf.sessions); w.upf.started++ })
		answer, err := w.upf.Request(w.t.Context(), smfN4, pfcp.Header{}, &pfcp.AssociationSetupRequest{NodeID: pfcp.NodeID{Addr: upfN4.Addr()},
			RecoveryTimeStamp: 1001, UPFunctionFeatures: pfcp.Some(pfcp.UPFeatureFTUP)})
		if r, ok := answer.(*pfcp.AssociationSetupResponse); err != nil || !ok || r.Cause != pfcp.CauseRequestAccepted {
			t.Fatalf("%+v, %v", answer, err)
		}
		synctest.Wait()
		w.upf.only(t)
		w.pass(time.Minute)
		if n := w.upf.counted(pfcp.TypeAssociationSetupRequest); n != 1 {
			t.Errorf("%d association setups by the SMF, want the first alone", n)
		}
		w.upf.only(t)
	})
}

// TestPathFailure: a UPF that is out of reach for a while keeps its sessions; those that ended meanwhile are deleted
// when it is back, TS 29.244 §6.2.2.
func TestPathFailure(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		ref := w.established()
		w.upf.set(func() { w.upf.silent[everything] = true })
		w.pass(15 * time.Second)
		if w.smf.UPFs()[0].Up {
			t.Fatal("a silent UPF counts as up")
		}
		d := createData(request(1, func(m *gsm.PDUSessionEstablishmentRequest) { m.PDUSessionID = 6 }))
		d.PDUSessionID = 6
		if _, err := w.smf.CreateSMContext(w.t.Context(), d); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		checkAnswer(t, w.decode(w.one().N1SMMsg), gsm.TypePDUSessionEstablishmentReject, gsm.CauseNetworkFailure)
		if err := w.smf.ReleaseSMContext(w.t.Context(), ref, nsmf.SMContextReleaseData{}); err != nil {
			t.Fatal(err)
		}
		w.upf.set(func() { clear(w.upf.silent) })
		w.pass(30 * time.Second)
		if !w.smf.UPFs()[0].Up || w.upf.counted(pfcp.TypeAssociationSetupRequest) != 1 {
			t.Error("the association was not kept")
		}
		w.noLeak()
	})
}

// TestRestorationUnanswered: a UPF that has too much to do after a restart gets its sessions later; no UE is asked to
// establish its own again, TS 23.527 §4.3.
func TestRestorationUnanswered(t *testing.T) {
	inWorlds(t, nil, func(w *world) {
		ref := w.established()
		_, before := w.upf.only(t)
		w.upf.set(func() {
			clear(w.upf.sessions)
			w.upf.started++
			w.upf.silent[pfcp.TypeSessionEstablishmentRequest] = true
		})
		w.pass(40 * time.Second)
		if n := w.upf.counted(pfcp.TypeAssociationSetupRequest); n != 2 || w.info(ref).State != Active || w.amf.count() != 0 {
			t.Errorf("%d associations, session %+v, %d messages", n, w.info(ref), w.amf.count())
		}
		w.upf.set(func() { clear(w.upf.silent) })
		w.pass(15 * time.Second)
		if _, n := w.upf.only(t); n.uplink != before.uplink || w.info(ref).State != Active || w.amf.count() != 0 {
			t.Errorf("it was %+v and comes back as %+v, session %+v", before, n, w.info(ref))
		}
		if err := w.smf.ReleaseSMContext(w.t.Context(), ref, nsmf.SMContextReleaseData{}); err != nil {
			t.Fatal(err)
		}
		w.noLeak()
	})
}

// TestChangeUnanswered repeats a change that the UPF did not answer as soon as it does, TS 29.244 §6.4.
func TestChangeUnanswered(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		ref := w.established()
		silent := func(on bool) {
			w.upf.set(func() { w.upf.silent[pfcp.TypeSessionModificationRequest] = on })
		}
		silent(true)
		w.idle(ref)
		w.pass(5 * time.Second)
		if s := w.info(ref); s.State != Active || s.UpCnxState != nsmf.Deactivated {
			t.Errorf("session %+v", s)
		}
		silent(false)
		w.pass(10 * time.Second)
		if _, n := w.upf.only(t); n.action != bufferAndNotify {
			t.Errorf("UPF does %v", n.action)
		}
		w.smf.upfs[0].setUp(false) // known to be down: the change waits without being sent
		w.idle(ref)
		if n := w.upf.counted(pfcp.TypeSessionModificationRequest); n != 3 {
			t.Errorf("%d changes sent, want 3", n)
		}
		w.pass(10 * time.Second)
		if n := w.upf.counted(pfcp.TypeSessionModificationRequest); n != 4 || w.info(ref).State != Active {
			t.Errorf("%d changes sent once it is back, want 4", n)
		}
		silent(true)
		w.update(ref, nsmf.SMContextUpdateData{UpCnxState: nsmf.Activating})
		w.update(ref, gnbAccepts(0x66))
		w.pass(5 * time.Second)
		silent(false)
		w.pass(10 * time.Second)
		if _, n := w.upf.only(t); n.action != pfcp.ApplyFORW || n.peer.TEID != 0x66 || w.info(ref).UpCnxState != nsmf.Activated {
			t.Errorf("UPF does %v, session is %s", n.action, w.info(ref).UpCnxState)
		}
		if n := w.amf.count(); n != 0 {
			t.Errorf("AMF was asked to send %d messages", n)
		}
	})
}

// TestUPFLosesAssociation gets a new one and its sessions back, TS 29.244 §6.2.6.
func TestUPFLosesAssociation(t *testing.T) {
	inWorlds(t, nil, func(w *world) {
		ref := w.established()
		w.upf.set(func() {
			clear(w.upf.sessions)
			w.upf.cause[pfcp.TypeSessionModificationRequest] = pfcp.CauseNoEstablishedAssociation
		})
		w.idle(ref)
		w.upf.set(func() { clear(w.upf.cause) })
		w.pass(11 * time.Second)
		if _, n := w.upf.only(t); n.action != bufferAndNotify || w.info(ref).State != Active {
			t.Errorf("UPF does %v, session is %s", n.action, w.info(ref).State)
		}
	})
}

// TestUPFRestartsWithinASecond: the recovery time stamp tells nothing of such a restart, but the UPF knows of no association and of
// no session. Whatever is asked first, a new session or a change of an old one, gets both back at once, TS 23.527 §4.3.
func TestUPFRestartsWithinASecond(t *testing.T) {
	restart := func(w *world) {
		w.upf.set(func() {
			clear(w.upf.sessions)
			w.upf.forgot = true
		})
	}
	both := func(w *world, want int) {
		t.Helper()
		synctest.Wait()
		w.upf.mu.Lock()
		defer w.upf.mu.Unlock()
		if len(w.upf.sessions) != want || len(w.upf.broken) != 0 || w.upf.count[pfcp.TypeAssociationSetupRequest] != 2 {
			t.Errorf("UPF has %d sessions, want %d, after %d associations: %v", len(w.upf.sessions), want, w.upf.count[pfcp.TypeAssociationSetupRequest], w.upf.broken)
		}
	}
	t.Run("a new session", func(t *testing.T) {
		inWorlds(t, nil, func(w *world) {
			ref := w.established()
			_, before := w.upf.only(t)
			restart(w)
			d := createData(request(1, func(m *gsm.PDUSessionEstablishmentRequest) { m.PDUSessionID = 6 }))
			d.PDUSessionID = 6
			if _, err := w.smf.CreateSMContext(w.t.Context(), d); err != nil {
				t.Fatal(err)
			}
			both(w, 2)
			if c, ok := w.decode(w.one().N1SMMsg).(*gsm.PDUSessionEstablishmentAccept); !ok {
				t.Errorf("UE hears %+v", c)
			}
			w.upf.set(func() {
				for _, n := range w.upf.sessions {
					if n.cp == before.cp && (n.uplink != before.uplink || n.peer.TEID != 0x77) {
						t.Errorf("the old session came back as %+v, it was %+v", n, before)
					}
				}
			})
			if w.info(ref).State != Active {
				t.Errorf("session %+v", w.info(ref))
			}
		})
	})
	for _, cause := range []pfcp.Cause{pfcp.CauseNoEstablishedAssociation, pfcp.CauseSessionContextNotFound} {
		t.Run(cause.String(), func(t *testing.T) {
			inWorlds(t, nil, func(w *world) {
				ref := w.established()
				restart(w)
				w.upf.set(func() { w.upf.unknown = cause })
				w.idle(ref)
				both(w, 1)
				if _, n := w.upf.only(t); n.action != bufferAndNotify || w.info(ref).State != Active {
					t.Errorf("UPF does %v, session is %s", n.action, w.info(ref).State)
				}
			})
		})
		t.Run("rules, "+cause.String(), func(t *testing.T) {
			inWorlds(t, nil, func(w *world) {
				ref := w.established()
				restart(w)
				w.upf.set(func() { w.upf.unknown = cause })
				n := w.smf.find(ref)
				n.deliver(resync{})
				both(w, 1)
				if _, n := w.upf.only(t); n.action != pfcp.ApplyFORW || n.peer.TEID != 0x77 {
					t.Errorf("UPF has %+v", n)
				}
				if err := w.smf.ReleaseSMContext(w.t.Context(), ref, nsmf.SMContextReleaseData{}); err != nil {
					t.Fatal(err)
				}
				w.noLeak()
			})
		})
	}
	t.Run("a release", func(t *testing.T) {
		inWorlds(t, nil, func(w *world) {
			ref := w.established()
			restart(w)
			w.upf.set(func() { w.upf.unknown = pfcp.CauseNoEstablishedAssociation })
			if err := w.smf.ReleaseSMContext(w.t.Context(), ref, nsmf.SMContextReleaseData{}); err != nil {
				t.Fatal(err)
			}
			w.noLeak()
		})
	})
}

// TestUPFForgets: a UPF that answers whatever it is asked with cause 72, but associates each time, is not associated with and asked
// for its sessions again without end, TS 29.244 §6.2.6. Once it remembers it has them all again.
func TestUPFForgets(t *testing.T) {
	inWorlds(t, nil, func(w *world) {
		ref := w.established()
		w.upf.set(func() {
			clear(w.upf.sessions)
			clear(w.upf.count)
			w.upf.unknown = pfcp.CauseNoEstablishedAssociation
			w.upf.cause[pfcp.TypeSessionEstablishmentRequest] = pfcp.CauseNoEstablishedAssociation
		})
		w.idle(ref)
		w.pass(time.Minute)
		w.upf.set(func() {
			if n := w.upf.count[pfcp.TypeAssociationSetupRequest]; n < 2 || n > 14 {
				t.Errorf("%d associations in a minute", n)
			}
			if n := w.upf.count[pfcp.TypeSessionEstablishmentRequest]; n < 2 || n > 30 {
				t.Errorf("%d establishments of one session in a minute", n)
			}
			clear(w.upf.cause)
		})
		w.pass(11 * time.Second)
		if _, n := w.upf.only(t); n.action != bufferAndNotify || w.info(ref).State != Active || !w.smf.UPFs()[0].Up {
			t.Errorf("UPF does %v, session is %s", n.action, w.info(ref).State)
		}
	})
}

// TestUPFWantsNoAssociation: a UPF that refuses both a session and an association gets new sessions once it takes one.
func TestUPFWantsNoAssociation(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.upf.set(func() {
			w.upf.forgot = true
			w.upf.cause[pfcp.TypeAssociationSetupRequest] = pfcp.CauseNoResourcesAvailable
		})
		w.create(request(1, nil))
		checkAnswer(t, w.decode(w.one().N1SMMsg), gsm.TypePDUSessionEstablishmentReject, gsm.CauseNetworkFailure)
		if w.smf.UPFs()[0].Up {
			t.Error("a UPF without an association counts as up")
		}
		w.upf.set(func() { clear(w.upf.cause) })
		w.pass(time.Minute)
		w.established()
	})
}

// TestDeletionUnanswered keeps the session for when the UPF answers, TS 29.244 §6.3.4.
func TestDeletionUnanswered(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		ref := w.established()
		w.upf.set(func() { w.upf.silent[everything] = true })
		if err := w.smf.ReleaseSMContext(w.t.Context(), ref, nsmf.SMContextReleaseData{}); err != nil {
			t.Fatal(err)
		}
		w.pass(16 * time.Second)
		if len(w.smf.Sessions()) != 0 {
			t.Error("the session waits for its UPF")
		}
		w.upf.set(func() { clear(w.upf.silent) })
		w.pass(30 * time.Second)
		w.noLeak()
	})
}

// TestUPFAsksToLeave answers an association update with a release, TS 29.244 §6.2.7.
func TestUPFAsksToLeave(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		answer, err := w.upf.Request(w.t.Context(), smfN4, pfcp.Header{}, &pfcp.AssociationUpdateRequest{NodeID: pfcp.NodeID{Addr: upfN4.Addr()},
			AssociationReleaseRequest: pfcp.Some(pfcp.AssociationReleaseSARR)})
		if r, ok := answer.(*pfcp.AssociationUpdateResponse); err != nil || !ok || r.Cause != pfcp.CauseRequestAccepted {
			t.Fatalf("%+v, %v", answer, err)
		}
		synctest.Wait()
		if n := w.upf.counted(pfcp.TypeAssociationReleaseRequest); n != 1 || w.smf.UPFs()[0].Up {
			t.Errorf("%d releases, UPF %+v", n, w.smf.UPFs()[0])
		}
		w.pass(time.Minute)
		if !w.smf.UPFs()[0].Up {
			t.Error("no new association with a UPF that is back")
		}
	})
}

// TestRequestsOfUPF answers the node's other requests, TS 29.244 §6.2.2, §6.2.9 and §7.6.
func TestRequestsOfUPF(t *testing.T) {
	node := pfcp.NodeID{Addr: upfN4.Addr()}
	path := pfcp.UserPlanePathReport{RemoteGTPUPeer: []pfcp.RemoteGTPUPeer{{IPv4: gnbN3}}}
	tests := []struct {
		m     pfcp.Message
		cause pfcp.Cause // 0: the answer has none
	}{
		{&pfcp.HeartbeatRequest{RecoveryTimeStamp: 1000}, 0},
		{&pfcp.NodeReportRequest{NodeID: node, NodeReportType: pfcp.NodeReportUPFR, UserPlanePathFailureReport: pfcp.Some(path)}, pfcp.CauseRequestAccepted},
		{&pfcp.NodeReportRequest{NodeID: node, NodeReportType: pfcp.NodeReportUPRR, UserPlanePathRecoveryReport: pfcp.Some(path)}, pfcp.CauseRequestAccepted},
		{&pfcp.SessionDeletionRequest{}, pfcp.CauseServiceNotSupported},
		{&pfcp.AssociationReleaseRequest{NodeID: node}, pfcp.CauseServiceNotSupported},
	}
	inWorld(t, nil, func(w *world) {
		for _, tt := range tests {
			answer, err := w.upf.Request(w.t.Context(), smfN4, pfcp.Header{}, tt.m)
			if err != nil {
				t.Fatalf("%s: %v", tt.m.Type(), err)
			}
			if c, _ := pfcp.CauseOf(answer); c != tt.cause {
				t.Errorf("%s: UPF hears %v, want %v", tt.m.Type(), c, tt.cause)
			}
		}
	})
}

// TestForeignUPF: a report about a session of another UPF is refused, and strangers are not listened to.
func TestForeignUPF(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.established()
		_, n := w.upf.only(t)
		other := newUPF(UPF{Name: "other", Address: netip.MustParseAddrPort("192.0.2.3:8805")})
		_, answer := w.smf.sessionReport(other, n.cp, downlinkReport())
		if c, _ := pfcp.CauseOf(answer); c != pfcp.CauseSessionContextNotFound {
			t.Errorf("another UPF hears %v", c)
		}
		if w.smf.knowsPeer(other.Address) || !w.smf.knowsPeer(netip.AddrPortFrom(upfN4.Addr(), 40000)) {
			t.Error("N4 is open to others than the configured UPFs, or closed to their other ports")
		}
	})
}

// TestLadder shows the messages of N4 with their IEs.
func TestLadder(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.established()
		want := []struct{ from, message, detail string }{
			{"SMF", "Association Setup Request", ""}, {"UPF", "Association Setup Response", "cause=Request_accepted"},
			{"SMF", "Session Establishment Request", "UE-IP=10.45.0.2 DNN=internet"}, {"UPF", "Session Establishment Response", "F-TEID=198.51.100.2/0x10100"},
			{"SMF", "Session Modification Request", "action=FORW F-TEID=198.51.100.9/0x77"}, {"UPF", "Session Modification Response", "cause=Request_accepted"},
		}
		if len(w.ladder) != len(want) {
			t.Fatalf("%d arrows, want %d: %+v", len(w.ladder), len(want), w.ladder)
		}
		for i, e := range w.ladder {
			if e.From != want[i].from || !strings.Contains(e.Message, want[i].message) || !strings.Contains(e.Detail, want[i].detail) {
				t.Errorf("arrow %d: %+v, want %+v", i, e, want[i])
			}
		}
	})
}

// TestUPFSelection takes the UPF that serves DNN and slice and has the fewest sessions, TS 23.501 §6.3.3.
func TestUPFSelection(t *testing.T) {
	a, b, c := newUPF(UPF{Name: "a"}), newUPF(UPF{Name: "b", DNNs: []ident.DNN{"INTERNET"}, Slices: []ident.SNSSAI{slice}}), newUPF(UPF{Name: "c", DNNs: []ident.DNN{"ims"}})
	c.setUp(true)
	s := &SMF{upfs: []*upf{a, b, c}}
	if s.selectUPF(internet, slice) != nil {
		t.Error("chose a UPF that is down")
	}
	a.setUp(true)
	b.setUp(true)
	a.sessions.Add(1)
	if s.selectUPF(internet, slice) != b {
		t.Error("did not choose the UPF with fewer sessions")
	}
}
