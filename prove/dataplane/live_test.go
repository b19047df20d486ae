package dataplane

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/prove/cgroup"
	"github.com/limpid-5g/limpid/prove/verifier"
)

const (
	object    = "../../nf/upf/xdp/limpid.bpf.o"
	tcxObject = "../../nf/upf/xdp/tcx.bpf.o"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// built is what the release would load here.
func built(t *testing.T) *ebpf.CollectionSpec { return builtOf(t, object) }

func builtOf(t *testing.T, object string) *ebpf.CollectionSpec {
	t.Helper()
	spec, err := ebpf.LoadCollectionSpec(object)
	check(t, err)
	for name := range spec.Maps {
		if name == "uplinks" || name == "downlinks" {
			spec.Maps[name].MaxEntries = 16
		}
	}
	return spec
}

// certified is the look at the built programs, once for all tests that change what is loaded.
var certified = sync.OnceValues(func() (*Result, error) {
	spec, err := ebpf.LoadCollectionSpec(object)
	if err != nil {
		return nil, err
	}
	return Certify(spec)
})

// lab is a namespace with two interfaces, n3 with the built program and other.
type lab struct {
	t          *testing.T
	spec       *ebpf.CollectionSpec
	collection *ebpf.Collection
	n3, other  netlink.Link
	at         link.Link
	options    Options
}

func newLab(t *testing.T) *lab {
	t.Helper()
	runtime.LockOSThread() // the thread ends with the test
	ns, err := netns.New()
	if err != nil {
		t.Fatalf("this test needs root: %v", err)
	}
	t.Cleanup(func() { _ = ns.Close() })
	l := &lab{t: t, spec: built(t), options: Options{Built: built(t), Interfaces: []string{"n3"}}}
	l.options.certified, err = certified()
	check(t, err)
	for _, name := range []string{"n3", "other"} {
		check(t, netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: name}, PeerName: name + "p"}))
	}
	l.n3, err = netlink.LinkByName("n3")
	check(t, err)
	l.other, err = netlink.LinkByName("other")
	check(t, err)
	l.collection, err = ebpf.NewCollection(l.spec)
	check(t, err)
	t.Cleanup(l.collection.Close)
	l.at, err = link.AttachXDP(link.XDPOptions{Program: l.program("limpid_n3"), Interface: l.n3.Attrs().Index, Flags: link.XDPDriverMode})
	check(t, err)
	t.Cleanup(func() { _ = l.at.Close() })
	return l
}

func (l *lab) program(name string) *ebpf.Program {
	l.t.Helper()
	p := l.collection.Programs[name]
	if p == nil {
		l.t.Fatalf("there is no program %s", name)
	}
	return p
}

func (l *lab) prove() *Result {
	l.t.Helper()
	r, err := Run(l.options)
	check(l.t, err)
	return r
}

// load loads a foreign program.
func (l *lab) load(spec *ebpf.ProgramSpec) *ebpf.Program {
	l.t.Helper()
	spec.Name, spec.License = "stranger", "GPL"
	if spec.Instructions == nil {
		spec.Instructions = asm.Instructions{asm.Mov.Imm(asm.R0, 1), asm.Return()}
	}
	p, err := ebpf.NewProgram(spec)
	check(l.t, err)
	l.t.Cleanup(func() { _ = p.Close() })
	return p
}

// keep ends a link with the test.
func (l *lab) keep(at link.Link, err error) {
	l.t.Helper()
	check(l.t, err)
	l.t.Cleanup(func() { _ = at.Close() })
}

func TestTheLoadedProgramsAreTheBuiltOnes(t *testing.T) {
	l := newLab(t)
	r := l.prove()
	if !r.Proven() || len(r.Compared) != 1 {
		t.Fatalf("compared %v, found %v", r.Compared, r.Findings)
	}
	if !strings.Contains(r.Compared[0], "machine code equal") {
		t.Errorf("machine code was not compared: %v", r.Compared)
	}
	var text bytes.Buffer
	check(t, r.Write(&text))
	for _, want := range []string{"PROVEN.", "It shows:", "It cannot show:", "declared", "limpid_n3", "ours"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, &text)
		}
	}
}

// TestTCX: the built programs may stand at the hook of traffic control instead, and only they.
func TestTCX(t *testing.T) {
	l := newLab(t)
	check(t, l.at.Close())
	l.options.TCX = builtOf(t, tcxObject)
	collection, err := ebpf.NewCollection(l.options.TCX.Copy())
	check(t, err)
	defer collection.Close()
	at, err := link.AttachTCX(link.TCXOptions{Program: collection.Programs["limpid_tcx_n3"], Interface: l.n3.Attrs().Index, Attach: ebpf.AttachTCXIngress})
	check(t, err)
	defer at.Close()
	if r := l.prove(); !r.Proven() || len(r.Compared) != 1 {
		t.Errorf("compared %v, found %v", r.Compared, r.Findings)
	}
	out, err := link.AttachTCX(link.TCXOptions{Program: collection.Programs["limpid_tcx_n3"], Interface: l.other.Attrs().Index, Attach: ebpf.AttachTCXEgress})
	check(t, err)
	defer out.Close()
	check(t, at.Close())
	if r := l.prove(); !r.Found(NoProgram) {
		t.Errorf("its program at the wrong place: found %v", r.Findings)
	}
}

// TestTheBuiltProgramsAreCertified needs no right: it is the quick form of the proof.
func TestTheBuiltProgramsAreCertified(t *testing.T) {
	r, err := Certify(built(t), builtOf(t, tcxObject))
	check(t, err)
	if !r.Proven() || len(r.Verified.Programs) < 6 {
		t.Errorf("found %v", r.Findings)
	}
	for _, s := range Sinks() { // what nobody writes to needs no exception
		if !slices.ContainsFunc(r.Verified.Programs, func(p verifier.Program) bool {
			return slices.ContainsFunc(p.Writes, func(w verifier.Write) bool { return w.Sink == s })
		}) {
			t.Errorf("%s.%s is declared and nothing writes it", s.Map, s.Member)
		}
	}
}

// mutants change what is at work; each must be caught by its name.
func mutants() map[string]struct {
	want  Fault
	plant func(*lab)
} {
	type mutant = struct {
		want  Fault
		plant func(*lab)
	}
	return map[string]mutant{
		"an instruction is changed after load": {ProgramDiffers, func(l *lab) {
			l.replace(func(s *ebpf.CollectionSpec) {
				ins := s.Programs["limpid_n3"].Instructions
				for i := range ins {
					if op := ins[i].OpCode; op.Class() == asm.ALUClass && op.ALUOp() == asm.Mov && op.Source() == asm.ImmSource && ins[i].Constant == 2 {
						ins[i].Constant = 3 // XDP_PASS becomes XDP_TX
						return
					}
				}
				l.t.Fatal("no verdict to change")
			})
		}},
		"an instruction is added": {ProgramDiffers, func(l *lab) {
			l.replace(func(s *ebpf.CollectionSpec) {
				p := s.Programs["limpid_n3"]
				p.Instructions = slices.Insert(p.Instructions, 1, asm.Mov.Imm(asm.R0, 0))
			})
		}},
		"another program under our name": {MapDiffers, func(l *lab) {
			l.replace(func(s *ebpf.CollectionSpec) {
				copied := s.Maps["counters"].Copy()
				copied.Name = "copies"
				s.Maps["copies"] = copied
				for i := range s.Programs["limpid_n3"].Instructions {
					if ins := &s.Programs["limpid_n3"].Instructions[i]; ins.Reference() == "counters" {
						*ins = ins.WithReference("copies")
					}
				}
			})
		}},
		"a map with more entries": {MapDiffers, func(l *lab) { l.replace(func(s *ebpf.CollectionSpec) { s.Maps["counters"].MaxEntries++ }) }},
		"another N3 address": {SettingsDiffer, func(l *lab) {
			l.replace(func(s *ebpf.CollectionSpec) { s.Variables["config"].Value[0]++ })
		}},
		"a port to an interface that is not ours": {ForeignPort, func(l *lab) {
			index := uint32(l.other.Attrs().Index)
			check(l.t, l.collection.Maps["ports"].Put(index, index))
		}},
		"a foreign XDP program on another interface": {ForeignProgram, func(l *lab) {
			l.keep(link.AttachXDP(link.XDPOptions{Program: l.load(&ebpf.ProgramSpec{Type: ebpf.XDP}), Interface: l.other.Attrs().Index, Flags: link.XDPGenericMode}))
		}},
		"no program of ours": {NoProgram, func(l *lab) { check(l.t, l.at.Close()) }},
		"a foreign tc program on the interface": {ForeignProgram, func(l *lab) {
			check(l.t, netlink.QdiscAdd(&netlink.GenericQdisc{QdiscType: "clsact", QdiscAttrs: netlink.QdiscAttrs{LinkIndex: l.n3.Attrs().Index,
				Handle: netlink.MakeHandle(0xffff, 0), Parent: netlink.HANDLE_CLSACT}}))
			check(l.t, netlink.FilterAdd(&netlink.BpfFilter{FilterAttrs: netlink.FilterAttrs{LinkIndex: l.n3.Attrs().Index, Parent: netlink.HANDLE_MIN_INGRESS,
				Handle: 1, Protocol: unix.ETH_P_ALL, Priority: 1}, Fd: l.load(&ebpf.ProgramSpec{Type: ebpf.SchedCLS}).FD(), Name: "stranger", DirectAction: true}))
		}},
		"a filter of tc that mirrors": {ForeignRule, func(l *lab) {
			check(l.t, netlink.QdiscAdd(&netlink.Ingress{QdiscAttrs: netlink.QdiscAttrs{LinkIndex: l.n3.Attrs().Index, Handle: netlink.MakeHandle(0xffff, 0), Parent: netlink.HANDLE_INGRESS}}))
			check(l.t, netlink.FilterAdd(&netlink.U32{FilterAttrs: netlink.FilterAttrs{LinkIndex: l.n3.Attrs().Index, Parent: netlink.MakeHandle(0xffff, 0),
				Priority: 1, Protocol: unix.ETH_P_ALL}, Actions: []netlink.Action{&netlink.MirredAction{ActionAttrs: netlink.ActionAttrs{Action: netlink.TC_ACT_PIPE},
				MirredAction: netlink.TCA_EGRESS_MIRROR, Ifindex: l.other.Attrs().Index}}}))
		}},
		"a foreign tcx program": {ForeignProgram, func(l *lab) {
			l.keep(link.AttachTCX(link.TCXOptions{Program: l.load(&ebpf.ProgramSpec{Type: ebpf.SchedCLS, AttachType: ebpf.AttachTCXEgress}), Interface: l.n3.Attrs().Index, Attach: ebpf.AttachTCXEgress}))
		}},
		"a program on the kernel's trace of packets": {ForeignProgram, func(l *lab) {
			l.keep(link.AttachTracing(link.TracingOptions{Program: l.load(&ebpf.ProgramSpec{Type: ebpf.Tracing, AttachType: ebpf.AttachTraceRawTp, AttachTo: "netif_receive_skb"})}))
		}},
		"a program in netfilter": {ForeignProgram, func(l *lab) {
			l.keep(link.AttachNetfilter(link.NetfilterOptions{Program: l.load(&ebpf.ProgramSpec{Type: ebpf.Netfilter, AttachType: ebpf.AttachNetfilter}), ProtocolFamily: unix.NFPROTO_IPV4, Hook: 1, Priority: 5}))
		}},
		"a program that chooses sockets": {ForeignProgram, func(l *lab) {
			ns, err := netns.Get()
			check(l.t, err)
			defer ns.Close()
			l.keep(link.AttachNetNs(int(ns), l.load(&ebpf.ProgramSpec{Type: ebpf.SkLookup, AttachType: ebpf.AttachSkLookup})))
		}},
		"a program on raw tracepoints": {ForeignProgram, func(l *lab) {
			l.keep(link.AttachRawTracepoint(link.RawTracepointOptions{Name: "netif_receive_skb", Program: l.load(&ebpf.ProgramSpec{Type: ebpf.RawTracepoint})}))
		}},
		"a program in the core's control group": {ForeignProgram, func(l *lab) {
			l.keep(link.AttachCgroup(link.CgroupOptions{Path: l.ownGroup(), Attach: ebpf.AttachCGroupInetEgress, Program: l.load(&ebpf.ProgramSpec{Type: ebpf.CGroupSKB, AttachType: ebpf.AttachCGroupInetEgress})}))
		}},
		"a packet socket": {ForeignSocket, func(l *lab) {
			fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, int(htons(unix.ETH_P_ALL)))
			check(l.t, err)
			l.t.Cleanup(func() { _ = unix.Close(fd) })
		}},
		"a firewall rule that copies": {ForeignRule, func(l *lab) {
			l.nft("add table ip spy; add chain ip spy out { type filter hook output priority 0; }; add rule ip spy out dup to 192.0.2.1")
		}},
		"a firewall rule that logs": {ForeignRule, func(l *lab) {
			l.nft("add table ip spy; add chain ip spy in { type filter hook input priority 0; }; add rule ip spy in log group 5")
		}},
	}
}

func htons(n uint16) uint16 { return n<<8 | n>>8 }

// replace puts a changed copy of the built programs in the place of the one at work.
func (l *lab) replace(change func(*ebpf.CollectionSpec)) {
	l.t.Helper()
	spec := built(l.t)
	change(spec)
	c, err := ebpf.NewCollection(spec)
	check(l.t, err)
	l.t.Cleanup(c.Close)
	check(l.t, l.at.Update(c.Programs["limpid_n3"]))
}

// ownGroup is a control group of this test's own, for a child that stands for the core.
func (l *lab) ownGroup() string {
	l.t.Helper()
	var dir string
	check(l.t, cgroup.Of(os.Getpid(), func(root, path string) (err error) {
		dir, err = os.MkdirTemp(filepath.Join(root, path), "limpid-dataplane-test-")
		return err
	}))
	l.t.Cleanup(func() { _ = os.Remove(dir) })
	child := exec.Command("sleep", "60")
	check(l.t, child.Start())
	l.t.Cleanup(func() { _, _ = child.Process.Kill(), child.Wait() })
	check(l.t, os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(child.Process.Pid)), 0o600))
	l.options.Process = child.Process.Pid
	return dir
}

// nft runs commands of nf_tables.
func (l *lab) nft(commands string) {
	l.t.Helper()
	if out, err := exec.Command("nft", commands).CombinedOutput(); err != nil {
		l.t.Fatalf("nft (needed by this test): %v: %s", err, out)
	}
}

func TestMutantDataPlanes(t *testing.T) {
	for name, m := range mutants() {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			m.plant(l)
			r := l.prove()
			if r.Proven() || !r.Found(m.want) {
				t.Errorf("not caught as %q: found %v", m.want, r.Findings)
			}
		})
	}
}

func TestWhatANamespaceMayHave(t *testing.T) {
	l := newLab(t)
	check(t, netlink.LinkSetUp(l.other))
	conn, err := net.ListenUDP("udp", nil)
	check(t, err)
	defer conn.Close()
	l.nft("add table ip plain; add chain ip plain in { type filter hook input priority 0; }; add rule ip plain in counter accept")
	if r := l.prove(); !r.Proven() {
		t.Errorf("found %v", r.Findings)
	}
}
