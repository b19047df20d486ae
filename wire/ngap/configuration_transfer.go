package ngap

// SONConfigurationTransfer is the SON Configuration Transfer IE, TS 38.413 §9.3.3.6: what one NG-RAN node has for another. The
// AMF passes it on as it came.
//
//aper:sequence transfer
type SONConfigurationTransfer struct {
	TargetRANNodeID        TargetRANNodeID
	SourceRANNodeID        SourceRANNodeID
	SONInformation         SONInformation
	XnTNLConfigurationInfo *XnTNLConfigurationInfo `aper:"optional"`
}

// SourceRANNodeID is part of SON Configuration Transfer, TS 38.413 §9.3.3.6.
//
//aper:sequence
type SourceRANNodeID struct {
	GlobalRANNodeID GlobalRANNodeID
	SelectedTAI     TAI
}

// SONInformation is the SON Information IE, TS 38.413 §9.3.3.7.
//
//aper:choice
type SONInformation struct {
	SONInformationRequest *SONInformationRequest
	SONInformationReply   *SONInformationReply
}

// SONInformationRequest is part of SON Information, TS 38.413 §9.3.3.7.
//
//aper:enum 1 ext
type SONInformationRequest uint8

// Values of SONInformationRequest.
const (
	SONInformationRequestXnTNLConfigurationInfo SONInformationRequest = iota // xn-TNL-configuration-info
)

// SONInformationReply is the SON Information Reply IE, TS 38.413 §9.3.3.8.
//
//aper:sequence
type SONInformationReply struct {
	XnTNLConfigurationInfo *XnTNLConfigurationInfo `aper:"optional"`
}

// XnTNLConfigurationInfo is the Xn TNL Configuration Info IE, TS 38.413 §9.3.3.9.
//
//aper:sequence
type XnTNLConfigurationInfo struct {
	XnTransportLayerAddresses         XnTLAs
	XnExtendedTransportLayerAddresses XnExtTLAs `aper:"optional"`
}

// XnTLAs is part of Xn TNL Configuration Info, TS 38.413 §9.3.3.9.
//
//aper:list 1..2
type XnTLAs []TransportLayerAddress

// XnExtTLAs is part of Xn TNL Configuration Info, TS 38.413 §9.3.3.9.
//
//aper:list 1..16
type XnExtTLAs []XnExtTLAItem

// XnExtTLAItem is part of Xn TNL Configuration Info, TS 38.413 §9.3.3.9.
//
//aper:sequence
type XnExtTLAItem struct {
	IPsecTLA TransportLayerAddress `aper:"optional"`
	GTPTLAs  XnGTPTLAs             `aper:"optional"`
}

// XnGTPTLAs is part of Xn TNL Configuration Info, TS 38.413 §9.3.3.9.
//
//aper:list 1..16
type XnGTPTLAs []TransportLayerAddress
