package amf

import (
	"slices"
	"strconv"
	"strings"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// mayCommunicate tells whether a UE may use services where it is, TS 23.501 §5.3.4.1.1: outside its service area it may
// only register, answer paging and deregister.
func (ue *ue) mayCommunicate() bool {
	area := &ue.subscribed.ServiceAreaRestriction
	listed := slices.Contains(area.TACs, ue.tai.TAC)
	switch area.RestrictionType {
	case nudm.AllowedAreas:
		return listed
	case nudm.NotAllowedAreas:
		return !listed
	}
	return true
}

// restrictedArea is what a UE outside its service area is told.
func (ue *ue) restrictedArea() *refusal {
	area := &ue.subscribed.ServiceAreaRestriction
	return &refusal{
		cause: gmm.CauseRestrictedServiceArea, why: "the subscription does not allow services in this tracking area",
		asked: ue.tai.String(), allowed: string(area.RestrictionType) + " " + tacList(area.TACs),
		change: "the subscriber's service area (limpid subscriber set --allowed-area, --not-allowed-area)",
	}
}

func tacList(list []ident.TAC) string {
	texts := make([]string, len(list))
	for i, t := range list {
		texts[i] = strconv.FormatUint(uint64(t), 10)
	}
	return strings.Join(texts, ", ")
}

// serviceAreaList is the service area as the UE is told it, TS 24.501 §9.11.3.49; nil for none. With always, no
// restriction is said to the UE too: all areas of the PLMN.
func (ue *ue) serviceAreaList(always bool) gmm.ServiceAreaList {
	area := &ue.subscribed.ServiceAreaRestriction
	if area.RestrictionType == "" {
		if !always {
			return nil
		}
		return gmm.ServiceAreaList{{Type: gmm.AllTAIs, PLMN: ue.tai.PLMN}}
	}
	tais := make([]ident.TAI, len(area.TACs))
	for i, t := range area.TACs {
		tais[i] = ident.TAI{PLMN: ue.tai.PLMN, TAC: t}
	}
	var list gmm.ServiceAreaList
	for _, part := range gmm.NewTAIList(tais...) {
		list = append(list, gmm.PartialServiceArea{
			NotAllowed: area.RestrictionType == nudm.NotAllowedAreas, Type: part.Type, TAIs: part.TAIs,
		})
	}
	return list
}

// mobilityRestrictions is what a gNB must know to choose cells for a UE, TS 38.413 §9.3.1.85; nil where nothing is
// restricted and no other PLMN is as good as this one.
func (ue *ue) mobilityRestrictions() *ngap.MobilityRestrictionList {
	s, plmn := ue.subscribed, ngap.PLMNIdentity(ue.tai.PLMN)
	equivalent := ue.equivalentPLMNs()
	if len(equivalent) == 0 && len(s.ForbiddenTACs) == 0 && s.ServiceAreaRestriction.RestrictionType == "" && len(s.RATRestrictions) == 0 {
		return nil
	}
	list := &ngap.MobilityRestrictionList{ServingPLMN: plmn}
	for _, p := range equivalent {
		list.EquivalentPLMNs = append(list.EquivalentPLMNs, ngap.PLMNIdentity(p))
	}
	if rats := ratRestriction(s.RATRestrictions); rats != 0 {
		list.RATRestrictions = ngap.RATRestrictions{{PLMNIdentity: plmn, RATRestrictionInformation: rats}}
	}
	if len(s.ForbiddenTACs) > 0 {
		item := ngap.ForbiddenAreaInformationItem{PLMNIdentity: plmn}
		for _, t := range s.ForbiddenTACs {
			item.ForbiddenTACs = append(item.ForbiddenTACs, ngap.TAC(t))
		}
		list.ForbiddenAreaInformation = ngap.ForbiddenAreaInformation{item}
	}
	if area := &s.ServiceAreaRestriction; area.RestrictionType != "" {
		item := ngap.ServiceAreaInformationItem{PLMNIdentity: plmn}
		for _, t := range area.TACs {
			if area.RestrictionType == nudm.AllowedAreas {
				item.AllowedTACs = append(item.AllowedTACs, ngap.TAC(t))
			} else {
				item.NotAllowedTACs = append(item.NotAllowedTACs, ngap.TAC(t))
			}
		}
		list.ServiceAreaInformation = ngap.ServiceAreaInformation{item}
	}
	return list
}

// ratRestriction is a bit for each RAT that is forbidden, the first for E-UTRA and the second for NR, TS 38.413 §9.3.1.85.
func ratRestriction(rats []nudm.RATType) ngap.RATRestrictionInformation {
	var bits ngap.RATRestrictionInformation
	for _, r := range rats {
		switch r {
		case nudm.EUTRA:
			bits |= 0x80
		case nudm.NR:
			bits |= 0x40
		}
	}
	return bits
}

// equivalentPLMNs are the other networks that are as good as this one, TS 24.501 §5.5.1.2.4.
func (ue *ue) equivalentPLMNs() []ident.PLMN {
	var others []ident.PLMN
	if slices.Contains(ue.amf.cfg.EquivalentPLMNs, ue.tai.PLMN) {
		for _, p := range ue.amf.cfg.EquivalentPLMNs {
			if p != ue.tai.PLMN {
				others = append(others, p)
			}
		}
	}
	return others
}

func sameServiceArea(a, b *nudm.AccessAndMobilitySubscriptionData) bool {
	return a.ServiceAreaRestriction.RestrictionType == b.ServiceAreaRestriction.RestrictionType &&
		slices.Equal(a.ServiceAreaRestriction.TACs, b.ServiceAreaRestriction.TACs)
}

func sameRestrictions(a, b *nudm.AccessAndMobilitySubscriptionData) bool {
	return sameServiceArea(a, b) && slices.Equal(a.ForbiddenTACs, b.ForbiddenTACs) && slices.Equal(a.RATRestrictions, b.RATRestrictions)
}
