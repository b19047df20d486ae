package store

import (
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ident"
)

// Subscriber is everything provisioned for one subscriber, TS 23.502 §5.2.3.3.1.
type Subscriber struct {
	SUPI           ident.SUPI
	GPSI           string // "msisdn-" and digits or "extid-" and an external identifier, TS 29.571 §5.3.2; empty: none
	Authentication Authentication
	UEAMBR         AMBR
	Access         Access
	Slices         []Slice

	// Revision is set by the engine: it is another number after each change of this subscriber, and after it was
	// removed and added again. Leases of sequence numbers do not change it.
	Revision int64
}

// Authentication is the authentication subscription, TS 29.505 §5.4.2.2.
type Authentication struct {
	Method    AuthMethod
	Algorithm Algorithm
	K         Key // 16 octets; TUAK also 32
	OPc       Key // 16 octets for MILENAGE; TOPc of 32 for TUAK
	AMFField  aka.AMF
	// SQN is the ceiling: no sequence number above it was ever used, TS 33.102 §C.1.2. A cached value may be
	// behind: only LeaseSQN tells where to go on.
	SQN aka.SQN
	// OfLife, if not 0, numbers the life of a node to which the last SQNsOfLife values of SEQ up to the ceiling belong
	// without a lease: the life itself was durable before it began, and the next one goes on behind them. Whoever runs
	// that life may use them once; any write of the subscriber takes them away. Engines that several nodes share give none.
	OfLife uint64
}

// SQNsOfLife is how many values of SEQ each life has of each subscriber for which nothing is written, TS 33.102 §C.1.2. It is
// far below what a USIM accepts as one jump (aka.DefaultDelta), and never changed: former lives are counted by it.
const SQNsOfLife = 32

// AuthMethod is an authentication method, TS 29.505 §5.4.3.3.
type AuthMethod string

// The authentication methods.
const (
	FiveGAKA    AuthMethod = "5G_AKA"        // TS 33.501 §6.1.3.2
	EAPAKAPrime AuthMethod = "EAP_AKA_PRIME" // TS 33.501 §6.1.3.1
)

// Algorithm is an authentication algorithm set.
type Algorithm string

// The algorithm sets.
const (
	Milenage Algorithm = "milenage" // TS 35.206
	TUAK     Algorithm = "tuak"     // TS 35.231
)

// Access is where and how a subscriber may use the network, TS 29.503 §6.1.6.2.4. The zero value restricts nothing.
type Access struct {
	Barred bool // operator determined barring: no service at all
	NoMICO bool // MICO mode is not allowed, TS 23.501 §5.4.1.3
	// RegistrationTimer is T3512 for this subscriber in whole seconds; 0: the operator's.
	RegistrationTimer time.Duration
	ServiceArea       ServiceArea
	ForbiddenTACs     []ident.TAC // ascending, TS 23.501 §5.3.4.1.1
	ForbiddenRATs     []RAT       // ascending
}

// ServiceArea is where a subscriber may start communication, TS 23.501 §5.3.4.1.1.
type ServiceArea struct {
	Restriction Restriction
	TACs        []ident.TAC // ascending
}

// Restriction is the kind of a service area, TS 29.571 §5.4.3.17.
type Restriction string

// The kinds of service area.
const (
	Everywhere      Restriction = ""
	AllowedAreas    Restriction = "allowed"
	NotAllowedAreas Restriction = "not-allowed"
)

// RAT is a radio access technology, TS 29.571 §5.4.3.2.
type RAT string

// The radio access technologies of 5GS.
const (
	NR    RAT = "NR"
	EUTRA RAT = "EUTRA"
)

// AMBR is an aggregate maximum bit rate in bit/s, TS 29.571 §5.5.4.2.
type AMBR struct{ Uplink, Downlink uint64 }

// Slice is a subscribed network slice, TS 29.503 §6.1.6.2.2.
type Slice struct {
	SNSSAI  ident.SNSSAI
	Default bool
	// Authenticate says that the AAA server of the slice has to say yes to the UE, TS 29.503 §6.1.6.2.2 (requiredAuthnAuthz).
	Authenticate bool
	DNNs         []DNN
}

// DNN is a data network that a subscriber may use on a slice, TS 29.503 §6.1.6.2.9.
type DNN struct {
	Name         ident.DNN
	Default      bool
	SessionTypes []SessionType // the first is the default
	SSCModes     []uint8       // 1 to 3; the first is the default
	SessionAMBR  AMBR
	FiveQI       uint8
	ARP          ARP
	StaticIPv4   netip.Addr // the zero Addr: from the pool
	// StaticIPv6 is a /64, the zero Prefix: from the pool. FramedRoutes are the networks behind the UE, TS 23.501 §5.6.14.
	StaticIPv6   netip.Prefix
	FramedRoutes []netip.Prefix
	// UPIntegrity and UPConfidentiality are the user plane security policy, TS 33.501 §6.6.1; empty: as the SMF is configured.
	UPIntegrity, UPConfidentiality UPProtection
}

// UPProtection is TS 29.571 §5.4.3.4.
type UPProtection string

// The values of UPProtection.
const (
	UPRequired  UPProtection = "REQUIRED"
	UPPreferred UPProtection = "PREFERRED"
	UPNotNeeded UPProtection = "NOT_NEEDED"
)

// SessionType is a PDU session type, TS 29.571 §5.4.3.3.
type SessionType string

// The PDU session types.
const (
	IPv4         SessionType = "IPV4"
	IPv6         SessionType = "IPV6"
	IPv4v6       SessionType = "IPV4V6"
	Ethernet     SessionType = "ETHERNET"
	Unstructured SessionType = "UNSTRUCTURED"
)

// ARP is allocation and retention priority, TS 29.571 §5.5.4.1.
type ARP struct {
	PriorityLevel uint8 // 1 (highest) to 15
	MayPreempt    bool
	Preemptable   bool
}

// Key is a long-term secret. It prints as "redacted" whatever the verb.
type Key []byte

// Format implements fmt.Formatter.
func (Key) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte("redacted")) }

// LogValue implements slog.LogValuer.
func (Key) LogValue() slog.Value { return slog.StringValue("redacted") }
