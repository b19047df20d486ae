package ausf

import (
	"container/list"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"time"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nausf"
	"github.com/limpid-5g/limpid/sbi/nudm"
)

// authContext is a started authentication.
type authContext struct {
	id       string
	supi     ident.SUPI
	network  aka.ServingNetwork
	xresStar aka.RESStar
	kseaf    aka.KSEAF
	eap      *eapServer // of EAP-AKA', else nil
	expires  time.Time
}

// Authenticate implements nausf.UEAuthentication, TS 29.509 §5.2.2.2 and TS 33.501 §6.1.3.2.0 steps 1 to 5.
func (a *AUSF) Authenticate(ctx context.Context, info nausf.AuthenticationInfo) (nausf.UEAuthenticationCtx, error) {
	network, ok := a.serving[info.ServingNetworkName]
	if !ok {
		return nausf.UEAuthenticationCtx{}, sbi.Problem(http.StatusForbidden, nausf.CauseServingNetworkNotAuthorized,
			"serving network %.64q asked; allowed: %s; add its PLMN to the allowed ones", info.ServingNetworkName, a.servingText)
	}
	result, err := a.udm.GenerateAuthData(ctx, info.SUPIOrSUCI, nudm.AuthenticationInfoRequest{
		ServingNetworkName:    info.ServingNetworkName,
		ResynchronizationInfo: info.ResynchronizationInfo,
	})
	if err != nil {
		return nausf.UEAuthenticationCtx{}, err
	}
	if result.AuthType == nausf.AuthTypeEAPAKAPrime {
		return a.startEAP(info, network, &result)
	}
	v := &result.Vector
	xresStar := aka.RESStar(v.XRESStar)
	c := &authContext{
		id: rand.Text(), supi: result.SUPI, network: network,
		xresStar: xresStar, kseaf: v.KAUSF.KSEAF(network), expires: time.Now().Add(a.lifetime),
	}
	if err := a.keep(c); err != nil {
		return nausf.UEAuthenticationCtx{}, err
	}
	return nausf.UEAuthenticationCtx{
		AuthCtxID: c.id,
		AuthType:  result.AuthType,
		Av5GAKA:   nausf.Av5GAKA{RAND: v.RAND, AUTN: v.AUTN, HXRESStar: aka.NewHRESStar(&v.RAND, &xresStar)},
	}, nil
}

// Confirm5GAKA implements nausf.UEAuthentication, TS 33.501 §6.1.3.2.0 steps 10 to 12. A context serves once,
// whatever the outcome.
func (a *AUSF) Confirm5GAKA(ctx context.Context, authCtxID string, data nausf.ConfirmationData) (nausf.ConfirmationDataResponse, error) {
	c, ok := a.take(authCtxID)
	if !ok || c.eap != nil {
		return nausf.ConfirmationDataResponse{}, a.unknown()
	}
	success := data.RESStar != nil && subtle.ConstantTimeCompare(data.RESStar[:], c.xresStar[:]) == 1
	a.report(ctx, c, success)
	if !success {
		a.log.Warn("authentication failed", "supi", c.supi.Conceal(), "answered", data.RESStar != nil, "clause", "TS 33.501 §6.1.3.2.2")
		return nausf.ConfirmationDataResponse{AuthResult: nausf.AuthenticationFailure}, nil
	}
	return nausf.ConfirmationDataResponse{AuthResult: nausf.AuthenticationSuccess, SUPI: c.supi, KSEAF: c.kseaf}, nil
}

func (a *AUSF) unknown() error {
	return sbi.Problem(http.StatusNotFound, nausf.CauseContextNotFound,
		"authentication context is unknown, used already, or older than %s; authenticate again", a.lifetime)
}

// report tells the UDM the outcome, TS 33.501 §6.1.4.1a. The authentication stands even if the UDM cannot note it.
func (a *AUSF) report(ctx context.Context, c *authContext, success bool) {
	method := nausf.AuthType5GAKA
	if c.eap != nil {
		method = nausf.AuthTypeEAPAKAPrime
	}
	err := a.udm.ConfirmAuth(ctx, c.supi, nudm.AuthEvent{
		Success: success, TimeStamp: time.Now(), AuthType: method, ServingNetworkName: string(c.network),
	})
	if err != nil {
		a.log.Warn("outcome of an authentication not recorded", "supi", c.supi.Conceal(), "err", err)
	}
}

// keep remembers c until it is taken or expires.
func (a *AUSF) keep(c *authContext) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.expire(time.Now())
	if a.byAge.Len() >= a.maxContexts {
		return sbi.Problem(http.StatusServiceUnavailable, sbi.CauseNFCongestion,
			"%d authentications wait for their answer, at most %d may; the UE tries again later", a.byAge.Len(), a.maxContexts)
	}
	a.contexts[c.id] = a.byAge.PushBack(c)
	return nil
}

// take removes and returns a context that has not expired.
func (a *AUSF) take(id string) (*authContext, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.expire(time.Now())
	e, ok := a.contexts[id]
	if !ok {
		return nil, false
	}
	return a.remove(e), true
}

// expire drops what is too old; a.mu is held. All have the same lifetime, so the oldest come first.
func (a *AUSF) expire(now time.Time) {
	for e := a.byAge.Front(); e != nil; e = a.byAge.Front() {
		if c, ok := e.Value.(*authContext); ok && now.Before(c.expires) {
			return
		}
		a.remove(e)
	}
}

func (a *AUSF) remove(e *list.Element) *authContext {
	c, _ := a.byAge.Remove(e).(*authContext)
	delete(a.contexts, c.id)
	return c
}
