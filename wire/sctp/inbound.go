package sctp

import (
	"encoding/binary"
	"slices"
	"time"
)

// sackDelay is how long an acknowledgement may wait for company, RFC 9260 §6.2.
const sackDelay = 200 * time.Millisecond

// maxDuplicates bounds the duplicates that a SACK reports.
const maxDuplicates = 16

// maxSpans bounds the gaps that we keep track of; beyond it data is dropped and comes again.
const maxSpans = 256

// delivery is what Receive takes next: a message, or word of a restart.
type delivery struct {
	Message
	restarted bool
}

// span is a run of TSNs received, both ends included.
type span struct{ first, last uint32 }

// inStream is the ordering state of one inbound stream, RFC 9260 §6.5.
type inStream struct {
	next uint16             // stream sequence number to deliver next
	held map[uint16]Message // complete, but ahead of next
}

// inbound is the receiving half of an association, RFC 9260 §6.2.
type inbound struct {
	streams uint16
	cum     uint32   // all TSNs up to here were received
	spans   []span   // received beyond cum, ascending
	dups    []uint32 // received again since the last SACK

	ackNow  bool // a SACK must go at once
	packets int  // with DATA since the last SACK
	offered int  // window that the last SACK advertised

	arrived time.Time // of the packet that is being taken in

	inbox   queue[delivery]
	charged int // octets in inbox and held, with overhead
	held    int // of these, octets that cannot be delivered yet

	ordered map[uint16]*inStream
	runs    reassembly
}

// forget drops what cannot be delivered any more; the inbox stays.
func (in *inbound) forget() {
	in.charged -= in.held
	in.spans, in.dups, in.ordered, in.runs, in.held = nil, nil, nil, reassembly{}, 0
	in.ackNow, in.packets = false, 0
}

// window is what the peer may send, RFC 9260 §6.2.
func (in *inbound) window(limit int) int { return max(limit-in.charged, 0) }

// handleDATA takes in one DATA chunk and tells whether to go on, RFC 9260 §6.2.
func (a *association) handleDATA(from *path, c chunk) bool {
	switch a.state {
	case stateEstablished, stateShutdownPending, stateShutdownSent:
	default:
		return true
	}
	in := &a.in
	d, err := parseDATA(c)
	if err != nil {
		a.abort(CauseProtocolViolation, err.Error(), nil)
		return false
	}
	if len(d.Data) == 0 {
		tsn := binary.BigEndian.AppendUint32(nil, d.TSN)
		a.abortWith(CauseNoUserData, tsn) // RFC 9260 §6.2
		return false
	}
	if in.seen(d.TSN) {
		if len(in.dups) < maxDuplicates {
			in.dups = append(in.dups, d.TSN)
		}
		in.ackNow = true
		return true
	}
	if !in.fits(&d, a.ep.cfg) {
		in.ackNow = true // tells the peer our window
		return true
	}
	if !in.note(d.TSN) {
		in.ackNow = true
		return true
	}
	in.ackNow = in.ackNow || d.Immediate
	if d.Stream >= in.streams {
		id := binary.BigEndian.AppendUint16(nil, d.Stream)
		buf := a.begin()
		*buf = appendError(*buf, CauseInvalidStreamIdentifier, append(id, 0, 0)) // RFC 9260 §6.5
		a.post(from.route, buf)
		return true
	}
	if reason := in.take(&d, a.ep.cfg.MaxMessage); reason != "" {
		a.abort(CauseProtocolViolation, reason, nil)
		return false
	}
	if in.inbox.len() > 0 {
		a.readable.open()
	}
	return true
}

// abortWith is abort with binary information.
func (a *association) abortWith(cause Cause, info []byte) {
	buf := a.begin()
	*buf = appendAbort(*buf, 0, cause, info)
	a.post(a.dataPath().route, buf)
	a.close(&AbortError{Cause: cause, Local: true})
}

// seen tells whether a TSN was received before.
func (in *inbound) seen(tsn uint32) bool {
	if !before(in.cum, tsn) {
		return true
	}
	i := in.spanAfter(tsn)
	return i > 0 && !before(in.spans[i-1].last, tsn)
}

// spanAfter is the index of the first span that begins after a TSN.
func (in *inbound) spanAfter(tsn uint32) int {
	lo, hi := 0, len(in.spans)
	for lo < hi {
		if mid := (lo + hi) / 2; before(tsn, in.spans[mid].first) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// fits tells whether there is room. With the window used up only the next TSN is taken, and only if it may
// complete what is held, so that a full buffer cannot block itself.
func (in *inbound) fits(d *dataChunk, cfg Config) bool {
	cost := in.charged + len(d.Data) + chunkOverhead
	if cost <= cfg.ReceiveWindow {
		return d.TSN-in.cum <= 1<<16-1 // what a gap block can tell
	}
	return d.TSN == in.cum+1 && in.held > 0 && cost <= cfg.ReceiveWindow+2*cfg.MaxMessage
}

// note marks a TSN as received, and tells whether that was possible.
func (in *inbound) note(tsn uint32) bool {
	i := in.spanAfter(tsn)
	joinsLeft := i > 0 && in.spans[i-1].last+1 == tsn
	joinsRight := i < len(in.spans) && in.spans[i].first == tsn+1
	switch {
	case tsn == in.cum+1:
		in.cum = tsn
		if joinsRight {
			in.cum = in.spans[0].last
			in.spans = slices.Delete(in.spans, 0, 1)
		}
	case joinsLeft && joinsRight:
		in.spans[i-1].last = in.spans[i].last
		in.spans = slices.Delete(in.spans, i, i+1)
	case joinsLeft:
		in.spans[i-1].last = tsn
	case joinsRight:
		in.spans[i].first = tsn
	case len(in.spans) >= maxSpans:
		return false
	default:
		in.spans = slices.Insert(in.spans, i, span{tsn, tsn})
	}
	if len(in.spans) == 0 {
		in.spans = nil
	}
	return true
}

// take copies a chunk's data and delivers what it completes. A reason tells what the peer did wrong.
func (in *inbound) take(d *dataChunk, maxMessage int) (reason string) {
	if d.Beginning && d.Ending {
		if len(d.Data) > maxMessage {
			return "message is too large"
		}
		m := Message{Stream: d.Stream, PPID: d.PPID, Unordered: d.Unordered, Data: slices.Clone(d.Data), Arrived: in.arrived}
		in.charged += len(m.Data) + chunkOverhead
		return in.order(m, d.SSN)
	}
	cost := len(d.Data) + chunkOverhead
	in.charged += cost
	in.held += cost
	r, reason := in.runs.insert(d, maxMessage)
	if r == nil || reason != "" {
		return reason
	}
	in.held -= r.size + r.count*chunkOverhead
	in.charged -= (r.count - 1) * chunkOverhead
	m := r.message()
	m.Arrived = in.arrived
	return in.order(m, r.ssn)
}

// order delivers a complete message when its turn has come, RFC 9260 §6.5 and §6.6.
func (in *inbound) order(m Message, ssn uint16) (reason string) {
	if m.Unordered {
		in.inbox.push(delivery{Message: m})
		return ""
	}
	s := in.ordered[m.Stream]
	if s == nil {
		if in.ordered == nil {
			in.ordered = make(map[uint16]*inStream)
		}
		s = new(inStream)
		in.ordered[m.Stream] = s
	}
	if ssn != s.next {
		if _, twice := s.held[ssn]; twice || ssnBefore(ssn, s.next) {
			return "stream sequence number used twice"
		}
		if s.held == nil {
			s.held = make(map[uint16]Message)
		}
		s.held[ssn] = m
		in.held += len(m.Data) + chunkOverhead
		return ""
	}
	in.inbox.push(delivery{Message: m})
	for s.next++; len(s.held) > 0; s.next++ {
		m, ok := s.held[s.next]
		if !ok {
			return ""
		}
		delete(s.held, s.next)
		in.held -= len(m.Data) + chunkOverhead
		in.inbox.push(delivery{Message: m})
	}
	s.held = nil
	return ""
}

// consumed gives a message's room back; if that opens the window much, the peer is told, RFC 9260 §6.2.
func (a *association) consumed(octets int) {
	in := &a.in
	in.charged -= octets + chunkOverhead
	limit := a.ep.cfg.ReceiveWindow
	if a.state != stateClosed && !a.connecting() && in.window(limit)-in.offered >= limit/4 {
		a.sendSACK()
	}
}
