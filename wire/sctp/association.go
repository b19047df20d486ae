package sctp

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
)

// state is the state of an association, RFC 9260 §4.
type state uint8

const (
	stateClosed state = iota
	stateCookieWait
	stateCookieEchoed
	stateEstablished
	stateShutdownPending
	stateShutdownSent
	stateShutdownReceived
	stateShutdownAckSent
)

// association is a transmission control block, RFC 9260 §14.2. Packets go to outbox while mu is held and leave in
// release, without it.
type association struct {
	ep     *endpoint
	local  netip.AddrPort
	remote netip.AddrPort // primary address and port of the peer

	mu       sync.Mutex
	state    state
	end      error // why it is closed
	localTag uint32
	peerTag  uint32
	localTSN uint32  // our initial TSN
	paths    []*path // the first one is primary
	errors   int     // consecutive retransmissions without an answer, RFC 9260 §8.1
	tries    int     // of T1
	echo     []byte  // the COOKIE ECHO chunk, and what else goes with it, while COOKIE-ECHOED
	leaving  bool    // Shutdown was called

	changed  gate // state
	readable gate // inbox or state
	writable gate // send buffer or state

	timers
	out    outbound
	in     inbound
	sackTo *path // where the last DATA came from

	outbox   []outPacket
	spare    []outPacket // outbox's other backing array
	flushing bool
	removed  bool
}

// outPacket is a packet that waits to leave.
type outPacket struct {
	route
	buf *[]byte
}

// begin starts a packet to the peer.
func (a *association) begin() *[]byte { return a.beginTag(a.peerTag) }

func (a *association) beginTag(tag uint32) *[]byte {
	buf := a.ep.buffer()
	*buf = appendHeader(*buf, header{SourcePort: a.local.Port(), DestinationPort: a.remote.Port(), VerificationTag: tag})
	return buf
}

// post puts a packet into the outbox.
func (a *association) post(r route, buf *[]byte) {
	seal(*buf)
	a.outbox = append(a.outbox, outPacket{r, buf})
}

// postChunk posts a packet of one chunk.
func (a *association) postChunk(p *path, t chunkType, flags uint8, value []byte) {
	buf := a.begin()
	*buf = appendChunk(*buf, t, flags, value)
	a.post(p.route, buf)
}

// release unlocks the association and sends what is in the outbox. One goroutine at a time sends, so that packets
// stay in order; what others queue meanwhile it bundles, RFC 9260 §6.10.
func (a *association) release() {
	if a.flushing {
		a.mu.Unlock()
		return
	}
	a.flushing = true
	for len(a.outbox) > 0 {
		batch := a.outbox
		a.outbox = a.spare[:0]
		a.mu.Unlock()
		for i := range batch {
			a.ep.transmit(batch[i].route, batch[i].buf)
			batch[i] = outPacket{}
		}
		a.mu.Lock()
		a.spare = nil
		if cap(batch) <= queueKeep {
			a.spare = batch[:0]
		}
		if len(a.outbox) == 0 && a.out.pending.len() > 0 {
			a.transmit(a.ep.now()) // messages that came meanwhile share packets
		}
	}
	a.flushing = false
	gone := a.state == stateClosed && !a.removed
	a.removed = a.removed || gone
	a.mu.Unlock()
	if gone {
		a.ep.remove(a)
	}
}

// enter changes the state and wakes those who wait for it.
func (a *association) enter(s state) {
	a.state = s
	a.changed.open()
}

// close ends the association without telling the peer. What was received before stays readable.
func (a *association) close(end error) {
	if a.state == stateClosed {
		return
	}
	a.end = end
	a.stopTimers()
	a.out = outbound{streams: a.out.streams}
	a.in.forget()
	a.echo = nil
	a.enter(stateClosed)
	a.readable.open()
	a.writable.open()
}

// abort tells the peer and closes. end is told to the user; nil: an AbortError of this side.
func (a *association) abort(cause Cause, reason string, end error) {
	if a.state == stateClosed {
		return
	}
	a.ep.log.Debug("sctp: abort", "peer", a.remote, "cause", cause.String(), "reason", reason)
	if a.peerTag != 0 {
		var info []byte
		if cause == CauseUserInitiatedAbort || cause == CauseProtocolViolation {
			info = []byte(reason[:min(len(reason), maxReason)])
		}
		buf := a.begin()
		*buf = appendAbort(*buf, 0, cause, info)
		a.post(a.dataPath().route, buf)
	}
	if end == nil {
		end = &AbortError{Cause: cause, Reason: reason, Local: true}
	}
	a.close(end)
}

// Receive implements Association.
func (a *association) Receive(ctx context.Context) (Message, error) {
	for {
		a.mu.Lock()
		if a.in.inbox.len() > 0 {
			d := a.in.inbox.pop()
			if d.restarted {
				a.mu.Unlock()
				return Message{}, ErrRestarted
			}
			a.consumed(len(d.Data))
			a.release()
			return d.Message, nil
		}
		if a.state == stateClosed {
			defer a.mu.Unlock()
			return Message{}, a.end
		}
		wait := a.readable.wait()
		a.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return Message{}, ctx.Err()
		}
	}
}

// Send implements Association.
func (a *association) Send(ctx context.Context, m Message) error {
	if len(m.Data) == 0 || len(m.Data) > a.ep.cfg.MaxMessage {
		return ErrMessageSize
	}
	for {
		a.mu.Lock()
		switch a.state {
		case stateClosed:
			defer a.mu.Unlock()
			if errors.Is(a.end, io.EOF) {
				return ErrShutdown
			}
			return a.end
		case stateEstablished:
		default:
			a.mu.Unlock()
			return ErrShutdown
		}
		if m.Stream >= a.out.streams {
			a.mu.Unlock()
			return ErrStream
		}
		if a.enqueue(m) {
			if !a.flushing {
				a.transmit(a.ep.now())
			}
			a.release()
			return nil
		}
		wait := a.writable.wait()
		a.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// OutboundStreams implements Association.
func (a *association) OutboundStreams() uint16 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.out.streams
}

// LocalAddr implements Association.
func (a *association) LocalAddr() netip.AddrPort { return a.local }

// RemoteAddr implements Association.
func (a *association) RemoteAddr() netip.AddrPort { return a.remote }

// Shutdown implements Association.
func (a *association) Shutdown(ctx context.Context) error {
	a.mu.Lock()
	a.leaving = true
	if a.state == stateEstablished {
		a.enter(stateShutdownPending)
		a.writable.open()
		a.advanceShutdown(a.ep.now())
	}
	for {
		if a.state == stateClosed {
			end := a.end
			a.release()
			if errors.Is(end, io.EOF) || errors.Is(end, net.ErrClosed) {
				return nil
			}
			return end
		}
		wait := a.changed.wait()
		a.release()
		select {
		case <-wait:
		case <-ctx.Done():
			return ctx.Err()
		}
		a.mu.Lock()
	}
}

// Abort implements Association.
func (a *association) Abort(reason string) error {
	a.discard(reason)
	return nil
}

func (a *association) discard(reason string) {
	a.mu.Lock()
	defer a.release()
	a.abort(CauseUserInitiatedAbort, reason, net.ErrClosed)
	a.end = net.ErrClosed
	a.in.inbox = queue[delivery]{}
}
