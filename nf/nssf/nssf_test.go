package nssf_test

import (
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/nf/nssf"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nnssf"
)

func nssai(t *testing.T, s string) []ident.SNSSAI {
	t.Helper()
	var all []ident.SNSSAI
	for name := range strings.FieldsSeq(s) {
		one, err := ident.ParseSNSSAI(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

// TestSelection: TS 23.501 §5.15.5.2.1. Area 1 has slices 1, 1-010203 and 2; area 2 has 1 and 3.
func TestSelection(t *testing.T) {
	plmn := ident.PLMN{0x00, 0xf1, 0x10}
	n := nssf.New(nssf.Config{TrackingAreas: []nssf.TrackingArea{
		{TAI: ident.TAI{PLMN: plmn, TAC: 1}, NSSAIs: nssai(t, "1 1-010203")},
		{TAI: ident.TAI{PLMN: plmn, TAC: 1}, NSSAIs: nssai(t, "2")},
		{TAI: ident.TAI{PLMN: plmn, TAC: 2}, NSSAIs: nssai(t, "1 3")},
	}}, slog.New(slog.DiscardHandler))
	for name, c := range map[string]struct{ subscribed, defaults, requested, ran, allowed, inPLMN, inTA, configured string }{
		"no request: default ones":         {"1 2", "1", "", "1 2", "1", "", "", "1 2"},
		"no request: several default ones": {"2 1", "2 1", "", "1 2", "2 1", "", "", "2 1"},
		"as requested":                     {"1 2", "1", "2", "1 2", "2", "", "", ""},
		"order is the UE's":                {"1 2", "1", "2 1", "1 2", "2 1", "", "", ""},
		"SD tells slices apart":            {"1-010203", "1-010203", "1-010203 1", "1 1-010203", "1-010203", "1", "", "1-010203"},
		"not subscribed: in PLMN":          {"1", "1", "1 2", "1 2", "1", "2", "", "1"},
		"nowhere in the network: in PLMN":  {"1 9", "1", "9 1", "1 9", "1", "9", "", "1"},
		"in another area: in TA":           {"1 3", "1", "1 3", "1 3", "1", "", "3", ""},
		"not at the gNB: in TA":            {"1 2", "1", "1 2", "1", "1", "", "2", ""},
		"none allowed: default ones":       {"1 2", "1", "2", "1", "1", "", "2", ""},
		"unknown one: default ones":        {"1", "1", "2", "1 2", "1", "2", "", "1"},
		"nothing at all":                   {"3", "3", "3", "1 2", "", "", "3", ""},
		"nothing, no request":              {"9", "9", "", "1 9", "", "", "", ""},
		"asked twice":                      {"1", "1", "1 1 2 2", "1 2", "1", "2", "", "1"},
		"at most eight are rejected":       {"1", "1", "1 10 11 12 13 14 15 16 17 18", "1", "1", "10 11 12 13 14 15 16 17", "", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := n.ForRegistration(t.Context(), nnssf.SliceInfoForRegistration{
				TAI: ident.TAI{PLMN: plmn, TAC: 1}, SubscribedNSSAI: nssai(t, c.subscribed), DefaultSubscribedNSSAI: nssai(t, c.defaults),
				RequestedNSSAI: nssai(t, c.requested), RANSupportedNSSAI: nssai(t, c.ran),
			})
			if err != nil {
				t.Fatal(err)
			}
			want := nnssf.AuthorizedNetworkSliceInfo{
				AllowedNSSAI: nssai(t, c.allowed), RejectedNSSAIInPLMN: nssai(t, c.inPLMN),
				RejectedNSSAIInTA: nssai(t, c.inTA), ConfiguredNSSAI: nssai(t, c.configured),
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
		})
	}
	_, err := n.ForRegistration(t.Context(), nnssf.SliceInfoForRegistration{TAI: ident.TAI{PLMN: plmn, TAC: 3}})
	p, ok := errors.AsType[*sbi.ProblemDetails](err)
	if !ok || p.Cause != nnssf.CauseSNSSAINotSupported || !strings.Contains(p.Detail, "configured: 00101-000001, 00101-000002") {
		t.Errorf("unknown area: error %v", err)
	}
}
