package xdp

import (
	"structs"

	"github.com/limpid-5g/limpid/nf/upf"
)

// What user space and the programs share: bpf/layout.h says the same in C, and says more about it.

const (
	maxPools       = 8
	maxPools6      = 8
	maxSlots6      = 1 << 20 // prefixes of the pools of IPv6 that are found by their offset
	maxTables      = 16
	maxRoutes      = 64
	maxNextHops    = 4096
	maxFilters     = 32
	maxClassifiers = 1024
	byPrefix       = 0xffff
	flowsAtHome    = 16 // flows from one home to the next

	counterDrops  = 2   // the pair of the first reason to drop
	counterPassed = 128 // the pair of the first reason to pass
	counters      = counterPassed + 2*int(passReasons)
)

// The pairs of the reasons to drop end before those of the reasons to pass.
const _ = uint(counterPassed - counterDrops - 2*upf.Drops)

// Verdicts: verdictDrop + n drops for reason n of upf.Drop.
const (
	verdictSlow = iota
	verdictRules
	verdictForward
	verdictDrop
)

// Flags of an uplink and of a flow.
const (
	flagTowardsUE   = 1  // of an uplink
	flagSessionRate = 1  // of a flow or decision
	flagDownlink    = 2  // of a flow
	flagSpends      = 4  // of a flow
	flagExact4      = 4  // of a decision
	flagExact6      = 8  // of a decision
	flagPorts       = 16 // of a decision
	flagShort       = 32 // of a decision
)

// uplink is what is done with packets from a tunnel, and their state, in one line of the cache.
type uplink struct {
	_        structs.HostLayout
	sequence uint32
	teid     uint32
	ue       uint32 // network order
	verdict  uint8
	table    uint8
	flags    uint8
	_        uint8
	qfis     uint64
	perOctet uint64 // or with verdictRules: classifier, flows
	ue6      uint64 // network order
	state    state
}

// downlink is what is done with packets to a UE's address, and their state, in one line of the cache.
type downlink struct {
	_        structs.HostLayout
	sequence uint32
	ue       uint32 // network order
	verdict  uint8
	qfi      uint8
	tos      uint8
	_        uint8
	nextHop  uint32
	peer     uint64 // TEID and address, both in network order, the address in the low half, 0 if it is of IPv6
	perOctet uint64 // or with verdictRules: classifier, flows
	ue6      uint64
	state    state
}

// block is a session in the arrays.
type block struct {
	up   *uplink
	down *downlink
}

// flow is a rule of a session that counts or polices apart, or has a tunnel of its own.
type flow struct {
	_        structs.HostLayout
	verdict  uint8
	table    uint8
	qfi      uint8
	tos      uint8
	nextHop  uint32
	peer     uint64
	perOctet uint64
	policer  uint32
	flags    uint8
	_        [3]uint8
	state    state
	quota    uint32 // account plus one
	_        uint32
}

// filter is one way to match a rule.
type filter struct {
	_                       structs.HostLayout
	protocol                uint8
	tos, tosMask            uint8
	version, ports          uint8
	_                       [3]uint8
	qfis                    uint64
	remote, remoteMask      [2]uint64
	local, localMask        [2]uint64
	remoteFirst, remoteLast uint16
	localFirst, localLast   uint16
}

// screen is what the word that a packet shows must be where the mask is set, for a filter to match.
type screen struct {
	_           structs.HostLayout
	mask, value uint64
}

// decision is what a packet meets that matches a filter.
type decision struct {
	_                       structs.HostLayout
	verdict, table          uint8
	qfi, tos                uint8
	flow, flags             uint8
	_                       [2]uint8
	remoteFirst, remoteLast uint16
	localFirst, localLast   uint16
}

// classifier is a list of filters and what they decide.
type classifier struct {
	_                structs.HostLayout
	count            uint32
	ports, flows     uint8
	generation       uint16
	perOctet         uint64
	screen4, screen6 [maxFilters]screen
	decisions        [maxFilters]decision
	filters          [maxFilters]filter
}

// account is what is counted of a URR.
type account struct {
	_         structs.HostLayout
	slot, urr uint32
	counters  uint64
	slow      upf.UsageCounter
	told      [4]uint64
	taken     [4]uint64
	sequence  uint32
	end       uint32
	left      int64 // octets of the quota
}

// nextHop is a neighbour, or what leads to a tunnel's end.
type nextHop struct {
	_        structs.HostLayout
	sequence uint32
	version  uint16 // of address; 0: free
	vlan     uint16 // network order
	ifindex  uint32 // 0: not known how to reach
	mtu      uint32
	macs     [2]uint64
	address  [2]uint64 // network order
}

// route is a prefix in host order and the next hop that serves it.
type route struct {
	_             structs.HostLayout
	address, mask uint32
	nextHop       uint32
}

// route6 is a prefix of IPv6 in network order.
type route6 struct {
	_             structs.HostLayout
	address, mask [2]uint64
	nextHop       uint32
	_             uint32
}

// routeTable is a table of the kernel.
type routeTable struct {
	_        structs.HostLayout
	sequence uint32
	count    uint32
	octet    [256]uint16
	list     [maxRoutes]route
	count6   uint32
	_        uint32
	list6    [maxRoutes]route6
}

// poolConfig is a pool, and the MTU of its data network.
type poolConfig struct {
	_                      structs.HostLayout
	First, Size, Slot, MTU uint32
}

// pool6Config is a pool of IPv6, the MTU of its data network, where its prefixes begin in slots6, and where the slots of the
// addresses begin beside which they are given out.
type pool6Config struct {
	_                     structs.HostLayout
	First                 uint64
	Size, At, MTU, Beside uint32
}

// unpaired is Beside where there are no such addresses.
const unpaired = 1 << 31

// prefixEntry is where a prefix of IPv6 leads that is in no pool.
type prefixEntry struct {
	_         structs.HostLayout
	Slot, MTU uint32
}

// programConfig is fixed when a program is loaded.
type programConfig struct {
	_         structs.HostLayout
	N3        uint32 // network order
	Pools     uint32
	Pool      [maxPools]poolConfig
	Pool6     [maxPools6]pool6Config
	Pools6    uint32
	TestClock uint32
	Homes     uint32
	Zero      uint32
	N3v6      [2]uint64 // network order
}
