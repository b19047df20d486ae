package smf

import (
	"context"

	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// inactive says that the UPF saw no packet of the session for the time of its inactivity timer.
type inactive struct{}

// selectiveDeactivation takes the user plane of one session down while the UE stays connected, TS 23.502 §4.3.7: the UPF
// keeps downlink packets from now on, and the gNB gives its resources up. It comes back with the next packet of either side.
func (s *session) selectiveDeactivation(ctx context.Context) {
	s.mu.Lock()
	there := s.state == Active && s.up == nsmf.Activated && s.gnb.valid() && s.moving == nil
	s.mu.Unlock()
	if !there {
		return // a report that crossed with an AN release or a handover
	}
	s.deactivateUserPlane(ctx, "inactivity")               // step 2
	s.releaseAN(ctx, ngap.CauseRadioNetworkUserInactivity) // steps 3 to 8
}

// inactivityTimer is what the UPF is to watch, TS 29.244 §5.11.3; an always-on session has none, TS 23.501 §5.6.8. Call it
// with s.mu held.
func (s *session) inactivityTimer() (t pfcp.Opt[pfcp.Seconds]) {
	if s.network.Inactivity > 0 && !s.alwaysOn {
		return pfcp.Some(pfcp.Seconds(max(1, s.network.Inactivity.Seconds())))
	}
	return t
}
