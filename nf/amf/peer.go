package amf

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// Peer is an AMF of another core, to which UEs go and from which they come over N14, TS 23.501 §4.2.7.
type Peer struct {
	Name  string      // of that core
	GUAMI ident.GUAMI // of its AMF
	TAIs  []ident.TAI // for which it is the target of handovers
	namf.Peer
}

// peerPatience bounds how long another AMF may take to answer what it can answer at once.
const peerPatience = 3 * time.Second

// peerOf finds the AMF that allotted a 5G-GUTI, nil if it is none of those that are known: first by its pointer, then any
// of its set, which can serve the UE as well, TS 23.501 §5.21.2.
func (a *AMF) peerOf(g ident.GUAMI) *Peer {
	if g == a.cfg.GUAMI {
		return nil
	}
	var ofSet *Peer
	for i := range a.services.Peers {
		p := &a.services.Peers[i]
		if p.GUAMI == g {
			return p
		}
		if p.GUAMI.PLMN == g.PLMN && p.GUAMI.Region == g.Region && p.GUAMI.Set == g.Set {
			ofSet = p
		}
	}
	return ofSet
}

// peerAt finds the AMF that serves a tracking area, TS 23.501 §6.3.5: the configuration says so instead of an NRF.
func (a *AMF) peerAt(t ident.TAI) *Peer {
	for i := range a.services.Peers {
		if slices.Contains(a.services.Peers[i].TAIs, t) {
			return &a.services.Peers[i]
		}
	}
	return nil
}

func (a *AMF) peerNamed(name string) *Peer {
	for i := range a.services.Peers {
		if a.services.Peers[i].Name == name {
			return &a.services.Peers[i]
		}
	}
	return nil
}

// caller is the AMF that asks.
func (a *AMF) caller(ctx context.Context) (*Peer, error) {
	if p := a.peerNamed(sbi.Caller(ctx)); p != nil {
		return p, nil
	}
	return nil, sbi.NotYours("%q is none of the peers", sbi.Caller(ctx))
}

// serveN14 is serve for what other AMFs ask.
func (ue *ue) serveN14(ctx context.Context, m any) {
	switch m := m.(type) {
	case *handoverFrom:
		ue.acceptHandover(ctx, m)
	case *arrivedAtTarget:
		ue.arrivedLate(m)
	case *contextTransfer:
		ue.transferContext(ctx, m)
	case *statusUpdate:
		ue.transferSettled(ctx, m)
	}
}

// ofSet tells whether a peer is a node of this one's set, over the same store.
func (a *AMF) ofSet(p *Peer) bool { return a.taking.Sessions != nil && a.InSet(p.GUAMI) }

// InSet tells whether a GUAMI is of an AMF of this one's set, TS 23.501 §5.21.2.
func (a *AMF) InSet(g ident.GUAMI) bool {
	own := a.cfg.GUAMI
	return g.PLMN == own.PLMN && g.Region == own.Region && g.Set == own.Set
}

// ueNamed finds the UE whose context a peer names.
func (a *AMF) ueNamed(id namf.UEContextID) (*ue, error) {
	var u *ue
	if supi, ok := id.SUPI(); ok {
		u = a.ues.bySUPI.get(supi)
	} else if g, ok := id.GUTI(); ok && a.InSet(g.GUAMI) {
		u = a.ues.byTMSI.get(g.TMSI)
	}
	if u == nil {
		return nil, noSuchUE()
	}
	return u, nil
}

func noSuchUE() error {
	return sbi.Problem(http.StatusNotFound, namf.CauseContextNotFound, "the AMF has no such UE context")
}

// knowForeign notes by which name of another AMF the UE still calls itself.
func (ue *ue) knowForeign(g ident.GUTI) {
	ue.foreign = g.STMSI()
	ue.amf.ues.byForeign.put(ue.foreign, ue)
}

// foreignIn is the 5G-S-TMSI in an initial message that names another AMF's UE.
func foreignIn(pdu []byte) ident.STMSI {
	inside := pdu
	if b, err := nas.Inside(pdu); err == nil {
		inside = b
	}
	m, err := gmm.Decode(inside)
	if err != nil {
		return ident.STMSI{}
	}
	switch m := m.(type) {
	case *gmm.RegistrationRequest:
		if m.MobileIdentity.Type == gmm.IdentityGUTI {
			return m.MobileIdentity.GUTI.STMSI()
		}
	case *gmm.ServiceRequest:
		return m.STMSI.STMSI()
	case *gmm.DeregistrationRequestUEOriginating:
		if m.MobileIdentity.Type == gmm.IdentityGUTI {
			return m.MobileIdentity.GUTI.STMSI()
		}
	}
	return ident.STMSI{}
}
