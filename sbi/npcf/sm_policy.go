package npcf

import (
	"context"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/nudm"
)

// SMPolicyControl is Npcf_SMPolicyControl, TS 29.512 §4.2.
type SMPolicyControl interface {
	// CreateSMPolicy decides the rules of a session, TS 29.512 §4.2.2. Errors: CauseUserUnknown, CausePolicyContextDenied.
	CreateSMPolicy(ctx context.Context, req SMPolicyContextData) (SMPolicyDecision, error)
	// UpdateSMPolicy tells what has changed and returns the rules from now on, TS 29.512 §4.2.4. With an error nothing
	// has changed. Errors: CausePolicyContextNotFound, CausePolicyContextDenied.
	UpdateSMPolicy(ctx context.Context, id string, req SMPolicyUpdateContextData) (SMPolicyDecision, error)
	// DeleteSMPolicy ends it, TS 29.512 §4.2.5. Error: CausePolicyContextNotFound.
	DeleteSMPolicy(ctx context.Context, id string) error
}

// SMPolicyNotify is what the SMF offers the PCF, TS 29.512 §4.2.3. Both only enqueue. Error: CausePolicyContextNotFound.
type SMPolicyNotify interface {
	// SMPolicyUpdateNotify brings the whole decision that is in force from now on, TS 29.512 §4.2.3.2.
	SMPolicyUpdateNotify(ctx context.Context, notificationURI string, now SMPolicyDecision) error
	// SMPolicyTerminateNotify asks for the session to be released, TS 29.512 §4.2.3.3.
	SMPolicyTerminateNotify(ctx context.Context, notificationURI string, why TerminationNotification) error
}

// SMPolicyContextData is TS 29.512 §5.6.2.3.
type SMPolicyContextData struct {
	SUPI           ident.SUPI                `json:"supi"`
	PDUSessionID   uint8                     `json:"pduSessionId"`
	PDUSessionType nudm.PDUSessionType       `json:"pduSessionType"`
	DNN            ident.DNN                 `json:"dnn"`
	SNSSAI         ident.SNSSAI              `json:"sliceInfo"`
	SubscribedAMBR nudm.AMBR                 `json:"subsSessAmbr"`
	SubscribedQoS  nudm.SubscribedDefaultQoS `json:"subsDefQos"`
	// NotificationURI is where SMPolicyNotify finds the session: the reference of its SM context.
	NotificationURI string `json:"notificationUri"`
}

// SMPolicyUpdateContextData is TS 29.512 §5.6.2.19; a zero field has not changed.
type SMPolicyUpdateContextData struct {
	SubscribedAMBR *nudm.AMBR                   `json:"subsSessAmbr,omitempty"`
	SubscribedQoS  *nudm.SubscribedDefaultQoS   `json:"subsDefQos,omitempty"`
	UEInitResReq   []UEInitiatedResourceRequest `json:"ueInitResReq,omitempty"` // all are granted, or none
	RuleReports    []RuleReport                 `json:"ruleReports,omitempty"`
}

// RuleOperation is TS 29.512 §5.6.3.11.
type RuleOperation string

// The operations of a UE on its own rules.
const (
	CreatePCCRule RuleOperation = "CREATE_PCC_RULE"
	DeletePCCRule RuleOperation = "DELETE_PCC_RULE"
	ModifyPCCRule RuleOperation = "MODIFY_PCC_RULE_AND_REPLACE_PACKET_FILTERS" // the request holds the rule as it is to be
)

// UEInitiatedResourceRequest is what a UE asks of the network in a modification, TS 29.512 §5.6.2.29.
type UEInitiatedResourceRequest struct {
	PCCRuleID        string        `json:"pccRuleId,omitempty"` // empty: a new rule
	RuleOp           RuleOperation `json:"ruleOp"`
	Precedence       uint8         `json:"precedence"`
	FlowDescriptions []string      `json:"packFiltInfo"` // IPFilterRule in the downlink direction: what the rule is to hold afterwards
	FiveQI           uint8         `json:"5qi,omitempty"`
	MaxBitRate       nudm.AMBR     `json:"maxbr,omitzero"` // bit/s
	Guaranteed       nudm.AMBR     `json:"gbr,omitzero"`   // bit/s
}

// RuleFailure is why a PCC rule is not in force, TS 29.512 §5.6.3.9.
type RuleFailure string

// The failures that the SMF reports.
const (
	RuleResourcesLimitation RuleFailure = "RES_LIM" // more than the operator lets be guaranteed
	RuleAllocationFailed    RuleFailure = "RES_ALLO_FAIL"
)

// RuleReport says that PCC rules are not in force, TS 29.512 §5.6.2.20. The PCF does not decide them again until what
// they are made of changes.
type RuleReport struct {
	PCCRuleIDs  []string    `json:"pccRuleIds"`
	FailureCode RuleFailure `json:"failureCode"`
}

// TerminationNotification is TS 29.512 §5.6.2.21.
type TerminationNotification struct {
	Cause ReleaseCause `json:"cause"`
}

// ReleaseCause is TS 29.512 §5.6.3.25.
type ReleaseCause string

// The causes for which the PCF ends a session.
const (
	ReleaseUnspecified           ReleaseCause = "UNSPECIFIED"
	ReleaseUESubscription        ReleaseCause = "UE_SUBSCRIPTION"
	ReleaseInsufficientResources ReleaseCause = "INSUFFICIENT_RES"
	ReleasePolicyReasons         ReleaseCause = "VALIDATION_CONDITION_NOT_MET"
)

// SMPolicyDecision is TS 29.512 §5.6.2.4: the session rule in force and the PCC rules.
type SMPolicyDecision struct {
	ID          string                    `json:"-"`
	SessionAMBR nudm.AMBR                 `json:"authSessAmbr"`
	DefaultQoS  nudm.SubscribedDefaultQoS `json:"authDefQos"`
	PCCRules    []PCCRule                 `json:"pccRules"`
	// ReflectiveQoSTimer is how long a UE keeps a derived QoS rule, in seconds, TS 29.512 §5.6.2.4; 0: no reflective QoS.
	ReflectiveQoSTimer uint32 `json:"reflectiveQoSTimer,omitempty"`
}

// UERulePrefix begins the identities of PCC rules that a UE has asked for.
const UERulePrefix = "ue-"

// PCCRule is TS 29.512 §5.6.2.6 with its QoS data. The rule with no flow description is the match-all rule.
type PCCRule struct {
	ID                string    `json:"pccRuleId"`
	Precedence        uint8     `json:"precedence"`          // lower is looked at first
	FlowDescriptions  []string  `json:"flowInfos,omitempty"` // IPFilterRule, TS 29.212 §5.4.2, downlink direction
	FiveQI            uint8     `json:"5qi"`
	ARP               nudm.ARP  `json:"arp"`
	MaxBitRate        nudm.AMBR `json:"maxbr,omitzero"`            // bit/s
	GuaranteedBitRate nudm.AMBR `json:"gbr,omitzero"`              // bit/s; zero: a non-GBR flow
	Reflective        bool      `json:"reflectiveQos,omitempty"`   // TS 23.501 §5.7.5
	Notify            bool      `json:"qnc,omitempty"`             // notification control, TS 23.501 §5.7.2.4
	AveragingWindow   uint16    `json:"averWindow,omitempty"`      // ms, of a GBR flow; 0: as the 5QI says
	MaxDataBurst      uint16    `json:"maxDataBurstVol,omitempty"` // octets, of a delay-critical GBR flow; 0: as the 5QI says
}
