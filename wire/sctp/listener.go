package sctp

import (
	"context"
	"net"
	"net/netip"
	"sync"
)

// backlog is how many associations may wait for Accept; more COOKIE ECHO chunks go unanswered and come again.
const backlog = 1024

// listener implements Listener.
type listener struct {
	ep   *endpoint
	addr netip.AddrPort

	mu       sync.Mutex
	waiting  queue[*association]
	arrived  gate // waiting grew or closed
	closed   bool
	reserved int // places for associations that are being made
}

// Listen implements Transport.
func (ep *endpoint) Listen(addr netip.AddrPort) (Listener, error) {
	if !addr.Addr().IsValid() {
		return nil, &net.AddrError{Err: "sctp: listening needs an address", Addr: addr.String()}
	}
	l := &listener{ep: ep, addr: netip.AddrPortFrom(addr.Addr().Unmap().WithZone(""), addr.Port())}
	if err := ep.link.open(l.addr.Addr(), false); err != nil {
		return nil, err
	}
	ep.mu.Lock()
	defer ep.mu.Unlock()
	if ep.closed {
		return nil, net.ErrClosed
	}
	if addr.Port() == 0 {
		l.addr = netip.AddrPortFrom(l.addr.Addr(), ep.dynamicPort())
	}
	if _, taken := ep.listeners[l.addr]; taken {
		return nil, &net.AddrError{Err: "sctp: address is in use", Addr: addr.String()}
	}
	ep.listeners[l.addr] = l
	ep.usePort(l.addr, 1)
	return l, nil
}

// listenerFor finds who listens at an address. The unspecified IPv6 address stands for both families.
func (ep *endpoint) listenerFor(addr netip.Addr, port uint16) *listener {
	ep.mu.RLock()
	defer ep.mu.RUnlock()
	candidates := [...]netip.Addr{addr, netip.IPv4Unspecified(), netip.IPv6Unspecified()}
	for _, c := range candidates {
		if c == netip.IPv4Unspecified() && !addr.Is4() {
			continue
		}
		if l := ep.listeners[netip.AddrPortFrom(c, port)]; l != nil {
			return l
		}
	}
	return nil
}

// reserve takes a place in the backlog.
func (l *listener) reserve() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.waiting.len()+l.reserved >= backlog {
		return false
	}
	l.reserved++
	return true
}

// fill gives a reserved place back, with an association or with nil. It fails if the listener has closed.
func (l *listener) fill(a *association) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reserved--
	if l.closed {
		return false
	}
	if a != nil {
		l.waiting.push(a)
		l.arrived.open()
	}
	return true
}

// Accept implements Listener.
func (l *listener) Accept(ctx context.Context) (Association, error) {
	for {
		l.mu.Lock()
		if l.waiting.len() > 0 {
			defer l.mu.Unlock()
			return l.waiting.pop(), nil
		}
		if l.closed {
			l.mu.Unlock()
			return nil, net.ErrClosed
		}
		wait := l.arrived.wait()
		l.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Addr implements Listener.
func (l *listener) Addr() netip.AddrPort { return l.addr }

// Close implements Listener.
func (l *listener) Close() error {
	l.shut()
	return nil
}

func (l *listener) shut() {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return
	}
	l.closed = true
	waiting := l.waiting
	l.waiting = queue[*association]{}
	l.arrived.open()
	l.mu.Unlock()
	for waiting.len() > 0 {
		waiting.pop().discard("nobody accepts")
	}
	l.ep.mu.Lock()
	defer l.ep.mu.Unlock()
	delete(l.ep.listeners, l.addr)
	l.ep.usePort(l.addr, -1)
}
