// Package nudm holds the services of the UDM, TS 29.503: UE authentication, UE context management, subscriber
// data management.
package nudm

import (
	"context"
	"time"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nausf"
)

// Application errors of TS 29.503 §6.1.7.3, §6.2.7.3 and §6.3.7.3.
const (
	CauseUserNotFound                sbi.Cause = "USER_NOT_FOUND"
	CauseDataNotFound                sbi.Cause = "DATA_NOT_FOUND"
	CauseContextNotFound             sbi.Cause = "CONTEXT_NOT_FOUND"
	CauseAuthenticationRejected      sbi.Cause = "AUTHENTICATION_REJECTED"
	CauseServingNetworkNotAuthorized sbi.Cause = "SERVING_NETWORK_NOT_AUTHORIZED"
	CauseRoamingNotAllowed           sbi.Cause = "ROAMING_NOT_ALLOWED"
	CauseAccessNotAllowed            sbi.Cause = "ACCESS_NOT_ALLOWED"
	CauseDNNNotAllowed               sbi.Cause = "DNN_NOT_ALLOWED"
	CauseInvalidGUAMI                sbi.Cause = "INVALID_GUAMI"
)

// UEAuthentication is Nudm_UEAuthentication, TS 29.503 §5.4.
type UEAuthentication interface {
	// GenerateAuthData de-conceals the identity and makes a home environment vector, TS 29.503 §5.4.2.2.
	// Errors: CauseUserNotFound, CauseAuthenticationRejected (a SUCI that does not open, an AUTS that does not verify).
	GenerateAuthData(ctx context.Context, supiOrSUCI string, req AuthenticationInfoRequest) (AuthenticationInfoResult, error)
	// ConfirmAuth records the outcome, TS 29.503 §5.4.2.3.
	ConfirmAuth(ctx context.Context, supi ident.SUPI, event AuthEvent) error
}

// AuthenticationInfoRequest is TS 29.503 §6.3.6.2.2.
type AuthenticationInfoRequest struct {
	ServingNetworkName    string                       `json:"servingNetworkName"`
	ResynchronizationInfo *nausf.ResynchronizationInfo `json:"resynchronizationInfo,omitempty"`
}

// AuthenticationInfoResult is TS 29.503 §6.3.6.2.3.
type AuthenticationInfoResult struct {
	AuthType nausf.AuthType `json:"authType"`
	SUPI     ident.SUPI     `json:"supi"`
	Vector   Av5GHEAKA      `json:"authenticationVector"`   // of 5G AKA
	EAP      AvEAPAKAPrime  `json:"avEapAkaPrime,omitzero"` // of EAP-AKA'
}

// AvEAPAKAPrime is a vector of EAP-AKA', TS 33.501 §6.1.3.1.
type AvEAPAKAPrime struct {
	RAND    aka.RAND    `json:"rand"`
	AUTN    aka.AUTN    `json:"autn"`
	XRES    aka.RES     `json:"xres"`
	CKPrime aka.CKPrime `json:"ckPrime"`
	IKPrime aka.IKPrime `json:"ikPrime"`
}

// Av5GHEAKA is a 5G home environment vector, TS 33.501 §6.1.3.2.0.
type Av5GHEAKA struct {
	RAND     aka.RAND  `json:"rand"`
	AUTN     aka.AUTN  `json:"autn"`
	XRESStar [16]byte  `json:"xresStar"`
	KAUSF    aka.KAUSF `json:"kausf"`
}

// AuthEvent is the outcome of an authentication, TS 29.503 §6.3.6.2.7.
type AuthEvent struct {
	Success            bool           `json:"success"`
	TimeStamp          time.Time      `json:"timeStamp"`
	AuthType           nausf.AuthType `json:"authType"`
	ServingNetworkName string         `json:"servingNetworkName"`
}
