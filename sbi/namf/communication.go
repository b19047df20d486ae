// Package namf is the service of the AMF towards other network functions, TS 29.518.
package namf

import (
	"context"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nsmf"
)

// Application errors of TS 29.518 §6.1.7.3.
const (
	CauseContextNotFound sbi.Cause = "CONTEXT_NOT_FOUND"
	CauseUENotReachable  sbi.Cause = "UE_NOT_REACHABLE"
	CauseUEInCMIdle      sbi.Cause = "UE_IN_CM_IDLE_STATE"
)

// Communication is Namf_Communication, TS 29.518 §5.2.
type Communication interface {
	// N1N2MessageTransfer sends a 5GSM message and an N2 container to a UE and its gNB, TS 29.518 §5.2.2.3.1.
	// It only enqueues: the UE's own procedure sends, or pages first, and tells TransferFailures if that fails. Errors:
	// CauseContextNotFound, CauseUENotReachable.
	N1N2MessageTransfer(ctx context.Context, supi ident.SUPI, req N1N2MessageTransferReqData) (N1N2MessageTransferRspData, error)
	// SMContextStatusNotify tells that an SM context ended on the SMF's side, TS 29.502 §5.2.2.5.
	SMContextStatusNotify(ctx context.Context, supi ident.SUPI, pduSessionID uint8, ref string) error
}

// N1N2MessageTransferReqData is TS 29.518 §6.1.6.2.18.
type N1N2MessageTransferReqData struct {
	PDUSessionID uint8         `json:"pduSessionId"`
	SMContextRef string        `json:"smContextRef"`
	N1SMMsg      []byte        `json:"n1MessageContainer,omitempty"`
	N2SMInfo     nsmf.N2SMInfo `json:"n2InfoContainer,omitzero"`
	SNSSAI       ident.SNSSAI  `json:"sNssai"` // of the session, for the N2 message
	// ARP is the priority level of the QoS flow that has data, 1 (highest) to 15, 0 if it does not matter: the AMF may
	// page with priority, TS 23.501 §5.4.3.3.
	ARP uint8 `json:"arp,omitempty"`
	// SkipInd asks not to page an idle UE.
	SkipInd bool `json:"skipInd,omitempty"`
	// RANInfo is a status transfer for the target of a handover; then the rest is empty.
	RANInfo N2InfoContent `json:"ranInfo,omitzero"`
	// ReleaseOnSent says that the session is gone once the message is sent (a refused or released session).
	ReleaseOnSent bool `json:"-"`
}

// N1N2TransferCause is TS 29.518 §6.1.6.3.12.
type N1N2TransferCause string

// The answers.
const (
	AttemptingToReachUE   N1N2TransferCause = "ATTEMPTING_TO_REACH_UE"
	N1N2TransferInitiated N1N2TransferCause = "N1_N2_TRANSFER_INITIATED"
	N1MsgNotTransferred   N1N2TransferCause = "N1_MSG_NOT_TRANSFERRED" // the UE is idle and is not to be paged
	// Of transfers that did not come about:
	UENotResponding         N1N2TransferCause = "UE_NOT_RESPONDING" // to paging
	ANNotResponding         N1N2TransferCause = "AN_NOT_RESPONDING" // the radio was lost before the UE said anything
	FailureCauseUnspecified N1N2TransferCause = "FAILURE_CAUSE_UNSPECIFIED"
)

// TransferFailures is who asked for transfers and is told of those that did not come about,
// Namf_Communication_N1N2TransferFailureNotification, TS 29.518 §5.2.2.3.2.
type TransferFailures interface {
	// N1N2TransferFailureNotify takes note. Error: sbi.CauseContextNotFound.
	N1N2TransferFailureNotify(ctx context.Context, n N1N2MsgTxfrFailureNotification) error
}

// N1N2MsgTxfrFailureNotification says which transfer did not come about, TS 29.518 §5.2.2.3.2.
type N1N2MsgTxfrFailureNotification struct {
	Cause        N1N2TransferCause `json:"cause"`
	PDUSessionID uint8             `json:"pduSessionId"`
	SMContextRef string            `json:"smContextRef"` // stands for the URI of the transfer
}

// N1N2MessageTransferRspData is TS 29.518 §6.1.6.2.19.
type N1N2MessageTransferRspData struct {
	Cause N1N2TransferCause `json:"cause"`
}
