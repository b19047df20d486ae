package amf

import (
	"context"
	"fmt"

	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// identify asks the UE for its SUCI, TS 24.501 §5.4.3.
func (ue *ue) identify(ctx context.Context) (gmm.SUCI, error) {
	answer, err := procedure.Ask[*gmm.IdentityResponse](ctx, ue, T3570,
		ue.sending(&gmm.IdentityRequest{IdentityType: gmm.IdentitySUCI}))
	if err != nil {
		return gmm.SUCI{}, err
	}
	if answer.MobileIdentity.Type != gmm.IdentitySUCI {
		return gmm.SUCI{}, &refusal{
			cause: gmm.CauseUEIdentityCannotBeDerivedByTheNetwork,
			why:   fmt.Sprintf("UE was asked for its SUCI and gave %v", answer.MobileIdentity.Type),
		}
	}
	return answer.MobileIdentity.SUCI, nil
}

// identifyEquipment asks for the IMEISV where the operator wants it and the UE has not given it with SECURITY MODE COMPLETE,
// TS 23.502 §4.2.2.2.2 step 11 and TS 24.501 §5.4.3. A UE that gives another identity is served without.
func (ue *ue) identifyEquipment(ctx context.Context) error {
	if !ue.amf.cfg.RequestIMEISV || ue.pei != "" {
		return nil
	}
	answer, err := procedure.Ask[*gmm.IdentityResponse](ctx, ue, T3570,
		ue.sending(&gmm.IdentityRequest{IdentityType: gmm.IdentityIMEISV}))
	if err != nil {
		return err
	}
	if answer.MobileIdentity.Type != gmm.IdentityIMEISV {
		ue.log().Warn("UE does not give its equipment identity", "asked", "IMEISV", "given", answer.MobileIdentity.Type)
		return nil
	}
	ue.pei = "imeisv-" + answer.MobileIdentity.Equipment.String()
	return nil
}
