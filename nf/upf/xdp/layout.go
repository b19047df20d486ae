package xdp

import (
	"structs"
	"sync/atomic"

	"github.com/limpid-5g/limpid/nf/upf"
)

// What user space and the programs share: bpf/layout.h says the same in C, and says more about it.

const (
	maxPools    = 8
	maxRoutes   = 64
	maxNextHops = 4096
	byPrefix    = 0xffff
	counters    = 2 + 2*upf.Drops // forwarded up and down, then a pair for each reason to drop
)

// Verdicts: verdictDrop + n drops for reason n of upf.Drop.
const (
	verdictSlow = iota
	verdictForward
	verdictDrop
)

// state belongs to the programs.
type state struct {
	_       structs.HostLayout
	next    uint64
	octets  uint64
	packets uint64
}

// uplink is what is done with packets from a tunnel, and their state, in one line of the cache.
type uplink struct {
	_        structs.HostLayout
	sequence uint32
	teid     uint32
	ue       uint32 // network order
	verdict  uint32
	qfis     uint64
	perOctet uint64
	state    state
	_        uint64
}

// downlink is what is done with packets to a UE's address, and their state, in one line of the cache.
type downlink struct {
	_        structs.HostLayout
	sequence uint32
	ue       uint32 // network order
	verdict  uint32
	nextHop  uint32
	peer     uint64 // TEID and address, both in network order, the address in the low half
	perOctet uint64
	qfi      uint32
	_        uint32
	state    state
}

// block is a session in the array.
type block struct {
	_    structs.HostLayout
	up   uplink
	down downlink
}

// nextHop is a neighbour.
type nextHop struct {
	_        structs.HostLayout
	sequence uint32
	address  uint32 // network order; 0: free
	ifindex  uint32 // 0: not known how to reach
	mtu      uint32
	macs     [2]uint64
}

// route is a prefix in host order and the next hop that serves it.
type route struct {
	_             structs.HostLayout
	address, mask uint32
	nextHop       uint32
}

// routeTable is the IPv4 main table.
type routeTable struct {
	_        structs.HostLayout
	sequence uint32
	count    uint32
	octet    [256]uint16
	list     [maxRoutes]route
	_        uint32
}

// poolConfig is a pool, and the MTU of its data network.
type poolConfig struct {
	_                      structs.HostLayout
	First, Size, Slot, MTU uint32
}

// programConfig is fixed when a program is loaded.
type programConfig struct {
	_         structs.HostLayout
	N3        uint32 // network order
	Pools     uint32
	Pool      [maxPools]poolConfig
	TestClock uint32
}

// change writes facts: packets that come meanwhile are user space's. A writer that died in the middle left the number
// odd; the next one makes it even again. The order of stores is what the processor keeps (x86-64) and what sync/atomic
// keeps elsewhere on the side of the writer.
func change(sequence *uint32, write func()) {
	n := atomic.LoadUint32(sequence) | 1
	atomic.StoreUint32(sequence, n)
	write()
	atomic.StoreUint32(sequence, n+1)
}
