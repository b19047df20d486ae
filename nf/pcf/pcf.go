// Package pcf is the policy control function, TS 23.503 §6.2.1: it decides the rules of each PDU session from the
// subscription and from what the operator configured.
package pcf

import (
	"log/slog"
	"sync"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/sbi/nudr"
)

var (
	_ npcf.AMPolicyControl = (*PCF)(nil)
	_ npcf.SMPolicyControl = (*PCF)(nil)
)

// Config is what an operator may set. Validate tells whether it holds together.
type Config struct {
	// RFSPIndex is the RAT/frequency selection priority for every UE, TS 29.507 §4.2.2; 0: as subscribed.
	RFSPIndex uint16
	// SessionPolicies are looked through in order: the first that fits a session rules it. A session that none
	// fits has the match-all rule with the subscribed QoS.
	SessionPolicies []SessionPolicy
	// MaxAssociations bounds AM and SM policy associations, each on its own; 0 means 1,000,000.
	MaxAssociations int
}

// SessionPolicy is the policy of the sessions on a DNN.
type SessionPolicy struct {
	DNN    ident.DNN
	SNSSAI *ident.SNSSAI // nil: on every slice
	// MaxSessionAMBR caps the subscribed session AMBR, bit/s; zero: no cap.
	MaxSessionAMBR nudm.AMBR
	// PCCRules come before the match-all rule.
	PCCRules []npcf.PCCRule
}

const defaultMaxAssociations = 1_000_000

// PCF is a policy control function. It is safe for concurrent use.
type PCF struct {
	cfg Config
	udr nudr.DataRepository
	log *slog.Logger

	mu sync.Mutex
	am associations[ident.SUPI]
	sm associations[session]
}

// session names a PDU session: a UE has one SM policy association for each.
type session struct {
	supi ident.SUPI
	id   uint8
}

// RestoreAM brings back the AM policy association that a UE's AMF kept over a restart.
func (p *PCF) RestoreAM(supi ident.SUPI, id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.am.restore(supi, id)
}

// RestoreSM brings back the SM policy association that a session's SMF kept over a restart.
func (p *PCF) RestoreSM(supi ident.SUPI, pduSessionID uint8, id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sm.restore(session{supi, pduSessionID}, id)
}

// New makes a PCF that looks subscribers up in udr.
func New(cfg Config, udr nudr.DataRepository, log *slog.Logger) *PCF {
	if cfg.MaxAssociations == 0 {
		cfg.MaxAssociations = defaultMaxAssociations
	}
	return &PCF{
		cfg: cfg, udr: udr, log: log,
		am: newAssociations[ident.SUPI](cfg.MaxAssociations), sm: newAssociations[session](cfg.MaxAssociations),
	}
}
