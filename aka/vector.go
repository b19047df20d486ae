package aka

import (
	"crypto/subtle"
	"errors"
)

var (
	// ErrMAC says that the MAC-A of an AUTN is wrong: authentication failure with "MAC failure",
	// TS 33.102 §6.3.3.
	ErrMAC = errors.New("aka: MAC-A of AUTN does not verify")
	// ErrMACS says that the MAC-S of an AUTS is wrong, TS 33.102 §6.3.5.
	ErrMACS = errors.New("aka: MAC-S of AUTS does not verify")
	// ErrSeparationBit says that the AMF separation bit of an AUTN is 0 in an access that needs 1:
	// authentication failure with "non-5G authentication unacceptable", TS 33.501 §6.1.3.2.
	ErrSeparationBit = errors.New("aka: AMF separation bit is 0")
)

// Vector is an authentication vector (quintet), TS 33.102 §6.3.2, with the AK that conceals its sequence number.
type Vector struct {
	RAND RAND
	AUTN AUTN
	XRES RES
	CK   CK
	IK   IK
	AK   AK
}

// SQNxorAK is the concealed sequence number, the first six octets of AUTN: an input of TS 33.501 §A.2 and §A.3.
func (a *AUTN) SQNxorAK() [6]byte { return [6]byte(a[:6]) }

// AMF is the authentication management field that the token carries in clear.
func (a *AUTN) AMF() AMF { return AMF(a[6:8]) }

// NewVector generates the authentication vector of one challenge, TS 33.102 §6.3.2. rand must be fresh and
// unpredictable, and sqn fresh for the subscriber.
func NewVector(alg Algorithm, rand RAND, sqn SQN, amf AMF) Vector {
	mac := alg.F1(&rand, sqn, amf)
	r := alg.F2345(&rand)
	v := Vector{RAND: rand, XRES: r.RES, CK: r.CK, IK: r.IK, AK: r.AK}
	conceal((*[6]byte)(v.AUTN[:6]), sqn, r.AK)
	copy(v.AUTN[6:8], amf[:])
	copy(v.AUTN[8:], mac[:])
	return v
}

// OpenAUTN is the USIM's half: it verifies MAC-A in constant time and returns the sequence number and the
// response, TS 33.102 §6.3.3. Whether the sequence number is fresh is for a Verifier to say. Where the access is
// 5GS the caller also checks AUTN.AMF().SeparationBit(). The error is ErrMAC.
func OpenAUTN(alg Algorithm, rand *RAND, autn *AUTN) (SQN, Response, error) {
	r := alg.F2345(rand)
	sqn := reveal((*[6]byte)(autn[:6]), r.AK)
	mac := alg.F1(rand, sqn, autn.AMF())
	if subtle.ConstantTimeCompare(mac[:], autn[8:]) != 1 {
		return 0, Response{}, ErrMAC
	}
	return sqn, r, nil
}

// NewAUTS is the USIM's resynchronisation token for its highest accepted sequence number, TS 33.102 §6.3.3.
// MAC-S is computed over an AMF of zero.
func NewAUTS(alg Algorithm, rand *RAND, sqnMS SQN) AUTS {
	var auts AUTS
	mac := alg.F1Star(rand, sqnMS, AMF{})
	conceal((*[6]byte)(auts[:6]), sqnMS, alg.F5Star(rand))
	copy(auts[6:], mac[:])
	return auts
}

// OpenAUTS is the home network's half: it verifies MAC-S in constant time and returns SQN_MS, TS 33.102 §6.3.5.
// The error is ErrMACS.
func OpenAUTS(alg Algorithm, rand *RAND, auts *AUTS) (SQN, error) {
	sqnMS := reveal((*[6]byte)(auts[:6]), alg.F5Star(rand))
	mac := alg.F1Star(rand, sqnMS, AMF{})
	if subtle.ConstantTimeCompare(mac[:], auts[6:]) != 1 {
		return 0, ErrMACS
	}
	return sqnMS, nil
}

func conceal(dst *[6]byte, sqn SQN, ak AK) {
	b := sqn.Bytes()
	for i := range dst {
		dst[i] = b[i] ^ ak[i]
	}
}

func reveal(src *[6]byte, ak AK) SQN {
	var b [6]byte
	for i := range b {
		b[i] = src[i] ^ ak[i]
	}
	return NewSQN(b)
}
