package amf

import (
	"maps"
	"slices"
	"sync"

	"github.com/limpid-5g/limpid/wire/ngap"
)

// connectionTable finds an N2 connection of any gNB by its AMF UE NGAP ID, TS 38.413 §9.3.3.1: a gNB that takes a UE
// over names it by the identity that another gNB was given.
type connectionTable struct {
	parts [shards]struct {
		sync.Mutex
		m map[ngap.AMFUENGAPID]*connection
	}
}

func (t *connectionTable) get(id ngap.AMFUENGAPID) *connection {
	p := &t.parts[uint64(id)%shards]
	p.Lock()
	defer p.Unlock()
	return p.m[id]
}

func (t *connectionTable) put(c *connection) {
	p := &t.parts[uint64(c.amfID)%shards]
	p.Lock()
	defer p.Unlock()
	if p.m == nil {
		p.m = make(map[ngap.AMFUENGAPID]*connection)
	}
	p.m[c.amfID] = c
}

// drop removes c; another connection that has taken the identity over stays.
func (t *connectionTable) drop(c *connection) {
	p := &t.parts[uint64(c.amfID)%shards]
	p.Lock()
	defer p.Unlock()
	if p.m[c.amfID] == c {
		delete(p.m, c.amfID)
	}
}

// stray counts the connections in the table that their gNBs do not hold.
func (t *connectionTable) stray() int {
	n := 0
	for i := range t.parts {
		p := &t.parts[i]
		p.Lock()
		list := slices.Collect(maps.Values(p.m))
		p.Unlock()
		for _, c := range list {
			if c.gnb.connection(c.amfID) != c && t.get(c.amfID) == c {
				n++
			}
		}
	}
	return n
}
