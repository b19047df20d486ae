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
