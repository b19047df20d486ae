package ngap

// PDUSessionResourceListHORqd is part of HANDOVER REQUIRED, TS 38.413 §9.2.3.1.
//
//aper:list 1..256
type PDUSessionResourceListHORqd []PDUSessionResourceItemHORqd

// PDUSessionResourceItemHORqd is part of HANDOVER REQUIRED, TS 38.413 §9.2.3.1.
//
//aper:sequence
type PDUSessionResourceItemHORqd struct {
	PDUSessionID             PDUSessionID
	HandoverRequiredTransfer []byte `aper:"octets"`
}

// PDUSessionResourceHandoverList is part of HANDOVER COMMAND, TS 38.413 §9.2.3.2.
//
//aper:list 1..256
type PDUSessionResourceHandoverList []PDUSessionResourceHandoverItem

// PDUSessionResourceToReleaseListHOCmd is part of HANDOVER COMMAND, TS 38.413 §9.2.3.2.
//
//aper:list 1..256
type PDUSessionResourceToReleaseListHOCmd []PDUSessionResourceToReleaseItemHOCmd

// PDUSessionResourceHandoverItem is part of HANDOVER COMMAND, TS 38.413 §9.2.3.2.
//
//aper:sequence
type PDUSessionResourceHandoverItem struct {
	PDUSessionID            PDUSessionID
	HandoverCommandTransfer []byte `aper:"octets"`
}

// PDUSessionResourceToReleaseItemHOCmd is part of HANDOVER COMMAND, TS 38.413 §9.2.3.2.
//
//aper:sequence
type PDUSessionResourceToReleaseItemHOCmd struct {
	PDUSessionID                            PDUSessionID
	HandoverPreparationUnsuccessfulTransfer []byte `aper:"octets"`
}

// PDUSessionResourceSetupListHOReq is part of HANDOVER REQUEST, TS 38.413 §9.2.3.4.
//
//aper:list 1..256
type PDUSessionResourceSetupListHOReq []PDUSessionResourceSetupItemHOReq

// PDUSessionResourceSetupItemHOReq is part of HANDOVER REQUEST, TS 38.413 §9.2.3.4.
//
//aper:sequence
type PDUSessionResourceSetupItemHOReq struct {
	PDUSessionID                          PDUSessionID
	SNSSAI                                SNSSAI
	HandoverRequestTransfer               []byte                       `aper:"octets"`
	PDUSessionExpectedUEActivityBehaviour *ExpectedUEActivityBehaviour `ext:"281,ignore"`
}

// PDUSessionResourceFailedToSetupListHOAck is part of HANDOVER REQUEST ACKNOWLEDGE, TS 38.413 §9.2.3.5.
//
//aper:list 1..256
type PDUSessionResourceFailedToSetupListHOAck []PDUSessionResourceFailedToSetupItemHOAck

// PDUSessionResourceFailedToSetupItemHOAck is part of HANDOVER REQUEST ACKNOWLEDGE, TS 38.413 §9.2.3.5.
//
//aper:sequence
type PDUSessionResourceFailedToSetupItemHOAck struct {
	PDUSessionID                                   PDUSessionID
	HandoverResourceAllocationUnsuccessfulTransfer []byte `aper:"octets"`
}

// NotifySourceNGRANNode is part of HANDOVER NOTIFY, TS 38.413 §9.2.3.7.
//
//aper:enum 1 ext
type NotifySourceNGRANNode uint8

// Values of NotifySourceNGRANNode.
const (
	NotifySourceNGRANNodeNotifySource NotifySourceNGRANNode = iota // notifySource
)

// SourceToTargetTransparentContainer is the Source to Target Transparent Container IE, TS 38.413 §9.3.1.20.
//
//aper:octets
type SourceToTargetTransparentContainer []byte

// TargetToSourceTransparentContainer is the Target to Source Transparent Container IE, TS 38.413 §9.3.1.21.
//
//aper:octets
type TargetToSourceTransparentContainer []byte

// HandoverType is the Handover Type IE, TS 38.413 §9.3.1.22.
//
//aper:enum 3+1 ext
type HandoverType uint8

// Values of HandoverType.
const (
	HandoverTypeIntra5GS      HandoverType = iota // intra5gs
	HandoverTypeFiveGSToEPS                       // fivegs-to-eps
	HandoverTypeEPSTo5GS                          // eps-to-5gs
	HandoverTypeFiveGSToUTRAN                     // fivegs-to-utran
)

// TargetID is the Target ID IE, TS 38.413 §9.3.1.25.
//
//aper:choice
type TargetID struct {
	TargetRANNodeID *TargetRANNodeID
	TargeteNBID     *TargeteNBID
	TargetRNCID     *TargetRNCID     `ie:"178,reject"`
	TargetHomeENBID *TargetHomeENBID `ie:"364,reject"`
}

// TargetRANNodeID is part of Target ID, TS 38.413 §9.3.1.25.
//
//aper:sequence
type TargetRANNodeID struct {
	GlobalRANNodeID GlobalRANNodeID
	SelectedTAI     TAI
}

// TargeteNBID is part of Target ID, TS 38.413 §9.3.1.25.
//
//aper:sequence
type TargeteNBID struct {
	GlobalENBID    GlobalNgENBID
	SelectedEPSTAI EPSTAI
}

// TargetRNCID is part of Target ID, TS 38.413 §9.3.1.25.
//
//aper:sequence
type TargetRNCID struct {
	LAI           LAI
	RNCID         RNCID
	ExtendedRNCID *ExtendedRNCID `aper:"optional"`
}

// TargetHomeENBID is part of Target ID, TS 38.413 §9.3.1.25.
//
//aper:sequence
type TargetHomeENBID struct {
	PLMNidentity   PLMNIdentity
	HomeENBID      uint32 `aper:"bits 28"`
	SelectedEPSTAI EPSTAI
}

// EmergencyServiceTargetCN is part of Emergency Fallback Indicator, TS 38.413 §9.3.1.26.
//
//aper:enum 2 ext
type EmergencyServiceTargetCN uint8

// Values of EmergencyServiceTargetCN.
const (
	EmergencyServiceTargetCNFiveGC EmergencyServiceTargetCN = iota // fiveGC
	EmergencyServiceTargetCNEpc                                    // epc
)

// DataForwardingAccepted is the Data Forwarding Accepted IE, TS 38.413 §9.3.1.62.
//
//aper:enum 1 ext
type DataForwardingAccepted uint8

// Values of DataForwardingAccepted.
const (
	DataForwardingAcceptedDataForwardingAccepted DataForwardingAccepted = iota // data-forwarding-accepted
)

// DataForwardingNotPossible is the Data Forwarding Not Possible IE, TS 38.413 §9.3.1.63.
//
//aper:enum 1 ext
type DataForwardingNotPossible uint8

// Values of DataForwardingNotPossible.
const (
	DataForwardingNotPossibleDataForwardingNotPossible DataForwardingNotPossible = iota // data-forwarding-not-possible
)

// DirectForwardingPathAvailability is the Direct Forwarding Path Availability IE, TS 38.413 §9.3.1.64.
//
//aper:enum 1 ext
type DirectForwardingPathAvailability uint8

// Values of DirectForwardingPathAvailability.
const (
	DirectForwardingPathAvailabilityDirectPathAvailable DirectForwardingPathAvailability = iota // direct-path-available
)

// DataForwardingResponseDRBList is the Data Forwarding Response DRB List IE, TS 38.413 §9.3.1.77.
//
//aper:list 1..32
type DataForwardingResponseDRBList []DataForwardingResponseDRBItem

// DataForwardingResponseDRBItem is part of Data Forwarding Response DRB List, TS 38.413 §9.3.1.77.
//
//aper:sequence
type DataForwardingResponseDRBItem struct {
	DRBID                        DRBID
	DLForwardingUPTNLInformation *UPTransportLayerInformation `aper:"optional"`
	ULForwardingUPTNLInformation *UPTransportLayerInformation `aper:"optional"`
}

// MobilityRestrictionList is the Mobility Restriction List IE, TS 38.413 §9.3.1.85.
//
//aper:sequence
type MobilityRestrictionList struct {
	ServingPLMN                     PLMNIdentity
	EquivalentPLMNs                 EquivalentPLMNs                 `aper:"optional"`
	RATRestrictions                 RATRestrictions                 `aper:"optional"`
	ForbiddenAreaInformation        ForbiddenAreaInformation        `aper:"optional"`
	ServiceAreaInformation          ServiceAreaInformation          `aper:"optional"`
	LastEUTRANPLMNIdentity          *PLMNIdentity                   `ext:"150,ignore"`
	CNTypeRestrictionsForServing    *CNTypeRestrictionsForServing   `ext:"161,ignore"`
	CNTypeRestrictionsForEquivalent CNTypeRestrictionsForEquivalent `ext:"160,ignore"`
	NPNMobilityInformation          *NPNMobilityInformation         `ext:"261,reject"`
}

// EquivalentPLMNs is part of Mobility Restriction List, TS 38.413 §9.3.1.85.
//
//aper:list 1..15
type EquivalentPLMNs []PLMNIdentity

// RATRestrictions is part of Mobility Restriction List, TS 38.413 §9.3.1.85.
//
//aper:list 1..16
type RATRestrictions []RATRestrictionsItem

// ForbiddenAreaInformation is part of Mobility Restriction List, TS 38.413 §9.3.1.85.
//
//aper:list 1..16
type ForbiddenAreaInformation []ForbiddenAreaInformationItem

// ServiceAreaInformation is part of Mobility Restriction List, TS 38.413 §9.3.1.85.
//
//aper:list 1..16
type ServiceAreaInformation []ServiceAreaInformationItem

// CNTypeRestrictionsForServing is part of Mobility Restriction List, TS 38.413 §9.3.1.85.
//
//aper:enum 1 ext
type CNTypeRestrictionsForServing uint8

// Values of CNTypeRestrictionsForServing.
const (
	CNTypeRestrictionsForServingEpcForbidden CNTypeRestrictionsForServing = iota // epc-forbidden
)

// CNTypeRestrictionsForEquivalent is part of Mobility Restriction List, TS 38.413 §9.3.1.85.
//
//aper:list 1..15
type CNTypeRestrictionsForEquivalent []CNTypeRestrictionsForEquivalentItem

// RATRestrictionsItem is part of Mobility Restriction List, TS 38.413 §9.3.1.85.
//
//aper:sequence
type RATRestrictionsItem struct {
	PLMNIdentity                      PLMNIdentity
	RATRestrictionInformation         RATRestrictionInformation
	ExtendedRATRestrictionInformation *ExtendedRATRestrictionInformation `ext:"180,ignore"`
}

// ForbiddenAreaInformationItem is part of Mobility Restriction List, TS 38.413 §9.3.1.85.
//
//aper:sequence
type ForbiddenAreaInformationItem struct {
	PLMNIdentity  PLMNIdentity
	ForbiddenTACs ForbiddenTACs
}

// ServiceAreaInformationItem is part of Mobility Restriction List, TS 38.413 §9.3.1.85.
//
//aper:sequence
type ServiceAreaInformationItem struct {
	PLMNIdentity   PLMNIdentity
	AllowedTACs    AllowedTACs    `aper:"optional"`
	NotAllowedTACs NotAllowedTACs `aper:"optional"`
}

// CNTypeRestrictionsForEquivalentItem is part of Mobility Restriction List, TS 38.413 §9.3.1.85.
//
//aper:sequence
type CNTypeRestrictionsForEquivalentItem struct {
	PlmnIdentity PLMNIdentity
	CnType       CNTypeRestrictionsForEquivalentItemCnType
}

// CNTypeRestrictionsForEquivalentItemCnType is part of Mobility Restriction List, TS 38.413 §9.3.1.85.
//
//aper:enum 2 ext
type CNTypeRestrictionsForEquivalentItemCnType uint8

// Values of CNTypeRestrictionsForEquivalentItemCnType.
const (
	CNTypeRestrictionsForEquivalentItemCnTypeEpcForbidden    CNTypeRestrictionsForEquivalentItemCnType = iota // epc-forbidden
	CNTypeRestrictionsForEquivalentItemCnTypeFiveGCForbidden                                                  // fiveGC-forbidden
)

// RATRestrictionInformation is part of Mobility Restriction List, TS 38.413 §9.3.1.85.
//
//aper:bits 8 ext
type RATRestrictionInformation uint8

// ForbiddenTACs is part of Mobility Restriction List, TS 38.413 §9.3.1.85.
//
//aper:list 1..4096
type ForbiddenTACs []TAC

// AllowedTACs is part of Mobility Restriction List, TS 38.413 §9.3.1.85.
//
//aper:list 1..16
type AllowedTACs []TAC

// NotAllowedTACs is part of Mobility Restriction List, TS 38.413 §9.3.1.85.
//
//aper:list 1..16
type NotAllowedTACs []TAC

// ExpectedHOInterval is part of Expected UE Behaviour, TS 38.413 §9.3.1.93.
//
//aper:enum 7 ext
type ExpectedHOInterval uint8

// Values of ExpectedHOInterval.
const (
	ExpectedHOIntervalSec15    ExpectedHOInterval = iota // sec15
	ExpectedHOIntervalSec30                              // sec30
	ExpectedHOIntervalSec60                              // sec60
	ExpectedHOIntervalSec90                              // sec90
	ExpectedHOIntervalSec120                             // sec120
	ExpectedHOIntervalSec180                             // sec180
	ExpectedHOIntervalLongTime                           // long-time
)

// RNCID is the RNC-ID IE, TS 38.413 §9.3.1.123.
//
//aper:int 0..4095
type RNCID uint16

// ExtendedRNCID is the Extended RNC-ID IE, TS 38.413 §9.3.1.124.
//
//aper:int 4096..65535
type ExtendedRNCID uint16

// ExtendedRATRestrictionInformation is the Extended RAT Restriction Information IE, TS 38.413 §9.3.1.126.
//
//aper:sequence
type ExtendedRATRestrictionInformation struct {
	PrimaryRATRestriction   uint8 `aper:"bits 8 ext"`
	SecondaryRATRestriction uint8 `aper:"bits 8 ext"`
}

// EnhancedCoverageRestriction is the Enhanced Coverage Restriction IE, TS 38.413 §9.3.1.140.
//
//aper:enum 1 ext
type EnhancedCoverageRestriction uint8

// Values of EnhancedCoverageRestriction.
const (
	EnhancedCoverageRestrictionRestricted EnhancedCoverageRestriction = iota // restricted
)

// NPNMobilityInformation is the NPN Mobility Information IE, TS 38.413 §9.3.1.184.
//
//aper:choice
type NPNMobilityInformation struct {
	SNPNMobilityInformation   *SNPNMobilityInformation
	PNINPNMobilityInformation *PNINPNMobilityInformation
}

// SNPNMobilityInformation is part of NPN Mobility Information, TS 38.413 §9.3.1.184.
//
//aper:sequence
type SNPNMobilityInformation struct {
	ServingNID NID
}

// PNINPNMobilityInformation is part of NPN Mobility Information, TS 38.413 §9.3.1.184.
//
//aper:sequence
type PNINPNMobilityInformation struct {
	AllowedPNINPIList AllowedPNINPNList
}

// TargettoSourceFailureTransparentContainer is the Target to Source Failure Transparent Container IE, TS 38.413 §9.3.1.186.
//
//aper:octets
type TargettoSourceFailureTransparentContainer []byte

// SourceToTargetAMFInformationReroute is the Source to Target AMF Information Reroute IE, TS 38.413 §9.3.3.27.
//
//aper:sequence
type SourceToTargetAMFInformationReroute struct {
	ConfiguredNSSAI     ConfiguredNSSAI      `aper:"optional"`
	RejectedNSSAIinPLMN *RejectedNSSAIinPLMN `aper:"optional"`
	RejectedNSSAIinTA   *RejectedNSSAIinTA   `aper:"optional"`
}

// LAI is the LAI IE, TS 38.413 §9.3.3.30.
//
//aper:sequence
type LAI struct {
	PLMNidentity PLMNIdentity
	LAC          LAC
}

// LAC is part of LAI, TS 38.413 §9.3.3.30.
//
//aper:octets 2
type LAC [2]byte

// CAGID is the CAG ID IE, TS 38.413 §9.3.3.43.
//
//aper:bits 32
type CAGID uint32

// NPNSupport is the NPN Support IE, TS 38.413 §9.3.3.44.
//
//aper:choice
type NPNSupport struct {
	SNPN *NID
}

// AllowedPNINPNList is the Allowed PNI-NPN List IE, TS 38.413 §9.3.3.45.
//
//aper:list 1..16
type AllowedPNINPNList []AllowedPNINPNItem

// AllowedPNINPNItem is part of Allowed PNI-NPN List, TS 38.413 §9.3.3.45.
//
//aper:sequence
type AllowedPNINPNItem struct {
	PLMNIdentity          PLMNIdentity
	PNINPNRestricted      AllowedPNINPNItemPNINPNRestricted
	AllowedCAGListPerPLMN AllowedCAGListPerPLMN
}

// AllowedPNINPNItemPNINPNRestricted is part of Allowed PNI-NPN List, TS 38.413 §9.3.3.45.
//
//aper:enum 2 ext
type AllowedPNINPNItemPNINPNRestricted uint8

// Values of AllowedPNINPNItemPNINPNRestricted.
const (
	AllowedPNINPNItemPNINPNRestrictedRestricted    AllowedPNINPNItemPNINPNRestricted = iota // restricted
	AllowedPNINPNItemPNINPNRestrictedNotRestricted                                          // not-restricted
)

// AllowedCAGListPerPLMN is part of Allowed PNI-NPN List, TS 38.413 §9.3.3.45.
//
//aper:list 1..256
type AllowedCAGListPerPLMN []CAGID

// NPNAccessInformation is the NPN Access Information IE, TS 38.413 §9.3.3.46.
//
//aper:choice
type NPNAccessInformation struct {
	PNINPNAccessInformation CellCAGList
}

// AdditionalDLUPTNLInformationForHOList is part of Handover Request Acknowledge Transfer, TS 38.413 §9.3.4.11.
//
//aper:list 1..3
type AdditionalDLUPTNLInformationForHOList []AdditionalDLUPTNLInformationForHOItem

// AdditionalDLUPTNLInformationForHOItem is part of Handover Request Acknowledge Transfer, TS 38.413 §9.3.4.11.
//
//aper:sequence
type AdditionalDLUPTNLInformationForHOItem struct {
	AdditionalDLNGUUPTNLInformation          UPTransportLayerInformation
	AdditionalQosFlowSetupResponseList       QosFlowListWithDataForwarding
	AdditionalDLForwardingUPTNLInformation   *UPTransportLayerInformation `aper:"optional"`
	AdditionalRedundantDLNGUUPTNLInformation *UPTransportLayerInformation `ext:"183,ignore"`
}

// HandoverFlag is part of SECONDARY RAT DATA USAGE REPORT, TS 38.413 §9.2.14.1.
//
//aper:enum 1 ext
type HandoverFlag uint8

// Values of HandoverFlag.
const (
	HandoverFlagHandoverPreparation HandoverFlag = iota // handover-preparation
)
