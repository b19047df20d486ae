package lockdown

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// everywhere makes a system call on every thread of the process. A binary with C in it has threads that Go does not know.
func everywhere(trap uintptr, args ...uintptr) error {
	var a [6]uintptr
	copy(a[:], args)
	_, _, errno := syscall.AllThreadsSyscall6(trap, a[0], a[1], a[2], a[3], a[4], a[5])
	switch errno {
	case 0:
		return nil
	case syscall.ENOTSUP:
		return missingError("this binary is built with cgo, and rights cannot be taken from threads that Go does not know")
	}
	return errno
}

func noNewPrivileges(_ Profile, r *Reached) error {
	if err := everywhere(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	r.Taken |= NoNewPrivileges
	return nil
}

// limits: no core dump, which would hold keys, and nobody of the same user traces the process.
func limits(_ Profile, r *Reached) error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return err
	}
	r.Taken |= Limits
	return nil
}

// Rights of Landlock by the version that brought them.
const (
	readRights  = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	fileRights  = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_EXECUTE
	writeRights = readRights | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR |
		unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_SOCK | unix.LANDLOCK_ACCESS_FS_TRUNCATE
	firstRights = unix.LANDLOCK_ACCESS_FS_MAKE_SYM<<1 - 1 // all of version 1
	netRights   = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
	rulePort    = 2 // LANDLOCK_RULE_NET_PORT
	scopes      = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
)

// handled is what a version of Landlock can refuse.
func handled(version int, without Measure) unix.LandlockRulesetAttr {
	a := unix.LandlockRulesetAttr{Handled_access_fs: firstRights}
	if version >= 2 {
		a.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if version >= 3 {
		a.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if version >= 4 {
		a.Handled_access_net = netRights
	}
	if version >= 5 {
		a.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	}
	if version >= 6 {
		a.Scoped = scopes
	}
	if without&Files != 0 {
		a.Handled_access_fs = 0
	}
	if without&Ports != 0 {
		a.Handled_access_net = 0
	}
	if without&Scope != 0 {
		a.Scoped = 0
	}
	return a
}

// landlock closes the file system, the TCP ports and the reach to other processes, but for the profile.
func landlock(p Profile, r *Reached) error {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return missingError(fmt.Sprintf("this kernel has no Landlock (%v)", errno))
	}
	r.Landlock = int(version)
	attr := handled(r.Landlock, p.Without)
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0)
	if errno != 0 {
		return errno
	}
	defer unix.Close(int(fd))
	for _, list := range []struct {
		names  []string
		rights uint64
	}{{p.Read, readRights & attr.Handled_access_fs}, {p.Write, writeRights & attr.Handled_access_fs}} {
		if list.rights == 0 {
			continue
		}
		for _, name := range list.names {
			if err := allowBelow(int(fd), name, list.rights); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	if p.Starts != "" && attr.Handled_access_fs != 0 {
		if err := allowBelow(int(fd), p.Starts, unix.LANDLOCK_ACCESS_FS_EXECUTE|unix.LANDLOCK_ACCESS_FS_READ_FILE); err != nil {
			return fmt.Errorf("%s: %w", p.Starts, err)
		}
	}
	for right, ports := range map[uint64][]uint16{unix.LANDLOCK_ACCESS_NET_CONNECT_TCP: p.ConnectTCP, unix.LANDLOCK_ACCESS_NET_BIND_TCP: p.BindTCP} {
		for _, port := range ports {
			rule := struct{ access, port uint64 }{right & attr.Handled_access_net, uint64(port)}
			if rule.access == 0 {
				continue
			}
			if _, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, fd, rulePort, uintptr(unsafe.Pointer(&rule)), 0, 0, 0); errno != 0 {
				return errno
			}
		}
	}
	if err := everywhere(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0); err != nil {
		return err
	}
	err := landlockReached(r)
	r.Taken &^= p.Without
	return err
}

// landlockReached says which measures a version of Landlock makes.
func landlockReached(r *Reached) error {
	r.Taken |= Files
	if r.Landlock >= 4 {
		r.Taken |= Ports
	}
	if r.Landlock >= 6 {
		r.Taken |= Scope
		return nil
	}
	return missingError(fmt.Sprintf("Landlock of this kernel is version %d: it limits TCP ports from 4 and signals from 6 on", r.Landlock))
}

// allowBelow lets a file, or all below a folder, be used with rights.
func allowBelow(ruleset int, name string, rights uint64) error {
	fd, err := unix.Open(name, unix.O_PATH|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		rights &= fileRights
	}
	rule := unix.LandlockPathBeneathAttr{Allowed_access: rights, Parent_fd: int32(fd)}
	if _, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

// dropCapabilities gives up every capability, and that programs could be given one, capabilities(7).
func dropCapabilities(p Profile, r *Reached) error {
	for c := uintptr(0); ; c++ {
		held, _, errno := unix.Syscall(unix.SYS_PRCTL, unix.PR_CAPBSET_READ, c, 0)
		if errno == unix.EINVAL {
			break // no more
		}
		if errno != 0 {
			return errno
		}
		if held == 0 {
			continue
		}
		err := everywhere(unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, c)
		if errors.Is(err, unix.EPERM) {
			break // without CAP_SETPCAP; no_new_privs keeps programs from using what is left
		}
		if err != nil {
			return err
		}
	}
	if err := everywhere(unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return err
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	kept := keptCapabilities(p)
	if err := everywhere(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&kept[0]))); err != nil {
		return err
	}
	r.Taken |= Capabilities
	return nil
}

// keptCapabilities are none, or what it takes to start a program as another user.
func keptCapabilities(p Profile) (kept [2]unix.CapUserData) {
	if p.Starts != "" {
		kept[0].Effective = 1<<unix.CAP_SETUID | 1<<unix.CAP_SETGID
		kept[0].Permitted = kept[0].Effective
	}
	return kept
}

// Existing is the folder of a file, as an absolute name: what a profile names for a file that is made, replaced and removed.
func Existing(file string) string {
	abs, err := filepath.Abs(file)
	if err != nil {
		return filepath.Dir(file)
	}
	if resolved, err := filepath.EvalSymlinks(filepath.Dir(abs)); err == nil {
		return resolved
	}
	return filepath.Dir(abs)
}

// isRoot tells whether rights were there to be lost.
func isRoot() bool { return os.Geteuid() == 0 }
