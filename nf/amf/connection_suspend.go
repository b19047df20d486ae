package amf

import (
	"context"
	"slices"

	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// mayBeSuspended tells whether UE and operator want the user plane CIoT 5GS optimisation, TS 23.501 §5.31.18.
func (ue *ue) mayBeSuspended() bool { return ue.amf.cfg.Suspend && ue.mm.UserPlaneCIoT() }

// suspendSupport tells a gNB that it may suspend the UE, TS 38.413 §8.3.1.2; nil: it may not.
func (ue *ue) suspendSupport() *ngap.UEUPCIoTSupport {
	if !ue.mayBeSuspended() {
		return nil
	}
	return new(ngap.UEUPCIoTSupportSupported)
}

// networkFeatures are what the UE is told that it may count on, TS 24.501 §9.11.3.5.
func (ue *ue) networkFeatures() gmm.NetworkFeatureSupport {
	features := gmm.NetworkFeatureSupport{0, 0}
	if ue.mayBeSuspended() {
		features[1] = 0x80 // 5G-UP CIoT
	}
	return features
}

// suspend is the Connection Suspend procedure, TS 23.502 §4.8.2.3 and TS 38.413 §8.3.11: the UE goes to CM-IDLE, and the
// gNB keeps its context and its tunnels for later.
func (ue *ue) suspend(ctx context.Context, m *ngap.UEContextSuspendRequest) {
	conn := ue.conn
	switch {
	case !ue.mayBeSuspended(): // TS 38.413 §8.3.11.3: the gNB releases the UE instead
		ue.log().Warn("gNB may not suspend the UE", "asked", "UE context suspend", "allowed", "release",
			"change", "amf.suspend in the config, or a UE that has user plane CIoT 5GS optimisation")
		conn.refuseSuspend(ngap.CauseMiscUnspecified)
		return
	case !ue.registered || !conn.contextSetUp || len(ue.waiting) > 0: // something is still to be said to the UE
		conn.refuseSuspend(ngap.CauseRadioNetworkInteractionWithOtherProcedure)
		return
	}
	ue.running = connectionSuspend
	defer func() { ue.running = idle }()
	ue.recommended(m.InfoOnRecommendedCellsAndRANNodesForPaging)
	transfers := make(map[uint8][]byte)
	for _, s := range m.PDUSessionResourceSuspendListSUSReq {
		transfers[uint8(s.PDUSessionID)] = s.UEContextSuspendRequestTransfer
	}
	for _, s := range slices.Clone(ue.sessions) { // steps 2 to 4
		if !s.active {
			continue
		}
		if transfer, named := transfers[s.id]; named {
			ue.suspendSession(ctx, s, transfer)
		} else {
			ue.deactivateSession(ctx, s, "the gNB does not keep it")
		}
	}
	ue.remember()
	ue.conn, ue.suspended = nil, conn
	conn.gnb.send(conn, &ngap.UEContextSuspendResponse{AMFUENGAPID: conn.amfID, RANUENGAPID: conn.ranID}) // step 5
	ue.log().Info("suspended", "gnb", conn.gnb.label())
}

func (ue *ue) suspendSession(ctx context.Context, s *smContext, transfer []byte) {
	s.active = false
	updated, err := ue.amf.services.Sessions.UpdateSMContext(ctx, s.ref, nsmf.SMContextUpdateData{
		UpCnxState: nsmf.Suspended, N2SMInfo: nsmf.N2SMInfo{Type: nsmf.UEContextSuspendReq, Data: slices.Clone(transfer)}, TAI: ue.tai,
	})
	if err != nil {
		ue.log().Warn("user plane not suspended", "session", s.id, "error", err)
		ue.dropIfGone(s, err)
		return
	}
	s.paused = updated.UpCnxState == nsmf.Suspended
}

// openSuspended takes an N2 message about a UE in CM-IDLE with suspend.
func (ue *ue) openSuspended(m *n2Message) any {
	switch message := m.message.(type) {
	case *ngap.UEContextResumeRequest:
		return message
	case *ngap.UEContextReleaseRequest: // the gNB does not keep the UE any longer
		m.conn.gnb.release(m.conn, message.Cause)
		return &connectionLost{conn: m.conn, why: "the gNB ends the suspension"}
	case *ngap.ErrorIndication:
		if unknownUE(message) {
			m.conn.gnb.close(m.conn)
			return &connectionLost{conn: m.conn, why: "the gNB does not know the UE"}
		}
	}
	ue.aside(m)
	return nil
}

// resume is the Connection Resume procedure in CM-IDLE with suspend, TS 23.502 §4.8.2.4 and TS 38.413 §8.3.12: the UE is
// connected again, with the user planes that the gNB and the SMFs could take up.
func (ue *ue) resume(ctx context.Context, m *ngap.UEContextResumeRequest) {
	conn := ue.suspended
	if conn == nil || ue.conn != nil {
		ue.conn.refuseResume(ngap.CauseProtocolMessageNotCompatibleWithReceiverState)
		return
	}
	before := ue.running
	ue.running = connectionResume
	defer func() { ue.running = before }()
	ue.conn, ue.suspended = conn, nil
	ue.unsupervise()
	ue.recommended(m.InfoOnRecommendedCellsAndRANNodesForPaging)
	resumed, failed := ue.resumeSessions(ctx, m) // steps 5 to 8
	if len(m.PDUSessionResourceResumeListRESReq) > 0 && len(resumed) == 0 {
		ue.log().Warn("not resumed: no user plane could be taken up again")
		conn.refuseResume(ngap.CauseRadioNetworkUnspecified) // TS 38.413 §8.3.12.3
		conn.gnb.close(conn)
		ue.conn = nil
		return
	}
	ue.nextHop.advance() // TS 33.501 §6.16.2
	next := ue.nextHop.securityContext()
	conn.gnb.send(conn, &ngap.UEContextResumeResponse{ // step 9
		AMFUENGAPID: conn.amfID, RANUENGAPID: conn.ranID, SecurityContext: &next,
		PDUSessionResourceResumeListRESRes: resumed, PDUSessionResourceFailedToResumeListRESRes: failed,
	})
	ue.log().Info("resumed", "sessions", len(resumed), "released", len(failed))
	ue.transferWaiting(ctx)
}

// resumeSessions has the SMFs take the user planes up again that the gNB has. The others are down.
func (ue *ue) resumeSessions(ctx context.Context, m *ngap.UEContextResumeRequest) (resumed ngap.PDUSessionResourceResumeListRESRes, failed ngap.PDUSessionResourceFailedToResumeListRESRes) {
	for _, item := range m.PDUSessionResourceResumeListRESReq {
		s := ue.session(uint8(item.PDUSessionID))
		transfer, ok := ue.resumeSession(ctx, s, item.UEContextResumeRequestTransfer)
		if !ok {
			failed = append(failed, ngap.PDUSessionResourceFailedToResumeItemRESRes{PDUSessionID: item.PDUSessionID, Cause: ngap.CauseRadioNetworkUnspecified})
			continue
		}
		resumed = append(resumed, ngap.PDUSessionResourceResumeItemRESRes{PDUSessionID: item.PDUSessionID, UEContextResumeResponseTransfer: transfer})
	}
	for _, item := range m.PDUSessionResourceFailedToResumeListRESReq {
		ue.log().Info("gNB could not resume a session", "session", item.PDUSessionID, "cause", item.Cause)
	}
	ue.stopPaused(ctx, "the gNB did not resume it")
	return resumed, failed
}

func (ue *ue) resumeSession(ctx context.Context, s *smContext, transfer []byte) ([]byte, bool) {
	if s == nil || !s.paused || !ue.mayCommunicate() {
		return nil, false
	}
	updated, err := ue.amf.services.Sessions.UpdateSMContext(ctx, s.ref, nsmf.SMContextUpdateData{
		UpCnxState: nsmf.Activated, N2SMInfo: nsmf.N2SMInfo{Type: nsmf.UEContextResumeReq, Data: slices.Clone(transfer)}, TAI: ue.tai,
	})
	if err != nil {
		ue.log().Warn("user plane not resumed", "session", s.id, "error", err)
		ue.dropIfGone(s, err)
		return nil, false
	}
	s.paused, s.active = false, true
	return updated.N2SMInfo.Data, true
}

// stopPaused takes down the user planes that are still suspended.
func (ue *ue) stopPaused(ctx context.Context, why string) {
	for _, s := range slices.Clone(ue.sessions) {
		if s.paused {
			s.paused = false
			ue.deactivateSession(ctx, s, why)
		}
	}
}

// endSuspension is the way from CM-IDLE with suspend to CM-IDLE: the gNB gives up what it keeps.
func (ue *ue) endSuspension(ctx context.Context, cause ngap.Cause) {
	conn := ue.suspended
	if conn == nil {
		return
	}
	ue.suspended = nil
	conn.gnb.release(conn, cause)
	ue.stopPaused(ctx, cause.String())
}

// resumes tells whether a message is a suspended UE that comes back.
func (ue *ue) resumes(m any) bool {
	_, is := m.(*ngap.UEContextResumeRequest)
	return is && ue.suspended != nil
}

// comeBack serves what answered the paging, and tells whether the UE showed its 5G-GUTI for it.
func (ue *ue) comeBack(ctx context.Context, answer any) (shown bool) {
	if m, resumes := answer.(*ngap.UEContextResumeRequest); resumes {
		ue.resume(ctx, m)
		return ue.conn != nil
	}
	init := answer.(*initialMessage)
	ue.serveInitial(ctx, init)
	_, service := init.message.(*gmm.ServiceRequest)
	return service
}

func (c *connection) refuseSuspend(cause ngap.Cause) {
	c.gnb.send(c, &ngap.UEContextSuspendFailure{AMFUENGAPID: c.amfID, RANUENGAPID: c.ranID, Cause: cause})
}

func (c *connection) refuseResume(cause ngap.Cause) {
	c.gnb.send(c, &ngap.UEContextResumeFailure{AMFUENGAPID: c.amfID, RANUENGAPID: c.ranID, Cause: cause})
}
