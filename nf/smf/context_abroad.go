package smf

import (
	"context"
	"maps"
	"slices"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/nsmf"
)

// The session of a UE that went to another AMF stays with its SMF, TS 23.502 §4.2.2.2.2 step 17. What that AMF says while this SMF is
// away it does not say again, so that both are compared now and then.

// staysAbroad notes a session whose UE is at another AMF.
func (s *SMF) staysAbroad(n *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.abroad == nil {
		s.abroad = make(map[uint64]struct{})
	}
	s.abroad[n.seid] = struct{}{}
}

// Stay notes that the UE of a session has gone to another AMF, which has not said so yet.
func (s *SMF) Stay(ref string) {
	if n := s.find(ref); n != nil {
		s.staysAbroad(n)
	}
}

// ServedHere notes that the UE of a session is at this core's AMF.
func (s *SMF) ServedHere(ref string) {
	if n := s.find(ref); n != nil {
		n.servedBy(ident.GUAMI{})
	}
}

// Abroad returns the sessions whose UE went to another AMF. One that is served by this core's own by what it says itself is returned
// once: Stay keeps it among them.
func (s *SMF) Abroad() []SessionInfo {
	s.mu.RLock()
	there := slices.Collect(maps.Keys(s.abroad))
	s.mu.RUnlock()
	list := make([]SessionInfo, 0, len(there))
	for _, seid := range there {
		n := s.session(seid)
		gone := n == nil || n.is(Released)
		if !gone {
			list = append(list, n.info())
		}
		if gone || list[len(list)-1].ServingAMF == (ident.GUAMI{}) {
			s.mu.Lock()
			delete(s.abroad, seid)
			s.mu.Unlock()
		}
	}
	return list
}

// Deactivate takes the user plane of a session down, as its AMF has asked, TS 23.502 §4.2.6 step 5.
func (s *SMF) Deactivate(ctx context.Context, ref string) error {
	_, err := s.UpdateSMContext(ctx, ref, nsmf.SMContextUpdateData{UpCnxState: nsmf.Deactivated, NGAPCause: "its UE is idle at another AMF"})
	return err
}
