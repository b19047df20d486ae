package namf

import (
	"context"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
)

// EventExposure is Namf_EventExposure, TS 29.518 §5.3, for one event: that a UE can be reached. A subscription ends with its
// one report.
type EventExposure interface {
	// Subscribe asks to be told when the UE can be reached, TS 29.518 §5.3.2.2: at once if it is connected, else when it shows
	// itself next. The function gets the report and must not wait; it stands for the URI of the notification. Error:
	// CauseContextNotFound.
	Subscribe(ctx context.Context, supi ident.SUPI, notify func(AMFEventReport)) (id string, err error)
	// Unsubscribe takes a subscription back, TS 29.518 §5.3.2.3. Error: CauseSubscriptionNotFound.
	Unsubscribe(ctx context.Context, supi ident.SUPI, id string) error
}

// CauseSubscriptionNotFound is the application error of TS 29.518 §6.2.7.3.
const CauseSubscriptionNotFound sbi.Cause = "SUBSCRIPTION_NOT_FOUND"

// AMFEventReport is a report of reachability, TS 29.518 §6.2.6.2.5.
type AMFEventReport struct {
	SUPI         ident.SUPI     `json:"supi"`
	Reachability UEReachability `json:"reachability"`
	TAI          ident.TAI      `json:"location,omitzero"` // where it was heard
}

// UEReachability is TS 29.518 §6.2.6.3.7.
type UEReachability string

// The values used here.
const (
	Reachable   UEReachability = "REACHABLE"
	Unreachable UEReachability = "UNREACHABLE" // it is no longer registered here
)
