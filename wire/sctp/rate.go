package sctp

import (
	"sync"
	"time"
)

// bucket lets a bounded number of events through per second, and a second's worth in one burst.
type bucket struct {
	perSecond int

	mu    sync.Mutex
	spent time.Duration // the time up to which events are paid for
}

func (b *bucket) allow(now time.Duration) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.spent = max(b.spent, now-time.Second)
	cost := time.Second / time.Duration(b.perSecond)
	if b.spent+cost > now {
		return false
	}
	b.spent += cost
	return true
}
