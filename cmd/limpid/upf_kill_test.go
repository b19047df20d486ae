package main

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"
)

// TestUPFKilledUnderTraffic kills the process `limpid upf` at random times, also while it starts, and ends it in good order for one
// with another configuration, hands the phone over and modifies its session, while the phone and a host exchange packets: not one
// is lost, the SMF gives each new process the session again (TS 23.527 §4.3.2), and what the SMF has heard of at the end is what
// was sent, to the octet. It needs root.
func TestUPFKilledUnderTraffic(t *testing.T) {
	const ends = 4
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	p := newFarPlace(t, 500)
	p.settled()
	for i := range ends {
		signal := syscall.SIGKILL
		if i == 1 { // an upgrade
			signal = syscall.SIGTERM
			p.configure(100)
		}
		p.beside("end of the UPF", func() {
			time.Sleep(time.Duration(random.IntN(int(300 * time.Millisecond))))
			p.end(signal)
		})
		p.launch()
		if random.IntN(3) == 0 { // the next end is while it starts
			continue
		}
		p.associated()
		p.beside("path switch", p.handOver)
		p.beside("modification", p.modify)
		p.settled()
	}
	p.associated()
	p.beside("modification", p.modify)
	t.Logf("%d packets of %d octets each way, none lost", p.exchanged, p.octets)
	p.accounted(p.octets, p.octets)
}
