package xdp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"structs"
	"testing"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// kills is how often the user plane is killed.
const kills = 24

// TestSurvivesKill kills the process that loaded the programs at random times, also while it starts, and lets another one
// take over, of the same release, with other programs, or with maps of another layout, while packets go both ways: no
// packet of the session is lost, and at the end its usage is what was sent, to the octet. Before a kill there may be a path switch to
// a gNB that nobody has spoken to, or the kernel loses the gNB, or rules follow one another until the process dies; the session may have a quota.
func TestSurvivesKill(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	l := newLab(t)
	check(t, l.gnbConn.Close())
	l.gnbConn = l.listen(t, l.gnb, netip.AddrPortFrom(netip.IPv4Unspecified(), gtpu.Port)) // of all gNBs
	p, started, between := l.start(t, ",0,same"), true, 0
	l.settle(t, 50)
	for round := range kills {
		switch random.IntN(4) {
		case 0:
			l.handOver(t, p, round)
		case 1:
			l.forget(t, l.peer)
		case 2:
			p.churn(t)
		}
		life := 10 * time.Millisecond
		if !started {
			life = 400 * time.Millisecond // long enough to have begun to change over
		}
		p.kill(t, time.Duration(random.Int64N(int64(life))), l)
		if folders, err := filepath.Glob(filepath.Join(l.pin, staging+"*")); err != nil || len(folders) > 0 {
			between++
		}
		l.exchange(t, 20)
		l.quota = []uint64{0, 1 << 40, 1 << 41}[random.IntN(3)]
		variant := []string{",0,same", ",0,changed", fmt.Sprintf(",%d,same", 7+round)}[random.IntN(3)]
		started = random.IntN(3) > 0
		if p = l.launch(t, variant, started); p == nil {
			t.FailNow()
		}
		l.exchange(t, 20)
	}
	p.kill(t, 0, l)
	p = l.start(t, ",2000,changed")
	l.exchange(t, 200)
	sent := upf.Usage{UplinkBytes: uint64(l.octets), DownlinkBytes: uint64(l.octets), UplinkPackets: uint64(l.exchanged), DownlinkPackets: uint64(l.exchanged)}
	if got, want := p.usage(t), fmt.Sprintf("usage %+v", sent); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	t.Logf("%d packets each way, none lost; %d kills between two layouts", l.exchanged, between)
	check(t, p.stdin.Close()) // an orderly end that leaves the programs at work
	check(t, p.cmd.Wait())
	l.exchange(t, 200)
	for _, name := range []string{"links/n3", "links/n6", "v*/uplinks", "v*/downlinks", "v*/flows", "v*/classifiers", "v*/ledger", "v*/changing", "v*/carried", "v*/revisions", "v*/prefixes", "v*/slots6", "v*/nh", "v*/routes",
		"v*/ports", "v*/vlans", "v*/counters", "v*/limpid_n3", "v*/limpid_n6"} {
		if files, err := filepath.Glob(filepath.Join(l.pin, name)); err != nil || len(files) != 1 {
			t.Errorf("%s: pinned %q, %v", name, files, err)
		}
	}
}

// process is a user plane of its own.
type process struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	out   *bufio.Scanner
	log   string
}

// kill kills the process after a while, with packets under way.
func (p *process) kill(t *testing.T, after time.Duration, l *lab) {
	t.Helper()
	killed := make(chan struct{})
	go func() {
		defer close(killed)
		time.Sleep(after)
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	}()
	l.exchangeUntil(t, killed)
}

// handOver has a path switch made to a gNB that nobody has spoken to. Nobody waits for it: the SMF will say so again.
func (l *lab) handOver(t *testing.T, p *process, round int) {
	t.Helper()
	l.peer = another(round)
	l.addGNB(t, l.peer)
	_, err := io.WriteString(p.stdin, "switch "+l.peer.String()+"\n")
	check(t, err)
}

// churn has the session's rules changed again and again.
func (p *process) churn(t *testing.T) {
	t.Helper()
	_, err := io.WriteString(p.stdin, "churn\n")
	check(t, err)
}

// usage asks the process.
func (p *process) usage(t *testing.T) string {
	t.Helper()
	_, err := io.WriteString(p.stdin, "usage\n")
	check(t, err)
	for p.out.Scan() {
		if text := p.out.Text(); len(text) > 5 && text[:5] == "usage" {
			return text
		}
	}
	t.Fatal("the user plane does not answer")
	return ""
}

// start starts a user plane in the core's namespace and waits until it is ready.
func (l *lab) start(t *testing.T, variant string) (p *process) {
	t.Helper()
	l.in(t, l.core, func() { p = l.spawn(t, variant) })
	if p == nil || !p.ready(t) {
		t.FailNow()
	}
	return p
}

// launch starts a user plane while packets are exchanged, and waits until it is ready or does not.
func (l *lab) launch(t *testing.T, variant string, wait bool) (p *process) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // in the core's namespace from now on; the thread ends with the goroutine
		if err := netns.Set(l.core); err != nil {
			t.Error(err)
			return
		}
		if p = l.spawn(t, variant); p != nil && wait && !p.ready(t) {
			p = nil
		}
	}()
	l.exchangeUntil(t, done)
	return p
}

// spawn starts a user plane in the namespace of the thread; nil if it failed.
func (l *lab) spawn(t *testing.T, variant string) *process {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	p := &process{cmd: exec.CommandContext(ctx, os.Args[0])}
	p.cmd.Env = append(os.Environ(), served+"="+l.pin+variant+fmt.Sprintf(",%s,%d", l.peer, l.quota))
	in, errIn := p.cmd.StdinPipe()
	out, errOut := p.cmd.StdoutPipe()
	p.stdin = in
	if err := errors.Join(errIn, errOut, p.cmd.Start()); err != nil {
		t.Error(err)
		return nil
	}
	p.out = bufio.NewScanner(out)
	return p
}

// ready waits until the user plane serves.
func (p *process) ready(t *testing.T) bool {
	for p.out.Scan() {
		if p.out.Text() == "ready" {
			return true
		}
		p.log += p.out.Text() + "\n"
	}
	t.Errorf("the user plane did not start:\n%s", p.log)
	return false
}

// settle sends packets until next hops are known.
func (l *lab) settle(t *testing.T, n int) {
	t.Helper()
	for range n {
		l.exchange(t, 1)
		time.Sleep(2 * time.Millisecond)
	}
}

// exchange wants every packet to arrive, both ways.
func (l *lab) exchange(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		text := fmt.Sprint("packet ", i)
		l.sendUp(t, []byte(text))
		l.sendDown(t, []byte(text))
		if got := l.atDN(t, patience); string(got) != text {
			t.Fatalf("uplink %d: got %q", i, got)
		}
		if got := l.atGNB(t, patience); string(got) != text {
			t.Fatalf("downlink %d: got %q", i, got)
		}
		l.exchanged, l.octets = l.exchanged+1, l.octets+28+len(text)
	}
}

// exchangeUntil goes on until done.
func (l *lab) exchangeUntil(t *testing.T, done <-chan struct{}) {
	t.Helper()
	for {
		select {
		case <-done:
			return
		default:
			l.exchange(t, 1)
		}
	}
}

// routesV1 is layout 1's.
type routesV1 struct {
	_        structs.HostLayout
	sequence uint32
	count    uint32
	octet    [256]uint16
	list     [maxRoutes]route
	_        uint32
}

// configV1 is what layout 1's programs are told.
type configV1 struct {
	_         structs.HostLayout
	N3, Pools uint32
	Pool      [maxPools]poolConfig
	TestClock uint32
}

// TestUpgradeFromLayout1 takes over from the first release's programs and maps, under traffic: the session goes on before
// it is installed again, and what both counted is added up.
func TestUpgradeFromLayout1(t *testing.T) {
	l := newLab(t)
	l.layout1(t)
	l.exchange(t, 50)
	var p *Path
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if err := netns.Set(l.core); err != nil {
			t.Error(err)
			return
		}
		var err error
		if p, err = openPath(labConfig(), Options{N6: []string{"n6"}, Pin: l.pin, Mode: Native}, slog.New(slog.DiscardHandler)); err != nil {
			t.Error(err)
		}
	}()
	l.exchangeUntil(t, done)
	if p == nil {
		t.FailNow()
	}
	defer p.Close()
	l.exchange(t, 100)
	b := p.loaded.block(7)
	if up, down := b.up.state.seen(), b.down.state.seen(); up != uint64(l.exchanged) || down != up {
		t.Errorf("%d and %d packets are counted of %d", up, down, l.exchanged)
	}
	check(t, p.Apply(labSession(pfcp.ApplyFORW)))
	l.exchange(t, 50)
	if got := p.Usage(7, 1); got.UplinkPackets != 50 || got.DownlinkPackets != 50 {
		t.Errorf("usage of a URR that layout 1 did not keep: %+v", got)
	}
	if folders, err := filepath.Glob(filepath.Join(l.pin, "*v*-*")); err != nil || len(folders) != 1 {
		t.Errorf("folders %q, %v", folders, err)
	}
}

// layout1 puts the first release's programs to work with one session.
func (l *lab) layout1(t *testing.T) {
	t.Helper()
	spec, err := ebpf.LoadCollectionSpec("testdata/limpid-v1.bpf.o")
	check(t, err)
	c := configV1{N3: networkOrder(n3Addr), Pools: 1}
	c.Pool[0] = poolConfig{First: hostOrder(labUE) &^ 0xffff, Size: 1 << 16, MTU: 1400}
	check(t, spec.Variables["config"].Set(c))
	spec.Maps["sess"].MaxEntries = 1<<16 + 1024
	folder := filepath.Join(l.pin, "v1-12345678")
	check(t, os.MkdirAll(folder, 0o700))
	check(t, os.MkdirAll(filepath.Join(l.pin, "links"), 0o700))
	for name, m := range spec.Maps {
		if name[0] != '.' {
			m.Pinning = ebpf.PinByName
		}
	}
	collection, err := ebpf.NewCollectionWithOptions(spec, ebpf.CollectionOptions{Maps: ebpf.MapOptions{PinPath: folder}})
	check(t, err)
	defer collection.Close()
	macs := map[string]net.HardwareAddr{}
	for name, ns := range map[string]netns.NsHandle{"n3p": l.gnb, "n6p": l.dn, "n3": l.core, "n6": l.core} {
		l.in(t, ns, func() {
			dev, err := netlink.LinkByName(name)
			check(t, err)
			macs[name] = dev.Attrs().HardwareAddr
		})
	}
	l.in(t, l.core, func() {
		hops := map[string]uint32{"n3": 1, "n6": 2}
		for name, program := range map[string]string{"n3": programN3, "n6": programN6} {
			dev, err := netlink.LinkByName(name)
			check(t, err)
			index := uint32(dev.Attrs().Index)
			check(t, collection.Maps["ports"].Put(index, index))
			address := labGNB
			if name == "n6" {
				address = labDN
			}
			check(t, collection.Maps["nh"].Put(hops[name], bytesOf(&nextHopV1{address: networkOrder(address), ifindex: index, mtu: 1500,
				macs: [2]uint64{number(macs[name+"p"]), number(macs[name])}})))
			at, err := link.AttachXDP(link.XDPOptions{Program: collection.Programs[program], Interface: int(index), Flags: link.XDPDriverMode})
			check(t, err)
			check(t, at.Pin(filepath.Join(l.pin, "links", name)))
			check(t, at.Close())
		}
	})
	routes := routesV1{count: 1}
	routes.octet[10] = byPrefix
	routes.list[0] = route{address: hostOrder(labDN), mask: 0xffffffff, nextHop: 2}
	check(t, collection.Maps["routes"].Put(uint32(0), bytesOf(&routes)))
	check(t, collection.Maps["sess"].Put(uint32(7), bytesOf(&blockV1{teid: labTEID, ue: networkOrder(labUE), upVerdict: 1, qfis: 1 << 9,
		downUE: networkOrder(labUE), downVerdict: 1, nextHop: 1, peer: tunnel(labGNB, 77), qfi: 9})))
}

func bytesOf[T any](v *T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(v)), unsafe.Sizeof(*v))
}
