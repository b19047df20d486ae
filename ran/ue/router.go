package ue

import (
	"context"
	"encoding/binary"
	"errors"
	"net/netip"
	"time"

	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

// How a UE learns the prefix of an IPv6 session, TS 23.501 §5.8.2.2.3 and RFC 4861 §4.1 and §4.2.
const (
	ipv6Header          = 40
	protocolICMPv6      = 58
	routerSolicitation  = 133
	routerAdvertisement = 134
	advertisementHeader = 16
	prefixInformation   = 3

	solicitations        = 3 // RFC 4861 §10: MAX_RTR_SOLICITATIONS
	solicitationInterval = 4 * time.Second
)

// errNoPrefix says that no router has advertised one.
var errNoPrefix = errors.New("no router advertisement")

// SolicitPrefix asks for the prefix of a session until a router advertises it, and returns it. Error: ErrSession, ErrNoBearer,
// that of the user plane, or that there is no answer.
func (u *UE) SolicitPrefix(ctx context.Context, id uint8) (netip.Prefix, error) {
	for range solicitations {
		s, ok := u.Session(id)
		if !ok {
			return netip.Prefix{}, ErrSession
		}
		if s.Prefix.IsValid() {
			return s.Prefix, nil
		}
		if err := u.SendPacket(id, solicitation(s.InterfaceID)); err != nil {
			return netip.Prefix{}, err
		}
		for end := time.Now().Add(solicitationInterval); time.Now().Before(end); {
			if s, ok := u.Session(id); ok && s.Prefix.IsValid() {
				return s.Prefix, nil
			}
			select {
			case <-ctx.Done():
				return netip.Prefix{}, ctx.Err()
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	return netip.Prefix{}, errNoPrefix
}

// solicitation is a ROUTER SOLICITATION from the link-local address to all routers.
func solicitation(interfaceID [8]byte) []byte {
	p := make([]byte, ipv6Header+8)
	p[0] = 6 << 4
	binary.BigEndian.PutUint16(p[4:], 8)
	p[6], p[7] = protocolICMPv6, 255
	p[8], p[9] = 0xfe, 0x80
	copy(p[16:], interfaceID[:])
	p[24], p[25], p[39] = 0xff, 0x02, 2
	p[ipv6Header] = routerSolicitation
	binary.BigEndian.PutUint16(p[ipv6Header+2:], ^fold(p))
	return p
}

// fold is the sum of an ICMPv6 packet with its pseudo header, RFC 4443 §2.3.
func fold(p []byte) uint16 {
	sum := uint32(len(p)-ipv6Header) + protocolICMPv6
	for at := 8; at+1 < len(p); at += 2 {
		sum += uint32(binary.BigEndian.Uint16(p[at:]))
	}
	if len(p)%2 == 1 {
		sum += uint32(p[len(p)-1]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return uint16(sum)
}

// advertised is the prefix of a ROUTER ADVERTISEMENT; false if the packet is none.
func advertised(p []byte) (netip.Prefix, bool) {
	if len(p) < ipv6Header+advertisementHeader || p[0]>>4 != 6 || p[6] != protocolICMPv6 || p[7] != 255 || p[ipv6Header] != routerAdvertisement || fold(p) != 0xffff {
		return netip.Prefix{}, false
	}
	for options := p[ipv6Header+advertisementHeader:]; len(options) >= 8; {
		size := int(options[1]) * 8
		if size == 0 || size > len(options) {
			break
		}
		if options[0] == prefixInformation && size == 32 && options[2] <= 128 {
			return netip.PrefixFrom(netip.AddrFrom16([16]byte(options[16:32])), int(options[2])).Masked(), true
		}
		options = options[size:]
	}
	return netip.Prefix{}, false
}

// hearRouter takes the prefix of a router advertisement. Call it with u.mu held.
func (s *session) hearRouter(packet []byte) {
	if s.Type != gsm.IPv6 && s.Type != gsm.IPv4v6 {
		return
	}
	if p, is := advertised(packet); is {
		s.Prefix = p
	}
}
