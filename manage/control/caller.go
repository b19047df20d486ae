package control

import (
	"context"
	"net"
	"syscall"
)

// Caller is the process that opened a connection, as the kernel says.
type Caller struct {
	PID int32
	UID uint32
}

type callerKey struct{}

// CallerOf is who asks for an operation; false where it came by no Unix socket.
func CallerOf(ctx context.Context) (Caller, bool) {
	c, ok := ctx.Value(callerKey{}).(Caller)
	return c, ok
}

func withCaller(ctx context.Context, conn net.Conn) context.Context {
	u, ok := conn.(*net.UnixConn)
	if !ok {
		return ctx
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return ctx
	}
	var who *syscall.Ucred
	if raw.Control(func(fd uintptr) { who, err = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED) }) != nil || err != nil {
		return ctx
	}
	return context.WithValue(ctx, callerKey{}, Caller{PID: who.Pid, UID: who.Uid})
}
