package sctp

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// interopConfig makes timers short, so that the tests of heartbeats and losses are.
func interopConfig(b Binding) Config {
	return Config{
		Binding: b, HeartbeatInterval: 100 * time.Millisecond, RTOMin: 50 * time.Millisecond,
		RTOInitial: 200 * time.Millisecond, Log: slog.New(slog.DiscardHandler),
	}
}

var (
	leftNGAP  = netip.MustParseAddrPort(leftIP + ":38412")
	rightNGAP = netip.MustParseAddrPort(rightIP + ":38412")
)

func udpPort(b Binding) string {
	if b == BindingUDP {
		return "9899"
	}
	return "0"
}

// eachBinding runs a test against the usrsctp peer over raw IP and over UDP.
func eachBinding(t *testing.T, f func(t *testing.T, l *lab, b Binding, peer string)) {
	peer := buildPeer(t)
	for _, b := range []Binding{BindingRaw, BindingUDP} {
		t.Run(string(b), func(t *testing.T) { f(t, newLab(t), b, peer) })
	}
}

func listenIn(t *testing.T, ns string, ep *endpoint, addr netip.AddrPort) Listener {
	t.Helper()
	var l Listener
	var err error
	inside(t, ns, func() { l, err = ep.Listen(addr) })
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func dialIn(t *testing.T, ns string, ep *endpoint, local, remote netip.AddrPort) Association {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var a Association
	var err error
	inside(t, ns, func() { a, err = ep.Dial(ctx, local, remote) })
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// bounded is a context for one step of a test on real sockets.
func bounded(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func receive(t *testing.T, a Association) (Message, error) {
	t.Helper()
	return a.Receive(bounded(t))
}

// eventually waits until something that takes its time is true.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for ctx := bounded(t); !is(); time.Sleep(50 * time.Millisecond) {
		if ctx.Err() != nil {
			t.Fatalf("not so: %s", what)
		}
	}
}

var interopSizes = []int{1, 3, 100, 1352, 1353, 5000, 70_000, 200_000}

// TestInteropServer lets usrsctp connect to us, RFC 9260 §5.1: streams, large messages, heartbeats, shutdown.
func TestInteropServer(t *testing.T) {
	eachBinding(t, func(t *testing.T, lab *lab, b Binding, program string) {
		ep := transport(t, lab.left, interopConfig(b))
		l := listenIn(t, lab.left, ep, leftNGAP)
		peer := start(t, lab.right, program, "connect", udpPort(b), rightIP, "4000", leftIP, "38412")
		a := accept(t, l)
		peer.want("up")
		if a.OutboundStreams() != 16 || a.in.streams != 8 {
			t.Errorf("streams: %d out, %d in", a.OutboundStreams(), a.in.streams)
		}
		for i, size := range interopSizes {
			m := Message{Stream: uint16(i), PPID: PPIDNGAP, Unordered: i == 3, Data: peerData(uint16(i), size)}
			unordered := 0
			if m.Unordered {
				unordered = 1
			}
			peer.say("send %d %d %d %d", m.Stream, m.PPID, unordered, size)
			wantMessage(t, a, m)
			mustSend(t, a, m)
			peer.want(peerLine(m))
		}
		eventually(t, "the peer gets a HEARTBEAT ACK", func() bool {
			peer.say("heartbeats")
			return peer.want("heartbeats") != "heartbeats 0"
		})
		eventually(t, "the peer answers our HEARTBEAT", func() bool {
			a.mu.Lock()
			defer a.mu.Unlock()
			p := a.paths[0]
			return p.heartbeatSent > 0 && !p.heartbeatPending && p.errors == 0
		})
		peer.say("shutdown")
		if _, err := receive(t, a); err != io.EOF {
			t.Errorf("Receive after the peer's shutdown: %v", err)
		}
	})
}

// TestInteropClient connects to usrsctp: echo, shutdown, abort from both sides, RFC 9260 §9.
func TestInteropClient(t *testing.T) {
	eachBinding(t, func(t *testing.T, lab *lab, b Binding, program string) {
		ep := transport(t, lab.left, interopConfig(b))
		peer := start(t, lab.right, program, "listen", udpPort(b), rightIP, "38412")
		peer.want("ready")
		a := dialIn(t, lab.left, ep, netip.AddrPort{}, rightNGAP)
		peer.want("up")
		if a.OutboundStreams() != 16 {
			t.Errorf("%d outbound streams", a.OutboundStreams())
		}
		for i, size := range interopSizes {
			m := Message{Stream: uint16(i), PPID: PPIDNGAP, Data: numbered(i, size)}
			mustSend(t, a, m)
			peer.want(peerLine(m))
			wantMessage(t, a, m)
		}
		if err := a.Shutdown(bounded(t)); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		peer.want("eof")

		a = dialIn(t, lab.left, ep, netip.AddrPort{}, rightNGAP)
		peer.want("up")
		a.Abort("our turn")
		peer.want("lost")

		a = dialIn(t, lab.left, ep, netip.AddrPort{}, rightNGAP)
		peer.want("up")
		peer.say("abort")
		var abort *AbortError
		if _, err := receive(t, a); !errors.As(err, &abort) {
			t.Errorf("Receive after the peer's abort: %v", err)
		}
	})
}

// TestInteropRefused dials a port where usrsctp does not listen, RFC 9260 §8.4.
func TestInteropRefused(t *testing.T) {
	eachBinding(t, func(t *testing.T, lab *lab, b Binding, program string) {
		ep := transport(t, lab.left, interopConfig(b))
		start(t, lab.right, program, "listen", udpPort(b), rightIP, "38412").want("ready")
		var err error
		inside(t, lab.left, func() {
			_, err = ep.Dial(bounded(t), netip.AddrPort{}, netip.AddrPortFrom(rightNGAP.Addr(), 9))
		})
		var abort *AbortError
		if !errors.As(err, &abort) {
			t.Errorf("Dial: %v", err)
		}
	})
}

// TestInteropRestart kills and restarts either side, RFC 9260 §5.2.
func TestInteropRestart(t *testing.T) {
	eachBinding(t, func(t *testing.T, lab *lab, b Binding, program string) {
		ep := transport(t, lab.left, interopConfig(b))
		l := listenIn(t, lab.left, ep, leftNGAP)
		connect := []string{"connect", udpPort(b), rightIP, "4000", leftIP, "38412"}
		peer := start(t, lab.right, program, connect...)
		a := accept(t, l)
		peer.want("up")
		peer.kill()
		peer = start(t, lab.right, program, connect...)
		peer.want("up")
		if _, err := receive(t, a); err != ErrRestarted {
			t.Fatalf("Receive: %v", err)
		}
		peer.say("send 1 60 0 5000")
		wantMessage(t, a, Message{Stream: 1, PPID: PPIDNGAP, Data: peerData(1, 5000)})
		mustSend(t, a, text(2, "again"))
		peer.want(peerLine(text(2, "again")))
		peer.kill()
		l.Close()
		ep.Close()

		server := start(t, lab.right, program, "listen", udpPort(b), rightIP, "38412")
		server.want("ready")
		first := transport(t, lab.left, interopConfig(b))
		old := dialIn(t, lab.left, first, netip.AddrPort{}, rightNGAP)
		server.want("up")
		first.link.close() // dies without a word
		second := transport(t, lab.left, interopConfig(b))
		fresh := dialIn(t, lab.left, second, old.LocalAddr(), rightNGAP)
		server.want("restart")
		mustSend(t, fresh, text(0, "hello again"))
		wantMessage(t, fresh, text(0, "hello again"))
	})
}

// lossyLink loses packets that we send, and sends some twice.
type lossyLink struct {
	link
	mu   sync.Mutex
	rand *rand.Rand
}

func (l *lossyLink) send(r route, p []byte) error {
	l.mu.Lock()
	x := l.rand.Float64()
	l.mu.Unlock()
	if x < 0.05 {
		return nil
	}
	if x > 0.97 {
		l.link.send(r, p)
	}
	return l.link.send(r, p)
}

// TestInteropLoss echoes large and small messages off usrsctp while one packet in twenty of ours is lost and some
// come twice, RFC 9260 §6.3.3 and §7.2.4.
func TestInteropLoss(t *testing.T) {
	eachBinding(t, func(t *testing.T, lab *lab, b Binding, program string) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		ep := transport(t, lab.left, interopConfig(b))
		ep.link = &lossyLink{link: ep.link, rand: rand.New(rand.NewPCG(seed, 1))}
		peer := start(t, lab.right, program, "listen", udpPort(b), rightIP, "38412")
		peer.want("ready")
		a := dialIn(t, lab.left, ep, netip.AddrPort{}, rightNGAP)
		for i := range 30 {
			m := Message{Stream: uint16(i % 8), PPID: PPIDNGAP, Data: numbered(i, 1+i*i*50)}
			mustSend(t, a, m)
			wantMessage(t, a, m)
		}
		if err := a.Shutdown(bounded(t)); err != nil {
			t.Error(err)
		}
		peer.want("eof")
	})
}

// TestInteropForged sends packets with a wrong verification tag or checksum in the peer's name, RFC 9260 §8.5.
func TestInteropForged(t *testing.T) {
	lab := newLab(t)
	ep := transport(t, lab.left, interopConfig(BindingRaw))
	l := listenIn(t, lab.left, ep, leftNGAP)
	peer := start(t, lab.right, buildPeer(t), "connect", "0", rightIP, "4000", leftIP, "38412")
	a := accept(t, l)
	peer.want("up")
	var forger net.Conn
	var err error
	inside(t, lab.right, func() { forger, err = net.Dial("ip4:132", leftIP) })
	if err != nil {
		t.Fatal(err)
	}
	defer forger.Close()
	a.mu.Lock()
	cumulative, next := a.in.cum, a.out.nextTSN
	a.mu.Unlock()
	for _, tag := range []uint32{0, a.localTag + 1, a.peerTag} {
		for _, c := range [][]byte{
			appendAbort(nil, 0, CauseUserInitiatedAbort, []byte("forged")),
			appendChunk(nil, typeSHUTDOWN, 0, appendCumulative(cumulative)),
			appendChunk(nil, typeSHUTDOWNACK, 0, nil),
			appendChunk(nil, typeSHUTDOWNCOMPLETE, 0, nil),
			(&sackChunk{CumulativeTSN: next + 5}).append(nil),
		} {
			p := append(appendHeader(nil, header{4000, 38412, tag}), c...)
			seal(p)
			if _, err := forger.Write(p); err != nil {
				t.Fatal(err)
			}
		}
	}
	peer.say("send 0 60 0 100")
	wantMessage(t, a, Message{PPID: PPIDNGAP, Data: peerData(0, 100)})
}

// TestRawIPv6 joins two endpoints of ours over IPv6.
func TestRawIPv6(t *testing.T) {
	lab := newLab(t)
	server, client := transport(t, lab.left, interopConfig(BindingRaw)), transport(t, lab.right, interopConfig(BindingRaw))
	l := listenIn(t, lab.left, server, netip.MustParseAddrPort("[::]:38412"))
	for _, ip := range []string{leftIP6, leftIP} {
		remote := netip.AddrPortFrom(netip.MustParseAddr(ip), PortNGAP)
		g := dialIn(t, lab.right, client, netip.AddrPort{}, remote)
		a := accept(t, l)
		if a.LocalAddr() != remote {
			t.Errorf("local address %v, want %v", a.LocalAddr(), remote)
		}
		m := Message{Stream: 1, PPID: PPIDNGAP, Data: numbered(1, 100_000)}
		mustSend(t, g, m)
		wantMessage(t, a, m)
		mustSend(t, a, m)
		wantMessage(t, g, m)
		if err := g.Shutdown(bounded(t)); err != nil {
			t.Error(err)
		}
	}
}

// TestDecodedByTshark captures a conversation with usrsctp; another decoder finds no fault in it, RFC 9260 §3.
func TestDecodedByTshark(t *testing.T) {
	lab := newLab(t)
	pcap := filepath.Join(t.TempDir(), "wire.pcapng")
	capture := start(t, lab.left, "tshark", "-q", "-i", "wire", "-w", pcap, "-F", "pcapng")
	ep := transport(t, lab.left, interopConfig(BindingRaw))
	waitCapture(t, lab, pcap)
	peer := start(t, lab.right, buildPeer(t), "listen", "0", rightIP, "4001") // not NGAP's port: this is no NGAP
	peer.want("ready")
	remote := netip.AddrPortFrom(rightNGAP.Addr(), 4001)
	for _, end := range []string{"shutdown", "abort"} {
		a := dialIn(t, lab.left, ep, netip.AddrPort{}, remote)
		for i, size := range interopSizes {
			m := Message{Stream: uint16(i), PPID: 0, Data: numbered(i, size)}
			mustSend(t, a, m)
			wantMessage(t, a, m)
		}
		time.Sleep(3 * time.Second) // several heartbeats each way, on a busy machine too
		if end == "abort" {
			a.Abort("the end")
		} else if err := a.Shutdown(bounded(t)); err != nil {
			t.Error(err)
		}
	}
	time.Sleep(500 * time.Millisecond)
	capture.cmd.Process.Signal(os.Interrupt)
	capture.cmd.Wait()
	read := func(filter string) []string {
		out := command(t, "tshark", "-r", pcap, "-o", "sctp.checksum:CRC 32c", "-Y", filter)
		return strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' })
	}
	if n := len(read("sctp.checksum.status == 1 && ip.src == " + leftIP)); n < 200 {
		t.Errorf("only %d packets of ours with a good checksum", n)
	}
	for _, kind := range []string{"1", "10", "3", "4", "5", "6", "7", "14"} { // INIT to SHUTDOWN COMPLETE
		if len(read("sctp.chunk_type == "+kind+" && ip.src == "+leftIP)) == 0 {
			t.Errorf("no chunk of type %s of ours", kind)
		}
	}
	// The datagrams that only show whether the capture has begun are what their random ports say they are.
	for _, filter := range []string{"sctp.checksum.status == 0", "sctp && _ws.malformed", "sctp && _ws.expert.severity == error"} {
		if lines := read(filter); len(lines) > 0 {
			t.Errorf("%s: %d packets, first %s", filter, len(lines), lines[0])
		}
	}
}

// waitCapture pings until the capture has begun to write.
func waitCapture(t *testing.T, lab *lab, pcap string) {
	t.Helper()
	for range 100 {
		if s, err := os.Stat(pcap); err == nil && s.Size() > 500 {
			return
		}
		inside(t, lab.left, func() {
			if c, err := net.Dial("udp", rightIP+":9"); err == nil {
				c.Write([]byte("ping"))
				c.Close()
			}
		})
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("tshark did not begin to capture")
}

// TestRawNeighbours: two endpoints of one machine, at two addresses with the same port, each see the other's packets over
// their raw sockets, and leave them alone.
func TestRawNeighbours(t *testing.T) {
	lab := newLab(t)
	config := interopConfig(BindingRaw)
	gnb := transport(t, lab.left, config)
	for _, at := range []string{"127.0.0.1:38412", "127.0.1.1:38412"} {
		core := transport(t, lab.left, config)
		l := listenIn(t, lab.left, core, netip.MustParseAddrPort(at))
		a := dialIn(t, lab.left, gnb, netip.MustParseAddrPort("127.0.0.11:0"), netip.MustParseAddrPort(at))
		b := accept(t, l)
		for i := range 3 {
			m := Message{Stream: 1, PPID: PPIDNGAP, Data: numbered(i, 100)}
			mustSend(t, a, m)
			wantMessage(t, b, m)
			mustSend(t, b, m)
			wantMessage(t, a, m)
		}
	}
}
