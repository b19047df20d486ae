package smf

import (
	"context"
	"log/slog"
	"slices"

	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/record"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// A session that another node has taken in the store is still on the UPF on which it was. Whether that node goes on with it
// there or makes it on another one is known only once it has brought the session in (Take): until then nothing may be
// deleted, and afterwards nothing may stay behind, which would hold the UE's address.

// leftBehind is what was of this SMF on a UPF.
type leftBehind struct {
	upf        *upf
	seid       uint64    // there
	generation uint64    // of the association
	address    ueAddress // which it holds there
}

func (l leftBehind) is(x leftBehind) bool {
	return l.upf == x.upf && l.seid == x.seid && l.generation == x.generation
}

// leaveBehind notes that it is open who serves what a session is on its UPF.
func (s *SMF) leaveBehind(n *session) {
	n.mu.Lock()
	there, l := n.onUPF && n.upf != nil, leftBehind{n.upf, n.remoteSEID, n.epoch, n.address}
	n.onUPF = false
	n.mu.Unlock()
	if !there {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left[n.key()] = append(s.left[n.key()], l)
}

// SettleLeft deletes on the UPFs of this node what is of sessions that have been brought in elsewhere, or have ended, since
// other nodes took them, TS 29.244 §6.3.4. Call it now and then.
func (s *SMF) SettleLeft(ctx context.Context) {
	s.admission.nodes.lookOver(ctx, s)
	s.mu.RLock()
	keys := make([]ueSession, 0, len(s.left))
	for k := range s.left {
		keys = append(keys, k)
	}
	s.mu.RUnlock()
	for _, k := range keys {
		if now, err := s.keeper.contexts.SMsOf(ctx, k.supi); err == nil {
			s.settleLeft(ctx, k, now)
		}
	}
}

// settleLeft is SettleLeft for a session; now is what is stored of its UE. It tells how much is not left any more. What goes is in the
// list until it has gone: who comes meanwhile waits for that too, and what is deleted twice is not known the second time.
func (s *SMF) settleLeft(ctx context.Context, k ueSession, now []store.SMContext) (settled int) {
	s.mu.RLock()
	list := slices.Clone(s.left[k])
	s.mu.RUnlock()
	i := slices.IndexFunc(now, func(c store.SMContext) bool { return c.PDUSessionID == k.id })
	for _, l := range list {
		used := false
		if i >= 0 && now[i].UPF == l.upf.Name && l.generation == l.upf.generation() { // in any other generation all is new there
			if remote, written := placeOf(&now[i]); remote == l.seid {
				if now[i].Node != s.cfg.Node && written != now[i].SEID {
					continue // it is open
				}
				used = true // it has come back, or the other node goes on with it
			}
		}
		if !used && l.generation == l.upf.generation() {
			s.deleteLeftBehind(ctx, l)
		}
		s.mu.Lock()
		if rest := slices.DeleteFunc(s.left[k], l.is); len(rest) > 0 {
			s.left[k] = rest
		} else {
			delete(s.left, k)
		}
		s.mu.Unlock()
		settled++
	}
	return settled
}

func (s *SMF) deleteLeftBehind(ctx context.Context, l leftBehind) {
	if !l.upf.alive() {
		l.upf.leave(&leftover{seid: l.seid, address: l.address})
		return
	}
	if _, err := s.request(ctx, l.upf, l.seid, &pfcp.SessionDeletionRequest{}); err != nil && causeOf(err) == 0 {
		l.upf.leave(&leftover{seid: l.seid, address: l.address})
		s.log.Warn("what was left of a session is deleted on its UPF once that answers", slog.String("upf", l.upf.Name), slog.Any("error", err))
	}
}

// makeAddressFree deletes on a UPF what has an address that another session has by now, and tells whether there was anything: what has
// ended, and what was left behind here of sessions that do not go on there.
func (s *SMF) makeAddressFree(ctx context.Context, u *upf, a ueAddress) bool {
	s.mu.RLock()
	var keys []ueSession
	for k, list := range s.left {
		if slices.ContainsFunc(list, func(l leftBehind) bool { return l.upf == u && l.address.overlaps(a) }) {
			keys = append(keys, k)
		}
	}
	s.mu.RUnlock()
	settled := 0
	for _, k := range keys {
		if now, err := s.keeper.contexts.SMsOf(ctx, k.supi); err == nil {
			settled += s.settleLeft(ctx, k, now)
		}
	}
	return s.deleteHolders(ctx, u, a) || settled > 0
}

// placeOf is the UPF's SEID of a stored session, and the SEID under which it was written: not its own where the node that
// has taken it has not brought it in yet. It is 0 in what an older version wrote.
func placeOf(c *store.SMContext) (remote, written uint64) {
	r, err := record.Open(c.Record)
	if err != nil {
		return 0, 0
	}
	for r.Next() {
		switch r.Field() {
		case fieldRemoteSEID:
			remote = r.Uint()
		case fieldSEID:
			written = r.Uint()
		}
	}
	return remote, written
}
