package ngap

// ProcedureCode names an elementary procedure, TS 38.413 §9.3.1.1.
//
//aper:int 0..255
//aper:names
type ProcedureCode uint8

// Procedure codes, TS 38.413 §9.4.7.
const (
	ProcedureCodeAMFConfigurationUpdate                ProcedureCode = 0  // AMFConfigurationUpdate
	ProcedureCodeAMFStatusIndication                   ProcedureCode = 1  // AMFStatusIndication
	ProcedureCodeCellTrafficTrace                      ProcedureCode = 2  // CellTrafficTrace
	ProcedureCodeDeactivateTrace                       ProcedureCode = 3  // DeactivateTrace
	ProcedureCodeDownlinkNASTransport                  ProcedureCode = 4  // DownlinkNASTransport
	ProcedureCodeDownlinkNonUEAssociatedNRPPaTransport ProcedureCode = 5  // DownlinkNonUEAssociatedNRPPaTransport
	ProcedureCodeDownlinkRANConfigurationTransfer      ProcedureCode = 6  // DownlinkRANConfigurationTransfer
	ProcedureCodeDownlinkRANStatusTransfer             ProcedureCode = 7  // DownlinkRANStatusTransfer
	ProcedureCodeDownlinkUEAssociatedNRPPaTransport    ProcedureCode = 8  // DownlinkUEAssociatedNRPPaTransport
	ProcedureCodeErrorIndication                       ProcedureCode = 9  // ErrorIndication
	ProcedureCodeHandoverCancel                        ProcedureCode = 10 // HandoverCancel
	ProcedureCodeHandoverNotification                  ProcedureCode = 11 // HandoverNotification
	ProcedureCodeHandoverPreparation                   ProcedureCode = 12 // HandoverPreparation
	ProcedureCodeHandoverResourceAllocation            ProcedureCode = 13 // HandoverResourceAllocation
	ProcedureCodeInitialContextSetup                   ProcedureCode = 14 // InitialContextSetup
	ProcedureCodeInitialUEMessage                      ProcedureCode = 15 // InitialUEMessage
	ProcedureCodeLocationReportingControl              ProcedureCode = 16 // LocationReportingControl
	ProcedureCodeLocationReportingFailureIndication    ProcedureCode = 17 // LocationReportingFailureIndication
	ProcedureCodeLocationReport                        ProcedureCode = 18 // LocationReport
	ProcedureCodeNASNonDeliveryIndication              ProcedureCode = 19 // NASNonDeliveryIndication
	ProcedureCodeNGReset                               ProcedureCode = 20 // NGReset
	ProcedureCodeNGSetup                               ProcedureCode = 21 // NGSetup
	ProcedureCodeOverloadStart                         ProcedureCode = 22 // OverloadStart
	ProcedureCodeOverloadStop                          ProcedureCode = 23 // OverloadStop
	ProcedureCodePaging                                ProcedureCode = 24 // Paging
	ProcedureCodePathSwitchRequest                     ProcedureCode = 25 // PathSwitchRequest
	ProcedureCodePDUSessionResourceModify              ProcedureCode = 26 // PDUSessionResourceModify
	ProcedureCodePDUSessionResourceModifyIndication    ProcedureCode = 27 // PDUSessionResourceModifyIndication
	ProcedureCodePDUSessionResourceRelease             ProcedureCode = 28 // PDUSessionResourceRelease
	ProcedureCodePDUSessionResourceSetup               ProcedureCode = 29 // PDUSessionResourceSetup
	ProcedureCodePDUSessionResourceNotify              ProcedureCode = 30 // PDUSessionResourceNotify
	ProcedureCodePrivateMessage                        ProcedureCode = 31 // PrivateMessage
	ProcedureCodePWSCancel                             ProcedureCode = 32 // PWSCancel
	ProcedureCodePWSFailureIndication                  ProcedureCode = 33 // PWSFailureIndication
	ProcedureCodePWSRestartIndication                  ProcedureCode = 34 // PWSRestartIndication
	ProcedureCodeRANConfigurationUpdate                ProcedureCode = 35 // RANConfigurationUpdate
	ProcedureCodeRerouteNASRequest                     ProcedureCode = 36 // RerouteNASRequest
	ProcedureCodeRRCInactiveTransitionReport           ProcedureCode = 37 // RRCInactiveTransitionReport
	ProcedureCodeTraceFailureIndication                ProcedureCode = 38 // TraceFailureIndication
	ProcedureCodeTraceStart                            ProcedureCode = 39 // TraceStart
	ProcedureCodeUEContextModification                 ProcedureCode = 40 // UEContextModification
	ProcedureCodeUEContextRelease                      ProcedureCode = 41 // UEContextRelease
	ProcedureCodeUEContextReleaseRequest               ProcedureCode = 42 // UEContextReleaseRequest
	ProcedureCodeUERadioCapabilityCheck                ProcedureCode = 43 // UERadioCapabilityCheck
	ProcedureCodeUERadioCapabilityInfoIndication       ProcedureCode = 44 // UERadioCapabilityInfoIndication
	ProcedureCodeUETNLABindingRelease                  ProcedureCode = 45 // UETNLABindingRelease
	ProcedureCodeUplinkNASTransport                    ProcedureCode = 46 // UplinkNASTransport
	ProcedureCodeUplinkNonUEAssociatedNRPPaTransport   ProcedureCode = 47 // UplinkNonUEAssociatedNRPPaTransport
	ProcedureCodeUplinkRANConfigurationTransfer        ProcedureCode = 48 // UplinkRANConfigurationTransfer
	ProcedureCodeUplinkRANStatusTransfer               ProcedureCode = 49 // UplinkRANStatusTransfer
	ProcedureCodeUplinkUEAssociatedNRPPaTransport      ProcedureCode = 50 // UplinkUEAssociatedNRPPaTransport
	ProcedureCodeWriteReplaceWarning                   ProcedureCode = 51 // WriteReplaceWarning
	ProcedureCodeSecondaryRATDataUsageReport           ProcedureCode = 52 // SecondaryRATDataUsageReport
	ProcedureCodeUplinkRIMInformationTransfer          ProcedureCode = 53 // UplinkRIMInformationTransfer
	ProcedureCodeDownlinkRIMInformationTransfer        ProcedureCode = 54 // DownlinkRIMInformationTransfer
	ProcedureCodeRetrieveUEInformation                 ProcedureCode = 55 // RetrieveUEInformation
	ProcedureCodeUEInformationTransfer                 ProcedureCode = 56 // UEInformationTransfer
	ProcedureCodeRANCPRelocationIndication             ProcedureCode = 57 // RANCPRelocationIndication
	ProcedureCodeUEContextResume                       ProcedureCode = 58 // UEContextResume
	ProcedureCodeUEContextSuspend                      ProcedureCode = 59 // UEContextSuspend
	ProcedureCodeUERadioCapabilityIDMapping            ProcedureCode = 60 // UERadioCapabilityIDMapping
	ProcedureCodeHandoverSuccess                       ProcedureCode = 61 // HandoverSuccess
	ProcedureCodeUplinkRANEarlyStatusTransfer          ProcedureCode = 62 // UplinkRANEarlyStatusTransfer
	ProcedureCodeDownlinkRANEarlyStatusTransfer        ProcedureCode = 63 // DownlinkRANEarlyStatusTransfer
	ProcedureCodeAMFCPRelocationIndication             ProcedureCode = 64 // AMFCPRelocationIndication
	ProcedureCodeConnectionEstablishmentIndication     ProcedureCode = 65 // ConnectionEstablishmentIndication
	ProcedureCodeBroadcastSessionModification          ProcedureCode = 66 // BroadcastSessionModification
	ProcedureCodeBroadcastSessionRelease               ProcedureCode = 67 // BroadcastSessionRelease
	ProcedureCodeBroadcastSessionSetup                 ProcedureCode = 68 // BroadcastSessionSetup
	ProcedureCodeDistributionSetup                     ProcedureCode = 69 // DistributionSetup
	ProcedureCodeDistributionRelease                   ProcedureCode = 70 // DistributionRelease
	ProcedureCodeMulticastSessionActivation            ProcedureCode = 71 // MulticastSessionActivation
	ProcedureCodeMulticastSessionDeactivation          ProcedureCode = 72 // MulticastSessionDeactivation
	ProcedureCodeMulticastSessionUpdate                ProcedureCode = 73 // MulticastSessionUpdate
	ProcedureCodeMulticastGroupPaging                  ProcedureCode = 74 // MulticastGroupPaging
	ProcedureCodeBroadcastSessionReleaseRequired       ProcedureCode = 75 // BroadcastSessionReleaseRequired
)
