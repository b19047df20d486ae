package ident

import (
	"fmt"
	"strconv"
	"strings"
)

// NoSD is the slice differentiator that says "none", TS 23.003 §28.4.2.
const NoSD uint32 = 0xffffff

// SNSSAI names a network slice, TS 23.003 §28.4: slice/service type and slice differentiator (24 bits, NoSD for none).
type SNSSAI struct {
	SST uint8
	SD  uint32
}

// ParseSNSSAI reads "1" (SST alone) or "1-010203" (SST in decimal, SD in hexadecimal).
func ParseSNSSAI(s string) (SNSSAI, error) {
	sst, sd, hasSD := strings.Cut(s, "-")
	n, err := strconv.ParseUint(sst, 10, 8)
	if err != nil {
		return SNSSAI{}, fmt.Errorf("S-NSSAI %q: SST is a number from 0 to 255", s)
	}
	if !hasSD {
		return SNSSAI{SST: uint8(n), SD: NoSD}, nil
	}
	d, err := strconv.ParseUint(sd, 16, 24)
	if err != nil || len(sd) != 6 {
		return SNSSAI{}, fmt.Errorf("S-NSSAI %q: SD is six hexadecimal digits, such as 1-010203", s)
	}
	return SNSSAI{SST: uint8(n), SD: uint32(d)}, nil
}

// HasSD tells whether the slice has a differentiator.
func (s SNSSAI) HasSD() bool { return s.SD != NoSD }

func (s SNSSAI) String() string {
	if !s.HasSD() {
		return strconv.Itoa(int(s.SST))
	}
	return fmt.Sprintf("%d-%06x", s.SST, s.SD)
}

// MarshalText and UnmarshalText make an S-NSSAI a scalar in YAML and JSON.
func (s SNSSAI) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what ParseSNSSAI reads.
func (s *SNSSAI) UnmarshalText(b []byte) (err error) {
	*s, err = ParseSNSSAI(string(b))
	return err
}
