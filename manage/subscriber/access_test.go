package subscriber_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/manage/subscriber"
	"github.com/limpid-5g/limpid/store"
)

// TestSet: what is given changes, the rest stays; none empties a list.
func TestSet(t *testing.T) {
	st := opened(t)
	file := "imsi,key,opc,slice,dnn,method,not-allowed-areas,registration-timer\n" +
		imsi + "," + key + "," + opc + ",1;2-010203,internet;ims,eap-aka-prime,5;3,2h\n"
	if _, err := subscriber.ImportCSV(t.Context(), st, strings.NewReader(file)); err != nil {
		t.Fatal(err)
	}
	before := read(t, st, supi)
	if before.Access.ServiceArea.Restriction != store.NotAllowedAreas || before.Access.RegistrationTimer != 2*time.Hour ||
		!reflect.DeepEqual(before.Access.ServiceArea.TACs, []ident.TAC{3, 5}) || before.Authentication.Method != store.EAPAKAPrime {
		t.Fatalf("imported %+v", before)
	}
	set := func(in subscriber.Input) store.Subscriber {
		t.Helper()
		in.IMSI = imsi
		if err := subscriber.Set(t.Context(), st, in); err != nil {
			t.Fatal(err)
		}
		return read(t, st, supi)
	}
	want := before
	want.Access.Barred = true
	got := set(subscriber.Input{Access: subscriber.Access{Barred: "yes"}})
	want.Revision = got.Revision
	if !reflect.DeepEqual(got, want) {
		t.Errorf("barred: %+v, want %+v", got, want)
	}
	got = set(subscriber.Input{Access: subscriber.Access{
		Barred: "no", MICO: "no", NotAllowedAreas: []string{"none"}, ForbiddenAreas: []string{"0x10", "2"}, ForbiddenRATs: []string{"nr"},
	}})
	wantAccess := store.Access{NoMICO: true, RegistrationTimer: 2 * time.Hour, ForbiddenTACs: []ident.TAC{2, 16}, ForbiddenRATs: []store.RAT{store.NR}}
	if !reflect.DeepEqual(got.Access, wantAccess) {
		t.Errorf("%+v, want %+v", got.Access, wantAccess)
	}
	got = set(subscriber.Input{Slices: []string{"3", "1"}, AMBRUp: "5Mbps", Method: "5g-aka"})
	if len(got.Slices) != 2 || got.UEAMBR.Uplink != 5e6 || got.UEAMBR.Downlink != 1e9 || got.Authentication.Method != store.FiveGAKA {
		t.Errorf("%+v", got)
	}
	for _, s := range got.Slices {
		if len(s.DNNs) != 2 || s.DNNs[0].SessionAMBR.Uplink != 5e6 {
			t.Errorf("slice %+v", s)
		}
	}
	got = set(subscriber.Input{GPSI: "msisdn-491700001", AuthenticatedSlices: []string{"3"}})
	if got.GPSI != "msisdn-491700001" || len(got.Slices) != 2 || got.Slices[0].Authenticate == got.Slices[1].Authenticate {
		t.Errorf("GPSI %q, slices %+v", got.GPSI, got.Slices)
	}
	if got = set(subscriber.Input{AMBRUp: "6Mbps"}); got.GPSI == "" {
		t.Error("another change takes the GPSI")
	}
	if got = set(subscriber.Input{GPSI: "none", AuthenticatedSlices: []string{"none"}}); got.GPSI != "" || got.Slices[0].Authenticate || got.Slices[1].Authenticate {
		t.Errorf("GPSI %q, slices %+v", got.GPSI, got.Slices)
	}
	for says, in := range map[string]subscriber.Input{
		"want msisdn- and 5":       {IMSI: imsi, GPSI: "491700001"},
		"who does not have it":     {IMSI: imsi, AuthenticatedSlices: []string{"9"}},
		"want yes or no":           {IMSI: imsi, Access: subscriber.Access{Barred: "perhaps"}},
		"both allowed and not":     {IMSI: imsi, Access: subscriber.Access{AllowedAreas: []string{"1"}, NotAllowedAreas: []string{"2"}}},
		"want a duration":          {IMSI: imsi, Access: subscriber.Access{RegistrationTimer: "soon"}},
		"tracking area code":       {IMSI: imsi, Access: subscriber.Access{ForbiddenAreas: []string{"x"}}},
		"want each of EUTRA, NR":   {IMSI: imsi, Access: subscriber.Access{ForbiddenRATs: []string{"LTE"}}},
		"want 5g-aka":              {IMSI: imsi, Method: "pap"},
		"does not exist":           {IMSI: "001010000000099"},
		"registration timer 1.5s,": {IMSI: imsi, Access: subscriber.Access{RegistrationTimer: "1500ms"}},
	} {
		if err := subscriber.Set(t.Context(), st, in); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
}
