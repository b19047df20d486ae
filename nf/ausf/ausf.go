// Package ausf is the authentication server function, TS 33.501 §6.1.3.2: it keeps each started authentication until
// the serving network confirms it, and gives out the anchor key only then.
package ausf

import (
	"cmp"
	"container/list"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/nausf"
	"github.com/limpid-5g/limpid/sbi/nudm"
)

var _ nausf.UEAuthentication = (*AUSF)(nil)

// Config is what an operator may set.
type Config struct {
	// ServingPLMNs are the networks that may authenticate subscribers here.
	ServingPLMNs []ident.PLMN
	// MaxContexts bounds the started authentications; 0 means 100,000.
	MaxContexts int
	// Lifetime is how long an authentication may wait for its confirmation; 0 means 60 s.
	Lifetime time.Duration
}

const (
	defaultMaxContexts = 100_000
	// defaultLifetime is above all retransmissions of T3560 (6 s, four times), TS 24.501 §10.2.
	defaultLifetime = 60 * time.Second
)

// AUSF is an authentication server function. It is safe for concurrent use.
type AUSF struct {
	maxContexts int
	lifetime    time.Duration
	serving     map[string]aka.ServingNetwork
	servingText string
	udm         nudm.UEAuthentication
	log         *slog.Logger

	mu       sync.Mutex
	contexts map[string]*list.Element // of byAge, by authentication context ID
	byAge    *list.List               // of *authContext, the oldest first
}

// New makes an AUSF that gets its vectors from udm.
func New(cfg Config, udm nudm.UEAuthentication, log *slog.Logger) *AUSF {
	a := &AUSF{
		maxContexts: cmp.Or(cfg.MaxContexts, defaultMaxContexts),
		lifetime:    cmp.Or(cfg.Lifetime, defaultLifetime),
		serving:     make(map[string]aka.ServingNetwork, len(cfg.ServingPLMNs)),
		udm:         udm,
		log:         log,
		contexts:    make(map[string]*list.Element),
		byAge:       list.New(),
	}
	names := make([]string, len(cfg.ServingPLMNs))
	for i, p := range cfg.ServingPLMNs {
		names[i] = p.String()
		if network, err := aka.NewServingNetwork(p.MCC(), p.MNC()); err == nil {
			a.serving[string(network)] = network
		}
	}
	a.servingText = strings.Join(names, ", ")
	return a
}
