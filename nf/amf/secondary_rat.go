package amf

import (
	"context"
	"slices"

	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// secondaryRATUsage brings what the gNB counted on a second radio to the SMFs, TS 23.502 §4.21 and TS 38.413 §8.15.
func (ue *ue) secondaryRATUsage(ctx context.Context, m *ngap.SecondaryRATDataUsageReport) {
	for _, item := range m.PDUSessionResourceSecondaryRATUsageList {
		s := ue.session(uint8(item.PDUSessionID))
		if s == nil {
			ue.log().Debug("usage of a session that is gone", "session", item.PDUSessionID)
			continue
		}
		_, err := ue.amf.services.Sessions.UpdateSMContext(ctx, s.ref, nsmf.SMContextUpdateData{
			N2SMInfo: nsmf.N2SMInfo{Type: nsmf.SecondaryRATUsage, Data: slices.Clone(item.SecondaryRATDataUsageReportTransfer)}, TAI: ue.tai,
		})
		if err != nil {
			ue.log().Warn("SMF does not take a usage report", "session", item.PDUSessionID, "error", err)
		}
	}
}
