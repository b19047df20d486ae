package sctp

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// udpLink carries SCTP in UDP, RFC 6951 §5: one socket for each local address that is listened on or dialled from.
type udpLink struct {
	ep   *endpoint
	port uint16

	mu      sync.RWMutex
	closed  bool
	sockets map[netip.Addr]*net.UDPConn // by the address they are bound to, maybe unspecified
	readers sync.WaitGroup
}

func newUDP(cfg Config) *endpoint {
	ep := newEndpoint(cfg, BindingUDP)
	ep.udp, ep.private = cfg.RemoteUDPPort, true
	ep.link = &udpLink{ep: ep, port: cfg.UDPPort, sockets: make(map[netip.Addr]*net.UDPConn)}
	return ep
}

func (l *udpLink) open(local netip.Addr, dial bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return net.ErrClosed
	}
	if l.socket(local) != nil && !local.IsUnspecified() {
		return nil
	}
	if err := l.bind(local, dial); err != nil {
		return err
	}
	if local == netip.IPv6Unspecified() {
		return l.bind(netip.IPv4Unspecified(), dial)
	}
	return nil
}

// socket finds the socket from which to send. The lock is held.
func (l *udpLink) socket(local netip.Addr) *net.UDPConn {
	if c := l.sockets[local]; c != nil {
		return c
	}
	return l.sockets[unspecified(local)]
}

func unspecified(a netip.Addr) netip.Addr {
	if a.Is4() {
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}

// bind opens a socket and starts its reader. The lock is held.
func (l *udpLink) bind(local netip.Addr, dial bool) error {
	if l.sockets[local] != nil {
		return nil
	}
	network := "udp4"
	if local.Is6() {
		network = "udp6"
	}
	c, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.AddrPortFrom(local, l.port)))
	if dial && errors.Is(err, syscall.EADDRINUSE) {
		c, err = net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.AddrPortFrom(local, 0)))
	}
	if err != nil {
		return err
	}
	raw, err := c.SyscallConn()
	if err == nil {
		err = growBuffers(raw)
	}
	if err == nil && local.IsUnspecified() {
		err = askLocal(raw, local.Is6())
	}
	if err != nil {
		_ = c.Close()
		return err
	}
	l.sockets[local] = c
	l.readers.Go(func() { l.read(c, local) })
	return nil
}

// read gives what comes in to the endpoint until the socket closes.
func (l *udpLink) read(c *net.UDPConn, bound netip.Addr) {
	packet, control := make([]byte, 1<<16), make([]byte, controlSize)
	for {
		n, nc, _, from, err := c.ReadMsgUDPAddrPort(packet, control)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			l.ep.log.Warn("sctp: UDP socket", "error", err)
			time.Sleep(readErrorPause)
			continue
		}
		local := bound
		if bound.IsUnspecified() {
			local = localOf(control[:nc])
		}
		l.ep.input(route{local, netip.AddrPortFrom(from.Addr().Unmap().WithZone(""), from.Port())}, packet[:n])
	}
}

// readErrorPause keeps a broken socket from using a whole processor.
const readErrorPause = 10 * time.Millisecond

func (l *udpLink) source(remote netip.Addr) (netip.Addr, error) { return routeSource(remote) }

func (l *udpLink) send(r route, packet []byte) error {
	l.mu.RLock()
	c := l.sockets[r.local]
	var control []byte
	if c == nil {
		c, control = l.sockets[unspecified(r.local)], controlFrom(r.local)
	}
	l.mu.RUnlock()
	if c == nil {
		return net.ErrClosed
	}
	_, _, err := c.WriteMsgUDPAddrPort(packet, control, r.remote)
	return err
}

func (l *udpLink) watch([]uint16) {}

// overhead counts the UDP header too, RFC 6951 §5.2.
func (l *udpLink) overhead(remote netip.Addr) int { return headersIP(remote) + 8 }

func (l *udpLink) close() error {
	l.mu.Lock()
	l.closed = true
	var errs []error
	for _, c := range l.sockets {
		errs = append(errs, c.Close())
	}
	clear(l.sockets)
	l.mu.Unlock()
	l.readers.Wait()
	return errors.Join(errs...)
}
