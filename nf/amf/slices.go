package amf

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/nnssf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// selection is which slices a UE gets, TS 24.501 §4.6.2.
type selection struct {
	allowed    []ident.SNSSAI
	rejected   gmm.RejectedNSSAI
	configured []ident.SNSSAI // nil: the UE knows them
	pending    []ident.SNSSAI // to be authenticated by the AAA servers of the slices
}

// selectSlices decides the slices of a registration, TS 23.502 §4.2.2.2.3. The UE is told which it has where it does not
// know, where it asked with what its maker configured (DCNI), and where the subscription has changed.
func (ue *ue) selectSlices(ctx context.Context, r *gmm.RegistrationRequest) (selection, error) {
	if c := ue.slicesChecked; c != nil && r.RegistrationType.Value() == gmm.InitialRegistration {
		ue.slicesChecked = &sliceResults{authorized: c.authorized} // what has failed may be tried again
	}
	if r.RegistrationType.Value() != gmm.PeriodicRegistrationUpdate { // a periodic update asks for nothing, TS 24.501 §5.5.1.3.2
		ue.requested = r.RequestedNSSAI.Slices()
	}
	byDefault := r.NetworkSlicingIndication != nil && *r.NetworkSlicingIndication&gmm.DefaultConfigured != 0
	selected, err := ue.chooseSlices(ctx, ue.requested, byDefault || ue.slicesChanged)
	if err == nil {
		selected, err = ue.admit(ctx, selected)
	}
	ue.allowed = selected.allowed
	return selected, err
}

// chooseSlices asks the NSSF, TS 23.501 §5.15.5.2.1: of the requested slices, those that the subscription, the tracking area
// and the radio have. With all, the configured slices are in the answer in any case.
func (ue *ue) chooseSlices(ctx context.Context, requested []ident.SNSSAI, all bool) (selection, error) {
	radio := ue.radioSlices()
	answer, err := ue.amf.services.Slices.ForRegistration(ctx, nnssf.SliceInfoForRegistration{
		TAI:                        ue.tai,
		SubscribedNSSAI:            ue.subscribed.NSSAI.All(),
		DefaultSubscribedNSSAI:     ue.subscribed.NSSAI.DefaultSingleNSSAIs,
		RequestedNSSAI:             requested,
		RANSupportedNSSAI:          radio,
		DefaultConfiguredSNSSAIInd: all,
	})
	if err != nil {
		return selection{}, fmt.Errorf("slice selection: %w", err)
	}
	s := selection{allowed: answer.AllowedNSSAI[:min(len(answer.AllowedNSSAI), gmm.MaxAllowedNSSAI)], configured: answer.ConfiguredNSSAI}
	for _, one := range answer.RejectedNSSAIInPLMN {
		s.reject(one, gmm.NotAvailableInPLMN)
	}
	for _, one := range answer.RejectedNSSAIInTA {
		s.reject(one, gmm.NotAvailableInRegistrationArea)
	}
	ue.withhold(&s)
	none := len(s.allowed)+len(s.pending) == 0
	if !none && len(s.rejected) == 0 {
		return s, nil
	}
	lacks := ue.lacks(s.rejected, radio)
	explanation := refusal{
		cause: gmm.CauseNoNetworkSlicesAvailable, why: "no requested slice can be used here" + lacks, rejected: s.rejected,
		asked:   fmt.Sprintf("slices %v", requested),
		allowed: fmt.Sprintf("subscribed %v, supported by the gNB in %v %v", ue.subscribed.NSSAI.All(), ue.tai, radio),
		change:  "the subscriber's slices (limpid subscriber set --slice), amf.plmns slices in the config, or the gNB's",
	}
	if none { // TS 24.501 §5.5.1.2.5 cause #62
		return s, &explanation
	}
	ue.log().Warn("some requested slices cannot be used here"+lacks, "asked", explanation.asked, "allowed", explanation.allowed, "change", explanation.change)
	return s, nil
}

// lacks says of each rejected slice who lacks it, for the log: ": 2-010203 is not offered in 00101-000002".
func (ue *ue) lacks(rejected gmm.RejectedNSSAI, radio []ident.SNSSAI) string {
	parts := make([]string, 0, len(rejected))
	for _, r := range rejected {
		where := cmp.Or(ue.withoutSlice(r.SNSSAI, ue.tai, radio), "not offered in "+ue.tai.String())
		if r.Cause == gmm.SliceAuthenticationFailed {
			where = "not granted by its AAA server"
		}
		parts = append(parts, fmt.Sprintf("%v is %s", r.SNSSAI, where))
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}

// withoutSlice says for the log who lacks a slice in a tracking area: the subscription, the network, or the radio, which has these
// slices there; "" if none of them.
func (ue *ue) withoutSlice(one ident.SNSSAI, tai ident.TAI, radio []ident.SNSSAI) string {
	inPLMN, _ := ue.amf.plmnSupport(tai.PLMN)
	switch {
	case !slices.Contains(ue.subscribed.NSSAI.All(), one):
		return "not subscribed"
	case !slices.Contains(inPLMN.Slices, one):
		return "not offered in " + tai.PLMN.String()
	case !slices.Contains(radio, one):
		return "not supported by the gNB in " + tai.String()
	case slices.Contains(ue.subscribed.NSSAI.RequiredAuthnAuthz, one) && !ue.mm.NSSAA():
		return "one for which UEs authenticate themselves, which this one cannot (NSSAA)"
	}
	return ""
}

// notByRadio says for the log that a gNB has no such slice in a tracking area, and which it has; "" if it has it.
func (ue *ue) notByRadio(one ident.SNSSAI, tai ident.TAI, g *gnb) string {
	radio, _ := g.slicesIn(tai)
	if slices.Contains(radio, one) {
		return ""
	}
	return fmt.Sprintf("%v is not supported by the gNB in %v, which has %v", one, tai, radio)
}

// radioSlices are those that the radio supports where the UE is: its gNB, or, while it has none, any in its tracking area.
func (ue *ue) radioSlices() []ident.SNSSAI {
	if ue.conn != nil {
		radio, _ := ue.conn.gnb.slicesIn(ue.tai)
		return radio
	}
	var radio []ident.SNSSAI
	ue.amf.eachGNB(func(g *gnb) {
		have, _ := g.slicesIn(ue.tai)
		for _, s := range have {
			if !slices.Contains(radio, s) {
				radio = append(radio, s)
			}
		}
	})
	return radio
}

// tellSlices puts a selection into a REGISTRATION ACCEPT, TS 24.501 §5.5.1.2.4.
func (ue *ue) tellSlices(accept *gmm.RegistrationAccept, s selection) {
	accept.AllowedNSSAI = gmm.NewNSSAI(s.allowed...)
	accept.ConfiguredNSSAI = gmm.NewNSSAI(s.configured...)
	if len(s.configured) == 0 {
		accept.ConfiguredNSSAI = nil
	}
	accept.RejectedNSSAI, accept.ExtendedRejectedNSSAI = ue.rejections(s.rejected)
	ue.tellPending(accept, s)
	if ue.slicesChanged {
		changed := gmm.SubscriptionChanged
		accept.NetworkSlicingIndication = &changed
	}
	accept.NSSAIInclusionMode = ue.amf.cfg.InclusionMode
}

// turnAway moves full slices from those allowed to those rejected.
func (s *selection) turnAway(full []ident.SNSSAI, backOff time.Duration) {
	s.allowed = slices.DeleteFunc(slices.Clone(s.allowed), func(a ident.SNSSAI) bool { return slices.Contains(full, a) })
	for _, one := range full {
		if s.reject(one, gmm.MaximumUEsReached) {
			s.rejected[len(s.rejected)-1].BackOff = backOff
		}
	}
}

// reject adds a rejected slice, if there is room for it.
func (s *selection) reject(one ident.SNSSAI, cause gmm.RejectionCause) bool {
	if len(s.rejected) == gmm.MaxAllowedNSSAI {
		return false
	}
	s.rejected = append(s.rejected, gmm.RejectedSNSSAI{SNSSAI: one, Cause: cause})
	return true
}

// rejections are rejected slices in the form that the UE takes, TS 24.501 §4.6.2.2. That a slice is full is said in the
// extended form alone; any other UE is told that it is not available in the registration area, TS 24.501 §4.6.2.5.
func (ue *ue) rejections(list gmm.RejectedNSSAI) (plain gmm.RejectedNSSAI, extended []byte) {
	if ue.mm.ExtendedRejectedNSSAI() {
		return nil, gmm.ExtendedRejectedNSSAI(list)
	}
	plain = slices.Clone(list)
	for i := range plain {
		if plain[i].Cause == gmm.MaximumUEsReached {
			plain[i].Cause = gmm.NotAvailableInRegistrationArea
		}
	}
	return plain, nil
}

// sliceAndDNN completes what a UE leaves out of a session request, TS 23.502 §4.3.2.2.1 step 2: the slice is one that is
// allowed and subscribed for the DNN, the DNN the default of the slice.
func (ue *ue) sliceAndDNN(asked *ident.SNSSAI, dnn ident.DNN) (ident.SNSSAI, ident.DNN, error) {
	for _, s := range ue.allowed {
		if asked != nil && *asked != s {
			continue
		}
		for _, d := range ue.smf.SubscribedSNSSAIInfos[s] {
			if dnn == "" && d.Default || dnn != "" && d.DNN.Equal(dnn) {
				return s, d.DNN, nil
			}
		}
	}
	slice := "any"
	if asked != nil {
		slice = asked.String()
	}
	cause, why := gmm.CauseDNNNotSupportedOrNotSubscribedInTheSlice, "no subscribed data network fits the request"
	if asked != nil && !slices.Contains(ue.allowed, *asked) {
		cause, why = gmm.CausePayloadWasNotForwarded, fmt.Sprintf("%v is %s", *asked, ue.notAllowed(*asked))
	}
	return ident.SNSSAI{}, "", &refusal{
		cause: cause, why: why,
		asked:   fmt.Sprintf("DNN %q on slice %s", dnn, slice),
		allowed: fmt.Sprintf("slices %v, subscribed %v", ue.allowed, listDNNs(ue.smf.SubscribedSNSSAIInfos)),
		change:  "the UE's DNN or slice, or the subscriber's (limpid subscriber)",
	}
}

// notAllowed says for the log why a slice is not among those that the UE has got.
func (ue *ue) notAllowed(one ident.SNSSAI) string {
	switch lack := ue.withoutSlice(one, ue.tai, ue.radioSlices()); {
	case lack != "":
		return lack
	case slices.Contains(ue.pendingSlices, one):
		return "not authorized yet by its AAA server"
	case !slices.Contains(ue.requested, one):
		return "not requested at the registration"
	}
	return "not offered in " + ue.tai.String() + ", or full"
}

// listDNNs is what a subscriber may use, for an operator to read: "1: internet (default) ims, 2: iot (default)".
func listDNNs(infos map[ident.SNSSAI][]nudm.DNNInfo) string {
	parts := make([]string, 0, len(infos))
	for slice, dnns := range infos {
		text := slice.String() + ":"
		for _, d := range dnns {
			text += " " + string(d.DNN)
			if d.Default {
				text += " (default)"
			}
		}
		parts = append(parts, text)
	}
	return strings.Join(sorted(parts), ", ")
}

func sorted(s []string) []string {
	slices.Sort(s)
	return s
}
