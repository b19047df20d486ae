package namf

import (
	"testing"

	"github.com/limpid-5g/limpid/ident"
)

// TestUEContextID: a 5G-GUTI comes back from its text, TS 29.518 §6.1.3.2.2; what is none is none.
func TestUEContextID(t *testing.T) {
	for _, plmn := range []string{"00101", "310410"} {
		p, err := ident.ParsePLMN(plmn)
		if err != nil {
			t.Fatal(err)
		}
		g := ident.GUTI{GUAMI: ident.GUAMI{PLMN: p, Region: 0xca, Set: 0x3fe, Pointer: 0x3f}, TMSI: 0x01020304}
		id := GUTIContext(g)
		if want := UEContextID("5g-guti-" + plmn + "caffbf01020304"); id != want {
			t.Errorf("%s, want %s", id, want)
		}
		if got, ok := id.GUTI(); !ok || got != g {
			t.Errorf("%s gives %v", id, got)
		}
		if _, ok := id.SUPI(); ok {
			t.Errorf("%s is taken for a SUPI", id)
		}
	}
	for _, wrong := range []UEContextID{"", "5g-guti-", "5g-guti-00101caffbf0102030", "5g-guti-00x01caffbf01020304", "5g-guti-00101caffbf0102030g", "imsi-001010000000001"} {
		if g, ok := wrong.GUTI(); ok {
			t.Errorf("%q gives %v", wrong, g)
		}
	}
	if s, ok := SUPIContext("imsi-001010000000001").SUPI(); !ok || s != "imsi-001010000000001" {
		t.Errorf("%q %v", s, ok)
	}
}
