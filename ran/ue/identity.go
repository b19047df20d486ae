package ue

import (
	"bytes"
	"crypto/rand"
	"fmt"

	"github.com/limpid-5g/limpid/aka/suci"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// suci conceals the SUPI afresh, TS 33.501 §6.12.2.
func (s *USIM) suci() (gmm.SUCI, error) {
	c, err := gmm.NullSchemeSUCI(s.SUPI, s.HomePLMN)
	if err != nil {
		return c, err
	}
	if s.RoutingIndicator != "" {
		if c.RoutingIndicator, err = gmm.ParseRoutingIndicator(s.RoutingIndicator); err != nil {
			return c, fmt.Errorf("routing indicator: %w", err)
		}
	}
	if s.HomeKey == nil {
		return c, nil
	}
	msin, err := suci.PackMSIN(s.SUPI.IMSI()[len(s.HomePLMN.String()):])
	if err != nil {
		return c, err
	}
	c.Scheme = gmm.ProtectionScheme(s.HomeKey.Scheme())
	c.PublicKeyID = s.HomeKey.ID()
	c.SchemeOutput, err = s.HomeKey.Conceal(rand.Reader, msin)
	return c, err
}

// Conceal conceals the SUPI for the next registration beforehand. Phones have a processor each, and those who simulate many may want to
// do it when they have time. The error says what is wrong with the USIM.
func (u *UE) Conceal() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	_, err := u.concealed()
	return err
}

// concealed is a SUCI that nobody has heard yet.
func (u *UE) concealed() (gmm.SUCI, error) {
	if u.suci == nil {
		s, err := u.cfg.USIM.suci()
		if err != nil {
			return s, err
		}
		u.suci = &s
	}
	return *u.suci, nil
}

// identityRequest answers with the identity asked for, TS 24.501 §5.4.3.3. Only the SUCI is given away before secure
// exchange; the caller has seen to that.
func (u *UE) identityRequest(m *gmm.IdentityRequest) {
	id := gmm.MobileIdentity{Type: gmm.IdentityNone}
	switch m.IdentityType {
	case gmm.IdentitySUCI:
		s, err := u.cfg.USIM.suci()
		if err != nil {
			u.log("identity request", "err", err)
			return
		}
		id = gmm.SUCIIdentity(s)
	case gmm.IdentityIMEISV:
		id = *u.imeisv()
	case gmm.IdentityIMEI:
		id = u.imei()
	case gmm.IdentityGUTI:
		if u.guti != nil {
			id = gmm.GUTIIdentity(*u.guti)
		}
	case gmm.IdentitySTMSI:
		if u.guti != nil {
			id = gmm.STMSIIdentity(u.guti.STMSI())
		}
	}
	u.send(&gmm.IdentityResponse{MobileIdentity: id})
}

// imeisv is the equipment identity; New has checked its digits.
func (u *UE) imeisv() *gmm.MobileIdentity {
	id, err := gmm.EquipmentIdentityOf(u.cfg.IMEISV)
	if err != nil {
		u.log("IMEISV", "err", err)
	}
	return &id
}

// imei is the IMEISV with a check digit for the software version, TS 23.003 §6.2.1.
func (u *UE) imei() gmm.MobileIdentity {
	digits := u.cfg.IMEISV[:14]
	sum := 0
	for i := range len(digits) {
		d := int(digits[i] - '0')
		if i%2 == 1 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	id, err := gmm.EquipmentIdentityOf(digits + string(rune('0'+(10-sum%10)%10)))
	if err != nil {
		u.log("IMEI", "err", err)
	}
	return id
}

// capability is what the UE sends and expects to be replayed. Like a phone's it names the EPS algorithms too, which are
// the same; some cores add them to a capability that has none.
func (u *UE) capability() gmm.UESecurityCapability {
	c := gmm.NewUESecurityCapability(u.cfg.NEA, u.cfg.NIA)
	return append(c, c...)
}

func trimZeros(b []byte) []byte { return bytes.TrimRight(b, "\x00") }
