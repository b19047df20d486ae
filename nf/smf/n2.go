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
	b, err := t.Append(nil)
	return nsmf.N2SMInfo{Type: nsmf.PDUResSetupReq, Data: b}, err
}

// setupRequest is what a gNB needs to know to serve the session. Call it with s.mu held.
func (s *session) setupRequest() (*ngap.PDUSessionResourceSetupRequestTransfer, error) {
	address, err := ngap.NewTransportLayerAddress(s.uplink.addr, netip.Addr{})
	if err != nil {
		return nil, err
	}
	return &ngap.PDUSessionResourceSetupRequestTransfer{
		PDUSessionAggregateMaximumBitRate: &ngap.PDUSessionAggregateMaximumBitRate{
			PDUSessionAggregateMaximumBitRateDL: bitRate(s.qos.ambr.Downlink),
			PDUSessionAggregateMaximumBitRateUL: bitRate(s.qos.ambr.Uplink),
		},
		ULNGUUPTNLInformation: ngap.UPTransportLayerInformation{
			GTPTunnel: &ngap.GTPTunnel{TransportLayerAddress: address, GTPTEID: ngap.GTPTEID(s.uplink.teid)},
		},
		PDUSessionType:          ngap.PDUSessionTypeIPV4,
		SecurityIndication:      s.network.Security.indication(s.integrity),
		QosFlowSetupRequestList: s.qos.profiles(),
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
	for _, f := range t.QosFlowFailedToSetupList {
		o.without = append(o.without, fmt.Sprintf("QFI %d: %s", f.QosFlowIdentifier, f.Cause))
	}
	return o, nil
}

// readSetupFailure reads why the gNB could not, TS 38.413 §9.3.4.16.
func readSetupFailure(b []byte) (setupOutcome, error) {
	t, err := ngap.DecodePDUSessionResourceSetupUnsuccessfulTransfer(b)
	if err != nil {
		return setupOutcome{}, err
	}
	return setupOutcome{failed: t.Cause.String(), radio: t.Cause.Group() == ngap.CauseGroupRadioNetwork}, nil
}
