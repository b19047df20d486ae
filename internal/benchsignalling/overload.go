package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/internal/lab"
	"github.com/limpid-5g/limpid/internal/netspace"
)

const (
	overloadTime  = 15 * time.Second
	overloadTimes = 2.5
	overloadUEs   = 40_000
)

// runOverload asks a core for more than it can do: what it admits must be served in time, the rest refused, and
// afterwards half of what it can do must be as it was before.
func (o *options) runOverload(ctx context.Context, out io.Writer) error {
	o.runs, o.warmUp, o.ues = 1, 2000, 4000
	if err := o.check(); err != nil {
		return err
	}
	o.warmUp += overloadUEs
	o.apart = true
	return o.with(ctx, func(l *lab.Lab, s *system, c *lab.Process) error {
		o.warmUp -= overloadUEs
		fmt.Fprintln(out, processors(o.apart))
		full, err := o.once(ctx, l, s, c, o.ues, saturated)
		if err != nil {
			return fmt.Errorf("saturation: %w", err)
		}
		most := 2 * full.perSecond() // procedures: each pair is two
		fmt.Fprintf(out, "saturation: %.0f procedures per second\n", most)
		before, err := o.once(ctx, l, s, c, o.warmUp, most/2)
		if err != nil {
			return fmt.Errorf("half load: %w", err)
		}
		write(out, "half load before", before)
		ues := min(overloadUEs, int(most*overloadTimes/2*overloadTime.Seconds()))
		over, err := o.stint(ctx, l, s, c, &task{ues: ues, rate: most * overloadTimes, mix: "attach,session", time: overloadTime,
			more: []string{"--max-errors", "1"}})
		if err != nil {
			return fmt.Errorf("overload: %w", err)
		}
		write(out, fmt.Sprintf("%.1f times saturation for %s", overloadTimes, over.report.Elapsed.Round(time.Second)), over)
		after, err := o.once(ctx, l, s, c, o.warmUp, most/2)
		if err != nil {
			return fmt.Errorf("half load after the overload: %w", err)
		}
		write(out, "half load after", after)
		return nil
	}, o.limpid, "core", "--config")
}

func write(out io.Writer, what string, s *sample) {
	fmt.Fprintf(out, "%s: %d started late, the latest by %s, %d never\n", what, s.report.Late, s.report.LateMax.Round(time.Millisecond), s.report.NotStarted)
	for _, p := range s.report.Procedures {
		fmt.Fprintf(out, "  %-8s %6d admitted, p50 %s, p99 %s, max %s; %d refused %v\n", p.Name, p.OK, p.Latency.P50.Round(10*time.Microsecond),
			p.Latency.P99.Round(10*time.Microsecond), p.Latency.Max.Round(10*time.Microsecond), p.Failed, p.Errors)
	}
}

// keepApart gives the core a processor and the load another, where there are two: what is started in the namespaces runs there.
func keepApart(l *lab.Lab) error {
	for i, n := range []*netspace.Space{l.Core, l.RAN} {
		err := n.Do(func() error {
			var one, all unix.CPUSet
			if err := unix.SchedGetaffinity(0, &all); err != nil || all.Count() < 2 {
				return err
			}
			for cpu, left := 0, i; ; cpu++ {
				if !all.IsSet(cpu) {
					continue
				}
				if left == 0 {
					one.Set(cpu)
					return unix.SchedSetaffinity(0, &one)
				}
				left--
			}
		})
		if err != nil {
			return fmt.Errorf("a processor of its own: %w", err)
		}
	}
	return nil
}

// processors says who has which.
func processors(apart bool) string {
	if apart && runtime.NumCPU() > 1 {
		return "core and generator have a processor each"
	}
	return fmt.Sprintf("core and generator share %d processors", runtime.NumCPU())
}
