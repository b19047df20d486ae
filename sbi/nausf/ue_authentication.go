// Package nausf is the service of the AUSF, TS 29.509.
package nausf

import (
	"context"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
)

// Application errors of TS 29.509 §6.1.7.3.
const (
	CauseServingNetworkNotAuthorized sbi.Cause = "SERVING_NETWORK_NOT_AUTHORIZED"
	CauseAuthenticationRejected      sbi.Cause = "AUTHENTICATION_REJECTED"
	CauseUserNotFound                sbi.Cause = "USER_NOT_FOUND"
	CauseContextNotFound             sbi.Cause = "CONTEXT_NOT_FOUND"
)

// UEAuthentication is Nausf_UEAuthentication, TS 29.509 §5.2.
type UEAuthentication interface {
	// Authenticate starts an authentication, TS 29.509 §5.2.2.2. Errors: CauseUserNotFound,
	// CauseServingNetworkNotAuthorized, CauseAuthenticationRejected.
	Authenticate(ctx context.Context, info AuthenticationInfo) (UEAuthenticationCtx, error)
	// Confirm5GAKA hands over RES*, TS 29.509 §5.2.2.2.2 step 3. A wrong RES* is not an error of the
	// service: the answer says AuthenticationFailure.
	Confirm5GAKA(ctx context.Context, authCtxID string, data ConfirmationData) (ConfirmationDataResponse, error)
	// EAPSession hands over an EAP response of the UE and returns what the UE is sent next, TS 29.509 §5.2.2.2.3.
	// While the answer says AuthenticationOngoing there is another round.
	EAPSession(ctx context.Context, authCtxID string, session EAPSession) (EAPSession, error)
}

// AuthenticationInfo asks for an authentication, TS 29.509 §6.1.6.2.2.
type AuthenticationInfo struct {
	// SUPIOrSUCI is "imsi-..." or a SUCI in the form of TS 23.003 §28.7.3: "suci-0-001-01-0-0-0-0000000001".
	SUPIOrSUCI            string                 `json:"supiOrSuci"`
	ServingNetworkName    string                 `json:"servingNetworkName"`
	ResynchronizationInfo *ResynchronizationInfo `json:"resynchronizationInfo,omitempty"`
}

// ResynchronizationInfo carries a USIM's AUTS back, TS 29.503 §6.3.6.2.6.
type ResynchronizationInfo struct {
	RAND aka.RAND `json:"rand"`
	AUTS aka.AUTS `json:"auts"`
}

// AuthType is the authentication method, TS 29.509 §6.1.6.3.3.
type AuthType string

// The authentication methods.
const (
	AuthType5GAKA       AuthType = "5G_AKA"
	AuthTypeEAPAKAPrime AuthType = "EAP_AKA_PRIME"
)

// UEAuthenticationCtx is a started authentication, TS 29.509 §6.1.6.2.3.
type UEAuthenticationCtx struct {
	AuthCtxID string   `json:"-"` // the last part of the link to the resource
	AuthType  AuthType `json:"authType"`
	Av5GAKA   Av5GAKA  `json:"5gAuthData"` // of 5G AKA
	// EAPPayload is the first EAP request for the UE, of EAP-AKA'.
	EAPPayload []byte `json:"eapPayload,omitempty"`
}

// EAPSession is one round of an EAP method, TS 29.509 §5.2.2.2.3. SUPI and KSEAF are set on success only.
type EAPSession struct {
	EAPPayload []byte     `json:"eapPayload"`
	AuthResult AuthResult `json:"authResult,omitempty"`
	SUPI       ident.SUPI `json:"supi,omitempty"`
	KSEAF      aka.KSEAF  `json:"kSeaf,omitempty"`
}

// Av5GAKA is the serving network's half of a 5G authentication vector, TS 29.509 §6.1.6.2.5.
type Av5GAKA struct {
	RAND      aka.RAND `json:"rand"`
	AUTN      aka.AUTN `json:"autn"`
	HXRESStar [16]byte `json:"hxresStar"`
}

// ConfirmationData carries RES*, TS 29.509 §6.1.6.2.6; nil where the UE never answered.
type ConfirmationData struct {
	RESStar *[16]byte `json:"resStar"`
}

// AuthResult is the outcome, TS 29.509 §6.1.6.3.4.
type AuthResult string

// The outcomes.
const (
	AuthenticationSuccess AuthResult = "AUTHENTICATION_SUCCESS"
	AuthenticationFailure AuthResult = "AUTHENTICATION_FAILURE"
	AuthenticationOngoing AuthResult = "AUTHENTICATION_ONGOING" // of EAP
)

// ConfirmationDataResponse ends an authentication, TS 29.509 §6.1.6.2.8. SUPI and KSEAF are set on success only.
type ConfirmationDataResponse struct {
	AuthResult AuthResult `json:"authResult"`
	SUPI       ident.SUPI `json:"supi,omitempty"`
	KSEAF      aka.KSEAF  `json:"kseaf,omitempty"`
}
