package xdp

import (
	"math/rand/v2"
	"testing"
)

// TestFlowTable: runs never overlap, are at home where that is free, and what is given back can be taken whole again.
func TestFlowTable(t *testing.T) {
	const entries = 1 << 12
	table, r := newFlowTable(make([]flow, entries)), rand.New(rand.NewPCG(1, 2))
	type run struct {
		at uint32
		n  int
	}
	var taken []run
	used := map[uint32]bool{}
	mark := func(x run, to bool) {
		for i := x.at; i < x.at+1<<runBits(x.n); i++ {
			if i < 1<<maxRunBits || i >= entries || used[i] == to {
				t.Fatalf("flow %d of a run of %d at %d: taken is %v already", i, x.n, x.at, to)
			}
			used[i] = to
		}
	}
	for range 20_000 {
		if len(taken) > 0 && r.IntN(100) < 45 {
			i := r.IntN(len(taken))
			mark(taken[i], false)
			table.give(taken[i].at, taken[i].n)
			taken[i] = taken[len(taken)-1]
			taken = taken[:len(taken)-1]
			continue
		}
		slot, n := r.Uint32N(1000), 1+r.IntN(1<<maxRunBits)
		home := homeOf(slot, table.homes)
		free := home%(1<<runBits(n)) == 0
		for i := home; i < home+1<<runBits(n); i++ {
			free = free && !used[i] && i < entries
		}
		at := table.take(n, slot)
		if at == 0 {
			continue // full
		}
		if free && at != home {
			t.Fatalf("%d flows of slot %d are at %d, home %d is free", n, slot, at, home)
		}
		mark(run{at, n}, true)
		taken = append(taken, run{at, n})
	}
	for _, x := range taken {
		table.give(x.at, x.n)
	}
	for range entries>>maxRunBits - 1 {
		if table.take(1<<maxRunBits, 0) == 0 {
			t.Fatal("what was given back is in pieces")
		}
	}
}

// TestGuess: packets of sessions with one rule, several, and others count and police by their own rules, whatever the one before met.
func TestGuess(t *testing.T) {
	p := plainPath(t, 1)
	check(t, p.Apply(filtered(1, eightRules)))
	check(t, p.Apply(filtered(2, eightFlows)))
	check(t, p.Apply(filtered(3, eightFlows)))
	for range 50 { // a guess is noted once in a while
		for _, slot := range []uint32{2, 2, 3, 1, 0, 3, 0, 2, 1} {
			p.wants(t, slot, xdpRedirect)
		}
	}
	for slot, packets := range map[uint32]uint64{0: 100, 1: 100, 2: 150, 3: 100} {
		want := packets * 100
		if got := p.Usage(slot, 1); got.UplinkPackets != packets || got.UplinkBytes != want || got.DownlinkPackets != packets || got.DownlinkBytes != want {
			t.Errorf("slot %d: usage %+v, want %d packets each way", slot, got, packets)
		}
	}
	if p.sessions[2].run != homeOf(2, p.flows.homes) || p.loaded.downlinks[2].perOctet>>32 >= 1<<maxRunBits {
		t.Errorf("flows of slot 2 are at %d, not at home", p.sessions[2].run)
	}
}

// TestClassifierGeneration: a place that holds another list is told of by another number, so that a guess on the old one fails.
func TestClassifierGeneration(t *testing.T) {
	p := plainPath(t, 0)
	one, other := newClassifier(1), newClassifier(2)
	i := p.classifiers.take(one)
	before := p.rulesAt(5, i, 0)
	p.classifiers.give(i)
	if k := p.classifiers.take(other); k != i {
		t.Fatalf("place %d, want %d again", k, i)
	}
	if after := p.rulesAt(5, i, 0); after == before || classifierAt(after) != i {
		t.Errorf("told of as %x, before as %x", after, before)
	}
}
