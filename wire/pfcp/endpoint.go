package pfcp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// PacketConn is what an Endpoint sends and receives on. *net.UDPConn is one, and each end of a Pipe.
type PacketConn interface {
	ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error)
	WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error)
	LocalAddr() net.Addr
	Close() error
}

// Direction tells a Tap which way a message went.
type Direction bool

// Directions.
const (
	Received Direction = false
	Sent     Direction = true
)

// Config is how an Endpoint behaves. The zero value of each field stands for its default.
type Config struct {
	T1 time.Duration // until a request is sent again, TS 29.244 §6.4; default 1 s
	N1 int           // how often it is sent again, TS 29.244 §6.4; default 3

	// Handle serves a request and returns the response with the SEID for its header; nil stays silent.
	// Default: no request is answered.
	Handle func(ctx context.Context, peer netip.AddrPort, h Header, m Message) (seid uint64, response Message)
	// Known is asked first about a request that makes a session, as its octets: it may know it without their being read. A nil
	// response leaves it to Handle. It must not wait. Default: none is known.
	Known func(peer netip.AddrPort, request []byte) (seid uint64, response Message)
	// PeerSEID finds the SEID to answer with when a request to the session seid cannot be read. Default: 0.
	PeerSEID func(seid uint64) uint64
	// Allow tells whether to listen to a peer at all. Default: everyone.
	Allow func(peer netip.AddrPort) bool
	// Late hears of accepted Session Establishment Responses that no request waits for any more: what they tell of is at the peer all
	// the same. It must not wait. Default: they are dropped.
	Late func(peer netip.AddrPort, h Header, m *SessionEstablishmentResponse)
	// Tap sees each message once, as it is first sent or received.
	Tap func(d Direction, peer netip.AddrPort, h Header, m Message)

	NodeID      NodeID // of this function, for refusals of requests that cannot be read
	Concurrency int    // requests served at once, those of one datagram as one; those above are dropped and come again; default 256
	Window      int    // requests to one peer that wait for their answer at once, the others wait their turn; default 128
	Answers     int    // answers kept for requests that come again; default 4096
	Log         *slog.Logger
}

// Stats counts what an Endpoint dropped or had to repeat.
type Stats struct {
	NotAllowed     atomic.Uint64 // datagrams of peers that Allow refused
	Undecodable    atomic.Uint64 // datagrams silently discarded, TS 29.244 §7.6.3 and §7.6.4
	Refused        atomic.Uint64 // requests refused because an IE was wrong or missing
	Unexpected     atomic.Uint64 // responses that no request waits for
	Repeated       atomic.Uint64 // requests that came again
	Overload       atomic.Uint64 // requests dropped above Concurrency
	Retransmission atomic.Uint64 // requests sent again
	SendErrors     atomic.Uint64
	Panics         atomic.Uint64 // requests whose handler panicked
}

// ErrNoAnswer is a request that no retransmission brought an answer to, TS 29.244 §6.4.
var ErrNoAnswer = errors.New("pfcp: no answer")

// ErrClosed is a request on an endpoint that was closed.
var ErrClosed = errors.New("pfcp: endpoint closed")

// maxDatagram is the largest payload of UDP over IPv4.
const maxDatagram = 65507

// Endpoint is one PFCP entity on one UDP address: its transactions in both directions, TS 29.244 §6.4.
type Endpoint struct {
	Stats Stats

	conn   PacketConn
	cfg    Config
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	slots  chan struct{}
	rooms  sync.Pool // *[]byte, for requests under way

	mu       sync.Mutex
	idle     []chan served // of goroutines that wait for a request
	sequence uint32
	pending  map[transaction]pendingRequest
	windows  map[netip.AddrPort]chan struct{} // by peer
	answers  answerCache

	// Only the goroutine that receives touches these.
	bundling bool     // what is being served came with others
	bundled  []served // those of them that are to be served
	replies  bundle   // to those that were answered at once
}

// transaction is what a response is matched by, TS 29.244 §6.4.
type transaction struct {
	peer     netip.AddrPort
	sequence uint32
}

type pendingRequest struct {
	want   MessageType
	answer chan reply
}

type reply struct {
	sequence uint32
	m        Message
	err      error
	fseid    Opt[FSEID] // of what cannot be read else
}

// NewEndpoint begins to serve conn, which it owns from now on, until Close.
func NewEndpoint(conn PacketConn, cfg Config) *Endpoint {
	if cfg.T1 <= 0 {
		cfg.T1 = time.Second
	}
	if cfg.N1 <= 0 {
		cfg.N1 = 3
	}
	if cfg.Concurrency <= 0 {
		cfg.Concurrency = 256
	}
	if cfg.Window <= 0 {
		cfg.Window = 128
	}
	if cfg.Answers <= 0 {
		cfg.Answers = 4096
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	e := &Endpoint{conn: conn, cfg: cfg, ctx: ctx, cancel: cancel, slots: make(chan struct{}, cfg.Concurrency),
		pending: map[transaction]pendingRequest{}, windows: map[netip.AddrPort]chan struct{}{}, answers: newAnswerCache(cfg.Answers)}
	e.wg.Add(1)
	go e.receive()
	return e
}

// readBuffer is what a socket asks for: a window of requests and several bundles. The kernel gives what net.core.rmem_max allows.
const readBuffer = 1 << 20

// Listen opens the UDP socket of an endpoint. The error names the address.
func Listen(addr netip.AddrPort) (*net.UDPConn, error) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(addr))
	if err != nil {
		return nil, fmt.Errorf("pfcp: cannot listen on %s: %w", addr, errors.Unwrap(err))
	}
	_ = conn.SetReadBuffer(readBuffer) // with less, what does not fit comes again
	return conn, nil
}

// LocalAddr is the address of the endpoint.
func (e *Endpoint) LocalAddr() net.Addr { return e.conn.LocalAddr() }

// Close ends the endpoint: requests that wait return ErrClosed, handlers are cancelled and waited for.
func (e *Endpoint) Close() error {
	e.cancel()
	err := e.conn.Close()
	e.wg.Wait()
	return err
}

// Request sends a request and waits for its response, sending again every T1 up to N1 times, TS 29.244 §6.4. The
// sequence number is chosen here. The response may hold a cause of refusal: see CauseOf. No more than Config.Window
// requests are under way to a peer, so that thousands at once overrun neither its socket nor its Concurrency.
func (e *Endpoint) Request(ctx context.Context, peer netip.AddrPort, h Header, m Message) (Message, error) {
	if m.Type() != TypeHeartbeatRequest { // which tells whether the peer lives, however busy it is
		window, err := e.enter(ctx, peer)
		if err != nil {
			return nil, err
		}
		defer func() { <-window }()
	}
	key, answer := e.enroll(peer, m.Type())
	defer e.retire(key)
	return e.exchange(ctx, key, answer, h, m)
}

// enter waits for a place among the requests under way to a peer, which is given back by receiving from the window.
func (e *Endpoint) enter(ctx context.Context, peer netip.AddrPort) (window chan struct{}, err error) {
	window = e.window(peer)
	select {
	case window <- struct{}{}:
		return window, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-e.ctx.Done():
		return nil, ErrClosed
	}
}

// exchange sends a request under a sequence number that is enrolled, and waits.
func (e *Endpoint) exchange(ctx context.Context, key transaction, answer chan reply, h Header, m Message) (Message, error) {
	h.Sequence, h.Type = key.sequence, m.Type()
	room := e.room()
	wire := Append((*room)[:0], h, m)
	defer func() {
		*room = wire
		e.rooms.Put(room)
	}()
	if len(wire) > maxDatagram {
		return nil, fmt.Errorf("pfcp: %s of %d octets does not fit a datagram", m.Type(), len(wire))
	}
	if e.cfg.Tap != nil {
		e.cfg.Tap(Sent, key.peer, h, m)
	}
	timer := time.NewTimer(e.cfg.T1)
	defer timer.Stop()
	for sent := 0; ; sent++ {
		if sent > e.cfg.N1 {
			err := fmt.Errorf("%w from %s to %s, sent %d times", ErrNoAnswer, key.peer, m.Type(), sent)
			return nil, &Unanswered{Err: err, key: key, h: h, m: m}
		}
		if sent > 0 {
			e.Stats.Retransmission.Add(1)
			timer.Reset(e.cfg.T1)
		}
		e.send(wire, key.peer)
		select {
		case r := <-answer:
			if r.err != nil {
				return nil, &Unanswered{Err: r.err, UPFSEID: r.fseid, key: key, h: h, m: m}
			}
			return r.m, nil
		case <-timer.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-e.ctx.Done():
			return nil, ErrClosed
		}
	}
}

// room is where a request is written; it goes back to e.rooms.
func (e *Endpoint) room() *[]byte {
	if room, ok := e.rooms.Get().(*[]byte); ok {
		return room
	}
	return new([]byte)
}

// Unanswered is a request to which no answer came that could be read. What it asked for may have been done.
type Unanswered struct {
	Err     error      // ErrNoAnswer, or what is wrong with the answer
	UPFSEID Opt[FSEID] // that could be read of the answer to a Session Establishment Request

	key transaction
	h   Header
	m   Message
}

func (u *Unanswered) Error() string { return u.Err.Error() }

// Unwrap returns Err.
func (u *Unanswered) Unwrap() error { return u.Err }

// Repeatable tells whether there is a request to repeat.
func (u *Unanswered) Repeatable() bool { return u != nil && u.m != nil }

// Repeat sends a request once more as it was, with its sequence number: a peer that has served it says again what it answered,
// TS 29.244 §6.4.
func (e *Endpoint) Repeat(ctx context.Context, u *Unanswered) (Message, error) {
	window, err := e.enter(ctx, u.key.peer)
	if err != nil {
		return nil, err
	}
	defer func() { <-window }()
	key, answer := e.enrollAgain(u.key, u.m.Type())
	defer e.retire(key)
	return e.exchange(ctx, key, answer, u.h, u.m)
}

// enrollAgain takes a sequence number that was used before, or a new one where another request has it by now.
func (e *Endpoint) enrollAgain(key transaction, t MessageType) (transaction, chan reply) {
	e.mu.Lock()
	if _, busy := e.pending[key]; busy {
		e.mu.Unlock()
		return e.enroll(key.peer, t)
	}
	defer e.mu.Unlock()
	p := pendingRequest{want: t.Response(), answer: make(chan reply, 1)}
	e.pending[key] = p
	return key, p.answer
}

// window holds a place for each request under way to a peer.
func (e *Endpoint) window(peer netip.AddrPort) chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	w, ok := e.windows[plain(peer)]
	if !ok {
		w = make(chan struct{}, e.cfg.Window)
		e.windows[plain(peer)] = w
	}
	return w
}

// enroll picks a sequence number that no other request to the peer waits on.
func (e *Endpoint) enroll(peer netip.AddrPort, t MessageType) (transaction, chan reply) {
	e.mu.Lock()
	defer e.mu.Unlock()
	key := e.nextKey(peer)
	p := pendingRequest{want: t.Response(), answer: make(chan reply, 1)}
	e.pending[key] = p
	return key, p.answer
}

// nextKey is a sequence number that no other request to the peer waits on. e.mu is held.
func (e *Endpoint) nextKey(peer netip.AddrPort) transaction {
	key := transaction{peer: plain(peer)}
	for {
		e.sequence = (e.sequence + 1) & maxSequence
		key.sequence = e.sequence
		if _, busy := e.pending[key]; !busy {
			return key
		}
	}
}

func (e *Endpoint) retire(key transaction) {
	e.mu.Lock()
	delete(e.pending, key)
	e.mu.Unlock()
}

func (e *Endpoint) send(wire []byte, peer netip.AddrPort) {
	if _, err := e.conn.WriteToUDPAddrPort(wire, peer); err != nil && e.ctx.Err() == nil {
		e.Stats.SendErrors.Add(1)
		e.cfg.Log.Warn("PFCP message not sent", "peer", peer, "error", err)
	}
}

// plain takes the IPv6 mapping off an IPv4 address, so that equal peers compare equal.
func plain(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }
