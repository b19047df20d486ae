package xdp

import "math/bits"

// flowTable gives out runs of flows whose length is a power of two, and takes them back. Flow 0 is never given out.
type flowTable struct {
	entries []flow
	free    [maxRunBits + 1][]uint32 // by the logarithm of the length
	used    []bool                   // while an earlier process's are adopted
	next    uint32                   // from here on nothing was given out
}

// A run has at most 32 flows.
const maxRunBits = 5

func newFlowTable(entries []flow) *flowTable {
	return &flowTable{entries: entries, used: make([]bool, len(entries)), next: 1 << maxRunBits}
}

func runBits(n int) int { return bits.Len(uint(n - 1)) }

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
				t.free[b] = append(t.free[b], at)
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

// take gives out a run for n flows, at its own alignment; 0 if there is no room.
func (t *flowTable) take(n int) uint32 {
	b := runBits(n)
	for have := b; have <= maxRunBits; have++ {
		if k := len(t.free[have]); k > 0 {
			at := t.free[have][k-1]
			t.free[have] = t.free[have][:k-1]
			t.split(at, have, b)
			return at
		}
	}
	if uint64(t.next)+1<<maxRunBits > uint64(len(t.entries)) {
		return 0
	}
	at := t.next
	t.next += 1 << maxRunBits
	t.split(at, maxRunBits, b)
	return at
}

// split keeps the first part of a run and frees the rest.
func (t *flowTable) split(at uint32, have, want int) {
	for have > want {
		have--
		t.free[have] = append(t.free[have], at+1<<have)
	}
}

// give takes a run back that no program reads any more.
func (t *flowTable) give(at uint32, n int) {
	b := runBits(n)
	t.free[b] = append(t.free[b], at)
}
