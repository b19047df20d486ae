package xdp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/cilium/ebpf"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// neighbours keeps next hops and routes in the maps as the kernel has them, so that no packet waits for a look-up.
type neighbours struct {
	log    *slog.Logger
	loaded *loaded
	handle *netlink.Handle // of the namespace of New
	tables []int           // the kernel's numbers of the tables that the programs route by; the first is the main one
	done   chan struct{}
	wake   chan struct{}
	ended  sync.WaitGroup

	patience time.Duration
	solicit  func(*netlink.Neigh) error
	echo     func(netip.Addr) // sends an Echo Request to a peer; nil: nobody does

	mu        sync.Mutex
	serving   map[int]port // interfaces with the program, which frames may leave by
	index     map[netip.Addr]uint32
	view      view
	ways      map[netip.Addr]neighbour // by the routes of view
	gateways  []netip.Addr             // of them
	said      map[string]bool          // warnings that were given
	changed   chan struct{}            // closed when view is replaced
	peers     map[netip.Addr]bool
	last      map[neighbour]net.HardwareAddr // where neighbours were last
	silent    map[neighbour]*silence
	confirmed time.Time
	mute      bool // the kernel lets this process ask for no neighbour
	echoed    map[netip.Addr]time.Time
}

// neighboursOf knows of nothing yet.
func neighboursOf(l *loaded, log *slog.Logger) *neighbours {
	return &neighbours{log: log, loaded: l, patience: resolveTime, done: make(chan struct{}), wake: make(chan struct{}, 1), changed: make(chan struct{}),
		serving: map[int]port{}, ways: map[netip.Addr]neighbour{}, index: map[netip.Addr]uint32{}, said: map[string]bool{}, peers: map[netip.Addr]bool{},
		last: map[neighbour]net.HardwareAddr{}, silent: map[neighbour]*silence{}, echoed: map[netip.Addr]time.Time{}}
}

// port is an interface that leads to gNBs or data networks. One of a VLAN is served by the program at its parent.
type port struct {
	index  int
	name   string
	kind   string // of the interface, as netlink names it
	n3, n6 bool
	vlan   uint16
	parent int
}

// device is an interface that a program is put on.
type device struct {
	port
	tagged []port // of its VLANs
}

func (d device) program() string {
	switch {
	case d.n3 && d.n6:
		return programN3N6
	case d.n3:
		return programN3
	case d.n6:
		return programN6
	}
	return programTagged
}

// devices are the interfaces that the programs of some ports are put on.
func (n *neighbours) devices(ports []port) ([]device, error) {
	var out []device
	at := func(p port) *device {
		for i := range out {
			if out[i].index == p.index {
				return &out[i]
			}
		}
		out = append(out, device{port: port{index: p.index, name: p.name, kind: p.kind}})
		return &out[len(out)-1]
	}
	for _, p := range ports {
		if p.vlan == 0 {
			d := at(p)
			d.n3, d.n6 = p.n3, p.n6
			continue
		}
		l, err := n.handle.LinkByIndex(p.parent)
		if err != nil {
			return nil, fmt.Errorf("upf: xdp: interface %q: the one that it stands on: %w", p.name, err)
		}
		d := at(port{index: p.parent, name: l.Attrs().Name, kind: l.Type()})
		d.tagged = append(d.tagged, p)
	}
	return out, nil
}

// newNeighbours takes over the next hops that an earlier process left and begins to listen to the kernel.
func newNeighbours(l *loaded, tables []int, log *slog.Logger) (*neighbours, error) {
	handle, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("upf: xdp: netlink: %w", err)
	}
	n := neighboursOf(l, log)
	n.handle, n.tables, n.solicit = handle, tables, handle.NeighSet
	for i := range l.hops {
		if a := l.hops[i].addr(); a.IsValid() {
			n.index[a] = uint32(i)
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
			v, err := n.oneTag(l)
			if err != nil {
				return err
			}
			out = append(out, port{index: l.Attrs().Index, name: name, kind: l.Type(), vlan: v.vlan, parent: v.parent})
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

// oneTag is the view of an interface of N3 or N6, whose frames have one tag at most.
func (n *neighbours) oneTag(l netlink.Link) (linkView, error) {
	v := viewOf(l)
	if v.vlan == 0 {
		return v, twoTags(l, nil)
	}
	parent, err := n.handle.LinkByIndex(v.parent)
	if err != nil {
		return v, fmt.Errorf("upf: xdp: interface %q: the one that it stands on: %w", l.Attrs().Name, err)
	}
	return v, twoTags(l, parent)
}

// twoTags refuses an interface of IEEE 802.1ad, and a VLAN on a VLAN.
func twoTags(l, parent netlink.Link) error {
	v, tagged := l.(*netlink.Vlan)
	_, twice := parent.(*netlink.Vlan)
	if tagged && (twice || v.VlanProtocol == netlink.VLAN_PROTOCOL_8021AD) {
		return fmt.Errorf("upf: xdp: interface %q: frames with two tags (IEEE 802.1ad) are not served: name one of IEEE 802.1Q on a device, or take datapath: soft",
			l.Attrs().Name)
	}
	return nil
}

// holding finds the interface that has an address.
func (n *neighbours) holding(a netip.Addr) ([]string, error) {
	addrs, err := n.handle.AddrList(nil, unix.AF_UNSPEC)
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
		if prefixOf(r.Dst, unix.AF_INET).Bits() == 0 && r.LinkIndex > 0 {
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

// serve lets frames leave by the devices of the ports, says what their VLANs lead to, and begins to keep the maps.
func (n *neighbours) serve(ports []port, devices []device) error {
	for _, p := range ports {
		n.serving[p.index] = p
	}
	for _, d := range devices {
		// The kernel takes an entry out before it puts another one in its place: programs at work would drop packets. An entry ends with
		// its interface, so one that is there is right.
		if err := n.loaded.ports.Update(uint32(d.index), uint32(d.index), ebpf.UpdateNoExist); err != nil && !errors.Is(err, ebpf.ErrKeyExist) {
			return fmt.Errorf("upf: xdp: interface %q: %w", d.name, err)
		}
		for _, p := range d.tagged {
			leads := uint32(0)
			if p.n3 {
				leads |= leadsToN3
			}
			if p.n6 {
				leads |= leadsToN6
			}
			if err := n.loaded.vlans.Put(uint64(d.index)<<12|uint64(p.vlan), leads); err != nil {
				return fmt.Errorf("upf: xdp: interface %q: %w", p.name, err)
			}
		}
	}
	if err := n.refresh(); err != nil {
		return err
	}
	n.ended.Go(n.watch)
	return nil
}

// What a VLAN leads to, as in bpf/meter.h.
const (
	leadsToN3 = 1
	leadsToN6 = 2
)

// calm is how long changes are gathered before the maps follow.
const calm = 5 * time.Millisecond

func (n *neighbours) watch() {
	tick := time.NewTicker(tendAfter)
	defer tick.Stop()
	for {
		select {
		case <-n.done:
			return
		case now := <-tick.C:
			n.tend(now)
			continue
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
	v, err := look(n.handle, n.tables)
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	first := n.view.links == nil
	n.see(v)
	if first {
		n.recall()
	}
	n.writeRoutes()
	for a, i := range n.index {
		n.writeHop(a, i)
	}
	close(n.changed)
	n.changed = make(chan struct{})
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
	h, ok := n.reach(a)
	if _, ours := n.serving[h.logical]; !ok || !ours {
		h = reached{}
	}
	now := nextHop{ifindex: uint32(h.ifindex), mtu: uint32(h.mtu),
		macs: [2]uint64{number(h.to), number(h.from)}, version: 4, address: addressWords(a)}
	if a.Is6() {
		now.version = 6
	}
	if h.vlan != 0 {
		now.vlan = networkTag(h.vlan)
	}
	n.loaded.writeHop(i, now)
}

// addr is the address of a next hop, invalid if the entry is free.
func (h *nextHop) addr() netip.Addr {
	b := binary.NativeEndian.AppendUint64(binary.NativeEndian.AppendUint64(nil, h.address[0]), h.address[1])
	switch h.version {
	case 4:
		return netip.AddrFrom4([4]byte(b))
	case 6:
		return netip.AddrFrom16([16]byte(b))
	}
	return netip.Addr{}
}

// mac is the neighbour's address, nil if it is not known.
func (h *nextHop) mac() net.HardwareAddr {
	if h.ifindex == 0 {
		return nil
	}
	return binary.NativeEndian.AppendUint64(nil, h.macs[0])[:6]
}

// warnOnce says something once.
func (n *neighbours) warnOnce(text string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.warn(text, args...)
}

func (n *neighbours) warn(text string, args ...any) {
	if !n.said[text] {
		n.said[text] = true
		n.log.Warn(text, args...)
	}
}

// writeRoutes writes where packets to the data networks go.
func (n *neighbours) writeRoutes() {
	for i := range n.view.tables {
		var v4, v6 []prefixHop
		if n.view.policy {
			n.warn("policy routing is in use: uplink is served in user space")
		} else {
			v4 = n.view.table(i, false, n.hopLocked, n.serving)
			v6 = n.view.table(i, true, n.hopLocked, n.serving)
		}
		if m := max(len(v4), len(v6)); m > maxRoutes {
			n.warn("more routes than the fast path knows: uplink is served in user space", "routes", m, "known", maxRoutes)
		}
		n.loaded.writeRoutes(uint32(i), fillTable(v4, v6))
	}
}

func (n *neighbours) close() {
	close(n.done)
	n.ended.Wait()
	n.handle.Close()
}
