package xdp

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// packets is how many random packets the differential test sends through both.
const packets = 1_000_000

// differ runs random packets through the programs and through the model.
type differ struct {
	*testing.T
	*rand.Rand
	path   *Path
	model  *model
	one    int
	two    int
	out    []byte
	runs   map[string]*ebpf.RunOptions
	clock  *ebpf.Variable
	counts map[string]int
	teids  [64 + 16]uint32
}

// TestDifferential sends random packets, most of them sound and some broken, of random sessions whose rules change now
// and then through the programs and through the decoders and the matching of the path in Go: the same verdict, the same
// octets and the same counters, and what the programs leave to user space is untouched and uncounted.
func TestDifferential(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	d := newDiffer(t, seed)
	for slot := range d.teids {
		d.apply(uint32(slot))
	}
	for n := range packets {
		if n%500 == 0 {
			d.apply(uint32(d.IntN(len(d.teids))))
			d.compare()
		}
		d.model.now += int64(d.IntN(4000))
		check(t, d.clock.Set(uint64(d.model.now)))
		if d.IntN(2) == 0 {
			frame := d.spoil(d.uplinkFrame(), 14+16, 14+26)
			d.one2one("uplink", programN3, frame, d.model.uplink(frame))
		} else {
			frame := d.spoil(d.downlinkFrame(), 12, 14+20)
			d.one2one("downlink", programN6, frame, d.model.downlink(frame))
		}
		if t.Failed() {
			t.Fatalf("packet %d, seed %d", n, seed)
		}
	}
	d.compare()
	for _, what := range []string{"uplink forwarded", "downlink forwarded", "uplink user space", "downlink user space",
		"uplink spoofed source", "uplink no rule", "uplink gate closed", "downlink gate closed", "uplink rate", "downlink rate",
		"uplink FAR drop", "downlink FAR drop"} {
		t.Logf("%-20s %d", what, d.counts[what])
		if d.counts[what] < packets/1000 {
			t.Errorf("%s: only %d times in %d", what, d.counts[what], packets)
		}
	}
}

func newDiffer(t *testing.T, seed uint64) *differ {
	one, two := twoInterfaces(t)
	ports := map[int]port{one: {index: one, name: "lo", n3: true, n6: true}, two: {index: two, name: "two", n3: true, n6: true}}
	p := testPath(t, testConfig(), around(one, two), ports)
	d := &differ{T: t, Rand: rand.New(rand.NewPCG(seed, 0)), path: p, one: one, two: two, out: make([]byte, 4096),
		runs: map[string]*ebpf.RunOptions{}, clock: p.loaded.collection.Variables["test_now"], counts: map[string]int{}}
	d.model = &model{sessions: map[uint32]*upf.Session{}, layout: p.layout, now: int64(time.Hour), meters: map[meterKey]float64{},
		usage: map[usageKey]upf.Usage{}}
	for slot := range d.teids {
		d.teids[slot] = 1<<20 | uint32(slot)
	}
	return d
}

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

// one2one runs a frame and compares.
func (d *differ) one2one(direction, program string, frame []byte, want fate) {
	o := &ebpf.RunOptions{Data: frame, DataOut: d.out}
	verdict, err := d.path.loaded.collection.Programs[program].Run(o)
	if err != nil {
		d.Fatal(err)
	}
	forwarded := verdict == xdpTX || verdict == xdpRedirect
	if want.close { // believe it, and believe its policers from now on
		d.believe(direction, frame)
	}
	switch {
	case verdict == xdpPass:
		if !want.slow && want.simple || !bytes.Equal(o.DataOut, frame) {
			d.Errorf("%s: left to user space, want %+v\n%x\n%x", direction, want, frame, o.DataOut)
		}
		d.counts[direction+" user space"]++
		return
	case want.close && verdict == xdpDrop:
		want.drop, want.forward = upf.DropRate, false
	case want.slow:
		d.Errorf("%s: verdict %d, want user space\n%x", direction, verdict, frame)
		return
	}
	up := direction == "uplink"
	if want.forward && forwarded {
		out := o.DataOut
		if !bytes.Equal(frameChecksum(out, want, up), want.out) || verdict == xdpTX != (want.port == 1) {
			d.Errorf("%s: verdict %d\ngot  %x\nwant %x, port %d\nfor  %x", direction, verdict, out, want.out, want.port, frame)
		}
		want.bill()
		d.counts[direction+" forwarded"]++
		if up {
			d.model.counters.UplinkIn, d.model.counters.UplinkOut = d.model.counters.UplinkIn+1, d.model.counters.UplinkOut+1
		} else {
			d.model.counters.DownlinkIn, d.model.counters.DownlinkOut = d.model.counters.DownlinkIn+1, d.model.counters.DownlinkOut+1
		}
		return
	}
	if want.forward || verdict != xdpDrop {
		d.Errorf("%s: verdict %d, want %+v\n%x", direction, verdict, want, frame)
		return
	}
	d.counts[direction+" "+want.drop.String()]++
	d.model.counters.Dropped[want.drop]++
	if up {
		d.model.counters.UplinkIn++
	} else {
		d.model.counters.DownlinkIn++
	}
}

// Verdicts of a program.
const (
	xdpDrop     = 1
	xdpPass     = 2
	xdpTX       = 3
	xdpRedirect = 4
)

// frameChecksum is the frame with the inner checksum of want where the packet's own checksum was wrong from the start:
// a router mends what it changes and nothing else.
func frameChecksum(out []byte, want fate, up bool) []byte {
	at := 14
	if !up {
		at += outerOctets
	}
	if !want.broken || len(out) < at+20 || len(want.out) < at+20 {
		return out
	}
	out = append([]byte(nil), out...)
	copy(out[at+10:at+12], want.out[at+10:])
	return out
}

// apply gives a session new random rules.
func (d *differ) apply(slot uint32) {
	s := d.session(slot)
	check(d.T, d.path.Apply(s))
	d.model.apply(s)
}

// session makes random rules; most sessions have one rule for each direction.
func (d *differ) session(slot uint32) *upf.Session {
	ue, dnn := addressOf(slot), "internet"
	if slot >= 64 {
		dnn = "ims"
	}
	s := &upf.Session{Slot: slot, Tunnels: []uint32{d.teids[slot]}, UE4: ue}
	up := upf.Rule{PDR: 1, Source: pfcp.InterfaceAccess, TEID: d.teids[slot], UE4: ue, Network: dnn, To: pfcp.InterfaceCore}
	down := upf.Rule{PDR: 2, Source: pfcp.InterfaceCore, UE4: ue, Network: dnn, To: pfcp.InterfaceAccess, PeerTEID: d.Uint32(),
		QFI: uint8(d.IntN(64)), RQI: d.IntN(4) == 0, Peer: []netip.Addr{gnb, farGNB, gnb, farGNB, lostGNB}[d.IntN(5)]}
	if d.IntN(4) > 0 {
		up.QFIs = 1<<9 | 1<<d.IntN(64)
	}
	if d.IntN(20) == 0 {
		down.Peer = netip.Addr{}
	}
	for _, r := range []*upf.Rule{&up, &down} {
		r.Action = []pfcp.ApplyAction{pfcp.ApplyFORW, pfcp.ApplyFORW, pfcp.ApplyFORW, pfcp.ApplyFORW, pfcp.ApplyFORW, pfcp.ApplyFORW,
			pfcp.ApplyDROP, pfcp.ApplyBUFF}[d.IntN(8)]
		r.QERs, r.URRs = d.qers(), []pfcp.URRID{1, 2, 3}[:d.IntN(4)]
		if d.IntN(12) == 0 {
			r.Filters = []upf.Filter{{}}
		}
	}
	s.Rules = []upf.Rule{up, down}
	if d.IntN(12) == 0 {
		up.PDR, up.QFIs = 3, 0
		s.Rules = append(s.Rules, up)
	}
	return s
}

func (d *differ) qers() []upf.QER {
	var out []upf.QER
	for id := range pfcp.QERID(d.IntN(4)) {
		q := upf.QER{ID: id + 1, Gate: pfcp.GateStatus{UplinkClosed: d.IntN(20) == 0, DownlinkClosed: d.IntN(20) == 0}}
		if d.IntN(3) > 0 {
			rates := []uint64{0, 64, 1000, 100_000, 10_000_000, 100_000_000, 1 << 39}
			q.MBR = pfcp.Some(pfcp.MBR{Uplink: rates[d.IntN(len(rates))], Downlink: rates[d.IntN(len(rates))]})
		}
		out = append(out, q)
	}
	return out
}

// addressOf is the UE address of a slot.
func addressOf(slot uint32) netip.Addr {
	if slot < 64 {
		return netip.AddrFrom4([4]byte{10, 60, 0, byte(slot)})
	}
	return netip.AddrFrom4([4]byte{10, 61, 0, byte(slot - 64)})
}

// inner is a user's packet of random length.
func (d *differ) inner(src, dst netip.Addr) []byte {
	body := make([]byte, []int{0, 0, 8, 100, 100, 1000, 1230, 1430}[d.IntN(8)]+d.IntN(40))
	ttl := []byte{64, 64, 64, 64, 64, 64, 64, 2, 255, byte(d.IntN(2))}[d.IntN(10)]
	b := ipv4(src, dst, 17, ttl, udp(1, 2, body))
	b[4], b[5] = byte(d.Uint32()), byte(d.Uint32())
	b[10], b[11] = 0, 0
	binary.BigEndian.PutUint16(b[10:], checksum(b[:20]))
	return b
}

func (d *differ) uplinkFrame() []byte {
	slot := uint32(d.IntN(len(d.teids)))
	src := addressOf(slot)
	if d.IntN(12) == 0 {
		src = addressOf(uint32(d.IntN(len(d.teids))))
	}
	dst := []netip.Addr{dnHost, dnHost, dnHost, dnHost, gateway, netip.MustParseAddr("8.8.8.8"), gateway, farGW, gnb, netip.MustParseAddr("192.0.2.77"), addressOf(3),
		netip.MustParseAddr("224.0.0.5"), netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("11.1.1.1"), netip.MustParseAddr("9.9.9.9")}[d.IntN(15)]
	g := gtpu.Packet{Type: gtpu.GPDU, TEID: d.teids[slot], HasSession: d.IntN(10) > 0, HasSequence: d.IntN(10) == 0, HasUDPPort: d.IntN(40) == 0,
		Session: gtpu.PDUSession{Type: gtpu.Uplink, QFI: 9}, Payload: d.inner(src, dst)}
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
	return d.pad(gpdu(gnb, &g))
}

func (d *differ) downlinkFrame() []byte {
	return d.pad(ethernet(oneMAC, gateMAC, d.inner(dnHost, addressOf(uint32(d.IntN(len(d.teids)+3))))))
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
	switch d.IntN(14) {
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

// believe takes the state of a session's policers over from the programs, where the model cannot tell.
func (d *differ) believe(direction string, frame []byte) {
	slot := binary.BigEndian.Uint32(frame[46:]) & 0xfffff
	if direction == "downlink" {
		slot, _ = d.path.layout.SlotOf4(binary.BigEndian.Uint32(frame[30:]))
	}
	s := d.path.sessions[slot]
	side, state := &s.up, &d.path.loaded.blocks[slot].up.state
	if direction == "downlink" {
		side, state = &s.down, &d.path.loaded.blocks[slot].down.state
	}
	d.model.meters[meterKey{slot, side.policer, direction == "uplink"}] = float64(state.next) / 16
}

// compare wants the same counters and usage.
func (d *differ) compare() {
	if got := d.path.Counters(); got != d.model.counters {
		d.Fatalf("counters\ngot  %+v\nwant %+v", got, d.model.counters)
	}
	for slot := range d.teids {
		for id := range pfcp.URRID(4) {
			if got, want := d.path.Usage(uint32(slot), id), d.model.usage[usageKey{uint32(slot), id}]; got != want {
				d.Fatalf("usage of slot %d, URR %d\ngot  %+v\nwant %+v", slot, id, got, want)
			}
		}
	}
}
