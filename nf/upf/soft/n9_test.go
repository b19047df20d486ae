package soft

import (
	"net/netip"
	"testing"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// TestBranchingPoint: the packets of a UE with two prefixes take the way of the prefix that they come from, one to the data network
// here, the other over N9, and those of both prefixes come to the UE, TS 23.501 §5.6.4.3.
func TestBranchingPoint(t *testing.T) {
	b := newBench(t, nil)
	anchor, far := netip.MustParseAddr("10.0.9.9"), netip.MustParsePrefix("2001:db8:aaaa:7::/64")
	ueFar := netip.MustParseAddr("2001:db8:aaaa:7::1234")
	const fromAnchor = 1<<20 | 65540
	b.install(session(1, func(s *upf.Session) {
		s.UE4, s.UE6 = netip.Addr{}, netip.MustParsePrefix("2001:db8:60:7::/64")
		s.Tunnels = append(s.Tunnels, fromAnchor)
		away := s.Rules[0]
		away.PDR, away.UE6, away.Network, away.Peer, away.PeerTEID, away.QFI = 3, far, "", anchor, 0x99, 5
		back := upf.Rule{PDR: 4, Source: pfcp.InterfaceCore, TEID: fromAnchor, UE6: far, Action: pfcp.ApplyFORW, To: pfcp.InterfaceAccess, Peer: gnbN3,
			PeerTEID: 0x1001, QFI: 9, URRs: []pfcp.URRID{1}}
		s.Rules = append(s.Rules, away, back)
	}))
	b.took() // a router advertisement
	b.gnb(1, ipv6(ue6, dnAddr6, 17, udp(1, 2, "here")))
	if p := b.oneNetwork(); p.to != "internet" {
		t.Errorf("%+v", p)
	}
	b.gnb(1, ipv6(ueFar, dnAddr6, 17, udp(1, 2, "there")))
	if p := b.oneTunnel(); p.to != anchor.String() || p.packet.TEID != 0x99 || p.packet.Session != (gtpu.PDUSession{Type: gtpu.Uplink, QFI: 5}) {
		t.Errorf("%+v", p)
	}
	b.gpdu(fromAnchor, 7, ipv6(dnAddr6, ueFar, 17, udp(2, 1, "back")))
	if p := b.oneTunnel(); p.to != gnbN3.String() || p.packet.TEID != 0x1001 || p.packet.Session != (gtpu.PDUSession{QFI: 9}) {
		t.Errorf("%+v", p)
	}
	b.Downlink("internet", ipv6(dnAddr6, ue6, 17, udp(2, 1, "back")))
	if p := b.oneTunnel(); p.to != gnbN3.String() || p.packet.TEID != 0x1001 {
		t.Errorf("%+v", p)
	}
	b.gnb(1, ipv6(netip.MustParseAddr("2001:db8:bad:7::1"), dnAddr6, 17, udp(1, 2, "nobody's")))
	b.droppedAs(upf.DropSpoofed, 1)
	b.gpdu(fromAnchor, 7, ipv6(dnAddr6, ue6, 17, udp(2, 1, "the wrong prefix")))
	b.droppedAs(upf.DropSpoofed, 2)
	if got, want := b.Usage(1, 1), (upf.Usage{UplinkBytes: 48 + 4 + 48 + 5, DownlinkBytes: 2 * (48 + 4), UplinkPackets: 2, DownlinkPackets: 2}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
