package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/internal/lab"
	"github.com/limpid-5g/limpid/internal/netspace"
	"github.com/limpid-5g/limpid/ran/load"
)

const (
	overloadTime  = 15 * time.Second
	overloadTimes = 2.5
	overloadUEs   = 40_000
	// overloadBackOff is T3346. It is short, so that the load does not end with the UEs that are there.
	overloadBackOff = 2 * time.Second
	// overloadOver is how long gNBs that heed an AMF may keep UEs away after the last that it had to turn away.
	overloadOver = 5 * time.Second
)

// runOverload asks a core for more than it can do: what it admits must be served in time, the rest refused, and afterwards half of what it
// can do must be as it was before. It does so with gNBs that do not heed OVERLOAD START, and then, with another core, with such as do.
func (o *options) runOverload(ctx context.Context, out io.Writer) error {
	o.runs, o.warmUp, o.ues = 1, 2000, 4000
	o.apart, o.backOff = true, overloadBackOff
	for _, heeded := range []bool{false, true} {
		if err := o.overload(ctx, out, heeded); err != nil {
			return err
		}
	}
	return nil
}

func (o options) overload(ctx context.Context, out io.Writer, heeded bool) error {
	o.warmUp += overloadUEs
	if err := o.check(); err != nil {
		return err
	}
	args := []string{"--max-errors", "1"}
	what := "gNBs that heed OVERLOAD START"
	if !heeded {
		args = append(args, "--ignore-overload")
		what = "gNBs that do not heed OVERLOAD START"
	}
	return o.with(ctx, func(l *lab.Lab, s *system, c *lab.Process) error {
		o.warmUp -= overloadUEs
		fmt.Fprintf(out, "%s; %s\n", processors(o.apart), what)
		full, err := o.once(ctx, l, s, c, o.ues, saturated)
		if err != nil {
			return fmt.Errorf("saturation: %w", err)
		}
		most := 2 * full.perSecond() // procedures: each pair is two
		write(out, "saturation", full)
		before, err := o.once(ctx, l, s, c, o.warmUp, most/2)
		if err != nil {
			return fmt.Errorf("half load: %w", err)
		}
		write(out, "half load before", before)
		over, err := o.stint(ctx, l, s, c, &task{ues: overloadUEs, rate: most * overloadTimes, mix: "attach,session", time: overloadTime, more: args})
		if err != nil {
			return fmt.Errorf("overload: %w", err)
		}
		write(out, fmt.Sprintf("%.1f times saturation for %s", overloadTimes, over.report.Elapsed.Round(time.Second)), over)
		fmt.Fprintf(out, "  served: %.0f %% of what saturation serves\n", 100*served(over)/served(full))
		if heeded {
			time.Sleep(overloadOver)
			args = nil
		}
		after, err := o.stint(ctx, l, s, c, &task{ues: o.warmUp, rate: most / 2, mix: "attach,session", time: runTime, more: args})
		if err == nil && after.report.ErrorRate() > 0 {
			write(out, "half load after", after)
			err = errors.New("UEs were refused")
		}
		if err != nil {
			return fmt.Errorf("half load after the overload: %w", err)
		}
		write(out, "half load after", after)
		return nil
	}, o.limpid, "core", "--config")
}

// served is how many procedures of a run ended well per second.
func served(s *sample) float64 {
	n := 0
	for _, p := range s.report.Procedures {
		n += p.OK
	}
	return float64(n) / s.report.Elapsed.Seconds()
}

func write(out io.Writer, what string, s *sample) {
	r := &s.report
	fmt.Fprintf(out, "%s: %.0f procedures served per second, core at %.0f %% of a processor; %d started late, the latest by %s, %d never\n", what, served(s),
		100*s.cpu.Seconds()/r.Elapsed.Seconds(), r.Late, r.LateMax.Round(time.Millisecond), r.NotStarted)
	for _, p := range r.Procedures {
		fmt.Fprintf(out, "  %-8s %6d admitted, %s", p.Name, p.OK, percentiles(p.Latency))
		if p.Core != nil {
			fmt.Fprintf(out, "; the core's part %s", percentiles(p.Core.Latency))
		}
		fmt.Fprintln(out)
		if p.Failed == 0 {
			continue
		}
		fmt.Fprintf(out, "  %-8s %6d barred by gNBs, %d refused by the core", "", p.Barred, p.Failed-p.Barred)
		if p.Refused != nil {
			fmt.Fprintf(out, ", told after %s", percentiles(*p.Refused))
		}
		fmt.Fprintf(out, " %v\n", p.Errors)
	}
}

func percentiles(p load.Percentiles) string {
	return fmt.Sprintf("p50 %s, p99 %s, max %s", p.P50.Round(10*time.Microsecond), p.P99.Round(10*time.Microsecond), p.Max.Round(10*time.Microsecond))
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
