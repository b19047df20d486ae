package gmm

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"

	"github.com/limpid-5g/limpid/wire/nas"
)

// NetworkName is the name that the phone shows, TS 24.008 §10.5.3.5a (TS 24.501 §9.11.3.35).
type NetworkName struct {
	Name string
	// AddCountryInitials asks the phone to put the initials of the country before the name.
	AddCountryInitials bool
	// UCS2 says how the name came, or forces UCS2; a name with letters outside the GSM alphabet goes as UCS2 anyway.
	UCS2 bool
}

// Basic character set of TS 23.038 §6.2.1; the escape (0x1b) stands for no character.
const gsmAlphabet = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x00ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
	"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"

const (
	codingGSM7     = 0
	codingUCS2     = 1
	maxNetworkName = 254 // octets of text
)

// Parse reads the value part.
func (n *NetworkName) Parse(b []byte) error {
	if len(b) == 0 {
		return nas.ErrLength
	}
	first := b[0]
	*n = NetworkName{AddCountryInitials: first&8 != 0}
	switch first >> 4 & 7 {
	case codingGSM7:
		n.Name = unpackGSM7(b[1:], int(first&7))
	case codingUCS2:
		n.UCS2 = true
		if len(b)%2 == 0 {
			return nas.ErrLength
		}
		units := make([]uint16, len(b)/2)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(b[1+2*i:])
		}
		n.Name = string(utf16.Decode(units))
	default:
		return nas.ErrReserved
	}
	return nil
}

// Append writes the value part.
func (n NetworkName) Append(dst []byte) ([]byte, error) {
	first := byte(0x80)
	if n.AddCountryInitials {
		first |= 8
	}
	septets, ok := gsm7(n.Name)
	if n.UCS2 || !ok {
		units := utf16.Encode([]rune(n.Name))
		if 2*len(units) > maxNetworkName {
			return dst, nas.ErrLength
		}
		dst = append(dst, first|codingUCS2<<4)
		for _, u := range units {
			dst = binary.BigEndian.AppendUint16(dst, u)
		}
		return dst, nil
	}
	octets := (7*len(septets) + 7) / 8
	if octets > maxNetworkName {
		return dst, nas.ErrLength
	}
	dst = append(dst, first|byte(8*octets-7*len(septets)))
	return packGSM7(dst, septets), nil
}

// gsm7 returns the septets of s, and false if a letter is not in the alphabet.
func gsm7(s string) ([]byte, bool) {
	septets := make([]byte, 0, len(s))
	for _, r := range s {
		if r == 0 || !strings.ContainsRune(gsmAlphabet, r) {
			return nil, false
		}
		code := byte(0)
		for _, a := range gsmAlphabet {
			if a == r {
				break
			}
			code++
		}
		septets = append(septets, code)
	}
	return septets, true
}

// packGSM7 packs septets, the first in the lowest bits, TS 23.038 §6.1.2.1.1.
func packGSM7(dst, septets []byte) []byte {
	var bits uint32
	var n uint
	for _, s := range septets {
		bits |= uint32(s) << n
		for n += 7; n >= 8; n -= 8 {
			dst = append(dst, byte(bits))
			bits >>= 8
		}
	}
	if n > 0 {
		dst = append(dst, byte(bits))
	}
	return dst
}

func unpackGSM7(b []byte, spare int) string {
	alphabet := []rune(gsmAlphabet)
	var text strings.Builder
	count := max(8*len(b)-spare, 0) / 7
	var bits uint32
	var n uint
	for _, o := range b {
		bits |= uint32(o) << n
		for n += 8; n >= 7 && count > 0; n -= 7 {
			if r := alphabet[bits&0x7f]; r != 0 {
				text.WriteRune(r)
			}
			bits >>= 7
			count--
		}
	}
	return text.String()
}
