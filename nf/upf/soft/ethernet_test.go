package soft

import (
	"fmt"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

var (
	stationA  = pfcp.MAC{2, 0, 0, 0, 0, 0xa}
	stationB  = pfcp.MAC{2, 0, 0, 0, 0, 0xb}
	far       = pfcp.MAC{2, 0, 0, 0, 0, 0xf}
	broadcast = pfcp.MAC{255, 255, 255, 255, 255, 255}
)

func frame(source, destination pfcp.MAC, text string) []byte {
	return append(append(append(append([]byte(nil), destination[:]...), source[:]...), 0x88, 0xb5), text...)
}

func ethernet(t *testing.T, policy upf.UEToUE) *bench {
	b := newBench(t, func(c *upf.Config) {
		c.Networks = append(c.Networks, upf.Network{DNN: "lan", TUN: "tap0", Ethernet: true, UEToUE: policy})
	})
	for n := 1; n <= 3; n++ {
		b.install(session(n, func(s *upf.Session) {
			s.Type, s.Rules[0].Network, s.Rules[1].Network = pfcp.PDNTypeEthernet, "lan", "lan"
			s.URRs = []upf.URR{{ID: 1, Addresses: true}}
		}))
	}
	return b
}

// TestEthernet: the UPF learns which UE has which station, reports it, forwards to it, and floods what is for all,
// TS 23.501 §5.6.10.2 and TS 29.244 §5.13.5.
func TestEthernet(t *testing.T) {
	b := ethernet(t, upf.UEToUEAllow)
	b.gnb(1, frame(stationA, far, "to the network"))
	if p := b.oneNetwork(); p.to != "lan" || string(p.payload[14:]) != "to the network" {
		t.Errorf("%+v", p)
	}
	if fmt.Sprint(b.detected) != fmt.Sprint([]pfcp.MAC{stationA}) {
		t.Errorf("told %v", b.detected)
	}
	b.Downlink("lan", frame(far, stationA, "back"))
	if p := b.oneTunnel(); p.packet.TEID != 0x1001 || string(p.payload[14:]) != "back" || p.packet.Session.QFI != 9 {
		t.Errorf("%+v", p)
	}
	b.gnb(2, frame(stationB, stationA, "to a neighbour"))
	if p := b.oneTunnel(); p.packet.TEID != 0x1001 {
		t.Errorf("%+v", p)
	}
	b.gnb(2, frame(stationB, broadcast, "who has it"))
	if tunnels, networks := b.took(); len(tunnels) != 2 || len(networks) != 1 || tunnels[0].packet.TEID != 0x1001 || tunnels[1].packet.TEID != 0x1003 {
		t.Errorf("%+v %+v", tunnels, networks)
	}
	b.Downlink("lan", frame(far, broadcast, "who has it"))
	if tunnels, _ := b.took(); len(tunnels) != 3 {
		t.Errorf("%d copies", len(tunnels))
	}
	b.gnb(3, frame(stationA, far, "another UE's station"))
	b.droppedAs(upf.DropSpoofed, 1)
	b.gnb(3, frame(broadcast, far, "from everybody"))
	b.droppedAs(upf.DropSpoofed, 2)
	b.gnb(1, []byte("cut"))
	b.droppedAs(upf.DropMalformed, 1)
	if u := b.Usage(1, 1); u.UplinkBytes != 28 || u.DownlinkPackets != 4 {
		t.Errorf("%+v", u)
	}
	lan := b.byName["lan"].lan
	b.now += int64(stationTime + time.Second)
	for l, gone := range lan.sweep(b.now) {
		b.tellStations(l, nil, gone)
	}
	if len(b.removed) != 2 || len(lan.stations) != 0 {
		t.Errorf("%v were forgotten", b.removed)
	}
	for i := range maxStations + 5 {
		b.gnb(1, frame(pfcp.MAC{2, 1, 0, 0, 0, byte(i)}, far, "x"))
	}
	if _, networks := b.took(); len(networks) != maxStations {
		t.Errorf("%d stations behind one UE", len(networks))
	}
	for n := uint32(1); n <= 3; n++ {
		b.Remove(n)
	}
	if len(lan.stations)+len(lan.sessions) != 0 {
		t.Errorf("left: %v %v", lan.stations, lan.sessions)
	}
	b.Downlink("lan", frame(far, stationA, "late"))
	b.droppedAs(upf.DropMAC, 1)
}

// TestEthernetDeny keeps UEs of a data network apart.
func TestEthernetDeny(t *testing.T) {
	b := ethernet(t, upf.UEToUEDeny)
	b.gnb(1, frame(stationA, far, "x"))
	b.took()
	b.gnb(2, frame(stationB, stationA, "x"))
	b.droppedAs(upf.DropUEToUE, 1)
	b.gnb(2, frame(stationB, broadcast, "x"))
	b.oneNetwork()
}
