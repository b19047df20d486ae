package amf

import (
	"errors"

	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nausf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// refusal is a request turned down, with what the UE is told and what the operator is told.
type refusal struct {
	cause                  gmm.Cause
	why                    string
	asked, allowed, change string
	rejected               gmm.RejectedNSSAI // slices, with cause #62
}

func (r *refusal) Error() string { return r.why + " (" + r.cause.Error() + ")" }

// errAuthentication says that the UE did not prove who it is: it is answered with AUTHENTICATION REJECT,
// TS 24.501 §5.4.1.3.5.
var errAuthentication = errors.New("authentication failed")

// refusalOf gives the 5GMM cause for an error of a procedure. The second result is false where nobody is left to tell.
func refusalOf(err error) (*refusal, bool) {
	if ended(err) || errors.Is(err, procedure.ErrNoAnswer) {
		return nil, false
	}
	if r, ok := errors.AsType[*refusal](err); ok {
		return r, true
	}
	if p, ok := errors.AsType[*sbi.ProblemDetails](err); ok {
		return &refusal{cause: causeOfProblem(p.Cause), why: p.Error()}, true
	}
	if c, ok := gmm.CauseOf(err); ok {
		return &refusal{cause: c, why: err.Error()}, true
	}
	return &refusal{cause: gmm.CauseProtocolErrorUnspecified, why: err.Error()}, true
}

// causeOfProblem maps application errors of services to 5GMM causes, TS 29.524 §4.2.2.2 and TS 24.501 §A.1.
func causeOfProblem(c sbi.Cause) gmm.Cause {
	switch c {
	case nudm.CauseUserNotFound, nausf.CauseAuthenticationRejected:
		return gmm.CauseIllegalUE
	case nausf.CauseServingNetworkNotAuthorized:
		return gmm.CauseServingNetworkNotAuthorized
	case nudm.CauseRoamingNotAllowed:
		return gmm.CausePLMNNotAllowed
	case nudm.CauseAccessNotAllowed, nudm.CauseDataNotFound:
		return gmm.Cause5GSServicesNotAllowed
	case sbi.CauseNFCongestion, sbi.CauseInsufficientResource, sbi.CausePeerNotResponding, sbi.CauseSystemFailure:
		return gmm.CauseCongestion
	}
	return gmm.CauseProtocolErrorUnspecified
}

// logRefusal says in one line what was asked, what is allowed and what to change.
func (ue *ue) logRefusal(r *refusal) {
	args := []any{"cause", r.cause.Error(), "reason", r.why}
	for _, kv := range [][2]string{{"asked", r.asked}, {"allowed", r.allowed}, {"change", r.change}} {
		if kv[1] != "" {
			args = append(args, kv[0], kv[1])
		}
	}
	ue.log().Warn("UE refused", args...)
}
