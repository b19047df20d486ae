package gnb

import (
	"errors"
	"fmt"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ran/radio"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// handle runs the gNB's half of a procedure that the AMF began for this UE.
func (c *ueContext) handle(m ngap.Message) {
	var refusal *ngap.Cause
	if c.g.cfg.Hooks.Refuse != nil {
		refusal = c.g.cfg.Hooks.Refuse(m)
	}
	switch m := m.(type) {
	case *ngap.DownlinkNASTransport:
		if c.hasMoved() {
			c.answer(&ngap.NASNonDeliveryIndication{AMFUENGAPID: m.AMFUENGAPID, RANUENGAPID: c.id, NASPDU: m.NASPDU, Cause: ngap.CauseRadioNetworkXNHandoverTriggered})
			return
		}
		c.ue().Receive(m.NASPDU)
	case *ngap.PathSwitchRequestAcknowledge, *ngap.PathSwitchRequestFailure, *ngap.HandoverCommand,
		*ngap.HandoverPreparationFailure, *ngap.HandoverCancelAcknowledge, *ngap.DownlinkRANStatusTransfer, *ngap.HandoverSuccess,
		*ngap.UEContextSuspendResponse, *ngap.UEContextSuspendFailure, *ngap.UEContextResumeFailure, *ngap.PDUSessionResourceModifyConfirm:
		c.outcome(m)
	case *ngap.UEContextResumeResponse:
		c.resumed(m)
	case *ngap.RerouteNASRequest:
		c.reroute(m)
	case *ngap.InitialContextSetupRequest:
		c.initialContextSetup(m, refusal)
	case *ngap.UEContextModificationRequest:
		c.modifyContext(m, refusal)
	case *ngap.UEContextReleaseCommand:
		c.release(m)
	case *ngap.PDUSessionResourceSetupRequest:
		c.setupSessions(m, refusal)
	case *ngap.PDUSessionResourceModifyRequest:
		c.modifySessions(m, refusal)
	case *ngap.PDUSessionResourceReleaseCommand:
		c.releaseSessions(m)
	case *ngap.LocationReportingControl, *ngap.TraceStart, *ngap.DeactivateTrace, *ngap.UERadioCapabilityCheckRequest,
		*ngap.UETNLABindingReleaseRequest:
		c.operate(m, refusal)
	case *ngap.ErrorIndication:
		c.errorIndication(m)
	}
}

// initialContextSetup runs TS 38.413 §8.3.1.
func (c *ueContext) initialContextSetup(m *ngap.InitialContextSetupRequest, refusal *ngap.Cause) {
	c.asksForReports(m.RRCInactiveTransitionReportRequest)
	c.mu.Lock()
	c.suspendable = m.UEUPCIoTSupport != nil
	c.mu.Unlock()
	if refusal == nil {
		refusal = c.startSecurity(m)
	}
	if refusal != nil {
		failure := &ngap.InitialContextSetupFailure{AMFUENGAPID: m.AMFUENGAPID, RANUENGAPID: c.id, Cause: *refusal}
		for _, s := range m.PDUSessionResourceSetupListCxtReq {
			if b := unsuccessful(*refusal); b != nil {
				failure.PDUSessionResourceFailedToSetupListCxtFail = append(failure.PDUSessionResourceFailedToSetupListCxtFail,
					ngap.PDUSessionResourceFailedToSetupItemCxtFail{PDUSessionID: s.PDUSessionID, PDUSessionResourceSetupUnsuccessfulTransfer: b})
			}
		}
		c.answer(failure)
		return
	}
	response := &ngap.InitialContextSetupResponse{AMFUENGAPID: m.AMFUENGAPID, RANUENGAPID: c.id}
	pdus := [][]byte{m.NASPDU}
	for _, s := range m.PDUSessionResourceSetupListCxtReq {
		transfer, err := c.setupSession(uint8(s.PDUSessionID), s.PDUSessionResourceSetupRequestTransfer)
		if err != nil {
			response.PDUSessionResourceFailedToSetupListCxtRes = append(response.PDUSessionResourceFailedToSetupListCxtRes,
				ngap.PDUSessionResourceFailedToSetupItemCxtRes{
					PDUSessionID: s.PDUSessionID, PDUSessionResourceSetupUnsuccessfulTransfer: c.failed(s.PDUSessionID, err),
				})
			continue
		}
		response.PDUSessionResourceSetupListCxtRes = append(response.PDUSessionResourceSetupListCxtRes,
			ngap.PDUSessionResourceSetupItemCxtRes{PDUSessionID: s.PDUSessionID, PDUSessionResourceSetupResponseTransfer: transfer})
		pdus = append(pdus, s.NASPDU)
	}
	c.answer(response)
	if c.g.cfg.RadioCapability != nil && m.UERadioCapability == nil {
		c.answer(&ngap.UERadioCapabilityInfoIndication{
			AMFUENGAPID: m.AMFUENGAPID, RANUENGAPID: c.id, UERadioCapability: c.g.cfg.RadioCapability,
		})
	}
	c.receive(pdus...)
}

// receive gives the UE the NAS messages that are there.
func (c *ueContext) receive(pdus ...[]byte) {
	for _, pdu := range pdus {
		if len(pdu) > 0 {
			c.ue().Receive(pdu)
		}
	}
}

// startSecurity checks the UE's security capabilities and KgNB, TS 33.501 §6.7.3.
func (c *ueContext) startSecurity(m *ngap.InitialContextSetupRequest) *ngap.Cause {
	s := m.UESecurityCapabilities
	cause := ngap.CauseRadioNetworkEncryptionAndOrIntegrityProtectionAlgorithmsNotSupported
	if s.NRintegrityProtectionAlgorithms == 0 { // every phone has NIA1 or NIA2
		return &cause
	}
	if err := c.ue().Secure(m.SecurityKey); err != nil {
		c.g.cfg.Log.Warn("AS security", "RAN-UE-NGAP-ID", c.id, "err", err)
		cause = ngap.CauseRadioNetworkFailureInRadioInterfaceProcedure
		return &cause
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.as, c.capabilities = accessStratum{key: aka.KAN(m.SecurityKey)}, s
	return nil
}

// modifyContext runs TS 38.413 §8.3.4.
func (c *ueContext) modifyContext(m *ngap.UEContextModificationRequest, refusal *ngap.Cause) {
	if refusal != nil {
		c.answer(&ngap.UEContextModificationFailure{AMFUENGAPID: m.AMFUENGAPID, RANUENGAPID: c.id, Cause: *refusal})
		return
	}
	if m.SecurityKey != nil { // TS 33.501 §6.9.4.4
		if err := c.ue().Secure(*m.SecurityKey); err != nil {
			c.answer(&ngap.UEContextModificationFailure{AMFUENGAPID: m.AMFUENGAPID, RANUENGAPID: c.id, Cause: ngap.CauseRadioNetworkFailureInRadioInterfaceProcedure})
			return
		}
		c.mu.Lock()
		c.as = accessStratum{key: aka.KAN(*m.SecurityKey)}
		c.mu.Unlock()
	}
	amf := m.AMFUENGAPID
	if m.NewAMFUENGAPID != nil {
		amf = *m.NewAMFUENGAPID
		c.mu.Lock()
		c.amf = &amf
		c.mu.Unlock()
	}
	c.answer(&ngap.UEContextModificationResponse{AMFUENGAPID: amf, RANUENGAPID: c.id})
}

// release runs TS 38.413 §8.3.3.
func (c *ueContext) release(m *ngap.UEContextReleaseCommand) {
	complete := &ngap.UEContextReleaseComplete{RANUENGAPID: c.id}
	location := c.g.location()
	complete.UserLocationInformation = &location
	c.mu.Lock()
	if c.amf != nil {
		complete.AMFUENGAPID = *c.amf
	}
	for _, b := range c.bearers {
		complete.PDUSessionResourceListCxtRelCpl = append(complete.PDUSessionResourceListCxtRelCpl,
			ngap.PDUSessionResourceItemCxtRelCpl{PDUSessionID: ngap.PDUSessionID(b.session)})
	}
	c.mu.Unlock()
	t := c.ue()
	c.g.mu.Lock()
	c.g.releasing[t] = false
	c.g.mu.Unlock()
	c.answer(complete)
	c.remove()
	c.g.mu.Lock()
	paged := c.g.releasing[t]
	delete(c.g.releasing, t)
	c.g.mu.Unlock()
	if paged {
		t.Paged()
	}
}

// setupSessions runs TS 38.413 §8.2.1.
func (c *ueContext) setupSessions(m *ngap.PDUSessionResourceSetupRequest, refusal *ngap.Cause) {
	response := &ngap.PDUSessionResourceSetupResponse{AMFUENGAPID: m.AMFUENGAPID, RANUENGAPID: c.id}
	c.receive(m.NASPDU)
	for _, s := range m.PDUSessionResourceSetupListSUReq {
		var transfer []byte
		err := error(nil)
		if refusal != nil {
			err = &refusedError{*refusal}
		} else {
			transfer, err = c.setupSession(uint8(s.PDUSessionID), s.PDUSessionResourceSetupRequestTransfer)
		}
		if err != nil {
			response.PDUSessionResourceFailedToSetupListSURes = append(response.PDUSessionResourceFailedToSetupListSURes,
				ngap.PDUSessionResourceFailedToSetupItemSURes{
					PDUSessionID: s.PDUSessionID, PDUSessionResourceSetupUnsuccessfulTransfer: c.failed(s.PDUSessionID, err),
				})
			continue
		}
		response.PDUSessionResourceSetupListSURes = append(response.PDUSessionResourceSetupListSURes,
			ngap.PDUSessionResourceSetupItemSURes{PDUSessionID: s.PDUSessionID, PDUSessionResourceSetupResponseTransfer: transfer})
		c.receive(s.PDUSessionNASPDU)
	}
	c.answer(response)
}

// refusedError carries the cause with which resources are refused.
type refusedError struct{ cause ngap.Cause }

func (e *refusedError) Error() string { return e.cause.String() }

func refused(cause ngap.Cause, why error) error { return errors.Join(&refusedError{cause}, why) }

// failed logs why a session has no resources and makes the transfer that says so.
func (c *ueContext) failed(session ngap.PDUSessionID, err error) []byte {
	c.g.cfg.Log.Warn("PDU session resources refused", "RAN-UE-NGAP-ID", c.id, "session", session, "err", err)
	cause := ngap.CauseRadioNetworkUnspecified
	var r *refusedError
	if errors.As(err, &r) {
		cause = r.cause
	}
	return unsuccessful(cause)
}

func unsuccessful(cause ngap.Cause) []byte {
	b, err := (&ngap.PDUSessionResourceSetupUnsuccessfulTransfer{Cause: cause}).Append(nil)
	if err != nil {
		return nil
	}
	return b
}

// setupSession makes the bearer and the tunnel of a session and returns the response transfer, TS 38.413 §8.2.1.2.
func (c *ueContext) setupSession(session uint8, transfer []byte) ([]byte, error) {
	r, err := ngap.DecodePDUSessionResourceSetupRequestTransfer(transfer)
	if err != nil {
		return nil, refused(ngap.CauseProtocolAbstractSyntaxErrorReject, err)
	}
	tunnel := r.ULNGUUPTNLInformation.GTPTunnel
	if tunnel == nil {
		return nil, refused(ngap.CauseTransportTransportResourceUnavailable, errors.New("no GTP tunnel"))
	}
	remote, err := tunnel.AddrPort()
	if err != nil {
		return nil, refused(ngap.CauseTransportTransportResourceUnavailable, err)
	}
	b := &bearer{session: session, terminal: c.ue(), data: c.g.data, remote: remote, remoteTEID: uint32(tunnel.GTPTEID)}
	result, err := c.protection(r.SecurityIndication)
	if err != nil {
		return nil, err
	}
	flows, failed := c.setUpFlows(b, r.QosFlowSetupRequestList)
	if len(flows) == 0 {
		return nil, refused(ngap.CauseRadioNetworkRadioResourcesNotAvailable, errNoFlow)
	}
	address, err := transportAddress(c.g.cfg.N3)
	if err != nil {
		return nil, refused(ngap.CauseTransportTransportResourceUnavailable, err)
	}
	c.dropBearer(session)
	c.g.openTunnel(b)
	if err := b.terminal.AddBearer(b); err != nil {
		c.g.closeTunnel(b)
		return nil, refused(ngap.CauseRadioNetworkFailureInRadioInterfaceProcedure, err)
	}
	c.mu.Lock()
	c.bearers = append(c.bearers, b)
	c.mu.Unlock()
	return (&ngap.PDUSessionResourceSetupResponseTransfer{
		DLQosFlowPerTNLInformation: ngap.QosFlowPerTNLInformation{
			UPTransportLayerInformation: ngap.UPTransportLayerInformation{
				GTPTunnel: &ngap.GTPTunnel{TransportLayerAddress: address, GTPTEID: ngap.GTPTEID(b.teid)},
			},
			AssociatedQosFlowList: flows,
		},
		SecurityResult: result, QosFlowFailedToSetupList: failed,
	}).Append(nil)
}

// modifySessions runs TS 38.413 §8.2.3.
func (c *ueContext) modifySessions(m *ngap.PDUSessionResourceModifyRequest, refusal *ngap.Cause) {
	response := &ngap.PDUSessionResourceModifyResponse{AMFUENGAPID: m.AMFUENGAPID, RANUENGAPID: c.id}
	for _, s := range m.PDUSessionResourceModifyListModReq {
		transfer, err := c.modifySession(uint8(s.PDUSessionID), s.PDUSessionResourceModifyRequestTransfer, refusal)
		if err != nil {
			response.PDUSessionResourceFailedToModifyListModRes = append(response.PDUSessionResourceFailedToModifyListModRes,
				ngap.PDUSessionResourceFailedToModifyItemModRes{
					PDUSessionID: s.PDUSessionID, PDUSessionResourceModifyUnsuccessfulTransfer: c.failed(s.PDUSessionID, err),
				})
			continue
		}
		response.PDUSessionResourceModifyListModRes = append(response.PDUSessionResourceModifyListModRes,
			ngap.PDUSessionResourceModifyItemModRes{PDUSessionID: s.PDUSessionID, PDUSessionResourceModifyResponseTransfer: transfer})
		c.receive(s.NASPDU)
	}
	c.answer(response)
}

func (c *ueContext) modifySession(session uint8, transfer []byte, refusal *ngap.Cause) ([]byte, error) {
	if refusal != nil {
		return nil, &refusedError{*refusal}
	}
	b := c.bearer(session)
	if b == nil {
		return nil, refused(ngap.CauseRadioNetworkUnknownPDUSessionID, fmt.Errorf("no PDU session %d", session))
	}
	r, err := ngap.DecodePDUSessionResourceModifyRequestTransfer(transfer)
	if err != nil {
		return nil, refused(ngap.CauseProtocolAbstractSyntaxErrorReject, err)
	}
	answer := &ngap.PDUSessionResourceModifyResponseTransfer{}
	for _, f := range r.QosFlowAddOrModifyRequestList {
		if cause := c.refuseFlow(session, uint8(f.QosFlowIdentifier)); cause != nil {
			answer.QosFlowFailedToAddOrModifyList = append(answer.QosFlowFailedToAddOrModifyList,
				ngap.QosFlowWithCauseItem{QosFlowIdentifier: f.QosFlowIdentifier, Cause: *cause})
			continue
		}
		answer.QosFlowAddOrModifyResponseList = append(answer.QosFlowAddOrModifyResponseList,
			ngap.QosFlowAddOrModifyResponseItem{QosFlowIdentifier: f.QosFlowIdentifier})
		b.addFlow(uint8(f.QosFlowIdentifier), f.QosFlowLevelQosParameters)
	}
	for _, f := range r.QosFlowToReleaseList {
		b.removeFlow(uint8(f.QosFlowIdentifier))
	}
	if len(r.ULNGUUPTNLModifyList) > 0 && r.ULNGUUPTNLModifyList[0].ULNGUUPTNLInformation.GTPTunnel != nil {
		tunnel := r.ULNGUUPTNLModifyList[0].ULNGUUPTNLInformation.GTPTunnel
		remote, err := tunnel.AddrPort()
		if err != nil {
			return nil, refused(ngap.CauseTransportTransportResourceUnavailable, err)
		}
		b.redirect(remote, uint32(tunnel.GTPTEID))
	}
	return answer.Append(nil)
}

// releaseSessions runs TS 38.413 §8.2.2.
func (c *ueContext) releaseSessions(m *ngap.PDUSessionResourceReleaseCommand) {
	response := &ngap.PDUSessionResourceReleaseResponse{AMFUENGAPID: m.AMFUENGAPID, RANUENGAPID: c.id}
	for _, s := range m.PDUSessionResourceToReleaseListRelCmd {
		if c.dropBearer(uint8(s.PDUSessionID)) {
			c.ue().RemoveBearer(uint8(s.PDUSessionID))
		}
		transfer, err := (&ngap.PDUSessionResourceReleaseResponseTransfer{}).Append(nil)
		if err != nil {
			continue
		}
		response.PDUSessionResourceReleasedListRelRes = append(response.PDUSessionResourceReleasedListRelRes,
			ngap.PDUSessionResourceReleasedItemRelRes{PDUSessionID: s.PDUSessionID, PDUSessionResourceReleaseResponseTransfer: transfer})
	}
	c.answer(response)
	c.receive(m.NASPDU)
}

// errorIndication drops a connection of which the AMF knows nothing, TS 38.413 §10.6.
func (c *ueContext) errorIndication(m *ngap.ErrorIndication) {
	c.g.cfg.Log.Warn("error indication", "detail", detail(m))
	if m.Cause == nil {
		return
	}
	switch *m.Cause {
	case ngap.CauseRadioNetworkUnknownLocalUENGAPID, ngap.CauseRadioNetworkInconsistentRemoteUENGAPID:
		c.remove()
	}
}

var _ radio.Cell = (*GNB)(nil)
