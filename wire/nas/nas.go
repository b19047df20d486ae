// Package nas holds what the 5GMM and 5GSM messages of TS 24.501 share: the headers, the information elements of
// TS 24.501 §9.11.2, the error handling of TS 24.501 §7 and NAS security (TS 24.501 §4.4). The messages are in the
// packages gmm (TS 24.501 §8.2) and gsm (TS 24.501 §8.3).
//
// Octet strings in decoded values alias the decoded buffer: whoever keeps a message longer than its buffer copies them.
package nas

import "errors"

// ExtendedProtocolDiscriminator is the first octet of every message, TS 24.501 §9.2 (values in TS 24.007 §11.2.3.1.1A).
type ExtendedProtocolDiscriminator uint8

// The discriminators of 5GS.
const (
	EPD5GSM ExtendedProtocolDiscriminator = 0x2E
	EPD5GMM ExtendedProtocolDiscriminator = 0x7E
)

// SecurityHeaderType says how a 5GMM message is protected, TS 24.501 §9.3.
type SecurityHeaderType uint8

// Security header types.
const (
	Plain                                SecurityHeaderType = 0
	IntegrityProtected                   SecurityHeaderType = 1
	IntegrityProtectedCiphered           SecurityHeaderType = 2
	IntegrityProtectedNewContext         SecurityHeaderType = 3 // only SECURITY MODE COMMAND
	IntegrityProtectedCipheredNewContext SecurityHeaderType = 4 // only SECURITY MODE COMPLETE
)

// Ciphered tells whether the message inside is ciphered.
func (t SecurityHeaderType) Ciphered() bool {
	return t == IntegrityProtectedCiphered || t == IntegrityProtectedCipheredNewContext
}

// Deciphered is the type of the same message in clear: the one whose message inside is not ciphered.
func (t SecurityHeaderType) Deciphered() SecurityHeaderType {
	if t.Ciphered() {
		return t - 1
	}
	return t
}

// Known tells whether the value is one of TS 24.501 §9.3; the others are reserved.
func (t SecurityHeaderType) Known() bool { return t <= IntegrityProtectedCipheredNewContext }

// SecurityHeaderLen is the number of octets before the plain message inside a security protected one, TS 24.501 §9.1.1:
// discriminator, security header type, message authentication code, sequence number.
const SecurityHeaderLen = 7

// Header is what can be read from a PDU without decoding it, TS 24.501 §9.1.1.
type Header struct {
	EPD            ExtendedProtocolDiscriminator
	SecurityHeader SecurityHeaderType // Plain for 5GSM
	// MessageType is the type of the plain message; of a protected one, the type of the 5GMM message inside,
	// 0 if that is ciphered or absent.
	MessageType uint8
	// Sequence is the sequence number of a protected message (TS 24.501 §9.10).
	Sequence uint8
	// PDUSessionID and PTI are those of a 5GSM message (TS 24.501 §9.4, TS 24.501 §9.6).
	PDUSessionID, PTI uint8
}

// ErrTooShort reports a PDU without a complete message type, which is ignored (TS 24.501 §7.2.1).
var ErrTooShort = errors.New("NAS message is too short for its message type (TS 24.501 §7.2.1)")

// ErrProtocolDiscriminator reports a PDU of another protocol.
var ErrProtocolDiscriminator = errors.New("unknown extended protocol discriminator (TS 24.501 §9.2)")

// ErrSecurityHeader reports a reserved security header type.
var ErrSecurityHeader = errors.New("reserved security header type (TS 24.501 §9.3)")

// Peek reads the header of a PDU, TS 24.501 §9.1.1.
func Peek(b []byte) (Header, error) {
	if len(b) < 3 {
		return Header{}, ErrTooShort
	}
	h := Header{EPD: ExtendedProtocolDiscriminator(b[0])}
	switch h.EPD {
	case EPD5GSM:
		if len(b) < 4 {
			return Header{}, ErrTooShort
		}
		h.PDUSessionID, h.PTI, h.MessageType = b[1], b[2], b[3]
		return h, nil
	case EPD5GMM:
	default:
		return Header{}, ErrProtocolDiscriminator
	}
	h.SecurityHeader = SecurityHeaderType(b[1] & 0x0f)
	if h.SecurityHeader == Plain {
		h.MessageType = b[2]
		return h, nil
	}
	if !h.SecurityHeader.Known() {
		return Header{}, ErrSecurityHeader
	}
	if len(b) < SecurityHeaderLen {
		return Header{}, ErrTooShort
	}
	h.Sequence = b[6]
	if inner := b[SecurityHeaderLen:]; !h.SecurityHeader.Ciphered() && len(inner) >= 3 && inner[0] == byte(EPD5GMM) && inner[1]&0x0f == 0 {
		h.MessageType = inner[2]
	}
	return h, nil
}
