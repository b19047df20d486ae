package amf

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// secure takes a new key into use with the Security Mode Command procedure, TS 24.501 §5.4.2 and TS 33.501 §6.7.2.
// It returns the complete initial NAS message that the UE sends along, nil if it sends none.
func (ue *ue) secure(ctx context.Context, p proof) (*gmm.RegistrationRequest, error) {
	next, err := ue.amf.newSecurity(p.kamf, ue.ngKSI, ue.capability)
	if err != nil {
		return nil, err
	}
	if p.present {
		next.ksi, next.nas.Send, next.nas.Receive = ue.security.ksi, ue.security.nas.Send, ue.security.nas.Receive
	}
	if p.horizontal { // the UE's own name for the key stays, TS 33.501 §6.9.3
		next.ksi = ue.security.ksi
	}
	ue.pending = next
	defer func() { ue.pending = security{} }()

	command := &gmm.SecurityModeCommand{
		SelectedNASSecurityAlgorithms:  gmm.NewSecurityAlgorithms(next.ciphering, next.integrity),
		NgKSI:                          gmm.KeySetIdentifier(next.ksi),
		ReplayedUESecurityCapabilities: ue.capability,
	}
	var additional gmm.AdditionalSecurityInformation
	if p.horizontal {
		additional |= gmm.HorizontalDerivation
	}
	if p.initial {
		additional |= gmm.RetransmitInitialMessage
	}
	if additional != 0 { // TS 24.501 §5.4.2.2
		command.AdditionalSecurityInformation = &additional
	}
	if p.eap != nil { // EAP-Success, TS 24.501 §5.4.1.2.2.8
		command.EAPMessage, command.ABBA = p.eap, aka.ABBAInitial()
	}
	if ue.amf.cfg.RequestIMEISV {
		requested := gmm.IMEISVRequested
		command.IMEISVRequest = &requested
	}
	answer, err := procedure.AskFor(ctx, ue, T3560, func() error { return ue.sendSecurityModeCommand(command) }, func(m any) bool {
		switch m.(type) {
		case *gmm.SecurityModeComplete, *gmm.SecurityModeReject:
			return true
		}
		return false
	})
	if err != nil {
		return nil, err
	}
	complete, ok := answer.(*gmm.SecurityModeComplete)
	if !ok {
		reject := answer.(*gmm.SecurityModeReject)
		return nil, &refusal{
			cause: reject.Cause, why: "UE rejects the security mode",
			asked:   fmt.Sprintf("NEA%d, NIA%d", next.ciphering, next.integrity),
			allowed: "the UE says it has " + algorithms(ue.capability),
		}
	}
	ue.security = ue.pending
	ue.security.since = ue.security.nas.Receive - 1
	ue.keys++
	if !p.present {
		ue.registrations = 1
	}
	ue.conn.secured = true
	if complete.IMEISV != nil {
		ue.pei = "imeisv-" + complete.IMEISV.Equipment.String()
	}
	if !p.initial {
		return nil, nil
	}
	return ue.completeRequest(complete)
}

// sendSecurityModeCommand protects the command with the new key and does not cipher it, TS 24.501 §5.4.2.2.
func (ue *ue) sendSecurityModeCommand(command *gmm.SecurityModeCommand) error {
	plain, err := gmm.Append(nil, command)
	if err != nil {
		return err
	}
	pdu, err := ue.pending.nas.Protect(nil, plain, nas.IntegrityProtectedNewContext)
	if err != nil {
		return err
	}
	if ue.conn == nil {
		return procedure.ErrSuperseded
	}
	ue.traceN1(toUE, ue.conn, command)
	ue.sendPDU(pdu)
	return nil
}

// completeRequest reads the REGISTRATION REQUEST in a SECURITY MODE COMPLETE, which is the one to answer, TS 24.501 §5.4.2.4 and
// TS 33.501 §6.4.6: the first one may have come from anybody, and says only what may be heard by all. So it is not enough where
// the UE was asked for the whole, TS 24.501 §5.4.2.3, and what it says of algorithms was confirmed by the UE since.
func (ue *ue) completeRequest(m *gmm.SecurityModeComplete) (*gmm.RegistrationRequest, error) {
	if len(m.NASMessageContainer) == 0 {
		return nil, &refusal{
			cause: gmm.CauseConditionalIEError, why: "SECURITY MODE COMPLETE without the initial message that was asked for",
			asked: "no NAS message container", allowed: "the whole REGISTRATION REQUEST in it", change: "the UE",
		}
	}
	inner, err := gmm.Decode(m.NASMessageContainer)
	if err != nil {
		return nil, fmt.Errorf("message in SECURITY MODE COMPLETE: %w", err)
	}
	request, ok := inner.(*gmm.RegistrationRequest)
	if !ok {
		return nil, &refusal{cause: gmm.CauseSemanticallyIncorrectMessage, why: "SECURITY MODE COMPLETE holds a " + inner.Name()}
	}
	if said := request.UESecurityCapability; !bytes.Equal(bytes.TrimRight(said, "\x00"), bytes.TrimRight(ue.capability, "\x00")) {
		return nil, &refusal{
			cause: gmm.CauseUESecurityCapabilitiesMismatch, why: "the whole initial message says other security capabilities than the UE has confirmed",
			asked: algorithms(said), allowed: algorithms(ue.capability), change: "the UE",
		}
	}
	return request, nil
}

// newSecurity chooses algorithms by the operator's preference among those that the UE has (TS 33.501 §5.11.2, §6.7.2)
// and derives the NAS keys.
func (a *AMF) newSecurity(kamf aka.KAMF, ksi uint8, capability gmm.UESecurityCapability) (security, error) {
	ea := slices.IndexFunc(a.cfg.Ciphering, capability.EA)
	ia := slices.IndexFunc(a.cfg.Integrity, capability.IA)
	if ea < 0 || ia < 0 {
		return security{}, &refusal{
			cause: gmm.CauseUESecurityCapabilitiesMismatch, why: "no NAS security algorithm in common",
			asked:   algorithms(capability),
			allowed: algorithms(gmm.NewUESecurityCapability(a.cfg.Ciphering, a.cfg.Integrity)),
			change:  "amf.ciphering and amf.integrity in the config, or the UE",
		}
	}
	s := security{ksi: ksi, ciphering: a.cfg.Ciphering[ea], integrity: a.cfg.Integrity[ia], kamf: kamf, valid: true}
	s.deriveNAS()
	return s, nil
}

// deriveNAS makes the NAS keys of the algorithms, TS 33.501 §A.8; the NAS COUNTs begin at 0.
func (s *security) deriveNAS() {
	s.nas = nas.Context{Role: nas.RoleNetwork, Bearer: nas.Bearer3GPP}
	cipher, _ := aka.NEA(s.ciphering)
	mac, _ := aka.NIA(s.integrity)
	if s.ciphering != 0 {
		s.nas.Cipher = nas.Cipher(cipher)
	}
	s.nas.MAC = nas.MAC(mac)
	s.nas.KNASenc = s.kamf.AlgorithmKey(aka.NASEncryption, s.ciphering)
	s.nas.KNASint = s.kamf.AlgorithmKey(aka.NASIntegrity, s.integrity)
}

// ready derives the NAS keys of a context that was read from the store, before its first use.
func (s *security) ready() {
	if !s.valid || s.nas.MAC != nil {
		return
	}
	send, receive := s.nas.Send, s.nas.Receive
	s.deriveNAS()
	s.nas.Send, s.nas.Receive = send, receive
}

// algorithms lists the 5G algorithms of a capability: "NEA0 NEA2 NIA2".
func algorithms(c gmm.UESecurityCapability) string {
	var names []string
	for n := range uint8(8) {
		if c.EA(n) {
			names = append(names, fmt.Sprintf("NEA%d", n))
		}
	}
	for n := range uint8(8) {
		if c.IA(n) {
			names = append(names, fmt.Sprintf("NIA%d", n))
		}
	}
	return strings.Join(names, " ")
}
