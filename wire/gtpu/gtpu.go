// Package gtpu is the user plane of GTP, TS 29.281 (Release 17), with the PDU session container of TS 38.415: what
// goes over N3 and N9. Parse and the Append functions allocate nothing; payloads are views into the caller's buffer.
package gtpu

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Port is the UDP port of GTP-U, TS 29.281 §4.4.2.
const Port = 2152

// MessageType is the type of a GTP-U message, TS 29.281 §6.1.
type MessageType uint8

// Message types, TS 29.281 §6.1.
const (
	EchoRequest                           MessageType = 1
	EchoResponse                          MessageType = 2
	ErrorIndication                       MessageType = 26
	SupportedExtensionHeadersNotification MessageType = 31
	EndMarker                             MessageType = 254
	GPDU                                  MessageType = 255
)

func (t MessageType) String() string {
	switch t {
	case EchoRequest:
		return "Echo Request"
	case EchoResponse:
		return "Echo Response"
	case ErrorIndication:
		return "Error Indication"
	case SupportedExtensionHeadersNotification:
		return "Supported Extension Headers Notification"
	case EndMarker:
		return "End Marker"
	case GPDU:
		return "G-PDU"
	}
	return fmt.Sprintf("GTP-U message %d", uint8(t))
}

// Extension header types, TS 29.281 §5.2.1.
const (
	extNone                = 0x00
	extUDPPort             = 0x40
	extPDUSessionContainer = 0x85
	extPDCPPDUNumber       = 0xc0
)

// Errors of Parse. None says what the packet held: the sender is not trusted.
var (
	// ErrTruncated is a packet or an extension header that is cut, or whose length lies, TS 29.281 §5.1.
	ErrTruncated = errors.New("gtpu: packet cut short")
	// ErrVersion is a packet that is not GTPv1-U, TS 29.281 §5.1.
	ErrVersion = errors.New("gtpu: not GTP version 1 user plane")
)

// UnsupportedExtension is an extension header that the receiver must comprehend and does not, TS 29.281 §5.2.1. It is
// owed a Supported Extension Headers Notification, TS 29.281 §7.2.3.
type UnsupportedExtension uint8

func (e UnsupportedExtension) Error() string {
	return fmt.Sprintf("gtpu: extension header %#02x must be comprehended and is not", uint8(e))
}

// Packet is one GTP-U packet.
type Packet struct {
	Type       MessageType
	TEID       uint32
	Payload    []byte // what follows the header: the user's packet of a G-PDU, the IEs of a signalling message
	Session    PDUSession
	Sequence   uint16
	UDPPort    uint16 // of the packet that an Error Indication is about, TS 29.281 §5.2.2.1
	NPDU       uint8
	HasSession bool
	HasSequence,
	HasNPDU,
	HasUDPPort bool
}

const (
	flagPN      = 1
	flagS       = 2
	flagE       = 4
	versionPT   = 0x30 // version 1, protocol type GTP
	maskVersion = 0xf0 // with the PT bit
)

// headerLength is the mandatory part of the header, TS 29.281 §5.1.
const headerLength = 8

// Parse reads a packet; what p held before is forgotten. Extension headers that need not be comprehended are skipped,
// TS 29.281 §5.2.1. Payload is a part of b.
func Parse(b []byte, p *Packet) error {
	*p = Packet{}
	if len(b) < headerLength {
		return ErrTruncated
	}
	flags := b[0]
	if flags&maskVersion != versionPT {
		return ErrVersion
	}
	p.Type, p.TEID = MessageType(b[1]), binary.BigEndian.Uint32(b[4:])
	end := headerLength + int(binary.BigEndian.Uint16(b[2:]))
	if end > len(b) {
		return ErrTruncated
	}
	b = b[headerLength:end]
	if flags&(flagE|flagS|flagPN) == 0 {
		p.Payload = b
		return nil
	}
	if len(b) < 4 {
		return ErrTruncated
	}
	if flags&flagS != 0 {
		p.HasSequence, p.Sequence = true, binary.BigEndian.Uint16(b)
	}
	if flags&flagPN != 0 {
		p.HasNPDU, p.NPDU = true, b[2]
	}
	kind := b[3]
	b = b[4:]
	if flags&flagE != 0 {
		var err error
		if b, err = p.extensions(kind, b); err != nil {
			return err
		}
	}
	p.Payload = b
	return nil
}

// extensions reads the chain of extension headers that begins with one of the given type, TS 29.281 §5.2.1.
func (p *Packet) extensions(kind byte, b []byte) ([]byte, error) {
	for kind != extNone {
		if len(b) < 4 || b[0] == 0 || len(b) < 4*int(b[0]) {
			return nil, ErrTruncated
		}
		n := 4 * int(b[0])
		content := b[1 : n-1]
		switch kind {
		case extPDUSessionContainer:
			s, ok := parsePDUSession(content)
			if !ok {
				return nil, ErrTruncated
			}
			p.Session, p.HasSession = s, true
		case extUDPPort:
			p.UDPPort, p.HasUDPPort = binary.BigEndian.Uint16(content), true
		case extPDCPPDUNumber: // of a handover's forwarding tunnel: nothing that concerns a user plane function
		default:
			if kind&0x80 != 0 {
				return nil, UnsupportedExtension(kind)
			}
		}
		kind, b = b[n-1], b[n:]
	}
	return b, nil
}

// Append appends the packet, its extension headers and its payload to dst. A payload above 65,000 octets is cut by
// no one: the caller keeps it within the MTU.
func Append(dst []byte, p *Packet) []byte {
	at := len(dst)
	dst = append(dst, versionPT, byte(p.Type), 0, 0)
	dst = binary.BigEndian.AppendUint32(dst, p.TEID)
	if p.HasSequence || p.HasNPDU || p.HasSession || p.HasUDPPort {
		var sequence uint16
		var npdu byte
		if p.HasSequence {
			dst[at] |= flagS
			sequence = p.Sequence
		}
		if p.HasNPDU {
			dst[at] |= flagPN
			npdu = p.NPDU
		}
		dst = append(binary.BigEndian.AppendUint16(dst, sequence), npdu)
		dst = p.appendExtensions(dst, at)
	}
	dst = append(dst, p.Payload...)
	binary.BigEndian.PutUint16(dst[at+2:], uint16(len(dst)-at-headerLength))
	return dst
}

// appendExtensions appends the first extension header's type and the chain, the PDU session container first.
func (p *Packet) appendExtensions(dst []byte, at int) []byte {
	if p.HasSession {
		dst[at] |= flagE
		dst = p.Session.append(append(dst, extPDUSessionContainer))
	}
	if p.HasUDPPort {
		dst[at] |= flagE
		dst = append(dst, extUDPPort, 1, byte(p.UDPPort>>8), byte(p.UDPPort))
	}
	return append(dst, extNone)
}
