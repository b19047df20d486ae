package gnb

import (
	"context"
	"errors"
	"net/netip"

	"github.com/limpid-5g/limpid/wire/ngap"
)

// ErrNotTransferred says that the AMF does not pass on what the gNB has for another.
var ErrNotTransferred = errors.New("gnb: the AMF does not transfer the RAN configuration")

// XnAddress asks another gNB for its Xn address by way of the AMF, TS 38.413 §8.8.1. The question names target, and source as
// who asks; nil for this gNB. The error is ErrNotTransferred, ErrNoAMF, ErrTimeout, or ctx's.
func (g *GNB) XnAddress(ctx context.Context, target *ngap.TargetRANNodeID, source *GNB) (netip.Addr, error) {
	if source == nil {
		source = g
	}
	own, err := g.xnConfiguration()
	if err != nil {
		return netip.Addr{}, err
	}
	question, err := (&ngap.SONConfigurationTransfer{
		TargetRANNodeID: *target, SourceRANNodeID: source.sourceID(), XnTNLConfigurationInfo: own,
		SONInformation: ngap.SONInformation{SONInformationRequest: new(ngap.SONInformationRequestXnTNLConfigurationInfo)},
	}).Append(nil)
	if err != nil {
		return netip.Addr{}, err
	}
	told := make(chan xnAnswer, 1)
	g.waitForXn(told)
	defer g.waitForXn(nil)
	if err := g.Send(&ngap.UplinkRANConfigurationTransfer{SONConfigurationTransferUL: question}); err != nil {
		return netip.Addr{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, g.cfg.SetupTimeout)
	defer cancel()
	select {
	case a := <-told:
		return a.address, a.err
	case <-ctx.Done():
		return netip.Addr{}, ErrTimeout
	}
}

// xnAnswer is what becomes of the question for a gNB's Xn address.
type xnAnswer struct {
	address netip.Addr
	err     error
}

func (g *GNB) waitForXn(told chan xnAnswer) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.xnTold = told
}

// xnIs tells who waits for another gNB's Xn address, if anybody does.
func (g *GNB) xnIs(a xnAnswer) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.xnTold != nil {
		g.xnTold <- a
		g.xnTold = nil
	}
}

// configurationTransferred takes what another gNB asks or tells, TS 38.413 §8.8.2.2: who asks for the Xn address gets it.
func (g *GNB) configurationTransferred(l *link, m *ngap.DownlinkRANConfigurationTransfer) {
	t, err := ngap.DecodeSONConfigurationTransfer(m.SONConfigurationTransferDL)
	if err != nil {
		g.refuse(l, err)
		return
	}
	if reply := t.SONInformation.SONInformationReply; reply != nil {
		if x := reply.XnTNLConfigurationInfo; x != nil && len(x.XnTransportLayerAddresses) > 0 {
			v4, _, err := x.XnTransportLayerAddresses[0].Addrs()
			g.xnIs(xnAnswer{v4, err})
		}
		return
	}
	if r := t.SONInformation.SONInformationRequest; r == nil || *r != ngap.SONInformationRequestXnTNLConfigurationInfo {
		g.cfg.Log.Warn("RAN configuration has no use here")
		return
	}
	own, err := g.xnConfiguration()
	if err != nil {
		g.cfg.Log.Warn("Xn address not told", "err", err)
		return
	}
	answer, err := (&ngap.SONConfigurationTransfer{
		TargetRANNodeID: ngap.TargetRANNodeID(t.SourceRANNodeID), SourceRANNodeID: g.sourceID(),
		SONInformation: ngap.SONInformation{SONInformationReply: &ngap.SONInformationReply{XnTNLConfigurationInfo: own}},
	}).Append(nil)
	if err != nil {
		g.cfg.Log.Error("cannot encode", "transfer", "SONConfigurationTransfer", "err", err)
		return
	}
	g.answer(l, &ngap.UplinkRANConfigurationTransfer{SONConfigurationTransferUL: answer})
}

// xnConfiguration is where other gNBs reach this one: the address of its user plane is its only one.
func (g *GNB) xnConfiguration() (*ngap.XnTNLConfigurationInfo, error) {
	address, err := transportAddress(g.cfg.N3)
	return &ngap.XnTNLConfigurationInfo{XnTransportLayerAddresses: ngap.XnTLAs{address}}, err
}

func (g *GNB) sourceID() ngap.SourceRANNodeID {
	return ngap.SourceRANNodeID{GlobalRANNodeID: g.globalID(), SelectedTAI: ngap.NewTAI(g.TAI())}
}

// TargetID names this gNB as the target of what others have for it, TS 38.413 §9.3.1.25.
func (g *GNB) TargetID() *ngap.TargetRANNodeID { return g.targetID().TargetRANNodeID }
