package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/limpid-5g/limpid/internal/lab"
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
	return o.with(ctx, func(l *lab.Lab, s *system, c *lab.Process) error {
		o.warmUp -= overloadUEs
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
