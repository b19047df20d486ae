package sctp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// rawLink carries SCTP over raw IP sockets of protocol 132, one for each address family.
type rawLink struct {
	ep *endpoint

	mu      sync.RWMutex
	closed  bool
	v4, v6  *net.IPConn
	ports   []uint16
	readers sync.WaitGroup
}

// newRaw opens the IPv4 socket, to learn whether raw sockets are allowed. The IPv6 one is opened when needed.
func newRaw(cfg Config) (*endpoint, error) {
	ep := newEndpoint(cfg, BindingRaw)
	l := &rawLink{ep: ep}
	ep.link = l
	if err := l.open(netip.IPv4Unspecified(), false); err != nil {
		return nil, err
	}
	return ep, nil
}

func (l *rawLink) open(local netip.Addr, _ bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return net.ErrClosed
	}
	if l.v6 == nil && local.Is6() {
		c, err := l.bind("ip6:132", true)
		if err != nil {
			return err
		}
		l.v6 = c
		l.readers.Go(func() { l.readIPv6(c) })
	}
	if l.v4 == nil && (local.Is4() || local.IsUnspecified()) {
		c, err := l.bind("ip4:132", false)
		if err != nil {
			return err
		}
		l.v4 = c
		l.readers.Go(func() { l.readIPv4(c) })
	}
	return nil
}

// bind opens a raw socket with the filter of the ports in use.
func (l *rawLink) bind(network string, v6 bool) (*net.IPConn, error) {
	var c *net.IPConn
	var err error
	if f := l.ep.cfg.RawSockets[versionIndex(v6)]; f != nil {
		c, err = rawFrom(f)
	} else {
		c, err = net.ListenIP(network, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("sctp: raw socket: %w", err)
	}
	raw, err := c.SyscallConn()
	if err == nil {
		err = growBuffers(raw)
	}
	if err == nil && v6 {
		err = askLocal(raw, true)
	}
	if err == nil && l.ep.cfg.Arrivals {
		err = askArrival(raw)
	}
	if err != nil {
		_ = c.Close()
		return nil, fmt.Errorf("sctp: raw socket: %w", err)
	}
	l.filter(c, v6)
	return c, nil
}

func (l *rawLink) readIPv4(c *net.IPConn) {
	buf, control := make([]byte, 1<<16), []byte(nil)
	if l.ep.cfg.Arrivals {
		control = make([]byte, controlSize)
	}
	for l.read(c, func() error {
		n, nc, _, _, err := c.ReadMsgIP(buf, control)
		if err != nil {
			return err
		}
		if local, remote, payload, ok := splitIPv4(buf[:n]); ok {
			l.ep.inputAt(route{local, netip.AddrPortFrom(remote, 0)}, payload, arrivalOf(control[:nc]))
		}
		return nil
	}) {
	}
}

func (l *rawLink) readIPv6(c *net.IPConn) {
	buf, control := make([]byte, 1<<16), make([]byte, controlSize)
	for l.read(c, func() error {
		n, nc, _, from, err := c.ReadMsgIP(buf, control)
		if err != nil {
			return err
		}
		if remote, ok := netip.AddrFromSlice(from.IP); ok {
			l.ep.inputAt(route{localOf(control[:nc]), netip.AddrPortFrom(remote.Unmap(), 0)}, buf[:n], arrivalOf(control[:nc]))
		}
		return nil
	}) {
	}
}

// read reads once and tells whether to go on.
func (l *rawLink) read(c *net.IPConn, once func() error) bool {
	err := once()
	if errors.Is(err, net.ErrClosed) {
		return false
	}
	if err != nil {
		l.ep.log.Warn("sctp: raw socket", "address", c.LocalAddr(), "error", err)
		time.Sleep(readErrorPause)
	}
	return true
}

func (l *rawLink) source(remote netip.Addr) (netip.Addr, error) { return routeSource(remote) }

func (l *rawLink) send(r route, packet []byte) error {
	l.mu.RLock()
	c := l.v4
	if r.local.Is6() {
		c = l.v6
	}
	l.mu.RUnlock()
	if c == nil {
		return net.ErrClosed
	}
	_, _, err := c.WriteMsgIP(packet, controlFrom(r.local), &net.IPAddr{IP: r.remote.Addr().AsSlice()})
	return err
}

func (l *rawLink) overhead(remote netip.Addr) int { return headersIP(remote) }

func (l *rawLink) close() error {
	l.mu.Lock()
	l.closed = true
	var errs []error
	for _, c := range []*net.IPConn{l.v4, l.v6} {
		if c != nil {
			errs = append(errs, c.Close())
		}
	}
	l.v4, l.v6 = nil, nil
	l.mu.Unlock()
	l.readers.Wait()
	return errors.Join(errs...)
}

// maxFilterPorts bounds the ports that the kernel filters for us; with more, the endpoint does it alone.
const maxFilterPorts = 64

// watch filters the sockets by local port, so that other processes' packets do not wake us.
func (l *rawLink) watch(ports []uint16) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ports = ports
	for _, c := range []*net.IPConn{l.v4, l.v6} {
		if c != nil {
			l.filter(c, c == l.v6)
		}
	}
}

// filter attaches the filter to a socket. It only saves work, so a failure is not an error. The lock is held.
func (l *rawLink) filter(c *net.IPConn, v6 bool) {
	program, err := portFilter(l.ports, v6)
	if err != nil {
		l.ep.log.Warn("sctp: port filter", "error", err)
		return
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	insns := make([]unix.SockFilter, len(program))
	for i, p := range program {
		insns[i] = unix.SockFilter{Code: p.Op, Jt: p.Jt, Jf: p.Jf, K: p.K}
	}
	prog := unix.SockFprog{Len: uint16(len(insns)), Filter: &insns[0]}
	if e := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &prog)
	}); e != nil || err != nil {
		l.ep.log.Warn("sctp: port filter", "error", errors.Join(e, err))
	}
}

// portFilter is a classic BPF program that lets packets to some ports through; more than maxFilterPorts: all.
// An IPv4 raw socket sees the packet from its IP header on, an IPv6 one from the SCTP header on.
func portFilter(ports []uint16, v6 bool) ([]bpf.RawInstruction, error) {
	pass := bpf.RetConstant{Val: 1 << 18}
	if len(ports) > maxFilterPorts {
		return bpf.Assemble([]bpf.Instruction{pass})
	}
	var program []bpf.Instruction
	if v6 {
		program = append(program, bpf.LoadAbsolute{Off: 2, Size: 2})
	} else {
		program = append(program, bpf.LoadMemShift{Off: 0}, bpf.LoadIndirect{Off: 2, Size: 2})
	}
	for i, p := range ports {
		program = append(program, bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(p), SkipTrue: uint8(len(ports) - i)})
	}
	return bpf.Assemble(append(program, bpf.RetConstant{Val: 0}, pass))
}
