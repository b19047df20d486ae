package ue

import (
	"time"

	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// PowerSaving is what a UE asks for to save power, TS 24.501 §5.5.1.2.2; the zero value is nothing. In Status it is what
// the network agreed to.
type PowerSaving struct {
	DRX         gmm.DRXParameters // 0: not specified
	ExtendedDRX gmm.ExtendedDRXParameters
	MICO        bool
	ActiveTime  time.Duration // T3324, with MICO; 0: none
}

func (p *PowerSaving) ask(m *gmm.RegistrationRequest) {
	if p.DRX != gmm.DRXNotSpecified {
		m.RequestedDRXParameters = &p.DRX
	}
	m.RequestedExtendedDRXParameters = p.ExtendedDRX
	if !p.MICO {
		return
	}
	m.MICOIndication = new(gmm.MICOIndication)
	if p.ActiveTime != 0 {
		t3324 := nas.NewGPRSTimer3(p.ActiveTime)
		m.T3324 = &t3324
	}
}

func agreedPowerSaving(m *gmm.RegistrationAccept) PowerSaving {
	p := PowerSaving{ExtendedDRX: m.NegotiatedExtendedDRXParameters, MICO: m.MICOIndication != nil}
	if m.NegotiatedDRXParameters != nil {
		p.DRX = *m.NegotiatedDRXParameters
	}
	if m.T3324 != nil {
		p.ActiveTime, _ = m.T3324.Duration()
	}
	return p
}
