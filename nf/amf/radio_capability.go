package amf

import (
	"context"
	"slices"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// CheckVoiceSupport asks the gNB whether the radio capabilities of a connected UE and the network's fit for IMS voice,
// TS 23.502 §4.2.8a and TS 38.413 §8.14.2.
func (a *AMF) CheckVoiceSupport(ctx context.Context, supi ident.SUPI) (bool, error) {
	supported := false
	err := a.order(ctx, supi, "radio capability check", func(ctx context.Context, ue *ue) error {
		answer, err := ue.askGNB(ctx, ranProcedure, &ngap.UERadioCapabilityCheckRequest{
			AMFUENGAPID: ue.conn.amfID, RANUENGAPID: ue.conn.ranID, UERadioCapability: ue.radio,
		}, func(m any) bool { _, ok := m.(*ngap.UERadioCapabilityCheckResponse); return ok })
		if err != nil {
			return err
		}
		supported = answer.(*ngap.UERadioCapabilityCheckResponse).IMSVoiceSupportIndicator == ngap.IMSVoiceSupportIndicatorSupported
		return nil
	})
	return supported, err
}

// learnRadio keeps what a gNB says of the UE's radio, TS 38.413 §8.14.1.
func (ue *ue) learnRadio(m *ngap.UERadioCapabilityInfoIndication) {
	last := *ue.last
	last.radio = m.UERadioCapabilityForPaging
	ue.radio, ue.last = slices.Clone(m.UERadioCapability), &last
}
