package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"
)

// variant is a core that costs compares, by what keeps it in.
type variant struct {
	name    string
	without []string // what of its configuration is turned off
	divided bool     // into processes
}

// variants begin with the core that nothing keeps in, which the others are held against.
func variants() []variant {
	return []variant{
		{"neither", []string{"lockdown", "mode"}, false},
		{"lockdown", []string{"mode"}, false},
		{"egress", []string{"lockdown"}, false},
		{"both", nil, false},
		{"divided", nil, true},
	}
}

// result is what one core of a round cost.
type result struct {
	perSecond float64
	cpu       float64 // ms of core CPU for one registration with session
}

// costs measures the variants in rounds, each a new core, one after the other and in the next round backwards, so that what else the machine
// does, and what drifts, falls on all of them. A ratio is to the first variant of the same round.
func (o *options) costs(ctx context.Context, out io.Writer, rounds int) error {
	if err := o.check(); err != nil {
		return err
	}
	all := make(map[string][]result)
	for round := range rounds {
		order := variants()
		if round%2 == 1 {
			slices.Reverse(order)
		}
		for _, v := range order {
			p := *o
			p.without, p.divided, p.fullOnly = v.without, v.divided, true
			m, err := p.measure(ctx, p.limpid, "core", "--config")
			if err != nil {
				return fmt.Errorf("%s: %w", v.name, err)
			}
			all[v.name] = append(all[v.name], result{m.saturation(), float64(m.cost()) / float64(time.Millisecond)})
		}
	}
	fmt.Fprintf(out, "registrations with session: %d rounds of %d cores in turns, %d runs of %d UEs each; medians, and [least, most]\n",
		rounds, len(variants()), o.runs, o.ues)
	fmt.Fprintf(out, "%-9s %-24s %-24s %-26s %s\n", "kept in", "per second", "ratio", "CPU ms each", "ratio")
	base := all[variants()[0].name]
	for _, v := range variants() {
		var rate, rateRatio, cpu, cpuRatio []float64
		for i, r := range all[v.name] {
			rate, rateRatio = append(rate, r.perSecond), append(rateRatio, r.perSecond/base[i].perSecond)
			cpu, cpuRatio = append(cpu, r.cpu), append(cpuRatio, r.cpu/base[i].cpu)
		}
		fmt.Fprintf(out, "%-9s %-24s %-24s %-26s %s\n", v.name, spread(rate, 0), spread(rateRatio, 3), spread(cpu, 3), spread(cpuRatio, 3))
	}
	return nil
}

// spread is the median with the extremes.
func spread(list []float64, digits int) string {
	sorted := slices.Sorted(slices.Values(list))
	return fmt.Sprintf("%.*f [%.*f, %.*f]", digits, median(list), digits, sorted[0], digits, sorted[len(sorted)-1])
}

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	if n := len(sorted); n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[len(sorted)/2]
}
