package smf

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// Nodes over one store are one SMF set, TS 23.501 §5.21.3: the sessions of a UE come over to the node that serves it. In the
// store that happens together with the UE, and once; what is left to do here, Take does, as often as it is asked to.

// ReserveSEIDs reserves store.SEIDsOfUE SEIDs, which no session of this SMF has or gets otherwise, and returns the first: for
// the sessions of a UE that is taken over.
func (s *SMF) ReserveSEIDs() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := s.lastSEID + 1
	s.lastSEID += store.SEIDsOfUE
	return first
}

// arrival is a session that comes over.
type arrival struct {
	*session
	from   string // the UPF on which it was
	remote uint64 // its SEID there
}

// Take brings the sessions in that the store says are this node's since it took their UE: with their addresses, and with
// their tunnels where they stay on the same UPF (TS 29.244 §5.22). each is told of those that came. After an error none
// of them is here and none is lost: call it again. A session for which the configuration or the UPF has no place is
// forgotten, and the UE establishes it again.
func (s *SMF) Take(ctx context.Context, supi ident.SUPI, each func(RestoredSession)) ([]SessionInfo, error) {
	if s.keeper == nil {
		return nil, nil
	}
	stored, err := s.keeper.contexts.SMsOf(ctx, supi)
	if err != nil {
		return nil, err
	}
	var here []*session
	var came []arrival
	for i := range stored {
		c := &stored[i]
		if c.Node != s.cfg.Node {
			continue // that node had begun it when its UE went, and ends it
		}
		if n := s.session(c.SEID); n != nil && !n.is(Released) { // the UE was away, its session was not
			here = append(here, n)
			continue
		}
		n, err := s.take(ctx, c)
		if err != nil {
			for _, a := range came {
				a.stayStored()
			}
			return nil, fmt.Errorf("PDU session %d: %w", c.PDUSessionID, err)
		}
		if n.session != nil {
			came = append(came, n)
		}
	}
	list := make([]SessionInfo, 0, len(here)+len(came))
	for _, n := range here {
		n.servedBy(ident.GUAMI{})
		list = append(list, n.info())
	}
	for _, a := range came {
		each(a.restored())
		list = append(list, a.info())
	}
	return list, nil
}

// take brings one session in. There is none without an error where it can never come: then it is forgotten.
func (s *SMF) take(ctx context.Context, c *store.SMContext) (arrival, error) {
	if err := s.giveUp(ctx, c); err != nil {
		return arrival{}, err
	}
	s.settleLeft(ctx, ueSession{c.SUPI, c.PDUSessionID}, []store.SMContext{*c})
	a := arrival{from: c.UPF}
	s.rehome(c)
	n, err := s.restoreWhenFree(ctx, c)
	if errors.Is(err, errAddressTaken) || errors.Is(err, errBusy) {
		return arrival{}, err
	}
	if err != nil {
		s.cannotCome(c, err)
		return arrival{}, s.removeStored(ctx, c)
	}
	defer s.pool.Release(&n.actor, n, nil) // whoever hears that it goes on to a third node waits until it is here
	a.session = n
	s.admission.cameOver(ctx, n)
	n.servedHere()
	n.mu.Lock()
	a.remote = n.remoteSEID
	n.mu.Unlock()
	err = n.moveToUPF(ctx, a.from)
	switch causeOf(err) {
	case 0: // it does not answer: it is told, or gets the session anew, when it does
		if err != nil {
			n.upf.unconfirmed(n.seid)
		}
	case pfcp.CauseNoEstablishedAssociation:
		n.upf.lose() // it gets the session with the next
	default:
		s.cannotCome(c, err)
		n.end("it could not come over from another node")
		return arrival{}, nil
	}
	if err := s.keeper.writer.Now(ctx, n.key(), n.toKeep()); err != nil {
		a.stayStored()
		return arrival{}, err
	}
	return a, nil
}

// stayStored lets go of a session that has just come in, so that it can come again: the store has it as this node's.
func (a arrival) stayStored() {
	a.mu.Lock()
	a.policyID, a.registered, a.left = "", false, true
	a.smf.admission.move(a.place(), a.reserved, nudm.AMBR{}) // in the store it holds what it held
	a.reserved = nudm.AMBR{}
	shared := a.upf != nil && a.upf.Name == a.from && a.remoteSEID == a.remote
	if shared {
		a.epoch = a.upf.generation() // also if it has not answered yet
	}
	a.mu.Unlock()
	if shared { // it serves the UE until then, unless it comes to a third node first; what was made there anew only holds the address
		a.smf.leaveBehind(a.session)
	}
	a.end("it comes over with the next attempt")
}

// servedHere is for a session that comes from another node with its UE: the AMF of this one asks.
func (s *session) servedHere() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serving = ident.GUAMI{}
}

func (s *SMF) cannotCome(c *store.SMContext, err error) {
	s.log.Warn("PDU session does not come over from another node; the UE will have to establish it again",
		"supi", c.SUPI.Conceal(), "pdu_session", c.PDUSessionID, "upf", c.UPF, "error", err)
}

// A new session of this node may try an address that is leased to another node's, and gives it back when the store says so.
const (
	freeTries = 40
	freePause = 25 * time.Millisecond
)

// restoreWhenFree is restoreSession for a session whose address may be tried by another one.
func (s *SMF) restoreWhenFree(ctx context.Context, c *store.SMContext) (*session, error) {
	for try := 1; ; try++ {
		n, err := s.restoreSession(c, true)
		if !errors.Is(err, errAddressTaken) || try == freeTries || ctx.Err() != nil {
			return n, err
		}
		if try == 1 {
			s.makeRoom(c)
		}
		s.sleep(freePause)
	}
}

// makeRoom has the sessions that hold an address of c look whether they are this node's at all: the store says that it is c's.
func (s *SMF) makeRoom(c *store.SMContext) {
	wanted := ueAddress{ipv4: c.IPv4, ipv6: c.IPv6}
	for _, n := range s.all() {
		n.mu.Lock()
		holds := n.address.overlaps(wanted)
		n.mu.Unlock()
		if holds {
			n.deliver(moved{})
		}
	}
}

func (s *SMF) hasUPF(name string) bool {
	return slices.ContainsFunc(s.upfs, func(u *upf) bool { return u.Name == name })
}

// giveUp waits until this node has let go of the session as it had it before another node took it: it holds the address.
func (s *SMF) giveUp(ctx context.Context, c *store.SMContext) error {
	s.mu.RLock()
	stale := s.byUE[ueSession{c.SUPI, c.PDUSessionID}]
	s.mu.RUnlock()
	if stale == nil {
		return nil
	}
	if !stale.is(Released) {
		s.Lost(ctx, stale.ref())
	}
	return waitFor(ctx, stale)
}

// sliceOf is the slice in the record of a session, for the choice of a UPF.
func sliceOf(c *store.SMContext) ident.SNSSAI {
	var n session
	_ = n.readRecord(c.Record) // one that cannot be read fails again where it matters
	return n.slice
}

// ServesOtherAMF tells whether a stored session was left with its SMF when its UE went to an AMF that is not of its node.
func ServesOtherAMF(c *store.SMContext) bool {
	var n session
	_ = n.readRecord(c.Record) // of one that cannot be read nothing is known
	return n.serving != ident.GUAMI{}
}

// moveToUPF makes the UPF serve the session of this SMF: the same UPF is told of the new CP function, any other gets the
// session anew.
func (s *session) moveToUPF(ctx context.Context, before string) error {
	s.mu.Lock()
	u, same := s.upf, s.upf.Name == before
	s.unmoved = same
	if !same {
		s.leaveTunnels()
	}
	s.mu.Unlock()
	if !u.alive() {
		return errUPFDown // rather than wait for what is known
	}
	if same {
		err := s.requestModification(ctx, &pfcp.SessionModificationRequest{})
		if err == nil {
			s.mu.Lock()
			s.epoch = u.generation()
			s.mu.Unlock()
			return nil
		}
		if !isGone(err) {
			return err
		}
	}
	_, err := s.remake(ctx)
	return err
}

// leaveTunnels forgets what the session was on another node's own UPF. Call it with s.mu held.
func (s *session) leaveTunnels() {
	s.remoteSEID, s.uplink, s.gnb, s.up, s.told = 0, tunnel{}, tunnel{}, nsmf.Deactivated, toldUsage{}
}

// Disown forgets what is stored as this node's of a subscriber who has registered anew here, and is not here: it came over
// with the older registration.
func (s *SMF) Disown(ctx context.Context, supi ident.SUPI) error {
	if s.keeper == nil {
		return nil
	}
	stored, err := s.keeper.contexts.SMsOf(ctx, supi)
	for _, c := range stored {
		if c.Node == s.cfg.Node && s.session(c.SEID) == nil {
			err = errors.Join(err, s.removeStored(ctx, &c))
		}
	}
	return err
}

// outrank forgets the stored session in whose place this one comes: the UE has established it anew here. Error: store.ErrNotOwner where
// the UE is at another node by now, and the session is one that it has established there, or has come back with one that it established
// there meanwhile.
func (s *session) outrank(ctx context.Context) error {
	stored, err := s.smf.keeper.contexts.SMsOf(ctx, s.supi)
	if err != nil {
		return err
	}
	// After the sessions: one that the UE establishes after it has gone is not among them then.
	if err := s.ueIsHere(ctx); err != nil {
		return err
	}
	for _, c := range stored {
		switch {
		case c.PDUSessionID != s.id || s.smf.session(c.SEID) != nil:
		case c.Node == s.smf.cfg.Node && c.SEID > s.seid: // reserved when it came
			err = errors.Join(err, fmt.Errorf("the UE has come back with another: %w", store.ErrNotOwner))
		default:
			err = errors.Join(err, s.smf.removeStored(ctx, &c))
		}
	}
	return err
}

// ueIsHere is store.ErrNotOwner for a session of a UE that another node of the set has taken.
func (s *session) ueIsHere(ctx context.Context) error {
	if s.amf() != s.smf.deps.AMF {
		return nil // it is registered at an AMF that keeps it elsewhere
	}
	ue, err := s.smf.keeper.contexts.UE(ctx, s.supi)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err == nil && ue.Node != s.smf.cfg.Node {
		err = fmt.Errorf("the UE is at node %q: %w", ue.Node, store.ErrNotOwner)
	}
	return err
}

// moved has a session look whether another node has taken it.
type moved struct{}

// Moved tells that another node of the set may have taken the sessions of a UE: what is held of them here is given up if so.
func (s *SMF) Moved(supi ident.SUPI) {
	for id := range uint8(store.SEIDsOfUE) {
		s.mu.RLock()
		n := s.byUE[ueSession{supi, id}]
		s.mu.RUnlock()
		if n != nil {
			n.deliver(moved{})
		}
	}
}

// checkOwner serves moved.
func (s *session) checkOwner(ctx context.Context) {
	k := s.smf.keeper
	if k == nil || !s.stored || s.is(Released) {
		return
	}
	now, err := k.contexts.SMsOf(ctx, s.supi)
	if err != nil {
		s.smf.log.Warn("not known whether another node has taken the session", s.attrs(slog.Any("error", err))...)
		return
	}
	if !slices.ContainsFunc(now, s.isStoredAs) {
		s.smf.Lost(ctx, s.ref())
	}
}

// isStoredAs tells whether what is stored is this session, of this node.
func (s *session) isStoredAs(c store.SMContext) bool {
	return c.PDUSessionID == s.id && c.Node == s.smf.cfg.Node && c.SEID == s.seid
}

// isLast tells that no newer session of its identity is here.
func (s *session) isLast() bool {
	s.smf.mu.RLock()
	defer s.smf.mu.RUnlock()
	return s.smf.byUE[s.key()] == s
}

// Lost drops a session that another node has taken, or whose UE. Its UPF is told only if the session is on another one by
// now; PCF and UDM of this node unless a newer session of its identity is here. What is still stored as this session goes
// with it.
func (s *SMF) Lost(ctx context.Context, ref string) {
	n := s.find(ref)
	if n == nil {
		return
	}
	now, err := s.keeper.contexts.SMsOf(ctx, n.supi)
	elsewhere, remote := "", uint64(0)
	left := true
	for _, c := range now {
		if n.isStoredAs(c) {
			if n.amf() != s.deps.AMF {
				return // it stayed here when its UE went to another AMF
			}
			left = false // it was established while its UE went
			continue
		}
		if c.PDUSessionID == n.id {
			elsewhere = c.UPF
			remote, _ = placeOf(&c)
		}
	}
	last := n.isLast()
	n.mu.Lock()
	n.left = left
	if !last {
		n.policyID, n.registered = "", false
	}
	shared := err != nil || n.upf != nil && n.upf.Name == elsewhere && n.remoteSEID == remote
	n.mu.Unlock()
	if shared { // it serves the other node's session, or will not
		s.leaveBehind(n)
	}
	s.log.Info("PDU session is another node's now", n.attrs(slog.String("upf", elsewhere))...)
	n.end("another node of the set serves the UE")
}
