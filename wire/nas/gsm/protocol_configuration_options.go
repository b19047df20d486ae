package gsm

import (
	"encoding/binary"
	"iter"
	"net/netip"
	"time"

	"github.com/limpid-5g/limpid/wire/nas"
)

// ContainerID names a container of the protocol configuration options, TS 24.008 §10.5.6.3. A UE sends the identifier of
// an address or MTU with no contents to ask for it.
type ContainerID uint16

// Containers.
const (
	PCSCFIPv6Address        ContainerID = 0x0001
	IMCNSubsystemSignalling ContainerID = 0x0002
	DNSServerIPv6Address    ContainerID = 0x0003
	BearerControlMode       ContainerID = 0x0005 // from a UE: it supports that the network asks; from the network: the mode
	IPv4AddressViaNAS       ContainerID = 0x000A
	IPv4AddressViaDHCPv4    ContainerID = 0x000B
	PCSCFIPv4Address        ContainerID = 0x000C
	DNSServerIPv4Address    ContainerID = 0x000D
	IPv4LinkMTU             ContainerID = 0x0010
	PCSCFReselectionSupport ContainerID = 0x0012
	NonIPLinkMTU            ContainerID = 0x0015
	PSDataOffStatus         ContainerID = 0x0017
	PDUSessionIDContainer   ContainerID = 0x001A
	PDUSessionAddressLife   ContainerID = 0x001E // from the network: seconds, in two octets
	EthernetFramePayloadMTU ContainerID = 0x0020
	UnstructuredLinkMTU     ContainerID = 0x0021
	QoSRulesLong            ContainerID = 0x0023
	QoSFlowDescriptionsLong ContainerID = 0x0024
	ATSSSLong               ContainerID = 0x0030
	DNSServerSecurityLong   ContainerID = 0x0031
	ECSConfigurationLong    ContainerID = 0x0032
	ServiceLevelAALong      ContainerID = 0x0041
	SDNAEPCEAPMessageLong   ContainerID = 0x0051
	IPCP                    ContainerID = 0x8021
	PAP                     ContainerID = 0xC023
	CHAP                    ContainerID = 0xC223
)

// ProtocolConfigurationOptions is the extended protocol configuration options, TS 24.008 §10.5.6.3A
// (TS 24.501 §9.11.4.6): the octets as received. Add to nil to build one.
type ProtocolConfigurationOptions []byte

// pppForIP is the first octet: extension bit and configuration protocol "PPP for use with IP PDU session type".
const pppForIP = 0x80

// longLength tells whether the length of a container has two octets. Some of them are indicators with a length of one
// octet when the UE sends them.
func longLength(id ContainerID, direction uint8) bool {
	switch id {
	case ServiceLevelAALong, SDNAEPCEAPMessageLong:
		return true
	case QoSRulesLong, QoSFlowDescriptionsLong, ATSSSLong, DNSServerSecurityLong, ECSConfigurationLong:
		return direction == nas.Downlink
	}
	return false
}

// Containers yields the containers of options sent in the direction nas.Uplink or nas.Downlink. It ends at the first
// that is cut short.
func (o ProtocolConfigurationOptions) Containers(direction uint8) iter.Seq2[ContainerID, []byte] {
	return func(yield func(ContainerID, []byte) bool) {
		for b := o[min(len(o), 1):]; len(b) >= 3; {
			id := ContainerID(binary.BigEndian.Uint16(b))
			size, head := int(b[2]), 3
			if longLength(id, direction) {
				if len(b) < 4 {
					return
				}
				size, head = int(binary.BigEndian.Uint16(b[2:])), 4
			}
			if head+size > len(b) || !yield(id, b[head:head+size:head+size]) {
				return
			}
			b = b[head+size:]
		}
	}
}

// Asks tells whether options sent by a UE hold a container, such as the request for a DNS server.
func (o ProtocolConfigurationOptions) Asks(id ContainerID) bool {
	for c := range o.Containers(nas.Uplink) {
		if c == id {
			return true
		}
	}
	return false
}

// Addresses returns the addresses in all containers of the identifier, sent by the network.
func (o ProtocolConfigurationOptions) Addresses(id ContainerID) []netip.Addr {
	var addrs []netip.Addr
	for c, v := range o.Containers(nas.Downlink) {
		if a, ok := netip.AddrFromSlice(v); ok && c == id {
			addrs = append(addrs, a)
		}
	}
	return addrs
}

// AddressLifetime returns how long the network keeps a session of SSC mode 3 that is to be replaced, and false if it does not say.
func (o ProtocolConfigurationOptions) AddressLifetime() (time.Duration, bool) {
	seconds, ok := o.MTU(PDUSessionAddressLife)
	return time.Duration(seconds) * time.Second, ok
}

// AddAddressLifetime returns the options with that time, in seconds rounded down and at most 65,535.
func (o ProtocolConfigurationOptions) AddAddressLifetime(d time.Duration) ProtocolConfigurationOptions {
	return o.AddMTU(PDUSessionAddressLife, uint16(min(d/time.Second, 0xffff)))
}

// MTU returns the MTU in a container of the identifier, sent by the network, and false if there is none.
func (o ProtocolConfigurationOptions) MTU(id ContainerID) (uint16, bool) {
	for c, v := range o.Containers(nas.Downlink) {
		if c == id && len(v) == 2 {
			return binary.BigEndian.Uint16(v), true
		}
	}
	return 0, false
}

// Add returns the options with one more container, as sent in the direction nas.Uplink or nas.Downlink. Contents too
// long for the container's length are cut off.
func (o ProtocolConfigurationOptions) Add(direction uint8, id ContainerID, contents []byte) ProtocolConfigurationOptions {
	if len(o) == 0 {
		o = append(o, pppForIP)
	}
	o = binary.BigEndian.AppendUint16(o, uint16(id))
	if longLength(id, direction) {
		contents = contents[:min(len(contents), 0xffff)]
		o = binary.BigEndian.AppendUint16(o, uint16(len(contents)))
	} else {
		contents = contents[:min(len(contents), 0xff)]
		o = append(o, byte(len(contents)))
	}
	return append(o, contents...)
}

// AddDNS returns the options with a DNS server for the UE.
func (o ProtocolConfigurationOptions) AddDNS(server netip.Addr) ProtocolConfigurationOptions {
	id := DNSServerIPv4Address
	if server.Is6() {
		id = DNSServerIPv6Address
	}
	return o.Add(nas.Downlink, id, server.AsSlice())
}

// AddPCSCF returns the options with a P-CSCF for the UE.
func (o ProtocolConfigurationOptions) AddPCSCF(server netip.Addr) ProtocolConfigurationOptions {
	id := PCSCFIPv4Address
	if server.Is6() {
		id = PCSCFIPv6Address
	}
	return o.Add(nas.Downlink, id, server.AsSlice())
}

// AddMTU returns the options with an MTU in octets, such as IPv4LinkMTU.
func (o ProtocolConfigurationOptions) AddMTU(id ContainerID, mtu uint16) ProtocolConfigurationOptions {
	return o.Add(nas.Downlink, id, binary.BigEndian.AppendUint16(nil, mtu))
}
