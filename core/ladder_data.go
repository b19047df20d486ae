package core

import (
	"context"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/sbi/nudr"
)

type tracedSDM struct {
	hop
	next nudm.SDM
}

func (t tracer) sdm(from string, next nudm.SDM) nudm.SDM {
	if !t.sink.On() {
		return next
	}
	return tracedSDM{t.hop(from, "UDM"), next}
}

func (s tracedSDM) AMData(ctx context.Context, supi ident.SUPI, plmn ident.PLMN) (nudm.AccessAndMobilitySubscriptionData, error) {
	answered := s.asked("Nudm_SDM_Get", "data", "am", "supi", supi.Conceal())
	r, err := s.next.AMData(ctx, supi, plmn)
	answered(err, "slices", r.NSSAI.All())
	return r, err
}

func (s tracedSDM) SMFSelectData(ctx context.Context, supi ident.SUPI, plmn ident.PLMN) (nudm.SMFSelectionSubscriptionData, error) {
	answered := s.asked("Nudm_SDM_Get", "data", "smf-select", "supi", supi.Conceal())
	r, err := s.next.SMFSelectData(ctx, supi, plmn)
	answered(err, "slices", len(r.SubscribedSNSSAIInfos))
	return r, err
}

func (s tracedSDM) SMData(ctx context.Context, supi ident.SUPI, plmn ident.PLMN, slice ident.SNSSAI, dnn ident.DNN) (nudm.SessionManagementSubscriptionData, error) {
	answered := s.asked("Nudm_SDM_Get", "data", "sm", "dnn", dnn, "slice", slice)
	r, err := s.next.SMData(ctx, supi, plmn, slice, dnn)
	answered(err, "type", r.DefaultSessionType, "5qi", r.DefaultQoS.FiveQI)
	return r, err
}

type tracedUECM struct {
	hop
	next nudm.UECM
}

type tracedNotifications struct {
	hop
	next nudm.Notifications
}

func (t tracer) notifications(to string, next nudm.Notifications) nudm.Notifications {
	if !t.sink.On() {
		return next
	}
	return tracedNotifications{t.hop("UDM", to), next}
}

func (s tracedNotifications) SubscriptionDataChanged(ctx context.Context, supi ident.SUPI) {
	answered := s.asked("Nudm_SDM_Notification", "supi", supi.Conceal())
	s.next.SubscriptionDataChanged(ctx, supi)
	answered(nil)
}

func (s tracedNotifications) DeregistrationNotify(ctx context.Context, supi ident.SUPI, reason nudm.DeregistrationReason) {
	answered := s.asked("Nudm_UECM_DeregistrationNotification", "supi", supi.Conceal(), "reason", reason)
	s.next.DeregistrationNotify(ctx, supi, reason)
	answered(nil)
}

func (t tracer) uecm(from string, next nudm.UECM) nudm.UECM {
	if !t.sink.On() {
		return next
	}
	return tracedUECM{t.hop(from, "UDM"), next}
}

func (s tracedUECM) RegisterAMF(ctx context.Context, supi ident.SUPI, reg nudm.AMF3GPPAccessRegistration) (*nudm.AMF3GPPAccessRegistration, error) {
	answered := s.asked("Nudm_UECM_Registration", "guami", reg.GUAMI)
	r, err := s.next.RegisterAMF(ctx, supi, reg)
	answered(err)
	return r, err
}

func (s tracedUECM) GetAMF(ctx context.Context, gpsi string) (ident.SUPI, nudm.AMF3GPPAccessRegistration, error) {
	answered := s.asked("Nudm_UECM_Get")
	supi, r, err := s.next.GetAMF(ctx, gpsi)
	answered(err, "supi", supi.Conceal())
	return supi, r, err
}

func (s tracedUECM) DeregisterAMF(ctx context.Context, supi ident.SUPI, guami ident.GUAMI) error {
	answered := s.asked("Nudm_UECM_Deregistration", "guami", guami)
	err := s.next.DeregisterAMF(ctx, supi, guami)
	answered(err)
	return err
}

func (s tracedUECM) RegisterSMF(ctx context.Context, supi ident.SUPI, reg nudm.SMFRegistration) error {
	answered := s.asked("Nudm_UECM_Registration", "session", reg.PDUSessionID, "dnn", reg.DNN)
	err := s.next.RegisterSMF(ctx, supi, reg)
	answered(err)
	return err
}

func (s tracedUECM) DeregisterSMF(ctx context.Context, supi ident.SUPI, pduSessionID uint8) error {
	answered := s.asked("Nudm_UECM_Deregistration", "session", pduSessionID)
	err := s.next.DeregisterSMF(ctx, supi, pduSessionID)
	answered(err)
	return err
}

type tracedUDR struct {
	hop
	next nudr.DataRepository
}

func (t tracer) udr(from string, next nudr.DataRepository) nudr.DataRepository {
	if !t.sink.On() {
		return next
	}
	return tracedUDR{t.hop(from, "UDR"), next}
}

// query is the operation of TS 29.504 §5.2.2.2 that each of the methods below is.
const query = "Nudr_DM_Query"

func (s tracedUDR) AuthenticationSubscription(ctx context.Context, supi ident.SUPI) (nudr.AuthenticationSubscription, error) {
	answered := s.asked(query, "data", "authentication-subscription")
	r, err := s.next.AuthenticationSubscription(ctx, supi)
	answered(err, "method", r.AuthenticationMethod, "algorithm", r.Algorithm)
	return r, err
}

func (s tracedUDR) NextSQN(ctx context.Context, supi ident.SUPI) (aka.SQN, error) {
	answered := s.asked("Nudr_DM_Update", "data", "sequence-number")
	r, err := s.next.NextSQN(ctx, supi)
	answered(err)
	return r, err
}

func (s tracedUDR) ResynchroniseSQN(ctx context.Context, supi ident.SUPI, sqnMS aka.SQN) error {
	answered := s.asked("Nudr_DM_Update", "data", "sequence-number", "resync", true)
	err := s.next.ResynchroniseSQN(ctx, supi, sqnMS)
	answered(err)
	return err
}

func (s tracedUDR) SUPIOf(ctx context.Context, gpsi string) (ident.SUPI, error) {
	answered := s.asked(query, "data", "identity")
	supi, err := s.next.SUPIOf(ctx, gpsi)
	answered(err)
	return supi, err
}

func (s tracedUDR) AMData(ctx context.Context, supi ident.SUPI) (nudm.AccessAndMobilitySubscriptionData, error) {
	answered := s.asked(query, "data", "am")
	r, err := s.next.AMData(ctx, supi)
	answered(err)
	return r, err
}

func (s tracedUDR) SMFSelectData(ctx context.Context, supi ident.SUPI) (nudm.SMFSelectionSubscriptionData, error) {
	answered := s.asked(query, "data", "smf-select")
	r, err := s.next.SMFSelectData(ctx, supi)
	answered(err)
	return r, err
}

func (s tracedUDR) SMData(ctx context.Context, supi ident.SUPI, slice ident.SNSSAI, dnn ident.DNN) (nudm.SessionManagementSubscriptionData, error) {
	answered := s.asked(query, "data", "sm", "dnn", dnn, "slice", slice)
	r, err := s.next.SMData(ctx, supi, slice, dnn)
	answered(err)
	return r, err
}
