package gsm

import (
	"github.com/limpid-5g/limpid/wire/nas"
)

// PDU session release messages, TS 24.501 §6.3.3 and TS 24.501 §6.4.3.

// PDUSessionReleaseRequest goes from the UE to the network, TS 24.501 §8.3.12.
//
//nas:message 0xD1
type PDUSessionReleaseRequest struct {
	PDUSessionID                 uint8
	PTI                          uint8
	Cause                        *Cause                       `nas:"59 TV 2"`          // TS 24.501 §9.11.4.2
	ProtocolConfigurationOptions ProtocolConfigurationOptions `nas:"7B TLV-E 4-65538"` // TS 24.501 §9.11.4.6
}

// PDUSessionReleaseReject goes from the network to the UE, TS 24.501 §8.3.13.
//
//nas:message 0xD2
type PDUSessionReleaseReject struct {
	PDUSessionID                 uint8
	PTI                          uint8
	Cause                        Cause                        `nas:"M V 1"`            // TS 24.501 §9.11.4.2
	ProtocolConfigurationOptions ProtocolConfigurationOptions `nas:"7B TLV-E 4-65538"` // TS 24.501 §9.11.4.6
}

// PDUSessionReleaseCommand goes from the network to the UE, TS 24.501 §8.3.14.
//
//nas:message 0xD3
type PDUSessionReleaseCommand struct {
	PDUSessionID                 uint8
	PTI                          uint8
	Cause                        Cause                        `nas:"M V 1"`            // TS 24.501 §9.11.4.2
	BackOffTimer                 *nas.GPRSTimer3              `nas:"37 TLV 3"`         // TS 24.501 §9.11.2.5
	EAPMessage                   []byte                       `nas:"78 TLV-E 7-1503"`  // TS 24.501 §9.11.2.2
	CongestionReattemptIndicator *uint8                       `nas:"61 TLV 3"`         // TS 24.501 §9.11.4.21
	ProtocolConfigurationOptions ProtocolConfigurationOptions `nas:"7B TLV-E 4-65538"` // TS 24.501 §9.11.4.6
	AccessType                   *nas.AccessType              `nas:"D- TV 1"`          // TS 24.501 §9.11.2.1A
	ServiceLevelAAContainer      []byte                       `nas:"72 TLV-E 6-n"`     // TS 24.501 §9.11.2.10
}

// PDUSessionReleaseComplete goes from the UE to the network, TS 24.501 §8.3.15.
//
//nas:message 0xD4
type PDUSessionReleaseComplete struct {
	PDUSessionID                 uint8
	PTI                          uint8
	Cause                        *Cause                       `nas:"59 TV 2"`          // TS 24.501 §9.11.4.2
	ProtocolConfigurationOptions ProtocolConfigurationOptions `nas:"7B TLV-E 4-65538"` // TS 24.501 §9.11.4.6
}
