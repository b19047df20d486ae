package ngap

// InitialUEMessage is the INITIAL UE MESSAGE, TS 38.413 §9.2.5.1.
//
//aper:message initiating 15 ignore
type InitialUEMessage struct {
	RANUENGAPID                         RANUENGAPID                          `ie:"85,reject,mandatory"`
	NASPDU                              NASPDU                               `ie:"38,reject,mandatory"`
	UserLocationInformation             UserLocationInformation              `ie:"121,reject,mandatory"`
	RRCEstablishmentCause               RRCEstablishmentCause                `ie:"90,ignore,mandatory"`
	FiveGSTMSI                          *FiveGSTMSI                          `ie:"26,reject,optional"`
	AMFSetID                            *AMFSetID                            `ie:"3,ignore,optional"`
	UEContextRequest                    *UEContextRequest                    `ie:"112,ignore,optional"`
	AllowedNSSAI                        AllowedNSSAI                         `ie:"0,reject,optional"`
	SourceToTargetAMFInformationReroute *SourceToTargetAMFInformationReroute `ie:"171,ignore,optional"`
	SelectedPLMNIdentity                *PLMNIdentity                        `ie:"174,ignore,optional"`
	IABNodeIndication                   *IABNodeIndication                   `ie:"201,reject,optional"`
	CEmodeBSupportIndicator             *CEmodeBSupportIndicator             `ie:"224,reject,optional"`
	LTEMIndication                      *LTEMIndication                      `ie:"225,ignore,optional"`
	EDTSession                          *EDTSession                          `ie:"227,ignore,optional"`
	AuthenticatedIndication             *AuthenticatedIndication             `ie:"245,ignore,optional"`
	NPNAccessInformation                *NPNAccessInformation                `ie:"259,reject,optional"`
	RedCapIndication                    *RedCapIndication                    `ie:"333,ignore,optional"`
}

// DownlinkNASTransport is the DOWNLINK NAS TRANSPORT message, TS 38.413 §9.2.5.2.
//
//aper:message initiating 4 ignore
type DownlinkNASTransport struct {
	AMFUENGAPID                 AMFUENGAPID                  `ie:"10,reject,mandatory"`
	RANUENGAPID                 RANUENGAPID                  `ie:"85,reject,mandatory"`
	OldAMF                      AMFName                      `ie:"48,reject,optional"`
	RANPagingPriority           *RANPagingPriority           `ie:"83,ignore,optional"`
	NASPDU                      NASPDU                       `ie:"38,reject,mandatory"`
	MobilityRestrictionList     *MobilityRestrictionList     `ie:"36,ignore,optional"`
	IndexToRFSP                 *IndexToRFSP                 `ie:"31,ignore,optional"`
	UEAggregateMaximumBitRate   *UEAggregateMaximumBitRate   `ie:"110,ignore,optional"`
	AllowedNSSAI                AllowedNSSAI                 `ie:"0,reject,optional"`
	SRVCCOperationPossible      *SRVCCOperationPossible      `ie:"177,ignore,optional"`
	EnhancedCoverageRestriction *EnhancedCoverageRestriction `ie:"205,ignore,optional"`
	ExtendedConnectedTime       *ExtendedConnectedTime       `ie:"206,ignore,optional"`
	UEDifferentiationInfo       *UEDifferentiationInfo       `ie:"209,ignore,optional"`
	CEmodeBrestricted           *CEmodeBrestricted           `ie:"222,ignore,optional"`
	UERadioCapability           UERadioCapability            `ie:"117,ignore,optional"`
	UECapabilityInfoRequest     *UECapabilityInfoRequest     `ie:"228,ignore,optional"`
	EndIndication               *EndIndication               `ie:"226,ignore,optional"`
	UERadioCapabilityID         UERadioCapabilityID          `ie:"264,reject,optional"`
	TargetNSSAIInformation      *TargetNSSAIInformation      `ie:"334,ignore,optional"`
	MaskedIMEISV                *MaskedIMEISV                `ie:"34,ignore,optional"`
}

// UplinkNASTransport is the UPLINK NAS TRANSPORT message, TS 38.413 §9.2.5.3.
//
//aper:message initiating 46 ignore
type UplinkNASTransport struct {
	AMFUENGAPID             AMFUENGAPID             `ie:"10,reject,mandatory"`
	RANUENGAPID             RANUENGAPID             `ie:"85,reject,mandatory"`
	NASPDU                  NASPDU                  `ie:"38,reject,mandatory"`
	UserLocationInformation UserLocationInformation `ie:"121,ignore,mandatory"`
	WAGFIdentityInformation []byte                  `ie:"239,reject,optional" aper:"octets"`
	TNGFIdentityInformation []byte                  `ie:"246,reject,optional" aper:"octets"`
	TWIFIdentityInformation []byte                  `ie:"247,reject,optional" aper:"octets"`
}

// NASNonDeliveryIndication is the NAS NON DELIVERY INDICATION message, TS 38.413 §9.2.5.4.
//
//aper:message initiating 19 ignore
type NASNonDeliveryIndication struct {
	AMFUENGAPID AMFUENGAPID `ie:"10,reject,mandatory"`
	RANUENGAPID RANUENGAPID `ie:"85,reject,mandatory"`
	NASPDU      NASPDU      `ie:"38,ignore,mandatory"`
	Cause       Cause       `ie:"15,ignore,mandatory"`
}

// RerouteNASRequest is the REROUTE NAS REQUEST message, TS 38.413 §9.2.5.5.
//
//aper:message initiating 36 reject
type RerouteNASRequest struct {
	RANUENGAPID                         RANUENGAPID                          `ie:"85,reject,mandatory"`
	AMFUENGAPID                         *AMFUENGAPID                         `ie:"10,ignore,optional"`
	NGAPMessage                         []byte                               `ie:"42,reject,mandatory" aper:"octets"`
	AMFSetID                            AMFSetID                             `ie:"3,reject,mandatory"`
	AllowedNSSAI                        AllowedNSSAI                         `ie:"0,reject,optional"`
	SourceToTargetAMFInformationReroute *SourceToTargetAMFInformationReroute `ie:"171,ignore,optional"`
}
