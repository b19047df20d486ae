package soft

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/nf/upf"
)

// tun is the interface of one data network: a TUN, or a TAP if that is of Ethernet.
type tun struct {
	network upf.Network
	lan     *lan // of Ethernet
	file    *os.File
	raw     syscall.RawConn
}

func newTUN(n upf.Network) *tun {
	t := &tun{network: n}
	if n.Ethernet {
		t.lan = newLAN()
	}
	return t
}

// offloads are what the kernel may leave to this end: checksums and the cutting of TCP, see unpack.
const offloads = unix.TUN_F_CSUM | unix.TUN_F_TSO4 | unix.TUN_F_TSO6

// openTUN makes the interface, or takes one of that name that nobody uses.
func openTUN(n upf.Network) (*tun, error) {
	fail := func(err error) (*tun, error) {
		return nil, fmt.Errorf("upf: data network %q: interface %q: %w", n.DNN, n.TUN, err)
	}
	req, err := unix.NewIfreq(n.TUN)
	if err != nil || n.TUN == "" {
		return fail(fmt.Errorf("a name has 1 to %d characters", unix.IFNAMSIZ-1))
	}
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return fail(fmt.Errorf("/dev/net/tun: %w", err))
	}
	kind, wanted := uint16(unix.IFF_TUN), offloads
	if n.Ethernet {
		kind, wanted = unix.IFF_TAP, 0 // segments are cut by the kernel: unpack knows IP
	}
	req.SetUint16(kind | unix.IFF_NO_PI | unix.IFF_VNET_HDR)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, req); err != nil {
		_ = unix.Close(fd)
		return fail(err)
	}
	if err := unix.IoctlSetInt(fd, unix.TUNSETOFFLOAD, wanted); err != nil {
		_ = unix.Close(fd)
		return fail(fmt.Errorf("offloads: %w", err))
	}
	t := newTUN(n)
	t.file = os.NewFile(uintptr(fd), n.TUN)
	if t.raw, err = t.file.SyscallConn(); err != nil {
		_ = t.file.Close()
		return fail(err)
	}
	return t, nil
}

// configure sets MTU, addresses and the routes to the UE pools, brings the interface up and lets the kernel forward.
func (t *tun) configure(log *slog.Logger) error {
	fail := func(what string, err error) error {
		return fmt.Errorf("upf: data network %q: interface %q: %s: %w", t.network.DNN, t.network.TUN, what, err)
	}
	link, err := netlink.LinkByName(t.network.TUN)
	if err != nil {
		return fail("not found", err)
	}
	if err := netlink.LinkSetMTU(link, t.network.MTU); err != nil {
		return fail("MTU", err)
	}
	if err := t.quiet(); err != nil {
		return fail("IPv6 off", err)
	}
	for _, g := range t.network.Gateway {
		if err := netlink.AddrReplace(link, &netlink.Addr{IPNet: ipNet(g)}); err != nil {
			return fail("address "+g.String(), err)
		}
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fail("up", err)
	}
	if t.network.Ethernet {
		err = t.bridge(link)
	} else {
		err = t.route(link, log)
	}
	if err != nil {
		return fmt.Errorf("upf: data network %q: %w", t.network.DNN, err)
	}
	log.Info("data network ready", "dnn", t.network.DNN, "interface", t.network.TUN, "pools", t.network.Pools, "mtu", t.network.MTU)
	return nil
}

// quiet turns IPv6 off on an interface whose data network has none: the kernel would send router solicitations and
// group reports, which are no packets of the data network.
func (t *tun) quiet() error {
	if t.ipv6() {
		return nil
	}
	err := os.WriteFile("/proc/sys/net/ipv6/conf/"+t.network.TUN+"/disable_ipv6", []byte("1"), 0o644)
	if errors.Is(err, os.ErrNotExist) { // a kernel without IPv6
		return nil
	}
	return err
}

// ipv6 tells whether UEs, or networks behind them, have addresses of IPv6.
func (t *tun) ipv6() bool {
	return slices.ContainsFunc(slices.Concat(t.network.Pools, t.network.Framed), func(p netip.Prefix) bool { return p.Addr().Is6() })
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

// enableForwarding lets the kernel route between the TUN and N6 in this network namespace.
func enableForwarding(p netip.Prefix, log *slog.Logger) error {
	file := "/proc/sys/net/ipv4/ip_forward"
	if p.Addr().Is6() {
		file = "/proc/sys/net/ipv6/conf/all/forwarding"
	}
	if b, err := os.ReadFile(file); err != nil || bytes.HasPrefix(b, []byte("1")) {
		return err
	}
	log.Info("turning IP forwarding on in this network namespace", "file", file)
	return os.WriteFile(file, []byte("1"), 0o644)
}

// write gives one packet to the kernel, with nothing left to do.
func (t *tun) write(b []byte) bool {
	var header [virtioHeader]byte
	ok := false
	err := t.raw.Write(func(fd uintptr) bool {
		n, e := unix.Writev(int(fd), [][]byte{header[:], b})
		ok = e == nil && n == len(header)+len(b)
		return e != unix.EAGAIN
	})
	return ok && err == nil
}
