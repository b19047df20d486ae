package xdp

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

var errClosed = errors.New("upf: xdp: closed")

// grace is how long a program may still work with what was taken from it, with much to spare.
const grace = 20 * time.Millisecond

// calmDownlink is how long user space goes on serving a UE that was idle, so that what came meanwhile is on its way
// before newer packets are fast.
const calmDownlink = 3 * time.Millisecond

// session is what user space knows of an installed session. Its accounts are in the ledger.
type session struct {
	slot        uint32
	generation  int // of the rules
	plan        *plan
	urrs        map[pfcp.URRID]*account
	quotas      map[pfcp.URRID]upf.Limit // that what is left in the accounts is reckoned from
	run         uint32                   // of the flows
	runLength   int
	classifiers []uint32
	rules       *upf.Session
	pending     []*pending // changes of rules whose earlier flows may count still, the oldest first
}

// installation is a session whose rules are about to be installed.
type installation struct {
	*session
	plan        *plan
	quotas      map[pfcp.URRID]upf.Limit
	granted     map[*account]int64 // what was added to what is left of them
	run         uint32
	sameRun     bool
	classifiers []uint32 // by side, 0: none
}

// Apply installs or replaces a session in both paths: first in the slow one, which sends what it had buffered, so that
// no packet overtakes those.
//
// Next hops that are not known are asked for before, while the old rules serve: other sessions are not held up.
func (p *Path) Apply(rules *upf.Session) error {
	p.resolve(rules)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.loaded == nil {
		return errClosed
	}
	if int(rules.Slot) >= len(p.loaded.uplinks) {
		return p.slow.Apply(rules)
	}
	s := p.sessions[rules.Slot]
	if s == nil {
		s = p.awaken(rules)
	}
	if s == nil {
		s = p.adopt(rules)
	}
	opened := p.openAccounts(s, rules)
	x := p.prepare(s, p.plan(rules))
	p.grant(x, rules)
	p.applying = x
	defer func() { p.applying = nil }()
	told := p.elsewhere(x, rules)
	if err := p.slow.Apply(told); err != nil {
		p.withdraw(x, opened)
		return err
	}
	p.sessions[s.slot] = s
	s.rules = rules
	p.install(x, rules)
	if now := p.elsewhere(x, rules); !slices.Equal(now.URRs, told.URRs) {
		return p.slow.Apply(now)
	}
	return nil
}

// resolve waits a little for next hops that a session needs.
func (p *Path) resolve(rules *upf.Session) {
	p.mu.Lock()
	near := p.near
	if p.loaded == nil {
		near = nil
	}
	p.mu.Unlock()
	if near != nil {
		near.resolve(peersOf(rules))
	}
}

// elsewhere is the rules with what the programs count of URRs whose thresholds and quotas user space looks at too.
func (p *Path) elsewhere(x *installation, rules *upf.Session) *upf.Session {
	out := rules
	for i := range rules.URRs {
		u := &rules.URRs[i]
		a := x.urrs[u.ID]
		if _, shared := x.quotas[u.ID]; a == nil || u.Report == (upf.Limit{}) && (shared || u.Quota == (upf.Limit{})) {
			continue
		}
		counted := p.programs(x.session, u.ID)
		if counted == (upf.Usage{}) {
			continue
		}
		if out == rules {
			copied := *rules
			copied.URRs = slices.Clone(rules.URRs)
			out = &copied
		}
		out.URRs[i].Elsewhere = counted
	}
	return out
}

// tellSlow tells user space what was counted late of URRs whose thresholds and quotas it looks at.
func (p *Path) tellSlow(s *session) {
	x := &installation{session: s, plan: s.plan, quotas: s.quotas, run: s.run}
	told := p.elsewhere(x, s.rules)
	if told == s.rules {
		return
	}
	p.applying = x
	defer func() { p.applying = nil }()
	if err := p.slow.Apply(told); err != nil {
		p.log.Warn("what was counted last by earlier rules is not known in user space", "slot", s.slot, "error", err)
	}
}

// prepare finds room for the flows and classifiers of a plan and writes them; the session does not use them yet.
func (p *Path) prepare(s *session, next *plan) *installation {
	x := &installation{session: s, plan: next, classifiers: make([]uint32, len(next.sides))}
	full := false
	for i := range next.sides {
		if side := &next.sides[i]; side.fast && !side.plain {
			x.classifiers[i] = p.classifiers.take(side.filters)
			full = full || x.classifiers[i] == 0
		}
	}
	if n := len(next.flows); n > 0 && !full {
		if x.sameRun = s.runLength == n && p.sameFlows(s.run, next.flows); x.sameRun {
			x.run = s.run
			return x
		}
		x.run = p.flows.take(n, s.slot)
		full = x.run == 0
		for i := range next.flows {
			if !full {
				p.loaded.flows[x.run+uint32(i)] = flowOf(x.run, &next.flows[i])
			}
		}
	}
	if full {
		p.near.warnOnce("more rules than the fast path has room for: sessions are served in user space")
		p.giveClassifiers(x.classifiers)
		x.plan, x.classifiers = next.slow(), make([]uint32, len(next.sides))
	}
	return x
}

// flowOf is the facts of a flow in a run.
func flowOf(run uint32, w *way) flow {
	f := flow{verdict: w.verdict, table: w.table, qfi: w.qfi, tos: w.tos, perOctet: w.policer.perOctet}
	if !w.sessionTunnel {
		f.nextHop, f.peer = w.nextHop, w.peer
	}
	if w.lends {
		f.policer = run + uint32(w.holder)
	}
	if w.sessionRate {
		f.flags |= flagSessionRate
	}
	if w.down {
		f.flags |= flagDownlink
	}
	if f.quota = w.quota; w.spends {
		f.flags |= flagSpends
	}
	return f
}

// sameFlows tells whether the run holds these flows already.
func (p *Path) sameFlows(run uint32, ways []way) bool {
	for i := range ways {
		now := flowOf(run, &ways[i])
		now.state = p.loaded.flows[run+uint32(i)].state
		if now != p.loaded.flows[run+uint32(i)] {
			return false
		}
	}
	return true
}

func (p *Path) giveClassifiers(all []uint32) {
	for _, i := range all {
		if i != 0 {
			p.classifiers.give(i)
		}
	}
}

// openAccounts begins an account for each URR that is new, and returns these.
func (p *Path) openAccounts(s *session, rules *upf.Session) []pfcp.URRID {
	var opened []pfcp.URRID
	for i := range rules.Rules {
		for _, id := range rules.Rules[i].URRs {
			if s.urrs[id] != nil {
				continue
			}
			a := p.ledger.open(urrKey{s.slot, id})
			if a == nil {
				p.near.warnOnce("more URRs than the ledger has room for: the rest is not kept over a restart")
				a = &account{}
			}
			s.urrs[id] = a
			opened = append(opened, id)
		}
	}
	return opened
}

// withdraw takes an installation back that the slow path refused.
func (p *Path) withdraw(x *installation, opened []pfcp.URRID) {
	for a, n := range x.granted {
		a.remaining().Add(-n)
	}
	p.giveClassifiers(x.classifiers)
	if x.run != 0 && !x.sameRun {
		p.flows.give(x.run, len(x.plan.flows))
	}
	for _, id := range opened {
		p.closeAccount(x.session, id)
	}
}

func (p *Path) closeAccount(s *session, id pfcp.URRID) {
	delete(s.urrs, id)
	p.closeLeft(s, id)
}

// closeLeft closes the account of a URR of a session.
func (p *Path) closeLeft(s *session, id pfcp.URRID) {
	at, ok := p.ledger.index[urrKey{s.slot, id}]
	if !ok {
		return
	}
	s.closePart(at)
	p.ledger.close(urrKey{s.slot, id}, len(p.loaded.uplinks))
	p.revisions.forget(at)
}

// install lets the programs work by the new rules.
func (p *Path) install(x *installation, rules *upf.Session) {
	s, old := x.session, *x.session
	before := p.readCounters(&old, ^uint64(0))
	now := before
	if !x.sameRun {
		for bit := bitFlows; bit < len(now); bit++ {
			now[bit] = upf.Usage{}
		}
	}
	s.generation++
	s.quotas = x.quotas
	s.plan, s.run, s.runLength, s.classifiers = x.plan, x.run, len(x.plan.flows), x.classifiers
	p.revise(s, &old, rules, before, now)
	p.clearLost(&old, s)
	for i := range s.plan.sides {
		side := &s.plan.sides[i]
		if side.fast && !side.uplink() && (old.waited(side) && !side.waits || p.slowWaits(s.slot)) {
			p.later(s, i)
			continue
		}
		p.writeSide(s, i, side.fast)
	}
	p.settleQuotas(s)
	var runs []run
	if !x.sameRun {
		runs = append(runs, run{old.run, old.runLength})
	}
	p.retire(s, old.classifiers, runs)
}

// waited tells whether packets of a side had to wait.
func (s *session) waited(now *side) bool {
	return s.plan != nil && slices.ContainsFunc(s.plan.sides, func(x side) bool { return x.waits && x.slot == now.slot && x.down == now.down })
}

// later leaves packets to a UE to user space for a moment more, and for as long as older ones wait for their rate there.
func (p *Path) later(s *session, i int) {
	p.writeSide(s, i, false)
	generation := s.generation
	var try func()
	try = func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		switch {
		case p.loaded == nil || p.sessions[s.slot] != s || s.generation != generation:
		case p.slowWaits(s.slot):
			time.AfterFunc(calmDownlink, try)
		default:
			p.writeSide(s, i, true)
		}
	}
	time.AfterFunc(calmDownlink, try)
}

// slowWaits tells whether packets of a session wait in user space although its rules would have them leave.
func (p *Path) slowWaits(slot uint32) bool {
	slow, ok := p.slow.(interface{ Waits(uint32) bool })
	return ok && slow.Waits(slot)
}

// writeSide writes the facts of a side, as one change; not fast leaves them to user space.
func (p *Path) writeSide(s *session, i int, fast bool) {
	x := &s.plan.sides[i]
	if int(x.slot) >= len(p.loaded.uplinks) {
		return
	}
	verdict, per := uint8(verdictSlow), uint64(0)
	if fast {
		verdict, per = x.way.verdict, x.policer.perOctet
	}
	if fast && !x.plain {
		verdict, per = verdictRules, p.rulesAt(x.slot, s.classifiers[i], s.run+uint32(x.first))
	}
	if x.down {
		p.writePrefix(x)
		p.loaded.writeDown(x.slot, downlink{ue: x.ue, ue6: x.ue6, verdict: verdict, qfi: x.way.qfi, tos: x.way.tos, nextHop: x.way.nextHop,
			peer: x.way.peer, perOctet: per})
		return
	}
	flags := uint8(0)
	if x.toUE {
		flags = flagTowardsUE
	}
	p.loaded.writeUp(x.slot, uplink{teid: x.teid, ue: x.ue, ue6: x.ue6, verdict: verdict, table: x.way.table, flags: flags, qfis: x.qfis, perOctet: per})
}

// clearLost clears what the session had before and has no more.
func (p *Path) clearLost(old, now *session) {
	if old.plan == nil {
		return
	}
	for _, x := range old.plan.sides {
		kept := false
		for _, y := range now.plan.sides {
			kept = kept || x.slot == y.slot && x.down == y.down
			if x.down && y.down && x.ue6 != y.ue6 {
				p.removePrefix(x.ue6)
			}
		}
		if !kept {
			p.clearSide(x.slot, x.down)
		}
	}
}

// clearSide leaves the packets of a tunnel or address to user space.
func (p *Path) clearSide(slot uint32, down bool) {
	if int(slot) >= len(p.loaded.uplinks) {
		return
	}
	b := p.loaded.block(slot)
	if !down {
		p.loaded.writeUp(slot, uplink{})
		atomic.StoreUint64(&b.up.state.next, 0)
		return
	}
	p.removePrefix(b.down.ue6)
	p.loaded.writeDown(slot, downlink{})
	atomic.StoreUint64(&b.down.state.next, 0)
}

// writePrefix lets the packets to a prefix of IPv6 be found.
func (p *Path) writePrefix(x *side) {
	if x.ue6 == 0 || len(x.rules) == 0 {
		return
	}
	mtu := 0
	for _, n := range p.networks {
		if n.DNN == x.rules[0].Network {
			mtu = n.MTU
		}
	}
	if err := p.putPrefix(x.ue6, prefixEntry{Slot: x.slot, MTU: uint32(mtu)}); err != nil {
		p.near.warnOnce("more prefixes than the fast path has room for: the rest is served in user space")
	}
}

func (p *Path) removePrefix(ue6 uint64) {
	if i, ok := p.indexOf(ue6); ok {
		atomic.StoreUint64(&p.loaded.slots6[i], 0)
	} else if ue6 != 0 {
		_ = p.loaded.prefixes.Delete(ue6) // it may not be there
	}
}

func (p *Path) putPrefix(ue6 uint64, e prefixEntry) error {
	if i, ok := p.indexOf(ue6); ok {
		atomic.StoreUint64(&p.loaded.slots6[i], uint64(e.Slot)+1)
		return nil
	}
	return p.loaded.prefixes.Put(ue6, e)
}

// numberOf is a prefix in network order as a number.
func numberOf(ue6 uint64) uint64 {
	return binary.BigEndian.Uint64(binary.NativeEndian.AppendUint64(nil, ue6))
}

// indexOf is the place of a prefix of the pools of IPv6 in slots6.
func (p *Path) indexOf(ue6 uint64) (uint32, bool) {
	for _, c := range p.config.Pool6[:p.config.Pools6] {
		if n := numberOf(ue6) - c.First; n < uint64(c.Size) {
			return c.At + uint32(n), true
		}
	}
	return 0, false
}

// counterOf is a counter of the programs and whether it is the downlink's.
func (p *Path) counterOf(s *session, bit int) (*state, bool) {
	switch bit {
	case bitUplink:
		return &p.loaded.uplinks[s.slot].state, false
	case bitDownlink:
		return &p.loaded.downlinks[s.slot].state, true
	}
	if bit-bitFlows >= s.runLength {
		return nil, false
	}
	f := &p.loaded.flows[s.run+uint32(bit-bitFlows)]
	return &f.state, f.flags&flagDownlink != 0
}

// cells is how many counters a session may have.
const cells = bitFlows + 1<<maxRunBits

// readCounters reads the counters of a mask, each once.
func (p *Path) readCounters(s *session, mask uint64) (out [cells]upf.Usage) {
	for ; mask != 0; mask &= mask - 1 {
		bit := bits.TrailingZeros64(mask)
		if bit >= cells {
			break
		}
		c, down := p.counterOf(s, bit)
		if c == nil {
			break
		}
		octets, packets := c.counted()
		if down {
			out[bit] = upf.Usage{DownlinkBytes: octets, DownlinkPackets: packets}
		} else {
			out[bit] = upf.Usage{UplinkBytes: octets, UplinkPackets: packets}
		}
	}
	return out
}

func sum(counters *[cells]upf.Usage, mask uint64) (u upf.Usage) {
	for ; mask != 0; mask &= mask - 1 {
		if bit := bits.TrailingZeros64(mask); bit < cells {
			u = add(u, counters[bit])
		}
	}
	return u
}

// tunnel is a peer's F-TEID as one number in network order; an address of IPv6 is the next hop's.
func tunnel(peer netip.Addr, teid uint32) uint64 {
	var b [8]byte
	if peer.Is4() {
		a := peer.As4()
		copy(b[:], a[:])
	}
	binary.BigEndian.PutUint32(b[4:], teid)
	return binary.NativeEndian.Uint64(b[:])
}
