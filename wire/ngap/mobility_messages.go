package ngap

import "github.com/limpid-5g/limpid/wire/aper"

// HandoverRequired is the HANDOVER REQUIRED message, TS 38.413 §9.2.3.1.
//
//aper:message initiating 12 reject
type HandoverRequired struct {
	AMFUENGAPID                        AMFUENGAPID                        `ie:"10,reject,mandatory"`
	RANUENGAPID                        RANUENGAPID                        `ie:"85,reject,mandatory"`
	HandoverType                       HandoverType                       `ie:"29,reject,mandatory"`
	Cause                              Cause                              `ie:"15,ignore,mandatory"`
	TargetID                           TargetID                           `ie:"105,reject,mandatory"`
	DirectForwardingPathAvailability   *DirectForwardingPathAvailability  `ie:"22,ignore,optional"`
	PDUSessionResourceListHORqd        PDUSessionResourceListHORqd        `ie:"61,reject,mandatory"`
	SourceToTargetTransparentContainer SourceToTargetTransparentContainer `ie:"101,reject,mandatory"`
}

// HandoverCommand is the HANDOVER COMMAND message, TS 38.413 §9.2.3.2.
//
//aper:message successful 12 reject
type HandoverCommand struct {
	AMFUENGAPID                          AMFUENGAPID                          `ie:"10,reject,mandatory"`
	RANUENGAPID                          RANUENGAPID                          `ie:"85,reject,mandatory"`
	HandoverType                         HandoverType                         `ie:"29,reject,mandatory"`
	NASSecurityParametersFromNGRAN       NASSecurityParametersFromNGRAN       `ie:"39,reject,conditional"`
	PDUSessionResourceHandoverList       PDUSessionResourceHandoverList       `ie:"59,ignore,optional"`
	PDUSessionResourceToReleaseListHOCmd PDUSessionResourceToReleaseListHOCmd `ie:"78,ignore,optional"`
	TargetToSourceTransparentContainer   TargetToSourceTransparentContainer   `ie:"106,reject,mandatory"`
	CriticalityDiagnostics               *CriticalityDiagnostics              `ie:"19,ignore,optional"`
}

// HandoverPreparationFailure is the HANDOVER PREPARATION FAILURE message, TS 38.413 §9.2.3.3.
//
//aper:message unsuccessful 12 reject
type HandoverPreparationFailure struct {
	AMFUENGAPID                               AMFUENGAPID                               `ie:"10,ignore,mandatory"`
	RANUENGAPID                               RANUENGAPID                               `ie:"85,ignore,mandatory"`
	Cause                                     Cause                                     `ie:"15,ignore,mandatory"`
	CriticalityDiagnostics                    *CriticalityDiagnostics                   `ie:"19,ignore,optional"`
	TargettoSourceFailureTransparentContainer TargettoSourceFailureTransparentContainer `ie:"262,ignore,optional"`
}

// HandoverRequest is the HANDOVER REQUEST message, TS 38.413 §9.2.3.4.
//
//aper:message initiating 13 reject
type HandoverRequest struct {
	AMFUENGAPID                                 AMFUENGAPID                                  `ie:"10,reject,mandatory"`
	HandoverType                                HandoverType                                 `ie:"29,reject,mandatory"`
	Cause                                       Cause                                        `ie:"15,ignore,mandatory"`
	UEAggregateMaximumBitRate                   UEAggregateMaximumBitRate                    `ie:"110,reject,mandatory"`
	CoreNetworkAssistanceInformationForInactive *CoreNetworkAssistanceInformationForInactive `ie:"18,ignore,optional"`
	UESecurityCapabilities                      UESecurityCapabilities                       `ie:"119,reject,mandatory"`
	SecurityContext                             SecurityContext                              `ie:"93,reject,mandatory"`
	NewSecurityContextInd                       *NewSecurityContextInd                       `ie:"41,reject,optional"`
	NASC                                        NASPDU                                       `ie:"37,reject,optional"`
	PDUSessionResourceSetupListHOReq            PDUSessionResourceSetupListHOReq             `ie:"73,reject,mandatory"`
	AllowedNSSAI                                AllowedNSSAI                                 `ie:"0,reject,mandatory"`
	TraceActivation                             *TraceActivation                             `ie:"108,ignore,optional"`
	MaskedIMEISV                                *MaskedIMEISV                                `ie:"34,ignore,optional"`
	SourceToTargetTransparentContainer          SourceToTargetTransparentContainer           `ie:"101,reject,mandatory"`
	MobilityRestrictionList                     *MobilityRestrictionList                     `ie:"36,ignore,optional"`
	LocationReportingRequestType                *LocationReportingRequestType                `ie:"33,ignore,optional"`
	RRCInactiveTransitionReportRequest          *RRCInactiveTransitionReportRequest          `ie:"91,ignore,optional"`
	GUAMI                                       GUAMI                                        `ie:"28,reject,mandatory"`
	RedirectionVoiceFallback                    *RedirectionVoiceFallback                    `ie:"146,ignore,optional"`
	CNAssistedRANTuning                         *CNAssistedRANTuning                         `ie:"165,ignore,optional"`
	SRVCCOperationPossible                      *SRVCCOperationPossible                      `ie:"177,ignore,optional"`
	IABAuthorized                               *IABAuthorized                               `ie:"199,reject,optional"`
	EnhancedCoverageRestriction                 *EnhancedCoverageRestriction                 `ie:"205,ignore,optional"`
	UEDifferentiationInfo                       *UEDifferentiationInfo                       `ie:"209,ignore,optional"`
	NRV2XServicesAuthorized                     *NRV2XServicesAuthorized                     `ie:"216,ignore,optional"`
	LTEV2XServicesAuthorized                    *LTEV2XServicesAuthorized                    `ie:"215,ignore,optional"`
	NRUESidelinkAggregateMaximumBitrate         *NRUESidelinkAggregateMaximumBitrate         `ie:"218,ignore,optional"`
	LTEUESidelinkAggregateMaximumBitrate        *LTEUESidelinkAggregateMaximumBitrate        `ie:"217,ignore,optional"`
	PC5QoSParameters                            aper.Open                                    `ie:"219,ignore,optional" aper:"open"`
	CEmodeBrestricted                           *CEmodeBrestricted                           `ie:"222,ignore,optional"`
	UEUPCIoTSupport                             *UEUPCIoTSupport                             `ie:"234,ignore,optional"`
	ManagementBasedMDTPLMNList                  MDTPLMNList                                  `ie:"254,ignore,optional"`
	UERadioCapabilityID                         UERadioCapabilityID                          `ie:"264,reject,optional"`
	ExtendedConnectedTime                       *ExtendedConnectedTime                       `ie:"206,ignore,optional"`
	TimeSyncAssistanceInfo                      *TimeSyncAssistanceInfo                      `ie:"326,ignore,optional"`
	UESliceMaximumBitRateList                   UESliceMaximumBitRateList                    `ie:"335,ignore,optional"`
	FiveGProSeAuthorized                        aper.Open                                    `ie:"345,ignore,optional" aper:"open"`
	FiveGProSeUEPC5AggregateMaximumBitRate      *NRUESidelinkAggregateMaximumBitrate         `ie:"346,ignore,optional"`
	FiveGProSePC5QoSParameters                  aper.Open                                    `ie:"347,ignore,optional" aper:"open"`
}

// HandoverRequestAcknowledge is the HANDOVER REQUEST ACKNOWLEDGE message, TS 38.413 §9.2.3.5.
//
//aper:message successful 13 reject
type HandoverRequestAcknowledge struct {
	AMFUENGAPID                              AMFUENGAPID                              `ie:"10,ignore,mandatory"`
	RANUENGAPID                              RANUENGAPID                              `ie:"85,ignore,mandatory"`
	PDUSessionResourceAdmittedList           PDUSessionResourceAdmittedList           `ie:"53,ignore,mandatory"`
	PDUSessionResourceFailedToSetupListHOAck PDUSessionResourceFailedToSetupListHOAck `ie:"56,ignore,optional"`
	TargetToSourceTransparentContainer       TargetToSourceTransparentContainer       `ie:"106,reject,mandatory"`
	CriticalityDiagnostics                   *CriticalityDiagnostics                  `ie:"19,ignore,optional"`
	NPNAccessInformation                     *NPNAccessInformation                    `ie:"259,reject,optional"`
	RedCapIndication                         *RedCapIndication                        `ie:"333,ignore,optional"`
}

// HandoverFailure is the HANDOVER FAILURE message, TS 38.413 §9.2.3.6.
//
//aper:message unsuccessful 13 reject
type HandoverFailure struct {
	AMFUENGAPID                               AMFUENGAPID                               `ie:"10,ignore,mandatory"`
	Cause                                     Cause                                     `ie:"15,ignore,mandatory"`
	CriticalityDiagnostics                    *CriticalityDiagnostics                   `ie:"19,ignore,optional"`
	TargettoSourceFailureTransparentContainer TargettoSourceFailureTransparentContainer `ie:"262,ignore,optional"`
}

// HandoverNotify is the HANDOVER NOTIFY message, TS 38.413 §9.2.3.7.
//
//aper:message initiating 11 ignore
type HandoverNotify struct {
	AMFUENGAPID             AMFUENGAPID             `ie:"10,reject,mandatory"`
	RANUENGAPID             RANUENGAPID             `ie:"85,reject,mandatory"`
	UserLocationInformation UserLocationInformation `ie:"121,ignore,mandatory"`
	NotifySourceNGRANNode   *NotifySourceNGRANNode  `ie:"269,ignore,optional"`
}

// PathSwitchRequest is the PATH SWITCH REQUEST message, TS 38.413 §9.2.3.8.
//
//aper:message initiating 25 reject
type PathSwitchRequest struct {
	RANUENGAPID                              RANUENGAPID                              `ie:"85,reject,mandatory"`
	SourceAMFUENGAPID                        AMFUENGAPID                              `ie:"100,reject,mandatory"`
	UserLocationInformation                  UserLocationInformation                  `ie:"121,ignore,mandatory"`
	UESecurityCapabilities                   UESecurityCapabilities                   `ie:"119,ignore,mandatory"`
	PDUSessionResourceToBeSwitchedDLList     PDUSessionResourceToBeSwitchedDLList     `ie:"76,reject,mandatory"`
	PDUSessionResourceFailedToSetupListPSReq PDUSessionResourceFailedToSetupListPSReq `ie:"57,ignore,optional"`
	RRCResumeCause                           *RRCEstablishmentCause                   `ie:"237,ignore,optional"`
	RedCapIndication                         *RedCapIndication                        `ie:"333,ignore,optional"`
}

// PathSwitchRequestAcknowledge is the PATH SWITCH REQUEST ACKNOWLEDGE message, TS 38.413 §9.2.3.9.
//
//aper:message successful 25 reject
type PathSwitchRequestAcknowledge struct {
	AMFUENGAPID                                 AMFUENGAPID                                  `ie:"10,ignore,mandatory"`
	RANUENGAPID                                 RANUENGAPID                                  `ie:"85,ignore,mandatory"`
	UESecurityCapabilities                      *UESecurityCapabilities                      `ie:"119,reject,optional"`
	SecurityContext                             SecurityContext                              `ie:"93,reject,mandatory"`
	NewSecurityContextInd                       *NewSecurityContextInd                       `ie:"41,reject,optional"`
	PDUSessionResourceSwitchedList              PDUSessionResourceSwitchedList               `ie:"77,ignore,mandatory"`
	PDUSessionResourceReleasedListPSAck         PDUSessionResourceReleasedListPSAck          `ie:"68,ignore,optional"`
	AllowedNSSAI                                AllowedNSSAI                                 `ie:"0,reject,mandatory"`
	CoreNetworkAssistanceInformationForInactive *CoreNetworkAssistanceInformationForInactive `ie:"18,ignore,optional"`
	RRCInactiveTransitionReportRequest          *RRCInactiveTransitionReportRequest          `ie:"91,ignore,optional"`
	CriticalityDiagnostics                      *CriticalityDiagnostics                      `ie:"19,ignore,optional"`
	RedirectionVoiceFallback                    *RedirectionVoiceFallback                    `ie:"146,ignore,optional"`
	CNAssistedRANTuning                         *CNAssistedRANTuning                         `ie:"165,ignore,optional"`
	SRVCCOperationPossible                      *SRVCCOperationPossible                      `ie:"177,ignore,optional"`
	EnhancedCoverageRestriction                 *EnhancedCoverageRestriction                 `ie:"205,ignore,optional"`
	ExtendedConnectedTime                       *ExtendedConnectedTime                       `ie:"206,ignore,optional"`
	UEDifferentiationInfo                       *UEDifferentiationInfo                       `ie:"209,ignore,optional"`
	NRV2XServicesAuthorized                     *NRV2XServicesAuthorized                     `ie:"216,ignore,optional"`
	LTEV2XServicesAuthorized                    *LTEV2XServicesAuthorized                    `ie:"215,ignore,optional"`
	NRUESidelinkAggregateMaximumBitrate         *NRUESidelinkAggregateMaximumBitrate         `ie:"218,ignore,optional"`
	LTEUESidelinkAggregateMaximumBitrate        *LTEUESidelinkAggregateMaximumBitrate        `ie:"217,ignore,optional"`
	PC5QoSParameters                            aper.Open                                    `ie:"219,ignore,optional" aper:"open"`
	CEmodeBrestricted                           *CEmodeBrestricted                           `ie:"222,ignore,optional"`
	UEUPCIoTSupport                             *UEUPCIoTSupport                             `ie:"234,ignore,optional"`
	UERadioCapabilityID                         UERadioCapabilityID                          `ie:"264,reject,optional"`
	ManagementBasedMDTPLMNList                  MDTPLMNList                                  `ie:"254,ignore,optional"`
	TimeSyncAssistanceInfo                      *TimeSyncAssistanceInfo                      `ie:"326,ignore,optional"`
	FiveGProSeAuthorized                        aper.Open                                    `ie:"345,ignore,optional" aper:"open"`
	FiveGProSeUEPC5AggregateMaximumBitRate      *NRUESidelinkAggregateMaximumBitrate         `ie:"346,ignore,optional"`
	FiveGProSePC5QoSParameters                  aper.Open                                    `ie:"347,ignore,optional" aper:"open"`
	ManagementBasedMDTPLMNModificationList      MDTPLMNModificationList                      `ie:"359,ignore,optional"`
}

// PathSwitchRequestFailure is the PATH SWITCH REQUEST FAILURE message, TS 38.413 §9.2.3.10.
//
//aper:message unsuccessful 25 reject
type PathSwitchRequestFailure struct {
	AMFUENGAPID                          AMFUENGAPID                          `ie:"10,ignore,mandatory"`
	RANUENGAPID                          RANUENGAPID                          `ie:"85,ignore,mandatory"`
	PDUSessionResourceReleasedListPSFail PDUSessionResourceReleasedListPSFail `ie:"69,ignore,mandatory"`
	CriticalityDiagnostics               *CriticalityDiagnostics              `ie:"19,ignore,optional"`
}

// HandoverCancel is the HANDOVER CANCEL message, TS 38.413 §9.2.3.11.
//
//aper:message initiating 10 reject
type HandoverCancel struct {
	AMFUENGAPID AMFUENGAPID `ie:"10,reject,mandatory"`
	RANUENGAPID RANUENGAPID `ie:"85,reject,mandatory"`
	Cause       Cause       `ie:"15,ignore,mandatory"`
}

// HandoverCancelAcknowledge is the HANDOVER CANCEL ACKNOWLEDGE message, TS 38.413 §9.2.3.12.
//
//aper:message successful 10 reject
type HandoverCancelAcknowledge struct {
	AMFUENGAPID            AMFUENGAPID             `ie:"10,ignore,mandatory"`
	RANUENGAPID            RANUENGAPID             `ie:"85,ignore,mandatory"`
	CriticalityDiagnostics *CriticalityDiagnostics `ie:"19,ignore,optional"`
}

// UplinkRANStatusTransfer is the UPLINK RAN STATUS TRANSFER message, TS 38.413 §9.2.3.13.
//
//aper:message initiating 49 ignore
type UplinkRANStatusTransfer struct {
	AMFUENGAPID                           AMFUENGAPID                           `ie:"10,reject,mandatory"`
	RANUENGAPID                           RANUENGAPID                           `ie:"85,reject,mandatory"`
	RANStatusTransferTransparentContainer RANStatusTransferTransparentContainer `ie:"84,reject,mandatory"`
}

// DownlinkRANStatusTransfer is the DOWNLINK RAN STATUS TRANSFER message, TS 38.413 §9.2.3.14.
//
//aper:message initiating 7 ignore
type DownlinkRANStatusTransfer struct {
	AMFUENGAPID                           AMFUENGAPID                           `ie:"10,reject,mandatory"`
	RANUENGAPID                           RANUENGAPID                           `ie:"85,reject,mandatory"`
	RANStatusTransferTransparentContainer RANStatusTransferTransparentContainer `ie:"84,reject,mandatory"`
}

// HandoverSuccess is the HANDOVER SUCCESS message, TS 38.413 §9.2.3.15.
//
//aper:message initiating 61 ignore
type HandoverSuccess struct {
	AMFUENGAPID AMFUENGAPID `ie:"10,reject,mandatory"`
	RANUENGAPID RANUENGAPID `ie:"85,reject,mandatory"`
}

// UplinkRANEarlyStatusTransfer is the UPLINK RAN EARLY STATUS TRANSFER message, TS 38.413 §9.2.3.16.
//
//aper:message initiating 62 reject
type UplinkRANEarlyStatusTransfer struct {
	AMFUENGAPID                             AMFUENGAPID                             `ie:"10,reject,mandatory"`
	RANUENGAPID                             RANUENGAPID                             `ie:"85,reject,mandatory"`
	EarlyStatusTransferTransparentContainer EarlyStatusTransferTransparentContainer `ie:"268,reject,mandatory"`
}

// DownlinkRANEarlyStatusTransfer is the DOWNLINK RAN EARLY STATUS TRANSFER message, TS 38.413 §9.2.3.17.
//
//aper:message initiating 63 ignore
type DownlinkRANEarlyStatusTransfer struct {
	AMFUENGAPID                             AMFUENGAPID                             `ie:"10,reject,mandatory"`
	RANUENGAPID                             RANUENGAPID                             `ie:"85,reject,mandatory"`
	EarlyStatusTransferTransparentContainer EarlyStatusTransferTransparentContainer `ie:"268,reject,mandatory"`
}
