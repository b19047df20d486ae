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
func (*restful) Lie(uint32) bool                              { return false }

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
