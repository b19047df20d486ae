package smf

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

// modificationRequested answers a PDU SESSION MODIFICATION REQUEST that is wrong in itself with a reject, TS 24.501
// §6.4.2.4, and leaves any other to the session.
func (s *session) modificationRequested(m *gsm.PDUSessionModificationRequest) gsm.Message {
	s.mu.Lock()
	state, changing := s.state, s.changing
	s.mu.Unlock()
	if state == Releasing || state == Released {
		return nil // the release goes on: TS 24.501 §6.3.3.5
	}
	if changing { // so does the network's modification, TS 24.501 §6.3.2.5 d), and a repeated request is under way
		s.smf.log.Info("UE's modification request ignored: a modification is under way", s.attrs(slog.Int("pti", int(m.PTI)))...)
		return nil
	}
	if err := checkRequested(m); err != nil {
		return s.modificationRefused(m.PTI, asRefusal(err))
	}
	if !s.deliver(modificationRequest{m}) {
		return s.modificationRefused(m.PTI, &refusal{cause: gsm.CauseInsufficientResources, asked: "a modification", allowed: "none: the session is busy", change: "try later"})
	}
	return nil
}

// modificationRefused is the PDU SESSION MODIFICATION REJECT, TS 24.501 §6.4.2.4.
func (s *session) modificationRefused(pti uint8, r *refusal) gsm.Message {
	r.logAs(s.smf.log, "PDU session modification refused", s.attrs())
	return &gsm.PDUSessionModificationReject{PDUSessionID: s.id, PTI: pti, Cause: r.cause, BackOffTimer: s.smf.cfg.Timers.backOff(r.cause)}
}

// checkRequested finds what is wrong with a request whatever the session has.
func checkRequested(m *gsm.PDUSessionModificationRequest) error {
	wrong := func(cause gsm.Cause) error {
		return &refusal{cause: cause, asked: "a modification that breaks the rules", allowed: "what TS 24.501 §6.4.2.4 accepts", change: "the phone"}
	}
	if cause, ok := gsm.CauseOf(m.RequestedQoSRules.Check()); ok {
		return wrong(cause)
	}
	if cause, ok := gsm.CauseOf(m.RequestedQoSFlowDescriptions.Check()); ok {
		return wrong(cause)
	}
	if len(m.MappedEPSBearerContexts) > 0 { // there is no interworking with EPS here, so no bearer is mapped
		return wrong(gsm.CauseInvalidMappedEPSBearerIdentity)
	}
	return nil
}

// modifyForUE runs the UE-requested PDU session modification, TS 23.502 §4.3.3.2 step 1a and TS 24.501 §6.4.2, and
// answers the UE whatever its end.
func (s *session) modifyForUE(ctx context.Context, m *gsm.PDUSessionModificationRequest) {
	err := s.grantToUE(ctx, m)
	switch {
	case err == nil || s.smf.ctx.Err() != nil || !s.is(Active):
		return
	case errors.Is(err, errNotThere):
		s.endAndNotify("the UE does not know the session")
		return
	case errors.Is(err, procedure.ErrSuperseded), errors.Is(err, procedure.ErrNoAnswer), errors.Is(err, errUERefused):
		s.smf.log.Info("UE's modification given up", s.attrs(slog.Any("error", err))...)
		return
	}
	reject := s.smf.encode(s.modificationRefused(m.PTI, asRefusal(err)))
	if _, err := s.amf().N1N2MessageTransfer(ctx, s.supi, s.transfer(reject, nsmf.N2SMInfo{}, false)); err != nil {
		s.smf.log.Info("UE was not told of the refusal", s.attrs(slog.Any("error", err))...)
	}
}

// grantToUE has the PCF decide over the request and brings the decision into force.
func (s *session) grantToUE(ctx context.Context, m *gsm.PDUSessionModificationRequest) error {
	if !s.is(Active) {
		return procedure.ErrSuperseded
	}
	c := change{pti: m.PTI, always: true}
	if err := s.learn(m, &c.command); err != nil {
		return err
	}
	s.mu.Lock()
	id, decision, before := s.policyID, s.decision, s.qos
	wants, err := before.resourceRequests(m)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if len(wants) > 0 || decision == nil { // after a restart the decision is asked for anew
		d, err := s.smf.deps.Policy.UpdateSMPolicy(ctx, id, npcf.SMPolicyUpdateContextData{UEInitResReq: wants})
		if err != nil {
			return notGranted(err)
		}
		decision = &d
	}
	q, left, why, err := s.admit(ctx, *decision)
	asked := askedFor(*decision, before)
	if err == nil && slices.ContainsFunc(left, func(id string) bool { return slices.Contains(asked, id) }) {
		err = why
	}
	if err == nil {
		c.qos = q
		err = s.modify(ctx, c)
	}
	if err != nil {
		s.report(ctx, asked, npcf.RuleAllocationFailed)
		s.settle(ctx)
		return err
	}
	s.mu.Lock()
	s.decision = decision
	s.mu.Unlock()
	s.smf.log.Info("PDU session modified for its UE", s.attrs(slog.Any("rules", asked))...)
	return nil
}

// askedFor are the PCC rules of a decision that the session has not had.
func askedFor(d npcf.SMPolicyDecision, before *sessionQoS) []string {
	var list []string
	for _, r := range d.PCCRules {
		if before.rule(r.ID) == nil {
			list = append(list, r.ID)
		}
	}
	return list
}

func notGranted(err error) error {
	if sbi.CauseOf(err) == npcf.CausePolicyContextDenied {
		return &refusal{cause: gsm.Cause5GSQoSNotAccepted, err: err, asked: "QoS of the UE's own", allowed: "what the PCF grants", change: "pcf.session_policies[].ue_requests"}
	}
	return failure(err, "see why the PCF failed")
}

// learn takes what the UE says of itself, TS 24.501 §6.4.2.2, and puts the answers into the command.
func (s *session) learn(m *gsm.PDUSessionModificationRequest, command *gsm.PDUSessionModificationCommand) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if rate := m.IntegrityProtectionMaximumDataRate; rate != nil {
		if err := s.security.permits(*rate); err != nil {
			return err
		}
		s.integrity = *rate
	}
	if m.Capability != nil {
		s.rqos = m.Capability.ReflectiveQoS()
	}
	if m.MaximumPacketFilters != nil {
		s.filters = max(defaultPacketFilters, int(*m.MaximumPacketFilters))
	}
	if m.AlwaysOnRequested != nil {
		s.alwaysOn = s.network.AlwaysOn.grants(*m.AlwaysOnRequested&1 != 0)
		command.AlwaysOnIndication = s.network.AlwaysOn.indication(*m.AlwaysOnRequested&1 != 0)
	}
	command.ProtocolConfigurationOptions = s.network.protocolConfiguration(s.kind, m.ProtocolConfigurationOptions)
	return nil
}

// resourceRequests turns the UE's operations on rules and flows into what the PCF is asked, TS 29.512 §4.2.4.17.
func (q *sessionQoS) resourceRequests(m *gsm.PDUSessionModificationRequest) ([]npcf.UEInitiatedResourceRequest, error) {
	flows := make(map[uint8]*gsm.QoSFlowDescription)
	for i := range m.RequestedQoSFlowDescriptions {
		f := &m.RequestedQoSFlowDescriptions[i]
		if f.Operation != gsm.CreateFlow && q.flow(f.QFI) == nil {
			return nil, semantic("an operation on QoS flow %d", "the QoS flows of the session", f.QFI)
		}
		flows[f.QFI] = f
	}
	var list []npcf.UEInitiatedResourceRequest
	for i := range m.RequestedQoSRules {
		req, err := q.resourceRequest(&m.RequestedQoSRules[i], flows)
		if err != nil {
			return nil, err
		}
		list = append(list, req)
	}
	for _, f := range flows { // a flow whose rules are not named: each of them changes
		for i := range q.rules {
			r := &q.rules[i]
			named := slices.ContainsFunc(m.RequestedQoSRules, func(x gsm.QoSRule) bool { return x.ID == r.id })
			if r.flow.qfi != f.QFI || named || f.Operation == gsm.CreateFlow {
				continue
			}
			req := r.request(npcf.ModifyPCCRule)
			if f.Operation == gsm.DeleteFlow {
				req = npcf.UEInitiatedResourceRequest{PCCRuleID: r.pcc, RuleOp: npcf.DeletePCCRule}
			} else if err := describe(&req, f); err != nil {
				return nil, err
			}
			list = append(list, req)
		}
	}
	return list, nil
}

func semantic(asked, allowed string, args ...any) error {
	return &refusal{cause: gsm.CauseSemanticErrorInTheQoSOperation, asked: fmt.Sprintf(asked, args...), allowed: allowed, change: "the phone"}
}

// request is a rule as it is, for the PCF.
func (r *qosRule) request(op npcf.RuleOperation) npcf.UEInitiatedResourceRequest {
	req := npcf.UEInitiatedResourceRequest{PCCRuleID: r.pcc, RuleOp: op, Precedence: r.precedence,
		FiveQI: r.flow.fiveQI, MaxBitRate: r.flow.mbr, Guaranteed: r.flow.gbr}
	for _, f := range r.filters {
		req.FlowDescriptions = append(req.FlowDescriptions, f.String())
	}
	return req
}

// resourceRequest turns one operation on a rule into what the PCF is asked.
func (q *sessionQoS) resourceRequest(op *gsm.QoSRule, flows map[uint8]*gsm.QoSFlowDescription) (npcf.UEInitiatedResourceRequest, error) {
	var req npcf.UEInitiatedResourceRequest
	i := slices.IndexFunc(q.rules, func(r qosRule) bool { return r.id == op.ID })
	switch {
	case op.Operation == gsm.CreateRule && op.Default:
		return req, semantic("a second default QoS rule", "one, which is the network's")
	case op.Operation == gsm.CreateRule && op.ID == 0:
		req = npcf.UEInitiatedResourceRequest{RuleOp: npcf.CreatePCCRule, Precedence: op.Precedence}
	case i < 0:
		return req, semantic("an operation on QoS rule %d", "the QoS rules of the session", op.ID)
	case len(q.rules[i].filters) == 0:
		return req, semantic("an operation on the default QoS rule", "none: it is the network's")
	case op.Operation == gsm.DeleteRule:
		return npcf.UEInitiatedResourceRequest{PCCRuleID: q.rules[i].pcc, RuleOp: npcf.DeletePCCRule}, nil
	case q.rules[i].filters[0].ofFrames(): // what a UE may ask for is about IP packets
		return req, semantic("another form of a QoS rule of frames", "its deletion")
	default:
		req = q.rules[i].request(npcf.ModifyPCCRule)
	}
	if !op.OmitPrecedence {
		req.Precedence = op.Precedence
	}
	if err := refilter(&req, op); err != nil {
		return req, err
	}
	if op.OmitQFI {
		return req, nil
	}
	switch f, own := flows[op.QFI], q.flow(op.QFI); {
	case f != nil && f.Operation != gsm.DeleteFlow:
		return req, describe(&req, f)
	case own != nil && f == nil:
		req.FiveQI, req.MaxBitRate, req.Guaranteed = own.fiveQI, own.mbr, own.gbr
		return req, nil
	case op.QFI == 0 && f == nil: // the network chooses
		return req, nil
	}
	return req, semantic("a QoS rule on QoS flow %d", "the QoS flows of the session and of the request", op.QFI)
}

// refilter makes the packet filters what the operation leaves, TS 24.501 §9.11.4.13. The identity of a filter is its
// place in the rule, from 1.
func refilter(req *npcf.UEInitiatedResourceRequest, op *gsm.QoSRule) error {
	added, err := descriptionsOf(op)
	if err != nil {
		return err
	}
	switch op.Operation {
	case gsm.CreateRule, gsm.ReplacePacketFilters:
		req.FlowDescriptions = added
	case gsm.AddPacketFilters:
		req.FlowDescriptions = append(slices.Clone(req.FlowDescriptions), added...)
	case gsm.DeletePacketFilters:
		var kept []string
		for i, d := range req.FlowDescriptions {
			if !slices.ContainsFunc(op.Filters, func(f gsm.PacketFilter) bool { return int(f.ID) == i+1 }) {
				kept = append(kept, d)
			}
		}
		req.FlowDescriptions = kept
	}
	if len(req.FlowDescriptions) == 0 {
		return semantic("a QoS rule without packet filter", "at least one")
	}
	return nil
}

// descriptionsOf are the packet filters of an operation as flow descriptions.
func descriptionsOf(op *gsm.QoSRule) ([]string, error) {
	if op.Operation == gsm.DeletePacketFilters {
		return nil, nil
	}
	var list []string
	for i := range op.Filters {
		f, err := readPacketFilter(&op.Filters[i])
		if err != nil {
			return nil, &refusal{cause: gsm.Cause5GSQoSNotAccepted, err: err, asked: "a packet filter of the UE's own",
				allowed: "both directions, by remote address, protocol and ports", change: "the phone"}
		}
		list = append(list, f.String())
	}
	return list, nil
}

// describe takes the parameters of a QoS flow description, TS 24.501 §9.11.4.12.
func describe(req *npcf.UEInitiatedResourceRequest, f *gsm.QoSFlowDescription) error {
	if five, ok := f.FiveQI(); ok {
		req.FiveQI = five
	}
	for id, rate := range map[gsm.FlowParameterID]*uint64{
		gsm.ParameterGFBRUplink: &req.Guaranteed.Uplink, gsm.ParameterGFBRDownlink: &req.Guaranteed.Downlink,
		gsm.ParameterMFBRUplink: &req.MaxBitRate.Uplink, gsm.ParameterMFBRDownlink: &req.MaxBitRate.Downlink,
	} {
		if v, ok := f.BitRate(id); ok {
			*rate = v.BitsPerSecond()
		}
	}
	if req.Guaranteed.Uplink > req.MaxBitRate.Uplink || req.Guaranteed.Downlink > req.MaxBitRate.Downlink {
		return semantic("a guaranteed bit rate above the maximum", "at most the maximum")
	}
	return nil
}
