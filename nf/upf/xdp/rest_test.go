package xdp

import (
	"net/netip"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// restful is a slow path that lets each session go.
type restful struct{ still }

func (*restful) Rest(uint32) (map[pfcp.URRID]upf.Usage, bool) { return nil, true }
func (r *restful) Pattern(uint32, []pfcp.URRID) upf.Pattern   { return r }
func (*restful) Lie(uint32, uint32, netip.Addr) bool          { return true }

// idle has packets to the UE wait.
func idle(s *upf.Session) *upf.Session {
	for i := range s.Rules {
		if r := &s.Rules[i]; !r.Uplink() {
			r.Action, r.Peer, r.PeerTEID = pfcp.ApplyBUFF|pfcp.ApplyNOCP, netip.Addr{}, 0
		}
	}
	return s
}

// untilFast waits until the programs take packets to the UE: what had waited goes first.
func (p *Path) untilFast(t *testing.T, slot uint32) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		p.mu.Lock()
		fast := p.loaded.block(slot).down.verdict != verdictSlow
		p.mu.Unlock()
		if fast {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("packets to the UE stay in user space")
		}
	}
}

// TestRest: TS 23.501 §5.8.3.2: what an idle UE sends is served by the programs and counted while user space knows nothing of its
// session, which then goes on as it was.
func TestRest(t *testing.T) {
	one, two := twoInterfaces(t)
	p := testPath(t, testConfig(), around(one, two), map[int]port{one: {index: one, n6: true}, two: {index: two, n6: true}}, &restful{})
	rests := func(slot uint32, want bool) {
		t.Helper()
		if _, ok := p.Rest(slot); ok != want || p.sessions[slot] == nil != want {
			t.Fatalf("rests: %v, want %v; user space has %+v", ok, want, p.sessions[slot])
		}
	}
	served := func(packets, down uint64) {
		t.Helper()
		want := upf.Usage{UplinkBytes: 100 * packets, UplinkPackets: packets, DownlinkBytes: 100 * down, DownlinkPackets: down}
		if got := p.Usage(0, 1); got != want {
			t.Errorf("usage %+v, want %+v", got, want)
		}
	}
	verdict := func(up, down uint32) {
		t.Helper()
		if u, d := p.verdicts(t, 0, 100); u != up || d != down {
			t.Errorf("verdicts %d and %d, want %d and %d", u, d, up, down)
		}
	}
	for _, change := range []func(*upf.Session){eightRules, eightFlows, func(s *upf.Session) {
		s.URRs = []upf.URR{{ID: 1, Quota: upf.Limit{Total: 1000}}}
	}} {
		check(t, p.Apply(idle(filtered(1, change))))
		rests(1, false)
		p.Remove(1)
	}
	check(t, p.Apply(benchSession(firstUE, 0)))
	verdict(xdpRedirect, xdpRedirect)
	rests(0, false)
	for range 2 {
		check(t, p.Apply(idle(benchSession(firstUE, 0))))
		verdict(xdpRedirect, xdpPass)
		rests(0, true)
		verdict(xdpRedirect, xdpPass)
		check(t, p.Apply(idle(benchSession(firstUE, 0))))
	}
	served(5, 1)
	rests(0, true)
	check(t, p.Apply(idle(benchSession(firstUE, 0))))
	check(t, p.Apply(benchSession(firstUE, 0)))
	p.untilFast(t, 0)
	verdict(xdpRedirect, xdpRedirect)
	served(6, 2)
	p.Remove(0)
	verdict(xdpPass, xdpPass)
	if len(p.ledger.index)+len(p.sessions)+len(p.atRest) != 0 {
		t.Errorf("left are accounts %v, sessions %v, %v", p.ledger.index, p.sessions, p.atRest)
	}
}

// restingPath is a Path whose slow path lets each session go, with the session of an idle UE at rest in slot 0.
func restingPath(t *testing.T) *Path {
	t.Helper()
	one, two := twoInterfaces(t)
	p := testPath(t, testConfig(), around(one, two), map[int]port{one: {index: one, n6: true}, two: {index: two, n6: true}}, &restful{})
	p.rest(t, benchSession(firstUE, 0))
	return p
}

// rest has the session of an idle UE applied and let go.
func (p *Path) rest(t *testing.T, s *upf.Session) {
	t.Helper()
	check(t, p.Apply(idle(s)))
	if _, ok := p.Rest(s.Slot); !ok {
		t.Fatal("it does not rest")
	}
}

// lies lets the session of benchSession in a slot lie as the one in slot 0 does.
func (p *Path) lies(t *testing.T, slot uint32) bool {
	t.Helper()
	x := p.Pattern(0, []pfcp.URRID{1, 2})
	if x == nil {
		t.Fatal("no pattern")
	}
	return x.Lie(slot, 1<<20|slot, addressOf(slot))
}

// lain is what the maps have of a session but for its names and for when it was written.
func (p *Path) lain(slot uint32) (up uplink, down downlink, counters uint64) {
	b := p.loaded.block(slot)
	up, down = *b.up, *b.down
	up.sequence, up.teid, up.ue, down.sequence, down.ue = 0, up.teid-slot, 0, 0, 0
	return up, down, p.loaded.accounts[p.ledger.index[urrKey{slot, 1}]].counters
}

// TestLie: a session that lies as another is in the maps what it would be if it had been applied and let go: it is served, counted
// and known again.
func TestLie(t *testing.T) {
	p := restingPath(t)
	p.rest(t, benchSession(firstUE, 1))
	if !p.lies(t, 2) {
		t.Fatal("it must be applied")
	}
	up, down, counters := p.lain(2)
	if u, d, c := p.lain(1); up != u || down != d || counters != c || c == 0 {
		t.Errorf("lies as %+v %+v %b, want %+v %+v %b", up, down, counters, u, d, c)
	}
	if p.lies(t, 2) || len(p.atRest) != 3 || len(p.sessions) != 0 {
		t.Errorf("%d at rest, %d not", len(p.atRest), len(p.sessions))
	}
	if u, d := p.verdicts(t, 2, 100); u != xdpRedirect || d != xdpPass {
		t.Errorf("verdicts %d and %d", u, d)
	}
	check(t, p.Apply(benchSession(firstUE, 2)))
	p.wants(t, 2, xdpRedirect)
	want := upf.Usage{UplinkBytes: 200, UplinkPackets: 2, DownlinkBytes: 100, DownlinkPackets: 1}
	if got := p.Usage(2, 1); got != want {
		t.Errorf("usage %+v, want %+v", got, want)
	}
	p.Remove(2)
	p.wants(t, 2, xdpPass)
}

// TestLieWhereItWas: after a restart a session that an earlier process left lies as another if it is the same but for its names: it goes on
// and counts on, with what came to its UE before. All else must be applied.
func TestLieWhereItWas(t *testing.T) {
	p := restingPath(t)
	for slot := uint32(1); slot < 8; slot++ {
		check(t, p.Apply(benchSession(firstUE, slot)))
		p.wants(t, slot, xdpRedirect)
	}
	p.rest(t, benchSession(firstUE, 2))
	check(t, p.Apply(filtered(3, eightFlows)))
	other := benchSession(firstUE, 4)
	other.Rules[0].QFIs = 1 << 5
	check(t, p.Apply(other))
	time.Sleep(2 * grace)
	p = p.successor(t)
	p.rest(t, benchSession(firstUE, 0))
	p.loaded.uplinks[5].teid += 1 << 20 // another session's
	p.loaded.uplinks[6].sequence++      // the process died while it wrote
	p.loaded.accounts[p.ledger.index[urrKey{7, 1}]].counters = 0
	for slot := uint32(1); slot < 8; slot++ {
		if got := p.lies(t, slot); got != (slot < 3) {
			t.Errorf("slot %d lies: %v", slot, got)
		}
	}
	if p.Left() != 5 || len(p.atRest) != 3 {
		t.Errorf("%d left, %d at rest", p.Left(), len(p.atRest))
	}
	want := upf.Usage{UplinkBytes: 200, UplinkPackets: 2, DownlinkBytes: 100, DownlinkPackets: 1}
	for slot := uint32(1); slot < 3; slot++ {
		if u, d := p.verdicts(t, slot, 100); u != xdpRedirect || d != xdpPass {
			t.Errorf("verdicts %d and %d", u, d)
		}
		check(t, p.Apply(idle(benchSession(firstUE, slot))))
		if got := p.Usage(slot, 1); got != want {
			t.Errorf("usage %+v, want %+v", got, want)
		}
	}
	if n := p.Reap(); n != 5 {
		t.Errorf("%d reaped", n)
	}
}

// TestLieWithoutRoom: where the ledger has no room nothing is begun.
func TestLieWithoutRoom(t *testing.T) {
	p := restingPath(t)
	p.loaded.accounts[1].slot, p.ledger.free = 99, nil
	if p.lies(t, 1) {
		t.Error("it lies without an account")
	}
	if u, d := p.verdicts(t, 1, 100); u != xdpPass || d != xdpPass || len(p.ledger.index) != 1 || len(p.atRest) != 1 {
		t.Errorf("verdicts %d and %d, accounts %v, at rest %v", u, d, p.ledger.index, p.atRest)
	}
}
