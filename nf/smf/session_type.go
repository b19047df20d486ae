package smf

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

// types are the PDU session types that a data network can give, by its pools and its configuration.
func (d *dataNetwork) types() []gsm.PDUSessionType {
	var list []gsm.PDUSessionType
	v4, v6 := len(d.addresses.ranges) > 0, len(d.prefixes.ranges) > 0
	if v4 {
		list = append(list, gsm.IPv4)
	}
	if v6 {
		list = append(list, gsm.IPv6)
	}
	if v4 && v6 {
		list = append(list, gsm.IPv4v6)
	}
	if d.Ethernet {
		list = append(list, gsm.Ethernet)
	}
	if d.Unstructured {
		list = append(list, gsm.Unstructured)
	}
	return list
}

// subscribed are the types that a subscription allows; one to both versions of IP is one to each.
func subscribed(sub *nudm.SessionManagementSubscriptionData) []gsm.PDUSessionType {
	var list []gsm.PDUSessionType
	for kind := gsm.IPv4; kind <= gsm.Ethernet; kind++ {
		has := func(t nudm.PDUSessionType) bool {
			return sub.DefaultSessionType == t || slices.Contains(sub.AllowedSessionTypes, t)
		}
		if has(nudmType(kind)) || kind <= gsm.IPv6 && has(nudm.IPv4v6) {
			list = append(list, kind)
		}
	}
	return list
}

// sessionType decides the type of the session, TS 23.501 §5.8.2.2.1 and TS 24.501 §6.4.1.3: what is asked for, or of both
// versions of IP the one that is possible, with the cause that says so (0 for none).
func (d *dataNetwork) sessionType(m *gsm.PDUSessionEstablishmentRequest, sub *nudm.SessionManagementSubscriptionData) (kind gsm.PDUSessionType, cause gsm.Cause, err error) {
	mine, theirs := d.types(), subscribed(sub)
	allowed := slices.DeleteFunc(slices.Clone(theirs), func(t gsm.PDUSessionType) bool { return !slices.Contains(mine, t) })
	asked := gsm.IPv4v6
	for _, t := range theirs {
		if nudmType(t) == sub.DefaultSessionType {
			asked = t
		}
	}
	if m.PDUSessionType != nil {
		asked = m.PDUSessionType.Value()
	}
	if slices.Contains(allowed, asked) {
		return asked, 0, nil
	}
	if v4 := slices.Contains(allowed, gsm.IPv4); asked == gsm.IPv4v6 && v4 && (sub.DefaultSessionType != nudm.IPv6 || !slices.Contains(allowed, gsm.IPv6)) {
		return gsm.IPv4, gsm.CausePDUSessionTypeIPv4OnlyAllowed, nil
	}
	if asked == gsm.IPv4v6 && slices.Contains(allowed, gsm.IPv6) {
		return gsm.IPv6, gsm.CausePDUSessionTypeIPv6OnlyAllowed, nil
	}
	return 0, 0, &refusal{cause: wrongType(asked, allowed, theirs), sbi: nsmf.CausePDUTypeDenied, asked: "PDU session type " + asked.String(),
		allowed: typeNames(allowed), change: "the APN type in the phone, the subscription, or the pools of the DNN"}
}

// wrongType is the cause for a type that is not possible, TS 24.501 §6.4.1.4.
func wrongType(asked gsm.PDUSessionType, allowed, theirs []gsm.PDUSessionType) gsm.Cause {
	only := func(list []gsm.PDUSessionType, t gsm.PDUSessionType) bool { return len(list) == 1 && list[0] == t }
	ip := asked <= gsm.IPv4v6
	switch {
	case len(allowed) == 0 && ip && only(theirs, gsm.IPv6):
		return gsm.CausePDUSessionTypeIPv6OnlyAllowed
	case len(allowed) == 0 && !slices.Contains(theirs, asked):
		return gsm.CauseRequestedServiceOptionNotSubscribed
	case ip && only(allowed, gsm.Ethernet):
		return gsm.CausePDUSessionTypeEthernetOnlyAllowed
	case ip && only(allowed, gsm.Unstructured):
		return gsm.CausePDUSessionTypeUnstructuredOnlyAllowed
	case asked == gsm.IPv6 && slices.Contains(allowed, gsm.IPv4):
		return gsm.CausePDUSessionTypeIPv4OnlyAllowed
	case asked == gsm.IPv4 && slices.Contains(allowed, gsm.IPv6):
		return gsm.CausePDUSessionTypeIPv6OnlyAllowed
	case ip && only(allowed, gsm.IPv4v6):
		return gsm.CausePDUSessionTypeIPv4v6OnlyAllowed
	}
	return gsm.CauseUnknownPDUSessionType
}

func typeNames(list []gsm.PDUSessionType) string {
	var names []string
	for _, t := range list {
		names = append(names, t.String())
	}
	if len(names) == 0 {
		return "none by subscription and SMF together"
	}
	return strings.Join(names, ", ")
}

// sscMode decides the SSC mode, TS 23.501 §5.6.9.3 and TS 24.501 §6.4.1.3. Mode 3 is of IP sessions alone.
func sscMode(m *gsm.PDUSessionEstablishmentRequest, sub *nudm.SessionManagementSubscriptionData, kind gsm.PDUSessionType) (gsm.SSCMode, error) {
	allowed := allowedSSC(sub)
	if allowed == 0 {
		allowed = gsm.SSC1Allowed
	}
	if kind > gsm.IPv4v6 {
		allowed &^= gsm.SSC3Allowed
	}
	mode := gsm.SSCMode(sub.DefaultSSCMode)
	if mode < gsm.SSCMode1 || mode > gsm.SSCMode3 {
		mode = gsm.SSCMode1
	}
	if m.SSCMode != nil {
		mode = m.SSCMode.Value()
	}
	if mode < gsm.SSCMode1 || mode > gsm.SSCMode3 || allowed>>(mode-1)&1 == 0 {
		return 0, &refusal{cause: gsm.CauseNotSupportedSSCMode, sbi: nsmf.CauseSSCDenied, status: http.StatusForbidden, ssc: allowed,
			asked: fmt.Sprintf("SSC mode %d", mode), allowed: "SSC modes " + flagText(uint64(allowed), "1", "2", "3"), change: "the phone, or the subscription"}
	}
	return mode, nil
}

// allowedSSC turns the subscribed SSC modes into those that the UE is told, TS 24.501 §9.11.4.5.
func allowedSSC(sub *nudm.SessionManagementSubscriptionData) gsm.AllowedSSCMode {
	var a gsm.AllowedSSCMode
	for mode := uint8(1); mode <= 3; mode++ {
		if mode == sub.DefaultSSCMode || slices.Contains(sub.AllowedSSCModes, mode) {
			a |= 1 << (mode - 1)
		}
	}
	return a
}
