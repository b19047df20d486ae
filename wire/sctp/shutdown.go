package sctp

import (
	"io"
	"time"
)

// advanceShutdown goes on with a shutdown when all that was sent is acknowledged, RFC 9260 §9.2.
func (a *association) advanceShutdown(now time.Duration) {
	if a.out.sent.len() > 0 || a.out.pending.len() > 0 {
		return
	}
	switch a.state {
	case stateShutdownPending:
		a.enter(stateShutdownSent)
		a.guard(now)
		a.sendSHUTDOWN(now)
	case stateShutdownReceived:
		a.enter(stateShutdownAckSent)
		a.guard(now)
		a.sendShutdownAck(now)
	}
}

// guard bounds the whole shutdown by T5, RFC 9260 §9.2.
func (a *association) guard(now time.Duration) {
	a.stop(timerT3)
	if !a.running(timerT5) {
		a.start(timerT5, now+5*a.ep.cfg.RTOMax)
	}
}

func (a *association) sendSHUTDOWN(now time.Duration) {
	p := a.dataPath()
	a.postChunk(p, typeSHUTDOWN, 0, appendCumulative(a.in.cum))
	a.start(timerT2, now+p.rto)
}

func (a *association) sendShutdownAck(now time.Duration) {
	p := a.dataPath()
	a.postChunk(p, typeSHUTDOWNACK, 0, nil)
	a.start(timerT2, now+p.rto)
}

// expireT2 repeats SHUTDOWN or SHUTDOWN ACK, RFC 9260 §9.2.
func (a *association) expireT2(now time.Duration) {
	if a.failed(a.dataPath()) {
		return
	}
	if a.state == stateShutdownSent {
		a.sendSHUTDOWN(now)
	} else {
		a.sendShutdownAck(now)
	}
}

// handleSHUTDOWN takes in the peer's wish to end, RFC 9260 §9.2, and tells whether to go on.
func (a *association) handleSHUTDOWN(c chunk, now time.Duration) bool {
	tsn, err := parseSHUTDOWN(c)
	if err != nil {
		a.abort(CauseProtocolViolation, err.Error(), nil)
		return false
	}
	switch a.state {
	case stateEstablished, stateShutdownPending:
		a.enter(stateShutdownReceived)
		a.writable.open()
		fallthrough
	case stateShutdownReceived:
		if a.out.sent.len() > 0 {
			s := sackChunk{CumulativeTSN: tsn, Window: uint32(a.out.window + a.out.flight)}
			s.Gaps = a.out.gaps(tsn)
			if !a.acknowledged(a.dataPath(), &s, now) {
				return false
			}
		}
		a.advanceShutdown(now)
	case stateShutdownSent:
		a.enter(stateShutdownAckSent)
		a.sendShutdownAck(now)
	}
	return true
}

// gaps repeats what the peer's gap blocks said last: a SHUTDOWN has none, and withdraws none.
func (o *outbound) gaps(tsn uint32) (blocks []gapBlock) {
	if before(tsn, o.acked) {
		return nil
	}
	for i := range o.sent.len() {
		c := *o.sent.at(i)
		offset := c.TSN - tsn
		if !c.acked || !before(tsn, c.TSN) || offset > 1<<16-1 {
			continue
		}
		if n := len(blocks); n > 0 && uint32(blocks[n-1].End)+1 == offset {
			blocks[n-1].End++
			continue
		}
		blocks = append(blocks, gapBlock{uint16(offset), uint16(offset)})
	}
	return blocks
}

// handleShutdownAck ends the association, RFC 9260 §9.2.
func (a *association) handleShutdownAck(from *path) {
	if a.state == stateShutdownSent || a.state == stateShutdownAckSent {
		a.postChunk(from, typeSHUTDOWNCOMPLETE, 0, nil)
		a.close(io.EOF)
	}
}

// reflectShutdownComplete lets a peer end an older association while we set up a new one, RFC 9260 §8.5.1 E.
func (a *association) reflectShutdownComplete(r route, h header) {
	buf := a.beginTag(h.VerificationTag)
	*buf = appendChunk(*buf, typeSHUTDOWNCOMPLETE, flagT, nil)
	a.post(r, buf)
}

// handleShutdownComplete ends the association, RFC 9260 §9.2.
func (a *association) handleShutdownComplete() {
	if a.state == stateShutdownAckSent {
		a.close(io.EOF)
	}
}
