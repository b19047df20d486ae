package soft

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// bench is a Path without sockets and what it sent and told.
type bench struct {
	*Offline
	t        *testing.T
	now      int64
	tunnels  []sent
	networks []sent
	reached  []pfcp.URRID
	detected []pfcp.MAC
	removed  []pfcp.MAC
	paging   int
}

type sent struct {
	to      string
	packet  gtpu.Packet
	payload []byte
}

func (b *bench) Datagram(to netip.AddrPort, octets []byte, _ uint8) {
	b.t.Helper()
	var p gtpu.Packet
	octets = bytes.Clone(octets)
	check(b.t, gtpu.Parse(octets, &p))
	b.tunnels = append(b.tunnels, sent{to.Addr().String(), p, p.Payload})
}

func (b *bench) Packet(network string, octets []byte) {
	b.networks = append(b.networks, sent{to: network, payload: bytes.Clone(octets)})
}

func (b *bench) DownlinkData(uint32, pfcp.PDRID, uint8, uint8) { b.paging++ }
func (b *bench) ErrorIndication(netip.Addr, uint32)            {}
func (b *bench) Echo(netip.Addr)                               {}
func (b *bench) UsageReached(_ uint32, id pfcp.URRID)          { b.reached = append(b.reached, id) }
func (b *bench) MACs(_ uint32, _ pfcp.URRID, d, r []pfcp.MAC) {
	b.detected, b.removed = append(b.detected, d...), append(b.removed, r...)
}

func newBench(t *testing.T, change func(*upf.Config)) *bench {
	t.Helper()
	cfg := config()
	cfg.N3v6 = coreN3v6
	cfg.Networks[0].Pools = append(cfg.Networks[0].Pools, pool6)
	if change != nil {
		change(&cfg)
	}
	b := &bench{t: t, now: int64(time.Hour)}
	var err error
	b.Offline, err = NewOffline(cfg, func() int64 { return b.now }, b, slog.New(slog.DiscardHandler))
	check(t, err)
	var ev upf.Events = b
	b.events.Store(&ev)
	t.Cleanup(func() { conserved(t, b.Counters()) })
	return b
}

// session is the n-th UE with its address and a tunnel to the gNB.
func session(n int, change func(*upf.Session)) *upf.Session {
	teid := 1<<20 | uint32(n)
	s := &upf.Session{Slot: uint32(n), Tunnels: []uint32{teid}, UE4: address(n), Rules: []upf.Rule{
		{PDR: 1, Source: pfcp.InterfaceAccess, TEID: teid, Action: pfcp.ApplyFORW, To: pfcp.InterfaceCore, Network: "internet", URRs: []pfcp.URRID{1}},
		{PDR: 2, Source: pfcp.InterfaceCore, Network: "internet", Action: pfcp.ApplyFORW, To: pfcp.InterfaceAccess, Peer: gnbN3, PeerTEID: 0x1000 + uint32(n), QFI: 9, URRs: []pfcp.URRID{1}}}}
	if change != nil {
		change(s)
	}
	return s
}

func (b *bench) install(s ...*upf.Session) {
	b.t.Helper()
	for _, s := range s {
		check(b.t, b.Apply(s))
	}
}

// gnb sends a packet in a tunnel of the n-th UE.
func (b *bench) gnb(n int, packet []byte) { b.gpdu(1<<20|uint32(n), 9, packet) }

func (b *bench) gpdu(teid uint32, qfi uint8, packet []byte) {
	b.Uplink(gtpu.Append(nil, &gtpu.Packet{Type: gtpu.GPDU, TEID: teid, HasSession: true, Session: gtpu.PDUSession{Type: gtpu.Uplink, QFI: qfi}, Payload: packet}),
		netip.AddrPortFrom(gnbN3, gtpu.Port))
}

// took returns what was sent since the last call.
func (b *bench) took() (tunnels, networks []sent) {
	tunnels, networks, b.tunnels, b.networks = b.tunnels, b.networks, nil, nil
	return tunnels, networks
}

// oneTunnel wants one datagram and nothing else.
func (b *bench) oneTunnel() sent {
	b.t.Helper()
	tunnels, networks := b.took()
	if len(tunnels) != 1 || len(networks) != 0 {
		b.t.Fatalf("%d datagrams, %d packets: %+v", len(tunnels), len(networks), b.Counters())
	}
	return tunnels[0]
}

// oneNetwork wants one packet to a data network and nothing else.
func (b *bench) oneNetwork() sent {
	b.t.Helper()
	tunnels, networks := b.took()
	if len(tunnels) != 0 || len(networks) != 1 {
		b.t.Fatalf("%d datagrams, %d packets: %+v", len(tunnels), len(networks), b.Counters())
	}
	return networks[0]
}

func (b *bench) droppedAs(d upf.Drop, n uint64) {
	b.t.Helper()
	if got := b.Counters().Dropped[d]; got != n {
		b.t.Errorf("%s: %d dropped, want %d", d, got, n)
	}
	if tunnels, networks := b.took(); len(tunnels)+len(networks) != 0 {
		b.t.Errorf("%s, yet sent: %+v %+v", d, tunnels, networks)
	}
}

// sound wants the checksums of an IPv4 packet to be right.
func sound(t *testing.T, b []byte) {
	t.Helper()
	n := int(b[0]&0xf) * 4
	if fold(sum(0, b[:n])) != 0xffff {
		t.Errorf("header checksum of %x", b)
	}
	body := b[n:]
	switch b[9] {
	case protoICMP:
		if fold(sum(0, body)) != 0xffff {
			t.Errorf("ICMP checksum of %x", b)
		}
	case protoTCP, protoUDP:
		if b[9] == protoUDP && body[6] == 0 && body[7] == 0 {
			return
		}
		if fold(sum(sum(uint64(len(body))+uint64(b[9]), b[12:20]), body)) != 0xffff {
			t.Errorf("checksum of %x", b)
		}
	}
}

// summed gives an IPv4 packet of UDP or TCP its checksums.
func summed(b []byte) []byte {
	body, at := b[20:], 6
	if b[9] == protoTCP {
		at = 16
	}
	body[at], body[at+1] = 0, 0
	binary.BigEndian.PutUint16(body[at:], ^fold(sum(sum(uint64(len(body))+uint64(b[9]), b[12:20]), body)))
	b[10], b[11] = 0, 0
	binary.BigEndian.PutUint16(b[10:], ^fold(sum(0, b[:20])))
	return b
}

// TestN9 is an uplink classifier: what its filter takes leaves here, the rest goes to the anchor over N9, and both come
// back to the UE, TS 23.501 §5.6.4.2.
func TestN9(t *testing.T) {
	b := newBench(t, nil)
	anchor := netip.MustParseAddr("10.0.9.9")
	const fromAnchor = 1<<20 | 65540
	b.install(session(1, func(s *upf.Session) {
		local := s.Rules[0]
		local.Filters = []upf.Filter{{Remote: netip.PrefixFrom(dnAddr, 32)}}
		s.Tunnels = append(s.Tunnels, fromAnchor)
		s.Rules[0].PDR, s.Rules[0].Network, s.Rules[0].Peer, s.Rules[0].PeerTEID, s.Rules[0].QFI = 3, "", anchor, 0x99, 5
		s.Rules = append([]upf.Rule{local}, s.Rules...)
		s.Rules = append(s.Rules, upf.Rule{PDR: 4, Source: pfcp.InterfaceCore, TEID: fromAnchor, Action: pfcp.ApplyFORW, To: pfcp.InterfaceAccess, Peer: gnbN3, PeerTEID: 0x1001, URRs: []pfcp.URRID{1}})
	}))
	b.gnb(1, ipv4(address(1), dnAddr, 17, udp(1, 2, "here")))
	if p := b.oneNetwork(); p.to != "internet" {
		t.Errorf("%+v", p)
	}
	far := netip.MustParseAddr("198.51.100.7")
	b.gnb(1, ipv4(address(1), far, 17, udp(1, 2, "there")))
	if p := b.oneTunnel(); p.to != anchor.String() || p.packet.TEID != 0x99 || p.packet.Session != (gtpu.PDUSession{Type: gtpu.Uplink, QFI: 5}) {
		t.Errorf("%+v", p)
	}
	b.gpdu(fromAnchor, 7, ipv4(far, address(1), 17, udp(2, 1, "back")))
	if p := b.oneTunnel(); p.to != gnbN3.String() || p.packet.TEID != 0x1001 || p.packet.Session != (gtpu.PDUSession{QFI: 7}) {
		t.Errorf("%+v", p)
	}
	b.gpdu(fromAnchor, 7, ipv4(far, address(2), 17, udp(2, 1, "another UE's")))
	b.droppedAs(upf.DropSpoofed, 1)
	want := upf.Usage{UplinkBytes: 28 + 4 + 28 + 5, DownlinkBytes: 28 + 4, UplinkPackets: 2, DownlinkPackets: 1}
	if u := b.Usage(1, 1); u != want {
		t.Errorf("%+v, want %+v", u, want)
	}
	// A relocated UPF ends the N9 tunnel with an end marker, which goes on to the gNB, TS 23.501 §5.8.2.9.
	b.Uplink(gtpu.AppendEndMarker(nil, fromAnchor, gtpu.PDUSession{QFI: 7}), netip.AddrPortFrom(anchor, gtpu.Port))
	if p := b.oneTunnel(); p.packet.Type != gtpu.EndMarker || p.packet.TEID != 0x1001 {
		t.Errorf("%+v", p)
	}
}

// TestForwardingTunnel relays packets from the source gNB to the target gNB as they are, with their QFI, and the end
// marker after them, TS 23.501 §5.8.2.12.
func TestForwardingTunnel(t *testing.T) {
	b := newBench(t, nil)
	target := netip.MustParseAddr("10.0.3.3")
	const forward = 1<<20 | 65541
	b.install(session(1, func(s *upf.Session) {
		s.Tunnels = append(s.Tunnels, forward)
		s.Rules = append(s.Rules, upf.Rule{PDR: 3, Source: pfcp.InterfaceAccess, TEID: forward, Action: pfcp.ApplyFORW, To: pfcp.InterfaceAccess, Peer: target, PeerTEID: 0x33})
	}))
	packet := ipv4(dnAddr, address(1), 17, udp(1, 2, "on its way"))
	b.gpdu(forward, 6, packet)
	if p := b.oneTunnel(); p.to != target.String() || p.packet.TEID != 0x33 || p.packet.Session != (gtpu.PDUSession{Type: gtpu.Uplink, QFI: 6}) || !bytes.Equal(p.payload, packet) {
		t.Errorf("%+v", p)
	}
	b.Uplink(gtpu.AppendEndMarker(nil, forward, gtpu.PDUSession{QFI: 6}), netip.AddrPortFrom(gnbN3, gtpu.Port))
	if p := b.oneTunnel(); p.packet.Type != gtpu.EndMarker || p.packet.TEID != 0x33 || p.to != target.String() {
		t.Errorf("%+v", p)
	}
}

// TestUEToUE obeys the policy of the data network, and answers as a router, TS 23.501 §5.8.2.13.0.
func TestUEToUE(t *testing.T) {
	packet := func(text string) []byte { return ipv4(address(1), address(2), 17, udp(1, 2, text)) }
	t.Run("deny", func(t *testing.T) {
		b := newBench(t, nil)
		b.install(session(1, nil), session(2, nil))
		b.gnb(1, packet("x"))
		b.droppedAs(upf.DropUEToUE, 1)
	})
	t.Run("forward", func(t *testing.T) {
		b := newBench(t, func(c *upf.Config) {
			n := &c.Networks[0]
			n.UEToUE, n.Table, n.Parent, n.Routes = upf.UEToUEForward, 100, "n6", []upf.Route{{To: netip.MustParsePrefix("0.0.0.0/0"), Via: dnAddr}}
		})
		b.install(session(1, nil), session(2, nil))
		b.gnb(1, packet("x"))
		b.oneNetwork()
	})
	t.Run("allow", func(t *testing.T) {
		b := newBench(t, func(c *upf.Config) { c.Networks[0].UEToUE = upf.UEToUEAllow })
		b.install(session(1, nil), session(2, nil))
		b.gnb(1, summed(packet("x")))
		p := b.oneTunnel()
		if p.packet.TEID != 0x1002 || p.packet.Session.Type != gtpu.Downlink || p.payload[8] != packet("x")[8]-1 {
			t.Errorf("%+v", p)
		}
		sound(t, p.payload)
		if one, two := b.Usage(1, 1), b.Usage(2, 1); one.UplinkBytes != 29 || two.DownlinkBytes != 29 {
			t.Errorf("%+v, %+v", one, two)
		}
		last := packet("x")
		last[8] = 1
		b.gnb(1, summed(last))
		p = b.oneTunnel() // back to the sender: time exceeded, RFC 792
		if p.packet.TEID != 0x1001 || p.payload[20] != 11 || !bytes.Equal(p.payload[28:], last) {
			t.Errorf("%+v", p)
		}
		sound(t, p.payload)
		b.gnb(1, packet(strings.Repeat("x", 1400)))
		p = b.oneTunnel() // too big, with the MTU, RFC 1191 §4
		if p.payload[20] != 3 || p.payload[21] != 4 || binary.BigEndian.Uint16(p.payload[26:]) != 1400 {
			t.Errorf("%+v", p)
		}
		sound(t, p.payload)
		if c := b.Counters(); c.Dropped[upf.DropHopLimit] != 1 || c.Dropped[upf.DropTooBig] != 1 {
			t.Errorf("%+v", c)
		}
		big6 := ipv6(ue6, netip.MustParseAddr("2001:db8:60:8::1"), 17, bytes.Repeat([]byte{1}, 1400))
		for n, prefix := range map[int]string{7: "2001:db8:60:7::/64", 8: "2001:db8:60:8::/64"} {
			b.install(session(n, func(s *upf.Session) { s.UE4, s.UE6 = netip.Addr{}, netip.MustParsePrefix(prefix) }))
		}
		b.took()
		b.gnb(7, big6)
		p = b.oneTunnel() // RFC 4443 §3.2
		if p.packet.TEID != 0x1007 || p.payload[40] != 2 || binary.BigEndian.Uint32(p.payload[44:]) != 1400 || len(p.payload) != 1280 {
			t.Errorf("%d octets, %+v", len(p.payload), p)
		}
		if fold(sum(uint64(len(p.payload)-40)+protoICMPv6, p.payload[8:])) != 0xffff {
			t.Error("ICMPv6 checksum")
		}
	})
}

// TestRouterAdvertisement: a UE with a prefix is told of it when it can be reached and whenever it asks; nothing else of
// link-local scope goes anywhere, RFC 4861 §4.2 and TS 23.501 §5.8.2.2.3.
func TestRouterAdvertisement(t *testing.T) {
	b := newBench(t, nil)
	idle := session(1, func(s *upf.Session) {
		s.UE4, s.UE6 = netip.Addr{}, netip.MustParsePrefix("2001:db8:60:7::/64")
		s.Rules[1].Action = pfcp.ApplyBUFF
	})
	b.install(idle)
	if tunnels, _ := b.took(); len(tunnels) != 0 {
		t.Fatalf("an idle UE was told: %+v", tunnels)
	}
	active := session(1, func(s *upf.Session) { s.UE4, s.UE6 = idle.UE4, idle.UE6 })
	check := func() {
		t.Helper()
		p := b.oneTunnel()
		ra := p.payload
		if p.packet.Session.QFI != 9 || ra[7] != 255 || ra[40] != 134 || ra[56] != 3 || ra[58] != 64 || ra[59] != 0x40 ||
			netip.AddrFrom16([16]byte(ra[72:88])) != idle.UE6.Addr() || binary.BigEndian.Uint32(ra[92:]) != 1400 {
			t.Errorf("%x", ra)
		}
		if fold(sum(uint64(len(ra)-40)+protoICMPv6, ra[8:])) != 0xffff {
			t.Error("checksum")
		}
	}
	b.install(active)
	check()
	b.install(active)
	if tunnels, _ := b.took(); len(tunnels) != 0 {
		t.Errorf("told again: %+v", tunnels)
	}
	solicit := icmpv6(netip.MustParseAddr("fe80::5"), netip.MustParseAddr("ff02::2"), 255, []byte{133, 0, 0, 0, 0, 0, 0, 0})
	b.gnb(1, solicit)
	check()
	solicit[7] = 64 // from beyond the link, RFC 4861 §6.1.1
	b.gnb(1, solicit)
	b.droppedAs(upf.DropLinkLocal, 1)
	b.gnb(1, icmpv6(netip.IPv6Unspecified(), netip.MustParseAddr("ff02::1:ff00:5"), 255, make([]byte, 24)))
	b.droppedAs(upf.DropLinkLocal, 2)
	b.gnb(1, ipv6(ue6, dnAddr6, 17, udp(1, 2, "x")))
	b.oneNetwork()
	b.gnb(1, ipv6(netip.MustParseAddr("2001:db8:60:8::1"), dnAddr6, 17, udp(1, 2, "x")))
	b.droppedAs(upf.DropSpoofed, 1)
}

// TestQuotas: a quota ends the traffic at the packet that uses it up, each bound is told once, and a URR may measure
// before QoS enforcement or not at all, TS 29.244 §5.2.2.2 and §8.2.68.
func TestQuotas(t *testing.T) {
	b := newBench(t, nil)
	b.install(session(1, func(s *upf.Session) {
		s.Rules[0].URRs = []pfcp.URRID{1, 2, 3}
		s.URRs = []upf.URR{{ID: 1, Report: upf.Limit{Uplink: 60}, Quota: upf.Limit{Total: 100}}, {ID: 2, Before: true}, {ID: 3, Paused: true}}
	}))
	for range 6 {
		b.gnb(1, ipv4(address(1), dnAddr, 17, udp(1, 2, "12")))
	}
	_, networks := b.took()
	if len(networks) != 4 || b.Usage(1, 1).UplinkBytes != 120 || b.Usage(1, 2).UplinkBytes != 180 || (b.Usage(1, 3) != upf.Usage{}) {
		t.Errorf("%d packets, %+v %+v %+v", len(networks), b.Usage(1, 1), b.Usage(1, 2), b.Usage(1, 3))
	}
	b.droppedAs(upf.DropQuota, 2)
	if fmt.Sprint(b.reached) != "[1 1]" {
		t.Errorf("told %v", b.reached)
	}
	b.install(session(1, func(s *upf.Session) { s.URRs = []upf.URR{{ID: 1, Closed: true}} }))
	b.gnb(1, ipv4(address(1), dnAddr, 17, udp(1, 2, "12")))
	b.droppedAs(upf.DropQuota, 3)
}

// TestBufferBounds: the bound of the BAR, that of the configuration, that of all buffers together, and time; what is
// within them leaves in order, TS 29.244 §5.2.4.
func TestBufferBounds(t *testing.T) {
	idle := func(n int, packets int, expiry time.Duration) *upf.Session {
		return session(n, func(s *upf.Session) {
			s.Rules[1].Action, s.Buffer = pfcp.ApplyBUFF|pfcp.ApplyNOCP, upf.Buffer{Packets: packets, Expiry: expiry}
		})
	}
	b := newBench(t, func(c *upf.Config) { c.BufferPackets, c.MaxBufferPackets, c.BufferBytes = 3, 1000, 40_000 })
	send := func(n, packets int) {
		for i := range packets {
			b.Downlink("internet", ipv4(dnAddr, address(n), 17, udp(1, uint16(i), "x")))
			b.now += int64(10 * time.Millisecond)
		}
	}
	b.install(idle(1, 0, 0), idle(2, 1000, 0), idle(3, 2000, 0), idle(4, 10, time.Second))
	send(1, 5)
	b.droppedAs(upf.DropBufferFull, 2)
	send(2, 1000) // at 100 a second
	b.droppedAs(upf.DropBufferFull, 2)
	send(3, 1500) // asks for more than the configuration allows, and for more than all may have
	if c := b.Counters(); c.Dropped[upf.DropBuffersFull] == 0 || c.Buffered != 40_000/29 {
		t.Errorf("%+v", c)
	}
	b.Remove(3)
	send(4, 10)
	b.now += int64(2 * time.Second)
	send(4, 1)
	if c := b.Counters(); c.Dropped[upf.DropBufferExpired] != 10 {
		t.Errorf("%+v", c)
	}
	if b.paging != 4 {
		t.Errorf("%d times told of data", b.paging)
	}
	b.took()
	b.install(session(2, nil))
	tunnels, _ := b.took()
	for i, p := range tunnels {
		if port := binary.BigEndian.Uint16(p.payload[22:]); int(port) != i {
			t.Fatalf("packet %d is %d", i, port)
		}
	}
	if len(tunnels) != 1000 {
		t.Errorf("%d packets left", len(tunnels))
	}
	for n := 1; n < 5; n++ {
		b.Remove(uint32(n))
	}
	if b.bufBytes.Load() != 0 {
		t.Errorf("%d octets are left", b.bufBytes.Load())
	}
}

// TestFragments: all fragments of a packet meet the rule that its ports meet.
func TestFragments(t *testing.T) {
	b := newBench(t, nil)
	b.install(session(1, func(s *upf.Session) {
		web := s.Rules[0]
		web.PDR, web.Filters, web.URRs = 3, []upf.Filter{{Protocol: 17, RemotePorts: []upf.PortRange{{First: 443, Last: 443}}}}, []pfcp.URRID{2}
		s.Rules = append([]upf.Rule{web}, s.Rules...)
	}))
	fragment := func(id byte, place uint16, body []byte) []byte {
		p := ipv4(address(1), dnAddr, 17, body)
		p[5] = id
		binary.BigEndian.PutUint16(p[6:], place)
		return p
	}
	b.gnb(1, fragment(7, 0x2000, udp(9, 443, strings.Repeat("x", 16))))
	b.gnb(1, fragment(7, 3, []byte("the rest")))
	b.gnb(1, fragment(8, 3, []byte("the rest of another")))
	if u, o := b.Usage(1, 2), b.Usage(1, 1); u.UplinkPackets != 2 || o.UplinkPackets != 1 {
		t.Errorf("%+v %+v", u, o)
	}
}

// TestFragmentsApart: what is known of a first fragment is not lost to another one that no rule lets through, or of a session
// that asks for no ports.
func TestFragmentsApart(t *testing.T) {
	b := newBench(t, nil)
	b.install(session(1, func(s *upf.Session) {
		s.Rules[0].Filters = []upf.Filter{{Protocol: 17, RemotePorts: []upf.PortRange{{First: 443, Last: 443}}}}
	}))
	b.install(session(2, nil))
	first, rest := uint16(0x2000), uint16(3)
	fragment := func(place uint16, src, dst netip.Addr) []byte {
		p := ipv4(src, dst, 17, udp(9, 443, strings.Repeat("x", 16)))
		p[5] = 7
		binary.BigEndian.PutUint16(p[6:], place)
		return p
	}
	b.gnb(1, fragment(first, address(1), dnAddr))
	b.oneNetwork()
	const others = 5000 // far more than are remembered
	far := func(n int) netip.Addr { return netip.AddrFrom4([4]byte{203, 0, byte(n >> 8), byte(n)}) }
	for n := range others {
		b.gnb(1, fragment(first, far(n), address(1)))
	}
	b.droppedAs(upf.DropSpoofed, others)
	for n := range others {
		b.gnb(2, fragment(first, address(2), far(n)))
	}
	b.took()
	b.gnb(1, fragment(rest, address(1), dnAddr))
	b.oneNetwork()
}

// TestFramedRoute serves a network behind the UE, TS 23.501 §5.6.14.
func TestFramedRoute(t *testing.T) {
	b := newBench(t, nil)
	lan, lan6 := netip.MustParsePrefix("192.168.7.0/24"), netip.MustParsePrefix("2001:db8:77::/48")
	b.install(session(1, func(s *upf.Session) { s.Framed = []netip.Prefix{lan, lan6} }))
	for _, a := range []string{"192.168.7.9", "2001:db8:77:5::1"} {
		host := netip.MustParseAddr(a)
		up, down := ipv4, dnAddr
		if host.Is6() {
			up, down = ipv6, dnAddr6
		}
		b.gnb(1, up(host, down, 17, udp(1, 2, "x")))
		b.oneNetwork()
		b.Downlink("internet", up(down, host, 17, udp(1, 2, "x")))
		if p := b.oneTunnel(); p.packet.TEID != 0x1001 {
			t.Errorf("%+v", p)
		}
	}
	b.Remove(1)
	b.Downlink("internet", ipv4(dnAddr, lan.Addr().Next(), 17, udp(1, 2, "x")))
	b.droppedAs(upf.DropUnknownUE, 1)
}

// TestMarking writes the traffic class of packets to a data network and the paging policy of those to the gNB,
// TS 29.244 §8.2.12 and TS 38.415 §5.5.2.1.
func TestMarking(t *testing.T) {
	b := newBench(t, nil)
	b.install(session(1, func(s *upf.Session) {
		s.UE6 = netip.MustParsePrefix("2001:db8:60:7::/64")
		s.Rules[0].Mark, s.Rules[0].MarkMask = 0xb8, 0xfc
		s.Rules[1].PPI = pfcp.Some(pfcp.PPI(5))
	}))
	b.took()
	four := summed(ipv4(address(1), dnAddr, 17, udp(1, 2, "x")))
	four[1] = 3
	b.gnb(1, summed(four))
	if p := b.oneNetwork(); p.payload[1] != 0xbb {
		t.Errorf("%x", p.payload)
	} else {
		sound(t, p.payload)
	}
	b.gnb(1, ipv6(ue6, dnAddr6, 17, udp(1, 2, "x")))
	if p := b.oneNetwork(); binary.BigEndian.Uint16(p.payload)>>4&0xff != 0xb8 {
		t.Errorf("%x", p.payload)
	}
	b.Downlink("internet", ipv4(dnAddr, address(1), 17, udp(2, 1, "x")))
	if p := b.oneTunnel(); p.packet.Session != (gtpu.PDUSession{QFI: 9, HasPPI: true, PPI: 5}) {
		t.Errorf("%+v", p.packet)
	}
}

// TestUnstructured moves octets between a UE and its server in a UDP tunnel of N6, TS 23.501 §5.6.10.3.
func TestUnstructured(t *testing.T) {
	for name, server := range map[string]netip.Addr{"IPv4": dnAddr, "IPv6": dnAddr6} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, nil)
			s := session(1, func(s *upf.Session) {
				s.Type, s.UE6 = pfcp.PDNTypeNonIP, netip.MustParsePrefix("2001:db8:60:7::/64")
				s.Rules[0].Peer, s.Rules[0].PeerPort = server, 4747
			})
			b.install(s)
			b.gnb(1, []byte("\x00\x01reading"))
			p := b.oneNetwork()
			var f upf.Flow
			if _, ok := upf.ParseFlow(p.payload, true, &f); !ok || f.Remote != server || f.RemotePort != 4747 || f.Local != source(s, server) || !bytes.HasSuffix(p.payload, []byte("\x00\x01reading")) {
				t.Errorf("%+v %x", f, p.payload)
			}
			if server.Is4() {
				sound(t, p.payload)
			} else if n := len(p.payload) - 40; fold(sum(uint64(n)+protoUDP, p.payload[8:])) != 0xffff {
				t.Error("checksum")
			}
			wrapped := datagram(nil, server, f.Local, 4747, []byte("command"), 0)
			b.Downlink("internet", wrapped)
			if p := b.oneTunnel(); string(p.payload) != "command" || p.packet.TEID != 0x1001 {
				t.Errorf("%+v", p)
			}
			other := netip.MustParseAddr("198.51.100.1")
			if server.Is6() {
				other = netip.MustParseAddr("2001:db8:bad::1")
			}
			b.Downlink("internet", datagram(nil, other, f.Local, 4747, []byte("not the server"), 0))
			b.droppedAs(upf.DropNoRule, 1)
			if u := b.Usage(1, 1); u.UplinkBytes != 9 || u.DownlinkBytes != 7 {
				t.Errorf("%+v", u)
			}
		})
	}
}
