// Package npcf holds the services of the PCF: AM policy (TS 29.507) and SM policy (TS 29.512).
package npcf

import (
	"context"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nudm"
)

// Application errors of TS 29.507 §5.7.3 and TS 29.512 §5.7.3.
const (
	CauseUserUnknown           sbi.Cause = "USER_UNKNOWN"
	CausePolicyContextDenied   sbi.Cause = "POLICY_CONTEXT_DENIED"
	CausePolicyContextNotFound sbi.Cause = "POLICY_CONTEXT_NOT_FOUND"
)

// AMPolicyControl is Npcf_AMPolicyControl, TS 29.507 §4.2.
type AMPolicyControl interface {
	// CreateAMPolicy makes an AM policy association, TS 29.507 §4.2.2. Error: CauseUserUnknown.
	CreateAMPolicy(ctx context.Context, req AMPolicyRequest) (AMPolicyAssociation, error)
	// DeleteAMPolicy ends it, TS 29.507 §4.2.5. Error: CausePolicyContextNotFound.
	DeleteAMPolicy(ctx context.Context, id string) error
}

// AMPolicyRequest is the PolicyAssociationRequest of TS 29.507 §5.6.2.3.
type AMPolicyRequest struct {
	SUPI         ident.SUPI     `json:"supi"`
	TAI          ident.TAI      `json:"userLoc"`
	AllowedNSSAI []ident.SNSSAI `json:"allowedSnssais"`
	RFSPIndex    uint16         `json:"rfsp,omitempty"`
	UEAMBR       nudm.AMBR      `json:"ueAmbr"`
}

// AMPolicyAssociation is the PolicyAssociation of TS 29.507 §5.6.2.2.
type AMPolicyAssociation struct {
	ID        string    `json:"-"`
	RFSPIndex uint16    `json:"rfsp,omitempty"`
	UEAMBR    nudm.AMBR `json:"ueAmbr"`
}

// SMPolicyControl is Npcf_SMPolicyControl, TS 29.512 §4.2.
type SMPolicyControl interface {
	// CreateSMPolicy decides the rules of a session, TS 29.512 §4.2.2. Errors: CauseUserUnknown, CausePolicyContextDenied.
	CreateSMPolicy(ctx context.Context, req SMPolicyContextData) (SMPolicyDecision, error)
	// DeleteSMPolicy ends it, TS 29.512 §4.2.5. Error: CausePolicyContextNotFound.
	DeleteSMPolicy(ctx context.Context, id string) error
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
}

// SMPolicyDecision is TS 29.512 §5.6.2.4: the session rule in force and the PCC rules.
type SMPolicyDecision struct {
	ID          string                    `json:"-"`
	SessionAMBR nudm.AMBR                 `json:"authSessAmbr"`
	DefaultQoS  nudm.SubscribedDefaultQoS `json:"authDefQos"`
	PCCRules    []PCCRule                 `json:"pccRules"`
}

// PCCRule is TS 29.512 §5.6.2.6 with its QoS data. The rule with no flow description is the match-all rule.
type PCCRule struct {
	ID                string    `json:"pccRuleId"`
	Precedence        uint8     `json:"precedence"`          // lower is looked at first
	FlowDescriptions  []string  `json:"flowInfos,omitempty"` // IPFilterRule, TS 29.212 §5.4.2, downlink direction
	FiveQI            uint8     `json:"5qi"`
	ARP               nudm.ARP  `json:"arp"`
	MaxBitRate        nudm.AMBR `json:"maxbr,omitzero"` // bit/s
	GuaranteedBitRate nudm.AMBR `json:"gbr,omitzero"`   // bit/s; zero: a non-GBR flow
}
