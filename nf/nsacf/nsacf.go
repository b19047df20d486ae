// Package nsacf is the network slice admission control function, TS 23.501 §5.15.11: it keeps the number of registered
// UEs and of PDU sessions of each slice within what the operator has set.
package nsacf

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/nnsacf"
)

var _ nnsacf.NSAC = (*NSACF)(nil)

// Config is what an operator may set.
type Config struct {
	Slices []Slice
	// EarlyCheck is how full a slice is, in percent of its UEs, from which on AMFs ask before they accept a UE; 0: always.
	EarlyCheck int
}

// Slice bounds the use of a slice. 0 is no bound.
type Slice struct {
	SNSSAI   ident.SNSSAI
	UEs      int // registered with it
	Sessions int
}

// Session names a PDU session.
type Session struct {
	SUPI         ident.SUPI
	PDUSessionID uint8
}

// NSACF counts UEs and sessions by their names, so that none counts twice. It is safe for concurrent use.
type NSACF struct {
	early int
	log   *slog.Logger

	mu      sync.Mutex
	slices  map[ident.SNSSAI]*count
	notify  []nnsacf.EACNotify
	ordered []ident.SNSSAI
}

// count is a slice with who is in it.
type count struct {
	Slice
	ues             map[ident.SUPI]struct{}
	sessions        map[Session]struct{}
	early           bool
	refusedUEs      uint64
	refusedSessions uint64
}

// New makes an NSACF.
func New(cfg Config, log *slog.Logger) *NSACF {
	n := &NSACF{early: cfg.EarlyCheck, log: log, slices: make(map[ident.SNSSAI]*count)}
	for _, s := range cfg.Slices {
		c := &count{Slice: s, ues: make(map[ident.SUPI]struct{}), sessions: make(map[Session]struct{})}
		n.slices[s.SNSSAI] = c
		n.ordered = append(n.ordered, s.SNSSAI)
		n.adjust(c)
	}
	return n
}

// Subscribe has somebody told which slices want to be asked early, now and whenever it changes.
func (n *NSACF) Subscribe(who nnsacf.EACNotify) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.notify = append(n.notify, who)
	for _, c := range n.slices {
		who.EACNotify(c.SNSSAI, c.early)
	}
}

// NumOfUEsUpdate implements nnsacf.NSAC, TS 23.502 §4.2.11.2.
func (n *NSACF) NumOfUEsUpdate(_ context.Context, req nnsacf.UEACRequest) map[ident.SNSSAI]nnsacf.Reason {
	n.mu.Lock()
	defer n.mu.Unlock()
	var refused map[ident.SNSSAI]nnsacf.Reason
	for _, r := range req.Slices {
		c := n.slices[r.SNSSAI]
		if c == nil || c.UEs == 0 {
			continue
		}
		if !admit(c.ues, req.SUPI, c.UEs, r.Operation) {
			if refused == nil {
				refused = make(map[ident.SNSSAI]nnsacf.Reason)
			}
			refused[r.SNSSAI] = nnsacf.MaximumUEs
			c.refusedUEs++
			n.log.Warn("slice admits no more UEs", "slice", r.SNSSAI, "supi", req.SUPI.Conceal(), "ues", len(c.ues), "maximum", c.UEs, "change", "nsacf.slices ues")
		}
		n.adjust(c)
	}
	return refused
}

// NumOfPDUsUpdate implements nnsacf.NSAC, TS 23.502 §4.2.11.4.
func (n *NSACF) NumOfPDUsUpdate(_ context.Context, req nnsacf.PDUACRequest) nnsacf.Reason {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.slices[req.SNSSAI]
	if c == nil || c.Sessions == 0 || admit(c.sessions, Session{req.SUPI, req.PDUSessionID}, c.Sessions, req.Operation) {
		return ""
	}
	c.refusedSessions++
	return nnsacf.MaximumSessions
}

// admit does an operation on a set and tells whether there was room.
func admit[T comparable](set map[T]struct{}, who T, most int, what nnsacf.Operation) bool {
	if what == nnsacf.Decrease {
		delete(set, who)
		return true
	}
	if _, there := set[who]; !there && what == nnsacf.Increase && len(set) >= most {
		return false
	}
	set[who] = struct{}{}
	return true
}

// adjust turns the early availability check on or off, TS 23.502 §4.2.11.3. Call it with mu held.
func (n *NSACF) adjust(c *count) {
	early := c.UEs > 0 && len(c.ues)*100 >= n.early*c.UEs
	if early == c.early {
		return
	}
	c.early = early
	for _, who := range n.notify {
		who.EACNotify(c.SNSSAI, early)
	}
}

// Use is a slice with how much of it is used.
type Use struct {
	Slice           ident.SNSSAI `json:"slice"`
	UEs             int          `json:"ues"`
	MaximumUEs      int          `json:"maximum_ues"` // 0: no bound, and none are counted
	Sessions        int          `json:"sessions"`
	MaximumSessions int          `json:"maximum_sessions"` // likewise
	EarlyCheck      bool         `json:"early_check"`
	RefusedUEs      uint64       `json:"refused_ues"` // since the start
	RefusedSessions uint64       `json:"refused_sessions"`
}

// Uses returns the slices that are bounded, in the order of the configuration.
func (n *NSACF) Uses() []Use {
	n.mu.Lock()
	defer n.mu.Unlock()
	list := make([]Use, 0, len(n.slices))
	for _, s := range n.ordered {
		c := n.slices[s]
		list = append(list, Use{Slice: s, UEs: len(c.ues), MaximumUEs: c.UEs, Sessions: len(c.sessions), MaximumSessions: c.Sessions,
			EarlyCheck: c.early, RefusedUEs: c.refusedUEs, RefusedSessions: c.refusedSessions})
	}
	return list
}

// SliceView is who is in a slice, for who compares it with what others hold.
type SliceView struct {
	Slice
	In   []ident.SUPI
	Held []Session
}

// View copies what the NSACF holds.
func (n *NSACF) View() []SliceView {
	n.mu.Lock()
	defer n.mu.Unlock()
	list := make([]SliceView, 0, len(n.slices))
	for _, s := range n.ordered {
		c := n.slices[s]
		v := SliceView{Slice: c.Slice}
		for supi := range c.ues {
			v.In = append(v.In, supi)
		}
		for session := range c.sessions {
			v.Held = append(v.Held, session)
		}
		slices.Sort(v.In)
		slices.SortFunc(v.Held, func(a, b Session) int {
			return cmp.Or(cmp.Compare(a.SUPI, b.SUPI), cmp.Compare(a.PDUSessionID, b.PDUSessionID))
		})
		list = append(list, v)
	}
	return list
}
