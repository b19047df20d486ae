package ausf

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/sbi/nausf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/eap"
)

// kdfPrime is the key derivation function of AT_KDF, RFC 9048 §3.2: the only one there is.
const kdfPrime = 1

// eapServer is the home network's end of EAP-AKA', TS 33.501 §6.1.3.1.
type eapServer struct {
	identifier uint8
	xres       []byte
	kaut       [32]byte
	rand       aka.RAND
	network    string
	resynced   bool // the UE has sent an AUTS once
}

// startEAP makes the first challenge, TS 33.501 §6.1.3.1 steps 2 and 3.
func (a *AUSF) startEAP(info nausf.AuthenticationInfo, network aka.ServingNetwork, r *nudm.AuthenticationInfoResult) (nausf.UEAuthenticationCtx, error) {
	c := &authContext{
		id: rand.Text(), supi: r.SUPI, network: network,
		eap: &eapServer{network: info.ServingNetworkName, resynced: info.ResynchronizationInfo != nil},
	}
	payload, err := a.challengeEAP(c, &r.EAP)
	if err != nil {
		return nausf.UEAuthenticationCtx{}, err
	}
	return nausf.UEAuthenticationCtx{AuthCtxID: c.id, AuthType: nausf.AuthTypeEAPAKAPrime, EAPPayload: payload}, nil
}

// challengeEAP takes a vector into use and writes EAP-Request/AKA'-Challenge, RFC 9048 §3. The identity of the key
// derivation is the SUPI, TS 33.501 §F.2.
func (a *AUSF) challengeEAP(c *authContext, v *nudm.AvEAPAKAPrime) ([]byte, error) {
	keys := aka.NewEAPKeys(&v.CKPrime, &v.IKPrime, c.supi.IMSI())
	kausf := keys.EMSK.KAUSF()
	c.kseaf, c.expires = kausf.KSEAF(c.network), time.Now().Add(a.lifetime)
	s := c.eap
	s.identifier++
	s.kaut, s.xres, s.rand = keys.KAut, slices.Clone(v.XRES.Bytes()), v.RAND
	challenge, autn := [16]byte(v.RAND), [16]byte(v.AUTN)
	request := eap.Packet{
		Code: eap.Request, Identifier: s.identifier, Subtype: eap.Challenge,
		RAND: &challenge, AUTN: &autn, KDFs: []uint16{kdfPrime}, KDFInput: s.network,
	}
	payload, err := request.Append(nil, &s.kaut)
	if err != nil {
		return nil, fmt.Errorf("EAP request: %w", err)
	}
	return payload, a.keep(c)
}

// EAPSession implements nausf.UEAuthentication, TS 33.501 §6.1.3.1 steps 6 to 10. Whatever the UE answers, the session
// goes on with another challenge, or ends with EAP-Success and a key, or with EAP-Failure.
func (a *AUSF) EAPSession(ctx context.Context, authCtxID string, session nausf.EAPSession) (nausf.EAPSession, error) {
	c, ok := a.take(authCtxID)
	if !ok || c.eap == nil {
		return nausf.EAPSession{}, a.unknown()
	}
	again, err := a.answerEAP(ctx, c, session.EAPPayload)
	if err == nil && again != nil {
		return nausf.EAPSession{EAPPayload: again, AuthResult: nausf.AuthenticationOngoing}, nil
	}
	a.report(ctx, c, err == nil)
	outcome := eap.Packet{Code: eap.Success, Identifier: c.eap.identifier}
	if err != nil {
		a.log.Warn("authentication failed", "supi", c.supi.Conceal(), "reason", err, "clause", "TS 33.501 §6.1.3.1")
		outcome.Code = eap.Failure
	}
	payload, appendErr := outcome.Append(nil, nil)
	if appendErr != nil {
		return nausf.EAPSession{}, appendErr
	}
	if err != nil {
		return nausf.EAPSession{EAPPayload: payload, AuthResult: nausf.AuthenticationFailure}, nil
	}
	return nausf.EAPSession{EAPPayload: payload, AuthResult: nausf.AuthenticationSuccess, SUPI: c.supi, KSEAF: c.kseaf}, nil
}

// answerEAP judges an EAP response: nil and nil is success, a packet is the next challenge.
func (a *AUSF) answerEAP(ctx context.Context, c *authContext, payload []byte) ([]byte, error) {
	p, err := eap.Parse(payload)
	if err != nil {
		return nil, err
	}
	s := c.eap
	if p.Code != eap.Response || p.Identifier != s.identifier {
		return nil, fmt.Errorf("EAP code %d, identifier %d: want a response to %d", p.Code, p.Identifier, s.identifier)
	}
	switch p.Subtype {
	case eap.Challenge:
		if err := p.Verify(payload, &s.kaut); err != nil {
			return nil, err
		}
		if subtle.ConstantTimeCompare(p.RES, s.xres) != 1 {
			return nil, errors.New("wrong RES")
		}
		return nil, nil
	case eap.SynchronizationFailure:
		return a.resynchroniseEAP(ctx, c, p)
	case eap.AuthenticationReject:
		return nil, errors.New("the UE refuses the network's MAC: the K or OPc in its USIM is not the one in the database")
	case eap.ClientError:
		return nil, errors.New("the UE cannot process the challenge")
	}
	return nil, fmt.Errorf("EAP-AKA' subtype %d: not an answer to a challenge", p.Subtype)
}

// resynchroniseEAP makes a challenge that the USIM finds fresh, RFC 4187 §6.3.1 and TS 33.501 §6.1.3.3.2. Once is enough.
func (a *AUSF) resynchroniseEAP(ctx context.Context, c *authContext, p *eap.Packet) ([]byte, error) {
	s := c.eap
	if p.AUTS == nil || s.resynced {
		return nil, errors.New("synchronisation failure again, or without AUTS")
	}
	s.resynced = true
	result, err := a.udm.GenerateAuthData(ctx, string(c.supi), nudm.AuthenticationInfoRequest{
		ServingNetworkName:    s.network,
		ResynchronizationInfo: &nausf.ResynchronizationInfo{RAND: s.rand, AUTS: aka.AUTS(*p.AUTS)},
	})
	if err != nil {
		return nil, err
	}
	if result.AuthType != nausf.AuthTypeEAPAKAPrime {
		return nil, errors.New("the subscriber has changed its authentication method")
	}
	return a.challengeEAP(c, &result.EAP)
}
