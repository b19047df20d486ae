package amf

import (
	"context"
	"net/http"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/wire/ngap"
)

var _ npcf.AMPolicyNotify = (*AMF)(nil)

// policyUpdate is an AM policy that is in force from now on.
type policyUpdate struct{ npcf.AMPolicyAssociation }

// AMPolicyUpdateNotify implements npcf.AMPolicyNotify, TS 29.507 §4.2.4.2. The notification URI is the SUPI. It only
// enqueues.
func (a *AMF) AMPolicyUpdateNotify(_ context.Context, notificationURI string, now npcf.AMPolicyAssociation) error {
	supi := ident.SUPI(notificationURI)
	u := a.ues.bySUPI.get(supi)
	if u == nil {
		return sbi.Problem(http.StatusNotFound, npcf.CausePolicyContextNotFound, "%s is not registered here", supi.Conceal())
	}
	if err := u.follow(&policyUpdate{now}); err != nil {
		return sbi.Problem(http.StatusServiceUnavailable, sbi.CauseNFCongestion, "%v", err)
	}
	return nil
}

// policyChanged brings a changed AM policy into force, TS 23.502 §4.16.2.2: a gNB that has the UE's context is told at
// once (TS 38.413 §8.3.4), any other with the next context.
func (ue *ue) policyChanged(ctx context.Context, m *policyUpdate) {
	if !ue.registered || ue.policy != m.ID {
		return // of an association that has ended
	}
	ue.ambr = m.UEAMBR
	ue.log().Info("access policy changed", "ambr_uplink", m.UEAMBR.Uplink, "ambr_downlink", m.UEAMBR.Downlink, "rfsp", m.RFSPIndex)
	if ue.conn == nil || !ue.conn.contextSetUp {
		return
	}
	request := &ngap.UEContextModificationRequest{
		UEAggregateMaximumBitRate: &ngap.UEAggregateMaximumBitRate{
			UEAggregateMaximumBitRateDL: ngap.BitRate(ue.ambr.Downlink), UEAggregateMaximumBitRateUL: ngap.BitRate(ue.ambr.Uplink),
		},
	}
	if m.RFSPIndex != 0 {
		request.IndexToRFSP = new(ngap.IndexToRFSP(m.RFSPIndex))
	}
	if err := ue.modifyContext(ctx, request); err != nil && !ended(err) { // it gets the policy with the next context
		ue.log().Warn("gNB has not taken the access policy", "error", err)
	}
}
