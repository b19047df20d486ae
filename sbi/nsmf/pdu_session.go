// Package nsmf is the service of the SMF towards the AMF, TS 29.502.
package nsmf

import (
	"context"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
)

// Application errors of TS 29.502 §6.1.7.3.
const (
	CauseN1SMError                  sbi.Cause = "N1_SM_ERROR"
	CauseN2SMError                  sbi.Cause = "N2_SM_ERROR"
	CauseSNSSAIDenied               sbi.Cause = "SNSSAI_DENIED"
	CauseDNNDenied                  sbi.Cause = "DNN_DENIED"
	CausePDUTypeDenied              sbi.Cause = "PDUTYPE_DENIED"
	CauseSSCDenied                  sbi.Cause = "SSC_DENIED"
	CauseSubscriptionDenied         sbi.Cause = "SUBSCRIPTION_DENIED"
	CauseDNNNotSupported            sbi.Cause = "DNN_NOT_SUPPORTED"
	CauseSNSSAINotSupported         sbi.Cause = "SNSSAI_NOT_SUPPORTED"
	CauseInsufficientResourcesSlice sbi.Cause = "INSUFFICIENT_RESOURCES_SLICE_DNN"
	CauseNetworkFailure             sbi.Cause = "NETWORK_FAILURE"
	CauseUPFNotResponding           sbi.Cause = "UPF_NOT_RESPONDING"
)

// PDUSession is Nsmf_PDUSession, TS 29.502 §5.2.2. A refusal that the UE must hear (CreateSMContext with an N1
// answer) is an *SMContextError.
type PDUSession interface {
	// CreateSMContext makes the context of a PDU session, TS 29.502 §5.2.2.2. It answers as soon as the request
	// is found acceptable; the PDU SESSION ESTABLISHMENT ACCEPT follows by Namf N1N2MessageTransfer.
	CreateSMContext(ctx context.Context, data SMContextCreateData) (SMContextCreatedData, error)
	// UpdateSMContext hands over an N1 or N2 message, or activates and deactivates the user plane, TS 29.502 §5.2.2.3.
	UpdateSMContext(ctx context.Context, ref string, data SMContextUpdateData) (SMContextUpdatedData, error)
	// ReleaseSMContext ends the session, TS 29.502 §5.2.2.4. Error: CauseContextNotFound.
	ReleaseSMContext(ctx context.Context, ref string, data SMContextReleaseData) error
}

// SMContextError is an error of CreateSMContext or UpdateSMContext that carries the 5GSM refusal for the UE and,
// where there is one, N2 information for the gNB, TS 29.502 §6.1.6.2.10.
type SMContextError struct {
	*sbi.ProblemDetails
	N1SMMsg  []byte   `json:"n1SmMsg,omitempty"`
	N2SMInfo N2SMInfo `json:"n2SmInfo,omitzero"`
}

func (e *SMContextError) Unwrap() error { return e.ProblemDetails }

// N2SMInfo is an NGAP "Transfer" container that the AMF forwards without reading it, TS 29.502 §6.1.6.4.3.
type N2SMInfo struct {
	Type N2SMInfoType `json:"n2SmInfoType,omitempty"`
	Data []byte       `json:"n2SmInfo,omitempty"`
}

// N2SMInfoType says which container, TS 29.502 §6.1.6.3.5.
type N2SMInfoType string

// The containers of N2.
const (
	PDUResSetupReq  N2SMInfoType = "PDU_RES_SETUP_REQ"
	PDUResSetupRsp  N2SMInfoType = "PDU_RES_SETUP_RSP"
	PDUResSetupFail N2SMInfoType = "PDU_RES_SETUP_FAIL"
	PDUResRelCmd    N2SMInfoType = "PDU_RES_REL_CMD"
	PDUResRelRsp    N2SMInfoType = "PDU_RES_REL_RSP"
	PDUResModReq    N2SMInfoType = "PDU_RES_MOD_REQ"
	PDUResModRsp    N2SMInfoType = "PDU_RES_MOD_RSP"
	PDUResModFail   N2SMInfoType = "PDU_RES_MOD_FAIL"
	PDUResNty       N2SMInfoType = "PDU_RES_NTY"
	PDUResNtyRel    N2SMInfoType = "PDU_RES_NTY_REL"

	PDUResModInd     N2SMInfoType = "PDU_RES_MOD_IND"
	PDUResModCfm     N2SMInfoType = "PDU_RES_MOD_CFM"
	PDUResModIndFail N2SMInfoType = "PDU_RES_MOD_IND_FAIL"

	PathSwitchReq       N2SMInfoType = "PATH_SWITCH_REQ"
	PathSwitchSetupFail N2SMInfoType = "PATH_SWITCH_SETUP_FAIL"
	PathSwitchReqAck    N2SMInfoType = "PATH_SWITCH_REQ_ACK"
	PathSwitchReqFail   N2SMInfoType = "PATH_SWITCH_REQ_FAIL"

	HandoverRequired     N2SMInfoType = "HANDOVER_REQUIRED"
	HandoverCmd          N2SMInfoType = "HANDOVER_CMD"
	HandoverPrepFail     N2SMInfoType = "HANDOVER_PREP_FAIL"
	HandoverReqAck       N2SMInfoType = "HANDOVER_REQ_ACK"
	HandoverResAllocFail N2SMInfoType = "HANDOVER_RES_ALLOC_FAIL"

	SecondaryRATUsage N2SMInfoType = "SECONDARY_RAT_USAGE"

	UEContextSuspendReq N2SMInfoType = "UE_CONTEXT_SUSPEND_REQ"
	UEContextResumeReq  N2SMInfoType = "UE_CONTEXT_RESUME_REQ"
	UEContextResumeRsp  N2SMInfoType = "UE_CONTEXT_RESUME_RSP"
)

// HoState is the state of an N2 handover of a session, TS 29.502 §6.1.6.3.13.
type HoState string

// The states. A session without handover has none.
const (
	HoPreparing HoState = "PREPARING" // the target is asked for resources
	HoPrepared  HoState = "PREPARED"  // the target has them, or has refused them
	HoCompleted HoState = "COMPLETED" // the UE is there
	HoCancelled HoState = "CANCELLED" // the UE stays where it is
)

// RequestType is TS 29.502 §6.1.6.3.7.
type RequestType string

// The request types.
const (
	InitialRequest           RequestType = "INITIAL_REQUEST"
	ExistingPDUSession       RequestType = "EXISTING_PDU_SESSION"
	InitialEmergencyRequest  RequestType = "INITIAL_EMERGENCY_REQUEST"
	ExistingEmergencySession RequestType = "EXISTING_EMERGENCY_PDU_SESSION"
)

// SMContextCreateData is TS 29.502 §6.1.6.2.2.
type SMContextCreateData struct {
	SUPI           ident.SUPI   `json:"supi"`
	PDUSessionID   uint8        `json:"pduSessionId"`
	DNN            ident.DNN    `json:"dnn"`
	SNSSAI         ident.SNSSAI `json:"sNssai"`
	ServingNetwork ident.PLMN   `json:"servingNetwork"`
	GUAMI          ident.GUAMI  `json:"guami"`
	RequestType    RequestType  `json:"requestType"`
	TAI            ident.TAI    `json:"ueLocation"`
	N1SMMsg        []byte       `json:"n1SmMsg"`
}

// SMContextCreatedData is TS 29.502 §6.1.6.2.3. Ref is the last part of the link to the context.
type SMContextCreatedData struct {
	Ref string `json:"-"`
}

// UpCnxState is the state of the N3 tunnel, TS 29.502 §6.1.6.3.2.
type UpCnxState string

// The states.
const (
	Activated   UpCnxState = "ACTIVATED"
	Deactivated UpCnxState = "DEACTIVATED"
	Activating  UpCnxState = "ACTIVATING"
	Suspended   UpCnxState = "SUSPENDED" // the gNB keeps its end for later
)

// SMContextUpdateData is TS 29.502 §6.1.6.2.4; a zero field is one that is not sent.
type SMContextUpdateData struct {
	N1SMMsg    []byte     `json:"n1SmMsg,omitempty"`
	N2SMInfo   N2SMInfo   `json:"n2SmInfo,omitzero"`
	UpCnxState UpCnxState `json:"upCnxState,omitempty"` // Activating asks for N2SMInfo to set the tunnel up, Deactivated takes it down, Suspended has it kept
	TAI        ident.TAI  `json:"ueLocation,omitzero"`
	HoState    HoState    `json:"hoState,omitempty"`
	// GUAMI is of the AMF that serves the UE from now on, where it is another than before; then ServingNFID is its name.
	GUAMI       ident.GUAMI `json:"guami,omitzero"`
	ServingNFID string      `json:"servingNfId,omitempty"`
	NGAPCause   string      `json:"ngApCause,omitempty"` // why, for the log
	// Release asks for the release of the session with the UE's knowledge; Cause says why.
	Release bool  `json:"release,omitempty"`
	Cause   Cause `json:"cause,omitempty"`
}

// Cause is TS 29.502 §6.1.6.3.8.
type Cause string

// SliceNotAuthorized says that the UE may not use the slice of the session any more.
const SliceNotAuthorized Cause = "REL_DUE_TO_SLICE_NOT_AUTHORIZED"

// SMContextUpdatedData is TS 29.502 §6.1.6.2.5.
type SMContextUpdatedData struct {
	UpCnxState UpCnxState `json:"upCnxState,omitempty"`
	HoState    HoState    `json:"hoState,omitempty"`
	N1SMMsg    []byte     `json:"n1SmMsg,omitempty"`
	N2SMInfo   N2SMInfo   `json:"n2SmInfo,omitzero"`
	// Released says that the session is gone and that the AMF forgets it once it has sent what is in here.
	Released bool `json:"released,omitempty"`
}

// SMContextReleaseData is TS 29.502 §6.1.6.2.6.
type SMContextReleaseData struct {
	Cause string `json:"cause,omitempty"`
}
