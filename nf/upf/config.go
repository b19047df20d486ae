package upf

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// Config is how a UPF is set up.
type Config struct {
	N4       netip.AddrPort // where PFCP is served; port 0 stands for 8805
	N3       netip.Addr     // where GTP-U is served, UDP port 2152
	N3v6     netip.Addr     // the same over IPv6 where N3 is of IPv4; invalid: none
	Networks []Network      // the data networks behind N6

	// CPFunctions are the addresses of the SMFs that may control this UPF; none means all.
	CPFunctions []netip.Addr
	// ExtraSlots bounds the tunnels of sessions whose address is in no pool; default 1024.
	ExtraSlots int
	// BufferPackets bounds the packets kept for an idle session whose BAR says nothing of it; default 64.
	BufferPackets int
	// MaxBufferPackets bounds what a BAR may ask for; default 1000.
	MaxBufferPackets int
	// BufferExpiry is how long a packet waits at most unless the CP function says otherwise; default 60 s.
	BufferExpiry time.Duration
	// BufferBytes bounds the packets kept for all idle sessions together, in octets; default 64 MiB.
	BufferBytes int
	// EchoInterval is how often the GTP-U peers of sessions are asked whether they live, TS 29.281 §7.2.1; at least and
	// by default 60 s. Negative: never.
	EchoInterval time.Duration
	// N4Conn replaces the UDP socket on N4, for tests in virtual time.
	N4Conn pfcp.PacketConn
	// Tap sees each PFCP message.
	Tap func(d pfcp.Direction, peer netip.AddrPort, h pfcp.Header, m pfcp.Message)
}

// Network is a data network behind N6, TS 23.501 §5.6.1.
type Network struct {
	DNN     string         // the network instance that PFCP names it by
	TUN     string         // the interface that leads to it
	Gateway []netip.Prefix // the UPF's own addresses in it
	Pools   []netip.Prefix // the UE addresses that are routed to this UPF
	Framed  []netip.Prefix // where networks behind UEs lie, TS 23.501 §5.6.14; they are routed to this UPF as the pools are
	MTU     int            // of the interface, octets; default 1400

	Ethernet bool         // it carries frames, TS 23.501 §5.6.10.2: the interface is a TAP
	UEToUE   UEToUE       // what becomes of packets from one UE of it to another
	NAT      []netip.Addr // IPv4 addresses that those of UEs are translated to; none: UEs are routed

	Parent    string         // interface of N6; "": the routes of the network namespace lead there
	VLAN      uint16         // of Parent; 0: none
	Addresses []netip.Prefix // the UPF's on N6
	Table     int            // routing table of its own; 0: the main one. With UEToUEForward the next one is used too
	Routes    []Route        // by way of N6
}

// Route is where a data network sends packets to.
type Route struct {
	To  netip.Prefix
	Via netip.Addr
}

// UEToUE is what becomes of packets from one UE of a data network to another, TS 23.501 §5.8.2.13.0.
type UEToUE uint8

// Policies.
const (
	UEToUEDeny    UEToUE = iota // dropped
	UEToUEAllow                 // switched in the UPF
	UEToUEForward               // sent to N6, whose router decides
)

// Router is the UPF's own address in the data network, that it tells UEs errors from.
func (n *Network) Router(v4 bool) netip.Addr {
	for _, g := range n.Gateway {
		if g.Addr().Is4() == v4 {
			return g.Addr()
		}
	}
	for _, p := range n.Pools {
		if p.Addr().Is4() == v4 {
			return p.Addr().Next()
		}
	}
	if v4 {
		return netip.AddrFrom4([4]byte{192, 0, 0, 8}) // the dummy address of RFC 7600 §4.8
	}
	return netip.AddrFrom16([16]byte{0xfe, 0x80, 15: 1})
}

func (n *Network) check() error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("upf: data network %q: %s", n.DNN, fmt.Sprintf(format, args...))
	}
	switch {
	case n.MTU < 1280 || n.MTU > 9000:
		return fail("MTU %d is not between 1280 and 9000", n.MTU)
	case n.UEToUE > UEToUEForward:
		return fail("policy %d between UEs is none", n.UEToUE)
	case n.UEToUE == UEToUEForward && !n.Ethernet && (n.Table == 0 || len(n.Routes) == 0):
		return fail("packets between UEs go to N6 only with a table and routes of the network's own")
	case n.Ethernet && len(n.Pools)+len(n.Framed)+len(n.NAT)+len(n.Routes)+len(n.Gateway) > 0:
		return fail("Ethernet has no pools, addresses and routes")
	case n.Parent == "" && (n.VLAN != 0 || len(n.Addresses)+len(n.Routes) > 0 || n.Table != 0):
		return fail("VLAN, addresses, routes and table need the interface of N6")
	case n.VLAN > 4094:
		return fail("VLAN %d is not between 1 and 4094", n.VLAN)
	case n.Table < 0 || n.Table >= 253 && n.Table <= 255:
		return fail("table %d is the kernel's own", n.Table)
	}
	for _, a := range n.NAT {
		if !a.Is4() {
			return fail("%s: only IPv4 is translated", a)
		}
	}
	for _, p := range n.Framed {
		if !p.IsValid() || p != p.Masked() || slices.ContainsFunc(n.Pools, p.Overlaps) {
			return fail("%s: networks behind UEs lie in a prefix apart from the pools", p)
		}
	}
	return nil
}

// Defaults of Config.
const (
	defaultExtraSlots    = 1024
	defaultBufferPackets = 64
	defaultBufferBytes   = 64 << 20
	defaultBufferExpiry  = time.Minute

	defaultMaxBufferPackets = 1000
	defaultMTU              = 1400
)

// WithDefaults fills in what was left out and checks the rest; the error names the field.
func (c Config) WithDefaults() (Config, error) {
	if c.ExtraSlots <= 0 {
		c.ExtraSlots = defaultExtraSlots
	}
	if c.BufferPackets <= 0 {
		c.BufferPackets = defaultBufferPackets
	}
	if c.MaxBufferPackets <= 0 {
		c.MaxBufferPackets = max(defaultMaxBufferPackets, c.BufferPackets)
	}
	if c.BufferExpiry <= 0 {
		c.BufferExpiry = defaultBufferExpiry
	}
	if c.BufferBytes <= 0 {
		c.BufferBytes = defaultBufferBytes
	}
	if c.EchoInterval >= 0 {
		c.EchoInterval = max(c.EchoInterval, minEchoInterval)
	}
	if c.N4.IsValid() && c.N4.Port() == 0 {
		c.N4 = netip.AddrPortFrom(c.N4.Addr(), pfcp.Port)
	}
	if !c.N3.IsValid() {
		return c, errors.New("upf: n3 address is missing")
	}
	if c.N3v6.IsValid() && (c.N3v6.Is4() || c.N3.Is6()) {
		return c, errors.New("upf: n3 over IPv6 is for a UPF whose other n3 address is of IPv4")
	}
	if !c.N4.IsValid() {
		return c, errors.New("upf: n4 address is missing")
	}
	if len(c.Networks) == 0 {
		return c, errors.New("upf: no data network is configured")
	}
	c.Networks = append([]Network(nil), c.Networks...)
	seen := map[string]bool{}
	for i := range c.Networks {
		n := &c.Networks[i]
		if n.DNN == "" || seen[n.DNN] {
			return c, fmt.Errorf("upf: data network %q is named twice or not at all", n.DNN)
		}
		seen[n.DNN] = true
		if n.MTU == 0 {
			n.MTU = defaultMTU
		}
		if err := n.check(); err != nil {
			return c, err
		}
	}
	return c, nil
}

// Local is the address on N3 of a version; invalid if there is none.
func (c *Config) Local(v4 bool) netip.Addr {
	for _, a := range [...]netip.Addr{c.N3, c.N3v6} {
		if a.IsValid() && a.Is4() == v4 {
			return a
		}
	}
	return netip.Addr{}
}
