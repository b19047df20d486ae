package upf

import (
	"fmt"
	"net/netip"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// SessionView is what the UPF holds of a PFCP session at one moment, for who compares it with what others hold.
type SessionView struct {
	SEID, CPSEID uint64
	Node         netip.Addr // of the CP function
	TEIDs        []uint32   // that were allotted to it
	UE           netip.Addr
	Peers        []Peer // tunnels that it sends into
	Buffers      bool   // downlink packets wait for the UE
	QERs, URRs   int
}

// Peer is the end of a tunnel at a gNB or another UPF.
type Peer struct {
	Address netip.Addr
	TEID    uint32
}

// View is what the UPF holds.
type View struct {
	Sessions []SessionView
	AtRest   int      // of the sessions, those whose rules are packed
	Found    []string // what does not agree within the UPF
}

// View copies what the UPF holds. It stops nothing.
func (u *UPF) View() View {
	u.mu.Lock()
	all := make([]*session, 0, len(u.sessions))
	for _, s := range u.sessions {
		all = append(all, s)
	}
	u.mu.Unlock()
	var v View
	slots, peers, extra, unknown := 0, 0, 0, 0
	for _, s := range all {
		u.look(s, func(rests bool) {
			if rests {
				v.AtRest++
			}
			v.Sessions = append(v.Sessions, s.view())
			slots++
			extra += s.extraSlots()
			if u.association(s.node) == nil {
				unknown++
			}
			peers += s.peers()
		})
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.sessions) == slots && u.bySlot.taken != slots {
		v.Found = append(v.Found, fmt.Sprintf("%d slots are taken by %d sessions", u.bySlot.taken, slots))
	}
	if len(u.sessions) == slots && len(u.byPeer) > peers {
		v.Found = append(v.Found, fmt.Sprintf("%d tunnels of peers are known and sessions use %d", len(u.byPeer), peers))
	}
	if used := u.layout.taken(); len(u.sessions) == slots && used != slots+extra {
		v.Found = append(v.Found, fmt.Sprintf("%d slots of tunnels are taken and sessions have %d", used, slots+extra))
	}
	if len(u.sessions) == slots && len(u.unplaced) > slots {
		v.Found = append(v.Found, fmt.Sprintf("%d sessions are found by their CP function's SEID and there are %d", len(u.unplaced), slots))
	}
	if unknown > 0 {
		v.Found = append(v.Found, fmt.Sprintf("%d sessions are of CP functions without an association", unknown))
	}
	return v
}

// extraSlots counts the slots that the session's tunnels have beside its own, for who holds s.mu.
func (s *session) extraSlots() int {
	n := 0
	for _, t := range s.tunnels {
		if Slot(t.teid) != s.slot {
			n++
		}
	}
	return n
}

// view is for who holds s.mu.
func (s *session) view() SessionView {
	w := SessionView{SEID: s.seid, CPSEID: s.cp.SEID, Node: s.node.Addr, QERs: s.rules.qers.len(), URRs: s.rules.urrs.len()}
	for _, t := range s.tunnels {
		w.TEIDs = append(w.TEIDs, t.teid)
	}
	if s.installed == nil {
		return w
	}
	w.UE = s.installed.UE4
	seen := make(map[Peer]bool)
	for _, r := range s.installed.Rules {
		if p := (Peer{r.Peer, r.PeerTEID}); r.Action&pfcp.ApplyFORW != 0 && r.Peer.IsValid() && !seen[p] {
			seen[p] = true
			w.Peers = append(w.Peers, p)
		}
		w.Buffers = w.Buffers || r.Action&pfcp.ApplyBUFF != 0
	}
	return w
}

// peers counts the tunnels that the rules name, for who holds s.mu.
func (s *session) peers() int {
	if s.installed == nil {
		return 0
	}
	seen := make(map[Peer]bool)
	for _, r := range s.installed.Rules {
		if r.Peer.IsValid() {
			seen[Peer{r.Peer, r.PeerTEID}] = true
		}
	}
	return len(seen)
}
