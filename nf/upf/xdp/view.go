package xdp

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// view is what the kernel knew at one time.
type view struct {
	tables     [][]kernelRoute // of each table that is asked for; the first that holds an address decides
	neighbours map[neighbour]net.HardwareAddr
	stale      map[neighbour]bool // those of which nothing was heard lately
	links      map[int]linkView
	policy     bool // rules that lead to other tables
}

// linkView is an interface; one of a VLAN stands on another.
type linkView struct {
	*netlink.LinkAttrs
	vlan   uint16
	parent int
}

// kernelRoute is a route.
type kernelRoute struct {
	prefix  netip.Prefix
	order   int // of the table
	metric  int
	ifindex int        // 0: no plain route to one interface
	gateway netip.Addr // invalid: the destination itself is a neighbour
}

type neighbour struct {
	ifindex int
	addr    netip.Addr
}

// reached is how an address is reached.
type reached struct {
	ifindex, mtu int // of the interface that carries the frames
	logical      int // the interface that the kernel routes to
	vlan         uint16
	to, from     net.HardwareAddr
}

// usable are the states of a neighbour that the kernel sends to.
const usable = netlink.NUD_REACHABLE | netlink.NUD_STALE | netlink.NUD_DELAY | netlink.NUD_PROBE | netlink.NUD_PERMANENT | netlink.NUD_NOARP

// look asks the kernel, of routes for those of the tables, each behind the table local.
func look(h *netlink.Handle, tables []int) (view, error) {
	v := view{neighbours: map[neighbour]net.HardwareAddr{}, stale: map[neighbour]bool{}, links: map[int]linkView{}, tables: make([][]kernelRoute, len(tables))}
	fail := func(what string, err error) (view, error) { return view{}, fmt.Errorf("upf: xdp: %s: %w", what, err) }
	links, err := h.LinkList()
	if err != nil {
		return fail("interfaces", err)
	}
	for _, l := range links {
		v.links[l.Attrs().Index] = viewOf(l)
	}
	for _, family := range []int{unix.AF_INET, unix.AF_INET6} {
		if err := v.lookFamily(h, family, tables); err != nil {
			if errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EOPNOTSUPP) {
				continue // a kernel without IPv6
			}
			return fail(fmt.Sprintf("address family %d", family), err)
		}
	}
	for i := range v.tables {
		slices.SortStableFunc(v.tables[i], longestFirst)
	}
	return v, nil
}

func viewOf(l netlink.Link) linkView {
	v := linkView{LinkAttrs: l.Attrs()}
	if x, ok := l.(*netlink.Vlan); ok && (x.VlanProtocol == netlink.VLAN_PROTOCOL_8021Q || x.VlanProtocol == netlink.VLAN_PROTOCOL_UNKNOWN) {
		v.vlan, v.parent = uint16(x.VlanId), l.Attrs().ParentIndex
	}
	return v
}

func (v *view) lookFamily(h *netlink.Handle, family int, tables []int) error {
	near, err := h.NeighList(0, family)
	if err != nil {
		return fmt.Errorf("neighbours: %w", err)
	}
	for _, x := range near {
		a, ok := netip.AddrFromSlice(x.IP)
		if a = a.Unmap(); ok && x.State&usable != 0 && len(x.HardwareAddr) == 6 && !a.IsMulticast() {
			v.neighbours[neighbour{x.LinkIndex, a}] = x.HardwareAddr
			v.stale[neighbour{x.LinkIndex, a}] = x.State&netlink.NUD_STALE != 0
		}
	}
	rules, err := h.RuleList(family)
	if err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	v.policy = v.policy || slices.ContainsFunc(rules, func(r netlink.Rule) bool {
		return r.Table != unix.RT_TABLE_LOCAL && r.Table != unix.RT_TABLE_DEFAULT && !slices.Contains(tables, r.Table)
	})
	for order, table := range append([]int{unix.RT_TABLE_LOCAL}, tables...) {
		routes, err := h.RouteListFiltered(family, &netlink.Route{Table: table}, netlink.RT_FILTER_TABLE)
		if err != nil {
			return fmt.Errorf("routes: %w", err)
		}
		for i := range v.tables {
			if order != 0 && i != order-1 {
				continue
			}
			for _, r := range routes {
				v.tables[i] = append(v.tables[i], routeOf(r, family, order))
			}
		}
	}
	return nil
}

func routeOf(r netlink.Route, family, order int) kernelRoute {
	k := kernelRoute{prefix: prefixOf(r.Dst, family), order: order, metric: r.Priority}
	if r.Type != unix.RTN_UNICAST || len(r.MultiPath) > 0 || r.Encap != nil || r.Via != nil {
		return k
	}
	k.ifindex = r.LinkIndex
	if r.Gw != nil {
		gateway, ok := netip.AddrFromSlice(r.Gw)
		if !ok {
			k.ifindex = 0
		}
		k.gateway = gateway.Unmap()
	}
	return k
}

func prefixOf(n *net.IPNet, family int) netip.Prefix {
	if n == nil {
		if family == unix.AF_INET6 {
			return netip.PrefixFrom(netip.IPv6Unspecified(), 0)
		}
		return netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	}
	ip := n.IP
	if family == unix.AF_INET {
		ip = n.IP.To4()
	}
	a, _ := netip.AddrFromSlice(ip)
	bits, _ := n.Mask.Size()
	return netip.PrefixFrom(a, bits)
}

// way is the neighbour through whom a table leads to an address; false if there is no plain route to it.
func (v *view) way(table int, a netip.Addr) (neighbour, bool) {
	if table >= len(v.tables) {
		return neighbour{}, false
	}
	routes := v.tables[table]
	i := slices.IndexFunc(routes, func(r kernelRoute) bool { return r.prefix.Contains(a) })
	if i < 0 || routes[i].ifindex == 0 {
		return neighbour{}, false
	}
	if r := routes[i]; r.gateway.IsValid() {
		a = r.gateway
	}
	return neighbour{routes[i].ifindex, a}, true
}

// by is how frames go to a neighbour with an address of the hardware; false if it has none, or its interface is down.
func (v *view) by(w neighbour, mac net.HardwareAddr) (reached, bool) {
	link := v.links[w.ifindex]
	if mac == nil || link.LinkAttrs == nil || link.Flags&net.FlagUp == 0 || len(link.HardwareAddr) != 6 {
		return reached{}, false
	}
	out := reached{ifindex: w.ifindex, logical: w.ifindex, mtu: link.MTU, vlan: link.vlan, to: mac, from: link.HardwareAddr}
	if link.vlan != 0 {
		out.ifindex = link.parent
	}
	return out, true
}

// reach finds the neighbour through whom an address is reached by a table; false if it is not known.
func (v *view) reach(table int, a netip.Addr) (reached, bool) {
	w, ok := v.way(table, a)
	if !ok {
		return reached{}, false
	}
	return v.by(w, v.neighbours[w])
}

// table is what the programs route by: the kernel's routes of a family, and each neighbour on the interfaces of N6 as a
// route of its own, because a program cannot resolve one. What has no next hop is user space's.
func (v *view) table(table int, v6 bool, hop func(netip.Addr) uint32, ports map[int]port) []prefixHop {
	var out []prefixHop
	var last netip.Prefix
	for _, r := range v.tables[table] {
		if r.prefix.Addr().Is6() != v6 || r.prefix == last {
			continue // another family, or a route with a worse metric
		}
		last = r.prefix
		via := r.gateway
		if !via.IsValid() && r.prefix.IsSingleIP() {
			via = r.prefix.Addr()
		}
		next := uint32(0)
		if _, ours := ports[r.ifindex]; ours && via.IsValid() {
			next = hop(via)
		}
		out = append(out, prefixHop{r.prefix, next})
	}
	var hosts []prefixHop
	for x := range v.neighbours {
		p, ours := ports[x.ifindex]
		if x.addr.Is6() != v6 || !ours || !p.n6 || x.addr.IsLinkLocalUnicast() {
			continue
		}
		host := netip.PrefixFrom(x.addr, x.addr.BitLen())
		known := slices.ContainsFunc(out, func(r prefixHop) bool { return r.prefix == host })
		if !known && v.onLink(table, x) && len(out)+len(hosts) < maxRoutes {
			hosts = append(hosts, prefixHop{host, hop(x.addr)})
		}
	}
	slices.SortFunc(hosts, func(a, b prefixHop) int { return a.prefix.Addr().Compare(b.prefix.Addr()) })
	return append(hosts, out...)
}

// prefixHop is a prefix and the next hop that serves it.
type prefixHop struct {
	prefix netip.Prefix
	next   uint32
}

// onLink tells whether the kernel would send to a neighbour itself.
func (v *view) onLink(table int, x neighbour) bool {
	routes := v.tables[table]
	i := slices.IndexFunc(routes, func(r kernelRoute) bool { return r.prefix.Contains(x.addr) })
	return i >= 0 && routes[i].ifindex == x.ifindex && !routes[i].gateway.IsValid()
}

// longestFirst orders routes as the kernel chooses them.
func longestFirst(a, b kernelRoute) int {
	return cmp.Or(b.prefix.Bits()-a.prefix.Bits(), cmp.Compare(a.order, b.order), cmp.Compare(a.metric, b.metric))
}

// fillTable makes a table of both families; too many routes of one leave that one to user space.
func fillTable(v4, v6 []prefixHop) routeTable {
	t := routeTable{}
	if len(v4) <= maxRoutes {
		t.count = uint32(len(v4))
		for i, r := range v4 {
			mask := uint32(0)
			if r.prefix.Bits() > 0 {
				mask = ^uint32(0) << (32 - r.prefix.Bits())
			}
			t.list[i] = route{address: hostOrder(r.prefix.Addr()) & mask, mask: mask, nextHop: r.next}
		}
	}
	if len(v6) <= maxRoutes {
		t.count6 = uint32(len(v6))
		for i, r := range v6 {
			t.list6[i] = route6{nextHop: r.next}
			t.list6[i].address, t.list6[i].mask = words(r.prefix)
		}
	}
	t.fillOctets()
	return t
}

// fillOctets finds the first octets that one route serves as a whole.
func (t *routeTable) fillOctets() {
	for o := range t.octet {
		first := uint32(o) << 24
		i := slices.IndexFunc(t.list[:t.count], func(x route) bool { return x.address&0xff000000 == first&x.mask })
		switch {
		case i < 0:
			t.octet[o] = 0
		case t.list[i].mask<<8 != 0:
			t.octet[o] = byPrefix
		default:
			t.octet[o] = uint16(t.list[i].nextHop)
		}
	}
}

func number(mac net.HardwareAddr) uint64 {
	var b [8]byte
	copy(b[:6], mac)
	return binary.NativeEndian.Uint64(b[:])
}

// networkTag is a VLAN's number as it stands in a frame.
func networkTag(vlan uint16) uint16 {
	return binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, vlan))
}
