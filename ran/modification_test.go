package ran_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// modify asks the gNB for one more QoS flow of a session, with a NAS message for the UE.
func (n *network) modify(session ngap.PDUSessionID, m gsm.Message) *ngap.PDUSessionResourceModifyResponse {
	n.t.Helper()
	parameters := ngap.QosFlowLevelQosParameters{
		QosCharacteristics:             ngap.QosCharacteristics{NonDynamic5QI: &ngap.NonDynamic5QIDescriptor{FiveQI: 5}},
		AllocationAndRetentionPriority: ngap.AllocationAndRetentionPriority{PriorityLevelARP: 8},
	}
	transfer := must((&ngap.PDUSessionResourceModifyRequestTransfer{
		QosFlowAddOrModifyRequestList: ngap.QosFlowAddOrModifyRequestList{{QosFlowIdentifier: 2, QosFlowLevelQosParameters: &parameters}},
	}).Append(nil))
	n.send(&ngap.PDUSessionResourceModifyRequest{
		AMFUENGAPID: n.amf, RANUENGAPID: n.ran,
		PDUSessionResourceModifyListModReq: ngap.PDUSessionResourceModifyListModReq{{
			PDUSessionID: session, NASPDU: n.pdu(downlinkSM(m), nas.IntegrityProtectedCiphered),
			PDUSessionResourceModifyRequestTransfer: transfer,
		}},
	})
	if session == 1 { // the UE's answer is on its way before the gNB's
		n.answer = uplink[*gmm.ULNASTransport](n)
	}
	return expect[*ngap.PDUSessionResourceModifyResponse](n)
}

// TestModification: a rule and a flow more, TS 23.502 §4.3.3.2 and TS 24.501 §6.3.2.
func TestModification(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, nil)
		b.withSession()
		b.with(func() {
			ambr := gsm.NewSessionAMBR(5e6, 6e6)
			voice := gsm.QoSRule{ID: 2, Operation: gsm.CreateRule, Precedence: 10, QFI: 2, Filters: []gsm.PacketFilter{{
				ID: 1, Direction: gsm.Bidirectional, Components: []gsm.Component{gsm.ProtocolComponent(17)},
			}}}
			r := b.modify(1, &gsm.PDUSessionModificationCommand{
				PDUSessionID: 1, SessionAMBR: &ambr, AuthorizedQoSRules: gsm.QoSRules{voice},
			})
			if len(r.PDUSessionResourceModifyListModRes) != 1 {
				t.Errorf("response %+v", r)
			}
			sm[*gsm.PDUSessionModificationComplete](b.network, b.answer)
			r = b.modify(9, &gsm.PDUSessionModificationCommand{PDUSessionID: 9})
			if len(r.PDUSessionResourceFailedToModifyListModRes) != 1 {
				t.Errorf("response %+v", r)
			}
		}, func() {})
		synctest.Wait()
		s, _ := b.ue.Session(1)
		if len(s.Rules) != 2 || s.Rules[0].QFI != 2 || s.QFI != 1 || s.AMBR.Downlink.BitsPerSecond() != 5e6 {
			t.Errorf("session %+v", s)
		}
	})
}

// TestEstablishFromIdle: the UE gets a connection by a service request first, TS 24.501 §5.6.1.1.
func TestEstablishFromIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, nil)
		if _, err := b.ue.EstablishSession(t.Context(), 1, ue.SessionOptions{}); !errors.Is(err, ue.ErrNotRegistered) {
			t.Errorf("unregistered: %v", err)
		}
		b.registered()
		b.idle()
		b.with(func() {
			if m, _ := initial[*gmm.ServiceRequest](b.network); m.ServiceType != gmm.ServiceSignalling {
				t.Errorf("service type %v", m.ServiceType)
			}
			b.send(b.contextSetup(b.pdu(&gmm.ServiceAccept{}, nas.IntegrityProtectedCiphered)))
			expect[*ngap.InitialContextSetupResponse](b.network)
			b.session()
		}, func() {
			if _, err := b.ue.EstablishSession(t.Context(), 1, ue.SessionOptions{}); err != nil {
				t.Error(err)
			}
			if _, err := b.ue.EstablishSession(t.Context(), 1, ue.SessionOptions{}); !errors.Is(err, ue.ErrSession) {
				t.Errorf("the same session again: %v", err)
			}
		})
	})
}
