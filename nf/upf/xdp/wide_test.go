package xdp

import (
	"bytes"
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
)

// address6 gives an interface an address that is good at once.
func (l *lab) address6(t *testing.T, ns netns.NsHandle, name string, a netip.Addr) {
	t.Helper()
	l.in(t, ns, func() {
		dev, err := netlink.LinkByName(name)
		check(t, err)
		check(t, netlink.AddrAdd(dev, &netlink.Addr{IPNet: &net.IPNet{IP: a.AsSlice(), Mask: net.CIDRMask(64, 128)}, Flags: unix.IFA_F_NODAD}))
	})
}

// TestTunnelsOverIPv6: the programs send into tunnels over IPv6 with checksums that the gNB's kernel takes, RFC 8200 §8.1, and serve
// what comes from there. A datagram whose checksum is wrong or none is the kernel's, which drops it.
func TestTunnelsOverIPv6(t *testing.T) {
	for name, n3 := range map[string]netip.Addr{"beside IPv4": n3Addr, "alone": {}} {
		t.Run(name, func(t *testing.T) { tunnelsOverIPv6(t, n3) })
	}
}

func tunnelsOverIPv6(t *testing.T, n3 netip.Addr) {
	core, gnb := netip.MustParseAddr("2001:db8:3::1"), netip.MustParseAddr("2001:db8:3::2")
	l := newLab(t)
	l.address6(t, l.core, "n3", core)
	l.address6(t, l.gnb, "n3p", gnb)
	var conn *net.UDPConn
	l.in(t, l.gnb, func() {
		var err error
		conn, err = net.ListenUDP("udp6", net.UDPAddrFromAddrPort(netip.AddrPortFrom(gnb, gtpu.Port)))
		check(t, err)
	})
	defer conn.Close()
	far := l.trunk(t, "n3", l.gnb, 0)
	cfg := labConfig()
	if cfg.N3v6 = core; !n3.IsValid() {
		cfg.N3, cfg.N3v6 = core, netip.Addr{}
	}
	var p *Path
	l.in(t, l.core, func() {
		var err error
		p, err = openPath(cfg, Options{N6: []string{"n6"}, Pin: l.pin, Mode: Native}, slog.New(slog.DiscardHandler))
		check(t, err)
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx, silent{}) }()
	defer func() {
		cancel()
		check(t, <-ended)
		check(t, p.Close())
	}()
	(&running{Path: p}).patient(patience)
	s := labSessionTo(gnb)
	s.Rules[1].Mark, s.Rules[1].MarkMask = 0xb8, 0xfc
	check(t, p.Apply(s))
	up := func(payload []byte) []byte {
		inner := ipv4(labUE, labDN, unix.IPPROTO_UDP, 64, udp(gtpu.Port, gtpu.Port, payload))
		return udp6(gnb, core, gtpu.Append(nil, &gtpu.Packet{Type: gtpu.GPDU, TEID: labTEID, HasSession: true, Session: gtpu.PDUSession{Type: gtpu.Uplink, QFI: 9}, Payload: inner}))
	}
	send := func(packet []byte) {
		_, err := unix.Write(far.fd, ethernet(far.core, far.own, packet))
		check(t, err)
	}
	var used, slow upf.Usage
	first, deadline := -1, time.Now().Add(patience)
	for n := 0; first < 0 || n < first+200; n++ {
		if first < 0 && p.loaded.uplinks[7].state.seen() > 0 { // the data network is known
			first, slow = n, used
		} else if first < 0 && time.Now().After(deadline) {
			t.Fatalf("nothing became fast: passed on for %v", p.Passed())
		}
		payload := make([]byte, rand.IntN(1300))
		for i := range payload {
			payload[i] = byte(rand.Uint32())
		}
		l.sendDown(t, payload)
		b := make([]byte, 2000)
		check(t, conn.SetReadDeadline(time.Now().Add(patience)))
		size, from, err := conn.ReadFromUDPAddrPort(b)
		check(t, err)
		var g gtpu.Packet
		check(t, gtpu.Parse(b[:size], &g))
		if from != netip.AddrPortFrom(core, gtpu.Port) || g.TEID != 77 || g.Session.QFI != 9 || !bytes.Equal(g.Payload[28:], payload) {
			t.Fatalf("from %s: %+v", from, g)
		}
		send(up(payload))
		if got := l.atDN(t, patience); !bytes.Equal(got, payload) {
			t.Fatalf("uplink %d: got %x, want %x", n, got, payload)
		}
		octets := uint64(28 + len(payload))
		used = used.Add(upf.Usage{UplinkBytes: octets, DownlinkBytes: octets, UplinkPackets: 1, DownlinkPackets: 1})
	}
	if got, c := p.Usage(7, 1), p.slow.Counters(); got != used || c.DownlinkOut > 0 || c.UplinkOut > slow.UplinkPackets {
		t.Errorf("usage %+v, want %+v; user space %+v, passed on for %v", got, used, c, p.Passed())
	}
	for _, spoil := range []func([]byte){func(b []byte) { b[46], b[47] = 0, 0 }, func(b []byte) { b[52]++ }} {
		before := p.Counters().UplinkIn
		b := up([]byte("spoilt"))
		spoil(b)
		send(b)
		send(up([]byte("sound")))
		if got := l.atDN(t, patience); string(got) != "sound" || p.Counters().UplinkIn != before+1 {
			t.Errorf("%q arrived, %d packets came in", got, p.Counters().UplinkIn-before)
		}
	}
}
