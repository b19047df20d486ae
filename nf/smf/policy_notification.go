package smf

import (
	"context"
	"net/http"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

var (
	_ npcf.SMPolicyNotify = (*SMF)(nil)
	_ nudm.Notifications  = (*SMF)(nil)
)

// SMPolicyUpdateNotify implements npcf.SMPolicyNotify, TS 29.512 §4.2.3.2: the session is modified, TS 23.502 §4.16.5.2.
func (s *SMF) SMPolicyUpdateNotify(_ context.Context, notificationURI string, now npcf.SMPolicyDecision) error {
	return s.notified(notificationURI, policyUpdate{now})
}

// SMPolicyTerminateNotify implements npcf.SMPolicyNotify, TS 29.512 §4.2.3.3: the session is released, TS 23.502
// §4.16.6.
func (s *SMF) SMPolicyTerminateNotify(_ context.Context, notificationURI string, why npcf.TerminationNotification) error {
	return s.notified(notificationURI, networkRelease{terminationCause(why.Cause)})
}

// terminationCause is what the UE hears of a release that the PCF wants, TS 24.501 §6.3.3.2.
func terminationCause(c npcf.ReleaseCause) gsm.Cause {
	switch c {
	case npcf.ReleaseInsufficientResources:
		return gsm.CauseInsufficientResources
	case npcf.ReleaseUESubscription:
		return gsm.CauseRequestedServiceOptionNotSubscribed
	}
	return gsm.CauseOperatorDeterminedBarring
}

func (s *SMF) notified(ref string, m any) error {
	n := s.find(ref)
	if n == nil || n.is(Released) {
		return sbi.Problem(http.StatusNotFound, npcf.CausePolicyContextNotFound, "SM context %q does not exist", ref)
	}
	if !n.deliver(m) {
		return sbi.Problem(http.StatusServiceUnavailable, sbi.CauseNFCongestion, "session is busy")
	}
	return nil
}

// SubscriptionDataChanged implements nudm.Notifications, TS 29.503 §5.2.2.5: the subscriber's sessions get their new
// Session-AMBR and default QoS, and those that the subscriber may have no more are released.
func (s *SMF) SubscriptionDataChanged(_ context.Context, supi ident.SUPI) {
	for _, one := range s.all() {
		if one.supi == supi {
			one.deliver(subscriptionChanged{})
		}
	}
}

// DeregistrationNotify implements nudm.Notifications: the AMF deregisters the UE, and with it release its sessions.
func (s *SMF) DeregistrationNotify(context.Context, ident.SUPI, nudm.DeregistrationReason) {}

// subscriptionChange has the PCF decide anew with the data of now, TS 23.502 §4.16.5.1 and §4.3.3.2 step 1c.
func (s *session) subscriptionChange(ctx context.Context) {
	if !s.is(Active) {
		return
	}
	sub, err := s.smf.deps.SDM.SMData(ctx, s.supi, s.plmn, s.slice, s.network.Name)
	switch cause := sbi.CauseOf(err); {
	case err == nil:
	case cause == nudm.CauseDataNotFound || cause == nudm.CauseUserNotFound || cause == nudm.CauseDNNNotAllowed:
		s.releaseByNetwork(ctx, gsm.CauseRequestedServiceOptionNotSubscribed)
		return
	default:
		s.smf.log.Warn("changed subscription not read", s.attrs("error", err)...)
		return
	}
	s.mu.Lock()
	id := s.policyID
	s.subscribedAMBR, s.subscribedQoS = sub.SessionAMBR, sub.DefaultQoS
	s.mu.Unlock()
	d, err := s.smf.deps.Policy.UpdateSMPolicy(ctx, id, npcf.SMPolicyUpdateContextData{
		SubscribedAMBR: &sub.SessionAMBR, SubscribedQoS: &sub.DefaultQoS,
	})
	if err != nil {
		s.smf.log.Warn("PCF did not decide anew", s.attrs("error", err)...)
		return
	}
	s.policyChanged(ctx, d)
}
