package ue

import (
	"errors"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/wire/eap"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// unableToProcess is the client error code for a request that cannot be processed, RFC 4187 §10.20.
const unableToProcess uint16 = 0

// eapRequest runs the UE's half of EAP-AKA', TS 24.501 §5.4.1.2.2 and RFC 9048 §3.
func (u *UE) eapRequest(m *gmm.AuthenticationRequest) {
	if u.current != nil && u.current.ngKSI == m.NgKSI.Value() {
		u.authenticationFailure(gmm.CauseNgKSIAlreadyInUse, nil) // TS 24.501 §5.4.1.2.4.5
		return
	}
	p, err := eap.Parse(m.EAPMessage)
	switch {
	case err != nil && p == nil:
		u.log("EAP message ignored", "err", err)
		return
	case err != nil, p.Subtype != eap.Challenge, p.RAND == nil, p.AUTN == nil:
		u.eapError(p)
		return
	case p.KDFInput != string(u.network()) || len(p.KDFs) == 0 || p.KDFs[0] != 1: // RFC 9048 §3.1: another network
		u.eapReject(p)
		return
	}
	rand, autn := aka.RAND(*p.RAND), aka.AUTN(*p.AUTN)
	if u.answered != nil && u.answered.rand == rand && u.answered.eap != nil && u.pending != nil && u.pending.ngKSI == m.NgKSI.Value() {
		u.send(&gmm.AuthenticationResponse{EAPMessage: u.answered.eap})
		return
	}
	answer, err := u.cfg.USIM.EAPChallenge(u.network(), &rand, &autn, m.ABBA)
	var sync *SyncError
	switch {
	case errors.As(err, &sync):
		auts := [14]byte(sync.AUTS)
		u.eapAnswer(&eap.Packet{Code: eap.Response, Identifier: p.Identifier, Subtype: eap.SynchronizationFailure, AUTS: &auts, KDFs: p.KDFs}, nil)
		return
	case err != nil:
		u.eapReject(p)
		return
	}
	kaut := [32]byte(answer.KAut)
	if err := p.Verify(m.EAPMessage, &kaut); err != nil {
		u.eapError(p)
		return
	}
	u.authFailures = 0
	u.pending = &nasContext{ngKSI: m.NgKSI.Value(), kamf: answer.KAMF, eap: true}
	response := &eap.Packet{Code: eap.Response, Identifier: p.Identifier, Subtype: eap.Challenge, RES: answer.RES}
	u.answered = &challenge{rand: rand, eap: u.eapAnswer(response, &kaut)}
}

// eapReject says that AUTN or the network is not genuine, RFC 4187 §6.3.1.
func (u *UE) eapReject(p *eap.Packet) {
	u.eapAnswer(&eap.Packet{Code: eap.Response, Identifier: p.Identifier, Subtype: eap.AuthenticationReject}, nil)
	u.countFailure()
}

// eapError says that a request cannot be processed, RFC 4187 §6.3.1.
func (u *UE) eapError(p *eap.Packet) {
	code := unableToProcess
	u.eapAnswer(&eap.Packet{Code: eap.Response, Identifier: p.Identifier, Subtype: eap.ClientError, Error: &code}, nil)
	u.countFailure()
}

func (u *UE) eapAnswer(p *eap.Packet, kaut *[32]byte) []byte {
	payload, err := p.Append(nil, kaut)
	if err != nil {
		u.log("EAP response", "err", err)
		return nil
	}
	u.send(&gmm.AuthenticationResponse{EAPMessage: payload})
	return payload
}

func eapSuccess(b []byte) bool { return isOutcome(b, eap.Success) }

func eapFailed(b []byte) bool { return isOutcome(b, eap.Failure) }

func isOutcome(b []byte, code eap.Code) bool {
	p, err := eap.Parse(b)
	return err == nil && p.Code == code
}
