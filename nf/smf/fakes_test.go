package smf

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/ladder"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

const (
	phone    ident.SUPI = "imsi-001010000000001"
	internet ident.DNN  = "internet"
)

var (
	smfN4 = netip.MustParseAddrPort("192.0.2.1:8805")
	upfN4 = netip.MustParseAddrPort("192.0.2.2:8805")
	upfN3 = netip.MustParseAddr("198.51.100.2")
	gnbN3 = netip.MustParseAddr("198.51.100.9")
	slice = ident.SNSSAI{SST: 1, SD: 0x010203}
	plmn  = ident.PLMN{0x00, 0xf1, 0x10}
)

// fakeUDM answers for the subscription and counts registrations.
type fakeUDM struct {
	nudm.SDM
	nudm.UECM
	mu         sync.Mutex
	data       nudm.SessionManagementSubscriptionData
	err        error
	refuse     error // of RegisterSMF
	registered map[uint8]nudm.SMFRegistration
}

func (f *fakeUDM) SMData(context.Context, ident.SUPI, ident.PLMN, ident.SNSSAI, ident.DNN) (nudm.SessionManagementSubscriptionData, error) {
	return f.data, f.err
}

func (f *fakeUDM) RegisterSMF(_ context.Context, _ ident.SUPI, r nudm.SMFRegistration) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuse != nil {
		return f.refuse
	}
	f.registered[r.PDUSessionID] = r
	return nil
}

func (f *fakeUDM) DeregisterSMF(_ context.Context, _ ident.SUPI, id uint8) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.registered[id]; !ok {
		return sbi.Problem(404, sbi.CauseContextNotFound, "")
	}
	delete(f.registered, id)
	return nil
}

// fakePCF decides by the subscription, with the rules that a test gives it.
type fakePCF struct {
	mu       sync.Mutex
	rules    []npcf.PCCRule
	err      error
	panics   bool
	next     int
	policies map[string]bool
	grants   []npcf.PCCRule // what UEs get that ask
	refuse   error          // of UpdateSMPolicy
	asked    []npcf.SMPolicyUpdateContextData
	last     npcf.SMPolicyDecision
}

func (f *fakePCF) CreateSMPolicy(_ context.Context, req npcf.SMPolicyContextData) (npcf.SMPolicyDecision, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.panics {
		panic("planted")
	}
	if f.err != nil {
		return npcf.SMPolicyDecision{}, f.err
	}
	f.next++
	id := fmt.Sprint(f.next)
	f.policies[id] = true
	f.last = npcf.SMPolicyDecision{ID: id, SessionAMBR: req.SubscribedAMBR, DefaultQoS: req.SubscribedQoS, PCCRules: f.rules}
	return f.last, nil
}

func (f *fakePCF) UpdateSMPolicy(_ context.Context, id string, req npcf.SMPolicyUpdateContextData) (npcf.SMPolicyDecision, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, req)
	if !f.policies[id] {
		return npcf.SMPolicyDecision{}, sbi.Problem(404, npcf.CausePolicyContextNotFound, "")
	}
	if f.refuse != nil && req.RuleReports == nil {
		return npcf.SMPolicyDecision{}, f.refuse
	}
	if req.SubscribedAMBR != nil {
		f.last.SessionAMBR = *req.SubscribedAMBR
	}
	if len(req.UEInitResReq) > 0 {
		f.last.PCCRules = append(slices.Clone(f.rules), f.grants...)
	}
	return f.last, nil
}

func (f *fakePCF) DeleteSMPolicy(_ context.Context, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.policies[id] {
		return sbi.Problem(404, npcf.CausePolicyContextNotFound, "")
	}
	delete(f.policies, id)
	return nil
}

// fakeAMF keeps what it is asked to send.
type fakeAMF struct {
	mu    sync.Mutex
	err   error
	sent  []namf.N1N2MessageTransferReqData
	ended []string // references in SMContextStatusNotify
}

func (f *fakeAMF) N1N2MessageTransfer(_ context.Context, _ ident.SUPI, r namf.N1N2MessageTransferReqData) (namf.N1N2MessageTransferRspData, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return namf.N1N2MessageTransferRspData{}, f.err
	}
	f.sent = append(f.sent, r)
	return namf.N1N2MessageTransferRspData{Cause: namf.N1N2TransferInitiated}, nil
}

func (f *fakeAMF) SMContextStatusNotify(_ context.Context, _ ident.SUPI, _ uint8, ref string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = append(f.ended, ref)
	return nil
}

// take returns what was sent since the last take.
func (f *fakeAMF) take() []namf.N1N2MessageTransferReqData {
	f.mu.Lock()
	defer f.mu.Unlock()
	sent := f.sent
	f.sent = nil
	return sent
}

func (f *fakeAMF) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.sent)
}

func (f *fakeAMF) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

// fakeUPF is a UPF behind a pfcp.Endpoint that keeps the rules of its sessions.
type fakeUPF struct {
	*pfcp.Endpoint
	mu       sync.Mutex
	sessions map[uint64]*fakeN4Session // by SEID at the UPF
	next     uint64
	started  pfcp.Timestamp
	features pfcp.UPFunctionFeatures
	allots   bool                            // refuses F-TEIDs that it did not choose
	cause    map[pfcp.MessageType]pfcp.Cause // refusals
	silent   map[pfcp.MessageType]bool       // it hears nothing of these; "0" is everything
	count    map[pfcp.MessageType]int
	forgot   bool               // has restarted, and has no association yet
	unknown  pfcp.Cause         // what it says of sessions meanwhile; 0: that they are not known
	broken   []string           // rules created twice, or changed without being there
	hear     func(pfcp.Message) // nil: nobody listens
	lost     uint32             // number of the last request that did not reach it
	refuse   uint64             // the CP SEID of a session that it does not restore; 0: none
	heard    func([]byte)       // nil: nobody counts datagrams
}

type fakeN4Session struct {
	cp      uint64
	request pfcp.SessionEstablishmentRequest
	uplink  pfcp.FTEID
	action  pfcp.ApplyAction
	peer    pfcp.OuterHeaderCreation
	flags   pfcp.SessionModificationReqFlags
	pdrs    map[pfcp.PDRID]pfcp.CreatePDR
	qers    map[pfcp.QERID]pfcp.CreateQER
}

const everything pfcp.MessageType = 0

func newFakeUPF(conn pfcp.PacketConn) *fakeUPF {
	u := &fakeUPF{sessions: map[uint64]*fakeN4Session{}, started: 1000, next: 0x100, features: pfcp.UPFeatureFTUP,
		cause: map[pfcp.MessageType]pfcp.Cause{}, silent: map[pfcp.MessageType]bool{}, count: map[pfcp.MessageType]int{}}
	u.Endpoint = pfcp.NewEndpoint(conn, pfcp.Config{Handle: u.handle})
	return u
}

// loses tells whether a message does not reach the UPF.
func (u *fakeUPF) loses(b []byte) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.heard != nil {
		u.heard(b)
	}
	h, _, err := pfcp.DecodeHeader(b)
	if err != nil || h.Type.IsResponse() || !u.silent[everything] && !u.silent[h.Type] {
		return false
	}
	if u.lost != h.Sequence {
		u.lost = h.Sequence
		u.count[h.Type]++
	}
	return true
}

func (u *fakeUPF) handle(_ context.Context, _ netip.AddrPort, h pfcp.Header, m pfcp.Message) (uint64, pfcp.Message) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.count[m.Type()]++
	if u.hear != nil {
		u.hear(m)
	}
	node := pfcp.NodeID{Addr: upfN4.Addr()}
	if c := u.cause[m.Type()]; c != 0 {
		return 0, pfcp.Refusal(m.Type(), node, &pfcp.Error{Cause: c})
	}
	if u.forgot {
		switch m.(type) {
		case *pfcp.SessionEstablishmentRequest:
			return 0, pfcp.Refusal(m.Type(), node, &pfcp.Error{Cause: pfcp.CauseNoEstablishedAssociation})
		case *pfcp.SessionModificationRequest, *pfcp.SessionDeletionRequest:
			return 0, pfcp.Refusal(m.Type(), node, &pfcp.Error{Cause: cmp.Or(u.unknown, pfcp.CauseSessionContextNotFound)})
		}
	}
	switch m := m.(type) {
	case *pfcp.AssociationSetupRequest:
		u.forgot = false
		clear(u.sessions)
		return 0, &pfcp.AssociationSetupResponse{NodeID: node, Cause: pfcp.CauseRequestAccepted, RecoveryTimeStamp: u.started,
			UPFunctionFeatures: pfcp.Some(u.features)}
	case *pfcp.HeartbeatRequest:
		return 0, &pfcp.HeartbeatResponse{RecoveryTimeStamp: u.started}
	case *pfcp.SessionEstablishmentRequest:
		return u.establish(node, m)
	case *pfcp.SessionModificationRequest:
		n := u.sessions[h.SEID]
		if n == nil {
			return 0, &pfcp.SessionModificationResponse{Cause: pfcp.CauseSessionContextNotFound}
		}
		for _, f := range m.UpdateFAR {
			n.action = f.ApplyAction.Value()
			n.peer = f.UpdateForwardingParameters.Value().OuterHeaderCreation.Value()
		}
		if bad := n.change(m); bad != "" {
			u.broken = append(u.broken, bad)
		}
		if f, moved := m.CPFSEID.Get(); moved {
			n.cp = f.SEID
		}
		n.flags = m.PFCPSMReqFlags.Value()
		return n.cp, &pfcp.SessionModificationResponse{Cause: pfcp.CauseRequestAccepted}
	case *pfcp.SessionDeletionRequest:
		n := u.sessions[h.SEID]
		if n == nil {
			return 0, &pfcp.SessionDeletionResponse{Cause: pfcp.CauseSessionContextNotFound}
		}
		delete(u.sessions, h.SEID)
		return n.cp, &pfcp.SessionDeletionResponse{Cause: pfcp.CauseRequestAccepted}
	case *pfcp.AssociationReleaseRequest:
		return 0, &pfcp.AssociationReleaseResponse{NodeID: node, Cause: pfcp.CauseRequestAccepted}
	}
	return 0, nil
}

func (u *fakeUPF) establish(node pfcp.NodeID, m *pfcp.SessionEstablishmentRequest) (uint64, pfcp.Message) {
	if m.CPFSEID.SEID == u.refuse {
		return m.CPFSEID.SEID, &pfcp.SessionEstablishmentResponse{NodeID: node, Cause: pfcp.CauseSessionRestorationFailure}
	}
	for _, other := range u.sessions {
		if other.cp != m.CPFSEID.SEID && slices.ContainsFunc(m.CreatePDR, other.hasAddressOf) {
			return m.CPFSEID.SEID, pfcp.Refusal(m.Type(), node, &pfcp.Error{Cause: pfcp.CauseNoResourcesAvailable, Offending: pfcp.IEUEIPAddress})
		}
	}
	u.next++
	n := &fakeN4Session{cp: m.CPFSEID.SEID, request: *m, pdrs: map[pfcp.PDRID]pfcp.CreatePDR{}, qers: map[pfcp.QERID]pfcp.CreateQER{}}
	if bad := n.change(&pfcp.SessionModificationRequest{CreatePDR: m.CreatePDR, CreateQER: m.CreateQER}); bad != "" {
		u.broken = append(u.broken, bad)
	}
	answer := &pfcp.SessionEstablishmentResponse{NodeID: node, Cause: pfcp.CauseRequestAccepted,
		UPFSEID: pfcp.Some(pfcp.FSEID{SEID: u.next, IPv4: upfN4.Addr()})}
	for _, p := range m.CreatePDR {
		f, ok := p.PDI.LocalFTEID.Get()
		if !ok {
			continue
		}
		n.uplink = f
		if !f.Choose() && u.allots {
			return n.cp, &pfcp.SessionEstablishmentResponse{NodeID: node, Cause: pfcp.CauseInvalidFTEIDAllocationOption}
		}
		if f.Choose() {
			n.uplink = pfcp.FTEID{TEID: uint32(u.next) << 8, IPv4: upfN3}
		}
		answer.CreatedPDR = append(answer.CreatedPDR, pfcp.CreatedPDR{PDRID: p.PDRID, LocalFTEID: pfcp.Some(n.uplink)})
	}
	for _, f := range m.CreateFAR {
		if f.FARID == downlinkFAR {
			n.action, n.peer = f.ApplyAction, f.ForwardingParameters.Value().OuterHeaderCreation.Value()
		}
	}
	u.sessions[u.next] = n
	return n.cp, answer
}

// hasAddressOf tells whether a rule is of a UE that has the same address.
func (n *fakeN4Session) hasAddressOf(p pfcp.CreatePDR) bool {
	for _, mine := range n.pdrs {
		for _, a := range mine.PDI.UEIPAddress {
			if slices.ContainsFunc(p.PDI.UEIPAddress, func(b pfcp.UEIPAddress) bool {
				return a.IPv4.IsValid() && a.IPv4 == b.IPv4 || a.IPv6.IsValid() && a.IPv6 == b.IPv6
			}) {
				return true
			}
		}
	}
	return false
}

// change keeps PDRs and QERs as a UPF does and tells what it would have refused.
func (n *fakeN4Session) change(m *pfcp.SessionModificationRequest) (bad string) {
	must := func(ok bool, format string, args ...any) {
		if !ok {
			bad += fmt.Sprintf(format, args...) + "; "
		}
	}
	for _, x := range m.RemovePDR {
		_, there := n.pdrs[x.PDRID]
		must(there, "PDR %d removed", x.PDRID)
		delete(n.pdrs, x.PDRID)
	}
	for _, x := range m.RemoveQER {
		_, there := n.qers[x.QERID]
		must(there, "QER %d removed", x.QERID)
		delete(n.qers, x.QERID)
	}
	for _, x := range m.CreatePDR {
		_, there := n.pdrs[x.PDRID]
		must(!there, "PDR %d created twice", x.PDRID)
		n.pdrs[x.PDRID] = x
	}
	for _, x := range m.CreateQER {
		_, there := n.qers[x.QERID]
		must(!there, "QER %d created twice", x.QERID)
		n.qers[x.QERID] = x
	}
	for _, x := range m.UpdatePDR {
		old, there := n.pdrs[x.PDRID]
		must(there, "PDR %d updated", x.PDRID)
		old.Precedence, old.PDI, old.QERID = x.Precedence.Or(old.Precedence), x.PDI.Or(old.PDI), x.QERID
		n.pdrs[x.PDRID] = old
	}
	for _, x := range m.UpdateQER {
		old, there := n.qers[x.QERID]
		must(there, "QER %d updated", x.QERID)
		old.MBR, old.GBR, old.QFI = x.MBR, x.GBR, x.QFI
		if x.RQI.Value() != 0 {
			old.RQI = x.RQI
		} else {
			old.RQI = pfcp.Opt[pfcp.RQI]{}
		}
		old.AveragingWindow = x.AveragingWindow
		n.qers[x.QERID] = old
	}
	for _, p := range n.pdrs {
		for _, id := range p.QERID {
			_, there := n.qers[id]
			must(there, "PDR %d needs QER %d", p.PDRID, id)
		}
	}
	return bad
}

// only returns the one session and its SEID at the UPF.
func (u *fakeUPF) only(t *testing.T) (uint64, fakeN4Session) {
	t.Helper()
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.sessions) != 1 {
		t.Fatalf("UPF has %d sessions, want 1", len(u.sessions))
	}
	seid := slices.Collect(maps.Keys(u.sessions))[0]
	return seid, *u.sessions[seid]
}

func (u *fakeUPF) set(change func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	change()
}

func (u *fakeUPF) counted(t pfcp.MessageType) int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.count[t]
}

// world is an SMF with fakes around it, in virtual time.
type world struct {
	t      *testing.T
	smf    *SMF
	upf    *fakeUPF
	udm    *fakeUDM
	pcf    *fakePCF
	amf    *fakeAMF
	disk   Contexts // nil: sessions end with the process
	log    *bytes.Buffer
	ladder []ladder.Event
	mu     sync.Mutex
}

func testConfig() Config {
	return Config{
		Name: "smf", InstanceID: "5ddc9c0e-0000-4000-8000-000000000001", N4Address: smfN4.Addr(),
		UPFs: []UPF{{Name: "upf", Address: upfN4}},
		DNNs: []DNN{{Name: internet, Slices: []ident.SNSSAI{slice}, Pools: []netip.Prefix{netip.MustParsePrefix("10.45.0.0/29")},
			DNSServers: []netip.Addr{netip.MustParseAddr("192.0.2.53"), netip.MustParseAddr("2001:db8::53")}}},
	}
}

// inWorlds is inWorld with a UPF that takes each message in a datagram of its own, and with one that takes several in one.
func inWorlds(t *testing.T, change func(*world, *Config), test func(*world)) {
	t.Helper()
	inWorld(t, change, test)
	inWorld(t, func(w *world, cfg *Config) {
		w.upf.features |= pfcp.UPFeatureBUNDL
		if change != nil {
			change(w, cfg)
		}
	}, test)
}

// inWorld runs a test in virtual time; once it is over nothing may be left anywhere.
func inWorld(t *testing.T, change func(*world, *Config), test func(*world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, log: &bytes.Buffer{},
			udm: &fakeUDM{registered: map[uint8]nudm.SMFRegistration{}, data: nudm.SessionManagementSubscriptionData{
				DefaultSessionType: nudm.IPv4, AllowedSessionTypes: []nudm.PDUSessionType{nudm.IPv4v6}, DefaultSSCMode: 1,
				SessionAMBR: nudm.AMBR{Uplink: 100e6, Downlink: 200e6},
				DefaultQoS:  nudm.SubscribedDefaultQoS{FiveQI: 9, ARP: nudm.ARP{PriorityLevel: 8}},
			}},
			pcf: &fakePCF{policies: map[string]bool{}}, amf: &fakeAMF{},
		}
		cfg := testConfig()
		near, far := pfcp.Pipe(smfN4, upfN4)
		w.upf = newFakeUPF(far)
		near.Lose = w.upf.loses
		if change != nil {
			change(w, &cfg)
		}
		var life store.Life
		if w.disk != nil {
			var err error
			if life, err = w.disk.BeginLife(t.Context(), cfg.Node, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		smf, err := New(cfg, Deps{SDM: w.udm, UECM: w.udm, Policy: w.pcf, AMF: w.amf, N4: near, Contexts: w.disk, Life: life, Ladder: w.watch},
			slog.New(slog.NewTextHandler(w, nil)))
		if err != nil {
			t.Fatal(err)
		}
		w.smf = smf
		done := make(chan struct{})
		go func() {
			defer close(done)
			if err := smf.Run(t.Context()); err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}()
		synctest.Wait()
		test(w)
		synctest.Wait()
		smf.Close()
		<-done
		if err := w.upf.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Write is the log.
func (w *world) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(b)
}

func (w *world) logged() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.String()
}

func (w *world) watch(e ladder.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ladder = append(w.ladder, e)
}

// heardAgain lets the UPF hear everything: until then the address of a session that it may have is nobody else's.
func (w *world) heardAgain() {
	w.t.Helper()
	synctest.Wait()
	if used, _ := w.smf.networks[string(internet)].addresses.usage(); used != 4 { // network, gateway, broadcast
		w.t.Errorf("%d addresses in use, want that of the session too", used)
	}
	w.upf.set(func() { clear(w.upf.silent) })
	w.pass(15 * time.Second)
}

// noLeak checks that nothing is left of any session.
func (w *world) noLeak() {
	w.t.Helper()
	synctest.Wait()
	if n := w.smf.Sessions(); len(n) != 0 {
		w.t.Errorf("sessions left: %+v", n)
	}
	if n := w.smf.pool.Running(); n != 0 {
		w.t.Errorf("%d goroutines left", n)
	}
	if used, _ := w.smf.networks[string(internet)].addresses.usage(); used != 3 { // network, gateway, broadcast
		w.t.Errorf("%d addresses in use", used)
	}
	w.upf.mu.Lock()
	if len(w.upf.sessions) != 0 {
		w.t.Errorf("UPF has %d sessions left", len(w.upf.sessions))
	}
	w.upf.mu.Unlock()
	if n := w.smf.upfs[0].sessions.Load(); n != 0 {
		w.t.Errorf("UPF counts %d sessions", n)
	}
	w.pcf.mu.Lock()
	if len(w.pcf.policies) != 0 {
		w.t.Errorf("PCF has policies %v left", w.pcf.policies)
	}
	w.pcf.mu.Unlock()
	w.udm.mu.Lock()
	if len(w.udm.registered) != 0 {
		w.t.Errorf("UDM has registrations %v left", w.udm.registered)
	}
	w.udm.mu.Unlock()
	for _, g := range w.smf.admission.uses() {
		if g.Granted != (nudm.AMBR{}) {
			w.t.Errorf("%d/%d bit/s are still granted on %s", g.Granted.Uplink, g.Granted.Downlink, &g.Guaranteed)
		}
	}
	if len(w.upf.broken) > 0 {
		w.t.Errorf("UPF was asked for what it cannot: %s", w.upf.broken)
	}
	if len(w.smf.byUE) != 0 || len(w.smf.sessions) != 0 {
		w.t.Error("index is not empty")
	}
}

func request(pti uint8, change func(*gsm.PDUSessionEstablishmentRequest)) []byte {
	m := &gsm.PDUSessionEstablishmentRequest{PDUSessionID: 5, PTI: pti,
		IntegrityProtectionMaximumDataRate: gsm.IntegrityProtectionMaximumDataRate{Uplink: gsm.RateFull, Downlink: gsm.RateFull},
		PDUSessionType:                     new(gsm.IPv4)}
	if change != nil {
		change(m)
	}
	return encode(m)
}

func encode(m gsm.Message) []byte {
	b, err := gsm.Append(nil, m)
	if err != nil {
		panic(err)
	}
	return b
}

func createData(n1 []byte) nsmf.SMContextCreateData {
	return nsmf.SMContextCreateData{SUPI: phone, PDUSessionID: 5, DNN: internet, SNSSAI: slice, ServingNetwork: plmn,
		GUAMI: anAMF, RequestType: nsmf.InitialRequest, N1SMMsg: n1}
}

// anAMF serves the UE.
var anAMF = ident.GUAMI{PLMN: plmn, Region: 1, Set: 1, Pointer: 2}

// create starts a session and lets it run until it waits.
func (w *world) create(n1 []byte) string {
	w.t.Helper()
	created, err := w.smf.CreateSMContext(w.t.Context(), createData(n1))
	if err != nil {
		w.t.Fatal(err)
	}
	synctest.Wait()
	return created.Ref
}

// gnbAccepts is what the gNB at gnbN3 answers.
func gnbAccepts(teid uint32) nsmf.SMContextUpdateData {
	address, err := ngap.NewTransportLayerAddress(gnbN3, netip.Addr{})
	if err != nil {
		panic(err)
	}
	t := ngap.PDUSessionResourceSetupResponseTransfer{DLQosFlowPerTNLInformation: ngap.QosFlowPerTNLInformation{
		UPTransportLayerInformation: ngap.UPTransportLayerInformation{GTPTunnel: &ngap.GTPTunnel{TransportLayerAddress: address, GTPTEID: ngap.GTPTEID(teid)}},
		AssociatedQosFlowList:       ngap.AssociatedQosFlowList{{QosFlowIdentifier: 1}},
	}}
	b, err := t.Append(nil)
	if err != nil {
		panic(err)
	}
	return nsmf.SMContextUpdateData{N2SMInfo: nsmf.N2SMInfo{Type: nsmf.PDUResSetupRsp, Data: b}}
}

func gnbRefuses(cause ngap.Cause) nsmf.SMContextUpdateData {
	t := ngap.PDUSessionResourceSetupUnsuccessfulTransfer{Cause: cause}
	b, err := t.Append(nil)
	if err != nil {
		panic(err)
	}
	return nsmf.SMContextUpdateData{N2SMInfo: nsmf.N2SMInfo{Type: nsmf.PDUResSetupFail, Data: b}}
}

// update hands data over and lets the session run until it waits.
func (w *world) update(ref string, data nsmf.SMContextUpdateData) nsmf.SMContextUpdatedData {
	w.t.Helper()
	out, err := w.smf.UpdateSMContext(w.t.Context(), ref, data)
	if err != nil {
		w.t.Fatal(err)
	}
	synctest.Wait()
	return out
}

func (w *world) fromUE(ref string, m gsm.Message) (nsmf.SMContextUpdatedData, gsm.Message) {
	w.t.Helper()
	out := w.update(ref, nsmf.SMContextUpdateData{N1SMMsg: encode(m)})
	return out, w.decode(out.N1SMMsg)
}

func (w *world) decode(b []byte) gsm.Message {
	w.t.Helper()
	if b == nil {
		return nil
	}
	m, err := gsm.Decode(b)
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

// established is a session whose user plane is set up.
func (w *world) established() string {
	w.t.Helper()
	ref := w.create(request(1, nil))
	w.update(ref, gnbAccepts(0x77))
	if s := w.info(ref); s.State != Active || s.UpCnxState != nsmf.Activated {
		w.t.Fatalf("session is %s, %s", s.State, s.UpCnxState)
	}
	w.amf.take()
	return ref
}

func (w *world) info(ref string) SessionInfo {
	for _, s := range w.smf.Sessions() {
		if s.Ref == ref {
			return s
		}
	}
	return SessionInfo{}
}

// one returns the one message that the AMF was asked to send.
func (w *world) one() namf.N1N2MessageTransferReqData {
	w.t.Helper()
	sent := w.amf.take()
	if len(sent) != 1 {
		w.t.Fatalf("AMF was asked to send %d messages, want 1: %+v", len(sent), sent)
	}
	return sent[0]
}

func (w *world) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
