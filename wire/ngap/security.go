package ngap

// NewSecurityContextInd is part of HANDOVER REQUEST, TS 38.413 §9.2.3.4.
//
//aper:enum 1 ext
type NewSecurityContextInd uint8

// Values of NewSecurityContextInd.
const (
	NewSecurityContextIndTrue NewSecurityContextInd = iota // true
)

// SecurityIndication is the Security Indication IE, TS 38.413 §9.3.1.27.
//
//aper:sequence
type SecurityIndication struct {
	IntegrityProtectionIndication       IntegrityProtectionIndication
	ConfidentialityProtectionIndication ConfidentialityProtectionIndication
	MaximumIntegrityProtectedDataRateUL *MaximumIntegrityProtectedDataRate `aper:"optional"`
	MaximumIntegrityProtectedDataRateDL *MaximumIntegrityProtectedDataRate `ext:"151,ignore"`
}

// IntegrityProtectionIndication is part of Security Indication, TS 38.413 §9.3.1.27.
//
//aper:enum 3 ext
type IntegrityProtectionIndication uint8

// Values of IntegrityProtectionIndication.
const (
	IntegrityProtectionIndicationRequired  IntegrityProtectionIndication = iota // required
	IntegrityProtectionIndicationPreferred                                      // preferred
	IntegrityProtectionIndicationNotNeeded                                      // not-needed
)

// ConfidentialityProtectionIndication is part of Security Indication, TS 38.413 §9.3.1.27.
//
//aper:enum 3 ext
type ConfidentialityProtectionIndication uint8

// Values of ConfidentialityProtectionIndication.
const (
	ConfidentialityProtectionIndicationRequired  ConfidentialityProtectionIndication = iota // required
	ConfidentialityProtectionIndicationPreferred                                            // preferred
	ConfidentialityProtectionIndicationNotNeeded                                            // not-needed
)

// MaskedIMEISV is the Masked IMEISV IE, TS 38.413 §9.3.1.54.
//
//aper:bits 64
type MaskedIMEISV [8]byte

// SecurityResult is the Security Result IE, TS 38.413 §9.3.1.59.
//
//aper:sequence
type SecurityResult struct {
	IntegrityProtectionResult       IntegrityProtectionResult
	ConfidentialityProtectionResult ConfidentialityProtectionResult
}

// IntegrityProtectionResult is part of Security Result, TS 38.413 §9.3.1.59.
//
//aper:enum 2 ext
type IntegrityProtectionResult uint8

// Values of IntegrityProtectionResult.
const (
	IntegrityProtectionResultPerformed    IntegrityProtectionResult = iota // performed
	IntegrityProtectionResultNotPerformed                                  // not-performed
)

// ConfidentialityProtectionResult is part of Security Result, TS 38.413 §9.3.1.59.
//
//aper:enum 2 ext
type ConfidentialityProtectionResult uint8

// Values of ConfidentialityProtectionResult.
const (
	ConfidentialityProtectionResultPerformed    ConfidentialityProtectionResult = iota // performed
	ConfidentialityProtectionResultNotPerformed                                        // not-performed
)

// UserPlaneSecurityInformation is the User Plane Security Information IE, TS 38.413 §9.3.1.60.
//
//aper:sequence
type UserPlaneSecurityInformation struct {
	SecurityResult     SecurityResult
	SecurityIndication SecurityIndication
}

// UESecurityCapabilities is the UE Security Capabilities IE, TS 38.413 §9.3.1.86.
//
//aper:sequence
type UESecurityCapabilities struct {
	NRencryptionAlgorithms             NRencryptionAlgorithms
	NRintegrityProtectionAlgorithms    NRintegrityProtectionAlgorithms
	EUTRAencryptionAlgorithms          EUTRAencryptionAlgorithms
	EUTRAintegrityProtectionAlgorithms EUTRAintegrityProtectionAlgorithms
}

// NRencryptionAlgorithms is part of UE Security Capabilities, TS 38.413 §9.3.1.86.
//
//aper:bits 16 ext
type NRencryptionAlgorithms uint16

// NRintegrityProtectionAlgorithms is part of UE Security Capabilities, TS 38.413 §9.3.1.86.
//
//aper:bits 16 ext
type NRintegrityProtectionAlgorithms uint16

// EUTRAencryptionAlgorithms is part of UE Security Capabilities, TS 38.413 §9.3.1.86.
//
//aper:bits 16 ext
type EUTRAencryptionAlgorithms uint16

// EUTRAintegrityProtectionAlgorithms is part of UE Security Capabilities, TS 38.413 §9.3.1.86.
//
//aper:bits 16 ext
type EUTRAintegrityProtectionAlgorithms uint16

// SecurityKey is the Security Key IE, TS 38.413 §9.3.1.87.
//
//aper:bits 256
type SecurityKey [32]byte

// SecurityContext is the Security Context IE, TS 38.413 §9.3.1.88.
//
//aper:sequence
type SecurityContext struct {
	NextHopChainingCount NextHopChainingCount
	NextHopNH            SecurityKey
}

// NextHopChainingCount is part of Security Context, TS 38.413 §9.3.1.88.
//
//aper:int 0..7
type NextHopChainingCount uint8

// MaximumIntegrityProtectedDataRate is the Maximum Integrity Protected Data Rate IE, TS 38.413 §9.3.1.103.
//
//aper:enum 2 ext
type MaximumIntegrityProtectedDataRate uint8

// Values of MaximumIntegrityProtectedDataRate.
const (
	MaximumIntegrityProtectedDataRateBitrate64kbs  MaximumIntegrityProtectedDataRate = iota // bitrate64kbs
	MaximumIntegrityProtectedDataRateMaximumUERate                                          // maximum-UE-rate
)

// NASSecurityParametersFromNGRAN is the NAS Security Parameters from NG-RAN IE, TS 38.413 §9.3.3.26.
//
//aper:octets
type NASSecurityParametersFromNGRAN []byte

// ULCPSecurityInformation is the UL CP Security Information IE, TS 38.413 §9.3.3.48.
//
//aper:sequence
type ULCPSecurityInformation struct {
	UlNASMAC   ULNASMAC
	UlNASCount ULNASCount
}

// DLCPSecurityInformation is the DL CP Security Information IE, TS 38.413 §9.3.3.49.
//
//aper:sequence
type DLCPSecurityInformation struct {
	DlNASMAC DLNASMAC
}
