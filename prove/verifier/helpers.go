package verifier

import (
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
)

const (
	maxVerdict = 4   // XDP_REDIRECT; above are flags that send to several interfaces
	tcVerdicts = 4   // TC_ACT_REDIRECT and what is between
	keyless    = 512 // octets of a buffer whose length is not known: the stack
)

// copies are the helpers that bring packets, or octets, to a second place, and where to.
func copies(f asm.BuiltinFunc) (where string, yes bool) {
	switch f {
	case asm.FnCloneRedirect:
		return "to a second interface", true
	case asm.FnPerfEventOutput, asm.FnSkbOutput, asm.FnXdpOutput:
		return "into the ring of a perf event", true
	case asm.FnRingbufOutput, asm.FnRingbufReserve, asm.FnRingbufSubmit, asm.FnRingbufReserveDynptr, asm.FnRingbufSubmitDynptr:
		return "into a ring buffer", true
	case asm.FnTracePrintk, asm.FnTraceVprintk, asm.FnSeqPrintf, asm.FnSeqWrite, asm.FnSnprintf:
		return "into a text", true
	case asm.FnMapPushElem:
		return "into a queue", true
	case asm.FnProbeWriteUser, asm.FnCopyFromUser, asm.FnDynptrWrite, asm.FnDynptrFromMem:
		return "into other memory", true
	case asm.FnSkStorageGet, asm.FnInodeStorageGet, asm.FnTaskStorageGet, asm.FnCgrpStorageGet:
		return "into the storage of a kernel object", true
	}
	return "", false
}

// elsewhere are the helpers that send a packet where no map of ports leads.
func elsewhere(f asm.BuiltinFunc) (where string, yes bool) {
	switch f {
	case asm.FnRedirectNeigh, asm.FnRedirectPeer:
		return "to an interface by number", true
	case asm.FnSkAssign, asm.FnSkRedirectMap, asm.FnSkRedirectHash, asm.FnMsgRedirectMap, asm.FnMsgRedirectHash, asm.FnSkSelectReuseport:
		return "to a socket", true
	case asm.FnXdpAdjustMeta:
		return "into its metadata, which others read", true
	case asm.FnLwtPushEncap, asm.FnLwtSeg6Action:
		return "into another route", true
	}
	return "", false
}

// callHelper judges a helper, and what it leaves in R0.
func (m *machine) callHelper(at int, f asm.BuiltinFunc, s *state) {
	m.helper(strings.TrimPrefix(f.String(), "Fn"))
	result := value{kind: mixed}
	switch f {
	case asm.FnMapLookupElem:
		result = m.lookup(at, s)
	case asm.FnMapUpdateElem:
		result = m.update(at, s)
	case asm.FnMapDeleteElem:
		m.mapsOf(at, s.r[asm.R1])
		result = anything(8, origin{})
	case asm.FnRedirectMap:
		m.redirectMap(at, s)
		result = number(0, maxVerdict, origin{})
	case asm.FnRedirect:
		m.redirect(at, s)
		result = number(0, maxVerdict+tcVerdicts, origin{})
	case asm.FnTailCall:
		m.tailCall(at, s)
		result = anything(8, origin{})
	case asm.FnKtimeGetNs, asm.FnKtimeGetBootNs, asm.FnKtimeGetCoarseNs, asm.FnKtimeGetTaiNs, asm.FnJiffies64, asm.FnGetPrandomU32, asm.FnGetSmpProcessorId,
		asm.FnXdpAdjustHead, asm.FnXdpAdjustTail, asm.FnSkbAdjustRoom, asm.FnSkbChangeTail, asm.FnSkbChangeHead, asm.FnSkbPullData, asm.FnSkbChangeProto:
		result = anything(8, origin{})
	case asm.FnXdpGetBuffLen:
		result = anything(8, read(-1, 16))
	case asm.FnXdpLoadBytes, asm.FnSkbLoadBytes:
		m.fill(at, s, s.r[asm.R3], s.r[asm.R4])
		result = anything(8, origin{})
	case asm.FnXdpStoreBytes, asm.FnSkbStoreBytes, asm.FnL3CsumReplace, asm.FnL4CsumReplace:
		result = anything(8, origin{})
	case asm.FnCsumDiff:
		from := s.region(s.r[asm.R1], size(s.r[asm.R2])).with(s.region(s.r[asm.R3], size(s.r[asm.R4]))).with(s.r[asm.R5].from)
		for _, r := range []asm.Register{asm.R1, asm.R3} {
			if s.r[r].kind == packet {
				from = from.with(read(at, 32))
			}
		}
		result = anything(8, from)
	case asm.FnFibLookup, asm.FnCheckMtu:
		m.answer(at, f, s)
		result = anything(8, origin{})
	default:
		if where, yes := copies(f); yes {
			m.find(at, HelperCopies, "it copies %s", where)
		} else if where, yes := elsewhere(f); yes {
			m.find(at, PacketToOther, "it sends the packet %s", where)
		} else {
			m.find(at, HelperUnknown, "helper %v", f)
		}
	}
	clobber(s, result)
}

// size is the most that a length can be.
func size(v value) int {
	if v.kind != scalar || v.hi > keyless {
		return keyless
	}
	return int(v.hi)
}

// lookup is a place in a value of a map, or null. Which entry it is may depend on the packet.
func (m *machine) lookup(at int, s *state) value {
	maps := m.mapsOf(at, s.r[asm.R1])
	if maps == nil {
		return value{kind: mixed}
	}
	found := slices.Clone(s.r[asm.R1].maps)
	for i := range found {
		found[i].lo, found[i].hi = 0, 0
	}
	return value{kind: mapValue, maps: found}
}

// update writes a key and a value into a map.
func (m *machine) update(at int, s *state) value {
	for _, spec := range m.mapsOf(at, s.r[asm.R1]) {
		if spec.Type == ebpf.DevMap || spec.Type == ebpf.DevMapHash || spec.Type == ebpf.ProgramArray {
			m.find(at, PacketToOther, "a program changes %s, and so where packets go", spec.Name)
		}
		p := value{kind: mapValue, maps: []spot{{name: spec.Name}}}
		for _, part := range []struct {
			r      asm.Register
			octets int
		}{{asm.R2, int(spec.KeySize)}, {asm.R3, int(spec.ValueSize)}} {
			if part.r == asm.R2 && (spec.Type == ebpf.Array || spec.Type == ebpf.PerCPUArray) {
				continue // which entry it is, is no octet of it
			}
			bits := 8 * part.octets
			if v := s.r[part.r]; v.kind != packet {
				bits = s.region(v, part.octets).bits
			}
			m.sink(at, p, part.octets, min(bits, 8*part.octets), "map update")
		}
	}
	return anything(8, origin{})
}

// redirectMap sends the packet to one interface that a map of ports names.
func (m *machine) redirectMap(at int, s *state) {
	for _, spec := range m.mapsOf(at, s.r[asm.R1]) {
		switch spec.Type {
		case ebpf.DevMap, ebpf.DevMapHash:
			if !slices.Contains(m.out.Ports, spec.Name) {
				m.out.Ports = append(m.out.Ports, spec.Name)
			}
		default:
			m.find(at, PacketToOther, "it sends the packet through %s, a %v", spec.Name, spec.Type)
		}
	}
	if flags := s.r[asm.R3]; flags.kind != scalar || flags.hi > maxVerdict {
		m.find(at, Broadcast, "the flags may send the packet to several interfaces")
	}
}

// redirect sends the packet out of one interface by its number, which must be what a map of ports names.
func (m *machine) redirect(at int, s *state) {
	port := s.r[asm.R1].port
	if port == "" {
		m.find(at, PacketToOther, "it sends the packet to an interface by number")
	} else if !slices.Contains(m.out.Ports, port) {
		m.out.Ports = append(m.out.Ports, port)
	}
	if flags := s.r[asm.R2]; !flags.zero() {
		m.find(at, PacketToOther, "the flags may send the packet into an interface, where others take it")
	}
}

// tailCall goes on in another program, which must be one of the object.
func (m *machine) tailCall(at int, s *state) {
	for _, spec := range m.mapsOf(at, s.r[asm.R2]) {
		if spec.Type != ebpf.ProgramArray {
			m.find(at, OtherProgram, "%s is no map of programs", spec.Name)
			continue
		}
		if len(spec.Contents) == 0 {
			m.find(at, OtherProgram, "what is in %s is not said by the object", spec.Name)
		}
		for _, c := range spec.Contents {
			name, _ := c.Value.(string)
			if _, ok := m.spec.Programs[name]; !ok {
				m.find(at, OtherProgram, "%s leads to %v, which is not in the object", spec.Name, c.Value)
			}
		}
	}
}

// fill is a helper that writes octets of the packet to memory.
func (m *machine) fill(at int, s *state, p, length value) {
	n := size(length)
	switch p.kind {
	case stack:
		first, last, _, _ := p.span(n)
		s.blur(p.frame, first, last, read(at, 8*n))
	case packet:
	case mapValue:
		m.sink(at, p, n, 8*n, "copy")
	default:
		m.find(at, NotUnderstood, "a copy of the packet to memory that is not known")
	}
}

// answer is a helper that answers in a structure of its caller, which may depend on what is there.
func (m *machine) answer(at int, f asm.BuiltinFunc, s *state) {
	r, octets := asm.R2, 64
	if f == asm.FnCheckMtu {
		r, octets = asm.R3, 4
	}
	p := s.r[r]
	if p.kind != stack {
		m.find(at, NotUnderstood, "an answer to memory that is not the stack")
		return
	}
	from := s.region(p, octets)
	first, last, _, _ := p.span(octets)
	s.blur(p.frame, first, last, from)
}
