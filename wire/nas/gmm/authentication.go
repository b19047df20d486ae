package gmm

// Authentication messages, TS 24.501 §5.4.1.

// AuthenticationRequest goes from the network to the UE, TS 24.501 §8.2.1.
//
//nas:message 0x56
type AuthenticationRequest struct {
	NgKSI      KeySetIdentifier `nas:"M V 1/2"`         // TS 24.501 §9.11.3.32
	ABBA       []byte           `nas:"M LV 3-n"`        // TS 24.501 §9.11.3.10
	RAND       *[16]byte        `nas:"21 TV 17"`        // TS 24.501 §9.11.3.16
	AUTN       *[16]byte        `nas:"20 TLV 18"`       // TS 24.501 §9.11.3.15
	EAPMessage []byte           `nas:"78 TLV-E 7-1503"` // TS 24.501 §9.11.2.2
}

// AuthenticationResponse goes from the UE to the network, TS 24.501 §8.2.2.
//
//nas:message 0x57
type AuthenticationResponse struct {
	RES        *[16]byte `nas:"2D TLV 18"`       // TS 24.501 §9.11.3.17
	EAPMessage []byte    `nas:"78 TLV-E 7-1503"` // TS 24.501 §9.11.2.2
}

// AuthenticationResult goes from the network to the UE, TS 24.501 §8.2.3.
//
//nas:message 0x5A
type AuthenticationResult struct {
	NgKSI      KeySetIdentifier `nas:"M V 1/2"`       // TS 24.501 §9.11.3.32
	EAPMessage []byte           `nas:"M LV-E 6-1502"` // TS 24.501 §9.11.2.2
	ABBA       []byte           `nas:"38 TLV 4-n"`    // TS 24.501 §9.11.3.10
}

// AuthenticationFailure goes from the UE to the network, TS 24.501 §8.2.4.
//
//nas:message 0x59
type AuthenticationFailure struct {
	Cause Cause     `nas:"M V 1"`     // TS 24.501 §9.11.3.2
	AUTS  *[14]byte `nas:"30 TLV 16"` // TS 24.501 §9.11.3.14
}

// AuthenticationReject goes from the network to the UE, TS 24.501 §8.2.5.
//
//nas:message 0x58
type AuthenticationReject struct {
	EAPMessage []byte `nas:"78 TLV-E 7-1503"` // TS 24.501 §9.11.2.2
}
