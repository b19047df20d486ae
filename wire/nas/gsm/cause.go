package gsm

import "strconv"

// Cause is the 5GSM cause, TS 24.501 §9.11.4.2. It is an error, and the text is the standard's.
type Cause uint8

// 5GSM causes.
const (
	CauseOperatorDeterminedBarring                                   Cause = 8
	CauseInsufficientResources                                       Cause = 26
	CauseMissingOrUnknownDNN                                         Cause = 27
	CauseUnknownPDUSessionType                                       Cause = 28
	CauseUserAuthenticationOrAuthorizationFailed                     Cause = 29
	CauseRequestRejectedUnspecified                                  Cause = 31
	CauseServiceOptionNotSupported                                   Cause = 32
	CauseRequestedServiceOptionNotSubscribed                         Cause = 33
	CausePTIAlreadyInUse                                             Cause = 35
	CauseRegularDeactivation                                         Cause = 36
	Cause5GSQoSNotAccepted                                           Cause = 37
	CauseNetworkFailure                                              Cause = 38
	CauseReactivationRequested                                       Cause = 39
	CauseSemanticErrorInTheTFTOperation                              Cause = 41
	CauseSyntacticalErrorInTheTFTOperation                           Cause = 42
	CauseInvalidPDUSessionIdentity                                   Cause = 43
	CauseSemanticErrorsInPacketFilter                                Cause = 44
	CauseSyntacticalErrorInPacketFilter                              Cause = 45
	CauseOutOfLADNServiceArea                                        Cause = 46
	CausePTIMismatch                                                 Cause = 47
	CausePDUSessionTypeIPv4OnlyAllowed                               Cause = 50
	CausePDUSessionTypeIPv6OnlyAllowed                               Cause = 51
	CausePDUSessionDoesNotExist                                      Cause = 54
	CausePDUSessionTypeIPv4v6OnlyAllowed                             Cause = 57
	CausePDUSessionTypeUnstructuredOnlyAllowed                       Cause = 58
	CauseUnsupported5QIValue                                         Cause = 59
	CausePDUSessionTypeEthernetOnlyAllowed                           Cause = 61
	CauseInsufficientResourcesForSpecificSliceAndDNN                 Cause = 67
	CauseNotSupportedSSCMode                                         Cause = 68
	CauseInsufficientResourcesForSpecificSlice                       Cause = 69
	CauseMissingOrUnknownDNNInASlice                                 Cause = 70
	CauseInvalidPTIValue                                             Cause = 81
	CauseMaximumDataRatePerUEForUserPlaneIntegrityProtectionIsTooLow Cause = 82
	CauseSemanticErrorInTheQoSOperation                              Cause = 83
	CauseSyntacticalErrorInTheQoSOperation                           Cause = 84
	CauseInvalidMappedEPSBearerIdentity                              Cause = 85
	CauseUASServicesNotAllowed                                       Cause = 86
	CauseSemanticallyIncorrectMessage                                Cause = 95
	CauseInvalidMandatoryInformation                                 Cause = 96
	CauseMessageTypeNonExistentOrNotImplemented                      Cause = 97
	CauseMessageTypeNotCompatibleWithTheProtocolState                Cause = 98
	CauseInformationElementNonExistentOrNotImplemented               Cause = 99
	CauseConditionalIEError                                          Cause = 100
	CauseMessageNotCompatibleWithTheProtocolState                    Cause = 101
	CauseProtocolErrorUnspecified                                    Cause = 111
)

var causeText = [256]string{
	CauseOperatorDeterminedBarring:                                   "Operator determined barring",
	CauseInsufficientResources:                                       "Insufficient resources",
	CauseMissingOrUnknownDNN:                                         "Missing or unknown DNN",
	CauseUnknownPDUSessionType:                                       "Unknown PDU session type",
	CauseUserAuthenticationOrAuthorizationFailed:                     "User authentication or authorization failed",
	CauseRequestRejectedUnspecified:                                  "Request rejected, unspecified",
	CauseServiceOptionNotSupported:                                   "Service option not supported",
	CauseRequestedServiceOptionNotSubscribed:                         "Requested service option not subscribed",
	CausePTIAlreadyInUse:                                             "PTI already in use",
	CauseRegularDeactivation:                                         "Regular deactivation",
	Cause5GSQoSNotAccepted:                                           "5GS QoS not accepted",
	CauseNetworkFailure:                                              "Network failure",
	CauseReactivationRequested:                                       "Reactivation requested",
	CauseSemanticErrorInTheTFTOperation:                              "Semantic error in the TFT operation",
	CauseSyntacticalErrorInTheTFTOperation:                           "Syntactical error in the TFT operation",
	CauseInvalidPDUSessionIdentity:                                   "Invalid PDU session identity",
	CauseSemanticErrorsInPacketFilter:                                "Semantic errors in packet filter(s)",
	CauseSyntacticalErrorInPacketFilter:                              "Syntactical error in packet filter(s)",
	CauseOutOfLADNServiceArea:                                        "Out of LADN service area",
	CausePTIMismatch:                                                 "PTI mismatch",
	CausePDUSessionTypeIPv4OnlyAllowed:                               "PDU session type IPv4 only allowed",
	CausePDUSessionTypeIPv6OnlyAllowed:                               "PDU session type IPv6 only allowed",
	CausePDUSessionDoesNotExist:                                      "PDU session does not exist",
	CausePDUSessionTypeIPv4v6OnlyAllowed:                             "PDU session type IPv4v6 only allowed",
	CausePDUSessionTypeUnstructuredOnlyAllowed:                       "PDU session type Unstructured only allowed",
	CauseUnsupported5QIValue:                                         "Unsupported 5QI value",
	CausePDUSessionTypeEthernetOnlyAllowed:                           "PDU session type Ethernet only allowed",
	CauseInsufficientResourcesForSpecificSliceAndDNN:                 "Insufficient resources for specific slice and DNN",
	CauseNotSupportedSSCMode:                                         "Not supported SSC mode",
	CauseInsufficientResourcesForSpecificSlice:                       "Insufficient resources for specific slice",
	CauseMissingOrUnknownDNNInASlice:                                 "Missing or unknown DNN in a slice",
	CauseInvalidPTIValue:                                             "Invalid PTI value",
	CauseMaximumDataRatePerUEForUserPlaneIntegrityProtectionIsTooLow: "Maximum data rate per UE for user-plane integrity protection is too low",
	CauseSemanticErrorInTheQoSOperation:                              "Semantic error in the QoS operation",
	CauseSyntacticalErrorInTheQoSOperation:                           "Syntactical error in the QoS operation",
	CauseInvalidMappedEPSBearerIdentity:                              "Invalid mapped EPS bearer identity",
	CauseUASServicesNotAllowed:                                       "UAS services not allowed",
	CauseSemanticallyIncorrectMessage:                                "Semantically incorrect message",
	CauseInvalidMandatoryInformation:                                 "Invalid mandatory information",
	CauseMessageTypeNonExistentOrNotImplemented:                      "Message type non-existent or not implemented",
	CauseMessageTypeNotCompatibleWithTheProtocolState:                "Message type not compatible with the protocol state",
	CauseInformationElementNonExistentOrNotImplemented:               "Information element non-existent or not implemented",
	CauseConditionalIEError:                                          "Conditional IE error",
	CauseMessageNotCompatibleWithTheProtocolState:                    "Message not compatible with the protocol state",
	CauseProtocolErrorUnspecified:                                    "Protocol error, unspecified",
}

// String is the standard's text.
func (c Cause) String() string {
	if s := causeText[c]; s != "" {
		return s
	}
	return "unknown cause"
}

// Error is number and text: "#11 PLMN not allowed".
func (c Cause) Error() string { return "5GSM cause #" + strconv.Itoa(int(c)) + " " + c.String() }
