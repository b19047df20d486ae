package nudm

import (
	"context"
	"net/netip"

	"github.com/limpid-5g/limpid/ident"
)

// SDM is Nudm_SubscriberDataManagement, TS 29.503 §5.2.
type SDM interface {
	// AMData returns access and mobility data, TS 29.503 §5.2.2.2.3. Error: CauseUserNotFound.
	AMData(ctx context.Context, supi ident.SUPI, plmn ident.PLMN) (AccessAndMobilitySubscriptionData, error)
	// SMFSelectData returns which DNNs each slice may use, TS 29.503 §5.2.2.2.4.
	SMFSelectData(ctx context.Context, supi ident.SUPI, plmn ident.PLMN) (SMFSelectionSubscriptionData, error)
	// SMData returns session data for one slice and DNN, TS 29.503 §5.2.2.2.5.
	// Errors: CauseUserNotFound, CauseDataNotFound (slice or DNN not subscribed).
	SMData(ctx context.Context, supi ident.SUPI, plmn ident.PLMN, slice ident.SNSSAI, dnn ident.DNN) (SessionManagementSubscriptionData, error)
}

// AMBR is an aggregate maximum bit rate in bit/s, TS 29.571 §5.5.4.2.
type AMBR struct {
	Uplink   uint64 `json:"uplink"`
	Downlink uint64 `json:"downlink"`
}

// AccessAndMobilitySubscriptionData is TS 29.503 §6.1.6.2.4.
type AccessAndMobilitySubscriptionData struct {
	GPSIs            []string    `json:"gpsis,omitempty"`
	SubscribedUEAMBR AMBR        `json:"subscribedUeAmbr"`
	NSSAI            NSSAI       `json:"nssai"`
	RFSPIndex        uint16      `json:"rfspIndex,omitempty"`    // 0: none
	SubsRegTimerSec  uint32      `json:"subsRegTimer,omitempty"` // seconds, 0: the operator's T3512
	ForbiddenTACs    []ident.TAC `json:"forbiddenAreas,omitempty"`
	MICOAllowed      bool        `json:"micoAllowed,omitempty"`
	// Barred is operator determined barring of all packet services, TS 29.503 §6.1.6.2.4.
	Barred                 bool                   `json:"odbPacketServices,omitempty"`
	ServiceAreaRestriction ServiceAreaRestriction `json:"serviceAreaRestriction,omitzero"`
	RATRestrictions        []RATType              `json:"ratRestrictions,omitempty"` // what is forbidden
}

// ServiceAreaRestriction is where a UE may start communication, TS 29.571 §5.4.4.4. Without a type there is no restriction.
type ServiceAreaRestriction struct {
	RestrictionType RestrictionType `json:"restrictionType,omitempty"`
	TACs            []ident.TAC     `json:"areas,omitempty"`
}

// RestrictionType is TS 29.571 §5.4.3.17.
type RestrictionType string

// The kinds of service area.
const (
	AllowedAreas    RestrictionType = "ALLOWED_AREAS"
	NotAllowedAreas RestrictionType = "NOT_ALLOWED_AREAS"
)

// RATType is a radio access technology, TS 29.571 §5.4.3.2.
type RATType string

// The radio access technologies of 5GS.
const (
	NR    RATType = "NR"
	EUTRA RATType = "EUTRA"
)

// Notifications are what the UDM tells those who use its data.
type Notifications interface {
	// SubscriptionDataChanged tells that something of a subscriber's data has changed, TS 29.503 §5.2.2.5. It only enqueues.
	SubscriptionDataChanged(ctx context.Context, supi ident.SUPI)
	// DeregistrationNotify tells the AMF that a subscriber is no more, TS 29.503 §5.3.2.3. It only enqueues.
	DeregistrationNotify(ctx context.Context, supi ident.SUPI, reason DeregistrationReason)
}

// DeregistrationReason is TS 29.503 §6.2.6.3.3.
type DeregistrationReason string

// SubscriptionWithdrawn says that the subscriber is no more.
const SubscriptionWithdrawn DeregistrationReason = "SUBSCRIPTION_WITHDRAWN"

// NSSAI is the subscribed slices, TS 29.503 §6.1.6.2.2.
type NSSAI struct {
	DefaultSingleNSSAIs []ident.SNSSAI `json:"defaultSingleNssais"`
	SingleNSSAIs        []ident.SNSSAI `json:"singleNssais,omitempty"`
	// RequiredAuthnAuthz are those of them that are subject to slice-specific authentication, TS 29.503 §6.1.6.2.2.
	RequiredAuthnAuthz []ident.SNSSAI `json:"requiredAuthnAuthz,omitempty"`
}

// All returns the default slices and then the others.
func (n NSSAI) All() []ident.SNSSAI {
	all := make([]ident.SNSSAI, 0, len(n.DefaultSingleNSSAIs)+len(n.SingleNSSAIs))
	return append(append(all, n.DefaultSingleNSSAIs...), n.SingleNSSAIs...)
}

// SMFSelectionSubscriptionData is TS 29.503 §6.1.6.2.5.
type SMFSelectionSubscriptionData struct {
	SubscribedSNSSAIInfos map[ident.SNSSAI][]DNNInfo `json:"subscribedSnssaiInfos"`
}

// DNNInfo is TS 29.503 §6.1.6.2.6.
type DNNInfo struct {
	DNN     ident.DNN `json:"dnn"`
	Default bool      `json:"defaultDnnIndicator"`
}

// PDUSessionType is TS 29.571 §5.4.3.3.
type PDUSessionType string

// The types of PDU session.
const (
	IPv4         PDUSessionType = "IPV4"
	IPv6         PDUSessionType = "IPV6"
	IPv4v6       PDUSessionType = "IPV4V6"
	Ethernet     PDUSessionType = "ETHERNET"
	Unstructured PDUSessionType = "UNSTRUCTURED"
)

// SessionManagementSubscriptionData is what one subscriber may have on one slice and DNN: the DnnConfiguration of
// TS 29.503 §6.1.6.2.9.
type SessionManagementSubscriptionData struct {
	DefaultSessionType  PDUSessionType       `json:"defaultSessionType"`
	AllowedSessionTypes []PDUSessionType     `json:"allowedSessionTypes"`
	DefaultSSCMode      uint8                `json:"defaultSscMode"` // 1, 2 or 3
	AllowedSSCModes     []uint8              `json:"allowedSscModes,omitempty"`
	SessionAMBR         AMBR                 `json:"sessionAmbr"`
	DefaultQoS          SubscribedDefaultQoS `json:"5gQosProfile"`
	StaticIPv4          netip.Addr           `json:"staticIpAddress,omitzero"`
	StaticIPv6Prefix    netip.Prefix         `json:"staticIpv6Prefix,omitzero"` // a /64
	FramedRoutes        []netip.Prefix       `json:"ipv4FrameRouteList,omitempty"`
	UPSecurity          *UPSecurity          `json:"upSecurity,omitempty"` // nil: as the SMF is configured
}

// SubscribedDefaultQoS is TS 29.571 §5.5.4.9.
type SubscribedDefaultQoS struct {
	FiveQI        uint8 `json:"5qi"`
	ARP           ARP   `json:"arp"`
	PriorityLevel uint8 `json:"priorityLevel,omitempty"` // 1..127, 0: as the 5QI says
}

// ARP is allocation and retention priority, TS 29.571 §5.5.4.1.
type ARP struct {
	PriorityLevel uint8 `json:"priorityLevel"` // 1 (highest) to 15
	MayPreempt    bool  `json:"preemptCap"`
	Preemptable   bool  `json:"preemptVuln"`
}

// UPSecurity is the subscribed user plane security policy, TS 29.571 §5.4.4.12: "REQUIRED", "PREFERRED" or "NOT_NEEDED".
type UPSecurity struct {
	Integrity       UPSecurityMode `json:"upIntegr"`
	Confidentiality UPSecurityMode `json:"upConfid"`
}

// UPSecurityMode is TS 29.571 §5.4.3.4.
type UPSecurityMode string

// The modes.
const (
	UPSecurityRequired  UPSecurityMode = "REQUIRED"
	UPSecurityPreferred UPSecurityMode = "PREFERRED"
	UPSecurityNotNeeded UPSecurityMode = "NOT_NEEDED"
)
