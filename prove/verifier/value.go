package verifier

import (
	"cmp"
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
	frame  int    // of stack
	maps   []spot // of mapValue and mapItself: one of these, sorted by name
	lo, hi uint64 // not of mapValue
	from   origin
	port   string // of scalar: the map of ports whose entry it is
}

// spot is a map, and a signed range of offsets in its values.
type spot struct {
	name   string
	lo, hi int64
}

// origin says which instructions read from the packet what a value was computed from, and how many bits of the packet it
// can tell at most.
type origin struct {
	at   []int // sorted
	bits int
}

const mostBits = 64 * slots // more than any value has

// read is what an instruction reads from the packet.
func read(at, bits int) origin { return origin{[]int{at}, bits} }

// with is the origin of what is computed from both.
func (o origin) with(other origin) origin {
	return origin{unite(o.at, other.at), min(o.bits+other.bits, mostBits)}
}

// either is the origin of what is one or the other: one bit more than each, if that says which.
func (o origin) either(other origin) origin {
	most := max(o.bits, other.bits)
	if !within(o.at, other.at) && !within(other.at, o.at) {
		most = min(most+1, mostBits)
	}
	return origin{unite(o.at, other.at), most}
}

func within(a, b []int) bool {
	return !slices.ContainsFunc(a, func(x int) bool { _, found := slices.BinarySearch(b, x); return !found })
}

func unite[T cmp.Ordered](a, b []T) []T {
	if len(b) == 0 || slices.Equal(a, b) {
		return a
	}
	if len(a) == 0 {
		return b
	}
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// number is a scalar in a range.
func number(lo, hi uint64, from origin) value { return value{kind: scalar, lo: lo, hi: hi, from: from} }

// anything is a scalar of so many octets of which nothing else is known.
func anything(octets int, from origin) value {
	if octets >= 8 {
		return number(0, math.MaxUint64, from)
	}
	return number(0, 1<<(8*octets)-1, from)
}

func pointer(k kind) value { return value{kind: k} }

func (v value) isPointer() bool { return v.kind != nothing && v.kind != scalar }

// zero tells whether v is the number 0: a null pointer, too.
func (v value) zero() bool { return v.kind == scalar && v.lo == 0 && v.hi == 0 }

// bits is how much of the packet v can tell: no more than its range has, and no more than it was computed from.
func (v value) bits() int {
	if v.kind != scalar {
		return v.from.bits
	}
	return min(v.from.bits, bits.Len64(v.hi-v.lo))
}

// join is a value that is either.
func join(a, b value) value {
	from := a.from.either(b.from)
	switch {
	case a.kind == nothing || b.kind == nothing:
		return value{from: from} // may not be used: so says the kernel's verifier
	case a.kind == scalar && b.kind == scalar:
		n := number(min(a.lo, b.lo), max(a.hi, b.hi), from)
		if a.port == b.port {
			n.port = a.port
		}
		return n
	case a.zero() && b.isPointer():
		b.from = from
		return b
	case b.zero() && a.isPointer():
		a.from = from
		return a
	case a.kind == b.kind && (a.kind == mapValue || a.kind == mapItself):
		a.maps, a.from = joinSpots(a.maps, b.maps), from
		return a
	case a.kind == b.kind && a.frame == b.frame:
		a.lo, a.hi = uint64(min(int64(a.lo), int64(b.lo))), uint64(max(int64(a.hi), int64(b.hi)))
		a.from = from
		return a
	}
	return value{kind: mixed, from: from}
}

func joinSpots(a, b []spot) []spot {
	if slices.Equal(a, b) {
		return a
	}
	all := slices.Clone(a)
	for _, x := range b {
		i, found := slices.BinarySearchFunc(all, x, func(s, x spot) int { return cmp.Compare(s.name, x.name) })
		if !found {
			all = slices.Insert(all, i, x)
			continue
		}
		all[i].lo, all[i].hi = min(all[i].lo, x.lo), max(all[i].hi, x.hi)
	}
	return all
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
	if now.kind == mapValue {
		now.maps = slices.Clone(now.maps)
		for i := range now.maps {
			if !slices.Contains(old.maps, now.maps[i]) {
				now.maps[i].lo, now.maps[i].hi = -far, far
			}
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
	return a.kind == b.kind && a.frame == b.frame && a.lo == b.lo && a.hi == b.hi && a.port == b.port && slices.Equal(a.maps, b.maps) && a.from.bits == b.from.bits && slices.Equal(a.from.at, b.from.at)
}

const far = 1 << 40 // more than any offset: nothing is known then

func (s *spot) move(lo, hi, sign int64) {
	if lo > hi || lo < -far || hi > far || s.lo <= -far || s.hi >= far {
		s.lo, s.hi = -far, far
		return
	}
	if sign < 0 {
		lo, hi = -hi, -lo
	}
	s.lo, s.hi = s.lo+lo, s.hi+hi
}

// move adds a number to a pointer.
func move(p, n value, sign int64) value {
	p.from = p.from.with(n.from)
	if n.kind != scalar {
		return value{kind: mixed, from: p.from}
	}
	lo, hi := int64(n.lo), int64(n.hi)
	if p.kind == mapValue {
		p.maps = slices.Clone(p.maps)
		for i := range p.maps {
			p.maps[i].move(lo, hi, sign)
		}
		return p
	}
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
