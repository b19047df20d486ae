// Package nudr is the service of the UDR, TS 29.504 with the data of TS 29.505: what is known of a subscriber,
// kept durably. Only the UDM and the PCF consume it.
package nudr

import (
	"context"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nausf"
	"github.com/limpid-5g/limpid/sbi/nudm"
)

// CauseUserNotFound and CauseDataNotFound are the application errors of TS 29.504 §6.1.6.
const (
	CauseUserNotFound sbi.Cause = "USER_NOT_FOUND"
	CauseDataNotFound sbi.Cause = "DATA_NOT_FOUND"
)

// DataRepository is Nudr_DataRepository, TS 29.504 §5.2.
type DataRepository interface {
	// AuthenticationSubscription returns the keys, TS 29.505 §5.2.2. Error: CauseUserNotFound.
	AuthenticationSubscription(ctx context.Context, supi ident.SUPI) (AuthenticationSubscription, error)
	// NextSQN returns a sequence number that was never returned before and never will be again, crash or not
	// (TS 33.102 §C.1.2).
	NextSQN(ctx context.Context, supi ident.SUPI) (aka.SQN, error)
	// ResynchroniseSQN makes NextSQN go on above the USIM's SQNms, TS 33.102 §6.3.5.
	ResynchroniseSQN(ctx context.Context, supi ident.SUPI, sqnMS aka.SQN) error

	// SUPIOf translates a GPSI. Error: CauseUserNotFound.
	SUPIOf(ctx context.Context, gpsi string) (ident.SUPI, error)
	AMData(ctx context.Context, supi ident.SUPI) (nudm.AccessAndMobilitySubscriptionData, error)
	SMFSelectData(ctx context.Context, supi ident.SUPI) (nudm.SMFSelectionSubscriptionData, error)
	SMData(ctx context.Context, supi ident.SUPI, slice ident.SNSSAI, dnn ident.DNN) (nudm.SessionManagementSubscriptionData, error)
}

// DataChange is what the UDR tells the UDM when subscription data changes, Nudr_DataRepository_Notify, TS 29.504 §5.2.2.8.
type DataChange struct {
	SUPI    ident.SUPI
	Removed bool
}

// AuthenticationSubscription is TS 29.505 §5.4.2.2. Its keys print as "redacted".
type AuthenticationSubscription struct {
	AuthenticationMethod nausf.AuthType `json:"authenticationMethod"`
	Algorithm            string         `json:"algorithmId"` // "milenage" or "tuak"
	K                    Key            `json:"encPermanentKey"`
	OPc                  Key            `json:"encOpcKey"` // OPc, or TOPc for TUAK
	AMFField             aka.AMF        `json:"authenticationManagementField"`
}
