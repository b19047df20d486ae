package smf

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/record"
)

// RestoredSession is what other functions knew of a session before the restart.
type RestoredSession struct {
	SUPI         ident.SUPI
	Registration nudm.SMFRegistration
	Registered   bool // in the UDM
	PolicyID     string
	Policy       npcf.SMPolicyContextData
	UERules      []npcf.PCCRule // that the UE has asked for
}

// errNotConfigured says that the configuration no longer has what a session stands on.
var errNotConfigured = errors.New("the configuration no longer has its DNN or UPF")

// Expect makes room for so many sessions, which come at once. Call it before Restore.
func (s *SMF) Expect(sessions int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions, s.byUE = make(map[uint64]*session, sessions), make(map[ueSession]*session, sessions)
}

// Restore brings back every session that this SMF had when the process ended, TS 23.007 §26: with its address, its
// tunnels and its rules, which its UPF gets again with the next association (TS 23.527 §4.3). each is called for each of
// them, from several goroutines. A session that cannot be restored is forgotten, and told in the log. It returns how many
// there are. Call it before Run.
func (s *SMF) Restore(ctx context.Context, each func(RestoredSession)) (int, error) {
	if s.keeper == nil {
		return 0, nil
	}
	counted, err := s.admission.nodes.ofThisNode(ctx)
	if err != nil {
		return 0, err
	}
	var restored, lost atomic.Int64
	err = store.InParallel(s.keeper.contexts.SMs(ctx, s.cfg.Node), func(c *store.SMContext) {
		from := c.UPF
		s.rehome(c)
		n, err := s.restoreSession(c, false)
		if err == nil && c.UPF != from {
			n.mu.Lock()
			n.leaveTunnels()
			n.mu.Unlock()
		}
		if err == nil && !s.isWritten(c) {
			n.servedHere()
		}
		if err != nil {
			lost.Add(1)
			s.log.Error("PDU session cannot be restored: the UE will have to establish it again", "supi", c.SUPI.Conceal(),
				"pdu_session", c.PDUSessionID, "dnn", c.DNN, "address", c.IPv4, "error", err)
			if err := s.removeStored(ctx, c); err != nil {
				s.log.Error("PDU session not removed from the store", "supi", c.SUPI.Conceal(), "error", err)
			}
			return
		}
		if !s.admission.nodes.has(n, counted[n.seid]) {
			s.admission.recount(ctx, n)
		}
		if c.UPF == from && s.isWritten(c) {
			n.unchanged(c.Record)
		}
		restored.Add(1)
		each(n.restored())
	})
	if restored.Load()+lost.Load() > 0 {
		s.log.Info("PDU sessions restored", "sessions", restored.Load(), "lost", lost.Load())
	}
	return int(restored.Load()), err
}

// rehome gives a session that this node has taken, and that is still on the other node's own UPF, one of its own: one that
// answers or, if none does, one that gets the session with the next association.
func (s *SMF) rehome(c *store.SMContext) {
	if !s.cfg.Shared || s.hasUPF(c.UPF) {
		return
	}
	slice := sliceOf(c)
	if u := s.selectUPF(c.DNN, slice); u != nil {
		c.UPF = u.Name
		return
	}
	for _, u := range s.upfs {
		if u.serves(c.DNN, slice) {
			c.UPF = u.Name
			return
		}
	}
}

// isWritten tells whether a stored session is as this node wrote it, and not as it has taken it.
func (s *SMF) isWritten(c *store.SMContext) bool {
	if !s.cfg.Shared {
		return true
	}
	_, written := placeOf(c)
	return written == c.SEID
}

// unchanged notes that the store has the session as it is.
func (s *session) unchanged(stored []byte) {
	c := keptChange{SMContext: store.SMContext{Record: stored}, matters: record.Before(stored, fieldSEID)}
	if s.smf.cfg.Shared {
		c.matters = record.Before(stored, 0)
	}
	s.written = s.smf.keeper.hash(&c)
}

// restored is what other functions know of a session.
func (s *session) restored() RestoredSession {
	return RestoredSession{SUPI: s.supi, Registered: s.registered, PolicyID: s.policyID, Policy: s.policyContext(), UERules: s.uesRules(), Registration: nudm.SMFRegistration{
		SMFInstanceID: s.smf.cfg.InstanceID, PDUSessionID: s.id, SNSSAI: s.slice, DNN: s.network.Name, PLMN: s.plmn,
	}}
}

// errBusy says that no session can come over now.
var errBusy = errors.New("more procedures run than may")

// restoreSession makes a session of what is stored. Held, it is not served until the caller releases its actor.
func (s *SMF) restoreSession(c *store.SMContext, held bool) (_ *session, err error) {
	n := &session{smf: s, seid: c.SEID, supi: c.SUPI, id: c.PDUSessionID, state: Active, stored: true, held: true, onUPF: true,
		address: ueAddress{ipv4: c.IPv4, ipv6: c.IPv6}}
	if n.network = s.networks[strings.ToLower(string(c.DNN))]; n.network == nil {
		return nil, fmt.Errorf("DNN %q: %w", c.DNN, errNotConfigured)
	}
	for _, u := range s.upfs {
		if u.Name == c.UPF {
			n.upf = u
		}
	}
	if n.upf == nil {
		return nil, fmt.Errorf("UPF %q: %w", c.UPF, errNotConfigured)
	}
	if err := n.readRecord(c.Record); err != nil {
		return nil, err
	}
	if n.charging != "" && n.charging == n.ownChargingID() {
		n.charging = ""
	}
	if held {
		if !s.pool.Hold(&n.actor) {
			return nil, errBusy
		}
		defer func() {
			if err != nil {
				s.pool.Release(&n.actor, n, nil)
			}
		}()
	}
	if err := n.takeAddress(); err != nil {
		return nil, err
	}
	n.upfName = n.upf.Name
	if n.up == nsmf.Activated {
		n.gnbQoS = n.qos
	}
	n.holdAnyway()
	n.recount(s.ctx)
	n.upf.sessions.Add(1)
	if n.serving != (ident.GUAMI{}) {
		s.staysAbroad(n)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[n.seid] = n
	s.byUE[n.key()] = n
	return n, nil
}

// shareQoS is the QoS of an earlier session where that is the same: most sessions have one of few, which are never changed.
func (s *SMF) shareQoS(q *sessionQoS) *sessionQoS {
	if last := s.lastQoS.Load(); last != nil && last.equal(q) {
		return last
	}
	s.lastQoS.Store(q)
	return q
}

// takeAddress takes the addresses of a restored session out of the pools.
func (s *session) takeAddress() error {
	if a := s.address.ipv4; a.IsValid() {
		if err := s.network.addresses.allotStatic(a); err != nil {
			return err
		}
	}
	if p := s.address.ipv6; p.IsValid() {
		if err := s.network.prefixes.allotStatic(p.Addr()); err != nil {
			if s.address.ipv4.IsValid() {
				s.network.addresses.free(s.address.ipv4)
			}
			return err
		}
	}
	return nil
}

// uesRules are the rules that the UE has asked for, as the PCF had decided them.
func (s *session) uesRules() []npcf.PCCRule {
	var list []npcf.PCCRule
	for i := range s.qos.rules {
		r := &s.qos.rules[i]
		if !strings.HasPrefix(r.pcc, npcf.UERulePrefix) {
			continue
		}
		req := r.request(npcf.ModifyPCCRule)
		list = append(list, npcf.PCCRule{ID: r.pcc, Precedence: req.Precedence, FlowDescriptions: req.FlowDescriptions,
			FiveQI: req.FiveQI, MaxBitRate: req.MaxBitRate, GuaranteedBitRate: req.Guaranteed})
	}
	return list
}

// Has tells whether a session of a UE is there for the AMF of this core, and whether its user plane is active.
func (s *SMF) Has(ref string, supi ident.SUPI, id uint8) (known, active bool) {
	n := s.find(ref)
	if n == nil || n.key() != (ueSession{supi, id}) || n.amf() != s.deps.AMF {
		return false, false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return true, isActive(n.up, n.gnb.addr)
}

// Discard ends a restored session of which no UE is left.
func (s *SMF) Discard(ref string) {
	if n := s.find(ref); n != nil {
		n.end("no registered UE has it")
	}
}
