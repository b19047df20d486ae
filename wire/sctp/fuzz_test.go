package sctp

import (
	"context"
	"log/slog"
	"net/netip"
	"runtime"
	"testing"
)

// nullLink is a link from which nothing returns.
type nullLink struct{}

func (nullLink) open(netip.Addr, bool) error           { return nil }
func (nullLink) source(netip.Addr) (netip.Addr, error) { return amfPort.Addr(), nil }
func (nullLink) send(route, []byte) error              { return nil }
func (nullLink) watch([]uint16)                        {}
func (nullLink) overhead(netip.Addr) int               { return 20 }
func (nullLink) close() error                          { return nil }

// fuzzed is an endpoint with one established association whose peer is the fuzzer.
func fuzzed(t testing.TB) (*endpoint, *association) {
	cfg := Config{
		ReceiveWindow: 8 << 10, MaxMessage: 4 << 10, SendBuffer: 8 << 10, HeartbeatInterval: -1,
		Log: slog.New(slog.DiscardHandler),
	}
	ep := newEndpoint(cfg.withDefaults(), "null")
	ep.link, ep.private = nullLink{}, true
	r := route{amfPort.Addr(), netip.AddrPortFrom(netip.MustParseAddr(gnbAddr), 0)}
	a := ep.accept(r, &cookie{
		localTag: 1, peerTag: 2, localTSN: 100, peerTSN: 1000, window: 10_000, outbound: 8, inbound: 8,
		local: amfPort, remote: netip.AddrPortFrom(r.remote.Addr(), 5000),
	})
	a.mu.Lock()
	if err := ep.add(a, amfPort); err != nil {
		t.Fatal(err)
	}
	a.establish(ep.now())
	a.release()
	for i := range 4 {
		if err := a.Send(context.Background(), Message{Stream: uint16(i), Data: make([]byte, 1000)}); err != nil {
			t.Fatal(err)
		}
	}
	return ep, a
}

// FuzzEndpoint feeds packets with the right tag to an established association: it may end, but neither panic nor
// buffer more than it is allowed to.
func FuzzEndpoint(f *testing.F) {
	for name := range goldens {
		f.Add(golden(f, name)[headerSize:])
	}
	f.Add(data(1000, 0, 0, "first"))
	f.Add(append(data(1002, 0, 1, "gap"), data(1000, 0, 0, "first")...))
	f.Add((&sackChunk{CumulativeTSN: 101, Window: 5000, Gaps: []gapBlock{{2, 2}}}).append(nil))
	begin := dataChunk{Beginning: true, TSN: 1000, Data: []byte("begin")}
	end := dataChunk{Ending: true, TSN: 1001, Data: []byte("end")}
	f.Add(end.append(begin.append(nil)))
	f.Add(appendChunk(nil, typeSHUTDOWN, 0, appendCumulative(103)))
	f.Fuzz(func(t *testing.T, b []byte) {
		ep, a := fuzzed(t)
		defer ep.Close()
		for rest := b; len(rest) > 0; rest = rest[min(64, len(rest)):] { // several packets of one input
			tag := uint32(1)
			if chunkType(rest[0]) == typeINIT {
				tag = 0
			}
			p := append(appendHeader(nil, header{5000, PortNGAP, tag}), rest...)
			seal(p)
			ep.input(route{amfPort.Addr(), netip.AddrPortFrom(netip.MustParseAddr(gnbAddr), 0)}, p)
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		in, o := &a.in, &a.out
		most := ep.cfg.ReceiveWindow + 2*ep.cfg.MaxMessage
		if in.charged > most || in.held < 0 || in.held > in.charged || len(in.spans) > maxSpans || len(in.dups) > maxDuplicates {
			t.Fatalf("receiver: %d octets, %d held, %d spans, %d duplicates", in.charged, in.held, len(in.spans), len(in.dups))
		}
		if a.state == stateClosed {
			return
		}
		flight := 0
		for _, p := range a.paths {
			flight += p.flight
		}
		if o.flight != flight || o.flight < 0 || o.buffered < 0 || len(a.outbox) > 0 || len(a.paths) > maxPeerAddresses+1 {
			t.Fatalf("sender: flight %d and %d, %d octets, %d packets", o.flight, flight, o.buffered, len(a.outbox))
		}
	})
}

// TestReceiverIsBounded sends the smallest fragments that never make a whole message, RFC 9260 §6.9.
func TestReceiverIsBounded(t *testing.T) {
	ep, a := fuzzed(t)
	defer ep.Close()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range uint32(100_000) {
		d := dataChunk{Beginning: i%2 == 0, TSN: 1000 + 2*i, Stream: uint16(i % 8), Data: []byte{1}}
		p := d.append(appendHeader(nil, header{5000, PortNGAP, 1}))
		seal(p)
		ep.input(a.paths[0].route, p)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if a.in.charged > 16<<10 || len(a.in.runs.byFirst) > 300 {
		t.Errorf("%d octets, %d fragments", a.in.charged, len(a.in.runs.byFirst))
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 1<<20 {
		t.Errorf("heap grew by %d octets", grown)
	}
}
