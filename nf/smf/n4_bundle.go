package smf

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// A UPF that takes bundles gets the sessions that come back many in one datagram, TS 29.244 §6.5. Meanwhile each of them is held: what
// comes for it waits, as it would for a procedure.

const (
	bundled  = 64 // sessions in a bundle
	bundlers = 4  // bundles under way
)

// restoreBundled is restoreEach for a UPF that takes bundles. It returns once all are answered.
func (s *SMF) restoreBundled(u *upf, list []*session) {
	chunks := make(chan []*session)
	var wg sync.WaitGroup
	for range bundlers {
		wg.Go(func() {
			for chunk := range chunks {
				s.restoreTogether(u, chunk)
			}
		})
	}
	for chunk := range slices.Chunk(list, bundled) {
		if s.ctx.Err() != nil {
			break
		}
		chunks <- chunk
	}
	close(chunks)
	wg.Wait()
}

// heldSession is a session in a bundle, and the QoS that it gets on the UPF.
type heldSession struct {
	*session
	qos *sessionQoS
}

// restoreTogether has sessions made anew on their UPF, TS 23.527 §4.3, as restoreOnUPF does for one. One with which that does not go
// as for most takes the long way alone.
func (s *SMF) restoreTogether(u *upf, list []*session) {
	s.awaitAssociation(u)
	epoch := u.generation()
	held, requests := make([]heldSession, 0, len(list)), make([]pfcp.Message, 0, len(list))
	for _, n := range list {
		if !s.pool.Hold(&n.actor) {
			s.restoreAlone(n, func(m any) bool { return n.deliver(m) })
			continue
		}
		if !n.uses(u) || !n.behind() {
			s.pool.Release(&n.actor, n, nil)
			continue
		}
		n.mu.Lock()
		held, requests = append(held, heldSession{n, n.wanted()}), append(requests, n.establishmentMessage())
		n.mu.Unlock()
	}
	if len(held) == 0 {
		return
	}
	// Once sent it is answered before anything else happens: giving up in between would leave sessions behind.
	unknown := false
	for i, o := range s.n4.RequestBundled(context.WithoutCancel(s.ctx), u.Address, requests) {
		m, err := s.verdict(u, requests[i], o.Message, o.Err)
		err = held[i].established(m, err, epoch, held[i].qos)
		unknown = unknown || causeOf(err) == pfcp.CauseNoEstablishedAssociation
		s.restoredTogether(held[i].session, err)
	}
	if unknown && s.ctx.Err() == nil {
		_ = s.associateAgain(u, epoch) // with the next association they come back
	}
}

// restoredTogether ends the restoration of one of several sessions.
func (s *SMF) restoredTogether(n *session, err error) {
	var more any = restored{} // for what else is to be done after a procedure
	switch {
	case err == nil && !s.cfg.Shared && n.written != 0:
		more = nil
	case err == nil || causeOf(err) == pfcp.CauseNoEstablishedAssociation || s.ctx.Err() != nil:
	case errors.Is(err, pfcp.ErrNoAnswer):
		n.restoredLater()
	default:
		if s.restoreAlone(n, func(m any) bool { s.pool.Release(&n.actor, n, m); return true }) {
			return
		}
	}
	s.pool.Release(&n.actor, n, more)
}
