package pfcp

import (
	"net"
	"net/netip"
	"sync"
)

// PipeConn is one end of an in-memory datagram link. It blocks on channels alone, so that virtual time passes.
type PipeConn struct {
	// Lose drops a datagram that is about to be sent; nil loses none. Set it before the first use.
	Lose func(b []byte) bool

	local  netip.AddrPort
	in     chan []byte
	peer   *PipeConn
	closed chan struct{}
	once   sync.Once
}

// pipeQueue is how many datagrams wait at an end of a Pipe; further ones are lost, as in a socket's buffer.
const pipeQueue = 1024

// Pipe joins two ends with the addresses a and b.
func Pipe(a, b netip.AddrPort) (*PipeConn, *PipeConn) {
	one, two := newPipeConn(a), newPipeConn(b)
	one.peer, two.peer = two, one
	return one, two
}

func newPipeConn(a netip.AddrPort) *PipeConn {
	return &PipeConn{local: a, in: make(chan []byte, pipeQueue), closed: make(chan struct{})}
}

// ReadFromUDPAddrPort waits for a datagram of the other end.
func (p *PipeConn) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	select {
	case d := <-p.in:
		return copy(b, d), p.peer.local, nil
	case <-p.closed:
		return 0, netip.AddrPort{}, net.ErrClosed
	}
}

// WriteToUDPAddrPort sends to the other end; a datagram to another address is lost.
func (p *PipeConn) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	select {
	case <-p.closed:
		return 0, net.ErrClosed
	default:
	}
	if to != p.peer.local || (p.Lose != nil && p.Lose(b)) {
		return len(b), nil
	}
	p.Deliver(b)
	return len(b), nil
}

// Deliver hands a datagram to the other end whatever Lose says.
func (p *PipeConn) Deliver(b []byte) {
	select {
	case p.peer.in <- append([]byte(nil), b...):
	default:
	}
}

// LocalAddr is the address of this end.
func (p *PipeConn) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(p.local) }

// Close wakes the reader of this end.
func (p *PipeConn) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}
