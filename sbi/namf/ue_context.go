package namf

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nnssaaf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/sbi/nudm"
)

// Application errors of the operations on UE contexts, TS 29.518 §6.1.7.3.
const (
	CauseHandoverFailure    sbi.Cause = "HANDOVER_FAILURE"
	CauseIntegrityCheckFail sbi.Cause = "INTEGRITY_CHECK_FAIL"
)

// UEContexts is the part of Namf_Communication by which AMFs hand UEs to each other over N14, TS 29.518 §5.2.2.2.
type UEContexts interface {
	// UEContextTransfer gives the context of a UE that registers at another AMF, TS 29.518 §5.2.2.2.1. The old AMF checks
	// the integrity of the registration request first. Errors: CauseContextNotFound, CauseIntegrityCheckFail.
	UEContextTransfer(ctx context.Context, id UEContextID, req UEContextTransferReqData) (UEContextTransferRspData, error)
	// RegistrationStatusUpdate says what became of a context that was given, TS 29.518 §5.2.2.2.2.
	// Error: CauseContextNotFound.
	RegistrationStatusUpdate(ctx context.Context, id UEContextID, req UERegStatusUpdateReqData) (UERegStatusUpdateRspData, error)
	// CreateUEContext asks for everything that a handover needs at the target, TS 29.518 §5.2.2.2.3. It answers when the
	// target gNB has. The error is a *UEContextCreateError with CauseHandoverFailure.
	CreateUEContext(ctx context.Context, id UEContextID, req UEContextCreateData) (UEContextCreatedData, error)
	// ReleaseUEContext ends a handover that does not take place, TS 29.518 §5.2.2.2.4. Error: CauseContextNotFound.
	ReleaseUEContext(ctx context.Context, id UEContextID, req UEContextRelease) error
	// N2InfoNotify tells the source AMF that the UE has arrived, TS 29.518 §5.2.2.3.6. Error: CauseContextNotFound.
	N2InfoNotify(ctx context.Context, id UEContextID, n N2InformationNotification) error
}

// Peer is what one AMF is to another.
type Peer interface {
	UEContexts
	// N1N2MessageTransfer brings, between AMFs, the status transfer of a handover to the target, TS 23.502 §4.9.1.3.3 step 2.
	N1N2MessageTransfer(ctx context.Context, supi ident.SUPI, req N1N2MessageTransferReqData) (N1N2MessageTransferRspData, error)
}

// UEContextID names a UE context, TS 29.518 §6.1.3.2.2: a SUPI or "5g-guti-" with a 5G-GUTI.
type UEContextID string

const gutiPrefix = "5g-guti-"

// GUTIContext is the identity of the context of the UE with a 5G-GUTI.
func GUTIContext(g ident.GUTI) UEContextID {
	return UEContextID(fmt.Sprintf("%s%s%06x%08x", gutiPrefix, g.GUAMI.PLMN, g.GUAMI.AMFID(), g.TMSI))
}

// SUPIContext is the identity of the context of a subscriber.
func SUPIContext(s ident.SUPI) UEContextID { return UEContextID(s) }

// SUPI returns the SUPI if that is what names the context.
func (id UEContextID) SUPI() (ident.SUPI, bool) {
	s, err := ident.ParseSUPI(string(id))
	return s, err == nil
}

// GUTI returns the 5G-GUTI if that is what names the context.
func (id UEContextID) GUTI() (g ident.GUTI, ok bool) {
	text, ok := strings.CutPrefix(string(id), gutiPrefix)
	const digits = 14 // AMF identifier and 5G-TMSI
	if !ok || len(text) < digits+5 {
		return g, false
	}
	plmn, err := ident.ParsePLMN(text[:len(text)-digits])
	n, err2 := strconv.ParseUint(text[len(text)-digits:], 16, 56)
	if err != nil || err2 != nil {
		return g, false
	}
	amf := uint32(n >> 32)
	return ident.GUTI{TMSI: uint32(n), GUAMI: ident.GUAMI{
		PLMN: plmn, Region: uint8(amf >> 16), Set: uint16(amf>>6) & 0x3ff, Pointer: uint8(amf) & 0x3f,
	}}, true
}

// UEContext is TS 29.518 §6.1.6.2.25.
type UEContext struct {
	SUPI               ident.SUPI          `json:"supi"`
	PEI                string              `json:"pei,omitempty"`
	DRXParameter       []byte              `json:"drxParameter,omitempty"`
	UEAMBR             nudm.AMBR           `json:"subUeAmbr,omitzero"`
	SEAFData           *SEAFData           `json:"seafData,omitempty"` // nil: the new AMF has authenticated the UE itself
	MMCapability       []byte              `json:"5gMmCapability,omitempty"`
	MMContextList      []MMContext         `json:"mmContextList,omitempty"`
	SessionContextList []PDUSessionContext `json:"sessionContextList,omitempty"`
}

// SEAFData is the keys of a UE, TS 29.518 §6.1.6.2.27.
type SEAFData struct {
	NgKSI  NgKSI  `json:"ngKsi"`
	KeyAMF KeyAMF `json:"keyAmf"`
	// NH and NCC are the next hop parameters of a connected UE, TS 33.501 §6.9.2.1.1.
	NH  sbi.Hex `json:"nh,omitempty"`
	NCC *uint8  `json:"ncc,omitempty"`
	// KeyAMFChangeInd says that NH is a KgNB of KeyAMF with NCC 0, because the radio's keys are of another KAMF, TS 33.501 §6.9.2.3.3.
	KeyAMFChangeInd bool `json:"keyAmfChangeInd,omitempty"`
	// KeyAMFHDerivationInd says that KeyAMF was derived horizontally, so that the UE must be told, TS 33.501 §6.9.3.
	KeyAMFHDerivationInd bool `json:"keyAmfHDerivationInd,omitempty"`
}

// NgKSI is a key set identifier, TS 29.518 §6.1.6.2.36.
type NgKSI struct {
	TSC string `json:"tsc"` // NATIVE or MAPPED
	KSI uint8  `json:"ksi"`
}

// NativeContext is the type of security context of a UE that was authenticated in 5GS.
const NativeContext = "NATIVE"

// KeyAMF is TS 29.518 §6.1.6.2.37.
type KeyAMF struct {
	KeyType KeyAMFType `json:"keyType"`
	KeyVal  sbi.Hex    `json:"keyVal"`
}

// KeyAMFType is TS 29.518 §6.1.6.3.11.
type KeyAMFType string

// The types of key.
const (
	KAMF      KeyAMFType = "KAMF"
	KPrimeAMF KeyAMFType = "KPRIMEAMF"
)

// MMContext is what an AMF has of a UE on one access, TS 29.518 §6.1.6.2.28.
type MMContext struct {
	AccessType           string          `json:"accessType"`
	NASSecurityMode      NASSecurityMode `json:"nasSecurityMode,omitzero"` // none, nor what follows: without keys
	NASDownlinkCount     uint32          `json:"nasDownlinkCount"`         // of the next message
	NASUplinkCount       uint32          `json:"nasUplinkCount"`           // likewise
	UESecurityCapability []byte          `json:"ueSecurityCapability,omitempty"`
	AllowedNSSAI         []ident.SNSSAI  `json:"allowedNssai,omitempty"`
	NSSAAStatusList      []NSSAAStatus   `json:"nssaaStatusList,omitempty"`
}

// NSSAAStatus is what the AAA server of a slice has said of a UE: NssaaStatus of TS 29.571.
type NSSAAStatus struct {
	SNSSAI ident.SNSSAI       `json:"snssai"`
	Status nnssaaf.AuthResult `json:"status"`
}

// Access3GPP is the access of gNBs.
const Access3GPP = "3GPP_ACCESS"

// NASSecurityMode is TS 29.518 §6.1.6.2.29: "NIA2" and "NEA2".
type NASSecurityMode struct {
	IntegrityAlgorithm string `json:"integrityAlgorithm"`
	CipheringAlgorithm string `json:"cipheringAlgorithm"`
}

// PDUSessionContext is what an AMF has of a PDU session, TS 29.518 §6.1.6.2.31.
type PDUSessionContext struct {
	PDUSessionID uint8        `json:"pduSessionId"`
	SMContextRef string       `json:"smContextRef"` // a URI, see sbi.ContextURI
	SNSSAI       ident.SNSSAI `json:"sNssai"`
	DNN          ident.DNN    `json:"dnn"`
	AccessType   string       `json:"accessType"`
}

// TransferReason is why a context is asked for, TS 29.518 §6.1.6.3.8.
type TransferReason string

// The reasons.
const (
	InitialRegistration           TransferReason = "INIT_REG"
	MobilityRegistration          TransferReason = "MOBI_REG"
	MobilityRegistrationValidated TransferReason = "MOBI_REG_UE_VALIDATED" // the new AMF has authenticated the UE
)

// UEContextTransferReqData is TS 29.518 §6.1.6.2.23.
type UEContextTransferReqData struct {
	Reason     TransferReason      `json:"reason"`
	AccessType string              `json:"accessType"`
	PLMN       ident.PLMN          `json:"plmnId"`
	RegRequest *N1MessageContainer `json:"regRequest,omitempty"` // the whole message as the UE has protected it
}

// N1MessageContainer is TS 29.518 §6.1.6.2.17.
type N1MessageContainer struct {
	Class   string     `json:"n1MessageClass"`
	Content sbi.Binary `json:"n1MessageContent"`
}

// Class5GMM is the class of mobility management messages, TS 29.518 §6.1.6.3.3.
const Class5GMM = "5GMM"

// UEContextTransferRspData is TS 29.518 §6.1.6.2.24.
type UEContextTransferRspData struct {
	UEContext         UEContext     `json:"ueContext"`
	UERadioCapability N2InfoContent `json:"ueRadioCapability,omitzero"`
}

// N2InfoContent is an information element of NGAP that AMFs pass on unread, TS 29.518 §6.1.6.2.22.
type N2InfoContent struct {
	Type NGAPIEType `json:"ngapIeType,omitempty"`
	Data sbi.Binary `json:"ngapData,omitempty"`
}

// NGAPIEType says which element, TS 29.518 §6.1.6.3.9.
type NGAPIEType string

// The elements that AMFs exchange.
const (
	SourceToTargetContainer NGAPIEType = "SRC_TO_TAR_CONTAINER"
	TargetToSourceContainer NGAPIEType = "TAR_TO_SRC_CONTAINER"
	RANStatusTransfer       NGAPIEType = "RAN_STATUS_TRANS_CONTAINER"
	EarlyStatusTransfer     NGAPIEType = "EARLY_STATUS_TRANS_CONTAINER"
	UERadioCapability       NGAPIEType = "UE_RADIO_CAPABILITY"
)

// TransferStatus is TS 29.518 §6.1.6.3.7.
type TransferStatus string

// What became of a context.
const (
	Transferred    TransferStatus = "TRANSFERRED"
	NotTransferred TransferStatus = "NOT_TRANSFERRED"
)

// UERegStatusUpdateReqData is TS 29.518 §6.1.6.2.20.
type UERegStatusUpdateReqData struct {
	TransferStatus       TransferStatus `json:"transferStatus"`
	ToReleaseSessionList []uint8        `json:"toReleaseSessionList,omitempty"` // those that the new AMF does not take
}

// UERegStatusUpdateRspData is TS 29.518 §6.1.6.2.21.
type UERegStatusUpdateRspData struct {
	RegStatusTransferComplete bool `json:"regStatusTransferComplete"`
}

// UEContextCreateData is TS 29.518 §6.1.6.2.33.
type UEContextCreateData struct {
	UEContext          UEContext         `json:"ueContext"`
	TargetID           NgRANTargetID     `json:"targetId"`
	SourceToTargetData N2InfoContent     `json:"sourceToTargetData"`
	PDUSessionList     []N2SMInformation `json:"pduSessionList"`
	N2NotifyURI        string            `json:"n2NotifyUri"`
	UERadioCapability  N2InfoContent     `json:"ueRadioCapability,omitzero"`
	NGAPCause          *sbi.NGAPCause    `json:"ngapCause,omitempty"`
	ServingNetwork     ident.PLMN        `json:"servingNetwork"`
}

// NgRANTargetID is TS 29.518 §6.1.6.2.35.
type NgRANTargetID struct {
	RANNodeID GlobalRANNodeID `json:"ranNodeId"`
	TAI       ident.TAI       `json:"tai"`
}

// GlobalRANNodeID is TS 29.571 §5.4.4.28, of a gNB.
type GlobalRANNodeID struct {
	PLMN  ident.PLMN `json:"plmnId"`
	GNBID GNBID      `json:"gNbId"`
}

// GNBID is TS 29.571 §5.4.4.29.
type GNBID struct {
	BitLength uint8  `json:"bitLength"` // 22 to 32
	Value     string `json:"gNBValue"`  // hexadecimal, as many digits as the bits need
}

// N2SMInformation is N2 information about a PDU session, TS 29.518 §6.1.6.2.26.
type N2SMInformation struct {
	PDUSessionID  uint8         `json:"pduSessionId"`
	N2InfoContent nsmf.N2SMInfo `json:"n2InfoContent,omitzero"`
	SNSSAI        ident.SNSSAI  `json:"sNssai,omitzero"`
}

// UEContextCreatedData is TS 29.518 §6.1.6.2.34.
type UEContextCreatedData struct {
	UEContext          UEContext         `json:"ueContext"`
	TargetToSourceData N2InfoContent     `json:"targetToSourceData"`
	PDUSessionList     []N2SMInformation `json:"pduSessionList"` // that the target takes, with what the source must hear
	FailedSessionList  []N2SMInformation `json:"failedSessionList,omitempty"`
}

// UEContextCreateError is TS 29.518 §6.1.6.2.38.
type UEContextCreateError struct {
	*sbi.ProblemDetails
	NGAPCause *sbi.NGAPCause
}

func (e *UEContextCreateError) Unwrap() error { return e.ProblemDetails }

// UEContextRelease is TS 29.518 §6.1.6.2.39.
type UEContextRelease struct {
	SUPI      ident.SUPI    `json:"supi,omitempty"`
	NGAPCause sbi.NGAPCause `json:"ngapCause"`
}

// N2InformationNotification is TS 29.518 §6.1.6.2.15.
type N2InformationNotification struct {
	NotifyReason         NotifyReason `json:"notifyReason"`
	ToReleaseSessionList []uint8      `json:"toReleaseSessionList,omitempty"`
}

// NotifyReason is TS 29.518 §6.1.6.3.15.
type NotifyReason string

// HandoverCompleted says that the UE is at the target.
const HandoverCompleted NotifyReason = "HANDOVER_COMPLETED"
