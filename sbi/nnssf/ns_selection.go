// Package nnssf is the service of the NSSF, TS 29.531.
package nnssf

import (
	"context"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
)

// CauseSNSSAINotSupported is the application error of TS 29.531 §6.1.7.3.
const CauseSNSSAINotSupported sbi.Cause = "SNSSAI_NOT_SUPPORTED"

// NSSelection is Nnssf_NSSelection, TS 29.531 §5.2.
type NSSelection interface {
	// ForRegistration selects the allowed slices, TS 29.531 §5.2.2.2.2. An empty AllowedNSSAI is an answer, not an error.
	ForRegistration(ctx context.Context, req SliceInfoForRegistration) (AuthorizedNetworkSliceInfo, error)
}

// SliceInfoForRegistration is TS 29.531 §6.1.6.2.10 with the query's TAI.
type SliceInfoForRegistration struct {
	TAI                    ident.TAI      `json:"tai"`
	SubscribedNSSAI        []ident.SNSSAI `json:"subscribedNssai"`
	DefaultSubscribedNSSAI []ident.SNSSAI `json:"defaultSubscribedNssai"`
	RequestedNSSAI         []ident.SNSSAI `json:"requestedNssai,omitempty"`
	// RANSupportedNSSAI is what the UE's gNB said it supports in the TAI (NG Setup).
	RANSupportedNSSAI []ident.SNSSAI `json:"ranSupportedNssai"`
	// DefaultConfiguredSNSSAIInd asks for the configured slices whatever is requested: the UE asked with its default
	// configured NSSAI.
	DefaultConfiguredSNSSAIInd bool `json:"defaultConfiguredSnssaiInd,omitempty"`
}

// AuthorizedNetworkSliceInfo is TS 29.531 §6.1.6.2.2.
type AuthorizedNetworkSliceInfo struct {
	AllowedNSSAI        []ident.SNSSAI `json:"allowedNssai"`
	ConfiguredNSSAI     []ident.SNSSAI `json:"configuredNssai,omitempty"`
	RejectedNSSAIInPLMN []ident.SNSSAI `json:"rejectedNssaiInPlmn,omitempty"`
	RejectedNSSAIInTA   []ident.SNSSAI `json:"rejectedNssaiInTa,omitempty"`
	// TargetAMFSet is another AMF set that has slices for the UE of which the AMF that asks has none; nil: there is none.
	TargetAMFSet *TargetAMFSet `json:"targetAmfSet,omitempty"`
}

// TargetAMFSet is an AMF set with what a UE would be allowed there, TS 29.531 §6.1.6.2.2.
type TargetAMFSet struct {
	Set          uint16         `json:"set"` // AMF Set ID, in the region of the AMF that asks
	AllowedNSSAI []ident.SNSSAI `json:"allowedNssai"`
}
