package ngap

// RedirectionVoiceFallback is part of INITIAL CONTEXT SETUP REQUEST, TS 38.413 §9.2.2.1.
//
//aper:enum 2 ext
type RedirectionVoiceFallback uint8

// Values of RedirectionVoiceFallback.
const (
	RedirectionVoiceFallbackPossible    RedirectionVoiceFallback = iota // possible
	RedirectionVoiceFallbackNotPossible                                 // not-possible
)

// CNAssistedRANTuning is part of INITIAL CONTEXT SETUP REQUEST, TS 38.413 §9.2.2.1.
//
//aper:sequence
type CNAssistedRANTuning struct {
	ExpectedUEBehaviour *ExpectedUEBehaviour `aper:"optional"`
}

// UEUPCIoTSupport is part of INITIAL CONTEXT SETUP REQUEST, TS 38.413 §9.2.2.1.
//
//aper:enum 1 ext
type UEUPCIoTSupport uint8

// Values of UEUPCIoTSupport.
const (
	UEUPCIoTSupportSupported UEUPCIoTSupport = iota // supported
)

// RGLevelWirelineAccessCharacteristics is part of INITIAL CONTEXT SETUP REQUEST, TS 38.413 §9.2.2.1.
//
//aper:octets
type RGLevelWirelineAccessCharacteristics []byte

// UENGAPIDs is part of UE CONTEXT RELEASE COMMAND, TS 38.413 §9.2.2.5.
//
//aper:choice
type UENGAPIDs struct {
	UENGAPIDPair *UENGAPIDPair
	AMFUENGAPID  *AMFUENGAPID
}

// UENGAPIDPair is part of UE CONTEXT RELEASE COMMAND, TS 38.413 §9.2.2.5.
//
//aper:sequence
type UENGAPIDPair struct {
	AMFUENGAPID AMFUENGAPID
	RANUENGAPID RANUENGAPID
}

// UEContextRequest is part of INITIAL UE MESSAGE, TS 38.413 §9.2.5.1.
//
//aper:enum 1 ext
type UEContextRequest uint8

// Values of UEContextRequest.
const (
	UEContextRequestRequested UEContextRequest = iota // requested
)

// AuthenticatedIndication is part of INITIAL UE MESSAGE, TS 38.413 §9.2.5.1.
//
//aper:enum 1 ext
type AuthenticatedIndication uint8

// Values of AuthenticatedIndication.
const (
	AuthenticatedIndicationTrue AuthenticatedIndication = iota // true
)

// UEDifferentiationInfo is part of DOWNLINK NAS TRANSPORT, TS 38.413 §9.2.5.2.
//
//aper:sequence
type UEDifferentiationInfo struct {
	PeriodicCommunicationIndicator *UEDifferentiationInfoPeriodicCommunicationIndicator `aper:"optional"`
	PeriodicTime                   *uint16                                              `aper:"int 1..3600 ext,optional"`
	ScheduledCommunicationTime     *ScheduledCommunicationTime                          `aper:"optional"`
	StationaryIndication           *UEDifferentiationInfoStationaryIndication           `aper:"optional"`
	TrafficProfile                 *UEDifferentiationInfoTrafficProfile                 `aper:"optional"`
	BatteryIndication              *UEDifferentiationInfoBatteryIndication              `aper:"optional"`
}

// URIAddress is part of Trace Activation, TS 38.413 §9.3.1.14.
//
//aper:visible
type URIAddress string

// EmergencyFallbackIndicator is the Emergency Fallback Indicator IE, TS 38.413 §9.3.1.26.
//
//aper:sequence
type EmergencyFallbackIndicator struct {
	EmergencyFallbackRequestIndicator EmergencyFallbackRequestIndicator
	EmergencyServiceTargetCN          *EmergencyServiceTargetCN `aper:"optional"`
}

// EmergencyFallbackRequestIndicator is part of Emergency Fallback Indicator, TS 38.413 §9.3.1.26.
//
//aper:enum 1 ext
type EmergencyFallbackRequestIndicator uint8

// Values of EmergencyFallbackRequestIndicator.
const (
	EmergencyFallbackRequestIndicatorEmergencyFallbackRequested EmergencyFallbackRequestIndicator = iota // emergency-fallback-requested
)

// RATInformation is the RAT Information IE, TS 38.413 §9.3.1.125.
//
//aper:enum 2+4 ext
type RATInformation uint8

// Values of RATInformation.
const (
	RATInformationUnlicensed RATInformation = iota // unlicensed
	RATInformationNbIoT                            // nb-IoT
	RATInformationNRLEO                            // nR-LEO
	RATInformationNRMEO                            // nR-MEO
	RATInformationNRGEO                            // nR-GEO
	RATInformationNROTHERSAT                       // nR-OTHERSAT
)

// RSN is part of Redundant PDU Session Information, TS 38.413 §9.3.1.136.
//
//aper:enum 2 ext
type RSN uint8

// Values of RSN.
const (
	RSNV1 RSN = iota // v1
	RSNV2            // v2
)

// ERABID is the E-RAB ID IE, TS 38.413 §9.3.2.3.
//
//aper:int 0..15 ext
type ERABID uint8

// TAIListForRestart is part of PWS RESTART INDICATION, TS 38.413 §9.2.8.5.
//
//aper:list 1..2048
type TAIListForRestart []TAI

// PrivacyIndicator is part of CELL TRAFFIC TRACE, TS 38.413 §9.2.10.4.
//
//aper:enum 2 ext
type PrivacyIndicator uint8

// Values of PrivacyIndicator.
const (
	PrivacyIndicatorImmediateMDT PrivacyIndicator = iota // immediate-MDT
	PrivacyIndicatorLoggedMDT                            // logged-MDT
)

// SuspendRequestIndication is the Suspend Request Indication IE, TS 38.413 §9.3.1.158.
//
//aper:enum 1 ext
type SuspendRequestIndication uint8

// Values of SuspendRequestIndication.
const (
	SuspendRequestIndicationSuspendRequested SuspendRequestIndication = iota // suspend-requested
)

// SuspendResponseIndication is the Suspend Response Indication IE, TS 38.413 §9.3.1.159.
//
//aper:enum 1 ext
type SuspendResponseIndication uint8

// Values of SuspendResponseIndication.
const (
	SuspendResponseIndicationSuspendIndicated SuspendResponseIndication = iota // suspend-indicated
)

// ProcedureStageChoice is part of Early Status Transfer Transparent Container, TS 38.413 §9.3.1.190.
//
//aper:choice
type ProcedureStageChoice struct {
	FirstDlCount *FirstDLCount
}

// FirstDLCount is part of Early Status Transfer Transparent Container, TS 38.413 §9.3.1.190.
//
//aper:sequence
type FirstDLCount struct {
	DRBsSubjectToEarlyStatusTransfer DRBsSubjectToEarlyStatusTransferList
}

// SuspendIndicator is part of UE Context Suspend Request Transfer, TS 38.413 §9.3.4.26.
//
//aper:enum 1 ext
type SuspendIndicator uint8

// Values of SuspendIndicator.
const (
	SuspendIndicatorTrue SuspendIndicator = iota // true
)
