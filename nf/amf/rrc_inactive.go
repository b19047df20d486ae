package amf

import (
	"github.com/limpid-5g/limpid/wire/ngap"
)

// inactiveReports asks the gNB to tell when the UE enters and leaves RRC_INACTIVE, if the operator wants to know,
// TS 38.413 §8.3.1.2.
func (ue *ue) inactiveReports() *ngap.RRCInactiveTransitionReportRequest {
	if !ue.amf.cfg.RRCInactiveReports {
		return nil
	}
	r := ngap.RRCInactiveTransitionReportRequestSubsequentStateTransitionReport
	return &r
}

// inactiveAssistance is what a gNB needs to know to have the UE in RRC_INACTIVE: how the UE is paged and where,
// TS 23.501 §5.3.3.2.5 and TS 38.413 §9.3.1.15.
func (ue *ue) inactiveAssistance() *ngap.CoreNetworkAssistanceInformationForInactive {
	index := uint16(ue.guti.TMSI % 1024) // 5G-S-TMSI mod 1024, TS 38.304 §7.1
	a := &ngap.CoreNetworkAssistanceInformationForInactive{
		UEIdentityIndexValue:            ngap.UEIdentityIndexValue{IndexLength10: &index},
		PeriodicRegistrationUpdateTimer: ngap.PeriodicRegistrationUpdateTimer(ue.periodicTimer()),
		UERadioCapabilityForPaging:      ue.last.radio,
	}
	area := ue.registrationArea()
	for _, t := range area[:min(len(area), 16)] {
		a.TAIListForInactive = append(a.TAIListForInactive, ngap.TAIListForInactiveItem{TAI: ngap.NewTAI(t)})
	}
	var page ngap.Paging
	ue.pagingDRX(&page)
	a.UESpecificDRX, a.NRPagingeDRXInformation = page.PagingDRX, page.NRPagingeDRXInformation
	if ue.reach.mico {
		mico := ngap.MICOModeIndicationTrue
		a.MICOModeIndication = &mico
	}
	return a
}

// rrcState takes a report, TS 38.413 §8.3.5 and TS 23.502 §4.8.3. Nothing changes for the AMF: the UE stays in CM-CONNECTED, and
// the gNB pages it itself.
func (ue *ue) rrcState(m *ngap.RRCInactiveTransitionReport) {
	ue.inactive = m.RRCState == ngap.RRCStateInactive
	if t, ok := taiOf(&m.UserLocationInformation); ok && ue.conn != nil {
		ue.conn.tai, ue.tai = t, t
	}
	ue.log().Debug("RRC state", "inactive", ue.inactive)
}
