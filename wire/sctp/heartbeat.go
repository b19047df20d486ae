package sctp

import (
	"encoding/binary"
	"math/rand/v2"
	"time"
)

// startHeartbeats begins to watch all paths; unconfirmed ones are asked at once, RFC 9260 §5.4 and §8.3.
func (a *association) startHeartbeats(now time.Duration) {
	for _, p := range a.paths {
		p.heartbeatPending = false
		p.used = now
		p.heartbeatAt = now + a.heartbeatPeriod(p)
		if !p.confirmed {
			a.sendHeartbeat(p, now)
		}
	}
	a.scheduleHeartbeat()
}

// heartbeatPeriod is RTO plus HB.interval with jitter of half an RTO either way, RFC 9260 §8.3.
func (a *association) heartbeatPeriod(p *path) time.Duration {
	jitter := time.Duration((rand.Float64() - 0.5) * float64(p.rto))
	return p.rto + a.ep.cfg.HeartbeatInterval + jitter
}

// scheduleHeartbeat runs the timer to the earliest path's turn.
func (a *association) scheduleHeartbeat() {
	if a.ep.cfg.HeartbeatInterval < 0 {
		return
	}
	earliest := a.paths[0].heartbeatAt
	for _, p := range a.paths[1:] {
		earliest = min(earliest, p.heartbeatAt)
	}
	a.start(timerHeartbeat, earliest)
}

// expireHeartbeat counts heartbeats that were not answered and sends those that are due, RFC 9260 §8.2 and §8.3.
func (a *association) expireHeartbeat(now time.Duration) {
	for _, p := range a.paths {
		if p.heartbeatAt > now {
			continue
		}
		idle := now - p.used
		switch {
		case p.heartbeatPending:
			p.heartbeatPending = false
			if a.failed(p) {
				return
			}
			p.heartbeatAt = p.heartbeatSent + a.heartbeatPeriod(p)
		case p.confirmed && p.errors == 0 && idle < a.ep.cfg.HeartbeatInterval:
			p.heartbeatAt = p.used + a.heartbeatPeriod(p)
		default:
			a.sendHeartbeat(p, now)
		}
		p.heartbeatAt = max(p.heartbeatAt, now+1)
	}
	a.scheduleHeartbeat()
}

// heartbeatInfoSize is the length in octets of what our heartbeats carry: a number that nobody else can know.
const heartbeatInfoSize = 8

func (a *association) sendHeartbeat(p *path, now time.Duration) {
	p.heartbeatNonce = rand.Uint64()
	p.heartbeatSent, p.heartbeatPending = now, true
	p.heartbeatAt = now + p.rto
	info := binary.BigEndian.AppendUint64(nil, p.heartbeatNonce)
	a.postChunk(p, typeHEARTBEAT, 0, appendTLV(nil, parameterHeartbeatInfo, info))
}

// handleHeartbeatAck confirms the path whose number came back and measures it, RFC 9260 §8.3.
func (a *association) handleHeartbeatAck(c chunk, now time.Duration) {
	info, err := parseHEARTBEATACK(c)
	if err != nil || len(info) != heartbeatInfoSize {
		return
	}
	nonce := binary.BigEndian.Uint64(info)
	for _, p := range a.paths {
		if p.heartbeatPending && p.heartbeatNonce == nonce {
			p.heartbeatPending, p.confirmed = false, true
			a.answered(p)
			a.measured(p, now-p.heartbeatSent)
			p.heartbeatAt = now + a.heartbeatPeriod(p)
			a.scheduleHeartbeat()
		}
	}
}
