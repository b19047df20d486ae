package smf

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/behind"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// A session and the lease of its address are on disk before the PDU SESSION ESTABLISHMENT ACCEPT leaves, TS 23.007 §26,
// and go before its address can be given to another. The tunnel to a gNB is on disk before packets go there. All other changes
// are written within keepDelay.

// Contexts is where SM contexts are kept.
type Contexts = store.Contexts

// Life is a run of the node.
type Life = store.Life

const (
	// keepDelay is how long a change that nobody waits for may be in memory only.
	keepDelay = 25 * time.Millisecond
	// keepPatience is how long a UE waits for the disk, far below its T3580 of 16 s.
	keepPatience = 4 * time.Second
	// tunnelPatience is how long packets for a UE wait for the disk.
	tunnelPatience = 200 * time.Millisecond
)

// sessionKey is what an SM context is stored under.
type sessionKey = ueSession

// keptChange is a context to store or, with remove, to forget.
type keptChange struct {
	store.SMContext
	remove  bool
	removed *atomic.Bool // set once it is forgotten
	matters int          // octets of the record in front of what alone is not worth a write
}

// keeper writes the contexts of all sessions.
type keeper struct {
	contexts Contexts
	writer   *behind.Writer[sessionKey, keptChange]
	removals *behind.Writer[uint64, keptChange] // by SEID, that the store has refused: the next session of the identity does not end them
	seed     maphash.Seed
	removed  func(seid uint64) // told of what is in the store no more
}

func (k *keeper) hash(c *keptChange) uint64 { return maphash.Bytes(k.seed, c.Record[:c.matters]) }

// newKeeper returns nil where contexts end with the process.
func newKeeper(contexts Contexts, removed func(seid uint64), log *slog.Logger) *keeper {
	if contexts == nil {
		return nil
	}
	k := &keeper{contexts: contexts, seed: maphash.MakeSeed(), removed: removed}
	k.writer = behind.New[sessionKey](k.put, keepDelay, log)
	k.removals = behind.New[uint64](k.put, keepDelay, log)
	return k
}

// put is a behind.Put.
func (k *keeper) put(ctx context.Context, list []keptChange) ([]error, error) {
	errs := make([]error, len(list))
	var kept []store.SMContext
	var at []int
	for i := range list {
		if c := &list[i]; !c.remove {
			kept, at = append(kept, c.SMContext), append(at, i)
		} else if err := k.remove(ctx, &c.SMContext, c.removed); err != nil {
			return nil, err
		}
	}
	if len(kept) == 0 {
		return errs, nil
	}
	each, err := k.contexts.KeepSMs(ctx, kept)
	for i, err := range each {
		errs[at[i]] = err
	}
	return errs, err
}

// remove forgets a stored session. What it holds of guaranteed bit rates is others' from then on, and not before: it would come back
// with it.
func (k *keeper) remove(ctx context.Context, c *store.SMContext, removed *atomic.Bool) error {
	err := k.contexts.RemoveSM(ctx, c.SUPI, c.PDUSessionID, c.SEID)
	if err == nil {
		if removed != nil {
			removed.Store(true)
		}
		k.removed(c.SEID)
	}
	return err
}

func (k *keeper) close() {
	if k != nil {
		k.writer.Close()
		k.removals.Close()
	}
}

// begin takes the numbers of this life of the node, so that no SEID and no recovery time stamp of an earlier one comes again,
// even if the clock was set back (TS 29.244 §8.2.65).
func (k *keeper) begin(s *SMF) error {
	if k == nil {
		return nil
	}
	life := s.deps.Life
	if life.Number == 0 {
		return fmt.Errorf("SMF %q: contexts are kept, but in no life of a node", s.cfg.Name)
	}
	s.started = pfcp.NewTimestamp(life.Started)
	s.lastSEID = life.Number << 32
	return nil
}

// keep makes the session durable before its UE hears of it. Where the store cannot, the session is refused.
func (s *session) keep(ctx context.Context) error {
	k := s.smf.keeper
	if k == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, keepPatience)
	defer cancel()
	change := s.toKeep()
	s.stored = true
	err := k.writer.Now(ctx, s.key(), change)
	if errors.Is(err, store.ErrNotOwner) { // the UE had a session of this identity at another node
		if err = s.outrank(ctx); err == nil {
			err = k.writer.Now(ctx, s.key(), change)
		}
	}
	if err == nil {
		s.written = k.hash(&change)
		s.mu.Lock()
		s.held = true
		s.mu.Unlock()
		s.smf.admission.replaced(s)
		return nil
	}
	r := &refusal{cause: gsm.CauseInsufficientResources, sbi: nsmf.CauseInsufficientResourcesSlice, err: err,
		asked: "to make the session durable", allowed: "nothing: the store does not take it", change: "the disk or the database of the store: is it full, slow or away?"}
	if leased, ok := errors.AsType[*store.LeasedError](err); ok {
		r.asked, r.allowed, r.change = "address "+leased.Address.String(), "an address that no other session has", "nothing: the UE tries again and gets another one"
	}
	return r
}

// isLeased tells whether a session was not kept because another one has its address.
func isLeased(err error) bool { return errors.Is(err, store.ErrLeased) }

// unwritten is what is to be kept of a session that lives and is stored, if that is not what was written last, and its hash.
func (s *session) unwritten() (change keptChange, sum uint64, changed bool) {
	k := s.smf.keeper
	if k == nil || !s.stored || !s.is(Active) {
		return change, 0, false
	}
	change = s.toKeep()
	sum = k.hash(&change)
	return change, sum, s.written != sum
}

// keepLater has the session written if it has changed. Serve calls it when the session comes to rest.
func (s *session) keepLater() {
	change, sum, changed := s.unwritten()
	if !changed {
		return
	}
	s.written = sum
	s.smf.keeper.writer.Later(s.key(), change, func(err error) {
		switch {
		case errors.Is(err, store.ErrNotOwner):
			if s.smf.ctx.Err() == nil {
				s.deliver(moved{})
			}
		case err != nil:
			s.smf.log.Warn("SM context not kept", s.attrs(slog.Any("error", err))...)
		}
	})
}

// keepNow has the session durable as it is, if it is stored at all.
func (s *session) keepNow(ctx context.Context) error {
	change, sum, changed := s.unwritten()
	k := s.smf.keeper
	if !changed && (k == nil || !s.stored || !s.is(Active) || !k.writer.Pending(s.key())) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, keepPatience)
	defer cancel()
	err := k.writer.Now(ctx, s.key(), change)
	switch {
	case err == nil:
		s.written = sum
	case errors.Is(err, store.ErrNotOwner):
		s.deliver(moved{})
	default:
		s.written = 0 // what waited has been dropped
	}
	return err
}

// keepTunnel has the session's tunnel durable: after a kill the UPF, which may have gone on, is told of it again, and an earlier one
// leads nowhere, TS 23.527 §4.3. A store that does not take it in time gets it later.
func (s *session) keepTunnel(ctx context.Context) {
	change, sum, changed := s.unwritten()
	if !changed {
		return
	}
	ctx, cancel := context.WithTimeout(store.Sharing(ctx), tunnelPatience)
	defer cancel()
	if s.smf.keeper.writer.Now(ctx, s.key(), change) == nil { // else keepLater tries again, and tells why it cannot
		s.written = sum
	}
}

// unkeep removes the session from the store, before its address is free for another. A store that refuses is asked
// again; until then nobody else gets the address, because it is still leased there.
func (s *session) unkeep(ctx context.Context) {
	k := s.smf.keeper
	if k == nil || !s.stored {
		return
	}
	if s.hasLeft() {
		if s.isLast() {
			k.writer.Drop(s.key()) // it would come back where the other node has removed it
		}
		return
	}
	s.stored, s.written, s.removal = false, 0, new(atomic.Bool)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepPatience)
	defer cancel()
	change := keptChange{SMContext: store.SMContext{SUPI: s.supi, PDUSessionID: s.id, SEID: s.seid}, remove: true, removed: s.removal}
	if err := k.writer.Now(ctx, s.key(), change); err != nil {
		s.smf.log.Warn("SM context is removed from the store once that works", s.attrs(slog.Any("error", err))...)
		k.removals.Later(s.seid, change, nil)
	}
}

// toKeep is the session as it is now.
func (s *session) toKeep() keptChange {
	withUE := s.smf.cfg.Shared && s.amf() == s.smf.deps.AMF
	s.mu.Lock()
	defer s.mu.Unlock()
	record, matters := s.record()
	c := keptChange{matters: matters, SMContext: store.SMContext{
		SUPI: s.supi, PDUSessionID: s.id, SEID: s.seid, Node: s.smf.cfg.Node, DNN: s.network.Name, IPv4: s.address.ipv4, IPv6: s.address.ipv6, Record: record,
		Known: s.held, WithUE: withUE,
	}}
	if s.upf != nil {
		c.UPF = s.upf.Name
	}
	return c
}

func (s *session) hasLeft() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.left
}
