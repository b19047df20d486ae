package pfcp

import "fmt"

// Cause is the outcome of a request, TS 29.244 §8.2.1.
type Cause uint8

// Cause values, TS 29.244 §8.2.1.
const (
	CauseRequestAccepted                 Cause = 1
	CauseMoreUsageReportToSend           Cause = 2
	CauseRequestPartiallyAccepted        Cause = 3
	CauseRequestRejected                 Cause = 64
	CauseSessionContextNotFound          Cause = 65
	CauseMandatoryIEMissing              Cause = 66
	CauseConditionalIEMissing            Cause = 67
	CauseInvalidLength                   Cause = 68
	CauseMandatoryIEIncorrect            Cause = 69
	CauseInvalidForwardingPolicy         Cause = 70
	CauseInvalidFTEIDAllocationOption    Cause = 71
	CauseNoEstablishedAssociation        Cause = 72
	CauseRuleCreationModificationFailure Cause = 73
	CauseEntityInCongestion              Cause = 74
	CauseNoResourcesAvailable            Cause = 75
	CauseServiceNotSupported             Cause = 76
	CauseSystemFailure                   Cause = 77
	CauseRedirectionRequested            Cause = 78
	CauseAllDynamicAddressesOccupied     Cause = 79
	CauseUnknownPredefinedRule           Cause = 80
	CauseUnknownApplicationID            Cause = 81
	CauseL2TPTunnelEstablishmentFailure  Cause = 82
	CauseL2TPSessionEstablishmentFailure Cause = 83
	CauseL2TPTunnelRelease               Cause = 84
	CauseL2TPSessionRelease              Cause = 85
	CauseSessionRestorationFailure       Cause = 86
)

// Accepted tells whether the cause is one of acceptance (values 1 to 63), TS 29.244 §8.2.1.
func (c Cause) Accepted() bool { return c >= 1 && c < 64 }

// String is the name of the cause in TS 29.244 §8.2.1.
func (c Cause) String() string {
	if s := causeNames[c]; s != "" {
		return s
	}
	return fmt.Sprintf("cause %d", uint8(c))
}

var causeNames = [256]string{
	CauseRequestAccepted:                 "Request accepted",
	CauseMoreUsageReportToSend:           "More Usage Report to send",
	CauseRequestPartiallyAccepted:        "Request partially accepted",
	CauseRequestRejected:                 "Request rejected",
	CauseSessionContextNotFound:          "Session context not found",
	CauseMandatoryIEMissing:              "Mandatory IE missing",
	CauseConditionalIEMissing:            "Conditional IE missing",
	CauseInvalidLength:                   "Invalid length",
	CauseMandatoryIEIncorrect:            "Mandatory IE incorrect",
	CauseInvalidForwardingPolicy:         "Invalid Forwarding Policy",
	CauseInvalidFTEIDAllocationOption:    "Invalid F-TEID allocation option",
	CauseNoEstablishedAssociation:        "No established PFCP Association",
	CauseRuleCreationModificationFailure: "Rule creation/modification Failure",
	CauseEntityInCongestion:              "PFCP entity in congestion",
	CauseNoResourcesAvailable:            "No resources available",
	CauseServiceNotSupported:             "Service not supported",
	CauseSystemFailure:                   "System failure",
	CauseRedirectionRequested:            "Redirection Requested",
	CauseAllDynamicAddressesOccupied:     "All dynamic addresses are occupied",
	CauseUnknownPredefinedRule:           "Unknown Pre-defined Rule",
	CauseUnknownApplicationID:            "Unknown Application ID",
	CauseL2TPTunnelEstablishmentFailure:  "L2TP tunnel Establishment failure",
	CauseL2TPSessionEstablishmentFailure: "L2TP session Establishment failure",
	CauseL2TPTunnelRelease:               "L2TP tunnel release",
	CauseL2TPSessionRelease:              "L2TP session release",
	CauseSessionRestorationFailure:       "PFCP session restoration failure due to requested resource not available",
}

// Error is a request that cannot be served, with what the answer must say: the cause, and where they are known
// the IE that is to blame and the rule that failed.
type Error struct {
	Cause      Cause
	Offending  IEType            // 0 if no IE is to blame
	FailedRule Opt[FailedRuleID] // with CauseRuleCreationModificationFailure
	Detail     string            // for logs: what is wrong with it
}

func (e *Error) Error() string {
	s := "pfcp: " + e.Cause.String()
	if e.Offending != 0 {
		s += ": " + e.Offending.String()
	}
	if r, ok := e.FailedRule.Get(); ok {
		s += ": " + r.String()
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// OffendingIE is the offending IE as responses carry it.
func (e *Error) OffendingIE() Opt[IEType] {
	if e.Offending == 0 {
		return Opt[IEType]{}
	}
	return Some(e.Offending)
}
