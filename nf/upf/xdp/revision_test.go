package xdp

import (
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// TestRevisions: rules follow one another with packets in between, and processes die at any step of a change: a URR that
// all of them have counts each packet once.
func TestRevisions(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	p := plainPath(t, 0)
	synctest.Test(t, func(t *testing.T) {
		var want upf.Usage
		exchange := func(after string) {
			t.Helper()
			for range random.IntN(4) {
				p.wants(t, 0, xdpRedirect)
				want = add(want, upf.Usage{UplinkBytes: 100, DownlinkBytes: 100, UplinkPackets: 1, DownlinkPackets: 1})
			}
			if got := p.Usage(0, 1); got != want {
				t.Fatalf("%s: usage %+v, want %+v", after, got, want)
			}
		}
		steps := map[string]int{}
		for range 500 {
			s := revised(random)
			before := p.image()
			check(t, p.Apply(s))
			exchange("changed")
			step := []string{"begun", "late", "settled", "whole", "at once"}[random.IntN(5)]
			switch {
			case step == "begun" && p.undo(before), step == "late", step == "settled" && p.settleHalf(random):
				p = p.successor(t)
				check(t, p.Apply(s))
			case step == "whole":
				time.Sleep(2 * grace)
			default:
				step = "at once"
			}
			steps[step]++
			exchange(step)
		}
		if len(steps) != 5 {
			t.Errorf("steps %v", steps)
		}
		time.Sleep(2 * grace)
		if i := slices.IndexFunc(p.loaded.revisions, func(x revision) bool { return x.stage != stageFree }); i >= 0 {
			t.Errorf("a revision is left: %+v", p.loaded.revisions[i])
		}
		p.Remove(0)
		if slices.ContainsFunc(p.loaded.carried, func(x carried) bool { return x.account != 0 }) {
			t.Error("sums are left of accounts that are closed")
		}
		time.Sleep(2 * grace)
	})
}

// revised is a session whose rules are some of many, of which each counts for URR 1.
func revised(random *rand.Rand) *upf.Session {
	s := benchSession(firstUE, 0)
	if random.IntN(2) == 0 {
		eightFlows(s)
	}
	if random.IntN(3) == 0 {
		s.URRs = []upf.URR{{ID: 1, Quota: upf.Limit{Total: 1 << (40 + random.IntN(2))}}}
	}
	if random.IntN(3) == 0 {
		for i := range s.Rules {
			s.Rules[i].URRs = append(slices.Clone(s.Rules[i].URRs), pfcp.URRID(1000+random.IntN(3)))
		}
	}
	return s
}

// someSums are more than one session has.
const someSums = 64

// image is what a change of rules changes.
type image struct {
	block    linesV7
	accounts []account
	sums     []carried
	order    uint64
}

func (p *Path) image() image {
	return image{p.loaded.block(0).lines(), copyAccounts(p.loaded.accounts), slices.Clone(p.loaded.carried[:someSums]), p.revisions.order}
}

// undo makes a change one that has begun, and of which nothing more was done; false if there was none.
func (p *Path) undo(before image) bool {
	begun := false
	for i := range p.loaded.revisions {
		if x := &p.loaded.revisions[i]; x.stage != stageFree && x.order > before.order {
			x.stage, begun = stageChange, true
		}
	}
	if !begun {
		return false
	}
	b := p.loaded.block(0)
	up, down := b.up.state, b.down.state
	*b.up, *b.down = before.block.up, before.block.down
	b.up.state, b.down.state = up, down
	for i := range before.accounts {
		p.loaded.accounts[i].counters = before.accounts[i].counters
	}
	for i, x := range before.sums {
		p.loaded.carried[i].sum = x.sum
	}
	return true
}

func copyAccounts(all []account) []account {
	out := make([]account, len(all))
	for i := range all {
		out[i].counters = all[i].counters
	}
	return out
}

// settleHalf ends a change but for some of its sums; false if there was none.
func (p *Path) settleHalf(random *rand.Rand) bool {
	s := p.sessions[0]
	if len(s.pending) == 0 {
		return false
	}
	x, before := s.pending[0], slices.Clone(p.loaded.carried[:someSums])
	p.settle(s, x)
	x.stage = stageSettle
	for i := range before {
		if random.IntN(2) == 0 {
			p.loaded.carried[i].sum = before[i].sum
		}
	}
	return true
}
