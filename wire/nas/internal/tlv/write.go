package tlv

import (
	"errors"
	"fmt"
)

// ErrLength reports a value shorter or longer than the message table allows.
var ErrLength = errors.New("value has a length that the message does not allow")

// Writer appends elements to Buf. After the first error it does nothing more.
type Writer struct {
	Buf   []byte
	err   error
	field string
	open  int
}

// Octets appends octets as they are.
func (w *Writer) Octets(b ...byte) { w.Buf = append(w.Buf, b...) }

// LV writes a value with a length of one octet, 1 to 255.
func (w *Writer) LV(v []byte, shortest, longest int, field string) {
	if w.check(len(v), shortest, longest, field) {
		w.Buf = append(append(w.Buf, byte(len(v))), v...)
	}
}

// LVE writes a value with a length of two octets.
func (w *Writer) LVE(v []byte, shortest, longest int, field string) {
	if w.check(len(v), shortest, longest, field) {
		w.Buf = append(append(w.Buf, byte(len(v)>>8), byte(len(v))), v...)
	}
}

// TLV writes tag, length and value.
func (w *Writer) TLV(tag byte, v []byte, shortest, longest int, field string) {
	w.Buf = append(w.Buf, tag)
	w.LV(v, shortest, longest, field)
}

// TLVE writes tag, length of two octets and value.
func (w *Writer) TLVE(tag byte, v []byte, shortest, longest int, field string) {
	w.Buf = append(w.Buf, tag)
	w.LVE(v, shortest, longest, field)
}

// Open begins a value whose length stands in n octets (0, 1 or 2) before it.
func (w *Writer) Open(n int) {
	w.Buf = append(w.Buf, make([]byte, n)...)
	w.open = len(w.Buf)
}

// Set takes the result of a value's Append method.
func (w *Writer) Set(b []byte, err error) {
	w.Buf = b
	if err != nil && w.err == nil {
		w.err = err
	}
}

// Close ends the value begun by Open(n) and fills in its length.
func (w *Writer) Close(n, shortest, longest int, field string) {
	length := len(w.Buf) - w.open
	if w.err != nil && w.field == "" {
		w.field = field
	}
	if !w.check(length, shortest, longest, field) {
		return
	}
	for i := range n {
		w.Buf[w.open-1-i] = byte(length >> (8 * i))
	}
}

func (w *Writer) check(n, shortest, longest int, field string) bool {
	if w.err != nil {
		return false
	}
	if n < shortest || n > longest {
		w.err, w.field = fmt.Errorf("%w: %d octets, want %d to %d", ErrLength, n, shortest, longest), field
		return false
	}
	return true
}

// Result returns the message, or the first error with the names of message and field.
func (w *Writer) Result(message string) ([]byte, error) {
	if w.err != nil {
		return nil, fmt.Errorf("%s: %s: %w", message, w.field, w.err)
	}
	return w.Buf, nil
}
