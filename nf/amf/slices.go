package amf

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/nnssf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// selectSlices decides the allowed slices, TS 23.502 §4.2.2.2.3 and TS 23.501 §5.15.5.2.1, and returns the rejected ones.
func (ue *ue) selectSlices(ctx context.Context, r *gmm.RegistrationRequest) (gmm.RejectedNSSAI, error) {
	radio, _ := ue.conn.gnb.slicesIn(ue.tai)
	requested := r.RequestedNSSAI.Slices()
	selected, err := ue.amf.services.Slices.ForRegistration(ctx, nnssf.SliceInfoForRegistration{
		TAI:                    ue.tai,
		SubscribedNSSAI:        ue.subscribed.NSSAI.All(),
		DefaultSubscribedNSSAI: ue.subscribed.NSSAI.DefaultSingleNSSAIs,
		RequestedNSSAI:         requested,
		RANSupportedNSSAI:      radio,
	})
	if err != nil {
		return nil, fmt.Errorf("slice selection: %w", err)
	}
	var rejected gmm.RejectedNSSAI
	reject := func(list []ident.SNSSAI, cause gmm.RejectionCause) {
		for _, s := range list {
			rejected = append(rejected, gmm.RejectedSNSSAI{SNSSAI: s, Cause: cause})
		}
	}
	reject(selected.RejectedNSSAIInPLMN, gmm.NotAvailableInPLMN)
	reject(selected.RejectedNSSAIInTA, gmm.NotAvailableInRegistrationArea)
	rejected = rejected[:min(len(rejected), gmm.MaxAllowedNSSAI)]
	ue.allowed = selected.AllowedNSSAI[:min(len(selected.AllowedNSSAI), gmm.MaxAllowedNSSAI)]
	explanation := refusal{
		cause: gmm.CauseNoNetworkSlicesAvailable, why: "no requested slice can be used here", rejected: rejected,
		asked:   fmt.Sprintf("slices %v", requested),
		allowed: fmt.Sprintf("subscribed %v, supported by the gNB in %v %v", ue.subscribed.NSSAI.All(), ue.tai, radio),
		change:  "the subscriber's slices (limpid subscriber), amf.plmns slices in the config, or the gNB's",
	}
	if len(ue.allowed) == 0 { // TS 24.501 §5.5.1.2.5 cause #62
		return nil, &explanation
	}
	if len(rejected) > 0 {
		explanation.why = "some requested slices cannot be used here"
		ue.log().Warn(explanation.why, "asked", explanation.asked, "allowed", explanation.allowed, "change", explanation.change)
	}
	return rejected, nil
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
	cause := gmm.CauseDNNNotSupportedOrNotSubscribedInTheSlice
	if asked != nil && !slices.Contains(ue.allowed, *asked) {
		cause = gmm.CausePayloadWasNotForwarded
	}
	return ident.SNSSAI{}, "", &refusal{
		cause: cause, why: "no subscribed data network fits the request",
		asked:   fmt.Sprintf("DNN %q on slice %s", dnn, slice),
		allowed: fmt.Sprintf("slices %v, subscribed %v", ue.allowed, listDNNs(ue.smf.SubscribedSNSSAIInfos)),
		change:  "the UE's DNN or slice, or the subscriber's (limpid subscriber)",
	}
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
