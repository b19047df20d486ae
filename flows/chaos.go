package flows

import (
	"math/rand/v2"
	"sync"

	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// chaos makes every UE and gNB of a stage misbehave now and then.
type chaos struct {
	mu     sync.Mutex
	random *rand.Rand
	off    bool
	late   []gmm.Message  // held back: said after what comes next
	lateN2 []ngap.Message // the same
	rarely int            // gNBs misbehave only at one in so many messages; 0: at each
}

// one tells true once in n times.
func (c *chaos) one(n int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.off && c.random.IntN(n) == 0
}

func (c *chaos) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off, c.late, c.lateN2 = true, nil, nil
}

func (c *chaos) n1(m gmm.Message) []gmm.Message {
	switch {
	case c.one(20):
		return nil
	case c.one(20):
		return []gmm.Message{m, m}
	case c.one(20):
		return []gmm.Message{spoil(m)}
	case c.one(30):
		c.mu.Lock()
		defer c.mu.Unlock()
		c.late = append(c.late, m)
		return nil
	}
	return append([]gmm.Message{m}, c.heldBack()...)
}

// heldBack is what was held back, perhaps by another UE: the AMF must see that it is not this one's.
func (c *chaos) heldBack() []gmm.Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	late := c.late
	c.late = nil
	return late
}

func (c *chaos) n2(m ngap.Message) []ngap.Message {
	if c.rarely > 0 && !c.one(c.rarely) {
		return []ngap.Message{m}
	}
	switch {
	case m.Name() == "NGSetupRequest", m.Name() == "NGReset":
		return []ngap.Message{m}
	case c.one(20):
		return nil
	case c.one(20):
		return []ngap.Message{m, m}
	case c.one(20):
		return []ngap.Message{radioLost(m)}
	case c.one(40):
		return []ngap.Message{radioLost(m), m}
	case c.one(30):
		c.mu.Lock()
		defer c.mu.Unlock()
		c.lateN2 = append(c.lateN2, m)
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	late := c.lateN2
	c.lateN2 = nil
	return append([]ngap.Message{m}, late...)
}
