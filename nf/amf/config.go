package amf

import (
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// Config is what the operator says about the AMF.
type Config struct {
	Core             string // the name by which peers know this core
	Name             string // AMF name, TS 38.413 §9.3.3.21, 1 to 150 characters
	InstanceID       string
	GUAMI            ident.GUAMI
	RelativeCapacity uint8
	PLMNs            []PLMNSupport
	TAIs             []ident.TAI // the tracking areas that this AMF serves; they are also every UE's registration area
	// Ciphering and Integrity are algorithm numbers in order of preference, TS 33.501 §5.5.
	Ciphering, Integrity []uint8
	T3512                time.Duration // periodic registration timer given to UEs, TS 24.501 §10.2; 0: none
	// ImplicitDeregistration is how much longer a UE may stay silent once it is taken for unreachable, TS 24.501 §5.3.7.
	ImplicitDeregistration time.Duration
	T3502                  time.Duration // how long a UE waits after failed attempts, TS 24.501 §10.2; 0: its default
	RequestIMEISV          bool          // ask for the equipment identity in the Security Mode Command
	N2MessageRate          int           // messages per second taken from one gNB; 0: no bound
	// Endpoints are the addresses at which gNBs reach the AMF, the first the one that they are configured with; one, or none,
	// needs not be told.
	Endpoints         []Endpoint
	MaxProcedures     int           // UEs busy at once; more are answered with congestion
	CongestionBackoff time.Duration // T3346 in that answer
	Reauthentication  Reauthentication
	PowerSaving       PowerSaving
	// RegistrationAreas are tracking areas among which a UE moves without telling, each of at most 16, TS 24.501 §9.11.3.9;
	// the others of a PLMN are one area together.
	RegistrationAreas [][]ident.TAI
	EquivalentPLMNs   []ident.PLMN            // networks that are one to a UE, TS 23.501 §5.18.3
	InclusionMode     *gmm.NSSAIInclusionMode // how UEs name slices to gNBs, TS 24.501 §4.6.2.3; nil: their default
	Network           NetworkIdentity
	Paging            Paging
	Overload          Overload
	// HorizontalDerivation gives another AMF not the KAMF of a UE that moves there but one derived from it, TS 33.501 §6.9.3.
	HorizontalDerivation bool
	// RRCInactiveReports asks gNBs to tell when a UE enters and leaves RRC_INACTIVE, TS 38.413 §8.3.5.
	RRCInactiveReports bool
	// Reroute says that the NSSF knows other AMF sets, to which registrations may go, TS 23.502 §4.2.2.2.3.
	Reroute bool
	// AdmissionControlled are the slices whose number of UEs is bounded, TS 23.501 §5.15.11; SliceBackOff is how long a UE may
	// not ask again for one that is full, TS 24.501 §9.11.3.75; 0: it is not told.
	AdmissionControlled []ident.SNSSAI
	SliceBackOff        time.Duration
	// CountedNGAPIDs allots AMF UE NGAP IDs one after the other, for tests that name them.
	CountedNGAPIDs bool
	// Suspend lets gNBs keep the contexts of UEs in CM-IDLE, TS 23.501 §5.31.18.
	Suspend bool
}

// Paging is how UEs in CM-IDLE are sought, TS 23.501 §5.4.3.1.
type Paging struct {
	T3513 time.Duration // how long an attempt waits for the answer
	Areas []PagingArea  // one for each attempt
	// PriorityARP is the highest ARP priority level that is paged with priority, TS 23.501 §5.4.3.3, at most 8; 0: none is.
	PriorityARP uint8
}

// Overload is when gNBs are asked to keep UEs away, TS 23.501 §5.19.5.2: once Start UEs are busy until no more than Stop are.
// The zero value stands for 90 and 70 % of MaxProcedures, a negative Start for never.
type Overload struct {
	Start, Stop int
	// Reduction is by how many percent of what it bars a gNB reduces it, 1 to 99; 0: by all of it.
	Reduction uint8
}

// PLMNSupport is a PLMN with the slices that the AMF supports in it, TS 38.413 §9.2.6.2.
type PLMNSupport struct {
	PLMN   ident.PLMN
	Slices []ident.SNSSAI
}

// PowerSaving says what UEs may have that makes them reachable more rarely, TS 23.501 §5.4.1.3 and §5.31.7.
type PowerSaving struct {
	MICO        bool          // mobile initiated connection only
	ActiveTime  time.Duration // longest T3324 in MICO mode; 0: none
	ExtendedDRX bool
}

// NetworkIdentity is what a phone shows of the network, and its time, TS 24.501 §5.4.4.
type NetworkIdentity struct {
	FullName, ShortName string
	Zone                *time.Location // of the local time; nil: the UE is not told the time
}

// setDefaults fills in what was left out.
func (c *Config) setDefaults() {
	if c.Paging.T3513 == 0 {
		c.Paging.T3513 = T3513.Duration
	}
	if len(c.Paging.Areas) == 0 {
		c.Paging.Areas = []PagingArea{PageLastNode, PageTrackingArea, PageRegistrationArea, PageRegistrationArea}
	}
	if o := &c.Overload; *o == (Overload{}) {
		o.Start, o.Stop = max(c.MaxProcedures*9/10, 1), c.MaxProcedures*7/10
	}
}
