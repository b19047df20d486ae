// Package netspace makes network namespaces that a thread of this process lives in, and cables between them. It needs root.
package netspace

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

// Space is a network namespace with a thread that lives in it. Without a name it ends with this process, whatever happens.
type Space struct {
	handle netns.NsHandle
	calls  chan func()
	ended  chan struct{}
}

// New makes a namespace with its loopback up, and with a name under /run/netns unless that is empty.
func New(name string) (*Space, error) {
	s := &Space{calls: make(chan func()), ended: make(chan struct{})}
	ready := make(chan error)
	go s.live(name, ready)
	if err := <-ready; err != nil {
		return nil, fmt.Errorf("network namespace %s: %w", name, err)
	}
	return s, s.Do(func() error {
		// IPv6 would only fill a capture with neighbour discovery; a kernel without it needs nothing.
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

// Enter is a thread in a namespace with a name that exists.
func Enter(name string) (*Space, error) {
	s := &Space{calls: make(chan func()), ended: make(chan struct{})}
	ready := make(chan error)
	go s.serve(ready, func() (err error) {
		if s.handle, err = netns.GetFromName(name); err != nil {
			return err
		}
		return netns.Set(s.handle)
	})
	if err := <-ready; err != nil {
		return nil, fmt.Errorf("network namespace %s: %w", name, err)
	}
	return s, nil
}

// live makes the namespace and serves calls in it.
func (s *Space) live(name string, ready chan<- error) {
	s.serve(ready, func() (err error) {
		if name == "" {
			s.handle, err = netns.New()
		} else {
			s.handle, err = netns.NewNamed(name)
		}
		return err
	})
}

// serve serves calls in a namespace. Its thread is never given back: it ends with the goroutine.
func (s *Space) serve(ready chan<- error, enter func() error) {
	runtime.LockOSThread()
	defer close(s.ended)
	err := enter()
	ready <- err
	if err != nil {
		return
	}
	for f := range s.calls {
		f()
	}
}

// Do runs f on the namespace's thread: sockets and processes that it makes belong there.
func (s *Space) Do(f func() error) error {
	result := make(chan error, 1)
	s.calls <- func() { result <- f() }
	return <-result
}

// Close gives the thread and the handle up. A name stays.
func (s *Space) Close() error {
	close(s.calls)
	<-s.ended
	return s.handle.Close()
}

// Cable joins two namespaces by an interface of the same name in both.
func Cable(name string, a, b *Space, addrA, addrB netip.Prefix) error {
	err := a.Do(func() error {
		return netlink.LinkAdd(&netlink.Veth{
			LinkAttrs: netlink.LinkAttrs{Name: name}, PeerName: name, PeerNamespace: netlink.NsFd(int(b.handle)),
		})
	})
	if err == nil {
		err = errors.Join(
			a.Do(func() error { return plugIn(name, addrA) }),
			b.Do(func() error { return plugIn(name, addrB) }),
		)
	}
	if err != nil {
		return fmt.Errorf("cable %s: %w", name, err)
	}
	return nil
}

func plugIn(name string, addr netip.Prefix) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	return errors.Join(netlink.AddrAdd(link, &netlink.Addr{IPNet: IPNet(addr)}), netlink.LinkSetUp(link))
}

// IPNet is a prefix as package netlink wants it.
func IPNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
