package pfcp

// The rules of a session: PDR, FAR, QER, URR, BAR, each with what creates, updates and removes it.

// PDRID identifies a packet detection rule within its session, TS 29.244 §8.2.36.
type PDRID uint16

// FARID identifies a forwarding action rule within its session, TS 29.244 §8.2.74.
type FARID uint32

// QERID identifies a QoS enforcement rule within its session, TS 29.244 §8.2.75.
type QERID uint32

// URRID identifies a usage reporting rule within its session, TS 29.244 §8.2.54.
type URRID uint32

// BARID identifies the buffering action rule of a session, TS 29.244 §8.2.57.
type BARID uint8

// CreatePDR adds a packet detection rule, TS 29.244 §7.5.2.2.
type CreatePDR struct {
	PDRID                   PDRID                   `ie:"56"`
	Precedence              Precedence              `ie:"29"`
	PDI                     PDI                     `ie:"2"`
	OuterHeaderRemoval      Opt[OuterHeaderRemoval] `ie:"95"`
	FARID                   Opt[FARID]              `ie:"108"`
	URRID                   []URRID                 `ie:"81"`
	QERID                   []QERID                 `ie:"109"`
	ActivatePredefinedRules []string                `ie:"106"`
}

// PDI is the packet detection information of a PDR: what a packet must be to match, TS 29.244 §7.5.2.2.
type PDI struct {
	SourceInterface     Interface            `ie:"20"`
	LocalFTEID          Opt[FTEID]           `ie:"21"`
	NetworkInstance     Opt[NetworkInstance] `ie:"22"`
	UEIPAddress         []UEIPAddress        `ie:"93"`
	SDFFilter           []SDFFilter          `ie:"23"`
	ApplicationID       Opt[string]          `ie:"24"`
	QFI                 []QFI                `ie:"124"`
	FramedRoute         []string             `ie:"153"`
	FramedIPv6Route     []string             `ie:"155"`
	SourceInterfaceType Opt[InterfaceType]   `ie:"160"`

	EthernetPDUSessionInformation Opt[EthernetPDUSessionInformation] `ie:"142"`
	EthernetPacketFilter          []EthernetPacketFilter             `ie:"132"`
}

// UpdatePDR changes a packet detection rule, TS 29.244 §7.5.4.2.
type UpdatePDR struct {
	PDRID                     PDRID                   `ie:"56"`
	OuterHeaderRemoval        Opt[OuterHeaderRemoval] `ie:"95"`
	Precedence                Opt[Precedence]         `ie:"29"`
	PDI                       Opt[PDI]                `ie:"2"`
	FARID                     Opt[FARID]              `ie:"108"`
	URRID                     []URRID                 `ie:"81"`
	QERID                     []QERID                 `ie:"109"`
	ActivatePredefinedRules   []string                `ie:"106"`
	DeactivatePredefinedRules []string                `ie:"107"`
}

// RemovePDR takes a packet detection rule away, TS 29.244 §7.5.4.6.
type RemovePDR struct {
	PDRID PDRID `ie:"56"`
}

// CreatedPDR tells what the UP function allotted for a PDR, TS 29.244 §7.5.3.2.
type CreatedPDR struct {
	PDRID       PDRID         `ie:"56"`
	LocalFTEID  Opt[FTEID]    `ie:"21"`
	UEIPAddress []UEIPAddress `ie:"93"`
}

// CreateFAR adds a forwarding action rule, TS 29.244 §7.5.2.3.
type CreateFAR struct {
	FARID                FARID                     `ie:"108"`
	ApplyAction          ApplyAction               `ie:"44"`
	ForwardingParameters Opt[ForwardingParameters] `ie:"4"`
	BARID                Opt[BARID]                `ie:"88"`
}

// ForwardingParameters say where a FAR forwards to, TS 29.244 §7.5.2.3.
type ForwardingParameters struct {
	DestinationInterface     Interface                `ie:"42"`
	NetworkInstance          Opt[NetworkInstance]     `ie:"22"`
	OuterHeaderCreation      Opt[OuterHeaderCreation] `ie:"84"`
	TransportLevelMarking    Opt[uint16]              `ie:"30"`
	ForwardingPolicy         Opt[ForwardingPolicy]    `ie:"41"`
	DestinationInterfaceType Opt[InterfaceType]       `ie:"160"`
}

// UpdateFAR changes a forwarding action rule, TS 29.244 §7.5.4.3.
type UpdateFAR struct {
	FARID                      FARID                           `ie:"108"`
	ApplyAction                Opt[ApplyAction]                `ie:"44"`
	UpdateForwardingParameters Opt[UpdateForwardingParameters] `ie:"11"`
	BARID                      Opt[BARID]                      `ie:"88"`
}

// UpdateForwardingParameters change where a FAR forwards to, TS 29.244 §7.5.4.3.
type UpdateForwardingParameters struct {
	DestinationInterface     Opt[Interface]                   `ie:"42"`
	NetworkInstance          Opt[NetworkInstance]             `ie:"22"`
	OuterHeaderCreation      Opt[OuterHeaderCreation]         `ie:"84"`
	TransportLevelMarking    Opt[uint16]                      `ie:"30"`
	ForwardingPolicy         Opt[ForwardingPolicy]            `ie:"41"`
	PFCPSMReqFlags           Opt[SessionModificationReqFlags] `ie:"49"`
	DestinationInterfaceType Opt[InterfaceType]               `ie:"160"`
}

// RemoveFAR takes a forwarding action rule away, TS 29.244 §7.5.4.7.
type RemoveFAR struct {
	FARID FARID `ie:"108"`
}

// CreateQER adds a QoS enforcement rule, TS 29.244 §7.5.2.5.
type CreateQER struct {
	QERID            QERID       `ie:"109"`
	QERCorrelationID Opt[uint32] `ie:"28"`
	GateStatus       GateStatus  `ie:"25"`
	MBR              Opt[MBR]    `ie:"26"`
	GBR              Opt[GBR]    `ie:"27"`
	QFI              Opt[QFI]    `ie:"124"`
	RQI              Opt[RQI]    `ie:"123"`
	PPI              Opt[PPI]    `ie:"158"`
	AveragingWindow  Opt[uint32] `ie:"157"`
}

// UpdateQER changes a QoS enforcement rule, TS 29.244 §7.5.4.5.
type UpdateQER struct {
	QERID            QERID           `ie:"109"`
	QERCorrelationID Opt[uint32]     `ie:"28"`
	GateStatus       Opt[GateStatus] `ie:"25"`
	MBR              Opt[MBR]        `ie:"26"`
	GBR              Opt[GBR]        `ie:"27"`
	QFI              Opt[QFI]        `ie:"124"`
	RQI              Opt[RQI]        `ie:"123"`
	PPI              Opt[PPI]        `ie:"158"`
	AveragingWindow  Opt[uint32]     `ie:"157"`
}

// RemoveQER takes a QoS enforcement rule away, TS 29.244 §7.5.4.9.
type RemoveQER struct {
	QERID QERID `ie:"109"`
}

// CreateURR adds a usage reporting rule, TS 29.244 §7.5.2.4.
type CreateURR struct {
	URRID                     URRID                       `ie:"81"`
	MeasurementMethod         MeasurementMethod           `ie:"62"`
	ReportingTriggers         ReportingTriggers           `ie:"37"`
	MeasurementPeriod         Opt[Seconds]                `ie:"64"`
	VolumeThreshold           Opt[Volume]                 `ie:"31"`
	VolumeQuota               Opt[Volume]                 `ie:"73"`
	TimeThreshold             Opt[Seconds]                `ie:"32"`
	TimeQuota                 Opt[Seconds]                `ie:"74"`
	QuotaHoldingTime          Opt[Seconds]                `ie:"71"`
	MonitoringTime            Opt[Timestamp]              `ie:"33"`
	SubsequentVolumeThreshold Opt[Volume]                 `ie:"34"`
	SubsequentTimeThreshold   Opt[Seconds]                `ie:"35"`
	InactivityDetectionTime   Opt[Seconds]                `ie:"36"`
	LinkedURRID               []URRID                     `ie:"82"`
	MeasurementInformation    Opt[MeasurementInformation] `ie:"100"`
	SubsequentVolumeQuota     Opt[Volume]                 `ie:"121"`
	SubsequentTimeQuota       Opt[Seconds]                `ie:"122"`
	FARIDForQuotaAction       Opt[FARID]                  `ie:"108"`
	EthernetInactivityTimer   Opt[Seconds]                `ie:"146"`
	QuotaValidityTime         Opt[Seconds]                `ie:"181"`
	NumberOfReports           Opt[uint16]                 `ie:"182"`

	DroppedDLTrafficThreshold Opt[DroppedDLTrafficThreshold] `ie:"72"`
}

// UpdateURR changes a usage reporting rule, TS 29.244 §7.5.4.4.
type UpdateURR struct {
	URRID                     URRID                       `ie:"81"`
	MeasurementMethod         Opt[MeasurementMethod]      `ie:"62"`
	ReportingTriggers         Opt[ReportingTriggers]      `ie:"37"`
	MeasurementPeriod         Opt[Seconds]                `ie:"64"`
	VolumeThreshold           Opt[Volume]                 `ie:"31"`
	VolumeQuota               Opt[Volume]                 `ie:"73"`
	TimeThreshold             Opt[Seconds]                `ie:"32"`
	TimeQuota                 Opt[Seconds]                `ie:"74"`
	QuotaHoldingTime          Opt[Seconds]                `ie:"71"`
	MonitoringTime            Opt[Timestamp]              `ie:"33"`
	SubsequentVolumeThreshold Opt[Volume]                 `ie:"34"`
	SubsequentTimeThreshold   Opt[Seconds]                `ie:"35"`
	InactivityDetectionTime   Opt[Seconds]                `ie:"36"`
	LinkedURRID               []URRID                     `ie:"82"`
	MeasurementInformation    Opt[MeasurementInformation] `ie:"100"`
	SubsequentVolumeQuota     Opt[Volume]                 `ie:"121"`
	SubsequentTimeQuota       Opt[Seconds]                `ie:"122"`
	FARIDForQuotaAction       Opt[FARID]                  `ie:"108"`
	EthernetInactivityTimer   Opt[Seconds]                `ie:"146"`
	QuotaValidityTime         Opt[Seconds]                `ie:"181"`
	NumberOfReports           Opt[uint16]                 `ie:"182"`

	DroppedDLTrafficThreshold Opt[DroppedDLTrafficThreshold] `ie:"72"`
}

// RemoveURR takes a usage reporting rule away, TS 29.244 §7.5.4.8.
type RemoveURR struct {
	URRID URRID `ie:"81"`
}

// QueryURR asks for a usage report at once, TS 29.244 §7.5.4.10.
type QueryURR struct {
	URRID URRID `ie:"81"`
}

// CreateBAR adds the buffering action rule of a session, TS 29.244 §7.5.2.6.
type CreateBAR struct {
	BARID                          BARID      `ie:"88"`
	DownlinkDataNotificationDelay  Opt[uint8] `ie:"46"`
	SuggestedBufferingPacketsCount Opt[uint8] `ie:"140"`
}

// UpdateBAR changes the buffering action rule, TS 29.244 §7.5.4.11 and §7.5.9.2.
type UpdateBAR struct {
	BARID                          BARID      `ie:"88"`
	DownlinkDataNotificationDelay  Opt[uint8] `ie:"46"`
	DLBufferingDuration            Opt[Timer] `ie:"47"`
	SuggestedBufferingPacketsCount Opt[uint8] `ie:"140"`

	DLBufferingSuggestedPacketCount Opt[PacketCount] `ie:"48"`
}

// RemoveBAR takes the buffering action rule away, TS 29.244 §7.5.4.12.
type RemoveBAR struct {
	BARID BARID `ie:"88"`
}
