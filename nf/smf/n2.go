package smf

import (
	"fmt"
	"net/netip"

	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// transferRequest is short for the request that the SMF makes most.
type transferRequest = namf.N1N2MessageTransferReqData

// setupRequestTransfer asks the gNB for the resources of the session, TS 38.413 §9.3.4.1. Call it with s.mu held.
func (s *session) setupRequestTransfer() (nsmf.N2SMInfo, error) {
	t, err := s.setupRequest()
	if err != nil {
		return nsmf.N2SMInfo{}, err
	}
	s.gnbQoS = s.wanted()
	b, err := t.Append(nil)
	return nsmf.N2SMInfo{Type: nsmf.PDUResSetupReq, Data: b}, err
}

// setupRequest is what a gNB needs to know to serve the session. Call it with s.mu held.
func (s *session) setupRequest() (*ngap.PDUSessionResourceSetupRequestTransfer, error) {
	address, err := ngap.NewTransportLayerAddress(s.uplink.addr, netip.Addr{})
	if err != nil {
		return nil, err
	}
	qos := s.wanted()
	return &ngap.PDUSessionResourceSetupRequestTransfer{
		PDUSessionAggregateMaximumBitRate: qos.aggregate(),
		ULNGUUPTNLInformation: ngap.UPTransportLayerInformation{
			GTPTunnel: &ngap.GTPTunnel{TransportLayerAddress: address, GTPTEID: ngap.GTPTEID(s.uplink.teid)},
		},
		PDUSessionType:          s.ngapType(),
		SecurityIndication:      s.security.indication(s.integrity),
		QosFlowSetupRequestList: qos.profiles(),
	}, nil
}

// releaseCommandTransfer asks the gNB to release the resources of the session, TS 38.413 §9.3.4.12.
func releaseCommandTransfer(cause ngap.Cause) (nsmf.N2SMInfo, error) {
	t := ngap.PDUSessionResourceReleaseCommandTransfer{Cause: cause}
	b, err := t.Append(nil)
	return nsmf.N2SMInfo{Type: nsmf.PDUResRelCmd, Data: b}, err
}

// readSetupResponse reads the gNB's answer, TS 38.413 §9.3.4.2.
func readSetupResponse(b []byte) (setupOutcome, error) {
	t, err := ngap.DecodePDUSessionResourceSetupResponseTransfer(b)
	if err != nil {
		return setupOutcome{}, err
	}
	end, err := tunnelFrom(&t.DLQosFlowPerTNLInformation.UPTransportLayerInformation)
	if err != nil {
		return setupOutcome{}, fmt.Errorf("PDU Session Resource Setup Response Transfer: %w", err)
	}
	o := setupOutcome{gnb: end}
	if r := t.SecurityResult; r != nil {
		o.unprotected = r.IntegrityProtectionResult == ngap.IntegrityProtectionResultNotPerformed
		o.readable = r.ConfidentialityProtectionResult == ngap.ConfidentialityProtectionResultNotPerformed
	}
	for _, f := range t.QosFlowFailedToSetupList {
		o.without = append(o.without, uint8(f.QosFlowIdentifier))
		o.causes = append(o.causes, flowCause(f))
	}
	return o, nil
}

func flowCause(f ngap.QosFlowWithCauseItem) string {
	return fmt.Sprintf("QFI %d: %s", f.QosFlowIdentifier, f.Cause)
}

// modifyRequestTransfer asks the gNB for a change of the session, TS 38.413 §9.3.4.3; no information for nil.
func modifyRequestTransfer(t *ngap.PDUSessionResourceModifyRequestTransfer) (nsmf.N2SMInfo, error) {
	if t == nil {
		return nsmf.N2SMInfo{}, nil
	}
	b, err := t.Append(nil)
	return nsmf.N2SMInfo{Type: nsmf.PDUResModReq, Data: b}, err
}

// readModifyResponse reads the gNB's answer, TS 38.413 §9.3.4.4.
func readModifyResponse(b []byte) (modifyOutcome, error) {
	t, err := ngap.DecodePDUSessionResourceModifyResponseTransfer(b)
	if err != nil {
		return modifyOutcome{}, err
	}
	var o modifyOutcome
	for _, f := range t.QosFlowFailedToAddOrModifyList {
		o.without = append(o.without, uint8(f.QosFlowIdentifier))
		o.causes = append(o.causes, flowCause(f))
	}
	return o, nil
}

// readModifyFailure reads why the gNB could not, TS 38.413 §9.3.4.17.
func readModifyFailure(b []byte) (modifyOutcome, error) {
	t, err := ngap.DecodePDUSessionResourceModifyUnsuccessfulTransfer(b)
	if err != nil {
		return modifyOutcome{}, err
	}
	return modifyOutcome{failed: t.Cause.String(), radio: t.Cause.Group() == ngap.CauseGroupRadioNetwork, moving: moves(t.Cause)}, nil
}

// readSetupFailure reads why the gNB could not, TS 38.413 §9.3.4.16.
func readSetupFailure(b []byte) (setupOutcome, error) {
	t, err := ngap.DecodePDUSessionResourceSetupUnsuccessfulTransfer(b)
	if err != nil {
		return setupOutcome{}, err
	}
	return setupOutcome{failed: t.Cause.String(), radio: t.Cause.Group() == ngap.CauseGroupRadioNetwork, moving: moves(t.Cause)}, nil
}

// moves tells whether a gNB refuses for the time of a handover alone, TS 38.413 §8.2.1.4 and §8.2.3.4.
func moves(c ngap.Cause) bool {
	switch c {
	case ngap.CauseRadioNetworkNGIntraSystemHandoverTriggered, ngap.CauseRadioNetworkNGInterSystemHandoverTriggered, ngap.CauseRadioNetworkXNHandoverTriggered:
		return true
	}
	return false
}
