// Package record is the form in which contexts lie in the store: a version, numbered fields, a checksum. The fields are
// coded as Protocol Buffers code them, so that any of their tools shows a record (octets 2 to the last but four). A
// field that is absent has its zero value, and a reader skips a field that it does not know: state is added by giving it
// the next number. A number is never used again for something else.
package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"sync"
)

// Version is the first octet of a record.
const Version = 1

const (
	sumLen = 4
	varint = 0 // wire types
	octets = 2
)

// ErrDamaged says that a record is not what was written.
var ErrDamaged = errors.New("record is damaged")

// Writer makes a record. The zero value is empty.
type Writer struct{ b []byte }

var writers = sync.Pool{New: func() any { return new(Writer) }}

// NewWriter is an empty writer with the room of another one, for which Done is called at last.
func NewWriter() *Writer { return writers.Get().(*Writer) }

// Done returns what was written as a record, and leaves the writer to NewWriter: its room, but not what was in it, which may be keys.
func (w *Writer) Done() []byte {
	b := w.Record(nil)
	clear(w.b)
	w.b = w.b[:0]
	writers.Put(w)
	return b
}

// usual is what most records fit into.
const usual = 384

// tag begins a field.
func (w *Writer) tag(field int, kind uint64) {
	if w.b == nil {
		w.b = make([]byte, 0, usual)
	}
	w.b = binary.AppendUvarint(w.b, uint64(field)<<3|kind)
}

// Uint writes a number; 0 is left out.
func (w *Writer) Uint(field int, v uint64) {
	if v != 0 {
		w.tag(field, varint)
		w.b = binary.AppendUvarint(w.b, v)
	}
}

// Bool writes a truth; false is left out.
func (w *Writer) Bool(field int, v bool) {
	if v {
		w.Uint(field, 1)
	}
}

// Bytes writes octets; none are left out.
func (w *Writer) Bytes(field int, v []byte) {
	if len(v) > 0 {
		w.tag(field, octets)
		w.b = append(binary.AppendUvarint(w.b, uint64(len(v))), v...)
	}
}

// String writes a text; an empty one is left out.
func (w *Writer) String(field int, v string) {
	if len(v) > 0 {
		w.tag(field, octets)
		w.b = append(binary.AppendUvarint(w.b, uint64(len(v))), v...)
	}
}

// Group writes what body writes as one field, also if that is nothing: an element of a list, or a struct.
func (w *Writer) Group(field int, body func(*Writer)) {
	w.tag(field, octets)
	at := len(w.b)
	w.b = append(w.b, 0) // the length, while it fits
	body(w)
	n := len(w.b) - at - 1
	if n < 0x80 {
		w.b[at] = byte(n)
		return
	}
	var length [binary.MaxVarintLen64]byte
	w.b = slices.Replace(w.b, at, at+1, length[:binary.PutUvarint(length[:], uint64(n))]...)
}

// Len is how many octets the record has up to here.
func (w *Writer) Len() int { return 1 + len(w.b) }

// Record returns what was written as a record, appended to dst.
func (w *Writer) Record(dst []byte) []byte {
	at := len(dst)
	dst = append(append(slices.Grow(dst, 1+len(w.b)+sumLen), Version), w.b...)
	return binary.BigEndian.AppendUint32(dst, crc32.Checksum(dst[at:], castagnoli()))
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) } // made once, by the library

// Before is how many octets of a record, which Open takes, come in front of the first field of a number: as many as Len was
// before that was written. All but the checksum if there is none.
func Before(b []byte, field int) int {
	r := Reader{b: b[1 : len(b)-sumLen]}
	for {
		at := len(b) - sumLen - len(r.b)
		if !r.Next() || r.field == field {
			return at
		}
	}
}

// Reader reads a record. Its results share the record's memory.
type Reader struct {
	b     []byte
	field int
	kind  uint64
	value uint64
	bytes []byte
	inner *Reader // of groups, one after the other; nil: none yet
	err   error
}

// Open begins to read a record. Error: ErrDamaged, also for a version that this program does not know.
func Open(b []byte) (*Reader, error) {
	r := new(Reader)
	return r, r.Open(b)
}

// Open has r, whatever it read before, begin to read a record, with the room that it has. Error: as of the function.
func (r *Reader) Open(b []byte) error {
	*r = Reader{inner: r.inner}
	if len(b) < 1+sumLen {
		return fmt.Errorf("%w: %d octets", ErrDamaged, len(b))
	}
	body := b[:len(b)-sumLen]
	if crc32.Checksum(body, castagnoli()) != binary.BigEndian.Uint32(b[len(body):]) {
		return fmt.Errorf("%w: wrong checksum", ErrDamaged)
	}
	if b[0] != Version {
		return fmt.Errorf("%w: version %d, this program knows %d", ErrDamaged, b[0], Version)
	}
	r.b = body[1:]
	return nil
}

// Next goes to the next field and tells whether there is one.
func (r *Reader) Next() bool {
	if r.err != nil || len(r.b) == 0 {
		return false
	}
	tag := r.uvarint()
	r.field, r.kind = int(tag>>3), tag&7
	if tag>>3 == 0 || tag>>3 > math.MaxInt32 {
		r.fail("field %d", tag>>3)
	}
	r.value, r.bytes = 0, nil
	switch r.kind {
	case varint:
		r.value = r.uvarint()
	case octets:
		n := r.uvarint()
		if n > uint64(len(r.b)) {
			r.fail("field %d has %d octets of %d", r.field, n, len(r.b))
			return false
		}
		r.bytes, r.b = r.b[:n:n], r.b[n:]
	default:
		r.fail("field %d is of type %d", r.field, r.kind)
	}
	return r.err == nil
}

func (r *Reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail("a number does not end")
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *Reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
	}
}

// Field is the number of the present field.
func (r *Reader) Field() int { return r.field }

// Uint is the present field as a number.
func (r *Reader) Uint() uint64 {
	if r.kind != varint {
		r.fail("field %d is no number", r.field)
	}
	return r.value
}

// Bool is the present field as a truth.
func (r *Reader) Bool() bool { return r.Uint() != 0 }

// Bytes is the present field as octets, which share the record's memory.
func (r *Reader) Bytes() []byte {
	if r.kind != octets {
		r.fail("field %d has no octets", r.field)
	}
	return r.bytes
}

// String is the present field as a text of its own memory.
func (r *Reader) String() string { return string(r.Bytes()) }

// Fill copies the present field into dst, which it must fill.
func (r *Reader) Fill(dst []byte) {
	if b := r.Bytes(); copy(dst, b) != len(dst) || len(b) != len(dst) {
		r.fail("field %d has %d octets, want %d", r.field, len(b), len(dst))
	}
}

// Group reads the present field as a list of fields. An error inside is one of r.
func (r *Reader) Group(body func(*Reader)) {
	if r.inner == nil {
		r.inner = new(Reader)
	}
	inner := r.inner
	*inner = Reader{b: r.Bytes(), inner: inner.inner}
	body(inner)
	if r.err == nil {
		r.err = inner.err
	}
}

// Err is what was found wrong, once Next has told false.
func (r *Reader) Err() error { return r.err }

// Edit returns a record in which fields have other values: edit is given each field with its value, a uint64 or []byte,
// and returns the one to write.
func Edit(b []byte, edit func(field int, value any) any) ([]byte, error) {
	r, err := Open(b)
	if err != nil {
		return nil, err
	}
	var w Writer
	if w.b, err = editFields(r, edit); err != nil {
		return nil, err
	}
	return w.Record(nil), nil
}

// EditGroup is Edit for the value of a field that was written by Group.
func EditGroup(b []byte, edit func(field int, value any) any) ([]byte, error) {
	return editFields(&Reader{b: b}, edit)
}

func editFields(r *Reader, edit func(int, any) any) ([]byte, error) {
	var w Writer
	for r.Next() {
		var old any = r.value
		if r.kind == octets {
			old = r.bytes
		}
		switch v := edit(r.field, old).(type) {
		case uint64:
			w.Uint(r.field, v)
		case []byte:
			w.Bytes(r.field, v)
		default:
			return nil, fmt.Errorf("field %d cannot hold a %T", r.field, v)
		}
	}
	return w.b, r.Err()
}
