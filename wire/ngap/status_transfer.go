package ngap

import "github.com/limpid-5g/limpid/wire/aper"

// DRBID is the DRB ID IE, TS 38.413 §9.3.1.53.
//
//aper:int 1..32 ext
type DRBID uint8

// RANStatusTransferTransparentContainer is the RAN Status Transfer Transparent Container IE, TS 38.413 §9.3.1.108.
//
//aper:sequence transfer
type RANStatusTransferTransparentContainer struct {
	DRBsSubjectToStatusTransferList DRBsSubjectToStatusTransferList
}

// DRBsSubjectToStatusTransferList is part of RAN Status Transfer Transparent Container, TS 38.413 §9.3.1.108.
//
//aper:list 1..32
type DRBsSubjectToStatusTransferList []DRBsSubjectToStatusTransferItem

// DRBsSubjectToStatusTransferItem is part of RAN Status Transfer Transparent Container, TS 38.413 §9.3.1.108.
//
//aper:sequence
type DRBsSubjectToStatusTransferItem struct {
	DRBID                                       DRBID
	DRBStatusUL                                 DRBStatusUL
	DRBStatusDL                                 DRBStatusDL
	OldAssociatedQosFlowListULendmarkerexpected AssociatedQosFlowList `ext:"159,ignore"`
}

// DRBStatusUL is part of RAN Status Transfer Transparent Container, TS 38.413 §9.3.1.108.
//
//aper:choice
type DRBStatusUL struct {
	DRBStatusUL12 *DRBStatusUL12
	DRBStatusUL18 *DRBStatusUL18
}

// DRBStatusDL is part of RAN Status Transfer Transparent Container, TS 38.413 §9.3.1.108.
//
//aper:choice
type DRBStatusDL struct {
	DRBStatusDL12 *DRBStatusDL12
	DRBStatusDL18 *DRBStatusDL18
}

// DRBStatusUL12 is part of RAN Status Transfer Transparent Container, TS 38.413 §9.3.1.108.
//
//aper:sequence
type DRBStatusUL12 struct {
	ULCOUNTValue              COUNTValueForPDCPSN12
	ReceiveStatusOfULPDCPSDUs aper.BitString `aper:"bits 1..2048,optional"`
}

// DRBStatusUL18 is part of RAN Status Transfer Transparent Container, TS 38.413 §9.3.1.108.
//
//aper:sequence
type DRBStatusUL18 struct {
	ULCOUNTValue              COUNTValueForPDCPSN18
	ReceiveStatusOfULPDCPSDUs aper.BitString `aper:"bits 1..131072,optional"`
}

// DRBStatusDL12 is part of RAN Status Transfer Transparent Container, TS 38.413 §9.3.1.108.
//
//aper:sequence
type DRBStatusDL12 struct {
	DLCOUNTValue COUNTValueForPDCPSN12
}

// DRBStatusDL18 is part of RAN Status Transfer Transparent Container, TS 38.413 §9.3.1.108.
//
//aper:sequence
type DRBStatusDL18 struct {
	DLCOUNTValue COUNTValueForPDCPSN18
}

// COUNTValueForPDCPSN12 is part of RAN Status Transfer Transparent Container, TS 38.413 §9.3.1.108.
//
//aper:sequence
type COUNTValueForPDCPSN12 struct {
	PDCPSN12    uint16 `aper:"int 0..4095"`
	HFNPDCPSN12 uint32 `aper:"int 0..1048575"`
}

// COUNTValueForPDCPSN18 is part of RAN Status Transfer Transparent Container, TS 38.413 §9.3.1.108.
//
//aper:sequence
type COUNTValueForPDCPSN18 struct {
	PDCPSN18    uint32 `aper:"int 0..262143"`
	HFNPDCPSN18 uint16 `aper:"int 0..16383"`
}

// EarlyStatusTransferTransparentContainer is the Early Status Transfer Transparent Container IE, TS 38.413 §9.3.1.190.
//
//aper:sequence transfer
type EarlyStatusTransferTransparentContainer struct {
	ProcedureStage ProcedureStageChoice
}

// DRBsSubjectToEarlyStatusTransferList is part of Early Status Transfer Transparent Container, TS 38.413 §9.3.1.190.
//
//aper:list 1..32
type DRBsSubjectToEarlyStatusTransferList []DRBsSubjectToEarlyStatusTransferItem

// DRBsSubjectToEarlyStatusTransferItem is part of Early Status Transfer Transparent Container, TS 38.413 §9.3.1.190.
//
//aper:sequence
type DRBsSubjectToEarlyStatusTransferItem struct {
	DRBID        DRBID
	FirstDLCOUNT DRBStatusDL
}
