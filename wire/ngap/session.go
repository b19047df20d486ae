package ngap

// PDUSessionResourceSetupListSUReq is part of PDU SESSION RESOURCE SETUP REQUEST, TS 38.413 §9.2.1.1.
//
//aper:list 1..256
type PDUSessionResourceSetupListSUReq []PDUSessionResourceSetupItemSUReq

// PDUSessionResourceSetupItemSUReq is part of PDU SESSION RESOURCE SETUP REQUEST, TS 38.413 §9.2.1.1.
//
//aper:sequence
type PDUSessionResourceSetupItemSUReq struct {
	PDUSessionID                           PDUSessionID
	PDUSessionNASPDU                       NASPDU `aper:"optional"`
	SNSSAI                                 SNSSAI
	PDUSessionResourceSetupRequestTransfer []byte                       `aper:"octets"`
	PDUSessionExpectedUEActivityBehaviour  *ExpectedUEActivityBehaviour `ext:"281,ignore"`
}

// PDUSessionResourceSetupListSURes is part of PDU SESSION RESOURCE SETUP RESPONSE, TS 38.413 §9.2.1.2.
//
//aper:list 1..256
type PDUSessionResourceSetupListSURes []PDUSessionResourceSetupItemSURes

// PDUSessionResourceFailedToSetupListSURes is part of PDU SESSION RESOURCE SETUP RESPONSE, TS 38.413 §9.2.1.2.
//
//aper:list 1..256
type PDUSessionResourceFailedToSetupListSURes []PDUSessionResourceFailedToSetupItemSURes

// PDUSessionResourceSetupItemSURes is part of PDU SESSION RESOURCE SETUP RESPONSE, TS 38.413 §9.2.1.2.
//
//aper:sequence
type PDUSessionResourceSetupItemSURes struct {
	PDUSessionID                            PDUSessionID
	PDUSessionResourceSetupResponseTransfer []byte `aper:"octets"`
}

// PDUSessionResourceFailedToSetupItemSURes is part of PDU SESSION RESOURCE SETUP RESPONSE, TS 38.413 §9.2.1.2.
//
//aper:sequence
type PDUSessionResourceFailedToSetupItemSURes struct {
	PDUSessionID                                PDUSessionID
	PDUSessionResourceSetupUnsuccessfulTransfer []byte `aper:"octets"`
}

// PDUSessionResourceToReleaseListRelCmd is part of PDU SESSION RESOURCE RELEASE COMMAND, TS 38.413 §9.2.1.3.
//
//aper:list 1..256
type PDUSessionResourceToReleaseListRelCmd []PDUSessionResourceToReleaseItemRelCmd

// PDUSessionResourceToReleaseItemRelCmd is part of PDU SESSION RESOURCE RELEASE COMMAND, TS 38.413 §9.2.1.3.
//
//aper:sequence
type PDUSessionResourceToReleaseItemRelCmd struct {
	PDUSessionID                             PDUSessionID
	PDUSessionResourceReleaseCommandTransfer []byte `aper:"octets"`
}

// PDUSessionResourceReleasedListRelRes is part of PDU SESSION RESOURCE RELEASE RESPONSE, TS 38.413 §9.2.1.4.
//
//aper:list 1..256
type PDUSessionResourceReleasedListRelRes []PDUSessionResourceReleasedItemRelRes

// PDUSessionResourceReleasedItemRelRes is part of PDU SESSION RESOURCE RELEASE RESPONSE, TS 38.413 §9.2.1.4.
//
//aper:sequence
type PDUSessionResourceReleasedItemRelRes struct {
	PDUSessionID                              PDUSessionID
	PDUSessionResourceReleaseResponseTransfer []byte `aper:"octets"`
}

// PDUSessionResourceModifyListModReq is part of PDU SESSION RESOURCE MODIFY REQUEST, TS 38.413 §9.2.1.5.
//
//aper:list 1..256
type PDUSessionResourceModifyListModReq []PDUSessionResourceModifyItemModReq

// PDUSessionResourceModifyItemModReq is part of PDU SESSION RESOURCE MODIFY REQUEST, TS 38.413 §9.2.1.5.
//
//aper:sequence
type PDUSessionResourceModifyItemModReq struct {
	PDUSessionID                            PDUSessionID
	NASPDU                                  NASPDU                       `aper:"optional"`
	PDUSessionResourceModifyRequestTransfer []byte                       `aper:"octets"`
	SNSSAI                                  *SNSSAI                      `ext:"148,reject"`
	PDUSessionExpectedUEActivityBehaviour   *ExpectedUEActivityBehaviour `ext:"281,ignore"`
}

// PDUSessionResourceModifyListModRes is part of PDU SESSION RESOURCE MODIFY RESPONSE, TS 38.413 §9.2.1.6.
//
//aper:list 1..256
type PDUSessionResourceModifyListModRes []PDUSessionResourceModifyItemModRes

// PDUSessionResourceFailedToModifyListModRes is part of PDU SESSION RESOURCE MODIFY RESPONSE, TS 38.413 §9.2.1.6.
//
//aper:list 1..256
type PDUSessionResourceFailedToModifyListModRes []PDUSessionResourceFailedToModifyItemModRes

// PDUSessionResourceModifyItemModRes is part of PDU SESSION RESOURCE MODIFY RESPONSE, TS 38.413 §9.2.1.6.
//
//aper:sequence
type PDUSessionResourceModifyItemModRes struct {
	PDUSessionID                             PDUSessionID
	PDUSessionResourceModifyResponseTransfer []byte `aper:"octets"`
}

// PDUSessionResourceFailedToModifyItemModRes is part of PDU SESSION RESOURCE MODIFY RESPONSE, TS 38.413 §9.2.1.6.
//
//aper:sequence
type PDUSessionResourceFailedToModifyItemModRes struct {
	PDUSessionID                                 PDUSessionID
	PDUSessionResourceModifyUnsuccessfulTransfer []byte `aper:"octets"`
}

// PDUSessionResourceNotifyList is part of PDU SESSION RESOURCE NOTIFY, TS 38.413 §9.2.1.7.
//
//aper:list 1..256
type PDUSessionResourceNotifyList []PDUSessionResourceNotifyItem

// PDUSessionResourceReleasedListNot is part of PDU SESSION RESOURCE NOTIFY, TS 38.413 §9.2.1.7.
//
//aper:list 1..256
type PDUSessionResourceReleasedListNot []PDUSessionResourceReleasedItemNot

// PDUSessionResourceNotifyItem is part of PDU SESSION RESOURCE NOTIFY, TS 38.413 §9.2.1.7.
//
//aper:sequence
type PDUSessionResourceNotifyItem struct {
	PDUSessionID                     PDUSessionID
	PDUSessionResourceNotifyTransfer []byte `aper:"octets"`
}

// PDUSessionResourceReleasedItemNot is part of PDU SESSION RESOURCE NOTIFY, TS 38.413 §9.2.1.7.
//
//aper:sequence
type PDUSessionResourceReleasedItemNot struct {
	PDUSessionID                             PDUSessionID
	PDUSessionResourceNotifyReleasedTransfer []byte `aper:"octets"`
}

// PDUSessionResourceModifyListModInd is part of PDU SESSION RESOURCE MODIFY INDICATION, TS 38.413 §9.2.1.8.
//
//aper:list 1..256
type PDUSessionResourceModifyListModInd []PDUSessionResourceModifyItemModInd

// PDUSessionResourceModifyItemModInd is part of PDU SESSION RESOURCE MODIFY INDICATION, TS 38.413 §9.2.1.8.
//
//aper:sequence
type PDUSessionResourceModifyItemModInd struct {
	PDUSessionID                               PDUSessionID
	PDUSessionResourceModifyIndicationTransfer []byte `aper:"octets"`
}

// PDUSessionResourceModifyListModCfm is part of PDU SESSION RESOURCE MODIFY CONFIRM, TS 38.413 §9.2.1.9.
//
//aper:list 1..256
type PDUSessionResourceModifyListModCfm []PDUSessionResourceModifyItemModCfm

// PDUSessionResourceFailedToModifyListModCfm is part of PDU SESSION RESOURCE MODIFY CONFIRM, TS 38.413 §9.2.1.9.
//
//aper:list 1..256
type PDUSessionResourceFailedToModifyListModCfm []PDUSessionResourceFailedToModifyItemModCfm

// PDUSessionResourceModifyItemModCfm is part of PDU SESSION RESOURCE MODIFY CONFIRM, TS 38.413 §9.2.1.9.
//
//aper:sequence
type PDUSessionResourceModifyItemModCfm struct {
	PDUSessionID                            PDUSessionID
	PDUSessionResourceModifyConfirmTransfer []byte `aper:"octets"`
}

// PDUSessionResourceFailedToModifyItemModCfm is part of PDU SESSION RESOURCE MODIFY CONFIRM, TS 38.413 §9.2.1.9.
//
//aper:sequence
type PDUSessionResourceFailedToModifyItemModCfm struct {
	PDUSessionID                                           PDUSessionID
	PDUSessionResourceModifyIndicationUnsuccessfulTransfer []byte `aper:"octets"`
}

// PDUSessionResourceSetupListCxtReq is part of INITIAL CONTEXT SETUP REQUEST, TS 38.413 §9.2.2.1.
//
//aper:list 1..256
type PDUSessionResourceSetupListCxtReq []PDUSessionResourceSetupItemCxtReq

// PDUSessionResourceSetupItemCxtReq is part of INITIAL CONTEXT SETUP REQUEST, TS 38.413 §9.2.2.1.
//
//aper:sequence
type PDUSessionResourceSetupItemCxtReq struct {
	PDUSessionID                           PDUSessionID
	NASPDU                                 NASPDU `aper:"optional"`
	SNSSAI                                 SNSSAI
	PDUSessionResourceSetupRequestTransfer []byte                       `aper:"octets"`
	PDUSessionExpectedUEActivityBehaviour  *ExpectedUEActivityBehaviour `ext:"281,ignore"`
}

// PDUSessionResourceSetupListCxtRes is part of INITIAL CONTEXT SETUP RESPONSE, TS 38.413 §9.2.2.2.
//
//aper:list 1..256
type PDUSessionResourceSetupListCxtRes []PDUSessionResourceSetupItemCxtRes

// PDUSessionResourceFailedToSetupListCxtRes is part of INITIAL CONTEXT SETUP RESPONSE, TS 38.413 §9.2.2.2.
//
//aper:list 1..256
type PDUSessionResourceFailedToSetupListCxtRes []PDUSessionResourceFailedToSetupItemCxtRes

// PDUSessionResourceSetupItemCxtRes is part of INITIAL CONTEXT SETUP RESPONSE, TS 38.413 §9.2.2.2.
//
//aper:sequence
type PDUSessionResourceSetupItemCxtRes struct {
	PDUSessionID                            PDUSessionID
	PDUSessionResourceSetupResponseTransfer []byte `aper:"octets"`
}

// PDUSessionResourceFailedToSetupItemCxtRes is part of INITIAL CONTEXT SETUP RESPONSE, TS 38.413 §9.2.2.2.
//
//aper:sequence
type PDUSessionResourceFailedToSetupItemCxtRes struct {
	PDUSessionID                                PDUSessionID
	PDUSessionResourceSetupUnsuccessfulTransfer []byte `aper:"octets"`
}

// PDUSessionResourceFailedToSetupListCxtFail is part of INITIAL CONTEXT SETUP FAILURE, TS 38.413 §9.2.2.3.
//
//aper:list 1..256
type PDUSessionResourceFailedToSetupListCxtFail []PDUSessionResourceFailedToSetupItemCxtFail

// PDUSessionResourceFailedToSetupItemCxtFail is part of INITIAL CONTEXT SETUP FAILURE, TS 38.413 §9.2.2.3.
//
//aper:sequence
type PDUSessionResourceFailedToSetupItemCxtFail struct {
	PDUSessionID                                PDUSessionID
	PDUSessionResourceSetupUnsuccessfulTransfer []byte `aper:"octets"`
}

// PDUSessionResourceListCxtRelReq is part of UE CONTEXT RELEASE REQUEST, TS 38.413 §9.2.2.4.
//
//aper:list 1..256
type PDUSessionResourceListCxtRelReq []PDUSessionResourceItemCxtRelReq

// PDUSessionResourceItemCxtRelReq is part of UE CONTEXT RELEASE REQUEST, TS 38.413 §9.2.2.4.
//
//aper:sequence
type PDUSessionResourceItemCxtRelReq struct {
	PDUSessionID PDUSessionID
}

// PDUSessionResourceListCxtRelCpl is part of UE CONTEXT RELEASE COMPLETE, TS 38.413 §9.2.2.6.
//
//aper:list 1..256
type PDUSessionResourceListCxtRelCpl []PDUSessionResourceItemCxtRelCpl

// PDUSessionResourceItemCxtRelCpl is part of UE CONTEXT RELEASE COMPLETE, TS 38.413 §9.2.2.6.
//
//aper:sequence
type PDUSessionResourceItemCxtRelCpl struct {
	PDUSessionID                              PDUSessionID
	PDUSessionResourceReleaseResponseTransfer []byte `ext:"145,ignore" aper:"octets"`
}

// PDUSessionResourceAdmittedList is part of HANDOVER REQUEST ACKNOWLEDGE, TS 38.413 §9.2.3.5.
//
//aper:list 1..256
type PDUSessionResourceAdmittedList []PDUSessionResourceAdmittedItem

// PDUSessionResourceAdmittedItem is part of HANDOVER REQUEST ACKNOWLEDGE, TS 38.413 §9.2.3.5.
//
//aper:sequence
type PDUSessionResourceAdmittedItem struct {
	PDUSessionID                       PDUSessionID
	HandoverRequestAcknowledgeTransfer []byte `aper:"octets"`
}

// PDUSessionResourceToBeSwitchedDLList is part of PATH SWITCH REQUEST, TS 38.413 §9.2.3.8.
//
//aper:list 1..256
type PDUSessionResourceToBeSwitchedDLList []PDUSessionResourceToBeSwitchedDLItem

// PDUSessionResourceFailedToSetupListPSReq is part of PATH SWITCH REQUEST, TS 38.413 §9.2.3.8.
//
//aper:list 1..256
type PDUSessionResourceFailedToSetupListPSReq []PDUSessionResourceFailedToSetupItemPSReq

// PDUSessionResourceToBeSwitchedDLItem is part of PATH SWITCH REQUEST, TS 38.413 §9.2.3.8.
//
//aper:sequence
type PDUSessionResourceToBeSwitchedDLItem struct {
	PDUSessionID              PDUSessionID
	PathSwitchRequestTransfer []byte `aper:"octets"`
}

// PDUSessionResourceFailedToSetupItemPSReq is part of PATH SWITCH REQUEST, TS 38.413 §9.2.3.8.
//
//aper:sequence
type PDUSessionResourceFailedToSetupItemPSReq struct {
	PDUSessionID                         PDUSessionID
	PathSwitchRequestSetupFailedTransfer []byte `aper:"octets"`
}

// PDUSessionResourceSwitchedList is part of PATH SWITCH REQUEST ACKNOWLEDGE, TS 38.413 §9.2.3.9.
//
//aper:list 1..256
type PDUSessionResourceSwitchedList []PDUSessionResourceSwitchedItem

// PDUSessionResourceReleasedListPSAck is part of PATH SWITCH REQUEST ACKNOWLEDGE, TS 38.413 §9.2.3.9.
//
//aper:list 1..256
type PDUSessionResourceReleasedListPSAck []PDUSessionResourceReleasedItemPSAck

// PDUSessionResourceSwitchedItem is part of PATH SWITCH REQUEST ACKNOWLEDGE, TS 38.413 §9.2.3.9.
//
//aper:sequence
type PDUSessionResourceSwitchedItem struct {
	PDUSessionID                          PDUSessionID
	PathSwitchRequestAcknowledgeTransfer  []byte                       `aper:"octets"`
	PDUSessionExpectedUEActivityBehaviour *ExpectedUEActivityBehaviour `ext:"281,ignore"`
}

// PDUSessionResourceReleasedItemPSAck is part of PATH SWITCH REQUEST ACKNOWLEDGE, TS 38.413 §9.2.3.9.
//
//aper:sequence
type PDUSessionResourceReleasedItemPSAck struct {
	PDUSessionID                          PDUSessionID
	PathSwitchRequestUnsuccessfulTransfer []byte `aper:"octets"`
}

// PDUSessionResourceReleasedListPSFail is part of PATH SWITCH REQUEST FAILURE, TS 38.413 §9.2.3.10.
//
//aper:list 1..256
type PDUSessionResourceReleasedListPSFail []PDUSessionResourceReleasedItemPSFail

// PDUSessionResourceReleasedItemPSFail is part of PATH SWITCH REQUEST FAILURE, TS 38.413 §9.2.3.10.
//
//aper:sequence
type PDUSessionResourceReleasedItemPSFail struct {
	PDUSessionID                          PDUSessionID
	PathSwitchRequestUnsuccessfulTransfer []byte `aper:"octets"`
}

// PDUSessionID is the PDU Session ID IE, TS 38.413 §9.3.1.50.
//
//aper:int 0..255
type PDUSessionID uint8

// PDUSessionType is the PDU Session Type IE, TS 38.413 §9.3.1.52.
//
//aper:enum 5 ext
type PDUSessionType uint8

// Values of PDUSessionType.
const (
	PDUSessionTypeIPV4         PDUSessionType = iota // ipv4
	PDUSessionTypeIPV6                               // ipv6
	PDUSessionTypeIPV4V6                             // ipv4v6
	PDUSessionTypeEthernet                           // ethernet
	PDUSessionTypeUnstructured                       // unstructured
)

// NetworkInstance is the Network Instance IE, TS 38.413 §9.3.1.113.
//
//aper:int 1..256 ext
type NetworkInstance uint16

// SecondaryRATUsageInformation is the Secondary RAT Usage Information IE, TS 38.413 §9.3.1.114.
//
//aper:sequence
type SecondaryRATUsageInformation struct {
	PDUSessionUsageReport   *PDUSessionUsageReport  `aper:"optional"`
	QosFlowsUsageReportList QoSFlowsUsageReportList `aper:"optional"`
}

// PDUSessionUsageReport is part of Secondary RAT Usage Information, TS 38.413 §9.3.1.114.
//
//aper:sequence
type PDUSessionUsageReport struct {
	RATType                   PDUSessionUsageReportRATType
	PDUSessionTimedReportList VolumeTimedReportList
}

// PDUSessionUsageReportRATType is part of Secondary RAT Usage Information, TS 38.413 §9.3.1.114.
//
//aper:enum 2+2 ext
type PDUSessionUsageReportRATType uint8

// Values of PDUSessionUsageReportRATType.
const (
	PDUSessionUsageReportRATTypeNR              PDUSessionUsageReportRATType = iota // nr
	PDUSessionUsageReportRATTypeEutra                                               // eutra
	PDUSessionUsageReportRATTypeNRUnlicensed                                        // nr-unlicensed
	PDUSessionUsageReportRATTypeEUTRAUnlicensed                                     // e-utra-unlicensed
)

// QoSFlowsUsageReportList is part of Secondary RAT Usage Information, TS 38.413 §9.3.1.114.
//
//aper:list 1..64
type QoSFlowsUsageReportList []QoSFlowsUsageReportItem

// QoSFlowsUsageReportItem is part of Secondary RAT Usage Information, TS 38.413 §9.3.1.114.
//
//aper:sequence
type QoSFlowsUsageReportItem struct {
	QosFlowIdentifier       QosFlowIdentifier
	RATType                 QoSFlowsUsageReportItemRATType
	QoSFlowsTimedReportList VolumeTimedReportList
}

// QoSFlowsUsageReportItemRATType is part of Secondary RAT Usage Information, TS 38.413 §9.3.1.114.
//
//aper:enum 2+2 ext
type QoSFlowsUsageReportItemRATType uint8

// Values of QoSFlowsUsageReportItemRATType.
const (
	QoSFlowsUsageReportItemRATTypeNR              QoSFlowsUsageReportItemRATType = iota // nr
	QoSFlowsUsageReportItemRATTypeEutra                                                 // eutra
	QoSFlowsUsageReportItemRATTypeNRUnlicensed                                          // nr-unlicensed
	QoSFlowsUsageReportItemRATTypeEUTRAUnlicensed                                       // e-utra-unlicensed
)

// VolumeTimedReportList is the Volume Timed Report List IE, TS 38.413 §9.3.1.115.
//
//aper:list 1..2
type VolumeTimedReportList []VolumeTimedReportItem

// VolumeTimedReportItem is part of Volume Timed Report List, TS 38.413 §9.3.1.115.
//
//aper:sequence
type VolumeTimedReportItem struct {
	StartTimeStamp [4]byte `aper:"octets 4"`
	EndTimeStamp   [4]byte `aper:"octets 4"`
	UsageCountUL   uint64  `aper:"int 0..18446744073709551615"`
	UsageCountDL   uint64  `aper:"int 0..18446744073709551615"`
}

// CommonNetworkInstance is the Common Network Instance IE, TS 38.413 §9.3.1.120.
//
//aper:octets
type CommonNetworkInstance []byte

// RedundantPDUSessionInformation is the Redundant PDU Session Information IE, TS 38.413 §9.3.1.136.
//
//aper:sequence
type RedundantPDUSessionInformation struct {
	RSN              RSN
	PDUSessionPairID *PDUSessionPairID `ext:"331,ignore"`
}

// PDUSessionPairID is part of Redundant PDU Session Information, TS 38.413 §9.3.1.136.
//
//aper:int 0..255 ext
type PDUSessionPairID uint8

// PDUSessionResourceSuspendListSUSReq is part of UE CONTEXT SUSPEND REQUEST, TS 38.413 §9.2.2.16.
//
//aper:list 1..256
type PDUSessionResourceSuspendListSUSReq []PDUSessionResourceSuspendItemSUSReq

// PDUSessionResourceSuspendItemSUSReq is part of UE CONTEXT SUSPEND REQUEST, TS 38.413 §9.2.2.16.
//
//aper:sequence
type PDUSessionResourceSuspendItemSUSReq struct {
	PDUSessionID                    PDUSessionID
	UEContextSuspendRequestTransfer []byte `aper:"octets"`
}

// PDUSessionResourceResumeListRESReq is part of UE CONTEXT RESUME REQUEST, TS 38.413 §9.2.2.19.
//
//aper:list 1..256
type PDUSessionResourceResumeListRESReq []PDUSessionResourceResumeItemRESReq

// PDUSessionResourceFailedToResumeListRESReq is part of UE CONTEXT RESUME REQUEST, TS 38.413 §9.2.2.19.
//
//aper:list 1..256
type PDUSessionResourceFailedToResumeListRESReq []PDUSessionResourceFailedToResumeItemRESReq

// PDUSessionResourceResumeItemRESReq is part of UE CONTEXT RESUME REQUEST, TS 38.413 §9.2.2.19.
//
//aper:sequence
type PDUSessionResourceResumeItemRESReq struct {
	PDUSessionID                   PDUSessionID
	UEContextResumeRequestTransfer []byte `aper:"octets"`
}

// PDUSessionResourceFailedToResumeItemRESReq is part of UE CONTEXT RESUME REQUEST, TS 38.413 §9.2.2.19.
//
//aper:sequence
type PDUSessionResourceFailedToResumeItemRESReq struct {
	PDUSessionID PDUSessionID
	Cause        Cause
}

// PDUSessionResourceResumeListRESRes is part of UE CONTEXT RESUME RESPONSE, TS 38.413 §9.2.2.20.
//
//aper:list 1..256
type PDUSessionResourceResumeListRESRes []PDUSessionResourceResumeItemRESRes

// PDUSessionResourceFailedToResumeListRESRes is part of UE CONTEXT RESUME RESPONSE, TS 38.413 §9.2.2.20.
//
//aper:list 1..256
type PDUSessionResourceFailedToResumeListRESRes []PDUSessionResourceFailedToResumeItemRESRes

// PDUSessionResourceResumeItemRESRes is part of UE CONTEXT RESUME RESPONSE, TS 38.413 §9.2.2.20.
//
//aper:sequence
type PDUSessionResourceResumeItemRESRes struct {
	PDUSessionID                    PDUSessionID
	UEContextResumeResponseTransfer []byte `aper:"octets"`
}

// PDUSessionResourceFailedToResumeItemRESRes is part of UE CONTEXT RESUME RESPONSE, TS 38.413 §9.2.2.20.
//
//aper:sequence
type PDUSessionResourceFailedToResumeItemRESRes struct {
	PDUSessionID PDUSessionID
	Cause        Cause
}

// PDUSessionResourceSecondaryRATUsageList is part of SECONDARY RAT DATA USAGE REPORT, TS 38.413 §9.2.14.1.
//
//aper:list 1..256
type PDUSessionResourceSecondaryRATUsageList []PDUSessionResourceSecondaryRATUsageItem

// PDUSessionResourceSecondaryRATUsageItem is part of SECONDARY RAT DATA USAGE REPORT, TS 38.413 §9.2.14.1.
//
//aper:sequence
type PDUSessionResourceSecondaryRATUsageItem struct {
	PDUSessionID                        PDUSessionID
	SecondaryRATDataUsageReportTransfer []byte `aper:"octets"`
}
