package smf

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// Nodes over one store are one SMF set, TS 23.501 §5.21.3: the sessions of a UE come over to the node that serves it.

// Take brings the sessions of a UE over from the node that had them: with their addresses, and with their tunnels where
// they stay on the same UPF (TS 29.244 §5.22). A session that cannot be brought over is forgotten; the UE establishes it
// again. each is told of those that came.
func (s *SMF) Take(ctx context.Context, supi ident.SUPI, each func(RestoredSession)) []SessionInfo {
	if s.keeper == nil {
		return nil
	}
	stored, err := s.keeper.contexts.SMsOf(ctx, supi)
	if err != nil {
		s.log.Error("sessions of a UE not read", "supi", supi.Conceal(), "error", err)
		return nil
	}
	var list []SessionInfo
	for i := range stored {
		if n := s.session(stored[i].SEID); n != nil && stored[i].Node == s.cfg.Node { // the UE was away, its session was not
			n.servedBy(ident.GUAMI{})
			list = append(list, n.info())
			continue
		}
		n, err := s.take(ctx, &stored[i])
		if err != nil {
			s.log.Warn("PDU session does not come over from another node; the UE will have to establish it again",
				"supi", supi.Conceal(), "pdu_session", stored[i].PDUSessionID, "from", stored[i].Node, "error", err)
			continue
		}
		each(n.restored())
		list = append(list, n.info())
	}
	return list
}

// take brings one session over.
func (s *SMF) take(ctx context.Context, c *store.SMContext) (*session, error) {
	if err := s.giveUp(ctx, c); err != nil {
		return nil, err
	}
	taken, err := s.keeper.contexts.TakeSM(ctx, c.SUPI, c.PDUSessionID, c.SEID, s.cfg.Node, s.nextSEID())
	if err != nil {
		return nil, err
	}
	if u := s.selectUPF(c.DNN, sliceOf(&taken)); u != nil && !s.hasUPF(taken.UPF) { // its UPF is the other node's own
		taken.UPF = u.Name
	}
	n, err := s.restoreWhenFree(ctx, &taken)
	if err == nil {
		n.serving = ident.GUAMI{} // that of this node asks
		err = n.moveToUPF(ctx, c.UPF)
	}
	if err == nil {
		err = n.keep(ctx)
	}
	if err != nil {
		if n != nil {
			n.end("it could not come over from another node")
		}
		return nil, errors.Join(err, s.keeper.contexts.RemoveSM(ctx, taken.SUPI, taken.PDUSessionID, taken.SEID))
	}
	return n, nil
}

// A new session of this node may try an address that is leased to another node's, and gives it back when the store says so.
const (
	freeTries = 40
	freePause = 25 * time.Millisecond
)

// restoreWhenFree is restoreSession for a session whose address may be tried by another one.
func (s *SMF) restoreWhenFree(ctx context.Context, c *store.SMContext) (*session, error) {
	for try := 1; ; try++ {
		n, err := s.restoreSession(c)
		if !errors.Is(err, errAddressTaken) || try == freeTries || ctx.Err() != nil {
			return n, err
		}
		s.sleep(freePause)
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

// moveToUPF makes the UPF serve the session of this SMF: the same UPF is told of the new CP function, any other gets the
// session anew.
func (s *session) moveToUPF(ctx context.Context, before string) error {
	s.mu.Lock()
	u, seid, same := s.upf, s.remoteSEID, s.upf.Name == before
	if !same {
		s.uplink, s.gnb, s.up, s.told = tunnel{}, tunnel{}, nsmf.Deactivated, toldUsage{}
	}
	s.mu.Unlock()
	if same {
		_, err := s.smf.request(ctx, u, seid, &pfcp.SessionModificationRequest{CPFSEID: pfcp.Some(s.smf.fseid(s.seid))})
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

// nextSEID is a SEID that no session of this SMF has.
func (s *SMF) nextSEID() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastSEID++
	return s.lastSEID
}

// Disown forgets the stored sessions that other nodes have of a subscriber who has registered anew here; those nodes
// give up what they hold when they notice.
func (s *SMF) Disown(ctx context.Context, supi ident.SUPI) {
	if s.keeper == nil {
		return
	}
	stored, err := s.keeper.contexts.SMsOf(ctx, supi)
	for _, c := range stored {
		if c.Node != s.cfg.Node {
			err = errors.Join(err, s.keeper.contexts.RemoveSM(ctx, supi, c.PDUSessionID, c.SEID))
		}
	}
	if err != nil {
		s.log.Error("sessions of another node not forgotten", "supi", supi.Conceal(), "error", err)
	}
}

// Lost drops a session that another node has taken, and returns what it was, and whether no newer one of its identity is
// here. Its UPF is told only if the session is on another one by now.
func (s *SMF) Lost(ctx context.Context, ref string) (was RestoredSession, last bool) {
	n := s.find(ref)
	if n == nil {
		return RestoredSession{}, false
	}
	now, err := s.keeper.contexts.SMsOf(ctx, n.supi)
	elsewhere, there := "", session{}
	for _, c := range now {
		if c.PDUSessionID == n.id && c.Node == s.cfg.Node && c.SEID == n.seid && n.amf() != s.deps.AMF {
			return RestoredSession{}, false // it stayed here when its UE went to another AMF
		}
		if c.PDUSessionID == n.id {
			elsewhere = c.UPF
			_ = there.readRecord(c.Record) // one that cannot be read is of no session here
		}
	}
	was = n.restored()
	n.mu.Lock()
	n.policyID, n.registered, n.left = "", false, true
	if err != nil || n.upf != nil && n.upf.Name == elsewhere && n.remoteSEID == there.remoteSEID {
		n.onUPF = false // it serves the other node's session
	}
	n.mu.Unlock()
	s.log.Info("PDU session is another node's now", n.attrs(slog.String("upf", elsewhere))...)
	s.mu.Lock()
	last = s.byUE[n.key()] == n
	s.mu.Unlock()
	n.end("another node of the set serves the UE")
	return was, last
}
