package nas_test

import (
	"bytes"
	"testing"

	"github.com/free5gc/nas/security"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/wire/nas"
)

// TestProtect: what we protect the other library's algorithms verify and decipher, and so do we, TS 24.501 §4.4.
func TestProtect(t *testing.T) {
	_, pdus := messages(t)
	for alg := uint8(1); alg <= 3; alg++ {
		cipher, _ := aka.NEA(alg)
		mac, _ := aka.NIA(alg)
		amf := nas.Context{
			Role: nas.RoleNetwork, Bearer: nas.Bearer3GPP, Cipher: nas.Cipher(cipher), MAC: nas.MAC(mac),
			KNASenc: [16]byte{1, 2, 3}, KNASint: [16]byte{4, 5, 6}, Send: 250,
		}
		ue := amf
		ue.Role, ue.Send, ue.Receive = nas.RoleUE, 0, amf.Send
		for _, plain := range pdus {
			count := amf.Send
			b, err := amf.Protect(nil, plain, nas.IntegrityProtectedCiphered)
			if err != nil {
				t.Fatal(err)
			}
			code, err := security.NASMacCalculate(alg, amf.KNASint, count, nas.Bearer3GPP, nas.Downlink, bytes.Clone(b[6:]))
			if err != nil || !bytes.Equal(code, b[2:6]) {
				t.Errorf("NIA%d: ours %x, other %x, %v", alg, b[2:6], code, err)
			}
			theirs := bytes.Clone(b[7:])
			if err := security.NASEncrypt(alg, amf.KNASenc, count, nas.Bearer3GPP, nas.Downlink, theirs); err != nil || !bytes.Equal(theirs, plain) {
				t.Errorf("NEA%d: %x, %v, want %x", alg, theirs, err, plain)
			}
			if got, info, err := ue.Unprotect(b); err != nil || info.Count != count || !bytes.Equal(got, plain) {
				t.Errorf("Unprotect: %x, %+v, %v, want %x", got, info, err, plain)
			}
		}
	}
}
