package aper

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// Decoder reads one encoding. After an error every read returns zero and takes no time.
type Decoder struct {
	buf []byte
	pos int // next bit
	end int // bits that may be read: the end of the innermost open type
	err *Error
}

// Scope is what an open type must restore when it ends.
type Scope struct {
	start int      // of the content
	end   int      // of what holds the open type
	outer *Decoder // what to read on after an open type that came in fragments, else nil
}

// Reset makes d read b from its first bit.
func (d *Decoder) Reset(b []byte) { *d = Decoder{buf: b, end: len(b) * 8} }

// Err returns the first error, a *Error, or nil.
func (d *Decoder) Err() error {
	if d.err == nil {
		return nil
	}
	return d.err
}

// Failed tells whether an error happened.
func (d *Decoder) Failed() bool { return d.err != nil }

// In adds the name of the enclosing field to the error, if there is one.
func (d *Decoder) In(name string) {
	if d.err != nil {
		d.err.in(name)
	}
}

// Fail records an error, unless there is one already, and ends all reading.
func (d *Decoder) Fail(reason string) {
	if d.err == nil {
		d.err = &Error{Offset: d.pos, Reason: reason}
	}
	d.pos, d.end = 0, 0
}

// Remaining returns the number of bits left in the innermost open type.
func (d *Decoder) Remaining() int { return d.end - d.pos }

// Bits reads a bit-field of n bits, 0 <= n <= 64, X.691 §11.
func (d *Decoder) Bits(n int) uint64 {
	p := d.pos
	if n > d.end-p {
		d.Fail("truncated")
		return 0
	}
	d.pos = p + n
	i, off := p>>3, p&7
	if n == 0 {
		return 0
	}
	if off+n <= 8 {
		return uint64(d.buf[i]<<off) >> (8 - n)
	}
	var v uint64
	for need := off + n; need > 0; need -= 8 {
		if need < 8 {
			return (v<<need | uint64(d.buf[i]>>(8-need))) & mask(n)
		}
		v = v<<8 | uint64(d.buf[i])
		i++
	}
	return v & mask(n)
}

func mask(n int) uint64 {
	if n >= 64 {
		return ^uint64(0)
	}
	return 1<<n - 1
}

// Bool reads one bit, X.691 §12.
func (d *Decoder) Bool() bool {
	p := d.pos
	if p >= d.end {
		d.Fail("truncated")
		return false
	}
	d.pos = p + 1
	return d.buf[p>>3]>>(7-p&7)&1 != 0
}

// Align skips to the next octet boundary, X.691 §11.2.
func (d *Decoder) Align() { d.pos = (d.pos + 7) &^ 7 }

// take returns the next n octets after aligning. The result aliases the input.
func (d *Decoder) take(n int) []byte {
	d.Align()
	if n < 0 || n > (d.end-d.pos)>>3 {
		d.Fail("truncated")
		return nil
	}
	i := d.pos >> 3
	d.pos += n * 8
	return d.buf[i : i+n : i+n]
}

// Octet reads one aligned octet.
func (d *Decoder) Octet() uint8 {
	p := (d.pos + 7) &^ 7
	if p+8 > d.end {
		d.Fail("truncated")
		return 0
	}
	d.pos = p + 8
	return d.buf[p>>3]
}

// Uint16 reads two aligned octets.
func (d *Decoder) Uint16() uint16 {
	p := (d.pos + 7) &^ 7
	if p+16 > d.end {
		d.Fail("truncated")
		return 0
	}
	d.pos = p + 16
	return binary.BigEndian.Uint16(d.buf[p>>3:])
}

// Uint reads a constrained whole number lb..ub, X.691 §11.5.7.
func (d *Decoder) Uint(lb, ub uint64) uint64 {
	var v uint64
	switch r := ub - lb; {
	case r < 255:
		v = d.Bits(bits.Len64(r))
	case r == 255:
		v = uint64(d.Octet())
	case r < 65536:
		v = uint64(d.Uint16())
	default:
		n := int(d.Bits(bits.Len(uint(octetsFor(r)-1)))) + 1
		for _, c := range d.take(n) {
			v = v<<8 | uint64(c)
		}
	}
	if v > ub-lb {
		d.Fail(fmt.Sprintf("%d is not in %d..%d", v, lb, ub))
		return lb
	}
	return v + lb
}

// octetsFor returns the number of octets that hold v, at least 1.
func octetsFor(v uint64) int { return max(1, (bits.Len64(v)+7)/8) }

// Int reads a constrained whole number whose lower bound is negative, X.691 §11.5.7.
func (d *Decoder) Int(lb, ub int64) int64 { return int64(d.Uint(0, uint64(ub-lb))) + lb }

// UintExt reads an INTEGER (lb..ub, ...), X.691 §13.1. ok is false for a value outside the root that is negative
// or above most, which the caller's type cannot hold.
func (d *Decoder) UintExt(lb, ub, most uint64) (v uint64, ok bool) {
	if !d.Bool() {
		return d.Uint(lb, ub), true
	}
	b := d.take(d.length())
	if len(b) == 0 {
		d.Fail("integer of no octets")
		return lb, true
	}
	if len(b) > 9 || b[0]&0x80 != 0 || len(b) == 9 && b[0] != 0 {
		return lb, false
	}
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	if v > most {
		return lb, false
	}
	return v, true
}

// Enum reads an ENUMERATED of root values without extension marker, X.691 §14.2.
func (d *Decoder) Enum(root int) uint8 { return uint8(d.Uint(0, uint64(root-1))) }

// EnumExt reads an ENUMERATED with extension marker, X.691 §14.3. Extension values follow the root ones.
// A value that is too large for an octet comes back as 255.
func (d *Decoder) EnumExt(root int) uint8 {
	if !d.Bool() {
		return d.Enum(root)
	}
	return uint8(min(uint64(root)+d.Small(), 255))
}

// Small reads a normally small non-negative whole number, X.691 §11.6.
func (d *Decoder) Small() uint64 {
	if !d.Bool() {
		return d.Bits(6)
	}
	n := d.length()
	if n == 0 || n > 8 {
		d.Fail(fmt.Sprintf("normally small number of %d octets", n))
		return 0
	}
	var v uint64
	for _, c := range d.take(n) {
		v = v<<8 | uint64(c)
	}
	return v
}

// length reads an unconstrained length determinant below 16K, X.691 §11.9.3.5 to 7; fragments are an error.
func (d *Decoder) length() int {
	n, more := d.fragment()
	if more {
		d.Fail("fragments are not allowed here")
		return 0
	}
	return n
}

// fragment reads one length determinant, X.691 §11.9.3.5 to 8; more tells that another follows the items.
func (d *Decoder) fragment() (n int, more bool) {
	c := int(d.Octet())
	switch {
	case c < 0x80:
		return c, false
	case c < 0xc0:
		return (c&0x3f)<<8 | int(d.Octet()), false
	case c >= 0xc1 && c <= 0xc4:
		return (c & 0x3f) * maxFragment, true
	}
	d.Fail(fmt.Sprintf("length octet %#x", c))
	return 0, false
}

// octets reads an unconstrained length and that many octets, joining fragments.
func (d *Decoder) octets() []byte {
	n, more := d.fragment()
	b := d.take(n)
	if !more {
		return b
	}
	joined := append([]byte(nil), b...)
	for more && d.err == nil {
		n, more = d.fragment()
		joined = append(joined, d.take(n)...)
	}
	return joined
}

// inRoot reads the extension bit of a size constraint when there is one, X.691 §17.3.
func (d *Decoder) inRoot(ext bool) bool { return !ext || !d.Bool() }

// Octets reads an OCTET STRING (SIZE(lb..ub)) with ub below 64K, X.691 §17. The result aliases the input.
func (d *Decoder) Octets(lb, ub int, ext bool) []byte {
	if !d.inRoot(ext) {
		return d.octets()
	}
	if lb < ub {
		n := int(d.Uint(uint64(lb), uint64(ub)))
		if n == 0 {
			return d.empty()
		}
		return d.take(n)
	}
	if lb > 2 {
		return d.take(lb)
	}
	return binary.BigEndian.AppendUint16(nil, uint16(d.Bits(8*lb)))[2-lb:]
}

// OctetsAny reads an OCTET STRING without size constraint, X.691 §17.8. The result aliases the input.
func (d *Decoder) OctetsAny() []byte { return d.octets() }

// empty returns an empty slice which is not nil.
func (d *Decoder) empty() []byte {
	if d.err != nil {
		return nil
	}
	return d.buf[:0:0]
}

// Fixed fills dst with an OCTET STRING or BIT STRING of exactly that size, X.691 §16.9, §17.6, §17.7.
func (d *Decoder) Fixed(dst []byte) {
	if len(dst) > 2 {
		copy(dst, d.take(len(dst)))
		return
	}
	for i := range dst {
		dst[i] = byte(d.Bits(8))
	}
}

// FixedUint reads an OCTET STRING of n octets or a BIT STRING of n bits as a number, X.691 §16.9, §16.10, §17.6.
func (d *Decoder) FixedUint(n int) uint64 {
	if n > 16 {
		d.Align()
	}
	return d.Bits(n)
}

// FixedUintExt reads a BIT STRING (SIZE(n, ...)) as a number. Of a longer one, which a later release may
// send, the first n bits are kept; a shorter one is filled up with zeros. X.691 §16.6.
func (d *Decoder) FixedUintExt(n int) uint64 {
	if d.inRoot(true) {
		return d.FixedUint(n)
	}
	s := d.bitsOf(d.length())
	var v uint64
	for i := range n {
		v <<= 1
		if i < s.Len {
			v |= uint64(s.Bytes[i>>3] >> (7 - i&7) & 1)
		}
	}
	return v
}

// BitString reads a BIT STRING (SIZE(lb..ub)), X.691 §16. The result aliases the input.
func (d *Decoder) BitString(lb, ub int, ext bool) BitString {
	switch {
	case !d.inRoot(ext):
		return d.bitsAny()
	case ub >= unboundedSize:
		s := d.bitsAny()
		if s.Len < lb || s.Len > ub {
			d.Fail(fmt.Sprintf("size %d is not in %d..%d", s.Len, lb, ub))
		}
		return s
	case lb < ub:
		return d.bitsOf(int(d.Uint(uint64(lb), uint64(ub))))
	case lb <= 16:
		v := d.Bits(lb) << (16 - lb)
		return BitString{Bytes: []byte{byte(v >> 8), byte(v)}[:(lb+7)/8], Len: lb}
	}
	return d.bitsOf(lb)
}

// bitsAny reads a BIT STRING whose length is not constrained, joining fragments, X.691 §16.11.
func (d *Decoder) bitsAny() BitString {
	n, more := d.fragment()
	s := d.bitsOf(n)
	if !more {
		return s
	}
	s.Bytes = append([]byte(nil), s.Bytes...)
	for more && d.err == nil {
		n, more = d.fragment()
		next := d.bitsOf(n)
		s.Bytes, s.Len = append(s.Bytes, next.Bytes...), s.Len+next.Len
	}
	return s
}

// bitsOf reads n aligned bits.
func (d *Decoder) bitsOf(n int) BitString {
	if n == 0 {
		return BitString{Bytes: d.empty()}
	}
	d.Align()
	if n > d.end-d.pos {
		d.Fail("truncated")
		return BitString{}
	}
	i, size := d.pos>>3, (n+7)>>3
	d.pos += n
	b := d.buf[i : i+size : i+size]
	if n&7 != 0 && b[size-1]<<(n&7) != 0 {
		b = append([]byte(nil), b...)
		b[size-1] &= 0xff << (8 - n&7)
	}
	return BitString{Bytes: b, Len: n}
}

// String reads a PrintableString or VisibleString (SIZE(lb..ub)), X.691 §30: one octet for each character.
func (d *Decoder) String(lb, ub int, ext bool) string {
	if !d.inRoot(ext) {
		return d.characters(d.octets())
	}
	n := int(d.Uint(uint64(lb), uint64(ub)))
	if n == 0 {
		return ""
	}
	if ub < 2 || lb == ub && ub <= 2 {
		var b [2]byte
		for i := range n {
			b[i] = byte(d.Bits(8))
		}
		return d.characters(b[:n])
	}
	return d.characters(d.take(n))
}

func (d *Decoder) characters(b []byte) string {
	for _, c := range b {
		if c < 0x20 || c > 0x7e {
			d.Fail("character outside the alphabet")
			return ""
		}
	}
	return string(b)
}

// UTF8 reads a UTF8String of lb to ub characters, X.691 §30.6: the size constraint is not visible to PER.
func (d *Decoder) UTF8(lb, ub int, ext bool) string {
	s := string(d.octets())
	if reason := checkUTF8(s, lb, ub, ext); reason != "" {
		d.Fail(reason)
		return ""
	}
	return s
}

// Count reads the number of elements of a SEQUENCE (SIZE(lb..ub)) OF, X.691 §20. Each element takes at least
// minBits bits, so a count that the rest of the encoding cannot hold is refused before anything is allocated.
func (d *Decoder) Count(lb, ub, minBits int, ext bool) int {
	var n int
	if d.inRoot(ext) {
		n = int(d.Uint(uint64(lb), uint64(ub)))
	} else {
		n = d.length()
	}
	if n*minBits > d.end-d.pos {
		d.Fail(fmt.Sprintf("truncated: no room for %d elements", n))
		return 0
	}
	return n
}

// Fragment reads the number of elements that follow in a SEQUENCE OF without an upper bound below 64K, and whether
// more fragments come after them, X.691 §11.9.3.5 to 8.
func (d *Decoder) Fragment(minBits int) (n int, more bool) {
	n, more = d.fragment()
	if n*minBits > d.end-d.pos {
		d.Fail(fmt.Sprintf("truncated: no room for %d elements", n))
		return 0, false
	}
	return n, more
}

// Open begins an open type, X.691 §11.2: its length, then its encoding, to which reading is confined until Close.
func (d *Decoder) Open() Scope {
	n, more := d.fragment()
	if !more {
		if n > (d.end-d.pos)>>3 {
			d.Fail("truncated")
			return Scope{}
		}
		s := Scope{start: d.pos, end: d.end}
		d.end = d.pos + n*8
		return s
	}
	joined := append([]byte(nil), d.take(n)...)
	for more && d.err == nil {
		n, more = d.fragment()
		joined = append(joined, d.take(n)...)
	}
	if d.err != nil {
		return Scope{}
	}
	s := Scope{outer: &Decoder{buf: d.buf, pos: d.pos, end: d.end}}
	d.buf, d.pos, d.end = joined, 0, len(joined)*8
	return s
}

// OpenField begins an open type after an identifier of two octets and an ENUMERATED of three, the head of an IE in
// 3GPP protocols, TS 38.413 §9.4.8.
func (d *Decoder) OpenField() (id uint16, criticality uint8, s Scope) {
	p := (d.pos + 7) &^ 7
	if p+32 <= d.end {
		b := d.buf[p>>3:][:4]
		content := p + 32
		if end := content + int(b[3])*8; b[3] < 0x80 && b[2] < 0xc0 && end <= d.end {
			s.start, s.end = content, d.end
			d.pos, d.end = content, end
			return binary.BigEndian.Uint16(b), b[2] >> 6, s
		}
	}
	return d.Uint16(), d.Enum(3), d.Open()
}

// Rest returns what is left of the innermost open type and skips it. The result aliases the input.
func (d *Decoder) Rest() []byte {
	d.Align()
	return d.take((d.end - d.pos) >> 3)
}

// Close ends an open type. All of it must have been read, but for the padding of the last octet.
func (d *Decoder) Close(s Scope) {
	switch left := d.end - (d.pos+7)&^7; {
	case d.err != nil:
	case left <= 0:
		d.leave(s)
	default:
		d.closeUnread(s, left)
	}
}

// closeUnread ends an open type of which something is left: nothing was read of it and it is the octet of zeros
// that stands for an empty encoding, X.691 §11.1.3, or it is an error.
func (d *Decoder) closeUnread(s Scope, left int) {
	if left > 8 || d.pos != s.start || d.buf[d.pos>>3] != 0 {
		d.Fail(fmt.Sprintf("%d octets too many", left>>3))
		return
	}
	d.leave(s)
}

// Skip ends an open type and passes over what has not been read of it.
func (d *Decoder) Skip(s Scope) {
	if d.err == nil {
		d.leave(s)
	}
}

// leave restores the reading position after the open type.
func (d *Decoder) leave(s Scope) {
	if o := s.outer; o != nil {
		d.buf, d.pos, d.end = o.buf, o.pos, o.end
		return
	}
	d.pos, d.end = d.end, s.end
}

// SkipExtensions passes over the extension additions of a SEQUENCE, X.691 §19.7 to 9: their number, which of
// them are present and each one as an open type.
func (d *Decoder) SkipExtensions() {
	n := 0
	if !d.Bool() {
		n = int(d.Bits(6)) + 1
	} else {
		n = d.length()
	}
	if n == 0 || n > d.end-d.pos {
		d.Fail(fmt.Sprintf("%d extension additions", n))
		return
	}
	at := *d // the presence bits
	d.pos += n
	for range n {
		if at.Bool() {
			d.octets()
		}
		if d.err != nil {
			return
		}
	}
}
