package amf

import (
	"time"

	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// agreePowerSaving answers what a UE asks for to save power, TS 24.501 §5.5.1.2.4 and §5.5.1.3.4: what it may have is in
// the accept; what is left out it does not have.
func (ue *ue) agreePowerSaving(r *gmm.RegistrationRequest, accept *gmm.RegistrationAccept) {
	ue.agreeDRX(r, accept)
	ue.agreeExtendedDRX(r, accept)
	ue.agreeMICO(r, accept)
	ue.reach.t3512 = 0
	if d, runs := accept.T3512.Duration(); runs {
		ue.reach.t3512 = d
	}
}

// agreeDRX takes the UE's DRX cycle, TS 24.501 §9.11.3.2A.
func (ue *ue) agreeDRX(r *gmm.RegistrationRequest, accept *gmm.RegistrationAccept) {
	ue.drx = gmm.DRXNotSpecified
	if r.RequestedDRXParameters == nil {
		return
	}
	if d := *r.RequestedDRXParameters; d <= gmm.DRX256 {
		ue.drx = d
	}
	accept.NegotiatedDRXParameters = &ue.drx
}

// agreeExtendedDRX lets a UE sleep longer, TS 23.501 §5.31.7.2. A cycle that NR does not know is refused.
func (ue *ue) agreeExtendedDRX(r *gmm.RegistrationRequest, accept *gmm.RegistrationAccept) {
	ue.extendedDRX = nil
	asked := r.RequestedExtendedDRXParameters
	if len(asked) == 0 {
		return
	}
	if _, known := nrExtendedDRX(asked); !known || !ue.amf.cfg.PowerSaving.ExtendedDRX {
		ue.log().Info("extended DRX not agreed", "asked", asked.Cycle(), "allowed", ue.amf.cfg.PowerSaving.ExtendedDRX,
			"change", "amf.power_saving.extended_drx in the config, or the UE's cycle")
		return
	}
	ue.extendedDRX = append(gmm.ExtendedDRXParameters(nil), asked...)
	accept.NegotiatedExtendedDRXParameters = ue.extendedDRX
}

// agreeMICO lets a UE be reachable only when it says something itself, TS 23.501 §5.4.1.3, and for the active time after
// that if it asks for one, TS 23.501 §5.31.7.4.
func (ue *ue) agreeMICO(r *gmm.RegistrationRequest, accept *gmm.RegistrationAccept) {
	ue.reach.mico, ue.reach.active = false, 0
	if r.MICOIndication == nil {
		return
	}
	cfg := &ue.amf.cfg.PowerSaving
	if !cfg.MICO || !ue.subscribed.MICOAllowed {
		ue.log().Info("MICO mode not agreed", "change", "amf.power_saving.mico in the config, or the subscriber's")
		return
	}
	var agreed gmm.MICOIndication // the registration area is not all of the PLMN
	accept.MICOIndication, ue.reach.mico = &agreed, true
	if r.T3324 == nil || cfg.ActiveTime == 0 {
		return
	}
	if asked, on := r.T3324.Duration(); on {
		active := nas.NewGPRSTimer3(min(asked, cfg.ActiveTime))
		accept.T3324 = &active
		ue.reach.active, _ = active.Duration()
	}
}

// extendedDRXCycles are the cycles that NR knows by their code, TS 24.008 §10.5.5.32 and TS 38.413 §9.3.1.227.
var extendedDRXCycles = map[uint8]ngap.NRPagingEDRXCycle{
	0: ngap.NRPagingEDRXCycleHfhalf, 1: ngap.NRPagingEDRXCycleHf1, 2: ngap.NRPagingEDRXCycleHf2, 3: ngap.NRPagingEDRXCycleHf4,
	5: ngap.NRPagingEDRXCycleHf8, 9: ngap.NRPagingEDRXCycleHf16, 10: ngap.NRPagingEDRXCycleHf32, 11: ngap.NRPagingEDRXCycleHf64,
	12: ngap.NRPagingEDRXCycleHf128, 13: ngap.NRPagingEDRXCycleHf256, 14: ngap.NRPagingEDRXCycleHf512, 15: ngap.NRPagingEDRXCycleHf1024,
}

// nrExtendedDRX is NGAP's form of a UE's extended DRX parameters; false for a cycle that is not NR's.
func nrExtendedDRX(p gmm.ExtendedDRXParameters) (ngap.NRPagingeDRXInformation, bool) {
	cycle, known := extendedDRXCycles[p.Cycle()]
	window := ngap.NRPagingTimeWindow(p.PagingTimeWindow())
	return ngap.NRPagingeDRXInformation{NRPagingEDRXCycle: cycle, NRPagingTimeWindow: &window}, known
}

// pagingDRX adds to a paging message when the UE listens, TS 38.413 §9.2.4.1.
func (ue *ue) pagingDRX(m *ngap.Paging) {
	if d := ue.drx; d != gmm.DRXNotSpecified {
		drx := ngap.PagingDRX(d - gmm.DRX32) // both count 32, 64, 128, 256 radio frames
		m.PagingDRX = &drx
	}
	if len(ue.extendedDRX) > 0 {
		if edrx, known := nrExtendedDRX(ue.extendedDRX); known {
			m.NRPagingeDRXInformation = &edrx
		}
	}
}

// periodicTimer is T3512 for a UE: the subscriber's, else the operator's, TS 24.501 §5.3.7.
func (ue *ue) periodicTimer() nas.GPRSTimer3 {
	d := ue.amf.cfg.T3512
	if s := ue.subscribed.SubsRegTimerSec; s > 0 {
		d = time.Duration(s) * time.Second
	}
	if d == 0 {
		return nas.GPRSTimer3Deactivated
	}
	return nas.NewGPRSTimer3(d)
}
