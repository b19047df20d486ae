// Package verifier reads eBPF programs and tells whether a packet, or octets of one, can come to a second place: by a helper
// that clones, broadcasts or reports, by a map, a ring or a socket that takes octets, by another program. It is an abstract
// interpretation over the instructions: for each register and each slot of the stack it knows what kind of thing is in it,
// in which range, and which reads from the packet it depends on. What it does not know it refuses.
//
// It shows that no value which was computed from the packet is written anywhere but into the packet, except where that is
// declared, and how many bits at most. It does not show what a program tells by its choice: which counter it adds to, which
// entry of a map it touches, whether a packet is dropped.
package verifier

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
)

// Fault is the name of a way by which a packet, or octets of one, could come to a second place.
type Fault string

// What can be wrong with a program.
const (
	HelperCopies  Fault = "helper copies"       // a helper that clones, reports or stores packets
	HelperUnknown Fault = "helper not known"    // a helper or kernel function that nobody has looked at
	Broadcast     Fault = "broadcast"           // one packet to several interfaces
	WrongMap      Fault = "map of a wrong type" // a map that takes packets or octets, or hands them to another processor
	PacketIntoMap Fault = "packet into map"     // octets of the packet, or what depends on them, into a map
	OtherProgram  Fault = "other program"       // a jump into a program that is not looked at here
	PacketToOther Fault = "packet to elsewhere" // to an interface that no map of ports names, to a socket, into its own metadata
	NotUnderstood Fault = "not understood"      // an instruction or a use of memory that cannot be judged
)

// Finding is a fault at an instruction.
type Finding struct {
	Fault  Fault
	At     int // instruction, from 0; -1: the object as a whole
	Detail string
}

// Sink is a declared place in a map that may depend on the packet.
type Sink struct {
	Map    string
	Member string // of the value, as "up.state.sum"; empty: the whole value
	Bits   int    // of the packet, for each time that one is written
	Why    string
}

// Write is a place that writes what depends on the packet into a declared sink.
type Write struct {
	At   int
	Sink Sink
	Bits int
}

// Program is what was found out about one program.
type Program struct {
	Name         string
	Instructions int
	Helpers      []string
	Ports        []string // maps of interfaces that it sends to
	Writes       []Write
	Findings     []Finding
}

// Result is what was found out about an object.
type Result struct {
	Programs []Program
	Findings []Finding // of its maps
}

// Certified tells whether nothing was found wrong.
func (r *Result) Certified() bool { return len(r.All()) == 0 }

// All lists what was found wrong.
func (r *Result) All() []Finding {
	all := slices.Clone(r.Findings)
	for _, p := range r.Programs {
		for _, f := range p.Findings {
			f.Detail = p.Name + ": " + f.Detail
			all = append(all, f)
		}
	}
	return all
}

// Found tells whether a fault is among the findings.
func (r *Result) Found(f Fault) bool {
	return slices.ContainsFunc(r.All(), func(x Finding) bool { return x.Fault == f })
}

// Verify reads all programs and maps of an object. An error means that a declared sink is not in the object.
func Verify(spec *ebpf.CollectionSpec, declared []Sink) (*Result, error) {
	r := &Result{}
	places, err := locate(spec, declared)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(spec.Maps))
	for name := range spec.Maps {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if why := refuseMap(spec.Maps[name]); why != "" {
			r.Findings = append(r.Findings, Finding{WrongMap, -1, "map " + name + ": " + why})
		}
	}
	programs := make([]string, 0, len(spec.Programs))
	for name := range spec.Programs {
		programs = append(programs, name)
	}
	slices.Sort(programs)
	for _, name := range programs {
		r.Programs = append(r.Programs, verifyProgram(spec, spec.Programs[name], places))
	}
	return r, nil
}

// refuseMap says why a map may not be there; empty if it may.
func refuseMap(m *ebpf.MapSpec) string {
	switch m.Type {
	case ebpf.Array, ebpf.Hash, ebpf.PerCPUArray, ebpf.PerCPUHash, ebpf.LRUHash, ebpf.LRUCPUHash, ebpf.LPMTrie:
		return ""
	case ebpf.DevMap, ebpf.DevMapHash:
		if m.ValueSize != 4 {
			return "its entries may run a program of their own"
		}
		return ""
	case ebpf.ProgramArray:
		for _, c := range m.Contents {
			if _, ok := c.Value.(string); !ok {
				return "it leads to a program that is not in the object"
			}
		}
		return ""
	case ebpf.PerfEventArray, ebpf.RingBuf, ebpf.UserRingbuf:
		return fmt.Sprintf("a %v takes octets to user space", m.Type)
	case ebpf.CPUMap:
		return "a CPUMap hands packets to another processor"
	case ebpf.XSKMap, ebpf.SockMap, ebpf.SockHash, ebpf.ReusePortSockArray:
		return fmt.Sprintf("a %v hands packets to sockets", m.Type)
	case ebpf.Queue, ebpf.Stack:
		return fmt.Sprintf("a %v keeps what is put into it", m.Type)
	}
	return fmt.Sprintf("nobody has looked at what a %v can do", m.Type)
}

// verifyProgram follows a program from its first instruction.
func verifyProgram(spec *ebpf.CollectionSpec, p *ebpf.ProgramSpec, places []place) Program {
	out := Program{Name: p.Name, Instructions: len(p.Instructions)}
	m := &machine{spec: spec, program: p, places: places, out: &out}
	if p.Type != ebpf.XDP && p.Type != ebpf.SchedCLS {
		m.find(-1, NotUnderstood, "a program of type %v", p.Type)
		return out
	}
	if p.AttachTo != "" {
		m.find(-1, OtherProgram, "it attaches itself to %s", p.AttachTo)
	}
	if err := m.index(); err != nil {
		m.find(-1, NotUnderstood, "%v", err)
		return out
	}
	start := &state{frames: []*[slots]slot{{}}}
	start.r[asm.R1] = pointer(contextOf)
	start.r[asm.R10] = pointer(stack)
	m.run(0, start)
	slices.Sort(out.Helpers)
	slices.Sort(out.Ports)
	slices.SortFunc(out.Writes, func(a, b Write) int { return a.At - b.At })
	return out
}

// machine runs one program on what is known of values.
type machine struct {
	spec    *ebpf.CollectionSpec
	program *ebpf.ProgramSpec
	places  []place
	out     *Program
	symbols map[string]int
	raw     map[int]int  // index by raw offset
	offsets []int        // raw offset by index
	joins   map[int]bool // instructions that a jump leads to
	depth   int
	seen    map[string]bool
}

func (m *machine) find(at int, f Fault, format string, args ...any) {
	detail := fmt.Sprintf(format, args...)
	key := fmt.Sprint(at, f)
	if m.seen == nil {
		m.seen = make(map[string]bool)
	}
	if !m.seen[key] {
		m.seen[key] = true
		if at >= 0 {
			detail = fmt.Sprintf("instruction %d (%v): %s", at, m.program.Instructions[at], detail)
		}
		m.out.Findings = append(m.out.Findings, Finding{f, at, detail})
	}
}

func (m *machine) helper(name string) {
	if !slices.Contains(m.out.Helpers, name) {
		m.out.Helpers = append(m.out.Helpers, name)
	}
}

// index finds where jumps and calls lead.
func (m *machine) index() error {
	m.symbols, m.raw = make(map[string]int), make(map[int]int)
	iter := m.program.Instructions.Iterate()
	for iter.Next() {
		m.raw[int(iter.Offset)] = iter.Index
		m.offsets = append(m.offsets, int(iter.Offset))
		if s := iter.Ins.Symbol(); s != "" {
			m.symbols[s] = iter.Index
		}
	}
	if len(m.offsets) == 0 {
		return errors.New("no instructions")
	}
	m.joins = make(map[int]bool)
	for i := range m.program.Instructions {
		ins := &m.program.Instructions[i]
		if op := ins.OpCode; !op.Class().IsJump() || op.JumpOp() == asm.Call || op.JumpOp() == asm.Exit {
			continue
		}
		distance := int64(ins.Offset)
		if ins.OpCode.Class() == asm.Jump32Class && ins.OpCode.JumpOp() == asm.Ja {
			distance = ins.Constant
		}
		if to, ok := m.target(i, distance); ok {
			m.joins[to] = true
		}
	}
	return nil
}

// target is where a jump or a call of a function leads, from its raw distance or its name.
func (m *machine) target(at int, distance int64) (int, bool) {
	if name := m.program.Instructions[at].Reference(); name != "" {
		i, ok := m.symbols[name]
		return i, ok
	}
	i, ok := m.raw[m.offsets[at]+1+int(distance)]
	return i, ok
}

const (
	maxDepth = 8  // of calls, as in the kernel
	patience = 24 // visits before bounds that still move are given up
)

// run follows all ways from an instruction to the end of its function, and returns what is known there; nil if no way
// leads there.
func (m *machine) run(start int, first *state) *state {
	before := map[int]*state{start: first.clone()}
	visits := make(map[int]int)
	work := []int{start}
	var end *state
	for len(work) > 0 {
		nearest := slices.Index(work, slices.Min(work)) // what lies before is done first, so that less is done twice
		at := work[nearest]
		work = slices.Delete(work, nearest, nearest+1)
		s := before[at].clone()
		ways := m.step(at, s)
		for len(ways) == 1 && !ways[0].exit && !m.joins[ways[0].at] && ways[0].at < len(m.program.Instructions) { // straight on
			ways = m.step(ways[0].at, ways[0].state)
		}
		for _, next := range ways {
			if next.exit {
				if end == nil {
					end = next.state.clone()
				} else {
					end.merge(next.state, false)
				}
				continue
			}
			if next.at >= len(m.program.Instructions) {
				m.find(at, NotUnderstood, "it runs over the end")
				continue
			}
			old, known := before[next.at]
			if !known {
				before[next.at] = next.state
				work = append(work, next.at)
				continue
			}
			visits[next.at]++
			if old.merge(next.state, visits[next.at] > patience) && !slices.Contains(work, next.at) {
				work = append(work, next.at)
			}
		}
	}
	return end
}

// way is one way on from an instruction.
type way struct {
	at    int
	exit  bool
	state *state
}

// step does one instruction on s, and tells where it goes on.
func (m *machine) step(at int, s *state) []way {
	ins := &m.program.Instructions[at]
	on := []way{{at: at + 1, state: s}}
	class := ins.OpCode.Class()
	switch {
	case ins.OpCode.IsDWordLoad():
		m.loadImmediate(at, ins, s)
	case class.IsALU():
		m.alu(at, ins, s)
	case class.IsLoad():
		m.load(at, ins, s)
	case class.IsStore():
		m.store(at, ins, s)
	case class.IsJump():
		return m.jump(at, ins, s)
	default:
		m.find(at, NotUnderstood, "no such class of instructions is known")
		return nil
	}
	return on
}

// loadImmediate is a number of 64 bits, a map or a place in one.
func (m *machine) loadImmediate(at int, ins *asm.Instruction, s *state) {
	switch {
	case ins.IsLoadFromMap():
		name := ins.Reference()
		if _, ok := m.spec.Maps[name]; !ok {
			m.find(at, NotUnderstood, "map %q is not in the object", name)
		}
		v := value{kind: mapItself, maps: []spot{{name: name}}}
		if ins.Src == asm.PseudoMapValue {
			at := int64(uint64(ins.Constant) >> 32)
			v = value{kind: mapValue, maps: []spot{{name, at, at}}}
		}
		s.r[ins.Dst] = v
	case ins.Src == asm.R0:
		n := uint64(ins.Constant)
		s.r[ins.Dst] = number(n, n, origin{})
	default:
		m.find(at, NotUnderstood, "a function or a variable of the kernel as a value")
		s.r[ins.Dst] = value{kind: mixed}
	}
}

// String says in a few words what was found.
func (p Program) String() string {
	bits := 0
	for _, w := range p.Writes {
		bits += w.Bits
	}
	text := fmt.Sprintf("%s: %d instructions; calls %s; sends by %s", p.Name, p.Instructions,
		strings.Join(p.Helpers, ", "), strings.Join(p.Ports, ", "))
	if len(p.Writes) > 0 {
		text += fmt.Sprintf("; %d places write what depends on the packet into declared members of maps, %d bits if each is passed once", len(p.Writes), bits)
	}
	return text
}
