package gnb

import (
	"time"

	"github.com/limpid-5g/limpid/ran/radio"
)

// turns measures how long the core takes to answer. Its owner's lock is held.
type turns struct {
	asks  bool      // a NAS message is on its way to the association
	asked time.Time // when the association got the first that the AMF has not answered; zero: none
	took  time.Duration
	n     int
}

func (t *turns) ask() { t.asks = t.asked.IsZero() }

// sent notes that the association gets what is to be sent now.
func (t *turns) sent() {
	if t.asks {
		t.asks, t.asked = false, time.Now()
	}
}

// answer notes an answer by when it arrived; zero: now.
func (t *turns) answer(arrived time.Time) {
	if t.asked.IsZero() {
		return
	}
	if arrived.IsZero() {
		arrived = time.Now()
	}
	t.took, t.n, t.asked = t.took+max(arrived.Sub(t.asked), 0), t.n+1, time.Time{}
}

// CoreTurns is how often the AMF has answered a NAS message of a UE since the last call, and how long it took for that in all:
// from the moment in which the gNB gave the message to its association until the next message about that UE arrived, by the kernel's
// clock where the association knows it (sctp.Config.Arrivals), else came out of the association. A message that is not answered does not count. It tells nothing of a UE without connection.
func (g *GNB) CoreTurns(t radio.Terminal) (n int, took time.Duration) {
	g.mu.Lock()
	c := g.terminals[t]
	g.mu.Unlock()
	if c == nil {
		return 0, 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	n, took = c.turns.n, c.turns.took
	c.turns = turns{}
	return n, took
}
