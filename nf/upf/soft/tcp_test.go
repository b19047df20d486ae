package soft

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// phone is a UE in the gNB's namespace: an interface whose packets a gNB of a few lines carries over N3.
func (l *lab) phone(t testing.TB, teid uint32) {
	t.Helper()
	sock := l.listen(t, l.gnb, netip.AddrPortFrom(gnbN3, gtpu.Port))
	check(t, sock.SetReadBuffer(4<<20))
	var file *os.File
	l.in(t, l.gnb, func() {
		fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
		check(t, err)
		req, err := unix.NewIfreq("ue0")
		check(t, err)
		req.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		check(t, unix.IoctlIfreq(fd, unix.TUNSETIFF, req))
		file = os.NewFile(uintptr(fd), "ue0")
		link, err := netlink.LinkByName("ue0")
		check(t, err)
		check(t, netlink.LinkSetMTU(link, 1400))
		check(t, netlink.AddrAdd(link, &netlink.Addr{IPNet: ipNet(netip.PrefixFrom(ue, 32))}))
		check(t, netlink.LinkSetUp(link))
		check(t, netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Dst: ipNet(netip.MustParsePrefix("10.0.6.0/24"))}))
	})
	t.Cleanup(func() { _ = file.Close() })
	go func() {
		buf := make([]byte, 2000)
		for {
			n, err := file.Read(buf)
			if err != nil {
				return
			}
			b := gtpu.Append(nil, &gtpu.Packet{Type: gtpu.GPDU, TEID: teid, HasSession: true, Session: gtpu.PDUSession{Type: gtpu.Uplink, QFI: 9}, Payload: buf[:n]})
			_, _ = sock.WriteToUDPAddrPort(b, netip.AddrPortFrom(coreN3, gtpu.Port))
		}
	}()
	go func() {
		buf := make([]byte, 2000)
		for {
			n, _, err := sock.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			var p gtpu.Packet
			if gtpu.Parse(buf[:n], &p) == nil && p.Type == gtpu.GPDU {
				_, _ = file.Write(p.Payload)
			}
		}
	}()
}

// connect is a TCP connection between a phone and the data network, through a path that runs until the end.
func connect(t testing.TB) (phone, server net.Conn, p *Path) {
	t.Helper()
	l := newLab(t)
	l.in(t, l.core, func() {
		var err error
		p, err = New(config(), slog.New(slog.DiscardHandler))
		check(t, err)
	})
	const teid = 1<<20 | 7
	check(t, p.Apply(&upf.Session{Slot: 7, Tunnels: []uint32{teid}, UE4: ue, Rules: []upf.Rule{
		{PDR: 1, Source: pfcp.InterfaceAccess, TEID: teid, UE4: ue, Action: pfcp.ApplyFORW, To: pfcp.InterfaceCore, Network: "internet", URRs: []pfcp.URRID{1}},
		{PDR: 2, Source: pfcp.InterfaceCore, UE4: ue, Network: "internet", Action: pfcp.ApplyFORW, Peer: gnbN3, PeerTEID: 9, QFI: 9, URRs: []pfcp.URRID{1}}}}))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx, silent{}) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, p.Close()); err != nil {
			t.Error(err)
		}
	})
	l.phone(t, teid)
	var listener net.Listener
	l.in(t, l.dn, func() {
		var err error
		listener, err = net.Listen("tcp4", netip.AddrPortFrom(dnAddr, 80).String())
		check(t, err)
	})
	defer listener.Close()
	l.in(t, l.gnb, func() {
		var err error
		phone, err = net.Dial("tcp4", netip.AddrPortFrom(dnAddr, 80).String())
		check(t, err)
	})
	server, err := listener.Accept()
	check(t, err)
	t.Cleanup(func() { _, _ = phone.Close(), server.Close() })
	return phone, server, p
}

// TestTCP moves megabytes over TCP in both directions between two kernels, which check each checksum and sequence
// number.
func TestTCP(t *testing.T) {
	phone, server, p := connect(t)
	data := make([]byte, 4<<20)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(data)
	want := sha256.Sum256(data)
	for name, way := range map[string]struct{ from, to net.Conn }{"downlink": {server, phone}, "uplink": {phone, server}} {
		deadline := time.Now().Add(4 * patience)
		check(t, way.to.SetDeadline(deadline))
		check(t, way.from.SetDeadline(deadline))
		sent := make(chan error, 1)
		go func() {
			_, err := io.Copy(way.from, bytes.NewReader(data))
			sent <- err
		}()
		got := make([]byte, len(data))
		if _, err := io.ReadFull(way.to, got); err != nil || sha256.Sum256(got) != want {
			t.Errorf("%s: %v", name, err)
		}
		check(t, <-sent)
	}
	u := p.Usage(7, 1)
	if u.UplinkBytes < uint64(len(data)) || u.DownlinkBytes < uint64(len(data)) {
		t.Errorf("%+v", u)
	}
	// What is still under way may be in on one side of the counters only: wait until all is quiet.
	for before := (upf.Counters{}); before != p.Counters(); time.Sleep(50 * time.Millisecond) {
		before = p.Counters()
	}
	conserved(t, p.Counters())
}

// BenchmarkTCP moves data from the data network to a phone over TCP.
func BenchmarkTCP(b *testing.B) {
	phone, server, _ := connect(b)
	for name, way := range map[string]struct{ from, to net.Conn }{"downlink": {server, phone}, "uplink": {phone, server}} {
		b.Run(name, func(b *testing.B) {
			const chunk = 1 << 20
			b.SetBytes(chunk)
			data := make([]byte, chunk)
			got := make([]byte, chunk)
			for b.Loop() {
				go func() { _, _ = way.from.Write(data) }()
				if _, err := io.ReadFull(way.to, got); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
