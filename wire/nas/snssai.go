package nas

import "github.com/limpid-5g/limpid/ident"

// SNSSAI is the S-NSSAI element, TS 24.501 §9.11.2.8: a slice of the serving network and, when roaming, the slice of
// the home network to which it is mapped.
type SNSSAI struct {
	ident.SNSSAI
	Mapped *ident.SNSSAI
}

// Parse reads the value part: 1, 2, 4, 5 or 8 octets.
func (s *SNSSAI) Parse(b []byte) error {
	*s = SNSSAI{}
	switch len(b) {
	case 1:
		s.SNSSAI = ident.SNSSAI{SST: b[0], SD: ident.NoSD}
	case 2:
		s.SNSSAI = ident.SNSSAI{SST: b[0], SD: ident.NoSD}
		s.Mapped = &ident.SNSSAI{SST: b[1], SD: ident.NoSD}
	case 4:
		s.SNSSAI = ident.SNSSAI{SST: b[0], SD: uint24(b[1:])}
	case 5:
		s.SNSSAI = ident.SNSSAI{SST: b[0], SD: uint24(b[1:])}
		s.Mapped = &ident.SNSSAI{SST: b[4], SD: ident.NoSD}
	case 8:
		s.SNSSAI = ident.SNSSAI{SST: b[0], SD: uint24(b[1:])}
		s.Mapped = &ident.SNSSAI{SST: b[4], SD: uint24(b[5:])}
	default:
		return ErrLength
	}
	return nil
}

// Append writes the value part in its shortest form.
func (s SNSSAI) Append(dst []byte) ([]byte, error) {
	dst = append(dst, s.SST)
	if s.HasSD() || s.Mapped != nil && s.Mapped.HasSD() {
		dst = appendUint24(dst, s.SD)
	}
	if s.Mapped == nil {
		return dst, nil
	}
	dst = append(dst, s.Mapped.SST)
	if s.Mapped.HasSD() {
		dst = appendUint24(dst, s.Mapped.SD)
	}
	return dst, nil
}

func uint24(b []byte) uint32 { return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2]) }

func appendUint24(dst []byte, v uint32) []byte { return append(dst, byte(v>>16), byte(v>>8), byte(v)) }
