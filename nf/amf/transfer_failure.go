package amf

import (
	"context"
	"slices"

	"github.com/limpid-5g/limpid/sbi/namf"
)

// What an SMF hears of a transfer that did not reach the UE, TS 29.518 §5.2.2.3.2.

// forgetWaiting gives up what still waits when nothing more is done for the UE. While another AMF may serve it that AMF's word is awaited.
func (ue *ue) forgetWaiting(ctx context.Context) {
	if ue.running == idle && ue.lent == nil {
		ue.giveUpWaiting(ctx, namf.FailureCauseUnspecified)
	}
}

// giveUpWaiting lets go what could not be brought to the UE: a session that was to end with it has ended, and whoever
// wanted anything else is told, TS 23.502 §4.2.3.3 step 5 and TS 29.518 §5.2.2.3.2.
func (ue *ue) giveUpWaiting(ctx context.Context, cause namf.N1N2TransferCause) {
	if ue.transient == nil {
		return
	}
	waiting := ue.waiting
	ue.waiting = nil
	for _, t := range waiting {
		if t.ReleaseOnSent {
			ue.dropSession(t.PDUSessionID, t.SMContextRef)
			continue
		}
		ue.transferFailed(ctx, t, cause)
	}
}

// transferFailed tells an SMF of a transfer that did not come about.
func (ue *ue) transferFailed(ctx context.Context, t *n1n2, cause namf.N1N2TransferCause) {
	s := ue.session(t.PDUSessionID)
	if s == nil || s.ref != t.SMContextRef || ue.amf.services.TransferFailures == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), peerPatience)
	defer cancel()
	err := ue.amf.services.TransferFailures.N1N2TransferFailureNotify(ctx, namf.N1N2MsgTxfrFailureNotification{
		Cause: cause, PDUSessionID: t.PDUSessionID, SMContextRef: t.SMContextRef,
	})
	if err != nil {
		ue.log().Info("SMF not told that the UE was not reached", "session", t.PDUSessionID, "error", err)
	}
}

// handedToRadio notes a transfer that went to the radio: until the UE says something of the session nobody knows that it arrived.
func (ue *ue) handedToRadio(t *n1n2) {
	if len(t.N1SMMsg) > 0 && !t.ReleaseOnSent {
		ue.heardOf(t.PDUSessionID) // the SMF awaits one answer of a session
		ue.sent = append(ue.sent, t)
	}
}

// heardOf notes that the UE has said something of a session.
func (ue *ue) heardOf(session uint8) {
	if ue.transient != nil {
		ue.sent = slices.DeleteFunc(ue.sent, func(t *n1n2) bool { return t.PDUSessionID == session })
	}
}

// radioGone tells the SMFs of what went to a radio that is gone. Sessions with a user plane hear of that by its end.
func (ue *ue) radioGone(ctx context.Context) {
	if ue.transient == nil {
		return
	}
	sent := ue.sent
	ue.sent = nil
	for _, t := range sent {
		if s := ue.session(t.PDUSessionID); s != nil && !s.active {
			ue.transferFailed(ctx, t, namf.ANNotResponding)
		}
	}
}
