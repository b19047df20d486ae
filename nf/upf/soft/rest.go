package soft

import (
	"net/netip"
	"runtime"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

var _ upf.Resting = (*Path)(nil)

// resting are what stands in the tables for sessions at rest, whose rules only the UPF has.
type resting struct {
	live   *live
	tunnel *tunnel
}

func newResting() resting {
	l := new(live)
	l.rules.Store(&rules{Session: new(upf.Session)})
	return resting{l, &tunnel{live: l}}
}

// wakings is how often a session is asked for: it may be under way to its rest.
const wakings = 1000

// Rest lets a session go that has one tunnel and one address, both of its own slot.
func (p *Path) Rest(slot uint32) (map[pfcp.URRID]upf.Usage, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.live[slot]
	if l == nil {
		return nil, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.rules.Load()
	if len(l.buffer) > 0 || l.told {
		return nil, false
	}
	p.shutLane(r)
	var used map[pfcp.URRID]upf.Usage
	if p.memory == nil { // else they are another path's, and count on
		used = make(map[pfcp.URRID]upf.Usage, len(l.counters))
		for id, c := range l.counters {
			used[id] = c.Load()
		}
	}
	p.ue4[slot].Store(p.resting.live)
	for _, teid := range r.Tunnels {
		p.tunnels[upf.Slot(teid)].Store(p.resting.tunnel)
	}
	delete(p.live, slot)
	l.rests.Store(true)
	l.rules.Store(&rules{Session: &upf.Session{Slot: slot}}) // a worker that still holds l finds no rule and looks again
	return used, true
}

// Pattern is part of upf.Resting: all lie alike.
func (p *Path) Pattern(uint32, []pfcp.URRID) upf.Pattern { return p }

// Lie puts a session to rest that was never awake.
func (p *Path) Lie(slot, _ uint32, _ netip.Addr) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.live[slot] != nil || p.ue4[slot].Load() != nil || p.tunnels[slot].Load() != nil {
		return false
	}
	p.ue4[slot].Store(p.resting.live)
	p.tunnels[slot].Store(p.resting.tunnel)
	return true
}

// wake has the session in a slot applied again.
func (p *Path) wake(slot uint32, rests func() bool) {
	ev := p.events.Load()
	if ev == nil {
		return
	}
	w, ok := (*ev).(upf.Waker)
	for n := 0; ok && n < wakings && rests(); n++ {
		if n > 0 {
			runtime.Gosched()
		}
		w.Wake(slot)
	}
}

// inSlot is the session whose address has a slot, awake.
func (p *Path) inSlot(slot uint32) *live {
	l := p.ue4[slot].Load()
	if l != p.resting.live {
		return l
	}
	p.wake(slot, func() bool { return p.ue4[slot].Load() == p.resting.live })
	if l = p.ue4[slot].Load(); l == p.resting.live {
		return nil
	}
	return l
}

// tunnelIn is the tunnel in a slot, its session awake.
func (p *Path) tunnelIn(slot uint32) *tunnel {
	if t := p.tunnels[slot].Load(); t != p.resting.tunnel {
		return t
	}
	p.wake(slot, func() bool { return p.tunnels[slot].Load() == p.resting.tunnel })
	return p.tunnels[slot].Load()
}
