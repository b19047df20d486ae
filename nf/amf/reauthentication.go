package amf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

const (
	// renewKeysAt is the NAS COUNT at which keys are renewed where the operator does not say: 65,536 messages before it would
	// wrap around, TS 33.501 §6.4.3.1.
	renewKeysAt = 1<<24 - 1<<16
	// lastCounts is how few NAS COUNTs are left when a UE whose keys cannot be renewed is let go.
	lastCounts = 256
)

// Reauthentication says when a UE must prove anew who it is, TS 33.501 §6.1.1 (an operator's policy).
type Reauthentication struct {
	Registrations uint32 // at every so many registrations; 0: never
	NASCount      uint32 // when a NAS COUNT comes to this; 0: shortly before it would wrap around
}

// authenticationDue tells why a UE must prove anew who it is, empty if it need not.
func (ue *ue) authenticationDue() string {
	limit := ue.amf.cfg.Reauthentication.NASCount
	if limit == 0 {
		limit = renewKeysAt
	}
	n := &ue.security.nas
	every := ue.amf.cfg.Reauthentication.Registrations
	switch {
	case max(n.Send, n.Receive) >= limit:
		return "a NAS COUNT is near its end"
	case every > 0 && ue.registrations >= every:
		return "enough registrations under these keys"
	}
	return ""
}

// renewSecurity makes new keys at the registration of a UE that has proved itself by its present ones, where they are due;
// or takes other algorithms into use where the UE can do others than before, TS 33.501 §6.7.2. Changed tells whether either
// was done.
func (ue *ue) renewSecurity(ctx context.Context, r *gmm.RegistrationRequest) (changed bool, err error) {
	ue.registrations++
	capability := r.UESecurityCapability
	other := len(capability) >= 2 && !bytes.Equal(bytes.TrimRight(capability, "\x00"), bytes.TrimRight(ue.capability, "\x00"))
	if other {
		ue.log().Info("UE has other security capabilities than before", "before", algorithms(ue.capability), "now", algorithms(capability))
		ue.capability = slices.Clone(capability)
	}
	if why := ue.authenticationDue(); why != "" {
		ue.log().Info("authenticating again", "reason", why)
		err = ue.renewKeys(ctx)
		return err == nil, err
	}
	if !other {
		return false, nil
	}
	_, err = ue.secure(ctx, proof{supi: ue.supi, kamf: ue.security.kamf, present: true})
	return err == nil, err
}

// renewKeys runs the primary authentication with a UE that is known and takes the new key into use, TS 33.501 §6.1.3.
func (ue *ue) renewKeys(ctx context.Context) error {
	p, err := ue.authenticate(ctx, string(ue.supi))
	if err != nil {
		return err
	}
	if p.supi != ue.supi {
		return fmt.Errorf("the home network vouches for another subscriber: %w", errAuthentication)
	}
	_, err = ue.secure(ctx, p)
	return err
}

// reauthenticate renews the keys of a connected UE, on N1 and on the radio, TS 33.501 §6.1.3 and §6.9.4.4. A UE that fails
// is deregistered.
func (ue *ue) reauthenticate(ctx context.Context) error {
	before := ue.running
	ue.running = authentication
	defer func() { ue.running = before }()
	err := ue.renewKeys(ctx)
	if errors.Is(err, errAuthentication) {
		ue.rejectAuthentication(ctx, err)
		return err
	}
	if err != nil {
		return err
	}
	return ue.rekey(ctx, ue.security.nas.Receive-1)
}

// renewIfDue renews keys whose NAS COUNT comes to its end while the UE is connected; it runs when the UE has nothing else
// to do. No COUNT is ever used twice, TS 24.501 §4.4.3.5: a UE that does not answer until the last is let go.
func (ue *ue) renewIfDue(ctx context.Context) {
	if !ue.registered || ue.running != idle || ue.conn == nil || !ue.conn.contextSetUp || !ue.security.valid {
		return
	}
	limit := ue.amf.cfg.Reauthentication.NASCount
	if limit == 0 {
		limit = renewKeysAt
	}
	if max(ue.security.nas.Send, ue.security.nas.Receive) < limit {
		return
	}
	ue.log().Info("authenticating again", "reason", "a NAS COUNT is near its end")
	err := ue.reauthenticate(ctx)
	switch {
	case err == nil, errors.Is(err, errAuthentication), ended(err):
		return
	case ue.security.nas.Remaining() < lastCounts:
		ue.log().Warn("no NAS COUNT is left and the UE makes no new keys: it has to register anew", "reason", err)
		ue.forget(ctx, ngap.CauseNASUnspecified)
		return
	case errors.Is(err, procedure.ErrNoAnswer):
		ue.releaseConnection(ctx, ngap.CauseNASUnspecified)
	}
	ue.log().Warn("keys not renewed", "reason", err)
}

// Reauthenticate has a connected UE prove anew who it is.
func (a *AMF) Reauthenticate(ctx context.Context, supi ident.SUPI) error {
	return a.order(ctx, supi, "authentication", func(ctx context.Context, ue *ue) error { return ue.reauthenticate(ctx) })
}

// rejectAuthentication tells a UE that it did not prove who it is and forgets it, TS 24.501 §5.4.1.3.5 and §5.4.1.2.2.
func (ue *ue) rejectAuthentication(ctx context.Context, err error) {
	ue.log().Warn("authentication rejected", "reason", err)
	failed, _ := errors.AsType[eapFailure](err)
	ue.sendNAS(&gmm.AuthenticationReject{EAPMessage: failed.payload})
	ue.forget(ctx, ngap.CauseNASAuthenticationFailure)
}
