package xdp

import (
	"bytes"
	"log/slog"
	"maps"
	"math"
	"net"
	"net/netip"
	"slices"
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
	p := testPath(t, testConfig(), around(one, two), map[int]port{one: {index: one, n6: true}, two: {index: two, n6: true}}, &still{})
	for slot := range sessions {
		check(t, p.Apply(benchSession(firstUE, slot)))
	}
	return p
}

// successor is a Path of a later process over the maps that p leaves.
func (p *Path) successor(t *testing.T) *Path {
	t.Helper()
	next, err := prepare(testConfig(), p.log)
	check(t, err)
	next.config, next.slow, next.loaded, next.near = p.config, p.slow, p.loaded, p.near
	next.loaded.endChanges(len(next.loaded.uplinks), next.loaded.block)
	next.inherit()
	p.mu.Lock()
	p.loaded = nil
	p.mu.Unlock()
	t.Cleanup(func() {
		next.mu.Lock()
		defer next.mu.Unlock()
		next.loaded = nil
	})
	return next
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

// TestReap: what an earlier process left goes on until it is reaped, unless it is installed again; then its usage goes
// on too.
func TestReap(t *testing.T) {
	p := plainPath(t, 3)
	for slot := range uint32(3) {
		p.wants(t, slot, xdpRedirect)
	}
	p.Tell(1, 1, upf.Told{Usage: upf.Usage{UplinkBytes: 60}, Sequence: 1, End: 1000})
	p.Taken(1, 1)
	p.Tell(1, 1, upf.Told{Usage: upf.Usage{UplinkBytes: 70}, Sequence: 2, End: 1001})
	p = p.successor(t)
	p.wants(t, 1, xdpRedirect)
	if p.Left() != 3 {
		t.Errorf("%d slots are left, want 3", p.Left())
	}
	check(t, p.Apply(benchSession(firstUE, 1)))
	if n := p.Reap(); n != 2 {
		t.Errorf("%d sessions reaped, want 2", n)
	}
	p.wants(t, 0, xdpPass)
	p.wants(t, 1, xdpRedirect)
	p.wants(t, 2, xdpPass)
	want := upf.Usage{UplinkBytes: 300, UplinkPackets: 3, DownlinkBytes: 300, DownlinkPackets: 3}
	if got := p.Usage(1, 1); got != want {
		t.Errorf("usage\ngot  %+v\nwant %+v", got, want)
	}
	if taken, told := p.Told(1, 1<<20|1, 1); taken.UplinkBytes != 60 || told != (upf.Told{Usage: upf.Usage{UplinkBytes: 70}, Sequence: 2, End: 1001}) {
		t.Errorf("taken %+v, told %+v", taken, told)
	}
	check(t, p.Apply(benchSession(firstUE, 2))) // its accounts were closed
	if got := p.Usage(2, 1); got != (upf.Usage{}) {
		t.Errorf("usage of a session that is new: %+v", got)
	}
}

// TestAnotherInItsPlace: a session that is not the one that an earlier process left there begins at zero.
func TestAnotherInItsPlace(t *testing.T) {
	p := plainPath(t, 1)
	p.wants(t, 0, xdpRedirect)
	p = p.successor(t)
	s := benchSession(firstUE, 0)
	s.Tunnels[0] = 2 << 20
	s.Rules[0].TEID = 2 << 20
	check(t, p.Apply(s))
	if got := p.Usage(0, 1); got != (upf.Usage{}) {
		t.Errorf("usage %+v", got)
	}
	if up, down := p.verdicts(t, 0, 100); up != xdpPass || down != xdpRedirect {
		t.Errorf("verdicts %d and %d of the old tunnel and the address", up, down)
	}
}

// filtered is a session with eight rules for each direction.
func filtered(slot uint32, rules func(*upf.Session)) *upf.Session {
	s := benchSession(firstUE, slot)
	rules(s)
	return s
}

// TestRulesOutliveTheProcess: a session with several rules that is installed again keeps its flows and their counters, and
// what a reaped one had is free again.
func TestRulesOutliveTheProcess(t *testing.T) {
	t.Run("together", func(t *testing.T) { outlive(t, eightRules) })
	t.Run("apart", func(t *testing.T) { outlive(t, eightFlows) })
}

func outlive(t *testing.T, rules func(*upf.Session)) {
	p := plainPath(t, 0)
	check(t, p.Apply(filtered(0, rules)))
	check(t, p.Apply(filtered(1, rules)))
	p.wants(t, 0, xdpRedirect)
	p.wants(t, 1, xdpRedirect)
	run := p.sessions[0].run
	p = p.successor(t)
	check(t, p.Apply(filtered(0, rules)))
	if p.sessions[0].run != run {
		t.Errorf("flows moved from %d to %d", run, p.sessions[0].run)
	}
	p.wants(t, 0, xdpRedirect)
	want := upf.Usage{UplinkBytes: 200, UplinkPackets: 2, DownlinkBytes: 200, DownlinkPackets: 2}
	if got := p.Usage(0, 1); got != want {
		t.Errorf("usage\ngot  %+v\nwant %+v", got, want)
	}
	if n := p.Reap(); n != 1 {
		t.Errorf("%d reaped", n)
	}
	p.wants(t, 1, xdpPass)
	p.Remove(0)
	time.Sleep(2 * grace)
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, n := range p.classifiers.users {
		if n != 0 {
			t.Errorf("classifier %d has %d users", i, n)
		}
	}
	if len(p.ledger.index) != 0 {
		t.Errorf("accounts %v", p.ledger.index)
	}
}

// TestLastPackets: what was on its way while the rules changed is counted too, for the old rules' URRs that are still
// there.
func TestLastPackets(t *testing.T) {
	p := plainPath(t, 1)
	p.wants(t, 0, xdpRedirect)
	check(t, p.Apply(filtered(0, eightFlows)))
	b := p.loaded.block(0) // as a program on another processor does that had read the facts before
	b.up.state.sum += 1<<packetsAt + 100
	p.wants(t, 0, xdpRedirect)
	old := &p.loaded.flows[p.sessions[0].run+7]
	other := filtered(0, eightFlows)
	other.Rules[0].QFIs = 1<<9 | 1<<8
	other.Rules[15].PeerTEID = 5
	check(t, p.Apply(other))
	old.state.sum += 1<<packetsAt + 30
	time.Sleep(2 * grace)
	want := upf.Usage{UplinkBytes: 330, UplinkPackets: 4, DownlinkBytes: 200, DownlinkPackets: 2}
	if got := p.Usage(0, 1); got != want {
		t.Errorf("usage\ngot  %+v\nwant %+v", got, want)
	}
}

// TestTableOfItsOwn: a data network that is apart from the others is user space's, and takes the fast path from none.
func TestTableOfItsOwn(t *testing.T) {
	one, two := twoInterfaces(t)
	cfg := testConfig()
	cfg.Networks = slices.Clone(cfg.Networks)
	cfg.Networks[1].Parent, cfg.Networks[1].Table = "two", 100
	p, err := prepare(cfg, slog.New(slog.DiscardHandler))
	check(t, err)
	p.config.TestClock = 1
	if !slices.Contains(p.tableNumbers, 100) {
		t.Errorf("tables %v", p.tableNumbers)
	}
	p.start(t, around(one, two), map[int]port{one: {index: one, n6: true}, two: {index: two, n6: true}}, &still{})
	check(t, p.Apply(benchSession(firstUE, 0)))
	apart := benchSession(addressOf(64), 0)
	apart.Slot, apart.Tunnels = 64, []uint32{1<<20 | 64}
	for i := range apart.Rules {
		r := &apart.Rules[i]
		r.Network = "ims"
		if r.TEID != 0 {
			r.TEID = apart.Tunnels[0]
		}
	}
	check(t, p.Apply(apart))
	p.wants(t, 0, xdpRedirect)
	p.wants(t, 64, xdpPass)
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

// TestChangeInProgress: a packet that meets facts while they are written by a release that says them nowhere else is the slow
// path's, and the next writer mends what one that died left.
func TestChangeInProgress(t *testing.T) {
	p := plainPath(t, 2)
	b := p.loaded.block(0)
	for _, sequence := range []*uint32{&b.up.sequence, &b.down.sequence} {
		*sequence++
	}
	p.wants(t, 0, xdpPass)
	check(t, p.Apply(benchSession(firstUE, 0)))
	p.wants(t, 0, xdpRedirect)
}

// TestNextHopLost: where the kernel has lost a neighbour the programs go on with the last that was known, until it knows another;
// without a route packets are the slow path's.
func TestNextHopLost(t *testing.T) {
	p := plainPath(t, 1)
	now := func(change func(*view)) {
		v := p.near.view
		v.neighbours, v.tables = maps.Clone(v.neighbours), slices.Clone(v.tables)
		change(&v)
		p.near.see(v)
		p.near.writeRoutes()
		for a, i := range p.near.index {
			p.near.writeHop(a, i)
		}
	}
	before := p.near.view
	now(func(v *view) { v.neighbours = nil })
	p.wants(t, 0, xdpRedirect)
	p.near.last = map[neighbour]net.HardwareAddr{} // as in a process that has just begun
	p.near.recall()
	now(func(*view) {})
	p.wants(t, 0, xdpRedirect)
	moved := net.HardwareAddr{2, 0, 0, 0, 9, 9}
	now(func(v *view) {
		v.neighbours = map[neighbour]net.HardwareAddr{}
		for w := range before.neighbours {
			v.neighbours[w] = moved
		}
	})
	_, out := p.runs(t, programN6, ethernet(oneMAC, gateMAC, ipv4(dnHost, firstUE, 17, 64, udp(1, 2, make([]byte, 60)))))
	if !bytes.HasPrefix(out, moved) {
		t.Errorf("not sent to where the neighbour is now: %x", out)
	}
	now(func(v *view) { v.neighbours, v.tables[0] = nil, nil })
	p.wants(t, 0, xdpPass)
	now(func(v *view) { *v = before })
	p.wants(t, 0, xdpRedirect)
}

// TestTooManyRoutes leaves uplink to the kernel, which knows them all.
func TestTooManyRoutes(t *testing.T) {
	p := plainPath(t, 1)
	for i := range maxRoutes {
		p.near.view.tables[0] = append([]kernelRoute{{prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{20, byte(i), 0, 0}), 16)}}, p.near.view.tables[0]...)
	}
	p.near.writeRoutes()
	if up, down := p.verdicts(t, 0, 100); up != xdpPass || down != xdpRedirect {
		t.Errorf("verdicts %d and %d", up, down)
	}
}

// TestRoutesOfIPv6: a packet meets the route with the longest prefix whether few or many stand before it, and none without one. The
// second half of an address counts.
func TestRoutesOfIPv6(t *testing.T) {
	p := plainPath(t, 0)
	s := benchSession(firstUE, 0)
	s.UE6 = netip.MustParsePrefix("2001:db8:60:1::/64")
	check(t, p.Apply(s))
	far := p.near.view.tables[0][slices.IndexFunc(p.near.view.tables[0], func(r kernelRoute) bool { return r.gateway == farGW6 })]
	frame := gpdu(gnb, &gtpu.Packet{Type: gtpu.GPDU, TEID: 1 << 20, HasSession: true, Session: gtpu.PDUSession{Type: gtpu.Uplink, QFI: 9},
		Payload: ipv6(host6(s.UE6, 1), dnHost6, 17, 64, udp(1, 2, make([]byte, 60)))})
	for others := range 9 {
		for prefix, want := range map[string]uint32{"": xdpPass, "2001:db8:f::/48": xdpRedirect, "2001:db8:f::5/128": xdpRedirect, "2001:db8:f::6/128": xdpPass, "::/0": xdpRedirect} {
			var routes []kernelRoute
			for i := range others {
				routes = append(routes, kernelRoute{prefix: netip.PrefixFrom(netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 0, 0xf, 15: byte(0x80 + i)}), 128)})
			}
			if prefix != "" {
				far.prefix = netip.MustParsePrefix(prefix)
				routes = append(routes, far)
			}
			p.near.view.tables[0] = routes
			p.near.writeRoutes()
			if verdict, _ := p.runs(t, programN3N6, frame); verdict != want {
				t.Errorf("%d routes before %q: verdict %d, want %d", others, prefix, verdict, want)
			}
		}
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
			b := p.loaded.block(0)
			const burst = float64(upf.MeterBurst) / upf.MeterTicks
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
