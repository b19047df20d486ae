package gmm

import "strconv"

// Cause is the 5GMM cause, TS 24.501 §9.11.3.2. It is an error, and the text is the standard's.
type Cause uint8

// 5GMM causes.
const (
	CauseIllegalUE                                                          Cause = 3
	CausePEINotAccepted                                                     Cause = 5
	CauseIllegalME                                                          Cause = 6
	Cause5GSServicesNotAllowed                                              Cause = 7
	CauseUEIdentityCannotBeDerivedByTheNetwork                              Cause = 9
	CauseImplicitlyDeregistered                                             Cause = 10
	CausePLMNNotAllowed                                                     Cause = 11
	CauseTrackingAreaNotAllowed                                             Cause = 12
	CauseRoamingNotAllowedInThisTrackingArea                                Cause = 13
	CauseNoSuitableCellsInTrackingArea                                      Cause = 15
	CauseMACFailure                                                         Cause = 20
	CauseSynchFailure                                                       Cause = 21
	CauseCongestion                                                         Cause = 22
	CauseUESecurityCapabilitiesMismatch                                     Cause = 23
	CauseSecurityModeRejectedUnspecified                                    Cause = 24
	CauseNon5GAuthenticationUnacceptable                                    Cause = 26
	CauseN1ModeNotAllowed                                                   Cause = 27
	CauseRestrictedServiceArea                                              Cause = 28
	CauseRedirectionToEPCRequired                                           Cause = 31
	CauseLADNNotAvailable                                                   Cause = 43
	CauseNoNetworkSlicesAvailable                                           Cause = 62
	CauseMaximumNumberOfPDUSessionsReached                                  Cause = 65
	CauseInsufficientResourcesForSpecificSliceAndDNN                        Cause = 67
	CauseInsufficientResourcesForSpecificSlice                              Cause = 69
	CauseNgKSIAlreadyInUse                                                  Cause = 71
	CauseNon3GPPAccessTo5GCNNotAllowed                                      Cause = 72
	CauseServingNetworkNotAuthorized                                        Cause = 73
	CauseTemporarilyNotAuthorizedForThisSNPN                                Cause = 74
	CausePermanentlyNotAuthorizedForThisSNPN                                Cause = 75
	CauseNotAuthorizedForThisCAGOrAuthorizedForCAGCellsOnly                 Cause = 76
	CauseWirelineAccessAreaNotAllowed                                       Cause = 77
	CausePLMNNotAllowedToOperateAtThePresentUELocation                      Cause = 78
	CauseUASServicesNotAllowed                                              Cause = 79
	CauseDisasterRoamingForTheDeterminedPLMNWithDisasterConditionNotAllowed Cause = 80
	CausePayloadWasNotForwarded                                             Cause = 90
	CauseDNNNotSupportedOrNotSubscribedInTheSlice                           Cause = 91
	CauseInsufficientUserPlaneResourcesForThePDUSession                     Cause = 92
	CauseOnboardingServicesTerminated                                       Cause = 93
	CauseSemanticallyIncorrectMessage                                       Cause = 95
	CauseInvalidMandatoryInformation                                        Cause = 96
	CauseMessageTypeNonExistentOrNotImplemented                             Cause = 97
	CauseMessageTypeNotCompatibleWithTheProtocolState                       Cause = 98
	CauseInformationElementNonExistentOrNotImplemented                      Cause = 99
	CauseConditionalIEError                                                 Cause = 100
	CauseMessageNotCompatibleWithTheProtocolState                           Cause = 101
	CauseProtocolErrorUnspecified                                           Cause = 111
)

var causeText = [256]string{
	CauseIllegalUE:                                          "Illegal UE",
	CausePEINotAccepted:                                     "PEI not accepted",
	CauseIllegalME:                                          "Illegal ME",
	Cause5GSServicesNotAllowed:                              "5GS services not allowed",
	CauseUEIdentityCannotBeDerivedByTheNetwork:              "UE identity cannot be derived by the network",
	CauseImplicitlyDeregistered:                             "Implicitly de-registered",
	CausePLMNNotAllowed:                                     "PLMN not allowed",
	CauseTrackingAreaNotAllowed:                             "Tracking area not allowed",
	CauseRoamingNotAllowedInThisTrackingArea:                "Roaming not allowed in this tracking area",
	CauseNoSuitableCellsInTrackingArea:                      "No suitable cells in tracking area",
	CauseMACFailure:                                         "MAC failure",
	CauseSynchFailure:                                       "Synch failure",
	CauseCongestion:                                         "Congestion",
	CauseUESecurityCapabilitiesMismatch:                     "UE security capabilities mismatch",
	CauseSecurityModeRejectedUnspecified:                    "Security mode rejected, unspecified",
	CauseNon5GAuthenticationUnacceptable:                    "Non-5G authentication unacceptable",
	CauseN1ModeNotAllowed:                                   "N1 mode not allowed",
	CauseRestrictedServiceArea:                              "Restricted service area",
	CauseRedirectionToEPCRequired:                           "Redirection to EPC required",
	CauseLADNNotAvailable:                                   "LADN not available",
	CauseNoNetworkSlicesAvailable:                           "No network slices available",
	CauseMaximumNumberOfPDUSessionsReached:                  "Maximum number of PDU sessions reached",
	CauseInsufficientResourcesForSpecificSliceAndDNN:        "Insufficient resources for specific slice and DNN",
	CauseInsufficientResourcesForSpecificSlice:              "Insufficient resources for specific slice",
	CauseNgKSIAlreadyInUse:                                  "ngKSI already in use",
	CauseNon3GPPAccessTo5GCNNotAllowed:                      "Non-3GPP access to 5GCN not allowed",
	CauseServingNetworkNotAuthorized:                        "Serving network not authorized",
	CauseTemporarilyNotAuthorizedForThisSNPN:                "Temporarily not authorized for this SNPN",
	CausePermanentlyNotAuthorizedForThisSNPN:                "Permanently not authorized for this SNPN",
	CauseNotAuthorizedForThisCAGOrAuthorizedForCAGCellsOnly: "Not authorized for this CAG or authorized for CAG cells only",
	CauseWirelineAccessAreaNotAllowed:                       "Wireline access area not allowed",
	CausePLMNNotAllowedToOperateAtThePresentUELocation:      "PLMN not allowed to operate at the present UE location",
	CauseUASServicesNotAllowed:                              "UAS services not allowed",
	CauseDisasterRoamingForTheDeterminedPLMNWithDisasterConditionNotAllowed: "Disaster roaming for the determined PLMN with disaster condition not allowed",
	CausePayloadWasNotForwarded:                         "Payload was not forwarded",
	CauseDNNNotSupportedOrNotSubscribedInTheSlice:       "DNN not supported or not subscribed in the slice",
	CauseInsufficientUserPlaneResourcesForThePDUSession: "Insufficient user-plane resources for the PDU session",
	CauseOnboardingServicesTerminated:                   "Onboarding services terminated",
	CauseSemanticallyIncorrectMessage:                   "Semantically incorrect message",
	CauseInvalidMandatoryInformation:                    "Invalid mandatory information",
	CauseMessageTypeNonExistentOrNotImplemented:         "Message type non-existent or not implemented",
	CauseMessageTypeNotCompatibleWithTheProtocolState:   "Message type not compatible with the protocol state",
	CauseInformationElementNonExistentOrNotImplemented:  "Information element non-existent or not implemented",
	CauseConditionalIEError:                             "Conditional IE error",
	CauseMessageNotCompatibleWithTheProtocolState:       "Message not compatible with the protocol state",
	CauseProtocolErrorUnspecified:                       "Protocol error, unspecified",
}

// String is the standard's text.
func (c Cause) String() string {
	if s := causeText[c]; s != "" {
		return s
	}
	return "unknown cause"
}

// Error is number and text: "#11 PLMN not allowed".
func (c Cause) Error() string { return "5GMM cause #" + strconv.Itoa(int(c)) + " " + c.String() }
