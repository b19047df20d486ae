package pfcp

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var (
	smfAddr = netip.MustParseAddrPort("10.0.4.1:8805")
	upfAddr = netip.MustParseAddrPort("10.0.4.2:8805")
)

// alive answers heartbeats and counts them.
func alive(served *atomic.Int32) func(context.Context, netip.AddrPort, Header, Message) (uint64, Message) {
	return func(context.Context, netip.AddrPort, Header, Message) (uint64, Message) {
		served.Add(1)
		return 0, &HeartbeatResponse{RecoveryTimeStamp: start}
	}
}

// TestRetransmission loses the first datagrams of each direction: the request is sent again every T1 and served
// once, the answer to the repeated request is the first one again, TS 29.244 §6.4.
func TestRetransmission(t *testing.T) {
	tests := []struct {
		name                       string
		loseRequests, loseAnswers  int32
		after                      time.Duration
		answered                   bool
		served                     int32
		retransmissions, repeatedN uint64
	}{
		{"nothing is lost", 0, 0, 0, true, 1, 0, 0},
		{"a request is lost", 1, 0, time.Second, true, 1, 1, 0},
		{"two answers are lost", 0, 2, 2 * time.Second, true, 1, 2, 2},
		{"the last try arrives", 3, 0, 3 * time.Second, true, 1, 3, 0},
		{"all is lost", 4, 0, 4 * time.Second, false, 0, 3, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := Pipe(smfAddr, upfAddr)
				var requests, answers, served atomic.Int32
				near.Lose = func([]byte) bool { return requests.Add(1) <= tt.loseRequests }
				far.Lose = func([]byte) bool { return answers.Add(1) <= tt.loseAnswers }
				smf := NewEndpoint(near, Config{})
				upf := NewEndpoint(far, Config{Handle: alive(&served)})
				defer smf.Close()
				defer upf.Close()
				began := time.Now()
				m, err := smf.Request(t.Context(), upfAddr, Header{}, &HeartbeatRequest{RecoveryTimeStamp: start})
				if took := time.Since(began); took != tt.after {
					t.Errorf("took %v, want %v", took, tt.after)
				}
				if !tt.answered {
					if !errors.Is(err, ErrNoAnswer) {
						t.Errorf("%v, want %v", err, ErrNoAnswer)
					}
				} else if r, ok := m.(*HeartbeatResponse); !ok || r.RecoveryTimeStamp != start {
					t.Errorf("%+v, %v", m, err)
				}
				if n := served.Load(); n != tt.served {
					t.Errorf("served %d times, want %d", n, tt.served)
				}
				if n := smf.Stats.Retransmission.Load(); n != tt.retransmissions {
					t.Errorf("%d retransmissions, want %d", n, tt.retransmissions)
				}
				if n := upf.Stats.Repeated.Load(); n != tt.repeatedN {
					t.Errorf("%d repeated requests, want %d", n, tt.repeatedN)
				}
			})
		})
	}
}

// TestSlowHandler: a request that comes again while it is served is neither served twice nor answered twice.
func TestSlowHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := Pipe(smfAddr, upfAddr)
		var served atomic.Int32
		answer := alive(&served)
		smf := NewEndpoint(near, Config{})
		upf := NewEndpoint(far, Config{Handle: func(ctx context.Context, p netip.AddrPort, h Header, m Message) (uint64, Message) {
			time.Sleep(2500 * time.Millisecond)
			return answer(ctx, p, h, m)
		}})
		defer smf.Close()
		defer upf.Close()
		if _, err := smf.Request(t.Context(), upfAddr, Header{}, &HeartbeatRequest{}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if served.Load() != 1 || smf.Stats.Unexpected.Load() != 0 || upf.Stats.Repeated.Load() != 2 {
			t.Errorf("served %d, unexpected %d, repeated %d", served.Load(), smf.Stats.Unexpected.Load(), upf.Stats.Repeated.Load())
		}
	})
}

// TestSequenceReuse: a restarted peer may use a sequence number again for another request.
func TestSequenceReuse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := Pipe(smfAddr, upfAddr)
		var served atomic.Int32
		upf := NewEndpoint(far, Config{Handle: alive(&served)})
		defer upf.Close()
		for i := range 2 {
			wire := Append(nil, Header{Sequence: 1}, &HeartbeatRequest{RecoveryTimeStamp: start + Timestamp(i)})
			if _, err := near.WriteToUDPAddrPort(wire, upfAddr); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if served.Load() != 2 {
			t.Errorf("served %d, want 2", served.Load())
		}
	})
}

// TestRefusals sends what cannot be served and reads the raw answer, TS 29.244 §7.6.
func TestRefusals(t *testing.T) {
	tests := []struct {
		name, wire string
		check      func(h Header, m Message) bool
	}{
		{"other version", "4001 0004 000007 00", func(h Header, m Message) bool {
			_, ok := m.(*VersionNotSupportedResponse)
			return ok && h.Sequence == 7
		}},
		{"association setup without node id", "2005 000c 000008 00 0060 0004 ed01b425", func(h Header, m Message) bool {
			r, ok := m.(*AssociationSetupResponse)
			return ok && r.Cause == CauseMandatoryIEMissing && h.Sequence == 8 && r.NodeID.Addr == upfAddr.Addr()
		}},
		{"modification with a cut PDR id", "2134 0019 0000000000000005 000009 00 000f 0005 0038 0001 01" + "ffff0000", func(h Header, m Message) bool {
			r, ok := m.(*SessionModificationResponse)
			return ok && r.Cause == CauseInvalidLength && r.OffendingIE.Value() == IEPDRID && h.SEID == 0x55
		}},
		{"unknown type", "20c8 0004 000001 00", nil},
		{"cut", "2001 00ff", nil},
		{"response to nothing", "2002 000c 000001 00 0060 0004 ed01b425", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := Pipe(smfAddr, upfAddr)
				upf := NewEndpoint(far, Config{NodeID: NodeID{Addr: upfAddr.Addr()}, PeerSEID: func(s uint64) uint64 { return s * 0x11 }})
				defer upf.Close()
				if _, err := near.WriteToUDPAddrPort(unhex(t, tt.wire), upfAddr); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				if tt.check == nil {
					if len(near.in) != 0 {
						t.Errorf("answered %x", <-near.in)
					}
					return
				}
				if len(near.in) != 1 {
					t.Fatalf("%d answers", len(near.in))
				}
				wire := <-near.in
				if h, m, err := Decode(wire); err != nil || !tt.check(h, m) {
					t.Errorf("%x: %+v %+v %v", wire, h, m, err)
				}
			})
		})
	}
}

// TestBounds: peers that are not allowed are not heard, requests above the bound are dropped and come again.
func TestBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := Pipe(smfAddr, upfAddr)
		release := make(chan struct{})
		upf := NewEndpoint(far, Config{Concurrency: 1, Handle: func(context.Context, netip.AddrPort, Header, Message) (uint64, Message) {
			<-release
			return 0, &HeartbeatResponse{}
		}})
		smf := NewEndpoint(near, Config{})
		defer upf.Close()
		defer smf.Close()
		done := make(chan error, 2)
		for range 2 {
			go func() {
				_, err := smf.Request(t.Context(), upfAddr, Header{}, &HeartbeatRequest{})
				done <- err
			}()
		}
		synctest.Wait()
		if n := upf.Stats.Overload.Load(); n != 1 {
			t.Errorf("%d dropped, want 1", n)
		}
		close(release)
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
	synctest.Test(t, func(t *testing.T) {
		near, far := Pipe(smfAddr, upfAddr)
		upf := NewEndpoint(far, Config{Allow: func(netip.AddrPort) bool { return false }})
		smf := NewEndpoint(near, Config{})
		defer upf.Close()
		defer smf.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		if _, err := smf.Request(ctx, upfAddr, Header{}, &HeartbeatRequest{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if n := upf.Stats.NotAllowed.Load(); n != 2 {
			t.Errorf("%d refused, want 2", n)
		}
	})
}

// TestWindow: of a thousand requests at once no more than the window is under way, none is lost, and a heartbeat does not
// wait behind them, TS 29.244 §6.4.
func TestWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := Pipe(smfAddr, upfAddr)
		var now, most atomic.Int32
		upf := NewEndpoint(far, Config{Concurrency: 8, Handle: func(ctx context.Context, _ netip.AddrPort, _ Header, m Message) (uint64, Message) {
			if _, beat := m.(*HeartbeatRequest); beat {
				return 0, &HeartbeatResponse{RecoveryTimeStamp: NewTimestamp(time.Now())}
			}
			most.Store(max(most.Load(), now.Add(1)))
			time.Sleep(10 * time.Millisecond)
			now.Add(-1)
			return 0, &SessionDeletionResponse{Cause: CauseRequestAccepted}
		}})
		smf := NewEndpoint(near, Config{Window: 4})
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() {
				if _, err := smf.Request(t.Context(), upfAddr, Header{}, &SessionDeletionRequest{}); err != nil {
					t.Error(err)
				}
			})
		}
		time.Sleep(time.Millisecond)
		start := time.Now()
		if _, err := smf.Request(t.Context(), upfAddr, Header{}, &HeartbeatRequest{RecoveryTimeStamp: NewTimestamp(start)}); err != nil || time.Since(start) > 0 {
			t.Errorf("heartbeat: %v after %v", err, time.Since(start))
		}
		wg.Wait()
		if most.Load() > 4 || smf.Stats.Retransmission.Load() > 0 || upf.Stats.Overload.Load() > 0 {
			t.Errorf("%d at once, %d sent again, %d dropped", most.Load(), smf.Stats.Retransmission.Load(), upf.Stats.Overload.Load())
		}
		smf.Close()
		upf.Close()
	})
}

// TestClose: a request that waits returns at once.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, _ := Pipe(smfAddr, upfAddr)
		smf := NewEndpoint(near, Config{})
		done := make(chan error, 1)
		go func() {
			_, err := smf.Request(t.Context(), upfAddr, Header{}, &HeartbeatRequest{})
			done <- err
		}()
		synctest.Wait()
		if err := smf.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-done; !errors.Is(err, ErrClosed) {
			t.Errorf("%v, want %v", err, ErrClosed)
		}
	})
}

// TestUDP runs a transaction over loopback and shows it to the taps of both sides.
func TestUDP(t *testing.T) {
	loopback := netip.MustParseAddrPort("127.0.0.1:0")
	var taps atomic.Int32
	tap := func(Direction, netip.AddrPort, Header, Message) { taps.Add(1) }
	var served atomic.Int32
	var ends [2]*Endpoint
	for i := range ends {
		conn, err := Listen(loopback)
		if err != nil {
			t.Fatal(err)
		}
		ends[i] = NewEndpoint(conn, Config{Handle: alive(&served), Tap: tap})
		defer ends[i].Close()
	}
	peer := netip.MustParseAddrPort(ends[1].LocalAddr().String())
	m, err := ends[0].Request(t.Context(), peer, Header{}, &HeartbeatRequest{RecoveryTimeStamp: start})
	if err != nil || m.Type() != TypeHeartbeatResponse {
		t.Fatalf("%+v, %v", m, err)
	}
	if taps.Load() != 4 {
		t.Errorf("%d taps, want 4", taps.Load())
	}
}

// TestListenError: the error of an address that is not there names it in one line.
func TestListenError(t *testing.T) {
	if _, err := Listen(netip.MustParseAddrPort("192.0.2.77:8805")); err == nil || len(err.Error()) > 120 {
		t.Errorf("%v", err)
	}
}

func BenchmarkRequestResponse(b *testing.B) {
	near, far := Pipe(smfAddr, upfAddr)
	var served atomic.Int32
	smf, upf := NewEndpoint(near, Config{}), NewEndpoint(far, Config{Handle: alive(&served)})
	defer smf.Close()
	defer upf.Close()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := smf.Request(b.Context(), upfAddr, Header{}, &HeartbeatRequest{}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestBadRequests: a request that cannot be answered with a cause is discarded, one that makes the handler panic is
// refused, and the endpoint goes on, TS 29.244 §7.6.
func TestBadRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := Pipe(smfAddr, upfAddr)
		upf := NewEndpoint(far, Config{Handle: func(context.Context, netip.AddrPort, Header, Message) (uint64, Message) { panic("a defect") }})
		defer upf.Close()
		heartbeat := Append(nil, Header{Sequence: 7}, &VersionNotSupportedResponse{})
		heartbeat[1] = byte(TypeHeartbeatRequest) // without its Recovery Time Stamp
		if _, err := near.WriteToUDPAddrPort(heartbeat, upfAddr); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if n := upf.Stats.Undecodable.Load(); n != 1 {
			t.Errorf("%d discarded", n)
		}
		smf := NewEndpoint(near, Config{})
		defer smf.Close()
		answer, err := smf.Request(t.Context(), upfAddr, Header{}, &AssociationReleaseRequest{NodeID: NodeID{Addr: smfAddr.Addr()}})
		if c, _ := CauseOf(answer); err != nil || c != CauseSystemFailure || upf.Stats.Panics.Load() != 1 {
			t.Errorf("%v, %v, %d panics", c, err, upf.Stats.Panics.Load())
		}
	})
}

// TestUnansweredIsRepeated: a request that nobody answered is repeated under its number, so that a peer that has served it says its
// answer again and serves it no second time; an answer that comes when nobody waits is told of, TS 29.244 §6.4.
func TestUnansweredIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := Pipe(smfAddr, upfAddr)
		var served, late atomic.Int32
		var lose atomic.Bool
		lose.Store(true)
		far.Lose = func([]byte) bool { return lose.Load() }
		answer := &SessionEstablishmentResponse{NodeID: NodeID{Addr: upfAddr.Addr()}, Cause: CauseRequestAccepted, UPFSEID: Some(FSEID{SEID: 7, IPv4: upfAddr.Addr()})}
		upf := NewEndpoint(far, Config{Handle: func(context.Context, netip.AddrPort, Header, Message) (uint64, Message) {
			served.Add(1)
			return 5, answer
		}})
		smf := NewEndpoint(near, Config{Late: func(_ netip.AddrPort, h Header, m *SessionEstablishmentResponse) {
			if h.SEID == 5 && m.UPFSEID.Value().SEID == 7 {
				late.Add(1)
			}
		}})
		defer smf.Close()
		defer upf.Close()
		request := &SessionEstablishmentRequest{NodeID: NodeID{Addr: smfAddr.Addr()}, CPFSEID: FSEID{SEID: 5, IPv4: smfAddr.Addr()},
			CreatePDR: []CreatePDR{{PDRID: 1, FARID: Some(FARID(1)), PDI: PDI{SourceInterface: InterfaceCore}}}, CreateFAR: []CreateFAR{{FARID: 1, ApplyAction: ApplyDROP}}}
		_, err := smf.Request(t.Context(), upfAddr, Header{}, request)
		var lost *Unanswered
		if !errors.As(err, &lost) || !errors.Is(err, ErrNoAnswer) || !lost.Repeatable() || lost.UPFSEID.Present() {
			t.Fatalf("%v", err)
		}
		if _, err := smf.Repeat(t.Context(), lost); !errors.Is(err, ErrNoAnswer) {
			t.Errorf("repeated and lost again: %v", err)
		}
		lose.Store(false)
		m, err := smf.Repeat(t.Context(), lost)
		if r, ok := m.(*SessionEstablishmentResponse); err != nil || !ok || r.UPFSEID.Value().SEID != 7 || served.Load() != 1 {
			t.Errorf("%+v, %v, served %d times", m, err, served.Load())
		}
		wire := Append(nil, Header{SEID: 5, Sequence: lost.key.sequence}, answer)
		for range 2 {
			far.Deliver(wire)
		}
		far.Deliver(Append(nil, Header{SEID: 5, Sequence: lost.key.sequence}, &SessionDeletionResponse{Cause: CauseRequestAccepted}))
		synctest.Wait()
		if late.Load() != 2 || smf.Stats.Unexpected.Load() != 3 {
			t.Errorf("%d late answers were told of, %d unexpected", late.Load(), smf.Stats.Unexpected.Load())
		}
		busy, _ := smf.enrollAgain(lost.key, request.Type())
		if again, _ := smf.enrollAgain(lost.key, request.Type()); busy != lost.key || again == lost.key {
			t.Errorf("number %d is used twice", again.sequence)
		}
	})
}

// TestUnreadableAnswer: of an answer that cannot be read the F-SEID is told, wherever it stands, and what is cut tells nothing.
func TestUnreadableAnswer(t *testing.T) {
	answer := &SessionEstablishmentResponse{NodeID: NodeID{Addr: upfAddr.Addr()}, Cause: CauseRequestAccepted, UPFSEID: Some(FSEID{SEID: 7, IPv4: upfAddr.Addr()})}
	whole := Append(nil, Header{SEID: 5, Sequence: 9}, answer)
	for name, c := range map[string]struct {
		wire []byte
		told bool
	}{
		"whole":           {whole, true},
		"IE after it bad": {append(append([]byte(nil), whole...), 0, 8, 0, 4, 0, 56, 0, 9), true},
		"before it":       {Append(nil, Header{SEID: 5}, &SessionEstablishmentResponse{Cause: CauseRequestAccepted})[:20], false},
		"no header":       {whole[:10], false},
	} {
		if len(c.wire) > 4 && c.told {
			c.wire[2], c.wire[3] = byte((len(c.wire)-4)>>8), byte(len(c.wire)-4)
		}
		if f, told := fseidIn(c.wire).Get(); told != c.told || told && f.SEID != 7 {
			t.Errorf("%s: %+v, %v", name, f, told)
		}
	}
}
