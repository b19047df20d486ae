package smf

import (
	"testing"
	"time"

	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// TestUnexpectedN1 holds the answers to messages that fit no procedure of an active session, TS 24.501 §7 and §6.4.2.4.
func TestUnexpectedN1(t *testing.T) {
	rules := func(r gsm.QoSRule) []byte {
		return encode(&gsm.PDUSessionModificationRequest{PDUSessionID: 5, PTI: 1, RequestedQoSRules: gsm.QoSRules{r}})
	}
	tests := []struct {
		name  string
		n1    []byte
		as    gsm.MessageType
		cause gsm.Cause
	}{
		{"modification with mapped EPS bearers, TS 24.501 §6.4.2.4", encode(&gsm.PDUSessionModificationRequest{PDUSessionID: 5, PTI: 1, MappedEPSBearerContexts: []byte{0x50, 0, 1, 0}}),
			gsm.TypePDUSessionModificationReject, gsm.CauseInvalidMappedEPSBearerIdentity},
		{"modification complete of no modification, TS 24.501 §7.3.1", encode(&gsm.PDUSessionModificationComplete{PDUSessionID: 5, PTI: 7}), gsm.TypeStatus, gsm.CausePTIMismatch},
		{"modification with a wrong rule, TS 24.501 §6.4.2.4", rules(gsm.QoSRule{ID: 2, Operation: gsm.AddPacketFilters, QFI: 2}),
			gsm.TypePDUSessionModificationReject, gsm.CauseSyntacticalErrorInTheQoSOperation},
		{"modification without PTI, TS 24.501 §7.3.1", encode(&gsm.PDUSessionModificationRequest{PDUSessionID: 5}), gsm.TypeStatus, gsm.CauseInvalidPTIValue},
		{"release without PTI, TS 24.501 §7.3.1", encode(&gsm.PDUSessionReleaseRequest{PDUSessionID: 5}), gsm.TypeStatus, gsm.CauseInvalidPTIValue},
		{"complete with the reserved PTI, TS 24.501 §7.3.1", encode(&gsm.PDUSessionReleaseComplete{PDUSessionID: 5, PTI: 255}), gsm.TypeStatus, gsm.CauseInvalidPTIValue},
		{"complete of no release, TS 24.501 §7.3.1", encode(&gsm.PDUSessionReleaseComplete{PDUSessionID: 5, PTI: 7}), gsm.TypeStatus, gsm.CausePTIMismatch},
		{"release of another session, TS 24.501 §7.3.2", encode(&gsm.PDUSessionReleaseRequest{PDUSessionID: 6, PTI: 1}),
			gsm.TypePDUSessionReleaseReject, gsm.CauseInvalidPDUSessionIdentity},
		{"modification of another session, TS 24.501 §7.3.2", encode(&gsm.PDUSessionModificationRequest{PDUSessionID: 6, PTI: 1}),
			gsm.TypePDUSessionModificationReject, gsm.CauseInvalidPDUSessionIdentity},
		{"complete of another session, TS 24.501 §7.3.2", encode(&gsm.PDUSessionReleaseComplete{PDUSessionID: 6, PTI: 1}),
			gsm.TypeStatus, gsm.CauseInvalidPDUSessionIdentity},
		{"status of another session, TS 24.501 §7.3.2", encode(&gsm.Status{PDUSessionID: 6, Cause: gsm.CauseInvalidPTIValue}), 0, 0},
		{"unknown message type, TS 24.501 §7.4", []byte{0x2e, 5, 1, 0xff}, gsm.TypeStatus, gsm.CauseMessageTypeNonExistentOrNotImplemented},
		{"message of the network, TS 24.501 §7.4", encode(&gsm.PDUSessionReleaseReject{PDUSessionID: 5, PTI: 1, Cause: 31}),
			gsm.TypeStatus, gsm.CauseMessageTypeNotCompatibleWithTheProtocolState},
		{"establishment again, TS 24.501 §7.4", request(1, nil), gsm.TypeStatus, gsm.CauseMessageTypeNotCompatibleWithTheProtocolState},
		{"command reject cut short, TS 24.501 §7.5.1", []byte{0x2e, 5, 1, 0xcd}, gsm.TypeStatus, gsm.CauseInvalidMandatoryInformation},
		{"status cut short, TS 24.501 §7.5.1", []byte{0x2e, 5, 1, 0xd6}, 0, 0},
		{"too short, TS 24.501 §7.2.1", []byte{0x2e, 5, 1}, 0, 0},
		{"5GMM, TS 24.501 §7.2", []byte{0x7e, 0, 0x41, 0}, 0, 0},
		{"status, TS 24.501 §6.5.3", encode(&gsm.Status{PDUSessionID: 5, PTI: 1, Cause: gsm.CausePTIMismatch}), 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				ref := w.established()
				out := w.update(ref, nsmf.SMContextUpdateData{N1SMMsg: tt.n1})
				checkAnswer(t, w.decode(out.N1SMMsg), tt.as, tt.cause)
				if s := w.info(ref); s.State != Active || s.UpCnxState != nsmf.Activated || out.Released {
					t.Errorf("session is %s, %s", s.State, s.UpCnxState)
				}
			})
		})
	}
}

// TestStatusEndsSession releases locally what the UE does not have, TS 24.501 §6.5.3.
func TestStatusEndsSession(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		ref := w.established()
		w.fromUE(ref, &gsm.Status{PDUSessionID: 5, PTI: 1, Cause: gsm.CauseInvalidPDUSessionIdentity})
		if len(w.amf.ended) != 1 || w.amf.ended[0] != ref {
			t.Errorf("AMF hears of the end of %v", w.amf.ended)
		}
		w.noLeak()
	})
}

// TestUnexpectedN2 refuses containers that nobody asked for or that cannot be read, TS 29.502 §6.1.7.3.
func TestUnexpectedN2(t *testing.T) {
	tests := []struct {
		name string
		info nsmf.N2SMInfo
		up   nsmf.UpCnxState // afterwards
	}{
		{"response cut short", nsmf.N2SMInfo{Type: nsmf.PDUResSetupRsp, Data: []byte{0}}, nsmf.Deactivated},
		{"failure cut short", nsmf.N2SMInfo{Type: nsmf.PDUResSetupFail}, nsmf.Deactivated},
		{"modify response cut short", nsmf.N2SMInfo{Type: nsmf.PDUResModRsp}, nsmf.Activated},
		{"modify failure cut short", nsmf.N2SMInfo{Type: nsmf.PDUResModFail}, nsmf.Activated},
		{"unknown", nsmf.N2SMInfo{Type: "X", Data: []byte{0}}, nsmf.Activated},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				ref := w.established()
				_, err := w.smf.UpdateSMContext(w.t.Context(), ref, nsmf.SMContextUpdateData{N2SMInfo: tt.info})
				if sbi.CauseOf(err) != nsmf.CauseN2SMError {
					t.Errorf("error %v", err)
				}
				w.pass(0)
				if s := w.info(ref); s.State != Active || s.UpCnxState != tt.up {
					t.Errorf("session is %s, %s", s.State, s.UpCnxState)
				}
			})
		})
	}
}

// TestN2BeforeEstablishment: a gNB may speak of a session that has no QoS yet, as where the UE has asked for its session anew and was
// handed over meanwhile with the older one.
func TestN2BeforeEstablishment(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.established()
		w.upf.set(func() { w.upf.silent[pfcp.TypeSessionDeletionRequest] = true })
		ref := w.create(request(2, nil)) // waits until the older one has gone
		end, err := tunnel{gnbN3, 9}.transport()
		if err != nil {
			t.Fatal(err)
		}
		moved, err := (&ngap.PDUSessionResourceModifyIndicationTransfer{DLQosFlowPerTNLInformation: ngap.QosFlowPerTNLInformation{
			UPTransportLayerInformation: end, AssociatedQosFlowList: ngap.AssociatedQosFlowList{{QosFlowIdentifier: 1}}}}).Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, info := range []nsmf.N2SMInfo{pathSwitchTo(t, 9), {Type: nsmf.PDUResModInd, Data: moved}} {
			_, err := w.smf.UpdateSMContext(w.t.Context(), ref, nsmf.SMContextUpdateData{N2SMInfo: info})
			if sbi.CauseOf(err) != nsmf.CauseN2SMError {
				t.Errorf("%s: %v", info.Type, err)
			}
		}
		w.upf.set(func() { w.upf.silent[pfcp.TypeSessionDeletionRequest] = false })
		w.pass(5 * time.Second)
		w.update(ref, gnbAccepts(0x77))
		if s := w.info(ref); s.State != Active || s.UpCnxState != nsmf.Activated {
			t.Errorf("session is %s, %s", s.State, s.UpCnxState)
		}
		w.endAll()
	})
}

// FuzzN1 hands any 5GSM message to an SMF: no panic, and whatever is answered can be read.
func FuzzN1(f *testing.F) {
	f.Add(request(1, nil))
	f.Add(encode(&gsm.PDUSessionReleaseRequest{PDUSessionID: 5, PTI: 1}))
	f.Add(encode(&gsm.PDUSessionReleaseComplete{PDUSessionID: 5, PTI: 1}))
	f.Add(encode(&gsm.PDUSessionModificationRequest{PDUSessionID: 5, PTI: 1, RequestedQoSRules: gsm.QoSRules{gsm.DefaultRule(1, 1, 1)}}))
	f.Add(encode(&gsm.Status{PDUSessionID: 5, PTI: 1, Cause: gsm.CauseInvalidPDUSessionIdentity}))
	f.Fuzz(func(t *testing.T, b []byte) {
		inWorld(t, nil, func(w *world) {
			ref := w.established()
			out, err := w.smf.UpdateSMContext(w.t.Context(), ref, nsmf.SMContextUpdateData{N1SMMsg: b})
			if err != nil {
				t.Fatal(err)
			}
			w.decode(out.N1SMMsg)
		})
	})
}
