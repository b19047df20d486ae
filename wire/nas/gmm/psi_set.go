package gmm

import (
	"iter"

	"github.com/limpid-5g/limpid/wire/nas"
)

// PSISet is a set of PDU session identities 1 to 15, of which bit n stands for n: the uplink data status
// (TS 24.501 §9.11.3.57), the PDU session status (TS 24.501 §9.11.3.44), the allowed PDU session status
// (TS 24.501 §9.11.3.13) and the PDU session reactivation result (TS 24.501 §9.11.3.42).
type PSISet uint16

// MaxPSI is the highest PDU session identity, TS 24.007 §11.2.3.1b.
const MaxPSI = 15

// NewPSISet returns the set of the given identities; those out of range are left out.
func NewPSISet(psi ...uint8) PSISet {
	var s PSISet
	for _, p := range psi {
		s = s.With(p)
	}
	return s
}

// Has tells whether the set holds the identity.
func (s PSISet) Has(psi uint8) bool { return psi > 0 && psi <= MaxPSI && s>>psi&1 != 0 }

// With returns the set with the identity.
func (s PSISet) With(psi uint8) PSISet {
	if psi == 0 || psi > MaxPSI {
		return s
	}
	return s | 1<<psi
}

// Without returns the set without the identity.
func (s PSISet) Without(psi uint8) PSISet { return s &^ (1 << psi) }

// All yields the identities in ascending order.
func (s PSISet) All() iter.Seq[uint8] {
	return func(yield func(uint8) bool) {
		for psi := uint8(1); psi <= MaxPSI; psi++ {
			if s.Has(psi) && !yield(psi) {
				return
			}
		}
	}
}

// Parse reads the value part; the octets beyond the second are spare.
func (s *PSISet) Parse(b []byte) error {
	if len(b) < 2 {
		return nas.ErrLength
	}
	*s = (PSISet(b[0]) | PSISet(b[1])<<8) &^ 1
	return nil
}

// Append writes the value part.
func (s PSISet) Append(dst []byte) ([]byte, error) { return append(dst, byte(s), byte(s>>8)), nil }

// ReactivationError says why the user plane of a PDU session was not re-established.
type ReactivationError struct {
	PDUSessionID uint8
	Cause        Cause
}

// ReactivationErrors is the PDU session reactivation result error cause, TS 24.501 §9.11.3.43.
type ReactivationErrors []ReactivationError

// Parse reads the value part.
func (e *ReactivationErrors) Parse(b []byte) error {
	if len(b)%2 != 0 {
		return nas.ErrLength
	}
	*e = make(ReactivationErrors, len(b)/2)
	for i := range *e {
		(*e)[i] = ReactivationError{b[2*i], Cause(b[2*i+1])}
	}
	return nil
}

// Append writes the value part.
func (e ReactivationErrors) Append(dst []byte) ([]byte, error) {
	for _, r := range e {
		dst = append(dst, r.PDUSessionID, byte(r.Cause))
	}
	return dst, nil
}
