package sctp

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// kernelAssociation implements Association on a one-to-one socket, RFC 6458 §4.
type kernelAssociation struct {
	k             *kernel
	f             *os.File
	local, remote netip.AddrPort

	reading, writing chan struct{} // held by the one goroutine in recvmsg, in sendmsg

	mu      sync.Mutex
	streams uint16
	inbox   queue[delivery]
	partial []byte // of a message that comes in parts
	cause   Cause  // that the kernel told last
	leaving bool
	end     error
}

// Receive implements Association.
func (a *kernelAssociation) Receive(ctx context.Context) (Message, error) {
	for {
		select {
		case a.reading <- struct{}{}:
		case <-ctx.Done():
			return Message{}, ctx.Err()
		}
		d, end := a.next()
		if d == nil && end == nil {
			end = a.read(ctx)
			if end == nil {
				d, end = a.next()
			}
		}
		<-a.reading
		switch {
		case d != nil && d.restarted:
			return Message{}, ErrRestarted
		case d != nil:
			return d.Message, nil
		case end != nil:
			return Message{}, end
		}
	}
}

// next takes what is in the inbox, else tells the end.
func (a *kernelAssociation) next() (*delivery, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.inbox.len() > 0 {
		d := a.inbox.pop()
		return &d, nil
	}
	return nil, a.end
}

// read waits for one recvmsg and puts what it gives into the inbox or into end. It fails only with ctx's error.
func (a *kernelAssociation) read(ctx context.Context) error {
	var (
		buf            *[]byte // taken only when there is something to read
		oob            [128]byte
		n, oobn, flags int
	)
	err := await(ctx, a.f, false, func(fd int) (err error) {
		buf = a.k.buffers.Get().(*[]byte)
		if n, oobn, flags, _, err = unix.Recvmsg(fd, *buf, oob[:], 0); err != nil {
			a.k.buffers.Put(buf)
		}
		return err
	})
	switch {
	case err == nil:
		a.take((*buf)[:n], oob[:oobn], flags)
		a.k.buffers.Put(buf)
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return err
	default:
		a.finish(a.endOf(err))
	}
	return nil
}

// take sorts what one recvmsg gave.
func (a *kernelAssociation) take(b, control []byte, flags int) {
	if len(b) == 0 && flags&msgNotification == 0 {
		a.finish(io.EOF)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.partial = append(a.partial, b...)
	if flags&unix.MSG_EOR == 0 && len(a.partial) <= a.k.cfg.MaxMessage {
		return
	}
	whole := a.partial
	a.partial = nil
	switch {
	case flags&msgNotification != 0:
		a.notified(whole)
	case len(whole) > a.k.cfg.MaxMessage:
		go a.Abort("message is too large")
	default:
		if m, ok := parseSndRcv(control); ok {
			m.Data = whole
			a.inbox.push(delivery{Message: m})
		}
	}
}

// notified takes in a notification. The lock is held.
func (a *kernelAssociation) notified(b []byte) {
	c, ok := parseAssocChange(b)
	if !ok {
		return
	}
	switch c.state {
	case changeRestart:
		a.streams = c.outboundStreams
		a.inbox.push(delivery{restarted: true})
	case changeCommLost, changeCantStart:
		a.cause = c.cause
	}
}

// endOf is what an error of the socket means.
func (a *kernelAssociation) endOf(err error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case errors.Is(err, unix.ECONNRESET), errors.Is(err, unix.ECONNREFUSED), errors.Is(err, unix.ECONNABORTED):
		return &AbortError{Cause: a.cause}
	case errors.Is(err, unix.ETIMEDOUT), errors.Is(err, unix.EHOSTUNREACH):
		return ErrPeerUnreachable
	case errors.Is(err, unix.ENOTCONN), errors.Is(err, unix.ESHUTDOWN):
		return io.EOF
	}
	return err
}

// finish sets the end, unless there is one, and closes the socket.
func (a *kernelAssociation) finish(end error) {
	a.mu.Lock()
	first := a.end == nil
	if first {
		a.end = end
	}
	a.mu.Unlock()
	if !first {
		return
	}
	a.k.mu.Lock()
	delete(a.k.associations, a)
	a.k.mu.Unlock()
	_ = a.f.Close()
}

// Send implements Association.
func (a *kernelAssociation) Send(ctx context.Context, m Message) error {
	if len(m.Data) == 0 || len(m.Data) > a.k.cfg.MaxMessage {
		return ErrMessageSize
	}
	select {
	case a.writing <- struct{}{}:
		defer func() { <-a.writing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	a.mu.Lock()
	streams, end, leaving := a.streams, a.end, a.leaving
	a.mu.Unlock()
	switch {
	case errors.Is(end, io.EOF), end == nil && leaving:
		return ErrShutdown
	case end != nil:
		return end
	case m.Stream >= streams:
		return ErrStream
	}
	var flags uint16
	if m.Unordered {
		flags = flagUnordered
	}
	info := sndRcvMessage(m.Stream, flags, m.PPID)
	err := await(ctx, a.f, true, func(fd int) error {
		return unix.Sendmsg(fd, m.Data, info, nil, unix.MSG_NOSIGNAL)
	})
	switch {
	case errors.Is(err, unix.EPIPE):
		return ErrShutdown
	case errors.Is(err, unix.EMSGSIZE):
		return ErrMessageSize
	case err == nil || ctx.Err() != nil:
		return err
	}
	return a.endOf(err)
}

// OutboundStreams implements Association.
func (a *kernelAssociation) OutboundStreams() uint16 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.streams
}

// LocalAddr implements Association.
func (a *kernelAssociation) LocalAddr() netip.AddrPort { return a.local }

// RemoteAddr implements Association.
func (a *kernelAssociation) RemoteAddr() netip.AddrPort { return a.remote }

// Shutdown implements Association. It reads on until the kernel tells the end, and keeps the messages for Receive.
func (a *kernelAssociation) Shutdown(ctx context.Context) error {
	a.mu.Lock()
	a.leaving = true
	a.mu.Unlock()
	if err := control(a.f, func(fd int) error { return unix.Shutdown(fd, unix.SHUT_WR) }); err != nil &&
		!errors.Is(err, unix.ENOTCONN) && !errors.Is(err, os.ErrClosed) {
		return err
	}
	for {
		select {
		case a.reading <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		a.mu.Lock()
		end := a.end
		a.mu.Unlock()
		var err error
		if end == nil {
			err = a.read(ctx)
		}
		<-a.reading
		switch {
		case err != nil:
			return err
		case errors.Is(end, io.EOF), errors.Is(end, net.ErrClosed):
			return nil
		case end != nil:
			return end
		}
	}
}

// Abort implements Association.
func (a *kernelAssociation) Abort(reason string) error {
	info := sndRcvMessage(0, flagAbort, 0)
	_ = control(a.f, func(fd int) error { // whatever comes of it, the association ends
		return unix.Sendmsg(fd, []byte(reason[:min(len(reason), maxReason)]), info, nil, unix.MSG_NOSIGNAL)
	})
	a.finish(net.ErrClosed)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.inbox = queue[delivery]{}
	return nil
}
