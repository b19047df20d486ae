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
		"permit out 6 from any to any frag", "permit out 300 from any to any", "permit out 6 from 10.0.0.0/99 to any", "permit out 6 from any to"} {
		if f, err := ParseFilter(bad); err == nil {
			t.Errorf("%q: %+v", bad, f)
		}
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
