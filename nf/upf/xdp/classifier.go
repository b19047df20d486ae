package xdp

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"net/netip"
	"slices"
	"unsafe"

	"github.com/limpid-5g/limpid/nf/upf"
)

// classifiers are the lists of filters in use; sessions whose filters are the same share one. Index 0 is never given out.
type classifiers struct {
	entries []classifier
	users   []int
	byValue map[string]uint32
	free    []uint32
}

func newClassifiers(entries []classifier) *classifiers {
	return &classifiers{entries: entries, users: make([]int, len(entries)), byValue: map[string]uint32{}}
}

// adopt notes that a session that an earlier process left uses an entry.
func (c *classifiers) adopt(i uint32) bool {
	if int(i) >= len(c.entries) || i == 0 || c.entries[i].count > maxFilters {
		return false
	}
	if c.users[i]++; c.users[i] == 1 {
		c.byValue[value(&c.entries[i])] = i
	}
	return true
}

// settle finds the entries that nobody uses, once all are adopted.
func (c *classifiers) settle() {
	for i := len(c.entries) - 1; i > 0; i-- {
		if c.users[i] == 0 {
			c.free = append(c.free, uint32(i))
		}
	}
}

// take is the entry of a value, 0 if there is no room.
func (c *classifiers) take(x *classifier) uint32 {
	key := value(x)
	i, ok := c.byValue[key]
	if !ok {
		if len(c.free) == 0 {
			return 0
		}
		i = c.free[len(c.free)-1]
		c.free = c.free[:len(c.free)-1]
		x.generation = c.entries[i].generation + 1
		c.entries[i] = *x
		c.byValue[key] = i
	}
	c.users[i]++
	return i
}

// give gives an entry back that no program reads any more.
func (c *classifiers) give(i uint32) {
	if c.users[i]--; c.users[i] == 0 {
		delete(c.byValue, value(&c.entries[i]))
		c.free = append(c.free, i)
	}
}

// value is a classifier without its generation.
func value(x *classifier) string {
	y := *x
	y.generation = 0
	return string(unsafe.Slice((*byte)(unsafe.Pointer(&y)), unsafe.Sizeof(y)))
}

// classifierAt is the classifier that a line tells of.
func classifierAt(at uint64) uint32 { return uint32(at) % maxClassifiers }

// newClassifier has no filter yet: screens without one let nothing through.
func newClassifier(perOctet uint64) *classifier {
	c := &classifier{perOctet: perOctet}
	for i := range c.screen4 {
		c.screen4[i].value, c.screen6[i].value = 1, 1
	}
	return c
}

// classify makes the classifier of a side. A decision leads to the flow of its rule, if that has one.
func (x *side) classify(s *upf.Session) (*classifier, error) {
	c := newClassifier(x.policer.perOctet)
	for i := range x.ways {
		w := &x.ways[i]
		d := decision{verdict: w.verdict, table: w.table, qfi: w.qfi, tos: w.tos}
		if w.sessionRate {
			d.flags = flagSessionRate
		}
		if w.apart {
			c.flows++
			d.flow = c.flows
			if !w.lends && w.quota == 0 && (w.nextHop == 0 || w.sessionTunnel) {
				d.flags |= flagShort
			}
		}
		filters := w.rule.Filters
		if len(filters) == 0 {
			filters = []upf.Filter{{}}
		}
		for _, f := range filters {
			if err := c.add(d, s, w.rule, &f); err != nil {
				return nil, err
			}
		}
	}
	return c, nil
}

// add appends a filter, once for each pair of port ranges.
func (c *classifier) add(d decision, s *upf.Session, r *upf.Rule, f *upf.Filter) error {
	x := filter{protocol: f.Protocol, tos: f.TrafficClass & f.TrafficMask, tosMask: f.TrafficMask, qfis: r.QFIs}
	local := f.Local
	if local.IsSingleIP() && (local.Addr() == ue4(s, r)) { // checked for every packet of the session anyway
		local = netip.Prefix{}
		x.version = 4
	}
	for _, p := range []netip.Prefix{f.Remote, local} {
		if !p.IsValid() {
			continue
		}
		v := uint8(4)
		if p.Addr().Is6() {
			v = 6
		}
		if x.version != 0 && x.version != v {
			return nil // matches nothing
		}
		x.version = v
	}
	x.remote, x.remoteMask = words(f.Remote)
	x.local, x.localMask = words(local)
	remote, localPorts := f.RemotePorts, f.LocalPorts
	if len(remote)+len(localPorts) > 0 {
		x.ports, c.ports = 1, 1
	}
	any := []upf.PortRange{{First: 0, Last: 65535}}
	if len(remote) == 0 {
		remote = any
	}
	if len(localPorts) == 0 {
		localPorts = any
	}
	for _, a := range remote {
		for _, b := range localPorts {
			if c.count == maxFilters {
				return fmt.Errorf("more than %d filters", maxFilters)
			}
			x.remoteFirst, x.remoteLast, x.localFirst, x.localLast = a.First, a.Last, b.First, b.Last
			c.append(d, x)
		}
	}
	return nil
}

// append adds a filter and what it decides, with screens that let through what it may match.
func (c *classifier) append(d decision, f filter) {
	d.remoteFirst, d.remoteLast, d.localFirst, d.localLast = f.remoteFirst, f.remoteLast, f.localFirst, f.localLast
	if f.ports != 0 {
		d.flags |= flagPorts
	}
	var exact4, exact6 bool
	c.screen4[c.count], exact4 = f.screen(4)
	c.screen6[c.count], exact6 = f.screen(6)
	if exact4 {
		d.flags |= flagExact4
	}
	if exact6 {
		d.flags |= flagExact6
	}
	c.filters[c.count], c.decisions[c.count] = f, d
	c.count++
}

// screen is the screen of a filter for packets of a version, and whether it and the ports are all that the filter asks:
// screen_key() in bpf/classify.h says what is where in the word.
func (f *filter) screen(version uint8) (s screen, exact bool) {
	if f.version != 0 && f.version != version {
		return screen{value: 1}, true // matches nothing
	}
	exact = f.tosMask == 0 && f.localMask == [2]uint64{} && f.remoteMask[1] == 0 && f.remoteMask[0]>>32 == 0
	s.mask = uint64(uint32(f.remoteMask[0]))
	s.value = uint64(uint32(f.remote[0]))
	if f.ports != 0 { // the bits that all ports of the range have in common
		common := uint64(0xffff) &^ (1<<bits.Len16(f.remoteFirst^f.remoteLast) - 1)
		s.mask |= common << 32
		s.value |= uint64(f.remoteFirst) & common << 32
	}
	if f.protocol != 0 {
		s.mask |= 0xff << 48
		s.value |= uint64(f.protocol) << 48
	}
	switch bits.OnesCount64(f.qfis) {
	case 0:
	case 1:
		s.mask |= 0xff << 56
		s.value |= uint64(bits.TrailingZeros64(f.qfis)) << 56
	default:
		exact = false
	}
	return s, exact
}

// words are a prefix and its mask as two words in network order; an address of IPv4 is in the low half of the first.
func words(p netip.Prefix) (address, mask [2]uint64) {
	if !p.IsValid() {
		return address, mask
	}
	var m [16]byte
	for i := range p.Bits() {
		m[i/8] |= 0x80 >> (i % 8)
	}
	return addressWords(p.Masked().Addr()), [2]uint64{binary.NativeEndian.Uint64(m[:]), binary.NativeEndian.Uint64(m[8:])}
}

func addressWords(a netip.Addr) (w [2]uint64) {
	var b [16]byte
	copy(b[:], a.AsSlice())
	return [2]uint64{binary.NativeEndian.Uint64(b[:]), binary.NativeEndian.Uint64(b[8:])}
}

// plainFilters tells whether a classifier holds nothing but a rule for everything.
func plainFilters(rules []*upf.Rule) bool {
	return len(rules) == 1 && !slices.ContainsFunc(rules, func(r *upf.Rule) bool { return len(r.Filters) > 0 })
}
