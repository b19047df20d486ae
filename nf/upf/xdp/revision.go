package xdp

import (
	"cmp"
	"slices"
	"structs"
	"sync/atomic"
	"time"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// A session whose rules change goes on at the sums of its URRs, although other counters are summed from then on. Both are in
// maps, and a process may die at any time: each step of a change is whole or has not begun, and the next process ends it.
//
//  1. A revision is written, and its stage says that it holds: the accounts sum the counters of the new rules, and what those of the
//     earlier ones had counted is carried.
//  2. The programs change over. What the earlier rules' flows count meanwhile is summed through the revision.
//  3. Once no program works by them any more, that is carried too, and the revision is free.

// Stages of a revision.
const (
	stageFree   = iota
	stageChange // its parts are to be carried out
	stageLate   // the earlier flows may count still
	stageSettle // what they counted last is to be carried, which ends it
)

const (
	maxRevisions = 1024 // under way at once
	maxParts     = 32   // accounts of a revision
)

// carried is what an account's earlier rules counted. Only accounts that have had such rules have one.
type carried struct {
	_       structs.HostLayout
	account uint32 // plus one; 0: free
	_       uint32
	sum     [4]uint64 // modulo 2^64: octets up and down, packets up and down
}

// revision is a change of a session's rules.
type revision struct {
	_                structs.HostLayout
	stage, slot      uint32
	order            uint64 // later ones have higher numbers
	run, length      uint32 // of the earlier flows that count for nothing else any more; 0: there are none
	next, nextLength uint32 // of the flows that follow
	count            uint32
	_                uint32
	parts            [maxParts]part
}

// part is what a revision does to an account.
type part struct {
	_            structs.HostLayout
	account, sum uint32    // plus one: its place in the ledger, 0 once it is closed, and what is carried of it, 0 for nothing
	mask         uint64    // of the earlier flows that it summed
	before       [4]uint64 // what these had counted when that was carried
	counters     uint64    // what it sums from now on
	carried      [4]uint64 // what the sum is to be
}

// revisions gives out revisions and carried sums.
type revisions struct {
	entries []revision
	sums    []carried
	at      map[uint32]uint32 // places in sums, by account
	free    []uint32          // places in sums
	order   uint64
}

// pending is a revision whose earlier flows may still count.
type pending struct {
	*revision
	due bool // its end is set
}

// newRevisions takes over what an earlier process left, and ends what that had begun.
func newRevisions(entries []revision, sums []carried, accounts []account) *revisions {
	r := &revisions{entries: entries, sums: sums, at: map[uint32]uint32{}}
	for i := range entries {
		if x := &entries[i]; x.stage != stageFree {
			x.carryOut(accounts, sums)
			r.order = max(r.order, x.order)
		}
	}
	for i := len(sums) - 1; i >= 0; i-- {
		switch x := &sums[i]; {
		case x.account == 0:
			r.free = append(r.free, uint32(i))
		case int(x.account) > len(accounts) || accounts[x.account-1].slot == 0: // it was closed
			r.giveSum(uint32(i))
		default:
			r.at[x.account-1] = uint32(i)
		}
	}
	return r
}

// of are the revisions that are under way, by slot, the oldest first.
func (r *revisions) of() map[uint32][]*pending {
	out := map[uint32][]*pending{}
	for i := range r.entries {
		if x := &r.entries[i]; x.stage == stageLate {
			out[x.slot] = append(out[x.slot], &pending{revision: x})
		}
	}
	for _, all := range out {
		slices.SortFunc(all, func(a, b *pending) int { return cmp.Compare(a.order, b.order) })
	}
	return out
}

// take is a free revision; one that the next process will not find if there is none.
func (r *revisions) take() (*revision, bool) {
	r.order++
	for i := range r.entries {
		if x := &r.entries[(r.order+uint64(i))%uint64(len(r.entries))]; x.stage == stageFree {
			x.order = r.order
			return x, true
		}
	}
	return &revision{order: r.order}, false
}

// sumOf is the place of what is carried of an account; false if there is no room.
func (r *revisions) sumOf(account uint32) (uint32, bool) {
	i, ok := r.at[account]
	if !ok && len(r.free) > 0 {
		i, ok = r.free[len(r.free)-1], true
		r.free = r.free[:len(r.free)-1]
		r.sums[i].account = account + 1
		r.at[account] = i
	}
	return i, ok
}

// carriedOf is what is carried of an account.
func (r *revisions) carriedOf(account uint32) upf.Usage {
	if i, ok := r.at[account]; ok {
		return numbersToUsage(r.sums[i].sum)
	}
	return upf.Usage{}
}

// forget ends what is carried of an account that is closed.
func (r *revisions) forget(account uint32) {
	if i, ok := r.at[account]; ok {
		delete(r.at, account)
		r.giveSum(i)
	}
}

func (r *revisions) giveSum(i uint32) {
	r.sums[i].sum = [4]uint64{}
	atomic.StoreUint32(&r.sums[i].account, 0)
	r.free = append(r.free, i)
}

// begin lets a revision hold.
func (x *revision) begin() { atomic.StoreUint32(&x.stage, stageChange) }

// carryOut does what a revision says, and may do it again if it was not done to the end.
func (x *revision) carryOut(accounts []account, sums []carried) {
	stage := x.stage
	if stage != stageChange && stage != stageSettle {
		return
	}
	for i := range x.parts[:x.count] {
		y := &x.parts[i]
		if y.account == 0 {
			continue
		}
		if stage == stageChange {
			atomic.StoreUint64(&accounts[y.account-1].counters, y.counters)
		}
		if y.sum != 0 {
			sums[y.sum-1].sum = y.carried
		}
	}
	if stage == stageChange && x.run != 0 {
		atomic.StoreUint32(&x.stage, stageLate)
	} else {
		x.end()
	}
}

// end frees a revision.
func (x *revision) end() { atomic.StoreUint32(&x.stage, stageFree) }

// late is what the earlier flows of an account counted since that was carried.
func (p *Path) late(x *pending, y *part) upf.Usage {
	if y.mask == 0 {
		return upf.Usage{}
	}
	now := p.readCounters(&session{slot: x.slot, run: x.run, runLength: int(x.length)}, y.mask)
	return sum(&now, y.mask).Sub(numbersToUsage(y.before))
}

// programs is what the programs counted of a URR.
func (p *Path) programs(s *session, id pfcp.URRID) upf.Usage {
	a := s.urrs[id]
	now := p.readCounters(s, a.counters)
	u := sum(&now, a.counters)
	at, ok := p.ledger.index[urrKey{s.slot, id}]
	if !ok {
		return u
	}
	u = add(u, p.revisions.carriedOf(at))
	for _, x := range s.pending {
		for i := range x.parts[:x.count] {
			if y := &x.parts[i]; y.account == at+1 {
				u = add(u, p.late(x, y))
			}
		}
	}
	return u
}

// revise lets each URR sum the counters of the new rules from where those of the old ones were; URRs that are gone are forgotten.
func (p *Path) revise(s, old *session, rules *upf.Session, before, now [cells]upf.Usage) {
	masks, own := s.masks(rules), s.own()
	changed, retired := false, old.run != 0 && old.run != s.run
	var parts []part
	for id, a := range s.urrs {
		mask, ok := masks[id]
		if !ok {
			p.closeAccount(s, id)
			continue
		}
		mask |= a.counters & (1<<bitUplink | 1<<bitDownlink) &^ own
		y := part{counters: mask}
		if retired {
			y.mask = a.counters >> bitFlows << bitFlows
			y.before = usageToNumbers(sum(&before, y.mask))
		}
		delta := sum(&before, a.counters).Sub(sum(&now, mask))
		at, kept := p.ledger.index[urrKey{s.slot, id}]
		if !kept { // it ends with the process
			a.add(delta)
			a.counters = mask
			continue
		}
		y.account = at + 1
		if delta != (upf.Usage{}) || y.mask != 0 {
			if i, ok := p.revisions.sumOf(at); ok {
				y.sum, y.carried = i+1, usageToNumbers(add(numbersToUsage(p.revisions.sums[i].sum), delta))
			} else {
				p.near.warnOnce("more URRs whose rules changed than there is room for: what they count is not kept over a kill while they change")
				a.add(delta)
			}
		}
		changed = changed || y.sum != 0
		parts = append(parts, y)
	}
	if !changed && !retired {
		if n := len(s.pending); n > 0 && s.pending[n-1].next != s.run { // from none: what stands at 0 counts nothing
			s.pending[n-1].nextLength = uint32(s.runLength)
			atomic.StoreUint32(&s.pending[n-1].next, s.run)
		}
		for i := range parts {
			atomic.StoreUint64(&p.loaded.accounts[parts[i].account-1].counters, parts[i].counters)
		}
		return
	}
	for chunk := range slices.Chunk(parts, maxParts) {
		p.reviseParts(s, old, chunk, retired)
	}
}

// reviseParts makes a revision of accounts.
func (p *Path) reviseParts(s, old *session, parts []part, retired bool) {
	x, ok := p.revisions.take()
	if !ok {
		p.near.warnOnce("more sessions whose rules change at once than there is room for: what they count is not kept over a kill while they change")
	}
	x.slot, x.run, x.length, x.next, x.nextLength = s.slot, 0, 0, s.run, uint32(s.runLength)
	if retired {
		x.run, x.length = old.run, uint32(old.runLength)
	}
	x.count = uint32(copy(x.parts[:], parts))
	x.begin()
	x.carryOut(p.loaded.accounts, p.revisions.sums)
	if x.stage == stageLate {
		s.pending = append(s.pending, &pending{revision: x})
	}
}

// own are the bits of the session's own lines that its rules count in.
func (s *session) own() (bits uint64) {
	for i := range s.plan.sides {
		if x := &s.plan.sides[i]; x.fast && x.shared {
			bits |= x.bit()
		}
	}
	return bits
}

func (x *side) bit() uint64 {
	if x.down {
		return 1 << bitDownlink
	}
	return 1 << bitUplink
}

// masks are the counters that each URR of the rules sums. A direction that is the programs' no more still counts for the URRs
// of before what was on its way.
func (s *session) masks(rules *upf.Session) map[pfcp.URRID]uint64 {
	masks := map[pfcp.URRID]uint64{}
	for i := range rules.Rules {
		for _, id := range rules.Rules[i].URRs {
			masks[id] |= 0
		}
	}
	for i := range s.plan.sides {
		if x := &s.plan.sides[i]; x.fast && x.shared {
			for _, id := range x.way.rule.URRs {
				masks[id] |= x.bit()
			}
		}
	}
	for i := range s.plan.flows {
		for _, id := range s.plan.flows[i].rule.URRs {
			masks[id] |= 1 << (bitFlows + i)
		}
	}
	return masks
}

// run is a place of flows.
type run struct {
	at     uint32
	length int
}

// retire frees classifiers and flows once no program works with them, and carries what these counted last.
func (p *Path) retire(s *session, classifiers []uint32, runs []run) {
	var due []*pending
	for _, x := range s.pending {
		if !x.due {
			x.due = true
			due = append(due, x)
			runs = append(runs, run{x.run, int(x.length)})
		}
	}
	runs = slices.DeleteFunc(runs, func(r run) bool { return r.at == 0 })
	slices.SortFunc(runs, func(a, b run) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(b.length, a.length)) })
	runs = slices.CompactFunc(runs, func(a, b run) bool { return a.at == b.at })
	if len(runs) == 0 && len(due) == 0 && !slices.ContainsFunc(classifiers, func(i uint32) bool { return i != 0 }) {
		return
	}
	time.AfterFunc(grace, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.loaded == nil {
			return
		}
		p.giveClassifiers(classifiers)
		for _, x := range due {
			p.settle(s, x)
		}
		for _, r := range runs {
			p.flows.give(r.at, r.length)
		}
	})
}

// settle carries what the earlier flows of a revision counted last.
func (p *Path) settle(s *session, x *pending) {
	i := slices.Index(s.pending, x)
	if i < 0 { // the session is gone
		return
	}
	late := false
	for i := range x.parts[:x.count] {
		y := &x.parts[i]
		if y.account == 0 {
			continue
		}
		u := p.late(x, y)
		late = late || u != (upf.Usage{})
		if y.sum == 0 {
			p.loaded.accounts[y.account-1].add(u)
			continue
		}
		y.carried = usageToNumbers(add(numbersToUsage(p.revisions.sums[y.sum-1].sum), u))
	}
	atomic.StoreUint32(&x.stage, stageSettle)
	x.carryOut(p.loaded.accounts, p.revisions.sums)
	s.pending = slices.Delete(s.pending, i, i+1)
	if late {
		p.tellSlow(s)
	}
}

// dropRevisions ends the revisions of a session that ends. Flows whose end was not set yet are returned.
func (s *session) dropRevisions() (runs []run) {
	for _, x := range s.pending {
		x.end()
		if !x.due {
			runs = append(runs, run{x.run, int(x.length)})
		}
	}
	s.pending = nil
	return runs
}

// closePart lets the revisions under way know nothing of an account any more.
func (s *session) closePart(account uint32) {
	for _, x := range s.pending {
		for i := range x.parts[:x.count] {
			if x.parts[i].account == account+1 {
				x.parts[i].account, x.parts[i].sum = 0, 0
			}
		}
	}
}
