package ue

import (
	"context"
	"errors"
	"time"

	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

// ModifyOptions are what a UE asks to have changed, TS 24.501 §6.4.2.2.
type ModifyOptions struct {
	Rules gsm.QoSRules
	Flows gsm.QoSFlowDescriptions
	// Capability is told if it is not nil, such as the end of the support of reflective QoS.
	Capability gsm.Capability
	// Transmissions is how often the request is sent at most, T3581 apart; 0: 5, TS 24.501 §6.4.2.5.
	Transmissions int
}

// ModifySession runs the UE-requested PDU session modification procedure, TS 24.501 §6.4.2. The error is a *RejectError,
// *TimeoutError, ErrReleased, ErrSession, or ctx's.
func (u *UE) ModifySession(ctx context.Context, id uint8, o ModifyOptions) (Session, error) {
	if err := u.connected(ctx); err != nil {
		return Session{}, err
	}
	u.mu.Lock()
	s := u.session(id)
	if s == nil || !s.active {
		u.mu.Unlock()
		return Session{}, ErrSession
	}
	t, err := u.beginSM(id)
	u.mu.Unlock()
	if err != nil {
		return Session{}, err
	}
	m := &gsm.PDUSessionModificationRequest{PDUSessionID: id, PTI: t.pti, RequestedQoSRules: o.Rules,
		RequestedQoSFlowDescriptions: o.Flows, Capability: o.Capability}
	tries := o.Transmissions
	if tries <= 0 {
		tries = maxTransmissions
	}
	err = u.ask(ctx, t.transaction, "T3581", T3581, m.Name(), tries, func() error { return u.sendSM(m, nil) })
	u.mu.Lock()
	defer u.mu.Unlock()
	u.finishedSM(t)
	if err != nil {
		return Session{}, err
	}
	return s.snapshot(), nil
}

// modificationCommand obeys the network, TS 24.501 §6.3.2.3. One of the network's own ends what the UE asked for at the
// same time, TS 24.501 §6.4.2.5.
func (u *UE) modificationCommand(t *smTransaction, m *gsm.PDUSessionModificationCommand) {
	s := u.session(m.PDUSessionID)
	if s == nil || !s.active {
		u.sendSM(&gsm.PDUSessionModificationCommandReject{
			PDUSessionID: m.PDUSessionID, PTI: m.PTI, Cause: gsm.CauseInvalidPDUSessionIdentity,
		}, nil)
		return
	}
	if cause, ok := u.refusesCommand(m); ok {
		u.sendSM(&gsm.PDUSessionModificationCommandReject{PDUSessionID: m.PDUSessionID, PTI: m.PTI, Cause: cause}, nil)
		return
	}
	s.change(m)
	u.sendSM(&gsm.PDUSessionModificationComplete{PDUSessionID: m.PDUSessionID, PTI: m.PTI}, nil)
	if t != nil {
		t.finish(nil)
		return
	}
	for _, own := range u.sm {
		if own.session == m.PDUSessionID {
			own.finish(errNetworkFirst)
		}
	}
}

var errNetworkFirst = errors.New("ended by a modification of the network (TS 24.501 §6.4.2.5)")

// refusesCommand checks what a UE checks, TS 24.501 §6.3.2.4.
func (u *UE) refusesCommand(m *gsm.PDUSessionModificationCommand) (gsm.Cause, bool) {
	if u.cfg.Hooks.RefuseModification != 0 {
		return u.cfg.Hooks.RefuseModification, true
	}
	if cause, ok := gsm.CauseOf(m.AuthorizedQoSRules.Check()); ok {
		return cause, true
	}
	return gsm.CauseOf(m.AuthorizedQoSFlowDescriptions.Check())
}

func (s *session) change(m *gsm.PDUSessionModificationCommand) {
	if m.SessionAMBR != nil {
		s.AMBR = *m.SessionAMBR
	}
	if m.AuthorizedQoSFlowDescriptions != nil {
		s.Flows = applyFlows(s.Flows, m.AuthorizedQoSFlowDescriptions)
	}
	if m.AuthorizedQoSRules != nil {
		s.Rules = apply(s.Rules, m.AuthorizedQoSRules)
		s.QFI = defaultQFI(s.Rules)
	}
	if m.RQTimer != nil {
		s.RQTimer, _ = m.RQTimer.Duration()
	}
	if m.AlwaysOnIndication != nil {
		s.AlwaysOn = *m.AlwaysOnIndication&1 != 0
	}
	if d, ok := m.ProtocolConfigurationOptions.AddressLifetime(); ok {
		s.Lifetime = d
	}
	s.options(m.ProtocolConfigurationOptions)
}

// release is what the network said when it released a session.
type release struct {
	cause   gsm.Cause
	backOff *nas.GPRSTimer3
}

// endedFor notes why the network has released a session.
func (u *UE) endedFor(id uint8, why release) {
	if u.releases == nil {
		u.releases = make(map[uint8]release)
	}
	u.releases[id] = why
	u.change()
}

// ReleaseCause is why the network last released a session of that identity, TS 24.501 §6.3.3.2; 0 if it never did.
func (u *UE) ReleaseCause(id uint8) gsm.Cause {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.releases[id].cause
}

// ReleaseBackOff is for how long the network then told the UE not to ask for the session again, TS 24.501 §6.3.3.2; 0 if it did not.
func (u *UE) ReleaseBackOff(id uint8) time.Duration {
	u.mu.Lock()
	defer u.mu.Unlock()
	t := u.releases[id].backOff
	if t == nil {
		return 0
	}
	d, _ := t.Duration()
	return d
}
