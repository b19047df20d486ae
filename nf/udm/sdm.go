package udm

import (
	"context"
	"net/http"
	"slices"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nudm"
)

// AMData implements nudm.SDM, TS 29.503 §5.2.2.2.3.
func (u *UDM) AMData(ctx context.Context, supi ident.SUPI, plmn ident.PLMN) (nudm.AccessAndMobilitySubscriptionData, error) {
	if err := u.served(supi, plmn); err != nil {
		return nudm.AccessAndMobilitySubscriptionData{}, err
	}
	am, err := u.udr.AMData(ctx, supi)
	if len(u.authenticated) > 0 && err == nil {
		subscribed := am.NSSAI.All()
		for _, s := range u.authenticated {
			if slices.Contains(subscribed, s) && !slices.Contains(am.NSSAI.RequiredAuthnAuthz, s) {
				am.NSSAI.RequiredAuthnAuthz = append(am.NSSAI.RequiredAuthnAuthz, s)
			}
		}
	}
	return am, err
}

// SMFSelectData implements nudm.SDM, TS 29.503 §5.2.2.2.4.
func (u *UDM) SMFSelectData(ctx context.Context, supi ident.SUPI, plmn ident.PLMN) (nudm.SMFSelectionSubscriptionData, error) {
	if err := u.served(supi, plmn); err != nil {
		return nudm.SMFSelectionSubscriptionData{}, err
	}
	return u.udr.SMFSelectData(ctx, supi)
}

// SMData implements nudm.SDM, TS 29.503 §5.2.2.2.5.
func (u *UDM) SMData(ctx context.Context, supi ident.SUPI, plmn ident.PLMN, slice ident.SNSSAI, dnn ident.DNN) (nudm.SessionManagementSubscriptionData, error) {
	if err := u.served(supi, plmn); err != nil {
		return nudm.SessionManagementSubscriptionData{}, err
	}
	return u.udr.SMData(ctx, supi, slice, dnn)
}

// served tells whether the subscriber may be in the network plmn.
func (u *UDM) served(supi ident.SUPI, plmn ident.PLMN) error {
	if slices.Contains(u.serving, plmn) {
		return nil
	}
	return sbi.Problem(http.StatusForbidden, nudm.CauseRoamingNotAllowed,
		"SUPI %s is served by PLMN %s; allowed: %s; add it to the allowed ones", supi.Conceal(), plmn, listPLMNs(u.serving))
}
