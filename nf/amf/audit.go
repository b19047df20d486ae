package amf

import (
	"fmt"
	"slices"

	"github.com/limpid-5g/limpid/ident"
)

// Snapshot counts what an AMF holds at a moment.
type Snapshot struct {
	GNBs        int // associations
	Connections int // N2 connections of UEs
	Releasing   int // those of them whose release the gNB has not confirmed yet
	Busy        int // UEs in a procedure; the counts below leave them out
	Contexts    int // UE contexts
	Registered  int // in RM-REGISTERED
	Connected   int // in CM-CONNECTED
	Sessions    int // PDU sessions
}

// Snapshot counts what the AMF holds. It stops nothing, so that the counts of a busy AMF may not fit together.
func (a *AMF) Snapshot() Snapshot {
	var s Snapshot
	a.eachGNB(func(g *gnb) {
		s.GNBs++
		for _, c := range g.connections() {
			s.Connections++
			if g.isReleased(c) {
				s.Releasing++
			}
		}
	})
	for u := range a.contexts() {
		s.count(u)
	}
	return s
}

func (s *Snapshot) count(u *ue) {
	rest := u.actor.Look(func() {
		s.Contexts++
		s.Sessions += len(u.sessions)
		if u.registered {
			s.Registered++
		}
		if u.conn != nil {
			s.Connected++
		}
	})
	if !rest {
		s.Busy++
	}
}

// Audit looks for state that no procedure should have left behind and says of each find what it is. It looks at UEs at
// rest and at their connections. No find is what every AMF owes.
func (a *AMF) Audit() []string {
	var found []string
	for u := range a.contexts() {
		u.actor.Look(func() {
			for _, f := range u.audit() {
				found = append(found, u.supi.Conceal()+": "+f)
			}
		})
	}
	a.eachGNB(func(g *gnb) {
		for _, c := range g.connections() {
			if f := c.audit(); f != "" {
				found = append(found, fmt.Sprintf("%s, RAN UE NGAP ID %d: %s", g.label(), c.ranID, f))
			}
		}
	})
	if n := a.connections.stray(); n > 0 {
		found = append(found, fmt.Sprintf("%d connections can be found that no gNB holds", n))
	}
	slices.Sort(found)
	return found
}

// contexts is every UE that can be found by a name or by a connection.
func (a *AMF) contexts() map[*ue]struct{} {
	all := make(map[*ue]struct{})
	a.ues.bySUPI.each(func(_ ident.SUPI, u *ue) { all[u] = struct{}{} })
	a.ues.byTMSI.each(func(_ uint32, u *ue) { all[u] = struct{}{} })
	a.eachGNB(func(g *gnb) {
		for _, c := range g.connections() {
			if !g.isGone(c) {
				all[c.ue.Load()] = struct{}{}
			}
		}
	})
	return all
}

// audit is for a UE at rest.
func (ue *ue) audit() []string {
	var found []string
	check := func(bad bool, what string) {
		if bad {
			found = append(found, what)
		}
	}
	check(!ue.registered, "a context without registration")
	check(ue.registered && (!ue.known || ue.policy == "" || !ue.security.valid), "registered without UDM, policy or keys")
	check(ue.running != idle, "at rest in "+string(ue.running))
	if t := ue.transient; t != nil {
		check(t.pending.valid || t.request != nil || t.accepted != nil || t.handover != nil, "something is left of a procedure")
		check(len(t.waiting) > 0 && ue.lent == nil, "transfers wait and nothing is done about them")
	}
	check(ue.conn != nil && (!ue.conn.lives() || ue.conn.ue.Load() != ue), "connected by a connection that is gone")
	check(ue.conn != nil && !ue.conn.secured, "connected without secure exchange of NAS messages")
	check(ue.suspended != nil && (ue.conn != nil || !ue.suspended.lives()), "suspended on a connection that is gone, or beside another")
	for _, s := range ue.sessions {
		check(s.paused && ue.suspended == nil, fmt.Sprintf("session %d is suspended and its UE is not", s.id))
		check(s.active && ue.conn == nil && ue.kept.connectedTo == "", fmt.Sprintf("session %d has a user plane and the UE no connection", s.id))
	}
	if ue.registered {
		t := &ue.amf.ues
		check(t.bySUPI.get(ue.supi) != ue, "not found by its SUPI")
		check(t.byTMSI.get(ue.guti.TMSI) != ue, "not found by its 5G-GUTI")
		check(ue.oldTMSI != 0 && t.byTMSI.get(ue.oldTMSI) != ue, "not found by its old 5G-GUTI")
	}
	return found
}

// audit tells of a connection to which no UE belongs.
func (c *connection) audit() (found string) {
	if !c.lives() || c.gnb.isGone(c) {
		return ""
	}
	u := c.ue.Load()
	u.actor.Look(func() {
		if u.conn != c && u.suspended != c {
			found = "a connection without UE"
		}
	})
	return found
}

// Registered returns the UEs in RM-REGISTERED that are at rest.
func (a *AMF) Registered() map[ident.SUPI]struct{} {
	all := make(map[ident.SUPI]struct{})
	a.ues.bySUPI.each(func(supi ident.SUPI, u *ue) {
		u.actor.Look(func() {
			if u.registered {
				all[supi] = struct{}{}
			}
		})
	})
	return all
}
