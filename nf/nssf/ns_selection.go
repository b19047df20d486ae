package nssf

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nnssf"
)

// The most S-NSSAIs that a list may have, TS 24.501 §9.11.3.37 and TS 24.501 §9.11.3.46.
const (
	maxAllowed    = 8
	maxRejected   = 8
	maxConfigured = 16
)

// ForRegistration implements nnssf.NSSelection, TS 29.531 §5.2.2.2.2 and TS 23.501 §5.15.5.2.1: of the requested
// slices, those that are subscribed and that the core and the gNB support in the tracking area. Without a request,
// or where none of it is allowed, the default subscribed slices take its place.
func (n *NSSF) ForRegistration(_ context.Context, req nnssf.SliceInfoForRegistration) (nnssf.AuthorizedNetworkSliceInfo, error) {
	here, known := n.byTAI[req.TAI]
	if !known {
		return nnssf.AuthorizedNetworkSliceInfo{}, sbi.Problem(http.StatusForbidden, nnssf.CauseSNSSAINotSupported,
			"tracking area %s asked; configured: %s; add it to the tracking areas", req.TAI, n.knownTAIs())
	}
	inPLMN := n.byPLMN[req.TAI.PLMN]
	available := func(s ident.SNSSAI) bool { return here[s] && slices.Contains(req.RANSupportedNSSAI, s) }

	var info nnssf.AuthorizedNetworkSliceInfo
	for _, s := range req.RequestedNSSAI {
		switch {
		case !inPLMN[s] || !slices.Contains(req.SubscribedNSSAI, s):
			info.RejectedNSSAIInPLMN = appendNew(info.RejectedNSSAIInPLMN, s, maxRejected)
		case !available(s):
			info.RejectedNSSAIInTA = appendNew(info.RejectedNSSAIInTA, s, maxRejected)
		default:
			info.AllowedNSSAI = appendNew(info.AllowedNSSAI, s, maxAllowed)
		}
	}
	if len(info.AllowedNSSAI) == 0 {
		info.TargetAMFSet = n.otherSet(req)
		for _, s := range req.DefaultSubscribedNSSAI {
			if available(s) {
				info.AllowedNSSAI = appendNew(info.AllowedNSSAI, s, maxAllowed)
			}
		}
	}
	if req.DefaultConfiguredSNSSAIInd || len(req.RequestedNSSAI) == 0 || len(info.RejectedNSSAIInPLMN) > 0 {
		// The UE does not know which slices it has here, TS 23.501 §5.15.4.2.
		for _, s := range req.SubscribedNSSAI {
			if inPLMN[s] {
				info.ConfiguredNSSAI = appendNew(info.ConfiguredNSSAI, s, maxConfigured)
			}
		}
	}
	if len(info.AllowedNSSAI) == 0 {
		n.log.Warn("no slice allowed", "tai", req.TAI, "requested", list(req.RequestedNSSAI), "subscribed", list(req.SubscribedNSSAI),
			"gnb", list(req.RANSupportedNSSAI), "area", list(sorted(here)), "clause", "TS 23.501 §5.15.5.2.1",
			"advice", "subscribe, configure and announce one common slice")
	}
	return info, nil
}

// otherSet finds an AMF set that has some of the slices that a UE wants, or is to have without wanting any, TS 23.501
// §5.15.5.2.1; nil where there is none, or where the UE's default slices are here and it wants none.
func (n *NSSF) otherSet(req nnssf.SliceInfoForRegistration) *nnssf.TargetAMFSet {
	wanted := req.RequestedNSSAI
	if len(wanted) == 0 {
		wanted = req.DefaultSubscribedNSSAI
		if slices.ContainsFunc(wanted, func(s ident.SNSSAI) bool { return n.byTAI[req.TAI][s] }) {
			return nil
		}
	}
	for _, set := range n.sets {
		var there []ident.SNSSAI
		for _, s := range wanted {
			if slices.Contains(set.NSSAIs, s) && slices.Contains(req.SubscribedNSSAI, s) && slices.Contains(req.RANSupportedNSSAI, s) {
				there = appendNew(there, s, maxAllowed)
			}
		}
		if len(there) > 0 {
			return &nnssf.TargetAMFSet{Set: set.Set, AllowedNSSAI: there}
		}
	}
	return nil
}

// appendNew appends s unless it is there already or to has most already.
func appendNew(to []ident.SNSSAI, s ident.SNSSAI, most int) []ident.SNSSAI {
	if len(to) >= most || slices.Contains(to, s) {
		return to
	}
	return append(to, s)
}

func (n *NSSF) knownTAIs() string {
	names := make([]string, 0, len(n.byTAI))
	for tai := range n.byTAI {
		names = append(names, tai.String())
	}
	slices.Sort(names)
	const shown = 8
	if len(names) > shown {
		names = append(names[:shown], "...")
	}
	return strings.Join(names, ", ")
}

func sorted(set map[ident.SNSSAI]bool) []ident.SNSSAI {
	all := make([]ident.SNSSAI, 0, len(set))
	for s := range set {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b ident.SNSSAI) int { return strings.Compare(a.String(), b.String()) })
	return all
}

func list(nssai []ident.SNSSAI) string {
	names := make([]string, len(nssai))
	for i, s := range nssai {
		names[i] = s.String()
	}
	return strings.Join(names, " ")
}
