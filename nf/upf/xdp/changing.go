package xdp

import (
	"structs"
	"sync/atomic"
)

// changing is what is being written, by kind, and where: a slot, a next hop, a table, plus one; 0: nothing. Programs that meet
// facts in the middle of a change take them from here: so they go on by them if the process dies there.
type changing struct {
	_                             structs.HostLayout
	upAt, downAt, hopAt, routesAt uint32
	up                            uplink
	down                          downlink
	hop                           nextHop
	routes                        routeTable
}

// change writes facts that stand in changing. A writer that died in the middle left the number odd; the next one makes it even again.
// The order of stores is what the processor keeps (x86-64) and what sync/atomic keeps elsewhere on the side of the writer.
func change(sequence *uint32, write func()) {
	n := atomic.LoadUint32(sequence) | 1
	atomic.StoreUint32(sequence, n)
	write()
	atomic.StoreUint32(sequence, n+1)
}

// tell lets programs find facts before they change. What was there before is of a change that has ended.
func tell[T any](at *uint32, place uint32, in *T, facts T) {
	atomic.StoreUint32(at, 0)
	*in = facts
	atomic.StoreUint32(at, place+1)
}

// writeUp writes the facts of a slot's tunnel.
func (l *loaded) writeUp(slot uint32, facts uplink) {
	now := &l.uplinks[slot]
	if now.same(&facts) {
		return
	}
	c := &l.changing[0]
	tell(&c.upAt, slot, &c.up, facts)
	now.become(&c.up)
}

// same tells whether facts are whole and as they are to be.
func (u *uplink) same(facts *uplink) bool {
	f, now := *facts, *u
	f.sequence, f.state, now.state = now.sequence&^1, state{}, state{} // programs count all the time
	return f == now
}

func (u *uplink) become(f *uplink) {
	change(&u.sequence, func() {
		u.teid, u.ue, u.ue6, u.verdict, u.table, u.flags = f.teid, f.ue, f.ue6, f.verdict, f.table, f.flags
		u.qfis, u.perOctet = f.qfis, f.perOctet
	})
}

// writeDown writes the facts of a slot's addresses.
func (l *loaded) writeDown(slot uint32, facts downlink) {
	now := &l.downlinks[slot]
	if now.same(&facts) {
		return
	}
	c := &l.changing[0]
	tell(&c.downAt, slot, &c.down, facts)
	now.become(&c.down)
}

func (d *downlink) same(facts *downlink) bool {
	f, now := *facts, *d
	f.sequence, f.state, now.state = now.sequence&^1, state{}, state{}
	return f == now
}

func (d *downlink) become(f *downlink) {
	change(&d.sequence, func() {
		d.ue, d.ue6, d.verdict, d.qfi, d.tos = f.ue, f.ue6, f.verdict, f.qfi, f.tos
		d.nextHop, d.peer, d.perOctet = f.nextHop, f.peer, f.perOctet
	})
}

// writeHop writes a next hop.
func (l *loaded) writeHop(i uint32, facts nextHop) {
	now := &l.hops[i]
	if facts.sequence = now.sequence &^ 1; facts == *now {
		return
	}
	c := &l.changing[0]
	tell(&c.hopAt, i, &c.hop, facts)
	now.become(&c.hop)
}

func (h *nextHop) become(f *nextHop) {
	change(&h.sequence, func() {
		h.version, h.address, h.vlan = f.version, f.address, f.vlan
		h.ifindex, h.mtu, h.macs = f.ifindex, f.mtu, f.macs
	})
}

// writeRoutes writes a table of routes.
func (l *loaded) writeRoutes(i uint32, facts routeTable) {
	now := &l.routes[i]
	if facts.sequence = now.sequence &^ 1; facts == *now {
		return
	}
	c := &l.changing[0]
	tell(&c.routesAt, i, &c.routes, facts)
	now.become(&c.routes)
}

func (r *routeTable) become(f *routeTable) {
	change(&r.sequence, func() {
		r.count, r.octet, r.list, r.count6, r.list6 = f.count, f.octet, f.list, f.count6, f.list6
	})
}

// endChanges ends what a process that died was writing, also in slots that are laid out otherwise.
func (l *loaded) endChanges(slots int, block func(uint32) block) {
	if len(l.changing) == 0 { // of a release that had none
		return
	}
	c := &l.changing[0]
	if at := c.upAt - 1; c.upAt > 0 && int(at) < slots && block(at).up.sequence&1 != 0 {
		block(at).up.become(&c.up)
	}
	if at := c.downAt - 1; c.downAt > 0 && int(at) < slots && block(at).down.sequence&1 != 0 {
		block(at).down.become(&c.down)
	}
	if i := int(c.hopAt) - 1; i >= 0 && i < len(l.hops) && l.hops[i].sequence&1 != 0 {
		l.hops[i].become(&c.hop)
	}
	if i := int(c.routesAt) - 1; i >= 0 && i < len(l.routes) && l.routes[i].sequence&1 != 0 {
		l.routes[i].become(&c.routes)
	}
}
