package xdp

import "math/bits"

// flowTable gives out runs of flows whose length is a power of two, and takes them back. Each slot has a home, where the programs
// look for its flows before they know where they are: they are there if the place was free. Flow 0 is never given out.
type flowTable struct {
	entries []flow
	free    [maxRunBits + 1]map[uint32]bool // by the logarithm of the length
	used    []bool                          // while an earlier process's are adopted
	next    uint32                          // from here on nothing was given out
	homes   uint32
}

// A run has at most 32 flows.
const maxRunBits = 5

func newFlowTable(entries []flow) *flowTable {
	t := &flowTable{entries: entries, used: make([]bool, len(entries)), next: 1 << maxRunBits, homes: homesOf(len(entries))}
	for b := range t.free {
		t.free[b] = map[uint32]bool{}
	}
	return t
}

func runBits(n int) int { return bits.Len(uint(n - 1)) }

// homesOf is how many homes there are in a table, less one: all bits below a power of two.
func homesOf(flows int) uint32 {
	n := max(1, (flows-1<<maxRunBits)/flowsAtHome)
	return 1<<(bits.Len(uint(n))-1) - 1
}

// homeOf is home() in bpf/classify.h.
func homeOf(slot, homes uint32) uint32 { return 1<<maxRunBits + slot&homes*flowsAtHome }

// runAt is where the flows are that a slot's line tells of.
func runAt(slot uint32, at uint64, homes uint32) uint32 {
	first := uint32(at >> 32)
	if first < 1<<maxRunBits {
		first += homeOf(slot, homes)
	}
	return first
}

// rulesAt is how a slot's line tells where the rules of a direction are: the classifier with its generation, so that what a program
// has guessed by the entry as it was is not taken for what it is now, and the first flow, counted from home if it is there.
func (p *Path) rulesAt(slot, classifier, first uint32) uint64 {
	if n := first - homeOf(slot, homesOf(len(p.loaded.flows))); n < 1<<maxRunBits {
		first = n
	}
	return uint64(classifier) | uint64(p.loaded.classifiers[classifier].generation)<<16 | uint64(first)<<32
}

// adopt notes that a session that an earlier process left uses a run.
func (t *flowTable) adopt(at uint32, n int) bool {
	length := uint32(1) << runBits(n)
	if n == 0 || n > 1<<maxRunBits || at == 0 || uint64(at)+uint64(length) > uint64(len(t.entries)) {
		return false
	}
	for i := at; i < at+length; i++ {
		t.used[i] = true
	}
	return true
}

// settle finds the runs that are free, once all are adopted.
func (t *flowTable) settle() {
	last := uint32(0)
	for i := range t.used {
		if t.used[i] {
			last = uint32(i)
		}
	}
	if last >= t.next {
		end := (last>>maxRunBits + 1) << maxRunBits
		for at := t.next; at < end; {
			b := min(maxRunBits, bits.TrailingZeros32(at))
			for b > 0 && t.anyUsed(at, b) {
				b--
			}
			if !t.used[at] {
				t.free[b][at] = true
			}
			at += 1 << b
		}
		t.next = end
	}
	t.used = nil
}

func (t *flowTable) anyUsed(at uint32, b int) bool {
	for i := at; i < at+1<<b; i++ {
		if t.used[i] {
			return true
		}
	}
	return false
}

// take gives out a run for n flows of a slot, at its own alignment; 0 if there is no room.
func (t *flowTable) take(n int, slot uint32) uint32 {
	b := runBits(n)
	if at := homeOf(slot, t.homes); t.takeAt(at, b) {
		return at
	}
	for have := b; have <= maxRunBits; have++ {
		for at := range t.free[have] {
			t.split(at, have, at, b)
			return at
		}
	}
	if at := t.next; t.grow() {
		t.split(at, maxRunBits, at, b)
		return at
	}
	return 0
}

// takeAt takes a run at a place, if it is free.
func (t *flowTable) takeAt(at uint32, b int) bool {
	if at&(1<<b-1) != 0 {
		return false
	}
	for t.next <= at {
		if !t.grow() {
			return false
		}
	}
	for have := b; have <= maxRunBits; have++ {
		if whole := at &^ (1<<have - 1); t.free[have][whole] {
			t.split(whole, have, at, b)
			return true
		}
	}
	return false
}

// grow frees what comes next; false if the table ends.
func (t *flowTable) grow() bool {
	if uint64(t.next)+1<<maxRunBits > uint64(len(t.entries)) {
		return false
	}
	t.free[maxRunBits][t.next] = true
	t.next += 1 << maxRunBits
	return true
}

// split takes a free run, and frees all of it but a part.
func (t *flowTable) split(whole uint32, have int, at uint32, want int) {
	delete(t.free[have], whole)
	for have > want {
		have--
		half := whole + 1<<have
		if at >= half {
			t.free[have][whole] = true
			whole = half
		} else {
			t.free[have][half] = true
		}
	}
}

// give takes a run back that no program reads any more.
func (t *flowTable) give(at uint32, n int) {
	b := runBits(n)
	for ; b < maxRunBits && t.free[b][at^1<<b]; b++ {
		delete(t.free[b], at^1<<b)
		at &^= 1 << b
	}
	t.free[b][at] = true
}
