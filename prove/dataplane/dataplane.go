// Package dataplane tells what moves packets on this machine: that the eBPF programs on its interfaces are the built ones,
// that the built ones bring no packet to a second place, and who else is in the way of a packet.
package dataplane

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cilium/ebpf"

	"github.com/limpid-5g/limpid/prove/verifier"
)

// Fault is the name of something that is wrong.
type Fault string

// What can be wrong.
const (
	NotCertified   Fault = "not certified"       // the built programs could bring a packet to a second place
	ProgramDiffers Fault = "program differs"     // a loaded program is not the built one
	MapDiffers     Fault = "map differs"         // a map of a loaded program is not as built
	SettingsDiffer Fault = "settings differ"     // a loaded program was told something else than the configuration says
	ForeignProgram Fault = "foreign program"     // a program that is not ours sees packets
	ForeignPort    Fault = "foreign port"        // the programs may send to an interface that is not theirs
	ForeignRule    Fault = "foreign rule"        // a rule of the host's firewall copies or diverts packets
	ForeignSocket  Fault = "foreign socket"      // a socket reads what passes an interface
	NoProgram      Fault = "no program"          // an interface that should have ours has none
	CannotBeLooked Fault = "cannot be looked at" // the kernel does not tell
)

// Finding is a fault and what shows it.
type Finding struct {
	Fault  Fault
	Detail string
}

// Options say what should be there.
type Options struct {
	// Built is what the release says is loaded: the object with its settings.
	Built *ebpf.CollectionSpec
	// TCX is the same for the hook of traffic control; nil: nothing of the release is there.
	TCX *ebpf.CollectionSpec
	// Interfaces must have one of the built programs each. Empty: no interface must.
	Interfaces []string
	// Process is the core, in whose control group its packets are; 0: this process.
	Process int
	// Others are programs that the release itself attaches elsewhere, as built.
	Others []*ebpf.CollectionSpec
	// Processes are those of a core that is divided, each with its Others, instead of Process.
	Processes map[int][]*ebpf.CollectionSpec

	certified *Result // of Built, if it was looked at before
}

// Place is a program in the way of packets.
type Place struct {
	Where string
	ID    ebpf.ProgramID
	Name  string
	Ours  bool
}

func (p Place) String() string {
	whose := "FOREIGN"
	if p.Ours {
		whose = "ours"
	}
	return fmt.Sprintf("%s: %s (id %d), %s", p.Where, p.Name, p.ID, whose)
}

// Result is what was found.
type Result struct {
	Verified *verifier.Result
	Compared []string // loaded programs that are the built ones, and how far that was seen
	Places   []Place
	Named    []string // what else is there, and is not in the way
	Findings []Finding
	live     bool
}

// Proven tells whether nothing was found wrong.
func (r *Result) Proven() bool { return len(r.Findings) == 0 }

// Found tells whether a fault was found.
func (r *Result) Found(f Fault) bool {
	return slices.ContainsFunc(r.Findings, func(x Finding) bool { return x.Fault == f })
}

func (r *Result) find(f Fault, format string, args ...any) {
	r.Findings = append(r.Findings, Finding{f, fmt.Sprintf(format, args...)})
}

// Certify looks at the built programs alone, which needs no right and no kernel.
func Certify(built ...*ebpf.CollectionSpec) (*Result, error) {
	r := &Result{Verified: &verifier.Result{}}
	for _, spec := range built {
		if spec == nil {
			continue
		}
		v, err := verifier.Verify(spec, Sinks())
		if err != nil {
			return nil, err
		}
		r.Verified.Programs = append(r.Verified.Programs, v.Programs...)
		r.Verified.Findings = append(r.Verified.Findings, v.Findings...)
	}
	for _, f := range r.Verified.All() {
		r.find(NotCertified, "%s: %s", f.Fault, f.Detail)
	}
	return r, nil
}

// Run certifies the built programs and looks at those of this kernel, in the network namespace of the calling thread. It
// needs CAP_BPF, CAP_NET_ADMIN and CAP_SYS_ADMIN.
func Run(o Options) (*Result, error) {
	r := &Result{}
	if o.certified != nil {
		*r = *o.certified
		r.Findings = slices.Clone(r.Findings)
	} else {
		var err error
		if r, err = Certify(o.Built, o.TCX); err != nil {
			return nil, err
		}
	}
	r.live = true
	ours := make(map[ebpf.ProgramID]bool)
	attached, err := r.interfaces(o, ours)
	if err != nil {
		return nil, err
	}
	for _, name := range o.Interfaces {
		if !attached[name] {
			r.find(NoProgram, "interface %s has none of the built programs", name)
		}
	}
	for _, look := range []func(Options, map[ebpf.ProgramID]bool) error{r.classifiers, r.namespace, r.cgroups, r.kernel} {
		if err := look(o, ours); err != nil {
			return nil, err
		}
	}
	return r, r.bystanders()
}

// Write writes the answer in plain words.
func (r *Result) Write(w io.Writer) error {
	var b strings.Builder
	line := func(label, format string, args ...any) {
		fmt.Fprintf(&b, "%-10s %s\n", label, fmt.Sprintf(format, args...))
	}
	written := make(map[verifier.Sink]int)
	for _, p := range r.Verified.Programs {
		line("built", "%v", p)
		for _, w := range p.Writes {
			written[w.Sink]++
		}
	}
	for _, s := range Sinks() {
		line("declared", "%s.%s, %d bits a packet: %s (%d instructions)", s.Map, s.Member, s.Bits, s.Why, written[s])
	}
	for _, c := range r.Compared {
		line("loaded", "%s", c)
	}
	for _, p := range r.Places {
		line("in the way", "%v", p)
	}
	for _, n := range r.Named {
		line("also", "%s", n)
	}
	for _, f := range r.Findings {
		line("FOUND", "%s: %s", f.Fault, f.Detail)
	}
	b.WriteString(r.verdict())
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Result) verdict() string {
	var b strings.Builder
	if r.Proven() {
		b.WriteString("\nPROVEN.\n\nIt shows:\n")
	} else {
		b.WriteString("\nNOT PROVEN.\n\nIt shows:\n")
	}
	if r.Verified.Certified() {
		b.WriteString("- the built programs send a packet to one interface of their map of ports, end it, or pass it on to the kernel; they\n" +
			"  call no helper that clones, broadcasts, reports or stores it, and write nothing that was computed from it anywhere\n" +
			"  but into the packet and the declared members above;\n")
	}
	if r.live && !r.Found(ProgramDiffers) && !r.Found(MapDiffers) && len(r.Compared) > 0 {
		b.WriteString("- each loaded program is, instruction by instruction after the kernel's own rewriting, what the built one becomes when\n" +
			"  this kernel loads it with the same maps now;\n")
	}
	if r.live && !r.Found(ForeignProgram) && !r.Found(ForeignRule) && !r.Found(ForeignSocket) {
		b.WriteString("- no other program, packet socket or copying rule is in the way, as far as the kernel tells;\n")
	}
	b.WriteString("\nIt cannot show:\n" +
		"- that the kernel, the network card or the next hop is honest, nor what happens after this moment: run it again;\n" +
		"- what a program tells by its choice: which counter it adds to, which entry it touches, how long it takes;\n" +
		"- what the kernel does with a packet that is passed on to it, beyond naming programs, rules and sockets in its way;\n" +
		"- programs and rules of other network namespaces.\n")
	return b.String()
}
