package smf

import (
	"context"
	"errors"
	"log/slog"

	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// sessionReport answers a PFCP Session Report Request, TS 29.244 §6.3.5, and leaves the work to the session.
func (s *SMF) sessionReport(u *upf, seid uint64, m *pfcp.SessionReportRequest) (uint64, pfcp.Message) {
	n := s.session(seid)
	if n == nil || !n.uses(u) {
		s.logUPF(slog.LevelWarn, u, "report about a session that does not exist", "seid", seid)
		return 0, &pfcp.SessionReportResponse{Cause: pfcp.CauseSessionContextNotFound}
	}
	remote := s.peerSEID(seid)
	if m.ReportType&pfcp.ReportUSAR != 0 {
		n.count(m.UsageReport)
	}
	taken := true
	if m.ReportType&pfcp.ReportERIR != 0 {
		for _, f := range m.ErrorIndicationReport.Value().RemoteFTEID {
			lost := tunnel{f.IPv4, f.TEID}
			if !f.IPv4.IsValid() {
				lost.addr = f.IPv6
			}
			taken = n.deliver(errorIndication{lost}) && taken
		}
	}
	if m.ReportType&pfcp.ReportDLDR != 0 {
		taken = n.deliver(downlinkData{}) && taken
	}
	if m.ReportType&pfcp.ReportUPIR != 0 {
		taken = n.deliver(inactive{}) && taken
	}
	if !taken {
		return remote, &pfcp.SessionReportResponse{Cause: pfcp.CauseEntityInCongestion}
	}
	return remote, &pfcp.SessionReportResponse{Cause: pfcp.CauseRequestAccepted}
}

// tunnelLost deals with a gNB that does not know the tunnel, TS 23.527 §5.3.3.1: downlink packets are buffered and the
// gNB is asked to release what it may still have, so that the next packet sets the user plane up anew.
func (s *session) tunnelLost(ctx context.Context, lost tunnel) {
	s.mu.Lock()
	current := s.state == Active && s.gnb.valid() && s.gnb == lost
	s.mu.Unlock()
	if !current {
		return // an indication about a tunnel that is no longer used
	}
	s.smf.log.Warn("gNB does not know the tunnel of the session", s.attrs(slog.Any("gnb", lost.addr))...)
	s.deactivateUserPlane(ctx, "error indication from the gNB") // step 4
	s.releaseAN(ctx, ngap.CauseTransportUnspecified)            // step 5
}

// releaseAN asks the gNB to release the resources of the session, which goes on, TS 23.502 §4.3.7.
func (s *session) releaseAN(ctx context.Context, cause ngap.Cause) {
	n2, err := releaseCommandTransfer(cause)
	if err == nil {
		_, err = s.amf().N1N2MessageTransfer(ctx, s.supi, s.transfer(nil, n2, true))
	}
	if err != nil {
		s.smf.log.Info("gNB was not asked to release the session", s.attrs(slog.Any("error", err))...)
	}
}

// restoreOnUPF makes the session anew on a UPF that has restarted, with the same tunnel, TS 23.527 §4.3, unless that
// was done meanwhile. If the UPF cannot, the UE is asked to establish the session again; one that has forgotten the association
// gets the session with the next. It tells whether nothing has changed that others, or the store, should know.
func (s *session) restoreOnUPF(ctx context.Context) (asBefore bool) {
	defer func() { <-s.smf.restores }()
	if !s.behind() {
		return false
	}
	kept, err := s.remake(ctx)
	switch {
	case kept && !s.smf.cfg.Shared && s.written != 0:
		return true
	case err == nil || causeOf(err) == pfcp.CauseNoEstablishedAssociation || s.smf.ctx.Err() != nil:
	case errors.Is(err, pfcp.ErrNoAnswer):
		s.restoredLater()
	default:
		s.smf.log.Error("session not restored on UPF; the UE is asked to establish it again", s.attrs(slog.Any("error", err))...)
		s.mu.Lock()
		s.onUPF = false
		s.mu.Unlock()
		s.releaseByNetwork(ctx, gsm.CauseReactivationRequested)
	}
	return false
}

// restoredLater has the session restored once the UPF, which has more to do than it can, answers again.
func (s *session) restoredLater() {
	s.smf.log.Warn("session not restored on UPF yet: no answer", s.attrs()...)
	s.upf.unconfirmed(s.seid)
}

// behind tells whether the session should be on its UPF, which has lost it with an earlier association.
func (s *session) behind() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.onUPF && s.epoch != s.upf.generation() && (s.state == Active || s.state == Establishing)
}

// comesBack tells whether the session was restored and its UPF has not got it yet: it gets it as it is then.
func (s *session) comesBack() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.onUPF && s.epoch == 0 && !s.unmoved
}

// isUnmoved tells whether the session came from another node with a UPF that has not been told so yet.
func (s *session) isUnmoved() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unmoved
}

// remake makes the session anew on its UPF, with the same tunnel if the UPF can: kept tells whether it could. Otherwise
// the gNB is made to give its end up, so that the user plane comes back with the new tunnel when it is wanted.
func (s *session) remake(ctx context.Context) (kept bool, err error) {
	err = s.establishOnUPF(ctx)
	if causeOf(err) != pfcp.CauseInvalidFTEIDAllocationOption {
		return err == nil, err
	}
	s.mu.Lock()
	connected := s.gnb.valid() || s.up == nsmf.Activating // then the gNB has been told of the old tunnel
	s.uplink, s.gnb, s.up = tunnel{}, tunnel{}, nsmf.Deactivated
	s.mu.Unlock()
	if err := s.establishOnUPF(ctx); err != nil {
		return false, err
	}
	if connected {
		s.releaseAN(ctx, ngap.CauseRadioNetworkReleaseDueTo5GCGeneratedReason)
	}
	return false, nil
}

// transfer is a message to the UE, its gNB or both, TS 29.518 §6.1.6.2.18.
func (s *session) transfer(n1 []byte, n2 nsmf.N2SMInfo, noPaging bool) transferRequest {
	return transferRequest{
		PDUSessionID: s.id, SMContextRef: s.ref(), N1SMMsg: n1, N2SMInfo: n2, SNSSAI: s.slice, SkipInd: noPaging,
	}
}
