package dataplane

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
)

// Compare holds a loaded program against the built one of its name. It returns how far it is the same, empty if it is not.
func Compare(where string, id ebpf.ProgramID, built *ebpf.CollectionSpec) (string, []Finding) {
	r := &Result{}
	r.compare(where, id, built)
	return strings.Join(r.Compared, "; "), r.Findings
}

// compare holds a loaded program against the built one of its name.
func (r *Result) compare(where string, id ebpf.ProgramID, built *ebpf.CollectionSpec) {
	if err := r.compareLoaded(where, id, built); err != nil {
		r.find(CannotBeLooked, "%s: program %d: %v", where, id, err)
	}
}

func (r *Result) compareLoaded(where string, id ebpf.ProgramID, built *ebpf.CollectionSpec) error {
	p, err := ebpf.NewProgramFromID(id)
	if err != nil {
		return err
	}
	defer p.Close()
	info, err := p.Info()
	if err != nil {
		return err
	}
	spec := &ebpf.CollectionSpec{Maps: map[string]*ebpf.MapSpec{}, Programs: map[string]*ebpf.ProgramSpec{info.Name: built.Programs[info.Name].Copy()},
		Variables: map[string]*ebpf.VariableSpec{}, Types: built.Types, ByteOrder: built.ByteOrder}
	maps, err := r.maps(where, info, built, spec)
	defer func() {
		for _, m := range maps {
			m.Close()
		}
	}()
	if err != nil || maps == nil {
		return err
	}
	reference, err := ebpf.NewCollectionWithOptions(spec, ebpf.CollectionOptions{MapReplacements: maps})
	if err != nil {
		return fmt.Errorf("the built program does not load beside it: %w", err)
	}
	defer reference.Close()
	want, err := reference.Programs[info.Name].Info()
	if err != nil {
		return err
	}
	return r.sameProgram(where, info, want)
}

// maps opens the maps of a loaded program, and wants them to be as built. Nil: they are not.
func (r *Result) maps(where string, info *ebpf.ProgramInfo, built, spec *ebpf.CollectionSpec) (map[string]*ebpf.Map, error) {
	ids, ok := info.MapIDs()
	if !ok {
		return nil, errors.New("the kernel does not tell its maps")
	}
	found := make(map[string]*ebpf.Map)
	wrong := false
	for _, id := range ids {
		m, err := ebpf.NewMapFromID(id)
		if err != nil {
			return found, err
		}
		mi, err := m.Info()
		if err != nil {
			m.Close()
			return found, err
		}
		name := builtName(built, mi.Name)
		if name == "" {
			m.Close()
			r.find(MapDiffers, "%s: %s uses map %q (id %d), which was not built", where, info.Name, mi.Name, id)
			wrong = true
			continue
		}
		found[name] = m
		spec.Maps[name] = built.Maps[name].Copy()
		if strings.HasPrefix(name, ".") { // cilium/ebpf makes the program's own data mappable where the kernel can
			spec.Maps[name].Flags = mi.Flags
		}
		if err := spec.Maps[name].Compatible(m); err != nil {
			r.find(MapDiffers, "%s: map %s of %s: %v", where, name, info.Name, err)
			wrong = true
		}
		if name == ".rodata" {
			r.settings(where, info.Name, m, mi, built)
		}
	}
	if wrong {
		for _, m := range found {
			m.Close()
		}
		return nil, nil
	}
	return found, nil
}

// builtName is the name of a built map whose kernel name is cut to 15 octets.
func builtName(built *ebpf.CollectionSpec, kernel string) string {
	for name := range built.Maps {
		if name == kernel || len(kernel) == 15 && strings.HasPrefix(name, kernel) {
			return name
		}
	}
	return ""
}

// settings wants what a program was told to be what the configuration says, and not to change any more.
func (r *Result) settings(where, program string, m *ebpf.Map, info *ebpf.MapInfo, built *ebpf.CollectionSpec) {
	if !info.Frozen() {
		r.find(SettingsDiffer, "%s: the settings of %s may still be changed", where, program)
	}
	got, err := m.LookupBytes(uint32(0))
	if err != nil {
		r.find(CannotBeLooked, "%s: the settings of %s: %v", where, program, err)
		return
	}
	want := make([]byte, built.Maps[".rodata"].ValueSize)
	if c := built.Maps[".rodata"].Contents; len(c) > 0 {
		if b, ok := c[0].Value.([]byte); ok {
			copy(want, b)
		}
	}
	for _, v := range built.Variables {
		if v.SectionName == ".rodata" {
			copy(want[v.Offset:], v.Value)
		}
	}
	if !bytes.Equal(got, want) {
		r.find(SettingsDiffer, "%s: %s was told something else than the configuration says: %d of %d octets differ", where, program, differing(got, want), len(want))
	}
}

func differing(a, b []byte) int {
	n := 0
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			n++
		}
	}
	return n + max(len(a), len(b)) - min(len(a), len(b))
}

// sameProgram compares instructions as the kernel rewrote them, and then the machine code.
func (r *Result) sameProgram(where string, got, want *ebpf.ProgramInfo) error {
	a, err := got.Instructions()
	if err != nil {
		return err
	}
	b, err := want.Instructions()
	if err != nil {
		return err
	}
	if i := firstDifference(a, b); i >= 0 {
		r.find(ProgramDiffers, "%s: %s: %s (%d instructions loaded, %d built; tags %s and %s)", where, got.Name, instructionsAt(a, b, i), len(a), len(b), got.Tag, want.Tag)
		return nil
	}
	machine := "its machine code is not shown by this kernel, so that was not compared"
	x, okX := got.JitedInsns()
	y, okY := want.JitedInsns()
	if okX && okY && len(x) > 0 {
		if at := machineDifference(got, want, x, y); at >= 0 {
			r.find(ProgramDiffers, "%s: %s: its machine code differs from what the kernel makes of the same instructions, first at octet %d of %d", where, got.Name, at, len(x))
			return nil
		}
		machine = fmt.Sprintf("%d octets of machine code equal but for the distances of calls, whose targets are equal", len(x))
	}
	r.Compared = append(r.Compared, fmt.Sprintf("%s: %s: %d instructions equal; %s", where, got.Name, len(a), machine))
	return nil
}

// firstDifference is the first instruction that differs, -1 if none does. Names and lines do not count.
func firstDifference(a, b asm.Instructions) int {
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) {
			return i
		}
		x, y := a[i], b[i]
		if x.OpCode != y.OpCode || x.Dst != y.Dst || x.Src != y.Src || x.Offset != y.Offset || x.Constant != y.Constant {
			return i
		}
	}
	return -1
}

func instructionsAt(a, b asm.Instructions, i int) string {
	at := func(list asm.Instructions) string {
		if i < len(list) {
			return fmt.Sprint(list[i])
		}
		return "the end"
	}
	return fmt.Sprintf("instruction %d is %q, and %q as built", i, at(a), at(b))
}

// machineDifference is the first octet of machine code that differs, -1 if none does. A call is told by its distance, which
// differs between two copies of the same code: there the targets are compared. (x86-64; elsewhere every octet counts.)
func machineDifference(got, want *ebpf.ProgramInfo, x, y []byte) int {
	if len(x) != len(y) {
		return min(len(x), len(y))
	}
	first, second := functionsOf(got), functionsOf(want)
	known := len(first) > 0 && len(first) == len(second)
	for i := 0; i < len(x); i++ {
		if x[i] == y[i] {
			continue
		}
		next := -1
		for start := i; known && start > i-4 && start > 0; start-- {
			if sameTarget(x, y, start, first, second) {
				next = start + 3
				break
			}
		}
		if next < 0 {
			return i
		}
		i = next
	}
	return -1
}

// sameTarget tells whether the four octets at start are the distance of a call or jump out of the code (E8, E9, or 0F 80 to
// 8F), and lead to the same place in both copies.
func sameTarget(x, y []byte, start int, first, second []function) bool {
	if start+4 > len(x) || x[start-1] != y[start-1] {
		return false
	}
	op := x[start-1]
	if far := op&0xf0 == 0x80 && start > 1 && x[start-2] == 0x0f; op != 0xe8 && op != 0xe9 && !far {
		return false
	}
	a, okA := target(x, start, first)
	b, okB := target(y, start, second)
	return okA && okB && a == b
}

// function is a part of the machine code, and where the kernel has it.
type function struct {
	at     int // octet of the whole
	octets int
	base   uint64
}

func functionsOf(info *ebpf.ProgramInfo) []function {
	bases, okA := info.JitedKsymAddrs()
	lengths, okB := info.JitedFuncLens()
	if !okA || !okB || len(bases) != len(lengths) {
		return nil
	}
	var all []function
	at := 0
	for i, n := range lengths {
		all = append(all, function{at, int(n), uint64(bases[i])})
		at += int(n)
	}
	return all
}

// codePlace is where a call leads: an octet of one of the program's own functions, or an address of the kernel's.
type codePlace struct {
	own    int // function, from 1
	offset uint64
}

func target(code []byte, start int, functions []function) (codePlace, bool) {
	for _, f := range functions {
		if start < f.at || start >= f.at+f.octets {
			continue
		}
		to := f.base + uint64(start-f.at) + 4 + uint64(int64(int32(binary.LittleEndian.Uint32(code[start:]))))
		for i, g := range functions {
			if to >= g.base && to < g.base+uint64(g.octets) {
				return codePlace{i + 1, to - g.base}, true
			}
		}
		return codePlace{0, to}, true
	}
	return codePlace{}, false
}
