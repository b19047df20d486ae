package xdp

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/nf/upf/soft"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// packets is how many random packets the differential test sends through both.
const packets = 1_000_000

// differ is two user planes with the same sessions, one with the programs in front and one without.
type differ struct {
	testing.TB
	*rand.Rand
	path     *Path
	behind   *surroundings // the programs
	alone    *surroundings
	one, two int
	now      int64
	out      []byte
	clock    *ebpf.Variable
	tcx      bool
	counts   map[string]int
	sessions [80]*upf.Session
	qer      pfcp.QERID
	seed     uint64
	broken   string // what differed first: all that comes after it may differ for that
}

// TestDifferential sends random packets, most of them sound and some broken, of random sessions whose rules change now
// and then through the programs with the path in Go behind them, and through the path in Go alone: the same frames leave,
// octet for octet, and drops by reason and usage are the same. What the programs leave to user space is untouched.
func TestDifferential(t *testing.T) {
	for _, tcx := range []bool{false, true} {
		t.Run(map[bool]string{false: "XDP", true: "tcx"}[tcx], func(t *testing.T) { differential(t, tcx) })
	}
}

func differential(t *testing.T, tcx bool) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	d := newDiffer(t, seed)
	if tcx {
		d.useTCX()
	}
	for n := range packets {
		if n%400 == 0 {
			d.change(uint32(d.IntN(len(d.sessions))))
		}
		d.now += int64(d.IntN(4000))
		d.step()
		if n%5000 == 0 {
			d.compare()
		}
		if t.Failed() {
			t.Fatalf("packet %d, seed %d", n, seed)
		}
	}
	d.compare()
	c := d.path.Counters()
	t.Logf("left to user space: %v", d.path.Passed())
	if d.path.Passed()[PassQuota] < packets/1000 {
		t.Errorf("few quotas were used up: %v", d.path.Passed())
	}
	t.Logf("verdicts: %v, counters %+v", d.counts, c)
	for _, what := range []string{"uplink forwarded", "downlink forwarded", "uplink dropped", "downlink dropped", "uplink passed", "downlink passed",
		"IPv6 uplink forwarded", "IPv6 downlink forwarded", "relayed", "relayed to the UE"} {
		if d.counts[what] < packets/200 {
			t.Errorf("%s: only %d times in %d", what, d.counts[what], packets)
		}
	}
	for _, what := range []string{"over IPv6 uplink forwarded", "into IPv6, uplink forwarded", "into IPv6, downlink forwarded"} {
		if !tcx && d.counts[what] < packets/1000 {
			t.Errorf("%s: only %d times in %d", what, d.counts[what], packets)
		}
	}
	for _, why := range []upf.Drop{upf.DropSpoofed, upf.DropNoRule, upf.DropGate, upf.DropRate, upf.DropAction, upf.DropQuota} {
		if c.Dropped[why] < packets/1000 {
			t.Errorf("dropped for %q: only %d times in %d", why, c.Dropped[why], packets)
		}
	}
}

func newDiffer(t testing.TB, seed uint64) *differ {
	one, two := twoInterfaces(t)
	d := &differ{TB: t, Rand: rand.New(rand.NewPCG(seed, 0)), one: one, two: two, out: make([]byte, 4096), now: int64(time.Hour),
		counts: map[string]int{}, behind: &surroundings{}, alone: &surroundings{}, seed: seed}
	for _, s := range []*surroundings{d.behind, d.alone} {
		var err error
		s.path, err = soft.NewOffline(testConfig(), func() int64 { return d.now }, s, slog.New(slog.DiscardHandler))
		check(t, err)
	}
	ports := map[int]port{one: {index: one, name: "lo", n3: true, n6: true}, two: {index: two, name: "two", n3: true, n6: true}}
	d.path = testPath(t, testConfig(), around(one, two), ports, d.behind.path)
	d.clock = d.path.loaded.collection.Variables["test_now"]
	for slot := range d.sessions {
		d.change(uint32(slot))
	}
	return d
}

// useTCX lets the programs for tcx stand in front.
func (d *differ) useTCX() {
	check(d.TB, d.path.loaded.loadTCX(d.path.config, d.path.size, nil))
	d.TB.(*testing.T).Cleanup(d.path.loaded.tcx.Close)
	d.tcx, d.clock = true, d.path.loaded.tcx.Variables["test_now"]
}

// cut tells whether a frame has less than its IP header: BPF_PROG_TEST_RUN makes no packet of it.
func cut(frame []byte) bool {
	return len(frame) < 14+20 || frame[12] == 0x86 && frame[13] == 0xdd && len(frame) < 14+40
}

// judge runs a frame through a program, and tells by which interface it leaves.
func (d *differ) judge(program string, o *ebpf.RunOptions) (verdict uint32, port int) {
	if !d.tcx {
		verdict, err := d.path.loaded.collection.Programs[program].Run(o)
		check(d.TB, err)
		return verdict, map[uint32]int{xdpTX: 1, xdpRedirect: 2}[verdict]
	}
	verdict, err := d.path.loaded.tcx.Programs[programTCX+strings.TrimPrefix(program, "limpid_")].Run(o)
	if err != nil {
		d.Fatalf("frame %x: %v", o.Data, err)
	}
	switch int32(verdict) {
	case tcxNext:
		return xdpPass, 0
	case tcxRedirect: // where to is seen by the source alone
		if bytes.Equal(o.DataOut[6:12], twoMAC) {
			return xdpRedirect, 2
		}
		return xdpTX, 1
	}
	return xdpDrop, 0
}

// Verdicts at the hook of traffic control.
const (
	tcxNext     = -1
	tcxRedirect = 7
)

// twoInterfaces makes a network namespace for the test's thread: its loopback, by which frames of BPF_PROG_TEST_RUN
// come in, and another interface.
func twoInterfaces(t testing.TB) (one, two int) {
	t.Helper()
	runtime.LockOSThread() // the thread ends with the test
	home, err := netns.Get()
	check(t, err)
	own, err := netns.New()
	if err != nil {
		t.Fatalf("this test needs root: %v", err)
	}
	t.Cleanup(func() {
		_ = netns.Set(home)
		_, _ = own.Close(), home.Close()
	})
	check(t, netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "two"}, PeerName: "twop"}))
	for _, name := range []string{"lo", "two", "twop"} {
		l, err := netlink.LinkByName(name)
		check(t, err)
		check(t, netlink.LinkSetUp(l))
	}
	l, err := netlink.LinkByName("two")
	check(t, err)
	return 1, l.Attrs().Index
}

// step sends one frame.
func (d *differ) step() {
	check(d.TB, d.clock.Set(uint64(d.now)))
	if d.IntN(2) == 0 {
		d.both("uplink", programN3, d.spoil(d.uplinkFrame(), 14+16, 14+26))
	} else {
		d.both("downlink", programN6, d.spoil(d.downlinkFrame(), 12, 14+20))
	}
}

// Verdicts of a program.
const (
	xdpDrop     = 1
	xdpPass     = 2
	xdpTX       = 3
	xdpRedirect = 4
)

// both runs a frame through both and compares what leaves.
func (d *differ) both(direction, program string, frame []byte) {
	_, _, n3 := n3Payload(frame)
	if _, to, ok := routable(frame); !n3 && direction == "uplink" && ok && slices.ContainsFunc(networks, func(n upf.Network) bool {
		return slices.ContainsFunc(n.Pools, func(p netip.Prefix) bool { return p.Contains(to) })
	}) {
		return // downlink now
	}
	if n3 && direction == "downlink" || d.tcx && cut(frame) {
		return
	}
	d.behind.out, d.alone.out = d.behind.out[:0], d.alone.out[:0]
	d.alone.frame(frame)
	o := &ebpf.RunOptions{Data: frame, DataOut: d.out}
	verdict, port := d.judge(program, o)
	what := direction
	switch verdict {
	case xdpPass:
		if !bytes.Equal(o.DataOut, frame) {
			d.Errorf("%s: left to user space, but changed\n%x\n%x", direction, frame, o.DataOut)
		}
		d.behind.frame(frame)
		what += " passed"
	case xdpTX, xdpRedirect:
		d.behind.leaves(port, o.DataOut)
		what += " forwarded"
		if ip, _, ok := routable(o.DataOut); ok && direction == "uplink" && ip[0]>>4 == 4 && netip.AddrFrom4([4]byte(ip[12:16])) == n3Addr {
			d.counts["relayed"]++
			if len(o.DataOut) > 14+38 && o.DataOut[14+37]>>4 == 0 {
				d.counts["relayed to the UE"]++
			}
		}
	default:
		what += " dropped"
	}
	d.counts[what]++
	if len(frame) > 14+48 && bytes.Equal(frame[14+24:14+40], n3Addr6.AsSlice()) {
		d.counts["over IPv6 "+what]++
	}
	if len(o.DataOut) > 14+48 && verdict != xdpPass && o.DataOut[14]>>4 == 6 && bytes.Equal(o.DataOut[14+8:14+24], n3Addr6.AsSlice()) {
		d.counts["into IPv6, "+what]++
	}
	if len(frame) > 14+44 && (frame[14+44]>>4 == 6 && direction == "uplink" || frame[14]>>4 == 6 && direction == "downlink") {
		d.counts["IPv6 "+what]++
	}
	if !slices.Equal(d.behind.out, d.alone.out) {
		d.breaks("%s, verdict %d\nframe  %x\nboth   %q\nalone  %q\nrules  %+v", direction, verdict, frame, d.behind.out, d.alone.out, d.rulesOf(direction, frame))
	}
}

// breaks reports a difference, and keeps the first.
func (d *differ) breaks(format string, args ...any) {
	what := fmt.Sprintf(format, args...)
	d.broken = cmp.Or(d.broken, what)
	d.Error(what)
}

// rulesOf is the session that a frame seems to be for, to be shown.
func (d *differ) rulesOf(direction string, frame []byte) *upf.Session {
	if len(frame) < 58 {
		return nil
	}
	slot := binary.BigEndian.Uint32(frame[46:]) & 0xfffff
	if direction == "downlink" {
		slot, _ = d.path.layout.SlotOf4(binary.BigEndian.Uint32(frame[30:]))
	}
	if int(slot) >= len(d.sessions) {
		return nil
	}
	return d.sessions[slot]
}

// compare wants the same counters and usage.
func (d *differ) compare() {
	if got, want := d.path.Counters(), d.alone.path.Counters(); got != want {
		d.Fatalf("counters, seed %d\nboth  %+v\nalone %+v", d.seed, got, want)
	}
	for slot := range d.sessions {
		for id := range pfcp.URRID(5) {
			if got, want := d.path.Usage(uint32(slot), id), d.alone.path.Usage(uint32(slot), id); got != want {
				d.Fatalf("usage of slot %d, URR %d, seed %d\nboth  %+v\nalone %+v", slot, id, d.seed, got, want)
			}
		}
	}
}

// change gives a session other random rules, changes those that it has, or removes it.
func (d *differ) change(slot uint32) {
	s := d.sessions[slot]
	switch {
	case s != nil && d.IntN(20) == 0:
		d.path.Remove(slot)
		d.alone.path.Remove(slot)
		d.sessions[slot] = nil
		return
	case s != nil && d.IntN(2) == 0:
		s = d.edited(s)
	default:
		s = d.session(slot)
	}
	check(d.TB, d.path.Apply(s))
	check(d.TB, d.alone.path.Apply(s))
	d.sessions[slot] = s
	d.settle()
	d.compare()
}

// settle lets the programs take over at once what they take over a moment later.
func (d *differ) settle() {
	d.path.mu.Lock()
	defer d.path.mu.Unlock()
	for _, s := range d.path.sessions {
		for i := range s.plan.sides {
			x := &s.plan.sides[i]
			d.path.writeSide(s, i, x.fast && (x.uplink() || !d.path.slowWaits(s.slot)))
		}
	}
}

var peers = []netip.Addr{gnb, farGNB, gnb, farGNB, gnb6, farGNB6, gnb6, farGNB, lostGNB, lostGNB6}

// edited is a session with the same rules, some with another action, peer or gate.
func (d *differ) edited(s *upf.Session) *upf.Session {
	out := *s
	out.Rules = slices.Clone(s.Rules)
	for i := range out.Rules {
		r := &out.Rules[i]
		r.Action = d.action(r.Uplink())
		if r.Peer.IsValid() {
			r.Peer, r.PeerTEID = peers[d.IntN(len(peers))], d.Uint32()
		}
		r.QERs = slices.Clone(r.QERs)
		for k := range r.QERs {
			r.QERs[k].Gate = d.gate()
		}
	}
	if d.IntN(2) == 0 {
		out.URRs = d.quotas(s.Slot)
	}
	return &out
}

// quotas are random ones of the URRs of a session, most of which are soon used up.
func (d *differ) quotas(slot uint32) (out []upf.URR) {
	if d.IntN(3) > 0 {
		return nil
	}
	for id := range pfcp.URRID(4) {
		n := uint64(1 + d.IntN(20_000))
		used := d.alone.path.Usage(slot, id)
		u := upf.URR{ID: id}
		switch d.IntN(12) {
		case 0, 1, 2:
			u.Quota.Total = used.Total() + n
		case 3:
			u.Quota.Uplink = used.UplinkBytes + n
		case 4:
			u.Quota.Downlink = used.DownlinkBytes + n
		case 5:
			u.Quota.Total, u.Closed = used.Total()+n, true
		case 6:
			u.Quota.Total, u.Quota.Uplink = used.Total()+n, used.UplinkBytes+n/2+1
		case 7:
			u.Quota.Total, u.Before = used.Total()+n, d.IntN(2) == 0
		default:
			continue
		}
		out = append(out, u)
	}
	return out
}

// session makes random rules.
func (d *differ) session(slot uint32) *upf.Session {
	ue, ue6, dnn := addressOf(slot), prefixOfSlot(slot), "internet"
	if slot >= 64 {
		dnn = "ims"
	}
	teid := 1<<20 | slot
	s := &upf.Session{Slot: slot, Tunnels: []uint32{teid}, UE4: ue}
	if d.IntN(2) == 0 {
		s.UE6 = ue6
	}
	d.qer += 16
	ambr := d.qerOf(0)
	up, down := 1, 1
	if d.IntN(2) == 0 {
		up, down = 1+d.IntN(8), 1+d.IntN(8)
	}
	for i := range up {
		r := upf.Rule{PDR: pfcp.PDRID(i + 1), Source: pfcp.InterfaceAccess, TEID: teid, Network: dnn, To: pfcp.InterfaceCore}
		if d.IntN(4) > 0 {
			r.QFIs = 1<<9 | 1<<d.IntN(64)
		}
		if d.IntN(4) == 0 {
			r.Peer, r.PeerTEID, r.To = peers[d.IntN(len(peers))], d.Uint32(), pfcp.InterfaceCore
			r.QFI = uint8(1 + d.IntN(63))
		}
		d.fill(&r, i, up, ambr)
		s.Rules = append(s.Rules, r)
	}
	if slot < n9Slots && d.IntN(3) > 0 { // an intermediate UPF has the downlink from another one, over N9
		s.Tunnels = append(s.Tunnels, n9TEID(slot))
		limit := []upf.QER{ambr, d.qerOf(5)}[d.IntN(2)]
		for i := range down {
			r := upf.Rule{PDR: pfcp.PDRID(i + 40), Source: pfcp.InterfaceCore, TEID: n9TEID(slot), Network: dnn, To: pfcp.InterfaceAccess, PeerTEID: d.Uint32(),
				QFI: uint8(d.IntN(2) * d.IntN(64)), RQI: d.IntN(4) == 0, Peer: peers[d.IntN(len(peers))]}
			if d.IntN(4) == 0 {
				r.QFIs = 1<<9 | 1<<d.IntN(64)
			}
			d.fill(&r, i, down, limit)
			s.Rules = append(s.Rules, r)
		}
	}
	for i := range down {
		r := upf.Rule{PDR: pfcp.PDRID(i + 20), Source: pfcp.InterfaceCore, Network: dnn, To: pfcp.InterfaceAccess, PeerTEID: d.Uint32(),
			QFI: uint8(d.IntN(64)), RQI: d.IntN(4) == 0, Peer: peers[d.IntN(len(peers))]}
		if d.IntN(20) == 0 {
			r.Peer = netip.Addr{}
		}
		d.fill(&r, i, down, ambr)
		s.Rules = append(s.Rules, r)
	}
	s.URRs = d.quotas(slot)
	return s
}

// n9TEID is the tunnel by which another UPF sends the packets to the UE of one of the first slots.
func n9TEID(slot uint32) uint32 { return 1<<20 | 80 + slot }

// n9Slots are the slots outside the pools.
const n9Slots = 16

// fill gives a rule what both directions have. The last one is often for everything.
func (d *differ) fill(r *upf.Rule, i, n int, ambr upf.QER) {
	r.Action = d.action(r.Uplink())
	r.URRs = []pfcp.URRID{1, 2, 3}[:d.IntN(4)]
	if i < n-1 || d.IntN(8) == 0 {
		for range 1 + d.IntN(2) {
			r.Filters = append(r.Filters, d.filter())
		}
	}
	if r.Peer.IsValid() && d.IntN(3) == 0 {
		r.Mark, r.MarkMask = uint8(d.IntN(64)<<2), 0xfc
	}
	if d.IntN(3) > 0 {
		r.QERs = append(r.QERs, ambr)
	}
	if d.IntN(3) == 0 {
		r.QERs = append(r.QERs, d.qerOf(pfcp.QERID(1+d.IntN(4))))
	}
	if n == 1 && d.IntN(4) == 0 {
		r.QERs = append(r.QERs, d.qerOf(6))
	}
}

func (d *differ) action(uplink bool) pfcp.ApplyAction {
	switch n := d.IntN(16); {
	case n == 0:
		return pfcp.ApplyDROP
	case n == 1 && !uplink:
		return pfcp.ApplyBUFF
	}
	return pfcp.ApplyFORW
}

func (d *differ) gate() pfcp.GateStatus {
	return pfcp.GateStatus{UplinkClosed: d.IntN(20) == 0, DownlinkClosed: d.IntN(20) == 0}
}

// qerOf is the QER of an offset in the session's ids; the same offset has the same rates.
func (d *differ) qerOf(n pfcp.QERID) upf.QER {
	q := upf.QER{ID: d.qer + n, Gate: d.gate()}
	rates := []uint64{0, 64, 1000, 100_000, 10_000_000, 100_000_000, 1 << 39, 5_000, 20_000}
	r := rand.New(rand.NewPCG(uint64(q.ID), d.seed))
	if r.IntN(4) > 0 {
		q.MBR = pfcp.Some(pfcp.MBR{Uplink: rates[r.IntN(len(rates))], Downlink: rates[r.IntN(len(rates))]})
	}
	return q
}

// Ports that packets and filters share.
var somePorts = []uint16{1, 53, 80, 443, 5060, 40000, 65535}

func (d *differ) filter() upf.Filter {
	f := upf.Filter{Protocol: []uint8{0, 0, 17, 17, 6}[d.IntN(5)]}
	remotes := []string{"", "", "203.0.113.0/24", "203.0.113.5/32", "0.0.0.0/0", "8.8.8.8/32", "2001:db8:f::/48", "2001:db8:f::5/128", "::/0"}
	if r := remotes[d.IntN(len(remotes))]; r != "" {
		f.Remote = netip.MustParsePrefix(r)
	}
	if d.IntN(6) == 0 {
		f.Local = netip.MustParsePrefix([]string{"10.60.0.0/26", "10.60.0.3/32", "10.61.0.0/16", "2001:db8:60::/48"}[d.IntN(4)])
	}
	ranges := func() (out []upf.PortRange) {
		for range []int{0, 0, 1, 2}[d.IntN(4)] {
			a, b := somePorts[d.IntN(len(somePorts))], somePorts[d.IntN(len(somePorts))]
			out = append(out, upf.PortRange{First: min(a, b), Last: max(a, b)})
		}
		return out
	}
	f.RemotePorts, f.LocalPorts = ranges(), ranges()
	if d.IntN(8) == 0 {
		f.TrafficClass, f.TrafficMask = uint8(d.IntN(2)<<5), 0xe0
	}
	return f
}

// addressOf is the UE address of a slot.
func addressOf(slot uint32) netip.Addr {
	if slot < 64 {
		return netip.AddrFrom4([4]byte{10, 60, 0, byte(slot)})
	}
	return netip.AddrFrom4([4]byte{10, 61, 0, byte(slot - 64)})
}

// prefixOfSlot is the UE's prefix of IPv6.
func prefixOfSlot(slot uint32) netip.Prefix {
	net := 0x60
	if slot >= 64 {
		net = 0x61
	}
	return netip.MustParsePrefix(fmt.Sprintf("2001:db8:%x:%x::/64", net, slot+1))
}

// inner is a user's packet of random length.
func (d *differ) inner(src, dst netip.Addr) []byte {
	body := make([]byte, []int{0, 0, 8, 100, 100, 1000, 1230, 1430}[d.IntN(8)]+d.IntN(40))
	ttl := []byte{64, 64, 64, 64, 64, 64, 64, 2, 255, byte(d.IntN(2))}[d.IntN(10)]
	protocol := []byte{17, 17, 6, 1}[d.IntN(4)]
	body = udp(somePorts[d.IntN(len(somePorts))], somePorts[d.IntN(len(somePorts))], body)
	if src.Is6() {
		b := ipv6(src, dst, []byte{17, 17, 6, 58, 44, 0}[d.IntN(6)], ttl, body)
		b[0], b[1] = 0x60|byte(d.IntN(16)), byte(d.Uint32())
		return b
	}
	b := ipv4(src, dst, protocol, ttl, body)
	b[1] = byte(d.IntN(2) << 5)
	b[4], b[5] = byte(d.Uint32()), byte(d.Uint32())
	if d.IntN(20) == 0 {
		b[6] = byte(d.IntN(0x40)) // a fragment
	}
	b[10], b[11] = 0, 0
	binary.BigEndian.PutUint16(b[10:], checksum(b[:20]))
	return b
}

func (d *differ) uplinkFrame() []byte {
	slot := uint32(d.IntN(len(d.sessions)))
	src, dst := addressOf(slot), []netip.Addr{dnHost, dnHost, dnHost, dnHost, gateway, netip.MustParseAddr("8.8.8.8"), gateway, farGW, gnb, netip.MustParseAddr("192.0.2.77"), addressOf(3),
		netip.MustParseAddr("224.0.0.5"), netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("11.1.1.1"), netip.MustParseAddr("9.9.9.9")}[d.IntN(15)]
	if d.IntN(12) == 0 {
		src = addressOf(uint32(d.IntN(len(d.sessions))))
	}
	if d.IntN(5) < 2 {
		src = host6(prefixOfSlot(slot), d.Uint32())
		if d.IntN(12) == 0 {
			src = host6(prefixOfSlot(uint32(d.IntN(len(d.sessions)))), 1)
		}
		if d.IntN(40) == 0 { // of no prefix at all, as a session without IPv6 has none
			src = []netip.Addr{netip.IPv6Unspecified(), netip.MustParseAddr("::1"), netip.MustParseAddr("::7:8:9")}[d.IntN(3)]
		}
		dst = []netip.Addr{dnHost6, dnHost6, dnHost6, gateway6, netip.MustParseAddr("2600::1"), host6(prefixOfSlot(3), 9),
			netip.MustParseAddr("ff02::2"), netip.MustParseAddr("fe80::1")}[d.IntN(8)]
	}
	g := gtpu.Packet{Type: gtpu.GPDU, TEID: 1<<20 | slot, HasSession: d.IntN(10) > 0, HasSequence: d.IntN(10) == 0, HasUDPPort: d.IntN(40) == 0,
		Session: gtpu.PDUSession{Type: gtpu.Uplink, QFI: 9}, Payload: d.inner(src, dst)}
	if n := uint32(d.IntN(4 * n9Slots)); n < n9Slots {
		g.TEID, g.Session.Type, g.Session.RQI = n9TEID(n), gtpu.PDUType(d.IntN(20)/19), d.IntN(4) == 0
		g.Payload = d.inner(dnHost, addressOf(n))
		if d.IntN(3) == 0 {
			g.Payload = d.inner(dnHost6, host6(prefixOfSlot(n), d.Uint32()))
		}
	}
	switch d.IntN(20) {
	case 0:
		g.Session.QFI = uint8(d.IntN(64))
	case 1:
		g.TEID ^= 1 << 20
	case 2:
		g.Type = gtpu.EndMarker
	case 3:
		g.Payload = append(g.Payload, make([]byte, d.IntN(8))...)
	}
	if d.IntN(8) == 0 {
		return d.pad(gpdu6(gnb6, &g))
	}
	return d.pad(gpdu(gnb, &g))
}

func host6(p netip.Prefix, n uint32) netip.Addr {
	b := p.Addr().As16()
	binary.BigEndian.PutUint32(b[12:], n)
	return netip.AddrFrom16(b)
}

func (d *differ) downlinkFrame() []byte {
	slot := uint32(d.IntN(len(d.sessions)))
	if d.IntN(3) == 0 {
		return d.pad(ethernet(oneMAC, gateMAC, d.inner(dnHost6, host6(prefixOfSlot(slot), d.Uint32()))))
	}
	return d.pad(ethernet(oneMAC, gateMAC, d.inner(dnHost, addressOf(slot))))
}

// pad appends octets that a driver may leave after a packet.
func (d *differ) pad(b []byte) []byte {
	if d.IntN(5) == 0 {
		b = append(b, make([]byte, d.IntN(20))...)
	}
	return b
}

// spoil breaks some frames: bits from the first octet that matters on, mostly in the headers, or their length.
func (d *differ) spoil(b []byte, from, to int) []byte {
	switch d.IntN(40) {
	case 3:
		b[0] ^= 1 << d.IntN(8)
	case 0:
		for range 1 + d.IntN(3) {
			b[12+d.IntN(min(len(b)-12, 90))] ^= 1 << d.IntN(8)
		}
	case 1:
		b = b[:max(14, d.IntN(len(b)))]
	case 2:
		b[from+d.IntN(to-from)] = byte(d.Uint32())
	}
	return b
}

// FuzzFrame sends any frame through both user planes: from a gNB, from a data network, and tagged.
func FuzzFrame(f *testing.F) {
	d := newDiffer(f, 1)
	for range 20 {
		f.Add(d.uplinkFrame(), true)
		f.Add(d.downlinkFrame(), false)
	}
	f.Fuzz(func(t *testing.T, frame []byte, uplink bool) {
		if len(frame) < 14 || len(frame) > 3000 {
			return
		}
		if d.broken != "" {
			t.Fatalf("after what broke the two: %s", d.broken)
		}
		d.TB = t
		d.now += 1000
		check(t, d.clock.Set(uint64(d.now)))
		direction, program := "downlink", programN6
		if uplink {
			direction, program = "uplink", programN3
		}
		d.both(direction, program, frame)
		if got, want := d.path.Counters(), d.alone.path.Counters(); got != want {
			d.breaks("counters\nboth  %+v\nalone %+v\nframe %x", got, want, frame)
		}
	})
}
