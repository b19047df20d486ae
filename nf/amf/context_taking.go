package amf

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/sbi/nnsacf"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/record"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// The AMFs of a set share one store, TS 23.501 §5.21.2: a UE that comes to one of them, because the other is gone or its
// gNB chose so, is served with the context that the other kept. It has to prove that it is the UE first; then the context
// changes hands by an epoch that only one of them can raise.

// Taking is what the rest of this node does when a UE comes over from another node of the set.
type Taking struct {
	// Restored is told of the UE, as at a start.
	Restored func(RestoredUE)
	// SEIDs reserves store.SEIDsOfUE local F-SEIDs for the sessions of a UE that is taken, and returns the first.
	SEIDs func() uint64
	// Sessions brings in the sessions that were taken with a UE. After an error none is lost and it is to be called again.
	Sessions func(ctx context.Context, supi ident.SUPI) ([]Session, error)
	// Ended forgets the sessions that were taken with a UE that has registered anew here.
	Ended func(ctx context.Context, supi ident.SUPI) error
	// Lost drops what this node's own functions and SMF have of a UE that another node has taken: nothing of what it has
	// now may be touched.
	Lost func(ctx context.Context, u RestoredUE, refs []string)
}

// JoinSet lets UEs of other nodes of the AMF set come over. Call it before gNBs are let in.
func (a *AMF) JoinSet(t Taking) { a.taking = t }

// wanted is the 5G-TMSI of the set by which a UE calls itself that is not known here, 0 for none: another node may have it.
func (a *AMF) wanted(m *ngap.InitialUEMessage) uint32 {
	if a.keeper == nil || a.taking.Sessions == nil {
		return 0
	}
	if tmsi, ofSet := a.tmsiIn(m.NASPDU); ofSet {
		return tmsi
	}
	return 0
}

// takeOver looks for the UE of an initial message among those of the other nodes and hands the message on to it. It tells
// whether it did; what does not prove to come from the UE changes nothing. A message for a UE that is busy, and here no more,
// ends what runs, and is handed on when it is served.
func (ue *ue) takeOver(m *initialMessage) bool {
	ctx, cancel := context.WithTimeout(context.Background(), keepPatience)
	defer cancel()
	if ue.supi != "" { // it may come back from another node
		taken, err := ue.owner(ctx)
		switch taken = taken || ue.kept.away; { // or given up before this message was opened
		case err != nil: // served by what may be over it would hear NAS COUNTs a second time
			ue.log().Warn("UE is to come later: whether another node of the set has it is not known", "error", err)
			m.conn.gnb.congested(m.conn, m.pdu)
			return true
		case !taken:
			return false
		case ue.running != idle:
			m.elsewhere = true
			return false
		}
		if !ue.kept.away {
			ue.giveUp(ctx)
		}
		return ue.handOn(m)
	}
	if ue.elsewhere == 0 {
		return false
	}
	tmsi := ue.elsewhere
	ue.elsewhere = 0
	other, err := ue.amf.take(ctx, tmsi, m.pdu)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return false
	case errors.Is(err, errUnproven):
		ue.log().Warn("UE of another node of the set not taken over", "error", err)
		return false
	case err != nil: // it may be there: who is told to be unknown would have to authenticate again
		ue.log().Warn("UE of another node of the set not taken over: it is to come later", "error", err)
		m.conn.gnb.congested(m.conn, m.pdu)
		return true
	}
	m.conn.ue.Store(other)
	return other.follow(m) == nil // refused only at shutdown
}

// handOn gives an initial message for a UE that is here no more to who looks for the UE among those of the other nodes.
func (ue *ue) handOn(m *initialMessage) bool {
	again := &initialMessage{conn: m.conn, n2: m.n2, pdu: m.original, original: slices.Clone(m.original)} // as it came: the keys are others
	fresh := ue.amf.newUE()
	if tmsi, ofSet := ue.amf.tmsiIn(again.pdu); ofSet {
		fresh.elsewhere = tmsi
	}
	m.conn.ue.Store(fresh)
	return fresh.follow(again) == nil // refused only at shutdown
}

// takenMeanwhile is takeOver for a message that was opened while the UE was busy and is served now.
func (ue *ue) takenMeanwhile(m *initialMessage) bool {
	if !m.waited || ue.running != idle || m.n2 == nil {
		return false
	}
	m.waited = false
	if ue.takeOver(m) {
		return true
	}
	if m.elsewhere { // and then it has come back
		m.elsewhere = false
		ue.openInitial(m)
	}
	return false
}

// errUnproven says that a message is not protected with the keys of the UE that it names.
var errUnproven = errors.New("the message does not prove to come from that UE")

// take takes the UE with a 5G-TMSI over from the node that has it.
func (a *AMF) take(ctx context.Context, tmsi uint32, pdu []byte) (*ue, error) {
	for {
		if u := a.ues.byTMSI.get(tmsi); u != nil {
			return u, nil // it came over while this message waited
		}
		stored, err := a.keeper.contexts.UEByTMSI(ctx, tmsi)
		if err != nil {
			return nil, err
		}
		end := a.takes.begin(stored.SUPI)
		if end == nil {
			if err := a.takes.wait(ctx, stored.SUPI); err != nil {
				return nil, err
			}
			continue
		}
		if u := a.ues.bySUPI.get(stored.SUPI); u != nil && u.kept.epoch.Load() > stored.Epoch && u.isHere(&stored) {
			end()
			return u, nil // it came over since that was read
		}
		u, err := a.takeStored(ctx, &stored, pdu)
		end()
		if errors.Is(err, store.ErrNotOwner) {
			continue
		}
		return u, err
	}
}

// takeStored takes a UE over that is stored as another node's, if a message proves to come from it. Error: store.ErrNotOwner
// where somebody else was faster.
func (a *AMF) takeStored(ctx context.Context, stored *store.UEContext, pdu []byte) (*ue, error) {
	u, err := a.readRecord(stored)
	if err != nil {
		return nil, err
	}
	u.wake()
	receive, proof := u.security.nas.Receive, u.security.nas
	if _, _, err := proof.Unprotect(slices.Clone(pdu)); err != nil {
		return nil, errUnproven
	}
	kept, err := proven(stored.Record, proof.Receive)
	if err != nil {
		return nil, err
	}
	older := a.ues.bySUPI.get(stored.SUPI)
	if older != nil { // which the other node had taken
		done := make(chan struct{})
		if err := older.insist(taken{done: done}); err != nil {
			return nil, err
		}
		select {
		case <-done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if older.isHere(stored) { // it came over unasked meanwhile
			return older, nil
		}
	}
	taken, err := a.takeInStore(ctx, stored, kept)
	if err != nil {
		return nil, err
	}
	if u, err = a.readRecord(&taken); err != nil {
		return nil, err
	}
	u.wake()
	u.security.nas.Receive = receive // the message is to be served yet
	if err := a.settle(ctx, u, stored.Node); err != nil {
		return nil, err
	}
	if older != nil {
		_ = u.insist(glance(func(u *ue) { _ = older.insist(u.cameOver()) })) // refused only at shutdown; it may have given up already
	}
	if slices.ContainsFunc(u.sessions, func(c *smContext) bool { return c.active }) { // before the message is served
		_ = u.insist(&radioErased{node: u.kept.connectedTo}) // refused only at shutdown
	}
	return u, nil
}

// isHere tells whether the UE is in the tables with a context that is not older than one that was stored.
func (ue *ue) isHere(stored *store.UEContext) bool {
	return ue.amf.ues.bySUPI.get(stored.SUPI) == ue && ue.kept.held.Load() && ue.kept.epoch.Load() >= stored.Epoch
}

// proven is a record with the uplink NAS COUNT that is expected after the message that proved to come from the UE: nothing
// that the UE said before it proves anything to another node any more.
func proven(kept []byte, receive uint32) ([]byte, error) {
	return record.Edit(kept, func(field int, value any) any {
		if field == fieldReceive {
			return uint64(receive)
		}
		return value
	})
}

// takeInStore makes a UE and its sessions this node's as far as the store is concerned, with another record if one is given.
// Where no answer comes they may be: then they are unsettled.
func (a *AMF) takeInStore(ctx context.Context, c *store.UEContext, kept []byte) (store.UEContext, error) {
	a.keeper.writer.Drop(c.SUPI) // what this node has still to say of it is of an earlier time
	taken, err := a.keeper.contexts.TakeUE(ctx, c, a.cfg.Name, a.taking.SEIDs(), kept)
	if err != nil && !errors.Is(err, store.ErrNotOwner) && !errors.Is(err, store.ErrNotFound) {
		a.takes.leave(c.SUPI)
	}
	return taken, err
}

// settle makes a UE that the store says is this node's one that this node serves. After an error it is unsettled: it comes in
// when it next speaks, or with SettleRest.
func (a *AMF) settle(ctx context.Context, u *ue, from string) error {
	sessions, err := a.taking.Sessions(ctx, u.supi)
	if err != nil {
		a.takes.leave(u.supi)
		return err
	}
	u.sessions = nil
	for _, s := range sessions {
		u.sessions = append(u.sessions, &smContext{id: s.PDUSessionID, ref: s.Ref, slice: s.SNSSAI, dnn: s.DNN, active: s.Active})
	}
	a.taking.Restored(a.restored(u))
	a.enter(u)
	a.takes.settled(u.supi)
	u.log().Info("UE taken over", "from", from, "sessions", len(u.sessions))
	return nil
}

// enter puts a restored UE into the tables and starts its timers.
func (a *AMF) enter(u *ue) {
	a.ues.bySUPI.put(u.supi, u)
	a.ues.byTMSI.put(u.guti.TMSI, u)
	if u.oldTMSI != 0 {
		a.ues.byTMSI.put(u.oldTMSI, u)
	}
	u.count(context.Background(), u.allowed, nnsacf.Update, anySlice)
	u.supervise()
}

// taken says that another node may serve the UE now.
type taken struct {
	done chan<- struct{} // closed once what is held of it here is given up, if so; nil: nobody waits
	late bool            // the AMF to which the context was lent has had the time to say what becomes of it
}

// learn serves taken.
func (t taken) learn(ctx context.Context, ue *ue) {
	if t.done != nil {
		defer close(t.done)
	}
	switch {
	case ue.kept.away || !ue.isTaken(ctx):
	case ue.lent != nil && !t.late && t.done == nil: // it keeps the context before it says so, and the sessions stay here
		time.AfterFunc(statusPatience, func() { _ = ue.insist(taken{late: true}) }) // refused only at shutdown
	default:
		ue.giveUp(ctx)
	}
}

// statusPatience is how long an AMF has for the word about a context that it has on disk.
const statusPatience = 4 * time.Second

// isTaken tells whether another node is known to have taken the UE, so that what hangs on it is not this node's to end.
func (ue *ue) isTaken(ctx context.Context) bool {
	taken, err := ue.owner(ctx)
	return taken && err == nil
}

// owner asks the store whether another node has taken the UE.
func (ue *ue) owner(ctx context.Context) (taken bool, err error) {
	k := ue.amf.keeper
	if k == nil || !ue.kept.held.Load() || ue.amf.taking.Lost == nil {
		return false, nil
	}
	stored, err := k.contexts.UE(ctx, ue.supi)
	if errors.Is(err, store.ErrNotFound) { // another node has taken it, and leave of it
		return true, nil
	}
	return stored.Node != ue.amf.cfg.Name, err // whatever the epoch: the UE may have registered anew there
}

// yield ends the registration of a UE that another node has: nothing may leave here any more under a NAS COUNT that it may have
// used. The UE hears without protection that it is to come again, TS 24.501 §4.4.4.2, and is taken over then.
func (ue *ue) yield(ctx context.Context) error {
	if c := ue.conn; c != nil {
		backoff := ue.amf.backoff()
		c.sendPlain(&gmm.RegistrationReject{Cause: gmm.CauseCongestion, T3346: &backoff})
	}
	ue.giveUp(ctx)
	return fmt.Errorf("another node of the set has the UE: %w", procedure.ErrSuperseded)
}

// giveUp drops a UE that another node has taken, without a word to anybody but a gNB that still holds it, and this node's own
// policy and registration.
func (ue *ue) giveUp(ctx context.Context) {
	ue.giveUpWaiting(ctx, namf.FailureCauseUnspecified)
	ue.log().Info("another node of the set serves the UE now")
	if ue.conn != nil {
		ue.releaseUnused(ue.conn, ngap.CauseRadioNetworkReleaseDueToCnDetectedMobility)
	}
	refs := make([]string, 0, len(ue.sessions))
	for _, s := range ue.sessions {
		refs = append(refs, s.ref)
	}
	was := ue.amf.restored(ue)
	if ue.amf.ues.bySUPI.get(ue.supi) != ue { // the registration is that of a newer context here
		was.SUPI = ""
	}
	ue.amf.taking.Lost(ctx, was, refs)
	ue.sessions, ue.policy, ue.known, ue.kept.stored = nil, "", false, false
	ue.kept.held.Store(false)
	ue.kept.away = true
	ue.forget(ctx, ngap.CauseRadioNetworkReleaseDueToCnDetectedMobility)
	ue.unsupervise()
}
