package xdp

import (
	"slices"

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

// Lie is part of upf.Resting. A session of an earlier process is not new to the maps.
func (*Path) Lie(uint32) bool { return false }

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
