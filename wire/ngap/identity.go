package ngap

// AMFUENGAPID is the AMF UE NGAP ID IE, TS 38.413 §9.3.3.1.
//
//aper:int 0..1099511627775 note
type AMFUENGAPID uint64

// RANUENGAPID is the RAN UE NGAP ID IE, TS 38.413 §9.3.3.2.
//
//aper:int 0..4294967295 note
type RANUENGAPID uint32

// GUAMI is the GUAMI IE, TS 38.413 §9.3.3.3.
//
//aper:sequence
type GUAMI struct {
	PLMNIdentity PLMNIdentity
	AMFRegionID  AMFRegionID
	AMFSetID     AMFSetID
	AMFPointer   AMFPointer
}

// AMFRegionID is part of GUAMI, TS 38.413 §9.3.3.3.
//
//aper:bits 8
type AMFRegionID uint8

// NASPDU is the NAS-PDU IE, TS 38.413 §9.3.3.4.
//
//aper:octets
type NASPDU []byte

// PLMNIdentity is the PLMN Identity IE, TS 38.413 §9.3.3.5.
//
//aper:octets 3
type PLMNIdentity [3]byte

// AMFSetID is the AMF Set ID IE, TS 38.413 §9.3.3.12.
//
//aper:bits 10
type AMFSetID uint16

// AMFPointer is the AMF Pointer IE, TS 38.413 §9.3.3.19.
//
//aper:bits 6
type AMFPointer uint8

// FiveGSTMSI is the 5G-S-TMSI IE, TS 38.413 §9.3.3.20.
//
//aper:sequence
type FiveGSTMSI struct {
	AMFSetID   AMFSetID
	AMFPointer AMFPointer
	FiveGTMSI  FiveGTMSI
}

// FiveGTMSI is part of 5G-S-TMSI, TS 38.413 §9.3.3.20.
//
//aper:octets 4
type FiveGTMSI uint32

// UEAssociatedLogicalNGConnectionList is the UE-associated Logical NG-connection List IE, TS 38.413 §9.3.3.25.
//
//aper:list 1..65536
type UEAssociatedLogicalNGConnectionList []UEAssociatedLogicalNGConnectionItem

// UEAssociatedLogicalNGConnectionItem is part of UE-associated Logical NG-connection List, TS 38.413 §9.3.3.25.
//
//aper:sequence
type UEAssociatedLogicalNGConnectionItem struct {
	AMFUENGAPID *AMFUENGAPID `aper:"optional"`
	RANUENGAPID *RANUENGAPID `aper:"optional"`
}

// RoutingID is the Routing ID IE, TS 38.413 §9.3.3.13.
//
//aper:octets
type RoutingID []byte

// NRPPaPDU is the NRPPa-PDU IE, TS 38.413 §9.3.3.14.
//
//aper:octets
type NRPPaPDU []byte

// ULNASMAC is part of UL CP Security Information, TS 38.413 §9.3.3.48.
//
//aper:bits 16
type ULNASMAC uint16

// ULNASCount is part of UL CP Security Information, TS 38.413 §9.3.3.48.
//
//aper:bits 5
type ULNASCount uint8

// DLNASMAC is part of DL CP Security Information, TS 38.413 §9.3.3.49.
//
//aper:bits 16
type DLNASMAC uint16
