package ngap

// Paging is the PAGING message, TS 38.413 §9.2.4.1.
//
//aper:message initiating 24 ignore
type Paging struct {
	UEPagingIdentity            UEPagingIdentity             `ie:"115,ignore,mandatory"`
	PagingDRX                   *PagingDRX                   `ie:"50,ignore,optional"`
	TAIListForPaging            TAIListForPaging             `ie:"103,ignore,mandatory"`
	PagingPriority              *PagingPriority              `ie:"52,ignore,optional"`
	UERadioCapabilityForPaging  *UERadioCapabilityForPaging  `ie:"118,ignore,optional"`
	PagingOrigin                *PagingOrigin                `ie:"51,ignore,optional"`
	AssistanceDataForPaging     *AssistanceDataForPaging     `ie:"11,ignore,optional"`
	NBIoTPagingEDRXInfo         *NBIoTPagingEDRXInfo         `ie:"203,ignore,optional"`
	NBIoTPagingDRX              *NBIoTPagingDRX              `ie:"202,ignore,optional"`
	EnhancedCoverageRestriction *EnhancedCoverageRestriction `ie:"205,ignore,optional"`
	WUSAssistanceInformation    *WUSAssistanceInformation    `ie:"208,ignore,optional"`
	EUTRAPagingeDRXInformation  *EUTRAPagingeDRXInformation  `ie:"223,ignore,optional"`
	CEmodeBrestricted           *CEmodeBrestricted           `ie:"222,ignore,optional"`
	NRPagingeDRXInformation     *NRPagingeDRXInformation     `ie:"332,ignore,optional"`
	PagingCause                 *PagingCause                 `ie:"342,ignore,optional"`
	PEIPSassistanceInformation  *PEIPSassistanceInformation  `ie:"344,ignore,optional"`
}
