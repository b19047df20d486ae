package gsm

import (
	"encoding/binary"
	"net/netip"

	"github.com/limpid-5g/limpid/wire/nas"
)

// FilterDirection is the packet filter direction, TS 24.501 §9.11.4.13.
type FilterDirection uint8

// Packet filter directions.
const (
	DownlinkOnly  FilterDirection = 1
	UplinkOnly    FilterDirection = 2
	Bidirectional FilterDirection = 3
)

// PacketFilter is a packet filter of a QoS rule, TS 24.501 §9.11.4.13: a packet matches if it matches all components.
type PacketFilter struct {
	ID         uint8 // 0 to 15
	Direction  FilterDirection
	Components []Component
}

// ComponentType is the packet filter component type identifier, TS 24.501 §9.11.4.13.
type ComponentType uint8

// Packet filter component types. Local and remote are from the UE's point of view.
const (
	MatchAll                   ComponentType = 0x01
	IPv4RemoteAddress          ComponentType = 0x10
	IPv4LocalAddress           ComponentType = 0x11
	IPv6RemotePrefix           ComponentType = 0x21
	IPv6LocalPrefix            ComponentType = 0x23
	Protocol                   ComponentType = 0x30 // protocol identifier or next header
	SingleLocalPort            ComponentType = 0x40
	LocalPortRange             ComponentType = 0x41
	SingleRemotePort           ComponentType = 0x50
	RemotePortRange            ComponentType = 0x51
	SecurityParameterIndex     ComponentType = 0x60
	TypeOfService              ComponentType = 0x70 // type of service or traffic class, and mask
	FlowLabel                  ComponentType = 0x80
	DestinationMACAddress      ComponentType = 0x81
	SourceMACAddress           ComponentType = 0x82
	CTagVID                    ComponentType = 0x83
	STagVID                    ComponentType = 0x84
	CTagPCPDEI                 ComponentType = 0x85
	STagPCPDEI                 ComponentType = 0x86
	Ethertype                  ComponentType = 0x87
	DestinationMACAddressRange ComponentType = 0x88
	SourceMACAddressRange      ComponentType = 0x89
)

// size returns the octets of a component's value, -1 for a reserved type.
func (t ComponentType) size() int {
	switch t {
	case MatchAll:
		return 0
	case IPv4RemoteAddress, IPv4LocalAddress:
		return 8
	case IPv6RemotePrefix, IPv6LocalPrefix:
		return 17
	case Protocol, CTagPCPDEI, STagPCPDEI:
		return 1
	case SingleLocalPort, SingleRemotePort, TypeOfService, CTagVID, STagVID, Ethertype:
		return 2
	case FlowLabel:
		return 3
	case LocalPortRange, RemotePortRange, SecurityParameterIndex:
		return 4
	case DestinationMACAddress, SourceMACAddress:
		return 6
	case DestinationMACAddressRange, SourceMACAddressRange:
		return 12
	}
	return -1
}

// Component is a packet filter component. Value has the length that the type fixes.
type Component struct {
	Type  ComponentType
	Value []byte
}

// PrefixComponent returns the component that matches an IPv4 or IPv6 prefix, remote or local.
func PrefixComponent(p netip.Prefix, remote bool) Component {
	t := IPv4LocalAddress
	value := p.Masked().Addr().AsSlice()
	if p.Addr().Is4() {
		if remote {
			t = IPv4RemoteAddress
		}
		return Component{t, binary.BigEndian.AppendUint32(value, uint32(^uint64(0)<<(32-max(p.Bits(), 0))))}
	}
	t = IPv6LocalPrefix
	if remote {
		t = IPv6RemotePrefix
	}
	return Component{t, append(value, byte(p.Bits()))}
}

// PortComponent returns the component that matches ports low to high, remote or local.
func PortComponent(low, high uint16, remote bool) Component {
	single, ports := SingleLocalPort, LocalPortRange
	if remote {
		single, ports = SingleRemotePort, RemotePortRange
	}
	value := binary.BigEndian.AppendUint16(nil, low)
	if low == high {
		return Component{single, value}
	}
	return Component{ports, binary.BigEndian.AppendUint16(value, high)}
}

// ProtocolComponent returns the component that matches an IP protocol or next header.
func ProtocolComponent(protocol uint8) Component { return Component{Protocol, []byte{protocol}} }

// Prefix returns the prefix of an address component, and false if it is none or its mask is not contiguous.
func (c Component) Prefix() (netip.Prefix, bool) {
	if len(c.Value) != c.Type.size() {
		return netip.Prefix{}, false
	}
	switch c.Type {
	case IPv4RemoteAddress, IPv4LocalAddress:
		mask := binary.BigEndian.Uint32(c.Value[4:])
		for bits := range 33 {
			if mask == uint32(^uint64(0)<<(32-bits)) {
				return netip.PrefixFrom(netip.AddrFrom4([4]byte(c.Value)), bits), true
			}
		}
	case IPv6RemotePrefix, IPv6LocalPrefix:
		p := netip.PrefixFrom(netip.AddrFrom16([16]byte(c.Value)), int(c.Value[16]))
		return p, p.IsValid()
	}
	return netip.Prefix{}, false
}

// Ports returns the ports of a port component, and false if it is none.
func (c Component) Ports() (low, high uint16, ok bool) {
	if len(c.Value) != c.Type.size() {
		return 0, 0, false
	}
	switch c.Type {
	case SingleLocalPort, SingleRemotePort:
		low = binary.BigEndian.Uint16(c.Value)
		return low, low, true
	case LocalPortRange, RemotePortRange:
		return binary.BigEndian.Uint16(c.Value), binary.BigEndian.Uint16(c.Value[2:]), true
	}
	return 0, 0, false
}

// maxComponents is the number of component types, of which a filter has each at most once.
const maxComponents = 22

// parseComponents reads the contents of a packet filter. A component of a reserved type, cut short or beyond the most
// that there can be takes all that is left, for PacketFilter.check to find.
func parseComponents(b []byte) []Component {
	if len(b) == 0 {
		return nil
	}
	cs := make([]Component, 0, 1)
	for len(b) > 0 {
		t := ComponentType(b[0])
		n := t.size()
		if n < 0 || n > len(b)-1 || len(cs) == maxComponents {
			n = len(b) - 1
		}
		c := Component{Type: t}
		if n > 0 {
			c.Value = b[1 : 1+n : 1+n]
		}
		cs = append(cs, c)
		b = b[1+n:]
	}
	return cs
}

func (f *PacketFilter) append(dst []byte) ([]byte, error) {
	if f.ID > 0x0f || f.Direction > Bidirectional {
		return dst, nas.ErrReserved
	}
	at := len(dst)
	dst = append(dst, byte(f.Direction)<<4|f.ID, 0)
	for _, c := range f.Components {
		dst = append(append(dst, byte(c.Type)), c.Value...)
	}
	n := len(dst) - at - 2
	if n > 255 {
		return dst, nas.ErrLength
	}
	dst[at+1] = byte(n)
	return dst, nil
}

// check finds reserved values (#45) and components that exclude one another (#44).
func (f *PacketFilter) check() error {
	if f.Direction == 0 || len(f.Components) == 0 {
		return CauseSyntacticalErrorInPacketFilter
	}
	for i, c := range f.Components {
		if c.Type.size() != len(c.Value) {
			return CauseSyntacticalErrorInPacketFilter
		}
		for _, other := range f.Components[:i] {
			if c.Type.group() == other.Type.group() {
				return CauseSemanticErrorsInPacketFilter
			}
		}
		if c.Type == MatchAll && (f.Direction == DownlinkOnly || len(f.Components) > 1) {
			return CauseSemanticErrorsInPacketFilter
		}
	}
	return nil
}

// group returns the first of the types of which a filter may have only one.
func (t ComponentType) group() ComponentType {
	switch t {
	case IPv6RemotePrefix:
		return IPv4RemoteAddress
	case IPv6LocalPrefix:
		return IPv4LocalAddress
	case LocalPortRange:
		return SingleLocalPort
	case RemotePortRange:
		return SingleRemotePort
	case DestinationMACAddressRange:
		return DestinationMACAddress
	case SourceMACAddressRange:
		return SourceMACAddress
	}
	return t
}
