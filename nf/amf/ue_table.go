package amf

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"sync"

	"github.com/limpid-5g/limpid/ident"
)

const shards = 64

// index is a map with a lock for each of its parts, so that UEs do not wait for each other.
type index[K comparable] struct {
	hash  func(K) uint32
	parts [shards]struct {
		sync.RWMutex
		m map[K]*ue
	}
}

func (x *index[K]) init(hash func(K) uint32) {
	x.hash = hash
	for i := range x.parts {
		x.parts[i].m = make(map[K]*ue)
	}
}

// expect makes room for so many in all, while there are none.
func (x *index[K]) expect(many int) {
	for i := range x.parts {
		x.parts[i].m = make(map[K]*ue, many/shards)
	}
}

func (x *index[K]) get(k K) *ue {
	p := &x.parts[x.hash(k)%shards]
	p.RLock()
	defer p.RUnlock()
	return p.m[k]
}

// put enters u and returns what stood there.
func (x *index[K]) put(k K, u *ue) *ue {
	p := &x.parts[x.hash(k)%shards]
	p.Lock()
	defer p.Unlock()
	old := p.m[k]
	p.m[k] = u
	return old
}

// claim enters u if the place is free.
func (x *index[K]) claim(k K, u *ue) bool {
	p := &x.parts[x.hash(k)%shards]
	p.Lock()
	defer p.Unlock()
	if _, taken := p.m[k]; taken {
		return false
	}
	p.m[k] = u
	return true
}

// drop removes u; another UE that has taken the place stays.
func (x *index[K]) drop(k K, u *ue) {
	p := &x.parts[x.hash(k)%shards]
	p.Lock()
	defer p.Unlock()
	if p.m[k] == u {
		delete(p.m, k)
	}
}

func (x *index[K]) each(f func(K, *ue)) {
	for i := range x.parts {
		x.eachOf(i, f)
	}
}

// eachOf is each for one of the parts.
func (x *index[K]) eachOf(i int, f func(K, *ue)) {
	p := &x.parts[i]
	p.RLock()
	defer p.RUnlock()
	for k, u := range p.m {
		f(k, u)
	}
}

// ueTable finds a UE by each name it goes by.
type ueTable struct {
	byTMSI    index[uint32]      // 5G-TMSI, of a registered UE; two while a new one is not yet confirmed
	byForeign index[ident.STMSI] // that which another AMF allotted, until the UE confirms one of this
	bySUPI    index[ident.SUPI]  // of an authenticated UE
	turns     turns
}

// turns let the contexts of a subscriber register and deregister it at other functions one after the other: one that goes must not
// end what one that comes has just begun. Some subscribers share a turn.
type turns [shards]chan struct{}

func (t *turns) init() {
	for i := range t {
		t[i] = make(chan struct{}, 1)
	}
}

// take waits for a subscriber's turn; done ends it. Error: that of ctx.
func (t *turns) take(ctx context.Context, supi ident.SUPI) (done func(), err error) {
	turn := t[hashSUPI(supi)%shards]
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (t *ueTable) init() {
	t.byTMSI.init(func(k uint32) uint32 { return k })
	t.bySUPI.init(hashSUPI)
	t.byForeign.init(func(k ident.STMSI) uint32 { return k.TMSI })
	t.turns.init()
}

func hashSUPI(k ident.SUPI) uint32 {
	h := uint32(2166136261) // FNV-1a
	for i := range len(k) {
		h = (h ^ uint32(k[i])) * 16777619
	}
	return h
}

// allotTMSI gives u a 5G-TMSI that nobody has and nobody can guess, TS 33.501 §6.12.3; never 0, which here is none, nor
// all ones.
func (t *ueTable) allotTMSI(u *ue) uint32 {
	for {
		var b [4]byte
		_, _ = rand.Read(b[:]) // never fails, crypto/rand
		if tmsi := binary.BigEndian.Uint32(b[:]); tmsi != 0 && tmsi != 0xffffffff && t.byTMSI.claim(tmsi, u) {
			return tmsi
		}
	}
}
