package smf

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"

	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// t3591Retries is how often the PDU SESSION MODIFICATION COMMAND is sent again, TS 24.501 §6.3.2.5.
const t3591Retries = 4

// change is a modification of a session.
type change struct {
	pti     uint8 // of the UE's request; noPTI if the network began
	qos     *sessionQoS
	command gsm.PDUSessionModificationCommand // what it says beside the QoS
	always  bool                              // the UE is told even where nothing changes for it
}

// The errors with which a modification ends.
var (
	errUERefused = errors.New("the UE refused the modification")
	errNotThere  = errors.New("the UE does not know the session")
)

// modify runs the PDU session modification, TS 23.502 §4.3.3.2, from step 2 on. On an error UE, gNB and UPF have what
// they had before, as far as they can be reached. ErrSuperseded says that another procedure has begun.
func (s *session) modify(ctx context.Context, c change) error {
	if err := s.awaitActivation(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	if s.state != Active {
		s.mu.Unlock()
		return procedure.ErrSuperseded
	}
	s.next, s.pti, s.changing = c.qos, c.pti, true
	after := s.rules(c.qos, s.uplink.fteid())
	has := s.upfRules()
	s.onN4 = &has // whatever becomes of qos
	during := has.with(after)
	s.mu.Unlock()
	defer s.settle(ctx)
	defer s.endChange()
	if err := s.setRules(ctx, during); err != nil && !s.later(err) { // step 2
		return n4Refusal(err)
	}
	outcome, err := s.tell(ctx, &c) // steps 3 to 7 and 9 to 11
	if err != nil {
		s.revert(ctx, err)
		return err
	}
	s.mu.Lock()
	before := s.qos
	s.qos, s.next = c.qos, nil
	s.mu.Unlock()
	if len(outcome.without) == 0 {
		if err := s.setRules(ctx, after); err != nil { // steps 8 and 12
			s.recreate(ctx, s.tunnelToGNB(), err)
		}
		return nil
	}
	return s.takeBack(ctx, outcome, before)
}

// awaitActivation lets a user plane that is being set up be set up first, so that the gNB knows the session.
func (s *session) awaitActivation(ctx context.Context) error {
	s.mu.Lock()
	activating := s.up == nsmf.Activating
	s.mu.Unlock()
	if !activating {
		return nil
	}
	outcome, err := procedure.Await[setupOutcome](ctx, s, procedure.Timer{Name: "N2 response", Duration: s.smf.cfg.Timers.N2Response})
	switch {
	case err == nil:
		s.userPlaneSetUp(ctx, outcome)
	case errors.Is(err, procedure.ErrNoAnswer):
		s.deactivateUserPlane(ctx, "no answer of the gNB")
		s.releaseAN(ctx, ngap.CauseRadioNetworkUnspecified) // it may hold the session all the same, and the AMF thinks so
	default:
		return err
	}
	return nil
}

// endChange ends the state PDU SESSION MODIFICATION PENDING, TS 24.501 §6.1.3.3.5.
func (s *session) endChange() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next, s.changing = nil, false
}

// later tells whether the UPF gets its rules when it answers again: the session is then made anew or its rules are set.
func (s *session) later(err error) bool {
	if !errors.Is(err, errUPFDown) && causeOf(err) != 0 {
		return false
	}
	s.smf.log.Warn("UPF is told of the change once it answers", s.attrs(slog.Any("error", err))...)
	s.upf.unconfirmed(s.seid)
	return true
}

// tell sends the command to the UE and the change of profiles to the gNB, and awaits both, TS 24.501 §6.3.2. It returns
// the QoS flows that the gNB has not got.
func (s *session) tell(ctx context.Context, c *change) (outcome modifyOutcome, err error) {
	s.mu.Lock()
	asked := s.serving
	n1, n2, err := s.commandFor(c), nsmf.N2SMInfo{}, error(nil)
	if at := s.atGNB(); at != nil {
		n2, err = modifyRequestTransfer(c.qos.profileChanges(at))
	}
	s.mu.Unlock()
	if err != nil || n1 == nil && n2.Type == "" {
		return outcome, err
	}
	t3591 := procedure.Timer{Name: "T3591", Duration: s.smf.cfg.Timers.T3591, Retries: t3591Retries}
	if n1 == nil {
		t3591 = procedure.Timer{Name: "N2 response", Duration: s.smf.cfg.Timers.N2Response}
	}
	toGNB := n2
	answer, err := procedure.AskFor(ctx, s, t3591, func() error {
		_, err := s.amf().N1N2MessageTransfer(ctx, s.supi, s.transfer(n1, toGNB, false))
		toGNB = nsmf.N2SMInfo{} // the gNB acts on the first
		return err
	}, func(m any) bool {
		switch m := m.(type) {
		case modificationAnswer:
			return m.pti == c.pti
		case modifyOutcome:
			return m.failed != "" || n1 == nil
		case transferFailed:
			return m.cause == namf.ANNotResponding || s.movedFrom(asked) // else the timer decides when it is tried again
		}
		return false
	})
	if _, lost := answer.(transferFailed); lost {
		err = procedure.ErrSuperseded
	}
	if a, ok := answer.(modificationAnswer); ok && a.refused != 0 {
		err = refusedByUE(a.refused)
	}
	if err != nil {
		s.gnbHas(c.qos, nil, n2.Type != "") // it may have changed, so it is changed back
		return outcome, err
	}
	outcome, ok := answer.(modifyOutcome)
	if !ok && n2.Type != "" {
		outcome, err = procedure.Await[modifyOutcome](ctx, s, procedure.Timer{Name: "N2 response", Duration: s.smf.cfg.Timers.N2Response})
		if errors.Is(err, procedure.ErrNoAnswer) {
			s.smf.log.Warn("gNB did not answer the modification of the session", s.attrs()...)
			err = nil
		}
	}
	switch {
	case err != nil:
		return outcome, err
	case outcome.moving:
		return outcome, s.awaitHandover(ctx)
	case outcome.failed != "":
		return outcome, gnbRefusal(setupOutcome{failed: outcome.failed, radio: outcome.radio})
	}
	s.gnbHas(c.qos, outcome.without, n2.Type != "")
	return outcome, nil
}

// awaitHandover waits for the end of the handover for which a gNB has refused a modification, but not for ever: the change
// begins anew then, TS 23.502 §4.9.1.1. The error is always ErrSuperseded, as for a handover that came first, or ctx's.
func (s *session) awaitHandover(ctx context.Context) error {
	s.smf.log.Info("gNB hands the UE over: the modification begins anew after that", s.attrs()...)
	guard := procedure.Timer{Name: "handover", Duration: s.smf.cfg.Timers.N2Response}
	_, err := procedure.AskFor(ctx, s, guard, func() error { return nil }, func(any) bool { return false })
	if errors.Is(err, procedure.ErrNoAnswer) {
		return procedure.ErrSuperseded
	}
	return err
}

// refusedByUE is the error for a PDU SESSION MODIFICATION COMMAND REJECT, TS 24.501 §6.3.2.4.
func refusedByUE(cause gsm.Cause) error {
	if cause == gsm.CauseInvalidPDUSessionIdentity {
		return errNotThere
	}
	return fmt.Errorf("%w: %w", errUERefused, cause)
}

// gnbHas notes what the gNB has now, if it was told.
func (s *session) gnbHas(q *sessionQoS, without []uint8, told bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !told || s.gnbQoS == nil {
		return
	}
	s.gnbQoS = q.without(without, s.gnbQoS)
}

// commandFor is the PDU SESSION MODIFICATION COMMAND, TS 24.501 §8.3.9; nil where nothing changes for the UE. Call it with
// s.mu held.
func (s *session) commandFor(c *change) []byte {
	m := c.command
	m.PDUSessionID, m.PTI = s.id, c.pti
	m.AuthorizedQoSRules, m.AuthorizedQoSFlowDescriptions = s.uesForm(c.qos.ruleChanges(s.qos)), c.qos.flowChanges(s.qos)
	changes := len(m.AuthorizedQoSRules)+len(m.AuthorizedQoSFlowDescriptions) > 0
	if c.qos.ambr != s.qos.ambr {
		ambr := gsm.NewSessionAMBR(c.qos.ambr.Downlink, c.qos.ambr.Uplink)
		m.SessionAMBR, changes = &ambr, true
	}
	if c.qos.rqTimer != s.qos.rqTimer {
		m.RQTimer, changes = c.qos.rqTimerValue(), true
	}
	if !changes && !c.always {
		return nil
	}
	return s.smf.encode(&m)
}

// revert brings gNB and UPF back to what the UE has. Where the UE is gone or another procedure ends the session there is
// nothing to bring back.
func (s *session) revert(ctx context.Context, why error) {
	s.mu.Lock()
	s.next = nil
	active, q := s.state == Active, s.qos
	var n2 nsmf.N2SMInfo
	var err error
	if active && s.up == nsmf.Activated && s.gnbQoS != nil {
		n2, err = modifyRequestTransfer(q.profileChanges(s.gnbQoS))
	}
	rules := s.rules(q, s.uplink.fteid())
	s.mu.Unlock()
	if !active || s.smf.ctx.Err() != nil || errors.Is(why, errNotThere) {
		return
	}
	if err := s.setRules(ctx, rules); err != nil {
		s.recreate(ctx, s.tunnelToGNB(), err)
	}
	if err != nil || n2.Type == "" || errors.Is(why, procedure.ErrSuperseded) {
		return
	}
	_, err = procedure.Ask[modifyOutcome](ctx, s, procedure.Timer{Name: "N2 response", Duration: s.smf.cfg.Timers.N2Response}, func() error {
		_, err := s.amf().N1N2MessageTransfer(ctx, s.supi, s.transfer(nil, n2, true))
		return err
	})
	if err != nil {
		s.smf.log.Info("gNB did not confirm to have its former QoS flows", s.attrs(slog.Any("error", err))...)
		return
	}
	s.gnbHas(q, nil, true)
}

// takeBack takes from the UE and the UPF what the gNB has not got, TS 23.502 §4.3.3.2 step 7, and tells the PCF.
func (s *session) takeBack(ctx context.Context, o modifyOutcome, before *sessionQoS) error {
	s.mu.Lock()
	q := s.qos
	s.mu.Unlock()
	lost := q.rulesOn(o.without)
	s.smf.log.Warn("gNB has not got all QoS flows of the session", s.attrs(slog.Any("flows", o.causes), slog.Any("rules", lost))...)
	s.report(ctx, lost, npcf.RuleAllocationFailed)
	return s.modify(ctx, change{qos: q.without(o.without, before)})
}

// report tells the PCF of rules that are not in force, TS 29.512 §4.2.4.15.
func (s *session) report(ctx context.Context, rules []string, why npcf.RuleFailure) {
	s.mu.Lock()
	id := s.policyID
	s.mu.Unlock()
	if len(rules) == 0 || id == "" {
		return
	}
	_, err := s.smf.deps.Policy.UpdateSMPolicy(ctx, id, npcf.SMPolicyUpdateContextData{
		RuleReports: []npcf.RuleReport{{PCCRuleIDs: rules, FailureCode: why}},
	})
	if err != nil {
		s.smf.log.Warn("PCF was not told of rules that are not in force", s.attrs(slog.Any("rules", rules), slog.Any("error", err))...)
	}
}

func (s *session) tunnelToGNB() tunnel {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gnb
}

// policyChanged brings a decision of the PCF into force, TS 23.502 §4.16.5.2 and §4.3.3.2 step 1b.
func (s *session) policyChanged(ctx context.Context, d npcf.SMPolicyDecision) {
	if !s.is(Active) {
		return
	}
	q, left, why, err := s.admit(ctx, d)
	if err != nil {
		s.smf.log.Error("policy of the PCF not brought into force", s.attrs(slog.Any("error", err))...)
		s.settle(ctx)
		return
	}
	if len(left) > 0 {
		asRefusal(why).logAs(s.smf.log, "PCC rules left out", s.attrs(slog.Any("rules", left)))
		s.report(ctx, left, npcf.RuleResourcesLimitation)
	}
	s.mu.Lock()
	s.decision = &d
	same := reflect.DeepEqual(q, s.qos)
	s.mu.Unlock()
	if same {
		return
	}
	s.ended(ctx, s.modify(ctx, change{qos: q}), func() { s.deliver(policyUpdate{d}) })
}

// ended deals with how a modification asked for by the network has ended. One that was ended by the loss of the UE's
// connection is repeated.
func (s *session) ended(ctx context.Context, err error, again func()) {
	switch {
	case err == nil:
		s.smf.log.Info("PDU session modified", s.attrs()...)
	case s.smf.ctx.Err() != nil:
	case errors.Is(err, procedure.ErrSuperseded):
		if s.is(Active) {
			again()
		}
	case errors.Is(err, errNotThere): // TS 24.501 §6.3.2.5 b)
		s.endAndNotify("the UE does not know the session")
	default:
		s.smf.log.Warn("PDU session keeps what it had", s.attrs(slog.Any("error", err))...)
	}
}

// modificationAnswered takes a PDU SESSION MODIFICATION COMPLETE, or with a cause a PDU SESSION MODIFICATION COMMAND
// REJECT, TS 24.501 §6.3.2.3 and §6.3.2.4.
func (s *session) modificationAnswered(pti uint8, refused gsm.Cause) gsm.Message {
	s.mu.Lock()
	expected := s.changing && s.pti == pti
	s.mu.Unlock()
	if !expected { // TS 24.501 §7.3.1
		return status5GSM(s.id, pti, gsm.CausePTIMismatch)
	}
	s.deliver(modificationAnswer{pti, refused})
	return nil
}

// flowsLost takes back the QoS flows that a gNB does not serve any more.
func (s *session) flowsLost(ctx context.Context, lost lostFlows) {
	s.mu.Lock()
	q, active := s.qos, s.state == Active
	s.mu.Unlock()
	without := slices.DeleteFunc(slices.Clone(lost.without), func(qfi uint8) bool { return q == nil || q.flow(qfi) == nil })
	if !active || len(without) == 0 {
		return
	}
	if slices.Contains(without, q.flows[0].qfi) { // of the default QoS rule
		s.smf.log.Error("gNB has not got the default QoS flow; the session is released", s.attrs()...)
		s.releaseByNetwork(ctx, gsm.CauseInsufficientResources)
		return
	}
	s.ended(ctx, s.takeBack(ctx, modifyOutcome{without: without, causes: lost.causes}, &sessionQoS{}), func() { s.deliver(lost) })
}
