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

// AMPolicyNotify is what the AMF offers the PCF, TS 29.507 §4.2.4. It only enqueues. Error: CausePolicyContextNotFound.
type AMPolicyNotify interface {
	// AMPolicyUpdateNotify brings the policy that is in force from now on, TS 29.507 §4.2.4.2.
	AMPolicyUpdateNotify(ctx context.Context, notificationURI string, now AMPolicyAssociation) error
}

// AMPolicyRequest is the PolicyAssociationRequest of TS 29.507 §5.6.2.3.
type AMPolicyRequest struct {
	SUPI         ident.SUPI     `json:"supi"`
	TAI          ident.TAI      `json:"userLoc"`
	AllowedNSSAI []ident.SNSSAI `json:"allowedSnssais"`
	RFSPIndex    uint16         `json:"rfsp,omitempty"`
	UEAMBR       nudm.AMBR      `json:"ueAmbr"`
	// NotificationURI is where AMPolicyUpdateNotify finds the UE; empty: nowhere.
	NotificationURI string `json:"notificationUri"`
}

// AMPolicyAssociation is the PolicyAssociation of TS 29.507 §5.6.2.2.
type AMPolicyAssociation struct {
	ID        string    `json:"-"`
	RFSPIndex uint16    `json:"rfsp,omitempty"`
	UEAMBR    nudm.AMBR `json:"ueAmbr"`
}
