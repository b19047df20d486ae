package ausf_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/aka/milenage"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/nf/ausf"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nausf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/eap"
)

const eapSUPI = ident.SUPI("imsi-001010000000001")

// eapUDM makes vectors of EAP-AKA' for one USIM and counts resynchronisations.
type eapUDM struct {
	alg     aka.Algorithm
	sqn     aka.SQN
	resyncs int
	events  []nudm.AuthEvent
}

func (u *eapUDM) GenerateAuthData(_ context.Context, _ string, req nudm.AuthenticationInfoRequest) (nudm.AuthenticationInfoResult, error) {
	if r := req.ResynchronizationInfo; r != nil {
		ms, err := aka.OpenAUTS(u.alg, &r.RAND, &r.AUTS)
		if err != nil {
			return nudm.AuthenticationInfoResult{}, sbi.Problem(403, nudm.CauseAuthenticationRejected, "AUTS")
		}
		u.sqn = ms
		u.resyncs++
	}
	u.sqn += 1 << aka.INDBits
	v := aka.NewVector(u.alg, aka.RAND{1, byte(u.sqn)}, u.sqn, aka.AMF{0x80})
	ck, ik := aka.NewPrimes(&v.CK, &v.IK, network, v.AUTN.SQNxorAK())
	return nudm.AuthenticationInfoResult{
		AuthType: nausf.AuthTypeEAPAKAPrime, SUPI: eapSUPI,
		EAP: nudm.AvEAPAKAPrime{RAND: v.RAND, AUTN: v.AUTN, XRES: v.XRES, CKPrime: ck, IKPrime: ik},
	}, nil
}

func (u *eapUDM) ConfirmAuth(_ context.Context, _ ident.SUPI, event nudm.AuthEvent) error {
	u.events = append(u.events, event)
	return nil
}

// eapPeer is the UE's end with its keys.
type eapPeer struct {
	t       *testing.T
	alg     aka.Algorithm
	request *eap.Packet
	kaut    [32]byte
	kseaf   aka.KSEAF
	res     []byte
}

// take opens a challenge as a UE does, RFC 9048 §3.
func (p *eapPeer) take(payload []byte) {
	p.t.Helper()
	request, err := eap.Parse(payload)
	if err != nil || request.Code != eap.Request || request.Subtype != eap.Challenge || request.KDFInput != string(network) {
		p.t.Fatalf("challenge %+v, %v", request, err)
	}
	rand, autn := aka.RAND(*request.RAND), aka.AUTN(*request.AUTN)
	_, r, err := aka.OpenAUTN(p.alg, &rand, &autn)
	if err != nil {
		p.t.Fatal(err)
	}
	ck, ik := aka.NewPrimes(&r.CK, &r.IK, network, autn.SQNxorAK())
	keys := aka.NewEAPKeys(&ck, &ik, eapSUPI.IMSI())
	kausf := keys.EMSK.KAUSF()
	p.request, p.kaut, p.kseaf, p.res = request, keys.KAut, kausf.KSEAF(network), r.RES.Bytes()
	if err := request.Verify(payload, &p.kaut); err != nil {
		p.t.Fatal(err)
	}
}

func (p *eapPeer) answer(r eap.Packet, kaut *[32]byte) []byte {
	p.t.Helper()
	r.Identifier += p.request.Identifier
	b, err := r.Append(nil, kaut)
	if err != nil {
		p.t.Fatal(err)
	}
	return b
}

// TestEAPSession: TS 33.501 §6.1.3.1. Only the right RES under the right key is a success, and each failure is EAP-Failure.
func TestEAPSession(t *testing.T) {
	alg := milenage.New(&[16]byte{1}, &milenage.OPc{2})
	auts, unable := [14]byte{1}, uint16(0)
	for name, c := range map[string]struct {
		answer func(*eapPeer) []byte
		want   nausf.AuthResult
	}{
		"right": {func(p *eapPeer) []byte {
			return p.answer(eap.Packet{Code: eap.Response, Subtype: eap.Challenge, RES: p.res}, &p.kaut)
		}, nausf.AuthenticationSuccess},
		"wrong RES": {func(p *eapPeer) []byte {
			return p.answer(eap.Packet{Code: eap.Response, Subtype: eap.Challenge, RES: make([]byte, 8)}, &p.kaut)
		}, nausf.AuthenticationFailure},
		"no RES": {func(p *eapPeer) []byte {
			return p.answer(eap.Packet{Code: eap.Response, Subtype: eap.Challenge}, &p.kaut)
		}, nausf.AuthenticationFailure},
		"no code": {func(p *eapPeer) []byte {
			return p.answer(eap.Packet{Code: eap.Response, Subtype: eap.Challenge, RES: p.res}, nil)
		}, nausf.AuthenticationFailure},
		"wrong key": {func(p *eapPeer) []byte {
			return p.answer(eap.Packet{Code: eap.Response, Subtype: eap.Challenge, RES: p.res}, &[32]byte{9})
		}, nausf.AuthenticationFailure},
		"answer to another request": {func(p *eapPeer) []byte {
			return p.answer(eap.Packet{Code: eap.Response, Identifier: 1, Subtype: eap.Challenge, RES: p.res}, &p.kaut)
		}, nausf.AuthenticationFailure},
		"a request": {func(p *eapPeer) []byte {
			return p.answer(eap.Packet{Code: eap.Request, Subtype: eap.Challenge, RES: p.res}, &p.kaut)
		}, nausf.AuthenticationFailure},
		"success claimed": {func(p *eapPeer) []byte { return p.answer(eap.Packet{Code: eap.Success}, nil) }, nausf.AuthenticationFailure},
		"rejected": {func(p *eapPeer) []byte {
			return p.answer(eap.Packet{Code: eap.Response, Subtype: eap.AuthenticationReject}, nil)
		}, nausf.AuthenticationFailure},
		"client error": {func(p *eapPeer) []byte {
			return p.answer(eap.Packet{Code: eap.Response, Subtype: eap.ClientError, Error: &unable}, nil)
		}, nausf.AuthenticationFailure},
		"notification": {func(p *eapPeer) []byte {
			return p.answer(eap.Packet{Code: eap.Response, Subtype: eap.Notification}, nil)
		}, nausf.AuthenticationFailure},
		"forged AUTS": {func(p *eapPeer) []byte {
			return p.answer(eap.Packet{Code: eap.Response, Subtype: eap.SynchronizationFailure, AUTS: &auts}, nil)
		}, nausf.AuthenticationFailure},
		"no AUTS": {func(p *eapPeer) []byte {
			return p.answer(eap.Packet{Code: eap.Response, Subtype: eap.SynchronizationFailure}, nil)
		}, nausf.AuthenticationFailure},
		"nothing": {func(*eapPeer) []byte { return nil }, nausf.AuthenticationFailure},
	} {
		t.Run(name, func(t *testing.T) {
			u := &eapUDM{alg: alg}
			a := ausf.New(ausf.Config{ServingPLMNs: []ident.PLMN{{0x00, 0xf1, 0x10}}}, u, slog.New(slog.DiscardHandler))
			id, peer := startEAP(t, a, alg)
			got, err := a.EAPSession(t.Context(), id, nausf.EAPSession{EAPPayload: c.answer(peer)})
			if err != nil || got.AuthResult != c.want {
				t.Fatalf("%+v, %v, want %s", got, err, c.want)
			}
			outcome, err := eap.Parse(got.EAPPayload)
			success := c.want == nausf.AuthenticationSuccess
			if err != nil || (outcome.Code == eap.Success) != success || outcome.Identifier != peer.request.Identifier {
				t.Errorf("outcome %+v, %v", outcome, err)
			}
			if (got.KSEAF == peer.kseaf) != success || (got.SUPI != "") != success {
				t.Errorf("key or SUPI: %v", got.SUPI)
			}
			if len(u.events) != 1 || u.events[0].Success != success || u.events[0].AuthType != nausf.AuthTypeEAPAKAPrime {
				t.Errorf("the UDM was told %+v", u.events)
			}
			if _, err := a.EAPSession(t.Context(), id, nausf.EAPSession{}); sbi.CauseOf(err) != nausf.CauseContextNotFound {
				t.Errorf("second use: %v", err)
			}
		})
	}
}

func startEAP(t *testing.T, a *ausf.AUSF, alg aka.Algorithm) (string, *eapPeer) {
	t.Helper()
	c, err := a.Authenticate(t.Context(), nausf.AuthenticationInfo{SUPIOrSUCI: string(eapSUPI), ServingNetworkName: string(network)})
	if err != nil || c.AuthType != nausf.AuthTypeEAPAKAPrime {
		t.Fatalf("%+v, %v", c, err)
	}
	peer := &eapPeer{t: t, alg: alg}
	peer.take(c.EAPPayload)
	return c.AuthCtxID, peer
}

// TestEAPResynchronisation: RFC 4187 §6.3.1. The second challenge is fresh, and the second failure is the last.
func TestEAPResynchronisation(t *testing.T) {
	alg := milenage.New(&[16]byte{1}, &milenage.OPc{2})
	u := &eapUDM{alg: alg}
	a := ausf.New(ausf.Config{ServingPLMNs: []ident.PLMN{{0x00, 0xf1, 0x10}}}, u, slog.New(slog.DiscardHandler))
	id, peer := startEAP(t, a, alg)
	rand := aka.RAND(*peer.request.RAND)
	auts := [14]byte(aka.NewAUTS(alg, &rand, 1<<40))
	fail := func() []byte {
		return peer.answer(eap.Packet{Code: eap.Response, Subtype: eap.SynchronizationFailure, AUTS: &auts}, nil)
	}
	got, err := a.EAPSession(t.Context(), id, nausf.EAPSession{EAPPayload: fail()})
	if err != nil || got.AuthResult != nausf.AuthenticationOngoing || u.resyncs != 1 || u.sqn <= 1<<40 {
		t.Fatalf("%+v, %v, SQN %v", got, err, u.sqn)
	}
	old := peer.request.Identifier
	peer.take(got.EAPPayload)
	if peer.request.Identifier == old {
		t.Error("two requests of one identifier")
	}
	// 5G AKA's confirmation does not fit, and what is left is used up.
	if _, err := a.Confirm5GAKA(t.Context(), id, nausf.ConfirmationData{}); sbi.CauseOf(err) != nausf.CauseContextNotFound {
		t.Errorf("RES* for EAP: %v", err)
	}
	id, peer = startEAP(t, a, alg)
	rand = aka.RAND(*peer.request.RAND)
	auts = [14]byte(aka.NewAUTS(alg, &rand, 1<<41))
	if got, err = a.EAPSession(t.Context(), id, nausf.EAPSession{EAPPayload: fail()}); err != nil {
		t.Fatal(err)
	}
	peer.take(got.EAPPayload)
	if got, err = a.EAPSession(t.Context(), id, nausf.EAPSession{EAPPayload: fail()}); err != nil || got.AuthResult != nausf.AuthenticationFailure {
		t.Errorf("second failure: %+v, %v", got, err)
	}
}
