package sctp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
)

// headerSize is the length in octets of the common header, RFC 9260 §3.1.
const headerSize = 12

// header is the SCTP common header, RFC 9260 §3.1.
type header struct {
	SourcePort      uint16
	DestinationPort uint16
	VerificationTag uint32
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var (
	errPacketShort    = errors.New("sctp: packet is shorter than header and one chunk")
	errPacketChecksum = errors.New("sctp: CRC32c is wrong")
	errPacketPort     = errors.New("sctp: port 0")
	errChunkLength    = errors.New("sctp: chunk length is outside the packet")
)

// checksum is the CRC32c of a packet with its checksum field taken as zero, RFC 9260 §6.8.
func checksum(p []byte) uint32 {
	var zero [4]byte
	c := crc32.Update(0, castagnoli, p[:8])
	c = crc32.Update(c, castagnoli, zero[:])
	return crc32.Update(c, castagnoli, p[headerSize:])
}

// parseHeader checks the common header and the checksum, RFC 9260 §6.8.
func parseHeader(p []byte) (header, error) {
	if len(p) < headerSize+chunkHeaderSize {
		return header{}, errPacketShort
	}
	if binary.LittleEndian.Uint32(p[8:]) != checksum(p) {
		return header{}, errPacketChecksum
	}
	h := header{
		SourcePort:      binary.BigEndian.Uint16(p),
		DestinationPort: binary.BigEndian.Uint16(p[2:]),
		VerificationTag: binary.BigEndian.Uint32(p[4:]),
	}
	if h.SourcePort == 0 || h.DestinationPort == 0 {
		return header{}, errPacketPort
	}
	return h, nil
}

// appendHeader begins a packet; seal ends it.
func appendHeader(b []byte, h header) []byte {
	b = binary.BigEndian.AppendUint16(b, h.SourcePort)
	b = binary.BigEndian.AppendUint16(b, h.DestinationPort)
	b = binary.BigEndian.AppendUint32(b, h.VerificationTag)
	return append(b, 0, 0, 0, 0)
}

// seal writes the checksum of a whole packet.
func seal(p []byte) {
	binary.LittleEndian.PutUint32(p[8:], checksum(p))
}

// chunkHeaderSize is the length in octets of type, flags and length, RFC 9260 §3.2.
const chunkHeaderSize = 4

// chunk is one chunk inside a packet, not copied.
type chunk struct {
	Type  chunkType
	Flags uint8
	Value []byte // without header and padding
	raw   []byte // with header, without padding
}

// chunks walks over the chunks of a packet, RFC 9260 §3.2. It ends after the first error.
func chunks(p []byte) iter.Seq2[chunk, error] {
	return func(yield func(chunk, error) bool) {
		for rest := p[headerSize:]; len(rest) > 0; {
			if len(rest) < chunkHeaderSize {
				yield(chunk{}, errChunkLength)
				return
			}
			n := int(binary.BigEndian.Uint16(rest[2:]))
			if n < chunkHeaderSize || n > len(rest) {
				yield(chunk{}, errChunkLength)
				return
			}
			c := chunk{Type: chunkType(rest[0]), Flags: rest[1], Value: rest[chunkHeaderSize:n:n], raw: rest[:n:n]}
			if !yield(c, nil) {
				return
			}
			rest = rest[min(padded(n), len(rest)):]
		}
	}
}

// padded rounds a length up to the multiple of four that RFC 9260 §3.2 asks for.
func padded(n int) int { return (n + 3) &^ 3 }

// appendTLV appends what chunks, parameters and error causes share: a 16-bit head, a 16-bit length that counts
// head, length and value, the value, and padding, RFC 9260 §3.2 and §3.2.1. The value must fit 16 bits of length.
func appendTLV(b []byte, head uint16, value []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, head)
	b = binary.BigEndian.AppendUint16(b, uint16(4+len(value)))
	b = append(b, value...)
	return append(b, make([]byte, padded(len(value))-len(value))...)
}

// appendChunk appends a chunk with padding.
func appendChunk(b []byte, t chunkType, flags uint8, value []byte) []byte {
	return appendTLV(b, uint16(t)<<8|uint16(flags), value)
}

// tlv is a parameter or an error cause inside a chunk, not copied.
type tlv struct {
	Type  uint16
	Value []byte
	raw   []byte
}

// tlvs walks over parameters or error causes, RFC 9260 §3.2.1. It ends after the first error.
func tlvs(b []byte) iter.Seq2[tlv, error] {
	return func(yield func(tlv, error) bool) {
		for rest := b; len(rest) > 0; {
			if len(rest) < 4 {
				yield(tlv{}, fmt.Errorf("sctp: parameter of %d octets", len(rest)))
				return
			}
			n := int(binary.BigEndian.Uint16(rest[2:]))
			if n < 4 || n > len(rest) {
				yield(tlv{}, fmt.Errorf("sctp: parameter length %d in %d octets", n, len(rest)))
				return
			}
			t := tlv{Type: binary.BigEndian.Uint16(rest), Value: rest[4:n:n], raw: rest[:n:n]}
			if !yield(t, nil) {
				return
			}
			rest = rest[min(padded(n), len(rest)):]
		}
	}
}
