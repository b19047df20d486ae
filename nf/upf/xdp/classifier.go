package xdp

import (
	"encoding/binary"
	"fmt"
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
	i, ok := c.byValue[value(x)]
	if !ok {
		if len(c.free) == 0 {
			return 0
		}
		i = c.free[len(c.free)-1]
		c.free = c.free[:len(c.free)-1]
		c.entries[i] = *x
		c.byValue[value(x)] = i
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

func value(x *classifier) string {
	return string(unsafe.Slice((*byte)(unsafe.Pointer(x)), unsafe.Sizeof(*x)))
}

// classify makes a classifier of rules by precedence, which are all of one direction and one tunnel or address.
func classify(s *upf.Session, rules []*upf.Rule) (*classifier, error) {
	c := &classifier{rules: uint8(len(rules))}
	all := false
	for i, r := range rules {
		c.qfis |= r.QFIs
		all = all || r.QFIs == 0
		filters := r.Filters
		if len(filters) == 0 {
			filters = []upf.Filter{{}}
		}
		for _, f := range filters {
			if err := c.add(uint8(i), s, r, &f); err != nil {
				return nil, err
			}
		}
	}
	if all {
		c.qfis = 0
	}
	return c, nil
}

// add appends a filter, once for each pair of port ranges.
func (c *classifier) add(rule uint8, s *upf.Session, r *upf.Rule, f *upf.Filter) error {
	x := filter{rule: rule, protocol: f.Protocol, tos: f.TrafficClass & f.TrafficMask, tosMask: f.TrafficMask, qfis: r.QFIs}
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
			c.filters[c.count] = x
			c.count++
		}
	}
	return nil
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
