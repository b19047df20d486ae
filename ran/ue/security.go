package ue

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ran/radio"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// security is the NAS security of a UE, TS 24.501 §4.4.
type security struct {
	current  *nasContext // the current native context
	pending  *nasContext // made by authentication, not yet taken into use (partial native)
	answered *challenge
	// secure tells that secure exchange is established on this connection, TS 24.501 §4.4.2.5.
	secure       bool
	authFailures int
	// initial is the complete initial NAS message of this connection, TS 24.501 §4.4.6.
	initial []byte
	// withheld tells that it was sent without its elements that must be ciphered: no security context was there.
	withheld bool
	// anCount is the uplink NAS COUNT from which KgNB is derived, TS 33.501 §6.8.1.2.2.
	anCount uint32
	as      accessStratum
}

// accessStratum is the UE's end of the AS key chain, TS 33.501 §6.9.2.1.1.
type accessStratum struct {
	kamf     aka.KAMF // from which it began
	key      aka.KAN  // of the present cell
	ncc      uint8    // from whose NH the key comes
	nh       aka.NH
	nhNCC    uint8 // of nh
	verified bool
}

// newAccessStratum begins a chain with a KgNB.
func newAccessStratum(kamf aka.KAMF, kgnb aka.KAN) accessStratum {
	return accessStratum{kamf: kamf, key: kgnb, nh: kamf.FirstNH(&kgnb), nhNCC: 1, verified: true}
}

// target derives the key for a target cell, TS 33.501 §6.9.2.3.4: horizontally from the present key, or vertically from
// the NH that the counter names.
func (a *accessStratum) target(h *radio.Handover) (next accessStratum) {
	next = *a
	if h.NCC == a.ncc {
		next.key = a.key.Target(h.PCI, h.ARFCN)
		return next
	}
	for next.nhNCC != h.NCC%8 {
		next.nh, next.nhNCC = next.kamf.NextNH(&next.nh), (next.nhNCC+1)%8
	}
	next.key, next.ncc = next.nh.Target(h.PCI, h.ARFCN), h.NCC
	return next
}

// nasContext is a 5G NAS security context, TS 24.501 §4.4.2.1.
type nasContext struct {
	ngKSI    uint8
	nea, nia uint8
	kamf     aka.KAMF
	eap      bool // made by EAP-AKA': the network owes EAP-Success
	nas.Context
}

// derive makes the context of the same key with the chosen algorithms, TS 33.501 §A.8. The counts stay.
func (c *nasContext) derive(nea, nia uint8) (*nasContext, error) {
	cipher, ok1 := aka.NEA(nea)
	mac, ok2 := aka.NIA(nia)
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("no algorithm 5G-EA%d or 5G-IA%d", nea, nia)
	}
	d := *c
	d.nea, d.nia = nea, nia
	d.Role, d.Bearer = nas.RoleUE, nas.Bearer3GPP
	d.Cipher, d.MAC = cipher, mac
	d.KNASenc = c.kamf.AlgorithmKey(aka.NASEncryption, nea)
	d.KNASint = c.kamf.AlgorithmKey(aka.NASIntegrity, nia)
	return &d, nil
}

// errPlain says that a message may not come unprotected.
var errPlain = errors.New("message is not protected (TS 24.501 §4.4.4.2)")

// open checks a downlink message and returns the plain message inside, TS 24.501 §4.4.4.2.
func (u *UE) open(pdu []byte) (gmm.Message, error) {
	h, err := nas.Peek(pdu)
	if err != nil {
		return nil, err
	}
	if h.EPD != nas.EPD5GMM {
		return nil, nas.ErrProtocolDiscriminator
	}
	switch h.SecurityHeader {
	case nas.Plain:
		m, err := gmm.Decode(pdu)
		if err == nil && (u.secure || !plainAllowed(m)) {
			return nil, fmt.Errorf("%s: %w", m.Name(), errPlain)
		}
		return m, err
	case nas.IntegrityProtectedNewContext:
		inside, err := nas.Inside(pdu)
		if err != nil {
			return nil, err
		}
		m, err := gmm.Decode(inside)
		if err != nil {
			return nil, err
		}
		command, ok := m.(*gmm.SecurityModeCommand)
		if !ok {
			return nil, fmt.Errorf("%s: %w", m.Name(), nas.ErrSecurityHeader)
		}
		return &protectedCommand{command, pdu}, nil
	}
	if u.current == nil {
		return nil, nas.ErrIntegrity
	}
	inside, _, err := u.current.Unprotect(pdu)
	if err != nil {
		u.tellReuse(pdu, h.Sequence)
		return nil, err
	}
	u.secure = true
	if h.SecurityHeader.Ciphered() {
		u.showDeciphered(pdu, inside)
	}
	return gmm.Decode(inside)
}

// tellReuse finds out whether a message that failed its check is right under a COUNT that is over.
func (u *UE) tellReuse(pdu []byte, sequence uint8) {
	c := u.current
	if u.cfg.Hooks.CountReused == nil || c.MAC == nil {
		return
	}
	for high := uint32(0); high <= c.Receive>>8; high++ {
		count := high<<8 | uint32(sequence)
		if count >= c.Receive {
			return
		}
		mac := c.MAC(&c.KNASint, count, c.Bearer, nas.Downlink, pdu[nas.SecurityHeaderLen-1:])
		if bytes.Equal(mac[:], pdu[2:6]) {
			u.cfg.Hooks.CountReused(count)
			return
		}
	}
}

// protectedCommand is a Security Mode Command with the message that its integrity is checked on.
type protectedCommand struct {
	*gmm.SecurityModeCommand
	pdu []byte
}

// plainAllowed tells which messages a UE accepts unprotected before secure exchange, TS 24.501 §4.4.4.2.
func plainAllowed(m gmm.Message) bool {
	switch m := m.(type) {
	case *gmm.IdentityRequest:
		return m.IdentityType == gmm.IdentitySUCI
	case *gmm.AuthenticationRequest, *gmm.AuthenticationResult, *gmm.AuthenticationReject,
		*gmm.DeregistrationAcceptUEOriginating:
		return true
	case *gmm.RegistrationReject:
		return !protectedCause(m.Cause)
	case *gmm.ServiceReject:
		return !protectedCause(m.Cause)
	}
	return false
}

// protectedCause tells which causes count only in a protected message, TS 24.501 §4.4.4.2.
func protectedCause(c gmm.Cause) bool {
	return c == gmm.CauseNotAuthorizedForThisCAGOrAuthorizedForCAGCellsOnly ||
		c == gmm.CausePLMNNotAllowedToOperateAtThePresentUELocation
}

// securityModeCommand takes a security context into use, TS 24.501 §5.4.2.3, or refuses it, TS 24.501 §5.4.2.5.
func (u *UE) securityModeCommand(m *protectedCommand) {
	c, cause := u.acceptSecurity(m)
	if cause != 0 {
		u.log("security mode command refused", "cause", cause)
		u.send(&gmm.SecurityModeReject{Cause: cause})
		return
	}
	u.current, u.pending, u.answered = c, nil, nil
	u.secure = true
	u.anCount = c.Send
	complete := new(gmm.SecurityModeComplete)
	if a := m.AdditionalSecurityInformation; u.withheld || a != nil && *a&gmm.RetransmitInitialMessage != 0 { // TS 24.501 §5.4.2.3
		complete.NASMessageContainer, u.withheld = u.initial, false
	}
	if m.IMEISVRequest != nil && *m.IMEISVRequest == gmm.IMEISVRequested {
		complete.IMEISV = u.imeisv()
	}
	u.sendAs(complete, nas.IntegrityProtectedCipheredNewContext)
}

// acceptSecurity checks a Security Mode Command, TS 24.501 §5.4.2.3. The cause is 0 if it is acceptable.
func (u *UE) acceptSecurity(m *protectedCommand) (*nasContext, gmm.Cause) {
	base := u.current
	if u.pending != nil && u.pending.ngKSI == m.NgKSI.Value() {
		base = u.pending
	}
	if base == nil || base.ngKSI != m.NgKSI.Value() {
		return nil, gmm.CauseSecurityModeRejectedUnspecified
	}
	if base.eap && base == u.pending && !eapSuccess(m.EAPMessage) {
		return nil, gmm.CauseSecurityModeRejectedUnspecified
	}
	nea, nia := m.SelectedNASSecurityAlgorithms.Ciphering(), m.SelectedNASSecurityAlgorithms.Integrity()
	// 5G-IA0 is for emergency services only.
	if !slices.Contains(u.cfg.NEA, nea) || !slices.Contains(u.cfg.NIA, nia) || nia == 0 {
		return nil, gmm.CauseSecurityModeRejectedUnspecified
	}
	if a := m.AdditionalSecurityInformation; a != nil && *a&gmm.HorizontalDerivation != 0 {
		fresh := *base
		fresh.kamf = base.kamf.PrimeAtRegistration(u.anCount) // that of the initial message
		fresh.Send, fresh.Receive = 0, 0
		base = &fresh
	}
	c, err := base.derive(nea, nia)
	if err != nil {
		return nil, gmm.CauseSecurityModeRejectedUnspecified
	}
	if _, _, err := c.Unprotect(m.pdu); err != nil {
		return nil, gmm.CauseSecurityModeRejectedUnspecified
	}
	if !u.sameCapability(m.ReplayedUESecurityCapabilities) {
		return nil, gmm.CauseUESecurityCapabilitiesMismatch
	}
	return c, 0
}

// sameCapability compares the replayed capabilities with those of the UE, TS 24.501 §5.4.2.3.
func (u *UE) sameCapability(replayed gmm.UESecurityCapability) bool {
	return bytes.Equal(trimZeros(replayed), trimZeros(u.capability()))
}

// Secure is radio.Terminal: it compares the gNB's key with the one derived here, TS 33.501 §A.9.
func (u *UE) Secure(kgnb [32]byte) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.current == nil || aka.KAN(kgnb) != u.current.kamf.KAN(u.anCount, aka.Access3GPP) {
		return ErrKgNB
	}
	u.as = newAccessStratum(u.current.kamf, aka.KAN(kgnb))
	return nil
}

// HandOver is radio.Terminal.
func (u *UE) HandOver(h radio.Handover) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.conn == nil || !u.as.verified {
		return radio.ErrReleased
	}
	nasSecurity, err := u.nasSecurityAfter(&h)
	if err != nil {
		return err
	}
	next := u.keysAfter(&h, nasSecurity)
	if next.key != aka.KAN(h.Key) {
		return ErrKgNB
	}
	u.current, u.as = nasSecurity, next
	if u.cell != nil {
		u.cell.Ignore(u)
	}
	u.cell, u.conn = h.Cell, h.Connection
	for _, s := range u.sessions {
		s.bearer = nil
		for _, b := range h.Bearers {
			if b.PDUSession() == s.ID {
				s.bearer = b
			}
		}
	}
	u.monitor()
	u.change()
	return nil
}

// nasSecurityAfter is the NAS security after a handover, which its container changes, TS 33.501 §6.9.2.3.4.
func (u *UE) nasSecurityAfter(h *radio.Handover) (*nasContext, error) {
	if h.Container == nil {
		return u.current, nil
	}
	c, err := gmm.DecodeIntraN1Container(h.Container)
	if err != nil || u.current == nil || c.NgKSI.Mapped() || c.NgKSI.Value() != u.current.ngKSI {
		return nil, ErrContainer
	}
	nea, nia := c.Algorithms.Ciphering(), c.Algorithms.Integrity()
	if !slices.Contains(u.cfg.NEA, nea) || !slices.Contains(u.cfg.NIA, nia) || nia == 0 {
		return nil, ErrContainer
	}
	base, count := *u.current, u.current.Estimate(c.Sequence) // one that was not accepted before
	if c.NewKAMF {
		base.kamf = base.kamf.PrimeAtHandover(count)
	}
	next, err := base.derive(nea, nia)
	if err != nil {
		return nil, ErrContainer
	}
	if next.ContainerMAC(c.Protected()) != c.MAC {
		return nil, ErrContainer
	}
	next.Receive = count + 1
	if c.NewKAMF {
		next.Send, next.Receive = 0, 0
	}
	return next, nil
}

// keysAfter are the keys of the radio after a handover, TS 33.501 §6.9.2.3.4: of the chain, or of a new one.
func (u *UE) keysAfter(h *radio.Handover, after *nasContext) accessStratum {
	if !h.KeyChange {
		return u.as.target(h)
	}
	count := u.anCount
	if after.kamf != u.current.kamf {
		count = nas.CountAtHandover
	}
	next := newAccessStratum(after.kamf, after.kamf.KAN(count, aka.Access3GPP))
	next.key, next.ncc = next.key.Target(h.PCI, h.ARFCN), h.NCC
	return next
}
