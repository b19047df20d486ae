package xdp

import (
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/cilium/ebpf"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// plainPath is a Path with a few plain sessions.
func plainPath(t *testing.T, sessions uint32) *Path {
	t.Helper()
	one, two := twoInterfaces(t)
	p := testPath(t, testConfig(), around(one, two), map[int]port{one: {index: one, n6: true}, two: {index: two, n6: true}})
	for slot := range sessions {
		check(t, p.Apply(benchSession(firstUE, slot)))
	}
	return p
}

// verdicts are what becomes of a packet from and of one to a session's UE.
func (p *Path) verdicts(t *testing.T, slot uint32, octets int) (up, down uint32) {
	t.Helper()
	body := udp(1, 2, make([]byte, octets-28))
	frame := gpdu(gnb, &gtpu.Packet{Type: gtpu.GPDU, TEID: 1<<20 | slot, HasSession: true, Session: gtpu.PDUSession{Type: gtpu.Uplink, QFI: 9},
		Payload: ipv4(addressOf(slot), dnHost, 17, 64, body)})
	up, err := p.loaded.collection.Programs[programN3N6].Run(&ebpf.RunOptions{Data: frame})
	check(t, err)
	down, err = p.loaded.collection.Programs[programN3N6].Run(&ebpf.RunOptions{Data: ethernet(oneMAC, gateMAC, ipv4(dnHost, addressOf(slot), 17, 64, body))})
	check(t, err)
	return up, down
}

// wants is the verdict of both directions.
func (p *Path) wants(t *testing.T, slot, verdict uint32) {
	t.Helper()
	if up, down := p.verdicts(t, slot, 100); up != verdict || down != verdict {
		t.Errorf("slot %d: verdicts %d and %d, want %d", slot, up, down, verdict)
	}
}

// TestReap: what an earlier process left goes on until it is reaped, unless it is installed again.
func TestReap(t *testing.T) {
	p := plainPath(t, 3)
	for slot := range uint32(3) {
		p.wants(t, slot, xdpRedirect)
	}
	p.sessions = map[uint32]*session{} // as the next process finds it
	check(t, p.Apply(benchSession(firstUE, 1)))
	if got := p.Usage(1, 1); got != (upf.Usage{}) {
		t.Errorf("usage of a session that has just been installed: %+v", got)
	}
	if n := p.Reap(); n != 2 {
		t.Errorf("%d sessions reaped, want 2", n)
	}
	p.wants(t, 0, xdpPass)
	p.wants(t, 1, xdpRedirect)
	p.wants(t, 2, xdpPass)
	if got, want := p.Usage(1, 1), (upf.Usage{UplinkBytes: 100, UplinkPackets: 1, DownlinkBytes: 100, DownlinkPackets: 1}); got != want {
		t.Errorf("usage\ngot  %+v\nwant %+v", got, want)
	}
}

// TestLastPackets: what was on its way while the rules changed to some that the slow path serves is counted too.
func TestLastPackets(t *testing.T) {
	p := plainPath(t, 1)
	p.wants(t, 0, xdpRedirect)
	s := benchSession(firstUE, 0)
	for i := range s.Rules {
		s.Rules[i].Filters = []upf.Filter{{}}
	}
	check(t, p.Apply(s))
	p.wants(t, 0, xdpPass)
	b := &p.loaded.blocks[0] // as a program on another processor does that had read the facts before
	b.up.state.octets, b.up.state.packets = b.up.state.octets+100, b.up.state.packets+1
	if got, want := p.Usage(0, 1), (upf.Usage{UplinkBytes: 200, UplinkPackets: 2, DownlinkBytes: 100, DownlinkPackets: 1}); got != want {
		t.Errorf("usage\ngot  %+v\nwant %+v", got, want)
	}
}

// TestRemove: packets of a session that ended are the slow path's.
func TestRemove(t *testing.T) {
	p := plainPath(t, 2)
	p.Remove(0)
	p.wants(t, 0, xdpPass)
	p.wants(t, 1, xdpRedirect)
	if got := p.Usage(0, 1); got != (upf.Usage{}) {
		t.Errorf("usage %+v", got)
	}
}

// TestChangeInProgress: a packet that meets facts while they are written is the slow path's, and the next writer mends
// what one that died left.
func TestChangeInProgress(t *testing.T) {
	p := plainPath(t, 1)
	b := &p.loaded.blocks[0]
	for _, sequence := range []*uint32{&b.up.sequence, &b.down.sequence} {
		*sequence++
	}
	p.wants(t, 0, xdpPass)
	check(t, p.Apply(benchSession(firstUE, 0)))
	p.wants(t, 0, xdpRedirect)
}

// TestNextHopLost: without a neighbour packets are the slow path's, which has the kernel find it.
func TestNextHopLost(t *testing.T) {
	p := plainPath(t, 1)
	v := p.near.view
	p.near.view.neighbours = nil
	p.near.writeRoutes()
	for a, i := range p.near.index {
		p.near.writeHop(a, i)
	}
	p.wants(t, 0, xdpPass)
	p.near.view = v
	for a, i := range p.near.index {
		p.near.writeHop(a, i)
	}
	p.wants(t, 0, xdpRedirect)
}

// TestTooManyRoutes leaves uplink to the kernel, which knows them all.
func TestTooManyRoutes(t *testing.T) {
	p := plainPath(t, 1)
	for i := range maxRoutes {
		p.near.view.routes = append([]kernelRoute{{prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{20, byte(i), 0, 0}), 16)}}, p.near.view.routes...)
	}
	p.near.writeRoutes()
	if up, down := p.verdicts(t, 0, 100); up != xdpPass || down != xdpRedirect {
		t.Errorf("verdicts %d and %d", up, down)
	}
}

// TestRates holds every rate from 64 kbit/s to 100 Gbit/s to 2%, with twice the rate offered and the burst used up, TS
// 23.501 §5.7.1.8.
func TestRates(t *testing.T) {
	p := plainPath(t, 1)
	clock := p.loaded.collection.Variables["test_now"]
	now := float64(time.Hour)
	for _, kbps := range []uint64{64, 1000, 100_000, 1_000_000, 10_000_000, 100_000_000} {
		for _, octets := range []int{64, 1200} {
			s := benchSession(firstUE, 0)
			for i := range s.Rules {
				s.Rules[i].QERs = []upf.QER{{ID: 1, MBR: pfcp.Some(pfcp.MBR{Uplink: 1 << 39, Downlink: 1 << 39})},
					{ID: pfcp.QERID(kbps), MBR: pfcp.Some(pfcp.MBR{Uplink: kbps, Downlink: kbps})}}
			}
			check(t, p.Apply(s))
			b := &p.loaded.blocks[0]
			const burst = 100e6
			b.up.state.next, b.down.state.next = uint64(now+burst)*16, uint64(now+burst)*16
			const offered = 4000
			step := float64(octets) * 8e6 / float64(kbps) / 2
			var up, down float64
			for range offered {
				now += step
				check(t, clock.Set(uint64(now)))
				u, d := p.verdicts(t, 0, octets)
				if u == xdpRedirect {
					up++
				}
				if d == xdpRedirect {
					down++
				}
			}
			if math.Abs(up/offered*2-1) > 0.02 || math.Abs(down/offered*2-1) > 0.02 {
				t.Errorf("%d kbit/s, %d octets: %.3f and %.3f of the rate passed", kbps, octets, up/offered*2, down/offered*2)
			}
		}
	}
}
