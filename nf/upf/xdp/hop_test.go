package xdp

import (
	"encoding/binary"
	"math"
	"net"
	"net/netip"
	"os"
	"slices"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// liveFrames is BPF_F_TEST_XDP_LIVE_FRAMES: frames are sent, not only judged.
const liveFrames = 1 << 1

const (
	hopPackets = 300_000 // of one run
	hopWindow  = 8192    // packets of a sample: the least of a run counts
	hopRounds  = 40      // of a run of each
	hopBlocks  = 10      // of rounds: the least of each block, of which the middle one counts
)

// arrivals is bpf/bench.bpf.c's.
type arrivals struct {
	Packets, Begun, Least uint64
}

// BenchmarkHop measures what a hop between two namespaces over veth costs, sender, hop and sink on one processor: the
// time of a packet that is sent, taken by the core's interface, sent on and counted at the other end, less that of one
// that is counted at the core's interface already. "bare" is a program that redirects and does nothing else, "kernel" is
// the kernel's forwarding of the packet without a tunnel. The samples of all take turns. The middle of the least of ten blocks counts: a
// hop is a difference, of which one lucky sample on either side made anything between two thirds and four thirds.
// Run it with -benchtime 1x.
func BenchmarkHop(b *testing.B) {
	for _, direction := range []string{"uplink", "downlink"} {
		for _, x := range []struct {
			name     string
			sessions int
			octets   int
			v6       bool
		}{{"one", 1, 128, false}, {"many", 10_000, 128, false}, {"IPv6", 10_000, 128, true}, {"elephant", 1, 1400, false}} {
			b.Run(direction+"/"+x.name, func(b *testing.B) {
				h := newHop(b, direction, x.sessions, x.octets, x.v6)
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
	from, to string        // interfaces of the core
	plain    *ebpf.Program // sends for the kernel to forward
	frame    []byte
	routed   []byte // what the kernel forwards
	octets   int
	source   netns.NsHandle
}

func newHop(b *testing.B, direction string, sessions, octets int, v6 bool) *hop {
	first := netip.MustParseAddr("10.64.0.0")
	h := &hop{lab: newLab(b), from: "n3", to: "n6", octets: octets}
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
	v.neighbours = map[neighbour]net.HardwareAddr{{index["n6"], farGW}: macs["n6p"], {index["n3"], gnb}: macs["n3p"], {index["n6"], farGW6}: macs["n6p"]}
	v.tables[0] = []kernelRoute{{prefix: netip.MustParsePrefix("172.16.0.0/16"), ifindex: index["n3"]},
		{prefix: netip.MustParsePrefix("198.51.100.0/24"), ifindex: index["n6"]}, {prefix: netip.MustParsePrefix("0.0.0.0/0"), ifindex: index["n6"], gateway: farGW},
		{prefix: netip.MustParsePrefix("fd00:2::/64"), ifindex: index["n6"]}, {prefix: netip.MustParsePrefix("::/0"), ifindex: index["n6"], gateway: farGW6}}
	h.in(b, h.core, func() {
		h.path = benchPath(b, sessions, 0, v, map[int]port{index["n3"]: {index: index["n3"], n6: true}, index["n6"]: {index: index["n6"], n6: true}})
	})
	h.program = h.path.loaded.collection.Programs[name]
	for i := range sessions {
		s := benchSession(first, uint32(i))
		if v6 {
			s.UE6 = prefixOfBench(uint32(i))
		}
		check(b, h.path.Apply(s))
	}
	h.load(b, direction, sessions, v6, macs[h.from], index, far)
	return h
}

// prefixOfBench is the prefix of a session.
func prefixOfBench(slot uint32) netip.Prefix {
	b := [16]byte{0x20, 1, 0xd, 0xb8}
	binary.BigEndian.PutUint32(b[4:], slot)
	return netip.PrefixFrom(netip.AddrFrom16(b), 64)
}

// load loads generator, bare hop and sink.
func (h *hop) load(b *testing.B, direction string, sessions int, v6 bool, to net.HardwareAddr, index map[string]int, far netns.NsHandle) {
	first, low, version := netip.MustParseAddr("10.64.0.0"), uint32(0), uint32(4)
	low = hostOrder(first)
	if v6 {
		first, low, version = host6(prefixOfBench(0), 1), 0, 6
	}
	h.frame = rigFrame(direction, first, h.octets)
	copy(h.frame, to)
	from, dst := labDN, labGNB
	if direction == "uplink" {
		from, dst = labGNB, labDN
	}
	h.routed = ethernet(to, gnbMAC, ipv4(from, dst, 17, 64, udp(1, 2, make([]byte, h.octets-28))))
	spec := mustSpec(b, benchObject)
	for name, v := range map[string]uint32{"sessions": uint32(sessions), "first": low, "octets": uint32(h.octets), "version": version} {
		check(b, spec.Variables[name].Set(v))
	}
	c, err := ebpf.NewCollection(spec)
	check(b, err)
	b.Cleanup(c.Close)
	h.bench, h.driver, h.plain = c, c.Programs["drive_"+direction], c.Programs["drive_plain"]
	check(b, c.Maps["target"].Put(uint32(0), uint32(c.Programs["send"].FD())))
	h.in(b, h.source, func() { check(b, c.Maps["out"].Put(uint32(0), uint32(index[h.from+"p"]))) })
	h.in(b, h.core, func() {
		check(b, c.Maps["next"].Put(uint32(0), uint32(index[h.to])))
		check(b, os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644))
		check(b, os.WriteFile("/proc/sys/net/ipv4/conf/all/rp_filter", []byte("0"), 0o644))
		mac, err := netlink.LinkByName(h.to)
		check(b, err)
		peer := h.path.near.view.neighbours[neighbour{index["n6"], farGW}]
		if h.to == "n3" {
			peer = h.path.near.view.neighbours[neighbour{index["n3"], gnb}]
		}
		check(b, netlink.NeighSet(&netlink.Neigh{LinkIndex: mac.Attrs().Index, IP: dst.AsSlice(), HardwareAddr: peer, State: netlink.NUD_PERMANENT}))
	})
	h.in(b, far, func() { check(b, h.peers[h.to].Update(c.Programs["sink"])) })
}

// measure reports the middle of many samples of each, and how the ratio varies from block to block.
func (h *hop) measure(b *testing.B) {
	blocks := map[string][]float64{}
	for range hopBlocks {
		least := map[string]float64{}
		for range hopRounds / hopBlocks {
			for _, x := range []struct {
				name    string
				program *ebpf.Program
			}{{"end", h.bench.Programs["sink"]}, {"bare", h.bench.Programs["bare"]}, {"upf", h.program}, {"kernel", h.bench.Programs["to_kernel"]}} {
				t := h.run(b, x.program)
				if before, ok := least[x.name]; !ok || t < before {
					least[x.name] = t
				}
			}
		}
		if max(least["end"], least["bare"], least["upf"], least["kernel"]) == math.Inf(1) {
			continue
		}
		for name, t := range least {
			blocks[name] = append(blocks[name], t)
		}
	}
	n := len(blocks["end"])
	if n < hopBlocks/2 {
		b.Fatalf("packets were lost in most samples: %v", blocks)
	}
	ratio := func(end, bare, upf float64) float64 { return (upf - end) / (bare - end) }
	var ratios []float64
	for i := range n {
		ratios = append(ratios, ratio(blocks["end"][i], blocks["bare"][i], blocks["upf"][i]))
	}
	all := map[string]float64{}
	for name, list := range blocks {
		slices.Sort(list)
		all[name] = (list[(n-1)/2] + list[n/2]) / 2
	}
	slices.Sort(ratios)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(all["bare"]-all["end"], "ns/bare-hop")
	b.ReportMetric(all["upf"]-all["end"], "ns/upf-hop")
	b.ReportMetric(all["kernel"]-all["end"], "ns/kernel-hop")
	b.ReportMetric(ratio(all["end"], all["bare"], all["upf"]), "ratio")
	b.ReportMetric(ratios[0], "ratio-least")
	b.ReportMetric(ratios[len(ratios)-1], "ratio-most")
	b.ReportMetric(1e3/all["upf"], "Mpackets/s")
	b.ReportMetric(float64(h.octets)*8/all["upf"], "Gbit/s")
}

// run is the least time of a packet with a program at the core's interface.
func (h *hop) run(b *testing.B, p *ebpf.Program) float64 {
	driver, frame := h.driver, h.frame
	if p == h.bench.Programs["to_kernel"] {
		driver, frame = h.plain, h.routed
	}
	check(b, h.bench.Maps["frame"].Put(uint32(0), append(slices.Clone(frame), make([]byte, 112)...)[:112]))
	var at link.Link
	h.in(b, h.core, func() {
		dev, err := netlink.LinkByName(h.from)
		check(b, err)
		at, err = link.AttachXDP(link.XDPOptions{Program: p, Interface: dev.Attrs().Index, Flags: link.XDPDriverMode})
		check(b, err)
	})
	defer at.Close()
	var got arrivals
	check(b, h.bench.Maps["arrived"].Put(uint32(0), &got))
	h.in(b, h.source, func() {
		_, err := driver.Run(&ebpf.RunOptions{Data: frame, Repeat: hopPackets, Flags: liveFrames})
		check(b, err)
	})
	check(b, h.bench.Maps["arrived"].Lookup(uint32(0), &got))
	if got.Packets < hopPackets*99/100 || got.Least == 0 { // the sender was ahead of the others, who ran elsewhere: no sample
		return math.Inf(1)
	}
	return float64(got.Least) / hopWindow
}
