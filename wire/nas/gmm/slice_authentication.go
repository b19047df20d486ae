package gmm

import (
	"github.com/limpid-5g/limpid/wire/nas"
)

// Network slice-specific authentication and authorization messages, TS 24.501 §5.4.7.

// NetworkSliceSpecificAuthenticationCommand goes from the network to the UE, TS 24.501 §8.2.31.
//
//nas:message 0x50
type NetworkSliceSpecificAuthenticationCommand struct {
	SNSSAI     nas.SNSSAI `nas:"M LV 2-5"`      // TS 24.501 §9.11.2.8
	EAPMessage []byte     `nas:"M LV-E 6-1502"` // TS 24.501 §9.11.2.2
}

// NetworkSliceSpecificAuthenticationComplete goes from the UE to the network, TS 24.501 §8.2.32.
//
//nas:message 0x51
type NetworkSliceSpecificAuthenticationComplete struct {
	SNSSAI     nas.SNSSAI `nas:"M LV 2-5"`      // TS 24.501 §9.11.2.8
	EAPMessage []byte     `nas:"M LV-E 6-1502"` // TS 24.501 §9.11.2.2
}

// NetworkSliceSpecificAuthenticationResult goes from the network to the UE, TS 24.501 §8.2.33.
//
//nas:message 0x52
type NetworkSliceSpecificAuthenticationResult struct {
	SNSSAI     nas.SNSSAI `nas:"M LV 2-5"`      // TS 24.501 §9.11.2.8
	EAPMessage []byte     `nas:"M LV-E 6-1502"` // TS 24.501 §9.11.2.2
}
