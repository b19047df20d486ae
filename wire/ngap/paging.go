package ngap

// PagingCauseIndicationForVoiceService is part of INITIAL CONTEXT SETUP REQUEST, TS 38.413 §9.2.2.1.
//
//aper:enum 1 ext
type PagingCauseIndicationForVoiceService uint8

// Values of PagingCauseIndicationForVoiceService.
const (
	PagingCauseIndicationForVoiceServiceSupported PagingCauseIndicationForVoiceService = iota // supported
)

// PagingAssisDataforCEcapabUE is part of UE CONTEXT RELEASE COMPLETE, TS 38.413 §9.2.2.6.
//
//aper:sequence
type PagingAssisDataforCEcapabUE struct {
	EUTRACGI                 EUTRACGI
	CoverageEnhancementLevel CoverageEnhancementLevel
}

// TAIListForPaging is part of PAGING, TS 38.413 §9.2.4.1.
//
//aper:list 1..16
type TAIListForPaging []TAIListForPagingItem

// NBIoTPagingEDRXInfo is part of PAGING, TS 38.413 §9.2.4.1.
//
//aper:sequence
type NBIoTPagingEDRXInfo struct {
	NBIoTPagingEDRXCycle  NBIoTPagingEDRXCycle
	NBIoTPagingTimeWindow *NBIoTPagingTimeWindow `aper:"optional"`
}

// PagingCause is part of PAGING, TS 38.413 §9.2.4.1.
//
//aper:enum 1 ext
type PagingCause uint8

// Values of PagingCause.
const (
	PagingCauseVoice PagingCause = iota // voice
)

// TAIListForPagingItem is part of PAGING, TS 38.413 §9.2.4.1.
//
//aper:sequence
type TAIListForPagingItem struct {
	TAI TAI
}

// NBIoTPagingEDRXCycle is part of PAGING, TS 38.413 §9.2.4.1.
//
//aper:enum 14 ext
type NBIoTPagingEDRXCycle uint8

// Values of NBIoTPagingEDRXCycle.
const (
	NBIoTPagingEDRXCycleHf2    NBIoTPagingEDRXCycle = iota // hf2
	NBIoTPagingEDRXCycleHf4                                // hf4
	NBIoTPagingEDRXCycleHf6                                // hf6
	NBIoTPagingEDRXCycleHf8                                // hf8
	NBIoTPagingEDRXCycleHf10                               // hf10
	NBIoTPagingEDRXCycleHf12                               // hf12
	NBIoTPagingEDRXCycleHf14                               // hf14
	NBIoTPagingEDRXCycleHf16                               // hf16
	NBIoTPagingEDRXCycleHf32                               // hf32
	NBIoTPagingEDRXCycleHf64                               // hf64
	NBIoTPagingEDRXCycleHf128                              // hf128
	NBIoTPagingEDRXCycleHf256                              // hf256
	NBIoTPagingEDRXCycleHf512                              // hf512
	NBIoTPagingEDRXCycleHf1024                             // hf1024
)

// NBIoTPagingTimeWindow is part of PAGING, TS 38.413 §9.2.4.1.
//
//aper:enum 16 ext
type NBIoTPagingTimeWindow uint8

// Values of NBIoTPagingTimeWindow.
const (
	NBIoTPagingTimeWindowS1  NBIoTPagingTimeWindow = iota // s1
	NBIoTPagingTimeWindowS2                               // s2
	NBIoTPagingTimeWindowS3                               // s3
	NBIoTPagingTimeWindowS4                               // s4
	NBIoTPagingTimeWindowS5                               // s5
	NBIoTPagingTimeWindowS6                               // s6
	NBIoTPagingTimeWindowS7                               // s7
	NBIoTPagingTimeWindowS8                               // s8
	NBIoTPagingTimeWindowS9                               // s9
	NBIoTPagingTimeWindowS10                              // s10
	NBIoTPagingTimeWindowS11                              // s11
	NBIoTPagingTimeWindowS12                              // s12
	NBIoTPagingTimeWindowS13                              // s13
	NBIoTPagingTimeWindowS14                              // s14
	NBIoTPagingTimeWindowS15                              // s15
	NBIoTPagingTimeWindowS16                              // s16
)

// UERadioCapabilityForPaging is the UE Radio Capability for Paging IE, TS 38.413 §9.3.1.68.
//
//aper:sequence
type UERadioCapabilityForPaging struct {
	UERadioCapabilityForPagingOfNR    UERadioCapabilityForPagingOfNR    `aper:"optional"`
	UERadioCapabilityForPagingOfEUTRA UERadioCapabilityForPagingOfEUTRA `aper:"optional"`
	UERadioCapabilityForPagingOfNBIoT UERadioCapabilityForPagingOfNBIoT `ext:"214,ignore"`
}

// UERadioCapabilityForPagingOfNR is part of UE Radio Capability for Paging, TS 38.413 §9.3.1.68.
//
//aper:octets
type UERadioCapabilityForPagingOfNR []byte

// UERadioCapabilityForPagingOfEUTRA is part of UE Radio Capability for Paging, TS 38.413 §9.3.1.68.
//
//aper:octets
type UERadioCapabilityForPagingOfEUTRA []byte

// UERadioCapabilityForPagingOfNBIoT is part of UE Radio Capability for Paging, TS 38.413 §9.3.1.68.
//
//aper:octets
type UERadioCapabilityForPagingOfNBIoT []byte

// AssistanceDataForPaging is the Assistance Data for Paging IE, TS 38.413 §9.3.1.69.
//
//aper:sequence
type AssistanceDataForPaging struct {
	AssistanceDataForRecommendedCells *AssistanceDataForRecommendedCells `aper:"optional"`
	PagingAttemptInformation          *PagingAttemptInformation          `aper:"optional"`
	NPNPagingAssistanceInformation    *NPNPagingAssistanceInformation    `ext:"260,ignore"`
	PagingAssisDataforCEcapabUE       *PagingAssisDataforCEcapabUE       `ext:"207,ignore"`
}

// PagingAttemptInformation is the Paging Attempt Information IE, TS 38.413 §9.3.1.72.
//
//aper:sequence
type PagingAttemptInformation struct {
	PagingAttemptCount             PagingAttemptCount
	IntendedNumberOfPagingAttempts IntendedNumberOfPagingAttempts
	NextPagingAreaScope            *NextPagingAreaScope `aper:"optional"`
}

// PagingAttemptCount is part of Paging Attempt Information, TS 38.413 §9.3.1.72.
//
//aper:int 1..16 ext
type PagingAttemptCount uint8

// IntendedNumberOfPagingAttempts is part of Paging Attempt Information, TS 38.413 §9.3.1.72.
//
//aper:int 1..16 ext
type IntendedNumberOfPagingAttempts uint8

// NextPagingAreaScope is part of Paging Attempt Information, TS 38.413 §9.3.1.72.
//
//aper:enum 2 ext
type NextPagingAreaScope uint8

// Values of NextPagingAreaScope.
const (
	NextPagingAreaScopeSame    NextPagingAreaScope = iota // same
	NextPagingAreaScopeChanged                            // changed
)

// PagingPriority is the Paging Priority IE, TS 38.413 §9.3.1.78.
//
//aper:enum 8 ext
type PagingPriority uint8

// Values of PagingPriority.
const (
	PagingPriorityPriolevel1 PagingPriority = iota // priolevel1
	PagingPriorityPriolevel2                       // priolevel2
	PagingPriorityPriolevel3                       // priolevel3
	PagingPriorityPriolevel4                       // priolevel4
	PagingPriorityPriolevel5                       // priolevel5
	PagingPriorityPriolevel6                       // priolevel6
	PagingPriorityPriolevel7                       // priolevel7
	PagingPriorityPriolevel8                       // priolevel8
)

// PagingDRX is the Paging DRX IE, TS 38.413 §9.3.1.90.
//
//aper:enum 4 ext
type PagingDRX uint8

// Values of PagingDRX.
const (
	PagingDRXV32  PagingDRX = iota // v32
	PagingDRXV64                   // v64
	PagingDRXV128                  // v128
	PagingDRXV256                  // v256
)

// RecommendedRANNodesForPaging is the Recommended RAN Nodes for Paging IE, TS 38.413 §9.3.1.101.
//
//aper:sequence
type RecommendedRANNodesForPaging struct {
	RecommendedRANNodeList RecommendedRANNodeList
}

// RecommendedRANNodeList is part of Recommended RAN Nodes for Paging, TS 38.413 §9.3.1.101.
//
//aper:list 1..16
type RecommendedRANNodeList []RecommendedRANNodeItem

// RecommendedRANNodeItem is part of Recommended RAN Nodes for Paging, TS 38.413 §9.3.1.101.
//
//aper:sequence
type RecommendedRANNodeItem struct {
	AMFPagingTarget AMFPagingTarget
}

// AMFPagingTarget is part of Recommended RAN Nodes for Paging, TS 38.413 §9.3.1.101.
//
//aper:choice
type AMFPagingTarget struct {
	GlobalRANNodeID *GlobalRANNodeID
	TAI             *TAI
}

// NBIoTDefaultPagingDRX is the NB-IoT Default Paging DRX IE, TS 38.413 §9.3.1.137.
//
//aper:enum 4 ext
type NBIoTDefaultPagingDRX uint8

// Values of NBIoTDefaultPagingDRX.
const (
	NBIoTDefaultPagingDRXRf128  NBIoTDefaultPagingDRX = iota // rf128
	NBIoTDefaultPagingDRXRf256                               // rf256
	NBIoTDefaultPagingDRXRf512                               // rf512
	NBIoTDefaultPagingDRXRf1024                              // rf1024
)

// NBIoTPagingDRX is the NB-IoT Paging DRX IE, TS 38.413 §9.3.1.139.
//
//aper:enum 6 ext
type NBIoTPagingDRX uint8

// Values of NBIoTPagingDRX.
const (
	NBIoTPagingDRXRf32   NBIoTPagingDRX = iota // rf32
	NBIoTPagingDRXRf64                         // rf64
	NBIoTPagingDRXRf128                        // rf128
	NBIoTPagingDRXRf256                        // rf256
	NBIoTPagingDRXRf512                        // rf512
	NBIoTPagingDRXRf1024                       // rf1024
)

// WUSAssistanceInformation is the WUS Assistance Information IE, TS 38.413 §9.3.1.143.
//
//aper:sequence
type WUSAssistanceInformation struct {
	PagingProbabilityInformation PagingProbabilityInformation
}

// PagingProbabilityInformation is part of WUS Assistance Information, TS 38.413 §9.3.1.143.
//
//aper:enum 21 ext
type PagingProbabilityInformation uint8

// Values of PagingProbabilityInformation.
const (
	PagingProbabilityInformationP00  PagingProbabilityInformation = iota // p00
	PagingProbabilityInformationP05                                      // p05
	PagingProbabilityInformationP10                                      // p10
	PagingProbabilityInformationP15                                      // p15
	PagingProbabilityInformationP20                                      // p20
	PagingProbabilityInformationP25                                      // p25
	PagingProbabilityInformationP30                                      // p30
	PagingProbabilityInformationP35                                      // p35
	PagingProbabilityInformationP40                                      // p40
	PagingProbabilityInformationP45                                      // p45
	PagingProbabilityInformationP50                                      // p50
	PagingProbabilityInformationP55                                      // p55
	PagingProbabilityInformationP60                                      // p60
	PagingProbabilityInformationP65                                      // p65
	PagingProbabilityInformationP70                                      // p70
	PagingProbabilityInformationP75                                      // p75
	PagingProbabilityInformationP80                                      // p80
	PagingProbabilityInformationP85                                      // p85
	PagingProbabilityInformationP90                                      // p90
	PagingProbabilityInformationP95                                      // p95
	PagingProbabilityInformationP100                                     // p100
)

// EUTRAPagingeDRXInformation is the E-UTRA Paging eDRX Information IE, TS 38.413 §9.3.1.154.
//
//aper:sequence
type EUTRAPagingeDRXInformation struct {
	EUTRAPagingEDRXCycle  EUTRAPagingEDRXCycle
	EUTRAPagingTimeWindow *EUTRAPagingTimeWindow `aper:"optional"`
}

// EUTRAPagingEDRXCycle is part of E-UTRA Paging eDRX Information, TS 38.413 §9.3.1.154.
//
//aper:enum 14 ext
type EUTRAPagingEDRXCycle uint8

// Values of EUTRAPagingEDRXCycle.
const (
	EUTRAPagingEDRXCycleHfhalf EUTRAPagingEDRXCycle = iota // hfhalf
	EUTRAPagingEDRXCycleHf1                                // hf1
	EUTRAPagingEDRXCycleHf2                                // hf2
	EUTRAPagingEDRXCycleHf4                                // hf4
	EUTRAPagingEDRXCycleHf6                                // hf6
	EUTRAPagingEDRXCycleHf8                                // hf8
	EUTRAPagingEDRXCycleHf10                               // hf10
	EUTRAPagingEDRXCycleHf12                               // hf12
	EUTRAPagingEDRXCycleHf14                               // hf14
	EUTRAPagingEDRXCycleHf16                               // hf16
	EUTRAPagingEDRXCycleHf32                               // hf32
	EUTRAPagingEDRXCycleHf64                               // hf64
	EUTRAPagingEDRXCycleHf128                              // hf128
	EUTRAPagingEDRXCycleHf256                              // hf256
)

// EUTRAPagingTimeWindow is part of E-UTRA Paging eDRX Information, TS 38.413 §9.3.1.154.
//
//aper:enum 16 ext
type EUTRAPagingTimeWindow uint8

// Values of EUTRAPagingTimeWindow.
const (
	EUTRAPagingTimeWindowS1  EUTRAPagingTimeWindow = iota // s1
	EUTRAPagingTimeWindowS2                               // s2
	EUTRAPagingTimeWindowS3                               // s3
	EUTRAPagingTimeWindowS4                               // s4
	EUTRAPagingTimeWindowS5                               // s5
	EUTRAPagingTimeWindowS6                               // s6
	EUTRAPagingTimeWindowS7                               // s7
	EUTRAPagingTimeWindowS8                               // s8
	EUTRAPagingTimeWindowS9                               // s9
	EUTRAPagingTimeWindowS10                              // s10
	EUTRAPagingTimeWindowS11                              // s11
	EUTRAPagingTimeWindowS12                              // s12
	EUTRAPagingTimeWindowS13                              // s13
	EUTRAPagingTimeWindowS14                              // s14
	EUTRAPagingTimeWindowS15                              // s15
	EUTRAPagingTimeWindowS16                              // s16
)

// NPNPagingAssistanceInformation is the NPN Paging Assistance Information IE, TS 38.413 §9.3.1.183.
//
//aper:choice
type NPNPagingAssistanceInformation struct {
	PNINPNPagingAssistance AllowedPNINPNList
}

// NRPagingeDRXInformation is the NR Paging eDRX Information IE, TS 38.413 §9.3.1.227.
//
//aper:sequence
type NRPagingeDRXInformation struct {
	NRPagingEDRXCycle  NRPagingEDRXCycle
	NRPagingTimeWindow *NRPagingTimeWindow `aper:"optional"`
}

// NRPagingEDRXCycle is part of NR Paging eDRX Information, TS 38.413 §9.3.1.227.
//
//aper:enum 13 ext
type NRPagingEDRXCycle uint8

// Values of NRPagingEDRXCycle.
const (
	NRPagingEDRXCycleHfquarter NRPagingEDRXCycle = iota // hfquarter
	NRPagingEDRXCycleHfhalf                             // hfhalf
	NRPagingEDRXCycleHf1                                // hf1
	NRPagingEDRXCycleHf2                                // hf2
	NRPagingEDRXCycleHf4                                // hf4
	NRPagingEDRXCycleHf8                                // hf8
	NRPagingEDRXCycleHf16                               // hf16
	NRPagingEDRXCycleHf32                               // hf32
	NRPagingEDRXCycleHf64                               // hf64
	NRPagingEDRXCycleHf128                              // hf128
	NRPagingEDRXCycleHf256                              // hf256
	NRPagingEDRXCycleHf512                              // hf512
	NRPagingEDRXCycleHf1024                             // hf1024
)

// NRPagingTimeWindow is part of NR Paging eDRX Information, TS 38.413 §9.3.1.227.
//
//aper:enum 16+16 ext
type NRPagingTimeWindow uint8

// Values of NRPagingTimeWindow.
const (
	NRPagingTimeWindowS1  NRPagingTimeWindow = iota // s1
	NRPagingTimeWindowS2                            // s2
	NRPagingTimeWindowS3                            // s3
	NRPagingTimeWindowS4                            // s4
	NRPagingTimeWindowS5                            // s5
	NRPagingTimeWindowS6                            // s6
	NRPagingTimeWindowS7                            // s7
	NRPagingTimeWindowS8                            // s8
	NRPagingTimeWindowS9                            // s9
	NRPagingTimeWindowS10                           // s10
	NRPagingTimeWindowS11                           // s11
	NRPagingTimeWindowS12                           // s12
	NRPagingTimeWindowS13                           // s13
	NRPagingTimeWindowS14                           // s14
	NRPagingTimeWindowS15                           // s15
	NRPagingTimeWindowS16                           // s16
	NRPagingTimeWindowS17                           // s17
	NRPagingTimeWindowS18                           // s18
	NRPagingTimeWindowS19                           // s19
	NRPagingTimeWindowS20                           // s20
	NRPagingTimeWindowS21                           // s21
	NRPagingTimeWindowS22                           // s22
	NRPagingTimeWindowS23                           // s23
	NRPagingTimeWindowS24                           // s24
	NRPagingTimeWindowS25                           // s25
	NRPagingTimeWindowS26                           // s26
	NRPagingTimeWindowS27                           // s27
	NRPagingTimeWindowS28                           // s28
	NRPagingTimeWindowS29                           // s29
	NRPagingTimeWindowS30                           // s30
	NRPagingTimeWindowS31                           // s31
	NRPagingTimeWindowS32                           // s32
)

// RANPagingPriority is the RAN Paging Priority IE, TS 38.413 §9.3.3.15.
//
//aper:int 1..256
type RANPagingPriority uint16

// UEPagingIdentity is the UE Paging Identity IE, TS 38.413 §9.3.3.18.
//
//aper:choice
type UEPagingIdentity struct {
	FiveGSTMSI *FiveGSTMSI
}

// PagingOrigin is the Paging Origin IE, TS 38.413 §9.3.3.22.
//
//aper:enum 1 ext
type PagingOrigin uint8

// Values of PagingOrigin.
const (
	PagingOriginNon3gpp PagingOrigin = iota // non-3gpp
)
