// Package ident holds the identities of TS 23.003 as small comparable values: PLMN, TAI, GUAMI, 5G-GUTI,
// SUPI, S-NSSAI, DNN. Each parses from and prints to the text form that operators and the 3GPP APIs use.
package ident

import (
	"fmt"
)

// PLMN is a public land mobile network identity, TS 23.003 §2.2: MCC (3 digits) and MNC (2 or 3 digits),
// kept in the three octets of TS 24.008 §10.5.1.13, which is how N1 and N2 carry it.
type PLMN [3]byte

// ParsePLMN reads "00101", "001-01" or "310410".
func ParsePLMN(s string) (PLMN, error) {
	digits := make([]byte, 0, 6)
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9' && len(digits) < 6:
			digits = append(digits, c-'0')
		case c == '-' && i == 3:
		default:
			return PLMN{}, fmt.Errorf("PLMN %q: want three digits of MCC and two or three of MNC, such as 00101 or 310-410", s)
		}
	}
	if len(digits) < 5 {
		return PLMN{}, fmt.Errorf("PLMN %q: want three digits of MCC and two or three of MNC, such as 00101 or 310-410", s)
	}
	third := byte(0xf)
	if len(digits) == 6 {
		third = digits[5]
	}
	return PLMN{digits[1]<<4 | digits[0], third<<4 | digits[2], digits[4]<<4 | digits[3]}, nil
}

// Valid tells whether every digit is a digit (the third of the MNC may be the filler 0xf).
func (p PLMN) Valid() bool {
	third := p[1] >> 4
	return p[0]&0xf < 10 && p[0]>>4 < 10 && p[1]&0xf < 10 && (third < 10 || third == 0xf) && p[2]&0xf < 10 && p[2]>>4 < 10
}

// MCC returns the three digits of the mobile country code.
func (p PLMN) MCC() string {
	return string([]byte{'0' + p[0]&0xf, '0' + p[0]>>4, '0' + p[1]&0xf})
}

// MNC returns the two or three digits of the mobile network code.
func (p PLMN) MNC() string {
	mnc := []byte{'0' + p[2]&0xf, '0' + p[2]>>4}
	if third := p[1] >> 4; third != 0xf {
		mnc = append(mnc, '0'+third)
	}
	return string(mnc)
}

// String is MCC and MNC run together: "00101".
func (p PLMN) String() string { return p.MCC() + p.MNC() }

// MarshalText and UnmarshalText make a PLMN a scalar in YAML and JSON.
func (p PLMN) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what ParsePLMN reads.
func (p *PLMN) UnmarshalText(b []byte) (err error) {
	*p, err = ParsePLMN(string(b))
	return err
}

// TAC is a tracking area code of 24 bits, TS 23.003 §19.4.2.3.
type TAC uint32

// MaxTAC is the largest tracking area code.
const MaxTAC TAC = 1<<24 - 1

// TAI is a tracking area identity, TS 23.003 §28.6.
type TAI struct {
	PLMN PLMN
	TAC  TAC
}

func (t TAI) String() string { return fmt.Sprintf("%s-%06x", t.PLMN, uint32(t.TAC)) }

// GUAMI names an AMF globally, TS 23.003 §2.10.1: PLMN, region (8 bits), set (10 bits) and pointer (6 bits).
type GUAMI struct {
	PLMN    PLMN
	Region  uint8
	Set     uint16
	Pointer uint8
}

// AMFID is the AMF identifier of 24 bits: region, set, pointer.
func (g GUAMI) AMFID() uint32 {
	return uint32(g.Region)<<16 | uint32(g.Set&0x3ff)<<6 | uint32(g.Pointer&0x3f)
}

func (g GUAMI) String() string { return fmt.Sprintf("%s-%06x", g.PLMN, g.AMFID()) }

// GUTI is a 5G-GUTI, TS 23.003 §2.10.1: the AMF that allotted it and the 5G-TMSI that it allotted.
type GUTI struct {
	GUAMI GUAMI
	TMSI  uint32
}

func (g GUTI) String() string { return fmt.Sprintf("%s-%08x", g.GUAMI, g.TMSI) }

// STMSI is a 5G-S-TMSI, TS 23.003 §2.11: the part of the 5G-GUTI that is sent over the radio.
type STMSI struct {
	Set     uint16
	Pointer uint8
	TMSI    uint32
}

// STMSI returns the 5G-S-TMSI of the 5G-GUTI.
func (g GUTI) STMSI() STMSI { return STMSI{Set: g.GUAMI.Set, Pointer: g.GUAMI.Pointer, TMSI: g.TMSI} }
