package soft

import (
	"sync/atomic"
	"time"

	"github.com/limpid-5g/limpid/nf/upf"
)

// meter is the state of a QER: a policer for each direction, here or in memory that another path shares.
type meter struct {
	uplink, downlink *atomic.Int64
	own              [2]atomic.Int64
}

// policer holds a direction of a QER to its maximum bit rate, TS 23.501 §5.7.1.8.
type policer struct {
	next     *atomic.Int64
	perOctet uint64
	closed   bool // a rate of 0
}

func newPolicer(next *atomic.Int64, kbps uint64) policer {
	if kbps == 0 {
		return policer{next: next, closed: true}
	}
	return policer{next: next, perOctet: upf.MeterRate(kbps)}
}

// open tells whether a packet may pass at the time now in nanoseconds.
func (p *policer) open(now int64) bool {
	return !p.closed && p.next.Load()-now*upf.MeterTicks <= upf.MeterBurst
}

// opens is how long it takes until all of some policers are ahead of their rates by no more than a burst; those that never open are
// not waited for.
func opens(all []policer, now, burst int64) (d time.Duration) {
	for i := range all {
		if all[i].closed {
			return 0
		}
		if ticks := all[i].next.Load() - now*upf.MeterTicks - burst; ticks > 0 {
			d = max(d, time.Duration(ticks/upf.MeterTicks)+1)
		}
	}
	return d
}

// take takes octets that pass.
func (p *policer) take(octets int, now int64) {
	cost, t := upf.MeterCost(p.perOctet, octets), now*upf.MeterTicks
	for {
		next := p.next.Load()
		if p.next.CompareAndSwap(next, max(next, t)+cost) {
			return
		}
	}
}

// limiter lets a bounded number of events per second through.
type limiter struct {
	second, count atomic.Int64
}

// errorsPerSecond bounds the error indications that a flood of unknown TEIDs can draw from this UPF.
const errorsPerSecond = 1000

func (l *limiter) allow(now int64) bool {
	s := now / int64(time.Second)
	if old := l.second.Load(); old != s && l.second.CompareAndSwap(old, s) {
		l.count.Store(0)
	}
	return l.count.Add(1) <= errorsPerSecond
}
