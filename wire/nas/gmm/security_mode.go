package gmm

// Security mode control messages, TS 24.501 §5.4.2.

// SecurityModeCommand goes from the network to the UE, TS 24.501 §8.2.25.
//
//nas:message 0x5D
type SecurityModeCommand struct {
	SelectedNASSecurityAlgorithms    SecurityAlgorithms             `nas:"M V 1"`           // TS 24.501 §9.11.3.34
	NgKSI                            KeySetIdentifier               `nas:"M V 1/2"`         // TS 24.501 §9.11.3.32
	ReplayedUESecurityCapabilities   UESecurityCapability           `nas:"M LV 3-9"`        // TS 24.501 §9.11.3.54
	IMEISVRequest                    *IMEISVRequest                 `nas:"E- TV 1"`         // TS 24.501 §9.11.3.28
	SelectedEPSNASSecurityAlgorithms *EPSSecurityAlgorithms         `nas:"57 TV 2"`         // TS 24.501 §9.11.3.25
	AdditionalSecurityInformation    *AdditionalSecurityInformation `nas:"36 TLV 3"`        // TS 24.501 §9.11.3.12
	EAPMessage                       []byte                         `nas:"78 TLV-E 7-1503"` // TS 24.501 §9.11.2.2
	ABBA                             []byte                         `nas:"38 TLV 4-n"`      // TS 24.501 §9.11.3.10
	ReplayedS1UESecurityCapabilities []byte                         `nas:"19 TLV 4-7"`      // TS 24.501 §9.11.3.48A
}

// SecurityModeComplete goes from the UE to the network, TS 24.501 §8.2.26.
//
//nas:message 0x5E
type SecurityModeComplete struct {
	IMEISV              *MobileIdentity `nas:"77 TLV-E 12"`  // TS 24.501 §9.11.3.4
	NASMessageContainer []byte          `nas:"71 TLV-E 4-n"` // TS 24.501 §9.11.3.33
	NonIMEISVPEI        *MobileIdentity `nas:"78 TLV-E 7-n"` // TS 24.501 §9.11.3.4
}

// SecurityModeReject goes from the UE to the network, TS 24.501 §8.2.27.
//
//nas:message 0x5F
type SecurityModeReject struct {
	Cause Cause `nas:"M V 1"` // TS 24.501 §9.11.3.2
}
