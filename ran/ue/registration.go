package ue

import (
	"context"
	"errors"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/ran/radio"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// registration is what a UE knows of its registration, TS 24.501 §5.1.3.
type registration struct {
	registered    bool
	reregister    bool
	paged         bool
	guti          *ident.GUTI
	tais          gmm.TAIList
	lastTAI       *ident.TAI // last visited registered TAI
	allowed       gmm.NSSAI
	rejected      gmm.RejectedNSSAI
	configured    gmm.NSSAI
	pendingSlices gmm.NSSAI
	sliceResults  map[ident.SNSSAI]bool // true: authenticated
	slices        []ident.SNSSAI        // requested last
	t3512         time.Duration
	ended         error
	service       ServiceResult // of the running service request
	saving        PowerSaving   // as agreed
	t3502         time.Duration
	config        configuration
}

// Identity chooses how a UE names itself in a Registration Request, TS 24.501 §5.5.1.2.2.
type Identity uint8

// Identities.
const (
	BestIdentity Identity = iota // the 5G-GUTI if there is one, else the SUCI
	UseSUCI                      // the SUCI; the UE forgets its 5G-GUTI and security context first
)

// RegisterOptions are the choices of a registration. The zero value is an initial registration as a phone does it.
type RegisterOptions struct {
	Type     gmm.RegistrationType // 0: initial; gmm.FollowOnRequest may be combined with it
	Identity Identity
	Slices   []ident.SNSSAI // requested NSSAI; nil: Config.Slices
	PowerSaving
	// NEA and NIA, if not nil, are what the UE supports from now on.
	NEA, NIA []uint8
	// DefaultConfigured says that the requested slices are those of the default configured NSSAI, TS 24.501 §9.11.3.36.
	DefaultConfigured bool
	// UplinkData asks for the user plane of these sessions, in a mobility or periodic update.
	UplinkData []uint8
	// Attempts is how often the UE tries after silence or a lost connection, T3511 apart (TS 24.501 §5.5.1.2.7);
	// 0: once. After congestion it waits for T3346.
	Attempts int
}

// Register runs a registration procedure, TS 24.501 §5.5.1. The error is a *RejectError, *TimeoutError, ErrReleased,
// ErrNotGenuine, ErrBusy, the cell's, or ctx's.
func (u *UE) Register(ctx context.Context, o RegisterOptions) error {
	for try := 1; ; try++ {
		err := u.register(ctx, o)
		wait, again := retry(err)
		if !again || try >= o.Attempts {
			return err
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// retry tells whether and when a UE tries again, TS 24.501 §5.5.1.2.5 (T3346) and TS 24.501 §5.5.1.2.7 (T3511).
func retry(err error) (time.Duration, bool) {
	var timeout *TimeoutError
	var reject *RejectError
	switch {
	case errors.As(err, &reject):
		return reject.BackOff, reject.GMM == gmm.CauseCongestion && reject.BackOff > 0
	case errors.As(err, &timeout), errors.Is(err, ErrReleased), errors.Is(err, radio.ErrNoService):
		return T3511, true
	}
	return 0, false
}

func (u *UE) register(ctx context.Context, o RegisterOptions) error {
	u.mu.Lock()
	t, err := u.begin()
	if err != nil {
		u.mu.Unlock()
		return err
	}
	request, err := u.registrationRequest(o)
	u.mu.Unlock()
	defer u.finished(t)
	if err != nil {
		return err
	}
	err = u.ask(ctx, t, "T3510", T3510, request.Name(), 1, func() error {
		if u.conn != nil && u.secure && u.current != nil { // a UE that forgot its keys begins on a new connection
			return u.send(request)
		}
		if u.conn != nil {
			u.drop()
		}
		err := u.connect(request, radio.MOSignalling)
		if err == nil {
			u.suci = nil
		}
		return err
	})
	var timeout *TimeoutError
	if errors.As(err, &timeout) {
		u.mu.Lock()
		u.lose() // TS 24.501 §5.5.1.2.7 c): the NAS signalling connection is released locally
		u.mu.Unlock()
	}
	return err
}

// finished ends the 5GMM procedure.
func (u *UE) finished(t *transaction) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.mm == t {
		u.mm = nil
	}
	u.change()
}

// registrationRequest composes the message, TS 24.501 §5.5.1.2.2 and TS 24.501 §5.5.1.3.2.
func (u *UE) registrationRequest(o RegisterOptions) (*gmm.RegistrationRequest, error) {
	if o.Identity == UseSUCI {
		u.guti, u.current = nil, nil
		u.monitor()
	}
	if o.NEA != nil {
		u.cfg.NEA = o.NEA
	}
	if o.NIA != nil {
		u.cfg.NIA = o.NIA
	}
	u.slices = o.Slices
	if u.slices == nil {
		u.slices = u.cfg.Slices
	}
	m := &gmm.RegistrationRequest{
		RegistrationType:     o.Type.Value() | o.Type&gmm.FollowOnRequest,
		NgKSI:                gmm.NoKey,
		UESecurityCapability: u.capability(),
	}
	if u.current != nil {
		m.NgKSI = gmm.KeySetIdentifier(u.current.ngKSI)
	}
	if u.guti != nil {
		m.MobileIdentity = gmm.GUTIIdentity(*u.guti)
		m.LastVisitedRegisteredTAI = u.lastTAI
	} else {
		s, err := u.concealed()
		if err != nil {
			return nil, err
		}
		m.MobileIdentity = gmm.SUCIIdentity(s)
	}
	o.PowerSaving.ask(m)
	if o.DefaultConfigured {
		indication := gmm.DefaultConfigured
		m.NetworkSlicingIndication = &indication
	}
	if o.Type.Value() != gmm.PeriodicRegistrationUpdate {
		m.Capability = gmm.Capability{0}
		if u.cfg.ExtendedRejections {
			m.Capability = gmm.Capability{0, 0, 0x10}
		}
		if u.cfg.Suspendable {
			m.Capability = append(m.Capability, 0, 0)[:max(len(m.Capability), 2)]
			m.Capability[1] |= 0x02
		}
		if u.cfg.SliceCredentials != nil {
			m.Capability = append(m.Capability, 0, 0)[:max(len(m.Capability), 2)]
			m.Capability[1] |= 0x40
		}
		if len(u.slices) > 0 {
			m.RequestedNSSAI = gmm.NewNSSAI(u.slices...)
		}
	}
	if o.Type.Value() != gmm.InitialRegistration {
		status := u.sessionStatus()
		m.PDUSessionStatus = &status
		if len(o.UplinkData) > 0 {
			data := gmm.NewPSISet(o.UplinkData...)
			m.UplinkDataStatus = &data
		}
	} else {
		u.registered = false
	}
	return m, nil
}

// registrationAccept ends the procedure well, TS 24.501 §5.5.1.2.4 and TS 24.501 §5.5.1.3.4.
func (u *UE) registrationAccept(m *gmm.RegistrationAccept) {
	if u.mm == nil && !u.registered {
		u.send(&gmm.Status{Cause: gmm.CauseMessageTypeNotCompatibleWithTheProtocolState})
		return
	}
	if !u.registered {
		u.releaseSessions(0)
	}
	u.registered, u.reregister, u.ended = true, false, nil
	u.tais, u.allowed, u.rejected = m.TAIList, m.AllowedNSSAI, u.rejections(m.RejectedNSSAI, m.ExtendedRejectedNSSAI)
	if m.ConfiguredNSSAI != nil {
		u.configured = m.ConfiguredNSSAI
	}
	u.pendingSlices = m.PendingNSSAI
	tai := u.cell.TAI()
	u.lastTAI = &tai
	u.saving, u.t3502 = agreedPowerSaving(m), 12*time.Minute // default, TS 24.501 §10.2
	if m.T3502 != nil {
		u.t3502, _ = m.T3502.Duration()
	}
	u.config.areas, u.config.equivalent = m.ServiceAreaList, m.EquivalentPLMNs
	u.config.slicesChanged = m.NetworkSlicingIndication != nil && *m.NetworkSlicingIndication&gmm.SubscriptionChanged != 0
	u.t3512 = 54 * time.Minute // default, TS 24.501 §10.2
	if m.T3512 != nil {
		u.t3512, _ = m.T3512.Duration()
	}
	if m.GUTI != nil && m.GUTI.Type == gmm.IdentityGUTI {
		g := m.GUTI.GUTI
		u.guti = &g
	}
	u.monitor()
	if m.PDUSessionStatus != nil {
		u.releaseSessions(*m.PDUSessionStatus)
	}
	if completes(m) {
		u.send(&gmm.RegistrationComplete{})
	}
	u.end(nil)
}

// rejections are the rejected slices in whichever form they came, TS 24.501 §4.6.2.2.
func (u *UE) rejections(list gmm.RejectedNSSAI, extended []byte) gmm.RejectedNSSAI {
	if len(extended) == 0 {
		return list
	}
	parsed, err := gmm.ParseExtendedRejectedNSSAI(extended)
	if err != nil {
		u.log("extended rejected NSSAI", "err", err)
		return list
	}
	return parsed
}

// completes tells whether a Registration Accept is to be acknowledged, TS 24.501 §5.5.1.2.4.
func completes(m *gmm.RegistrationAccept) bool {
	return m.GUTI != nil || m.ConfiguredNSSAI != nil || m.OperatorDefinedAccessCategories != nil ||
		m.SORTransparentContainer != nil || m.CAGInformationList != nil || m.ExtendedCAGInformationList != nil ||
		m.UERadioCapabilityID != nil || m.UERadioCapabilityIDDeletionIndication != nil || m.NSSRGInformation != nil ||
		m.NSAGInformation != nil ||
		m.NetworkSlicingIndication != nil && *m.NetworkSlicingIndication&gmm.SubscriptionChanged != 0
}

// registrationReject ends the procedure, TS 24.501 §5.5.1.2.5 and TS 24.501 §5.5.1.3.5.
func (u *UE) registrationReject(m *gmm.RegistrationReject) {
	if u.mm == nil {
		return
	}
	e := &RejectError{Message: m.Name(), GMM: m.Cause}
	if m.T3346 != nil {
		e.BackOff, _ = m.T3346.Duration()
	}
	if r := u.rejections(m.RejectedNSSAI, m.ExtendedRejectedNSSAI); r != nil {
		u.rejected = r
	}
	u.t3502 = 12 * time.Minute // default, TS 24.501 §10.2
	if m.T3502 != nil {
		u.t3502, _ = m.T3502.Duration()
	}
	if m.Cause != gmm.CauseCongestion { // after it an update is tried again, TS 24.501 §5.5.1.3.5
		u.registered = false
	}
	u.rejectedWith(m.Cause)
	u.end(e)
	u.startT3540()
}

// rejectedWith does what a cause asks of the UE's memory, TS 24.501 §5.5.1.2.5, TS 24.501 §5.5.1.3.5, TS 24.501 §5.6.1.5
// and TS 24.501 §5.5.2.3.2.
func (u *UE) rejectedWith(c gmm.Cause) {
	switch c {
	case gmm.CauseIllegalUE, gmm.CauseIllegalME, gmm.Cause5GSServicesNotAllowed, gmm.CauseUEIdentityCannotBeDerivedByTheNetwork,
		gmm.CausePLMNNotAllowed, gmm.CauseTrackingAreaNotAllowed, gmm.CauseRoamingNotAllowedInThisTrackingArea,
		gmm.CauseNoSuitableCellsInTrackingArea, gmm.CauseN1ModeNotAllowed, gmm.CauseServingNetworkNotAuthorized:
		u.forget()
	case gmm.CauseImplicitlyDeregistered:
		u.deregistered()
	}
}

// forget deletes the 5G-GUTI, the registration area and the security context.
func (u *UE) forget() {
	u.guti, u.tais, u.lastTAI = nil, nil, nil
	u.pending, u.answered = nil, nil
	u.current, u.secure = nil, false
	u.deregistered()
	u.monitor()
}

// deregistered enters 5GMM-DEREGISTERED: the sessions are gone, TS 24.501 §5.1.3.2.1.2.
func (u *UE) deregistered() {
	u.registered = false
	u.releaseSessions(0)
}
