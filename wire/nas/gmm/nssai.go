package gmm

import (
	"cmp"
	"slices"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/nas"
)

// NSSAI is a list of slices, TS 24.501 §9.11.3.37: at most 16, and 8 in a requested or allowed NSSAI.
type NSSAI []nas.SNSSAI

// MaxNSSAI and MaxAllowedNSSAI are the most slices in a configured NSSAI, and in a requested or allowed one.
const (
	MaxNSSAI        = 16
	MaxAllowedNSSAI = 8
)

// Parse reads the value part. What follows the 16th slice is ignored.
func (n *NSSAI) Parse(b []byte) error {
	count := 0
	for rest := b; len(rest) > 0 && count < MaxNSSAI; count++ {
		size := 1 + int(rest[0])
		if size > len(rest) {
			return nas.ErrLength
		}
		rest = rest[size:]
	}
	*n = make(NSSAI, count)
	for i := range *n {
		size := 1 + int(b[0])
		if err := (*n)[i].Parse(b[1:size]); err != nil {
			return err
		}
		b = b[size:]
	}
	return nil
}

// Append writes the value part.
func (n NSSAI) Append(dst []byte) ([]byte, error) {
	if len(n) > MaxNSSAI {
		return dst, nas.ErrTooMany
	}
	for _, s := range n {
		at := len(dst)
		var err error
		if dst, err = s.Append(append(dst, 0)); err != nil {
			return dst, err
		}
		dst[at] = byte(len(dst) - at - 1)
	}
	return dst, nil
}

// Slices returns the slices of the serving network.
func (n NSSAI) Slices() []ident.SNSSAI {
	s := make([]ident.SNSSAI, len(n))
	for i := range n {
		s[i] = n[i].SNSSAI
	}
	return s
}

// NewNSSAI returns the list of slices without mapping.
func NewNSSAI(slices ...ident.SNSSAI) NSSAI {
	n := make(NSSAI, len(slices))
	for i, s := range slices {
		n[i].SNSSAI = s
	}
	return n
}

// RejectionCause says why a slice is rejected, TS 24.501 §9.11.3.46.
type RejectionCause uint8

// Rejection causes.
const (
	NotAvailableInPLMN             RejectionCause = 0
	NotAvailableInRegistrationArea RejectionCause = 1
	SliceAuthenticationFailed      RejectionCause = 2
	MaximumUEsReached              RejectionCause = 3
)

// RejectedSNSSAI is a slice that the network rejects.
type RejectedSNSSAI struct {
	ident.SNSSAI
	Cause RejectionCause
	// BackOff is how long the UE may not ask for the slice again; 0: none is told. Only the extended form has it.
	BackOff time.Duration
}

// RejectedNSSAI is TS 24.501 §9.11.3.46: at most 8 slices.
type RejectedNSSAI []RejectedSNSSAI

// Parse reads the value part. What follows the 8th slice is ignored.
func (n *RejectedNSSAI) Parse(b []byte) error {
	*n = nil
	for len(b) > 0 && len(*n) < MaxAllowedNSSAI {
		size := int(b[0] >> 4)
		r := RejectedSNSSAI{Cause: RejectionCause(b[0] & 0x0f)}
		if size > len(b)-1 || size != 1 && size != 4 {
			return nas.ErrLength
		}
		var s nas.SNSSAI
		if err := s.Parse(b[1 : 1+size]); err != nil {
			return err
		}
		r.SNSSAI = s.SNSSAI
		*n = append(*n, r)
		b = b[1+size:]
	}
	return nil
}

// Append writes the value part.
func (n RejectedNSSAI) Append(dst []byte) ([]byte, error) {
	if len(n) > MaxAllowedNSSAI {
		return dst, nas.ErrTooMany
	}
	for _, r := range n {
		at := len(dst)
		var err error
		if dst, err = (nas.SNSSAI{SNSSAI: r.SNSSAI}).Append(append(dst, 0)); err != nil {
			return dst, err
		}
		dst[at] = byte(len(dst)-at-1)<<4 | byte(r.Cause)&0x0f
	}
	return dst, nil
}

// Types of partial lists of rejected slices, TS 24.501 §9.11.3.75.
const (
	listWithoutTimer = 0
	listWithTimer    = 1 // one for all slices of the list
)

// ExtendedRejectedNSSAI codes rejected slices as a UE wants them that supports it, TS 24.501 §9.11.3.75: a partial list of
// those without a back-off timer, then one for each back-off timer; at most 8 slices in all. No slice is no element.
func ExtendedRejectedNSSAI(n RejectedNSSAI) []byte {
	n = slices.Clone(n[:min(len(n), MaxAllowedNSSAI)])
	slices.SortStableFunc(n, func(a, b RejectedSNSSAI) int { return cmp.Compare(a.BackOff, b.BackOff) })
	var out []byte
	for len(n) > 0 {
		same := 1
		for same < len(n) && n[same].BackOff == n[0].BackOff {
			same++
		}
		if n[0].BackOff == 0 {
			out = append(out, listWithoutTimer<<4|byte(same-1))
		} else {
			out = append(out, listWithTimer<<4|byte(same-1), byte(nas.NewGPRSTimer3(n[0].BackOff)))
		}
		var err error
		if out, err = n[:same].Append(out); err != nil {
			return nil
		}
		n = n[same:]
	}
	return out
}

// ParseExtendedRejectedNSSAI reads TS 24.501 §9.11.3.75; mapped slices are left out.
func ParseExtendedRejectedNSSAI(b []byte) (RejectedNSSAI, error) {
	var all RejectedNSSAI
	for len(b) > 0 && len(all) < MaxAllowedNSSAI {
		count, withTimer := int(b[0]&0x0f)+1, b[0]>>4&7 == listWithTimer
		b = b[1:]
		var backOff time.Duration
		if withTimer {
			if len(b) == 0 {
				return nil, nas.ErrLength
			}
			backOff, _ = nas.GPRSTimer3(b[0]).Duration()
			b = b[1:]
		}
		for range count {
			if len(b) == 0 || int(b[0]>>4) >= len(b) || b[0]>>4 == 0 {
				return nil, nas.ErrLength
			}
			size := int(b[0] >> 4)
			r := RejectedSNSSAI{Cause: RejectionCause(b[0] & 0x0f), BackOff: backOff}
			var s nas.SNSSAI
			if err := s.Parse(b[1 : 1+size]); err != nil {
				return nil, err
			}
			r.SNSSAI = s.SNSSAI
			all = append(all, r)
			b = b[1+size:]
		}
	}
	return all, nil
}

// PLMNList is TS 24.008 §10.5.1.13 (TS 24.501 §9.11.3.45): at most 15 networks.
type PLMNList []ident.PLMN

// Parse reads the value part.
func (l *PLMNList) Parse(b []byte) error {
	if len(b)%3 != 0 {
		return nas.ErrLength
	}
	*l = make(PLMNList, len(b)/3)
	for i := range *l {
		var err error
		if (*l)[i], err = nas.ParsePLMN(b[3*i : 3*i+3]); err != nil {
			return err
		}
	}
	return nil
}

// Append writes the value part.
func (l PLMNList) Append(dst []byte) ([]byte, error) {
	var err error
	for _, p := range l {
		if dst, err = nas.AppendPLMN(dst, p); err != nil {
			return dst, err
		}
	}
	return dst, nil
}
