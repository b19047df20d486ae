package verifier

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
)

// place is where in the values of a map a declared sink is.
type place struct {
	Sink
	from, to int64 // octets
}

// locate finds the declared members in the types of the object's maps.
func locate(spec *ebpf.CollectionSpec, declared []Sink) ([]place, error) {
	var places []place
	for _, d := range declared {
		m, ok := spec.Maps[d.Map]
		if !ok {
			return nil, fmt.Errorf("verifier: declared sink %s.%s: no such map", d.Map, d.Member)
		}
		p := place{d, 0, int64(m.ValueSize)}
		if d.Member != "" {
			from, size, err := member(m.Value, d.Member)
			if err != nil {
				return nil, fmt.Errorf("verifier: declared sink %s.%s: %w", d.Map, d.Member, err)
			}
			p.from, p.to = int64(from), int64(from)+int64(size)
		}
		places = append(places, p)
	}
	return places, nil
}

// member finds a member of a member ... of a struct: its offset and size.
func member(t btf.Type, path string) (offset, size uint32, err error) {
	for name := range strings.SplitSeq(path, ".") {
		s, ok := btf.As[*btf.Struct](t)
		if !ok {
			return 0, 0, errors.New("the object does not say what its values are")
		}
		found := false
		for _, f := range s.Members {
			if f.Name == name {
				offset += f.Offset.Bytes()
				t, found = f.Type, true
				break
			}
		}
		if !found {
			return 0, 0, fmt.Errorf("no member %q", name)
		}
	}
	n, err := btf.Sizeof(t)
	return offset, uint32(n), err
}

// sink is a write of what depends on the packet to octets of a map's value.
func (m *machine) sink(at int, p value, octets int, bits int, what string) {
	if bits == 0 {
		return
	}
	for _, s := range p.maps {
		name, lo, hi := s.name, s.lo, s.hi+int64(octets)
		allowed := false
		for _, d := range m.places {
			if d.Map == name && lo >= d.from && hi <= d.to && bits <= d.Bits {
				m.wrote(Write{at, d.Sink, bits})
				allowed = true
				break
			}
		}
		if !allowed {
			m.find(at, PacketIntoMap, "%s: %d bits of the packet into %s at octets %d to %d", what, bits, name, lo, hi)
		}
	}
	if len(p.maps) == 0 {
		m.find(at, PacketIntoMap, "%s: %d bits of the packet into memory that is not known", what, bits)
	}
}

// wrote notes a write once, with the most bits.
func (m *machine) wrote(w Write) {
	for i := range m.out.Writes {
		if old := &m.out.Writes[i]; old.At == w.At && old.Sink == w.Sink {
			old.Bits = max(old.Bits, w.Bits)
			return
		}
	}
	m.out.Writes = append(m.out.Writes, w)
}

// load reads memory into a register.
func (m *machine) load(at int, ins *asm.Instruction, s *state) {
	mode := ins.OpCode.Mode()
	if mode != asm.MemMode && mode != asm.MemSXMode {
		m.find(at, NotUnderstood, "a load of mode %v", mode)
		s.r[ins.Dst] = value{kind: mixed}
		return
	}
	octets := ins.OpCode.Size().Sizeof()
	p := move(s.r[ins.Src], number(uint64(int64(ins.Offset)), uint64(int64(ins.Offset)), origin{}), 1)
	var v value
	switch p.kind {
	case stack:
		v = s.load(p, octets)
	case packet:
		v = anything(octets, p.from.with(read(at, 8*octets)))
	case mapValue:
		v = anything(octets, p.from)
		if len(p.maps) == 1 && p.maps[0].lo == 0 && p.maps[0].hi == 0 && octets == 4 && m.isPorts(p.maps[0].name) {
			v.port = p.maps[0].name
		}
	case contextOf:
		v = m.field(at, p, octets)
	default:
		m.find(at, NotUnderstood, "a load from memory that is not known")
		v = value{kind: mixed}
	}
	if mode == asm.MemSXMode && v.kind == scalar {
		v = anything(8, v.from)
	}
	s.r[ins.Dst] = v
}

func (m *machine) isPorts(name string) bool {
	spec := m.spec.Maps[name]
	return spec != nil && (spec.Type == ebpf.DevMap || spec.Type == ebpf.DevMapHash)
}

// field is a member of the context.
func (m *machine) field(at int, p value, octets int) value {
	if p.lo != p.hi {
		m.find(at, NotUnderstood, "a load from a place in the context that is not known")
		return value{kind: mixed}
	}
	data, end, meta := uint64(0), uint64(4), uint64(8) // struct xdp_md
	if m.program.Type == ebpf.SchedCLS {
		data, end, meta = 76, 80, 140 // struct __sk_buff
	}
	switch p.lo {
	case data, meta:
		return pointer(packet)
	case end:
		return pointer(packetEnd)
	}
	if m.program.Type == ebpf.SchedCLS { // length, hash, mark, control block: may all come from the packet
		return anything(octets, read(at, 8*octets))
	}
	return anything(octets, origin{})
}

// store writes a register or a number to memory.
func (m *machine) store(at int, ins *asm.Instruction, s *state) {
	octets := ins.OpCode.Size().Sizeof()
	p := move(s.r[ins.Dst], number(uint64(int64(ins.Offset)), uint64(int64(ins.Offset)), origin{}), 1)
	mode := ins.OpCode.Mode()
	switch {
	case mode == asm.AtomicMode:
		m.atomic(at, ins, s, p, octets)
	case mode != asm.MemMode:
		m.find(at, NotUnderstood, "a store of mode %v", mode)
	case ins.OpCode.Class() == asm.StClass:
		n := uint64(ins.Constant)
		m.write(at, s, p, octets, number(n, n, origin{}), "store")
	default:
		m.write(at, s, p, octets, s.r[ins.Src], "store")
	}
}

// write puts v into memory.
func (m *machine) write(at int, s *state, p value, octets int, v value, what string) {
	switch p.kind {
	case stack:
		s.store(p, octets, v)
	case packet: // that is where it may go
	case mapValue:
		if v.isPointer() && !v.zero() {
			m.find(at, PacketIntoMap, "%s: a pointer into %s", what, p.maps[0].name)
		}
		m.sink(at, p, octets, min(v.bits(), 8*octets)+p.bits(), what)
	case contextOf:
		m.find(at, PacketToOther, "%s: into the context, which others read", what)
	default:
		m.find(at, NotUnderstood, "%s: into memory that is not known", what)
	}
}

// atomic is a store that may also fetch what was there.
func (m *machine) atomic(at int, ins *asm.Instruction, s *state, p value, octets int) {
	m.write(at, s, p, octets, s.r[ins.Src], "atomic operation")
	var was value
	switch p.kind {
	case stack:
		was = s.load(p, octets)
	case packet:
		was = anything(octets, read(at, 8*octets))
	default:
		was = anything(octets, p.from)
	}
	switch op := ins.OpCode.AtomicOp(); op {
	case asm.AddAtomic, asm.AndAtomic, asm.OrAtomic, asm.XorAtomic:
	case asm.FetchAdd, asm.FetchAnd, asm.FetchOr, asm.FetchXor, asm.Xchg:
		s.r[ins.Src] = was
	case asm.CmpXchg:
		s.r[asm.R0] = was
	default:
		m.find(at, NotUnderstood, "atomic operation %v", op)
		s.r[ins.Src], s.r[asm.R0] = value{kind: mixed}, value{kind: mixed}
	}
}
