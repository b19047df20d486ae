package smf

import (
	"log/slog"
	"net/http"

	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// qosNotified takes what a gNB says of QoS flows by itself, TS 38.413 §9.3.4.5: flows that it serves no more are taken
// back, TS 23.502 §4.3.3.2 step 1e; of those whose guarantee it cannot keep, which stay, the operator is told.
func (s *session) qosNotified(b []byte) error {
	t, err := ngap.DecodePDUSessionResourceNotifyTransfer(b)
	if err != nil {
		return sbi.Problem(http.StatusForbidden, nsmf.CauseN2SMError, "%s: %v", nsmf.PDUResNty, err)
	}
	for _, f := range t.QosFlowNotifyList {
		kept := f.NotificationCause == ngap.NotificationCauseFulfilled
		s.smf.log.Warn("gNB notifies of a guaranteed bit rate", s.attrs(slog.Int("qfi", int(f.QosFlowIdentifier)), slog.Bool("kept", kept))...)
	}
	var lost lostFlows
	for _, f := range t.QosFlowReleasedList {
		lost.without = append(lost.without, uint8(f.QosFlowIdentifier))
		lost.causes = append(lost.causes, flowCause(f))
	}
	if len(lost.without) == 0 {
		return nil
	}
	s.gnbLost(lost.without)
	if !s.deliver(lost) {
		return sbi.Problem(http.StatusServiceUnavailable, sbi.CauseNFCongestion, "session is busy")
	}
	return nil
}

// gnbLost notes that the gNB has flows no more.
func (s *session) gnbLost(qfis []uint8) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gnbQoS != nil {
		s.gnbQoS = s.gnbQoS.without(qfis, &sessionQoS{})
	}
}

// resourcesReleased takes that a gNB has given up a session by itself, TS 38.413 §9.3.4.13: its user plane goes, and comes
// back with the next data.
func (s *session) resourcesReleased(b []byte, out *nsmf.SMContextUpdatedData) error {
	t, err := ngap.DecodePDUSessionResourceNotifyReleasedTransfer(b)
	if err != nil {
		return sbi.Problem(http.StatusForbidden, nsmf.CauseN2SMError, "%s: %v", nsmf.PDUResNtyRel, err)
	}
	s.goIdle("released by the gNB: "+t.Cause.String(), out)
	return nil
}
