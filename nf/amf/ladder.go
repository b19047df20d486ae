package amf

import (
	"fmt"
	"strings"

	"github.com/limpid-5g/limpid/ladder"
	"github.com/limpid-5g/limpid/wire/eap"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// arrow is a direction in a ladder.
type arrow bool

const (
	fromGNB arrow = false
	toGNB   arrow = true
	fromUE  arrow = false
	toUE    arrow = true
)

// trace shows an N2 message to whoever watches; of a gNB with several associations, also over which it goes.
func (l *tnla) trace(down arrow, m ngap.Message) {
	if !l.amf.ladder.On() {
		return
	}
	g, detail := l.gnb.Load(), describe(m)
	if n := g.numberOf(l); n > 1 {
		detail = strings.TrimLeft(fmt.Sprintf("%s TNLA=%d", detail, n), " ")
	}
	e := ladder.Event{From: g.label(), To: "AMF", Interface: ladder.N2, Message: m.Name(), Detail: detail}
	if down {
		e.From, e.To = e.To, e.From
	}
	l.amf.ladder.Emit(e)
}

// traceN1 shows a 5GMM message, deciphered.
func (ue *ue) traceN1(down arrow, c *connection, m gmm.Message) {
	if m != nil && c != nil {
		ue.amf.traceNAS(down, c, m)
	}
}

func (a *AMF) traceNAS(down arrow, c *connection, m gmm.Message) {
	if !a.ladder.On() {
		return
	}
	e := ladder.Event{From: fmt.Sprintf("UE %d", c.ranID), To: "AMF", Interface: ladder.N1, Message: m.Name(), Detail: describe(m)}
	if down {
		e.From, e.To = e.To, e.From
	}
	a.ladder.Emit(e)
}

// describe lists the key IEs of a message; never a key, and an identity only concealed.
func describe(m any) string {
	var d details
	switch m := m.(type) {
	case ngap.Message:
		d.ngap(m)
	case gmm.Message:
		d.gmm(m)
	case *initialMessage:
		return "initial NAS message"
	default:
		return fmt.Sprintf("%T", m)
	}
	return strings.Join(d, " ")
}

type details []string

func (d *details) add(name string, value any) { *d = append(*d, fmt.Sprintf("%s=%v", name, value)) }

func (d *details) ngap(m ngap.Message) {
	if ids, ok := idsOf(m); ok {
		if ids.ran != nil {
			d.add("RAN-UE-NGAP-ID", *ids.ran)
		}
		if ids.amf != nil {
			d.add("AMF-UE-NGAP-ID", *ids.amf)
		}
	}
	switch m := m.(type) {
	case *ngap.NGSetupRequest:
		d.add("id", m.GlobalRANNodeID.String())
		d.add("TAs", listTAs(supportedTAs(m.SupportedTAList)))
	case *ngap.NGSetupResponse:
		d.add("AMF", m.AMFName)
	case *ngap.NGSetupFailure:
		d.add("cause", m.Cause)
	case *ngap.InitialUEMessage:
		d.add("RAN-UE-NGAP-ID", m.RANUENGAPID)
		d.add("cause", m.RRCEstablishmentCause)
	case *ngap.InitialContextSetupRequest:
		d.add("RAN-UE-NGAP-ID", m.RANUENGAPID)
		d.add("AMF-UE-NGAP-ID", m.AMFUENGAPID)
		if n := len(m.PDUSessionResourceSetupListCxtReq); n > 0 {
			d.add("sessions", n)
		}
	case *ngap.DownlinkNASTransport:
		d.add("RAN-UE-NGAP-ID", m.RANUENGAPID)
		d.add("AMF-UE-NGAP-ID", m.AMFUENGAPID)
	case *ngap.PDUSessionResourceSetupRequest:
		d.add("RAN-UE-NGAP-ID", m.RANUENGAPID)
		for _, s := range m.PDUSessionResourceSetupListSUReq {
			d.add("session", s.PDUSessionID)
		}
	case *ngap.PDUSessionResourceModifyRequest:
		d.add("RAN-UE-NGAP-ID", m.RANUENGAPID)
		for _, s := range m.PDUSessionResourceModifyListModReq {
			d.add("session", s.PDUSessionID)
		}
	case *ngap.PDUSessionResourceReleaseCommand:
		d.add("RAN-UE-NGAP-ID", m.RANUENGAPID)
		for _, s := range m.PDUSessionResourceToReleaseListRelCmd {
			d.add("session", s.PDUSessionID)
		}
	case *ngap.PDUSessionResourceModifyConfirm:
		d.both(m.AMFUENGAPID, m.RANUENGAPID)
		d.some("confirmed", len(m.PDUSessionResourceModifyListModCfm))
		d.some("failed", len(m.PDUSessionResourceFailedToModifyListModCfm))
	case *ngap.UEContextReleaseRequest:
		d.add("cause", m.Cause)
	default:
		d.mobility(m)
	case *ngap.UEContextReleaseCommand:
		if pair := m.UENGAPIDs.UENGAPIDPair; pair != nil {
			d.add("RAN-UE-NGAP-ID", pair.RANUENGAPID)
			d.add("AMF-UE-NGAP-ID", pair.AMFUENGAPID)
		}
		d.add("cause", m.Cause)
	case *ngap.RRCInactiveTransitionReport:
		d.add("state", m.RRCState)
	case *ngap.UEContextSuspendFailure:
		d.add("RAN-UE-NGAP-ID", m.RANUENGAPID)
		d.add("cause", m.Cause)
	case *ngap.UEContextResumeFailure:
		d.add("RAN-UE-NGAP-ID", m.RANUENGAPID)
		d.add("cause", m.Cause)
	case *ngap.Paging:
		d.paging(m)
	case *ngap.ErrorIndication:
		if m.Cause != nil {
			d.add("cause", *m.Cause)
		}
	}
}

func (d *details) eap(payload []byte) {
	if p, err := eap.Parse(payload); err == nil {
		d.add("EAP", p)
	}
}

func (d *details) gmm(m gmm.Message) {
	switch m := m.(type) {
	case *gmm.RegistrationRequest:
		d.add("type", m.RegistrationType.Value())
		d.add("identity", m.MobileIdentity)
	case *gmm.RegistrationAccept:
		if m.GUTI != nil {
			d.add("5G-TMSI", fmt.Sprintf("%08x", m.GUTI.GUTI.TMSI))
		}
		d.add("slices", m.AllowedNSSAI.Slices())
	case *gmm.RegistrationReject:
		d.add("cause", m.Cause.Error())
		if m.T3502 != nil {
			wait, _ := m.T3502.Duration()
			d.add("T3502", wait)
		}
		d.backOff(m.T3346)
	case *gmm.AuthenticationFailure:
		d.add("cause", m.Cause.Error())
	case *gmm.AuthenticationRequest:
		d.eap(m.EAPMessage)
	case *gmm.AuthenticationResponse:
		d.eap(m.EAPMessage)
	case *gmm.AuthenticationReject:
		d.eap(m.EAPMessage)
	case *gmm.SecurityModeCommand:
		d.eap(m.EAPMessage)
		d.add("NEA", m.SelectedNASSecurityAlgorithms.Ciphering())
		d.add("NIA", m.SelectedNASSecurityAlgorithms.Integrity())
	case *gmm.SecurityModeReject:
		d.add("cause", m.Cause.Error())
	case *gmm.ServiceRequest:
		d.add("type", m.ServiceType.Value())
	case *gmm.ServiceReject:
		d.add("cause", m.Cause.Error())
		d.backOff(m.T3346)
	case *gmm.ULNASTransport:
		d.transport(m.PDUSessionID, m.PayloadContainer, nil)
		if m.DNN != "" {
			d.add("DNN", m.DNN)
		}
	case *gmm.DLNASTransport:
		d.transport(m.PDUSessionID, m.PayloadContainer, m.Cause)
	case *gmm.Status:
		d.add("cause", m.Cause.Error())
	case *gmm.DeregistrationRequestUETerminated:
		d.deregistration(m)
	case *gmm.ConfigurationUpdateCommand:
		d.configuration(m)
	}
}

func (d *details) backOff(t3346 *nas.GPRSTimer2) {
	if t3346 != nil {
		wait, _ := t3346.Duration()
		d.add("T3346", wait)
	}
}

func (d *details) deregistration(m *gmm.DeregistrationRequestUETerminated) {
	if m.Cause != nil {
		d.add("cause", m.Cause.Error())
	}
	if m.DeregistrationType&gmm.ReregistrationRequired != 0 {
		d.add("reregister", true)
	}
}

func (d *details) configuration(m *gmm.ConfigurationUpdateCommand) {
	if m.GUTI != nil {
		d.add("5G-TMSI", fmt.Sprintf("%08x", m.GUTI.GUTI.TMSI))
	}
	if m.AllowedNSSAI != nil {
		d.add("slices", m.AllowedNSSAI.Slices())
	}
	if m.ConfiguredNSSAI != nil {
		d.add("configured", m.ConfiguredNSSAI.Slices())
	}
	if m.FullNetworkName != nil {
		d.add("name", m.FullNetworkName.Name)
	}
	if m.ServiceAreaList != nil {
		d.add("service-area", len(m.ServiceAreaList))
	}
	if i := m.ConfigurationUpdateIndication; i != nil && *i&gmm.RegistrationRequested != 0 {
		d.add("register", true)
	}
}

func (d *details) transport(id *uint8, payload []byte, cause *gmm.Cause) {
	if id != nil {
		d.add("session", *id)
	}
	if m := sessionMessage(payload); m != "" {
		d.add("carries", m)
	}
	if cause != nil {
		d.add("cause", cause.Error())
	}
}

func (d *details) paging(m *ngap.Paging) {
	if a := m.AssistanceDataForPaging; a != nil && a.PagingAttemptInformation != nil && a.PagingAttemptInformation.PagingAttemptCount > 1 {
		d.add("attempt", a.PagingAttemptInformation.PagingAttemptCount)
	}
	if a := m.AssistanceDataForPaging; a != nil && a.AssistanceDataForRecommendedCells != nil {
		d.add("cells", len(a.AssistanceDataForRecommendedCells.RecommendedCellsForPaging.RecommendedCellList))
	}
	if m.PagingPriority != nil {
		d.add("priority", uint8(*m.PagingPriority)+1)
	}
}
