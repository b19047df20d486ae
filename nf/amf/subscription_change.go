package amf

import (
	"context"
	"fmt"
	"slices"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/sbi/nudr"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

var _ nudm.Notifications = (*AMF)(nil)

// subscriptionChanged says that a subscriber's data is not what it was.
type subscriptionChanged struct{}

// SubscriptionDataChanged implements nudm.Notifications, TS 29.503 §5.2.2.5.
func (a *AMF) SubscriptionDataChanged(_ context.Context, supi ident.SUPI) {
	if u := a.ues.bySUPI.get(supi); u != nil {
		_ = u.insist(subscriptionChanged{}) // refused only at shutdown
	}
}

// DeregistrationNotify implements nudm.Notifications, TS 29.503 §5.3.2.3: a subscriber that is no more leaves.
func (a *AMF) DeregistrationNotify(_ context.Context, supi ident.SUPI, reason nudm.DeregistrationReason) {
	if u := a.ues.bySUPI.get(supi); u != nil {
		_ = u.insist(&deregister{cause: gmm.CauseIllegalUE, why: string(reason)}) // refused only at shutdown
	}
}

// applySubscription brings a registered UE to what its subscriber may do now, TS 23.502 §4.5.1 and §4.2.4.2.
func (ue *ue) applySubscription(ctx context.Context) {
	if !ue.registered {
		return
	}
	before, known := ue.subscribed, ue.smf.SubscribedSNSSAIInfos != nil
	if err := ue.fetchSubscription(ctx); err != nil {
		if sbi.CauseOf(err) == nudr.CauseUserNotFound {
			ue.deregister(ctx, &deregister{cause: gmm.CauseIllegalUE, why: "the subscriber is no more"})
			return
		}
		ue.log().Warn("change of the subscription not applied before the next registration", "error", err)
		return
	}
	if err := ue.checkSubscription(); err != nil {
		r, _ := refusalOf(err)
		ue.logRefusal(r)
		ue.deregister(ctx, &deregister{cause: r.cause, why: r.why})
		return
	}
	ue.applyAMBR(ctx)
	if !known || !slices.Equal(before.NSSAI.All(), ue.subscribed.NSSAI.All()) {
		ue.applySlices(ctx)
	}
	if !known || !sameRestrictions(before, ue.subscribed) {
		ue.applyRestrictions(ctx, known && sameServiceArea(before, ue.subscribed))
	}
}

// applyAMBR tells the gNB of another UE AMBR at once, TS 23.502 §4.5.1.
func (ue *ue) applyAMBR(ctx context.Context) {
	before := ue.ambr
	if err := ue.associatePolicy(ctx); err != nil {
		ue.log().Warn("AM policy not renewed", "error", err)
		return
	}
	if ue.ambr == before || ue.conn == nil || !ue.conn.contextSetUp {
		return // a gNB is told at the next context setup
	}
	ue.running = contextModification
	defer func() { ue.running = idle }()
	if err := ue.modifyContext(ctx, &ngap.UEContextModificationRequest{UEAggregateMaximumBitRate: ue.ngapAMBR()}); err != nil {
		ue.log().Warn("the gNB keeps the older UE AMBR", "reason", err)
	}
}

// applySlices gives a UE the slices that it may use now, TS 23.501 §5.15.5.2.2: a phone in CM-IDLE is paged for it. One
// that loses a slice that it uses registers again.
func (ue *ue) applySlices(ctx context.Context) {
	selected, err := ue.chooseSlices(ctx, ue.requested, true)
	if err == nil {
		selected, err = ue.admit(ctx, selected)
	}
	if err != nil {
		r, _ := refusalOf(err)
		ue.logRefusal(r)
		ue.deregister(ctx, &deregister{cause: r.cause, rejected: r.rejected, why: r.why})
		return
	}
	ue.allowed, ue.slicesChanged = selected.allowed, true
	ue.log().Info("slices changed by the operator", "allowed", selected.allowed)
	ue.countRegistered(ctx)
	if len(selected.pending) > 0 {
		_ = ue.insist(&slicesPending{selected.pending}) // refused only at shutdown
	}
	lost := ue.releaseUnsubscribed(ctx)
	if len(selected.allowed) == 0 || !ue.connect(ctx) {
		return // it is told when a slice has authenticated it, or at its next registration
	}
	command := &gmm.ConfigurationUpdateCommand{
		AllowedNSSAI: gmm.NewNSSAI(selected.allowed...), ConfiguredNSSAI: gmm.NewNSSAI(selected.configured...),
	}
	indication, changed := gmm.AcknowledgementRequested, gmm.SubscriptionChanged
	if lost {
		indication |= gmm.RegistrationRequested
	}
	command.ConfigurationUpdateIndication, command.NetworkSlicingIndication = &indication, &changed
	command.RejectedNSSAI, command.ExtendedRejectedNSSAI = ue.rejections(selected.rejected)
	ue.conn.slices = toAllowedNSSAI(selected.allowed)
	if err := ue.configure(ctx, command); err != nil {
		ue.log().Warn("UE does not confirm its slices: it is told again at its next registration", "reason", err)
		return
	}
	ue.slicesChanged = false
	if lost { // the UE registers again on a new connection, TS 24.501 §5.4.4.3
		ue.releaseConnection(ctx, ngap.CauseNASNormalRelease)
	}
}

// releaseUnsubscribed ends the sessions that the subscriber may have no longer and tells whether there were any.
func (ue *ue) releaseUnsubscribed(ctx context.Context) bool {
	keep := gmm.PSISet(0)
	for _, s := range ue.sessions {
		if _, _, err := ue.sliceAndDNN(&s.slice, s.dnn); err == nil {
			keep = keep.With(s.id)
		}
	}
	before := len(ue.sessions)
	ue.keepSessions(ctx, keep)
	return len(ue.sessions) < before
}

// applyRestrictions tells a UE of another service area, and its gNB of what else has changed. A UE in CM-IDLE is paged for
// its service area (TS 23.502 §4.2.4.2 step 0); one that does not come hears of it at its next registration. The AMF keeps
// to it at once.
func (ue *ue) applyRestrictions(ctx context.Context, sameArea bool) {
	if !sameArea && !ue.connect(ctx) || ue.conn == nil || !ue.conn.contextSetUp {
		return
	}
	acknowledge := gmm.AcknowledgementRequested
	command := &gmm.ConfigurationUpdateCommand{ConfigurationUpdateIndication: &acknowledge, ServiceAreaList: ue.serviceAreaList(true)}
	ue.conn.restrictions = ue.mobilityRestrictions()
	if err := ue.configure(ctx, command); err != nil {
		ue.log().Warn("UE does not confirm its service area", "reason", err)
	}
}

// connect tells whether the UE is in CM-CONNECTED, and pages it if it is not.
func (ue *ue) connect(ctx context.Context) bool {
	if ue.conn == nil {
		ue.page(ctx)
	}
	return ue.conn != nil && ue.registered
}

// fetchSubscription reads the subscription anew.
func (ue *ue) fetchSubscription(ctx context.Context) error {
	s, plmn := &ue.amf.services, ue.tai.PLMN
	am, err := s.SDM.AMData(ctx, ue.supi, plmn)
	if err != nil {
		return fmt.Errorf("access and mobility data: %w", err)
	}
	sel, err := s.SDM.SMFSelectData(ctx, ue.supi, plmn)
	if err != nil {
		return fmt.Errorf("SMF selection data: %w", err)
	}
	ue.subscribed, ue.smf = &am, sel
	return nil
}

// checkSubscription refuses a subscriber that is barred or may not be here, TS 24.501 §5.5.1.2.5.
func (ue *ue) checkSubscription() error {
	s := ue.subscribed
	switch {
	case s.Barred:
		return &refusal{
			cause: gmm.Cause5GSServicesNotAllowed, why: "the subscriber is barred",
			change: "limpid subscriber set " + ue.supi.Conceal() + " --barred no",
		}
	case slices.Contains(s.ForbiddenTACs, ue.tai.TAC):
		return &refusal{
			cause: gmm.CauseNoSuitableCellsInTrackingArea, why: "the subscription forbids this tracking area",
			asked: ue.tai.String(), change: "the subscriber's forbidden areas (limpid subscriber set --forbidden-area)",
		}
	case slices.Contains(s.RATRestrictions, nudm.NR):
		return &refusal{
			cause: gmm.CauseNoSuitableCellsInTrackingArea, why: "the subscription forbids NR",
			asked: "NR", change: "the subscriber's forbidden RATs (limpid subscriber set --forbidden-rat)",
		}
	}
	return nil
}
