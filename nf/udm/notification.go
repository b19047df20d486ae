package udm

import (
	"context"

	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/sbi/nudr"
)

// Subscribe has somebody told of changes, Nudm_SDM_Subscribe, TS 29.503 §5.2.2.3: of every subscriber that is registered
// in an AMF. Call it before anybody is served.
func (u *UDM) Subscribe(n nudm.Notifications) { u.subscribed = append(u.subscribed, n) }

// DataChanged takes what the UDR tells of a subscriber and passes it on, TS 29.503 §5.2.2.5.2; a subscriber that is no
// more is deregistered, TS 29.503 §5.3.2.3.
func (u *UDM) DataChanged(ctx context.Context, c nudr.DataChange) {
	u.mu.Lock()
	ue, known := u.ues[c.SUPI]
	registered := known && ue.amf != nil
	if c.Removed {
		delete(u.ues, c.SUPI)
	}
	u.mu.Unlock()
	if !registered {
		return
	}
	u.log.Info("subscription data changed", "supi", c.SUPI.Conceal(), "removed", c.Removed)
	for _, n := range u.subscribed {
		if c.Removed {
			n.DeregistrationNotify(ctx, c.SUPI, nudm.SubscriptionWithdrawn)
			continue
		}
		n.SubscriptionDataChanged(ctx, c.SUPI)
	}
}
