package amf

import (
	"errors"
	"fmt"

	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// Open checks and deciphers what arrives on N1, in order of arrival, and takes N2 messages out of their envelope.
func (ue *ue) Open(m any) any {
	ue.wake()
	switch m := m.(type) {
	case *initialMessage:
		m.waited = ue.running != idle
		if ue.takeOver(m) {
			return nil
		}
		if !m.elsewhere {
			ue.openInitial(m)
		}
	case *contextTransfer:
		ue.openTransfer(m)
	case *n2Message:
		if h := ue.handover; h != nil && m.conn == h.target && m.conn != ue.conn {
			return targetMessage{m.message}
		}
		if m.conn == ue.suspended {
			return ue.openSuspended(m)
		}
		if m.conn != ue.conn {
			ue.aside(m)
			return nil
		}
		if up, ok := m.message.(*ngap.UplinkNASTransport); ok {
			return ue.openUplink(m.conn, up)
		}
		return m.message
	}
	return m
}

// aside takes an N2 message of a connection that is not the UE's: not yet, not any more, or of another UE.
func (ue *ue) aside(m *n2Message) {
	if other := m.conn.ue.Load(); other != ue {
		_ = other.follow(m) // refused only at shutdown
		return
	}
	switch message := m.message.(type) {
	case *ngap.UEContextReleaseRequest: // before the initial message was served: it will find the connection gone
		m.conn.gnb.release(m.conn, message.Cause)
	case *ngap.ErrorIndication:
		if unknownUE(message) {
			m.conn.gnb.close(m.conn)
		}
	case *ngap.HandoverRequired:
		m.conn.gnb.refuseHandover(m.conn.amfID, m.conn.ranID, ngap.CauseRadioNetworkInteractionWithOtherProcedure)
	case *ngap.HandoverCancel:
		ue.acknowledgeCancel(m.conn)
	case *ngap.NASNonDeliveryIndication:
		if m.conn.movedTo != nil && m.conn.movedTo == ue.conn {
			ue.notDelivered(message)
			ue.deliverAgain()
		}
	case *ngap.UEContextSuspendRequest:
		m.conn.refuseSuspend(ngap.CauseRadioNetworkInteractionWithOtherProcedure)
	case *ngap.UEContextResumeRequest:
		m.conn.refuseResume(ngap.CauseProtocolMessageNotCompatibleWithReceiverState)
	default:
		ue.log().Debug("message of another connection ignored", "message", message.Name())
	}
}

// openInitial reads the initial NAS message of a new connection, TS 24.501 §4.4.4.3 and §4.4.6.
func (ue *ue) openInitial(m *initialMessage) {
	if m.message != nil {
		return // opened before, by the context that the UE named
	}
	if t, ok := taiOf(&m.n2.UserLocationInformation); ok {
		m.conn.tai = t
	}
	plain, verified, count := ue.unprotect(m.pdu)
	if plain == nil {
		m.err = nas.ErrIntegrity
		return
	}
	m.verified, m.count, m.keys = verified, count, ue.keys
	m.message, m.err = gmm.Decode(plain)
	ue.traceN1(fromUE, m.conn, m.message)
	if m.err == nil && m.verified {
		m.message, m.err = ue.security.complete(m.message, m.count)
	}
}

// complete returns the complete message that an initial one carries ciphered in its NAS message container,
// TS 24.501 §4.4.6.
func (s *security) complete(m gmm.Message, count uint32) (gmm.Message, error) {
	var container []byte
	switch m := m.(type) {
	case *gmm.RegistrationRequest:
		container = m.NASMessageContainer
	case *gmm.ServiceRequest:
		container = m.NASMessageContainer
	}
	if len(container) == 0 {
		return m, nil
	}
	s.nas.CryptContainer(count, container)
	whole, err := gmm.Decode(container)
	if err != nil {
		return nil, err
	}
	if whole.MessageType() != m.MessageType() {
		return nil, &nas.Error{Message: m.Name(), IE: "NAS message container", Cause: gmm.CauseSemanticallyIncorrectMessage}
	}
	return whole, nil
}

// openUplink reads an uplink NAS message of the present connection; nil drops it.
func (ue *ue) openUplink(conn *connection, up *ngap.UplinkNASTransport) any {
	if t, ok := taiOf(&up.UserLocationInformation); ok {
		conn.tai = t
	}
	plain, verified, count := ue.unprotect(up.NASPDU)
	if plain == nil {
		return nil
	}
	m, err := gmm.Decode(plain)
	if err != nil {
		ue.undecodable(err)
		return nil
	}
	ue.traceN1(fromUE, conn, m)
	if !verified && (conn.secured || !acceptedUnprotected(m)) {
		ue.log().Warn("NAS message dropped: not integrity protected (TS 24.501 §4.4.4.3)", "message", m.Name())
		return nil
	}
	switch m.(type) {
	case *gmm.RegistrationRequest, *gmm.ServiceRequest, *gmm.DeregistrationRequestUEOriginating:
		init := &initialMessage{conn: conn, pdu: up.NASPDU, message: m, verified: verified, count: count, keys: ue.keys}
		if verified {
			init.message, init.err = ue.security.complete(m, count)
		}
		return init
	}
	return m
}

// unprotect takes the security off an uplink message under the current context or the one being taken into use.
func (ue *ue) unprotect(pdu []byte) (plain []byte, verified bool, count uint32) {
	h, err := nas.Peek(pdu)
	if err != nil {
		ue.log().Warn("NAS message dropped", "error", err)
		return nil, false, 0
	}
	if h.SecurityHeader == nas.Plain {
		return pdu, false, 0
	}
	context := &ue.security
	if ue.pending.valid && (h.SecurityHeader == nas.IntegrityProtectedCipheredNewContext || !ue.security.valid) {
		context = &ue.pending
	}
	if context.valid {
		plain, info, err := context.nas.Unprotect(pdu)
		if err == nil {
			return plain, true, info.Count
		}
		ue.log().Info("NAS message fails its integrity check", "error", err)
	}
	plain, err = nas.Inside(pdu)
	if err != nil {
		return nil, false, 0
	}
	return plain, false, 0
}

// acceptedUnprotected is the list of TS 24.501 §4.4.4.3: what an AMF processes before NAS security is established.
func acceptedUnprotected(m gmm.Message) bool {
	switch m.(type) {
	case *gmm.RegistrationRequest, *gmm.IdentityResponse, *gmm.AuthenticationResponse, *gmm.AuthenticationFailure,
		*gmm.SecurityModeReject, *gmm.DeregistrationRequestUEOriginating, *gmm.DeregistrationAcceptUETerminated:
		return true
	}
	return false
}

// undecodable answers a message that breaks the rules with 5GMM STATUS, TS 24.501 §7.
func (ue *ue) undecodable(err error) {
	ue.log().Warn("NAS message refused", "error", err)
	if e, ok := errors.AsType[*nas.Error](err); ok && e.Ignore {
		return
	}
	if cause, ok := gmm.CauseOf(err); ok {
		ue.sendNAS(&gmm.Status{Cause: cause})
	}
}

// protect encodes a downlink message, with NAS security once it is established.
func (ue *ue) protect(m gmm.Message) ([]byte, error) {
	plain, err := gmm.Append(nil, m)
	if err != nil {
		return nil, err
	}
	ue.traceN1(toUE, ue.conn, m)
	if ue.conn == nil || !ue.conn.secured {
		return plain, nil
	}
	if err := ue.mayCount(); err != nil {
		return nil, fmt.Errorf("no NAS COUNT reserved: %w", err)
	}
	return ue.security.nas.Protect(nil, plain, nas.IntegrityProtectedCiphered)
}

// sendNAS sends a message to the UE in a Downlink NAS Transport, TS 38.413 §8.6.2. Without a connection it does nothing:
// the procedure that wanted it has already been ended by the loss.
func (ue *ue) sendNAS(m gmm.Message) {
	if ue.conn == nil {
		return
	}
	pdu, err := ue.protect(m)
	if err != nil {
		ue.log().Error("cannot encode", "message", m.Name(), "error", err)
		return
	}
	ue.sendPDU(pdu)
}

func (ue *ue) sendPDU(pdu []byte) {
	c := ue.conn
	c.gnb.send(c, &ngap.DownlinkNASTransport{
		AMFUENGAPID: c.amfID, RANUENGAPID: c.ranID, NASPDU: pdu, MobilityRestrictionList: c.restrictions, AllowedNSSAI: c.slices,
	})
	c.restrictions, c.slices = nil, nil
}

// tmsiIn returns the 5G-TMSI by which a UE calls itself, if this AMF allotted it.
func (a *AMF) tmsiIn(pdu []byte) (uint32, bool) {
	inside := pdu
	if b, err := nas.Inside(pdu); err == nil {
		inside = b
	}
	m, err := gmm.Decode(inside)
	if err != nil {
		return 0, false
	}
	return a.tmsiNamed(m)
}

// tmsiNamed is tmsiIn for a message that is decoded.
func (a *AMF) tmsiNamed(m gmm.Message) (uint32, bool) {
	var id gmm.MobileIdentity
	switch m := m.(type) {
	case *gmm.RegistrationRequest:
		id = m.MobileIdentity
	case *gmm.ServiceRequest:
		id = m.STMSI
	case *gmm.DeregistrationRequestUEOriginating:
		id = m.MobileIdentity
	default:
		return 0, false
	}
	return a.tmsiOf(&id)
}

// tmsiOf returns the 5G-TMSI in a 5G-GUTI or 5G-S-TMSI that names an AMF of this set: its nodes allot them together,
// TS 23.501 §5.21.2.
func (a *AMF) tmsiOf(id *gmm.MobileIdentity) (uint32, bool) {
	own := a.cfg.GUAMI
	switch id.Type {
	case gmm.IdentityGUTI:
		g := id.GUTI.GUAMI
		return id.GUTI.TMSI, g.PLMN == own.PLMN && g.Region == own.Region && g.Set == own.Set
	case gmm.IdentitySTMSI:
		s := id.STMSI()
		return s.TMSI, s.Set == own.Set
	}
	return 0, false
}
