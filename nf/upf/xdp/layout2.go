package xdp

import "structs"

// Layout 2, of which maps are taken over: where a direction has several rules, they stand in the place of its QFIs or its
// tunnel, the rate in the line itself, and each rule has a flow.

// classifierV2 is a list of filters of layout 2.
type classifierV2 struct {
	_            structs.HostLayout
	count        uint32
	ports, rules uint8
	_            [2]uint8
	qfis         uint64
	filters      [maxFilters]filterV2
}

// filterV2 is a filter of layout 2: its first octet is the rule, then come the fields of today.
type filterV2 struct {
	_                       structs.HostLayout
	rule, protocol          uint8
	tos, tosMask            uint8
	version, ports          uint8
	_                       [2]uint8
	qfis                    uint64
	remote, remoteMask      [2]uint64
	local, localMask        [2]uint64
	remoteFirst, remoteLast uint16
	localFirst, localLast   uint16
}

// listV2 is what a classifier of today is made of.
type listV2 struct {
	index    uint32
	perOctet uint64
}

// ofLayout2 puts the fields of a line of layout 2 in today's places; the rate goes on in the classifier.
func (u *uplink) ofLayout2() {
	if u.verdict == verdictRules {
		u.qfis, u.perOctet = 0, u.qfis
	}
}

func (d *downlink) ofLayout2() {
	if d.verdict == verdictRules {
		d.peer, d.perOctet = 0, d.peer
	}
}

// listsOf gives the directions of a session that have several rules the classifiers of today; one that finds no room is
// served in user space.
func (m *migration) listsOf(p *Path, slot uint32, b linesV7) linesV7 {
	old := m.block(slot)
	if b.up.verdict == verdictRules {
		b.up.qfis = m.v2lists[uint32(b.up.perOctet)].qfis
		b.up.perOctet = m.listOf(p, b.up.perOctet, old.up.perOctet)
		if b.up.perOctet == 0 {
			b.up.verdict = verdictSlow
		}
	}
	if b.down.verdict == verdictRules {
		b.down.perOctet = m.listOf(p, b.down.perOctet, old.down.perOctet)
		if b.down.perOctet == 0 {
			b.down.verdict = verdictSlow
		}
	}
	return b
}

// listOf is where the rules of a direction are now, 0 if there is no room.
func (m *migration) listOf(p *Path, at, perOctet uint64) uint64 {
	key := listV2{uint32(at), perOctet}
	made, ok := m.v2made[key]
	if !ok {
		made = uint32(len(m.v2made) + 1)
		if int(made) >= len(p.loaded.classifiers) {
			return 0
		}
		p.loaded.classifiers[made] = m.v2lists[key.index].today(perOctet)
		m.v2made[key] = made
	}
	return uint64(made) | at>>32<<32
}

// today is the classifier of today that does the same.
func (c *classifierV2) today(perOctet uint64) classifier {
	out := newClassifier(perOctet)
	out.ports, out.flows = c.ports, c.rules
	for _, f := range c.filters[:min(c.count, maxFilters)] {
		out.append(decision{verdict: verdictForward, flow: f.rule + 1, flags: flagSessionRate},
			filter{protocol: f.protocol, tos: f.tos, tosMask: f.tosMask, version: f.version, ports: f.ports, qfis: f.qfis,
				remote: f.remote, remoteMask: f.remoteMask, local: f.local, localMask: f.localMask,
				remoteFirst: f.remoteFirst, remoteLast: f.remoteLast, localFirst: f.localFirst, localLast: f.localLast})
	}
	return *out
}
