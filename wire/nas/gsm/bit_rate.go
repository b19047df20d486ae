package gsm

import (
	"encoding/binary"

	"github.com/limpid-5g/limpid/wire/nas"
)

// BitRate is a rate as a unit and a multiple of it, TS 24.501 §9.11.4.14. Units 1 to 5 are 1, 4, 16, 64 and 256 kbit/s,
// 6 to 10 the same of Mbit/s, 11 to 15 of Gbit/s, 16 to 20 of Tbit/s, 21 to 25 of Pbit/s. Unit 0 counts as 1 kbit/s,
// those above 25 as 256 Pbit/s.
type BitRate struct {
	Unit  uint8
	Value uint16
}

const (
	maxRateUnit   = 25
	unitsPerScale = 5
	bitsPerKbit   = 1000
)

func unitKbps(unit uint8) uint64 {
	unit = min(max(unit, 1), maxRateUnit) - 1
	kbps := uint64(1) << (2 * (unit % unitsPerScale))
	for range unit / unitsPerScale {
		kbps *= 1000
	}
	return kbps
}

// BitsPerSecond returns the rate in bit/s, the largest number if it is beyond.
func (r BitRate) BitsPerSecond() uint64 {
	const largest = 1<<64 - 1
	unit := unitKbps(r.Unit) * bitsPerKbit
	if r.Value != 0 && unit > largest/uint64(r.Value) {
		return largest
	}
	return unit * uint64(r.Value)
}

// NewBitRate codes a rate in bit/s as so many Pbit/s, Tbit/s, Gbit/s, Mbit/s or kbit/s if one of them is exact, else
// rounded up to the finest unit that holds it.
func NewBitRate(bitsPerSecond uint64) BitRate {
	for unit := maxRateUnit - unitsPerScale + 1; unit > 0 && bitsPerSecond > 0; unit -= unitsPerScale {
		u := unitKbps(uint8(unit)) * bitsPerKbit
		if n := bitsPerSecond / u; bitsPerSecond%u == 0 && n <= 0xffff {
			return BitRate{uint8(unit), uint16(n)}
		}
	}
	for unit := uint8(1); unit < maxRateUnit; unit++ {
		u := unitKbps(unit) * bitsPerKbit
		n := bitsPerSecond / u
		if bitsPerSecond%u != 0 {
			n++
		}
		if n <= 0xffff {
			return BitRate{unit, uint16(n)}
		}
	}
	return BitRate{maxRateUnit, 0xffff}
}

const bitRateLen = 3

func parseBitRate(b []byte) BitRate { return BitRate{b[0], binary.BigEndian.Uint16(b[1:])} }

func (r BitRate) append(dst []byte) []byte {
	return binary.BigEndian.AppendUint16(append(dst, r.Unit), r.Value)
}

// SessionAMBR is the aggregate maximum bit rate of a PDU session, TS 24.501 §9.11.4.14.
type SessionAMBR struct {
	Downlink, Uplink BitRate
}

// NewSessionAMBR codes rates in bit/s.
func NewSessionAMBR(downlink, uplink uint64) SessionAMBR {
	return SessionAMBR{NewBitRate(downlink), NewBitRate(uplink)}
}

// Parse reads the value part.
func (a *SessionAMBR) Parse(b []byte) error {
	if len(b) < 2*bitRateLen {
		return nas.ErrLength
	}
	*a = SessionAMBR{parseBitRate(b), parseBitRate(b[bitRateLen:])}
	return nil
}

// Append writes the value part.
func (a SessionAMBR) Append(dst []byte) ([]byte, error) {
	return a.Uplink.append(a.Downlink.append(dst)), nil
}
