package gmm

import (
	"github.com/limpid-5g/limpid/wire/nas"
)

// Service request messages, TS 24.501 §5.6.1.

// ServiceRequest goes from the UE to the network, TS 24.501 §8.2.16.
//
//nas:message 0x4C
type ServiceRequest struct {
	NgKSI                   KeySetIdentifier `nas:"M V 1/2"`      // TS 24.501 §9.11.3.32
	ServiceType             ServiceType      `nas:"M V 1/2"`      // TS 24.501 §9.11.3.50
	STMSI                   MobileIdentity   `nas:"M LV-E 9"`     // TS 24.501 §9.11.3.4
	UplinkDataStatus        *PSISet          `nas:"40 TLV 4-34"`  // TS 24.501 §9.11.3.57
	PDUSessionStatus        *PSISet          `nas:"50 TLV 4-34"`  // TS 24.501 §9.11.3.44
	AllowedPDUSessionStatus *PSISet          `nas:"25 TLV 4-34"`  // TS 24.501 §9.11.3.13
	NASMessageContainer     []byte           `nas:"71 TLV-E 4-n"` // TS 24.501 §9.11.3.33
	UERequestType           *uint8           `nas:"29 TLV 3"`     // TS 24.501 §9.11.3.76
	PagingRestriction       []byte           `nas:"28 TLV 3-35"`  // TS 24.501 §9.11.3.77
}

// ServiceAccept goes from the network to the UE, TS 24.501 §8.2.17.
//
//nas:message 0x4E
type ServiceAccept struct {
	PDUSessionStatus                       *PSISet            `nas:"50 TLV 4-34"`     // TS 24.501 §9.11.3.44
	PDUSessionReactivationResult           *PSISet            `nas:"26 TLV 4-34"`     // TS 24.501 §9.11.3.42
	PDUSessionReactivationResultErrorCause ReactivationErrors `nas:"72 TLV-E 5-515"`  // TS 24.501 §9.11.3.43
	EAPMessage                             []byte             `nas:"78 TLV-E 7-1503"` // TS 24.501 §9.11.2.2
	T3448                                  *nas.GPRSTimer2    `nas:"6B TLV 3"`        // TS 24.501 §9.11.2.4
	AdditionalRequestResult                *uint8             `nas:"34 TLV 3"`        // TS 24.501 §9.11.3.81
	ForbiddenTAIsRoaming                   TAIList            `nas:"1D TLV 9-114"`    // TS 24.501 §9.11.3.9
	ForbiddenTAIsRegional                  TAIList            `nas:"1E TLV 9-114"`    // TS 24.501 §9.11.3.9
}

// ServiceReject goes from the network to the UE, TS 24.501 §8.2.18.
//
//nas:message 0x4D
type ServiceReject struct {
	Cause                      Cause           `nas:"M V 1"`           // TS 24.501 §9.11.3.2
	PDUSessionStatus           *PSISet         `nas:"50 TLV 4-34"`     // TS 24.501 §9.11.3.44
	T3346                      *nas.GPRSTimer2 `nas:"5F TLV 3"`        // TS 24.501 §9.11.2.4
	EAPMessage                 []byte          `nas:"78 TLV-E 7-1503"` // TS 24.501 §9.11.2.2
	T3448                      *nas.GPRSTimer2 `nas:"6B TLV 3"`        // TS 24.501 §9.11.2.4
	CAGInformationList         []byte          `nas:"75 TLV-E 3-n"`    // TS 24.501 §9.11.3.18A
	DisasterReturnWaitRange    *[2]byte        `nas:"2C TLV 4"`        // TS 24.501 §9.11.3.84
	ExtendedCAGInformationList []byte          `nas:"71 TLV-E 3-n"`    // TS 24.501 §9.11.3.86
	LowerBoundTimer            *nas.GPRSTimer3 `nas:"3A TLV 3"`        // TS 24.501 §9.11.2.5
	ForbiddenTAIsRoaming       TAIList         `nas:"1D TLV 9-114"`    // TS 24.501 §9.11.3.9
	ForbiddenTAIsRegional      TAIList         `nas:"1E TLV 9-114"`    // TS 24.501 §9.11.3.9
}

// ControlPlaneServiceRequest goes from the UE to the network, TS 24.501 §8.2.30.
//
//nas:message 0x4F
type ControlPlaneServiceRequest struct {
	ControlPlaneServiceType     ControlPlaneServiceType `nas:"M V 1/2"`          // TS 24.501 §9.11.3.18D
	NgKSI                       KeySetIdentifier        `nas:"M V 1/2"`          // TS 24.501 §9.11.3.32
	CIoTSmallDataContainer      []byte                  `nas:"6F TLV 4-257"`     // TS 24.501 §9.11.3.18B
	PayloadContainerType        *PayloadContainerType   `nas:"8- TV 1"`          // TS 24.501 §9.11.3.40
	PayloadContainer            []byte                  `nas:"7B TLV-E 4-65538"` // TS 24.501 §9.11.3.39
	PDUSessionID                *uint8                  `nas:"12 TV 2"`          // TS 24.501 §9.11.3.41
	PDUSessionStatus            *PSISet                 `nas:"50 TLV 4-34"`      // TS 24.501 §9.11.3.44
	ReleaseAssistanceIndication *uint8                  `nas:"F- TV 1"`          // TS 24.501 §9.11.3.46A
	UplinkDataStatus            *PSISet                 `nas:"40 TLV 4-34"`      // TS 24.501 §9.11.3.57
	NASMessageContainer         []byte                  `nas:"71 TLV-E 4-n"`     // TS 24.501 §9.11.3.33
	AdditionalInformation       []byte                  `nas:"24 TLV 3-n"`       // TS 24.501 §9.11.2.1
	AllowedPDUSessionStatus     *PSISet                 `nas:"25 TLV 4-34"`      // TS 24.501 §9.11.3.13
	UERequestType               *uint8                  `nas:"29 TLV 3"`         // TS 24.501 §9.11.3.76
	PagingRestriction           []byte                  `nas:"28 TLV 3-35"`      // TS 24.501 §9.11.3.77
}
