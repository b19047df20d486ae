// Package nas_test compares wire/nas with github.com/free5gc/nas, which knows the messages of TS 24.501 Release 15 and 16.
package nas_test

import (
	"bytes"
	"testing"
	"time"

	free5gc "github.com/free5gc/nas"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

var (
	plmn       = ident.PLMN{0x99, 0xf9, 0x07}
	tai        = ident.TAI{PLMN: plmn, TAC: 1}
	guti       = ident.GUTI{GUAMI: ident.GUAMI{PLMN: plmn, Region: 2, Set: 1, Pointer: 3}, TMSI: 0xc00006c4}
	slice      = nas.SNSSAI{SNSSAI: ident.SNSSAI{SST: 2, SD: 0x010203}}
	algorithms = gmm.NewUESecurityCapability([]uint8{0, 1, 2, 3}, []uint8{1, 2, 3})
	rules      = gsm.QoSRules{gsm.DefaultRule(1, 255, 1)}
	flows      = gsm.QoSFlowDescriptions{gsm.NewQoSFlow(1, gsm.FiveQI(9))}
	eap        = []byte{3, 1, 0, 4}
	options    = gsm.ProtocolConfigurationOptions{0x80, 0, 0x0d, 0}
)

func null(tb testing.TB) gmm.SUCI {
	tb.Helper()
	s, err := gmm.NullSchemeSUCI("imsi-999700000000012", plmn)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func imeisv(tb testing.TB) gmm.MobileIdentity {
	tb.Helper()
	m, err := gmm.EquipmentIdentityOf("4370816125816151")
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

func registrationRequest(tb testing.TB) *gmm.RegistrationRequest {
	return &gmm.RegistrationRequest{
		RegistrationType: gmm.InitialRegistration | gmm.FollowOnRequest, NgKSI: gmm.NoKey, MobileIdentity: gmm.SUCIIdentity(null(tb)),
		Capability: gmm.Capability{7}, UESecurityCapability: algorithms, RequestedNSSAI: gmm.NSSAI{slice}, UpdateType: new(gmm.NGRANRadioCapabilityUpdate),
	}
}

func registrationAccept() *gmm.RegistrationAccept {
	id := gmm.GUTIIdentity(guti)
	return &gmm.RegistrationAccept{
		RegistrationResult: gmm.Registered3GPP, GUTI: &id, TAIList: gmm.NewTAIList(tai), AllowedNSSAI: gmm.NSSAI{slice},
		NetworkFeatureSupport: gmm.NetworkFeatureSupport{1, 0}, T3512: new(nas.NewGPRSTimer3(time.Hour)), T3502: new(nas.NewGPRSTimer2(12 * time.Minute)),
	}
}

func sessionAccept() *gsm.PDUSessionEstablishmentAccept {
	return &gsm.PDUSessionEstablishmentAccept{
		PDUSessionID: 5, PTI: 1, SelectedPDUSessionType: gsm.IPv4, SelectedSSCMode: gsm.SSCMode1, AuthorizedQoSRules: rules,
		SessionAMBR: gsm.NewSessionAMBR(1e9, 2e8), PDUAddress: &gsm.PDUAddress{Type: gsm.IPv4, IPv4: addr("10.45.0.3")}, SNSSAI: &slice,
		AuthorizedQoSFlowDescriptions: flows, ProtocolConfigurationOptions: options.AddDNS(addr("8.8.8.8")), DNN: "internet",
	}
}

func mobilityMessages(tb testing.TB) []gmm.Message {
	sTMSI := gmm.STMSIIdentity(guti.STMSI())
	id, pei := gmm.GUTIIdentity(guti), imeisv(tb)
	status := new(gmm.NewPSISet(1, 15))
	full := registrationRequest(tb)
	full.NonCurrentNativeNASKeySetIdentifier, full.LastVisitedRegisteredTAI, full.S1UENetworkCapability = new(gmm.KeySetIdentifier(2)), &tai, []byte{0xf0, 0x70}
	full.UplinkDataStatus, full.PDUSessionStatus, full.AllowedPDUSessionStatus = status, status, status
	full.MICOIndication, full.UEStatus, full.AdditionalGUTI = new(gmm.StrictlyPeriodicTimer), new(gmm.N1ModeRegistered), &id
	full.UEUsageSetting, full.RequestedDRXParameters = new(gmm.DataCentric), new(gmm.DRX64)
	accept := registrationAccept()
	accept.EquivalentPLMNs, accept.RejectedNSSAI = gmm.PLMNList{plmn}, gmm.RejectedNSSAI{{SNSSAI: slice.SNSSAI, Cause: gmm.NotAvailableInRegistrationArea}}
	accept.ConfiguredNSSAI, accept.PDUSessionStatus, accept.PDUSessionReactivationResult = gmm.NSSAI{slice, slice}, status, status
	accept.PDUSessionReactivationResultErrorCause = gmm.ReactivationErrors{{PDUSessionID: 1, Cause: gmm.CauseLADNNotAvailable}}
	accept.ServiceAreaList, accept.EAPMessage = gmm.ServiceAreaList{{TAIs: []ident.TAI{tai}}}, eap
	return []gmm.Message{
		registrationRequest(tb), full, registrationAccept(), accept, &gmm.RegistrationComplete{},
		&gmm.RegistrationReject{Cause: gmm.CauseCongestion, T3346: new(nas.NewGPRSTimer2(time.Minute)), T3502: new(nas.NewGPRSTimer2(time.Minute)), EAPMessage: eap},
		&gmm.DeregistrationRequestUEOriginating{DeregistrationType: gmm.Deregister3GPP | gmm.SwitchOff, NgKSI: 1, MobileIdentity: id},
		&gmm.DeregistrationAcceptUEOriginating{},
		&gmm.DeregistrationRequestUETerminated{DeregistrationType: gmm.Deregister3GPP, Cause: new(gmm.CauseIllegalUE), T3346: new(nas.NewGPRSTimer2(time.Minute))},
		&gmm.DeregistrationAcceptUETerminated{},
		&gmm.ServiceRequest{NgKSI: 1, ServiceType: gmm.ServiceData, STMSI: sTMSI, UplinkDataStatus: status, PDUSessionStatus: status, NASMessageContainer: []byte{0x7e, 0, 0x4c}},
		&gmm.ServiceAccept{PDUSessionStatus: status, PDUSessionReactivationResult: status},
		&gmm.ServiceReject{Cause: gmm.CauseCongestion, PDUSessionStatus: status, T3346: new(nas.NewGPRSTimer2(time.Minute))},
		&gmm.ConfigurationUpdateCommand{
			ConfigurationUpdateIndication: new(gmm.AcknowledgementRequested), GUTI: &id, TAIList: gmm.NewTAIList(tai), AllowedNSSAI: gmm.NSSAI{slice},
			FullNetworkName: &gmm.NetworkName{Name: "Limpid"}, LocalTimeZone: new(gmm.NewTimeZone(time.Hour)), NetworkDaylightSavingTime: new(gmm.DaylightSavingTime(1)),
			UniversalTimeAndLocalTimeZone: &gmm.TimeZoneAndTime{Time: time.Date(2026, 11, 22, 11, 27, 38, 0, time.UTC)},
		},
		&gmm.ConfigurationUpdateComplete{},
		&gmm.AuthenticationRequest{NgKSI: 2, ABBA: []byte{0, 0}, RAND: &[16]byte{1}, AUTN: &[16]byte{2}},
		&gmm.AuthenticationResponse{RES: &[16]byte{3}}, &gmm.AuthenticationReject{EAPMessage: eap},
		&gmm.AuthenticationFailure{Cause: gmm.CauseSynchFailure, AUTS: &[14]byte{4}}, &gmm.AuthenticationResult{NgKSI: 1, EAPMessage: eap, ABBA: []byte{0, 0}},
		&gmm.IdentityRequest{IdentityType: gmm.IdentitySUCI}, &gmm.IdentityResponse{MobileIdentity: gmm.SUCIIdentity(null(tb))}, &gmm.IdentityResponse{MobileIdentity: pei},
		&gmm.SecurityModeCommand{
			SelectedNASSecurityAlgorithms: gmm.NewSecurityAlgorithms(2, 2), NgKSI: 1, ReplayedUESecurityCapabilities: algorithms,
			IMEISVRequest: new(gmm.IMEISVRequested), AdditionalSecurityInformation: new(gmm.RetransmitInitialMessage), ABBA: []byte{0, 0},
		},
		&gmm.SecurityModeComplete{IMEISV: &pei, NASMessageContainer: []byte{0x7e, 0, 0x41}}, &gmm.SecurityModeReject{Cause: gmm.CauseUESecurityCapabilitiesMismatch},
		&gmm.ULNASTransport{
			PayloadContainerType: gmm.PayloadN1SM, PayloadContainer: []byte{0x2e, 1, 1, 0xd1}, PDUSessionID: new(uint8(1)),
			RequestType: new(gmm.RequestInitial), SNSSAI: &slice, DNN: "internet",
		},
		&gmm.DLNASTransport{
			PayloadContainerType: gmm.PayloadN1SM, PayloadContainer: []byte{0x2e, 1, 1, 0xd3, 36}, PDUSessionID: new(uint8(1)),
			Cause: new(gmm.CausePayloadWasNotForwarded), BackOffTimer: new(nas.NewGPRSTimer3(time.Minute)),
		},
		&gmm.Status{Cause: gmm.CauseProtocolErrorUnspecified}, &gmm.Notification{AccessType: nas.Access3GPP}, &gmm.NotificationResponse{PDUSessionStatus: status},
	}
}

func sessionMessages() []gsm.Message {
	full := gsm.IntegrityProtectionMaximumDataRate{Uplink: gsm.RateFull, Downlink: gsm.RateFull}
	return []gsm.Message{
		&gsm.PDUSessionEstablishmentRequest{
			PDUSessionID: 5, PTI: 1, IntegrityProtectionMaximumDataRate: full, PDUSessionType: new(gsm.IPv4), SSCMode: new(gsm.SSCMode1),
			Capability: gsm.Capability{1}, MaximumPacketFilters: new(gsm.MaximumPacketFilters(64)), ProtocolConfigurationOptions: options,
		},
		sessionAccept(),
		&gsm.PDUSessionEstablishmentReject{PDUSessionID: 5, PTI: 1, Cause: gsm.CauseMissingOrUnknownDNN, BackOffTimer: new(nas.NewGPRSTimer3(time.Minute)), AllowedSSCMode: new(gsm.SSC1Allowed), EAPMessage: eap},
		&gsm.PDUSessionAuthenticationCommand{PDUSessionID: 5, EAPMessage: eap}, &gsm.PDUSessionAuthenticationComplete{PDUSessionID: 5, EAPMessage: eap},
		&gsm.PDUSessionAuthenticationResult{PDUSessionID: 5, EAPMessage: eap},
		&gsm.PDUSessionModificationRequest{PDUSessionID: 5, PTI: 2, Capability: gsm.Capability{1}, RequestedQoSRules: rules, RequestedQoSFlowDescriptions: flows},
		&gsm.PDUSessionModificationReject{PDUSessionID: 5, PTI: 2, Cause: gsm.CauseNetworkFailure},
		&gsm.PDUSessionModificationCommand{PDUSessionID: 5, SessionAMBR: new(gsm.NewSessionAMBR(1e9, 1e9)), AuthorizedQoSRules: rules, AuthorizedQoSFlowDescriptions: flows},
		&gsm.PDUSessionModificationComplete{PDUSessionID: 5, ProtocolConfigurationOptions: options},
		&gsm.PDUSessionModificationCommandReject{PDUSessionID: 5, Cause: gsm.CausePTIMismatch},
		&gsm.PDUSessionReleaseRequest{PDUSessionID: 5, PTI: 3, Cause: new(gsm.CauseRegularDeactivation)}, &gsm.PDUSessionReleaseReject{PDUSessionID: 5, PTI: 3, Cause: gsm.CausePTIMismatch},
		&gsm.PDUSessionReleaseCommand{PDUSessionID: 5, PTI: 3, Cause: gsm.CauseRegularDeactivation, BackOffTimer: new(nas.NewGPRSTimer3(time.Minute))},
		&gsm.PDUSessionReleaseComplete{PDUSessionID: 5, PTI: 3}, &gsm.Status{PDUSessionID: 5, Cause: gsm.CauseInvalidPTIValue},
	}
}

// messages are the PDUs of all messages above.
func messages(tb testing.TB) (names []string, pdus [][]byte) {
	tb.Helper()
	add := func(name string, b []byte, err error) {
		if err != nil {
			tb.Fatal(err)
		}
		names, pdus = append(names, name), append(pdus, b)
	}
	for _, m := range mobilityMessages(tb) {
		b, err := gmm.Append(nil, m)
		add(m.Name(), b, err)
	}
	for _, m := range sessionMessages() {
		b, err := gsm.Append(nil, m)
		add(m.Name(), b, err)
	}
	return names, pdus
}

// TestMessages: the other library reads what we write and writes the same octets, TS 24.501 §8.2 and TS 24.501 §8.3.
func TestMessages(t *testing.T) {
	names, pdus := messages(t)
	for i, b := range pdus {
		var m free5gc.Message
		if err := m.PlainNasDecode(new(bytes.Clone(b))); err != nil {
			t.Errorf("%s: %x: %v", names[i], b, err)
			continue
		}
		if got, err := m.PlainNasEncode(); err != nil || !bytes.Equal(got, b) {
			t.Errorf("%s: other %x, %v, ours %x", names[i], got, err, b)
		}
	}
}
