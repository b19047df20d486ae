package gmm

import (
	"testing"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/internal/nastest"
)

// realistic returns messages of all types with the elements that a core or a phone is likely to send.
func realistic(tb testing.TB) []Message {
	tb.Helper()
	return append(realisticRegistration(tb), realisticOthers(tb)...)
}

func noError(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func realisticRegistration(tb testing.TB) []Message {
	nai := SUCI{Format: SUPINetworkSpecific, NAI: []byte("type1.rid0.schid0.useriduser1@example.com")}
	profileA := SUCI{PLMN: testPLMN, RoutingIndicator: RoutingIndicator{0x21, 0xf3}, Scheme: ProfileA, PublicKeyID: 27, SchemeOutput: make([]byte, 45)}
	nullScheme, err := NullSchemeSUCI("imsi-999700000000001", testPLMN)
	noError(tb, err)
	imei, err := EquipmentIdentityOf("356938035643809")
	noError(tb, err)
	capability := NewUESecurityCapability([]uint8{0, 1, 2, 3}, []uint8{1, 2, 3})
	guti := GUTIIdentity(testGUTI)
	tais := TAIList{
		{TAIsOfOnePLMN, []ident.TAI{{PLMN: testPLMN, TAC: 1}, {PLMN: testPLMN, TAC: 7}}},
		{ConsecutiveTAIs, []ident.TAI{{PLMN: testPLMN, TAC: 16}, {PLMN: testPLMN, TAC: 17}}},
		{TAIsOfSeveralPLMNs, []ident.TAI{{PLMN: testPLMN, TAC: 9}, {PLMN: ident.PLMN{0, 0xf1, 0x10}, TAC: 8}}},
	}
	slices := NSSAI{{SNSSAI: slice1}, {SNSSAI: slice2, Mapped: &slice1}}
	return []Message{
		&RegistrationRequest{
			RegistrationType: InitialRegistration | FollowOnRequest, NgKSI: NoKey, MobileIdentity: SUCIIdentity(nullScheme),
			Capability: Capability{0x07}, UESecurityCapability: capability, RequestedNSSAI: slices, LastVisitedRegisteredTAI: &testTAI,
			S1UENetworkCapability: []byte{0xf0, 0x70}, UplinkDataStatus: new(NewPSISet(5)), PDUSessionStatus: new(NewPSISet(5, 6)),
			MICOIndication: new(StrictlyPeriodicTimer), UEStatus: new(N1ModeRegistered), AdditionalGUTI: &guti,
			AllowedPDUSessionStatus: new(NewPSISet(6)), UEUsageSetting: new(DataCentric), RequestedDRXParameters: new(DRX128),
			UpdateType: new(NGRANRadioCapabilityUpdate), RequestedExtendedDRXParameters: ExtendedDRXParameters{0x35}, T3324: new(nas.NewGPRSTimer3(time.Minute)),
		},
		&RegistrationRequest{RegistrationType: MobilityRegistrationUpdate, MobileIdentity: guti, NetworkSlicingIndication: new(DefaultConfigured)},
		&RegistrationRequest{RegistrationType: InitialRegistration, NgKSI: NoKey, MobileIdentity: SUCIIdentity(profileA)},
		&RegistrationRequest{RegistrationType: InitialRegistration, NgKSI: NoKey, MobileIdentity: SUCIIdentity(nai)},
		&RegistrationRequest{RegistrationType: EmergencyRegistration, NgKSI: NoKey, MobileIdentity: imei},
		&RegistrationAccept{
			RegistrationResult: Registered3GPP | ResultSMSAllowed, GUTI: &guti, EquivalentPLMNs: PLMNList{{0, 0xf1, 0x10}}, TAIList: tais,
			AllowedNSSAI: slices, RejectedNSSAI: RejectedNSSAI{{slice1, NotAvailableInPLMN, 0}, {slice2, NotAvailableInRegistrationArea, 0}},
			ConfiguredNSSAI: slices, NetworkFeatureSupport: NetworkFeatureSupport{0x01, 0x00}, PDUSessionStatus: new(NewPSISet(5)),
			PDUSessionReactivationResult:           new(NewPSISet(5)),
			PDUSessionReactivationResultErrorCause: ReactivationErrors{{5, CauseInsufficientUserPlaneResourcesForThePDUSession}},
			MICOIndication:                         new(AllPLMNRegistrationArea), NetworkSlicingIndication: new(SubscriptionChanged),
			ServiceAreaList: ServiceAreaList{{TAIs: []ident.TAI{testTAI}}}, T3512: new(nas.NewGPRSTimer3(54 * time.Minute)),
			T3502: new(nas.NewGPRSTimer2(12 * time.Minute)), NSSAIInclusionMode: new(NSSAIInclusionMode(3)),
			NegotiatedDRXParameters: new(DRX64), T3324: new(nas.NewGPRSTimer3(time.Minute)),
		},
		&RegistrationAccept{
			RegistrationResult: Registered3GPP | ResultNSSAAToBePerformed, GUTI: &guti, TAIList: tais, PendingNSSAI: NSSAI{{SNSSAI: slice2}},
			ExtendedRejectedNSSAI: ExtendedRejectedNSSAI(RejectedNSSAI{{slice1, MaximumUEsReached, 10 * time.Minute}}),
		},
		&NetworkSliceSpecificAuthenticationCommand{SNSSAI: nas.SNSSAI{SNSSAI: slice2}, EAPMessage: []byte{1, 1, 0, 5, 1}},
		&NetworkSliceSpecificAuthenticationComplete{SNSSAI: nas.SNSSAI{SNSSAI: slice2}, EAPMessage: []byte{2, 1, 0, 8, 1, 'a', 'n', 'n'}},
		&NetworkSliceSpecificAuthenticationResult{SNSSAI: nas.SNSSAI{SNSSAI: slice2}, EAPMessage: []byte{3, 2, 0, 4}},
	}
}

func realisticOthers(tb testing.TB) []Message {
	nullScheme, err := NullSchemeSUCI("imsi-999700000000001", testPLMN)
	noError(tb, err)
	imeisv, err := EquipmentIdentityOf("4370816125816151")
	noError(tb, err)
	imei, err := EquipmentIdentityOf("356938035643809")
	noError(tb, err)
	capability := NewUESecurityCapability([]uint8{0, 1, 2, 3}, []uint8{1, 2, 3})
	release := nastest.Unhex(tb, "2e0101d1")
	eap := []byte{3, 1, 0, 4}
	guti, sTMSI := GUTIIdentity(testGUTI), STMSIIdentity(testGUTI.STMSI())
	slices := NSSAI{{SNSSAI: slice1}, {SNSSAI: slice2, Mapped: &slice1}}
	return []Message{
		&RegistrationComplete{},
		&RegistrationReject{Cause: CauseCongestion, T3346: new(nas.NewGPRSTimer2(15 * time.Minute)), T3502: new(nas.GPRSTimer2Deactivated)},
		&DeregistrationRequestUEOriginating{DeregistrationType: Deregister3GPP | SwitchOff, MobileIdentity: guti},
		&DeregistrationAcceptUEOriginating{},
		&DeregistrationRequestUETerminated{DeregistrationType: Deregister3GPP | ReregistrationRequired, Cause: new(CauseImplicitlyDeregistered)},
		&DeregistrationAcceptUETerminated{},
		&ServiceRequest{ServiceType: ServiceData, STMSI: sTMSI, UplinkDataStatus: new(NewPSISet(1)), PDUSessionStatus: new(NewPSISet(1))},
		&ServiceAccept{PDUSessionStatus: new(NewPSISet(1)), PDUSessionReactivationResult: new(NewPSISet())},
		&ServiceReject{Cause: CauseUEIdentityCannotBeDerivedByTheNetwork, PDUSessionStatus: new(NewPSISet(1)), T3346: new(nas.NewGPRSTimer2(time.Minute))},
		&ConfigurationUpdateCommand{
			ConfigurationUpdateIndication: new(AcknowledgementRequested), GUTI: &guti, TAIList: NewTAIList(testTAI), AllowedNSSAI: slices,
			FullNetworkName: &NetworkName{Name: "Limpid 5G"}, ShortNetworkName: &NetworkName{Name: "Límpid", AddCountryInitials: true},
			LocalTimeZone:                 new(NewTimeZone(-3 * time.Hour)),
			UniversalTimeAndLocalTimeZone: &TimeZoneAndTime{time.Date(2026, 11, 22, 11, 27, 38, 0, time.FixedZone("", 7200))},
			NetworkDaylightSavingTime:     new(DaylightSavingTime(1)), ConfiguredNSSAI: slices,
		},
		&ConfigurationUpdateComplete{},
		&AuthenticationRequest{NgKSI: 2, ABBA: []byte{0, 0}, RAND: new([16]byte), AUTN: new([16]byte)},
		&AuthenticationRequest{NgKSI: 2, ABBA: []byte{0, 0}, EAPMessage: eap},
		&AuthenticationResponse{RES: new([16]byte)},
		&AuthenticationReject{EAPMessage: eap},
		&AuthenticationFailure{Cause: CauseSynchFailure, AUTS: new([14]byte)},
		&AuthenticationResult{NgKSI: 1, EAPMessage: eap, ABBA: []byte{0, 0}},
		&IdentityRequest{IdentityType: IdentitySUCI},
		&IdentityResponse{MobileIdentity: SUCIIdentity(nullScheme)},
		&IdentityResponse{MobileIdentity: imei},
		&IdentityResponse{MobileIdentity: imeisv},
		&IdentityResponse{MobileIdentity: sTMSI},
		&SecurityModeCommand{
			SelectedNASSecurityAlgorithms: NewSecurityAlgorithms(2, 2), NgKSI: 1, ReplayedUESecurityCapabilities: capability,
			IMEISVRequest: new(IMEISVRequested), SelectedEPSNASSecurityAlgorithms: new(EPSSecurityAlgorithms(0x22)),
			AdditionalSecurityInformation: new(RetransmitInitialMessage),
		},
		&SecurityModeComplete{IMEISV: &imeisv, NASMessageContainer: nastest.Unhex(tb, "7e004179000d0199f9070000000000000000102e04f0f0f0f0")},
		&SecurityModeReject{Cause: CauseUESecurityCapabilitiesMismatch},
		&ULNASTransport{
			PayloadContainerType: PayloadN1SM, PayloadContainer: release, PDUSessionID: new(uint8(1)), RequestType: new(RequestInitial),
			SNSSAI: &nas.SNSSAI{SNSSAI: slice2}, DNN: "internet",
		},
		&DLNASTransport{
			PayloadContainerType: PayloadN1SM, PayloadContainer: release, PDUSessionID: new(uint8(1)), Cause: new(CausePayloadWasNotForwarded),
			BackOffTimer: new(nas.NewGPRSTimer3(time.Hour)),
		},
		&Status{Cause: CauseMessageTypeNonExistentOrNotImplemented},
		&Notification{AccessType: nas.Access3GPP},
		&NotificationResponse{PDUSessionStatus: new(NewPSISet(3))},
	}
}

// An independent decoder reads every message that a core or phone is likely to send, TS 24.501 §8.2.
func TestTshark(t *testing.T) {
	var names []string
	var pdus [][]byte
	for _, m := range realistic(t) {
		b, err := Append(nil, m)
		if err != nil {
			t.Fatal(err)
		}
		names, pdus = append(names, m.Name()), append(pdus, b)
	}
	nastest.TsharkClean(t, names, pdus)
}
