package smf

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// activate answers the AMF that wants the user plane set up, TS 23.502 §4.2.3.2 steps 4 to 11: the UPF and its tunnel
// stay, so that the request to the gNB is ready.
func (s *session) activate(out *nsmf.SMContextUpdatedData) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.state != Active || !s.onUPF:
		return sbi.Problem(http.StatusForbidden, nsmf.CauseN2SMError, "the session is %s", s.state)
	case !s.upf.alive():
		s.smf.log.Warn("user plane not set up", s.attrs(slog.String("upf", s.upf.Name), slog.String("asked", "the user plane of the session"),
			slog.String("allowed", "none: its UPF does not answer"), slog.String("change", "start the UPF"))...)
		return sbi.Problem(http.StatusGatewayTimeout, nsmf.CauseUPFNotResponding, "UPF %s does not answer", s.upf.Name)
	case !s.uplink.valid():
		return sbi.Problem(http.StatusGatewayTimeout, nsmf.CauseUPFNotResponding, "UPF %s has not made the session anew", s.upf.Name)
	}
	n2, err := s.setupRequestTransfer()
	if err != nil {
		return sbi.Problem(http.StatusInternalServerError, sbi.CauseSystemFailure, "%v", err)
	}
	s.up, s.suspended = nsmf.Activating, nil
	out.UpCnxState, out.N2SMInfo = nsmf.Activating, n2
	return nil
}

// tunnelWait is how long a UE that wants its user plane waits for a session that its UPF is just being given.
const tunnelWait = 2 * time.Second

// awaitTunnel returns once the session has its end of N3 at the UPF, as far as it is about to have one: one that came from another
// node has none until the UPF of this one has made it, nor has one whose tunnel the UPF has given to another.
func (s *session) awaitTunnel(ctx context.Context) {
	s.mu.Lock()
	if s.uplink.valid() || s.state != Active || !s.onUPF || !s.upf.alive() {
		s.mu.Unlock()
		return
	}
	wait, _ := s.smf.tunnelWaits.LoadOrStore(s, make(chan struct{}))
	s.mu.Unlock()
	defer s.smf.tunnelWaits.CompareAndDelete(s, wait)
	late := time.NewTimer(tunnelWait)
	defer late.Stop()
	select {
	case <-wait.(chan struct{}):
	case <-late.C:
	case <-ctx.Done():
	}
}

// userPlaneSetUp takes the gNB's answer, TS 23.502 §4.2.3.2 steps 15 to 18, and has the UPF send downlink packets there.
func (s *session) userPlaneSetUp(ctx context.Context, o setupOutcome) {
	if !s.is(Active) {
		return // an answer to a session that is being released
	}
	if o.failed != "" {
		s.smf.log.Warn("gNB did not set the session up", s.attrs(slog.String("cause", o.failed))...)
		s.takenDown(ctx, o.failed)
		return
	}
	if !s.sendsTo(o.gnb) {
		return // the user plane has been taken down meanwhile
	}
	s.keepTunnel(ctx)
	if err := s.forward(ctx, o.gnb); err != nil && !s.recreate(ctx, o.gnb, err) {
		return
	}
	s.mu.Lock()
	if s.gnbQoS != nil {
		s.gnbQoS = s.gnbQoS.without(o.without, &sessionQoS{})
	}
	s.mu.Unlock()
	if len(o.without) > 0 {
		s.deliver(lostFlows{o.without, o.causes})
	}
}

// sendsTo notes where downlink packets go from now on, unless the user plane has been taken down since the gNB said so.
func (s *session) sendsTo(gnb tunnel) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.up != nsmf.Activated {
		return false
	}
	s.gnb = gnb
	return true
}

// recreate makes the session anew on a UPF that says it has none, and tells whether the user plane is then as wanted. A
// UPF that does not answer is told again when it does, and one with which no association can be had now gets the session
// back with the next. Where nothing helps the session has no user plane any more and is released.
func (s *session) recreate(ctx context.Context, gnb tunnel, cause error) bool {
	why := gsm.CauseNetworkFailure
	if isGone(cause) {
		s.smf.log.Warn("UPF has lost the session; it is made anew", s.attrs()...)
		s.mu.Lock()
		s.gnb = gnb
		s.mu.Unlock()
		var kept bool
		if kept, cause = s.remake(ctx); cause == nil {
			return kept
		}
		why = gsm.CauseReactivationRequested
	}
	if s.smf.ctx.Err() != nil {
		return false
	}
	switch causeOf(cause) {
	case 0:
		s.smf.log.Warn("UPF is told of the change once it answers", s.attrs(slog.Any("error", cause))...)
		s.upf.unconfirmed(s.seid)
		return true
	case pfcp.CauseNoEstablishedAssociation:
		s.upf.lose()
		return true
	}
	s.smf.log.Error("UPF does not serve the session", s.attrs(slog.Any("error", cause))...)
	s.releaseByNetwork(ctx, why)
	return false
}

// resyncUPF repeats what the UPF is to do with downlink packets.
func (s *session) resyncUPF(ctx context.Context) {
	if !s.is(Active) {
		return
	}
	s.mu.Lock()
	gnb, rules := s.gnb, s.rules(s.qos, s.uplink.fteid())
	s.mu.Unlock()
	if err := s.setRules(ctx, rules); err != nil && !s.recreate(ctx, gnb, err) {
		return
	}
	if gnb.valid() {
		s.userPlaneSetUp(ctx, setupOutcome{gnb: gnb})
	} else {
		s.idle(ctx, 0)
	}
}

// causeOf is the cause of a UPF's refusal, 0 if err is none.
func causeOf(err error) pfcp.Cause {
	if refused, ok := errors.AsType[*pfcp.Error](err); ok {
		return refused.Cause
	}
	return 0
}

// networkTriggeredServiceRequest has the UE paged because the UPF holds a packet for it, TS 23.502 §4.2.3.3.
func (s *session) networkTriggeredServiceRequest(ctx context.Context) {
	s.mu.Lock()
	if s.state != Active || s.gnb.valid() || s.up == nsmf.Activated {
		s.mu.Unlock()
		return // the report crossed with the UE's own service request, or its gNB's answer is still to be served
	}
	n2, err := s.setupRequestTransfer()
	s.up = nsmf.Activating
	arp, asked := s.qos.highestARP(), s.serving
	s.mu.Unlock()
	if err == nil {
		t := s.transfer(nil, n2, false)
		t.ARP = arp
		_, err = s.amf().N1N2MessageTransfer(ctx, s.supi, t) // step 3a
	}
	if sbi.CauseOf(err) == sbi.CauseContextNotFound {
		s.end("the AMF does not know the UE")
		return
	}
	if err != nil {
		s.smf.log.Info("AMF does not page the UE", s.attrs(slog.Any("error", err))...)
	}
	answer, err := procedure.AskFor(ctx, s, procedure.Timer{Name: "paging", Duration: s.smf.cfg.Timers.Paging}, func() error { return nil }, func(m any) bool {
		switch m.(type) {
		case setupOutcome, transferFailed:
			return true
		}
		return false
	})
	switch m := answer.(type) {
	case setupOutcome:
		s.userPlaneSetUp(ctx, m)
	case transferFailed:
		if s.wantsUE() && s.movedFrom(asked) { // the AMF that it went to has it paged, where it has not come by itself
			s.networkTriggeredServiceRequest(ctx)
			return
		}
		s.notReached(ctx, m)
	default:
		if errors.Is(err, procedure.ErrNoAnswer) {
			s.notReached(ctx, transferFailed{"it did not answer the paging in time"})
			s.releaseAN(ctx, ngap.CauseRadioNetworkUnspecified) // a gNB that was asked and did not answer may hold the session
		}
	}
}

// notReached drops what is buffered for a UE that was not reached and has the UPF report the next packet, TS 23.502
// §4.2.3.3 step 6.
func (s *session) notReached(ctx context.Context, m transferFailed) {
	if !s.is(Active) || !s.wantsUE() {
		return // the UE came by itself, or the session goes
	}
	s.smf.log.Info("UE not reached", s.attrs(slog.String("why", string(m.cause)))...)
	s.idle(ctx, pfcp.SMReqDROBU)
}

// wantsUE tells whether the user plane waits for the UE to come.
func (s *session) wantsUE() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.up == nsmf.Activating && !s.gnb.valid()
}

// N1N2TransferFailureNotify is namf.TransferFailures, TS 29.518 §5.2.2.3.2. It only enqueues.
func (s *SMF) N1N2TransferFailureNotify(_ context.Context, n namf.N1N2MsgTxfrFailureNotification) error {
	to := s.find(n.SMContextRef)
	if to == nil || to.is(Released) {
		return sbi.Problem(http.StatusNotFound, sbi.CauseContextNotFound, "SM context %q does not exist", n.SMContextRef)
	}
	if !to.deliver(transferFailed{n.Cause}) {
		return sbi.Problem(http.StatusServiceUnavailable, sbi.CauseNFCongestion, "session is busy")
	}
	return nil
}

// highestARP is the smallest ARP priority level of the session's flows, TS 23.501 §5.7.2.2: what waits may be of any.
func (q *sessionQoS) highestARP() uint8 {
	best := uint8(0)
	for i := range q.flows {
		if p := q.flows[i].arp.PriorityLevel; best == 0 || p < best {
			best = p
		}
	}
	return best
}
