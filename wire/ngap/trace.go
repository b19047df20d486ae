package ngap

import "github.com/limpid-5g/limpid/wire/aper"

// TraceActivation is the Trace Activation IE, TS 38.413 §9.3.1.14.
//
//aper:sequence
type TraceActivation struct {
	NGRANTraceID                   NGRANTraceID
	InterfacesToTrace              InterfacesToTrace
	TraceDepth                     TraceDepth
	TraceCollectionEntityIPAddress TransportLayerAddress
	MDTConfiguration               aper.Open  `ext:"255,ignore" aper:"open"`
	TraceCollectionEntityURI       URIAddress `ext:"257,ignore"`
}

// NGRANTraceID is part of Trace Activation, TS 38.413 §9.3.1.14.
//
//aper:octets 8
type NGRANTraceID [8]byte

// InterfacesToTrace is part of Trace Activation, TS 38.413 §9.3.1.14.
//
//aper:bits 8
type InterfacesToTrace uint8

// TraceDepth is part of Trace Activation, TS 38.413 §9.3.1.14.
//
//aper:enum 6 ext
type TraceDepth uint8

// Values of TraceDepth.
const (
	TraceDepthMinimum                               TraceDepth = iota // minimum
	TraceDepthMedium                                                  // medium
	TraceDepthMaximum                                                 // maximum
	TraceDepthMinimumWithoutVendorSpecificExtension                   // minimumWithoutVendorSpecificExtension
	TraceDepthMediumWithoutVendorSpecificExtension                    // mediumWithoutVendorSpecificExtension
	TraceDepthMaximumWithoutVendorSpecificExtension                   // maximumWithoutVendorSpecificExtension
)

// MDTPLMNList is the MDT PLMN List IE, TS 38.413 §9.3.1.168.
//
//aper:list 1..16
type MDTPLMNList []PLMNIdentity

// QMCDeactivation is the QMC Deactivation IE, TS 38.413 §9.3.1.222.
//
//aper:sequence
type QMCDeactivation struct {
	QoEReferenceList QoEReferenceList
}

// QoEReferenceList is part of QMC Deactivation, TS 38.413 §9.3.1.222.
//
//aper:list 1..16
type QoEReferenceList []QoEReference

// QoEReference is part of QMC Deactivation, TS 38.413 §9.3.1.222.
//
//aper:octets 6
type QoEReference [6]byte

// MDTPLMNModificationList is the MDT PLMN Modification List IE, TS 38.413 §9.3.1.243.
//
//aper:list 0..16
type MDTPLMNModificationList []PLMNIdentity
