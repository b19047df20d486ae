package soft

import (
	"encoding/binary"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
)

var (
	coreN3 = netip.MustParseAddr("10.0.3.1")
	gnbN3  = netip.MustParseAddr("10.0.3.2")
	dnAddr = netip.MustParseAddr("10.0.6.2")
	ue     = netip.MustParseAddr("10.60.0.7")
	pool   = netip.MustParsePrefix("10.60.0.0/16")

	coreN3v6 = netip.MustParseAddr("2001:db8:3::1")
	gnbN3v6  = netip.MustParseAddr("2001:db8:3::2")
	dnAddr6  = netip.MustParseAddr("2001:db8:6::2")
	pool6    = netip.MustParsePrefix("2001:db8:60::/48")
	ue6      = netip.MustParseAddr("2001:db8:60:7::1234")
)

// lab is three network namespaces: a gNB's, the core's and a data network's, each an own network that ends with the
// test.
type lab struct {
	core, gnb, dn netns.NsHandle
}

// newLab makes the namespaces and joins them: gNB - core - data network. The test's thread is locked and ends with it.
func newLab(t testing.TB) *lab {
	t.Helper()
	runtime.LockOSThread()
	home, err := netns.Get()
	if err != nil {
		t.Fatalf("this test needs root and network namespaces: %v", err)
	}
	l := &lab{}
	for _, h := range []*netns.NsHandle{&l.core, &l.gnb, &l.dn} {
		if *h, err = netns.New(); err != nil {
			t.Fatalf("this test needs root and network namespaces: %v", err)
		}
		lo, err := netlink.LinkByName("lo")
		check(t, err)
		check(t, netlink.LinkSetUp(lo))
	}
	check(t, netns.Set(home))
	t.Cleanup(func() {
		_ = netns.Set(home)
		for _, h := range []netns.NsHandle{home, l.core, l.gnb, l.dn} {
			_ = h.Close()
		}
	})
	l.join(t, "n3", l.gnb, "10.0.3.1/24", "10.0.3.2/24", "2001:db8:3::1/64", "2001:db8:3::2/64")
	l.join(t, "n6", l.dn, "10.0.6.1/24", "10.0.6.2/24", "2001:db8:6::1/64", "2001:db8:6::2/64")
	l.in(t, l.dn, func() {
		check(t, netlink.RouteAdd(&netlink.Route{Dst: ipNet(pool), Gw: net.IPv4(10, 0, 6, 1)}))
		check(t, netlink.RouteAdd(&netlink.Route{Dst: ipNet(pool6), Gw: net.ParseIP("2001:db8:6::1")}))
	})
	return l
}

// in runs f in a namespace.
func (l *lab) in(t testing.TB, h netns.NsHandle, f func()) {
	t.Helper()
	here, err := netns.Get()
	check(t, err)
	check(t, netns.Set(h))
	f()
	check(t, netns.Set(here))
	check(t, here.Close())
}

// join makes a pair of interfaces between the core and another namespace.
func (l *lab) join(t testing.TB, name string, other netns.NsHandle, mine, theirs, mine6, theirs6 string) {
	t.Helper()
	l.in(t, l.core, func() {
		check(t, netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: name}, PeerName: name + "p"}))
		peer, err := netlink.LinkByName(name + "p")
		check(t, err)
		check(t, netlink.LinkSetNsFd(peer, int(other)))
	})
	for _, end := range []struct {
		ns                netns.NsHandle
		name, addr, addr6 string
	}{{l.core, name, mine, mine6}, {other, name + "p", theirs, theirs6}} {
		l.in(t, end.ns, func() {
			link, err := netlink.LinkByName(end.name)
			check(t, err)
			for _, text := range []string{end.addr, end.addr6} {
				a, err := netlink.ParseAddr(text)
				check(t, err)
				a.Flags = unix.IFA_F_NODAD // an address that is usable at once
				check(t, netlink.AddrAdd(link, a))
			}
			check(t, netlink.LinkSetUp(link))
		})
	}
	l.in(t, l.core, func() { awaitUp(t, name) })
	l.in(t, other, func() { awaitUp(t, name+"p") })
}

// awaitUp waits until the kernel sends over an interface: until it has noticed that the other end is up it drops what is sent, neighbour
// solicitations too.
func awaitUp(t testing.TB, name string) {
	t.Helper()
	for end := time.Now().Add(4 * patience); ; time.Sleep(time.Millisecond) {
		link, err := netlink.LinkByName(name)
		check(t, err)
		if link.Attrs().OperState == netlink.OperUp {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s is %s", name, link.Attrs().OperState)
		}
	}
}

// listen opens a UDP socket in a namespace.
func (l *lab) listen(t testing.TB, h netns.NsHandle, addr netip.AddrPort) *net.UDPConn {
	t.Helper()
	var conn *net.UDPConn
	l.in(t, h, func() {
		var err error
		conn, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(addr))
		check(t, err)
	})
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// config is a UPF with one data network.
func config() upf.Config {
	return upf.Config{N4: netip.MustParseAddrPort("10.0.4.2:8805"), N3: coreN3,
		Networks: []upf.Network{{DNN: "internet", TUN: "upf0", Gateway: []netip.Prefix{netip.MustParsePrefix("10.60.255.254/32")},
			Pools: []netip.Prefix{pool}}}}
}

// patience bounds the wait for a packet that must come.
const patience = 5 * time.Second

// expect reads one GTP-U packet.
func expect(t *testing.T, c *net.UDPConn, want gtpu.MessageType) gtpu.Packet {
	t.Helper()
	buf := make([]byte, 2000)
	check(t, c.SetReadDeadline(time.Now().Add(patience)))
	n, _, err := c.ReadFromUDPAddrPort(buf)
	if err != nil {
		t.Fatalf("no %s came: %v", want, err)
	}
	var p gtpu.Packet
	check(t, gtpu.Parse(buf[:n], &p))
	if p.Type != want {
		t.Fatalf("%s came, want %s", p.Type, want)
	}
	return p
}

// ipv4 makes a packet; the checksum of UDP is left out, which IPv4 allows.
func ipv4(src, dst netip.Addr, protocol byte, body []byte) []byte {
	s, d := src.As4(), dst.As4()
	b := []byte{0x45, 0, 0, 0, 0, 1, 0, 0, 64, protocol, 0, 0}
	b = append(append(append(b, s[:]...), d[:]...), body...)
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	binary.BigEndian.PutUint16(b[10:], checksum(b[:20]))
	return b
}

// ipv6 makes a packet.
func ipv6(src, dst netip.Addr, protocol byte, body []byte) []byte {
	s, d := src.As16(), dst.As16()
	b := []byte{0x60, 0, 0, 0, byte(len(body) >> 8), byte(len(body)), protocol, 64}
	return append(append(append(b, s[:]...), d[:]...), body...)
}

// ping6 makes an ICMPv6 echo request, whose checksum covers the addresses.
func ping6(src, dst netip.Addr, payload string) []byte {
	b := append([]byte{128, 0, 0, 0, 0, 7, 0, 1}, payload...)
	s, d := src.As16(), dst.As16()
	pseudo := append(append(s[:], d[:]...), 0, 0, 0, byte(len(b)), 0, 0, 0, 58)
	binary.BigEndian.PutUint16(b[2:], checksum(append(pseudo, b...)))
	return b
}

func udp(srcPort, dstPort uint16, payload string) []byte {
	b := binary.BigEndian.AppendUint16(nil, srcPort)
	b = binary.BigEndian.AppendUint16(b, dstPort)
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(payload)))
	return append(append(b, 0, 0), payload...)
}

func ping(payload string) []byte {
	b := append([]byte{8, 0, 0, 0, 0, 7, 0, 1}, payload...)
	binary.BigEndian.PutUint16(b[2:], checksum(b))
	return b
}

func checksum(b []byte) uint16 {
	var sum uint32
	for i := 0; i < len(b); i += 2 {
		sum += uint32(b[i]) << 8
		if i+1 < len(b) {
			sum += uint32(b[i+1])
		}
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}
