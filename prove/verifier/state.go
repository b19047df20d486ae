package verifier

const slots = 64 // of 8 octets, in a frame

// slot is 8 octets of the stack: one value, or two of 4 octets.
type slot struct {
	whole     value
	halves    bool
	low, high value
}

// split makes two values of one.
func (s *slot) split() {
	if s.halves {
		return
	}
	s.halves = true
	s.low, s.high = anything(4, s.whole.from), anything(4, s.whole.from)
	if v := s.whole; v.kind == scalar && v.hi == v.lo {
		s.low, s.high = number(v.lo&(1<<32-1), v.lo&(1<<32-1), v.from), number(v.lo>>32, v.lo>>32, v.from)
	}
	s.whole = value{}
}

// from is the origin of all that is in the slot.
func (s *slot) from() origin {
	if s.halves {
		return tight(s.low).with(tight(s.high))
	}
	return tight(s.whole)
}

// tight is the origin of a value with no more bits than the value has.
func tight(v value) origin { return origin{v.from.at, v.bits()} }

// state is what is known before an instruction.
type state struct {
	r      [11]value
	frames []*[slots]slot
}

func (s *state) clone() *state {
	c := &state{r: s.r, frames: make([]*[slots]slot, len(s.frames))}
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
			mine, theirs := &s.frames[i][j], other.frames[i][j]
			if mine.halves != theirs.halves {
				changed = changed || !mine.halves
				mine.split()
				theirs.split()
			}
			if mine.halves {
				one(&mine.low, theirs.low)
				one(&mine.high, theirs.high)
				continue
			}
			one(&mine.whole, theirs.whole)
		}
	}
	return changed
}

// span is which slots a pointer to the stack and a length touch, and where in the first; exact tells that it is known.
func (v value) span(octets int) (first, last, offset int, exact bool) {
	lo, hi := int64(v.lo)+8*slots, int64(v.hi)+8*slots+int64(octets)-1
	if lo < 0 || hi >= 8*slots || hi < lo {
		return 0, slots - 1, 0, false
	}
	return int(lo / 8), int(hi / 8), int(lo % 8), v.lo == v.hi
}

// load reads from the stack.
func (s *state) load(p value, octets int) value {
	first, last, offset, exact := p.span(octets)
	f := s.frames[p.frame]
	if slot := &f[first]; exact && offset == 0 && octets == 8 && !slot.halves && slot.whole.kind != nothing {
		v := slot.whole
		v.from = v.from.with(p.from)
		return v
	}
	if slot := f[first]; exact && offset%4 == 0 && octets == 4 {
		if !slot.halves && offset == 0 && slot.whole.kind == scalar {
			return low(slot.whole)
		}
		slot.split()
		v := slot.low
		if offset == 4 {
			v = slot.high
		}
		if v.kind == scalar {
			v.from = v.from.with(p.from)
			return v
		}
	}
	v := anything(octets, p.from)
	for i := first; i <= last; i++ {
		v.from = v.from.with(f[i].from())
	}
	return v
}

// store writes to the stack.
func (s *state) store(p value, octets int, v value) {
	first, last, offset, exact := p.span(octets)
	f := s.frames[p.frame]
	switch {
	case exact && offset == 0 && octets == 8:
		f[first] = slot{whole: v}
	case exact && offset%4 == 0 && octets == 4:
		f[first].split()
		if offset == 0 {
			f[first].low = low(v)
		} else {
			f[first].high = low(v)
		}
	default:
		s.blur(p.frame, first, last, tight(v).with(p.from))
	}
}

// blur makes slots anything, computed from what was there and from more.
func (s *state) blur(frame, first, last int, from origin) {
	for i := first; i <= last; i++ {
		one := &s.frames[frame][i]
		one.split()
		one.low, one.high = anything(4, one.low.from.with(from)), anything(4, one.high.from.with(from))
	}
}

// region is what octets of memory behind a pointer were computed from.
func (s *state) region(p value, octets int) origin {
	if p.kind != stack {
		return p.from
	}
	first, last, _, _ := p.span(octets)
	from := p.from
	for i := first; i <= last; i++ {
		from = from.with(s.frames[p.frame][i].from())
	}
	return from
}
