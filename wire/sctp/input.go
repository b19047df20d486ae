package sctp

import (
	"encoding/binary"
	"time"
)

// input takes in a packet for this association. INIT, and a packet that begins with COOKIE ECHO, come in by
// handleINIT and handleCookieEcho.
func (a *association) input(r route, h header, p []byte, arrived time.Time) {
	a.mu.Lock()
	defer a.release()
	a.in.arrived = arrived
	a.inputChunks(r, h, p)
	a.in.arrived = time.Time{}
}

// inputChunks is input with the lock held.
func (a *association) inputChunks(r route, h header, p []byte) {
	from := a.pathOf(r.remote.Addr())
	if a.state == stateClosed || from == nil {
		return
	}
	now := a.ep.now()
	hadData := false
	for c, err := range chunks(p) {
		if err == nil && c.Type == typeSHUTDOWNACK && a.connecting() {
			a.reflectShutdownComplete(r, h)
			break
		}
		if err != nil || !a.tagMatches(h, c) {
			break
		}
		if h.VerificationTag == a.localTag {
			from.remote = r.remote // the peer's UDP port may change, RFC 6951 §5.4
		}
		if c.Type == typeDATA {
			hadData = true
		}
		if !a.chunk(from, c, now) || a.state == stateClosed {
			break
		}
	}
	if a.state == stateClosed {
		return
	}
	if hadData {
		a.acknowledge(from, now)
	}
	a.transmit(now)
}

// tagMatches applies the verification tag rules, RFC 9260 §8.5 and §8.5.1.
func (a *association) tagMatches(h header, c chunk) bool {
	switch c.Type {
	case typeABORT, typeSHUTDOWNCOMPLETE:
		if c.Flags&flagT != 0 {
			return h.VerificationTag == a.peerTag && a.peerTag != 0
		}
	}
	return h.VerificationTag == a.localTag
}

// connecting tells whether the handshake is under way.
func (a *association) connecting() bool {
	return a.state == stateCookieWait || a.state == stateCookieEchoed
}

// chunk takes in one chunk and tells whether to go on with the packet.
func (a *association) chunk(from *path, c chunk, now time.Duration) bool {
	switch c.Type {
	case typeDATA:
		return a.handleDATA(from, c)
	case typeSACK:
		return a.handleSACK(from, c, now)
	case typeINITACK:
		a.handleINITACK(c, now)
		return false // it travels alone, RFC 9260 §6.10
	case typeCOOKIEACK:
		a.handleCookieAck(now)
	case typeHEARTBEAT:
		if a.state != stateCookieWait {
			a.postChunk(from, typeHEARTBEATACK, 0, c.Value[:min(len(c.Value), from.payload-chunkHeaderSize)])
		}
	case typeHEARTBEATACK:
		a.handleHeartbeatAck(c, now)
	case typeABORT:
		cause, reason := parseCauses(c)
		a.close(&AbortError{Cause: cause, Reason: reason})
		return false
	case typeSHUTDOWN:
		return a.handleSHUTDOWN(c, now)
	case typeSHUTDOWNACK:
		a.handleShutdownAck(from)
	case typeSHUTDOWNCOMPLETE:
		a.handleShutdownComplete()
	case typeERROR:
		a.handleERROR(c, now)
	case typeINIT, typeCOOKIEECHO, typeECNE, typeCWR:
		// INIT and COOKIE ECHO only count as the first chunk; we never negotiate ECN.
	default:
		return a.unknownChunk(from, c)
	}
	return true
}

// unknownChunk does what the two highest bits of the type ask for, RFC 9260 §3.2.
func (a *association) unknownChunk(from *path, c chunk) bool {
	action := uint8(c.Type) >> 6
	if action&unknownReport != 0 && a.state != stateCookieWait {
		buf := a.begin()
		*buf = appendError(*buf, CauseUnrecognizedChunkType, c.raw[:min(len(c.raw), maxUnrecognized)])
		a.post(from.route, buf)
	}
	return action&unknownSkip != 0
}

// handleERROR takes in an ERROR chunk. Only a stale cookie asks for action, RFC 9260 §5.2.6: we begin anew.
func (a *association) handleERROR(c chunk, now time.Duration) {
	cause, reason := parseCauses(c)
	a.ep.log.Debug("sctp: peer reports an error", "peer", a.remote, "cause", cause.String(), "reason", reason)
	if cause == CauseStaleCookie && a.state == stateCookieEchoed {
		a.echo, a.peerTag = nil, 0
		a.enter(stateCookieWait)
		a.retryT1(now)
	}
}

// appendCumulative is the value of a SHUTDOWN chunk.
func appendCumulative(tsn uint32) []byte { return binary.BigEndian.AppendUint32(nil, tsn) }
