package smf

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/store"
)

// RestoredSession is what other functions knew of a session before the restart.
type RestoredSession struct {
	SessionInfo
	Registration nudm.SMFRegistration
	Registered   bool // in the UDM
	PolicyID     string
}

// errNotConfigured says that the configuration no longer has what a session stands on.
var errNotConfigured = errors.New("the configuration no longer has its DNN or UPF")

// Restore brings back every session that this SMF had when the process ended, TS 23.007 §26: with its address, its
// tunnels and its rules, which its UPF gets again with the next association (TS 23.527 §4.3). each is called for each of
// them, from several goroutines. A session that cannot be restored is forgotten, and told in the log. It returns how many
// there are. Call it before Run.
func (s *SMF) Restore(ctx context.Context, each func(RestoredSession)) (int, error) {
	if s.keeper == nil {
		return 0, nil
	}
	var restored, lost atomic.Int64
	err := store.InParallel(s.keeper.contexts.SMs(ctx, s.cfg.Name), func(c *store.SMContext) {
		n, err := s.restoreSession(c)
		if err != nil {
			lost.Add(1)
			s.log.Error("PDU session cannot be restored: the UE will have to establish it again", "supi", c.SUPI.Conceal(),
				"pdu_session", c.PDUSessionID, "dnn", c.DNN, "address", c.IPv4, "error", err)
			if err := s.keeper.contexts.RemoveSM(ctx, c.SUPI, c.PDUSessionID, c.SEID); err != nil {
				s.log.Error("PDU session not removed from the store", "supi", c.SUPI.Conceal(), "error", err)
			}
			return
		}
		restored.Add(1)
		each(RestoredSession{SessionInfo: n.info(), Registered: n.registered, PolicyID: n.policyID, Registration: nudm.SMFRegistration{
			SMFInstanceID: s.cfg.InstanceID, PDUSessionID: n.id, SNSSAI: n.slice, DNN: n.network.Name, PLMN: n.plmn,
		}})
	})
	if restored.Load()+lost.Load() > 0 {
		s.log.Info("PDU sessions restored", "sessions", restored.Load(), "lost", lost.Load())
	}
	return int(restored.Load()), err
}

func (s *SMF) restoreSession(c *store.SMContext) (*session, error) {
	n := &session{smf: s, seid: c.SEID, supi: c.SUPI, id: c.PDUSessionID, state: Active, address: c.IPv4, stored: true, onUPF: true}
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
	if n.address.IsValid() {
		if err := n.network.addresses.allotStatic(n.address); err != nil {
			return nil, err
		}
	}
	n.upf.sessions.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[n.seid] = n
	s.byUE[n.key()] = n
	return n, nil
}

// Discard ends a restored session of which no UE is left.
func (s *SMF) Discard(ref string) {
	if n := s.find(ref); n != nil {
		n.end("no registered UE has it")
	}
}
