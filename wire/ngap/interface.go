package ngap

// SupportedTAList is part of NG SETUP REQUEST, TS 38.413 §9.2.6.1.
//
//aper:list 1..256
type SupportedTAList []SupportedTAItem

// SupportedTAItem is part of NG SETUP REQUEST, TS 38.413 §9.2.6.1.
//
//aper:sequence
type SupportedTAItem struct {
	TAC                     TAC
	BroadcastPLMNList       BroadcastPLMNList
	ConfiguredTACIndication *ConfiguredTACIndication `ext:"272,ignore"`
	RATInformation          *RATInformation          `ext:"179,reject"`
}

// BroadcastPLMNList is part of NG SETUP REQUEST, TS 38.413 §9.2.6.1.
//
//aper:list 1..12
type BroadcastPLMNList []BroadcastPLMNItem

// BroadcastPLMNItem is part of NG SETUP REQUEST, TS 38.413 §9.2.6.1.
//
//aper:sequence
type BroadcastPLMNItem struct {
	PLMNIdentity                PLMNIdentity
	TAISliceSupportList         SliceSupportList
	NPNSupport                  *NPNSupport              `ext:"258,reject"`
	ExtendedTAISliceSupportList ExtendedSliceSupportList `ext:"271,reject"`
	TAINSAGSupportList          TAINSAGSupportList       `ext:"353,ignore"`
}

// ServedGUAMIList is part of NG SETUP RESPONSE, TS 38.413 §9.2.6.2.
//
//aper:list 1..256
type ServedGUAMIList []ServedGUAMIItem

// PLMNSupportList is part of NG SETUP RESPONSE, TS 38.413 §9.2.6.2.
//
//aper:list 1..12
type PLMNSupportList []PLMNSupportItem

// ServedGUAMIItem is part of NG SETUP RESPONSE, TS 38.413 §9.2.6.2.
//
//aper:sequence
type ServedGUAMIItem struct {
	GUAMI         GUAMI
	BackupAMFName AMFName    `aper:"optional"`
	GUAMIType     *GUAMIType `ext:"176,ignore"`
}

// PLMNSupportItem is part of NG SETUP RESPONSE, TS 38.413 §9.2.6.2.
//
//aper:sequence
type PLMNSupportItem struct {
	PLMNIdentity             PLMNIdentity
	SliceSupportList         SliceSupportList
	NPNSupport               *NPNSupport              `ext:"258,reject"`
	ExtendedSliceSupportList ExtendedSliceSupportList `ext:"270,reject"`
	OnboardingSupport        *OnboardingSupport       `ext:"325,ignore"`
}

// GUAMIType is part of NG SETUP RESPONSE, TS 38.413 §9.2.6.2.
//
//aper:enum 2 ext
type GUAMIType uint8

// Values of GUAMIType.
const (
	GUAMITypeNative GUAMIType = iota // native
	GUAMITypeMapped                  // mapped
)

// OnboardingSupport is part of NG SETUP RESPONSE, TS 38.413 §9.2.6.2.
//
//aper:enum 1 ext
type OnboardingSupport uint8

// Values of OnboardingSupport.
const (
	OnboardingSupportTrue OnboardingSupport = iota // true
)

// UnavailableGUAMIList is part of AMF STATUS INDICATION, TS 38.413 §9.2.6.10.
//
//aper:list 1..256
type UnavailableGUAMIList []UnavailableGUAMIItem

// UnavailableGUAMIItem is part of AMF STATUS INDICATION, TS 38.413 §9.2.6.10.
//
//aper:sequence
type UnavailableGUAMIItem struct {
	GUAMI                        GUAMI
	TimerApproachForGUAMIRemoval *TimerApproachForGUAMIRemoval `aper:"optional"`
	BackupAMFName                AMFName                       `aper:"optional"`
}

// TimerApproachForGUAMIRemoval is part of AMF STATUS INDICATION, TS 38.413 §9.2.6.10.
//
//aper:enum 1 ext
type TimerApproachForGUAMIRemoval uint8

// Values of TimerApproachForGUAMIRemoval.
const (
	TimerApproachForGUAMIRemovalApplyTimer TimerApproachForGUAMIRemoval = iota // apply-timer
)

// ResetType is part of NG RESET, TS 38.413 §9.2.6.11.
//
//aper:choice
type ResetType struct {
	NGInterface       *ResetAll
	PartOfNGInterface UEAssociatedLogicalNGConnectionList
}

// ResetAll is part of NG RESET, TS 38.413 §9.2.6.11.
//
//aper:enum 1 ext
type ResetAll uint8

// Values of ResetAll.
const (
	ResetAllResetAll ResetAll = iota // reset-all
)

// OverloadStartNSSAIList is part of OVERLOAD START, TS 38.413 §9.2.6.14.
//
//aper:list 1..1024
type OverloadStartNSSAIList []OverloadStartNSSAIItem

// OverloadStartNSSAIItem is part of OVERLOAD START, TS 38.413 §9.2.6.14.
//
//aper:sequence
type OverloadStartNSSAIItem struct {
	SliceOverloadList                   SliceOverloadList
	SliceOverloadResponse               *OverloadResponse               `aper:"optional"`
	SliceTrafficLoadReductionIndication *TrafficLoadReductionIndication `aper:"optional"`
}

// RelativeAMFCapacity is the Relative AMF Capacity IE, TS 38.413 §9.3.1.32.
//
//aper:int 0..255
type RelativeAMFCapacity uint8

// OverloadResponse is the Overload Response IE, TS 38.413 §9.3.1.104.
//
//aper:choice
type OverloadResponse struct {
	OverloadAction *OverloadAction
}

// OverloadAction is the Overload Action IE, TS 38.413 §9.3.1.105.
//
//aper:enum 4 ext
type OverloadAction uint8

// Values of OverloadAction.
const (
	OverloadActionRejectNonEmergencyMODt                                    OverloadAction = iota // reject-non-emergency-mo-dt
	OverloadActionRejectRRCCrSignalling                                                           // reject-rrc-cr-signalling
	OverloadActionPermitEmergencySessionsAndMobileTerminatedServicesOnly                          // permit-emergency-sessions-and-mobile-terminated-services-only
	OverloadActionPermitHighPrioritySessionsAndMobileTerminatedServicesOnly                       // permit-high-priority-sessions-and-mobile-terminated-services-only
)

// SliceOverloadList is the Slice Overload List IE, TS 38.413 §9.3.1.107.
//
//aper:list 1..1024
type SliceOverloadList []SliceOverloadItem

// SliceOverloadItem is part of Slice Overload List, TS 38.413 §9.3.1.107.
//
//aper:sequence
type SliceOverloadItem struct {
	SNSSAI SNSSAI
}

// UERetentionInformation is the UE Retention Information IE, TS 38.413 §9.3.1.117.
//
//aper:enum 1 ext
type UERetentionInformation uint8

// Values of UERetentionInformation.
const (
	UERetentionInformationUesRetained UERetentionInformation = iota // ues-retained
)

// ConfiguredTACIndication is the Configured TAC Indication IE, TS 38.413 §9.3.3.50.
//
//aper:enum 1 ext
type ConfiguredTACIndication uint8

// Values of ConfiguredTACIndication.
const (
	ConfiguredTACIndicationTrue ConfiguredTACIndication = iota // true
)
