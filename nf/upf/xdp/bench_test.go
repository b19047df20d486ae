package xdp

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"math"
	"math/bits"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

const (
	runs    = 200_000 // packets of a sample: short, so that many are not disturbed
	samples = 12      // the best counts
	tries   = 40      // for so many samples at a quiet time
	quiet   = 1.12    // how much slower than its best the reference run beside a sample may be
)

// floorEntry is bpf/bench.bpf.c's.
type floorEntry struct {
	TEID, UE uint32
	Peer     uint64
	MACs     [2]uint64
}

// BenchmarkUserPlane measures nanoseconds per packet of 128 octets on one processor by BPF_PROG_TEST_RUN, with a URR and
// the policing of session and flow on: a driver program restores the frame, chooses a session and tail-calls the program
// under test; its own cost is subtracted. "floor" is an index into an array and the rewriting of headers, and nothing
// else. Run it with -benchtime 1x.
func BenchmarkUserPlane(b *testing.B) {
	found := table{}
	for _, n := range benchSizes {
		for _, v := range []struct {
			name   string
			rules  func(*upf.Session)
			flows  int // of a session
			bursts []string
		}{{"1rule", oneRule, 0, []string{"random", "bursts"}}, {"8rules", eightRules, 0, []string{"8rules"}}, {"8flows", eightFlows, 16, []string{"8flows"}},
			{"IPv6", dualStack, 0, []string{"IPv6"}}} {
			b.Run(fmt.Sprintf("sessions=%d/%s", n, v.name), func(b *testing.B) {
				p := rigPath(b, n, v.flows, v.rules)
				for _, row := range v.bursts {
					for _, direction := range []string{"uplink", "downlink"} {
						b.Run(row+"/"+direction, func(b *testing.B) { found.bench(b, p, row, direction, n) })
					}
				}
			})
		}
	}
	fmt.Print(found)
}

// bench measures a cell of the table.
func (t table) bench(b *testing.B, p *Path, row, direction string, sessions int) {
	burst := 1
	if row == "bursts" {
		burst = 16
	}
	r := newRig(b, p, direction, sessions, burst, row == "IPv6")
	for range b.N {
		test, floor := r.measure(b)
		t.note(row, direction, sessions, test)
		if row == "random" {
			t.note("array floor", direction, sessions, floor)
		}
	}
}

var benchSizes = [...]int{1, 10_000, 100_000, 1_000_000}

// table is what was found, in nanoseconds, by row and direction.
type table map[string]map[string]map[int]float64

func (t table) note(row, direction string, sessions int, ns float64) {
	if t[row] == nil {
		t[row] = map[string]map[int]float64{"uplink": {}, "downlink": {}}
	}
	t[row][direction][sessions] = ns
}

// String is the table of docs/benchmarks.md: uplink/downlink.
func (t table) String() string {
	var s strings.Builder
	s.WriteString("\n| sessions | 1 | 10,000 | 100,000 | 1,000,000 |\n|---|---|---|---|---|\n")
	for _, row := range []string{"random", "bursts", "8rules", "8flows", "IPv6", "array floor"} {
		fmt.Fprintf(&s, "| %s |", row)
		for _, n := range benchSizes {
			cell := func(direction string) string {
				if ns, ok := t[row][direction][n]; ok {
					return fmt.Sprintf("%.0f", ns)
				}
				return "-"
			}
			fmt.Fprintf(&s, " %s/%s |", cell("uplink"), cell("downlink"))
		}
		s.WriteString("\n")
	}
	return s.String()
}

// rig is a program under test, its floor, and the program that drives them.
type rig struct {
	driver, empty, floor, test *ebpf.Program
	target                     *ebpf.Map
	frame                      []byte
	path                       *Path
}

// rigPath is a Path with many sessions.
func rigPath(b *testing.B, sessions, flows int, rules func(*upf.Session)) *Path {
	one, two := twoInterfaces(b)
	p := benchPath(b, sessions, flows, around(one, two), map[int]port{one: {index: one}, two: {index: two}})
	for i := range sessions {
		s := benchSession(firstBench, uint32(i))
		rules(s)
		check(b, p.Apply(s))
		delete(p.sessions, s.Slot) // the programs need the maps alone
	}
	return p
}

// powerOfTwo is the least that is not below n.
func powerOfTwo(n int) int { return 1 << bits.Len(uint(n-1)) }

// firstBench is the address of the first session.
var firstBench = netip.MustParseAddr("10.64.0.0")

func newRig(b *testing.B, p *Path, direction string, sessions, burst int, v6 bool) *rig {
	ue := firstBench
	if v6 {
		ue = host6(prefixOfBench(0), 1)
	}
	frame, program := rigFrame(direction, ue, 128), programN3
	if direction == "downlink" {
		program = programN6
	}
	r := &rig{frame: frame, path: p, test: p.loaded.collection.Programs[program]}
	r.loadDriver(b, direction, sessions, burst, firstBench, v6)
	return r
}

// benchPath is a Path for many sessions that works by the clock of the machine.
func benchPath(b *testing.B, sessions, flows int, v view, ports map[int]port) *Path {
	first := firstBench
	c := programConfig{N3: networkOrder(n3Addr), Pools: 1}
	c.Pool[0] = poolConfig{First: hostOrder(first), Size: 1 << 20, MTU: 1400}
	c.Pools6, c.Pool6[0] = 1, pool6Config{First: 0x20010db8 << 32, Size: 1 << 20, MTU: 1400}
	network := upf.Network{DNN: "internet", Pools: []netip.Prefix{netip.MustParsePrefix("10.64.0.0/12")}, MTU: 1400}
	layout, err := upf.NewLayout([]upf.Network{network}, 0)
	check(b, err)
	p := &Path{log: slog.New(slog.DiscardHandler), config: c, layout: layout, pools: []upf.Network{network}, networks: []upf.Network{network},
		tables: map[string]uint8{"internet": 0}, sessions: map[uint32]*session{}, size: sizes{slots: sessions, flows: 64 + flows*powerOfTwo(sessions), slots6: 1 << 20}}
	p.start(b, v, ports, &still{})
	return p
}

// eightRules gives each direction of a session seven rules with filters before the one for everything.
func eightRules(s *upf.Session) {
	up, down := s.Rules[0], s.Rules[1]
	s.Rules = nil
	for i := range uint16(7) {
		f := upf.Filter{Protocol: 6, Remote: netip.MustParsePrefix("198.51.100.0/24"), RemotePorts: []upf.PortRange{{First: 8000 + i, Last: 8100 + i}}}
		x, y := up, down
		x.PDR, x.Filters, y.PDR, y.Filters = pfcp.PDRID(10+i), []upf.Filter{f}, pfcp.PDRID(30+i), []upf.Filter{f}
		s.Rules = append(s.Rules, x, y)
	}
	s.Rules = append(s.Rules, up, down)
}

func oneRule(*upf.Session) {}

// dualStack gives a session a prefix of IPv6 too.
func dualStack(s *upf.Session) { s.UE6 = prefixOfBench(s.Slot) }

// eightFlows is eightRules with a URR and a policer of each rule's own.
func eightFlows(s *upf.Session) {
	eightRules(s)
	for i := range s.Rules {
		r := &s.Rules[i]
		r.URRs = append(slices.Clone(r.URRs), pfcp.URRID(2+i))
		r.QERs = []upf.QER{r.QERs[0], r.QERs[1]}
		r.QERs[1].ID = pfcp.QERID(2 + i)
	}
}

// rigFrame is a frame with a packet.
func rigFrame(direction string, ue netip.Addr, octets int) []byte {
	remote := dnHost
	inner := func(src, dst netip.Addr) []byte { return ipv4(src, dst, 17, 64, udp(1, 2, make([]byte, octets-28))) }
	if ue.Is6() {
		remote = dnHost6
		inner = func(src, dst netip.Addr) []byte { return ipv6(src, dst, 17, 64, udp(1, 2, make([]byte, octets-48))) }
	}
	if direction == "downlink" {
		return ethernet(oneMAC, gateMAC, inner(remote, ue))
	}
	return gpdu(gnb, &gtpu.Packet{Type: gtpu.GPDU, HasSession: true, Session: gtpu.PDUSession{Type: gtpu.Uplink, QFI: 9}, Payload: inner(ue, remote)})
}

// loadDriver loads what measures.
func (r *rig) loadDriver(b *testing.B, direction string, sessions, burst int, first netip.Addr, v6 bool) {
	spec := mustSpec(b, benchObject)
	settings := map[string]uint32{"sessions": uint32(sessions), "burst": uint32(burst), "first": hostOrder(first)}
	if v6 {
		settings["version"], settings["first"] = 6, 0
	}
	for name, v := range settings {
		check(b, spec.Variables[name].Set(v))
	}
	spec.Maps["floor_map"].MaxEntries = uint32(sessions)
	c, err := ebpf.NewCollection(spec)
	check(b, err)
	b.Cleanup(c.Close)
	r.driver, r.empty, r.floor, r.target = c.Programs["drive_"+direction], c.Programs["empty"], c.Programs["floor_"+direction], c.Maps["target"]
	check(b, c.Maps["frame"].Put(uint32(0), r.frame[:112]))
	if v6 { // the floor is for IPv4
		r.floor = nil
		return
	}
	keys, entries := make([]uint32, sessions), make([]floorEntry, sessions)
	for i := range keys {
		a := make([]byte, 4)
		binary.BigEndian.PutUint32(a, hostOrder(first)+uint32(i))
		keys[i], entries[i] = uint32(i), floorEntry{TEID: 1<<20 | uint32(i), UE: binary.NativeEndian.Uint32(a)}
	}
	_, err = c.Maps["floor_map"].BatchUpdate(keys, entries, nil)
	check(b, err)
}

// benchSession has one rule for each direction, a URR, and rates for the session and the flow that are not reached.
func benchSession(first netip.Addr, slot uint32) *upf.Session {
	var a [4]byte
	binary.BigEndian.PutUint32(a[:], hostOrder(first)+slot)
	ue, teid := netip.AddrFrom4(a), 1<<20|slot
	const tbps = 1_000_000_000
	common := upf.Rule{UE4: ue, Network: "internet", Action: pfcp.ApplyFORW, URRs: []pfcp.URRID{1}, QFI: 9,
		QERs: []upf.QER{{ID: 1, MBR: pfcp.Some(pfcp.MBR{Uplink: tbps, Downlink: tbps})}, {ID: 2, MBR: pfcp.Some(pfcp.MBR{Uplink: tbps, Downlink: tbps})}}}
	up, down := common, common
	up.PDR, up.Source, up.TEID, up.To, up.QFIs = 1, pfcp.InterfaceAccess, teid, pfcp.InterfaceCore, 1<<9
	down.PDR, down.Source, down.To, down.Peer, down.PeerTEID = 2, pfcp.InterfaceCore, pfcp.InterfaceAccess, gnb, slot
	return &upf.Session{Slot: slot, Tunnels: []uint32{teid}, UE4: ue, Rules: []upf.Rule{up, down}}
}

// measure reports the best of several samples, and returns them: of the program and of the floor.
func (r *rig) measure(b *testing.B) (test, floor float64) {
	best := map[*ebpf.Program]float64{}
	taken, reference := map[*ebpf.Program]int{}, math.Inf(1)
	programs := []*ebpf.Program{r.empty, r.test}
	if r.floor != nil {
		programs = append(programs, r.floor)
	}
	for try := 0; try < tries && slices.ContainsFunc(programs, func(p *ebpf.Program) bool { return taken[p] < samples }); try++ {
		for _, p := range programs {
			before := r.run(b, r.empty, xdpTX)
			want := uint32(xdpTX)
			if p == r.test {
				want = xdpRedirect
			}
			ns := r.run(b, p, want)
			after := r.run(b, r.empty, xdpTX)
			reference = min(reference, before, after)
			if max(before, after) > quiet*reference {
				continue
			}
			if taken[p]++; taken[p] == 1 || ns < best[p] {
				best[p] = ns
			}
		}
	}
	forwarded := r.path.loaded.forwarded(b)
	if want := uint64(taken[r.test]) * runs; forwarded < want {
		b.Fatalf("%d packets forwarded, want at least %d", forwarded, want)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(best[r.test]-best[r.empty], "ns/packet")
	if r.floor != nil {
		b.ReportMetric(best[r.floor]-best[r.empty], "floor-ns/packet")
	}
	b.ReportMetric(float64(taken[r.test]), "samples")
	return best[r.test] - best[r.empty], best[r.floor] - best[r.empty]
}

// forwarded is how many packets the programs forwarded.
func (l *loaded) forwarded(b *testing.B) uint64 {
	totals, err := l.totals()
	check(b, err)
	for i, n := range totals[2:] {
		if n != 0 {
			b.Fatalf("%d packets dropped for reason %s", n, upf.Drop(i/2))
		}
	}
	return totals[0] + totals[1]
}

// run is the time of a packet through the driver and a program.
func (r *rig) run(b *testing.B, p *ebpf.Program, want uint32) float64 {
	check(b, r.target.Put(uint32(0), uint32(p.FD())))
	verdict, each, err := r.driver.Benchmark(r.frame, runs, nil)
	check(b, err)
	if verdict != want {
		b.Fatalf("verdict %d, want %d", verdict, want)
	}
	return float64(each) / float64(time.Nanosecond)
}
