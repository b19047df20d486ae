package ue

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

// TestRouterAdvertisement: RFC 4861 §4.1 and §4.2, RFC 4443 §2.3: a solicitation has a right sum, and a prefix is taken from
// a whole and true advertisement alone.
func TestRouterAdvertisement(t *testing.T) {
	rs := solicitation([8]byte{1, 2, 3, 4, 5, 6, 7, 8})
	if fold(rs) != 0xffff || netip.AddrFrom16([16]byte(rs[8:24])).String() != "fe80::102:304:506:708" || netip.AddrFrom16([16]byte(rs[24:40])).String() != "ff02::2" {
		t.Errorf("%x", rs)
	}
	want := netip.MustParsePrefix("2001:db8:60:1::/64")
	ra := make([]byte, ipv6Header+advertisementHeader+8+32)
	copy(ra, rs[:ipv6Header])
	binary.BigEndian.PutUint16(ra[4:], uint16(len(ra)-ipv6Header))
	ra[ipv6Header] = routerAdvertisement
	ra[ipv6Header+16], ra[ipv6Header+17] = 5, 1 // MTU
	at := ra[ipv6Header+24:]
	at[0], at[1], at[2] = prefixInformation, 4, 64
	address := want.Addr().As16()
	copy(at[16:], address[:])
	binary.BigEndian.PutUint16(ra[ipv6Header+2:], ^fold(ra))
	s := &session{Session: Session{Type: gsm.IPv6}}
	if s.hearRouter(ra); s.Prefix != want {
		t.Errorf("learnt %v, want %v", s.Prefix, want)
	}
	for n := range ra {
		if p, is := advertised(ra[:n]); is {
			t.Errorf("%v of %d octets", p, n)
		}
	}
	for _, i := range []int{6, 7, ipv6Header, ipv6Header + 17, ipv6Header + 50} {
		bad := append([]byte(nil), ra...)
		bad[i] ^= 2
		if p, is := advertised(bad); is {
			t.Errorf("%v with octet %d changed", p, i)
		}
	}
	other := &session{Session: Session{Type: gsm.IPv4}}
	if other.hearRouter(ra); other.Prefix.IsValid() {
		t.Error("a session without IPv6 learns a prefix")
	}
}
