package gmm

import (
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/nas"
)

// Registration messages, TS 24.501 §5.5.1.

// RegistrationRequest goes from the UE to the network, TS 24.501 §8.2.6.
//
//nas:message 0x41
type RegistrationRequest struct {
	RegistrationType                    RegistrationType          `nas:"M V 1/2"`          // TS 24.501 §9.11.3.7
	NgKSI                               KeySetIdentifier          `nas:"M V 1/2"`          // TS 24.501 §9.11.3.32
	MobileIdentity                      MobileIdentity            `nas:"M LV-E 6-n"`       // TS 24.501 §9.11.3.4
	NonCurrentNativeNASKeySetIdentifier *KeySetIdentifier         `nas:"C- TV 1"`          // TS 24.501 §9.11.3.32
	Capability                          Capability                `nas:"10 TLV 3-15"`      // TS 24.501 §9.11.3.1
	UESecurityCapability                UESecurityCapability      `nas:"2E TLV 4-10"`      // TS 24.501 §9.11.3.54
	RequestedNSSAI                      NSSAI                     `nas:"2F TLV 4-74"`      // TS 24.501 §9.11.3.37
	LastVisitedRegisteredTAI            *ident.TAI                `nas:"52 TV 7"`          // TS 24.501 §9.11.3.8
	S1UENetworkCapability               []byte                    `nas:"17 TLV 4-15"`      // TS 24.501 §9.11.3.48
	UplinkDataStatus                    *PSISet                   `nas:"40 TLV 4-34"`      // TS 24.501 §9.11.3.57
	PDUSessionStatus                    *PSISet                   `nas:"50 TLV 4-34"`      // TS 24.501 §9.11.3.44
	MICOIndication                      *MICOIndication           `nas:"B- TV 1"`          // TS 24.501 §9.11.3.31
	UEStatus                            *UEStatus                 `nas:"2B TLV 3"`         // TS 24.501 §9.11.3.56
	AdditionalGUTI                      *MobileIdentity           `nas:"77 TLV-E 14"`      // TS 24.501 §9.11.3.4
	AllowedPDUSessionStatus             *PSISet                   `nas:"25 TLV 4-34"`      // TS 24.501 §9.11.3.13
	UEUsageSetting                      *UsageSetting             `nas:"18 TLV 3"`         // TS 24.501 §9.11.3.55
	RequestedDRXParameters              *DRXParameters            `nas:"51 TLV 3"`         // TS 24.501 §9.11.3.2A
	EPSNASMessageContainer              []byte                    `nas:"70 TLV-E 4-n"`     // TS 24.501 §9.11.3.24
	LADNIndication                      []byte                    `nas:"74 TLV-E 3-811"`   // TS 24.501 §9.11.3.29
	PayloadContainerType                *PayloadContainerType     `nas:"8- TV 1"`          // TS 24.501 §9.11.3.40
	PayloadContainer                    []byte                    `nas:"7B TLV-E 4-65538"` // TS 24.501 §9.11.3.39
	NetworkSlicingIndication            *NetworkSlicingIndication `nas:"9- TV 1"`          // TS 24.501 §9.11.3.36
	UpdateType                          *UpdateType               `nas:"53 TLV 3"`         // TS 24.501 §9.11.3.9A
	MobileStationClassmark2             *[3]byte                  `nas:"41 TLV 5"`         // TS 24.501 §9.11.3.31C
	SupportedCodecs                     []byte                    `nas:"42 TLV 5-n"`       // TS 24.501 §9.11.3.51A
	NASMessageContainer                 []byte                    `nas:"71 TLV-E 4-n"`     // TS 24.501 §9.11.3.33
	EPSBearerContextStatus              *[2]byte                  `nas:"60 TLV 4"`         // TS 24.501 §9.11.3.23A
	RequestedExtendedDRXParameters      ExtendedDRXParameters     `nas:"6E TLV 3-4"`       // TS 24.501 §9.11.3.26A
	T3324                               *nas.GPRSTimer3           `nas:"6A TLV 3"`         // TS 24.501 §9.11.2.5
	UERadioCapabilityID                 []byte                    `nas:"67 TLV 3-n"`       // TS 24.501 §9.11.3.68
	RequestedMappedNSSAI                []byte                    `nas:"35 TLV 3-42"`      // TS 24.501 §9.11.3.31B
	AdditionalInformationRequested      *uint8                    `nas:"48 TLV 3"`         // TS 24.501 §9.11.3.12A
	RequestedWUSAssistanceInformation   []byte                    `nas:"1A TLV 3-n"`       // TS 24.501 §9.11.3.71
	N5GCIndication                      *uint8                    `nas:"A- TV 1"`          // TS 24.501 §9.11.3.72
	RequestedNBN1ModeDRXParameters      *uint8                    `nas:"30 TLV 3"`         // TS 24.501 §9.11.3.73
	UERequestType                       *uint8                    `nas:"29 TLV 3"`         // TS 24.501 §9.11.3.76
	PagingRestriction                   []byte                    `nas:"28 TLV 3-35"`      // TS 24.501 §9.11.3.77
	ServiceLevelAAContainer             []byte                    `nas:"72 TLV-E 6-n"`     // TS 24.501 §9.11.2.10
	NID                                 *[6]byte                  `nas:"32 TLV 8"`         // TS 24.501 §9.11.3.79
	DeterminedPLMNWithDisasterCondition *ident.PLMN               `nas:"16 TLV 5"`         // TS 24.501 §9.11.3.85
	RequestedPEIPSAssistanceInformation []byte                    `nas:"2A TLV 3-n"`       // TS 24.501 §9.11.3.80
	RequestedT3512                      *nas.GPRSTimer3           `nas:"3B TLV 3"`         // TS 24.501 §9.11.2.5
}

// RegistrationAccept goes from the network to the UE, TS 24.501 §8.2.7.
//
//nas:message 0x42
type RegistrationAccept struct {
	RegistrationResult                     RegistrationResult        `nas:"M LV 2"`           // TS 24.501 §9.11.3.6
	GUTI                                   *MobileIdentity           `nas:"77 TLV-E 14"`      // TS 24.501 §9.11.3.4
	EquivalentPLMNs                        PLMNList                  `nas:"4A TLV 5-47"`      // TS 24.501 §9.11.3.45
	TAIList                                TAIList                   `nas:"54 TLV 9-114"`     // TS 24.501 §9.11.3.9
	AllowedNSSAI                           NSSAI                     `nas:"15 TLV 4-74"`      // TS 24.501 §9.11.3.37
	RejectedNSSAI                          RejectedNSSAI             `nas:"11 TLV 4-42"`      // TS 24.501 §9.11.3.46
	ConfiguredNSSAI                        NSSAI                     `nas:"31 TLV 4-146"`     // TS 24.501 §9.11.3.37
	NetworkFeatureSupport                  NetworkFeatureSupport     `nas:"21 TLV 3-5"`       // TS 24.501 §9.11.3.5
	PDUSessionStatus                       *PSISet                   `nas:"50 TLV 4-34"`      // TS 24.501 §9.11.3.44
	PDUSessionReactivationResult           *PSISet                   `nas:"26 TLV 4-34"`      // TS 24.501 §9.11.3.42
	PDUSessionReactivationResultErrorCause ReactivationErrors        `nas:"72 TLV-E 5-515"`   // TS 24.501 §9.11.3.43
	LADNInformation                        []byte                    `nas:"79 TLV-E 12-1715"` // TS 24.501 §9.11.3.30
	MICOIndication                         *MICOIndication           `nas:"B- TV 1"`          // TS 24.501 §9.11.3.31
	NetworkSlicingIndication               *NetworkSlicingIndication `nas:"9- TV 1"`          // TS 24.501 §9.11.3.36
	ServiceAreaList                        ServiceAreaList           `nas:"27 TLV 6-114"`     // TS 24.501 §9.11.3.49
	T3512                                  *nas.GPRSTimer3           `nas:"5E TLV 3"`         // TS 24.501 §9.11.2.5
	Non3GPPDeregistrationTimer             *nas.GPRSTimer2           `nas:"5D TLV 3"`         // TS 24.501 §9.11.2.4
	T3502                                  *nas.GPRSTimer2           `nas:"16 TLV 3"`         // TS 24.501 §9.11.2.4
	EmergencyNumberList                    []byte                    `nas:"34 TLV 5-50"`      // TS 24.501 §9.11.3.23
	ExtendedEmergencyNumberList            []byte                    `nas:"7A TLV-E 7-65538"` // TS 24.501 §9.11.3.26
	SORTransparentContainer                []byte                    `nas:"73 TLV-E 20-n"`    // TS 24.501 §9.11.3.51
	EAPMessage                             []byte                    `nas:"78 TLV-E 7-1503"`  // TS 24.501 §9.11.2.2
	NSSAIInclusionMode                     *NSSAIInclusionMode       `nas:"A- TV 1"`          // TS 24.501 §9.11.3.37A
	OperatorDefinedAccessCategories        []byte                    `nas:"76 TLV-E 3-8323"`  // TS 24.501 §9.11.3.38
	NegotiatedDRXParameters                *DRXParameters            `nas:"51 TLV 3"`         // TS 24.501 §9.11.3.2A
	Non3GPPNWPolicies                      *uint8                    `nas:"D- TV 1"`          // TS 24.501 §9.11.3.36A
	EPSBearerContextStatus                 *[2]byte                  `nas:"60 TLV 4"`         // TS 24.501 §9.11.3.23A
	NegotiatedExtendedDRXParameters        ExtendedDRXParameters     `nas:"6E TLV 3-4"`       // TS 24.501 §9.11.3.26A
	T3447                                  *nas.GPRSTimer3           `nas:"6C TLV 3"`         // TS 24.501 §9.11.2.5
	T3448                                  *nas.GPRSTimer2           `nas:"6B TLV 3"`         // TS 24.501 §9.11.2.4
	T3324                                  *nas.GPRSTimer3           `nas:"6A TLV 3"`         // TS 24.501 §9.11.2.5
	UERadioCapabilityID                    []byte                    `nas:"67 TLV 3-n"`       // TS 24.501 §9.11.3.68
	UERadioCapabilityIDDeletionIndication  *uint8                    `nas:"E- TV 1"`          // TS 24.501 §9.11.3.69
	PendingNSSAI                           NSSAI                     `nas:"39 TLV 4-146"`     // TS 24.501 §9.11.3.37
	CipheringKeyData                       []byte                    `nas:"74 TLV-E 34-n"`    // TS 24.501 §9.11.3.18C
	CAGInformationList                     []byte                    `nas:"75 TLV-E 3-n"`     // TS 24.501 §9.11.3.18A
	TruncatedSTMSIConfiguration            *uint8                    `nas:"1B TLV 3"`         // TS 24.501 §9.11.3.70
	NegotiatedWUSAssistanceInformation     []byte                    `nas:"1C TLV 3-n"`       // TS 24.501 §9.11.3.71
	NegotiatedNBN1ModeDRXParameters        *uint8                    `nas:"29 TLV 3"`         // TS 24.501 §9.11.3.73
	ExtendedRejectedNSSAI                  []byte                    `nas:"68 TLV 5-90"`      // TS 24.501 §9.11.3.75
	ServiceLevelAAContainer                []byte                    `nas:"7B TLV-E 6-n"`     // TS 24.501 §9.11.2.10
	NegotiatedPEIPSAssistanceInformation   []byte                    `nas:"33 TLV 3-n"`       // TS 24.501 §9.11.3.80
	AdditionalRequestResult                *uint8                    `nas:"35 TLV 3"`         // TS 24.501 §9.11.3.81; V17.9.0 prints 34, which is taken
	NSSRGInformation                       []byte                    `nas:"70 TLV-E 7-4099"`  // TS 24.501 §9.11.3.82
	DisasterRoamingWaitRange               *[2]byte                  `nas:"14 TLV 4"`         // TS 24.501 §9.11.3.84
	DisasterReturnWaitRange                *[2]byte                  `nas:"2C TLV 4"`         // TS 24.501 §9.11.3.84
	PLMNsInDisasterCondition               PLMNList                  `nas:"13 TLV 2-n"`       // TS 24.501 §9.11.3.83
	ForbiddenTAIsRoaming                   TAIList                   `nas:"1D TLV 9-114"`     // TS 24.501 §9.11.3.9
	ForbiddenTAIsRegional                  TAIList                   `nas:"1E TLV 9-114"`     // TS 24.501 §9.11.3.9
	ExtendedCAGInformationList             []byte                    `nas:"71 TLV-E 3-n"`     // TS 24.501 §9.11.3.86
	NSAGInformation                        []byte                    `nas:"7C TLV-E 9-3143"`  // TS 24.501 §9.11.3.87
}

// RegistrationComplete goes from the UE to the network, TS 24.501 §8.2.8.
//
//nas:message 0x43
type RegistrationComplete struct {
	SORTransparentContainer []byte `nas:"73 TLV-E 20"` // TS 24.501 §9.11.3.51
}

// RegistrationReject goes from the network to the UE, TS 24.501 §8.2.9.
//
//nas:message 0x44
type RegistrationReject struct {
	Cause                      Cause           `nas:"M V 1"`           // TS 24.501 §9.11.3.2
	T3346                      *nas.GPRSTimer2 `nas:"5F TLV 3"`        // TS 24.501 §9.11.2.4
	T3502                      *nas.GPRSTimer2 `nas:"16 TLV 3"`        // TS 24.501 §9.11.2.4
	EAPMessage                 []byte          `nas:"78 TLV-E 7-1503"` // TS 24.501 §9.11.2.2
	RejectedNSSAI              RejectedNSSAI   `nas:"69 TLV 4-42"`     // TS 24.501 §9.11.3.46
	CAGInformationList         []byte          `nas:"75 TLV-E 3-n"`    // TS 24.501 §9.11.3.18A
	ExtendedRejectedNSSAI      []byte          `nas:"68 TLV 5-90"`     // TS 24.501 §9.11.3.75
	DisasterReturnWaitRange    *[2]byte        `nas:"2C TLV 4"`        // TS 24.501 §9.11.3.84
	ExtendedCAGInformationList []byte          `nas:"71 TLV-E 3-n"`    // TS 24.501 §9.11.3.86
	LowerBoundTimer            *nas.GPRSTimer3 `nas:"3A TLV 3"`        // TS 24.501 §9.11.2.5
	ForbiddenTAIsRoaming       TAIList         `nas:"1D TLV 9-114"`    // TS 24.501 §9.11.3.9
	ForbiddenTAIsRegional      TAIList         `nas:"1E TLV 9-114"`    // TS 24.501 §9.11.3.9
}
