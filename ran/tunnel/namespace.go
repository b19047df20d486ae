package tunnel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// isolated runs f on a thread whose namespace may be changed, and changes it back. A thread that cannot be brought back
// dies with its goroutine.
func isolated(f func() error) error {
	result := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		origin, err := netns.Get()
		if err != nil {
			runtime.UnlockOSThread()
			result <- err
			return
		}
		err = f()
		if back := netns.Set(origin); back != nil {
			result <- errors.Join(err, back, origin.Close())
			return
		}
		runtime.UnlockOSThread()
		result <- errors.Join(err, origin.Close())
	}()
	return <-result
}

// openTUN makes a TUN interface in the namespace of the thread.
func openTUN(name string) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("/dev/net/tun: %w", err)
	}
	request, err := unix.NewIfreq(name)
	if err == nil {
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("TUN interface %s: %w", name, err), unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), "/dev/net/tun"), nil
}

// removeNamespace removes a named namespace and its resolv.conf, if they are there.
func removeNamespace(name string) error {
	path := filepath.Join(namespaceDir, name)
	if _, err := os.Lstat(path); err == nil {
		if err := unix.Unmount(path, unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) {
			return fmt.Errorf("namespace %s: %w", name, err)
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return os.RemoveAll(filepath.Join(resolvDir, name))
}

// Command is a program to run inside the namespace.
type Command struct {
	Args           []string
	Env            []string // added to that of this process
	Stdout, Stderr io.Writer
}

// grace is how long a program that ctx ended may hold its output open.
const grace = 2 * time.Second

// Run runs a program inside the namespace and returns its exit status. At the end of ctx the program and its children
// are killed, and the error is ctx's. The error says otherwise that the program could not be started.
func (t *Tunnel) Run(ctx context.Context, c Command) (int, error) {
	if len(c.Args) == 0 {
		return 0, errors.New("tunnel: no program to run")
	}
	cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.Stdout, cmd.Stderr = c.Stdout, c.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = grace
	err := isolated(func() error {
		if err := netns.Set(t.ns); err != nil {
			return err
		}
		return cmd.Start()
	})
	if err != nil {
		return 0, err
	}
	err = cmd.Wait()
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}
