package soft

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// rig is a UPF in the lab with an SMF that the test plays.
type rig struct {
	*lab
	t       *testing.T
	path    *Path
	upf     *upf.UPF
	smf     *pfcp.Endpoint
	n4      netip.AddrPort
	gnbSock *net.UDPConn
	dnSock  *net.UDPConn
	reports chan *pfcp.SessionReportRequest
	seid    atomic.Uint64
	teid    uint32
}

func newRig(t *testing.T, change func(*upf.Config)) *rig {
	t.Helper()
	cfg := config()
	smfAddr := netip.MustParseAddrPort("10.0.4.1:8805")
	near, far := pfcp.Pipe(smfAddr, cfg.N4)
	cfg.N4Conn = far
	if change != nil {
		change(&cfg)
	}
	r := &rig{lab: newLab(t), t: t, n4: cfg.N4, reports: make(chan *pfcp.SessionReportRequest, 16)}
	log := slog.New(slog.DiscardHandler)
	r.in(t, r.core, func() {
		var err error
		r.path, err = New(cfg, log)
		check(t, err)
	})
	var err error
	r.upf, err = upf.New(cfg, r.path, log)
	check(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.upf.Run(ctx) }()
	r.smf = pfcp.NewEndpoint(near, pfcp.Config{Handle: func(_ context.Context, _ netip.AddrPort, _ pfcp.Header, m pfcp.Message) (uint64, pfcp.Message) {
		r.reports <- m.(*pfcp.SessionReportRequest)
		return r.seid.Load(), &pfcp.SessionReportResponse{Cause: pfcp.CauseRequestAccepted}
	}})
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		_ = r.smf.Close()
	})
	r.gnbSock = r.listen(t, r.gnb, netip.AddrPortFrom(gnbN3, gtpu.Port))
	r.dnSock = r.listen(t, r.dn, netip.AddrPortFrom(dnAddr, 7777))
	return r
}

// ask sends a request and wants it accepted.
func (r *rig) ask(seid uint64, m pfcp.Message) pfcp.Message {
	r.t.Helper()
	answer, err := r.smf.Request(r.t.Context(), r.n4, pfcp.Header{SEID: seid}, m)
	check(r.t, err)
	if c, ok := pfcp.CauseOf(answer); !ok || !c.Accepted() {
		r.t.Fatalf("%s: %s", m.Type(), c)
	}
	return answer
}

const gnbTEID, newTEID = 0x1001, 0x2002

// establish makes a session of two PDRs, with QFI 9.
func (r *rig) establish(change func(*pfcp.SessionEstablishmentRequest)) {
	r.t.Helper()
	node := pfcp.NodeID{Addr: netip.MustParseAddr("10.0.4.1")}
	r.ask(0, &pfcp.AssociationSetupRequest{NodeID: node, RecoveryTimeStamp: 1})
	dnn := pfcp.Some(pfcp.NetworkInstance("internet"))
	m := &pfcp.SessionEstablishmentRequest{NodeID: node, CPFSEID: pfcp.FSEID{SEID: 77, IPv4: node.Addr},
		CreatePDR: []pfcp.CreatePDR{
			{PDRID: 1, Precedence: 100, PDI: pfcp.PDI{SourceInterface: pfcp.InterfaceAccess, LocalFTEID: pfcp.Some(pfcp.FTEID{ChooseIPv4: true}),
				NetworkInstance: dnn, UEIPAddress: []pfcp.UEIPAddress{{IPv4: ue}}, QFI: []pfcp.QFI{9}},
				OuterHeaderRemoval: pfcp.Some(pfcp.OuterHeaderRemoval{}), FARID: pfcp.Some(pfcp.FARID(1)), QERID: []pfcp.QERID{1}, URRID: []pfcp.URRID{1}},
			{PDRID: 2, Precedence: 100, PDI: pfcp.PDI{SourceInterface: pfcp.InterfaceCore, NetworkInstance: dnn,
				UEIPAddress: []pfcp.UEIPAddress{{IPv4: ue, Destination: true}}}, FARID: pfcp.Some(pfcp.FARID(2)), QERID: []pfcp.QERID{1}, URRID: []pfcp.URRID{1}},
		},
		CreateFAR: []pfcp.CreateFAR{
			{FARID: 1, ApplyAction: pfcp.ApplyFORW, ForwardingParameters: pfcp.Some(pfcp.ForwardingParameters{DestinationInterface: pfcp.InterfaceCore, NetworkInstance: dnn})},
			{FARID: 2, ApplyAction: pfcp.ApplyFORW, ForwardingParameters: pfcp.Some(pfcp.ForwardingParameters{DestinationInterface: pfcp.InterfaceAccess,
				OuterHeaderCreation: pfcp.Some(gnbTunnel(gnbTEID))})},
		},
		CreateQER: []pfcp.CreateQER{{QERID: 1, QFI: pfcp.Some(pfcp.QFI(9)), MBR: pfcp.Some(pfcp.MBR{Uplink: 1e6, Downlink: 1e6})}},
		CreateURR: []pfcp.CreateURR{{URRID: 1, MeasurementMethod: pfcp.MeasureVOLUM, MeasurementInformation: pfcp.Some(pfcp.MeasurementInformation(16))}},
	}
	if change != nil {
		change(m)
	}
	answer := r.ask(0, m).(*pfcp.SessionEstablishmentResponse)
	r.seid.Store(answer.UPFSEID.Value().SEID)
	local := answer.CreatedPDR[0].LocalFTEID.Value()
	if local.IPv4 != coreN3 || local.TEID == 0 {
		r.t.Fatalf("F-TEID %+v", local)
	}
	r.teid = local.TEID
}

func gnbTunnel(teid uint32) pfcp.OuterHeaderCreation {
	return pfcp.OuterHeaderCreation{Description: pfcp.CreateGTPUUDPIPv4, TEID: teid, IPv4: gnbN3}
}

// downlinkFAR changes what happens to downlink packets.
func (r *rig) downlinkFAR(action pfcp.ApplyAction, p pfcp.Opt[pfcp.UpdateForwardingParameters]) {
	r.t.Helper()
	r.ask(r.seid.Load(), &pfcp.SessionModificationRequest{UpdateFAR: []pfcp.UpdateFAR{{FARID: 2, ApplyAction: pfcp.Some(action), UpdateForwardingParameters: p}}})
}

// up sends a user's packet from the gNB.
func (r *rig) up(teid uint32, qfi uint8, packet []byte) {
	r.t.Helper()
	b := gtpu.Append(nil, &gtpu.Packet{Type: gtpu.GPDU, TEID: teid, HasSession: true, Session: gtpu.PDUSession{Type: gtpu.Uplink, QFI: qfi}, Payload: packet})
	r.gnbSends(b)
}

func (r *rig) gnbSends(b []byte) {
	r.t.Helper()
	_, err := r.gnbSock.WriteToUDPAddrPort(b, netip.AddrPortFrom(coreN3, gtpu.Port))
	check(r.t, err)
}

// down sends a datagram from the data network to the UE.
func (r *rig) down(text string) {
	r.t.Helper()
	_, err := r.dnSock.WriteToUDPAddrPort([]byte(text), netip.AddrPortFrom(ue, 5555))
	check(r.t, err)
}

// atDN wants a datagram at the data network.
func (r *rig) atDN(text string) {
	r.t.Helper()
	buf := make([]byte, 2000)
	check(r.t, r.dnSock.SetReadDeadline(time.Now().Add(patience)))
	n, from, err := r.dnSock.ReadFromUDPAddrPort(buf)
	check(r.t, err)
	if string(buf[:n]) != text || from.Addr() != ue {
		r.t.Fatalf("%q from %s, want %q", buf[:n], from, text)
	}
}

// atGNB wants a datagram for the UE in a tunnel of the gNB.
func (r *rig) atGNB(teid uint32, text string) {
	r.t.Helper()
	p := expect(r.t, r.gnbSock, gtpu.GPDU)
	if p.TEID != teid || !p.HasSession || p.Session != (gtpu.PDUSession{QFI: 9}) || !bytes.HasSuffix(p.Payload, []byte(text)) {
		r.t.Fatalf("%+v, want %q in tunnel %#x", p, text, teid)
	}
}

// dropped waits until a reason was counted n times.
func (r *rig) dropped(d upf.Drop, n uint64) {
	r.t.Helper()
	deadline := time.Now().Add(patience)
	for r.upf.Counters().Dropped[d] != n {
		if time.Now().After(deadline) {
			r.t.Fatalf("%s: %d dropped, want %d", d, r.upf.Counters().Dropped[d], n)
		}
		time.Sleep(time.Millisecond)
	}
}

func (r *rig) report() *pfcp.SessionReportRequest {
	r.t.Helper()
	select {
	case m := <-r.reports:
		return m
	case <-time.After(patience):
		r.t.Fatal("no report came")
		return nil
	}
}

// TestUserPlane moves packets between a gNB and a data network through one session, from its establishment to its
// deletion, TS 23.501 §5.8.2.
func TestUserPlane(t *testing.T) {
	r := newRig(t, nil)
	r.establish(nil)

	r.up(r.teid, 9, ipv4(ue, dnAddr, 1, ping("payload of a ping")))
	if p := expect(t, r.gnbSock, gtpu.GPDU); p.TEID != gnbTEID || p.Session.QFI != 9 || p.Payload[20] != 0 || !bytes.HasSuffix(p.Payload, []byte("payload of a ping")) {
		t.Fatalf("no echo reply: %+v", p)
	}
	r.up(r.teid, 9, ipv4(ue, dnAddr, 17, udp(5555, 7777, "up")))
	r.atDN("up")
	r.down("down")
	r.atGNB(gnbTEID, "down")

	t.Run("echo, TS 29.281 §7.2.1", func(t *testing.T) {
		r.gnbSends(gtpu.AppendEchoRequest(nil, 0x4711))
		if p := expect(t, r.gnbSock, gtpu.EchoResponse); p.Sequence != 0x4711 {
			t.Errorf("%+v", p)
		}
	})
	t.Run("unknown TEID, TS 29.281 §7.3.1", func(t *testing.T) {
		r.up(r.teid^1<<31, 9, ipv4(ue, dnAddr, 17, udp(5555, 7777, "lost")))
		p := expect(t, r.gnbSock, gtpu.ErrorIndication)
		d, err := gtpu.ParseErrorIndication(p.Payload)
		if err != nil || d.TEID != r.teid^1<<31 || d.Peer != coreN3 || p.UDPPort != gtpu.Port {
			t.Errorf("%+v, %v, port %d", d, err, p.UDPPort)
		}
	})
	t.Run("extension header that must be comprehended, TS 29.281 §7.2.3", func(t *testing.T) {
		r.gnbSends([]byte{0x34, 0xff, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0x84, 1, 0, 0, 0})
		expect(t, r.gnbSock, gtpu.SupportedExtensionHeadersNotification)
	})
	t.Run("drops", func(t *testing.T) {
		r.t = t
		r.up(r.teid, 9, ipv4(netip.MustParseAddr("10.60.0.8"), dnAddr, 17, udp(5555, 7777, "spoofed")))
		r.dropped(upf.DropSpoofed, 1)
		r.up(r.teid, 8, ipv4(ue, dnAddr, 17, udp(5555, 7777, "wrong QFI")))
		r.dropped(upf.DropQFI, 1)
		r.up(r.teid, 9, []byte("no IP packet at all!"))
		r.dropped(upf.DropMalformed, 1)
		_, err := r.dnSock.WriteToUDPAddrPort([]byte("nobody"), netip.MustParseAddrPort("10.60.0.9:1"))
		check(t, err)
		r.dropped(upf.DropUnknownUE, 1)
	})
	t.Run("error indication of the gNB, TS 29.244 §7.5.8.4", func(t *testing.T) {
		r.t = t
		before := r.upf.Counters().Signalling
		for range 2 { // told once
			r.gnbSends(gtpu.AppendErrorIndication(nil, gnbTEID, gnbN3, gtpu.Port))
		}
		for deadline := time.Now().Add(patience); r.upf.Counters().Signalling != before+2 && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond) // the second must not come after the next change of rules
		}
		m := r.report()
		if f := m.ErrorIndicationReport.Value().RemoteFTEID; m.ReportType != pfcp.ReportERIR || len(f) != 1 || f[0] != (pfcp.FTEID{TEID: gnbTEID, IPv4: gnbN3}) {
			t.Errorf("%+v", m)
		}
	})
	t.Run("idle and back, TS 23.502 §4.2.3.3", func(t *testing.T) { r.idleAndBack(t) })
	t.Run("deletion reports usage, TS 29.244 §7.5.7.2", func(t *testing.T) { r.deletion(t) })
	conserved(t, r.upf.Counters())
}

// idleAndBack buffers while the UE is idle, reports once, and delivers in order through the new tunnel.
func (r *rig) idleAndBack(t *testing.T) {
	r.t = t
	r.downlinkFAR(pfcp.ApplyBUFF|pfcp.ApplyNOCP, pfcp.Opt[pfcp.UpdateForwardingParameters]{})
	if n := r.upf.View().AtRest; n != 1 || r.path.find(upf.Slot(r.teid)) != nil {
		t.Errorf("%d sessions at rest", n)
	}
	for i := range 20 {
		r.down(fmt.Sprintf("waiting %02d", i))
	}
	m := r.report()
	d := m.DownlinkDataReport.Value()
	if m.ReportType != pfcp.ReportDLDR || len(d.PDRID) != 1 || d.PDRID[0] != 2 || d.DownlinkDataServiceInformation[0].QFI.Value() != 9 {
		t.Errorf("%+v", m)
	}
	deadline := time.Now().Add(patience)
	for r.upf.Counters().Buffered != 20 && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	r.downlinkFAR(pfcp.ApplyFORW, pfcp.Some(pfcp.UpdateForwardingParameters{OuterHeaderCreation: pfcp.Some(gnbTunnel(newTEID)),
		PFCPSMReqFlags: pfcp.Some(pfcp.SMReqSNDEM)}))
	r.down("newer")
	for i := range 20 {
		r.atGNB(newTEID, fmt.Sprintf("waiting %02d", i))
	}
	var markers, newer int
	for range 2 { // the end marker goes to another tunnel: between them there is no order
		buf := make([]byte, 2000)
		check(t, r.gnbSock.SetReadDeadline(time.Now().Add(patience)))
		n, _, err := r.gnbSock.ReadFromUDPAddrPort(buf)
		check(t, err)
		var p gtpu.Packet
		check(t, gtpu.Parse(buf[:n], &p))
		switch {
		case p.Type == gtpu.EndMarker && p.TEID == gnbTEID:
			markers++
		case p.Type == gtpu.GPDU && p.TEID == newTEID && bytes.HasSuffix(p.Payload, []byte("newer")):
			newer++
		}
	}
	if markers != 1 || newer != 1 {
		t.Errorf("%d end markers, %d newer packets", markers, newer)
	}
	if len(r.reports) != 0 {
		t.Errorf("more than one report: %+v", <-r.reports)
	}
}

// deletion compares the last usage report with what was sent, and wants the tunnel to be unknown afterwards.
func (r *rig) deletion(t *testing.T) {
	r.t = t
	m := r.ask(r.seid.Load(), &pfcp.SessionDeletionRequest{}).(*pfcp.SessionDeletionResponse)
	if len(m.UsageReport) != 1 {
		t.Fatalf("%+v", m)
	}
	v := m.UsageReport[0].VolumeMeasurement.Value()
	wantUp := uint64(28+len("payload of a ping")) + uint64(28+len("up"))
	wantDown := uint64(28+len("payload of a ping")) + uint64(28+len("down")) + 20*uint64(28+len("waiting 00")) + uint64(28+len("newer"))
	if v.Uplink.Value() != wantUp || v.Downlink.Value() != wantDown || v.Total.Value() != wantUp+wantDown ||
		v.UplinkPackets.Value() != 2 || v.DownlinkPackets.Value() != 23 {
		t.Errorf("%+v, want %d up and %d down", v, wantUp, wantDown)
	}
	r.up(r.teid, 9, ipv4(ue, dnAddr, 17, udp(5555, 7777, "late")))
	expect(t, r.gnbSock, gtpu.ErrorIndication)
	r.down("late")
	r.dropped(upf.DropUnknownUE, 2)
}

// conserved wants each packet that came in to be accounted for.
func conserved(t testing.TB, c upf.Counters) {
	t.Helper()
	var dropped uint64
	for _, n := range c.Dropped {
		dropped += n
	}
	if in, out := c.UplinkIn+c.DownlinkIn, c.UplinkOut+c.DownlinkOut+c.Signalling+c.Buffered+dropped; in != out {
		t.Errorf("%d packets came in, %d are accounted for: %+v", in, out, c)
	}
}

// TestRules holds packets to gates, rates, filters and precedence, TS 29.244 §5.2.1 and §5.4.
func TestRules(t *testing.T) {
	r := newRig(t, func(c *upf.Config) { c.BufferPackets = 3 })
	r.establish(func(m *pfcp.SessionEstablishmentRequest) {
		blocked := m.CreatePDR[0]
		blocked.PDRID, blocked.Precedence, blocked.FARID = 3, 10, pfcp.Some(pfcp.FARID(3))
		blocked.PDI.LocalFTEID = pfcp.Some(pfcp.FTEID{ChooseIPv4: true, ChooseID: pfcp.Some(uint8(1))})
		blocked.PDI.SDFFilter = []pfcp.SDFFilter{{FlowDescription: "permit out 17 from 10.0.6.2 53 to assigned"}}
		m.CreatePDR[0].PDI.LocalFTEID = blocked.PDI.LocalFTEID
		m.CreatePDR = append(m.CreatePDR, blocked)
		m.CreateFAR = append(m.CreateFAR, pfcp.CreateFAR{FARID: 3, ApplyAction: pfcp.ApplyDROP})
	})
	r.up(r.teid, 9, ipv4(ue, dnAddr, 17, udp(5555, 53, "blocked by the filter of PDR 3")))
	r.dropped(upf.DropAction, 1)
	r.up(r.teid, 9, ipv4(ue, dnAddr, 17, udp(5555, 7777, "passes")))
	r.atDN("passes")

	qer := func(g pfcp.GateStatus, mbr pfcp.MBR) {
		t.Helper()
		r.ask(r.seid.Load(), &pfcp.SessionModificationRequest{UpdateQER: []pfcp.UpdateQER{{QERID: 1, GateStatus: pfcp.Some(g), MBR: pfcp.Some(mbr)}}})
	}
	qer(pfcp.GateStatus{UplinkClosed: true}, pfcp.MBR{Uplink: 1000, Downlink: 1000})
	r.up(r.teid, 9, ipv4(ue, dnAddr, 17, udp(5555, 7777, "gate")))
	r.dropped(upf.DropGate, 1)
	r.down("other direction")
	r.atGNB(gnbTEID, "other direction")

	qer(pfcp.GateStatus{}, pfcp.MBR{Uplink: 1000, Downlink: 0})
	r.down("rate of 0")
	r.dropped(upf.DropRate, 1)

	r.downlinkFAR(pfcp.ApplyBUFF, pfcp.Opt[pfcp.UpdateForwardingParameters]{})
	for range 5 {
		r.down("bound of three")
	}
	r.dropped(upf.DropBufferFull, 2)
	r.ask(r.seid.Load(), &pfcp.SessionModificationRequest{PFCPSMReqFlags: pfcp.Some(pfcp.SMReqDROBU)})
	r.dropped(upf.DropBufferDiscard, 3)
	if len(r.reports) != 0 {
		t.Error("a report without NOCP")
	}
	conserved(t, r.upf.Counters())
}

// roomy gives a socket a buffer beyond the limit of the namespace: it is read after all was sent.
func roomy(t *testing.T, c *net.UDPConn) {
	t.Helper()
	raw, err := c.SyscallConn()
	check(t, err)
	check(t, raw.Control(func(fd uintptr) { check(t, unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 4<<20)) }))
}

// TestSegmentation sends so much in one burst that sender and receiver join datagrams, and wants each of them back.
func TestSegmentation(t *testing.T) {
	r := newRig(t, nil)
	r.establish(nil)
	const n = 200
	text := strings.Repeat("x", 1000)
	r.up(r.teid, 9, ipv4(ue, dnAddr, 17, udp(5555, 7777, "first"))) // a neighbour that is not resolved yet takes few packets
	r.atDN("first")
	r.down("first")
	r.atGNB(gnbTEID, "first")
	roomy(t, r.dnSock)
	for i := range n {
		r.up(r.teid, 9, ipv4(ue, dnAddr, 17, udp(5555, 7777, fmt.Sprintf("%03d", i)+text)))
	}
	for i := range n {
		r.atDN(fmt.Sprintf("%03d", i) + text)
	}
	roomy(t, r.gnbSock)
	for i := range n {
		r.down(fmt.Sprintf("%03d", i) + text)
		if i%50 == 49 { // the TUN holds 500 packets, the socket fewer
			for j := i - 49; j <= i; j++ {
				p := expect(t, r.gnbSock, gtpu.GPDU)
				if got := string(p.Payload[28:31]); got != fmt.Sprintf("%03d", j) {
					t.Fatalf("packet %s, want %03d", got, j)
				}
			}
		}
	}
	conserved(t, r.upf.Counters())
}

// TestIPv6 moves IPv6 packets of a UE through tunnels over IPv6, TS 23.501 §5.8.2.2.
func TestIPv6(t *testing.T) {
	l := newLab(t)
	cfg := config()
	cfg.N3 = coreN3v6
	cfg.Networks[0].Pools = append(cfg.Networks[0].Pools, pool6)
	var p *Path
	l.in(t, l.core, func() {
		var err error
		p, err = New(cfg, slog.New(slog.DiscardHandler))
		check(t, err)
	})
	const teid = 1<<20 | 65540 // above the IPv4 pool
	prefix := netip.MustParsePrefix("2001:db8:60:7::/64")
	s := &upf.Session{Slot: 65540, Tunnels: []uint32{teid}, UE6: prefix, Rules: []upf.Rule{
		{PDR: 1, Source: pfcp.InterfaceAccess, TEID: teid, UE6: prefix, Action: pfcp.ApplyFORW, To: pfcp.InterfaceCore, Network: "internet"},
		{PDR: 2, Source: pfcp.InterfaceCore, UE6: prefix, Network: "internet", Action: pfcp.ApplyFORW, Peer: gnbN3v6, PeerTEID: gnbTEID, QFI: 9}}}
	check(t, p.Apply(s))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx, silent{}) }()
	r := &rig{lab: l, t: t, gnbSock: l.listen(t, l.gnb, netip.AddrPortFrom(gnbN3v6, gtpu.Port))}
	check(t, p.Apply(s)) // the first advertisement found nobody there
	if p.live[65540].advertised != true {
		t.Error("the prefix was not advertised")
	}
	send := func(teid uint32, src netip.Addr) {
		b := gtpu.Append(nil, &gtpu.Packet{Type: gtpu.GPDU, TEID: teid, Payload: ipv6(src, dnAddr6, 58, ping6(src, dnAddr6, "payload"))})
		_, err := r.gnbSock.WriteToUDPAddrPort(b, netip.AddrPortFrom(coreN3v6, gtpu.Port))
		check(t, err)
	}
	send(teid, ue6)
	g := expect(t, r.gnbSock, gtpu.GPDU)
	for g.Payload[40] == 134 { // the advertisement may have waited for the gNB's address on the link
		g = expect(t, r.gnbSock, gtpu.GPDU)
	}
	if g.TEID != gnbTEID || g.Payload[40] != 129 || !bytes.HasSuffix(g.Payload, []byte("payload")) {
		t.Errorf("no echo reply: %+v", g)
	}
	send(teid+1, ue6)
	e := expect(t, r.gnbSock, gtpu.ErrorIndication)
	if d, err := gtpu.ParseErrorIndication(e.Payload); err != nil || d.Peer != coreN3v6 {
		t.Errorf("%+v, %v", d, err)
	}
	send(teid, netip.MustParseAddr("2001:db8:60:8::1"))
	deadline := time.Now().Add(patience)
	for p.Counters().Dropped[upf.DropSpoofed] != 1 && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if c := p.Counters(); c.Dropped[upf.DropSpoofed] != 1 || c.UplinkOut != 1 || c.DownlinkOut != 1 {
		t.Errorf("%+v", c)
	}
	conserved(t, p.Counters())
	check(t, p.Close())
}

// TestErrors wants errors of one line that name what is missing.
func TestErrors(t *testing.T) {
	l := newLab(t)
	for want, change := range map[string]func(*upf.Config){
		"cannot listen on 192.0.2.1:2152": func(c *upf.Config) { c.N3 = netip.MustParseAddr("192.0.2.1") },
		"n3 address is missing":           func(c *upf.Config) { c.N3 = netip.Addr{} },
		"a name has 1 to 15 characters":   func(c *upf.Config) { c.Networks[0].TUN = "an-interface-of-long-name" },
		"overlaps pool 10.60.0.0/16": func(c *upf.Config) {
			c.Networks = append(c.Networks, upf.Network{DNN: "ims", TUN: "upf1", Pools: []netip.Prefix{netip.MustParsePrefix("10.60.3.0/24")}})
		},
		"MTU 100": func(c *upf.Config) { c.Networks[0].MTU = 100 },
	} {
		cfg := config()
		change(&cfg)
		l.in(t, l.core, func() {
			p, err := New(cfg, slog.New(slog.DiscardHandler))
			if err == nil {
				_ = p.Close()
			}
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v, want %q", err, want)
			}
		})
	}
}

// TestChangesUnderTraffic changes, removes and installs sessions while packets move, for the race detector to watch,
// and wants each packet to be accounted for at the end.
func TestChangesUnderTraffic(t *testing.T) {
	p, err := closedPath(config(), slog.New(slog.DiscardHandler))
	check(t, err)
	session := func(slot uint32, action pfcp.ApplyAction) *upf.Session {
		teid := 1<<20 | slot
		return &upf.Session{Slot: slot, Tunnels: []uint32{teid}, UE4: address(int(slot)), Rules: []upf.Rule{
			{PDR: 1, Source: pfcp.InterfaceAccess, TEID: teid, UE4: address(int(slot)), Action: pfcp.ApplyFORW, To: pfcp.InterfaceCore, URRs: []pfcp.URRID{1}},
			{PDR: 2, Source: pfcp.InterfaceCore, UE4: address(int(slot)), Network: "internet", Action: action, URRs: []pfcp.URRID{1},
				QERs: []upf.QER{{ID: 1, MBR: pfcp.Some(pfcp.MBR{Uplink: 1, Downlink: 1})}}}}}
	}
	const slots, rounds = 4, 2000
	var workers, changers sync.WaitGroup
	stop := make(chan struct{})
	workers.Go(func() {
		w := p.newDownlinkWorker(newTUN(p.cfg.Networks[0]))
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			b := append(make([]byte, gtpu.Headroom), ipv4(dnAddr, address(i%slots), 17, udp(1, 2, "x"))...)
			w.packet(b)
		}
	})
	workers.Go(func() {
		w := p.newUplinkWorker()
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			inner := ipv4(address(i%slots), dnAddr, 17, udp(1, 2, "x"))
			w.errors(gtpu.Append(nil, &gtpu.Packet{Type: gtpu.GPDU, TEID: 1<<20 | uint32(i%slots), Payload: inner}))
		}
	})
	for slot := range uint32(slots) {
		changers.Go(func() {
			for i := range rounds {
				switch i % 4 {
				case 0, 1:
					check(t, p.Apply(session(slot, pfcp.ApplyBUFF)))
				case 2:
					check(t, p.Apply(session(slot, pfcp.ApplyDROP)))
				default:
					p.Usage(slot, 1)
					p.Rearm(slot)
					p.Remove(slot)
				}
			}
		})
	}
	changers.Wait()
	close(stop)
	workers.Wait()
	for slot := range uint32(slots) {
		p.Remove(slot)
	}
	c := p.Counters()
	if c.Buffered != 0 || p.bufBytes.Load() != 0 {
		t.Errorf("%d packets and %d octets are left in buffers", c.Buffered, p.bufBytes.Load())
	}
	conserved(t, c)
}

// errors serves a datagram without a socket to answer on: the limit of error indications is used up before.
func (w *uplinkWorker) errors(b []byte) {
	w.path.errors.count.Store(errorsPerSecond)
	w.datagram(b, netip.AddrPortFrom(gnbN3, gtpu.Port))
}
