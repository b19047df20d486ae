package smf

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// decide has the PCF notify of other rules and lets the session run until it waits.
func (w *world) decide(ref string, rules ...npcf.PCCRule) {
	w.t.Helper()
	w.pcf.mu.Lock()
	w.pcf.last.PCCRules = rules
	d := w.pcf.last
	w.pcf.mu.Unlock()
	if err := w.smf.SMPolicyUpdateNotify(w.t.Context(), ref, d); err != nil {
		w.t.Fatal(err)
	}
	w.pass(0)
}

// commandIn reads the PDU SESSION MODIFICATION COMMAND in what the AMF was asked to send.
func (w *world) commandIn(sent namf.N1N2MessageTransferReqData) *gsm.PDUSessionModificationCommand {
	w.t.Helper()
	m, ok := w.decode(sent.N1SMMsg).(*gsm.PDUSessionModificationCommand)
	if !ok {
		w.t.Fatalf("UE gets %T", w.decode(sent.N1SMMsg))
	}
	return m
}

func gnbModifies(failed ...ngap.QosFlowIdentifier) nsmf.SMContextUpdateData {
	var t ngap.PDUSessionResourceModifyResponseTransfer
	for _, qfi := range failed {
		t.QosFlowFailedToAddOrModifyList = append(t.QosFlowFailedToAddOrModifyList,
			ngap.QosFlowWithCauseItem{QosFlowIdentifier: qfi, Cause: ngap.CauseRadioNetworkRadioResourcesNotAvailable})
	}
	b, err := t.Append(nil)
	if err != nil {
		panic(err)
	}
	return nsmf.SMContextUpdateData{N2SMInfo: nsmf.N2SMInfo{Type: nsmf.PDUResModRsp, Data: b}}
}

func gnbRefusesModification() nsmf.SMContextUpdateData {
	b, err := (&ngap.PDUSessionResourceModifyUnsuccessfulTransfer{Cause: ngap.CauseRadioNetworkUnspecified}).Append(nil)
	if err != nil {
		panic(err)
	}
	return nsmf.SMContextUpdateData{N2SMInfo: nsmf.N2SMInfo{Type: nsmf.PDUResModFail, Data: b}}
}

// complete is both answers to a modification.
func (w *world) complete(ref string) {
	w.t.Helper()
	w.update(ref, gnbModifies())
	w.fromUE(ref, &gsm.PDUSessionModificationComplete{PDUSessionID: 5})
}

// TestModificationAgrees changes the PCC rules of a session and checks that UE, gNB and UPF go from the same to the same,
// each by the operations that its interface has, TS 23.502 §4.3.3.2 and TS 23.502 §4.16.5.2.
func TestModificationAgrees(t *testing.T) {
	inWorld(t, func(w *world, _ *Config) { w.pcf.rules = voiceAndVideo }, func(w *world) {
		ref := w.established()
		voice, all, web, games := voiceAndVideo[0], voiceAndVideo[1], voiceAndVideo[2], voiceAndVideo[3]
		voice.MaxBitRate.Downlink = 400e3                                        // the flow changes
		web.FlowDescriptions = []string{"permit out 6 from any 443 to assigned"} // the rule changes
		mail := npcf.PCCRule{ID: "mail", Precedence: 30, FlowDescriptions: []string{"permit out 6 from any 993 to assigned"}, FiveQI: 6, ARP: games.ARP}
		w.decide(ref, voice, all, web, mail) // games goes
		sent := w.one()
		m := w.commandIn(sent)
		if m.PTI != 0 || m.AuthorizedQoSRules.Check() != nil || m.AuthorizedQoSFlowDescriptions.Check() != nil {
			t.Errorf("command %+v", m)
		}
		var rules []gsm.RuleOperation
		for _, r := range m.AuthorizedQoSRules {
			rules = append(rules, r.Operation)
		}
		var flows []gsm.FlowOperation
		for _, f := range m.AuthorizedQoSFlowDescriptions {
			flows = append(flows, f.Operation)
		}
		if !slices.Equal(rules, []gsm.RuleOperation{gsm.DeleteRule, gsm.ReplacePacketFilters, gsm.CreateRule}) ||
			!slices.Equal(flows, []gsm.FlowOperation{gsm.DeleteFlow, gsm.ModifyFlow, gsm.CreateFlow}) {
			t.Errorf("operations on rules %v, on flows %v", rules, flows)
		}
		n2, err := ngap.DecodePDUSessionResourceModifyRequestTransfer(sent.N2SMInfo.Data)
		if err != nil || sent.N2SMInfo.Type != nsmf.PDUResModReq {
			t.Fatal(sent.N2SMInfo.Type, err)
		}
		if len(n2.QosFlowAddOrModifyRequestList) != 2 || len(n2.QosFlowToReleaseList) != 1 || n2.QosFlowToReleaseList[0].QosFlowIdentifier != 3 ||
			n2.PDUSessionAggregateMaximumBitRate != nil {
			t.Errorf("gNB gets %+v", n2)
		}
		w.complete(ref)
		_, n := w.upf.only(t)
		now := w.smf.find(ref)
		want := now.rules(now.qos, now.uplink.fteid())
		if len(n.pdrs) != 8 || len(n.qers) != 4 {
			t.Errorf("UPF has %d PDRs and %d QERs", len(n.pdrs), len(n.qers))
		}
		for id, q := range want.qers {
			if n.qers[id] != q {
				t.Errorf("QER %d: %+v, want %+v", id, n.qers[id], q)
			}
		}
		if q := n.qers[flowQER(2)]; q.MBR.Value().Downlink != 400 {
			t.Errorf("voice at the UPF %+v", q)
		}
		w.endAll()
	})
}

// endAll ends every session as an AMF does and checks that nothing is left.
func (w *world) endAll() {
	w.t.Helper()
	for _, s := range w.smf.Sessions() {
		if err := w.smf.ReleaseSMContext(w.t.Context(), s.Ref, nsmf.SMContextReleaseData{}); err != nil {
			w.t.Error(err)
		}
	}
	w.pass(0)
	w.noLeak()
}

// TestModificationFails leaves everybody with what they had, TS 24.501 §6.3.2.4 and TS 24.501 §6.3.2.5.
func TestModificationFails(t *testing.T) {
	tests := []struct {
		name string
		fail func(w *world, ref string)
		gnb  bool // the gNB must be brought back
	}{
		{"gNB refuses", func(w *world, ref string) { w.update(ref, gnbRefusesModification()) }, false},
		{"gNB sends what cannot be read", func(w *world, ref string) {
			_, _ = w.smf.UpdateSMContext(w.t.Context(), ref, nsmf.SMContextUpdateData{N2SMInfo: nsmf.N2SMInfo{Type: nsmf.PDUResModRsp}})
			w.pass(0)
		}, false},
		{"UE refuses", func(w *world, ref string) {
			w.update(ref, gnbModifies())
			w.fromUE(ref, &gsm.PDUSessionModificationCommandReject{PDUSessionID: 5, Cause: gsm.CauseSemanticErrorInTheQoSOperation})
		}, true},
		{"UE is silent", func(w *world, ref string) {
			w.update(ref, gnbModifies())
			w.pass(81 * time.Second)
		}, true},
		{"UPF refuses", nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				ref := w.established()
				if tt.fail == nil {
					w.upf.set(func() { w.upf.cause[pfcp.TypeSessionModificationRequest] = pfcp.CauseRuleCreationModificationFailure })
				}
				w.decide(ref, voiceAndVideo...)
				if tt.fail != nil {
					tt.fail(w, ref)
				}
				w.upf.set(func() { clear(w.upf.cause) })
				sent := w.amf.take()
				if last := sent[max(0, len(sent)-1):]; tt.gnb && (len(last) != 1 || last[0].N2SMInfo.Type != nsmf.PDUResModReq || last[0].N1SMMsg != nil) {
					t.Errorf("gNB is not brought back: %+v", last)
				}
				w.update(ref, gnbModifies())
				_, n := w.upf.only(t)
				if s := w.info(ref); s.State != Active || len(s.QFIs) != 1 || len(n.pdrs) != 2 || len(n.qers) != 2 {
					t.Errorf("session %+v, UPF has %d PDRs and %d QERs", s, len(n.pdrs), len(n.qers))
				}
				w.endAll()
			})
		})
	}
}

// TestModificationCollides, TS 24.501 §6.3.2.5: a request of the UE is ignored, its release goes before, and what is lost
// with the connection is repeated.
func TestModificationCollides(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		ref := w.established()
		w.decide(ref, voiceAndVideo...)
		w.amf.take()
		if out, m := w.fromUE(ref, &gsm.PDUSessionModificationRequest{PDUSessionID: 5, PTI: 9}); m != nil || out.Released {
			t.Errorf("UE hears %v", m)
		}
		w.update(ref, nsmf.SMContextUpdateData{UpCnxState: nsmf.Deactivated})
		if m := w.commandIn(w.one()); len(m.AuthorizedQoSRules) != 4 || m.AuthorizedQoSRules[3].Operation != gsm.ReplacePacketFilters {
			t.Errorf("UE is told %+v", m)
		}
		_, m := w.fromUE(ref, &gsm.PDUSessionReleaseRequest{PDUSessionID: 5, PTI: 10})
		if c, ok := m.(*gsm.PDUSessionReleaseCommand); !ok || c.PTI != 10 {
			t.Fatalf("UE hears %+v", m)
		}
		w.fromUE(ref, &gsm.PDUSessionReleaseComplete{PDUSessionID: 5, PTI: 10})
		w.noLeak()
	})
}

// TestPolicyTerminate releases a session that the PCF ends, TS 29.512 §4.2.3.3 and TS 23.502 §4.16.6.
func TestPolicyTerminate(t *testing.T) {
	for why, cause := range map[npcf.ReleaseCause]gsm.Cause{
		npcf.ReleasePolicyReasons: gsm.CauseOperatorDeterminedBarring, npcf.ReleaseInsufficientResources: gsm.CauseInsufficientResources,
		npcf.ReleaseUESubscription: gsm.CauseRequestedServiceOptionNotSubscribed,
	} {
		inWorld(t, nil, func(w *world) {
			ref := w.established()
			if err := w.smf.SMPolicyTerminateNotify(t.Context(), ref, npcf.TerminationNotification{Cause: why}); err != nil {
				t.Fatal(err)
			}
			w.pass(0)
			if c, ok := w.decode(w.one().N1SMMsg).(*gsm.PDUSessionReleaseCommand); !ok || c.Cause != cause {
				t.Errorf("%s: UE hears %+v", why, c)
			}
			w.fromUE(ref, &gsm.PDUSessionReleaseComplete{PDUSessionID: 5})
			w.noLeak()
			if err := w.smf.SMPolicyUpdateNotify(t.Context(), ref, npcf.SMPolicyDecision{}); sbi.CauseOf(err) != npcf.CausePolicyContextNotFound {
				t.Errorf("notification about a session that is gone: %v", err)
			}
		})
	}
}

// TestSubscriptionChanged brings a changed Session-AMBR into force and ends what is subscribed no more, TS 29.503 §5.2.2.5
// and TS 23.502 §4.16.5.1.
func TestSubscriptionChanged(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		ref := w.established()
		w.udm.data.SessionAMBR = nudm.AMBR{Uplink: 1e6, Downlink: 2e6}
		w.smf.SubscriptionDataChanged(t.Context(), phone)
		w.pass(0)
		sent := w.one()
		m := w.commandIn(sent)
		n2, err := ngap.DecodePDUSessionResourceModifyRequestTransfer(sent.N2SMInfo.Data)
		if err != nil || m.SessionAMBR == nil || m.SessionAMBR.Downlink.BitsPerSecond() != 2e6 || n2.PDUSessionAggregateMaximumBitRate.PDUSessionAggregateMaximumBitRateUL != 1e6 {
			t.Errorf("UE %+v, gNB %+v, %v", m, n2, err)
		}
		w.complete(ref)
		if _, n := w.upf.only(t); n.qers[ambrQER].MBR.Value().Downlink != 2000 {
			t.Errorf("UPF %+v", n.qers[ambrQER])
		}
		w.udm.err = sbi.Problem(404, nudm.CauseDataNotFound, "")
		w.smf.SubscriptionDataChanged(t.Context(), phone)
		w.pass(0)
		if c, ok := w.decode(w.one().N1SMMsg).(*gsm.PDUSessionReleaseCommand); !ok || c.Cause != gsm.CauseRequestedServiceOptionNotSubscribed {
			t.Errorf("UE hears %+v", c)
		}
		w.endAll()
	})
}

// TestRelocate asks a UE for another session, TS 23.502 §4.3.5.1, TS 23.502 §4.3.5.2 and TS 23.501 §5.6.9.2.1.
func TestRelocate(t *testing.T) {
	for mode := gsm.SSCMode1; mode <= gsm.SSCMode3; mode++ {
		inWorld(t, func(w *world, _ *Config) { w.udm.data.AllowedSSCModes = []uint8{1, 2, 3} }, func(w *world) {
			ref := w.create(request(1, func(m *gsm.PDUSessionEstablishmentRequest) { m.SSCMode = &mode }))
			w.update(ref, gnbAccepts(7))
			w.amf.take()
			err := w.smf.Relocate(phone, 5)
			w.pass(0)
			switch mode {
			case gsm.SSCMode1:
				if sbi.CauseOf(err) != nsmf.CauseSSCDenied {
					t.Errorf("SSC mode 1: %v", err)
				}
			case gsm.SSCMode2:
				if c, ok := w.decode(w.one().N1SMMsg).(*gsm.PDUSessionReleaseCommand); err != nil || !ok || c.Cause != gsm.CauseReactivationRequested {
					t.Errorf("SSC mode 2: %+v, %v", c, err)
				}
			case gsm.SSCMode3:
				if m := w.commandIn(w.one()); err != nil || m.Cause == nil || *m.Cause != gsm.CauseReactivationRequested {
					t.Errorf("SSC mode 3: %+v, %v", m, err)
				}
				w.fromUE(ref, &gsm.PDUSessionModificationComplete{PDUSessionID: 5})
				w.pass(59 * time.Second)
				if n := w.amf.count(); n != 0 {
					t.Errorf("%d messages before T3593 expires", n)
				}
				w.pass(2 * time.Second)
				if c, ok := w.decode(w.one().N1SMMsg).(*gsm.PDUSessionReleaseCommand); !ok || c.Cause != gsm.CauseRegularDeactivation {
					t.Errorf("SSC mode 3 after T3593: %+v", c)
				}
			}
			w.endAll()
			if err := w.smf.Relocate(phone, 5); sbi.CauseOf(err) != sbi.CauseContextNotFound {
				t.Errorf("no session: %v", err)
			}
		})
	}
}

// asks is a request for a rule with a QoS flow of its own, TS 24.501 §6.4.2.2.
func asks(pti uint8) *gsm.PDUSessionModificationRequest {
	rule := gsm.QoSRule{Operation: gsm.CreateRule, Precedence: 40, Segregation: true, Filters: []gsm.PacketFilter{{
		Direction: gsm.Bidirectional, Components: []gsm.Component{
			gsm.ProtocolComponent(17), gsm.PrefixComponent(netip.MustParsePrefix("198.51.100.0/24"), true), gsm.PortComponent(1000, 2000, false)}}}}
	return &gsm.PDUSessionModificationRequest{PDUSessionID: 5, PTI: pti, RequestedQoSRules: gsm.QoSRules{rule},
		RequestedQoSFlowDescriptions: gsm.QoSFlowDescriptions{gsm.NewQoSFlow(0, gsm.FiveQI(1),
			gsm.FlowBitRate(gsm.ParameterGFBRUplink, 64e3), gsm.FlowBitRate(gsm.ParameterGFBRDownlink, 64e3),
			gsm.FlowBitRate(gsm.ParameterMFBRUplink, 128e3), gsm.FlowBitRate(gsm.ParameterMFBRDownlink, 128e3))}}
}

// TestUERequestedModification asks the PCF for what the UE wants and gives the UE what the PCF grants, with the UE's own
// PTI, TS 24.501 §6.4.2.3 and TS 29.512 §4.2.4.17.
func TestUERequestedModification(t *testing.T) {
	inWorld(t, func(w *world, _ *Config) {
		w.pcf.grants = []npcf.PCCRule{{ID: "ue-1", Precedence: 40, FlowDescriptions: []string{"permit out 17 from 198.51.100.0/24 to assigned 1000-2000"},
			FiveQI: 1, ARP: nudm.ARP{PriorityLevel: 8}, MaxBitRate: nudm.AMBR{Uplink: 128e3, Downlink: 128e3}, GuaranteedBitRate: nudm.AMBR{Uplink: 64e3, Downlink: 64e3}}}
	}, func(w *world) {
		ref := w.established()
		if _, m := w.fromUE(ref, asks(7)); m != nil {
			t.Fatalf("UE hears %+v at once", m)
		}
		asked := w.pcf.asked[0].UEInitResReq
		if len(asked) != 1 || asked[0].RuleOp != npcf.CreatePCCRule || asked[0].FiveQI != 1 || asked[0].Guaranteed != (nudm.AMBR{Uplink: 64e3, Downlink: 64e3}) ||
			!slices.Equal(asked[0].FlowDescriptions, []string{"permit out 17 from 198.51.100.0/24 to assigned 1000-2000"}) {
			t.Errorf("PCF is asked %+v", asked)
		}
		if m := w.commandIn(w.one()); m.PTI != 7 || len(m.AuthorizedQoSRules) != 1 || m.AuthorizedQoSRules[0].QFI != 2 {
			t.Errorf("UE hears %+v", m)
		}
		w.update(ref, gnbModifies())
		if _, m := w.fromUE(ref, &gsm.PDUSessionModificationComplete{PDUSessionID: 5, PTI: 8}); m == nil {
			t.Error("an answer with another PTI is taken")
		}
		w.fromUE(ref, &gsm.PDUSessionModificationComplete{PDUSessionID: 5, PTI: 7})
		if s := w.info(ref); len(s.QFIs) != 2 {
			t.Errorf("session %+v", s)
		}
		w.endAll()
	})
}

// TestUERequestedModificationRefused answers with the cause of TS 24.501 §6.4.2.4 and changes nothing.
func TestUERequestedModificationRefused(t *testing.T) {
	on := func(r gsm.QoSRule, f ...gsm.QoSFlowDescription) *gsm.PDUSessionModificationRequest {
		return &gsm.PDUSessionModificationRequest{PDUSessionID: 5, PTI: 7, RequestedQoSRules: gsm.QoSRules{r}, RequestedQoSFlowDescriptions: f}
	}
	udp := []gsm.PacketFilter{{ID: 1, Direction: gsm.Bidirectional, Components: []gsm.Component{gsm.ProtocolComponent(17)}}}
	tests := []struct {
		name   string
		world  func(*world)
		m      *gsm.PDUSessionModificationRequest
		cause  gsm.Cause
		atOnce bool
	}{
		{"PCF denies", func(w *world) { w.pcf.refuse = sbi.Problem(403, npcf.CausePolicyContextDenied, "") }, asks(7), gsm.Cause5GSQoSNotAccepted, false},
		{"PCF fails", func(w *world) { w.pcf.refuse = errors.New("broken") }, asks(7), gsm.CauseNetworkFailure, false},
		{"no such rule", nil, on(gsm.QoSRule{ID: 9, Operation: gsm.DeleteRule}), gsm.CauseSemanticErrorInTheQoSOperation, false},
		{"the default rule", nil, on(gsm.QoSRule{ID: 1, Operation: gsm.DeleteRule}), gsm.CauseSemanticErrorInTheQoSOperation, false},
		{"a second default rule", nil, on(gsm.DefaultRule(0, 9, 0)), gsm.CauseSemanticErrorInTheQoSOperation, false},
		{"no such flow", nil, on(gsm.QoSRule{Operation: gsm.CreateRule, Filters: udp, QFI: 9}), gsm.CauseSemanticErrorInTheQoSOperation, false},
		{"deletes a flow that is not there", nil, on(gsm.QoSRule{Operation: gsm.CreateRule, Filters: udp}, gsm.QoSFlowDescription{QFI: 9, Operation: gsm.DeleteFlow}), gsm.CauseSemanticErrorInTheQoSOperation, false},
		{"no filter", nil, on(gsm.QoSRule{Operation: gsm.AddPacketFilters, ID: 1}), gsm.CauseSyntacticalErrorInTheQoSOperation, true},
		{"filter of nothing", nil, on(gsm.QoSRule{Operation: gsm.CreateRule, Filters: []gsm.PacketFilter{{Direction: gsm.Bidirectional}}}), gsm.CauseSyntacticalErrorInPacketFilter, true},
		{"components exclude each other", nil, on(gsm.QoSRule{Operation: gsm.CreateRule, Filters: []gsm.PacketFilter{{Direction: gsm.Bidirectional,
			Components: []gsm.Component{gsm.ProtocolComponent(6), gsm.ProtocolComponent(17)}}}}), gsm.CauseSemanticErrorsInPacketFilter, true},
		{"uplink only", nil, on(gsm.QoSRule{Operation: gsm.CreateRule, Filters: []gsm.PacketFilter{{Direction: gsm.UplinkOnly, Components: udp[0].Components}}}), gsm.Cause5GSQoSNotAccepted, false},
		{"slower integrity protection than required", func(w *world) { w.smf.all()[0].security.Integrity = Required },
			&gsm.PDUSessionModificationRequest{PDUSessionID: 5, PTI: 7, IntegrityProtectionMaximumDataRate: &gsm.IntegrityProtectionMaximumDataRate{}},
			gsm.CauseMaximumDataRatePerUEForUserPlaneIntegrityProtectionIsTooLow, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				ref := w.established()
				if tt.world != nil {
					tt.world(w)
				}
				_, m := w.fromUE(ref, tt.m)
				if !tt.atOnce {
					m = w.decode(w.one().N1SMMsg)
				}
				checkAnswer(t, m, gsm.TypePDUSessionModificationReject, tt.cause)
				if s := w.info(ref); s.State != Active || len(s.QFIs) != 1 {
					t.Errorf("session %+v", s)
				}
				w.endAll()
			})
		})
	}
}
