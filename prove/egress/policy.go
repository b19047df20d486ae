// Package egress has the kernel refuse every destination that is not declared: programs on the control group of the process
// look at each connect, each send and each packet that leaves by one of its sockets, whatever the protocol and whatever a
// rule of the host made of its destination. What is refused is counted and told with the culprit. It is for Linux.
package egress

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
)

// Protocols of IP.
const (
	ICMP = 1
	TCP  = 6
	UDP  = 17
	SCTP = 132

	multipathTCP = 262 // of a socket, RFC 8684; on the wire it is TCP
)

// Rule lets packets of one protocol leave for a network.
type Rule struct {
	Network  netip.Prefix
	Protocol uint8
	Local    uint16 // port, 0: any
	Remote   uint16 // port, 0: any
	Why      string
}

func (r Rule) String() string {
	text := fmt.Sprintf("%s to %s", protocolName(r.Protocol), r.Network)
	if r.Remote != 0 {
		text += fmt.Sprintf(" port %d", r.Remote)
	}
	if r.Local != 0 {
		text += fmt.Sprintf(" from port %d", r.Local)
	}
	return text + ": " + r.Why
}

func protocolName[N uint8 | uint32](p N) string {
	switch p {
	case ICMP:
		return "ICMP"
	case TCP:
		return "TCP"
	case UDP:
		return "UDP"
	case SCTP:
		return "SCTP"
	}
	if uint32(p) == multipathTCP {
		return "multipath TCP"
	}
	return fmt.Sprintf("IP protocol %d", p)
}

// Policy is all that may leave.
type Policy struct {
	Rules []Rule
	// Raw are the protocols for which a raw socket may be made, besides the plain kinds of sockets for TCP, UDP and SCTP.
	Raw []uint8
}

// alternatives is how many pairs of ports the programs look at for one network and protocol.
const alternatives = 8

// key is an entry of the trie: protocol, then address, both in network order.
type key struct {
	Bits     uint32
	Protocol uint32
	Address  [16]byte
}

// pair is a local and a remote port, in network order; 0: any.
type pair struct {
	Valid         uint32
	Local, Remote uint16
}

type entry [alternatives]pair

const protocolBits = 32

func keyOf(network netip.Prefix, protocol uint8) key {
	k := key{Address: network.Addr().As16()}
	k.Protocol = networkOrder32(uint32(protocol))
	bits := network.Bits()
	if network.Addr().Is4() {
		bits += 96
	}
	k.Bits = protocolBits + uint32(bits)
	return k
}

func networkOrder32(n uint32) uint32 {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], n)
	return binary.NativeEndian.Uint32(b[:])
}

func networkOrder16(n uint16) uint16 {
	var b [2]byte
	binary.BigEndian.PutUint16(b[:], n)
	return binary.NativeEndian.Uint16(b[:])
}

// entries compiles the rules: the longest prefix decides, so it also holds the pairs of the shorter ones that cover it.
func (p Policy) entries() (map[key]entry, error) {
	out := make(map[key]entry)
	for _, r := range p.Rules {
		if !r.Network.IsValid() || r.Protocol == 0 {
			return nil, fmt.Errorf("egress: %v: want a network and a protocol", r)
		}
		var pairs []pair
		for _, other := range p.Rules {
			covers := other.Protocol == r.Protocol && other.Network.Bits() <= r.Network.Bits() && other.Network.Contains(r.Network.Addr())
			if covers {
				pairs = append(pairs, pair{1, networkOrder16(other.Local), networkOrder16(other.Remote)})
			}
		}
		slices.SortFunc(pairs, func(a, b pair) int { return cmp.Or(cmp.Compare(a.Local, b.Local), cmp.Compare(a.Remote, b.Remote)) })
		pairs = slices.Compact(pairs)
		if len(pairs) > alternatives {
			return nil, fmt.Errorf("egress: %v: more than %d pairs of ports for one network", r, alternatives)
		}
		var e entry
		copy(e[:], pairs)
		out[keyOf(r.Network.Masked(), r.Protocol)] = e
	}
	return out, nil
}
