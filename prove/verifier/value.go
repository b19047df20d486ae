package verifier

import (
	"math"
	"math/bits"
	"slices"
)

// kind is what a register or a slot of the stack holds.
type kind uint8

const (
	nothing   kind = iota // never written
	scalar                // a number
	stack                 // a place in a frame of the stack
	contextOf             // the program's context
	packet                // a place in the packet, or before it
	packetEnd             // the end of the packet
	mapValue              // a place in a value of a map
	mapItself             // a map
	mixed                 // one of several kinds
)

// value is what is known of a register: a kind, a range, and which loads from the packet it depends on. For a scalar lo
// and hi are its unsigned range; for a pointer they are the signed range of its offset.
type value struct {
	kind   kind
	frame  int      // of stack
	maps   []string // of mapValue and mapItself: one of these
	lo, hi uint64
	from   sites
}

// sites are the instructions that read from the packet, sorted, and how many bits each read gives.
type sites []site

type site struct{ at, bits int }

func (s sites) with(other sites) sites {
	if len(other) == 0 {
		return s
	}
	if len(s) == 0 {
		return other
	}
	all := slices.Concat(s, other)
	slices.SortFunc(all, func(a, b site) int {
		if a.at != b.at {
			return a.at - b.at
		}
		return b.bits - a.bits
	})
	return slices.CompactFunc(all, func(a, b site) bool { return a.at == b.at }) // the wider of the two
}

// number is a scalar in a range.
func number(lo, hi uint64, from sites) value { return value{kind: scalar, lo: lo, hi: hi, from: from} }

// anything is a scalar of so many octets of which nothing else is known.
func anything(octets int, from sites) value {
	if octets >= 8 {
		return number(0, math.MaxUint64, from)
	}
	return number(0, 1<<(8*octets)-1, from)
}

func pointer(k kind) value { return value{kind: k} }

func (v value) isPointer() bool { return v.kind != nothing && v.kind != scalar }

// zero tells whether v is the number 0: a null pointer, too.
func (v value) zero() bool { return v.kind == scalar && v.lo == 0 && v.hi == 0 }

// bits is how much of the packet v can tell: no more than its range has, and no more than what was read.
func (v value) bits() int {
	if len(v.from) == 0 {
		return 0
	}
	read := 0
	for _, s := range v.from {
		read += s.bits
	}
	if v.kind != scalar {
		return read
	}
	return min(read, bits.Len64(v.hi-v.lo))
}

// join is a value that is either.
func join(a, b value) value {
	from := a.from.with(b.from)
	switch {
	case a.kind == nothing || b.kind == nothing:
		return value{from: from} // may not be used: so says the kernel's verifier
	case a.kind == scalar && b.kind == scalar:
		return number(min(a.lo, b.lo), max(a.hi, b.hi), from)
	case a.zero() && b.isPointer():
		b.from = from
		return b
	case b.zero() && a.isPointer():
		a.from = from
		return a
	case a.kind == b.kind && a.frame == b.frame:
		a.lo, a.hi = uint64(min(int64(a.lo), int64(b.lo))), uint64(max(int64(a.hi), int64(b.hi)))
		a.maps = union(a.maps, b.maps)
		a.from = from
		return a
	}
	return value{kind: mixed, from: from}
}

func union(a, b []string) []string {
	if slices.Equal(a, b) {
		return a
	}
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// widen gives up the bounds that still move, so that loops come to an end.
func widen(old, now value) value {
	if now.kind == scalar {
		if old.kind == scalar && now.lo < old.lo {
			now.lo = 0
		}
		if old.kind == scalar && now.hi > old.hi {
			now.hi = math.MaxUint64
		}
		return now
	}
	if old.kind == now.kind && int64(now.lo) < int64(old.lo) {
		now.lo = 1 << 63
	}
	if old.kind == now.kind && int64(now.hi) > int64(old.hi) {
		now.hi = math.MaxInt64
	}
	return now
}

func same(a, b value) bool {
	return a.kind == b.kind && a.frame == b.frame && a.lo == b.lo && a.hi == b.hi && slices.Equal(a.maps, b.maps) && slices.Equal(a.from, b.from)
}

// move adds a number to a pointer.
func move(p, n value, sign int64) value {
	p.from = p.from.with(n.from)
	if n.kind != scalar {
		return value{kind: mixed, from: p.from}
	}
	const far = 1 << 40 // more than any offset: nothing is known then
	lo, hi := int64(n.lo), int64(n.hi)
	if lo > hi || lo < -far || hi > far || int64(p.lo) < -far || int64(p.hi) > far {
		p.lo, p.hi = 1<<63, math.MaxInt64
		return p
	}
	if sign < 0 {
		lo, hi = -hi, -lo
	}
	p.lo, p.hi = uint64(int64(p.lo)+lo), uint64(int64(p.hi)+hi)
	return p
}

const slots = 64 // of 8 octets, in a frame

// state is what is known before an instruction.
type state struct {
	r      [11]value
	frames []*[slots]value
}

func (s *state) clone() *state {
	c := &state{r: s.r, frames: make([]*[slots]value, len(s.frames))}
	for i, f := range s.frames {
		copied := *f
		c.frames[i] = &copied
	}
	return c
}

// merge joins other into s, and tells whether s knows less afterwards.
func (s *state) merge(other *state, tired bool) bool {
	changed := false
	one := func(mine *value, theirs value) {
		now := join(*mine, theirs)
		if same(*mine, now) {
			return
		}
		if tired {
			now = widen(*mine, now)
		}
		*mine, changed = now, true
	}
	for i := range s.r {
		one(&s.r[i], other.r[i])
	}
	for i := range s.frames {
		for j := range s.frames[i] {
			one(&s.frames[i][j], other.frames[i][j])
		}
	}
	return changed
}

// span is which slots a pointer to the stack and a length touch; whole tells that it is exactly one slot.
func (v value) span(octets int) (first, last int, whole bool) {
	lo, hi := int64(v.lo)+8*slots, int64(v.hi)+8*slots+int64(octets)-1
	if lo < 0 || hi >= 8*slots || hi < lo {
		return 0, slots - 1, false
	}
	return int(lo / 8), int(hi / 8), v.lo == v.hi && lo%8 == 0 && octets == 8
}

// load reads from the stack.
func (s *state) load(p value, octets int) value {
	first, last, whole := p.span(octets)
	f := s.frames[p.frame]
	if whole {
		if v := f[first]; v.kind != nothing {
			v.from = v.from.with(p.from)
			return v
		}
	}
	v := anything(octets, p.from)
	for _, slot := range f[first : last+1] {
		v.from = v.from.with(slot.from)
	}
	return v
}

// store writes to the stack.
func (s *state) store(p value, octets int, v value) {
	first, last, whole := p.span(octets)
	f := s.frames[p.frame]
	if whole {
		f[first] = v
		return
	}
	for i := first; i <= last; i++ {
		f[i] = anything(8, f[i].from.with(v.from).with(p.from))
	}
}

// region is what octets of memory behind a pointer depend on.
func (s *state) region(p value, octets int) sites {
	if p.kind != stack {
		return p.from
	}
	first, last, _ := p.span(octets)
	from := p.from
	for _, slot := range s.frames[p.frame][first : last+1] {
		from = from.with(slot.from)
	}
	return from
}
