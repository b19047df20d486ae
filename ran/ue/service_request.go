package ue

import (
	"context"
	"errors"

	"github.com/limpid-5g/limpid/ran/radio"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// ServiceOptions are the choices of a service request. The zero value answers paging if the UE was paged, asks for the
// user plane of all sessions if it has any, and else for signalling.
type ServiceOptions struct {
	Type *gmm.ServiceType // nil: by the rule above
	// Sessions are those whose user plane is asked for (uplink data status); nil: all.
	Sessions []uint8
	// Lost are sessions that the UE says that it no longer has, TS 24.501 §9.11.3.44.
	Lost     []uint8
	Attempts int // 0: once; at most 5, TS 24.501 §5.6.1.7
}

// ServiceResult is what the network did for the sessions, TS 24.501 §5.6.1.4.
type ServiceResult struct {
	// Failed are the sessions whose user plane was not re-established; Errors says why where the network did.
	Failed []uint8
	Errors gmm.ReactivationErrors
}

// ServiceRequest runs the service request procedure, TS 24.501 §5.6.1. The error is a *RejectError, *TimeoutError,
// ErrReleased, ErrNotRegistered, ErrBusy, the cell's, or ctx's.
func (u *UE) ServiceRequest(ctx context.Context, o ServiceOptions) (ServiceResult, error) {
	u.mu.Lock()
	if !u.registered || u.guti == nil || u.current == nil {
		u.mu.Unlock()
		return ServiceResult{}, ErrNotRegistered
	}
	t, err := u.begin()
	if err != nil {
		u.mu.Unlock()
		return ServiceResult{}, err
	}
	u.service = ServiceResult{}
	request, cause := u.serviceMessage(o)
	u.mu.Unlock()
	defer u.finished(t)
	tries := min(max(o.Attempts, 1), maxServiceRequest)
	err = u.ask(ctx, t, "T3517", T3517, request.Name(), tries, func() error {
		if u.conn != nil && u.secure {
			return u.send(request)
		}
		if u.conn != nil { // TS 24.501 §5.6.1.7 c): the silent connection is released locally
			u.drop()
		}
		return u.connect(request, cause)
	})
	u.mu.Lock()
	defer u.mu.Unlock()
	var timeout *TimeoutError
	if errors.As(err, &timeout) {
		u.lose()
	}
	return u.service, err
}

// serviceMessage composes the message, TS 24.501 §5.6.1.2.
func (u *UE) serviceMessage(o ServiceOptions) (*gmm.ServiceRequest, radio.EstablishmentCause) {
	status, data := u.sessionStatus(), gmm.NewPSISet(o.Sessions...)
	if o.Sessions == nil {
		data = status
	}
	for _, id := range o.Lost {
		status, data = status.Without(id), data.Without(id)
	}
	m := &gmm.ServiceRequest{
		NgKSI: gmm.KeySetIdentifier(u.current.ngKSI), STMSI: gmm.STMSIIdentity(u.guti.STMSI()),
		PDUSessionStatus: &status,
	}
	switch {
	case o.Type != nil:
		m.ServiceType = *o.Type
	case u.paged:
		m.ServiceType = gmm.ServiceMobileTerminated
	case data != 0:
		m.ServiceType = gmm.ServiceData
	}
	if data != 0 && m.ServiceType != gmm.ServiceSignalling {
		m.UplinkDataStatus = &data
	}
	switch m.ServiceType {
	case gmm.ServiceMobileTerminated:
		return m, radio.MTAccess
	case gmm.ServiceData:
		return m, radio.MOData
	case gmm.ServiceEmergency, gmm.ServiceEmergencyFallback:
		return m, radio.Emergency
	case gmm.ServiceHighPriorityAccess:
		return m, radio.HighPriorityAccess
	}
	return m, radio.MOSignalling
}

// serviceAccept ends the procedure well, TS 24.501 §5.6.1.4.
func (u *UE) serviceAccept(m *gmm.ServiceAccept) {
	if m.PDUSessionStatus != nil {
		u.releaseSessions(*m.PDUSessionStatus)
	}
	if m.PDUSessionReactivationResult != nil {
		for psi := range m.PDUSessionReactivationResult.All() {
			u.service.Failed = append(u.service.Failed, psi)
		}
	}
	u.service.Errors = m.PDUSessionReactivationResultErrorCause
	u.end(nil)
}

// serviceReject ends the procedure, TS 24.501 §5.6.1.5.
func (u *UE) serviceReject(m *gmm.ServiceReject) {
	e := &RejectError{Message: m.Name(), GMM: m.Cause}
	if m.T3346 != nil {
		e.BackOff, _ = m.T3346.Duration()
	}
	if m.PDUSessionStatus != nil && u.secure {
		u.releaseSessions(*m.PDUSessionStatus)
	}
	u.rejectedWith(m.Cause)
	u.end(e)
	u.startT3540()
}
