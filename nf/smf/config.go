package smf

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/ladder"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/sbi/nnsacf"
	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// Config is what an operator decides about an SMF.
type Config struct {
	// Name is the SMF's name in logs and ladders; InstanceID its NF instance id, TS 29.510 §6.1.6.2.2.
	Name       string
	InstanceID string
	// Node is the name under which its sessions are kept, of the AMF and SMF of one process; "": Name.
	Node string
	// N4Address is the address of N4 on this side: the Node ID and the F-SEID of TS 29.244 §8.2.37 and §8.2.38.
	N4Address netip.Addr
	UPFs      []UPF
	DNNs      []DNN
	Timers    Timers
	// Guaranteed bounds what GBR QoS flows are granted in all, by all SMFs over the store where it is Shared.
	Guaranteed []Guaranteed
	// Shared says that other nodes over the store allot addresses of the same pools and grant under the same bounds.
	Shared bool
	// MaxProcedures bounds how many sessions may be busy at once; 0 means 20,000.
	MaxProcedures int
}

// UPF is a user plane function that the SMF may choose, TS 23.501 §6.3.3.
type UPF struct {
	Name    string
	Address netip.AddrPort // of N4; port 0 means 8805
	DNNs    []ident.DNN    // empty: all
	Slices  []ident.SNSSAI // empty: all
}

// DNN is a data network that the SMF serves.
type DNN struct {
	Name       ident.DNN
	Slices     []ident.SNSSAI // the slices in which it exists
	Pools      []netip.Prefix // of UE addresses, IPv4 and IPv6, used in this order; each IPv6 session gets a /64
	Gateway    netip.Addr     // never given to a UE; not valid: the first host of the first pool
	DNSServers []netip.Addr   // given to UEs that ask, in this order
	MTU        uint16         // IPv4 link MTU in octets given to UEs that ask; 0 means 1400 (TS 23.501 §5.6.10.4 advises 1358 where N3 is IPsec)
	Security   UPSecurity     // what gNBs do to protect user data, where the subscription does not say it
	// Ethernet and Unstructured allow sessions of these types, TS 23.501 §5.6.10.2 and §5.6.10.3.
	Ethernet, Unstructured bool
	// UnstructuredServer is the other end of the UDP tunnels of unstructured sessions on N6, TS 23.501 §5.6.10.3; not valid: the
	// UPF knows by itself.
	UnstructuredServer netip.AddrPort
	// FramedRoutes are where the networks behind UEs lie that the UPF has routes to; none: others route them.
	FramedRoutes []netip.Prefix
	PCSCF        []netip.Addr // given to UEs that ask, TS 23.228 §5.1.1
	AlwaysOn     AlwaysOn
	// Inactivity is how long no packet may come until the user plane of a session is taken down, TS 23.502 §4.3.7; 0: for ever.
	Inactivity time.Duration
}

// AlwaysOn says whether sessions are always-on, TS 23.501 §5.6.13. The zero value is AlwaysOnNever.
type AlwaysOn string

// The values of AlwaysOn.
const (
	AlwaysOnNever     AlwaysOn = "never"
	AlwaysOnRequested AlwaysOn = "requested" // where the UE asks for it
	AlwaysOnRequired  AlwaysOn = "required"  // whatever the UE asks for
)

// Timers are durations; a zero one means the default of its comment.
type Timers struct {
	T3592             time.Duration // between PDU SESSION RELEASE COMMANDs, sent five times; 16 s, TS 24.501 Table 10.3.2
	T3591             time.Duration // between PDU SESSION MODIFICATION COMMANDs, sent five times; 16 s, TS 24.501 Table 10.3.2
	T3593             time.Duration // how long a session of SSC mode 3 stays that is to be replaced; 60 s, TS 24.501 Table 10.3.2
	T3396             time.Duration // back-off told to the UE with cause #26, TS 24.501 §6.2.7; 0 tells none
	T3584             time.Duration // the same with cause #67, TS 24.501 §6.2.8; 0 tells none
	T3585             time.Duration // the same with cause #69, TS 24.501 §6.2.8; 0 tells none
	N2Response        time.Duration // for the gNB's answer to a setup; 10 s
	Preemption        time.Duration // for others to give up what a more important QoS flow takes; 3 s
	Paging            time.Duration // for a paged UE to come; 30 s
	AssociationRetry  time.Duration // between attempts to reach a UPF; 5 s
	HeartbeatInterval time.Duration // TS 29.244 §6.2.2; 10 s
	UsageReport       time.Duration // between periodic usage reports from the UPF; 0: only at the end
	Forwarding        time.Duration // how long an indirect forwarding tunnel outlives its handover; 5 s, TS 23.502 §4.9.1.3.3
	T1                time.Duration // until a PFCP request is sent again; 1 s, TS 29.244 §6.4
	N1                int           // how often it is sent again; 3, TS 29.244 §6.4
}

// Deps are the services and interfaces that the SMF uses. All but Admission, Ladder and Contexts are required. N4 belongs to the SMF from New on.
type Deps struct {
	SDM    nudm.SDM
	UECM   nudm.UECM
	Policy npcf.SMPolicyControl
	AMF    namf.Communication
	// Admission bounds the sessions of slices, TS 23.501 §5.15.11; nil: nobody does.
	Admission nnsacf.NSAC
	// ServingAMF finds the AMF with a GUAMI, of this core or another; nil: there is AMF alone.
	ServingAMF func(ident.GUAMI) namf.Communication
	N4         pfcp.PacketConn
	Ladder     ladder.Sink
	// Contexts is where sessions outlive the process; nil: nowhere.
	Contexts Contexts
	// Settled is called once, while the SMF runs, when all sessions that came back are on their UPFs again; nil: nobody asks.
	Settled func()
	// Life is the run of the node that begins, where Contexts is set.
	Life Life
}

const (
	defaultMTU           = 1400
	defaultMaxProcedures = 20_000
	minMTU, maxMTU       = 576, 9000 // RFC 791 §3.2; a jumbo frame
	maxPools             = 16
)

// withDefaults fills what the operator left out.
func (t Timers) withDefaults() Timers {
	for _, d := range []struct {
		at  *time.Duration
		def time.Duration
	}{
		{&t.T3591, 16 * time.Second}, {&t.T3592, 16 * time.Second}, {&t.T3593, time.Minute}, {&t.N2Response, 10 * time.Second}, {&t.Preemption, 3 * time.Second}, {&t.Paging, 30 * time.Second},
		{&t.AssociationRetry, 5 * time.Second}, {&t.HeartbeatInterval, 10 * time.Second},
		{&t.Forwarding, 5 * time.Second},
	} {
		if *d.at <= 0 {
			*d.at = d.def
		}
	}
	return t
}

// check finds what the SMF could not work with, one line for each.
func (c *Config) check() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if !c.N4Address.IsValid() || c.N4Address.IsUnspecified() {
		bad("N4 address %s: want the address at which UPFs reach this SMF", c.N4Address)
	}
	if len(c.UPFs) == 0 {
		bad("no UPF: name at least one")
	}
	for _, u := range c.UPFs {
		if !u.Address.Addr().IsValid() || u.Address.Addr().IsUnspecified() {
			bad("UPF %q: N4 address is missing", u.Name)
		}
	}
	if len(c.DNNs) == 0 {
		bad("no DNN: name at least one")
	}
	for i, d := range c.DNNs {
		if err := d.check(); err != nil {
			bad("DNN %q: %w", d.Name, err)
		}
		for _, other := range c.DNNs[:i] {
			if other.Name.Equal(d.Name) {
				bad("DNN %q is there twice: put its slices into one", d.Name)
			}
			for _, p := range d.Pools {
				if q, ok := overlaps(p, other.Pools); ok {
					bad("DNN %q: pool %s overlaps pool %s of DNN %q", d.Name, p, q, other.Name)
				}
			}
		}
	}
	return errors.Join(errs...)
}

func (d *DNN) check() error {
	if _, err := ident.ParseDNN(string(d.Name)); err != nil {
		return err
	}
	if len(d.Slices) == 0 {
		return errors.New("no slice: name those in which the DNN exists")
	}
	if d.MTU != 0 && (d.MTU < minMTU || d.MTU > maxMTU) {
		return fmt.Errorf("MTU %d: want %d to %d octets, or 0 for %d", d.MTU, minMTU, maxMTU, defaultMTU)
	}
	if err := errors.Join(d.Security.Integrity.check("integrity protection"), d.Security.Confidentiality.check("confidentiality protection")); err != nil {
		return err
	}
	switch d.AlwaysOn {
	case "", AlwaysOnNever, AlwaysOnRequested, AlwaysOnRequired:
	default:
		return fmt.Errorf("always-on %q: want %s, %s or %s", d.AlwaysOn, AlwaysOnNever, AlwaysOnRequested, AlwaysOnRequired)
	}
	if len(d.Pools) == 0 && !d.Ethernet && !d.Unstructured || len(d.Pools) > maxPools {
		return fmt.Errorf("%d address pools: want 1 to %d, or none where all sessions are of Ethernet or unstructured", len(d.Pools), maxPools)
	}
	for i, p := range d.Pools {
		low, high := minPoolBits, maxPoolBits
		if p.Addr().Is6() {
			low, high = minPool6Bits, maxPool6Bits
		}
		if !p.IsValid() || p.Addr().Is4In6() || p.Bits() < low || p.Bits() > high {
			return fmt.Errorf("pool %s: want an IPv4 prefix of /%d to /%d or an IPv6 prefix of /%d to /%d", p, minPoolBits, maxPoolBits, minPool6Bits, maxPool6Bits)
		}
		if p != p.Masked() {
			return fmt.Errorf("pool %s: has host bits set, did you mean %s?", p, p.Masked())
		}
		if q, ok := overlaps(p, d.Pools[:i]); ok {
			return fmt.Errorf("pool %s overlaps pool %s", p, q)
		}
	}
	return nil
}

func overlaps(p netip.Prefix, others []netip.Prefix) (netip.Prefix, bool) {
	i := slices.IndexFunc(others, p.Overlaps)
	if i < 0 {
		return netip.Prefix{}, false
	}
	return others[i], true
}
