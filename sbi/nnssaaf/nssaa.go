// Package nnssaaf is the service of the NSSAAF, TS 29.526.
package nnssaaf

import (
	"context"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
)

// CauseContextNotFound says that an authentication is unknown, or has gone on for too long.
const CauseContextNotFound = sbi.CauseContextNotFound

// AuthResult is how a slice-specific authentication ended; "" that it goes on.
type AuthResult string

// The results.
const (
	Success AuthResult = "EAP_SUCCESS"
	Failure AuthResult = "EAP_FAILURE"
)

// NSSAA is Nnssaaf_NSSAA, TS 29.526 §5.2.2.2. Error: sbi.CausePeerNotResponding where the AAA server is silent.
type NSSAA interface {
	// Authenticate begins an authentication with the UE's EAP identity.
	Authenticate(ctx context.Context, info SliceAuthInfo) (SliceAuthContext, error)
	// Confirm goes on with the UE's next EAP message.
	Confirm(ctx context.Context, id string, eapMessage []byte) (SliceAuthContext, error)
}

// SliceAuthInfo is what an authentication begins with.
type SliceAuthInfo struct {
	GPSI     string // by which the AAA server knows the UE
	SNSSAI   ident.SNSSAI
	EAPIDRsp []byte // EAP-Response/Identity
}

// SliceAuthContext is an authentication that goes on or has ended.
type SliceAuthContext struct {
	ID         string
	EAPMessage []byte // for the UE
	Result     AuthResult
}

// Notifications are what the NSSAAF tells the AMF of a UE when an AAA server begins by itself. They only enqueue.
// Error: CauseContextNotFound where the AMF does not serve the UE.
type Notifications interface {
	// ReauthenticationNotification has a UE authenticated anew for a slice, TS 29.526 §5.2.2.3.
	ReauthenticationNotification(ctx context.Context, n SliceAuthNotification) error
	// RevocationNotification takes a slice from a UE, TS 29.526 §5.2.2.4.
	RevocationNotification(ctx context.Context, n SliceAuthNotification) error
}

// SliceAuthNotification names a UE and a slice.
type SliceAuthNotification struct {
	GPSI   string
	SUPI   ident.SUPI
	SNSSAI ident.SNSSAI
}
