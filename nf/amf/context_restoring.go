package amf

import (
	"context"
	"errors"
	"iter"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/store"
)

// RestoredUE is what other functions knew of a UE before the restart.
type RestoredUE struct {
	SUPI         ident.SUPI
	Registration nudm.AMF3GPPAccessRegistration
	PolicyID     string
	UEAMBR       nudm.AMBR
}

// Session is a PDU session as an SMF knows it.
type Session struct {
	SUPI         ident.SUPI
	PDUSessionID uint8
	Ref          string
	SNSSAI       ident.SNSSAI
	DNN          ident.DNN
	ServingAMF   ident.GUAMI // zero: this one
	Active       bool        // its user plane leads to a RAN node
}

// Expect makes room for so many UEs, who come at once. Call it before Restore.
func (a *AMF) Expect(ues int) {
	a.ues.bySUPI.expect(ues)
	a.ues.byTMSI.expect(ues)
}

// Restore brings back every UE that was registered here when the process ended: with its 5G-GUTI and keys, in CM-IDLE,
// TS 23.007 §25. each is called for each of them, from several goroutines. A record that is damaged costs that UE a new
// registration and is told in the log. It returns how many there are. Call it before gNBs are let in.
func (a *AMF) Restore(ctx context.Context, each func(RestoredUE)) (int, error) {
	if a.keeper == nil {
		return 0, nil
	}
	var restored, damaged atomic.Int64
	err := store.InParallel(a.keeper.contexts.UEs(ctx, a.cfg.Name), func(c *store.UEContext) {
		u, err := a.readRecord(c)
		if err != nil {
			damaged.Add(1)
			a.log.Error("UE context cannot be restored: the UE will have to register anew", "supi", c.SUPI.Conceal(), "error", err)
			return
		}
		u.rest()
		a.enter(u)
		restored.Add(1)
		each(a.restored(u))
	})
	if n := restored.Load() + damaged.Load(); n > 0 {
		a.log.Info("UEs restored", "registered", restored.Load(), "damaged", damaged.Load())
	}
	return int(restored.Load()), err
}

// restored is what other functions know of a UE.
func (a *AMF) restored(u *ue) RestoredUE {
	return RestoredUE{SUPI: u.supi, PolicyID: u.policy, UEAMBR: u.ambr, Registration: nudm.AMF3GPPAccessRegistration{
		AMFInstanceID: a.cfg.InstanceID, GUAMI: a.cfg.GUAMI, PEI: u.pei,
	}}
}

// alike are what most restored UEs have in common: one that has the same as the last shares it, so it is never changed.
type alike struct {
	capability last[byte]
	mm         last[byte]
	slices     last[ident.SNSSAI]
}

// last is the last list of its kind.
type last[T comparable] struct{ list atomic.Pointer[[]T] }

func (l *last[T]) share(v []T) []T {
	if len(v) == 0 {
		return nil
	}
	if old := l.list.Load(); old != nil && slices.Equal(*old, v) {
		return *old
	}
	own := slices.Clip(slices.Clone(v))
	l.list.Store(&own)
	return own
}

// absentPatience is how long a RAN node may be away after a restart before the AMF takes it that it has lost its UEs.
const absentPatience = time.Minute

// absent are the restored UEs with an active user plane, by the RAN node that may still send and receive for them: it stays as it
// is until that node comes with NG Setup, which erases its UE contexts (TS 38.413 §8.7.1.1), or stays away. Under "" are those in
// CM-IDLE: the AMF had stored the end of their connection, and the SMF not yet.
type absent struct {
	mu     sync.Mutex
	byNode map[string][]*ue
}

// note is for a UE that was just restored, once it is known which of its sessions are active.
func (x *absent) note(u *ue) {
	if !slices.ContainsFunc(u.sessions, func(c *smContext) bool { return c.active }) {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.byNode == nil {
		x.byNode = make(map[string][]*ue)
	}
	x.byNode[u.kept.connectedTo] = append(x.byNode[u.kept.connectedTo], u)
}

// forget is for who begins anew to note.
func (x *absent) forget() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.byNode = nil
}

// take returns the UEs of a RAN node, and has none of them any more. Others are left or not.
func (x *absent) take(node string) (list []*ue, others bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	list = x.byNode[node]
	delete(x.byNode, node)
	return list, len(x.byNode) > 0
}

// back tells the UEs of a RAN node that it has erased them.
func (x *absent) back(node string) {
	list, _ := x.take(node)
	for _, u := range list {
		_ = u.insist(&radioErased{node: node}) // refused only at shutdown
	}
}

// give tells the UEs of all nodes that did not come back.
func (x *absent) give() {
	x.mu.Lock()
	nodes := slices.Collect(maps.Keys(x.byNode))
	x.mu.Unlock()
	for _, node := range nodes {
		x.back(node)
	}
}

// SettleUserPlanes ends what a kill has left half done of AN releases, TS 23.502 §4.2.6: the user plane of UEs in CM-IDLE is taken down.
// It returns when the SMFs have been told. That of connected UEs stays until their RAN nodes are back. Call it after SessionsAgree or
// AgreeSessions, and before gNBs are let in.
func (a *AMF) SettleUserPlanes() {
	idle, others := a.absent.take("")
	if others {
		time.AfterFunc(absentPatience, a.absent.give)
	}
	var told sync.WaitGroup
	for _, u := range idle {
		told.Add(1)
		if u.insist(&radioErased{told: told.Done}) != nil { // at shutdown
			told.Done()
		}
	}
	told.Wait()
	if len(idle) > 0 {
		a.log.Info("user plane of idle UEs taken down: the core ended while they were released", "ues", len(idle))
	}
}

// radioErased says that the RAN node to which a restored UE was connected, "" for none, has no context of it any more.
type radioErased struct {
	node string
	told func() // unless nil, called once the SMFs know
}

// loseRadio takes down the user plane of a restored UE that has not come back by itself.
func (ue *ue) loseRadio(ctx context.Context, m *radioErased) {
	if m.told != nil {
		defer m.told()
	}
	if ue.kept.connectedTo != m.node || ue.conn != nil {
		return
	}
	why := "the core has restarted and " + m.node + " has erased the UE"
	if m.node == "" {
		why = "the core has restarted and the UE is idle"
	}
	ue.kept.connectedTo = ""
	ue.deactivateSessions(ctx, why)
}

// SessionsAgree tells whether the sessions of the restored UEs are just those that the SMF has: so many, of which has tells whether it
// has one, and whether that is active. After a start that is nearly always so, and costs less to find out than AgreeSessions. Call it
// before gNBs are let in.
func (a *AMF) SessionsAgree(many int, has func(ref string, supi ident.SUPI, id uint8) (known, active bool)) bool {
	var found, missing atomic.Int64
	var next atomic.Int32
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < shards && missing.Load() == 0; i = next.Add(1) - 1 {
				a.ues.bySUPI.eachOf(int(i), func(supi ident.SUPI, u *ue) {
					for _, c := range u.sessions {
						if !isOwn(c.ref) {
							c.active = u.mayBeActive()
							continue
						}
						known, active := has(c.ref, supi, c.id)
						if !known || u.session(c.id) != c {
							missing.Add(1)
							continue
						}
						found.Add(1)
						c.active = active
					}
					a.absent.note(u)
				})
			}
		})
	}
	wg.Wait()
	if missing.Load() > 0 || int(found.Load()) != many {
		a.absent.forget()
		return false
	}
	return true
}

// mayBeActive tells whether the sessions that a restored UE has at other cores may be active, which this core does not know: it has
// told them of the end of a connection before it stored that.
func (ue *ue) mayBeActive() bool { return ue.kept.connectedTo != "" }

// isOwn tells whether a session is of the SMF of this core.
func isOwn(ref string) bool {
	core, _, err := sbi.ContextRef(ref)
	return err == nil && core == ""
}

// Has tells whether a restored UE is here and has a session by a reference. Call it before gNBs are let in.
func (a *AMF) Has(supi ident.SUPI, ref string) bool {
	u := a.ues.bySUPI.get(supi)
	return u != nil && slices.ContainsFunc(u.sessions, func(s *smContext) bool { return s.ref == ref })
}

// AgreeSessions makes the sessions of the restored UEs those that the SMFs have: theirs is the last word, because a
// session is durable there before its UE hears of it. It returns the sessions of which no UE is left. Call it once,
// after Restore and before gNBs are let in.
func (a *AMF) AgreeSessions(sessions iter.Seq[Session]) (orphans []Session) {
	for s := range sessions {
		u := a.ues.bySUPI.get(s.SUPI)
		if s.ServingAMF != (ident.GUAMI{}) && s.ServingAMF != a.cfg.GUAMI && a.peerOf(s.ServingAMF) != nil {
			continue // its UE is at another AMF, even if this one had not heard so
		}
		if u == nil {
			orphans = append(orphans, s)
			continue
		}
		c := u.session(s.PDUSessionID)
		if c == nil || c.ref != s.Ref {
			if c != nil {
				u.dropSession(c.id, c.ref)
			}
			c = &smContext{id: s.PDUSessionID, ref: s.Ref, slice: s.SNSSAI, dnn: s.DNN}
			u.sessions = append(u.sessions, c)
		}
		c.agreed, c.active = true, s.Active
	}
	a.ues.bySUPI.each(func(_ ident.SUPI, u *ue) {
		u.sessions = slices.DeleteFunc(u.sessions, func(c *smContext) bool {
			known := c.agreed
			c.agreed = false
			if !isOwn(c.ref) { // it is another core's to end
				c.active = u.mayBeActive()
				return false
			}
			return !known
		})
		a.absent.note(u)
	})
	return orphans
}

// subscription fetches what a restored UE has not in memory.
func (ue *ue) subscription(ctx context.Context) error {
	if ue.smf.SubscribedSNSSAIInfos != nil {
		return nil
	}
	s := &ue.amf.services
	am, err := s.SDM.AMData(ctx, ue.supi, ue.tai.PLMN)
	sel, err2 := s.SDM.SMFSelectData(ctx, ue.supi, ue.tai.PLMN)
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	ue.subscribed, ue.smf = &am, sel
	return nil
}
