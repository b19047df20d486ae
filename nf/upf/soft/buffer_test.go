package soft

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// TestBufferMeetsRate: what waited leaves no faster than the session's rate lets it, newer packets wait behind it, and the rest is
// discarded with the session.
func TestBufferMeetsRate(t *testing.T) {
	b := newBench(t, func(c *upf.Config) { c.BufferPackets, c.MaxBufferPackets = 500, 1000 })
	with := func(action pfcp.ApplyAction) *upf.Session {
		return session(1, func(s *upf.Session) {
			s.Rules[1].Action, s.Rules[1].QERs = action, []upf.QER{{ID: 1, MBR: pfcp.Some(pfcp.MBR{Downlink: 1000})}}
		})
	}
	sent, came := 0, 0
	send := func() {
		b.Downlink("internet", ipv4(dnAddr, address(1), 17, udp(1, uint16(sent), string(make([]byte, 1222))))) // 10 ms at the rate
		sent++
	}
	receive := func() {
		tunnels, _ := b.took()
		for _, p := range tunnels {
			if port := binary.BigEndian.Uint16(p.payload[22:]); int(port) != came {
				t.Fatalf("packet %d is %d", came, port)
			}
			came++
		}
	}
	b.install(with(pfcp.ApplyBUFF | pfcp.ApplyNOCP))
	for range 100 {
		send()
	}
	b.install(with(pfcp.ApplyFORW))
	receive()
	if came < 2 || came > 3 || !b.Waits(1) {
		t.Errorf("%d came at once, waits %v", came, b.Waits(1))
	}
	for range 200 { // at half the rate
		b.now += int64(20 * time.Millisecond)
		send()
	}
	receive()
	if came != sent || b.Waits(1) {
		t.Errorf("%d of %d came, waits %v: %+v", came, sent, b.Waits(1), b.Counters())
	}
	b.install(with(pfcp.ApplyBUFF))
	for range 10 {
		send()
	}
	b.install(with(pfcp.ApplyFORW))
	receive()
	b.DropBuffered(1)
	if c := b.Counters(); b.Waits(1) || c.Buffered != 0 || int(c.Dropped[upf.DropBufferDiscard])+came != sent {
		t.Errorf("%d of %d came: %+v", came, sent, c)
	}
}
