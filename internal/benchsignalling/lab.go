package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

// lab is two network namespaces, without names, joined by one cable for N2 and N3.
type lab struct{ ran, core *namespace }

// The addresses, which exist inside the namespaces only.
var (
	coreAddr = netip.MustParsePrefix("10.10.2.1/24")
	ranAddr  = netip.MustParsePrefix("10.10.2.2/24")
	uePool   = netip.MustParsePrefix("10.45.0.0/16")
)

// newLab makes the namespaces. They end with this process, whatever happens.
func newLab() (*lab, error) {
	l := &lab{}
	err := l.build()
	if err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

func (l *lab) build() (err error) {
	if l.ran, err = newNamespace(); err != nil {
		return err
	}
	if l.core, err = newNamespace(); err != nil {
		return err
	}
	err = l.ran.do(func() error {
		return netlink.LinkAdd(&netlink.Veth{
			LinkAttrs: netlink.LinkAttrs{Name: "n2"}, PeerName: "n2", PeerNamespace: netlink.NsFd(int(l.core.handle)),
		})
	})
	if err != nil {
		return fmt.Errorf("cable: %w", err)
	}
	return errors.Join(
		l.ran.do(func() error { return plugIn("n2", ranAddr) }),
		l.core.do(func() error { return plugIn("n2", coreAddr) }),
	)
}

func plugIn(name string, addr netip.Prefix) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	ip := &net.IPNet{IP: addr.Addr().AsSlice(), Mask: net.CIDRMask(addr.Bits(), addr.Addr().BitLen())}
	return errors.Join(netlink.AddrAdd(link, &netlink.Addr{IPNet: ip}), netlink.LinkSetUp(link))
}

func (l *lab) close() error {
	var errs []error
	for _, n := range []*namespace{l.ran, l.core} {
		if n != nil {
			errs = append(errs, n.close())
		}
	}
	return errors.Join(errs...)
}

// namespace is a network namespace with a thread that lives in it.
type namespace struct {
	handle netns.NsHandle
	calls  chan func()
	ended  chan struct{}
}

func newNamespace() (*namespace, error) {
	n := &namespace{calls: make(chan func()), ended: make(chan struct{})}
	ready := make(chan error)
	go n.live(ready)
	if err := <-ready; err != nil {
		return nil, fmt.Errorf("network namespace: %w", err)
	}
	return n, n.do(func() error {
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
	handle, err := netns.New()
	n.handle = handle
	ready <- err
	if err != nil {
		return
	}
	for f := range n.calls {
		f()
	}
}

// do runs f on the namespace's thread: processes that it starts belong there.
func (n *namespace) do(f func() error) error {
	result := make(chan error, 1)
	n.calls <- func() { result <- f() }
	return <-result
}

func (n *namespace) close() error {
	close(n.calls)
	<-n.ended
	return n.handle.Close()
}
