package udr

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nausf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/sbi/nudr"
	"github.com/limpid-5g/limpid/store"
)

// AuthenticationSubscription implements nudr.DataRepository, TS 29.504 §5.2.2.2.
func (u *UDR) AuthenticationSubscription(ctx context.Context, supi ident.SUPI) (nudr.AuthenticationSubscription, error) {
	sub, err := u.read(ctx, supi)
	if err != nil {
		return nudr.AuthenticationSubscription{}, err
	}
	u.provisioned(sub)
	a := &sub.Authentication
	return nudr.AuthenticationSubscription{
		AuthenticationMethod: nausf.AuthType(a.Method),
		Algorithm:            string(a.Algorithm),
		K:                    nudr.Key(a.K),
		OPc:                  nudr.Key(a.OPc),
		AMFField:             a.AMFField,
	}, nil
}

// AMData implements nudr.DataRepository, TS 29.504 §5.2.2.2.
func (u *UDR) AMData(ctx context.Context, supi ident.SUPI) (nudm.AccessAndMobilitySubscriptionData, error) {
	sub, err := u.subscriber(ctx, supi)
	if err != nil {
		return nudm.AccessAndMobilitySubscriptionData{}, err
	}
	data := nudm.AccessAndMobilitySubscriptionData{SubscribedUEAMBR: nudm.AMBR(sub.UEAMBR)}
	accessData(&data, &sub.Access)
	if sub.GPSI != "" {
		data.GPSIs = []string{sub.GPSI}
	}
	for _, slice := range sub.Slices {
		if slice.Authenticate {
			data.NSSAI.RequiredAuthnAuthz = append(data.NSSAI.RequiredAuthnAuthz, slice.SNSSAI)
		}
		if slice.Default {
			data.NSSAI.DefaultSingleNSSAIs = append(data.NSSAI.DefaultSingleNSSAIs, slice.SNSSAI)
		} else {
			data.NSSAI.SingleNSSAIs = append(data.NSSAI.SingleNSSAIs, slice.SNSSAI)
		}
	}
	return data, nil
}

// SUPIOf implements nudr.DataRepository, TS 29.505 §5.2.
func (u *UDR) SUPIOf(ctx context.Context, gpsi string) (ident.SUPI, error) {
	supi, err := u.store.SUPIOf(ctx, gpsi)
	if errors.Is(err, store.ErrNotFound) {
		return "", sbi.Problem(http.StatusNotFound, nudr.CauseUserNotFound, "no subscriber has the GPSI")
	}
	return supi, err
}

// accessData translates where and how the subscriber may use the network, TS 29.503 §6.1.6.2.4.
func accessData(data *nudm.AccessAndMobilitySubscriptionData, a *store.Access) {
	data.Barred, data.MICOAllowed = a.Barred, !a.NoMICO
	data.SubsRegTimerSec = uint32(a.RegistrationTimer / time.Second)
	data.ForbiddenTACs = a.ForbiddenTACs
	switch a.ServiceArea.Restriction {
	case store.AllowedAreas:
		data.ServiceAreaRestriction = nudm.ServiceAreaRestriction{RestrictionType: nudm.AllowedAreas, TACs: a.ServiceArea.TACs}
	case store.NotAllowedAreas:
		data.ServiceAreaRestriction = nudm.ServiceAreaRestriction{RestrictionType: nudm.NotAllowedAreas, TACs: a.ServiceArea.TACs}
	}
	for _, rat := range a.ForbiddenRATs {
		data.RATRestrictions = append(data.RATRestrictions, nudm.RATType(rat))
	}
}

// SMFSelectData implements nudr.DataRepository, TS 29.504 §5.2.2.2.
func (u *UDR) SMFSelectData(ctx context.Context, supi ident.SUPI) (nudm.SMFSelectionSubscriptionData, error) {
	sub, err := u.subscriber(ctx, supi)
	if err != nil {
		return nudm.SMFSelectionSubscriptionData{}, err
	}
	infos := make(map[ident.SNSSAI][]nudm.DNNInfo, len(sub.Slices))
	for _, slice := range sub.Slices {
		dnns := make([]nudm.DNNInfo, len(slice.DNNs))
		for i, d := range slice.DNNs {
			dnns[i] = nudm.DNNInfo{DNN: d.Name, Default: d.Default}
		}
		infos[slice.SNSSAI] = dnns
	}
	return nudm.SMFSelectionSubscriptionData{SubscribedSNSSAIInfos: infos}, nil
}

// SMData implements nudr.DataRepository, TS 29.504 §5.2.2.2.
func (u *UDR) SMData(ctx context.Context, supi ident.SUPI, snssai ident.SNSSAI, dnn ident.DNN) (nudm.SessionManagementSubscriptionData, error) {
	sub, err := u.subscriber(ctx, supi)
	if err != nil {
		return nudm.SessionManagementSubscriptionData{}, err
	}
	var slices, dnns []string
	for _, slice := range sub.Slices {
		slices = append(slices, slice.SNSSAI.String())
		if slice.SNSSAI != snssai {
			continue
		}
		for i := range slice.DNNs {
			if slice.DNNs[i].Name.Equal(dnn) {
				return sessionData(&slice.DNNs[i]), nil
			}
			dnns = append(dnns, string(slice.DNNs[i].Name))
		}
	}
	const advice = "change it with limpid subscriber add --replace"
	if dnns == nil {
		return nudm.SessionManagementSubscriptionData{}, sbi.Problem(http.StatusNotFound, nudr.CauseDataNotFound,
			"SUPI %s asked for slice %s; subscribed: %s; %s", supi.Conceal(), snssai, strings.Join(slices, ", "), advice)
	}
	return nudm.SessionManagementSubscriptionData{}, sbi.Problem(http.StatusNotFound, nudr.CauseDataNotFound,
		"SUPI %s asked for DNN %q on slice %s; subscribed: %s; %s", supi.Conceal(), dnn, snssai, strings.Join(dnns, ", "), advice)
}

// upSecurity is the subscribed user plane security policy, nil where the subscription has none.
func upSecurity(d *store.DNN) *nudm.UPSecurity {
	if d.UPIntegrity == "" && d.UPConfidentiality == "" {
		return nil
	}
	return &nudm.UPSecurity{Integrity: nudm.UPSecurityMode(d.UPIntegrity), Confidentiality: nudm.UPSecurityMode(d.UPConfidentiality)}
}

func sessionData(d *store.DNN) nudm.SessionManagementSubscriptionData {
	types := make([]nudm.PDUSessionType, len(d.SessionTypes))
	for i, t := range d.SessionTypes {
		types[i] = nudm.PDUSessionType(t)
	}
	return nudm.SessionManagementSubscriptionData{
		DefaultSessionType:  types[0],
		AllowedSessionTypes: types,
		DefaultSSCMode:      d.SSCModes[0],
		AllowedSSCModes:     d.SSCModes,
		SessionAMBR:         nudm.AMBR(d.SessionAMBR),
		DefaultQoS:          nudm.SubscribedDefaultQoS{FiveQI: d.FiveQI, ARP: nudm.ARP(d.ARP)},
		StaticIPv4:          d.StaticIPv4,
		StaticIPv6Prefix:    d.StaticIPv6,
		FramedRoutes:        d.FramedRoutes,
		UPSecurity:          upSecurity(d),
	}
}

// problem turns an error of the store into one of the service, TS 29.504 §6.1.6.
func (u *UDR) problem(supi ident.SUPI, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrNotFound):
		u.forget(supi)
		return sbi.Problem(http.StatusNotFound, nudr.CauseUserNotFound,
			"SUPI %s is not a subscriber; add it with limpid subscriber add", supi.Conceal())
	case errors.Is(err, aka.ErrSQNExhausted):
		return sbi.Problem(http.StatusInternalServerError, sbi.CauseSystemFailure,
			"SUPI %s has no sequence number left; give its USIM another key", supi.Conceal())
	}
	return sbi.Problem(http.StatusInternalServerError, sbi.CauseSystemFailure, "SUPI %s: %v", supi.Conceal(), err)
}
