package xdp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/nf/upf/soft"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// served names the environment variable that makes the test binary a user plane with the pin that it holds.
const served = "LIMPID_XDP_TEST_PIN"

func TestMain(m *testing.M) {
	if pin := os.Getenv(served); pin != "" {
		if err := serve(pin); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// serve is a user plane with one session until its standard input ends; it tells the session's usage when it is asked.
// What it is told stands after the pin: more slots, whether its programs differ, where the UE is, and its
// quota in octets, 0 for none.
func serve(told string) error {
	words := strings.Split(told, ",")
	o := Options{N6: []string{"n6"}, Pin: words[0], Persist: true, Mode: Native}
	cfg := labConfig()
	extra, err := strconv.Atoi(words[1])
	if err != nil {
		return err
	}
	cfg.ExtraSlots = extra
	if words[2] == "changed" {
		o.change = otherPrograms
	}
	p, err := openPath(cfg, o, slog.New(slog.NewTextHandler(os.Stdout, nil)))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { _ = p.Run(ctx, silent{}) }()
	p.near.mu.Lock()
	p.near.patience = patience
	p.near.mu.Unlock()
	quota, err := strconv.ParseUint(words[4], 10, 64)
	if err != nil {
		return err
	}
	apply := func(gnb string) error {
		s := labSessionTo(netip.MustParseAddr(gnb))
		if quota > 0 {
			s.URRs = []upf.URR{{ID: 1, Quota: upf.Limit{Total: quota}}}
		}
		return p.Apply(s)
	}
	if err := apply(words[3]); err != nil {
		return err
	}
	fmt.Println("ready")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		if to, is := strings.CutPrefix(in.Text(), "switch "); is {
			words[3] = to
			if err := apply(to); err != nil {
				return err
			}
			continue
		}
		if in.Text() == "churn" { // to the end
			for i := uint64(0); ; i++ {
				if quota = i % 3 << 40; i%2 == 0 {
					time.Sleep(time.Millisecond)
				}
				if err := apply(words[3]); err != nil {
					return err
				}
			}
		}
		fmt.Printf("usage %+v\n", p.Usage(7, 1))
	}
	return p.Close()
}

// otherPrograms makes programs that do the same by other instructions.
func otherPrograms(spec *ebpf.CollectionSpec) {
	for _, p := range spec.Programs {
		p.Instructions = append(asm.Instructions{asm.Mov.Imm(asm.R0, 0).WithMetadata(p.Instructions[0].Metadata)}, p.Instructions...)
		p.Instructions[1].Metadata = asm.Metadata{}
	}
}

// openPath opens both paths in the namespace of the calling thread.
func openPath(cfg upf.Config, o Options, log *slog.Logger) (*Path, error) {
	slow, err := soft.New(cfg, log)
	if err != nil {
		return nil, err
	}
	p, err := New(cfg, o, slow, log)
	if err != nil {
		return nil, errors.Join(err, slow.Close())
	}
	return p, nil
}

// silent takes no notice of events.
type silent struct{}

func (silent) DownlinkData(uint32, pfcp.PDRID, uint8, uint8) {}
func (silent) ErrorIndication(netip.Addr, uint32)            {}
func (silent) Echo(netip.Addr)                               {}
func (silent) UsageReached(uint32, pfcp.URRID)               {}
func (silent) MACs(uint32, pfcp.URRID, []pfcp.MAC, []pfcp.MAC) {
}

// running is a Path in the lab.
type running struct {
	*Path
	log strings.Builder
}

func (l *lab) run(t *testing.T, o Options) *running { return l.runWith(t, o, silent{}) }

func (l *lab) runWith(t *testing.T, o Options, events upf.Events) *running {
	t.Helper()
	r, end := l.open(t, o, events)
	t.Cleanup(end)
	return r
}

// open runs a Path until it is ended.
func (l *lab) open(t *testing.T, o Options, events upf.Events) (r *running, end func()) {
	t.Helper()
	o.Pin = l.pin
	r = &running{}
	l.in(t, l.core, func() {
		var err error
		r.Path, err = openPath(labConfig(), o, slog.New(slog.NewTextHandler(&r.log, nil)))
		check(t, err)
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx, events) }()
	return r, func() {
		cancel()
		if err := errors.Join(<-ended, r.Close()); err != nil {
			t.Error(err)
		}
	}
}

// warm sends packets until the next hops are known and both directions are fast.
func (l *lab) warm(t *testing.T, p *Path) (up, down int) {
	t.Helper()
	b := p.loaded.block(7)
	for deadline := time.Now().Add(patience); ; {
		l.sendUp(t, []byte("warm"))
		l.sendDown(t, []byte("warm"))
		up, down = up+1, down+1
		if l.atDN(t, patience) == nil || l.atGNB(t, patience) == nil {
			t.Fatalf("lost in the slow path: %+v", p.Counters())
		}
		if b.up.state.seen() > 0 && b.down.state.seen() > 0 {
			return up, down
		}
		if time.Now().After(deadline) {
			t.Fatalf("nothing became fast: %+v, next hops %+v", p.Counters(), p.loaded.hops[:4])
		}
	}
}

// TestEndToEnd sends packets through native XDP both ways, and beside them what is left to user space: nothing is lost,
// octets are right, and the sums of both paths are what was sent.
func TestEndToEnd(t *testing.T) {
	l := newLab(t)
	p := l.run(t, Options{N6: []string{"n6"}, Mode: Native})
	check(t, p.Apply(labSession(pfcp.ApplyFORW)))
	up, down := l.warm(t, p.Path)
	if got := p.log.String(); !strings.Contains(got, "mode=native") {
		t.Errorf("not native:\n%s", got)
	}
	upOctets, downOctets := uint64(up*(28+4)), uint64(down*(28+4))
	for n := range 500 {
		payload := []byte(fmt.Sprintf("packet %d %s", n, strings.Repeat("x", n)))
		l.sendUp(t, payload)
		if got := l.atDN(t, patience); string(got) != string(payload) {
			t.Fatalf("uplink %d: got %q", n, got)
		}
		l.sendDown(t, payload)
		if got := l.atGNB(t, patience); string(got) != string(payload) {
			t.Fatalf("downlink %d: got %q", n, got)
		}
		upOctets, downOctets = upOctets+28+uint64(len(payload)), downOctets+28+uint64(len(payload))
	}
	want := upf.Usage{UplinkBytes: upOctets, UplinkPackets: uint64(up + 500), DownlinkBytes: downOctets, DownlinkPackets: uint64(down + 500)}
	if got := p.Usage(7, 1); got != want {
		t.Errorf("usage\ngot  %+v\nwant %+v", got, want)
	}
	c := p.Counters()
	if c.UplinkOut != want.UplinkPackets || c.DownlinkOut != want.DownlinkPackets || c.UplinkIn != c.UplinkOut || c.DownlinkIn != c.DownlinkOut {
		t.Errorf("counters %+v", c)
	}
	if slow := p.slow.Counters(); slow.UplinkOut+500 > c.UplinkOut || slow.DownlinkOut+500 > c.DownlinkOut {
		t.Errorf("fast path was not used: %+v of %+v", slow, c)
	}
	l.echo(t)
	l.tooBig(t)
	l.buffers(t, p)
}

// echo wants an answer of the slow path, TS 29.281 §7.2.2.
func (l *lab) echo(t *testing.T) {
	t.Helper()
	_, err := l.gnbConn.WriteToUDPAddrPort(gtpu.AppendEchoRequest(nil, 5), netip.AddrPortFrom(n3Addr, gtpu.Port))
	check(t, err)
	b := make([]byte, 100)
	check(t, l.gnbConn.SetReadDeadline(time.Now().Add(patience)))
	n, _, err := l.gnbConn.ReadFromUDPAddrPort(b)
	check(t, err)
	var g gtpu.Packet
	if err := gtpu.Parse(b[:n], &g); err != nil || g.Type != gtpu.EchoResponse || g.Sequence != 5 {
		t.Errorf("got %+v, %v", g, err)
	}
}

// tooBig wants the data network to be told of the MTU, RFC 1191 §4.
func (l *lab) tooBig(t *testing.T) {
	t.Helper()
	raw, err := l.dnConn.SyscallConn()
	check(t, err)
	check(t, raw.Control(func(fd uintptr) {
		check(t, unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DO))
	}))
	big := make([]byte, 1450)
	for deadline := time.Now().Add(patience); ; {
		if _, err := l.dnConn.WriteToUDPAddrPort(big, netip.AddrPortFrom(labUE, gtpu.Port)); errors.Is(err, syscall.EMSGSIZE) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the data network is not told of the MTU")
		}
		time.Sleep(time.Millisecond)
	}
}

// buffers wants packets for an idle UE to wait and to leave in order when it is reached.
func (l *lab) buffers(t *testing.T, p *running) {
	t.Helper()
	check(t, p.Apply(labSession(pfcp.ApplyBUFF|pfcp.ApplyNOCP)))
	const n = 20
	for i := range n {
		l.sendDown(t, []byte(fmt.Sprint(i)))
	}
	for deadline := time.Now().Add(patience); p.Counters().Buffered < n; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not buffered: %+v", p.Counters())
		}
	}
	check(t, p.Apply(labSession(pfcp.ApplyFORW)))
	for i := range n {
		if got := l.atGNB(t, patience); string(got) != fmt.Sprint(i) {
			t.Fatalf("packet %d of those that waited: got %q", i, got)
		}
	}
}

// pages tells of downlink data.
type pages struct {
	silent
	told chan uint32
}

func (p pages) DownlinkData(slot uint32, _ pfcp.PDRID, _, _ uint8) { p.told <- slot }

// TestIdle sends 1,000 packets to a UE that becomes idle again and again: the first one tells once, all that come until the
// UE is paged wait, and every packet arrives, in order, those that waited before those that come by the fast path,
// TS 23.502 §4.2.3.3.
func TestIdle(t *testing.T) {
	const n, periods = 1000, 20
	l := newLab(t)
	events := pages{told: make(chan uint32, n)}
	p := l.runWith(t, Options{N6: []string{"n6"}, Mode: Native}, events)
	check(t, p.Apply(labSession(pfcp.ApplyFORW)))
	l.warm(t, p.Path)
	fast := &p.loaded.downlinks[7].state
	before, told := fast.seen(), 0
	for i := range n {
		if i%(n/periods) == 0 {
			check(t, p.Apply(labSession(pfcp.ApplyBUFF|pfcp.ApplyNOCP)))
		}
		l.sendDown(t, []byte(fmt.Sprint(i)))
		if i%(n/periods) == n/periods/2 { // half of them wait
			select {
			case <-events.told:
				told++
			case <-time.After(patience):
				t.Fatalf("packet %d: nobody was told: %+v", i, p.Counters())
			}
			check(t, p.Apply(labSession(pfcp.ApplyFORW)))
		}
		time.Sleep(time.Millisecond)
	}
	for i := range n {
		if got := l.atGNB(t, patience); string(got) != fmt.Sprint(i) {
			t.Fatalf("packet %d: got %q", i, got)
		}
	}
	if len(events.told) != 0 || told != periods {
		t.Errorf("told %d times and %d times more, of %d idle periods", told, len(events.told), periods)
	}
	if fast.seen()-before < n/4 {
		t.Errorf("only %d packets were fast", fast.seen()-before)
	}
}

// TestGeneric serves interfaces without native XDP, and a veth unless native is asked for.
func TestGeneric(t *testing.T) {
	l := newLab(t)
	p := l.run(t, Options{N3: []string{"n3"}, N6: []string{"n6"}})
	check(t, p.Apply(labSession(pfcp.ApplyFORW)))
	l.warm(t, p.Path)
	b := p.loaded.block(7)
	up, down := b.up.state.seen(), b.down.state.seen()
	l.exchange(t, 50)
	if u, d := b.up.state.seen()-up, b.down.state.seen()-down; u != 50 || d != 50 {
		t.Errorf("%d and %d of 50 packets were fast", u, d)
	}
	if got := p.log.String(); !strings.Contains(got, "mode=generic") || !strings.Contains(got, "is a veth") {
		t.Errorf("not generic:\n%s", got)
	}
}

// TestTCX serves an interface whose place for XDP is taken: native and generic cannot be had there, and the log says so.
func TestTCX(t *testing.T) {
	l := newLab(t)
	l.in(t, l.core, func() {
		stranger, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.XDP, AttachType: ebpf.AttachXDP, Flags: unix.BPF_F_XDP_HAS_FRAGS, License: "Apache-2.0",
			Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, xdpPass), asm.Return()}})
		check(t, err)
		dev, err := netlink.LinkByName("n6")
		check(t, err)
		at, err := link.AttachXDP(link.XDPOptions{Program: stranger, Interface: dev.Attrs().Index, Flags: link.XDPDriverMode})
		check(t, err)
		t.Cleanup(func() { _, _ = at.Close(), stranger.Close() })
	})
	p := l.run(t, Options{N3: []string{"n3"}, N6: []string{"n6"}})
	check(t, p.Apply(labSession(pfcp.ApplyFORW)))
	l.warm(t, p.Path)
	b := p.loaded.block(7)
	up, down := b.up.state.seen(), b.down.state.seen()
	l.exchange(t, 200)
	if u, d := b.up.state.seen()-up, b.down.state.seen()-down; u != 200 || d != 200 {
		t.Errorf("%d and %d of 200 packets were fast", u, d)
	}
	if got := p.log.String(); strings.Count(got, "mode=tcx") != 2 || !strings.Contains(got, "generic: ") || strings.Contains(got, "mode=generic") {
		t.Errorf("not tcx, or not said why:\n%s", got)
	}
	l.echo(t)
	l.tooBig(t)
	l.buffers(t, p)
}

// TestEachMode forces each hook on the same interfaces; a later one takes the place of an earlier one.
func TestEachMode(t *testing.T) {
	l := newLab(t)
	for _, mode := range []Mode{Native, TCX, Generic, TCX, Native} {
		p, end := l.open(t, Options{N3: []string{"n3"}, N6: []string{"n6"}, Mode: mode, Persist: true}, silent{})
		check(t, p.Apply(labSession(pfcp.ApplyFORW)))
		l.warm(t, p.Path)
		b := p.loaded.block(7)
		before := b.up.state.seen()
		l.exchange(t, 20)
		if got := b.up.state.seen() - before; got != 20 {
			t.Errorf("%d of 20 packets were fast", got)
		}
		if got := p.log.String(); strings.Count(got, "mode="+mode.String()) != 2 {
			t.Errorf("log:\n%s", got)
		}
		end()
	}
	check(t, Discard(l.pin))
}

// TestCloseLeavesNothing wants interfaces and file system as they were.
func TestCloseLeavesNothing(t *testing.T) {
	l := newLab(t)
	l.in(t, l.core, func() {
		p, err := openPath(labConfig(), Options{N6: []string{"n6"}, Pin: l.pin}, slog.New(slog.DiscardHandler))
		check(t, err)
		check(t, p.Apply(labSession(pfcp.ApplyFORW)))
		check(t, p.Close())
		check(t, p.Close())
		if err := p.Apply(labSession(pfcp.ApplyFORW)); err == nil {
			t.Error("a closed path takes a session")
		}
		p.Remove(7)
		if got := p.Counters(); got != (upf.Counters{}) {
			t.Errorf("counters %+v", got)
		}
		l.attached(t, false)
	})
	if files, err := filepath.Glob(filepath.Join(l.pin, "*", "*")); err != nil || len(files) > 0 {
		t.Errorf("still pinned: %q, %v", files, err)
	}
}

// TestOtherConfiguration: links and maps that the next process has no use for are taken away.
func TestOtherConfiguration(t *testing.T) {
	l := newLab(t)
	l.in(t, l.core, func() {
		first, err := openPath(labConfig(), Options{N3: []string{"n3"}, N6: []string{"n6"}, Pin: l.pin, Persist: true}, slog.New(slog.DiscardHandler))
		check(t, err)
		check(t, first.Close())
		cfg := labConfig()
		cfg.ExtraSlots = 7
		third, err := New(cfg, Options{N6: []string{"eth99"}, Pin: l.pin, Persist: true}, &still{}, slog.New(slog.DiscardHandler))
		if err == nil || third != nil {
			t.Errorf("an interface that is not there: %v", err)
		}
		if links, err := filepath.Glob(filepath.Join(l.pin, "links", "*")); err != nil || len(links) != 2 {
			t.Errorf("a start that failed took links away: %q, %v", links, err)
		}
		second, err := New(cfg, Options{N3: []string{"n3"}, N6: []string{"n3"}, Pin: l.pin}, &still{}, slog.New(slog.DiscardHandler))
		check(t, err)
		if links, err := filepath.Glob(filepath.Join(l.pin, "links", "*")); err != nil || len(links) != 1 || filepath.Base(links[0]) != "n3" {
			t.Errorf("links %q, %v", links, err)
		}
		if layouts, err := filepath.Glob(filepath.Join(l.pin, "v*")); err != nil || len(layouts) != 1 {
			t.Errorf("layouts %q, %v", layouts, err)
		}
		if other, err := New(cfg, Options{N6: []string{"n6"}, Pin: l.pin}, &still{}, slog.New(slog.DiscardHandler)); err == nil || other != nil {
			t.Errorf("two processes with one pin: %v", err)
		}
		check(t, second.Close())
	})
}

// TestDiscard ends what an earlier process left.
func TestDiscard(t *testing.T) {
	l := newLab(t)
	l.in(t, l.core, func() {
		p, err := openPath(labConfig(), Options{N6: []string{"n6"}, Pin: l.pin, Persist: true}, slog.New(slog.DiscardHandler))
		check(t, err)
		check(t, p.Close())
		l.attached(t, true)
		check(t, Discard(l.pin))
		l.attached(t, false)
		check(t, Discard(l.pin))
	})
}

// attached wants programs on the core's interfaces, or none. The thread is in the core's namespace.
func (l *lab) attached(t *testing.T, want bool) {
	t.Helper()
	for _, name := range []string{"n3", "n6"} {
		dev, err := netlink.LinkByName(name)
		check(t, err)
		if x := dev.Attrs().Xdp; (x != nil && x.Attached) != want {
			t.Errorf("%s has a program: %v, want %v", name, !want, want)
		}
	}
}

// TestRefusals: what cannot be set up is said in one line, and the slow path stays the caller's.
func TestRefusals(t *testing.T) {
	l := newLab(t)
	v6 := labConfig()
	v6.N3 = netip.MustParseAddr("2001:db8::1")
	elsewhere := labConfig()
	elsewhere.N3 = netip.MustParseAddr("10.9.9.9")
	for _, x := range []struct {
		name, want string
		cfg        upf.Config
		o          Options
	}{
		{"N3 over IPv6 is no address here", "no interface has the N3 address", v6, Options{Pin: l.pin}},
		{"no default route", "name the interfaces of N6", labConfig(), Options{Pin: l.pin}},
		{"no such interface", "eth99", labConfig(), Options{Pin: l.pin, N6: []string{"eth99"}}},
		{"N3 is no address here", "no interface has the N3 address", elsewhere, Options{Pin: l.pin, N6: []string{"n6"}}},
		{"no BPF file system", "is on no BPF file system", labConfig(), Options{Pin: t.TempDir(), N6: []string{"n6"}}},
	} {
		slow := &still{}
		var p *Path
		var err error
		l.in(t, l.core, func() { p, err = New(x.cfg, x.o, slow, slog.New(slog.DiscardHandler)) })
		if err == nil || p != nil || !strings.Contains(err.Error(), x.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want %q", x.name, err, x.want)
		}
		if slow.closed {
			t.Errorf("%s: the slow path was closed", x.name)
		}
	}
}

// TestAllOrNone: where one interface has no native XDP none is native, or with Native it is an error.
func TestAllOrNone(t *testing.T) {
	l := newLab(t)
	l.in(t, l.core, func() {
		l.plug(t, "d3", "10.0.30.1/24")
		cfg := labConfig()
		cfg.N3 = netip.MustParseAddr("10.0.30.1")
		// the loopback has no native XDP
		o := Options{N3: []string{"d3"}, N6: []string{"lo"}, Pin: l.pin, Mode: Native}
		if p, err := New(cfg, o, &still{}, slog.New(slog.DiscardHandler)); err == nil || p != nil {
			t.Errorf("native on the loopback: %v", err)
		}
		var log strings.Builder
		o.Mode = Auto
		p, err := New(cfg, o, &still{}, slog.New(slog.NewTextHandler(&log, nil)))
		check(t, err)
		check(t, p.Close())
		if got := log.String(); strings.Count(got, "mode=generic") != 2 || !strings.Contains(got, "native: ") {
			t.Errorf("want both generic:\n%s", got)
		}
	})
}

// plug makes an interface whose driver has native XDP and is no veth.
func (l *lab) plug(t *testing.T, name, addr string) {
	t.Helper()
	check(t, netlink.LinkAdd(&netlink.Tuntap{LinkAttrs: netlink.LinkAttrs{Name: name}, Mode: netlink.TUNTAP_MODE_TAP}))
	address(t, name, addr)
}
