package smf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"net/netip"
	"slices"
	"sync"
)

// Sizes of a pool: a /8 needs 2 MB of bitmap, a /30 has two hosts. Of IPv6 each session gets a /64, so a /40 needs as much.
const (
	minPoolBits  = 8
	maxPoolBits  = 30
	minPool6Bits = 40
	maxPool6Bits = 63
)

var (
	errPoolEmpty    = errors.New("no UE address is left")
	errAddressTaken = errors.New("address belongs to another session")
)

// ipPool allots the UE addresses of one data network, or its /64 prefixes by their first addresses, TS 23.501 §5.8.2.2.
// Allotting and freeing take the same time however full it is, and what was freed is the last to be used again.
type ipPool struct {
	mu      sync.Mutex
	ranges  []*ipRange
	outside map[netip.Addr]struct{} // static addresses in no range
	never   uint32                  // kept back from the start
}

// ipRange is one prefix. Offsets count from its network address.
type ipRange struct {
	prefix netip.Prefix
	size   uint32   // addresses, network and broadcast included, or /64s
	start  uint32   // the offset that was allotted first
	next   uint32   // the next offset never allotted: from start on to the end, and then those before it
	round  bool     // next is before start
	used   []uint64 // bit set: allotted or never to be allotted
	count  uint32   // bits set
	freed  []uint32 // queue of offsets given back: those from freed[head] on
	head   int
}

// newIPPool makes a pool of prefixes of one version. Of IPv4 the network and broadcast address of each prefix and the
// gateway are left out, of IPv6 the first /64, which is the link of the UPF.
func newIPPool(prefixes []netip.Prefix, gateway netip.Addr) *ipPool {
	p := &ipPool{outside: make(map[netip.Addr]struct{})}
	for _, prefix := range prefixes {
		bits := 32
		if prefix.Addr().Is6() {
			bits = prefixBits
		}
		size := uint32(1) << (bits - prefix.Bits())
		r := &ipRange{prefix: prefix, size: size, start: 1, next: 1, used: make([]uint64, (size+63)/64)}
		r.set(0)
		if bits == 32 {
			r.set(size - 1)
		}
		p.ranges = append(p.ranges, r)
	}
	if !gateway.IsValid() && len(p.ranges) > 0 && p.ranges[0].prefix.Addr().Is4() {
		gateway = p.ranges[0].addr(1)
	}
	if r, offset, ok := p.find(gateway); ok && !r.has(offset) {
		r.set(offset)
	}
	p.never, _ = p.usage()
	return p
}

// allotted is how many sessions have of it, static addresses in no range left out.
func (p *ipPool) allotted() uint32 {
	used, _ := p.usage()
	return used - p.never
}

func (r *ipRange) has(o uint32) bool { return r.used[o/64]>>(o%64)&1 != 0 }
func (r *ipRange) set(o uint32)      { r.used[o/64] |= 1 << (o % 64); r.count++ }
func (r *ipRange) clear(o uint32)    { r.used[o/64] &^= 1 << (o % 64); r.count-- }

func (r *ipRange) addr(o uint32) netip.Addr {
	if r.prefix.Addr().Is6() {
		return add64(r.prefix.Addr(), uint64(o))
	}
	b := r.prefix.Addr().As4()
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, binary.BigEndian.Uint32(b[:])+o)))
}

// offset is where an address inside lies.
func (r *ipRange) offset(a netip.Addr) uint32 {
	x, y := a.As16(), r.prefix.Addr().As16()
	if a.Is4() {
		return binary.BigEndian.Uint32(x[12:]) - binary.BigEndian.Uint32(y[12:])
	}
	return uint32(binary.BigEndian.Uint64(x[:8]) - binary.BigEndian.Uint64(y[:8]))
}

// find tells where an address lies.
func (p *ipPool) find(a netip.Addr) (*ipRange, uint32, bool) {
	for _, r := range p.ranges {
		if r.prefix.Contains(a) {
			return r, r.offset(a), true
		}
	}
	return nil, 0, false
}

// give takes the address that is fixed, if it is one, else any. Errors: errPoolEmpty, errAddressTaken.
func (p *ipPool) give(fixed netip.Addr) (netip.Addr, error) {
	if fixed.IsValid() {
		return fixed, p.allotStatic(fixed)
	}
	return p.allot()
}

// giveBeside is give for a prefix beside an address that the session has of another pool: one that is not fixed has the same offset in
// the range of the same number, if that is free. Who knows the one then knows the other, and so does the UPF, which finds a
// session's line by the address before it has looked up the prefix.
func (p *ipPool) giveBeside(fixed netip.Addr, other *ipPool, a netip.Addr) (netip.Addr, error) {
	if !fixed.IsValid() && a.IsValid() {
		if r, o, ok := other.find(a); ok {
			if beside, ok := p.takeAt(slices.Index(other.ranges, r), o); ok {
				return beside, nil
			}
		}
	}
	return p.give(fixed)
}

// takeAt takes what is at an offset of a range, if it is there and free.
func (p *ipPool) takeAt(number int, offset uint32) (netip.Addr, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if number >= len(p.ranges) {
		return netip.Addr{}, false
	}
	r := p.ranges[number]
	if offset >= r.size || r.has(offset) {
		return netip.Addr{}, false
	}
	r.set(offset)
	return r.addr(offset), true
}

// allot gives an address. Error: errPoolEmpty.
func (p *ipPool) allot() (netip.Addr, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.ranges {
		if o, ok := r.take(); ok {
			return r.addr(o), nil
		}
	}
	return netip.Addr{}, errPoolEmpty
}

// take finds a free offset: first those never used, then the one that was freed longest ago. Each offset that it
// skips (a static address in between) is skipped once, so the cost is constant over many calls.
func (r *ipRange) take() (uint32, bool) {
	if r.count == r.size {
		return 0, false
	}
	for o, ok := r.pass(); ok; o, ok = r.pass() {
		if !r.has(o) {
			r.set(o)
			return o, true
		}
	}
	for r.head < len(r.freed) {
		o := r.freed[r.head]
		r.head++
		if !r.has(o) {
			r.set(o)
			return o, true
		}
	}
	return 0, false
}

// pass goes on to the next offset never allotted, while there is one.
func (r *ipRange) pass() (uint32, bool) {
	if !r.round && r.next == r.size {
		r.round, r.next = true, 1
	}
	if r.round && r.next >= r.start {
		return 0, false
	}
	r.next++
	return r.next - 1, true
}

// ahead tells whether pass comes to an offset yet.
func (r *ipRange) ahead(o uint32) bool {
	if r.round {
		return o >= r.next && o < r.start
	}
	return o >= r.next || o < r.start
}

// startAt has each range begin at another place, the same for the same name: nodes that share the addresses then meet
// only when they are nearly used up. Call it before anything is allotted.
func (p *ipPool) startAt(name string) {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // never fails
	for _, r := range p.ranges {
		r.start = 1 + h.Sum32()%(r.size-2)
		r.next = r.start
	}
}

// allotStatic takes the address that the subscription fixes, TS 23.501 §5.8.2.2.1. It may lie outside the prefixes,
// where the operator routes it. Error: errAddressTaken.
func (p *ipPool) allotStatic(a netip.Addr) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, o, inside := p.find(a)
	_, taken := p.outside[a]
	if taken || inside && r.has(o) {
		return fmt.Errorf("%s: %w", a, errAddressTaken)
	}
	if inside {
		r.set(o)
	} else {
		p.outside[a] = struct{}{}
	}
	return nil
}

// free gives an address back.
func (p *ipPool) free(a netip.Addr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, o, inside := p.find(a)
	if !inside {
		delete(p.outside, a)
		return
	}
	if !r.has(o) {
		return
	}
	r.clear(o)
	if r.ahead(o) {
		return // a static address not yet passed: take comes to it
	}
	if r.head > len(r.freed)/2 { // keep the queue from growing
		r.freed = append(r.freed[:0], r.freed[r.head:]...)
		r.head = 0
	}
	if uint32(len(r.freed)-r.head) >= r.size {
		r.recount() // a static address that comes and goes is queued each time
		return
	}
	r.freed = append(r.freed, o)
}

// recount fills the queue anew with each free offset once.
func (r *ipRange) recount() {
	r.freed, r.head = r.freed[:0], 0
	for o := uint32(1); o < r.size; o++ {
		if !r.has(o) && !r.ahead(o) {
			r.freed = append(r.freed, o)
		}
	}
}

// usage returns how many addresses are allotted or kept back, and how many there are.
func (p *ipPool) usage() (used, size uint32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.ranges {
		used, size = used+r.count, size+r.size
	}
	return used, size
}
