package gsm

import (
	"github.com/limpid-5g/limpid/wire/nas"
)

// PDU session modification messages, TS 24.501 §6.3.2 and TS 24.501 §6.4.2.

// PDUSessionModificationRequest goes from the UE to the network, TS 24.501 §8.3.7.
//
//nas:message 0xC9
type PDUSessionModificationRequest struct {
	PDUSessionID                           uint8
	PTI                                    uint8
	Capability                             Capability                          `nas:"28 TLV 3-15"`      // TS 24.501 §9.11.4.1
	Cause                                  *Cause                              `nas:"59 TV 2"`          // TS 24.501 §9.11.4.2
	MaximumPacketFilters                   *MaximumPacketFilters               `nas:"55 TV 3"`          // TS 24.501 §9.11.4.9
	AlwaysOnRequested                      *uint8                              `nas:"B- TV 1"`          // TS 24.501 §9.11.4.4
	IntegrityProtectionMaximumDataRate     *IntegrityProtectionMaximumDataRate `nas:"13 TV 3"`          // TS 24.501 §9.11.4.7
	RequestedQoSRules                      QoSRules                            `nas:"7A TLV-E 7-65538"` // TS 24.501 §9.11.4.13
	RequestedQoSFlowDescriptions           QoSFlowDescriptions                 `nas:"79 TLV-E 6-65538"` // TS 24.501 §9.11.4.12
	MappedEPSBearerContexts                []byte                              `nas:"75 TLV-E 7-65538"` // TS 24.501 §9.11.4.8
	ProtocolConfigurationOptions           ProtocolConfigurationOptions        `nas:"7B TLV-E 4-65538"` // TS 24.501 §9.11.4.6
	PortManagementInformationContainer     []byte                              `nas:"74 TLV-E 4-65538"` // TS 24.501 §9.11.4.27
	IPHeaderCompressionConfiguration       []byte                              `nas:"66 TLV 5-257"`     // TS 24.501 §9.11.4.24
	EthernetHeaderCompressionConfiguration *uint8                              `nas:"1F TLV 3"`         // TS 24.501 §9.11.4.28
	RequestedMBSContainer                  []byte                              `nas:"70 TLV-E 8-65538"` // TS 24.501 §9.11.4.30
	ServiceLevelAAContainer                []byte                              `nas:"72 TLV-E 6-n"`     // TS 24.501 §9.11.2.10
}

// PDUSessionModificationReject goes from the network to the UE, TS 24.501 §8.3.8.
//
//nas:message 0xCA
type PDUSessionModificationReject struct {
	PDUSessionID                 uint8
	PTI                          uint8
	Cause                        Cause                        `nas:"M V 1"`            // TS 24.501 §9.11.4.2
	BackOffTimer                 *nas.GPRSTimer3              `nas:"37 TLV 3"`         // TS 24.501 §9.11.2.5
	CongestionReattemptIndicator *uint8                       `nas:"61 TLV 3"`         // TS 24.501 §9.11.4.21
	ProtocolConfigurationOptions ProtocolConfigurationOptions `nas:"7B TLV-E 4-65538"` // TS 24.501 §9.11.4.6
	ReattemptIndicator           *ReattemptIndicator          `nas:"1D TLV 3"`         // TS 24.501 §9.11.4.17
}

// PDUSessionModificationCommand goes from the network to the UE, TS 24.501 §8.3.9.
//
//nas:message 0xCB
type PDUSessionModificationCommand struct {
	PDUSessionID                           uint8
	PTI                                    uint8
	Cause                                  *Cause                       `nas:"59 TV 2"`          // TS 24.501 §9.11.4.2
	SessionAMBR                            *SessionAMBR                 `nas:"2A TLV 8"`         // TS 24.501 §9.11.4.14
	RQTimer                                *nas.GPRSTimer               `nas:"56 TV 2"`          // TS 24.501 §9.11.2.3
	AlwaysOnIndication                     *uint8                       `nas:"8- TV 1"`          // TS 24.501 §9.11.4.3
	AuthorizedQoSRules                     QoSRules                     `nas:"7A TLV-E 7-65538"` // TS 24.501 §9.11.4.13
	MappedEPSBearerContexts                []byte                       `nas:"75 TLV-E 7-65538"` // TS 24.501 §9.11.4.8
	AuthorizedQoSFlowDescriptions          QoSFlowDescriptions          `nas:"79 TLV-E 6-65538"` // TS 24.501 §9.11.4.12
	ProtocolConfigurationOptions           ProtocolConfigurationOptions `nas:"7B TLV-E 4-65538"` // TS 24.501 §9.11.4.6
	ATSSSContainer                         []byte                       `nas:"77 TLV-E 3-65538"` // TS 24.501 §9.11.4.22
	IPHeaderCompressionConfiguration       []byte                       `nas:"66 TLV 5-257"`     // TS 24.501 §9.11.4.24
	PortManagementInformationContainer     []byte                       `nas:"74 TLV-E 4-65538"` // TS 24.501 §9.11.4.27
	ServingPLMNRateControl                 *ServingPLMNRateControl      `nas:"1E TLV 4"`         // TS 24.501 §9.11.4.20
	EthernetHeaderCompressionConfiguration *uint8                       `nas:"1F TLV 3"`         // TS 24.501 §9.11.4.28
	ReceivedMBSContainer                   []byte                       `nas:"71 TLV-E 9-65538"` // TS 24.501 §9.11.4.31
	ServiceLevelAAContainer                []byte                       `nas:"72 TLV-E 6-n"`     // TS 24.501 §9.11.2.10
}

// PDUSessionModificationComplete goes from the UE to the network, TS 24.501 §8.3.10.
//
//nas:message 0xCC
type PDUSessionModificationComplete struct {
	PDUSessionID                       uint8
	PTI                                uint8
	ProtocolConfigurationOptions       ProtocolConfigurationOptions `nas:"7B TLV-E 4-65538"` // TS 24.501 §9.11.4.6
	PortManagementInformationContainer []byte                       `nas:"74 TLV-E 4-65538"` // TS 24.501 §9.11.4.27
}

// PDUSessionModificationCommandReject goes from the UE to the network, TS 24.501 §8.3.11.
//
//nas:message 0xCD
type PDUSessionModificationCommandReject struct {
	PDUSessionID                 uint8
	PTI                          uint8
	Cause                        Cause                        `nas:"M V 1"`            // TS 24.501 §9.11.4.2
	ProtocolConfigurationOptions ProtocolConfigurationOptions `nas:"7B TLV-E 4-65538"` // TS 24.501 §9.11.4.6
}
