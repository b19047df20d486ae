// Package udm is the unified data management, TS 23.501 §6.2.7: it opens concealed identities, makes authentication
// vectors (TS 33.501 §6.1.3.2), hands out subscription data and remembers which AMF and SMFs serve a UE.
package udm

import (
	"log/slog"
	"sync"

	"github.com/limpid-5g/limpid/aka/suci"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/sbi/nudr"
)

var (
	_ nudm.UEAuthentication = (*UDM)(nil)
	_ nudm.SDM              = (*UDM)(nil)
	_ nudm.UECM             = (*UDM)(nil)
)

// Config is what an operator may set.
type Config struct {
	// HomePLMNs are the networks whose subscribers these are: a SUCI for another one is refused.
	HomePLMNs []ident.PLMN
	// ServingPLMNs are the networks that may serve them; none means the home networks.
	ServingPLMNs []ident.PLMN
	// HomeNetworkKeys opens SUCIs of Profile A and B; nil leaves the null scheme only.
	HomeNetworkKeys *suci.KeyRing
	// AuthenticatedSlices are subject to slice-specific authentication for all who are subscribed to them, TS 23.501 §5.15.10.
	AuthenticatedSlices []ident.SNSSAI
}

// UDM is a unified data management over a UDR. It is safe for concurrent use.
type UDM struct {
	home          []ident.PLMN
	serving       []ident.PLMN
	keys          *suci.KeyRing
	authenticated []ident.SNSSAI
	udr           nudr.DataRepository
	log           *slog.Logger

	subscribed []nudm.Notifications // does not change once anybody is served

	mu       sync.Mutex
	ues      map[ident.SUPI]*ue
	lastSMFs []nudm.SMFRegistration // the last single registration that was restored
}

// New makes a UDM over udr.
func New(cfg Config, udr nudr.DataRepository, log *slog.Logger) *UDM {
	u := &UDM{
		home: cfg.HomePLMNs, serving: cfg.ServingPLMNs, keys: cfg.HomeNetworkKeys,
		authenticated: cfg.AuthenticatedSlices, udr: udr, log: log, ues: make(map[ident.SUPI]*ue),
	}
	if len(u.serving) == 0 {
		u.serving = u.home
	}
	if u.keys == nil {
		u.keys = new(suci.KeyRing)
	}
	return u
}
