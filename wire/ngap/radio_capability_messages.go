package ngap

// UERadioCapabilityInfoIndication is the UE RADIO CAPABILITY INFO INDICATION message, TS 38.413 §9.2.13.1.
//
//aper:message initiating 44 ignore
type UERadioCapabilityInfoIndication struct {
	AMFUENGAPID                  AMFUENGAPID                 `ie:"10,reject,mandatory"`
	RANUENGAPID                  RANUENGAPID                 `ie:"85,reject,mandatory"`
	UERadioCapability            UERadioCapability           `ie:"117,ignore,mandatory"`
	UERadioCapabilityForPaging   *UERadioCapabilityForPaging `ie:"118,ignore,optional"`
	UERadioCapabilityEUTRAFormat UERadioCapability           `ie:"265,ignore,optional"`
}

// UERadioCapabilityCheckRequest is the UE RADIO CAPABILITY CHECK REQUEST message, TS 38.413 §9.2.13.2.
//
//aper:message initiating 43 reject
type UERadioCapabilityCheckRequest struct {
	AMFUENGAPID         AMFUENGAPID         `ie:"10,reject,mandatory"`
	RANUENGAPID         RANUENGAPID         `ie:"85,reject,mandatory"`
	UERadioCapability   UERadioCapability   `ie:"117,ignore,optional"`
	UERadioCapabilityID UERadioCapabilityID `ie:"264,reject,optional"`
}

// UERadioCapabilityCheckResponse is the UE RADIO CAPABILITY CHECK RESPONSE message, TS 38.413 §9.2.13.3.
//
//aper:message successful 43 reject
type UERadioCapabilityCheckResponse struct {
	AMFUENGAPID              AMFUENGAPID              `ie:"10,ignore,mandatory"`
	RANUENGAPID              RANUENGAPID              `ie:"85,ignore,mandatory"`
	IMSVoiceSupportIndicator IMSVoiceSupportIndicator `ie:"30,reject,mandatory"`
	CriticalityDiagnostics   *CriticalityDiagnostics  `ie:"19,ignore,optional"`
}

// UERadioCapabilityIDMappingRequest is the UE RADIO CAPABILITY ID MAPPING REQUEST message, TS 38.413 §9.2.13.4.
//
//aper:message initiating 60 reject
type UERadioCapabilityIDMappingRequest struct {
	UERadioCapabilityID UERadioCapabilityID `ie:"264,reject,mandatory"`
}

// UERadioCapabilityIDMappingResponse is the UE RADIO CAPABILITY ID MAPPING RESPONSE message, TS 38.413 §9.2.13.5.
//
//aper:message successful 60 reject
type UERadioCapabilityIDMappingResponse struct {
	UERadioCapabilityID    UERadioCapabilityID     `ie:"264,reject,mandatory"`
	UERadioCapability      UERadioCapability       `ie:"117,ignore,mandatory"`
	CriticalityDiagnostics *CriticalityDiagnostics `ie:"19,ignore,optional"`
}
