package gsm

// 5GSM status, TS 24.501 §6.5.

// Status goes in both directions, TS 24.501 §8.3.16.
//
//nas:message 0xD6
type Status struct {
	PDUSessionID uint8
	PTI          uint8
	Cause        Cause `nas:"M V 1"` // TS 24.501 §9.11.4.2
}
