package subscriber

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/limpid-5g/limpid/store"
)

// units are those of TS 29.571 §5.5.2 and their short forms, greatest first.
var units = []struct {
	name  string
	scale float64
}{{"Tbps", 1e12}, {"Gbps", 1e9}, {"Mbps", 1e6}, {"Kbps", 1e3}, {"bps", 1}}

// ParseBitRate reads "1Gbps", "1.5 Gbps" or "250 mbps", TS 29.571 §5.5.2, or bit/s without a unit.
func ParseBitRate(s string) (uint64, error) {
	number, scale := strings.TrimSpace(s), 1.0
	for _, u := range units {
		if n := len(number) - len(u.name); n > 0 && strings.EqualFold(number[n:], u.name) {
			number, scale = strings.TrimSpace(number[:n]), u.scale
			break
		}
	}
	value, err := strconv.ParseFloat(number, 64)
	rate := math.Round(value * scale)
	if err != nil || !(rate >= 1 && rate <= store.MaxBitRate) {
		return 0, fmt.Errorf("bit rate %q: want a number and bps, Kbps, Mbps, Gbps or Tbps, such as 1Gbps", s)
	}
	return uint64(rate), nil
}

// FormatBitRate writes a rate so that ParseBitRate reads the same.
func FormatBitRate(rate uint64) string {
	for _, u := range units {
		if scale := uint64(u.scale); rate >= scale && rate%scale == 0 {
			return strconv.FormatUint(rate/scale, 10) + u.name
		}
	}
	return "0bps"
}
