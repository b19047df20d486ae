package smf

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/behind"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

// Nodes over one store grant guaranteed bit rates under the same bounds, TS 23.501 §5.7.2.5: the store counts what each session holds
// before its UE hears of it, and after its record says that it has less. So it counts at least what sessions come back with,
// whenever a node is killed.

// guaranteePatience is how long a UE waits for the store to count what it gets, far below its T3580 and T3581 of 16 s.
const guaranteePatience = 4 * time.Second

// unsettled has a session give back what it does not need.
type unsettled struct{}

// miscounted has the store count what a session holds: it has said something else.
type miscounted struct{}

// debt is what an ended session still holds, until it is removed from the store.
type debt struct {
	ueSession
	at   reservation
	rate nudm.AMBR
}

// guarantees is what the nodes over one store hold together. Nil, there is but one.
type guarantees struct {
	contexts Contexts
	node     string
	writer   *behind.Writer[uint64, counting] // by SEID
	arrived  atomic.Bool                      // sessions have come over since lookOver
}

// counting has the store count what a session holds.
type counting struct {
	store.Guarantee
	allow func([]store.GuaranteeSum) error
}

func newGuarantees(contexts Contexts, node string, log *slog.Logger) *guarantees {
	g := &guarantees{contexts: contexts, node: node}
	g.writer = behind.New[uint64](g.put, keepDelay, log)
	return g
}

func (g *guarantees) close() {
	if g != nil {
		g.writer.Close()
	}
}

// put is a behind.Put.
func (g *guarantees) put(ctx context.Context, list []counting) ([]error, error) {
	ctx, cancel := context.WithTimeout(ctx, guaranteePatience)
	defer cancel()
	errs := make([]error, len(list))
	for i := range list {
		errs[i] = g.contexts.Guarantee(ctx, list[i].Guarantee, list[i].allow)
		if _, refused := errors.AsType[*noRoom](errs[i]); errs[i] != nil && !refused {
			return nil, errs[i]
		}
	}
	return errs, nil
}

// of is what a session holds as the store has it.
func (g *guarantees) of(s *session, at reservation, rate nudm.AMBR) store.Guarantee {
	return store.Guarantee{SEID: s.seid, SUPI: s.supi, PDUSessionID: s.id, Node: g.node,
		Place: store.GuaranteePlace{DNN: at.dnn, Slice: at.slice, UPF: at.upf}, Uplink: rate.Uplink, Downlink: rate.Downlink}
}

// giveBack has the store count nothing of a session any more, now or, where it does not answer or nobody waits, later. Done is called then.
func (g *guarantees) giveBack(ctx context.Context, seid uint64, wait bool, done func()) {
	none := counting{Guarantee: store.Guarantee{SEID: seid}}
	if wait && g.writer.Now(context.WithoutCancel(ctx), seid, none) == nil {
		done()
		return
	}
	g.writer.Later(seid, none, func(error) { done() })
}

// sums adds up what concerns each bound.
func (a *admission) sums(list []store.GuaranteeSum) []nudm.AMBR {
	used := make([]nudm.AMBR, len(a.bounds))
	for _, sum := range list {
		of := reservation{sum.Place.DNN, sum.Place.Slice, sum.Place.UPF}
		for i := range a.bounds {
			if a.bounds[i].concerns(of) {
				used[i].Uplink += sum.Uplink
				used[i].Downlink += sum.Downlink
			}
		}
	}
	return used
}

// changeOfAll has the store count to of a session instead of from, unless all nodes together would pass a bound. Where the store
// does not answer more is refused, and less is counted once it does.
func (a *admission) changeOfAll(ctx context.Context, s *session, of reservation, from, to nudm.AMBR) error {
	g := a.nodes
	more := to.Uplink > from.Uplink || to.Downlink > from.Downlink
	c := counting{Guarantee: g.of(s, of, to)}
	if more {
		c.allow = func(others []store.GuaranteeSum) error { return a.check(a.sums(others), of, from, to) }
	}
	waits := g.writer.Pending(s.seid)
	err := g.writer.Now(ctx, s.seid, c)
	switch _, refused := errors.AsType[*noRoom](err); {
	case err == nil:
		return nil
	case !more:
		g.writer.Later(s.seid, c, func(error) { a.freedElsewhere() })
		return nil
	case refused && !waits:
		return err
	case refused: // what waited is dropped
		g.writer.Later(s.seid, counting{Guarantee: g.of(s, of, from)}, nil)
		return err
	}
	g.writer.Later(s.seid, counting{Guarantee: g.of(s, of, from)}, nil) // it may be counted all the same
	return &refusal{cause: gsm.CauseInsufficientResources, sbi: nsmf.CauseInsufficientResourcesSlice, err: err,
		asked: "a guaranteed bit rate", allowed: "none: the store does not say what all nodes have granted", change: "the database of the store: is it slow or away?"}
}

// freedElsewhere tells who waits that the store may have room.
func (a *admission) freedElsewhere() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tellFreed()
}

// confirmRoom looks, once a new session is stored, whether what it was granted is still counted: a node that was silent is taken for
// dead, and what it holds for sessions that are not stored is forgotten.
func (s *session) confirmRoom(ctx context.Context) error {
	s.mu.Lock()
	of, holds := s.place(), s.reserved
	s.mu.Unlock()
	a := s.smf.admission
	if a.nodes == nil || holds == (nudm.AMBR{}) || !a.concerns(of) {
		return nil
	}
	return a.changeOfAll(ctx, s, of, nudm.AMBR{}, holds)
}

// giveRoomBack gives back all that an ended session holds, once the store has it no more.
func (s *session) giveRoomBack(ctx context.Context) {
	s.mu.Lock()
	d := debt{s.key(), s.place(), s.reserved}
	s.reserved = nudm.AMBR{}
	left := s.left
	s.mu.Unlock()
	if d.rate == (nudm.AMBR{}) {
		return
	}
	a := s.smf.admission
	a.mu.Lock()
	a.owed[s.seid] = d
	a.mu.Unlock()
	if left || s.removal == nil || s.removal.Load() {
		a.repay(ctx, s.seid, true)
	} // else repaid will hear of it
}

// repaid hears that a session is in the store no more.
func (a *admission) repaid(seid uint64) { a.repay(context.Background(), seid, false) }

// repay gives back what an ended session held.
func (a *admission) repay(ctx context.Context, seid uint64, wait bool) {
	a.mu.Lock()
	d, owes := a.owed[seid]
	a.mu.Unlock()
	if !owes {
		return
	}
	given := func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if _, owes := a.owed[seid]; owes {
			delete(a.owed, seid)
			a.count(d.at, d.rate, nudm.AMBR{})
		}
	}
	if a.nodes == nil || !a.concerns(d.at) {
		given()
		return
	}
	a.nodes.giveBack(ctx, seid, wait, given)
}

// replaced gives back what earlier sessions of an identity held: a new one is stored in their place.
func (a *admission) replaced(s *session) {
	a.mu.Lock()
	var seids []uint64
	for seid, d := range a.owed {
		if d.ueSession == s.key() && seid != s.seid {
			seids = append(seids, seid)
		}
	}
	a.mu.Unlock()
	for _, seid := range seids {
		a.repaid(seid)
	}
}

// removeStored forgets a stored session that is not here, and gives back what it holds.
func (s *SMF) removeStored(ctx context.Context, c *store.SMContext) error {
	err := s.keeper.remove(ctx, c, nil)
	if g := s.admission.nodes; err == nil && g != nil {
		var n session
		if n.readRecord(c.Record) != nil || n.qos.guaranteed() != (nudm.AMBR{}) {
			g.giveBack(ctx, c.SEID, true, func() {})
		}
	}
	return err
}

// ofThisNode is what the store counts of sessions that come back, by SEID; of others nothing any more.
func (g *guarantees) ofThisNode(ctx context.Context) (map[uint64]store.Guarantee, error) {
	if g == nil {
		return nil, nil
	}
	if err := g.contexts.ForgetGuarantees(ctx, g.node); err != nil {
		return nil, err
	}
	counted := make(map[uint64]store.Guarantee)
	for c, err := range g.contexts.GuaranteesOf(ctx, g.node) {
		if err != nil {
			return nil, err
		}
		counted[c.SEID] = c
	}
	return counted, nil
}

// has tells whether the store counts what a session holds.
func (g *guarantees) has(s *session, counted store.Guarantee) bool {
	if g == nil {
		return true
	}
	want := s.counts()
	return want == counted || want.None() && counted.None()
}

// counts is what the store is to count of the session.
func (s *session) counts() store.Guarantee {
	s.mu.Lock()
	defer s.mu.Unlock()
	of, rate := s.place(), s.reserved
	if !s.smf.admission.concerns(of) {
		rate = nudm.AMBR{}
	}
	return s.smf.admission.nodes.of(s, of, rate)
}

// recount has the store count what a session holds, whatever the bounds are.
func (a *admission) recount(ctx context.Context, s *session) {
	if a.nodes == nil || s.is(Released) {
		return
	}
	c := counting{Guarantee: s.counts()}
	if a.nodes.writer.Now(ctx, s.seid, c) != nil {
		a.nodes.writer.Later(s.seid, c, nil)
	}
}

// cameOver has the store count a session that has come over where it stays: what it held has come with it.
func (a *admission) cameOver(ctx context.Context, s *session) {
	if a.nodes == nil {
		return
	}
	a.nodes.arrived.Store(true)
	if s.reserved != (nudm.AMBR{}) {
		a.recount(ctx, s)
	}
}

// lookOver looks whether the store counts more than sessions have that came over: their node may have died before they had it.
func (g *guarantees) lookOver(ctx context.Context, s *SMF) {
	if g == nil || !g.arrived.CompareAndSwap(true, false) {
		return
	}
	for c, err := range g.contexts.GuaranteesOf(ctx, g.node) {
		if err != nil {
			g.arrived.Store(true)
			return
		}
		switch n := s.session(c.SEID); {
		case n == nil:
			g.forget(ctx, c)
		case n.actor.Busy(): // it may hold something else at any moment
			g.arrived.Store(true)
		case !g.has(n, c):
			n.deliver(miscounted{})
		}
	}
}

// forget gives back what is counted of a session that is neither here nor stored.
func (g *guarantees) forget(ctx context.Context, c store.Guarantee) {
	stored, err := g.contexts.SMsOf(ctx, c.SUPI)
	if err == nil && !slices.ContainsFunc(stored, func(n store.SMContext) bool { return n.SEID == c.SEID }) {
		g.giveBack(ctx, c.SEID, true, func() {})
	}
}

// uncounted are the sessions of which the store does not yet count what they hold.
func (a *admission) uncounted() map[uint64]bool {
	list := make(map[uint64]bool)
	if a.nodes != nil {
		for _, seid := range a.nodes.writer.AllPending() {
			list[seid] = true
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for seid := range a.owed {
		list[seid] = true
	}
	return list
}

// addOwed adds what ended sessions still hold.
func (a *admission) addOwed(views []GuaranteedView) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, d := range a.owed {
		for i := range views {
			if a.bounds[i].concerns(d.at) {
				views[i].Held.Uplink += d.rate.Uplink
				views[i].Held.Downlink += d.rate.Downlink
			}
		}
	}
}
