package gnb

import (
	"fmt"
	"strings"

	"github.com/limpid-5g/limpid/ladder"
	"github.com/limpid-5g/limpid/ran/radio"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// ids are the identities of a UE-associated logical NG-connection, TS 38.413 §3.1.
type ids struct {
	amf *ngap.AMFUENGAPID
	ran *ngap.RANUENGAPID
}

// idsOf returns the identities in a message from the AMF, and false if it concerns no single UE.
func idsOf(m ngap.Message) (ids, bool) {
	switch m := m.(type) {
	case *ngap.DownlinkNASTransport:
		return ids{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.InitialContextSetupRequest:
		return ids{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.UEContextModificationRequest:
		return ids{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.PDUSessionResourceSetupRequest:
		return ids{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.PDUSessionResourceModifyRequest:
		return ids{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.PDUSessionResourceReleaseCommand:
		return ids{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.PDUSessionResourceModifyConfirm:
		return ids{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.UEContextReleaseCommand:
		if p := m.UENGAPIDs.UENGAPIDPair; p != nil {
			return ids{&p.AMFUENGAPID, &p.RANUENGAPID}, true
		}
		return ids{m.UENGAPIDs.AMFUENGAPID, nil}, true
	case *ngap.PathSwitchRequestAcknowledge:
		return ids{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.PathSwitchRequestFailure:
		return ids{nil, &m.RANUENGAPID}, true
	case *ngap.HandoverCommand:
		return ids{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.HandoverPreparationFailure:
		return ids{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.HandoverCancelAcknowledge:
		return ids{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.LocationReportingControl:
		return ids{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.TraceStart:
		return ids{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.DeactivateTrace:
		return ids{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.UERadioCapabilityCheckRequest:
		return ids{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.UETNLABindingReleaseRequest:
		return ids{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.HandoverSuccess:
		return ids{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.DownlinkRANStatusTransfer:
		return ids{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.RerouteNASRequest:
		return ids{m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.UEContextSuspendResponse:
		return ids{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.UEContextSuspendFailure:
		return ids{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.UEContextResumeResponse:
		return ids{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.UEContextResumeFailure:
		return ids{&m.AMFUENGAPID, &m.RANUENGAPID}, true
	case *ngap.ErrorIndication:
		return ids{m.AMFUENGAPID, m.RANUENGAPID}, m.RANUENGAPID != nil || m.AMFUENGAPID != nil
	}
	return ids{}, false
}

// arrow tells the ladder of a message; t is the UE that it concerns, nil for none.
func (g *GNB) arrow(m ngap.Message, t radio.Terminal, uplink bool) {
	if !g.cfg.Ladder.On() || t != nil && g.cfg.Watch != nil && !g.cfg.Watch(t) {
		return
	}
	e := ladder.Event{From: "AMF", To: g.cfg.Name, Interface: ladder.N2, Message: m.Name(), Detail: detail(m)}
	if uplink {
		e.From, e.To = e.To, e.From
	}
	g.cfg.Ladder.Emit(e)
}

// detail holds the key IEs of a message for the ladder.
func detail(m ngap.Message) string {
	var d details
	if i, ok := idsOf(m); ok {
		d.ids(i)
	}
	switch m := m.(type) {
	case *ngap.NGSetupRequest:
		for _, ta := range m.SupportedTAList {
			d.add("TAC", uint32(ta.TAC))
			for _, p := range ta.BroadcastPLMNList {
				d.add("PLMN", p.PLMNIdentity)
			}
		}
	case *ngap.NGSetupResponse:
		d.add("AMF", string(m.AMFName))
		for _, i := range m.ServedGUAMIList {
			d.add("GUAMI", i.GUAMI.Ident())
		}
	case *ngap.NGSetupFailure:
		d.cause(m.Cause)
	case *ngap.InitialUEMessage:
		d.ids(ids{nil, &m.RANUENGAPID})
		d.add("establishment", m.RRCEstablishmentCause)
		if m.FiveGSTMSI != nil {
			d.add("5G-S-TMSI", fmt.Sprintf("%08x", uint32(m.FiveGSTMSI.FiveGTMSI)))
		}
	case *ngap.UplinkNASTransport:
		d.ids(ids{&m.AMFUENGAPID, &m.RANUENGAPID})
	case *ngap.InitialContextSetupRequest:
		for _, s := range m.PDUSessionResourceSetupListCxtReq {
			d.add("session", uint8(s.PDUSessionID))
		}
	case *ngap.InitialContextSetupResponse:
		d.ids(ids{&m.AMFUENGAPID, &m.RANUENGAPID})
		for _, s := range m.PDUSessionResourceSetupListCxtRes {
			d.add("session", uint8(s.PDUSessionID))
		}
		for _, s := range m.PDUSessionResourceFailedToSetupListCxtRes {
			d.add("failed", uint8(s.PDUSessionID))
		}
	case *ngap.InitialContextSetupFailure:
		d.ids(ids{&m.AMFUENGAPID, &m.RANUENGAPID})
		d.cause(m.Cause)
	default:
		d.session(m)
	}
	return strings.Join(d, " ")
}

// session adds the key IEs of the messages about sessions and releases.
func (d *details) session(m ngap.Message) {
	switch m := m.(type) {
	case *ngap.PDUSessionResourceSetupRequest:
		for _, s := range m.PDUSessionResourceSetupListSUReq {
			d.add("session", uint8(s.PDUSessionID))
		}
	case *ngap.PDUSessionResourceSetupResponse:
		d.ids(ids{&m.AMFUENGAPID, &m.RANUENGAPID})
		for _, s := range m.PDUSessionResourceSetupListSURes {
			d.add("session", uint8(s.PDUSessionID))
		}
		for _, s := range m.PDUSessionResourceFailedToSetupListSURes {
			d.add("failed", uint8(s.PDUSessionID))
		}
	case *ngap.PDUSessionResourceReleaseCommand:
		for _, s := range m.PDUSessionResourceToReleaseListRelCmd {
			d.add("session", uint8(s.PDUSessionID))
		}
	case *ngap.PDUSessionResourceReleaseResponse:
		d.ids(ids{&m.AMFUENGAPID, &m.RANUENGAPID})
	case *ngap.UEContextReleaseRequest:
		d.ids(ids{&m.AMFUENGAPID, &m.RANUENGAPID})
		d.cause(m.Cause)
	case *ngap.UEContextReleaseCommand:
		d.cause(m.Cause)
	case *ngap.UEContextReleaseComplete:
		d.ids(ids{&m.AMFUENGAPID, &m.RANUENGAPID})
	case *ngap.NGReset:
		d.cause(m.Cause)
	case *ngap.ErrorIndication:
		if m.Cause != nil {
			d.cause(*m.Cause)
		}
	case *ngap.Paging:
		if s := m.UEPagingIdentity.FiveGSTMSI; s != nil {
			d.add("5G-S-TMSI", fmt.Sprintf("%08x", uint32(s.FiveGTMSI)))
		}
	}
}

type details []string

func (d *details) add(name string, v any) { *d = append(*d, fmt.Sprintf("%s=%v", name, v)) }

func (d *details) cause(c ngap.Cause) { d.add("cause", strings.ReplaceAll(c.String(), ": ", ":")) }

func (d *details) ids(i ids) {
	if i.ran != nil {
		d.add("RAN-UE-NGAP-ID", *i.ran)
	}
	if i.amf != nil {
		d.add("AMF-UE-NGAP-ID", *i.amf)
	}
}
