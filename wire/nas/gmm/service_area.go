package gmm

import (
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/nas"
)

// AllTAIs is the type of a partial service area list that means all TAIs of the PLMNs in the registration area.
const AllTAIs TAIListType = 3

// PartialServiceArea is a part of a service area list. Without TAIs it means all TAIs of the PLMN (type "11").
type PartialServiceArea struct {
	NotAllowed bool
	Type       TAIListType
	PLMN       ident.PLMN // of the type that means all TAIs
	TAIs       []ident.TAI
}

// ServiceAreaList is TS 24.501 §9.11.3.49: where the UE may or may not start communication.
type ServiceAreaList []PartialServiceArea

// Parse reads the value part. What follows the 16th TAI is ignored.
func (l *ServiceAreaList) Parse(b []byte) error {
	*l = nil
	for n := 0; len(b) > 0 && n < maxTAIs; {
		p := PartialServiceArea{NotAllowed: b[0]&0x80 != 0, Type: TAIListType(b[0] >> 5 & 3)}
		tais, rest, err := parsePartialTAIs(b, maxTAIs-n)
		if err != nil {
			return err
		}
		if p.Type == AllTAIs {
			p.NotAllowed, p.PLMN = false, tais[0].PLMN
		} else {
			p.TAIs = tais
		}
		*l = append(*l, p)
		n += max(len(tais), 1)
		b = rest
	}
	return nil
}

// Append writes the value part.
func (l ServiceAreaList) Append(dst []byte) ([]byte, error) {
	n := 0
	for _, p := range l {
		if p.Type == AllTAIs || len(p.TAIs) == 0 {
			if !p.PLMN.Valid() {
				return dst, nas.ErrDigit
			}
			dst = append(append(dst, byte(AllTAIs)<<5), p.PLMN[:]...)
			n++
			continue
		}
		flags := byte(0)
		if p.NotAllowed {
			flags = 0x80
		}
		var err error
		if dst, err = appendPartialTAIs(dst, flags, p.Type, p.TAIs); err != nil {
			return dst, err
		}
		n += len(p.TAIs)
	}
	if n > maxTAIs {
		return dst, nas.ErrTooMany
	}
	return dst, nil
}
