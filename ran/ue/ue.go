// Package ue is a simulated 5G phone: the 5GMM and 5GSM sublayers of TS 24.501 as a UE runs them, and the USIM.
//
// It checks what a phone checks. It has no goroutine of its own: a procedure runs in its caller's goroutine, and what the
// network starts runs in the goroutine that brings the message. So a UE at rest is only its data.
package ue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/ladder"
	"github.com/limpid-5g/limpid/ran/radio"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

// Config describes a UE. It does not change afterwards.
type Config struct {
	USIM *USIM

	IMEISV string // 16 digits, TS 23.003 §6.2.2; empty: DefaultIMEISV
	// NEA and NIA are the identifiers of the algorithms that the UE supports, TS 24.501 §9.11.3.54; nil: 0, 1, 2, 3.
	NEA, NIA []uint8
	// Slices is the requested NSSAI, TS 24.501 §9.11.3.37; nil: none is requested.
	Slices []ident.SNSSAI
	// ExtendedRejections says that the UE takes rejected slices in their extended form (ER-NSSAI), TS 24.501 §9.11.3.1.
	ExtendedRejections bool
	// SliceCredentials are for slices that authenticate their UEs (NSSAA); nil: the UE does not support that.
	SliceCredentials map[ident.SNSSAI]SliceCredential
	// Suspendable says that the UE can be suspended in 5GMM-IDLE mode (5G-UP CIoT), TS 24.501 §9.11.3.1.
	Suspendable bool

	// Deciphered sees each NAS message that is ciphered over the air as it would be in clear, also an initial message whose NAS
	// message container alone is ciphered. It must not call the UE.
	Deciphered func(pdu []byte)

	Hooks  Hooks
	Ladder ladder.Sink
	Name   string // in the ladder; empty: "UE"
	Log    *slog.Logger
}

// DefaultIMEISV is the equipment identity of a UE that is given none. Its type allocation code is the test value
// 00499901.
const DefaultIMEISV = "0049990100000101"

// Hooks make a UE misbehave. A nil hook changes nothing. A hook must not call the UE.
type Hooks struct {
	// Uplink sees each 5GMM message before it is protected and returns what is sent instead: nothing, the same twice,
	// a changed one.
	Uplink func(m gmm.Message) []gmm.Message
	// UplinkPDU sees each message as it goes over the air and returns what is sent instead.
	UplinkPDU func(pdu []byte) [][]byte
	// Downlink sees each accepted 5GMM message; true hides it from the UE.
	Downlink func(m gmm.Message) bool
	// CountReused hears of a downlink message under a NAS COUNT that the network has used before under the same key,
	// which TS 24.501 §4.4.3.1 forbids. The UE drops the message.
	CountReused func(count uint32)
	// RefuseModification is the cause with which the UE refuses every PDU SESSION MODIFICATION COMMAND; 0: it does not.
	RefuseModification gsm.Cause
}

// UE is one phone. Its methods may be called from several goroutines; 5GMM procedures exclude each other.
type UE struct {
	cfg Config

	mu   sync.Mutex
	cell radio.Cell
	conn radio.Connection // nil in 5GMM-IDLE
	// dormant is the connection of a suspended UE.
	dormant radio.Connection
	// connections counts them, so that a timer knows its own.
	connections uint32
	security
	registration
	sessions []*session
	sm       []*smTransaction
	suci     *gmm.SUCI // that was concealed and that nobody has heard yet
	mm       *transaction
	lastPTI  uint8
	releases map[uint8]release // why the network released sessions
	changed  chan struct{}     // closed and forgotten when Status changes; nil if nobody waits
}

// Status is the state of a UE, TS 24.501 §5.1.3.2.
type Status struct {
	Registered bool
	Connected  bool // 5GMM-CONNECTED
	Secure     bool // secure exchange of NAS messages is established, TS 24.501 §4.4.2.5
	Paged      bool // paged since the last connection
	GUTI       *ident.GUTI
	TAIs       gmm.TAIList // the registration area
	Allowed    gmm.NSSAI
	Rejected   gmm.RejectedNSSAI
	Configured gmm.NSSAI
	Pending    gmm.NSSAI     // that are to authenticate the UE
	NEA, NIA   uint8         // the selected algorithms
	T3512      time.Duration // periodic registration, 0 if deactivated
	T3502      time.Duration // between failed attempts
	PowerSaving
	FullName, ShortName string    // of the network
	Time                time.Time // local time as the network told it
	ServiceAreas        gmm.ServiceAreaList
	EquivalentPLMNs     gmm.PLMNList
	SlicesChanged       bool // the subscribed slices changed, TS 24.501 §4.6.2.2
	// Reregister says that the network asked the UE to register again.
	Reregister bool
	// End is why the network ended the registration, nil if it did not.
	End error
}

// New makes a UE that camps nowhere. The error says what in the configuration is wrong.
func New(cfg Config) (*UE, error) {
	if cfg.USIM == nil || cfg.USIM.Algorithm == nil {
		return nil, errors.New("ue: no USIM or no authentication algorithm")
	}
	if _, err := cfg.USIM.suci(); err != nil {
		return nil, fmt.Errorf("ue: %w", err)
	}
	if cfg.IMEISV == "" {
		cfg.IMEISV = DefaultIMEISV
	}
	if _, err := gmm.ParseEquipmentIdentity(cfg.IMEISV); err != nil || len(cfg.IMEISV) != 16 {
		return nil, fmt.Errorf("ue: IMEISV %q: not 16 digits", cfg.IMEISV)
	}
	if cfg.NEA == nil {
		cfg.NEA = []uint8{0, 1, 2, 3}
	}
	if cfg.NIA == nil {
		cfg.NIA = []uint8{0, 1, 2, 3}
	}
	if cfg.Name == "" {
		cfg.Name = "UE"
	}
	return &UE{cfg: cfg}, nil
}

// Camp chooses a cell, TS 38.304 §5.2. A UE in connected mode loses its connection.
func (u *UE) Camp(cell radio.Cell) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.conn != nil {
		u.lose()
	}
	if u.cell != nil {
		u.cell.Ignore(u)
	}
	u.cell = cell
	u.monitor()
}

// Cell is where the UE camps or is connected, nil for nowhere.
func (u *UE) Cell() radio.Cell {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.cell
}

// SUPI is the subscription's identity.
func (u *UE) SUPI() ident.SUPI { return u.cfg.USIM.SUPI }

// Status returns a snapshot.
func (u *UE) Status() Status {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.status()
}

func (u *UE) status() Status {
	s := Status{
		Registered: u.registered, Connected: u.conn != nil, Secure: u.secure, Paged: u.paged,
		TAIs: u.tais, Allowed: u.allowed, Rejected: u.rejected, Configured: u.configured, Pending: u.pendingSlices,
		T3512: u.t3512, T3502: u.t3502, PowerSaving: u.saving,
		FullName: u.config.fullName, ShortName: u.config.shortName, Time: u.config.time,
		ServiceAreas: u.config.areas, EquivalentPLMNs: u.config.equivalent, SlicesChanged: u.config.slicesChanged,
		Reregister: u.reregister, End: u.ended,
	}
	if u.guti != nil {
		g := *u.guti
		s.GUTI = &g
	}
	if u.current != nil {
		s.NEA, s.NIA = u.current.nea, u.current.nia
	}
	return s
}

// Await waits until ready says yes to the status. The error is ctx's.
func (u *UE) Await(ctx context.Context, ready func(Status) bool) error {
	for {
		u.mu.Lock()
		if ready(u.status()) {
			u.mu.Unlock()
			return nil
		}
		if u.changed == nil {
			u.changed = make(chan struct{})
		}
		changed := u.changed
		u.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// AwaitIdle waits until the connection is released.
func (u *UE) AwaitIdle(ctx context.Context) error {
	return u.Await(ctx, func(s Status) bool { return !s.Connected })
}

// AwaitPaging waits until the UE is paged, TS 24.501 §5.6.2. It is for ServiceRequest to answer.
func (u *UE) AwaitPaging(ctx context.Context) error {
	return u.Await(ctx, func(s Status) bool { return s.Paged })
}

// change wakes Await.
func (u *UE) change() {
	if u.changed != nil {
		close(u.changed)
		u.changed = nil
	}
}

func (u *UE) log(msg string, args ...any) {
	if u.cfg.Log != nil {
		u.cfg.Log.Info(msg, append([]any{"supi", u.cfg.USIM.SUPI.Conceal()}, args...)...)
	}
}
