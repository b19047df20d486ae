package ngap

import "github.com/limpid-5g/limpid/wire/aper"

// RANNodeName is part of NG SETUP REQUEST, TS 38.413 §9.2.6.1.
//
//aper:printable 1..150 ext
type RANNodeName string

// NGRANTNLAssociationToRemoveList is part of RAN CONFIGURATION UPDATE, TS 38.413 §9.2.6.4.
//
//aper:list 1..32
type NGRANTNLAssociationToRemoveList []NGRANTNLAssociationToRemoveItem

// NGRANTNLAssociationToRemoveItem is part of RAN CONFIGURATION UPDATE, TS 38.413 §9.2.6.4.
//
//aper:sequence closed
type NGRANTNLAssociationToRemoveItem struct {
	TNLAssociationTransportLayerAddress    CPTransportLayerInformation
	TNLAssociationTransportLayerAddressAMF *CPTransportLayerInformation `aper:"optional"`
}

// AMFTNLAssociationToAddList is part of AMF CONFIGURATION UPDATE, TS 38.413 §9.2.6.7.
//
//aper:list 1..32
type AMFTNLAssociationToAddList []AMFTNLAssociationToAddItem

// AMFTNLAssociationToRemoveList is part of AMF CONFIGURATION UPDATE, TS 38.413 §9.2.6.7.
//
//aper:list 1..32
type AMFTNLAssociationToRemoveList []AMFTNLAssociationToRemoveItem

// AMFTNLAssociationToUpdateList is part of AMF CONFIGURATION UPDATE, TS 38.413 §9.2.6.7.
//
//aper:list 1..32
type AMFTNLAssociationToUpdateList []AMFTNLAssociationToUpdateItem

// AMFTNLAssociationToAddItem is part of AMF CONFIGURATION UPDATE, TS 38.413 §9.2.6.7.
//
//aper:sequence
type AMFTNLAssociationToAddItem struct {
	AMFTNLAssociationAddress CPTransportLayerInformation
	TNLAssociationUsage      *TNLAssociationUsage `aper:"optional"`
	TNLAddressWeightFactor   TNLAddressWeightFactor
}

// AMFTNLAssociationToRemoveItem is part of AMF CONFIGURATION UPDATE, TS 38.413 §9.2.6.7.
//
//aper:sequence
type AMFTNLAssociationToRemoveItem struct {
	AMFTNLAssociationAddress                 CPTransportLayerInformation
	TNLAssociationTransportLayerAddressNGRAN *CPTransportLayerInformation `ext:"168,reject"`
}

// AMFTNLAssociationToUpdateItem is part of AMF CONFIGURATION UPDATE, TS 38.413 §9.2.6.7.
//
//aper:sequence
type AMFTNLAssociationToUpdateItem struct {
	AMFTNLAssociationAddress CPTransportLayerInformation
	TNLAssociationUsage      *TNLAssociationUsage    `aper:"optional"`
	TNLAddressWeightFactor   *TNLAddressWeightFactor `aper:"optional"`
}

// AMFTNLAssociationSetupList is part of AMF CONFIGURATION UPDATE ACKNOWLEDGE, TS 38.413 §9.2.6.8.
//
//aper:list 1..32
type AMFTNLAssociationSetupList []AMFTNLAssociationSetupItem

// AMFTNLAssociationSetupItem is part of AMF CONFIGURATION UPDATE ACKNOWLEDGE, TS 38.413 §9.2.6.8.
//
//aper:sequence
type AMFTNLAssociationSetupItem struct {
	AMFTNLAssociationAddress CPTransportLayerInformation
}

// GlobalRANNodeID is the Global RAN Node ID IE, TS 38.413 §9.3.1.5.
//
//aper:choice
type GlobalRANNodeID struct {
	GlobalGNBID   *GlobalGNBID
	GlobalNgENBID *GlobalNgENBID
	GlobalN3IWFID *GlobalN3IWFID
	GlobalTNGFID  *GlobalTNGFID `ie:"240,reject"`
	GlobalTWIFID  *GlobalTWIFID `ie:"241,reject"`
	GlobalWAGFID  *GlobalWAGFID `ie:"242,reject"`
}

// GlobalGNBID is the Global gNB ID IE, TS 38.413 §9.3.1.6.
//
//aper:sequence
type GlobalGNBID struct {
	PLMNIdentity PLMNIdentity
	GNBID        GNBID
}

// GNBID is part of Global gNB ID, TS 38.413 §9.3.1.6.
//
//aper:choice
type GNBID struct {
	GNBID aper.BitString `aper:"bits 22..32"`
}

// GlobalNgENBID is the Global ng-eNB ID IE, TS 38.413 §9.3.1.8.
//
//aper:sequence
type GlobalNgENBID struct {
	PLMNIdentity PLMNIdentity
	NgENBID      NgENBID
}

// NgENBID is part of Global ng-eNB ID, TS 38.413 §9.3.1.8.
//
//aper:choice
type NgENBID struct {
	MacroNgENBID      *uint32 `aper:"bits 20"`
	ShortMacroNgENBID *uint32 `aper:"bits 18"`
	LongMacroNgENBID  *uint32 `aper:"bits 21"`
}

// GlobalLineID is part of User Location Information, TS 38.413 §9.3.1.16.
//
//aper:sequence
type GlobalLineID struct {
	GlobalLineIdentity GlobalLineIdentity
	LineType           *LineType `aper:"optional"`
	TAI                *TAI      `ext:"213,ignore"`
}

// GlobalCableID is part of User Location Information, TS 38.413 §9.3.1.16.
//
//aper:octets
type GlobalCableID []byte

// GlobalCableIDNew is part of User Location Information, TS 38.413 §9.3.1.16.
//
//aper:sequence
type GlobalCableIDNew struct {
	GlobalCableID GlobalCableID
	TAI           TAI
}

// GlobalLineIdentity is part of User Location Information, TS 38.413 §9.3.1.16.
//
//aper:octets
type GlobalLineIdentity []byte

// GlobalN3IWFID is the Global N3IWF ID IE, TS 38.413 §9.3.1.57.
//
//aper:sequence
type GlobalN3IWFID struct {
	PLMNIdentity PLMNIdentity
	N3IWFID      N3IWFID
}

// N3IWFID is part of Global N3IWF ID, TS 38.413 §9.3.1.57.
//
//aper:choice
type N3IWFID struct {
	N3IWFID *uint16 `aper:"bits 16"`
}

// GlobalTNGFID is the Global TNGF ID IE, TS 38.413 §9.3.1.161.
//
//aper:sequence
type GlobalTNGFID struct {
	PLMNIdentity PLMNIdentity
	TNGFID       TNGFID
}

// TNGFID is part of Global TNGF ID, TS 38.413 §9.3.1.161.
//
//aper:choice
type TNGFID struct {
	TNGFID *uint32 `aper:"bits 32 ext"`
}

// GlobalWAGFID is the Global W-AGF ID IE, TS 38.413 §9.3.1.162.
//
//aper:sequence
type GlobalWAGFID struct {
	PLMNIdentity PLMNIdentity
	WAGFID       WAGFID
}

// WAGFID is part of Global W-AGF ID, TS 38.413 §9.3.1.162.
//
//aper:choice
type WAGFID struct {
	WAGFID *uint16 `aper:"bits 16 ext"`
}

// GlobalTWIFID is the Global TWIF ID IE, TS 38.413 §9.3.1.163.
//
//aper:sequence
type GlobalTWIFID struct {
	PLMNIdentity PLMNIdentity
	TWIFID       TWIFID
}

// TWIFID is part of Global TWIF ID, TS 38.413 §9.3.1.163.
//
//aper:choice
type TWIFID struct {
	TWIFID *uint32 `aper:"bits 32 ext"`
}

// ExtendedRANNodeName is the Extended RAN Node Name IE, TS 38.413 §9.3.1.193.
//
//aper:sequence
type ExtendedRANNodeName struct {
	RANNodeNameVisibleString RANNodeNameVisibleString `aper:"optional"`
	RANNodeNameUTF8String    RANNodeNameUTF8String    `aper:"optional"`
}

// RANNodeNameVisibleString is part of Extended RAN Node Name, TS 38.413 §9.3.1.193.
//
//aper:visible 1..150 ext
type RANNodeNameVisibleString string

// RANNodeNameUTF8String is part of Extended RAN Node Name, TS 38.413 §9.3.1.193.
//
//aper:utf8 1..150 ext
type RANNodeNameUTF8String string

// CPTransportLayerInformation is the CP Transport Layer Information IE, TS 38.413 §9.3.2.6.
//
//aper:choice
type CPTransportLayerInformation struct {
	EndpointIPAddress        TransportLayerAddress
	EndpointIPAddressAndPort *EndpointIPAddressAndPort `ie:"169,reject"`
}

// TNLAssociationList is the TNL Association List IE, TS 38.413 §9.3.2.7.
//
//aper:list 1..32
type TNLAssociationList []TNLAssociationItem

// TNLAssociationItem is part of TNL Association List, TS 38.413 §9.3.2.7.
//
//aper:sequence
type TNLAssociationItem struct {
	TNLAssociationAddress CPTransportLayerInformation
	Cause                 Cause
}

// TNLAssociationUsage is the TNL Association Usage IE, TS 38.413 §9.3.2.9.
//
//aper:enum 3 ext
type TNLAssociationUsage uint8

// Values of TNLAssociationUsage.
const (
	TNLAssociationUsageUE    TNLAssociationUsage = iota // ue
	TNLAssociationUsageNonUE                            // non-ue
	TNLAssociationUsageBoth                             // both
)

// TNLAddressWeightFactor is the TNL Address Weight Factor IE, TS 38.413 §9.3.2.10.
//
//aper:int 0..255
type TNLAddressWeightFactor uint8

// AMFName is the AMF Name IE, TS 38.413 §9.3.3.21.
//
//aper:printable 1..150 ext
type AMFName string

// ExtendedConnectedTime is the Extended Connected Time IE, TS 38.413 §9.3.3.31.
//
//aper:int 0..255
type ExtendedConnectedTime uint8

// NID is the NID IE, TS 38.413 §9.3.3.42.
//
//aper:bits 44
type NID uint64

// ExtendedAMFName is the Extended AMF Name IE, TS 38.413 §9.3.3.51.
//
//aper:sequence
type ExtendedAMFName struct {
	AMFNameVisibleString AMFNameVisibleString `aper:"optional"`
	AMFNameUTF8String    AMFNameUTF8String    `aper:"optional"`
}

// AMFNameVisibleString is part of Extended AMF Name, TS 38.413 §9.3.3.51.
//
//aper:visible 1..150 ext
type AMFNameVisibleString string

// AMFNameUTF8String is part of Extended AMF Name, TS 38.413 §9.3.3.51.
//
//aper:utf8 1..150 ext
type AMFNameUTF8String string
