package gnb

import (
	"context"
	"net/netip"
	"time"

	"github.com/limpid-5g/limpid/ran/radio"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// XnOptions change an Xn handover; the zero value is the good one.
type XnOptions struct {
	Forwarding Forwarding // DirectForwarding or NoForwarding
	// Capabilities are told to the target instead of those that the AMF gave.
	Capabilities *ngap.UESecurityCapabilities
	// Source is named in the PATH SWITCH REQUEST instead of the identity that the source was given.
	Source *ngap.AMFUENGAPID
}

// HandOverXn hands a UE over to another gNB, TS 38.300 §9.2.3.2.1 and TS 23.502 §4.9.1.2.2. What the gNBs say on Xn are
// function calls; user packets are forwarded on N3. The error is ErrNoContext, a *HandoverError of the target,
// ErrPathSwitch, ErrTimeout, ErrNoAMF, or ctx's.
func (g *GNB) HandOverXn(ctx context.Context, t radio.Terminal, target *GNB, o XnOptions) error {
	source, err := g.context(t)
	if err != nil {
		return err
	}
	g.xn(target, "HandoverRequest")
	n, refused, err := target.prepareXn(source, t, o)
	if err != nil {
		target.xn(g, "HandoverPreparationFailure")
		return err
	}
	target.xn(g, "HandoverRequestAcknowledge")
	source.forwardTo(n, o.Forwarding)
	g.xn(target, "SNStatusTransfer")
	if err := t.HandOver(n.order()); err != nil {
		n.forget()
		source.stay()
		return err
	}
	source.leave()
	n.arrive()
	answer, err := n.askAMF(ctx, n.pathSwitchRequest(source, refused, o))
	if err != nil {
		return err
	}
	ack, ok := answer.(*ngap.PathSwitchRequestAcknowledge)
	if !ok {
		n.remove()
		if err := source.request(*source.amf, ngap.CauseRadioNetworkTxnrelocoverallExpiry); err != nil {
			source.forget()
		}
		return ErrPathSwitch
	}
	n.pathSwitched(ack)
	target.xn(g, "UEContextRelease")
	time.AfterFunc(forwardingTime, func() { source.forget() })
	return nil
}

// prepareXn makes the context of a UE that is to come, and says which sessions it cannot have.
func (g *GNB) prepareXn(source *ueContext, t radio.Terminal, o XnOptions) (*ueContext, map[uint8]ngap.Cause, error) {
	if g.AMF() == nil {
		return nil, nil, ErrNoAMF
	}
	source.mu.Lock()
	amf, as, capabilities := *source.amf, source.as, source.capabilities
	source.mu.Unlock()
	n := g.newContext(t, amf)
	n.as, n.capabilities = as.target(g), capabilities
	if o.Capabilities != nil {
		n.capabilities = *o.Capabilities
	}
	refused := make(map[uint8]ngap.Cause)
	for _, b := range source.allBearers() {
		remote, teid := b.peer()
		admitted, cause := n.admit(b.session, b.QFIs(), remote, teid, o.Forwarding != NoForwarding)
		if cause != nil {
			refused[b.session] = *cause
			continue
		}
		admitted.takeProfiles(b)
	}
	if len(n.allBearers()) == 0 {
		n.forget()
		return nil, nil, &HandoverError{ngap.CauseRadioNetworkNoRadioResourcesAvailableInTargetCell}
	}
	return n, refused, nil
}

// forwardTo makes the source send what still comes for the UE to the target.
func (c *ueContext) forwardTo(n *ueContext, how Forwarding) {
	for _, b := range c.allBearers() {
		to := netip.AddrPort{}
		var teid uint32
		if other := n.bearer(b.session); other != nil && how != NoForwarding {
			to, teid = netip.AddrPortFrom(n.g.cfg.N3, gtpu.Port), other.forwardingTEID
		}
		b.sendAway(to, teid)
	}
}

// pathSwitchRequest is PATH SWITCH REQUEST, TS 38.413 §9.2.3.8.
func (c *ueContext) pathSwitchRequest(source *ueContext, refused map[uint8]ngap.Cause, o XnOptions) *ngap.PathSwitchRequest {
	m := &ngap.PathSwitchRequest{
		RANUENGAPID: c.id, SourceAMFUENGAPID: *source.amf, UserLocationInformation: c.g.location(), UESecurityCapabilities: c.capabilities,
	}
	if o.Source != nil {
		m.SourceAMFUENGAPID = *o.Source
	}
	for _, b := range c.allBearers() {
		t := &ngap.PathSwitchRequestTransfer{DLNGUUPTNLInformation: c.g.tunnelInformation(b.teid)}
		for _, q := range b.QFIs() {
			t.QosFlowAcceptedList = append(t.QosFlowAcceptedList, ngap.QosFlowAcceptedItem{QosFlowIdentifier: ngap.QosFlowIdentifier(q)})
		}
		transfer, err := t.Append(nil)
		if err != nil {
			c.g.cfg.Log.Error("cannot encode", "transfer", "PathSwitchRequestTransfer", "err", err)
			continue
		}
		m.PDUSessionResourceToBeSwitchedDLList = append(m.PDUSessionResourceToBeSwitchedDLList,
			ngap.PDUSessionResourceToBeSwitchedDLItem{PDUSessionID: ngap.PDUSessionID(b.session), PathSwitchRequestTransfer: transfer})
	}
	for session, cause := range refused {
		transfer, err := (&ngap.PathSwitchRequestSetupFailedTransfer{Cause: cause}).Append(nil)
		if err != nil {
			continue
		}
		m.PDUSessionResourceFailedToSetupListPSReq = append(m.PDUSessionResourceFailedToSetupListPSReq,
			ngap.PDUSessionResourceFailedToSetupItemPSReq{PDUSessionID: ngap.PDUSessionID(session), PathSwitchRequestSetupFailedTransfer: transfer})
	}
	return m
}

// pathSwitched obeys PATH SWITCH REQUEST ACKNOWLEDGE, TS 38.413 §8.4.4.2.
func (c *ueContext) pathSwitched(m *ngap.PathSwitchRequestAcknowledge) {
	c.mu.Lock()
	c.as.nh, c.suspendable = newNextHop(m.SecurityContext, m.NewSecurityContextInd), m.UEUPCIoTSupport != nil
	if m.UESecurityCapabilities != nil {
		c.capabilities = *m.UESecurityCapabilities
	}
	c.mu.Unlock()
	for _, s := range m.PDUSessionResourceSwitchedList {
		t, err := ngap.DecodePathSwitchRequestAcknowledgeTransfer(s.PathSwitchRequestAcknowledgeTransfer)
		if err != nil || t.ULNGUUPTNLInformation == nil || t.ULNGUUPTNLInformation.GTPTunnel == nil {
			continue // the tunnel stays
		}
		tunnel := t.ULNGUUPTNLInformation.GTPTunnel
		if remote, err := tunnel.AddrPort(); err == nil {
			if b := c.bearer(uint8(s.PDUSessionID)); b != nil {
				b.redirect(remote, uint32(tunnel.GTPTEID))
			}
		}
	}
	for _, s := range m.PDUSessionResourceReleasedListPSAck {
		if c.dropBearer(uint8(s.PDUSessionID)) {
			c.ue().RemoveBearer(uint8(s.PDUSessionID))
		}
	}
}

// tunnelInformation is an end of a tunnel at this gNB, TS 38.413 §9.3.2.2.
func (g *GNB) tunnelInformation(teid uint32) ngap.UPTransportLayerInformation {
	address, err := transportAddress(g.cfg.N3)
	if err != nil {
		g.cfg.Log.Error("N3 address cannot be encoded", "err", err)
	}
	return ngap.UPTransportLayerInformation{GTPTunnel: &ngap.GTPTunnel{TransportLayerAddress: address, GTPTEID: ngap.GTPTEID(teid)}}
}
