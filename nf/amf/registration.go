package amf

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// registration runs the registration procedure and answers the UE however it ends.
func (ue *ue) registration(ctx context.Context, m *initialMessage, request *gmm.RegistrationRequest) {
	ue.running, ue.request = registration, request
	defer func() { ue.running, ue.request, ue.accepted = idle, nil, nil }()
	defer ue.countRegistered(ctx)
	ue.attach(ctx, m.conn)
	err := ue.register(ctx, m, request)
	if err == nil {
		ue.note("registered", "guti", ue.guti, "slices", ue.allowed)
		if len(ue.pendingSlices) > 0 {
			_ = ue.insist(&slicesPending{ue.pendingSlices}) // refused only at shutdown
		}
		return
	}
	if r, tell := refusalOf(err); tell && r.cause != gmm.CauseCongestion && !errors.Is(err, errAuthentication) {
		ue.refuseBorrowed(ctx)
	}
	ue.refuseRegistration(ctx, err)
	if ue.borrowed != nil { // step 10: the UE is still the old AMF's
		ue.forget(ctx, ngap.CauseNASUnspecified)
	}
}

// register is the registration procedure, TS 23.502 §4.2.2.2.2.
func (ue *ue) register(ctx context.Context, m *initialMessage, request *gmm.RegistrationRequest) error {
	defer func() { ue.kept.before = nil }()
	ue.tai = m.conn.tai                           // steps 1 to 3: UE and gNB
	if err := checkRequest(request); err != nil { // the type is not ciphered
		return err
	}
	if err := ue.checkArea(); err != nil {
		return err
	}
	if err := ue.rerouteKnown(ctx, m, request); err != nil {
		return err
	}
	complete, changed, err := ue.agreeSecurity(ctx, m, request) // steps 4 to 10, 12
	if err != nil {
		return err
	}
	kgnbCount := m.count
	if complete != nil {
		request = complete
		if err := checkRequest(request); err != nil {
			return err
		}
	}
	if changed {
		kgnbCount = ue.security.nas.Receive - 1 // that of the SECURITY MODE COMPLETE, TS 33.501 §6.8.1.2.2
		if ue.conn.contextSetUp {
			if err := ue.rekey(ctx, kgnbCount); ended(err) {
				return err
			} else if err != nil {
				ue.log().Warn("gNB keeps the older key", "reason", err)
			}
		}
	}
	if err := ue.identifyEquipment(ctx); err != nil { // step 11
		return err
	}
	if request.Capability != nil {
		ue.mm = slices.Clone(request.Capability)
	}
	if err := ue.subscribe(ctx); err != nil { // step 14
		return err
	}
	selected, err := ue.selectSlices(ctx, request) // TS 23.502 §4.2.2.2.3
	if err != nil {
		return err
	}
	if err := ue.associatePolicy(ctx); err != nil { // step 16
		return err
	}
	ue.agreeSessions(ctx, request) // step 17
	accept := ue.acceptance(request, selected)
	if err := ue.accept(ctx, accept, kgnbCount, request.UplinkDataStatus); err != nil { // steps 21, 22
		return err
	}
	ue.transferWaiting(ctx)
	if request.RegistrationType.Value() == gmm.InitialRegistration {
		ue.nameNetwork(ctx)
	}
	if m.n2 != nil && ue.nothingFollows(request) {
		ue.releaseConnection(ctx, ngap.CauseNASNormalRelease)
	}
	return nil
}

// nothingFollows tells whether an update has done all that the UE set up its connection for, so that the connection can
// go at once, TS 23.502 §4.2.2.2.2 and TS 24.501 §5.5.1.3.4.
func (ue *ue) nothingFollows(r *gmm.RegistrationRequest) bool {
	if r.RegistrationType.Value() == gmm.InitialRegistration || r.RegistrationType.FollowOn() || len(ue.waiting)+len(ue.pendingSlices) > 0 {
		return false
	}
	return !slices.ContainsFunc(ue.sessions, func(s *smContext) bool { return s.active })
}

// checkArea refuses a UE in a tracking area that is not served, TS 24.501 §5.5.1.2.5.
func (ue *ue) checkArea() error {
	if _, known := ue.amf.plmnSupport(ue.tai.PLMN); !known {
		return &refusal{
			cause: gmm.CausePLMNNotAllowed, why: "PLMN is not served",
			asked: ue.tai.PLMN.String(), allowed: ue.amf.listTAs(), change: "amf.plmns in the config, or the gNB's PLMN",
		}
	}
	if !ue.amf.serves(ue.tai) {
		return &refusal{
			cause: gmm.CauseTrackingAreaNotAllowed, why: "tracking area is not served",
			asked: ue.tai.String(), allowed: ue.amf.listTAs(), change: "amf.plmns tacs in the config, or the gNB's TAC",
		}
	}
	return nil
}

// checkRequest refuses the types of registration that are not served, TS 24.501 §5.5.1.2.5 and §5.5.1.2.6. An emergency
// registration gets a cause that takes neither the tracking area nor the USIM from the UE, which looks for another network.
func checkRequest(r *gmm.RegistrationRequest) error {
	refused := refusal{
		why: "registration type is not served", asked: fmt.Sprintf("type %d", r.RegistrationType.Value()),
		allowed: "initial, mobility updating, periodic updating",
	}
	switch r.RegistrationType.Value() {
	case gmm.InitialRegistration, gmm.MobilityRegistrationUpdate, gmm.PeriodicRegistrationUpdate:
		return nil
	case gmm.EmergencyRegistration:
		refused.cause = gmm.CauseProtocolErrorUnspecified
		refused.why = "emergency services are not served here, as the UE was told (EMC)"
	case gmm.SNPNOnboardingRegistration:
		refused.cause = gmm.CauseOnboardingServicesTerminated
		refused.why = "this is a PLMN: it onboards nobody"
	case gmm.DisasterRoamingInitial, gmm.DisasterRoamingMobility:
		refused.cause = gmm.CauseDisasterRoamingForTheDeterminedPLMNWithDisasterConditionNotAllowed
		refused.why = "no disaster roaming here"
	default:
		refused.cause = gmm.CauseSemanticallyIncorrectMessage
	}
	return &refused
}

// agreeSecurity makes sure of who the UE is and that both ends have good keys, steps 6 to 9; changed tells that the keys
// or their use are new.
func (ue *ue) agreeSecurity(ctx context.Context, m *initialMessage, r *gmm.RegistrationRequest) (complete *gmm.RegistrationRequest, changed bool, err error) {
	if m.verified {
		ue.conn.secured = true
		changed, err := ue.renewSecurity(ctx, r)
		return nil, changed, err
	}
	if ue.comeOver(ctx, m, r) { // steps 4 and 5
		return ue.takeKeys(ctx, m, r)
	}
	complete, err = ue.establishSecurity(ctx, m, r)
	if err == nil && r.MobileIdentity.Type == gmm.IdentityGUTI {
		ue.validated(ctx, r.MobileIdentity.GUTI)
	}
	return complete, true, err
}

// establishSecurity finds out who the UE is and agrees on new keys with it, steps 6 to 9.
func (ue *ue) establishSecurity(ctx context.Context, m *initialMessage, request *gmm.RegistrationRequest) (*gmm.RegistrationRequest, error) {
	if len(request.UESecurityCapability) < 2 { // TS 24.501 §8.2.6.4: not in every update
		if request.RegistrationType.Value() == gmm.InitialRegistration {
			return nil, &refusal{cause: gmm.CauseConditionalIEError, why: "initial REGISTRATION REQUEST names no security capability"}
		}
		return nil, &refusal{cause: gmm.CauseUEIdentityCannotBeDerivedByTheNetwork, why: "no security context for this UE: it has to register anew"}
	}
	ue.capability = slices.Clone(request.UESecurityCapability)
	ue.ngKSI = request.NgKSI.Value() // the UE may hold keys of that name: the next one is free, TS 24.501 §5.4.1.3.2
	suci := request.MobileIdentity.SUCI
	if request.MobileIdentity.Type != gmm.IdentitySUCI {
		var err error
		if suci, err = ue.identify(ctx); err != nil { // steps 6, 7
			return nil, err
		}
	}
	ue.claimed = suci.Conceal()
	proof, err := ue.authenticate(ctx, suci.String()) // steps 8, 9
	if err != nil {
		return nil, err
	}
	if err := ue.reroute(ctx, m, proof.supi, nil); err != nil { // what it requests it says only after security mode control
		return nil, err
	}
	if err := ue.lookBefore(ctx, proof.supi); err != nil {
		return nil, err
	}
	proof.initial = true
	complete, err := ue.secure(ctx, proof) // step 9c
	if err != nil {
		return nil, err
	}
	ue.supi, ue.claimed = proof.supi, ""
	if old := ue.amf.ues.bySUPI.put(proof.supi, ue); old != nil && old != ue {
		ue.kept.rise(old.kept.epoch.Load() + 1)
		ue.kept.stored = true       // what the older one has stored goes with this one, if this one is refused
		_ = old.insist(&replaced{}) // refused only at shutdown
	}
	return complete, nil
}

// subscribe registers with the UDM and fetches the subscription, step 14.
func (ue *ue) subscribe(ctx context.Context) error {
	if err := ue.registerAtUDM(ctx); err != nil {
		return err
	}
	if err := ue.fetchSubscription(ctx); err != nil {
		return err
	}
	return ue.checkSubscription()
}

// registerAtUDM is step 14a. A context of the subscriber that goes has gone by then.
func (ue *ue) registerAtUDM(ctx context.Context) error {
	done, err := ue.amf.ues.turns.take(ctx, ue.supi)
	if err != nil {
		return err
	}
	defer done()
	if ue.isReplaced() {
		return procedure.ErrSuperseded
	}
	_, err = ue.amf.services.UECM.RegisterAMF(ctx, ue.supi, nudm.AMF3GPPAccessRegistration{
		AMFInstanceID: ue.amf.cfg.InstanceID, GUAMI: ue.amf.cfg.GUAMI, PEI: ue.pei,
	})
	if err != nil {
		return fmt.Errorf("register at the UDM: %w", err)
	}
	ue.known = true
	return nil
}

// isReplaced tells whether the subscriber has registered anew with another context, which may have left again: this one is
// told soon, and must not register at the UDM and the PCF meanwhile.
func (ue *ue) isReplaced() bool { return ue.amf.ues.bySUPI.get(ue.supi) != ue }

// associatePolicy makes or renews the AM policy association, step 16.
func (ue *ue) associatePolicy(ctx context.Context) error {
	if ue.policy != "" {
		if ue.policed == ue.subscribed.SubscribedUEAMBR {
			return nil
		}
		if err := ue.amf.services.Policy.DeleteAMPolicy(ctx, ue.policy); err != nil {
			ue.log().Debug("older AM policy not deleted", "error", err)
		}
		ue.policy = ""
	}
	if ue.isReplaced() {
		return procedure.ErrSuperseded
	}
	p, err := ue.amf.services.Policy.CreateAMPolicy(ctx, npcf.AMPolicyRequest{
		SUPI: ue.supi, TAI: ue.tai, AllowedNSSAI: ue.allowed,
		RFSPIndex: ue.subscribed.RFSPIndex, UEAMBR: ue.subscribed.SubscribedUEAMBR, NotificationURI: string(ue.supi),
	})
	if err != nil {
		return fmt.Errorf("AM policy: %w", err)
	}
	ue.policy, ue.ambr, ue.policed = p.ID, p.UEAMBR, ue.subscribed.SubscribedUEAMBR
	return nil
}

// agreeSessions ends the sessions that the UE no longer has, TS 24.501 §5.5.1.2.4 and §5.5.1.3.4: all of them at an
// initial registration, those not in the PDU session status otherwise.
func (ue *ue) agreeSessions(ctx context.Context, r *gmm.RegistrationRequest) {
	var keep gmm.PSISet
	switch {
	case r.RegistrationType.Value() == gmm.InitialRegistration:
	case r.PDUSessionStatus != nil:
		keep = *r.PDUSessionStatus
	default:
		return
	}
	ue.keepSessions(ctx, keep)
}

// acceptance makes the REGISTRATION ACCEPT, TS 24.501 §5.5.1.2.4. A new 5G-GUTI is given at every registration, whatever
// its type, TS 33.501 §6.12.3.
func (ue *ue) acceptance(r *gmm.RegistrationRequest, selected selection) *gmm.RegistrationAccept {
	t3512 := ue.periodicTimer()
	ue.allotGUTI()
	id := gmm.GUTIIdentity(ue.guti)
	accept := &gmm.RegistrationAccept{
		RegistrationResult:    gmm.Registered3GPP,
		GUTI:                  &id,
		TAIList:               ue.taiList(),
		EquivalentPLMNs:       ue.equivalentPLMNs(),
		ServiceAreaList:       ue.serviceAreaList(false),
		NetworkFeatureSupport: ue.networkFeatures(),
		T3512:                 &t3512,
	}
	if d := ue.amf.cfg.T3502; d != 0 {
		t3502 := nas.NewGPRSTimer2(d)
		accept.T3502 = &t3502
	}
	ue.tellSlices(accept, selected)
	ue.agreePowerSaving(r, accept)
	if r.PDUSessionStatus != nil {
		status := ue.sessionStatus()
		accept.PDUSessionStatus = &status
	}
	return accept
}

// registrationArea is the tracking areas among which the UE may move without a registration, TS 23.501 §5.3.2.3: those that
// the operator has put together, else all of the UE's PLMN.
func (ue *ue) registrationArea() []ident.TAI {
	for _, area := range ue.amf.cfg.RegistrationAreas {
		if slices.Contains(area, ue.tai) {
			return area
		}
	}
	var area []ident.TAI
	for _, t := range ue.amf.cfg.TAIs {
		if t.PLMN == ue.tai.PLMN && !ue.amf.inRegistrationArea(t) {
			area = append(area, t)
		}
	}
	slices.SortFunc(area, func(a, b ident.TAI) int { return int(a.TAC) - int(b.TAC) })
	return area
}

// inRegistrationArea tells whether the operator has put a tracking area together with others.
func (a *AMF) inRegistrationArea(t ident.TAI) bool {
	return slices.ContainsFunc(a.cfg.RegistrationAreas, func(area []ident.TAI) bool { return slices.Contains(area, t) })
}

// taiList is the registration area as the UE is told, TS 24.501 §9.11.3.9.
func (ue *ue) taiList() gmm.TAIList { return gmm.NewTAIList(ue.registrationArea()...) }

// allotGUTI gives the UE a new 5G-GUTI. That by which it called itself last stays valid until it confirms the new one: where
// the acceptance before was lost, this is the older of two.
func (ue *ue) allotGUTI() {
	if ue.oldTMSI != 0 && ue.named == ue.oldTMSI {
		ue.amf.ues.byTMSI.drop(ue.guti.TMSI, ue)
	} else {
		ue.amf.ues.byTMSI.drop(ue.oldTMSI, ue)
		ue.oldTMSI = ue.guti.TMSI
	}
	ue.guti = ident.GUTI{GUAMI: ue.amf.cfg.GUAMI, TMSI: ue.amf.ues.allotTMSI(ue)}
}

// confirmGUTI lets the old 5G-GUTI go once the UE has confirmed the new one, TS 24.501 §5.5.1.2.4.
func (ue *ue) confirmGUTI() {
	ue.amf.ues.byTMSI.drop(ue.oldTMSI, ue)
	ue.amf.ues.byForeign.drop(ue.foreign, ue)
	ue.oldTMSI, ue.foreign = 0, ident.STMSI{}
}

// accept sends the REGISTRATION ACCEPT and waits for REGISTRATION COMPLETE where one is owed. On a connection without a
// UE context at the gNB it travels in the Initial Context Setup Request, TS 38.413 §8.3.1.
func (ue *ue) accept(ctx context.Context, accept *gmm.RegistrationAccept, count uint32, wanted *gmm.PSISet) error {
	if err := ue.keepAccepted(ctx, accept); err != nil {
		return err
	}
	ue.registered = true
	ue.own(ctx) // steps 10 and 17
	r := ue.activate(ctx, wanted)
	accept.PDUSessionReactivationResult, accept.PDUSessionReactivationResultErrorCause = r.result, r.causes
	if len(ue.allowed) == 0 { // a gNB cannot be told of a UE without slices, TS 38.413 §9.2.2.1
		ue.withoutContext = count
		ue.sendNAS(accept)
	} else if ue.conn.contextSetUp {
		ue.sendNAS(accept)
		ue.setUpSessions(r.sessions)
	} else if err := ue.setUpContext(ctx, accept, count, r.sessions); err != nil {
		return err
	}
	ue.accepted = accept
	return ue.awaitComplete(ctx, accept)
}

// awaitComplete waits for REGISTRATION COMPLETE and sends the accept again under T3550, TS 24.501 §5.5.1.2.8 b).
func (ue *ue) awaitComplete(ctx context.Context, accept *gmm.RegistrationAccept) error {
	_, err := procedure.Await[*gmm.RegistrationComplete](ctx, ue, T3550)
	if errors.Is(err, procedure.ErrNoAnswer) {
		again := T3550
		again.Retries--
		_, err = procedure.Ask[*gmm.RegistrationComplete](ctx, ue, again, ue.sending(accept))
	}
	if errors.Is(err, procedure.ErrNoAnswer) {
		ue.log().Warn("no REGISTRATION COMPLETE: both 5G-GUTIs stay valid")
		return nil
	}
	if err == nil {
		ue.confirmGUTI()
		ue.slicesChanged = false
	}
	return err
}

// refuseRegistration ends a registration that failed: the one place where the UE gets its answer.
func (ue *ue) refuseRegistration(ctx context.Context, err error) {
	switch {
	case errors.Is(err, errAuthentication):
		ue.rejectAuthentication(ctx, err)
		return
	case errors.Is(err, errRerouted):
		ue.leaveRerouted(ctx)
		return
	case ended(err):
		ue.log().Info("registration ended", "reason", err)
		return
	}
	r, tell := refusalOf(err)
	if !tell {
		ue.log().Warn("registration given up", "reason", err)
		ue.leaveConnection(ctx, ngap.CauseNASUnspecified)
		return
	}
	ue.logRefusal(r)
	reject := &gmm.RegistrationReject{Cause: r.cause}
	reject.RejectedNSSAI, reject.ExtendedRejectedNSSAI = ue.rejections(r.rejected)
	if d := ue.amf.cfg.T3502; d != 0 && ue.request.RegistrationType.Value() == gmm.InitialRegistration && r.cause >= gmm.CauseSemanticallyIncorrectMessage {
		t3502 := nas.NewGPRSTimer2(d) // in an initial registration alone, TS 24.501 §5.3.8
		reject.T3502 = &t3502
	}
	if r.cause == gmm.CauseCongestion {
		backoff := ue.amf.backoff()
		reject.T3346 = &backoff
	}
	ue.sendNAS(reject)
	if r.cause == gmm.CauseCongestion { // the UE keeps what it has and tries again, TS 24.501 §5.5.1.3.5
		ue.leaveConnection(ctx, ngap.CauseNASNormalRelease)
		return
	}
	ue.forget(ctx, ngap.CauseNASNormalRelease)
}

// refuseUndecodable answers an initial message that cannot be read, TS 24.501 §7 and §5.5.1.2.8 c), on the connection on
// which it came. A UE that it names without proof notices nothing.
func (ue *ue) refuseUndecodable(ctx context.Context, m *initialMessage) {
	m.conn.gnb.log.Warn("initial NAS message refused", "error", m.err)
	if cause, tell := gmm.CauseOf(m.err); tell {
		h, _ := nas.Peek(m.pdu) // it was read before
		switch gmm.MessageType(h.MessageType) {
		case gmm.TypeRegistrationRequest:
			ue.answer(m.conn, &gmm.RegistrationReject{Cause: cause})
		case gmm.TypeServiceRequest:
			ue.answer(m.conn, &gmm.ServiceReject{Cause: cause})
		default:
			ue.answer(m.conn, &gmm.Status{Cause: cause})
		}
	}
	if m.conn == ue.conn {
		ue.leaveConnection(ctx, ngap.CauseNASUnspecified)
		return
	}
	ue.releaseUnused(m.conn, ngap.CauseNASUnspecified)
}
