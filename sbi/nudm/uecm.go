package nudm

import (
	"context"

	"github.com/limpid-5g/limpid/ident"
)

// UECM is Nudm_UEContextManagement, TS 29.503 §5.3.
type UECM interface {
	// RegisterAMF records the AMF that serves the UE over 3GPP access, TS 29.503 §5.3.2.2.2, and tells the one
	// before it (the returned registration, if any).
	RegisterAMF(ctx context.Context, supi ident.SUPI, reg AMF3GPPAccessRegistration) (previous *AMF3GPPAccessRegistration, err error)
	// DeregisterAMF ends it, TS 29.503 §5.3.2.4.2. Error: CauseContextNotFound.
	DeregisterAMF(ctx context.Context, supi ident.SUPI, guami ident.GUAMI) error
	// GetAMF finds the AMF that serves the UE with a GPSI over 3GPP access, TS 29.503 §5.3.2.5.2. Errors: CauseUserNotFound,
	// CauseContextNotFound.
	GetAMF(ctx context.Context, gpsi string) (ident.SUPI, AMF3GPPAccessRegistration, error)
	// RegisterSMF records the SMF of a PDU session, TS 29.503 §5.3.2.2.4.
	RegisterSMF(ctx context.Context, supi ident.SUPI, reg SMFRegistration) error
	// DeregisterSMF ends it, TS 29.503 §5.3.2.4.4. Error: CauseContextNotFound.
	DeregisterSMF(ctx context.Context, supi ident.SUPI, pduSessionID uint8) error
}

// AMF3GPPAccessRegistration is TS 29.503 §6.2.6.2.2.
type AMF3GPPAccessRegistration struct {
	AMFInstanceID string      `json:"amfInstanceId"`
	GUAMI         ident.GUAMI `json:"guami"`
	PEI           string      `json:"pei,omitempty"`
}

// SMFRegistration is TS 29.503 §6.2.6.2.4.
type SMFRegistration struct {
	SMFInstanceID string       `json:"smfInstanceId"`
	PDUSessionID  uint8        `json:"pduSessionId"`
	SNSSAI        ident.SNSSAI `json:"singleNssai"`
	DNN           ident.DNN    `json:"dnn"`
	PLMN          ident.PLMN   `json:"plmnId"`
}
