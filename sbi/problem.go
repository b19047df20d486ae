// Package sbi is the service-based interface between network functions, TS 23.501 §4.2.6: one folder for each
// 3GPP service with the service as a Go interface and its types. A consumer holds the interface; core/ decides
// whether a function call or HTTP/2 lies behind it. Values that cross it are never changed afterwards.
package sbi

import (
	"errors"
	"fmt"
)

// ProblemDetails is the error of every service, TS 29.571 §5.2.4.1: an HTTP status and the standard's cause.
type ProblemDetails struct {
	Status int    `json:"status"`
	Cause  Cause  `json:"cause"`
	Detail string `json:"detail,omitempty"`
}

func (p *ProblemDetails) Error() string {
	if p.Detail == "" {
		return fmt.Sprintf("%s (%d)", p.Cause, p.Status)
	}
	return fmt.Sprintf("%s (%d): %s", p.Cause, p.Status, p.Detail)
}

// Cause is an application error of a service, spelled as in its specification.
type Cause string

// The causes of TS 29.500 §5.2.7.2 that any service may give.
const (
	CauseInvalidMsgFormat     Cause = "INVALID_MSG_FORMAT"
	CauseMandatoryIEIncorrect Cause = "MANDATORY_IE_INCORRECT"
	CauseMandatoryIEMissing   Cause = "MANDATORY_IE_MISSING"
	CauseSystemFailure        Cause = "SYSTEM_FAILURE"
	CauseInsufficientResource Cause = "INSUFFICIENT_RESOURCES"
	CauseNFCongestion         Cause = "NF_CONGESTION"
	CauseContextNotFound      Cause = "CONTEXT_NOT_FOUND"
	CausePeerNotResponding    Cause = "PEER_NOT_RESPONDING"

	CauseModificationNotAllowed Cause = "MODIFICATION_NOT_ALLOWED"
)

// Problem makes an error of a service.
func Problem(status int, cause Cause, format string, args ...any) *ProblemDetails {
	return &ProblemDetails{Status: status, Cause: cause, Detail: fmt.Sprintf(format, args...)}
}

// CauseOf returns the cause that err carries, or SYSTEM_FAILURE where it carries none.
func CauseOf(err error) Cause {
	if p, ok := errors.AsType[*ProblemDetails](err); ok {
		return p.Cause
	}
	return CauseSystemFailure
}
