package amf

import (
	"time"

	"github.com/limpid-5g/limpid/procedure"
)

// Timers of 5GMM on the network side, TS 24.501 §10.2 table 10.2.2: on expiry the message is sent again, four times.
var (
	T3513 = procedure.Timer{Name: "T3513", Duration: 2 * time.Second, Retries: 3}  // paging; the duration is the operator's
	T3522 = procedure.Timer{Name: "T3522", Duration: 6 * time.Second, Retries: 4}  // DEREGISTRATION REQUEST
	T3550 = procedure.Timer{Name: "T3550", Duration: 6 * time.Second, Retries: 4}  // REGISTRATION ACCEPT
	T3555 = procedure.Timer{Name: "T3555", Duration: 6 * time.Second, Retries: 4}  // CONFIGURATION UPDATE COMMAND
	T3560 = procedure.Timer{Name: "T3560", Duration: 6 * time.Second, Retries: 4}  // AUTHENTICATION REQUEST, SECURITY MODE COMMAND
	T3575 = procedure.Timer{Name: "T3575", Duration: 15 * time.Second, Retries: 4} // NETWORK SLICE-SPECIFIC AUTHENTICATION COMMAND
	T3570 = procedure.Timer{Name: "T3570", Duration: 6 * time.Second, Retries: 4}  // IDENTITY REQUEST
)

// NGAP has no retransmission (SCTP does it): these bound how long a gNB may take to answer, TS 38.413 §8.3.
var (
	initialContextSetup = procedure.Timer{Name: "Initial Context Setup", Duration: 10 * time.Second}
	ueContextRelease    = procedure.Timer{Name: "UE Context Release", Duration: 10 * time.Second}

	// ranProcedure bounds the other procedures that the AMF begins.
	ranProcedure = procedure.Timer{Name: "NGAP procedure", Duration: 5 * time.Second}
	// A source gNB waits for TNGRELOCprep and TNGRELOCoverall, TS 38.413 §9.5; the AMF is no more patient than it.
	handoverResourceAllocation = procedure.Timer{Name: "Handover Resource Allocation", Duration: 5 * time.Second}
	// Another AMF's gNB has as long, and what lies between takes a moment.
	targetPreparation = procedure.Timer{Name: "Create UE Context", Duration: 7 * time.Second}
	// The target AMF waits longer than the source AMF, which decides.
	handoverArrivalFrom = procedure.Timer{Name: "Handover Notification from another AMF", Duration: 13 * time.Second}
	handoverArrival     = procedure.Timer{Name: "Handover Notification", Duration: 10 * time.Second}
)

// setupPatience is how long an association may stand without NG Setup, TS 38.413 §8.7.1.1: it is the first procedure.
const setupPatience = 30 * time.Second

// sourceRelease is how long the source of a handover may go on forwarding, TS 23.502 §4.9.1.3.3 step 14.
const sourceRelease = 2 * time.Second
