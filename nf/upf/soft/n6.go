package soft

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/nf/upf"
)

// route leads packets for the UEs, for the networks behind them (TS 23.501 §5.6.14), and for the addresses that they are translated to, to the interface. A data network
// with a table of its own sees no other's routes: packets of its UEs and from its side of N6 look into that table alone.
func (t *tun) route(link netlink.Link, log *slog.Logger) error {
	n := t.network
	outside, err := t.outside()
	if err != nil {
		return err
	}
	table := n.Table
	if n.UEToUE == upf.UEToUEForward && table != 0 {
		table++ // packets from UEs do not find the pools: even those for another UE leave by N6
	}
	for _, p := range slices.Concat(n.Pools, n.Framed, hosts(n.NAT)) {
		r := netlink.Route{LinkIndex: link.Attrs().Index, Dst: ipNet(p), Scope: netlink.SCOPE_LINK, Table: table}
		if p.Addr().Is6() {
			r.Scope = netlink.SCOPE_UNIVERSE
		}
		if err := netlink.RouteReplace(&r); err != nil {
			return fmt.Errorf("route to %s: %w", p, err)
		}
		if err := enableForwarding(p, log); err != nil {
			return fmt.Errorf("forwarding: %w", err)
		}
	}
	if outside == nil {
		return nil
	}
	for _, r := range n.Routes {
		if err := addRoute(outside, r.To, r.Via, n.Table); err != nil {
			return err
		}
	}
	if n.Table == 0 {
		return nil
	}
	for _, a := range n.Addresses { // what is on the link
		if err := addRoute(outside, a.Masked(), netip.Addr{}, n.Table); err != nil {
			return err
		}
	}
	return errors.Join(t.lookUp(link, n.Table), t.lookUp(outside, table), t.answers(table))
}

// answers lets what the kernel itself has to say to UEs, that a packet is too big or too old, find its way.
func (t *tun) answers(table int) error {
	for _, p := range slices.Concat(t.network.Pools, t.network.Framed) {
		rule := netlink.NewRule()
		rule.Family, rule.IifName, rule.Dst, rule.Table, rule.Priority = unix.AF_INET, "lo", ipNet(p), table, rulePriority
		if p.Addr().Is6() {
			rule.Family = unix.AF_INET6
		}
		if err := netlink.RuleAdd(rule); err != nil && !errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("rule for table %d: %w", table, err)
		}
	}
	return nil
}

func hosts(list []netip.Addr) []netip.Prefix {
	var out []netip.Prefix
	for _, a := range list {
		out = append(out, netip.PrefixFrom(a, a.BitLen()))
	}
	return out
}

func addRoute(link netlink.Link, to netip.Prefix, via netip.Addr, table int) error {
	r := netlink.Route{LinkIndex: link.Attrs().Index, Dst: ipNet(to), Table: table, Scope: netlink.SCOPE_LINK}
	if via.IsValid() {
		r.Gw, r.Scope = via.AsSlice(), netlink.SCOPE_UNIVERSE
	} else if to.Addr().Is6() {
		r.Scope = netlink.SCOPE_UNIVERSE
	}
	if err := netlink.RouteReplace(&r); err != nil {
		return fmt.Errorf("route to %s: %w", to, err)
	}
	return nil
}

// lookUp has packets that come in by an interface routed by a table alone: what it does not know is unreachable.
func (t *tun) lookUp(link netlink.Link, table int) error {
	for _, family := range []int{unix.AF_INET, unix.AF_INET6} {
		if family == unix.AF_INET6 && !t.ipv6() {
			continue
		}
		none := netlink.Route{Type: unix.RTN_UNREACHABLE, Table: table, Priority: 1 << 20, Dst: &net.IPNet{IP: net.IPv4zero, Mask: net.CIDRMask(0, 32)}}
		if family == unix.AF_INET6 {
			none.Dst = &net.IPNet{IP: net.IPv6zero, Mask: net.CIDRMask(0, 128)}
		}
		if err := netlink.RouteReplace(&none); err != nil {
			return fmt.Errorf("table %d: %w", table, err)
		}
		rule := netlink.NewRule()
		rule.Family, rule.IifName, rule.Table, rule.Priority = family, link.Attrs().Name, table, rulePriority
		if err := netlink.RuleAdd(rule); err != nil && !errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("rule for table %d: %w", table, err)
		}
	}
	return nil
}

// rulePriority stands between the rules of the tables local and main.
const rulePriority = 1000

// oneTag refuses a VLAN in a VLAN.
func oneTag(link netlink.Link, vlan uint16) error {
	if v, tagged := link.(*netlink.Vlan); tagged && vlan != 0 {
		return fmt.Errorf("interface %q is VLAN %d already: frames with two tags (IEEE 802.1ad) are not served; leave its vlan out, or name the interface below",
			link.Attrs().Name, v.VlanId)
	}
	return nil
}

// outside is the interface of N6 that a data network names, perhaps a VLAN of it, with its addresses; nil if it names
// none: then the routes of this network namespace lead to N6.
func (t *tun) outside() (netlink.Link, error) {
	n := t.network
	if n.Parent == "" {
		return nil, nil
	}
	link, err := netlink.LinkByName(n.Parent)
	if err != nil {
		return nil, fmt.Errorf("interface %q: %w", n.Parent, err)
	}
	if err := oneTag(link, n.VLAN); err != nil {
		return nil, err
	}
	if n.VLAN != 0 {
		name := fmt.Sprintf("%s.%d", n.Parent, n.VLAN)
		v := &netlink.Vlan{LinkAttrs: netlink.LinkAttrs{Name: name, ParentIndex: link.Attrs().Index}, VlanId: int(n.VLAN)}
		if err := netlink.LinkAdd(v); err != nil && !errors.Is(err, unix.EEXIST) {
			return nil, fmt.Errorf("VLAN %d of %q: %w", n.VLAN, n.Parent, err)
		}
		if link, err = netlink.LinkByName(name); err != nil {
			return nil, fmt.Errorf("interface %q: %w", name, err)
		}
	}
	for _, a := range n.Addresses {
		if err := netlink.AddrReplace(link, &netlink.Addr{IPNet: ipNet(a)}); err != nil {
			return nil, fmt.Errorf("interface %q: address %s: %w", link.Attrs().Name, a, err)
		}
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return nil, fmt.Errorf("interface %q: %w", link.Attrs().Name, err)
	}
	return link, nil
}

// bridge joins the TAP with the interface of N6, if one is named, in a bridge of the kernel.
func (t *tun) bridge(tap netlink.Link) error {
	outside, err := t.outside()
	if err != nil || outside == nil {
		return err
	}
	name := t.network.TUN + "-b"
	b := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: name}}
	if err := netlink.LinkAdd(b); err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("bridge %q: %w", name, err)
	}
	link, err := netlink.LinkByName(name)
	if err != nil {
		return fmt.Errorf("bridge %q: %w", name, err)
	}
	for _, port := range []netlink.Link{tap, outside} {
		if err := netlink.LinkSetMasterByIndex(port, link.Attrs().Index); err != nil {
			return fmt.Errorf("bridge %q: %q: %w", name, port.Attrs().Name, err)
		}
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("bridge %q: %w", name, err)
	}
	return nil
}
