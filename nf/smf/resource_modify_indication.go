package smf

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"

	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// tunnelMove is what a gNB wants: where downlink packets go from now on, and in which QoS flows.
type tunnelMove struct {
	to        tunnel
	confirmed ngap.QosFlowModifyConfirmList
	failed    ngap.QosFlowListWithCause
}

var (
	errUnreadable = errors.New("the transfer cannot be read")
	errNoSuchFlow = errors.New("none of the QoS flows is of the session")
)

// tunnelMoved follows a gNB that has moved its end of the session's tunnel, TS 38.413 §8.2.5: the UPF sends downlink packets
// there, and end markers where they went before. Where that fails nothing has changed, and the gNB is told.
func (s *session) tunnelMoved(ctx context.Context, b []byte, out *nsmf.SMContextUpdatedData) error {
	var m tunnelMove
	err := s.connected()
	if err == nil {
		m, err = s.readModifyIndication(b)
	}
	if err == nil {
		err = s.move(ctx, func(ctx context.Context) error { return s.redirect(ctx, m.to) })
	}
	if err == nil {
		out.N2SMInfo, err = s.modifyConfirm(&m)
	}
	if err == nil {
		out.UpCnxState = nsmf.Activated
		return nil
	}
	s.smf.log.Warn("tunnel of the session not moved", s.attrs(slog.Any("error", err))...)
	cause := ngap.CauseRadioNetworkUnspecified
	switch {
	case errors.Is(err, errUnreadable):
		cause = ngap.CauseProtocolAbstractSyntaxErrorReject
	case errors.Is(err, errNoSuchFlow):
		cause = ngap.CauseRadioNetworkUnkownQOSFlowID
	}
	b, _ = (&ngap.PDUSessionResourceModifyIndicationUnsuccessfulTransfer{Cause: cause}).Append(nil) // a constant can be encoded
	return &nsmf.SMContextError{ProblemDetails: sbi.Problem(http.StatusForbidden, nsmf.CauseN2SMError, "tunnel not moved: %v", err),
		N2SMInfo: nsmf.N2SMInfo{Type: nsmf.PDUResModIndFail, Data: b}}
}

// readModifyIndication reads what the gNB wants, TS 38.413 §9.3.4.6. A session has one tunnel to the radio here: what is to
// go through a second one stays where it is.
func (s *session) readModifyIndication(b []byte) (m tunnelMove, err error) {
	t, err := ngap.DecodePDUSessionResourceModifyIndicationTransfer(b)
	if err != nil {
		return m, errors.Join(errUnreadable, err)
	}
	if m.to, err = tunnelFrom(&t.DLQosFlowPerTNLInformation.UPTransportLayerInformation); err != nil {
		return m, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.countSecondary(t.SecondaryRATUsageInformation)
	for _, f := range t.DLQosFlowPerTNLInformation.AssociatedQosFlowList {
		if s.qos.flow(uint8(f.QosFlowIdentifier)) == nil {
			m.failed = append(m.failed, ngap.QosFlowWithCauseItem{QosFlowIdentifier: f.QosFlowIdentifier, Cause: ngap.CauseRadioNetworkUnkownQOSFlowID})
			continue
		}
		m.confirmed = append(m.confirmed, ngap.QosFlowModifyConfirmItem{QosFlowIdentifier: f.QosFlowIdentifier})
	}
	for _, more := range t.AdditionalDLQosFlowPerTNLInformation {
		for _, f := range more.QosFlowPerTNLInformation.AssociatedQosFlowList {
			if !slices.ContainsFunc(m.confirmed, func(c ngap.QosFlowModifyConfirmItem) bool { return c.QosFlowIdentifier == f.QosFlowIdentifier }) {
				m.failed = append(m.failed, ngap.QosFlowWithCauseItem{QosFlowIdentifier: f.QosFlowIdentifier, Cause: ngap.CauseTransportTransportResourceUnavailable})
			}
		}
	}
	if len(m.confirmed) == 0 {
		return m, errNoSuchFlow
	}
	return m, nil
}

// modifyConfirm is the answer for the gNB, TS 38.413 §9.3.4.7: the UPF's end of the tunnel has not changed.
func (s *session) modifyConfirm(m *tunnelMove) (nsmf.N2SMInfo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	uplink, err := s.uplink.transport()
	if err != nil {
		return nsmf.N2SMInfo{}, err
	}
	t := ngap.PDUSessionResourceModifyConfirmTransfer{QosFlowModifyConfirmList: m.confirmed, ULNGUUPTNLInformation: uplink, QosFlowFailedToModifyList: m.failed}
	b, err := t.Append(nil)
	return nsmf.N2SMInfo{Type: nsmf.PDUResModCfm, Data: b}, err
}
