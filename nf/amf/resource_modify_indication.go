package amf

import (
	"context"
	"errors"
	"slices"

	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// modifyIndication brings to the SMFs that a gNB has moved its ends of tunnels, as for dual connectivity, and answers for
// every session whether the core has followed, TS 38.413 §8.2.5.
func (ue *ue) modifyIndication(ctx context.Context, m *ngap.PDUSessionResourceModifyIndication) {
	ue.running = sessionManagement
	defer func() { ue.running = idle }()
	confirm := &ngap.PDUSessionResourceModifyConfirm{AMFUENGAPID: m.AMFUENGAPID, RANUENGAPID: m.RANUENGAPID}
	times := make(map[ngap.PDUSessionID]int)
	for _, s := range m.PDUSessionResourceModifyListModInd {
		times[s.PDUSessionID]++
	}
	for _, s := range m.PDUSessionResourceModifyListModInd {
		n2 := nsmf.N2SMInfo{Data: notMoved(ngap.CauseRadioNetworkMultiplePDUSessionIDInstances)} // TS 38.413 §8.2.5.4
		switch n := times[s.PDUSessionID]; {
		case n == 0:
			continue // answered
		case n == 1:
			n2 = ue.tunnelMoved(ctx, uint8(s.PDUSessionID), s.PDUSessionResourceModifyIndicationTransfer)
		}
		times[s.PDUSessionID] = 0
		if n2.Type == nsmf.PDUResModCfm {
			confirm.PDUSessionResourceModifyListModCfm = append(confirm.PDUSessionResourceModifyListModCfm,
				ngap.PDUSessionResourceModifyItemModCfm{PDUSessionID: s.PDUSessionID, PDUSessionResourceModifyConfirmTransfer: n2.Data})
			continue
		}
		confirm.PDUSessionResourceFailedToModifyListModCfm = append(confirm.PDUSessionResourceFailedToModifyListModCfm,
			ngap.PDUSessionResourceFailedToModifyItemModCfm{PDUSessionID: s.PDUSessionID, PDUSessionResourceModifyIndicationUnsuccessfulTransfer: n2.Data})
	}
	if ue.conn != nil {
		ue.conn.gnb.send(ue.conn, confirm)
	}
}

// tunnelMoved asks a session's SMF to follow. Its answer is one of PDUResModCfm, or why not.
func (ue *ue) tunnelMoved(ctx context.Context, id uint8, transfer []byte) nsmf.N2SMInfo {
	s := ue.session(id)
	if s == nil {
		ue.log().Warn("gNB moves the tunnel of a session that there is not", "session", id)
		return nsmf.N2SMInfo{Data: notMoved(ngap.CauseRadioNetworkUnknownPDUSessionID)}
	}
	updated, err := ue.amf.services.Sessions.UpdateSMContext(ctx, s.ref, nsmf.SMContextUpdateData{
		N2SMInfo: nsmf.N2SMInfo{Type: nsmf.PDUResModInd, Data: slices.Clone(transfer)}, TAI: ue.tai,
	})
	if err == nil {
		return updated.N2SMInfo
	}
	ue.log().Warn("SMF does not follow the tunnel of a session", "session", id, "error", err)
	ue.dropIfGone(s, err)
	if refused, ok := errors.AsType[*nsmf.SMContextError](err); ok && refused.N2SMInfo.Type == nsmf.PDUResModIndFail {
		return refused.N2SMInfo
	}
	return nsmf.N2SMInfo{Data: notMoved(ngap.CauseRadioNetworkUnspecified)}
}

// notMoved is a PDU Session Resource Modify Indication Unsuccessful Transfer of the AMF itself, TS 38.413 §9.3.4.22.
func notMoved(cause ngap.Cause) []byte {
	b, _ := (&ngap.PDUSessionResourceModifyIndicationUnsuccessfulTransfer{Cause: cause}).Append(nil) // a constant can be encoded
	return b
}
