package sctp

import (
	"fmt"
	"time"
)

// handleSACK takes in an acknowledgement, RFC 9260 §6.2.1.
func (a *association) handleSACK(from *path, c chunk, now time.Duration) bool {
	switch a.state {
	case stateEstablished, stateShutdownPending, stateShutdownReceived:
	default:
		return true
	}
	s, err := parseSACK(c)
	if err != nil {
		a.abort(CauseProtocolViolation, err.Error(), nil)
		return false
	}
	return a.acknowledged(from, &s, now)
}

// acknowledged applies a SACK, or the cumulative TSN of a SHUTDOWN.
func (a *association) acknowledged(from *path, s *sackChunk, now time.Duration) bool {
	o := &a.out
	if before(s.CumulativeTSN, o.acked) {
		return true // overtaken by a later one
	}
	if !before(s.CumulativeTSN, o.nextTSN) || o.beyond(s) {
		a.abort(CauseProtocolViolation, fmt.Sprintf("SACK of TSN %d, which was never sent", s.CumulativeTSN), nil)
		return false
	}
	o.heard = true
	p := from // where the data went that is now acknowledged; the SACK may come from another address
	if o.sent.len() > 0 {
		p = (*o.sent.at(0)).path
	}
	flightBefore := p.flight
	advanced := before(o.acked, s.CumulativeTSN)
	octets := a.ackCumulative(s.CumulativeTSN, now)
	if o.recovering && !before(o.acked, o.recoverTo) {
		o.recovering = false
	}
	gapOctets, highest := a.ackGaps(s.Gaps, now)
	if octets+gapOctets > 0 {
		a.answered(p)
	}
	o.window = max(int(min(s.Window, 1<<30))-o.flight, 0)
	if o.probing && o.window > 0 { // the probe was dropped, and need not wait for T3
		o.probing = false
		a.resendAll()
	}
	if advanced {
		a.grow(p, octets, flightBefore)
	}
	a.countMissing(highest, advanced, now)
	switch {
	case o.sent.len() == 0:
		a.stop(timerT3)
	case advanced || !a.running(timerT3):
		a.start(timerT3, now+(*o.sent.at(0)).path.rto) // RFC 9260 §6.3.2 R3
	}
	if advanced {
		a.writable.open()
		a.advanceShutdown(now)
	}
	return true
}

// beyond tells whether a gap block acknowledges what was never sent.
func (o *outbound) beyond(s *sackChunk) bool {
	for _, g := range s.Gaps {
		if !before(s.CumulativeTSN+uint32(g.End), o.nextTSN) {
			return true
		}
	}
	return false
}

// ackCumulative drops the chunks up to the cumulative TSN and returns their octets not acknowledged before.
func (a *association) ackCumulative(tsn uint32, now time.Duration) (octets int) {
	o := &a.out
	for before(o.acked, tsn) {
		c := o.sent.pop()
		o.acked++
		o.buffered -= len(c.Data) + chunkOverhead
		if !c.acked {
			octets += a.newlyAcked(c, now)
		}
	}
	return octets
}

// newlyAcked ends a chunk's flight and its measuring of the round trip.
func (a *association) newlyAcked(c *outChunk, now time.Duration) int {
	p := c.path
	if p.timing && p.timed == c.TSN {
		p.timing = false
		if !c.resent {
			a.measured(p, now-p.timedAt)
		}
	}
	if c.retransmit {
		c.retransmit = false
		a.out.resend--
	} else {
		a.land(c)
	}
	return len(c.Data)
}

// ackGaps applies gap blocks, which say everything anew: what was acknowledged and is no longer is under way
// again, RFC 9260 §6.2.1 iii. It returns the octets and the highest TSN newly acknowledged.
func (a *association) ackGaps(gaps []gapBlock, now time.Duration) (octets int, highest uint32) {
	o := &a.out
	highest = o.acked
	if len(gaps) == 0 && !o.gapped {
		return 0, highest
	}
	o.gapped = false
	g := 0
	for i := range o.sent.len() {
		c := *o.sent.at(i)
		offset := c.TSN - o.acked
		for g < len(gaps) && uint32(gaps[g].End) < offset {
			g++
		}
		in := g < len(gaps) && uint32(gaps[g].Start) <= offset
		switch {
		case in && !c.acked:
			octets += a.newlyAcked(c, now)
			c.acked, highest = true, c.TSN
		case !in && c.acked:
			c.acked = false
			c.path.flight += len(c.Data)
			o.flight += len(c.Data)
		}
		o.gapped = o.gapped || c.acked
	}
	return octets, highest
}

// grow opens the congestion window, RFC 9260 §7.2.1 and §7.2.2.
func (a *association) grow(p *path, octets, flightBefore int) {
	if a.out.recovering {
		return
	}
	full := flightBefore+p.payload > p.cwnd
	if p.cwnd <= p.ssthresh {
		if full {
			p.cwnd += min(octets, p.payload)
		}
		return
	}
	if p.partial += octets; p.partial >= p.cwnd {
		p.partial -= p.cwnd
		if full {
			p.cwnd += p.payload
		} else {
			p.partial = min(p.partial, p.cwnd)
		}
	}
	if a.out.sent.len() == 0 {
		p.partial = 0
	}
}

// countMissing counts reports of missing chunks; the third one retransmits, RFC 9260 §7.2.4.
func (a *association) countMissing(highest uint32, advanced bool, now time.Duration) {
	o := &a.out
	if !o.gapped {
		return
	}
	if o.recovering && advanced { // RFC 9260 §7.2.4: then all gaps count
		for i := o.sent.len() - 1; i >= 0; i-- {
			if c := *o.sent.at(i); c.acked {
				highest = c.TSN
				break
			}
		}
	}
	struck := false
	for i := range o.sent.len() {
		c := *o.sent.at(i)
		if !before(c.TSN, highest) {
			break
		}
		if c.acked || c.retransmit || c.fast {
			continue
		}
		if c.missing++; c.missing < 3 {
			continue
		}
		a.land(c)
		c.retransmit, c.fast, struck = true, true, true
		o.resend++
	}
	if !struck || o.recovering {
		return
	}
	p := (*o.sent.at(0)).path
	p.ssthresh = max(p.cwnd/2, 4*p.payload)
	p.cwnd, p.partial = p.ssthresh, 0
	o.recovering, o.recoverTo, o.burst = true, o.nextTSN-1, true
	a.start(timerT3, now+p.rto)
}
