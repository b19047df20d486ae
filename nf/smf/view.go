package smf

import (
	"github.com/limpid-5g/limpid/ident"
)

// SessionView is what the SMF holds of a PDU session at one moment, for who compares it with what others hold.
type SessionView struct {
	SessionInfo
	Busy       bool   // in a procedure: the rest is about to change
	PolicyID   string // of its SM policy association; "" if it has none
	OnUPF      bool
	Registered bool // the UDM knows of it
	// Unsynced says that the UPF has not confirmed the last change: it is told again once it answers.
	Unsynced bool
}

// View is what the SMF holds.
type View struct {
	Sessions   []SessionView
	Procedures int                  // sessions that are busy
	Addresses  map[ident.DNN]uint32 // allotted from the pools
	Orphans    map[string]int       // by UPF: sessions there that are deleted once it answers
	Down       map[string]bool      // UPFs without association or answer
	Panics     uint64
}

// View copies what the SMF holds. It stops nothing.
func (s *SMF) View() View {
	v := View{
		Procedures: s.pool.Running(), Panics: s.pool.Panics(),
		Addresses: make(map[ident.DNN]uint32), Orphans: make(map[string]int), Down: make(map[string]bool),
	}
	unsynced := make(map[uint64]bool)
	for _, u := range s.upfs {
		u.mu.Lock()
		v.Orphans[u.Name], v.Down[u.Name] = len(u.orphans), !u.up
		for _, seid := range u.unsynced {
			unsynced[seid] = true
		}
		u.mu.Unlock()
	}
	for _, n := range s.all() {
		w := SessionView{SessionInfo: n.info(), Busy: n.actor.Busy(), Unsynced: unsynced[n.seid]}
		n.mu.Lock()
		w.PolicyID, w.OnUPF, w.Registered = n.policyID, n.onUPF, n.registered
		n.mu.Unlock()
		v.Sessions = append(v.Sessions, w)
	}
	for _, n := range s.networks {
		used, _ := n.addresses.usage()
		never, _ := newIPPool(n.Pools, n.Gateway).usage()
		v.Addresses[n.Name] = used - never
	}
	return v
}
