package main

import (
	"context"
	"errors"
	"net"
	"os"
	"runtime/pprof"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/core/config"
)

// coreRole makes this program the core instead, under a profiler.
const coreRole = "profiled-core"

// profiledCore is this program as a core.
func profiledCore(ctx context.Context, profile, file string) error {
	cfg, err := config.Load(file)
	if err != nil {
		return err
	}
	c, err := core.New(ctx, cfg, core.Options{})
	if err != nil {
		return err
	}
	out, err := os.Create(profile)
	if err != nil {
		return errors.Join(err, c.Close())
	}
	if err := pprof.StartCPUProfile(out); err != nil {
		return errors.Join(err, c.Close(), out.Close())
	}
	go func() {
		if c.AwaitUPFs(ctx) {
			ready()
		}
	}()
	err = c.Run(ctx)
	pprof.StopCPUProfile()
	return errors.Join(err, c.Close(), out.Close())
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
