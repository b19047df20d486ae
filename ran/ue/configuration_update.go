package ue

import (
	"time"

	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// configuration is what the network told a UE beside its registration, TS 24.501 §5.4.4.
type configuration struct {
	fullName, shortName string
	time                time.Time // local time of the network when it was told; zero: never
	areas               gmm.ServiceAreaList
	equivalent          gmm.PLMNList
	// slicesChanged says that the subscribed slices have changed, TS 24.501 §4.6.2.2.
	slicesChanged bool
}

// configurationUpdate takes new parameters, TS 24.501 §5.4.4.3.
func (u *UE) configurationUpdate(m *gmm.ConfigurationUpdateCommand) {
	if m.GUTI != nil && m.GUTI.Type == gmm.IdentityGUTI {
		g := m.GUTI.GUTI
		u.guti = &g
		u.monitor()
	}
	if m.TAIList != nil {
		u.tais = m.TAIList
	}
	if m.AllowedNSSAI != nil {
		u.allowed = m.AllowedNSSAI
	}
	if m.NetworkSlicingIndication != nil && *m.NetworkSlicingIndication&gmm.SubscriptionChanged != 0 {
		u.config.slicesChanged = true
	}
	if m.ConfiguredNSSAI != nil {
		u.configured = m.ConfiguredNSSAI
	}
	if r := u.rejections(m.RejectedNSSAI, m.ExtendedRejectedNSSAI); r != nil {
		u.rejected = r
	}
	if m.ServiceAreaList != nil {
		u.config.areas = m.ServiceAreaList
	}
	u.networkName(m)
	i := m.ConfigurationUpdateIndication
	if i == nil {
		return
	}
	if *i&gmm.RegistrationRequested != 0 {
		u.reregister = true
	}
	if *i&gmm.AcknowledgementRequested != 0 {
		u.send(&gmm.ConfigurationUpdateComplete{})
	}
}

// networkName takes what the phone shows: names and the time, TS 24.501 §8.2.19.
func (u *UE) networkName(m *gmm.ConfigurationUpdateCommand) {
	if m.FullNetworkName != nil {
		u.config.fullName = m.FullNetworkName.Name
	}
	if m.ShortNetworkName != nil {
		u.config.shortName = m.ShortNetworkName.Name
	}
	if m.UniversalTimeAndLocalTimeZone != nil {
		u.config.time = m.UniversalTimeAndLocalTimeZone.Time
	}
}
