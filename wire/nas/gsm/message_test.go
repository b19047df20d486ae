package gsm

import (
	"bytes"
	"errors"
	"net/netip"
	"reflect"
	"testing"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/nas/internal/nastest"
	"github.com/limpid-5g/limpid/wire/nas/internal/tlv"
)

// samples are values of the types that have a form of their own.
func samples() map[reflect.Type]any {
	values := []any{
		QoSRules{DefaultRule(1, 255, 1)}, QoSFlowDescriptions{NewQoSFlow(1, FiveQI(9))}, NewSessionAMBR(1e9, 2e8),
		PDUAddress{Type: IPv6, InterfaceID: [8]byte{7: 1}}, ident.DNN("internet"), IntegrityProtectionMaximumDataRate{RateFull, RateFull},
		nas.SNSSAI{SNSSAI: ident.SNSSAI{SST: 1, SD: 0x010203}}, MaximumPacketFilters(64), ServingPLMNRateControl(100),
		ProtocolConfigurationOptions(nil).AddDNS(netip.MustParseAddr("8.8.8.8")),
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

// TS 24.501 §8.3: every message with every element comes back as it was.
func TestEveryElement(t *testing.T) {
	if n := len(allTypes()); n != 20 {
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
		if err != nil || !reflect.DeepEqual(m, got) {
			t.Errorf("%s: %+v, %v, want %+v", m.Name(), got, err, m)
			continue
		}
		if got.MessageType() != typ || got.Name() != reflect.TypeOf(got).Elem().Name() || got.SessionID() != 1 || got.TransactionID() != 2 {
			t.Errorf("%s says it is %s, %d, %d, %d", m.Name(), got.Name(), uint8(got.MessageType()), got.SessionID(), got.TransactionID())
		}
		truncations(t, b[1:])
	}
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

// goldens are the 5GSM messages of real calls.
func goldens(tb testing.TB) [][]byte {
	tb.Helper()
	var all [][]byte
	for _, c := range nastest.Calls(tb) {
		for _, p := range c.PDUs {
			m, err := gmm.Decode(p.Plain())
			if err != nil {
				tb.Fatal(err)
			}
			switch m := m.(type) {
			case *gmm.ULNASTransport:
				all = append(all, m.PayloadContainer)
			case *gmm.DLNASTransport:
				all = append(all, m.PayloadContainer)
			}
		}
	}
	return all
}

// Messages of real calls are written again octet for octet.
func TestGolden(t *testing.T) {
	n := 0
	for _, b := range goldens(t) {
		m, err := Decode(b)
		if err != nil {
			t.Errorf("%x: %v", b, err)
			continue
		}
		if again, err := Append(nil, m); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%s: %x, %v, want %x", m.Name(), again, err, b)
		}
		truncations(t, b)
		n++
	}
	if n < 6 {
		t.Errorf("only %d messages", n)
	}
}

const acceptHex = "2e0101c211000901000631310101ff010603f42403f4242905010a2d000322010179000601204101010 97b000f80000d0408080808000d0408080404250908696e7465726e6574"

func TestGoldenContents(t *testing.T) {
	m, err := Decode(nastest.Unhex(t, acceptHex))
	if err != nil {
		t.Fatal(err)
	}
	accept := m.(*PDUSessionEstablishmentAccept)
	if accept.PDUSessionID != 1 || accept.PTI != 1 || accept.SelectedPDUSessionType != IPv4 || accept.SelectedSSCMode != SSCMode1 {
		t.Errorf("%+v", accept)
	}
	if !reflect.DeepEqual(accept.AuthorizedQoSRules, QoSRules{DefaultRule(1, 255, 1)}) || accept.AuthorizedQoSRules.Check() != nil {
		t.Errorf("%+v", accept.AuthorizedQoSRules)
	}
	if d, u := accept.SessionAMBR.Downlink.BitsPerSecond(), accept.SessionAMBR.Uplink.BitsPerSecond(); d != 1e9 || u != 1e9 {
		t.Errorf("Session-AMBR: %d, %d", d, u)
	}
	if accept.PDUAddress.IPv4 != netip.MustParseAddr("10.45.0.3") || accept.DNN != "internet" || accept.SNSSAI.SST != 1 {
		t.Errorf("%+v", accept)
	}
	if v, ok := accept.AuthorizedQoSFlowDescriptions[0].FiveQI(); !ok || v != 9 || accept.AuthorizedQoSFlowDescriptions.Check() != nil {
		t.Errorf("%+v", accept.AuthorizedQoSFlowDescriptions)
	}
	dns := []netip.Addr{netip.MustParseAddr("8.8.8.8"), netip.MustParseAddr("8.8.4.4")}
	if got := accept.ProtocolConfigurationOptions.Addresses(DNSServerIPv4Address); !reflect.DeepEqual(got, dns) {
		t.Errorf("DNS: %v", got)
	}
	m, err = Decode(nastest.Unhex(t, "2e0101c1ffff91a12801007b000780000a00000d00"))
	if err != nil {
		t.Fatal(err)
	}
	request := m.(*PDUSessionEstablishmentRequest)
	if request.IntegrityProtectionMaximumDataRate.Uplink != RateFull || *request.PDUSessionType != IPv4 || *request.SSCMode != SSCMode1 {
		t.Errorf("%+v", request)
	}
	if o := request.ProtocolConfigurationOptions; !o.Asks(DNSServerIPv4Address) || !o.Asks(IPv4AddressViaNAS) || o.Asks(DNSServerIPv6Address) {
		t.Errorf("%x", o)
	}
}

// TS 24.501 §7: what the receiver does with bad messages.
func TestErrors(t *testing.T) {
	tests := []struct {
		name, hex string
		ignore    bool
		cause     Cause
		ie        string
	}{
		{"too short TS 24.501 §7.2.1", "2e0101", true, 0, ""},
		{"other protocol", "7e000041", true, 0, ""},
		{"unknown type TS 24.501 §7.4", "2e0101ff", false, CauseMessageTypeNonExistentOrNotImplemented, ""},
		{"missing mandatory TS 24.501 §7.5.1", "2e0101c1ff", false, CauseInvalidMandatoryInformation, "IntegrityProtectionMaximumDataRate"},
		{"rules cut off TS 24.501 §7.5.1", "2e0101c2110009010006", false, CauseInvalidMandatoryInformation, "AuthorizedQoSRules"},
		{"rules of a wrong length TS 24.501 §7.5.1", "2e0101c211000901000731310101ff010603f42403f424", false, CauseInvalidMandatoryInformation, "AuthorizedQoSRules"},
		{"comprehension required TS 24.501 §7.5.1", "2e0101d1 0e01aa", false, CauseInvalidMandatoryInformation, ""},
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
	var m PDUSessionReleaseComplete
	if cause, _ := CauseOf(m.Decode([]byte{0x2e, 1, 1, 0xd1})); cause != CauseMessageTypeNotCompatibleWithTheProtocolState {
		t.Errorf("another type: %v", cause)
	}
}

// TS 24.501 §7.6 and TS 24.501 §7.7.1: optional elements that do not count.
func TestOptionalElements(t *testing.T) {
	tests := []struct{ name, hex, want string }{
		{"unknown skipped TS 24.501 §7.6.1", "2e0101d1 2201ff 7c000101 80 5924", "2e0101d1 5924"},
		{"repeated: the first counts TS 24.501 §7.6.3", "2e0101d1 5924 5927", "2e0101d1 5924"},
		{"out of sequence TS 24.501 §7.6.2", "2e0101d1 7b000180 5927", "2e0101d1 7b000180"},
		{"wrong contents TS 24.501 §7.7.1", "2e0101c2110004 01000140 0603f42403f424 290507 0a2d0003", "2e0101c2110004 01000140 0603f42403f424"},
		{"cut off TS 24.501 §7.7.1", "2e0101d1 5924 7b0002", "2e0101d1 5924"},
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

// A message that lacks what its table says is not written.
func TestAppendErrors(t *testing.T) {
	tests := []struct {
		m    Message
		want string
	}{
		{&PDUSessionEstablishmentAccept{}, "PDUSessionEstablishmentAccept: AuthorizedQoSRules: value has a length that the message does not allow: 0 octets, want 4 to 65536"},
		{&PDUSessionEstablishmentAccept{AuthorizedQoSRules: QoSRules{{ID: 1, Filters: make([]PacketFilter, 16)}}}, "PDUSessionEstablishmentAccept: AuthorizedQoSRules: too many entries"},
		{&PDUSessionModificationRequest{RequestedQoSRules: QoSRules{{QFI: 64}}}, "PDUSessionModificationRequest: RequestedQoSRules: reserved value"},
	}
	for _, test := range tests {
		if b, err := Append(nil, test.m); err == nil || err.Error() != test.want {
			t.Errorf("%s: %x, %v", test.m.Name(), b, err)
		}
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
	if s := CauseMissingOrUnknownDNN.Error(); s != "5GSM cause #27 Missing or unknown DNN" {
		t.Error(s)
	}
	if Cause(0).String() != "unknown cause" || CauseInsufficientResourcesForSpecificSliceAndDNN != 67 || CauseRegularDeactivation != 36 {
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
		if a, ok := m.(*PDUSessionModificationRequest); ok {
			_ = a.RequestedQoSRules.Check()
			_ = a.RequestedQoSFlowDescriptions.Check()
			for range a.ProtocolConfigurationOptions.Containers(nas.Uplink) {
				continue
			}
		}
		first, err := Append(nil, m)
		if errors.Is(err, tlv.ErrLength) {
			return // an address of another type than the field's, followed by octets that are ignored
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
