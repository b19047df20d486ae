package ue

import (
	"fmt"

	"github.com/limpid-5g/limpid/ladder"
	"github.com/limpid-5g/limpid/ran/radio"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

// Send sends any 5GMM message as the state of the UE protects it. It changes no state.
func (u *UE) Send(m gmm.Message) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.send(m)
}

// SendPDU sends any octets on the connection.
func (u *UE) SendPDU(pdu []byte) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.transmit(pdu)
}

// SendSM sends a 5GSM message that belongs to no procedure of the UE.
func (u *UE) SendSM(m gsm.Message) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.sendSM(m, nil)
}

// send protects a message if secure exchange is established, TS 24.501 §4.4.4.1, and sends it.
func (u *UE) send(m gmm.Message) error {
	t := nas.Plain
	if u.secure && u.current != nil {
		t = nas.IntegrityProtectedCiphered
	}
	return u.sendAs(m, t)
}

func (u *UE) sendAs(m gmm.Message, t nas.SecurityHeaderType) error {
	for _, m := range u.hooked(m) {
		pdu, err := gmm.Append(nil, m)
		if err != nil {
			return fmt.Errorf("%s: %w", m.Name(), err)
		}
		if t != nas.Plain {
			plain := pdu
			if pdu, err = u.current.Protect(nil, plain, t); err != nil {
				return err
			}
			u.showDeciphered(pdu, plain)
		}
		u.arrow(m, true)
		if err := u.transmit(pdu); err != nil {
			u.log("NAS message not sent", "message", m.Name(), "err", err)
			return err
		}
	}
	return nil
}

func (u *UE) hooked(m gmm.Message) []gmm.Message {
	if u.cfg.Hooks.Uplink == nil {
		return []gmm.Message{m}
	}
	return u.cfg.Hooks.Uplink(m)
}

func (u *UE) hookedPDU(pdu []byte) [][]byte {
	if u.cfg.Hooks.UplinkPDU == nil {
		return [][]byte{pdu}
	}
	return u.cfg.Hooks.UplinkPDU(pdu)
}

func (u *UE) transmit(pdu []byte) error {
	for _, pdu := range u.hookedPDU(pdu) {
		if u.conn == nil {
			return ErrIdle
		}
		if err := u.conn.Send(pdu); err != nil {
			return err
		}
	}
	return nil
}

// connect sends an initial NAS message, TS 24.501 §4.4.6: without a security context its cleartext elements only, else
// integrity protected and with the complete message ciphered inside.
func (u *UE) connect(m gmm.Message, cause radio.EstablishmentCause) error {
	for _, m := range u.hooked(m) {
		pdu, err := u.protectInitial(m)
		if err != nil {
			return fmt.Errorf("%s: %w", m.Name(), err)
		}
		u.arrow(m, true)
		for _, pdu := range u.hookedPDU(pdu) {
			if u.conn == nil {
				err = u.setup(pdu, cause)
			} else {
				err = u.conn.Send(pdu)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (u *UE) protectInitial(m gmm.Message) ([]byte, error) {
	full, err := gmm.Append(nil, m)
	if err != nil {
		return nil, err
	}
	u.initial, u.withheld = full, u.current == nil
	clear, hide := cleartext(m)
	pdu, err := gmm.Append(nil, clear)
	c := u.current
	if err != nil || c == nil {
		return pdu, err
	}
	u.anCount = c.Send
	hidden := len(pdu) != len(full)
	if hidden {
		container := append([]byte(nil), full...)
		c.CryptContainer(c.Send, container)
		hide(container)
		if pdu, err = gmm.Append(nil, clear); err != nil {
			return nil, err
		}
	}
	pdu, err = c.Protect(nil, pdu, nas.IntegrityProtected)
	if err == nil && hidden {
		hide(full)
		u.showInitial(pdu, clear)
	}
	return pdu, err
}

// cleartext returns the message with those elements only that may be sent unciphered, TS 24.501 §4.4.6, and what puts the
// NAS message container into it.
func cleartext(m gmm.Message) (gmm.Message, func(container []byte)) {
	switch m := m.(type) {
	case *gmm.RegistrationRequest:
		c := &gmm.RegistrationRequest{
			RegistrationType: m.RegistrationType, NgKSI: m.NgKSI, MobileIdentity: m.MobileIdentity,
			UESecurityCapability: m.UESecurityCapability, AdditionalGUTI: m.AdditionalGUTI, UEStatus: m.UEStatus,
			EPSNASMessageContainer: m.EPSNASMessageContainer, NID: m.NID,
			DeterminedPLMNWithDisasterCondition: m.DeterminedPLMNWithDisasterCondition,
		}
		return c, func(b []byte) { c.NASMessageContainer = b }
	case *gmm.ServiceRequest:
		c := &gmm.ServiceRequest{NgKSI: m.NgKSI, ServiceType: m.ServiceType, STMSI: m.STMSI}
		return c, func(b []byte) { c.NASMessageContainer = b }
	}
	return m, func([]byte) {}
}

// setup sets up an RRC connection that carries pdu.
func (u *UE) setup(pdu []byte, cause radio.EstablishmentCause) error {
	s := radio.Setup{NAS: pdu, Cause: cause}
	if u.guti != nil {
		id, guami := u.guti.STMSI(), u.guti.GUAMI
		s.STMSI, s.GUAMI = &id, &guami
	}
	s.Slices = u.slices
	u.wake()
	conn, err := u.cell.Connect(u, s)
	if err != nil {
		return err
	}
	u.conn, u.secure, u.paged = conn, false, false
	u.connections++
	u.change()
	return nil
}

// Receive is radio.Terminal: it takes a downlink NAS message.
func (u *UE) Receive(pdu []byte) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.conn == nil {
		return
	}
	m, err := u.open(pdu)
	if err != nil {
		u.refuse(err)
		return
	}
	u.arrow(m, false)
	if u.hidden(m) {
		return
	}
	u.dispatch(m)
	u.change()
}

func (u *UE) hidden(m gmm.Message) bool {
	if u.cfg.Hooks.Downlink == nil {
		return false
	}
	if c, ok := m.(*protectedCommand); ok {
		m = c.SecurityModeCommand
	}
	return u.cfg.Hooks.Downlink(m)
}

// refuse answers an erroneous message as TS 24.501 §7 says, or drops it.
func (u *UE) refuse(err error) {
	u.log("downlink NAS message refused", "err", err)
	if cause, ok := gmm.CauseOf(err); ok && u.secure {
		u.send(&gmm.Status{Cause: cause})
	}
}

func (u *UE) dispatch(m gmm.Message) {
	switch m := m.(type) {
	case *gmm.AuthenticationRequest:
		u.authenticationRequest(m)
	case *gmm.AuthenticationReject:
		u.authenticationReject(m)
	case *protectedCommand:
		u.securityModeCommand(m)
	case *gmm.IdentityRequest:
		u.identityRequest(m)
	case *gmm.RegistrationAccept:
		u.registrationAccept(m)
	case *gmm.RegistrationReject:
		u.registrationReject(m)
	case *gmm.ServiceAccept:
		u.serviceAccept(m)
	case *gmm.ServiceReject:
		u.serviceReject(m)
	case *gmm.DeregistrationAcceptUEOriginating:
		u.end(nil)
	case *gmm.DeregistrationRequestUETerminated:
		u.deregistrationRequest(m)
	case *gmm.ConfigurationUpdateCommand:
		u.configurationUpdate(m)
	case *gmm.DLNASTransport:
		u.dlNASTransport(m)
	case *gmm.NetworkSliceSpecificAuthenticationCommand:
		u.sliceAuthenticationCommand(m)
	case *gmm.NetworkSliceSpecificAuthenticationResult:
		u.sliceAuthenticationResult(m)
	case *gmm.Notification:
		status := u.sessionStatus()
		u.send(&gmm.NotificationResponse{PDUSessionStatus: &status})
	case *gmm.Status:
		u.log("5GMM status", "cause", m.Cause)
	default:
		u.send(&gmm.Status{Cause: gmm.CauseMessageTypeNonExistentOrNotImplemented})
	}
}

// Released is radio.Terminal: the NAS signalling connection is gone, TS 24.501 §5.3.1.3.
func (u *UE) Released() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.released()
}

func (u *UE) released() {
	u.conn, u.dormant, u.secure, u.initial, u.withheld = nil, nil, false, nil, false
	for _, s := range u.sessions {
		s.bearer = nil
	}
	u.end(ErrReleased)
	for _, t := range u.sm {
		t.finish(ErrReleased)
	}
}

// lose drops the connection from this side.
func (u *UE) lose() {
	conn := u.conn
	u.released()
	if conn != nil {
		conn.Lose()
	}
}

// drop loses the connection but goes on with the running 5GMM procedure.
func (u *UE) drop() {
	t := u.mm
	u.mm = nil
	u.lose()
	u.mm = t
}

// Paged is radio.Terminal.
func (u *UE) Paged() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.conn == nil {
		u.paged = true
		u.change()
	}
}

// monitor tells the cell which identity pages this UE.
func (u *UE) monitor() {
	switch {
	case u.cell == nil:
	case u.guti == nil:
		u.cell.Ignore(u)
	default:
		u.cell.Monitor(u, u.guti.STMSI())
	}
}

// arrow tells the ladder of a message.
func (u *UE) arrow(m gmm.Message, uplink bool) {
	if !u.cfg.Ladder.On() {
		return
	}
	e := ladder.Event{From: "AMF", To: u.cfg.Name, Interface: ladder.N1, Message: m.Name(), Detail: detail(m)}
	if uplink {
		e.From, e.To = e.To, e.From
	}
	u.cfg.Ladder.Emit(e)
}
