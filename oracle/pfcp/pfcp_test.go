// Package pfcp compares wire/pfcp with github.com/wmnsk/go-pfcp: what one builds the other must read.
package pfcp

import (
	"net"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/wmnsk/go-pfcp/ie"
	"github.com/wmnsk/go-pfcp/message"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

var (
	smf  = netip.MustParseAddr("10.0.4.1")
	gnb  = netip.MustParseAddr("10.0.3.2")
	upf  = netip.MustParseAddr("10.0.3.1")
	ue   = netip.MustParseAddr("10.60.0.1")
	when = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
)

const flow = "permit out ip from any to assigned"

// establishment is the session establishment request of a plain PDU session, TS 29.244 §7.5.2.
func establishment() *pfcp.SessionEstablishmentRequest {
	pdr := func(id pfcp.PDRID, far pfcp.FARID, pdi pfcp.PDI) pfcp.CreatePDR {
		pdi.NetworkInstance = pfcp.Some(pfcp.NetworkInstance("internet"))
		pdi.SDFFilter = []pfcp.SDFFilter{{FlowDescription: flow}}
		return pfcp.CreatePDR{PDRID: id, Precedence: 255, PDI: pdi, FARID: pfcp.Some(far), URRID: []pfcp.URRID{1}, QERID: []pfcp.QERID{1}}
	}
	up := pdr(1, 1, pfcp.PDI{SourceInterface: pfcp.InterfaceAccess, LocalFTEID: pfcp.Some(pfcp.FTEID{ChooseIPv4: true, ChooseID: pfcp.Some(uint8(1))}),
		UEIPAddress: []pfcp.UEIPAddress{{IPv4: ue}}, QFI: []pfcp.QFI{1}})
	up.OuterHeaderRemoval = pfcp.Some(pfcp.OuterHeaderRemoval{Description: pfcp.RemoveGTPUUDPIPv4, GTPUExtensionHeaderDeletion: pfcp.Some(uint8(0))})
	down := pdr(2, 2, pfcp.PDI{SourceInterface: pfcp.InterfaceCore, UEIPAddress: []pfcp.UEIPAddress{{IPv4: ue, Destination: true}}})
	return &pfcp.SessionEstablishmentRequest{
		NodeID: pfcp.NodeID{Addr: smf}, CPFSEID: pfcp.FSEID{SEID: 0x1122334455667788, IPv4: smf},
		CreatePDR: []pfcp.CreatePDR{up, down},
		CreateFAR: []pfcp.CreateFAR{
			{FARID: 1, ApplyAction: pfcp.ApplyFORW, ForwardingParameters: pfcp.Some(pfcp.ForwardingParameters{
				DestinationInterface: pfcp.InterfaceCore, NetworkInstance: pfcp.Some(pfcp.NetworkInstance("internet"))})},
			{FARID: 2, ApplyAction: pfcp.ApplyFORW, ForwardingParameters: pfcp.Some(pfcp.ForwardingParameters{
				DestinationInterface: pfcp.InterfaceAccess,
				OuterHeaderCreation:  pfcp.Some(pfcp.OuterHeaderCreation{Description: pfcp.CreateGTPUUDPIPv4, TEID: 0x01020304, IPv4: gnb})})},
		},
		CreateURR: []pfcp.CreateURR{{URRID: 1, MeasurementMethod: pfcp.MeasureVOLUM, ReportingTriggers: pfcp.TriggerPERIO | pfcp.TriggerVOLTH,
			VolumeThreshold: pfcp.Some(pfcp.Volume{Total: pfcp.Some(uint64(1 << 30))})}},
		CreateQER: []pfcp.CreateQER{{QERID: 1, MBR: pfcp.Some(pfcp.MBR{Uplink: 100_000, Downlink: 1 << 33}), QFI: pfcp.Some(pfcp.QFI(1))}},
		PDNType:   pfcp.Some(pfcp.PDNTypeIPv4),
	}
}

// foreignEstablishment is the same request, built by the other library.
func foreignEstablishment() *message.SessionEstablishmentRequest {
	n := func(a netip.Addr) net.IP { return a.AsSlice() }
	return message.NewSessionEstablishmentRequest(0, 0, 0, 1, 0,
		ie.NewNodeID(smf.String(), "", ""), ie.NewFSEID(0x1122334455667788, n(smf), nil),
		ie.NewCreatePDR(ie.NewPDRID(1), ie.NewPrecedence(255),
			ie.NewPDI(ie.NewSourceInterface(ie.SrcInterfaceAccess), ie.NewFTEID(0x0d, 0, nil, nil, 1), ie.NewNetworkInstanceFQDN("internet"),
				ie.NewUEIPAddress(2, ue.String(), "", 0, 0), ie.NewSDFFilter(flow, "", "", "", 0), ie.NewQFI(1)),
			ie.NewOuterHeaderRemoval(0, 0), ie.NewFARID(1), ie.NewURRID(1), ie.NewQERID(1)),
		ie.NewCreatePDR(ie.NewPDRID(2), ie.NewPrecedence(255),
			ie.NewPDI(ie.NewSourceInterface(ie.SrcInterfaceCore), ie.NewNetworkInstanceFQDN("internet"),
				ie.NewUEIPAddress(6, ue.String(), "", 0, 0), ie.NewSDFFilter(flow, "", "", "", 0)),
			ie.NewFARID(2), ie.NewURRID(1), ie.NewQERID(1)),
		ie.NewCreateFAR(ie.NewFARID(1), ie.NewApplyAction(2),
			ie.NewForwardingParameters(ie.NewDestinationInterface(ie.DstInterfaceCore), ie.NewNetworkInstanceFQDN("internet"))),
		ie.NewCreateFAR(ie.NewFARID(2), ie.NewApplyAction(2),
			ie.NewForwardingParameters(ie.NewDestinationInterface(ie.DstInterfaceAccess),
				ie.NewOuterHeaderCreation(0x0100, 0x01020304, gnb.String(), "", 0, 0, 0))),
		ie.NewCreateURR(ie.NewURRID(1), ie.NewMeasurementMethod(0, 1, 0), ie.NewReportingTriggers(3, 0, 0), ie.NewVolumeThreshold(1, 1<<30, 0, 0)),
		ie.NewCreateQER(ie.NewQERID(1), ie.NewGateStatus(0, 0), ie.NewMBR(100_000, 1<<33), ie.NewQFI(1)),
		ie.NewPDNType(ie.PDNTypeIPv4))
}

// TestForeignBuilds reads with wire/pfcp what the other library built.
func TestForeignBuilds(t *testing.T) {
	node := pfcp.NodeID{Addr: smf}
	tests := []struct {
		name    string
		foreign message.Message
		want    pfcp.Message
	}{
		{"heartbeat request", message.NewHeartbeatRequest(1, ie.NewRecoveryTimeStamp(when), nil),
			&pfcp.HeartbeatRequest{RecoveryTimeStamp: pfcp.NewTimestamp(when)}},
		{"association setup request", message.NewAssociationSetupRequest(1, ie.NewNodeID(smf.String(), "", ""), ie.NewRecoveryTimeStamp(when),
			ie.NewCPFunctionFeatures(0x0c, 1)),
			&pfcp.AssociationSetupRequest{NodeID: node, RecoveryTimeStamp: pfcp.NewTimestamp(when),
				CPFunctionFeatures: pfcp.Some(pfcp.CPFeatureEPFAR | pfcp.CPFeatureSSET | pfcp.CPFeaturePSUCC)}},
		{"association setup response", message.NewAssociationSetupResponse(1, ie.NewNodeID("", "", "upf.example"), ie.NewCause(1),
			ie.NewRecoveryTimeStamp(when), ie.NewUPFunctionFeatures(0x10, 0x01, 0x10)),
			&pfcp.AssociationSetupResponse{NodeID: pfcp.NodeID{FQDN: "upf.example"}, Cause: pfcp.CauseRequestAccepted,
				RecoveryTimeStamp: pfcp.NewTimestamp(when), UPFunctionFeatures: pfcp.Some(pfcp.UPFeatureFTUP | pfcp.UPFeatureEMPU | pfcp.UPFeatureMNOP)}},
		{"association release request", message.NewAssociationReleaseRequest(1, ie.NewNodeID("", "2001:db8::1", "")),
			&pfcp.AssociationReleaseRequest{NodeID: pfcp.NodeID{Addr: netip.MustParseAddr("2001:db8::1")}}},
		{"session establishment request", foreignEstablishment(), establishment()},
		{"session establishment response", message.NewSessionEstablishmentResponse(0, 0, 5, 1, 0, ie.NewNodeID(smf.String(), "", ""), ie.NewCause(1),
			ie.NewFSEID(7, upf.AsSlice(), nil), ie.NewCreatedPDR(ie.NewPDRID(1), ie.NewFTEID(1, 0xdeadbeef, upf.AsSlice(), nil, 0))),
			&pfcp.SessionEstablishmentResponse{NodeID: node, Cause: pfcp.CauseRequestAccepted, UPFSEID: pfcp.Some(pfcp.FSEID{SEID: 7, IPv4: upf}),
				CreatedPDR: []pfcp.CreatedPDR{{PDRID: 1, LocalFTEID: pfcp.Some(pfcp.FTEID{TEID: 0xdeadbeef, IPv4: upf})}}}},
		{"session modification request", message.NewSessionModificationRequest(0, 0, 5, 1, 0,
			ie.NewUpdateFAR(ie.NewFARID(2), ie.NewApplyAction(2), ie.NewUpdateForwardingParameters(ie.NewDestinationInterface(0),
				ie.NewOuterHeaderCreation(0x0100, 9, gnb.String(), "", 0, 0, 0), ie.NewPFCPSMReqFlags(2))),
			ie.NewRemovePDR(ie.NewPDRID(4)), ie.NewQueryURR(ie.NewURRID(1))),
			&pfcp.SessionModificationRequest{UpdateFAR: []pfcp.UpdateFAR{{FARID: 2, ApplyAction: pfcp.Some(pfcp.ApplyFORW),
				UpdateForwardingParameters: pfcp.Some(pfcp.UpdateForwardingParameters{DestinationInterface: pfcp.Some(pfcp.InterfaceAccess),
					OuterHeaderCreation: pfcp.Some(pfcp.OuterHeaderCreation{Description: pfcp.CreateGTPUUDPIPv4, TEID: 9, IPv4: gnb}),
					PFCPSMReqFlags:      pfcp.Some(pfcp.SMReqSNDEM)})}},
				RemovePDR: []pfcp.RemovePDR{{PDRID: 4}}, QueryURR: []pfcp.QueryURR{{URRID: 1}}}},
		{"session modification response", message.NewSessionModificationResponse(0, 0, 5, 1, 0, ie.NewCause(73), ie.NewOffendingIE(23), ie.NewFailedRuleID(0, 3)),
			&pfcp.SessionModificationResponse{Cause: pfcp.CauseRuleCreationModificationFailure, OffendingIE: pfcp.Some(pfcp.IESDFFilter),
				FailedRuleID: pfcp.Some(pfcp.FailedRuleID{Type: pfcp.RulePDR, ID: 3})}},
		{"session deletion response", message.NewSessionDeletionResponse(0, 0, 5, 1, 0, ie.NewCause(1),
			ie.NewUsageReportWithinSessionDeletionResponse(ie.NewURRID(1), ie.NewURSEQN(2), ie.NewUsageReportTrigger(0, 8, 0), ie.NewStartTime(when),
				ie.NewEndTime(when), ie.NewVolumeMeasurement(7, 30, 10, 20, 0, 0, 0), ie.NewDurationMeasurement(9*time.Second))),
			&pfcp.SessionDeletionResponse{Cause: pfcp.CauseRequestAccepted, UsageReport: []pfcp.UsageReport{{URRID: 1, URSEQN: 2,
				UsageReportTrigger: pfcp.UsageTERMR, StartTime: pfcp.Some(pfcp.NewTimestamp(when)), EndTime: pfcp.Some(pfcp.NewTimestamp(when)),
				VolumeMeasurement: pfcp.Some(pfcp.VolumeMeasurement{Total: pfcp.Some(uint64(30)), Uplink: pfcp.Some(uint64(10)),
					Downlink: pfcp.Some(uint64(20))}), DurationMeasurement: pfcp.Some(pfcp.Seconds(9))}}}},
		{"session report request", message.NewSessionReportRequest(0, 0, 5, 1, 0, ie.NewReportType(0, 1, 0, 1),
			ie.NewDownlinkDataReport(ie.NewPDRID(2), ie.NewDownlinkDataServiceInformation(true, true, 3, 1)),
			ie.NewErrorIndicationReport(ie.NewFTEID(1, 5, gnb.AsSlice(), nil, 0))),
			&pfcp.SessionReportRequest{ReportType: pfcp.ReportDLDR | pfcp.ReportERIR,
				DownlinkDataReport: pfcp.Some(pfcp.DownlinkDataReport{PDRID: []pfcp.PDRID{2}, DownlinkDataServiceInformation: []pfcp.DownlinkDataServiceInformation{
					{PPI: pfcp.Some(uint8(3)), QFI: pfcp.Some(pfcp.QFI(1))}}}),
				ErrorIndicationReport: pfcp.Some(pfcp.ErrorIndicationReport{RemoteFTEID: []pfcp.FTEID{{TEID: 5, IPv4: gnb}}})}},
		{"session report response", message.NewSessionReportResponse(0, 0, 5, 1, 0, ie.NewCause(65)),
			&pfcp.SessionReportResponse{Cause: pfcp.CauseSessionContextNotFound}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wire := make([]byte, tt.foreign.MarshalLen())
			if err := tt.foreign.MarshalTo(wire); err != nil {
				t.Fatal(err)
			}
			h, m, err := pfcp.Decode(wire)
			if err != nil {
				t.Fatalf("%v\n%x", err, wire)
			}
			if !reflect.DeepEqual(m, tt.want) {
				t.Errorf("got  %+v\nwant %+v", m, tt.want)
			}
			if h.Sequence != tt.foreign.Sequence() || h.SEID != tt.foreign.SEID() {
				t.Errorf("header %+v", h)
			}
			foreignReads(t, tt.want)
		})
	}
}

// foreignReads has the other library read and write what wire/pfcp wrote; it must come back the same.
func foreignReads(t *testing.T, m pfcp.Message) {
	t.Helper()
	wire := pfcp.Append(nil, pfcp.Header{SEID: 5, Sequence: 1}, m)
	foreign, err := message.Parse(wire)
	if err != nil {
		t.Fatalf("the other library refuses: %v\n%x", err, wire)
	}
	back := make([]byte, foreign.MarshalLen())
	if err := foreign.MarshalTo(back); err != nil {
		t.Fatal(err)
	}
	_, again, err := pfcp.Decode(back)
	if err != nil || !reflect.DeepEqual(again, m) {
		t.Errorf("%v\ngot  %+v\nwant %+v", err, again, m)
	}
}

func BenchmarkSessionEstablishmentRequest(b *testing.B) {
	ours := establishment()
	wire := pfcp.Append(nil, pfcp.Header{Sequence: 1}, ours)
	b.Run("limpid/parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := pfcp.Decode(wire); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("go-pfcp/parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			m, err := message.Parse(wire)
			if err != nil {
				b.Fatal(err)
			}
			read(b, m.(*message.SessionEstablishmentRequest))
		}
	})
	b.Run("limpid/build", func(b *testing.B) {
		b.ReportAllocs()
		var buf []byte
		for b.Loop() {
			buf = pfcp.Append(buf[:0], pfcp.Header{Sequence: 1}, establishment())
		}
	})
	b.Run("go-pfcp/build", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			m := foreignEstablishment()
			if err := m.MarshalTo(make([]byte, m.MarshalLen())); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// read takes the values out that a user plane needs: the other library parses them only then.
func read(b *testing.B, m *message.SessionEstablishmentRequest) {
	must := func(_ any, err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	must(m.NodeID.NodeID())
	must(m.CPFSEID.FSEID())
	for _, p := range m.CreatePDR {
		must(p.PDRID())
		must(p.Precedence())
		must(p.FARID())
		must(p.QERID())
		must(p.URRID())
		pdi, err := p.PDI()
		must(pdi, err)
		for _, x := range pdi {
			switch x.Type {
			case ie.SourceInterface:
				must(x.SourceInterface())
			case ie.FTEID:
				must(x.FTEID())
			case ie.UEIPAddress:
				must(x.UEIPAddress())
			case ie.SDFFilter:
				must(x.SDFFilter())
			}
		}
	}
	for _, f := range m.CreateFAR {
		must(f.FARID())
		must(f.ApplyAction())
		parameters, err := f.ForwardingParameters()
		must(parameters, err)
		for _, x := range parameters {
			switch x.Type {
			case ie.DestinationInterface:
				must(x.DestinationInterface())
			case ie.OuterHeaderCreation:
				must(x.OuterHeaderCreation())
			}
		}
	}
	for _, q := range m.CreateQER {
		must(q.QERID())
		must(q.MBRUL())
		must(q.MBRDL())
		must(q.QFI())
	}
	for _, u := range m.CreateURR {
		must(u.URRID())
		must(u.VolumeThreshold())
	}
}
