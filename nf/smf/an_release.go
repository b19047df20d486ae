package smf

import (
	"context"
	"log/slog"

	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// goIdle answers the AMF that has released the connection of the UE, TS 23.502 §4.2.6 step 5.
func (s *session) goIdle(why string, out *nsmf.SMContextUpdatedData) {
	s.mu.Lock()
	s.up, s.suspended = nsmf.Deactivated, nil
	s.mu.Unlock()
	out.UpCnxState = nsmf.Deactivated
	s.deliver(deactivate{why})
}

// deactivateUserPlane has the UPF keep downlink packets and report the first, TS 23.502 §4.2.6 step 6a.
func (s *session) deactivateUserPlane(ctx context.Context, why string) {
	if !s.is(Active) {
		return
	}
	s.smf.log.Debug("user plane of the session taken down", s.attrs(slog.String("why", why))...)
	s.idle(ctx, 0)
}

// idle takes the tunnel to the gNB away.
func (s *session) idle(ctx context.Context, flags pfcp.SessionModificationReqFlags) {
	s.mu.Lock()
	s.gnb, s.up, s.gnbQoS = tunnel{}, s.resting(), nil
	s.mu.Unlock()
	if s.comesBack() {
		return
	}
	if err := s.buffer(ctx, flags); err != nil {
		s.recreate(ctx, tunnel{}, err)
	}
}
