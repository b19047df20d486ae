package sctp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// chunkType is the type of a chunk, RFC 9260 §3.2.
type chunkType uint8

// The chunk types of RFC 9260 §3.2.
const (
	typeDATA             chunkType = 0
	typeINIT             chunkType = 1
	typeINITACK          chunkType = 2
	typeSACK             chunkType = 3
	typeHEARTBEAT        chunkType = 4
	typeHEARTBEATACK     chunkType = 5
	typeABORT            chunkType = 6
	typeSHUTDOWN         chunkType = 7
	typeSHUTDOWNACK      chunkType = 8
	typeERROR            chunkType = 9
	typeCOOKIEECHO       chunkType = 10
	typeCOOKIEACK        chunkType = 11
	typeECNE             chunkType = 12
	typeCWR              chunkType = 13
	typeSHUTDOWNCOMPLETE chunkType = 14
)

// What the two highest bits of an unknown chunk or parameter type ask for, RFC 9260 §3.2 and §3.2.1.
const (
	unknownSkip   = 2 // go on with the next one, else stop
	unknownReport = 1 // tell the peer
)

// flagT tells that the sender had no association and reflected the tag, RFC 9260 §8.5.1.
const flagT = 1

var errChunkValue = errors.New("sctp: chunk is too short")

// dataChunk is DATA, RFC 9260 §3.3.1.
type dataChunk struct {
	Immediate, Unordered, Beginning, Ending bool

	TSN    uint32
	Stream uint16
	SSN    uint16
	PPID   uint32
	Data   []byte // not copied
}

// dataHeaderSize is the length in octets of a DATA chunk without user data.
const dataHeaderSize = 16

func parseDATA(c chunk) (dataChunk, error) {
	if len(c.Value) < dataHeaderSize-chunkHeaderSize {
		return dataChunk{}, errChunkValue
	}
	return dataChunk{
		Immediate: c.Flags&8 != 0,
		Unordered: c.Flags&4 != 0,
		Beginning: c.Flags&2 != 0,
		Ending:    c.Flags&1 != 0,
		TSN:       binary.BigEndian.Uint32(c.Value),
		Stream:    binary.BigEndian.Uint16(c.Value[4:]),
		SSN:       binary.BigEndian.Uint16(c.Value[6:]),
		PPID:      binary.BigEndian.Uint32(c.Value[8:]),
		Data:      c.Value[12:],
	}, nil
}

func (d *dataChunk) append(b []byte) []byte {
	var flags uint8
	for i, f := range [...]bool{d.Ending, d.Beginning, d.Unordered, d.Immediate} {
		if f {
			flags |= 1 << i
		}
	}
	b = append(b, byte(typeDATA), flags)
	b = binary.BigEndian.AppendUint16(b, uint16(dataHeaderSize+len(d.Data)))
	b = binary.BigEndian.AppendUint32(b, d.TSN)
	b = binary.BigEndian.AppendUint16(b, d.Stream)
	b = binary.BigEndian.AppendUint16(b, d.SSN)
	b = binary.BigEndian.AppendUint32(b, d.PPID)
	b = append(b, d.Data...)
	for n := len(d.Data); n%4 != 0; n++ {
		b = append(b, 0)
	}
	return b
}

// gapBlock is a Gap Ack Block: offsets from the cumulative TSN, both ends included, RFC 9260 §3.3.4.
type gapBlock struct{ Start, End uint16 }

// sackChunk is SACK, RFC 9260 §3.3.4.
type sackChunk struct {
	CumulativeTSN uint32
	Window        uint32 // advertised receiver window credit, octets
	Gaps          []gapBlock
	Duplicates    []uint32
}

func parseSACK(c chunk) (sackChunk, error) {
	v := c.Value
	if len(v) < 12 {
		return sackChunk{}, errChunkValue
	}
	s := sackChunk{CumulativeTSN: binary.BigEndian.Uint32(v), Window: binary.BigEndian.Uint32(v[4:])}
	gaps, dups := int(binary.BigEndian.Uint16(v[8:])), int(binary.BigEndian.Uint16(v[10:]))
	if v = v[12:]; len(v) < 4*gaps+4*dups {
		return sackChunk{}, errChunkValue
	}
	if gaps > 0 {
		s.Gaps = make([]gapBlock, gaps)
	}
	for i := range s.Gaps {
		s.Gaps[i] = gapBlock{binary.BigEndian.Uint16(v), binary.BigEndian.Uint16(v[2:])}
		if s.Gaps[i].Start == 0 || s.Gaps[i].End < s.Gaps[i].Start {
			return sackChunk{}, fmt.Errorf("sctp: gap block %d to %d", s.Gaps[i].Start, s.Gaps[i].End)
		}
		v = v[4:]
	}
	if dups > 0 {
		s.Duplicates = make([]uint32, dups)
	}
	for i := range s.Duplicates {
		s.Duplicates[i] = binary.BigEndian.Uint32(v)
		v = v[4:]
	}
	return s, nil
}

func (s *sackChunk) size() int { return 16 + 4*len(s.Gaps) + 4*len(s.Duplicates) }

func (s *sackChunk) append(b []byte) []byte {
	b = append(b, byte(typeSACK), 0)
	b = binary.BigEndian.AppendUint16(b, uint16(s.size()))
	b = binary.BigEndian.AppendUint32(b, s.CumulativeTSN)
	b = binary.BigEndian.AppendUint32(b, s.Window)
	b = binary.BigEndian.AppendUint16(b, uint16(len(s.Gaps)))
	b = binary.BigEndian.AppendUint16(b, uint16(len(s.Duplicates)))
	for _, g := range s.Gaps {
		b = binary.BigEndian.AppendUint16(b, g.Start)
		b = binary.BigEndian.AppendUint16(b, g.End)
	}
	for _, d := range s.Duplicates {
		b = binary.BigEndian.AppendUint32(b, d)
	}
	return b
}

// parseSHUTDOWN returns the cumulative TSN of a SHUTDOWN, RFC 9260 §3.3.8.
func parseSHUTDOWN(c chunk) (uint32, error) {
	if len(c.Value) < 4 {
		return 0, errChunkValue
	}
	return binary.BigEndian.Uint32(c.Value), nil
}

// parameterHeartbeatInfo is the only parameter of HEARTBEAT and HEARTBEAT ACK, RFC 9260 §3.3.5.
const parameterHeartbeatInfo = 1

// parseHEARTBEATACK returns the sender-specific information that came back, RFC 9260 §3.3.6.
func parseHEARTBEATACK(c chunk) ([]byte, error) {
	for p, err := range tlvs(c.Value) {
		if err != nil {
			return nil, err
		}
		if p.Type == parameterHeartbeatInfo {
			return p.Value, nil
		}
	}
	return nil, errors.New("sctp: HEARTBEAT ACK without information")
}

// parseCauses returns the first error cause of an ABORT or ERROR, RFC 9260 §3.3.10, with its text if it has one.
func parseCauses(c chunk) (Cause, string) {
	for p, err := range tlvs(c.Value) {
		if err != nil {
			break
		}
		cause := Cause(p.Type)
		if cause == CauseUserInitiatedAbort || cause == CauseProtocolViolation {
			return cause, printable(p.Value)
		}
		return cause, ""
	}
	return 0, ""
}

// maxReason bounds the text of an abort, in octets.
const maxReason = 256

// printable makes the peer's text safe to log.
func printable(b []byte) string {
	return strings.ToValidUTF8(string(b[:min(len(b), maxReason)]), "\uFFFD")
}

// appendAbort appends an ABORT with one cause, RFC 9260 §3.3.7.
func appendAbort(b []byte, flags uint8, cause Cause, info []byte) []byte {
	if cause == 0 {
		return appendChunk(b, typeABORT, flags, nil)
	}
	return appendChunk(b, typeABORT, flags, causeValue(cause, info))
}

// appendError appends an ERROR with one cause, RFC 9260 §3.3.10.
func appendError(b []byte, cause Cause, info []byte) []byte {
	return appendChunk(b, typeERROR, 0, causeValue(cause, info))
}

// causeValue is one error cause without padding, as a chunk's last parameter must be, RFC 9260 §3.2.
func causeValue(cause Cause, info []byte) []byte {
	return appendTLV(nil, uint16(cause), info)[:4+len(info)]
}
