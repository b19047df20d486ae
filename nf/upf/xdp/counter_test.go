package xdp

import (
	"sync"
	"sync/atomic"
	"testing"
)

// seen is how many packets were counted.
func (s *state) seen() uint64 {
	_, packets := s.counted()
	return packets
}

// TestCounterMakesRoom: units leave a sum that fills up, and nothing is counted twice or not at all: the part of the octets fills
// up, that of the packets, both.
func TestCounterMakesRoom(t *testing.T) {
	for _, x := range []struct{ octets, packets uint64 }{{1<<octetsUnit - 250, 7}, {1000, 1<<(packetsUnit-packetsAt) - 3}, {1<<octetsUnit - 1, 1<<(packetsUnit-packetsAt) - 1},
		{3<<octetsUnit + 1<<octetsUnit - 150, 5}, {1 << 60, 1<<53 - 2}} {
		p := plainPath(t, 1)
		for _, s := range []*state{&p.loaded.uplinks[0].state, &p.loaded.downlinks[0].state} {
			s.await()
			s.carry(x.octets, x.packets)
			if octets, packets := s.counted(); octets != x.octets || packets != x.packets {
				t.Fatalf("%d octets and %d packets were carried, %d and %d are there", x.octets, x.packets, octets, packets)
			}
		}
		const n = 6
		for range n {
			p.wants(t, 0, xdpRedirect)
		}
		for _, s := range []*state{&p.loaded.uplinks[0].state, &p.loaded.downlinks[0].state} {
			if octets, packets := s.counted(); octets != x.octets+100*n || packets != x.packets+n {
				t.Errorf("from %d octets and %d packets on: %d and %d more", x.octets, x.packets, octets-x.octets, packets-x.packets)
			}
			if s.sum&roomEnds != 0 {
				t.Errorf("no room was made: %x", s.sum)
			}
		}
	}
}

// TestCounterWhole: who reads while programs on all processors count and make room never sees that units are on their way, and
// after the last packet all are there.
func TestCounterWhole(t *testing.T) {
	p := plainPath(t, 1)
	s := &p.loaded.uplinks[0].state
	const programs, each, units = 4, 2000, 1<<octetsUnit | 1<<packetsUnit
	var counting, filling sync.WaitGroup
	var over atomic.Bool
	filling.Go(func() { // what as many packets as a unit of them would do
		for !over.Load() {
			if sum := atomic.LoadUint64(&s.sum); sum&(roomEnds|carrying) == 0 {
				atomic.CompareAndSwapUint64(&s.sum, sum, sum|units)
			}
		}
	})
	for range programs {
		counting.Go(func() {
			for range each {
				p.wants(t, 0, xdpRedirect)
			}
		})
	}
	go func() { counting.Wait(); over.Store(true) }()
	var last, seen uint64
	for !over.Load() {
		octets, packets := s.counted()
		if octets < last || packets < seen {
			t.Errorf("%d octets and %d packets after %d and %d", octets, packets, last, seen)
			break
		}
		last, seen = octets, packets
	}
	counting.Wait()
	filling.Wait()
	octets, packets := s.counted()
	if octets%(1<<octetsUnit) != programs*each*100 || packets%(1<<(packetsUnit-packetsAt)) != programs*each || s.units == 0 {
		t.Errorf("%d octets and %d packets were counted, want %d and %d and some units", octets, packets, programs*each*100, programs*each)
	}
}

// TestCarriedFromLayout6: what was counted in two numbers goes on in one, once, also where it was still to be added itself.
func TestCarriedFromLayout6(t *testing.T) {
	const octets, packets = 5<<octetsUnit + 12345, 1<<20 + 678
	old := state{}
	v6 := (&migration{version: 6}).counter(&old)
	*v6.(*stateV6) = stateV6{octets: uncarried + octets - 1000, packets: uncarried + packets - 10}
	if !v6.waits() {
		t.Error("it does not wait")
	}
	v6.carry(1000, 10)
	v6.carry(1000, 10) // nothing more
	if v6.waits() {
		t.Error("it waits")
	}
	var s state
	s.await()
	atomic.AddUint64(&s.sum, 1<<packetsAt+100) // by a program
	for range 2 {
		pair{v6, &s}.carry()
	}
	if o, n := s.counted(); o != octets+100 || n != packets+1 || s.waits() {
		t.Errorf("%d octets and %d packets, want %d and %d", o, n, octets+100, packets+1)
	}
}
