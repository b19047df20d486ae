package gsm

import (
	"net/netip"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/internal/nastest"
)

// realistic returns messages with the elements that a core or a phone is likely to send.
func realistic() []Message {
	eap := []byte{3, 1, 0, 4}
	v4 := netip.MustParseAddr("10.45.0.3")
	fullRate := IntegrityProtectionMaximumDataRate{RateFull, RateFull}
	asked := ProtocolConfigurationOptions(nil).Add(nas.Uplink, IPv4AddressViaNAS, nil).Add(nas.Uplink, DNSServerIPv4Address, nil).
		Add(nas.Uplink, DNSServerIPv6Address, nil).Add(nas.Uplink, IPv4LinkMTU, nil).Add(nas.Uplink, PCSCFIPv4Address, nil)
	given := ProtocolConfigurationOptions(nil).AddDNS(netip.MustParseAddr("8.8.8.8")).AddDNS(netip.MustParseAddr("2001:4860:4860::8888")).
		AddPCSCF(netip.MustParseAddr("10.0.0.7")).AddMTU(IPv4LinkMTU, 1400)
	slice := nas.SNSSAI{SNSSAI: ident.SNSSAI{SST: 1, SD: 0x010203}}
	flows := QoSFlowDescriptions{
		NewQoSFlow(1, FiveQI(9)),
		NewQoSFlow(2, FiveQI(1), FlowBitRate(ParameterGFBRUplink, 64e3), FlowBitRate(ParameterGFBRDownlink, 64e3),
			FlowBitRate(ParameterMFBRUplink, 128e3), FlowBitRate(ParameterMFBRDownlink, 128e3), AveragingWindow(2000)),
	}
	voice := QoSRule{ID: 2, Operation: CreateRule, Precedence: 10, QFI: 2, Filters: []PacketFilter{
		{ID: 1, Direction: UplinkOnly, Components: everyComponent()[:7]},
		{ID: 2, Direction: DownlinkOnly, Components: []Component{ProtocolComponent(6), PortComponent(5060, 5061, false)}},
	}}
	rules := QoSRules{DefaultRule(1, 255, 1), voice}
	changed := QoSRules{{ID: 2, Operation: DeletePacketFilters, Filters: []PacketFilter{{ID: 1}}, Precedence: 11, QFI: 2}, {ID: 3, Operation: DeleteRule},
		{ID: 1, Operation: ModifyRule, Default: true, Precedence: 254, QFI: 3}}
	accept := func(a PDUAddress) Message {
		return &PDUSessionEstablishmentAccept{
			PDUSessionID: 5, PTI: 1, SelectedPDUSessionType: a.Type, SelectedSSCMode: SSCMode1, AuthorizedQoSRules: rules,
			SessionAMBR: NewSessionAMBR(1e9, 200e6), PDUAddress: &a, RQTimer: new(nas.NewGPRSTimer(time.Minute)), SNSSAI: &slice,
			AlwaysOnIndication: new(uint8(1)), AuthorizedQoSFlowDescriptions: flows, ProtocolConfigurationOptions: given, DNN: "internet",
		}
	}
	return []Message{
		&PDUSessionEstablishmentRequest{
			PDUSessionID: 5, PTI: 1, IntegrityProtectionMaximumDataRate: fullRate, PDUSessionType: new(IPv4v6), SSCMode: new(SSCMode1),
			Capability: Capability{1}, MaximumPacketFilters: new(MaximumPacketFilters(64)), AlwaysOnRequested: new(uint8(1)), ProtocolConfigurationOptions: asked,
		},
		accept(PDUAddress{Type: IPv4, IPv4: v4}),
		accept(PDUAddress{Type: IPv6, InterfaceID: [8]byte{7: 1}}),
		accept(PDUAddress{Type: IPv4v6, InterfaceID: [8]byte{7: 1}, IPv4: v4}),
		&PDUSessionEstablishmentReject{
			PDUSessionID: 5, PTI: 1, Cause: CauseMissingOrUnknownDNN, BackOffTimer: new(nas.NewGPRSTimer3(time.Hour)),
			AllowedSSCMode: new(SSC1Allowed | SSC2Allowed), EAPMessage: eap, CongestionReattemptIndicator: new(uint8(1)),
			ProtocolConfigurationOptions: given, ReattemptIndicator: new(NoReattemptInS1Mode),
		},
		&PDUSessionAuthenticationCommand{PDUSessionID: 5, EAPMessage: eap, ProtocolConfigurationOptions: given},
		&PDUSessionAuthenticationComplete{PDUSessionID: 5, EAPMessage: eap},
		&PDUSessionAuthenticationResult{PDUSessionID: 5, EAPMessage: eap},
		&PDUSessionModificationRequest{
			PDUSessionID: 5, PTI: 2, Capability: Capability{3}, MaximumPacketFilters: new(MaximumPacketFilters(17)),
			IntegrityProtectionMaximumDataRate: &fullRate, RequestedQoSRules: rules, RequestedQoSFlowDescriptions: flows[1:],
		},
		&PDUSessionModificationReject{PDUSessionID: 5, PTI: 2, Cause: CauseSemanticErrorInTheQoSOperation},
		&PDUSessionModificationCommand{
			PDUSessionID: 5, Cause: new(CauseReactivationRequested), SessionAMBR: new(NewSessionAMBR(2e9, 3e9)),
			AuthorizedQoSRules: changed, AuthorizedQoSFlowDescriptions: QoSFlowDescriptions{{QFI: 2, Operation: DeleteFlow}},
			ProtocolConfigurationOptions: ProtocolConfigurationOptions(nil).AddAddressLifetime(time.Minute),
		},
		&PDUSessionModificationComplete{PDUSessionID: 5},
		&PDUSessionModificationCommandReject{PDUSessionID: 5, Cause: CauseSyntacticalErrorInTheQoSOperation},
		&PDUSessionReleaseRequest{PDUSessionID: 5, PTI: 3, Cause: new(CauseRegularDeactivation)},
		&PDUSessionReleaseReject{PDUSessionID: 5, PTI: 3, Cause: CausePDUSessionDoesNotExist},
		&PDUSessionReleaseCommand{PDUSessionID: 5, PTI: 3, Cause: CauseRegularDeactivation, BackOffTimer: new(nas.GPRSTimer3Deactivated)},
		&PDUSessionReleaseComplete{PDUSessionID: 5, PTI: 3},
		&Status{PDUSessionID: 5, PTI: 3, Cause: CauseInvalidPTIValue},
	}
}

// An independent decoder reads every message that a core or phone is likely to send, TS 24.501 §8.3.
func TestTshark(t *testing.T) {
	var names []string
	var pdus [][]byte
	for _, m := range realistic() {
		b, err := Append(nil, m)
		if err != nil {
			t.Fatal(err)
		}
		names, pdus = append(names, m.Name()), append(pdus, b)
	}
	nastest.TsharkClean(t, names, pdus)
}
