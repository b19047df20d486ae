// Package probe numbers the packets that a test sends between a phone and a host behind the core, and tells what became of them:
// how many were lost, overtaken or given to somebody else, and the longest time in which none arrived.
package probe

import (
	"encoding/binary"
	"net/netip"
	"sync"
	"time"
)

// Headers is the octets of IPv4 and UDP, and Least those of the smallest packet.
const (
	Headers  = 28
	Least    = Headers + numbered
	numbered = 12 // octets: whose the packet is and which
)

// Stream is the packets of a phone one way.
type Stream struct {
	owner  uint32
	octets int

	mu      sync.Mutex
	first   uint64 // that is counted
	number  uint64 // of the next
	sent    []time.Time
	arrived []bool
	highest uint64 // that arrived, from 1
	last    time.Time
	o       Outcome
}

// Outcome is what became of the packets of a stream.
type Outcome struct {
	Sent      int
	Lost      int
	Reordered int           // arrived after one that was sent later
	Foreign   int           // of another phone, that arrived here
	Gap       time.Duration // the longest time in which none arrived
	Pause     time.Duration // the longest time in which none was sent: this machine has other work
	Losses    [2]time.Time  // when the first and the last that is lost were sent
}

// Arrived tells whether any has arrived.
func (o Outcome) Arrived() bool { return o.Lost < o.Sent }

// New is the stream of a phone, whose number no other stream of its direction has; its packets are of so many octets, at least Least.
func New(owner uint32, octets int) *Stream { return &Stream{owner: owner, octets: max(octets, Least)} }

// Begin counts from here.
func (s *Stream) Begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.first, s.sent, s.arrived, s.highest, s.last, s.o = s.number, nil, nil, 0, time.Now(), Outcome{}
}

// Watch has the longest gap be one that ends from here on.
func (s *Stream) Watch() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.o.Gap = 0
}

// Next is the payload of the next packet, which is sent now.
func (s *Stream) Next() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := make([]byte, s.octets-Headers)
	binary.BigEndian.PutUint32(b, s.owner)
	binary.BigEndian.PutUint64(b[4:], s.number)
	s.number++
	now := time.Now()
	if n := len(s.sent); n > 0 {
		s.o.Pause = max(s.o.Pause, now.Sub(s.sent[n-1]))
	}
	s.sent, s.arrived = append(s.sent, now), append(s.arrived, false)
	return b
}

// Unsent takes the packet of the last Next back: it has not left.
func (s *Stream) Unsent() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.sent) - 1; n >= 0 {
		s.number, s.sent, s.arrived = s.number-1, s.sent[:n], s.arrived[:n]
	}
}

// Owner is whose a payload is; false if it is none of a Stream.
func Owner(payload []byte) (uint32, bool) {
	if len(payload) < numbered {
		return 0, false
	}
	return binary.BigEndian.Uint32(payload), true
}

// Take notes that a payload has arrived. One of before Begin, or that has arrived before, counts for nothing.
func (s *Stream) Take(payload []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	owner, ok := Owner(payload)
	if !ok {
		return
	}
	if owner != s.owner {
		s.o.Foreign++
		return
	}
	i := binary.BigEndian.Uint64(payload[4:]) - s.first
	if i >= uint64(len(s.arrived)) || s.arrived[i] {
		return
	}
	s.arrived[i] = true
	if i+1 < s.highest {
		s.o.Reordered++
	}
	s.highest = max(s.highest, i+1)
	now := time.Now()
	s.o.Gap, s.last = max(s.o.Gap, now.Sub(s.last)), now
}

// Outcome is what became of the packets that were sent until a time.
func (s *Stream) Outcome(until time.Time) Outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.o
	for i, at := range s.sent {
		if at.After(until) {
			break
		}
		if o.Sent++; s.arrived[i] {
			continue
		}
		if o.Lost++; o.Lost == 1 {
			o.Losses[0] = at
		}
		o.Losses[1] = at
	}
	return o
}

// Datagram is an IPv4 packet with a UDP datagram without checksum, RFC 791 §3.1 and RFC 768.
func Datagram(from, to netip.AddrPort, payload []byte) []byte {
	const udp = 17
	b := append(make([]byte, Headers, Headers+len(payload)), payload...)
	b[0], b[8], b[9] = 0x45, 64, udp
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	copy(b[12:], from.Addr().AsSlice())
	copy(b[16:], to.Addr().AsSlice())
	sum := uint32(0)
	for i := 0; i < 20; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	binary.BigEndian.PutUint16(b[10:], ^uint16(sum>>16+sum&0xffff))
	binary.BigEndian.PutUint16(b[20:], from.Port())
	binary.BigEndian.PutUint16(b[22:], to.Port())
	binary.BigEndian.PutUint16(b[24:], uint16(8+len(payload)))
	return b
}

// Payload is what a packet of Datagram, or one with the same headers, carries.
func Payload(packet []byte) []byte {
	if len(packet) < Headers {
		return nil
	}
	return packet[Headers:]
}
