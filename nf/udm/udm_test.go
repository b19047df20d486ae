package udm_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/aka/suci"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/nf/udm"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nausf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/sbi/nudr"
)

const (
	known    = ident.SUPI("imsi-001010000000001")
	stranger = ident.SUPI("imsi-001010000000002")
	network  = "5G:mnc001.mcc001.3gppnetwork.org"
)

var home = ident.PLMN{0x00, 0xf1, 0x10} // 001-01

// repository is a UDR with one subscriber.
type repository struct {
	auth nudr.AuthenticationSubscription
}

func (r *repository) find(supi ident.SUPI) error {
	if supi == known {
		return nil
	}
	return sbi.Problem(http.StatusNotFound, nudr.CauseUserNotFound, "no %s", supi.Conceal())
}

func (r *repository) AuthenticationSubscription(_ context.Context, supi ident.SUPI) (nudr.AuthenticationSubscription, error) {
	return r.auth, r.find(supi)
}
func (r *repository) NextSQN(_ context.Context, supi ident.SUPI) (aka.SQN, error) {
	return 33, r.find(supi)
}
func (r *repository) ResynchroniseSQN(_ context.Context, supi ident.SUPI, _ aka.SQN) error {
	return r.find(supi)
}
func (r *repository) SUPIOf(_ context.Context, gpsi string) (ident.SUPI, error) {
	if gpsi != "msisdn-491700001" {
		return "", r.find("")
	}
	return known, nil
}
func (r *repository) AMData(_ context.Context, supi ident.SUPI) (nudm.AccessAndMobilitySubscriptionData, error) {
	return nudm.AccessAndMobilitySubscriptionData{RFSPIndex: 7}, r.find(supi)
}
func (r *repository) SMFSelectData(_ context.Context, supi ident.SUPI) (nudm.SMFSelectionSubscriptionData, error) {
	return nudm.SMFSelectionSubscriptionData{}, r.find(supi)
}
func (r *repository) SMData(_ context.Context, supi ident.SUPI, _ ident.SNSSAI, _ ident.DNN) (nudm.SessionManagementSubscriptionData, error) {
	return nudm.SessionManagementSubscriptionData{DefaultSSCMode: 1}, r.find(supi)
}

func newUDM(t *testing.T) (*udm.UDM, *repository, *suci.PrivateKey) {
	t.Helper()
	key, err := suci.NewPrivateKey(suci.ProfileA, 1, []byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	ring, err := suci.NewKeyRing(key)
	if err != nil {
		t.Fatal(err)
	}
	r := &repository{auth: nudr.AuthenticationSubscription{
		AuthenticationMethod: nausf.AuthType5GAKA, Algorithm: "milenage", K: make(nudr.Key, 16), OPc: make(nudr.Key, 16), AMFField: aka.AMF{0x80, 0},
	}}
	return udm.New(udm.Config{HomePLMNs: []ident.PLMN{home}, HomeNetworkKeys: ring}, r, slog.New(slog.DiscardHandler)), r, key
}

// TestIdentities: TS 33.501 §6.12.2. What does not open ends with a cause, never in a panic.
func TestIdentities(t *testing.T) {
	u, _, _ := newUDM(t)
	for id, want := range map[string]sbi.Cause{
		"imsi-001010000000001":                      "",
		"suci-0-001-01-0-0-0-0000000001":            "",
		"suci-0-001-01-1234-0-0-0000000001":         "",
		"imsi-001010000000002":                      nudm.CauseUserNotFound,
		"suci-0-001-01-0-0-0-0000000002":            nudm.CauseUserNotFound,
		"imsi-310410000000001":                      nudm.CauseUserNotFound, // another network
		"suci-0-310-410-0-0-0-0000000001":           nudm.CauseUserNotFound,
		"suci-0-001-001-0-0-0-000000001":            nudm.CauseUserNotFound, // MNC 001 is not MNC 01
		"":                                          nudm.CauseAuthenticationRejected,
		"imsi-":                                     nudm.CauseAuthenticationRejected,
		"imsi-00101a":                               nudm.CauseAuthenticationRejected,
		"suci-":                                     nudm.CauseAuthenticationRejected,
		"suci-1-example.org-0-0-0-user":             nudm.CauseAuthenticationRejected, // a NAI
		"suci-0-001-01-0-0-0-":                      nudm.CauseAuthenticationRejected,
		"suci-0-001-01-0-0-0-00000000012":           nudm.CauseAuthenticationRejected, // 16 digits
		"suci-0-001-01-0-0-0-000000000x":            nudm.CauseAuthenticationRejected,
		"suci-0-0x1-01-0-0-0-0000000001":            nudm.CauseAuthenticationRejected,
		"suci-0-001-01-0-1-1-00":                    nudm.CauseAuthenticationRejected, // too short for Profile A
		"suci-0-001-01-0-1-9-00":                    nudm.CauseAuthenticationRejected, // no key 9
		"suci-0-001-01-0-1-1-0g":                    nudm.CauseAuthenticationRejected,
		"suci-0-001-01-0-3-1-00":                    nudm.CauseAuthenticationRejected, // a reserved scheme
		"suci-0-001-01-0-1-256-00":                  nudm.CauseAuthenticationRejected,
		"suci-0-001-01-0-1-1":                       nudm.CauseAuthenticationRejected,
		"suci-0-001-01-0-1-1-" + longHex(1000):      nudm.CauseAuthenticationRejected,
		"suci-0-001-01-0-1-1-" + longHex(2*(32+13)): nudm.CauseAuthenticationRejected, // a MAC that does not verify
	} {
		result, err := u.GenerateAuthData(t.Context(), id, nudm.AuthenticationInfoRequest{ServingNetworkName: network})
		if want == "" {
			if err != nil || result.SUPI != known {
				t.Errorf("%.60q: SUPI %s, error %v", id, result.SUPI, err)
			}
			continue
		}
		if p, ok := errors.AsType[*sbi.ProblemDetails](err); !ok || p.Cause != want || result.SUPI != "" || strings.Contains(p.Detail, "\n") {
			t.Errorf("%.60q: error %v, want %s", id, err, want)
		}
	}
}

func longHex(n int) string { return strings.Repeat("a", n) }

// FuzzIdentity: any text that a UE sends gets an answer.
func FuzzIdentity(f *testing.F) {
	f.Add("imsi-001010000000001")
	f.Add("suci-0-001-01-0-0-0-0000000001")
	f.Add("suci-0-001-01-0-1-1-" + longHex(2*(32+13)))
	f.Fuzz(func(t *testing.T, id string) {
		u, _, _ := newUDM(t)
		result, err := u.GenerateAuthData(t.Context(), id, nudm.AuthenticationInfoRequest{ServingNetworkName: network})
		if (err == nil) != (result.SUPI == known) {
			t.Fatalf("SUPI %q, error %v", result.SUPI, err)
		}
	})
}

// TestServingNetwork: TS 33.501 §6.1.2.
func TestServingNetwork(t *testing.T) {
	u, _, _ := newUDM(t)
	for _, name := range []string{"", "5G:mnc002.mcc001.3gppnetwork.org", network + ":0", strings.Repeat("x", 1e6)} {
		_, err := u.GenerateAuthData(t.Context(), string(known), nudm.AuthenticationInfoRequest{ServingNetworkName: name})
		p, ok := errors.AsType[*sbi.ProblemDetails](err)
		if !ok || p.Cause != nudm.CauseServingNetworkNotAuthorized || !strings.Contains(p.Detail, "allowed: 00101") || len(p.Detail) > 300 {
			t.Errorf("%.60q: error %.300v", name, err)
		}
	}
}

func TestBadSubscription(t *testing.T) {
	for name, spoil := range map[string]func(*nudr.AuthenticationSubscription){
		"method":    func(a *nudr.AuthenticationSubscription) { a.AuthenticationMethod = "EAP_TLS" },
		"algorithm": func(a *nudr.AuthenticationSubscription) { a.Algorithm = "xor" },
		"K":         func(a *nudr.AuthenticationSubscription) { a.K = a.K[:15] },
		"OPc":       func(a *nudr.AuthenticationSubscription) { a.OPc = nil },
		"TOPc":      func(a *nudr.AuthenticationSubscription) { a.Algorithm = "tuak" },
		"TUAK's K": func(a *nudr.AuthenticationSubscription) {
			a.Algorithm, a.K, a.OPc = "tuak", a.K[:3], make(nudr.Key, 32)
		},
	} {
		u, r, _ := newUDM(t)
		spoil(&r.auth)
		if _, err := u.GenerateAuthData(t.Context(), string(known), nudm.AuthenticationInfoRequest{ServingNetworkName: network}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestChallengesDiffer: each vector has a RAND of its own, TS 33.102 §6.3.2.
func TestChallengesDiffer(t *testing.T) {
	u, _, _ := newUDM(t)
	seen := make(map[aka.RAND]bool)
	for range 100 {
		result, err := u.GenerateAuthData(t.Context(), string(known), nudm.AuthenticationInfoRequest{ServingNetworkName: network})
		if err != nil {
			t.Fatal(err)
		}
		if seen[result.Vector.RAND] {
			t.Fatal("a RAND came twice")
		}
		seen[result.Vector.RAND] = true
	}
}

// TestSDM: TS 29.503 §5.2.2.2, at home and away.
func TestSDM(t *testing.T) {
	u, _, _ := newUDM(t)
	calls := func(supi ident.SUPI, plmn ident.PLMN) []error {
		_, am := u.AMData(t.Context(), supi, plmn)
		_, sel := u.SMFSelectData(t.Context(), supi, plmn)
		_, sm := u.SMData(t.Context(), supi, plmn, ident.SNSSAI{SST: 1}, "internet")
		return []error{am, sel, sm}
	}
	for i := range 3 {
		if err := calls(known, home)[i]; err != nil {
			t.Errorf("call %d: %v", i, err)
		}
		if err := calls(stranger, home)[i]; sbi.CauseOf(err) != nudm.CauseUserNotFound {
			t.Errorf("call %d: error %v, want %s", i, err, nudm.CauseUserNotFound)
		}
		if err := calls(known, ident.PLMN{0x13, 0x00, 0x14})[i]; sbi.CauseOf(err) != nudm.CauseRoamingNotAllowed {
			t.Errorf("call %d: error %v, want %s", i, err, nudm.CauseRoamingNotAllowed)
		}
	}
}

// TestUECM: TS 29.503 §5.3.2.
func TestUECM(t *testing.T) {
	u, _, _ := newUDM(t)
	ctx := t.Context()
	first := nudm.AMF3GPPAccessRegistration{AMFInstanceID: "a", GUAMI: ident.GUAMI{PLMN: home, Set: 1}}
	second := nudm.AMF3GPPAccessRegistration{AMFInstanceID: "b", GUAMI: ident.GUAMI{PLMN: home, Set: 2}}
	session := nudm.SMFRegistration{SMFInstanceID: "s", PDUSessionID: 5, PLMN: home}
	register := func(supi ident.SUPI, reg nudm.AMF3GPPAccessRegistration, previous string) sbi.Cause {
		t.Helper()
		was, err := u.RegisterAMF(ctx, supi, reg)
		if err != nil {
			return sbi.CauseOf(err)
		}
		if got := ""; was != nil && was.AMFInstanceID != previous || was == nil && previous != got {
			t.Fatalf("previous AMF %v, want %q", was, previous)
		}
		return ""
	}
	cause := func(err error) sbi.Cause {
		if err == nil {
			return ""
		}
		return sbi.CauseOf(err)
	}
	where := func(gpsi string, want nudm.AMF3GPPAccessRegistration) sbi.Cause {
		supi, got, err := u.GetAMF(ctx, gpsi)
		if err == nil && (supi != known || got != want) {
			t.Errorf("%s is at %+v as %s, want %+v", gpsi, got, supi, want)
		}
		return cause(err)
	}
	away := first
	away.GUAMI.PLMN = ident.PLMN{0x13, 0x00, 0x14}
	tooHigh := session
	tooHigh.PDUSessionID = 16
	for i, step := range []struct{ got, want sbi.Cause }{
		{register(stranger, first, ""), nudm.CauseUserNotFound},
		{register(known, away, ""), nudm.CauseRoamingNotAllowed},
		{cause(u.DeregisterAMF(ctx, known, first.GUAMI)), nudm.CauseContextNotFound},
		{register(known, first, ""), ""},
		{register(known, first, ""), ""},
		{register(known, second, "a"), ""},
		{cause(u.DeregisterAMF(ctx, known, first.GUAMI)), nudm.CauseInvalidGUAMI},
		{where("msisdn-491700001", second), ""}, // TS 29.503 §5.3.2.5.2
		{where("msisdn-491700009", nudm.AMF3GPPAccessRegistration{}), nudm.CauseUserNotFound},
		{cause(u.RegisterSMF(ctx, stranger, session)), nudm.CauseUserNotFound},
		{cause(u.RegisterSMF(ctx, known, tooHigh)), sbi.CauseMandatoryIEIncorrect},
		{cause(u.RegisterSMF(ctx, known, session)), ""},
		{cause(u.DeregisterAMF(ctx, known, second.GUAMI)), ""},
		{where("msisdn-491700001", nudm.AMF3GPPAccessRegistration{}), nudm.CauseContextNotFound},
		{cause(u.DeregisterSMF(ctx, known, 6)), nudm.CauseContextNotFound},
		{cause(u.DeregisterSMF(ctx, known, 5)), ""},
		{cause(u.DeregisterSMF(ctx, known, 5)), nudm.CauseContextNotFound},
		{cause(u.ConfirmAuth(ctx, stranger, nudm.AuthEvent{})), nudm.CauseUserNotFound},
	} {
		if step.got != step.want {
			t.Errorf("step %d: cause %q, want %q", i, step.got, step.want)
		}
	}
}
