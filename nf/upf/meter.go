package upf

import (
	"sync/atomic"
	"time"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// A policer holds a direction of a QER to its maximum bit rate, TS 23.501 §5.7.1.8. Its state is the time at which all
// that was sent would have been sent at that rate, in ticks of CLOCK_MONOTONIC: a packet is refused while that time is
// further ahead than the burst. All data paths reckon in the same whole numbers, so that they may share the state.
const (
	// MeterTicks is the ticks in a nanosecond: enough for an octet to cost some even at 1 Tbit/s.
	MeterTicks = 16
	// MeterBurst is how far ahead of its rate a session may be, in ticks: 15 ms, so that what passes in any second is
	// within 2 % of the rate.
	MeterBurst = int64(15*time.Millisecond) * MeterTicks
	// meterScale is the binary digits after the point of a rate.
	meterScale = 20
)

// MeterRate is the time that an octet takes at a rate in kbit/s, in 2^-20 ticks; 65,535 octets at 1 kbit/s fit in 64
// bits. A rate of 0 has none.
func MeterRate(kbps uint64) uint64 {
	const unit = 8_000_000 * MeterTicks << meterScale
	return max(1, (unit+kbps/2)/kbps)
}

// MeterCost is the ticks that octets take.
func MeterCost(rate uint64, octets int) int64 { return int64(uint64(octets) * rate >> meterScale) }

// UsageCounter is a Usage that many goroutines add to.
type UsageCounter struct {
	UplinkBytes, DownlinkBytes     atomic.Uint64
	UplinkPackets, DownlinkPackets atomic.Uint64
}

// Load is what was counted so far.
func (c *UsageCounter) Load() Usage {
	return Usage{c.UplinkBytes.Load(), c.DownlinkBytes.Load(), c.UplinkPackets.Load(), c.DownlinkPackets.Load()}
}

// Memory is where a Datapath keeps state that another path shares or that outlives the process. It is asked in Apply; nil
// says that the Datapath keeps the state itself.
type Memory interface {
	Counter(slot uint32, id pfcp.URRID) *UsageCounter
	Meter(slot uint32, id pfcp.QERID, uplink bool) *atomic.Int64
	// Remaining is what is left of a URR's quota, in octets: each packet that URR.Quota bounds takes from it, and none passes
	// once it is not above 0.
	Remaining(slot uint32, id pfcp.URRID) *atomic.Int64
}
