package gtpu

import (
	"encoding/binary"
	"net/netip"
)

// IE types, TS 29.281 §8.1. A clear first bit means a type and a value of known length, a set one a length
// between them.
const (
	ieRecovery                = 14
	ieTEIDDataI               = 16
	iePeerAddress             = 133
	ieExtensionHeaderTypeList = 141
	iePrivateExtension        = 255
)

// AppendEchoRequest appends an Echo Request, TS 29.281 §7.2.1.
func AppendEchoRequest(dst []byte, sequence uint16) []byte {
	return Append(dst, &Packet{Type: EchoRequest, HasSequence: true, Sequence: sequence})
}

// AppendEchoResponse appends an Echo Response, TS 29.281 §7.2.2; its restart counter is 0 as the clause wants.
func AppendEchoResponse(dst []byte, sequence uint16) []byte {
	recovery := [...]byte{ieRecovery, 0}
	return Append(dst, &Packet{Type: EchoResponse, HasSequence: true, Sequence: sequence, Payload: recovery[:]})
}

// AppendErrorIndication appends an Error Indication for a G-PDU to the unknown tunnel teid at local,
// TS 29.281 §7.3.1. port is the source port that the G-PDU came from, for senders that use several, TS 29.281 §5.2.2.1.
func AppendErrorIndication(dst []byte, teid uint32, local netip.Addr, port uint16) []byte {
	var buf [24]byte
	ies := binary.BigEndian.AppendUint32(append(buf[:0], ieTEIDDataI), teid)
	if local.Is4() {
		a := local.As4()
		ies = append(append(ies, iePeerAddress, 0, 4), a[:]...)
	} else {
		a := local.As16()
		ies = append(append(ies, iePeerAddress, 0, 16), a[:]...)
	}
	return Append(dst, &Packet{Type: ErrorIndication, HasSequence: true, HasUDPPort: true, UDPPort: port, Payload: ies})
}

// AppendEndMarker appends an End Marker, TS 29.281 §7.3.2, with the container that says which session it is of.
func AppendEndMarker(dst []byte, teid uint32, s PDUSession) []byte {
	return Append(dst, &Packet{Type: EndMarker, TEID: teid, HasSession: true, Session: s})
}

// AppendSupportedExtensions appends a Supported Extension Headers Notification with the types that Parse
// comprehends, TS 29.281 §7.2.3.
func AppendSupportedExtensions(dst []byte, sequence uint16) []byte {
	list := [...]byte{ieExtensionHeaderTypeList, 3, extUDPPort, extPDUSessionContainer, extPDCPPDUNumber}
	return Append(dst, &Packet{Type: SupportedExtensionHeadersNotification, HasSequence: true, Sequence: sequence, Payload: list[:]})
}

// DeadTunnel is what an Error Indication tells: the peer at Peer does not know the tunnel TEID.
type DeadTunnel struct {
	TEID uint32
	Peer netip.Addr
}

// ParseErrorIndication reads the payload of an Error Indication, TS 29.281 §7.3.1.
func ParseErrorIndication(b []byte) (DeadTunnel, error) {
	var d DeadTunnel
	var hasTEID bool
	for len(b) > 0 {
		kind := b[0]
		value, rest, err := splitIE(b)
		if err != nil {
			return DeadTunnel{}, err
		}
		switch {
		case kind == ieTEIDDataI:
			d.TEID, hasTEID = binary.BigEndian.Uint32(value), true
		case kind == iePeerAddress:
			a, ok := netip.AddrFromSlice(value)
			if !ok {
				return DeadTunnel{}, ErrTruncated
			}
			d.Peer = a
		}
		b = rest
	}
	if !hasTEID || !d.Peer.IsValid() {
		return DeadTunnel{}, ErrTruncated
	}
	return d, nil
}

// ParseRecovery reads the restart counter of an Echo Response's payload, TS 29.281 §8.2. Receivers ignore its value;
// its absence is an error.
func ParseRecovery(b []byte) (uint8, error) {
	for len(b) > 0 {
		kind := b[0]
		value, rest, err := splitIE(b)
		if err != nil {
			return 0, err
		}
		if kind == ieRecovery {
			return value[0], nil
		}
		b = rest
	}
	return 0, ErrTruncated
}

// splitIE splits the first IE off b, which is not empty.
func splitIE(b []byte) (value, rest []byte, err error) {
	kind, n, head := b[0], 0, 1
	switch {
	case kind == ieRecovery:
		n = 1
	case kind == ieTEIDDataI:
		n = 4
	case kind == ieExtensionHeaderTypeList:
		if len(b) < 2 {
			return nil, nil, ErrTruncated
		}
		n, head = int(b[1]), 2
	case kind&0x80 != 0:
		if len(b) < 3 {
			return nil, nil, ErrTruncated
		}
		n, head = int(binary.BigEndian.Uint16(b[1:])), 3
	default: // an unknown type without a length: what follows cannot be found
		return nil, nil, ErrTruncated
	}
	if len(b) < head+n {
		return nil, nil, ErrTruncated
	}
	return b[head : head+n], b[head+n:], nil
}
