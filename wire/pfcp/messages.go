package pfcp

// MessageType is the type of a PFCP message, TS 29.244 §7.3.
type MessageType uint8

// Message types, TS 29.244 §7.3.
const (
	TypeHeartbeatRequest             MessageType = 1
	TypeHeartbeatResponse            MessageType = 2
	TypePFDManagementRequest         MessageType = 3
	TypePFDManagementResponse        MessageType = 4
	TypeAssociationSetupRequest      MessageType = 5
	TypeAssociationSetupResponse     MessageType = 6
	TypeAssociationUpdateRequest     MessageType = 7
	TypeAssociationUpdateResponse    MessageType = 8
	TypeAssociationReleaseRequest    MessageType = 9
	TypeAssociationReleaseResponse   MessageType = 10
	TypeVersionNotSupportedResponse  MessageType = 11
	TypeNodeReportRequest            MessageType = 12
	TypeNodeReportResponse           MessageType = 13
	TypeSessionEstablishmentRequest  MessageType = 50
	TypeSessionEstablishmentResponse MessageType = 51
	TypeSessionModificationRequest   MessageType = 52
	TypeSessionModificationResponse  MessageType = 53
	TypeSessionDeletionRequest       MessageType = 54
	TypeSessionDeletionResponse      MessageType = 55
	TypeSessionReportRequest         MessageType = 56
	TypeSessionReportResponse        MessageType = 57
)

// Message is a PFCP message without its header: always a pointer to one of the structs below.
type Message interface {
	Type() MessageType
	body
}

// HeartbeatRequest asks whether the peer lives, TS 29.244 §7.4.2.1.
//
//pfcp:message 1
type HeartbeatRequest struct {
	RecoveryTimeStamp Timestamp `ie:"96"`
}

// HeartbeatResponse answers a HeartbeatRequest, TS 29.244 §7.4.2.2.
//
//pfcp:message 2
type HeartbeatResponse struct {
	RecoveryTimeStamp Timestamp `ie:"96"`
}

// AssociationSetupRequest sets up an association between a CP and a UP function, TS 29.244 §7.4.4.1.
//
//pfcp:message 5
type AssociationSetupRequest struct {
	NodeID             NodeID                  `ie:"60"`
	RecoveryTimeStamp  Timestamp               `ie:"96"`
	UPFunctionFeatures Opt[UPFunctionFeatures] `ie:"43"`
	CPFunctionFeatures Opt[CPFunctionFeatures] `ie:"89"`
}

// AssociationSetupResponse answers an AssociationSetupRequest, TS 29.244 §7.4.4.2.
//
//pfcp:message 6
type AssociationSetupResponse struct {
	NodeID             NodeID                  `ie:"60"`
	Cause              Cause                   `ie:"19"`
	RecoveryTimeStamp  Timestamp               `ie:"96"`
	UPFunctionFeatures Opt[UPFunctionFeatures] `ie:"43"`
	CPFunctionFeatures Opt[CPFunctionFeatures] `ie:"89"`
}

// AssociationUpdateRequest changes an association, TS 29.244 §7.4.4.3.
//
//pfcp:message 7
type AssociationUpdateRequest struct {
	NodeID                    NodeID                         `ie:"60"`
	UPFunctionFeatures        Opt[UPFunctionFeatures]        `ie:"43"`
	CPFunctionFeatures        Opt[CPFunctionFeatures]        `ie:"89"`
	AssociationReleaseRequest Opt[AssociationReleaseFlags]   `ie:"111"`
	GracefulReleasePeriod     Opt[Timer]                     `ie:"112"`
	PFCPAUReqFlags            Opt[AssociationUpdateReqFlags] `ie:"162"`
}

// AssociationUpdateResponse answers an AssociationUpdateRequest, TS 29.244 §7.4.4.4.
//
//pfcp:message 8
type AssociationUpdateResponse struct {
	NodeID             NodeID                  `ie:"60"`
	Cause              Cause                   `ie:"19"`
	UPFunctionFeatures Opt[UPFunctionFeatures] `ie:"43"`
	CPFunctionFeatures Opt[CPFunctionFeatures] `ie:"89"`
}

// AssociationReleaseRequest ends an association and its sessions, TS 29.244 §7.4.4.5.
//
//pfcp:message 9
type AssociationReleaseRequest struct {
	NodeID NodeID `ie:"60"`
}

// AssociationReleaseResponse answers an AssociationReleaseRequest, TS 29.244 §7.4.4.6.
//
//pfcp:message 10
type AssociationReleaseResponse struct {
	NodeID NodeID `ie:"60"`
	Cause  Cause  `ie:"19"`
}

// VersionNotSupportedResponse is a header alone, TS 29.244 §7.4.4.7.
//
//pfcp:message 11
type VersionNotSupportedResponse struct{}

// NodeReportRequest tells the CP function what concerns no single session, TS 29.244 §7.4.5.1.
//
//pfcp:message 12
type NodeReportRequest struct {
	NodeID                      NodeID                   `ie:"60"`
	NodeReportType              NodeReportType           `ie:"101"`
	UserPlanePathFailureReport  Opt[UserPlanePathReport] `ie:"102"`
	UserPlanePathRecoveryReport Opt[UserPlanePathReport] `ie:"187"`
}

// NodeReportResponse answers a NodeReportRequest, TS 29.244 §7.4.5.2.
//
//pfcp:message 13
type NodeReportResponse struct {
	NodeID      NodeID      `ie:"60"`
	Cause       Cause       `ie:"19"`
	OffendingIE Opt[IEType] `ie:"40"`
}

// SessionEstablishmentRequest makes a session, TS 29.244 §7.5.2.1. The SEID in its header is 0.
//
//pfcp:message 50
type SessionEstablishmentRequest struct {
	NodeID                   NodeID                            `ie:"60"`
	CPFSEID                  FSEID                             `ie:"57"`
	CreatePDR                []CreatePDR                       `ie:"1,M"`
	CreateFAR                []CreateFAR                       `ie:"3,M"`
	CreateURR                []CreateURR                       `ie:"6"`
	CreateQER                []CreateQER                       `ie:"7"`
	CreateBAR                Opt[CreateBAR]                    `ie:"85"`
	PDNType                  Opt[PDNType]                      `ie:"113"`
	UserPlaneInactivityTimer Opt[Seconds]                      `ie:"117"`
	APNDNN                   Opt[NetworkInstance]              `ie:"159"`
	PFCPSEReqFlags           Opt[SessionEstablishmentReqFlags] `ie:"186"`
	RecoveryTimeStamp        Opt[Timestamp]                    `ie:"96"`
	SNSSAI                   Opt[SNSSAI]                       `ie:"257"`
}

// SessionEstablishmentResponse answers a SessionEstablishmentRequest, TS 29.244 §7.5.3.1.
//
//pfcp:message 51
type SessionEstablishmentResponse struct {
	NodeID       NodeID            `ie:"60"`
	Cause        Cause             `ie:"19"`
	OffendingIE  Opt[IEType]       `ie:"40"`
	UPFSEID      Opt[FSEID]        `ie:"57"`
	CreatedPDR   []CreatedPDR      `ie:"8"`
	FailedRuleID Opt[FailedRuleID] `ie:"114"`
}

// SessionModificationRequest changes a session, TS 29.244 §7.5.4.1.
//
//pfcp:message 52
type SessionModificationRequest struct {
	CPFSEID                  Opt[FSEID]                       `ie:"57"`
	RemovePDR                []RemovePDR                      `ie:"15"`
	RemoveFAR                []RemoveFAR                      `ie:"16"`
	RemoveURR                []RemoveURR                      `ie:"17"`
	RemoveQER                []RemoveQER                      `ie:"18"`
	RemoveBAR                Opt[RemoveBAR]                   `ie:"87"`
	CreatePDR                []CreatePDR                      `ie:"1"`
	CreateFAR                []CreateFAR                      `ie:"3"`
	CreateURR                []CreateURR                      `ie:"6"`
	CreateQER                []CreateQER                      `ie:"7"`
	CreateBAR                Opt[CreateBAR]                   `ie:"85"`
	UpdatePDR                []UpdatePDR                      `ie:"9"`
	UpdateFAR                []UpdateFAR                      `ie:"10"`
	UpdateURR                []UpdateURR                      `ie:"13"`
	UpdateQER                []UpdateQER                      `ie:"14"`
	UpdateBAR                Opt[UpdateBAR]                   `ie:"86"`
	PFCPSMReqFlags           Opt[SessionModificationReqFlags] `ie:"49"`
	QueryURR                 []QueryURR                       `ie:"77"`
	UserPlaneInactivityTimer Opt[Seconds]                     `ie:"117"`
	QueryURRReference        Opt[uint32]                      `ie:"125"`
	NodeID                   Opt[NodeID]                      `ie:"60"`
	SNSSAI                   Opt[SNSSAI]                      `ie:"257"`
}

// SessionModificationResponse answers a SessionModificationRequest, TS 29.244 §7.5.5.1.
//
//pfcp:message 53
type SessionModificationResponse struct {
	Cause                             Cause             `ie:"19"`
	OffendingIE                       Opt[IEType]       `ie:"40"`
	CreatedPDR                        []CreatedPDR      `ie:"8"`
	UsageReport                       []UsageReport     `ie:"78"`
	FailedRuleID                      Opt[FailedRuleID] `ie:"114"`
	AdditionalUsageReportsInformation Opt[uint16]       `ie:"126"`
}

// SessionDeletionRequest ends a session, TS 29.244 §7.5.6.1.
//
//pfcp:message 54
type SessionDeletionRequest struct{}

// SessionDeletionResponse answers a SessionDeletionRequest, TS 29.244 §7.5.7.1.
//
//pfcp:message 55
type SessionDeletionResponse struct {
	Cause                             Cause         `ie:"19"`
	OffendingIE                       Opt[IEType]   `ie:"40"`
	UsageReport                       []UsageReport `ie:"79"`
	AdditionalUsageReportsInformation Opt[uint16]   `ie:"126"`
}

// SessionReportRequest tells the CP function of an event in a session, TS 29.244 §7.5.8.1.
//
//pfcp:message 56
type SessionReportRequest struct {
	ReportType                        ReportType                 `ie:"39"`
	DownlinkDataReport                Opt[DownlinkDataReport]    `ie:"83"`
	UsageReport                       []UsageReport              `ie:"80"`
	ErrorIndicationReport             Opt[ErrorIndicationReport] `ie:"99"`
	AdditionalUsageReportsInformation Opt[uint16]                `ie:"126"`
	PFCPSRReqFlags                    Opt[SessionReportReqFlags] `ie:"161"`
}

// SessionReportResponse answers a SessionReportRequest, TS 29.244 §7.5.9.1.
//
//pfcp:message 57
type SessionReportResponse struct {
	Cause          Cause                      `ie:"19"`
	OffendingIE    Opt[IEType]                `ie:"40"`
	UpdateBAR      Opt[UpdateBAR]             `ie:"12"`
	PFCPSRRspFlags Opt[SessionReportRspFlags] `ie:"50"`
	CPFSEID        Opt[FSEID]                 `ie:"57"`
}
