package gmm

import (
	"github.com/limpid-5g/limpid/wire/nas"
)

// De-registration messages, TS 24.501 §5.5.2.

// DeregistrationRequestUEOriginating goes from the UE to the network, TS 24.501 §8.2.12.
//
//nas:message 0x45
type DeregistrationRequestUEOriginating struct {
	DeregistrationType DeregistrationType `nas:"M V 1/2"`    // TS 24.501 §9.11.3.20
	NgKSI              KeySetIdentifier   `nas:"M V 1/2"`    // TS 24.501 §9.11.3.32
	MobileIdentity     MobileIdentity     `nas:"M LV-E 6-n"` // TS 24.501 §9.11.3.4
}

// DeregistrationAcceptUEOriginating goes from the network to the UE, TS 24.501 §8.2.13.
//
//nas:message 0x46
type DeregistrationAcceptUEOriginating struct {
}

// DeregistrationRequestUETerminated goes from the network to the UE, TS 24.501 §8.2.14.
//
//nas:message 0x47
type DeregistrationRequestUETerminated struct {
	DeregistrationType         DeregistrationType `nas:"M V 1/2"`      // TS 24.501 §9.11.3.20
	Cause                      *Cause             `nas:"58 TV 2"`      // TS 24.501 §9.11.3.2
	T3346                      *nas.GPRSTimer2    `nas:"5F TLV 3"`     // TS 24.501 §9.11.2.4
	RejectedNSSAI              RejectedNSSAI      `nas:"6D TLV 4-42"`  // TS 24.501 §9.11.3.46
	CAGInformationList         []byte             `nas:"75 TLV-E 3-n"` // TS 24.501 §9.11.3.18A
	ExtendedRejectedNSSAI      []byte             `nas:"68 TLV 5-90"`  // TS 24.501 §9.11.3.75
	DisasterReturnWaitRange    *[2]byte           `nas:"2C TLV 4"`     // TS 24.501 §9.11.3.84
	ExtendedCAGInformationList []byte             `nas:"71 TLV-E 3-n"` // TS 24.501 §9.11.3.86
	LowerBoundTimer            *nas.GPRSTimer3    `nas:"3A TLV 3"`     // TS 24.501 §9.11.2.5
	ForbiddenTAIsRoaming       TAIList            `nas:"1D TLV 9-114"` // TS 24.501 §9.11.3.9
	ForbiddenTAIsRegional      TAIList            `nas:"1E TLV 9-114"` // TS 24.501 §9.11.3.9
}

// DeregistrationAcceptUETerminated goes from the UE to the network, TS 24.501 §8.2.15.
//
//nas:message 0x48
type DeregistrationAcceptUETerminated struct {
}
