package amf

import (
	"context"
	"errors"
	"fmt"

	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// serviceRequest runs the service request procedure and answers the UE however it ends.
func (ue *ue) serviceRequest(ctx context.Context, m *initialMessage, request *gmm.ServiceRequest) {
	if !m.verified || !ue.registered {
		ue.refuseService(ctx, m)
		return
	}
	ue.running = serviceRequest
	defer func() { ue.running = idle }()
	ue.attach(ctx, m.conn)
	if err := ue.service(ctx, m, request); err != nil {
		if r, ok := errors.AsType[*refusal](err); ok {
			ue.logRefusal(r)
			reject := &gmm.ServiceReject{Cause: r.cause}
			if r.cause == gmm.CauseCongestion {
				backoff := ue.amf.backoff()
				reject.T3346 = &backoff
			}
			ue.sendNAS(reject)
			ue.releaseConnection(ctx, ngap.CauseNASNormalRelease)
			return
		}
		if !ended(err) {
			ue.log().Warn("service request given up", "reason", err)
			ue.releaseConnection(ctx, ngap.CauseNASUnspecified)
		}
		return
	}
	ue.note("connected", "sessions", len(ue.sessions))
	ue.transferWaiting(ctx)
}

// service is the UE triggered service request procedure, TS 23.502 §4.2.3.2.
func (ue *ue) service(ctx context.Context, m *initialMessage, request *gmm.ServiceRequest) error {
	ue.conn.secured = true // step 3: the integrity was right, no new authentication
	ue.tai = m.conn.tai
	if request.ServiceType.Value() == gmm.ServiceEmergencyFallback { // the UE knows that from the network feature support
		return &refusal{
			cause: gmm.CauseProtocolErrorUnspecified, why: "emergency services fallback is not supported: there is no EPS to fall back to",
			asked: "service type emergency services fallback", allowed: "the other service types",
		}
	}
	if err := ue.checkServiceArea(ctx, request); err != nil {
		return err
	}
	accept := &gmm.ServiceAccept{}
	if request.PDUSessionStatus != nil {
		ue.keepSessions(ctx, *request.PDUSessionStatus)
	}
	wanted := ue.activate(ctx, request.UplinkDataStatus) // steps 4 to 11
	if wanted.gone && ue.isTaken(ctx) {                  // with its sessions, while it was served here: there it has them
		ue.giveUp(ctx)
		return fmt.Errorf("another node of the set has the UE: %w", procedure.ErrSuperseded)
	}
	if request.PDUSessionStatus != nil {
		status := ue.sessionStatus()
		accept.PDUSessionStatus = &status
	}
	accept.PDUSessionReactivationResult = wanted.result
	accept.PDUSessionReactivationResultErrorCause = wanted.causes
	if len(ue.allowed) == 0 { // it waits to be authenticated for a slice
		ue.withoutContext = m.count
		ue.sendNAS(accept)
		return nil
	}
	if ue.conn.contextSetUp { // from CM-CONNECTED
		ue.sendNAS(accept)
		ue.setUpSessions(wanted.sessions)
		return nil
	}
	return ue.setUpContext(ctx, accept, m.count, wanted.sessions) // steps 12 to 21
}

// checkServiceArea refuses a UE that wants services where its subscription allows none, TS 24.501 §5.6.1.5 cause #28. It may
// always answer paging.
func (ue *ue) checkServiceArea(ctx context.Context, request *gmm.ServiceRequest) error {
	if err := ue.subscription(ctx); err != nil { // of a UE that was restored
		return err
	}
	switch request.ServiceType.Value() {
	case gmm.ServiceSignalling, gmm.ServiceMobileTerminated, gmm.ServiceEmergency, gmm.ServiceEmergencyFallback, gmm.ServiceHighPriorityAccess:
		return nil
	}
	if !ue.mayCommunicate() {
		return ue.restrictedArea()
	}
	return nil
}

// refuseService answers a UE whose security context is not known here, TS 24.501 §5.6.1.5: it will register anew. The
// UE that really owns the identity, if there is one, notices nothing.
func (ue *ue) refuseService(ctx context.Context, m *initialMessage) {
	m.conn.gnb.log.Warn("service request refused", "cause", gmm.CauseUEIdentityCannotBeDerivedByTheNetwork,
		"reason", "no security context for this UE: it has to register")
	m.conn.sendPlain(&gmm.ServiceReject{Cause: gmm.CauseUEIdentityCannotBeDerivedByTheNetwork})
	ue.releaseUnused(m.conn, ngap.CauseNASNormalRelease)
	if ue.supi == "" {
		ue.forget(ctx, ngap.CauseNASNormalRelease)
	}
}
