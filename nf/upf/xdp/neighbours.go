package xdp

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// neighbours keeps next hops and routes in the maps as the kernel has them, so that no packet waits for a look-up.
type neighbours struct {
	log    *slog.Logger
	loaded *loaded
	handle *netlink.Handle // of the namespace of New
	done   chan struct{}
	wake   chan struct{}
	ended  sync.WaitGroup

	mu      sync.Mutex
	serving map[int]port // interfaces with the program, which frames may leave by
	index   map[netip.Addr]uint32
	view    view
	said    map[string]bool // warnings that were given
}

// port is an interface with the program.
type port struct {
	index  int
	name   string
	kind   string // of the interface, as netlink names it
	n3, n6 bool
}

func (p port) program() string {
	switch {
	case p.n3 && p.n6:
		return programN3N6
	case p.n3:
		return programN3
	}
	return programN6
}

// newNeighbours takes over the next hops that an earlier process left and begins to listen to the kernel.
func newNeighbours(l *loaded, log *slog.Logger) (*neighbours, error) {
	handle, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("upf: xdp: netlink: %w", err)
	}
	n := &neighbours{log: log, loaded: l, handle: handle, done: make(chan struct{}), wake: make(chan struct{}, 1),
		serving: map[int]port{}, index: map[netip.Addr]uint32{}, said: map[string]bool{}}
	for i := range l.hops {
		if a := l.hops[i].address; a != 0 {
			var b [4]byte
			binary.NativeEndian.PutUint32(b[:], a)
			n.index[netip.AddrFrom4(b)] = uint32(i)
		}
	}
	if err := errors.Join(listen(n, netlink.NeighSubscribe), listen(n, netlink.RouteSubscribe),
		listen(n, netlink.AddrSubscribe), listen(n, netlink.LinkSubscribe)); err != nil {
		n.close()
		return nil, fmt.Errorf("upf: xdp: netlink: %w", err)
	}
	return n, nil
}

// listen wakes the neighbours up when something of a kind changes.
func listen[T any](n *neighbours, subscribe func(chan<- T, <-chan struct{}) error) error {
	ch := make(chan T)
	if err := subscribe(ch, n.done); err != nil {
		return err
	}
	n.ended.Go(func() {
		for range ch {
			select {
			case n.wake <- struct{}{}:
			default:
			}
		}
	})
	return nil
}

// ports finds the interfaces that Options names or leaves out.
func (n *neighbours) ports(o Options, n3 netip.Addr) ([]port, error) {
	var out []port
	add := func(name string, n3 bool) error {
		l, err := n.handle.LinkByName(name)
		if err != nil {
			return fmt.Errorf("upf: xdp: interface %q: %w", name, err)
		}
		i := slices.IndexFunc(out, func(p port) bool { return p.index == l.Attrs().Index })
		if i < 0 {
			i = len(out)
			out = append(out, port{index: l.Attrs().Index, name: name, kind: l.Type()})
		}
		out[i].n3, out[i].n6 = out[i].n3 || n3, out[i].n6 || !n3
		return nil
	}
	var err error
	if o.N3 == nil {
		if o.N3, err = n.holding(n3); err != nil {
			return nil, err
		}
	}
	if o.N6 == nil {
		if o.N6, err = n.byDefault(); err != nil {
			return nil, err
		}
	}
	for _, name := range o.N3 {
		err = errors.Join(err, add(name, true))
	}
	for _, name := range o.N6 {
		err = errors.Join(err, add(name, false))
	}
	return out, err
}

// holding finds the interface that has an address.
func (n *neighbours) holding(a netip.Addr) ([]string, error) {
	addrs, err := n.handle.AddrList(nil, unix.AF_INET)
	if err != nil {
		return nil, fmt.Errorf("upf: xdp: addresses: %w", err)
	}
	for _, x := range addrs {
		if x.IP.Equal(a.AsSlice()) {
			return n.named(x.LinkIndex)
		}
	}
	return nil, fmt.Errorf("upf: xdp: no interface has the N3 address %s", a)
}

// byDefault finds the interface of the default route.
func (n *neighbours) byDefault() ([]string, error) {
	routes, err := n.handle.RouteList(nil, unix.AF_INET)
	if err != nil {
		return nil, fmt.Errorf("upf: xdp: routes: %w", err)
	}
	for _, r := range routes {
		if prefixOf(r.Dst).Bits() == 0 && r.LinkIndex > 0 {
			return n.named(r.LinkIndex)
		}
	}
	return nil, errors.New("upf: xdp: there is no default route: name the interfaces of N6")
}

func (n *neighbours) named(index int) ([]string, error) {
	l, err := n.handle.LinkByIndex(index)
	if err != nil {
		return nil, fmt.Errorf("upf: xdp: interface %d: %w", index, err)
	}
	return []string{l.Attrs().Name}, nil
}

// serve lets frames leave by the ports and begins to keep the maps.
func (n *neighbours) serve(ports []port) error {
	for _, p := range ports {
		n.serving[p.index] = p
		if err := n.loaded.ports.Put(uint32(p.index), uint32(p.index)); err != nil {
			return fmt.Errorf("upf: xdp: interface %q: %w", p.name, err)
		}
	}
	if err := n.refresh(); err != nil {
		return err
	}
	n.ended.Go(n.watch)
	return nil
}

// calm is how long changes are gathered before the maps follow.
const calm = 5 * time.Millisecond

func (n *neighbours) watch() {
	for {
		select {
		case <-n.done:
			return
		case <-n.wake:
		}
		select {
		case <-n.done:
			return
		case <-time.After(calm):
		}
		if err := n.refresh(); err != nil {
			n.log.Warn("next hops cannot be read, the fast path keeps the last ones", "error", err)
		}
	}
}

// refresh brings the maps to what the kernel has now.
func (n *neighbours) refresh() error {
	v, err := look(n.handle)
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.view = v
	n.writeRoutes()
	for a, i := range n.index {
		n.writeHop(a, i)
	}
	return nil
}

// hop is the index of the next hop to an address, 0 if the table is full.
func (n *neighbours) hop(a netip.Addr) uint32 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.hopLocked(a)
}

func (n *neighbours) hopLocked(a netip.Addr) uint32 {
	if i, ok := n.index[a]; ok {
		return i
	}
	i := uint32(len(n.index) + 1) // entries are never given back: gNBs and gateways are few
	if i >= maxNextHops {
		n.warn("more next hops than the fast path knows: the rest is served in user space", "known", maxNextHops-1)
		return 0
	}
	n.index[a] = i
	n.writeHop(a, i)
	return i
}

// writeHop writes how an address is reached.
func (n *neighbours) writeHop(a netip.Addr, i uint32) {
	h, ok := n.view.reach(a)
	if _, ours := n.serving[h.ifindex]; !ok || !ours {
		h = reached{}
	}
	entry, now := &n.loaded.hops[i], nextHop{address: networkOrder(a), ifindex: uint32(h.ifindex), mtu: uint32(h.mtu),
		macs: [2]uint64{number(h.to), number(h.from)}}
	if now.sequence = entry.sequence; now == *entry {
		return
	}
	change(&entry.sequence, func() {
		entry.address, entry.ifindex, entry.mtu, entry.macs = now.address, now.ifindex, now.mtu, now.macs
	})
}

// warn says something once.
func (n *neighbours) warn(text string, args ...any) {
	if !n.said[text] {
		n.said[text] = true
		n.log.Warn(text, args...)
	}
}

func number(mac net.HardwareAddr) uint64 {
	var b [8]byte
	copy(b[:6], mac)
	return binary.NativeEndian.Uint64(b[:])
}

// writeRoutes writes where packets to the data networks go.
func (n *neighbours) writeRoutes() {
	table := n.view.table(n.hopLocked, n.serving)
	if n.view.policy {
		n.warn("policy routing is in use: uplink is served in user space")
		table = nil
	}
	if len(table) > maxRoutes {
		n.warn("more routes than the fast path knows: uplink is served in user space", "routes", len(table), "known", maxRoutes)
		table = nil
	}
	r := n.loaded.routes
	now := routeTable{count: uint32(len(table)), sequence: r.sequence}
	copy(now.list[:], table)
	now.fill()
	if now == *r {
		return
	}
	change(&r.sequence, func() { r.count, r.octet, r.list = now.count, now.octet, now.list })
}

// fill finds the first octets that one route serves as a whole.
func (r *routeTable) fill() {
	for o := range r.octet {
		first := uint32(o) << 24
		i := slices.IndexFunc(r.list[:r.count], func(x route) bool { return x.address&0xff000000 == first&x.mask })
		switch {
		case i < 0:
			r.octet[o] = 0
		case r.list[i].mask<<8 != 0:
			r.octet[o] = byPrefix
		default:
			r.octet[o] = uint16(r.list[i].nextHop)
		}
	}
}

func (n *neighbours) close() {
	close(n.done)
	n.ended.Wait()
	n.handle.Close()
}

// longestFirst orders routes as the kernel chooses them.
func longestFirst(a, b kernelRoute) int {
	return cmp.Or(b.prefix.Bits()-a.prefix.Bits(), cmp.Compare(a.order, b.order), cmp.Compare(a.metric, b.metric))
}
