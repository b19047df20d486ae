package ngap

import "github.com/limpid-5g/limpid/wire/aper"

// UPTransportLayerInformation is the UP Transport Layer Information IE, TS 38.413 §9.3.2.2.
//
//aper:choice
type UPTransportLayerInformation struct {
	GTPTunnel *GTPTunnel
}

// GTPTunnel is part of UP Transport Layer Information, TS 38.413 §9.3.2.2.
//
//aper:sequence
type GTPTunnel struct {
	TransportLayerAddress TransportLayerAddress
	GTPTEID               GTPTEID
}

// TransportLayerAddress is the Transport Layer Address IE, TS 38.413 §9.3.2.4.
//
//aper:bits 1..160 ext
type TransportLayerAddress aper.BitString

// GTPTEID is the GTP-TEID IE, TS 38.413 §9.3.2.5.
//
//aper:octets 4
type GTPTEID uint32

// EndpointIPAddressAndPort is part of CP Transport Layer Information, TS 38.413 §9.3.2.6.
//
//aper:sequence closed
type EndpointIPAddressAndPort struct {
	EndpointIPAddress TransportLayerAddress
	PortNumber        PortNumber
}

// UPTransportLayerInformationPairList is the UP Transport Layer Information Pair List IE, TS 38.413 §9.3.2.11.
//
//aper:list 1..3
type UPTransportLayerInformationPairList []UPTransportLayerInformationPairItem

// UPTransportLayerInformationPairItem is part of UP Transport Layer Information Pair List, TS 38.413 §9.3.2.11.
//
//aper:sequence
type UPTransportLayerInformationPairItem struct {
	ULNGUUPTNLInformation UPTransportLayerInformation
	DLNGUUPTNLInformation UPTransportLayerInformation
}

// UPTransportLayerInformationList is the UP Transport Layer Information List IE, TS 38.413 §9.3.2.12.
//
//aper:list 1..3
type UPTransportLayerInformationList []UPTransportLayerInformationItem

// UPTransportLayerInformationItem is part of UP Transport Layer Information List, TS 38.413 §9.3.2.12.
//
//aper:sequence
type UPTransportLayerInformationItem struct {
	NGUUPTNLInformation   UPTransportLayerInformation
	CommonNetworkInstance CommonNetworkInstance `ext:"166,ignore"`
}

// ULNGUUPTNLModifyList is part of PDU Session Resource Modify Request Transfer, TS 38.413 §9.3.4.3.
//
//aper:list 1..4
type ULNGUUPTNLModifyList []ULNGUUPTNLModifyItem

// ULNGUUPTNLModifyItem is part of PDU Session Resource Modify Request Transfer, TS 38.413 §9.3.4.3.
//
//aper:sequence
type ULNGUUPTNLModifyItem struct {
	ULNGUUPTNLInformation          UPTransportLayerInformation
	DLNGUUPTNLInformation          UPTransportLayerInformation
	RedundantULNGUUPTNLInformation *UPTransportLayerInformation `ext:"195,ignore"`
	RedundantDLNGUUPTNLInformation *UPTransportLayerInformation `ext:"192,ignore"`
}

// DLNGUTNLInformationReused is part of Path Switch Request Transfer, TS 38.413 §9.3.4.8.
//
//aper:enum 1 ext
type DLNGUTNLInformationReused uint8

// Values of DLNGUTNLInformationReused.
const (
	DLNGUTNLInformationReusedTrue DLNGUTNLInformationReused = iota // true
)
