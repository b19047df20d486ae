package soft

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// address is the n-th of the pool.
func address(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, 60, byte(n >> 8), byte(n)})
}

// cpu reports the CPU time of the thread for each operation, which a busy machine tells better than its clock. Call it when
// the work begins, and what it returns when it ends.
func cpu(b *testing.B) func() {
	used := func() int64 {
		var r unix.Rusage
		check(b, unix.Getrusage(unix.RUSAGE_THREAD, &r))
		return r.Utime.Nano() + r.Stime.Nano()
	}
	runtime.GC()
	runtime.LockOSThread()
	before := used()
	return func() { b.ReportMetric(float64(used()-before)/float64(b.N), "cpu-ns/op") }
}

// loaded is a path without sockets that holds n sessions with a URR and an MBR.
func loaded(b *testing.B, n int) *Path {
	b.Helper()
	p, err := closedPath(config(), slog.New(slog.DiscardHandler))
	check(b, err)
	qers := []upf.QER{{ID: 1, MBR: pfcp.Some(pfcp.MBR{Uplink: 1 << 39, Downlink: 1 << 39})}}
	for i := range n {
		teid := uint32(1<<20 | i)
		check(b, p.Apply(&upf.Session{Slot: uint32(i), Tunnels: []uint32{teid}, UE4: address(i), Rules: []upf.Rule{
			{PDR: 1, Source: pfcp.InterfaceAccess, TEID: teid, UE4: address(i), Action: pfcp.ApplyFORW, To: pfcp.InterfaceCore, Network: "internet",
				QERs: qers, URRs: []pfcp.URRID{1}},
			{PDR: 2, Source: pfcp.InterfaceCore, UE4: address(i), Network: "internet", Action: pfcp.ApplyFORW, To: pfcp.InterfaceAccess,
				Peer: gnbN3, PeerTEID: teid, QFI: 9, QERs: qers, URRs: []pfcp.URRID{1}},
		}}))
	}
	return p
}

// turns is after how many packets the order of sessions begins again: more than there are sessions.
const turns = 1 << 18

// BenchmarkDownlink is the work per packet between the two system calls: look-up of a random session, rules, rate,
// header, counters. "naive" is the same job with a map under a lock and a new buffer for each packet.
func BenchmarkDownlink(b *testing.B) {
	for _, n := range []int{1, 10_000, 60_000} {
		packet := ipv4(dnAddr, address(0), 17, udp(1, 2, strings.Repeat("x", 100)))
		order := make([]byte, 2*turns)
		for i := range turns {
			binary.BigEndian.PutUint16(order[2*i:], uint16(rand.IntN(n)))
		}
		b.Run(fmt.Sprintf("soft/%d", n), func(b *testing.B) {
			p := loaded(b, n)
			w := p.newDownlinkWorker(newTUN(p.cfg.Networks[0]))
			out := newSender(nil, false, nil)
			w.tx[0] = out
			var bufs [batch][]byte
			for i := range bufs {
				bufs[i] = append(make([]byte, gtpu.Headroom), packet...)
			}
			b.ReportAllocs()
			end := cpu(b)
			for i := 0; b.Loop(); i++ {
				if out.full() {
					out.n, out.pkts, w.now = 0, 0, p.now()
				}
				buf := bufs[i%batch]
				copy(buf[gtpu.Headroom+18:], order[2*(i%turns):2*(i%turns)+2])
				w.packet(buf)
			}
			end()
			if c := p.Counters(); c.DownlinkOut != c.DownlinkIn {
				b.Fatalf("%+v", c)
			}
		})
		b.Run(fmt.Sprintf("naive/%d", n), func(b *testing.B) {
			x := newNaive(n)
			buf := append([]byte(nil), packet...)
			b.ReportAllocs()
			end := cpu(b)
			for i := 0; b.Loop(); i++ {
				copy(buf[18:], order[2*(i%turns):2*(i%turns)+2])
				if x.downlink(buf) == nil {
					b.Fatal("lost")
				}
			}
			end()
		})
	}
}

// naive is a user plane as one writes it first.
type naive struct {
	mu    sync.Mutex
	byUE  map[string]*naiveSession
	total map[uint32]uint64
}

type naiveSession struct {
	teid     uint32
	peer     string
	rate     float64
	tokens   float64
	refilled time.Time
}

func newNaive(n int) *naive {
	x := &naive{byUE: map[string]*naiveSession{}, total: map[uint32]uint64{}}
	for i := range n {
		x.byUE[address(i).String()] = &naiveSession{teid: uint32(i), peer: gnbN3.String(), rate: 1e15, refilled: time.Now()}
	}
	return x
}

func (x *naive) downlink(packet []byte) []byte {
	x.mu.Lock()
	defer x.mu.Unlock()
	s := x.byUE[netip.AddrFrom4([4]byte(packet[16:20])).String()]
	if s == nil {
		return nil
	}
	now := time.Now()
	s.tokens, s.refilled = min(s.rate, s.tokens+s.rate*now.Sub(s.refilled).Seconds()), now
	if s.tokens < float64(len(packet)) {
		return nil
	}
	s.tokens -= float64(len(packet))
	x.total[s.teid] += uint64(len(packet))
	return gtpu.Append(nil, &gtpu.Packet{Type: gtpu.GPDU, TEID: s.teid, HasSession: true, Session: gtpu.PDUSession{QFI: 9}, Payload: packet})
}

// BenchmarkUplink is the work per packet of N3 up to the write to the TUN.
func BenchmarkUplink(b *testing.B) {
	p := loaded(b, 1)
	inner := ipv4(address(0), dnAddr, 17, udp(1, 2, strings.Repeat("x", 100)))
	wire := gtpu.Append(nil, &gtpu.Packet{Type: gtpu.GPDU, TEID: 1 << 20, HasSession: true, Session: gtpu.PDUSession{Type: gtpu.Uplink, QFI: 9}, Payload: inner})
	w := p.newUplinkWorker()
	from := netip.AddrPortFrom(gnbN3, gtpu.Port)
	b.ReportAllocs()
	for b.Loop() {
		w.datagram(wire, from) // ends at the TUN, which is not there
	}
	if c := p.Counters(); c.Dropped[upf.DropNoTunnel] != c.UplinkIn {
		b.Fatalf("%+v", c)
	}
}

func BenchmarkPolicer(b *testing.B) {
	p := newPolicer(new(atomic.Int64), 1<<39)
	var now int64
	for b.Loop() {
		now += 1000
		if p.open(now) {
			p.take(1400, now)
		}
	}
}
