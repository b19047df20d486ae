// Package tunnel gives a PDU session a TUN interface in a network namespace of its own, so that programs can use the
// session as a phone's programs would.
package tunnel

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// Places of named namespaces, as ip-netns(8) has them, and of the locks that tell a namespace in use from a stale one.
const (
	namespaceDir = "/run/netns"
	resolvDir    = "/etc/netns"
	lockDir      = "/run/limpid-ran"
)

const (
	defaultMTU  = 1400
	minMTU      = 576
	maxMTU      = 9000
	defaultName = "pdu0"
)

// Config describes a tunnel.
type Config struct {
	// Namespace is made by Open and removed by Close. One that a killed program left behind is replaced.
	Namespace string
	Name      string // of the interface; empty: "pdu0"
	Address   netip.Addr
	MTU       int // octets; 0: 1400
	DNS       []netip.Addr
	// Send takes a packet that a program in the namespace sends. It keeps nothing of it.
	Send func(packet []byte)
}

// Tunnel is an open tunnel.
type Tunnel struct {
	cfg  Config
	lock *os.File
	ns   netns.NsHandle
	tun  *os.File
	done chan struct{}
	once sync.Once
	err  error
}

// ErrInUse says that another program that lives has a tunnel in the namespace.
var ErrInUse = errors.New("tunnel: the namespace is in use by another run")

// Open makes namespace and interface: the address, a default route through it, loopback, and a resolv.conf for programs
// that ip-netns(8) starts.
func Open(cfg Config) (*Tunnel, error) {
	if cfg.Name == "" {
		cfg.Name = defaultName
	}
	if cfg.MTU == 0 {
		cfg.MTU = defaultMTU
	}
	if !cfg.Address.Is4() || cfg.MTU < minMTU || cfg.MTU > maxMTU || cfg.Send == nil {
		return nil, fmt.Errorf("tunnel: address %v, MTU %d: an IPv4 address and %d to %d are needed", cfg.Address, cfg.MTU, minMTU, maxMTU)
	}
	if cfg.Namespace == "" || cfg.Namespace != filepath.Base(cfg.Namespace) || strings.HasPrefix(cfg.Namespace, ".") {
		return nil, fmt.Errorf("tunnel: bad namespace name %q", cfg.Namespace)
	}
	lock, err := acquire(cfg.Namespace)
	if err != nil {
		return nil, err
	}
	t := &Tunnel{cfg: cfg, lock: lock, ns: netns.None(), done: make(chan struct{})}
	if err := t.open(); err != nil {
		close(t.done)
		return nil, errors.Join(fmt.Errorf("tunnel %s: %w", cfg.Namespace, err), t.Close())
	}
	go t.read()
	return t, nil
}

// acquire takes the lock that its holder's death frees.
func acquire(name string) (*os.File, error) {
	if err := os.MkdirAll(lockDir, 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(lockDir, name), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %s", ErrInUse, name), f.Close())
	}
	return f, nil
}

func (t *Tunnel) open() error {
	if err := removeNamespace(t.cfg.Namespace); err != nil {
		return err
	}
	err := isolated(func() error {
		ns, err := netns.NewNamed(t.cfg.Namespace)
		if err != nil {
			return fmt.Errorf("new namespace: %w", err)
		}
		t.ns = ns
		t.tun, err = openTUN(t.cfg.Name)
		return err
	})
	if err != nil {
		return err
	}
	if err := t.configure(); err != nil {
		return err
	}
	return t.writeResolv()
}

// configure brings the interfaces up.
func (t *Tunnel) configure() error {
	h, err := netlink.NewHandleAt(t.ns)
	if err != nil {
		return err
	}
	defer h.Close()
	for _, name := range []string{"lo", t.cfg.Name} {
		link, err := h.LinkByName(name)
		if err != nil {
			return err
		}
		if name == t.cfg.Name {
			address := netlink.Addr{IPNet: &net.IPNet{IP: t.cfg.Address.AsSlice(), Mask: net.CIDRMask(32, 32)}}
			if err := errors.Join(h.LinkSetMTU(link, t.cfg.MTU), h.AddrAdd(link, &address)); err != nil {
				return err
			}
		}
		if err := h.LinkSetUp(link); err != nil {
			return err
		}
		if name == t.cfg.Name {
			all := &net.IPNet{IP: net.IPv4zero, Mask: net.CIDRMask(0, 32)}
			route := netlink.Route{LinkIndex: link.Attrs().Index, Dst: all, Scope: netlink.SCOPE_LINK, Src: t.cfg.Address.AsSlice()}
			if err := h.RouteAdd(&route); err != nil {
				return fmt.Errorf("default route: %w", err)
			}
		}
	}
	return nil
}

func (t *Tunnel) writeResolv() error {
	if len(t.cfg.DNS) == 0 {
		return nil
	}
	dir := filepath.Join(resolvDir, t.cfg.Namespace)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var b strings.Builder
	for _, a := range t.cfg.DNS {
		fmt.Fprintf(&b, "nameserver %v\n", a)
	}
	return os.WriteFile(filepath.Join(dir, "resolv.conf"), []byte(b.String()), 0o644)
}

// read hands on what programs send until the interface is closed.
func (t *Tunnel) read() {
	defer close(t.done)
	buf := make([]byte, maxMTU)
	for {
		n, err := t.tun.Read(buf)
		if err != nil {
			return
		}
		if n > 0 && buf[0]>>4 == 4 { // the kernel's IPv6 neighbour discovery does not belong to an IPv4 session
			t.cfg.Send(buf[:n])
		}
	}
}

// Write gives a packet to the programs in the namespace.
func (t *Tunnel) Write(packet []byte) error {
	_, err := t.tun.Write(packet)
	return err
}

// Close removes interface and namespace.
func (t *Tunnel) Close() error {
	t.once.Do(func() {
		if t.tun != nil {
			t.err = t.tun.Close()
		}
		<-t.done
		if t.ns.IsOpen() {
			t.err = errors.Join(t.err, t.ns.Close())
		}
		t.err = errors.Join(t.err, removeNamespace(t.cfg.Namespace))
		t.err = errors.Join(t.err, os.Remove(t.lock.Name()), t.lock.Close())
	})
	return t.err
}
