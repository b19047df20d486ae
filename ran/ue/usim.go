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
