package demo

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// Places of named network namespaces and of what belongs to them, as ip-netns(8) has them.
const (
	namespaceDir = "/run/netns"
	resolvDir    = "/etc/netns"
	lockDir      = "/run/limpid-ran" // of package tunnel
)

// prefix begins the name of everything that a demo makes; the process's number follows.
const prefix = "limpid-demo-"

// lab is three network namespaces with cables between them: ran and core share N2 and N3, core and dn share N6.
type lab struct {
	name          string // with which the names of its namespaces begin
	ran, core, dn *namespace
}

// The addresses, which exist inside the namespaces only.
var (
	n2Core, n2RAN = netip.MustParsePrefix("10.10.2.1/24"), netip.MustParsePrefix("10.10.2.2/24")
	n3Core, n3RAN = netip.MustParsePrefix("10.10.3.1/24"), netip.MustParsePrefix("10.10.3.2/24")
	n6Core, n6DN  = netip.MustParsePrefix("10.10.6.1/24"), netip.MustParsePrefix("10.10.6.2/24")
	uePool        = netip.MustParsePrefix("10.45.0.0/16")
)

// newLab makes the namespaces. On an error nothing of it stays.
func newLab(pid int) (*lab, error) {
	l := &lab{name: prefix + strconv.Itoa(pid) + "-"}
	if err := l.build(); err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

func (l *lab) build() error {
	for _, n := range []struct {
		at   **namespace
		name string
	}{{&l.ran, "ran"}, {&l.core, "core"}, {&l.dn, "dn"}} {
		ns, err := newNamespace(l.name + n.name)
		if err != nil {
			return err
		}
		*n.at = ns
	}
	for _, c := range []struct {
		name       string
		a, b       *namespace
		addrA, adB netip.Prefix
	}{
		{"n2", l.ran, l.core, n2RAN, n2Core}, {"n3", l.ran, l.core, n3RAN, n3Core}, {"n6", l.core, l.dn, n6Core, n6DN},
	} {
		if err := cable(c.name, c.a, c.b, c.addrA, c.adB); err != nil {
			return fmt.Errorf("cable %s: %w", c.name, err)
		}
	}
	return l.dn.do(func() error { // the way back to the UEs
		return netlink.RouteAdd(&netlink.Route{Dst: ipNet(uePool), Gw: n6Core.Addr().AsSlice()})
	})
}

// cable joins two namespaces by an interface of the same name in both.
func cable(name string, a, b *namespace, addrA, addrB netip.Prefix) error {
	err := a.do(func() error {
		return netlink.LinkAdd(&netlink.Veth{
			LinkAttrs: netlink.LinkAttrs{Name: name}, PeerName: name, PeerNamespace: netlink.NsFd(int(b.handle)),
		})
	})
	if err != nil {
		return err
	}
	for _, end := range []struct {
		ns   *namespace
		addr netip.Prefix
	}{{a, addrA}, {b, addrB}} {
		if err := end.ns.do(func() error { return plugIn(name, end.addr) }); err != nil {
			return err
		}
	}
	return nil
}

// plugIn configures an end of a cable. Segmentation is left to the sender, so that a capture shows the packets as they
// would be on a wire.
func plugIn(name string, addr netip.Prefix) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	return errors.Join(
		netlink.LinkSetGSOMaxSegs(link, 1),
		netlink.AddrAdd(link, &netlink.Addr{IPNet: ipNet(addr)}),
		netlink.LinkSetUp(link),
	)
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

// close removes everything whose name is the lab's, also what a killed child left.
func (l *lab) close() error {
	var errs []error
	for _, ns := range []*namespace{l.ran, l.core, l.dn} {
		if ns != nil {
			errs = append(errs, ns.close())
		}
	}
	return errors.Join(append(errs, removeNamespaces(func(name string) bool { return strings.HasPrefix(name, l.name) }))...)
}

// namespace is a named network namespace with a thread that lives in it.
type namespace struct {
	name   string
	handle netns.NsHandle
	calls  chan func()
	ended  chan struct{}
}

func newNamespace(name string) (*namespace, error) {
	n := &namespace{name: name, calls: make(chan func()), ended: make(chan struct{})}
	ready := make(chan error)
	go n.live(ready)
	if err := <-ready; err != nil {
		return nil, fmt.Errorf("network namespace %s: %w", name, err)
	}
	return n, n.do(func() error {
		// IPv6 would only fill the capture with neighbour discovery; a kernel without it needs nothing.
		err := os.WriteFile("/proc/sys/net/ipv6/conf/default/disable_ipv6", []byte("1"), 0)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		lo, err := netlink.LinkByName("lo")
		if err != nil {
			return err
		}
		return netlink.LinkSetUp(lo)
	})
}

// live makes the namespace and serves calls in it. Its thread is never given back: it ends with the goroutine.
func (n *namespace) live(ready chan<- error) {
	runtime.LockOSThread()
	defer close(n.ended)
	handle, err := netns.NewNamed(n.name)
	n.handle = handle
	ready <- err
	if err != nil {
		return
	}
	for f := range n.calls {
		f()
	}
}

// do runs f on the namespace's thread: sockets and processes that it makes belong there.
func (n *namespace) do(f func() error) error {
	result := make(chan error, 1)
	n.calls <- func() { result <- f() }
	return <-result
}

func (n *namespace) close() error {
	close(n.calls)
	<-n.ended
	return errors.Join(n.handle.Close(), removeNamespace(n.name))
}

func removeNamespace(name string) error {
	path := filepath.Join(namespaceDir, name)
	if _, err := os.Lstat(path); err == nil {
		if err := unix.Unmount(path, unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) {
			return fmt.Errorf("network namespace %s: %w", name, err)
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return errors.Join(os.RemoveAll(filepath.Join(resolvDir, name)), os.RemoveAll(filepath.Join(lockDir, name)))
}

func removeNamespaces(which func(name string) bool) error {
	entries, err := os.ReadDir(namespaceDir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	var errs []error
	for _, e := range entries {
		if which(e.Name()) {
			errs = append(errs, removeNamespace(e.Name()))
		}
	}
	return errors.Join(errs...)
}

// removeStale removes what demos left behind that were killed: those whose process is gone.
func removeStale() error {
	dirs, err := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*"))
	if err != nil {
		return err
	}
	errs := []error{removeNamespaces(stale)}
	for _, d := range dirs {
		if stale(filepath.Base(d)) {
			errs = append(errs, os.RemoveAll(d))
		}
	}
	return errors.Join(errs...)
}

// stale tells whether a name is that of a thing which a demo made that is gone.
func stale(name string) bool {
	rest, ours := strings.CutPrefix(name, prefix)
	number, _, more := strings.Cut(rest, "-")
	pid, err := strconv.Atoi(number)
	return ours && more && err == nil && pid > 0 && unix.Kill(pid, 0) == unix.ESRCH
}
