package soft

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

const gtpuPort = gtpu.Port

// live is a session that is installed: its rules, and what outlives a change of them.
type live struct {
	slot    uint32
	rules   atomic.Pointer[rules]
	waiting atomic.Bool // packets wait in buffer: newer ones must not overtake them
	rests   atomic.Bool // it was let go: a later Apply has made another one

	mu         sync.Mutex // guards what follows
	buffer     []waitingPacket
	paced      bool      // what waits leaves as the rates let it
	rates      []policer // that the last of it has met
	draining   bool      // that is under way
	told       bool
	counted    bool // its lane has a URR
	advertised bool // its prefix
	meters     map[pfcp.QERID]*meter
	counters   map[pfcp.URRID]*upf.UsageCounter
}

// rules are a session's rules with the state that each works on. They are replaced, never changed.
type rules struct {
	*upf.Session
	work  []work // of the rule with the same index
	ports bool   // a filter asks for ports, or a translation does
}

// work is the state of a rule.
type work struct {
	gate     bool // open
	policers []policer
	counters []*counter
}

// counter is a URR at work.
type counter struct {
	*upf.UsageCounter
	how   upf.URR
	left  *atomic.Int64 // of the quota, where another path takes from it too; nil: what is counted here tells
	watch bool          // how says more than the id
	told  atomic.Bool   // that Report is reached
	spent atomic.Bool   // told that Quota is reached
}

// add counts a packet, and tells when a bound is reached.
func (c *counter) add(p *Path, slot uint32, uplink bool, octets int) {
	if c.how.Paused {
		return
	}
	if c.left != nil && c.how.Quota.Spent(uplink) { // first: what is counted is never more than what was taken
		c.left.Add(-int64(octets))
	}
	if uplink {
		c.UplinkBytes.Add(uint64(octets))
		c.UplinkPackets.Add(1)
	} else {
		c.DownlinkBytes.Add(uint64(octets))
		c.DownlinkPackets.Add(1)
	}
	if !c.watch {
		return
	}
	u := c.Load().Add(c.how.Elsewhere)
	if c.how.Report.Reached(u) && c.told.CompareAndSwap(false, true) {
		c.tell(p, slot)
	}
	if c.over(u) {
		c.end(p, slot)
	}
}

// over tells whether the quota is used up.
func (c *counter) over(u upf.Usage) bool {
	if c.left != nil {
		return c.left.Load() <= 0
	}
	return c.how.Quota.Reached(u)
}

// end tells once that the quota is used up.
func (c *counter) end(p *Path, slot uint32) {
	if !c.how.Closed && c.spent.CompareAndSwap(false, true) {
		c.tell(p, slot)
	}
}

func (c *counter) tell(p *Path, slot uint32) {
	if ev := p.events.Load(); ev != nil {
		(*ev).UsageReached(slot, c.how.ID)
	}
}

// used tells whether nothing more may pass. A packet passes whole if the quota was not used up before it.
func (c *counter) used() bool {
	return c.watch && (c.how.Closed || c.over(c.Load().Add(c.how.Elsewhere)))
}

// Apply installs or replaces a session. Packets that waited leave by the new rules before newer ones do.
func (p *Path) Apply(s *upf.Session) error {
	if err := p.refuse(s); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.live[s.Slot]
	if l == nil {
		l = &live{slot: s.Slot, meters: map[pfcp.QERID]*meter{}, counters: map[pfcp.URRID]*upf.UsageCounter{}}
		p.live[s.Slot] = l
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	old := l.rules.Load()
	if old != nil {
		p.shutLane(old)
	}
	now := l.build(s, p.memoryOf(l, s))
	now.ports = p.asksForPorts(s)
	l.rules.Store(now)
	p.place(l, old, now)
	l.rates = nil // those of the rules before
	p.drain(l, now)
	p.openLane(l, now)
	p.advertise(l, now)
	return nil
}

// build joins the rules with their state: that of rules which stay is kept, that of others is forgotten. l.mu is held.
func (l *live) build(s *upf.Session, memory upf.Memory) *rules {
	r := &rules{Session: s, work: make([]work, len(s.Rules))}
	meters, counters := map[pfcp.QERID]*meter{}, map[pfcp.URRID]*upf.UsageCounter{}
	for i := range s.Rules {
		for _, q := range s.Rules[i].QERs {
			keep(meters, l.meters, q.ID, func() *meter { return new(meter) })
		}
	}
	l.carryMeters(meters, memory, s.Slot, l.rules.Load() == nil)
	watched := map[pfcp.URRID]*counter{}
	waits := false
	for i := range s.Rules {
		rule, w := &s.Rules[i], &r.work[i]
		w.gate = true
		waits = waits || buffers(rule)
		for _, q := range rule.QERs {
			w.gate = w.gate && !(rule.Uplink() && q.Gate.UplinkClosed || !rule.Uplink() && q.Gate.DownlinkClosed)
			if mbr, ok := q.MBR.Get(); ok {
				w.policers = append(w.policers, policerOf(meters[q.ID], rule, mbr))
			}
		}
		for _, id := range rule.URRs {
			c := watched[id]
			if c == nil {
				c = &counter{UsageCounter: keep(counters, l.counters, id, func() *upf.UsageCounter { return counterOf(memory, s.Slot, id) })}
				if c.how, c.watch = s.URR(id); c.watch && memory != nil && c.how.Quota != (upf.Limit{}) {
					c.left = memory.Remaining(s.Slot, id)
				}
				watched[id] = c
			}
			w.counters = append(w.counters, c)
		}
	}
	if !waits {
		l.told = false
	}
	l.meters, l.counters = meters, counters
	return r
}

// asksForPorts tells whether it matters which ports a packet of a session has.
func (p *Path) asksForPorts(s *upf.Session) bool {
	return slices.ContainsFunc(s.Rules, func(r upf.Rule) bool {
		t := p.byName[r.Network]
		return t != nil && len(t.network.NAT) > 0 ||
			slices.ContainsFunc(r.Filters, func(f upf.Filter) bool { return len(f.RemotePorts)+len(f.LocalPorts) > 0 })
	})
}

// keep takes the state of id from old, or makes it.
func keep[K comparable, V any](now, old map[K]*V, id K, make func() *V) *V {
	if v := now[id]; v != nil {
		return v
	}
	v := old[id]
	if v == nil {
		v = make()
	}
	now[id] = v
	return v
}

// carryMeters finds the place of the state of each policer, which may be another one than before, and takes the state
// there. A session that is new here finds in memory what an earlier process left.
func (l *live) carryMeters(now map[pfcp.QERID]*meter, memory upf.Memory, slot uint32, isNew bool) {
	values := map[*atomic.Int64]int64{}
	for id, m := range now {
		for _, uplink := range []bool{true, false} {
			at, own := &m.uplink, &m.own[0]
			if !uplink {
				at, own = &m.downlink, &m.own[1]
			}
			place := own
			if memory != nil {
				if shared := memory.Meter(slot, id, uplink); shared != nil {
					place = shared
				}
			}
			if *at != nil && *at != place {
				values[place] = (*at).Load()
			} else if *at == nil && !isNew {
				values[place] = 0
			}
			*at = place
		}
	}
	for place, v := range values {
		place.Store(v)
	}
}

// policerOf is the policer of a rule.
func policerOf(m *meter, rule *upf.Rule, mbr pfcp.MBR) policer {
	if rule.Uplink() {
		return newPolicer(m.uplink, mbr.Uplink)
	}
	return newPolicer(m.downlink, mbr.Downlink)
}

// counterOf is a new counter, in memory if that has it.
func counterOf(memory upf.Memory, slot uint32, id pfcp.URRID) *upf.UsageCounter {
	if memory != nil {
		if shared := memory.Counter(slot, id); shared != nil {
			return shared
		}
	}
	return new(upf.UsageCounter)
}

// Keep lets counters and meters of sessions live in memory. Call it before the first Apply.
func (p *Path) Keep(memory upf.Memory) { p.memory, p.lanes = memory, nil }

// refuse tells what of a session this data path does not do.
func (p *Path) refuse(s *upf.Session) error {
	for i := range s.Rules {
		r := &s.Rules[i]
		t := p.byName[r.Network]
		if s.Ethernet() && t != nil && !t.network.Ethernet {
			return upf.Refusal(pfcp.IEPDNType, "data network "+r.Network+" carries no frames")
		}
		if !s.Ethernet() && t != nil && t.network.Ethernet {
			return upf.Refusal(pfcp.IEPDNType, "data network "+r.Network+" carries frames only")
		}
		if r.PeerPort != 0 && !s.Unstructured() {
			return upf.Refusal(pfcp.IEOuterHeaderCreation, "only sessions without structure leave by a UDP tunnel")
		}
		if r.PeerPort != 0 && !source(s, r.Peer).IsValid() {
			return upf.Refusal(pfcp.IEUEIPAddress, "the session has no address for its UDP tunnel")
		}
	}
	return nil
}

// Remove takes a session away; packets that wait are dropped.
func (p *Path) Remove(slot uint32) {
	p.DropBuffered(slot)
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.live[slot]
	if l == nil {
		return
	}
	delete(p.live, slot)
	p.shutLane(l.rules.Load())
	p.place(l, l.rules.Load(), nil)
	p.translator.forget(l.rules.Load().UE4)
	l.mu.Lock()
	l.rules.Store(&rules{Session: &upf.Session{Slot: slot}}) // a worker that still holds l finds no rule
	p.discard(l)
	l.mu.Unlock()
}

// find is the session in a slot, nil if there is none.
func (p *Path) find(slot uint32) *live {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.live[slot]
}

// Usage is what a URR counted since it was installed.
func (p *Path) Usage(slot uint32, id pfcp.URRID) upf.Usage {
	l := p.find(slot)
	if l == nil {
		return upf.Usage{}
	}
	l.mu.Lock()
	u := l.counters[id]
	l.mu.Unlock()
	if u == nil {
		return upf.Usage{}
	}
	return u.Load()
}

// Rearm lets the next buffered packet be told again.
func (p *Path) Rearm(slot uint32) {
	if l := p.find(slot); l != nil {
		l.mu.Lock()
		l.told = false
		l.mu.Unlock()
	}
}
