package amf

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// handover is an N2 handover that is under way. Between two AMFs each has one: at the source it is to the other, at the
// target from it.
type handover struct {
	required   *ngap.HandoverRequired
	source     *connection // nil: at the AMF that the UE comes from
	target     *connection // nil until the target is asked, and where that is at the AMF that the UE goes to
	targetGNB  *gnb
	from, to   *Peer            // the other AMF, nil: this one
	context    namf.UEContextID // at the other AMF
	tai        ident.TAI        // where the UE will be
	sessions   []*movingSession
	container  ngap.TargetToSourceTransparentContainer
	keys       radioKeys // for the target
	nasc       []byte    // what the UE hears of NAS security, nil: nothing
	commanded  bool      // the source was told to send the UE away
	sourceLost bool      // and is gone since
	back       bool      // and the UE has spoken here since, which went to another AMF
}

// movingSession is a PDU session of the handover.
type movingSession struct {
	id       uint8
	slice    ident.SNSSAI
	request  []byte // what the target is to set up
	command  []byte // what the source must hear of it
	admitted bool   // by the target
}

// targetMessage is a message of the target, with which the UE has no connection yet.
type targetMessage struct{ ngap.Message }

// handoverError is why a handover does not take place, for the gNB that required it.
type handoverError struct {
	cause ngap.Cause
	why   error
}

func (e *handoverError) Error() string { return fmt.Sprintf("%v (%v)", e.why, e.cause) }

func noHandover(cause ngap.Cause, format string, args ...any) error {
	return &handoverError{cause, fmt.Errorf(format, args...)}
}

// What ends a handover before the UE has moved.
var (
	errCancelled  = errors.New("the source gNB cancels the handover")
	errTargetGone = errors.New("the target gNB has lost the UE or itself")
)

// handoverRequired runs the N2 handover and answers the source however it ends. The UE stays where it was if it has
// not moved: what the handover has set up is taken down.
func (ue *ue) handoverRequired(ctx context.Context, m *ngap.HandoverRequired) {
	if ue.handover != nil { // TS 38.413 §8.4.1.4: one at a time
		ue.conn.gnb.refuseHandover(m.AMFUENGAPID, m.RANUENGAPID, ngap.CauseRadioNetworkInteractionWithOtherProcedure)
		return
	}
	h, before := &handover{required: m, source: ue.conn}, ue.running
	ue.running, ue.handover = n2Handover, h
	defer func() { ue.running, ue.handover = before, nil; ue.deliverAgain() }()
	err := ue.prepareHandover(ctx, h) // TS 23.502 §4.9.1.3.2
	if err == nil {
		err = ue.executeHandover(ctx, h) // TS 23.502 §4.9.1.3.3
	}
	if err == nil {
		ue.note("handed over by N2", "from", h.source.gnb.label(), "sessions", len(h.sessions))
		return
	}
	ue.log().Warn("no handover", "target", h.label(), "reason", err)
	ue.abandonHandover(ctx, h, err)
}

// prepareHandover is the preparation phase, TS 23.502 §4.9.1.3.2, up to the HANDOVER COMMAND.
func (ue *ue) prepareHandover(ctx context.Context, h *handover) error {
	if err := ue.findTarget(h); err != nil { // steps 1 to 3
		return err
	}
	if err := ue.cancelledMeanwhile(ctx); err != nil {
		return err
	}
	if h.to != nil {
		return ue.createAtTarget(ctx, h) // steps 3 and 12: the target AMF does the rest
	}
	return ue.prepareTarget(ctx, h)
}

// prepareTarget is steps 4 to 11, at the target AMF where there are two.
func (ue *ue) prepareTarget(ctx context.Context, h *handover) error {
	ue.prepareSessions(ctx, h) // steps 4 to 8
	if h.admitted() == 0 {
		return noHandover(ngap.CauseRadioNetworkHoFailureInTarget5GCNGRANNodeOrTargetSystem, "no PDU session can be handed over")
	}
	ack, err := ue.allocateResources(ctx, h) // steps 9 and 10
	if err != nil {
		return err
	}
	ue.sessionsPrepared(ctx, h, ack) // steps 11a to 11f
	if h.admitted() == 0 {
		return noHandover(ngap.CauseRadioNetworkHoFailureInTarget5GCNGRANNodeOrTargetSystem, "the target admits no PDU session")
	}
	return nil
}

// executeHandover is the execution phase, TS 23.502 §4.9.1.3.3: the UE goes, and arrives at the target.
func (ue *ue) executeHandover(ctx context.Context, h *handover) error {
	h.source.gnb.send(h.source, h.command()) // step 1
	h.commanded = true
	at, err := ue.awaitArrival(ctx, h) // steps 2 to 5
	if err != nil {
		return err
	}
	if h.to == nil {
		ue.moveTo(h.target, at)
		ue.nextHop = h.keys.chain
		ue.completeSessions(ctx, h) // steps 6 to 11
	}
	ue.releaseSource(h.source) // steps 14 and 15
	if h.to != nil {
		ue.conn = nil
		ue.depart(ctx, h.to, nil) // the target AMF does the rest
	}
	return nil
}

// cancelledMeanwhile tells of a HANDOVER CANCEL that came while the HANDOVER REQUIRED waited for another procedure.
func (ue *ue) cancelledMeanwhile(ctx context.Context) error {
	_, err := procedure.Await[*ngap.HandoverCancel](ctx, ue, procedure.Timer{Name: "handover"})
	switch {
	case err == nil:
		return errCancelled
	case errors.Is(err, procedure.ErrNoAnswer):
		return nil
	}
	return err
}

// findTarget finds the target gNB, or the AMF that has it by its tracking area, TS 23.501 §6.3.5, and checks that the UE may
// be served there, TS 23.501 §5.3.4.1. There is no EPS to which a UE could go, TS 23.502 §4.11.
func (ue *ue) findTarget(h *handover) error {
	if h.from == nil && (!ue.registered || !h.source.contextSetUp) {
		return noHandover(ngap.CauseRadioNetworkInteractionWithOtherProcedure, "the UE is not registered")
	}
	t := h.required.TargetID.TargetRANNodeID
	if t == nil || h.required.HandoverType != ngap.HandoverTypeIntra5GS {
		return noHandover(ngap.CauseRadioNetworkHoTargetNotAllowed, "only handovers within 5GS are served here")
	}
	h.tai = t.SelectedTAI.Ident()
	if h.targetGNB = ue.amf.gnbByID(t.GlobalRANNodeID.String()); h.targetGNB == nil {
		if h.to = ue.amf.peerAt(h.tai); h.to != nil && h.from == nil {
			return nil
		}
		h.to = nil // a UE is not handed on
		return noHandover(ngap.CauseRadioNetworkUnknownTargetID, "no gNB %s is connected", t.GlobalRANNodeID.String())
	}
	if err := ue.mayEnter(h.targetGNB, h.tai); err != nil {
		return noHandover(ngap.CauseRadioNetworkHoTargetNotAllowed, "%w", err)
	}
	return nil
}

// prepareSessions asks the SMFs what the target is to set up, steps 4 to 8. What the target cannot serve is not asked for.
func (ue *ue) prepareSessions(ctx context.Context, h *handover) {
	served, _ := h.targetGNB.slicesIn(h.tai)
	for _, item := range h.required.PDUSessionResourceListHORqd {
		m := &movingSession{id: uint8(item.PDUSessionID)}
		h.sessions = append(h.sessions, m)
		s := ue.session(m.id)
		switch {
		case s == nil:
			m.command = notHandedOver(ngap.CauseRadioNetworkUnknownPDUSessionID)
			continue
		case !contains(served, s.slice):
			ue.log().Warn("session is not handed over", "session", m.id, "slice", s.slice, "cause", ngap.CauseRadioNetworkSliceNotSupported,
				"reason", ue.notByRadio(s.slice, h.tai, h.targetGNB), "target", h.label())
			m.command = notHandedOver(ngap.CauseRadioNetworkSliceNotSupported)
			continue
		}
		m.slice = s.slice
		updated, err := ue.amf.services.Sessions.UpdateSMContext(ctx, s.ref, nsmf.SMContextUpdateData{
			HoState: nsmf.HoPreparing, TAI: h.tai,
			N2SMInfo: nsmf.N2SMInfo{Type: nsmf.HandoverRequired, Data: slices.Clone(item.HandoverRequiredTransfer)},
		})
		if err != nil {
			ue.log().Warn("SMF does not prepare a handover", "session", m.id, "error", err)
			m.command = notHandedOver(ngap.CauseRadioNetworkUnspecified)
			continue
		}
		m.request, m.admitted = updated.N2SMInfo.Data, true
	}
}

// allocateResources is the Handover Resource Allocation procedure, TS 38.413 §8.4.2: steps 9 and 10.
func (ue *ue) allocateResources(ctx context.Context, h *handover) (*ngap.HandoverRequestAcknowledge, error) {
	h.target = h.targetGNB.newConnection(ue.amf.ngapIDs.allot(), ue, nil)
	h.target.expected = true
	h.targetGNB.open(h.target)
	if h.from == nil { // else they came with the UE
		h.keys = ue.keysForRadio()
	}
	answer, err := ue.askHandover(ctx, h, handoverResourceAllocation, func() error {
		h.targetGNB.send(h.target, ue.handoverRequest(h))
		return nil
	})
	switch {
	case errors.Is(err, procedure.ErrNoAnswer):
		return nil, noHandover(ngap.CauseRadioNetworkTngrelocprepExpiry, "the target does not answer")
	case errors.Is(err, errTargetGone):
		return nil, noHandover(ngap.CauseRadioNetworkHoFailureInTarget5GCNGRANNodeOrTargetSystem, "%w", err)
	case err != nil:
		return nil, err
	}
	switch m := answer.(type) {
	case *ngap.HandoverRequestAcknowledge:
		return m, nil
	case *ngap.HandoverFailure:
		h.targetGNB.close(h.target)
		return nil, noHandover(m.Cause, "the target has no resources")
	}
	return nil, noHandover(ngap.CauseProtocolMessageNotCompatibleWithReceiverState, "the target answers with %s", answer.(ngap.Message).Name())
}

// handoverRequest is the HANDOVER REQUEST, TS 38.413 §9.2.3.4.
func (ue *ue) handoverRequest(h *handover) *ngap.HandoverRequest {
	m := &ngap.HandoverRequest{
		AMFUENGAPID:  h.target.amfID,
		HandoverType: h.required.HandoverType, Cause: h.required.Cause,
		UEAggregateMaximumBitRate: ngap.UEAggregateMaximumBitRate{
			UEAggregateMaximumBitRateDL: ngap.BitRate(ue.ambr.Downlink), UEAggregateMaximumBitRateUL: ngap.BitRate(ue.ambr.Uplink),
		},
		UESecurityCapabilities:             ngapCapabilities(ue.capability),
		SecurityContext:                    h.keys.told,
		NewSecurityContextInd:              h.keys.indication(),
		NASC:                               h.nasc,
		AllowedNSSAI:                       toAllowedNSSAI(ue.allowed),
		SourceToTargetTransparentContainer: h.required.SourceToTargetTransparentContainer,
		GUAMI:                              ngap.NewGUAMI(ue.amf.cfg.GUAMI),
		MobilityRestrictionList:            ue.mobilityRestrictions(),
		TraceActivation:                    ue.tracing, LocationReportingRequestType: ue.reporting,
		UEUPCIoTSupport: ue.suspendSupport(),
	}
	for _, s := range h.sessions {
		if s.admitted {
			m.PDUSessionResourceSetupListHOReq = append(m.PDUSessionResourceSetupListHOReq, ngap.PDUSessionResourceSetupItemHOReq{
				PDUSessionID: ngap.PDUSessionID(s.id), SNSSAI: ngap.NewSNSSAI(s.slice), HandoverRequestTransfer: s.request})
		}
	}
	return m
}

// askHandover waits for what the target says, or for what ends the handover. Send asks; it may be nil.
func (ue *ue) askHandover(ctx context.Context, h *handover, t procedure.Timer, send func() error) (any, error) {
	if send == nil {
		send = func() error { return nil }
	}
	m, err := procedure.AskFor(ctx, ue, t, send, func(m any) bool {
		switch m := m.(type) {
		case targetMessage, *ngap.HandoverCancel, *ngap.UplinkRANStatusTransfer, *ngap.UplinkRANEarlyStatusTransfer:
			return true
		case *createdAtTarget:
			return m.of == h
		case *arrivedAtTarget:
			return h.to != nil && h.to == m.from && h.commanded
		case *relayedStatus, *releasedBySource:
			return h.from != nil
		case *connectionLost:
			return m.conn == h.target || m.conn == h.source && h.commanded // the UE is on its way: only the target matters
		}
		return false
	})
	if err != nil {
		return nil, err
	}
	switch m := m.(type) {
	case *ngap.HandoverCancel, *releasedBySource:
		return nil, errCancelled
	case *connectionLost:
		if m.conn == h.target {
			return nil, errTargetGone
		}
		h.sourceLost = true
		return m, nil
	case targetMessage:
		if lost, ok := m.Message.(*ngap.ErrorIndication); ok && unknownUE(lost) {
			return nil, errTargetGone
		}
		if _, ok := m.Message.(*ngap.UEContextReleaseRequest); ok {
			return nil, errTargetGone
		}
		return m.Message, nil
	}
	return m, nil
}

// sessionsPrepared brings the target's answer to the SMFs and theirs together for the source, steps 11a to 11f.
func (ue *ue) sessionsPrepared(ctx context.Context, h *handover, ack *ngap.HandoverRequestAcknowledge) {
	h.container = ack.TargetToSourceTransparentContainer
	answers := make(map[uint8]nsmf.N2SMInfo)
	for _, s := range ack.PDUSessionResourceAdmittedList {
		answers[uint8(s.PDUSessionID)] = nsmf.N2SMInfo{Type: nsmf.HandoverReqAck, Data: slices.Clone(s.HandoverRequestAcknowledgeTransfer)}
	}
	for _, s := range ack.PDUSessionResourceFailedToSetupListHOAck {
		answers[uint8(s.PDUSessionID)] = nsmf.N2SMInfo{Type: nsmf.HandoverResAllocFail, Data: slices.Clone(s.HandoverResourceAllocationUnsuccessfulTransfer)}
	}
	for _, m := range h.sessions {
		if !m.admitted {
			continue
		}
		s, answer := ue.session(m.id), answers[m.id]
		if s == nil || answer.Type == "" { // gone meanwhile, or the target does not speak of it
			m.admitted, m.command = false, notHandedOver(ngap.CauseRadioNetworkUnspecified)
			continue
		}
		updated, err := ue.amf.services.Sessions.UpdateSMContext(ctx, s.ref, nsmf.SMContextUpdateData{HoState: nsmf.HoPrepared, N2SMInfo: answer})
		if err != nil {
			ue.log().Warn("SMF refuses a prepared handover", "session", m.id, "error", err)
			m.admitted, m.command = false, notHandedOver(ngap.CauseRadioNetworkUnspecified)
			continue
		}
		m.command, m.admitted = updated.N2SMInfo.Data, answer.Type == nsmf.HandoverReqAck
	}
}

// command is the HANDOVER COMMAND, TS 38.413 §9.2.3.2.
func (h *handover) command() *ngap.HandoverCommand {
	m := &ngap.HandoverCommand{
		AMFUENGAPID: h.source.amfID, RANUENGAPID: h.source.ranID, HandoverType: h.required.HandoverType,
		TargetToSourceTransparentContainer: h.container,
	}
	for _, s := range h.sessions {
		if s.admitted {
			m.PDUSessionResourceHandoverList = append(m.PDUSessionResourceHandoverList,
				ngap.PDUSessionResourceHandoverItem{PDUSessionID: ngap.PDUSessionID(s.id), HandoverCommandTransfer: s.command})
			continue
		}
		m.PDUSessionResourceToReleaseListHOCmd = append(m.PDUSessionResourceToReleaseListHOCmd,
			ngap.PDUSessionResourceToReleaseItemHOCmd{PDUSessionID: ngap.PDUSessionID(s.id), HandoverPreparationUnsuccessfulTransfer: s.command})
	}
	return m
}

// awaitArrival waits for the HANDOVER NOTIFY, step 5, and passes on where the source stands with the UE's data,
// step 2: TS 38.413 §8.4.6 and §8.4.7. It returns where the UE is.
func (ue *ue) awaitArrival(ctx context.Context, h *handover) (at ident.TAI, err error) {
	timer := handoverArrival
	if h.from != nil {
		timer = handoverArrivalFrom
	}
	for {
		m, err := ue.askHandover(ctx, h, timer, nil)
		if errors.Is(err, procedure.ErrNoAnswer) {
			return at, noHandover(ngap.CauseRadioNetworkTngrelocoverallExpiry, "the UE does not arrive")
		}
		if err != nil {
			return at, err
		}
		switch m := m.(type) {
		case *ngap.UplinkRANStatusTransfer:
			ue.passStatus(ctx, h, m)
		case *ngap.UplinkRANEarlyStatusTransfer:
			ue.passEarlyStatus(ctx, h, m)
		case *relayedStatus:
			ue.statusFromSource(h, m)
		case *arrivedAtTarget:
			m.heard <- nil
			return h.tai, nil
		case *ngap.HandoverNotify:
			if m.NotifySourceNGRANNode != nil && h.source != nil { // the source serves the UE on until then, TS 38.413 §8.4.8
				h.source.gnb.send(h.source, &ngap.HandoverSuccess{AMFUENGAPID: h.source.amfID, RANUENGAPID: h.source.ranID})
			}
			if at, ok := taiOf(&m.UserLocationInformation); ok {
				return at, nil
			}
			return h.tai, nil
		}
	}
}

// completeSessions tells the SMFs that the UE has arrived, steps 6 to 11. Sessions that did not come along lose their
// user plane.
func (ue *ue) completeSessions(ctx context.Context, h *handover) {
	moved := make(map[uint8]bool)
	for _, m := range h.sessions {
		s := ue.session(m.id)
		if s == nil || m.request == nil {
			continue
		}
		moved[m.id] = true
		s.active = m.admitted
		completed := nsmf.SMContextUpdateData{HoState: nsmf.HoCompleted}
		if h.from != nil {
			completed.GUAMI, completed.ServingNFID = ue.amf.cfg.GUAMI, ue.amf.cfg.Core
		}
		ue.moveSession(ctx, m.id, completed)
	}
	ue.deactivateOthers(ctx, moved)
}

// releaseSource has the source release the UE once what it still forwards has passed, steps 14 and 15.
func (ue *ue) releaseSource(source *connection) {
	source.gnb.handOff(source)
	time.AfterFunc(sourceRelease, func() { source.gnb.release(source, ngap.CauseRadioNetworkSuccessfulHandover) })
}

// abandonHandover ends a handover that does not take place: the SMFs and the target forget it, TS 23.502 §4.9.1.4, and
// the source gets the answer that it waits for.
func (ue *ue) abandonHandover(ctx context.Context, h *handover, err error) {
	for _, m := range h.sessions {
		if s := ue.session(m.id); s != nil && m.request != nil {
			if _, err := ue.amf.services.Sessions.UpdateSMContext(ctx, s.ref, nsmf.SMContextUpdateData{HoState: nsmf.HoCancelled}); err != nil {
				ue.log().Info("SMF does not cancel a handover", "session", m.id, "error", err)
			}
		}
	}
	cause := causeOfAbandoned(err)
	if h.to != nil && h.context != "" {
		ue.releaseAtTarget(ctx, h, cause)
	}
	if h.back {
		ue.backFromTarget(ctx)
	}
	if h.target != nil {
		h.targetGNB.release(h.target, cause)
	}
	switch {
	case h.source == nil: // the AMF that the UE comes from answers it
	case errors.Is(err, errCancelled):
		ue.acknowledgeCancel(h.source)
	case !h.commanded && h.source.lives():
		h.source.gnb.refuseHandover(h.source.amfID, h.source.ranID, cause)
	} // else the UE may be back at the source or nowhere: the source will say
	if h.sourceLost && ue.conn == h.source {
		ue.loseConnection(ctx, &connectionLost{conn: h.source, why: "the source of the handover was lost, and the UE did not arrive"})
	}
}

// causeOfAbandoned is what a source gNB hears of why a handover does not take place.
func causeOfAbandoned(err error) ngap.Cause {
	if e, ok := errors.AsType[*handoverError](err); ok {
		return e.cause
	}
	if errors.Is(err, errCancelled) {
		return ngap.CauseRadioNetworkHandoverCancelled
	}
	return ngap.CauseRadioNetworkInteractionWithOtherProcedure
}

// acknowledgeCancel answers a HANDOVER CANCEL, TS 38.413 §8.4.5.2.
func (ue *ue) acknowledgeCancel(c *connection) {
	c.gnb.send(c, &ngap.HandoverCancelAcknowledge{AMFUENGAPID: c.amfID, RANUENGAPID: c.ranID})
}

// refuseHandover answers a HANDOVER REQUIRED, TS 38.413 §8.4.1.3.
func (g *gnb) refuseHandover(amfID ngap.AMFUENGAPID, ranID ngap.RANUENGAPID, cause ngap.Cause) {
	g.send(nil, &ngap.HandoverPreparationFailure{AMFUENGAPID: amfID, RANUENGAPID: ranID, Cause: cause})
}

// notHandedOver is a HandoverPreparationUnsuccessfulTransfer of the AMF itself, TS 38.413 §9.3.4.18.
func notHandedOver(cause ngap.Cause) []byte {
	b, _ := (&ngap.HandoverPreparationUnsuccessfulTransfer{Cause: cause}).Append(nil) // a constant can be encoded
	return b
}

func (h *handover) admitted() int {
	n := 0
	for _, s := range h.sessions {
		if s.admitted {
			n++
		}
	}
	return n
}

func (h *handover) label() string {
	if h.to != nil {
		return h.to.Name
	}
	if h.targetGNB == nil {
		return "unknown"
	}
	return h.targetGNB.label()
}
