package ue

import (
	"net/netip"
	"testing"

	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

// udp is an IPv4 packet from 10.45.0.2:5000 to 192.0.2.80 with a service octet, RFC 791 §3.1.
func udp(port uint16, service byte) []byte {
	b := make([]byte, 28)
	b[0], b[1], b[9] = 0x45, service, 17
	copy(b[12:], []byte{10, 45, 0, 2, 192, 0, 2, 80})
	b[20], b[21], b[22], b[23] = 5000>>8, 5000&0xff, byte(port>>8), byte(port)
	return b
}

func rule(id, precedence, qfi uint8, d gsm.FilterDirection, c ...gsm.Component) gsm.QoSRule {
	return gsm.QoSRule{
		ID: id, Operation: gsm.CreateRule, Precedence: precedence, QFI: qfi,
		Filters: []gsm.PacketFilter{{ID: 1, Direction: d, Components: c}},
	}
}

// TestClassify: the rule of the lowest precedence value that matches decides, TS 24.501 §6.2.5.1.3.
func TestClassify(t *testing.T) {
	web := netip.MustParsePrefix("192.0.2.80/32")
	rules := apply(nil, gsm.QoSRules{
		gsm.DefaultRule(1, 255, 1),
		rule(2, 10, 2, gsm.UplinkOnly, gsm.PrefixComponent(web, true), gsm.PortComponent(53, 53, true)),
		rule(3, 20, 3, gsm.Bidirectional, gsm.PrefixComponent(web, true), gsm.PortComponent(50, 60, true)),
		rule(4, 5, 4, gsm.DownlinkOnly, gsm.PrefixComponent(web, true)),
		rule(5, 30, 5, gsm.Bidirectional, gsm.Component{Type: gsm.TypeOfService, Value: []byte{0xb8, 0xfc}}),
		rule(6, 40, 6, gsm.Bidirectional, gsm.ProtocolComponent(17), gsm.PortComponent(5000, 5000, false), gsm.PortComponent(90, 90, true)),
	})
	fragment := udp(53, 0)
	fragment[7] = 1
	for _, tt := range []struct {
		name   string
		packet []byte
		want   uint8
	}{
		{"first by precedence", udp(53, 0), 2},
		{"range", udp(54, 0), 3},
		{"type of service", udp(80, 0xba), 5},
		{"local port", udp(90, 0), 6},
		{"default", udp(91, 0), 1},
		{"a later fragment has no ports", fragment, 1},
		{"no packet", nil, 1},
		{"cut short", udp(53, 0)[:22], 1},
	} {
		if got := classify(rules, tt.packet); got != tt.want {
			t.Errorf("%s: QFI %d, want %d", tt.name, got, tt.want)
		}
	}
}

// TestApply: what a modification does to the rules, TS 24.501 §6.3.2.3.
func TestApply(t *testing.T) {
	rules := apply(nil, gsm.QoSRules{gsm.DefaultRule(1, 255, 1), rule(2, 10, 2, gsm.UplinkOnly, gsm.PortComponent(53, 53, true))})
	moved := apply(rules, gsm.QoSRules{{ID: 2, Operation: gsm.ModifyRule, Precedence: 10, QFI: 7}})
	if got := classify(moved, udp(53, 0)); got != 7 {
		t.Errorf("modified: QFI %d", got)
	}
	added := apply(rules, gsm.QoSRules{{
		ID: 2, Operation: gsm.AddPacketFilters, OmitPrecedence: true, OmitQFI: true,
		Filters: []gsm.PacketFilter{{ID: 2, Direction: gsm.UplinkOnly, Components: []gsm.Component{gsm.PortComponent(54, 54, true)}}},
	}})
	if a, b := classify(added, udp(53, 0)), classify(added, udp(54, 0)); a != 2 || b != 2 {
		t.Errorf("filter added: QFI %d, %d", a, b)
	}
	cut := apply(added, gsm.QoSRules{{
		ID: 2, Operation: gsm.DeletePacketFilters, OmitPrecedence: true, OmitQFI: true, Filters: []gsm.PacketFilter{{ID: 1}},
	}})
	if a, b := classify(cut, udp(53, 0)), classify(cut, udp(54, 0)); a != 1 || b != 2 {
		t.Errorf("filter deleted: QFI %d, %d", a, b)
	}
	if got := classify(apply(rules, gsm.QoSRules{{ID: 2, Operation: gsm.DeleteRule}}), udp(53, 0)); got != 1 {
		t.Errorf("deleted: QFI %d", got)
	}
	if got := classify(rules, udp(53, 0)); got != 2 {
		t.Errorf("the old rules have changed: QFI %d", got)
	}
}
