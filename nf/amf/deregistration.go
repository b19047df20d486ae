package amf

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/sbi/nnsacf"
	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// deregistrationRequested is the UE-initiated deregistration procedure, TS 23.502 §4.2.2.3.2.
func (ue *ue) deregistrationRequested(ctx context.Context, m *initialMessage, request *gmm.DeregistrationRequestUEOriginating) {
	if !m.verified {
		ue.ignoreDeregistration(ctx, m, request)
		return
	}
	ue.running = deregistration
	defer func() { ue.running = idle }()
	ue.attach(ctx, m.conn)
	ue.conn.secured = true
	ue.releaseSessions(ctx, "UE deregisters") // steps 2 to 5
	var accept []byte
	if !request.DeregistrationType.SwitchOff() { // its NAS COUNT is reserved with the context, which goes now
		var err error
		if accept, err = ue.protect(&gmm.DeregistrationAcceptUEOriginating{}); err != nil {
			ue.log().Warn("deregistration is not answered", "error", err)
		}
	}
	if err := ue.unkeepLeaving(ctx); err != nil {
		ue.log().Info("deregistration that is over", "reason", err)
		ue.giveUp(ctx)
		return
	}
	if accept != nil {
		ue.sendPDU(accept) // step 7
	}
	ue.note("deregistered", "switchOff", request.DeregistrationType.SwitchOff())
	ue.forget(ctx, ngap.CauseNASDeregister) // steps 6, 8
}

// deregister asks for the network-initiated deregistration of a UE.
type deregister struct {
	cause      gmm.Cause         // 0: none
	rejected   gmm.RejectedNSSAI // slices, with cause #62
	reregister bool              // the UE is to register again
	why        string            // for the log
	done       chan<- struct{}   // closed when it is over; nil if nobody waits
}

// Deregister ends the registration of a UE on an operator's word, TS 23.502 §4.2.2.3.3; with reregister the UE comes back at
// once. It returns when that is done. Error: CauseContextNotFound.
func (a *AMF) Deregister(ctx context.Context, supi ident.SUPI, reregister bool, who string) error {
	u := a.ues.bySUPI.get(supi)
	if u == nil {
		return sbi.Problem(http.StatusNotFound, namf.CauseContextNotFound, "%s is not registered here", supi.Conceal())
	}
	done := make(chan struct{})
	if err := u.follow(&deregister{reregister: reregister, why: "ordered by " + who, done: done}); err != nil {
		return sbi.Problem(http.StatusServiceUnavailable, sbi.CauseNFCongestion, "%v", err)
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// deregister is the network-initiated deregistration procedure, TS 23.502 §4.2.2.3.3 and TS 24.501 §5.5.2.3. A UE in
// CM-IDLE is paged first; one that cannot be reached is deregistered all the same, and hears of it when it comes back.
func (ue *ue) deregister(ctx context.Context, d *deregister) {
	if d.done != nil {
		defer close(d.done)
	}
	if !ue.registered {
		return
	}
	ue.log().Info("deregistering", "reason", d.why, "cause", d.cause, "reregister", d.reregister)
	reached := ue.connect(ctx)
	if !ue.registered {
		return
	}
	ue.running = networkDeregistration
	defer func() { ue.running = idle }()
	ue.releaseSessions(ctx, d.why) // steps 3 to 5
	if reached {
		if err := ue.askToLeave(ctx, d); errors.Is(err, procedure.ErrSuperseded) {
			return // by a registration or a deregistration of the UE, which goes before
		}
	}
	_ = ue.unkeep(ctx)                      // if another node has taken the UE, forget gives it up
	ue.forget(ctx, ngap.CauseNASDeregister) // step 6
}

// askToLeave sends DEREGISTRATION REQUEST under T3522, TS 24.501 §5.5.2.3.1. Silence and the loss of the UE end it too,
// TS 24.501 §5.5.2.3.5 a) and b).
func (ue *ue) askToLeave(ctx context.Context, d *deregister) error {
	request := &gmm.DeregistrationRequestUETerminated{DeregistrationType: gmm.Deregister3GPP}
	if d.reregister {
		request.DeregistrationType |= gmm.ReregistrationRequired
	}
	if d.cause != 0 {
		request.Cause = &d.cause
	}
	request.RejectedNSSAI, request.ExtendedRejectedNSSAI = ue.rejections(d.rejected)
	answer, err := procedure.AskFor(ctx, ue, T3522, ue.sending(request), func(m any) bool {
		lost, isLoss := m.(*connectionLost)
		switch m.(type) {
		case *gmm.DeregistrationAcceptUETerminated, *ngap.UEContextReleaseRequest:
			return true
		}
		return isLoss && lost.conn == ue.conn
	})
	if lost, isLoss := answer.(*connectionLost); isLoss {
		ue.loseConnection(ctx, lost)
	}
	if err != nil && !errors.Is(err, procedure.ErrSuperseded) {
		ue.log().Warn("UE does not answer its deregistration", "reason", err)
	}
	return err
}

// ignoreDeregistration answers a request whose sender did not prove who it is: nobody may switch off another's phone.
func (ue *ue) ignoreDeregistration(ctx context.Context, m *initialMessage, request *gmm.DeregistrationRequestUEOriginating) {
	m.conn.gnb.log.Warn("deregistration without integrity has no effect (TS 24.501 §4.4.4.3)")
	if !request.DeregistrationType.SwitchOff() {
		m.conn.sendPlain(&gmm.DeregistrationAcceptUEOriginating{})
	}
	ue.releaseUnused(m.conn, ngap.CauseNASDeregister)
	if ue.supi == "" {
		ue.forget(ctx, ngap.CauseNASDeregister)
	}
}

// forget removes the context and all that hangs on it: N2 connection, sessions, policy, registration at the UDM.
func (ue *ue) forget(ctx context.Context, cause ngap.Cause) {
	ue.giveUpWaiting(ctx, namf.FailureCauseUnspecified)
	if ue.isTaken(ctx) {
		ue.giveUp(ctx)
		return
	}
	if ue.conn != nil {
		ue.releaseUnused(ue.conn, cause)
	}
	ue.endSuspension(ctx, cause)
	ue.giveBack(ctx)
	ue.releaseSessions(ctx, cause.String())
	ue.leave(ctx, cause)
}

// replaced serves replaced.
func (ue *ue) replaced(ctx context.Context, m *replaced) {
	ue.log().Info("context replaced by a newer registration")
	if m.came {
		ue.sessions = slices.DeleteFunc(ue.sessions, func(s *smContext) bool { return slices.Contains(m.sessions, s.ref) })
	}
	if lost := ue.amf.taking.Lost; m.came && lost != nil { // a node of the set may have taken them
		var refs []string
		for _, s := range ue.sessions {
			if isOwn(s.ref) { // else they are that core's to end
				refs = append(refs, s.ref)
			}
		}
		ue.sessions = nil
		lost(ctx, RestoredUE{}, refs) // policy and registration are the newer context's
	}
	ue.forget(ctx, ngap.CauseRadioNetworkReleaseDueTo5GCGeneratedReason)
}

// leave is forget without the sessions.
func (ue *ue) leave(ctx context.Context, cause ngap.Cause) {
	if ue.conn != nil {
		ue.releaseUnused(ue.conn, cause)
	}
	ue.endPolicy(ctx)
	_ = ue.unkeep(ctx) // another node has the UE by now: what is stored is that node's
	t := &ue.amf.ues
	t.byTMSI.drop(ue.guti.TMSI, ue)
	t.byTMSI.drop(ue.oldTMSI, ue)
	t.byForeign.drop(ue.foreign, ue)
	ue.deregisterAtUDM(ctx)
	ue.registered, ue.known = false, false
	ue.guti, ue.oldTMSI, ue.waiting, ue.sent = ident.GUTI{}, 0, nil, nil
	ue.security = security{}
	ue.keys++
}

// endPolicy ends the AM policy association, TS 23.502 §4.16.3.
func (ue *ue) endPolicy(ctx context.Context) {
	if ue.policy == "" {
		return
	}
	err := ue.amf.services.Policy.DeleteAMPolicy(ctx, ue.policy)
	if err != nil && sbi.CauseOf(err) != npcf.CausePolicyContextNotFound { // a newer context has replaced it
		ue.log().Warn("AM policy not deleted", "error", err)
	}
	ue.policy = ""
}

// deregisterAtUDM ends what is known of the UE by its SUPI, unless it is that of a newer context.
func (ue *ue) deregisterAtUDM(ctx context.Context) {
	if ue.supi == "" {
		return
	}
	t := &ue.amf.ues
	if done, err := t.turns.take(ctx, ue.supi); err == nil { // else the AMF ends
		defer done()
	}
	defer t.bySUPI.drop(ue.supi, ue)
	if t.bySUPI.get(ue.supi) != ue {
		return
	}
	if ue.known {
		err := ue.amf.services.UECM.DeregisterAMF(ctx, ue.supi, ue.amf.cfg.GUAMI)
		if err != nil && sbi.CauseOf(err) != nudm.CauseContextNotFound { // a subscriber that is no more
			ue.log().Warn("UDM keeps the registration", "error", err)
		}
	}
	ue.count(ctx, nil, nnsacf.Decrease, anySlice)
}
