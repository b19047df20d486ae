package demo

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/internal/netspace"
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
	ran, core, dn *netspace.Space
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
		at   **netspace.Space
		name string
	}{{&l.ran, "ran"}, {&l.core, "core"}, {&l.dn, "dn"}} {
		ns, err := netspace.New(l.name + n.name)
		if err != nil {
			return err
		}
		*n.at = ns
	}
	for _, c := range []struct {
		name       string
		a, b       *netspace.Space
		addrA, adB netip.Prefix
	}{
		{"n2", l.ran, l.core, n2RAN, n2Core}, {"n3", l.ran, l.core, n3RAN, n3Core}, {"n6", l.core, l.dn, n6Core, n6DN},
	} {
		if err := netspace.Cable(c.name, c.a, c.b, c.addrA, c.adB); err != nil {
			return err
		}
		for _, end := range []*netspace.Space{c.a, c.b} {
			if err := end.Do(func() error { return singleSegments(c.name) }); err != nil {
				return err
			}
		}
	}
	return l.dn.Do(func() error { // the way back to the UEs
		return netlink.RouteAdd(&netlink.Route{Dst: netspace.IPNet(uePool), Gw: n6Core.Addr().AsSlice()})
	})
}

// close removes everything whose name is the lab's, also what a killed child left.
func (l *lab) close() error {
	var errs []error
	for _, ns := range []*netspace.Space{l.ran, l.core, l.dn} {
		if ns != nil {
			errs = append(errs, ns.Close())
		}
	}
	return errors.Join(append(errs, removeNamespaces(func(name string) bool { return strings.HasPrefix(name, l.name) }))...)
}

// singleSegments leaves segmentation of what a namespace sends into a cable to the sender, so that a capture shows the packets
// as they would be on a wire.
func singleSegments(cable string) error {
	link, err := netlink.LinkByName(cable)
	if err != nil {
		return err
	}
	return netlink.LinkSetGSOMaxSegs(link, 1)
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
