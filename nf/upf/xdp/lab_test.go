package xdp

import (
	"net"
	"net/netip"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

var (
	labGNB = netip.MustParseAddr("10.0.3.2")
	labDN  = netip.MustParseAddr("10.0.6.2")
	labUE  = netip.MustParseAddr("10.60.0.7")
)

// patience bounds the wait for what must come.
const patience = 5 * time.Second

// lab is three network namespaces, gNB - core - data network, and a BPF file system; all end with the test.
type lab struct {
	core, gnb, dn   netns.NsHandle
	pin             string
	gnbConn, dnConn *net.UDPConn
	peer            netip.Addr           // where the UE is
	quota           uint64               // its, octets of both directions; 0: none
	peers           map[string]link.Link // the programs at the far ends, by the core's interface
	exchanged       int                  // packets that went and came, each way
	octets          int                  // of them, as the UE sees them
}

func newLab(t testing.TB) *lab {
	t.Helper()
	runtime.LockOSThread() // the thread ends with the test
	home, err := netns.Get()
	check(t, err)
	l := &lab{pin: mountBPF(t), peer: labGNB, peers: map[string]link.Link{}}
	for _, h := range []*netns.NsHandle{&l.core, &l.gnb, &l.dn} {
		if *h, err = netns.New(); err != nil {
			t.Fatalf("this test needs root: %v", err)
		}
		up(t, "lo")
	}
	check(t, netns.Set(home))
	t.Cleanup(func() {
		_ = netns.Set(home)
		for _, h := range []netns.NsHandle{l.core, l.gnb, l.dn, home} {
			_ = h.Close()
		}
	})
	l.join(t, "n3", l.gnb, "10.0.3.1/24", "10.0.3.2/24")
	l.join(t, "n6", l.dn, "10.0.6.1/24", "10.0.6.2/24")
	l.in(t, l.dn, func() {
		_, pool, err := net.ParseCIDR("10.60.0.0/16")
		check(t, err)
		check(t, netlink.RouteAdd(&netlink.Route{Dst: pool, Gw: net.IPv4(10, 0, 6, 1)}))
	})
	l.gnbConn = l.listen(t, l.gnb, netip.AddrPortFrom(labGNB, gtpu.Port))
	l.dnConn = l.listen(t, l.dn, netip.AddrPortFrom(labDN, gtpu.Port))
	return l
}

// mountBPF mounts a BPF file system for the test.
func mountBPF(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	check(t, unix.Mount("bpf", dir, "bpf", 0, ""))
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return filepath.Join(dir, "limpid")
}

func up(t testing.TB, name string) {
	t.Helper()
	l, err := netlink.LinkByName(name)
	check(t, err)
	check(t, netlink.LinkSetUp(l))
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

// join makes a pair of interfaces between the core and another namespace. A program that passes everything on stands at
// the other end: without one a veth takes no frames that are redirected to it.
func (l *lab) join(t testing.TB, name string, other netns.NsHandle, mine, theirs string) {
	t.Helper()
	l.in(t, l.core, func() {
		check(t, netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: name}, PeerName: name + "p"}))
		peer, err := netlink.LinkByName(name + "p")
		check(t, err)
		check(t, netlink.LinkSetNsFd(peer, int(other)))
		address(t, name, mine)
	})
	l.in(t, other, func() {
		address(t, name+"p", theirs)
		pass, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.XDP, AttachType: ebpf.AttachXDP, Flags: unix.BPF_F_XDP_HAS_FRAGS, License: "Apache-2.0",
			Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, xdpPass), asm.Return()}})
		check(t, err)
		dev, err := netlink.LinkByName(name + "p")
		check(t, err)
		at, err := link.AttachXDP(link.XDPOptions{Program: pass, Interface: dev.Attrs().Index, Flags: link.XDPDriverMode})
		check(t, err)
		l.peers[name] = at
		t.Cleanup(func() { _, _ = at.Close(), pass.Close() })
	})
}

func address(t testing.TB, name, text string) {
	t.Helper()
	l, err := netlink.LinkByName(name)
	check(t, err)
	a, err := netlink.ParseAddr(text)
	check(t, err)
	check(t, netlink.AddrAdd(l, a))
	check(t, netlink.LinkSetUp(l))
}

// listen opens a UDP socket in a namespace that sends no checksums: veth leaves them to be filled in, and nobody does
// for a frame that a program redirects.
func (l *lab) listen(t testing.TB, h netns.NsHandle, addr netip.AddrPort) *net.UDPConn {
	t.Helper()
	var conn *net.UDPConn
	l.in(t, h, func() {
		var err error
		conn, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(addr))
		check(t, err)
	})
	raw, err := conn.SyscallConn()
	check(t, err)
	check(t, raw.Control(func(fd uintptr) { check(t, unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_NO_CHECK, 1)) }))
	check(t, conn.SetReadBuffer(4<<20))
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func labConfig() upf.Config {
	return upf.Config{N4: netip.MustParseAddrPort("10.0.4.2:8805"), N3: n3Addr, Networks: []upf.Network{{DNN: "internet", TUN: "upf0",
		Gateway: []netip.Prefix{netip.MustParsePrefix("10.60.255.254/32")}, Pools: []netip.Prefix{netip.MustParsePrefix("10.60.0.0/16")}}}}
}

const labTEID = 1<<20 | 7

// labSession is the session of labUE; action is that of downlink.
func labSession(action pfcp.ApplyAction) *upf.Session {
	common := upf.Rule{UE4: labUE, Network: "internet", Action: pfcp.ApplyFORW, URRs: []pfcp.URRID{1}, QFI: 9}
	uplink, downlink := common, common
	uplink.PDR, uplink.Source, uplink.TEID, uplink.To, uplink.QFIs = 1, pfcp.InterfaceAccess, labTEID, pfcp.InterfaceCore, 1<<9
	downlink.PDR, downlink.Source, downlink.To, downlink.Peer, downlink.PeerTEID = 2, pfcp.InterfaceCore, pfcp.InterfaceAccess, labGNB, 77
	downlink.Action = action
	return &upf.Session{Slot: 7, Tunnels: []uint32{labTEID}, UE4: labUE, Rules: []upf.Rule{uplink, downlink}}
}

// sendUp sends a packet of the UE.
func (l *lab) sendUp(t testing.TB, payload []byte) {
	t.Helper()
	inner := ipv4(labUE, labDN, unix.IPPROTO_UDP, 64, udp(gtpu.Port, gtpu.Port, payload))
	b := gtpu.Append(nil, &gtpu.Packet{Type: gtpu.GPDU, TEID: labTEID, HasSession: true, Session: gtpu.PDUSession{Type: gtpu.Uplink, QFI: 9}, Payload: inner})
	_, err := l.gnbConn.WriteToUDPAddrPort(b, netip.AddrPortFrom(n3Addr, gtpu.Port))
	check(t, err)
}

// sendDown sends a packet to the UE.
func (l *lab) sendDown(t testing.TB, payload []byte) {
	t.Helper()
	_, err := l.dnConn.WriteToUDPAddrPort(payload, netip.AddrPortFrom(labUE, gtpu.Port))
	check(t, err)
}

// atDN is the next packet at the data network, nil if none comes in time.
func (l *lab) atDN(t testing.TB, within time.Duration) []byte {
	t.Helper()
	b := make([]byte, 2000)
	check(t, l.dnConn.SetReadDeadline(time.Now().Add(within)))
	n, from, err := l.dnConn.ReadFromUDPAddrPort(b)
	if err != nil {
		return nil
	}
	if from.Addr() != labUE {
		t.Errorf("a packet from %s, want the UE", from)
	}
	return b[:n]
}

// atGNB is the next packet at the gNB, as the UE gets it.
func (l *lab) atGNB(t testing.TB, within time.Duration) []byte {
	t.Helper()
	b := make([]byte, 2000)
	check(t, l.gnbConn.SetReadDeadline(time.Now().Add(within)))
	n, from, err := l.gnbConn.ReadFromUDPAddrPort(b)
	if err != nil {
		return nil
	}
	var g gtpu.Packet
	check(t, gtpu.Parse(b[:n], &g))
	if from != netip.AddrPortFrom(n3Addr, gtpu.Port) || g.Type != gtpu.GPDU || g.TEID != 77 || g.Session.QFI != 9 {
		t.Errorf("from %s: %+v", from, g)
	}
	p := g.Payload
	if len(p) < 28 || checksum(p[:20]) != 0 || p[8] != 63 {
		t.Fatalf("the UE gets %x", p)
	}
	return p[28:]
}
