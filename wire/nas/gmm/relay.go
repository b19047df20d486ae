package gmm

// 5G ProSe UE-to-network relay messages, TS 24.501 §5.5.4.

// RelayKeyRequest goes from the UE to the network, TS 24.501 §8.2.34.
//
//nas:message 0x69
type RelayKeyRequest struct {
	PRTI                      uint8  `nas:"M V 1"`           // TS 24.501 §9.11.3.88
	RelayKeyRequestParameters []byte `nas:"M LV-E 22-65537"` // TS 24.501 §9.11.3.89
}

// RelayKeyAccept goes from the network to the UE, TS 24.501 §8.2.35.
//
//nas:message 0x6A
type RelayKeyAccept struct {
	PRTI                       uint8  `nas:"M V 1"`           // TS 24.501 §9.11.3.88
	RelayKeyResponseParameters []byte `nas:"M LV-E 51-65537"` // TS 24.501 §9.11.3.90
	EAPMessage                 []byte `nas:"78 TLV-E 7-1503"` // TS 24.501 §9.11.2.2
}

// RelayKeyReject goes from the network to the UE, TS 24.501 §8.2.36.
//
//nas:message 0x6B
type RelayKeyReject struct {
	PRTI       uint8  `nas:"M V 1"`           // TS 24.501 §9.11.3.88
	EAPMessage []byte `nas:"78 TLV-E 7-1503"` // TS 24.501 §9.11.2.2
}

// RelayAuthenticationRequest goes from the network to the UE, TS 24.501 §8.2.37.
//
//nas:message 0x6C
type RelayAuthenticationRequest struct {
	PRTI       uint8  `nas:"M V 1"`         // TS 24.501 §9.11.3.88
	EAPMessage []byte `nas:"M LV-E 6-1502"` // TS 24.501 §9.11.2.2
}

// RelayAuthenticationResponse goes from the UE to the network, TS 24.501 §8.2.38.
//
//nas:message 0x6D
type RelayAuthenticationResponse struct {
	PRTI       uint8  `nas:"M V 1"`         // TS 24.501 §9.11.3.88
	EAPMessage []byte `nas:"M LV-E 6-1502"` // TS 24.501 §9.11.2.2
}
