package smf

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// State is where a session is in its life, TS 24.501 §6.1.3.3.
type State string

// The states of a session at the SMF.
const (
	Establishing State = "establishing" // until the PDU SESSION ESTABLISHMENT ACCEPT is on its way
	Active       State = "active"
	Releasing    State = "releasing" // from the PDU SESSION RELEASE COMMAND to its answer
	Released     State = "released"
)

// tunnel is one end of the N3 tunnel, TS 29.281 §4.
type tunnel struct {
	addr netip.Addr
	teid uint32
}

func (t tunnel) valid() bool { return t.addr.IsValid() }

// session is the SM context of one PDU session, TS 23.501 §5.6.1.
type session struct {
	smf      *SMF
	actor    procedure.Actor
	seid     uint64 // local F-SEID; also the reference of the SM context
	supi     ident.SUPI
	network  *dataNetwork
	slice    ident.SNSSAI
	id       uint8
	plmn     ident.PLMN
	kind     gsm.PDUSessionType
	ssc      gsm.SSCMode
	filters  int        // how many packet filters the UE supports
	rqos     bool       // the UE supports reflective QoS
	alwaysOn bool       // TS 23.501 §5.6.13
	security UPSecurity // what the gNB does for user data
	// integrity is the rate at which the UE can protect user data, TS 24.501 §9.11.4.7.
	integrity gsm.IntegrityProtectionMaximumDataRate

	// What the session holds and must give back. Only the actor's goroutine writes these; others read under mu.
	mu       sync.Mutex
	address  ueAddress
	policyID string
	decision *npcf.SMPolicyDecision // of the PCF, when it was last asked; nil: not since the start
	// What the PCF decides by.
	subscribedAMBR nudm.AMBR
	subscribedQoS  nudm.SubscribedDefaultQoS
	upf            *upf // that counts this session
	remoteSEID     uint64
	onUPF          bool
	epoch          uint64           // of the UPF's association in which the session was made there
	unheard        *pfcp.Unanswered // an establishment there whose answer never came
	registered     bool             // in the UDM
	held           bool             // the store has said that it has it
	left           bool             // to another node: what is stored is not this one's to remove
	unmoved        bool             // it came over, and its UPF still reports to the other node
	serving        ident.GUAMI      // of the AMF; zero: that of this core

	// Only the actor's goroutine touches these.
	counted bool         // by the NSACF
	stored  bool         // the session is on disk, or may be
	removal *atomic.Bool // set once it is there no more; nil: it never was, or still is
	written uint64       // hash of what was last given to the store

	state     State
	up        nsmf.UpCnxState
	uplink    tunnel      // at the UPF
	gnb       tunnel      // at the gNB; not valid while the user plane is down
	suspended *suspension // nil unless the gNB keeps the user plane for later
	qos       *sessionQoS // what the UE has
	moving    *n2Move
	moves     uint16      // counts N2 handovers
	next      *sessionQoS // what it is being given, nil if nothing; then the identity of the transaction is
	changing  bool        // TS 24.501 §6.1.3.3.5, PDU SESSION MODIFICATION PENDING
	pti       uint8
	gnbQoS    *sessionQoS // what the gNB has been told; nil while the user plane is down
	onN4      *n4Rules    // what the UPF has; nil: what qos means
	usage     Usage
	charging  string    // its charging identifier where that is another node's; never written once it is known
	told      toldUsage // the last of it
	started   time.Time // when the UE was accepted
	// reserved is the guaranteed bit rate that the session holds of what the operator allows.
	reserved nudm.AMBR
	t3593    *time.Timer // of an SSC mode 3 session that is to be replaced
	upfName  string      // for the reservation, which lasts longer than the session on the UPF

	// The release under way: the identity of its transaction (0 if the network began it) and its cause.
	releasePTI   uint8
	releaseCause gsm.Cause
	gone         chan struct{} // closed once everything is given back; made by the first who waits
}

// Usage is what the UPF counted for a session, in octets.
type Usage struct {
	Uplink, Downlink uint64
	// of that, what gNBs say went over a second radio, TS 23.502 §4.21
	SecondaryUplink, SecondaryDownlink uint64
}

// SessionInfo is a copy of what an SM context is at one moment.
type SessionInfo struct {
	Ref           string
	SUPI          ident.SUPI
	PDUSessionID  uint8
	DNN           ident.DNN
	SNSSAI        ident.SNSSAI
	State         State
	UpCnxState    nsmf.UpCnxState
	Type          gsm.PDUSessionType
	SSCMode       gsm.SSCMode
	Address       netip.Addr   // IPv4
	Prefix        netip.Prefix // IPv6
	UPF           string
	LocalSEID     uint64
	RemoteSEID    uint64
	UplinkTEID    uint32 // at the UPF
	UplinkAddress netip.Addr
	GNBTEID       uint32
	GNBAddress    netip.Addr
	SessionAMBR   nudm.AMBR
	QFIs          []uint8
	Usage         Usage
	// ChargingID names the session in charging data, TS 32.255 §5.1.10: it never comes again, restart or not, and stays with
	// the session on other nodes.
	ChargingID string
	Started    time.Time
	ServingAMF ident.GUAMI // zero: that of this core
}

// Active tells whether the user plane leads to a gNB, or is about to.
func (i *SessionInfo) Active() bool { return isActive(i.UpCnxState, i.GNBAddress) }

// isActive knows the tunnel too: it stays while the gNB is asked for another.
func isActive(up nsmf.UpCnxState, gnb netip.Addr) bool { return up == nsmf.Activated || gnb.IsValid() }

// What is delivered to a session's actor.
type (
	// establish starts the session; prior is the one that it takes the place of.
	establish struct {
		request establishment
		prior   *session
	}
	// setupOutcome is the gNB's answer to a PDUSessionResourceSetupRequestTransfer.
	setupOutcome struct {
		gnb     tunnel
		without []uint8 // QoS flows that the gNB has not set up
		causes  []string
		// What the gNB does not do for user data, TS 38.413 §9.3.1.59.
		unprotected, readable bool
		failed                string // the gNB's cause; "" if the tunnel is set up
		radio                 bool   // the cause is one of the radio network
		moving                bool   // it refuses for the time of a handover alone
	}
	// deactivate takes the user plane down.
	deactivate struct {
		why  string
		kept chan<- error // hears once that is durable; has room for it, nil: nobody waits
	}
	// release ends the session with the UE's knowledge. sent: the command is already on its way.
	release struct {
		sent bool
		n2   nsmf.N2SMInfo
	}
	// networkRelease asks for the session to be released with the UE's knowledge.
	networkRelease struct{ cause gsm.Cause }
	// policyUpdate is a decision of the PCF.
	policyUpdate struct{ decision npcf.SMPolicyDecision }
	// subscriptionChanged says that the UDM has other data of the subscriber.
	subscriptionChanged struct{}
	// modificationRequest is what the UE wants changed.
	modificationRequest struct {
		m *gsm.PDUSessionModificationRequest
	}
	// modificationAnswer is the UE's answer to a PDU SESSION MODIFICATION COMMAND; refused is 0 if it obeyed.
	modificationAnswer struct {
		pti     uint8
		refused gsm.Cause
	}
	// modifyOutcome is the gNB's answer to a PDUSessionResourceModifyRequestTransfer.
	modifyOutcome struct {
		without []uint8 // QoS flows that it has not got
		causes  []string
		failed  string // the gNB's cause; "" if it has changed the session
		radio   bool   // the cause is one of the radio network
		moving  bool   // it refuses for the time of a handover alone
	}
	// lostFlows are QoS flows that the gNB does not serve.
	lostFlows struct {
		without []uint8
		causes  []string
	}
	// releaseComplete is the UE's answer to the command.
	releaseComplete struct{}
	// discard ends the session without the UE.
	discard struct{ why string }
	// downlinkData asks for the UE to be paged.
	downlinkData struct{}
	// transferFailed says that the AMF could not bring a message to the UE, or why.
	transferFailed struct{ cause namf.N1N2TransferCause }
	// errorIndication says that the gNB does not know the tunnel.
	errorIndication struct{ gnb tunnel }
	// servingChanged has the session kept: another AMF serves the UE.
	servingChanged struct{}
	// resync repeats the last change to a UPF that did not answer it.
	resync struct{}
	// restore makes the session anew on a UPF that lost it.
	restore struct{}
	// restored says that it was made anew together with others.
	restored struct{}
)

// amf is the AMF that serves the UE.
func (s *session) amf() namf.Communication {
	s.mu.Lock()
	serving := s.serving
	s.mu.Unlock()
	if of := s.smf.deps.ServingAMF; of != nil && serving != (ident.GUAMI{}) {
		return of(serving)
	}
	return s.smf.deps.AMF
}

// movedFrom tells whether another AMF than g serves the UE by now.
func (s *session) movedFrom(g ident.GUAMI) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.serving != g
}

// servedBy notes which AMF serves the UE from now on, TS 23.502 §4.2.2.2.2 step 17.
func (s *session) servedBy(g ident.GUAMI) {
	s.mu.Lock()
	s.serving = s.smf.otherAMF(g)
	elsewhere := s.serving != ident.GUAMI{}
	s.mu.Unlock()
	if elsewhere {
		s.smf.staysAbroad(s)
	}
	s.deliver(servingChanged{})
}

// otherAMF is g, zero for the AMF of this core: another node that takes the session has another one.
func (s *SMF) otherAMF(g ident.GUAMI) ident.GUAMI {
	if of := s.deps.ServingAMF; of != nil && of(g) == s.deps.AMF {
		return ident.GUAMI{}
	}
	return g
}

func (s *session) key() ueSession { return ueSession{s.supi, s.id} }

// ref is the reference of the SM context, TS 29.502 §5.2.2.2.
func (s *session) ref() string { return strconv.FormatUint(s.seid, 16) }

// Self is part of procedure.Asker.
func (s *session) Self() *procedure.Actor { return &s.actor }

// Open is part of procedure.Owner: messages are decoded before they are delivered.
func (s *session) Open(m any) any { return m }

// deliver hands m to the session's goroutine. It fails only while the SMF stops or when the session's inbox is full.
func (s *session) deliver(m any) bool {
	err := s.smf.pool.Deliver(&s.actor, s, m)
	if err != nil {
		s.smf.log.Error("session message lost", s.attrs(slog.String("message", fmt.Sprintf("%T", m)), slog.Any("error", err))...)
	}
	return err == nil
}

// Serve runs the procedure that m starts.
func (s *session) Serve(ctx context.Context, m any) {
	switch m := m.(type) {
	case establish:
		s.establish(ctx, m)
	case setupOutcome:
		s.userPlaneSetUp(ctx, m)
	case deactivate:
		s.takenDown(ctx, m.why)
		if m.kept != nil {
			m.kept <- s.keepNow(ctx)
		}
	case release:
		s.release(ctx, m)
	case networkRelease:
		s.releaseByNetwork(ctx, m.cause)
	case policyUpdate:
		s.policyChanged(ctx, m.decision)
	case modificationRequest:
		s.modifyForUE(ctx, m.m)
	case subscriptionChanged:
		s.subscriptionChange(ctx)
	case relocation:
		s.relocate(ctx)
	case preempted:
		s.givesUp(ctx, m)
	case roomFreed:
		s.tryAgain(ctx)
	case unsettled:
		s.settle(ctx)
	case miscounted:
		s.smf.admission.recount(ctx, s)
	case inactive:
		s.selectiveDeactivation(ctx)
	case addressExpired:
		s.addressLifetimeOver(ctx)
	case lostFlows:
		s.flowsLost(ctx, m)
	case downlinkData:
		s.networkTriggeredServiceRequest(ctx)
	case transferFailed:
		s.notReached(ctx, m)
	case errorIndication:
		s.tunnelLost(ctx, m.gnb)
	case resync:
		s.resyncUPF(ctx)
	case moved:
		s.checkOwner(ctx)
	case restore:
		if s.restoreOnUPF(ctx) {
			return
		}
	case answeredAgain:
		s.checkAnswer(ctx, m)
	case moveStep:
		s.step(ctx, m)
	case endForwarding:
		s.closeForwarding(ctx, m.of)
	case discard, restored, releaseComplete, modificationAnswer, modifyOutcome: // the state says it, or nobody waits any more
	}
	s.keepLater()
	s.forgetRules()
	if s.is(Released) {
		s.giveBack(ctx)
	}
}

// Collide says what happens to a message while a procedure waits for the gNB or the UE. Messages that end the session
// or take its user plane down end the procedure; the others wait for its end.
func (s *session) Collide(m any) procedure.Decision {
	switch m := m.(type) {
	case discard, release:
		return procedure.Supersede
	case setupOutcome:
		if s.isChanging() && m.failed == "" {
			return procedure.Inline // downlink packets need not wait for the UE's answer
		}
	case deactivate, networkRelease, moveStep: // a UE that moves answers no paging
		if s.is(Active) {
			return procedure.Supersede
		}
	}
	if s.is(Releasing) {
		return procedure.Inline // it finds nothing left to do
	}
	return procedure.Queue
}

func (s *session) isChanging() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changing
}

// Panicked ends the session: what it held is given back and the UE gets its answer.
func (s *session) Panicked(m any, err error) {
	s.smf.log.Error("session procedure failed inside", s.attrs(slog.String("message", fmt.Sprintf("%T", m)), slog.Any("error", err))...)
	if e, ok := m.(establish); ok && s.is(Establishing) {
		s.set(Released)
		s.reject(s.smf.ctx, e.request, failure(err, "report this as a defect"))
	} else if !s.is(Released) {
		s.endAndNotify("its procedure failed inside")
	}
	s.giveBack(s.smf.ctx)
}

func (s *session) is(want State) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state == want
}

// set changes the state. A released session stays released.
func (s *session) set(to State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != Released {
		s.state = to
	}
}

// wait returns a channel that is closed once the session has given everything back.
func (s *session) wait() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone == nil {
		s.gone = make(chan struct{})
	}
	return s.gone
}

// attrs are what every log line about the session begins with.
func (s *session) attrs(more ...any) []any {
	return append([]any{
		slog.String("supi", s.supi.Conceal()), slog.Int("pdu_session", int(s.id)),
		slog.String("dnn", string(s.network.Name)), slog.String("slice", s.slice.String()),
	}, more...)
}

// note logs what every session does every day: at level debug, so that it costs nothing unless the operator asks for it.
func (s *session) note(message string, args ...any) {
	if s.smf.log.Enabled(context.Background(), slog.LevelDebug) {
		s.smf.log.Debug(message, s.attrs(args...)...)
	}
}

// Sessions returns copies of all sessions, in no order.
func (s *SMF) Sessions() []SessionInfo {
	all := s.all()
	list := make([]SessionInfo, 0, len(all))
	for _, n := range all {
		list = append(list, n.info())
	}
	return list
}

// EachSession yields a copy of each session, in no order.
func (s *SMF) EachSession() iter.Seq[SessionInfo] {
	return func(yield func(SessionInfo) bool) {
		for _, n := range s.all() {
			if !yield(n.info()) {
				return
			}
		}
	}
}

func (s *session) info() SessionInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := SessionInfo{
		Ref: s.ref(), SUPI: s.supi, PDUSessionID: s.id, DNN: s.network.Name, SNSSAI: s.slice,
		State: s.state, UpCnxState: s.up, Type: s.kind, SSCMode: s.ssc, Address: s.address.ipv4, Prefix: s.address.ipv6, LocalSEID: s.seid, RemoteSEID: s.remoteSEID,
		UplinkTEID: s.uplink.teid, UplinkAddress: s.uplink.addr, GNBTEID: s.gnb.teid, GNBAddress: s.gnb.addr,
		Usage: s.usage, ChargingID: s.chargingID(), Started: s.started, ServingAMF: s.serving,
	}
	if s.upf != nil {
		i.UPF = s.upf.Name
	}
	if s.qos != nil {
		i.SessionAMBR = s.qos.ambr
		for _, f := range s.qos.flows {
			i.QFIs = append(i.QFIs, f.qfi)
		}
	}
	return i
}
