package soft

import (
	"sync/atomic"
	"time"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// meter is the state of a QER: for each direction the time at which what was sent would have been sent at the maximum
// bit rate, in ticks since the start.
type meter struct {
	uplink, downlink atomic.Int64
}

// tick is the unit of a meter: a sixteenth of a nanosecond, so that even at 1 Tbit/s an octet costs some.
const tick = 16

// burst is how far ahead of its rate a session may be: it covers a full batch even at low rates.
const burst = int64(100*time.Millisecond) * tick

// policer holds a direction of a QER to its maximum bit rate, TS 23.501 §5.7.1.8.
type policer struct {
	next    *atomic.Int64
	perByte float64 // ticks
	closed  bool    // a rate of 0
}

func newPolicer(m *meter, uplink bool, rate pfcp.MBR) policer {
	next, kbps := &m.downlink, rate.Downlink
	if uplink {
		next, kbps = &m.uplink, rate.Uplink
	}
	if kbps == 0 {
		return policer{next: next, closed: true}
	}
	return policer{next: next, perByte: 8e6 * tick / float64(kbps)}
}

// allow takes n octets at the time now in nanoseconds, or refuses them.
func (p *policer) allow(n int, now int64) bool {
	if p.closed {
		return false
	}
	cost, t := int64(float64(n)*p.perByte), now*tick
	for {
		next := p.next.Load()
		after := max(next, t) + cost
		if next-t > burst {
			return false
		}
		if p.next.CompareAndSwap(next, after) {
			return true
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
