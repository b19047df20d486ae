package smf

import (
	"encoding/binary"

	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// ofFrames tells whether the filter is about the headers of Ethernet frames, TS 23.501 §5.7.6.3.
func (f *flowFilter) ofFrames() bool { return f.frame != npcf.EthFlow{} }

// packetFilters are the filters of a rule for the UE, TS 24.501 §9.11.4.13. One that names the address of a frame's source or
// destination is one for each direction; any other serves both.
func (r *qosRule) packetFilters() []gsm.PacketFilter {
	var list []gsm.PacketFilter
	add := func(d gsm.FilterDirection, c []gsm.Component) {
		list = append(list, gsm.PacketFilter{ID: uint8(len(list) + 1), Direction: d, Components: c})
	}
	for i := range r.filters {
		switch f := &r.filters[i]; {
		case !f.ofFrames():
			add(gsm.Bidirectional, f.components())
		case f.frame.Source.Any() && f.frame.Destination.Any():
			add(gsm.Bidirectional, frameComponents(&f.frame))
		default:
			add(gsm.DownlinkOnly, addressed(f.frame.Source, f.frame.Destination, &f.frame))
			add(gsm.UplinkOnly, addressed(f.frame.Destination, f.frame.Source, &f.frame))
		}
	}
	return list
}

// addressed are the components of a filter for one direction.
func addressed(source, destination npcf.MACRange, f *npcf.EthFlow) []gsm.Component {
	var list []gsm.Component
	add := func(r npcf.MACRange, single, ranged gsm.ComponentType) {
		switch {
		case r.Any():
		case r.First == r.Last:
			list = append(list, gsm.Component{Type: single, Value: r.First[:]})
		default:
			list = append(list, gsm.Component{Type: ranged, Value: append(r.First[:], r.Last[:]...)})
		}
	}
	add(destination, gsm.DestinationMACAddress, gsm.DestinationMACAddressRange)
	add(source, gsm.SourceMACAddress, gsm.SourceMACAddressRange)
	return append(list, frameComponents(f)...)
}

// frameComponents are those that are the same in both directions.
func frameComponents(f *npcf.EthFlow) []gsm.Component {
	var list []gsm.Component
	tag := func(t npcf.TagFilter, vid, pcp gsm.ComponentType) {
		if t.VID != 0 {
			list = append(list, gsm.Component{Type: vid, Value: binary.BigEndian.AppendUint16(nil, t.VID)})
		}
		if t.Priority { // with DEI 0
			list = append(list, gsm.Component{Type: pcp, Value: []byte{t.PCP << 1}})
		}
	}
	tag(f.CTag, gsm.CTagVID, gsm.CTagPCPDEI)
	tag(f.STag, gsm.STagVID, gsm.STagPCPDEI)
	if f.Ethertype != 0 {
		list = append(list, gsm.Component{Type: gsm.Ethertype, Value: binary.BigEndian.AppendUint16(nil, f.Ethertype)})
	}
	return list
}

// frames are the Ethernet packet filters of a rule for the UPF, TS 29.244 §7.5.2.2, in the direction of the PDR.
func (r *qosRule) frames(uplink bool) []pfcp.EthernetPacketFilter {
	var list []pfcp.EthernetPacketFilter
	for i := range r.filters {
		f := &r.filters[i].frame
		if !r.filters[i].ofFrames() {
			continue
		}
		source, destination := f.Source, f.Destination
		if uplink {
			source, destination = destination, source
		}
		e := pfcp.EthernetPacketFilter{CTAG: vlanTag(f.CTag), STAG: vlanTag(f.STag)}
		if !source.Any() {
			m := pfcp.MACAddress{Source: pfcp.Some(pfcp.MAC(source.First))}
			if source.First != source.Last {
				m.UpperSource = pfcp.Some(pfcp.MAC(source.Last))
			}
			e.MACAddress = append(e.MACAddress, m)
		}
		if !destination.Any() {
			m := pfcp.MACAddress{Destination: pfcp.Some(pfcp.MAC(destination.First))}
			if destination.First != destination.Last {
				m.UpperDestination = pfcp.Some(pfcp.MAC(destination.Last))
			}
			e.MACAddress = append(e.MACAddress, m)
		}
		if f.Ethertype != 0 {
			e.Ethertype = pfcp.Some(f.Ethertype)
		}
		list = append(list, e)
	}
	return list
}

func vlanTag(t npcf.TagFilter) (tag pfcp.Opt[pfcp.VLANTag]) {
	if t.Any() {
		return tag
	}
	var v pfcp.VLANTag
	if t.VID != 0 {
		v.VID = pfcp.Some(t.VID)
	}
	if t.Priority {
		v.PCP, v.DEI = pfcp.Some(t.PCP), pfcp.Some(false)
	}
	return pfcp.Some(v)
}
