package pfcp

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/wmnsk/go-pfcp/ie"
	"github.com/wmnsk/go-pfcp/message"

	limpid "github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/nf/upf/memory"
)

// foreignSMF is an SMF made of the other library alone, and a UPF of ours that it controls over UDP.
type foreignSMF struct {
	*testing.T
	conn     *net.UDPConn
	path     *memory.Path
	sequence uint32
}

func newForeignSMF(t *testing.T) *foreignSMF {
	path := memory.New()
	u, err := limpid.New(limpid.Config{N4: netip.MustParseAddrPort("127.0.0.2:18805"), N3: upf, CPFunctions: []netip.Addr{netip.MustParseAddr("127.0.0.1")},
		Networks: []limpid.Network{{DNN: "internet", TUN: "t", Pools: []netip.Prefix{netip.MustParsePrefix("10.60.0.0/24")}}}}, path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- u.Run(ctx) }()
	conn, err := net.DialUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 2), Port: 18805})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		_ = conn.Close()
	})
	return &foreignSMF{T: t, conn: conn, path: path}
}

// ask sends what the other library builds and reads the answer with it.
func (s *foreignSMF) ask(m message.Message) message.Message {
	s.Helper()
	b := make([]byte, m.MarshalLen())
	if err := m.MarshalTo(b); err != nil {
		s.Fatal(err)
	}
	if _, err := s.conn.Write(b); err != nil {
		s.Fatal(err)
	}
	return s.read()
}

func (s *foreignSMF) read() message.Message {
	s.Helper()
	buf := make([]byte, 1<<16)
	_ = s.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	n, err := s.conn.Read(buf)
	if err != nil {
		s.Fatal(err)
	}
	m, err := message.Parse(buf[:n])
	if err != nil {
		s.Fatalf("%x: %v", buf[:n], err)
	}
	return m
}

func (s *foreignSMF) next() uint32 { s.sequence++; return s.sequence }

// accepted wants a cause of acceptance.
func (s *foreignSMF) accepted(cause *ie.IE) {
	s.Helper()
	if c, err := cause.Cause(); err != nil || c != ie.CauseRequestAccepted {
		s.Fatalf("cause %d, %v", c, err)
	}
}

// TestForeignSMF: an SMF of another maker drives the UPF through the life of a session, TS 29.244 §6.2 and §6.3.
func TestForeignSMF(t *testing.T) {
	s := newForeignSMF(t)
	id := ie.NewNodeID("127.0.0.1", "", "")
	hb := s.ask(message.NewHeartbeatRequest(s.next(), ie.NewRecoveryTimeStamp(when), nil)).(*message.HeartbeatResponse)
	if at, err := hb.RecoveryTimeStamp.RecoveryTimeStamp(); err != nil || time.Since(at) > time.Minute {
		t.Errorf("%v %v", at, err)
	}
	a := s.ask(message.NewAssociationSetupRequest(s.next(), id, ie.NewRecoveryTimeStamp(when), ie.NewCPFunctionFeatures(0))).(*message.AssociationSetupResponse)
	s.accepted(a.Cause)
	if !a.UPFunctionFeatures.HasFTUP() || !a.UPFunctionFeatures.HasEMPU() || !a.UPFunctionFeatures.HasUEIP() || !a.UPFunctionFeatures.HasPFDM() {
		t.Error("features")
	}
	s.accepted(s.ask(message.NewPFDManagementRequest(s.next(), id, ie.NewApplicationIDsPFDs(ie.NewApplicationID("video"),
		ie.NewPFDContext(ie.NewPFDContents("permit out 17 from 192.0.2.1 to assigned", "", "", "", "", nil, nil, nil))))).(*message.PFDManagementResponse).Cause)

	e := s.ask(message.NewSessionEstablishmentRequest(0, 0, 0, s.next(), 0, id, ie.NewFSEID(77, net.IPv4(127, 0, 0, 1), nil),
		ie.NewCreatePDR(ie.NewPDRID(1), ie.NewPrecedence(200), ie.NewPDI(ie.NewSourceInterface(ie.SrcInterfaceAccess), ie.NewFTEID(13, 0, nil, nil, 1), ie.NewNetworkInstance("internet"),
			ie.NewUEIPAddress(0x10, "", "", 0, 0)), ie.NewOuterHeaderRemoval(0, 0), ie.NewFARID(1), ie.NewURRID(1), ie.NewQERID(1)),
		ie.NewCreatePDR(ie.NewPDRID(3), ie.NewPrecedence(100), ie.NewPDI(ie.NewSourceInterface(ie.SrcInterfaceAccess), ie.NewFTEID(13, 0, nil, nil, 1), ie.NewNetworkInstance("internet"),
			ie.NewUEIPAddress(0x10, "", "", 0, 0), ie.NewApplicationID("video")), ie.NewOuterHeaderRemoval(0, 0), ie.NewFARID(3)),
		ie.NewCreatePDR(ie.NewPDRID(2), ie.NewPrecedence(200), ie.NewPDI(ie.NewSourceInterface(ie.SrcInterfaceCore), ie.NewNetworkInstance("internet"),
			ie.NewUEIPAddress(0x14, "", "", 0, 0), ie.NewSDFFilter("permit out ip from any to assigned", "", "", "", 1)), ie.NewFARID(2), ie.NewURRID(1), ie.NewQERID(1)),
		ie.NewCreateFAR(ie.NewFARID(1), ie.NewApplyAction(2), ie.NewForwardingParameters(ie.NewDestinationInterface(ie.DstInterfaceCore), ie.NewNetworkInstance("internet"))),
		ie.NewCreateFAR(ie.NewFARID(2), ie.NewApplyAction(0x0c), ie.NewBARID(1)),
		ie.NewCreateFAR(ie.NewFARID(3), ie.NewApplyAction(1)),
		ie.NewCreateBAR(ie.NewBARID(1), ie.NewSuggestedBufferingPacketsCount(10)),
		ie.NewCreateQER(ie.NewQERID(1), ie.NewGateStatus(0, 0), ie.NewMBR(1000, 2000), ie.NewQFI(9)),
		ie.NewCreateURR(ie.NewURRID(1), ie.NewMeasurementMethod(0, 1, 0), ie.NewReportingTriggers(0, 1), ie.NewVolumeQuota(1, 1000, 0, 0)),
		ie.NewPDNType(ie.PDNTypeIPv4))).(*message.SessionEstablishmentResponse)
	s.accepted(e.Cause)
	seid, err := e.UPFSEID.FSEID()
	if err != nil {
		t.Fatal(err)
	}
	local, err := e.CreatedPDR[0].FTEID()
	if err != nil || local.TEID == 0 || !local.IPv4Address.Equal(upf.AsSlice()) {
		t.Fatalf("%+v %v", local, err)
	}
	address, err := e.CreatedPDR[0].UEIPAddress()
	if err != nil {
		t.Fatal(err)
	}
	own, _ := netip.AddrFromSlice(address.IPv4Address.To4())
	server := netip.MustParseAddr("192.0.2.1")
	up := func(protocol uint8, octets int) {
		s.path.Uplink(local.TEID, 9, limpid.Flow{Local: own, Remote: server, Protocol: protocol}, octets)
	}
	up(6, 400)
	up(17, 400) // the application that is dropped
	s.path.Downlink("internet", limpid.Flow{Local: own, Remote: server, Protocol: 6}, 100)
	s.report(seid.SEID, "downlink data")

	m := s.ask(message.NewSessionModificationRequest(0, 0, seid.SEID, s.next(), 0, ie.NewUpdateFAR(ie.NewFARID(2), ie.NewApplyAction(2),
		ie.NewUpdateForwardingParameters(ie.NewDestinationInterface(ie.DstInterfaceAccess), ie.NewOuterHeaderCreation(0x100, 0x1001, gnb.String(), "", 0, 0, 0))),
		ie.NewQueryURR(ie.NewURRID(1)))).(*message.SessionModificationResponse)
	s.accepted(m.Cause)
	if v, err := m.UsageReport[0].VolumeMeasurement(); err != nil || v.UplinkVolume != 400 {
		t.Errorf("%+v %v", v, err)
	}
	up(6, 600)
	s.report(seid.SEID, "quota")
	up(6, 600)
	d := s.ask(message.NewSessionDeletionRequest(0, 0, seid.SEID, s.next(), 0)).(*message.SessionDeletionResponse)
	s.accepted(d.Cause)
	if v, err := d.UsageReport[0].VolumeMeasurement(); err != nil || v.TotalVolume != 0 {
		t.Errorf("%+v %v", v, err)
	}
	c := s.path.Counters()
	if c.UplinkOut != 2 || c.DownlinkOut != 1 || c.Dropped[limpid.DropAction] != 1 || c.Dropped[limpid.DropQuota] != 1 {
		t.Errorf("%+v", c)
	}
}

// report reads a session report and accepts it.
func (s *foreignSMF) report(seid uint64, what string) {
	s.Helper()
	r, ok := s.read().(*message.SessionReportRequest)
	if !ok || r.SEID() != 77 {
		s.Fatalf("%s: %+v", what, r)
	}
	answer := message.NewSessionReportResponse(0, 0, seid, r.Sequence(), 0, ie.NewCause(ie.CauseRequestAccepted))
	b := make([]byte, answer.MarshalLen())
	if err := answer.MarshalTo(b); err != nil {
		s.Fatal(err)
	}
	if _, err := s.conn.Write(b); err != nil {
		s.Fatal(err)
	}
}
