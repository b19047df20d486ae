package upf_test

import (
	"context"
	"log/slog"
	"net/netip"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/nf/upf/memory"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

var (
	smfAddr = netip.MustParseAddrPort("10.0.4.1:8805")
	upfAddr = netip.MustParseAddrPort("10.0.4.2:8805")
	n3      = netip.MustParseAddr("10.0.3.1")
	gnb     = netip.MustParseAddr("10.0.3.2")
	ue      = netip.MustParseAddr("10.60.0.7")
	server  = netip.MustParseAddr("192.0.2.1")
	node    = pfcp.NodeID{Addr: smfAddr.Addr()}
	dnn     = pfcp.Some(pfcp.NetworkInstance("internet"))
)

func config() upf.Config {
	return upf.Config{N4: upfAddr, N3: n3, ExtraSlots: 4,
		Networks: []upf.Network{{DNN: "internet", TUN: "upf0", Pools: []netip.Prefix{netip.MustParsePrefix("10.60.0.0/24")}}}}
}

// rig is a UPF with a data path in memory and an SMF that the test plays, in virtual time.
type rig struct {
	*testing.T
	upf  *upf.UPF
	path *memory.Path
	smf  *pfcp.Endpoint

	mu      sync.Mutex
	reports []*pfcp.SessionReportRequest
	nodes   []*pfcp.NodeReportRequest
	headers []pfcp.Header
	answer  *pfcp.SessionReportResponse // nil: silence
}

// run runs f in a bubble of virtual time.
func run(t *testing.T, f func(r *rig)) {
	runOn(t, func(p *memory.Path) upf.Datapath { return p }, f)
}

// runOn is run with another data path around that in memory.
func runOn(t *testing.T, wrap func(*memory.Path) upf.Datapath, f func(r *rig)) {
	synctest.Test(t, func(t *testing.T) {
		near, far := pfcp.Pipe(smfAddr, upfAddr)
		cfg := config()
		cfg.N4Conn = far
		r := &rig{T: t, path: memory.New(), answer: &pfcp.SessionReportResponse{Cause: pfcp.CauseRequestAccepted}}
		u, err := upf.New(cfg, wrap(r.path), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		r.upf = u
		r.smf = pfcp.NewEndpoint(near, pfcp.Config{Handle: r.served})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- u.Run(ctx) }()
		synctest.Wait()
		f(r)
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		if err := r.smf.Close(); err != nil {
			t.Error(err)
		}
	})
}

func (r *rig) served(_ context.Context, _ netip.AddrPort, h pfcp.Header, m pfcp.Message) (uint64, pfcp.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n, ok := m.(*pfcp.NodeReportRequest); ok {
		r.nodes = append(r.nodes, n)
		return 0, &pfcp.NodeReportResponse{NodeID: node, Cause: pfcp.CauseRequestAccepted}
	}
	r.reports = append(r.reports, m.(*pfcp.SessionReportRequest))
	r.headers = append(r.headers, h)
	if r.answer == nil {
		return 0, nil
	}
	return 1, r.answer
}

// told returns the reports since the last call.
func (r *rig) told() []*pfcp.SessionReportRequest {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.reports
	r.reports = nil
	return out
}

// nodeTold returns the node reports since the last call.
func (r *rig) nodeTold() []*pfcp.NodeReportRequest {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.nodes
	r.nodes = nil
	return out
}

func (r *rig) ask(seid uint64, m pfcp.Message) pfcp.Message {
	r.Helper()
	answer, err := r.smf.Request(r.Context(), upfAddr, pfcp.Header{SEID: seid}, m)
	if err != nil {
		r.Fatal(err)
	}
	return answer
}

func (r *rig) associate() {
	r.Helper()
	a := r.ask(0, &pfcp.AssociationSetupRequest{NodeID: node, RecoveryTimeStamp: 1}).(*pfcp.AssociationSetupResponse)
	if a.Cause != pfcp.CauseRequestAccepted || a.NodeID.Addr != upfAddr.Addr() || a.UPFunctionFeatures.Value()&pfcp.UPFeatureFTUP == 0 {
		r.Fatalf("%+v", a)
	}
}

func tunnelTo(teid uint32) pfcp.Opt[pfcp.OuterHeaderCreation] {
	return pfcp.Some(pfcp.OuterHeaderCreation{Description: pfcp.CreateGTPUUDPIPv4, TEID: teid, IPv4: gnb})
}

// ofCP is a request of another session of the CP function.
func ofCP(seid uint64, m *pfcp.SessionEstablishmentRequest) *pfcp.SessionEstablishmentRequest {
	m.CPFSEID.SEID = seid
	return m
}

// request is the establishment of a session for the address, with QFI 9 and one URR.
func request(addr netip.Addr) *pfcp.SessionEstablishmentRequest {
	return &pfcp.SessionEstablishmentRequest{NodeID: node, CPFSEID: pfcp.FSEID{SEID: 77, IPv4: node.Addr},
		CreatePDR: []pfcp.CreatePDR{
			{PDRID: 1, Precedence: 100, PDI: pfcp.PDI{SourceInterface: pfcp.InterfaceAccess, LocalFTEID: pfcp.Some(pfcp.FTEID{ChooseIPv4: true}),
				NetworkInstance: dnn, UEIPAddress: []pfcp.UEIPAddress{{IPv4: addr}}}, FARID: pfcp.Some(pfcp.FARID(1)), URRID: []pfcp.URRID{1}, QERID: []pfcp.QERID{1}},
			{PDRID: 2, Precedence: 100, PDI: pfcp.PDI{SourceInterface: pfcp.InterfaceCore, NetworkInstance: dnn,
				UEIPAddress: []pfcp.UEIPAddress{{IPv4: addr, Destination: true}}}, FARID: pfcp.Some(pfcp.FARID(2)), URRID: []pfcp.URRID{1}, QERID: []pfcp.QERID{1}},
		},
		CreateFAR: []pfcp.CreateFAR{
			{FARID: 1, ApplyAction: pfcp.ApplyFORW, ForwardingParameters: pfcp.Some(pfcp.ForwardingParameters{DestinationInterface: pfcp.InterfaceCore})},
			{FARID: 2, ApplyAction: pfcp.ApplyBUFF | pfcp.ApplyNOCP},
		},
		CreateQER: []pfcp.CreateQER{{QERID: 1, QFI: pfcp.Some(pfcp.QFI(9))}},
		CreateURR: []pfcp.CreateURR{{URRID: 1, MeasurementMethod: pfcp.MeasureVOLUM | pfcp.MeasureDURAT}},
	}
}

// establish returns the SEID and the TEID that were allotted.
func (r *rig) establish(m *pfcp.SessionEstablishmentRequest) (uint64, uint32) {
	r.Helper()
	a := r.ask(0, m).(*pfcp.SessionEstablishmentResponse)
	if a.Cause != pfcp.CauseRequestAccepted || len(a.CreatedPDR) == 0 {
		r.Fatalf("%+v", a)
	}
	return a.UPFSEID.Value().SEID, a.CreatedPDR[0].LocalFTEID.Value().TEID
}

func (r *rig) accepted(m pfcp.Message) {
	r.Helper()
	if c, ok := pfcp.CauseOf(m); !ok || c != pfcp.CauseRequestAccepted {
		r.Fatalf("%+v", m)
	}
}

func far(action pfcp.ApplyAction, teid uint32) *pfcp.SessionModificationRequest {
	f := pfcp.UpdateFAR{FARID: 2, ApplyAction: pfcp.Some(action)}
	if teid != 0 {
		f.UpdateForwardingParameters = pfcp.Some(pfcp.UpdateForwardingParameters{OuterHeaderCreation: tunnelTo(teid)})
	}
	return &pfcp.SessionModificationRequest{UpdateFAR: []pfcp.UpdateFAR{f}}
}

// TestRefusals wants for each request that cannot be served the cause of TS 29.244 §8.2.1, and nothing left behind.
func TestRefusals(t *testing.T) {
	tests := []struct {
		name   string
		change func(*pfcp.SessionEstablishmentRequest)
		cause  pfcp.Cause
		ie     pfcp.IEType
		rule   pfcp.Opt[pfcp.FailedRuleID]
	}{
		{"no association", func(m *pfcp.SessionEstablishmentRequest) { m.NodeID = pfcp.NodeID{FQDN: "other.example"} }, pfcp.CauseNoEstablishedAssociation, 0, none},
		{"PDR without FAR", func(m *pfcp.SessionEstablishmentRequest) { m.CreatePDR[0].FARID = pfcp.Opt[pfcp.FARID]{} }, pfcp.CauseConditionalIEMissing, pfcp.IEFARID, none},
		{"FAR that is not there", func(m *pfcp.SessionEstablishmentRequest) { m.CreatePDR[1].FARID = pfcp.Some(pfcp.FARID(9)) },
			pfcp.CauseRuleCreationModificationFailure, pfcp.IEFARID, failed(pfcp.RulePDR, 2)},
		{"QER that is not there", func(m *pfcp.SessionEstablishmentRequest) { m.CreatePDR[1].QERID = []pfcp.QERID{9} },
			pfcp.CauseRuleCreationModificationFailure, pfcp.IEQERID, failed(pfcp.RulePDR, 2)},
		{"URR that is not there", func(m *pfcp.SessionEstablishmentRequest) { m.CreatePDR[1].URRID = []pfcp.URRID{9} },
			pfcp.CauseRuleCreationModificationFailure, pfcp.IEURRID, failed(pfcp.RulePDR, 2)},
		{"two PDRs of one id", func(m *pfcp.SessionEstablishmentRequest) { m.CreatePDR[1].PDRID = 1 },
			pfcp.CauseRuleCreationModificationFailure, 0, failed(pfcp.RulePDR, 1)},
		{"forward nowhere", func(m *pfcp.SessionEstablishmentRequest) {
			m.CreateFAR[0].ForwardingParameters = pfcp.Opt[pfcp.ForwardingParameters]{}
		}, pfcp.CauseConditionalIEMissing, pfcp.IEForwardingParameters, none},
		{"drop and forward", func(m *pfcp.SessionEstablishmentRequest) {
			m.CreateFAR[0].ApplyAction = pfcp.ApplyDROP | pfcp.ApplyFORW
		},
			pfcp.CauseRuleCreationModificationFailure, pfcp.IEApplyAction, failed(pfcp.RuleFAR, 1)},
		{"duplicate", func(m *pfcp.SessionEstablishmentRequest) { m.CreateFAR[0].ApplyAction |= pfcp.ApplyDUPL },
			pfcp.CauseRuleCreationModificationFailure, pfcp.IEApplyAction, failed(pfcp.RuleFAR, 1)},
		{"forwarding policy", func(m *pfcp.SessionEstablishmentRequest) {
			m.CreateFAR[0].ForwardingParameters = pfcp.Some(pfcp.ForwardingParameters{DestinationInterface: pfcp.InterfaceCore, ForwardingPolicy: pfcp.Some(pfcp.ForwardingPolicy("x"))})
		}, pfcp.CauseInvalidForwardingPolicy, pfcp.IEForwardingPolicy, failed(pfcp.RuleFAR, 1)},
		{"data network that is not configured", func(m *pfcp.SessionEstablishmentRequest) {
			m.CreatePDR[1].PDI.NetworkInstance = pfcp.Some(pfcp.NetworkInstance("ims"))
		}, pfcp.CauseRuleCreationModificationFailure, pfcp.IENetworkInstance, failed(pfcp.RulePDR, 2)},
		{"predefined rule", func(m *pfcp.SessionEstablishmentRequest) { m.CreatePDR[0].ActivatePredefinedRules = []string{"gold"} },
			pfcp.CauseUnknownPredefinedRule, pfcp.IEActivatePredefinedRules, failed(pfcp.RulePDR, 1)},
		{"application", func(m *pfcp.SessionEstablishmentRequest) { m.CreatePDR[0].PDI.ApplicationID = pfcp.Some("video") },
			pfcp.CauseUnknownApplicationID, pfcp.IEApplicationID, failed(pfcp.RulePDR, 1)},
		{"flow description", func(m *pfcp.SessionEstablishmentRequest) {
			m.CreatePDR[0].PDI.SDFFilter = []pfcp.SDFFilter{{FlowDescription: "deny all"}}
		}, pfcp.CauseRuleCreationModificationFailure, pfcp.IESDFFilter, failed(pfcp.RulePDR, 1)},
		{"F-TEID of the CP function", func(m *pfcp.SessionEstablishmentRequest) {
			m.CreatePDR[0].PDI.LocalFTEID = pfcp.Some(pfcp.FTEID{TEID: 5, IPv4: n3})
		}, pfcp.CauseInvalidFTEIDAllocationOption, pfcp.IEFTEID, none},
		{"F-TEID of IPv6", func(m *pfcp.SessionEstablishmentRequest) {
			m.CreatePDR[0].PDI.LocalFTEID = pfcp.Some(pfcp.FTEID{ChooseIPv6: true})
		}, pfcp.CauseInvalidFTEIDAllocationOption, pfcp.IEFTEID, none},
		{"uplink without tunnel", func(m *pfcp.SessionEstablishmentRequest) { m.CreatePDR[0].PDI.LocalFTEID = pfcp.Opt[pfcp.FTEID]{} },
			pfcp.CauseConditionalIEMissing, pfcp.IEFTEID, none},
		{"UE address that the UPF is to choose", func(m *pfcp.SessionEstablishmentRequest) {
			m.CreatePDR[1].PDI.UEIPAddress = []pfcp.UEIPAddress{{ChooseIPv6: true}}
		}, pfcp.CauseAllDynamicAddressesOccupied, pfcp.IEUEIPAddress, none},
		{"a quota of events", func(m *pfcp.SessionEstablishmentRequest) { m.CreateURR[0].MeasurementMethod = pfcp.MeasureEVENT },
			pfcp.CauseRuleCreationModificationFailure, pfcp.IEMeasurementMethod, failed(pfcp.RuleURR, 1)},
		{"dropped traffic", func(m *pfcp.SessionEstablishmentRequest) { m.CreateURR[0].ReportingTriggers = pfcp.TriggerDROTH },
			pfcp.CauseRuleCreationModificationFailure, pfcp.IEReportingTriggers, failed(pfcp.RuleURR, 1)},
		{"a tunnel of two directions", func(m *pfcp.SessionEstablishmentRequest) {
			m.CreatePDR[0].PDI.LocalFTEID = pfcp.Some(pfcp.FTEID{ChooseIPv4: true, ChooseID: pfcp.Some(uint8(1))})
			m.CreatePDR[1].PDI.LocalFTEID = m.CreatePDR[0].PDI.LocalFTEID
		}, pfcp.CauseRuleCreationModificationFailure, pfcp.IESourceInterface, failed(pfcp.RulePDR, 2)},
		{"a BAR that is not there", func(m *pfcp.SessionEstablishmentRequest) { m.CreateFAR[1].BARID = pfcp.Some(pfcp.BARID(3)) },
			pfcp.CauseRuleCreationModificationFailure, pfcp.IEBARID, failed(pfcp.RuleFAR, 2)},
		{"a framed route that is none", func(m *pfcp.SessionEstablishmentRequest) { m.CreatePDR[1].PDI.FramedRoute = []string{"home"} },
			pfcp.CauseRuleCreationModificationFailure, pfcp.IEFramedRoute, failed(pfcp.RulePDR, 2)},
		{"frames in an IP session", func(m *pfcp.SessionEstablishmentRequest) {
			m.CreatePDR[0].PDI.EthernetPacketFilter = []pfcp.EthernetPacketFilter{{Ethertype: pfcp.Some(uint16(0x0806))}}
		}, pfcp.CauseRuleCreationModificationFailure, pfcp.IEEthernetPacketFilter, failed(pfcp.RulePDR, 1)},
		{"an SDF filter that is an id alone", func(m *pfcp.SessionEstablishmentRequest) {
			m.CreatePDR[0].PDI.SDFFilter = []pfcp.SDFFilter{{FilterID: pfcp.Some(uint32(9))}}
		}, pfcp.CauseRuleCreationModificationFailure, pfcp.IESDFFilter, failed(pfcp.RulePDR, 1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			run(t, func(r *rig) {
				r.associate()
				m := request(ue)
				tt.change(m)
				a := r.ask(0, m).(*pfcp.SessionEstablishmentResponse)
				if a.Cause != tt.cause || a.OffendingIE.Value() != tt.ie || a.FailedRuleID != tt.rule {
					t.Errorf("%s, %s, %v", a.Cause, a.OffendingIE.Value(), a.FailedRuleID)
				}
				if r.upf.Sessions() != 0 {
					t.Error("a session was left behind")
				}
				r.establish(request(ue)) // slot and tunnel are free again
			})
		})
	}
}

var none pfcp.Opt[pfcp.FailedRuleID]

func failed(t pfcp.RuleType, id uint32) pfcp.Opt[pfcp.FailedRuleID] {
	return pfcp.Some(pfcp.FailedRuleID{Type: t, ID: id})
}

// TestModificationIsAllOrNothing: a modification of which a part fails changes nothing, TS 29.244 §6.3.3.
func TestModificationIsAllOrNothing(t *testing.T) {
	run(t, func(r *rig) {
		r.associate()
		seid, _ := r.establish(request(ue))
		before := r.path.Session(7)
		tests := map[string]*pfcp.SessionModificationRequest{
			"remove what is not there": {RemovePDR: []pfcp.RemovePDR{{PDRID: 9}}, UpdateFAR: far(pfcp.ApplyDROP, 0).UpdateFAR},
			"remove what is in use":    {RemoveFAR: []pfcp.RemoveFAR{{FARID: 2}}},
			"update what is not there": {UpdateQER: []pfcp.UpdateQER{{QERID: 4}}},
			"query what is not there":  {QueryURR: []pfcp.QueryURR{{URRID: 4}}, UpdateFAR: far(pfcp.ApplyDROP, 0).UpdateFAR},
			"a bad peer": {UpdateFAR: []pfcp.UpdateFAR{{FARID: 2, UpdateForwardingParameters: pfcp.Some(pfcp.UpdateForwardingParameters{
				OuterHeaderCreation: pfcp.Some(pfcp.OuterHeaderCreation{Description: pfcp.CreateUDPIPv4, IPv4: gnb})})}}},
		}
		for name, m := range tests {
			if c, _ := pfcp.CauseOf(r.ask(seid, m)); c != pfcp.CauseRuleCreationModificationFailure {
				t.Errorf("%s: %s", name, c)
			}
			if r.path.Session(7) != before {
				t.Errorf("%s: rules were changed", name)
			}
		}
		if c, _ := pfcp.CauseOf(r.ask(seid+1, far(pfcp.ApplyDROP, 0))); c != pfcp.CauseSessionContextNotFound {
			t.Errorf("unknown SEID: %s", c)
		}
		r.accepted(r.ask(seid, &pfcp.SessionDeletionRequest{}))
		if c, _ := pfcp.CauseOf(r.ask(seid, &pfcp.SessionDeletionRequest{})); c != pfcp.CauseSessionContextNotFound {
			t.Errorf("deleted twice: %s", c)
		}
	})
}

// TestTEID: the low bits are the offset of the UE address, the high bits differ from one session to the next; PDRs
// that share a CHOOSE ID share a tunnel, TS 29.244 §5.5.3.
func TestTEID(t *testing.T) {
	run(t, func(r *rig) {
		r.associate()
		seen := map[uint32]bool{}
		for range 3 {
			seid, teid := r.establish(request(ue))
			if upf.Slot(teid) != 7 || seen[teid] || teid == 0 {
				t.Errorf("TEID %#x", teid)
			}
			seen[teid] = true
			if a := r.ask(0, ofCP(78, request(ue))).(*pfcp.SessionEstablishmentResponse); a.Cause != pfcp.CauseNoResourcesAvailable || a.OffendingIE.Value() != pfcp.IEUEIPAddress {
				t.Errorf("a second session of the address: %+v", a)
			}
			r.accepted(r.ask(seid, &pfcp.SessionDeletionRequest{}))
		}
		m := request(netip.MustParseAddr("198.51.100.1")) // in no pool
		for i, id := range []pfcp.PDRID{3, 4, 5} {
			p := m.CreatePDR[0]
			p.PDRID = id
			p.PDI.LocalFTEID = pfcp.Some(pfcp.FTEID{ChooseIPv4: true, ChooseID: pfcp.Some(uint8(i / 2))})
			m.CreatePDR = append(m.CreatePDR, p)
		}
		a := r.ask(0, m).(*pfcp.SessionEstablishmentResponse)
		var teids []uint32
		for _, c := range a.CreatedPDR {
			teids = append(teids, c.LocalFTEID.Value().TEID)
		}
		if len(teids) != 4 || teids[1] != teids[2] || teids[0] == teids[1] || teids[2] == teids[3] || upf.Slot(teids[0]) < 256 {
			t.Errorf("%x", teids)
		}
		// Three of the four extra slots are taken: another session finds one, the next none.
		r.establish(ofCP(78, request(netip.MustParseAddr("198.51.100.2"))))
		if a := r.ask(0, ofCP(79, request(netip.MustParseAddr("198.51.100.3")))).(*pfcp.SessionEstablishmentResponse); a.Cause != pfcp.CauseNoResourcesAvailable {
			t.Errorf("%+v", a)
		}
	})
}

// TestDownlinkDataReport: one report per idle period, again if it was not answered or the CP function asks again, and
// packets in order once there is a tunnel, TS 29.244 §5.2.3.1.
func TestDownlinkDataReport(t *testing.T) {
	run(t, func(r *rig) {
		r.associate()
		seid, _ := r.establish(request(ue))
		packet := func(port uint16) {
			r.path.Downlink("internet", upf.Flow{Remote: server, Local: ue, LocalPort: port}, 100)
		}
		packet(1)
		packet(2)
		if m := r.told(); len(m) != 1 || m[0].ReportType != pfcp.ReportDLDR || m[0].DownlinkDataReport.Value().PDRID[0] != 2 || r.headers[0].SEID != 77 {
			t.Fatalf("%+v", m)
		}
		r.accepted(r.ask(seid, far(pfcp.ApplyBUFF|pfcp.ApplyNOCP, 0))) // paging failed: asked to tell again
		packet(3)
		if m := r.told(); len(m) != 1 {
			t.Fatalf("%+v", m)
		}
		r.accepted(r.ask(seid, far(pfcp.ApplyFORW, 0x1001)))
		packet(4)
		for i, p := range r.path.Sent() {
			if p.Flow.LocalPort != uint16(i+1) || p.TEID != 0x1001 || p.Peer != gnb || p.QFI != 9 {
				t.Errorf("packet %d: %+v", i, p)
			}
		}
		r.accepted(r.ask(seid, far(pfcp.ApplyBUFF|pfcp.ApplyNOCP, 0)))
		r.answer = nil // the SMF is dead: 4 tries, then the next packet is told again
		packet(5)
		time.Sleep(10 * time.Second)
		if m := r.told(); len(m) != 1 { // the endpoint serves a repeated request once
			t.Fatalf("%d reports", len(m))
		}
		packet(6)
		if m := r.told(); len(m) != 1 {
			t.Fatalf("%d reports after the first was lost", len(m))
		}
		time.Sleep(10 * time.Second)
	})
}

// TestReportAnswers obeys what the CP function answers to a report, TS 29.244 §7.5.9.
func TestReportAnswers(t *testing.T) {
	run(t, func(r *rig) {
		r.associate()
		r.establish(request(ue))
		r.answer = &pfcp.SessionReportResponse{Cause: pfcp.CauseRequestAccepted, PFCPSRRspFlags: pfcp.Some(pfcp.SRRspDROBU)}
		r.path.Downlink("internet", upf.Flow{Remote: server, Local: ue}, 100)
		synctest.Wait()
		if c := r.upf.Counters(); c.Buffered != 0 || c.Dropped[upf.DropBufferDiscard] != 1 {
			t.Errorf("%+v", c)
		}
	})
	run(t, func(r *rig) {
		r.associate()
		r.establish(request(ue))
		r.answer = &pfcp.SessionReportResponse{Cause: pfcp.CauseSessionContextNotFound}
		r.path.Downlink("internet", upf.Flow{Remote: server, Local: ue}, 100)
		synctest.Wait()
		if r.upf.Sessions() != 0 || r.path.Session(7) != nil {
			t.Error("a session that the CP function does not know lives on")
		}
	})
}

// TestErrorIndication is reported once until the rules change, and only by the session that uses the tunnel.
func TestErrorIndication(t *testing.T) {
	run(t, func(r *rig) {
		r.associate()
		seid, _ := r.establish(request(ue))
		r.path.ErrorIndication(gnb, 0x1001)
		if m := r.told(); len(m) != 0 {
			t.Fatalf("of an unknown tunnel: %+v", m)
		}
		r.accepted(r.ask(seid, far(pfcp.ApplyFORW, 0x1001)))
		r.path.ErrorIndication(gnb, 0x1001)
		r.path.ErrorIndication(gnb, 0x1001)
		m := r.told()
		want := []pfcp.FTEID{{TEID: 0x1001, IPv4: gnb}}
		if len(m) != 1 || m[0].ReportType != pfcp.ReportERIR || !reflect.DeepEqual(m[0].ErrorIndicationReport.Value().RemoteFTEID, want) {
			t.Fatalf("%+v", m)
		}
	})
}

// TestUsage: queries, thresholds and periods, each report beginning where the last ended, TS 29.244 §5.2.2.
func TestUsage(t *testing.T) {
	run(t, func(r *rig) {
		r.associate()
		m := request(ue)
		m.CreateURR[0].ReportingTriggers = pfcp.TriggerVOLTH
		m.CreateURR[0].VolumeThreshold = pfcp.Some(pfcp.Volume{Uplink: pfcp.Some(uint64(1000))})
		seid, teid := r.establish(m)
		up := func(n int) { r.path.Uplink(teid, 9, upf.Flow{Local: ue, Remote: server}, n) }
		up(400)
		time.Sleep(10 * time.Second)
		if m := r.told(); len(m) != 0 {
			t.Fatalf("below the threshold: %+v", m)
		}
		a := r.ask(seid, &pfcp.SessionModificationRequest{QueryURR: []pfcp.QueryURR{{URRID: 1}}, QueryURRReference: pfcp.Some(uint32(5))}).(*pfcp.SessionModificationResponse)
		check(t, a.UsageReport, pfcp.UsageIMMER, 0, 400, 10)
		up(600)
		up(600)
		time.Sleep(2 * time.Second)
		reports := r.told()
		if len(reports) != 1 || reports[0].ReportType != pfcp.ReportUSAR {
			t.Fatalf("%+v", reports)
		}
		check(t, reports[0].UsageReport, pfcp.UsageVOLTH, 1, 1200, 1)
		r.accepted(r.ask(seid, &pfcp.SessionModificationRequest{UpdateURR: []pfcp.UpdateURR{{URRID: 1,
			ReportingTriggers: pfcp.Some(pfcp.TriggerPERIO), MeasurementPeriod: pfcp.Some(pfcp.Seconds(60))}}}))
		up(7)
		time.Sleep(62 * time.Second)
		reports = r.told()
		if len(reports) != 1 {
			t.Fatalf("%d reports", len(reports))
		}
		check(t, reports[0].UsageReport, pfcp.UsagePERIO, 2, 7, 60)
		up(3)
		d := r.ask(seid, &pfcp.SessionDeletionRequest{}).(*pfcp.SessionDeletionResponse)
		check(t, d.UsageReport, pfcp.UsageTERMR, 3, 3, 3)
	})
}

// check wants one report; the duration may be a second off, for it ends when a tick comes.
func check(t *testing.T, reports []pfcp.UsageReport, why pfcp.UsageReportTrigger, sequence uint32, up uint64, seconds pfcp.Seconds) {
	t.Helper()
	if len(reports) != 1 {
		t.Fatalf("%d reports", len(reports))
	}
	r := reports[0]
	if d := r.DurationMeasurement.Value(); r.UsageReportTrigger != why || r.URSEQN != sequence || r.VolumeMeasurement.Value().Uplink.Value() != up || d+1 < seconds || d > seconds+1 {
		t.Errorf("%+v, want trigger %#x, number %d, %d octets, %d s", r, why, sequence, up, seconds)
	}
}

// TestRestart: a CP function that restarted has no sessions, TS 23.527 §4 and TS 29.244 §6.2.6.
func TestRestart(t *testing.T) {
	for name, restart := range map[string]func(r *rig){
		"heartbeat": func(r *rig) {
			r.ask(0, &pfcp.HeartbeatRequest{RecoveryTimeStamp: 1}) // the same: nothing happens
			if r.upf.Sessions() != 1 {
				r.Fatal("a heartbeat ended a session")
			}
			r.ask(0, &pfcp.HeartbeatRequest{RecoveryTimeStamp: 2})
		},
		"association set-up":  func(r *rig) { r.associate() },
		"association release": func(r *rig) { r.accepted(r.ask(0, &pfcp.AssociationReleaseRequest{NodeID: node})) },
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(r *rig) {
				r.associate()
				r.establish(request(ue))
				restart(r)
				if r.upf.Sessions() != 0 || r.path.Session(7) != nil {
					t.Error("the session lives on")
				}
			})
		})
	}
}

// TestRestoration: a CP function that re-establishes a session after a restart of the UPF keeps its F-TEID,
// TS 29.244 §5.5.1.
func TestRestoration(t *testing.T) {
	run(t, func(r *rig) {
		r.associate()
		const teid = 5<<20 | 7
		m := request(ue)
		m.CreatePDR[0].PDI.LocalFTEID = pfcp.Some(pfcp.FTEID{TEID: teid, IPv4: n3})
		m.PFCPSEReqFlags = pfcp.Some(pfcp.SEReqRESTI)
		a := r.ask(0, m).(*pfcp.SessionEstablishmentResponse)
		if a.Cause != pfcp.CauseRequestAccepted || len(a.CreatedPDR) != 0 {
			t.Fatalf("%+v", a)
		}
		r.path.Uplink(teid, 9, upf.Flow{Local: ue, Remote: server}, 100)
		if out := r.path.Sent(); len(out) != 1 || out[0].Network != "internet" {
			t.Errorf("%+v", out)
		}
		other := request(netip.MustParseAddr("10.60.0.8"))
		other.CreatePDR[0].PDI.LocalFTEID, other.PFCPSEReqFlags = m.CreatePDR[0].PDI.LocalFTEID, m.PFCPSEReqFlags
		if a := r.ask(0, other).(*pfcp.SessionEstablishmentResponse); a.Cause != pfcp.CauseInvalidFTEIDAllocationOption {
			t.Errorf("another session's TEID: %+v", a)
		}
		again := r.ask(0, m).(*pfcp.SessionEstablishmentResponse) // the CP function has not heard the answer
		if again.Cause != pfcp.CauseRequestAccepted || r.upf.Sessions() != 1 {
			t.Fatalf("%+v, %d sessions", again, r.upf.Sessions())
		}
		other = request(ue)
		other.CPFSEID.SEID++
		other.CreatePDR[0].PDI.LocalFTEID, other.PFCPSEReqFlags = m.CreatePDR[0].PDI.LocalFTEID, m.PFCPSEReqFlags
		if a := r.ask(0, other).(*pfcp.SessionEstablishmentResponse); a.Cause == pfcp.CauseRequestAccepted {
			t.Errorf("another session of the CP function takes this one's place: %+v", a)
		}
		r.accepted(r.ask(again.UPFSEID.Value().SEID, &pfcp.SessionDeletionRequest{}))
		if _, next := r.establish(request(ue)); next != 6<<20|7 {
			t.Errorf("TEID %#x is not of the next generation", next)
		}
	})
}

// TestEstablishedAgain: a CP F-SEID is one session's alone, TS 29.244 §5.6.2: established again, because the CP function has not
// heard the answer, the session takes its own place, whatever address it has, and nothing is left of the first.
func TestEstablishedAgain(t *testing.T) {
	run(t, func(r *rig) {
		r.associate()
		for name, address := range map[string]netip.Addr{"of a pool": ue, "of no pool": netip.MustParseAddr("198.51.100.1")} {
			first, _ := r.establish(request(address))
			second, teid := r.establish(request(address))
			if first == second || r.upf.Sessions() != 1 {
				t.Errorf("%s: %#x, then %#x, %d sessions", name, first, second, r.upf.Sessions())
			}
			if c, _ := pfcp.CauseOf(r.ask(first, &pfcp.SessionDeletionRequest{})); c != pfcp.CauseSessionContextNotFound {
				t.Errorf("%s: the first is there: %s", name, c)
			}
			moved := &pfcp.SessionModificationRequest{CPFSEID: pfcp.Some(pfcp.FSEID{SEID: 78, IPv4: node.Addr})}
			r.accepted(r.ask(second, moved)) // another CP function has it now, TS 29.244 §5.22
			if a := r.ask(0, request(ue)).(*pfcp.SessionEstablishmentResponse); address == ue && a.Cause != pfcp.CauseNoResourcesAvailable {
				t.Errorf("%s: %+v takes the place of %#x", name, a, teid)
			}
			r.accepted(r.ask(second, &pfcp.SessionDeletionRequest{}))
			if found := r.upf.View().Found; len(found) > 0 {
				t.Errorf("%s: %v", name, found)
			}
			for r.upf.Sessions() > 0 { // the one of ue above
				r.accepted(r.ask(r.upf.View().Sessions[0].SEID, &pfcp.SessionDeletionRequest{}))
			}
		}
	})
}

// TestEndMarker goes to the old tunnel when the CP function asks for it, TS 23.501 §5.8.2.9.
func TestEndMarker(t *testing.T) {
	run(t, func(r *rig) {
		r.associate()
		seid, _ := r.establish(request(ue))
		r.accepted(r.ask(seid, far(pfcp.ApplyFORW, 0x1001)))
		m := far(pfcp.ApplyFORW, 0x2002)
		p := m.UpdateFAR[0].UpdateForwardingParameters.Value()
		p.PFCPSMReqFlags = pfcp.Some(pfcp.SMReqSNDEM)
		m.UpdateFAR[0].UpdateForwardingParameters = pfcp.Some(p)
		r.accepted(r.ask(seid, m))
		if out := r.path.Sent(); len(out) != 1 || !out[0].End || out[0].TEID != 0x1001 || out[0].Peer != gnb || out[0].QFI != 9 {
			t.Errorf("%+v", out)
		}
	})
}

// TestConfig wants an error of one line for each mistake.
func TestConfig(t *testing.T) {
	for want, change := range map[string]func(*upf.Config){
		"n3 address is missing":      func(c *upf.Config) { c.N3 = netip.Addr{} },
		"n4 address is missing":      func(c *upf.Config) { c.N4 = netip.AddrPort{} },
		"no data network":            func(c *upf.Config) { c.Networks = nil },
		"named twice":                func(c *upf.Config) { c.Networks = append(c.Networks, c.Networks[0]) },
		"is not a network prefix":    func(c *upf.Config) { c.Networks[0].Pools = []netip.Prefix{netip.MustParsePrefix("10.0.0.1/8")} },
		"at most 1048576":            func(c *upf.Config) { c.ExtraSlots = 1 << 20 },
		"cannot listen on 192.0.2.9": func(c *upf.Config) { c.N4 = netip.MustParseAddrPort("192.0.2.9:8805") },
	} {
		cfg := config()
		change(&cfg)
		_, err := upf.New(cfg, memory.New(), slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
