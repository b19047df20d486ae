package amf

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nausf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

func testConfig() Config {
	plmn, _ := ident.ParsePLMN("00101")
	return Config{
		Name: "limpid", GUAMI: ident.GUAMI{PLMN: plmn, Region: 1, Set: 1},
		PLMNs:     []PLMNSupport{{PLMN: plmn, Slices: []ident.SNSSAI{{SST: 1, SD: ident.NoSD}}}},
		TAIs:      []ident.TAI{{PLMN: plmn, TAC: 1}},
		Ciphering: []uint8{2, 1}, Integrity: []uint8{2}, MaxProcedures: 10,
	}
}

func testAMF(t *testing.T, cfg Config) *AMF {
	t.Helper()
	a, err := New(cfg, Services{}, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestNewRefuses: an AMF is not built without what it cannot do without, and never with null integrity (TS 33.501 §5.5.2).
func TestNewRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*Config){
		"name": func(c *Config) { c.Name = "" }, "PLMN": func(c *Config) { c.PLMNs = nil }, "TAI": func(c *Config) { c.TAIs = nil },
		"ciphering": func(c *Config) { c.Ciphering = nil }, "NIA0": func(c *Config) { c.Integrity = []uint8{2, 0} },
	} {
		cfg := testConfig()
		spoil(&cfg)
		if _, err := New(cfg, Services{}, nil, slog.Default()); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestCollisionTable: each kind of message finds its row, and each row has a letter for every procedure that waits.
func TestCollisionTable(t *testing.T) {
	a := testAMF(t, testConfig())
	conn, other := &connection{}, &connection{}
	request, again := &gmm.RegistrationRequest{RegistrationType: 1}, &gmm.RegistrationRequest{RegistrationType: 1}
	differs, unknown := &gmm.RegistrationRequest{RegistrationType: 2}, ngap.CauseRadioNetworkUnknownLocalUENGAPID
	for _, tt := range []struct {
		running running
		arrives any
		want    procedure.Decision
	}{
		{registration, &initialMessage{verified: true}, procedure.Supersede},
		{serviceRequest, &initialMessage{verified: true}, procedure.Supersede},
		{anRelease, &initialMessage{verified: true}, procedure.Queue},
		{registration, &connectionLost{conn: conn}, procedure.Supersede},
		{anRelease, &connectionLost{conn: conn}, procedure.Supersede},
		{anRelease, &connectionLost{conn: other}, procedure.Inline},
		{registration, &ngap.UEContextReleaseRequest{}, procedure.Supersede},
		{serviceRequest, &ngap.UEContextReleaseRequest{}, procedure.Supersede},
		{configurationUpdate, &ngap.UEContextReleaseRequest{}, procedure.Supersede},
		{contextModification, &ngap.UEContextReleaseRequest{}, procedure.Queue},
		{anRelease, &ngap.UEContextReleaseRequest{}, procedure.Queue},
		{registration, &ngap.UERadioCapabilityInfoIndication{}, procedure.Inline},
		{registration, &ngap.NASNonDeliveryIndication{}, procedure.Inline},
		{registration, &gmm.Status{}, procedure.Inline},
		{registration, &n1n2{}, procedure.Queue},
		{registration, &gmm.ULNASTransport{}, procedure.Queue},
		{registration, &replaced{}, procedure.Queue},
		{registration, &initialMessage{conn: other}, procedure.Inline},                // anybody who names this UE
		{paging, &initialMessage{conn: other}, procedure.Inline},                      // likewise
		{registration, &initialMessage{conn: conn, message: again}, procedure.Inline}, // the same request
		{registration, &initialMessage{conn: conn, message: differs}, procedure.Supersede},
		{registration, &ngap.ErrorIndication{Cause: &unknown}, procedure.Supersede},
		{registration, &ngap.ErrorIndication{}, procedure.Inline},
	} {
		u := &ue{amf: a, running: tt.running, conn: conn, supi: "imsi-001010000000001", transient: &transient{request: request}}
		if got := u.Collide(tt.arrives); got != tt.want {
			t.Errorf("%s, %T arrives: decision %d, want %d", tt.running, tt.arrives, got, tt.want)
		}
	}
}

// TestAlgorithmChoice: the operator's order decides among what the UE has, TS 33.501 §5.11.2 and §6.7.2.
func TestAlgorithmChoice(t *testing.T) {
	a := testAMF(t, testConfig())
	for _, tt := range []struct {
		ea, ia   []uint8
		nea, nia uint8
		refused  bool
	}{
		{[]uint8{0, 1, 2, 3}, []uint8{0, 1, 2, 3}, 2, 2, false},
		{[]uint8{0, 1}, []uint8{2}, 1, 2, false},
		{[]uint8{0, 3}, []uint8{2}, 0, 0, true},
		{[]uint8{2}, []uint8{0}, 0, 0, true},
		{[]uint8{2}, nil, 0, 0, true},
	} {
		s, err := a.newSecurity([32]byte{1}, 3, gmm.NewUESecurityCapability(tt.ea, tt.ia))
		if tt.refused {
			if r, ok := errors.AsType[*refusal](err); !ok || r.cause != gmm.CauseUESecurityCapabilitiesMismatch {
				t.Errorf("EA %v IA %v: %v", tt.ea, tt.ia, err)
			}
			continue
		}
		if err != nil || s.ciphering != tt.nea || s.integrity != tt.nia || s.nas.MAC == nil || s.ksi != 3 {
			t.Errorf("EA %v IA %v: NEA%d NIA%d, %v", tt.ea, tt.ia, s.ciphering, s.integrity, err)
		}
	}
}

// TestCapabilitiesToNGAP: NAS begins with algorithm 0, NGAP with algorithm 1 (TS 38.413 §9.3.1.86).
func TestCapabilitiesToNGAP(t *testing.T) {
	got := ngapCapabilities(gmm.NewUESecurityCapability([]uint8{0, 1, 2}, []uint8{1, 3}))
	if got.NRencryptionAlgorithms != 0xc000 || got.NRintegrityProtectionAlgorithms != 0xa000 || got.EUTRAencryptionAlgorithms != 0 {
		t.Errorf("%+v", got)
	}
}

// TestCauseOfProblem maps application errors, TS 29.524 §4.2.2.2.
func TestCauseOfProblem(t *testing.T) {
	for problem, want := range map[sbi.Cause]gmm.Cause{
		nudm.CauseUserNotFound:                     gmm.CauseIllegalUE,
		nausf.CauseServingNetworkNotAuthorized:     gmm.CauseServingNetworkNotAuthorized,
		nudm.CauseRoamingNotAllowed:                gmm.CausePLMNNotAllowed,
		sbi.CauseSystemFailure:                     gmm.CauseCongestion,
		sbi.CauseInsufficientResource:              gmm.CauseCongestion,
		sbi.Cause("SOMETHING_NOBODY_HAS_HEARD_OF"): gmm.CauseProtocolErrorUnspecified,
	} {
		r, tell := refusalOf(sbi.Problem(400, problem, "x"))
		if !tell || r.cause != want {
			t.Errorf("%s: %v, %v", problem, r, tell)
		}
	}
	if _, tell := refusalOf(procedure.ErrSuperseded); tell {
		t.Error("a superseded procedure has nobody to answer")
	}
}

// TestTable: a 5G-TMSI belongs to one UE, and dropping a UE leaves a newer owner alone.
func TestTable(t *testing.T) {
	var table ueTable
	table.init()
	u, v := &ue{}, &ue{}
	seen := make(map[uint32]bool)
	for range 1000 {
		tmsi := table.allotTMSI(u)
		if seen[tmsi] {
			t.Fatalf("%08x twice", tmsi)
		}
		seen[tmsi] = true
	}
	table.bySUPI.put("imsi-001010000000001", u)
	if old := table.bySUPI.put("imsi-001010000000001", v); old != u {
		t.Error("the older owner is not told")
	}
	table.bySUPI.drop("imsi-001010000000001", u)
	if table.bySUPI.get("imsi-001010000000001") != v {
		t.Error("the newer owner is gone")
	}
}

// slowUDM needs its time to end a registration.
type slowUDM struct {
	nudm.UECM
	told []string
}

func (u *slowUDM) RegisterAMF(context.Context, ident.SUPI, nudm.AMF3GPPAccessRegistration) (*nudm.AMF3GPPAccessRegistration, error) {
	u.told = append(u.told, "registered")
	return nil, nil
}

func (u *slowUDM) DeregisterAMF(context.Context, ident.SUPI, ident.GUAMI) error {
	time.Sleep(time.Second)
	u.told = append(u.told, "deregistered")
	return nil
}

// TestComesWhileItGoes: a subscriber that registers anew while its older context goes is known at the UDM afterwards, TS 29.503 §5.3.2.
func TestComesWhileItGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, udm := bareAMF(), new(slowUDM)
		a.services.UECM = udm
		goes, comes := a.newUE(), a.newUE()
		goes.supi, comes.supi, goes.known, goes.registered = "imsi-001010000000001", "imsi-001010000000001", true, true
		a.ues.bySUPI.put(goes.supi, goes)
		go goes.leave(t.Context(), ngap.CauseNASDeregister)
		synctest.Wait() // it speaks with the UDM
		a.ues.bySUPI.put(comes.supi, comes)
		if err := comes.registerAtUDM(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if want := []string{"deregistered", "registered"}; !slices.Equal(udm.told, want) {
			t.Errorf("the UDM was told %v, want %v", udm.told, want)
		}
		if a.ues.bySUPI.get(comes.supi) != comes {
			t.Error("the newer context is gone")
		}
	})
}

// TestSetupRefusals names what is wrong and what to change, TS 38.413 §8.7.1.4.
func TestSetupRefusals(t *testing.T) {
	a := testAMF(t, testConfig())
	home, _ := ident.ParsePLMN("00101")
	foreign, _ := ident.ParsePLMN("99970")
	one := []ident.SNSSAI{{SST: 1, SD: ident.NoSD}}
	for _, tt := range []struct {
		tai    ident.TAI
		slices []ident.SNSSAI
		cause  ngap.Cause
		change string
	}{
		{ident.TAI{PLMN: foreign, TAC: 1}, one, ngap.CauseMiscUnknownPLMNOrSNPN, "PLMN"},
		{ident.TAI{PLMN: home, TAC: 2}, one, ngap.CauseMiscUnspecified, "TAC"},
		{ident.TAI{PLMN: home, TAC: 1}, []ident.SNSSAI{{SST: 2, SD: ident.NoSD}}, ngap.CauseRadioNetworkSliceNotSupported, "slices"},
	} {
		r := a.refuseTAs(map[ident.TAI][]ident.SNSSAI{tt.tai: tt.slices})
		if r == nil || r.cause != tt.cause || !strings.Contains(r.change, tt.change) {
			t.Errorf("%v %v: %+v", tt.tai, tt.slices, r)
		}
	}
	if r := a.refuseTAs(map[ident.TAI][]ident.SNSSAI{{PLMN: home, TAC: 1}: one, {PLMN: foreign, TAC: 9}: one}); r != nil {
		t.Errorf("one good area is enough: %+v", r)
	}
}

// TestCollisionRows: no cell of the collision table is left open.
func TestCollisionRows(t *testing.T) {
	for _, a := range append(arrivals(), reminder) {
		row := a.row()
		if len(row) != len(columns()) || strings.Trim(row, "SQI.") != "" {
			t.Errorf("%s: row %q", a, row)
		}
	}
	if n := len(Collisions()); n < 200 {
		t.Errorf("only %d cells", n)
	}
}
