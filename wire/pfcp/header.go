package pfcp

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Port is the UDP port of PFCP, TS 29.244 §4.2.2.
const Port = 8805

// version is the PFCP version that this package speaks, TS 29.244 §7.2.2.1.
const version = 1

// maxSequence is the largest sequence number, TS 29.244 §7.2.2.1.
const maxSequence = 1<<24 - 1

// Header is what a PFCP message begins with, TS 29.244 §7.2.2.
type Header struct {
	Type     MessageType // filled by Decode; Append takes it from the message
	SEID     uint64      // of the receiver, in messages of a session only; 0 if it has none yet
	Sequence uint32      // 24 bits
	Priority Opt[uint8]  // 4 bits, 0 the highest, in messages of a session only
	FollowOn bool        // another message follows in the same datagram
}

// Errors of Decode that are no *Error: the message cannot be answered with a cause.
var (
	// ErrVersion is a message of another version, owed a VersionNotSupportedResponse, TS 29.244 §7.6.2.
	ErrVersion = errors.New("pfcp: version not supported")
	// ErrUnknownMessage is a message type that is silently discarded, TS 29.244 §7.6.4.
	ErrUnknownMessage = errors.New("pfcp: unknown message type")
	// ErrHeader is a message whose header is cut or lies about the length; silently discarded, TS 29.244 §7.6.3.
	ErrHeader = errors.New("pfcp: header cut short")
)

// HasSession tells whether messages of the type carry a SEID, TS 29.244 §7.2.2.4.
func (t MessageType) HasSession() bool { return t >= 50 && t <= 99 }

// IsResponse tells whether messages of the type answer a request.
func (t MessageType) IsResponse() bool {
	if t == TypeVersionNotSupportedResponse {
		return true
	}
	if t < TypeVersionNotSupportedResponse {
		return t%2 == 0
	}
	return t%2 == 1
}

// Response is the type that answers the request type t.
func (t MessageType) Response() MessageType { return t + 1 }

func (t MessageType) String() string {
	if s := messageNames[t]; s != "" {
		return s
	}
	return fmt.Sprintf("PFCP message %d", uint8(t))
}

// body is what the generator writes for each message.
type body interface {
	append(dst []byte) []byte
	decode(b []byte) *Error
}

// Append appends the message with its header to dst. The result is right as long as the message stays below 65,536
// octets; Endpoint refuses larger ones.
func Append(dst []byte, h Header, m Message) []byte {
	at := len(dst)
	t := m.Type()
	dst = append(dst, version<<5|bit(h.FollowOn, 4), byte(t), 0, 0)
	var priority byte
	if t.HasSession() {
		dst[at] |= 1
		if p, ok := h.Priority.Get(); ok {
			dst[at] |= 2
			priority = p << 4
		}
		dst = binary.BigEndian.AppendUint64(dst, h.SEID)
	}
	dst = binary.BigEndian.AppendUint32(dst, h.Sequence<<8|uint32(priority))
	dst = m.append(dst)
	binary.BigEndian.PutUint16(dst[at+2:], uint16(len(dst)-at-4))
	return dst
}

// Decode reads one message. Octets after the length that the header tells are ignored. On error the header holds
// what was readable, and a *Error tells the cause that the answer owes, TS 29.244 §7.6.
func Decode(b []byte) (Header, Message, error) {
	h, rest, err := DecodeHeader(b)
	if err != nil {
		return h, nil, err
	}
	m := newMessage(h.Type)
	if m == nil {
		return h, nil, fmt.Errorf("%w %d", ErrUnknownMessage, uint8(h.Type))
	}
	if err := m.decode(rest); err != nil {
		return h, nil, err
	}
	return h, m, nil
}

// DecodeHeader reads the header of a message and returns the octets of its IEs.
func DecodeHeader(b []byte) (Header, []byte, error) {
	if len(b) < 8 {
		return Header{}, nil, ErrHeader
	}
	flags := b[0]
	h := Header{Type: MessageType(b[1]), FollowOn: flags&4 != 0}
	if flags>>5 != version {
		h.Sequence = binary.BigEndian.Uint32(b[4:]) >> 8
		if flags&1 != 0 && len(b) >= 16 {
			h.Sequence = binary.BigEndian.Uint32(b[12:]) >> 8
		}
		return h, nil, ErrVersion
	}
	length := 4 + int(binary.BigEndian.Uint16(b[2:]))
	if length > len(b) || (flags&1 != 0) != h.Type.HasSession() {
		return h, nil, ErrHeader
	}
	b = b[4:length]
	var sequence uint32
	if flags&1 != 0 {
		if len(b) < 12 {
			return h, nil, ErrHeader
		}
		h.SEID, b = binary.BigEndian.Uint64(b), b[8:]
	}
	if len(b) < 4 {
		return h, nil, ErrHeader
	}
	sequence, b = binary.BigEndian.Uint32(b), b[4:]
	h.Sequence = sequence >> 8
	if flags&3 == 3 {
		h.Priority = Some(byte(sequence) >> 4)
	}
	return h, b, nil
}
