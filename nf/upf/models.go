package upf

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// A CP function that has restarted, or whose UPF has, establishes all its sessions again, TS 23.527 §4.3. Nearly all of them rest
// and are as one before but for their names: such a one is checked against that one instead of being read, and rests at once.

// model is a session that was restored and came to rest at once, without its names.
type model struct {
	request *pfcp.Form // as it came
	packed  *pfcp.Form // the message that it was packed as
	from    *association
	open    *open // as it was before it rested
	urrs    []pfcp.CreateURR
	pattern Pattern
}

// models are those of the last sessions that were like none before. The zero value has none.
type models struct {
	list atomic.Pointer[[]*model] // the last one first; never changed
}

// maxModels is how many kinds of sessions may take turns.
const maxModels = 8

// learn makes a model of a session that was restored by a request and rests; opened is what it was before.
func (x *models) learn(u *UPF, s *session, opened *open, m *pfcp.SessionEstablishmentRequest) {
	if s.open != nil || !s.rests || len(opened.tunnels) != 1 || opened.tunnels[0].choose.Present() || opened.chosen4.IsValid() ||
		slices.ContainsFunc(m.CreatePDR, func(p pfcp.CreatePDR) bool { return p.PDI.ApplicationID.Present() }) { // its PFDs may go
		return
	}
	n := &model{open: opened, from: u.association(opened.node)}
	var names pfcp.Names
	var ok bool
	if n.request, names, ok = pfcp.NewForm(pfcp.Append(nil, pfcp.Header{}, m)); !ok || names.TEID != opened.tunnels[0].teid {
		return
	}
	packed := s.packed.octets()
	length := 4 + int(binary.BigEndian.Uint16(packed[2:]))
	var again pfcp.Names
	if n.packed, again, ok = pfcp.NewForm(packed[:length]); !ok || again != names || n.from == nil {
		return
	}
	for _, x := range opened.rules.urrs.all() {
		n.urrs = append(n.urrs, x.CreateURR)
	}
	if path, ok := u.path.(Resting); ok {
		n.pattern = path.Pattern(s.slot, opened.rules.urrs.keys())
	}
	if n.pattern == nil {
		return
	}
	for {
		old := x.list.Load()
		list := []*model{n}
		if old != nil {
			list = append(list, (*old)[:min(len(*old), maxModels-1)]...)
		}
		if x.list.CompareAndSwap(old, &list) {
			return
		}
	}
}

// find is the model of a request.
func (x *models) find(request []byte) (*model, pfcp.Names) {
	if list := x.list.Load(); list != nil {
		for _, m := range *list {
			if n, ok := m.request.Read(request); ok {
				return m, n
			}
		}
	}
	return nil, pfcp.Names{}
}

// restoreLike serves a session establishment that is as one before but for its names, TS 29.244 §6.3.2; nil: it must be read.
func (u *UPF) restoreLike(peer netip.AddrPort, request []byte) (uint64, pfcp.Message) {
	m, n := u.models.find(request)
	if m == nil || u.reportsTo(m.open.cp, peer) != m.open.peer {
		return 0, nil
	}
	s := &session{rests: true}
	s.cpSEID.Store(n.SEID)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !u.enrollLike(s, m, n) {
		return 0, nil
	}
	x, ok := u.benches.Get().(*bench)
	if !ok {
		x = new(bench)
	}
	defer u.benches.Put(x)
	if x.urrs, ok = u.resumeLike(x.urrs[:0], s, m, n); !ok || !m.pattern.Lie(s.slot, n.TEID, netip.AddrFrom4(n.UE)) {
		u.mu.Lock()
		defer u.mu.Unlock()
		delete(u.sessions, s.seid)
		u.bySlot.put(s.slot, nil)
		u.layout.release(s.slot)
		s.gone = true
		return 0, nil
	}
	s.packed = u.packLike(x, m, n)
	return n.SEID, u.established(s.seid, nil)
}

// enrollLike is enroll and restore for a session with the names n: its slot is that of its address and of its tunnel. False: a
// session is there, or it is not that simple.
func (u *UPF) enrollLike(s *session, m *model, n pfcp.Names) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	slot, pooled := u.layout.SlotOf4(binary.BigEndian.Uint32(n.UE[:]))
	if !pooled || u.layout.used[slot] || Slot(n.TEID) != slot || u.associations[m.open.node] != m.from || !u.layout.restore(n.TEID, slot) {
		return false
	}
	u.layout.used[slot] = true
	u.restored = time.Now()
	u.lastSEID++
	s.slot, s.seid = slot, u.lastSEID
	u.sessions[s.seid] = s
	u.bySlot.put(s.slot, s)
	return true
}

// resumeLike is resume for a session with the names n. False: a report is to be sent again.
func (u *UPF) resumeLike(to []urr, s *session, m *model, n pfcp.Names) ([]urr, bool) {
	last, lasting := u.path.(Lasting)
	now := time.Now()
	for i := range m.urrs {
		x := newURR(m.urrs[i], now)
		if lasting {
			taken, told := last.Told(s.slot, n.TEID, x.URRID)
			if told.Usage != taken {
				return to, false
			}
			x.resume(told)
		}
		to = append(to, x)
	}
	return to, true
}

// packLike is pack for a session with the names n whose URRs are those of the bench.
func (u *UPF) packLike(x *bench, m *model, n pfcp.Names) likeness {
	w := packer(pfcp.Append(x.b[:0], pfcp.Header{}, &pfcp.Formed{Form: m.packed, Names: n}))
	for i := range x.urrs {
		w.urr(&x.urrs[i])
	}
	w.chosen(m.open, []tunnel{{teid: n.TEID}})
	x.b = w
	return u.shapes.keep(w)
}
