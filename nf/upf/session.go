package upf

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// session is one PFCP session, TS 29.244 §5.2 and §6.3. mu is held, by lock, while a request of it is served.
type session struct {
	seid uint64
	slot uint32

	mu     sync.Mutex
	gone   bool
	rests  bool                  // the data path has forgotten its rules
	packed likeness              // at rest, what open was
	dead   map[remoteTunnel]bool // peers' tunnels that were reported dead, nil: none; UPF.mu is held
	cpSEID atomic.Uint64         // that of open.cp
	*open                        // nil at rest
}

// open is the part of a session that one at rest keeps packed.
type open struct {
	kind pfcp.PDNType // 0 if the CP function did not say
	node pfcp.NodeID
	peer netip.AddrPort // of the CP function, for reports

	cp        pfcp.FSEID
	rules     ruleSet
	tunnels   []tunnel
	installed *Session
	restoring bool // re-established after a restart of this UPF: existing F-TEIDs are taken

	chosen4 netip.Addr   // allotted by this UPF
	chosen6 netip.Prefix // allotted by this UPF
	prefix  netip.Prefix // of IPv6, claimed in the layout

	unsent     []unsent      // usage reports that wait
	unanswered []unsent      // those of a request that nobody answered: they are sent again alone
	reporting  bool          // a request with usage reports waits for its answer
	inactivity time.Duration // of the user plane inactivity timer, 0: none
	moved      Usage         // what passed when it was last looked at
	movedAt    time.Time
	inactive   bool // told
	watched    bool // by watchUsage
}

// tunnel is an F-TEID that was allotted.
type tunnel struct {
	teid   uint32
	choose pfcp.Opt[uint8]
}

// establish serves PFCP Session Establishment, TS 29.244 §6.3.2.
func (u *UPF) establish(peer netip.AddrPort, m *pfcp.SessionEstablishmentRequest) pfcp.Message {
	response, err := u.tryEstablish(peer, m)
	if err != nil {
		return u.refuse(m.Type(), err)
	}
	return response
}

func (u *UPF) tryEstablish(peer netip.AddrPort, m *pfcp.SessionEstablishmentRequest) (pfcp.Message, error) {
	if u.association(m.NodeID) == nil {
		return nil, &pfcp.Error{Cause: pfcp.CauseNoEstablishedAssociation}
	}
	s := &session{open: &open{node: m.NodeID, peer: u.reportsTo(m.CPFSEID, peer), kind: m.PDNType.Value(),
		restoring: m.PFCPSEReqFlags.Value()&pfcp.SEReqRESTI != 0, inactivity: m.UserPlaneInactivityTimer.Value().Duration()}}
	s.answers(m.CPFSEID)
	s.mu.Lock()
	defer s.mu.Unlock()
	next := newRuleSet()
	if err := next.create(m.CreatePDR, m.CreateFAR, m.CreateQER, m.CreateURR, m.CreateBAR); err != nil {
		return nil, err
	}
	u.replaced(m, next)
	chosen, bad := u.chooseAddresses(s, next)
	if bad != nil {
		return nil, bad
	}
	if err := u.enroll(s, next); err != nil {
		return nil, &pfcp.Error{Cause: pfcp.CauseNoResourcesAvailable, Offending: pfcp.IEUEIPAddress, Detail: err.Error()}
	}
	u.resume(s, next)
	pdrs := m.CreatePDR
	if len(chosen) > 0 {
		pdrs = next.pick(pdrs)
	}
	created, err := u.commit(s, next, pdrs)
	if err != nil {
		u.forget(s)
		return nil, err
	}
	created = withAddresses(created, chosen)
	if s.restoring { // of a UE that may not be heard of for long
		s.restoring = false
		opened := s.open
		u.letRest(s)
		u.models.learn(u, s, opened, m)
	}
	return u.established(s.seid, created), nil
}

// established is the answer to a session establishment.
func (u *UPF) established(seid uint64, created []pfcp.CreatedPDR) pfcp.Message {
	up := pfcp.FSEID{SEID: seid}
	if a := u.node.Addr; a.Is4() {
		up.IPv4 = a
	} else {
		up.IPv6 = a
	}
	return &pfcp.SessionEstablishmentResponse{NodeID: u.node, Cause: pfcp.CauseRequestAccepted, UPFSEID: pfcp.Some(up), CreatedPDR: created}
}

// enroll gives a session its slot and its identity.
func (u *UPF) enroll(s *session, r ruleSet) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	prefix := uePrefix(r)
	if prefix.IsValid() && !u.layout.claim6(prefix) {
		return fmt.Errorf("prefix %s has a session already", prefix)
	}
	slot, err := u.layout.claim(ueAddress(r))
	if err != nil {
		u.layout.release6(prefix)
		return err
	}
	u.lastSEID++
	s.slot, s.seid, s.prefix = slot, u.lastSEID, prefix
	u.sessions[s.seid] = s
	u.bySlot.put(s.slot, s)
	if _, placed := u.layout.slotOf(ueAddress(r)); !placed || s.chosen4.IsValid() {
		u.unplaced[s.cpSEID.Load()] = s
	}
	return nil
}

// handOver notes that another CP function has the session from now on, TS 29.244 §5.22.
func (u *UPF) handOver(s *session, cp pfcp.FSEID) {
	u.mu.Lock()
	if u.unplaced[s.cp.SEID] == s {
		delete(u.unplaced, s.cp.SEID)
		u.unplaced[cp.SEID] = s
	}
	u.mu.Unlock()
	s.answers(cp)
	s.peer = u.reportsTo(cp, s.peer)
}

// answers notes who gets the responses and reports of the session.
func (s *session) answers(cp pfcp.FSEID) {
	s.cp = cp
	s.cpSEID.Store(cp.SEID)
}

// reportsTo is where requests about a session go: the address of the CP function's F-SEID and the port of PFCP,
// whatever port its own requests come from, TS 29.244 §4.2.2. A UPF whose own port is another one is in a laboratory:
// there the peer's port counts.
func (u *UPF) reportsTo(cp pfcp.FSEID, peer netip.AddrPort) netip.AddrPort {
	addr := cp.IPv4
	if !addr.IsValid() || u.cfg.N4.Addr().Is6() && cp.IPv6.IsValid() {
		addr = cp.IPv6
	}
	if u.cfg.N4.Port() != pfcp.Port {
		return peer
	}
	return netip.AddrPortFrom(addr, pfcp.Port)
}

// modify serves PFCP Session Modification, TS 29.244 §6.3.3: all of it or nothing.
func (u *UPF) modify(s *session, m *pfcp.SessionModificationRequest) (pfcp.Message, error) {
	next := s.rules.cloneFor(m)
	if err := next.remove(m); err != nil {
		return nil, err
	}
	if err := next.create(m.CreatePDR, m.CreateFAR, m.CreateQER, m.CreateURR, m.CreateBAR); err != nil {
		return nil, err
	}
	if err := next.update(m); err != nil {
		return nil, err
	}
	reports, err := u.asked(s, &next, m)
	if err != nil {
		return nil, err
	}
	if _, bad := u.chooseAddresses(s, next); bad != nil {
		return nil, bad
	}
	before, inactivity := s.installed, s.inactivity
	if t, ok := m.UserPlaneInactivityTimer.Get(); ok {
		s.inactivity, s.movedAt = t.Duration(), time.Time{}
	}
	created, err := u.commit(s, next, append(next.pick(m.CreatePDR), updatedPDRs(next, m)...))
	if err != nil {
		s.inactivity = inactivity
		return nil, err
	}
	if cp, ok := m.CPFSEID.Get(); ok {
		u.handOver(s, cp)
	}
	if m.PFCPSMReqFlags.Value()&pfcp.SMReqDROBU != 0 {
		u.path.DropBuffered(s.slot)
	}
	if notifies(m) {
		u.path.Rearm(s.slot)
	}
	u.sendEndMarkers(before, m)
	return &pfcp.SessionModificationResponse{Cause: pfcp.CauseRequestAccepted, CreatedPDR: created, UsageReport: u.inAnswer(s, reports)}, nil
}

// notifies tells whether the CP function asks, perhaps again, to be told of downlink data.
func notifies(m *pfcp.SessionModificationRequest) bool {
	return slices.ContainsFunc(m.UpdateFAR, func(f pfcp.UpdateFAR) bool { return f.ApplyAction.Value()&pfcp.ApplyNOCP != 0 })
}

// updatedPDRs are the PDRs whose PDI changed, which may hold an F-TEID to allot.
func updatedPDRs(r ruleSet, m *pfcp.SessionModificationRequest) []pfcp.CreatePDR {
	var out []pfcp.CreatePDR
	for _, x := range m.UpdatePDR {
		if x.PDI.Present() {
			out = append(out, r.pdrs.at(x.PDRID))
		}
	}
	return out
}

// delete serves PFCP Session Deletion, TS 29.244 §6.3.4: the last usage reports go into the response.
func (u *UPF) delete(s *session) (pfcp.Message, error) {
	reports := append(s.unanswered, s.unsent...)
	for _, id := range s.rules.urrs.keys() {
		reports = append(reports, u.usageReports(s, &s.rules, id, pfcp.UsageTERMR)...)
	}
	u.forget(s)
	return &pfcp.SessionDeletionResponse{Cause: pfcp.CauseRequestAccepted, UsageReport: u.inAnswer(s, reports)}, nil
}

// commit allots F-TEIDs for the changed PDRs, compiles the rules and installs them. On error nothing has changed.
func (u *UPF) commit(s *session, next ruleSet, changed []pfcp.CreatePDR) ([]pfcp.CreatedPDR, error) {
	had := len(s.tunnels)
	var created []pfcp.CreatedPDR
	for _, p := range changed {
		if err := u.knows(p); err != nil {
			u.releaseTunnels(s, had)
			return nil, err
		}
		f, ok := p.PDI.LocalFTEID.Get()
		if !ok {
			continue
		}
		local, err := u.allot(s, f)
		if err != nil {
			u.releaseTunnels(s, had)
			return nil, err
		}
		if f.Choose() {
			created = append(created, pfcp.CreatedPDR{PDRID: p.PDRID, LocalFTEID: pfcp.Some(local)})
		}
		p.PDI.LocalFTEID = pfcp.Some(local)
		next.pdrs.set(p.PDRID, p)
	}
	compiled, bad := u.compile(s, next)
	if bad != nil {
		u.releaseTunnels(s, had)
		return nil, bad
	}
	if err := u.path.Apply(compiled); err != nil {
		u.releaseTunnels(s, had)
		if refused, ok := errors.AsType[*pfcp.Error](err); ok { // the data path says what it cannot do
			return nil, refused
		}
		return nil, &pfcp.Error{Cause: pfcp.CauseNoResourcesAvailable, Detail: err.Error()}
	}
	u.indexPeers(s, compiled)
	s.rules, s.installed = next, compiled
	u.watch(s)
	return created, nil
}

// allot chooses a tunnel end, or takes one that this UPF allotted to the session before, TS 29.244 §5.5.3.
func (u *UPF) allot(s *session, f pfcp.FTEID) (pfcp.FTEID, error) {
	local := pfcp.FTEID{IPv4: u.cfg.Local(true), IPv6: u.cfg.Local(false)}
	if !f.Choose() {
		mine := slices.ContainsFunc(s.tunnels, func(t tunnel) bool { return t.teid == f.TEID })
		ours := f.IPv4.IsValid() && f.IPv4 == local.IPv4 || f.IPv6.IsValid() && f.IPv6 == local.IPv6
		local.TEID = f.TEID
		if mine && ours {
			return local, nil
		}
		if s.restoring && u.restore(s, f.TEID) {
			return local, nil
		}
		return local, &pfcp.Error{Cause: pfcp.CauseInvalidFTEIDAllocationOption, Offending: pfcp.IEFTEID, Detail: "this UPF allots F-TEIDs"}
	}
	if !f.ChooseIPv4 {
		local.IPv4 = netip.Addr{}
	}
	if !f.ChooseIPv6 {
		local.IPv6 = netip.Addr{}
	}
	if !local.IPv4.IsValid() && !local.IPv6.IsValid() {
		return local, &pfcp.Error{Cause: pfcp.CauseInvalidFTEIDAllocationOption, Offending: pfcp.IEFTEID, Detail: "N3 has no address of that version"}
	}
	if f.ChooseID.Present() {
		if i := slices.IndexFunc(s.tunnels, func(t tunnel) bool { return t.choose == f.ChooseID }); i >= 0 {
			local.TEID = s.tunnels[i].teid
			return local, nil
		}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	slot := s.slot
	if len(s.tunnels) > 0 {
		extra, err := u.layout.claimAny()
		if err != nil {
			return local, &pfcp.Error{Cause: pfcp.CauseNoResourcesAvailable, Offending: pfcp.IEFTEID, Detail: err.Error()}
		}
		slot = extra
	}
	local.TEID = u.layout.teid(slot)
	s.tunnels = append(s.tunnels, tunnel{local.TEID, f.ChooseID})
	return local, nil
}

// restore takes a TEID that this UPF allotted before it restarted, so that the gNB need not be told a new one,
// TS 29.244 §5.5.1 and TS 23.527 §4.3.2. It fails if the TEID's slot is another session's.
func (u *UPF) restore(s *session, teid uint32) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.layout.restore(teid, s.slot) {
		return false
	}
	s.tunnels = append(s.tunnels, tunnel{teid: teid})
	return true
}

// releaseTunnels gives the tunnels from the keep-th on back.
func (u *UPF) releaseTunnels(s *session, keep int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, t := range s.tunnels[keep:] {
		if slot := Slot(t.teid); slot != s.slot {
			u.layout.release(slot)
		}
	}
	s.tunnels = s.tunnels[:keep]
}

// indexPeers notes which tunnels of peers the session sends into, so that error indications find it.
func (u *UPF) indexPeers(s *session, now *Session) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.dropPeers(s)
	s.dead = nil
	if now == nil {
		return
	}
	for _, r := range now.Rules {
		if r.Peer.IsValid() {
			u.byPeer[remoteTunnel{r.Peer, r.PeerTEID}] = s
		}
	}
}

// dropPeers takes what indexPeers noted back; u.mu is held.
func (u *UPF) dropPeers(s *session) {
	if s.installed == nil {
		return
	}
	for _, r := range s.installed.Rules {
		if key := (remoteTunnel{r.Peer, r.PeerTEID}); u.byPeer[key] == s {
			delete(u.byPeer, key)
		}
	}
}

// forget ends a session; s.mu is held.
func (u *UPF) forget(s *session) {
	if s.gone {
		return
	}
	s.gone = true
	if s.installed != nil {
		u.path.Remove(s.slot)
	}
	u.indexPeers(s, nil)
	u.releaseTunnels(s, 0)
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.sessions, s.seid)
	u.watched.remove(s)
	u.bySlot.put(s.slot, nil)
	if u.unplaced[s.cpSEID.Load()] == s {
		delete(u.unplaced, s.cpSEID.Load())
	}
	u.layout.release6(s.prefix)
	u.layout.release(s.slot)
}

// sendEndMarkers tells the old peers that nothing more comes, where the CP function asks for it, TS 23.501 §5.8.2.9.
func (u *UPF) sendEndMarkers(before *Session, m *pfcp.SessionModificationRequest) {
	for _, f := range m.UpdateFAR {
		p, ok := f.UpdateForwardingParameters.Get()
		if !ok || before == nil || p.PFCPSMReqFlags.Value()&pfcp.SMReqSNDEM == 0 {
			continue
		}
		sent := map[remoteTunnel]bool{}
		for _, r := range before.Rules {
			key := remoteTunnel{r.Peer, r.PeerTEID}
			if r.FAR != f.FARID || !r.Peer.IsValid() || sent[key] {
				continue
			}
			sent[key] = true
			u.path.EndMarker(r.Peer, r.PeerTEID, r.QFI)
		}
	}
}
