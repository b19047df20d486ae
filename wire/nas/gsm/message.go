// Package gsm holds the 5GS session management messages of TS 24.501 §8.3 and their information elements (TS 24.501 §9.11.4).
//
// Each message is a struct whose fields stand in the order of the message's table; the tags repeat the table's IEI,
// format and length, and wire/nas/nasgen writes the code from them. An optional element is absent if its field is nil
// (or the empty DNN). Octet strings of a decoded message alias the buffer.
//
// Decoding follows TS 24.501 §7: optional elements that are unknown, repeated, out of the table's order, cut short or
// wrong in their contents are absent from the result and are no error; a mandatory element that is missing or wrong is.
// An octet beyond the longest form of an element is ignored (TS 24.007 §11.4.2).
package gsm

//go:generate go run ../nasgen

import (
	"errors"

	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/internal/tlv"
)

// MessageType is the type of a 5GSM message, TS 24.501 §9.7. The values are in messages_gen.go.
type MessageType uint8

// Message is a 5GSM message, TS 24.501 §8.3.
type Message interface {
	// MessageType is the type, TS 24.501 §9.7.
	MessageType() MessageType
	// Name is the name of the message, such as "PDUSessionEstablishmentRequest".
	Name() string
	// SessionID and TransactionID are the fields PDUSessionID (TS 24.501 §9.4) and PTI (TS 24.501 §9.6) of the message.
	SessionID() uint8
	TransactionID() uint8
	// Decode reads the whole message b into the receiver, as the function Decode does; it does not allocate the
	// struct, so that one can be used again.
	Decode(b []byte) error

	decode(b []byte) error
	append(dst []byte) ([]byte, error)
}

const headerLen = 4

// Decode reads a 5GSM message. The error is a *nas.Error that carries the Cause of TS 24.501 §7 or says that the
// message is to be ignored; nas.Peek gives the identities that the answer needs.
func Decode(b []byte) (Message, error) {
	t, err := header(b)
	if err != nil {
		return nil, err
	}
	m := newMessage(t)
	if m == nil {
		return nil, &nas.Error{Cause: CauseMessageTypeNonExistentOrNotImplemented}
	}
	if err := m.decode(b); err != nil {
		return nil, err
	}
	return m, nil
}

// Append writes the message m after dst. It fails if a mandatory element is missing or a value does not fit.
func Append(dst []byte, m Message) ([]byte, error) { return m.append(dst) }

// CauseOf returns the 5GSM cause that err carries, and false if it carries none.
func CauseOf(err error) (Cause, bool) {
	var c Cause
	ok := errors.As(err, &c)
	return c, ok
}

func header(b []byte) (MessageType, error) {
	switch {
	case len(b) < headerLen:
		return 0, &nas.Error{Ignore: true, Err: nas.ErrTooShort}
	case b[0] != byte(nas.EPD5GSM):
		return 0, &nas.Error{Ignore: true, Err: nas.ErrProtocolDiscriminator}
	}
	return MessageType(b[3]), nil
}

func decodeInto(m Message, b []byte) error {
	t, err := header(b)
	if err != nil {
		return err
	}
	if t != m.MessageType() {
		return &nas.Error{Message: m.Name(), Cause: CauseMessageTypeNotCompatibleWithTheProtocolState}
	}
	return m.decode(b)
}

// mandatoryError is the error of TS 24.501 §7.5.1.
func mandatoryError(message, ie string, err error) error {
	if err == nil {
		err = nas.ErrMissing
	}
	return &nas.Error{Message: message, IE: ie, Cause: CauseInvalidMandatoryInformation, Err: err}
}

// skip passes over an element that the message does not know, TS 24.501 §7.5.1 and TS 24.501 §7.6.1.
func skip(message string, b []byte) ([]byte, error) {
	rest, ok := tlv.Skip(b)
	if !ok {
		return nil, mandatoryError(message, "", nas.ErrComprehension)
	}
	return rest, nil
}
