package pfcp

import "fmt"

// IEType is the type of an information element, TS 29.244 §8.1.2.
type IEType uint16

// The IE types that Limpid reads and writes, TS 29.244 §8.1.2; all others are skipped.
const (
	IECreatePDR                         IEType = 1
	IEPDI                               IEType = 2
	IECreateFAR                         IEType = 3
	IEForwardingParameters              IEType = 4
	IECreateURR                         IEType = 6
	IECreateQER                         IEType = 7
	IECreatedPDR                        IEType = 8
	IEUpdatePDR                         IEType = 9
	IEUpdateFAR                         IEType = 10
	IEUpdateForwardingParameters        IEType = 11
	IEUpdateBARInReport                 IEType = 12
	IEUpdateURR                         IEType = 13
	IEUpdateQER                         IEType = 14
	IERemovePDR                         IEType = 15
	IERemoveFAR                         IEType = 16
	IERemoveURR                         IEType = 17
	IERemoveQER                         IEType = 18
	IECause                             IEType = 19
	IESourceInterface                   IEType = 20
	IEFTEID                             IEType = 21
	IENetworkInstance                   IEType = 22
	IESDFFilter                         IEType = 23
	IEApplicationID                     IEType = 24
	IEGateStatus                        IEType = 25
	IEMBR                               IEType = 26
	IEGBR                               IEType = 27
	IEQERCorrelationID                  IEType = 28
	IEPrecedence                        IEType = 29
	IETransportLevelMarking             IEType = 30
	IEVolumeThreshold                   IEType = 31
	IETimeThreshold                     IEType = 32
	IEMonitoringTime                    IEType = 33
	IESubsequentVolumeThreshold         IEType = 34
	IESubsequentTimeThreshold           IEType = 35
	IEInactivityDetectionTime           IEType = 36
	IEReportingTriggers                 IEType = 37
	IEReportType                        IEType = 39
	IEOffendingIE                       IEType = 40
	IEForwardingPolicy                  IEType = 41
	IEDestinationInterface              IEType = 42
	IEUPFunctionFeatures                IEType = 43
	IEApplyAction                       IEType = 44
	IEDownlinkDataServiceInformation    IEType = 45
	IEDownlinkDataNotificationDelay     IEType = 46
	IEDLBufferingDuration               IEType = 47
	IEDLBufferingSuggestedPacketCount   IEType = 48
	IEPFCPSMReqFlags                    IEType = 49
	IEPFCPSRRspFlags                    IEType = 50
	IEPDRID                             IEType = 56
	IEFSEID                             IEType = 57
	IEApplicationIDsPFDs                IEType = 58
	IEPFDContext                        IEType = 59
	IENodeID                            IEType = 60
	IEPFDContents                       IEType = 61
	IEMeasurementMethod                 IEType = 62
	IEUsageReportTrigger                IEType = 63
	IEMeasurementPeriod                 IEType = 64
	IEVolumeMeasurement                 IEType = 66
	IEDurationMeasurement               IEType = 67
	IEApplicationDetectionInformation   IEType = 68
	IETimeOfFirstPacket                 IEType = 69
	IETimeOfLastPacket                  IEType = 70
	IEQuotaHoldingTime                  IEType = 71
	IEDroppedDLTrafficThreshold         IEType = 72
	IEVolumeQuota                       IEType = 73
	IETimeQuota                         IEType = 74
	IEStartTime                         IEType = 75
	IEEndTime                           IEType = 76
	IEQueryURR                          IEType = 77
	IEUsageReportInModification         IEType = 78
	IEUsageReportInDeletion             IEType = 79
	IEUsageReportInReport               IEType = 80
	IEURRID                             IEType = 81
	IELinkedURRID                       IEType = 82
	IEDownlinkDataReport                IEType = 83
	IEOuterHeaderCreation               IEType = 84
	IECreateBAR                         IEType = 85
	IEUpdateBAR                         IEType = 86
	IERemoveBAR                         IEType = 87
	IEBARID                             IEType = 88
	IECPFunctionFeatures                IEType = 89
	IEUsageInformation                  IEType = 90
	IEUEIPAddress                       IEType = 93
	IEOuterHeaderRemoval                IEType = 95
	IERecoveryTimeStamp                 IEType = 96
	IEErrorIndicationReport             IEType = 99
	IEMeasurementInformation            IEType = 100
	IENodeReportType                    IEType = 101
	IEUserPlanePathFailureReport        IEType = 102
	IERemoteGTPUPeer                    IEType = 103
	IEURSEQN                            IEType = 104
	IEActivatePredefinedRules           IEType = 106
	IEDeactivatePredefinedRules         IEType = 107
	IEFARID                             IEType = 108
	IEQERID                             IEType = 109
	IEPFCPAssociationReleaseRequest     IEType = 111
	IEGracefulReleasePeriod             IEType = 112
	IEPDNType                           IEType = 113
	IEFailedRuleID                      IEType = 114
	IEUserPlaneInactivityTimer          IEType = 117
	IESubsequentVolumeQuota             IEType = 121
	IESubsequentTimeQuota               IEType = 122
	IERQI                               IEType = 123
	IEQFI                               IEType = 124
	IEQueryURRReference                 IEType = 125
	IEAdditionalUsageReportsInformation IEType = 126
	IEEthernetPacketFilter              IEType = 132
	IEMACAddress                        IEType = 133
	IECTAG                              IEType = 134
	IESTAG                              IEType = 135
	IEEthertype                         IEType = 136
	IEEthernetFilterID                  IEType = 138
	IEEthernetFilterProperties          IEType = 139
	IESuggestedBufferingPacketsCount    IEType = 140
	IEEthernetPDUSessionInformation     IEType = 142
	IEEthernetTrafficInformation        IEType = 143
	IEMACAddressesDetected              IEType = 144
	IEMACAddressesRemoved               IEType = 145
	IEEthernetInactivityTimer           IEType = 146
	IEFramedRoute                       IEType = 153
	IEFramedIPv6Route                   IEType = 155
	IEAveragingWindow                   IEType = 157
	IEPagingPolicyIndicator             IEType = 158
	IEAPNDNN                            IEType = 159
	IEInterfaceType                     IEType = 160
	IEPFCPSRReqFlags                    IEType = 161
	IEPFCPAUReqFlags                    IEType = 162
	IEQuotaValidityTime                 IEType = 181
	IENumberOfReports                   IEType = 182
	IEPFCPSEReqFlags                    IEType = 186
	IEUserPlanePathRecoveryReport       IEType = 187
	IESNSSAI                            IEType = 257
	IEDataStatus                        IEType = 260
)

// String is the IE's name in TS 29.244 §8.1.2.
func (t IEType) String() string {
	if int(t) < len(ieNames) && ieNames[t] != "" {
		return ieNames[t]
	}
	return fmt.Sprintf("IE %d", uint16(t))
}

var ieNames = [...]string{
	IECreatePDR:                         "Create PDR",
	IEPDI:                               "PDI",
	IECreateFAR:                         "Create FAR",
	IEForwardingParameters:              "Forwarding Parameters",
	IECreateURR:                         "Create URR",
	IECreateQER:                         "Create QER",
	IECreatedPDR:                        "Created PDR",
	IEUpdatePDR:                         "Update PDR",
	IEUpdateFAR:                         "Update FAR",
	IEUpdateForwardingParameters:        "Update Forwarding Parameters",
	IEUpdateBARInReport:                 "Update BAR",
	IEUpdateURR:                         "Update URR",
	IEUpdateQER:                         "Update QER",
	IERemovePDR:                         "Remove PDR",
	IERemoveFAR:                         "Remove FAR",
	IERemoveURR:                         "Remove URR",
	IERemoveQER:                         "Remove QER",
	IECause:                             "Cause",
	IESourceInterface:                   "Source Interface",
	IEFTEID:                             "F-TEID",
	IENetworkInstance:                   "Network Instance",
	IESDFFilter:                         "SDF Filter",
	IEApplicationID:                     "Application ID",
	IEGateStatus:                        "Gate Status",
	IEMBR:                               "MBR",
	IEGBR:                               "GBR",
	IEQERCorrelationID:                  "QER Correlation ID",
	IEPrecedence:                        "Precedence",
	IETransportLevelMarking:             "Transport Level Marking",
	IEVolumeThreshold:                   "Volume Threshold",
	IETimeThreshold:                     "Time Threshold",
	IEMonitoringTime:                    "Monitoring Time",
	IESubsequentVolumeThreshold:         "Subsequent Volume Threshold",
	IESubsequentTimeThreshold:           "Subsequent Time Threshold",
	IEInactivityDetectionTime:           "Inactivity Detection Time",
	IEReportingTriggers:                 "Reporting Triggers",
	IEReportType:                        "Report Type",
	IEOffendingIE:                       "Offending IE",
	IEForwardingPolicy:                  "Forwarding Policy",
	IEDestinationInterface:              "Destination Interface",
	IEUPFunctionFeatures:                "UP Function Features",
	IEApplyAction:                       "Apply Action",
	IEDownlinkDataServiceInformation:    "Downlink Data Service Information",
	IEDownlinkDataNotificationDelay:     "Downlink Data Notification Delay",
	IEDLBufferingDuration:               "DL Buffering Duration",
	IEDLBufferingSuggestedPacketCount:   "DL Buffering Suggested Packet Count",
	IEPFCPSMReqFlags:                    "PFCPSMReq-Flags",
	IEPFCPSRRspFlags:                    "PFCPSRRsp-Flags",
	IEPDRID:                             "PDR ID",
	IEFSEID:                             "F-SEID",
	IEApplicationIDsPFDs:                "Application ID's PFDs",
	IEPFDContext:                        "PFD context",
	IENodeID:                            "Node ID",
	IEPFDContents:                       "PFD contents",
	IEMeasurementMethod:                 "Measurement Method",
	IEUsageReportTrigger:                "Usage Report Trigger",
	IEMeasurementPeriod:                 "Measurement Period",
	IEVolumeMeasurement:                 "Volume Measurement",
	IEDurationMeasurement:               "Duration Measurement",
	IEApplicationDetectionInformation:   "Application Detection Information",
	IETimeOfFirstPacket:                 "Time of First Packet",
	IETimeOfLastPacket:                  "Time of Last Packet",
	IEQuotaHoldingTime:                  "Quota Holding Time",
	IEDroppedDLTrafficThreshold:         "Dropped DL Traffic Threshold",
	IEVolumeQuota:                       "Volume Quota",
	IETimeQuota:                         "Time Quota",
	IEStartTime:                         "Start Time",
	IEEndTime:                           "End Time",
	IEQueryURR:                          "Query URR",
	IEUsageReportInModification:         "Usage Report",
	IEUsageReportInDeletion:             "Usage Report",
	IEUsageReportInReport:               "Usage Report",
	IEURRID:                             "URR ID",
	IELinkedURRID:                       "Linked URR ID",
	IEDownlinkDataReport:                "Downlink Data Report",
	IEOuterHeaderCreation:               "Outer Header Creation",
	IECreateBAR:                         "Create BAR",
	IEUpdateBAR:                         "Update BAR",
	IERemoveBAR:                         "Remove BAR",
	IEBARID:                             "BAR ID",
	IECPFunctionFeatures:                "CP Function Features",
	IEUsageInformation:                  "Usage Information",
	IEUEIPAddress:                       "UE IP Address",
	IEOuterHeaderRemoval:                "Outer Header Removal",
	IERecoveryTimeStamp:                 "Recovery Time Stamp",
	IEErrorIndicationReport:             "Error Indication Report",
	IEMeasurementInformation:            "Measurement Information",
	IENodeReportType:                    "Node Report Type",
	IEUserPlanePathFailureReport:        "User Plane Path Failure Report",
	IERemoteGTPUPeer:                    "Remote GTP-U Peer",
	IEURSEQN:                            "UR-SEQN",
	IEActivatePredefinedRules:           "Activate Predefined Rules",
	IEDeactivatePredefinedRules:         "Deactivate Predefined Rules",
	IEFARID:                             "FAR ID",
	IEQERID:                             "QER ID",
	IEPFCPAssociationReleaseRequest:     "PFCP Association Release Request",
	IEGracefulReleasePeriod:             "Graceful Release Period",
	IEPDNType:                           "PDN Type",
	IEFailedRuleID:                      "Failed Rule ID",
	IEUserPlaneInactivityTimer:          "User Plane Inactivity Timer",
	IESubsequentVolumeQuota:             "Subsequent Volume Quota",
	IESubsequentTimeQuota:               "Subsequent Time Quota",
	IERQI:                               "RQI",
	IEQFI:                               "QFI",
	IEQueryURRReference:                 "Query URR Reference",
	IEAdditionalUsageReportsInformation: "Additional Usage Reports Information",
	IEEthernetPacketFilter:              "Ethernet Packet Filter",
	IEMACAddress:                        "MAC address",
	IECTAG:                              "C-TAG",
	IESTAG:                              "S-TAG",
	IEEthertype:                         "Ethertype",
	IEEthernetFilterID:                  "Ethernet Filter ID",
	IEEthernetFilterProperties:          "Ethernet Filter Properties",
	IESuggestedBufferingPacketsCount:    "Suggested Buffering Packets Count",
	IEEthernetPDUSessionInformation:     "Ethernet PDU Session Information",
	IEEthernetTrafficInformation:        "Ethernet Traffic Information",
	IEMACAddressesDetected:              "MAC Addresses Detected",
	IEMACAddressesRemoved:               "MAC Addresses Removed",
	IEEthernetInactivityTimer:           "Ethernet Inactivity Timer",
	IEFramedRoute:                       "Framed-Route",
	IEFramedIPv6Route:                   "Framed-IPv6-Route",
	IEAveragingWindow:                   "Averaging Window",
	IEPagingPolicyIndicator:             "Paging Policy Indicator",
	IEAPNDNN:                            "APN/DNN",
	IEInterfaceType:                     "3GPP Interface Type",
	IEPFCPSRReqFlags:                    "PFCPSRReq-Flags",
	IEPFCPAUReqFlags:                    "PFCPAUReq-Flags",
	IEQuotaValidityTime:                 "Quota Validity Time",
	IENumberOfReports:                   "Number of Reports",
	IEPFCPSEReqFlags:                    "PFCPSEReq-Flags",
	IEUserPlanePathRecoveryReport:       "User Plane Path Recovery Report",
	IESNSSAI:                            "S-NSSAI",
	IEDataStatus:                        "Data Status",
}
