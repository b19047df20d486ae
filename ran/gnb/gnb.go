// Package gnb is a simulated gNB: NGAP (TS 38.413) over SCTP on N2 and GTP-U (TS 29.281) on N3, for UEs that are reached
// through package radio.
package gnb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/ladder"
	"github.com/limpid-5g/limpid/ran/radio"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// Config describes a gNB with one cell. It does not change afterwards.
type Config struct {
	Name   string
	ID     uint32 // gNB identity, TS 38.413 §9.3.1.6
	IDBits int    // its length, 22 to 32; 0: 32
	PLMN   ident.PLMN
	TAC    ident.TAC
	Slices []ident.SNSSAI // supported in the tracking area; nil: SST 1
	Also   []Area         // what the gNB supports beside the area of its cell

	// Dial makes the association with an AMF, TS 38.412 §7.
	Dial func(ctx context.Context) (sctp.Association, error)
	// DialTo makes a further association with an address that the AMF names, TS 23.501 §5.21.1.2; nil: the gNB has one alone.
	DialTo func(ctx context.Context, at netip.AddrPort) (sctp.Association, error)
	// Reconnect makes the gNB dial and set up again, with back-off, when the association is lost.
	Reconnect bool
	// SetupTimeout is how long the gNB waits for an answer to NG SETUP REQUEST; 0: 10 s.
	SetupTimeout time.Duration

	// N3 is the address of the user plane given to the core.
	N3 netip.Addr
	// DataPath opens UDP port 2152 on N3. Without it bearers exist but carry nothing.
	DataPath bool
	// LastTEID is the TEID after which those of the gNB begin.
	LastTEID uint32

	// Reroute finds the gNB's end of an association with an AMF of another set, TS 38.413 §8.6.5; nil: there are none.
	Reroute func(set ngap.AMFSetID) *GNB

	Hooks  Hooks
	Ladder ladder.Sink
	// Watch chooses the UEs whose messages go to Ladder; nil: all.
	Watch func(t radio.Terminal) bool
	// RadioCapability, if set, is sent in UE RADIO CAPABILITY INFO INDICATION when the AMF gives none,
	// TS 38.413 §8.14.1.
	RadioCapability []byte
	Log             *slog.Logger
}

// Area is a tracking area of a PLMN with the slices supported there.
type Area struct {
	TAI    ident.TAI
	Slices []ident.SNSSAI
}

// Hooks make a gNB misbehave. A nil hook changes nothing.
type Hooks struct {
	// Uplink sees each message before it is sent and returns what is sent instead: nothing, the same twice, another.
	Uplink func(m ngap.Message) []ngap.Message
	// UplinkPDU sees each encoded message and returns what is sent instead.
	UplinkPDU func(pdu []byte) [][]byte
	// Downlink sees each message about a UE; true loses it.
	Downlink func(m ngap.Message) bool
	// Refuse makes the gNB answer a request for resources or for a UE context with failure: it returns the cause, or
	// nil to go on.
	Refuse func(m ngap.Message) *ngap.Cause
	// RefuseSession makes the gNB not take over a session of a handover: it returns the cause, or nil to go on.
	RefuseSession func(session uint8) *ngap.Cause
	// RefuseFlow makes the gNB leave a QoS flow out: it returns the cause, or nil to set the flow up.
	RefuseFlow func(session, qfi uint8) *ngap.Cause
	// IgnoreOverload makes the gNB go on as if no AMF had ever asked it to keep UEs away.
	IgnoreOverload bool
	// NoIntegrity makes the gNB one that cannot protect the integrity of user data.
	NoIntegrity bool
}

// SetupError is the AMF's NG SETUP FAILURE, TS 38.413 §9.2.6.3.
type SetupError struct {
	Cause ngap.Cause
	// Wait is how long the gNB shall wait before it tries again, 0 if the AMF did not say.
	Wait time.Duration
}

func (e *SetupError) Error() string { return fmt.Sprintf("NGSetupFailure: %v", e.Cause) }

// Errors of a gNB.
var (
	// ErrNoAMF says that there is no association with an AMF that has accepted the gNB.
	ErrNoAMF = errors.New("gnb: no AMF")
	// ErrTimeout says that the AMF does not answer.
	ErrTimeout = errors.New("gnb: the AMF does not answer")
	// ErrNoContext says that the UE has no context in this gNB, or the AMF has not named it yet.
	ErrNoContext = errors.New("gnb: the UE has no connection to the AMF")
	// ErrClosed says that the gNB is closed.
	ErrClosed = errors.New("gnb: closed")
)

// GNB is one gNB with one cell and one AMF. It is a radio.Cell. Its methods may be called from several goroutines.
type GNB struct {
	cfg  Config
	data *userPlane // nil without data path
	stop context.CancelFunc
	life context.Context // ends at Close
	done chan struct{}

	mu        sync.Mutex
	links     []*link               // those that stand, the oldest first
	amf       *ngap.NGSetupResponse // nil before it accepted the gNB
	answers   map[ngap.ProcedureCode]chan ngap.Message
	contexts  map[ngap.RANUENGAPID]*ueContext
	terminals map[radio.Terminal]*ueContext
	paging    map[ident.STMSI]radio.Terminal
	monitors  map[radio.Terminal]ident.STMSI
	releasing map[radio.Terminal]bool // whose RRC connections are on the way out, and whether they were paged meanwhile
	arrivals  map[tunnelEnd]*arrival
	lastID    ngap.RANUENGAPID
	lastTEID  uint32
	overload  *overload
	xnTold    chan xnAnswer // of who asks for another gNB's Xn address; has room for one
	err       error         // why the association is lost
	closed    bool
	finished  bool
}

// New makes a gNB without association. The error says what in the configuration is wrong.
func New(cfg Config) (*GNB, error) {
	if cfg.Dial == nil {
		return nil, errors.New("gnb: no way to dial an AMF")
	}
	if !cfg.PLMN.Valid() || cfg.TAC > ident.MaxTAC {
		return nil, errors.New("gnb: bad PLMN or TAC")
	}
	if cfg.IDBits == 0 {
		cfg.IDBits = 32
	}
	if cfg.IDBits < 22 || cfg.IDBits > 32 || cfg.IDBits < 32 && cfg.ID>>cfg.IDBits != 0 {
		return nil, fmt.Errorf("gnb: identity %d does not fit in %d bits (22 to 32)", cfg.ID, cfg.IDBits)
	}
	if cfg.Slices == nil {
		cfg.Slices = []ident.SNSSAI{{SST: 1, SD: ident.NoSD}}
	}
	if cfg.SetupTimeout == 0 {
		cfg.SetupTimeout = 10 * time.Second
	}
	if cfg.Name == "" {
		cfg.Name = "gNB"
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if !cfg.N3.IsValid() {
		cfg.N3 = netip.IPv4Unspecified()
	}
	g := &GNB{
		cfg: cfg, done: make(chan struct{}), lastTEID: cfg.LastTEID,
		answers:   make(map[ngap.ProcedureCode]chan ngap.Message),
		contexts:  make(map[ngap.RANUENGAPID]*ueContext),
		terminals: make(map[radio.Terminal]*ueContext),
		paging:    make(map[ident.STMSI]radio.Terminal),
		releasing: make(map[radio.Terminal]bool),
		monitors:  make(map[radio.Terminal]ident.STMSI),
		arrivals:  make(map[tunnelEnd]*arrival),
	}
	g.life, g.stop = context.WithCancel(context.Background())
	if cfg.DataPath {
		var err error
		if g.data, err = listen(cfg.N3, cfg.Log); err != nil {
			return nil, fmt.Errorf("gnb: N3: %w", err)
		}
	}
	return g, nil
}

// AMF is what the AMF told of itself, nil before it accepted the gNB.
func (g *GNB) AMF() *ngap.NGSetupResponse {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.amf
}

// N3 is the address of the user plane.
func (g *GNB) N3() netip.Addr { return g.cfg.N3 }

// Done is closed when the association is lost for good: at once without Config.Reconnect, else at Close.
func (g *GNB) Done() <-chan struct{} { return g.done }

// Err is why the association was lost last, nil if it was not.
func (g *GNB) Err() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.err
}

// Close shuts the association down, releases every UE and ends the user plane. The error is the association's.
func (g *GNB) Close(ctx context.Context) error {
	g.mu.Lock()
	links := slices.Clone(g.links)
	g.closed = true
	g.mu.Unlock()
	var errs []error
	for _, l := range links {
		errs = append(errs, l.assoc.Shutdown(ctx))
	}
	g.stop()
	for _, l := range links {
		g.lost(l, ErrClosed)
	}
	g.lost(nil, ErrClosed)
	err := errors.Join(errs...)
	if g.data != nil {
		err = errors.Join(err, g.data.close())
	}
	return err
}

// finish closes done once. The lock is held.
func (g *GNB) finish() {
	if !g.finished {
		g.finished = true
		close(g.done)
	}
}
