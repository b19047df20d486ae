package sctp

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
)

// Pipe returns the two ends of an association in memory, without sockets or timers: what one sends the other
// receives, each direction buffered up to 512 KiB. It is for tests, and works inside testing/synctest.
func Pipe() (a, b Association) {
	return PipeBetween(netip.MustParseAddrPort("127.0.0.1:38412"), netip.MustParseAddrPort("127.0.0.2:49152"))
}

// PipeBetween is Pipe with the addresses of its ends.
func PipeBetween(atA, atB netip.AddrPort) (a, b Association) {
	cfg := Config{}.withDefaults()
	p := &pipe{limit: cfg.SendBuffer, maxMessage: cfg.MaxMessage, streams: cfg.Streams}
	ea, eb := &pipeEnd{pipe: p, addr: atA}, &pipeEnd{pipe: p, addr: atB}
	ea.peer, eb.peer = eb, ea
	return ea, eb
}

// pipe is what both ends share.
type pipe struct {
	mu         sync.Mutex
	limit      int
	maxMessage int
	streams    uint16
	closed     bool // no more messages either way
}

type pipeEnd struct {
	*pipe
	peer     *pipeEnd
	addr     netip.AddrPort
	inbox    []Message
	size     int   // octets in inbox
	end      error // what Receive tells after the last message
	readable gate  // inbox or end changed
	room     gate  // inbox shrank or end changed
}

func (e *pipeEnd) Receive(ctx context.Context) (Message, error) {
	for {
		e.mu.Lock()
		if len(e.inbox) > 0 {
			m := e.inbox[0]
			e.inbox[0] = Message{}
			e.inbox = e.inbox[1:]
			e.size -= len(m.Data)
			e.room.open()
			e.mu.Unlock()
			return m, nil
		}
		if e.end != nil {
			defer e.mu.Unlock()
			return Message{}, e.end
		}
		wait := e.readable.wait()
		e.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return Message{}, ctx.Err()
		}
	}
}

func (e *pipeEnd) Send(ctx context.Context, m Message) error {
	if m.Stream >= e.streams {
		return ErrStream
	}
	if len(m.Data) == 0 || len(m.Data) > e.maxMessage {
		return ErrMessageSize
	}
	for {
		e.mu.Lock()
		if e.closed {
			defer e.mu.Unlock()
			return e.sendError()
		}
		to := e.peer
		if to.size == 0 || to.size+len(m.Data) <= e.limit {
			m.Data = append([]byte(nil), m.Data...)
			to.inbox = append(to.inbox, m)
			to.size += len(m.Data)
			to.readable.open()
			e.mu.Unlock()
			return nil
		}
		wait := to.room.wait()
		e.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// sendError is called with the lock held.
func (e *pipeEnd) sendError() error {
	if errors.Is(e.end, io.EOF) {
		return ErrShutdown
	}
	return e.end
}

func (e *pipeEnd) OutboundStreams() uint16    { return e.streams }
func (e *pipeEnd) LocalAddr() netip.AddrPort  { return e.addr }
func (e *pipeEnd) RemoteAddr() netip.AddrPort { return e.peer.addr }

func (e *pipeEnd) Shutdown(context.Context) error {
	e.finish(io.EOF, io.EOF)
	return nil
}

func (e *pipeEnd) Abort(reason string) error {
	e.finish(net.ErrClosed, &AbortError{Cause: CauseUserInitiatedAbort, Reason: reason})
	return nil
}

// finish ends both directions. What was received before stays readable, but not to the side that aborts.
func (e *pipeEnd) finish(own, other error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return
	}
	e.closed = true
	e.end, e.peer.end = own, other
	if errors.Is(own, net.ErrClosed) {
		e.inbox, e.size = nil, 0
	}
	for _, x := range []*pipeEnd{e, e.peer} {
		x.readable.open()
		x.room.open()
	}
}
