package ue

import (
	"errors"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// maxAuthenticationFailures is how many failures in a row make the network a false one, TS 24.501 §5.4.1.3.7.
const maxAuthenticationFailures = 3

// challenge is the last challenge answered. A repeated one gets the same answer, TS 24.501 §5.4.1.3.3 (T3516).
type challenge struct {
	rand aka.RAND
	res  [16]byte // of 5G AKA
	eap  []byte   // of EAP-AKA': the whole response
}

// authenticationRequest runs the UE's half of 5G AKA, TS 24.501 §5.4.1.3.3.
func (u *UE) authenticationRequest(m *gmm.AuthenticationRequest) {
	if m.EAPMessage != nil {
		u.eapRequest(m)
		return
	}
	if m.RAND == nil || m.AUTN == nil {
		u.send(&gmm.Status{Cause: gmm.CauseConditionalIEError})
		return
	}
	rand, autn := aka.RAND(*m.RAND), aka.AUTN(*m.AUTN)
	if u.answered != nil && u.answered.rand == rand && u.pending != nil && u.pending.ngKSI == m.NgKSI.Value() {
		res := u.answered.res
		u.send(&gmm.AuthenticationResponse{RES: &res})
		return
	}
	if u.current != nil && u.current.ngKSI == m.NgKSI.Value() {
		u.authenticationFailure(gmm.CauseNgKSIAlreadyInUse, nil)
		return
	}
	answer, err := u.cfg.USIM.Challenge(u.network(), &rand, &autn, m.ABBA)
	var sync *SyncError
	switch {
	case err == nil:
	case errors.As(err, &sync):
		auts := [14]byte(sync.AUTS)
		u.authenticationFailure(gmm.CauseSynchFailure, &auts)
		return
	case errors.Is(err, aka.ErrSeparationBit):
		u.authenticationFailure(gmm.CauseNon5GAuthenticationUnacceptable, nil)
		return
	default:
		u.authenticationFailure(gmm.CauseMACFailure, nil)
		return
	}
	u.authFailures = 0
	u.pending = &nasContext{ngKSI: m.NgKSI.Value(), kamf: answer.KAMF}
	u.answered = &challenge{rand: rand, res: [16]byte(answer.RESStar)}
	res := u.answered.res
	u.send(&gmm.AuthenticationResponse{RES: &res})
}

// authenticationFailure tells the network why its challenge fails, TS 24.501 §5.4.1.3.6.
func (u *UE) authenticationFailure(cause gmm.Cause, auts *[14]byte) {
	u.log("authentication failure", "cause", cause)
	u.send(&gmm.AuthenticationFailure{Cause: cause, AUTS: auts})
	if cause != gmm.CauseNgKSIAlreadyInUse {
		u.countFailure()
	}
}

// countFailure leaves a network that fails three times in a row, TS 24.501 §5.4.1.3.7.
func (u *UE) countFailure() {
	if u.authFailures++; u.authFailures < maxAuthenticationFailures {
		return
	}
	u.authFailures = 0
	u.end(ErrNotGenuine)
	u.lose()
}

// authenticationReject ends everything, TS 24.501 §5.4.1.3.5: the subscription is not valid in this network.
func (u *UE) authenticationReject(m *gmm.AuthenticationReject) {
	u.forget()
	e := &RejectError{Message: "AuthenticationReject"}
	if eapFailed(m.EAPMessage) {
		e.Message += " with EAP-Failure"
	}
	u.end(e)
	u.startT3540()
}

// network is the serving network name, TS 24.501 §9.12.1.
func (u *UE) network() aka.ServingNetwork {
	p := u.cell.TAI().PLMN
	n, err := aka.NewServingNetwork(p.MCC(), p.MNC())
	if err != nil { // a PLMN of other than digits cannot be broadcast
		u.log("serving network", "err", err)
	}
	return n
}
