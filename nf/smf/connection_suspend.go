package smf

import (
	"fmt"
	"log/slog"
	"net/http"

	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// suspension is what a gNB keeps of the session while its UE is in CM-IDLE with suspend, TS 23.502 §4.8.2.3.
type suspension struct {
	gnb tunnel
	qos *sessionQoS // that the gNB had been told
}

// suspend answers the AMF whose UE goes to CM-IDLE with suspend, TS 23.502 §4.8.2.3 steps 2 to 4: the gNB's tunnel is kept
// for later, and the UPF keeps downlink packets meanwhile.
func (s *session) suspend(info nsmf.N2SMInfo, out *nsmf.SMContextUpdatedData) error {
	if _, err := ngap.DecodeUEContextSuspendRequestTransfer(info.Data); err != nil {
		s.goIdle("suspended in a way that cannot be read", out)
		return sbi.Problem(http.StatusForbidden, nsmf.CauseN2SMError, "%s: %v", info.Type, err)
	}
	s.mu.Lock()
	s.suspended = nil
	if s.state == Active && s.up == nsmf.Activated && s.gnb.valid() {
		s.suspended = &suspension{s.gnb, s.gnbQoS}
	}
	s.leaveRadio()
	out.UpCnxState = s.up
	s.mu.Unlock()
	s.deliver(deactivate{why: "the UE is suspended"})
	return nil
}

// resting is the state of a user plane that is not up. Call it with s.mu held.
func (s *session) resting() nsmf.UpCnxState {
	if s.suspended != nil {
		return nsmf.Suspended
	}
	return nsmf.Deactivated
}

// resume answers the AMF whose UE comes back from CM-IDLE with suspend, TS 23.502 §4.8.2.4 steps 5 to 8: downlink packets
// go through the gNB's old tunnel again. A change for which the UE was called follows at once; of any other the gNB does not
// know, and such a session is set up anew.
func (s *session) resume(info nsmf.N2SMInfo, out *nsmf.SMContextUpdatedData) error {
	t, err := ngap.DecodeUEContextResumeRequestTransfer(info.Data)
	if err == nil {
		err = s.mayResume()
	}
	s.mu.Lock()
	kept := s.suspended
	s.suspended = nil
	if err == nil {
		s.gnbQoS, s.up = kept.qos, nsmf.Activated
	} else {
		s.up = nsmf.Deactivated
	}
	out.UpCnxState = s.up
	s.mu.Unlock()
	if err != nil {
		s.smf.log.Info("user plane not resumed", s.attrs(slog.Any("why", err))...)
		return sbi.Problem(http.StatusForbidden, nsmf.CauseN2SMError, "%v", err)
	}
	o := setupOutcome{gnb: kept.gnb}
	for _, f := range t.QosFlowFailedToResumeList {
		o.without = append(o.without, uint8(f.QosFlowIdentifier))
		o.causes = append(o.causes, flowCause(f))
	}
	answer, err := (&ngap.UEContextResumeResponseTransfer{}).Append(nil)
	if err != nil {
		return err
	}
	out.N2SMInfo = nsmf.N2SMInfo{Type: nsmf.UEContextResumeRsp, Data: answer}
	if !s.deliver(o) {
		return sbi.Problem(http.StatusServiceUnavailable, sbi.CauseNFCongestion, "session is busy")
	}
	return nil
}

// atGNB is the QoS that a gNB knows or will know when the UE comes back, nil for none. Call it with s.mu held.
func (s *session) atGNB() *sessionQoS {
	switch {
	case s.up == nsmf.Activated:
		return s.gnbQoS
	case s.suspended != nil:
		return s.suspended.qos
	}
	return nil
}

// mayResume says why a session cannot go on where it was suspended.
func (s *session) mayResume() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.state != Active || !s.onUPF || s.suspended == nil:
		return fmt.Errorf("the session is %s and its user plane %s", s.state, s.up)
	case !s.upf.alive():
		return fmt.Errorf("UPF %s does not answer", s.upf.Name)
	case s.suspended.qos == nil || !s.changing && s.wanted().profileChanges(s.suspended.qos) != nil:
		return fmt.Errorf("its QoS has changed meanwhile")
	}
	return nil
}
