package ngap

import "github.com/limpid-5g/limpid/wire/aper"

// PDUSessionResourceSetupRequestTransfer is the PDU Session Resource Setup Request Transfer IE, TS 38.413 §9.3.4.1.
//
//aper:container transfer
type PDUSessionResourceSetupRequestTransfer struct {
	PDUSessionAggregateMaximumBitRate        *PDUSessionAggregateMaximumBitRate `ie:"130,reject,optional"`
	ULNGUUPTNLInformation                    UPTransportLayerInformation        `ie:"139,reject,mandatory"`
	AdditionalULNGUUPTNLInformation          UPTransportLayerInformationList    `ie:"126,reject,optional"`
	DataForwardingNotPossible                *DataForwardingNotPossible         `ie:"127,reject,optional"`
	PDUSessionType                           PDUSessionType                     `ie:"134,reject,mandatory"`
	SecurityIndication                       *SecurityIndication                `ie:"138,reject,optional"`
	NetworkInstance                          *NetworkInstance                   `ie:"129,reject,optional"`
	QosFlowSetupRequestList                  QosFlowSetupRequestList            `ie:"136,reject,mandatory"`
	CommonNetworkInstance                    CommonNetworkInstance              `ie:"166,ignore,optional"`
	DirectForwardingPathAvailability         *DirectForwardingPathAvailability  `ie:"22,ignore,optional"`
	RedundantULNGUUPTNLInformation           *UPTransportLayerInformation       `ie:"195,ignore,optional"`
	AdditionalRedundantULNGUUPTNLInformation UPTransportLayerInformationList    `ie:"186,ignore,optional"`
	RedundantCommonNetworkInstance           CommonNetworkInstance              `ie:"190,ignore,optional"`
	RedundantPDUSessionInformation           *RedundantPDUSessionInformation    `ie:"197,ignore,optional"`
	MBSSessionSetupRequestList               aper.Open                          `ie:"318,ignore,optional" aper:"open"`
}

// PDUSessionResourceSetupResponseTransfer is the PDU Session Resource Setup Response Transfer IE, TS 38.413 §9.3.4.2.
//
//aper:sequence transfer
type PDUSessionResourceSetupResponseTransfer struct {
	DLQosFlowPerTNLInformation                    QosFlowPerTNLInformation
	AdditionalDLQosFlowPerTNLInformation          QosFlowPerTNLInformationList    `aper:"optional"`
	SecurityResult                                *SecurityResult                 `aper:"optional"`
	QosFlowFailedToSetupList                      QosFlowListWithCause            `aper:"optional"`
	RedundantDLQosFlowPerTNLInformation           *QosFlowPerTNLInformation       `ext:"193,ignore"`
	AdditionalRedundantDLQosFlowPerTNLInformation QosFlowPerTNLInformationList    `ext:"184,ignore"`
	UsedRSNInformation                            *RedundantPDUSessionInformation `ext:"198,ignore"`
	GlobalRANNodeID                               *GlobalRANNodeID                `ext:"27,ignore"`
	MBSSupportIndicator                           aper.Open                       `ext:"309,ignore" aper:"open"`
	MBSSessionSetupResponseList                   MBSSessionSetupResponseList     `ext:"312,ignore"`
	MBSSessionFailedtoSetupList                   MBSSessionFailedtoSetupList     `ext:"310,ignore"`
}

// PDUSessionResourceModifyRequestTransfer is the PDU Session Resource Modify Request Transfer IE, TS 38.413 §9.3.4.3.
//
//aper:container transfer
type PDUSessionResourceModifyRequestTransfer struct {
	PDUSessionAggregateMaximumBitRate        *PDUSessionAggregateMaximumBitRate `ie:"130,reject,optional"`
	ULNGUUPTNLModifyList                     ULNGUUPTNLModifyList               `ie:"140,reject,optional"`
	NetworkInstance                          *NetworkInstance                   `ie:"129,reject,optional"`
	QosFlowAddOrModifyRequestList            QosFlowAddOrModifyRequestList      `ie:"135,reject,optional"`
	QosFlowToReleaseList                     QosFlowListWithCause               `ie:"137,reject,optional"`
	AdditionalULNGUUPTNLInformation          UPTransportLayerInformationList    `ie:"126,reject,optional"`
	CommonNetworkInstance                    CommonNetworkInstance              `ie:"166,ignore,optional"`
	AdditionalRedundantULNGUUPTNLInformation UPTransportLayerInformationList    `ie:"186,ignore,optional"`
	RedundantCommonNetworkInstance           CommonNetworkInstance              `ie:"190,ignore,optional"`
	RedundantULNGUUPTNLInformation           *UPTransportLayerInformation       `ie:"195,ignore,optional"`
	SecurityIndication                       *SecurityIndication                `ie:"138,ignore,optional"`
	MBSSessionSetuporModifyRequestList       aper.Open                          `ie:"319,ignore,optional" aper:"open"`
	MBSSessionToReleaseList                  aper.Open                          `ie:"317,ignore,optional" aper:"open"`
}

// PDUSessionResourceModifyResponseTransfer is the PDU Session Resource Modify Response Transfer IE, TS 38.413 §9.3.4.4.
//
//aper:sequence transfer
type PDUSessionResourceModifyResponseTransfer struct {
	DLNGUUPTNLInformation                         *UPTransportLayerInformation        `aper:"optional"`
	ULNGUUPTNLInformation                         *UPTransportLayerInformation        `aper:"optional"`
	QosFlowAddOrModifyResponseList                QosFlowAddOrModifyResponseList      `aper:"optional"`
	AdditionalDLQosFlowPerTNLInformation          QosFlowPerTNLInformationList        `aper:"optional"`
	QosFlowFailedToAddOrModifyList                QosFlowListWithCause                `aper:"optional"`
	AdditionalNGUUPTNLInformation                 UPTransportLayerInformationPairList `ext:"154,ignore"`
	RedundantDLNGUUPTNLInformation                *UPTransportLayerInformation        `ext:"192,ignore"`
	RedundantULNGUUPTNLInformation                *UPTransportLayerInformation        `ext:"195,ignore"`
	AdditionalRedundantDLQosFlowPerTNLInformation QosFlowPerTNLInformationList        `ext:"184,ignore"`
	AdditionalRedundantNGUUPTNLInformation        UPTransportLayerInformationPairList `ext:"185,ignore"`
	SecondaryRATUsageInformation                  *SecondaryRATUsageInformation       `ext:"144,ignore"`
	MBSSupportIndicator                           aper.Open                           `ext:"309,ignore" aper:"open"`
	MBSSessionSetuporModifyResponseList           MBSSessionSetupResponseList         `ext:"313,ignore"`
	MBSSessionFailedtoSetuporModifyList           MBSSessionFailedtoSetupList         `ext:"311,ignore"`
}

// PDUSessionResourceNotifyTransfer is the PDU Session Resource Notify Transfer IE, TS 38.413 §9.3.4.5.
//
//aper:sequence transfer
type PDUSessionResourceNotifyTransfer struct {
	QosFlowNotifyList            QosFlowNotifyList             `aper:"optional"`
	QosFlowReleasedList          QosFlowListWithCause          `aper:"optional"`
	SecondaryRATUsageInformation *SecondaryRATUsageInformation `ext:"144,ignore"`
	QosFlowFeedbackList          QosFlowFeedbackList           `ext:"278,ignore"`
}

// PDUSessionResourceModifyIndicationTransfer is the PDU Session Resource Modify Indication Transfer IE, TS 38.413 §9.3.4.6.
//
//aper:sequence transfer
type PDUSessionResourceModifyIndicationTransfer struct {
	DLQosFlowPerTNLInformation                    QosFlowPerTNLInformation
	AdditionalDLQosFlowPerTNLInformation          QosFlowPerTNLInformationList  `aper:"optional"`
	SecondaryRATUsageInformation                  *SecondaryRATUsageInformation `ext:"144,ignore"`
	SecurityResult                                *SecurityResult               `ext:"156,ignore"`
	RedundantDLQosFlowPerTNLInformation           *QosFlowPerTNLInformation     `ext:"193,ignore"`
	AdditionalRedundantDLQosFlowPerTNLInformation QosFlowPerTNLInformationList  `ext:"184,ignore"`
	GlobalRANNodeID                               *GlobalRANNodeID              `ext:"27,ignore"`
}

// PDUSessionResourceModifyConfirmTransfer is the PDU Session Resource Modify Confirm Transfer IE, TS 38.413 §9.3.4.7.
//
//aper:sequence transfer
type PDUSessionResourceModifyConfirmTransfer struct {
	QosFlowModifyConfirmList               QosFlowModifyConfirmList
	ULNGUUPTNLInformation                  UPTransportLayerInformation
	AdditionalNGUUPTNLInformation          UPTransportLayerInformationPairList `aper:"optional"`
	QosFlowFailedToModifyList              QosFlowListWithCause                `aper:"optional"`
	RedundantULNGUUPTNLInformation         *UPTransportLayerInformation        `ext:"195,ignore"`
	AdditionalRedundantNGUUPTNLInformation UPTransportLayerInformationPairList `ext:"185,ignore"`
}

// PathSwitchRequestTransfer is the Path Switch Request Transfer IE, TS 38.413 §9.3.4.8.
//
//aper:sequence transfer
type PathSwitchRequestTransfer struct {
	DLNGUUPTNLInformation                         UPTransportLayerInformation
	DLNGUTNLInformationReused                     *DLNGUTNLInformationReused    `aper:"optional"`
	UserPlaneSecurityInformation                  *UserPlaneSecurityInformation `aper:"optional"`
	QosFlowAcceptedList                           QosFlowAcceptedList
	AdditionalDLQosFlowPerTNLInformation          QosFlowPerTNLInformationList    `ext:"155,ignore"`
	RedundantDLNGUUPTNLInformation                *UPTransportLayerInformation    `ext:"192,ignore"`
	RedundantDLNGUTNLInformationReused            *DLNGUTNLInformationReused      `ext:"191,ignore"`
	AdditionalRedundantDLQosFlowPerTNLInformation QosFlowPerTNLInformationList    `ext:"184,ignore"`
	UsedRSNInformation                            *RedundantPDUSessionInformation `ext:"198,ignore"`
	GlobalRANNodeID                               *GlobalRANNodeID                `ext:"27,ignore"`
	MBSSupportIndicator                           aper.Open                       `ext:"309,ignore" aper:"open"`
}

// PathSwitchRequestAcknowledgeTransfer is the Path Switch Request Acknowledge Transfer IE, TS 38.413 §9.3.4.9.
//
//aper:sequence transfer
type PathSwitchRequestAcknowledgeTransfer struct {
	ULNGUUPTNLInformation                  *UPTransportLayerInformation        `aper:"optional"`
	SecurityIndication                     *SecurityIndication                 `aper:"optional"`
	AdditionalNGUUPTNLInformation          UPTransportLayerInformationPairList `ext:"154,ignore"`
	RedundantULNGUUPTNLInformation         *UPTransportLayerInformation        `ext:"195,ignore"`
	AdditionalRedundantNGUUPTNLInformation UPTransportLayerInformationPairList `ext:"185,ignore"`
	QosFlowParametersList                  QosFlowParametersList               `ext:"277,ignore"`
}

// HandoverCommandTransfer is the Handover Command Transfer IE, TS 38.413 §9.3.4.10.
//
//aper:sequence transfer
type HandoverCommandTransfer struct {
	DLForwardingUPTNLInformation           *UPTransportLayerInformation    `aper:"optional"`
	QosFlowToBeForwardedList               QosFlowToBeForwardedList        `aper:"optional"`
	DataForwardingResponseDRBList          DataForwardingResponseDRBList   `aper:"optional"`
	AdditionalDLForwardingUPTNLInformation QosFlowPerTNLInformationList    `ext:"152,ignore"`
	ULForwardingUPTNLInformation           *UPTransportLayerInformation    `ext:"164,reject"`
	AdditionalULForwardingUPTNLInformation UPTransportLayerInformationList `ext:"172,reject"`
	DataForwardingResponseERABList         DataForwardingResponseERABList  `ext:"249,ignore"`
	QosFlowFailedToSetupList               QosFlowListWithCause            `ext:"283,ignore"`
}

// HandoverRequestAcknowledgeTransfer is the Handover Request Acknowledge Transfer IE, TS 38.413 §9.3.4.11.
//
//aper:sequence transfer
type HandoverRequestAcknowledgeTransfer struct {
	DLNGUUPTNLInformation                  UPTransportLayerInformation
	DLForwardingUPTNLInformation           *UPTransportLayerInformation `aper:"optional"`
	SecurityResult                         *SecurityResult              `aper:"optional"`
	QosFlowSetupResponseList               QosFlowListWithDataForwarding
	QosFlowFailedToSetupList               QosFlowListWithCause                  `aper:"optional"`
	DataForwardingResponseDRBList          DataForwardingResponseDRBList         `aper:"optional"`
	AdditionalDLUPTNLInformationForHOList  AdditionalDLUPTNLInformationForHOList `ext:"153,ignore"`
	ULForwardingUPTNLInformation           *UPTransportLayerInformation          `ext:"164,reject"`
	AdditionalULForwardingUPTNLInformation UPTransportLayerInformationList       `ext:"172,reject"`
	DataForwardingResponseERABList         DataForwardingResponseERABList        `ext:"249,ignore"`
	RedundantDLNGUUPTNLInformation         *UPTransportLayerInformation          `ext:"192,ignore"`
	UsedRSNInformation                     *RedundantPDUSessionInformation       `ext:"198,ignore"`
	GlobalRANNodeID                        *GlobalRANNodeID                      `ext:"27,ignore"`
	MBSSupportIndicator                    aper.Open                             `ext:"309,ignore" aper:"open"`
}

// PDUSessionResourceReleaseCommandTransfer is the PDU Session Resource Release Command Transfer IE, TS 38.413 §9.3.4.12.
//
//aper:sequence transfer
type PDUSessionResourceReleaseCommandTransfer struct {
	Cause Cause
}

// PDUSessionResourceNotifyReleasedTransfer is the PDU Session Resource Notify Released Transfer IE, TS 38.413 §9.3.4.13.
//
//aper:sequence transfer
type PDUSessionResourceNotifyReleasedTransfer struct {
	Cause                        Cause
	SecondaryRATUsageInformation *SecondaryRATUsageInformation `ext:"144,ignore"`
}

// HandoverRequiredTransfer is the Handover Required Transfer IE, TS 38.413 §9.3.4.14.
//
//aper:sequence transfer
type HandoverRequiredTransfer struct {
	DirectForwardingPathAvailability *DirectForwardingPathAvailability `aper:"optional"`
}

// PathSwitchRequestSetupFailedTransfer is the Path Switch Request Setup Failed Transfer IE, TS 38.413 §9.3.4.15.
//
//aper:sequence transfer
type PathSwitchRequestSetupFailedTransfer struct {
	Cause Cause
}

// PDUSessionResourceSetupUnsuccessfulTransfer is the PDU Session Resource Setup Unsuccessful Transfer IE, TS 38.413 §9.3.4.16.
//
//aper:sequence transfer
type PDUSessionResourceSetupUnsuccessfulTransfer struct {
	Cause                  Cause
	CriticalityDiagnostics *CriticalityDiagnostics `aper:"optional"`
}

// PDUSessionResourceModifyUnsuccessfulTransfer is the PDU Session Resource Modify Unsuccessful Transfer IE, TS 38.413 §9.3.4.17.
//
//aper:sequence transfer
type PDUSessionResourceModifyUnsuccessfulTransfer struct {
	Cause                  Cause
	CriticalityDiagnostics *CriticalityDiagnostics `aper:"optional"`
}

// HandoverPreparationUnsuccessfulTransfer is the Handover Preparation Unsuccessful Transfer IE, TS 38.413 §9.3.4.18.
//
//aper:sequence transfer
type HandoverPreparationUnsuccessfulTransfer struct {
	Cause Cause
}

// HandoverResourceAllocationUnsuccessfulTransfer is the Handover Resource Allocation Unsuccessful Transfer IE, TS 38.413 §9.3.4.19.
//
//aper:sequence transfer
type HandoverResourceAllocationUnsuccessfulTransfer struct {
	Cause                  Cause
	CriticalityDiagnostics *CriticalityDiagnostics `aper:"optional"`
}

// PathSwitchRequestUnsuccessfulTransfer is the Path Switch Request Unsuccessful Transfer IE, TS 38.413 §9.3.4.20.
//
//aper:sequence transfer
type PathSwitchRequestUnsuccessfulTransfer struct {
	Cause Cause
}

// PDUSessionResourceReleaseResponseTransfer is the PDU Session Resource Release Response Transfer IE, TS 38.413 §9.3.4.21.
//
//aper:sequence transfer
type PDUSessionResourceReleaseResponseTransfer struct {
	SecondaryRATUsageInformation *SecondaryRATUsageInformation `ext:"144,ignore"`
}

// PDUSessionResourceModifyIndicationUnsuccessfulTransfer is the PDU Session Resource Modify Indication Unsuccessful Transfer IE, TS 38.413 §9.3.4.22.
//
//aper:sequence transfer
type PDUSessionResourceModifyIndicationUnsuccessfulTransfer struct {
	Cause Cause
}

// ENDCSONConfigurationTransfer is part of UPLINK RAN CONFIGURATION TRANSFER, TS 38.413 §9.2.7.1.
//
//aper:octets
type ENDCSONConfigurationTransfer []byte

// SecondaryRATDataUsageReportTransfer is the Secondary RAT Data Usage Report Transfer IE, TS 38.413 §9.3.4.23.
//
//aper:sequence transfer
type SecondaryRATDataUsageReportTransfer struct {
	SecondaryRATUsageInformation *SecondaryRATUsageInformation `aper:"optional"`
}

// UEContextResumeRequestTransfer is the UE Context Resume Request Transfer IE, TS 38.413 §9.3.4.24.
//
//aper:sequence transfer
type UEContextResumeRequestTransfer struct {
	QosFlowFailedToResumeList QosFlowListWithCause `aper:"optional"`
}

// UEContextResumeResponseTransfer is the UE Context Resume Response Transfer IE, TS 38.413 §9.3.4.25.
//
//aper:sequence transfer
type UEContextResumeResponseTransfer struct {
	QosFlowFailedToResumeList QosFlowListWithCause `aper:"optional"`
}

// UEContextSuspendRequestTransfer is the UE Context Suspend Request Transfer IE, TS 38.413 §9.3.4.26.
//
//aper:sequence transfer
type UEContextSuspendRequestTransfer struct {
	SuspendIndicator *SuspendIndicator `aper:"optional"`
}
