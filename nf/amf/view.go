package amf

import (
	"cmp"
	"slices"

	"github.com/limpid-5g/limpid/ident"
)

// UEView is what the AMF holds of a UE at one moment.
type UEView struct {
	SUPI       ident.SUPI
	Busy       bool // in a procedure: the rest is not told
	Registered bool
	Connected  bool // CM-CONNECTED
	TMSI       uint32
	OldTMSI    uint32 // 0: none
	Policy     string // of its AM policy association
	Known      bool   // the UDM knows that this AMF serves it
	IdleTimer  bool   // one of the timers of a UE in CM-IDLE runs
	Allowed    []ident.SNSSAI
	Sessions   []SessionView
}

// SessionView is what the AMF holds of a PDU session.
type SessionView struct {
	ID     uint8
	Ref    string // at the SMF
	Active bool   // its user plane is set up, or the gNB has been asked for it
}

// View is what the AMF holds, for who compares it with what others hold.
type View struct {
	UEs       []UEView
	Procedure int // UEs that are busy
	Timers    int // idle timers that run
	Panics    uint64
}

// View copies what the AMF holds. It stops nothing.
func (a *AMF) View() View {
	v := View{Procedure: a.pool.Running(), Timers: a.wheel.Len(), Panics: a.pool.Panics()}
	for u := range a.contexts() {
		var w UEView
		if !u.actor.Look(func() { w = u.view() }) {
			continue // its SUPI may be on its way too
		}
		v.UEs = append(v.UEs, w)
	}
	busy := make(map[ident.SUPI]bool)
	a.ues.bySUPI.each(func(supi ident.SUPI, u *ue) {
		if u.actor.Busy() {
			busy[supi] = true
		}
	})
	for supi := range busy {
		v.UEs = slices.DeleteFunc(v.UEs, func(w UEView) bool { return w.SUPI == supi })
		v.UEs = append(v.UEs, UEView{SUPI: supi, Busy: true})
	}
	slices.SortFunc(v.UEs, func(x, y UEView) int { return cmp.Compare(x.SUPI, y.SUPI) })
	return v
}

// view is for a UE at rest.
func (ue *ue) view() UEView {
	w := UEView{
		SUPI: ue.supi, Registered: ue.registered, Connected: ue.conn != nil, TMSI: ue.guti.TMSI, OldTMSI: ue.oldTMSI,
		Policy: ue.policy, Known: ue.known, IdleTimer: ue.reach.running != noIdleTimer,
		Allowed: slices.Clone(ue.allowed),
	}
	for _, s := range ue.sessions {
		w.Sessions = append(w.Sessions, SessionView{s.id, s.ref, s.active})
	}
	return w
}
