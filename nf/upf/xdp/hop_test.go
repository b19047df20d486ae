package xdp

import (
	"fmt"
	"math"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// liveFrames is BPF_F_TEST_XDP_LIVE_FRAMES: frames are sent, not only judged.
const liveFrames = 1 << 1

// hopPackets is the packets of one sample.
const hopPackets = 200_000

// BenchmarkHop measures what a hop between two namespaces over veth costs, sender, hop and sink on one processor: the
// time of a packet that is sent, taken by the core's interface, sent on and counted at the other end, less that of one
// that is counted at the core's interface already. "bare" is a program that redirects and does nothing else. Run it with
// -benchtime 1x.
func BenchmarkHop(b *testing.B) {
	for _, direction := range []string{"uplink", "downlink"} {
		for _, sessions := range []int{1, 10_000} {
			b.Run(fmt.Sprintf("%s/sessions=%d", direction, sessions), func(b *testing.B) {
				h := newHop(b, direction, sessions)
				for range b.N {
					h.measure(b)
				}
			})
		}
	}
}

// hop is the lab with a generator at one end and a sink at the other.
type hop struct {
	*lab
	path     *Path
	bench    *ebpf.Collection
	driver   *ebpf.Program
	program  *ebpf.Program
	from, to string // interfaces of the core
	frame    []byte
	source   netns.NsHandle
}

func newHop(b *testing.B, direction string, sessions int) *hop {
	first := netip.MustParseAddr("10.64.0.0")
	h := &hop{lab: newLab(b), from: "n3", to: "n6"}
	var one unix.CPUSet
	one.Set(0)
	check(b, unix.SchedSetaffinity(0, &one)) // the thread is the benchmark's own and ends with it
	h.source = h.gnb
	far, name := h.dn, programN3
	if direction == "downlink" {
		h.from, h.to, h.source, far, name = "n6", "n3", h.dn, h.gnb, programN6
	}
	macs := map[string]net.HardwareAddr{}
	index := map[string]int{}
	note := func(ns netns.NsHandle, names ...string) {
		h.in(b, ns, func() {
			for _, n := range names {
				l, err := netlink.LinkByName(n)
				check(b, err)
				macs[n], index[n] = l.Attrs().HardwareAddr, l.Attrs().Index
			}
		})
	}
	note(h.core, "n3", "n6")
	note(h.gnb, "n3p")
	note(h.dn, "n6p")

	v := around(index["n3"], index["n6"])
	v.links[index["n3"]].HardwareAddr, v.links[index["n6"]].HardwareAddr = macs["n3"], macs["n6"]
	v.links[index["n6"]].MTU = 1500
	v.neighbours = map[neighbour]net.HardwareAddr{{index["n6"], farGW}: macs["n6p"], {index["n3"], gnb}: macs["n3p"]}
	v.tables[0] = []kernelRoute{{prefix: netip.MustParsePrefix("172.16.0.0/16"), ifindex: index["n3"]},
		{prefix: netip.MustParsePrefix("198.51.100.0/24"), ifindex: index["n6"]}, {prefix: netip.MustParsePrefix("0.0.0.0/0"), ifindex: index["n6"], gateway: farGW}}
	h.in(b, h.core, func() {
		h.path = benchPath(b, sessions, v, map[int]port{index["n3"]: {index: index["n3"], n6: true}, index["n6"]: {index: index["n6"], n6: true}})
	})
	h.program = h.path.loaded.collection.Programs[name]
	for i := range sessions {
		check(b, h.path.Apply(benchSession(first, uint32(i))))
	}
	h.load(b, direction, sessions, first, macs[h.from], index, far)
	return h
}

// load loads generator, bare hop and sink.
func (h *hop) load(b *testing.B, direction string, sessions int, first netip.Addr, to net.HardwareAddr, index map[string]int, far netns.NsHandle) {
	h.frame = rigFrame(direction, first)
	copy(h.frame, to)
	spec := mustSpec(b, benchObject)
	for name, v := range map[string]uint32{"sessions": uint32(sessions), "first": hostOrder(first)} {
		check(b, spec.Variables[name].Set(v))
	}
	c, err := ebpf.NewCollection(spec)
	check(b, err)
	b.Cleanup(c.Close)
	h.bench, h.driver = c, c.Programs["drive_"+direction]
	check(b, c.Maps["target"].Put(uint32(0), uint32(c.Programs["send"].FD())))
	check(b, c.Maps["frame"].Put(uint32(0), h.frame[:80]))
	h.in(b, h.source, func() { check(b, c.Maps["out"].Put(uint32(0), uint32(index[h.from+"p"]))) })
	h.in(b, h.core, func() { check(b, c.Maps["next"].Put(uint32(0), uint32(index[h.to]))) })
	h.in(b, far, func() { check(b, h.peers[h.to].Update(c.Programs["sink"])) })
}

// measure reports the best of several samples of each.
func (h *hop) measure(b *testing.B) {
	best := map[string]float64{"end": math.Inf(1), "bare": math.Inf(1), "upf": math.Inf(1)}
	for range 5 * samples {
		for name, p := range map[string]*ebpf.Program{"end": h.bench.Programs["sink"], "bare": h.bench.Programs["bare"], "upf": h.program} {
			best[name] = min(best[name], h.run(b, p))
		}
	}
	if max(best["end"], best["bare"], best["upf"]) == math.Inf(1) {
		b.Fatalf("packets were lost in each sample: %v", best)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(best["end"], "ns/end")
	b.ReportMetric(best["bare"]-best["end"], "ns/bare-hop")
	b.ReportMetric(best["upf"]-best["end"], "ns/upf-hop")
	b.ReportMetric((best["upf"]-best["end"])/(best["bare"]-best["end"]), "ratio")
}

// run is the time of a packet with a program at the core's interface.
func (h *hop) run(b *testing.B, p *ebpf.Program) float64 {
	var at link.Link
	h.in(b, h.core, func() {
		dev, err := netlink.LinkByName(h.from)
		check(b, err)
		at, err = link.AttachXDP(link.XDPOptions{Program: p, Interface: dev.Attrs().Index, Flags: link.XDPDriverMode})
		check(b, err)
	})
	defer at.Close()
	var before, after uint64
	check(b, h.bench.Maps["arrived"].Lookup(uint32(0), &before))
	var took time.Duration
	h.in(b, h.source, func() {
		start := time.Now()
		_, err := h.driver.Run(&ebpf.RunOptions{Data: h.frame, Repeat: hopPackets, Flags: liveFrames})
		took = time.Since(start)
		check(b, err)
	})
	check(b, h.bench.Maps["arrived"].Lookup(uint32(0), &after))
	if after-before < hopPackets*99/100 { // the sender was ahead of the others, who ran elsewhere: no sample
		return math.Inf(1)
	}
	return float64(took) / hopPackets
}
