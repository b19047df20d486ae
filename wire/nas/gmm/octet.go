package gmm

// Information elements of half an octet or one octet.

// RegistrationType is the 5GS registration type, TS 24.501 §9.11.3.7: bits 1 to 3 the value, bit 4 the follow-on request.
type RegistrationType uint8

// Registration types.
const (
	InitialRegistration        RegistrationType = 1
	MobilityRegistrationUpdate RegistrationType = 2
	PeriodicRegistrationUpdate RegistrationType = 3
	EmergencyRegistration      RegistrationType = 4
	SNPNOnboardingRegistration RegistrationType = 5
	DisasterRoamingMobility    RegistrationType = 6
	DisasterRoamingInitial     RegistrationType = 7
	FollowOnRequest            RegistrationType = 8 // to be combined with a type
)

// Value returns the type without the follow-on request; an unused value means initial registration.
func (t RegistrationType) Value() RegistrationType {
	if v := t & 7; v != 0 {
		return v
	}
	return InitialRegistration
}

// FollowOn tells whether a follow-on request is pending.
func (t RegistrationType) FollowOn() bool { return t&FollowOnRequest != 0 }

// RegistrationResult is the 5GS registration result, TS 24.501 §9.11.3.6: an access and flags.
type RegistrationResult uint8

// Registration results and their flags.
const (
	Registered3GPP            RegistrationResult = 1
	RegisteredNon3GPP         RegistrationResult = 2
	RegisteredBoth            RegistrationResult = 3
	ResultSMSAllowed          RegistrationResult = 1 << 3
	ResultNSSAAToBePerformed  RegistrationResult = 1 << 4
	ResultEmergencyRegistered RegistrationResult = 1 << 5
	ResultNotDisasterRoaming  RegistrationResult = 1 << 6
)

// Access returns the result without its flags.
func (r RegistrationResult) Access() RegistrationResult { return r & 7 }

// KeySetIdentifier is the NAS key set identifier, TS 24.501 §9.11.3.32: bits 1 to 3 the value, bit 4 set for a context
// mapped from EPS.
type KeySetIdentifier uint8

// NoKey says that the UE has no key.
const NoKey KeySetIdentifier = 7

// Value returns 0 to 7.
func (k KeySetIdentifier) Value() uint8 { return uint8(k & 7) }

// Mapped tells whether the security context is mapped (TSC).
func (k KeySetIdentifier) Mapped() bool { return k&8 != 0 && k.Value() != 7 }

// SecurityAlgorithms is the NAS security algorithms element, TS 24.501 §9.11.3.34.
type SecurityAlgorithms uint8

// NewSecurityAlgorithms joins the numbers of a 5G-EA and a 5G-IA, each 0 to 15.
func NewSecurityAlgorithms(ciphering, integrity uint8) SecurityAlgorithms {
	return SecurityAlgorithms(ciphering<<4 | integrity&0x0f)
}

// Ciphering returns the number of the 5G-EA.
func (a SecurityAlgorithms) Ciphering() uint8 { return uint8(a >> 4) }

// Integrity returns the number of the 5G-IA.
func (a SecurityAlgorithms) Integrity() uint8 { return uint8(a & 0x0f) }

// EPSSecurityAlgorithms is TS 24.301 §9.9.3.23 (TS 24.501 §9.11.3.25): ciphering in bits 5 to 7, integrity in bits 1 to 3.
type EPSSecurityAlgorithms uint8

// AdditionalSecurityInformation is TS 24.501 §9.11.3.12.
type AdditionalSecurityInformation uint8

// Flags of AdditionalSecurityInformation.
const (
	HorizontalDerivation     AdditionalSecurityInformation = 1 << 0 // HDP: derive K_AMF anew
	RetransmitInitialMessage AdditionalSecurityInformation = 1 << 1 // RINMR: send the whole initial message again
)

// IMEISVRequest is TS 24.008 §10.5.5.10 (TS 24.501 §9.11.3.28).
type IMEISVRequest uint8

// IMEISVRequested asks for the IMEISV.
const IMEISVRequested IMEISVRequest = 1

// DeregistrationType is TS 24.501 §9.11.3.20: an access and flags.
type DeregistrationType uint8

// De-registration types and flags.
const (
	Deregister3GPP         DeregistrationType = 1
	DeregisterNon3GPP      DeregistrationType = 2
	DeregisterBoth         DeregistrationType = 3
	ReregistrationRequired DeregistrationType = 1 << 2 // network to UE
	SwitchOff              DeregistrationType = 1 << 3 // UE to network
)

// Access returns the type without its flags.
func (t DeregistrationType) Access() DeregistrationType { return t & 3 }

// SwitchOff tells whether the UE is being switched off and expects no answer.
func (t DeregistrationType) SwitchOff() bool { return t&SwitchOff != 0 }

// ServiceType is TS 24.501 §9.11.3.50.
type ServiceType uint8

// Service types.
const (
	ServiceSignalling         ServiceType = 0
	ServiceData               ServiceType = 1
	ServiceMobileTerminated   ServiceType = 2
	ServiceEmergency          ServiceType = 3
	ServiceEmergencyFallback  ServiceType = 4
	ServiceHighPriorityAccess ServiceType = 5
	ServiceElevatedSignalling ServiceType = 6
)

// Value returns the type that the network is to assume for an unused value.
func (t ServiceType) Value() ServiceType {
	switch t {
	case 7, 8:
		return ServiceSignalling
	case 9, 10, 11:
		return ServiceData
	}
	return t
}

// ControlPlaneServiceType is TS 24.501 §9.11.3.18D.
type ControlPlaneServiceType uint8

// Control plane service types.
const (
	ControlPlaneMobileOriginating ControlPlaneServiceType = 0
	ControlPlaneMobileTerminating ControlPlaneServiceType = 1
	ControlPlaneEmergency         ControlPlaneServiceType = 2
	ControlPlaneEmergencyFallback ControlPlaneServiceType = 3
)

// RequestType is TS 24.501 §9.11.3.47.
type RequestType uint8

// Request types.
const (
	RequestInitial           RequestType = 1
	RequestExisting          RequestType = 2
	RequestInitialEmergency  RequestType = 3
	RequestExistingEmergency RequestType = 4
	RequestModification      RequestType = 5
	RequestMAPDU             RequestType = 6
)

// PayloadContainerType is TS 24.501 §9.11.3.40.
type PayloadContainerType uint8

// Payload container types.
const (
	PayloadN1SM               PayloadContainerType = 1
	PayloadSMS                PayloadContainerType = 2
	PayloadLPP                PayloadContainerType = 3
	PayloadSOR                PayloadContainerType = 4
	PayloadUEPolicy           PayloadContainerType = 5
	PayloadUEParametersUpdate PayloadContainerType = 6
	PayloadLocationServices   PayloadContainerType = 7
	PayloadCIoTUserData       PayloadContainerType = 8
	PayloadServiceLevelAA     PayloadContainerType = 9
	PayloadEventNotification  PayloadContainerType = 10
	PayloadMultiple           PayloadContainerType = 15
)

// UpdateType is the 5GS update type, TS 24.501 §9.11.3.9A.
type UpdateType uint8

// Flags of UpdateType.
const (
	SMSRequested               UpdateType = 1 << 0
	NGRANRadioCapabilityUpdate UpdateType = 1 << 1
)

// UsageSetting is the UE's usage setting, TS 24.501 §9.11.3.55.
type UsageSetting uint8

// Usage settings.
const (
	VoiceCentric UsageSetting = 0
	DataCentric  UsageSetting = 1
)

// UEStatus is TS 24.501 §9.11.3.56.
type UEStatus uint8

// Flags of UEStatus.
const (
	S1ModeRegistered UEStatus = 1 << 0
	N1ModeRegistered UEStatus = 1 << 1
)

// MICOIndication is TS 24.501 §9.11.3.31.
type MICOIndication uint8

// Flags of MICOIndication.
const (
	AllPLMNRegistrationArea MICOIndication = 1 << 0 // RAAI
	StrictlyPeriodicTimer   MICOIndication = 1 << 1 // SPRTI
)

// NetworkSlicingIndication is TS 24.501 §9.11.3.36.
type NetworkSlicingIndication uint8

// Flags of NetworkSlicingIndication.
const (
	SubscriptionChanged NetworkSlicingIndication = 1 << 0 // NSSCI, network to UE
	DefaultConfigured   NetworkSlicingIndication = 1 << 1 // DCNI, UE to network
)

// NSSAIInclusionMode is TS 24.501 §9.11.3.37A: modes A to D are 0 to 3.
type NSSAIInclusionMode uint8

// ConfigurationUpdateIndication is TS 24.501 §9.11.3.18.
type ConfigurationUpdateIndication uint8

// Flags of ConfigurationUpdateIndication.
const (
	AcknowledgementRequested ConfigurationUpdateIndication = 1 << 0 // ACK
	RegistrationRequested    ConfigurationUpdateIndication = 1 << 1 // RED
)

// DRXParameters is the DRX value of the 5GS DRX parameters, TS 24.501 §9.11.3.2A.
type DRXParameters uint8

// DRX cycles T in radio frames.
const (
	DRXNotSpecified DRXParameters = 0
	DRX32           DRXParameters = 1
	DRX64           DRXParameters = 2
	DRX128          DRXParameters = 3
	DRX256          DRXParameters = 4
)

// ExtendedDRXParameters is TS 24.008 §10.5.5.32 (TS 24.501 §9.11.3.26A), one or two octets.
type ExtendedDRXParameters []byte

// PagingTimeWindow returns the code of the paging time window.
func (p ExtendedDRXParameters) PagingTimeWindow() uint8 {
	if len(p) == 0 {
		return 0
	}
	return p[0] >> 4
}

// Cycle returns the code of the eDRX cycle.
func (p ExtendedDRXParameters) Cycle() uint8 {
	if len(p) == 0 {
		return 0
	}
	return p[0] & 0x0f
}
