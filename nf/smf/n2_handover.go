package smf

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// The rules of an indirect forwarding tunnel, TS 23.502 §4.9.1.3.2 step 11a: what the source gNB sends into it goes to
// the target. Their identities are beside those of establishmentRequest, and of each handover others: the tunnel of one
// may outlive the beginning of the next.
const (
	firstForwardingRule uint16 = 0x7000
	forwardingRules     uint16 = 0x1000
)

// n2Move is an N2 handover of the session that is under way.
type n2Move struct {
	direct     bool        // source and target can reach each other
	target     tunnel      // where the UE will be served; not valid before the target has admitted the session
	forwarding tunnel      // where the source sends what it still has; not valid if nowhere
	indirect   bool        // that is at the UPF
	qos        *sessionQoS // what the target has been told
	rule       uint16      // of the PDR and the FAR there
}

// endForwarding takes the forwarding tunnel of a handover that is over away.
type endForwarding struct{ of *n2Move }

// hoState makes a step of an N2 handover, TS 29.502 §5.2.2.3.4.
func (s *session) hoState(ctx context.Context, data nsmf.SMContextUpdateData, out *nsmf.SMContextUpdatedData) error {
	out.HoState = data.HoState
	switch data.HoState {
	case nsmf.HoPreparing:
		return s.prepareHandover(data.N2SMInfo, out)
	case nsmf.HoPrepared:
		return s.handoverPrepared(ctx, data.N2SMInfo, out)
	case nsmf.HoCompleted:
		return s.completeHandover(ctx, out)
	case nsmf.HoCancelled:
		return s.move(ctx, func(ctx context.Context) error { s.forgetHandover(ctx, s.handover()); return nil })
	}
	return sbi.Problem(http.StatusForbidden, nsmf.CauseN2SMError, "handover state %q is none", data.HoState)
}

// handover is the N2 handover that is under way, nil if none is.
func (s *session) handover() *n2Move {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.moving
}

// prepareHandover gives the AMF what the target is to set up, TS 23.502 §4.9.1.3.2 steps 4 to 7. The UPF's end of the
// tunnel stays as it is.
func (s *session) prepareHandover(info nsmf.N2SMInfo, out *nsmf.SMContextUpdatedData) error {
	required, err := ngap.DecodeHandoverRequiredTransfer(info.Data)
	if err != nil || info.Type != nsmf.HandoverRequired {
		return sbi.Problem(http.StatusForbidden, nsmf.CauseN2SMError, "%s: %v", info.Type, err)
	}
	if err := s.connected(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	direct := required.DirectForwardingPathAvailability != nil
	if out.N2SMInfo, err = s.handoverRequestTransfer(direct); err != nil {
		return sbi.Problem(http.StatusInternalServerError, sbi.CauseSystemFailure, "%v", err)
	}
	s.moves++
	s.moving = &n2Move{direct: direct, rule: firstForwardingRule + s.moves%forwardingRules, qos: s.wanted()}
	return nil
}

// handoverPrepared takes the target's answer, TS 23.502 §4.9.1.3.2 steps 10 to 11, and gives what the source must hear.
func (s *session) handoverPrepared(ctx context.Context, info nsmf.N2SMInfo, out *nsmf.SMContextUpdatedData) error {
	m := s.handover()
	if m == nil {
		return sbi.Problem(http.StatusForbidden, nsmf.CauseN2SMError, "no handover of the session is prepared")
	}
	if info.Type == nsmf.HandoverResAllocFail {
		out.N2SMInfo = s.notAdmitted(info.Data)
		return nil
	}
	ack, err := ngap.DecodeHandoverRequestAcknowledgeTransfer(info.Data)
	if err != nil || info.Type != nsmf.HandoverReqAck {
		return sbi.Problem(http.StatusForbidden, nsmf.CauseN2SMError, "%s: %v", info.Type, err)
	}
	target, err := tunnelFrom(&ack.DLNGUUPTNLInformation)
	if err != nil {
		return sbi.Problem(http.StatusForbidden, nsmf.CauseN2SMError, "%v", err)
	}
	kept := make(map[uint8]bool)
	for _, f := range ack.QosFlowSetupResponseList {
		kept[uint8(f.QosFlowIdentifier)] = true
	}
	s.lostFlows(kept)
	forwarding, err := tunnelFrom(ack.DLForwardingUPTNLInformation)
	wanted := err == nil && ack.DLForwardingUPTNLInformation != nil
	err = s.move(ctx, func(ctx context.Context) error { return s.prepareForwarding(ctx, m, target, forwarding, wanted) })
	if err != nil {
		return err
	}
	out.N2SMInfo, err = s.handoverCommandTransfer(m, ack.QosFlowSetupResponseList)
	return err
}

// prepareForwarding notes where the UE will be served and opens the way for what the source still has. Without one
// those packets are lost and the handover goes on.
func (s *session) prepareForwarding(ctx context.Context, m *n2Move, target, forwarding tunnel, wanted bool) error {
	s.mu.Lock()
	current := s.moving == m
	if current {
		m.target = target
	}
	s.mu.Unlock()
	switch {
	case !current:
		return sbi.Problem(http.StatusForbidden, nsmf.CauseN2SMError, "the handover is over")
	case !wanted:
		return nil
	case m.direct:
		m.forwarding = forwarding
		return nil
	}
	end, err := s.openForwarding(ctx, m.rule, forwarding)
	if err != nil {
		s.smf.log.Warn("UPF forwards nothing during the handover", s.attrs(slog.Any("error", err))...)
		return nil
	}
	m.forwarding, m.indirect = end, true
	return nil
}

// openForwarding makes an indirect forwarding tunnel at the UPF and returns its end for the source, TS 23.502 §4.9.1.3.2
// step 11a to 11b.
func (s *session) openForwarding(ctx context.Context, rule uint16, to tunnel) (tunnel, error) {
	s.mu.Lock()
	u, seid, there := s.upf, s.remoteSEID, s.onUPF
	s.mu.Unlock()
	if !there || !u.alive() {
		return tunnel{}, errNotOnUPF
	}
	answer, err := s.smf.request(ctx, u, seid, &pfcp.SessionModificationRequest{
		CreatePDR: []pfcp.CreatePDR{{
			PDRID: pfcp.PDRID(rule),
			PDI: pfcp.PDI{SourceInterface: pfcp.InterfaceAccess, LocalFTEID: pfcp.Some(pfcp.FTEID{ChooseIPv4: true}),
				SourceInterfaceType: pfcp.Some(pfcp.InterfaceTypeN3DataForwarding)},
			OuterHeaderRemoval: pfcp.Some(pfcp.OuterHeaderRemoval{Description: pfcp.RemoveGTPUUDPIPv4}),
			FARID:              pfcp.Some(pfcp.FARID(rule)),
		}},
		CreateFAR: []pfcp.CreateFAR{{
			FARID: pfcp.FARID(rule), ApplyAction: pfcp.ApplyFORW,
			ForwardingParameters: pfcp.Some(pfcp.ForwardingParameters{
				DestinationInterface: pfcp.InterfaceAccess, OuterHeaderCreation: pfcp.Some(to.outerHeader()),
				DestinationInterfaceType: pfcp.Some(pfcp.InterfaceTypeN3DataForwarding)}),
		}},
	})
	if err != nil {
		return tunnel{}, err
	}
	if r, ok := answer.(*pfcp.SessionModificationResponse); ok {
		for _, c := range r.CreatedPDR {
			if f, ok := c.LocalFTEID.Get(); ok && f.IPv4.IsValid() {
				return tunnel{f.IPv4, f.TEID}, nil
			}
		}
	}
	return tunnel{}, errNoFTEID
}

// completeHandover has the UPF send downlink packets to the target, TS 23.502 §4.9.1.3.3 steps 6 to 11. A session that
// the target has not admitted loses its user plane.
func (s *session) completeHandover(ctx context.Context, out *nsmf.SMContextUpdatedData) error {
	m := s.handover()
	if m == nil || !m.target.valid() {
		_ = s.move(ctx, func(ctx context.Context) error { s.forgetHandover(ctx, m); return nil }) // it holds nothing that would stay
		s.goIdle("the target of the handover has not admitted it", out)
		return nil
	}
	out.UpCnxState = nsmf.Activated
	return s.move(ctx, func(ctx context.Context) error {
		s.mu.Lock()
		current := s.moving == m
		s.moving = nil
		if current {
			s.gnbQoS = m.qos
		}
		s.mu.Unlock()
		if !current {
			return sbi.Problem(http.StatusForbidden, nsmf.CauseN2SMError, "the handover is over")
		}
		if m.indirect { // what is under way has passed by then, step 15 of TS 23.502 §4.9.1.3.3
			time.AfterFunc(s.smf.cfg.Timers.Forwarding, func() { s.deliver(endForwarding{m}) })
		}
		return s.redirect(ctx, m.target)
	})
}

// forgetHandover ends a handover that does not take place, TS 23.502 §4.9.1.4.
func (s *session) forgetHandover(ctx context.Context, m *n2Move) {
	if m == nil {
		return
	}
	s.mu.Lock()
	if s.moving == m {
		s.moving = nil
	}
	s.mu.Unlock()
	s.closeForwarding(ctx, m)
}

// closeForwarding takes the indirect forwarding tunnel of a handover away.
func (s *session) closeForwarding(ctx context.Context, m *n2Move) {
	if !m.indirect {
		return
	}
	m.indirect = false
	s.mu.Lock()
	u, seid, there := s.upf, s.remoteSEID, s.onUPF
	s.mu.Unlock()
	if !there || !u.alive() {
		return // with the session's other rules, or not there any more
	}
	_, err := s.smf.request(ctx, u, seid, &pfcp.SessionModificationRequest{
		RemovePDR: []pfcp.RemovePDR{{PDRID: pfcp.PDRID(m.rule)}}, RemoveFAR: []pfcp.RemoveFAR{{FARID: pfcp.FARID(m.rule)}},
	})
	if err != nil {
		s.smf.log.Info("forwarding tunnel not removed", s.attrs(slog.Any("error", err))...)
	}
}

// handoverRequestTransfer asks the target for the resources of the session, TS 38.413 §9.3.4.1. Call it with s.mu held.
func (s *session) handoverRequestTransfer(direct bool) (nsmf.N2SMInfo, error) {
	t, err := s.setupRequest()
	if err != nil {
		return nsmf.N2SMInfo{}, err
	}
	if direct {
		t.DirectForwardingPathAvailability = new(ngap.DirectForwardingPathAvailabilityDirectPathAvailable)
	}
	b, err := t.Append(nil)
	return nsmf.N2SMInfo{Type: nsmf.PDUResSetupReq, Data: b}, err
}

// handoverCommandTransfer tells the source where to forward what it still has, TS 38.413 §9.3.4.10.
func (s *session) handoverCommandTransfer(m *n2Move, flows ngap.QosFlowListWithDataForwarding) (nsmf.N2SMInfo, error) {
	var t ngap.HandoverCommandTransfer
	if m.forwarding.valid() {
		end, err := m.forwarding.transport()
		if err != nil {
			return nsmf.N2SMInfo{}, err
		}
		t.DLForwardingUPTNLInformation = &end
		for _, f := range flows {
			if f.DataForwardingAccepted != nil {
				t.QosFlowToBeForwardedList = append(t.QosFlowToBeForwardedList, ngap.QosFlowToBeForwardedItem{QosFlowIdentifier: f.QosFlowIdentifier})
			}
		}
	}
	b, err := t.Append(nil)
	return nsmf.N2SMInfo{Type: nsmf.HandoverCmd, Data: b}, err
}

// notAdmitted tells the source why the target has not admitted the session, TS 38.413 §9.3.4.18 and §9.3.4.19.
func (s *session) notAdmitted(b []byte) nsmf.N2SMInfo {
	cause := ngap.CauseRadioNetworkHoFailureInTarget5GCNGRANNodeOrTargetSystem
	if t, err := ngap.DecodeHandoverResourceAllocationUnsuccessfulTransfer(b); err == nil {
		cause = t.Cause
	}
	s.smf.log.Warn("target gNB has not admitted the session", s.attrs(slog.String("cause", cause.String()))...)
	n2, err := (&ngap.HandoverPreparationUnsuccessfulTransfer{Cause: cause}).Append(nil)
	if err != nil {
		s.smf.log.Error("cannot encode", "transfer", "HandoverPreparationUnsuccessfulTransfer", "error", err)
	}
	return nsmf.N2SMInfo{Type: nsmf.HandoverPrepFail, Data: n2}
}
