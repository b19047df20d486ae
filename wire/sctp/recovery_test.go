package sctp

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"
)

// dropFirst loses the first packets that begin with a chunk of some type.
func dropFirst(n *simNet, kind chunkType, count int) {
	n.setDrop(func(_ route, p []byte) bool {
		if chunkType(p[headerSize]) == kind && count > 0 {
			count--
			return true
		}
		return false
	})
}

// TestLostHandshake loses each packet of the handshake, RFC 9260 §5.1 and §5.2.4 D.
func TestLostHandshake(t *testing.T) {
	for _, kind := range []chunkType{typeINIT, typeINITACK, typeCOOKIEECHO, typeCOOKIEACK} {
		synctest.Test(t, func(t *testing.T) {
			n := newSimNet(t, 1)
			dropFirst(n, kind, 2)
			start := time.Now()
			p := newPair(t, n, Config{})
			defer p.close()
			if took := time.Since(start); took < 3*time.Second || took > 4*time.Second {
				t.Errorf("chunk type %d lost twice: %v, want a little more than 3 s", kind, took)
			}
			mustSend(t, p.g, text(0, "hello"))
			wantMessage(t, p.a, text(0, "hello"))
			if associations(p.amf) != 1 {
				t.Errorf("chunk type %d: %d associations", kind, associations(p.amf))
			}
		})
	}
}

// TestLostShutdown loses each packet of the shutdown, RFC 9260 §9.2; for a lost SHUTDOWN COMPLETE see §8.4.
func TestLostShutdown(t *testing.T) {
	for i, kind := range []chunkType{typeSHUTDOWN, typeSHUTDOWNACK, typeSHUTDOWNCOMPLETE, typeSHUTDOWNCOMPLETE} {
		synctest.Test(t, func(t *testing.T) {
			p := newPair(t, newSimNet(t, 1), Config{})
			defer p.close()
			p.gnb.private = i < 3 // the last time as over a raw socket
			dropFirst(p.net, kind, 1)
			start := time.Now()
			if err := p.g.Shutdown(context.Background()); err != nil {
				t.Fatal(err)
			}
			wantEnd(t, p.a, io.EOF)
			if took := time.Since(start); took < time.Second || took > 2*time.Second {
				t.Errorf("chunk type %d lost: %v, want a little more than 1 s", kind, took)
			}
			synctest.Wait()
			if associations(p.amf) != 0 || associations(p.gnb) != 0 {
				t.Errorf("chunk type %d: associations left", kind)
			}
		})
	}
}

// TestShutdownGuard shuts down towards a peer that never answers, RFC 9260 §9.2.
func TestShutdownGuard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, newSimNet(t, 1), Config{RTOMax: 2 * time.Second, AssociationMaxRetrans: 100})
		defer p.close()
		p.net.setDrop(func(route, []byte) bool { return true })
		start := time.Now()
		if err := p.g.Shutdown(context.Background()); err != ErrPeerUnreachable {
			t.Errorf("Shutdown: %v", err)
		}
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("T5 ended it after %v, want 10 s", took)
		}
	})
}

// sendMany sends messages that fill a packet each, and returns the TSN of the first.
func sendMany(t *testing.T, a *association, count int) uint32 {
	t.Helper()
	first := a.out.nextTSN
	for i := range count {
		mustSend(t, a, Message{Data: numbered(i, 1300)})
	}
	return first
}

// tsns are the TSNs of the DATA chunks that came.
func (p *probe) tsns() (all []uint32) {
	for _, c := range p.replies() {
		if d, err := parseDATA(c); c.Type == typeDATA && err == nil {
			all = append(all, d.TSN)
		}
	}
	return all
}

// TestFastRetransmit reports a chunk missing three times: it comes again at once, once, and the congestion window
// is halved, RFC 9260 §7.2.4.
func TestFastRetransmit(t *testing.T) {
	probed(t, Config{}, func(t *testing.T, _ *endpoint, l Listener, p *probe) {
		p.connect(p.init())
		a := accept(t, l)
		a.paths[0].cwnd = 20_000
		first := sendMany(t, a, 8)
		time.Sleep(10 * time.Millisecond)
		if got := p.tsns(); len(got) != 8 {
			t.Fatalf("%d chunks sent", len(got))
		}
		for i := range uint16(5) {
			s := sackChunk{CumulativeTSN: first - 1, Window: 100_000, Gaps: []gapBlock{{2, 2 + i}}}
			p.send(s.append(nil))
			got := p.tsns()
			if resent := len(got) > 0; resent != (i == 2) || resent && (len(got) != 1 || got[0] != first) {
				t.Errorf("after report %d: %d", i+1, got)
			}
		}
		if path := a.paths[0]; path.cwnd != 10_000 || !a.out.recovering || path.errors != 0 {
			t.Errorf("cwnd %d, recovering %v, errors %d", path.cwnd, a.out.recovering, path.errors)
		}
		p.send((&sackChunk{CumulativeTSN: first + 7, Window: 100_000}).append(nil))
		if a.out.recovering || a.out.flight != 0 || a.paths[0].flight != 0 || a.running(timerT3) {
			t.Errorf("after all is acknowledged: %+v", a.out)
		}
	})
}

// TestT3 loses everything: one packet comes again after RTO, then after twice that, RFC 9260 §6.3.3 and §7.2.3.
func TestT3(t *testing.T) {
	probed(t, Config{}, func(t *testing.T, _ *endpoint, l Listener, p *probe) {
		p.connect(p.init())
		a := accept(t, l)
		first := sendMany(t, a, 3)
		time.Sleep(10 * time.Millisecond)
		p.tsns()
		for _, rto := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
			time.Sleep(rto - 20*time.Millisecond)
			if got := p.tsns(); len(got) != 0 {
				t.Errorf("%d before %v", got, rto)
			}
			time.Sleep(20 * time.Millisecond)
			if got := p.tsns(); len(got) != 1 || got[0] != first {
				t.Errorf("%d after %v, want %d", got, rto, first)
			}
		}
		if path := a.paths[0]; path.cwnd != path.payload || a.errors != 3 {
			t.Errorf("cwnd %d, errors %d", path.cwnd, a.errors)
		}
		p.send((&sackChunk{CumulativeTSN: first, Window: 100_000}).append(nil))
		if got := p.tsns(); len(got) == 0 || got[0] != first+1 || a.errors != 0 {
			t.Errorf("after the first is acknowledged: %d, errors %d", got, a.errors)
		}
	})
}

// TestRenege withdraws a gap block: the chunk counts as under way again and comes after T3, RFC 9260 §6.2.1.
func TestRenege(t *testing.T) {
	probed(t, Config{}, func(t *testing.T, _ *endpoint, l Listener, p *probe) {
		p.connect(p.init())
		a := accept(t, l)
		first := sendMany(t, a, 2)
		time.Sleep(10 * time.Millisecond)
		p.tsns()
		p.send((&sackChunk{CumulativeTSN: first - 1, Window: 100_000, Gaps: []gapBlock{{2, 2}}}).append(nil))
		if a.out.flight != 1300 {
			t.Errorf("%d octets under way, want 1300", a.out.flight)
		}
		p.send((&sackChunk{CumulativeTSN: first - 1, Window: 100_000}).append(nil))
		if a.out.flight != 2600 {
			t.Errorf("%d octets under way, want 2600", a.out.flight)
		}
		p.send((&sackChunk{CumulativeTSN: first, Window: 100_000}).append(nil))
		time.Sleep(2 * time.Second)
		if got := p.tsns(); len(got) == 0 || got[len(got)-1] != first+1 {
			t.Errorf("sent again: %d", got)
		}
	})
}

// TestWindowOpens drops a probe of a closed window; when the window opens the rest comes at once, RFC 9260 §6.1 A.
func TestWindowOpens(t *testing.T) {
	probed(t, Config{}, func(t *testing.T, _ *endpoint, l Listener, p *probe) {
		p.connect(p.init())
		a := accept(t, l)
		first := sendMany(t, a, 1)
		time.Sleep(10 * time.Millisecond)
		p.send((&sackChunk{CumulativeTSN: first, Window: 0}).append(nil))
		p.tsns()
		sendMany(t, a, 3)
		time.Sleep(10 * time.Millisecond)
		if got := p.tsns(); len(got) != 1 || got[0] != first+1 {
			t.Fatalf("probe: %d", got)
		}
		p.send((&sackChunk{CumulativeTSN: first, Window: 10_000}).append(nil))
		if got := p.tsns(); len(got) != 3 || got[0] != first+1 {
			t.Errorf("after the window opened: %d", got)
		}
	})
}

// TestSlowStart opens the congestion window by what is acknowledged, at most a packet for each SACK, RFC 9260 §7.2.1.
func TestSlowStart(t *testing.T) {
	probed(t, Config{}, func(t *testing.T, _ *endpoint, l Listener, p *probe) {
		p.connect(p.init())
		a := accept(t, l)
		path := a.paths[0]
		cwnd := path.cwnd
		if cwnd != min(4*path.payload, max(2*path.payload, 4404)) {
			t.Errorf("initial window %d", cwnd)
		}
		first := sendMany(t, a, 20)
		p.send((&sackChunk{CumulativeTSN: first + 1, Window: 100_000}).append(nil))
		if path.cwnd != cwnd+path.payload {
			t.Errorf("window %d after %d, want one packet of %d more", path.cwnd, cwnd, path.payload)
		}
		path.ssthresh = path.cwnd - 1
		grown := path.cwnd
		for tsn := first + 2; before(tsn, a.out.nextTSN); tsn++ {
			p.send((&sackChunk{CumulativeTSN: tsn, Window: 100_000}).append(nil))
		}
		if path.cwnd < grown || path.cwnd > grown+4*path.payload {
			t.Errorf("window %d after %d in congestion avoidance", path.cwnd, grown)
		}
	})
}

// TestForN2 lets a peer of an idle N2 association die without a word: it is noticed within half a minute, RFC 9260 §8.1.
func TestForN2(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, newSimNet(t, 1), Config{}.ForN2())
		defer p.close()
		p.net.setDrop(func(route, []byte) bool { return true })
		start := time.Now()
		wantEnd(t, p.a, ErrPeerUnreachable)
		if took := time.Since(start); took < 5*time.Second || took > 30*time.Second {
			t.Errorf("noticed after %v", took)
		}
	})
}
