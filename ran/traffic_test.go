package ran_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"

	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/tunnel"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/wire/gtpu"
)

// inside runs f on a thread in a fresh namespace with loopback, which is gone when its sockets are.
func inside(t *testing.T, f func()) {
	t.Helper()
	runtime.LockOSThread()
	origin, err := netns.Get()
	if err != nil {
		t.Fatal(err)
	}
	defer origin.Close()
	ns, err := netns.New()
	if err != nil {
		t.Fatal(err)
	}
	defer ns.Close()
	defer func() {
		if err := netns.Set(origin); err != nil {
			t.Fatal(err)
		}
		runtime.UnlockOSThread()
	}()
	lo, err := netlink.LinkByName("lo")
	if err == nil {
		err = netlink.LinkSetUp(lo)
	}
	if err != nil {
		t.Fatal(err)
	}
	f()
}

// upf answers the pings that come through the tunnel and keeps what else comes.
type upf struct {
	conn    *net.UDPConn
	pings   chan gtpu.Packet
	signals chan gtpu.Packet
}

func (u *upf) serve() {
	for {
		b := make([]byte, 2048)
		n, from, err := u.conn.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		var p gtpu.Packet
		if gtpu.Parse(b[:n], &p) != nil {
			continue
		}
		if p.Type != gtpu.GPDU {
			u.signals <- p
			continue
		}
		if reply := pong(p.Payload); reply != nil {
			u.pings <- p
			answer := gtpu.Packet{Type: gtpu.GPDU, TEID: 1, HasSession: true, Session: gtpu.PDUSession{QFI: 1}, Payload: reply}
			u.conn.WriteToUDPAddrPort(gtpu.Append(nil, &answer), from)
		}
	}
}

// pong is the echo reply to an ICMP echo request of IPv4, RFC 792; nil for anything else.
func pong(b []byte) []byte {
	if len(b) < 28 || b[0] != 0x45 || b[9] != 1 || b[20] != 8 {
		return nil
	}
	r := bytes.Clone(b)
	copy(r[12:16], b[16:20])
	copy(r[16:20], b[12:16])
	r[20] = 0
	sum := uint32(binary.BigEndian.Uint16(b[22:])) + 0x0800
	binary.BigEndian.PutUint16(r[22:], uint16(sum+sum>>16))
	return r
}

// pingVariable makes the test program a ping to the address in it.
const pingVariable = "LIMPID_TEST_PING"

func TestMain(m *testing.M) {
	address := os.Getenv(pingVariable)
	if address == "" {
		os.Exit(m.Run())
	}
	if err := ping(address); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// ping sends an ICMP echo request of 1,300 octets and waits for the reply, RFC 792.
func ping(address string) error {
	conn, err := net.Dial("ip4:icmp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	request := make([]byte, 1300)
	request[0], request[7] = 8, 1
	binary.BigEndian.PutUint16(request[2:], ^uint16(0x0801))
	if _, err := conn.Write(request); err != nil {
		return err
	}
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	reply := make([]byte, 2000)
	n, err := conn.Read(reply)
	if err != nil {
		return err
	}
	const header = 20 // of IPv4, which Read leaves in place
	if n != header+len(request) || reply[header] != 0 || reply[header+7] != 1 {
		return fmt.Errorf("reply of %d octets", n)
	}
	return nil
}

// TestTraffic pings through a TUN interface, GTP-U on a real socket, and a test UPF.
func TestTraffic(t *testing.T) {
	core := &upf{pings: make(chan gtpu.Packet, 16), signals: make(chan gtpu.Packet, 16)}
	local, remote := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddrPort("127.0.0.2:2152")
	var b *bed
	inside(t, func() {
		var err error
		if core.conn, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(remote)); err != nil {
			t.Fatal(err)
		}
		b = newBed(t, func(c *gnb.Config, _ *ue.Config) { c.N3, c.DataPath = local, true })
	})
	defer core.conn.Close()
	go core.serve()
	b.upf = remote.Addr()
	b.withSession()
	s, ok := b.ue.Session(1)
	if !ok {
		t.Fatal("no session")
	}
	tun, err := tunnel.Open(tunnel.Config{
		Namespace: fmt.Sprintf("limpid-test-%d", os.Getpid()), Address: s.Address, MTU: s.MTU, DNS: s.DNS,
		Send: func(p []byte) { b.ue.SendPacket(1, p) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer tun.Close()
	if err := b.ue.OnPacket(1, func(p []byte) { tun.Write(p) }); err != nil {
		t.Fatal(err)
	}
	t.Run("ping", func(t *testing.T) { pingThrough(t, tun, core) })
	t.Run("program", func(t *testing.T) { runPrograms(t, tun) })
	t.Run("signalling", func(t *testing.T) { signalling(t, b, core) })
	t.Run("idle", func(t *testing.T) {
		b.idle()
		if err := b.ue.SendPacket(1, []byte{0x45}); !errors.Is(err, ue.ErrNoBearer) {
			t.Errorf("packet in idle mode: %v", err)
		}
	})
	if err := tun.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat("/run/netns/" + fmt.Sprintf("limpid-test-%d", os.Getpid())); !os.IsNotExist(err) {
		t.Errorf("the namespace is left: %v", err)
	}
}

func pingThrough(t *testing.T, tun *tunnel.Tunnel, core *upf) {
	var out bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	exit, err := tun.Run(ctx, tunnel.Command{
		Args: []string{os.Args[0]}, Env: []string{pingVariable + "=10.45.0.1"}, Stdout: &out, Stderr: &out,
	})
	if err != nil || exit != 0 {
		t.Fatalf("status %d, %v: %s", exit, err, &out)
	}
	p := <-core.pings
	// TS 38.415 §5.5.2.2: UL PDU SESSION INFORMATION with the QFI of the default rule, in the tunnel that the core gave.
	if p.TEID != 0x77 || !p.HasSession || p.Session.Type != gtpu.Uplink || p.Session.QFI != 1 {
		t.Errorf("uplink packet %+v", p)
	}
}

func runPrograms(t *testing.T, tun *tunnel.Tunnel) {
	if exit, err := tun.Run(t.Context(), tunnel.Command{Args: []string{"sh", "-c", "exit 7"}}); exit != 7 || err != nil {
		t.Errorf("status %d, %v", exit, err)
	}
	var out bytes.Buffer
	if _, err := tun.Run(t.Context(), tunnel.Command{Args: []string{"cat", "/proc/net/dev"}, Stdout: &out}); err != nil {
		t.Error(err)
	}
	if s := out.String(); !strings.Contains(s, "pdu0:") {
		t.Errorf("the program is not inside the namespace: %s", s)
	}
	if _, err := tun.Run(t.Context(), tunnel.Command{Args: []string{"/no/such/program"}}); err == nil {
		t.Error("a program that does not exist ran")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := tun.Run(ctx, tunnel.Command{Args: []string{"sh", "-c", "sleep 60 & wait"}, Stdout: &out}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a program that hangs: %v", err)
	}
	if _, err := tunnel.Open(tunnel.Config{
		Namespace: fmt.Sprintf("limpid-test-%d", os.Getpid()), Address: testUE, Send: func([]byte) {},
	}); !errors.Is(err, tunnel.ErrInUse) {
		t.Errorf("a second tunnel of the same name: %v", err)
	}
}

// signalling: echo and unknown tunnels, TS 29.281 §7.2.1 and TS 29.281 §7.3.1.
func signalling(t *testing.T, b *bed, core *upf) {
	send := func(pdu []byte) gtpu.Packet {
		t.Helper()
		if _, err := core.conn.WriteToUDPAddrPort(pdu, netip.MustParseAddrPort("127.0.0.1:2152")); err != nil {
			t.Fatal(err)
		}
		select {
		case p := <-core.signals:
			return p
		case <-time.After(10 * time.Second):
			t.Fatal("no answer")
		}
		return gtpu.Packet{}
	}
	if p := send(gtpu.AppendEchoRequest(nil, 5)); p.Type != gtpu.EchoResponse || p.Sequence != 5 {
		t.Errorf("echo: %+v", p)
	}
	p := send(gtpu.Append(nil, &gtpu.Packet{Type: gtpu.GPDU, TEID: 0xdead, Payload: []byte{0x45}}))
	d, err := gtpu.ParseErrorIndication(p.Payload)
	if p.Type != gtpu.ErrorIndication || err != nil || d.TEID != 0xdead {
		t.Errorf("error indication: %+v, %v", p, err)
	}
	if got := b.gnb.Traffic(); got.Unknown != 1 || got.Sent == 0 || got.Received == 0 {
		t.Errorf("traffic %+v", got)
	}
}

// TestStaleNamespace: what a killed run left behind is replaced.
func TestStaleNamespace(t *testing.T) {
	name := fmt.Sprintf("limpid-stale-%d", os.Getpid())
	runtime.LockOSThread()
	origin, err := netns.Get()
	if err != nil {
		t.Fatal(err)
	}
	old, err := netns.NewNamed(name)
	if err == nil {
		err = netns.Set(origin)
	}
	if err != nil {
		t.Fatal(err)
	}
	runtime.UnlockOSThread()
	old.Close()
	origin.Close()
	tun, err := tunnel.Open(tunnel.Config{Namespace: name, Address: testUE, Send: func([]byte) {}})
	if err != nil {
		t.Fatal(err)
	}
	if err := tun.Close(); err != nil {
		t.Error(err)
	}
}
