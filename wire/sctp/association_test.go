package sctp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// TestExchange sends both ways over several streams, RFC 9260 §5.1 and §6.
func TestExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, newSimNet(t, 1), Config{})
		defer p.close()
		if p.g.OutboundStreams() != 16 || p.a.OutboundStreams() != 16 {
			t.Errorf("outbound streams %d and %d, want 16", p.g.OutboundStreams(), p.a.OutboundStreams())
		}
		if p.a.LocalAddr() != amfPort || p.g.RemoteAddr() != amfPort || p.a.RemoteAddr() != p.g.LocalAddr() {
			t.Errorf("addresses %v %v, %v %v", p.a.LocalAddr(), p.a.RemoteAddr(), p.g.LocalAddr(), p.g.RemoteAddr())
		}
		for i := range 100 {
			m := text(uint16(i%8), fmt.Sprint("message ", i))
			m.Unordered = i%5 == 4
			mustSend(t, p.g, m)
			wantMessage(t, p.a, m)
			mustSend(t, p.a, m)
			wantMessage(t, p.g, m)
		}
	})
}

// TestSendErrors checks what Send refuses.
func TestSendErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, newSimNet(t, 1), Config{})
		defer p.close()
		ctx := context.Background()
		for _, c := range []struct {
			m    Message
			want error
		}{
			{Message{Stream: 16, Data: []byte{1}}, ErrStream},
			{Message{}, ErrMessageSize},
			{Message{Data: make([]byte, 256<<10+1)}, ErrMessageSize},
		} {
			if err := p.g.Send(ctx, c.m); !errors.Is(err, c.want) {
				t.Errorf("Send stream %d, %d octets: %v, want %v", c.m.Stream, len(c.m.Data), err, c.want)
			}
		}
	})
}

// TestBadNetwork sends messages of all sizes over a network that loses, doubles and reorders, RFC 9260 §6 and §7.
func TestBadNetwork(t *testing.T) {
	for _, seed := range []uint64{1, 2, 3, rand.Uint64()} {
		t.Run("", func(t *testing.T) { badNetwork(t, seed) })
	}
}

func badNetwork(t *testing.T, seed uint64) {
	synctest.Test(t, func(t *testing.T) {
		n := newSimNet(t, seed)
		n.loss, n.duplicate, n.jitter = 0.1, 0.05, 10*time.Millisecond
		p := newPair(t, n, Config{AssociationMaxRetrans: 50, PathMaxRetrans: 50})
		defer p.close()
		const count, streams = 400, 8
		sizes := rand.New(rand.NewPCG(seed, 2))
		done := make(chan error, 1)
		go func() {
			for i := range count {
				size := sizes.IntN(300)
				if i%40 == 0 {
					size = sizes.IntN(200_000)
				}
				m := Message{Stream: uint16(i % streams), PPID: PPIDNGAP, Unordered: i%7 == 0, Data: numbered(i, size)}
				if err := p.g.Send(context.Background(), m); err != nil {
					done <- err
					return
				}
			}
			done <- p.g.Shutdown(context.Background())
		}()
		next := make(map[uint16]int)
		seen := make(map[int]bool)
		for {
			m, err := p.a.Receive(context.Background())
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			var i int
			if _, err := fmt.Sscanf(string(m.Data[:8]), "%d", &i); err != nil || seen[i] || int(m.Stream) != i%streams {
				t.Fatalf("message %d again or on the wrong stream %d: %v", i, m.Stream, err)
			}
			if last := m.Data[len(m.Data)-1]; last != byte(i) {
				t.Fatalf("message %d ends with %d", i, last)
			}
			seen[i] = true
			if m.Unordered {
				continue
			}
			if i < next[m.Stream] {
				t.Fatalf("stream %d: %d after %d", m.Stream, i, next[m.Stream])
			}
			next[m.Stream] = i
		}
		if err := <-done; err != nil || len(seen) != count {
			t.Fatalf("received %d of %d; sender: %v", len(seen), count, err)
		}
		t.Logf("%d packets", n.sent)
	})
}

// TestShutdown checks that all that was sent arrives before the end, RFC 9260 §9.2.
func TestShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, newSimNet(t, 1), Config{})
		defer p.close()
		for i := range 200 {
			mustSend(t, p.g, Message{Data: numbered(i, 1000)})
		}
		if err := p.g.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
		if err := p.g.Send(context.Background(), text(0, "late")); !errors.Is(err, ErrShutdown) {
			t.Errorf("Send after Shutdown: %v", err)
		}
		for i := range 200 {
			wantMessage(t, p.a, Message{Data: numbered(i, 1000)})
		}
		wantEnd(t, p.a, io.EOF)
		wantEnd(t, p.g, io.EOF)
		synctest.Wait()
		if associations(p.amf) != 0 || associations(p.gnb) != 0 || len(p.amf.associations) != 0 {
			t.Errorf("associations left: %d and %d", associations(p.amf), associations(p.gnb))
		}
	})
}

// TestShutdownBothSides lets both ends shut down at once, RFC 9260 §9.2.
func TestShutdownBothSides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, newSimNet(t, 1), Config{})
		defer p.close()
		done := make(chan error)
		go func() { done <- p.a.Shutdown(context.Background()) }()
		if err := p.g.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestAbort checks that the peer is told why, RFC 9260 §9.1 and §3.3.10.12.
func TestAbort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, newSimNet(t, 1), Config{})
		defer p.close()
		p.g.Abort("power off")
		wantEnd(t, p.g, net.ErrClosed)
		_, err := p.a.Receive(context.Background())
		var abort *AbortError
		if !errors.As(err, &abort) || abort.Cause != CauseUserInitiatedAbort || abort.Reason != "power off" || abort.Local {
			t.Fatalf("Receive: %v", err)
		}
	})
}

// TestDialRefused dials a port where nobody listens, RFC 9260 §8.4.
func TestDialRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newSimNet(t, 1)
		amf, gnb := n.host(Config{}, amfAddr), n.host(Config{}, gnbAddr)
		defer amf.Close()
		_, err := gnb.Dial(context.Background(), netipZero, amfPort)
		var abort *AbortError
		if !errors.As(err, &abort) {
			t.Fatalf("Dial: %v", err)
		}
	})
}

// TestDialSilence counts the INIT chunks to a peer that is not there, RFC 9260 §5.1 and §16.
func TestDialSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newSimNet(t, 1)
		gnb := n.host(Config{}, gnbAddr)
		start := time.Now()
		_, err := gnb.Dial(context.Background(), netipZero, amfPort)
		if !errors.Is(err, ErrPeerUnreachable) || n.sent != 9 {
			t.Fatalf("Dial: %v after %d packets, want 9", err, n.sent)
		}
		if took := time.Since(start); took != (1+2+4+8+16+32+60+60+60)*time.Second {
			t.Errorf("gave up after %v", took)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, err := gnb.Dial(ctx, netipZero, amfPort); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Dial: %v", err)
		}
		if associations(gnb) != 0 {
			t.Errorf("%d associations left", associations(gnb))
		}
	})
}

// TestDeadPeer lets an idle association's peer vanish: heartbeats notice, RFC 9260 §8.1 and §8.3.
func TestDeadPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, newSimNet(t, 1), Config{HeartbeatInterval: 5 * time.Second, AssociationMaxRetrans: 3})
		defer p.close()
		time.Sleep(time.Hour)
		synctest.Wait()
		if p.a.state != stateEstablished || p.g.state != stateEstablished {
			t.Fatal("heartbeats did not keep the association up")
		}
		p.net.setDrop(func(route, []byte) bool { return true })
		start := time.Now()
		wantEnd(t, p.a, ErrPeerUnreachable)
		if took := time.Since(start); took < 15*time.Second || took > 60*time.Second {
			t.Errorf("noticed after %v", took)
		}
	})
}

// TestDeadPeerWithData lets the peer vanish while data is under way: T3-rtx notices, RFC 9260 §6.3.3 and §8.1.
func TestDeadPeerWithData(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, newSimNet(t, 1), Config{AssociationMaxRetrans: 3, HeartbeatInterval: -1})
		defer p.close()
		p.net.setDrop(func(route, []byte) bool { return true })
		mustSend(t, p.a, text(0, "anybody?"))
		start := time.Now()
		wantEnd(t, p.a, ErrPeerUnreachable)
		if took := time.Since(start); took != (1+2+4+8)*time.Second {
			t.Errorf("noticed after %v, want 15 s", took)
		}
		if err := p.a.Shutdown(context.Background()); !errors.Is(err, ErrPeerUnreachable) {
			t.Errorf("Shutdown: %v", err)
		}
	})
}

// TestRestart reboots the gNB, which dials from the same address and port, RFC 9260 §5.2.4 A.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, newSimNet(t, 1), Config{})
		defer p.amf.Close()
		mustSend(t, p.g, text(3, "before"))
		time.Sleep(time.Second)
		reborn := p.net.host(Config{}, gnbAddr)
		defer reborn.Close()
		g, err := reborn.Dial(context.Background(), p.g.LocalAddr(), amfPort)
		if err != nil {
			t.Fatal(err)
		}
		wantMessage(t, p.a, text(3, "before"))
		wantEnd(t, p.a, ErrRestarted)
		mustSend(t, g, text(3, "after"))
		wantMessage(t, p.a, text(3, "after"))
		mustSend(t, p.a, text(3, "welcome"))
		wantMessage(t, g, text(3, "welcome"))
		if associations(p.amf) != 1 {
			t.Errorf("%d associations, want 1", associations(p.amf))
		}
		p.g.Abort("old")
		p.gnb.Close()
	})
}

// TestInitCollision lets both sides dial at once, RFC 9260 §5.2.1 and §5.2.4 B and D.
func TestInitCollision(t *testing.T) {
	for _, later := range []time.Duration{0, time.Millisecond, 4 * time.Millisecond, 4999 * time.Microsecond} {
		t.Run(later.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newSimNet(t, 1)
				x, y := n.host(Config{}, amfAddr), n.host(Config{}, gnbAddr)
				defer x.Close()
				defer y.Close()
				px, py := amfPort, netipAddrPort(gnbAddr, 38412)
				got := make(chan Association, 1)
				go func() {
					a, err := x.Dial(context.Background(), px, py)
					if err != nil {
						t.Error(err)
					}
					got <- a
				}()
				time.Sleep(later)
				b, err := y.Dial(context.Background(), py, px)
				a := <-got
				if err != nil || a == nil {
					t.Fatal(err)
				}
				mustSend(t, a, text(0, "from x"))
				wantMessage(t, b, text(0, "from x"))
				mustSend(t, b, text(0, "from y"))
				wantMessage(t, a, text(0, "from y"))
				if associations(x) != 1 || associations(y) != 1 {
					t.Errorf("%d and %d associations", associations(x), associations(y))
				}
			})
		})
	}
}

// TestZeroWindow fills a receiver that does not read, and lets it read again, RFC 9260 §6.1 A and §6.2.
func TestZeroWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, newSimNet(t, 1), Config{ReceiveWindow: 32 << 10, SendBuffer: 64 << 10, MaxMessage: 16 << 10})
		defer p.close()
		const count = 200
		go func() {
			for i := range count {
				if err := p.g.Send(context.Background(), Message{Data: numbered(i, 1200)}); err != nil {
					t.Error(err)
					return
				}
			}
		}()
		time.Sleep(20 * time.Minute) // probes keep it alive
		p.a.mu.Lock()
		charged, window := p.a.in.charged, p.a.in.window(32<<10)
		p.a.mu.Unlock()
		if charged > 34<<10 || window > 2000 { // one packet more may complete what came out of order
			t.Errorf("%d octets buffered, window %d", charged, window)
		}
		for i := range count {
			wantMessage(t, p.a, Message{Data: numbered(i, 1200)})
		}
	})
}

// TestSendBlocks checks that Send waits for room and gives up with its context.
func TestSendBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, newSimNet(t, 1), Config{SendBuffer: 8 << 10})
		defer p.close()
		p.net.setDrop(func(route, []byte) bool { return true })
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		var err error
		sent := 0
		for ; err == nil && sent < 100; sent++ {
			err = p.g.Send(ctx, Message{Data: make([]byte, 1000)})
		}
		if !errors.Is(err, context.DeadlineExceeded) || sent > 9 {
			t.Fatalf("Send: %v after %d messages", err, sent)
		}
	})
}
