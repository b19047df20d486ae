// Package udr is the unified data repository, TS 23.501 §6.2.12: it offers the stored subscription data as
// Nudr_DataRepository (TS 29.504) and hands out sequence numbers.
package udr

import (
	"log/slog"
	"sync"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/nudr"
	"github.com/limpid-5g/limpid/store"
)

var _ nudr.DataRepository = (*UDR)(nil)

// Config is what an operator may set.
type Config struct {
	// SQNBlock is how many sequence numbers are leased with one durable write; 0 means 32. At most this many are
	// lost for a subscriber when the process dies, TS 33.102 §C.1.2.
	SQNBlock uint64
	// Life numbers the run of the node that this is part of, store.Life; it has sequence numbers for which nothing is
	// written (store.Authentication). 0: it has none.
	Life uint64
}

// defaultSQNBlock is far below what a USIM accepts as one jump (aka.DefaultDelta).
const defaultSQNBlock = 32

// UDR is a unified data repository over a store. It is safe for concurrent use.
type UDR struct {
	cfg   Config
	store store.Subscribers
	log   *slog.Logger

	recent recent

	mu     sync.Mutex
	leases map[ident.SUPI]*lease
}

// New makes a UDR over st.
func New(cfg Config, st store.Subscribers, log *slog.Logger) *UDR {
	if cfg.SQNBlock == 0 {
		cfg.SQNBlock = defaultSQNBlock
	}
	return &UDR{cfg: cfg, store: st, log: log, leases: make(map[ident.SUPI]*lease)}
}
