// Package pcf is the policy control function, TS 23.503 §6.2.1: it decides the rules of each PDU session from the
// subscription and from what the operator configured, and tells SMFs and AMFs when the operator changes that.
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
	// MaxUEAMBR caps the subscribed UE-AMBR, bit/s; zero: no cap.
	MaxUEAMBR nudm.AMBR
	// SessionPolicies are looked through in order: the first that fits a session rules it. A session that none
	// fits has the match-all rule with the subscribed QoS.
	SessionPolicies []SessionPolicy
	// MaxAssociations bounds AM and SM policy associations, each on its own; 0 means 16,000,000.
	MaxAssociations int
}

// SessionPolicy is the policy of the sessions on a DNN.
type SessionPolicy struct {
	DNN    ident.DNN
	SNSSAI *ident.SNSSAI // nil: on every slice
	// Barred lets no session be: new ones are refused and those that are there released.
	Barred bool
	// MaxSessionAMBR caps the subscribed session AMBR, bit/s; zero: no cap.
	MaxSessionAMBR nudm.AMBR
	// PCCRules come before the match-all rule.
	PCCRules []npcf.PCCRule
	// ReflectiveQoSTimer is the RQ timer in seconds, TS 24.501 §10.3; 0: no reflective QoS.
	ReflectiveQoSTimer uint32
	// UERequests is what UEs may ask for beyond that; nil: nothing.
	UERequests *UERequests
}

// UERequests bounds the rules that a UE may have at its own request, TS 23.503 §6.1.3.6.
type UERequests struct {
	FiveQIs []uint8
	Rules   int // at most, in one session
	// Maximum and Guaranteed are the most that one rule may have, bit/s; a zero guaranteed rate is none.
	Maximum, Guaranteed nudm.AMBR
}

// Deps are the services that a PCF uses. Without Sessions or Access nobody is told of changes.
type Deps struct {
	UDR      nudr.DataRepository
	Sessions npcf.SMPolicyNotify
	Access   npcf.AMPolicyNotify
}

// More than a million UEs with their sessions: whoever lets UEs in has bounds of its own.
const defaultMaxAssociations = 16_000_000

// PCF is a policy control function. It is safe for concurrent use.
type PCF struct {
	deps Deps
	log  *slog.Logger

	mu  sync.Mutex
	cfg Config
	am  associations[ident.SUPI, accessPolicy]
	sm  associations[session, keptPolicy]

	// the last ones, which the next may share
	lastAccess  *accessFacts
	lastSession *sessionPolicy
}

// session names a PDU session: a UE has one SM policy association for each.
type session struct {
	supi ident.SUPI
	id   uint8
}

// RestoreAM brings back the AM policy association that a UE's AMF kept over a restart.
func (p *PCF) RestoreAM(req npcf.AMPolicyRequest, id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.am.restore(req.SUPI, id, p.accessPolicy(req, p.cfg.access(&req)))
}

// Expect makes room for the policy associations of so many UEs and sessions, which come at once. Call it before they are restored.
func (p *PCF) Expect(ues, sessions int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.am.expect(ues)
	p.sm.expect(sessions)
}

// RestoreSM brings back the SM policy association that a session's SMF kept over a restart, with the rules that the UE
// had asked for.
func (p *PCF) RestoreSM(req npcf.SMPolicyContextData, id string, byUE []npcf.PCCRule) {
	p.mu.Lock()
	defer p.mu.Unlock()
	owner := session{req.SUPI, req.PDUSessionID}
	if k, ok := p.asLast(&req); ok && len(byUE) == 0 {
		p.sm.restore(owner, id, k)
		return
	}
	a := sessionPolicy{request: req, byUE: byUE}
	for _, r := range byUE {
		a.lastUE = max(a.lastUE, numberOfUERule(r.ID))
	}
	a.now = p.cfg.decide(&a)
	p.sm.restore(owner, id, p.kept(a))
}

// New makes a PCF.
func New(cfg Config, deps Deps, log *slog.Logger) *PCF {
	return &PCF{
		cfg: cfg, deps: deps, log: log,
		am: newAssociations[ident.SUPI, accessPolicy](cfg.most()), sm: newAssociations[session, keptPolicy](cfg.most()),
	}
}

func (c *Config) most() int {
	if c.MaxAssociations == 0 {
		return defaultMaxAssociations
	}
	return c.MaxAssociations
}
