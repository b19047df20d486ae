package xdp

import (
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// view is what the kernel knew of IPv4 at one time.
type view struct {
	routes     []kernelRoute // the first that holds an address decides
	neighbours map[neighbour]net.HardwareAddr
	links      map[int]*netlink.LinkAttrs
	policy     bool // more rules than the three that every kernel begins with
}

// kernelRoute is a route of the tables local and main.
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
	ifindex, mtu int
	to, from     net.HardwareAddr
}

// usable are the states of a neighbour that the kernel sends to.
const usable = netlink.NUD_REACHABLE | netlink.NUD_STALE | netlink.NUD_DELAY | netlink.NUD_PROBE | netlink.NUD_PERMANENT | netlink.NUD_NOARP

// look asks the kernel.
func look(h *netlink.Handle) (view, error) {
	v := view{neighbours: map[neighbour]net.HardwareAddr{}, links: map[int]*netlink.LinkAttrs{}}
	fail := func(what string, err error) (view, error) { return view{}, fmt.Errorf("upf: xdp: %s: %w", what, err) }
	links, err := h.LinkList()
	if err != nil {
		return fail("interfaces", err)
	}
	for _, l := range links {
		v.links[l.Attrs().Index] = l.Attrs()
	}
	near, err := h.NeighList(0, unix.AF_INET)
	if err != nil {
		return fail("neighbours", err)
	}
	for _, x := range near {
		a, ok := netip.AddrFromSlice(x.IP.To4())
		if ok && x.State&usable != 0 && len(x.HardwareAddr) == 6 {
			v.neighbours[neighbour{x.LinkIndex, a}] = x.HardwareAddr
		}
	}
	rules, err := h.RuleList(unix.AF_INET)
	if err != nil {
		return fail("rules", err)
	}
	v.policy = slices.ContainsFunc(rules, func(r netlink.Rule) bool {
		return r.Table != unix.RT_TABLE_LOCAL && r.Table != unix.RT_TABLE_MAIN && r.Table != unix.RT_TABLE_DEFAULT
	})
	for order, table := range []int{unix.RT_TABLE_LOCAL, unix.RT_TABLE_MAIN} {
		routes, err := h.RouteListFiltered(unix.AF_INET, &netlink.Route{Table: table}, netlink.RT_FILTER_TABLE)
		if err != nil {
			return fail("routes", err)
		}
		for _, r := range routes {
			v.routes = append(v.routes, routeOf(r, order))
		}
	}
	slices.SortStableFunc(v.routes, longestFirst)
	return v, nil
}

func routeOf(r netlink.Route, order int) kernelRoute {
	k := kernelRoute{prefix: prefixOf(r.Dst), order: order, metric: r.Priority}
	if r.Type != unix.RTN_UNICAST || len(r.MultiPath) > 0 || r.Encap != nil || r.Via != nil {
		return k
	}
	k.ifindex = r.LinkIndex
	if r.Gw != nil {
		gateway, ok := netip.AddrFromSlice(r.Gw.To4())
		if !ok {
			k.ifindex = 0
		}
		k.gateway = gateway
	}
	return k
}

func prefixOf(n *net.IPNet) netip.Prefix {
	if n == nil {
		return netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	}
	a, _ := netip.AddrFromSlice(n.IP.To4())
	bits, _ := n.Mask.Size()
	return netip.PrefixFrom(a, bits)
}

// reach finds the neighbour through whom an address is reached; false if it is not known.
func (v *view) reach(a netip.Addr) (reached, bool) {
	i := slices.IndexFunc(v.routes, func(r kernelRoute) bool { return r.prefix.Contains(a) })
	if i < 0 || v.routes[i].ifindex == 0 {
		return reached{}, false
	}
	r := v.routes[i]
	via := a
	if r.gateway.IsValid() {
		via = r.gateway
	}
	mac, link := v.neighbours[neighbour{r.ifindex, via}], v.links[r.ifindex]
	if mac == nil || link == nil || link.Flags&net.FlagUp == 0 || len(link.HardwareAddr) != 6 {
		return reached{}, false
	}
	return reached{r.ifindex, link.MTU, mac, link.HardwareAddr}, true
}

// table is what the programs route by: the kernel's routes, and each neighbour on the interfaces of N6 as a route of
// its own, because a program cannot resolve one. What has no next hop is user space's.
func (v *view) table(hop func(netip.Addr) uint32, ports map[int]port) []route {
	var out []route
	var last netip.Prefix
	for _, r := range v.routes {
		if r.prefix == last {
			continue // a route with a worse metric
		}
		last = r.prefix
		via := r.gateway
		if !via.IsValid() && r.prefix.Bits() == 32 {
			via = r.prefix.Addr()
		}
		next := uint32(0)
		if _, ours := ports[r.ifindex]; ours && via.IsValid() {
			next = hop(via)
		}
		out = append(out, routeTo(r.prefix, next))
	}
	var hosts []route
	for x := range v.neighbours {
		p, ours := ports[x.ifindex]
		host := netip.PrefixFrom(x.addr, 32)
		known := slices.ContainsFunc(v.routes, func(r kernelRoute) bool { return r.prefix == host })
		if ours && p.n6 && !known && v.onLink(x) && len(out)+len(hosts) < maxRoutes {
			hosts = append(hosts, routeTo(host, hop(x.addr)))
		}
	}
	slices.SortFunc(hosts, func(a, b route) int { return int(int64(a.address) - int64(b.address)) })
	return append(hosts, out...)
}

// onLink tells whether the kernel would send to a neighbour itself.
func (v *view) onLink(x neighbour) bool {
	i := slices.IndexFunc(v.routes, func(r kernelRoute) bool { return r.prefix.Contains(x.addr) })
	return i >= 0 && v.routes[i].ifindex == x.ifindex && !v.routes[i].gateway.IsValid()
}

func routeTo(p netip.Prefix, hop uint32) route {
	mask := uint32(0)
	if p.Bits() > 0 {
		mask = ^uint32(0) << (32 - p.Bits())
	}
	return route{address: hostOrder(p.Addr()) & mask, mask: mask, nextHop: hop}
}
