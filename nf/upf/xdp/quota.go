package xdp

import (
	"sync/atomic"
	"time"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// What is left of a quota is one number in the ledger, which the programs and user space take from, TS 29.244 §5.2.2.2. A packet that
// finds it used up is user space's, which drops it and has it told. A quota of which one bound was chosen is kept so; others are
// user space's alone.

// grant makes what is left of each quota that is new follow from what was counted: before user space has the rules, which may let
// packets go that have waited.
func (p *Path) grant(x *installation, rules *upf.Session) {
	x.quotas, x.granted = map[pfcp.URRID]upf.Limit{}, map[*account]int64{}
	for i := range rules.URRs {
		u := &rules.URRs[i]
		a := x.urrs[u.ID]
		if _, kept := p.ledger.index[urrKey{x.slot, u.ID}]; !kept || a == nil || !u.Quota.Single() || restricts(*u) {
			continue
		}
		if x.quotas[u.ID] = u.Quota; x.session.quotas[u.ID] == u.Quota {
			continue
		}
		n := u.Quota.Left(p.usage(x.session, u.ID)) - a.remaining().Load()
		a.remaining().Add(n)
		x.granted[a] = n
	}
}

// settleQuotas takes from new quotas what was counted by rules that knew nothing of them, once no program works by those. A packet
// takes before it counts: what is under way makes nothing seem to be left over.
func (p *Path) settleQuotas(s *session) {
	if len(s.quotas) == 0 {
		return
	}
	generation := s.generation
	time.AfterFunc(2*grace, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.loaded == nil || p.sessions[s.slot] != s || s.generation != generation {
			return
		}
		for id, quota := range s.quotas {
			if a := s.urrs[id]; a != nil {
				counted := p.usage(s, id)
				if over := a.remaining().Load() - quota.Left(counted); over > 0 {
					a.remaining().Add(-over)
				}
			}
		}
	})
}

// Remaining is what is left of a quota that the programs may take from.
func (m memory) Remaining(_ uint32, id pfcp.URRID) *atomic.Int64 {
	x := m.path.applying
	if x == nil {
		return nil
	}
	if _, shared := x.quotas[id]; !shared {
		return nil
	}
	return x.urrs[id].remaining()
}
