package gmm

import (
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/nas"
)

// NAS transport messages, TS 24.501 §5.4.5.

// ULNASTransport goes from the UE to the network, TS 24.501 §8.2.10.
//
//nas:message 0x67
type ULNASTransport struct {
	PayloadContainerType        PayloadContainerType `nas:"M V 1/2"`        // TS 24.501 §9.11.3.40
	PayloadContainer            []byte               `nas:"M LV-E 3-65537"` // TS 24.501 §9.11.3.39
	PDUSessionID                *uint8               `nas:"12 TV 2"`        // TS 24.501 §9.11.3.41
	OldPDUSessionID             *uint8               `nas:"59 TV 2"`        // TS 24.501 §9.11.3.41
	RequestType                 *RequestType         `nas:"8- TV 1"`        // TS 24.501 §9.11.3.47
	SNSSAI                      *nas.SNSSAI          `nas:"22 TLV 3-10"`    // TS 24.501 §9.11.2.8
	DNN                         ident.DNN            `nas:"25 TLV 3-102"`   // TS 24.501 §9.11.2.1B
	AdditionalInformation       []byte               `nas:"24 TLV 3-n"`     // TS 24.501 §9.11.2.1
	MAPDUSessionInformation     *uint8               `nas:"A- TV 1"`        // TS 24.501 §9.11.3.31A
	ReleaseAssistanceIndication *uint8               `nas:"F- TV 1"`        // TS 24.501 §9.11.3.46A
}

// DLNASTransport goes from the network to the UE, TS 24.501 §8.2.11.
//
//nas:message 0x68
type DLNASTransport struct {
	PayloadContainerType  PayloadContainerType `nas:"M V 1/2"`        // TS 24.501 §9.11.3.40
	PayloadContainer      []byte               `nas:"M LV-E 3-65537"` // TS 24.501 §9.11.3.39
	PDUSessionID          *uint8               `nas:"12 TV 2"`        // TS 24.501 §9.11.3.41
	AdditionalInformation []byte               `nas:"24 TLV 3-n"`     // TS 24.501 §9.11.2.1
	Cause                 *Cause               `nas:"58 TV 2"`        // TS 24.501 §9.11.3.2
	BackOffTimer          *nas.GPRSTimer3      `nas:"37 TLV 3"`       // TS 24.501 §9.11.2.5
	LowerBoundTimer       *nas.GPRSTimer3      `nas:"3A TLV 3"`       // TS 24.501 §9.11.2.5
}
