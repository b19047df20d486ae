package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

const (
	sessionID        = 1
	procedureTimeout = 6 * time.Second
)

// phone is one phone and what it was promised.
type phone struct {
	network *network
	ue      *ue.UE
	random  *rand.Rand

	accepted   bool       // it has had a REGISTRATION ACCEPT and nothing has ended that
	address    netip.Addr // of its session, from the PDU SESSION ESTABLISHMENT ACCEPT on; not valid: none
	challenged atomic.Bool
}

// hear is a ue.Hooks.Downlink.
func (p *phone) hear(m gmm.Message) bool {
	if _, ok := m.(*gmm.AuthenticationRequest); ok {
		p.challenged.Store(true)
	}
	return false
}

func (p *phone) countReused(count uint32) {
	p.network.tally.reuse("%s heard NAS COUNT %d when it was over", p.ue.SUPI(), count)
}

// live lets the phone do what phones do until ctx ends.
func (p *phone) live(ctx context.Context) {
	for first := true; ctx.Err() == nil; first = false {
		pause := time.Duration(p.random.Int64N(int64(p.network.think)))
		if first {
			pause /= 4
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
		p.act(ctx)
	}
}

// act runs one procedure.
func (p *phone) act(life context.Context) {
	ctx, cancel := context.WithTimeout(life, procedureTimeout)
	defer cancel()
	s := p.ue.Status()
	switch n := p.random.IntN(10); {
	case !p.accepted || !s.Registered:
		_ = p.register(ctx, initial)
	case !p.address.IsValid():
		p.establish(ctx)
	case n < 6 && !s.Connected:
		_ = p.serve(ctx)
	case n < 6:
		p.idle(ctx)
	case n < 8 && !s.Connected:
		_ = p.register(ctx, ue.RegisterOptions{Type: gmm.MobilityRegistrationUpdate})
	case n == 9:
		_ = p.leave(ctx)
	}
}

// initial is a registration after which the phone asks for its session.
var initial = ue.RegisterOptions{Type: gmm.InitialRegistration | gmm.FollowOnRequest}

// register: an accepted phone that comes with its 5G-GUTI need not authenticate.
func (p *phone) register(ctx context.Context, o ue.RegisterOptions) error {
	t := &p.network.tally
	known := p.accepted && p.ue.Status().Registered
	anew := o.Type&7 == gmm.InitialRegistration
	p.challenged.Store(false)
	err := p.ue.Register(ctx, o)
	if known && p.challenged.Load() {
		t.violation("%s had to authenticate again at a registration", p.ue.SUPI())
	}
	if known && rejectedAsUnknown(err) {
		t.violation("%s is not known any more at a registration: %v", p.ue.SUPI(), err)
	}
	t.count("registration", err)
	if err != nil {
		// Whether the core took it is open: it is, if the acceptance was on its way when the core died.
		p.accepted = p.ue.Status().Registered && !anew
		if anew {
			p.address = netip.Addr{}
		}
		return err
	}
	if p.accepted = true; anew {
		p.address = netip.Addr{}
		return nil
	}
	p.keepsSession()
	return nil
}

// rejectedAsUnknown tells whether the network said that it has no context of the phone, TS 24.501 §5.6.1.5.
func rejectedAsUnknown(err error) bool {
	r, ok := errors.AsType[*ue.RejectError](err)
	return ok && (r.GMM == gmm.CauseUEIdentityCannotBeDerivedByTheNetwork || r.GMM == gmm.CauseImplicitlyDeregistered)
}

func (p *phone) establish(ctx context.Context) {
	s, err := p.ue.EstablishSession(ctx, sessionID, ue.SessionOptions{DNN: "internet", Transmissions: 1})
	p.network.tally.count("session", err)
	if err == nil {
		p.address = s.Address
	}
	if rejectedAsUnknown(err) {
		p.network.tally.violation("%s is not known any more at a session: %v", p.ue.SUPI(), err)
	}
}

func (p *phone) serve(ctx context.Context) error {
	t := &p.network.tally
	p.challenged.Store(false)
	var o ue.ServiceOptions
	if p.address.IsValid() {
		o.Sessions = []uint8{sessionID}
	}
	r, err := p.ue.ServiceRequest(ctx, o)
	t.count("service request", err)
	switch {
	case p.challenged.Load():
		t.violation("%s had to authenticate again at a service request", p.ue.SUPI())
	case rejectedAsUnknown(err):
		t.violation("%s is not known any more at a service request: %v", p.ue.SUPI(), err)
		p.accepted = false
	case err == nil && len(r.Failed) > 0:
		t.violation("%s got no user plane for its session: %v", p.ue.SUPI(), r.Errors)
	case err == nil:
		p.keepsSession()
	}
	return err
}

// keepsSession checks that the network still has the session that it promised.
func (p *phone) keepsSession() {
	if !p.address.IsValid() {
		return
	}
	if s, ok := p.ue.Session(sessionID); !ok || s.Address != p.address {
		p.network.tally.violation("%s has lost its session with %s", p.ue.SUPI(), p.address)
		p.address = netip.Addr{}
	}
}

func (p *phone) idle(ctx context.Context) {
	for _, x := range p.network.nodes {
		for _, g := range x.all() {
			err := g.ReleaseUE(ctx, p.ue, ngap.CauseRadioNetworkUserInactivity)
			if !errors.Is(err, gnb.ErrNoContext) {
				p.network.tally.count("release", err)
				return
			}
		}
	}
}

func (p *phone) leave(ctx context.Context) error {
	p.accepted, p.address = false, netip.Addr{} // whatever becomes of it
	err := p.ue.Deregister(ctx, false)
	p.network.tally.count("deregistration", err)
	return err
}
