// Package aper is the run time of the ALIGNED variant of the Packed Encoding Rules, X.691 (02/2021): the
// encoding of every NGAP message.
//
// A Decoder reads the primitives of X.691 from a byte slice and an Encoder appends them to one. Neither uses
// reflection: the code that walks a message is written by wire/aper/apergen from the Go declaration of the
// message. Both keep their first error and do nothing more after it, so that generated code need not test
// every step.
//
// Decoding does not copy: octet strings, bit strings and open types alias the input, which the caller must
// not change while the decoded value is in use. The exceptions are strings that arrive in fragments
// (X.691 §11.9.3.8) and bit strings whose last octet is shared with the next field.
package aper

import "fmt"

// maxFragment is the size of one fragment unit: 16K items, X.691 §11.9.3.8.
const maxFragment = 16384

// unboundedSize is where an upper bound of a size ceases to constrain the length determinant, X.691 §11.9.4.2.
const unboundedSize = 65536

// BitString is a BIT STRING value, X.691 §16: Len bits, the first one in the most significant bit of Bytes[0].
// Bytes holds (Len+7)/8 octets and the unused bits of the last one are zero. A nil Bytes means absent.
type BitString struct {
	Bytes []byte
	Len   int // bits
}

// Open is the complete encoding of a type that is kept as it came, X.691 §11.2. It is whole octets, at least one.
type Open []byte

// Error says where an encoding or a value breaks the rules.
type Error struct {
	Path   string // the field, outermost first, for example "UserLocationInformation.NRCGI"
	Offset int    // bits from the start of the message when decoding, 0 when encoding
	Reason string
}

func (e *Error) Error() string {
	switch {
	case e.Path == "":
		return fmt.Sprintf("%s (bit %d)", e.Reason, e.Offset)
	case e.Offset == 0:
		return fmt.Sprintf("%s: %s", e.Path, e.Reason)
	}
	return fmt.Sprintf("%s: %s (bit %d)", e.Path, e.Reason, e.Offset)
}

// in prefixes the path with an outer field name.
func (e *Error) in(name string) {
	if e.Path == "" {
		e.Path = name
		return
	}
	e.Path = name + "." + e.Path
}
