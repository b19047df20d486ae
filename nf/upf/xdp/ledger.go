package xdp

import (
	"sync/atomic"
	"unsafe"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// The ledger holds what each URR of a session counted, in a map, so that it outlives the process: what user space counted,
// which counters of the programs it sums, and what was told of it. What earlier rules counted is in revision.go.

// Bits of account.counters: the block's own counters of each direction, then the flows of the session's run.
const (
	bitUplink = iota
	bitDownlink
	bitFlows
)

type urrKey struct {
	slot uint32
	id   pfcp.URRID
}

// ledger gives out accounts: the first of a session is at its slot, others are above the slots.
type ledger struct {
	entries []account
	index   map[urrKey]uint32
	free    []uint32
}

// newLedger takes over what an earlier process left.
func newLedger(entries []account, slots int) *ledger {
	l := &ledger{entries: entries, index: map[urrKey]uint32{}}
	for i := range entries {
		if a := &entries[i]; a.slot != 0 {
			l.index[urrKey{a.slot - 1, pfcp.URRID(a.urr)}] = uint32(i)
		} else if i >= slots {
			l.free = append(l.free, uint32(i))
		}
	}
	return l
}

// open is the account of a URR, begun at zero if there is none; nil if there is no room.
func (l *ledger) open(key urrKey) *account {
	if i, ok := l.index[key]; ok {
		return &l.entries[i]
	}
	i := key.slot
	if int(i) >= len(l.entries) || l.entries[i].slot != 0 {
		if len(l.free) == 0 {
			return nil
		}
		i = l.free[len(l.free)-1]
		l.free = l.free[:len(l.free)-1]
	}
	a := &l.entries[i]
	a.clear()
	a.urr = uint32(key.id)
	atomic.StoreUint32(&a.slot, key.slot+1) // last: an account without slot is free
	l.index[key] = i
	return a
}

// close frees an account.
func (l *ledger) close(key urrKey, slots int) {
	i, ok := l.index[key]
	if !ok {
		return
	}
	delete(l.index, key)
	atomic.StoreUint32(&l.entries[i].slot, 0)
	if int(i) >= slots {
		l.free = append(l.free, i)
	}
}

func (a *account) clear() {
	a.slot, a.urr, a.counters, a.told, a.taken, a.sequence, a.end = 0, 0, 0, [4]uint64{}, [4]uint64{}, 0, 0
	a.remaining().Store(0)
	a.slow.UplinkBytes.Store(0)
	a.slow.DownlinkBytes.Store(0)
	a.slow.UplinkPackets.Store(0)
	a.slow.DownlinkPackets.Store(0)
}

// remaining is what is left of the quota, which both paths take from.
func (a *account) remaining() *atomic.Int64 { return (*atomic.Int64)(unsafe.Pointer(&a.left)) }

// add adds what was counted elsewhere, modulo 2^64.
func (a *account) add(u upf.Usage) {
	a.slow.UplinkBytes.Add(u.UplinkBytes)
	a.slow.DownlinkBytes.Add(u.DownlinkBytes)
	a.slow.UplinkPackets.Add(u.UplinkPackets)
	a.slow.DownlinkPackets.Add(u.DownlinkPackets)
}

func add(a, b upf.Usage) upf.Usage {
	return upf.Usage{UplinkBytes: a.UplinkBytes + b.UplinkBytes, DownlinkBytes: a.DownlinkBytes + b.DownlinkBytes,
		UplinkPackets: a.UplinkPackets + b.UplinkPackets, DownlinkPackets: a.DownlinkPackets + b.DownlinkPackets}
}

func numbersToUsage(n [4]uint64) upf.Usage {
	return upf.Usage{UplinkBytes: n[0], DownlinkBytes: n[1], UplinkPackets: n[2], DownlinkPackets: n[3]}
}

func usageToNumbers(u upf.Usage) [4]uint64 {
	return [4]uint64{u.UplinkBytes, u.DownlinkBytes, u.UplinkPackets, u.DownlinkPackets}
}
