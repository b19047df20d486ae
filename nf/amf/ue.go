package amf

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"slices"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// ue is a UE context, TS 23.502 §5.2.2.2.2. Only its own goroutine touches it, apart from the actor.
type ue struct {
	actor      procedure.Actor
	amf        *AMF
	running    running
	*transient // nil at rest

	// Small ones stand together, without room between them: there may be a million UEs.
	registered    bool              // RM-REGISTERED, TS 23.501 §5.3.2
	known         bool              // the UDM knows that this AMF serves the subscriber
	inactive      bool              // in RRC_INACTIVE, as far as the gNB was asked to tell
	slicesChanged bool              // the UE has not been told yet, TS 24.501 §4.6.2.2
	shown         bool              // it has shown itself since showActivity looked
	ngKSI         uint8             // last key set identifier given, TS 24.501 §9.11.3.32
	drx           gmm.DRXParameters // as agreed, TS 24.501 §9.11.3.2A
	guti          ident.GUTI        // zero until allotted
	oldTMSI       uint32            // still valid until the UE confirms the new one; 0 for none
	named         uint32            // the 5G-TMSI in its last initial message that proved to be its own
	elsewhere     uint32            // the 5G-TMSI by which a UE calls itself whose context another node may have, 0 for none
	foreign       ident.STMSI       // of the AMF that the UE came from, by which it may call itself until it confirms another; zero: none
	tai           ident.TAI
	keys          uint32 // counts the contexts that were current
	registrations uint32 // under the current key

	supi       ident.SUPI
	pei        string
	capability gmm.UESecurityCapability
	security   security // current 5G NAS security context
	radio      []byte   // UE radio capability, TS 38.413 §9.3.1.74
	allowed    []ident.SNSSAI
	requested  []ident.SNSSAI                          // NSSAI of the last registration that had one
	mm         gmm.Capability                          // 5GMM capability, TS 24.501 §9.11.3.1
	subscribed *nudm.AccessAndMobilitySubscriptionData // never nil, never changed
	smf        nudm.SMFSelectionSubscriptionData
	policy     string // AM policy association
	ambr       nudm.AMBR
	policed    nudm.AMBR // the subscribed one for which the policy was made
	reach      reachability
	last       *lastSeen   // never nil, never changed
	conn       *connection // nil in CM-IDLE, TS 23.501 §5.3.3
	suspended  *connection // that the gNB keeps for later, in CM-IDLE with suspend

	slicesChecked *sliceResults // nil: none was

	extendedDRX gmm.ExtendedDRXParameters // as agreed, nil: none
	sessions    []*smContext
	kept        keeping   // how far this context is on disk
	watchers    []watcher // who want to know when the UE can be reached
	source      *Peer     // the AMF that hands the UE over, never changed; nil: none
	borrowed    *borrowed // the context is still another AMF's, nil: it is this one's
	lent        *Peer     // the AMF that has asked for the context and may serve the UE; nil: none
	// what the gNB was asked to report of the UE, and goes along in handovers:
	reporting *ngap.LocationReportingRequestType
	tracing   *ngap.TraceActivation
}

// transient is what a UE in CM-IDLE without a procedure does without.
type transient struct {
	claimed  string    // the concealed SUCI of a UE that is not authenticated yet, for the log
	pending  security  // the context that a running Security Mode Command takes into use
	waiting  []*n1n2   // transfers that wait for a UE in CM-IDLE
	sent     []*n1n2   // the last of each session that went to the radio, and nothing was heard of the session since
	nextHop  nextHop   // of the AS security context
	handover *handover // the N2 handover that runs

	undelivered [][]byte // NAS messages that a gNB could not deliver because it hands the UE over

	// Of the running registration, to know a repeated request, TS 24.501 §5.5.1.2.8 d) and e):
	request  *gmm.RegistrationRequest
	accepted *gmm.RegistrationAccept // once it is sent

	pendingSlices  []ident.SNSSAI // that its AAA servers are to authenticate
	withoutContext uint32         // uplink NAS COUNT for the keys of a gNB that has no context yet
}

// wake makes the UE ready for a procedure.
func (ue *ue) wake() {
	if ue.transient == nil {
		ue.transient = new(transient)
	}
	ue.security.ready()
}

// rest lets go of what a UE in CM-IDLE does without.
func (ue *ue) rest() {
	t := ue.transient
	if t == nil || !ue.registered || ue.conn != nil || ue.suspended != nil || ue.running != idle ||
		t.pending.valid || len(t.waiting) > 0 || t.handover != nil || t.request != nil || t.accepted != nil {
		return
	}
	ue.transient = nil
}

// security is one end of a 5G NAS security context, TS 33.501 §6.1.
type security struct {
	ksi       uint8
	ciphering uint8
	integrity uint8
	valid     bool
	since     uint32 // uplink NAS COUNT of the SECURITY MODE COMPLETE that took it into use
	kamf      aka.KAMF
	nas       nas.Context
}

// smContext is what the AMF keeps of a PDU session, TS 23.502 §5.2.2.2.2 table.
type smContext struct {
	id     uint8
	ref    string
	slice  ident.SNSSAI
	dnn    ident.DNN
	active bool // the N3 tunnel is set up, or the gNB has been asked for it
	paused bool // the gNB keeps the tunnel of a suspended UE
	agreed bool // only at the start: the SMF has it too
	unsaid bool // the SMF, another core's, has not heard that it is not active, and will
}

// What is delivered to a UE besides what it decodes from N1.
type (
	// initialMessage is an initial NAS message, TS 24.501 §4.4.6, on a new connection or on the present one.
	initialMessage struct {
		conn *connection
		n2   *ngap.InitialUEMessage // nil on the present connection
		pdu  []byte
		// original is the message as it came, where it may have to go to another AMF, or be opened with other keys.
		original  []byte
		waited    bool // it was opened while the UE was busy
		elsewhere bool // another node of the set has the UE
		// set by Open:
		message  gmm.Message
		verified bool   // the integrity was right under the current context
		keys     uint32 // which one that was
		count    uint32 // its uplink NAS COUNT, if verified
		err      error  // it cannot be decoded
	}
	// glance is what reads the UE, or notes something of it, whatever it is doing.
	glance func(*ue)
	// n2Message is an NGAP message about a connection of the UE.
	n2Message struct {
		conn    *connection
		message ngap.Message
	}
	// connectionLost says that an N2 connection is gone on the gNB's side.
	connectionLost struct {
		conn *connection
		why  string
	}
	// replaced says that the subscriber has registered anew with another context. Where that has come from another AMF, what this one has
	// is old, but for the sessions, by their references, that have come with it.
	replaced struct {
		came     bool
		sessions []string
	}
	// sessionEnded says that the SMF has ended a session by itself.
	sessionEnded struct {
		id  uint8
		ref string
	}
)

func (a *AMF) newUE() *ue {
	u := a.restingUE()
	u.wake()
	return u
}

// ueOf finds the UE of an Initial UE Message by the 5G-S-TMSI that the gNB or the UE itself gives, or makes a new one.
func (a *AMF) ueOf(m *ngap.InitialUEMessage) *ue {
	if m.FiveGSTMSI != nil {
		if s := m.FiveGSTMSI.Ident(); s.Set == a.cfg.GUAMI.Set {
			if u := a.ues.byTMSI.get(s.TMSI); u != nil {
				return u
			}
		}
	}
	if tmsi, ok := a.tmsiIn(m.NASPDU); ok {
		if u := a.ues.byTMSI.get(tmsi); u != nil {
			return u
		}
	} else if u := a.ues.byForeign.get(foreignIn(m.NASPDU)); u != nil {
		return u
	}
	u := a.newUE()
	u.elsewhere = a.wanted(m)
	return u
}

// deliver gives the UE new work, which may be turned away.
func (ue *ue) deliver(m any) error { return ue.amf.pool.Deliver(&ue.actor, ue, m) }

// follow gives the UE what belongs to work that was let in.
func (ue *ue) follow(m any) error { return ue.amf.pool.Follow(&ue.actor, ue, m) }

// insist gives the UE what nobody says again.
func (ue *ue) insist(m any) error { return ue.amf.pool.Insist(&ue.actor, ue, m) }

// Self makes a UE an Asker.
func (ue *ue) Self() *procedure.Actor { return &ue.actor }

// Serve runs the procedure that a message starts.
func (ue *ue) Serve(ctx context.Context, m any) {
	ue.wake()
	defer ue.rest()
	defer ue.supervise()
	defer ue.remember()
	defer ue.keepLater()
	defer ue.showActivity()
	ue.serve(ctx, m)
	ue.forgetWaiting(ctx)
	ue.renewIfDue(ctx)
}

func (ue *ue) serve(ctx context.Context, m any) {
	if r, ok := m.(*ngap.UEContextReleaseRequest); ok && ue.suspended != nil && ue.suspended.amfID == r.AMFUENGAPID {
		ue.endSuspension(ctx, r.Cause) // it waited for the suspension
		return
	}
	if message, ok := m.(ngap.Message); ok && ue.outlived(message) {
		ue.log().Debug("message waited longer than its connection lived", "message", message.Name())
		return
	}
	switch m := m.(type) {
	case *initialMessage:
		ue.serveInitial(ctx, m)
	case *connectionLost:
		ue.loseConnection(ctx, m)
	case *n1n2:
		ue.transfer(ctx, m)
	case taken:
		m.learn(ctx, ue)
	case *settling:
		ue.settleIn(ctx, m)
	case *radioErased:
		ue.loseRadio(ctx, m)
	case *replaced:
		ue.replaced(ctx, m)
	case *saidAgain:
		ue.sayAgain(ctx, m)
	case idleTimerExpired:
		ue.idleTimerExpired(ctx)
	case subscriptionChanged:
		ue.applySubscription(ctx)
	case *deregister:
		ue.deregister(ctx, m)
	case *handoverFrom, *arrivedAtTarget, *contextTransfer, *statusUpdate:
		ue.serveN14(ctx, m)
	case *policyUpdate:
		ue.policyChanged(ctx, m)
	case *admissionRefused:
		ue.loseSlices(ctx, m)
	case *slicesPending:
		ue.authenticateSlices(ctx, m)
	case *sliceDoubted:
		ue.authenticateAgain(ctx, m)
	case *sliceRevoked:
		ue.revokeSlice(ctx, m)
	case *sessionEnded:
		ue.dropSession(m.id, m.ref)
	case *gmm.ULNASTransport:
		ue.uplinkTransport(ctx, m)
	case *ngap.UEContextReleaseRequest:
		ue.releaseRequested(ctx, m)
	case *pathSwitch:
		ue.pathSwitchRequested(ctx, m)
	case glance:
		m(ue)
	case *order:
		ue.obey(ctx, m)
	case *ngap.HandoverRequired:
		ue.handoverRequired(ctx, m)
	case *ngap.HandoverCancel: // of a handover that is over, TS 38.413 §8.4.5.2
		ue.acknowledgeCancel(ue.conn)
	case *ngap.PDUSessionResourceSetupResponse, *ngap.PDUSessionResourceNotify, *ngap.PDUSessionResourceModifyResponse,
		*ngap.PDUSessionResourceReleaseResponse, *ngap.PDUSessionResourceModifyIndication:
		ue.resources(ctx, m)
	case targetMessage:
		ue.log().Debug("message of a target that the handover does not wait for", "message", m.Name())
	case *ngap.UEContextSuspendRequest:
		ue.suspend(ctx, m)
	case *ngap.UEContextResumeRequest:
		ue.resume(ctx, m)
	case *gmm.Status:
		ue.log().Warn("5GMM STATUS from the UE", "cause", m.Cause)
	case gmm.Message:
		ue.outOfState(m)
	case ngap.Message:
		ue.reported(ctx, m)
	}
}

// reported takes what a gNB tells of a UE by itself.
func (ue *ue) reported(ctx context.Context, m ngap.Message) {
	switch m := m.(type) {
	case *ngap.LocationReport:
		ue.located(m)
	case *ngap.TraceFailureIndication:
		ue.traceFailed(m)
	case *ngap.CellTrafficTrace:
		ue.cellTrafficTraced(m)
	case *ngap.SecondaryRATDataUsageReport:
		ue.secondaryRATUsage(ctx, m)
	case *ngap.UERadioCapabilityInfoIndication:
		ue.learnRadio(m)
	case *ngap.RRCInactiveTransitionReport:
		ue.rrcState(m)
	case *ngap.NASNonDeliveryIndication:
		ue.notDelivered(m)
	case *ngap.ErrorIndication:
		ue.errorIndicated(ctx, m)
	default:
		ue.log().Debug("message without a procedure that waits for it", "message", m.Name())
	}
}

// Panicked answers for a procedure that ended in a panic: the UE is told and starts afresh.
func (ue *ue) Panicked(m any, err error) {
	ue.wake()
	ue.running, ue.pending, ue.request, ue.accepted, ue.handover = idle, security{}, nil, nil, nil
	ue.log().Error("procedure failed", "message", describe(m), "error", err)
	if init, ok := m.(*initialMessage); ok {
		if _, registering := init.message.(*gmm.RegistrationRequest); registering {
			ue.answer(init.conn, &gmm.RegistrationReject{Cause: gmm.CauseProtocolErrorUnspecified})
		}
		init.conn.gnb.release(init.conn, ngap.CauseMiscUnspecified)
	}
	conn := ue.conn
	if conn == nil {
		return
	}
	conn.gnb.release(conn, ngap.CauseMiscUnspecified)
	if _, again := m.(*connectionLost); again { // the clean-up itself failed
		ue.conn = nil
		return
	}
	_ = ue.insist(&connectionLost{conn: conn, why: "its procedure failed inside"}) // refused only at shutdown
}

// answer sends a message on a connection that may or may not be the UE's.
func (ue *ue) answer(c *connection, m gmm.Message) {
	if ue.conn == c {
		ue.sendNAS(m)
		return
	}
	c.sendPlain(m)
}

// outOfState answers a 5GMM message that nothing waits for, TS 24.501 §7.4: 5GMM STATUS, except for late answers. A
// NOTIFICATION RESPONSE is none, for there is no non-3GPP access of which a NOTIFICATION could tell (TS 24.501 §5.6.3).
func (ue *ue) outOfState(m gmm.Message) {
	switch m.(type) {
	case *gmm.RegistrationComplete, *gmm.AuthenticationResponse, *gmm.AuthenticationFailure, *gmm.SecurityModeComplete,
		*gmm.SecurityModeReject, *gmm.IdentityResponse, *gmm.ConfigurationUpdateComplete,
		*gmm.DeregistrationAcceptUETerminated:
		ue.log().Debug("late answer ignored", "message", m.Name())
		return
	}
	ue.sendNAS(&gmm.Status{Cause: gmm.CauseMessageTypeNotCompatibleWithTheProtocolState})
}

// stranger tells whether an initial message names this UE but does not prove to come from it: it must not disturb the
// UE, and Serve does not wait over it, TS 33.501 §6.4.6.
func (ue *ue) stranger(m *initialMessage) bool {
	return ue.supi != "" && !m.verified && m.conn != ue.conn
}

// repeated tells whether the UE sent the request of the running registration once more, TS 24.501 §5.5.1.2.8 d) and e).
func (ue *ue) repeated(m *initialMessage) bool {
	again, ok := m.message.(*gmm.RegistrationRequest)
	return ok && ue.running == registration && m.conn == ue.conn && reflect.DeepEqual(again, ue.request)
}

// outlived tells whether an N2 message is of a connection that has ended while it waited.
func (ue *ue) outlived(m ngap.Message) bool {
	ids, ok := idsOf(m)
	c := ue.conn
	if _, resumes := m.(*ngap.UEContextResumeRequest); resumes && c == nil {
		c = ue.suspended
	}
	return ok && ids.amf != nil && (c == nil || c.amfID != *ids.amf)
}

// serveInitial runs the procedure of an initial NAS message.
func (ue *ue) serveInitial(ctx context.Context, m *initialMessage) {
	m.verified = m.verified && m.keys == ue.keys // it may have waited longer than the keys lived
	for m.conn.movedTo != nil {                  // the UE was handed over while its message waited
		m.conn = m.conn.movedTo
	}
	if !m.conn.lives() {
		ue.log().Info("initial NAS message of a lost connection ignored")
		return
	}
	if ue.takenMeanwhile(m) {
		return
	}
	if tmsi, ok := ue.amf.tmsiNamed(m.message); ok && m.verified {
		ue.named = tmsi
	}
	if ue.running != idle && ue.repeated(m) {
		if ue.accepted != nil {
			ue.sendNAS(ue.accepted)
		}
		return
	}
	if m.err != nil {
		ue.refuseUndecodable(ctx, m)
		return
	}
	if ue.running == idle && !ue.awaitContext(ctx, m.conn) {
		return
	}
	switch message := m.message.(type) {
	case *gmm.RegistrationRequest:
		if ue.supi != "" && !m.verified {
			ue.amf.startAfresh(m)
			return
		}
		ue.registration(ctx, m, message)
	case *gmm.ServiceRequest:
		ue.serviceRequest(ctx, m, message)
	case *gmm.DeregistrationRequestUEOriginating:
		ue.deregistrationRequested(ctx, m, message)
	default:
		ue.log().Warn("not an initial NAS message", "message", m.message.Name())
		ue.releaseUnused(m.conn, ngap.CauseNASUnspecified)
	}
}

// startAfresh gives a connection whose UE did not prove who it is a context of its own. What is known of the UE that
// it named stays untouched until the authentication has shown that it is the same, TS 33.501 §6.4.6.
func (a *AMF) startAfresh(m *initialMessage) {
	fresh := a.newUE()
	m.conn.ue.Store(fresh)
	_ = fresh.follow(m) // refused only at shutdown
}

// attach makes conn the UE's connection; an older one is released, TS 23.502 §4.2.6.
func (ue *ue) attach(ctx context.Context, conn *connection) {
	if ue.conn == conn {
		return
	}
	if old := ue.conn; old != nil {
		ue.conn = nil
		ue.releaseUnused(old, ngap.CauseRadioNetworkReleaseDueToCnDetectedMobility)
		ue.radioGone(ctx)
	}
	ue.deactivateSessions(ctx, "a new connection") // after a restart, of one that this core only knows of
	ue.kept.connectedTo = ""
	ue.endSuspension(ctx, ngap.CauseRadioNetworkReleaseDueToCnDetectedMobility)
	ue.conn, ue.shown, ue.undelivered = conn, true, nil
	ue.unsupervise()
}

// releaseUnused ends a connection about which nothing more is to be said.
func (ue *ue) releaseUnused(c *connection, cause ngap.Cause) {
	c.gnb.release(c, cause)
	if ue.conn == c {
		ue.conn = nil
	}
}

// loseConnection is what remains to be done when the gNB has lost the UE or itself.
func (ue *ue) loseConnection(ctx context.Context, m *connectionLost) {
	if other := m.conn.ue.Load(); other != ue {
		_ = other.insist(m) // refused only at shutdown
		return
	}
	if ue.suspended == m.conn {
		ue.endSuspension(ctx, ngap.CauseRadioNetworkUnspecified)
	}
	if ue.conn != m.conn {
		return
	}
	ue.conn, ue.undelivered = nil, nil
	ue.note("connection lost", "reason", m.why)
	if !ue.registered {
		ue.forget(ctx, ngap.CauseRadioNetworkUnspecified)
		return
	}
	ue.radioGone(ctx)
	ue.deactivateSessions(ctx, m.why)
}

func (ue *ue) log() *slog.Logger {
	l := ue.amf.log
	switch {
	case ue.supi != "":
		l = l.With("supi", ue.supi.Conceal())
	case ue.claimed != "":
		l = l.With("suci", ue.claimed)
	}
	if c := ue.conn; c != nil {
		l = l.With("gnb", c.gnb.label())
	}
	if ue.running != idle {
		l = l.With("procedure", string(ue.running))
	}
	return l
}

func (ue *ue) session(id uint8) *smContext {
	for _, s := range ue.sessions {
		if s.id == id {
			return s
		}
	}
	return nil
}

func (ue *ue) dropSession(id uint8, ref string) {
	ue.sessions = slices.DeleteFunc(ue.sessions, func(s *smContext) bool { return s.id == id && s.ref == ref })
}

// dropIfGone forgets a session of which its SMF knows nothing any more, TS 29.502 §5.2.2.3.1, and tells whether it did.
func (ue *ue) dropIfGone(s *smContext, err error) bool {
	gone := sbi.CauseOf(err) == sbi.CauseContextNotFound
	if gone {
		ue.dropSession(s.id, s.ref)
	}
	return gone
}

// releaseSessions ends every PDU session at its SMF.
func (ue *ue) releaseSessions(ctx context.Context, why string) {
	for _, s := range ue.sessions {
		err := ue.amf.services.Sessions.ReleaseSMContext(ctx, s.ref, nsmf.SMContextReleaseData{Cause: why})
		if err != nil && sbi.CauseOf(err) != sbi.CauseContextNotFound { // a newer session of the same identity has ended it
			ue.log().Warn("session not released", "session", s.id, "error", err)
		}
	}
	ue.sessions = nil
}

// ended tells whether err means that nobody is left to be answered.
func ended(err error) bool {
	return errors.Is(err, procedure.ErrSuperseded) || errors.Is(err, context.Canceled)
}
