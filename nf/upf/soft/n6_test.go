package soft

import (
	"bytes"
	"context"
	"encoding/binary"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// open runs a Path in the lab until the test ends.
func (l *lab) open(t *testing.T, cfg upf.Config, sessions ...*upf.Session) *Path {
	t.Helper()
	var p *Path
	l.in(t, l.core, func() {
		var err error
		p, err = New(cfg, slog.New(slog.DiscardHandler))
		check(t, err)
	})
	for _, s := range sessions {
		check(t, p.Apply(s))
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx, silent{}) }()
	t.Cleanup(func() {
		cancel()
		check(t, <-ended)
		conserved(t, p.Counters())
		check(t, p.Close())
	})
	return p
}

// TestNetworks: each data network has a link of N6 and a routing table of its own, with the same addresses behind both: what a
// UE sends arrives in its network alone, TS 23.501 §5.6.1.
func TestNetworks(t *testing.T) {
	l := newLab(t)
	server := netip.MustParseAddr("192.0.2.1")
	sockets := map[int]*net.UDPConn{}
	link := func(id int) { // of its own for each network
		two := string(rune('0' + id))
		l.join(t, "out"+two, l.dn, "10.9."+two+".1/24", "10.7."+two+".2/24", "2001:db8:9"+two+"::1/64", "2001:db8:7"+two+"::2/64")
		l.in(t, l.dn, func() {
			check(t, netlink.RouteAdd(&netlink.Route{Dst: ipNet(netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(60 + id), 0, 0}), 16)), Gw: net.IPv4(10, 7, byte(id), 1)}))
		})
	}
	cfg := config()
	cfg.Networks = nil
	var sessions []*upf.Session
	for id := 1; id <= 2; id++ {
		link(id)
		dnn := "net" + string(rune('0'+id))
		cfg.Networks = append(cfg.Networks, upf.Network{DNN: dnn, TUN: dnn, Pools: []netip.Prefix{netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(60 + id), 0, 0}), 16)},
			Parent: "out" + string(rune('0'+id)), Addresses: []netip.Prefix{netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 7, byte(id), 1}), 24)}, Table: 100 * id,
			Routes: []upf.Route{{To: netip.PrefixFrom(server, 32), Via: netip.AddrFrom4([4]byte{10, 7, byte(id), 2})}}})
		teid := 1<<20 | uint32(id-1)<<16 | 5
		a := netip.AddrFrom4([4]byte{10, byte(60 + id), 0, 5})
		sessions = append(sessions, &upf.Session{Slot: teid & 0xfffff, Tunnels: []uint32{teid}, UE4: a, Rules: []upf.Rule{
			{PDR: 1, Source: pfcp.InterfaceAccess, TEID: teid, Action: pfcp.ApplyFORW, To: pfcp.InterfaceCore, Network: dnn},
			{PDR: 2, Source: pfcp.InterfaceCore, Network: dnn, Action: pfcp.ApplyFORW, To: pfcp.InterfaceAccess, Peer: gnbN3, PeerTEID: uint32(id), QFI: 9}}})
	}
	l.in(t, l.dn, func() {
		lo, err := netlink.LinkByName("lo")
		check(t, err)
		check(t, netlink.AddrAdd(lo, &netlink.Addr{IPNet: ipNet(netip.PrefixFrom(server, 32))}))
		for id := 1; id <= 2; id++ { // bound to its link: what comes by the other is not heard
			c, err := net.ListenUDP("udp", &net.UDPAddr{IP: server.AsSlice(), Port: 7000 + id})
			check(t, err)
			t.Cleanup(func() { _ = c.Close() })
			raw, err := c.SyscallConn()
			check(t, err)
			check(t, raw.Control(func(fd uintptr) { check(t, unix.BindToDevice(int(fd), "out"+string(rune('0'+id))+"p")) }))
			sockets[id] = c
		}
	})
	p := l.open(t, cfg, sessions...)
	gnb := l.listen(t, l.gnb, netip.AddrPortFrom(gnbN3, gtpu.Port))
	for id := 1; id <= 2; id++ {
		s := sessions[id-1]
		for port := 7001; port <= 7002; port++ { // only its own network's server hears it
			b := gtpu.Append(nil, &gtpu.Packet{Type: gtpu.GPDU, TEID: s.Tunnels[0], Payload: ipv4(s.UE4, server, 17, udp(5555, uint16(port), "hello"))})
			_, err := gnb.WriteToUDPAddrPort(b, netip.AddrPortFrom(coreN3, gtpu.Port))
			check(t, err)
		}
		buf := make([]byte, 100)
		check(t, sockets[id].SetReadDeadline(time.Now().Add(patience)))
		n, from, err := sockets[id].ReadFromUDPAddrPort(buf)
		check(t, err)
		if string(buf[:n]) != "hello" || from.Addr() != s.UE4 {
			t.Errorf("%q from %s", buf[:n], from)
		}
		check(t, sockets[3-id].SetReadDeadline(time.Now().Add(100*time.Millisecond)))
		if n, from, err := sockets[3-id].ReadFromUDPAddrPort(buf); err == nil {
			t.Errorf("the other network heard %q from %s", buf[:n], from)
		}
		if g := expect(t, gnb, gtpu.GPDU); g.TEID != uint32(id) || g.Payload[20] != 3 || g.Payload[21] != 3 { // nobody is at the other port here
			t.Errorf("%+v", g)
		}
		_, err = sockets[id].WriteToUDPAddrPort([]byte("back"), from)
		check(t, err)
		if g := expect(t, gnb, gtpu.GPDU); g.TEID != uint32(id) || !bytes.HasSuffix(g.Payload, []byte("back")) {
			t.Errorf("%+v", g)
		}
		// Nothing leads from one network to the other.
		other := ipv4(s.UE4, sessions[2-id].UE4, 17, udp(1, 2, "across"))
		_, err = gnb.WriteToUDPAddrPort(gtpu.Append(nil, &gtpu.Packet{Type: gtpu.GPDU, TEID: s.Tunnels[0], Payload: other}), netip.AddrPortFrom(coreN3, gtpu.Port))
		check(t, err)
		if g := expect(t, gnb, gtpu.GPDU); g.TEID != uint32(id) || g.Payload[9] != 1 || g.Payload[20] != 3 { // unreachable, RFC 792
			t.Errorf("%+v", g)
		}
	}
	if c := p.Counters(); c.UplinkOut != 6 || c.DownlinkOut != 6 {
		t.Errorf("%+v", c)
	}
}

// TestRouterAnswers: a packet that is too big or too old is answered whichever way it goes, and the outer header is
// marked, RFC 1191 §4, RFC 792 and TS 29.244 §8.2.12.
func TestRouterAnswers(t *testing.T) {
	l := newLab(t)
	cfg := config()
	cfg.Networks[0].Gateway = []netip.Prefix{netip.MustParsePrefix("10.60.0.1/16")}
	l.open(t, cfg, session(7, func(s *upf.Session) { s.Rules[1].Mark, s.Rules[1].MarkMask = 0xb8, 0xfc }))
	gnb := l.listen(t, l.gnb, netip.AddrPortFrom(gnbN3, gtpu.Port))
	raw, err := gnb.SyscallConn()
	check(t, err)
	check(t, raw.Control(func(fd uintptr) { check(t, unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_RECVTOS, 1)) }))
	send := func(packet []byte) {
		_, err := gnb.WriteToUDPAddrPort(gtpu.Append(nil, &gtpu.Packet{Type: gtpu.GPDU, TEID: 1<<20 | 7, Payload: packet}), netip.AddrPortFrom(coreN3, gtpu.Port))
		check(t, err)
	}
	old := ipv4(address(7), dnAddr, 17, udp(1, 2, "x"))
	old[8] = 1
	binary.BigEndian.PutUint16(old[10:], 0)
	binary.BigEndian.PutUint16(old[10:], ^fold(sum(0, old[:20])))
	send(old)
	buf, control := make([]byte, 2000), make([]byte, 100)
	check(t, gnb.SetReadDeadline(time.Now().Add(patience)))
	n, cn, _, _, err := gnb.ReadMsgUDPAddrPort(buf, control)
	check(t, err)
	var g gtpu.Packet
	check(t, gtpu.Parse(buf[:n], &g))
	if g.Payload[9] != 1 || g.Payload[20] != 11 {
		t.Errorf("no time exceeded: %x", g.Payload)
	}
	if messages, err := unix.ParseSocketControlMessage(control[:cn]); err != nil || len(messages) != 1 || messages[0].Data[0] != 0xb8 {
		t.Errorf("outer traffic class %+v, %v", messages, err)
	}
	whole := func(df byte) []byte {
		b := ipv4(address(7), dnAddr, 17, udp(1, 2, strings.Repeat("x", 1600)))
		b[6] = df
		binary.BigEndian.PutUint16(b[10:], 0)
		binary.BigEndian.PutUint16(b[10:], ^fold(sum(0, b[:20])))
		return b
	}
	send(whole(0x40)) // the link to the data network carries 1500
	if g := expect(t, gnb, gtpu.GPDU); g.Payload[20] != 3 || g.Payload[21] != 4 || binary.BigEndian.Uint16(g.Payload[26:]) != 1500 {
		t.Errorf("no fragmentation needed: %x", g.Payload[:40])
	}
	dn := l.listen(t, l.dn, netip.AddrPortFrom(dnAddr, 7777))
	draw, err := dn.SyscallConn()
	check(t, err)
	check(t, draw.Control(func(fd uintptr) {
		check(t, unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DO))
	}))
	big := []byte(strings.Repeat("y", 1450)) // above the MTU of the data network, below that of the link
	_, err = dn.WriteToUDPAddrPort(big, netip.AddrPortFrom(address(7), 5))
	check(t, err)
	deadline := time.Now().Add(patience)
	for err = nil; err == nil && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		_, err = dn.WriteToUDPAddrPort(big, netip.AddrPortFrom(address(7), 5)) // fails once the ICMP message has come
	}
	if err == nil {
		t.Error("the sender was not told that its packet is too big")
	}
}

// TestVLAN makes the VLAN that a data network names, or says in one line that this kernel has none.
func TestVLAN(t *testing.T) {
	l := newLab(t)
	cfg := config()
	n := &cfg.Networks[0]
	n.Parent, n.VLAN, n.Addresses = "n6", 7, []netip.Prefix{netip.MustParsePrefix("10.7.7.1/24")}
	l.in(t, l.core, func() {
		p, err := New(cfg, slog.New(slog.DiscardHandler))
		if err != nil {
			if !strings.Contains(err.Error(), `VLAN 7 of "n6"`) || strings.Contains(err.Error(), "\n") {
				t.Error(err)
			}
			return
		}
		defer func() { check(t, p.Close()) }()
		link, err := netlink.LinkByName("n6.7")
		check(t, err)
		if v, ok := link.(*netlink.Vlan); !ok || v.VlanId != 7 {
			t.Errorf("%+v", link)
		}
	})
}

// TestTwoTags: a VLAN of an interface that is one already is refused.
func TestTwoTags(t *testing.T) {
	device, vlan := &netlink.Device{LinkAttrs: netlink.LinkAttrs{Name: "eth0"}}, &netlink.Vlan{LinkAttrs: netlink.LinkAttrs{Name: "eth0.5"}, VlanId: 5}
	check(t, oneTag(device, 0))
	check(t, oneTag(device, 7))
	check(t, oneTag(vlan, 0))
	if err := oneTag(vlan, 7); err == nil {
		t.Error("two tags are taken")
	}
}
