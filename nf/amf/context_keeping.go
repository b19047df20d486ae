package amf

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/behind"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// What a UE is promised must outlive the process, TS 23.007 §25: its context is on disk before REGISTRATION ACCEPT
// leaves, and goes when the UE deregisters. All other changes are written within keepDelay after the procedure that
// made them; the next procedure of the UE makes up for one that a crash took.

// Contexts is where UE contexts are kept.
type Contexts = store.Contexts

const (
	// keepDelay is how long a change that nobody waits for may be in memory only.
	keepDelay = 25 * time.Millisecond
	// keepPatience is how long a UE waits for the disk before it is told to come back, far below its T3510 of 15 s.
	keepPatience = 4 * time.Second
	// connectedPatience is how long packets for a UE wait for the disk.
	connectedPatience = 200 * time.Millisecond
	// takingsMet is how often a UE that leaves may be taken by another node meanwhile.
	takingsMet = 3
	// countBlock is how many downlink NAS COUNTs are reserved at once: after a crash the AMF goes on behind them, and
	// no COUNT is used twice (TS 24.501 §4.4.3.1). The UE sees a gap of this size for each life of an AMF, or each
	// taking, in which it has heard nothing: with 256 it would not know the COUNT from its low 8 bits any more.
	countBlock = 16
)

// keeping is how far a UE context is on disk. Only the UE's own goroutine touches what is not atomic.
type keeping struct {
	epoch  atomic.Uint64
	stored bool // it is on disk, or may be
	away   bool // another node has taken the UE, and what comes for it here is for the context there
	idle   bool // what is stored may say that the UE is in CM-IDLE
	// held: the store has said that it has it, as this node's and in this epoch.
	held    atomic.Bool
	written uint64 // hash of what was last given to the store
	// connectedTo is the RAN node to which a restored UE was connected when the process ended, "" for none.
	connectedTo string
	ceiling     atomic.Uint64 // keys<<32 | the first downlink NAS COUNT under these keys that is not reserved on disk
	before      *place        // what was stored of the subscriber when the UE proved who it is; nil: that does not matter
}

// place is whose a stored context is, and in which epoch; the zero value of none.
type place struct {
	node  string
	epoch uint64
}

// keptChange is a context to store or, with remove, to forget.
type keptChange struct {
	store.UEContext
	remove bool
}

// keeper writes the contexts of all UEs.
type keeper struct {
	contexts Contexts
	writer   *behind.Writer[ident.SUPI, keptChange]
	seed     maphash.Seed
}

// newKeeper returns nil where contexts end with the process.
func newKeeper(contexts Contexts, log *slog.Logger) *keeper {
	if contexts == nil {
		return nil
	}
	k := &keeper{contexts: contexts, seed: maphash.MakeSeed()}
	k.writer = behind.New[ident.SUPI](k.put, keepDelay, log)
	return k
}

// put is a behind.Put.
func (k *keeper) put(ctx context.Context, list []keptChange) ([]error, error) {
	errs := make([]error, len(list))
	var kept []store.UEContext
	var at []int
	for i := range list {
		if !list[i].remove {
			kept, at = append(kept, list[i].UEContext), append(at, i)
			continue
		}
		errs[i] = k.contexts.RemoveUE(ctx, list[i].SUPI, list[i].Node, list[i].Epoch)
		if errs[i] != nil && !errors.Is(errs[i], store.ErrNotOwner) {
			return nil, errs[i]
		}
	}
	if len(kept) == 0 {
		return errs, nil
	}
	each, err := k.contexts.KeepUEs(ctx, kept)
	for i, err := range each {
		errs[at[i]] = err
	}
	return errs, err
}

func (k *keeper) close() {
	if k != nil {
		k.writer.Close()
	}
}

// keepAccepted makes the context durable that a REGISTRATION ACCEPT promises. Where the store cannot, the UE is told to
// come back later. accept gets another 5G-GUTI if a UE at another AMF of the set has its 5G-TMSI.
func (ue *ue) keepAccepted(ctx context.Context, accept *gmm.RegistrationAccept) error {
	if ue.outranksOther() {
		if err := ue.comeFirst(ctx); err != nil {
			return err
		}
	}
	for {
		err := ue.keep(ctx)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, store.ErrTMSITaken) && accept.GUTI != nil:
			ue.amf.ues.byTMSI.drop(ue.guti.TMSI, ue)
			ue.guti.TMSI = ue.amf.ues.allotTMSI(ue)
			id := gmm.GUTIIdentity(ue.guti)
			accept.GUTI = &id
		case errors.Is(err, store.ErrNotOwner) && ue.kept.held.Load() && !ue.isReplaced(): // with the context goes what hangs on it: it comes back with that
			return ue.yield(ctx)
		case errors.Is(err, store.ErrNotOwner):
			if err := ue.comeFirst(ctx); err != nil {
				return err
			}
		default:
			return notDurable(err)
		}
	}
}

// comeFirst puts a context that is to be accepted before an older one of the subscriber, unless the UE has left meanwhile: then it may
// have registered anew at another node.
func (ue *ue) comeFirst(ctx context.Context) error {
	if ue.isReplaced() {
		return fmt.Errorf("a newer context of the subscriber: %w", procedure.ErrSuperseded)
	}
	if ue.amf.taking.Ended != nil && (ue.conn == nil || !ue.conn.isHeard()) {
		return ue.yield(ctx)
	}
	switch err := ue.outrank(ctx); {
	case errors.Is(err, errOvertaken):
		return ue.yield(ctx)
	case err != nil:
		return notDurable(err)
	}
	return nil
}

func notDurable(err error) *refusal {
	return &refusal{
		cause: gmm.CauseCongestion, why: "the registration cannot be made durable: " + err.Error(),
		asked: "a write to the store", change: "the disk or the database of the store: is it full, slow or away?",
	}
}

// lookBefore notes what the nodes of a set have of a subscriber who has proved who it is, and is about to do so for the last time, with
// SECURITY MODE COMPLETE: what they have later may be of a registration that the UE has begun since.
func (ue *ue) lookBefore(ctx context.Context, supi ident.SUPI) error {
	if ue.amf.keeper == nil || ue.amf.taking.Ended == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, keepPatience)
	defer cancel()
	stored, err := ue.amf.keeper.contexts.UE(ctx, supi)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return notDurable(err)
	}
	ue.kept.before = &place{stored.Node, stored.Epoch}
	return nil
}

// outranksOther tells whether the context would come before another node's unseen if it was just written.
func (ue *ue) outranksOther() bool {
	b := ue.kept.before
	return b != nil && b.node != ue.amf.cfg.Name && (b.node != "" || ue.kept.epoch.Load() > 0)
}

// errOvertaken says that the subscriber's context has changed since the UE proved who it is.
var errOvertaken = errors.New("the subscriber may have registered at another node since")

// outrank puts the context before one of the same subscriber that is stored: this UE has just proved who it is. Error: errOvertaken.
func (ue *ue) outrank(ctx context.Context) error {
	stored, err := ue.amf.keeper.contexts.UE(ctx, ue.supi)
	if errors.Is(err, store.ErrNotFound) { // gone meanwhile
		ue.kept.held.Store(false)
		return nil
	}
	if err != nil {
		return fmt.Errorf("older context of the UE: %w", err)
	}
	if b := ue.kept.before; b != nil && *b != (place{stored.Node, stored.Epoch}) {
		return errOvertaken
	}
	end, epoch := ue.amf.taking.Ended, max(stored.Epoch, ue.kept.epoch.Load())+1
	if end != nil && stored.Node != ue.amf.cfg.Name {
		taken, err := ue.amf.takeInStore(ctx, &stored, nil) // so that the other node hears of it
		if errors.Is(err, store.ErrNotOwner) || errors.Is(err, store.ErrNotFound) {
			return nil // it changed meanwhile: the next attempt tells
		}
		if err != nil {
			return fmt.Errorf("context of the UE at node %q: %w", stored.Node, err)
		}
		epoch = max(epoch, taken.Epoch+1) // what was taken is another context
		if ue.kept.before != nil {
			ue.kept.before = &place{taken.Node, taken.Epoch}
		}
	}
	if end != nil {
		if err := end(ctx, ue.supi); err != nil {
			return fmt.Errorf("sessions of the older context: %w", err)
		}
	}
	ue.kept.rise(epoch)
	return nil
}

// keep writes the context and returns once it is durable.
func (ue *ue) keep(ctx context.Context) error {
	k := ue.amf.keeper
	if k == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, keepPatience)
	defer cancel()
	change, reserved := ue.toKeep()
	ue.kept.stored, ue.kept.idle = true, ue.kept.idle || ue.conn == nil
	if err := k.writer.Now(ctx, ue.supi, change); err != nil {
		ue.kept.written = 0
		if errors.Is(err, store.ErrNotOwner) && ue.kept.held.Load() {
			_ = ue.insist(taken{}) // refused only at shutdown
		}
		return err
	}
	ue.kept.written, ue.kept.idle = ue.hash(&change), ue.conn == nil
	ue.kept.held.Store(true)
	ue.kept.reserve(reserved)
	return nil
}

// keepConnected has the store know that the UE is connected, before packets go to its RAN node: a start takes the user plane of a UE down
// of which the store says that it is in CM-IDLE. A store that does not take it in time gets it later.
func (ue *ue) keepConnected(ctx context.Context) {
	if ue.amf.keeper == nil || !ue.kept.idle || !ue.kept.held.Load() || ue.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(store.Sharing(ctx), connectedPatience)
	defer cancel()
	if err := ue.keep(ctx); err != nil {
		ue.log().Debug("not yet stored that the UE is connected", "error", err)
	}
}

// keepLater has the context written if it has changed. Serve calls it when the UE comes to rest.
func (ue *ue) keepLater() {
	k := ue.amf.keeper
	if k == nil || !ue.registered || ue.running != idle || !ue.security.valid || ue.amf.ues.bySUPI.get(ue.supi) != ue {
		return
	}
	change, reserved := ue.toKeep()
	sum := ue.hash(&change)
	if sum == ue.kept.written {
		return
	}
	ue.kept.written, ue.kept.stored, ue.kept.idle = sum, true, ue.kept.idle || ue.conn == nil
	supi := ue.supi
	k.writer.Later(ue.supi, change, func(err error) {
		if errors.Is(err, store.ErrNotOwner) {
			_ = ue.insist(taken{}) // refused only at shutdown
			return
		}
		if err != nil {
			ue.amf.log.Warn("UE context not kept", "supi", supi.Conceal(), "error", err)
			return
		}
		ue.kept.held.Store(true)
		ue.kept.reserve(reserved)
	})
}

// unkeep removes the context from the store, before the UE hears that it is deregistered. A store that refuses is asked
// again. Error: store.ErrNotOwner where another node has taken the UE.
func (ue *ue) unkeep(ctx context.Context) error {
	k := ue.amf.keeper
	if k == nil || !ue.kept.stored || ue.amf.ues.bySUPI.get(ue.supi) != ue {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, keepPatience)
	defer cancel()
	change := keptChange{UEContext: store.UEContext{SUPI: ue.supi, Node: ue.amf.cfg.Name, Epoch: ue.kept.epoch.Load()}, remove: true}
	switch err := k.writer.Now(ctx, ue.supi, change); {
	case errors.Is(err, store.ErrNotOwner):
		return err
	case err != nil:
		ue.log().Warn("context of a deregistered UE is removed from the store once that works", "error", err)
		k.writer.Later(ue.supi, change, nil)
	}
	ue.kept.stored, ue.kept.written = false, 0
	ue.kept.held.Store(false)
	ue.kept.ceiling.Store(0)
	return nil
}

// unkeepLeaving is unkeep for a UE that has said itself that it leaves. Where another node has taken it by what it said before, it leaves
// that node too. Error: store.ErrNotOwner where that node has heard of it since.
func (ue *ue) unkeepLeaving(ctx context.Context) error {
	err := ue.unkeep(ctx)
	if ue.amf.taking.Ended == nil { // alone: what is stored is a newer context of the subscriber here
		return nil
	}
	for range takingsMet {
		if !errors.Is(err, store.ErrNotOwner) || !ue.isNewest(ctx) {
			return err
		}
		if err := ue.outrank(ctx); err != nil {
			return fmt.Errorf("%w: %w", store.ErrNotOwner, err)
		}
		err = ue.unkeep(ctx)
	}
	return err
}

// isNewest tells whether this node has heard of the UE after the one that the store says has it.
func (ue *ue) isNewest(ctx context.Context) bool {
	stored, err := ue.amf.keeper.contexts.UE(ctx, ue.supi)
	if err != nil {
		return errors.Is(err, store.ErrNotFound)
	}
	there, err := ue.amf.readRecord(&stored)
	return err == nil && there.security.kamf == ue.security.kamf && there.security.nas.Receive <= ue.security.nas.Receive
}

// toKeep is the context as it is now with the downlink NAS COUNTs that it reserves.
func (ue *ue) toKeep() (change keptChange, reserved uint64) {
	reserved = ue.kept.ceiling.Load()
	keys, send := uint64(ue.keys)<<32, uint64(ue.security.nas.Send)
	switch {
	case reserved>>32 != uint64(ue.keys) || reserved == 0:
		// The first record under these keys: as long as it is not on disk nothing can go back to a lower COUNT.
		reserved = keys | send + countBlock
		ue.kept.ceiling.Store(reserved)
	case send+countBlock/2 > reserved&0xffffffff:
		reserved = keys | send + countBlock
	}
	change.UEContext = store.UEContext{
		SUPI: ue.supi, TMSI: ue.guti.TMSI, OldTMSI: ue.oldTMSI, Node: ue.amf.cfg.Name, Epoch: ue.kept.epoch.Load(),
		Record: ue.record(uint32(reserved)), Known: ue.kept.held.Load(),
	}
	return change, reserved
}

// rise puts the context before those of an epoch below.
func (k *keeping) rise(epoch uint64) {
	k.held.Store(false)
	k.epoch.Store(epoch)
}

// reserve notes that a record with a ceiling is on disk, unless the keys are others by now.
func (k *keeping) reserve(reserved uint64) {
	for {
		now := k.ceiling.Load()
		if now>>32 != reserved>>32 || now >= reserved || k.ceiling.CompareAndSwap(now, reserved) {
			return
		}
	}
}

// mayCount makes sure that the next downlink NAS COUNT is reserved on disk, so that no later life of this AMF uses it
// again.
func (ue *ue) mayCount() error {
	ceiling := ue.kept.ceiling.Load()
	if ceiling>>32 != uint64(ue.keys) || !ue.kept.stored || uint64(ue.security.nas.Send) < ceiling&0xffffffff {
		return nil
	}
	return ue.keep(context.Background())
}

func (ue *ue) hash(c *keptChange) uint64 {
	return maphash.Bytes(ue.amf.keeper.seed, c.Record) ^ uint64(c.TMSI)<<32 ^ uint64(c.OldTMSI) ^ c.Epoch<<17
}
