package amf

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/aper"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// The N2 handover between two AMFs, TS 23.502 §4.9.1.3 with a target AMF: what the source AMF asks of the target AMF is in
// the first half of this file, what the target AMF does in the second. The rest is that of n2_handover.go in both.

// createdAtTarget is the target AMF's answer.
type createdAtTarget struct {
	of   *handover
	data namf.UEContextCreatedData
	err  error
}

// createAtTarget has the target AMF prepare everything, TS 23.502 §4.9.1.3.2 steps 3 to 12.
func (ue *ue) createAtTarget(ctx context.Context, h *handover) error {
	h.context = ue.contextID()
	data, err := ue.createData(h)
	if err != nil {
		return err
	}
	asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), targetPreparation.Duration-time.Second)
	answer, err := ue.askHandover(ctx, h, targetPreparation, func() error {
		go func() { // so that the source can cancel meanwhile: the target answers when it hears of that
			defer cancel()
			created, err := h.to.CreateUEContext(asking, h.context, data)
			_ = ue.insist(&createdAtTarget{h, created, err}) // refused only at shutdown
		}()
		return nil
	})
	if errors.Is(err, procedure.ErrNoAnswer) {
		return noHandover(ngap.CauseRadioNetworkTngrelocprepExpiry, "the target AMF does not answer")
	}
	if err != nil {
		return err
	}
	ue.passCount(data.UEContext.MMContextList[0].NASDownlinkCount)
	created, ok := answer.(*createdAtTarget)
	if !ok {
		return noHandover(ngap.CauseProtocolMessageNotCompatibleWithReceiverState, "the source sends a status transfer before it is commanded")
	}
	if refused, ok := errors.AsType[*namf.UEContextCreateError](created.err); ok {
		h.context = "" // nothing is left there
		return noHandover(causeFromTarget(refused), "the target AMF refuses: %w", refused)
	}
	if created.err != nil {
		return noHandover(causeFromTarget(created.err), "the target AMF: %w", created.err)
	}
	return ue.createdAtTarget(h, &created.data)
}

// contextID names the context to the target AMF, which may go on with the 5G-GUTI if it is of the same set.
func (ue *ue) contextID() namf.UEContextID { return namf.GUTIContext(ue.guti) }

// createData is the Namf_Communication_CreateUEContext request, TS 29.518 §5.2.2.2.3.
func (ue *ue) createData(h *handover) (namf.UEContextCreateData, error) {
	t := h.required.TargetID.TargetRANNodeID
	gnb := t.GlobalRANNodeID.GlobalGNBID
	if gnb == nil {
		return namf.UEContextCreateData{}, noHandover(ngap.CauseRadioNetworkUnknownTargetID, "only gNBs are known between AMFs")
	}
	id := gnb.GNBID.GNBID
	data := namf.UEContextCreateData{
		UEContext: ue.contextForTarget(h.to),
		TargetID: namf.NgRANTargetID{TAI: h.tai, RANNodeID: namf.GlobalRANNodeID{
			PLMN: ident.PLMN(gnb.PLMNIdentity), GNBID: namf.GNBID{BitLength: uint8(id.Len), Value: gnbDigits(id)},
		}},
		SourceToTargetData: octetStringOut(namf.SourceToTargetContainer, h.required.SourceToTargetTransparentContainer),
		N2NotifyURI:        sbi.CallbackURI(ue.amf.cfg.Core, string(h.context)),
		ServingNetwork:     ue.tai.PLMN,
		NGAPCause:          toNGAPCause(h.required.Cause),
	}
	if len(ue.radio) > 0 {
		data.UERadioCapability = octetStringOut(namf.UERadioCapability, ue.radio)
	}
	for _, item := range h.required.PDUSessionResourceListHORqd {
		m := &movingSession{id: uint8(item.PDUSessionID)}
		h.sessions = append(h.sessions, m)
		s := ue.session(m.id)
		if s == nil {
			m.command = notHandedOver(ngap.CauseRadioNetworkUnknownPDUSessionID)
			continue
		}
		data.PDUSessionList = append(data.PDUSessionList, namf.N2SMInformation{
			PDUSessionID: m.id, SNSSAI: s.slice, N2InfoContent: nsmf.N2SMInfo{Type: nsmf.HandoverRequired, Data: slices.Clone(item.HandoverRequiredTransfer)},
		})
	}
	return data, nil
}

// createdAtTarget takes what the source gNB must hear.
func (ue *ue) createdAtTarget(h *handover, data *namf.UEContextCreatedData) error {
	var err error
	if h.container, err = octetStringIn(namf.TargetToSourceContainer, data.TargetToSourceData); err != nil {
		return noHandover(ngap.CauseRadioNetworkHoFailureInTarget5GCNGRANNodeOrTargetSystem, "the target AMF: %w", err)
	}
	said := make(map[uint8]namf.N2SMInformation)
	for _, s := range data.FailedSessionList {
		said[s.PDUSessionID] = s
	}
	for _, s := range data.PDUSessionList {
		said[s.PDUSessionID] = s
	}
	for _, m := range h.sessions {
		s, ok := said[m.id]
		switch {
		case m.command != nil:
		case !ok || len(s.N2InfoContent.Data) == 0:
			m.command = notHandedOver(ngap.CauseRadioNetworkHoFailureInTarget5GCNGRANNodeOrTargetSystem)
		default:
			m.command, m.admitted = slices.Clone(s.N2InfoContent.Data), s.N2InfoContent.Type == nsmf.HandoverCmd
		}
	}
	if h.admitted() == 0 {
		return noHandover(ngap.CauseRadioNetworkHoFailureInTarget5GCNGRANNodeOrTargetSystem, "the target admits no PDU session")
	}
	return nil
}

// releaseAtTarget ends the handover at the target AMF, TS 23.502 §4.9.1.4.
func (ue *ue) releaseAtTarget(ctx context.Context, h *handover, cause ngap.Cause) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), peerPatience)
	defer cancel()
	err := h.to.ReleaseUEContext(ctx, h.context, namf.UEContextRelease{SUPI: ue.supi, NGAPCause: *toNGAPCause(cause)})
	switch {
	case err == nil:
	case sbi.CauseOf(err) == namf.CauseContextNotFound: // it has given up by itself, or has the UE, and its notification was lost
		_ = ue.insist(taken{}) // refused only at shutdown
	default:
		ue.log().Warn("target AMF does not hear that the handover is over", "target", h.to.Name, "error", err)
	}
}

// passStatus brings the source's RAN status to the target, TS 23.502 §4.9.1.3.3 steps 2a to 2c.
func (ue *ue) passStatus(ctx context.Context, h *handover, m *ngap.UplinkRANStatusTransfer) {
	if h.to == nil {
		h.targetGNB.send(h.target, &ngap.DownlinkRANStatusTransfer{AMFUENGAPID: h.target.amfID, RANUENGAPID: h.target.ranID,
			RANStatusTransferTransparentContainer: m.RANStatusTransferTransparentContainer})
		return
	}
	b, err := m.RANStatusTransferTransparentContainer.Append(nil)
	ue.relayStatus(ctx, h, namf.N2InfoContent{Type: namf.RANStatusTransfer, Data: b}, err)
}

// passEarlyStatus is the same for an early status, TS 38.413 §8.4.8.
func (ue *ue) passEarlyStatus(ctx context.Context, h *handover, m *ngap.UplinkRANEarlyStatusTransfer) {
	if h.to == nil {
		h.targetGNB.send(h.target, &ngap.DownlinkRANEarlyStatusTransfer{AMFUENGAPID: h.target.amfID, RANUENGAPID: h.target.ranID,
			EarlyStatusTransferTransparentContainer: m.EarlyStatusTransferTransparentContainer})
		return
	}
	b, err := m.EarlyStatusTransferTransparentContainer.Append(nil)
	ue.relayStatus(ctx, h, namf.N2InfoContent{Type: namf.EarlyStatusTransfer, Data: b}, err)
}

func (ue *ue) relayStatus(ctx context.Context, h *handover, info namf.N2InfoContent, err error) {
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, peerPatience)
		defer cancel()
		_, err = h.to.N1N2MessageTransfer(ctx, ue.supi, namf.N1N2MessageTransferReqData{RANInfo: info})
	}
	if err != nil {
		ue.log().Warn("target AMF does not get the status of the source", "target", h.to.Name, "error", err)
	}
}

// arrivedAtTarget is the target AMF's word that the UE is there.
type arrivedAtTarget struct {
	from    *Peer
	context namf.UEContextID
	heard   chan<- error
}

// N2InfoNotify implements namf.UEContexts, TS 29.518 §5.2.2.3.6 and TS 23.502 §4.9.1.3.3 step 6.
func (a *AMF) N2InfoNotify(ctx context.Context, id namf.UEContextID, n namf.N2InformationNotification) error {
	from, err := a.caller(ctx)
	if err != nil {
		return err
	}
	u, err := a.ueNamed(id)
	if err != nil {
		return err
	}
	if n.NotifyReason != namf.HandoverCompleted {
		return sbi.Problem(http.StatusBadRequest, sbi.CauseMandatoryIEIncorrect, "notify reason %q: want %s", n.NotifyReason, namf.HandoverCompleted)
	}
	heard := make(chan error, 1)
	if err := u.insist(&arrivedAtTarget{from, id, heard}); err != nil {
		return sbi.Problem(http.StatusServiceUnavailable, sbi.CauseNFCongestion, "%v", err)
	}
	select {
	case err := <-heard:
		return err
	case <-ctx.Done():
		return sbi.Problem(http.StatusGatewayTimeout, sbi.CausePeerNotResponding, "the UE is busy: %v", ctx.Err())
	}
}

// arrivedLate answers a notification that no handover waits for, at least not from there.
func (ue *ue) arrivedLate(m *arrivedAtTarget) {
	m.heard <- sbi.Problem(http.StatusNotFound, namf.CauseContextNotFound, "no handover to another AMF is under way")
}

// handoverFrom is the source AMF's request, at the target AMF.
type handoverFrom struct {
	ctx    context.Context // of the request: where it ends, the source AMF waits no more
	id     namf.UEContextID
	data   namf.UEContextCreateData
	answer chan<- createdAtTarget
}

// What the source AMF says of a handover that is under way.
type (
	relayedStatus    struct{ info namf.N2InfoContent }
	releasedBySource struct{ cause sbi.NGAPCause }
)

// CreateUEContext implements namf.UEContexts, TS 29.518 §5.2.2.2.3.
func (a *AMF) CreateUEContext(ctx context.Context, id namf.UEContextID, data namf.UEContextCreateData) (namf.UEContextCreatedData, error) {
	from, err := a.caller(ctx)
	if err != nil {
		return namf.UEContextCreatedData{}, refusedCreation(noHandover(ngap.CauseMiscUnspecified, "%w", err))
	}
	u := a.newUE()
	u.source = from
	if err := u.adopt(&data.UEContext); err != nil {
		return namf.UEContextCreatedData{}, refusedCreation(noHandover(ngap.CauseProtocolSemanticError, "%w", err))
	}
	if old := a.arriving.put(u.supi, u); old != nil {
		_ = old.insist(&releasedBySource{}) // refused only at shutdown
	}
	answer := make(chan createdAtTarget, 1)
	if err := u.deliver(&handoverFrom{ctx, id, data, answer}); err != nil {
		a.arriving.drop(u.supi, u)
		return namf.UEContextCreatedData{}, refusedCreation(noHandover(ngap.CauseMiscControlProcessingOverload, "%w", err))
	}
	select {
	case created := <-answer:
		return created.data, created.err
	case <-ctx.Done():
		_ = u.insist(&releasedBySource{}) // refused only at shutdown
		return namf.UEContextCreatedData{}, refusedCreation(noHandover(ngap.CauseRadioNetworkTngrelocprepExpiry, "%w", ctx.Err()))
	}
}

// comingFrom is a UE that the AMF which asks hands over.
func (a *AMF) comingFrom(ctx context.Context, supi ident.SUPI) (*ue, error) {
	from, err := a.caller(ctx)
	if err != nil {
		return nil, err
	}
	u := a.arriving.get(supi)
	if u == nil || u.source != from {
		return nil, sbi.Problem(http.StatusNotFound, namf.CauseContextNotFound, "no handover of %s comes here from %s", supi.Conceal(), from.Name)
	}
	return u, nil
}

// ReleaseUEContext implements namf.UEContexts, TS 29.518 §5.2.2.2.4. It only enqueues.
func (a *AMF) ReleaseUEContext(ctx context.Context, _ namf.UEContextID, req namf.UEContextRelease) error {
	u, err := a.comingFrom(ctx, req.SUPI)
	if err != nil {
		return err
	}
	return u.insist(&releasedBySource{req.NGAPCause})
}

// statusToTarget takes a status transfer for a UE that comes, TS 23.502 §4.9.1.3.3 step 2b. It only enqueues.
func (a *AMF) statusToTarget(ctx context.Context, supi ident.SUPI, info namf.N2InfoContent) (namf.N1N2MessageTransferRspData, error) {
	u, err := a.comingFrom(ctx, supi)
	if err != nil {
		return namf.N1N2MessageTransferRspData{}, err
	}
	if err := u.follow(&relayedStatus{info}); err != nil {
		return namf.N1N2MessageTransferRspData{}, sbi.Problem(http.StatusServiceUnavailable, sbi.CauseNFCongestion, "%v", err)
	}
	return namf.N1N2MessageTransferRspData{Cause: namf.N1N2TransferInitiated}, nil
}

// acceptHandover is the target AMF's part of a handover: TS 23.502 §4.9.1.3.2 steps 4 to 12, and §4.9.1.3.3. However it ends, the
// source AMF hears of it, and what was set up for a UE that does not come is taken down.
func (ue *ue) acceptHandover(ctx context.Context, m *handoverFrom) {
	h := &handover{required: requiredAt(m), context: m.id}
	ue.running, ue.handover = n2Handover, h
	defer func() {
		ue.running, ue.handover = idle, nil
		ue.amf.arriving.drop(ue.supi, ue)
	}()
	err := ue.prepareFrom(ctx, h, m)
	if err != nil {
		ue.log().Warn("no handover from another AMF", "reason", err)
		m.answer <- createdAtTarget{err: refusedCreation(err)}
		ue.turnAway(ctx, h, err)
		return
	}
	m.answer <- createdAtTarget{data: h.created(ue)}
	at, err := ue.awaitArrival(ctx, h) // steps 2 to 5
	if err != nil {
		ue.log().Warn("UE does not come from another AMF", "from", h.from.Name, "reason", err)
		ue.turnAway(ctx, h, err)
		return
	}
	ue.arrive(ctx, h, m, at)
}

// requiredAt is the HANDOVER REQUIRED as far as the target AMF knows it.
func requiredAt(m *handoverFrom) *ngap.HandoverRequired {
	required := &ngap.HandoverRequired{
		HandoverType: ngap.HandoverTypeIntra5GS, Cause: ngap.CauseRadioNetworkHandoverDesirableForRadioReason,
	}
	if c := m.data.NGAPCause; c != nil {
		required.Cause = fromNGAPCause(*c)
	}
	t := &m.data.TargetID
	bits := aper.BitString{Len: int(t.RANNodeID.GNBID.BitLength)}
	bits.Bytes, _ = gnbBits(t.RANNodeID.GNBID) // one that cannot be read names no gNB
	required.TargetID.TargetRANNodeID = &ngap.TargetRANNodeID{
		GlobalRANNodeID: ngap.GlobalRANNodeID{GlobalGNBID: &ngap.GlobalGNBID{
			PLMNIdentity: ngap.PLMNIdentity(t.RANNodeID.PLMN), GNBID: ngap.GNBID{GNBID: bits},
		}},
		SelectedTAI: ngap.NewTAI(t.TAI),
	}
	for _, s := range m.data.PDUSessionList {
		required.PDUSessionResourceListHORqd = append(required.PDUSessionResourceListHORqd, ngap.PDUSessionResourceItemHORqd{
			PDUSessionID: ngap.PDUSessionID(s.PDUSessionID), HandoverRequiredTransfer: []byte(s.N2InfoContent.Data),
		})
	}
	return required
}

// prepareFrom is the preparation at the target AMF.
func (ue *ue) prepareFrom(ctx context.Context, h *handover, m *handoverFrom) error {
	h.from = ue.source
	if core, ok := sbi.CallbackHost(m.data.N2NotifyURI); !ok || core != h.from.Name {
		return noHandover(ngap.CauseMiscUnspecified, "%q is not of the core that asks", m.data.N2NotifyURI)
	}
	if err := ue.securityFromSource(h, &m.data.UEContext); err != nil {
		return err
	}
	container, err := octetStringIn(namf.SourceToTargetContainer, m.data.SourceToTargetData)
	if err != nil {
		return noHandover(ngap.CauseProtocolSemanticError, "%w", err)
	}
	h.required.SourceToTargetTransparentContainer = container
	ue.radioFrom(m.data.UERadioCapability)
	ue.tai = m.data.TargetID.TAI
	if err := ue.subscription(ctx); err != nil {
		return noHandover(ngap.CauseMiscUnspecified, "subscription: %w", err)
	}
	if err := ue.findTarget(h); err != nil {
		return err
	}
	return ue.prepareTarget(ctx, h)
}

// created is the answer to the source AMF, TS 29.518 §6.1.6.2.34.
func (h *handover) created(ue *ue) namf.UEContextCreatedData {
	data := namf.UEContextCreatedData{
		UEContext:          namf.UEContext{SUPI: ue.supi},
		TargetToSourceData: octetStringOut(namf.TargetToSourceContainer, h.container),
	}
	for _, m := range h.sessions {
		if m.admitted {
			data.PDUSessionList = append(data.PDUSessionList, namf.N2SMInformation{
				PDUSessionID: m.id, N2InfoContent: nsmf.N2SMInfo{Type: nsmf.HandoverCmd, Data: m.command}})
			continue
		}
		data.FailedSessionList = append(data.FailedSessionList, namf.N2SMInformation{
			PDUSessionID: m.id, N2InfoContent: nsmf.N2SMInfo{Type: nsmf.HandoverPrepFail, Data: m.command}})
	}
	return data
}

// turnAway forgets a UE that does not come: its sessions are the source AMF's.
func (ue *ue) turnAway(ctx context.Context, h *handover, err error) {
	ue.abandonHandover(ctx, h, err)
	ue.sessions = nil
}

// nameArrived gives the UE a 5G-GUTI here: its own if that is of this set. Any other it learns when it registers.
func (ue *ue) nameArrived(id namf.UEContextID) {
	t := &ue.amf.ues
	if g, ok := id.GUTI(); ok && ue.amf.InSet(g.GUAMI) {
		t.byTMSI.put(g.TMSI, ue)
		ue.guti = g
		return
	}
	if g, ok := id.GUTI(); ok {
		ue.knowForeign(g)
	}
	ue.guti = ident.GUTI{GUAMI: ue.amf.cfg.GUAMI, TMSI: t.allotTMSI(ue)}
}

// notifySource tells the source AMF that the UE is here, TS 29.518 §5.2.2.3.6.
func (ue *ue) notifySource(ctx context.Context, h *handover) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), peerPatience)
	defer cancel()
	if err := h.from.N2InfoNotify(ctx, h.context, namf.N2InformationNotification{NotifyReason: namf.HandoverCompleted}); err != nil {
		ue.log().Warn("source AMF does not hear that the UE has arrived", "from", h.from.Name, "error", err)
	}
}

// serveOtherSessions tells the SMFs of sessions that the handover was not about who serves the UE now.
func (ue *ue) serveOtherSessions(ctx context.Context, h *handover) {
	for _, s := range slices.Clone(ue.sessions) {
		if slices.ContainsFunc(h.sessions, func(m *movingSession) bool { return m.id == s.id && m.request != nil }) {
			continue
		}
		if err := ue.serveSession(ctx, s); err != nil {
			ue.log().Warn("session ends: it cannot be served here", "session", s.id, "error", err)
			ue.dropSession(s.id, s.ref)
			if err := ue.amf.services.Sessions.ReleaseSMContext(ctx, s.ref, nsmf.SMContextReleaseData{Cause: "the target AMF does not serve the session"}); err != nil {
				ue.log().Warn("session not released", "session", s.id, "error", err)
			}
			continue
		}
		ue.deactivateSession(ctx, s, "not part of the handover")
	}
}

// statusFromSource sends the target gNB what the source AMF has relayed.
func (ue *ue) statusFromSource(h *handover, m *relayedStatus) {
	var err error
	switch m.info.Type {
	case namf.RANStatusTransfer:
		var c *ngap.RANStatusTransferTransparentContainer
		if c, err = ngap.DecodeRANStatusTransferTransparentContainer(m.info.Data); err == nil {
			h.targetGNB.send(h.target, &ngap.DownlinkRANStatusTransfer{AMFUENGAPID: h.target.amfID, RANUENGAPID: h.target.ranID,
				RANStatusTransferTransparentContainer: *c})
		}
	case namf.EarlyStatusTransfer:
		var c *ngap.EarlyStatusTransferTransparentContainer
		if c, err = ngap.DecodeEarlyStatusTransferTransparentContainer(m.info.Data); err == nil {
			h.targetGNB.send(h.target, &ngap.DownlinkRANEarlyStatusTransfer{AMFUENGAPID: h.target.amfID, RANUENGAPID: h.target.ranID,
				EarlyStatusTransferTransparentContainer: *c})
		}
	default:
		err = fmt.Errorf("%q is no status", m.info.Type)
	}
	if err != nil {
		ue.log().Warn("status of the source not passed on", "error", err)
	}
}

// refusedCreation is why a handover does not take place, as the source AMF hears it, TS 29.518 §6.1.6.2.38.
func refusedCreation(err error) error {
	return &namf.UEContextCreateError{
		ProblemDetails: sbi.Problem(http.StatusForbidden, namf.CauseHandoverFailure, "%v", err), NGAPCause: toNGAPCause(causeOfAbandoned(err)),
	}
}

// causeFromTarget is refusedCreation back.
func causeFromTarget(err error) ngap.Cause {
	if e, ok := errors.AsType[*namf.UEContextCreateError](err); ok && e.NGAPCause != nil {
		return fromNGAPCause(*e.NGAPCause)
	}
	return ngap.CauseRadioNetworkHoFailureInTarget5GCNGRANNodeOrTargetSystem
}

func toNGAPCause(c ngap.Cause) *sbi.NGAPCause {
	return &sbi.NGAPCause{Group: uint32(c.Group()), Value: uint32(c & 0xff)}
}

// fromNGAPCause reads a cause of another AMF; one that cannot be is no reason.
func fromNGAPCause(c sbi.NGAPCause) ngap.Cause {
	cause := ngap.Cause(c.Group&0xff<<8 | c.Value&0xff)
	if c.Group > 0xff || c.Value > 0xff || !cause.Valid() {
		return ngap.CauseMiscUnspecified
	}
	return cause
}

// gnbDigits writes a gNB identity in hexadecimal, padded with zeros at the end, TS 29.571 §5.4.4.29.
func gnbDigits(id aper.BitString) string {
	n := uint64(0)
	for _, b := range id.Bytes {
		n = n<<8 | uint64(b)
	}
	n >>= -id.Len & 7
	return fmt.Sprintf("%0*x", (id.Len+3)/4, n)
}

// gnbBits is gnbDigits back.
func gnbBits(id namf.GNBID) ([]byte, error) {
	digits := id.Value
	if len(digits)%2 == 1 {
		digits = "0" + digits
	}
	b, err := hex.DecodeString(digits)
	if err != nil || id.BitLength < 22 || id.BitLength > 32 || len(id.Value) != (int(id.BitLength)+3)/4 {
		return nil, fmt.Errorf("%q of %d bits is no gNB identity", id.Value, id.BitLength)
	}
	n := uint64(0)
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	n <<= -id.BitLength & 7
	out := make([]byte, (int(id.BitLength)+7)/8)
	for i := range out {
		out[len(out)-1-i] = byte(n >> (8 * i))
	}
	return out, nil
}
