package gmm

// Identification messages, TS 24.501 §5.4.3.

// IdentityRequest goes from the network to the UE, TS 24.501 §8.2.21.
//
//nas:message 0x5B
type IdentityRequest struct {
	IdentityType IdentityType `nas:"M V 1/2"` // TS 24.501 §9.11.3.3
}

// IdentityResponse goes from the UE to the network, TS 24.501 §8.2.22.
//
//nas:message 0x5C
type IdentityResponse struct {
	MobileIdentity MobileIdentity `nas:"M LV-E 3-n"` // TS 24.501 §9.11.3.4
}
