package amf

import (
	"context"
	"errors"
	"slices"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/nnsacf"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// A UE that is handed over by N2 to another AMF is at one of the two at every moment: it is the target's once that has it on disk, and the
// source's again if it comes back, whatever the target has written by then.

// arrive makes a UE that has come one of this AMF, TS 23.502 §4.9.1.3.3 steps 5 to 12: durable here before the source AMF
// hears that it may forget it. One that cannot be made durable is let go: it is the source AMF's still.
func (ue *ue) arrive(ctx context.Context, h *handover, m *handoverFrom, at ident.TAI) {
	ue.moveTo(h.target, at)
	ue.nextHop = h.keys.chain
	ue.registered = true
	before := ue.outrankPeer(ctx)
	if old := ue.amf.ues.bySUPI.put(ue.supi, ue); old != nil && old != ue {
		ue.kept.rise(max(ue.kept.epoch.Load(), old.kept.epoch.Load()+1))
		_ = old.insist(ue.cameOver()) // refused only at shutdown
	}
	ue.count(ctx, ue.allowed, nnsacf.Update, anySlice)
	ue.nameArrived(m.id)
	ue.nameAsBefore(&before)
	if err := ue.subscribe(ctx); err != nil {
		ue.log().Warn("UE has come and would not be let in: the next registration will tell", "reason", err)
	}
	if err := ue.associatePolicy(ctx); err != nil {
		ue.log().Warn("no AM policy for a UE that has come", "error", err)
	}
	if err := ue.keep(ctx); err != nil {
		ue.log().Error("UE that has come is not durable here: it goes on at the AMF that it came from", "from", h.from.Name, "error", err)
		ue.letGo(ctx, h)
		return
	}
	ue.notifySource(ctx, h)       // step 6
	ue.completeSessions(ctx, h)   // steps 7 to 11
	ue.serveOtherSessions(ctx, h) // they move without a user plane
	ue.log().Info("handed over by N2 from another AMF", "from", h.from.Name, "sessions", len(h.sessions))
}

// letGo forgets a UE that has come and cannot stay. Whether the store has it as this node's is open where no answer came.
func (ue *ue) letGo(ctx context.Context, h *handover) {
	const cause = ngap.CauseMiscControlProcessingOverload
	if ue.amf.ofSet(h.from) {
		ue.amf.takes.leave(ue.supi)
		ue.kept.stored, ue.kept.away = false, true // what waits is for the context there
		ue.kept.held.Store(false)
	} // else what may be stored is this AMF's alone, and goes
	ue.conn = nil
	ue.turnAway(ctx, h, noHandover(cause, "the UE cannot be made durable"))
	ue.leave(ctx, cause)
}

// nameAsBefore lets a UE that comes from another node of the set go on with the 5G-GUTI that it had before the last one, if that was still
// valid: it has not confirmed the last one, or has not been told it, TS 24.501 §5.4.4.4.
func (ue *ue) nameAsBefore(before *store.UEContext) {
	for _, tmsi := range []uint32{before.TMSI, before.OldTMSI} {
		if tmsi != 0 && tmsi != ue.guti.TMSI && ue.amf.InSet(ue.guti.GUAMI) && ue.oldTMSI == 0 {
			ue.oldTMSI = tmsi
			ue.amf.ues.byTMSI.put(tmsi, ue)
		}
	}
}

// backFromTarget puts the context before that of a UE that may have arrived at the target before it came back.
func (ue *ue) backFromTarget(ctx context.Context) {
	k := ue.amf.keeper
	if k == nil || !ue.kept.held.Load() {
		return
	}
	before := ue.kept.epoch.Load()
	stored, err := k.contexts.UE(ctx, ue.supi)
	switch {
	case errors.Is(err, store.ErrNotFound): // it has left there
		return
	case err != nil:
	case stored.Node != ue.amf.cfg.Name:
		if err = ue.outrank(ctx); err == nil {
			err = ue.keep(ctx)
		}
	case ue.amf.taking.SEIDs != nil && !slices.ContainsFunc(ue.sessions, func(s *smContext) bool { return !isOwn(s.ref) }):
		var taken store.UEContext // from itself: one that arrives at the target now is too late
		if taken, err = ue.amf.takeInStore(ctx, &stored, nil); err == nil {
			ue.kept.epoch.Store(taken.Epoch)
		}
	default: // sessions that are at other cores stay there
		ue.kept.rise(before + 2) // the target's would be the next
		err = ue.keep(ctx)
	}
	if err != nil { // whose it is shows when it speaks again
		ue.log().Warn("UE has come back from a handover, which is not on disk", "error", err)
		ue.kept.epoch.Store(before)
		ue.kept.held.Store(true)
	}
}
