package amf

import (
	"context"
	"net/http"
	"slices"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nnssaaf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

var _ nnssaaf.Notifications = (*AMF)(nil)

// What the AAA server of a slice begins.
type (
	sliceDoubted struct{ slice ident.SNSSAI }
	sliceRevoked struct{ slice ident.SNSSAI }
)

// ReauthenticationNotification implements nnssaaf.Notifications, TS 29.526 §5.2.2.3.
func (a *AMF) ReauthenticationNotification(_ context.Context, n nnssaaf.SliceAuthNotification) error {
	return a.notifyOfSlice(n, &sliceDoubted{n.SNSSAI})
}

// RevocationNotification implements nnssaaf.Notifications, TS 29.526 §5.2.2.4.
func (a *AMF) RevocationNotification(_ context.Context, n nnssaaf.SliceAuthNotification) error {
	return a.notifyOfSlice(n, &sliceRevoked{n.SNSSAI})
}

func (a *AMF) notifyOfSlice(n nnssaaf.SliceAuthNotification, m any) error {
	u := a.ues.bySUPI.get(n.SUPI)
	if u == nil {
		return sbi.Problem(http.StatusNotFound, sbi.CauseContextNotFound, "SUPI %s is not served here", n.SUPI.Conceal())
	}
	if err := u.insist(m); err != nil {
		return sbi.Problem(http.StatusServiceUnavailable, sbi.CauseNFCongestion, "%v", err)
	}
	return nil
}

// authenticateAgain is re-authentication that the AAA server of a slice has asked for, TS 23.502 §4.2.9.3 step 5. A slice that the
// UE does not use is authenticated when it asks for it the next time; one that it uses it keeps until the server says no.
func (ue *ue) authenticateAgain(ctx context.Context, m *sliceDoubted) {
	if !ue.registered {
		return
	}
	ue.slicesChecked = ue.slicesChecked.without(m.slice)
	if slices.Contains(ue.allowed, m.slice) {
		ue.authenticateSlices(ctx, &slicesPending{[]ident.SNSSAI{m.slice}})
	}
}

// revokeSlice takes a slice from a UE because its AAA server wants so, TS 23.502 §4.2.9.4 step 5: the UE is paged to be told, its
// sessions on the slice are released, and where no slice is left it is deregistered. It may ask for the slice again.
func (ue *ue) revokeSlice(ctx context.Context, m *sliceRevoked) {
	if !ue.registered {
		return
	}
	ue.slicesChecked = ue.slicesChecked.without(m.slice)
	if !slices.Contains(ue.allowed, m.slice) {
		return
	}
	ue.log().Info("slice revoked by its AAA server", "slice", m.slice)
	s := selection{allowed: slices.Clone(ue.allowed)}
	s.withdraw(m.slice)
	if len(s.allowed) > 0 {
		ue.connect(ctx)
	}
	ue.giveSlices(ctx, s)
}

// withdraw moves a slice from those allowed to those whose authentication has failed.
func (s *selection) withdraw(one ident.SNSSAI) {
	s.allowed = slices.DeleteFunc(s.allowed, func(o ident.SNSSAI) bool { return o == one })
	s.reject(one, gmm.SliceAuthenticationFailed)
}

// releaseUnauthorized has the SMFs release the sessions on slices that the UE may not use any more, TS 23.502 §4.3.4.2 step 1.
func (ue *ue) releaseUnauthorized(ctx context.Context) {
	for _, s := range slices.Clone(ue.sessions) {
		if slices.Contains(ue.allowed, s.slice) {
			continue
		}
		if _, err := ue.amf.services.Sessions.UpdateSMContext(ctx, s.ref, nsmf.SMContextUpdateData{Release: true, Cause: nsmf.SliceNotAuthorized}); err != nil {
			ue.log().Warn("session on a slice that is not allowed any more not released", "session", s.id, "error", err)
		}
	}
}
