package upf

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// ueAddress is the first IPv4 address of a session's PDRs.
func ueAddress(r ruleSet) netip.Addr {
	for _, p := range r.pdrs.all() {
		for _, a := range p.PDI.UEIPAddress {
			if a.IPv4.Is4() {
				return a.IPv4
			}
		}
	}
	return netip.Addr{}
}

// uePrefix is the first IPv6 prefix of a session's PDRs.
func uePrefix(r ruleSet) netip.Prefix {
	for _, p := range r.pdrs.all() {
		var rule Rule
		if compileAddresses(&rule, p) == nil && rule.UE6.IsValid() {
			return rule.UE6
		}
	}
	return netip.Prefix{}
}

// withAddresses adds the addresses that were allotted to what a response tells of PDRs.
func withAddresses(created []pfcp.CreatedPDR, chosen map[pfcp.PDRID][]pfcp.UEIPAddress) []pfcp.CreatedPDR {
	for i := range created {
		created[i].UEIPAddress = chosen[created[i].PDRID]
		delete(chosen, created[i].PDRID)
	}
	for id, list := range chosen {
		created = append(created, pfcp.CreatedPDR{PDRID: id, UEIPAddress: list})
	}
	slices.SortFunc(created, func(a, b pfcp.CreatedPDR) int { return int(a.PDRID) - int(b.PDRID) })
	return created
}

// chooseAddresses allots the UE addresses that the CP function leaves to the UPF, the same ones in all PDRs of a session,
// TS 29.244 §5.21. It returns what it put into which PDR.
func (u *UPF) chooseAddresses(s *session, r ruleSet) (map[pfcp.PDRID][]pfcp.UEIPAddress, *pfcp.Error) {
	chosen := map[pfcp.PDRID][]pfcp.UEIPAddress{}
	for id, p := range r.pdrs.all() {
		if !slices.ContainsFunc(p.PDI.UEIPAddress, func(a pfcp.UEIPAddress) bool { return a.ChooseIPv4 || a.ChooseIPv6 }) {
			continue
		}
		list := slices.Clone(p.PDI.UEIPAddress)
		for i, a := range list {
			if !a.ChooseIPv4 && !a.ChooseIPv6 {
				continue
			}
			if err := u.choose(s, p, &a); err != nil {
				return nil, err
			}
			list[i] = a
			chosen[id] = append(chosen[id], a)
		}
		p.PDI.UEIPAddress = list
		r.pdrs.set(id, p)
	}
	return chosen, nil
}

// choose allots one UE IP address.
func (u *UPF) choose(s *session, p pfcp.CreatePDR, a *pfcp.UEIPAddress) *pfcp.Error {
	network, ok := u.network(p.PDI.NetworkInstance)
	if !ok {
		return ruleFailure(pfcp.RulePDR, uint32(p.PDRID), pfcp.IENetworkInstance, "data network %q is not configured", p.PDI.NetworkInstance.Value())
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if s.installed != nil && (a.ChooseIPv4 && !s.chosen4.IsValid() || a.ChooseIPv6 && !s.chosen6.IsValid()) {
		return ruleFailure(pfcp.RulePDR, uint32(p.PDRID), pfcp.IEUEIPAddress, "addresses are allotted when a session is established")
	}
	if a.ChooseIPv4 && !s.chosen4.IsValid() {
		s.chosen4 = u.layout.free4(network)
	}
	if a.ChooseIPv6 && !s.chosen6.IsValid() {
		s.chosen6 = u.layout.free6(network)
	}
	if a.ChooseIPv4 && !s.chosen4.IsValid() || a.ChooseIPv6 && !s.chosen6.IsValid() {
		return &pfcp.Error{Cause: pfcp.CauseAllDynamicAddressesOccupied, Offending: pfcp.IEUEIPAddress, Detail: "the pools of " + network.DNN + " have none left"}
	}
	if a.ChooseIPv4 {
		a.IPv4, a.ChooseIPv4 = s.chosen4, false
	}
	if a.ChooseIPv6 {
		a.IPv6, a.ChooseIPv6 = s.chosen6.Addr(), false
	}
	return nil
}

// free4 is an address of the network's pools that no session has: of the network and broadcast addresses and the UPF's
// own none is taken. It goes round, so that an address rests before it is used again. Invalid: there is none.
func (l *Layout) free4(n Network) netip.Addr {
	for i := range l.pools {
		p := &l.pools[i]
		if p.network != n.DNN || p.size == 0 {
			continue
		}
		for k := range p.size {
			d := (p.cursor + k) % p.size
			var b [4]byte
			binary.BigEndian.PutUint32(b[:], p.first+d)
			a := netip.AddrFrom4(b)
			if l.used[p.slot+d] || p.size > 2 && (d == 0 || d == p.size-1) || ours(n, a) {
				continue
			}
			p.cursor = d + 1
			return a
		}
	}
	return netip.Addr{}
}

func ours(n Network, a netip.Addr) bool {
	return slices.ContainsFunc(n.Gateway, func(g netip.Prefix) bool { return g.Addr() == a })
}

// free6 is a prefix of 64 bits of the network's pools that no session has; the first is the UPF's own.
func (l *Layout) free6(n Network) netip.Prefix {
	for i := range l.pools {
		p := &l.pools[i]
		if p.network != n.DNN || !p.prefix.Addr().Is6() || p.prefix.Bits() > 63 {
			continue
		}
		b := p.prefix.Addr().As16()
		base, size := binary.BigEndian.Uint64(b[:]), uint64(1)<<(64-p.prefix.Bits())
		for k := range min(size, uint64(len(l.taken6)+2)) {
			d := (uint64(p.cursor) + k) % size
			binary.BigEndian.PutUint64(b[:], base+d)
			a := netip.PrefixFrom(netip.AddrFrom16(b), 64)
			if d == 0 || l.taken6[a] {
				continue
			}
			p.cursor = uint32(d + 1)
			return a
		}
	}
	return netip.Prefix{}
}

// claim6 takes an IPv6 prefix for a session; false if another has it.
func (l *Layout) claim6(p netip.Prefix) bool {
	if l.taken6[p] {
		return false
	}
	if l.taken6 == nil {
		l.taken6 = map[netip.Prefix]bool{}
	}
	l.taken6[p] = true
	return true
}

func (l *Layout) release6(p netip.Prefix) { delete(l.taken6, p) }
