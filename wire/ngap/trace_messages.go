package ngap

// TraceStart is the TRACE START message, TS 38.413 §9.2.10.1.
//
//aper:message initiating 39 ignore
type TraceStart struct {
	AMFUENGAPID     AMFUENGAPID     `ie:"10,reject,mandatory"`
	RANUENGAPID     RANUENGAPID     `ie:"85,reject,mandatory"`
	TraceActivation TraceActivation `ie:"108,ignore,mandatory"`
}

// TraceFailureIndication is the TRACE FAILURE INDICATION message, TS 38.413 §9.2.10.2.
//
//aper:message initiating 38 ignore
type TraceFailureIndication struct {
	AMFUENGAPID  AMFUENGAPID  `ie:"10,reject,mandatory"`
	RANUENGAPID  RANUENGAPID  `ie:"85,reject,mandatory"`
	NGRANTraceID NGRANTraceID `ie:"44,ignore,mandatory"`
	Cause        Cause        `ie:"15,ignore,mandatory"`
}

// DeactivateTrace is the DEACTIVATE TRACE message, TS 38.413 §9.2.10.3.
//
//aper:message initiating 3 ignore
type DeactivateTrace struct {
	AMFUENGAPID  AMFUENGAPID  `ie:"10,reject,mandatory"`
	RANUENGAPID  RANUENGAPID  `ie:"85,reject,mandatory"`
	NGRANTraceID NGRANTraceID `ie:"44,ignore,mandatory"`
}

// CellTrafficTrace is the CELL TRAFFIC TRACE message, TS 38.413 §9.2.10.4.
//
//aper:message initiating 2 ignore
type CellTrafficTrace struct {
	AMFUENGAPID                    AMFUENGAPID           `ie:"10,reject,mandatory"`
	RANUENGAPID                    RANUENGAPID           `ie:"85,reject,mandatory"`
	NGRANTraceID                   NGRANTraceID          `ie:"44,ignore,mandatory"`
	NGRANCGI                       NGRANCGI              `ie:"43,ignore,mandatory"`
	TraceCollectionEntityIPAddress TransportLayerAddress `ie:"109,ignore,mandatory"`
	PrivacyIndicator               *PrivacyIndicator     `ie:"256,ignore,optional"`
	TraceCollectionEntityURI       URIAddress            `ie:"257,ignore,optional"`
}
