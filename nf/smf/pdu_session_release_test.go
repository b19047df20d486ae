package smf

import (
	"errors"
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

// TestReleaseByUE follows TS 23.502 §4.3.4.2 and TS 24.501 §6.4.3.
func TestReleaseByUE(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		ref := w.established()
		ask := &gsm.PDUSessionReleaseRequest{PDUSessionID: 5, PTI: 11}
		out, answer := w.fromUE(ref, ask)
		command, ok := answer.(*gsm.PDUSessionReleaseCommand)
		if !ok || command.PTI != 11 || command.Cause != gsm.CauseRegularDeactivation || out.Released {
			t.Fatalf("answer %+v %+v", answer, out)
		}
		if out.N2SMInfo.Type != nsmf.PDUResRelCmd {
			t.Errorf("gNB hears %q", out.N2SMInfo.Type)
		}
		if c, err := ngap.DecodePDUSessionResourceReleaseCommandTransfer(out.N2SMInfo.Data); err != nil || c.Cause != ngap.CauseNASNormalRelease {
			t.Errorf("N2 %+v, %v", c, err)
		}
		if n := w.upf.counted(pfcp.TypeSessionDeletionRequest); n != 1 {
			t.Errorf("%d deletions on the UPF before the UE's answer, want 1", n)
		}
		// The command was lost: the same request again, TS 24.501 §6.4.3.6.
		if out, again := w.fromUE(ref, ask); again.(*gsm.PDUSessionReleaseCommand).PTI != 11 || out.N2SMInfo.Type != "" {
			t.Errorf("second answer %+v", again)
		}
		w.update(ref, nsmf.SMContextUpdateData{N2SMInfo: nsmf.N2SMInfo{Type: nsmf.PDUResRelRsp, Data: []byte{0}}})
		out, answer = w.fromUE(ref, &gsm.PDUSessionReleaseComplete{PDUSessionID: 5, PTI: 11})
		if !out.Released || answer != nil {
			t.Errorf("at the end %+v, %v", out, answer)
		}
		w.noLeak()
		if len(w.amf.take()) != 0 || len(w.amf.ended) != 0 {
			t.Error("AMF was asked for more than the answers")
		}
	})
}

// TestReleaseUnanswered sends the command five times and then releases locally, TS 24.501 §6.3.3.5.
func TestReleaseUnanswered(t *testing.T) {
	tests := []struct {
		name  string
		start func(*world, string)
		first int // commands that the AMF is asked to send at once
		pti   uint8
	}{
		{"by the UE", func(w *world, ref string) { w.fromUE(ref, &gsm.PDUSessionReleaseRequest{PDUSessionID: 5, PTI: 3}) }, 0, 3},
		{"by the network", func(w *world, _ string) {
			if err := w.smf.ReleaseSession(phone, 5); err != nil {
				w.t.Error(err)
			}
			synctest.Wait()
		}, 1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				ref := w.established()
				tt.start(w, ref)
				if n := w.amf.count(); n != tt.first {
					t.Errorf("%d commands at once, want %d", n, tt.first)
				}
				w.pass(4*16*time.Second + time.Second)
				sent := w.amf.take()
				if len(sent) != 4+tt.first {
					t.Fatalf("%d commands, want %d", len(sent), 4+tt.first)
				}
				for i, s := range sent {
					c := w.decode(s.N1SMMsg).(*gsm.PDUSessionReleaseCommand)
					withN2 := i == 0 && tt.first == 1
					if c.PTI != tt.pti || c.Cause != gsm.CauseRegularDeactivation || (s.N2SMInfo.Type == nsmf.PDUResRelCmd) != withN2 {
						t.Errorf("command %d: %+v with N2 %q", i, c, s.N2SMInfo.Type)
					}
				}
				if w.info(ref).State != Releasing {
					t.Errorf("session is %s before the last expiry", w.info(ref).State)
				}
				w.pass(16 * time.Second)
				if len(w.amf.ended) != 1 || w.amf.ended[0] != ref {
					t.Errorf("AMF hears of the end of %v", w.amf.ended)
				}
				w.noLeak()
			})
		})
	}
}

// TestReleaseCollisions holds what may cross with a release, TS 24.501 §6.3.3.5 and §6.4.3.6.
func TestReleaseCollisions(t *testing.T) {
	begin := func(w *world) string {
		ref := w.established()
		if err := w.smf.ReleaseSession(phone, 5); err != nil {
			w.t.Fatal(err)
		}
		synctest.Wait()
		w.one()
		return ref
	}
	complete := &gsm.PDUSessionReleaseComplete{PDUSessionID: 5}
	tests := []struct {
		name string
		do   func(*world, string)
	}{
		{"the UE's own request is ignored", func(w *world, ref string) {
			if out, m := w.fromUE(ref, &gsm.PDUSessionReleaseRequest{PDUSessionID: 5, PTI: 4}); m != nil || out.Released {
				w.t.Errorf("answer %v", m)
			}
			w.fromUE(ref, complete)
		}},
		{"a modification request is ignored", func(w *world, ref string) {
			if _, m := w.fromUE(ref, &gsm.PDUSessionModificationRequest{PDUSessionID: 5, PTI: 4}); m != nil {
				w.t.Errorf("answer %v", m)
			}
			w.fromUE(ref, complete)
		}},
		{"complete with another PTI, TS 24.501 §7.3.1", func(w *world, ref string) {
			_, m := w.fromUE(ref, &gsm.PDUSessionReleaseComplete{PDUSessionID: 5, PTI: 4})
			checkAnswer(w.t, m, gsm.TypeStatus, gsm.CausePTIMismatch)
			w.fromUE(ref, complete)
		}},
		{"the UE becomes idle, then answers", func(w *world, ref string) {
			w.update(ref, nsmf.SMContextUpdateData{UpCnxState: nsmf.Deactivated})
			w.fromUE(ref, complete)
		}},
		{"late answer of the gNB", func(w *world, ref string) {
			w.update(ref, gnbAccepts(9))
			w.fromUE(ref, complete)
		}},
		{"the AMF ends the session", func(w *world, ref string) {
			if err := w.smf.ReleaseSMContext(w.t.Context(), ref, nsmf.SMContextReleaseData{}); err != nil {
				w.t.Error(err)
			}
		}},
		{"the UE has no such session, TS 24.501 §6.5.3", func(w *world, ref string) {
			w.fromUE(ref, &gsm.Status{PDUSessionID: 5, Cause: gsm.CauseInvalidPDUSessionIdentity})
		}},
		{"the UE does not understand the command, TS 24.501 §6.5.3", func(w *world, ref string) {
			w.fromUE(ref, &gsm.Status{PDUSessionID: 5, Cause: gsm.CauseMessageTypeNonExistentOrNotImplemented})
		}},
		{"activation is refused", func(w *world, ref string) {
			if _, err := w.smf.UpdateSMContext(w.t.Context(), ref, nsmf.SMContextUpdateData{UpCnxState: nsmf.Activating}); err == nil {
				w.t.Error("activated a session that is being released")
			}
			w.fromUE(ref, complete)
		}},
		{"released twice by the operator", func(w *world, ref string) {
			if err := w.smf.ReleaseSession(phone, 5); err != nil {
				w.t.Error(err)
			}
			w.fromUE(ref, complete)
		}},
		{"the AMF has lost the UE", func(w *world, _ string) {
			w.amf.fail(sbi.Problem(404, namf.CauseContextNotFound, ""))
			w.pass(17 * time.Second)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				tt.do(w, begin(w))
				synctest.Wait()
				w.noLeak()
			})
		})
	}
}

// TestAMFReleases ends a session at every stage without a word to the UE, TS 29.502 §5.2.2.4.
func TestAMFReleases(t *testing.T) {
	stages := map[string]func(*world) string{
		"waiting for the gNB": func(w *world) string { return w.create(request(1, nil)) },
		"active":              (*world).established,
		"idle": func(w *world) string {
			ref := w.established()
			w.update(ref, nsmf.SMContextUpdateData{UpCnxState: nsmf.Deactivated})
			return ref
		},
		"waiting for the UPF": func(w *world) string {
			w.upf.set(func() { w.upf.silent[pfcp.TypeSessionEstablishmentRequest] = true })
			return w.create(request(1, nil))
		},
		"paging": func(w *world) string {
			ref := w.established()
			w.update(ref, nsmf.SMContextUpdateData{UpCnxState: nsmf.Deactivated})
			w.report(&pfcp.SessionReportRequest{ReportType: pfcp.ReportDLDR, DownlinkDataReport: pfcp.Some(pfcp.DownlinkDataReport{PDRID: []pfcp.PDRID{2}})})
			return ref
		},
	}
	for name, stage := range stages {
		t.Run(name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				ref := stage(w)
				w.amf.take()
				if err := w.smf.ReleaseSMContext(w.t.Context(), ref, nsmf.SMContextReleaseData{Cause: "REL_DUE_TO_HO"}); err != nil {
					t.Fatal(err)
				}
				w.pass(5 * time.Second)
				if w.upf.silent[pfcp.TypeSessionEstablishmentRequest] {
					w.heardAgain()
				}
				w.noLeak()
				if n := len(w.amf.take()); n != 0 {
					t.Errorf("AMF was asked to send %d messages", n)
				}
				if err := w.smf.ReleaseSMContext(w.t.Context(), ref, nsmf.SMContextReleaseData{}); sbi.CauseOf(err) != sbi.CauseContextNotFound {
					t.Errorf("released twice: %v", err)
				}
			})
		})
	}
}

// TestNoSuchSession answers a UE about a session that does not exist, TS 24.501 §7.3.2.
func TestNoSuchSession(t *testing.T) {
	tests := []struct {
		m     gsm.Message
		as    gsm.MessageType
		cause gsm.Cause
	}{
		{&gsm.PDUSessionReleaseRequest{PDUSessionID: 5, PTI: 1}, gsm.TypePDUSessionReleaseReject, gsm.CauseInvalidPDUSessionIdentity},
		{&gsm.PDUSessionModificationRequest{PDUSessionID: 5, PTI: 1}, gsm.TypePDUSessionModificationReject, gsm.CauseInvalidPDUSessionIdentity},
		{&gsm.PDUSessionModificationComplete{PDUSessionID: 5, PTI: 1}, gsm.TypeStatus, gsm.CauseInvalidPDUSessionIdentity},
		{&gsm.PDUSessionReleaseComplete{PDUSessionID: 5, PTI: 1}, 0, 0},
		{&gsm.Status{PDUSessionID: 5, PTI: 1, Cause: gsm.CausePTIMismatch}, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.m.Name(), func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				for _, ref := range []string{"1", "not a number", ""} {
					_, err := w.smf.UpdateSMContext(w.t.Context(), ref, nsmf.SMContextUpdateData{N1SMMsg: encode(tt.m)})
					if sbi.CauseOf(err) != sbi.CauseContextNotFound {
						t.Fatalf("error %v", err)
					}
					refused, ok := errors.AsType[*nsmf.SMContextError](err)
					if !ok {
						refused = &nsmf.SMContextError{}
					}
					checkAnswer(t, w.decode(refused.N1SMMsg), tt.as, tt.cause)
				}
			})
		})
	}
}
