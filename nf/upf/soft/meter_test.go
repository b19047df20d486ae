package soft

import (
	"testing"
	"time"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// TestPolicer lets through what the maximum bit rate allows, for rates from kbit/s to beyond 1 Tbit/s, whether packets
// come evenly or all at once, TS 23.501 §5.7.1.8.
func TestPolicer(t *testing.T) {
	const seconds = 10
	for _, kbps := range []uint64{64, 1_000, 100_000, 1_000_000, 100_000_000, 10_000_000_000} {
		offered := max(1, min(2000, int(kbps/4))) // packets of the size that makes twice the rate
		size := int(float64(kbps) * 1000 / 8 * 2 * seconds / float64(offered*100))
		m := new(meter)
		p := newPolicer(m, true, pfcp.MBR{Uplink: kbps, Downlink: 0})
		var passed float64
		for i := range offered * 100 {
			now := int64(float64(i) / float64(offered*100) * seconds * float64(time.Second))
			if p.allow(size, now) {
				passed += float64(size)
			}
		}
		want := float64(kbps) * 1000 / 8 * seconds
		if ratio := passed / want; ratio < 0.98 || ratio > 1.05 {
			t.Errorf("%d kbit/s: %.3f of the rate passed", kbps, ratio)
		}
		down := newPolicer(m, false, pfcp.MBR{Uplink: kbps})
		if down.allow(1, 0) {
			t.Errorf("%d kbit/s: the other direction has a rate of 0", kbps)
		}
	}
}

// TestBurst: a session at rest may send a tenth of a second's worth at once, not more.
func TestBurst(t *testing.T) {
	p := newPolicer(new(meter), true, pfcp.MBR{Uplink: 8_000}) // 1000 octets per millisecond
	n := 0
	for p.allow(1000, int64(time.Hour)) {
		n++
	}
	if n < 100 || n > 102 {
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
