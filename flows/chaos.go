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
	c.off = true
}

func (c *chaos) n1(m gmm.Message) []gmm.Message {
	switch {
	case c.one(20):
		return nil
	case c.one(20):
		return []gmm.Message{m, m}
	case c.one(20):
		return []gmm.Message{spoil(m)}
	}
	return []gmm.Message{m}
}

func (c *chaos) n2(m ngap.Message) []ngap.Message {
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
	}
	return []ngap.Message{m}
}
