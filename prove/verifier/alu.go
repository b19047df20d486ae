package verifier

import (
	"math"
	"math/bits"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
)

// alu is arithmetic on registers.
func (m *machine) alu(at int, ins *asm.Instruction, s *state) {
	narrow := ins.OpCode.Class() == asm.ALUClass
	op := ins.OpCode.ALUOp()
	a := s.r[ins.Dst]
	b := number(uint64(ins.Constant), uint64(ins.Constant), origin{})
	if ins.OpCode.Source() == asm.RegSource && op != asm.Swap && op != asm.Neg {
		b = s.r[ins.Src]
	}
	if op == asm.Mov && ins.Offset != 0 {
		m.find(at, NotUnderstood, "a cast between address spaces")
		s.r[ins.Dst] = value{kind: mixed}
		return
	}
	if op == asm.Swap {
		s.r[ins.Dst] = anything(int(ins.Constant)/8, a.from)
		return
	}
	v := arithmetic(op, a, b, narrow)
	if narrow {
		v = low(v)
	}
	s.r[ins.Dst] = v
}

// arithmetic is the result of an operation.
func arithmetic(op asm.ALUOp, a, b value, narrow bool) value {
	if op == asm.Mov {
		return b
	}
	if narrow {
		a, b = low(a), low(b)
	}
	if a.isPointer() || b.isPointer() {
		return pointerArithmetic(op, a, b)
	}
	if a.kind == nothing {
		a = anything(8, a.from)
	}
	if b.kind == nothing {
		b = anything(8, b.from)
	}
	lo, hi := bounds(op, a, b)
	from := a.from.with(b.from)
	if lo == hi && constant(op, a, b) {
		from = origin{}
	}
	return number(lo, hi, from)
}

// constant tells whether the result does not depend on what went in.
func constant(op asm.ALUOp, a, b value) bool {
	return (op == asm.And || op == asm.Mul) && (a.zero() || b.zero())
}

// pointerArithmetic: the difference of two places in the packet tells about its length, any other of pointers is a number.
func pointerArithmetic(op asm.ALUOp, a, b value) value {
	from := a.from.with(b.from)
	switch {
	case op == asm.Add && a.isPointer() && !b.isPointer():
		return move(a, b, 1)
	case op == asm.Add && b.isPointer():
		return move(b, a, 1)
	case op == asm.Sub && a.isPointer() && b.kind == scalar:
		return move(a, b, -1)
	case a.kind == packetEnd || b.kind == packetEnd:
		return anything(8, from.with(read(-1, 16)))
	}
	return anything(8, from)
}

// bounds is the range of the result; the whole if nothing better is known.
func bounds(op asm.ALUOp, a, b value) (lo, hi uint64) {
	const most = math.MaxUint64
	switch op {
	case asm.Add:
		if hi, carry := bits.Add64(a.hi, b.hi, 0); carry == 0 {
			return a.lo + b.lo, hi
		}
		if a.lo == a.hi && b.lo == b.hi { // a negative constant
			return a.lo + b.lo, a.lo + b.lo
		}
	case asm.Sub:
		if a.lo >= b.hi {
			return a.lo - b.hi, a.hi - b.lo
		}
		if a.lo == a.hi && b.lo == b.hi {
			return a.lo - b.lo, a.lo - b.lo
		}
	case asm.Mul:
		if over, hi := bits.Mul64(a.hi, b.hi); over == 0 {
			return a.lo * b.lo, hi
		}
	case asm.And:
		return 0, min(a.hi, b.hi)
	case asm.Or, asm.Xor:
		return 0, 1<<bits.Len64(a.hi|b.hi) - 1
	case asm.LSh:
		if b.lo == b.hi && b.hi < 64 && bits.Len64(a.hi)+int(b.hi) <= 64 {
			return a.lo << b.lo, a.hi << b.lo
		}
	case asm.RSh:
		if b.lo == b.hi && b.hi < 64 {
			return a.lo >> b.lo, a.hi >> b.lo
		}
		return 0, a.hi
	case asm.Div:
		return 0, a.hi
	case asm.Mod:
		if b.lo == b.hi && b.hi > 0 {
			return 0, min(a.hi, b.hi-1)
		}
		return 0, a.hi
	}
	return 0, most
}

// low is the low 32 bits.
func low(v value) value {
	if v.kind != scalar {
		return anything(4, v.from)
	}
	if v.lo == v.hi {
		return number(uint64(uint32(v.lo)), uint64(uint32(v.lo)), v.from)
	}
	if v.hi > math.MaxUint32 {
		return anything(4, v.from)
	}
	return v
}

// jump is a branch, a call or the end.
func (m *machine) jump(at int, ins *asm.Instruction, s *state) []way {
	on := way{at: at + 1, state: s}
	switch op := ins.OpCode.JumpOp(); op {
	case asm.Exit:
		return []way{{exit: true, state: s}}
	case asm.Call:
		if !m.call(at, ins, s) {
			return nil
		}
		return []way{on}
	case asm.Ja:
		distance := int64(ins.Offset)
		if ins.OpCode.Class() == asm.Jump32Class {
			distance = ins.Constant
		}
		to, ok := m.target(at, distance)
		if !ok {
			m.find(at, NotUnderstood, "a jump to no instruction")
			return nil
		}
		return []way{{at: to, state: s}}
	case asm.JEq, asm.JNE, asm.JGT, asm.JGE, asm.JLT, asm.JLE, asm.JSet, asm.JSGT, asm.JSGE, asm.JSLT, asm.JSLE:
		to, ok := m.target(at, int64(ins.Offset))
		if !ok {
			m.find(at, NotUnderstood, "a jump to no instruction")
			return nil
		}
		taken := s.clone()
		ways := make([]way, 0, 2)
		if refine(op, ins, taken, true) {
			ways = append(ways, way{at: to, state: taken})
		}
		if refine(op, ins, s, false) {
			ways = append(ways, on)
		}
		return ways
	default:
		m.find(at, NotUnderstood, "a jump of kind %v", op)
		return nil
	}
}

// refine narrows what is compared with a constant, on the way where the comparison holds or on the other; false if there is
// no such way.
func refine(op asm.JumpOp, ins *asm.Instruction, s *state, holds bool) bool {
	v := &s.r[ins.Dst]
	if v.kind != scalar || ins.OpCode.Class() == asm.Jump32Class && v.hi > math.MaxUint32 {
		return true
	}
	other := number(uint64(ins.Constant), uint64(ins.Constant), origin{})
	if ins.OpCode.Source() == asm.RegSource {
		other = s.r[ins.Src]
	}
	if ins.OpCode.Class() == asm.Jump32Class {
		other = low(other)
	}
	if other.kind != scalar {
		return true
	}
	if !holds {
		op = opposite(op)
	}
	lo, hi := v.lo, v.hi
	switch op {
	case asm.JEq:
		lo, hi = max(lo, other.lo), min(hi, other.hi)
	case asm.JNE:
		if other.lo == other.hi && lo == other.lo {
			if lo == hi {
				return false
			}
			lo++
		} else if other.lo == other.hi && hi == other.hi {
			hi--
		}
	case asm.JGT:
		if other.lo == math.MaxUint64 {
			return false
		}
		lo = max(lo, other.lo+1)
	case asm.JGE:
		lo = max(lo, other.lo)
	case asm.JLT:
		if other.hi == 0 {
			return false
		}
		hi = min(hi, other.hi-1)
	case asm.JLE:
		hi = min(hi, other.hi)
	}
	if lo > hi {
		return false
	}
	v.lo, v.hi = lo, hi
	return true
}

// opposite is the comparison that holds where op does not; Ja where there is none.
func opposite(op asm.JumpOp) asm.JumpOp {
	switch op {
	case asm.JEq:
		return asm.JNE
	case asm.JNE:
		return asm.JEq
	case asm.JGT:
		return asm.JLE
	case asm.JGE:
		return asm.JLT
	case asm.JLT:
		return asm.JGE
	case asm.JLE:
		return asm.JGT
	}
	return asm.Ja
}

// call is a call of a helper, or of a function of the object; false if no way leads back.
func (m *machine) call(at int, ins *asm.Instruction, s *state) bool {
	switch {
	case ins.IsKfuncCall():
		m.find(at, HelperUnknown, "a function of the kernel, %s", ins.Reference())
	case ins.IsFunctionCall():
		return m.callFunction(at, ins, s)
	case ins.IsBuiltinCall():
		m.callHelper(at, asm.BuiltinFunc(ins.Constant), s)
		return true
	default:
		m.find(at, NotUnderstood, "a call by register")
	}
	clobber(s, value{kind: mixed})
	return true
}

// clobber is what a call leaves of the registers.
func clobber(s *state, result value) {
	s.r[asm.R0] = result
	for r := asm.R1; r <= asm.R5; r++ {
		s.r[r] = value{}
	}
}

// callFunction follows a function of the object with what is known here.
func (m *machine) callFunction(at int, ins *asm.Instruction, s *state) bool {
	to, ok := m.target(at, ins.Constant)
	if !ok || m.depth == maxDepth {
		m.find(at, NotUnderstood, "a call that leads nowhere, or too deep")
		return false
	}
	inner := s.clone()
	inner.frames = append(inner.frames, &[slots]slot{})
	inner.r[asm.R0] = value{}
	for r := asm.R6; r <= asm.R9; r++ {
		inner.r[r] = value{}
	}
	inner.r[asm.R10] = value{kind: stack, frame: len(inner.frames) - 1}
	m.depth++
	end := m.run(to, inner)
	m.depth--
	if end == nil {
		return false
	}
	copy(s.frames, end.frames[:len(s.frames)])
	clobber(s, end.r[asm.R0])
	return true
}

// mapsOf are the maps that a register may hold.
func (m *machine) mapsOf(at int, v value) []*ebpf.MapSpec {
	var found []*ebpf.MapSpec
	for _, s := range v.maps {
		if spec := m.spec.Maps[s.name]; spec != nil {
			found = append(found, spec)
		}
	}
	if v.kind != mapItself || len(found) == 0 {
		m.find(at, NotUnderstood, "a map that is not known")
		return nil
	}
	return found
}
