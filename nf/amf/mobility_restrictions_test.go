package amf

import (
	"reflect"
	"testing"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// TestMobilityRestrictions: what a subscription forbids is what the gNB is told, TS 38.413 §9.3.1.85.
func TestMobilityRestrictions(t *testing.T) {
	here, other := ident.PLMN{0x00, 0xf1, 0x10}, ident.PLMN{0x00, 0xf2, 0x10}
	plmn := ngap.PLMNIdentity(here)
	tests := map[string]struct {
		subscribed nudm.AccessAndMobilitySubscriptionData
		equivalent []ident.PLMN
		want       *ngap.MobilityRestrictionList
	}{
		"nothing": {},
		"equivalent PLMN": {
			equivalent: []ident.PLMN{here, other},
			want:       &ngap.MobilityRestrictionList{ServingPLMN: plmn, EquivalentPLMNs: ngap.EquivalentPLMNs{ngap.PLMNIdentity(other)}},
		},
		"equivalent to others": {equivalent: []ident.PLMN{other}},
		"allowed area": {
			subscribed: nudm.AccessAndMobilitySubscriptionData{ServiceAreaRestriction: nudm.ServiceAreaRestriction{
				RestrictionType: nudm.AllowedAreas, TACs: []ident.TAC{1, 0x020304}}},
			want: &ngap.MobilityRestrictionList{ServingPLMN: plmn, ServiceAreaInformation: ngap.ServiceAreaInformation{
				{PLMNIdentity: plmn, AllowedTACs: ngap.AllowedTACs{1, 0x020304}}}},
		},
		"not allowed area": {
			subscribed: nudm.AccessAndMobilitySubscriptionData{ServiceAreaRestriction: nudm.ServiceAreaRestriction{
				RestrictionType: nudm.NotAllowedAreas, TACs: []ident.TAC{7}}},
			want: &ngap.MobilityRestrictionList{ServingPLMN: plmn, ServiceAreaInformation: ngap.ServiceAreaInformation{
				{PLMNIdentity: plmn, NotAllowedTACs: ngap.NotAllowedTACs{7}}}},
		},
		"forbidden area and radio": {
			subscribed: nudm.AccessAndMobilitySubscriptionData{ForbiddenTACs: []ident.TAC{9}, RATRestrictions: []nudm.RATType{nudm.EUTRA}},
			want: &ngap.MobilityRestrictionList{ServingPLMN: plmn,
				RATRestrictions:          ngap.RATRestrictions{{PLMNIdentity: plmn, RATRestrictionInformation: 0x80}},
				ForbiddenAreaInformation: ngap.ForbiddenAreaInformation{{PLMNIdentity: plmn, ForbiddenTACs: ngap.ForbiddenTACs{9}}}},
		},
	}
	for name, test := range tests {
		a, _ := keepingAMF(t)
		u := a.newUE()
		a.cfg.EquivalentPLMNs = test.equivalent
		u.tai, u.subscribed = ident.TAI{PLMN: here, TAC: 1}, &test.subscribed
		if got := u.mobilityRestrictions(); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}
