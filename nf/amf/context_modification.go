package amf

import (
	"context"
	"fmt"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// modifyContext is the UE Context Modification procedure, TS 38.413 §8.3.4. A gNB that refuses keeps what it had.
func (ue *ue) modifyContext(ctx context.Context, m *ngap.UEContextModificationRequest) error {
	m.AMFUENGAPID, m.RANUENGAPID = ue.conn.amfID, ue.conn.ranID
	if before := ue.running; before == idle {
		ue.running = contextModification
		defer func() { ue.running = before }()
	}
	answer, err := ue.askGNB(ctx, ranProcedure, m, func(m any) bool {
		switch m.(type) {
		case *ngap.UEContextModificationResponse, *ngap.UEContextModificationFailure:
			return true
		}
		return false
	})
	if err != nil {
		return err
	}
	if failure, failed := answer.(*ngap.UEContextModificationFailure); failed {
		return fmt.Errorf("gNB does not modify the UE context: %v", failure.Cause)
	}
	return nil
}

// ngapAMBR is the UE AMBR as a gNB is told it, TS 38.413 §9.3.1.58.
func (ue *ue) ngapAMBR() *ngap.UEAggregateMaximumBitRate {
	return &ngap.UEAggregateMaximumBitRate{
		UEAggregateMaximumBitRateDL: ngap.BitRate(ue.ambr.Downlink), UEAggregateMaximumBitRateUL: ngap.BitRate(ue.ambr.Uplink),
	}
}

// rekey brings a new KgNB to the gNB when NAS security was set up anew on a connection that has AS security,
// TS 33.501 §6.9.4.4. Until the gNB has it the chain of the older one counts for handovers.
func (ue *ue) rekey(ctx context.Context, count uint32) error {
	kgnb := ue.security.kamf.KAN(count, aka.Access3GPP)
	err := ue.modifyContext(ctx, &ngap.UEContextModificationRequest{
		SecurityKey: new(ngap.SecurityKey(kgnb)), UESecurityCapabilities: new(ngapCapabilities(ue.capability)),
	})
	if err == nil {
		ue.nextHop = firstNextHop(ue.security.kamf, &kgnb)
	}
	return err
}
