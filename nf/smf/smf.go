// Package smf is the Session Management Function, TS 23.501 §6.2.2: it makes, changes and ends PDU sessions. Towards
// the AMF it is Nsmf_PDUSession (TS 29.502), towards the UE it speaks 5GSM (TS 24.501 §6), towards UPFs PFCP over N4
// (TS 29.244). Each file named after a procedure of TS 23.502 holds that procedure.
//
// Each session is a procedure.Actor: what arrives for it is served in turn by one goroutine that exists only while
// there is something to do. The service operations themselves never wait for that goroutine: they check, take their
// answer from the session's state and leave the rest to it.
package smf

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

var _ nsmf.PDUSession = (*SMF)(nil)

// SMF is a session management function. Its methods may be called from any goroutine.
type SMF struct {
	cfg       Config
	deps      Deps
	log       *slog.Logger
	networks  map[string]*dataNetwork // by DNN in lower case; never written after New
	upfs      []*upf                  // never written after New
	n4        *pfcp.Endpoint
	keeper    *keeper // nil: sessions end with the process
	pool      *procedure.Pool
	started   pfcp.Timestamp // the recovery time stamp of TS 29.244 §8.2.65
	admission *admission
	restores  chan struct{} // bounds how many sessions are restored on a UPF at once
	// tunnelWaits has a channel for each session that is waited for until it has a tunnel; it is closed then.
	tunnelWaits sync.Map
	ctx         context.Context
	cancel      context.CancelFunc
	running     sync.WaitGroup
	closing     sync.Once
	settling    sync.Once

	lastQoS  atomic.Pointer[sessionQoS]
	lastRead atomic.Pointer[keptQoS]
	lastForm atomic.Pointer[requestForm]
	readers  sync.Pool // of *record.Reader

	mu       sync.RWMutex
	sessions map[uint64]*session
	byUE     map[ueSession]*session
	left     map[ueSession][]leftBehind // with other nodes
	abroad   map[uint64]struct{}        // sessions whose UE went to another AMF, by SEID
	lastSEID uint64
}

// ueSession is how a UE names a session: PDU session identities are its own, TS 23.501 §5.6.1.
type ueSession struct {
	supi ident.SUPI
	id   uint8
}

// dataNetwork is a configured DNN with its addresses.
type dataNetwork struct {
	DNN
	addresses *ipPool // IPv4
	prefixes  *ipPool // IPv6
}

// newDataNetwork divides the pools by version.
func newDataNetwork(d DNN) *dataNetwork {
	var v4, v6 []netip.Prefix
	for _, p := range d.Pools {
		if p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	return &dataNetwork{DNN: d, addresses: newIPPool(v4, d.Gateway), prefixes: newIPPool(v6, netip.Addr{})}
}

const maxRestores = 256

// New makes an SMF, which answers on N4 from now on until Close; it speaks to UPFs first once it runs.
func New(cfg Config, deps Deps, log *slog.Logger) (*SMF, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if deps.SDM == nil || deps.UECM == nil || deps.Policy == nil || deps.AMF == nil || deps.N4 == nil {
		return nil, fmt.Errorf("SMF %q: one of UDM, PCF, AMF and N4 is missing", cfg.Name)
	}
	cfg.Timers = cfg.Timers.withDefaults()
	if cfg.Node == "" {
		cfg.Node = cfg.Name
	}
	if cfg.MaxProcedures <= 0 {
		cfg.MaxProcedures = defaultMaxProcedures
	}
	now := time.Now()
	s := &SMF{
		cfg: cfg, deps: deps, log: log,
		networks:  make(map[string]*dataNetwork, len(cfg.DNNs)),
		pool:      procedure.NewPool(math.MaxInt), // MaxProcedures refuses new sessions, never the end of one
		started:   pfcp.NewTimestamp(now),
		admission: newAdmission(cfg.Guaranteed),
		restores:  make(chan struct{}, maxRestores),
		sessions:  make(map[uint64]*session),
		byUE:      make(map[ueSession]*session),
		left:      make(map[ueSession][]leftBehind),
		// A SEID of an earlier life of this SMF, which a UPF may still hold, is never given again.
		lastSEID: uint64(pfcp.NewTimestamp(now)) << 32,
	}
	s.keeper = newKeeper(deps.Contexts, s.admission.repaid, log)
	if cfg.Shared && deps.Contexts != nil && len(cfg.Guaranteed) > 0 {
		s.admission.nodes = newGuarantees(deps.Contexts, cfg.Node, log)
	}
	if err := s.keeper.begin(s); err != nil {
		return nil, err
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	for _, d := range cfg.DNNs {
		if d.MTU == 0 {
			d.MTU = defaultMTU
		}
		network := newDataNetwork(d)
		if cfg.Shared {
			network.addresses.startAt(cfg.Name)
			network.prefixes.startAt(cfg.Name)
		}
		s.networks[strings.ToLower(string(d.Name))] = network
	}
	for _, u := range cfg.UPFs {
		s.upfs = append(s.upfs, newUPF(u))
	}
	s.n4 = pfcp.NewEndpoint(deps.N4, pfcp.Config{
		T1: cfg.Timers.T1, N1: cfg.Timers.N1, NodeID: s.nodeID(), Log: log,
		Handle: s.handleN4, PeerSEID: s.peerSEID, Allow: s.knowsPeer, Late: s.answeredLate, Tap: s.showN4,
	})
	return s, nil
}

// Run keeps the associations with the UPFs until ctx ends or Close is called, TS 29.244 §6.2.6. What the sessions
// forward goes on when it returns: the UPFs keep their rules.
func (s *SMF) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, s.cancel)
	defer stop()
	for _, u := range s.upfs {
		s.running.Go(func() { s.associate(u) })
	}
	s.settle()
	<-s.ctx.Done()
	s.Close()
	return ctx.Err()
}

// Close ends Run and every procedure under way, and closes N4.
func (s *SMF) Close() {
	s.closing.Do(func() {
		s.cancel()
		if err := s.n4.Close(); err != nil { // ends the requests under way
			s.log.Warn("N4 socket did not close", "error", err)
		}
		s.pool.Stop()
		s.running.Wait()
		s.keeper.close()
		s.admission.nodes.close()
	})
}

// add gives a new session its identity and makes it the one that its UE means by the PDU session identity. The
// session that was it before, if any, is returned.
func (s *SMF) add(n *session) (prior *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastSEID++
	n.seid = s.lastSEID
	prior = s.byUE[n.key()]
	s.sessions[n.seid] = n
	s.byUE[n.key()] = n
	return prior
}

// forget takes a session out of the index.
func (s *SMF) forget(old *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sessions[old.seid] == old {
		delete(s.sessions, old.seid)
	}
	if s.byUE[old.key()] == old {
		delete(s.byUE, old.key())
	}
}

// session finds a session by its SEID, which is also the number in its reference.
func (s *SMF) session(seid uint64) *session {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.sessions[seid]
}

// all returns the sessions of this moment.
func (s *SMF) all() []*session {
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := make([]*session, 0, len(s.sessions))
	for _, n := range s.sessions {
		list = append(list, n)
	}
	return list
}
