package ngap

// InfoOnRecommendedCellsAndRANNodesForPaging is part of UE CONTEXT RELEASE COMPLETE, TS 38.413 §9.2.2.6.
//
//aper:sequence
type InfoOnRecommendedCellsAndRANNodesForPaging struct {
	RecommendedCellsForPaging  RecommendedCellsForPaging
	RecommendRANNodesForPaging RecommendedRANNodesForPaging
}

// NRCGI is the NR CGI IE, TS 38.413 §9.3.1.7.
//
//aper:sequence
type NRCGI struct {
	PLMNIdentity   PLMNIdentity
	NRCellIdentity NRCellIdentity
}

// NRCellIdentity is part of NR CGI, TS 38.413 §9.3.1.7.
//
//aper:bits 36
type NRCellIdentity uint64

// EUTRACGI is the E-UTRA CGI IE, TS 38.413 §9.3.1.9.
//
//aper:sequence
type EUTRACGI struct {
	PLMNIdentity      PLMNIdentity
	EUTRACellIdentity EUTRACellIdentity
}

// EUTRACellIdentity is part of E-UTRA CGI, TS 38.413 §9.3.1.9.
//
//aper:bits 28
type EUTRACellIdentity uint32

// UserLocationInformation is the User Location Information IE, TS 38.413 §9.3.1.16.
//
//aper:choice
type UserLocationInformation struct {
	UserLocationInformationEUTRA *UserLocationInformationEUTRA
	UserLocationInformationNR    *UserLocationInformationNR
	UserLocationInformationN3IWF *UserLocationInformationN3IWF
	UserLocationInformationTNGF  *UserLocationInformationTNGF `ie:"244,ignore"`
	UserLocationInformationTWIF  *UserLocationInformationTWIF `ie:"248,ignore"`
	UserLocationInformationWAGF  *UserLocationInformationWAGF `ie:"243,ignore"`
}

// UserLocationInformationEUTRA is part of User Location Information, TS 38.413 §9.3.1.16.
//
//aper:sequence
type UserLocationInformationEUTRA struct {
	EUTRACGI          EUTRACGI
	TAI               TAI
	TimeStamp         *TimeStamp `aper:"optional"`
	PSCellInformation *NGRANCGI  `ext:"149,ignore"`
}

// UserLocationInformationNR is part of User Location Information, TS 38.413 §9.3.1.16.
//
//aper:sequence
type UserLocationInformationNR struct {
	NRCGI               NRCGI
	TAI                 TAI
	TimeStamp           *TimeStamp           `aper:"optional"`
	PSCellInformation   *NGRANCGI            `ext:"149,ignore"`
	NID                 *NID                 `ext:"263,reject"`
	NRNTNTAIInformation *NRNTNTAIInformation `ext:"287,ignore"`
}

// UserLocationInformationN3IWF is part of User Location Information, TS 38.413 §9.3.1.16.
//
//aper:sequence
type UserLocationInformationN3IWF struct {
	IPAddress  TransportLayerAddress
	PortNumber PortNumber
	TAI        *TAI `ext:"213,ignore"`
}

// UserLocationInformationTNGF is part of User Location Information, TS 38.413 §9.3.1.16.
//
//aper:sequence
type UserLocationInformationTNGF struct {
	TNAPID     TNAPID
	IPAddress  TransportLayerAddress
	PortNumber *PortNumber `aper:"optional"`
	TAI        *TAI        `ext:"213,ignore"`
}

// UserLocationInformationTWIF is part of User Location Information, TS 38.413 §9.3.1.16.
//
//aper:sequence
type UserLocationInformationTWIF struct {
	TWAPID     TWAPID
	IPAddress  TransportLayerAddress
	PortNumber *PortNumber `aper:"optional"`
	TAI        *TAI        `ext:"213,ignore"`
}

// UserLocationInformationWAGF is part of User Location Information, TS 38.413 §9.3.1.16.
//
//aper:choice
type UserLocationInformationWAGF struct {
	GlobalLineID     *GlobalLineID
	HFCNodeID        HFCNodeID
	GlobalCableID    GlobalCableID     `ie:"275,ignore"`
	HFCNodeIDNew     *HFCNodeIDNew     `ie:"362,ignore"`
	GlobalCableIDNew *GlobalCableIDNew `ie:"363,ignore"`
}

// PortNumber is part of User Location Information, TS 38.413 §9.3.1.16.
//
//aper:octets 2
type PortNumber [2]byte

// TNAPID is part of User Location Information, TS 38.413 §9.3.1.16.
//
//aper:octets
type TNAPID []byte

// TWAPID is part of User Location Information, TS 38.413 §9.3.1.16.
//
//aper:octets
type TWAPID []byte

// HFCNodeID is part of User Location Information, TS 38.413 §9.3.1.16.
//
//aper:octets
type HFCNodeID []byte

// HFCNodeIDNew is part of User Location Information, TS 38.413 §9.3.1.16.
//
//aper:sequence
type HFCNodeIDNew struct {
	HFCNodeID HFCNodeID
	TAI       TAI
}

// LineType is part of User Location Information, TS 38.413 §9.3.1.16.
//
//aper:enum 2 ext
type LineType uint8

// Values of LineType.
const (
	LineTypeDsl LineType = iota // dsl
	LineTypePon                 // pon
)

// LocationReportingRequestType is the Location Reporting Request Type IE, TS 38.413 §9.3.1.65.
//
//aper:sequence
type LocationReportingRequestType struct {
	EventType                                 EventType
	ReportArea                                ReportArea
	AreaOfInterestList                        AreaOfInterestList               `aper:"optional"`
	LocationReportingReferenceIDToBeCancelled *LocationReportingReferenceID    `aper:"optional"`
	LocationReportingAdditionalInfo           *LocationReportingAdditionalInfo `ext:"170,ignore"`
}

// EventType is part of Location Reporting Request Type, TS 38.413 §9.3.1.65.
//
//aper:enum 6 ext
type EventType uint8

// Values of EventType.
const (
	EventTypeDirect                          EventType = iota // direct
	EventTypeChangeOfServeCell                                // change-of-serve-cell
	EventTypeUEPresenceInAreaOfInterest                       // ue-presence-in-area-of-interest
	EventTypeStopChangeOfServeCell                            // stop-change-of-serve-cell
	EventTypeStopUEPresenceInAreaOfInterest                   // stop-ue-presence-in-area-of-interest
	EventTypeCancelLocationReportingForTheUE                  // cancel-location-reporting-for-the-ue
)

// ReportArea is part of Location Reporting Request Type, TS 38.413 §9.3.1.65.
//
//aper:enum 1 ext
type ReportArea uint8

// Values of ReportArea.
const (
	ReportAreaCell ReportArea = iota // cell
)

// AreaOfInterestList is part of Location Reporting Request Type, TS 38.413 §9.3.1.65.
//
//aper:list 1..64
type AreaOfInterestList []AreaOfInterestItem

// LocationReportingAdditionalInfo is part of Location Reporting Request Type, TS 38.413 §9.3.1.65.
//
//aper:enum 1 ext
type LocationReportingAdditionalInfo uint8

// Values of LocationReportingAdditionalInfo.
const (
	LocationReportingAdditionalInfoIncludePSCell LocationReportingAdditionalInfo = iota // includePSCell
)

// AreaOfInterestItem is part of Location Reporting Request Type, TS 38.413 §9.3.1.65.
//
//aper:sequence
type AreaOfInterestItem struct {
	AreaOfInterest               AreaOfInterest
	LocationReportingReferenceID LocationReportingReferenceID
}

// AreaOfInterest is the Area of Interest IE, TS 38.413 §9.3.1.66.
//
//aper:sequence
type AreaOfInterest struct {
	AreaOfInterestTAIList     AreaOfInterestTAIList     `aper:"optional"`
	AreaOfInterestCellList    AreaOfInterestCellList    `aper:"optional"`
	AreaOfInterestRANNodeList AreaOfInterestRANNodeList `aper:"optional"`
}

// AreaOfInterestTAIList is part of Area of Interest, TS 38.413 §9.3.1.66.
//
//aper:list 1..16
type AreaOfInterestTAIList []AreaOfInterestTAIItem

// AreaOfInterestCellList is part of Area of Interest, TS 38.413 §9.3.1.66.
//
//aper:list 1..256
type AreaOfInterestCellList []AreaOfInterestCellItem

// AreaOfInterestRANNodeList is part of Area of Interest, TS 38.413 §9.3.1.66.
//
//aper:list 1..64
type AreaOfInterestRANNodeList []AreaOfInterestRANNodeItem

// AreaOfInterestTAIItem is part of Area of Interest, TS 38.413 §9.3.1.66.
//
//aper:sequence
type AreaOfInterestTAIItem struct {
	TAI TAI
}

// AreaOfInterestCellItem is part of Area of Interest, TS 38.413 §9.3.1.66.
//
//aper:sequence
type AreaOfInterestCellItem struct {
	NGRANCGI NGRANCGI
}

// AreaOfInterestRANNodeItem is part of Area of Interest, TS 38.413 §9.3.1.66.
//
//aper:sequence
type AreaOfInterestRANNodeItem struct {
	GlobalRANNodeID GlobalRANNodeID
}

// UEPresenceInAreaOfInterestList is the UE Presence in Area of Interest List IE, TS 38.413 §9.3.1.67.
//
//aper:list 1..64
type UEPresenceInAreaOfInterestList []UEPresenceInAreaOfInterestItem

// UEPresenceInAreaOfInterestItem is part of UE Presence in Area of Interest List, TS 38.413 §9.3.1.67.
//
//aper:sequence
type UEPresenceInAreaOfInterestItem struct {
	LocationReportingReferenceID LocationReportingReferenceID
	UEPresence                   UEPresence
}

// UEPresence is part of UE Presence in Area of Interest List, TS 38.413 §9.3.1.67.
//
//aper:enum 3 ext
type UEPresence uint8

// Values of UEPresence.
const (
	UEPresenceIn      UEPresence = iota // in
	UEPresenceOut                       // out
	UEPresenceUnknown                   // unknown
)

// AssistanceDataForRecommendedCells is the Assistance Data for Recommended Cells IE, TS 38.413 §9.3.1.70.
//
//aper:sequence
type AssistanceDataForRecommendedCells struct {
	RecommendedCellsForPaging RecommendedCellsForPaging
}

// RecommendedCellsForPaging is the Recommended Cells for Paging IE, TS 38.413 §9.3.1.71.
//
//aper:sequence
type RecommendedCellsForPaging struct {
	RecommendedCellList RecommendedCellList
}

// RecommendedCellList is part of Recommended Cells for Paging, TS 38.413 §9.3.1.71.
//
//aper:list 1..16
type RecommendedCellList []RecommendedCellItem

// RecommendedCellItem is part of Recommended Cells for Paging, TS 38.413 §9.3.1.71.
//
//aper:sequence
type RecommendedCellItem struct {
	NGRANCGI         NGRANCGI
	TimeStayedInCell *uint16 `aper:"int 0..4095,optional"`
}

// NGRANCGI is the NG-RAN CGI IE, TS 38.413 §9.3.1.73.
//
//aper:choice
type NGRANCGI struct {
	NRCGI    *NRCGI
	EUTRACGI *EUTRACGI
}

// TimeStamp is the Time Stamp IE, TS 38.413 §9.3.1.75.
//
//aper:octets 4
type TimeStamp uint32

// LocationReportingReferenceID is the Location Reporting Reference ID IE, TS 38.413 §9.3.1.76.
//
//aper:int 1..64 ext
type LocationReportingReferenceID uint8

// TAC is the TAC IE, TS 38.413 §9.3.3.10.
//
//aper:octets 3
type TAC uint32

// TAI is the TAI IE, TS 38.413 §9.3.3.11.
//
//aper:sequence
type TAI struct {
	PLMNIdentity PLMNIdentity
	TAC          TAC
}

// EPSTAC is the EPS TAC IE, TS 38.413 §9.3.3.16.
//
//aper:octets 2
type EPSTAC uint16

// EPSTAI is the EPS TAI IE, TS 38.413 §9.3.3.17.
//
//aper:sequence
type EPSTAI struct {
	PLMNIdentity PLMNIdentity
	EPSTAC       EPSTAC
}

// CellCAGList is the Cell CAG List IE, TS 38.413 §9.3.3.47.
//
//aper:list 1..64
type CellCAGList []CAGID

// NRNTNTAIInformation is the NR NTN TAI Information IE, TS 38.413 §9.3.3.53.
//
//aper:sequence
type NRNTNTAIInformation struct {
	ServingPLMN                 PLMNIdentity
	TACListInNRNTN              TACListInNRNTN
	UELocationDerivedTACInNRNTN *TAC `aper:"optional"`
}

// TACListInNRNTN is part of NR NTN TAI Information, TS 38.413 §9.3.3.53.
//
//aper:list 1..12
type TACListInNRNTN []TAC
