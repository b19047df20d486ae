package amf

import (
	"slices"

	"github.com/limpid-5g/limpid/wire/ngap"
)

// link adds an association to a gNB's.
func (g *gnb) link(l *tnla) {
	l.gnb.Store(g)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.counted++
	l.number = g.counted
	g.links = append(g.links, l)
}

// unlink takes an association away: it tells how many are left and whether it was one of them.
func (g *gnb) unlink(l *tnla) (left int, mine bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	before := len(g.links)
	g.links = slices.DeleteFunc(g.links, func(o *tnla) bool { return o == l })
	return len(g.links), len(g.links) < before
}

// associations are those that stand.
func (g *gnb) associations() []*tnla {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.links)
}

func (g *gnb) numberOf(l *tnla) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return l.number
}

// end takes a gNB away whose last association has ended, once.
func (g *gnb) end(why string) {
	g.mu.Lock()
	if g.isOver() {
		g.mu.Unlock()
		return
	}
	close(g.gone)
	g.mu.Unlock()
	g.amf.removeGNB(g)
	g.dropConnections(why)
}

// isOver tells whether the last association has ended. The lock is held.
func (g *gnb) isOver() bool {
	select {
	case <-g.gone:
		return true
	default:
		return false
	}
}

// choose returns the association for a message and the stream on it: that of the UE's binding, which a UE whose
// association is gone gets anew, or, without UE, one that is for such messages. It is nil if there is none.
func (g *gnb) choose(c *connection) (*tnla, uint16) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c == nil {
		return g.forInterface(), 0
	}
	if !slices.Contains(g.links, c.link) {
		c.bind(g.forUE(c.amfID))
	}
	return c.link, c.stream
}

// forInterface is the association for messages that concern no UE. The lock is held.
func (g *gnb) forInterface() *tnla {
	if i := slices.IndexFunc(g.links, func(l *tnla) bool { return l.usage != ngap.TNLAssociationUsageUE }); i >= 0 {
		return g.links[i]
	}
	return first(g.links)
}

// forUE chooses among the associations for UEs by their weights, TS 23.501 §5.21.1.2. The lock is held.
func (g *gnb) forUE(id ngap.AMFUENGAPID) *tnla {
	total := 0
	weight := func(l *tnla) int {
		if l.usage == ngap.TNLAssociationUsageNonUE {
			return 0
		}
		return int(l.weight)
	}
	for _, l := range g.links {
		total += weight(l)
	}
	if total == 0 {
		return first(g.links)
	}
	at := int(uint64(id) % uint64(total))
	for _, l := range g.links {
		if at -= weight(l); at < 0 {
			return l
		}
	}
	return nil
}

func first(links []*tnla) *tnla {
	if len(links) == 0 {
		return nil
	}
	return links[0]
}

// bind is the NGAP UE-TNLA-binding: what the AMF says about the UE goes over l from now on, TS 23.502 §4.2.7.2. The stream
// stays while the association does, TS 38.412 §7. The gNB's lock is held, or the connection not open yet.
func (c *connection) bind(l *tnla) {
	if c.link == l {
		return
	}
	c.link, c.stream = l, 0
	if l == nil {
		return
	}
	if n := l.assoc.OutboundStreams(); n > 1 {
		c.stream = 1 + uint16(uint64(c.amfID)%uint64(n-1))
	}
}

// bound notes over which association a gNB speaks of a UE: the AMF answers there.
func (g *gnb) bound(c *connection, l *tnla) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if slices.Contains(g.links, l) {
		c.bind(l)
	}
}
