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
	slots, peers := 0, 0
	for _, s := range all {
		u.look(s, func(rests bool) {
			if rests {
				v.AtRest++
			}
			v.Sessions = append(v.Sessions, s.view())
			slots++
			peers += s.peers()
		})
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.sessions) == slots && len(u.bySlot) != slots {
		v.Found = append(v.Found, fmt.Sprintf("%d slots are taken by %d sessions", len(u.bySlot), slots))
	}
	if len(u.sessions) == slots && len(u.byPeer) > peers {
		v.Found = append(v.Found, fmt.Sprintf("%d tunnels of peers are known and sessions use %d", len(u.byPeer), peers))
	}
	return v
}

// view is for who holds s.mu.
func (s *session) view() SessionView {
	w := SessionView{SEID: s.seid, CPSEID: s.cp.SEID, Node: s.node.Addr}
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
