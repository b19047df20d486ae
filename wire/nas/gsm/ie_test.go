package gsm

import (
	"bytes"
	"encoding/hex"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/internal/nastest"
)

type element interface {
	Append([]byte) ([]byte, error)
}

// everyComponent is a filter with one component of each group of types, TS 24.501 §9.11.4.13.
func everyComponent() []Component {
	return []Component{
		PrefixComponent(netip.MustParsePrefix("10.1.0.0/16"), true), PrefixComponent(netip.MustParsePrefix("2001:db8::/32"), false),
		ProtocolComponent(17), PortComponent(80, 80, false), PortComponent(1000, 2000, true),
		{SecurityParameterIndex, []byte{1, 2, 3, 4}}, {TypeOfService, []byte{0xb8, 0xfc}}, {FlowLabel, []byte{0, 1, 2}},
		{DestinationMACAddress, make([]byte, 6)}, {SourceMACAddressRange, make([]byte, 12)}, {CTagVID, []byte{0, 5}},
		{STagVID, []byte{0, 6}}, {CTagPCPDEI, []byte{1}}, {STagPCPDEI, []byte{2}}, {Ethertype, []byte{8, 0}},
	}
}

// TestElements reads values and writes them again.
func TestElements(t *testing.T) {
	v4 := netip.MustParseAddr("10.45.0.3")
	id := [8]byte{1, 2, 3, 4, 5, 6, 7, 8}
	filter := PacketFilter{ID: 2, Direction: UplinkOnly, Components: []Component{ProtocolComponent(17), PortComponent(53, 53, true)}}
	tests := []struct {
		name, hex string
		want      element
	}{
		{"IPv4 address TS 24.501 §9.11.4.10", "010a2d0003", PDUAddress{Type: IPv4, IPv4: v4}},
		{"IPv6 address TS 24.501 §9.11.4.10", "020102030405060708", PDUAddress{Type: IPv6, InterfaceID: id}},
		{"IPv4v6 address TS 24.501 §9.11.4.10", "0301020304050607080a2d0003", PDUAddress{Type: IPv4v6, InterfaceID: id, IPv4: v4}},
		{"SMF link local address TS 24.501 §9.11.4.10", "0a0102030405060708fe800000000000000000000000000001",
			PDUAddress{Type: IPv6, InterfaceID: id, SMFLinkLocal: netip.MustParseAddr("fe80::1")}},
		{"default rule TS 24.501 §9.11.4.13", "01 0006 31 31 01 01 ff 01", QoSRules{DefaultRule(1, 255, 1)}},
		{"delete rule TS 24.501 §9.11.4.13", "05 0001 40", QoSRules{{ID: 5, Operation: DeleteRule}}},
		{"add packet filters TS 24.501 §9.11.4.13", "05 000a 61 22 05 3011 50 0035 0a 42", QoSRules{
			{ID: 5, Operation: AddPacketFilters, Filters: []PacketFilter{filter}, Precedence: 10, QFI: 2, Segregation: true}}},
		{"delete packet filters TS 24.501 §9.11.4.13", "05 0003 a2 01 02", QoSRules{{ID: 5, Operation: DeletePacketFilters,
			Filters: []PacketFilter{{ID: 1}, {ID: 2}}, OmitPrecedence: true, OmitQFI: true}}},
		{"modify rule without QFI TS 24.501 §9.11.4.13", "05 0002 c0 0a", QoSRules{{ID: 5, Operation: ModifyRule, Precedence: 10, OmitQFI: true}}},
		{"two rules TS 24.501 §9.11.4.13", "05 0001 40 06 0001 40", QoSRules{{ID: 5, Operation: DeleteRule}, {ID: 6, Operation: DeleteRule}}},
		{"QoS flow TS 24.501 §9.11.4.12", "01 20 46 010109 0203060064 0303060064 0403060064 0503060064 060207d0", QoSFlowDescriptions{NewQoSFlow(1, FiveQI(9),
			FlowBitRate(ParameterGFBRUplink, 100e6), FlowBitRate(ParameterGFBRDownlink, 100e6),
			FlowBitRate(ParameterMFBRUplink, 100e6), FlowBitRate(ParameterMFBRDownlink, 100e6), AveragingWindow(2000))}},
		{"delete flow TS 24.501 §9.11.4.12", "02 40 00", QoSFlowDescriptions{{QFI: 2, Operation: DeleteFlow}}},
		{"Session-AMBR TS 24.501 §9.11.4.14", "06 03e8 05 0002", SessionAMBR{BitRate{6, 1000}, BitRate{5, 2}}},
		{"packet filters TS 24.501 §9.11.4.9", "8000", MaximumPacketFilters(1024)},
		{"rate control TS 24.501 §9.11.4.20", "0064", ServingPLMNRateControl(100)},
		{"data rate TS 24.501 §9.11.4.7", "ff00", IntegrityProtectionMaximumDataRate{RateFull, Rate64Kbps}},
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

func TestEveryComponent(t *testing.T) {
	want := QoSRules{{ID: 1, Operation: CreateRule, Filters: []PacketFilter{{ID: 3, Direction: Bidirectional, Components: everyComponent()}}, QFI: 1}}
	b, err := want.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	var got QoSRules
	if err := got.Parse(b); err != nil || !reflect.DeepEqual(got, want) || got.Check() != nil {
		t.Errorf("%+v, %v, %v", got, err, got.Check())
	}
	cs := got[0].Filters[0].Components
	if p, ok := cs[0].Prefix(); !ok || p.String() != "10.1.0.0/16" || cs[0].Type != IPv4RemoteAddress {
		t.Errorf("%v", p)
	}
	if p, ok := cs[1].Prefix(); !ok || p.String() != "2001:db8::/32" || cs[1].Type != IPv6LocalPrefix {
		t.Errorf("%v", p)
	}
	if low, high, ok := cs[3].Ports(); !ok || low != 80 || high != 80 {
		t.Errorf("%d to %d", low, high)
	}
	if low, high, ok := cs[4].Ports(); !ok || low != 1000 || high != 2000 {
		t.Errorf("%d to %d", low, high)
	}
	if _, ok := (Component{IPv4LocalAddress, []byte{10, 0, 0, 0, 255, 0, 255, 0}}).Prefix(); ok {
		t.Error("mask with holes")
	}
}

// TS 24.501 §6.3.2.4 and TS 24.501 §6.4.2.4: the cause with which a wrong rule or flow is answered.
func TestCheck(t *testing.T) {
	filter := func(d FilterDirection, cs ...Component) QoSRules {
		return QoSRules{{ID: 1, Operation: CreateRule, Filters: []PacketFilter{{Direction: d, Components: cs}}}}
	}
	match := Component{Type: MatchAll}
	tests := []struct {
		name string
		err  error
		want error
	}{
		{"create without precedence", QoSRules{{ID: 1, Operation: CreateRule, OmitPrecedence: true, OmitQFI: true}}.Check(), CauseSyntacticalErrorInTheQoSOperation},
		{"reserved operation", QoSRules{{ID: 1, Operation: 7}}.Check(), CauseSyntacticalErrorInTheQoSOperation},
		{"delete with filters", QoSRules{{ID: 1, Operation: DeleteRule, Filters: make([]PacketFilter, 1)}}.Check(), CauseSyntacticalErrorInTheQoSOperation},
		{"add no filters", QoSRules{{ID: 1, Operation: AddPacketFilters}}.Check(), CauseSyntacticalErrorInTheQoSOperation},
		{"replace by nothing", QoSRules{{ID: 1, Operation: ReplacePacketFilters}}.Check(), nil},
		{"delete filters by identifier", QoSRules{{ID: 1, Operation: DeletePacketFilters, Filters: make([]PacketFilter, 1)}}.Check(), nil},
		{"reserved direction", filter(0, match).Check(), CauseSyntacticalErrorInPacketFilter},
		{"no component", filter(Bidirectional).Check(), CauseSyntacticalErrorInPacketFilter},
		{"reserved component", filter(Bidirectional, Component{Type: 0x99}).Check(), CauseSyntacticalErrorInPacketFilter},
		{"component cut short", filter(Bidirectional, Component{Protocol, nil}).Check(), CauseSyntacticalErrorInPacketFilter},
		{"match-all downlink", filter(DownlinkOnly, match).Check(), CauseSemanticErrorsInPacketFilter},
		{"match-all and more", filter(UplinkOnly, ProtocolComponent(6), match).Check(), CauseSemanticErrorsInPacketFilter},
		{"port and port range", filter(UplinkOnly, PortComponent(1, 1, true), PortComponent(1, 2, true)).Check(), CauseSemanticErrorsInPacketFilter},
		{"create flow without parameters", QoSFlowDescriptions{NewQoSFlow(1)}.Check(), CauseSyntacticalErrorInTheQoSOperation},
		{"delete flow with parameters", QoSFlowDescriptions{{QFI: 1, Operation: DeleteFlow, Parameters: []FlowParameter{FiveQI(9)}}}.Check(), CauseSyntacticalErrorInTheQoSOperation},
		{"modify flow by nothing", QoSFlowDescriptions{{QFI: 1, Operation: ModifyFlow}}.Check(), CauseSyntacticalErrorInTheQoSOperation},
		{"reserved flow operation", QoSFlowDescriptions{{QFI: 1}}.Check(), CauseSyntacticalErrorInTheQoSOperation},
		{"delete flow", QoSFlowDescriptions{{QFI: 1, Operation: DeleteFlow}}.Check(), nil},
	}
	for _, test := range tests {
		if test.err != test.want {
			t.Errorf("%s: %v, want %v", test.name, test.err, test.want)
		}
	}
}

// A reserved component type keeps the octets that follow it, so that Check can answer.
func TestReservedComponent(t *testing.T) {
	in := nastest.Unhex(t, "05 0008 21 31 03 990102 0a 01")
	var r QoSRules
	if err := r.Parse(in); err != nil || r.Check() != CauseSyntacticalErrorInPacketFilter {
		t.Fatalf("%+v, %v", r, err)
	}
	if b, err := r.Append(nil); err != nil || !bytes.Equal(b, in) {
		t.Errorf("%x, %v", b, err)
	}
}

// A filter of more components than there are types is found wrong and kept octet for octet.
func TestTooManyComponents(t *testing.T) {
	in := append([]byte{5, 0, 255, 0x21, 0x31, 250}, bytes.Repeat([]byte{byte(MatchAll)}, 250)...)
	in = append(in, 10, 1)
	var r QoSRules
	if err := r.Parse(in); err != nil || len(r[0].Filters[0].Components) > maxComponents+1 || r.Check() == nil {
		t.Fatalf("%+v, %v", r, err)
	}
	if b, err := r.Append(nil); err != nil || !bytes.Equal(b, in) {
		t.Errorf("%x, %v", b, err)
	}
}

// Values that are syntactically wrong.
func TestParseErrors(t *testing.T) {
	tests := []struct {
		name string
		to   interface{ Parse([]byte) error }
		hex  string
	}{
		{"empty address", new(PDUAddress), ""},
		{"address of a reserved type", new(PDUAddress), "050a2d0003"},
		{"IPv4 address of 3 octets", new(PDUAddress), "010a2d00"},
		{"IPv6 address of 4 octets", new(PDUAddress), "020a2d0003"},
		{"no link local address", new(PDUAddress), "090a2d0003"},
		{"rule without contents", new(QoSRules), "010000"},
		{"rule of length 0", new(QoSRules), "01000040"},
		{"rule beyond the end", new(QoSRules), "01000240"},
		{"filter beyond the rule", new(QoSRules), "01000431310501"},
		{"filter identifiers beyond the rule", new(QoSRules), "010002a201"},
		{"flow cut off", new(QoSFlowDescriptions), "0120"},
		{"flow with missing parameters", new(QoSFlowDescriptions), "012042010109"},
		{"parameter beyond the end", new(QoSFlowDescriptions), "012041010209"},
		{"AMBR of 5 octets", new(SessionAMBR), "0603e80500"},
		{"one octet of filters", new(MaximumPacketFilters), "80"},
		{"one octet of data rate", new(IntegrityProtectionMaximumDataRate), "80"},
		{"one octet of rate control", new(ServingPLMNRateControl), "80"},
	}
	for _, test := range tests {
		if err := test.to.Parse(nastest.Unhex(t, test.hex)); err == nil {
			t.Errorf("%s: %+v", test.name, test.to)
		}
	}
	for _, a := range []PDUAddress{{}, {Type: IPv4}, {Type: IPv4, IPv4: netip.IPv6Loopback()}, {Type: IPv6, SMFLinkLocal: netip.MustParseAddr("10.0.0.1")}} {
		if b, err := a.Append(nil); err == nil {
			t.Errorf("%+v: %x", a, b)
		}
	}
}

// TS 24.501 §9.11.4.14.
func TestBitRate(t *testing.T) {
	tests := []struct {
		bps  uint64
		want BitRate
	}{
		{0, BitRate{1, 0}}, {1, BitRate{1, 1}}, {65535e3, BitRate{1, 65535}}, {65536e3, BitRate{2, 16384}}, {65535001, BitRate{2, 16384}},
		{1e9, BitRate{11, 1}}, {10e9, BitRate{11, 10}}, {1e9 + 1, BitRate{3, 62501}}, {1e18, BitRate{21, 1000}}, {1<<64 - 1, BitRate{21, 18447}}, {200e6, BitRate{6, 200}},
	}
	for _, test := range tests {
		got := NewBitRate(test.bps)
		if got != test.want || got.BitsPerSecond() < test.bps {
			t.Errorf("%d: %+v (%d), want %+v", test.bps, got, got.BitsPerSecond(), test.want)
		}
	}
	for unit, want := range map[uint8]uint64{0: 1e3, 1: 1e3, 2: 4e3, 5: 256e3, 6: 1e6, 10: 256e6, 11: 1e9, 16: 1e12, 21: 1e15, 25: 256e15, 26: 256e15, 255: 256e15} {
		if got := (BitRate{unit, 1}).BitsPerSecond(); got != want {
			t.Errorf("unit %d: %d, want %d", unit, got, want)
		}
	}
	if got := (BitRate{25, 0xffff}).BitsPerSecond(); got != 1<<64-1 {
		t.Errorf("largest rate: %d", got)
	}
	d := NewQoSFlow(1, FlowBitRate(ParameterMFBRUplink, 5e6))
	if r, ok := d.BitRate(ParameterMFBRUplink); !ok || r.BitsPerSecond() != 5e6 {
		t.Errorf("%+v, %v", r, ok)
	}
	if _, ok := d.FiveQI(); ok {
		t.Error("5QI of a flow without one")
	}
	if _, ok := d.BitRate(ParameterGFBRUplink); ok {
		t.Error("GFBR of a flow without one")
	}
}

// TS 24.008 §10.5.6.3 and TS 24.008 §10.5.6.3A.
func TestProtocolConfigurationOptions(t *testing.T) {
	dns4, dns6 := netip.MustParseAddr("8.8.8.8"), netip.MustParseAddr("2001:4860:4860::8888")
	var o ProtocolConfigurationOptions
	o = o.AddDNS(dns4).AddDNS(dns6).AddPCSCF(dns4).AddPCSCF(dns6).AddMTU(IPv4LinkMTU, 1400).AddAddressLifetime(90*time.Second).Add(nas.Downlink, QoSRulesLong, make([]byte, 300))
	for id, want := range map[ContainerID]netip.Addr{DNSServerIPv4Address: dns4, DNSServerIPv6Address: dns6, PCSCFIPv4Address: dns4, PCSCFIPv6Address: dns6} {
		if got := o.Addresses(id); !slices.Equal(got, []netip.Addr{want}) {
			t.Errorf("container %#x: %v", id, got)
		}
	}
	if mtu, ok := o.MTU(IPv4LinkMTU); !ok || mtu != 1400 {
		t.Errorf("MTU %d", mtu)
	}
	if _, ok := o.MTU(NonIPLinkMTU); ok {
		t.Error("MTU that is not there")
	}
	if d, ok := o.AddressLifetime(); !ok || d != 90*time.Second {
		t.Errorf("address lifetime %v", d)
	}
	if got := maps.Collect(o.Containers(nas.Downlink)); len(got) != 7 || len(got[QoSRulesLong]) != 300 {
		t.Errorf("%d containers", len(got))
	}
	var asked ProtocolConfigurationOptions
	asked = asked.Add(nas.Uplink, QoSRulesLong, nil).Add(nas.Uplink, DNSServerIPv4Address, nil)
	if s := hex.EncodeToString(asked); s != "80002300000d00" || !asked.Asks(DNSServerIPv4Address) {
		t.Errorf("%s", s)
	}
	for n := range o {
		if got := maps.Collect(o[:n].Containers(nas.Downlink)); len(got) > 6 {
			t.Errorf("%d octets: %d containers", n, len(got))
		}
	}
}

func TestUnusedValues(t *testing.T) {
	if PDUSessionType(6).Value() != IPv4v6 || PDUSessionType(0).String() != "IPv4v6" || Ethernet.String() != "Ethernet" || SSCMode(5).Value() != SSCMode2 || SSCMode1.Value() != SSCMode1 {
		t.Error("unused values")
	}
	if c := (Capability{1}); !c.ReflectiveQoS() || c.MultiHomedIPv6() || Capability(nil).ReflectiveQoS() {
		t.Errorf("%x", c)
	}
}
