package ngap

// DownlinkUEAssociatedNRPPaTransport is the DOWNLINK UE ASSOCIATED NRPPA TRANSPORT message, TS 38.413 §9.2.9.1.
//
//aper:message initiating 8 ignore
type DownlinkUEAssociatedNRPPaTransport struct {
	AMFUENGAPID AMFUENGAPID `ie:"10,reject,mandatory"`
	RANUENGAPID RANUENGAPID `ie:"85,reject,mandatory"`
	RoutingID   RoutingID   `ie:"89,reject,mandatory"`
	NRPPaPDU    NRPPaPDU    `ie:"46,reject,mandatory"`
}

// UplinkUEAssociatedNRPPaTransport is the UPLINK UE ASSOCIATED NRPPA TRANSPORT message, TS 38.413 §9.2.9.2.
//
//aper:message initiating 50 ignore
type UplinkUEAssociatedNRPPaTransport struct {
	AMFUENGAPID AMFUENGAPID `ie:"10,reject,mandatory"`
	RANUENGAPID RANUENGAPID `ie:"85,reject,mandatory"`
	RoutingID   RoutingID   `ie:"89,reject,mandatory"`
	NRPPaPDU    NRPPaPDU    `ie:"46,reject,mandatory"`
}

// DownlinkNonUEAssociatedNRPPaTransport is the DOWNLINK NON UE ASSOCIATED NRPPA TRANSPORT message, TS 38.413 §9.2.9.3.
//
//aper:message initiating 5 ignore
type DownlinkNonUEAssociatedNRPPaTransport struct {
	RoutingID RoutingID `ie:"89,reject,mandatory"`
	NRPPaPDU  NRPPaPDU  `ie:"46,reject,mandatory"`
}

// UplinkNonUEAssociatedNRPPaTransport is the UPLINK NON UE ASSOCIATED NRPPA TRANSPORT message, TS 38.413 §9.2.9.4.
//
//aper:message initiating 47 ignore
type UplinkNonUEAssociatedNRPPaTransport struct {
	RoutingID RoutingID `ie:"89,reject,mandatory"`
	NRPPaPDU  NRPPaPDU  `ie:"46,reject,mandatory"`
}
