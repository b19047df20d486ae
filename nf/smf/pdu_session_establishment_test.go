package smf

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// TestEstablishment follows TS 23.502 §4.3.2.2.1 and reads what the UE, the gNB, the UPF and the UDM got.
func TestEstablishment(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		ref := w.create(request(7, func(m *gsm.PDUSessionEstablishmentRequest) {
			m.PDUSessionType = new(gsm.IPv4v6)
			m.AlwaysOnRequested = new(uint8(1))
			var pco gsm.ProtocolConfigurationOptions
			pco = pco.Add(nas.Uplink, gsm.DNSServerIPv4Address, nil)
			m.ProtocolConfigurationOptions = pco.Add(nas.Uplink, gsm.IPv4LinkMTU, nil)
		}))
		sent := w.one()
		if sent.PDUSessionID != 5 || sent.SMContextRef != ref || sent.SNSSAI != slice || sent.ReleaseOnSent || sent.SkipInd {
			t.Errorf("transfer %+v", sent)
		}
		address := netip.MustParseAddr("10.45.0.2") // .1 is the gateway
		accept, ok := w.decode(sent.N1SMMsg).(*gsm.PDUSessionEstablishmentAccept)
		if !ok {
			t.Fatalf("UE gets %T", w.decode(sent.N1SMMsg))
		}
		checkAccept(t, accept, address)

		seid, n := w.upf.only(t)
		setup, err := ngap.DecodePDUSessionResourceSetupRequestTransfer(sent.N2SMInfo.Data)
		if err != nil || sent.N2SMInfo.Type != nsmf.PDUResSetupReq {
			t.Fatal(sent.N2SMInfo.Type, err)
		}
		end, err := setup.ULNGUUPTNLInformation.GTPTunnel.AddrPort()
		if err != nil || end.Addr() != upfN3 || uint32(setup.ULNGUUPTNLInformation.GTPTunnel.GTPTEID) != n.uplink.TEID {
			t.Errorf("gNB is to send to %v, %#x", end, setup.ULNGUUPTNLInformation.GTPTunnel.GTPTEID)
		}
		if a := setup.PDUSessionAggregateMaximumBitRate; a.PDUSessionAggregateMaximumBitRateDL != 200e6 || a.PDUSessionAggregateMaximumBitRateUL != 100e6 {
			t.Errorf("Session-AMBR for the gNB %+v", a)
		}
		if i := setup.SecurityIndication; i == nil || i.IntegrityProtectionIndication != ngap.IntegrityProtectionIndicationPreferred {
			t.Errorf("security policy for the gNB %+v", i)
		}
		f := setup.QosFlowSetupRequestList
		if len(f) != 1 || f[0].QosFlowIdentifier != 1 || f[0].QosFlowLevelQosParameters.QosCharacteristics.NonDynamic5QI.FiveQI != 9 ||
			f[0].QosFlowLevelQosParameters.AllocationAndRetentionPriority.PriorityLevelARP != 8 {
			t.Errorf("QoS flows for the gNB %+v", f)
		}
		checkRules(t, &n, address)
		if len(w.udm.registered) != 0 {
			t.Error("registered in the UDM before step 16c")
		}

		out := w.update(ref, gnbAccepts(0x77))
		if out.UpCnxState != nsmf.Activated {
			t.Errorf("AMF hears %q", out.UpCnxState)
		}
		_, n = w.upf.only(t)
		if n.action != pfcp.ApplyFORW || n.peer.TEID != 0x77 || n.peer.IPv4 != gnbN3 || n.peer.Description != pfcp.CreateGTPUUDPIPv4 {
			t.Errorf("UPF forwards %v to %+v", n.action, n.peer)
		}
		want := nudm.SMFRegistration{SMFInstanceID: testConfig().InstanceID, PDUSessionID: 5, SNSSAI: slice, DNN: internet, PLMN: plmn}
		if w.udm.registered[5] != want {
			t.Errorf("UDM has %+v", w.udm.registered)
		}
		s := w.info(ref)
		if s.State != Active || s.UpCnxState != nsmf.Activated || s.Address != address || s.RemoteSEID != seid || s.UplinkTEID != n.uplink.TEID ||
			s.GNBTEID != 0x77 || s.GNBAddress != gnbN3 || s.UPF != "upf" || s.SUPI != phone || len(s.QFIs) != 1 {
			t.Errorf("snapshot %+v", s)
		}
		if n := w.smf.pool.Running(); n != 0 {
			t.Errorf("%d goroutines for a session at rest", n)
		}
	})
}

func checkAccept(t *testing.T, m *gsm.PDUSessionEstablishmentAccept, address netip.Addr) {
	t.Helper()
	switch {
	case m.PDUSessionID != 5 || m.PTI != 7:
		t.Errorf("identities %d, %d", m.PDUSessionID, m.PTI)
	case m.SelectedPDUSessionType != gsm.IPv4 || m.Cause == nil || *m.Cause != gsm.CausePDUSessionTypeIPv4OnlyAllowed: // TS 24.501 §6.4.1.3
		t.Errorf("type %v, cause %v", m.SelectedPDUSessionType, m.Cause)
	case m.SelectedSSCMode != gsm.SSCMode1:
		t.Errorf("SSC mode %v", m.SelectedSSCMode)
	case m.PDUAddress == nil || m.PDUAddress.IPv4 != address:
		t.Errorf("address %v", m.PDUAddress)
	case m.SessionAMBR.Downlink.BitsPerSecond() != 200e6 || m.SessionAMBR.Uplink.BitsPerSecond() != 100e6:
		t.Errorf("Session-AMBR %v", m.SessionAMBR)
	case m.DNN != internet || m.SNSSAI == nil || m.SNSSAI.SNSSAI != slice:
		t.Errorf("DNN %q, slice %v", m.DNN, m.SNSSAI)
	case m.AlwaysOnIndication == nil || *m.AlwaysOnIndication != 0:
		t.Errorf("always-on %v", m.AlwaysOnIndication)
	case len(m.AuthorizedQoSRules) != 1 || !m.AuthorizedQoSRules[0].Default || m.AuthorizedQoSRules[0].QFI != 1 || m.AuthorizedQoSRules.Check() != nil:
		t.Errorf("QoS rules %+v", m.AuthorizedQoSRules)
	}
	if q, ok := m.AuthorizedQoSFlowDescriptions[0].FiveQI(); !ok || q != 9 || m.AuthorizedQoSFlowDescriptions.Check() != nil {
		t.Errorf("QoS flows %+v", m.AuthorizedQoSFlowDescriptions)
	}
	if dns := m.ProtocolConfigurationOptions.Addresses(gsm.DNSServerIPv4Address); len(dns) != 1 || dns[0] != netip.MustParseAddr("192.0.2.53") {
		t.Errorf("DNS %v", dns)
	}
	if mtu, _ := m.ProtocolConfigurationOptions.MTU(gsm.IPv4LinkMTU); mtu != defaultMTU {
		t.Errorf("MTU %d", mtu)
	}
}

// checkRules reads the rules of TS 29.244 §7.5.2 for a session with the default QoS rule alone.
func checkRules(t *testing.T, n *fakeN4Session, address netip.Addr) {
	t.Helper()
	m := &n.request
	if n.action != pfcp.ApplyBUFF {
		t.Errorf("before the gNB answers the UPF does %v", n.action)
	}
	if m.APNDNN.Value() != "internet" || m.PDNType.Value() != pfcp.PDNTypeIPv4 || ident.SNSSAI(m.SNSSAI.Value()) != slice {
		t.Errorf("DNN %v, type %v, slice %v", m.APNDNN, m.PDNType, m.SNSSAI)
	}
	if len(m.CreatePDR) != 2 || len(m.CreateFAR) != 2 || len(m.CreateQER) != 2 || len(m.CreateURR) != 1 {
		t.Fatalf("%d PDRs, %d FARs, %d QERs, %d URRs", len(m.CreatePDR), len(m.CreateFAR), len(m.CreateQER), len(m.CreateURR))
	}
	up, down := m.CreatePDR[0], m.CreatePDR[1]
	if up.PDI.SourceInterface != pfcp.InterfaceAccess || up.PDI.UEIPAddress[0].IPv4 != address || up.PDI.UEIPAddress[0].Destination ||
		!up.OuterHeaderRemoval.Present() || up.FARID.Value() != uplinkFAR || up.PDI.QFI[0] != 1 || up.PDI.LocalFTEID.Value().ChooseID.Present() {
		t.Errorf("uplink PDR %+v", up)
	}
	if down.PDI.SourceInterface != pfcp.InterfaceCore || down.PDI.UEIPAddress[0].IPv4 != address || !down.PDI.UEIPAddress[0].Destination ||
		down.FARID.Value() != downlinkFAR || down.PDI.LocalFTEID.Present() {
		t.Errorf("downlink PDR %+v", down)
	}
	if q := m.CreateQER[0].MBR.Value(); q.Uplink != 100_000 || q.Downlink != 200_000 {
		t.Errorf("Session-AMBR at the UPF %+v kbit/s", q)
	}
	if m.CreateQER[1].QFI.Value() != 1 {
		t.Errorf("QER of the flow %+v", m.CreateQER[1])
	}
}

// refusedAtOnce is a request that CreateSMContext refuses: what the AMF hears, and the UE.
type refusedAtOnce struct {
	name  string
	world func(*world)
	data  func(*nsmf.SMContextCreateData)
	cause gsm.Cause
	sbi   sbi.Cause
	as    gsm.MessageType // 0: the UE hears nothing
}

// refusedServices are refusals of what is asked for, TS 24.501 §6.4.1.4.
func refusedServices() []refusedAtOnce {
	asks := func(kind gsm.PDUSessionType) []byte {
		return request(1, func(m *gsm.PDUSessionEstablishmentRequest) { m.PDUSessionType = &kind })
	}
	return []refusedAtOnce{
		{"IPv6, TS 24.501 §6.4.1.4", nil, func(d *nsmf.SMContextCreateData) { d.N1SMMsg = asks(gsm.IPv6) },
			gsm.CausePDUSessionTypeIPv4OnlyAllowed, nsmf.CausePDUTypeDenied, gsm.TypePDUSessionEstablishmentReject},
		{"Ethernet, TS 24.501 §6.4.1.4", nil, func(d *nsmf.SMContextCreateData) { d.N1SMMsg = asks(gsm.Ethernet) },
			gsm.CauseUnknownPDUSessionType, nsmf.CausePDUTypeDenied, gsm.TypePDUSessionEstablishmentReject},
		{"Unstructured, TS 24.501 §6.4.1.4", nil, func(d *nsmf.SMContextCreateData) { d.N1SMMsg = asks(gsm.Unstructured) },
			gsm.CauseUnknownPDUSessionType, nsmf.CausePDUTypeDenied, gsm.TypePDUSessionEstablishmentReject},
		{"subscription of IPv6 alone, TS 24.501 §6.4.1.4", func(w *world) {
			w.udm.data.DefaultSessionType, w.udm.data.AllowedSessionTypes = nudm.IPv6, nil
		}, nil, gsm.CausePDUSessionTypeIPv6OnlyAllowed, nsmf.CausePDUTypeDenied, gsm.TypePDUSessionEstablishmentReject},
		{"subscription of Ethernet alone, TS 24.501 §6.4.1.4", func(w *world) {
			w.udm.data.DefaultSessionType, w.udm.data.AllowedSessionTypes = nudm.Ethernet, nil
		}, nil, gsm.CauseRequestedServiceOptionNotSubscribed, nsmf.CausePDUTypeDenied, gsm.TypePDUSessionEstablishmentReject},
		{"SSC mode 3, TS 24.501 §6.4.1.4", nil, func(d *nsmf.SMContextCreateData) {
			d.N1SMMsg = request(1, func(m *gsm.PDUSessionEstablishmentRequest) { m.SSCMode = new(gsm.SSCMode3) })
		}, gsm.CauseNotSupportedSSCMode, nsmf.CauseSSCDenied, gsm.TypePDUSessionEstablishmentReject},
		{"unknown DNN, TS 24.501 §6.4.1.4", nil, func(d *nsmf.SMContextCreateData) { d.DNN = "ims" },
			gsm.CauseMissingOrUnknownDNN, nsmf.CauseDNNNotSupported, gsm.TypePDUSessionEstablishmentReject},
		{"DNN not in the slice, TS 24.501 §6.4.1.4", nil, func(d *nsmf.SMContextCreateData) { d.SNSSAI.SST = 2 },
			gsm.CauseMissingOrUnknownDNNInASlice, nsmf.CauseSNSSAINotSupported, gsm.TypePDUSessionEstablishmentReject},
		{"not subscribed, TS 24.501 §6.4.1.4", func(w *world) { w.udm.err = sbi.Problem(404, nudm.CauseDataNotFound, "") }, nil,
			gsm.CauseRequestedServiceOptionNotSubscribed, nsmf.CauseDNNDenied, gsm.TypePDUSessionEstablishmentReject},
		{"UDM fails, TS 24.501 §6.4.1.4", func(w *world) { w.udm.err = errors.New("broken") }, nil,
			gsm.CauseNetworkFailure, nsmf.CauseNetworkFailure, gsm.TypePDUSessionEstablishmentReject},
		{"existing session that is not there, TS 24.501 §6.4.1.7", nil, func(d *nsmf.SMContextCreateData) { d.RequestType = nsmf.ExistingPDUSession },
			gsm.CausePDUSessionDoesNotExist, nsmf.CauseN1SMError, gsm.TypePDUSessionEstablishmentReject},
		{"emergency, TS 24.501 §6.4.1.4", nil, func(d *nsmf.SMContextCreateData) { d.RequestType = nsmf.InitialEmergencyRequest },
			gsm.CauseServiceOptionNotSupported, nsmf.CauseN1SMError, gsm.TypePDUSessionEstablishmentReject},
		{"integrity protection too slow, TS 24.501 §6.4.1.4", func(w *world) { w.smf.networks[string(internet)].Security.Integrity = Required },
			func(d *nsmf.SMContextCreateData) {
				d.N1SMMsg = request(1, func(m *gsm.PDUSessionEstablishmentRequest) {
					m.IntegrityProtectionMaximumDataRate.Uplink = gsm.Rate64Kbps
				})
			}, gsm.CauseMaximumDataRatePerUEForUserPlaneIntegrityProtectionIsTooLow, nsmf.CauseN1SMError, gsm.TypePDUSessionEstablishmentReject},
		{"too many procedures, TS 23.501 §5.19.7", func(w *world) { w.smf.cfg.MaxProcedures = 0 }, nil,
			gsm.CauseInsufficientResources, sbi.CauseNFCongestion, gsm.TypePDUSessionEstablishmentReject},
	}
}

// refusedMessages are refusals of how it is asked for, TS 24.501 §7.
func refusedMessages() []refusedAtOnce {
	good := request(1, nil)
	return []refusedAtOnce{
		{"mandatory element missing, TS 24.501 §7.5.1", nil, func(d *nsmf.SMContextCreateData) { d.N1SMMsg = good[:5] },
			gsm.CauseInvalidMandatoryInformation, nsmf.CauseN1SMError, gsm.TypePDUSessionEstablishmentReject},
		{"no PTI, TS 24.501 §7.3.1", nil, func(d *nsmf.SMContextCreateData) { d.N1SMMsg = request(0, nil) },
			gsm.CauseInvalidPTIValue, nsmf.CauseN1SMError, gsm.TypeStatus},
		{"reserved PTI, TS 24.501 §7.3.1", nil, func(d *nsmf.SMContextCreateData) { d.N1SMMsg = request(255, nil) },
			gsm.CauseInvalidPTIValue, nsmf.CauseN1SMError, gsm.TypeStatus},
		{"another identity than the AMF's, TS 24.501 §7.3.2", nil, func(d *nsmf.SMContextCreateData) { d.PDUSessionID = 6 },
			gsm.CauseInvalidPDUSessionIdentity, nsmf.CauseN1SMError, gsm.TypeStatus},
		{"unknown message type, TS 24.501 §7.4", nil, func(d *nsmf.SMContextCreateData) { d.N1SMMsg = []byte{0x2e, 5, 1, 0xff} },
			gsm.CauseMessageTypeNonExistentOrNotImplemented, nsmf.CauseN1SMError, gsm.TypeStatus},
		{"release of no session, TS 24.501 §7.3.2", nil, func(d *nsmf.SMContextCreateData) {
			d.N1SMMsg = encode(&gsm.PDUSessionReleaseRequest{PDUSessionID: 5, PTI: 1})
		}, gsm.CauseInvalidPDUSessionIdentity, nsmf.CauseN1SMError, gsm.TypePDUSessionReleaseReject},
		{"message too short, TS 24.501 §7.2.1", nil, func(d *nsmf.SMContextCreateData) { d.N1SMMsg = good[:3] },
			gsm.CauseInvalidMandatoryInformation, nsmf.CauseN1SMError, 0},
		{"no message, TS 24.501 §7.2.1", nil, func(d *nsmf.SMContextCreateData) { d.N1SMMsg = nil },
			gsm.CauseInvalidMandatoryInformation, nsmf.CauseN1SMError, 0},
		{"5GMM message, TS 24.501 §7.2", nil, func(d *nsmf.SMContextCreateData) { d.N1SMMsg = []byte{0x7e, 0, 0x41} },
			gsm.CauseInvalidMandatoryInformation, nsmf.CauseN1SMError, 0},
	}
}

// TestRefusedAtOnce holds the refusals that CreateSMContext answers with, TS 24.501 §6.4.1.4 and §7.
func TestRefusedAtOnce(t *testing.T) {
	for _, tt := range append(refusedServices(), refusedMessages()...) {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				if tt.world != nil {
					tt.world(w)
				}
				d := createData(request(1, nil))
				if tt.data != nil {
					tt.data(&d)
				}
				_, err := w.smf.CreateSMContext(w.t.Context(), d)
				refused, ok := errors.AsType[*nsmf.SMContextError](err)
				if !ok {
					t.Fatalf("error %v, want *nsmf.SMContextError", err)
				}
				if refused.Cause != tt.sbi {
					t.Errorf("AMF hears %s, want %s", refused.Cause, tt.sbi)
				}
				checkAnswer(t, w.decode(refused.N1SMMsg), tt.as, tt.cause)
				checkOneLine(t, w.logged(), tt.cause)
				w.noLeak()
			})
		})
	}
}

// checkAnswer reads what the UE hears.
func checkAnswer(t *testing.T, m gsm.Message, as gsm.MessageType, cause gsm.Cause) {
	t.Helper()
	if m == nil {
		if as != 0 {
			t.Errorf("UE hears nothing, want %#x", as)
		}
		return
	}
	var got gsm.Cause
	switch m := m.(type) {
	case *gsm.PDUSessionEstablishmentReject:
		got = m.Cause
		if cause == gsm.CauseNotSupportedSSCMode && (m.AllowedSSCMode == nil || *m.AllowedSSCMode != gsm.SSC1Allowed) {
			t.Errorf("allowed SSC modes %v", m.AllowedSSCMode)
		}
	case *gsm.PDUSessionReleaseReject:
		got = m.Cause
	case *gsm.PDUSessionModificationReject:
		got = m.Cause
	case *gsm.Status:
		got = m.Cause
	}
	if m.MessageType() != as || got != cause {
		t.Errorf("UE hears %s %v, want %#x %v", m.Name(), got, as, cause)
	}
}

// checkOneLine finds the one line that tells what was asked, what is allowed and what to change, without the identity.
func checkOneLine(t *testing.T, log string, cause gsm.Cause) {
	t.Helper()
	lines := 0
	for line := range strings.Lines(log) {
		if strings.Contains(line, `msg="PDU session refused"`) && strings.Contains(line, cause.String()) &&
			strings.Contains(line, "asked=") && strings.Contains(line, "allowed=") && strings.Contains(line, "change=") {
			lines++
		}
	}
	if lines != 1 {
		t.Errorf("%d log lines about the refusal, want 1:\n%s", lines, log)
	}
	if strings.Contains(log, phone.IMSI()) {
		t.Error("the log names the subscriber")
	}
}

// TestRefusedLater holds the refusals of a session whose SM context was promised: the UE hears by N1N2MessageTransfer,
// and nothing is left, TS 23.502 §4.3.2.2.1.
func TestRefusedLater(t *testing.T) {
	establishment, modification := pfcp.TypeSessionEstablishmentRequest, pfcp.TypeSessionModificationRequest
	tests := []struct {
		name  string
		world func(*world)
		after time.Duration
		gnb   ngap.Cause // what the gNB answers, 0 if it is not asked
		cause gsm.Cause
	}{
		{"PCF denies, TS 29.512 §4.2.2.2", func(w *world) { w.pcf.err = sbi.Problem(403, npcf.CausePolicyContextDenied, "") }, 0, 0, gsm.CauseRequestRejectedUnspecified},
		{"PCF fails", func(w *world) { w.pcf.err = errors.New("broken") }, 0, 0, gsm.CauseNetworkFailure},
		{"PCC rule without sense", func(w *world) { w.pcf.rules = []npcf.PCCRule{{ID: "x", FlowDescriptions: []string{"deny"}}} }, 0, 0, gsm.CauseNetworkFailure},
		{"more packet filters than the UE holds, TS 24.501 §6.2.5.1.1.2", func(w *world) {
			for i := range uint8(3) {
				w.pcf.rules = append(w.pcf.rules, npcf.PCCRule{ID: "x", Precedence: i, FlowDescriptions: []string{"permit out 6 from any 1,2,3,4,5,6 to assigned"}})
			}
		}, 0, 0, gsm.CauseRequestRejectedUnspecified},
		{"no UPF for the DNN", func(w *world) { w.smf.upfs[0].DNNs = []ident.DNN{"ims"} }, 0, 0, gsm.CauseNetworkFailure},
		{"no UPF for the slice", func(w *world) { w.smf.upfs[0].Slices = []ident.SNSSAI{{SST: 9}} }, 0, 0, gsm.CauseNetworkFailure},
		{"no UPF that answers", func(w *world) { w.smf.upfs[0].setUp(false) }, 0, 0, gsm.CauseNetworkFailure},
		{"UPF refuses, TS 29.244 §6.3.2", func(w *world) { w.upf.cause[establishment] = pfcp.CauseRuleCreationModificationFailure }, 0, 0, gsm.CauseNetworkFailure},
		{"UPF is full, TS 29.244 §6.3.2", func(w *world) { w.upf.cause[establishment] = pfcp.CauseNoResourcesAvailable }, 0, 0, gsm.CauseInsufficientResources},
		{"UPF is silent, TS 29.244 §6.4", func(w *world) { w.upf.silent[establishment] = true }, 5 * time.Second, 0, gsm.CauseNetworkFailure},
		{"gNB has no radio resources, TS 38.413 §8.2.1.2", nil, 0, ngap.CauseRadioNetworkRadioResourcesNotAvailable, gsm.CauseInsufficientResources},
		{"gNB has no transport, TS 38.413 §8.2.1.2", nil, 0, ngap.CauseTransportTransportResourceUnavailable, gsm.CauseNetworkFailure},
		{"UPF refuses the gNB's tunnel, TS 29.244 §6.3.3", func(w *world) { w.upf.cause[modification] = pfcp.CauseRuleCreationModificationFailure }, 0, 1, gsm.CauseNetworkFailure},
		{"panic", func(w *world) { w.pcf.panics = true }, 0, 0, gsm.CauseNetworkFailure},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				if tt.world != nil {
					tt.world(w)
				}
				ref := w.create(request(3, nil))
				w.pass(tt.after)
				if tt.gnb == 1 { // accepted by the gNB: what follows is a release
					w.amf.take()
					w.update(ref, gnbAccepts(1))
					w.upf.set(func() { clear(w.upf.cause) })
					command := w.decode(w.one().N1SMMsg).(*gsm.PDUSessionReleaseCommand)
					if command.Cause != tt.cause || command.PTI != 0 {
						t.Errorf("release command %+v", command)
					}
					w.fromUE(ref, &gsm.PDUSessionReleaseComplete{PDUSessionID: 5})
					w.noLeak()
					return
				}
				if tt.gnb != 0 {
					w.amf.take()
					w.update(ref, gnbRefuses(tt.gnb))
				}
				sent := w.one()
				if !sent.ReleaseOnSent || sent.SMContextRef != ref || sent.N2SMInfo.Type != "" {
					t.Errorf("transfer %+v", sent)
				}
				m := w.decode(sent.N1SMMsg)
				checkAnswer(t, m, gsm.TypePDUSessionEstablishmentReject, tt.cause)
				if m.TransactionID() != 3 || m.SessionID() != 5 {
					t.Errorf("identities %d, %d", m.SessionID(), m.TransactionID())
				}
				checkOneLine(t, w.logged(), tt.cause)
				if w.upf.silent[establishment] {
					w.heardAgain()
				}
				w.noLeak()
				if _, err := w.smf.UpdateSMContext(w.t.Context(), ref, gnbAccepts(1)); sbi.CauseOf(err) != sbi.CauseContextNotFound {
					t.Errorf("answer of the gNB after the end: %v", err)
				}
			})
		})
	}
}

// TestSilentUPFRetransmits counts the requests that reach a UPF which never answers, TS 29.244 §6.4.
func TestSilentUPFRetransmits(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.upf.silent[pfcp.TypeSessionEstablishmentRequest] = true
		w.create(request(1, nil))
		w.pass(3 * time.Second)
		if n := len(w.amf.take()); n != 0 {
			t.Fatalf("%d messages before the last try", n)
		}
		w.pass(2 * time.Second)
		checkAnswer(t, w.decode(w.one().N1SMMsg), gsm.TypePDUSessionEstablishmentReject, gsm.CauseNetworkFailure)
		if n := w.smf.n4.Stats.Retransmission.Load(); n != 3 {
			t.Errorf("%d retransmissions, want 3", n)
		}
		w.heardAgain()
		w.noLeak()
	})
}

// TestNoAddressLeft ends with cause #26 and the back-off timer T3396, TS 24.501 §6.4.1.4 and §6.2.7.
func TestNoAddressLeft(t *testing.T) {
	inWorld(t, func(_ *world, c *Config) { c.Timers.T3396 = 90 * time.Second }, func(w *world) {
		for id := uint8(1); id <= 6; id++ { // a /29 has six hosts, one is the gateway
			d := createData(request(1, func(m *gsm.PDUSessionEstablishmentRequest) { m.PDUSessionID = id }))
			d.PDUSessionID = id
			if _, err := w.smf.CreateSMContext(w.t.Context(), d); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		sent := w.amf.take()
		reject, ok := w.decode(sent[5].N1SMMsg).(*gsm.PDUSessionEstablishmentReject)
		if !ok || reject.Cause != gsm.CauseInsufficientResources || reject.BackOffTimer == nil {
			t.Fatalf("UE hears %+v", w.decode(sent[5].N1SMMsg))
		}
		if d, on := reject.BackOffTimer.Duration(); !on || d != 90*time.Second {
			t.Errorf("back-off %v", d)
		}
		checkOneLine(t, w.logged(), gsm.CauseInsufficientResources)
		for _, s := range w.smf.Sessions() {
			if err := w.smf.ReleaseSMContext(w.t.Context(), s.Ref, nsmf.SMContextReleaseData{}); err != nil {
				t.Error(err)
			}
		}
		w.noLeak()
	})
}

// TestExistingSession: there is no other access from which a session could be moved, TS 23.502 §4.3.2.2.1 step 1.
func TestExistingSession(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		ref := w.established()
		d := createData(request(2, nil))
		d.RequestType = nsmf.ExistingPDUSession
		_, err := w.smf.CreateSMContext(w.t.Context(), d)
		refused, ok := errors.AsType[*nsmf.SMContextError](err)
		if !ok {
			t.Fatal(err)
		}
		checkAnswer(t, w.decode(refused.N1SMMsg), gsm.TypePDUSessionEstablishmentReject, gsm.CauseServiceOptionNotSupported)
		if w.info(ref).State != Active {
			t.Error("the session did not go on")
		}
	})
}

// TestAMFDoesNotTakeAccept gives everything back, TS 23.502 §4.3.2.2.1 step 11.
func TestAMFDoesNotTakeAccept(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.amf.fail(sbi.Problem(404, sbi.CauseContextNotFound, ""))
		w.create(request(1, nil))
		checkOneLine(t, w.logged(), gsm.CauseNetworkFailure)
		w.noLeak()
	})
}

// TestStaticAddress gives the subscribed address, TS 23.501 §5.8.2.2.1, also to the session that takes its place.
func TestStaticAddress(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.udm.data.StaticIPv4 = netip.MustParseAddr("10.45.0.4")
		first := w.established()
		second := w.create(request(2, nil))
		accept := w.decode(w.one().N1SMMsg).(*gsm.PDUSessionEstablishmentAccept)
		if accept.PDUAddress.IPv4 != w.udm.data.StaticIPv4 || second == first {
			t.Errorf("address %v", accept.PDUAddress)
		}
		if err := w.smf.ReleaseSMContext(w.t.Context(), second, nsmf.SMContextReleaseData{}); err != nil {
			t.Error(err)
		}
		w.noLeak()
	})
}

// TestIdentityUsedAgain releases the old session and makes the new one, TS 24.501 §6.4.1.7, wherever the old one is.
func TestIdentityUsedAgain(t *testing.T) {
	for _, stage := range []string{"waiting for the gNB", "active", "releasing", "waiting for the UPF"} {
		t.Run(stage, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				silent := stage == "waiting for the UPF"
				w.upf.set(func() { w.upf.silent[pfcp.TypeSessionEstablishmentRequest] = silent })
				first := w.create(request(1, nil))
				if stage == "active" || stage == "releasing" {
					w.update(first, gnbAccepts(1))
				}
				if stage == "releasing" {
					w.fromUE(first, &gsm.PDUSessionReleaseRequest{PDUSessionID: 5, PTI: 9})
				}
				w.amf.take()
				w.upf.set(func() { w.upf.silent[pfcp.TypeSessionEstablishmentRequest] = false })
				second := w.create(request(2, nil))
				w.pass(5 * time.Second)
				accept, ok := w.decode(w.one().N1SMMsg).(*gsm.PDUSessionEstablishmentAccept)
				if !ok || accept.PTI != 2 {
					t.Fatalf("UE hears %+v", accept)
				}
				if s := w.smf.Sessions(); len(s) != 1 || s[0].Ref != second {
					t.Errorf("sessions %+v", s)
				}
				w.update(second, gnbAccepts(2))
				if _, n := w.upf.only(t); n.peer.TEID != 2 || n.request.CPFSEID.SEID != w.info(second).LocalSEID {
					t.Errorf("UPF has %+v", n)
				}
				if len(w.udm.registered) != 1 {
					t.Errorf("UDM has %v", w.udm.registered)
				}
				if err := w.smf.ReleaseSession(phone, 5); err != nil { // the identity means the new session
					t.Error(err)
				}
				synctest.Wait()
				if command, ok := w.decode(w.one().N1SMMsg).(*gsm.PDUSessionReleaseCommand); !ok || w.info(second).State != Releasing {
					t.Errorf("UE hears %+v", command)
				}
				if err := w.smf.ReleaseSMContext(w.t.Context(), second, nsmf.SMContextReleaseData{}); err != nil {
					t.Error(err)
				}
				w.noLeak()
			})
		})
	}
}

// TestSilentGNB leaves a session without user plane that the next packet can wake, TS 23.502 §4.2.3.3.
func TestSilentGNB(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		ref := w.create(request(1, nil))
		w.pass(11 * time.Second)
		s := w.info(ref)
		if _, n := w.upf.only(t); s.State != Active || s.UpCnxState != nsmf.Deactivated || n.action != bufferAndNotify || len(w.udm.registered) != 1 {
			t.Errorf("session %+v, UPF does %v", s, n.action)
		}
		if _, err := w.smf.UpdateSMContext(w.t.Context(), ref, gnbAccepts(0x77)); sbi.CauseOf(err) != nsmf.CauseN2SMError {
			t.Errorf("late answer: %v", err) // the gNB has been asked to release the session, and the AMF thinks that it has
		}
		w.pass(0)
		if s := w.info(ref); s.UpCnxState != nsmf.Deactivated {
			t.Errorf("after a late answer the user plane is %s", s.UpCnxState)
		}
	})
}

// TestUDMDoesNotRegister releases the session that the UDM refuses at step 16c of TS 23.502 §4.3.2.2.1.
func TestUDMDoesNotRegister(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.udm.refuse = sbi.Problem(403, nudm.CauseDNNNotAllowed, "")
		ref := w.create(request(1, nil))
		w.amf.take()
		w.update(ref, gnbAccepts(1))
		sent := w.one()
		if command, ok := w.decode(sent.N1SMMsg).(*gsm.PDUSessionReleaseCommand); !ok || command.Cause != gsm.CauseNetworkFailure || sent.N2SMInfo.Type != nsmf.PDUResRelCmd {
			t.Errorf("transfer %+v", sent)
		}
		w.fromUE(ref, &gsm.PDUSessionReleaseComplete{PDUSessionID: 5})
		w.noLeak()
	})
}
