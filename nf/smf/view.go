package smf

import (
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/nudm"
)

// SessionView is what the SMF holds of a PDU session at one moment, for who compares it with what others hold.
type SessionView struct {
	SessionInfo
	Busy       bool   // in a procedure: the rest is about to change
	PolicyID   string // of its SM policy association; "" if it has none
	OnUPF      bool
	Registered bool // the UDM knows of it
	// QERs and URRs are how many the UPF is to have for it.
	QERs, URRs int
	// Guaranteed is the guaranteed bit rate that it holds of what all nodes together may grant, bit/s.
	Guaranteed nudm.AMBR
	// Unsynced says that the UPF has not confirmed the last change: it is told again once it answers.
	Unsynced bool
}

// View is what the SMF holds.
type View struct {
	Sessions   []SessionView
	Procedures int                  // sessions that are busy
	Addresses  map[ident.DNN]uint32 // allotted from the pools, IPv4 addresses and IPv6 prefixes
	Guaranteed []GuaranteedView
	// Counted are the nodes over one store that share the bounds: the store counts what each session holds. Uncounted is of whom it
	// does not do so yet, by local F-SEID.
	Counted   bool
	Uncounted map[uint64]bool
	Leftovers []LeftoverView
	Down      map[string]bool // UPFs without association or answer
	Panics    uint64
}

// LeftoverView is what may be of an ended session on a UPF that has not answered: it is deleted once it does.
type LeftoverView struct {
	UPF        string
	LocalSEID  uint64 // 0: not known
	RemoteSEID uint64 // 0: not known
	DNN        ident.DNN
	Addresses  uint32 // that it has of the pools, until it is certain to be gone
}

// GuaranteedView is what is granted under a bound on guaranteed bit rates, bit/s, and what sessions hold of it.
type GuaranteedView struct {
	Bound         string
	Granted, Held nudm.AMBR
}

// View copies what the SMF holds. It stops nothing.
func (s *SMF) View() View {
	v := View{
		Procedures: s.pool.Running(), Panics: s.pool.Panics(),
		Addresses: make(map[ident.DNN]uint32), Down: make(map[string]bool),
	}
	unsynced := make(map[uint64]bool)
	for _, u := range s.upfs {
		u.mu.Lock()
		v.Down[u.Name] = !u.up
		for _, l := range u.leftovers {
			v.Leftovers = append(v.Leftovers, l.view(u))
		}
		for _, seid := range u.unsynced {
			unsynced[seid] = true
		}
		u.mu.Unlock()
	}
	v.Counted, v.Uncounted = s.admission.nodes != nil, s.admission.uncounted()
	for _, g := range s.admission.uses() {
		v.Guaranteed = append(v.Guaranteed, GuaranteedView{Bound: g.String(), Granted: g.Granted})
	}
	for _, n := range s.all() {
		w := SessionView{SessionInfo: n.info(), Busy: n.actor.Busy(), Unsynced: unsynced[n.seid]}
		n.mu.Lock()
		reserved, of := n.reserved, n.place()
		if s.admission.concerns(of) {
			w.Guaranteed = reserved
		}
		w.PolicyID, w.OnUPF, w.Registered = n.policyID, n.onUPF, n.registered
		w.QERs, w.URRs = n.measures()
		n.mu.Unlock()
		v.Sessions = append(v.Sessions, w)
		for i := range v.Guaranteed {
			if s.admission.bounds[i].concerns(of) {
				v.Guaranteed[i].Held.Uplink += reserved.Uplink
				v.Guaranteed[i].Held.Downlink += reserved.Downlink
			}
		}
	}
	s.admission.addOwed(v.Guaranteed)
	for _, n := range s.networks {
		v.Addresses[n.Name] = n.addresses.allotted() + n.prefixes.allotted()
	}
	return v
}

// view is for who holds u.mu.
func (l *leftover) view(u *upf) LeftoverView {
	v := LeftoverView{UPF: u.Name, LocalSEID: l.cp, RemoteSEID: l.seid}
	if l.network == nil {
		return v
	}
	v.DNN = l.network.Name
	for _, has := range []bool{l.address.ipv4.IsValid(), l.address.ipv6.IsValid()} {
		if has {
			v.Addresses++
		}
	}
	return v
}

// measures counts the QERs and URRs of the session on its UPF. Call it with s.mu held.
func (s *session) measures() (qers, urrs int) {
	switch {
	case s.onN4 != nil:
		return len(s.onN4.qers), 1
	case s.qos == nil:
		return 0, 0
	}
	return len(s.qos.qers()), 1
}
