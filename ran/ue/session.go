package ue

import (
	"net/netip"
	"slices"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/ran/radio"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

// Session is a PDU session as the UE knows it, TS 24.501 §6.1.3.2.
type Session struct {
	ID          uint8
	Type        gsm.PDUSessionType
	Address     netip.Addr   // IPv4, invalid if the session has none
	InterfaceID [8]byte      // of the IPv6 link local address
	Prefix      netip.Prefix // that a router has advertised on the user plane
	DNN         ident.DNN
	Slice       *nas.SNSSAI
	AMBR        gsm.SessionAMBR
	Rules       gsm.QoSRules
	Flows       gsm.QoSFlowDescriptions
	QFI         uint8 // of the default QoS rule
	SSCMode     gsm.SSCMode
	DNS         []netip.Addr
	PCSCF       []netip.Addr
	MTU         int           // octets, 0 if the network did not say
	AlwaysOn    bool          // TS 24.501 §6.1.3.1
	RQTimer     time.Duration // TS 24.501 §10.3; 0: no reflective QoS
	Lifetime    time.Duration // of a session that is to be replaced, TS 24.501 §6.3.2.2; 0: the network did not say
	Cause       *gsm.Cause    // why the session type is not the one asked for
	UserPlane   bool          // user-plane resources are established
}

// session is a session with what belongs to the UE alone.
type session struct {
	Session
	active bool // PDU SESSION ACTIVE
	bearer radio.Bearer
	packet func(packet []byte)
}

// smTransaction is a 5GSM procedure of the UE, TS 24.501 §6.2.
type smTransaction struct {
	*transaction
	pti, session uint8
}

// Session returns a snapshot of a session, and false if there is no active one.
func (u *UE) Session(id uint8) (Session, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	s := u.session(id)
	if s == nil || !s.active {
		return Session{}, false
	}
	return s.snapshot(), true
}

// Sessions returns snapshots of the active sessions.
func (u *UE) Sessions() []Session {
	u.mu.Lock()
	defer u.mu.Unlock()
	var all []Session
	for _, s := range u.sessions {
		if s.active {
			all = append(all, s.snapshot())
		}
	}
	return all
}

func (s *session) snapshot() Session {
	c := s.Session
	c.UserPlane = s.bearer != nil
	return c
}

// OnPacket sets who takes the downlink packets of a session. The function keeps nothing of a packet and must not call
// the UE.
func (u *UE) OnPacket(id uint8, f func(packet []byte)) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	s := u.session(id)
	if s == nil {
		return ErrSession
	}
	s.packet = f
	return nil
}

// SendPacket sends an uplink packet in the QoS flow that the QoS rules choose, TS 24.501 §6.2.5.1.3. The error is
// ErrSession, ErrNoBearer (a service request is needed), or that of the user plane.
func (u *UE) SendPacket(id uint8, packet []byte) error {
	u.mu.Lock()
	s := u.session(id)
	if s == nil || !s.active {
		u.mu.Unlock()
		return ErrSession
	}
	bearer, snapshot := s.bearer, s.Session // apply never changes rules in place
	u.mu.Unlock()
	if bearer == nil {
		return ErrNoBearer
	}
	return bearer.Send(snapshot.Classify(packet), packet)
}

// Packet is radio.Terminal.
func (u *UE) Packet(id, _ uint8, packet []byte) {
	u.mu.Lock()
	var f func([]byte)
	if s := u.session(id); s != nil {
		f = s.packet
		s.hearRouter(packet)
	}
	u.mu.Unlock()
	if f != nil {
		f(packet)
	}
}

// AddBearer is radio.Terminal.
func (u *UE) AddBearer(b radio.Bearer) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	s := u.session(b.PDUSession())
	if s == nil {
		return ErrSession
	}
	s.bearer = b
	u.change()
	return nil
}

// RemoveBearer is radio.Terminal.
func (u *UE) RemoveBearer(id uint8) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if s := u.session(id); s != nil {
		s.bearer = nil
		u.change()
	}
}

func (u *UE) session(id uint8) *session {
	for _, s := range u.sessions {
		if s.ID == id {
			return s
		}
	}
	return nil
}

// sessionStatus is the PDU session status, TS 24.501 §9.11.3.44.
func (u *UE) sessionStatus() gmm.PSISet {
	var set gmm.PSISet
	for _, s := range u.sessions {
		if s.active {
			set = set.With(s.ID)
		}
	}
	return set
}

// releaseSessions releases locally the active sessions that are not in keep, TS 24.501 §6.4.3.5 and TS 24.501 §5.5.1.3.4.
func (u *UE) releaseSessions(keep gmm.PSISet) {
	u.sessions = slices.DeleteFunc(u.sessions, func(s *session) bool { return s.active && !keep.Has(s.ID) })
}

func (u *UE) removeSession(id uint8) {
	u.sessions = slices.DeleteFunc(u.sessions, func(s *session) bool { return s.ID == id })
}

// beginSM starts a 5GSM procedure with a free procedure transaction identity, TS 24.007 §11.2.3.1a.
func (u *UE) beginSM(id uint8) (*smTransaction, error) {
	for _, t := range u.sm {
		if t.session == id {
			return nil, ErrBusy
		}
	}
	for u.lastPTI++; u.lastPTI == 0 || u.lastPTI == 255 || u.transaction(u.lastPTI) != nil; u.lastPTI++ {
	}
	t := &smTransaction{newTransaction(), u.lastPTI, id}
	u.sm = append(u.sm, t)
	return t, nil
}

func (u *UE) transaction(pti uint8) *smTransaction {
	for _, t := range u.sm {
		if t.pti == pti {
			return t
		}
	}
	return nil
}

func (u *UE) finishedSM(t *smTransaction) {
	u.sm = slices.DeleteFunc(u.sm, func(o *smTransaction) bool { return o == t })
}

// learn takes what a Session Establishment Accept says, TS 24.501 §6.4.1.3.
func (s *session) learn(m *gsm.PDUSessionEstablishmentAccept) {
	s.Type, s.AMBR, s.Rules = m.SelectedPDUSessionType.Value(), m.SessionAMBR, apply(nil, m.AuthorizedQoSRules)
	s.Flows, s.Cause, s.SSCMode = applyFlows(nil, m.AuthorizedQoSFlowDescriptions), m.Cause, m.SelectedSSCMode.Value()
	s.AlwaysOn = m.AlwaysOnIndication != nil && *m.AlwaysOnIndication&1 != 0
	if m.RQTimer != nil {
		s.RQTimer, _ = m.RQTimer.Duration()
	}
	if m.PDUAddress != nil {
		s.Address, s.InterfaceID = m.PDUAddress.IPv4, m.PDUAddress.InterfaceID
	}
	if m.DNN != "" {
		s.DNN = m.DNN
	}
	if m.SNSSAI != nil {
		s.Slice = m.SNSSAI
	}
	s.QFI = defaultQFI(m.AuthorizedQoSRules)
	s.options(m.ProtocolConfigurationOptions)
	s.active = true
}

func (s *session) options(o gsm.ProtocolConfigurationOptions) {
	if o == nil {
		return
	}
	s.PCSCF = append(o.Addresses(gsm.PCSCFIPv4Address), o.Addresses(gsm.PCSCFIPv6Address)...)
	s.DNS = append(o.Addresses(gsm.DNSServerIPv4Address), o.Addresses(gsm.DNSServerIPv6Address)...)
	for _, id := range []gsm.ContainerID{gsm.IPv4LinkMTU, gsm.EthernetFramePayloadMTU, gsm.UnstructuredLinkMTU} {
		if mtu, ok := o.MTU(id); ok {
			s.MTU = int(mtu)
		}
	}
}

// backOff returns the time of a timer that may be absent.
func backOff(t *nas.GPRSTimer3) time.Duration {
	if t == nil {
		return 0
	}
	d, _ := t.Duration()
	return d
}

// ForgetSession loses a session without a word to the network. The error is ErrSession.
func (u *UE) ForgetSession(id uint8) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.session(id) == nil {
		return ErrSession
	}
	u.removeSession(id)
	return nil
}
