package xdp

import (
	"math/bits"
	"net/netip"
	"slices"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// plan is what the programs are to do with a session.
type plan struct {
	sides []side // a tunnel each, and at last the UE's addresses
	flows []way  // of all sides: those that are apart
}

// side is one tunnel of a session, or its addresses.
type side struct {
	session *upf.Session
	slot    uint32
	down    bool // packets from a data network
	toUE    bool // a tunnel from another UPF
	teid    uint32
	ue      uint32  // network order
	ue6     uint64  // network order
	fast    bool    // else user space serves it
	why     Reason  // why it does
	waits   bool    // a rule buffers
	plain   bool    // one rule: way alone says it
	qfis    uint64  // of any rule; 0: all
	way     way     // of the plain rule; else what those that are not apart have in common
	shared  bool    // some are not apart
	policer policer // of the session
	filters *classifier
	ways    []way // of each rule
	first   int   // of its flows in the plan's
	rules   []*upf.Rule
}

// way is what is done with the packets of a rule.
type way struct {
	rule          *upf.Rule
	verdict       uint8
	table         uint8
	qfi, tos      uint8
	nextHop       uint32
	peer          uint64
	wide          bool // its tunnel is over IPv6
	down          bool
	sessionRate   bool
	sessionTunnel bool   // its tunnel is the one in the session's line
	lends         bool   // the state of its policer is another's
	apart         bool   // it has a flow; else the session's own line counts and polices
	quota         uint32 // the account, plus one, whose quota bounds it; 0: none
	spends        bool   // its packets take from that
	policer       policer
	holder        int // the way of the side, in a plan's flows the flow, that holds the state of the policer
}

// policer is the QER whose rate the programs hold packets to. Of several that the same packets meet the lowest counts:
// all would be taken from, so that the others never refuse one first.
type policer struct {
	qer      pfcp.QERID
	perOctet uint64 // 0: no limit
}

// plan decides what of a session the programs serve.
func (p *Path) plan(s *upf.Session) *plan {
	out := &plan{}
	for _, teid := range s.Tunnels {
		x := side{session: s, slot: upf.Slot(teid), teid: teid}
		for i := range s.Rules {
			if s.Rules[i].TEID == teid {
				x.rules = append(x.rules, &s.Rules[i])
			}
		}
		out.sides = append(out.sides, x)
	}
	down := side{session: s, slot: s.Slot, down: true}
	for i := range s.Rules {
		if r := &s.Rules[i]; !r.Uplink() && r.TEID == 0 {
			down.rules = append(down.rules, r)
		}
	}
	out.sides = append(out.sides, down)
	for i := range out.sides {
		x := &out.sides[i]
		x.toUE = !x.down && len(x.rules) > 0 && !x.rules[0].Uplink()
		x.why = p.planSide(s, x, len(s.Tunnels))
		x.fast = x.why == 0
	}
	out.shared()
	out.gather()
	return out
}

// planSide lays one side out, or tells why user space has to serve it.
func (p *Path) planSide(s *upf.Session, x *side, tunnels int) Reason {
	if len(x.rules) == 0 {
		return ReasonNoRule
	}
	if int(x.slot) >= len(p.loaded.uplinks) {
		return ReasonRoom
	}
	if !x.addresses(s) {
		return ReasonAddresses
	}
	ways := make([]way, len(x.rules))
	for i, r := range x.rules {
		if why := rare(s, r); why != 0 {
			return why
		}
		w, why := p.wayOf(x, r)
		if why == 0 {
			why = p.bound(s, &w)
		}
		if why != 0 {
			return why
		}
		x.waits = x.waits || r.Action&pfcp.ApplyBUFF != 0
		ways[i] = w
	}
	if x.down && !p.ownNetwork(x, s) {
		return ReasonNetwork
	}
	if !x.police(ways) {
		return ReasonPolicers
	}
	if plainFilters(x.rules) && ways[0].quota == 0 && !ways[0].wide && (x.down || tunnels == 1 && x.slot == s.Slot && ways[0].nextHop == 0) && ways[0].verdict != verdictSlow {
		x.plain, x.shared, x.qfis, x.way, x.ways = true, true, x.rules[0].QFIs, ways[0], ways
		return 0
	}
	if !slices.ContainsFunc(ways, func(w way) bool { return w.verdict != verdictSlow }) {
		return ReasonBuffers
	}
	x.ways = ways
	x.part(x.down || tunnels == 1 && x.slot == s.Slot)
	for _, r := range x.rules {
		x.qfis |= r.QFIs
	}
	if slices.ContainsFunc(x.rules, func(r *upf.Rule) bool { return r.QFIs == 0 }) {
		x.qfis = 0
	}
	var err error
	if x.filters, err = x.classify(s); err != nil {
		return ReasonFilters
	}
	return 0
}

// part decides which ways are apart. The others, most of a session's as a rule, have the session's policer alone, the
// same URRs, and the same tunnel or none: they count in the session's own line, if it may, so that a packet of theirs
// touches no other memory of the session.
func (x *side) part(may bool) {
	alike := func(a, b *way) bool {
		return slices.Equal(a.rule.URRs, b.rule.URRs) && (a.verdict != verdictForward || b.verdict != verdictForward || a.peer == b.peer)
	}
	fit := func(w *way) bool {
		return may && w.policer.perOctet == 0 && w.quota == 0 && !w.wide && (x.down || w.nextHop == 0)
	}
	best, most := -1, 0
	for i := range x.ways {
		n := 0
		for k := range x.ways {
			if fit(&x.ways[k]) && alike(&x.ways[i], &x.ways[k]) {
				n++
			}
		}
		if fit(&x.ways[i]) && x.ways[i].verdict == verdictForward && n >= most {
			best, most = i, n
		}
	}
	for i := range x.ways {
		w := &x.ways[i]
		w.lends = w.policer.perOctet != 0 && w.holder != i
		w.apart = best < 0 || !fit(w) || !alike(&x.ways[best], w)
	}
	if best >= 0 {
		x.shared, x.way = true, way{rule: x.ways[best].rule}
	} else {
		best = slices.IndexFunc(x.ways, func(w way) bool { return w.verdict == verdictForward && !w.wide })
	}
	if !x.down || best < 0 {
		return
	}
	x.way.peer, x.way.nextHop = x.ways[best].peer, x.ways[best].nextHop
	for i := range x.ways {
		w := &x.ways[i]
		w.sessionTunnel = w.peer == x.way.peer && w.nextHop == x.way.nextHop
	}
}

// rare tells what a rule or its session asks for that the programs do not know.
func rare(s *upf.Session, r *upf.Rule) Reason {
	switch {
	case s.Ethernet() || s.Unstructured():
		return ReasonType
	case len(s.Framed) > 0 || len(r.Framed) > 0:
		return ReasonFramed
	case r.MarkMask != 0 && !r.Peer.IsValid():
		return ReasonMark
	case r.PPI.Present():
		return ReasonPPI
	case r.PeerPort != 0:
		return ReasonPort
	case r.Relay():
		return ReasonRelay
	case r.Translated:
		return ReasonNAT
	case slices.ContainsFunc(r.Filters, func(f upf.Filter) bool { return f.Options != upf.FilterOptions{} }):
		return ReasonOptions
	case slices.ContainsFunc(r.URRs, func(id pfcp.URRID) bool { u, _ := s.URR(id); return restricts(u) }):
		return ReasonURR
	}
	return 0
}

// restricts tells whether a URR asks for more than counting: then the path that sees every packet of it is the one in
// user space. That it reaches a threshold the UPF finds itself.
func restricts(u upf.URR) bool {
	if u.Quota.Single() || u.Closed {
		u.Quota = upf.Limit{}
	}
	u.ID, u.Report, u.Closed = 0, upf.Limit{}, false // what was counted elsewhere is told to user space alone
	return u != upf.URR{}
}

// bound holds a way to the quota of a URR of its rule, TS 29.244 §5.2.2.2.
func (p *Path) bound(s *upf.Session, w *way) Reason {
	for _, id := range w.rule.URRs {
		u, _ := s.URR(id)
		switch at, kept := p.ledger.index[urrKey{s.Slot, id}]; {
		case u.Quota == upf.Limit{} || u.Closed || w.verdict != verdictForward:
		case w.quota != 0:
			return ReasonURR
		case !kept:
			return ReasonRoom
		default:
			w.quota, w.spends = at+1, u.Quota.Spent(!w.down)
		}
	}
	return 0
}

// addresses finds the UE's addresses, which must be the same in all rules of a side.
func (x *side) addresses(s *upf.Session) bool {
	v4, v6 := ue4(s, x.rules[0]), ue6(s, x.rules[0])
	for _, r := range x.rules[1:] {
		if ue4(s, r) != v4 || ue6(s, r) != v6 {
			return false
		}
	}
	if v6.IsValid() && v6.Bits() != 64 {
		return false
	}
	if v4.IsValid() {
		x.ue = networkOrder(v4)
	}
	if v6.IsValid() {
		x.ue6 = addressWords(v6.Masked().Addr())[0]
	}
	return x.ue != 0 || x.ue6 != 0
}

// ue4 is the address that a rule's packets come from or go to.
func ue4(s *upf.Session, r *upf.Rule) netip.Addr {
	if r.UE4.IsValid() {
		return r.UE4
	}
	return s.UE4
}

// ue6 is ue4 for IPv6.
func ue6(s *upf.Session, r *upf.Rule) netip.Prefix {
	if r.UE6.IsValid() {
		return r.UE6
	}
	return s.UE6
}

// ownNetwork tells whether the rules of a downlink side are all of the data network whose pool its address is in, which
// has the session's slot. An address of IPv6 is found by itself.
func (p *Path) ownNetwork(x *side, s *upf.Session) bool {
	network := x.rules[0].Network
	if _, known := p.tables[network]; !known || slices.ContainsFunc(x.rules, func(r *upf.Rule) bool { return r.Network != network }) {
		return false
	}
	if x.ue == 0 {
		return true
	}
	a := hostOrder(ue4(s, x.rules[0]))
	slot, ok := p.layout.SlotOf4(a)
	i := slices.IndexFunc(p.config.Pool[:len(p.pools)], func(c poolConfig) bool { return a-c.First < c.Size })
	return ok && slot == s.Slot && i >= 0 && p.pools[i].DNN == network
}

// wayOf compiles action, gates and target of a rule, or tells why user space has to serve it.
func (p *Path) wayOf(x *side, r *upf.Rule) (way, Reason) {
	w := way{rule: r, verdict: verdictForward, down: !r.Uplink(), qfi: r.QFI & 0x3f}
	if r.RQI && !r.Uplink() {
		w.qfi |= 0x40
	}
	if x.uplink() != r.Uplink() {
		return w, ReasonTarget
	}
	switch {
	case r.Action&pfcp.ApplyBUFF != 0:
		w.verdict = verdictSlow
		if r.Uplink() {
			return w, ReasonTarget
		}
		return w, 0
	case r.Action&pfcp.ApplyFORW == 0:
		w.verdict = verdictDrop + uint8(upf.DropAction)
		return w, 0
	}
	for _, q := range r.QERs {
		if r.Uplink() && q.Gate.UplinkClosed || !r.Uplink() && q.Gate.DownlinkClosed {
			w.verdict = verdictDrop + uint8(upf.DropGate)
			return w, 0
		}
	}
	for _, id := range r.URRs {
		if u, _ := x.session.URR(id); u.Closed {
			w.verdict = verdictDrop + uint8(upf.DropQuota)
			return w, 0
		}
	}
	for _, q := range r.QERs {
		if rate, ok := rateOf(r, q); ok && rate == 0 {
			if slices.ContainsFunc(r.URRs, func(id pfcp.URRID) bool { u, _ := x.session.URR(id); return u.Quota != upf.Limit{} }) {
				return w, ReasonURR // that which is found first is counted
			}
			w.verdict = verdictDrop + uint8(upf.DropRate)
			return w, 0
		}
	}
	if r.Peer.IsValid() {
		if r.Uplink() == (r.To == pfcp.InterfaceAccess) {
			return w, ReasonTarget
		}
		w.nextHop, w.peer, w.tos, w.wide = p.near.hop(r.Peer), tunnel(r.Peer, r.PeerTEID), r.Mark&r.MarkMask, r.Peer.Is6()
		if w.nextHop == 0 {
			return w, ReasonRoom
		}
		return w, 0
	}
	if !r.Uplink() || r.To != pfcp.InterfaceCore {
		return w, ReasonTarget
	}
	table, ok := p.tables[r.Network]
	if w.table = table; !ok {
		return w, ReasonNetwork
	}
	return w, 0
}

// rateOf is the maximum bit rate of a rule's direction in a QER, kbit/s.
func rateOf(r *upf.Rule, q upf.QER) (uint64, bool) {
	mbr, ok := q.MBR.Get()
	if r.Uplink() {
		return mbr.Uplink, ok
	}
	return mbr.Downlink, ok
}

// police chooses the policers of a side: one that most rules share for the session, and at most one more for each rule.
func (x *side) police(ways []way) bool {
	users, rates := map[pfcp.QERID]uint64{}, map[pfcp.QERID]uint64{}
	for i, w := range ways { // also of rules that drop now: what holds a policer should not move with a gate
		for _, q := range w.rule.QERs {
			if rate, ok := rateOf(w.rule, q); ok && rate > 0 {
				users[q.ID] |= 1 << i
				rates[q.ID] = rate
			}
		}
	}
	lowest := map[uint64]pfcp.QERID{} // of those that the same rules use
	for id, mask := range users {
		if other, ok := lowest[mask]; !ok || rates[id] < rates[other] || rates[id] == rates[other] && id < other {
			lowest[mask] = id
		}
	}
	session := uint64(0)
	for mask := range lowest {
		if n := bits.OnesCount64(mask) - bits.OnesCount64(session); n > 0 || n == 0 && mask < session {
			session = mask
		}
	}
	if session != 0 {
		x.policer = policerOf(lowest[session], rates)
		delete(lowest, session)
	}
	for i := range ways {
		ways[i].sessionRate = session>>i&1 != 0
	}
	for mask, id := range lowest {
		for i := range ways {
			if mask>>i&1 == 0 {
				continue
			}
			if ways[i].policer.perOctet != 0 {
				return false
			}
			ways[i].policer, ways[i].holder = policerOf(id, rates), bits.TrailingZeros64(mask)
		}
	}
	return len(ways) < 64
}

func policerOf(id pfcp.QERID, rates map[pfcp.QERID]uint64) policer {
	return policer{id, upf.MeterRate(rates[id])}
}

// shared leaves tunnels to user space whose policers others use too: a policer has one place. The addresses stay if the programs hold
// them to each such rate; user space works on the same state then.
func (pl *plan) shared() {
	users := map[sharedQER]int{}
	for i := range pl.sides {
		x := &pl.sides[i]
		mine := map[pfcp.QERID]bool{}
		for _, r := range x.rules {
			for _, q := range r.QERs {
				if q.MBR.Present() {
					mine[q.ID] = true
				}
			}
		}
		for id := range mine {
			users[sharedQER{id, x.uplink()}]++
		}
	}
	for i := range pl.sides {
		x := &pl.sides[i]
		free := func(w *way, q upf.QER) bool {
			return users[sharedQER{q.ID, x.uplink()}] < 2 || x.down && (w.policer.qer == q.ID || w.sessionRate && x.policer.qer == q.ID)
		}
		for k := range x.ways {
			w := &x.ways[k]
			if x.fast && slices.ContainsFunc(w.rule.QERs, func(q upf.QER) bool { return q.MBR.Present() && !free(w, q) }) {
				x.leave(ReasonPolicers)
			}
		}
	}
}

// sharedQER is one direction of a QER, which has one place for its state.
type sharedQER struct {
	id     pfcp.QERID
	uplink bool
}

// uplink tells whether the packets of a side come from the UE.
func (x *side) uplink() bool { return !x.down && !x.toUE }

// leave leaves a side to user space.
func (x *side) leave(why Reason) { x.fast, x.why = false, why }

// gather puts the flows of all sides into one run.
func (pl *plan) gather() {
	for i := range pl.sides {
		x := &pl.sides[i]
		if !x.fast || x.plain {
			continue
		}
		if len(pl.flows)+int(x.filters.flows) > 1<<maxRunBits {
			x.leave(ReasonRoom)
			continue
		}
		x.first = len(pl.flows)
		at := make([]int, len(x.ways)) // of those that are apart, in the plan's flows
		for k, w := range x.ways {
			if !w.apart {
				continue
			}
			at[k] = len(pl.flows)
			w.holder = at[w.holder] // no later than the way itself
			pl.flows = append(pl.flows, w)
		}
	}
}

// slow is the plan that leaves all to user space.
func (pl *plan) slow() *plan {
	out := &plan{sides: slices.Clone(pl.sides)}
	for i := range out.sides {
		out.sides[i].plain, out.sides[i].shared = false, false
		out.sides[i].leave(ReasonRoom)
	}
	return out
}
