package ran_test

import (
	"context"
	"encoding/hex"
	"log/slog"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/aka/milenage"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/sctp"
)

const (
	testIMSI = "001010000000001"
	testNEA  = 2
	testNIA  = 2
)

var (
	testPLMN  = must(ident.ParsePLMN("00101"))
	testTAI   = ident.TAI{PLMN: testPLMN, TAC: 1}
	testGUAMI = ident.GUAMI{PLMN: testPLMN, Region: 2, Set: 1, Pointer: 0}
	testSlice = ident.SNSSAI{SST: 1, SD: ident.NoSD}
	testUPF   = netip.MustParseAddr("192.0.2.1")
	testUE    = netip.MustParseAddr("10.45.0.2")
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func unhex(s string) []byte { return must(hex.DecodeString(s)) }

func testAlgorithm() aka.Algorithm {
	k, opc := [16]byte(unhex("465b5ce8b199b49faa5f0a2ee238a6bc")), milenage.OPc(unhex("e8ed289deba952e4283b54e88e6183ca"))
	return milenage.New(&k, &opc)
}

// network is an AMF, AUSF and SMF played by the test, one message at a time. It is written from the standards alone.
type network struct {
	t     *testing.T
	assoc sctp.Association
	amf   ngap.AMFUENGAPID
	ran   ngap.RANUENGAPID
	sqn   aka.SQN
	ksi   uint8
	kamf  aka.KAMF
	sec   *nas.Context
	count uint32 // uplink NAS COUNT of which KgNB is made, TS 33.501 §6.8.1.2.2
	last  uint32 // that of the last protected message
	tmsi  uint32
	upf   netip.Addr
	imsi  string
	// held, if set, takes what arrives before it is expected: the messages of several UEs interleave.
	held *[]ngap.Message
	// answer is what the UE sent before the gNB answered.
	answer *gmm.ULNASTransport
}

func (n *network) context() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 24*time.Hour)
	n.t.Cleanup(cancel)
	return ctx
}

// expect receives the next message, which has to be an M.
func expect[M ngap.Message](n *network) M {
	n.t.Helper()
	var want M
	for i := 0; n.held != nil && i < len(*n.held); i++ {
		if is, ok := (*n.held)[i].(M); ok && n.mine(is) {
			*n.held = slices.Delete(*n.held, i, i+1)
			return is
		}
	}
	for {
		got := n.receive()
		is, ok := got.(M)
		switch {
		case ok && (n.held == nil || n.mine(is)):
			return is
		case n.held == nil:
			n.t.Errorf("got %s %+v, want %T", got.Name(), got, want)
			panic(stop{})
		}
		*n.held = append(*n.held, got)
	}
}

func (n *network) receive() ngap.Message {
	n.t.Helper()
	m, err := n.assoc.Receive(n.context())
	if err == nil {
		var got ngap.Message
		if got, err = ngap.Decode(m.Data); err == nil {
			return got
		}
	}
	n.t.Errorf("receiving: %v", err)
	panic(stop{})
}

// mine tells whether a message is of the UE that the script is about.
func (n *network) mine(m ngap.Message) bool {
	switch m := m.(type) {
	case *ngap.UplinkNASTransport:
		return m.RANUENGAPID == n.ran
	case *ngap.UEContextReleaseComplete:
		return m.RANUENGAPID == n.ran
	}
	return true
}

// stop ends a script after its failure is reported.
type stop struct{}

// script runs f as the network's side and returns when it ended.
func (n *network) script(f func()) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if r := recover(); r != nil {
				if _, ok := r.(stop); !ok {
					panic(r)
				}
				n.assoc.Abort("test failed")
			}
		}()
		f()
	}()
	return done
}

func (n *network) send(m ngap.Message) {
	n.t.Helper()
	b, err := ngap.Append(nil, m)
	if err == nil {
		err = n.assoc.Send(n.context(), sctp.Message{PPID: sctp.PPIDNGAP, Data: b})
	}
	if err != nil {
		n.t.Errorf("sending %s: %v", m.Name(), err)
		panic(stop{})
	}
}

// open takes a NAS message as the AMF does.
func (n *network) open(pdu []byte) gmm.Message {
	n.t.Helper()
	h, err := nas.Peek(pdu)
	if err == nil && h.SecurityHeader != nas.Plain {
		if n.sec == nil {
			pdu, err = nas.Inside(pdu)
		} else {
			var p nas.Protected
			pdu, p, err = n.sec.Unprotect(pdu)
			n.last = p.Count
		}
	}
	if err != nil {
		n.t.Errorf("NAS: %v", err)
		panic(stop{})
	}
	m, err := gmm.Decode(pdu)
	if err != nil {
		n.t.Errorf("NAS: %v", err)
		panic(stop{})
	}
	return m
}

func asNAS[M gmm.Message](n *network, m gmm.Message) M {
	n.t.Helper()
	is, ok := m.(M)
	if !ok {
		n.t.Errorf("got %s, want %T", m.Name(), is)
		panic(stop{})
	}
	return is
}

// initial receives an initial NAS message on a new connection.
func initial[M gmm.Message](n *network) (M, *ngap.InitialUEMessage) {
	n.t.Helper()
	i := expect[*ngap.InitialUEMessage](n)
	n.ran = i.RANUENGAPID
	n.amf++
	m := asNAS[M](n, n.open(i.NASPDU))
	n.count = n.last
	return m, i
}

// uplink receives a NAS message on the connection.
func uplink[M gmm.Message](n *network) M {
	n.t.Helper()
	return asNAS[M](n, n.open(expect[*ngap.UplinkNASTransport](n).NASPDU))
}

func (n *network) pdu(m gmm.Message, t nas.SecurityHeaderType) []byte {
	b := must(gmm.Append(nil, m))
	if t == nas.Plain {
		return b
	}
	return must(n.sec.Protect(nil, b, t))
}

func (n *network) transport(pdu []byte) {
	n.send(&ngap.DownlinkNASTransport{AMFUENGAPID: n.amf, RANUENGAPID: n.ran, NASPDU: pdu})
}

func (n *network) plain(m gmm.Message)  { n.transport(n.pdu(m, nas.Plain)) }
func (n *network) secure(m gmm.Message) { n.transport(n.pdu(m, nas.IntegrityProtectedCiphered)) }

func (n *network) setup() {
	expect[*ngap.NGSetupRequest](n)
	n.send(&ngap.NGSetupResponse{
		AMFName: "amf", ServedGUAMIList: ngap.ServedGUAMIList{{GUAMI: ngap.NewGUAMI(testGUAMI)}},
		RelativeAMFCapacity: 255, PLMNSupportList: ngap.PLMNSupportList{{
			PLMNIdentity:     ngap.PLMNIdentity(testPLMN),
			SliceSupportList: ngap.SliceSupportList{{SNSSAI: ngap.NewSNSSAI(testSlice)}},
		}},
	})
}

// challenge makes the next authentication request, TS 33.501 §6.1.3.2.
func (n *network) challenge() (*gmm.AuthenticationRequest, aka.RESStar, aka.KAMF) {
	n.sqn = must(n.sqn.Next(0))
	v := aka.NewVector(testAlgorithm(), aka.RAND{byte(n.sqn >> 5), 7}, n.sqn, aka.AMF{0x80, 0})
	network := must(aka.NewServingNetwork("001", "01"))
	kausf := aka.NewKAUSF(&v.CK, &v.IK, network, v.AUTN.SQNxorAK())
	kseaf := kausf.KSEAF(network)
	rand, autn := [16]byte(v.RAND), [16]byte(v.AUTN)
	return &gmm.AuthenticationRequest{NgKSI: gmm.KeySetIdentifier(n.ksi), ABBA: []byte{0, 0}, RAND: &rand, AUTN: &autn},
		aka.NewRESStar(&v.CK, &v.IK, network, &v.RAND, &v.XRES), kseaf.KAMF(n.imsi, []byte{0, 0})
}

func (n *network) authenticate() {
	n.t.Helper()
	n.ksi = (n.ksi + 1) % 7
	request, want, kamf := n.challenge()
	if n.sec != nil {
		n.secure(request)
	} else {
		n.plain(request)
	}
	got := uplink[*gmm.AuthenticationResponse](n)
	if got.RES == nil || aka.RESStar(*got.RES) != want {
		n.t.Error("wrong RES*")
		panic(stop{})
	}
	n.kamf = kamf
}

// newContext is the security context of the last authentication, TS 33.501 §6.7.2.
func (n *network) newContext() *nas.Context {
	cipher, _ := aka.NEA(testNEA)
	mac, _ := aka.NIA(testNIA)
	return &nas.Context{
		Role: nas.RoleNetwork, Bearer: nas.Bearer3GPP, Cipher: cipher, MAC: mac,
		KNASenc: n.kamf.AlgorithmKey(aka.NASEncryption, testNEA), KNASint: n.kamf.AlgorithmKey(aka.NASIntegrity, testNIA),
	}
}

func (n *network) command(capability gmm.UESecurityCapability) *gmm.SecurityModeCommand {
	imeisv := gmm.IMEISVRequested
	whole := gmm.RetransmitInitialMessage
	return &gmm.SecurityModeCommand{
		SelectedNASSecurityAlgorithms: gmm.NewSecurityAlgorithms(testNEA, testNIA), NgKSI: gmm.KeySetIdentifier(n.ksi),
		ReplayedUESecurityCapabilities: capability, IMEISVRequest: &imeisv, AdditionalSecurityInformation: &whole,
	}
}

// securityMode takes the new context into use and returns the complete initial message.
func (n *network) securityMode(capability gmm.UESecurityCapability) (*gmm.SecurityModeComplete, gmm.Message) {
	n.t.Helper()
	n.sec = n.newContext()
	n.transport(n.pdu(n.command(capability), nas.IntegrityProtectedNewContext))
	complete := uplink[*gmm.SecurityModeComplete](n)
	n.count = n.last
	m, err := gmm.Decode(complete.NASMessageContainer)
	if err != nil {
		n.t.Errorf("NAS message container: %v", err)
		panic(stop{})
	}
	return complete, m
}

func (n *network) contextSetup(pdu []byte) *ngap.InitialContextSetupRequest {
	n.t.Helper()
	return &ngap.InitialContextSetupRequest{
		AMFUENGAPID: n.amf, RANUENGAPID: n.ran, GUAMI: ngap.NewGUAMI(testGUAMI),
		AllowedNSSAI:           ngap.AllowedNSSAI{{SNSSAI: ngap.NewSNSSAI(testSlice)}},
		UESecurityCapabilities: ngap.UESecurityCapabilities{NRencryptionAlgorithms: 0xe000, NRintegrityProtectionAlgorithms: 0xe000},
		SecurityKey:            ngap.SecurityKey(n.kamf.KAN(n.count, aka.Access3GPP)), NASPDU: pdu,
	}
}

func (n *network) accept() *gmm.RegistrationAccept {
	n.tmsi++
	guti := gmm.GUTIIdentity(ident.GUTI{GUAMI: testGUAMI, TMSI: n.tmsi})
	t3512 := nas.NewGPRSTimer3(time.Hour)
	return &gmm.RegistrationAccept{
		RegistrationResult: gmm.Registered3GPP, GUTI: &guti, TAIList: gmm.NewTAIList(testTAI),
		AllowedNSSAI: gmm.NewNSSAI(testSlice), T3512: &t3512,
	}
}

// register plays the network's half of TS 23.502 §4.2.2.2.2.
func (n *network) register() {
	n.t.Helper()
	request, _ := initial[*gmm.RegistrationRequest](n)
	n.authenticate()
	n.securityMode(request.UESecurityCapability)
	n.send(n.contextSetup(n.pdu(n.accept(), nas.IntegrityProtectedCiphered)))
	expect[*ngap.InitialContextSetupResponse](n)
	uplink[*gmm.RegistrationComplete](n)
}

func (n *network) requestTransfer() []byte {
	return must((&ngap.PDUSessionResourceSetupRequestTransfer{
		PDUSessionType: ngap.PDUSessionTypeIPV4,
		ULNGUUPTNLInformation: ngap.UPTransportLayerInformation{GTPTunnel: &ngap.GTPTunnel{
			TransportLayerAddress: must(ngap.NewTransportLayerAddress(n.upf, netip.Addr{})), GTPTEID: 0x77,
		}},
		QosFlowSetupRequestList: ngap.QosFlowSetupRequestList{{
			QosFlowIdentifier: 1, QosFlowLevelQosParameters: ngap.QosFlowLevelQosParameters{
				QosCharacteristics:             ngap.QosCharacteristics{NonDynamic5QI: &ngap.NonDynamic5QIDescriptor{FiveQI: 9}},
				AllocationAndRetentionPriority: ngap.AllocationAndRetentionPriority{PriorityLevelARP: 8},
			},
		}},
	}).Append(nil))
}

// sessionRequest receives a PDU session establishment request.
func (n *network) sessionRequest() (*gmm.ULNASTransport, *gsm.PDUSessionEstablishmentRequest) {
	n.t.Helper()
	transport := uplink[*gmm.ULNASTransport](n)
	return transport, sm[*gsm.PDUSessionEstablishmentRequest](n, transport)
}

func sm[M gsm.Message](n *network, transport *gmm.ULNASTransport) M {
	n.t.Helper()
	m, err := gsm.Decode(transport.PayloadContainer)
	is, ok := m.(M)
	if err != nil || !ok {
		n.t.Errorf("got %v, %v, want %T", m, err, is)
		panic(stop{})
	}
	return is
}

func downlinkSM(m gsm.Message) *gmm.DLNASTransport {
	id := m.SessionID()
	return &gmm.DLNASTransport{
		PayloadContainerType: gmm.PayloadN1SM, PayloadContainer: must(gsm.Append(nil, m)), PDUSessionID: &id,
	}
}

func sessionAccept(id, pti uint8) *gsm.PDUSessionEstablishmentAccept {
	var options gsm.ProtocolConfigurationOptions
	options = options.AddDNS(netip.MustParseAddr("192.0.2.53")).AddMTU(gsm.IPv4LinkMTU, 1400)
	return &gsm.PDUSessionEstablishmentAccept{
		PDUSessionID: id, PTI: pti, SelectedPDUSessionType: gsm.IPv4, SelectedSSCMode: gsm.SSCMode1,
		AuthorizedQoSRules: gsm.QoSRules{gsm.DefaultRule(1, 255, 1)}, SessionAMBR: gsm.NewSessionAMBR(1e9, 1e9),
		PDUAddress: &gsm.PDUAddress{Type: gsm.IPv4, IPv4: testUE}, DNN: "internet",
		ProtocolConfigurationOptions: options,
	}
}

// session plays the network's half of TS 23.502 §4.3.2.2.
func (n *network) session() {
	n.t.Helper()
	_, request := n.sessionRequest()
	pdu := n.pdu(downlinkSM(sessionAccept(request.PDUSessionID, request.PTI)), nas.IntegrityProtectedCiphered)
	n.send(&ngap.PDUSessionResourceSetupRequest{
		AMFUENGAPID: n.amf, RANUENGAPID: n.ran,
		PDUSessionResourceSetupListSUReq: ngap.PDUSessionResourceSetupListSUReq{{
			PDUSessionID: ngap.PDUSessionID(request.PDUSessionID), PDUSessionNASPDU: pdu, SNSSAI: ngap.NewSNSSAI(testSlice),
			PDUSessionResourceSetupRequestTransfer: n.requestTransfer(),
		}},
	})
	response := expect[*ngap.PDUSessionResourceSetupResponse](n)
	if len(response.PDUSessionResourceSetupListSURes) != 1 {
		n.t.Errorf("session not set up: %+v", response)
	}
}

// release plays the network's half of TS 23.502 §4.2.6.
func (n *network) release(cause ngap.Cause) {
	n.t.Helper()
	n.send(&ngap.UEContextReleaseCommand{Cause: cause, UENGAPIDs: ngap.UENGAPIDs{
		UENGAPIDPair: &ngap.UENGAPIDPair{AMFUENGAPID: n.amf, RANUENGAPID: n.ran},
	}})
	expect[*ngap.UEContextReleaseComplete](n)
}

// bed is a gNB, a UE that camps on it, and the network.
type bed struct {
	*network
	gnb *gnb.GNB
	ue  *ue.UE
}

// newBed sets everything up; edit may change the configurations. It is to be called inside synctest.
func newBed(t *testing.T, edit func(*gnb.Config, *ue.Config)) *bed {
	t.Helper()
	a, b := sctp.Pipe()
	n := &network{t: t, assoc: a, upf: testUPF, imsi: testIMSI}
	gc := gnb.Config{
		Name: "gnb1", Log: slog.New(slog.NewTextHandler(t.Output(), nil)), ID: 1, PLMN: testPLMN, TAC: 1, N3: netip.MustParseAddr("192.0.2.10"),
		Dial: func(context.Context) (sctp.Association, error) { return b, nil },
	}
	uc := ue.Config{USIM: &ue.USIM{SUPI: "imsi-" + testIMSI, HomePLMN: testPLMN, Algorithm: testAlgorithm()}}
	if edit != nil {
		edit(&gc, &uc)
	}
	g, err := gnb.New(gc)
	if err != nil {
		t.Fatal(err)
	}
	u, err := ue.New(uc)
	if err != nil {
		t.Fatal(err)
	}
	done := n.script(n.setup)
	if err := g.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-done
	u.Camp(g)
	t.Cleanup(func() { g.Close(context.Background()) })
	return &bed{network: n, gnb: g, ue: u}
}

// with runs f as the UE's side while the network plays script, and waits for both.
func (b *bed) with(script, f func()) {
	b.t.Helper()
	done := b.script(script)
	f()
	<-done
}

// registered brings the UE into 5GMM-REGISTERED with a connection.
func (b *bed) registered() {
	b.t.Helper()
	b.with(b.register, func() {
		if err := b.ue.Register(b.t.Context(), ue.RegisterOptions{}); err != nil {
			b.t.Error(err)
		}
	})
}

func otherAlgorithm() aka.Algorithm {
	k, opc := [16]byte{1}, milenage.OPc{2}
	return milenage.New(&k, &opc)
}

// now is the time of the synctest bubble.
func now() time.Time { return time.Now() }
