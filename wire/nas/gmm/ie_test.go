package gmm

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/nas/internal/nastest"
)

type element interface {
	Append([]byte) ([]byte, error)
}

// TestElements reads values and writes them again, for elements with several forms.
func TestElements(t *testing.T) {
	tai := func(tac ident.TAC) ident.TAI { return ident.TAI{PLMN: testPLMN, TAC: tac} }
	other := ident.TAI{PLMN: ident.PLMN{0x00, 0xf1, 0x10}, TAC: 8}
	address := []byte{1, 2, 3, 4, 5, 6}
	tests := []struct {
		name, hex string
		want      element
	}{
		{"5G-GUTI TS 24.501 §9.11.3.4", "f299f907020043c00006c4", GUTIIdentity(testGUTI)},
		{"5G-S-TMSI TS 24.501 §9.11.3.4", "f40043c00006c4", STMSIIdentity(testGUTI.STMSI())},
		{"no identity TS 24.501 §9.11.3.4", "00", MobileIdentity{}},
		{"MAC address TS 24.501 §9.11.3.4", "0e010203040506", MobileIdentity{Type: IdentityMAC, Address: address, MAURI: true}},
		{"EUI-64 TS 24.501 §9.11.3.4", "070102030405060708", MobileIdentity{Type: IdentityEUI64, Address: []byte{1, 2, 3, 4, 5, 6, 7, 8}}},
		{"IMEI TS 24.501 §9.11.3.4", "3b65390853468390", mustEquipment(t, "356938035643809")},
		{"IMEISV TS 24.501 §9.11.3.4", "4573806121856151f1", mustEquipment(t, "4370816125816151")},
		{"SUCI of the null scheme TS 24.501 §9.11.3.4", "0199f907f0ff00000000000010", SUCIIdentity(mustSUCI(t, "imsi-999700000000001"))},
		{"SUCI of odd digits TS 24.501 §9.11.3.4", "0199f907f0ff00002143f5", SUCIIdentity(mustSUCI(t, "imsi-9997012345"))},
		{"TAIs of one PLMN TS 24.501 §9.11.3.9", "0199f907000001000007", TAIList{{TAIsOfOnePLMN, []ident.TAI{tai(1), tai(7)}}}},
		{"consecutive TAIs TS 24.501 §9.11.3.9", "2299f907fffffe", TAIList{{ConsecutiveTAIs, []ident.TAI{tai(0xfffffe), tai(0xffffff), tai(0)}}}},
		{"TAIs of several PLMNs TS 24.501 §9.11.3.9", "4199f90700000100f110000008", TAIList{{TAIsOfSeveralPLMNs, []ident.TAI{tai(1), other}}}},
		{"two partial lists TS 24.501 §9.11.3.9", "0099f9070000012099f907000009", TAIList{{TAIsOfOnePLMN, []ident.TAI{tai(1)}}, {ConsecutiveTAIs, []ident.TAI{tai(9)}}}},
		{"service areas TS 24.501 §9.11.3.49", "8099f9070000016099f907", ServiceAreaList{
			{NotAllowed: true, TAIs: []ident.TAI{tai(1)}}, {Type: AllTAIs, PLMN: testPLMN}}},
		{"NSSAI TS 24.501 §9.11.3.37", "0101 0402010203 0502010203 01", NSSAI{{SNSSAI: slice1}, {SNSSAI: slice2}, {SNSSAI: slice2, Mapped: &slice1}}},
		{"rejected NSSAI TS 24.501 §9.11.3.46", "1001 4102010203", RejectedNSSAI{{slice1, 0, 0}, {slice2, NotAvailableInRegistrationArea, 0}}},
		{"PLMN list TS 24.501 §9.11.3.45", "99f90700f110", PLMNList{testPLMN, other.PLMN}},
		{"reactivation errors TS 24.501 §9.11.3.43", "052b0f5c", ReactivationErrors{{5, CauseLADNNotAvailable}, {15, CauseInsufficientUserPlaneResourcesForThePDUSession}}},
		{"PSI set TS 24.501 §9.11.3.44", "2280", NewPSISet(1, 5, 15)},
		{"network name in UCS2 TS 24.501 §9.11.3.35", "98004cd83dde00", NetworkName{Name: "L😀", UCS2: true, AddCountryInitials: true}},
	}
	for _, test := range tests {
		in := nastest.Unhex(t, test.hex)
		got := reflect.New(reflect.TypeOf(test.want))
		err, _ := got.MethodByName("Parse").Call([]reflect.Value{reflect.ValueOf(in)})[0].Interface().(error)
		if err != nil || !reflect.DeepEqual(got.Elem().Interface(), test.want) {
			t.Errorf("%s: %+v, %v, want %+v", test.name, got.Elem(), err, test.want)
		}
		if b, err := test.want.Append(nil); err != nil || !bytes.Equal(b, in) {
			t.Errorf("%s: %x, %v, want %x", test.name, b, err, in)
		}
	}
}

func mustEquipment(t *testing.T, digits string) MobileIdentity {
	t.Helper()
	m, err := EquipmentIdentityOf(digits)
	if err != nil || m.Equipment.String() != digits {
		t.Fatalf("%s: %v, %v", digits, m.Equipment, err)
	}
	return m
}

func mustSUCI(t *testing.T, supi ident.SUPI) SUCI {
	t.Helper()
	s, err := NullSchemeSUCI(supi, testPLMN)
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := s.SUPI(); !ok || got != supi {
		t.Fatalf("SUPI: %s, %v, want %s", got, ok, supi)
	}
	return s
}

// TS 29.571 §5.3.2, and the concealed form for logs.
func TestSUCIText(t *testing.T) {
	null := mustSUCI(t, "imsi-999700000000012")
	a := SUCI{PLMN: testPLMN, RoutingIndicator: RoutingIndicator{0x21, 0xf3}, Scheme: ProfileA, PublicKeyID: 27, SchemeOutput: []byte{0xab, 0xcd}}
	nai := SUCI{Format: SUPINetworkSpecific, NAI: []byte("user1@example.com")}
	tests := []struct{ got, want string }{
		{null.String(), "suci-0-999-70-0-0-0-0000000012"},
		{null.Conceal(), "suci-0-999-70-0-0-0-***12"},
		{a.String(), "suci-0-999-70-123-1-27-abcd"},
		{a.Conceal(), "suci-0-999-70-123-1-27-***"},
		{nai.String(), "suci-1-user1@example.com"},
		{nai.Conceal(), "suci-1-***"},
		{SUCIIdentity(null).String(), "suci-0-999-70-0-0-0-***12"},
		{GUTIIdentity(testGUTI).String(), "5g-guti-99970-020043-c00006c4"},
		{MobileIdentity{Type: IdentityIMEI}.String(), "IMEI"},
	}
	for _, test := range tests {
		if test.got != test.want {
			t.Errorf("%q, want %q", test.got, test.want)
		}
	}
	if _, ok := a.SUPI(); ok || a.MSIN() != "" {
		t.Error("Profile A gives away a SUPI")
	}
	if _, err := NullSchemeSUCI("imsi-001010000000001", testPLMN); err == nil || strings.Contains(err.Error(), "0000000001") {
		t.Errorf("SUPI of another PLMN: %v", err)
	}
}

// TS 24.501 §9.11.3.4, note 2: routing indicators of 1 to 4 digits.
func TestRoutingIndicator(t *testing.T) {
	for text, want := range map[string]RoutingIndicator{"0": NoRoutingIndicator, "12": {0x21, 0xff}, "567": {0x65, 0xf7}, "0000": {0, 0}} {
		got, err := ParseRoutingIndicator(text)
		if err != nil || got != want || got.String() != text || !got.valid() {
			t.Errorf("%s: %x, %v", text, got, err)
		}
	}
	for _, bad := range []string{"", "12345", "1a"} {
		if r, err := ParseRoutingIndicator(bad); err == nil {
			t.Errorf("%q: %x", bad, r)
		}
	}
}

// Values that are syntactically wrong.
func TestParseErrors(t *testing.T) {
	tests := []struct {
		name string
		to   interface{ Parse([]byte) error }
		hex  string
	}{
		{"empty identity", new(MobileIdentity), ""},
		{"GUTI too short", new(MobileIdentity), "f299f907020043c00006"},
		{"GUTI with a bad PLMN", new(MobileIdentity), "f2aaf907020043c00006c4"},
		{"IMEI of no digits", new(MobileIdentity), "3b653908534683f0"},
		{"SUCI without output", new(MobileIdentity), "0199f907f0ff0000"},
		{"SUCI with a gap in the routing indicator", new(MobileIdentity), "0199f9071ff1000000"},
		{"SUCI whose MSIN is too long", new(MobileIdentity), "0199f907f0ff0000000000000010"},
		{"SUCI without NAI", new(MobileIdentity), "11"},
		{"MAC address too short", new(MobileIdentity), "0601020304"},
		{"reserved TAI list type", new(TAIList), "6099f907000001"},
		{"TAI list too short", new(TAIList), "0199f907000001"},
		{"TAI of a bad PLMN", new(TAIList), "00aaf907000001"},
		{"S-NSSAI of 3 octets", new(NSSAI), "03010203"},
		{"S-NSSAI beyond the end", new(NSSAI), "0401"},
		{"rejected S-NSSAI of 2 octets", new(RejectedNSSAI), "200102"},
		{"PLMN list of 4 octets", new(PLMNList), "99f90700"},
		{"PSI set of one octet", new(PSISet), "20"},
		{"odd reactivation errors", new(ReactivationErrors), "052b0f"},
		{"network name of a reserved coding", new(NetworkName), "a000"},
		{"month 13", new(TimeZoneAndTime), "62312211728300"},
		{"time of no digits", new(TimeZoneAndTime), "6a112211728300"},
	}
	for _, test := range tests {
		if err := test.to.Parse(nastest.Unhex(t, test.hex)); err == nil {
			t.Errorf("%s: %+v", test.name, test.to)
		}
	}
}

// TS 24.501 §9.11.3.9 and TS 24.501 §9.11.3.37: what follows the 16th entry is ignored, and no more is written.
func TestMaximum(t *testing.T) {
	var tais TAIList
	in := bytes.Repeat(nastest.Unhex(t, "0f99f907"+strings.Repeat("000001", 16)), 2)
	if err := tais.Parse(in); err != nil || len(tais.All()) != maxTAIs {
		t.Errorf("%d TAIs, %v", len(tais.All()), err)
	}
	if b, err := append(tais, tais[0]).Append(nil); err == nil {
		t.Errorf("32 TAIs: %x", b)
	}
	var slices NSSAI
	if err := slices.Parse(bytes.Repeat([]byte{1, 1}, 20)); err != nil || len(slices) != MaxNSSAI {
		t.Errorf("%d slices, %v", len(slices), err)
	}
	if b, err := append(slices, slices[0]).Append(nil); err == nil {
		t.Errorf("17 slices: %x", b)
	}
}

func TestNewTAIList(t *testing.T) {
	p := testPLMN
	tests := []struct {
		tais []ident.TAI
		want TAIListType
	}{
		{[]ident.TAI{{PLMN: p, TAC: 1}}, TAIsOfOnePLMN},
		{[]ident.TAI{{PLMN: p, TAC: 1}, {PLMN: p, TAC: 2}}, ConsecutiveTAIs},
		{[]ident.TAI{{PLMN: p, TAC: 1}, {PLMN: p, TAC: 3}}, TAIsOfOnePLMN},
		{[]ident.TAI{{PLMN: p, TAC: 1}, {PLMN: ident.PLMN{0, 0xf1, 0x10}, TAC: 2}}, TAIsOfSeveralPLMNs},
	}
	for _, test := range tests {
		l := NewTAIList(test.tais...)
		if l[0].Type != test.want || !slices.Equal(l.All(), test.tais) || !l.Contains(test.tais[len(test.tais)-1]) {
			t.Errorf("%v: %+v", test.tais, l)
		}
	}
	if NewTAIList() != nil {
		t.Error("empty list")
	}
}

// TS 23.038 §6.1.2.1.1 and TS 23.038 §6.2.1.
func TestNetworkName(t *testing.T) {
	if n := len([]rune(gsmAlphabet)); n != 128 {
		t.Fatalf("alphabet of %d characters", n)
	}
	for _, name := range []string{"", "L", "hellohello", "Limpid", "1234567", "12345678", "ÅÄÖ@£", "¡Olé!"} {
		b, err := NetworkName{Name: name}.Append(nil)
		var got NetworkName
		if err != nil || got.Parse(b) != nil || got.Name != name || got.UCS2 {
			t.Errorf("%q: %x, %+v, %v", name, b, got, err)
		}
	}
	if b, err := (NetworkName{Name: "hellohello"}).Append(nil); err != nil || hex.EncodeToString(b) != "82e8329bfd4697d9ec37" {
		t.Errorf("hellohello: %x, %v", b, err)
	}
	if b, err := (NetworkName{Name: strings.Repeat("é", 300)}).Append(nil); err == nil {
		t.Errorf("300 letters: %x", b)
	}
}

func TestTimeZone(t *testing.T) {
	for offset, want := range map[time.Duration]TimeZone{0: 0, 2 * time.Hour: 0x80, -3 * time.Hour: 0x29, 14 * time.Hour: 0x65, -45 * time.Minute: 0x38} {
		if z := NewTimeZone(offset); z != want || z.Offset() != offset {
			t.Errorf("%v: %#x, %v", offset, z, z.Offset())
		}
	}
}

func TestPSISet(t *testing.T) {
	s := NewPSISet(0, 1, 15, 16).Without(1).With(7)
	if got := slices.Collect(s.All()); !slices.Equal(got, []uint8{7, 15}) || s.Has(0) || s.Has(16) || !s.Has(7) {
		t.Errorf("%v", got)
	}
	var p PSISet
	if err := p.Parse([]byte{0xff, 0, 9, 9}); err != nil || p != 0xfe {
		t.Errorf("%#x, %v", p, err)
	}
}

// TS 24.501 §9.11.3.1, TS 24.501 §9.11.3.5 and TS 24.501 §9.11.3.54.
func TestCapabilities(t *testing.T) {
	c := NewUESecurityCapability([]uint8{0, 2}, []uint8{1, 2, 3})
	if !bytes.Equal(c, []byte{0xa0, 0x70}) || !c.EA(0) || c.EA(1) || !c.EA(2) || c.IA(0) || !c.IA(3) || c.EEA(0) || c.EIA(0) || c.EA(8) {
		t.Errorf("%x", c)
	}
	if g := (Capability{0x05, 0x40}); !g.S1Mode() || g.HandoverAttach() || !g.LPP() || !g.NSSAA() || g.RACS() || g.ExtendedRejectedNSSAI() || g.Supports(2, 1) {
		t.Errorf("%x", g)
	}
	if n := (NetworkFeatureSupport{0x4d}); !n.IMSVoPS3GPP() || n.IMSVoPSNon3GPP() || n.Emergency() != 3 || !n.InterworkingWithoutN26() {
		t.Errorf("%x", n)
	}
	if RegistrationType(8).Value() != InitialRegistration || ServiceType(10).Value() != ServiceData || ServiceType(8).Value() != ServiceSignalling {
		t.Error("unused values")
	}
	if a := NewSecurityAlgorithms(2, 1); a.Ciphering() != 2 || a.Integrity() != 1 {
		t.Errorf("%#x", a)
	}
}

// TS 24.501 §9.11.3.39.
func TestPayloads(t *testing.T) {
	want := []Payload{
		{Type: PayloadN1SM, IEs: []PayloadIE{{0x12, []byte{5}}, {0x80, []byte{1}}}, Contents: []byte{0x2e, 5, 1, 0xd4}},
		{Type: PayloadSMS, Contents: []byte{9}},
	}
	b, err := AppendPayloads(nil, want)
	if err != nil || hex.EncodeToString(b) != "02000b211201058001012e0501d400020209" {
		t.Fatalf("%x, %v", b, err)
	}
	got, err := ParsePayloads(b)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	if psi, ok := got[0].PDUSessionID(); !ok || psi != 5 {
		t.Errorf("PDU session %d", psi)
	}
	if _, ok := got[1].PDUSessionID(); ok {
		t.Error("a short message has a PDU session")
	}
	for n := range b {
		if p, err := ParsePayloads(b[:n]); err == nil {
			t.Errorf("%d octets: %+v", n, p)
		}
	}
	if _, err := AppendPayloads(nil, []Payload{{Contents: make([]byte, 1<<16)}}); err == nil {
		t.Error("payload too long")
	}
}
