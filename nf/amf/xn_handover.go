package amf

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// pathSwitch is a PATH SWITCH REQUEST: source is the connection that it names.
type pathSwitch struct {
	gnb     *gnb
	link    *tnla // over which it came
	source  *connection
	epoch   uint64
	request *ngap.PathSwitchRequest
}

// switchPath finds the UE that a gNB says to have taken over, TS 38.413 §8.4.4.
func (l *tnla) switchPath(m *ngap.PathSwitchRequest) {
	g := l.gnb.Load()
	p := &pathSwitch{gnb: g, link: l, epoch: g.now(), source: g.amf.connections.get(m.SourceAMFUENGAPID), request: m}
	if p.source == nil || !p.source.lives() {
		l.log.Warn("path switch refused: no UE is connected by that identity", "AMF UE NGAP ID", m.SourceAMFUENGAPID)
		p.refuse()
		return
	}
	if err := p.source.ue.Load().follow(p); err != nil {
		l.log.Warn("path switch refused", "reason", err)
		p.refuse()
	}
}

// refuse answers with PATH SWITCH REQUEST FAILURE: every session is released at the target, TS 38.413 §8.4.4.3.
func (p *pathSwitch) refuse() {
	failure := &ngap.PathSwitchRequestFailure{AMFUENGAPID: p.request.SourceAMFUENGAPID, RANUENGAPID: p.request.RANUENGAPID}
	for _, s := range p.request.PDUSessionResourceToBeSwitchedDLList {
		failure.PDUSessionResourceReleasedListPSFail = append(failure.PDUSessionResourceReleasedListPSFail,
			ngap.PDUSessionResourceReleasedItemPSFail{PDUSessionID: s.PDUSessionID, PathSwitchRequestUnsuccessfulTransfer: notSwitched()})
	}
	p.link.send(failure)
}

// notSwitched is a PathSwitchRequestUnsuccessfulTransfer of the AMF itself, TS 38.413 §9.3.4.20.
func notSwitched() []byte {
	b, _ := (&ngap.PathSwitchRequestUnsuccessfulTransfer{Cause: ngap.CauseRadioNetworkUnspecified}).Append(nil) // a constant can be encoded
	return b
}

// pathSwitchRequested runs the Xn based handover and answers the target gNB however it ends. Where it fails the UE has
// no gNB any more: the source has given it away.
func (ue *ue) pathSwitchRequested(ctx context.Context, p *pathSwitch) {
	if other := p.source.ue.Load(); other != ue {
		if other.follow(p) != nil {
			p.refuse()
		}
		return
	}
	before := ue.running // it may come in the middle of a registration
	ue.running = xnHandover
	defer func() { ue.running = before }()
	err := ue.xnHandover(ctx, p)
	if err == nil {
		return
	}
	ue.log().Warn("path switch refused", "target", p.gnb.label(), "reason", err)
	p.refuse()
	if !errors.Is(err, errNotConnected) {
		p.source.gnb.release(p.source, ngap.CauseRadioNetworkReleaseDueTo5GCGeneratedReason)
		_ = ue.insist(&connectionLost{conn: p.source, why: "no path to where the UE is"}) // refused only at shutdown
	}
}

var (
	errNotConnected   = errors.New("the UE is not connected by the identity that the gNB names")
	errNothingMoved   = errors.New("no PDU session could be switched")
	errTargetNotReady = errors.New("the gNB has not set up the NG interface")
)

// xnHandover is the Xn based inter NG-RAN handover without User Plane function re-allocation, TS 23.502 §4.9.1.2.2. The
// handover itself, step 8 and the UE's data on its way from the source to the target are the gNBs' own.
func (ue *ue) xnHandover(ctx context.Context, p *pathSwitch) error {
	if ue.conn != p.source || !p.source.contextSetUp || !ue.registered {
		return errNotConnected
	}
	tai, err := ue.admitTarget(p.gnb, &p.request.UserLocationInformation) // step 1
	if err != nil {
		return err
	}
	ue.tai = tai
	switched, released := ue.switchSessions(ctx, p) // steps 2 to 6
	if len(switched) == 0 {
		return errNothingMoved
	}
	ue.moveTo(p.takeOver(), tai)
	keys := ue.keysForRadio()
	ue.nextHop = keys.chain
	ue.conn.gnb.send(ue.conn, &ngap.PathSwitchRequestAcknowledge{ // step 7
		AMFUENGAPID: ue.conn.amfID, RANUENGAPID: ue.conn.ranID,
		UESecurityCapabilities:              ue.rightCapabilities(&p.request.UESecurityCapabilities),
		SecurityContext:                     keys.told,
		NewSecurityContextInd:               keys.indication(),
		PDUSessionResourceSwitchedList:      switched,
		PDUSessionResourceReleasedListPSAck: released,
		AllowedNSSAI:                        toAllowedNSSAI(ue.allowed),
		UEUPCIoTSupport:                     ue.suspendSupport(),
	})
	ue.deliverAgain()
	ue.note("handed over by Xn", "from", p.source.gnb.label(), "sessions", len(switched), "released", len(released))
	return nil
}

// admitTarget tells where a UE is that appears at a gNB, and whether it may be served there, TS 23.501 §5.3.4.1.
func (ue *ue) admitTarget(g *gnb, at *ngap.UserLocationInformation) (ident.TAI, error) {
	if !g.isReady() {
		return ident.TAI{}, errTargetNotReady
	}
	tai, ok := taiOf(at)
	if !ok {
		return tai, errors.New("the location is of a kind that is not served here")
	}
	return tai, ue.mayEnter(g, tai)
}

// mayEnter tells whether the UE may be served in a tracking area of a gNB.
func (ue *ue) mayEnter(g *gnb, tai ident.TAI) error {
	if _, there := g.slicesIn(tai); !there || !ue.amf.serves(tai) {
		return fmt.Errorf("tracking area %v is not one that the gNB and this AMF serve", tai)
	}
	if slices.Contains(ue.subscribed.ForbiddenTACs, tai.TAC) {
		return fmt.Errorf("the subscription forbids tracking area %v", tai)
	}
	return nil
}

// switchSessions has the SMFs switch the paths of the sessions that the target has taken over. Those that it could not
// take, and those of which it does not speak, lose their user plane.
func (ue *ue) switchSessions(ctx context.Context, p *pathSwitch) (ngap.PDUSessionResourceSwitchedList, ngap.PDUSessionResourceReleasedListPSAck) {
	m := p.request
	var switched ngap.PDUSessionResourceSwitchedList
	var released ngap.PDUSessionResourceReleasedListPSAck
	named := make(map[uint8]bool)
	for _, item := range m.PDUSessionResourceToBeSwitchedDLList {
		named[uint8(item.PDUSessionID)] = true
		answer, ok := ue.moveSession(ctx, uint8(item.PDUSessionID), nsmf.SMContextUpdateData{
			N2SMInfo: nsmf.N2SMInfo{Type: nsmf.PathSwitchReq, Data: slices.Clone(item.PathSwitchRequestTransfer)},
		})
		if ok {
			switched = append(switched, ngap.PDUSessionResourceSwitchedItem{
				PDUSessionID: item.PDUSessionID, PathSwitchRequestAcknowledgeTransfer: answer})
			continue
		}
		if answer == nil {
			answer = notSwitched()
		}
		released = append(released, ngap.PDUSessionResourceReleasedItemPSAck{
			PDUSessionID: item.PDUSessionID, PathSwitchRequestUnsuccessfulTransfer: answer})
	}
	for _, item := range m.PDUSessionResourceFailedToSetupListPSReq {
		named[uint8(item.PDUSessionID)] = true
		if s := ue.session(uint8(item.PDUSessionID)); s != nil {
			s.active = false
			ue.explainNotSwitched(s, p.gnb, item.PathSwitchRequestSetupFailedTransfer)
		}
		ue.moveSession(ctx, uint8(item.PDUSessionID), nsmf.SMContextUpdateData{
			N2SMInfo: nsmf.N2SMInfo{Type: nsmf.PathSwitchSetupFail, Data: slices.Clone(item.PathSwitchRequestSetupFailedTransfer)},
		})
	}
	ue.deactivateOthers(ctx, named)
	return switched, released
}

// explainNotSwitched says in the log why the target does not take a session, TS 38.413 §9.3.4.15.
func (ue *ue) explainNotSwitched(s *smContext, target *gnb, transfer []byte) {
	t, err := ngap.DecodePathSwitchRequestSetupFailedTransfer(transfer)
	if err != nil {
		ue.log().Warn("session is not taken over, for a reason that cannot be read", "session", s.id, "slice", s.slice, "error", err)
		return
	}
	reason := "the target has no room for it"
	if t.Cause == ngap.CauseRadioNetworkSliceNotSupported {
		reason = ue.notByRadio(s.slice, ue.tai, target)
	}
	ue.log().Warn("session is not taken over", "session", s.id, "slice", s.slice, "cause", t.Cause, "reason", reason)
}

// moveSession makes a step of a handover at a session's SMF. It returns the N2 information in the answer and whether
// the step was made; a session for which it was not has no user plane any more.
func (ue *ue) moveSession(ctx context.Context, id uint8, data nsmf.SMContextUpdateData) ([]byte, bool) {
	s := ue.session(id)
	if s == nil {
		ue.log().Warn("handover of a session that there is not", "session", id)
		return nil, false
	}
	data.TAI = ue.tai
	updated, err := ue.amf.services.Sessions.UpdateSMContext(ctx, s.ref, data)
	if err == nil {
		return updated.N2SMInfo.Data, true
	}
	ue.log().Warn("SMF refuses a step of the handover", "session", id, "step", data.N2SMInfo.Type, "state", data.HoState, "error", err)
	ue.deactivateSession(ctx, s, "handover failed")
	ue.dropIfGone(s, err)
	if refused, ok := errors.AsType[*nsmf.SMContextError](err); ok {
		return refused.N2SMInfo.Data, false
	}
	return nil, false
}

// deactivateOthers takes down the user plane of sessions that did not come along.
func (ue *ue) deactivateOthers(ctx context.Context, moved map[uint8]bool) {
	for _, s := range slices.Clone(ue.sessions) {
		if s.active && !moved[s.id] {
			ue.deactivateSession(ctx, s, "not part of the handover")
		}
	}
}

// takeOver makes the connection of a UE that came from another gNB, which knows it no more.
func (p *pathSwitch) takeOver() *connection {
	g, source, id := p.gnb, p.source, p.request.RANUENGAPID
	if old := g.connectionByRAN(id); old != nil && old != source {
		g.lose(old, "the gNB uses its RAN UE NGAP ID again")
	}
	source.gnb.close(source)
	c := g.newConnection(source.amfID, source.ue.Load(), p.link)
	c.ranID, c.epoch = id, p.epoch
	g.open(c)
	return c
}

// moveTo makes c the UE's connection: the gNB there has the UE's context and NAS security goes on.
func (ue *ue) moveTo(c *connection, tai ident.TAI) {
	c.contextSetUp, c.secured, c.tai = true, true, tai
	if ue.conn != nil {
		ue.conn.movedTo = c
	}
	ue.conn, ue.tai = c, tai
}

// rightCapabilities compares the UE security capabilities that a target got from the source with those that the UE
// gave, TS 33.501 §6.7.3.1: a source that lies about them is logged and the target corrected.
func (ue *ue) rightCapabilities(got *ngap.UESecurityCapabilities) *ngap.UESecurityCapabilities {
	right := ngapCapabilities(ue.capability)
	if *got == right {
		return nil
	}
	ue.log().Error("gNB was given wrong UE security capabilities (TS 33.501 §6.7.3.1)", "got", *got, "right", right)
	return &right
}

func (n *nextHop) securityContext() ngap.SecurityContext {
	return ngap.SecurityContext{NextHopChainingCount: ngap.NextHopChainingCount(n.ncc), NextHopNH: ngap.SecurityKey(n.nh)}
}
