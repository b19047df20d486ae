package xdp

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// TestIdleWithRate: what waited for a UE is more than its Session-AMBR lets pass at once: it leaves at that rate, and what comes
// meanwhile leaves after it. Nothing is lost, and then the programs take over, TS 23.501 §5.8.3.2.
func TestIdleWithRate(t *testing.T) {
	const waiting, later, octets = 60, 60, 1000
	l := newLab(t)
	events := pages{told: make(chan uint32, 10)}
	p := l.runWith(t, Options{N6: []string{"n6"}, Mode: Native}, events)
	with := func(action pfcp.ApplyAction) *upf.Session {
		s := labSession(action)
		for i := range s.Rules {
			s.Rules[i].QERs = []upf.QER{{ID: 1, MBR: pfcp.Some(pfcp.MBR{Uplink: 5000, Downlink: 5000})}}
		}
		return s
	}
	check(t, p.Apply(labSession(pfcp.ApplyFORW)))
	l.warm(t, p.Path) // faster than the rate lets packets pass
	check(t, p.Apply(with(pfcp.ApplyFORW)))
	check(t, p.Apply(with(pfcp.ApplyBUFF|pfcp.ApplyNOCP)))
	text := func(i int) []byte { return fmt.Appendf(nil, "%d %s", i, strings.Repeat("x", octets)) }
	for i := range waiting {
		l.sendDown(t, text(i))
	}
	select {
	case <-events.told:
	case <-time.After(patience):
		t.Fatal("nobody is told")
	}
	for deadline := time.Now().Add(patience); p.Counters().Buffered < waiting; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not buffered: %+v", p.Counters())
		}
	}
	start := time.Now()
	check(t, p.Apply(with(pfcp.ApplyFORW)))
	for i := range later { // below the rate, but behind those that wait
		l.sendDown(t, text(waiting+i))
		time.Sleep(2 * time.Millisecond)
	}
	for i := range waiting + later {
		if got := l.atGNB(t, patience); string(got) != string(text(i)) {
			t.Fatalf("packet %d: got %.20q, %+v", i, got, p.Counters())
		}
		if i == waiting-1 { // 15 ms of burst are within the rate
			if d, least := time.Since(start), waiting*octets*8*time.Second/5e6-20*time.Millisecond; d < least {
				t.Errorf("what waited was there after %v, the rate allows it after %v", d, least)
			}
		}
	}
	fast := &p.loaded.downlinks[7].state
	before := fast.seen()
	for deadline := time.Now().Add(patience); fast.seen() == before; {
		l.sendDown(t, text(0))
		if l.atGNB(t, patience) == nil || time.Now().After(deadline) {
			t.Fatalf("the programs do not take over: %+v", p.Counters())
		}
		time.Sleep(2 * time.Millisecond)
	}
}
