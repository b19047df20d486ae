package ngap

// CoreNetworkAssistanceInformationForInactive is part of INITIAL CONTEXT SETUP REQUEST, TS 38.413 §9.2.2.1.
//
//aper:sequence
type CoreNetworkAssistanceInformationForInactive struct {
	UEIdentityIndexValue                 UEIdentityIndexValue
	UESpecificDRX                        *PagingDRX `aper:"optional"`
	PeriodicRegistrationUpdateTimer      PeriodicRegistrationUpdateTimer
	MICOModeIndication                   *MICOModeIndication `aper:"optional"`
	TAIListForInactive                   TAIListForInactive
	ExpectedUEBehaviour                  *ExpectedUEBehaviour                  `aper:"optional"`
	EUTRAPagingeDRXInformation           *EUTRAPagingeDRXInformation           `ext:"223,ignore"`
	ExtendedUEIdentityIndexValue         *ExtendedUEIdentityIndexValue         `ext:"280,ignore"`
	UERadioCapabilityForPaging           *UERadioCapabilityForPaging           `ext:"118,ignore"`
	MicoAllPLMN                          *MicoAllPLMN                          `ext:"282,ignore"`
	NRPagingeDRXInformation              *NRPagingeDRXInformation              `ext:"332,ignore"`
	PagingCauseIndicationForVoiceService *PagingCauseIndicationForVoiceService `ext:"343,ignore"`
	PEIPSassistanceInformation           *PEIPSassistanceInformation           `ext:"344,ignore"`
}

// TimeSyncAssistanceInfo is part of INITIAL CONTEXT SETUP REQUEST, TS 38.413 §9.2.2.1.
//
//aper:sequence
type TimeSyncAssistanceInfo struct {
	TimeDistributionIndication TimeSyncAssistanceInfoTimeDistributionIndication
	UUTimeSyncErrorBudget      *uint32 `aper:"int 1..1000000 ext,optional"`
}

// TimeSyncAssistanceInfoTimeDistributionIndication is part of INITIAL CONTEXT SETUP REQUEST, TS 38.413 §9.2.2.1.
//
//aper:enum 2 ext
type TimeSyncAssistanceInfoTimeDistributionIndication uint8

// Values of TimeSyncAssistanceInfoTimeDistributionIndication.
const (
	TimeSyncAssistanceInfoTimeDistributionIndicationEnabled  TimeSyncAssistanceInfoTimeDistributionIndication = iota // enabled
	TimeSyncAssistanceInfoTimeDistributionIndicationDisabled                                                         // disabled
)

// TAIListForInactive is part of INITIAL CONTEXT SETUP REQUEST, TS 38.413 §9.2.2.1.
//
//aper:list 1..16
type TAIListForInactive []TAIListForInactiveItem

// TAIListForInactiveItem is part of INITIAL CONTEXT SETUP REQUEST, TS 38.413 §9.2.2.1.
//
//aper:sequence
type TAIListForInactiveItem struct {
	TAI TAI
}

// CoverageEnhancementLevel is part of UE CONTEXT RELEASE COMPLETE, TS 38.413 §9.2.2.6.
//
//aper:octets
type CoverageEnhancementLevel []byte

// IABNodeIndication is part of INITIAL UE MESSAGE, TS 38.413 §9.2.5.1.
//
//aper:enum 1 ext
type IABNodeIndication uint8

// Values of IABNodeIndication.
const (
	IABNodeIndicationTrue IABNodeIndication = iota // true
)

// EDTSession is part of INITIAL UE MESSAGE, TS 38.413 §9.2.5.1.
//
//aper:enum 1 ext
type EDTSession uint8

// Values of EDTSession.
const (
	EDTSessionTrue EDTSession = iota // true
)

// IndexToRFSP is part of DOWNLINK NAS TRANSPORT, TS 38.413 §9.2.5.2.
//
//aper:int 1..256 ext
type IndexToRFSP uint16

// UEDifferentiationInfoPeriodicCommunicationIndicator is part of DOWNLINK NAS TRANSPORT, TS 38.413 §9.2.5.2.
//
//aper:enum 2 ext
type UEDifferentiationInfoPeriodicCommunicationIndicator uint8

// Values of UEDifferentiationInfoPeriodicCommunicationIndicator.
const (
	UEDifferentiationInfoPeriodicCommunicationIndicatorPeriodically UEDifferentiationInfoPeriodicCommunicationIndicator = iota // periodically
	UEDifferentiationInfoPeriodicCommunicationIndicatorOndemand                                                                // ondemand
)

// UEDifferentiationInfoStationaryIndication is part of DOWNLINK NAS TRANSPORT, TS 38.413 §9.2.5.2.
//
//aper:enum 2 ext
type UEDifferentiationInfoStationaryIndication uint8

// Values of UEDifferentiationInfoStationaryIndication.
const (
	UEDifferentiationInfoStationaryIndicationStationary UEDifferentiationInfoStationaryIndication = iota // stationary
	UEDifferentiationInfoStationaryIndicationMobile                                                      // mobile
)

// UEDifferentiationInfoTrafficProfile is part of DOWNLINK NAS TRANSPORT, TS 38.413 §9.2.5.2.
//
//aper:enum 3 ext
type UEDifferentiationInfoTrafficProfile uint8

// Values of UEDifferentiationInfoTrafficProfile.
const (
	UEDifferentiationInfoTrafficProfileSinglePacket    UEDifferentiationInfoTrafficProfile = iota // single-packet
	UEDifferentiationInfoTrafficProfileDualPackets                                                // dual-packets
	UEDifferentiationInfoTrafficProfileMultiplePackets                                            // multiple-packets
)

// UEDifferentiationInfoBatteryIndication is part of DOWNLINK NAS TRANSPORT, TS 38.413 §9.2.5.2.
//
//aper:enum 3 ext
type UEDifferentiationInfoBatteryIndication uint8

// Values of UEDifferentiationInfoBatteryIndication.
const (
	UEDifferentiationInfoBatteryIndicationBatteryPowered                             UEDifferentiationInfoBatteryIndication = iota // battery-powered
	UEDifferentiationInfoBatteryIndicationBatteryPoweredNotRechargeableOrReplaceable                                               // battery-powered-not-rechargeable-or-replaceable
	UEDifferentiationInfoBatteryIndicationNotBatteryPowered                                                                        // not-battery-powered
)

// ScheduledCommunicationTime is part of DOWNLINK NAS TRANSPORT, TS 38.413 §9.2.5.2.
//
//aper:sequence
type ScheduledCommunicationTime struct {
	DayofWeek      *uint8  `aper:"bits 7,optional"`
	TimeofDayStart *uint32 `aper:"int 0..86399 ext,optional"`
	TimeofDayEnd   *uint32 `aper:"int 0..86399 ext,optional"`
}

// IABSupported is part of NG SETUP RESPONSE, TS 38.413 §9.2.6.2.
//
//aper:enum 1 ext
type IABSupported uint8

// Values of IABSupported.
const (
	IABSupportedTrue IABSupported = iota // true
)

// MICOModeIndication is the MICO Mode Indication IE, TS 38.413 §9.3.1.23.
//
//aper:enum 1 ext
type MICOModeIndication uint8

// Values of MICOModeIndication.
const (
	MICOModeIndicationTrue MICOModeIndication = iota // true
)

// UERadioCapability is the UE Radio Capability IE, TS 38.413 §9.3.1.74.
//
//aper:octets
type UERadioCapability []byte

// IMSVoiceSupportIndicator is the IMS Voice Support Indicator IE, TS 38.413 §9.3.1.89.
//
//aper:enum 2 ext
type IMSVoiceSupportIndicator uint8

// Values of IMSVoiceSupportIndicator.
const (
	IMSVoiceSupportIndicatorSupported    IMSVoiceSupportIndicator = iota // supported
	IMSVoiceSupportIndicatorNotSupported                                 // not-supported
)

// RRCInactiveTransitionReportRequest is the RRC Inactive Transition Report Request IE, TS 38.413 §9.3.1.91.
//
//aper:enum 3 ext
type RRCInactiveTransitionReportRequest uint8

// Values of RRCInactiveTransitionReportRequest.
const (
	RRCInactiveTransitionReportRequestSubsequentStateTransitionReport RRCInactiveTransitionReportRequest = iota // subsequent-state-transition-report
	RRCInactiveTransitionReportRequestSingleRRCConnectedStateReport                                             // single-rrc-connected-state-report
	RRCInactiveTransitionReportRequestCancelReport                                                              // cancel-report
)

// RRCState is the RRC State IE, TS 38.413 §9.3.1.92.
//
//aper:enum 2 ext
type RRCState uint8

// Values of RRCState.
const (
	RRCStateInactive  RRCState = iota // inactive
	RRCStateConnected                 // connected
)

// ExpectedUEBehaviour is the Expected UE Behaviour IE, TS 38.413 §9.3.1.93.
//
//aper:sequence
type ExpectedUEBehaviour struct {
	ExpectedUEActivityBehaviour *ExpectedUEActivityBehaviour `aper:"optional"`
	ExpectedHOInterval          *ExpectedHOInterval          `aper:"optional"`
	ExpectedUEMobility          *ExpectedUEMobility          `aper:"optional"`
	ExpectedUEMovingTrajectory  ExpectedUEMovingTrajectory   `aper:"optional"`
}

// ExpectedUEMobility is part of Expected UE Behaviour, TS 38.413 §9.3.1.93.
//
//aper:enum 2 ext
type ExpectedUEMobility uint8

// Values of ExpectedUEMobility.
const (
	ExpectedUEMobilityStationary ExpectedUEMobility = iota // stationary
	ExpectedUEMobilityMobile                               // mobile
)

// ExpectedUEMovingTrajectory is part of Expected UE Behaviour, TS 38.413 §9.3.1.93.
//
//aper:list 1..16
type ExpectedUEMovingTrajectory []ExpectedUEMovingTrajectoryItem

// ExpectedUEMovingTrajectoryItem is part of Expected UE Behaviour, TS 38.413 §9.3.1.93.
//
//aper:sequence
type ExpectedUEMovingTrajectoryItem struct {
	NGRANCGI         NGRANCGI
	TimeStayedInCell *uint16 `aper:"int 0..4095,optional"`
}

// ExpectedUEActivityBehaviour is the Expected UE Activity Behaviour IE, TS 38.413 §9.3.1.94.
//
//aper:sequence
type ExpectedUEActivityBehaviour struct {
	ExpectedActivityPeriod                 *ExpectedActivityPeriod                 `aper:"optional"`
	ExpectedIdlePeriod                     *ExpectedIdlePeriod                     `aper:"optional"`
	SourceOfUEActivityBehaviourInformation *SourceOfUEActivityBehaviourInformation `aper:"optional"`
}

// SourceOfUEActivityBehaviourInformation is part of Expected UE Activity Behaviour, TS 38.413 §9.3.1.94.
//
//aper:enum 2 ext
type SourceOfUEActivityBehaviourInformation uint8

// Values of SourceOfUEActivityBehaviourInformation.
const (
	SourceOfUEActivityBehaviourInformationSubscriptionInformation SourceOfUEActivityBehaviourInformation = iota // subscription-information
	SourceOfUEActivityBehaviourInformationStatistics                                                            // statistics
)

// TrafficLoadReductionIndication is the Traffic Load Reduction Indication IE, TS 38.413 §9.3.1.106.
//
//aper:int 1..99
type TrafficLoadReductionIndication uint8

// RRCEstablishmentCause is the RRC Establishment Cause IE, TS 38.413 §9.3.1.111.
//
//aper:enum 10+2 ext
type RRCEstablishmentCause uint8

// Values of RRCEstablishmentCause.
const (
	RRCEstablishmentCauseEmergency          RRCEstablishmentCause = iota // emergency
	RRCEstablishmentCauseHighPriorityAccess                              // highPriorityAccess
	RRCEstablishmentCauseMTAccess                                        // mt-Access
	RRCEstablishmentCauseMOSignalling                                    // mo-Signalling
	RRCEstablishmentCauseMOData                                          // mo-Data
	RRCEstablishmentCauseMOVoiceCall                                     // mo-VoiceCall
	RRCEstablishmentCauseMOVideoCall                                     // mo-VideoCall
	RRCEstablishmentCauseMOSMS                                           // mo-SMS
	RRCEstablishmentCauseMPSPriorityAccess                               // mps-PriorityAccess
	RRCEstablishmentCauseMCSPriorityAccess                               // mcs-PriorityAccess
	RRCEstablishmentCauseNotAvailable                                    // notAvailable
	RRCEstablishmentCauseMOExceptionData                                 // mo-ExceptionData
)

// SRVCCOperationPossible is the SRVCC Operation Possible IE, TS 38.413 §9.3.1.128.
//
//aper:enum 2 ext
type SRVCCOperationPossible uint8

// Values of SRVCCOperationPossible.
const (
	SRVCCOperationPossiblePossible    SRVCCOperationPossible = iota // possible
	SRVCCOperationPossibleNotPossible                               // notPossible
)

// IABAuthorized is the IAB Authorized IE, TS 38.413 §9.3.1.129.
//
//aper:enum 2 ext
type IABAuthorized uint8

// Values of IABAuthorized.
const (
	IABAuthorizedAuthorized    IABAuthorized = iota // authorized
	IABAuthorizedNotAuthorized                      // not-authorized
)

// UERadioCapabilityID is the UE Radio Capability ID IE, TS 38.413 §9.3.1.142.
//
//aper:octets
type UERadioCapabilityID []byte

// CEmodeBrestricted is the CE-mode-B Restricted IE, TS 38.413 §9.3.1.155.
//
//aper:enum 2 ext
type CEmodeBrestricted uint8

// Values of CEmodeBrestricted.
const (
	CEmodeBrestrictedRestricted    CEmodeBrestricted = iota // restricted
	CEmodeBrestrictedNotRestricted                          // not-restricted
)

// CEmodeBSupportIndicator is the CE-mode-B Support Indicator IE, TS 38.413 §9.3.1.156.
//
//aper:enum 1 ext
type CEmodeBSupportIndicator uint8

// Values of CEmodeBSupportIndicator.
const (
	CEmodeBSupportIndicatorSupported CEmodeBSupportIndicator = iota // supported
)

// LTEMIndication is the LTE-M Indication IE, TS 38.413 §9.3.1.157.
//
//aper:enum 1 ext
type LTEMIndication uint8

// Values of LTEMIndication.
const (
	LTEMIndicationLteM LTEMIndication = iota // lte-m
)

// UECapabilityInfoRequest is the UE Capability Info Request IE, TS 38.413 §9.3.1.192.
//
//aper:enum 1 ext
type UECapabilityInfoRequest uint8

// Values of UECapabilityInfoRequest.
const (
	UECapabilityInfoRequestRequested UECapabilityInfoRequest = iota // requested
)

// MicoAllPLMN is the MICO All PLMN IE, TS 38.413 §9.3.1.194.
//
//aper:enum 1 ext
type MicoAllPLMN uint8

// Values of MicoAllPLMN.
const (
	MicoAllPLMNTrue MicoAllPLMN = iota // true
)

// RedCapIndication is the RedCap Indication IE, TS 38.413 §9.3.1.228.
//
//aper:enum 1 ext
type RedCapIndication uint8

// Values of RedCapIndication.
const (
	RedCapIndicationRedcap RedCapIndication = iota // redcap
)

// PEIPSassistanceInformation is the PEIPS Assistance Information IE, TS 38.413 §9.3.1.232.
//
//aper:sequence
type PEIPSassistanceInformation struct {
	CNsubgroupID CNsubgroupID
}

// CNsubgroupID is part of PEIPS Assistance Information, TS 38.413 §9.3.1.232.
//
//aper:int 0..7 ext
type CNsubgroupID uint8

// UEIdentityIndexValue is the UE Identity Index Value IE, TS 38.413 §9.3.3.23.
//
//aper:choice
type UEIdentityIndexValue struct {
	IndexLength10 *uint16 `aper:"bits 10"`
}

// PeriodicRegistrationUpdateTimer is the Periodic Registration Update Timer IE, TS 38.413 §9.3.3.24.
//
//aper:bits 8
type PeriodicRegistrationUpdateTimer uint8

// EndIndication is the End Indication IE, TS 38.413 §9.3.3.32.
//
//aper:enum 2 ext
type EndIndication uint8

// Values of EndIndication.
const (
	EndIndicationNoFurtherData     EndIndication = iota // no-further-data
	EndIndicationFurtherDataExists                      // further-data-exists
)

// ExtendedUEIdentityIndexValue is the Extended UE Identity Index Value IE, TS 38.413 §9.3.3.52.
//
//aper:bits 16
type ExtendedUEIdentityIndexValue uint16

// NBIoTUEPriority is the NB-IoT UE Priority IE, TS 38.413 §9.3.1.145.
//
//aper:int 0..255 ext
type NBIoTUEPriority uint8
