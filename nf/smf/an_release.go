package smf

import (
	"context"
	"log/slog"

	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// goIdle answers the AMF that has released the connection of the UE, TS 23.502 §4.2.6 step 5.
func (s *session) goIdle(why string, out *nsmf.SMContextUpdatedData) {
	s.idleNow(deactivate{why: why})
	out.UpCnxState = nsmf.Deactivated
}

// idleNow notes that no gNB has the session any more; the UPF follows. False: the SMF is stopping.
func (s *session) idleNow(m deactivate) bool {
	s.mu.Lock()
	s.suspended = nil
	s.leaveRadio()
	s.mu.Unlock()
	return s.deliver(m)
}

// goIdleAbroad is goIdle for the AMF of another core, which does not hear of a restart of this one: it is answered once that is durable.
// Error: a *refusal.
func (s *session) goIdleAbroad(ctx context.Context, why string, out *nsmf.SMContextUpdatedData) error {
	ctx, cancel := context.WithTimeout(ctx, keepPatience)
	defer cancel()
	kept := make(chan error, 1)
	if !s.idleNow(deactivate{why, kept}) {
		return failure(errStopping, "say it again once the SMF has started again")
	}
	var err error
	select {
	case err = <-kept:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return failure(err, "say it again: that the user plane is down is not durable")
	}
	out.UpCnxState = nsmf.Deactivated
	return nil
}

// deactivateUserPlane has the UPF keep downlink packets and report the first, TS 23.502 §4.2.6 step 6a.
func (s *session) deactivateUserPlane(ctx context.Context, why string) {
	s.radioGone()
	s.takenDown(ctx, why)
}

// radioGone is leaveRadio for an active session. The UPF follows later, and the user plane may be wanted again by then.
func (s *session) radioGone() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == Active {
		s.leaveRadio()
	}
}

// leaveRadio notes that no gNB has the session any more; s.mu is held.
func (s *session) leaveRadio() { s.gnb, s.up, s.gnbQoS = tunnel{}, s.resting(), nil }

// idle takes the tunnel to the gNB away.
func (s *session) idle(ctx context.Context, flags pfcp.SessionModificationReqFlags) {
	s.mu.Lock()
	s.leaveRadio()
	s.mu.Unlock()
	s.keepPackets(ctx, flags)
}

// takenDown has the UPF follow what was noted when the user plane was taken down. The UE may be back by now, and what its gNB answers
// comes after this.
func (s *session) takenDown(ctx context.Context, why string) {
	if !s.is(Active) {
		return
	}
	s.smf.log.Debug("user plane of the session taken down", s.attrs(slog.String("why", why))...)
	s.keepPackets(ctx, 0)
}

// keepPackets has the UPF keep downlink packets.
func (s *session) keepPackets(ctx context.Context, flags pfcp.SessionModificationReqFlags) {
	if s.comesBack() {
		return
	}
	if err := s.buffer(ctx, flags); err != nil {
		s.recreate(ctx, tunnel{}, err)
	}
}
