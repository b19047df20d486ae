package amf

import (
	"encoding/binary"
	"net/http"
	"net/netip"
	"slices"
	"sync"

	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// Endpoint is an address at which gNBs reach the AMF, TS 23.501 §5.21.1.2.
type Endpoint struct {
	Address netip.AddrPort
	Usage   ngap.TNLAssociationUsage
	// Weight is how large a share of UEs begins there, TS 38.413 §9.3.2.10; 0: none begins there, but those who have begun
	// elsewhere may go over.
	Weight uint8
}

// endpoints are those of an AMF. The first is where gNBs begin by their own configuration; of the others the AMF tells
// them.
type endpoints struct {
	mu   sync.Mutex
	list []Endpoint
}

func (e *endpoints) all() []Endpoint {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.list)
}

// of is what an association at an address is for.
func (e *endpoints) of(at netip.AddrPort) (ngap.TNLAssociationUsage, uint8) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, one := range e.list {
		if one.Address == at {
			return one.Usage, one.Weight
		}
	}
	return ngap.TNLAssociationUsageBoth, 1
}

// change sets the weight of an endpoint, or what it is for.
func (e *endpoints) change(at netip.AddrPort, f func(*Endpoint)) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	i := slices.IndexFunc(e.list, func(one Endpoint) bool { return one.Address == at })
	if i >= 0 {
		f(&e.list[i])
	}
	return i >= 0
}

// remove takes an endpoint away.
func (e *endpoints) remove(at netip.AddrPort) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = slices.DeleteFunc(e.list, func(one Endpoint) bool { return one.Address == at })
}

func (e *endpoints) add(one Endpoint) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if slices.ContainsFunc(e.list, func(have Endpoint) bool { return have.Address == one.Address }) {
		return false
	}
	e.list = append(e.list, one)
	return true
}

// maxLinks bounds the associations of a gNB: maxnoofTNLAssociations of TS 38.413 §9.2.6.7.
const maxLinks = 32

// join makes a further association one of a gNB that has set the interface up, TS 38.413 §8.7.2.2.
func (l *tnla) join(id string) *setupRefusal {
	mine, g := l.gnb.Load(), l.amf.gnbByID(id)
	switch {
	case g == nil:
		return &setupRefusal{ngap.CauseProtocolMessageNotCompatibleWithReceiverState,
			"no gNB of this identity has set the NG interface up", "NG Setup before further associations"}
	case g == mine:
		return nil
	case mine.isReady():
		return &setupRefusal{ngap.CauseProtocolSemanticError, "the association is of another gNB", "NG Setup with the new identity"}
	case len(g.associations()) >= maxLinks:
		return &setupRefusal{ngap.CauseMiscUnspecified, "the gNB has as many associations as there may be", "fewer"}
	}
	l.joinGNB(g)
	l.log.Info("gNB has a further association", "id", id, "associations", len(g.associations()), "weight", l.weight)
	return nil
}

// joinGNB takes the association out of the gNB that it has been alone with and makes it one of g's.
func (l *tnla) joinGNB(g *gnb) {
	mine := l.gnb.Load()
	g.link(l)
	if left, _ := mine.unlink(l); left == 0 {
		mine.end("its association is another gNB's")
	}
}

// removeLinks ends the associations that a gNB wants removed, TS 38.413 §8.7.2.2: named by its end and perhaps by ours.
func (g *gnb) removeLinks(list ngap.NGRANTNLAssociationToRemoveList) {
	for _, item := range list {
		for _, l := range g.associations() {
			theirs := addressed(&item.TNLAssociationTransportLayerAddress, l.assoc.RemoteAddr())
			ours := item.TNLAssociationTransportLayerAddressAMF == nil || addressed(item.TNLAssociationTransportLayerAddressAMF, l.endpoint())
			if theirs && ours {
				l.log.Info("association removed at the gNB's wish")
				_ = l.assoc.Abort("removed at the gNB's wish") // it is gone whatever it says
			}
		}
	}
}

// addressed tells whether an address that may leave the port out is that of an end.
func addressed(i *ngap.CPTransportLayerInformation, at netip.AddrPort) bool {
	address, withPort := cpAddress(i)
	return address.Addr() == at.Addr().Unmap() && (!withPort || address.Port() == at.Port())
}

// cpAddress reads CP Transport Layer Information, TS 38.413 §9.3.2.6; without a port it is that of NGAP.
func cpAddress(i *ngap.CPTransportLayerInformation) (at netip.AddrPort, withPort bool) {
	if p := i.EndpointIPAddressAndPort; p != nil {
		v4, v6, _ := p.EndpointIPAddress.Addrs() // none is not valid and compares to none
		return netip.AddrPortFrom(either(v4, v6), binary.BigEndian.Uint16(p.PortNumber[:])), true
	}
	v4, v6, _ := i.EndpointIPAddress.Addrs()
	return netip.AddrPortFrom(either(v4, v6), sctp.PortNGAP), false
}

func either(v4, v6 netip.Addr) netip.Addr {
	if v4.IsValid() {
		return v4
	}
	return v6
}

// cpInformation writes CP Transport Layer Information, with a port where it is not that of NGAP.
func cpInformation(at netip.AddrPort) (ngap.CPTransportLayerInformation, error) {
	var v4, v6 netip.Addr
	if a := at.Addr().Unmap(); a.Is4() {
		v4 = a
	} else {
		v6 = a
	}
	address, err := ngap.NewTransportLayerAddress(v4, v6)
	if at.Port() == sctp.PortNGAP {
		return ngap.CPTransportLayerInformation{EndpointIPAddress: address}, err
	}
	port := ngap.PortNumber(binary.BigEndian.AppendUint16(nil, at.Port()))
	return ngap.CPTransportLayerInformation{EndpointIPAddressAndPort: &ngap.EndpointIPAddressAndPort{EndpointIPAddress: address, PortNumber: port}}, err
}

// announceEndpoints tells a gNB that has just set up of the other addresses of the AMF, TS 38.413 §8.7.3: it is to make
// associations there too. A weight of the one where it is goes along.
func (l *tnla) announceEndpoints() {
	all := l.amf.endpoints.all()
	if len(all) < 2 {
		return
	}
	m := &ngap.AMFConfigurationUpdate{}
	for _, e := range all {
		if e.Address == l.endpoint() {
			if e.Weight != 1 || e.Usage != ngap.TNLAssociationUsageBoth {
				m.AMFTNLAssociationToUpdateList = append(m.AMFTNLAssociationToUpdateList, toUpdate(e)...)
			}
			continue
		}
		m.AMFTNLAssociationToAddList = append(m.AMFTNLAssociationToAddList, toAdd(e)...)
	}
	go l.gnb.Load().update(m)
}

func toAdd(e Endpoint) ngap.AMFTNLAssociationToAddList {
	at, err := cpInformation(e.Address)
	if err != nil {
		return nil
	}
	return ngap.AMFTNLAssociationToAddList{{
		AMFTNLAssociationAddress: at, TNLAssociationUsage: &e.Usage, TNLAddressWeightFactor: ngap.TNLAddressWeightFactor(e.Weight)}}
}

func toUpdate(e Endpoint) ngap.AMFTNLAssociationToUpdateList {
	at, err := cpInformation(e.Address)
	if err != nil {
		return nil
	}
	return ngap.AMFTNLAssociationToUpdateList{{AMFTNLAssociationAddress: at, TNLAssociationUsage: &e.Usage,
		TNLAddressWeightFactor: new(ngap.TNLAddressWeightFactor(e.Weight))}}
}

// SetWeight changes how large a share of UEs begins at one of the AMF's addresses and tells every gNB, TS 38.413 §8.7.3.
// Error: the AMF has no such address.
func (a *AMF) SetWeight(at netip.AddrPort, weight uint8) error {
	var changed Endpoint
	if !a.endpoints.change(at, func(e *Endpoint) { e.Weight = weight; changed = *e }) {
		return a.noEndpoint(at)
	}
	a.log.Info("weight of an address changed", "address", at, "weight", weight)
	a.eachGNB(func(g *gnb) {
		for _, l := range g.associations() {
			if l.endpoint() == at {
				g.weigh(l, weight)
			}
		}
		if g.isReady() {
			go g.update(&ngap.AMFConfigurationUpdate{AMFTNLAssociationToUpdateList: toUpdate(changed)})
		}
	})
	return nil
}

func (g *gnb) weigh(l *tnla, weight uint8) {
	g.mu.Lock()
	defer g.mu.Unlock()
	l.weight = weight
}

// AddEndpoint takes an address that was given up into use again: gNBs make associations there. Error: it is none of the
// AMF's, or in use.
func (a *AMF) AddEndpoint(at netip.AddrPort) error {
	i := slices.IndexFunc(a.cfg.Endpoints, func(e Endpoint) bool { return e.Address == at })
	if i < 0 {
		return a.noEndpoint(at)
	}
	e := a.cfg.Endpoints[i]
	if !a.endpoints.add(e) {
		return sbi.Problem(http.StatusConflict, sbi.CauseSystemFailure, "%v is in use", at)
	}
	a.log.Info("AMF takes an address into use", "address", e.Address, "weight", e.Weight)
	a.eachGNB(func(g *gnb) {
		if g.isReady() {
			go g.update(&ngap.AMFConfigurationUpdate{AMFTNLAssociationToAddList: toAdd(e)})
		}
	})
	return nil
}

// RemoveEndpoint has gNBs end their associations with one of the AMF's addresses, TS 38.413 §8.7.3: UEs bound there go on
// over the others. Errors: the AMF has no such address, or no other.
func (a *AMF) RemoveEndpoint(at netip.AddrPort) error {
	all := a.endpoints.all()
	if !slices.ContainsFunc(all, func(e Endpoint) bool { return e.Address == at }) {
		return a.noEndpoint(at)
	}
	if len(all) == 1 {
		return sbi.Problem(http.StatusConflict, sbi.CauseSystemFailure, "%v is the AMF's last address: drain the AMF instead", at)
	}
	information, err := cpInformation(at)
	if err != nil {
		return err
	}
	a.endpoints.remove(at)
	a.log.Info("AMF gives an address up", "address", at)
	a.eachGNB(func(g *gnb) {
		if g.isReady() {
			go g.update(&ngap.AMFConfigurationUpdate{AMFTNLAssociationToRemoveList: ngap.AMFTNLAssociationToRemoveList{
				{AMFTNLAssociationAddress: information}}})
		}
	})
	return nil
}

func (a *AMF) noEndpoint(at netip.AddrPort) error {
	var list []netip.AddrPort
	for _, e := range a.cfg.Endpoints {
		list = append(list, e.Address)
	}
	return sbi.Problem(http.StatusNotFound, sbi.CauseContextNotFound, "the AMF does not listen on %v, but on %v", at, list)
}

// associationsMade takes note of what a gNB has made of the addresses that it was told.
func (g *gnb) associationsMade(m *ngap.AMFConfigurationUpdateAcknowledge) {
	for _, f := range m.AMFTNLAssociationFailedToSetupList {
		at, _ := cpAddress(&f.TNLAssociationAddress)
		g.log.Warn("gNB makes no association with an address of the AMF", "address", at, "cause", f.Cause)
	}
}
