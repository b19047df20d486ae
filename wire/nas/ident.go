package nas

import "github.com/limpid-5g/limpid/ident"

// ParsePLMN reads three octets, TS 24.501 §9.11.3.85.
func ParsePLMN(b []byte) (ident.PLMN, error) {
	if len(b) != 3 {
		return ident.PLMN{}, ErrLength
	}
	p := ident.PLMN(b)
	if !p.Valid() {
		return ident.PLMN{}, ErrDigit
	}
	return p, nil
}

// AppendPLMN writes three octets, TS 24.501 §9.11.3.85.
func AppendPLMN(dst []byte, p ident.PLMN) ([]byte, error) {
	if !p.Valid() {
		return dst, ErrDigit
	}
	return append(dst, p[:]...), nil
}

// ParseTAI reads six octets, TS 24.501 §9.11.3.8.
func ParseTAI(b []byte) (ident.TAI, error) {
	if len(b) != 6 {
		return ident.TAI{}, ErrLength
	}
	p, err := ParsePLMN(b[:3])
	return ident.TAI{PLMN: p, TAC: ident.TAC(uint24(b[3:]))}, err
}

// AppendTAI writes six octets, TS 24.501 §9.11.3.8.
func AppendTAI(dst []byte, t ident.TAI) ([]byte, error) {
	if t.TAC > ident.MaxTAC {
		return dst, ErrReserved
	}
	dst, err := AppendPLMN(dst, t.PLMN)
	return appendUint24(dst, uint32(t.TAC)), err
}

const (
	maxDNN   = 100 // octets, TS 24.501 §9.11.2.1B
	maxLabel = 63  // octets, RFC 1035 §2.3.4
)

// ParseDNN reads the labels of a DNN (TS 24.501 §9.11.2.1B, TS 23.003 §9.1) into dotted text.
func ParseDNN(b []byte) (ident.DNN, error) {
	if len(b) < 2 || len(b) > maxDNN {
		return "", ErrLength
	}
	var text [maxDNN]byte
	n := copy(text[:], b[1:])
	for at := 0; at < len(b); {
		label := int(b[at])
		if label == 0 || label > maxLabel || at+1+label > len(b) {
			return "", ErrLength
		}
		for _, c := range b[at+1 : at+1+label] {
			if c <= ' ' || c >= 0x7f || c == '.' {
				return "", ErrReserved
			}
		}
		if at > 0 {
			text[at-1] = '.'
		}
		at += 1 + label
	}
	return ident.DNN(text[:n]), nil
}

// AppendDNN writes the labels of a DNN, TS 24.501 §9.11.2.1B.
func AppendDNN(dst []byte, d ident.DNN) ([]byte, error) {
	if len(d) == 0 || len(d) >= maxDNN {
		return dst, ErrLength
	}
	length := len(dst)
	dst = append(dst, 0)
	for i := range len(d) {
		if d[i] != '.' {
			dst = append(dst, d[i])
			continue
		}
		if err := closeLabel(dst, length); err != nil {
			return dst, err
		}
		length = len(dst)
		dst = append(dst, 0)
	}
	return dst, closeLabel(dst, length)
}

func closeLabel(dst []byte, length int) error {
	n := len(dst) - length - 1
	if n == 0 || n > maxLabel {
		return ErrLength
	}
	dst[length] = byte(n)
	return nil
}

// AccessType is the access over which something is sent, TS 24.501 §9.11.2.1A.
type AccessType uint8

// Access types.
const (
	Access3GPP    AccessType = 1
	AccessNon3GPP AccessType = 2
)
