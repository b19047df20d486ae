package amf

import (
	"context"
	"slices"
	"testing"

	"github.com/limpid-5g/limpid/sbi/namf"
)

// failures are what an SMF hears.
type failures []namf.N1N2MsgTxfrFailureNotification

func (f *failures) N1N2TransferFailureNotify(_ context.Context, n namf.N1N2MsgTxfrFailureNotification) error {
	*f = append(*f, n)
	return nil
}

// TestTransferFailures: whatever becomes of a transfer, its SMF hears of it once if it did not reach the UE, and never if it did.
func TestTransferFailures(t *testing.T) {
	waits := func(u *ue) { u.waiting = append(u.waiting, transferOf(1, false)) }
	sent := func(u *ue) { u.handedToRadio(transferOf(1, false)) }
	for name, c := range map[string]struct {
		do   []func(*ue)
		want namf.N1N2TransferCause // "": the SMF hears nothing
	}{
		"nobody answers":           {[]func(*ue){waits, func(u *ue) { u.giveUpWaiting(t.Context(), namf.UENotResponding) }}, namf.UENotResponding},
		"something else came":      {[]func(*ue){waits, func(u *ue) { u.forgetWaiting(t.Context()) }}, namf.FailureCauseUnspecified},
		"it is being paged":        {[]func(*ue){waits, func(u *ue) { u.running = paging; u.forgetWaiting(t.Context()) }}, ""},
		"another AMF may serve it": {[]func(*ue){waits, func(u *ue) { u.lent = &Peer{}; u.forgetWaiting(t.Context()) }}, ""},
		"the session is another": {[]func(*ue){waits, func(u *ue) {
			u.sessions[0].ref = "17"
			u.giveUpWaiting(t.Context(), namf.UENotResponding)
		}}, ""},
		"the session was to end with it": {[]func(*ue){func(u *ue) {
			u.waiting = append(u.waiting, transferOf(1, true))
			u.giveUpWaiting(t.Context(), namf.UENotResponding)
		}}, ""},
		"the radio is lost":             {[]func(*ue){sent, func(u *ue) { u.radioGone(t.Context()) }}, namf.ANNotResponding},
		"twice sent, the radio is lost": {[]func(*ue){sent, sent, func(u *ue) { u.radioGone(t.Context()) }}, namf.ANNotResponding},
		"the UE has answered": {[]func(*ue){sent, func(u *ue) {
			u.heardOf(1)
			u.radioGone(t.Context())
		}}, ""},
		"it says so by the user plane": {[]func(*ue){sent, func(u *ue) {
			u.sessions[0].active = true
			u.radioGone(t.Context())
		}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var heard failures
			a := bareAMF()
			a.services.TransferFailures = &heard
			u := fullUE(a)
			u.wake()
			u.sessions = []*smContext{{id: 1, ref: "1"}, {id: 2, ref: "2"}}
			for _, do := range c.do {
				do(u)
			}
			var want failures
			if c.want != "" {
				want = failures{{Cause: c.want, PDUSessionID: 1, SMContextRef: "1"}}
			}
			if !slices.Equal(heard, want) {
				t.Errorf("heard %+v, want %+v", heard, want)
			}
			again := len(heard)
			u.radioGone(t.Context())
			u.giveUpWaiting(t.Context(), namf.UENotResponding)
			if c.want != "" && len(heard) != again {
				t.Errorf("and again: %+v", heard[again:])
			}
		})
	}
}

func transferOf(session uint8, releaseOnSent bool) *n1n2 {
	return &n1n2{namf.N1N2MessageTransferReqData{
		PDUSessionID: session, SMContextRef: "1", N1SMMsg: []byte{0x2e}, ReleaseOnSent: releaseOnSent,
	}}
}
