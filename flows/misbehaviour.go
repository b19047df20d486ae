package flows

import (
	"bytes"
	"strconv"
	"strings"
	"sync"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// cellMisbehaviour makes the hooks that a gnb line asks for: mute=NAME sends no such message, twice=NAME sends it twice,
// refuse=NAME answers it with failure, early=NAME sends it before NG Setup. With NAME or NAME:N for the Nth of them:
// radio-lost reports the loss of the UE instead, and vanish loses the association.
func (s *stage) cellMisbehaviour(c *command) gnb.Hooks {
	lost, vanish := nth(c.options["radio-lost"]), nth(c.options["vanish"])
	return gnb.Hooks{
		Uplink: func(m ngap.Message) []ngap.Message {
			if s.chaos != nil {
				return s.chaos.n2(m)
			}
			if s.holds.keepsN2(c.words[1], m) {
				return nil
			}
			switch {
			case vanish(m.Name()):
				s.cut(c.words[1])
				return nil
			case lost(m.Name()):
				return []ngap.Message{radioLost(m)}
			case m.Name() == c.options["mute"]:
				return nil
			case m.Name() == c.options["twice"]:
				return []ngap.Message{m, m}
			case m.Name() == "NGSetupRequest" && c.options["early"] != "":
				return []ngap.Message{stray(c.options["early"], 1, 1), m}
			}
			return []ngap.Message{m}
		},
		Downlink:      func(m ngap.Message) bool { return s.holds.hides(c.words[1], m.Name()) },
		RefuseSession: refuseSessions(c),
		RefuseFlow:    refuseFlow(c.options["refuse-flow"]),
		NoIntegrity:   c.options["no-integrity"] != "",
		Refuse: func(m ngap.Message) *ngap.Cause {
			if m.Name() != c.options["refuse"] {
				return nil
			}
			cause := ngap.CauseRadioNetworkRadioResourcesNotAvailable
			if c.options["cause"] == "handover" {
				cause = ngap.CauseRadioNetworkXNHandoverTriggered
			}
			return &cause
		},
	}
}

// refuseFlow makes a gNB that has no room for the QoS flow in "QFI".
func refuseFlow(spec string) func(session, qfi uint8) *ngap.Cause {
	refused, err := strconv.ParseUint(spec, 10, 6)
	if err != nil {
		return nil
	}
	return func(_, qfi uint8) *ngap.Cause {
		if uint64(qfi) != refused {
			return nil
		}
		return new(ngap.CauseRadioNetworkRadioResourcesNotAvailable)
	}
}

// nth tells of the Nth message with the name in "NAME" or "NAME:N".
func nth(spec string) func(name string) bool {
	want, number, _ := strings.Cut(spec, ":")
	left, err := strconv.Atoi(number)
	if err != nil {
		left = 1
	}
	var mu sync.Mutex
	return func(name string) bool {
		mu.Lock()
		defer mu.Unlock()
		if name != want {
			return false
		}
		left--
		return left == 0
	}
}

// radioLost is what a gNB says when the UE is gone before m could be made, TS 38.413 §8.3.2.
func radioLost(m ngap.Message) ngap.Message {
	switch m := m.(type) {
	case *ngap.UplinkNASTransport:
		return stray("UEContextReleaseRequest", m.AMFUENGAPID, m.RANUENGAPID)
	case *ngap.InitialContextSetupResponse:
		return stray("UEContextReleaseRequest", m.AMFUENGAPID, m.RANUENGAPID)
	case *ngap.UplinkRANStatusTransfer:
		return stray("UEContextReleaseRequest", m.AMFUENGAPID, m.RANUENGAPID)
	case *ngap.HandoverRequestAcknowledge:
		return stray("UEContextReleaseRequest", m.AMFUENGAPID, m.RANUENGAPID)
	case *ngap.PDUSessionResourceSetupResponse:
		return stray("UEContextReleaseRequest", m.AMFUENGAPID, m.RANUENGAPID)
	case *ngap.UEContextModificationResponse:
		return stray("UEContextReleaseRequest", m.AMFUENGAPID, m.RANUENGAPID)
	case *ngap.PDUSessionResourceModifyResponse:
		return stray("UEContextReleaseRequest", m.AMFUENGAPID, m.RANUENGAPID)
	}
	return m
}

// misbehaviour makes the hooks that a ue line asks for: mute=NAME sends no such message, twice=NAME sends it twice,
// deaf=NAME overhears it, spoil=NAME sends it with wrong content; times=N bounds mute, deaf and spoil. as=UE gives that
// UE's 5G-GUTI as one's own (as=foreign: one of another AMF), stale=yes finds no sequence number fresh,
// spoil-nth=NAME:N spoils the Nth of them alone, without-imeisv=yes leaves the IMEISV out of SECURITY MODE COMPLETE, and key-in-use=yes finds the
// key set identifiers in use that it is offered, times=N so many, and each of these ever after.
func (s *stage) misbehaviour(c *command, usim *ue.USIM, initial initialChanges) ue.Hooks {
	var mu sync.Mutex
	left := 1 << 30
	if n, err := strconv.Atoi(c.options["times"]); err == nil {
		left = n
	}
	once := func() bool {
		mu.Lock()
		defer mu.Unlock()
		left--
		return left >= 0
	}
	spoilNth := nth(c.options["spoil-nth"])
	var challenge aka.RAND
	var offered gmm.KeySetIdentifier
	inUse := make(map[gmm.KeySetIdentifier]bool)
	refuse, _ := strconv.ParseUint(c.options["refuse-modification"], 10, 8) // 0 for none
	return ue.Hooks{
		RefuseModification: gsm.Cause(refuse),
		Uplink: func(m gmm.Message) []gmm.Message {
			if s.chaos != nil {
				return s.chaos.n1(m)
			}
			if s.holds.keepsN1(c.words[1], m) {
				return nil
			}
			m = initial.message(m)
			if complete, is := m.(*gmm.SecurityModeComplete); is && c.options["without-imeisv"] != "" {
				changed := *complete
				changed.IMEISV = nil
				m = &changed
			}
			if request, is := m.(*gmm.RegistrationRequest); is && c.options["tamper-suci"] != "" && once() {
				m = tampered(request)
			}
			if as := c.options["as"]; as != "" {
				m = s.disguise(m, as)
			}
			if response, answers := m.(*gmm.AuthenticationResponse); answers && c.options["stale"] != "" {
				m = staleAnswer(response, usim.Algorithm, &challenge)
			}
			if _, answers := m.(*gmm.AuthenticationResponse); answers && c.options["key-in-use"] != "" && (inUse[offered] || once()) {
				inUse[offered] = true
				m = &gmm.AuthenticationFailure{Cause: gmm.CauseNgKSIAlreadyInUse}
			}
			if spoilNth(m.Name()) {
				return []gmm.Message{spoil(m)}
			}
			if silenced := c.options["mute"]; silenced != "" && (m.Name() == silenced || carriedUp(m) == silenced) && once() {
				return nil
			}
			switch m.Name() {
			case c.options["twice"]:
				return []gmm.Message{m, m}
			case c.options["spoil"]:
				if once() {
					return []gmm.Message{spoil(m)}
				}
			}
			return []gmm.Message{m}
		},
		UplinkPDU: func(pdu []byte) [][]byte {
			pdu = initial.pdu(pdu)
			s.said.Store(c.words[1], bytes.Clone(pdu))
			return [][]byte{pdu}
		},
		Downlink: func(m gmm.Message) bool {
			if s.holds.hides(c.words[1], m.Name()) {
				return true
			}
			if r, ok := m.(*gmm.AuthenticationRequest); ok {
				challenge, offered = randOf(r), r.NgKSI
			}
			return (m.Name() == c.options["deaf"] || carried(m) == c.options["deaf"]) && once()
		},
	}
}

// carriedUp names the 5GSM message in an UL NAS TRANSPORT.
func carriedUp(m gmm.Message) string {
	t, ok := m.(*gmm.ULNASTransport)
	if !ok {
		return "none"
	}
	sm, err := gsm.Decode(t.PayloadContainer)
	if err != nil {
		return "none"
	}
	return sm.Name()
}

// carried names the 5GSM message in a DL NAS TRANSPORT.
func carried(m gmm.Message) string {
	t, ok := m.(*gmm.DLNASTransport)
	if !ok {
		return "none"
	}
	sm, err := gsm.Decode(t.PayloadContainer)
	if err != nil {
		return "none"
	}
	return sm.Name()
}

// tampered changes the concealed part of a SUCI.
func tampered(m *gmm.RegistrationRequest) gmm.Message {
	if m.MobileIdentity.Type != gmm.IdentitySUCI || len(m.MobileIdentity.SUCI.SchemeOutput) == 0 {
		return m
	}
	changed := *m
	changed.MobileIdentity.SUCI.SchemeOutput = bytes.Clone(m.MobileIdentity.SUCI.SchemeOutput)
	changed.MobileIdentity.SUCI.SchemeOutput[len(changed.MobileIdentity.SUCI.SchemeOutput)-1] ^= 1
	return &changed
}

// disguise puts another's 5G-GUTI into a REGISTRATION REQUEST.
func (s *stage) disguise(m gmm.Message, as string) gmm.Message {
	request, ok := m.(*gmm.RegistrationRequest)
	if !ok {
		return m
	}
	changed := *request
	changed.MobileIdentity = gmm.GUTIIdentity(s.gutiOf(as))
	return &changed
}

// gutiOf is the 5G-GUTI of a UE, or one of another AMF.
func (s *stage) gutiOf(name string) ident.GUTI {
	if u := s.ues[name]; u != nil {
		if g := u.Status().GUTI; g != nil {
			return *g
		}
	}
	plmn, _ := ident.ParsePLMN("00101") // it is one
	return ident.GUTI{GUAMI: ident.GUAMI{PLMN: plmn, Region: 77, Set: 7, Pointer: 7}, TMSI: 0x12345678}
}

// spoil changes what the other side will check.
func spoil(m gmm.Message) gmm.Message {
	switch m := m.(type) {
	case *gmm.AuthenticationResponse: // a wrong RES*
		changed := *m
		if m.EAPMessage != nil {
			changed.EAPMessage = bytes.Clone(m.EAPMessage)
			changed.EAPMessage[len(m.EAPMessage)-1] ^= 1
			return &changed
		}
		res := *m.RES
		res[0] ^= 1
		changed.RES = &res
		return &changed
	case *gmm.RegistrationRequest: // bidding down: somebody on the way took the better algorithms out
		changed := *m
		changed.UESecurityCapability = gmm.NewUESecurityCapability([]uint8{1}, []uint8{2})
		return &changed
	case *gmm.ServiceRequest: // with a session that there is not
		changed := *m
		status, data := gmm.NewPSISet(5), gmm.NewPSISet(5)
		if m.PDUSessionStatus != nil {
			status = m.PDUSessionStatus.With(5)
		}
		if m.UplinkDataStatus != nil {
			data = m.UplinkDataStatus.With(5)
		}
		changed.PDUSessionStatus, changed.UplinkDataStatus = &status, &data
		return &changed
	case *gmm.IdentityResponse: // not the identity asked for
		return &gmm.IdentityResponse{MobileIdentity: gmm.MobileIdentity{Type: gmm.IdentityNone}}
	case *gmm.ULNASTransport: // a payload for nobody
		changed := *m
		changed.PayloadContainerType = gmm.PayloadSMS
		return &changed
	case *gmm.SecurityModeComplete: // another message than the initial one
		changed := *m
		changed.NASMessageContainer = []byte{0x7e, 0x00, 0x43} // REGISTRATION COMPLETE
		return &changed
	}
	return m
}
