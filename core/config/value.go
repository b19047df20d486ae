package config

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a span of time such as "54m" or "1h30m".
type Duration time.Duration

// UnmarshalText reads what time.ParseDuration reads.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil {
		return fmt.Errorf("%q is no duration: want a number and a unit, such as 30s, 54m or 1h30m", b)
	}
	if v < 0 {
		return fmt.Errorf("%q: a duration cannot be negative", b)
	}
	*d = Duration(v)
	return nil
}

// MarshalText is the inverse of UnmarshalText.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// BitRate is in bit/s. Its text form is that of TS 29.571 §5.5.2: "1 Gbps".
type BitRate uint64

// bitRateUnits are those of TS 29.571 §5.5.2.
var bitRateUnits = map[string]float64{"bps": 1, "Kbps": 1e3, "Mbps": 1e6, "Gbps": 1e9, "Tbps": 1e12}

// ParseBitRate reads a number, a space and one of the units bps, Kbps, Mbps, Gbps, Tbps, TS 29.571 §5.5.2.
func ParseBitRate(s string) (BitRate, error) {
	number, unit, _ := strings.Cut(s, " ")
	factor, known := bitRateUnits[unit]
	v, err := strconv.ParseFloat(number, 64)
	switch {
	case err != nil || !known || strings.ContainsAny(number, "xXpP_"):
		return 0, fmt.Errorf("%q is no bit rate: want a number, a space and bps, Kbps, Mbps, Gbps or Tbps, such as 100 Mbps", s)
	case !(v >= 0 && v*factor <= 1e15):
		return 0, fmt.Errorf("bit rate %q: want 0 to 1000 Tbps", s)
	}
	return BitRate(math.Round(v * factor)), nil
}

// UnmarshalText reads what ParseBitRate reads.
func (r *BitRate) UnmarshalText(b []byte) (err error) {
	*r, err = ParseBitRate(string(b))
	return err
}

// String is in the largest unit that needs no fraction, "100 Mbps".
func (r BitRate) String() string {
	units := []string{"bps", "Kbps", "Mbps", "Gbps", "Tbps"}
	i := 0
	for r != 0 && r%1000 == 0 && i < len(units)-1 {
		r, i = r/1000, i+1
	}
	return fmt.Sprintf("%d %s", uint64(r), units[i])
}

// MarshalText is the inverse of UnmarshalText.
func (r BitRate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// VLAN is the number of a VLAN, 1 to 4094, IEEE 802.1Q; 0: none.
type VLAN uint16

// UnmarshalText reads a number. Left out is how none is written: 0 in a tag tells of a priority alone, 4095 is reserved.
func (v *VLAN) UnmarshalText(b []byte) error {
	n, err := strconv.ParseUint(string(b), 10, 16)
	switch {
	case err != nil && strings.ContainsAny(string(b), ".:,/ "):
		return fmt.Errorf("%q: frames with two tags (IEEE 802.1ad) are not served: want one VLAN, 1 to 4094", b)
	case err == nil && n == 0:
		return errors.New("0 is the tag of a priority, not a VLAN: want 1 to 4094, or leave it out for frames without a tag")
	case err != nil || n > 4094:
		return fmt.Errorf("%q is no VLAN: want 1 to 4094, or leave it out for frames without a tag", b)
	}
	*v = VLAN(n)
	return nil
}

// Location is the URL of a database. It may hold a password, and prints as "redacted" whatever the verb.
type Location string

// Format implements fmt.Formatter.
func (Location) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "redacted") }

// LogValue implements slog.LogValuer.
func (Location) LogValue() slog.Value { return slog.StringValue("redacted") }

// MarshalText keeps a password out of every encoding.
func (Location) MarshalText() ([]byte, error) { return []byte("redacted"), nil }

// Secret is key material, written in hexadecimal. It prints as "redacted" whatever the verb.
type Secret []byte

// UnmarshalText reads hexadecimal digits. Its error does not repeat them.
func (s *Secret) UnmarshalText(b []byte) error {
	v, err := hex.DecodeString(string(b))
	if err != nil {
		return errors.New("not an even number of hexadecimal digits")
	}
	*s = v
	return nil
}

// Format implements fmt.Formatter.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "redacted") }

// LogValue implements slog.LogValuer.
func (Secret) LogValue() slog.Value { return slog.StringValue("redacted") }

// MarshalText keeps a key out of every encoding.
func (Secret) MarshalText() ([]byte, error) { return []byte("redacted"), nil }
