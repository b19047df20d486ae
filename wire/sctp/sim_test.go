package sctp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"

	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"
)

// simNet is a packet network in memory: it delays, loses, doubles and reorders by a seed.
type simNet struct {
	serial sync.Mutex // held while a packet is delivered

	mu    sync.Mutex
	air   []flying // by due time
	rand  *rand.Rand
	hosts map[netip.Addr]*simLink

	delay, jitter   time.Duration
	loss, duplicate float64
	drop            func(r route, packet []byte) bool // true loses this packet
	sent            int
}

func newSimNet(t testing.TB, seed uint64) *simNet {
	t.Logf("seed %d", seed)
	return &simNet{rand: rand.New(rand.NewPCG(seed, 1)), hosts: make(map[netip.Addr]*simLink), delay: 5 * time.Millisecond}
}

// simLink is one host's link.
type simLink struct {
	net    *simNet
	ep     *endpoint
	addrs  []netip.Addr
	closed bool
	tap    func(r route, packet []byte) // takes packets in place of ep
}

func (l *simLink) open(netip.Addr, bool) error           { return nil }
func (l *simLink) source(netip.Addr) (netip.Addr, error) { return l.addrs[0], nil }
func (l *simLink) watch([]uint16)                        {}
func (l *simLink) overhead(remote netip.Addr) int        { return headersIP(remote) }
func (l *simLink) close() error                          { l.closed = true; return nil }
func (l *simLink) send(r route, packet []byte) error     { l.net.carry(r, packet); return nil }

func (n *simNet) carry(r route, packet []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.sent++
	if n.drop != nil && n.drop(r, packet) {
		return
	}
	copies := 1
	if n.rand.Float64() < n.duplicate {
		copies = 2
	}
	for range copies {
		if n.rand.Float64() < n.loss {
			continue
		}
		delay := n.delay
		if n.jitter > 0 {
			delay += time.Duration(n.rand.Int64N(int64(n.jitter)))
		}
		f := flying{time.Now().Add(delay), r, bytes.Clone(packet)}
		i, _ := slices.BinarySearchFunc(n.air, f, func(x, y flying) int {
			if x.due.After(y.due) {
				return 1
			}
			return -1 // behind those of the same time
		})
		n.air = slices.Insert(n.air, i, f)
		time.AfterFunc(delay, n.deliver)
	}
}

// flying is a packet on its way.
type flying struct {
	due    time.Time
	route  route
	packet []byte
}

// deliver delivers the next packet; one after the other, so that a seed tells all.
func (n *simNet) deliver() {
	n.serial.Lock()
	defer n.serial.Unlock()
	n.mu.Lock()
	f := n.air[0]
	n.air = n.air[1:]
	r, p := f.route, f.packet
	to := n.hosts[r.remote.Addr()]
	n.mu.Unlock()
	switch {
	case to == nil || to.closed:
	case to.tap != nil:
		to.tap(r, p)
	default:
		to.ep.input(route{r.remote.Addr(), netip.AddrPortFrom(r.local, 0)}, p)
	}
}

// setDrop changes what the network loses.
func (n *simNet) setDrop(f func(r route, packet []byte) bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.drop = f
}

// host adds an endpoint with addresses, replacing one that was there, as a reboot does.
func (n *simNet) host(cfg Config, addrs ...string) *endpoint {
	cfg.Log = slog.New(slog.DiscardHandler)
	ep := newEndpoint(cfg.withDefaults(), "simulated")
	ep.private = true
	l := &simLink{net: n, ep: ep}
	ep.link = l
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range addrs {
		a := netip.MustParseAddr(s)
		l.addrs = append(l.addrs, a)
		n.hosts[a] = l
	}
	return ep
}

const amfAddr, gnbAddr = "10.0.0.1", "10.0.0.2"

var amfPort = netip.MustParseAddrPort(amfAddr + ":38412")

// pair is an association of two simulated hosts.
type pair struct {
	net      *simNet
	amf, gnb *endpoint
	listener Listener
	a, g     *association // the AMF's and the gNB's ends
}

func newPair(t testing.TB, n *simNet, cfg Config) *pair {
	t.Helper()
	p := &pair{net: n, amf: n.host(cfg, amfAddr), gnb: n.host(cfg, gnbAddr)}
	var err error
	if p.listener, err = p.amf.Listen(amfPort); err != nil {
		t.Fatal(err)
	}
	p.g = dial(t, p.gnb)
	p.a = accept(t, p.listener)
	return p
}

func (p *pair) close() {
	p.gnb.Close()
	p.amf.Close()
}

func dial(t testing.TB, ep *endpoint) *association {
	t.Helper()
	a, err := ep.Dial(context.Background(), netip.AddrPort{}, amfPort)
	if err != nil {
		t.Fatal(err)
	}
	return a.(*association)
}

func accept(t testing.TB, l Listener) *association {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	a, err := l.Accept(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return a.(*association)
}

// text is a message on a stream.
func text(stream uint16, s string) Message {
	return Message{Stream: stream, PPID: PPIDNGAP, Data: []byte(s)}
}

func mustSend(t testing.TB, a Association, m Message) {
	t.Helper()
	if err := a.Send(context.Background(), m); err != nil {
		t.Fatal(err)
	}
}

func wantMessage(t testing.TB, a Association, want Message) {
	t.Helper()
	got, err := a.Receive(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if got.Stream != want.Stream || got.PPID != want.PPID || got.Unordered != want.Unordered || !bytes.Equal(got.Data, want.Data) {
		t.Fatalf("received stream %d, PPID %d, %d octets %.40q; want stream %d, PPID %d, %d octets %.40q",
			got.Stream, got.PPID, len(got.Data), got.Data, want.Stream, want.PPID, len(want.Data), want.Data)
	}
}

func wantEnd(t testing.TB, a Association, want error) {
	t.Helper()
	m, err := a.Receive(context.Background())
	if !errors.Is(err, want) {
		t.Fatalf("Receive: %v (%.40q), want %v", err, m.Data, want)
	}
}

// numbered is a payload of a size that tells its number.
func numbered(i, size int) []byte {
	b := bytes.Repeat([]byte{byte(i)}, max(size, 12))
	copy(b, fmt.Sprintf("%08d", i))
	return b
}

var netipZero netip.AddrPort

func netipAddrPort(addr string, port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr(addr), port)
}

// associations is how many an endpoint has.
func associations(ep *endpoint) int {
	ep.mu.RLock()
	defer ep.mu.RUnlock()
	return ep.count
}
