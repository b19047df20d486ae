package upf

import (
	"testing"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// TestFrames holds frames to Ethernet packet filters, TS 29.244 §7.5.2.2 and TS 23.501 §5.6.10.2.
func TestFrames(t *testing.T) {
	station, server := pfcp.MAC{2, 0, 0, 0, 0, 1}, pfcp.MAC{2, 0, 0, 0, 1, 1}
	frame := func(source, destination pfcp.MAC, rest ...byte) []byte {
		return append(append(append([]byte(nil), destination[:]...), source[:]...), rest...)
	}
	ip := append([]byte{0x08, 0x00, 0x45, 0, 0, 24, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2}, 0, 53, 0, 99)
	tagged := append([]byte{0x88, 0xa8, 0x00, 0x02, 0x81, 0x00, 0xba, 0xbc}, ip...)
	r := newRuleSet()
	r.pdrs.set(1, pfcp.CreatePDR{PDI: pfcp.PDI{SourceInterface: pfcp.InterfaceAccess, EthernetPacketFilter: []pfcp.EthernetPacketFilter{{
		EthernetFilterID: pfcp.Some(uint32(7)), EthernetFilterProperties: pfcp.Some(pfcp.EthernetFilterBIDE),
		MACAddress: []pfcp.MACAddress{{Source: pfcp.Some(station)}}}}}})
	tests := map[string]struct {
		filter pfcp.EthernetPacketFilter
		uplink bool
		frame  []byte
		want   bool
	}{
		"source":              {pfcp.EthernetPacketFilter{MACAddress: []pfcp.MACAddress{{Source: pfcp.Some(station)}}}, true, frame(station, server, ip...), true},
		"other source":        {pfcp.EthernetPacketFilter{MACAddress: []pfcp.MACAddress{{Source: pfcp.Some(server)}}}, true, frame(station, server, ip...), false},
		"range":               {pfcp.EthernetPacketFilter{MACAddress: []pfcp.MACAddress{{Destination: pfcp.Some(pfcp.MAC{2}), UpperDestination: pfcp.Some(server)}}}, true, frame(station, server, ip...), true},
		"other direction":     {pfcp.EthernetPacketFilter{EthernetFilterID: pfcp.Some(uint32(7))}, false, frame(server, station, ip...), true},
		"other direction, no": {pfcp.EthernetPacketFilter{EthernetFilterID: pfcp.Some(uint32(7))}, false, frame(station, server, ip...), false},
		"ethertype":           {pfcp.EthernetPacketFilter{Ethertype: pfcp.Some(uint16(0x0806))}, true, frame(station, server, ip...), false},
		"tags":                {pfcp.EthernetPacketFilter{CTAG: pfcp.Some(pfcp.VLANTag{VID: pfcp.Some(uint16(0xabc)), PCP: pfcp.Some(uint8(5)), DEI: pfcp.Some(true)}), STAG: pfcp.Some(pfcp.VLANTag{VID: pfcp.Some(uint16(2))})}, true, frame(station, server, tagged...), true},
		"no tag":              {pfcp.EthernetPacketFilter{CTAG: pfcp.Some(pfcp.VLANTag{VID: pfcp.Some(uint16(0xabc))})}, true, frame(station, server, ip...), false},
		"flow":                {pfcp.EthernetPacketFilter{SDFFilter: []pfcp.SDFFilter{{FlowDescription: "permit out 17 from 10.0.0.1 53 to any"}}}, false, frame(server, station, tagged...), true},
		"flow that it is not": {pfcp.EthernetPacketFilter{SDFFilter: []pfcp.SDFFilter{{FlowDescription: "permit out 6 from any to any"}}}, false, frame(server, station, ip...), false},
	}
	for name, tt := range tests {
		filter, err := compileFrames(r, tt.filter, tt.uplink)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var f Frame
		if ok := ParseFrame(tt.frame, tt.uplink, &f); !ok || filter.Match(&f, tt.uplink) != tt.want {
			t.Errorf("%s: %v, %+v", name, ok, f)
		}
	}
	if _, err := compileFrames(r, pfcp.EthernetPacketFilter{EthernetFilterID: pfcp.Some(uint32(8))}, true); err == nil {
		t.Error("a filter that nobody described")
	}
}

// FuzzParseFrame wants no panic.
func FuzzParseFrame(f *testing.F) {
	f.Add([]byte("\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x88\xa8\x00\x02\x81\x00\xba\xbc\x08\x00\x45\x00\x00\x14"), true)
	f.Fuzz(func(t *testing.T, b []byte, uplink bool) {
		var frame Frame
		if ParseFrame(b, uplink, &frame) && len(b) < 14 {
			t.Fatal("cut, yet read")
		}
	})
}
