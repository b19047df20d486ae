package sctp

import (
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"
)

// udpPair is loopbackPair over UDP.
func udpPair(t testing.TB, listen netip.AddrPort) (server, client Transport, l Listener) {
	t.Helper()
	return loopbackPair(t, BindingUDP, listen)
}

// loopbackPair makes two endpoints on the loopback interface, with a listener at an address.
func loopbackPair(t testing.TB, b Binding, listen netip.AddrPort) (server, client Transport, l Listener) {
	t.Helper()
	c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	port := c.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	c.Close()
	cfg := Config{Binding: b, UDPPort: port, RemoteUDPPort: port, Log: slog.New(slog.DiscardHandler)}
	if server, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	if client, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close() })
	if l, err = server.Listen(listen); err != nil {
		t.Fatal(err)
	}
	return server, client, l
}

var (
	loopbackNGAP = netip.MustParseAddrPort("127.0.0.1:38412")
	loopbackGNB  = netip.MustParseAddrPort("127.0.0.2:0")
)

// TestUDPWildcard listens on every address and answers from the one that was asked, RFC 6951 §5.
func TestUDPWildcard(t *testing.T) {
	_, client, l := udpPair(t, netip.MustParseAddrPort("[::]:38413"))
	for _, to := range []string{"127.0.0.5:38413", "[::1]:38413"} {
		remote := netip.MustParseAddrPort(to)
		g, err := client.Dial(bounded(t), netip.AddrPort{}, remote)
		if err != nil {
			t.Fatal(err)
		}
		a := accept(t, l)
		if a.LocalAddr() != remote {
			t.Errorf("local address %v, want %v", a.LocalAddr(), remote)
		}
		mustSend(t, g, text(0, "hello"))
		wantMessage(t, a, text(0, "hello"))
		if err := g.Shutdown(bounded(t)); err != nil {
			t.Error(err)
		}
	}
}

// TestFiveThousand sets up 5,000 associations that all work and, at rest, need no goroutine.
func TestFiveThousand(t *testing.T) {
	const count = 5000
	server, client, l := udpPair(t, loopbackNGAP)
	idle := runtime.NumGoroutine()
	accepted := make(chan Association, count)
	go func() {
		for range count {
			a, err := l.Accept(bounded(t))
			if err != nil {
				t.Error(err)
				break
			}
			accepted <- a
		}
		close(accepted)
	}()
	dialled := make([]Association, count)
	var wg sync.WaitGroup
	begin := time.Now()
	for w := range 20 {
		wg.Go(func() {
			for i := w; i < count; i += 20 {
				a, err := client.Dial(bounded(t), loopbackGNB, loopbackNGAP)
				if err != nil {
					t.Error(err)
					return
				}
				dialled[i] = a
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	t.Logf("%d associations in %v", count, time.Since(begin))
	for _, a := range dialled {
		mustSend(t, a, text(1, "hello"))
	}
	for a := range accepted {
		wantMessage(t, a, text(1, "hello"))
	}
	var mem runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&mem)
	t.Logf("heap with %d ends: %d KiB", 2*count, mem.HeapAlloc>>10)
	for range 100 { // what the last messages started ends
		if runtime.NumGoroutine() <= idle+20 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > idle+20 {
		t.Errorf("%d goroutines at rest, %d before", n, idle)
	}
	if n := associations(server.(*endpoint)); n != count {
		t.Errorf("%d associations", n)
	}
}
