package sctp

import "fmt"

// Cause is an error cause code, RFC 9260 §3.3.10.
type Cause uint16

// The error causes of RFC 9260 §3.3.10.
const (
	CauseInvalidStreamIdentifier Cause = 1
	CauseMissingParameter        Cause = 2
	CauseStaleCookie             Cause = 3
	CauseOutOfResource           Cause = 4
	CauseUnresolvableAddress     Cause = 5
	CauseUnrecognizedChunkType   Cause = 6
	CauseInvalidParameter        Cause = 7
	CauseUnrecognizedParameters  Cause = 8
	CauseNoUserData              Cause = 9
	CauseCookieWhileShuttingDown Cause = 10
	CauseRestartNewAddresses     Cause = 11
	CauseUserInitiatedAbort      Cause = 12
	CauseProtocolViolation       Cause = 13
)

var causeNames = map[Cause]string{
	0:                            "no cause given",
	CauseInvalidStreamIdentifier: "invalid stream identifier",
	CauseMissingParameter:        "missing mandatory parameter",
	CauseStaleCookie:             "stale cookie",
	CauseOutOfResource:           "out of resource",
	CauseUnresolvableAddress:     "unresolvable address",
	CauseUnrecognizedChunkType:   "unrecognized chunk type",
	CauseInvalidParameter:        "invalid mandatory parameter",
	CauseUnrecognizedParameters:  "unrecognized parameters",
	CauseNoUserData:              "no user data",
	CauseCookieWhileShuttingDown: "cookie received while shutting down",
	CauseRestartNewAddresses:     "restart of an association with new addresses",
	CauseUserInitiatedAbort:      "user-initiated abort",
	CauseProtocolViolation:       "protocol violation",
}

// String is the cause's name in RFC 9260 §3.3.10.
func (c Cause) String() string {
	if s, ok := causeNames[c]; ok {
		return s
	}
	return fmt.Sprintf("cause %d", uint16(c))
}
