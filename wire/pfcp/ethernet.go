package pfcp

import (
	"encoding/binary"
	"net"
)

// MAC is the address of a station.
type MAC [6]byte

func (m MAC) String() string { return net.HardwareAddr(m[:]).String() }

// EthernetPacketFilter selects frames, TS 29.244 §7.5.2.2.
type EthernetPacketFilter struct {
	EthernetFilterID         Opt[uint32]                   `ie:"138"`
	EthernetFilterProperties Opt[EthernetFilterProperties] `ie:"139"`
	MACAddress               []MACAddress                  `ie:"133"`
	Ethertype                Opt[uint16]                   `ie:"136"`
	CTAG                     Opt[VLANTag]                  `ie:"134"`
	STAG                     Opt[VLANTag]                  `ie:"135"`
	SDFFilter                []SDFFilter                   `ie:"23"`
}

// EthernetFilterProperties say how an Ethernet packet filter is used, TS 29.244 §8.2.98.
type EthernetFilterProperties uint8

// EthernetFilterBIDE tells that the filter may be referred to by its id for the other direction.
const EthernetFilterBIDE EthernetFilterProperties = 1 << 0

// EthernetPDUSessionInformation says what an Ethernet PDR is for, TS 29.244 §8.2.101.
type EthernetPDUSessionInformation uint8

// EthernetPDUSessionETHI tells that the PDR matches all frames of the session by the addresses that the UE uses.
const EthernetPDUSessionETHI EthernetPDUSessionInformation = 1 << 0

// MACAddress is what the addresses of a frame must be: each alone, or a range with its upper end, TS 29.244 §8.2.93.
type MACAddress struct {
	Source, Destination, UpperSource, UpperDestination Opt[MAC]
}

func (m *MACAddress) decode(b []byte) Cause {
	if len(b) < 1 {
		return CauseInvalidLength
	}
	flags, b := b[0], b[1:]
	*m = MACAddress{}
	for i, f := range [...]*Opt[MAC]{&m.Source, &m.Destination, &m.UpperSource, &m.UpperDestination} {
		if flags>>i&1 == 0 {
			continue
		}
		if len(b) < 6 {
			return CauseInvalidLength
		}
		*f, b = Some(MAC(b[:6])), b[6:]
	}
	return 0
}

func (m MACAddress) append(dst []byte) []byte {
	at := len(dst)
	dst = append(dst, 0)
	for i, f := range [...]Opt[MAC]{m.Source, m.Destination, m.UpperSource, m.UpperDestination} {
		if f.set {
			dst[at] |= 1 << i
			dst = append(dst, f.v[:]...)
		}
	}
	return dst
}

// VLANTag is a C-TAG or an S-TAG: what of it is given, TS 29.244 §8.2.94 and §8.2.95.
type VLANTag struct {
	PCP Opt[uint8] // 3 bits
	DEI Opt[bool]
	VID Opt[uint16] // 12 bits
}

func (v *VLANTag) decode(b []byte) Cause {
	if len(b) < 3 {
		return CauseInvalidLength
	}
	*v = VLANTag{}
	if b[0]&1 != 0 {
		v.PCP = Some(b[1] & 7)
	}
	if b[0]&2 != 0 {
		v.DEI = Some(b[1]&8 != 0)
	}
	if b[0]&4 != 0 {
		v.VID = Some(uint16(b[1]>>4)<<8 | uint16(b[2]))
	}
	return 0
}

func (v VLANTag) append(dst []byte) []byte {
	return append(dst, bit(v.PCP.set, 1)|bit(v.DEI.set, 2)|bit(v.VID.set, 4),
		byte(v.VID.v>>8&0xf)<<4|bit(v.DEI.v, 8)|v.PCP.v&7, byte(v.VID.v))
}

// EthernetTrafficInformation tells which addresses a UE uses, TS 29.244 §7.5.8.3.
type EthernetTrafficInformation struct {
	MACAddressesDetected []MACAddresses `ie:"144"`
	MACAddressesRemoved  []MACAddresses `ie:"145"`
}

// MACAddresses are addresses seen in one VLAN, TS 29.244 §8.2.103 and §8.2.104.
type MACAddresses struct {
	MAC        []MAC // at most 255
	CTAG, STAG Opt[VLANTag]
}

func (m *MACAddresses) decode(b []byte) Cause {
	if len(b) < 1 || len(b) < 1+6*int(b[0]) {
		return CauseInvalidLength
	}
	*m = MACAddresses{}
	n, b := int(b[0]), b[1:]
	for range n {
		m.MAC, b = append(m.MAC, MAC(b[:6])), b[6:]
	}
	for _, tag := range [...]*Opt[VLANTag]{&m.CTAG, &m.STAG} { // older peers send none
		if len(b) == 0 {
			return 0
		}
		n := int(b[0])
		if len(b) < 1+n {
			return CauseInvalidLength
		}
		if n > 0 {
			var v VLANTag
			if c := v.decode(b[1 : 1+n]); c != 0 {
				return c
			}
			*tag = Some(v)
		}
		b = b[1+n:]
	}
	return 0
}

func (m MACAddresses) append(dst []byte) []byte {
	list := m.MAC[:min(len(m.MAC), 255)]
	dst = append(dst, byte(len(list)))
	for _, a := range list {
		dst = append(dst, a[:]...)
	}
	for _, tag := range [...]Opt[VLANTag]{m.CTAG, m.STAG} {
		if !tag.set {
			dst = append(dst, 0)
			continue
		}
		dst = tag.v.append(append(dst, 3))
	}
	return dst
}

// DroppedDLTrafficThreshold is how much downlink traffic may be dropped until it is reported, TS 29.244 §8.2.49.
type DroppedDLTrafficThreshold struct {
	Packets, Octets Opt[uint64]
}

func (d *DroppedDLTrafficThreshold) decode(b []byte) Cause {
	*d = DroppedDLTrafficThreshold{}
	return takeCounts(b, []*Opt[uint64]{&d.Packets, &d.Octets})
}

func (d DroppedDLTrafficThreshold) append(dst []byte) []byte {
	return appendCounts(dst, []Opt[uint64]{d.Packets, d.Octets})
}

// PacketCount is a number of packets in one octet or two, TS 29.244 §8.2.30.
type PacketCount uint16

func (p *PacketCount) decode(b []byte) Cause {
	switch len(b) {
	case 0:
		return CauseInvalidLength
	case 1:
		*p = PacketCount(b[0])
	default:
		*p = PacketCount(binary.BigEndian.Uint16(b))
	}
	return 0
}

func (p PacketCount) append(dst []byte) []byte { return binary.BigEndian.AppendUint16(dst, uint16(p)) }
