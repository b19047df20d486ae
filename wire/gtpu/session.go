package gtpu

import "encoding/binary"

// PDUType tells the direction of a PDU session container, TS 38.415 §5.5.3.1.
type PDUType uint8

// PDUType values.
const (
	Downlink PDUType = 0
	Uplink   PDUType = 1
)

// PDUSession is the PDU session user plane protocol's frame that a G-PDU carries: DL PDU SESSION INFORMATION,
// TS 38.415 §5.5.2.1, or UL PDU SESSION INFORMATION, TS 38.415 §5.5.2.2. Timestamps, delays and sequence numbers
// are skipped when read and never written.
type PDUSession struct {
	Type   PDUType
	QFI    uint8 // 6 bits
	RQI    bool  // downlink: the UE is to derive an uplink rule from the packet
	HasPPI bool  // downlink
	PPI    uint8 // downlink: paging policy indicator, 3 bits
}

func parsePDUSession(b []byte) (PDUSession, bool) {
	if len(b) < 2 {
		return PDUSession{}, false
	}
	s := PDUSession{Type: PDUType(b[0] >> 4), QFI: b[1] & 0x3f}
	if s.Type != Downlink {
		return s, true
	}
	s.RQI, s.HasPPI = b[1]&0x40 != 0, b[1]&0x80 != 0
	if s.HasPPI {
		if len(b) < 3 {
			return s, false
		}
		s.PPI = b[2] >> 5
	}
	return s, true
}

// append appends length and content of the extension header; the next header's type is the caller's.
func (s PDUSession) append(dst []byte) []byte {
	second := s.second()
	if s.Type == Downlink && s.HasPPI {
		return append(dst, 2, byte(s.Type)<<4, second|0x80, s.PPI<<5, 0, 0, 0)
	}
	return append(dst, 1, byte(s.Type)<<4, second)
}

func (s PDUSession) second() byte {
	if s.Type == Downlink && s.RQI {
		return s.QFI&0x3f | 0x40
	}
	return s.QFI & 0x3f
}

// Headroom is what Encapsulate needs before the user's packet: header, options and a container of four octets.
const Headroom = 16

// Encapsulate writes the header of a G-PDU with a PDU session container (without PPI) right before the user's packet
// buf[at:], which it does not move, and returns where the G-PDU begins. at is at least Headroom.
func Encapsulate(buf []byte, at int, teid uint32, s PDUSession) int {
	h := buf[at-Headroom : at : at]
	binary.BigEndian.PutUint64(h, uint64(versionPT|flagE)<<56|uint64(GPDU)<<48|uint64(len(buf)-at+Headroom-headerLength)<<32|uint64(teid))
	binary.BigEndian.PutUint64(h[8:], extPDUSessionContainer<<32|1<<24|uint64(s.Type&0xf)<<20|uint64(s.second())<<8)
	return at - Headroom
}
