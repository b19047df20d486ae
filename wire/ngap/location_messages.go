package ngap

// LocationReportingControl is the LOCATION REPORTING CONTROL message, TS 38.413 §9.2.11.1.
//
//aper:message initiating 16 ignore
type LocationReportingControl struct {
	AMFUENGAPID                  AMFUENGAPID                  `ie:"10,reject,mandatory"`
	RANUENGAPID                  RANUENGAPID                  `ie:"85,reject,mandatory"`
	LocationReportingRequestType LocationReportingRequestType `ie:"33,ignore,mandatory"`
}

// LocationReportingFailureIndication is the LOCATION REPORTING FAILURE INDICATION message, TS 38.413 §9.2.11.2.
//
//aper:message initiating 17 ignore
type LocationReportingFailureIndication struct {
	AMFUENGAPID AMFUENGAPID `ie:"10,reject,mandatory"`
	RANUENGAPID RANUENGAPID `ie:"85,reject,mandatory"`
	Cause       Cause       `ie:"15,ignore,mandatory"`
}

// LocationReport is the LOCATION REPORT message, TS 38.413 §9.2.11.3.
//
//aper:message initiating 18 ignore
type LocationReport struct {
	AMFUENGAPID                    AMFUENGAPID                    `ie:"10,reject,mandatory"`
	RANUENGAPID                    RANUENGAPID                    `ie:"85,reject,mandatory"`
	UserLocationInformation        UserLocationInformation        `ie:"121,ignore,mandatory"`
	UEPresenceInAreaOfInterestList UEPresenceInAreaOfInterestList `ie:"116,ignore,optional"`
	LocationReportingRequestType   LocationReportingRequestType   `ie:"33,ignore,mandatory"`
}
