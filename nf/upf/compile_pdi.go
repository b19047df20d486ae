package upf

import (
	"fmt"
	"slices"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// compilePDI compiles what a packet must be, TS 29.244 §7.5.2.2.
func (u *UPF) compilePDI(rule *Rule, s *session, r ruleSet, p pfcp.CreatePDR) *pfcp.Error {
	id := uint32(p.PDRID)
	if f, ok := p.PDI.LocalFTEID.Get(); ok {
		rule.TEID = f.TEID
	} else if rule.Uplink() {
		return &pfcp.Error{Cause: pfcp.CauseConditionalIEMissing, Offending: pfcp.IEFTEID, Detail: "an uplink PDR without tunnel"}
	}
	if err := compileAddresses(rule, p); err != nil {
		return err
	}
	if rule.TEID == 0 && !rule.UE4.IsValid() && !rule.UE6.IsValid() && s.kind != pfcp.PDNTypeEthernet && s.kind != pfcp.PDNTypeNonIP {
		return &pfcp.Error{Cause: pfcp.CauseConditionalIEMissing, Offending: pfcp.IEUEIPAddress, Detail: "a PDR that no packet can be found by"}
	}
	for _, q := range p.PDI.QFI {
		rule.QFIs |= 1 << q
	}
	if rule.TEID == 0 {
		network, ok := u.network(p.PDI.NetworkInstance)
		if !ok {
			return ruleFailure(pfcp.RulePDR, id, pfcp.IENetworkInstance, "data network %q is not configured", p.PDI.NetworkInstance.Value())
		}
		rule.Network = network.DNN
	}
	var err *pfcp.Error
	if rule.Filters, err = u.compileFilters(r, p); err != nil {
		return err
	}
	for _, f := range p.PDI.EthernetPacketFilter {
		if s.kind != pfcp.PDNTypeEthernet {
			return ruleFailure(pfcp.RulePDR, id, pfcp.IEEthernetPacketFilter, "the session is not of type Ethernet")
		}
		filter, err := compileFrames(r, f, rule.Uplink())
		if err != nil {
			return ruleFailure(pfcp.RulePDR, id, pfcp.IEEthernetPacketFilter, "%v", err)
		}
		rule.Ethernet = append(rule.Ethernet, filter)
	}
	return nil
}

// compileAddresses compiles the UE's addresses and the networks behind it.
func compileAddresses(rule *Rule, p pfcp.CreatePDR) *pfcp.Error {
	id := uint32(p.PDRID)
	for _, a := range p.PDI.UEIPAddress {
		if a.IPv4.IsValid() {
			rule.UE4 = a.IPv4
		}
		if a.IPv6.IsValid() {
			bits := int(a.IPv6PrefixLength.Or(64))
			if d, ok := a.PrefixDelegationBits.Get(); ok { // how much shorter than 64 it is
				bits = 64 - int(d)
			}
			prefix, err := a.IPv6.Prefix(bits)
			if err != nil || bits == 0 {
				return ruleFailure(pfcp.RulePDR, id, pfcp.IEUEIPAddress, "a prefix of %d bits", bits)
			}
			rule.UE6 = prefix
		}
	}
	for _, text := range slices.Concat(p.PDI.FramedRoute, p.PDI.FramedIPv6Route) {
		prefix, ok := framed(text)
		if !ok {
			return ruleFailure(pfcp.RulePDR, id, pfcp.IEFramedRoute, "%q is no route", text)
		}
		rule.Framed = append(rule.Framed, prefix)
	}
	return nil
}

// compileFilters compiles SDF filters, and the PFDs of an application, TS 29.244 §5.11.
func (u *UPF) compileFilters(r ruleSet, p pfcp.CreatePDR) ([]Filter, *pfcp.Error) {
	var out []Filter
	for _, f := range p.PDI.SDFFilter {
		filter, err := compileFilter(r, f)
		if err != nil {
			return nil, ruleFailure(pfcp.RulePDR, uint32(p.PDRID), pfcp.IESDFFilter, "%v", err)
		}
		out = append(out, filter)
	}
	if name, ok := p.PDI.ApplicationID.Get(); ok {
		out = append(out, u.application(name)...)
	}
	return out, nil
}

// compileFilter compiles an SDF filter, TS 29.244 §8.2.5. One that is an id alone means the filter of that id in
// another PDR of the session.
func compileFilter(r ruleSet, f pfcp.SDFFilter) (Filter, error) {
	if id, ok := f.FilterID.Get(); ok && f.FlowDescription == "" {
		full, ok := r.filter(id)
		if !ok {
			return Filter{}, fmt.Errorf("no PDR has the SDF filter %d", id)
		}
		f = full
	}
	var filter Filter
	if f.FlowDescription != "" {
		parsed, err := ParseFilter(f.FlowDescription)
		if err != nil {
			return Filter{}, err
		}
		filter = parsed
	}
	if t, ok := f.ToSTrafficClass.Get(); ok {
		filter.TrafficClass, filter.TrafficMask = uint8(t>>8), uint8(t)
	}
	filter.Options.SPI, filter.Options.HasSPI = f.SecurityParameterIndex.Get()
	filter.Options.FlowLabel, filter.Options.HasLabel = f.FlowLabel.Get()
	return filter, nil
}

// filter finds the SDF filter that is described under an id.
func (r ruleSet) filter(id uint32) (pfcp.SDFFilter, bool) {
	for _, p := range r.pdrs.all() {
		for _, f := range p.PDI.SDFFilter {
			if f.FilterID.Present() && f.FilterID.Value() == id && f.FlowDescription != "" {
				return f, true
			}
		}
	}
	return pfcp.SDFFilter{}, false
}

// compileFrames compiles an Ethernet packet filter, TS 29.244 §7.5.2.2. Source and destination are those of the frame
// in the direction of the PDR; a filter that is an id alone means that of another PDR, seen from the other direction.
func compileFrames(r ruleSet, f pfcp.EthernetPacketFilter, uplink bool) (EthernetFilter, error) {
	if id, ok := f.EthernetFilterID.Get(); ok && len(f.MACAddress)+len(f.SDFFilter) == 0 && !f.Ethertype.Present() && !f.CTAG.Present() && !f.STAG.Present() {
		full, up, ok := r.frameFilter(id)
		if !ok {
			return EthernetFilter{}, fmt.Errorf("no PDR has the Ethernet filter %d", id)
		}
		f, uplink = full, up
	}
	out := EthernetFilter{Ethertype: f.Ethertype, CTag: f.CTAG, STag: f.STAG}
	source, destination := &out.Remote, &out.Local
	if uplink {
		source, destination = destination, source
	}
	for _, m := range f.MACAddress {
		if a, ok := m.Source.Get(); ok {
			*source = append(*source, MACRange{a, m.UpperSource.Or(a)})
		}
		if a, ok := m.Destination.Get(); ok {
			*destination = append(*destination, MACRange{a, m.UpperDestination.Or(a)})
		}
	}
	for _, s := range f.SDFFilter {
		filter, err := compileFilter(r, s)
		if err != nil {
			return out, err
		}
		out.Filters = append(out.Filters, filter)
	}
	return out, nil
}

// frameFilter finds the Ethernet filter that is described under an id, and whether it is of an uplink PDR.
func (r ruleSet) frameFilter(id uint32) (pfcp.EthernetPacketFilter, bool, bool) {
	for _, p := range r.pdrs.all() {
		for _, f := range p.PDI.EthernetPacketFilter {
			if f.EthernetFilterID.Present() && f.EthernetFilterID.Value() == id && f.EthernetFilterProperties.Value()&pfcp.EthernetFilterBIDE != 0 {
				return f, p.PDI.SourceInterface == pfcp.InterfaceAccess, true
			}
		}
	}
	return pfcp.EthernetPacketFilter{}, false, false
}
