package ue

import (
	"context"
	"errors"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

// SessionOptions are the choices of a PDU session establishment. The zero value asks for IPv4 and leaves DNN and slice
// to the network.
type SessionOptions struct {
	DNN         ident.DNN
	Slice       *ident.SNSSAI
	Type        gsm.PDUSessionType // 0: IPv4
	SSCMode     gsm.SSCMode        // 0: not asked for
	AlwaysOn    bool               // asks for an always-on session
	Reflective  bool               // the UE supports reflective QoS
	SlowCheck   bool               // the UE can protect the integrity of 64 kbit/s alone
	RequestType gmm.RequestType    // 0: initial request
	// Transmissions is how often the request is sent at most, T3580 apart; 0: 5, TS 24.501 §6.4.1.6.
	Transmissions int
}

// EstablishSession runs the UE-requested PDU session establishment procedure, TS 24.501 §6.4.1. A UE in idle mode runs
// a service request first. The error is a *RejectError, *TimeoutError, *ProtocolError (the UE released the session),
// ErrReleased, ErrSession, or ctx's.
func (u *UE) EstablishSession(ctx context.Context, id uint8, o SessionOptions) (Session, error) {
	if err := u.connected(ctx); err != nil {
		return Session{}, err
	}
	u.mu.Lock()
	if u.session(id) != nil {
		u.mu.Unlock()
		return Session{}, ErrSession
	}
	t, err := u.beginSM(id)
	if err != nil {
		u.mu.Unlock()
		return Session{}, err
	}
	if o.Type == 0 {
		o.Type = gsm.IPv4
	}
	s := &session{Session: Session{ID: id, Type: o.Type, DNN: o.DNN}}
	if o.Slice != nil {
		s.Slice = &nas.SNSSAI{SNSSAI: *o.Slice}
	}
	u.sessions = append(u.sessions, s)
	u.mu.Unlock()

	m := establishmentRequest(id, t.pti, o)
	tries := o.Transmissions
	if tries <= 0 {
		tries = maxTransmissions
	}
	err = u.ask(ctx, t.transaction, "T3580", T3580, m.Name(), tries, func() error { return u.sendSM(m, &o) })
	u.mu.Lock()
	defer u.mu.Unlock()
	u.finishedSM(t)
	if err != nil {
		u.removeSession(id)
		return Session{}, err
	}
	return s.snapshot(), nil
}

// connected brings a registered UE into connected mode.
func (u *UE) connected(ctx context.Context) error {
	s := u.Status()
	switch {
	case !s.Registered:
		return ErrNotRegistered
	case s.Connected:
		return nil
	}
	signalling := gmm.ServiceSignalling
	_, err := u.ServiceRequest(ctx, ServiceOptions{Type: &signalling})
	return err
}

func establishmentRequest(id, pti uint8, o SessionOptions) *gsm.PDUSessionEstablishmentRequest {
	rate := gsm.RateFull
	if o.SlowCheck {
		rate = gsm.Rate64Kbps
	}
	m := &gsm.PDUSessionEstablishmentRequest{
		PDUSessionID: id, PTI: pti, PDUSessionType: &o.Type,
		IntegrityProtectionMaximumDataRate: gsm.IntegrityProtectionMaximumDataRate{Uplink: rate, Downlink: rate},
		ProtocolConfigurationOptions:       wantedOptions(o.Type),
	}
	if o.AlwaysOn {
		m.AlwaysOnRequested = new(uint8(1))
	}
	if o.Reflective {
		m.Capability = gsm.Capability{1}
	}
	if o.SSCMode != 0 {
		m.SSCMode = &o.SSCMode
	}
	return m
}

// wantedOptions asks for what a session of the type can use, TS 24.008 §10.5.6.3.
func wantedOptions(kind gsm.PDUSessionType) gsm.ProtocolConfigurationOptions {
	var options gsm.ProtocolConfigurationOptions
	ask := func(list ...gsm.ContainerID) {
		for _, id := range list {
			options = options.Add(nas.Uplink, id, nil)
		}
	}
	switch kind {
	case gsm.Ethernet:
		ask(gsm.EthernetFramePayloadMTU)
		return options
	case gsm.Unstructured:
		ask(gsm.UnstructuredLinkMTU)
		return options
	}
	ask(gsm.IPv4AddressViaNAS, gsm.DNSServerIPv4Address, gsm.PCSCFIPv4Address)
	if kind != gsm.IPv4 {
		ask(gsm.DNSServerIPv6Address, gsm.PCSCFIPv6Address)
	}
	ask(gsm.IPv4LinkMTU)
	return options
}

// ReleaseSession runs the UE-requested PDU session release procedure, TS 24.501 §6.4.3. The error is a *RejectError,
// *TimeoutError, ErrReleased, ErrSession, or ctx's. After a timeout the session is released locally.
func (u *UE) ReleaseSession(ctx context.Context, id uint8) error {
	if err := u.connected(ctx); err != nil {
		return err
	}
	u.mu.Lock()
	if s := u.session(id); s == nil || !s.active {
		u.mu.Unlock()
		return ErrSession
	}
	t, err := u.beginSM(id)
	u.mu.Unlock()
	if err != nil {
		return err
	}
	m := &gsm.PDUSessionReleaseRequest{PDUSessionID: id, PTI: t.pti}
	err = u.ask(ctx, t.transaction, "T3582", T3582, m.Name(), maxTransmissions, func() error { return u.sendSM(m, nil) })
	u.mu.Lock()
	defer u.mu.Unlock()
	u.finishedSM(t)
	var timeout *TimeoutError
	if errors.As(err, &timeout) {
		u.removeSession(id)
	}
	return err
}

// sendSM sends a 5GSM message in UL NAS TRANSPORT, TS 24.501 §5.4.5.2.2. The options go with an establishment request.
func (u *UE) sendSM(m gsm.Message, o *SessionOptions) error {
	if u.conn == nil {
		return ErrIdle
	}
	payload, err := gsm.Append(nil, m)
	if err != nil {
		return err
	}
	id := m.SessionID()
	transport := &gmm.ULNASTransport{
		PayloadContainerType: gmm.PayloadN1SM, PayloadContainer: payload, PDUSessionID: &id,
	}
	if o != nil {
		request := o.RequestType
		if request == 0 {
			request = gmm.RequestInitial
		}
		transport.RequestType, transport.DNN = &request, o.DNN
		if o.Slice != nil {
			transport.SNSSAI = &nas.SNSSAI{SNSSAI: *o.Slice}
		}
	}
	return u.send(transport)
}

// dlNASTransport takes what the AMF forwards, TS 24.501 §5.4.5.3.3.
func (u *UE) dlNASTransport(m *gmm.DLNASTransport) {
	if m.PayloadContainerType != gmm.PayloadN1SM {
		u.log("payload container dropped", "type", m.PayloadContainerType)
		return
	}
	if m.Cause != nil { // TS 24.501 §5.4.5.3.3: the payload is the UE's own message, which was not forwarded
		u.notForwarded(m)
		return
	}
	sm, err := gsm.Decode(m.PayloadContainer)
	if err != nil {
		u.refuseSM(m.PayloadContainer, err)
		return
	}
	u.dispatchSM(sm)
}

func (u *UE) notForwarded(m *gmm.DLNASTransport) {
	e := &RejectError{Message: m.Name(), GMM: *m.Cause, BackOff: backOff(m.BackOffTimer)}
	h, err := nas.Peek(m.PayloadContainer)
	if err != nil {
		return
	}
	if t := u.transaction(h.PTI); t != nil {
		t.finish(e)
	}
}

// refuseSM answers an erroneous 5GSM message, TS 24.501 §7.
func (u *UE) refuseSM(b []byte, err error) {
	u.log("5GSM message refused", "err", err)
	cause, ok := gsm.CauseOf(err)
	h, peekErr := nas.Peek(b)
	if ok && peekErr == nil {
		u.sendSM(&gsm.Status{PDUSessionID: h.PDUSessionID, PTI: h.PTI, Cause: cause}, nil)
	}
}

func (u *UE) dispatchSM(m gsm.Message) {
	t := u.transaction(m.TransactionID())
	switch m := m.(type) {
	case *gsm.PDUSessionEstablishmentAccept:
		u.sessionAccept(t, m)
	case *gsm.PDUSessionEstablishmentReject:
		if t != nil {
			t.finish(&RejectError{Message: m.Name(), GSM: m.Cause, BackOff: backOff(m.BackOffTimer)})
		}
	case *gsm.PDUSessionReleaseCommand:
		u.releaseCommand(t, m)
	case *gsm.PDUSessionReleaseReject:
		if t != nil {
			t.finish(&RejectError{Message: m.Name(), GSM: m.Cause})
		}
	case *gsm.PDUSessionModificationCommand:
		u.modificationCommand(t, m)
	case *gsm.PDUSessionModificationReject:
		if t != nil {
			t.finish(&RejectError{Message: m.Name(), GSM: m.Cause, BackOff: backOff(m.BackOffTimer)})
		}
	case *gsm.Status:
		u.log("5GSM status", "session", m.PDUSessionID, "cause", m.Cause)
		if t != nil {
			t.finish(&RejectError{Message: m.Name(), GSM: m.Cause})
		}
	default:
		u.sendSM(&gsm.Status{
			PDUSessionID: m.SessionID(), PTI: m.TransactionID(),
			Cause: gsm.CauseMessageTypeNonExistentOrNotImplemented,
		}, nil)
	}
}

// sessionAccept ends the establishment well, TS 24.501 §6.4.1.3, or releases a session that cannot be used.
func (u *UE) sessionAccept(t *smTransaction, m *gsm.PDUSessionEstablishmentAccept) {
	if t == nil || t.session != m.PDUSessionID {
		u.sendSM(&gsm.Status{PDUSessionID: m.PDUSessionID, PTI: m.PTI, Cause: gsm.CausePTIMismatch}, nil)
		return
	}
	s := u.session(m.PDUSessionID)
	if s == nil || s.active {
		return
	}
	if cause, err := checkAccept(s.Type, m); err != nil {
		u.sendSM(&gsm.PDUSessionReleaseRequest{PDUSessionID: m.PDUSessionID, PTI: t.pti, Cause: &cause}, nil)
		t.finish(&ProtocolError{Message: m.Name(), Err: err})
		return
	}
	s.learn(m)
	t.finish(nil)
}

var (
	errDefaultRule = errors.New("not exactly one default QoS rule (TS 24.501 §6.4.1.3)")
	errType        = errors.New("selected session type is none that the UE asked for (TS 24.501 §6.4.1.3)")
	errAddress     = errors.New("no PDU address of the selected session type (TS 24.501 §6.4.1.3)")
)

// checkAccept checks what a UE checks, TS 24.501 §6.4.1.3. The cause is that of the release request.
func checkAccept(asked gsm.PDUSessionType, m *gsm.PDUSessionEstablishmentAccept) (gsm.Cause, error) {
	got := m.SelectedPDUSessionType.Value()
	if got != asked && (asked != gsm.IPv4v6 || got != gsm.IPv4 && got != gsm.IPv6) {
		return gsm.CauseUnknownPDUSessionType, errType
	}
	if err := m.AuthorizedQoSRules.Check(); err != nil {
		if cause, ok := gsm.CauseOf(err); ok {
			return cause, err
		}
		return gsm.CauseSyntacticalErrorInTheQoSOperation, err
	}
	defaults := 0
	for _, r := range m.AuthorizedQoSRules {
		if r.Default && r.Operation == gsm.CreateRule {
			defaults++
		}
	}
	if defaults != 1 {
		return gsm.CauseSemanticErrorInTheQoSOperation, errDefaultRule
	}
	if got <= gsm.IPv4v6 && (m.PDUAddress == nil || m.PDUAddress.Type != got) {
		return gsm.CauseInvalidMandatoryInformation, errAddress
	}
	return 0, nil
}

// releaseCommand obeys the network, TS 24.501 §6.3.3.3.
func (u *UE) releaseCommand(t *smTransaction, m *gsm.PDUSessionReleaseCommand) {
	if u.session(m.PDUSessionID) == nil {
		u.sendSM(&gsm.Status{PDUSessionID: m.PDUSessionID, PTI: m.PTI, Cause: gsm.CauseInvalidPDUSessionIdentity}, nil)
		return
	}
	u.sendSM(&gsm.PDUSessionReleaseComplete{PDUSessionID: m.PDUSessionID, PTI: m.PTI}, nil)
	u.removeSession(m.PDUSessionID)
	u.endedFor(m.PDUSessionID, release{m.Cause, m.BackOffTimer})
	if t != nil {
		t.finish(nil)
	}
}
