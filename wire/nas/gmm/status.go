package gmm

import (
	"github.com/limpid-5g/limpid/wire/nas"
)

// Status and notification messages, TS 24.501 §5.4.6 and TS 24.501 §5.6.3.

// Status goes in both directions, TS 24.501 §8.2.29.
//
//nas:message 0x64
type Status struct {
	Cause Cause `nas:"M V 1"` // TS 24.501 §9.11.3.2
}

// Notification goes from the network to the UE, TS 24.501 §8.2.23.
//
//nas:message 0x65
type Notification struct {
	AccessType nas.AccessType `nas:"M V 1/2"` // TS 24.501 §9.11.2.1A
}

// NotificationResponse goes from the UE to the network, TS 24.501 §8.2.24.
//
//nas:message 0x66
type NotificationResponse struct {
	PDUSessionStatus *PSISet `nas:"50 TLV 4-34"` // TS 24.501 §9.11.3.44
}
