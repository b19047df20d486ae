package gmm

import (
	"encoding/binary"

	"github.com/limpid-5g/limpid/wire/nas"
)

// PayloadIE is an element that goes with a payload, TS 24.501 table 9.11.3.39.1, such as the PDU session ID (IEI 0x12).
type PayloadIE struct {
	IEI   uint8
	Value []byte
}

// Payload is an entry of a payload container of type "multiple payloads", TS 24.501 §9.11.3.39.
type Payload struct {
	Type     PayloadContainerType
	IEs      []PayloadIE
	Contents []byte
}

// PDUSessionID returns the PDU session of the payload, and false if it has none.
func (p Payload) PDUSessionID() (uint8, bool) {
	for _, ie := range p.IEs {
		if ie.IEI == 0x12 && len(ie.Value) == 1 {
			return ie.Value[0], true
		}
	}
	return 0, false
}

const maxPayloadIEs = 15

// ParsePayloads reads the contents of a payload container of type "multiple payloads".
func ParsePayloads(b []byte) ([]Payload, error) {
	if len(b) == 0 {
		return nil, nas.ErrLength
	}
	n := int(b[0])
	b = b[1:]
	payloads := make([]Payload, 0, min(n, len(b)/3))
	for range n {
		if len(b) < 3 {
			return nil, nas.ErrLength
		}
		size := int(binary.BigEndian.Uint16(b))
		if size < 1 || size > len(b)-2 {
			return nil, nas.ErrLength
		}
		p, err := parsePayload(b[2 : 2+size])
		if err != nil {
			return nil, err
		}
		payloads = append(payloads, p)
		b = b[2+size:]
	}
	return payloads, nil
}

func parsePayload(b []byte) (Payload, error) {
	p := Payload{Type: PayloadContainerType(b[0] & 0x0f)}
	n := b[0] >> 4
	b = b[1:]
	for range n {
		if len(b) < 2 || 2+int(b[1]) > len(b) {
			return Payload{}, nas.ErrLength
		}
		end := 2 + int(b[1])
		p.IEs = append(p.IEs, PayloadIE{b[0], b[2:end:end]})
		b = b[end:]
	}
	p.Contents = b
	return p, nil
}

// AppendPayloads writes the contents of a payload container of type "multiple payloads".
func AppendPayloads(dst []byte, payloads []Payload) ([]byte, error) {
	if len(payloads) == 0 || len(payloads) > 255 {
		return dst, nas.ErrTooMany
	}
	dst = append(dst, byte(len(payloads)))
	for _, p := range payloads {
		if len(p.IEs) > maxPayloadIEs {
			return dst, nas.ErrTooMany
		}
		at := len(dst)
		dst = append(dst, 0, 0, byte(len(p.IEs))<<4|byte(p.Type)&0x0f)
		for _, ie := range p.IEs {
			if len(ie.Value) > 255 {
				return dst, nas.ErrLength
			}
			dst = append(dst, ie.IEI, byte(len(ie.Value)))
			dst = append(dst, ie.Value...)
		}
		dst = append(dst, p.Contents...)
		size := len(dst) - at - 2
		if size > 0xffff {
			return dst, nas.ErrLength
		}
		binary.BigEndian.PutUint16(dst[at:], uint16(size))
	}
	return dst, nil
}
