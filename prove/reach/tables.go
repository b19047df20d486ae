package reach

import "strings"

// Capability is something that code can get hold of. Values are bits and make sets.
type Capability uint16

// What code can get hold of.
const (
	Network  Capability = 1 << iota // opens, or may open, a socket
	Files                           // opens, lists or changes files by name
	Exec                            // starts another program, or loads code
	Syscall                         // system calls of its own, which could be any
	Unsafe                          // package unsafe
	Assembly                        // files in assembly
	Linkname                        // go:linkname: names that are not exported to it
	Cgo                             // C
)

// Outward is what reaches out of the process: these are counted through imports too.
const Outward = Network | Files | Exec | Syscall

// names of the capabilities, in the order of their bits.
var names = []string{"network", "files", "exec", "syscall", "unsafe", "assembly", "linkname", "cgo"}

// String lists the set's names with spaces, "-" if it is empty.
func (c Capability) String() string {
	var found []string
	for i, name := range names {
		if c&(1<<i) != 0 {
			found = append(found, name)
		}
	}
	if found == nil {
		return "-"
	}
	return strings.Join(found, " ")
}

// Has tells whether the whole of other is in c.
func (c Capability) Has(other Capability) bool { return c&other == other }

// rule says what the names of one package give. Constants never give anything; a type does if it is in special; a
// function or variable gives special[name], nothing if harmless lists it, else the rest.
type rule struct {
	rest     Capability
	special  map[string]Capability
	harmless string // names, with spaces
}

// rules of the packages that hand out something. A standard package that is neither here nor in reviewed is charged
// with what it imports (unlisted).
var rules = map[string]rule{
	"net": {rest: Network,
		special: each(Network, "Dialer ListenConfig Resolver"),
		harmless: "IP ParseIP IPv4 ParseCIDR CIDRMask IPv4Mask IPMask JoinHostPort SplitHostPort ParseMAC Pipe " +
			"IPv4zero IPv4bcast IPv4allsys IPv4allrouter IPv6zero IPv6unspecified IPv6loopback IPv6linklocalallnodes " +
			"UDPAddrFromAddrPort TCPAddrFromAddrPort ErrClosed ErrWriteToConnected"},
	"net/http": {rest: Network,
		special:  each(Network, "Client Server Transport"),
		harmless: "StatusText CanonicalHeaderKey DetectContentType NewRequest NewRequestWithContext ErrServerClosed NoBody HandlerFunc"},
	"os": {rest: Files,
		special: each(Exec, "StartProcess FindProcess Process ProcAttr"),
		harmless: "Args Exit Getenv LookupEnv Environ ExpandEnv Expand Setenv Unsetenv Clearenv Stdin Stdout Stderr " +
			"Getpid Getppid Getuid Geteuid Getgid Getegid Getgroups Getpagesize Interrupt Kill " +
			"ErrNotExist ErrExist ErrPermission ErrClosed ErrInvalid ErrDeadlineExceeded ErrProcessDone ErrNoDeadline " +
			"IsNotExist IsExist IsPermission IsTimeout IsPathSeparator NewSyscallError"},
	"os/exec":               {rest: Exec, special: each(Exec, "Cmd"), harmless: "ErrNotFound ErrDot ErrWaitDelay"},
	"plugin":                {rest: Exec, special: each(Exec, "Plugin")},
	"syscall":               systemCalls,
	"golang.org/x/sys/unix": systemCalls,

	"archive/zip":     {special: each(Files, "OpenReader")},
	"crypto/tls":      {special: merge(each(Network, "Dial DialWithDialer Dialer Listen"), each(Files, "LoadX509KeyPair"))},
	"crypto/x509":     {special: each(Files, "SystemCertPool SetFallbackRoots")},
	"database/sql":    {},
	"debug/buildinfo": {special: each(Files, "ReadFile")},
	"debug/elf":       {special: each(Files, "Open")},
	"go/parser":       {special: each(Files, "ParseFile ParseDir")},
	"html/template":   {special: each(Files, "ParseFiles ParseGlob")},
	"io/ioutil":       {rest: Files, harmless: "Discard NopCloser ReadAll"},
	"log/syslog":      {rest: Network, special: each(Network, "Writer")},
	"mime":            {special: each(Files, "TypeByExtension ExtensionsByType")},
	"mime/multipart":  {special: each(Files, "NewReader FileHeader")}, // large forms go into temporary files
	"net/textproto":   {special: each(Network, "Dial")},
	"os/user":         {rest: Files},
	"path/filepath":   {special: each(Files, "Walk WalkDir Glob EvalSymlinks Abs")},
	"runtime/debug":   {special: each(Files, "SetCrashOutput WriteHeapDump")},
	"text/template":   {special: each(Files, "ParseFiles ParseGlob")},
	"time":            {special: each(Files, "LoadLocation")},
	"embed":           {},

	"golang.org/x/sys/cpu": {}, // reads /proc/self/auxv and /proc/cpuinfo when it starts, and hands out flags
}

// systemCalls is for syscall and golang.org/x/sys/unix: what is in no list may be any system call.
var systemCalls = rule{rest: Syscall,
	special: merge(
		each(Network, "Socket Socketpair Bind Connect Accept Accept4 Listen Send Sendto SendmsgN Sendmsg SendmsgBuffers "+
			"Recvfrom Recvmsg RecvmsgBuffers"),
		each(Files, "Open Openat Openat2 OpenTree Creat Mkdir Mkdirat Mknod Mknodat Unlink Unlinkat Rmdir Rename Renameat "+
			"Renameat2 Link Linkat Symlink Symlinkat Stat Lstat Fstatat Statx Statfs Access Faccessat Chdir Chroot "+
			"Chmod Fchmodat Chown Lchown Fchownat Truncate Utimes UtimesNano Readlink Readlinkat Getdents ReadDirent "+
			"Mount Unmount MoveMount PivotRoot Getcwd Getwd Getxattr Setxattr Listxattr Removexattr MemfdCreate"),
		each(Exec, "Exec ForkExec StartProcess Ptrace PtraceAttach")),
	harmless: "ByteSliceFromString BytePtrFromString ByteSliceToString BytePtrToString SlicePtrFromStrings StringByteSlice " +
		"CmsgLen CmsgSpace ParseSocketControlMessage ParseUnixRights ParseOneSocketControlMessage ParseNetlinkMessage ParseNetlinkRouteAttr " +
		"NsecToTimespec NsecToTimeval TimeToTimespec TimespecToNsec TimevalToNsec ErrnoName SignalName SignalNum " +
		"Major Minor Mkdev Getpagesize Getpid Getppid Gettid Getuid Geteuid Getgid Getegid Getgroups Getenv Environ"}

// reviewed are the standard packages that import os, net or syscall and hand out nothing by name: they write to what
// they are given, to standard error, or ask the kernel for the time or randomness.
var reviewed = set("bufio bytes compress/flate compress/gzip context crypto crypto/aes crypto/cipher crypto/ecdh crypto/ecdsa crypto/ed25519 " +
	"crypto/elliptic crypto/rand crypto/x509/pkix encoding/csv encoding/json errors flag fmt hash/maphash internal/poll io io/fs log log/slog " +
	"math/big math/rand math/rand/v2 net/http/httptrace net/netip net/url os/signal path " +
	"reflect runtime strings sync sync/atomic text/tabwriter unique encoding/pem encoding/asn1 database/sql/driver encoding/xml go/ast go/token go/format")

// unlisted is what a standard package that nobody has looked at is charged with, by its imports.
var unlisted = map[string]Capability{
	"os": Files, "net": Network, "net/http": Network, "os/exec": Exec, "syscall": Syscall, "plugin": Exec,
}

func each(c Capability, list string) map[string]Capability {
	m := make(map[string]Capability)
	for _, name := range strings.Fields(list) {
		m[name] = c
	}
	return m
}

func merge(maps ...map[string]Capability) map[string]Capability {
	all := make(map[string]Capability)
	for _, m := range maps {
		for k, v := range m {
			all[k] |= v
		}
	}
	return all
}

func set(list string) map[string]bool {
	m := make(map[string]bool)
	for _, name := range strings.Fields(list) {
		m[name] = true
	}
	return m
}
