package ngap

// SourceNGRANNodeToTargetNGRANNodeTransparentContainer is what a source gNB tells a target in the Source to Target
// Transparent Container, TS 38.413 §9.3.1.29.
//
//aper:sequence transfer
type SourceNGRANNodeToTargetNGRANNodeTransparentContainer struct {
	RRCContainer                      RRCContainer
	PDUSessionResourceInformationList PDUSessionResourceInformationList `aper:"optional"`
	ERABInformationList               ERABInformationList               `aper:"optional"`
	TargetCellID                      NGRANCGI
	IndexToRFSP                       *IndexToRFSP `aper:"optional"`
	UEHistoryInformation              UEHistoryInformation
}

// TargetNGRANNodeToSourceNGRANNodeTransparentContainer is what a target gNB answers in the Target to Source Transparent
// Container, TS 38.413 §9.3.1.30.
//
//aper:sequence transfer
type TargetNGRANNodeToSourceNGRANNodeTransparentContainer struct {
	RRCContainer RRCContainer
}

// RRCContainer is the RRC Container IE, TS 38.413 §9.3.3.8: a message of TS 38.331 §11.2.2.
//
//aper:octets
type RRCContainer []byte

// PDUSessionResourceInformationList is part of Source NG-RAN Node to Target NG-RAN Node Transparent Container,
// TS 38.413 §9.3.1.29.
//
//aper:list 1..256
type PDUSessionResourceInformationList []PDUSessionResourceInformationItem

// PDUSessionResourceInformationItem is part of Source NG-RAN Node to Target NG-RAN Node Transparent Container,
// TS 38.413 §9.3.1.29.
//
//aper:sequence
type PDUSessionResourceInformationItem struct {
	PDUSessionID              PDUSessionID
	QosFlowInformationList    QosFlowInformationList
	DRBsToQosFlowsMappingList DRBsToQosFlowsMappingList `aper:"optional"`
}

// QosFlowInformationList is part of Source NG-RAN Node to Target NG-RAN Node Transparent Container, TS 38.413 §9.3.1.29.
//
//aper:list 1..64
type QosFlowInformationList []QosFlowInformationItem

// QosFlowInformationItem is part of Source NG-RAN Node to Target NG-RAN Node Transparent Container,
// TS 38.413 §9.3.1.29.
//
//aper:sequence
type QosFlowInformationItem struct {
	QosFlowIdentifier QosFlowIdentifier
	DLForwarding      *DLForwarding `aper:"optional"`
	ULForwarding      *ULForwarding `ext:"163,reject"`
}

// DLForwarding is the DL Forwarding IE, TS 38.413 §9.3.1.33.
//
//aper:enum 1 ext
type DLForwarding uint8

// Values of DLForwarding.
const (
	DLForwardingDLForwardingProposed DLForwarding = iota // dl-forwarding-proposed
)

// ULForwarding is the UL Forwarding IE, TS 38.413 §9.3.1.118.
//
//aper:enum 1 ext
type ULForwarding uint8

// Values of ULForwarding.
const (
	ULForwardingULForwardingProposed ULForwarding = iota // ul-forwarding-proposed
)

// DRBsToQosFlowsMappingList is the DRBs to QoS Flows Mapping List IE, TS 38.413 §9.3.1.34.
//
//aper:list 1..32
type DRBsToQosFlowsMappingList []DRBsToQosFlowsMappingItem

// DRBsToQosFlowsMappingItem is part of DRBs to QoS Flows Mapping List, TS 38.413 §9.3.1.34.
//
//aper:sequence
type DRBsToQosFlowsMappingItem struct {
	DRBID                 DRBID
	AssociatedQosFlowList AssociatedQosFlowList
}

// ERABInformationList is part of Source NG-RAN Node to Target NG-RAN Node Transparent Container, TS 38.413 §9.3.1.29.
//
//aper:list 1..256
type ERABInformationList []ERABInformationItem

// ERABInformationItem is part of Source NG-RAN Node to Target NG-RAN Node Transparent Container, TS 38.413 §9.3.1.29.
//
//aper:sequence
type ERABInformationItem struct {
	ERABID       ERABID
	DLForwarding *DLForwarding `aper:"optional"`
}

// UEHistoryInformation is the UE History Information IE, TS 38.413 §9.3.1.95.
//
//aper:list 1..16
type UEHistoryInformation []LastVisitedCellItem

// LastVisitedCellItem is part of UE History Information, TS 38.413 §9.3.1.95.
//
//aper:sequence
type LastVisitedCellItem struct {
	LastVisitedCellInformation LastVisitedCellInformation
}

// LastVisitedCellInformation is the Last Visited Cell Information IE, TS 38.413 §9.3.1.96.
//
//aper:choice
type LastVisitedCellInformation struct {
	NGRANCell  *LastVisitedNGRANCellInformation
	EUTRANCell []byte `aper:"octets"`
	UTRANCell  []byte `aper:"octets"`
	GERANCell  []byte `aper:"octets"`
}

// LastVisitedNGRANCellInformation is the Last Visited NG-RAN Cell Information IE, TS 38.413 §9.3.1.97.
//
//aper:sequence
type LastVisitedNGRANCellInformation struct {
	GlobalCellID                          NGRANCGI
	CellType                              CellType
	TimeUEStayedInCell                    uint16  `aper:"int 0..4095"`           // s
	TimeUEStayedInCellEnhancedGranularity *uint16 `aper:"int 0..40950,optional"` // 0.1 s
	HOCauseValue                          *Cause  `aper:"optional"`
}

// CellType is the Cell Type IE, TS 38.413 §9.3.1.98.
//
//aper:sequence
type CellType struct {
	CellSize CellSize
}

// CellSize is part of Cell Type, TS 38.413 §9.3.1.98.
//
//aper:enum 4 ext
type CellSize uint8

// Values of CellSize.
const (
	CellSizeVerysmall CellSize = iota // verysmall
	CellSizeSmall                     // small
	CellSizeMedium                    // medium
	CellSizeLarge                     // large
)
