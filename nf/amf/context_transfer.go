package amf

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// A UE that registers here with the 5G-GUTI of another AMF comes over with its keys and its PDU sessions, TS 23.502
// §4.2.2.2.2 steps 4, 5 and 10. The first half of this file is the new AMF, the second the old one.

// borrowed is a context that the old AMF has given and does not drop before it hears that it may.
type borrowed struct {
	from *Peer
	id   namf.UEContextID
}

// comeOver asks the AMF that the UE's 5G-GUTI names for the UE's context, steps 4 and 5, and takes it into use. It tells
// whether that went well; if not, the UE has to prove itself to this AMF.
func (ue *ue) comeOver(ctx context.Context, m *initialMessage, r *gmm.RegistrationRequest) (came bool) {
	if ue.supi != "" || r.MobileIdentity.Type != gmm.IdentityGUTI {
		return false
	}
	peer := ue.amf.peerOf(r.MobileIdentity.GUTI.GUAMI)
	if peer == nil {
		return false
	}
	id := namf.GUTIContext(r.MobileIdentity.GUTI)
	given, err := ue.askOld(ctx, peer, id, namf.UEContextTransferReqData{
		Reason: transferReason(r), AccessType: namf.Access3GPP, PLMN: ue.tai.PLMN,
		RegRequest: &namf.N1MessageContainer{Class: namf.Class5GMM, Content: slices.Clone(m.pdu)},
	})
	if err == nil {
		err = ue.adopt(&given.UEContext)
	}
	if err != nil {
		ue.log().Warn("UE does not come over from another AMF: it has to prove itself", "from", peer.Name, "reason", err)
		return false
	}
	ue.takeFrom(ctx, peer, id, &given)
	m.count = ue.security.nas.Receive - 1 // that of the request, which the old AMF has counted
	return true
}

// validated asks the old AMF for what it has of a UE that this AMF has authenticated itself, step 4: the sessions go on.
func (ue *ue) validated(ctx context.Context, g ident.GUTI) {
	peer := ue.amf.peerOf(g.GUAMI)
	if peer == nil {
		return
	}
	id := namf.SUPIContext(ue.supi)
	given, err := ue.askOld(ctx, peer, id, namf.UEContextTransferReqData{
		Reason: namf.MobilityRegistrationValidated, AccessType: namf.Access3GPP, PLMN: ue.tai.PLMN,
	})
	if err != nil || given.UEContext.SUPI != ue.supi {
		ue.log().Info("the old AMF has nothing of the UE", "from", peer.Name, "reason", err)
		return
	}
	pei := ue.pei
	ue.adoptRest(&given.UEContext)
	if pei != "" {
		ue.pei = pei
	}
	ue.takeFrom(ctx, peer, id, &given)
}

func (ue *ue) askOld(ctx context.Context, peer *Peer, id namf.UEContextID, req namf.UEContextTransferReqData) (namf.UEContextTransferRspData, error) {
	ctx, cancel := context.WithTimeout(ctx, peerPatience)
	defer cancel()
	return peer.UEContextTransfer(ctx, id, req)
}

func transferReason(r *gmm.RegistrationRequest) namf.TransferReason {
	if r.RegistrationType.Value() == gmm.InitialRegistration {
		return namf.InitialRegistration
	}
	return namf.MobilityRegistration
}

// takeFrom notes whose context this is until it is this AMF's.
func (ue *ue) takeFrom(ctx context.Context, peer *Peer, id namf.UEContextID, given *namf.UEContextTransferRspData) {
	ue.borrowed = &borrowed{peer, id}
	ue.radioFrom(given.UERadioCapability)
	ue.claimed = ""
	if old := ue.amf.ues.bySUPI.put(ue.supi, ue); old != nil && old != ue {
		ue.kept.rise(old.kept.epoch.Load() + 1)
		_ = old.insist(ue.cameOver()) // refused only at shutdown
	}
	ue.outrankPeer(ctx)
	ue.log().Info("UE context received from another AMF", "from", peer.Name, "sessions", len(ue.sessions), "keys", given.UEContext.SEAFData != nil)
}

// cameOver says to what this AMF still has of the UE that it has come from another one.
func (ue *ue) cameOver() *replaced {
	m := &replaced{came: true}
	for _, s := range ue.sessions {
		m.sessions = append(m.sessions, s.ref)
	}
	return m
}

// outrankPeer puts the context before the peer's own where both work over one store, and returns that, or nothing.
func (ue *ue) outrankPeer(ctx context.Context) (stored store.UEContext) {
	if ue.amf.keeper == nil {
		return stored
	}
	stored, err := ue.amf.keeper.contexts.UE(ctx, ue.supi)
	switch {
	case err == nil:
		ue.kept.rise(max(stored.Epoch, ue.kept.epoch.Load()) + 1)
	case !errors.Is(err, store.ErrNotFound):
		ue.log().Warn("older context of the UE not read", "error", err)
	}
	return stored
}

// takeKeys brings the keys of a UE that came over into use: as they are, or, where the old AMF has derived a new KAMF or
// this one prefers other algorithms, with a Security Mode Command, TS 33.501 §6.9.3. It returns the request whole.
func (ue *ue) takeKeys(ctx context.Context, m *initialMessage, r *gmm.RegistrationRequest) (whole *gmm.RegistrationRequest, changed bool, err error) {
	ue.conn.secured = ue.security.valid
	if !ue.security.valid {
		complete, err := ue.secure(ctx, proof{supi: ue.supi, kamf: ue.security.kamf, horizontal: true, initial: true})
		return complete, err == nil, err
	}
	message, err := ue.security.complete(r, m.count)
	if err != nil {
		return nil, false, err
	}
	whole, _ = message.(*gmm.RegistrationRequest) // it was one before it was deciphered
	preferred, err := ue.amf.newSecurity(ue.security.kamf, ue.security.ksi, ue.capability)
	if err != nil {
		return nil, false, err
	}
	if preferred.ciphering != ue.security.ciphering || preferred.integrity != ue.security.integrity {
		_, err := ue.secure(ctx, proof{supi: ue.supi, kamf: ue.security.kamf, present: true})
		return whole, err == nil, err
	}
	changed, err = ue.renewSecurity(ctx, whole)
	return whole, changed, err
}

// own makes the context that came over this AMF's, once it is durable here: the SMFs hear who serves the UE from now on,
// step 17, and the old AMF that it may forget it, step 10. That comes later than in the figure, so that the UE is in one
// of the two at every moment.
func (ue *ue) own(ctx context.Context) {
	b := ue.borrowed
	if b == nil {
		return
	}
	ue.borrowed = nil
	if g, ok := b.id.GUTI(); ok {
		ue.knowForeign(g)
	}
	var release []uint8
	for _, s := range slices.Clone(ue.sessions) {
		if err := ue.serveSession(ctx, s); err != nil {
			ue.log().Warn("session of another AMF does not come along", "session", s.id, "error", err)
			ue.dropSession(s.id, s.ref)
			release = append(release, s.id)
		}
	}
	ue.tellOld(ctx, b, namf.UERegStatusUpdateReqData{TransferStatus: namf.Transferred, ToReleaseSessionList: release})
}

// serveSession tells a session's SMF that this AMF serves the UE now, TS 23.502 §4.2.2.2.2 step 17.
func (ue *ue) serveSession(ctx context.Context, s *smContext) error {
	if !slices.ContainsFunc(ue.amf.cfg.PLMNs, func(p PLMNSupport) bool { return p.PLMN == ue.tai.PLMN && contains(p.Slices, s.slice) }) {
		return sbi.Problem(http.StatusForbidden, nsmf.CauseSNSSAINotSupported, "slice %s is not served here", s.slice)
	}
	_, err := ue.amf.services.Sessions.UpdateSMContext(ctx, s.ref, nsmf.SMContextUpdateData{
		GUAMI: ue.amf.cfg.GUAMI, ServingNFID: ue.amf.cfg.Core, TAI: ue.tai,
	})
	return err
}

// giveBack returns a borrowed context to the old AMF, as if the UE had not come: nothing that hangs on it is touched.
func (ue *ue) giveBack(ctx context.Context) {
	b := ue.borrowed
	if b == nil {
		return
	}
	ue.borrowed, ue.sessions = nil, nil
	ue.kept.held.Store(false)
	ue.kept.stored = false // what is stored is the old AMF's, where both have one store
	ue.tellOld(ctx, b, namf.UERegStatusUpdateReqData{TransferStatus: namf.NotTransferred})
}

// refuseBorrowed is for a UE that is refused here and so registered nowhere any more: the old AMF forgets it, and this
// one ends its sessions.
func (ue *ue) refuseBorrowed(ctx context.Context) {
	if b := ue.borrowed; b != nil {
		ue.borrowed = nil
		ue.tellOld(ctx, b, namf.UERegStatusUpdateReqData{TransferStatus: namf.Transferred})
	}
}

func (ue *ue) tellOld(ctx context.Context, b *borrowed, status namf.UERegStatusUpdateReqData) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), peerPatience)
	defer cancel()
	if _, err := b.from.RegistrationStatusUpdate(ctx, b.id, status); err != nil {
		ue.log().Warn("the old AMF does not hear what became of the UE", "from", b.from.Name, "status", status.TransferStatus, "error", err)
	}
}

// What the old AMF's UEs are delivered.
type (
	// contextTransfer is another AMF's question for the context.
	contextTransfer struct {
		request  namf.UEContextTransferReqData
		from     *Peer
		verified bool   // the UE has proved itself, by the integrity of its request or to the other AMF
		count    uint32 // the uplink NAS COUNT of the request
		answer   chan<- transferAnswer
	}
	transferAnswer struct {
		data namf.UEContextTransferRspData
		err  error
	}
	// statusUpdate says what became of a context that was given.
	statusUpdate struct {
		from    *Peer
		request namf.UERegStatusUpdateReqData
		answer  chan<- error
	}
)

// UEContextTransfer implements namf.UEContexts, TS 29.518 §5.2.2.2.1 and TS 23.502 §4.2.2.2.2 step 5. It waits for the UE's
// own goroutine, which never waits for the AMF that asks while it serves this.
func (a *AMF) UEContextTransfer(ctx context.Context, id namf.UEContextID, req namf.UEContextTransferReqData) (namf.UEContextTransferRspData, error) {
	from, err := a.caller(ctx)
	if err != nil {
		return namf.UEContextTransferRspData{}, err
	}
	u, err := a.ueNamed(id)
	if err != nil {
		return namf.UEContextTransferRspData{}, err
	}
	answer := make(chan transferAnswer, 1)
	if err := u.follow(&contextTransfer{from: from, request: req, answer: answer}); err != nil {
		return namf.UEContextTransferRspData{}, sbi.Problem(http.StatusServiceUnavailable, sbi.CauseNFCongestion, "%v", err)
	}
	select {
	case r := <-answer:
		return r.data, r.err
	case <-ctx.Done():
		return namf.UEContextTransferRspData{}, sbi.Problem(http.StatusGatewayTimeout, sbi.CausePeerNotResponding, "the UE is busy: %v", ctx.Err())
	}
}

// openTransfer checks the integrity of the request that a UE has sent to another AMF, in order of arrival.
func (ue *ue) openTransfer(m *contextTransfer) {
	r := m.request.RegRequest
	switch {
	case m.request.Reason == namf.MobilityRegistrationValidated:
		m.verified = true
	case r != nil && r.Class == namf.Class5GMM:
		_, m.verified, m.count = ue.unprotect(slices.Clone(r.Content))
	}
}

// transferContext answers another AMF. The UE has left: what it has here comes to rest, and waits for the word of that
// AMF. NAS COUNTs that it may use there are not used here again.
func (ue *ue) transferContext(ctx context.Context, m *contextTransfer) {
	if !m.verified || !ue.registered {
		m.answer <- transferAnswer{err: sbi.Problem(http.StatusForbidden, namf.CauseIntegrityCheckFail, "the request does not prove to come from the UE")}
		return
	}
	if ue.isTaken(ctx) { // by a node of this set, where its NAS COUNTs have gone on
		ue.giveUp(ctx)
		m.answer <- transferAnswer{err: noSuchUE()}
		return
	}
	if ue.conn != nil {
		ue.releaseUnused(ue.conn, ngap.CauseRadioNetworkReleaseDueToCnDetectedMobility)
	}
	ue.endSuspension(ctx, ngap.CauseRadioNetworkReleaseDueToCnDetectedMobility)
	ue.deactivateSessions(ctx, "the UE registers at another AMF")
	var given namf.UEContextTransferRspData
	switch {
	case m.request.Reason == namf.MobilityRegistrationValidated:
		given.UEContext = ue.contextWithoutKeys()
	case ue.amf.cfg.HorizontalDerivation:
		given.UEContext = ue.contextFor(ue.security.kamf.PrimeAtRegistration(m.count), true)
	default:
		given.UEContext = ue.contextFor(ue.security.kamf, false)
	}
	if len(ue.radio) > 0 {
		given.UERadioCapability = octetStringOut(namf.UERadioCapability, ue.radio)
	}
	ue.security.nas.Send += countBlock
	ue.lent = m.from
	ue.log().Info("UE context given to another AMF", "sessions", len(ue.sessions))
	m.answer <- transferAnswer{data: given}
}

// RegistrationStatusUpdate implements namf.UEContexts, TS 29.518 §5.2.2.2.2.
func (a *AMF) RegistrationStatusUpdate(ctx context.Context, id namf.UEContextID, req namf.UERegStatusUpdateReqData) (namf.UERegStatusUpdateRspData, error) {
	from, err := a.caller(ctx)
	if err != nil {
		return namf.UERegStatusUpdateRspData{}, err
	}
	u, err := a.ueNamed(id)
	if err != nil {
		return namf.UERegStatusUpdateRspData{}, err
	}
	answer := make(chan error, 1)
	if err := u.insist(&statusUpdate{from, req, answer}); err != nil {
		return namf.UERegStatusUpdateRspData{}, sbi.Problem(http.StatusServiceUnavailable, sbi.CauseNFCongestion, "%v", err)
	}
	select {
	case err := <-answer:
		return namf.UERegStatusUpdateRspData{RegStatusTransferComplete: err == nil}, err
	case <-ctx.Done():
		return namf.UERegStatusUpdateRspData{}, sbi.Problem(http.StatusGatewayTimeout, sbi.CausePeerNotResponding, "the UE is busy: %v", ctx.Err())
	}
}

// transferSettled forgets a UE that is another AMF's now, step 10, or goes on with one that is not.
func (ue *ue) transferSettled(ctx context.Context, m *statusUpdate) {
	switch ue.lent {
	case nil:
		m.answer <- sbi.Problem(http.StatusNotFound, namf.CauseContextNotFound, "the context was not given to anybody")
		return
	case m.from:
		ue.lent = nil
	default:
		m.answer <- sbi.NotYours("the context was given to another core last")
		return
	}
	if m.request.TransferStatus == namf.Transferred {
		ue.depart(ctx, m.from, m.request.ToReleaseSessionList)
	} else {
		ue.log().Info("UE did not go to another AMF")
	}
	m.answer <- nil
}

// depart forgets a UE that another AMF serves now. Its sessions go on, but for those in release. One of this set has its context on disk
// in the place of this one, and what comes here for the UE meanwhile is for that.
func (ue *ue) depart(ctx context.Context, to *Peer, release []uint8) {
	if ue.amf.ofSet(to) {
		ue.kept.away, ue.kept.stored = true, false
	}
	ue.log().Info("another AMF serves the UE now", "sessions", len(ue.sessions), "released", len(release))
	ue.giveUpWaiting(ctx, namf.FailureCauseUnspecified)
	ue.sessions = slices.DeleteFunc(ue.sessions, func(s *smContext) bool { return !slices.Contains(release, s.id) })
	ue.releaseSessions(ctx, "the new AMF does not serve the session")
	ue.leave(ctx, ngap.CauseRadioNetworkReleaseDueToCnDetectedMobility)
	ue.unsupervise()
}
