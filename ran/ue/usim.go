package ue

import (
	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/aka/suci"
	"github.com/limpid-5g/limpid/ident"
)

// USIM is a subscription as its card holds it, TS 33.501 §5.2.4. It belongs to one UE.
type USIM struct {
	SUPI     ident.SUPI
	HomePLMN ident.PLMN // tells how long the MNC in the IMSI is

	Algorithm aka.Algorithm
	// SQN is the card's memory of sequence numbers, TS 33.102 §C.2; the zero value is a fresh card.
	SQN aka.Verifier

	// HomeKey conceals the SUPI, TS 33.501 §6.12.2; nil: null scheme.
	HomeKey *suci.PublicKey
	// RoutingIndicator is 1 to 4 digits, TS 23.003 §2.2B; empty: "0".
	RoutingIndicator string
}

// SyncError says that a challenge is genuine but its sequence number is not fresh, TS 33.102 §6.3.3.
type SyncError struct{ AUTS aka.AUTS }

func (e *SyncError) Error() string { return aka.ErrSync.Error() }

// Unwrap gives aka.ErrSync.
func (e *SyncError) Unwrap() error { return aka.ErrSync }

// Answer is what the UE makes of a challenge: the response and the key that both ends now share.
type Answer struct {
	RESStar aka.RESStar
	KAMF    aka.KAMF
}

// EAPAnswer is what the UE makes of a challenge of EAP-AKA'.
type EAPAnswer struct {
	RES  []byte
	KAut aka.KAut
	KAMF aka.KAMF // good once the network has sent EAP-Success
}

// EAPChallenge answers a challenge of EAP-AKA' as USIM and ME do together, TS 33.501 §6.1.3.1: the identity of the key
// derivation is the SUPI, TS 33.501 §F.2. The error is aka.ErrMAC, a *SyncError, or aka.ErrSeparationBit. Whether the
// message is genuine is for KAut to tell.
func (s *USIM) EAPChallenge(network aka.ServingNetwork, rand *aka.RAND, autn *aka.AUTN, abba []byte) (EAPAnswer, error) {
	sqn, r, err := aka.OpenAUTN(s.Algorithm, rand, autn)
	if err != nil {
		return EAPAnswer{}, err
	}
	if err := s.SQN.Accept(sqn); err != nil {
		return EAPAnswer{}, &SyncError{AUTS: aka.NewAUTS(s.Algorithm, rand, s.SQN.Highest())}
	}
	if !autn.AMF().SeparationBit() {
		return EAPAnswer{}, aka.ErrSeparationBit
	}
	ck, ik := aka.NewPrimes(&r.CK, &r.IK, network, autn.SQNxorAK())
	keys := aka.NewEAPKeys(&ck, &ik, s.SUPI.IMSI())
	kausf := keys.EMSK.KAUSF()
	kseaf := kausf.KSEAF(network)
	return EAPAnswer{RES: append([]byte(nil), r.RES.Bytes()...), KAut: keys.KAut, KAMF: kseaf.KAMF(s.SUPI.IMSI(), abba)}, nil
}

// Challenge answers a 5G AKA challenge as USIM and ME do together, TS 33.501 §6.1.3.2. The error is aka.ErrMAC, a
// *SyncError, or aka.ErrSeparationBit.
func (s *USIM) Challenge(network aka.ServingNetwork, rand *aka.RAND, autn *aka.AUTN, abba []byte) (Answer, error) {
	sqn, r, err := aka.OpenAUTN(s.Algorithm, rand, autn)
	if err != nil {
		return Answer{}, err
	}
	if err := s.SQN.Accept(sqn); err != nil {
		return Answer{}, &SyncError{AUTS: aka.NewAUTS(s.Algorithm, rand, s.SQN.Highest())}
	}
	if !autn.AMF().SeparationBit() {
		return Answer{}, aka.ErrSeparationBit
	}
	kausf := aka.NewKAUSF(&r.CK, &r.IK, network, autn.SQNxorAK())
	kseaf := kausf.KSEAF(network)
	return Answer{
		RESStar: aka.NewRESStar(&r.CK, &r.IK, network, rand, &r.RES),
		KAMF:    kseaf.KAMF(s.SUPI.IMSI(), abba),
	}, nil
}
