package smf

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// t3592Retries is how often the PDU SESSION RELEASE COMMAND is sent again, TS 24.501 §6.3.3.5.
const t3592Retries = 4

// ReleaseSession releases a session with the UE's knowledge, TS 23.502 §4.3.4.2. It returns before that is done.
// Error: CauseContextNotFound.
func (s *SMF) ReleaseSession(supi ident.SUPI, pduSessionID uint8) error {
	s.mu.RLock()
	n := s.byUE[ueSession{supi, pduSessionID}]
	s.mu.RUnlock()
	if n == nil || !n.deliver(networkRelease{gsm.CauseRegularDeactivation}) {
		return sbi.Problem(http.StatusNotFound, sbi.CauseContextNotFound, "no PDU session %d of %s", pduSessionID, supi.Conceal())
	}
	return nil
}

// releaseRequested answers a PDU SESSION RELEASE REQUEST with the command, TS 24.501 §6.4.3.3 and TS 23.502 §4.3.4.2
// steps 1a and 3, and leaves steps 2 and 12 to the session.
func (s *session) releaseRequested(m *gsm.PDUSessionReleaseRequest, out *nsmf.SMContextUpdatedData) gsm.Message {
	s.mu.Lock()
	switch {
	case s.state == Releasing && s.releasePTI == m.PTI: // the command was lost: TS 24.501 §6.4.3.6
		s.mu.Unlock()
		return s.releaseCommand()
	case s.state == Releasing || s.state == Released: // the network's own release goes on
		s.mu.Unlock()
		return nil
	}
	out.N2SMInfo = s.beginRelease(m.PTI, gsm.CauseRegularDeactivation)
	s.mu.Unlock()
	s.note("UE releases its PDU session")
	s.deliver(release{sent: true})
	return s.releaseCommand()
}

// beginRelease enters the state Releasing and returns what the gNB must hear, if it has resources. Call it with s.mu held.
func (s *session) beginRelease(pti uint8, cause gsm.Cause) nsmf.N2SMInfo {
	var n2 nsmf.N2SMInfo
	if s.up != nsmf.Deactivated {
		var err error
		if n2, err = releaseCommandTransfer(ngap.CauseNASNormalRelease); err != nil {
			s.smf.log.Error("N2 release command cannot be encoded", "error", err)
		}
	}
	s.state, s.up, s.releasePTI, s.releaseCause = Releasing, nsmf.Deactivated, pti, cause
	return n2
}

// releaseCommand is the PDU SESSION RELEASE COMMAND. A UE that loses its session for want of resources is told not to come back at
// once, TS 24.501 §6.3.3.2.
func (s *session) releaseCommand() *gsm.PDUSessionReleaseCommand {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &gsm.PDUSessionReleaseCommand{PDUSessionID: s.id, PTI: s.releasePTI, Cause: s.releaseCause,
		BackOffTimer: s.smf.cfg.Timers.backOff(s.releaseCause)}
}

// releaseCompleted takes the PDU SESSION RELEASE COMPLETE, TS 24.501 §6.3.3.3 and TS 23.502 §4.3.4.2 step 10.
func (s *session) releaseCompleted(m *gsm.PDUSessionReleaseComplete, out *nsmf.SMContextUpdatedData) gsm.Message {
	s.mu.Lock()
	expected := s.state == Releasing && s.releasePTI == m.PTI
	if expected {
		s.state = Released
	}
	s.mu.Unlock()
	if !expected { // TS 24.501 §7.3.1
		return status5GSM(s.id, m.PTI, gsm.CausePTIMismatch)
	}
	out.Released = true
	s.deliver(releaseComplete{})
	return nil
}

// releaseByNetwork releases the session on the network's wish, TS 23.502 §4.3.4.2 and TS 24.501 §6.3.3.
func (s *session) releaseByNetwork(ctx context.Context, cause gsm.Cause) {
	s.mu.Lock()
	if s.state == Releasing || s.state == Released {
		s.mu.Unlock()
		return // under way, or over
	}
	n2 := s.beginRelease(noPTI, cause)
	s.mu.Unlock()
	s.smf.log.Info("network releases the PDU session", s.attrs(slog.String("cause", cause.Error()))...)
	s.release(ctx, release{n2: n2})
}

// release runs steps 2 to 12 of TS 23.502 §4.3.4.2.
func (s *session) release(ctx context.Context, m release) {
	s.leaveUPF(ctx) // step 2
	s.unkeep(ctx)
	s.freeAddress()
	command, n2, sent := s.smf.encode(s.releaseCommand()), m.n2, m.sent
	t3592 := procedure.Timer{Name: "T3592", Duration: s.smf.cfg.Timers.T3592, Retries: t3592Retries}
	_, err := procedure.Ask[releaseComplete](ctx, s, t3592, func() error { // steps 3 to 10
		if sent {
			sent = false // with the answer to the UE's request
			return nil
		}
		_, err := s.amf().N1N2MessageTransfer(ctx, s.supi, s.transfer(command, n2, false))
		n2 = nsmf.N2SMInfo{} // the gNB acts on the first
		return err
	})
	switch {
	case errors.Is(err, procedure.ErrSuperseded), s.smf.ctx.Err() != nil:
		return // ended by the AMF, or the SMF stops
	case err != nil && !s.is(Released): // TS 24.501 §6.3.3.5: the session is released all the same
		s.smf.log.Warn("UE did not confirm the release of its session", s.attrs(slog.Any("error", err))...)
		s.endAndNotify("released without the UE's answer") // step 11
	}
	s.set(Released)
}

// giveBack gives back all that the session still holds, TS 23.502 §4.3.4.2 steps 2 and 12, and forgets it. It does
// nothing the second time.
func (s *session) giveBack(ctx context.Context) {
	s.leaveUPF(ctx)
	s.unkeep(ctx)
	s.freeAddress()
	s.giveRoomBack(ctx)
	s.countOut(ctx)
	s.stopT3593()
	s.mu.Lock()
	policy, registered := s.policyID, s.registered
	s.policyID, s.registered = "", false
	s.mu.Unlock()
	if policy != "" {
		if err := s.smf.deps.Policy.DeleteSMPolicy(ctx, policy); err != nil {
			s.smf.log.Warn("PCF keeps the policy of a session that ended", s.attrs(slog.Any("error", err))...)
		}
	}
	if registered {
		if err := s.smf.deps.UECM.DeregisterSMF(ctx, s.supi, s.id); err != nil && sbi.CauseOf(err) != sbi.CauseContextNotFound {
			s.smf.log.Warn("UDM keeps the registration of a session that ended", s.attrs(slog.Any("error", err))...)
		}
	}
	s.logUsage()
	s.smf.forget(s)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone == nil {
		s.gone = make(chan struct{})
	}
	select {
	case <-s.gone:
	default:
		close(s.gone)
	}
}
