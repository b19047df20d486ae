package core

import (
	"net/netip"
	"time"

	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/nf/pcf"
	"github.com/limpid-5g/limpid/nf/smf"
	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nudm"
)

func pcfConfig(c *config.Config) pcf.Config {
	cfg := pcf.Config{RFSPIndex: c.PCF.RFSPIndex, MaxUEAMBR: ambr(c.PCF.MaxUEAMBR)}
	for _, p := range c.PCF.SessionPolicies {
		policy := pcf.SessionPolicy{DNN: p.DNN, SNSSAI: p.Slice, Barred: p.Barred, MaxSessionAMBR: ambr(p.MaxSessionAMBR),
			ReflectiveQoSTimer: uint32(time.Duration(p.ReflectiveQoSTimer) / time.Second)}
		for _, r := range p.Rules {
			policy.PCCRules = append(policy.PCCRules, npcf.PCCRule{
				ID: r.Name, Precedence: r.Precedence, FlowDescriptions: r.Flows, FiveQI: r.FiveQI,
				ARP:        nudm.ARP{PriorityLevel: r.ARP, MayPreempt: r.MayPreempt, Preemptable: r.Preemptable},
				MaxBitRate: ambr(r.Maximum), GuaranteedBitRate: ambr(r.Guaranteed), Reflective: r.Reflective,
				Notify: r.Notify, AveragingWindow: r.AveragingWindow, MaxDataBurst: r.MaxDataBurst,
			})
		}
		if u := p.UERequests; u != nil {
			policy.UERequests = &pcf.UERequests{FiveQIs: u.FiveQIs, Rules: u.Rules, Maximum: ambr(u.Maximum), Guaranteed: ambr(u.Guaranteed)}
		}
		cfg.SessionPolicies = append(cfg.SessionPolicies, policy)
	}
	return cfg
}

func smfConfig(c *config.Config) smf.Config {
	cfg := smf.Config{
		Name: c.SMF.Name, InstanceID: c.SMF.Name, N4Address: c.SMF.N4.Address, MaxProcedures: c.SMF.MaxProcedures,
		Timers: smf.Timers{
			HeartbeatInterval: time.Duration(c.SMF.Intervals.Heartbeat),
			UsageReport:       time.Duration(c.SMF.Intervals.UsageReport),
			T3396:             time.Duration(c.SMF.BackOff.DNN),
			T3584:             time.Duration(c.SMF.BackOff.SliceDNN),
			T3585:             time.Duration(c.SMF.BackOff.Slice),
		},
	}
	for _, p := range c.SMF.UPFs {
		cfg.UPFs = append(cfg.UPFs, smf.UPF{Name: p.Name, Address: netip.AddrPortFrom(p.Address, p.Port), DNNs: p.DNNs, Slices: p.Slices})
	}
	for _, d := range c.SMF.DNNs {
		cfg.DNNs = append(cfg.DNNs, smf.DNN{
			Name: d.Name, Slices: d.Slices, Pools: d.Pools, Gateway: d.Gateway, DNSServers: d.DNS, PCSCF: d.PCSCF, MTU: d.MTU,
			Ethernet: d.Ethernet, Unstructured: d.Unstructured, UnstructuredServer: d.UnstructuredServer, FramedRoutes: d.FramedRoutes,
			AlwaysOn: smf.AlwaysOn(d.AlwaysOn), Inactivity: time.Duration(d.Inactivity),
			Security: smf.UPSecurity{Integrity: smf.Protection(d.Security.Integrity), Confidentiality: smf.Protection(d.Security.Confidentiality)},
		})
	}
	for _, g := range c.SMF.Guaranteed {
		cfg.Guaranteed = append(cfg.Guaranteed, smf.Guaranteed{DNN: g.DNN, Slice: g.Slice, UPF: g.UPF, Rate: ambr(g.Maximum)})
	}
	return cfg
}
