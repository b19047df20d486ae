package gsm

// Remote UE report messages, TS 24.501 §6.6.2.

// RemoteUEReport goes from the UE to the network, TS 24.501 §8.3.19.
//
//nas:message 0xDA
type RemoteUEReport struct {
	PDUSessionID                uint8
	PTI                         uint8
	RemoteUEContextConnected    []byte `nas:"76 TLV-E 16-65538"` // TS 24.501 §9.11.4.29
	RemoteUEContextDisconnected []byte `nas:"70 TLV-E 16-65538"` // TS 24.501 §9.11.4.29
}

// RemoteUEReportResponse goes from the network to the UE, TS 24.501 §8.3.20.
//
//nas:message 0xDB
type RemoteUEReportResponse struct {
	PDUSessionID uint8
	PTI          uint8
}
