package flows

import (
	"context"
	"errors"
	"sync"

	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// holds are the messages that UEs and gNBs hold back for a while, so that a procedure of the core waits for them.
type holds struct {
	mu    sync.Mutex
	names map[string]map[string]bool // of the messages that are held back, by who does
	n1    map[string][]gmm.Message
	n2    map[string][]ngap.Message
}

// holdVerbs keep answers back and let them go.
func (s *stage) holdVerbs() verbs {
	return verbs{"hold": s.hold, "let": s.let}
}

// hold keeps every message of a name back from now on: "hold u1 RegistrationComplete", "hold gnb1 LocationReport"; or does
// not hear it: "hold gnb1 UEContextReleaseCommand".
func (s *stage) hold(_ context.Context, c *command) error {
	if len(c.words) != 3 || s.ues[c.words[1]] == nil && s.cells[c.words[1]] == nil {
		return errors.New("hold UE|GNB MESSAGE")
	}
	h := &s.holds
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.names == nil {
		h.names, h.n1, h.n2 = make(map[string]map[string]bool), make(map[string][]gmm.Message), make(map[string][]ngap.Message)
	}
	if h.names[c.words[1]] == nil {
		h.names[c.words[1]] = make(map[string]bool)
	}
	h.names[c.words[1]][c.words[2]] = true
	return nil
}

// let sends what was held back, the last message of it alone, or, with "let u1 none", nothing.
func (s *stage) let(_ context.Context, c *command) error {
	h, who := &s.holds, c.words[1]
	h.mu.Lock()
	n1, n2 := h.n1[who], h.n2[who]
	delete(h.names, who)
	delete(h.n1, who)
	delete(h.n2, who)
	h.mu.Unlock()
	switch {
	case c.has("none"):
	case len(n1) > 0:
		return s.ues[who].Send(n1[len(n1)-1])
	case len(n2) > 0:
		return s.cells[who].Send(n2[len(n2)-1])
	default:
		return errors.New("nothing was held back")
	}
	return nil
}

// hides tells whether a UE or a gNB does not hear a message: it is lost.
func (h *holds) hides(who, name string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.names[who][name]
}

// keepsN1 tells whether a UE holds a message back.
func (h *holds) keepsN1(who string, m gmm.Message) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.names[who][m.Name()] {
		return false
	}
	h.n1[who] = append(h.n1[who], m)
	return true
}

// keepsN2 tells whether a gNB holds a message back.
func (h *holds) keepsN2(who string, m ngap.Message) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.names[who][m.Name()] {
		return false
	}
	h.n2[who] = append(h.n2[who], m)
	return true
}
