package xdp

import (
	"net/netip"
	"slices"
	"sync/atomic"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// The session of an idle UE rests: the programs go on with it by what their maps hold, and user space forgets the rest of it. That is
// found again in the maps and by the rules, which come with the next Apply as they were.

var _ upf.Resting = (*Path)(nil)

// Rest is part of upf.Resting. What the URRs counted stays in the ledger, and they go on from there.
func (p *Path) Rest(slot uint32) (used map[pfcp.URRID]upf.Usage, ok bool) {
	slow, ok := p.slow.(upf.Resting)
	if !ok {
		return nil, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.loaded == nil {
		return nil, false
	}
	s := p.sessions[slot]
	if s == nil { // it has no place in the maps
		return slow.Rest(slot)
	}
	if !p.mayRest(s) {
		return nil, false
	}
	if _, ok := slow.Rest(slot); !ok {
		return nil, false
	}
	delete(p.sessions, slot)
	p.atRest[slot] = struct{}{}
	return nil, true
}

// mayRest tells whether the maps and the rules say all of a session: it has one line for each direction and no flow, nothing of
// earlier rules is still to be counted, and packets to the UE are user space's.
func (p *Path) mayRest(s *session) bool {
	if s.run != 0 || len(s.pending) > 0 || len(s.quotas) > 0 || slices.ContainsFunc(s.classifiers, func(c uint32) bool { return c != 0 }) {
		return false
	}
	for i := range s.plan.sides {
		x := &s.plan.sides[i]
		if x.slot != s.slot || x.why == ReasonRoom || x.fast && (x.down || !x.plain) {
			return false
		}
	}
	for id := range s.urrs {
		if _, kept := p.ledger.index[urrKey{s.slot, id}]; !kept {
			return false
		}
	}
	return true
}

// awaken knows again what was known of a session at rest, nil if none is in that slot.
func (p *Path) awaken(rules *upf.Session) *session {
	if _, rests := p.atRest[rules.Slot]; !rests {
		return nil
	}
	delete(p.atRest, rules.Slot)
	s := &session{slot: rules.Slot, plan: p.plan(rules), rules: rules, urrs: map[pfcp.URRID]*account{}}
	p.openAccounts(s, rules)
	s.classifiers = make([]uint32, len(s.plan.sides))
	p.sessions[s.slot] = s
	return s
}

// pattern is how sessions lie that have the same rules but for slot, TEID and address.
type pattern struct {
	path *Path
	slow upf.Pattern
	up   uplink   // but for the names
	down downlink // but for the name
	urrs []counting
}

// counting is what the account of a URR sums.
type counting struct {
	id       pfcp.URRID
	counters uint64
}

// Pattern is part of upf.Resting.
func (p *Path) Pattern(slot uint32, urrs []pfcp.URRID) upf.Pattern {
	slow, ok := p.slow.(upf.Resting)
	if !ok {
		return nil
	}
	x := &pattern{path: p, slow: slow.Pattern(slot, urrs)}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, rests := p.atRest[slot]; !rests || p.loaded == nil || x.slow == nil {
		return nil
	}
	b := p.loaded.block(slot)
	x.up, x.down = *b.up, *b.down
	if x.up.verdict == verdictRules || x.down.verdict != verdictSlow || x.up.ue6 != 0 || x.down.ue6 != 0 {
		return nil
	}
	x.up.state, x.down.state = state{}, state{}
	for _, id := range urrs {
		at, ok := p.ledger.index[urrKey{slot, id}]
		if !ok { // no rule names it
			continue
		}
		y := counting{id: id}
		if x.up.verdict != verdictSlow {
			y.counters = p.ledger.entries[at].counters & (1 << bitUplink)
		}
		x.urrs = append(x.urrs, y)
	}
	return x
}

// Lie is part of upf.Pattern: the maps get what Apply would write, unless an earlier process left it there.
func (x *pattern) Lie(slot, teid uint32, ue netip.Addr) bool {
	p := x.path
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, rests := p.atRest[slot]; rests || p.loaded == nil || int(slot) >= len(p.loaded.uplinks) || p.sessions[slot] != nil {
		return false
	}
	up, down := x.up, x.down
	up.teid, up.ue, down.ue = teid, networkOrder(ue), networkOrder(ue)
	if _, left := p.left[slot]; left {
		if !x.left(slot, &up) || !x.slow.Lie(slot, teid, ue) {
			return false
		}
	} else if !x.begin(slot) || !x.slow.Lie(slot, teid, ue) {
		x.withdraw(slot)
		return false
	}
	p.loaded.writeUp(slot, up)
	p.loaded.writeDown(slot, down)
	delete(p.left, slot)
	p.atRest[slot] = struct{}{}
	return true
}

// left tells whether an earlier process left such a session in a slot, of whose packets the programs count no other than these.
func (x *pattern) left(slot uint32, up *uplink) bool {
	p := x.path
	b := p.loaded.block(slot)
	if len(p.leftRevisions[slot]) > 0 || len(p.left[slot]) != len(x.urrs) || !b.up.same(up) || b.down.ue != up.ue || b.down.ue6 != 0 || b.down.verdict == verdictRules {
		return false
	}
	for _, y := range x.urrs { // what came to the UE before it was idle still counts
		at, ok := p.ledger.index[urrKey{slot, y.id}]
		if !ok || p.ledger.entries[at].counters&^(1<<bitDownlink) != y.counters {
			return false
		}
	}
	return true
}

// begin opens the accounts of a session in an empty slot; false: one is there, or there is no room.
func (x *pattern) begin(slot uint32) bool {
	p := x.path
	b := p.loaded.block(slot)
	b.up.state.zero()
	b.down.state.zero()
	for _, y := range x.urrs {
		a := p.ledger.open(urrKey{slot, y.id})
		if a == nil {
			return false
		}
		atomic.StoreUint64(&a.counters, y.counters)
	}
	return true
}

// withdraw takes back what begin did.
func (x *pattern) withdraw(slot uint32) {
	for _, y := range x.urrs {
		x.path.ledger.close(urrKey{slot, y.id}, len(x.path.loaded.uplinks))
	}
}
