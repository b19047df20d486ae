package ngap

// WriteReplaceWarningRequest is the WRITE-REPLACE WARNING REQUEST message, TS 38.413 §9.2.8.1.
//
//aper:message initiating 51 reject
type WriteReplaceWarningRequest struct {
	MessageIdentifier           MessageIdentifier            `ie:"35,reject,mandatory"`
	SerialNumber                SerialNumber                 `ie:"95,reject,mandatory"`
	WarningAreaList             *WarningAreaList             `ie:"122,ignore,optional"`
	RepetitionPeriod            RepetitionPeriod             `ie:"87,reject,mandatory"`
	NumberOfBroadcastsRequested NumberOfBroadcastsRequested  `ie:"47,reject,mandatory"`
	WarningType                 *WarningType                 `ie:"125,ignore,optional"`
	WarningSecurityInfo         WarningSecurityInfo          `ie:"124,ignore,optional"`
	DataCodingScheme            *DataCodingScheme            `ie:"20,ignore,optional"`
	WarningMessageContents      WarningMessageContents       `ie:"123,ignore,optional"`
	ConcurrentWarningMessageInd *ConcurrentWarningMessageInd `ie:"17,reject,optional"`
	WarningAreaCoordinates      WarningAreaCoordinates       `ie:"141,ignore,optional"`
}

// WriteReplaceWarningResponse is the WRITE-REPLACE WARNING RESPONSE message, TS 38.413 §9.2.8.2.
//
//aper:message successful 51 reject
type WriteReplaceWarningResponse struct {
	MessageIdentifier          MessageIdentifier           `ie:"35,reject,mandatory"`
	SerialNumber               SerialNumber                `ie:"95,reject,mandatory"`
	BroadcastCompletedAreaList *BroadcastCompletedAreaList `ie:"13,ignore,optional"`
	CriticalityDiagnostics     *CriticalityDiagnostics     `ie:"19,ignore,optional"`
}

// PWSCancelRequest is the PWS CANCEL REQUEST message, TS 38.413 §9.2.8.3.
//
//aper:message initiating 32 reject
type PWSCancelRequest struct {
	MessageIdentifier        MessageIdentifier         `ie:"35,reject,mandatory"`
	SerialNumber             SerialNumber              `ie:"95,reject,mandatory"`
	WarningAreaList          *WarningAreaList          `ie:"122,ignore,optional"`
	CancelAllWarningMessages *CancelAllWarningMessages `ie:"14,reject,optional"`
}

// PWSCancelResponse is the PWS CANCEL RESPONSE message, TS 38.413 §9.2.8.4.
//
//aper:message successful 32 reject
type PWSCancelResponse struct {
	MessageIdentifier          MessageIdentifier           `ie:"35,reject,mandatory"`
	SerialNumber               SerialNumber                `ie:"95,reject,mandatory"`
	BroadcastCancelledAreaList *BroadcastCancelledAreaList `ie:"12,ignore,optional"`
	CriticalityDiagnostics     *CriticalityDiagnostics     `ie:"19,ignore,optional"`
}

// PWSRestartIndication is the PWS RESTART INDICATION message, TS 38.413 §9.2.8.5.
//
//aper:message initiating 34 ignore
type PWSRestartIndication struct {
	CellIDListForRestart          CellIDListForRestart          `ie:"16,reject,mandatory"`
	GlobalRANNodeID               GlobalRANNodeID               `ie:"27,reject,mandatory"`
	TAIListForRestart             TAIListForRestart             `ie:"104,reject,mandatory"`
	EmergencyAreaIDListForRestart EmergencyAreaIDListForRestart `ie:"23,reject,optional"`
}

// PWSFailureIndication is the PWS FAILURE INDICATION message, TS 38.413 §9.2.8.6.
//
//aper:message initiating 33 ignore
type PWSFailureIndication struct {
	PWSFailedCellIDList PWSFailedCellIDList `ie:"81,reject,mandatory"`
	GlobalRANNodeID     GlobalRANNodeID     `ie:"27,reject,mandatory"`
}
