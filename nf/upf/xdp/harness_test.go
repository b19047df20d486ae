package xdp

import (
	"context"
	"encoding/binary"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// still is a slow path to which nothing comes.
type still struct{ closed bool }

func (*still) Run(context.Context, upf.Events) error { return nil }
func (*still) Apply(*upf.Session) error              { return nil }
func (*still) Remove(uint32)                         {}
func (*still) Usage(uint32, pfcp.URRID) upf.Usage    { return upf.Usage{} }
func (*still) DropBuffered(uint32)                   {}
func (*still) Rearm(uint32)                          {}
func (*still) EndMarker(netip.Addr, uint32, uint8)   {}
func (*still) Echo(netip.Addr)                       {}
func (*still) Counters() upf.Counters                { return upf.Counters{} }
func (s *still) Close() error                        { s.closed = true; return nil }

var _ upf.Datapath = (*still)(nil)

// The network around a Path under BPF_PROG_TEST_RUN: frames come in on interface 1 and leave there again, towards
// gateway, or by interface 2.
var (
	n3Addr   = netip.MustParseAddr("10.0.3.1")
	n3Addr6  = netip.MustParseAddr("2001:db8:3::1")
	gateway  = netip.MustParseAddr("192.0.2.1")
	farGW    = netip.MustParseAddr("198.51.100.1")
	gnb      = netip.MustParseAddr("172.16.0.2") // behind interface 2
	farGNB   = netip.MustParseAddr("172.17.0.3") // behind the gateway
	lostGNB  = netip.MustParseAddr("172.18.0.9") // not resolved
	gnb6     = netip.MustParseAddr("fd00:2::2")  // behind interface 2
	farGNB6  = netip.MustParseAddr("2001:db8:9::3")
	lostGNB6 = netip.MustParseAddr("fd00:2::9")
	dnHost   = netip.MustParseAddr("203.0.113.5")
	gateMAC  = net.HardwareAddr{2, 0, 0, 0, 0, 1}
	farMAC   = net.HardwareAddr{2, 0, 0, 0, 0, 2}
	gnbMAC   = net.HardwareAddr{2, 0, 0, 0, 0, 3}
	oneMAC   = net.HardwareAddr{2, 0, 0, 0, 1, 1}
	twoMAC   = net.HardwareAddr{2, 0, 0, 0, 1, 2}
	mtu1     = 1500
	mtu2     = 1300
	firstUE  = netip.MustParseAddr("10.60.0.0")
	gateway6 = netip.MustParseAddr("fd00::1")
	farGW6   = netip.MustParseAddr("fd00:2::1")
	dnHost6  = netip.MustParseAddr("2001:db8:f::5") // behind farGW6
	networks = []upf.Network{
		{DNN: "internet", TUN: "t0", Pools: []netip.Prefix{netip.MustParsePrefix("10.60.0.0/26"), netip.MustParsePrefix("2001:db8:60::/48")}, MTU: 1400},
		{DNN: "ims", TUN: "t1", Pools: []netip.Prefix{netip.MustParsePrefix("10.61.0.0/28"), netip.MustParsePrefix("2001:db8:61::/48")}, MTU: 1280},
	}
)

func testConfig() upf.Config {
	return upf.Config{N4: netip.MustParseAddrPort("10.0.4.2:8805"), N3: n3Addr, N3v6: n3Addr6, Networks: networks, ExtraSlots: 16}
}

// around is what the kernel would know there; one and two are the indices of the interfaces.
func around(one, two int) view {
	p := netip.MustParsePrefix
	routes := []kernelRoute{
		{prefix: p("10.0.3.1/32")}, {prefix: p("2001:db8:3::1/128")}, {prefix: p("10.60.0.0/26")}, {prefix: p("10.61.0.0/28")},
		{prefix: p("192.0.2.0/24"), ifindex: one}, {prefix: p("198.51.100.0/24"), ifindex: two},
		{prefix: p("172.16.0.0/16"), ifindex: two}, {prefix: p("172.18.0.0/16"), ifindex: two},
		{prefix: p("203.0.0.0/8"), ifindex: two, gateway: farGW}, {prefix: p("11.0.0.0/8")},
		{prefix: p("0.0.0.0/0"), ifindex: one, gateway: gateway},
		{prefix: p("2001:db8:60::/48")}, {prefix: p("2001:db8:61::/48")}, {prefix: p("2001:db8:f::/48"), ifindex: two, gateway: farGW6},
		{prefix: p("fd00:2::/64"), ifindex: two}, {prefix: p("fd00::/64"), ifindex: one},
		{prefix: p("2000::/3"), ifindex: one, gateway: gateway6}}
	slices.SortStableFunc(routes, longestFirst)
	return view{
		links: map[int]linkView{one: {LinkAttrs: &netlink.LinkAttrs{Index: one, MTU: mtu1, HardwareAddr: oneMAC, Flags: net.FlagUp}},
			two: {LinkAttrs: &netlink.LinkAttrs{Index: two, MTU: mtu2, HardwareAddr: twoMAC, Flags: net.FlagUp}}},
		neighbours: map[neighbour]net.HardwareAddr{{one, gateway}: gateMAC, {two, farGW}: farMAC, {two, gnb}: gnbMAC, {two, gnb6}: gnbMAC,
			{one, gateway6}: gateMAC, {two, farGW6}: farMAC},
		tables: [][]kernelRoute{routes},
	}
}

// testPath is a Path whose programs are loaded but attached nowhere, in a view of its own.
func testPath(t testing.TB, cfg upf.Config, v view, ports map[int]port, slow upf.Datapath) *Path {
	t.Helper()
	p, err := prepare(cfg, slog.New(slog.DiscardHandler))
	check(t, err)
	p.config.TestClock = 1
	p.start(t, v, ports, slow)
	return p
}

// start loads the programs of a Path that is prepared.
func (p *Path) start(t testing.TB, v view, ports map[int]port, slow upf.Datapath) {
	t.Helper()
	p.slow = slow
	p.loaded = mustLoad(t, p.config, p.size)
	p.near = neighboursOf(p.loaded, p.log)
	p.near.serving, p.near.patience, p.near.solicit = ports, 0, func(*netlink.Neigh) error { return nil }
	p.near.see(v)
	for i := range ports {
		check(t, p.loaded.ports.Put(uint32(i), uint32(i)))
	}
	p.near.writeRoutes()
	p.inherit()
	if shares, ok := slow.(interface{ Keep(upf.Memory) }); ok {
		shares.Keep(memory{p})
	}
	t.Cleanup(func() { // before the maps go
		p.mu.Lock()
		defer p.mu.Unlock()
		p.loaded = nil
	})
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ipv4 makes a packet of the given octets in all.
func ipv4(src, dst netip.Addr, protocol, ttl byte, body []byte) []byte {
	s, d := src.As4(), dst.As4()
	b := []byte{0x45, 0, 0, 0, 0, 1, 0, 0, ttl, protocol, 0, 0}
	b = append(append(append(b, s[:]...), d[:]...), body...)
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	binary.BigEndian.PutUint16(b[10:], checksum(b[:20]))
	return b
}

// udp makes a datagram without checksum, which IPv4 allows.
func udp(source, destination uint16, payload []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, source)
	b = binary.BigEndian.AppendUint16(b, destination)
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(payload)))
	return append(append(b, 0, 0), payload...)
}

// ipv6 makes a packet.
func ipv6(src, dst netip.Addr, next, limit byte, body []byte) []byte {
	s, d := src.As16(), dst.As16()
	b := []byte{0x60, 0, 0, 0, 0, 0, next, limit}
	binary.BigEndian.PutUint16(b[4:], uint16(len(body)))
	return append(append(append(b, s[:]...), d[:]...), body...)
}

// ethernet makes a frame of at least 60 octets.
func ethernet(to, from net.HardwareAddr, packet []byte) []byte {
	b := append(append(append([]byte(nil), to...), from...), 8, 0)
	if len(packet) > 0 && packet[0]>>4 == 6 {
		b[12], b[13] = 0x86, 0xdd
	}
	b = append(b, packet...)
	for len(b) < 60 {
		b = append(b, 0)
	}
	return b
}

// gpdu makes a frame with a G-PDU to N3.
func gpdu(from netip.Addr, p *gtpu.Packet) []byte {
	return ethernet(oneMAC, gnbMAC, ipv4(from, n3Addr, unix.IPPROTO_UDP, 64, udp(gtpu.Port, gtpu.Port, gtpu.Append(nil, p))))
}

// gpdu6 is gpdu over IPv6.
func gpdu6(from netip.Addr, p *gtpu.Packet) []byte {
	return ethernet(oneMAC, gnbMAC, udp6(from, n3Addr6, gtpu.Append(nil, p)))
}

// udp6 makes a packet between the ports of GTP-U, with the checksum that RFC 8200 §8.1 wants.
func udp6(from, to netip.Addr, payload []byte) []byte {
	b := ipv6(from, to, unix.IPPROTO_UDP, 64, udp(gtpu.Port, gtpu.Port, payload))
	sum := sum6(b)
	if sum == 0 {
		sum = 0xffff
	}
	binary.BigEndian.PutUint16(b[46:], sum)
	return b
}

// sum6 is the checksum over the datagram of an IPv6 packet and its pseudo-header; 0 if it holds a right one.
func sum6(b []byte) uint16 {
	pseudo := append(append([]byte(nil), b[8:40]...), 0, 0, b[44], b[45], 0, 0, 0, b[6])
	return checksum(append(append(pseudo, b[40:]...), make([]byte, len(b)%2)...))
}

func checksum(b []byte) uint16 {
	var sum uint32
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint32(b[i])<<8 | uint32(b[i+1])
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}
