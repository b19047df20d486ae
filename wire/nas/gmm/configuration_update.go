package gmm

import (
	"github.com/limpid-5g/limpid/wire/nas"
)

// Generic UE configuration update messages, TS 24.501 §5.4.4.

// ConfigurationUpdateCommand goes from the network to the UE, TS 24.501 §8.2.19.
//
//nas:message 0x54
type ConfigurationUpdateCommand struct {
	ConfigurationUpdateIndication         *ConfigurationUpdateIndication `nas:"D- TV 1"`         // TS 24.501 §9.11.3.18
	GUTI                                  *MobileIdentity                `nas:"77 TLV-E 14"`     // TS 24.501 §9.11.3.4
	TAIList                               TAIList                        `nas:"54 TLV 9-114"`    // TS 24.501 §9.11.3.9
	AllowedNSSAI                          NSSAI                          `nas:"15 TLV 4-74"`     // TS 24.501 §9.11.3.37
	ServiceAreaList                       ServiceAreaList                `nas:"27 TLV 6-114"`    // TS 24.501 §9.11.3.49
	FullNetworkName                       *NetworkName                   `nas:"43 TLV 3-n"`      // TS 24.501 §9.11.3.35
	ShortNetworkName                      *NetworkName                   `nas:"45 TLV 3-n"`      // TS 24.501 §9.11.3.35
	LocalTimeZone                         *TimeZone                      `nas:"46 TV 2"`         // TS 24.501 §9.11.3.52
	UniversalTimeAndLocalTimeZone         *TimeZoneAndTime               `nas:"47 TV 8"`         // TS 24.501 §9.11.3.53
	NetworkDaylightSavingTime             *DaylightSavingTime            `nas:"49 TLV 3"`        // TS 24.501 §9.11.3.19
	LADNInformation                       []byte                         `nas:"79 TLV-E 3-1715"` // TS 24.501 §9.11.3.30
	MICOIndication                        *MICOIndication                `nas:"B- TV 1"`         // TS 24.501 §9.11.3.31
	NetworkSlicingIndication              *NetworkSlicingIndication      `nas:"9- TV 1"`         // TS 24.501 §9.11.3.36
	ConfiguredNSSAI                       NSSAI                          `nas:"31 TLV 4-146"`    // TS 24.501 §9.11.3.37
	RejectedNSSAI                         RejectedNSSAI                  `nas:"11 TLV 4-42"`     // TS 24.501 §9.11.3.46
	OperatorDefinedAccessCategories       []byte                         `nas:"76 TLV-E 3-8323"` // TS 24.501 §9.11.3.38
	SMSIndication                         *uint8                         `nas:"F- TV 1"`         // TS 24.501 §9.11.3.50A
	T3447                                 *nas.GPRSTimer3                `nas:"6C TLV 3"`        // TS 24.501 §9.11.2.5
	CAGInformationList                    []byte                         `nas:"75 TLV-E 3-n"`    // TS 24.501 §9.11.3.18A
	UERadioCapabilityID                   []byte                         `nas:"67 TLV 3-n"`      // TS 24.501 §9.11.3.68
	UERadioCapabilityIDDeletionIndication *uint8                         `nas:"A- TV 1"`         // TS 24.501 §9.11.3.69
	RegistrationResult                    *RegistrationResult            `nas:"44 TLV 3"`        // TS 24.501 §9.11.3.6
	TruncatedSTMSIConfiguration           *uint8                         `nas:"1B TLV 3"`        // TS 24.501 §9.11.3.70
	AdditionalConfigurationIndication     *uint8                         `nas:"C- TV 1"`         // TS 24.501 §9.11.3.74
	ExtendedRejectedNSSAI                 []byte                         `nas:"68 TLV 5-90"`     // TS 24.501 §9.11.3.75
	ServiceLevelAAContainer               []byte                         `nas:"72 TLV-E 6-n"`    // TS 24.501 §9.11.2.10
	NSSRGInformation                      []byte                         `nas:"70 TLV-E 7-4099"` // TS 24.501 §9.11.3.82
	DisasterRoamingWaitRange              *[2]byte                       `nas:"14 TLV 4"`        // TS 24.501 §9.11.3.84
	DisasterReturnWaitRange               *[2]byte                       `nas:"2C TLV 4"`        // TS 24.501 §9.11.3.84
	PLMNsInDisasterCondition              PLMNList                       `nas:"13 TLV 2-n"`      // TS 24.501 §9.11.3.83
	ExtendedCAGInformationList            []byte                         `nas:"71 TLV-E 3-n"`    // TS 24.501 §9.11.3.86
	UpdatedPEIPSAssistanceInformation     []byte                         `nas:"1F TLV 3-n"`      // TS 24.501 §9.11.3.80
	NSAGInformation                       []byte                         `nas:"73 TLV-E 9-3143"` // TS 24.501 §9.11.3.87
	PriorityIndicator                     *uint8                         `nas:"E- TV 1"`         // TS 24.501 §9.11.3.91
}

// ConfigurationUpdateComplete goes from the UE to the network, TS 24.501 §8.2.20.
//
//nas:message 0x55
type ConfigurationUpdateComplete struct {
}
