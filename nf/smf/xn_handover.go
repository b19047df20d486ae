package smf

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"

	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// moveStep is one step of a handover, which the session's own goroutine makes and whose end the AMF waits for: a gNB
// must not hear that a path is switched before the UPF has done it.
type moveStep struct {
	do   func(ctx context.Context) error
	done chan<- error // has room for one
}

// move makes a step of a handover and waits for its end. N4's own timers bound it, and the goroutine that makes it waits
// for no UE meanwhile: Collide ends what would.
func (s *session) move(ctx context.Context, do func(ctx context.Context) error) error {
	done := make(chan error, 1)
	if !s.deliver(moveStep{do, done}) {
		return sbi.Problem(http.StatusServiceUnavailable, sbi.CauseNFCongestion, "session is busy")
	}
	select {
	case err := <-done:
		return err
	case <-s.wait():
		return sbi.Problem(http.StatusNotFound, sbi.CauseContextNotFound, "the session has ended")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// step serves a moveStep.
func (s *session) step(ctx context.Context, m moveStep) {
	err := errors.New("its procedure failed inside")
	defer func() { m.done <- err }()
	err = m.do(ctx)
}

// connected refuses a step about a session that has no user plane at any gNB.
func (s *session) connected() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != Active || s.up != nsmf.Activated {
		return sbi.Problem(http.StatusForbidden, nsmf.CauseN2SMError, "the session is %s, its user plane %s", s.state, s.up)
	}
	return nil
}

// pathSwitchRequested is steps 2 to 6 of the Xn based handover, TS 23.502 §4.9.1.2.2: the UPF sends downlink packets to
// the target from now on, and end markers to the source. Where that fails the AMF gets what the target must hear.
func (s *session) pathSwitchRequested(ctx context.Context, b []byte, out *nsmf.SMContextUpdatedData) error {
	var to tunnel
	err := s.connected()
	if err == nil {
		to, err = s.readPathSwitch(b)
	}
	if err == nil {
		err = s.move(ctx, func(ctx context.Context) error { return s.redirect(ctx, to) }) // steps 3 and 4
	}
	if err != nil {
		s.smf.log.Warn("path of the session not switched", s.attrs(slog.Any("error", err))...)
		n2, _ := pathSwitchFailure(ngap.CauseRadioNetworkUnspecified) // a constant can be encoded
		return &nsmf.SMContextError{ProblemDetails: sbi.Problem(http.StatusForbidden, nsmf.CauseN2SMError, "path not switched: %v", err), N2SMInfo: n2}
	}
	out.UpCnxState = nsmf.Activated
	out.N2SMInfo, err = s.pathSwitchAcknowledge()
	return err
}

// pathSwitchSetupFailed is step 2 for a session that the target could not take: it loses its user plane and stays.
func (s *session) pathSwitchSetupFailed(b []byte, out *nsmf.SMContextUpdatedData) error {
	t, err := ngap.DecodePathSwitchRequestSetupFailedTransfer(b)
	if err != nil {
		return sbi.Problem(http.StatusForbidden, nsmf.CauseN2SMError, "%v", err)
	}
	s.goIdle("the target of the handover could not take it: "+t.Cause.String(), out)
	return nil
}

// readPathSwitch reads where the target wants downlink packets, TS 38.413 §9.3.4.8.
func (s *session) readPathSwitch(b []byte) (tunnel, error) {
	t, err := ngap.DecodePathSwitchRequestTransfer(b)
	if err != nil {
		return tunnel{}, err
	}
	kept := make(map[uint8]bool)
	for _, f := range t.QosFlowAcceptedList {
		kept[uint8(f.QosFlowIdentifier)] = true
	}
	s.lostFlows(kept)
	return tunnelFrom(&t.DLNGUUPTNLInformation)
}

// lostFlows tells of QoS flows that a target has not taken over: what they would carry finds no bearer there.
func (s *session) lostFlows(kept map[uint8]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lost []uint8
	for i := range s.qos.flows {
		if q := s.qos.flows[i].qfi; !kept[q] {
			lost = append(lost, q)
		}
	}
	if len(lost) > 0 {
		s.smf.log.Warn("target gNB did not take all QoS flows of the session", s.attrs(slog.Any("flows", lost))...)
	}
}

// tunnelFrom reads a gNB's end of a tunnel, TS 38.413 §9.3.2.2.
func tunnelFrom(i *ngap.UPTransportLayerInformation) (tunnel, error) {
	if i == nil || i.GTPTunnel == nil {
		return tunnel{}, errors.New("no GTP tunnel")
	}
	end, err := i.GTPTunnel.AddrPort()
	if err != nil {
		return tunnel{}, err
	}
	if end.Addr().IsUnspecified() || end.Addr().IsMulticast() {
		return tunnel{}, fmt.Errorf("the gNB's end of the tunnel cannot be at %s", end.Addr())
	}
	return tunnel{end.Addr().Unmap(), uint32(i.GTPTunnel.GTPTEID)}, nil
}

// transport is a tunnel end for a gNB, TS 38.413 §9.3.2.2.
func (t tunnel) transport() (ngap.UPTransportLayerInformation, error) {
	v4, v6 := t.addr, netip.Addr{}
	if !t.addr.Is4() {
		v4, v6 = v6, v4
	}
	address, err := ngap.NewTransportLayerAddress(v4, v6)
	return ngap.UPTransportLayerInformation{GTPTunnel: &ngap.GTPTunnel{TransportLayerAddress: address, GTPTEID: ngap.GTPTEID(t.teid)}}, err
}

// pathSwitchAcknowledge is the answer for the target, TS 38.413 §9.3.4.9: the UPF's end of the tunnel has not changed.
func (s *session) pathSwitchAcknowledge() (nsmf.N2SMInfo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	uplink, err := s.uplink.transport()
	if err != nil {
		return nsmf.N2SMInfo{}, err
	}
	t := ngap.PathSwitchRequestAcknowledgeTransfer{ULNGUUPTNLInformation: &uplink, SecurityIndication: s.security.indication(s.integrity)}
	b, err := t.Append(nil)
	return nsmf.N2SMInfo{Type: nsmf.PathSwitchReqAck, Data: b}, err
}

// pathSwitchFailure tells the target that the session is released there, TS 38.413 §9.3.4.20.
func pathSwitchFailure(cause ngap.Cause) (nsmf.N2SMInfo, error) {
	b, err := (&ngap.PathSwitchRequestUnsuccessfulTransfer{Cause: cause}).Append(nil)
	return nsmf.N2SMInfo{Type: nsmf.PathSwitchReqFail, Data: b}, err
}

// redirect has the UPF send downlink packets to another gNB and end markers to the one before, TS 23.501 §5.8.2.9 and
// TS 29.244 §5.2.3.1.
func (s *session) redirect(ctx context.Context, to tunnel) error {
	if err := s.connected(); err != nil {
		return err
	}
	err := s.modifyOnUPF(ctx, pfcp.UpdateFAR{
		FARID: downlinkFAR, ApplyAction: pfcp.Some(pfcp.ApplyFORW),
		UpdateForwardingParameters: pfcp.Some(pfcp.UpdateForwardingParameters{
			DestinationInterface: pfcp.Some(pfcp.InterfaceAccess), OuterHeaderCreation: pfcp.Some(to.outerHeader()),
			DestinationInterfaceType: pfcp.Some(pfcp.InterfaceTypeN33GPP),
			PFCPSMReqFlags:           pfcp.Some(pfcp.SMReqSNDEM)}),
	}, 0)
	if err != nil && !s.recreate(ctx, to, err) {
		return err
	}
	if !s.sendsTo(to) {
		return s.connected() // says why
	}
	s.keepTunnel(ctx)
	return nil
}
