package flows

import (
	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/wire/eap"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// randOf is the RAND of a challenge of 5G AKA or EAP-AKA'.
func randOf(r *gmm.AuthenticationRequest) aka.RAND {
	if r.RAND != nil {
		return aka.RAND(*r.RAND)
	}
	if p, err := eap.Parse(r.EAPMessage); err == nil && p.RAND != nil {
		return aka.RAND(*p.RAND)
	}
	return aka.RAND{}
}

// staleAnswer is a synchronisation failure in place of a response, in the form of its method.
func staleAnswer(m *gmm.AuthenticationResponse, algorithm aka.Algorithm, challenge *aka.RAND) gmm.Message {
	auts := [14]byte(aka.NewAUTS(algorithm, challenge, 1<<30))
	if m.EAPMessage == nil {
		return &gmm.AuthenticationFailure{Cause: gmm.CauseSynchFailure, AUTS: &auts}
	}
	p, err := eap.Parse(m.EAPMessage)
	if err != nil {
		return m
	}
	again, err := (&eap.Packet{Code: eap.Response, Identifier: p.Identifier, Subtype: eap.SynchronizationFailure, AUTS: &auts}).Append(nil, nil)
	if err != nil {
		return m
	}
	return &gmm.AuthenticationResponse{EAPMessage: again}
}
