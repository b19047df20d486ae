package soft

import (
	"encoding/binary"
	"net/netip"
	"runtime"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// lane is all that a plain packet to a UE meets, in one line of the cache, in an array by the slot of its address: with
// many sessions each other place in memory costs more than all the work. A packet takes the lane while it is judged and
// counted, so that a change of the rules waits for it; one that finds it taken or shut goes the long way, as every packet
// may. The state is the session's own: its rules work on it too.
type lane struct {
	head     atomic.Uint64 // address << 32 | counts << 25 | taken << 24 | data network << 16 | mark << 8 | QFI << 2 | RQI << 1 | open
	tunnel   atomic.Uint64 // TEID << 32 | address
	perOctet atomic.Uint64 // of the policer; 0: none
	next     atomic.Int64  // state of the policer
	usage    upf.UsageCounter
}

const (
	laneOpen   = 1
	laneRQI    = 2
	laneTaken  = 1 << 24
	laneCounts = 1 << 25
	hugePage   = 2 << 20
)

// newLanes asks for large pages, which the kernel gives where they fit.
func newLanes(n int) []lane {
	lanes := make([]lane, n)
	size := uintptr(n) * unsafe.Sizeof(lane{})
	if size < 2*hugePage {
		return lanes
	}
	b := unsafe.Slice((*byte)(unsafe.Pointer(&lanes[0])), size)
	skip := hugePage - uintptr(unsafe.Pointer(&b[0]))%hugePage
	_ = unix.Madvise(b[skip:skip+(size-skip)/hugePage*hugePage], unix.MADV_HUGEPAGE) // it is only faster with
	return lanes
}

// laneOf is the lane of a session, nil if its address has none or another path keeps the state.
func (p *Path) laneOf(s *upf.Session) *lane {
	if p.memory != nil || !s.UE4.IsValid() {
		return nil
	}
	slot, ok := p.layout.SlotOf4(number(s.UE4))
	if !ok || slot != s.Slot {
		return nil
	}
	return &p.lanes[slot]
}

// shut lets no more packets in, once the one that took it is through.
func (a *lane) shut() {
	for {
		head := a.head.Load()
		if head&laneTaken == 0 && a.head.CompareAndSwap(head, 0) {
			return
		}
		runtime.Gosched()
	}
}

// shutLane shuts the lane of a session that has one.
func (p *Path) shutLane(r *rules) {
	if a := p.laneOf(r.Session); a != nil {
		a.shut()
	}
}

// laneMemory is where the state of a session's downlink rule is that its lane may serve: of its first URR, and of its one
// QER with a rate.
type laneMemory struct {
	lane *lane
	urr  pfcp.URRID
	qer  pfcp.QERID
	used *bool // the lane has a URR
}

// memoryOf is where the state of a session's rules is kept; nil: with the rules.
func (p *Path) memoryOf(l *live, s *upf.Session) upf.Memory {
	a := p.laneOf(s)
	if a == nil {
		return p.memory
	}
	if l.rules.Load() == nil { // it is new
		a.next.Store(0)
		l.counted = false
	}
	m := laneMemory{lane: a, used: &l.counted}
	if r, _ := onlyDownlink(s); r != nil {
		if len(r.URRs) > 0 {
			m.urr = r.URRs[0]
		}
		for _, q := range r.QERs {
			if q.MBR.Present() {
				m.qer = q.ID
				break
			}
		}
	}
	return m
}

// Counter is the lane's usage, for one URR in the life of a session. The lane is shut.
func (m laneMemory) Counter(_ uint32, id pfcp.URRID) *upf.UsageCounter {
	if m.urr == 0 || id != m.urr || *m.used {
		return nil
	}
	*m.used = true
	u := &m.lane.usage // which may have counted for a rule without a URR
	for _, n := range []*atomic.Uint64{&u.UplinkBytes, &u.DownlinkBytes, &u.UplinkPackets, &u.DownlinkPackets} {
		n.Store(0)
	}
	return u
}

// Remaining is the path's own.
func (m laneMemory) Remaining(uint32, pfcp.URRID) *atomic.Int64 { return nil }

// Meter is the lane's policer.
func (m laneMemory) Meter(_ uint32, id pfcp.QERID, uplink bool) *atomic.Int64 {
	if uplink || m.qer == 0 || id != m.qer {
		return nil
	}
	return &m.lane.next
}

// onlyDownlink is the rule for all packets to the session's address, nil if there are several, and its index.
func onlyDownlink(s *upf.Session) (*upf.Rule, int) {
	at := -1
	for i := range s.Rules {
		if r := &s.Rules[i]; r.Source != pfcp.InterfaceAccess && r.TEID == 0 {
			if at >= 0 {
				return nil, -1
			}
			at = i
		}
	}
	if at < 0 {
		return nil, -1
	}
	return &s.Rules[at], at
}

// openLane lets plain packets go the short way if the rules are plain and nothing waits. The lane is shut.
func (p *Path) openLane(l *live, r *rules) {
	a := p.laneOf(r.Session)
	if a == nil || l.waiting.Load() {
		return
	}
	rule, i := onlyDownlink(r.Session)
	if rule == nil || !plainRule(r.Session, rule) {
		return
	}
	network := -1
	for n := range p.cfg.Networks {
		if p.cfg.Networks[n].DNN == rule.Network {
			network = n
		}
	}
	w := &r.work[i]
	if network < 0 || network > 255 || !w.gate || len(w.policers) > 1 || len(w.counters) > 1 {
		return
	}
	a.perOctet.Store(0)
	for _, x := range w.policers {
		if x.next != &a.next || x.closed {
			return
		}
		a.perOctet.Store(x.perOctet)
	}
	facts := uint64(network)<<16 | uint64(rule.Mark&rule.MarkMask)<<8 | uint64(rule.QFI&0x3f)<<2 | laneOpen
	for _, c := range w.counters {
		facts |= laneCounts
		if c.UsageCounter != &a.usage || c.watch {
			return
		}
	}
	a.tunnel.Store(uint64(rule.PeerTEID)<<32 | uint64(number(rule.Peer)))
	if rule.RQI {
		facts |= laneRQI
	}
	a.head.Store(uint64(number(r.UE4))<<32 | facts)
}

// plainRule tells whether a rule asks for no more than a lane knows.
func plainRule(s *upf.Session, r *upf.Rule) bool {
	return !s.Ethernet() && !s.Unstructured() && len(s.Framed) == 0 && len(r.Framed) == 0 && (!r.UE4.IsValid() || r.UE4 == s.UE4) &&
		r.Action == pfcp.ApplyFORW && r.To == pfcp.InterfaceAccess && r.Peer.Is4() && r.PeerPort == 0 && r.QFI != 0 &&
		!r.PPI.Present() && !r.Translated && len(r.Filters) == 0
}

// short moves a plain packet, which begins at the headroom of b, the short way; false: it is to go the long one.
func (w *downlinkWorker) short(b []byte) bool {
	p, packet := w.path, b[gtpu.Headroom:]
	if len(packet) < 20 || packet[0]>>4 != 4 {
		return false
	}
	header, total := int(packet[0]&0xf)*4, int(binary.BigEndian.Uint16(packet[2:]))
	if header < 20 || total < header || total > len(packet) {
		return false
	}
	ue := binary.BigEndian.Uint32(packet[16:])
	slot, ok := p.layout.SlotOf4(ue)
	if !ok || int(slot) >= len(p.lanes) {
		return false
	}
	a := &p.lanes[slot]
	head := a.head.Load()
	if uint32(head>>32) != ue || head&(laneOpen|laneTaken) != laneOpen || uint8(head>>16) != w.network || !a.head.CompareAndSwap(head, head|laneTaken) {
		return false
	}
	tunnel, pass := a.tunnel.Load(), a.judge(total, head&laneCounts != 0, w.now)
	a.head.Store(head)
	if !pass {
		p.counters.drop(upf.DropRate)
		return true
	}
	var to [4]byte
	binary.BigEndian.PutUint32(to[:], uint32(tunnel))
	b = w.spare(w.tx[0], b[:gtpu.Headroom+total])
	gtpu.Encapsulate(b, gtpu.Headroom, uint32(tunnel>>32), gtpu.PDUSession{Type: gtpu.Downlink, QFI: uint8(head>>2) & 0x3f, RQI: head&laneRQI != 0})
	w.tx[0].add(b, netip.AddrFrom4(to), uint8(head>>8))
	w.out.Add(1)
	return true
}

// judge holds a packet to the rate, and counts it if it passes and there is a URR.
func (a *lane) judge(octets int, counts bool, now int64) bool {
	if rate := a.perOctet.Load(); rate != 0 {
		x := policer{next: &a.next, perOctet: rate}
		if !x.open(now) {
			return false
		}
		x.take(octets, now)
	}
	if counts {
		a.usage.DownlinkBytes.Add(uint64(octets))
		a.usage.DownlinkPackets.Add(1)
	}
	return true
}
