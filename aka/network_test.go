package aka_test

import (
	"errors"
	"testing"

	"github.com/limpid-5g/limpid/aka"
)

// TestServingNetwork: TS 24.501 §9.12.1.
func TestServingNetwork(t *testing.T) {
	for _, v := range []struct {
		mcc, mnc string
		want     aka.ServingNetwork
	}{
		{"208", "93", "5G:mnc093.mcc208.3gppnetwork.org"},
		{"999", "70", "5G:mnc070.mcc999.3gppnetwork.org"},
		{"310", "410", "5G:mnc410.mcc310.3gppnetwork.org"},
		{"", "", ""}, {"20", "93", ""}, {"2080", "93", ""}, {"208", "9", ""}, {"208", "0093", ""},
		{"20a", "93", ""}, {"208", "9f", ""}, {"208", "９3", ""},
	} {
		got, err := aka.NewServingNetwork(v.mcc, v.mnc)
		if got != v.want || (v.want == "") != errors.Is(err, aka.ErrServingNetwork) {
			t.Errorf("%q, %q: got %q, %v", v.mcc, v.mnc, got, err)
		}
	}
	for nid, want := range map[string]aka.ServingNetwork{
		"123456789AB":  "5G:mnc093.mcc208.3gppnetwork.org:123456789AB",
		"123456789ab":  "5G:mnc093.mcc208.3gppnetwork.org:123456789AB",
		"123456789A":   "",
		"123456789ABC": "",
		"123456789AG":  "",
	} {
		got, err := aka.NewSNPNServingNetwork("208", "93", nid)
		if got != want || (want == "") != errors.Is(err, aka.ErrServingNetwork) {
			t.Errorf("NID %q: got %q, %v", nid, got, err)
		}
	}
	if _, err := aka.NewSNPNServingNetwork("208", "", "123456789AB"); !errors.Is(err, aka.ErrServingNetwork) {
		t.Errorf("SNPN without MNC: %v", err)
	}
}
