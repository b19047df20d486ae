package config

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/limpid-5g/limpid/ident"
)

// UPFNetwork is a data network behind N6, TS 23.501 §5.6.1. Where the SMF is in the same file, addresses and MTU are
// those of smf.dnns.
type UPFNetwork struct {
	DNN      ident.DNN      `yaml:"dnn"`
	TUN      string         `yaml:"tun"`           // interface; left out: limpid0, limpid1, ... in the order of the networks
	Pools    []netip.Prefix `yaml:"pools"`         // of UE addresses that are routed to this UPF
	Gateway  []netip.Prefix `yaml:"gateway"`       // the UPF's own addresses among them; left out: the first of the first pool of IPv4 and of IPv6
	Framed   []netip.Prefix `yaml:"framed_routes"` // where the networks behind UEs lie, which are routed to this UPF too
	MTU      uint16         `yaml:"mtu"`           // octets
	Ethernet bool           `yaml:"ethernet"`      // the network carries frames, TS 23.501 §5.6.10.2
	// UEToUE is what becomes of packets from one UE to another: "deny"; "allow", switched in the UPF; "forward", sent to
	// N6, for which the network needs n6.table and n6.routes.
	UEToUE string       `yaml:"ue_to_ue"`
	NAT    []netip.Addr `yaml:"nat"` // IPv4 addresses that those of UEs are translated to; left out: UEs are routed
	N6     N6           `yaml:"n6"`
}

// N6 is how a data network is reached. Left out: by the routes of the machine.
type N6 struct {
	Interface string         `yaml:"interface"`
	VLAN      VLAN           `yaml:"vlan"`      // of the interface; left out: frames have no tag
	Addresses []netip.Prefix `yaml:"addresses"` // of the UPF on it
	Table     int            `yaml:"table"`     // routing table of its own; with ue_to_ue: forward the next one too
	Routes    []N6Route      `yaml:"routes"`
}

// N6Route is where packets leave to.
type N6Route struct {
	To  netip.Prefix `yaml:"to"`
	Via netip.Addr   `yaml:"via"`
}

// Buffer bounds what waits for idle UEs, TS 29.244 §5.2.4. 0 stands for the default.
type Buffer struct {
	Packets    int      `yaml:"packets"`     // of a session whose SMF says nothing of it; 64
	MaxPackets int      `yaml:"max_packets"` // that an SMF may ask for; 1000
	Bytes      int      `yaml:"bytes"`       // of all sessions together; 64 MiB
	Expiry     Duration `yaml:"expiry"`      // how long a packet waits at most; 60 s
}

// Metrics is where counters can be read in the text form of Prometheus: by this machine alone, and only if asked for.
type Metrics struct {
	Address string `yaml:"address"` // such as 127.0.0.1:9090; left out: nowhere
}

// LoadUPF reads and checks a file for a UPF alone in its process. The error is Errors, or that of the file system.
func LoadUPF(name string) (*Config, error) {
	text, err := read(name)
	if err != nil {
		return nil, err
	}
	return ParseUPF(name, text)
}

// ParseUPF checks the text of a file for a UPF alone: name, log, control, metrics, lockdown, egress and upf. The error is Errors.
func ParseUPF(name string, text []byte) (*Config, error) {
	c, err := parse(name, text)
	if err != nil {
		return nil, err
	}
	v := &validator{Config: c}
	for _, section := range []string{"amf", "smf", "udm", "pcf"} {
		if _, there := c.places[section]; there {
			v.bad(section, "a UPF alone has no such section: `limpid core` runs this file")
		}
	}
	if c.UPF == nil {
		v.bad("upf", "missing: want the UPF's addresses, its SMFs and its data networks")
		return nil, v.errs.inOrder()
	}
	if c.Control.Socket == "" {
		c.Control.Socket = c.Name + "-upf.sock"
	}
	c.deriveUPF(c.UPF)
	v.common()
	v.upfAlone()
	if err := v.errs.inOrder(); err != nil {
		return nil, err
	}
	return c, nil
}

// Network finds what the UPF says of a data network, nil if nothing.
func (u *UPF) Network(name ident.DNN) *UPFNetwork {
	for i := range u.Networks {
		if u.Networks[i].DNN.Equal(name) {
			return &u.Networks[i]
		}
	}
	return nil
}

func (v *validator) upfAlone() {
	u := v.UPF
	if len(u.TUNs) > 0 {
		v.bad("upf.tuns", "a UPF alone names its interfaces in upf.networks[].tun")
	}
	if len(u.SMFs) == 0 {
		v.bad("upf.smfs", "missing: want the N4 addresses of the SMFs that may control this UPF; nobody else is listened to")
	}
	if len(u.Networks) == 0 {
		v.bad("upf.networks", "no data network: name at least one")
	}
	v.n3("upf", u)
	for i := range u.Networks {
		n, key := &u.Networks[i], fmt.Sprintf("upf.networks[%d]", i)
		if len(n.Pools) == 0 && !n.Ethernet {
			v.bad(key+".pools", "missing: want the prefixes of UE addresses, such as [10.45.0.0/16]")
		}
		if n.MTU != 0 && (n.MTU < minMTU || n.MTU > maxMTU) {
			v.bad(key+".mtu", "%d: want %d to %d octets", n.MTU, minMTU, maxMTU)
		}
		if !interfaceName(n.TUN) || n.TUN == "" || len(n.TUN) > 15 {
			v.bad(key+".tun", "%q: want an interface name of 1 to 15 letters, digits, '-', '_' or '.'", n.TUN)
		}
		v.framedRoutes(key, n.Framed, n.Pools)
		v.dataNetwork(key, i)
	}
}

// networks checks what the UPF of a core says of data networks beside smf.dnns.
func (v *validator) networks() {
	for i := range v.UPF.Networks {
		n, key := &v.UPF.Networks[i], fmt.Sprintf("upf.networks[%d]", i)
		if v.dnn(n.DNN) < 0 {
			v.bad(key+".dnn", "%q is none of smf.dnns", n.DNN)
		}
		if len(n.Pools)+len(n.Gateway)+len(n.Framed) > 0 || n.MTU != 0 || n.TUN != "" {
			v.bad(key, "pools, framed_routes, gateway and mtu are those of smf.dnns, the interface that of upf.tuns")
		}
		if at := v.dnn(n.DNN); n.Ethernet && at >= 0 && !v.SMF.DNNs[at].Ethernet {
			v.bad(key+".ethernet", "smf.dnns[%d] has no sessions of Ethernet: want ethernet: true there too", at)
		} else if n.Ethernet && at >= 0 && len(v.SMF.DNNs[at].Pools) > 0 {
			v.bad(key+".ethernet", "a network of frames has no addresses: take the pools from smf.dnns[%d]", at)
		}
		v.dataNetwork(key, i)
	}
}

func (v *validator) dataNetwork(key string, i int) {
	n := &v.UPF.Networks[i]
	if _, err := ident.ParseDNN(string(n.DNN)); err != nil {
		v.bad(key+".dnn", "%v", err)
	}
	if j := slices.IndexFunc(v.UPF.Networks[:i], func(o UPFNetwork) bool { return o.DNN.Equal(n.DNN) }); j >= 0 {
		v.bad(key+".dnn", "%q is upf.networks[%d] already", n.DNN, j)
	}
	if !slices.Contains([]string{"deny", "allow", "forward"}, n.UEToUE) {
		v.bad(key+".ue_to_ue", "%q: want deny, allow or forward", n.UEToUE)
	}
}

// n3 checks what every UPF needs.
func (v *validator) n3(key string, u *UPF) {
	if !u.N3.Address.IsValid() || u.N3.Address.IsUnspecified() {
		v.bad(key+".n3.address", "missing: want the address to which gNBs send user traffic")
	}
	if a := u.N3.AddressV6; a.IsValid() && (!a.Is6() || !u.N3.Address.Is4()) {
		v.bad(key+".n3.address_v6", "%s: want an IPv6 address beside an IPv4 one in n3.address", a)
	}
	if u.N4.Address.IsUnspecified() {
		v.bad(key+".n4.address", "want the address at which the SMF reaches the UPF")
	}
	if !slices.Contains([]string{"soft", "xdp", "auto"}, u.Datapath) {
		v.bad(key+".datapath", "%q: want soft, xdp or auto", u.Datapath)
	}
	if !slices.Contains([]string{"auto", "native", "generic", "tcx"}, u.XDP.Mode) {
		v.bad(key+".xdp.mode", "%q: want auto, native, generic or tcx", u.XDP.Mode)
	}
	if !slices.Contains([]string{"keep", "remove"}, u.XDP.Exit) {
		v.bad(key+".xdp.exit", "%q: want keep or remove", u.XDP.Exit)
	}
	if u.ExtraSlots < 0 || u.ExtraSlots > maxUEs {
		v.bad(key+".extra_slots", "%d: want 0 to %d", u.ExtraSlots, maxUEs)
	}
	if b := u.Buffer; b.Packets < 0 || b.MaxPackets < 0 || b.Bytes < 0 || b.Expiry < 0 {
		v.bad(key+".buffer", "bounds are not negative")
	}
	if d := time.Duration(u.Echo); d != 0 && d < time.Minute {
		v.bad(key+".echo", "%s: GTP-U peers may be asked every 60 s at most (TS 29.281 §7.2.1)", d)
	}
}

// common checks the sections that every process has.
func (v *validator) common() {
	v.oneOf("log.level", v.Log.Level, "debug", "info", "warn", "error")
	v.oneOf("log.format", v.Log.Format, "text", "json")
	v.protection()
	if v.Metrics.Address == "" {
		return
	}
	a, err := netip.ParseAddrPort(v.Metrics.Address)
	if err != nil || !a.Addr().IsLoopback() {
		v.bad("metrics.address", "%q: want an address of this machine alone and a port, such as 127.0.0.1:9090", v.Metrics.Address)
	}
}

// deriveNetworks fills what upf.networks leaves out.
func (u *UPF) deriveNetworks() {
	taken := map[string]bool{}
	for _, n := range u.Networks {
		taken[n.TUN] = true
	}
	next := 0
	for i := range u.Networks {
		n := &u.Networks[i]
		if n.UEToUE = strings.ToLower(n.UEToUE); n.UEToUE == "" {
			n.UEToUE = "deny"
		}
		if len(u.SMFs) == 0 {
			continue // the rest is the core's
		}
		for n.TUN == "" {
			if name := fmt.Sprintf("limpid%d", next); !taken[name] {
				n.TUN = name
			}
			next++
		}
		if len(n.Gateway) > 0 {
			continue
		}
		var four, six bool
		for _, p := range n.Pools {
			seen := &four
			if p.Addr().Is6() {
				seen = &six
			}
			if !*seen && p.Bits() < p.Addr().BitLen()-1 {
				n.Gateway, *seen = append(n.Gateway, netip.PrefixFrom(p.Masked().Addr().Next(), p.Bits())), true
			}
		}
	}
}
