package gsm

// Service-level authentication and authorization messages, TS 24.501 §6.3.1A.

// ServiceLevelAuthenticationCommand goes from the network to the UE, TS 24.501 §8.3.17.
//
//nas:message 0xD8
type ServiceLevelAuthenticationCommand struct {
	PDUSessionID            uint8
	PTI                     uint8
	ServiceLevelAAContainer []byte `nas:"M LV-E 5-n"` // TS 24.501 §9.11.2.10
}

// ServiceLevelAuthenticationComplete goes from the UE to the network, TS 24.501 §8.3.18.
//
//nas:message 0xD9
type ServiceLevelAuthenticationComplete struct {
	PDUSessionID            uint8
	PTI                     uint8
	ServiceLevelAAContainer []byte `nas:"M LV-E 5-n"` // TS 24.501 §9.11.2.10
}
