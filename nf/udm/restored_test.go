package udm_test

import (
	"log/slog"
	"slices"
	"testing"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/nf/udm"
	"github.com/limpid-5g/limpid/sbi/nudm"
)

// TestRestoredAlike: subscribers whose sessions came back alike share what is noted of them, and still each has its own.
func TestRestoredAlike(t *testing.T) {
	u := udm.New(udm.Config{HomePLMNs: []ident.PLMN{home}}, &repository{}, slog.New(slog.DiscardHandler))
	u.Expect(3)
	registration := func(id uint8) nudm.SMFRegistration {
		return nudm.SMFRegistration{SMFInstanceID: "smf", PDUSessionID: id, SNSSAI: ident.SNSSAI{SST: 1}, DNN: "internet", PLMN: home}
	}
	third := ident.SUPI("imsi-001010000000003")
	for _, supi := range []ident.SUPI{known, stranger, third} {
		u.RestoreSMF(supi, registration(5))
	}
	u.RestoreSMF(stranger, registration(6))
	if err := u.RegisterSMF(t.Context(), third, nudm.SMFRegistration{SMFInstanceID: "another", PDUSessionID: 5, PLMN: home}); err != nil {
		t.Fatal(err)
	}
	check := func(supi ident.SUPI, want ...uint8) {
		t.Helper()
		var got []uint8
		for _, w := range u.View() {
			if w.SUPI == supi {
				got = w.SMFs
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s has the sessions %d, want %d", supi, got, want)
		}
	}
	check(known, 5)
	check(stranger, 5, 6)
	check(third, 5)
	if err := u.DeregisterSMF(t.Context(), third, 5); err != nil {
		t.Fatal(err)
	}
	check(known, 5)
	check(stranger, 5, 6)
	check(third)
	u.RestoreSMF(third, registration(5))
	check(third, 5)
}
