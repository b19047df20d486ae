package pfcp

// UsageReport is what a URR measured, TS 29.244 §7.5.5.2, §7.5.7.2 and §7.5.8.3.
type UsageReport struct {
	URRID               URRID                  `ie:"81"`
	URSEQN              uint32                 `ie:"104"`
	UsageReportTrigger  UsageReportTrigger     `ie:"63"`
	StartTime           Opt[Timestamp]         `ie:"75"`
	EndTime             Opt[Timestamp]         `ie:"76"`
	VolumeMeasurement   Opt[VolumeMeasurement] `ie:"66"`
	DurationMeasurement Opt[Seconds]           `ie:"67"`
	UEIPAddress         Opt[UEIPAddress]       `ie:"93"`
	NetworkInstance     Opt[NetworkInstance]   `ie:"22"`
	TimeOfFirstPacket   Opt[Timestamp]         `ie:"69"`
	TimeOfLastPacket    Opt[Timestamp]         `ie:"70"`
	UsageInformation    Opt[UsageInformation]  `ie:"90"`
	QueryURRReference   Opt[uint32]            `ie:"125"`

	ApplicationDetectionInformation Opt[ApplicationDetectionInformation] `ie:"68"`
	EthernetTrafficInformation      Opt[EthernetTrafficInformation]      `ie:"143"`
}

// ApplicationDetectionInformation names the application whose traffic began or ended, TS 29.244 §7.5.8.3.
type ApplicationDetectionInformation struct {
	ApplicationID string `ie:"24"`
}

// DownlinkDataReport tells of downlink data for an idle UE, TS 29.244 §7.5.8.2.
type DownlinkDataReport struct {
	PDRID                          []PDRID                          `ie:"56,M"`
	DownlinkDataServiceInformation []DownlinkDataServiceInformation `ie:"45"`
	DataStatus                     Opt[DataStatus]                  `ie:"260"`
}

// ErrorIndicationReport tells which tunnels of the peer are dead, TS 29.244 §7.5.8.4.
type ErrorIndicationReport struct {
	RemoteFTEID []FTEID `ie:"21,M"`
}

// UserPlanePathReport names the GTP-U peers whose path failed or recovered, TS 29.244 §7.4.5.1.2 and §7.4.5.1.3.
type UserPlanePathReport struct {
	RemoteGTPUPeer []RemoteGTPUPeer `ie:"103,M"`
}
