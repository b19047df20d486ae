package upf

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"time"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// A session whose UE is idle may not be heard of for hours, and nearly all sessions are such. It rests: its rules are kept
// as the octets of PFCP and unpacked when something happens to it.

// Resting is a Datapath that can do without the rules of a session at rest.
type Resting interface {
	// Rest lets the session in a slot go until the next Apply, if no packet waits for it, and returns what its URRs have
	// counted: they will count from 0. What arrives for it meanwhile is held until Waker.Wake has returned.
	Rest(slot uint32) (used map[pfcp.URRID]Usage, ok bool)
	// Pattern is how the session with these URRs lies that rests in a slot, with one tunnel and one UE address, both of the slot;
	// nil: no other may lie so.
	Pattern(slot uint32, urrs []pfcp.URRID) Pattern
}

// Pattern is what sessions at rest have in common that differ in slot, TEID and UE address alone.
type Pattern interface {
	// Lie lets a session that is new be at rest from its beginning, as if it had been applied and let go. Its tunnel and its address
	// are of the slot. False: it must be applied.
	Lie(slot, teid uint32, ue netip.Addr) bool
}

// Waker is an Events that a Resting data path asks for sessions.
type Waker interface {
	// Wake has the session in a slot applied before it returns, if there is one. It does not wait for a request.
	Wake(slot uint32)
}

// lock locks a session that is there, with its rules in force; false: it is gone, and not locked.
func (u *UPF) lock(s *session) bool {
	s.mu.Lock()
	if !u.wakened(s) {
		s.mu.Unlock()
		return false
	}
	return true
}

// wakened makes a session open and known to the data path; false: it is gone. s.mu is held.
func (u *UPF) wakened(s *session) bool {
	if s.gone {
		return false
	}
	if s.open != nil {
		return true
	}
	u.unpack(s)
	if s.rests {
		s.rests = false
		if err := u.path.Apply(s.installed); err != nil {
			u.log.Error("rules of a session at rest not installed", "seid", s.seid, "error", err)
		}
	}
	s.packed = likeness{}
	u.indexPeers(s, s.installed)
	u.watch(s)
	return true
}

// unlock unlocks a session, which may rest if its UE is idle.
func (u *UPF) unlock(s *session) {
	u.letRest(s)
	s.mu.Unlock()
}

// look runs f with a session open that is there, and changes nothing; f is told whether it rests.
func (u *UPF) look(s *session, f func(rests bool)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return
	}
	rests := s.open == nil
	if rests {
		u.unpack(s)
		defer func() { s.open = nil }()
	}
	f(rests)
}

// Wake is part of Waker. The data path may hold what a request of the session waits for, and so it waits for none: a
// request wakes the session itself.
func (u *UPF) Wake(slot uint32) {
	s := u.inSlot(slot)
	if s == nil || !s.mu.TryLock() {
		return
	}
	defer s.mu.Unlock()
	u.wakened(s)
}

// letRest packs a session of an idle UE; s.mu is held.
func (u *UPF) letRest(s *session) {
	if s.gone || s.open == nil || !s.idle() {
		return
	}
	if path, ok := u.path.(Resting); ok && s.plain() {
		used, ok := path.Rest(s.slot)
		if !ok {
			return
		}
		s.rests = true
		for id, x := range s.rules.urrs.all() {
			s.rules.urrs.set(id, x.rebased(used[id]))
		}
	}
	u.mu.Lock()
	u.watched.remove(s)
	u.dropPeers(s)
	u.mu.Unlock()
	s.packed = u.pack(s)
	s.open = nil
}

// idle tells whether no packet can pass from a data network and nothing waits for time to pass.
func (s *session) idle() bool {
	if s.installed == nil || s.restoring || s.reporting || len(s.unsent) > 0 || s.inactivity > 0 || s.rules.bars.len() > 0 || len(s.installed.URRs) > 0 {
		return false
	}
	buffers := false
	for i := range s.installed.Rules {
		r := &s.installed.Rules[i]
		if r.Peer.IsValid() && r.Action&pfcp.ApplyFORW != 0 || len(r.Ethernet) > 0 {
			return false
		}
		buffers = buffers || r.Action&pfcp.ApplyBUFF != 0
	}
	for _, x := range s.rules.urrs.all() {
		c := x.CreateURR
		c.MeasurementMethod &^= pfcp.MeasureDURAT // time that only a packet starts
		timed := urr{CreateURR: c, running: x.running}
		if timed.waits() || x.running && x.MeasurementMethod&pfcp.MeasureDURAT != 0 && x.InactivityDetectionTime.Present() || x.split != nil || !x.stations.empty() {
			return false
		}
	}
	return buffers
}

// plain tells whether its slot is all that finds the session.
func (s *session) plain() bool {
	n := s.installed
	return (n.Type == 0 || n.Type == pfcp.PDNTypeIPv4) && n.UE4.IsValid() && !n.UE6.IsValid() && len(n.Framed) == 0 &&
		len(n.Tunnels) == 1 && Slot(n.Tunnels[0]) == s.slot
}

// rebased is a URR whose counter begins at 0 after it has counted used.
func (x urr) rebased(used Usage) urr {
	x.since, x.granted, x.last = x.since.Sub(used), x.granted.Sub(used), x.last.Sub(used) // they wrap, and differences do not mind
	return x
}

// bench is what pack works with, again and again.
type bench struct {
	m    pfcp.SessionEstablishmentRequest
	b    []byte
	urrs []urr
}

// pack writes a session down: the request that would establish it, and what was measured and chosen since.
func (u *UPF) pack(s *session) likeness {
	x, ok := u.benches.Get().(*bench)
	if !ok {
		x = new(bench)
	}
	defer u.benches.Put(x)
	m := &x.m
	*m = pfcp.SessionEstablishmentRequest{NodeID: s.node, CPFSEID: s.cp,
		CreatePDR: m.CreatePDR[:0], CreateFAR: m.CreateFAR[:0], CreateQER: m.CreateQER[:0], CreateURR: m.CreateURR[:0]}
	if s.kind != 0 {
		m.PDNType = pfcp.Some(s.kind)
	}
	for _, p := range s.rules.pdrs.all() {
		m.CreatePDR = append(m.CreatePDR, p)
	}
	for _, f := range s.rules.fars.all() {
		m.CreateFAR = append(m.CreateFAR, f)
	}
	for _, q := range s.rules.qers.all() {
		m.CreateQER = append(m.CreateQER, q)
	}
	for _, x := range s.rules.urrs.all() {
		m.CreateURR = append(m.CreateURR, x.CreateURR)
	}
	w := packer(pfcp.Append(x.b[:0], pfcp.Header{}, m))
	for _, x := range s.rules.urrs.all() {
		w.urr(&x)
	}
	w.chosen(s.open, s.tunnels)
	x.b = w
	return u.shapes.keep(w)
}

// chosen writes what was chosen for a session.
func (w *packer) chosen(s *open, tunnels []tunnel) {
	w.number(uint64(len(tunnels)))
	for _, t := range tunnels {
		w.number(uint64(t.teid))
		w.optional(uint64(t.choose.Value()), t.choose.Present())
	}
	w.addr(s.chosen4)
	w.prefix(s.chosen6)
	w.prefix(s.prefix)
	w.addr(s.peer.Addr())
	w.number(uint64(s.peer.Port()))
}

// unpack opens a session at rest; s.mu is held.
func (u *UPF) unpack(s *session) {
	packed := s.packed.octets()
	_, message, err := pfcp.Decode(packed)
	m, ok := message.(*pfcp.SessionEstablishmentRequest)
	if !ok {
		panic(fmt.Sprintf("upf: a session at rest cannot be read: %v", err)) // it was written by pack
	}
	s.open = &open{node: m.NodeID, cp: m.CPFSEID, kind: m.PDNType.Value(), rules: newRuleSet()}
	r := unpacker(packed[4+int(packed[2])<<8+int(packed[3]):]) // the length of the message, TS 29.244 §7.2.2.1
	s.rules.expect(len(m.CreatePDR), len(m.CreateFAR), len(m.CreateQER), len(m.CreateURR))
	for _, p := range m.CreatePDR {
		s.rules.pdrs.set(p.PDRID, p)
	}
	for _, f := range m.CreateFAR {
		s.rules.fars.set(f.FARID, f)
	}
	for _, q := range m.CreateQER {
		s.rules.qers.set(q.QERID, q)
	}
	for _, c := range m.CreateURR {
		x := urr{CreateURR: c}
		r.urr(&x)
		s.rules.urrs.set(c.URRID, x)
	}
	for range r.number() {
		t := tunnel{teid: uint32(r.number())}
		if v, ok := r.optional(); ok {
			t.choose = pfcp.Some(uint8(v))
		}
		s.tunnels = append(s.tunnels, t)
	}
	s.chosen4, s.chosen6, s.prefix = r.addr(), r.prefix(), r.prefix()
	addr := r.addr()
	s.peer = netip.AddrPortFrom(addr, uint16(r.number()))
	compiled, bad := u.compile(s, s.rules)
	if bad != nil { // they compiled before; only the PFDs of an application can have gone
		u.log.Error("rules of a session at rest do not compile", "seid", s.seid, "error", bad)
		compiled = &Session{Slot: s.slot}
	}
	s.installed = compiled
}

// packer appends numbers; unpacker takes them in the same order.
type (
	packer   []byte
	unpacker string
)

func (w *packer) number(v uint64) { *w = binary.AppendUvarint(*w, v) }

func (r *unpacker) number() uint64 {
	var v uint64
	for shift := 0; ; shift += 7 {
		c := (*r)[0]
		*r = (*r)[1:]
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
}

func (w *packer) optional(v uint64, there bool) {
	w.flag(there)
	if there {
		w.number(v)
	}
}

func (r *unpacker) optional() (uint64, bool) {
	if !r.flag() {
		return 0, false
	}
	return r.number(), true
}

func (w *packer) flag(on bool) {
	var c byte
	if on {
		c = 1
	}
	*w = append(*w, c)
}

func (r *unpacker) flag() bool { return r.number() != 0 }

func (w *packer) addr(a netip.Addr) {
	b := a.AsSlice()
	*w = append(append(*w, byte(len(b))), b...)
}

func (r *unpacker) addr() netip.Addr {
	n := int((*r)[0])
	a, _ := netip.AddrFromSlice([]byte((*r)[1 : 1+n])) // none of no octets is not valid
	*r = (*r)[1+n:]
	return a
}

func (w *packer) prefix(p netip.Prefix) {
	w.addr(p.Addr())
	w.number(uint64(max(p.Bits(), 0)))
}

func (r *unpacker) prefix() netip.Prefix {
	a := r.addr()
	bits := int(r.number())
	if !a.IsValid() {
		return netip.Prefix{}
	}
	return netip.PrefixFrom(a, bits)
}

// instant is a time as its distance to another one; the zero time is kept as such.
func (w *packer) instant(t, from time.Time) {
	w.optional(uint64(t.Sub(from)), !t.IsZero())
}

func (r *unpacker) instant(from time.Time) time.Time {
	d, ok := r.optional()
	if !ok {
		return time.Time{}
	}
	return from.Add(time.Duration(d))
}

func (w *packer) usage(u Usage) {
	for _, v := range []uint64{u.UplinkBytes, u.DownlinkBytes, u.UplinkPackets, u.DownlinkPackets} {
		w.number(v)
	}
}

func (r *unpacker) usage() Usage {
	return Usage{UplinkBytes: r.number(), DownlinkBytes: r.number(), UplinkPackets: r.number(), DownlinkPackets: r.number()}
}

// urr writes what a URR at rest has measured: idle says that there is no split and are no stations.
func (w *packer) urr(x *urr) {
	w.number(uint64(x.sequence))
	w.number(uint64(x.start.UnixNano()))
	for _, t := range []time.Time{x.grantedAt, x.lastChange, x.lastLook, x.first} {
		w.instant(t, x.start)
	}
	for _, u := range []Usage{x.since, x.granted, x.last} {
		w.usage(u)
	}
	w.number(uint64(x.timed))
	w.number(uint64(x.spent))
	for _, on := range []bool{x.exhausted, x.running, x.quiet} {
		w.flag(on)
	}
	w.optional(uint64(x.reportsLeft.Value()), x.reportsLeft.Present())
}

func (r *unpacker) urr(x *urr) {
	x.sequence = uint32(r.number())
	x.start = time.Unix(0, int64(r.number()))
	for _, t := range []*time.Time{&x.grantedAt, &x.lastChange, &x.lastLook, &x.first} {
		*t = r.instant(x.start)
	}
	for _, u := range []*Usage{&x.since, &x.granted, &x.last} {
		*u = r.usage()
	}
	x.timed, x.spent = time.Duration(r.number()), time.Duration(r.number())
	for _, on := range []*bool{&x.exhausted, &x.running, &x.quiet} {
		*on = r.flag()
	}
	if v, ok := r.optional(); ok {
		x.reportsLeft = pfcp.Some(uint16(v))
	}
}
