package verifier

import (
	"slices"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
)

const (
	xdpPass = 2
	tcOK    = 0
)

// reading begins a program: R6 is the context, R7 the first 8 octets of the packet, R8 the packet.
func reading(data, end int16, body ...asm.Instruction) asm.Instructions {
	return append(asm.Instructions{
		asm.Mov.Reg(asm.R6, asm.R1),
		asm.LoadMem(asm.R8, asm.R1, data, asm.Word),
		asm.LoadMem(asm.R3, asm.R1, end, asm.Word),
		asm.Mov.Reg(asm.R4, asm.R8),
		asm.Add.Imm(asm.R4, 64),
		asm.JGT.Reg(asm.R4, asm.R3, "out"),
		asm.LoadMem(asm.R7, asm.R8, 0, asm.DWord),
	}, body...)
}

func ends(verdict int32) asm.Instructions {
	return asm.Instructions{asm.Mov.Imm(asm.R0, verdict).WithSymbol("out"), asm.Return()}
}

// xdp and tc make a whole program of a body.
func xdp(body ...asm.Instruction) *ebpf.ProgramSpec {
	return &ebpf.ProgramSpec{Name: "mutant", Type: ebpf.XDP, License: "GPL", Instructions: append(reading(0, 4, body...), ends(xdpPass)...)}
}

func tc(body ...asm.Instruction) *ebpf.ProgramSpec {
	return &ebpf.ProgramSpec{Name: "mutant", Type: ebpf.SchedCLS, License: "GPL", Instructions: append(reading(76, 80, body...), ends(tcOK)...)}
}

func mapOf(dst asm.Register, name string) asm.Instruction {
	return asm.LoadMapPtr(dst, 0).WithReference(name)
}

// toStack puts a register on the stack, and its address into another.
func toStack(v asm.Register, at int16, address asm.Register) asm.Instructions {
	return asm.Instructions{asm.StoreMem(asm.RFP, at, v, asm.DWord), asm.Mov.Reg(address, asm.RFP), asm.Add.Imm(address, int32(at))}
}

// looked makes R0 a place in the value of entry 0 of a map, or goes out.
func looked(name string) asm.Instructions {
	return slices.Concat(asm.Instructions{asm.Mov.Imm(asm.R2, 0)}, toStack(asm.R2, -64, asm.R2),
		asm.Instructions{mapOf(asm.R1, name), asm.FnMapLookupElem.Call(), asm.JEq.Imm(asm.R0, 0, "out")})
}

func array(value uint32) *ebpf.MapSpec {
	return &ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: value, MaxEntries: 1}
}

func ports(t ebpf.MapType, value uint32) *ebpf.MapSpec {
	return &ebpf.MapSpec{Type: t, KeySize: 4, ValueSize: value, MaxEntries: 4}
}

// redirect sends the packet through a map with flags in R3.
func redirect(name string, flags ...asm.Instruction) asm.Instructions {
	return slices.Concat(flags, asm.Instructions{mapOf(asm.R1, name), asm.Mov.Imm(asm.R2, 1), asm.FnRedirectMap.Call(), asm.Return()})
}

// byNumber sends the packet by the number that is in entry 0 of a map.
func byNumber(name string, flags int32) asm.Instructions {
	return slices.Concat(looked(name), asm.Instructions{asm.LoadMem(asm.R1, asm.R0, 0, asm.Word), asm.Mov.Imm(asm.R2, flags), asm.FnRedirect.Call(), asm.Return()})
}

func flags(n int32) asm.Instruction { return asm.Mov.Imm(asm.R3, n) }

type mutant struct {
	name    string
	want    Fault
	program *ebpf.ProgramSpec
	maps    map[string]*ebpf.MapSpec
}

// mutants are programs that bring a packet, or octets of one, to a second place, each by another route.
func mutants() []mutant {
	type maps = map[string]*ebpf.MapSpec
	i := slices.Concat[asm.Instructions]
	output := func(f asm.BuiltinFunc) asm.Instructions {
		return i(toStack(asm.R7, -8, asm.R4), asm.Instructions{asm.Mov.Reg(asm.R1, asm.R6), mapOf(asm.R2, "m"), flags(0), asm.Mov.Imm(asm.R5, 8), f.Call()})
	}
	return []mutant{
		{"broadcast to all ports", Broadcast, xdp(redirect("m", flags(1<<3))...), maps{"m": ports(ebpf.DevMapHash, 4)}},
		{"broadcast by a flag that a map holds", Broadcast,
			xdp(i(looked("f"), redirect("m", asm.LoadMem(asm.R3, asm.R0, 0, asm.DWord)))...), maps{"m": ports(ebpf.DevMapHash, 4), "f": array(8)}},
		{"a port that runs a program", WrongMap, xdp(redirect("m", flags(0))...), maps{"m": ports(ebpf.DevMapHash, 8)}},
		{"to another processor", PacketToOther, xdp(redirect("m", flags(0))...), maps{"m": ports(ebpf.CPUMap, 4)}},
		{"to an AF_XDP socket", PacketToOther, xdp(redirect("m", flags(0))...), maps{"m": ports(ebpf.XSKMap, 4)}},
		{"to an interface by number", PacketToOther,
			xdp(asm.Mov.Imm(asm.R1, 1), asm.Mov.Imm(asm.R2, 0), asm.FnRedirect.Call(), asm.Return()), nil},
		{"to an interface whose number a map holds that is none of ports", PacketToOther, tc(byNumber("m", 0)...), maps{"m": array(4)}},
		{"to the next number after a port's", PacketToOther, tc(i(looked("m"), asm.Instructions{asm.LoadMem(asm.R1, asm.R0, 0, asm.Word), asm.Add.Imm(asm.R1, 1),
			asm.Mov.Imm(asm.R2, 0), asm.FnRedirect.Call(), asm.Return()})...), maps{"m": ports(ebpf.DevMapHash, 4)}},
		{"into a port instead of out of it", PacketToOther, tc(byNumber("m", 1)...), maps{"m": ports(ebpf.DevMapHash, 4)}},
		{"octets into a perf event", HelperCopies, xdp(output(asm.FnPerfEventOutput)...), maps{"m": ports(ebpf.PerfEventArray, 4)}},
		{"the packet behind a perf event", HelperCopies,
			xdp(i(toStack(asm.R6, -8, asm.R4), asm.Instructions{asm.Mov.Reg(asm.R1, asm.R6), mapOf(asm.R2, "m"), asm.LoadImm(asm.R3, 64<<32|0xffffffff, asm.DWord),
				asm.Mov.Imm(asm.R5, 8), asm.FnPerfEventOutput.Call()})...), maps{"m": ports(ebpf.PerfEventArray, 4)}},
		{"octets into a ring buffer", HelperCopies, xdp(i(toStack(asm.R7, -8, asm.R2), asm.Instructions{mapOf(asm.R1, "m"), flags(8),
			asm.Mov.Imm(asm.R4, 0), asm.FnRingbufOutput.Call()})...), maps{"m": {Type: ebpf.RingBuf, MaxEntries: 4096}}},
		{"octets into a reserved place of a ring", HelperCopies, xdp(mapOf(asm.R1, "m"), asm.Mov.Imm(asm.R2, 8), flags(0), asm.FnRingbufReserve.Call(),
			asm.JEq.Imm(asm.R0, 0, "out"), asm.StoreMem(asm.R0, 0, asm.R7, asm.DWord), asm.Mov.Reg(asm.R1, asm.R0), asm.Mov.Imm(asm.R2, 0),
			asm.FnRingbufSubmit.Call()), maps{"m": {Type: ebpf.RingBuf, MaxEntries: 4096}}},
		{"octets into the trace", HelperCopies, xdp(i(toStack(asm.R7, -8, asm.R1), asm.Instructions{asm.Mov.Imm(asm.R2, 8), asm.FnTracePrintk.Call()})...), nil},
		{"octets into a queue", HelperCopies, xdp(i(toStack(asm.R7, -8, asm.R2), asm.Instructions{mapOf(asm.R1, "m"), flags(0), asm.FnMapPushElem.Call()})...),
			maps{"m": {Type: ebpf.Queue, ValueSize: 8, MaxEntries: 16}}},
		{"octets into a map by a store", PacketIntoMap, xdp(i(looked("m"), asm.Instructions{asm.StoreMem(asm.R0, 0, asm.R7, asm.DWord)})...), maps{"m": array(8)}},
		{"one octet, disguised by arithmetic", PacketIntoMap, xdp(i(looked("m"), asm.Instructions{asm.And.Imm(asm.R7, 255), asm.Xor.Imm(asm.R7, 0x5a),
			asm.LSh.Imm(asm.R7, 3), asm.StoreMem(asm.R0, 0, asm.R7, asm.Byte)})...), maps{"m": array(8)}},
		{"octets by way of the stack", PacketIntoMap, xdp(i(toStack(asm.R7, -16, asm.R9), looked("m"), asm.Instructions{
			asm.LoadMem(asm.R1, asm.RFP, -13, asm.Byte), asm.StoreMem(asm.R0, 4, asm.R1, asm.Byte)})...), maps{"m": array(8)}},
		{"octets into a map by an atomic exchange", PacketIntoMap, xdp(i(looked("m"), asm.Instructions{asm.Xchg.Mem(asm.R0, asm.R7, asm.DWord, 0)})...), maps{"m": array(8)}},
		{"octets as the value of an update", PacketIntoMap, xdp(i(toStack(asm.R7, -8, asm.R3), asm.Instructions{asm.Mov.Imm(asm.R2, 0)}, toStack(asm.R2, -16, asm.R2),
			asm.Instructions{mapOf(asm.R1, "m"), asm.Mov.Imm(asm.R4, 0), asm.FnMapUpdateElem.Call()})...), maps{"m": array(8)}},
		{"the packet itself as the value of an update", PacketIntoMap, xdp(i(asm.Instructions{asm.Mov.Imm(asm.R2, 0)}, toStack(asm.R2, -16, asm.R2),
			asm.Instructions{asm.Mov.Reg(asm.R3, asm.R8), mapOf(asm.R1, "m"), asm.Mov.Imm(asm.R4, 0), asm.FnMapUpdateElem.Call()})...), maps{"m": array(8)}},
		{"octets as the key of an update", PacketIntoMap, xdp(i(toStack(asm.R7, -8, asm.R2), toStack(asm.R10, -16, asm.R3), asm.Instructions{
			asm.Mov.Imm(asm.R1, 1), asm.StoreMem(asm.RFP, -16, asm.R1, asm.DWord), mapOf(asm.R1, "m"), asm.Mov.Imm(asm.R4, 0), asm.FnMapUpdateElem.Call()})...),
			maps{"m": {Type: ebpf.Hash, KeySize: 8, ValueSize: 8, MaxEntries: 16}}},
		{"octets copied straight into a map", PacketIntoMap, xdp(i(looked("m"), asm.Instructions{asm.Mov.Reg(asm.R3, asm.R0), asm.Mov.Reg(asm.R1, asm.R6),
			asm.Mov.Imm(asm.R2, 0), asm.Mov.Imm(asm.R4, 8), asm.FnXdpLoadBytes.Call()})...), maps{"m": array(8)}},
		{"octets through a function", PacketIntoMap, &ebpf.ProgramSpec{Name: "mutant", Type: ebpf.XDP, License: "GPL", Instructions: i(
			reading(0, 4, i(looked("m"), asm.Instructions{asm.Mov.Reg(asm.R1, asm.R0), asm.Mov.Reg(asm.R2, asm.R7), {OpCode: asm.OpCode(asm.JumpClass).SetJumpOp(asm.Call), Src: asm.PseudoCall, Constant: -1, Metadata: asm.Metadata{}}})...),
			ends(xdpPass), asm.Instructions{asm.StoreMem(asm.R1, 0, asm.R2, asm.DWord).WithSymbol("f"), asm.Mov.Imm(asm.R0, 0), asm.Return()})}, maps{"m": array(8)}},
		{"where in a map it writes", PacketIntoMap, xdp(i(looked("m"), asm.Instructions{asm.And.Imm(asm.R7, 7), asm.Add.Reg(asm.R0, asm.R7),
			asm.Mov.Imm(asm.R1, 1), asm.StoreMem(asm.R0, 0, asm.R1, asm.Byte)})...), maps{"m": array(16)}},
		{"the packet's place in a map", PacketIntoMap, xdp(i(looked("m"), asm.Instructions{asm.StoreMem(asm.R0, 0, asm.R8, asm.DWord)})...), maps{"m": array(8)}},
		{"octets into the metadata", PacketToOther, xdp(asm.Mov.Reg(asm.R1, asm.R6), asm.Mov.Imm(asm.R2, -8), asm.FnXdpAdjustMeta.Call()), nil},
		{"a jump into a program that is not there", OtherProgram, xdp(asm.Mov.Reg(asm.R1, asm.R6), mapOf(asm.R2, "m"), flags(0), asm.FnTailCall.Call()),
			maps{"m": ports(ebpf.ProgramArray, 4)}},
		{"a clone to a second interface", HelperCopies, tc(asm.Mov.Reg(asm.R1, asm.R6), asm.Mov.Imm(asm.R2, 1), flags(0), asm.FnCloneRedirect.Call()), nil},
		{"a mark that others read", PacketToOther, tc(asm.StoreMem(asm.R6, 8, asm.R7, asm.Word)), nil},
		{"to a socket", PacketToOther, tc(asm.Mov.Reg(asm.R1, asm.R6), asm.Mov.Imm(asm.R2, 0), flags(0), asm.FnSkAssign.Call()), nil},
		{"to another namespace's end of the interface", PacketToOther, tc(asm.Mov.Imm(asm.R1, 1), asm.Mov.Imm(asm.R2, 0), asm.FnRedirectPeer.Call()), nil},
		{"to a neighbour of the kernel's choice", PacketToOther, tc(asm.Mov.Imm(asm.R1, 1), asm.Mov.Imm(asm.R2, 0), flags(0), asm.Mov.Imm(asm.R4, 0), asm.FnRedirectNeigh.Call()), nil},
		{"octets into a process's memory", HelperCopies, xdp(i(toStack(asm.R7, -8, asm.R2), asm.Instructions{asm.Mov.Imm(asm.R1, 4096), flags(8), asm.FnProbeWriteUser.Call()})...), nil},
		{"the packet behind an event of XDP", HelperCopies, xdp(output(asm.FnXdpOutput)...), maps{"m": ports(ebpf.PerfEventArray, 4)}},
		{"a signal for each packet", HelperUnknown, xdp(asm.Mov.Imm(asm.R1, 10), asm.FnSendSignal.Call()), nil},
		{"octets into a socket's storage", HelperCopies, tc(mapOf(asm.R1, "m"), asm.Mov.Imm(asm.R2, 0), flags(0), asm.Mov.Imm(asm.R4, 1), asm.FnSkStorageGet.Call()),
			maps{"m": {Type: ebpf.SkStorage, KeySize: 4, ValueSize: 8}}},
		{"a helper that nobody has looked at", HelperUnknown, xdp(asm.FnGetNumaNodeId.Call()), nil},
		{"a program of another type", NotUnderstood, &ebpf.ProgramSpec{Name: "mutant", Type: ebpf.Kprobe, License: "GPL", Instructions: ends(0)}, nil},
	}
}

// TestMutantPrograms: every route is caught by its name.
func TestMutantPrograms(t *testing.T) {
	for _, m := range mutants() {
		t.Run(m.name, func(t *testing.T) {
			for i := range m.program.Instructions { // a call by name
				if ins := &m.program.Instructions[i]; ins.IsFunctionCall() {
					*ins = ins.WithReference("f")
				}
			}
			r := verify(t, m)
			if !r.Found(m.want) || r.Certified() {
				t.Errorf("not caught as %q: found %v", m.want, r.All())
			}
		})
	}
}

func verify(t *testing.T, m mutant) *Result {
	t.Helper()
	for name, spec := range m.maps {
		spec.Name = name
	}
	r, err := Verify(&ebpf.CollectionSpec{Maps: m.maps, Programs: map[string]*ebpf.ProgramSpec{m.program.Name: m.program}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestWhatMayBe: programs that do what the fast path does, and no more, are certified.
func TestWhatMayBe(t *testing.T) {
	i := slices.Concat[asm.Instructions]
	for _, m := range []mutant{
		{"one port", "", xdp(redirect("m", flags(1))...), map[string]*ebpf.MapSpec{"m": ports(ebpf.DevMapHash, 4)}},
		{"one port at the hook of traffic control", "", tc(byNumber("m", 0)...), map[string]*ebpf.MapSpec{"m": ports(ebpf.DevMapHash, 4)}},
		{"a count of packets", "", xdp(i(looked("m"), asm.Instructions{asm.Mov.Imm(asm.R1, 1), asm.AddAtomic.Mem(asm.R0, asm.R1, asm.DWord, 0)})...),
			map[string]*ebpf.MapSpec{"m": array(8)}},
		{"octets of the packet within the packet", "", xdp(asm.StoreMem(asm.R8, 8, asm.R7, asm.DWord)), nil},
		{"octets as a key that is looked up", "", xdp(i(toStack(asm.R7, -8, asm.R2), asm.Instructions{mapOf(asm.R1, "m"), asm.FnMapLookupElem.Call()})...),
			map[string]*ebpf.MapSpec{"m": {Type: ebpf.Hash, KeySize: 8, ValueSize: 8, MaxEntries: 16}}},
		{"a register that was overwritten", "", xdp(i(looked("m"), asm.Instructions{asm.Mov.Imm(asm.R7, 5), asm.StoreMem(asm.R0, 0, asm.R7, asm.DWord)})...),
			map[string]*ebpf.MapSpec{"m": array(8)}},
		{"a loop that ends", "", xdp(asm.Mov.Imm(asm.R1, 0), asm.Add.Imm(asm.R1, 1).WithSymbol("again"), asm.JLT.Imm(asm.R1, 100, "again")), nil},
	} {
		t.Run(m.name, func(t *testing.T) {
			if r := verify(t, m); !r.Certified() {
				t.Errorf("found %v", r.All())
			}
		})
	}
}

// TestADeclaredSinkIsBounded: what is declared may be written there, in so many bits, and nowhere else.
func TestADeclaredSinkIsBounded(t *testing.T) {
	i := slices.Concat[asm.Instructions]
	count := func(octets asm.Size) *ebpf.CollectionSpec {
		m := array(8)
		m.Name = "m"
		return &ebpf.CollectionSpec{Maps: map[string]*ebpf.MapSpec{"m": m}, Programs: map[string]*ebpf.ProgramSpec{"p": xdp(i(looked("m"), asm.Instructions{
			asm.LoadMem(asm.R1, asm.R8, 2, octets), asm.AddAtomic.Mem(asm.R0, asm.R1, asm.DWord, 0)})...)}}
	}
	declared := []Sink{{Map: "m", Bits: 16, Why: "octets are counted"}}
	r, err := Verify(count(asm.Half), declared)
	if err != nil || !r.Certified() || len(r.Programs[0].Writes) != 1 || r.Programs[0].Writes[0].Bits != 16 {
		t.Errorf("%+v %v", r, err)
	}
	if r, err = Verify(count(asm.Word), declared); err != nil || !r.Found(PacketIntoMap) {
		t.Errorf("32 bits pass as 16: %+v %v", r, err)
	}
	if _, err = Verify(count(asm.Half), []Sink{{Map: "absent", Bits: 16}}); err == nil {
		t.Error("a sink that is not there is declared")
	}
	if _, err = Verify(count(asm.Half), []Sink{{Map: "m", Member: "up.state", Bits: 16}}); err == nil {
		t.Error("a member that is not there is declared")
	}
}
