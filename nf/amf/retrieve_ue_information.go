package amf

import "github.com/limpid-5g/limpid/wire/ngap"

// retrieval is a gNB that asks about a UE which is not connected yet.
type retrieval struct {
	from *tnla
	id   ngap.FiveGSTMSI
}

// retrieve finds the UE of a RETRIEVE UE INFORMATION, TS 38.413 §8.3.9. A gNB that asks about a UE that is not here, or that
// cannot be where the gNB is, gets an error indication.
func (l *tnla) retrieve(m *ngap.RetrieveUEInformation) {
	r := &retrieval{l, m.FiveGSTMSI}
	if s := m.FiveGSTMSI.Ident(); s.Set == l.gnb.Load().amf.cfg.GUAMI.Set {
		if u := l.gnb.Load().amf.ues.byTMSI.get(s.TMSI); u != nil && u.follow(glance(func(ue *ue) { ue.inform(r) })) == nil {
			return
		}
	}
	r.refuse("no such UE is registered here")
}

func (r *retrieval) refuse(why string) {
	r.from.log.Warn("gNB is told nothing of a UE", "reason", why)
	r.from.errorIndication(nil, nil, ngap.CauseRadioNetworkUnspecified)
}

// inform tells a gNB what it needs to know before the UE connects, TS 38.413 §8.3.10.
func (ue *ue) inform(r *retrieval) {
	if !ue.registered || !r.from.gnb.Load().servesAny(ue.registrationArea()) {
		r.refuse("it is not registered where the gNB is")
		return
	}
	r.from.send(&ngap.UEInformationTransfer{FiveGSTMSI: r.id, UERadioCapability: ue.radio, AllowedNSSAI: toAllowedNSSAI(ue.allowed)})
}
