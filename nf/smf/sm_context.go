package smf

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

// CreateSMContext is nsmf.PDUSession.CreateSMContext, TS 29.502 §5.2.2.2.
func (s *SMF) CreateSMContext(ctx context.Context, data nsmf.SMContextCreateData) (nsmf.SMContextCreatedData, error) {
	ref, answer, err := s.createSMContext(ctx, data)
	if err == nil {
		return nsmf.SMContextCreatedData{Ref: ref}, nil
	}
	r := asRefusal(err)
	r.log(s.log, []any{
		"supi", data.SUPI.Conceal(), "pdu_session", data.PDUSessionID, "dnn", data.DNN, "slice", data.SNSSAI.String(),
	})
	if answer == nil {
		return nsmf.SMContextCreatedData{}, r.smContextError(nil)
	}
	return nsmf.SMContextCreatedData{}, r.smContextError(s.encode(answer))
}

// createSMContext checks a request to establish a session, and starts it. On an error, answer is what the UE must hear.
func (s *SMF) createSMContext(ctx context.Context, data nsmf.SMContextCreateData) (ref string, answer gsm.Message, err error) {
	request, answer, err := readEstablishmentRequest(data)
	if err != nil {
		return "", answer, err
	}
	pti := request.PTI
	refuse := func(err error) (string, gsm.Message, error) {
		return "", asRefusal(err).message(s.cfg.Timers, data.PDUSessionID, pti), err
	}
	if err := s.checkRequestType(data); err != nil {
		return refuse(err)
	}
	network, err := s.network(data)
	if err != nil {
		return refuse(err)
	}
	e, err := s.authorize(ctx, network, data, request)
	if err != nil {
		return refuse(err)
	}
	security := network.Security.under(e.subscribed.UPSecurity)
	if err := security.permits(request.IntegrityProtectionMaximumDataRate); err != nil {
		return refuse(err)
	}
	if n := s.pool.Running(); n >= s.cfg.MaxProcedures {
		return refuse(&refusal{cause: gsm.CauseInsufficientResources, sbi: sbi.CauseNFCongestion, status: http.StatusServiceUnavailable,
			asked: "a PDU session while " + strconv.Itoa(n) + " procedures run", allowed: strconv.Itoa(s.cfg.MaxProcedures), change: "try later, or raise MaxProcedures"})
	}
	n := &session{smf: s, supi: data.SUPI, id: data.PDUSessionID, network: network, slice: data.SNSSAI, plmn: data.ServingNetwork, serving: s.otherAMF(data.GUAMI),
		integrity: request.IntegrityProtectionMaximumDataRate, security: security, kind: e.kind, ssc: e.ssc, filters: e.filters, rqos: e.rqos, alwaysOn: network.AlwaysOn.grants(e.alwaysOn),
		state: Establishing, up: nsmf.Deactivated}
	prior := s.add(n)
	if prior != nil {
		prior.end("its identity is used again (TS 24.501 §6.4.1.7)")
	}
	if !n.deliver(establish{request: e, prior: prior}) {
		s.forget(n)
		return refuse(failure(errStopping, "wait until the SMF has started again"))
	}
	return n.ref(), nil, nil
}

// UpdateSMContext is nsmf.PDUSession.UpdateSMContext, TS 29.502 §5.2.2.3.
func (s *SMF) UpdateSMContext(ctx context.Context, ref string, data nsmf.SMContextUpdateData) (nsmf.SMContextUpdatedData, error) {
	n := s.find(ref)
	if n == nil || n.is(Released) {
		return nsmf.SMContextUpdatedData{}, s.noContext(ref, data.N1SMMsg)
	}
	var out nsmf.SMContextUpdatedData
	if data.GUAMI != (ident.GUAMI{}) {
		n.servedBy(data.GUAMI)
	}
	if data.Release { // TS 23.502 §4.3.4.2 step 1, by the AMF
		n.deliver(networkRelease{gsm.CauseUserAuthenticationOrAuthorizationFailed})
		return out, nil
	}
	switch {
	case data.HoState != "":
		return out, n.hoState(ctx, data, &out)
	case data.N2SMInfo.Type == nsmf.UEContextSuspendReq:
		return out, n.suspend(data.N2SMInfo, &out)
	case data.N2SMInfo.Type == nsmf.UEContextResumeReq:
		return out, n.resume(data.N2SMInfo, &out)
	case data.N2SMInfo.Type != "":
		if err := n.n2(ctx, data.N2SMInfo, &out); err != nil {
			return out, err
		}
	}
	switch data.UpCnxState {
	case nsmf.Activating:
		n.awaitTunnel(ctx)
		if err := n.activate(&out); err != nil {
			return out, err
		}
	case nsmf.Deactivated:
		if s.otherAMF(data.GUAMI) == (ident.GUAMI{}) {
			n.goIdle(data.NGAPCause, &out)
		} else if err := n.goIdleAbroad(ctx, data.NGAPCause, &out); err != nil {
			return out, err
		}
	}
	if len(data.N1SMMsg) > 0 {
		n.n1(data.N1SMMsg, &out)
	}
	return out, nil
}

// ReleaseSMContext is nsmf.PDUSession.ReleaseSMContext, TS 29.502 §5.2.2.4: the AMF ends the session and the UE knows.
func (s *SMF) ReleaseSMContext(ctx context.Context, ref string, data nsmf.SMContextReleaseData) error {
	n := s.find(ref)
	if n == nil || n.is(Released) {
		return sbi.Problem(http.StatusNotFound, sbi.CauseContextNotFound, "SM context %q does not exist", ref)
	}
	if sbi.Caller(ctx) == "" && n.amf() != s.deps.AMF { // the AMF of this core has not heard where its UE is
		return sbi.NotYours("the AMF of another core serves the UE of SM context %q", ref)
	}
	n.end("released by the AMF: " + data.Cause)
	return nil
}

// find finds a session by its reference.
func (s *SMF) find(ref string) *session {
	seid, err := strconv.ParseUint(ref, 16, 64)
	if err != nil {
		return nil
	}
	return s.session(seid)
}

// noContext answers about a session that does not exist. A UE that asked for something is told, TS 24.501 §7.3.2.
func (s *SMF) noContext(ref string, n1 []byte) error {
	problem := sbi.Problem(http.StatusNotFound, sbi.CauseContextNotFound, "SM context %q does not exist", ref)
	h, err := nas.Peek(n1)
	if err != nil || h.EPD != nas.EPD5GSM {
		return problem
	}
	var answer gsm.Message
	switch gsm.MessageType(h.MessageType) {
	case gsm.TypePDUSessionReleaseRequest:
		answer = &gsm.PDUSessionReleaseReject{PDUSessionID: h.PDUSessionID, PTI: h.PTI, Cause: gsm.CauseInvalidPDUSessionIdentity}
	case gsm.TypePDUSessionModificationRequest:
		answer = &gsm.PDUSessionModificationReject{PDUSessionID: h.PDUSessionID, PTI: h.PTI, Cause: gsm.CauseInvalidPDUSessionIdentity}
	case gsm.TypePDUSessionReleaseComplete, gsm.TypeStatus:
		return problem // the session is gone, as the UE says; a status is never answered with one
	default:
		answer = status5GSM(h.PDUSessionID, h.PTI, gsm.CauseInvalidPDUSessionIdentity)
	}
	return &nsmf.SMContextError{ProblemDetails: problem, N1SMMsg: s.encode(answer)}
}

// end ends the session without the UE. What it holds is given back by its own goroutine.
func (s *session) end(why string) {
	s.mu.Lock()
	before := s.state
	s.state = Released
	s.mu.Unlock()
	if before != Released {
		s.note("PDU session ended", "why", why)
	}
	s.deliver(discard{why})
}

// n2 takes an N2 container from the gNB, TS 29.502 §5.2.2.3.2 and §5.2.2.3.3. The session does the rest.
func (s *session) n2(ctx context.Context, info nsmf.N2SMInfo, out *nsmf.SMContextUpdatedData) error {
	var outcome any
	var err error
	switch info.Type {
	case nsmf.PDUResSetupRsp:
		outcome, err = readSetupResponse(info.Data)
		out.UpCnxState = nsmf.Activated
	case nsmf.PDUResSetupFail:
		outcome, err = readSetupFailure(info.Data)
		out.UpCnxState = nsmf.Deactivated
	case nsmf.SecondaryRATUsage:
		return s.secondaryRATUsage(info.Data)
	case nsmf.PathSwitchReq:
		return s.pathSwitchRequested(ctx, info.Data, out)
	case nsmf.PathSwitchSetupFail:
		return s.pathSwitchSetupFailed(info.Data, out)
	case nsmf.PDUResModInd:
		return s.tunnelMoved(ctx, info.Data, out)
	case nsmf.PDUResNty:
		return s.qosNotified(info.Data)
	case nsmf.PDUResNtyRel:
		return s.resourcesReleased(info.Data, out)
	case nsmf.PDUResModRsp:
		outcome, err = readModifyResponse(info.Data)
	case nsmf.PDUResModFail:
		outcome, err = readModifyFailure(info.Data)
	case nsmf.PDUResRelRsp:
		if s.connected() == nil { // set up anew since the gNB was asked
			s.goIdle("the gNB has released it", out)
		}
		return nil // the resources are given up whatever the answer is
	default:
		return sbi.Problem(http.StatusForbidden, nsmf.CauseN2SMError, "%s answers nothing that this SMF asks", info.Type)
	}
	if err != nil {
		s.smf.log.Warn("gNB sent an N2 container that cannot be read", s.attrs(slog.String("type", string(info.Type)), slog.Any("error", err))...)
		s.unreadableN2(info.Type, out)
		return sbi.Problem(http.StatusForbidden, nsmf.CauseN2SMError, "%s: %v", info.Type, err)
	}
	if o, ok := outcome.(setupOutcome); ok && s.security.broken(&o) {
		s.smf.log.Error("gNB does not protect user data as it must", s.attrs(slog.Bool("integrity", !o.unprotected), slog.Bool("confidentiality", !o.readable))...)
		outcome, out.UpCnxState = setupOutcome{failed: "user plane security is not what is required"}, nsmf.Deactivated
	}
	switch o, ok := outcome.(setupOutcome); {
	case ok && o.failed != "":
		s.radioGone()
	case ok && !s.gnbAnswered():
		out.UpCnxState = nsmf.Deactivated
		return sbi.Problem(http.StatusForbidden, nsmf.CauseN2SMError, "the user plane has been taken down since the gNB was asked to set it up")
	}
	if !s.deliver(outcome) {
		return sbi.Problem(http.StatusServiceUnavailable, sbi.CauseNFCongestion, "session is busy")
	}
	return nil
}

// gnbAnswered notes that the gNB holds the session, so that it may hand the UE over at once. It tells whether that is wanted
// still: what is not, the gNB has been asked to release, or has no connection for.
func (s *session) gnbAnswered() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != Active {
		return true // the answer to a session that is being released says nothing
	}
	if s.up != nsmf.Activating && s.up != nsmf.Activated {
		return false
	}
	s.up = nsmf.Activated
	return true
}

// unreadableN2 takes an answer of the gNB that cannot be read for a refusal.
func (s *session) unreadableN2(t nsmf.N2SMInfoType, out *nsmf.SMContextUpdatedData) {
	why := "unreadable " + string(t)
	if t == nsmf.PDUResModRsp || t == nsmf.PDUResModFail {
		s.deliver(modifyOutcome{failed: why})
		return
	}
	out.UpCnxState = nsmf.Deactivated
	s.radioGone()
	s.deliver(setupOutcome{failed: why})
}

// n1 takes a 5GSM message from the UE, TS 24.501 §6 and §7. What the UE must hear is put into out.
func (s *session) n1(b []byte, out *nsmf.SMContextUpdatedData) {
	if answer := s.answerN1(b, out); answer != nil {
		out.N1SMMsg = s.smf.encode(answer)
	}
}

// answerN1 is what a UE hears of a 5GSM message. A message of a procedure that is not offered, such as the PDU session
// authentication of TS 24.501 §6.3.1, fits none.
func (s *session) answerN1(b []byte, out *nsmf.SMContextUpdatedData) gsm.Message {
	m, err := gsm.Decode(b)
	if err != nil {
		return s.unreadable(b, err)
	}
	if m.SessionID() != s.id { // TS 24.501 §7.3.2
		return wrongSession(m)
	}
	if answer := wrongPTI(m); answer != nil {
		return answer
	}
	switch m := m.(type) {
	case *gsm.PDUSessionReleaseRequest:
		return s.releaseRequested(m, out)
	case *gsm.PDUSessionReleaseComplete:
		return s.releaseCompleted(m, out)
	case *gsm.PDUSessionModificationRequest:
		return s.modificationRequested(m)
	case *gsm.PDUSessionModificationComplete:
		return s.modificationAnswered(m.PTI, 0)
	case *gsm.PDUSessionModificationCommandReject:
		return s.modificationAnswered(m.PTI, m.Cause)
	case *gsm.Status:
		s.statusReceived(m)
		return nil
	}
	s.smf.log.Info("5GSM message fits no procedure of the session", s.attrs(slog.String("message", m.Name()))...)
	return status5GSM(s.id, m.TransactionID(), gsm.CauseMessageTypeNotCompatibleWithTheProtocolState) // TS 24.501 §7.4
}

// unreadable answers a message that cannot be decoded, TS 24.501 §7.2, §7.4 and §7.5.1.
func (s *session) unreadable(b []byte, err error) gsm.Message {
	s.smf.log.Warn("5GSM message cannot be read", s.attrs(slog.Any("error", err))...)
	h, peekErr := nas.Peek(b)
	cause, known := gsm.CauseOf(err)
	if peekErr != nil || !known {
		return nil
	}
	switch gsm.MessageType(h.MessageType) {
	case gsm.TypePDUSessionReleaseRequest:
		return &gsm.PDUSessionReleaseReject{PDUSessionID: s.id, PTI: h.PTI, Cause: cause}
	case gsm.TypePDUSessionModificationRequest:
		return &gsm.PDUSessionModificationReject{PDUSessionID: s.id, PTI: h.PTI, Cause: cause}
	case gsm.TypeStatus:
		return nil
	}
	return status5GSM(s.id, h.PTI, cause)
}

// wrongSession answers a message about another session than that to which it was sent, TS 24.501 §7.3.2.
func wrongSession(m gsm.Message) gsm.Message {
	switch m.(type) {
	case *gsm.PDUSessionReleaseRequest:
		return &gsm.PDUSessionReleaseReject{PDUSessionID: m.SessionID(), PTI: m.TransactionID(), Cause: gsm.CauseInvalidPDUSessionIdentity}
	case *gsm.PDUSessionModificationRequest:
		return &gsm.PDUSessionModificationReject{PDUSessionID: m.SessionID(), PTI: m.TransactionID(), Cause: gsm.CauseInvalidPDUSessionIdentity}
	case *gsm.Status:
		return nil
	}
	return status5GSM(m.SessionID(), m.TransactionID(), gsm.CauseInvalidPDUSessionIdentity)
}

// Procedure transaction identities, TS 24.501 §9.6 and TS 24.007 §11.2.3.1a.
const (
	noPTI       = 0
	reservedPTI = 255
)

// wrongPTI answers a request without a usable procedure transaction identity, TS 24.501 §7.3.1.
func wrongPTI(m gsm.Message) gsm.Message {
	if _, ok := m.(*gsm.Status); ok {
		return nil
	}
	pti, request := m.TransactionID(), false
	switch m.(type) {
	case *gsm.PDUSessionEstablishmentRequest, *gsm.PDUSessionReleaseRequest, *gsm.PDUSessionModificationRequest:
		request = true
	}
	if pti == reservedPTI || request && pti == noPTI {
		return status5GSM(m.SessionID(), pti, gsm.CauseInvalidPTIValue)
	}
	return nil
}

// statusReceived acts on a 5GSM STATUS, TS 24.501 §6.5.3.
func (s *session) statusReceived(m *gsm.Status) {
	s.smf.log.Warn("UE reports an error", s.attrs(slog.String("cause", m.Cause.Error()), slog.Int("pti", int(m.PTI)))...)
	switch m.Cause {
	case gsm.CauseInvalidPDUSessionIdentity: // the UE has no such session
		s.endAndNotify("the UE does not know the session")
	case gsm.CausePTIMismatch, gsm.CauseInvalidPTIValue, gsm.CauseMessageTypeNonExistentOrNotImplemented,
		gsm.CauseMessageTypeNotCompatibleWithTheProtocolState:
		if s.is(Releasing) { // its answer to the command: the procedure is aborted and the session released locally
			s.endAndNotify("the UE did not take the release command")
		}
	}
}

// endAndNotify ends the session without the UE and tells the AMF, TS 29.502 §5.2.2.5.
func (s *session) endAndNotify(why string) {
	s.end(why)
	if err := s.amf().SMContextStatusNotify(s.smf.ctx, s.supi, s.id, s.ref()); err != nil {
		s.smf.log.Info("AMF was not told that the session ended", s.attrs(slog.Any("error", err))...)
	}
}
