package pfcp

import (
	"bytes"
	"encoding/binary"
)

// Most sessions that a CP function establishes again after a restart have the same rules: their requests differ in what names
// the session alone. A Form is such a request without the names, so that one of a million is made, or read, by a few copies.

// Names are what tells one session from another in the request that establishes it.
type Names struct {
	SEID uint64  // of the CP F-SEID, TS 29.244 §8.2.37
	TEID uint32  // of the local F-TEID of all PDRs that have one, TS 29.244 §8.2.3
	UE   [4]byte // the UE IP address of all PDRs that have one, TS 29.244 §8.2.62
}

// Form is an encoded SessionEstablishmentRequest but for its Names and its sequence number. It is never changed.
type Form struct {
	b     []byte
	names []name // in the order of their places
}

// name is the place of a name.
type name struct {
	at   int
	kind IEType // of the IE around it
}

func (n name) len() int {
	if n.kind == IEFSEID {
		return 8
	}
	return 4
}

// headerLen is the length of the header of a message with a SEID, and sequenceAt the place of the sequence number in it.
const (
	headerLen  = 16
	sequenceAt = 12
)

// NewForm makes a form of an encoded request. It is false for one whose names are not all there once: an F-TEID to be chosen, IPv6,
// several tunnels or addresses.
func NewForm(request []byte) (*Form, Names, bool) {
	h, _, err := DecodeHeader(request)
	if err != nil || h.Type != TypeSessionEstablishmentRequest || len(request) != 4+int(binary.BigEndian.Uint16(request[2:])) {
		return nil, Names{}, false
	}
	f := &Form{b: bytes.Clone(request)}
	if !f.find(headerLen, len(request), 0) {
		return nil, Names{}, false
	}
	n, ok := f.Read(request)
	return f, n, ok
}

// find notes the places of names among the IEs between two places, inside an IE of type within (0: the message).
func (f *Form) find(from, to int, within IEType) bool {
	for at := from; at < to; {
		t, v, _, err := next(f.b[at:to])
		if err != nil {
			return false
		}
		value, end := at+4, at+4+len(v)
		switch {
		case within == 0 && t == IECreatePDR, within == IECreatePDR && t == IEPDI:
			if !f.find(value, end, t) {
				return false
			}
		case within == 0 && t == IEFSEID:
			if len(v) < 9 {
				return false
			}
			f.names = append(f.names, name{value + 1, t})
		case within == IEPDI && t == IEFTEID:
			if len(v) != 9 || v[0] != 1 { // one over IPv4, not to be chosen
				return false
			}
			f.names = append(f.names, name{value + 1, t})
		case within == IEPDI && t == IEUEIPAddress:
			if len(v) != 5 || v[0]&^4 != 2 { // one of IPv4, as a source or a destination
				return false
			}
			f.names = append(f.names, name{value + 1, t})
		}
		at = end
	}
	return true
}

// Read reads the names of a request, which is false unless it has this form.
func (f *Form) Read(request []byte) (n Names, ok bool) {
	if len(request) != len(f.b) || !bytes.Equal(request[:sequenceAt], f.b[:sequenceAt]) {
		return n, false
	}
	var seids, teids, addresses int
	at := sequenceAt + 3
	for _, x := range f.names {
		if !bytes.Equal(request[at:x.at], f.b[at:x.at]) {
			return n, false
		}
		at = x.at + x.len()
		v := request[x.at:at]
		switch x.kind {
		case IEFSEID:
			n.SEID = binary.BigEndian.Uint64(v)
			seids++
		case IEFTEID:
			teid := binary.BigEndian.Uint32(v)
			if teids++; teids > 1 && teid != n.TEID {
				return n, false
			}
			n.TEID = teid
		default:
			if addresses++; addresses > 1 && n.UE != [4]byte(v) {
				return n, false
			}
			n.UE = [4]byte(v)
		}
	}
	return n, seids == 1 && teids > 0 && addresses > 0 && bytes.Equal(request[at:], f.b[at:])
}

// Formed is a SessionEstablishmentRequest of a Form.
type Formed struct {
	Form  *Form
	Names Names
}

// Type is that of a SessionEstablishmentRequest.
func (m *Formed) Type() MessageType { return TypeSessionEstablishmentRequest }

func (m *Formed) append(dst []byte) []byte {
	at := len(dst) - headerLen
	dst = append(dst, m.Form.b[headerLen:]...)
	for _, x := range m.Form.names {
		place := dst[at+x.at:]
		switch x.kind {
		case IEFSEID:
			binary.BigEndian.PutUint64(place, m.Names.SEID)
		case IEFTEID:
			binary.BigEndian.PutUint32(place, m.Names.TEID)
		default:
			copy(place, m.Names.UE[:])
		}
	}
	return dst
}

// decode is never called: what comes is decoded as a SessionEstablishmentRequest.
func (m *Formed) decode([]byte) *Error { return &Error{Cause: CauseSystemFailure} }

// Request is the message as one who reads it has it.
func (m *Formed) Request() *SessionEstablishmentRequest {
	r := new(SessionEstablishmentRequest)
	_ = r.decode(Append(nil, Header{}, m)[headerLen:]) // it was decoded, or made, as one
	return r
}
