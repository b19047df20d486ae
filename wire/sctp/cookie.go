package sctp

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"net/netip"
	"sync"
	"time"
)

// cookie is the State Cookie: all that is needed to make an association when it comes back, so that nothing is
// kept before, RFC 9260 §5.1.3.
type cookie struct {
	created  time.Duration // since the endpoint's start
	lifetime time.Duration

	localTag, peerTag uint32
	localTSN, peerTSN uint32
	tieLocal, tiePeer uint32 // tags of an association that was there already, RFC 9260 §5.2.2
	window            uint32
	outbound, inbound uint16 // streams

	local, remote netip.AddrPort // SCTP ports
	addresses     []netip.Addr   // the peer's other ones
}

// cookieFixedSize is the length in octets of a cookie without addresses and MAC.
const cookieFixedSize = 8 + 8 + 7*4 + 2*2 + 2*18 + 1

var errCookie = errors.New("sctp: state cookie is not ours")

// cookieKeyAge is how long a key makes new cookies.
const cookieKeyAge = time.Hour

// cookieJar seals and opens cookies with a secret key that it changes, RFC 9260 §5.1.3.
type cookieJar struct {
	mu      sync.Mutex
	keys    [2][sha256.Size]byte // current, previous
	changed time.Duration
}

func newCookieJar() *cookieJar {
	j := new(cookieJar)
	rand.Read(j.keys[0][:])
	rand.Read(j.keys[1][:])
	return j
}

func (j *cookieJar) current(now time.Duration) [2][sha256.Size]byte {
	j.mu.Lock()
	defer j.mu.Unlock()
	if now-j.changed > cookieKeyAge {
		j.keys[1] = j.keys[0]
		rand.Read(j.keys[0][:])
		j.changed = now
	}
	return j.keys
}

// seal encodes a cookie and appends its MAC.
func (j *cookieJar) seal(c *cookie, now time.Duration) []byte {
	b := make([]byte, 0, cookieFixedSize+16*len(c.addresses)+sha256.Size)
	b = binary.BigEndian.AppendUint64(b, uint64(c.created))
	b = binary.BigEndian.AppendUint64(b, uint64(c.lifetime))
	for _, v := range [...]uint32{c.localTag, c.peerTag, c.localTSN, c.peerTSN, c.tieLocal, c.tiePeer, c.window} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	b = binary.BigEndian.AppendUint16(b, c.outbound)
	b = binary.BigEndian.AppendUint16(b, c.inbound)
	for _, a := range [...]netip.AddrPort{c.local, c.remote} {
		ip := a.Addr().As16()
		b = binary.BigEndian.AppendUint16(append(b, ip[:]...), a.Port())
	}
	b = append(b, byte(len(c.addresses)))
	for _, a := range c.addresses {
		ip := a.As16()
		b = append(b, ip[:]...)
	}
	keys := j.current(now)
	return mac(&keys[0], b, b)
}

func mac(key *[sha256.Size]byte, dst, b []byte) []byte {
	h := hmac.New(sha256.New, key[:])
	h.Write(b)
	return h.Sum(dst)
}

// open checks the MAC and decodes. The caller checks age, ports and addresses.
func (j *cookieJar) open(b []byte, now time.Duration) (*cookie, error) {
	n := len(b) - sha256.Size
	if n < cookieFixedSize || n > cookieFixedSize+16*maxPeerAddresses {
		return nil, errCookie
	}
	keys := j.current(now)
	var sum [sha256.Size]byte
	if !hmac.Equal(mac(&keys[0], sum[:0], b[:n]), b[n:]) && !hmac.Equal(mac(&keys[1], sum[:0], b[:n]), b[n:]) {
		return nil, errCookie
	}
	c := &cookie{
		created:  time.Duration(binary.BigEndian.Uint64(b)),
		lifetime: time.Duration(binary.BigEndian.Uint64(b[8:])),
	}
	v := b[16:n]
	for _, p := range [...]*uint32{&c.localTag, &c.peerTag, &c.localTSN, &c.peerTSN, &c.tieLocal, &c.tiePeer, &c.window} {
		*p, v = binary.BigEndian.Uint32(v), v[4:]
	}
	c.outbound, c.inbound, v = binary.BigEndian.Uint16(v), binary.BigEndian.Uint16(v[2:]), v[4:]
	for _, p := range [...]*netip.AddrPort{&c.local, &c.remote} {
		*p, v = netip.AddrPortFrom(netip.AddrFrom16([16]byte(v)).Unmap(), binary.BigEndian.Uint16(v[16:])), v[18:]
	}
	if len(v) != 1+16*int(v[0]) {
		return nil, errCookie
	}
	for v = v[1:]; len(v) > 0; v = v[16:] {
		c.addresses = append(c.addresses, netip.AddrFrom16([16]byte(v)).Unmap())
	}
	return c, nil
}
