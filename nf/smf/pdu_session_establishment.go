package smf

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// establishment is a request to establish a session that was found acceptable.
type establishment struct {
	pti        uint8
	kind       gsm.PDUSessionType
	typeCause  gsm.Cause // why it is not the type that the UE asked for; 0 if it is
	ssc        gsm.SSCMode
	alwaysOn   bool // the UE asked for an always-on session
	filters    int  // how many packet filters the UE supports
	rqos       bool // the UE supports reflective QoS
	pco        gsm.ProtocolConfigurationOptions
	subscribed nudm.SessionManagementSubscriptionData
}

// establish runs the UE-requested PDU session establishment, TS 23.502 §4.3.2.2.1, from step 7 on, and answers the UE
// whatever its end. Steps 3 to 5 are in CreateSMContext.
func (s *session) establish(ctx context.Context, m establish) {
	err := s.establishSession(ctx, m)
	if err == nil || errors.Is(err, procedure.ErrSuperseded) || s.smf.ctx.Err() != nil {
		return // what superseded it is served next
	}
	if s.is(Released) {
		return // ended meanwhile: there is nobody to answer
	}
	s.set(Released)
	s.reject(ctx, m.request, asRefusal(err))
}

func (s *session) establishSession(ctx context.Context, m establish) error {
	if m.prior != nil {
		if err := waitFor(ctx, m.prior); err != nil {
			return err
		}
	}
	if err := s.countInSlice(ctx); err != nil {
		return err
	}
	if err := s.decidePolicy(ctx, m.request); err != nil { // step 7b
		return err
	}
	if err := s.anchor(ctx, &m.request.subscribed); err != nil { // steps 8 to 10
		return err
	}
	if err := s.accept(ctx, m.request); err != nil { // step 11
		return err
	}
	outcome, err := s.awaitSetup(ctx) // steps 12 to 15
	for try := 1; err == nil && outcome.moving && try < setupTries; try++ {
		outcome, err = s.setUpAgain(ctx, m.request)
	}
	switch {
	case err != nil:
		return err
	case outcome.failed != "":
		return gnbRefusal(outcome)
	case outcome.gnb.valid():
		s.userPlaneSetUp(ctx, outcome) // step 16a
	}
	return s.registerInUDM(ctx) // step 16c
}

// maxLeases bounds how many addresses are tried that turn out to be leased by other nodes of the set.
const maxLeases = 8

// anchor gives the session a UPF and an address, TS 23.501 §5.8.2.2.1, and makes it durable with the lease of the address.
func (s *session) anchor(ctx context.Context, sub *nudm.SessionManagementSubscriptionData) error {
	for try := 1; ; try++ {
		if err := s.chooseUPF(ctx); err != nil { // step 8
			return err
		}
		if err := s.allotAddress(sub); err != nil {
			return err
		}
		if !s.authorized() { // after all that can be refused: others may lose their room for it
			if err := s.authorizeQoS(ctx); err != nil {
				return err
			}
		}
		err := s.establishOnUPF(ctx) // step 10
		switch {
		case err == nil && s.is(Released):
			return procedure.ErrSuperseded
		case err == nil:
			if err = s.keep(ctx); err == nil {
				err = s.confirmRoom(ctx)
			}
		case !isHeld(err):
			return n4Refusal(err)
		default:
			s.smf.log.Warn("UPF has another session with the address; another address is tried", s.attrs(slog.Any("error", err))...)
			err = n4Refusal(err)
		}
		if !isLeased(err) && !isHeld(err) || sub.StaticIPv4.IsValid() || try == maxLeases {
			return err
		}
		s.leaveUPF(ctx)
		s.stored = false
		s.freeAddress() // it is the last to be tried again
		s.mu.Lock()
		s.uplink = tunnel{} // it went with the session there
		s.mu.Unlock()
	}
}

// waitFor waits until the session that had the same identity has given everything back.
func waitFor(ctx context.Context, prior *session) error {
	select {
	case <-prior.wait():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// decidePolicy has the PCF decide the rules of the session, TS 23.502 §4.16.4.
func (s *session) decidePolicy(ctx context.Context, req establishment) error {
	s.mu.Lock()
	s.subscribedAMBR, s.subscribedQoS = req.subscribed.SessionAMBR, req.subscribed.DefaultQoS
	s.mu.Unlock()
	decision, err := s.smf.deps.Policy.CreateSMPolicy(ctx, s.policyContext())
	if err != nil {
		return policyRefusal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policyID, s.decision = decision.ID, &decision
	return nil
}

// authorizeQoS makes the session's QoS of the decision. Rules whose guaranteed rate there is no room for are left out,
// and the PCF is told: the session is of use without them.
func (s *session) authorizeQoS(ctx context.Context) error {
	qos, left, why, err := s.admit(ctx, *s.decision)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.qos = s.smf.shareQoS(qos)
	s.mu.Unlock()
	if len(left) > 0 {
		asRefusal(why).logAs(s.smf.log, "PCC rules left out", s.attrs(slog.Any("rules", left)))
		s.report(ctx, left, npcf.RuleResourcesLimitation)
	}
	return nil
}

// policyContext is what the PCF decides by, TS 29.512 §5.6.2.3.
func (s *session) policyContext() npcf.SMPolicyContextData {
	return npcf.SMPolicyContextData{
		SUPI: s.supi, PDUSessionID: s.id, PDUSessionType: nudmType(s.kind), DNN: s.network.Name, SNSSAI: s.slice,
		SubscribedAMBR: s.subscribedAMBR, SubscribedQoS: s.subscribedQoS, NotificationURI: s.ref(),
	}
}

func policyRefusal(err error) error {
	switch sbi.CauseOf(err) {
	case npcf.CauseUserUnknown, npcf.CausePolicyContextDenied:
		return &refusal{cause: gsm.CauseRequestRejectedUnspecified, sbi: nsmf.CauseSubscriptionDenied, err: err,
			asked: "a session", allowed: "none by the PCF", change: "the policy for this subscriber and DNN"}
	}
	return failure(err, "see why the PCF failed")
}

func (s *session) chooseUPF(ctx context.Context) error {
	u := s.smf.selectUPF(s.network.Name, s.slice)
	if u == nil {
		return &refusal{cause: gsm.CauseNetworkFailure, sbi: nsmf.CauseUPFNotResponding, asked: "a UPF for this DNN and slice",
			allowed: "none that is associated", change: "start a UPF that serves them, or let one of the UPFs serve them"}
	}
	u.sessions.Add(1)
	s.mu.Lock()
	another := s.upfName != u.Name
	s.mu.Unlock()
	if another { // what was granted on another UPF is given back there
		_ = s.reserve(ctx, nudm.AMBR{})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if another {
		s.qos = nil
	}
	s.upf, s.upfName = u, u.Name
	return nil
}

// authorized tells whether the session has its QoS.
func (s *session) authorized() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.qos != nil
}

// n4Refusal is the refusal for an establishment that failed on N4.
func n4Refusal(err error) error {
	if bad, ok := errors.AsType[*pfcp.Error](err); ok {
		r := failure(err, "see the log of the UPF")
		if bad.Cause == pfcp.CauseNoResourcesAvailable || bad.Cause == pfcp.CauseEntityInCongestion || bad.Cause == pfcp.CauseAllDynamicAddressesOccupied {
			r.cause, r.sbi = gsm.CauseInsufficientResources, nsmf.CauseInsufficientResourcesSlice
		}
		return r
	}
	r := failure(err, "check that the UPF runs and that N4 reaches it")
	r.sbi = nsmf.CauseUPFNotResponding
	return r
}

// gnbRefusal is the refusal for a session that the gNB could not set up: it did not hand the acceptance to the UE
// (TS 38.413 §8.2.1.2).
func gnbRefusal(o setupOutcome) error {
	r := &refusal{cause: gsm.CauseNetworkFailure, asked: "resources of the gNB", allowed: "none: " + o.failed, change: "see the log of the gNB"}
	if o.radio {
		r.cause = gsm.CauseInsufficientResources
	}
	return r
}

// accept sends the PDU SESSION ESTABLISHMENT ACCEPT and the request to the gNB, TS 24.501 §6.4.1.3.
func (s *session) accept(ctx context.Context, req establishment) error {
	s.mu.Lock()
	n1, err := gsm.Append(make([]byte, 0, 256), s.acceptMessage(req))
	if err != nil {
		s.mu.Unlock()
		return err
	}
	n2, err := s.setupRequestTransfer()
	if err != nil {
		s.mu.Unlock()
		return err
	}
	if s.state != Establishing {
		s.mu.Unlock()
		return procedure.ErrSuperseded
	}
	s.state, s.up, s.started = Active, nsmf.Activating, time.Now()
	s.mu.Unlock()
	return s.sendAcceptance(ctx, n1, n2)
}

func (s *session) sendAcceptance(ctx context.Context, n1 []byte, n2 nsmf.N2SMInfo) error {
	if _, err := s.amf().N1N2MessageTransfer(ctx, s.supi, s.transfer(n1, n2, false)); err != nil {
		return failure(err, "see why the AMF did not take the message")
	}
	return nil
}

// A gNB that hands the UE over refuses its sessions for that time alone: they are set up again when it will be over, and
// so before the UE asks again by itself (T3580).
const (
	setupTries = 4
	setupPause = 3 * time.Second
)

// setUpAgain repeats step 11 when the handover will be over for which a gNB has refused the setup, TS 23.502 §4.9.1.1: the gNB
// has not given the acceptance to the UE. The AMF knows where the UE is then.
func (s *session) setUpAgain(ctx context.Context, req establishment) (setupOutcome, error) {
	s.smf.log.Info("gNB hands the UE over: the session is set up again after that", s.attrs()...)
	pause := procedure.Timer{Name: "handover", Duration: setupPause}
	_, err := procedure.AskFor(ctx, s, pause, func() error { return nil }, func(any) bool { return false })
	switch {
	case errors.Is(err, procedure.ErrSuperseded) && s.is(Active): // as in awaitSetup
		return setupOutcome{}, nil
	case !errors.Is(err, procedure.ErrNoAnswer):
		return setupOutcome{}, err
	}
	s.mu.Lock()
	n1, err := gsm.Append(make([]byte, 0, 256), s.acceptMessage(req))
	if err != nil {
		s.mu.Unlock()
		return setupOutcome{}, err
	}
	n2, err := s.setupRequestTransfer()
	s.up = nsmf.Activating
	s.mu.Unlock()
	if err == nil {
		err = s.sendAcceptance(ctx, n1, n2)
	}
	if err != nil {
		return setupOutcome{}, err
	}
	return s.awaitSetup(ctx)
}

func (s *session) acceptMessage(req establishment) *gsm.PDUSessionEstablishmentAccept {
	m := &gsm.PDUSessionEstablishmentAccept{
		PDUSessionID: s.id, PTI: req.pti,
		SelectedPDUSessionType: s.kind, SelectedSSCMode: s.ssc,
		AuthorizedQoSRules:            s.uesForm(s.qos.authorizedRules()),
		SessionAMBR:                   gsm.NewSessionAMBR(s.qos.ambr.Downlink, s.qos.ambr.Uplink),
		PDUAddress:                    s.pduAddress(),
		RQTimer:                       s.qos.rqTimerValue(),
		SNSSAI:                        &nas.SNSSAI{SNSSAI: s.slice},
		AuthorizedQoSFlowDescriptions: s.qos.flowDescriptions(),
		ProtocolConfigurationOptions:  s.network.protocolConfiguration(s.kind, req.pco),
		DNN:                           s.network.Name,
	}
	if req.typeCause != 0 {
		m.Cause = &req.typeCause
	}
	m.AlwaysOnIndication = s.network.AlwaysOn.indication(req.alwaysOn)
	return m
}

// indication is the always-on PDU session indication, TS 24.501 §9.11.4.3: 1 required, 0 not allowed, nil for neither.
func (a AlwaysOn) indication(asked bool) *uint8 {
	switch {
	case a.grants(asked):
		return new(uint8(1))
	case asked:
		return new(uint8(0))
	}
	return nil
}

// grants tells whether a session is always-on.
func (a AlwaysOn) grants(asked bool) bool {
	return a == AlwaysOnRequired || a == AlwaysOnRequested && asked
}

// abilities are what the session can have of what the PCF decides.
func (s *session) abilities() abilities {
	v4, v6 := needs(s.kind)
	return abilities{ethernet: s.kind == gsm.Ethernet, ipv4: v4, ipv6: v6, reflective: s.rqos}
}

// awaitSetup waits for the gNB. If it stays silent, or the UE loses its connection, the session is there all the same
// and its user plane is set up when it is wanted.
func (s *session) awaitSetup(ctx context.Context) (setupOutcome, error) {
	outcome, err := procedure.Await[setupOutcome](ctx, s, procedure.Timer{Name: "N2 response", Duration: s.smf.cfg.Timers.N2Response})
	switch {
	case err == nil:
		return outcome, nil
	case errors.Is(err, procedure.ErrNoAnswer):
		s.smf.log.Warn("gNB did not answer the setup of the session", s.attrs()...)
		s.deactivateUserPlane(ctx, "no answer of the gNB")
		s.releaseAN(ctx, ngap.CauseRadioNetworkUnspecified) // it may hold the session all the same, and the AMF thinks so
		return setupOutcome{}, nil
	case errors.Is(err, procedure.ErrSuperseded) && s.is(Active): // the UE has become idle
		return setupOutcome{}, nil
	}
	return setupOutcome{}, err
}

// registerInUDM tells the UDM which SMF serves the session, TS 23.502 §4.3.2.2.1 step 16c. A session that the UDM does
// not take is released: its subscription may have ended meanwhile.
func (s *session) registerInUDM(ctx context.Context) error {
	if !s.is(Active) {
		return nil
	}
	err := s.smf.deps.UECM.RegisterSMF(ctx, s.supi, nudm.SMFRegistration{
		SMFInstanceID: s.smf.cfg.InstanceID, PDUSessionID: s.id, SNSSAI: s.slice, DNN: s.network.Name, PLMN: s.plmn,
	})
	if err != nil {
		s.smf.log.Error("UDM does not register the session; it is released", s.attrs(slog.Any("error", err))...)
		s.releaseByNetwork(ctx, gsm.CauseNetworkFailure)
		return nil
	}
	s.mu.Lock()
	s.registered = true
	s.mu.Unlock()
	s.note("PDU session established", "type", s.kind, "address", s.address, "upf", s.upf.Name)
	return nil
}
