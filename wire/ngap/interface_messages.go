package ngap

// NGSetupRequest is the NG SETUP REQUEST message, TS 38.413 §9.2.6.1.
//
//aper:message initiating 21 reject
type NGSetupRequest struct {
	GlobalRANNodeID        GlobalRANNodeID         `ie:"27,reject,mandatory"`
	RANNodeName            RANNodeName             `ie:"82,ignore,optional"`
	SupportedTAList        SupportedTAList         `ie:"102,reject,mandatory"`
	DefaultPagingDRX       PagingDRX               `ie:"21,ignore,mandatory"`
	UERetentionInformation *UERetentionInformation `ie:"147,ignore,optional"`
	NBIoTDefaultPagingDRX  *NBIoTDefaultPagingDRX  `ie:"204,ignore,optional"`
	ExtendedRANNodeName    *ExtendedRANNodeName    `ie:"273,ignore,optional"`
}

// NGSetupResponse is the NG SETUP RESPONSE message, TS 38.413 §9.2.6.2.
//
//aper:message successful 21 reject
type NGSetupResponse struct {
	AMFName                AMFName                 `ie:"1,reject,mandatory"`
	ServedGUAMIList        ServedGUAMIList         `ie:"96,reject,mandatory"`
	RelativeAMFCapacity    RelativeAMFCapacity     `ie:"86,ignore,mandatory"`
	PLMNSupportList        PLMNSupportList         `ie:"80,reject,mandatory"`
	CriticalityDiagnostics *CriticalityDiagnostics `ie:"19,ignore,optional"`
	UERetentionInformation *UERetentionInformation `ie:"147,ignore,optional"`
	IABSupported           *IABSupported           `ie:"200,ignore,optional"`
	ExtendedAMFName        *ExtendedAMFName        `ie:"274,ignore,optional"`
}

// NGSetupFailure is the NG SETUP FAILURE message, TS 38.413 §9.2.6.3.
//
//aper:message unsuccessful 21 reject
type NGSetupFailure struct {
	Cause                  Cause                   `ie:"15,ignore,mandatory"`
	TimeToWait             *TimeToWait             `ie:"107,ignore,optional"`
	CriticalityDiagnostics *CriticalityDiagnostics `ie:"19,ignore,optional"`
}

// RANConfigurationUpdate is the RAN CONFIGURATION UPDATE message, TS 38.413 §9.2.6.4.
//
//aper:message initiating 35 reject
type RANConfigurationUpdate struct {
	RANNodeName                     RANNodeName                     `ie:"82,ignore,optional"`
	SupportedTAList                 SupportedTAList                 `ie:"102,reject,optional"`
	DefaultPagingDRX                *PagingDRX                      `ie:"21,ignore,optional"`
	GlobalRANNodeID                 *GlobalRANNodeID                `ie:"27,ignore,optional"`
	NGRANTNLAssociationToRemoveList NGRANTNLAssociationToRemoveList `ie:"167,reject,optional"`
	NBIoTDefaultPagingDRX           *NBIoTDefaultPagingDRX          `ie:"204,ignore,optional"`
	ExtendedRANNodeName             *ExtendedRANNodeName            `ie:"273,ignore,optional"`
}

// RANConfigurationUpdateAcknowledge is the RAN CONFIGURATION UPDATE ACKNOWLEDGE message, TS 38.413 §9.2.6.5.
//
//aper:message successful 35 reject
type RANConfigurationUpdateAcknowledge struct {
	CriticalityDiagnostics *CriticalityDiagnostics `ie:"19,ignore,optional"`
}

// RANConfigurationUpdateFailure is the RAN CONFIGURATION UPDATE FAILURE message, TS 38.413 §9.2.6.6.
//
//aper:message unsuccessful 35 reject
type RANConfigurationUpdateFailure struct {
	Cause                  Cause                   `ie:"15,ignore,mandatory"`
	TimeToWait             *TimeToWait             `ie:"107,ignore,optional"`
	CriticalityDiagnostics *CriticalityDiagnostics `ie:"19,ignore,optional"`
}

// AMFConfigurationUpdate is the AMF CONFIGURATION UPDATE message, TS 38.413 §9.2.6.7.
//
//aper:message initiating 0 reject
type AMFConfigurationUpdate struct {
	AMFName                       AMFName                       `ie:"1,reject,optional"`
	ServedGUAMIList               ServedGUAMIList               `ie:"96,reject,optional"`
	RelativeAMFCapacity           *RelativeAMFCapacity          `ie:"86,ignore,optional"`
	PLMNSupportList               PLMNSupportList               `ie:"80,reject,optional"`
	AMFTNLAssociationToAddList    AMFTNLAssociationToAddList    `ie:"6,ignore,optional"`
	AMFTNLAssociationToRemoveList AMFTNLAssociationToRemoveList `ie:"7,ignore,optional"`
	AMFTNLAssociationToUpdateList AMFTNLAssociationToUpdateList `ie:"8,ignore,optional"`
	ExtendedAMFName               *ExtendedAMFName              `ie:"274,ignore,optional"`
}

// AMFConfigurationUpdateAcknowledge is the AMF CONFIGURATION UPDATE ACKNOWLEDGE message, TS 38.413 §9.2.6.8.
//
//aper:message successful 0 reject
type AMFConfigurationUpdateAcknowledge struct {
	AMFTNLAssociationSetupList         AMFTNLAssociationSetupList `ie:"5,ignore,optional"`
	AMFTNLAssociationFailedToSetupList TNLAssociationList         `ie:"4,ignore,optional"`
	CriticalityDiagnostics             *CriticalityDiagnostics    `ie:"19,ignore,optional"`
}

// AMFConfigurationUpdateFailure is the AMF CONFIGURATION UPDATE FAILURE message, TS 38.413 §9.2.6.9.
//
//aper:message unsuccessful 0 reject
type AMFConfigurationUpdateFailure struct {
	Cause                  Cause                   `ie:"15,ignore,mandatory"`
	TimeToWait             *TimeToWait             `ie:"107,ignore,optional"`
	CriticalityDiagnostics *CriticalityDiagnostics `ie:"19,ignore,optional"`
}

// AMFStatusIndication is the AMF STATUS INDICATION message, TS 38.413 §9.2.6.10.
//
//aper:message initiating 1 ignore
type AMFStatusIndication struct {
	UnavailableGUAMIList UnavailableGUAMIList `ie:"120,reject,mandatory"`
}

// NGReset is the NG RESET message, TS 38.413 §9.2.6.11.
//
//aper:message initiating 20 reject
type NGReset struct {
	Cause     Cause     `ie:"15,ignore,mandatory"`
	ResetType ResetType `ie:"88,reject,mandatory"`
}

// NGResetAcknowledge is the NG RESET ACKNOWLEDGE message, TS 38.413 §9.2.6.12.
//
//aper:message successful 20 reject
type NGResetAcknowledge struct {
	UEAssociatedLogicalNGConnectionList UEAssociatedLogicalNGConnectionList `ie:"111,ignore,optional"`
	CriticalityDiagnostics              *CriticalityDiagnostics             `ie:"19,ignore,optional"`
}

// ErrorIndication is the ERROR INDICATION message, TS 38.413 §9.2.6.13.
//
//aper:message initiating 9 ignore
type ErrorIndication struct {
	AMFUENGAPID            *AMFUENGAPID            `ie:"10,ignore,optional"`
	RANUENGAPID            *RANUENGAPID            `ie:"85,ignore,optional"`
	Cause                  *Cause                  `ie:"15,ignore,optional"`
	CriticalityDiagnostics *CriticalityDiagnostics `ie:"19,ignore,optional"`
	FiveGSTMSI             *FiveGSTMSI             `ie:"26,ignore,optional"`
}

// OverloadStart is the OVERLOAD START message, TS 38.413 §9.2.6.14.
//
//aper:message initiating 22 ignore
type OverloadStart struct {
	AMFOverloadResponse               *OverloadResponse               `ie:"2,reject,optional"`
	AMFTrafficLoadReductionIndication *TrafficLoadReductionIndication `ie:"9,ignore,optional"`
	OverloadStartNSSAIList            OverloadStartNSSAIList          `ie:"49,ignore,optional"`
}

// OverloadStop is the OVERLOAD STOP message, TS 38.413 §9.2.6.15.
//
//aper:message initiating 23 reject
type OverloadStop struct {
}
