package ngap

import (
	"fmt"
	"strconv"

	"github.com/limpid-5g/limpid/wire/aper"
)

// encoder appends a message.
type encoder struct{ aper.Encoder }

// ieList is a container of IEs that is being written: where its count goes and the count.
type ieList struct{ offset, n int }

// begin appends what precedes the IEs of a message, TS 38.413 §9.4.3, and returns the open type to close.
func (e *encoder) begin(t PDUType, procedure ProcedureCode, c Criticality) int {
	e.Bool(false)
	e.Enum(uint8(t), 3)
	e.Octet(uint8(procedure))
	e.Enum(uint8(c), 3)
	return e.Open()
}

// openIEs begins a container of IEs, TS 38.413 §9.4.8.
func (e *encoder) openIEs() ieList {
	e.Uint16(0)
	return ieList{offset: e.Len() - 2}
}

// closeIEs ends a ProtocolIE-Container.
func (e *encoder) closeIEs(l *ieList) { e.Patch16(l.offset, uint16(l.n)) }

// closeExtensions ends a ProtocolExtensionContainer, whose count begins at 1.
func (e *encoder) closeExtensions(l *ieList) { e.Patch16(l.offset, uint16(l.n-1)) }

// openIE appends the head of an IE and returns the open type to close.
func (e *encoder) openIE(l *ieList, id ProtocolIEID, c Criticality) int {
	l.n++
	e.Uint16(uint16(id))
	e.Enum(uint8(c), 3)
	return e.Open()
}

// openAlternative appends the head of a choice-Extensions alternative, TS 38.413 §9.4.8.
func (e *encoder) openAlternative(id ProtocolIEID, c Criticality) int {
	e.Uint16(uint16(id))
	e.Enum(uint8(c), 3)
	return e.Open()
}

// one checks that exactly one alternative of a CHOICE is set.
func (e *encoder) one(set ...bool) bool {
	n := 0
	for _, s := range set {
		if s {
			n++
		}
	}
	if n != 1 {
		e.Fail("of a choice exactly one alternative must be set, not " + strconv.Itoa(n))
	}
	return n == 1
}

// transfer ends a container that is encoded by itself.
func (e *encoder) transfer(dst []byte, name string) ([]byte, error) {
	if e.Failed() {
		return dst, fmt.Errorf("ngap: %s: %w", name, e.Err())
	}
	return e.Bytes(), nil
}
