package xdp

import "testing"

// TestKilledWhileWriting: a process dies in the middle of writing facts. Programs go on by what it was writing, and the next process
// ends it.
func TestKilledWhileWriting(t *testing.T) {
	for name, rules := range map[string]func(*Path){
		"tunnel": func(p *Path) {
			u, c := &p.loaded.uplinks[1], &p.loaded.changing[0]
			tell(&c.upAt, 1, &c.up, *u)
			u.sequence, u.ue, u.verdict, u.table = u.sequence+1, 0, verdictDrop, 7
		},
		"address": func(p *Path) {
			d, c := &p.loaded.downlinks[1], &p.loaded.changing[0]
			tell(&c.downAt, 1, &c.down, *d)
			d.sequence, d.ue, d.nextHop, d.peer = d.sequence+1, 0, 0, 0
		},
		"next hops": func(p *Path) {
			i := p.loaded.downlinks[1].nextHop
			h, c := &p.loaded.hops[i], &p.loaded.changing[0]
			tell(&c.hopAt, i, &c.hop, *h)
			h.sequence, h.ifindex, h.macs = h.sequence+1, 0, [2]uint64{}
		},
		"routes": func(p *Path) {
			r, c := &p.loaded.routes[0], &p.loaded.changing[0]
			tell(&c.routesAt, 0, &c.routes, *r)
			*r = routeTable{sequence: r.sequence + 1}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := plainPath(t, 3)
			p.wants(t, 1, xdpRedirect)
			b, h, r := p.loaded.block(1).lines(), p.loaded.hops[p.loaded.downlinks[1].nextHop], p.loaded.routes[0]
			rules(p)
			p.wants(t, 1, xdpRedirect)
			p = p.successor(t)
			p.wants(t, 1, xdpRedirect)
			now := p.loaded.block(1)
			if !now.up.same(&b.up) || !now.down.same(&b.down) || (now.up.sequence|now.down.sequence)&1 != 0 {
				t.Errorf("session %+v, was %+v", now.lines(), b)
			}
			hop, routes := p.loaded.hops[b.down.nextHop], p.loaded.routes[0]
			if hop.sequence&1 != 0 || routes.sequence&1 != 0 {
				t.Error("what was being written was not ended")
			}
			if hop.sequence, routes.sequence = h.sequence, r.sequence; hop != h || routes != r {
				t.Errorf("hop %+v, was %+v", hop, h)
			}
		})
	}
}
