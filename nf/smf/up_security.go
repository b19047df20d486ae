package smf

import (
	"fmt"

	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// Protection says what a gNB must do for user data, TS 23.501 §5.10.3. The zero value is Preferred.
type Protection string

// The values of Protection.
const (
	Preferred Protection = "preferred"
	Required  Protection = "required"
	NotNeeded Protection = "not-needed"
)

// UPSecurity is the User Plane Security Policy of a data network, TS 33.501 §6.6.1. With Integrity Required a UE that
// cannot protect data at full rate is refused with cause #82.
type UPSecurity struct {
	Integrity, Confidentiality Protection
}

func (p Protection) check(of string) error {
	switch p {
	case "", Preferred, Required, NotNeeded:
		return nil
	}
	return fmt.Errorf("%s %q: want %s, %s or %s", of, p, Preferred, Required, NotNeeded)
}

// under is the policy for a session: the subscribed one goes before that of the data network, TS 33.501 §6.6.1, which is
// what TS 33.515 §4.2.2.1.1 tests.
func (u UPSecurity) under(sub *nudm.UPSecurity) UPSecurity {
	if sub == nil {
		return u
	}
	mode := func(m nudm.UPSecurityMode, otherwise Protection) Protection {
		switch m {
		case nudm.UPSecurityRequired:
			return Required
		case nudm.UPSecurityPreferred:
			return Preferred
		case nudm.UPSecurityNotNeeded:
			return NotNeeded
		}
		return otherwise
	}
	return UPSecurity{mode(sub.Integrity, u.Integrity), mode(sub.Confidentiality, u.Confidentiality)}
}

// broken tells whether a gNB says that it does not do what is required of it: then nothing is sent there, TS 33.501 §6.6.1.
func (u UPSecurity) broken(o *setupOutcome) bool {
	return u.Integrity == Required && o.unprotected || u.Confidentiality == Required && o.readable
}

// permits refuses a UE that cannot do what the policy requires, TS 24.501 §6.4.1.4.
func (u UPSecurity) permits(rate gsm.IntegrityProtectionMaximumDataRate) error {
	if u.Integrity != Required || rate.Uplink == gsm.RateFull && rate.Downlink == gsm.RateFull {
		return nil
	}
	return &refusal{cause: gsm.CauseMaximumDataRatePerUEForUserPlaneIntegrityProtectionIsTooLow, sbi: nsmf.CauseN1SMError,
		asked: "integrity protection of user data at less than full rate", allowed: "full rate", change: "the phone, or the UP security policy of the DNN"}
}

// indication is the policy for the gNB, TS 38.413 §9.3.1.27, with what the UE can do.
func (u UPSecurity) indication(rate gsm.IntegrityProtectionMaximumDataRate) *ngap.SecurityIndication {
	i := &ngap.SecurityIndication{
		IntegrityProtectionIndication:       ngap.IntegrityProtectionIndicationPreferred,
		ConfidentialityProtectionIndication: ngap.ConfidentialityProtectionIndicationPreferred,
	}
	switch u.Integrity {
	case Required:
		i.IntegrityProtectionIndication = ngap.IntegrityProtectionIndicationRequired
	case NotNeeded:
		i.IntegrityProtectionIndication = ngap.IntegrityProtectionIndicationNotNeeded
	}
	switch u.Confidentiality {
	case Required:
		i.ConfidentialityProtectionIndication = ngap.ConfidentialityProtectionIndicationRequired
	case NotNeeded:
		i.ConfidentialityProtectionIndication = ngap.ConfidentialityProtectionIndicationNotNeeded
	}
	if u.Integrity != NotNeeded { // "shall be present if Integrity Protection Indication is set to required or preferred"
		i.MaximumIntegrityProtectedDataRateUL = new(integrityRate(rate.Uplink))
		i.MaximumIntegrityProtectedDataRateDL = new(integrityRate(rate.Downlink))
	}
	return i
}

func integrityRate(r gsm.DataRate) ngap.MaximumIntegrityProtectedDataRate {
	if r == gsm.RateFull {
		return ngap.MaximumIntegrityProtectedDataRateMaximumUERate
	}
	return ngap.MaximumIntegrityProtectedDataRateBitrate64kbs
}
