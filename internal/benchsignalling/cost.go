package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"
)

// variants are the cores that costs compares, by what keeps them in.
func variants() []struct {
	name    string
	without []string
} {
	return []struct {
		name    string
		without []string
	}{
		{"neither", []string{"lockdown", "mode"}},
		{"lockdown", []string{"mode"}},
		{"egress", []string{"lockdown"}},
		{"both", nil},
	}
}

// rounds is how often each variant is measured, in turns, so that what else the machine does falls on all of them.
const rounds = 3

// costs prints registrations per second and CPU time of each variant, and the ratio to the one that nothing keeps in.
func (o *options) costs(ctx context.Context, out io.Writer) error {
	if err := o.check(); err != nil {
		return err
	}
	rate, cpu := make(map[string][]float64), make(map[string][]float64)
	for range rounds {
		for _, v := range variants() {
			p := *o
			p.without = v.without
			m, err := p.measure(ctx, p.limpid, "core", "--config")
			if err != nil {
				return fmt.Errorf("%s: %w", v.name, err)
			}
			rate[v.name] = append(rate[v.name], m.saturation())
			cpu[v.name] = append(cpu[v.name], float64(m.cost())/float64(time.Millisecond))
		}
	}
	fmt.Fprintf(out, "registrations with session, medians of %d rounds in turns, %d UEs a run\n", rounds, o.ues)
	fmt.Fprintf(out, "%-10s %14s %8s %18s %8s\n", "kept in by", "per second", "ratio", "CPU ms each", "ratio")
	for _, v := range variants() {
		fmt.Fprintf(out, "%-10s %14.0f %8.3f %18.3f %8.3f\n", v.name, median(rate[v.name]), median(rate[v.name])/median(rate["neither"]),
			median(cpu[v.name]), median(cpu[v.name])/median(cpu["neither"]))
	}
	return nil
}

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}
