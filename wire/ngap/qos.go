package ngap

// BitRate is the Bit Rate IE, TS 38.413 §9.3.1.4.
//
//aper:int 0..4000000000000 ext
type BitRate uint64

// QosFlowLevelQosParameters is the QoS Flow Level QoS Parameters IE, TS 38.413 §9.3.1.12.
//
//aper:sequence
type QosFlowLevelQosParameters struct {
	QosCharacteristics              QosCharacteristics
	AllocationAndRetentionPriority  AllocationAndRetentionPriority
	GBRQosInformation               *GBRQosInformation               `aper:"optional"`
	ReflectiveQosAttribute          *ReflectiveQosAttribute          `aper:"optional"`
	AdditionalQosFlowInformation    *AdditionalQosFlowInformation    `aper:"optional"`
	QosMonitoringRequest            *QosMonitoringRequest            `ext:"181,ignore"`
	QosMonitoringReportingFrequency *QosMonitoringReportingFrequency `ext:"276,ignore"`
}

// QosCharacteristics is part of QoS Flow Level QoS Parameters, TS 38.413 §9.3.1.12.
//
//aper:choice
type QosCharacteristics struct {
	NonDynamic5QI *NonDynamic5QIDescriptor
	Dynamic5QI    *Dynamic5QIDescriptor
}

// GBRQosInformation is part of QoS Flow Level QoS Parameters, TS 38.413 §9.3.1.12.
//
//aper:sequence
type GBRQosInformation struct {
	MaximumFlowBitRateDL      BitRate
	MaximumFlowBitRateUL      BitRate
	GuaranteedFlowBitRateDL   BitRate
	GuaranteedFlowBitRateUL   BitRate
	NotificationControl       *NotificationControl      `aper:"optional"`
	MaximumPacketLossRateDL   *PacketLossRate           `aper:"optional"`
	MaximumPacketLossRateUL   *PacketLossRate           `aper:"optional"`
	AlternativeQoSParaSetList AlternativeQoSParaSetList `ext:"220,ignore"`
}

// ReflectiveQosAttribute is part of QoS Flow Level QoS Parameters, TS 38.413 §9.3.1.12.
//
//aper:enum 1 ext
type ReflectiveQosAttribute uint8

// Values of ReflectiveQosAttribute.
const (
	ReflectiveQosAttributeSubjectTo ReflectiveQosAttribute = iota // subject-to
)

// AdditionalQosFlowInformation is part of QoS Flow Level QoS Parameters, TS 38.413 §9.3.1.12.
//
//aper:enum 1 ext
type AdditionalQosFlowInformation uint8

// Values of AdditionalQosFlowInformation.
const (
	AdditionalQosFlowInformationMoreLikely AdditionalQosFlowInformation = iota // more-likely
)

// QosMonitoringRequest is part of QoS Flow Level QoS Parameters, TS 38.413 §9.3.1.12.
//
//aper:enum 3+1 ext
type QosMonitoringRequest uint8

// Values of QosMonitoringRequest.
const (
	QosMonitoringRequestUL   QosMonitoringRequest = iota // ul
	QosMonitoringRequestDL                               // dl
	QosMonitoringRequestBoth                             // both
	QosMonitoringRequestStop                             // stop
)

// QosMonitoringReportingFrequency is part of QoS Flow Level QoS Parameters, TS 38.413 §9.3.1.12.
//
//aper:int 1..1800 ext
type QosMonitoringReportingFrequency uint16

// NonDynamic5QIDescriptor is part of QoS Flow Level QoS Parameters, TS 38.413 §9.3.1.12.
//
//aper:sequence
type NonDynamic5QIDescriptor struct {
	FiveQI                 FiveQI
	PriorityLevelQos       *PriorityLevelQos          `aper:"optional"`
	AveragingWindow        *AveragingWindow           `aper:"optional"`
	MaximumDataBurstVolume *MaximumDataBurstVolume    `aper:"optional"`
	CNPacketDelayBudgetDL  *ExtendedPacketDelayBudget `ext:"187,ignore"`
	CNPacketDelayBudgetUL  *ExtendedPacketDelayBudget `ext:"188,ignore"`
}

// Dynamic5QIDescriptor is part of QoS Flow Level QoS Parameters, TS 38.413 §9.3.1.12.
//
//aper:sequence
type Dynamic5QIDescriptor struct {
	PriorityLevelQos          PriorityLevelQos
	PacketDelayBudget         PacketDelayBudget
	PacketErrorRate           PacketErrorRate
	FiveQI                    *FiveQI                    `aper:"optional"`
	DelayCritical             *DelayCritical             `aper:"optional"`
	AveragingWindow           *AveragingWindow           `aper:"optional"`
	MaximumDataBurstVolume    *MaximumDataBurstVolume    `aper:"optional"`
	ExtendedPacketDelayBudget *ExtendedPacketDelayBudget `ext:"189,ignore"`
	CNPacketDelayBudgetDL     *ExtendedPacketDelayBudget `ext:"187,ignore"`
	CNPacketDelayBudgetUL     *ExtendedPacketDelayBudget `ext:"188,ignore"`
}

// NotificationControl is part of QoS Flow Level QoS Parameters, TS 38.413 §9.3.1.12.
//
//aper:enum 1 ext
type NotificationControl uint8

// Values of NotificationControl.
const (
	NotificationControlNotificationRequested NotificationControl = iota // notification-requested
)

// FiveQI is part of QoS Flow Level QoS Parameters, TS 38.413 §9.3.1.12.
//
//aper:int 0..255 ext
type FiveQI uint8

// PriorityLevelQos is part of QoS Flow Level QoS Parameters, TS 38.413 §9.3.1.12.
//
//aper:int 1..127 ext
type PriorityLevelQos uint8

// DelayCritical is part of QoS Flow Level QoS Parameters, TS 38.413 §9.3.1.12.
//
//aper:enum 2 ext
type DelayCritical uint8

// Values of DelayCritical.
const (
	DelayCriticalDelayCritical    DelayCritical = iota // delay-critical
	DelayCriticalNonDelayCritical                      // non-delay-critical
)

// QosFlowListWithCause is the QoS Flow List with Cause IE, TS 38.413 §9.3.1.13.
//
//aper:list 1..64
type QosFlowListWithCause []QosFlowWithCauseItem

// QosFlowWithCauseItem is part of QoS Flow List with Cause, TS 38.413 §9.3.1.13.
//
//aper:sequence
type QosFlowWithCauseItem struct {
	QosFlowIdentifier QosFlowIdentifier
	Cause             Cause
}

// AllocationAndRetentionPriority is the Allocation and Retention Priority IE, TS 38.413 §9.3.1.19.
//
//aper:sequence
type AllocationAndRetentionPriority struct {
	PriorityLevelARP        PriorityLevelARP
	PreEmptionCapability    PreEmptionCapability
	PreEmptionVulnerability PreEmptionVulnerability
}

// PriorityLevelARP is part of Allocation and Retention Priority, TS 38.413 §9.3.1.19.
//
//aper:int 1..15
type PriorityLevelARP uint8

// PreEmptionCapability is part of Allocation and Retention Priority, TS 38.413 §9.3.1.19.
//
//aper:enum 2 ext
type PreEmptionCapability uint8

// Values of PreEmptionCapability.
const (
	PreEmptionCapabilityShallNotTriggerPreEmption PreEmptionCapability = iota // shall-not-trigger-pre-emption
	PreEmptionCapabilityMayTriggerPreEmption                                  // may-trigger-pre-emption
)

// PreEmptionVulnerability is part of Allocation and Retention Priority, TS 38.413 §9.3.1.19.
//
//aper:enum 2 ext
type PreEmptionVulnerability uint8

// Values of PreEmptionVulnerability.
const (
	PreEmptionVulnerabilityNotPreEmptable PreEmptionVulnerability = iota // not-pre-emptable
	PreEmptionVulnerabilityPreEmptable                                   // pre-emptable
)

// QosFlowIdentifier is the QoS Flow Identifier IE, TS 38.413 §9.3.1.51.
//
//aper:int 0..63 ext
type QosFlowIdentifier uint8

// UEAggregateMaximumBitRate is the UE Aggregate Maximum Bit Rate IE, TS 38.413 §9.3.1.58.
//
//aper:sequence
type UEAggregateMaximumBitRate struct {
	UEAggregateMaximumBitRateDL BitRate
	UEAggregateMaximumBitRateUL BitRate
}

// PacketLossRate is the Packet Loss Rate IE, TS 38.413 §9.3.1.79.
//
//aper:int 0..1000 ext
type PacketLossRate uint16

// PacketDelayBudget is the Packet Delay Budget IE, TS 38.413 §9.3.1.80.
//
//aper:int 0..1023 ext
type PacketDelayBudget uint16

// PacketErrorRate is the Packet Error Rate IE, TS 38.413 §9.3.1.81.
//
//aper:sequence
type PacketErrorRate struct {
	PERScalar   uint8 `aper:"int 0..9 ext"`
	PERExponent uint8 `aper:"int 0..9 ext"`
}

// AveragingWindow is the Averaging Window IE, TS 38.413 §9.3.1.82.
//
//aper:int 0..4095 ext
type AveragingWindow uint16

// MaximumDataBurstVolume is the Maximum Data Burst Volume IE, TS 38.413 §9.3.1.83.
//
//aper:int 0..4095 ext
type MaximumDataBurstVolume uint16

// AssociatedQosFlowList is the Associated QoS Flow List IE, TS 38.413 §9.3.1.99.
//
//aper:list 1..64
type AssociatedQosFlowList []AssociatedQosFlowItem

// AssociatedQosFlowItem is part of Associated QoS Flow List, TS 38.413 §9.3.1.99.
//
//aper:sequence
type AssociatedQosFlowItem struct {
	QosFlowIdentifier        QosFlowIdentifier
	QosFlowMappingIndication *AssociatedQosFlowItemQosFlowMappingIndication `aper:"optional"`
	CurrentQoSParaSetIndex   *AlternativeQoSParaSetIndex                    `ext:"221,ignore"`
}

// AssociatedQosFlowItemQosFlowMappingIndication is part of Associated QoS Flow List, TS 38.413 §9.3.1.99.
//
//aper:enum 2 ext
type AssociatedQosFlowItemQosFlowMappingIndication uint8

// Values of AssociatedQosFlowItemQosFlowMappingIndication.
const (
	AssociatedQosFlowItemQosFlowMappingIndicationUL AssociatedQosFlowItemQosFlowMappingIndication = iota // ul
	AssociatedQosFlowItemQosFlowMappingIndicationDL                                                      // dl
)

// PDUSessionAggregateMaximumBitRate is the PDU Session Aggregate Maximum Bit Rate IE, TS 38.413 §9.3.1.102.
//
//aper:sequence
type PDUSessionAggregateMaximumBitRate struct {
	PDUSessionAggregateMaximumBitRateDL BitRate
	PDUSessionAggregateMaximumBitRateUL BitRate
}

// DataForwardingResponseERABList is the Data Forwarding Response E-RAB List IE, TS 38.413 §9.3.1.121.
//
//aper:list 1..256
type DataForwardingResponseERABList []DataForwardingResponseERABListItem

// DataForwardingResponseERABListItem is part of Data Forwarding Response E-RAB List, TS 38.413 §9.3.1.121.
//
//aper:sequence
type DataForwardingResponseERABListItem struct {
	ERABID                       ERABID
	DLForwardingUPTNLInformation UPTransportLayerInformation
}

// TSCTrafficCharacteristics is the TSC Traffic Characteristics IE, TS 38.413 §9.3.1.130.
//
//aper:sequence
type TSCTrafficCharacteristics struct {
	TSCAssistanceInformationDL *TSCAssistanceInformation `aper:"optional"`
	TSCAssistanceInformationUL *TSCAssistanceInformation `aper:"optional"`
}

// TSCAssistanceInformation is the TSC Assistance Information IE, TS 38.413 §9.3.1.131.
//
//aper:sequence
type TSCAssistanceInformation struct {
	Periodicity      Periodicity
	BurstArrivalTime BurstArrivalTime `aper:"optional"`
	SurvivalTime     *SurvivalTime    `ext:"327,ignore"`
}

// Periodicity is the Periodicity IE, TS 38.413 §9.3.1.132.
//
//aper:int 0..640000 ext
type Periodicity uint32

// BurstArrivalTime is the Burst Arrival Time IE, TS 38.413 §9.3.1.133.
//
//aper:octets
type BurstArrivalTime []byte

// RedundantQosFlowIndicator is the Redundant QoS Flow Indicator IE, TS 38.413 §9.3.1.134.
//
//aper:enum 2
type RedundantQosFlowIndicator uint8

// Values of RedundantQosFlowIndicator.
const (
	RedundantQosFlowIndicatorTrue  RedundantQosFlowIndicator = iota // true
	RedundantQosFlowIndicatorFalse                                  // false
)

// ExtendedPacketDelayBudget is the Extended Packet Delay Budget IE, TS 38.413 §9.3.1.135.
//
//aper:int 1..65535 ext
type ExtendedPacketDelayBudget uint16

// SurvivalTime is the Survival Time IE, TS 38.413 §9.3.1.221.
//
//aper:int 0..1920000 ext
type SurvivalTime uint32

// QosFlowPerTNLInformationList is the QoS Flow per TNL Information List IE, TS 38.413 §9.3.2.1.
//
//aper:list 1..3
type QosFlowPerTNLInformationList []QosFlowPerTNLInformationItem

// QosFlowPerTNLInformationItem is part of QoS Flow per TNL Information List, TS 38.413 §9.3.2.1.
//
//aper:sequence
type QosFlowPerTNLInformationItem struct {
	QosFlowPerTNLInformation QosFlowPerTNLInformation
}

// QosFlowPerTNLInformation is the QoS Flow per TNL Information IE, TS 38.413 §9.3.2.8.
//
//aper:sequence
type QosFlowPerTNLInformation struct {
	UPTransportLayerInformation UPTransportLayerInformation
	AssociatedQosFlowList       AssociatedQosFlowList
}

// QosFlowListWithDataForwarding is the QoS Flow List with Data Forwarding IE, TS 38.413 §9.3.2.13.
//
//aper:list 1..64
type QosFlowListWithDataForwarding []QosFlowItemWithDataForwarding

// QosFlowItemWithDataForwarding is part of QoS Flow List with Data Forwarding, TS 38.413 §9.3.2.13.
//
//aper:sequence
type QosFlowItemWithDataForwarding struct {
	QosFlowIdentifier      QosFlowIdentifier
	DataForwardingAccepted *DataForwardingAccepted     `aper:"optional"`
	CurrentQoSParaSetIndex *AlternativeQoSParaSetIndex `ext:"221,ignore"`
}

// QosFlowSetupRequestList is part of PDU Session Resource Setup Request Transfer, TS 38.413 §9.3.4.1.
//
//aper:list 1..64
type QosFlowSetupRequestList []QosFlowSetupRequestItem

// QosFlowSetupRequestItem is part of PDU Session Resource Setup Request Transfer, TS 38.413 §9.3.4.1.
//
//aper:sequence
type QosFlowSetupRequestItem struct {
	QosFlowIdentifier         QosFlowIdentifier
	QosFlowLevelQosParameters QosFlowLevelQosParameters
	ERABID                    *ERABID                    `aper:"optional"`
	TSCTrafficCharacteristics *TSCTrafficCharacteristics `ext:"196,ignore"`
	RedundantQosFlowIndicator *RedundantQosFlowIndicator `ext:"194,ignore"`
}

// QosFlowAddOrModifyRequestList is part of PDU Session Resource Modify Request Transfer, TS 38.413 §9.3.4.3.
//
//aper:list 1..64
type QosFlowAddOrModifyRequestList []QosFlowAddOrModifyRequestItem

// QosFlowAddOrModifyRequestItem is part of PDU Session Resource Modify Request Transfer, TS 38.413 §9.3.4.3.
//
//aper:sequence
type QosFlowAddOrModifyRequestItem struct {
	QosFlowIdentifier         QosFlowIdentifier
	QosFlowLevelQosParameters *QosFlowLevelQosParameters `aper:"optional"`
	ERABID                    *ERABID                    `aper:"optional"`
	TSCTrafficCharacteristics *TSCTrafficCharacteristics `ext:"196,ignore"`
	RedundantQosFlowIndicator *RedundantQosFlowIndicator `ext:"194,ignore"`
}

// QosFlowAddOrModifyResponseList is part of PDU Session Resource Modify Response Transfer, TS 38.413 §9.3.4.4.
//
//aper:list 1..64
type QosFlowAddOrModifyResponseList []QosFlowAddOrModifyResponseItem

// QosFlowAddOrModifyResponseItem is part of PDU Session Resource Modify Response Transfer, TS 38.413 §9.3.4.4.
//
//aper:sequence
type QosFlowAddOrModifyResponseItem struct {
	QosFlowIdentifier      QosFlowIdentifier
	CurrentQoSParaSetIndex *AlternativeQoSParaSetIndex `ext:"221,ignore"`
}

// AlternativeQoSParaSetIndex is part of PDU Session Resource Modify Response Transfer, TS 38.413 §9.3.4.4.
//
//aper:int 1..8 ext
type AlternativeQoSParaSetIndex uint8

// QosFlowNotifyList is part of PDU Session Resource Notify Transfer, TS 38.413 §9.3.4.5.
//
//aper:list 1..64
type QosFlowNotifyList []QosFlowNotifyItem

// QosFlowFeedbackList is part of PDU Session Resource Notify Transfer, TS 38.413 §9.3.4.5.
//
//aper:list 1..64
type QosFlowFeedbackList []QosFlowFeedbackItem

// QosFlowNotifyItem is part of PDU Session Resource Notify Transfer, TS 38.413 §9.3.4.5.
//
//aper:sequence
type QosFlowNotifyItem struct {
	QosFlowIdentifier      QosFlowIdentifier
	NotificationCause      NotificationCause
	CurrentQoSParaSetIndex *AlternativeQoSParaSetNotifyIndex `ext:"221,ignore"`
}

// QosFlowFeedbackItem is part of PDU Session Resource Notify Transfer, TS 38.413 §9.3.4.5.
//
//aper:sequence
type QosFlowFeedbackItem struct {
	QosFlowIdentifier     QosFlowIdentifier
	UpdateFeedback        *UpdateFeedback            `aper:"optional"`
	CNpacketDelayBudgetDL *ExtendedPacketDelayBudget `aper:"optional"`
	CNpacketDelayBudgetUL *ExtendedPacketDelayBudget `aper:"optional"`
}

// NotificationCause is part of PDU Session Resource Notify Transfer, TS 38.413 §9.3.4.5.
//
//aper:enum 2 ext
type NotificationCause uint8

// Values of NotificationCause.
const (
	NotificationCauseFulfilled    NotificationCause = iota // fulfilled
	NotificationCauseNotFulfilled                          // not-fulfilled
)

// AlternativeQoSParaSetNotifyIndex is part of PDU Session Resource Notify Transfer, TS 38.413 §9.3.4.5.
//
//aper:int 0..8 ext
type AlternativeQoSParaSetNotifyIndex uint8

// UpdateFeedback is part of PDU Session Resource Notify Transfer, TS 38.413 §9.3.4.5.
//
//aper:bits 8 ext
type UpdateFeedback uint8

// QosFlowModifyConfirmList is part of PDU Session Resource Modify Confirm Transfer, TS 38.413 §9.3.4.7.
//
//aper:list 1..64
type QosFlowModifyConfirmList []QosFlowModifyConfirmItem

// QosFlowModifyConfirmItem is part of PDU Session Resource Modify Confirm Transfer, TS 38.413 §9.3.4.7.
//
//aper:sequence
type QosFlowModifyConfirmItem struct {
	QosFlowIdentifier QosFlowIdentifier
}

// QosFlowAcceptedList is part of Path Switch Request Transfer, TS 38.413 §9.3.4.8.
//
//aper:list 1..64
type QosFlowAcceptedList []QosFlowAcceptedItem

// QosFlowAcceptedItem is part of Path Switch Request Transfer, TS 38.413 §9.3.4.8.
//
//aper:sequence
type QosFlowAcceptedItem struct {
	QosFlowIdentifier      QosFlowIdentifier
	CurrentQoSParaSetIndex *AlternativeQoSParaSetIndex `ext:"221,ignore"`
}

// QosFlowParametersList is part of Path Switch Request Acknowledge Transfer, TS 38.413 §9.3.4.9.
//
//aper:list 1..64
type QosFlowParametersList []QosFlowParametersItem

// QosFlowParametersItem is part of Path Switch Request Acknowledge Transfer, TS 38.413 §9.3.4.9.
//
//aper:sequence
type QosFlowParametersItem struct {
	QosFlowIdentifier         QosFlowIdentifier
	AlternativeQoSParaSetList AlternativeQoSParaSetList  `aper:"optional"`
	CNPacketDelayBudgetDL     *ExtendedPacketDelayBudget `ext:"187,ignore"`
	CNPacketDelayBudgetUL     *ExtendedPacketDelayBudget `ext:"188,ignore"`
	BurstArrivalTimeDownlink  BurstArrivalTime           `ext:"279,ignore"`
}

// AlternativeQoSParaSetList is part of Path Switch Request Acknowledge Transfer, TS 38.413 §9.3.4.9.
//
//aper:list 1..8
type AlternativeQoSParaSetList []AlternativeQoSParaSetItem

// AlternativeQoSParaSetItem is part of Path Switch Request Acknowledge Transfer, TS 38.413 §9.3.4.9.
//
//aper:sequence
type AlternativeQoSParaSetItem struct {
	AlternativeQoSParaSetIndex AlternativeQoSParaSetIndex
	GuaranteedFlowBitRateDL    *BitRate           `aper:"optional"`
	GuaranteedFlowBitRateUL    *BitRate           `aper:"optional"`
	PacketDelayBudget          *PacketDelayBudget `aper:"optional"`
	PacketErrorRate            *PacketErrorRate   `aper:"optional"`
}

// QosFlowToBeForwardedList is part of Handover Command Transfer, TS 38.413 §9.3.4.10.
//
//aper:list 1..64
type QosFlowToBeForwardedList []QosFlowToBeForwardedItem

// QosFlowToBeForwardedItem is part of Handover Command Transfer, TS 38.413 §9.3.4.10.
//
//aper:sequence
type QosFlowToBeForwardedItem struct {
	QosFlowIdentifier QosFlowIdentifier
}
