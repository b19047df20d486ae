// Package nnsacf is the service of the NSACF, TS 29.536.
package nnsacf

import (
	"context"

	"github.com/limpid-5g/limpid/ident"
)

// Operation is what becomes of a count, TS 29.536 §5.2.2.
type Operation string

// The operations. An update counts who is there already, as after a restart or when another AMF or SMF takes over: it is
// never refused.
const (
	Increase Operation = "INCREASE"
	Decrease Operation = "DECREASE"
	Update   Operation = "UPDATE"
)

// Reason is why a slice admits nobody more.
type Reason string

// The reasons.
const (
	MaximumUEs      Reason = "EXCEED_MAX_UE_NUM"
	MaximumSessions Reason = "EXCEED_MAX_PDU_NUM"
)

// NSAC is Nnsacf_NSAC, TS 29.536 §5.2. Slices without a bound are in no count, and asking of them is no error. A UE or a
// session counts once however often it is asked for.
type NSAC interface {
	// NumOfUEsUpdate counts a UE in slices and out of others, TS 23.502 §4.2.11.2. The slices that it may not have are
	// returned with the reason; the others are done.
	NumOfUEsUpdate(ctx context.Context, req UEACRequest) map[ident.SNSSAI]Reason
	// NumOfPDUsUpdate counts a PDU session in a slice or out of it, TS 23.502 §4.2.11.4. "" says that it is done.
	NumOfPDUsUpdate(ctx context.Context, req PDUACRequest) Reason
}

// UEACRequest says what becomes of a UE in each slice.
type UEACRequest struct {
	SUPI   ident.SUPI
	Slices []UEACRequestInfo
}

// UEACRequestInfo is one slice of a request.
type UEACRequestInfo struct {
	SNSSAI    ident.SNSSAI
	Operation Operation
}

// PDUACRequest says what becomes of a PDU session in its slice.
type PDUACRequest struct {
	SUPI         ident.SUPI
	PDUSessionID uint8
	SNSSAI       ident.SNSSAI
	Operation    Operation
}

// EACNotify is what consumers of Nnsacf_NSAC offer, TS 23.502 §4.2.11.3. It must not wait and not ask the NSACF.
type EACNotify interface {
	// EACNotify turns the early availability check of a slice on or off: whether it is asked for before a UE is accepted.
	EACNotify(slice ident.SNSSAI, early bool)
}
