package ngap

import "github.com/limpid-5g/limpid/wire/aper"

// InitialContextSetupRequest is the INITIAL CONTEXT SETUP REQUEST message, TS 38.413 §9.2.2.1.
//
//aper:message initiating 14 reject
type InitialContextSetupRequest struct {
	AMFUENGAPID                                 AMFUENGAPID                                  `ie:"10,reject,mandatory"`
	RANUENGAPID                                 RANUENGAPID                                  `ie:"85,reject,mandatory"`
	OldAMF                                      AMFName                                      `ie:"48,reject,optional"`
	UEAggregateMaximumBitRate                   *UEAggregateMaximumBitRate                   `ie:"110,reject,conditional"`
	CoreNetworkAssistanceInformationForInactive *CoreNetworkAssistanceInformationForInactive `ie:"18,ignore,optional"`
	GUAMI                                       GUAMI                                        `ie:"28,reject,mandatory"`
	PDUSessionResourceSetupListCxtReq           PDUSessionResourceSetupListCxtReq            `ie:"71,reject,optional"`
	AllowedNSSAI                                AllowedNSSAI                                 `ie:"0,reject,mandatory"`
	UESecurityCapabilities                      UESecurityCapabilities                       `ie:"119,reject,mandatory"`
	SecurityKey                                 SecurityKey                                  `ie:"94,reject,mandatory"`
	TraceActivation                             *TraceActivation                             `ie:"108,ignore,optional"`
	MobilityRestrictionList                     *MobilityRestrictionList                     `ie:"36,ignore,optional"`
	UERadioCapability                           UERadioCapability                            `ie:"117,ignore,optional"`
	IndexToRFSP                                 *IndexToRFSP                                 `ie:"31,ignore,optional"`
	MaskedIMEISV                                *MaskedIMEISV                                `ie:"34,ignore,optional"`
	NASPDU                                      NASPDU                                       `ie:"38,ignore,optional"`
	EmergencyFallbackIndicator                  *EmergencyFallbackIndicator                  `ie:"24,reject,optional"`
	RRCInactiveTransitionReportRequest          *RRCInactiveTransitionReportRequest          `ie:"91,ignore,optional"`
	UERadioCapabilityForPaging                  *UERadioCapabilityForPaging                  `ie:"118,ignore,optional"`
	RedirectionVoiceFallback                    *RedirectionVoiceFallback                    `ie:"146,ignore,optional"`
	LocationReportingRequestType                *LocationReportingRequestType                `ie:"33,ignore,optional"`
	CNAssistedRANTuning                         *CNAssistedRANTuning                         `ie:"165,ignore,optional"`
	SRVCCOperationPossible                      *SRVCCOperationPossible                      `ie:"177,ignore,optional"`
	IABAuthorized                               *IABAuthorized                               `ie:"199,ignore,optional"`
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
	RGLevelWirelineAccessCharacteristics        RGLevelWirelineAccessCharacteristics         `ie:"238,ignore,optional"`
	ManagementBasedMDTPLMNList                  MDTPLMNList                                  `ie:"254,ignore,optional"`
	UERadioCapabilityID                         UERadioCapabilityID                          `ie:"264,reject,optional"`
	TimeSyncAssistanceInfo                      *TimeSyncAssistanceInfo                      `ie:"326,ignore,optional"`
	QMCConfigInfo                               aper.Open                                    `ie:"328,ignore,optional" aper:"open"`
	TargetNSSAIInformation                      *TargetNSSAIInformation                      `ie:"334,ignore,optional"`
	UESliceMaximumBitRateList                   UESliceMaximumBitRateList                    `ie:"335,ignore,optional"`
	FiveGProSeAuthorized                        aper.Open                                    `ie:"345,ignore,optional" aper:"open"`
	FiveGProSeUEPC5AggregateMaximumBitRate      *NRUESidelinkAggregateMaximumBitrate         `ie:"346,ignore,optional"`
	FiveGProSePC5QoSParameters                  aper.Open                                    `ie:"347,ignore,optional" aper:"open"`
}

// InitialContextSetupResponse is the INITIAL CONTEXT SETUP RESPONSE message, TS 38.413 §9.2.2.2.
//
//aper:message successful 14 reject
type InitialContextSetupResponse struct {
	AMFUENGAPID                               AMFUENGAPID                               `ie:"10,ignore,mandatory"`
	RANUENGAPID                               RANUENGAPID                               `ie:"85,ignore,mandatory"`
	PDUSessionResourceSetupListCxtRes         PDUSessionResourceSetupListCxtRes         `ie:"72,ignore,optional"`
	PDUSessionResourceFailedToSetupListCxtRes PDUSessionResourceFailedToSetupListCxtRes `ie:"55,ignore,optional"`
	CriticalityDiagnostics                    *CriticalityDiagnostics                   `ie:"19,ignore,optional"`
}

// InitialContextSetupFailure is the INITIAL CONTEXT SETUP FAILURE message, TS 38.413 §9.2.2.3.
//
//aper:message unsuccessful 14 reject
type InitialContextSetupFailure struct {
	AMFUENGAPID                                AMFUENGAPID                                `ie:"10,ignore,mandatory"`
	RANUENGAPID                                RANUENGAPID                                `ie:"85,ignore,mandatory"`
	PDUSessionResourceFailedToSetupListCxtFail PDUSessionResourceFailedToSetupListCxtFail `ie:"132,ignore,optional"`
	Cause                                      Cause                                      `ie:"15,ignore,mandatory"`
	CriticalityDiagnostics                     *CriticalityDiagnostics                    `ie:"19,ignore,optional"`
}

// UEContextReleaseRequest is the UE CONTEXT RELEASE REQUEST message, TS 38.413 §9.2.2.4.
//
//aper:message initiating 42 ignore
type UEContextReleaseRequest struct {
	AMFUENGAPID                     AMFUENGAPID                     `ie:"10,reject,mandatory"`
	RANUENGAPID                     RANUENGAPID                     `ie:"85,reject,mandatory"`
	PDUSessionResourceListCxtRelReq PDUSessionResourceListCxtRelReq `ie:"133,reject,optional"`
	Cause                           Cause                           `ie:"15,ignore,mandatory"`
}

// UEContextReleaseCommand is the UE CONTEXT RELEASE COMMAND message, TS 38.413 §9.2.2.5.
//
//aper:message initiating 41 reject
type UEContextReleaseCommand struct {
	UENGAPIDs UENGAPIDs `ie:"114,reject,mandatory"`
	Cause     Cause     `ie:"15,ignore,mandatory"`
}

// UEContextReleaseComplete is the UE CONTEXT RELEASE COMPLETE message, TS 38.413 §9.2.2.6.
//
//aper:message successful 41 reject
type UEContextReleaseComplete struct {
	AMFUENGAPID                                AMFUENGAPID                                 `ie:"10,ignore,mandatory"`
	RANUENGAPID                                RANUENGAPID                                 `ie:"85,ignore,mandatory"`
	UserLocationInformation                    *UserLocationInformation                    `ie:"121,ignore,optional"`
	InfoOnRecommendedCellsAndRANNodesForPaging *InfoOnRecommendedCellsAndRANNodesForPaging `ie:"32,ignore,optional"`
	PDUSessionResourceListCxtRelCpl            PDUSessionResourceListCxtRelCpl             `ie:"60,reject,optional"`
	CriticalityDiagnostics                     *CriticalityDiagnostics                     `ie:"19,ignore,optional"`
	PagingAssisDataforCEcapabUE                *PagingAssisDataforCEcapabUE                `ie:"207,ignore,optional"`
}

// UEContextModificationRequest is the UE CONTEXT MODIFICATION REQUEST message, TS 38.413 §9.2.2.7.
//
//aper:message initiating 40 reject
type UEContextModificationRequest struct {
	AMFUENGAPID                                 AMFUENGAPID                                  `ie:"10,reject,mandatory"`
	RANUENGAPID                                 RANUENGAPID                                  `ie:"85,reject,mandatory"`
	RANPagingPriority                           *RANPagingPriority                           `ie:"83,ignore,optional"`
	SecurityKey                                 *SecurityKey                                 `ie:"94,reject,optional"`
	IndexToRFSP                                 *IndexToRFSP                                 `ie:"31,ignore,optional"`
	UEAggregateMaximumBitRate                   *UEAggregateMaximumBitRate                   `ie:"110,ignore,optional"`
	UESecurityCapabilities                      *UESecurityCapabilities                      `ie:"119,reject,optional"`
	CoreNetworkAssistanceInformationForInactive *CoreNetworkAssistanceInformationForInactive `ie:"18,ignore,optional"`
	EmergencyFallbackIndicator                  *EmergencyFallbackIndicator                  `ie:"24,reject,optional"`
	NewAMFUENGAPID                              *AMFUENGAPID                                 `ie:"40,reject,optional"`
	RRCInactiveTransitionReportRequest          *RRCInactiveTransitionReportRequest          `ie:"91,ignore,optional"`
	NewGUAMI                                    *GUAMI                                       `ie:"162,reject,optional"`
	CNAssistedRANTuning                         *CNAssistedRANTuning                         `ie:"165,ignore,optional"`
	SRVCCOperationPossible                      *SRVCCOperationPossible                      `ie:"177,ignore,optional"`
	IABAuthorized                               *IABAuthorized                               `ie:"199,ignore,optional"`
	NRV2XServicesAuthorized                     *NRV2XServicesAuthorized                     `ie:"216,ignore,optional"`
	LTEV2XServicesAuthorized                    *LTEV2XServicesAuthorized                    `ie:"215,ignore,optional"`
	NRUESidelinkAggregateMaximumBitrate         *NRUESidelinkAggregateMaximumBitrate         `ie:"218,ignore,optional"`
	LTEUESidelinkAggregateMaximumBitrate        *LTEUESidelinkAggregateMaximumBitrate        `ie:"217,ignore,optional"`
	PC5QoSParameters                            aper.Open                                    `ie:"219,ignore,optional" aper:"open"`
	UERadioCapabilityID                         UERadioCapabilityID                          `ie:"264,reject,optional"`
	RGLevelWirelineAccessCharacteristics        RGLevelWirelineAccessCharacteristics         `ie:"238,ignore,optional"`
	TimeSyncAssistanceInfo                      *TimeSyncAssistanceInfo                      `ie:"326,ignore,optional"`
	QMCConfigInfo                               aper.Open                                    `ie:"328,ignore,optional" aper:"open"`
	QMCDeactivation                             *QMCDeactivation                             `ie:"329,ignore,optional"`
	UESliceMaximumBitRateList                   UESliceMaximumBitRateList                    `ie:"335,ignore,optional"`
	ManagementBasedMDTPLMNModificationList      MDTPLMNModificationList                      `ie:"359,ignore,optional"`
	FiveGProSeAuthorized                        aper.Open                                    `ie:"345,ignore,optional" aper:"open"`
	FiveGProSeUEPC5AggregateMaximumBitRate      *NRUESidelinkAggregateMaximumBitrate         `ie:"346,ignore,optional"`
	FiveGProSePC5QoSParameters                  aper.Open                                    `ie:"347,ignore,optional" aper:"open"`
}

// UEContextModificationResponse is the UE CONTEXT MODIFICATION RESPONSE message, TS 38.413 §9.2.2.8.
//
//aper:message successful 40 reject
type UEContextModificationResponse struct {
	AMFUENGAPID             AMFUENGAPID              `ie:"10,ignore,mandatory"`
	RANUENGAPID             RANUENGAPID              `ie:"85,ignore,mandatory"`
	RRCState                *RRCState                `ie:"92,ignore,optional"`
	UserLocationInformation *UserLocationInformation `ie:"121,ignore,optional"`
	CriticalityDiagnostics  *CriticalityDiagnostics  `ie:"19,ignore,optional"`
}

// UEContextModificationFailure is the UE CONTEXT MODIFICATION FAILURE message, TS 38.413 §9.2.2.9.
//
//aper:message unsuccessful 40 reject
type UEContextModificationFailure struct {
	AMFUENGAPID            AMFUENGAPID             `ie:"10,ignore,mandatory"`
	RANUENGAPID            RANUENGAPID             `ie:"85,ignore,mandatory"`
	Cause                  Cause                   `ie:"15,ignore,mandatory"`
	CriticalityDiagnostics *CriticalityDiagnostics `ie:"19,ignore,optional"`
}

// RRCInactiveTransitionReport is the RRC INACTIVE TRANSITION REPORT message, TS 38.413 §9.2.2.10.
//
//aper:message initiating 37 ignore
type RRCInactiveTransitionReport struct {
	AMFUENGAPID             AMFUENGAPID             `ie:"10,reject,mandatory"`
	RANUENGAPID             RANUENGAPID             `ie:"85,reject,mandatory"`
	RRCState                RRCState                `ie:"92,ignore,mandatory"`
	UserLocationInformation UserLocationInformation `ie:"121,ignore,mandatory"`
}

// ConnectionEstablishmentIndication is the CONNECTION ESTABLISHMENT INDICATION message, TS 38.413 §9.2.2.11.
//
//aper:message initiating 65 reject
type ConnectionEstablishmentIndication struct {
	AMFUENGAPID                 AMFUENGAPID                  `ie:"10,reject,mandatory"`
	RANUENGAPID                 RANUENGAPID                  `ie:"85,reject,mandatory"`
	UERadioCapability           UERadioCapability            `ie:"117,ignore,optional"`
	EndIndication               *EndIndication               `ie:"226,ignore,optional"`
	SNSSAI                      *SNSSAI                      `ie:"148,ignore,optional"`
	AllowedNSSAI                AllowedNSSAI                 `ie:"0,ignore,optional"`
	UEDifferentiationInfo       *UEDifferentiationInfo       `ie:"209,ignore,optional"`
	DLCPSecurityInformation     *DLCPSecurityInformation     `ie:"212,ignore,optional"`
	NBIoTUEPriority             *NBIoTUEPriority             `ie:"210,ignore,optional"`
	EnhancedCoverageRestriction *EnhancedCoverageRestriction `ie:"205,ignore,optional"`
	CEmodeBrestricted           *CEmodeBrestricted           `ie:"222,ignore,optional"`
	UERadioCapabilityID         UERadioCapabilityID          `ie:"264,reject,optional"`
	MaskedIMEISV                *MaskedIMEISV                `ie:"34,ignore,optional"`
}

// AMFCPRelocationIndication is the AMF CP RELOCATION INDICATION message, TS 38.413 §9.2.2.12.
//
//aper:message initiating 64 reject
type AMFCPRelocationIndication struct {
	AMFUENGAPID  AMFUENGAPID  `ie:"10,reject,mandatory"`
	RANUENGAPID  RANUENGAPID  `ie:"85,reject,mandatory"`
	SNSSAI       *SNSSAI      `ie:"148,ignore,optional"`
	AllowedNSSAI AllowedNSSAI `ie:"0,ignore,optional"`
}

// RANCPRelocationIndication is the RAN CP RELOCATION INDICATION message, TS 38.413 §9.2.2.13.
//
//aper:message initiating 57 reject
type RANCPRelocationIndication struct {
	RANUENGAPID             RANUENGAPID             `ie:"85,reject,mandatory"`
	FiveGSTMSI              FiveGSTMSI              `ie:"26,reject,mandatory"`
	EUTRACGI                EUTRACGI                `ie:"25,ignore,mandatory"`
	TAI                     TAI                     `ie:"213,ignore,mandatory"`
	ULCPSecurityInformation ULCPSecurityInformation `ie:"211,reject,mandatory"`
}

// RetrieveUEInformation is the RETRIEVE UE INFORMATION message, TS 38.413 §9.2.2.14.
//
//aper:message initiating 55 reject
type RetrieveUEInformation struct {
	FiveGSTMSI FiveGSTMSI `ie:"26,reject,mandatory"`
}

// UEInformationTransfer is the UE INFORMATION TRANSFER message, TS 38.413 §9.2.2.15.
//
//aper:message initiating 56 reject
type UEInformationTransfer struct {
	FiveGSTMSI            FiveGSTMSI             `ie:"26,reject,mandatory"`
	NBIoTUEPriority       *NBIoTUEPriority       `ie:"210,ignore,optional"`
	UERadioCapability     UERadioCapability      `ie:"117,ignore,optional"`
	SNSSAI                *SNSSAI                `ie:"148,ignore,optional"`
	AllowedNSSAI          AllowedNSSAI           `ie:"0,ignore,optional"`
	UEDifferentiationInfo *UEDifferentiationInfo `ie:"209,ignore,optional"`
	MaskedIMEISV          *MaskedIMEISV          `ie:"34,ignore,optional"`
}

// UEContextSuspendRequest is the UE CONTEXT SUSPEND REQUEST message, TS 38.413 §9.2.2.16.
//
//aper:message initiating 59 reject
type UEContextSuspendRequest struct {
	AMFUENGAPID                                AMFUENGAPID                                 `ie:"10,reject,mandatory"`
	RANUENGAPID                                RANUENGAPID                                 `ie:"85,reject,mandatory"`
	InfoOnRecommendedCellsAndRANNodesForPaging *InfoOnRecommendedCellsAndRANNodesForPaging `ie:"32,ignore,optional"`
	PagingAssisDataforCEcapabUE                *PagingAssisDataforCEcapabUE                `ie:"207,ignore,optional"`
	PDUSessionResourceSuspendListSUSReq        PDUSessionResourceSuspendListSUSReq         `ie:"231,reject,optional"`
}

// UEContextSuspendResponse is the UE CONTEXT SUSPEND RESPONSE message, TS 38.413 §9.2.2.17.
//
//aper:message successful 59 reject
type UEContextSuspendResponse struct {
	AMFUENGAPID            AMFUENGAPID             `ie:"10,ignore,mandatory"`
	RANUENGAPID            RANUENGAPID             `ie:"85,ignore,mandatory"`
	SecurityContext        *SecurityContext        `ie:"93,reject,optional"`
	CriticalityDiagnostics *CriticalityDiagnostics `ie:"19,ignore,optional"`
}

// UEContextSuspendFailure is the UE CONTEXT SUSPEND FAILURE message, TS 38.413 §9.2.2.18.
//
//aper:message unsuccessful 59 reject
type UEContextSuspendFailure struct {
	AMFUENGAPID            AMFUENGAPID             `ie:"10,ignore,mandatory"`
	RANUENGAPID            RANUENGAPID             `ie:"85,ignore,mandatory"`
	Cause                  Cause                   `ie:"15,ignore,mandatory"`
	CriticalityDiagnostics *CriticalityDiagnostics `ie:"19,ignore,optional"`
}

// UEContextResumeRequest is the UE CONTEXT RESUME REQUEST message, TS 38.413 §9.2.2.19.
//
//aper:message initiating 58 reject
type UEContextResumeRequest struct {
	AMFUENGAPID                                AMFUENGAPID                                 `ie:"10,reject,mandatory"`
	RANUENGAPID                                RANUENGAPID                                 `ie:"85,reject,mandatory"`
	RRCResumeCause                             RRCEstablishmentCause                       `ie:"237,ignore,mandatory"`
	PDUSessionResourceResumeListRESReq         PDUSessionResourceResumeListRESReq          `ie:"232,reject,optional"`
	PDUSessionResourceFailedToResumeListRESReq PDUSessionResourceFailedToResumeListRESReq  `ie:"229,reject,optional"`
	SuspendRequestIndication                   *SuspendRequestIndication                   `ie:"235,ignore,optional"`
	InfoOnRecommendedCellsAndRANNodesForPaging *InfoOnRecommendedCellsAndRANNodesForPaging `ie:"32,ignore,optional"`
	PagingAssisDataforCEcapabUE                *PagingAssisDataforCEcapabUE                `ie:"207,ignore,optional"`
}

// UEContextResumeResponse is the UE CONTEXT RESUME RESPONSE message, TS 38.413 §9.2.2.20.
//
//aper:message successful 58 reject
type UEContextResumeResponse struct {
	AMFUENGAPID                                AMFUENGAPID                                `ie:"10,ignore,mandatory"`
	RANUENGAPID                                RANUENGAPID                                `ie:"85,ignore,mandatory"`
	PDUSessionResourceResumeListRESRes         PDUSessionResourceResumeListRESRes         `ie:"233,reject,optional"`
	PDUSessionResourceFailedToResumeListRESRes PDUSessionResourceFailedToResumeListRESRes `ie:"230,reject,optional"`
	SecurityContext                            *SecurityContext                           `ie:"93,reject,optional"`
	SuspendResponseIndication                  *SuspendResponseIndication                 `ie:"236,ignore,optional"`
	ExtendedConnectedTime                      *ExtendedConnectedTime                     `ie:"206,ignore,optional"`
	CriticalityDiagnostics                     *CriticalityDiagnostics                    `ie:"19,ignore,optional"`
}

// UEContextResumeFailure is the UE CONTEXT RESUME FAILURE message, TS 38.413 §9.2.2.21.
//
//aper:message unsuccessful 58 reject
type UEContextResumeFailure struct {
	AMFUENGAPID            AMFUENGAPID             `ie:"10,ignore,mandatory"`
	RANUENGAPID            RANUENGAPID             `ie:"85,ignore,mandatory"`
	Cause                  Cause                   `ie:"15,ignore,mandatory"`
	CriticalityDiagnostics *CriticalityDiagnostics `ie:"19,ignore,optional"`
}

// UETNLABindingReleaseRequest is the UE TNLA BINDING RELEASE REQUEST message, TS 38.413 §9.2.12.1.
//
//aper:message initiating 45 ignore
type UETNLABindingReleaseRequest struct {
	AMFUENGAPID AMFUENGAPID `ie:"10,reject,mandatory"`
	RANUENGAPID RANUENGAPID `ie:"85,reject,mandatory"`
}
