package pfcp

import (
	"net/netip"
	"time"
)

var (
	upfN3  = netip.MustParseAddr("10.0.3.1")
	gnbN3  = netip.MustParseAddr("10.0.3.2")
	ueIPv4 = netip.MustParseAddr("10.60.0.1")
	smfN4  = netip.MustParseAddr("10.0.4.1")
	anyV6  = netip.MustParseAddr("2001:db8::1")
	start  = NewTimestamp(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
)

// establishment is the request of a plain PDU session: two PDRs, two FARs, a QER and a URR.
func establishment() *SessionEstablishmentRequest {
	return &SessionEstablishmentRequest{
		NodeID:  NodeID{Addr: smfN4},
		CPFSEID: FSEID{SEID: 0x1122334455667788, IPv4: smfN4},
		CreatePDR: []CreatePDR{{
			PDRID: 1, Precedence: 255,
			PDI: PDI{
				SourceInterface: InterfaceAccess,
				LocalFTEID:      Some(FTEID{ChooseIPv4: true, ChooseID: Some(uint8(1))}),
				NetworkInstance: Some(NetworkInstance("internet")),
				UEIPAddress:     []UEIPAddress{{IPv4: ueIPv4}},
				SDFFilter:       []SDFFilter{{FlowDescription: "permit out ip from any to assigned"}},
				QFI:             []QFI{1},
			},
			OuterHeaderRemoval: Some(OuterHeaderRemoval{Description: RemoveGTPUUDPIPv4}),
			FARID:              Some(FARID(1)), URRID: []URRID{1}, QERID: []QERID{1},
		}, {
			PDRID: 2, Precedence: 255,
			PDI: PDI{
				SourceInterface: InterfaceCore,
				NetworkInstance: Some(NetworkInstance("internet")),
				UEIPAddress:     []UEIPAddress{{IPv4: ueIPv4, Destination: true}},
				SDFFilter:       []SDFFilter{{FlowDescription: "permit out ip from any to assigned"}},
			},
			FARID: Some(FARID(2)), URRID: []URRID{1}, QERID: []QERID{1},
		}},
		CreateFAR: []CreateFAR{{
			FARID: 1, ApplyAction: ApplyFORW,
			ForwardingParameters: Some(ForwardingParameters{
				DestinationInterface: InterfaceCore, NetworkInstance: Some(NetworkInstance("internet"))}),
		}, {
			FARID: 2, ApplyAction: ApplyFORW,
			ForwardingParameters: Some(ForwardingParameters{
				DestinationInterface: InterfaceAccess,
				OuterHeaderCreation:  Some(OuterHeaderCreation{Description: CreateGTPUUDPIPv4, TEID: 0x01020304, IPv4: gnbN3}),
			}),
		}},
		CreateURR: []CreateURR{{
			URRID: 1, MeasurementMethod: MeasureVOLUM, ReportingTriggers: TriggerVOLTH | TriggerPERIO,
			VolumeThreshold: Some(Volume{Total: Some(uint64(1 << 30))}),
		}},
		CreateQER: []CreateQER{{
			QERID: 1, MBR: Some(MBR{Uplink: 100_000, Downlink: 1 << 33}), QFI: Some(QFI(1)),
		}},
		PDNType: Some(PDNTypeIPv4),
	}
}

// sample is a message with its header.
type sample struct {
	name string
	h    Header
	m    Message
}

// samples hold each message at least once and each IE at least once.
func samples() []sample {
	node := NodeID{Addr: smfN4}
	session := func(seq uint32) Header { return Header{SEID: 0xa1a2a3a4a5a6a7a8, Sequence: seq} }
	urgent := session(0x15)
	urgent.Priority = Some(uint8(3))
	return []sample{
		{"heartbeat request", Header{Sequence: 1}, &HeartbeatRequest{RecoveryTimeStamp: start}},
		{"heartbeat response", Header{Sequence: 1}, &HeartbeatResponse{RecoveryTimeStamp: start}},
		{"PFD management request", Header{Sequence: 2}, &PFDManagementRequest{NodeID: Some(node), ApplicationIDsPFDs: []ApplicationIDsPFDs{
			{ApplicationID: "video", PFDContext: []PFDContext{{PFDContents: []PFDContents{{FlowDescription: "permit out 6 from 192.0.2.1 443 to assigned",
				URL: "^http://example.org", DomainName: "example.org", Custom: "c", DomainNameProtocol: "tls",
				FlowDescriptions: []string{"permit out 17 from 192.0.2.1 443 to assigned"}, URLs: []string{"a", "b"}, DomainNames: []string{"d", "e"}}}}}},
			{ApplicationID: "gone"}}}},
		{"PFD management response", Header{Sequence: 2}, &PFDManagementResponse{Cause: CauseMandatoryIEIncorrect, OffendingIE: Some(IEPFDContents), NodeID: Some(node)}},
		{"association setup request", Header{Sequence: maxSequence}, &AssociationSetupRequest{NodeID: node, RecoveryTimeStamp: start,
			UPFunctionFeatures: Some(UPFeatureUEIP), CPFunctionFeatures: Some(CPFeatureEPFAR | CPFeaturePSUCC)}},
		{"association setup request by name", Header{Sequence: 3}, &AssociationSetupRequest{
			NodeID: NodeID{FQDN: "smf1.core.example"}, RecoveryTimeStamp: start}},
		{"association setup response", Header{Sequence: 3}, &AssociationSetupResponse{NodeID: NodeID{Addr: anyV6},
			Cause: CauseRequestAccepted, RecoveryTimeStamp: start, UPFunctionFeatures: Some(UPFeatureFTUP | UPFeatureEMPU | UPFeatureMNOP), CPFunctionFeatures: Some(CPFeatureLOAD)}},
		{"association update request", Header{Sequence: 4}, &AssociationUpdateRequest{NodeID: node,
			UPFunctionFeatures: Some(UPFeatureFTUP), CPFunctionFeatures: Some(CPFeatureLOAD),
			AssociationReleaseRequest: Some(AssociationReleaseSARR), GracefulReleasePeriod: Some(Timer(0x21)),
			PFCPAUReqFlags: Some(AssociationUpdateReqFlags(1))}},
		{"association update response", Header{Sequence: 4}, &AssociationUpdateResponse{NodeID: node, Cause: CauseRequestAccepted,
			UPFunctionFeatures: Some(UPFeatureFTUP), CPFunctionFeatures: Some(CPFeatureLOAD)}},
		{"association release request", Header{Sequence: 5}, &AssociationReleaseRequest{NodeID: node}},
		{"association release response", Header{Sequence: 5}, &AssociationReleaseResponse{NodeID: node, Cause: CauseRequestAccepted}},
		{"version not supported response", Header{Sequence: 6}, &VersionNotSupportedResponse{}},
		{"node report request", Header{Sequence: 7}, &NodeReportRequest{NodeID: node, NodeReportType: NodeReportUPFR | NodeReportUPRR,
			UserPlanePathFailureReport:  Some(UserPlanePathReport{RemoteGTPUPeer: []RemoteGTPUPeer{{IPv4: gnbN3}}}),
			UserPlanePathRecoveryReport: Some(UserPlanePathReport{RemoteGTPUPeer: []RemoteGTPUPeer{{IPv6: anyV6}}})}},
		{"node report response", Header{Sequence: 7}, &NodeReportResponse{NodeID: node, Cause: CauseMandatoryIEMissing,
			OffendingIE: Some(IENodeReportType)}},
		{"session establishment request", Header{Sequence: 0x10}, establishment()},
		{"session establishment request with the rest", urgent, establishmentRest(node)},
		{"session establishment response", session(0x10), &SessionEstablishmentResponse{NodeID: node, Cause: CauseRequestAccepted,
			UPFSEID: Some(FSEID{SEID: 7, IPv4: upfN3, IPv6: anyV6}),
			CreatedPDR: []CreatedPDR{{PDRID: 1, LocalFTEID: Some(FTEID{TEID: 0xdeadbeef, IPv4: upfN3}),
				UEIPAddress: []UEIPAddress{{IPv4: ueIPv4}}}}}},
		{"session establishment response, refused", session(0x10), &SessionEstablishmentResponse{NodeID: node,
			Cause: CauseRuleCreationModificationFailure, OffendingIE: Some(IESDFFilter), FailedRuleID: Some(FailedRuleID{RulePDR, 2})}},
		{"session modification request", session(0x11), modification(node)},
		{"session modification response", session(0x11), &SessionModificationResponse{Cause: CauseRequestAccepted,
			CreatedPDR: []CreatedPDR{{PDRID: 3, LocalFTEID: Some(FTEID{TEID: 1, IPv6: anyV6})}}, UsageReport: []UsageReport{usage()},
			AdditionalUsageReportsInformation: Some(uint16(1))}},
		{"session modification response, refused", session(0x11), &SessionModificationResponse{Cause: CauseMandatoryIEIncorrect,
			OffendingIE: Some(IEFTEID), FailedRuleID: Some(FailedRuleID{RuleBAR, 9})}},
		{"session deletion request", session(0x12), &SessionDeletionRequest{}},
		{"session deletion response", session(0x12), &SessionDeletionResponse{Cause: CauseRequestAccepted, UsageReport: []UsageReport{usage()},
			AdditionalUsageReportsInformation: Some(uint16(1))}},
		{"session deletion response, refused", session(0x12), &SessionDeletionResponse{Cause: CauseSessionContextNotFound,
			OffendingIE: Some(IEFSEID)}},
		{"session report request, downlink data", session(0x13), &SessionReportRequest{ReportType: ReportDLDR,
			DownlinkDataReport: Some(DownlinkDataReport{PDRID: []PDRID{2},
				DownlinkDataServiceInformation: []DownlinkDataServiceInformation{{PPI: Some(uint8(3)), QFI: Some(QFI(1))}},
				DataStatus:                     Some(DataStatusBUFF)})}},
		{"session report request, error indication and usage", session(0x14), &SessionReportRequest{ReportType: ReportERIR | ReportUSAR,
			UsageReport:                       []UsageReport{usage()},
			ErrorIndicationReport:             Some(ErrorIndicationReport{RemoteFTEID: []FTEID{{TEID: 5, IPv4: gnbN3}}}),
			AdditionalUsageReportsInformation: Some(uint16(1)), PFCPSRReqFlags: Some(SessionReportReqFlags(1))}},
		{"session report response", session(0x13), &SessionReportResponse{Cause: CauseRequestAccepted, OffendingIE: Some(IEReportType),
			UpdateBAR: Some(UpdateBAR{BARID: 1, DownlinkDataNotificationDelay: Some(uint8(2)), DLBufferingDuration: Some(Timer(0x22)), DLBufferingSuggestedPacketCount: Some(PacketCount(500)),
				SuggestedBufferingPacketsCount: Some(uint8(9))}),
			PFCPSRRspFlags: Some(SRRspDROBU), CPFSEID: Some(FSEID{SEID: 1, IPv4: smfN4})}},
	}
}

func usage() UsageReport {
	return UsageReport{URRID: 1, URSEQN: 4, UsageReportTrigger: UsageTERMR | UsageVOLTH, StartTime: Some(start), EndTime: Some(start + 60),
		VolumeMeasurement: Some(VolumeMeasurement{Total: Some(uint64(30)), Uplink: Some(uint64(10)), Downlink: Some(uint64(20)),
			TotalPackets: Some(uint64(3)), UplinkPackets: Some(uint64(1)), DownlinkPackets: Some(uint64(2))}),
		DurationMeasurement: Some(Seconds(60)), UEIPAddress: Some(UEIPAddress{IPv4: ueIPv4}),
		NetworkInstance: Some(NetworkInstance("internet")), TimeOfFirstPacket: Some(start + 1), TimeOfLastPacket: Some(start + 2),
		UsageInformation: Some(UsageInformation(1)), QueryURRReference: Some(uint32(8)),
		ApplicationDetectionInformation: Some(ApplicationDetectionInformation{ApplicationID: "video"}),
		EthernetTrafficInformation: Some(EthernetTrafficInformation{
			MACAddressesDetected: []MACAddresses{{MAC: []MAC{{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}}, CTAG: Some(VLANTag{VID: Some(uint16(5))})}},
			MACAddressesRemoved:  []MACAddresses{{MAC: []MAC{{2, 0, 0, 0, 0, 3}}}}})}
}

func establishmentRest(node NodeID) *SessionEstablishmentRequest {
	m := establishment()
	m.NodeID = node
	m.CreatePDR[0].ActivatePredefinedRules = []string{"gold"}
	m.CreatePDR[0].OuterHeaderRemoval = Some(OuterHeaderRemoval{Description: RemoveGTPUUDPIP, GTPUExtensionHeaderDeletion: Some(uint8(1))})
	pdi := &m.CreatePDR[0].PDI
	pdi.LocalFTEID = Some(FTEID{TEID: 9, IPv4: upfN3, IPv6: anyV6})
	pdi.UEIPAddress = []UEIPAddress{{IPv4: ueIPv4, IPv6: anyV6, PrefixDelegationBits: Some(uint8(4)), IPv6PrefixLength: Some(uint8(60))},
		{ChooseIPv4: true, ChooseIPv6: true}}
	pdi.SDFFilter = []SDFFilter{{FlowDescription: "permit out 17 from 192.0.2.0/24 53 to assigned", ToSTrafficClass: Some(uint16(0x10fc)),
		SecurityParameterIndex: Some(uint32(7)), FlowLabel: Some(uint32(0x54321)), FilterID: Some(uint32(8))}}
	pdi.ApplicationID = Some("app")
	pdi.FramedRoute = []string{"192.0.2.0/24 0.0.0.0 1"}
	pdi.SourceInterfaceType = Some(InterfaceTypeN33GPP)
	pdi.FramedIPv6Route = []string{"2001:db8:2::/48 :: 1"}
	pdi.EthernetPDUSessionInformation = Some(EthernetPDUSessionETHI)
	pdi.EthernetPacketFilter = []EthernetPacketFilter{{EthernetFilterID: Some(uint32(3)), EthernetFilterProperties: Some(EthernetFilterBIDE),
		MACAddress: []MACAddress{{Source: Some(MAC{2, 0, 0, 0, 0, 1}), UpperSource: Some(MAC{2, 0, 0, 0, 0, 9})}, {Destination: Some(MAC{2, 0, 0, 0, 0, 2})}},
		Ethertype:  Some(uint16(0x0800)), CTAG: Some(VLANTag{VID: Some(uint16(0xabc)), PCP: Some(uint8(5)), DEI: Some(true)}),
		STAG: Some(VLANTag{VID: Some(uint16(2))}), SDFFilter: pdi.SDFFilter[:1]}}
	f := &m.CreateFAR[1]
	f.BARID = Some(BARID(1))
	f.ApplyAction = ApplyBUFF | ApplyNOCP | ApplyDDPN
	f.ForwardingParameters = Some(ForwardingParameters{DestinationInterface: InterfaceCore, TransportLevelMarking: Some(uint16(0xb8fc)),
		OuterHeaderCreation: Some(OuterHeaderCreation{Description: CreateUDPIPv6, IPv6: anyV6, Port: 99}),
		ForwardingPolicy:    Some(ForwardingPolicy("lan")), DestinationInterfaceType: Some(InterfaceTypeN6)})
	u := &m.CreateURR[0]
	v := Some(Volume{Total: Some(uint64(3)), Uplink: Some(uint64(1)), Downlink: Some(uint64(2))})
	u.MeasurementPeriod, u.VolumeQuota, u.TimeThreshold, u.TimeQuota = Some(Seconds(1)), v, Some(Seconds(2)), Some(Seconds(3))
	u.QuotaHoldingTime, u.MonitoringTime, u.SubsequentVolumeThreshold = Some(Seconds(4)), Some(start), v
	u.SubsequentTimeThreshold, u.InactivityDetectionTime = Some(Seconds(5)), Some(Seconds(6))
	u.SubsequentVolumeQuota, u.SubsequentTimeQuota, u.FARIDForQuotaAction = v, Some(Seconds(7)), Some(FARID(2))
	u.EthernetInactivityTimer, u.QuotaValidityTime, u.NumberOfReports = Some(Seconds(8)), Some(Seconds(9)), Some(uint16(10))
	u.DroppedDLTrafficThreshold = Some(DroppedDLTrafficThreshold{Packets: Some(uint64(4)), Octets: Some(uint64(5))})
	u.LinkedURRID, u.MeasurementInformation = []URRID{2, 3}, Some(MeasurementInformation(2))
	q := &m.CreateQER[0]
	q.QERCorrelationID, q.GateStatus, q.GBR = Some(uint32(5)), GateStatus{UplinkClosed: true}, Some(GBR{1, 2})
	q.RQI, q.PPI, q.AveragingWindow = Some(RQI(1)), Some(PPI(5)), Some(uint32(2000))
	m.CreateBAR = Some(CreateBAR{BARID: 1, DownlinkDataNotificationDelay: Some(uint8(1)), SuggestedBufferingPacketsCount: Some(uint8(40))})
	m.UserPlaneInactivityTimer = Some(Seconds(3600))
	m.APNDNN, m.PFCPSEReqFlags = Some(NetworkInstance("ims.operator")), Some(SessionEstablishmentReqFlags(1))
	m.RecoveryTimeStamp, m.SNSSAI = Some(start), Some(SNSSAI{SST: 1, SD: 0x010203})
	return m
}

func modification(node NodeID) *SessionModificationRequest {
	full := establishmentRest(node)
	pdr, urr, qer := full.CreatePDR[0], full.CreateURR[0], full.CreateQER[0]
	return &SessionModificationRequest{
		CPFSEID:   Some(FSEID{SEID: 2, IPv6: anyV6}),
		RemovePDR: []RemovePDR{{3}}, RemoveFAR: []RemoveFAR{{3}}, RemoveURR: []RemoveURR{{3}}, RemoveQER: []RemoveQER{{3}},
		RemoveBAR: Some(RemoveBAR{2}),
		CreatePDR: full.CreatePDR, CreateFAR: full.CreateFAR, CreateURR: full.CreateURR, CreateQER: full.CreateQER,
		CreateBAR: full.CreateBAR,
		UpdatePDR: []UpdatePDR{{PDRID: 1, OuterHeaderRemoval: pdr.OuterHeaderRemoval, Precedence: Some(Precedence(7)), PDI: Some(pdr.PDI),
			FARID: pdr.FARID, URRID: []URRID{1}, QERID: []QERID{1, 2}, ActivatePredefinedRules: []string{"a"},
			DeactivatePredefinedRules: []string{"b"}}},
		UpdateFAR: []UpdateFAR{{FARID: 2, ApplyAction: Some(ApplyFORW), BARID: Some(BARID(1)),
			UpdateForwardingParameters: Some(UpdateForwardingParameters{DestinationInterface: Some(InterfaceAccess),
				NetworkInstance:       Some(NetworkInstance("internet")),
				OuterHeaderCreation:   Some(OuterHeaderCreation{Description: CreateGTPUUDPIPv4, TEID: 0x05060708, IPv4: gnbN3}),
				TransportLevelMarking: Some(uint16(0xb8fc)), ForwardingPolicy: Some(ForwardingPolicy("lan")),
				PFCPSMReqFlags: Some(SMReqSNDEM), DestinationInterfaceType: Some(InterfaceTypeN33GPP)})}},
		UpdateURR: []UpdateURR{{URRID: 1, MeasurementMethod: Some(MeasureDURAT), ReportingTriggers: Some(TriggerTIMTH),
			MeasurementPeriod: urr.MeasurementPeriod, VolumeThreshold: urr.VolumeThreshold, VolumeQuota: urr.VolumeQuota,
			TimeThreshold: urr.TimeThreshold, TimeQuota: urr.TimeQuota, QuotaHoldingTime: urr.QuotaHoldingTime,
			MonitoringTime: urr.MonitoringTime, SubsequentVolumeThreshold: urr.SubsequentVolumeThreshold,
			SubsequentTimeThreshold: urr.SubsequentTimeThreshold, InactivityDetectionTime: urr.InactivityDetectionTime,
			LinkedURRID: urr.LinkedURRID, MeasurementInformation: urr.MeasurementInformation,
			SubsequentVolumeQuota: urr.SubsequentVolumeQuota, SubsequentTimeQuota: urr.SubsequentTimeQuota,
			FARIDForQuotaAction: urr.FARIDForQuotaAction, EthernetInactivityTimer: urr.EthernetInactivityTimer,
			QuotaValidityTime: urr.QuotaValidityTime, NumberOfReports: urr.NumberOfReports,
			DroppedDLTrafficThreshold: urr.DroppedDLTrafficThreshold}},
		UpdateQER: []UpdateQER{{QERID: 1, QERCorrelationID: qer.QERCorrelationID, GateStatus: Some(GateStatus{DownlinkClosed: true}),
			MBR: qer.MBR, GBR: qer.GBR, QFI: qer.QFI, RQI: qer.RQI, PPI: qer.PPI, AveragingWindow: qer.AveragingWindow}},
		UpdateBAR:      Some(UpdateBAR{BARID: 1, DownlinkDataNotificationDelay: Some(uint8(1)), SuggestedBufferingPacketsCount: Some(uint8(4))}),
		PFCPSMReqFlags: Some(SMReqDROBU | SMReqQAURR), QueryURR: []QueryURR{{1}}, UserPlaneInactivityTimer: Some(Seconds(9)),
		QueryURRReference: Some(uint32(8)), NodeID: Some(node), SNSSAI: Some(SNSSAI{SST: 1, SD: 0xffffff}),
	}
}
