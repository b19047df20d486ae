package pfcp

import "encoding/binary"

// SDFFilter selects the packets of a service data flow, TS 29.244 §8.2.5.
type SDFFilter struct {
	FlowDescription        string // the IPFilterRule of TS 29.212 §5.4.2; "" if absent
	ToSTrafficClass        Opt[uint16]
	SecurityParameterIndex Opt[uint32]
	FlowLabel              Opt[uint32] // 20 bits
	FilterID               Opt[uint32]
}

func (s *SDFFilter) decode(b []byte) Cause {
	if len(b) < 2 {
		return CauseInvalidLength
	}
	flags, b := b[0], b[2:]
	*s = SDFFilter{}
	if flags&1 != 0 {
		if len(b) < 2 || len(b)-2 < int(binary.BigEndian.Uint16(b)) {
			return CauseInvalidLength
		}
		n := 2 + int(binary.BigEndian.Uint16(b))
		s.FlowDescription, b = string(b[2:n]), b[n:]
	}
	if flags&2 != 0 {
		if len(b) < 2 {
			return CauseInvalidLength
		}
		s.ToSTrafficClass, b = Some(binary.BigEndian.Uint16(b)), b[2:]
	}
	if flags&4 != 0 {
		if len(b) < 4 {
			return CauseInvalidLength
		}
		s.SecurityParameterIndex, b = Some(binary.BigEndian.Uint32(b)), b[4:]
	}
	if flags&8 != 0 {
		if len(b) < 3 {
			return CauseInvalidLength
		}
		s.FlowLabel, b = Some(uint32(b[0]&0xf)<<16|uint32(b[1])<<8|uint32(b[2])), b[3:]
	}
	if flags&16 != 0 {
		if len(b) < 4 {
			return CauseInvalidLength
		}
		s.FilterID = Some(binary.BigEndian.Uint32(b))
	}
	return 0
}

func (s SDFFilter) append(dst []byte) []byte {
	text := s.FlowDescription[:min(len(s.FlowDescription), 0xffff)]
	dst = append(dst, bit(text != "", 1)|bit(s.ToSTrafficClass.set, 2)|bit(s.SecurityParameterIndex.set, 4)|
		bit(s.FlowLabel.set, 8)|bit(s.FilterID.set, 16), 0)
	if text != "" {
		dst = append(binary.BigEndian.AppendUint16(dst, uint16(len(text))), text...)
	}
	if v, ok := s.ToSTrafficClass.Get(); ok {
		dst = binary.BigEndian.AppendUint16(dst, v)
	}
	if v, ok := s.SecurityParameterIndex.Get(); ok {
		dst = binary.BigEndian.AppendUint32(dst, v)
	}
	if v, ok := s.FlowLabel.Get(); ok {
		dst = append(dst, byte(v>>16)&0xf, byte(v>>8), byte(v))
	}
	if v, ok := s.FilterID.Get(); ok {
		dst = binary.BigEndian.AppendUint32(dst, v)
	}
	return dst
}

// OuterHeaderRemovalDescription says which outer header to take off, TS 29.244 §8.2.64.
type OuterHeaderRemovalDescription uint8

// Values of OuterHeaderRemovalDescription.
const (
	RemoveGTPUUDPIPv4 OuterHeaderRemovalDescription = 0
	RemoveGTPUUDPIPv6 OuterHeaderRemovalDescription = 1
	RemoveUDPIPv4     OuterHeaderRemovalDescription = 2
	RemoveUDPIPv6     OuterHeaderRemovalDescription = 3
	RemoveIPv4        OuterHeaderRemovalDescription = 4
	RemoveIPv6        OuterHeaderRemovalDescription = 5
	RemoveGTPUUDPIP   OuterHeaderRemovalDescription = 6
)

// OuterHeaderRemoval is the outer header that a PDR takes off, TS 29.244 §8.2.64.
type OuterHeaderRemoval struct {
	Description                 OuterHeaderRemovalDescription
	GTPUExtensionHeaderDeletion Opt[uint8]
}

func (o *OuterHeaderRemoval) decode(b []byte) Cause {
	if len(b) < 1 {
		return CauseInvalidLength
	}
	*o = OuterHeaderRemoval{Description: OuterHeaderRemovalDescription(b[0])}
	if len(b) > 1 {
		o.GTPUExtensionHeaderDeletion = Some(b[1])
	}
	return 0
}

func (o OuterHeaderRemoval) append(dst []byte) []byte {
	dst = append(dst, byte(o.Description))
	if v, ok := o.GTPUExtensionHeaderDeletion.Get(); ok {
		dst = append(dst, v)
	}
	return dst
}

// Volume is a threshold or quota in octets, TS 29.244 §8.2.13.
type Volume struct {
	Total, Uplink, Downlink Opt[uint64]
}

func (v *Volume) decode(b []byte) Cause {
	*v = Volume{}
	return takeCounts(b, []*Opt[uint64]{&v.Total, &v.Uplink, &v.Downlink})
}

func (v Volume) append(dst []byte) []byte {
	return appendCounts(dst, []Opt[uint64]{v.Total, v.Uplink, v.Downlink})
}

// VolumeMeasurement is what a URR counted, in octets and packets, TS 29.244 §8.2.44.
type VolumeMeasurement struct {
	Total, Uplink, Downlink                      Opt[uint64]
	TotalPackets, UplinkPackets, DownlinkPackets Opt[uint64]
}

func (v *VolumeMeasurement) decode(b []byte) Cause {
	*v = VolumeMeasurement{}
	return takeCounts(b, []*Opt[uint64]{&v.Total, &v.Uplink, &v.Downlink,
		&v.TotalPackets, &v.UplinkPackets, &v.DownlinkPackets})
}

func (v VolumeMeasurement) append(dst []byte) []byte {
	return appendCounts(dst, []Opt[uint64]{v.Total, v.Uplink, v.Downlink,
		v.TotalPackets, v.UplinkPackets, v.DownlinkPackets})
}

// takeCounts reads an octet of flags, lowest bit first, and 8 octets for each that is set.
func takeCounts(b []byte, fields []*Opt[uint64]) Cause {
	if len(b) < 1 {
		return CauseInvalidLength
	}
	flags, b := b[0], b[1:]
	for i, f := range fields {
		if flags>>i&1 == 0 {
			continue
		}
		if len(b) < 8 {
			return CauseInvalidLength
		}
		*f, b = Some(binary.BigEndian.Uint64(b)), b[8:]
	}
	return 0
}

func appendCounts(dst []byte, fields []Opt[uint64]) []byte {
	at := len(dst)
	dst = append(dst, 0)
	for i, f := range fields {
		if f.set {
			dst[at] |= 1 << i
			dst = binary.BigEndian.AppendUint64(dst, f.v)
		}
	}
	return dst
}

// DownlinkDataServiceInformation tells what the downlink data of a report is, TS 29.244 §8.2.27.
type DownlinkDataServiceInformation struct {
	PPI Opt[uint8] // paging policy indication: the packet's DSCP
	QFI Opt[QFI]
}

func (d *DownlinkDataServiceInformation) decode(b []byte) Cause {
	if len(b) < 1 {
		return CauseInvalidLength
	}
	flags, b := b[0], b[1:]
	*d = DownlinkDataServiceInformation{}
	if flags&1 != 0 {
		if len(b) < 1 {
			return CauseInvalidLength
		}
		d.PPI, b = Some(b[0]&0x3f), b[1:]
	}
	if flags&2 != 0 {
		if len(b) < 1 {
			return CauseInvalidLength
		}
		d.QFI = Some(QFI(b[0] & 0x3f))
	}
	return 0
}

func (d DownlinkDataServiceInformation) append(dst []byte) []byte {
	dst = append(dst, bit(d.PPI.set, 1)|bit(d.QFI.set, 2))
	if d.PPI.set {
		dst = append(dst, d.PPI.v&0x3f)
	}
	if d.QFI.set {
		dst = append(dst, byte(d.QFI.v)&0x3f)
	}
	return dst
}
