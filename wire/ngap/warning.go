package ngap

// CellIDListForRestart is part of PWS RESTART INDICATION, TS 38.413 §9.2.8.5.
//
//aper:choice
type CellIDListForRestart struct {
	EUTRACGIListforRestart EUTRACGIList
	NRCGIListforRestart    NRCGIList
}

// EUTRACGIList is part of PWS RESTART INDICATION, TS 38.413 §9.2.8.5.
//
//aper:list 1..256
type EUTRACGIList []EUTRACGI

// NRCGIList is part of PWS RESTART INDICATION, TS 38.413 §9.2.8.5.
//
//aper:list 1..16384
type NRCGIList []NRCGI

// CompletedCellsInTAIEUTRA is part of Broadcast Completed Area List, TS 38.413 §9.3.1.43.
//
//aper:list 1..65535
type CompletedCellsInTAIEUTRA []CompletedCellsInTAIEUTRAItem

// CompletedCellsInEAIEUTRA is part of Broadcast Completed Area List, TS 38.413 §9.3.1.43.
//
//aper:list 1..65535
type CompletedCellsInEAIEUTRA []CompletedCellsInEAIEUTRAItem

// CompletedCellsInTAINR is part of Broadcast Completed Area List, TS 38.413 §9.3.1.43.
//
//aper:list 1..65535
type CompletedCellsInTAINR []CompletedCellsInTAINRItem

// CompletedCellsInEAINR is part of Broadcast Completed Area List, TS 38.413 §9.3.1.43.
//
//aper:list 1..65535
type CompletedCellsInEAINR []CompletedCellsInEAINRItem

// CompletedCellsInTAIEUTRAItem is part of Broadcast Completed Area List, TS 38.413 §9.3.1.43.
//
//aper:sequence
type CompletedCellsInTAIEUTRAItem struct {
	EUTRACGI EUTRACGI
}

// CompletedCellsInEAIEUTRAItem is part of Broadcast Completed Area List, TS 38.413 §9.3.1.43.
//
//aper:sequence
type CompletedCellsInEAIEUTRAItem struct {
	EUTRACGI EUTRACGI
}

// CompletedCellsInTAINRItem is part of Broadcast Completed Area List, TS 38.413 §9.3.1.43.
//
//aper:sequence
type CompletedCellsInTAINRItem struct {
	NRCGI NRCGI
}

// CompletedCellsInEAINRItem is part of Broadcast Completed Area List, TS 38.413 §9.3.1.43.
//
//aper:sequence
type CompletedCellsInEAINRItem struct {
	NRCGI NRCGI
}

// WarningSecurityInfo is part of WRITE-REPLACE WARNING REQUEST, TS 38.413 §9.2.8.1.
//
//aper:octets 50
type WarningSecurityInfo []byte

// ConcurrentWarningMessageInd is part of WRITE-REPLACE WARNING REQUEST, TS 38.413 §9.2.8.1.
//
//aper:enum 1 ext
type ConcurrentWarningMessageInd uint8

// Values of ConcurrentWarningMessageInd.
const (
	ConcurrentWarningMessageIndTrue ConcurrentWarningMessageInd = iota // true
)

// CancelAllWarningMessages is part of PWS CANCEL REQUEST, TS 38.413 §9.2.8.3.
//
//aper:enum 1 ext
type CancelAllWarningMessages uint8

// Values of CancelAllWarningMessages.
const (
	CancelAllWarningMessagesTrue CancelAllWarningMessages = iota // true
)

// EmergencyAreaIDListForRestart is part of PWS RESTART INDICATION, TS 38.413 §9.2.8.5.
//
//aper:list 1..256
type EmergencyAreaIDListForRestart []EmergencyAreaID

// PWSFailedCellIDList is part of PWS FAILURE INDICATION, TS 38.413 §9.2.8.6.
//
//aper:choice
type PWSFailedCellIDList struct {
	EUTRACGIPWSFailedList EUTRACGIList
	NRCGIPWSFailedList    NRCGIList
}

// MessageIdentifier is the Message Identifier IE, TS 38.413 §9.3.1.35.
//
//aper:bits 16
type MessageIdentifier uint16

// SerialNumber is the Serial Number IE, TS 38.413 §9.3.1.36.
//
//aper:bits 16
type SerialNumber uint16

// WarningAreaList is the Warning Area List IE, TS 38.413 §9.3.1.37.
//
//aper:choice
type WarningAreaList struct {
	EUTRACGIListForWarning EUTRACGIListForWarning
	NRCGIListForWarning    NRCGIListForWarning
	TAIListForWarning      TAIListForWarning
	EmergencyAreaIDList    EmergencyAreaIDList
}

// EUTRACGIListForWarning is part of Warning Area List, TS 38.413 §9.3.1.37.
//
//aper:list 1..65535
type EUTRACGIListForWarning []EUTRACGI

// NRCGIListForWarning is part of Warning Area List, TS 38.413 §9.3.1.37.
//
//aper:list 1..65535
type NRCGIListForWarning []NRCGI

// TAIListForWarning is part of Warning Area List, TS 38.413 §9.3.1.37.
//
//aper:list 1..65535
type TAIListForWarning []TAI

// EmergencyAreaIDList is part of Warning Area List, TS 38.413 §9.3.1.37.
//
//aper:list 1..65535
type EmergencyAreaIDList []EmergencyAreaID

// NumberOfBroadcastsRequested is the Number of Broadcasts Requested IE, TS 38.413 §9.3.1.38.
//
//aper:int 0..65535
type NumberOfBroadcastsRequested uint16

// WarningType is the Warning Type IE, TS 38.413 §9.3.1.39.
//
//aper:octets 2
type WarningType [2]byte

// DataCodingScheme is the Data Coding Scheme IE, TS 38.413 §9.3.1.41.
//
//aper:bits 8
type DataCodingScheme uint8

// WarningMessageContents is the Warning Message Contents IE, TS 38.413 §9.3.1.42.
//
//aper:octets 1..9600
type WarningMessageContents []byte

// BroadcastCompletedAreaList is the Broadcast Completed Area List IE, TS 38.413 §9.3.1.43.
//
//aper:choice
type BroadcastCompletedAreaList struct {
	CellIDBroadcastEUTRA          CellIDBroadcastEUTRA
	TAIBroadcastEUTRA             TAIBroadcastEUTRA
	EmergencyAreaIDBroadcastEUTRA EmergencyAreaIDBroadcastEUTRA
	CellIDBroadcastNR             CellIDBroadcastNR
	TAIBroadcastNR                TAIBroadcastNR
	EmergencyAreaIDBroadcastNR    EmergencyAreaIDBroadcastNR
}

// CellIDBroadcastEUTRA is part of Broadcast Completed Area List, TS 38.413 §9.3.1.43.
//
//aper:list 1..65535
type CellIDBroadcastEUTRA []CellIDBroadcastEUTRAItem

// TAIBroadcastEUTRA is part of Broadcast Completed Area List, TS 38.413 §9.3.1.43.
//
//aper:list 1..65535
type TAIBroadcastEUTRA []TAIBroadcastEUTRAItem

// EmergencyAreaIDBroadcastEUTRA is part of Broadcast Completed Area List, TS 38.413 §9.3.1.43.
//
//aper:list 1..65535
type EmergencyAreaIDBroadcastEUTRA []EmergencyAreaIDBroadcastEUTRAItem

// CellIDBroadcastNR is part of Broadcast Completed Area List, TS 38.413 §9.3.1.43.
//
//aper:list 1..65535
type CellIDBroadcastNR []CellIDBroadcastNRItem

// TAIBroadcastNR is part of Broadcast Completed Area List, TS 38.413 §9.3.1.43.
//
//aper:list 1..65535
type TAIBroadcastNR []TAIBroadcastNRItem

// EmergencyAreaIDBroadcastNR is part of Broadcast Completed Area List, TS 38.413 §9.3.1.43.
//
//aper:list 1..65535
type EmergencyAreaIDBroadcastNR []EmergencyAreaIDBroadcastNRItem

// CellIDBroadcastEUTRAItem is part of Broadcast Completed Area List, TS 38.413 §9.3.1.43.
//
//aper:sequence
type CellIDBroadcastEUTRAItem struct {
	EUTRACGI EUTRACGI
}

// TAIBroadcastEUTRAItem is part of Broadcast Completed Area List, TS 38.413 §9.3.1.43.
//
//aper:sequence
type TAIBroadcastEUTRAItem struct {
	TAI                      TAI
	CompletedCellsInTAIEUTRA CompletedCellsInTAIEUTRA
}

// EmergencyAreaIDBroadcastEUTRAItem is part of Broadcast Completed Area List, TS 38.413 §9.3.1.43.
//
//aper:sequence
type EmergencyAreaIDBroadcastEUTRAItem struct {
	EmergencyAreaID          EmergencyAreaID
	CompletedCellsInEAIEUTRA CompletedCellsInEAIEUTRA
}

// CellIDBroadcastNRItem is part of Broadcast Completed Area List, TS 38.413 §9.3.1.43.
//
//aper:sequence
type CellIDBroadcastNRItem struct {
	NRCGI NRCGI
}

// TAIBroadcastNRItem is part of Broadcast Completed Area List, TS 38.413 §9.3.1.43.
//
//aper:sequence
type TAIBroadcastNRItem struct {
	TAI                   TAI
	CompletedCellsInTAINR CompletedCellsInTAINR
}

// EmergencyAreaIDBroadcastNRItem is part of Broadcast Completed Area List, TS 38.413 §9.3.1.43.
//
//aper:sequence
type EmergencyAreaIDBroadcastNRItem struct {
	EmergencyAreaID       EmergencyAreaID
	CompletedCellsInEAINR CompletedCellsInEAINR
}

// BroadcastCancelledAreaList is the Broadcast Cancelled Area List IE, TS 38.413 §9.3.1.44.
//
//aper:choice
type BroadcastCancelledAreaList struct {
	CellIDCancelledEUTRA          CellIDCancelledEUTRA
	TAICancelledEUTRA             TAICancelledEUTRA
	EmergencyAreaIDCancelledEUTRA EmergencyAreaIDCancelledEUTRA
	CellIDCancelledNR             CellIDCancelledNR
	TAICancelledNR                TAICancelledNR
	EmergencyAreaIDCancelledNR    EmergencyAreaIDCancelledNR
}

// CellIDCancelledEUTRA is part of Broadcast Cancelled Area List, TS 38.413 §9.3.1.44.
//
//aper:list 1..65535
type CellIDCancelledEUTRA []CellIDCancelledEUTRAItem

// TAICancelledEUTRA is part of Broadcast Cancelled Area List, TS 38.413 §9.3.1.44.
//
//aper:list 1..65535
type TAICancelledEUTRA []TAICancelledEUTRAItem

// EmergencyAreaIDCancelledEUTRA is part of Broadcast Cancelled Area List, TS 38.413 §9.3.1.44.
//
//aper:list 1..65535
type EmergencyAreaIDCancelledEUTRA []EmergencyAreaIDCancelledEUTRAItem

// CellIDCancelledNR is part of Broadcast Cancelled Area List, TS 38.413 §9.3.1.44.
//
//aper:list 1..65535
type CellIDCancelledNR []CellIDCancelledNRItem

// TAICancelledNR is part of Broadcast Cancelled Area List, TS 38.413 §9.3.1.44.
//
//aper:list 1..65535
type TAICancelledNR []TAICancelledNRItem

// EmergencyAreaIDCancelledNR is part of Broadcast Cancelled Area List, TS 38.413 §9.3.1.44.
//
//aper:list 1..65535
type EmergencyAreaIDCancelledNR []EmergencyAreaIDCancelledNRItem

// CellIDCancelledEUTRAItem is part of Broadcast Cancelled Area List, TS 38.413 §9.3.1.44.
//
//aper:sequence
type CellIDCancelledEUTRAItem struct {
	EUTRACGI           EUTRACGI
	NumberOfBroadcasts NumberOfBroadcasts
}

// TAICancelledEUTRAItem is part of Broadcast Cancelled Area List, TS 38.413 §9.3.1.44.
//
//aper:sequence
type TAICancelledEUTRAItem struct {
	TAI                      TAI
	CancelledCellsInTAIEUTRA CancelledCellsInTAIEUTRA
}

// EmergencyAreaIDCancelledEUTRAItem is part of Broadcast Cancelled Area List, TS 38.413 §9.3.1.44.
//
//aper:sequence
type EmergencyAreaIDCancelledEUTRAItem struct {
	EmergencyAreaID          EmergencyAreaID
	CancelledCellsInEAIEUTRA CancelledCellsInEAIEUTRA
}

// CellIDCancelledNRItem is part of Broadcast Cancelled Area List, TS 38.413 §9.3.1.44.
//
//aper:sequence
type CellIDCancelledNRItem struct {
	NRCGI              NRCGI
	NumberOfBroadcasts NumberOfBroadcasts
}

// TAICancelledNRItem is part of Broadcast Cancelled Area List, TS 38.413 §9.3.1.44.
//
//aper:sequence
type TAICancelledNRItem struct {
	TAI                   TAI
	CancelledCellsInTAINR CancelledCellsInTAINR
}

// EmergencyAreaIDCancelledNRItem is part of Broadcast Cancelled Area List, TS 38.413 §9.3.1.44.
//
//aper:sequence
type EmergencyAreaIDCancelledNRItem struct {
	EmergencyAreaID       EmergencyAreaID
	CancelledCellsInEAINR CancelledCellsInEAINR
}

// CancelledCellsInTAIEUTRA is part of Broadcast Cancelled Area List, TS 38.413 §9.3.1.44.
//
//aper:list 1..65535
type CancelledCellsInTAIEUTRA []CancelledCellsInTAIEUTRAItem

// CancelledCellsInEAIEUTRA is part of Broadcast Cancelled Area List, TS 38.413 §9.3.1.44.
//
//aper:list 1..65535
type CancelledCellsInEAIEUTRA []CancelledCellsInEAIEUTRAItem

// CancelledCellsInTAINR is part of Broadcast Cancelled Area List, TS 38.413 §9.3.1.44.
//
//aper:list 1..65535
type CancelledCellsInTAINR []CancelledCellsInTAINRItem

// CancelledCellsInEAINR is part of Broadcast Cancelled Area List, TS 38.413 §9.3.1.44.
//
//aper:list 1..65535
type CancelledCellsInEAINR []CancelledCellsInEAINRItem

// CancelledCellsInTAIEUTRAItem is part of Broadcast Cancelled Area List, TS 38.413 §9.3.1.44.
//
//aper:sequence
type CancelledCellsInTAIEUTRAItem struct {
	EUTRACGI           EUTRACGI
	NumberOfBroadcasts NumberOfBroadcasts
}

// CancelledCellsInEAIEUTRAItem is part of Broadcast Cancelled Area List, TS 38.413 §9.3.1.44.
//
//aper:sequence
type CancelledCellsInEAIEUTRAItem struct {
	EUTRACGI           EUTRACGI
	NumberOfBroadcasts NumberOfBroadcasts
}

// CancelledCellsInTAINRItem is part of Broadcast Cancelled Area List, TS 38.413 §9.3.1.44.
//
//aper:sequence
type CancelledCellsInTAINRItem struct {
	NRCGI              NRCGI
	NumberOfBroadcasts NumberOfBroadcasts
}

// CancelledCellsInEAINRItem is part of Broadcast Cancelled Area List, TS 38.413 §9.3.1.44.
//
//aper:sequence
type CancelledCellsInEAINRItem struct {
	NRCGI              NRCGI
	NumberOfBroadcasts NumberOfBroadcasts
}

// NumberOfBroadcasts is the Number of Broadcasts IE, TS 38.413 §9.3.1.45.
//
//aper:int 0..65535
type NumberOfBroadcasts uint16

// EmergencyAreaID is the Emergency Area ID IE, TS 38.413 §9.3.1.48.
//
//aper:octets 3
type EmergencyAreaID [3]byte

// RepetitionPeriod is the Repetition Period IE, TS 38.413 §9.3.1.49.
//
//aper:int 0..131071
type RepetitionPeriod uint32

// WarningAreaCoordinates is the Warning Area Coordinates IE, TS 38.413 §9.3.1.112.
//
//aper:octets 1..1024
type WarningAreaCoordinates []byte
