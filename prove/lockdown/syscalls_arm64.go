package lockdown

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_AARCH64

// ownSystemCalls are those that this processor names otherwise.
func ownSystemCalls() []uint32 { return []uint32{unix.SYS_FSTATAT, unix.SYS_ACCEPT} }
