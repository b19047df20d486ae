package pfcp

import (
	"context"
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// serving answers establishments and notes in which order they came.
type serving struct {
	mu   sync.Mutex
	came []uint64 // SEIDs
}

func (s *serving) establish(m *SessionEstablishmentRequest) Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.came = append(s.came, m.CPFSEID.SEID)
	return &SessionEstablishmentResponse{NodeID: NodeID{Addr: upfAddr.Addr()}, Cause: CauseRequestAccepted, UPFSEID: Some(FSEID{SEID: 1000 + m.CPFSEID.SEID, IPv4: upfAddr.Addr()})}
}

// handle answers each in its own time.
func (s *serving) handle(_ context.Context, _ netip.AddrPort, _ Header, m Message) (uint64, Message) {
	e := m.(*SessionEstablishmentRequest)
	return e.CPFSEID.SEID, s.establish(e)
}

// known answers at once.
func (s *serving) known(_ netip.AddrPort, request []byte) (uint64, Message) {
	_, m, err := Decode(request)
	if err != nil {
		return 0, nil
	}
	e := m.(*SessionEstablishmentRequest)
	return e.CPFSEID.SEID, s.establish(e)
}

func establishments(n int) []Message {
	list := make([]Message, n)
	for i := range list {
		m := establishment()
		m.CPFSEID.SEID = uint64(i + 1)
		list[i] = m
	}
	return list
}

// messages are those of a datagram.
func messages(t *testing.T, b []byte) (list []Header) {
	t.Helper()
	for more := true; more; {
		h, _, err := DecodeHeader(b)
		if err != nil {
			t.Fatal(err)
		}
		list, more = append(list, h), h.FollowOn
		b = b[4+int(binary.BigEndian.Uint16(b[2:])):]
	}
	if len(b) > 0 {
		t.Fatalf("%d octets behind the last message", len(b))
	}
	return list
}

// TestBundle: requests go in few datagrams, each with its own answer, and the answers to those of a datagram come back bundled,
// TS 29.244 §6.5.
func TestBundle(t *testing.T) {
	for name, config := range map[string]func(*serving) Config{
		"answered at once":          func(s *serving) Config { return Config{Known: s.known} },
		"answered one by one":       func(s *serving) Config { return Config{Handle: s.handle} },
		"answered one by one, some": func(s *serving) Config { return Config{Handle: s.handle, Known: s.odd} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := Pipe(smfAddr, upfAddr)
				var s serving
				var mu sync.Mutex
				var sent, answered [][]Header
				near.Lose = func(b []byte) bool { mu.Lock(); defer mu.Unlock(); sent = append(sent, messages(t, b)); return false }
				far.Lose = func(b []byte) bool {
					mu.Lock()
					defer mu.Unlock()
					answered = append(answered, messages(t, b))
					return false
				}
				smf, upf := NewEndpoint(near, Config{}), NewEndpoint(far, config(&s))
				defer smf.Close()
				defer upf.Close()
				const n = 10
				for i, o := range smf.RequestBundled(t.Context(), upfAddr, establishments(n)) {
					if m, ok := o.Message.(*SessionEstablishmentResponse); !ok || o.Err != nil || m.UPFSEID.Value().SEID != uint64(1001+i) {
						t.Errorf("outcome %d: %+v", i, o)
					}
				}
				slices.Sort(s.came)
				if len(slices.Compact(s.came)) != n || upf.Stats.Repeated.Load() != 0 {
					t.Errorf("%d came", s.came)
				}
				if len(sent) >= n/2 || len(sent) < 2 { // they do not fit into one frame
					t.Errorf("%d datagrams for %d requests", len(sent), n)
				}
				split := strings.HasSuffix(name, "some") // those that are known need not wait for the others
				if !split && len(answered) != len(sent) || len(answered) > 2*len(sent) {
					t.Errorf("%d datagrams for the answers to %d", len(answered), len(sent))
				}
			})
		})
	}
}

// odd knows every other session.
func (s *serving) odd(peer netip.AddrPort, request []byte) (uint64, Message) {
	if request[len(request)-1]&1 == 0 {
		return 0, nil
	}
	return s.known(peer, request)
}

// TestBundleLost: what is not answered is sent again, bundled otherwise than before, and served once, TS 29.244 §6.4.
func TestBundleLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := Pipe(smfAddr, upfAddr)
		var s serving
		var datagrams, answers int
		near.Lose = func([]byte) bool { datagrams++; return datagrams == 2 }
		far.Lose = func([]byte) bool { answers++; return answers == 1 }
		smf, upf := NewEndpoint(near, Config{}), NewEndpoint(far, Config{Known: s.known})
		defer smf.Close()
		defer upf.Close()
		began := time.Now()
		for i, o := range smf.RequestBundled(t.Context(), upfAddr, establishments(9)) {
			if m, ok := o.Message.(*SessionEstablishmentResponse); !ok || o.Err != nil || m.UPFSEID.Value().SEID != uint64(1001+i) {
				t.Errorf("outcome %d: %+v", i, o)
			}
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("took %v", took)
		}
		slices.Sort(s.came)
		if len(s.came) != 9 || len(slices.Compact(s.came)) != 9 || upf.Stats.Repeated.Load() == 0 {
			t.Errorf("came: %d; %d repeated", s.came, upf.Stats.Repeated.Load())
		}
	})
}

// TestBundlesBeside: bundles, however long each request in them takes, leave room for what a peer's window lets through beside them,
// and their answers overrun nobody: nothing comes again T1 later, TS 29.244 §6.4.
func TestBundlesBeside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := Pipe(smfAddr, upfAddr)
		release := make(chan struct{})
		smf := NewEndpoint(near, Config{})
		upf := NewEndpoint(far, Config{Handle: func(_ context.Context, _ netip.AddrPort, _ Header, m Message) (uint64, Message) {
			<-release
			if e, ok := m.(*SessionEstablishmentRequest); ok {
				return e.CPFSEID.SEID, &SessionEstablishmentResponse{NodeID: NodeID{Addr: upfAddr.Addr()}, Cause: CauseRequestAccepted, UPFSEID: Some(e.CPFSEID)}
			}
			return 0, &SessionDeletionResponse{Cause: CauseRequestAccepted}
		}})
		defer smf.Close()
		defer upf.Close()
		var wg sync.WaitGroup
		const bundles, each, alone = 4, 64, 200
		var sent, answered atomic.Int32 // datagrams
		near.Lose = func([]byte) bool { sent.Add(1); return false }
		far.Lose = func([]byte) bool { answered.Add(1); return false }
		for range bundles {
			wg.Go(func() {
				for i, o := range smf.RequestBundled(t.Context(), upfAddr, establishments(each)) {
					if o.Err != nil {
						t.Errorf("outcome %d: %v", i, o.Err)
					}
				}
			})
		}
		for range alone {
			wg.Go(func() {
				if _, err := smf.Request(t.Context(), upfAddr, Header{}, &SessionDeletionRequest{}); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if n := upf.Stats.Overload.Load(); n > 0 {
			t.Errorf("%d dropped", n)
		}
		close(release)
		wg.Wait()
		if n := smf.Stats.Retransmission.Load(); n > 0 {
			t.Errorf("%d sent again", n)
		}
		if answered.Load() > sent.Load() {
			t.Errorf("%d datagrams for the answers to %d", answered.Load(), sent.Load())
		}
	})
}

// TestBundleUnanswered: each request that nobody answers can be repeated on its own.
func TestBundleUnanswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := Pipe(smfAddr, upfAddr)
		var s serving
		silent := true
		near.Lose = func([]byte) bool { return silent }
		smf, upf := NewEndpoint(near, Config{}), NewEndpoint(far, Config{Known: s.known})
		defer upf.Close()
		outcomes := smf.RequestBundled(t.Context(), upfAddr, establishments(3))
		silent = false
		for i, o := range outcomes {
			u, ok := errors.AsType[*Unanswered](o.Err)
			if !ok || !errors.Is(o.Err, ErrNoAnswer) || !u.Repeatable() {
				t.Fatalf("outcome %d: %+v", i, o)
			}
			m, err := smf.Repeat(t.Context(), u)
			if r, ok := m.(*SessionEstablishmentResponse); err != nil || !ok || r.UPFSEID.Value().SEID != uint64(1001+i) {
				t.Errorf("repeated: %+v, %v", m, err)
			}
		}
		if err := smf.Close(); err != nil {
			t.Fatal(err)
		}
		for i, o := range smf.RequestBundled(t.Context(), upfAddr, establishments(3)) {
			if !errors.Is(o.Err, ErrClosed) {
				t.Errorf("outcome %d of a closed endpoint: %+v", i, o)
			}
		}
	})
}

// TestBundleBroken: what cannot be read ends a datagram; what came before it is served.
func TestBundleBroken(t *testing.T) {
	good := Append(nil, Header{Sequence: 1, FollowOn: true}, establishments(1)[0])
	for name, rest := range map[string][]byte{
		"nothing": nil, "a header cut short": {0x20, 1}, "a length beyond the end": {0x20, 1, 0, 99, 0, 0, 1, 0}, "another version": {0x40, 1, 0, 4, 0, 0, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := Pipe(smfAddr, upfAddr)
				var s serving
				upf := NewEndpoint(far, Config{Known: s.known})
				defer upf.Close()
				near.Deliver(append(slices.Clone(good), rest...))
				synctest.Wait()
				if len(s.came) != 1 {
					t.Errorf("%d served", len(s.came))
				}
			})
		})
	}
}
