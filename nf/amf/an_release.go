package amf

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// releaseRequested is the AN release procedure started by the gNB, TS 23.502 §4.2.6.
func (ue *ue) releaseRequested(ctx context.Context, m *ngap.UEContextReleaseRequest) {
	ue.leaveConnection(ctx, m.Cause)
}

// leaveConnection ends a connection: a registered UE goes to CM-IDLE, any other is forgotten.
func (ue *ue) leaveConnection(ctx context.Context, cause ngap.Cause) {
	if !ue.registered {
		ue.forget(ctx, cause)
		return
	}
	ue.releaseConnection(ctx, cause)
}

// releaseConnection brings the UE to CM-IDLE, TS 23.502 §4.2.6 steps 2 to 7.
func (ue *ue) releaseConnection(ctx context.Context, cause ngap.Cause) {
	conn := ue.conn
	if conn == nil {
		return
	}
	before := ue.running
	ue.running = anRelease
	defer func() { ue.running = before }()
	complete, err := procedure.Ask[*ngap.UEContextReleaseComplete](ctx, ue, ueContextRelease, func() error { // steps 2 to 4
		conn.gnb.send(conn, releaseCommand(conn, cause))
		return nil
	})
	if err != nil && !errors.Is(err, procedure.ErrSuperseded) {
		ue.log().Warn("gNB did not confirm the release", "reason", err)
	}
	if errors.Is(err, procedure.ErrNoAnswer) {
		go conn.gnb.resetAtGNB(ngap.CauseRadioNetworkReleaseDueTo5GCGeneratedReason, conn)
	}
	if err == nil {
		ue.recommended(complete.InfoOnRecommendedCellsAndRANNodesForPaging)
	}
	conn.gnb.close(conn)
	if ue.conn == conn {
		ue.conn = nil
	}
	ue.radioGone(ctx)
	ue.deactivateSessions(ctx, cause.String()) // steps 5 to 7
	ue.note("idle", "cause", cause)
}

// deactivateSessions takes down the N3 tunnels of all sessions, TS 23.502 §4.2.6 steps 5 to 7.
func (ue *ue) deactivateSessions(ctx context.Context, why string) {
	for _, s := range slices.Clone(ue.sessions) {
		if s.active {
			ue.deactivateSession(ctx, s, why)
		}
	}
}

// deactivateSession takes down the N3 tunnel of a session.
func (ue *ue) deactivateSession(ctx context.Context, s *smContext, why string) {
	s.active = false
	data := nsmf.SMContextUpdateData{UpCnxState: nsmf.Deactivated, NGAPCause: why}
	if !isOwn(s.ref) {
		if ue.isTaken(ctx) {
			return // it is another node's to say
		}
		data.GUAMI, data.ServingNFID = ue.amf.cfg.GUAMI, ue.amf.cfg.Core // which the SMF may have missed
	}
	_, err := ue.amf.services.Sessions.UpdateSMContext(ctx, s.ref, data)
	if err != nil {
		ue.log().Warn("user plane not deactivated", "session", s.id, "error", err)
		ue.notHeard(s, err)
	}
}

// tellAgainAfter is the time until the SMF of another core is told again that the user plane of a session is down, if it was not to be had.
const tellAgainAfter = 10 * time.Second

// saidAgain is due when an SMF is told again.
type saidAgain struct{ session *smContext }

// notHeard is for an SMF that did not do what it was told about a session that is not active. That of another core may be restarting: it
// is told so later. It tells whether the SMF has the session no more.
func (ue *ue) notHeard(s *smContext, err error) (gone bool) {
	gone = ue.dropIfGone(s, err)
	if gone || isOwn(s.ref) || s.unsaid {
		return gone
	}
	s.unsaid = true
	time.AfterFunc(tellAgainAfter, func() { _ = ue.insist(&saidAgain{s}) }) // refused only at shutdown
	return false
}

// sayAgain serves saidAgain.
func (ue *ue) sayAgain(ctx context.Context, m *saidAgain) {
	m.session.unsaid = false
	if slices.Contains(ue.sessions, m.session) && !m.session.active {
		ue.deactivateSession(ctx, m.session, "it was not to be had before")
	}
}
