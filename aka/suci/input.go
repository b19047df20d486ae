package suci

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrMSIN says that an MSIN is not 1 to 10 decimal digits, or is packed wrongly, TS 23.003 §2.2.
	ErrMSIN = errors.New("suci: malformed MSIN")
	// ErrNAI says that a network access identifier has no user name, TS 23.003 §28.7.2.
	ErrNAI = errors.New("suci: malformed NAI")
)

const maxMSIN = 10

// PackMSIN packs the digits of an MSIN two to an octet, the first in the low half; an odd last one is filled with
// 1111, TS 33.501 §C.3.2 and TS 24.501 §9.11.3.4. The error is ErrMSIN.
func PackMSIN(msin string) ([]byte, error) {
	if len(msin) == 0 || len(msin) > maxMSIN {
		return nil, fmt.Errorf("%w: %d digits", ErrMSIN, len(msin))
	}
	out := make([]byte, (len(msin)+1)/2)
	for i := range len(msin) {
		d := msin[i] - '0'
		if d > 9 {
			return nil, fmt.Errorf("%w: not a digit at %d", ErrMSIN, i)
		}
		out[i/2] |= d << (i % 2 * 4)
	}
	if len(msin)%2 == 1 {
		out[len(out)-1] |= 0xf0
	}
	return out, nil
}

// UnpackMSIN reads the digits that PackMSIN packed. The error is ErrMSIN.
func UnpackMSIN(packed []byte) (string, error) {
	if len(packed) == 0 || len(packed) > maxMSIN/2 {
		return "", fmt.Errorf("%w: %d octets", ErrMSIN, len(packed))
	}
	var digits [maxMSIN]byte
	n := 0
	for i, b := range packed {
		for _, d := range [2]byte{b & 15, b >> 4} {
			switch {
			case d <= 9:
				digits[n] = '0' + d
				n++
			case d != 15 || i != len(packed)-1 || n != 2*i+1:
				return "", fmt.Errorf("%w: half octet %x in octet %d", ErrMSIN, d, i)
			}
		}
	}
	return string(digits[:n]), nil
}

// Username splits a network specific identifier, a NAI, into the user name, which is the scheme input, and the realm,
// which is sent in clear, TS 33.501 §C.3.2 and TS 23.003 §28.7.2. The error is ErrNAI.
func Username(nai string) (username, realm string, err error) {
	i := strings.LastIndexByte(nai, '@')
	if i <= 0 || i == len(nai)-1 || len(nai) > MaxInput {
		return "", "", ErrNAI
	}
	return nai[:i], nai[i+1:], nil
}
