package ngap

// CriticalityDiagnostics is the Criticality Diagnostics IE, TS 38.413 §9.3.1.3.
//
//aper:sequence
type CriticalityDiagnostics struct {
	ProcedureCode             *ProcedureCode               `aper:"optional"`
	TriggeringMessage         *TriggeringMessage           `aper:"optional"`
	ProcedureCriticality      *Criticality                 `aper:"optional"`
	IEsCriticalityDiagnostics CriticalityDiagnosticsIEList `aper:"optional"`
}

// CriticalityDiagnosticsIEList is part of Criticality Diagnostics, TS 38.413 §9.3.1.3.
//
//aper:list 1..256
type CriticalityDiagnosticsIEList []CriticalityDiagnosticsIEItem

// CriticalityDiagnosticsIEItem is part of Criticality Diagnostics, TS 38.413 §9.3.1.3.
//
//aper:sequence
type CriticalityDiagnosticsIEItem struct {
	IECriticality Criticality
	IEID          ProtocolIEID
	TypeOfError   TypeOfError
}

// TypeOfError is part of Criticality Diagnostics, TS 38.413 §9.3.1.3.
//
//aper:enum 2 ext
type TypeOfError uint8

// Values of TypeOfError.
const (
	TypeOfErrorNotUnderstood TypeOfError = iota // not-understood
	TypeOfErrorMissing                          // missing
)

// TimeToWait is the Time to Wait IE, TS 38.413 §9.3.1.56.
//
//aper:enum 6 ext
type TimeToWait uint8

// Values of TimeToWait.
const (
	TimeToWaitV1s  TimeToWait = iota // v1s
	TimeToWaitV2s                    // v2s
	TimeToWaitV5s                    // v5s
	TimeToWaitV10s                   // v10s
	TimeToWaitV20s                   // v20s
	TimeToWaitV60s                   // v60s
)
