package sctp

import "time"

// chunkOverhead is what a buffered chunk costs besides its data, in octets, so that many small ones are bounded too.
const chunkOverhead = 64

// maxBurst bounds the packets of new data that one event lets out, RFC 9260 §6.1 D.
const maxBurst = 4

// outChunk is a DATA chunk that waits, or waits to be acknowledged.
type outChunk struct {
	dataChunk
	path       *path // where it was last sent
	missing    uint8 // SACKs that reported it missing, RFC 9260 §7.2.4
	acked      bool  // by a gap block
	retransmit bool  // to be sent again; not counted as under way
	resent     bool  // says nothing about the round trip, RFC 9260 §6.3.1 C5
	fast       bool  // was already fast retransmitted, RFC 9260 §7.2.4
}

// outbound is the sending half of an association, RFC 9260 §6.1.
type outbound struct {
	streams  uint16
	ssn      []uint16 // next stream sequence number, up to the highest stream used
	nextTSN  uint32
	acked    uint32           // cumulative TSN ack point
	pending  queue[*outChunk] // without TSN
	sent     queue[*outChunk] // TSNs acked+1 and up
	buffered int              // octets in both, with overhead
	flight   int              // octets under way
	window   int              // the peer's, less what is under way
	resend   int              // chunks of sent to be sent again

	recovering bool   // fast recovery, RFC 9260 §7.2.4
	recoverTo  uint32 // its exit point
	burst      bool   // fast retransmit: the next packet may exceed cwnd
	gapped     bool   // some of sent is acked by gap blocks
	probing    bool   // a chunk went out although the peer's window was too small
	heard      bool   // a SACK came since T3 last expired
}

// reset starts with a fresh TSN; the number of streams stays.
func (o *outbound) reset(tsn, window uint32) {
	*o = outbound{streams: o.streams, nextTSN: tsn, acked: tsn - 1, window: int(min(window, 1<<30))}
}

// enqueue fragments a message into pending, RFC 9260 §6.9, unless the send buffer is full.
func (a *association) enqueue(m Message) bool {
	o := &a.out
	size := a.paths[0].payload - dataHeaderSize
	for _, p := range a.paths[1:] {
		size = min(size, p.payload-dataHeaderSize)
	}
	n := (len(m.Data) + size - 1) / size
	cost := len(m.Data) + n*chunkOverhead
	if o.buffered > 0 && o.buffered+cost > a.ep.cfg.SendBuffer {
		return false
	}
	o.buffered += cost
	var ssn uint16
	if !m.Unordered {
		for int(m.Stream) >= len(o.ssn) {
			o.ssn = append(o.ssn, 0)
		}
		ssn = o.ssn[m.Stream]
		o.ssn[m.Stream]++
	}
	data := append([]byte(nil), m.Data...)
	fragments := make([]outChunk, n)
	for i := range fragments {
		part := data[i*size : min((i+1)*size, len(data))]
		fragments[i].dataChunk = dataChunk{
			Unordered: m.Unordered, Beginning: i == 0, Ending: i == n-1,
			Stream: m.Stream, SSN: ssn, PPID: m.PPID, Data: part,
		}
		o.pending.push(&fragments[i])
	}
	return true
}

// transmit sends what congestion control and the peer's window allow, RFC 9260 §6.1.
func (a *association) transmit(now time.Duration) {
	switch a.state {
	case stateEstablished, stateShutdownPending, stateShutdownReceived:
	default:
		return
	}
	if a.out.pending.len() == 0 && a.out.resend == 0 {
		return
	}
	p := a.dataPath()
	a.restartIdle(p, now)
	for range maxBurst {
		if !a.sendData(p, now) {
			return
		}
	}
}

// restartIdle lets the window decay of a path that has long sent nothing, RFC 9260 §7.2.1.
func (a *association) restartIdle(p *path, now time.Duration) {
	if p.flight > 0 || p.used == 0 {
		return
	}
	for idle := now - p.used; idle > p.rto && p.cwnd > 4*p.payload; idle -= p.rto {
		p.cwnd = max(p.cwnd/2, 4*p.payload)
	}
}

// sendData posts one packet of DATA chunks, retransmissions first, with a SACK that is due. It tells whether it did.
func (a *association) sendData(p *path, now time.Duration) bool {
	room := p.payload
	var sack sackChunk
	if a.in.pendingSACK() {
		if sack = a.in.sack(a.ep.cfg.ReceiveWindow, room/2); sack.size()+dataHeaderSize > room {
			return false
		}
		room -= sack.size()
	}
	buf, empty := a.begin(), true
	add := func(c *outChunk) {
		if empty && a.in.pendingSACK() {
			*buf = sack.append(*buf)
			a.sacked()
		}
		empty = false
		*buf = c.append(*buf)
		room -= padded(dataHeaderSize + len(c.Data))
		a.launch(p, c, now)
	}
	a.pickResends(p, &room, add)
	a.pickPending(p, &room, now, add)
	if empty {
		a.ep.recycle(buf)
		return false
	}
	a.out.burst = false
	p.used = now
	a.post(p.route, buf)
	return true
}

// pickResends adds the chunks to be sent again that fit, RFC 9260 §6.3.3 E3.
func (a *association) pickResends(p *path, room *int, add func(*outChunk)) {
	o := &a.out
	for i := 0; o.resend > 0 && i < o.sent.len(); i++ {
		c := *o.sent.at(i)
		if !c.retransmit {
			continue
		}
		if padded(dataHeaderSize+len(c.Data)) > *room || (p.flight >= p.cwnd && !o.burst) {
			return
		}
		c.retransmit, c.resent, c.missing = false, true, 0
		o.resend--
		add(c)
	}
}

// pickPending adds new chunks that fit the packet, the congestion window and the peer's window; if nothing is
// under way one may probe a window of zero, RFC 9260 §6.1 A and B.
func (a *association) pickPending(p *path, room *int, now time.Duration, add func(*outChunk)) {
	o := &a.out
	for o.resend == 0 && o.pending.len() > 0 {
		c := *o.pending.at(0)
		size := len(c.Data)
		if padded(dataHeaderSize+size) > *room || p.flight >= p.cwnd || (size > o.window && o.flight > 0) {
			return
		}
		o.probing = o.probing || size > o.window
		o.pending.pop()
		c.TSN = o.nextTSN
		o.nextTSN++
		o.sent.push(c)
		if !p.timing {
			p.timing, p.timed, p.timedAt = true, c.TSN, now
		}
		add(c)
	}
}

// launch counts a chunk as under way and sees that T3-rtx runs, RFC 9260 §6.3.2 R1.
func (a *association) launch(p *path, c *outChunk, now time.Duration) {
	c.path = p
	p.flight += len(c.Data)
	a.out.flight += len(c.Data)
	a.out.window = max(a.out.window-len(c.Data), 0)
	if !a.running(timerT3) {
		a.start(timerT3, now+p.rto)
	}
}

// land takes a chunk off what is under way.
func (a *association) land(c *outChunk) {
	c.path.flight -= len(c.Data)
	a.out.flight -= len(c.Data)
}

// resendAll marks what is not acknowledged to be sent again.
func (a *association) resendAll() {
	for i := range a.out.sent.len() {
		c := *a.out.sent.at(i)
		if c.acked || c.retransmit {
			continue
		}
		a.land(c)
		c.retransmit, c.fast = true, false
		a.out.resend++
	}
}

// expireT3 retransmits what was not acknowledged in time, RFC 9260 §6.3.3 and §7.2.3.
func (a *association) expireT3(now time.Duration) {
	o := &a.out
	if o.sent.len() == 0 {
		return
	}
	p := (*o.sent.at(0)).path
	probing := o.window == 0 && o.heard // a full receiver that answers is alive, RFC 9260 §6.1 A
	o.heard = false
	if probing {
		p.rto = min(2*p.rto, a.ep.cfg.RTOMax)
	} else if a.failed(p) {
		return
	}
	p.ssthresh = max(p.cwnd/2, 4*p.payload)
	p.cwnd, p.partial, p.timing = p.payload, 0, false
	a.resendAll()
	o.recovering = false
	next := a.dataPath()
	a.sendData(next, now)
	if o.sent.len() > 0 {
		a.start(timerT3, now+next.rto)
	}
}
