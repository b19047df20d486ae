package soft

import (
	"maps"
	"net/netip"
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

	mu       sync.Mutex // guards what follows
	buffer   []waitingPacket
	told     bool
	meters   map[pfcp.QERID]*meter
	counters map[pfcp.URRID]*upf.UsageCounter
}

// rules are a session's rules with the state that each works on. They are replaced, never changed.
type rules struct {
	*upf.Session
	work []work // of the rule with the same index
}

// work is the state of a rule.
type work struct {
	gate     bool // open
	policers []policer
	counters []*upf.UsageCounter
}

func add(u *upf.UsageCounter, uplink bool, octets int) {
	if uplink {
		u.UplinkBytes.Add(uint64(octets))
		u.UplinkPackets.Add(1)
		return
	}
	u.DownlinkBytes.Add(uint64(octets))
	u.DownlinkPackets.Add(1)
}

// waitingPacket is a packet for an idle UE and the data network that it came from.
type waitingPacket struct {
	packet  []byte
	network string
}

// Apply installs or replaces a session. Packets that waited leave by the new rules before newer ones do.
func (p *Path) Apply(s *upf.Session) error {
	if err := refuse(s); err != nil {
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
	now := l.build(s, p.memory)
	l.rules.Store(now)
	p.place(l, old, now)
	p.drain(l, now)
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
			w.counters = append(w.counters, keep(counters, l.counters, id, func() *upf.UsageCounter { return counterOf(memory, s.Slot, id) }))
		}
	}
	if !waits {
		l.told = false
	}
	l.meters, l.counters = meters, counters
	return r
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
func (p *Path) Keep(memory upf.Memory) { p.memory = memory }

// place makes the session found by its tunnels and addresses, and no more by those that it lost. p.mu is held.
func (p *Path) place(l *live, old, now *rules) {
	if old != nil {
		for _, teid := range old.Tunnels {
			if t := &p.tunnels[upf.Slot(teid)]; t.Load() != nil && t.Load().live == l {
				t.Store(nil)
			}
		}
		p.unplaceAddress(l, old)
	}
	if now == nil {
		return
	}
	for _, teid := range now.Tunnels {
		p.tunnels[upf.Slot(teid)].Store(&tunnel{teid, l})
	}
	if now.UE4.IsValid() {
		if slot, ok := p.layout.SlotOf4(number(now.UE4)); ok {
			p.ue4[slot].Store(l)
		} else {
			p.changeOther(func(o *otherAddress) { o.ue4[now.UE4] = l })
		}
	}
	if now.UE6.IsValid() {
		p.changeOther(func(o *otherAddress) { o.ue6[prefix64(now.UE6.Addr())] = l })
	}
}

func (p *Path) unplaceAddress(l *live, old *rules) {
	if old.UE4.IsValid() {
		if slot, ok := p.layout.SlotOf4(number(old.UE4)); ok {
			p.ue4[slot].CompareAndSwap(l, nil)
		} else {
			p.changeOther(func(o *otherAddress) { delete(o.ue4, old.UE4) })
		}
	}
	if old.UE6.IsValid() {
		p.changeOther(func(o *otherAddress) { delete(o.ue6, prefix64(old.UE6.Addr())) })
	}
}

func (p *Path) changeOther(edit func(*otherAddress)) {
	o := p.other.Load()
	next := &otherAddress{maps.Clone(o.ue4), maps.Clone(o.ue6)}
	if next.ue4 == nil {
		next.ue4, next.ue6 = map[netip.Addr]*live{}, map[netip.Prefix]*live{}
	}
	edit(next)
	p.other.Store(next)
}

func number(a netip.Addr) uint32 {
	b := a.As4()
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

func prefix64(a netip.Addr) netip.Prefix {
	p, _ := a.Prefix(64)
	return p
}

// byAddress finds the session of a UE address.
func (p *Path) byAddress(a netip.Addr) *live {
	if a.Is4() {
		if slot, ok := p.layout.SlotOf4(number(a)); ok {
			return p.ue4[slot].Load()
		}
		return p.other.Load().ue4[a]
	}
	return p.other.Load().ue6[prefix64(a)]
}

// byTEID finds the session of a tunnel.
func (p *Path) byTEID(teid uint32) *live {
	slot := upf.Slot(teid)
	if int(slot) >= len(p.tunnels) {
		return nil
	}
	if t := p.tunnels[slot].Load(); t != nil && t.teid == teid {
		return t.live
	}
	return nil
}

// refuse tells what of a session this data path does not do.
func refuse(s *upf.Session) error {
	if s.Ethernet() || s.Unstructured() {
		return upf.Refusal(pfcp.IEPDNType, "only sessions of IP")
	}
	for i := range s.Rules {
		switch r := &s.Rules[i]; {
		case r.PeerPort != 0:
			return upf.Refusal(pfcp.IEOuterHeaderCreation, "only GTP-U")
		case r.MarkMask != 0:
			return upf.Refusal(pfcp.IETransportLevelMarking, "no marking")
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
	p.place(l, l.rules.Load(), nil)
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
