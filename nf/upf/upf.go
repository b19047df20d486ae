// Package upf is the user plane function of TS 23.501 §6.2.3: the UP side of PFCP (TS 29.244) over N4. It keeps the
// rules of each session, checks them, and hands them compiled to a Datapath, which moves the packets.
//
// What a CP function may ask and does not get is refused with the standard's cause: predefined rules, forwarding
// policies, duplication, redundancy, events as a measure, PFDs of URLs and domain names. Optional IEs that are read and
// change nothing: GBR and Averaging Window (the UPF polices by MBR alone), the pool of an address.
package upf

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// reportGrace bounds how long a report to the CP function may take in all.
const reportGrace = 30 * time.Second

// UPF is one user plane function.
type UPF struct {
	cfg      Config
	log      *slog.Logger
	path     Datapath
	endpoint *pfcp.Endpoint
	node     pfcp.NodeID
	recovery pfcp.Timestamp
	ctx      context.Context
	cancel   context.CancelFunc
	reports  sync.WaitGroup
	closed   sync.Once

	mu           sync.Mutex
	layout       *Layout
	associations map[pfcp.NodeID]*association
	sessions     map[uint64]*session
	watched      watched // those with a URR that waits for a threshold or a period
	bySlot       places
	unplaced     map[uint64]*session // those whose address gives no slot, by the CP function's SEID when they were established
	byPeer       map[remoteTunnel]*session
	paths        map[netip.Addr]*pathState
	applications map[string][]Filter // by the PFDs that CP functions gave
	lastSEID     uint64
	shapes       shapes
	models       models
	benches      sync.Pool // of *bench
	restored     time.Time // when an association was set up or a session established again
}

// remoteTunnel is the end of a tunnel at a gNB or another UPF.
type remoteTunnel struct {
	addr netip.Addr
	teid uint32
}

// New binds N4 and serves it at once; packets move once Run is called. The UPF owns path from now on, also when New
// fails.
func New(cfg Config, path Datapath, log *slog.Logger) (*UPF, error) {
	u, err := build(cfg, path, log)
	if err != nil {
		return nil, errors.Join(err, path.Close())
	}
	return u, nil
}

func build(cfg Config, path Datapath, log *slog.Logger) (*UPF, error) {
	cfg, err := cfg.WithDefaults()
	if err != nil {
		return nil, err
	}
	layout, err := NewLayout(cfg.Networks, cfg.ExtraSlots)
	if err != nil {
		return nil, err
	}
	conn := cfg.N4Conn
	if conn == nil {
		udp, err := pfcp.Listen(cfg.N4)
		if err != nil {
			return nil, fmt.Errorf("upf: n4: %w", err)
		}
		conn = udp
	}
	ctx, cancel := context.WithCancel(context.Background())
	recovery := pfcp.NewTimestamp(time.Now())
	u := &UPF{cfg: cfg, log: log, path: path, layout: layout, ctx: ctx, cancel: cancel,
		node: pfcp.NodeID{Addr: cfg.N4.Addr()}, recovery: recovery,
		associations: map[pfcp.NodeID]*association{}, sessions: map[uint64]*session{},
		bySlot: newPlaces(layout.Slots()), unplaced: map[uint64]*session{}, byPeer: map[remoteTunnel]*session{}, paths: map[netip.Addr]*pathState{},
		// A SEID of an earlier life, which a CP function may still hold, is never given to another session.
		lastSEID: uint64(recovery) << 32}
	u.endpoint = pfcp.NewEndpoint(conn, pfcp.Config{Handle: u.handle, Known: u.restoreLike, PeerSEID: u.peerSEID, Allow: u.allowed, Tap: cfg.Tap,
		NodeID: u.node, Log: log})
	return u, nil
}

// Run moves packets until ctx ends, then closes N4 and the data path.
func (u *UPF) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, u.cancel)
	defer stop()
	u.reports.Add(2)
	go u.watchUsage()
	go u.watchRestoration()
	if u.cfg.EchoInterval > 0 {
		u.reports.Add(1)
		go u.watchPaths()
	}
	err := u.path.Run(u.ctx, u)
	return errors.Join(err, u.Close())
}

// Close ends a UPF whose Run has returned or was never called. Only the first call does anything.
func (u *UPF) Close() error {
	var err error
	u.closed.Do(func() {
		u.mu.Lock() // no report begins after this
		u.cancel()
		u.mu.Unlock()
		err = u.endpoint.Close()
		u.reports.Wait()
		err = errors.Join(err, u.path.Close())
	})
	return err
}

// Counters are what the data path counted.
func (u *UPF) Counters() Counters { return u.path.Counters() }

// Stats are what N4 counted.
func (u *UPF) Stats() *pfcp.Stats { return &u.endpoint.Stats }

// Sessions is the number of PFCP sessions.
func (u *UPF) Sessions() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.sessions)
}

func (u *UPF) allowed(peer netip.AddrPort) bool {
	if len(u.cfg.CPFunctions) == 0 {
		return true
	}
	for _, a := range u.cfg.CPFunctions {
		if a == peer.Addr() {
			return true
		}
	}
	return false
}

// handle serves one request of a CP function.
func (u *UPF) handle(_ context.Context, peer netip.AddrPort, h pfcp.Header, m pfcp.Message) (uint64, pfcp.Message) {
	switch m := m.(type) {
	case *pfcp.HeartbeatRequest:
		return 0, u.heartbeat(peer, m)
	case *pfcp.PFDManagementRequest:
		return 0, u.managePFDs(m)
	case *pfcp.AssociationSetupRequest:
		return 0, u.setUpAssociation(peer, m)
	case *pfcp.AssociationUpdateRequest:
		return 0, u.updateAssociation(m)
	case *pfcp.AssociationReleaseRequest:
		return 0, u.releaseAssociation(m)
	case *pfcp.SessionEstablishmentRequest:
		return m.CPFSEID.SEID, u.establish(peer, m)
	case *pfcp.SessionModificationRequest:
		return u.inSession(h, m, func(s *session) (pfcp.Message, error) { return u.modify(s, m) })
	case *pfcp.SessionDeletionRequest:
		return u.inSession(h, m, func(s *session) (pfcp.Message, error) { return u.delete(s) })
	}
	return 0, pfcp.Refusal(m.Type(), u.node, &pfcp.Error{Cause: pfcp.CauseServiceNotSupported})
}

// inSession finds the session of a request and serves it there; errors become the response, TS 29.244 §7.6.
func (u *UPF) inSession(h pfcp.Header, m pfcp.Message, serve func(*session) (pfcp.Message, error)) (uint64, pfcp.Message) {
	u.mu.Lock()
	s := u.sessions[h.SEID]
	u.mu.Unlock()
	if s == nil {
		return 0, pfcp.Refusal(m.Type(), u.node, &pfcp.Error{Cause: pfcp.CauseSessionContextNotFound})
	}
	if !u.lock(s) {
		return 0, pfcp.Refusal(m.Type(), u.node, &pfcp.Error{Cause: pfcp.CauseSessionContextNotFound})
	}
	defer u.unlock(s)
	response, err := serve(s)
	if err != nil {
		response = u.refuse(m.Type(), err)
	}
	return s.cp.SEID, response
}

// refuse turns an error into the response that the CP function is owed, and logs it.
func (u *UPF) refuse(t pfcp.MessageType, err error) pfcp.Message {
	var e *pfcp.Error
	if !errors.As(err, &e) {
		e = &pfcp.Error{Cause: pfcp.CauseSystemFailure, Detail: err.Error()}
	}
	u.log.Warn("PFCP request refused", "message", t, "error", e)
	return pfcp.Refusal(t, u.node, e)
}

// peerSEID is the CP function's SEID of a session, 0 if there is none.
func (u *UPF) peerSEID(seid uint64) uint64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	if s := u.sessions[seid]; s != nil {
		return s.cpSEID.Load()
	}
	return 0
}
