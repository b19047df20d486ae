package smf

import (
	"log/slog"

	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

// modificationRequested answers a PDU SESSION MODIFICATION REQUEST, TS 24.501 §6.4.2.4. The PCF alone decides the QoS
// of a session here, so a UE that asks for QoS of its own hears that it is not accepted (or what is wrong with its
// rules), and other changes are a service that the network does not offer.
func (s *session) modificationRequested(m *gsm.PDUSessionModificationRequest) gsm.Message {
	if !s.is(Active) && !s.is(Establishing) {
		return nil // the release goes on: TS 24.501 §6.3.3.5
	}
	cause := gsm.CauseServiceOptionNotSupported
	if len(m.RequestedQoSRules)+len(m.RequestedQoSFlowDescriptions) > 0 {
		cause = gsm.Cause5GSQoSNotAccepted
		if wrong, ok := gsm.CauseOf(m.RequestedQoSRules.Check()); ok {
			cause = wrong
		} else if wrong, ok := gsm.CauseOf(m.RequestedQoSFlowDescriptions.Check()); ok {
			cause = wrong
		}
	}
	s.smf.log.Info("PDU session modification refused", s.attrs(slog.String("cause", cause.Error()),
		slog.String("asked", "a change by the UE"), slog.String("allowed", "QoS as the PCF decides"), slog.String("change", "the policy for this subscriber and DNN"))...)
	return &gsm.PDUSessionModificationReject{PDUSessionID: s.id, PTI: m.PTI, Cause: cause}
}
