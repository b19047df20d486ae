package soft

import (
	"encoding/binary"
	"math/bits"
)

// The kernel hands over what it would leave to a network card: packets whose checksum is not finished, and TCP
// packets of up to 64 KiB that are to be cut. Both spare a system call and a walk through the stack per packet.

// virtioHeader is what stands before each packet of the TUN: struct virtio_net_hdr of linux/virtio_net.h, in the
// machine's byte order.
const virtioHeader = 10

// Values of the header.
const (
	virtioNeedsChecksum = 1
	virtioNone          = 0
	virtioTCPv4         = 1
	virtioTCPv6         = 4
	virtioECN           = 0x80
)

// TCP flags.
const (
	tcpFIN = 0x01
	tcpPSH = 0x08
	tcpCWR = 0x80
)

const maxTUNPacket = virtioHeader + 1<<16

// unpack yields the packets in what was read from the TUN: emit gets the parts to join, header and body, for each. It
// returns false if the kernel's header makes no sense.
func unpack(b []byte, emit func(header, body []byte)) bool {
	if len(b) < virtioHeader {
		return false
	}
	flags, kind := b[0], b[1]&^virtioECN
	size := int(binary.NativeEndian.Uint16(b[4:]))
	start, offset := int(binary.NativeEndian.Uint16(b[6:])), int(binary.NativeEndian.Uint16(b[8:]))
	packet := b[virtioHeader:]
	switch kind {
	case virtioNone:
		if flags&virtioNeedsChecksum != 0 {
			if start+offset+2 > len(packet) {
				return false
			}
			// The field holds the sum of the pseudo header already. A result of 0 would mean "none" in UDP,
			// RFC 768.
			check := ^fold(sum(0, packet[start:]))
			if check == 0 {
				check = 0xffff
			}
			binary.BigEndian.PutUint16(packet[start+offset:], check)
		}
		emit(nil, packet)
		return true
	case virtioTCPv4, virtioTCPv6:
		return segment(packet, kind == virtioTCPv6, start, size, emit)
	}
	return false
}

// segment cuts a TCP packet into packets of at most size octets of data; start is where the TCP header begins.
func segment(packet []byte, v6 bool, start, size int, emit func(header, body []byte)) bool {
	least := 20
	if v6 {
		least = 40
	}
	if start < least || size == 0 || len(packet) < start+20 {
		return false
	}
	n := start + int(packet[start+12]>>4)*4
	if n < start+20 || n > len(packet) {
		return false
	}
	header, data := packet[:n], packet[n:]
	sequence, flags := binary.BigEndian.Uint32(header[start+4:]), header[start+13]
	var id uint16
	if !v6 {
		id = binary.BigEndian.Uint16(header[4:])
	}
	for at, i := 0, uint16(0); at < len(data) || at == 0; at, i = at+size, i+1 {
		body := data[at:min(at+size, len(data))]
		last := at+size >= len(data)
		binary.BigEndian.PutUint32(header[start+4:], sequence+uint32(at))
		header[start+13] = segmentFlags(flags, at == 0, last)
		if v6 {
			binary.BigEndian.PutUint16(header[4:], uint16(len(header)-40+len(body)))
		} else {
			binary.BigEndian.PutUint16(header[2:], uint16(len(header)+len(body)))
			binary.BigEndian.PutUint16(header[4:], id+i)
			binary.BigEndian.PutUint16(header[10:], 0)
			binary.BigEndian.PutUint16(header[10:], ^fold(sum(0, header[:start])))
		}
		finishTCP(header, body, v6, start)
		emit(header, body)
	}
	return true
}

// segmentFlags are the TCP flags of a part: the end of the stream and the push are the last part's, the congestion
// window's reduction the first's.
func segmentFlags(flags byte, first, last bool) byte {
	if !last {
		flags &^= tcpFIN | tcpPSH
	}
	if !first {
		flags &^= tcpCWR
	}
	return flags
}

// finishTCP writes the checksum of RFC 9293 §3.1.
func finishTCP(header, body []byte, v6 bool, start int) {
	addresses := header[12:20]
	if v6 {
		addresses = header[8:40]
	}
	binary.BigEndian.PutUint16(header[start+16:], 0)
	s := sum(uint64(len(header)-start+len(body))+protoTCP, addresses)
	s = sum(s, header[start:]) // of even length: the body goes on where it ends
	binary.BigEndian.PutUint16(header[start+16:], ^fold(sum(s, body)))
}

const protoTCP = 6

// sum adds the octets of b to a one's complement sum, RFC 1071 §1. A fold makes 16 bits of it.
func sum(s uint64, b []byte) uint64 {
	var carry uint64
	for len(b) >= 32 {
		s, carry = bits.Add64(s, binary.BigEndian.Uint64(b), 0)
		s, carry = bits.Add64(s, binary.BigEndian.Uint64(b[8:]), carry)
		s, carry = bits.Add64(s, binary.BigEndian.Uint64(b[16:]), carry)
		s, carry = bits.Add64(s, binary.BigEndian.Uint64(b[24:]), carry)
		s, carry = bits.Add64(s, 0, carry)
		s += carry
		b = b[32:]
	}
	for len(b) >= 4 {
		s, carry = bits.Add64(s, uint64(binary.BigEndian.Uint32(b)), 0)
		s += carry
		b = b[4:]
	}
	var rest [4]byte
	copy(rest[:], b)
	s, carry = bits.Add64(s, uint64(binary.BigEndian.Uint32(rest[:])), 0)
	return s + carry
}

func fold(s uint64) uint16 {
	s = s>>32 + s&0xffffffff
	s = s>>32 + s&0xffffffff
	s = s>>16 + s&0xffff
	s = s>>16 + s&0xffff
	return uint16(s>>16 + s&0xffff)
}
