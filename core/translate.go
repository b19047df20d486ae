package core

import (
	"log/slog"
	"net/netip"
	"time"

	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/nf/amf"
	"github.com/limpid-5g/limpid/nf/nssf"
	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// portGTPU is the port of GTP-U, TS 29.281 §4.4.2.3.
const portGTPU = 2152

func plmns(c *config.Config) []ident.PLMN {
	list := make([]ident.PLMN, 0, len(c.AMF.PLMNs))
	for _, p := range c.AMF.PLMNs {
		list = append(list, p.PLMN)
	}
	return list
}

func guami(c *config.Config) ident.GUAMI {
	g := c.AMF.GUAMI
	return ident.GUAMI{PLMN: g.PLMN, Region: g.Region, Set: g.Set, Pointer: g.Pointer}
}

func amfConfig(c *config.Config) amf.Config {
	cfg := amf.Config{
		Core: c.Name, HorizontalDerivation: c.AMF.DeriveKeysForPeers,
		Name: c.AMF.Name, InstanceID: c.AMF.Name, GUAMI: guami(c), RelativeCapacity: c.AMF.RelativeCapacity,
		Ciphering: algorithms("NEA", c.AMF.Ciphering), Integrity: algorithms("NIA", c.AMF.Integrity),
		T3512: time.Duration(c.AMF.T3512), RequestIMEISV: c.AMF.RequestIMEISV,
		N2MessageRate: c.AMF.N2.MessageRate, MaxProcedures: c.AMF.MaxProcedures, CongestionBackoff: time.Duration(c.AMF.CongestionBackoff),
		T3502: time.Duration(c.AMF.T3502), ImplicitDeregistration: time.Duration(c.AMF.ImplicitDeregistration),
		Reauthentication: amf.Reauthentication(c.AMF.Reauthentication),
		PowerSaving: amf.PowerSaving{
			MICO: c.AMF.PowerSaving.MICO, ActiveTime: time.Duration(c.AMF.PowerSaving.ActiveTime), ExtendedDRX: c.AMF.PowerSaving.ExtendedDRX,
		},
		Network: amf.NetworkIdentity{FullName: c.AMF.NetworkName.Full, ShortName: c.AMF.NetworkName.Short},
	}
	controlSlices(c, &cfg)
	cfg.Endpoints = endpoints(&c.AMF.N2)
	cfg.EquivalentPLMNs, cfg.InclusionMode = c.AMF.EquivalentPLMNs, c.AMF.InclusionMode()
	for i := range c.AMF.RegistrationAreas {
		cfg.RegistrationAreas = append(cfg.RegistrationAreas, c.AMF.RegistrationAreas[i].All())
	}
	cfg.RRCInactiveReports, cfg.Suspend, cfg.Reroute = c.AMF.RRCInactiveReports, c.AMF.Suspend, len(c.AMF.OtherSets) > 0
	cfg.Paging = amf.Paging{T3513: time.Duration(c.AMF.Paging.T3513), PriorityARP: c.AMF.Paging.PriorityARP}
	for _, a := range c.AMF.Paging.Attempts {
		cfg.Paging.Areas = append(cfg.Paging.Areas, pagingAreas()[a])
	}
	o := c.AMF.Overload
	cfg.Overload = amf.Overload{Start: -1}
	if o.Start > 0 {
		cfg.Overload = amf.Overload{Start: max(cfg.MaxProcedures*o.Start/100, 1), Stop: cfg.MaxProcedures * o.Stop / 100, Reduction: o.Reduction}
	}
	cfg.Network.Zone, _ = c.AMF.NetworkName.Location() // config has checked it
	for _, p := range c.AMF.PLMNs {
		cfg.PLMNs = append(cfg.PLMNs, amf.PLMNSupport{PLMN: p.PLMN, Slices: p.Slices})
		for _, t := range p.TACs {
			cfg.TAIs = append(cfg.TAIs, ident.TAI{PLMN: p.PLMN, TAC: t})
		}
	}
	return cfg
}

// pagingAreas are the values of amf.paging.attempts.
func pagingAreas() map[string]amf.PagingArea {
	return map[string]amf.PagingArea{
		"last-gnb": amf.PageLastNode, "tracking-area": amf.PageTrackingArea, "registration-area": amf.PageRegistrationArea,
	}
}

// algorithms are the numbers of names that config has checked.
func algorithms(kind string, names []string) []uint8 {
	list := make([]uint8, 0, len(names))
	for _, name := range names {
		if n, ok := config.Algorithm(kind, name); ok {
			list = append(list, n)
		}
	}
	return list
}

func nssfConfig(c *config.Config) nssf.Config {
	var cfg nssf.Config
	for _, s := range c.AMF.OtherSets {
		cfg.OtherSets = append(cfg.OtherSets, nssf.AMFSet{Set: s.Set, NSSAIs: s.Slices})
	}
	for _, p := range c.AMF.PLMNs {
		for _, t := range p.TACs {
			tai := ident.TAI{PLMN: p.PLMN, TAC: t}
			cfg.TrackingAreas = append(cfg.TrackingAreas, nssf.TrackingArea{TAI: tai, NSSAIs: c.SlicesOf(tai)})
		}
	}
	return cfg
}

func ambr(a config.AMBR) nudm.AMBR {
	return nudm.AMBR{Uplink: uint64(a.Uplink), Downlink: uint64(a.Downlink)}
}

// UPFConfig is what the UPF of a configuration is told.
func UPFConfig(c *config.Config) upf.Config { return upfConfig(c) }

// gateways are the UPF's own addresses in a data network: the configured one and the first of each IPv6 pool.
func gateways(d *config.DNN) []netip.Prefix {
	var list []netip.Prefix
	if v4 := d.IPv4Pools(); len(v4) > 0 {
		list = append(list, netip.PrefixFrom(d.Gateway, v4[0].Bits()))
	}
	for _, p := range d.Pools {
		if p.Addr().Is6() {
			list = append(list, netip.PrefixFrom(p.Addr().Next(), p.Bits()))
		}
	}
	return list
}

// endpoints are the addresses at which gNBs reach the AMF, the first the one that they are configured with.
func endpoints(n *config.N2) []amf.Endpoint {
	list := []amf.Endpoint{{Address: netip.AddrPortFrom(n.Address, n.Port), Usage: ngap.TNLAssociationUsageBoth, Weight: n.Weight}}
	usages := map[string]ngap.TNLAssociationUsage{"ue": ngap.TNLAssociationUsageUE, "non-ue": ngap.TNLAssociationUsageNonUE}
	for i := range n.Further {
		f := &n.Further[i]
		e := amf.Endpoint{Address: f.AddrPort(n), Usage: ngap.TNLAssociationUsageBoth, Weight: 1}
		if u, given := usages[f.Usage]; given {
			e.Usage = u
		}
		if f.Weight != nil {
			e.Weight = *f.Weight
		}
		list = append(list, e)
	}
	return list
}

func sctpConfig(c *config.Config, log *slog.Logger) sctp.Config {
	cfg := sctp.Config{UDPPort: c.AMF.N2.UDPPort, Log: log}
	if c.AMF.N2.SCTP != "auto" {
		cfg.Binding = sctp.Binding(c.AMF.N2.SCTP)
	}
	return cfg.ForN2()
}
