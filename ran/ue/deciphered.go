package ue

import (
	"slices"

	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// showDeciphered shows a protected message that is ciphered as it would be in clear, TS 24.501 §9.1.1: with the security header
// of one that is not ciphered, and its own code and sequence number, by which it is known. 5G-EA0 is a ciphering like the others.
func (u *UE) showDeciphered(pdu, plain []byte) {
	if u.cfg.Deciphered == nil {
		return
	}
	shown := append(slices.Clone(pdu[:nas.SecurityHeaderLen]), plain...)
	shown[1] = byte(nas.SecurityHeaderType(pdu[1]).Deciphered())
	u.cfg.Deciphered(shown)
}

// showInitial shows an initial message whose NAS message container is ciphered, TS 24.501 §4.4.6, with the container in clear.
func (u *UE) showInitial(pdu []byte, clear gmm.Message) {
	if plain, err := gmm.Append(nil, clear); err == nil {
		u.showDeciphered(pdu, plain)
	}
}
