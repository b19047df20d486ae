// Package lab makes a place for a core and its radios on one machine: two network namespaces and a cable, and processes in
// them whose cost can be read. It is for measurements and for tests that kill. It needs root.
package lab

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

// Lab is two network namespaces, without names, joined by one cable for N2 and N3.
type Lab struct{ RAN, Core *Namespace }

// CoreAddress and RANAddress are the ends of the cable, which exist inside the namespaces only.
func CoreAddress() netip.Addr { return netip.AddrFrom4([4]byte{10, 10, 2, 1}) }

// RANAddress is the end of the radios.
func RANAddress() netip.Addr { return netip.AddrFrom4([4]byte{10, 10, 2, 2}) }

const cableBits = 24

// New makes the namespaces. They end with this process, whatever happens.
func New() (*Lab, error) {
	l := &Lab{}
	err := l.build()
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func (l *Lab) build() (err error) {
	if l.RAN, err = newNamespace(); err != nil {
		return err
	}
	if l.Core, err = newNamespace(); err != nil {
		return err
	}
	err = l.RAN.Do(func() error {
		return netlink.LinkAdd(&netlink.Veth{
			LinkAttrs: netlink.LinkAttrs{Name: "n2"}, PeerName: "n2", PeerNamespace: netlink.NsFd(int(l.Core.handle)),
		})
	})
	if err != nil {
		return fmt.Errorf("cable: %w", err)
	}
	return errors.Join(
		l.RAN.Do(func() error { return plugIn("n2", netip.PrefixFrom(RANAddress(), cableBits)) }),
		l.Core.Do(func() error { return plugIn("n2", netip.PrefixFrom(CoreAddress(), cableBits)) }),
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

// Close takes the lab down.
func (l *Lab) Close() error {
	var errs []error
	for _, n := range []*Namespace{l.RAN, l.Core} {
		if n != nil {
			errs = append(errs, n.close())
		}
	}
	return errors.Join(errs...)
}

// Namespace is a network namespace with a thread that lives in it.
type Namespace struct {
	handle netns.NsHandle
	calls  chan func()
	ended  chan struct{}
}

func newNamespace() (*Namespace, error) {
	n := &Namespace{calls: make(chan func()), ended: make(chan struct{})}
	ready := make(chan error)
	go n.live(ready)
	if err := <-ready; err != nil {
		return nil, fmt.Errorf("network namespace: %w", err)
	}
	return n, n.Do(func() error {
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
func (n *Namespace) live(ready chan<- error) {
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

// Do runs f on the namespace's thread: processes that it starts belong there.
func (n *Namespace) Do(f func() error) error {
	result := make(chan error, 1)
	n.calls <- func() { result <- f() }
	return <-result
}

func (n *Namespace) close() error {
	close(n.calls)
	<-n.ended
	return n.handle.Close()
}
