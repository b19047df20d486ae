package gsm

// PDU session authentication and authorization messages, TS 24.501 §6.3.1.

// PDUSessionAuthenticationCommand goes from the network to the UE, TS 24.501 §8.3.4.
//
//nas:message 0xC5
type PDUSessionAuthenticationCommand struct {
	PDUSessionID                 uint8
	PTI                          uint8
	EAPMessage                   []byte                       `nas:"M LV-E 6-1502"`    // TS 24.501 §9.11.2.2
	ProtocolConfigurationOptions ProtocolConfigurationOptions `nas:"7B TLV-E 4-65538"` // TS 24.501 §9.11.4.6
}

// PDUSessionAuthenticationComplete goes from the UE to the network, TS 24.501 §8.3.5.
//
//nas:message 0xC6
type PDUSessionAuthenticationComplete struct {
	PDUSessionID                 uint8
	PTI                          uint8
	EAPMessage                   []byte                       `nas:"M LV-E 6-1502"`    // TS 24.501 §9.11.2.2
	ProtocolConfigurationOptions ProtocolConfigurationOptions `nas:"7B TLV-E 4-65538"` // TS 24.501 §9.11.4.6
}

// PDUSessionAuthenticationResult goes from the network to the UE, TS 24.501 §8.3.6.
//
//nas:message 0xC7
type PDUSessionAuthenticationResult struct {
	PDUSessionID                 uint8
	PTI                          uint8
	EAPMessage                   []byte                       `nas:"78 TLV-E 7-1503"`  // TS 24.501 §9.11.2.2
	ProtocolConfigurationOptions ProtocolConfigurationOptions `nas:"7B TLV-E 4-65538"` // TS 24.501 §9.11.4.6
}
