package aka

// EAPKeys are the keys of one EAP-AKA' full authentication, RFC 9048 §3.3.
type EAPKeys struct {
	KEncr KEncr
	KAut  KAut
	KRe   KRe
	MSK   MSK
	EMSK  EMSK
}

// NewEAPKeys derives the keys of a full authentication, RFC 9048 §3.3: PRF'(IK' || CK', "EAP-AKA'" || identity).
// identity is the peer identity of the exchange, for 5GS as TS 33.501 §F.2 says.
func NewEAPKeys(ck *CKPrime, ik *IKPrime, identity string) EAPKeys {
	var key [32]byte
	copy(key[:16], ik[:])
	copy(key[16:], ck[:])
	var mk [208]byte
	prf(mk[:], key[:], "EAP-AKA'", identity)
	return EAPKeys{
		KEncr: KEncr(mk[:16]),
		KAut:  KAut(mk[16:48]),
		KRe:   KRe(mk[48:80]),
		MSK:   MSK(mk[80:144]),
		EMSK:  EMSK(mk[144:208]),
	}
}

// KAUSF is the most significant 256 bits of EMSK, TS 33.501 §F.2.
func (e *EMSK) KAUSF() KAUSF { return KAUSF(e[:32]) }

// prf fills dst with PRF'(key, s), RFC 9048 §3.4.1. dst has at most 255 blocks of 32 octets.
func prf(dst, key []byte, s ...string) {
	var in []byte
	for _, part := range s {
		in = append(in, part...)
	}
	var block [32]byte
	previous := block[:0]
	for i := byte(1); len(dst) > 0; i++ {
		block = hmac256(key, previous, in, []byte{i})
		previous = block[:]
		dst = dst[copy(dst, block[:]):]
	}
}
