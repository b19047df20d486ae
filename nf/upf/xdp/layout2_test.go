package xdp

import (
	"testing"
	"unsafe"

	"github.com/cilium/ebpf"

	"github.com/limpid-5g/limpid/nf/upf"
)

// TestLayout2: a session of layout 2 whose directions have several rules goes on in today's maps, by its flows and with what
// they counted.
func TestLayout2(t *testing.T) {
	p := plainPath(t, 0)
	m := &migration{version: 2, v2made: map[listV2]uint32{}, v2lists: make([]classifierV2, maxClassifiers)}
	m.v7, m.flows = make([]linesV7, 3), make([]flow, 128)
	ue := networkOrder(addressOf(1))
	m.v7[1] = linesV7{up: uplink{teid: 1<<20 | 1, ue: ue, verdict: verdictRules, qfis: 1 | 64<<32, perOctet: 1 << 20},
		down: downlink{ue: ue, verdict: verdictRules, peer: 2 | 66<<32}}
	m.v2lists[1] = classifierV2{count: 2, rules: 2, qfis: 1 << 9, ports: 1, filters: [maxFilters]filterV2{
		{protocol: 17, qfis: 1 << 9, ports: 1, remoteFirst: 53, remoteLast: 53, localLast: 65535}, {rule: 1, qfis: 1 << 9}}}
	m.v2lists[2] = classifierV2{count: 1, rules: 1}
	m.flows[64] = flow{verdict: verdictDrop + 5}
	m.flows[65] = flow{verdict: verdictForward, flags: flagSessionRate}
	*(*stateV6)(unsafe.Pointer(&m.flows[65].state)) = stateV6{octets: 1000, packets: 10}
	m.flows[66] = flow{verdict: verdictForward, flags: flagDownlink, qfi: 9, nextHop: p.near.hop(gnb), peer: tunnel(gnb, 5)}
	for slot := range uint32(len(m.v7)) {
		if b, ok := m.session(slot); ok && p.fits(slot, b) {
			p.take(m, slot, b, nil)
		}
	}
	if len(m.copied) != 1 {
		t.Fatalf("slots %v were copied", m.copied)
	}
	p.wants(t, 1, xdpRedirect)
	p.wants(t, 2, xdpPass)
	m.collection = &ebpf.Collection{}
	check(t, m.finish())
	if octets, packets := p.loaded.flows[65].state.counted(); octets != 1100 || packets != 11 || p.loaded.uplinks[1].state.next == 0 {
		t.Errorf("uplink %d octets, %d packets, policer %d", octets, packets, p.loaded.uplinks[1].state.next)
	}
	if octets, packets := p.loaded.flows[66].state.counted(); octets != 100 || packets != 1 {
		t.Errorf("downlink %d octets, %d packets", octets, packets)
	}
	p = p.successor(t)
	if p.Left() != 1 || p.flows.take(2, 1) == 64 {
		t.Errorf("%d slots are left, or their flows are taken for free", p.Left())
	}
}

// TestLayout7: a session of layout 7, whose directions stand beside each other, goes on with what they counted.
func TestLayout7(t *testing.T) {
	p := plainPath(t, 2)
	now := p.loaded.block(1).lines()
	p.Remove(1)
	p.wants(t, 1, xdpPass)
	m := &migration{version: 7, v7: make([]linesV7, 3)}
	now.up.state, now.down.state = state{next: 5, sum: 700 | 7<<packetsAt}, state{sum: 300 | 3<<packetsAt}
	m.v7[1] = now
	b, ok := m.session(1)
	if !ok || !p.fits(1, b) {
		t.Fatal("the session does not fit")
	}
	p.take(m, 1, b, nil)
	p.wants(t, 1, xdpRedirect)
	p.wants(t, 2, xdpPass)
	m.collection = &ebpf.Collection{}
	check(t, m.finish())
	if octets, packets := p.loaded.uplinks[1].state.counted(); octets != 800 || packets != 8 {
		t.Errorf("uplink %d octets, %d packets", octets, packets)
	}
	if octets, packets := p.loaded.downlinks[1].state.counted(); octets != 400 || packets != 4 {
		t.Errorf("downlink %d octets, %d packets", octets, packets)
	}
}

// TestLayout3: what earlier rules had counted is added up, and what was reported stays so.
func TestLayout3(t *testing.T) {
	p := plainPath(t, 0)
	m := &migration{version: 3, copied: []uint32{1}}
	m.accounts = make([]account, 2)
	m.accounts[1] = account{slot: 2, urr: 1, counters: 1 << bitUplink, told: [4]uint64{1000, 0, 10}, taken: [4]uint64{400, 0, 4}}
	m.accounts[1].add(upf.Usage{UplinkBytes: 50, UplinkPackets: 1})
	m.copyAccounts(p.loaded)
	a := &p.loaded.accounts[1]
	if got, want := add(a.slow.Load(), upf.Usage{UplinkBytes: 7}), (upf.Usage{UplinkBytes: 1057, UplinkPackets: 11}); got != want {
		t.Errorf("usage %+v, want %+v", got, want)
	}
	if a.slot != 2 || a.counters != 1<<bitUplink || a.told != a.taken || a.taken != [4]uint64{400, 0, 4} || a.end != 0 {
		t.Errorf("%+v", a)
	}
}

// TestMovedQuota: flows take from their account where it is in the new maps, what old programs took meanwhile is taken there too, and
// a flow whose account found no room lets nothing pass.
func TestMovedQuota(t *testing.T) {
	p := plainPath(t, 0)
	m := &migration{version: 6, copied: []uint32{1}, taken: []int{64, 65, 66}, left: map[*account]quotaLeft{}}
	m.accounts = make([]account, 200)
	m.accounts[1] = account{slot: 2, urr: 1, left: 5}
	m.accounts[150] = account{slot: 2, urr: 2, left: 1000}
	p.loaded.flows[64], p.loaded.flows[65], p.loaded.flows[66] = flow{quota: 151}, flow{quota: 78}, flow{}
	m.copyAccounts(p.loaded)
	m.accounts[150].left -= 300
	m.collection = &ebpf.Collection{}
	check(t, m.finish())
	at := p.loaded.flows[64].quota - 1
	if a := &p.loaded.accounts[at]; a.urr != 2 || a.left != 700 || p.loaded.accounts[1].left != 5 {
		t.Errorf("account %d: %d octets are left", at, a.left)
	}
	if f := p.loaded.flows; f[65].quota <= uint32(len(p.loaded.accounts)) || f[66].quota != 0 {
		t.Errorf("flows take from %d and %d", f[65].quota, f[66].quota)
	}
}
