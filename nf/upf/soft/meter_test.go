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

// TestPolicingError holds what passes in any second to 2 % of the rate, from 64 kbit/s to 100 Gbit/s, however the packets
// come: evenly, in bursts, or as fast as possible after a rest. The clock is the test's. No packet is more than a
// hundredth of what a second may bring, for no policer can cut one.
func TestPolicingError(t *testing.T) {
	const seconds = 4
	for _, kbps := range []uint64{64, 512, 5_000, 40_000, 1_000_000, 10_000_000, 100_000_000} {
		perSecond := float64(kbps) * 125
		size := int(min(65_535, perSecond/120))
		for name, gap := range map[string]func(i int) float64{ // seconds until the next packet, in packets of the rate
			"even":   func(int) float64 { return 0.5 },
			"bursts": func(i int) float64 { return map[bool]float64{true: 20, false: 0.01}[i%50 == 0] },
			"rest":   func(i int) float64 { return map[bool]float64{true: 300, false: 0.3}[i == 0] },
		} {
			p := newPolicer(new(atomic.Int64), kbps)
			var passedAt []float64
			now := 1000.0
			for i := 0; now < 1000+seconds; i++ {
				now += gap(i) * float64(size) / perSecond
				if t := int64(now * 1e9); p.open(t) {
					p.take(size, t)
					passedAt = append(passedAt, now)
				}
			}
			for i, from := 0, 0; i < len(passedAt); i++ { // the window of a second that ends with packet i
				for passedAt[i]-passedAt[from] >= 1 {
					from++
				}
				if passed := float64((i - from + 1) * size); passed > perSecond*1.02+float64(size) {
					t.Fatalf("%d kbit/s, %s: %.0f octets in a second, want %.0f", kbps, name, passed, perSecond)
				}
			}
			span := passedAt[len(passedAt)-1] - passedAt[0]
			if name == "even" && (float64(len(passedAt)*size) < perSecond*span*0.98 || float64(len(passedAt)*size) > perSecond*span*1.02+float64(size)) {
				t.Errorf("%d kbit/s: %.4f of the rate", kbps, float64(len(passedAt)*size)/perSecond/span)
			}
		}
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
