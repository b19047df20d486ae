package egress

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// BenchmarkPacket is one GTP-U packet that leaves by a socket of the process, through a veth to nobody: without the policy,
// and with it. What the fast path in the kernel sends passes no socket and costs nothing more.
func BenchmarkPacket(b *testing.B) {
	place(b)
	out, err := netlink.LinkByName("out")
	check(b, err)
	check(b, netlink.NeighSet(&netlink.Neigh{LinkIndex: out.Attrs().Index, State: unix.NUD_PERMANENT, IP: net.ParseIP(gnb), HardwareAddr: net.HardwareAddr{2, 0, 0, 0, 0, 9}}))
	dir := group(b)
	procs := filepath.Join(dir, "cgroup.procs")
	own := []byte(strconv.Itoa(os.Getpid()))
	check(b, os.WriteFile(procs, own, 0o644))
	b.Cleanup(func() { check(b, os.WriteFile(filepath.Join(filepath.Dir(dir), "cgroup.procs"), own, 0o644)) })
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(gnb+":2152")))
	check(b, err)
	defer c.Close()
	packet := make([]byte, 1000)
	send := func(b *testing.B) {
		for b.Loop() {
			if _, err := c.Write(packet); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("without", send)
	g, err := Attach(policy(), dir)
	check(b, err)
	b.Run("with", send)
	b.Run("program", func(b *testing.B) { // the program alone, by the kernel's own clock
		stats, err := ebpf.EnableStats(unix.BPF_STATS_RUN_TIME)
		check(b, err)
		defer stats.Close()
		before, err := g.collection.Programs[programPacket].Stats()
		check(b, err)
		send(b)
		after, err := g.collection.Programs[programPacket].Stats()
		check(b, err)
		b.ReportMetric(float64((after.Runtime-before.Runtime).Nanoseconds())/float64(after.RunCount-before.RunCount), "program-ns")
	})
	check(b, g.Close())
}
