package amf

import (
	"context"
	"errors"
	"slices"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// uplinkTransport forwards what a UE sends to another function, TS 24.501 §5.4.5.2. Nobody takes the UE policy container: the
// PCF has no policies for UEs, which go by those of their maker and their USIM, and so never begins TS 23.502 §4.2.4.3.
func (ue *ue) uplinkTransport(ctx context.Context, m *gmm.ULNASTransport) {
	if !ue.registered {
		ue.log().Warn("UL NAS TRANSPORT of a UE that is not registered ignored")
		return
	}
	ue.running = sessionManagement
	defer func() { ue.running = idle }()
	switch {
	case m.PayloadContainerType != gmm.PayloadN1SM:
		ue.log().Warn("payload not forwarded: nobody here takes its type", "type", m.PayloadContainerType)
		ue.returnPayload(m, gmm.CausePayloadWasNotForwarded)
	case m.PDUSessionID == nil || *m.PDUSessionID == 0 || *m.PDUSessionID > gmm.MaxPSI:
		ue.returnPayload(m, gmm.CauseInvalidMandatoryInformation)
	case m.RequestType != nil && *m.RequestType == gmm.RequestInitial:
		ue.createSession(ctx, m)
	default:
		ue.updateSession(ctx, m)
	}
}

// returnPayload tells a UE that its message was not forwarded, TS 24.501 §5.4.5.3.1 h) and i).
func (ue *ue) returnPayload(m *gmm.ULNASTransport, cause gmm.Cause) {
	ue.sendNAS(&gmm.DLNASTransport{
		PayloadContainerType: m.PayloadContainerType, PayloadContainer: m.PayloadContainer,
		PDUSessionID: m.PDUSessionID, Cause: &cause,
	})
}

// createSession is the AMF's part of PDU session establishment, TS 23.502 §4.3.2.2.1 steps 1 to 3.
func (ue *ue) createSession(ctx context.Context, m *gmm.ULNASTransport) {
	id := *m.PDUSessionID
	if old := ue.session(id); old != nil { // TS 24.501 §5.4.5.2.5 a): the UE has lost it
		ue.dropSession(id, old.ref)
		if err := ue.amf.services.Sessions.ReleaseSMContext(ctx, old.ref, nsmf.SMContextReleaseData{Cause: "establishment of the same PDU session"}); err != nil {
			ue.log().Warn("older session not released", "session", id, "error", err)
		}
	}
	var asked *ident.SNSSAI
	if m.SNSSAI != nil {
		asked = &m.SNSSAI.SNSSAI
	}
	err := ue.subscription(ctx)
	var slice ident.SNSSAI
	var dnn ident.DNN
	if err == nil {
		slice, dnn, err = ue.sliceAndDNN(asked, m.DNN)
	}
	if err == nil && !ue.mayCommunicate() { // TS 24.501 §5.4.5.2.4
		err = ue.restrictedArea()
	}
	if err != nil {
		r, _ := refusalOf(err)
		ue.logRefusal(r)
		ue.returnPayload(m, r.cause)
		return
	}
	created, err := ue.amf.services.Sessions.CreateSMContext(ctx, nsmf.SMContextCreateData{
		SUPI: ue.supi, PDUSessionID: id, DNN: dnn, SNSSAI: slice,
		ServingNetwork: ue.tai.PLMN, GUAMI: ue.amf.cfg.GUAMI, RequestType: nsmf.InitialRequest, TAI: ue.tai,
		N1SMMsg: slices.Clone(m.PayloadContainer),
	})
	if err != nil {
		ue.sessionRefused(m, err)
		return
	}
	ue.sessions = append(ue.sessions, &smContext{id: id, ref: created.Ref, slice: slice, dnn: dnn})
}

// sessionRefused passes the SMF's refusal on, or says that the SMF could not be reached.
func (ue *ue) sessionRefused(m *gmm.ULNASTransport, err error) {
	ue.log().Warn("session refused", "session", *m.PDUSessionID, "reason", err)
	if refused, ok := errors.AsType[*nsmf.SMContextError](err); ok && len(refused.N1SMMsg) > 0 {
		ue.sendN1SM(*m.PDUSessionID, refused.N1SMMsg)
		return
	}
	ue.returnPayload(m, gmm.CausePayloadWasNotForwarded)
}

// updateSession forwards a 5GSM message of an existing session, TS 23.502 §4.3.3.2 and §4.3.4.2.
func (ue *ue) updateSession(ctx context.Context, m *gmm.ULNASTransport) {
	s := ue.session(*m.PDUSessionID)
	if s == nil { // TS 24.501 §5.4.5.2.5 b)
		ue.returnPayload(m, gmm.CausePayloadWasNotForwarded)
		return
	}
	ue.heardOf(s.id)
	updated, err := ue.amf.services.Sessions.UpdateSMContext(ctx, s.ref, nsmf.SMContextUpdateData{N1SMMsg: slices.Clone(m.PayloadContainer), TAI: ue.tai})
	if err != nil {
		ue.sessionRefused(m, err)
		ue.dropIfGone(s, err)
		return
	}
	ue.forward(s, updated.N1SMMsg, updated.N2SMInfo)
	if updated.Released {
		ue.dropSession(s.id, s.ref)
	}
}

// forward sends what an SMF has for a UE and its gNB, TS 23.502 §4.3.2.2.1 step 12, §4.3.3.2 step 4, §4.3.4.2 step 4.
func (ue *ue) forward(s *smContext, n1 []byte, n2 nsmf.N2SMInfo) {
	conn := ue.conn
	if conn == nil {
		return
	}
	if n2.Type == "" {
		if len(n1) > 0 {
			ue.sendN1SM(s.id, n1)
		}
		return
	}
	pdu, err := ue.transportPDU(s.id, n1)
	if err != nil {
		ue.log().Error("cannot encode", "message", "DLNASTransport", "error", err)
		return
	}
	id := ngap.PDUSessionID(s.id)
	switch n2.Type {
	case nsmf.PDUResSetupReq:
		s.active = true
		conn.gnb.send(conn, &ngap.PDUSessionResourceSetupRequest{
			AMFUENGAPID: conn.amfID, RANUENGAPID: conn.ranID,
			PDUSessionResourceSetupListSUReq: ngap.PDUSessionResourceSetupListSUReq{{
				PDUSessionID: id, PDUSessionNASPDU: pdu, SNSSAI: ngap.NewSNSSAI(s.slice), PDUSessionResourceSetupRequestTransfer: n2.Data,
			}},
			UEAggregateMaximumBitRate: &ngap.UEAggregateMaximumBitRate{
				UEAggregateMaximumBitRateDL: ngap.BitRate(ue.ambr.Downlink), UEAggregateMaximumBitRateUL: ngap.BitRate(ue.ambr.Uplink),
			},
		})
	case nsmf.PDUResModReq:
		if !s.active { // its user plane was taken down on the way
			if len(n1) > 0 {
				ue.sendN1SM(s.id, n1)
			}
			return
		}
		snssai := ngap.NewSNSSAI(s.slice)
		conn.gnb.send(conn, &ngap.PDUSessionResourceModifyRequest{
			AMFUENGAPID: conn.amfID, RANUENGAPID: conn.ranID,
			PDUSessionResourceModifyListModReq: ngap.PDUSessionResourceModifyListModReq{{
				PDUSessionID: id, NASPDU: pdu, SNSSAI: &snssai, PDUSessionResourceModifyRequestTransfer: n2.Data,
			}},
		})
	case nsmf.PDUResRelCmd:
		s.active = false
		conn.gnb.send(conn, &ngap.PDUSessionResourceReleaseCommand{
			AMFUENGAPID: conn.amfID, RANUENGAPID: conn.ranID, NASPDU: pdu,
			PDUSessionResourceToReleaseListRelCmd: ngap.PDUSessionResourceToReleaseListRelCmd{{
				PDUSessionID: id, PDUSessionResourceReleaseCommandTransfer: n2.Data,
			}},
		})
	default:
		ue.log().Error("SMF sent N2 information of an unknown kind", "type", n2.Type)
	}
}

// setUpSessions sets up the user plane of sessions of a UE that has a context at the gNB, TS 38.413 §8.2.1.
func (ue *ue) setUpSessions(list ngap.PDUSessionResourceSetupListCxtReq) {
	if len(list) == 0 || ue.conn == nil {
		return
	}
	request := &ngap.PDUSessionResourceSetupRequest{AMFUENGAPID: ue.conn.amfID, RANUENGAPID: ue.conn.ranID}
	for _, s := range list {
		request.PDUSessionResourceSetupListSUReq = append(request.PDUSessionResourceSetupListSUReq, ngap.PDUSessionResourceSetupItemSUReq{
			PDUSessionID: s.PDUSessionID, SNSSAI: s.SNSSAI, PDUSessionResourceSetupRequestTransfer: s.PDUSessionResourceSetupRequestTransfer,
		})
	}
	ue.conn.gnb.send(ue.conn, request)
}

// transportPDU wraps a 5GSM message in a protected DL NAS TRANSPORT; nil for no message.
func (ue *ue) transportPDU(id uint8, n1 []byte) ([]byte, error) {
	if len(n1) == 0 {
		return nil, nil
	}
	return ue.protect(&gmm.DLNASTransport{PayloadContainerType: gmm.PayloadN1SM, PayloadContainer: n1, PDUSessionID: &id})
}

func (ue *ue) sendN1SM(id uint8, n1 []byte) {
	ue.sendNAS(&gmm.DLNASTransport{PayloadContainerType: gmm.PayloadN1SM, PayloadContainer: n1, PDUSessionID: &id})
}

// resources takes what a gNB says of the resources of sessions, TS 38.413 §8.2.
func (ue *ue) resources(ctx context.Context, m any) {
	switch m := m.(type) {
	case *ngap.PDUSessionResourceSetupResponse:
		ue.setupResponse(ctx, m)
	case *ngap.PDUSessionResourceNotify:
		ue.resourceNotify(ctx, m)
	case *ngap.PDUSessionResourceModifyResponse:
		ue.modifyResponse(ctx, m)
	case *ngap.PDUSessionResourceModifyIndication:
		ue.modifyIndication(ctx, m)
	case *ngap.PDUSessionResourceReleaseResponse:
		ue.releaseResponse(ctx, m)
	}
}

// setupResponse brings the gNB's answer to the SMFs, TS 23.502 §4.3.2.2.1 steps 14 to 17.
func (ue *ue) setupResponse(ctx context.Context, m *ngap.PDUSessionResourceSetupResponse) {
	ue.running = sessionManagement
	defer func() { ue.running = idle }()
	for _, s := range m.PDUSessionResourceSetupListSURes {
		ue.toSMF(ctx, uint8(s.PDUSessionID), nsmf.N2SMInfo{Type: nsmf.PDUResSetupRsp, Data: s.PDUSessionResourceSetupResponseTransfer})
	}
	for _, s := range m.PDUSessionResourceFailedToSetupListSURes {
		ue.toSMF(ctx, uint8(s.PDUSessionID), nsmf.N2SMInfo{Type: nsmf.PDUResSetupFail, Data: s.PDUSessionResourceSetupUnsuccessfulTransfer})
	}
}

// modifyResponse brings the gNB's answer to the SMFs, TS 23.502 §4.3.3.2 steps 6 and 7.
func (ue *ue) modifyResponse(ctx context.Context, m *ngap.PDUSessionResourceModifyResponse) {
	ue.running = sessionManagement
	defer func() { ue.running = idle }()
	for _, s := range m.PDUSessionResourceModifyListModRes {
		ue.toSMF(ctx, uint8(s.PDUSessionID), nsmf.N2SMInfo{Type: nsmf.PDUResModRsp, Data: s.PDUSessionResourceModifyResponseTransfer})
	}
	for _, s := range m.PDUSessionResourceFailedToModifyListModRes {
		ue.toSMF(ctx, uint8(s.PDUSessionID), nsmf.N2SMInfo{Type: nsmf.PDUResModFail, Data: s.PDUSessionResourceModifyUnsuccessfulTransfer})
	}
}

// resourceNotify brings to the SMFs what a gNB says of QoS flows by itself, TS 38.413 §8.2.4 and TS 23.502 §4.3.3.2 step 1e.
func (ue *ue) resourceNotify(ctx context.Context, m *ngap.PDUSessionResourceNotify) {
	ue.running = sessionManagement
	defer func() { ue.running = idle }()
	for _, s := range m.PDUSessionResourceNotifyList {
		ue.toSMF(ctx, uint8(s.PDUSessionID), nsmf.N2SMInfo{Type: nsmf.PDUResNty, Data: s.PDUSessionResourceNotifyTransfer})
	}
	for _, s := range m.PDUSessionResourceReleasedListNot {
		ue.toSMF(ctx, uint8(s.PDUSessionID), nsmf.N2SMInfo{Type: nsmf.PDUResNtyRel, Data: s.PDUSessionResourceNotifyReleasedTransfer})
	}
}

// releaseResponse brings the gNB's answer to the SMFs, TS 23.502 §4.3.4.2 steps 6 and 7.
func (ue *ue) releaseResponse(ctx context.Context, m *ngap.PDUSessionResourceReleaseResponse) {
	ue.running = sessionManagement
	defer func() { ue.running = idle }()
	for _, s := range m.PDUSessionResourceReleasedListRelRes {
		ue.toSMF(ctx, uint8(s.PDUSessionID), nsmf.N2SMInfo{Type: nsmf.PDUResRelRsp, Data: s.PDUSessionResourceReleaseResponseTransfer})
	}
}

// toSMF hands N2 information of a gNB to the session's SMF and sends on what comes back.
func (ue *ue) toSMF(ctx context.Context, id uint8, info nsmf.N2SMInfo) {
	s := ue.session(id)
	if s == nil {
		ue.log().Debug("N2 information about a session that is gone", "session", id)
		return
	}
	switch info.Type {
	case nsmf.PDUResSetupRsp:
		s.active = true
		ue.keepConnected(ctx)
	case nsmf.PDUResSetupFail, nsmf.PDUResRelRsp, nsmf.PDUResNtyRel:
		s.active = false
	}
	info.Data = slices.Clone(info.Data)
	updated, err := ue.amf.services.Sessions.UpdateSMContext(ctx, s.ref, nsmf.SMContextUpdateData{N2SMInfo: info, TAI: ue.tai})
	if err != nil {
		if info.Type == nsmf.PDUResSetupRsp { // any other leaves the user plane as it is
			s.active = false
		}
		ue.log().Warn("SMF refused N2 information", "session", id, "type", info.Type, "error", err)
		ue.dropIfGone(s, err)
		return
	}
	ue.forward(s, updated.N1SMMsg, updated.N2SMInfo)
	if updated.Released {
		ue.dropSession(s.id, s.ref)
	}
}

// keepSessions releases at the SMF every session that is not in keep.
func (ue *ue) keepSessions(ctx context.Context, keep gmm.PSISet) {
	for _, s := range slices.Clone(ue.sessions) {
		if keep.Has(s.id) {
			continue
		}
		ue.dropSession(s.id, s.ref)
		if err := ue.amf.services.Sessions.ReleaseSMContext(ctx, s.ref, nsmf.SMContextReleaseData{Cause: "the UE no longer has the PDU session"}); err != nil {
			ue.log().Warn("session not released", "session", s.id, "error", err)
		}
	}
}

// sessionStatus is the PDU session status of the UE, TS 24.501 §9.11.3.44.
func (ue *ue) sessionStatus() gmm.PSISet {
	var set gmm.PSISet
	for _, s := range ue.sessions {
		set = set.With(s.id)
	}
	return set
}
