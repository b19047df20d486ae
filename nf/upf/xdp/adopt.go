package xdp

import (
	"sync/atomic"
	"unsafe"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// inherit finds out what an earlier process left in the maps: sessions go on until they are installed again or reaped.
func (p *Path) inherit() {
	l := p.loaded
	p.classifiers, p.flows = newClassifiers(l.classifiers), newFlowTable(l.flows)
	p.ledger = newLedger(l.accounts, len(l.uplinks))
	p.revisions = newRevisions(l.revisions, l.carried, l.accounts)
	p.left = map[uint32][]pfcp.URRID{}
	for i := range uint32(len(l.uplinks)) {
		b := l.block(i)
		if b.up.teid == 0 && b.down.ue == 0 && b.down.ue6 == 0 {
			continue
		}
		p.left[i] = nil
		p.inheritRules(i, b.up.verdict, b.up.perOctet)
		p.inheritRules(i, b.down.verdict, b.down.perOctet)
	}
	for key := range p.ledger.index {
		p.left[key.slot] = append(p.left[key.slot], key.id)
	}
	p.leftRevisions = p.revisions.of()
	for slot, all := range p.leftRevisions {
		_, ok := p.left[slot]
		for _, x := range all {
			if ok = ok && p.flows.adopt(x.run, int(x.length)); ok {
				p.flows.adopt(x.next, int(x.nextLength))
			}
		}
		if !ok {
			for _, x := range all {
				x.end()
			}
			delete(p.leftRevisions, slot)
		}
	}
	p.classifiers.settle()
	p.flows.settle()
	if n := len(p.left); n > 0 {
		p.log.Info("sessions of an earlier process go on", "slots", n)
	}
}

func (p *Path) inheritRules(slot uint32, verdict uint8, at uint64) {
	if verdict != verdictRules {
		return
	}
	if c, run := classifierAt(at), runAt(slot, at, p.flows.homes); p.classifiers.adopt(c) && p.loaded.classifiers[c].flows > 0 {
		p.flows.adopt(run, int(p.loaded.classifiers[c].flows))
	}
}

// adopt begins to account for a slot. If an earlier process left the same session there, with the same tunnel and
// addresses, its counters go on.
func (p *Path) adopt(rules *upf.Session) *session {
	s := &session{slot: rules.Slot, urrs: map[pfcp.URRID]*account{}}
	ids, left := p.left[s.slot]
	b := p.loaded.block(s.slot)
	if left && !b.belongsTo(rules) {
		p.clear(s.slot)
		left = false
	}
	if !left {
		b.up.state.zero()
		b.down.state.zero()
		return s
	}
	delete(p.left, s.slot)
	for _, teid := range rules.Tunnels {
		if slot := upf.Slot(teid); int(slot) < len(p.loaded.uplinks) && p.loaded.uplinks[slot].teid == teid {
			p.inheritSide(s, slot, p.loaded.uplinks[slot].verdict, p.loaded.uplinks[slot].perOctet)
			delete(p.left, slot)
		}
	}
	p.inheritSide(s, s.slot, b.down.verdict, b.down.perOctet)
	for _, id := range ids {
		s.urrs[id] = p.ledger.open(urrKey{s.slot, id})
	}
	if s.pending = p.leftRevisions[s.slot]; len(s.pending) > 0 { // the accounts sum what follows, whatever the programs work by
		last := s.pending[len(s.pending)-1]
		s.run, s.runLength = last.next, int(last.nextLength)
	}
	delete(p.leftRevisions, s.slot)
	return s
}

// belongsTo tells whether a block is that of a session.
func (b block) belongsTo(s *upf.Session) bool {
	for _, teid := range s.Tunnels {
		if upf.Slot(teid) == s.Slot && b.up.teid != 0 && b.up.teid != teid {
			return false
		}
	}
	ue := uint32(0)
	if s.UE4.IsValid() {
		ue = networkOrder(s.UE4)
	}
	if b.up.teid != 0 && b.up.ue != ue || b.down.ue != 0 && b.down.ue != ue {
		return false
	}
	prefix := uint64(0)
	if s.UE6.IsValid() {
		prefix = addressWords(s.UE6.Masked().Addr())[0]
	}
	return (b.up.teid == 0 || b.up.ue6 == prefix) && (b.down.ue6 == 0 || b.down.ue6 == prefix)
}

// inheritSide takes the flows of a side into the session's run.
func (p *Path) inheritSide(s *session, slot uint32, verdict uint8, at uint64) {
	if verdict != verdictRules {
		return
	}
	c, run := classifierAt(at), runAt(slot, at, p.flows.homes)
	if int(c) >= len(p.loaded.classifiers) {
		return
	}
	n := int(p.loaded.classifiers[c].flows)
	s.classifiers = append(s.classifiers, c)
	if n == 0 {
		return
	}
	if s.run == 0 {
		s.run = run
	}
	s.runLength = max(s.runLength, int(run-s.run)+n)
}

// Remove takes the session from both paths.
func (p *Path) Remove(slot uint32) {
	p.mu.Lock()
	if s := p.sessions[slot]; s != nil && p.loaded != nil {
		p.remove(s)
	}
	p.mu.Unlock()
	p.slow.Remove(slot)
}

func (p *Path) remove(s *session) {
	p.clearSide(s.slot, false)
	p.clearSide(s.slot, true)
	for _, x := range s.plan.sides {
		p.clearSide(x.slot, x.down)
	}
	for id := range s.urrs {
		p.closeAccount(s, id)
	}
	delete(p.sessions, s.slot)
	p.retire(s, s.classifiers, append(s.dropRevisions(), run{s.run, s.runLength}))
}

// clear ends what an earlier process left in a slot.
func (p *Path) clear(slot uint32) {
	ids, s := p.left[slot], &session{slot: slot, pending: p.leftRevisions[slot]}
	delete(p.left, slot)
	delete(p.leftRevisions, slot)
	var runs []run
	for _, x := range s.pending {
		runs = append(runs, run{x.next, int(x.nextLength)})
	}
	if int(slot) < len(p.loaded.uplinks) {
		b := p.loaded.block(slot)
		p.inheritSide(s, slot, b.up.verdict, b.up.perOctet)
		p.inheritSide(s, slot, b.down.verdict, b.down.perOctet)
		p.clearSide(slot, false)
		p.clearSide(slot, true)
		runs = append(runs, run{s.run, s.runLength})
	}
	for _, id := range ids {
		p.closeLeft(s, id)
	}
	p.retire(s, s.classifiers, append(runs, s.dropRevisions()...))
}

// Reap ends the sessions that an earlier process left and that Apply did not install again, and returns how many. Call
// it once the SMFs have had time to establish theirs again, TS 23.527 §4.3.2: until then they go on.
func (p *Path) Reap() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.loaded == nil {
		return 0
	}
	n := 0
	for slot := range p.left {
		p.clear(slot)
		n++
	}
	return n
}

// Left is how many slots an earlier process left that are neither installed again nor reaped.
func (p *Path) Left() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.left)
}

// Usage is what a URR counted in both paths since it was installed, also before this process if the maps are older.
func (p *Path) Usage(slot uint32, id pfcp.URRID) upf.Usage {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.sessions[slot]
	if s == nil || s.urrs[id] == nil || p.loaded == nil {
		return p.slow.Usage(slot, id)
	}
	return p.usage(s, id)
}

func (p *Path) usage(s *session, id pfcp.URRID) upf.Usage {
	return add(s.urrs[id].slow.Load(), p.programs(s, id))
}

// Told is what usage reports told of a URR, also of an earlier process that left the session with this tunnel.
func (p *Path) Told(slot, teid uint32, id pfcp.URRID) (taken upf.Usage, last upf.Told) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.loaded == nil || int(slot) >= len(p.loaded.uplinks) || p.loaded.uplinks[slot].teid != teid {
		return upf.Usage{}, upf.Told{}
	}
	i, ok := p.ledger.index[urrKey{slot, id}]
	if !ok {
		return upf.Usage{}, upf.Told{}
	}
	a := &p.ledger.entries[i]
	return numbersToUsage(a.taken), upf.Told{Usage: numbersToUsage(a.told), Sequence: a.sequence, End: pfcp.Timestamp(a.end)}
}

// Tell notes what a usage report tells, before it is sent.
func (p *Path) Tell(slot uint32, id pfcp.URRID, t upf.Told) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.sessions[slot]; s != nil && s.urrs[id] != nil && p.loaded != nil {
		a := s.urrs[id]
		a.sequence, a.end = t.Sequence, uint32(t.End) // first: without told they tell nothing
		a.told = usageToNumbers(t.Usage)
	}
}

// Taken notes that what was told of a URR was answered.
func (p *Path) Taken(slot uint32, id pfcp.URRID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.sessions[slot]; s != nil && s.urrs[id] != nil && p.loaded != nil {
		s.urrs[id].taken = s.urrs[id].told
	}
}

var _ upf.Lasting = (*Path)(nil)

// memory is what the slow path shares with the programs, while Apply installs a session.
type memory struct{ path *Path }

// Counter is what user space counts of a URR.
func (m memory) Counter(_ uint32, id pfcp.URRID) *upf.UsageCounter {
	if x := m.path.applying; x != nil && x.urrs[id] != nil {
		return &x.urrs[id].slow
	}
	return nil
}

// Meter is the state of a policer that the programs hold packets to.
func (m memory) Meter(_ uint32, id pfcp.QERID, uplink bool) *atomic.Int64 {
	x := m.path.applying
	if x == nil {
		return nil
	}
	for i := range x.plan.sides {
		side := &x.plan.sides[i]
		if !side.fast || side.policer.perOctet == 0 || side.policer.qer != id || (side.down || side.toUE) == uplink {
			continue
		}
		b := m.path.loaded.block(side.slot)
		if side.down {
			return meterAt(&b.down.state)
		}
		return meterAt(&b.up.state)
	}
	for i := range x.plan.flows {
		if w := &x.plan.flows[i]; w.policer.perOctet != 0 && w.policer.qer == id && w.down != uplink {
			return meterAt(&m.path.loaded.flows[x.run+uint32(w.holder)].state)
		}
	}
	return nil
}

func meterAt(s *state) *atomic.Int64 { return (*atomic.Int64)(unsafe.Pointer(&s.next)) }
