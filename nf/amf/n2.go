package amf

import (
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// ueIDs are the NGAP identities that a UE-associated message carries, TS 38.413 §9.3.3.1 and §9.3.3.2.
type ueIDs struct {
	amf *ngap.AMFUENGAPID
	ran *ngap.RANUENGAPID
}

// idsOf returns the identities in a message that a gNB may send about a UE; false for any other message.
func idsOf(m ngap.Message) (ueIDs, bool) {
	switch m := m.(type) {
	case *ngap.UplinkNASTransport:
		return ueIDs{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.NASNonDeliveryIndication:
		return ueIDs{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.InitialContextSetupResponse:
		return ueIDs{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.InitialContextSetupFailure:
		return ueIDs{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.UEContextModificationResponse:
		return ueIDs{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.UEContextModificationFailure:
		return ueIDs{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.UEContextReleaseRequest:
		return ueIDs{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.UEContextReleaseComplete:
		return ueIDs{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.PDUSessionResourceSetupResponse:
		return ueIDs{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.PDUSessionResourceReleaseResponse:
		return ueIDs{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.PDUSessionResourceNotify:
		return ueIDs{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.PDUSessionResourceModifyIndication:
		return ueIDs{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.PDUSessionResourceModifyResponse:
		return ueIDs{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.UERadioCapabilityInfoIndication:
		return ueIDs{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.HandoverRequired:
		return ueIDs{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.HandoverRequestAcknowledge:
		return ueIDs{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.RRCInactiveTransitionReport:
		return ueIDs{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.UEContextSuspendRequest:
		return ueIDs{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.UEContextResumeRequest:
		return ueIDs{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.HandoverNotify:
		return ueIDs{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.HandoverCancel:
		return ueIDs{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.UplinkRANStatusTransfer:
		return ueIDs{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.UplinkRANEarlyStatusTransfer:
		return ueIDs{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.HandoverFailure:
		return ueIDs{&m.AMFUENGAPID, nil}, true
	case *ngap.LocationReport:
		return ueIDs{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.LocationReportingFailureIndication:
		return ueIDs{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.TraceFailureIndication:
		return ueIDs{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.CellTrafficTrace:
		return ueIDs{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.SecondaryRATDataUsageReport:
		return ueIDs{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.UERadioCapabilityCheckResponse:
		return ueIDs{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.ErrorIndication:
		return ueIDs{m.AMFUENGAPID, m.RANUENGAPID}, true
	}
	return ueIDs{}, false
}

// releaseCommand names the UE by both identities, or by the AMF's alone where the gNB has not answered yet.
func releaseCommand(c *connection, cause ngap.Cause) *ngap.UEContextReleaseCommand {
	m := &ngap.UEContextReleaseCommand{Cause: cause}
	if c.expected {
		m.UENGAPIDs.AMFUENGAPID = &c.amfID
	} else {
		m.UENGAPIDs.UENGAPIDPair = &ngap.UENGAPIDPair{AMFUENGAPID: c.amfID, RANUENGAPID: c.ranID}
	}
	return m
}

func toAllowedNSSAI(slices []ident.SNSSAI) ngap.AllowedNSSAI {
	out := make(ngap.AllowedNSSAI, len(slices))
	for i, s := range slices {
		out[i].SNSSAI = ngap.NewSNSSAI(s)
	}
	return out
}

func toSliceSupport(slices []ident.SNSSAI) ngap.SliceSupportList {
	out := make(ngap.SliceSupportList, len(slices))
	for i, s := range slices {
		out[i].SNSSAI = ngap.NewSNSSAI(s)
	}
	return out
}

// taiOf returns where a UE is; false where the gNB is of a kind that this AMF does not serve.
func taiOf(l *ngap.UserLocationInformation) (ident.TAI, bool) {
	var t ngap.TAI
	switch {
	case l.UserLocationInformationNR != nil:
		t = l.UserLocationInformationNR.TAI
	case l.UserLocationInformationEUTRA != nil:
		t = l.UserLocationInformationEUTRA.TAI
	default:
		return ident.TAI{}, false
	}
	return t.Ident(), true
}
