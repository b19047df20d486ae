package upf

import (
	"net/netip"
	"testing"
)

// TestFilter reads flow descriptions and holds flows to them, TS 29.212 §5.4.2.
func TestFilter(t *testing.T) {
	web := Flow{Remote: netip.MustParseAddr("192.0.2.80"), Local: netip.MustParseAddr("10.60.0.1"), RemotePort: 443, LocalPort: 40000,
		HasPorts: true, Protocol: 6}
	fragment := web
	fragment.HasPorts, fragment.RemotePort, fragment.LocalPort = false, 0, 0
	six := Flow{Remote: netip.MustParseAddr("2001:db8::80"), Local: netip.MustParseAddr("2001:db8:1::1"), Protocol: 58}
	tests := []struct {
		text               string
		web, fragment, six bool
	}{
		{"permit out ip from any to assigned", true, true, true},
		{"permit out 6 from any to assigned", true, true, false},
		{"permit out 17 from any to assigned", false, false, false},
		{"permit out 6 from 192.0.2.0/24 443 to assigned", true, false, false},
		{"permit out 6 from 192.0.2.80 80,440-450 to assigned 1024-65535", true, false, false},
		{"permit out 6 from 192.0.2.80 80 to assigned", false, false, false},
		{"permit out ip from 192.0.2.81 to assigned", false, false, false},
		{"permit in 6 from assigned to 192.0.2.80 443", true, false, false},
		{"permit out ip from any to 10.60.0.1", true, true, false},
		{"permit out 58 from 2001:db8::/64 to assigned", false, false, true},
	}
	for _, tt := range tests {
		f, err := ParseFilter(tt.text)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if a, b, c := f.Match(&web), f.Match(&fragment), f.Match(&six); a != tt.web || b != tt.fragment || c != tt.six {
			t.Errorf("%s: %v %v %v", tt.text, a, b, c)
		}
	}
	for _, bad := range []string{"", "permit", "deny out ip from any to any", "permit out tcp from any to assigned",
		"permit out 6 from any", "permit out 6 from nowhere to any", "permit out 6 from any 80-70 to any", "permit out 6 from any 99999 to any",
		"permit out 6 from any to any ipoptions", "permit out 6 from any to any tcpflags", "permit out 6 from any to any tcpflags syn,what",
		"permit out 1 from any to any icmptypes 9-300", "permit out ip from !any to assigned", "permit out ip from 10.0.0.1 to 2001:db8::1",
		"permit out 300 from any to any", "permit out 6 from 10.0.0.0/99 to any", "permit out 6 from any to"} {
		if f, err := ParseFilter(bad); err == nil {
			t.Errorf("%q: %+v", bad, f)
		}
	}
}

// TestFilterOptions holds packets to the options of RFC 6733 §4.3.1 and to what SDF filters add, TS 29.244 §8.2.5.
func TestFilterOptions(t *testing.T) {
	local, remote := netip.MustParseAddr("10.60.0.1"), netip.MustParseAddr("192.0.2.80")
	tcp := func(flags uint8) Flow {
		return Flow{Local: local, Remote: remote, Protocol: 6, HasPorts: true, HasUpper: true, Flags: flags}
	}
	icmp := Flow{Local: local, Remote: remote, Protocol: 1, HasUpper: true, ICMPType: 8}
	later := Flow{Local: local, Remote: remote, Protocol: 6, Fragment: true}
	for text, tt := range map[string]struct{ match, not Flow }{
		"permit out 6 from any to any setup":                       {tcp(0x02), tcp(0x12)},
		"permit out 6 from any to any established":                 {tcp(0x10), tcp(0x02)},
		"permit out 6 from any to any tcpflags fin,!ack":           {tcp(0x01), tcp(0x11)},
		"permit out ip from any to any frag":                       {later, tcp(0)},
		"permit out 1 from any to any icmptypes 0,8-9":             {icmp, Flow{Local: local, Remote: remote, Protocol: 1, HasUpper: true, ICMPType: 3}},
		"permit out ip from !192.0.2.0/24 to any":                  {Flow{Local: local, Remote: local}, tcp(0)},
		"permit out 6 from 192.0.2.80 to !10.61.0.0/16":            {tcp(0), Flow{Local: netip.MustParseAddr("10.61.0.1"), Remote: remote, Protocol: 6}},
		"permit in 6 from !10.61.0.0/16 to 192.0.2.80 setup":       {tcp(0x02), tcp(0)},
		"permit out 6 from any to assigned tcpflags syn,!ack,!fin": {tcp(0x02), tcp(0x03)},
	} {
		f, err := ParseFilter(text)
		if err != nil {
			t.Error(err)
			continue
		}
		if !f.Match(&tt.match) || f.Match(&tt.not) {
			t.Errorf("%s: %v %v, want true false", text, f.Match(&tt.match), f.Match(&tt.not))
		}
	}
	esp, ah := make([]byte, 28), make([]byte, 32)
	esp[0], esp[3], esp[9], esp[23] = 0x45, 28, 50, 7
	ah[0], ah[3], ah[9], ah[27] = 0x45, 32, 51, 7
	six := make([]byte, 40)
	six[0], six[2], six[3], six[6] = 0x60, 1, 2, 59
	for i, b := range [][]byte{esp, ah, six} {
		var flow Flow
		if _, ok := ParseFlow(b, false, &flow); !ok {
			t.Fatal(i)
		}
		spi := Filter{Options: FilterOptions{HasSPI: true, SPI: 7}}
		label := Filter{Options: FilterOptions{HasLabel: true, FlowLabel: 0x102}}
		if spi.Match(&flow) != (i < 2) || label.Match(&flow) != (i == 2) {
			t.Errorf("%d: %+v", i, flow)
		}
	}
}

// TestIPv6Extensions finds the upper layer behind extension headers, RFC 8200 §4.
func TestIPv6Extensions(t *testing.T) {
	packet := func(fragment uint16) []byte {
		b := make([]byte, 40+8+8+8)
		b[0], b[5], b[6] = 0x60, 24, 0 // hop by hop
		b[40], b[48] = 44, 17          // fragment, UDP
		b[50], b[51], b[55] = byte(fragment>>8), byte(fragment), 9
		b[57], b[59] = 53, 80
		return b
	}
	var f Flow
	if _, ok := ParseFlow(packet(1), false, &f); !ok || f.Protocol != 17 || !f.HasPorts || f.RemotePort != 53 || f.LocalPort != 80 || !f.First || f.ID != 9 {
		t.Errorf("first fragment: %+v", f)
	}
	if _, ok := ParseFlow(packet(8), false, &f); !ok || f.Protocol != 17 || f.HasPorts || !f.Fragment || f.ID != 9 {
		t.Errorf("later fragment: %+v", f)
	}
}

// FuzzParseFilter wants no panic on any text.
func FuzzParseFilter(f *testing.F) {
	f.Add("permit out 6 from 192.0.2.80 80,440-450 to assigned 1024-65535")
	f.Add("permit in 6 from assigned to 192.0.2.80 443")
	f.Fuzz(func(t *testing.T, s string) {
		if filter, err := ParseFilter(s); err == nil {
			filter.Match(&Flow{})
		}
	})
}

// FuzzParseFlow wants no panic, and a packet no longer than what came.
func FuzzParseFlow(f *testing.F) {
	f.Add([]byte("\x45\x00\x00\x1c\x00\x01\x00\x00\x40\x11\x00\x00\x0a\x3c\x00\x01\x0a\x3c\x00\x02\x00\x35\x00\x35\x00\x08\x00\x00"), true)
	f.Add(append([]byte("\x60\x00\x00\x00\x00\x04\x11\x40"), make([]byte, 36)...), false)
	f.Fuzz(func(t *testing.T, b []byte, uplink bool) {
		var flow Flow
		if p, ok := ParseFlow(b, uplink, &flow); ok && (len(p) > len(b) || !flow.Local.IsValid() || !flow.Remote.IsValid()) {
			t.Fatalf("%x: %x %+v", b, p, flow)
		}
	})
}
