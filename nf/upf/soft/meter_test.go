package soft

import (
	"sync/atomic"
	"testing"
	"time"
)

// TestPolicer lets through what the maximum bit rate allows, for rates from kbit/s to beyond 1 Tbit/s, whether packets
// come evenly or all at once, TS 23.501 §5.7.1.8.
func TestPolicer(t *testing.T) {
	const seconds = 10
	for _, kbps := range []uint64{64, 1_000, 100_000, 1_000_000, 100_000_000, 10_000_000_000} {
		offered := max(1, min(2000, int(kbps/4))) // packets of the size that makes twice the rate
		size := int(float64(kbps) * 1000 / 8 * 2 * seconds / float64(offered*100))
		p := newPolicer(new(atomic.Int64), kbps)
		var passed float64
		for i := range offered * 100 {
			now := int64(float64(i) / float64(offered*100) * seconds * float64(time.Second))
			if p.open(now) {
				p.take(size, now)
				passed += float64(size)
			}
		}
		want := float64(kbps) * 1000 / 8 * seconds
		if ratio := passed / want; ratio < 0.98 || ratio > 1.05 {
			t.Errorf("%d kbit/s: %.3f of the rate passed", kbps, ratio)
		}
	}
	if none := newPolicer(new(atomic.Int64), 0); none.open(0) {
		t.Error("a rate of 0 lets packets through")
	}
}

// TestBurst: a session at rest may send 15 milliseconds' worth at once, not more.
func TestBurst(t *testing.T) {
	p := newPolicer(new(atomic.Int64), 8_000) // 1000 octets per millisecond
	n := 0
	for ; p.open(int64(time.Hour)); n++ {
		p.take(1000, int64(time.Hour))
	}
	if n < 15 || n > 17 {
		t.Errorf("%d packets of a millisecond each", n)
	}
}

// TestLimiter bounds what a flood can draw, and starts anew each second.
func TestLimiter(t *testing.T) {
	var l limiter
	for second := range int64(3) {
		n := 0
		for range 5 * errorsPerSecond {
			if l.allow(second * int64(time.Second)) {
				n++
			}
		}
		if n != errorsPerSecond {
			t.Errorf("%d in second %d", n, second)
		}
	}
}
