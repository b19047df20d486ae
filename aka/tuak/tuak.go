// Package tuak is the Tuak algorithm set, TS 35.231 §6.
package tuak

import (
	"fmt"

	"github.com/limpid-5g/limpid/aka"
)

// Tuak is the algorithm set of one subscriber in the lengths that 5GS carries: MAC-A, MAC-S of 64 bits, CK and IK of
// 128 bits. It is safe for concurrent use.
type Tuak struct{ functions *Functions }

var _ aka.Algorithm = (*Tuak)(nil)

// New is the algorithm set of the subscriber with a key of 16 or 32 octets and TOPc. resLen is the length of RES: 4, 8
// or 16 octets. iterations is that of Parameters. The error is ErrParameter.
func New(key []byte, topc *TOPc, resLen, iterations int) (*Tuak, error) {
	if resLen > 16 {
		return nil, fmt.Errorf("%w: RES of %d octets in 5GS", ErrParameter, resLen)
	}
	f, err := NewFunctions(key, topc, Parameters{MAC: 8, RES: resLen, CK: 16, IK: 16, Iterations: iterations})
	if err != nil {
		return nil, err
	}
	return &Tuak{functions: f}, nil
}

// F1 is MAC-A, TS 35.231 §6.2.
func (t *Tuak) F1(rand *aka.RAND, sqn aka.SQN, amf aka.AMF) aka.MAC64 {
	var mac aka.MAC64
	t.functions.F1(mac[:0], rand, sqn, amf)
	return mac
}

// F1Star is MAC-S, TS 35.231 §6.3.
func (t *Tuak) F1Star(rand *aka.RAND, sqn aka.SQN, amf aka.AMF) aka.MAC64 {
	var mac aka.MAC64
	t.functions.F1Star(mac[:0], rand, sqn, amf)
	return mac
}

// F2345 is RES, CK, IK and AK, TS 35.231 §6.4.
func (t *Tuak) F2345(rand *aka.RAND) aka.Response {
	var r aka.Response
	s := t.functions.response(rand)
	var res [16]byte
	r.RES, _ = aka.NewRES(s.append(res[:0], 0, t.functions.p.RES))
	s.append(r.CK[:0], 4, len(r.CK))
	s.append(r.IK[:0], 8, len(r.IK))
	s.append(r.AK[:0], 12, len(r.AK))
	return r
}

// F5Star is the anonymity key for resynchronisation, TS 35.231 §6.5.
func (t *Tuak) F5Star(rand *aka.RAND) aka.AK { return t.functions.F5Star(rand) }
