package xdp

import (
	"runtime"
	"structs"
	"sync/atomic"
)

// A packet costs the programs one locked addition: its octets and itself, in the parts of one number. The programs take units out
// of parts that fill up, and count those in another number: bpf/layout.h and bpf/meter.h.

// state belongs to the programs.
type state struct {
	_     structs.HostLayout
	next  uint64
	sum   uint64
	units uint64
}

// Parts of state.sum: octets, packets, carrying, uncarried. Units are taken out of the two highest bits of a part.
const (
	octetsUnit  = 39
	packetsAt   = 41
	packetsUnit = 60
	roomEnds    = 3<<octetsUnit | 3<<packetsUnit
	carrying    = 1 << 62 // units are on their way to state.units
)

// Parts of state.units: units of octets, units of packets, uncarried.
const packetsUnitsAt = 26

// uncarried is set in a counter of new maps until what the old maps counted is added to it, which clears it: with one store,
// so that it is done once, whoever dies meanwhile.
const uncarried = 1 << 63

// counter is a counter of the programs as a layout has it.
type counter interface {
	// counted is what was counted as of one moment.
	counted() (octets, packets uint64)
	// waits tells whether what the old maps counted is still to be added.
	waits() bool
	// carry adds that, if it was not done.
	carry(octets, packets uint64)
}

// zero begins to count anew.
func (s *state) zero() {
	atomic.StoreUint64(&s.sum, 0)
	atomic.StoreUint64(&s.units, 0)
}

// await begins to count anew, until what an old counter counted is added.
func (s *state) await() { s.sum, s.units = uncarried, uncarried }

func (s *state) counted() (octets, packets uint64) {
	for {
		before, units, sum := atomic.LoadUint64(&s.sum), atomic.LoadUint64(&s.units), atomic.LoadUint64(&s.sum)
		if (before|sum)&carrying == 0 && octetsIn(before) <= octetsIn(sum) && packetsIn(before) <= packetsIn(sum) {
			units &^= uncarried
			return octetsIn(sum) + units&(1<<packetsUnitsAt-1)<<octetsUnit, packetsIn(sum) + units>>packetsUnitsAt<<(packetsUnit-packetsAt)
		}
		runtime.Gosched() // a program is about to be done
	}
}

func octetsIn(sum uint64) uint64  { return sum & (1<<packetsAt - 1) }
func packetsIn(sum uint64) uint64 { return sum &^ (carrying | uncarried) >> packetsAt }

func (s *state) waits() bool { return (s.sum|s.units)&uncarried != 0 }

// carry leaves room in the sum: there is, at most, one unit more of each part.
func (s *state) carry(octets, packets uint64) {
	const unit = 1 << (packetsUnit - packetsAt)
	carryTo(&s.sum, octets&(1<<octetsUnit-1)|packets%unit<<packetsAt)
	carryTo(&s.units, octets>>octetsUnit|packets/unit<<packetsUnitsAt)
}

func carryTo(to *uint64, n uint64) {
	if atomic.LoadUint64(to)&uncarried != 0 {
		atomic.AddUint64(to, n-uncarried)
	}
}

// stateV6 is the state of layouts 1 to 6, where octets and packets were counted each on their own.
type stateV6 struct {
	_       structs.HostLayout
	next    uint64
	octets  uint64
	packets uint64
}

func (s *stateV6) counted() (octets, packets uint64) {
	return atomic.LoadUint64(&s.octets) &^ uncarried, atomic.LoadUint64(&s.packets) &^ uncarried
}

func (s *stateV6) waits() bool { return (s.octets|s.packets)&uncarried != 0 }

func (s *stateV6) carry(octets, packets uint64) {
	carryTo(&s.octets, octets)
	carryTo(&s.packets, packets)
}
