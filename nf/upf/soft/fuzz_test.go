package soft

import (
	"io"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// nowhere takes what is sent and forgets it.
type nowhere struct{ io.Writer }

func (nowhere) Datagram(netip.AddrPort, []byte, uint8) {}
func (nowhere) Packet(string, []byte)                  {}

// FuzzPackets gives a UPF with a session of each kind any datagram on N3 and any packet on N6: nothing panics, and each
// is accounted for.
func FuzzPackets(f *testing.F) {
	inner := ipv4(address(1), address(2), 17, udp(1, 2, "x"))
	for _, g := range []gtpu.Packet{{Type: gtpu.GPDU, TEID: 1<<20 | 1, HasSession: true, Session: gtpu.PDUSession{Type: gtpu.Uplink, QFI: 9}, Payload: inner},
		{Type: gtpu.GPDU, TEID: 1<<20 | 2, Payload: ipv6(ue6, dnAddr6, 17, udp(1, 2, "x"))}, {Type: gtpu.GPDU, TEID: 1<<20 | 3, Payload: frame(stationA, broadcast, "x")},
		{Type: gtpu.GPDU, TEID: 1<<20 | 4, Payload: []byte("x")}, {Type: gtpu.GPDU, TEID: 1<<20 | 65541, HasNPDU: true, Payload: inner},
		{Type: gtpu.EndMarker, TEID: 1<<20 | 65541}, {Type: gtpu.EchoRequest, HasSequence: true}, {Type: gtpu.ErrorIndication}} {
		f.Add(gtpu.Append(nil, &g), true)
	}
	f.Add(ipv4(dnAddr, public, 1, []byte{3, 4, 0, 0, 0, 0, 5, 0}), false)
	f.Add(datagram(nil, dnAddr, address(4), 4747, []byte("x"), 0), false)
	f.Fuzz(func(t *testing.T, b []byte, uplink bool) {
		cfg := config()
		cfg.N3v6 = coreN3v6
		n := &cfg.Networks[0]
		n.Pools, n.NAT, n.UEToUE = append(n.Pools, pool6), []netip.Addr{public}, upf.UEToUEAllow
		cfg.Networks = append(cfg.Networks, upf.Network{DNN: "lan", TUN: "tap0", Ethernet: true, UEToUE: upf.UEToUEAllow})
		o, err := NewOffline(cfg, func() int64 { return int64(time.Hour) }, nowhere{}, slog.New(slog.DiscardHandler))
		check(t, err)
		for i := 1; i <= 4; i++ {
			check(t, o.Apply(session(i, func(s *upf.Session) {
				s.UE6 = netip.PrefixFrom(netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 0, 0x60, 0, byte(i + 5)}), 64)
				switch i {
				case 1:
					s.Tunnels = append(s.Tunnels, 1<<20|65541)
					s.Rules = append(s.Rules, upf.Rule{PDR: 3, Source: pfcp.InterfaceAccess, TEID: 1<<20 | 65541, Action: pfcp.ApplyFORW, To: pfcp.InterfaceAccess, Peer: gnbN3v6, PeerTEID: 3})
				case 2:
					s.Rules[1].Action = pfcp.ApplyBUFF
				case 3:
					s.Type, s.Rules[0].Network, s.Rules[1].Network = pfcp.PDNTypeEthernet, "lan", "lan"
				case 4:
					s.Type, s.Rules[0].Peer, s.Rules[0].PeerPort = pfcp.PDNTypeNonIP, dnAddr, 4747
				}
			})))
		}
		for range 2 {
			if uplink {
				o.Uplink(b, netip.AddrPortFrom(gnbN3, gtpu.Port))
			} else {
				o.Downlink("internet", b)
				o.Downlink("lan", b)
			}
		}
		conserved(t, o.Counters())
	})
}
