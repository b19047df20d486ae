package gmm

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/ident"
)

// TestTAIListTypes: TS 24.501 §9.11.3.9, the three types and mixes of them, in the fewest octets.
func TestTAIListTypes(t *testing.T) {
	other := ident.PLMN{0x00, 0xf1, 0x10}
	tai := func(p ident.PLMN, tacs ...ident.TAC) (list []ident.TAI) {
		for _, tac := range tacs {
			list = append(list, ident.TAI{PLMN: p, TAC: tac})
		}
		return list
	}
	for name, c := range map[string]struct {
		tais  []ident.TAI
		types []TAIListType
	}{
		"one":                      {tai(testPLMN, 7), []TAIListType{TAIsOfOnePLMN}},
		"consecutive":              {tai(testPLMN, 1, 2, 3), []TAIListType{ConsecutiveTAIs}},
		"scattered":                {tai(testPLMN, 1, 3, 5), []TAIListType{TAIsOfOnePLMN}},
		"two long runs":            {tai(testPLMN, 1, 2, 3, 4, 5, 100, 101, 102, 103), []TAIListType{ConsecutiveTAIs, ConsecutiveTAIs}},
		"one of each of two":       {append(tai(testPLMN, 1), tai(other, 1)...), []TAIListType{TAIsOfSeveralPLMNs}},
		"runs of two networks":     {append(tai(testPLMN, 1, 2, 3), tai(other, 4, 5, 6)...), []TAIListType{ConsecutiveTAIs, ConsecutiveTAIs}},
		"a run and one of another": {append(tai(testPLMN, 1, 2, 3, 4), tai(other, 9)...), []TAIListType{ConsecutiveTAIs, TAIsOfOnePLMN}},
	} {
		list := NewTAIList(c.tais...)
		var types []TAIListType
		for _, p := range list {
			types = append(types, p.Type)
		}
		if !reflect.DeepEqual(types, c.types) || !reflect.DeepEqual(list.All(), c.tais) {
			t.Errorf("%s: types %v of %v, want %v", name, types, list.All(), c.types)
		}
		b, err := list.Append(nil)
		if err != nil || len(b) != list.size() {
			t.Errorf("%s: %x, %v, size %d", name, b, err, list.size())
		}
		var again TAIList
		if err := again.Parse(b); err != nil || !reflect.DeepEqual(again.All(), c.tais) {
			t.Errorf("%s: read again as %v, %v", name, again, err)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var tais []ident.TAI
		for range 1 + r.IntN(16) {
			p := testPLMN
			if r.IntN(3) == 0 {
				p = other
			}
			tais = append(tais, ident.TAI{PLMN: p, TAC: ident.TAC(r.IntN(6))})
		}
		list := NewTAIList(tais...)
		b, err := list.Append(nil)
		var again TAIList
		if err != nil || again.Parse(b) != nil || !reflect.DeepEqual(again.All(), tais) || len(b) > 1+6*len(tais) {
			t.Fatalf("%v: %x, %v, read as %v", tais, b, err, again)
		}
	}
}

// TestExtendedRejectedNSSAI: TS 24.501 §9.11.3.75.
func TestExtendedRejectedNSSAI(t *testing.T) {
	list := RejectedNSSAI{{slice1, NotAvailableInPLMN, 0}, {slice2, NotAvailableInRegistrationArea, 0}}
	b := ExtendedRejectedNSSAI(list)
	if want := []byte{0x01, 0x10, 0x01, 0x41, 0x02, 0x01, 0x02, 0x03}; !bytes.Equal(b, want) {
		t.Errorf("%x, want %x", b, want)
	}
	got, err := ParseExtendedRejectedNSSAI(b)
	if err != nil || !reflect.DeepEqual(got, list) {
		t.Errorf("%v, %v", got, err)
	}
	withTimer := append([]byte{0x11, 0x44}, b[1:]...)
	for i := range list {
		list[i].BackOff = 40 * time.Hour
	}
	if got, err := ParseExtendedRejectedNSSAI(withTimer); err != nil || !reflect.DeepEqual(got, list) || !bytes.Equal(ExtendedRejectedNSSAI(list), withTimer) {
		t.Errorf("with a back-off timer: %v, %v, written %x", got, err, ExtendedRejectedNSSAI(list))
	}
	mixed := RejectedNSSAI{{slice1, MaximumUEsReached, 4 * time.Minute}, {slice2, NotAvailableInPLMN, 0}}
	if b := ExtendedRejectedNSSAI(mixed); !bytes.Equal(b, []byte{0x00, 0x40, 0x02, 0x01, 0x02, 0x03, 0x10, 0x88, 0x13, 0x01}) {
		t.Errorf("two lists: %x", b)
	} else if got, err := ParseExtendedRejectedNSSAI(b); err != nil || got[1] != mixed[0] || got[0] != mixed[1] {
		t.Errorf("two lists: %v, %v", got, err)
	}
	for n := 1; n < len(b); n++ {
		if got, err := ParseExtendedRejectedNSSAI(b[:n]); err == nil {
			t.Errorf("cut to %d octets: %v", n, got)
		}
	}
	if ExtendedRejectedNSSAI(nil) != nil {
		t.Error("no slice is an element")
	}
}
