package config

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
)

// Egress is whom the core may speak to: the peers that the rest of the file names, the gNBs, and those listed here. The
// kernel refuses everybody else. Names are not looked up with DNS.
type Egress struct {
	Mode  string         `yaml:"mode"` // required, auto (as far as the kernel can), off
	GNBs  []netip.Prefix `yaml:"gnbs"` // on N2 and N3; left out: the networks in which the N2 and N3 addresses lie
	Peers []Peer         `yaml:"peers"`
}

// Peer is one more that the core may speak to.
type Peer struct {
	Network  netip.Prefix `yaml:"network"`
	Protocol string       `yaml:"protocol"` // tcp, udp, sctp
	Port     uint16       `yaml:"port"`     // of the peer; 0: any
	Why      string       `yaml:"why"`
}

func (v *validator) protection() {
	v.oneOf("lockdown", v.Lockdown, "required", "auto", "off")
	v.oneOf("egress.mode", v.Egress.Mode, "required", "auto", "off")
	for i, p := range v.Egress.GNBs {
		v.network(fmt.Sprintf("egress.gnbs[%d]", i), p)
	}
	for i, p := range v.Egress.Peers {
		key := fmt.Sprintf("egress.peers[%d]", i)
		v.network(key+".network", p.Network)
		v.oneOf(key+".protocol", p.Protocol, "tcp", "udp", "sctp")
		if p.Why == "" {
			v.bad(key+".why", "missing: say what the core needs this peer for")
		}
	}
}

func (v *validator) network(key string, p netip.Prefix) {
	switch {
	case !p.IsValid():
		v.bad(key, "missing: want a network such as 10.0.0.0/24")
	case p != p.Masked():
		v.bad(key, "%s has bits behind its length, want %s", p, p.Masked())
	}
}

// GNBNetworks are where gNBs may be: as the file says, else the networks of this machine's interfaces in which the N2 and N3
// addresses lie.
func (c *Config) GNBNetworks() ([]netip.Prefix, error) {
	if len(c.Egress.GNBs) > 0 {
		return c.Egress.GNBs, nil
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("networks of this machine: %w", err)
	}
	var own []netip.Addr
	if a := c.AMF.N2.Address; a.IsValid() { // a UPF alone has none
		own = append(own, a)
	}
	for _, f := range c.AMF.N2.Further {
		own = append(own, f.Address)
	}
	if c.UPF != nil {
		own = append(own, c.UPF.N3.Address)
		if a := c.UPF.N3.AddressV6; a.IsValid() {
			own = append(own, a)
		}
	}
	var found []netip.Prefix
	for _, a := range own {
		n, ok := networkOf(a, addrs)
		if !ok {
			return nil, c.errorAt("egress.gnbs", "missing, and no interface has %s: want the networks of the gNBs, such as [10.0.0.0/24]", a)
		}
		if !slices.Contains(found, n) {
			found = append(found, n)
		}
	}
	return found, nil
}

func networkOf(a netip.Addr, addrs []net.Addr) (netip.Prefix, bool) {
	for _, x := range addrs {
		p, err := netip.ParsePrefix(x.String())
		if err != nil {
			continue
		}
		if p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()); p.Contains(a) {
			return p.Masked(), true
		}
	}
	return netip.Prefix{}, false
}
