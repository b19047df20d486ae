package sctp

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"
)

// maxInboundStreams is how many streams we let a peer use, RFC 9260 §5.1.1.
const maxInboundStreams = 2048

// sendINIT begins or repeats the handshake, RFC 9260 §5.1 A.
func (a *association) sendINIT() {
	i := a.ownInit()
	buf := a.beginTag(0)
	*buf = i.append(*buf, typeINIT)
	a.post(a.paths[0].route, buf)
}

// ownInit is what our INIT says. Our address is the packet's source, so none is listed.
func (a *association) ownInit() initChunk {
	types := []uint16{parameterIPv4}
	if a.local.Addr().Is6() {
		types = []uint16{parameterIPv6}
	}
	return initChunk{
		Tag: a.localTag, Window: uint32(a.ep.cfg.ReceiveWindow), TSN: a.localTSN,
		OutboundStreams: a.ep.cfg.Streams, InboundStreams: maxInboundStreams, AddressTypes: types,
	}
}

// expireT1 repeats INIT or COOKIE ECHO, RFC 9260 §5.1 and §5.1.6.
func (a *association) expireT1(now time.Duration) {
	p := a.paths[0]
	p.rto = min(2*p.rto, a.ep.cfg.RTOMax)
	a.retryT1(now)
}

func (a *association) retryT1(now time.Duration) {
	if a.tries++; a.tries > a.ep.cfg.MaxInitRetransmits {
		a.close(ErrPeerUnreachable)
		return
	}
	a.start(timerT1, now+a.paths[0].rto)
	if a.state == stateCookieEchoed {
		a.sendCookieEcho()
		return
	}
	a.sendINIT()
}

func (a *association) sendCookieEcho() {
	buf := a.begin()
	*buf = append(*buf, a.echo...)
	a.post(a.paths[0].route, buf)
}

// handleINITACK answers INIT ACK with COOKIE ECHO, RFC 9260 §5.1 C.
func (a *association) handleINITACK(c chunk, now time.Duration) {
	if a.state != stateCookieWait {
		return // RFC 9260 §5.2.3
	}
	i, err := parseINIT(c)
	switch {
	case i.Tag == 0:
		a.ep.log.Debug("sctp: bad INIT ACK", "peer", a.remote, "error", err)
		return
	case i.HostName:
		a.peerTag = i.Tag
		a.abort(CauseUnresolvableAddress, "host name address", nil)
		return
	case err != nil:
		a.peerTag = i.Tag
		a.abort(CauseInvalidParameter, err.Error(), nil)
		return
	case i.Cookie == nil:
		a.peerTag = i.Tag
		a.abort(CauseMissingParameter, "state cookie", nil)
		return
	}
	a.peerTag = i.Tag
	a.out.streams = min(a.ep.cfg.Streams, i.InboundStreams)
	a.in.streams = min(maxInboundStreams, i.OutboundStreams)
	a.resetTSNs(a.localTSN, i.TSN, i.Window)
	a.learn(i.Addresses)
	a.echo = appendChunk(nil, typeCOOKIEECHO, 0, i.Cookie)
	if len(i.Unrecognized) > 0 {
		a.echo = appendError(a.echo, CauseUnrecognizedParameters, i.Unrecognized)
	}
	a.tries = 0
	a.enter(stateCookieEchoed)
	a.sendCookieEcho()
	a.start(timerT1, now+a.paths[0].rto)
}

// handleCookieAck ends the handshake, RFC 9260 §5.1 E.
func (a *association) handleCookieAck(now time.Duration) {
	if a.state == stateCookieEchoed {
		a.establish(now)
	}
}

// establish enters ESTABLISHED.
func (a *association) establish(now time.Duration) {
	a.stop(timerT1)
	a.echo, a.tries, a.errors = nil, 0, 0
	a.paths[0].confirmed = true // the handshake went through it, RFC 9260 §5.4
	a.enter(stateEstablished)
	a.startHeartbeats(now)
	if a.leaving {
		a.enter(stateShutdownPending)
		a.advanceShutdown(now)
	}
}

// resetTSNs starts both directions anew, as a handshake does.
func (a *association) resetTSNs(local, peer, window uint32) {
	a.localTSN = local
	a.out.reset(local, window)
	a.in.cum = peer - 1
	a.in.forget()
	a.in.offered = a.in.window(a.ep.cfg.ReceiveWindow)
	a.sackTo = nil
}

// learn takes in the addresses that the peer lists; they are unconfirmed until a heartbeat comes back, RFC 9260 §5.4.
func (a *association) learn(addresses []netip.Addr) {
	for _, addr := range addresses {
		if usable(addr, a.remote.Addr()) && a.pathOf(addr) == nil && len(a.paths) <= maxPeerAddresses && a.ep.claim(a, addr) {
			a.paths = append(a.paths, a.newPath(route{a.local.Addr(), netip.AddrPortFrom(addr, a.paths[0].remote.Port())}))
		}
	}
}

// usable tells whether a listed address may be the peer's, seen from the address that it uses.
func usable(addr, source netip.Addr) bool {
	return addr.Is4() == source.Is4() && !addr.IsUnspecified() && !addr.IsMulticast() && !addr.IsLinkLocalUnicast() &&
		addr.IsLoopback() == source.IsLoopback() && addr != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// handleINIT answers an INIT for an association that exists, RFC 9260 §5.2.1 and §5.2.2.
func (a *association) handleINIT(r route, i *initChunk) {
	a.mu.Lock()
	defer a.release()
	switch a.state {
	case stateClosed:
		return
	case stateShutdownAckSent:
		a.postChunk(a.dataPath(), typeSHUTDOWNACK, 0, nil) // RFC 9260 §9.2
		return
	}
	ck := a.ep.newCookie(r, a.local.Port(), a.remote.Port(), i)
	ck.tieLocal, ck.tiePeer = a.localTag, a.peerTag
	if a.connecting() {
		ck.localTag, ck.localTSN = a.localTag, a.localTSN // unchanged, RFC 9260 §5.2.1
	}
	if a.state == stateCookieWait {
		ck.tieLocal, ck.tiePeer = 0, 0
	} else {
		for _, addr := range i.Addresses {
			if usable(addr, a.remote.Addr()) && a.pathOf(addr) == nil {
				buf := a.beginTag(i.Tag) // somebody may want to take the association over, RFC 9260 §5.2.2
				*buf = appendAbort(*buf, 0, CauseRestartNewAddresses, nil)
				a.post(r, buf)
				return
			}
		}
	}
	buf := a.beginTag(i.Tag)
	*buf = a.ep.initAck(*buf, ck, i)
	a.post(r, buf)
}

// handleCookieEcho takes in a cookie for an association that exists, RFC 9260 §5.2.4, and then the rest of its packet.
func (a *association) handleCookieEcho(r route, h header, p []byte, ck *cookie, stale bool) {
	a.mu.Lock()
	defer a.release()
	if a.state == stateClosed || a.pathOf(r.remote.Addr()) == nil {
		return
	}
	now := a.ep.now()
	local, peer := ck.localTag == a.localTag, ck.peerTag == a.peerTag
	switch {
	case local && peer: // case D
		if a.state == stateCookieEchoed {
			a.establish(now)
		}
	case stale:
		return
	case local: // case B: both sides began at about the same time
		a.peerTag = ck.peerTag
		if a.connecting() {
			a.out.streams, a.in.streams = min(a.ep.cfg.Streams, ck.outbound), ck.inbound
			a.resetTSNs(a.localTSN, ck.peerTSN, ck.window)
			a.learn(ck.addresses)
			a.establish(now)
		}
	case !peer && ck.tieLocal == a.localTag && ck.tiePeer == a.peerTag: // case A
		if !a.restart(r, ck, now) {
			return
		}
	default: // case C and forgeries
		return
	}
	from := a.pathOf(r.remote.Addr())
	from.route = r // a peer that restarts may come from another UDP port
	a.postChunk(from, typeCOOKIEACK, 0, nil)
	a.inputChunks(r, h, p)
}

// restart goes on with a peer that has lost its state, RFC 9260 §5.2.4 A and §5.2.4.1.
func (a *association) restart(r route, ck *cookie, now time.Duration) bool {
	if a.state == stateShutdownAckSent {
		a.postChunk(a.dataPath(), typeSHUTDOWNACK, 0, nil)
		buf := a.beginTag(ck.peerTag)
		*buf = appendError(*buf, CauseCookieWhileShuttingDown, nil)
		a.post(r, buf)
		return false
	}
	a.ep.log.Info("sctp: peer restarted", "peer", a.remote)
	a.stopTimers()
	a.localTag, a.peerTag = ck.localTag, ck.peerTag
	a.out.streams, a.in.streams = ck.outbound, ck.inbound
	a.resetTSNs(ck.localTSN, ck.peerTSN, ck.window)
	for i, p := range a.paths {
		fresh := a.newPath(p.route)
		fresh.confirmed = p.confirmed
		a.paths[i] = fresh
	}
	a.in.inbox.push(delivery{restarted: true})
	a.readable.open()
	a.writable.open()
	a.establish(now)
	return true
}

// accept makes the association that a cookie describes, RFC 9260 §5.1 D.
func (ep *endpoint) accept(r route, ck *cookie) *association {
	a := &association{ep: ep, local: ck.local, remote: ck.remote, localTag: ck.localTag, peerTag: ck.peerTag}
	a.out.streams, a.in.streams = ck.outbound, ck.inbound
	a.resetTSNs(ck.localTSN, ck.peerTSN, ck.window)
	a.paths = []*path{a.newPath(r)}
	return a
}

// newCookie is the cookie that answers an INIT.
func (ep *endpoint) newCookie(r route, localPort, remotePort uint16, i *initChunk) *cookie {
	now := ep.now()
	longer := min(time.Duration(i.cookieLonger)*time.Millisecond, ep.cfg.CookieLifetime)
	return &cookie{
		created: now, lifetime: ep.cfg.CookieLifetime + longer,
		localTag: randomTag(), peerTag: i.Tag, localTSN: rand.Uint32(), peerTSN: i.TSN, window: i.Window,
		outbound: min(ep.cfg.Streams, i.InboundStreams), inbound: min(maxInboundStreams, i.OutboundStreams),
		local:  netip.AddrPortFrom(r.local, localPort),
		remote: netip.AddrPortFrom(r.remote.Addr(), remotePort),
		addresses: slices.DeleteFunc(slices.Clone(i.Addresses), func(addr netip.Addr) bool {
			return !usable(addr, r.remote.Addr())
		}),
	}
}

// initAck appends the INIT ACK that carries a cookie, RFC 9260 §5.1 B.
func (ep *endpoint) initAck(b []byte, ck *cookie, i *initChunk) []byte {
	ack := initChunk{
		Tag: ck.localTag, Window: uint32(ep.cfg.ReceiveWindow), TSN: ck.localTSN,
		OutboundStreams: ck.outbound, InboundStreams: maxInboundStreams,
		Cookie: ep.cookies.seal(ck, ep.now()), Unrecognized: i.Unrecognized,
	}
	return ack.append(b, typeINITACK)
}

// randomTag is a verification tag, never 0, RFC 9260 §5.3.1.
func randomTag() uint32 {
	for {
		if t := rand.Uint32(); t != 0 {
			return t
		}
	}
}
