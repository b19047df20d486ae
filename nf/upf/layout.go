package upf

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
)

// slotBits is how many low bits of a TEID are its slot; the rest is a generation, so that a late packet of an ended
// session meets no other session's tunnel.
const (
	slotBits       = 20
	maxSlots       = 1 << slotBits
	generationMask = 1<<(32-slotBits) - 1
)

// Slot is the slot of a TEID.
func Slot(teid uint32) uint32 { return teid & (maxSlots - 1) }

// Layout gives each UE address of a pool a slot of its own, and other tunnels slots above them: the slot of a session is
// the offset of its address, so a lookup by TEID or by address is an index into an array.
type Layout struct {
	pools      []poolRange
	poolSlots  uint32
	free       []uint32 // slots above the pools
	used       []bool
	taken6     map[netip.Prefix]bool // IPv6 prefixes of sessions
	generation []uint16
}

type poolRange struct {
	prefix  netip.Prefix
	first   uint32 // the pool's first address
	size    uint32
	slot    uint32 // of the first address
	cursor  uint32 // where the search for a free address goes on
	network string
}

// NewLayout lays the IPv4 pools of the networks out, and extra slots. Pools may not overlap.
func NewLayout(networks []Network, extra int) (*Layout, error) {
	l := &Layout{}
	for _, n := range networks {
		for _, p := range n.Pools {
			if err := l.addPool(n, p); err != nil {
				return nil, err
			}
		}
	}
	total := int(l.poolSlots) + extra
	if total > maxSlots {
		return nil, fmt.Errorf("upf: pools and extra slots need %d slots, at most %d fit", total, maxSlots)
	}
	l.used, l.generation = make([]bool, total), make([]uint16, total)
	for s := total - 1; s >= int(l.poolSlots); s-- {
		l.free = append(l.free, uint32(s))
	}
	return l, nil
}

func (l *Layout) addPool(n Network, p netip.Prefix) error {
	if !p.IsValid() || p.Masked() != p {
		return fmt.Errorf("upf: data network %q: pool %s is not a network prefix", n.DNN, p)
	}
	for _, q := range l.pools {
		if q.prefix.Overlaps(p) {
			return fmt.Errorf("upf: pool %s of %q overlaps pool %s of %q", p, n.DNN, q.prefix, q.network)
		}
	}
	r := poolRange{prefix: p, slot: l.poolSlots, network: n.DNN}
	if p.Addr().Is4() {
		if p.Bits() < 32-slotBits {
			return fmt.Errorf("upf: pool %s of %q holds more than %d addresses", p, n.DNN, maxSlots)
		}
		a := p.Addr().As4()
		r.first, r.size = binary.BigEndian.Uint32(a[:]), 1<<(32-p.Bits())
		l.poolSlots += r.size
	}
	l.pools = append(l.pools, r)
	return nil
}

// Slots is the number of slots.
func (l *Layout) Slots() int { return len(l.used) }

// SlotOf4 is the slot of an IPv4 address in a pool, given as a number.
func (l *Layout) SlotOf4(a uint32) (uint32, bool) {
	for i := range l.pools {
		if d := a - l.pools[i].first; d < l.pools[i].size {
			return l.pools[i].slot + d, true
		}
	}
	return 0, false
}

// claim takes the slot of the address if it is in a pool, and else any. It fails if the slot is taken or none is left.
func (l *Layout) claim(ue netip.Addr) (uint32, error) {
	if s, ok := l.slotOf(ue); ok {
		if l.used[s] {
			return 0, fmt.Errorf("address %s has a session already", ue)
		}
		l.used[s] = true
		return s, nil
	}
	return l.claimAny()
}

// slotOf is the slot of an address, if it is in a pool.
func (l *Layout) slotOf(ue netip.Addr) (uint32, bool) {
	if !ue.Is4() {
		return 0, false
	}
	a := ue.As4()
	return l.SlotOf4(binary.BigEndian.Uint32(a[:]))
}

// taken counts the slots that are in use.
func (l *Layout) taken() int {
	n := 0
	for _, used := range l.used {
		if used {
			n++
		}
	}
	return n
}

func (l *Layout) claimAny() (uint32, error) {
	if len(l.free) == 0 {
		return 0, fmt.Errorf("all of %d slots outside the pools are taken", len(l.used)-int(l.poolSlots))
	}
	s := l.free[len(l.free)-1]
	l.free = l.free[:len(l.free)-1]
	l.used[s] = true
	return s, nil
}

func (l *Layout) release(slot uint32) {
	if !l.used[slot] {
		return
	}
	l.used[slot] = false
	if slot >= l.poolSlots {
		l.free = append(l.free, slot)
	}
}

// teid makes a TEID for the slot that differs from the last ones.
func (l *Layout) teid(slot uint32) uint32 {
	g := l.generation[slot]%generationMask + 1 // 1 to generationMask: a TEID is never 0
	l.generation[slot] = g
	return uint32(g)<<slotBits | slot
}

// restore takes a TEID of an earlier life: its slot is the session's own or free.
func (l *Layout) restore(teid, own uint32) bool {
	slot, generation := Slot(teid), uint16(teid>>slotBits)
	if int(slot) >= len(l.used) || generation == 0 {
		return false
	}
	if slot != own {
		i := slices.Index(l.free, slot)
		if i < 0 {
			return false
		}
		l.free = slices.Delete(l.free, i, i+1)
		l.used[slot] = true
	}
	l.generation[slot] = generation
	return true
}

// places are the sessions by their slots.
type places struct {
	sessions []*session
	taken    int
}

func newPlaces(slots int) places { return places{sessions: make([]*session, slots)} }

// at is the session in a slot; nil: none, or there is no such slot.
func (p *places) at(slot uint32) *session {
	if int(slot) >= len(p.sessions) {
		return nil
	}
	return p.sessions[slot]
}

// put puts a session into a slot; nil is none.
func (p *places) put(slot uint32, s *session) {
	if p.sessions[slot] != nil {
		p.taken--
	}
	if s != nil {
		p.taken++
	}
	p.sessions[slot] = s
}
