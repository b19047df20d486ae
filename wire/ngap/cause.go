package ngap

import (
	"fmt"
)

// Cause is the Cause IE, TS 38.413 §9.3.1.2: the group in the high octet and the value in the low one, so that
// causes are constants which can be compared. Its String is the standard's spelling, "nas: normal-release".
//
//aper:custom
//aper:names
type Cause uint16

// Group tells which of the five enumerations of TS 38.413 §9.3.1.2 the cause belongs to.
func (c Cause) Group() CauseGroup { return CauseGroup(c >> 8) }

// CauseGroup is an alternative of the Cause IE, TS 38.413 §9.3.1.2.
//
//aper:names
type CauseGroup uint8

// Groups of causes, TS 38.413 §9.3.1.2.
const (
	CauseGroupRadioNetwork CauseGroup = iota // radioNetwork
	CauseGroupTransport                      // transport
	CauseGroupNAS                            // nas
	CauseGroupProtocol                       // protocol
	CauseGroupMisc                           // misc
)

// causeValues holds the number of root and of extension values of each group.
var causeValues = [...]struct{ root, ext int }{{45, 12}, {2, 0}, {4, 1}, {7, 0}, {6, 0}}

// Valid tells whether there is such a cause.
func (c Cause) Valid() bool {
	g := int(c.Group())
	return g < len(causeValues) && int(c&0xff) < causeValues[g].root+causeValues[g].ext
}

// causeAlternatives counts the alternatives of the CHOICE: the groups and choice-Extensions.
const causeAlternatives = len(causeValues) + 1

func (c *Cause) encode(e *encoder) {
	group, value := int(*c>>8), uint8(*c)
	if group >= len(causeValues) {
		e.Fail(fmt.Sprintf("%#x is not a cause", uint16(*c)))
		return
	}
	e.Uint(uint64(group), 0, uint64(causeAlternatives-1))
	n := causeValues[group]
	e.EnumExt(value, n.root, n.root+n.ext)
}

func (c *Cause) decode(d *decoder) {
	group := int(d.Uint(0, uint64(causeAlternatives-1)))
	if group == len(causeValues) {
		d.unknownAlternative()
		return
	}
	n := causeValues[group]
	value := d.EnumExt(n.root)
	if int(value) >= n.root+n.ext {
		d.notUnderstood = true
		return
	}
	*c = Cause(group<<8 | int(value))
}

// Values of Cause, grouped as in TS 38.413 §9.3.1.2.
const (
	CauseRadioNetworkUnspecified                                              Cause = 0<<8 + iota // radioNetwork: unspecified
	CauseRadioNetworkTxnrelocoverallExpiry                                                        // radioNetwork: txnrelocoverall-expiry
	CauseRadioNetworkSuccessfulHandover                                                           // radioNetwork: successful-handover
	CauseRadioNetworkReleaseDueToNGRANGeneratedReason                                             // radioNetwork: release-due-to-ngran-generated-reason
	CauseRadioNetworkReleaseDueTo5GCGeneratedReason                                               // radioNetwork: release-due-to-5gc-generated-reason
	CauseRadioNetworkHandoverCancelled                                                            // radioNetwork: handover-cancelled
	CauseRadioNetworkPartialHandover                                                              // radioNetwork: partial-handover
	CauseRadioNetworkHoFailureInTarget5GCNGRANNodeOrTargetSystem                                  // radioNetwork: ho-failure-in-target-5GC-ngran-node-or-target-system
	CauseRadioNetworkHoTargetNotAllowed                                                           // radioNetwork: ho-target-not-allowed
	CauseRadioNetworkTngrelocoverallExpiry                                                        // radioNetwork: tngrelocoverall-expiry
	CauseRadioNetworkTngrelocprepExpiry                                                           // radioNetwork: tngrelocprep-expiry
	CauseRadioNetworkCellNotAvailable                                                             // radioNetwork: cell-not-available
	CauseRadioNetworkUnknownTargetID                                                              // radioNetwork: unknown-targetID
	CauseRadioNetworkNoRadioResourcesAvailableInTargetCell                                        // radioNetwork: no-radio-resources-available-in-target-cell
	CauseRadioNetworkUnknownLocalUENGAPID                                                         // radioNetwork: unknown-local-UE-NGAP-ID
	CauseRadioNetworkInconsistentRemoteUENGAPID                                                   // radioNetwork: inconsistent-remote-UE-NGAP-ID
	CauseRadioNetworkHandoverDesirableForRadioReason                                              // radioNetwork: handover-desirable-for-radio-reason
	CauseRadioNetworkTimeCriticalHandover                                                         // radioNetwork: time-critical-handover
	CauseRadioNetworkResourceOptimisationHandover                                                 // radioNetwork: resource-optimisation-handover
	CauseRadioNetworkReduceLoadInServingCell                                                      // radioNetwork: reduce-load-in-serving-cell
	CauseRadioNetworkUserInactivity                                                               // radioNetwork: user-inactivity
	CauseRadioNetworkRadioConnectionWithUELost                                                    // radioNetwork: radio-connection-with-ue-lost
	CauseRadioNetworkRadioResourcesNotAvailable                                                   // radioNetwork: radio-resources-not-available
	CauseRadioNetworkInvalidQOSCombination                                                        // radioNetwork: invalid-qos-combination
	CauseRadioNetworkFailureInRadioInterfaceProcedure                                             // radioNetwork: failure-in-radio-interface-procedure
	CauseRadioNetworkInteractionWithOtherProcedure                                                // radioNetwork: interaction-with-other-procedure
	CauseRadioNetworkUnknownPDUSessionID                                                          // radioNetwork: unknown-PDU-session-ID
	CauseRadioNetworkUnkownQOSFlowID                                                              // radioNetwork: unkown-qos-flow-ID
	CauseRadioNetworkMultiplePDUSessionIDInstances                                                // radioNetwork: multiple-PDU-session-ID-instances
	CauseRadioNetworkMultipleQOSFlowIDInstances                                                   // radioNetwork: multiple-qos-flow-ID-instances
	CauseRadioNetworkEncryptionAndOrIntegrityProtectionAlgorithmsNotSupported                     // radioNetwork: encryption-and-or-integrity-protection-algorithms-not-supported
	CauseRadioNetworkNGIntraSystemHandoverTriggered                                               // radioNetwork: ng-intra-system-handover-triggered
	CauseRadioNetworkNGInterSystemHandoverTriggered                                               // radioNetwork: ng-inter-system-handover-triggered
	CauseRadioNetworkXNHandoverTriggered                                                          // radioNetwork: xn-handover-triggered
	CauseRadioNetworkNotSupported5QIValue                                                         // radioNetwork: not-supported-5QI-value
	CauseRadioNetworkUEContextTransfer                                                            // radioNetwork: ue-context-transfer
	CauseRadioNetworkIMSVoiceEPSFallbackOrRATFallbackTriggered                                    // radioNetwork: ims-voice-eps-fallback-or-rat-fallback-triggered
	CauseRadioNetworkUPIntegrityProtectionNotPossible                                             // radioNetwork: up-integrity-protection-not-possible
	CauseRadioNetworkUPConfidentialityProtectionNotPossible                                       // radioNetwork: up-confidentiality-protection-not-possible
	CauseRadioNetworkSliceNotSupported                                                            // radioNetwork: slice-not-supported
	CauseRadioNetworkUEInRRCInactiveStateNotReachable                                             // radioNetwork: ue-in-rrc-inactive-state-not-reachable
	CauseRadioNetworkRedirection                                                                  // radioNetwork: redirection
	CauseRadioNetworkResourcesNotAvailableForTheSlice                                             // radioNetwork: resources-not-available-for-the-slice
	CauseRadioNetworkUEMaxIntegrityProtectedDataRateReason                                        // radioNetwork: ue-max-integrity-protected-data-rate-reason
	CauseRadioNetworkReleaseDueToCnDetectedMobility                                               // radioNetwork: release-due-to-cn-detected-mobility
	CauseRadioNetworkN26InterfaceNotAvailable                                                     // radioNetwork: n26-interface-not-available
	CauseRadioNetworkReleaseDueToPreEmption                                                       // radioNetwork: release-due-to-pre-emption
	CauseRadioNetworkMultipleLocationReportingReferenceIDInstances                                // radioNetwork: multiple-location-reporting-reference-ID-instances
	CauseRadioNetworkRSNNotAvailableForTheUP                                                      // radioNetwork: rsn-not-available-for-the-up
	CauseRadioNetworkNpnAccessDenied                                                              // radioNetwork: npn-access-denied
	CauseRadioNetworkCAGOnlyAccessDenied                                                          // radioNetwork: cag-only-access-denied
	CauseRadioNetworkInsufficientUECapabilities                                                   // radioNetwork: insufficient-ue-capabilities
	CauseRadioNetworkRedcapUENotSupported                                                         // radioNetwork: redcap-ue-not-supported
	CauseRadioNetworkUnknownMBSSessionID                                                          // radioNetwork: unknown-MBS-Session-ID
	CauseRadioNetworkIndicatedMBSSessionAreaInformationNotServedByTheGNB                          // radioNetwork: indicated-MBS-session-area-information-not-served-by-the-gNB
	CauseRadioNetworkInconsistentSliceInfoForTheSession                                           // radioNetwork: inconsistent-slice-info-for-the-session
	CauseRadioNetworkMisalignedAssociationForMulticastUnicast                                     // radioNetwork: misaligned-association-for-multicast-unicast
)

// Transport layer causes, TS 38.413 §9.3.1.2.
const (
	CauseTransportTransportResourceUnavailable Cause = 1<<8 + iota // transport: transport-resource-unavailable
	CauseTransportUnspecified                                      // transport: unspecified
)

// NAS causes, TS 38.413 §9.3.1.2.
const (
	CauseNASNormalRelease          Cause = 2<<8 + iota // nas: normal-release
	CauseNASAuthenticationFailure                      // nas: authentication-failure
	CauseNASDeregister                                 // nas: deregister
	CauseNASUnspecified                                // nas: unspecified
	CauseNASUENotInPLMNServingArea                     // nas: uE-not-in-PLMN-serving-area
)

// Protocol causes, TS 38.413 §9.3.1.2.
const (
	CauseProtocolTransferSyntaxError                          Cause = 3<<8 + iota // protocol: transfer-syntax-error
	CauseProtocolAbstractSyntaxErrorReject                                        // protocol: abstract-syntax-error-reject
	CauseProtocolAbstractSyntaxErrorIgnoreAndNotify                               // protocol: abstract-syntax-error-ignore-and-notify
	CauseProtocolMessageNotCompatibleWithReceiverState                            // protocol: message-not-compatible-with-receiver-state
	CauseProtocolSemanticError                                                    // protocol: semantic-error
	CauseProtocolAbstractSyntaxErrorFalselyConstructedMessage                     // protocol: abstract-syntax-error-falsely-constructed-message
	CauseProtocolUnspecified                                                      // protocol: unspecified
)

// Miscellaneous causes, TS 38.413 §9.3.1.2.
const (
	CauseMiscControlProcessingOverload             Cause = 4<<8 + iota // misc: control-processing-overload
	CauseMiscNotEnoughUserPlaneProcessingResources                     // misc: not-enough-user-plane-processing-resources
	CauseMiscHardwareFailure                                           // misc: hardware-failure
	CauseMiscOMIntervention                                            // misc: om-intervention
	CauseMiscUnknownPLMNOrSNPN                                         // misc: unknown-PLMN-or-SNPN
	CauseMiscUnspecified                                               // misc: unspecified
)
