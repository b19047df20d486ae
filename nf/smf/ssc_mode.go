package smf

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

// relocation asks for a session to get another anchor.
type relocation struct{}

// addressExpired says that T3593 of a session of SSC mode 3 has expired.
type addressExpired struct{}

// Relocate gives a session another anchor, TS 23.502 §4.3.5: the UE establishes it anew, in SSC mode 2 after the session
// is released, in SSC mode 3 before. A session of SSC mode 1 keeps its anchor (TS 23.501 §5.6.9.2.1). It returns before
// that is done. Errors: CauseContextNotFound, nsmf.CauseSSCDenied.
func (s *SMF) Relocate(supi ident.SUPI, pduSessionID uint8) error {
	s.mu.RLock()
	n := s.byUE[ueSession{supi, pduSessionID}]
	s.mu.RUnlock()
	if n == nil {
		return sbi.Problem(http.StatusNotFound, sbi.CauseContextNotFound, "no PDU session %d of %s", pduSessionID, supi.Conceal())
	}
	if n.ssc == gsm.SSCMode1 {
		return sbi.Problem(http.StatusForbidden, nsmf.CauseSSCDenied, "the session is of SSC mode 1: it keeps its anchor; release it instead")
	}
	if !n.deliver(relocation{}) {
		return sbi.Problem(http.StatusServiceUnavailable, sbi.CauseNFCongestion, "session is busy")
	}
	return nil
}

// relocate is the change of the PDU session anchor.
func (s *session) relocate(ctx context.Context) {
	if !s.is(Active) {
		return
	}
	if s.ssc == gsm.SSCMode2 { // TS 23.502 §4.3.5.1
		s.releaseByNetwork(ctx, gsm.CauseReactivationRequested)
		return
	}
	s.mu.Lock()
	q := s.qos
	s.mu.Unlock()
	// TS 23.502 §4.3.5.2 step 2: the UE may use the session as long as T3593 runs, and is told how long, TS 24.501 §6.3.2.2.
	c := change{qos: q, always: true, command: gsm.PDUSessionModificationCommand{Cause: new(gsm.CauseReactivationRequested),
		ProtocolConfigurationOptions: gsm.ProtocolConfigurationOptions(nil).AddAddressLifetime(s.smf.cfg.Timers.T3593)}}
	err := s.modify(ctx, c)
	if err == nil {
		s.startT3593()
	}
	s.ended(ctx, err, func() { s.deliver(relocation{}) })
}

// startT3593 bounds how long the old session of SSC mode 3 stays, TS 24.501 §6.3.2.3 and Table 10.3.2.
func (s *session) startT3593() {
	d := s.smf.cfg.Timers.T3593
	s.smf.log.Info("PDU session is to be replaced by another one", s.attrs(slog.String("within", fmt.Sprint(d)))...)
	t := time.AfterFunc(d, func() {
		if s.smf.ctx.Err() == nil && s.is(Active) {
			s.deliver(addressExpired{})
		}
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.t3593 != nil {
		s.t3593.Stop()
	}
	s.t3593 = t
}

// stopT3593 ends the timer of a session that has ended.
func (s *session) stopT3593() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.t3593 != nil {
		s.t3593.Stop()
		s.t3593 = nil
	}
}

// addressLifetimeOver releases the old session of SSC mode 3, TS 23.502 §4.3.5.2 step 7.
func (s *session) addressLifetimeOver(ctx context.Context) {
	if s.is(Active) {
		s.releaseByNetwork(ctx, gsm.CauseRegularDeactivation)
	}
}
