package gmm

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/internal/nastest"
	"github.com/limpid-5g/limpid/wire/nas/internal/tlv"
)

var (
	testPLMN = ident.PLMN{0x99, 0xf9, 0x07}
	testTAI  = ident.TAI{PLMN: testPLMN, TAC: 1}
	testGUTI = ident.GUTI{GUAMI: ident.GUAMI{PLMN: testPLMN, Region: 2, Set: 1, Pointer: 3}, TMSI: 0xc00006c4}
	slice1   = ident.SNSSAI{SST: 1, SD: ident.NoSD}
	slice2   = ident.SNSSAI{SST: 2, SD: 0x010203}
)

// samples are values of the types that have a form of their own.
func samples() map[reflect.Type]any {
	values := []any{
		GUTIIdentity(testGUTI), NewTAIList(testTAI), NSSAI{{SNSSAI: slice2}}, RejectedNSSAI{{slice1, 1, 0}},
		PLMNList{testPLMN}, ServiceAreaList{{TAIs: []ident.TAI{testTAI}}}, ReactivationErrors{{5, CauseLADNNotAvailable}},
		NewPSISet(1, 15), NetworkName{Name: "Limpid"}, ident.DNN("internet"), testTAI, testPLMN,
		TimeZoneAndTime{time.Date(2026, 11, 22, 11, 27, 38, 0, time.FixedZone("", 3600))}, nas.SNSSAI{SNSSAI: slice2},
	}
	m := make(map[reflect.Type]any)
	for _, v := range values {
		m[reflect.TypeOf(v)] = v
	}
	return m
}

// filled returns a message with every element of its table.
func filled(tb testing.TB, t MessageType) Message {
	tb.Helper()
	m := newMessage(t)
	nastest.Fill(tb, m, samples())
	switch m := m.(type) {
	case *ServiceRequest:
		m.STMSI = STMSIIdentity(testGUTI.STMSI())
	case *SecurityModeComplete:
		imeisv, err := EquipmentIdentityOf("4370816125816151")
		if err != nil {
			tb.Fatal(err)
		}
		m.IMEISV, m.NonIMEISVPEI = &imeisv, &MobileIdentity{Type: IdentityMAC, Address: []byte{1, 2, 3, 4, 5, 6}, MAURI: true}
	}
	return m
}

func allTypes() []MessageType {
	var types []MessageType
	for t := range 256 {
		if newMessage(MessageType(t)) != nil {
			types = append(types, MessageType(t))
		}
	}
	return types
}

// TS 24.501 §8.2: every message with every element comes back as it was.
func TestEveryElement(t *testing.T) {
	if n := len(allTypes()); n != 38-1 {
		t.Errorf("%d messages", n)
	}
	for _, typ := range allTypes() {
		m := filled(t, typ)
		b, err := Append([]byte{0xaa}, m)
		if err != nil {
			t.Errorf("%s: %v", m.Name(), err)
			continue
		}
		got, err := Decode(b[1:])
		if err != nil {
			t.Errorf("%s: %v", m.Name(), err)
			continue
		}
		if !same(m, got) {
			t.Errorf("%s: %+v, want %+v", m.Name(), got, m)
		}
		if got.MessageType() != typ || got.Name() != reflect.TypeOf(got).Elem().Name() {
			t.Errorf("%s says it is %s, %d", m.Name(), got.Name(), uint8(got.MessageType()))
		}
		truncations(t, b[1:])
	}
}

// same compares two messages; the time has pointers to locations that differ.
func same(a, b Message) bool {
	if c, ok := a.(*ConfigurationUpdateCommand); ok {
		d := *b.(*ConfigurationUpdateCommand)
		if !c.UniversalTimeAndLocalTimeZone.Time.Equal(d.UniversalTimeAndLocalTimeZone.Time) {
			return false
		}
		d.UniversalTimeAndLocalTimeZone = c.UniversalTimeAndLocalTimeZone
		b = &d
	}
	return reflect.DeepEqual(a, b)
}

// truncations checks that each head of b is an error or a message that can be written again.
func truncations(t *testing.T, b []byte) {
	t.Helper()
	for n := range b {
		m, err := Decode(b[:n:n])
		if err != nil {
			checkError(t, err)
			continue
		}
		if _, err := Append(nil, m); err != nil {
			t.Errorf("%x cut to %d octets: %v", b, n, err)
		}
	}
}

func checkError(t *testing.T, err error) {
	t.Helper()
	var e *nas.Error
	if !errors.As(err, &e) {
		t.Fatalf("error of type %T", err)
	}
	if _, ok := CauseOf(err); ok == e.Ignore {
		t.Errorf("%v: ignored %v, cause %v", err, e.Ignore, e.Cause)
	}
}

// respelled are PDUs whose sender filled spare bits in its own way: 5G-S-TMSI without the ones of TS 24.501 figure
// 9.11.3.4.5, IMEISV without the end mark.
var respelled = map[string]bool{
	"7e004c100007040040c00000897100157e004c100007040040c00000894002020050020200":               true,
	"7e004c100007040040c00000894002020050020200":                                               true,
	"7e005e77000915110000000000000071001a7e004109000d0199f9070000000000000000101001072e02a020": true,
}

func goldens(tb testing.TB) [][]byte {
	tb.Helper()
	var all [][]byte
	for _, c := range nastest.Calls(tb) {
		for _, p := range c.PDUs {
			b := p.Plain()
			all = append(all, b)
			m, err := Decode(b)
			if err != nil {
				tb.Fatalf("%x: %v", b, err)
			}
			switch m := m.(type) {
			case *SecurityModeComplete:
				all = append(all, m.NASMessageContainer)
			case *ServiceRequest:
				all = append(all, m.NASMessageContainer)
			}
		}
	}
	return all
}

// Messages of real calls are written again octet for octet.
func TestGolden(t *testing.T) {
	for _, b := range goldens(t) {
		m, err := Decode(b)
		if err != nil {
			t.Errorf("%x: %v", b, err)
			continue
		}
		again, err := Append(nil, m)
		if err != nil || bytes.Equal(again, b) == respelled[hex.EncodeToString(b)] {
			t.Errorf("%s: %x, %v, want %x", m.Name(), again, err, b)
		}
		truncations(t, b)
	}
}

func TestGoldenContents(t *testing.T) {
	accept := decode[*RegistrationAccept](t, "7e0042010177000bf299f907020040c00006c454074099f90700000115020101210201005e0192")
	if accept.RegistrationResult.Access() != Registered3GPP || accept.GUTI.GUTI.TMSI != 0xc00006c4 || accept.GUTI.GUTI.GUAMI.Set != 1 {
		t.Errorf("%+v", accept)
	}
	if !accept.TAIList.Contains(testTAI) || !reflect.DeepEqual(accept.AllowedNSSAI, NewNSSAI(slice1)) || !accept.NetworkFeatureSupport.IMSVoPS3GPP() {
		t.Errorf("%+v", accept)
	}
	if d, on := accept.T3512.Duration(); !on || d != 540*time.Second {
		t.Errorf("T3512: %v", d)
	}
	request := decode[*RegistrationRequest](t, "7e004179000d0199f9070000000000000000102e04f0f0f0f0")
	if supi, ok := request.MobileIdentity.SUCI.SUPI(); !ok || supi != "imsi-999700000000001" || request.NgKSI != NoKey || !request.RegistrationType.FollowOn() {
		t.Errorf("%+v, %v", request, supi)
	}
	complete := decode[*SecurityModeComplete](t, "7e005e7700094573806121856151f171000a7e004179000d0199f907")
	if complete.IMEISV.Equipment.String() != "4370816125816151" || len(complete.NASMessageContainer) != 10 {
		t.Errorf("%+v", complete)
	}
	command := decode[*ConfigurationUpdateCommand](t, "7e0054430f90004f00700065006e00350047005346004762112211728300490100")
	want := time.Date(2026, 11, 22, 11, 27, 38, 0, time.UTC)
	if command.FullNetworkName.Name != "Open5GS" || !command.UniversalTimeAndLocalTimeZone.Time.Equal(want) || *command.NetworkDaylightSavingTime != 0 {
		t.Errorf("%+v", command)
	}
}

func decode[M Message](t *testing.T, hex string) M {
	t.Helper()
	m, err := Decode(nastest.Unhex(t, hex))
	if err != nil {
		t.Fatal(err)
	}
	return m.(M)
}

// TS 24.501 §7: what the receiver does with bad messages.
func TestErrors(t *testing.T) {
	tests := []struct {
		name, hex string
		ignore    bool
		cause     Cause
		ie        string
	}{
		{"too short TS 24.501 §7.2.1", "7e00", true, 0, ""},
		{"other protocol", "2e0000", true, 0, ""},
		{"protected", "7e01000000000041", true, 0, ""},
		{"unknown type TS 24.501 §7.4", "7e00ff", false, CauseMessageTypeNonExistentOrNotImplemented, ""},
		{"missing mandatory TS 24.501 §7.5.1", "7e0041", false, CauseInvalidMandatoryInformation, "RegistrationType"},
		{"identity cut off TS 24.501 §7.5.1", "7e004179000d0199f907", false, CauseInvalidMandatoryInformation, "MobileIdentity"},
		{"identity of no digits TS 24.501 §7.5.1", "7e004179000d019ff9070000000000000000 10", false, CauseInvalidMandatoryInformation, "MobileIdentity"},
		{"comprehension required TS 24.501 §7.5.1", "7e0043 0e01aa", false, CauseInvalidMandatoryInformation, ""},
		{"comprehension required, no optional elements", "7e0055 0e01aa", false, CauseInvalidMandatoryInformation, ""},
	}
	for _, test := range tests {
		_, err := Decode(nastest.Unhex(t, test.hex))
		var e *nas.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		cause, _ := CauseOf(err)
		if e.Ignore != test.ignore || cause != test.cause || e.IE != test.ie {
			t.Errorf("%s: %+v", test.name, e)
		}
	}
	var m RegistrationComplete
	if cause, _ := CauseOf(m.Decode([]byte{0x7e, 0, 0x44, 3})); cause != CauseMessageTypeNotCompatibleWithTheProtocolState {
		t.Errorf("another type: %v", cause)
	}
}

// TS 24.501 §7.6 and TS 24.501 §7.7.1: optional elements that do not count.
func TestOptionalElements(t *testing.T) {
	tests := []struct{ name, hex, want string }{
		{"unknown skipped TS 24.501 §7.6.1", "7e00420101 3e01aa 7f0001bb 80 5e0192", "7e00420101 5e0192"},
		{"repeated: the first counts TS 24.501 §7.6.3", "7e00420101 5e0192 5e0193", "7e00420101 5e0192"},
		{"repeated after a wrong one: absent TS 24.501 §7.6.3", "7e00420101 5e00 5e0193", "7e00420101"},
		{"out of sequence TS 24.501 §7.6.2", "7e00420101 5e0192 15020101", "7e00420101 5e0192"},
		{"too short TS 24.501 §7.7.1", "7e00420101 540100 5e0192", "7e00420101 5e0192"},
		{"wrong contents TS 24.501 §7.7.1", "7e00420101 15020601 5e0192", "7e00420101 5e0192"},
		{"cut off TS 24.501 §7.7.1", "7e00420101 5e0192 6a02", "7e00420101 5e0192"},
		{"octets too many are ignored", "7e00420101 5e039200ff 6a0121", "7e00420101 5e0192 6a0121"},
		{"octets too many in a mandatory element", "7e004203010000 5e0192", "7e00420101 5e0192"},
	}
	for _, test := range tests {
		m, err := Decode(nastest.Unhex(t, test.hex))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if got, err := Append(nil, m); err != nil || !bytes.Equal(got, nastest.Unhex(t, test.want)) {
			t.Errorf("%s: %x, %v, want %s", test.name, got, err, test.want)
		}
	}
}

// A message that lacks or exceeds what its table says is not written.
func TestAppendErrors(t *testing.T) {
	tests := []struct {
		m    Message
		want string
	}{
		{&AuthenticationRequest{}, "AuthenticationRequest: ABBA: value has a length that the message does not allow: 0 octets, want 2 to 255"},
		{&RegistrationRequest{MobileIdentity: MobileIdentity{Type: IdentitySUCI}}, "RegistrationRequest: MobileIdentity: wrong length"},
		{&RegistrationAccept{TAIList: TAIList{}}, "RegistrationAccept: TAIList: value has a length that the message does not allow: 0 octets, want 7 to 112"},
		{&RegistrationAccept{EAPMessage: make([]byte, 1501)}, "RegistrationAccept: EAPMessage: value has a length that the message does not allow: 1501 octets, want 4 to 1500"},
		{&ULNASTransport{PayloadContainer: []byte{1}, DNN: ".."}, "ULNASTransport: DNN: wrong length"},
	}
	for _, test := range tests {
		if b, err := Append(nil, test.m); err == nil || err.Error() != test.want {
			t.Errorf("%s: %x, %v", test.m.Name(), b, err)
		}
	}
}

// A struct can be used again: nothing of the message before remains.
func TestDecodeInto(t *testing.T) {
	var m RegistrationRequest
	full, err := Append(nil, filled(t, TypeRegistrationRequest))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Decode(full); err != nil || m.RequestedT3512 == nil {
		t.Fatal(err)
	}
	small := nastest.Unhex(t, "7e004179000d0199f9070000000000000000102e04f0f0f0f0")
	if err := m.Decode(small); err != nil {
		t.Fatal(err)
	}
	if b, err := Append(nil, &m); err != nil || !bytes.Equal(b, small) {
		t.Errorf("%x, %v", b, err)
	}
}

func TestMessageType(t *testing.T) {
	for _, typ := range allTypes() {
		if typ.String() != newMessage(typ).Name() {
			t.Errorf("%#x: %s", uint8(typ), typ)
		}
	}
	if s := MessageType(0).String(); s != "unknown message type" {
		t.Error(s)
	}
}

func TestCause(t *testing.T) {
	if s := CausePLMNNotAllowed.Error(); s != "5GMM cause #11 PLMN not allowed" {
		t.Error(s)
	}
	if Cause(0).String() != "unknown cause" || CauseMACFailure != 20 || CauseSynchFailure != 21 || CauseIllegalUE != 3 {
		t.Error("causes")
	}
}

func FuzzDecode(f *testing.F) {
	for _, b := range goldens(f) {
		f.Add(b)
	}
	for _, t := range allTypes() {
		b, err := Append(nil, filled(f, t))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b)
		if err != nil {
			checkError(t, err)
			return
		}
		first, err := Append(nil, m)
		if errors.Is(err, tlv.ErrLength) {
			return // an identity of another type than the field's, followed by octets that are ignored
		}
		if err != nil {
			t.Fatalf("Append of %+v: %v", m, err)
		}
		again, err := Decode(first)
		if err != nil {
			t.Fatalf("Decode(%x): %v", first, err)
		}
		second, err := Append(nil, again)
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("%x, %v, then %x", first, err, second)
		}
	})
}
