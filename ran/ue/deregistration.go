package ue

import (
	"context"
	"errors"

	"github.com/limpid-5g/limpid/ran/radio"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// Deregister runs the UE-initiated de-registration procedure, TS 24.501 §5.5.2.2. A UE that is switched off awaits no
// answer. In the end the UE is deregistered whatever the error, which is a *TimeoutError, ErrNotRegistered, ErrBusy, the
// cell's, or ctx's.
func (u *UE) Deregister(ctx context.Context, switchOff bool) error {
	u.mu.Lock()
	if !u.registered || u.guti == nil {
		u.mu.Unlock()
		return ErrNotRegistered
	}
	t, err := u.begin()
	if err != nil {
		u.mu.Unlock()
		return err
	}
	request := u.deregistrationMessage(switchOff)
	u.mu.Unlock()
	defer u.finished(t)
	defer func() {
		u.mu.Lock()
		u.deregistered()
		u.mu.Unlock()
	}()
	send := func() error {
		if u.conn != nil && u.secure {
			return u.send(request)
		}
		return u.connect(request, radio.MOSignalling)
	}
	if switchOff {
		u.mu.Lock()
		defer u.mu.Unlock()
		return send()
	}
	err = u.ask(ctx, t, "T3521", T3521, request.Name(), maxTransmissions, send)
	if errors.Is(err, ErrReleased) {
		return nil // TS 24.501 §5.5.2.2.6 b): the UE takes the procedure as done
	}
	return err
}

func (u *UE) deregistrationMessage(switchOff bool) *gmm.DeregistrationRequestUEOriginating {
	m := &gmm.DeregistrationRequestUEOriginating{
		DeregistrationType: gmm.Deregister3GPP, NgKSI: gmm.NoKey, MobileIdentity: gmm.GUTIIdentity(*u.guti),
	}
	if switchOff {
		m.DeregistrationType |= gmm.SwitchOff
	}
	if u.current != nil {
		m.NgKSI = gmm.KeySetIdentifier(u.current.ngKSI)
	}
	return m
}

// deregistrationRequest obeys the network, TS 24.501 §5.5.2.3.2.
func (u *UE) deregistrationRequest(m *gmm.DeregistrationRequestUETerminated) {
	if m.DeregistrationType.Access()&gmm.Deregister3GPP == 0 {
		u.send(&gmm.Status{Cause: gmm.CauseSemanticallyIncorrectMessage})
		return
	}
	u.send(&gmm.DeregistrationAcceptUETerminated{})
	e := &RejectError{Message: "DeregistrationRequest"}
	if m.Cause != nil {
		e.GMM = *m.Cause
	}
	if m.T3346 != nil {
		e.BackOff, _ = m.T3346.Duration()
	}
	if r := u.rejections(m.RejectedNSSAI, m.ExtendedRejectedNSSAI); r != nil {
		u.rejected = r
	}
	u.reregister = m.DeregistrationType&gmm.ReregistrationRequired != 0
	u.ended = e
	u.deregistered()
	if !u.reregister {
		u.rejectedWith(e.GMM)
	}
	u.end(e)
	u.startT3540()
}
