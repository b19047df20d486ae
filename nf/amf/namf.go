package amf

import (
	"context"
	"net/http"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
)

// n1n2 is a transfer that an SMF has asked for.
type n1n2 struct {
	namf.N1N2MessageTransferReqData
}

// N1N2MessageTransfer is Namf_Communication_N1N2MessageTransfer, TS 29.518 §5.2.2.3.1. It only enqueues.
func (a *AMF) N1N2MessageTransfer(ctx context.Context, supi ident.SUPI, req namf.N1N2MessageTransferReqData) (namf.N1N2MessageTransferRspData, error) {
	if req.RANInfo.Type != "" {
		return a.statusToTarget(ctx, supi, req.RANInfo)
	}
	u := a.ues.bySUPI.get(supi)
	if u == nil {
		return namf.N1N2MessageTransferRspData{}, sbi.Problem(http.StatusNotFound, namf.CauseContextNotFound, "%s is not registered here", supi.Conceal())
	}
	cause, reachable := u.outlook(req.SkipInd)
	if !reachable {
		return namf.N1N2MessageTransferRspData{}, sbi.Problem(http.StatusGatewayTimeout, namf.CauseUENotReachable,
			"%s is idle and not paged: it is late with its registration, or in MICO mode", supi.Conceal())
	}
	if err := u.follow(&n1n2{req}); err != nil {
		return namf.N1N2MessageTransferRspData{}, sbi.Problem(http.StatusServiceUnavailable, sbi.CauseNFCongestion, "%v", err)
	}
	return namf.N1N2MessageTransferRspData{Cause: cause}, nil
}

// outlook tells what a transfer can hope for, as far as that is known without waiting for the UE.
func (ue *ue) outlook(noPaging bool) (cause namf.N1N2TransferCause, reachable bool) {
	cause, reachable = namf.AttemptingToReachUE, true
	ue.actor.Look(func() {
		switch {
		case ue.conn != nil:
			cause = namf.N1N2TransferInitiated
		case noPaging:
			cause = namf.N1MsgNotTransferred
		default:
			reachable = ue.pageable()
		}
	})
	return cause, reachable
}

// SMContextStatusNotify takes note that an SMF ended a session, TS 29.502 §5.2.2.5. It only enqueues.
func (a *AMF) SMContextStatusNotify(_ context.Context, supi ident.SUPI, pduSessionID uint8, ref string) error {
	u := a.ues.bySUPI.get(supi)
	if u == nil {
		return sbi.Problem(http.StatusNotFound, namf.CauseContextNotFound, "%s is not registered here", supi.Conceal())
	}
	if err := u.follow(&sessionEnded{id: pduSessionID, ref: ref}); err != nil {
		return sbi.Problem(http.StatusServiceUnavailable, sbi.CauseNFCongestion, "%v", err)
	}
	return nil
}

// transfer sends what an SMF has for the UE; one in CM-IDLE is paged first, TS 23.502 §4.2.3.3.
func (ue *ue) transfer(ctx context.Context, t *n1n2) {
	s := ue.session(t.PDUSessionID)
	if s == nil || s.ref != t.SMContextRef {
		ue.log().Debug("transfer for a session that is gone", "session", t.PDUSessionID)
		return
	}
	if len(t.N1SMMsg) == 0 && t.N2SMInfo.Type == nsmf.PDUResSetupReq && s.active && ue.conn != nil {
		return // the service request that answered the paging has set it up
	}
	if ue.conn != nil {
		ue.forward(s, t.N1SMMsg, t.N2SMInfo)
		ue.handedToRadio(t)
		if t.ReleaseOnSent {
			ue.dropSession(s.id, s.ref)
		}
		return
	}
	if t.SkipInd {
		if t.ReleaseOnSent {
			ue.dropSession(s.id, s.ref)
		}
		return
	}
	ue.waiting = append(ue.waiting, t)
	if ue.running != paging && ue.lent == nil { // else an answer is waited for already, TS 29.518 §5.2.2.3.1
		ue.page(ctx)
	}
}

// transferWaiting sends what waited for the UE to connect.
func (ue *ue) transferWaiting(ctx context.Context) {
	waiting := ue.waiting
	ue.waiting = nil
	for _, t := range waiting {
		ue.transfer(ctx, t)
	}
}
