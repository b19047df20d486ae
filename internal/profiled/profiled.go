// Package profiled is a core under a profiler, for benches: limpid core itself has none.
package profiled

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"syscall"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/core/config"
)

// Role as the first argument makes a bench a core instead: `Role KIND PROFILE CONFIG`.
const Role = "profiled-core"

// The kinds of profile.
const (
	CPU    = "cpu"    // of the whole run, or until SIGUSR1 and from then on
	Trace  = "trace"  // execution trace, likewise
	Allocs = "allocs" // what has been allocated up to the end
	Heap   = "heap"   // of what is in use when SIGUSR1 comes
)

// Second is the file of what is recorded after SIGUSR1.
func Second(profile string) string { return profile + ".2" }

// Core runs a core until ctx ends and writes a profile of a kind.
func Core(ctx context.Context, kind, profile, file string) error {
	cfg, err := config.Load(file)
	if err != nil {
		return err
	}
	memory := core.LimitMemory(ctx)
	stop, err := start(ctx, kind, profile)
	if err != nil {
		return err
	}
	c, err := core.New(ctx, cfg, core.Options{Memory: memory})
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
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	switch kind {
	case Heap:
		go func() {
			select {
			case <-asked:
				_ = heap(profile) // who asked for it misses it
			case <-ctx.Done():
			}
		}()
		return func() error { return nil }, nil
	case Allocs:
		runtime.MemProfileRate = 16 << 10
		return func() error {
			runtime.GC() // what came after the last collection is in no profile
			return write(profile, "allocs")
		}, nil
	case CPU:
		return record(asked, profile, pprof.StartCPUProfile, pprof.StopCPUProfile)
	}
	return record(asked, profile, trace.Start, trace.Stop)
}

// record records into a file, and into a second one from when it is asked to.
func record(asked <-chan os.Signal, profile string, begin func(io.Writer) error, end func()) (stop func() error, err error) {
	out, err := os.Create(profile + ".part")
	if err != nil {
		return nil, err
	}
	if err := begin(out); err != nil {
		return nil, errors.Join(err, out.Close())
	}
	finish := func() error {
		end()
		return errors.Join(out.Close(), os.Rename(out.Name(), profile))
	}
	result := make(chan error, 1)
	stopping := make(chan struct{})
	go func() {
		select {
		case <-asked:
		case <-stopping:
			result <- finish()
			return
		}
		err := finish()
		second, more := record(nil, Second(profile), begin, end)
		if more == nil {
			<-stopping
			more = second()
		}
		result <- errors.Join(err, more)
	}()
	return func() error { close(stopping); return <-result }, nil
}

// heap writes what is in use.
func heap(profile string) error {
	runtime.GC()
	return write(profile, "heap")
}

// write writes a profile, and shows the file once it is whole.
func write(profile, name string) error {
	out, err := os.Create(profile + ".part")
	if err != nil {
		return err
	}
	err = pprof.Lookup(name).WriteTo(out, 0)
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
