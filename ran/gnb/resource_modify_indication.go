package gnb

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/limpid-5g/limpid/ran/radio"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// ErrNotConfirmed says that the AMF did not confirm what the gNB indicated.
var ErrNotConfirmed = errors.New("gnb: modification not confirmed")

// MoveOptions change what a gNB indicates; the zero value is the good one.
type MoveOptions struct {
	Session  uint8   // is named instead of the session
	Flows    []uint8 // are named instead of the session's QoS flows
	Again    bool    // the session is named twice
	Transfer []byte  // is sent instead of what there is to say
}

// MoveTunnel gives a session another end of its tunnel and tells the AMF, TS 38.413 §8.2.5, as a gNB does that adds a
// secondary node. The error is ErrNoContext, ErrNotConfirmed with the cause, ErrTimeout or ctx's; the tunnel is then as it was.
func (g *GNB) MoveTunnel(ctx context.Context, t radio.Terminal, session uint8, o MoveOptions) error {
	c, err := g.context(t)
	if err != nil {
		return err
	}
	before := c.bearer(session)
	if before == nil {
		return ErrNoContext
	}
	after := before.copied()
	g.openTunnel(after)
	m, err := c.modifyIndication(after, o)
	if err != nil {
		return err
	}
	answer, err := c.askAMF(ctx, m)
	if err == nil {
		err = moveRefused(answer)
	}
	if err != nil {
		g.closeTunnel(after)
		return err
	}
	c.mu.Lock()
	c.bearers = append(slices.DeleteFunc(c.bearers, func(b *bearer) bool { return b == before }), after)
	c.mu.Unlock()
	if err := after.terminal.AddBearer(after); err != nil {
		return err
	}
	g.closeTunnel(before)
	return nil
}

// copied is a bearer like b without a tunnel of its own.
func (b *bearer) copied() *bearer {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return &bearer{session: b.session, terminal: b.terminal, data: b.data, qfis: slices.Clone(b.qfis), profiles: b.profiles,
		remote: b.remote, remoteTEID: b.remoteTEID}
}

func (c *ueContext) modifyIndication(b *bearer, o MoveOptions) (*ngap.PDUSessionResourceModifyIndication, error) {
	address, err := transportAddress(c.g.cfg.N3)
	if err != nil {
		return nil, err
	}
	flows := b.QFIs()
	if o.Flows != nil {
		flows = o.Flows
	}
	var list ngap.AssociatedQosFlowList
	for _, q := range flows {
		list = append(list, ngap.AssociatedQosFlowItem{QosFlowIdentifier: ngap.QosFlowIdentifier(q)})
	}
	transfer, err := (&ngap.PDUSessionResourceModifyIndicationTransfer{DLQosFlowPerTNLInformation: ngap.QosFlowPerTNLInformation{
		UPTransportLayerInformation: ngap.UPTransportLayerInformation{
			GTPTunnel: &ngap.GTPTunnel{TransportLayerAddress: address, GTPTEID: ngap.GTPTEID(b.teid)}},
		AssociatedQosFlowList: list,
	}}).Append(nil)
	if err != nil {
		return nil, err
	}
	if o.Transfer != nil {
		transfer = o.Transfer
	}
	item := ngap.PDUSessionResourceModifyItemModInd{PDUSessionID: ngap.PDUSessionID(b.session), PDUSessionResourceModifyIndicationTransfer: transfer}
	if o.Session != 0 {
		item.PDUSessionID = ngap.PDUSessionID(o.Session)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	m := &ngap.PDUSessionResourceModifyIndication{AMFUENGAPID: *c.amf, RANUENGAPID: c.id, PDUSessionResourceModifyListModInd: ngap.PDUSessionResourceModifyListModInd{item}}
	if o.Again {
		m.PDUSessionResourceModifyListModInd = append(m.PDUSessionResourceModifyListModInd, item)
	}
	return m, nil
}

func moveRefused(answer ngap.Message) error {
	confirm, ok := answer.(*ngap.PDUSessionResourceModifyConfirm)
	if !ok {
		return fmt.Errorf("%w: %s", ErrNotConfirmed, answer.Name())
	}
	for _, s := range confirm.PDUSessionResourceFailedToModifyListModCfm {
		t, err := ngap.DecodePDUSessionResourceModifyIndicationUnsuccessfulTransfer(s.PDUSessionResourceModifyIndicationUnsuccessfulTransfer)
		if err != nil {
			return errors.Join(ErrNotConfirmed, err)
		}
		return fmt.Errorf("%w: session %d: %s", ErrNotConfirmed, s.PDUSessionID, t.Cause)
	}
	return nil
}
