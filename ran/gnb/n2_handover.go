package gnb

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/limpid-5g/limpid/ran/radio"
	"github.com/limpid-5g/limpid/wire/aper"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// Moment is one of an N2 handover.
type Moment uint8

// The moments.
const (
	Never     Moment = iota
	Preparing        // HANDOVER REQUIRED is sent
	Commanded        // HANDOVER COMMAND has come
	Arrived          // the UE is at the target
)

// N2Options change an N2 handover; the zero value is the good one.
type N2Options struct {
	Forwarding Forwarding
	Cancel     Moment // when the source cancels it
	Stay       bool   // the UE does not leave
	Twice      bool   // HANDOVER REQUIRED is sent twice
	Spoil      bool   // a bit of the NAS container for the UE is wrong
	DAPS       bool   // the source serves the UE on until it hears that it has arrived, TS 38.300 §9.2.3.2.1
	// Target is named in HANDOVER REQUIRED instead of the target's own identity.
	Target *ngap.TargetID
	// Settle is waited for before a cancellation: others are to hear first of what is cancelled; nil: a moment.
	Settle func()
}

// arrival is a UE that another gNB is about to send: the radio's side of it, which no message carries.
type arrival struct {
	terminal radio.Terminal
	context  *ueContext // once the target has made it; under the gNB's lock
}

// tunnelEnd names a session by the UPF's end of its tunnel.
type tunnelEnd struct {
	at   netip.AddrPort
	teid uint32
}

// HandOverN2 hands a UE over to another gNB through the AMF, TS 23.502 §4.9.1.3. The UE leaves when the AMF commands
// it. The error is ErrNoContext, a *HandoverError, ErrTimeout, ErrNoAMF, or ctx's.
func (g *GNB) HandOverN2(ctx context.Context, t radio.Terminal, target *GNB, o N2Options) error {
	source, err := g.context(t)
	if err != nil {
		return err
	}
	a := &arrival{terminal: t}
	defer target.announce(source, a)()
	required := source.handoverRequired(target, o)
	if o.Cancel == Preparing {
		if err := errors.Join(source.send(required), o.settled(ctx)); err != nil {
			return err
		}
		return source.cancelHandover(ctx)
	}
	if o.Twice {
		if err := errors.Join(source.send(required), pause(ctx, time.Millisecond)); err != nil {
			return err
		}
	}
	answer, err := source.askAMF(ctx, required)
	if err != nil {
		return err
	}
	command, ok := answer.(*ngap.HandoverCommand)
	if !ok {
		return &HandoverError{answer.(*ngap.HandoverPreparationFailure).Cause}
	}
	return source.execute(ctx, target, a, command, o)
}

// execute is the source's part of the execution phase, TS 23.502 §4.9.1.3.3.
func (c *ueContext) execute(ctx context.Context, target *GNB, a *arrival, command *ngap.HandoverCommand, o N2Options) error {
	if o.Cancel == Commanded {
		return c.cancelHandover(ctx)
	}
	if o.Stay {
		return nil
	}
	target.mu.Lock()
	n := a.context
	target.mu.Unlock()
	if n == nil {
		return ErrNoContext
	}
	c.forwardAs(command)
	if err := c.transferStatus(ctx, n, command); err != nil {
		return err
	}
	order := n.order()
	if o.Spoil && len(order.Container) > 0 {
		order.Container[0] ^= 1
	}
	if err := a.terminal.HandOver(order); err != nil { // it goes on at the source, TS 38.331 §5.3.5.8.2
		c.stay()
		return errors.Join(err, c.cancelHandover(ctx))
	}
	c.leave()
	n.arrive()
	notify := &ngap.HandoverNotify{AMFUENGAPID: *n.amf, RANUENGAPID: n.id, UserLocationInformation: n.g.location()}
	if o.DAPS {
		return c.arriveByDAPS(ctx, n, notify)
	}
	if err := n.send(notify); err != nil {
		return err
	}
	if o.Cancel == Arrived {
		if err := o.settled(ctx); err != nil { // the notification is on another association
			return err
		}
		return c.cancelHandover(ctx)
	}
	return nil
}

// settled waits until others have heard what comes before a cancellation.
func (o *N2Options) settled(ctx context.Context) error {
	if o.Settle != nil {
		o.Settle()
	}
	return pause(ctx, time.Millisecond)
}

// arriveByDAPS has the AMF tell the source that the UE has arrived, and waits for that, TS 38.413 §8.4.8.
func (c *ueContext) arriveByDAPS(ctx context.Context, n *ueContext, notify *ngap.HandoverNotify) error {
	notify.NotifySourceNGRANNode = new(ngap.NotifySourceNGRANNodeNotifySource)
	success := c.expectAnswer(ngap.ProcedureCodeHandoverSuccess)
	if err := n.send(notify); err != nil {
		return err
	}
	_, err := c.await(ctx, success)
	return err
}

// statusPatience bounds how long the target waits for the status transfer.
const statusPatience = 100 * time.Millisecond

// transferStatus tells the target where the UE's bearers stand, TS 38.413 §8.4.6 and §8.4.7.
func (c *ueContext) transferStatus(ctx context.Context, n *ueContext, command *ngap.HandoverCommand) error {
	arrived := n.expectAnswer(ngap.ProcedureCodeDownlinkRANStatusTransfer)
	if err := c.send(c.statusTransfer(command)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, statusPatience)
	defer cancel()
	if _, err := n.await(ctx, arrived); err != nil {
		c.g.cfg.Log.Warn("target not told of the bearers' status", "err", err)
	}
	return nil
}

// cancelHandover is the Handover Cancel procedure, TS 38.413 §8.4.5.
func (c *ueContext) cancelHandover(ctx context.Context) error {
	_, err := c.askAMF(ctx, &ngap.HandoverCancel{AMFUENGAPID: *c.amf, RANUENGAPID: c.id, Cause: ngap.CauseRadioNetworkHandoverCancelled})
	return err
}

// announce tells the target of a UE that may come. What it returns takes that back.
func (g *GNB) announce(source *ueContext, a *arrival) (withdraw func()) {
	var ends []tunnelEnd
	for _, b := range source.allBearers() {
		remote, teid := b.peer()
		ends = append(ends, tunnelEnd{remote, teid})
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, e := range ends {
		g.arrivals[e] = a
	}
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		for _, e := range ends {
			if g.arrivals[e] == a {
				delete(g.arrivals, e)
			}
		}
	}
}

// handoverRequired is HANDOVER REQUIRED, TS 38.413 §9.2.3.1.
func (c *ueContext) handoverRequired(target *GNB, o N2Options) *ngap.HandoverRequired {
	m := &ngap.HandoverRequired{
		AMFUENGAPID: *c.amf, RANUENGAPID: c.id, HandoverType: ngap.HandoverTypeIntra5GS,
		Cause:                              ngap.CauseRadioNetworkHandoverDesirableForRadioReason,
		TargetID:                           target.targetID(),
		SourceToTargetTransparentContainer: c.toTarget(target, o.Forwarding),
	}
	if o.Target != nil {
		m.TargetID = *o.Target
	}
	var transfer ngap.HandoverRequiredTransfer
	if o.Forwarding == DirectForwarding {
		direct := ngap.DirectForwardingPathAvailabilityDirectPathAvailable
		m.DirectForwardingPathAvailability, transfer.DirectForwardingPathAvailability = &direct, &direct
	}
	b, err := transfer.Append(nil)
	if err != nil {
		c.g.cfg.Log.Error("cannot encode", "transfer", "HandoverRequiredTransfer", "err", err)
	}
	for _, bearer := range c.allBearers() {
		m.PDUSessionResourceListHORqd = append(m.PDUSessionResourceListHORqd,
			ngap.PDUSessionResourceItemHORqd{PDUSessionID: ngap.PDUSessionID(bearer.session), HandoverRequiredTransfer: b})
	}
	return m
}

// emptyRRC is a HandoverPreparationInformation, or a HandoverCommand, that holds nothing, TS 38.331 §11.2.2.
var emptyRRC = ngap.RRCContainer{0x80}

// toTarget is the Source to Target Transparent Container, TS 38.413 §9.3.1.29.
func (c *ueContext) toTarget(target *GNB, how Forwarding) ngap.SourceToTargetTransparentContainer {
	here, there := c.g.location().UserLocationInformationNR.NRCGI, target.location().UserLocationInformationNR.NRCGI
	t := &ngap.SourceNGRANNodeToTargetNGRANNodeTransparentContainer{
		RRCContainer: emptyRRC, TargetCellID: ngap.NGRANCGI{NRCGI: &there},
		UEHistoryInformation: ngap.UEHistoryInformation{{LastVisitedCellInformation: ngap.LastVisitedCellInformation{
			NGRANCell: &ngap.LastVisitedNGRANCellInformation{GlobalCellID: ngap.NGRANCGI{NRCGI: &here}, CellType: ngap.CellType{CellSize: ngap.CellSizeMedium}},
		}}},
	}
	for _, b := range c.allBearers() {
		item := ngap.PDUSessionResourceInformationItem{PDUSessionID: ngap.PDUSessionID(b.session)}
		for _, q := range b.QFIs() {
			flow := ngap.QosFlowInformationItem{QosFlowIdentifier: ngap.QosFlowIdentifier(q)}
			if how != NoForwarding {
				proposed := ngap.DLForwardingDLForwardingProposed
				flow.DLForwarding = &proposed
			}
			item.QosFlowInformationList = append(item.QosFlowInformationList, flow)
		}
		t.PDUSessionResourceInformationList = append(t.PDUSessionResourceInformationList, item)
	}
	b, err := t.Append(nil)
	if err != nil {
		c.g.cfg.Log.Error("cannot encode", "container", "source to target", "err", err)
	}
	return b
}

// forwarded are the sessions for which the source proposes forwarding.
func forwarded(container []byte) map[uint8]bool {
	out := make(map[uint8]bool)
	t, err := ngap.DecodeSourceNGRANNodeToTargetNGRANNodeTransparentContainer(container)
	if err != nil {
		return out
	}
	for _, s := range t.PDUSessionResourceInformationList {
		for _, f := range s.QosFlowInformationList {
			if f.DLForwarding != nil {
				out[uint8(s.PDUSessionID)] = true
			}
		}
	}
	return out
}

// forwardAs makes the source send what still comes for the UE where the HANDOVER COMMAND says.
func (c *ueContext) forwardAs(m *ngap.HandoverCommand) {
	to := make(map[uint8]tunnelEnd)
	for _, s := range m.PDUSessionResourceHandoverList {
		t, err := ngap.DecodeHandoverCommandTransfer(s.HandoverCommandTransfer)
		if err != nil || t.DLForwardingUPTNLInformation == nil || t.DLForwardingUPTNLInformation.GTPTunnel == nil {
			continue
		}
		if at, err := t.DLForwardingUPTNLInformation.GTPTunnel.AddrPort(); err == nil {
			to[uint8(s.PDUSessionID)] = tunnelEnd{at, uint32(t.DLForwardingUPTNLInformation.GTPTunnel.GTPTEID)}
		}
	}
	for _, b := range c.allBearers() {
		b.sendAway(to[b.session].at, to[b.session].teid)
	}
}

// statusTransfer is UPLINK RAN STATUS TRANSFER, TS 38.413 §9.2.3.13, of bearers whose counts nobody counts here.
func (c *ueContext) statusTransfer(m *ngap.HandoverCommand) *ngap.UplinkRANStatusTransfer {
	out := &ngap.UplinkRANStatusTransfer{AMFUENGAPID: *c.amf, RANUENGAPID: c.id}
	list := &out.RANStatusTransferTransparentContainer.DRBsSubjectToStatusTransferList
	for i := range m.PDUSessionResourceHandoverList {
		*list = append(*list, ngap.DRBsSubjectToStatusTransferItem{
			DRBID:       ngap.DRBID(i%32 + 1),
			DRBStatusUL: ngap.DRBStatusUL{DRBStatusUL12: &ngap.DRBStatusUL12{}},
			DRBStatusDL: ngap.DRBStatusDL{DRBStatusDL12: &ngap.DRBStatusDL12{}},
		})
		if i == 31 {
			break
		}
	}
	return out
}

// allocate is the target's half of Handover Resource Allocation, TS 38.413 §8.4.2.
func (g *GNB) allocate(l *link, m *ngap.HandoverRequest) {
	var refusal *ngap.Cause
	if g.cfg.Hooks.Refuse != nil {
		refusal = g.cfg.Hooks.Refuse(m)
	}
	a := g.arrivalOf(m)
	if a == nil && refusal == nil {
		cause := ngap.CauseRadioNetworkNoRadioResourcesAvailableInTargetCell
		refusal = &cause
	}
	if refusal != nil {
		g.answer(l, &ngap.HandoverFailure{AMFUENGAPID: m.AMFUENGAPID, Cause: *refusal})
		return
	}
	c := g.newContext(a.terminal, m.AMFUENGAPID)
	c.as, c.suspendable = newNextHop(m.SecurityContext, m.NewSecurityContextInd).target(g), m.UEUPCIoTSupport != nil
	c.container = slices.Clone(m.NASC)
	c.capabilities = m.UESecurityCapabilities
	ack := &ngap.HandoverRequestAcknowledge{AMFUENGAPID: m.AMFUENGAPID, RANUENGAPID: c.id}
	forwards := forwarded(m.SourceToTargetTransparentContainer)
	for _, s := range m.PDUSessionResourceSetupListHOReq {
		transfer, cause := c.admitN2(uint8(s.PDUSessionID), s.HandoverRequestTransfer, forwards[uint8(s.PDUSessionID)])
		if cause == nil {
			ack.PDUSessionResourceAdmittedList = append(ack.PDUSessionResourceAdmittedList,
				ngap.PDUSessionResourceAdmittedItem{PDUSessionID: s.PDUSessionID, HandoverRequestAcknowledgeTransfer: transfer})
			continue
		}
		b, err := (&ngap.HandoverResourceAllocationUnsuccessfulTransfer{Cause: *cause}).Append(nil)
		if err != nil {
			continue
		}
		ack.PDUSessionResourceFailedToSetupListHOAck = append(ack.PDUSessionResourceFailedToSetupListHOAck,
			ngap.PDUSessionResourceFailedToSetupItemHOAck{PDUSessionID: s.PDUSessionID, HandoverResourceAllocationUnsuccessfulTransfer: b})
	}
	if len(ack.PDUSessionResourceAdmittedList) == 0 {
		c.forget()
		g.answer(l, &ngap.HandoverFailure{AMFUENGAPID: m.AMFUENGAPID, Cause: ngap.CauseRadioNetworkNoRadioResourcesAvailableInTargetCell})
		return
	}
	container, err := (&ngap.TargetNGRANNodeToSourceNGRANNodeTransparentContainer{RRCContainer: emptyRRC}).Append(nil)
	if err != nil {
		g.cfg.Log.Error("cannot encode", "container", "target to source", "err", err)
	}
	ack.TargetToSourceTransparentContainer = container
	g.mu.Lock()
	a.context = c
	g.mu.Unlock()
	c.answer(ack)
}

// arrivalOf finds the UE that a HANDOVER REQUEST announces, by the UPF's ends of its tunnels.
func (g *GNB) arrivalOf(m *ngap.HandoverRequest) *arrival {
	for _, s := range m.PDUSessionResourceSetupListHOReq {
		t, err := ngap.DecodePDUSessionResourceSetupRequestTransfer(s.HandoverRequestTransfer)
		if err != nil || t.ULNGUUPTNLInformation.GTPTunnel == nil {
			continue
		}
		at, err := t.ULNGUUPTNLInformation.GTPTunnel.AddrPort()
		if err != nil {
			continue
		}
		g.mu.Lock()
		a := g.arrivals[tunnelEnd{at, uint32(t.ULNGUUPTNLInformation.GTPTunnel.GTPTEID)}]
		g.mu.Unlock()
		if a != nil {
			return a
		}
	}
	return nil
}

// admitN2 makes the bearer of a session that a HANDOVER REQUEST names.
func (c *ueContext) admitN2(session uint8, transfer []byte, forwarding bool) ([]byte, *ngap.Cause) {
	cause := ngap.CauseProtocolAbstractSyntaxErrorReject
	r, err := ngap.DecodePDUSessionResourceSetupRequestTransfer(transfer)
	if err != nil || r.ULNGUUPTNLInformation.GTPTunnel == nil {
		return nil, &cause
	}
	remote, err := r.ULNGUUPTNLInformation.GTPTunnel.AddrPort()
	if err != nil {
		return nil, &cause
	}
	ack := &ngap.HandoverRequestAcknowledgeTransfer{}
	var qfis []uint8
	for _, f := range r.QosFlowSetupRequestList {
		qfis = append(qfis, uint8(f.QosFlowIdentifier))
		item := ngap.QosFlowItemWithDataForwarding{QosFlowIdentifier: f.QosFlowIdentifier}
		if forwarding {
			accepted := ngap.DataForwardingAcceptedDataForwardingAccepted
			item.DataForwardingAccepted = &accepted
		}
		ack.QosFlowSetupResponseList = append(ack.QosFlowSetupResponseList, item)
	}
	b, refused := c.admit(session, qfis, remote, uint32(r.ULNGUUPTNLInformation.GTPTunnel.GTPTEID), forwarding)
	if refused != nil {
		return nil, refused
	}
	for _, f := range r.QosFlowSetupRequestList {
		b.addFlow(uint8(f.QosFlowIdentifier), &f.QosFlowLevelQosParameters)
	}
	ack.DLNGUUPTNLInformation = c.g.tunnelInformation(b.teid)
	if forwarding {
		end := c.g.tunnelInformation(b.forwardingTEID)
		ack.DLForwardingUPTNLInformation = &end
	}
	out, err := ack.Append(nil)
	if err != nil {
		return nil, &cause
	}
	return out, nil
}

// globalID is the Global RAN Node ID IE, TS 38.413 §9.3.1.5.
func (g *GNB) globalID() ngap.GlobalRANNodeID {
	v := g.cfg.ID << (32 - g.cfg.IDBits)
	id := aper.BitString{Bytes: []byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}, Len: g.cfg.IDBits}
	id.Bytes = id.Bytes[:(id.Len+7)/8]
	return ngap.GlobalRANNodeID{GlobalGNBID: &ngap.GlobalGNBID{PLMNIdentity: ngap.PLMNIdentity(g.cfg.PLMN), GNBID: ngap.GNBID{GNBID: id}}}
}

// targetID names this gNB as a target, TS 38.413 §9.3.1.25.
func (g *GNB) targetID() ngap.TargetID {
	return ngap.TargetID{TargetRANNodeID: &ngap.TargetRANNodeID{GlobalRANNodeID: g.globalID(), SelectedTAI: ngap.NewTAI(g.TAI())}}
}
