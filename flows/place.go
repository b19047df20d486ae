package flows

import (
	"context"
	"maps"
	"net"
	"net/netip"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// sites are where the nodes of a flow are, over the sockets of one network namespace: each has addresses and interfaces of
// its own.
type sites struct {
	n2   map[string]netip.AddrPort // of each node's AMF
	tuns map[string][]config.TUN   // of each node's UPF
}

// place gives a node its site: the first node has that of its configuration, the others differ from it in the third octet of
// their addresses and in the names of their interfaces. They use NEA0 where the flow does not choose.
func (s *stage) place(node string, cfg *config.Config) {
	if s.sites.n2 == nil {
		s.sites = sites{n2: make(map[string]netip.AddrPort), tuns: make(map[string][]config.TUN)}
	}
	if !s.choosesCiphering {
		cfg.AMF.Ciphering, cfg.AMF.AllowNullCiphering = []string{"NEA0"}, true
	}
	if number := slices.Index(slices.Sorted(maps.Keys(s.nodes.others)), node) + 1; number > 0 {
		move := func(a *netip.Addr) {
			if a.Is4() && a.IsLoopback() {
				octets := a.As4()
				octets[2] = byte(number)
				*a = netip.AddrFrom4(octets)
			}
		}
		move(&cfg.AMF.N2.Address)
		for i := range cfg.AMF.N2.Further {
			move(&cfg.AMF.N2.Further[i].Address)
		}
		move(&cfg.SMF.N4.Address)
		for i := range cfg.SMF.UPFs {
			move(&cfg.SMF.UPFs[i].Address)
		}
		move(&cfg.UPF.N4.Address)
		move(&cfg.UPF.N3.Address)
		if at := cfg.NSSAAF.Listen; at.IsValid() {
			addr := at.Addr()
			move(&addr)
			cfg.NSSAAF.Listen = netip.AddrPortFrom(addr, at.Port())
		}
		for i := range cfg.UPF.TUNs {
			cfg.UPF.TUNs[i].Name = node + "-" + cfg.UPF.TUNs[i].Name
		}
	}
	s.sites.n2[node] = netip.AddrPortFrom(cfg.AMF.N2.Address, cfg.AMF.N2.Port)
	s.sites.tuns[node] = cfg.UPF.TUNs
}

// dialNode makes an association with the AMF of a node, at its first address.
func (s *stage) dialNode(node string) func(context.Context) (sctp.Association, error) {
	return func(ctx context.Context) (sctp.Association, error) { return s.dialTo(ctx, s.sites.n2[node]) }
}

// datagramBy sends a packet to port 9 (discard) of a UE through the interface by which the present node's UPF reaches a data
// network: the nodes of a set have the same pools, and the kernel knows one way to them.
func (s *stage) datagramBy(network string, to netip.Addr) error {
	var by net.Dialer
	for _, t := range s.sites.tuns[s.nodes.present] {
		if !t.DNN.Equal(ident.DNN(network)) {
			continue
		}
		by.Control = func(_, _ string, c syscall.RawConn) error {
			var bound error
			err := c.Control(func(fd uintptr) { bound = unix.BindToDevice(int(fd), t.Name) })
			if err != nil {
				return err
			}
			return bound
		}
	}
	return sendDatagram(&by, to)
}
