package smf

import (
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// upf is a configured UPF and the association with it, TS 29.244 §5.8.
type upf struct {
	UPF
	sessions atomic.Int64

	mu       sync.Mutex
	up       bool           // associated, and the last heartbeat was answered
	recovery pfcp.Timestamp // the UPF's; 0 without an association
	epoch    uint64         // counts the associations: what was made in an earlier one is gone
	unsynced []uint64       // SEIDs here of sessions whose last change, or coming back, it did not confirm

	bundles bool // feature BUNDL, TS 29.244 §8.2.25
	settled bool // sessions that came back were given to it

	leftovers []*leftover // to be deleted once it answers again
	unheard   int         // of these, establishments that it has not answered
	answered  []answered  // the last of these

	settingUp chan struct{} // holds one while the association is being set up from this side, and guards again
	again     time.Time     // when that was last done because the UPF said that there is none
}

// maxUnsynced bounds what is kept for a UPF that does not answer; it ends with the UPF's association in any case.
const maxUnsynced = 100_000

func newUPF(c UPF) *upf {
	if c.Address.Port() == 0 {
		c.Address = netip.AddrPortFrom(c.Address.Addr(), pfcp.Port)
	}
	c.Address = netip.AddrPortFrom(c.Address.Addr().Unmap(), c.Address.Port())
	return &upf{UPF: c, settingUp: make(chan struct{}, 1)}
}

func (u *upf) alive() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.up
}

// takes tells whether the UPF may get new sessions.
func (u *upf) takes() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.up && u.unheard < maxUnheard
}

// serves tells whether the operator lets the UPF serve a DNN in a slice.
func (u *upf) serves(dnn ident.DNN, slice ident.SNSSAI) bool {
	return (len(u.DNNs) == 0 || slices.ContainsFunc(u.DNNs, dnn.Equal)) &&
		(len(u.Slices) == 0 || slices.Contains(u.Slices, slice))
}

// selectUPF chooses the UPF with the fewest sessions among those that fit, TS 23.501 §6.3.3.
func (s *SMF) selectUPF(dnn ident.DNN, slice ident.SNSSAI) *upf {
	var best *upf
	for _, u := range s.upfs {
		if u.serves(dnn, slice) && u.takes() && (best == nil || u.sessions.Load() < best.sessions.Load()) {
			best = u
		}
	}
	return best
}

// features are what this SMF offers beyond the mandatory, TS 29.244 §8.2.58: it takes several messages in one datagram.
const features = pfcp.CPFeatureBUNDL

// associate keeps the association with a UPF for as long as the SMF runs, TS 29.244 §6.2.6.2.
func (s *SMF) associate(u *upf) {
	for told := false; s.ctx.Err() == nil; {
		epoch := u.generation()
		if u.alive() { // it has set the association up itself
			s.heartbeats(u)
			continue
		}
		if err := s.associateSince(u, epoch, func() error { return nil }); err != nil {
			if !told && s.ctx.Err() == nil { // once for each outage
				s.logUPF(slog.LevelWarn, u, "no association with UPF, sessions through it are refused; is it running and is its N4 address right?", "error", err)
			}
			told = true
			s.sleep(s.cfg.Timers.AssociationRetry)
			continue
		}
		told = false
		s.heartbeats(u) // also of one that is lost already: it is not set up again at once
	}
}

// sleep waits for d or until the SMF stops.
func (s *SMF) sleep(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.ctx.Done():
	}
}

// associateSince sets the association up, unless that was done after the epoch that the caller knows, or may not be now.
func (s *SMF) associateSince(u *upf, epoch uint64, may func() error) error {
	select {
	case u.settingUp <- struct{}{}:
		defer func() { <-u.settingUp }()
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
	if u.generation() != epoch {
		return nil
	}
	if err := may(); err != nil {
		return err
	}
	return s.setUpAssociation(u)
}

// awaitAssociation waits while an association is being set up: what is sent meanwhile may be of the old one or of the new one.
func (s *SMF) awaitAssociation(u *upf) {
	select {
	case u.settingUp <- struct{}{}:
		<-u.settingUp
	case <-s.ctx.Done():
	}
}

// associateAgain sets the association up anew with a UPF that says that there is none, TS 29.244 §6.2.6 and TS 23.527 §4.3: it
// has restarted, and may have done so within the second that a recovery time stamp tells. One that says so again at once gets the
// association, and with it all its sessions, no sooner than AssociationRetry after: it would be asked without end.
func (s *SMF) associateAgain(u *upf, epoch uint64) error {
	s.logUPF(slog.LevelWarn, u, "UPF knows of no association, it is set up anew", "sessions", u.sessions.Load())
	err := s.associateSince(u, epoch, func() error {
		if time.Since(u.again) < s.cfg.Timers.AssociationRetry {
			return errForgetful
		}
		u.again = time.Now()
		return nil
	})
	if err != nil && u.generation() == epoch {
		u.lose() // it is tried again with the next heartbeat
		s.logUPF(slog.LevelError, u, "no association with UPF, sessions through it are refused", "error", err)
	}
	return err
}

// errForgetful is that a UPF forgets each association at once.
var errForgetful = errors.New("the UPF forgets its associations")

// errNoFTUP refuses a UPF that wants the SMF to choose its TEIDs.
var errNoFTUP = errors.New("the UPF does not offer feature FTUP (TS 29.244 §8.2.25): it must allocate F-TEIDs itself")

// setUpAssociation sets the association up from this side, TS 29.244 §6.2.6.2.
func (s *SMF) setUpAssociation(u *upf) error {
	m, err := s.request(s.ctx, u, 0, &pfcp.AssociationSetupRequest{
		NodeID: s.nodeID(), RecoveryTimeStamp: s.started, CPFunctionFeatures: pfcp.Some(features),
	})
	if err != nil {
		return err
	}
	answer, ok := m.(*pfcp.AssociationSetupResponse)
	if !ok {
		return errUnexpectedAnswer
	}
	if answer.UPFunctionFeatures.Value()&pfcp.UPFeatureFTUP == 0 {
		return errNoFTUP
	}
	s.associated(u, answer.RecoveryTimeStamp, answer.UPFunctionFeatures.Value())
	return nil
}

var errUnexpectedAnswer = errors.New("answer of the wrong type")

// associated notes an association just set up. A UPF forgets its sessions when that happens (TS 29.244 §6.2.6.2.2),
// so those that it should have are made anew, TS 23.527 §4.3.
func (s *SMF) associated(u *upf, recovery pfcp.Timestamp, offers pfcp.UPFunctionFeatures) {
	u.mu.Lock()
	again := u.epoch > 0
	u.up, u.recovery, u.unsynced, u.bundles = true, recovery, nil, offers&pfcp.UPFeatureBUNDL != 0
	u.epoch++
	left := u.clearLeft()
	u.mu.Unlock()
	for _, l := range left {
		l.free()
	}
	s.logUPF(slog.LevelInfo, u, "association with UPF set up", "recovery", recovery.Time(), "again", again)
	if u.sessions.Load() > 0 {
		s.running.Go(func() { s.restoreSessions(u) })
	}
}

// inUseFirst are the sessions that should be on the UPF: first those whose UEs are connected, which miss it.
func inUseFirst(all []*session, u *upf) []*session {
	list, idle := all[:0], []*session(nil)
	for _, n := range all {
		n.mu.Lock()
		uses, active := n.upf == u && n.onUPF, n.gnb.valid()
		n.mu.Unlock()
		switch {
		case uses && active:
			list = append(list, n)
		case uses:
			idle = append(idle, n)
		}
	}
	return append(list, idle...)
}

// restoreSessions has every session on the UPF made anew, a bounded number at a time.
func (s *SMF) restoreSessions(u *upf) {
	list := inUseFirst(s.all(), u)
	s.restoreEach(u, list)
	s.logUPF(slog.LevelInfo, u, "sessions restored on UPF", "sessions", len(list))
	u.mu.Lock()
	u.settled = true
	u.mu.Unlock()
	s.settle()
}

// settle tells who asks once no UPF is left that lacks sessions of before.
func (s *SMF) settle() {
	for _, u := range s.upfs {
		u.mu.Lock()
		lacks := !u.settled && u.sessions.Load() > 0
		u.mu.Unlock()
		if lacks {
			return
		}
	}
	if s.deps.Settled != nil {
		s.settling.Do(s.deps.Settled)
	}
}

// restoreEach has sessions made anew on their UPF.
func (s *SMF) restoreEach(u *upf, list []*session) {
	u.mu.Lock()
	bundles := u.bundles
	u.mu.Unlock()
	if bundles {
		s.restoreBundled(u, list)
		return
	}
	for _, n := range list {
		if !s.restoreAlone(n, n.deliver) {
			return
		}
	}
}

// restoreAlone has a session made anew by a procedure of its own, once fewer than maxRestores of these run. False: the SMF stops.
func (s *SMF) restoreAlone(n *session, deliver func(m any) bool) bool {
	select {
	case s.restores <- struct{}{}:
	case <-s.ctx.Done():
		return false
	}
	if !deliver(restore{}) {
		<-s.restores
	}
	return true
}

// heartbeats watches the UPF until it has restarted, TS 29.244 §6.2.2. While it does not answer it is given no new
// session; if it then answers with the same recovery time stamp, only the path was down and its sessions are intact.
func (s *SMF) heartbeats(u *upf) {
	for {
		s.sleep(s.cfg.Timers.HeartbeatInterval)
		if s.ctx.Err() != nil || u.current() == 0 {
			return
		}
		m, err := s.request(s.ctx, u, 0, &pfcp.HeartbeatRequest{RecoveryTimeStamp: s.started})
		answer, ok := m.(*pfcp.HeartbeatResponse)
		switch {
		case s.ctx.Err() != nil:
			return
		case err != nil || !ok:
			if u.setUp(false) {
				s.logUPF(slog.LevelError, u, "UPF does not answer, new sessions through it are refused", "sessions", u.sessions.Load(), "error", err)
			}
		case u.current() != answer.RecoveryTimeStamp:
			s.logUPF(slog.LevelError, u, "UPF has restarted and lost its sessions", "sessions", u.sessions.Load(), "recovery", answer.RecoveryTimeStamp.Time())
			u.lose()
			return
		default:
			if u.setUp(true) {
				s.logUPF(slog.LevelInfo, u, "UPF answers again")
			}
			s.catchUp(u)
		}
	}
}

// setUp notes whether the UPF answers and tells whether that is news.
func (u *upf) setUp(up bool) (news bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	news = u.up != up
	u.up = up
	return news
}

// current is the recovery time stamp of the association, 0 if there is none.
func (u *upf) current() pfcp.Timestamp {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.recovery
}

// generation tells the associations with the UPF apart.
func (u *upf) generation() uint64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.epoch
}

// lose ends the association on this side; a new one is set up before the next heartbeat.
func (u *upf) lose() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.up, u.recovery = false, 0
}

// unconfirmed keeps the SEID of a session here whose last change the UPF did not answer.
func (u *upf) unconfirmed(seid uint64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.unsynced) < maxUnsynced {
		u.unsynced = append(u.unsynced, seid)
	}
}

// catchUp tells the UPF what it missed while it did not answer: sessions that it lost or that changed, and sessions that ended.
func (s *SMF) catchUp(u *upf) {
	u.mu.Lock()
	changed := u.unsynced
	u.unsynced = nil
	u.mu.Unlock()
	var lost []*session
	for _, seid := range changed {
		switch n := s.session(seid); {
		case n == nil:
		case n.behind() && !n.isUnmoved():
			lost = append(lost, n)
		default:
			n.deliver(resync{})
		}
	}
	if len(lost) > 0 {
		s.running.Go(func() { s.restoreEach(u, lost) })
	}
	s.deleteLeft(u)
}

// upfSetsUp answers a UPF that sets the association up itself, TS 29.244 §6.2.6.3.
func (s *SMF) upfSetsUp(u *upf, m *pfcp.AssociationSetupRequest) pfcp.Message {
	answer := &pfcp.AssociationSetupResponse{NodeID: s.nodeID(), Cause: pfcp.CauseRequestAccepted, RecoveryTimeStamp: s.started,
		CPFunctionFeatures: pfcp.Some(features)}
	if m.UPFunctionFeatures.Value()&pfcp.UPFeatureFTUP == 0 {
		s.logUPF(slog.LevelError, u, "UPF refused", "error", errNoFTUP)
		answer.Cause = pfcp.CauseRequestRejected
		return answer
	}
	s.associated(u, m.RecoveryTimeStamp, m.UPFunctionFeatures.Value())
	return answer
}

// upfUpdates answers a change of the association, TS 29.244 §6.2.7. A UPF that asks to be released is given no
// new session until it takes an association again, and then gets its sessions back.
func (s *SMF) upfUpdates(u *upf, m *pfcp.AssociationUpdateRequest) pfcp.Message {
	if m.AssociationReleaseRequest.Value()&pfcp.AssociationReleaseSARR != 0 {
		u.lose()
		s.logUPF(slog.LevelWarn, u, "UPF asks to be released, new sessions through it are refused", "sessions", u.sessions.Load())
		s.running.Go(func() {
			_, err := s.request(s.ctx, u, 0, &pfcp.AssociationReleaseRequest{NodeID: s.nodeID()})
			s.logUPF(slog.LevelInfo, u, "association with UPF released", "error", err)
		})
	}
	return &pfcp.AssociationUpdateResponse{NodeID: s.nodeID(), Cause: pfcp.CauseRequestAccepted,
		CPFunctionFeatures: pfcp.Some(features)}
}

// nodeReport takes note of the user plane paths that failed or recovered, TS 29.244 §6.2.9. The sessions learn of a
// dead gNB from error indications and from the AMF.
func (s *SMF) nodeReport(u *upf, m *pfcp.NodeReportRequest) pfcp.Message {
	if r, ok := m.UserPlanePathFailureReport.Get(); ok {
		s.logUPF(slog.LevelError, u, "user plane path failed", "peers", r.RemoteGTPUPeer)
	}
	if r, ok := m.UserPlanePathRecoveryReport.Get(); ok {
		s.logUPF(slog.LevelInfo, u, "user plane path recovered", "peers", r.RemoteGTPUPeer)
	}
	return &pfcp.NodeReportResponse{NodeID: s.nodeID(), Cause: pfcp.CauseRequestAccepted}
}

// UPFStatus is a copy of what the SMF knows of a UPF.
type UPFStatus struct {
	Name     string
	Address  netip.AddrPort
	Up       bool
	Recovery time.Time // zero without an association
	Sessions int64
}

// UPFs returns the state of each configured UPF.
func (s *SMF) UPFs() []UPFStatus {
	list := make([]UPFStatus, 0, len(s.upfs))
	for _, u := range s.upfs {
		u.mu.Lock()
		st := UPFStatus{Name: u.Name, Address: u.Address, Up: u.up, Sessions: u.sessions.Load()}
		if u.recovery != 0 {
			st.Recovery = u.recovery.Time()
		}
		u.mu.Unlock()
		list = append(list, st)
	}
	return list
}
