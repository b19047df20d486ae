package soft

import (
	"net/netip"
	"sync"

	"github.com/limpid-5g/limpid/nf/upf"
)

// addressTable holds the UE addresses that are in no IPv4 pool, IPv6 prefixes and framed routes: by their length, the
// longest first.
type addressTable struct {
	mu     sync.RWMutex
	routes map[netip.Prefix]*live
	bits   [2][129]int // how many routes of IPv4 and IPv6 there are by length
}

func family(a netip.Addr) int {
	if a.Is4() {
		return 0
	}
	return 1
}

func (t *addressTable) put(p netip.Prefix, l *live) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.routes == nil {
		t.routes = map[netip.Prefix]*live{}
	}
	if _, there := t.routes[p]; !there {
		t.bits[family(p.Addr())][p.Bits()]++
	}
	t.routes[p] = l
}

// drop takes a route away if it is l's.
func (t *addressTable) drop(p netip.Prefix, l *live) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.routes[p] == l {
		delete(t.routes, p)
		t.bits[family(p.Addr())][p.Bits()]--
	}
}

func (t *addressTable) find(a netip.Addr) *live {
	t.mu.RLock()
	defer t.mu.RUnlock()
	counts := &t.bits[family(a)]
	for bits := a.BitLen(); bits >= 0; bits-- {
		if counts[bits] == 0 {
			continue
		}
		p, _ := a.Prefix(bits)
		if l := t.routes[p]; l != nil {
			return l
		}
	}
	return nil
}

// tunnel is an F-TEID of ours and its session.
type tunnel struct {
	teid  uint32
	live  *live
	up    bool // packets come from the UE's side
	relay bool // packets are not looked into
}

// place makes the session found by its tunnels and addresses, and no more by those that it lost. p.mu is held.
func (p *Path) place(l *live, old, now *rules) {
	if old != nil {
		for _, teid := range old.Tunnels {
			if t := &p.tunnels[upf.Slot(teid)]; t.Load() != nil && t.Load().live == l {
				t.Store(nil)
			}
		}
		p.unplaceAddresses(l, old)
	}
	if now == nil {
		return
	}
	for _, teid := range now.Tunnels {
		p.tunnels[upf.Slot(teid)].Store(&tunnel{teid, l, now.FromUE(teid), now.relays(teid)})
	}
	if now.UE4.IsValid() {
		if slot, ok := p.layout.SlotOf4(number(now.UE4)); ok {
			p.ue4[slot].Store(l)
		} else {
			p.other.put(netip.PrefixFrom(now.UE4, 32), l)
		}
	}
	if now.UE6.IsValid() {
		p.other.put(now.UE6, l)
	}
	for _, f := range now.Framed {
		p.other.put(f, l)
	}
	p.placeFrames(l, now)
}

func (p *Path) unplaceAddresses(l *live, old *rules) {
	if old.UE4.IsValid() {
		if slot, ok := p.layout.SlotOf4(number(old.UE4)); ok {
			p.ue4[slot].CompareAndSwap(l, nil)
		} else {
			p.other.drop(netip.PrefixFrom(old.UE4, 32), l)
		}
	}
	if old.UE6.IsValid() {
		p.other.drop(old.UE6, l)
	}
	for _, f := range old.Framed {
		p.other.drop(f, l)
	}
	p.unplaceFrames(l, old)
}

// relays tells whether the packets of a tunnel go into another one without a look.
func (r *rules) relays(teid uint32) bool {
	for i := range r.Rules {
		if r.Rules[i].TEID == teid {
			return r.Rules[i].Relay()
		}
	}
	return false
}

func number(a netip.Addr) uint32 {
	b := a.As4()
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

// byAddress finds the session of a UE address or of a network behind a UE.
func (p *Path) byAddress(a netip.Addr) *live {
	if a.Is4() {
		if slot, ok := p.layout.SlotOf4(number(a)); ok {
			if l := p.inSlot(slot); l != nil {
				return l
			}
		}
	}
	return p.other.find(a)
}

// byTEID finds a tunnel.
func (p *Path) byTEID(teid uint32) *tunnel {
	slot := upf.Slot(teid)
	if int(slot) >= len(p.tunnels) {
		return nil
	}
	if t := p.tunnelIn(slot); t != nil && t.teid == teid {
		return t
	}
	return nil
}
