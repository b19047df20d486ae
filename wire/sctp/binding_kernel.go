package sctp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// kernelHasSCTP tells whether the operating system has SCTP; nil means yes.
func kernelHasSCTP() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, unix.IPPROTO_SCTP)
	if err != nil {
		return fmt.Errorf("%w: %v", ErrNoKernelSCTP, err)
	}
	return unix.Close(fd)
}

// kernel is the operating system's SCTP through one-to-one sockets, RFC 6458 §4. Goroutines wait in the runtime's
// poller, so an association holds no thread. A socket bound to the unspecified address is multi-homed.
type kernel struct {
	cfg     Config
	buffers sync.Pool // of *[]byte, for one recvmsg

	mu           sync.Mutex
	closed       bool
	associations map[*kernelAssociation]struct{}
	listeners    map[*kernelListener]struct{}
}

// kernelRead is the most octets that one recvmsg takes; a longer message comes in parts.
const kernelRead = 64 << 10

func newKernel(cfg Config) *kernel {
	k := &kernel{
		cfg:          cfg,
		associations: make(map[*kernelAssociation]struct{}),
		listeners:    make(map[*kernelListener]struct{}),
	}
	k.buffers.New = func() any {
		b := make([]byte, kernelRead)
		return &b
	}
	return k
}

func (k *kernel) config() Config { return k.cfg }

// Binding implements Transport.
func (k *kernel) Binding() Binding { return BindingKernel }

// socket makes a non-blocking socket with our options.
func (k *kernel) socket(addr netip.Addr) (*os.File, error) {
	family := unix.AF_INET
	if addr.Is6() {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_SCTP)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	for opt, value := range socketOptions(k.cfg) {
		if err = unix.SetsockoptString(fd, unix.IPPROTO_SCTP, opt, string(value)); err != nil {
			_ = unix.Close(fd)
			return nil, fmt.Errorf("sctp: socket option %d: %w", opt, err)
		}
	}
	// The kernel's limits may be lower; smaller buffers only slow large messages down.
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, k.cfg.SendBuffer)
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, k.cfg.ReceiveWindow)
	return os.NewFile(uintptr(fd), "sctp"), nil
}

// control runs a system call on a socket that does not wait.
func control(f *os.File, call func(fd int) error) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var result error
	if err := raw.Control(func(fd uintptr) { result = call(int(fd)) }); err != nil {
		return err
	}
	return result
}

// await repeats a system call, waiting in the poller while it says EAGAIN, until it is done or ctx ends. Only one
// goroutine may await in each direction of a socket.
func await(ctx context.Context, f *os.File, write bool, call func(fd int) error) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	wait, deadline := raw.Read, f.SetReadDeadline
	if write {
		wait, deadline = raw.Write, f.SetWriteDeadline
	}
	fired := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = deadline(time.Unix(1, 0))
		close(fired)
	})
	var result error
	err = wait(func(fd uintptr) bool {
		for {
			if result = call(int(fd)); !errors.Is(result, unix.EINTR) {
				return !errors.Is(result, unix.EAGAIN)
			}
		}
	})
	if !stop() {
		<-fired
		_ = deadline(time.Time{})
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ctx.Err()
	case err != nil: // the file was closed; its error has no name
		return fmt.Errorf("%w: %v", net.ErrClosed, err)
	}
	return result
}

// Dial implements Transport.
func (k *kernel) Dial(ctx context.Context, local, remote netip.AddrPort) (Association, error) {
	remote = netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())
	f, err := k.socket(remote.Addr())
	if err != nil {
		return nil, err
	}
	if local.Addr().IsValid() || local.Port() != 0 {
		addr := local.Addr().Unmap()
		if !addr.IsValid() {
			addr = unspecified(remote.Addr())
		}
		bind := func(fd int) error { return unix.Bind(fd, sockaddr(netip.AddrPortFrom(addr, local.Port()))) }
		if err := control(f, bind); err != nil {
			_ = f.Close()
			return nil, os.NewSyscallError("bind", err)
		}
	}
	started := false
	err = await(ctx, f, true, func(fd int) error {
		if started {
			if e, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR); err != nil || e != 0 {
				return errors.Join(err, syscall.Errno(e))
			}
		}
		started = true
		err := unix.Connect(fd, sockaddr(remote))
		switch {
		case errors.Is(err, unix.EINPROGRESS), errors.Is(err, unix.EALREADY):
			return unix.EAGAIN
		case errors.Is(err, unix.EISCONN):
			return nil
		}
		return err
	})
	if err != nil {
		_ = f.Close()
		return nil, connectError(err)
	}
	return k.adopt(f)
}

// connectError tells a refusal and a silent peer as the other bindings do.
func connectError(err error) error {
	switch {
	case errors.Is(err, unix.ECONNREFUSED):
		return &AbortError{}
	case errors.Is(err, unix.ETIMEDOUT):
		return ErrPeerUnreachable
	}
	return err
}

// adopt makes an association of a connected socket, which it closes on error.
func (k *kernel) adopt(f *os.File) (*kernelAssociation, error) {
	a := &kernelAssociation{k: k, f: f, reading: make(chan struct{}, 1), writing: make(chan struct{}, 1)}
	err := control(f, func(fd int) error {
		status, err := socketStatus(fd)
		if err != nil {
			return err
		}
		a.streams = outboundStreams(status)
		local, err := unix.Getsockname(fd)
		if err != nil {
			return err
		}
		remote, err := unix.Getpeername(fd)
		a.local, a.remote = addrPort(local), addrPort(remote)
		return err
	})
	if err == nil {
		err = k.enter(a)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return a, nil
}

func (k *kernel) enter(a *kernelAssociation) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return net.ErrClosed
	}
	if len(k.associations) >= k.cfg.MaxAssociations {
		return ErrTooManyAssociations
	}
	k.associations[a] = struct{}{}
	return nil
}

// Close implements Transport.
func (k *kernel) Close() error {
	k.mu.Lock()
	k.closed = true
	var errs []error
	for l := range k.listeners {
		errs = append(errs, l.f.Close())
	}
	clear(k.listeners)
	var all []*kernelAssociation
	for a := range k.associations {
		all = append(all, a)
	}
	k.mu.Unlock()
	for _, a := range all {
		_ = a.Abort("closing")
	}
	return errors.Join(errs...)
}

// kernelListener implements Listener.
type kernelListener struct {
	k         *kernel
	f         *os.File
	addr      netip.AddrPort
	accepting chan struct{} // held by the one who waits
}

// Listen implements Transport.
func (k *kernel) Listen(addr netip.AddrPort) (Listener, error) {
	f, err := k.socket(addr.Addr())
	if err != nil {
		return nil, err
	}
	err = control(f, func(fd int) error {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
		if err := unix.Bind(fd, sockaddr(addr)); err != nil {
			return os.NewSyscallError("bind", err)
		}
		if sa, err := unix.Getsockname(fd); err == nil {
			addr = netip.AddrPortFrom(addr.Addr(), addrPort(sa).Port())
		}
		return os.NewSyscallError("listen", unix.Listen(fd, backlog))
	})
	l := &kernelListener{k: k, f: f, addr: addr, accepting: make(chan struct{}, 1)}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err == nil && k.closed {
		err = net.ErrClosed
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	k.listeners[l] = struct{}{}
	return l, nil
}

// Accept implements Listener.
func (l *kernelListener) Accept(ctx context.Context) (Association, error) {
	select {
	case l.accepting <- struct{}{}:
		defer func() { <-l.accepting }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for {
		var accepted int
		err := await(ctx, l.f, false, func(fd int) (err error) {
			accepted, _, err = unix.Accept4(fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
			return err
		})
		if errors.Is(err, unix.ECONNABORTED) {
			continue
		}
		if err != nil {
			return nil, err
		}
		a, err := l.k.adopt(os.NewFile(uintptr(accepted), "sctp"))
		if err == nil {
			return a, nil
		}
		l.k.cfg.Log.Warn("sctp: association refused", "error", err)
	}
}

// Addr implements Listener.
func (l *kernelListener) Addr() netip.AddrPort { return l.addr }

// Close implements Listener.
func (l *kernelListener) Close() error {
	l.k.mu.Lock()
	delete(l.k.listeners, l)
	l.k.mu.Unlock()
	if err := l.f.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}
