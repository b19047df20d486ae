package aper

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"unicode/utf8"
)

// Encoder appends one encoding to a byte slice. After an error it appends nothing.
type Encoder struct {
	buf  []byte
	free int // unused bits in the last octet, 0 to 7
	err  *Error
}

// Reset makes e append to dst, beginning with a new octet.
func (e *Encoder) Reset(dst []byte) { *e = Encoder{buf: dst} }

// Bytes returns dst with the encoding appended.
func (e *Encoder) Bytes() []byte { return e.buf }

// Err returns the first error, a *Error, or nil.
func (e *Encoder) Err() error {
	if e.err == nil {
		return nil
	}
	return e.err
}

// Failed tells whether an error happened.
func (e *Encoder) Failed() bool { return e.err != nil }

// In adds the name of the enclosing field to the error, if there is one.
func (e *Encoder) In(name string) {
	if e.err != nil {
		e.err.in(name)
	}
}

// Fail records an error, unless there is one already.
func (e *Encoder) Fail(reason string) {
	if e.err == nil {
		e.err = &Error{Path: "", Reason: reason}
	}
}

// Bits appends the low n bits of v, 0 <= n <= 64, X.691 §11.
func (e *Encoder) Bits(v uint64, n int) {
	v &= mask(n)
	for n > 0 {
		if e.free == 0 {
			e.buf, e.free = append(e.buf, 0), 8
		}
		k := min(n, e.free)
		n -= k
		e.free -= k
		e.buf[len(e.buf)-1] |= byte(v>>n) << e.free
		v &= mask(n)
	}
}

// Bool appends one bit, X.691 §12.
func (e *Encoder) Bool(v bool) {
	if v {
		e.Bits(1, 1)
		return
	}
	e.Bits(0, 1)
}

// Align fills the last octet up with zeros, X.691 §11.2.
func (e *Encoder) Align() { e.free = 0 }

// Octet appends one aligned octet.
func (e *Encoder) Octet(v uint8) {
	e.free = 0
	e.buf = append(e.buf, v)
}

// Uint16 appends two aligned octets.
func (e *Encoder) Uint16(v uint16) {
	e.free = 0
	e.buf = binary.BigEndian.AppendUint16(e.buf, v)
}

// raw appends aligned octets.
func (e *Encoder) raw(b []byte) {
	e.free = 0
	e.buf = append(e.buf, b...)
}

// number appends v in n aligned octets.
func (e *Encoder) number(v uint64, n int) {
	e.free = 0
	for n--; n >= 0; n-- {
		e.buf = append(e.buf, byte(v>>(8*n)))
	}
}

// Uint appends a constrained whole number lb..ub, X.691 §11.5.7.
func (e *Encoder) Uint(v, lb, ub uint64) {
	if v < lb || v > ub {
		e.Fail(fmt.Sprintf("%d is not in %d..%d", v, lb, ub))
		return
	}
	v -= lb
	switch r := ub - lb; {
	case r < 255:
		e.Bits(v, bits.Len64(r))
	case r == 255:
		e.Octet(uint8(v))
	case r < 65536:
		e.Uint16(uint16(v))
	default:
		n := octetsFor(v)
		e.Bits(uint64(n-1), bits.Len(uint(octetsFor(r)-1)))
		e.number(v, n)
	}
}

// Int appends a constrained whole number whose lower bound is negative, X.691 §11.5.7.
func (e *Encoder) Int(v, lb, ub int64) {
	if v < lb || v > ub {
		e.Fail(fmt.Sprintf("%d is not in %d..%d", v, lb, ub))
		return
	}
	e.Uint(uint64(v-lb), 0, uint64(ub-lb))
}

// UintExt appends an INTEGER (lb..ub, ...), X.691 §13.1: a value outside the root as an unconstrained number.
func (e *Encoder) UintExt(v, lb, ub uint64) {
	if v >= lb && v <= ub {
		e.Bool(false)
		e.Uint(v, lb, ub)
		return
	}
	e.Bool(true)
	e.Unconstrained(v)
}

// Unconstrained appends an INTEGER without bounds that is not negative, X.691 §11.8.
func (e *Encoder) Unconstrained(v uint64) {
	n := bits.Len64(v)/8 + 1 // two's complement: one bit more than the value
	e.Octet(uint8(n))
	if n == 9 {
		e.Octet(0)
		n = 8
	}
	e.number(v, n)
}

// Enum appends an ENUMERATED of root values without extension marker, X.691 §14.2.
func (e *Encoder) Enum(v uint8, root int) { e.Uint(uint64(v), 0, uint64(root-1)) }

// EnumExt appends an ENUMERATED with extension marker and known extension values, X.691 §14.3.
func (e *Encoder) EnumExt(v uint8, root, known int) {
	switch {
	case int(v) < root:
		e.Bool(false)
		e.Enum(v, root)
	case int(v) < known:
		e.Bool(true)
		e.Small(uint64(v) - uint64(root))
	default:
		e.Fail(fmt.Sprintf("%d is not an enumerated value", v))
	}
}

// Small appends a normally small non-negative whole number, X.691 §11.6.
func (e *Encoder) Small(v uint64) {
	if v < 64 {
		e.Bits(v, 7)
		return
	}
	e.Bool(true)
	n := octetsFor(v)
	e.Octet(uint8(n))
	e.number(v, n)
}

// octets appends an unconstrained length and the octets, in fragments from 16K on, X.691 §11.9.3.5 to 8.
func (e *Encoder) octets(b []byte) {
	for len(b) >= maxFragment {
		k := min(len(b)/maxFragment, 4)
		e.Octet(0xc0 | uint8(k))
		e.raw(b[:k*maxFragment])
		b = b[k*maxFragment:]
	}
	e.length(len(b))
	e.raw(b)
}

// length appends a length determinant below 16K, X.691 §11.9.3.6 and 7.
func (e *Encoder) length(n int) {
	if n < 128 {
		e.Octet(uint8(n))
		return
	}
	e.Uint16(0x8000 | uint16(n))
}

// size checks a size and appends its extension bit and, unless it is fixed, the length itself. It tells whether
// the size is in the root of the constraint.
func (e *Encoder) size(n, lb, ub int, ext bool) bool {
	if n >= lb && n <= ub {
		if ext {
			e.Bool(false)
		}
		if lb < ub && ub < unboundedSize {
			e.Uint(uint64(n), uint64(lb), uint64(ub))
		}
		return true
	}
	if !ext {
		e.Fail(fmt.Sprintf("size %d is not in %d..%d", n, lb, ub))
		return false
	}
	e.Bool(true)
	return false
}

// Octets appends an OCTET STRING (SIZE(lb..ub)) with ub below 64K, X.691 §17.
func (e *Encoder) Octets(b []byte, lb, ub int, ext bool) {
	switch {
	case !e.size(len(b), lb, ub, ext):
		if e.err == nil {
			e.octets(b)
		}
	case len(b) == 0:
	case lb == ub:
		e.Fixed(b)
	default:
		e.raw(b)
	}
}

// OctetsAny appends an OCTET STRING without size constraint, X.691 §17.8.
func (e *Encoder) OctetsAny(b []byte) { e.octets(b) }

// Fixed appends an OCTET STRING or BIT STRING of exactly that size, X.691 §16.9, §17.6, §17.7.
func (e *Encoder) Fixed(b []byte) {
	if len(b) > 2 {
		e.raw(b)
		return
	}
	for _, c := range b {
		e.Bits(uint64(c), 8)
	}
}

// FixedUint appends an OCTET STRING or BIT STRING of n bits that is kept as a number, X.691 §16.9, §16.10, §17.6.
func (e *Encoder) FixedUint(v uint64, n int) {
	if v&^mask(n) != 0 {
		e.Fail(fmt.Sprintf("%#x has more than %d bits", v, n))
		return
	}
	if n > 16 {
		e.Align()
	}
	e.Bits(v, n)
}

// BitString appends a BIT STRING (SIZE(lb..ub)), X.691 §16.
func (e *Encoder) BitString(s BitString, lb, ub int, ext bool) {
	if s.Len < 0 || len(s.Bytes) != (s.Len+7)/8 {
		e.Fail(fmt.Sprintf("%d octets hold a bit string of %d bits", len(s.Bytes), s.Len))
		return
	}
	root := e.size(s.Len, lb, ub, ext)
	switch {
	case e.err != nil || root && s.Len == 0 && ub < unboundedSize:
		return
	case root && lb == ub && lb <= 16:
		for i := range s.Len {
			e.Bits(uint64(s.Bytes[i>>3]>>(7-i&7)), 1)
		}
		return
	case !root || ub >= unboundedSize:
		s = e.bitFragments(s)
	}
	e.bits(s)
}

// bitFragments appends the fragments of a long bit string and the length of what is left, which it returns.
func (e *Encoder) bitFragments(s BitString) BitString {
	for s.Len >= maxFragment {
		k := min(s.Len/maxFragment, 4)
		e.Octet(0xc0 | uint8(k))
		e.raw(s.Bytes[:k*maxFragment/8])
		s = BitString{Bytes: s.Bytes[k*maxFragment/8:], Len: s.Len - k*maxFragment}
	}
	e.length(s.Len)
	return s
}

// bits appends the bits of s, aligned.
func (e *Encoder) bits(s BitString) {
	e.raw(s.Bytes)
	if k := s.Len & 7; k != 0 {
		e.free = 8 - k
		e.buf[len(e.buf)-1] &= 0xff << e.free
	}
}

// String appends a PrintableString or VisibleString (SIZE(lb..ub)), X.691 §30: one octet for each character.
func (e *Encoder) String(s string, lb, ub int, ext bool) {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			e.Fail(fmt.Sprintf("%q has a character outside the alphabet", s))
			return
		}
	}
	switch {
	case !e.size(len(s), lb, ub, ext):
		if e.err == nil {
			e.octets([]byte(s))
		}
	case len(s) == 0:
	case ub < 2 || lb == ub && ub <= 2:
		for i := range len(s) {
			e.Bits(uint64(s[i]), 8)
		}
	default:
		e.free = 0
		e.buf = append(e.buf, s...)
	}
}

// UTF8 appends a UTF8String of lb to ub characters, X.691 §30.6: the size constraint is not visible to PER.
func (e *Encoder) UTF8(s string, lb, ub int, ext bool) {
	if reason := checkUTF8(s, lb, ub, ext); reason != "" {
		e.Fail(reason)
		return
	}
	e.octets([]byte(s))
}

// checkUTF8 returns what is wrong with s, or "".
func checkUTF8(s string, lb, ub int, ext bool) string {
	if !utf8.ValidString(s) {
		return "not UTF-8"
	}
	if n := utf8.RuneCountInString(s); !ext && (n < lb || n > ub) {
		return fmt.Sprintf("%d characters are not in %d..%d", n, lb, ub)
	}
	return ""
}

// Count appends the number of elements of a SEQUENCE (SIZE(lb..ub)) OF, X.691 §20.
func (e *Encoder) Count(n, lb, ub int, ext bool) {
	if e.size(n, lb, ub, ext) || e.err != nil {
		return
	}
	if n >= maxFragment {
		e.Fail(fmt.Sprintf("%d elements", n))
		return
	}
	e.length(n)
}

// Fragment appends how many of the n elements that remain of a SEQUENCE OF without an upper bound below 64K come
// next, and returns that number; more tells whether another Fragment must follow them. X.691 §11.9.3.5 to 8.
func (e *Encoder) Fragment(n int) (next int, more bool) {
	if n < maxFragment {
		e.length(n)
		return n, false
	}
	k := min(n/maxFragment, 4)
	e.Octet(0xc0 | uint8(k))
	return k * maxFragment, true
}

// Open begins an open type, X.691 §11.2. Its result goes to Close.
func (e *Encoder) Open() int {
	e.Octet(0)
	return len(e.buf)
}

// Close ends an open type: it completes the last octet and puts the length in front.
func (e *Encoder) Close(start int) {
	e.free = 0
	if len(e.buf) == start { // an empty encoding is one octet of zeros, X.691 §11.1.3
		e.buf = append(e.buf, 0)
	}
	n := len(e.buf) - start
	switch {
	case n < 128:
		e.buf[start-1] = byte(n)
	case n < maxFragment:
		e.buf = append(e.buf, 0)
		copy(e.buf[start+1:], e.buf[start:])
		e.buf[start-1], e.buf[start] = 0x80|byte(n>>8), byte(n)
	default:
		content := append([]byte(nil), e.buf[start:]...)
		e.buf = e.buf[:start-1]
		e.octets(content)
	}
}

// Raw appends the complete encoding of a type inside an open type that Open has begun.
func (e *Encoder) Raw(b []byte) {
	if len(b) == 0 {
		e.Fail("open type of no octets")
		return
	}
	e.raw(b)
}

// Patch16 writes v over the two octets at offset, which Uint16 wrote before.
func (e *Encoder) Patch16(offset int, v uint16) { binary.BigEndian.PutUint16(e.buf[offset:], v) }

// Len returns the length in octets of what has been appended, with what was there before.
func (e *Encoder) Len() int { return len(e.buf) }
