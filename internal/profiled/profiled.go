// Package profiled is a core under a profiler, for benches: limpid core itself has none.
package profiled

import (
	"context"
	"errors"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"syscall"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/core/config"
)

// Role as the first argument makes a bench a core instead: `Role cpu|heap PROFILE CONFIG`.
const Role = "profiled-core"

// The kinds of profile.
const (
	CPU  = "cpu"  // of the whole run
	Heap = "heap" // of what is in use when SIGUSR1 comes
)

// Core runs a core until ctx ends and writes a profile of a kind.
func Core(ctx context.Context, kind, profile, file string) error {
	cfg, err := config.Load(file)
	if err != nil {
		return err
	}
	core.LimitMemory(ctx)
	stop, err := start(ctx, kind, profile)
	if err != nil {
		return err
	}
	c, err := core.New(ctx, cfg, core.Options{})
	if err != nil {
		return errors.Join(err, stop())
	}
	go func() {
		if c.AwaitUPFs(ctx) {
			ready()
		}
	}()
	err = c.Run(ctx)
	return errors.Join(err, stop(), c.Close())
}

func start(ctx context.Context, kind, profile string) (stop func() error, err error) {
	if kind == Heap {
		asked := make(chan os.Signal, 1)
		signal.Notify(asked, syscall.SIGUSR1)
		go func() {
			select {
			case <-asked:
				_ = heap(profile) // who asked for it misses it
			case <-ctx.Done():
			}
		}()
		return func() error { return nil }, nil
	}
	out, err := os.Create(profile)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(out); err != nil {
		return nil, errors.Join(err, out.Close())
	}
	return func() error { pprof.StopCPUProfile(); return out.Close() }, nil
}

// heap writes what is in use, and shows the file once it is whole.
func heap(profile string) error {
	out, err := os.Create(profile + ".part")
	if err != nil {
		return err
	}
	runtime.GC()
	err = pprof.Lookup("heap").WriteTo(out, 0)
	return errors.Join(err, out.Close(), os.Rename(out.Name(), profile))
}

// ready tells the parent; one that is gone needs no telling.
func ready() {
	conn, err := net.Dial("unixgram", os.Getenv("NOTIFY_SOCKET"))
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = conn.Write([]byte("READY=1"))
}
