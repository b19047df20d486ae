package config

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// CheckHost tells which addresses of the configuration this machine does not have. The error is Errors.
func (c *Config) CheckHost() error {
	has, err := hostAddresses()
	if err != nil {
		return err
	}
	return c.checkAddresses(has)
}

// CheckUPFHost is CheckHost for a UPF alone.
func (c *Config) CheckUPFHost() error {
	has, err := hostAddresses()
	if err != nil {
		return err
	}
	var errs Errors
	for key, addr := range map[string]netip.Addr{"upf.n4.address": c.UPF.N4.Address, "upf.n3.address": c.UPF.N3.Address, "upf.n3.address_v6": c.UPF.N3.AddressV6} {
		if addr.IsValid() && !present(addr, has) {
			errs = append(errs, c.errorAt(key, "no interface of this machine has the address %s; it has %s", addr, list(has)))
		}
	}
	return errs.inOrder()
}

func (c *Config) checkAddresses(has []netip.Addr) error {
	wanted := []struct {
		key  string
		addr netip.Addr
	}{{"amf.n2.address", c.AMF.N2.Address}, {"smf.n4.address", c.SMF.N4.Address}}
	if c.UPF != nil {
		wanted = append(wanted, wanted[0], wanted[0])
		wanted[2].key, wanted[2].addr = "upf.n4.address", c.UPF.N4.Address
		wanted[3].key, wanted[3].addr = "upf.n3.address", c.UPF.N3.Address
	}
	if c.SBI.Address.IsValid() {
		wanted = append(wanted, wanted[0])
		w := &wanted[len(wanted)-1]
		w.key, w.addr = "sbi.address", c.SBI.Address.Addr()
	}
	for i, f := range c.AMF.N2.Further {
		wanted = append(wanted, wanted[0])
		w := &wanted[len(wanted)-1]
		w.key, w.addr = fmt.Sprintf("amf.n2.further[%d].address", i), f.Address
	}
	var errs Errors
	for _, w := range wanted {
		if !present(w.addr, has) {
			errs = append(errs, c.errorAt(w.key, "no interface of this machine has the address %s; it has %s", w.addr, list(has)))
		}
	}
	return errs.inOrder()
}

// present tells whether a socket can be bound to an address: any of 127.0.0.0/8 can, on Linux.
func present(a netip.Addr, has []netip.Addr) bool {
	if a.IsUnspecified() {
		return true
	}
	for _, h := range has {
		if h == a || a.Is4() && a.IsLoopback() && h.IsLoopback() {
			return true
		}
	}
	return false
}

func hostAddresses() ([]netip.Addr, error) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("addresses of this machine: %w", err)
	}
	var has []netip.Addr
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			has = append(has, p.Addr().Unmap())
		}
	}
	return has, nil
}

// list names a few addresses.
func list(has []netip.Addr) string {
	const shown = 6
	var names []string
	for _, a := range has {
		if a.IsLinkLocalUnicast() {
			continue
		}
		if len(names) == shown {
			names = append(names, "...")
			break
		}
		names = append(names, a.String())
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
