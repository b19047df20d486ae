package ue

import (
	"fmt"
	"strings"

	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

// detail holds the key elements of a message for the ladder; never a key, and the identity concealed.
func detail(m gmm.Message) string {
	var d details
	switch m := m.(type) {
	case *gmm.RegistrationRequest:
		d.add("type", uint8(m.RegistrationType.Value()))
		d.add("identity", m.MobileIdentity)
		d.add("ngKSI", m.NgKSI.Value())
		d.slices("requested", m.RequestedNSSAI)
	case *gmm.RegistrationAccept:
		if m.GUTI != nil {
			d.add("5G-GUTI", m.GUTI.GUTI)
		}
		d.slices("allowed", m.AllowedNSSAI)
	case *gmm.RegistrationReject:
		d.add("cause", uint8(m.Cause))
	case *gmm.AuthenticationRequest:
		d.add("ngKSI", m.NgKSI.Value())
	case *gmm.AuthenticationFailure:
		d.add("cause", uint8(m.Cause))
	case *protectedCommand:
		d.add("5G-EA", m.SelectedNASSecurityAlgorithms.Ciphering())
		d.add("5G-IA", m.SelectedNASSecurityAlgorithms.Integrity())
		d.add("ngKSI", m.NgKSI.Value())
	case *gmm.SecurityModeReject:
		d.add("cause", uint8(m.Cause))
	case *gmm.IdentityRequest:
		d.add("type", m.IdentityType)
	case *gmm.IdentityResponse:
		d.add("identity", m.MobileIdentity)
	case *gmm.ServiceRequest:
		d.add("type", uint8(m.ServiceType))
		d.sessions("uplink-data", m.UplinkDataStatus)
	case *gmm.ServiceAccept:
		d.sessions("sessions", m.PDUSessionStatus)
	case *gmm.ServiceReject:
		d.add("cause", uint8(m.Cause))
	case *gmm.DeregistrationRequestUEOriginating:
		d.add("switch-off", m.DeregistrationType.SwitchOff())
	case *gmm.DeregistrationRequestUETerminated:
		if m.Cause != nil {
			d.add("cause", uint8(*m.Cause))
		}
	case *gmm.Status:
		d.add("cause", uint8(m.Cause))
	case *gmm.ULNASTransport:
		d.payload(m.PayloadContainerType, m.PayloadContainer)
		if m.DNN != "" {
			d.add("DNN", m.DNN)
		}
		if m.SNSSAI != nil {
			d.add("S-NSSAI", m.SNSSAI.SNSSAI)
		}
	case *gmm.DLNASTransport:
		d.payload(m.PayloadContainerType, m.PayloadContainer)
		if m.Cause != nil {
			d.add("cause", uint8(*m.Cause))
		}
	}
	return strings.Join(d, " ")
}

type details []string

func (d *details) add(name string, v any) { *d = append(*d, fmt.Sprintf("%s=%v", name, v)) }

func (d *details) slices(name string, n gmm.NSSAI) {
	if len(n) == 0 {
		return
	}
	s := make([]string, len(n))
	for i := range n {
		s[i] = n[i].SNSSAI.String()
	}
	d.add(name, strings.Join(s, ","))
}

func (d *details) sessions(name string, set *gmm.PSISet) {
	if set == nil || *set == 0 {
		return
	}
	var s []string
	for psi := range set.All() {
		s = append(s, fmt.Sprint(psi))
	}
	d.add(name, strings.Join(s, ","))
}

// payload names the 5GSM message that is carried.
func (d *details) payload(t gmm.PayloadContainerType, b []byte) {
	if t != gmm.PayloadN1SM {
		d.add("payload", uint8(t))
		return
	}
	m, err := gsm.Decode(b)
	if err != nil {
		if h, err := nas.Peek(b); err == nil {
			d.add("session", h.PDUSessionID)
		}
		return
	}
	*d = append(*d, m.Name())
	d.add("session", m.SessionID())
	switch m := m.(type) {
	case *gsm.PDUSessionEstablishmentAccept:
		if m.PDUAddress != nil && m.PDUAddress.IPv4.IsValid() {
			d.add("address", m.PDUAddress.IPv4)
		}
		d.add("QFI", defaultQFI(m.AuthorizedQoSRules))
	case *gsm.PDUSessionEstablishmentReject:
		d.add("cause", uint8(m.Cause))
	case *gsm.PDUSessionReleaseCommand:
		d.add("cause", uint8(m.Cause))
	case *gsm.PDUSessionReleaseReject:
		d.add("cause", uint8(m.Cause))
	case *gsm.Status:
		d.add("cause", uint8(m.Cause))
	}
}
