package lockdown

import (
	"fmt"
	"slices"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// Offsets in struct seccomp_data, seccomp(2).
const (
	offsetNumber = 0
	offsetArch   = 4
	offsetArgs   = 16
)

// test is a condition on the low 32 bits of an argument, or the high ones, for which a call is let through: the masked
// argument is one of want.
type test struct {
	arg  int
	mask uint32
	want []uint32
	high bool
}

// rule lets one system call through if one of its alternatives holds in all its tests; without alternatives always.
type rule struct {
	number uint32
	any    [][]test
	absent bool // not let through at all, and answered as by a kernel that does not have it
}

// filterSystemCalls refuses with EPERM what is not on the list, on every thread.
func filterSystemCalls(p Profile, r *Reached) error {
	if r.Taken&NoNewPrivileges == 0 && p.Without&NoNewPrivileges == 0 {
		return missingError("no filter of system calls either: threads of C need others")
	}
	if auditArch == 0 {
		return missingError("the system calls of this processor are not known here")
	}
	program, err := assemble(rules(p))
	if err != nil {
		return err
	}
	fprog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	thread, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&fprog)))
	switch {
	case errno == unix.ENOSYS || errno == unix.EINVAL:
		return missingError(fmt.Sprintf("this kernel has no seccomp filters (%v)", errno))
	case errno != 0:
		return errno
	case thread != 0:
		return fmt.Errorf("thread %d has a filter of its own", thread)
	}
	r.Taken |= SystemCalls
	return nil
}

// assemble makes the filter. The kernel remembers which calls are let through whatever their arguments and does not run it
// for them.
func assemble(list []rule) ([]unix.SockFilter, error) {
	const allow, refuse = unix.SECCOMP_RET_ALLOW, unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	program := []bpf.Instruction{
		bpf.LoadAbsolute{Off: offsetArch, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: auditArch, SkipTrue: 1},
		bpf.RetConstant{Val: unix.SECCOMP_RET_KILL_PROCESS},
		bpf.LoadAbsolute{Off: offsetNumber, Size: 4},
	}
	for _, r := range list {
		var block []bpf.Instruction
		if r.absent {
			block = []bpf.Instruction{bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)}}
		} else if r.any == nil {
			block = []bpf.Instruction{bpf.RetConstant{Val: allow}}
		} else {
			for _, all := range r.any {
				block = append(block, alternative(all, allow)...)
			}
			block = append(block, bpf.RetConstant{Val: refuse})
		}
		if len(block) > 255 {
			return nil, fmt.Errorf("too many conditions for system call %d", r.number)
		}
		program = append(program, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: r.number, SkipTrue: uint8(len(block))})
		program = append(program, block...)
	}
	program = append(program, bpf.RetConstant{Val: refuse})
	raw, err := bpf.Assemble(program)
	if err != nil {
		return nil, err
	}
	out := make([]unix.SockFilter, len(raw))
	for i, x := range raw {
		out[i] = unix.SockFilter{Code: x.Op, Jt: x.Jt, Jf: x.Jf, K: x.K}
	}
	return out, nil
}

// alternative returns from the filter if all tests hold, else it falls through.
func alternative(all []test, allow uint32) []bpf.Instruction {
	tail := []bpf.Instruction{bpf.RetConstant{Val: allow}}
	for i := len(all) - 1; i >= 0; i-- {
		t := all[i]
		var block []bpf.Instruction
		at := offsetArgs + 8*uint32(t.arg)
		if t.high {
			at += 4
		}
		block = append(block, bpf.LoadAbsolute{Off: at, Size: 4}, bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: t.mask})
		for j, want := range t.want {
			skip := len(t.want) - 1 - j // to what follows the list
			if j == len(t.want)-1 {
				block = append(block, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: want, SkipTrue: uint8(len(tail))})
			} else {
				block = append(block, bpf.JumpIf{Cond: bpf.JumpEqual, Val: want, SkipTrue: uint8(skip)})
			}
		}
		tail = append(block, tail...)
	}
	return tail
}

const whole = ^uint32(0)

func is(arg int, want ...uint32) test { return test{arg: arg, mask: whole, want: want} }

func lacks(arg int, bits uint32) test { return test{arg: arg, mask: bits, want: []uint32{0}} }

func has(arg int, bits uint32) test { return test{arg: arg, mask: bits, want: []uint32{bits}} }

// rules is what the work of a core needs of the kernel. What is looked at by argument stands first.
func rules(p Profile) []rule {
	pid := uint32(unix.Getpid())
	const kinds = 0xf // of a socket, without flags
	list := []rule{
		{number: unix.SYS_SOCKET, any: [][]test{
			{is(0, unix.AF_INET, unix.AF_INET6), {arg: 1, mask: kinds, want: []uint32{unix.SOCK_STREAM, unix.SOCK_DGRAM, unix.SOCK_SEQPACKET}},
				is(2, 0, unix.IPPROTO_TCP, unix.IPPROTO_UDP, unix.IPPROTO_SCTP)},
			{is(0, unix.AF_NETLINK), is(2, unix.NETLINK_ROUTE)},
		}},
		{number: unix.SYS_BPF, any: [][]test{{is(0, unix.BPF_MAP_LOOKUP_ELEM, unix.BPF_MAP_UPDATE_ELEM, unix.BPF_MAP_DELETE_ELEM, unix.BPF_MAP_GET_NEXT_KEY,
			unix.BPF_MAP_LOOKUP_AND_DELETE_ELEM, unix.BPF_MAP_LOOKUP_BATCH, unix.BPF_MAP_UPDATE_BATCH, unix.BPF_MAP_DELETE_BATCH,
			unix.BPF_OBJ_GET_INFO_BY_FD, unix.BPF_LINK_DETACH)}}},
		{number: unix.SYS_CLONE, any: [][]test{{has(0, unix.CLONE_THREAD|unix.CLONE_VM)}}}, // threads, and no process
		{number: unix.SYS_CLONE3, absent: true},                                            // its flags lie in memory; the C library then takes clone
		{number: unix.SYS_MMAP, any: [][]test{{lacks(2, unix.PROT_EXEC)}}},
		{number: unix.SYS_MPROTECT, any: [][]test{{lacks(2, unix.PROT_EXEC)}}},
		{number: unix.SYS_PRCTL, any: [][]test{{is(0, unix.PR_SET_NAME, unix.PR_GET_NAME, unix.PR_GET_DUMPABLE, unix.PR_GET_NO_NEW_PRIVS, unix.PR_SET_VMA)}}},
		{number: unix.SYS_IOCTL, any: [][]test{{is(1, unix.TIOCINQ, unix.TCGETS, unix.TIOCGWINSZ, unix.TUNGETIFF, unix.TUNSETOFFLOAD, unix.SIOCOUTQ)}}},
		{number: unix.SYS_KILL, any: [][]test{{is(0, pid)}}},
		{number: unix.SYS_TGKILL, any: [][]test{{is(0, pid)}}},
		{number: unix.SYS_PRLIMIT64, any: [][]test{{is(0, 0, pid), is(2, 0), {arg: 2, mask: whole, want: []uint32{0}, high: true}}}}, // to ask only
	}
	if p.Unix {
		list[0].any = append(list[0].any, []test{is(0, unix.AF_UNIX)})
	}
	if p.Starts != "" {
		list = append(list, rule{number: unix.SYS_SOCKETPAIR, any: [][]test{{is(0, unix.AF_UNIX), {arg: 1, mask: kinds, want: []uint32{unix.SOCK_STREAM}}}}})
		list = slices.DeleteFunc(list, func(r rule) bool { return slices.Contains(starting(), r.number) })
		for _, number := range starting() {
			list = append(list, rule{number: number})
		}
	}
	for _, number := range always() {
		list = append(list, rule{number: number})
	}
	return list
}
