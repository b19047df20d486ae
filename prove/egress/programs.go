package egress

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
)

// Names of the programs, by what they look at.
const (
	programConnect4 = "egress_connect4"
	programConnect6 = "egress_connect6"
	programSend4    = "egress_send4"
	programSend6    = "egress_send6"
	programCreate   = "egress_create"
	programPacket   = "egress_packet"
)

// Programs are the names of the programs that Start attaches.
func Programs() []string {
	return []string{programConnect4, programConnect6, programSend4, programSend6, programCreate, programPacket}
}

// Names of the maps.
const (
	mapPeers  = "egress_peers"
	mapOwners = "egress_owners"
	mapCount  = "egress_count"
	mapEvents = "egress_events"
)

// Hook is where something was refused.
type Hook uint32

// Hooks, which also index the counters.
const (
	HookConnect Hook = iota
	HookSend
	HookCreate
	HookPacket
	hooks
)

func (h Hook) String() string {
	return [...]string{"connect", "send", "socket", "packet"}[h]
}

// owner is who made a socket.
type owner struct {
	PID  uint32
	Comm [16]byte
	_    uint32
}

// event is what was refused. Addresses and ports are in network order.
type event struct {
	Hook     Hook
	PID      uint32
	Protocol uint32
	Type     uint32
	Address  [16]byte
	Port     uint16
	Local    uint16
	_        uint32
	Comm     [16]byte
}

const (
	eventSize = 56
	ownerSize = 24
	keySize   = 24
)

// Where things lie on the stack of each program.
const (
	atEvent = -eventSize        // 8-aligned
	atKey   = atEvent - keySize // key of the trie
	atOwner = atKey - ownerSize // and of sockets
	atSmall = atOwner - 8       // a key of 4 or 8 octets
	atHead  = atSmall - 40      // headers of a packet
)

const (
	eHook, ePID, eProtocol, eType, eAddress, ePort, eLocal, eComm = 0, 4, 8, 12, 16, 32, 34, 40
	kBits, kProtocol, kAddress                                    = 0, 4, 8
)

// Built is the programs and maps for a policy.
func Built(p Policy) *ebpf.CollectionSpec {
	s := &ebpf.CollectionSpec{ByteOrder: binary.NativeEndian, Programs: make(map[string]*ebpf.ProgramSpec), Maps: map[string]*ebpf.MapSpec{
		mapPeers:  {Type: ebpf.LPMTrie, KeySize: keySize, ValueSize: 8 * alternatives, MaxEntries: 4096, Flags: 1}, // BPF_F_NO_PREALLOC
		mapOwners: {Type: ebpf.LRUHash, KeySize: 8, ValueSize: ownerSize, MaxEntries: 16384},
		mapCount:  {Type: ebpf.PerCPUArray, KeySize: 4, ValueSize: 8, MaxEntries: uint32(hooks)},
		mapEvents: {Type: ebpf.RingBuf, MaxEntries: 1 << 16},
	}}
	for name, m := range s.Maps {
		m.Name = name
	}
	add := func(name string, t ebpf.ProgramType, at ebpf.AttachType, code asm.Instructions) {
		s.Programs[name] = &ebpf.ProgramSpec{Name: name, Type: t, AttachType: at, License: "Apache-2.0", Instructions: code}
	}
	add(programConnect4, ebpf.CGroupSockAddr, ebpf.AttachCGroupInet4Connect, address(HookConnect, false))
	add(programConnect6, ebpf.CGroupSockAddr, ebpf.AttachCGroupInet6Connect, address(HookConnect, true))
	add(programSend4, ebpf.CGroupSockAddr, ebpf.AttachCGroupUDP4Sendmsg, address(HookSend, false))
	add(programSend6, ebpf.CGroupSockAddr, ebpf.AttachCGroupUDP6Sendmsg, address(HookSend, true))
	add(programCreate, ebpf.CGroupSock, ebpf.AttachCGroupInetSockCreate, create(p.Raw))
	add(programPacket, ebpf.CGroupSKB, ebpf.AttachCGroupInetEgress, packet())
	return s
}

func mapOf(dst asm.Register, name string) asm.Instruction {
	return asm.LoadMapPtr(dst, 0).WithReference(name)
}

func stackAt(dst asm.Register, at int32) asm.Instructions {
	return asm.Instructions{asm.Mov.Reg(dst, asm.RFP), asm.Add.Imm(dst, at)}
}

// number puts a number on the stack, by way of R1.
func number(at int, n int32, size asm.Size) asm.Instructions {
	return asm.Instructions{asm.Mov.Imm(asm.R1, n), asm.StoreMem(asm.RFP, int16(at), asm.R1, size)}
}

func join(parts ...any) asm.Instructions {
	var all asm.Instructions
	for _, p := range parts {
		switch p := p.(type) {
		case asm.Instruction:
			all = append(all, p)
		case asm.Instructions:
			all = append(all, p...)
		}
	}
	return all
}

// prologue keeps the context in R6 and empties the event and the key.
func prologue(hook Hook) asm.Instructions {
	code := asm.Instructions{asm.Mov.Reg(asm.R6, asm.R1)}
	for at := atKey; at < 0; at += 8 {
		code = append(code, number(at, 0, asm.DWord)...)
	}
	return join(code, number(atEvent+eHook, int32(hook), asm.Word), number(atKey+kBits, protocolBits+128, asm.Word))
}

// mapped begins an IPv4 address in IPv6 form.
func mapped(at int) asm.Instructions { return number(at+10, 0xffff, asm.Half) }

// allowed leaves for "yes" if the trie has an entry for the key and one of its pairs fits. The remote port is in R8, the
// local one in R9, both in network order; without a local port that is not looked at.
func allowed(withLocal bool) asm.Instructions {
	code := join(mapOf(asm.R1, mapPeers), stackAt(asm.R2, atKey), asm.FnMapLookupElem.Call(), asm.JEq.Imm(asm.R0, 0, "no"))
	for i := range alternatives {
		next := fmt.Sprintf("pair%d", i+1)
		at := int16(8 * i)
		code = append(code, asm.LoadMem(asm.R1, asm.R0, at, asm.Word), asm.JEq.Imm(asm.R1, 0, next))
		if withLocal {
			fits := fmt.Sprintf("local%d", i)
			code = append(code, asm.LoadMem(asm.R1, asm.R0, at+4, asm.Half), asm.JEq.Imm(asm.R1, 0, fits), asm.JNE.Reg(asm.R1, asm.R9, next),
				asm.LoadMem(asm.R1, asm.R0, at+6, asm.Half).WithSymbol(fits))
		} else {
			code = append(code, asm.LoadMem(asm.R1, asm.R0, at+6, asm.Half))
		}
		code = append(code, asm.JEq.Imm(asm.R1, 0, "yes"), asm.JEq.Reg(asm.R1, asm.R8, "yes"),
			asm.Mov.Reg(asm.R1, asm.R1).WithSymbol(next)) // a place to jump to
	}
	return append(code, asm.Ja.Label("no"))
}

// verdicts ends a program: "yes" lets through, "no" counts, tells and refuses. Who does it is the current task, or the one that
// made the socket.
func verdicts(byTask bool) asm.Instructions {
	code := asm.Instructions{asm.Mov.Imm(asm.R0, 1).WithSymbol("yes"), asm.Return()}
	code = append(code, asm.LoadMem(asm.R1, asm.RFP, atEvent+eHook, asm.Word).WithSymbol("no"), asm.StoreMem(asm.RFP, atSmall, asm.R1, asm.DWord))
	code = append(code, join(mapOf(asm.R1, mapCount), stackAt(asm.R2, atSmall), asm.FnMapLookupElem.Call(), asm.JEq.Imm(asm.R0, 0, "who"),
		asm.LoadMem(asm.R1, asm.R0, 0, asm.DWord), asm.Add.Imm(asm.R1, 1), asm.StoreMem(asm.R0, 0, asm.R1, asm.DWord))...)
	code = append(code, asm.StoreMem(asm.RFP, atEvent+ePort, asm.R8, asm.Half).WithSymbol("who"), asm.StoreMem(asm.RFP, atEvent+eLocal, asm.R9, asm.Half))
	if byTask {
		code = append(code, task(atEvent+ePID, atEvent+eComm)...)
	} else {
		code = append(code, join(asm.Mov.Reg(asm.R1, asm.R6), asm.FnGetSocketCookie.Call(), asm.StoreMem(asm.RFP, atSmall, asm.R0, asm.DWord),
			mapOf(asm.R1, mapOwners), stackAt(asm.R2, atSmall), asm.FnMapLookupElem.Call(), asm.JEq.Imm(asm.R0, 0, "tell"),
			asm.LoadMem(asm.R1, asm.R0, 0, asm.Word), asm.StoreMem(asm.RFP, atEvent+ePID, asm.R1, asm.Word))...)
		for i := int16(0); i < 16; i += 4 {
			code = append(code, asm.LoadMem(asm.R1, asm.R0, 4+i, asm.Word), asm.StoreMem(asm.RFP, atEvent+eComm+i, asm.R1, asm.Word))
		}
	}
	tell := join(mapOf(asm.R1, mapEvents), stackAt(asm.R2, atEvent), asm.Mov.Imm(asm.R3, eventSize), asm.Mov.Imm(asm.R4, 0), asm.FnRingbufOutput.Call(),
		asm.Mov.Imm(asm.R0, 0), asm.Return())
	tell[0] = tell[0].WithSymbol("tell")
	return append(code, tell...)
}

// task writes process and name of the current task to the stack.
func task(pid, comm int) asm.Instructions {
	return join(asm.FnGetCurrentPidTgid.Call(), asm.RSh.Imm(asm.R0, 32), asm.StoreMem(asm.RFP, int16(pid), asm.R0, asm.Word),
		stackAt(asm.R1, int32(comm)), asm.Mov.Imm(asm.R2, 16), asm.FnGetCurrentComm.Call())
}

// Members of struct bpf_sock_addr.
const (
	addrIP4, addrIP6, addrPort, addrType, addrProtocol = 4, 8, 24, 32, 36
)

// address looks at the destination of a connect or a send.
func address(hook Hook, six bool) asm.Instructions {
	code := prologue(hook)
	word := func(from int16, to ...int) {
		code = append(code, asm.LoadMem(asm.R1, asm.R6, from, asm.Word))
		for _, at := range to {
			code = append(code, asm.StoreMem(asm.RFP, int16(at), asm.R1, asm.Word))
		}
	}
	word(addrType, atEvent+eType)
	word(addrProtocol, atEvent+eProtocol)
	code = append(code, asm.HostTo(asm.BE, asm.R1, asm.Word), asm.StoreMem(asm.RFP, atKey+kProtocol, asm.R1, asm.Word))
	if six {
		for i := int16(0); i < 16; i += 4 {
			word(addrIP6+i, atKey+kAddress+int(i), atEvent+eAddress+int(i))
		}
	} else {
		code = join(code, mapped(atKey+kAddress), mapped(atEvent+eAddress))
		word(addrIP4, atKey+kAddress+12, atEvent+eAddress+12)
	}
	code = append(code, asm.LoadMem(asm.R8, asm.R6, addrPort, asm.Word), asm.Mov.Imm(asm.R9, 0))
	return append(append(code, allowed(false)...), verdicts(true)...)
}

// Members of struct bpf_sock, and kinds of sockets.
const (
	sockType, sockProtocol            = 8, 12
	kindStream, kindDatagram, kindRaw = 1, 2, 3
	kindSequenced                     = 5
)

// create looks at a new socket, and remembers who made it.
func create(raw []uint8) asm.Instructions {
	code := prologue(HookCreate)
	code = append(code, asm.LoadMem(asm.R7, asm.R6, sockType, asm.Word), asm.StoreMem(asm.RFP, atEvent+eType, asm.R7, asm.Word),
		asm.LoadMem(asm.R8, asm.R6, sockProtocol, asm.Word), asm.StoreMem(asm.RFP, atEvent+eProtocol, asm.R8, asm.Word), asm.Mov.Imm(asm.R9, 0))
	code = append(code, join(asm.Mov.Reg(asm.R1, asm.R6), asm.FnGetSocketCookie.Call(), asm.StoreMem(asm.RFP, atSmall, asm.R0, asm.DWord),
		number(atOwner+ownerSize-4, 0, asm.Word), task(atOwner, atOwner+4),
		mapOf(asm.R1, mapOwners), stackAt(asm.R2, atSmall), stackAt(asm.R3, atOwner), asm.Mov.Imm(asm.R4, 0), asm.FnMapUpdateElem.Call(),
		asm.JEq.Imm(asm.R7, kindRaw, "raw"), asm.JEq.Imm(asm.R8, 0, "plain"),
		asm.JEq.Imm(asm.R8, TCP, "plain"), asm.JEq.Imm(asm.R8, UDP, "plain"), asm.JEq.Imm(asm.R8, SCTP, "plain"), asm.Ja.Label("refused"),
		asm.JEq.Imm(asm.R7, kindStream, "yes").WithSymbol("plain"), asm.JEq.Imm(asm.R7, kindDatagram, "yes"), asm.JEq.Imm(asm.R7, kindSequenced, "yes"), asm.Ja.Label("refused"),
		asm.Mov.Reg(asm.R1, asm.R8).WithSymbol("raw"))...)
	for _, p := range raw {
		code = append(code, asm.JEq.Imm(asm.R1, int32(p), "yes"))
	}
	code = append(code, asm.Mov.Imm(asm.R8, 0).WithSymbol("refused"), asm.Ja.Label("no"))
	return append(code, verdicts(true)...)
}

// packet looks at what leaves by a socket, as it is when it leaves: after every rule of the host.
func packet() asm.Instructions {
	code := prologue(HookPacket)
	read := func(offset asm.Instruction, to int32, octets int32) {
		code = append(code, join(asm.Mov.Reg(asm.R1, asm.R6), offset, stackAt(asm.R3, to), asm.Mov.Imm(asm.R4, octets), asm.FnSkbLoadBytes.Call(), asm.JNE.Imm(asm.R0, 0, "no"))...)
	}
	copyAddress := func(from int, octets int, to int) {
		for i := 0; i < octets; i += 4 {
			code = append(code, asm.LoadMem(asm.R1, asm.RFP, int16(atHead+from+i), asm.Word),
				asm.StoreMem(asm.RFP, int16(atKey+kAddress+to+i), asm.R1, asm.Word), asm.StoreMem(asm.RFP, int16(atEvent+eAddress+to+i), asm.R1, asm.Word))
		}
	}
	protocol := func(from int) {
		code = append(code, asm.LoadMem(asm.R1, asm.RFP, int16(atHead+from), asm.Byte), asm.StoreMem(asm.RFP, atEvent+eProtocol, asm.R1, asm.Word),
			asm.Mov.Reg(asm.R7, asm.R1), asm.HostTo(asm.BE, asm.R1, asm.Word), asm.StoreMem(asm.RFP, atKey+kProtocol, asm.R1, asm.Word))
	}
	code = append(code, asm.Mov.Imm(asm.R8, 0), asm.Mov.Imm(asm.R9, 0))
	read(asm.Mov.Imm(asm.R2, 0), atHead, 20)
	code = join(code, asm.LoadMem(asm.R1, asm.RFP, atHead, asm.Byte), asm.RSh.Imm(asm.R1, 4), asm.JEq.Imm(asm.R1, 6, "six"), asm.JNE.Imm(asm.R1, 4, "no"),
		mapped(atKey+kAddress), mapped(atEvent+eAddress))
	protocol(9)
	copyAddress(16, 4, 12)
	code = append(code, asm.LoadMem(asm.R1, asm.RFP, atHead+6, asm.Half), asm.HostTo(asm.BE, asm.R1, asm.Half), asm.And.Imm(asm.R1, 0x1fff), asm.JNE.Imm(asm.R1, 0, "later"),
		asm.LoadMem(asm.R2, asm.RFP, atHead, asm.Byte), asm.And.Imm(asm.R2, 15), asm.LSh.Imm(asm.R2, 2), asm.StoreMem(asm.RFP, atSmall, asm.R2, asm.DWord), asm.Ja.Label("ports"))
	six := len(code)
	read(asm.Mov.Imm(asm.R2, 0), atHead, 40)
	code[six] = code[six].WithSymbol("six")
	protocol(6)
	copyAddress(24, 16, 0)
	code = join(code, number(atSmall, 40, asm.DWord),
		asm.JEq.Imm(asm.R7, TCP, "read").WithSymbol("ports"), asm.JEq.Imm(asm.R7, UDP, "read"), asm.JEq.Imm(asm.R7, SCTP, "read"), asm.Ja.Label("look"))
	at := len(code)
	read(asm.LoadMem(asm.R2, asm.RFP, atSmall, asm.DWord), atHead, 4)
	code[at] = code[at].WithSymbol("read")
	code = append(code, asm.LoadMem(asm.R9, asm.RFP, atHead, asm.Half), asm.LoadMem(asm.R8, asm.RFP, atHead+2, asm.Half), asm.Ja.Label("look"))
	// A later fragment has no ports: it may follow where the first one could go.
	later := join(mapOf(asm.R1, mapPeers), stackAt(asm.R2, atKey), asm.FnMapLookupElem.Call(), asm.JEq.Imm(asm.R0, 0, "no"), asm.Ja.Label("yes"))
	later[0] = later[0].WithSymbol("later")
	code = append(code, later...)
	look := allowed(true)
	look[0] = look[0].WithSymbol("look")
	return append(append(code, look...), verdicts(false)...)
}

// addressOf reads an address of an event.
func addressOf(b [16]byte) netip.Addr { return netip.AddrFrom16(b).Unmap() }
