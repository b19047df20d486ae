package gnb

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// choose returns the association for a message and its stream on it: a UE's is that of its binding, TS 23.502 §4.2.7.2,
// never on the stream of the messages without UE, TS 38.412 §7.
func (g *GNB) choose(via *link, c *ueContext) (*link, uint16) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c == nil {
		if via != nil {
			return via, 0
		}
		if i := slices.IndexFunc(g.links, func(l *link) bool { return l.usage != ngap.TNLAssociationUsageUE }); i >= 0 {
			return g.links[i], 0
		}
		if len(g.links) == 0 {
			return nil, 0
		}
		return g.links[0], 0
	}
	if !slices.Contains(g.links, c.link) {
		c.link = g.forUE(c.id)
	}
	if c.link == nil {
		return nil, 0
	}
	n := c.link.assoc.OutboundStreams()
	if n < 2 {
		return c.link, 0
	}
	return c.link, 1 + uint16(uint32(c.id)%uint32(n-1))
}

// forUE chooses among the associations for UEs by their weights, TS 23.501 §5.21.1.2. The lock is held.
func (g *GNB) forUE(id ngap.RANUENGAPID) *link {
	total := 0
	for _, l := range g.links {
		total += l.share()
	}
	if total == 0 {
		if len(g.links) == 0 {
			return nil
		}
		return g.links[0]
	}
	at := int(uint32(id) % uint32(total))
	for _, l := range g.links {
		if at -= l.share(); at < 0 {
			return l
		}
	}
	return nil
}

func (l *link) share() int {
	if l.usage == ngap.TNLAssociationUsageNonUE {
		return 0
	}
	return int(l.weight)
}

// bind notes over which association the AMF speaks of a UE; nil releases the binding.
func (g *GNB) bind(c *ueContext, l *link) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c.link = l
}

// Associations are the AMF's ends of the associations, the oldest first, and how many UEs are bound to each.
func (g *GNB) Associations() (at []netip.AddrPort, bound []int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, l := range g.links {
		n := 0
		for _, c := range g.contexts {
			if c.link == l {
				n++
			}
		}
		at, bound = append(at, l.at), append(bound, n)
	}
	return at, bound
}

// amfUpdate obeys AMF CONFIGURATION UPDATE, TS 38.413 §8.7.3.
func (g *GNB) amfUpdate(l *link, m *ngap.AMFConfigurationUpdate) {
	if g.cfg.Hooks.Refuse != nil {
		if cause := g.cfg.Hooks.Refuse(m); cause != nil {
			wait := ngap.TimeToWaitV1s
			g.answer(l, &ngap.AMFConfigurationUpdateFailure{Cause: *cause, TimeToWait: &wait})
			return
		}
	}
	g.mu.Lock()
	if g.amf != nil && m.RelativeAMFCapacity != nil {
		changed := *g.amf
		changed.RelativeAMFCapacity = *m.RelativeAMFCapacity
		g.amf = &changed
	}
	for _, u := range m.AMFTNLAssociationToUpdateList {
		for _, l := range g.at(&u.AMFTNLAssociationAddress) {
			if u.TNLAddressWeightFactor != nil {
				l.weight = uint8(*u.TNLAddressWeightFactor)
			}
			if u.TNLAssociationUsage != nil {
				l.usage = *u.TNLAssociationUsage
			}
		}
	}
	var ends []*link
	for _, r := range m.AMFTNLAssociationToRemoveList {
		ends = append(ends, g.at(&r.AMFTNLAssociationAddress)...)
	}
	g.mu.Unlock()
	if len(m.AMFTNLAssociationToAddList) == 0 {
		g.answer(l, &ngap.AMFConfigurationUpdateAcknowledge{})
	} else {
		go g.addLinks(l, m.AMFTNLAssociationToAddList)
	}
	for _, e := range ends {
		go func() { _ = e.assoc.Shutdown(g.life) }() // its end is told by Receive
	}
}

// at are the associations with an address of the AMF. The lock is held.
func (g *GNB) at(i *ngap.CPTransportLayerInformation) []*link {
	var found []*link
	for _, l := range g.links {
		if cpAddress(i) == l.at {
			found = append(found, l)
		}
	}
	return found
}

// cpAddress reads CP Transport Layer Information, TS 38.413 §9.3.2.6; without a port it is that of NGAP.
func cpAddress(i *ngap.CPTransportLayerInformation) netip.AddrPort {
	address, port := i.EndpointIPAddress, uint16(sctp.PortNGAP)
	if p := i.EndpointIPAddressAndPort; p != nil {
		address, port = p.EndpointIPAddress, binary.BigEndian.Uint16(p.PortNumber[:])
	}
	v4, v6, _ := address.Addrs() // none is not valid and nothing is there
	if v4.IsValid() {
		return netip.AddrPortFrom(v4, port)
	}
	return netip.AddrPortFrom(v6, port)
}

// addLinks makes the associations that the AMF wants and tells how that went, TS 38.413 §8.7.3.2.
func (g *GNB) addLinks(l *link, list ngap.AMFTNLAssociationToAddList) {
	ack := &ngap.AMFConfigurationUpdateAcknowledge{}
	for _, a := range list {
		err := g.addLink(a)
		if err == nil {
			ack.AMFTNLAssociationSetupList = append(ack.AMFTNLAssociationSetupList,
				ngap.AMFTNLAssociationSetupItem{AMFTNLAssociationAddress: a.AMFTNLAssociationAddress})
			continue
		}
		g.cfg.Log.Warn("no further association", "at", cpAddress(&a.AMFTNLAssociationAddress), "err", err)
		ack.AMFTNLAssociationFailedToSetupList = append(ack.AMFTNLAssociationFailedToSetupList,
			ngap.TNLAssociationItem{TNLAssociationAddress: a.AMFTNLAssociationAddress, Cause: ngap.CauseTransportTransportResourceUnavailable})
	}
	g.answer(l, ack)
}

// errOneAssociation says that the gNB was made for one association.
var errOneAssociation = errors.New("gnb: no way to dial another address of the AMF")

func (g *GNB) addLink(a ngap.AMFTNLAssociationToAddItem) error {
	if g.cfg.DialTo == nil {
		return errOneAssociation
	}
	at := cpAddress(&a.AMFTNLAssociationAddress)
	ctx, cancel := context.WithTimeout(g.life, g.cfg.SetupTimeout)
	defer cancel()
	assoc, err := g.cfg.DialTo(ctx, at)
	if err != nil {
		return err
	}
	l := newLink(assoc)
	l.at, l.weight = at, uint8(a.TNLAddressWeightFactor)
	if a.TNLAssociationUsage != nil {
		l.usage = *a.TNLAssociationUsage
	}
	return g.join(ctx, l)
}

// Join makes a further association with the AMF by the gNB's own configuration, at one of its addresses.
func (g *GNB) Join(ctx context.Context, at netip.AddrPort) error {
	if g.cfg.DialTo == nil {
		return errOneAssociation
	}
	assoc, err := g.cfg.DialTo(ctx, at)
	if err != nil {
		return err
	}
	l := newLink(assoc)
	l.at = at
	return g.join(ctx, l)
}

// join makes an association one of the gNB's at the AMF: RAN CONFIGURATION UPDATE with the Global RAN Node ID is the first
// message on it, TS 38.413 §8.7.2.2.
func (g *GNB) join(ctx context.Context, l *link) error {
	accepted := make(chan bool, 1)
	go g.receive(l, accepted)
	id := g.globalID()
	answer, err := g.ask(ctx, l, &ngap.RANConfigurationUpdate{GlobalRANNodeID: &id})
	if failure, ok := answer.(*ngap.RANConfigurationUpdateFailure); ok {
		err = fmt.Errorf("gnb: RANConfigurationUpdateFailure: %v", failure.Cause)
	}
	if err != nil {
		accepted <- false
		return errors.Join(err, l.assoc.Shutdown(ctx))
	}
	g.mu.Lock()
	g.links = append(g.links, l)
	g.mu.Unlock()
	accepted <- true
	return nil
}

// Leave asks the AMF to remove one of the associations, by its number from 0, TS 38.413 §8.7.2.2.
func (g *GNB) Leave(ctx context.Context, number int) error {
	g.mu.Lock()
	if number < 0 || number >= len(g.links) {
		g.mu.Unlock()
		return ErrNoAMF
	}
	l := g.links[number]
	g.mu.Unlock()
	here, err := cpInformation(l.assoc.LocalAddr())
	if err != nil {
		return err
	}
	there, err := cpInformation(l.at)
	if err != nil {
		return err
	}
	_, err = g.ask(ctx, nil, &ngap.RANConfigurationUpdate{NGRANTNLAssociationToRemoveList: ngap.NGRANTNLAssociationToRemoveList{
		{TNLAssociationTransportLayerAddress: here, TNLAssociationTransportLayerAddressAMF: &there}}})
	return err
}

// cpInformation writes CP Transport Layer Information with a port, TS 38.413 §9.3.2.6.
func cpInformation(at netip.AddrPort) (ngap.CPTransportLayerInformation, error) {
	address, err := transportAddress(at.Addr())
	if err != nil {
		return ngap.CPTransportLayerInformation{}, err
	}
	port := ngap.PortNumber(binary.BigEndian.AppendUint16(nil, at.Port()))
	return ngap.CPTransportLayerInformation{EndpointIPAddressAndPort: &ngap.EndpointIPAddressAndPort{EndpointIPAddress: address, PortNumber: port}}, nil
}

// Move makes a new association in the place of all others, as a gNB does whose address has changed, and proposes to keep
// the UE contexts, TS 38.413 §8.7.1.2. It tells whether the AMF keeps them; if not, they are gone here too.
func (g *GNB) Move(ctx context.Context) (retained bool, err error) {
	assoc, err := g.cfg.Dial(ctx)
	if err != nil {
		return false, err
	}
	l := newLink(assoc)
	g.mu.Lock()
	older := g.links
	g.links = append(slices.Clone(older), l)
	g.mu.Unlock()
	accepted := make(chan bool, 1)
	go g.receive(l, accepted)
	m := g.setupRequest()
	m.UERetentionInformation = new(ngap.UERetentionInformationUesRetained)
	err = g.setup(ctx, l, m)
	for _, o := range older {
		g.unlink(o)
		_ = o.assoc.Abort("the gNB has another address") // it is gone whatever it says
	}
	accepted <- err == nil
	if err != nil {
		g.lost(l, err)
		return false, errors.Join(err, assoc.Shutdown(ctx))
	}
	g.mu.Lock()
	retained = g.amf.UERetentionInformation != nil
	contexts := g.allContexts()
	g.mu.Unlock()
	if !retained {
		for _, c := range contexts {
			c.remove()
		}
	}
	return retained, nil
}
