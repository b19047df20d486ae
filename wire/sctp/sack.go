package sctp

import "time"

// acknowledge decides after a packet with DATA whether to send the SACK now or later, RFC 9260 §6.2 and §6.7.
func (a *association) acknowledge(from *path, now time.Duration) {
	in := &a.in
	in.packets++
	a.sackTo = from
	switch {
	case a.state == stateShutdownSent: // RFC 9260 §9.2
		a.sendSACK()
		a.sendSHUTDOWN(now)
	case in.ackNow || len(in.spans) > 0 || in.packets >= 2:
		a.sendSACK()
	case !a.running(timerSACK):
		a.start(timerSACK, now+sackDelay)
	}
}

// pendingSACK tells whether some DATA is not acknowledged yet.
func (in *inbound) pendingSACK() bool { return in.packets > 0 || in.ackNow }

// sack is the acknowledgement of all received so far, in at most room octets.
func (in *inbound) sack(limit, room int) sackChunk {
	s := sackChunk{CumulativeTSN: in.cum, Window: uint32(in.window(limit)), Duplicates: in.dups}
	for _, sp := range in.spans {
		if s.size()+4 > room {
			break
		}
		s.Gaps = append(s.Gaps, gapBlock{uint16(sp.first - in.cum), uint16(sp.last - in.cum)})
	}
	return s
}

// sendSACK posts a SACK of its own, to where the data came from, RFC 9260 §6.4.
func (a *association) sendSACK() {
	p := a.sackTo
	if p == nil {
		p = a.dataPath()
	}
	s := a.in.sack(a.ep.cfg.ReceiveWindow, p.payload)
	buf := a.begin()
	*buf = s.append(*buf)
	a.sacked()
	a.post(p.route, buf)
}

// sacked notes that a SACK is on its way.
func (a *association) sacked() {
	in := &a.in
	in.ackNow, in.packets, in.dups = false, 0, nil
	in.offered = in.window(a.ep.cfg.ReceiveWindow)
	a.stop(timerSACK)
}
