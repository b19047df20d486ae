package core

import (
	"context"

	"github.com/limpid-5g/limpid/sbi/npcf"
)

type tracedAMPolicy struct {
	hop
	next npcf.AMPolicyControl
}

func (t tracer) amPolicy(from string, next npcf.AMPolicyControl) npcf.AMPolicyControl {
	if !t.sink.On() {
		return next
	}
	return tracedAMPolicy{t.hop(from, "PCF"), next}
}

func (s tracedAMPolicy) CreateAMPolicy(ctx context.Context, req npcf.AMPolicyRequest) (npcf.AMPolicyAssociation, error) {
	answered := s.asked("Npcf_AMPolicyControl_Create", "supi", req.SUPI.Conceal())
	r, err := s.next.CreateAMPolicy(ctx, req)
	answered(err, "id", r.ID)
	return r, err
}

func (s tracedAMPolicy) DeleteAMPolicy(ctx context.Context, id string) error {
	answered := s.asked("Npcf_AMPolicyControl_Delete", "id", id)
	err := s.next.DeleteAMPolicy(ctx, id)
	answered(err)
	return err
}

type tracedSMPolicy struct {
	hop
	next npcf.SMPolicyControl
}

func (t tracer) smPolicy(from string, next npcf.SMPolicyControl) npcf.SMPolicyControl {
	if !t.sink.On() {
		return next
	}
	return tracedSMPolicy{t.hop(from, "PCF"), next}
}

func (s tracedSMPolicy) CreateSMPolicy(ctx context.Context, req npcf.SMPolicyContextData) (npcf.SMPolicyDecision, error) {
	answered := s.asked("Npcf_SMPolicyControl_Create", "dnn", req.DNN, "slice", req.SNSSAI, "session", req.PDUSessionID)
	r, err := s.next.CreateSMPolicy(ctx, req)
	answered(err, "id", r.ID, "5qi", r.DefaultQoS.FiveQI, "rules", len(r.PCCRules))
	return r, err
}

func (s tracedSMPolicy) DeleteSMPolicy(ctx context.Context, id string) error {
	answered := s.asked("Npcf_SMPolicyControl_Delete", "id", id)
	err := s.next.DeleteSMPolicy(ctx, id)
	answered(err)
	return err
}

func (s tracedSMPolicy) UpdateSMPolicy(ctx context.Context, id string, req npcf.SMPolicyUpdateContextData) (npcf.SMPolicyDecision, error) {
	details := []any{"id", id}
	for _, r := range req.UEInitResReq {
		details = append(details, "ue-asks", r.RuleOp)
	}
	for _, r := range req.RuleReports {
		details = append(details, "failure", r.FailureCode)
	}
	if a := req.SubscribedAMBR; a != nil {
		details = append(details, "ambr", a.Downlink)
	}
	answered := s.asked("Npcf_SMPolicyControl_Update", details...)
	r, err := s.next.UpdateSMPolicy(ctx, id, req)
	answered(err, "rules", len(r.PCCRules))
	return r, err
}

func (s *tracedAMF) AMPolicyUpdateNotify(ctx context.Context, uri string, now npcf.AMPolicyAssociation) error {
	if !s.sink.On() {
		return s.next.AMPolicyUpdateNotify(ctx, uri, now)
	}
	answered := s.hop("PCF", "AMF").asked("Npcf_AMPolicyControl_UpdateNotify", "id", now.ID)
	err := s.next.AMPolicyUpdateNotify(ctx, uri, now)
	answered(err)
	return err
}

// tracedSMFNotify is what the PCF is given for the SMF, which is made after it.
type tracedSMFNotify struct {
	tracer
	next npcf.SMPolicyNotify
}

func (s *tracedSMFNotify) SMPolicyUpdateNotify(ctx context.Context, uri string, now npcf.SMPolicyDecision) error {
	if !s.sink.On() {
		return s.next.SMPolicyUpdateNotify(ctx, uri, now)
	}
	answered := s.hop("PCF", "SMF").asked("Npcf_SMPolicyControl_UpdateNotify", "id", now.ID, "rules", len(now.PCCRules))
	err := s.next.SMPolicyUpdateNotify(ctx, uri, now)
	answered(err)
	return err
}

func (s *tracedSMFNotify) SMPolicyTerminateNotify(ctx context.Context, uri string, why npcf.TerminationNotification) error {
	if !s.sink.On() {
		return s.next.SMPolicyTerminateNotify(ctx, uri, why)
	}
	answered := s.hop("PCF", "SMF").asked("Npcf_SMPolicyControl_TerminateNotify", "cause", why.Cause)
	err := s.next.SMPolicyTerminateNotify(ctx, uri, why)
	answered(err)
	return err
}
