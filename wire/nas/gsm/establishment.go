package gsm

import (
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/nas"
)

// PDU session establishment messages, TS 24.501 §6.4.1.

// PDUSessionEstablishmentRequest goes from the UE to the network, TS 24.501 §8.3.1.
//
//nas:message 0xC1
type PDUSessionEstablishmentRequest struct {
	PDUSessionID                           uint8
	PTI                                    uint8
	IntegrityProtectionMaximumDataRate     IntegrityProtectionMaximumDataRate `nas:"M V 2"`            // TS 24.501 §9.11.4.7
	PDUSessionType                         *PDUSessionType                    `nas:"9- TV 1"`          // TS 24.501 §9.11.4.11
	SSCMode                                *SSCMode                           `nas:"A- TV 1"`          // TS 24.501 §9.11.4.16
	Capability                             Capability                         `nas:"28 TLV 3-15"`      // TS 24.501 §9.11.4.1
	MaximumPacketFilters                   *MaximumPacketFilters              `nas:"55 TV 3"`          // TS 24.501 §9.11.4.9
	AlwaysOnRequested                      *uint8                             `nas:"B- TV 1"`          // TS 24.501 §9.11.4.4
	SMPDUDNRequestContainer                []byte                             `nas:"39 TLV 3-255"`     // TS 24.501 §9.11.4.15
	ProtocolConfigurationOptions           ProtocolConfigurationOptions       `nas:"7B TLV-E 4-65538"` // TS 24.501 §9.11.4.6
	IPHeaderCompressionConfiguration       []byte                             `nas:"66 TLV 5-257"`     // TS 24.501 §9.11.4.24
	DSTTEthernetPortMACAddress             *[6]byte                           `nas:"6E TLV 8"`         // TS 24.501 §9.11.4.25
	UEDSTTResidenceTime                    *[8]byte                           `nas:"6F TLV 10"`        // TS 24.501 §9.11.4.26
	PortManagementInformationContainer     []byte                             `nas:"74 TLV-E 8-65538"` // TS 24.501 §9.11.4.27
	EthernetHeaderCompressionConfiguration *uint8                             `nas:"1F TLV 3"`         // TS 24.501 §9.11.4.28
	SuggestedInterfaceIdentifier           *PDUAddress                        `nas:"29 TLV 11"`        // TS 24.501 §9.11.4.10
	ServiceLevelAAContainer                []byte                             `nas:"72 TLV-E 6-n"`     // TS 24.501 §9.11.2.10
	RequestedMBSContainer                  []byte                             `nas:"70 TLV-E 8-65538"` // TS 24.501 §9.11.4.30
	PDUSessionPairID                       *uint8                             `nas:"34 TLV 3"`         // TS 24.501 §9.11.4.32
	RSN                                    *uint8                             `nas:"35 TLV 3"`         // TS 24.501 §9.11.4.33
}

// PDUSessionEstablishmentAccept goes from the network to the UE, TS 24.501 §8.3.2.
//
//nas:message 0xC2
type PDUSessionEstablishmentAccept struct {
	PDUSessionID                           uint8
	PTI                                    uint8
	SelectedPDUSessionType                 PDUSessionType               `nas:"M V 1/2"`          // TS 24.501 §9.11.4.11
	SelectedSSCMode                        SSCMode                      `nas:"M V 1/2"`          // TS 24.501 §9.11.4.16
	AuthorizedQoSRules                     QoSRules                     `nas:"M LV-E 6-65538"`   // TS 24.501 §9.11.4.13
	SessionAMBR                            SessionAMBR                  `nas:"M LV 7"`           // TS 24.501 §9.11.4.14
	Cause                                  *Cause                       `nas:"59 TV 2"`          // TS 24.501 §9.11.4.2
	PDUAddress                             *PDUAddress                  `nas:"29 TLV 7-31"`      // TS 24.501 §9.11.4.10
	RQTimer                                *nas.GPRSTimer               `nas:"56 TV 2"`          // TS 24.501 §9.11.2.3
	SNSSAI                                 *nas.SNSSAI                  `nas:"22 TLV 3-10"`      // TS 24.501 §9.11.2.8
	AlwaysOnIndication                     *uint8                       `nas:"8- TV 1"`          // TS 24.501 §9.11.4.3
	MappedEPSBearerContexts                []byte                       `nas:"75 TLV-E 7-65538"` // TS 24.501 §9.11.4.8
	EAPMessage                             []byte                       `nas:"78 TLV-E 7-1503"`  // TS 24.501 §9.11.2.2
	AuthorizedQoSFlowDescriptions          QoSFlowDescriptions          `nas:"79 TLV-E 6-65538"` // TS 24.501 §9.11.4.12
	ProtocolConfigurationOptions           ProtocolConfigurationOptions `nas:"7B TLV-E 4-65538"` // TS 24.501 §9.11.4.6
	DNN                                    ident.DNN                    `nas:"25 TLV 3-102"`     // TS 24.501 §9.11.2.1B
	NetworkFeatureSupport                  []byte                       `nas:"17 TLV 3-15"`      // TS 24.501 §9.11.4.18
	ServingPLMNRateControl                 *ServingPLMNRateControl      `nas:"18 TLV 4"`         // TS 24.501 §9.11.4.20
	ATSSSContainer                         []byte                       `nas:"77 TLV-E 3-65538"` // TS 24.501 §9.11.4.22
	ControlPlaneOnlyIndication             *uint8                       `nas:"C- TV 1"`          // TS 24.501 §9.11.4.23
	IPHeaderCompressionConfiguration       []byte                       `nas:"66 TLV 5-257"`     // TS 24.501 §9.11.4.24
	EthernetHeaderCompressionConfiguration *uint8                       `nas:"1F TLV 3"`         // TS 24.501 §9.11.4.28
	ServiceLevelAAContainer                []byte                       `nas:"72 TLV-E 6-n"`     // TS 24.501 §9.11.2.10
	ReceivedMBSContainer                   []byte                       `nas:"71 TLV-E 9-65538"` // TS 24.501 §9.11.4.31
}

// PDUSessionEstablishmentReject goes from the network to the UE, TS 24.501 §8.3.3.
//
//nas:message 0xC3
type PDUSessionEstablishmentReject struct {
	PDUSessionID                 uint8
	PTI                          uint8
	Cause                        Cause                        `nas:"M V 1"`            // TS 24.501 §9.11.4.2
	BackOffTimer                 *nas.GPRSTimer3              `nas:"37 TLV 3"`         // TS 24.501 §9.11.2.5
	AllowedSSCMode               *AllowedSSCMode              `nas:"F- TV 1"`          // TS 24.501 §9.11.4.5
	EAPMessage                   []byte                       `nas:"78 TLV-E 7-1503"`  // TS 24.501 §9.11.2.2
	CongestionReattemptIndicator *uint8                       `nas:"61 TLV 3"`         // TS 24.501 §9.11.4.21
	ProtocolConfigurationOptions ProtocolConfigurationOptions `nas:"7B TLV-E 4-65538"` // TS 24.501 §9.11.4.6
	ReattemptIndicator           *ReattemptIndicator          `nas:"1D TLV 3"`         // TS 24.501 §9.11.4.17
	ServiceLevelAAContainer      []byte                       `nas:"72 TLV-E 6-n"`     // TS 24.501 §9.11.2.10
}
