package sctp

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// input takes in a packet from the link; it keeps no reference to it. Routes have no zones and no mapped addresses.
func (ep *endpoint) input(r route, packet []byte) { ep.inputAt(r, packet, time.Time{}) }

// inputAt is input of a packet of which it is known when it arrived.
func (ep *endpoint) inputAt(r route, packet []byte, arrived time.Time) {
	h, err := parseHeader(packet)
	if err != nil || !unicast(r.remote.Addr()) || !unicast(r.local) {
		return
	}
	ep.mu.RLock()
	a := ep.associations[key{r.local, r.remote.Addr(), h.DestinationPort, h.SourcePort}]
	ep.mu.RUnlock()
	var first chunk
	for c, err := range chunks(packet) {
		if err != nil {
			return
		}
		first = c
		break
	}
	switch {
	case first.Type == typeINIT:
		ep.inputINIT(r, h, packet, first, a)
	case first.Type == typeCOOKIEECHO:
		ep.inputCookieEcho(r, h, packet, first, a)
	case a != nil:
		a.input(r, h, packet, arrived)
	default:
		ep.stray(r, h, packet)
	}
}

// inputINIT answers an INIT without keeping anything, RFC 9260 §5.1 B and §5.1.3.
func (ep *endpoint) inputINIT(r route, h header, packet []byte, c chunk, a *association) {
	alone := len(packet) <= headerSize+padded(len(c.raw)) // RFC 9260 §6.10
	if h.VerificationTag != 0 || !alone || !ep.inits.allow(ep.now()) {
		return
	}
	if a == nil && ep.listenerFor(r.local, h.DestinationPort) == nil {
		if len(c.Value) >= 4 && ep.private {
			ep.refuse(r, h, binary.BigEndian.Uint32(c.Value), 0, 0, nil) // RFC 9260 §8.4
		}
		return
	}
	i, err := parseINIT(c)
	switch {
	case i.Tag == 0:
		return // RFC 9260 §3.3.2
	case i.HostName:
		ep.refuse(r, h, i.Tag, 0, CauseUnresolvableAddress, nil)
	case err != nil:
		ep.refuse(r, h, i.Tag, 0, CauseInvalidParameter, nil)
	case a != nil:
		a.handleINIT(r, &i)
	default:
		ck := ep.newCookie(r, h.DestinationPort, h.SourcePort, &i)
		buf := ep.reply(h, i.Tag)
		*buf = ep.initAck(*buf, ck, &i)
		seal(*buf)
		ep.transmit(r, buf)
	}
}

// inputCookieEcho makes the association that a cookie of ours describes, RFC 9260 §5.1.5.
func (ep *endpoint) inputCookieEcho(r route, h header, packet []byte, c chunk, a *association) {
	now := ep.now()
	ck, err := ep.cookies.open(c.Value, now)
	if err != nil || ck.localTag != h.VerificationTag || ck.local.Addr() != r.local ||
		ck.local.Port() != h.DestinationPort || ck.remote.Port() != h.SourcePort || ck.remote.Addr() != r.remote.Addr() {
		return
	}
	age := now - ck.created
	stale := age > ck.lifetime || age < 0
	if a != nil {
		a.handleCookieEcho(r, h, packet, ck, stale)
		return
	}
	if stale {
		ep.staleCookie(r, h, ck, age)
		return
	}
	l := ep.listenerFor(r.local, h.DestinationPort)
	if l == nil || !l.reserve() {
		return
	}
	a = ep.accept(r, ck)
	a.mu.Lock() // before others can find it
	if err := ep.add(a, ck.local); err != nil {
		a.mu.Unlock()
		l.fill(nil)
		ep.log.Warn("sctp: association refused", "peer", ck.remote, "error", err)
		ep.refuse(r, h, ck.peerTag, 0, CauseOutOfResource, nil)
		return
	}
	a.learn(ck.addresses)
	a.postChunk(a.paths[0], typeCOOKIEACK, 0, nil)
	a.establish(now)
	a.inputChunks(r, h, packet)
	a.release()
	if !l.fill(a) {
		a.discard("nobody accepts")
	}
}

// staleCookie tells the peer by how much its cookie is too old, in µs, RFC 9260 §3.3.10.3.
func (ep *endpoint) staleCookie(r route, h header, ck *cookie, age time.Duration) {
	us := min(max(age-ck.lifetime, 0).Microseconds(), 1<<32-1)
	buf := ep.reply(h, ck.peerTag)
	*buf = appendError(*buf, CauseStaleCookie, binary.BigEndian.AppendUint32(nil, uint32(us)))
	seal(*buf)
	ep.transmit(r, buf)
}

// reply begins a packet to where another one came from.
func (ep *endpoint) reply(h header, tag uint32) *[]byte {
	buf := ep.buffer()
	*buf = appendHeader(*buf, header{SourcePort: h.DestinationPort, DestinationPort: h.SourcePort, VerificationTag: tag})
	return buf
}

// refuse sends an ABORT outside of any association.
func (ep *endpoint) refuse(r route, h header, tag uint32, flags uint8, cause Cause, info []byte) {
	if tag == 0 && flags&flagT == 0 || !ep.strays.allow(ep.now()) {
		return
	}
	buf := ep.reply(h, tag)
	*buf = appendAbort(*buf, flags, cause, info)
	seal(*buf)
	ep.transmit(r, buf)
}

// stray handles a packet out of the blue, RFC 9260 §8.4. Over a raw socket, which shows us every process's packets,
// also of those that have another address of this machine, only those to our own ports are answered.
func (ep *endpoint) stray(r route, h header, packet []byte) {
	if !ep.private && !ep.ownPort(r.local, h.DestinationPort) {
		return
	}
	first := true
	for c, err := range chunks(packet) {
		switch {
		case err != nil:
			return
		case c.Type == typeABORT, c.Type == typeSHUTDOWNCOMPLETE, c.Type == typeCOOKIEACK:
			return
		case c.Type == typeERROR:
			if cause, _ := parseCauses(c); cause == CauseStaleCookie {
				return
			}
		case c.Type == typeSHUTDOWNACK && first:
			if ep.strays.allow(ep.now()) {
				buf := ep.reply(h, h.VerificationTag)
				*buf = appendChunk(*buf, typeSHUTDOWNCOMPLETE, flagT, nil)
				seal(*buf)
				ep.transmit(r, buf)
			}
			return
		}
		first = false
	}
	ep.refuse(r, h, h.VerificationTag, flagT, 0, nil)
}

func (ep *endpoint) ownPort(addr netip.Addr, port uint16) bool {
	ep.mu.RLock()
	defer ep.mu.RUnlock()
	for _, at := range [...]netip.Addr{addr, netip.IPv4Unspecified(), netip.IPv6Unspecified()} {
		if ep.ends[netip.AddrPortFrom(at, port)] > 0 {
			return true
		}
	}
	return false
}
