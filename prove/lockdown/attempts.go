package lockdown

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Outcome is what came of one forbidden act.
type Outcome struct {
	Act string
	By  Measure // what must refuse it: one of these
	Err error   // nil: it was allowed
}

// Refused tells whether the kernel said no, or that it has no such thing, and not merely that the act made no sense: the acts are made such that, were
// they allowed, the kernel would complain of something else, and nothing would come of them.
func (o Outcome) Refused() bool {
	return errors.Is(o.Err, unix.EPERM) || errors.Is(o.Err, unix.EACCES) || errors.Is(o.Err, unix.ENOSYS)
}

// Allowed lists the acts that were not refused, of those that the measures taken must refuse.
func Allowed(outcomes []Outcome, taken Measure) []string {
	var list []string
	for _, o := range outcomes {
		if !o.Refused() && o.By&taken != 0 {
			list = append(list, o.Act)
		}
	}
	return list
}

func refused(outcomes []Outcome) int {
	n := 0
	for _, o := range outcomes {
		if o.Refused() {
			n++
		}
	}
	return n
}

// call makes a system call that, if it were let through, the kernel would refuse for another reason or that does no harm.
func call(number uintptr, args ...uintptr) func() error {
	return func() error {
		var a [6]uintptr
		copy(a[:], args)
		r, _, errno := unix.Syscall6(number, a[0], a[1], a[2], a[3], a[4], a[5])
		if errno != 0 {
			return errno
		}
		_ = r
		return nil
	}
}

// open makes a descriptor and closes it again.
func open(f func() (int, error)) func() error {
	return func() error {
		fd, err := f()
		if err == nil {
			err = unix.Close(fd)
		}
		return err
	}
}

func socket(domain, kind, protocol int) func() error {
	return open(func() (int, error) { return unix.Socket(domain, kind|unix.SOCK_CLOEXEC, protocol) })
}

// act is a forbidden act.
type act struct {
	name string
	by   Measure
	do   func() error
}

// Attempts tries each forbidden act from inside the process.
func Attempts(p Profile) []Outcome {
	var outcomes []Outcome
	for _, a := range slices.Concat(kernelActs(p), socketActs(p), programActs(p), fileActs(p), networkActs(p)) {
		outcomes = append(outcomes, Outcome{a.name, a.by, a.do()})
	}
	return outcomes
}

const both = SystemCalls | Capabilities

// kernelActs would change what the kernel does.
func kernelActs(p Profile) []act {
	bad := ^uintptr(0) - 4095 // an address that is nobody's
	list := []act{
		{"load a BPF program", SystemCalls, call(unix.SYS_BPF, unix.BPF_PROG_LOAD, bad, 128)},
		{"make a BPF map", SystemCalls, call(unix.SYS_BPF, unix.BPF_MAP_CREATE, bad, 72)},
		{"attach a BPF program", SystemCalls, call(unix.SYS_BPF, unix.BPF_PROG_ATTACH, bad, 32)},
		{"make a BPF link", SystemCalls, call(unix.SYS_BPF, unix.BPF_LINK_CREATE, bad, 64)},
		{"change a BPF link", SystemCalls, call(unix.SYS_BPF, unix.BPF_LINK_UPDATE, bad, 32)},
		{"open a pinned BPF object", SystemCalls, call(unix.SYS_BPF, unix.BPF_OBJ_GET, bad, 24)},
		{"watch the processor's events", SystemCalls, call(unix.SYS_PERF_EVENT_OPEN, bad, 0, 0, bad, 0)},
		{"make an io_uring", SystemCalls, call(unix.SYS_IO_URING_SETUP, 1, bad)},
		{"load a kernel module", both, call(unix.SYS_FINIT_MODULE, bad, 0, 0)},
		{"load another kernel", both, call(unix.SYS_KEXEC_LOAD, 0, 0, bad, 0)},
		{"mount a file system", both, call(unix.SYS_MOUNT, bad, bad, bad, 0, 0)},
		{"enter another namespace", both, call(unix.SYS_SETNS, bad, 0)},
		{"make a namespace", SystemCalls, call(unix.SYS_UNSHARE, 0)},
		{"change the root folder", both, call(unix.SYS_CHROOT, bad)},
		{"set the clock", both, call(unix.SYS_CLOCK_SETTIME, unix.CLOCK_REALTIME, bad)},
		{"reboot", both, call(unix.SYS_REBOOT, 0, 0, 0, 0)},
		{"hold capabilities, or take them back", Capabilities, func() error { return capset(p) }},
		{"use the kernel's keys", SystemCalls, call(unix.SYS_KEYCTL, bad, 0, 0, 0, 0)},
		{"open a file by handle", both, call(unix.SYS_OPEN_BY_HANDLE_AT, bad, bad, 0)},
		{"gain rights by a program", NoNewPrivileges, flag(unix.PR_GET_NO_NEW_PRIVS, 1)},
		{"be dumped or traced", Limits, flag(unix.PR_GET_DUMPABLE, 0)},
		{"handle page faults", SystemCalls, call(unix.SYS_USERFAULTFD, bad)},
	}
	if p.Starts != "" {
		return list // as whoever starts a program as another user must
	}
	return append(list,
		act{"become another user", both, call(unix.SYS_SETUID, 1<<32-1)},
		act{"raise a limit", SystemCalls, call(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_NOFILE, bad, 0)})
}

// flag asks the kernel for something that it says of the process; anything but want is as good as allowed.
func flag(option int, want int) func() error {
	return func() error {
		got, _, errno := unix.Syscall(unix.SYS_PRCTL, uintptr(option), 0, 0)
		if errno != 0 {
			return fmt.Errorf("not told: %v", errno)
		}
		if int(got) == want {
			return unix.EPERM
		}
		return nil
	}
}

// capset asks for a capability, if none is held beyond the profile's.
func capset(p Profile) error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var held [2]unix.CapUserData
	if err := unix.Capget(&header, &held[0]); err != nil {
		return fmt.Errorf("not told: %v", err)
	}
	if held != keptCapabilities(p) {
		return nil
	}
	all := [2]unix.CapUserData{{Effective: 1 << unix.CAP_NET_ADMIN, Permitted: 1 << unix.CAP_NET_ADMIN}}
	return unix.Capset(&header, &all[0])
}

// socketActs would open sockets beyond those of the work.
func socketActs(p Profile) []act {
	acts := []act{
		{"a pair of sockets that can be led elsewhere", SystemCalls, func() error {
			pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				return err
			}
			return errors.Join(unix.Close(pair[0]), unix.Close(pair[1]))
		}},
		{"a packet socket", both, socket(unix.AF_PACKET, unix.SOCK_RAW, 0)},
		{"a packet socket without headers", both, socket(unix.AF_PACKET, unix.SOCK_DGRAM, 0)},
		{"an AF_XDP socket", both, socket(unix.AF_XDP, unix.SOCK_RAW, 0)},
		{"a raw IPv4 socket", both, socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_RAW)},
		{"a raw socket for SCTP", both, socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_SCTP)},
		{"a raw IPv6 socket", both, socket(unix.AF_INET6, unix.SOCK_RAW, unix.IPPROTO_ICMPV6)},
		{"a ping socket", SystemCalls, socket(unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_ICMP)},
		{"a socket of the firewall", SystemCalls, socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_NETFILTER)},
		{"a socket that lists sockets", SystemCalls, socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_SOCK_DIAG)},
		{"a socket to the hypervisor", SystemCalls, socket(unix.AF_VSOCK, unix.SOCK_STREAM, 0)},
		{"a socket of the kernel's ciphers", SystemCalls, socket(unix.AF_ALG, unix.SOCK_SEQPACKET, 0)},
		{"change an interface", Capabilities, changeInterface},
	}
	if !p.Unix {
		acts = append(acts, act{"a Unix socket, to a helper", SystemCalls, socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)},
			act{"a Unix socket without connection, to the resolver", SystemCalls, socket(unix.AF_UNIX, unix.SOCK_DGRAM, 0)})
	}
	return acts
}

// changeInterface asks the kernel by netlink to take away an interface that does not exist.
func changeInterface() error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	type message struct {
		unix.NlMsghdr
		unix.IfInfomsg
	}
	m := message{NlMsghdr: unix.NlMsghdr{Len: uint32(unsafe.Sizeof(message{})), Type: unix.RTM_DELLINK, Flags: unix.NLM_F_REQUEST | unix.NLM_F_ACK, Seq: 1},
		IfInfomsg: unix.IfInfomsg{Index: 1<<31 - 1}}
	b := unsafe.Slice((*byte)(unsafe.Pointer(&m)), unsafe.Sizeof(m))
	if err := unix.Sendto(fd, b, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	answer := make([]byte, 512)
	n, _, err := unix.Recvfrom(fd, answer, 0)
	if err != nil {
		return err
	}
	if n < unix.NLMSG_HDRLEN+4 {
		return errors.New("no answer")
	}
	if code := *(*int32)(unsafe.Pointer(&answer[unix.NLMSG_HDRLEN])); code != 0 {
		return unix.Errno(-code)
	}
	return nil
}

// execute asks for a program with arguments that nobody has: where the program itself would be let, the kernel complains of those.
func execute(name string) func() error {
	return func() error {
		b, err := unix.BytePtrFromString(name)
		if err != nil {
			return err
		}
		bad := ^uintptr(0) - 4095
		_, _, errno := unix.Syscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(b)), bad, bad)
		return errno
	}
}

// programActs would run something else, or get into another process.
func programActs(p Profile) []act {
	run := []act{
		{"run a program", SystemCalls, execute("/bin/sh")},
		{"run this program again", SystemCalls, execute("/proc/self/exe")},
		{"make a process", SystemCalls, call(unix.SYS_CLONE, unix.CLONE_SIGHAND, 0, 0, 0, 0)},
	}
	if p.Starts != "" { // it starts one program, and no other
		run = []act{{"run another program", Files, execute("/bin/sh")}}
	}
	return append(run, []act{
		{"run a program from a descriptor", SystemCalls, call(unix.SYS_EXECVEAT, ^uintptr(0), ^uintptr(0)-4095, 0, 0, 0)},
		{"make a process, the newer way", SystemCalls, call(unix.SYS_CLONE3, ^uintptr(0)-4095, 88)},
		{"trace a process", SystemCalls, call(unix.SYS_PTRACE, unix.PTRACE_PEEKDATA, 1, 0, 0)},
		{"read another's memory", SystemCalls, call(unix.SYS_PROCESS_VM_READV, 1, 0, 0, 0, 0, 0)},
		{"take another's descriptor", SystemCalls, call(unix.SYS_PIDFD_GETFD, ^uintptr(0), 0, 0)},
		{"signal another process", SystemCalls | Scope, call(unix.SYS_KILL, 1, 0)},
		{"memory that is code", SystemCalls, func() error {
			b, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON)
			if err == nil {
				err = unix.Munmap(b)
			}
			return err
		}},
		{"make memory code", SystemCalls, func() error {
			b, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_ANON)
			if err != nil {
				return fmt.Errorf("memory: %v", err)
			}
			return errors.Join(unix.Mprotect(b, unix.PROT_READ|unix.PROT_EXEC), unix.Munmap(b))
		}},
		{"a file in memory", SystemCalls, open(func() (int, error) { return unix.MemfdCreate("limpid", unix.MFD_CLOEXEC) })},
	}...)
}

// fileActs would touch files outside the profile.
func fileActs(p Profile) []act {
	read := func(name string) func() error {
		return open(func() (int, error) { return unix.Open(name, unix.O_RDONLY|unix.O_CLOEXEC, 0) })
	}
	acts := []act{
		{"make a device", both, call(unix.SYS_MKNODAT, ^uintptr(0)-99, 0, unix.S_IFCHR, 0)},
	}
	for _, name := range []string{"/", "/etc/passwd", "/etc/shadow", "/root", "/home", "/proc/1/environ", "/dev/mem", "/dev/kmsg", "/dev/net/tun", "/sys/kernel"} {
		if !within(name, p) && exists(name) {
			acts = append(acts, act{"read " + name, Files, read(name)})
		}
	}
	for _, dir := range []string{"/tmp", "/var/tmp", "/dev/shm", "/etc", "/run"} {
		if within(dir, p) || !exists(dir) {
			continue
		}
		acts = append(acts, act{"make a file in " + dir, Files, func() error {
			name := filepath.Join(dir, fmt.Sprintf("limpid-lockdown-%d", os.Getpid()))
			fd, err := unix.Open(name, unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY|unix.O_CLOEXEC, 0o600)
			if err == nil {
				err = errors.Join(unix.Close(fd), unix.Unlink(name))
			}
			return err
		}})
	}
	return acts
}

func exists(name string) bool {
	var st unix.Stat_t
	return unix.Stat(name, &st) == nil
}

// within tells whether the profile opens a name, or a folder above it.
func within(name string, p Profile) bool {
	for _, dir := range slices.Concat(p.Read, p.Write) {
		if dir == "/" || name == dir || len(name) > len(dir) && name[:len(dir)+1] == dir+"/" {
			return true
		}
	}
	return false
}

// networkActs would speak to whom the profile does not name.
func networkActs(p Profile) []act {
	const discard = 9                  // nobody listens there
	nobody := net.IPv4(127, 192, 0, 2) // an address of this machine that trials alone use: egress tells it as a trial where it is the first to refuse
	var acts []act
	if !slices.Contains(p.ConnectTCP, discard) {
		acts = append(acts, act{"connect to a TCP port", Ports, func() error {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				return fmt.Errorf("a socket: %v", err)
			}
			return errors.Join(unix.Connect(fd, &unix.SockaddrInet4{Port: discard, Addr: [4]byte(nobody.To4())}), unix.Close(fd))
		}})
	}
	if !slices.Contains(p.BindTCP, 0) {
		acts = append(acts, act{"listen on a TCP port", Ports, func() error {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				return fmt.Errorf("a socket: %v", err)
			}
			return errors.Join(unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), unix.Close(fd))
		}})
	}
	return append(acts, act{"look a name up with DNS over TCP", Ports, func() error {
		c, err := net.DialTCP("tcp", nil, &net.TCPAddr{IP: nobody, Port: 53})
		if err == nil {
			err = c.Close()
		}
		return err
	}})
}
