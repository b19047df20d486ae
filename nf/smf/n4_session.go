package smf

import (
	"context"
	"errors"
	"reflect"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// errNoFTEID is an acceptance without the tunnel that the SMF asked the UPF to choose.
var errNoFTEID = errors.New("UPF accepted the session without an F-TEID for N3 or an F-SEID")

// isGone tells whether a UPF has refused a request because it has no such session, or no sessions at all.
func isGone(err error) bool {
	c := causeOf(err)
	return c == pfcp.CauseSessionContextNotFound || c == pfcp.CauseNoEstablishedAssociation
}

// isHeld tells whether a UPF has refused a session because another one there has its address.
func isHeld(err error) bool {
	bad, ok := errors.AsType[*pfcp.Error](err)
	return ok && bad.Cause == pfcp.CauseNoResourcesAvailable && bad.Offending == pfcp.IEUEIPAddress
}

// establishOnUPF makes the session on its UPF with all its rules, TS 29.244 §6.3.2. What has its address there, and has ended here or
// come to another node, goes first.
func (s *session) establishOnUPF(ctx context.Context) error {
	for {
		err := s.requestEstablishment(ctx)
		if !isHeld(err) {
			return err
		}
		s.mu.Lock()
		u, address := s.upf, s.address
		s.mu.Unlock()
		if !s.smf.makeAddressFree(ctx, u, address) {
			return err
		}
	}
}

// requestEstablishment asks the UPF for the session. One that knows of no association gets one first.
func (s *session) requestEstablishment(ctx context.Context) error {
	s.mu.Lock()
	req, u, qos := s.establishmentMessage(), s.upf, s.wanted()
	s.mu.Unlock()
	s.smf.awaitAssociation(u)
	epoch := u.generation()
	// Once sent it is answered before anything else happens: giving up in between would leave a session behind.
	m, err := s.smf.request(context.WithoutCancel(ctx), u, 0, req)
	if causeOf(err) == pfcp.CauseNoEstablishedAssociation && s.smf.associateAgain(u, epoch) == nil {
		epoch = u.generation()
		m, err = s.smf.request(context.WithoutCancel(ctx), u, 0, req)
	}
	return s.established(m, err, epoch, qos)
}

// established takes the answer to a request to make the session, with a QoS, that was sent in an epoch of the association.
func (s *session) established(m pfcp.Message, err error, epoch uint64, qos *sessionQoS) error {
	if err != nil {
		s.mayBeOnUPF(err)
		return err
	}
	answer, ok := m.(*pfcp.SessionEstablishmentResponse)
	if !ok {
		return errUnexpectedAnswer
	}
	remote, ok := answer.UPFSEID.Get()
	if !ok {
		s.mayBeOnUPF(&pfcp.Unanswered{Err: errNoFTEID})
		return errNoFTEID
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remoteSEID, s.onUPF, s.epoch, s.unmoved, s.unheard = remote.SEID, true, epoch, false, nil
	for _, c := range answer.CreatedPDR {
		if f, ok := c.LocalFTEID.Get(); ok && f.IPv4.IsValid() {
			s.uplink = tunnel{f.IPv4, f.TEID}
		}
	}
	if !s.uplink.valid() {
		return errNoFTEID
	}
	if wait, ok := s.smf.tunnelWaits.LoadAndDelete(s); ok {
		close(wait.(chan struct{}))
	}
	s.onN4 = nil
	if qos != s.qos {
		rules := s.rules(qos, s.uplink.fteid())
		s.onN4 = &rules
	}
	return nil
}

// setRules makes PDRs and QERs on the UPF what next says, all or nothing, TS 29.244 §6.3.3. A UPF that has lost the session gets it
// anew first.
func (s *session) setRules(ctx context.Context, next n4Rules) error {
	err := s.requestRules(ctx, next)
	if isGone(err) {
		if _, again := s.remake(ctx); again == nil {
			err = s.requestRules(ctx, next)
		}
	}
	return err
}

func (s *session) requestRules(ctx context.Context, next n4Rules) error {
	s.mu.Lock()
	req := s.upfRules().changes(next)
	s.mu.Unlock()
	if req == nil {
		return nil
	}
	if err := s.requestModification(ctx, req); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onN4 = &next
	return nil
}

// upfRules are those that the UPF has. Call it with s.mu held.
func (s *session) upfRules() n4Rules {
	if s.onN4 != nil {
		return *s.onN4
	}
	return s.rules(s.qos, s.uplink.fteid())
}

// forgetRules lets go of the rules that the UPF has, if they can be made again.
func (s *session) forgetRules() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.onN4 != nil && s.qos != nil && s.next == nil && reflect.DeepEqual(*s.onN4, s.rules(s.qos, s.uplink.fteid())) {
		s.onN4 = nil
	}
}

// modifyOnUPF changes what the UPF does with downlink packets.
func (s *session) modifyOnUPF(ctx context.Context, far pfcp.UpdateFAR, flags pfcp.SessionModificationReqFlags) error {
	req := &pfcp.SessionModificationRequest{UpdateFAR: []pfcp.UpdateFAR{far}}
	if flags != 0 {
		req.PFCPSMReqFlags = pfcp.Some(flags)
	}
	return s.requestModification(ctx, req)
}

// requestModification changes the session on its UPF, TS 29.244 §6.3.3. A refusal is a *pfcp.Error.
func (s *session) requestModification(ctx context.Context, req *pfcp.SessionModificationRequest) error {
	s.mu.Lock()
	u, seid, there := s.upf, s.remoteSEID, s.onUPF
	unmoved := s.unmoved
	s.mu.Unlock()
	if unmoved {
		req.CPFSEID = pfcp.Some(s.smf.fseid(s.seid))
	}
	switch {
	case !there:
		return errNotOnUPF
	case !u.alive():
		return errUPFDown // rather than wait for what is known
	}
	_, err := s.smf.request(ctx, u, seid, req)
	if unmoved && err == nil {
		s.mu.Lock()
		s.unmoved = false
		s.mu.Unlock()
	}
	return err
}

var (
	errNotOnUPF = errors.New("the session is on no UPF")
	errUPFDown  = errors.New("the UPF does not answer")
)

// forward has downlink packets, those buffered first, go to the gNB.
func (s *session) forward(ctx context.Context, gnb tunnel) error {
	return s.modifyOnUPF(ctx, pfcp.UpdateFAR{
		FARID: downlinkFAR, ApplyAction: pfcp.Some(pfcp.ApplyFORW),
		UpdateForwardingParameters: pfcp.Some(pfcp.UpdateForwardingParameters{
			DestinationInterface: pfcp.Some(pfcp.InterfaceAccess), OuterHeaderCreation: pfcp.Some(gnb.outerHeader()),
			DestinationInterfaceType: pfcp.Some(pfcp.InterfaceTypeN33GPP)}),
	}, 0)
}

// buffer has downlink packets kept and the first of them reported.
func (s *session) buffer(ctx context.Context, flags pfcp.SessionModificationReqFlags) error {
	return s.modifyOnUPF(ctx, pfcp.UpdateFAR{FARID: downlinkFAR, ApplyAction: pfcp.Some(bufferAndNotify)}, flags)
}

// toldUsage is the last usage report of a session's UPF: its UR-SEQN, and when its measurement ended.
type toldUsage struct {
	sequence uint32
	end      pfcp.Timestamp
}

// again tells whether a report is one that was counted: a UPF that was killed cannot know whether its last one arrived, and sends it
// again. One that has lost all numbers begins anew with 0 and a later time.
func (t toldUsage) again(r *pfcp.UsageReport) bool {
	end, ok := r.EndTime.Get()
	return ok && r.URSEQN <= t.sequence && end <= t.end
}

// count adds usage reports up, each once.
func (s *session) count(reports []pfcp.UsageReport) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range reports {
		r := &reports[i]
		if s.told.again(r) {
			continue
		}
		s.told = toldUsage{r.URSEQN, r.EndTime.Value()}
		v := r.VolumeMeasurement.Value()
		s.usage.Uplink += v.Uplink.Value()
		s.usage.Downlink += v.Downlink.Value()
	}
}

// forgetTold is for the next UPF, which numbers its reports anew.
func (s *session) forgetTold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = toldUsage{}
}

// uses tells whether the session should be on the UPF.
func (s *session) uses(u *upf) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.upf == u && s.onUPF
}
