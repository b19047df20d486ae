// Package amf is the Access and Mobility Management Function, TS 23.501 §6.2.1: it ends N1 and N2. A file is a
// procedure of TS 23.502 (registration.go, service_request.go, an_release.go, ...) or of TS 38.413 (ng_setup.go, ...).
//
// Every UE is an actor (package procedure): its procedures run one at a time on its own goroutine, which exists only
// while it has something to do. A gNB association has one goroutine, which decodes N2 messages and delivers them.
package amf

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/ladder"
	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/procedure/wheel"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/sbi/nausf"
	"github.com/limpid-5g/limpid/sbi/nnsacf"
	"github.com/limpid-5g/limpid/sbi/nnssaaf"
	"github.com/limpid-5g/limpid/sbi/nnssf"
	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// Services are the network functions that the AMF consumes.
type Services struct {
	Authentication      nausf.UEAuthentication
	SDM                 nudm.SDM
	UECM                nudm.UECM
	Policy              npcf.AMPolicyControl
	Slices              nnssf.NSSelection
	SliceAuthentication nnssaaf.NSSAA // may be nil where no subscription asks for it
	Admission           nnsacf.NSAC   // may be nil where Config.AdmissionControlled is empty
	Sessions            nsmf.PDUSession
	// TransferFailures is told of transfers that did not reach the UE; nil: nobody is.
	TransferFailures namf.TransferFailures
	Peers            []Peer   // AMFs of other cores
	Contexts         Contexts // nil: what the AMF knows ends with the process
}

// AMF is one Access and Mobility Management Function.
type AMF struct {
	// What a UE has of which nothing was fetched or seen since the start.
	unsubscribed nudm.AccessAndMobilitySubscriptionData
	unseen       lastSeen

	cfg      Config
	services Services
	log      *slog.Logger
	ladder   ladder.Sink

	pool          *procedure.Pool
	admission     *admission
	wheel         *wheel.Wheel // the idle timers of all UEs
	ues           ueTable
	arriving      index[ident.SUPI] // UEs that another AMF hands over
	connections   connectionTable
	keeper        *keeper // nil: contexts end with the process
	absent        absent
	taking        Taking // from other nodes of the set
	takes         takes  // under way
	ngapIDs       ngapIDs
	subscriptions subscriptions
	capacity      atomic.Uint32 // relative, 0 to 255
	load          *load
	early         earlyChecks

	mu        sync.Mutex
	endpoints endpoints
	gnbs      []*gnb              // the longest there first
	takeovers map[string]takeover // by global RAN node identity
	alike     alike
	readers   sync.Pool // of *record.Reader
}

// New makes an AMF; Serve lets gNBs in.
func New(cfg Config, services Services, sink ladder.Sink, log *slog.Logger) (*AMF, error) {
	if cfg.Name == "" || len(cfg.PLMNs) == 0 || len(cfg.TAIs) == 0 {
		return nil, errors.New("amf: a name, a PLMN with its slices and a tracking area are needed")
	}
	for _, n := range cfg.Integrity {
		if n == 0 || n > 3 {
			return nil, fmt.Errorf("amf: integrity algorithm NIA%d: only NIA1 to NIA3 protect anything (TS 33.501 §5.5.2)", n)
		}
	}
	if len(cfg.Ciphering) == 0 || len(cfg.Integrity) == 0 {
		return nil, errors.New("amf: at least one ciphering and one integrity algorithm are needed")
	}
	a := &AMF{
		cfg: cfg, services: services, ladder: sink, log: log,
		pool: procedure.NewPool(cfg.MaxProcedures), wheel: wheel.New(idleTick),
		takeovers: make(map[string]takeover), keeper: newKeeper(services.Contexts, log), load: newLoad(),
	}
	a.admission = newAdmission(a.pool.Due, a.pool.AtWork)
	a.pool.OnLess(a.admission.less)
	a.cfg.setDefaults()
	a.endpoints.list = slices.Clone(cfg.Endpoints)
	a.ues.init()
	if !cfg.CountedNGAPIDs {
		a.ngapIDs.conceal()
	}
	a.arriving.init(hashSUPI)
	a.capacity.Store(uint32(cfg.RelativeCapacity))
	return a, nil
}

// Serve accepts gNBs from l until ctx ends or l is closed.
func (a *AMF) Serve(ctx context.Context, l sctp.Listener) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		assoc, err := l.Accept(ctx)
		switch {
		case err == nil:
			wg.Go(func() { a.ServeAssociation(ctx, assoc) })
		case ctx.Err() != nil, errors.Is(err, net.ErrClosed):
			return nil
		default:
			return fmt.Errorf("amf: accept on %v: %w", l.Addr(), err)
		}
	}
}

// Close ends every procedure that is under way, waits for the last and writes what is not on disk yet.
func (a *AMF) Close() {
	a.wheel.Close()
	a.load.close()
	a.pool.Stop()
	a.keeper.close()
}

// Panics returns how many procedures ended in a panic.
func (a *AMF) Panics() uint64 { return a.pool.Panics() }

func (a *AMF) addGNB(g *gnb) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.gnbs = append(a.gnbs, g)
}

func (a *AMF) removeGNB(g *gnb) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.gnbs = slices.DeleteFunc(a.gnbs, func(o *gnb) bool { return o == g })
}

// gnbByID finds the gNB with a global identity that has set up the NG interface.
func (a *AMF) gnbByID(id string) *gnb {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, g := range a.gnbs {
		if g.is(id) {
			return g
		}
	}
	return nil
}

func (a *AMF) eachGNB(f func(*gnb)) {
	a.mu.Lock()
	gnbs := slices.Clone(a.gnbs)
	a.mu.Unlock()
	for _, g := range gnbs {
		f(g)
	}
}

// plmnSupport returns the slices of a PLMN.
func (a *AMF) plmnSupport(p ident.PLMN) (PLMNSupport, bool) {
	for _, s := range a.cfg.PLMNs {
		if s.PLMN == p {
			return s, true
		}
	}
	return PLMNSupport{}, false
}

func (a *AMF) serves(t ident.TAI) bool {
	for _, served := range a.cfg.TAIs {
		if served == t {
			return true
		}
	}
	return false
}
