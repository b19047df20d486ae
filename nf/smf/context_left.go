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
	seid       uint64 // there
	generation uint64 // of the association
}

// leaveBehind notes that it is open who serves what a session is on its UPF.
func (s *SMF) leaveBehind(n *session) {
	n.mu.Lock()
	there, l := n.onUPF && n.upf != nil, leftBehind{n.upf, n.remoteSEID, n.epoch}
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

// settleLeft is SettleLeft for a session; now is what is stored of its UE.
func (s *SMF) settleLeft(ctx context.Context, k ueSession, now []store.SMContext) {
	s.mu.Lock()
	list := s.left[k]
	delete(s.left, k)
	s.mu.Unlock()
	i := slices.IndexFunc(now, func(c store.SMContext) bool { return c.PDUSessionID == k.id })
	var end, open []leftBehind
	for _, l := range list {
		if l.generation != l.upf.generation() {
			continue // all is new there
		}
		if i >= 0 && now[i].UPF == l.upf.Name {
			if remote, written := placeOf(&now[i]); remote == l.seid {
				if now[i].Node != s.cfg.Node && written != now[i].SEID {
					open = append(open, l)
				}
				continue // or it has come back, or the other node goes on with it
			}
		}
		end = append(end, l)
	}
	if len(open) > 0 {
		s.mu.Lock()
		s.left[k] = append(s.left[k], open...)
		s.mu.Unlock()
	}
	for _, l := range end {
		if !l.upf.alive() {
			l.upf.leave(&leftover{seid: l.seid})
			continue
		}
		if _, err := s.request(ctx, l.upf, l.seid, &pfcp.SessionDeletionRequest{}); err != nil && causeOf(err) == 0 {
			l.upf.leave(&leftover{seid: l.seid})
			s.log.Warn("what was left of a session is deleted on its UPF once that answers", slog.String("upf", l.upf.Name), slog.Any("error", err))
		}
	}
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
